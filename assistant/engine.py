"""The same as a LlamaIndex retriever and query engine, to be dropped into a LlamaIndex program.

The only importer of llama_index, which costs a second or two; a question's own path does without.
Importing it asks no network: its tokenizer's and NLTK's data come inside its wheel, and it has no
telemetry.

Node offsets are those of the index: half-open, code points of the document's text layer. They are
not recovered by LlamaIndex's node parsers, which search for the text and give the second copy of a
repeated sentence the place of the first.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.callbacks.schema import CBEventType, EventPayload
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    ObjectType,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from assistant.pipeline import Assistant
from assistant.types import Citation, Filters
from index.errors import SettingsError
from index.types import Hit

_MOST = 1000


class HybridRetriever(BaseRetriever):  # type: ignore[misc]
    """Passages by meaning and by words, fused, as LlamaIndex nodes; best first.

    A node's id names its document, version and place, so the same passage has the same id always.
    Its ``metadata`` has ``document``, ``sha256``, ``title``, ``published`` and ``source``; its
    ``ref_doc_id`` is the document's path in the corpus. Scores are good for ordering only.

    Args:
        assistant: an open assistant, which stays the caller's to sync and to close.
        top_k: how many passages, from 1 to 1000.
        filters: what may be found.

    Raises:
        SettingsError: ``top_k`` makes no sense.
    """

    def __init__(
        self,
        assistant: Assistant,
        top_k: int = 10,
        filters: Filters | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        if not isinstance(top_k, int) or isinstance(top_k, bool) or not 1 <= top_k <= _MOST:
            raise SettingsError(
                f"top_k = {top_k!r} must be a whole number from 1 to {_MOST}.",
                "Ask for as many passages as are read afterwards; 10 is a good start.",
            )
        super().__init__(callback_manager=callback_manager)
        self._assistant = assistant
        self._top_k = top_k
        self._filters = filters

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._assistant.retrieve(query_bundle.query_str, self._top_k, self._filters)
        return [_passage(hit) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class CitedQueryEngine(BaseQueryEngine):  # type: ignore[misc]
    """The whole assistant as a query engine.

    In its ``Response``, ``response`` is the answer's text with its markers, ``source_nodes`` are
    the citations in the order of their markers (a node's text is the quote, its score the
    probability that it answers), and ``metadata`` is the answer in the documented JSON format.
    Where the corpus does not say, the text says so, there are no source nodes, and
    ``metadata["outcome"]`` is ``no_evidence``. What goes wrong is an exception, as everywhere.

    Args:
        assistant: an open assistant, which stays the caller's to sync and to close.
        filters: what may count as evidence.
    """

    def __init__(
        self,
        assistant: Assistant,
        filters: Filters | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager=callback_manager)
        self._assistant = assistant
        self._filters = filters

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}

    def _query(self, query_bundle: QueryBundle) -> Response:
        with self.callback_manager.event(
            CBEventType.QUERY, payload={EventPayload.QUERY_STR: query_bundle.query_str}
        ) as event:
            answer = self._assistant.answer(query_bundle.query_str, filters=self._filters)
            response = Response(
                response=answer.text,
                source_nodes=[_quote(citation) for citation in answer.citations],
                metadata=answer.to_dict(),
            )
            event.on_end(payload={EventPayload.RESPONSE: response})
        return response

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await asyncio.to_thread(self._query, query_bundle)


def _passage(hit: Hit) -> NodeWithScore:
    metadata = _metadata(hit.path, hit.sha256, hit.title, hit.published, hit.source)
    return NodeWithScore(
        node=_node(hit.text, hit.span.start, hit.span.end, metadata), score=hit.score
    )


def _quote(citation: Citation) -> NodeWithScore:
    metadata = _metadata(
        citation.document, citation.sha256, citation.title, citation.published, citation.source
    )
    metadata |= {"marker": citation.marker, "line": citation.line}
    return NodeWithScore(
        node=_node(citation.quote, citation.start, citation.end, metadata), score=citation.score
    )


def _metadata(
    document: str, sha256: str, title: str, published: date | None, source: str | None
) -> dict[str, Any]:
    return {
        "document": document,
        "sha256": sha256,
        "title": title,
        "published": published.isoformat() if published else None,
        "source": source,
    }


def _node(text: str, start: int, end: int, metadata: dict[str, Any]) -> TextNode:
    document, sha256 = metadata["document"], metadata["sha256"]
    unknown = [name for name, value in metadata.items() if value is None]
    return TextNode(
        id_=f"{document}@{sha256}:{start}-{end}",
        text=text,
        start_char_idx=start,
        end_char_idx=end,
        metadata=metadata,
        # A model is told whose words these are and of when; an embedding is of title and words,
        # as in the index.
        excluded_llm_metadata_keys=["sha256", "marker", "line", *unknown],
        excluded_embed_metadata_keys=[name for name in metadata if name != "title"],
        relationships={
            NodeRelationship.SOURCE: RelatedNodeInfo(
                node_id=document, node_type=ObjectType.DOCUMENT, hash=sha256
            )
        },
    )
