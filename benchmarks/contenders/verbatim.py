"""verbatim-rag's index: its Markdown chunker, the packaged MiniLM, Milvus Lite.

What it is for, the extraction of spans, needs a model: a language model, or a ModernBERT that it
fetches. Neither is here, so only what it retrieves is measured. Its hybrid search needs SPLADE,
fetched as well, and its full-text search a Milvus server.
"""

from __future__ import annotations

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
    text_of,
)

CHUNK_CHARACTERS = 1000
"""About 256 tokens, what the model reads. By default a text without headings is one chunk."""

_FILE = "index.db"


class Verbatim:
    """Its documents have the file's name as their id."""

    def __init__(self) -> None:
        self._index: Any = None
        self._model: Any = None

    def about(self) -> Mapping[str, str]:
        return {"version": metadata.version("verbatim-rag"), "model": MODEL}

    def index(self, place: Place) -> int:
        self.open(place)
        self._index.add_documents_bulk([self._document(path) for path in files(place.folder)])
        # Not get_all_chunks(): that stops at what it is told.
        (counted,) = self._index.vector_store.client.query(
            collection_name=self._index.vector_store.collection_name,
            filter="",
            output_fields=["count(*)"],
        )
        return int(counted["count(*)"])

    def open(self, place: Place) -> None:
        from verbatim_rag.chunker_providers import MarkdownChunkerProvider
        from verbatim_rag.embedding_providers import SentenceTransformersProvider
        from verbatim_rag.index import VerbatimIndex
        from verbatim_rag.vector_stores import LocalMilvusStore

        if self._model is None:
            self._model = SentenceTransformersProvider(packaged_model())
        place.store.mkdir(parents=True, exist_ok=True)
        self._index = VerbatimIndex(
            vector_store=LocalMilvusStore(
                str(place.store / _FILE), dense_dim=self._model.get_dimension(), enable_sparse=False
            ),
            dense_provider=self._model,
            chunker_provider=MarkdownChunkerProvider(max_chunk_size=CHUNK_CHARACTERS),
        )

    def ask(self, question: str, k: int) -> Found:
        found = self._index.query(text=question, k=k)
        return Found(tuple(Piece(each.metadata["source"], each.text) for each in found))

    def change(self, path: Path) -> None:
        self._index.vector_store.delete_document(path.name)
        self._index.add_documents_bulk([self._document(path)])

    @staticmethod
    def _document(path: Path) -> Any:
        from verbatim_rag.schema import DocumentSchema

        return DocumentSchema(id=path.name, content=text_of(path), source=path.name)


if __name__ == "__main__":
    serve(Verbatim())
