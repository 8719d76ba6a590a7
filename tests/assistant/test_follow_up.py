"""Questions in a conversation, and what they become."""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.follow_up import standalone
from assistant.language import Language, Parsed
from assistant.types import Turn

LANGUAGE = Language()

US = "what does the US expect from Europe?"
ELM = "What did Elm demand of Oak?"
TRAWLER = "who owns the trawler?"

# (earlier questions, the question, as it stands alone)
LEANING: list[tuple[list[str], str, str]] = [
    (["what does the US expect from Europe?"], "And what does it offer in return?", "And what does the US offer to Europe in return?"),
    (["Who is Keith Kellogg?"], "When will he visit Kyiv?", "When will Keith Kellogg visit Kyiv?"),
    (["who is Keith Kellogg?"], "when will he visit Kyiv", "when will Keith Kellogg visit Kyiv"),
    (["Who is the president of Tarvania?"], "what did she say?", "what did the president of Tarvania say?"),
    (["Who is Sørensen-Bâ?"], "which club did he leave?!", "which club did he leave (Sørensen-Bâ)?"),
    (["When was Mr. Smith elected?"], "How old is he?", "How old is Mr. Smith?"),
    (["what does the US expect from Europe?"], "why?", "why does the US expect that from Europe?"),
    (["what does the US expect from Europe?"], "Why", "Why does the US expect that from Europe?"),
    (["What did Elm demand of Oak?"], "How much?", "How much did Elm demand of Oak?"),
    (["What did Elm demand of Oak?"], "By how much?", "By how much did Elm demand of Oak?"),
    (["What did Elm demand of Oak?"], "Ash?", "What did Ash demand of Oak?"),
    (["What did Elm demand of Oak?"], "What about Ash?", "What did Ash demand of Oak?"),
    (["What did Elm demand of Oak?"], "and in 2025?", "What did Elm demand of Oak in 2025?"),
    (["What did the U.S. say?"], "And Europe?", "What did Europe say?"),
    (["What did Elm demand of Oak?"], "Is there a deal?", "Is there a deal (Elm, Oak)?"),
    (["What did Elm demand of Oak?"], "When will the strike be over?", "When will the strike be over (Elm, Oak)?"),
    (["What did Elm demand of Oak?"], "who runs the harbour these days?", "who runs the harbour these days (Elm, Oak)?"),
    (["What did Elm demand of Oak?"], "What about Elm?", "What about Elm (Oak)?"),
    (["What did Elm demand of Oak?"], "did elm get it?", "did elm get it (Oak)?"),
    (["What does the US expect?"], "what must it pay?", "what must the US pay?"),
    (["What did Elm demand of Oak?", "Did Ash agree?"], "What did they say?", "What did Ash say?"),
    (["Who is Ash?", "What did Elm demand of Oak?"], "What did they say?", "What did they say (Elm, Oak)?"),
    (["Did Ash, Elm, Oak, Fir and Yew meet?"], "where was it?", "where did Ash, Elm, Oak, Fir and Yew meet?"),
    (["Did Ash, Elm, Oak, Fir, Yew, Box or Bay meet?"], "where was it?", "where did Ash, Elm, Oak, Fir, Yew, Box or Bay meet?"),
    (["What does Ursula von der Leyen want?"], "why?", "why does Ursula von der Leyen want that?"),
    (["Who leads the International Court of Justice?"], "Who elected them?", "Who elected the International Court of Justice?"),
    (["What does the US's envoy want?"], "Who is he?", "Who is the US's envoy?"),
    (["Is Trump’s Kyiv envoy there?"], "since when?", "since when is Trump’s Kyiv envoy there?"),
    (["What did Trump tell Europe the US wants?"], "why?", "why did Trump tell Europe the US wants?"),
    (["Tell me about Norway."], "who is its king?", "who is Norway’s king?"),
    (["In March, what did Elm say?"], "And in April?", "In April, what did Elm say?"),
    (["What did Elm offer in January 2025?"], "and now?", "What did Elm offer now?"),
    (["who owns the trawler?"], "when was it built?", "when was the trawler built?"),
    (["who owns the trawler?", "what is its name?"], "and its length?", "and the trawler’s length?"),
    (["where was borealis-2 launched?"], "when was that?", "when was borealis-2 launched?"),
    (["Tell me about the dam treaty."], "who signed it?", "who signed the dam treaty?"),
    (["who won the 2024 election?"], "by how many votes?", "by how many votes (who won the 2024 election)?"),
    (["WHO OWNS THE TRAWLER?"], "WHEN WAS IT BUILT?", "When was the trawler built?"),
    (["what does the US expect from Europe?"], "and the other way round?", "what does Europe expect from the US?"),
    (["what does the US expect from Europe?"], "Other way around", "What does Europe expect from the US?"),
    (["What did Elm demand of Oak?", "what does the US expect from Europe?"], "What about the reverse?", "What does Europe expect from the US?"),
    (["What did Elm demand of Oak?"], "And vice versa?", "What did Oak demand of Elm?"),
    (["What does the Southern Compact want from Oduran in May?"], "and vice versa?", "What does Oduran want from the Southern Compact in May?"),
    (["Does Elm Council owe Elm rent?"], "vice versa?", "vice versa (Elm Council, Elm)?"),
    (["What does Elm want?"], "and vice versa?", "and vice versa (Elm)?"),
]  # fmt: skip

