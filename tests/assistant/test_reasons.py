"""The line that says why: correct English, with the parties as the question calls them."""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from assistant.direction import Context, Direction, Verdict, direction, document_aliases
from assistant.language import Language

LANGUAGE = Language()


def found(question: str, sentence: str) -> Direction:
    (parsed,) = LANGUAGE.parse([sentence])
    names = [entity.text for entity in parsed.entities]
    context = Context(aliases=document_aliases([parsed]))
    return direction(LANGUAGE.parse_question(question, names), parsed, context)


@pytest.mark.parametrize(
    ("question", "sentence", "reason"),
    [
        # do, does, did; a preposition of the verb's own; "to do"
        ("What does Italy expect from France?", "France expects Italy to close its ports.", "The report says what France expects from Italy, not what Italy expects from France."),
        ("what does italy expect from france", "France expects Italy to close its ports.", "The report says what France expects from Italy, not what Italy expects from France."),
        ("What do the nurses want from the ministry?", "The ministry wants the nurses to work on Sundays.", "The report says what the ministry wants from the nurses, not what the nurses want from the ministry."),
        ("What does India accuse Pakistan of?", "Pakistan accused India of firing across the line.", "The report says what Pakistan accuses India of, not what India accuses Pakistan of."),
        ("What did Norway urge Sweden to do?", "Sweden urged Norway on Monday to reopen the border.", "The report says what Sweden urged Norway to do, not what Norway urged Sweden to do."),
        ("What did Iraq call on Iran to do?", "Iran called on Iraq to expel the militia.", "The report says what Iran called on Iraq to do, not what Iraq called on Iran to do."),
        ("What did Britain demand that Iceland do?", "Iceland demanded that Britain withdraw its trawlers.", "The report says what Iceland demanded that Britain do, not what Britain demanded that Iceland do."),
        # other tenses and moods
        ("What is India asking Japan for?", "Japan is asking India for access to its mines.", "The report says what Japan is asking India for, not what India is asking Japan for."),
        ("What has Ghana promised Togo?", "Togo has promised Ghana two ferries.", "The report says what Togo has promised Ghana, not what Ghana has promised Togo."),
        ("How much will Congo pay Gabon?", "Gabon will pay Congo 40 million dollars for the oil.", "The report says how much Gabon will pay Congo, not how much Congo will pay Gabon."),
        ("What will Germany not allow Switzerland to do?", "Switzerland will not allow Germany to send the shells to Ukraine.", "The report says what Switzerland will not allow Germany to do, not what Germany will not allow Switzerland to do."),
        ("What has Peru agreed to sell to Chile?", "Chile has agreed to sell two patrol boats to Peru.", "The report says what Chile has agreed to sell to Peru, not what Peru has agreed to sell to Chile."),
        # passives are put in the active
        ("What is Pakistan accused of by India?", "India was accused by Pakistan of firing across the line.", "The report says what Pakistan accuses India of, not what India accuses Pakistan of."),
        ("What is expected of Mexico by Canada?", "Mexico expects Canada to lift its quotas on sugar.", "The report says what Mexico expects of Canada, not what Canada expects of Mexico."),
        ("What is Sudan expected to do by Egypt?", "Sudan expects Egypt to share data on the Nile.", "The report says what Sudan expects Egypt to do, not what Egypt expects Sudan to do."),
        ("What was Cuba promised by Venezuela?", "Cuba promised Venezuela 500 doctors.", "The report says what Cuba promised Venezuela, not what Venezuela promised Cuba."),
        # converse verbs keep the question's point of view
        ("How much did Qatar borrow from Jordan?", "Qatar lent Jordan 300 million dollars in May.", "The report says how much Jordan borrowed from Qatar, not how much Qatar borrowed from Jordan."),
        ("Who did Arlen lose to?", "Arlen beat Dunmore 3-1 in the final.", "The report says who lost to Arlen, not whom Arlen lost to."),
        # why, when, where: the report need not say it
        ("Why did Apple sue Samsung?", "Samsung sued Apple over a patent for folding screens.", "The report says that Samsung sued Apple, not that Apple sued Samsung."),
        ("When did Mongolia take over Nepal?", "Mongolia was taken over by Nepal in 1203.", "The report says that Nepal took over Mongolia, not that Mongolia took over Nepal."),
        ("Why did Iceland deny entry to Malta?", "Malta denied entry to Iceland on Friday.", "The report says that Malta denied entry to Iceland, not that Iceland denied entry to Malta."),
        # one party
        ("Who accuses Ostmark of spying?", "Ostmark accuses Velloria of spying on its fleet.", "The report says whom Ostmark accuses, not who accuses Ostmark."),
        ("Whom does Corvex own?", "Corvex is owned by Delmara Holdings.", "The report says who owns Corvex, not whom Corvex owns."),
        # the noun that carries it
        ("What demands did Ethiopia make of Kenya?", "Kenya demanded that Ethiopia halt work on the dam.", "The report speaks of Kenya's demands of Ethiopia, not of Ethiopia's demands of Kenya."),
        ("Germany's demands on Poland", "Poland wants Germany to pay for the damage to the bridge.", "The report speaks of Poland's demands on Germany, not of Germany's demands on Poland."),
        ("How many died in Chad's attack on Sudan?", "A Sudanese attack on Chad killed eleven policemen.", "The report speaks of Sudan's attack on Chad, not of Chad's attack on Sudan."),
        # a party that the report leaves open is not made up
        ("Why did Argentina summon Spain's ambassador?", "Spain summoned the Argentine ambassador on Monday.", "In the report it is Spain that does the summoning, not Argentina."),
    ],
)  # fmt: skip
def test_why_it_is_the_other_way_round(question: str, sentence: str, reason: str) -> None:
    direction = found(question, sentence)
    assert direction.verdict is Verdict.REVERSED
    assert direction.reason == reason


@pytest.mark.parametrize(
    ("question", "sentence", "reason"),
    [
        ("What does France expect from Italy?", "France expects Italy to close its ports.", "The report says what France expects from Italy."),
        ("What does the US expect from Europe?", "Washington expects the Europeans to shoulder the costs.", "The report says what the US expects from Europe (the US: “Washington”, Europe: “the Europeans”)."),
        ("Why did Samsung sue Apple?", "Samsung sued Apple over a patent.", "The report says that Samsung sued Apple."),
        ("Who accuses Velloria of spying?", "Ostmark accuses Velloria of spying on its fleet.", "The report says who accuses Velloria."),
        ("What do the pilots demand?", "The pilots are demanding a rise of nine per cent.", "The report says what the pilots demand."),
    ],
)  # fmt: skip
def test_why_it_fits(question: str, sentence: str, reason: str) -> None:
    direction = found(question, sentence)
    assert direction.verdict is Verdict.SAME
    assert direction.reason == reason


@pytest.mark.parametrize(
    ("question", "sentence", "reason"),
    [
        ("How high is the tower?", "The tower is 90 metres high.", "The question asks for no relation between parties."),
        ("What does Turkey want from Iran?", "Russia wants Iran to deliver more drones.", "In the report it is Russia that does the wanting, not Turkey."),
        ("What does Malta accuse Libya of?", "Malta offered Libya two patrol boats.", "The sentence states no such relation between these parties."),
        ("What does Iran expect from Iraq, and what does Iraq expect from Iran?", "Kuwait is small.", "The sentence states no such relation between these parties."),
    ],
)  # fmt: skip
def test_why_nothing_can_be_told(question: str, sentence: str, reason: str) -> None:
    direction = found(question, sentence)
    assert direction.verdict is Verdict.UNKNOWN
    assert direction.reason == reason
