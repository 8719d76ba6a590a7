"""Verbs in the form a sentence needs."""

from __future__ import annotations

import pytest

from assistant.wording import gerund, participle, past, third_person


@pytest.mark.parametrize(
    ("lemma", "third", "before", "done", "going"),
    [
        ("expect", "expects", "expected", "expected", "expecting"),
        ("sue", "sues", "sued", "sued", "suing"),
        ("press", "presses", "pressed", "pressed", "pressing"),
        ("spy", "spies", "spied", "spied", "spying"),
        ("employ", "employs", "employed", "employed", "employing"),
        ("ban", "bans", "banned", "banned", "banning"),
        ("visit", "visits", "visited", "visited", "visiting"),
        ("transfer", "transfers", "transferred", "transferred", "transferring"),
        ("agree", "agrees", "agreed", "agreed", "agreeing"),
        ("give", "gives", "gave", "given", "giving"),
        ("beat", "beats", "beat", "beaten", "beating"),
        ("take over", "takes over", "took over", "taken over", "taking over"),
        ("have", "has", "had", "had", "having"),
        ("lie", "lies", "lied", "lied", "lying"),
    ],
)
def test_the_forms_of_a_verb(lemma: str, third: str, before: str, done: str, going: str) -> None:
    assert (third_person(lemma), past(lemma), participle(lemma), gerund(lemma)) == (
        third,
        before,
        done,
        going,
    )