# What was said before ("A: " an answer), the question, what stands in it afterwards, in this order
# ("..." is anything), and what does not.
TALKS: list[tuple[list[str], str, str, list[str]]] = [
    (["Who is Keith Kellogg?"], "When will he visit Kyiv?", "When will Keith Kellogg visit Kyiv?", []),
    (["who is Keith Kellogg?"], "when will he visit Kyiv", "when will Keith Kellogg visit Kyiv", []),
    (["What did Angela Merkel study?"], "Where was she born?", "Where was Angela Merkel born?", []),
    (["What did Angela Merkel study?"], "And who is her husband?", "who is Angela Merkel’s husband", []),
    (["What did Emmanuel Macron say about Nato?"], "What did Donald Trump tell him?", "What did Donald Trump tell Emmanuel Macron?", []),
    (["Where is Siemens based?"], "How many people does it employ?", "How many people does Siemens employ?", []),
    (["Where is Siemens based?"], "Who leads it?", "Who leads Siemens?", []),
    (["Where is Siemens based?"], "What are its plans?", "What are Siemens’s plans?", []),
    (["who owns the trawler?"], "when was it built?", "when was the trawler built?", []),
    (["Who owns the trawler Marigold?"], "Where did it sink?", "Marigold", []),
    (["What did Elm say about the treaty?"], "When was it signed?", "When was the treaty signed?", ["Elm"]),
    (["What did the dockers want?"], "What did they get?", "What did the dockers get?", []),
    (["What do the farmers of Brittany demand?"], "Why are they angry?", "Why are the farmers of Brittany angry?", []),
    (["What does the European Commission propose?"], "When do they vote?", "When does the European Commission vote?", []),
    (["Which firm got the tram contract?"], "Has it hired the apprentices it promised?", "Has the firm hired the apprentices it promised (tram contract)?", []),
    (["What does Norway export?"], "Who is its king?", "Who is Norway’s king?", []),
    (["What did Elm demand of Oak?"], "What did they say?", "What did they say... Elm... Oak", []),
    (["What did Elm demand of Oak?"], "How did they respond?", "How did Oak respond to Elm", []),
    (["What did Kestria do to Maren?"], "How did it retaliate?", "How did Maren retaliate against Kestria", []),
    (["what did kestria do to maren in april"], "how did they hit back?", "how did Maren hit back at Kestria", []),
    (["What did Kestria do to Maren?"], "What did each of them agree to?", "each of Kestria and Maren agree", []),
    (["What does Turkey expect from Greece?"], "And what does it want?", "Turkey... Greece", ["does Turkey want", "does Greece want"]),
    (["Who leads the bank?", "A: Maria Lund has led the bank since May. [1]"], "What did she say?", "What did Maria Lund say?", []),
    (["Who is the president of Tarvania?", "A: “Rivers unite,” Tarvanian president Gülnar Aşkınova said in Zelimgrad."], "what did she say at the signing", "what did Gülnar Aşkınova say at the signing", []),
    (["Who is the president of Tarvania?"], "what did she say?", "what did the president of Tarvania say", []),
    (["Who leads the bank?", "A: Maria Lund follows Peter Holm, who left in May."], "What did she say?", "bank", ["Peter Holm"]),
    (["Who is the chief executive of Corvane?", "A: Ada Byron, chief executive of Corvane, met Noor Vance."], "Where does she live?", "Where does Ada Byron live?", ["Noor"]),
    (["What did Angela Merkel say?", "A: Olaf Scholz replied to her."], "Where was she born?", "Where was Angela Merkel born?", ["Scholz"]),
    (["What did Elm demand of Oak?", "A: Ash and Beech did."], "Why?", "Elm... Oak", ["Ash", "Beech"]),
    (["What does Europe want from the US?"], "And what do they want in return?", "what does the US want from Europe in return", []),
    (["What does Europe want from the US?"], "And what does it offer in return?", "what does Europe offer to the US in return", []),
    (["What does Europe want from the US?"], "what does the us want in return?", "does the US want from Europe in return", []),
    (["What does Europe want from the US?"], "And what does Europe offer in return?", "does Europe offer to the US in return", []),
    (["What did Halvoria offer Sendrel?"], "And what did it get in exchange?", "what did Halvoria get from Sendrel in exchange", []),
    (["what do the dockers want from the operator?"], "what does it want in return?", "what does the operator want from the dockers in return", []),
    (["What does Europe want from the US?"], "And the other way round?", "What does the US want from Europe?", []),
    (["what does europe want from the us?"], "and the other way round?", "what does the US want from Europe?", []),
    (["What do the dockers want from the operator?"], "And vice versa?", "What does the operator want from the dockers?", []),
    (["What does Türkiye want from the EU?"], "the reverse?", "hat does the EU want from Türkiye?", []),
    (["What does France want from Russia?"], "And Germany?", "What does Germany want from Russia?", ["France"]),
    (["What does France want from Russia?"], "and germany?", "What does Germany want from Russia?", ["France"]),
    (["What does France want from Russia?"], "What about Poland?", "What does Poland want from Russia?", ["France"]),
    (["What does France want from Russia?"], "waht about Poland", "What does Poland want from Russia", ["France"]),
    (["What does France want from Russia?"], "And from Ukraine?", "What does France want from Ukraine?", ["Russia"]),
    (["What does France want from Russia?"], "And what does Germany want?", "what does Germany want from Russia", ["France"]),
    (["What does France want from the US?"], "And the Netherlands?", "want from the US", ["France"]),
    (["Who is the president of Chile?"], "And of Peru?", "Who is the president of Peru?", ["Chile"]),
    (["Who is the president of Chile?"], "And Peru?", "Who is the president of Peru?", ["Chile"]),
    (["Who is the president of Chile?"], "And the prime minister?", "Who is the prime minister of Chile?", []),
    (["What is the price of the tram?"], "And the length?", "What is the length of the tram?", []),
    (["When did Angela Merkel resign?"], "And Tony Blair?", "When did Tony Blair resign?", ["Merkel"]),
    (["What did the EU say about Nato?"], "And about Ukraine?", "What did the EU say about Ukraine?", ["Nato"]),
    (["What is the fare for adults in Eastmere?"], "And for children?", "What is the fare for children in Eastmere?", ["adults"]),
    (["Who owns the trawler Marigold?"], "What about the price?", "price... Marigold", []),
    (["What did Halvoria pay Sendrel in 2022?"], "And in 2023?", "What did Halvoria pay Sendrel in 2023?", ["2022"]),
    (["Who won the 2020 election in Tarvania?"], "and in 2024", "Who won the 2024 election in Tarvania", ["2020"]),
    (["What did Elm demand of Oak?"], "And in 2023?", "What did Elm demand of Oak in 2023?", []),
    (["How many boats could fish in Halvoria’s zone under the March accord?"], "and now?", "How many boats could fish in Halvoria’s zone now?", ["March"]),
    (["What did Elm say in March?"], "And in April?", "What did Elm say in April?", ["March"]),
    (["What did Elm offer in January 2025?"], "And last year?", "What did Elm offer last year?", ["January", "2025"]),
    (["What does Europe want from the US?"], "Why?", "Why does Europe want that from the US?", []),
    (["What does Europe want from the US?"], "why", "why does Europe want that from the US?", []),
    (["What does Europe want from the US?"], "Since when?", "Since when does Europe want that from the US?", []),
    (["Did Ash leave the union?"], "When was that?", "When did Ash leave the union?", []),
    (["Where was Borealis-2 launched from?"], "When?", "When was Borealis-2 launched?", []),
    (["What does Elm pay Oak?"], "How much?", "How much does Elm pay Oak?", []),
    (["Who owns the trawler Marigold?"], "Since when?", "Since when... owns the trawler Marigold", []),
    (["Which club was trying to buy Sørensen-Bâ?"], "for how much in the end?", "for how much in the end... Sørensen-Bâ", []),
    (["Who demanded a pay rise?"], "Who else?", "Who else demanded a pay rise?", []),
    (["What does Europe want from the US?"], "What else?", "What else does Europe want from the US?", []),
    (["What does Europe want from the US?"], "Anything else?", "hat else does Europe want from the US?", []),
    (["What does Halvoria Shipping make?"], "Where is the company based?", "Where is Halvoria Shipping based?", []),
    (["Who is the foreign minister of Halvoria?"], "Does the minister agree?", "Does the foreign minister of Halvoria agree?", []),
    (["Who got Eastmere's tram contract?"], "How long does the contract run?", "How long does Eastmere's tram contract run?", []),
    (["What did Elm and Oak sign?"], "When does the deal begin?", "the deal begin... Elm", []),
    (["What did she say about it?"], "Who?", "Who", []),
    (["Who is the prime minister of Belmora?", "A: Idrissa Ben Khalfa, the prime minister of Belmora, was there."], "What did he say about it?", "Idrissa Ben Khalfa", []),
    (["What does France want from Russia?"], "thanks! and Germany?", "hat does Germany want from Russia?", ["France", "thanks"]),
    (["What does France want from Russia?"], "Thank you. Why?", "Why does France want that from Russia?", []),
    (["Who is Keith Kellogg?"], "wher was he bron", "wher was Keith Kellogg bron", []),
    (["which firm got eastmeres tram contract"], "and what do the shopkeepers get now?", "and what do the shopkeepers get now?", ["contract"]),
    (["What did Gülnar Aşkınova say at the signing?"], "And the other country’s leader?", "What did the other country’s leader say at the signing?", ["Gülnar"]),
    (["Who is the head of the ECB?", "A: Christine Lagarde, head of the ECB, spoke in Frankfurt."], "How old is she?", "How old is Christine Lagarde?", []),
    (["What is the minister's plan?"], "How much does it cost?", "cost", []),
    (["When did the strike at Calder Haven begin?"], "How did it end?", "How did the strike at Calder Haven end?", []),
    (["How many people died in the flood in Lisbon?"], "And in Porto?", "How many people died in the flood in Porto?", ["Lisbon"]),
    (["What does Apple pay its suppliers?"], "And Google?", "What does Google pay its suppliers?", ["Apple"]),
    (["Does Ash want to join the union?"], "And Beech?", "Does Beech want to join the union?", ["Ash"]),
    (["What tariffs has the US put on China?"], "And how did they respond?", "how did China respond... US", []),
    (["What tariffs has the US put on China?"], "What is the capital of Peru?", "What is the capital of Peru?", ["US", "China"]),
    (["What tariffs has the US put on China?"], "when were they announced?", "tariffs", []),
    (["Why did the rector of the university resign?"], "Who replaced her?", "Who replaced the rector of the university?", []),
    (["What did Iran and Israel agree on?"], "Who brokered it?", "Iran", []),
    (["Who won the Nobel Prize in 2021?"], "And in 2022?", "Who won the Nobel Prize in 2022?", ["2021"]),
    (["How high is inflation in Turkey?"], "And in Argentina?", "How high is inflation in Argentina?", ["Turkey"]),
    (["What did the EU offer Ukraine?"], "And Moldova?", "Moldova", []),
    (["What does the union demand from Tidewell?"], "What does Tidewell want in return?", "What does Tidewell want from the union in return?", []),
    (["What did the US promise Poland?"], "What did they get in return?", "did the US get from Poland in return", []),
    (["What did the nurses ask of the ministry?"], "and what did they offer in return?", "did the nurses offer to the ministry in return", []),
    (["Where does Ada Byron live?", "A: Ada Byron lives in Tarn Quay with Charles Babbage."], "Where was he born?", "Where was", ["Tarn"]),
    (["Who is Trump's special envoy?", "A: Trump's special envoy for Ukraine, Keith Kellogg, will visit Kyiv. [1]"], "When is he coming?", "When is Keith Kellogg coming?", []),
    (["Did Keith Kellogg come to Kyiv?"], "What does he want?", "What does Keith Kellogg want?", []),
    (["how many troops does europe need in ukraine", "who said so (troops, europe, ukraine)?"], "how many does it have now?", "Europe", ["does ukraine", "does the troops"]),
    (["Which countries signed the accord?"], "When did they sign it?", "When did the countries sign the accord?", []),
    (["What is the unemployment rate in Spain?"], "And in Italy in 2019?", "What is the unemployment rate in Italy in 2019?", ["Spain"]),
    (["What is the unemployment rate in Spain?"], "And in Spain in 2019?", "What is the unemployment rate in Spain in 2019?", []),
    (["Who accused Corvane of fraud?"], "What did it reply?", "What did Corvane reply?", []),
    (["Who accused Corvane of fraud?"], "What do they accuse it of?", "Corvane", ["does Corvane accuse"]),
    (["What did the EU demand from Apple?"], "Did they comply?", "Did they comply... EU... Apple", []),
    (["What did the EU demand from Apple?"], "How did the company react?", "How did Apple react", []),
    (["What does the minister want from the unions?"], "What do they want from her?", "What do the unions want from the minister?", []),
    (["What does the minister want from the unions?"], "Has she made an offer?", "Has the minister made an offer?", []),
    (["Why does Poland expect that from Ukraine?"], "Who announced it?", "Who announced it... Poland", ["announced Poland", "announced Ukraine"]),
    (["What did Macron tell Scholz about China?"], "What did he answer?", "What did Scholz answer", []),
    (["who was Ada Lovelace’s father?"], "what did he write?", "what did Ada Lovelace’s father write?", []),
    (["What is the name of the mayor of Lima?"], "How old is she?", "How old is the mayor of Lima?", []),
]  # fmt: skip

