"""haiku.rag's index: its chunker, SQLite with vectors and full text, both fused by rank.

It embeds with Ollama, OpenAI or VoyageAI and knows no model in its own process, so the packaged
MiniLM is put in the embedder's place. Its answers are an agent's, which needs a language model; its
reranker is one as well, and is switched off as its settings allow. What it retrieves is measured.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.contenders.protocol import (
    MODEL,
    Found,
    Piece,
    Place,
    files,
    packaged_model,
    serve,
)

DIMENSION = 384
_FILE = "haiku.sqlite"

SETTINGS = {
    "EMBEDDINGS_MODEL": MODEL,
    "EMBEDDINGS_VECTOR_DIM": str(DIMENSION),
    "RERANK_PROVIDER": "",
}
"""Read from the environment when the library is imported."""


class Haiku:
    """Its chunks have 256 tokens by default, of another tokenizer than the model's."""

    def __init__(self) -> None:
        self._client: Any = None
        self._loop = asyncio.new_event_loop()

    def about(self) -> Mapping[str, str]:
        return {"version": metadata.version("haiku-rag"), "model": MODEL}

    def index(self, place: Place) -> int:
        place.store.mkdir(parents=True, exist_ok=True)
        self.open(place)
        for path in files(place.folder):
            self._take(path)
        counted = self._client.store._connection.execute("SELECT COUNT(*) FROM chunks")
        return int(counted.fetchone()[0])

    def open(self, place: Place) -> None:
        if self._client is None:
            os.environ.update(SETTINGS)
            _embed_here()
        else:
            self._client.close()
        from haiku.rag.client import HaikuRAG

        self._client = HaikuRAG(place.store / _FILE)

    def ask(self, question: str, k: int) -> Found:
        found = self._loop.run_until_complete(self._client.search(question, limit=k))
        return Found(
            tuple(Piece(Path(str(chunk.document_uri)).name, chunk.content) for chunk, _ in found)
        )

    def change(self, path: Path) -> None:
        """It knows a document by its path, and sees by its digest that it has changed."""
        self._take(path)

    def _take(self, path: Path) -> None:
        # Its default for the metadata is one dictionary for all documents.
        self._loop.run_until_complete(self._client.create_document_from_source(path, {}))


def _embed_here() -> None:
    """The packaged model as its embedder."""
    import haiku.rag.store.engine as engine
    import haiku.rag.store.repositories.chunk as chunks
    from haiku.rag.embeddings.base import EmbedderBase
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(packaged_model(), device="cpu")

    class Embedder(EmbedderBase):  # type: ignore[misc]
        async def embed(self, text: str) -> list[float]:
            vector: list[float] = model.encode(text, show_progress_bar=False).tolist()
            return vector

    ours = Embedder(MODEL, DIMENSION)
    engine.get_embedder = chunks.get_embedder = lambda: ours


if __name__ == "__main__":
    serve(Haiku())
