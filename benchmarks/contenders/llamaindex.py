"""LlamaIndex's plain pipeline on Chroma; with ``citations`` its ``CitationQueryEngine``.

The engine has a language model write an answer that cites numbered sources. What the sources are
needs no model: they are cut from what was retrieved. ``MockLLM``, which comes with LlamaIndex and
gives its prompt back, stands in the model's place, and the sources are what is cited.
"""

from __future__ import annotations

import re
import sys
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

CHUNK_TOKENS = 256
"""What the model reads. The splitter's own default, 1024, would have most of a passage cut off."""

OVERLAP_TOKENS = 32

_COLLECTION = "documents"
_NUMBERED = re.compile(r"\ASource \d+:\n(.*)\n\Z", re.DOTALL)


class LlamaIndex:
    """Args:
    citations: what the engine would cite, not only passages.
    """

    def __init__(self, *, citations: bool) -> None:
        self._citations = citations
        self._index: Any = None
        self._engines: dict[int, Any] = {}
        self._model: Any = None

    def about(self) -> Mapping[str, str]:
        core, chroma = map(metadata.version, ("llama-index-core", "chromadb"))
        return {"version": f"{core}, Chroma {chroma}", "model": MODEL}

    def index(self, place: Place) -> int:
        from llama_index.core import StorageContext, VectorStoreIndex

        vectors = self.vector_store(place.store)
        self._use(
            VectorStoreIndex.from_documents(
                [self._document(path) for path in files(place.folder)],
                storage_context=StorageContext.from_defaults(vector_store=vectors),
                embed_model=self._loaded(),
                transformations=[self._splitter()],
            )
        )
        return self.count(vectors)

    def open(self, place: Place) -> None:
        from llama_index.core import VectorStoreIndex

        self._use(
            VectorStoreIndex.from_vector_store(
                self.vector_store(place.store),
                embed_model=self._loaded(),
                transformations=[self._splitter()],
            )
        )

    def ask(self, question: str, k: int) -> Found:
        from llama_index.core.schema import QueryBundle

        if k not in self._engines:
            self._engines[k] = self._engine(k)
        if not self._citations:
            return Found(tuple(_piece(each.node) for each in self._engines[k].retrieve(question)))
        retriever, engine = self._engines[k]
        hits = retriever.retrieve(question)
        sources = engine.synthesize(QueryBundle(question), hits).source_nodes
        return Found(
            hits=tuple(_piece(each.node) for each in hits),
            cited=tuple(_piece(each.node, numbered=True) for each in sources),
        )

    def change(self, path: Path) -> None:
        self._index.delete_ref_doc(path.name)
        self._index.insert(self._document(path))

    # What needs packages besides the core: a test puts its own in their place.

    def embed_model(self) -> Any:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        return HuggingFaceEmbedding(model_name=packaged_model(), device="cpu")

    def vector_store(self, store: Path) -> Any:
        import chromadb
        from llama_index.vector_stores.chroma import ChromaVectorStore

        client = chromadb.PersistentClient(
            str(store), settings=chromadb.Settings(anonymized_telemetry=False)
        )
        return ChromaVectorStore(chroma_collection=client.get_or_create_collection(_COLLECTION))

    def count(self, vectors: Any) -> int:
        return int(vectors.client.count())

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = self.embed_model()
        return self._model

    def _use(self, index: Any) -> None:
        self._index = index
        self._engines = {}

    def _engine(self, k: int) -> Any:
        retriever = self._index.as_retriever(similarity_top_k=k)
        if not self._citations:
            return retriever
        from llama_index.core.llms import MockLLM
        from llama_index.core.query_engine import CitationQueryEngine

        engine = CitationQueryEngine.from_args(self._index, llm=MockLLM(), retriever=retriever)
        return retriever, engine

    @staticmethod
    def _splitter() -> Any:
        from llama_index.core.node_parser import SentenceSplitter

        return SentenceSplitter(chunk_size=CHUNK_TOKENS, chunk_overlap=OVERLAP_TOKENS)

    @staticmethod
    def _document(path: Path) -> Any:
        from llama_index.core import Document

        return Document(text=text_of(path), id_=path.name)


def _piece(node: Any, *, numbered: bool = False) -> Piece:
    text = node.get_content()
    if numbered:
        # The number is the engine's, for the model to cite by.
        text = _NUMBERED.sub(r"\1", text)
    return Piece(node.ref_doc_id, text, node.start_char_idx, node.end_char_idx)


if __name__ == "__main__":
    serve(LlamaIndex(citations="citations" in sys.argv[1:]))