# (earlier questions, the question that needs none of them)
ALONE: list[tuple[list[str], str]] = [
    ([], "why?"),
    ([], "and the other way round?"),
    (["Who is Ash?", "does it rain?", "is it cold?", "is it far?"], "What did they say?"),
    ([US], "Who is Keith Kellogg?"),
    ([TRAWLER], "What is the price of gold?"),
    ([ELM], "What did Ash demand of Beech?"),
    ([ELM], "When did Ash leave the union?"),
    ([ELM], "Why did Ash leave the union?"),
    ([ELM], "In which year did Ash leave?"),
    ([ELM], "Is there a bridge in Ash?"),
    ([ELM], "Who is the man that shot Lincoln?"),
    ([ELM], "What happened this week in Ash?"),
    (["What does Türkiye want from the EU?"], "and what does the EU want from Türkiye?"),
    (["What does France want from Russia?"], "What is the capital of Peru?"),
    (["What does France want from Russia?"], "And what is the capital of Peru?"),
    (["What does France want from Russia?"], "what is the capital of peru?"),
    (["What does France want from Russia?"], "Who is Keith Kellogg?"),
    (["What does France want from Russia?"], "Who wrote Hamlet?"),
    (["What does France want from Russia?"], "How tall is the Eiffel Tower?"),
    (["What does France want from Russia?"], "Thanks"),
    (["What does France want from Russia?"], "thank you very much!"),
    (["What does France want from Russia?"], "Hello"),
    (["What does France want from Russia?"], "ok, thanks a lot"),
    (["What does France want from Russia?"], "When did Peru join the UN?"),
    (["What does France want from Russia?"], "Why did Ash say it left?"),
    (["What does France want from Russia?"], "What did Ash say about its fleet?"),
    (["What does France want from Russia?"], "What is the price of gold?"),
    (["What does France want from Russia?"], "Is it true that Peru left the OAS?"),
    (["What does France want from Russia?"], "So who is the mayor of Lima?"),
    (["What does France want from Russia?"], "Which team won the cup final?"),
    (["What does France want from Russia?"], "Thanks, and who is the mayor of Lima?"),
    (["What does France want from Russia?"], "What does Peru want from Chile in return?"),
    (["Who is Ash?"], "how do vaccines work?"),
]


