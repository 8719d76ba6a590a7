"""What a number counts, and what it does not."""

from __future__ import annotations

import pytest

from assistant.counts import counts_another
from assistant.language import Language

SEVEN = "Elm seized seven speed boats."


@pytest.mark.parametrize(
    ("question", "sentence", "answer", "another"),
    [
        # Another thing that the question names.
        ("How many sailors were aboard the boats?", SEVEN, "seven", True),
        ("How many sailors were aboard the boats?", SEVEN, "SEVEN SPEED BOATS", True),
        ("How many sailors were aboard the boats?", "Straße: " + SEVEN, "seven", True),
        ("How many awards has the Marshall club?", "It has six Marshall Clubs.", "six", True),
        # A time, or a sum.
        ("How many miners were dismissed?", "The three-week strike is over.", "three-week", True),
        ("How many miners were dismissed?", "The strike cost 40 mln dlrs.", "40 mln dlrs", True),
        ("How many miners were dismissed?", "The strike cost 40 euros.", "40", True),
        # The same thing, written otherwise.
        ("How many boats did Elm seize?", SEVEN, "seven", False),
        ("How many scholarships has Pitt won?", "It won six Marshall Scholarships.", "six", False),
        ("How many days did it last?", "It lasted three weeks.", "three weeks", False),
        ("How many dollars did it cost?", "It cost 6.3 mln dlrs.", "6.3 mln dlrs", False),
        # Others may be the same thing in other words.
        ("How many people were killed?", "The fall killed 23 Palestinians.", "23", False),
        ("How many ships were lost?", "Elm lost seven vessels.", "seven", False),
        ("How many shares did Ash buy?", "Ash bought 54 per cent of the shares.", "54", False),
        ("How many people died?", "At least 1.2 million people died.", "1.2 million", False),
        # It may be of anything.
        ("How many people were killed?", "The fall killed 23 on Sunday.", "23", False),
        ("How many ships were lost?", "Of the ships, seven were lost.", "seven", False),
        # Which of the two was read is not known.
        ("How many ships of the men sank?", "Three men and three ships sank.", "three", False),
        ("How many ships of the men sank?", "It sent 2,000 men and 2 ships.", "2", False),
        # No number is asked for, or none was read, or the words are not there.
        ("Who seized the boats?", SEVEN, "seven", False),
        ("How much fish was on the boats?", SEVEN, "seven", False),
        ("How many sailors were aboard the boats?", SEVEN, "Elm", False),
        ("How many sailors were aboard the boats?", SEVEN, "", False),
        ("How many sailors were aboard the boats?", SEVEN, "eight", False),
    ],
)
def test_a_number_that_counts_something_else(
    question: str, sentence: str, answer: str, another: bool
) -> None:
    language = Language()
    asked, (said,) = language.parse_question(question, []), language.parse([sentence])
    assert counts_another(asked, said, answer) is another
