"""A saved answer becomes an answer again: what stands comes back as it was, what was tampered with
does not, and what is no answer is refused in words."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.saved import reopen
from assistant.types import Answer, Citation, Claim, Dropped, Outcome
from assistant.verify import recheck
from index.errors import UserError
from index.types import Hit, Span
from tests.assistant.making import a_span, sha256

LAYER = (
    "Envoy in Kyiv\r\nKyiv, 3 May 2025 — The Gazette\r\n\r\n"
    "Keith Kellogg, the envoy, arrived in Kyiv on\r\nMonday. He wants a ceasefire. 😀 It rained.\n"
)
NAMED = "Keith Kellogg, the envoy, arrived in Kyiv on\r\nMonday."
LED = "He wants a ceasefire."
RAIN = "It rained."
VERSION = sha256(LAYER)
UNCHECKED = "its words can no longer be checked against the source"
UNLIKE = "its words are not those of its sources"
NOTHING_LEFT = "None of its sentences can be checked against the sources any more."
REMEDY = "Save answers with: onrecord ask … --json > FILE"

Saved = dict[str, Any]


def cite(marker: int, words: str) -> Citation:
    span = a_span(LAYER, words)
    return Citation(
        marker=marker,
        document="a.txt",
        sha256=VERSION,
        title="Envoy in Kyiv",
        published=date(2025, 5, 3),
        start=span.start,
        end=span.end,
        quote=words,
        score=0.8,
        layer=LAYER,
        source="The Gazette",
    )


PASSAGE = Hit(
    "a.txt", VERSION, "Envoy in Kyiv", None, None, Span(0, len(LAYER)), LAYER, score=0.0, layer="1"
)
ANSWER = Answer(
    question="What does the envoy want?",
    asked="And what does he want?",
    outcome=Outcome.ANSWERED,
    text="He [Keith Kellogg] wants a ceasefire. [1] [2] It rained. [3]",
    confidence=0.8,
    claims=(
        Claim("He [Keith Kellogg] wants a ceasefire.", (1, 2), "the envoy", "same", "both ways"),
        Claim(RAIN, (3,)),
    ),
    citations=(cite(1, LED), cite(2, NAMED), cite(3, RAIN)),
    passages=(replace(PASSAGE, score=0.0325),),
    timings_ms={"total": 12.5, "verify": 1.25},
    notes=("A note.",),
    dropped=(Dropped("Something.", "for a reason"),),
)
NONE = replace(
    ANSWER,
    outcome=Outcome.NO_EVIDENCE,
    text="The documents do not say.",
    claims=(),
    citations=(),
    reason="No sentence answers it.",
)


def layers(version: str) -> list[str]:
    return [LAYER] if version == VERSION else []


def passage(path: str, start: int, end: int) -> Hit | None:
    return PASSAGE if (path, start, end) == ("a.txt", 0, len(LAYER)) else None


def opened(saved: Any, kept: Callable[[str], Sequence[str]] = layers) -> Answer:
    return reopen(saved, kept, passage)


def tampered(change: Callable[[Saved], object], answer: Answer = ANSWER) -> Saved:
    """A saved answer with ``change`` made to it; through JSON, as it would come."""
    saved: Saved = json.loads(json.dumps(answer.to_dict()))
    change(saved)
    return saved


def put(saved: Saved, *path: str | int, value: Any) -> None:
    *before, last = path
    place: Any = saved
    for step in before:
        place = place[step]
    place[last] = value


# -- what stands ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [ANSWER, NONE], ids=["answered", "none"])
def test_what_stands_comes_back_as_it_was(answer: Answer) -> None:
    back = opened(json.loads(json.dumps(answer.to_dict())))
    assert back == answer
    assert back.to_dict() == answer.to_dict()
    assert [citation.line for citation in back.citations] == [c.line for c in answer.citations]


def test_a_layer_of_an_older_parser_is_good_enough() -> None:
    assert opened(ANSWER.to_dict(), lambda _: ["Another text.", LAYER]) == ANSWER


def test_what_an_old_version_did_not_write_may_be_missing() -> None:
    def older(saved: Saved) -> None:
        for name in ("asked", "reason", "notes", "dropped", "passages", "timings_ms"):
            del saved[name]
        for claim in saved["claims"]:
            for name in ("attribution", "direction", "reason"):
                del claim[name]
        for citation in saved["citations"]:
            for name in ("published", "source", "line"):
                del citation[name]

    back = opened(tampered(older))
    assert back == replace(
        ANSWER,
        asked="",
        notes=(),
        dropped=(),
        passages=(),
        timings_ms={},
        claims=(Claim("He [Keith Kellogg] wants a ceasefire.", (1, 2)), Claim(RAIN, (3,))),
        citations=tuple(
            replace(citation, published=None, source=None, layer=LAYER)
            for citation in ANSWER.citations
        ),
    )


def test_more_than_we_know_is_left_alone() -> None:
    def newer(saved: Saved) -> None:
        saved["version"] = 9
        saved["claims"][0]["mood"] = {"x": 1}
        saved["citations"][0]["page"] = 3

    assert opened(tampered(newer)) == ANSWER


def test_a_passage_that_is_no_longer_there_is_left_out() -> None:
    assert opened(tampered(lambda s: put(s, "passages", 0, "end", value=5))).passages == ()
    # Longer than any of ours: a text that long is not fetched at all.
    asked: list[object] = []
    saved = tampered(lambda s: put(s, "passages", 0, "end", value=20_001))
    assert reopen(saved, layers, lambda *a: asked.append(a)).passages == ()
    assert asked == []


# -- what was tampered with ----------------------------------------------------------------------

BOTH = "He [Keith Kellogg] wants a ceasefire. [1] [2]"
Change = Callable[[Saved], object]


@pytest.mark.parametrize(
    ("change", "left", "reason"),
    [
        # The quote, its place, or its version.
        (lambda s: put(s, "citations", 2, "quote", value="It snowed."), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "quote", value="It rained"), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "quote", value="IT RAINED."), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "quote", value=""), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "start", value=0), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "end", value=10**9), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "sha256", value="0" * 64), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 2, "sha256", value="../../x"), BOTH, UNCHECKED),
        (lambda s: s["citations"].pop(2), BOTH, UNCHECKED),
        (lambda s: put(s, "claims", 1, "citations", value=[4]), BOTH, UNCHECKED),
        (lambda s: put(s, "claims", 1, "citations", value=[3, 4]), BOTH, UNCHECKED),
        (lambda s: put(s, "citations", 0, "quote", value="No."), "It rained. [3]", UNCHECKED),
        # A name put in comes from another quote, which stands for it.
        (lambda s: put(s, "citations", 1, "quote", value="No."), "It rained. [3]", UNCHECKED),
        # The claim itself: a quote that stands, under words that are not its own.
        (lambda s: put(s, "claims", 1, "text", value="It never rained."), BOTH, UNLIKE),
        (lambda s: put(s, "claims", 1, "text", value=""), BOTH, UNLIKE),
        (lambda s: put(s, "claims", 1, "text", value="It [Keith Kellogg] rained."), BOTH, UNLIKE),
        (lambda s: put(s, "claims", 1, "citations", value=[1]), BOTH, UNLIKE),
        (
            lambda s: put(s, "claims", 0, "text", value="He [Donald Trump] wants a ceasefire."),
            "It rained. [3]",
            UNLIKE,
        ),
        (
            lambda s: put(s, "claims", 0, "text", value="Keith Kellogg wants a ceasefire."),
            "It rained. [3]",
            UNLIKE,
        ),
        (lambda s: put(s, "claims", 0, "citations", value=[2, 1]), "It rained. [3]", UNLIKE),
    ],
)
def test_a_claim_that_no_longer_stands_is_left_out_and_listed(
    change: Change, left: str, reason: str
) -> None:
    saved = tampered(change)
    back = opened(saved)
    gone = 1 if left == BOTH else 0
    assert back.outcome is Outcome.ANSWERED
    assert back.text == left, "nor is it in the text"
    assert back.claims == (ANSWER.claims[1 - gone],)
    # Nothing is cited that no claim leans on.
    assert back.citations == (ANSWER.citations[:2] if gone else ANSWER.citations[2:])
    assert back.dropped == (
        *ANSWER.dropped,
        Dropped(saved["claims"][gone]["text"], reason),
    )
    assert [r.status for r in recheck(back.to_dict(), lambda _: None, layers)] == ["missing"] * len(
        back.citations
    )


def test_words_are_those_of_a_quote_whatever_its_white_space() -> None:
    def change(saved: Saved) -> None:
        saved["claims"] = [
            {"text": "Keith Kellogg, the envoy, arrived in Kyiv on Monday.", "citations": [2]},
            {"text": "It rained. He wants a ceasefire.", "citations": [1, 3]},
        ]

    back = opened(tampered(change))
    assert [claim.citations for claim in back.claims] == [(2,), (1, 3)]
    assert back.text == (
        "Keith Kellogg, the envoy, arrived in Kyiv on Monday. [2] "
        "It rained. He wants a ceasefire. [1] [3]"
    )
    assert [citation.marker for citation in back.citations] == [1, 2, 3]


def test_an_answer_of_which_nothing_stands_does_not_answer() -> None:
    back = opened(ANSWER.to_dict(), lambda _: [])
    assert back == replace(
        ANSWER,
        outcome=Outcome.NO_EVIDENCE,
        text=NOTHING_LEFT,
        claims=(),
        citations=(),
        dropped=(*ANSWER.dropped, *(Dropped(claim.text, UNCHECKED) for claim in ANSWER.claims)),
    )
    assert opened(back.to_dict()).to_dict() == back.to_dict()


def test_the_saved_text_is_not_believed() -> None:
    assert opened(tampered(lambda s: put(s, "text", value="It snowed. [3]"))).text == ANSWER.text


def test_the_saved_line_is_not_believed() -> None:
    back = opened(tampered(lambda s: put(s, "citations", 2, "line", value=999)))
    assert [citation.line for citation in back.citations] == [5, 4, 5]


# -- what is no answer ---------------------------------------------------------------------------

HUGE = "x" * 100_001


@pytest.mark.parametrize(
    "saved",
    [
        None,
        7,
        True,
        "answer",
        "",
        [],
        [{}],
        {},
        {"citations": []},
        {"claims": [], "citations": None},
        {"question": "x", "citations": {}, "claims": {}},
    ],
)
def test_garbage_is_no_answer(saved: Any) -> None:
    with pytest.raises(UserError, match=r"^This is not a saved answer \(") as caught:
        opened(saved)
    assert caught.value.remedy == REMEDY


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (("question",), [None, 7, [], HUGE, "\ud800"]),
        (("asked",), [None, 7, HUGE]),
        (("outcome",), [None, "", "maybe", 7, [], {}]),
        (("text",), [None, 7, HUGE]),
        (("reason",), [None, 7]),
        (("confidence",), [None, "0.8", [], True, math.nan, math.inf, 10**400]),
        (("claims",), [None, 7, "x", {}, [7], [None], ["x"], [{}], [[]] * 1001]),
        (("claims", 0, "text"), [None, 7, HUGE, "\udcff"]),
        (
            ("claims", 0, "citations"),
            [None, [], 1, "1", {}, ["1"], [1.0], [True], [0], [-1], [None]],
        ),
        (("claims", 0, "attribution"), [7, []]),
        (("claims", 0, "direction"), [None, 7]),
        (("citations",), [None, 7, "x", {}, [7], [None], [{}], [{}] * 1001]),
        (("citations", 0, "marker"), [None, 0, -1, "1", 1.5, True, math.inf, 2, 2**53]),
        (("citations", 0, "document"), [None, 7, HUGE, "\ud800.txt"]),
        (("citations", 0, "sha256"), [None, 7, []]),
        (("citations", 0, "title"), [None, 7]),
        (("citations", 0, "published"), ["yesterday", "2025-02-30", 7, "x" * 99]),
        (("citations", 0, "start"), [None, "0", 0.0, False, -1, math.inf, math.nan, 10**400]),
        (("citations", 0, "end"), [None, "0", 9.5, True, -1]),
        (("citations", 0, "quote"), [None, 7, HUGE]),
        (("citations", 0, "score"), [None, "x", math.nan, math.inf]),
        (("citations", 0, "source"), [7, []]),
        (("passages",), [None, 7, {}, [7], [{}], [{}] * 1001]),
        (("passages", 0, "start"), ["0", -1, True, 10**400]),
        (("passages", 0, "score"), [None, "x", math.nan, math.inf]),
        (("timings_ms",), [None, 7, [], {"total": "x"}, {"total": math.nan}]),
        (("notes",), [None, 7, "note", [7], [None]]),
        (("dropped",), [None, 7, [7], [{}], [{"text": "x"}]]),
    ],
)
def test_a_value_that_is_none_of_ours_is_no_answer(
    path: tuple[str | int, ...], values: list[Any]
) -> None:
    for value in values:
        saved = copy.deepcopy(ANSWER.to_dict())
        put(saved, *path, value=value)
        with pytest.raises(UserError, match=r"^This is not a saved answer \(") as caught:
            opened(saved)
        caught.value.message.encode("utf-8")
        assert len(caught.value.message) < 160


@pytest.mark.parametrize(
    "name", ["question", "outcome", "text", "confidence", "claims", "citations"]
)
def test_what_every_answer_has_may_not_be_missing(name: str) -> None:
    with pytest.raises(UserError) as caught:
        opened(tampered(lambda saved: saved.pop(name)))
    assert caught.value.message == f"This is not a saved answer (KeyError: '{name}')."


def test_no_evidence_with_claims_is_no_answer() -> None:
    with pytest.raises(UserError, match="says that there is no evidence"):
        opened(tampered(lambda saved: put(saved, "outcome", value="no_evidence")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(data=st.data(), value=JSON)
def test_whatever_is_changed_what_comes_back_is_on_record(data: st.DataObject, value: Any) -> None:
    saved = copy.deepcopy(ANSWER.to_dict())
    place: Any = saved
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(steps))
        inner = place[step]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            place[step] = value
            break
        place = inner
    try:
        back = opened(saved)
    except UserError:
        return
    for citation in back.citations:
        assert LAYER[citation.start : citation.end] == citation.quote
    assert {claim.text for claim in back.claims} <= {claim.text for claim in ANSWER.claims}
    told = json.dumps(back.to_dict(), ensure_ascii=False, allow_nan=False)
    assert opened(json.loads(told.encode("utf-8"))).to_dict() == back.to_dict()
