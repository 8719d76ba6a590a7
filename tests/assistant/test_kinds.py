"""What kind of thing a question asks for, and where a text has one."""

from __future__ import annotations

import pytest

from assistant.kinds import kind_asked, things


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Why did the bridge fall?", "reason"),
        ("What share of the votes did Ash win?", "percent"),
        ("How much did the ferry cost?", "money"),
        ("How high is the harbour fee?", "money"),
        ("How large was the bid?", "money"),
        ("How high is the tower?", "measure"),
        ("How many months did it last?", "duration"),
        ("How many boats were there?", "number"),
        ("When does it open?", "date"),
        ("Who owns the mill?", "person"),
        ("Where did it land?", "place"),
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
        ("number", "Elm sent 62 boats and seven nets.", {"62", "seven"}),
        ("money", "It costs 4.20 crowns, 3 more.", {"4.20", "3"}),
        ("money", "It has 62 boats.", set()),
        ("percent", "It fell by 9.4 per cent.", {"9.4"}),
        ("date", "It opens in Autumn 2029.", {"autumn", "2029"}),
        ("date", "It opens soon.", set()),
        ("reason", "It fell because of rain.", set()),
        ("person", "Ash owns it.", set()),
        ("", "It has 62 boats.", set()),
    ],
)
def test_the_things_of_a_kind(kind: str, text: str, found: set[str]) -> None:
    assert things(kind, text) == found
