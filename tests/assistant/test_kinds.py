"""What kind of thing a question asks for, and where a text has one."""

from __future__ import annotations

import pytest

from assistant.kinds import kind_asked, things, unfilled


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
    ("question", "sentence", "answer", "share"),
    [
        ("When did Ash resign?", "Ash resigned on Monday.", "on Monday", 0.0),
        ("When did Ash resign?", "Ash resigned on Oct 19.", "Oct 19", 0.0),
        ("When did Ash resign?", "Ash resigned at 4 pm.", "4 pm", 0.0),
        ("When did Ash resign?", "Ash resigned after the vote.", "after the vote", 0.0),
        ("In which year did Ash resign?", "Ash resigned from Elm.", "Elm", 1.0),
        ("When did Ash resign?", "Ash resigned on Monday.", "Ash", 0.5),
        ("When did Ash resign?", "Ash resigned from Elm.", "", 0.5),
        ("How many were killed?", "Twenty people were killed.", "Twenty people", 0.0),
        ("How many were killed?", "None was killed.", "None", 0.0),
        ("How many of the seven boats sank?", "Elm lost all seven.", "all seven", 0.0),
        ("How many were killed?", "People were killed.", "People", 1.0),
        ("How much did Ash pay?", "Ash paid 300 marks.", "300 marks", 0.0),
        ("How much did Ash pay?", "Ash paid a tenth of it.", "a tenth", 0.0),
        ("How much did Ash pay?", "Ash paid Elm for the fish.", "fish", 1.0),
        # Not asked for outright.
        ("What did Ash say about the budget?", "Ash praised it.", "praised", 0.0),
        ("What happened when Ash resigned?", "Elm was sold.", "Elm was sold", 0.0),
        ("Who asked how many were killed?", "Ash asked.", "Ash", 0.0),
        ("Why did Ash resign?", "Ash resigned.", "Ash", 0.0),
        ("How high is the tower?", "The tower is high.", "high", 0.0),
        ("How long did the strike last?", "The strike lasted a week.", "a week", 0.0),
    ],
)
def test_a_figure_or_a_time_that_is_not_there(
    question: str, sentence: str, answer: str, share: float
) -> None:
    assert unfilled(question, sentence, answer) == share
