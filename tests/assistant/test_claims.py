"""What a model wrote, against what it cites: every kind of mistake falls, what is true stands."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from assistant.claims import (
    Cited,
    Finding,
    Quantity,
    Verdict,
    Written,
    check,
    days,
    fold,
    quantities,
    whom,
    written,
)
from assistant.language import Language
from assistant.writing import Grounds
from index.sentences import sentence_spans


class Sure(Grounds):
    """Finds support for everything, so that the other checks are seen alone."""

    def support(self, _claim: str, _cited: Sequence[str]) -> float | None:
        return 5.0


TOOLS = Sure(Language(), None)


def found(claim: str, *sources: str, cites: Sequence[int] = (1,), subject: str = "") -> Finding:
    return check(claim, cites, [Cited(text, subject) for text in sources], TOOLS)


# -- splitting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("Ann won [1]. Bob lost [2].", [("Ann won.", (1,)), ("Bob lost.", (2,))]),
        ("Ann won. [1] Bob lost. [2][3]", [("Ann won.", (1,)), ("Bob lost.", (2, 3))]),
        ("Ann won [1, 3]; Bob lost [2-4].", [("Ann won; Bob lost.", (1, 3, 2, 4))]),
        ("Ann won [1] and Bob lost [1].", [("Ann won and Bob lost.", (1,))]),
        ("Ann won.", [("Ann won.", ())]),
        ("- Ann won [1].\n- Bob lost [2].", [("Ann won.", (1,)), ("Bob lost.", (2,))]),
        ("1. Ann won [1].\n2) Bob lost.", [("Ann won.", (1,)), ("Bob lost.", ())]),
        ("Answer: **Ann** won [1].", [("Ann won.", (1,))]),
        ("<think>Bob won [9].</think>Ann won [1].", [("Ann won.", (1,))]),
        ("<think>Bob won [9].", []),
        ("Ann paid €2.5 million [1]. Dr. Lee left [2].",
         [("Ann paid €2.5 million.", (1,)), ("Dr. Lee left.", (2,))]),
        ("“We won.” [1]", [("“We won.”", (1,))]),
        ("Ann won.\n[1]", [("Ann won.", (1,))]),
        ("Ann won [99999].", [("Ann won [99999].", ())]),
        ("Ann won [1–9999].", [("Ann won.", tuple(range(1, 52)))]),
        ("[1] [2]\n...", []),
        # The number first.
        ("[2] Ann won.\n[1] Bob lost.", [("Ann won.", (2,)), ("Bob lost.", (1,))]),
        ("[2] Ann won. [1] Bob lost.", [("Ann won.", (2,)), ("Bob lost.", (1,))]),
        ("- [1][3] Ann won. Bob lost.\nIt rained.",
         [("Ann won.", (1, 3)), ("Bob lost.", (1, 3)), ("It rained.", ())]),
        ("[1] Ann won. [2]", [("Ann won.", (1, 2))]),
        ("Ann won.\n[1] Bob lost.", [("Ann won.", ()), ("Bob lost.", (1,))]),
        # A quotation mark that is left of a longer quotation.
        ("[1] “Ann won", [("Ann won", (1,))]),
        ("[1] \"Ann won, Bob said.", [("Ann won, Bob said.", (1,))]),
        ("[1] Ann won.\"", [("Ann won.", (1,))]),
        ("[1] “Ann” won.", [("“Ann” won.", (1,))]),
        ("[1] \"Ann\" won the \"race\"", [("\"Ann\" won the \"race\"", (1,))]),
        ("[1] „Ann“ won", [("„Ann“ won", (1,))]),
        ("[1] «Ann won", [("Ann won", (1,))]),
        ("[1] \"Ann won. Bob lost,\" she said.",
         [("\"Ann won.", (1,)), ("Bob lost,\" she said.", (1,))]),
        ("[1] ”Ann won”", [("”Ann won”", (1,))]),
        ("[1] It measures 27\"", [("It measures 27\"", (1,))]),
        ("[1] \"Ann won.\n[2] Bob lost.\"", [("Ann won.", (1,)), ("Bob lost.", (2,))]),
        ("", []),
    ],
)  # fmt: skip
def test_claims_and_what_they_cite(text: str, claims: list[tuple[str, tuple[int, ...]]]) -> None:
    expected = [Written(words, cites) for words, cites in claims]
    assert written(text, sentence_spans) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee won the race in May [1]. Bob, who ran too, lost [2, 3]. Dr. Ito left [1].",
        "[1] Ann Lee won the race in May.\n[2, 3] Bob, who ran too, lost.\n[1] Dr. Ito left.",
        "[1] Ann Lee won the race in May. [2] Bob, who ran too, lost. [1] Dr. Ito left.",
    ],
)
def test_more_text_changes_none_of_the_claims_that_are_whole(text: str) -> None:
    """As it is streamed: all but the last claim stay what they are."""
    whole = written(text, sentence_spans)
    assert len(whole) == 3
    for end in range(len(text)):
        part = written(text[:end], sentence_spans)
        assert part[:-1] == whole[: len(part[:-1])]


# -- one way to write --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("4%", 4, "%"), ("four per cent", 4, "%"), ("4 percent", 4, "%"), ("4.5 pct", "4.5", "%"),
        ("€2bn", 2 * 10**9, "EUR"), ("2 billion euros", 2 * 10**9, "EUR"),
        ("two billion euros", 2 * 10**9, "EUR"), ("€2,000,000,000", 2 * 10**9, "EUR"),
        ("$3.5m", 3_500_000, "USD"), ("3.5 million dollars", 3_500_000, "USD"),
        ("118,000", 118_000, ""), ("fifty-eight", 58, ""), ("two hundred and forty", 240, ""),
        ("five thousand", 5000, ""), ("21 cubic", 21, ""), ("2015", 2015, ""),
        ("3 percentage points", 3, "points"), ("5-year", 5, ""), ("five-year", 5, ""),
    ],
)  # fmt: skip
def test_figures(text: str, value: int | str, unit: str) -> None:
    (figure,) = quantities(fold(text))
    assert (figure.value, figure.unit) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["one of them", "B2", "v1.2.3", "Ann", "tenant", "E20"])
def test_what_is_no_figure(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("about 900 ships", "about"), ("nearly €900", "about"), ("an estimated 900", "about"),
        ("up to six ships", "most"), ("fewer than 900", "most"), ("at least 900", "least"),
        ("more than €900", "least"), ("over 900 ships", "least"), ("over six years", ""),
        ("the 900 ships", ""),
    ],
)  # fmt: skip
def test_how_a_figure_is_loosened(text: str, bound: str) -> None:
    assert [figure.bound for figure in quantities(fold(text))] == [bound]


def test_figures_that_are_one() -> None:
    one = Quantity(Decimal(4), "%", 0, 2)
    assert one.same(Quantity(Decimal(4), "%", 9, 12, "about"))
    assert not one.same(Quantity(Decimal(4), "", 0, 2))
    assert not one.same(Quantity(Decimal(5), "%", 0, 2))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Jan 5", {("month", 1), ("day", 5)}), ("5 January", {("month", 1), ("day", 5)}),
        ("the 5th of January", {("month", 1), ("day", 5)}),
        ("January 5, 2025", {("month", 1), ("day", 5), ("year", 2025)}),
        ("2025-01-05", {("month", 1), ("day", 5), ("year", 2025)}),
        ("June 2027", {("month", 6), ("year", 2027)}), ("in May", {("month", 5)}),
        ("since Sept. 3", {("month", 9), ("day", 3)}),
    ],
)  # fmt: skip
def test_dates(text: str, parts: set[tuple[str, int]]) -> None:
    assert [set(day.parts) for day in days(text)] == [parts]


def test_words_that_are_no_months() -> None:
    assert days("It may rain and they march.") == []
    assert quantities("5 January 2025", days("5 January 2025")) == []


# -- verdicts ------------------------------------------------------------------------------------

TROOPS = "The Europeans understand that the USA expects them to provide the bulk of the troops."
SHOULDER = "Trump may expect Europe to shoulder a larger share of the burden."
DENIED = "Armement Loïc, which owns the vessel, denies responsibility."
CATCH = (
    "The total catch for 2024 was set at 118,000 tonnes, of which Halvoria receives 54 per cent."
)
PRESSED = "Maren pressed Kestria to abolish the licence system on 8 April."
QUOTED = "Maren’s envoy, Thị Lan Voss, dismissed it as “a fairy tale with a customs stamp”."
HOPES = "Lannick, which took in 61 vessels, hopes to keep some of the trade."
LASTS = "Analysts at Norvik estimate that the reserve would run dry by 2031."
RISE = "Police raised the fee of 12 October from 20 to 30 crowns, the ministry said."
TOLD = "Ida Moe, the harbour master, said that nine trawlers had left Norvik."
FIRM = "The Halvorian shipyard Brekke & Sons denied the charge."
SHARES = "Optik Halden said about half of the shareholders had refused the offer of €3.1 billion."


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (SHOULDER, SHOULDER),
        ("Trump may expect Europe to shoulder a larger share.", SHOULDER),
        ("Halvoria receives 54% of the catch.", CATCH),
        ("The total catch for 2024 was set at 118,000 tonnes.", CATCH),
        ("Maren pressed Kestria on April 8 to abolish the licence system.", PRESSED),
        ("Kestria was pressed by Maren to abolish the licence system.", PRESSED),
        ("Thị Lan Voss dismissed it as \"a fairy tale with a customs stamp\".", QUOTED),
        ("Lannick hopes to keep some of the trade.", HOPES),
        ("About half of the shareholders had refused the offer of 3.1 billion euros.", SHARES),
        ("Armement Loïc denies responsibility.", DENIED),
        ("Analysts at Norvik estimate that the reserve would run dry by 2031.", LASTS + " Maybe."),
        ("Analysts at Norvik say that the reserve may run dry by 2031.", LASTS.replace(
            "estimate that the reserve would", "say that the reserve may")),
        ("Police raised the fee of October 12 from 20 to 30 crowns.", RISE),
        ("Brekke & Sons denied the charge.", FIRM),
        ("The harbour master Ida Moe said that nine trawlers had left Norvik.", TOLD),
        ("Ida Moe, the harbour master, said that nine trawlers had left Norvik.", TOLD),
        ("Harbour master Ida Moe said that nine trawlers had left.", TOLD),
    ],
)  # fmt: skip
def test_what_is_true_stands(claim: str, source: str) -> None:
    assert found(claim, source) == Finding(Verdict.SUPPORTED)


CONTRADICTED, UNSUPPORTED = Verdict.CONTRADICTED, Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("claim", "source", "verdict", "reason"),
    [
        # figures
        ("Halvoria receives 55% of the catch.", CATCH, UNSUPPORTED,
         "the figure “55%” is not in what it cites"),
        ("Halvoria receives 54 of the catch.", CATCH, UNSUPPORTED,
         "the figure “54” is not in what it cites"),
        ("The offer was €31 billion.", SHARES, UNSUPPORTED,
         "the figure “€31 billion” is not in what it cites"),
        # names
        ("In 2024 Sendrel receives 54% of the catch.", CATCH, UNSUPPORTED,
         "the name “Sendrel” is not in what it cites"),
        ("Sendrel receives 54% of the catch.", CATCH, UNSUPPORTED,
         "what it cites does not say “Sendrel” of this"),
        # dates
        ("Maren pressed Kestria on 9 April to abolish the licence system.", PRESSED, UNSUPPORTED,
         "the date “9 April” is not in what it cites"),
        ("Maren pressed Kestria in May to abolish the licence system.", PRESSED, UNSUPPORTED,
         "the date “May” is not in what it cites"),
        ("Maren pressed Kestria on Monday to abolish the licence system.", PRESSED, UNSUPPORTED,
         "“Monday” is not in what it cites"),
        # quotations
        ("Thị Lan Voss dismissed it as “a fairy tale with a stamp”.", QUOTED, UNSUPPORTED,
         "the words “a fairy tale with a stamp” do not stand in what it cites"),
        ("Thị Lan Voss dismissed it as “a fairy tale.", QUOTED, UNSUPPORTED,
         "a quotation in it has no end"),
        # negation
        ("Armement Loïc does not deny responsibility.", DENIED, CONTRADICTED,
         "what it cites says “denies”"),
        ("Maren did not press Kestria to abolish the licence system.", PRESSED, CONTRADICTED,
         "what it cites says “pressed”"),
        # hedges
        ("Trump expects Europe to shoulder a larger share of the burden.", SHOULDER, UNSUPPORTED,
         "what it cites says only “may expect”"),
        ("Lannick will keep some of the trade.", HOPES, UNSUPPORTED,
         "what it cites says only “hopes to keep”"),
        ("Half of the shareholders refused the offer.", SHARES, UNSUPPORTED,
         "what it cites says only “about Half”"),
        ("Analysts at Norvik estimate that the reserve will run dry by 2031.", LASTS, UNSUPPORTED,
         "what it cites says only “estimate that the reserve would run”"),
        ("Analysts at Norvik estimate that the reserve runs dry by 2031.", LASTS, UNSUPPORTED,
         "what it cites says only “estimate that the reserve would run”"),
        # what somebody is
        ("The trawler Moe said that nine trawlers had left Norvik.", TOLD, UNSUPPORTED,
         "in what it cites “trawler” is not said of “Moe”"),
        # whose firm it is
        ("Halvoria, the Halvorian shipyard Brekke & Sons, denied the charge.", FIRM, UNSUPPORTED,
         "in what it cites “The Halvorian shipyard Brekke & Sons” stands there with “denied”"),
        ("Halvoria denied the charge.", FIRM, UNSUPPORTED, None),
        # direction
        ("Kestria pressed Maren to abolish the licence system.", PRESSED, CONTRADICTED,
         "in what it cites “Maren” does it, not “Kestria”"),
        ("Europe may expect Trump to shoulder a larger share.", SHOULDER, CONTRADICTED, None),
        ("Maren was pressed by Kestria to abolish the licence system.", PRESSED, CONTRADICTED,
         "in what it cites “Maren” does it, not “Kestria”"),
        # another verb
        ("Maren begged Kestria to abolish the licence system.", PRESSED, UNSUPPORTED,
         "what it cites does not say “begged” of this"),
        # a quantity of a quantity
        ("Optik Halden said the shareholders had refused the offer.", SHARES, UNSUPPORTED,
         "what it cites says only “half of shareholders”"),
    ],
)  # fmt: skip
def test_what_is_false_falls(claim: str, source: str, verdict: Verdict, reason: str | None) -> None:
    finding = found(claim, source)
    assert finding.verdict is verdict
    assert finding.reason == reason if reason is not None else finding.reason


@pytest.mark.parametrize(
    ("cites", "reason"),
    [
        ((), "it cites nothing"),
        ((2,), "it cites [2], which there is not"),
        ((1, 7), "it cites [7], which there is not"),
        ((0,), "it cites [0], which there is not"),
    ],
)
def test_markers_must_exist(cites: tuple[int, ...], reason: str) -> None:
    assert found(SHOULDER, SHOULDER, cites=cites) == Finding(UNSUPPORTED, reason)


def test_a_claim_stands_on_what_it_cites_and_on_nothing_else() -> None:
    assert found("Halvoria receives 54% of the catch.", SHOULDER, CATCH, cites=(2,)).verdict.stands
    assert not found("Halvoria receives 54% of the catch.", SHOULDER, CATCH).verdict.stands


def test_nobodys_deeds_become_anothers() -> None:
    """Each word stands in one of the two sentences that it cites, and the claim in neither."""
    claim = "Lannick receives 54% of the catch."
    finding = found(claim, CATCH, HOPES, cites=(1, 2))
    assert finding == Finding(UNSUPPORTED, "what it cites does not say “Lannick” of this")
    both = "Halvoria receives 54% of the catch and Maren pressed Kestria on April 8."
    assert found(both, CATCH, PRESSED, cites=(1, 2)) == Finding(Verdict.SUPPORTED)


def test_a_pronoun_is_whom_its_sentence_means_and_nobody_else() -> None:
    source = "He has said he wants a solution within 100 days."
    claim = "Keith Kellogg wants a solution within 100 days."
    assert not found(claim, source).verdict.stands
    # Its name is not among the words that are cited with it.
    assert not found(claim, source, subject="Donald Trump").verdict.stands
    leaning = found("He wants a solution within 100 days.", source, subject="Keith Kellogg")
    assert leaning == Finding(UNSUPPORTED, "it does not name whom or what “He” means")


def test_words_that_are_not_there_make_it_partly_so() -> None:
    claim = "Trump may expect Europe to shoulder a larger share of the heavy burden."
    assert found(claim, SHOULDER) == Finding(Verdict.PARTLY, "not in what it cites: “heavy”")


def test_a_question_is_no_claim() -> None:
    assert found("Does Halvoria receive 54% of the catch?", CATCH).reason == "it is a question"


def test_other_names_of_a_country() -> None:
    claim = "The US expects the Europeans to provide the bulk of the troops."
    source = "The United States expects the Europeans to provide the bulk of the troops, he said."
    assert found(claim, source).verdict.stands
    assert not found(claim.replace("US", "UK"), source).verdict.stands


class Doubting(Grounds):
    def support(self, claim: str, cited: Sequence[str]) -> float | None:
        self.asked = (claim, list(cited))
        return -3.3


def test_what_judges_evidence_has_the_last_word() -> None:
    tools = Doubting(Language(), None)
    claim = "Halvoria receives 54% of the catch."
    finding = check(claim, (2, 1), [Cited(SHOULDER), Cited(CATCH)], tools)
    assert finding == Finding(UNSUPPORTED, "what it cites does not answer to it")
    assert tools.asked == (claim, [CATCH, SHOULDER])
    assert Grounds(Language(), None).support(claim, [CATCH]) is None


@pytest.mark.parametrize(
    "claim", ["", "…", "x" * 5000, "\x00\x1b[2J", "🦊🦊", "the the the the", "Said.", "!" * 300]
)
def test_anything_may_be_written(claim: str) -> None:
    assert not found(claim, SHOULDER).verdict.stands


def test_a_mark_whose_other_may_still_come_stays() -> None:
    text = '[1] "Ann won.\n[2] "Bob lost. Then'
    marked = [claim.text for claim in written(text, sentence_spans, whole=False)]
    assert marked == ["Ann won.", '"Bob lost.', "Then"]


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ("She (Ann Lee) won.", "Ann Lee won."),
        ("It (the link) cost more than he (Ann Lee) said.",
         "The link cost more than he (Ann Lee) said."),
        ("He (Ann Lée) won.", "Ann Lée won."),
        # Not whom it means.
        ("It (not the EU) pays.", "It (not the EU) pays."),
        ("She (Bob Ito) won.", "She (Bob Ito) won."),
        ("Ann (Ann Lee) won.", "Ann (Ann Lee) won."),
        ("It () won.", "It () won."),
    ],
)  # fmt: skip
def test_whom_a_pronoun_means_takes_its_place(claim: str, says: str) -> None:
    assert whom(claim, ["Ann Lee", "the link", "Ann Lée", ""]) == says


@pytest.mark.parametrize(
    ("claim", "subject", "verdict"),
    [
        ("Ann Lee had offered 6 per cent on 2 October.", "Ann Lee", Verdict.SUPPORTED),
        ("Bob Ito had offered 6 per cent on 2 October.", "Ann Lee", Verdict.UNSUPPORTED),
        ("He had offered 6 per cent on 2 October.", "Ann Lee", Verdict.UNSUPPORTED),
    ],
)
def test_whom_a_pronoun_means_is_checked(claim: str, subject: str, verdict: Verdict) -> None:
    source = "She had offered 6 per cent on 2 October."
    assert found(claim, source, subject=subject).verdict is verdict
