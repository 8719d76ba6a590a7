"""Our retriever and engine inside LlamaIndex's own machinery."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.base_selector import BaseSelector, SelectorResult, SingleSelection
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import (
    RetrieverQueryEngine,
    RouterQueryEngine,
    SubQuestionQueryEngine,
)
from llama_index.core.question_gen.types import BaseQuestionGenerator, SubQuestion
from llama_index.core.response_synthesizers import ResponseMode, get_response_synthesizer
from llama_index.core.schema import (
    MetadataMode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.tools import QueryEngineTool

from assistant.engine import CitedQueryEngine, HybridRetriever
from assistant.pipeline import Assistant
from assistant.types import Filters
from index.errors import IndexMissing, QuestionError, SettingsError
from tests.assistant.test_pipeline import BULK, BURDEN, FROM_EUROPE, FROM_THE_US, SEED


def assert_exact(nodes: list[NodeWithScore], assistant: Assistant) -> None:
    """Every node's words stand at its place, in the file as in the text layer."""
    for found in nodes:
        node = found.node
        assert isinstance(node, TextNode)
        layer = assistant.index.text(node.metadata["sha256"])
        raw = (assistant.corpus / node.metadata["document"]).read_bytes().decode()
        assert layer[node.start_char_idx : node.end_char_idx] == node.text
        assert raw[node.start_char_idx : node.end_char_idx] == node.text


def ids(nodes: list[NodeWithScore]) -> list[str]:
    return [found.node.node_id for found in nodes]


# -- the retriever -----------------------------------------------------------------------------


def test_the_retriever_gives_what_the_assistant_finds(news: Assistant) -> None:
    retriever = HybridRetriever(news, top_k=7)
    assert isinstance(retriever, BaseRetriever)
    nodes = retriever.retrieve(FROM_EUROPE)
    hits = news.retrieve(FROM_EUROPE, 7)
    assert_exact(nodes, news)
    assert [(n.node.node_id, n.node.get_content(), n.score) for n in nodes] == [
        (f"{hit.path}@{hit.sha256}:{hit.span.start}-{hit.span.end}", hit.text, hit.score)
        for hit in hits
    ]
    assert len(nodes) == 7


def test_ten_passages_unless_another_number_is_named(news: Assistant) -> None:
    assert len(HybridRetriever(news).retrieve(FROM_EUROPE)) == 10
    assert len(HybridRetriever(news, 1).retrieve(FROM_EUROPE)) == 1
    assert len(HybridRetriever(news, 1000).retrieve(FROM_EUROPE)) == news.status().passages


def test_a_node_in_full(news: Assistant) -> None:
    (found,) = HybridRetriever(news, 1, Filters(documents=("001_mackerel_accord.txt",))).retrieve(
        "How many Sendrelian trawlers may fish?"
    )
    (hit,) = news.retrieve(
        "How many Sendrelian trawlers may fish?", 1, Filters(documents=("001*",))
    )
    node = found.node
    assert isinstance(node, TextNode)
    assert node.text == hit.text
    assert node.metadata == {
        "document": "001_mackerel_accord.txt",
        "sha256": hit.sha256,
        "title": "Halvoria and Sendrel sign mackerel accord after nine years of quarrels",
        "published": "2024-03-04",
        "source": "Northline Press",
    }
    assert node.node_id == (f"001_mackerel_accord.txt@{hit.sha256}:{hit.span.start}-{hit.span.end}")
    assert node.ref_doc_id == "001_mackerel_accord.txt"
    source = node.relationships[NodeRelationship.SOURCE]
    assert isinstance(source, RelatedNodeInfo)
    assert source.hash == hit.sha256
    assert node.get_content(MetadataMode.EMBED) == f"title: {hit.title}\n\n{hit.text}"
    assert node.get_content(MetadataMode.LLM) == (
        f"document: {hit.path}\ntitle: {hit.title}\npublished: 2024-03-04\n"
        f"source: Northline Press\n\n{hit.text}"
    )
    assert TextNode.from_dict(node.to_dict()) == node


def test_what_is_not_known_is_none_and_no_model_is_told_so(seeds: Assistant) -> None:
    (found, *_) = HybridRetriever(seeds, 1).retrieve(FROM_EUROPE)
    assert found.node.metadata["published"] is None
    assert "None" not in found.node.get_content(MetadataMode.LLM)


