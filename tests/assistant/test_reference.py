"""Whom a leading pronoun means, and where no name may be given."""

from __future__ import annotations

import pytest

from assistant.language import Language
from assistant.reference import Antecedent, antecedent

LANGUAGE = Language()


def found(sentence: str, *before: str) -> Antecedent | None:
    parsed, *earlier = LANGUAGE.parse([sentence, *before])
    return antecedent(parsed, earlier)


@pytest.mark.parametrize(
    ("sentence", "before", "expected"),
    [
        (
            "He left for Rome.",
            ["Ann met Bob.", "Keith Kellogg came to Kyiv."],
            (1, "Keith Kellogg", 2),
        ),
        ("But on Friday, he left.", ["Keith Kellogg came to Kyiv."], (0, "Keith Kellogg", 17)),
        ("She’s leaving for Rome.", ["Ann Lee came to Kyiv."], (0, "Ann Lee", 5)),
        ("He left.", ["Keith Kellogg came to Kyiv.", "It was raining."], (0, "Keith Kellogg", 2)),
        (
            "It expects more.",
            ["The European Commission met today."],
            (0, "the European Commission", 2),
        ),
        ("They expect more.", ["The European allies met today."], (0, "the European allies", 4)),
        # Not certain whom: the sentence that names them, and no name.
        ("He left.", ["The meeting between Donald Trump and Emmanuel Macron ended."], (0, None, 2)),
        ("It expects more.", ["The terms had already been changed."], (0, None, 2)),
        ("It expects more.", ["No way."], (0, None, 2)),
    ],
)
def test_the_antecedent(
    sentence: str, before: list[str], expected: tuple[int, str | None, int]
) -> None:
    assert found(sentence, *before) == Antecedent(*expected)


@pytest.mark.parametrize(
    ("sentence", "before"),
    [
        ("He left for Rome.", []),
        ("He left for Rome.", ["The rain stopped."]),
        ("Keith Kellogg said he left.", ["Donald Trump came."]),
        ("The envoy said he left.", ["Donald Trump came."]),
        ("“He left,” she said.", ["Donald Trump came."]),
        ("Rome is far.", ["Donald Trump came."]),
        ("It was over.", ["They left."]),
        ("", ["Donald Trump came."]),
    ],
)
def test_no_antecedent(sentence: str, before: list[str]) -> None:
    assert found(sentence, *before) is None


def test_the_place_is_where_the_word_ends() -> None:
    for sentence in ("But on Friday, he left.", "Then it’s over.", "They, too, left."):
        at = found(sentence, "Keith Kellogg of the Commission met the allies.")
        assert at is not None
        assert sentence[: at.after].endswith(("he", "it’s", "They"))
        assert sentence[at.after] in " ,"