def of_person(questions: Sequence[str]) -> list[Turn]:
    return [Turn("user", question) for question in questions]


@pytest.mark.parametrize(("earlier", "question", "alone"), LEANING)
def test_what_a_question_leaves_out_is_carried_over(
    earlier: list[str], question: str, alone: str
) -> None:
    assert standalone(question, of_person(earlier), LANGUAGE) == alone


@pytest.mark.parametrize(("earlier", "question"), ALONE)
def test_a_question_that_leaves_out_nothing_stays(earlier: list[str], question: str) -> None:
    assert standalone(question, of_person(earlier), LANGUAGE) == question


def turns(talk: Sequence[str]) -> list[Turn]:
    return [
        Turn("assistant", text[3:]) if text.startswith("A: ") else Turn("user", text)
        for text in talk
    ]


@pytest.mark.parametrize(("talk", "question", "there", "not_there"), TALKS)
def test_an_answerer_finds_what_it_needs(
    talk: list[str], question: str, there: str, not_there: list[str]
) -> None:
    alone = standalone(question, turns(talk), LANGUAGE)
    wanted = [re.escape(part.strip()) for part in there.split("...")]
    assert re.search(".*".join(wanted), alone), alone
    assert [part for part in not_there if part in alone] == []


PARTIES = ["Halvoria", "Sendrel", "the US", "Turkey", "Tidewell Terminals", "Corvane", "Maren"]


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("verb", ["want from", "expect from", "demand of"])
def test_who_wants_what_from_whom_is_never_turned_round_by_chance(verb: str, small: bool) -> None:
    turned = ["and vice versa?", "And what do they want in return?", "what does it get in return?"]
    same = ["and what does it offer in return?", "Why?", "And in 2023?", "What else?"]
    for one, other in itertools.permutations(PARTIES, 2):
        asked = f"What does {one} {verb} {other}?"
        history = of_person([asked.lower() if small else asked])
        for question in [*turned, *same]:
            alone = standalone(question, history, LANGUAGE).lower()
            first, second = (alone.find(name.lower()) for name in (one, other))
            assert min(first, second) >= 0, alone
            # In brackets behind a question that is as it was, the order says nothing.
            assert (first > second) == (question in turned) or alone.endswith(")?"), alone
        # Who they are is not sure, so no one is put in their place.
        assert " they want" in standalone("What do they want?", history, LANGUAGE)


