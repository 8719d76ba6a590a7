"""What kind of thing a question asks for, and where a text has one."""

from __future__ import annotations

import pytest

from assistant.kinds import counts_another, kind_asked, things
from assistant.language import Language


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Why did the bridge fall?", "reason"),
        ("What share of the votes did Ash win?", "percent"),
        ("How much did the ferry cost?", "money"),
        ("How high is the harbour fee?", "money"),
        ("How large was the bid?", "money"),
        ("How high is the tower?", "measure"),
        ("How high is the tower of the Debt Office?", "measure"),
        ("How big was the majority that passed the budget?", "measure"),
        ("How large was the crowd outside the tax office?", "measure"),
        ("How large was the new club's second bid for Ash?", "money"),
        ("How many months did it last?", "duration"),
        ("How many boats were there?", "number"),
        ("When does it open?", "date"),
        ("Who owns the mill?", "person"),
        ("Where did it land?", "place"),
        ("Which country did it leave?", "place"),
        ("To which countries is it sold?", "place"),
        ("What did Elm sell?", ""),
        # Of two question words the first asks.
        ("What did the man who won do?", ""),
        ("How many of those who left came back?", "number"),
    ],
)
def test_the_kind_asked_for(question: str, kind: str) -> None:
    assert kind_asked(question) == kind


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("number", "Elm sent 62 boats and seven nets on 3 June 2024.", {"62", "7"}),
        ("number", "Elm sent 1,200 boats, one of them red.", {"1200"}),
        ("money", "It costs €4.20, or 5 crowns, for 3 boats.", {"4.20", "5"}),
        ("money", "It costs 40 million euros, said Ash on 9 June.", {"40"}),
        ("money", "It costs 2.8 mln dlrs, or 40 francs, for 3 boats.", {"2.8", "40"}),
        ("money", "It has 62 boats.", set()),
        ("percent", "It fell by 9.4 per cent, then 3%, then 7 pct, in 2 days.", {"9.4", "3", "7"}),
        ("duration", "It takes four years rather than 6 to fill 21 lakes.", {"4"}),
        ("measure", "The tower of 1912 is 90 metres high and has 3 doors.", {"90"}),
        ("measure", "It rose by 4 pct, to 30 mln dlrs, in 3 towns.", {"4", "30"}),
        ("date", "It opens in Autumn 2029, not on 17 June or June 3, 2028.",
         {"autumn 2029", "17 june", "june 3, 2028"}),
        ("date", "It may open in 2028.", {"2028"}),
        ("date", "May opens it in May.", {"may"}),
        ("date", "It opens soon.", set()),
        ("reason", "It fell because of rain in 2028.", set()),
        ("person", "Ash owns 3.", set()),
        ("", "It has 62 boats.", set()),
    ],
)  # fmt: skip
def test_the_things_of_a_kind(kind: str, text: str, found: set[str]) -> None:
    assert things(kind, text) == found


@pytest.mark.parametrize(
    ("question", "sentence", "answer", "another"),
    [
        ("How many sailors were aboard?", "Elm seized seven speed boats and a crew.", "seven",
         True),
        ("How many miners were dismissed?", "The three-week miners' strike is over.", "three-week",
         True),
        ("How many votes did Ash get?", "Ash was elected by 22,000 workers.", "22,000", True),
        ("How many boats has Elm?", "Of the catch Elm receives 54 per cent.", "54 per cent", True),
        ("How many boats did Elm seize?", "Elm seized seven speed boats.", "seven", False),
        ("How many boats did Elm seize?", "Elm seized seven speed boats.", "SEVEN SPEED BOATS",
         False),
        ("How many people were killed?", "The fall killed 23 workers.", "23", False),
        ("How many people died?", "At least 1.2 million people died.", "1.2 million", False),
        # It may be of anything.
        ("How many people were killed?", "The fall killed 23 on Sunday.", "23", False),
        ("How many ships were lost?", "Of the ships, seven were lost.", "seven", False),
        # No number is asked for, or none was read, or the words are not there.
        ("Who seized the boats?", "Elm seized seven speed boats.", "seven", False),
        ("How much fish did Elm seize?", "Elm seized seven speed boats.", "seven", False),
        ("How many sailors were aboard?", "Elm seized seven speed boats.", "Elm", False),
        ("How many sailors were aboard?", "Elm seized seven speed boats.", "", False),
        ("How many sailors were aboard?", "Elm seized seven speed boats.", "eight", False),
    ],
)  # fmt: skip
def test_a_number_that_counts_something_else(
    question: str, sentence: str, answer: str, another: bool
) -> None:
    language = Language()
    asked, (said,) = language.parse_question(question, []), language.parse([sentence])
    assert counts_another(asked, said, answer) is another