def test_node_ids_are_the_same_every_time_and_no_two_are(news: Assistant) -> None:
    first = ids(HybridRetriever(news, 50).retrieve(FROM_EUROPE))
    assert first == ids(HybridRetriever(news, 50).retrieve(FROM_EUROPE))
    with Assistant.open(news.corpus, news.index.path) as again:
        assert first == ids(HybridRetriever(again, 50).retrieve(FROM_EUROPE))
    assert len(set(first)) == 50


def test_filters_hold(news: Assistant) -> None:
    nodes = HybridRetriever(news, 50, Filters(documents=(SEED,))).retrieve(FROM_EUROPE)
    assert {found.node.metadata["document"] for found in nodes} == {SEED}


def test_asynchronously_the_same(news: Assistant) -> None:
    retriever = HybridRetriever(news)
    engine = CitedQueryEngine(news)

    async def together() -> tuple[Any, ...]:
        return await asyncio.gather(
            retriever.aretrieve(FROM_EUROPE),
            retriever.aretrieve(QueryBundle(FROM_THE_US)),
            engine.aquery(FROM_EUROPE),
        )

    one, other, response = asyncio.run(together())
    assert one == retriever.retrieve(FROM_EUROPE)
    assert other == retriever.retrieve(QueryBundle(FROM_THE_US))
    assert response.response == engine.query(FROM_EUROPE).response


@pytest.mark.parametrize("top_k", [0, -1, 1001, 2.0, "5", True, None])
def test_a_number_that_makes_no_sense_is_refused_at_once(seeds: Assistant, top_k: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        HybridRetriever(seeds, top_k)
    assert caught.value.message == f"top_k = {top_k!r} must be a whole number from 1 to 1000."


# -- the retriever in LlamaIndex's engine ------------------------------------------------------


def test_in_llama_indexs_own_query_engine(news: Assistant) -> None:
    """Its synthesizer is given our passages, title and date; its response has our offsets."""
    # MockLLM without a limit gives back the prompt.
    engine = RetrieverQueryEngine.from_args(HybridRetriever(news, top_k=3), llm=MockLLM())
    for response in (engine.query(FROM_EUROPE), asyncio.run(engine.aquery(FROM_EUROPE))):
        assert isinstance(response, Response)
        assert ids(response.source_nodes) == ids(HybridRetriever(news, 3).retrieve(FROM_EUROPE))
        assert_exact(response.source_nodes, news)
        assert response.response is not None
        for found in response.source_nodes:
            assert found.node.get_content() in response.response
        assert f"document: {SEED}\ntitle: Europe expects USA" in response.response
        assert FROM_EUROPE in response.response


# -- the engine --------------------------------------------------------------------------------


def test_the_engine_answers_on_the_record(news: Assistant) -> None:
    answer = news.answer(FROM_EUROPE)
    response = CitedQueryEngine(news).query(FROM_EUROPE)
    assert isinstance(response, Response)
    assert response.response == str(response) == answer.text
    saved = answer.to_dict()
    assert response.metadata is not None
    assert {**response.metadata, "timings_ms": {}} == {**saved, "timings_ms": {}}
    assert_exact(response.source_nodes, news)
    assert sorted(found.node.get_content() for found in response.source_nodes) == sorted(
        [BULK, BURDEN]
    )
    for found, citation in zip(response.source_nodes, answer.citations, strict=True):
        node = found.node
        assert isinstance(node, TextNode)
        assert found.score == pytest.approx(citation.score, abs=1e-6)
        assert (node.start_char_idx, node.end_char_idx) == (citation.start, citation.end)
        assert node.node_id == f"{SEED}@{citation.sha256}:{citation.start}-{citation.end}"
        assert node.ref_doc_id == SEED
        assert node.metadata == {
            "document": SEED,
            "sha256": citation.sha256,
            "title": citation.title,
            "published": None,
            "source": citation.source,
            "marker": citation.marker,
            "line": 6,
        }
    assert news.recheck(response.metadata)[0].status == "ok"


def test_no_evidence_is_a_response_of_its_own(news: Assistant) -> None:
    response = CitedQueryEngine(news).query("What is the price of gold?")
    assert response.response == "The documents do not say."
    assert response.source_nodes == []
    assert response.metadata is not None
    assert response.metadata["outcome"] == "no_evidence"
    assert response.metadata["reason"]


def test_the_engines_filters_hold(news: Assistant) -> None:
    engine = CitedQueryEngine(news, Filters(documents=("00[1-9]*",)))
    response = engine.query(FROM_EUROPE)
    assert response.metadata is not None
    assert SEED not in {passage["document"] for passage in response.metadata["passages"]}


def test_what_goes_wrong_is_an_error_and_no_response(news: Assistant, tmp_path: Any) -> None:
    for question in ("", "x" * 5000):
        with pytest.raises(QuestionError):
            CitedQueryEngine(news).query(question)
        with pytest.raises(QuestionError):
            asyncio.run(CitedQueryEngine(news).aquery(question))
        with pytest.raises(QuestionError):
            HybridRetriever(news).retrieve(question)
        with pytest.raises(QuestionError):
            asyncio.run(HybridRetriever(news).aretrieve(question))
    with Assistant.open(news.corpus, tmp_path / "none") as fresh, pytest.raises(IndexMissing):
        CitedQueryEngine(fresh).query(FROM_EUROPE)


def test_llama_indexs_callbacks_see_the_query_and_the_retrieval(news: Assistant) -> None:
    seen = LlamaDebugHandler(print_trace_on_end=False)
    manager = CallbackManager([seen])
    CitedQueryEngine(news, callback_manager=manager).query(FROM_EUROPE)
    HybridRetriever(news, callback_manager=manager).retrieve(FROM_EUROPE)
    assert len(seen.get_event_pairs(CBEventType.QUERY)) == 1
    assert len(seen.get_event_pairs(CBEventType.RETRIEVE)) == 1


# -- the engine in LlamaIndex's engines --------------------------------------------------------


class Second(BaseSelector):  # type: ignore[misc]
    """Chooses the second engine, always."""

    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: Any) -> None: ...

    def _select(self, choices: Any, query: QueryBundle) -> SelectorResult:
        assert (len(choices), query.query_str) == (2, FROM_EUROPE)
        return SelectorResult(selections=[SingleSelection(index=1, reason="it is cited")])

    async def _aselect(self, choices: Any, query: QueryBundle) -> SelectorResult:
        return self._select(choices, query)