def test_of_answers_only_the_latest_gives_a_name_and_only_of_a_person() -> None:
    talk = ["Who leads the bank?", "A: Maria Lund leads the bank.", "Where is the harbour?"]
    assert "Lund" not in standalone("What did she say?", turns(talk), LANGUAGE)
    history = [Turn("user", ELM), Turn("assistant", "Ash and Beech did."), Turn("system", "Yew")]
    assert standalone("why?", history, LANGUAGE) == "why did Elm demand that of Oak?"
    assert standalone("why?", history[1:], LANGUAGE) == "why?"


def test_a_turned_question_can_be_turned_back_by_asking_it() -> None:
    once = standalone("and the other way round?", of_person([US]), LANGUAGE)
    assert standalone("and the other way round?", of_person([US, once]), LANGUAGE) == US


class NoGrammar:
    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        raise AssertionError(f"parsed: {texts}")


def test_without_a_question_before_or_now_nothing_is_parsed() -> None:
    assert standalone("why is it?", [], NoGrammar()) == "why is it?"
    assert standalone("why is it?", [Turn("assistant", "Elm.")], NoGrammar()) == "why is it?"
    assert standalone("Thanks!", of_person([ELM]), NoGrammar()) == "Thanks!"


WORDS = st.lists(
    st.sampled_from(
        """What did Elm the US of Oak’s and it they her in return want from why ? . ! ( the other way
        round vice versa 2025 \\1 May now which firm von der Leyen İstanbul Σ ' ’s must us \\g<0>
        about Who else how much each of them thanks""".split()
    ),
    max_size=8,
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(WORDS, st.lists(WORDS, max_size=4), st.booleans())
def test_whatever_is_said_comes_out_as_a_question_of_what_was_said(
    question: str, earlier: list[str], answered: bool
) -> None:
    history = [
        *of_person(earlier),
        *([Turn("assistant", "Ada Byron said so.")] if answered else []),
    ]
    alone = standalone(question, history, LANGUAGE)
    assert standalone(question, history, LANGUAGE) == alone
    # Not empty, and of no words but those said, an article, a verb's other form, "that" and "to".
    assert bool(alone.strip()) >= bool(question.strip())
    said = set(re.findall(r"\w+", " ".join([question, *earlier, "Ada Byron"]).casefold()))
    made = set(re.findall(r"\w+", alone.casefold()))
    assert made - said <= {*"the that to from and does do has have is are was were s else".split()}
