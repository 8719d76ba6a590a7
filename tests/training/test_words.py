"""Words for the made-up pairs, and the forms they take."""

from __future__ import annotations

import pytest

from training.words import OPPOSITE, SAME, alike, bent, table


@pytest.mark.parametrize(
    ("lemma", "tag", "form"),
    [
        # Regular, by their endings.
        ("start", "VBD", "started"),
        ("start", "VBN", "started"),
        ("start", "VBG", "starting"),
        ("start", "VBZ", "starts"),
        ("close", "VBD", "closed"),
        ("close", "VBG", "closing"),
        ("agree", "VBD", "agreed"),
        ("agree", "VBG", "agreeing"),
        ("die", "VBG", "dying"),
        ("die", "VBD", "died"),
        ("carry", "VBD", "carried"),
        ("carry", "VBG", "carrying"),
        ("carry", "VBZ", "carries"),
        ("destroy", "VBN", "destroyed"),
        ("destroy", "VBZ", "destroys"),
        ("stop", "VBD", "stopped"),
        ("plan", "VBG", "planning"),
        ("teach", "VBZ", "teaches"),
        ("fix", "VBZ", "fixes"),
        ("publish", "VBZ", "publishes"),
        ("dismiss", "VBZ", "dismisses"),
        # Irregular.
        ("buy", "VBD", "bought"),
        ("buy", "VBN", "bought"),
        ("buy", "VBZ", "buys"),
        ("begin", "VBD", "began"),
        ("begin", "VBN", "begun"),
        ("begin", "VBG", "beginning"),
        ("choose", "VBD", "chose"),
        ("choose", "VBN", "chosen"),
        ("overcome", "VBD", "overcame"),
        ("overcome", "VBN", "overcome"),
        ("come", "VBN", "come"),
        ("let", "VBD", "let"),
        ("let", "VBG", "letting"),
        ("flee", "VBD", "fled"),
        ("flee", "VBG", "fleeing"),
        ("write", "VBG", "writing"),
        ("permit", "VBD", "permitted"),
        ("occur", "VBG", "occurring"),
        ("cost", "VBD", "cost"),
        # Nouns.
        ("child", "NNS", "children"),
        ("ship", "NNS", "ships"),
        ("company", "NNS", "companies"),
        ("journey", "NNS", "journeys"),
        ("clash", "NNS", "clashes"),
        ("boss", "NNS", "bosses"),
        ("tax", "NNS", "taxes"),
        ("woman", "NNS", "women"),
        ("police", "NNS", "police"),
        ("aircraft", "NNS", "aircraft"),
        # As the dictionary has them.
        ("begin", "VB", "begin"),
        ("begin", "VBP", "begin"),
        ("ship", "NN", "ship"),
        ("large", "JJ", "large"),
    ],
)
def test_a_word_takes_the_form_of_its_tag(lemma: str, tag: str, form: str) -> None:
    assert bent(lemma, tag) == form


def test_a_table_has_a_line_for_each_meaning() -> None:
    assert table("\nbig large\nsmall\n") == [["big", "large"], ["small"]]
    # A word of two lines has the others of both, each once, and never itself.
    assert alike("\nstop halt cease\nstop end halt\n") == {
        "stop": ["halt", "cease", "end"],
        "halt": ["stop", "cease", "end"],
        "cease": ["stop", "halt"],
        "end": ["stop", "halt"],
    }


@pytest.mark.parametrize("kind", sorted(SAME))
def test_what_means_the_same_does_so_both_ways(kind: str) -> None:
    same = SAME[kind]
    assert {(one, other) for one in same for other in same[one]} == {
        (other, one) for one in same for other in same[one]
    }
    assert [word for word in same if word in same[word] or not same[word]] == []
    assert all(word.islower() for word in same)


def test_opposites_are_opposite_both_ways() -> None:
    pairs = {(one, other) for one in OPPOSITE for other in OPPOSITE[one]}
    assert ("first", "last") in pairs
    assert pairs == {(other, one) for one, other in pairs}
    assert [one for one, other in pairs if one == other] == []


def test_nothing_is_both_the_same_and_the_opposite() -> None:
    """A question reworded with it would not be the same question."""
    same = {(one, other) for words in SAME.values() for one in words for other in words[one]}
    assert {(one, other) for one in OPPOSITE for other in OPPOSITE[one]} & same == set()
