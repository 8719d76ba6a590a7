"""Drafts: the source's own sentence, brackets after the pronoun, the sentence before it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.compose import compose
from assistant.types import Candidate, DraftClaim, Evidence, Place
from assistant.verify import verify
from tests.assistant.making import a_candidate, evidence

LAYER = (
    "The envoy Keith Kellogg came on\nMonday. He has said he wants a solution. "
    "But on Friday, he\r\n  left again. It’s over, she said."
)
NAMES = a_candidate(LAYER, "The envoy Keith Kellogg came on\nMonday.")
HE = a_candidate(LAYER, "He has said he wants a solution.")
BUT = a_candidate(LAYER, "But on Friday, he\r\n  left again.")
ITS = a_candidate(LAYER, "It’s over, she said.")


def drafted(piece: Evidence) -> DraftClaim:
    (draft,) = compose([piece])
    # Whatever is drafted must stand up to verification.
    assert verify([draft], lambda _hit: LAYER).dropped == ()
    return draft


def test_a_sentence_is_its_own_claim() -> None:
    assert drafted(replace(evidence(HE, 0.75), speaker="Kellogg")) == DraftClaim(
        text="He has said he wants a solution.",
        places=(Place(HE, 0.75),),
        attribution="Kellogg",
        direction="same",
        reason="both ways",
    )


def test_a_wrapped_sentence_becomes_one_line_and_its_place_keeps_the_breaks() -> None:
    draft = drafted(evidence(BUT))
    assert draft.text == "But on Friday, he left again."
    assert draft.places[0].candidate.text == "But on Friday, he\r\n  left again."


@pytest.mark.parametrize(
    ("candidate", "after", "text"),
    [
        (HE, "He", "He [Keith Kellogg] has said he wants a solution."),
        (BUT, "But on Friday, he", "But on Friday, he [Keith Kellogg] left again."),
        (ITS, "It’s", "It’s [Keith Kellogg] over, she said."),
    ],
)
def test_a_name_goes_into_brackets_after_the_pronoun(
    candidate: Candidate, after: str, text: str
) -> None:
    piece = evidence(candidate, name="Keith Kellogg", name_after=len(after), subject=NAMES)
    draft = drafted(piece)
    assert draft.text == text
    assert [place.candidate for place in draft.places] == [candidate, NAMES]


def test_a_name_over_two_lines_stands_on_one() -> None:
    draft = drafted(evidence(HE, name="came on\nMonday", name_after=2, subject=NAMES))
    assert draft.text == "He [came on Monday] has said he wants a solution."


def test_without_a_name_the_sentence_that_names_the_subject_comes_first() -> None:
    draft = drafted(evidence(HE, subject=NAMES))
    assert draft.text == (
        "The envoy Keith Kellogg came on Monday. He has said he wants a solution."
    )
    # The one that answers is still the first citation.
    assert [place.candidate for place in draft.places] == [HE, NAMES]


def test_near_duplicates_are_cited_along_with_it_before_the_subject() -> None:
    twin = a_candidate(
        "He has said that he wants a solution.", "He has said that he wants a solution."
    )
    (draft,) = compose([evidence(HE, 0.6, also=(twin,), subject=NAMES)])
    assert draft.places == (Place(HE, 0.6), Place(twin, 0.6), Place(NAMES, 0.6))


def test_claims_come_in_the_order_of_the_evidence() -> None:
    drafts = compose([evidence(ITS, 0.5), evidence(HE, 0.9), evidence(NAMES, 0.1)])
    assert [draft.places[0].candidate for draft in drafts] == [ITS, HE, NAMES]
    assert [draft.places[0].score for draft in drafts] == [0.5, 0.9, 0.1]
    assert compose([]) == ()
