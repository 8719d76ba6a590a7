"""Passages: exact offsets, whole sentences, never more than the model reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from index.chunk import ChunkSizes, chunk_document, embedding_text, embedding_title
from index.embed import Embedder
from index.sentences import sentence_spans
from index.types import Chunk, Document, within
from tests.index.making import FakeEmbedder

HOSTILE = (
    "🎉👩‍👩‍👧‍👦🇫🇷",
    "\u0301\u0302\u0303",
    "\ue000\ue001\U000f0000",
    "漢字仮名交じり文。",
    "हिन्दी भाषा।",
    "antidisestablishmentarianism",
    "x9kq" * 20,
    "a" * 150,
    "\u200b\u200d\ufeff",
    "U.S. No. 5 3.14 … “soon.”",
    "\r\n\n",
    "\t",
    "\x1c",
    ". ",
    "! ",
    " ",
    "\n",
    "The same sentence. ",
)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(HOSTILE),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
        st.builds(lambda s, n: s * n, st.sampled_from(HOSTILE), st.integers(1, 60)),
    ),
    min_size=1,
    max_size=12,
).map("".join)
SIZES = st.sampled_from(
    [ChunkSizes(), ChunkSizes(8, 0), ChunkSizes(8, 7), ChunkSizes(40, 20), ChunkSizes(5000, 100)]
)


def document(text: str, title: str = "A title") -> Document:
    return Document("a.txt", "0" * 64, text, title)


def covered(chunks: Sequence[Chunk]) -> set[int]:
    return {place for chunk in chunks for place in range(chunk.span.start, chunk.span.end)}


def check(text: str, title: str, tokenizer: Embedder | FakeEmbedder, sizes: ChunkSizes) -> None:
    """Everything that is true of all passages of all documents."""
    made = document(text, title)
    chunks = chunk_document(made, tokenizer, sizes)
    assert chunks == chunk_document(made, tokenizer, sizes)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    places = covered(chunks)
    for span in sentence_spans(text):
        # Only white space may be lost where a sentence had to be split.
        lost = "".join(text[n] for n in range(span.start, span.end) if n not in places)
        assert not lost.strip(), (span, lost)
    carried = embedding_title(made, tokenizer)
    assert title.startswith(carried)
    read = tokenizer.token_offsets([embedding_text(carried, chunk) for chunk in chunks])
    for chunk, tokens in zip(chunks, read, strict=True):
        assert text[chunk.span.start : chunk.span.end] == chunk.text
        assert chunk.text.strip() == chunk.text != ""
        assert len(tokens) + tokenizer.special_tokens <= tokenizer.max_tokens
        # As many as an answer finds there, and in its order.
        inside = within(sentence_spans(text), chunk.span)
        assert len(chunk.sentences) == len(inside) > 0
        for own, (_, whole) in zip(chunk.sentences, inside, strict=True):
            assert chunk.span.start <= own.start < own.end <= chunk.span.end
            assert whole.start <= own.start < own.end <= whole.end
            assert own == whole or own.end == chunk.span.end or own.start == chunk.span.start
    for before, after in pairwise(chunks):
        assert before.span.start < after.span.start
        assert before.span.end < after.span.end


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.one_of(TEXTS, st.just("A title")), SIZES)
@example("word " * 400, "t", ChunkSizes(5000, 100))
@example("x9kq" * 500, "t " * 5000, ChunkSizes(5000, 100))
def test_passages_of_any_text(embedder: Embedder, text: str, title: str, sizes: ChunkSizes) -> None:
    check(text, title, embedder, sizes)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, TEXTS, SIZES)
def test_passages_with_a_narrow_model(text: str, title: str, sizes: ChunkSizes) -> None:
    check(text, title, FakeEmbedder(), sizes)


class CountsSpaces(FakeEmbedder):
    """Byte-level models have tokens for line ends, which lie between sentences."""

    def token_offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[m.span() for m in re.finditer(r"\w+|[^\w ]", text)] for text in texts]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, SIZES)
@example("One.\n\n\n\n\n\n" * 30, ChunkSizes())
def test_what_lies_between_sentences_counts(text: str, sizes: ChunkSizes) -> None:
    check(text, "A title", CountsSpaces(), sizes)


def test_sentences_are_whole_and_overlap() -> None:
    text = " ".join(f"Sentence number {n} has exactly these nine small words." for n in range(12))
    spans = sentence_spans(text)
    assert len(spans) == 12
    chunks = chunk_document(document(text), FakeEmbedder(), ChunkSizes(target=40, overlap=20))
    # Each sentence has ten tokens: four fit, two are shared.
    assert [(chunk.span.start, chunk.span.end) for chunk in chunks] == [
        (spans[n].start, spans[n + 3].end) for n in (0, 2, 4, 6, 8)
    ]
    assert [chunk.tokens for chunk in chunks] == [40] * 5
    assert chunks[0].text.startswith("Sentence number 0") and chunks[0].text.endswith("words.")


def test_without_overlap_passages_follow_one_another() -> None:
    text = " ".join(f"Sentence number {n} has exactly these nine small words." for n in range(8))
    spans = sentence_spans(text)
    chunks = chunk_document(document(text), FakeEmbedder(), ChunkSizes(target=40, overlap=0))
    assert [(chunk.span.start, chunk.span.end) for chunk in chunks] == [
        (spans[0].start, spans[3].end),
        (spans[4].start, spans[7].end),
    ]


def test_a_long_sentence_is_split_between_tokens_and_cites_right(embedder: Embedder) -> None:
    text = "It said " + ", ".join(f"item{n} costs {n} euro" for n in range(300)) + ". The end."
    chunks = chunk_document(document(text), embedder)
    assert len(chunks) > 5
    assert chunks[0].text.startswith("It said item0 costs 0 euro, item1")
    assert chunks[-1].text.endswith("item299 costs 299 euro. The end.")
    for chunk in chunks:
        assert text[chunk.span.start : chunk.span.end] == chunk.text
    assert covered(chunks) >= {n for n, sign in enumerate(text) if not sign.isspace()}


def test_repeated_sentences_have_their_own_offsets(embedder: Embedder) -> None:
    sentence = "The minister did not answer the question of the committee."
    text = "\n".join([sentence] * 60)
    chunks = chunk_document(document(text), embedder, ChunkSizes(target=11, overlap=0))
    assert [(chunk.span.start, chunk.span.end) for chunk in chunks] == [
        (n * (len(sentence) + 1), n * (len(sentence) + 1) + len(sentence)) for n in range(60)
    ]
    assert {chunk.text for chunk in chunks} == {sentence}


@pytest.mark.parametrize(
    "title", ["breaking news " * 715, "x" * 10_000, "🎉" * 10_000, "\u0301" * 10_000, "漢" * 10_000]
)
def test_a_title_of_ten_thousand_signs_is_cut_for_embedding(embedder: Embedder, title: str) -> None:
    check("The price rose. " * 200, title, embedder, ChunkSizes())
    carried = embedding_title(document("x", title), embedder)
    assert len(embedder.token_offsets([carried])[0]) <= 32
    assert title.startswith(carried)


def test_the_title_is_carried_but_not_cited(embedder: Embedder) -> None:
    text = "Europe and the US\n\nThe US expects more."
    made = document(text, "Europe and the US")
    (chunk,) = chunk_document(made, embedder)
    assert chunk.text == text
    assert embedding_text("Europe and the US", chunk) == text
    assert embedding_text("Other title", chunk) == f"Other title\n{text}"
    assert embedding_text("", chunk) == text


@pytest.mark.parametrize("text", ["🎉" * 3000, "\u0301" * 3000, "\ue000" * 3000, "—" * 3000])
def test_texts_of_signs_alone(embedder: Embedder, text: str) -> None:
    check(text, "t", embedder, ChunkSizes())
    chunks = chunk_document(document(text), embedder)
    assert covered(chunks) == set(range(3000))


@pytest.mark.parametrize("text", ["", " \n\t ", "\u2003"])
def test_no_text_no_passages(embedder: Embedder, text: str) -> None:
    assert chunk_document(document(text), embedder) == ()


@pytest.mark.parametrize(
    ("target", "overlap", "match"),
    [(7, 0, "target=7"), (20, 20, "overlap=20"), (20, -1, "overlap=-1")],
)
def test_sizes_that_make_no_sense_are_refused(target: int, overlap: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        ChunkSizes(target, overlap)
