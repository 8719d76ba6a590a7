"""Spans, and that the shared values can't be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Chunk, Document, Hit, Page, Span, within


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 3), (4, 3), (-1, 2), (-3, -1)])
def test_a_span_is_neither_empty_nor_reversed_nor_before_the_text(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"not a span: start={start}, end={end}"):
        Span(start, end)


def test_a_span_counts_code_points() -> None:
    text = "a🎉é\u0301b"
    assert Span(1, 2).of(text) == "🎉"
    assert Span(2, 4).of(text) == "é\u0301"
    assert len(Span(1, 4)) == 3


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ((0, 5), (4, 6), True),
        ((0, 5), (5, 6), False),
        ((0, 5), (2, 3), True),
        ((7, 9), (0, 7), False),
        ((7, 9), (0, 8), True),
    ],
)
def test_overlap_is_half_open(one: tuple[int, int], other: tuple[int, int], overlaps: bool) -> None:
    assert Span(*one).overlaps(Span(*other)) is overlaps
    assert Span(*other).overlaps(Span(*one)) is overlaps


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=12),
    st.integers(0, 60),
    st.integers(1, 30),
)
def test_what_lies_within_is_all_that_overlaps(
    gaps: list[tuple[int, int]], start: int, length: int
) -> None:
    spans, end = [], 0
    for gap, size in gaps:
        spans.append(Span(end + gap, end + gap + size))
        end += gap + size
    span = Span(start, start + length)
    assert within(spans, span) == [(n, s) for n, s in enumerate(spans) if s.overlaps(span)]


def test_spans_have_the_order_of_the_text() -> None:
    assert sorted([Span(5, 6), Span(0, 9), Span(0, 2)]) == [Span(0, 2), Span(0, 9), Span(5, 6)]


@pytest.mark.parametrize(
    "value",
    [
        Span(0, 1),
        Page(1, Span(0, 1)),
        Document("a.txt", "0", "A", "A", date(2024, 1, 1), "Reuters"),
        Chunk(0, Span(0, 1), "A", 1),
        Hit("a.txt", "0", "A", None, None, Span(0, 1), "A", 0.5),
    ],
)
def test_values_are_frozen_and_hashable(value: object) -> None:
    name = next(iter(type(value).__dataclass_fields__))  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)
    assert len({value, value}) == 1