def tool(engine: BaseQueryEngine, name: str) -> QueryEngineTool:
    return QueryEngineTool.from_defaults(engine, name=name, description=f"Answers from {name}.")


def test_in_a_router(news: Assistant, seeds: Assistant) -> None:
    other = CitedQueryEngine(seeds, Filters(documents=("none",)))
    router = RouterQueryEngine(
        selector=Second(),
        query_engine_tools=[tool(other, "nothing"), tool(CitedQueryEngine(news), "the news")],
        llm=MockLLM(),
    )
    for response in (router.query(FROM_EUROPE), asyncio.run(router.aquery(FROM_EUROPE))):
        assert str(response) == news.answer(FROM_EUROPE).text
        assert_exact(response.source_nodes, news)
        assert len(response.source_nodes) == 2
        assert response.metadata is not None
        assert response.metadata["outcome"] == "answered"


class Both(BaseQuestionGenerator):  # type: ignore[misc]
    """Asks both ways round."""

    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: Any) -> None: ...

    def generate(self, tools: Any, query: QueryBundle) -> list[SubQuestion]:
        assert query.query_str.startswith("What do the US and Europe")
        return [
            SubQuestion(sub_question=question, tool_name=tools[0].name)
            for question in (FROM_EUROPE, FROM_THE_US)
        ]

    async def agenerate(self, tools: Any, query: QueryBundle) -> list[SubQuestion]:
        return self.generate(tools, query)


@pytest.mark.parametrize("use_async", [False, True])
def test_in_a_sub_question_engine(news: Assistant, use_async: bool) -> None:
    engine = SubQuestionQueryEngine(
        query_engine_tools=[tool(CitedQueryEngine(news), "news")],
        question_gen=Both(),
        response_synthesizer=get_response_synthesizer(
            llm=MockLLM(), response_mode=ResponseMode.COMPACT, use_async=use_async
        ),
        verbose=False,
        use_async=use_async,
    )
    response = engine.query("What do the US and Europe expect of each other?")
    for question in (FROM_EUROPE, FROM_THE_US):
        assert news.answer(question).text in str(response)
    cited = [
        found.node.get_content()
        for found in response.source_nodes
        if "marker" in found.node.metadata
    ]
    assert {BULK, BURDEN} < set(cited)
