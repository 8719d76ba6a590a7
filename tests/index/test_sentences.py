"""Sentence boundaries: a table of what news text is like, and what holds for any text."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import SENTENCES_VERSION, sentence_spans

NEWS = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "news"


def split(text: str) -> list[str]:
    return [span.of(text) for span in sentence_spans(text)]


def case(name: str, *expected: str, gap: str = " ") -> object:
    """A text made of the expected sentences, with ``gap`` between them."""
    return pytest.param(gap.join(expected), list(expected), id=name)


def text_case(name: str, text: str, *expected: str) -> object:
    return pytest.param(text, list(expected), id=name)


ABBREVIATIONS = [
    case("us-before-noun", "The U.S. Senate voted on Tuesday.", "It was close."),
    case("us-ends", "He lives in the U.S.", "She left for Canada in May."),
    case("us-ends-then-the", "Exports go mostly to the U.S.", "The rest stays at home."),
    case("us-possessive", "The U.S.'s share fell.", "Others gained."),
    case("us-hyphen", "A U.S.-led coalition struck at dawn.", "No one was hurt."),
    case("us-president", "U.S. President Joe Biden met U.K. Prime Minister Keir Starmer."),
    case("us-comma", "In the U.S., prices rose.", "In the U.K., they fell."),
    case("un-secretary", "U.N. Secretary-General António Guterres spoke.", "Nobody answered."),
    case("us-no-2", "It is the U.S. No. 2 carmaker.", "Ford is larger."),
    case("hyphened-dotted", "The Japan-U.S. Alliance Council met.", "Nothing came of it."),
    case("dc", "She flew to Washington, D.C. Sen. Ruiz did not."),
    case("dc-ends", "She flew to Washington, D.C.", "He stayed behind."),
    case("mr", "Mr. Brown resigned.", "Mrs. Brown did not."),
    case("dr-he", "The biophysicist, Dr. He Jiankui, was jailed.", "He is free now."),
    case("dr-british", "Dr Noor Achterberg stepped down.", "Her successor is Prof. Lind."),
    case("gen", "Gen. Mark Milley and Adm. John Aquilino testified.", "Lt. Col. Vindman did too."),
    case("sen-rep", "Sen. John Hoeven and Rep. Ana Diaz agreed.", "Gov. Burgum objected."),
    case("rev", "The Rev. Al Sharpton spoke.", "The crowd cheered."),
    case("st-louis", "The flood reached St. Louis on Friday.", "St. Paul was spared."),
    case("st-hyphen", "Trinity-St. Paul's Church burned.", "Police suspect arson."),
    case("street-ends", "They met on Main St.", "He was late."),
    case("mt", "Climbers on Mt. Everest were stuck.", "All survived."),
    case("inc-inside", "Apple Inc. Chief Executive Tim Cook declined.", "So did Meta."),
    case("inc-ends", "She works for Apple Inc.", "He works for Ford Motor Co.", "They commute."),
    case("inc-lower", "Tesla Inc. said it would appeal.", "Musk agreed."),
    case("corp-ends", "It was bought by News Corp.", "The price was not disclosed."),
    case("jr", "Martin Luther King Jr. Day is in January.", "Banks close."),
    case("jr-ends", "It is named for Martin Luther King Jr.", "He was 39."),
    case("no-5", "Line No. 5 reopened.", "Line No. 6 did not."),
    case("no-ends", "Asked twice, he said no.", "She said yes."),
    case("no-sentence", "No.", "That will not happen."),
    case("nos", "Rooms Nos. 12 and 13 were searched.", "Nothing was found."),
    case("fig", "See Fig. 3 for details.", "The trend is clear."),
    case("page", "The report (p. 5) says so.", "The minister disagrees."),
    case("pages", "See pp. 14-18.", "They are in colour."),
    case("vol", "It appeared in Vol. II of the memoirs.", "Few read it."),
    case("art", "Art. 5 of the treaty applies.", "Sec. 12 does not."),
    case("jan-5", "It begins on Jan. 5.", "It ends on Feb. 28."),
    case("month-ends", "The bill is due in Sept.", "It will be late."),
    case("sept-11", "He wrote about Sept. 11, 2001, at length.", "It sold well."),
    case("weekday", "Trading resumes on Mon. 3 March.", "Brokers are ready."),
    case("am", "He left at 5 a.m. and returned at noon.", "Nobody noticed."),
    case("pm-ends", "Polls closed at 5 p.m.", "He conceded at once."),
    case("pm-ends-name", "It closed at 8 p.m.", "Officials began to count."),
    case("pm-zone", "It starts at 5 p.m. EST on Sunday.", "It is free."),
    case("pm-day", "They met at 3 p.m. Monday in Paris.", "Talks go on."),
    case("eg", "Some metals, e.g. Gallium, are scarce.", "Others are not."),
    case("ie", "The bloc, i.e. Germany and France, agreed.", "Italy did not."),
    case("etc-ends", "They sell nuts, bolts, etc.", "Prices are low."),
    case("etc-inside", "Nuts, bolts, etc. are sold here.", "Come in."),
    case("vs", "Arsenal vs. Chelsea ended 1-1.", "It rained."),
    case("roe", "Roe v. Wade was overturned.", "Protests followed."),
    case("et-al", "Smith et al. (2019) found none.", "Others disagree."),
    case("et-al-ends", "It was shown by Smith et al.", "The method is simple."),
    case("circa", "The vase, made ca. 1450, was stolen.", "It is insured."),
    case("phd", "She holds a Ph.D. in physics.", "He holds none."),
    case("phd-ends", "In 1999 she got her Ph.D.", "Then she left science."),
    case("state", "He was born in Springfield, Ill. and grew up there.", "He is 50."),
    case("state-ends", "He was born in Tampa, Fla.", "His father was a pilot."),
    case("bc", "It was built in 300 B.C.", "Rome was young."),
    case("abbreviation-in-brackets", "Two rivals (Intel Corp. and AMD Inc.) sued.", "Both lost."),
]

INITIALS = [
    case("jk", "J. K. Rowling wrote it.", "Critics loved it."),
    case("jk-tight", "J.K. Rowling wrote it.", "Critics loved it."),
    case("george-w", "George W. Bush won in 2004.", "John F. Kennedy won in 1960."),
    case("two-initials", "The prize went to Thomas J. A. Weber.", "He wept."),
    case("french-m", "Le discours de M. Macron a duré une heure.", "Il a été hué."),
    case("vitamin-c", "Oranges are rich in vitamin C.", "It prevents scurvy."),
    case("vitamin-name", "He swore by vitamin C.", "Pauling died in 1994."),
    case("plan-b", "There is no plan B.", "He said so twice."),
    case("hepatitis", "He died of hepatitis B.", "Doctors had warned him."),
    case("grade-a", "Her marks were all grade A.", "Teachers were proud."),
    case("lower-letter", "The cost is a function of n.", "Since n grows, so does it."),
    case("and-i", "It was only my brother and I.", "We waited."),
    case("malcolm-x", "They marched with Malcolm X.", "He was shot in 1965."),
]

NUMBERS = [
    case("decimal", "It rose 3.7 per cent.", "Analysts expected 2.9."),
    case("dollars", "The deal is worth $3.7 billion.", "Shares fell 0.5%."),
    case("thousands", "Some 1.500.000 Einwohner leben dort.", "Es werden mehr."),
    case("year-ends", "It was founded in 1998.", "In 2004 it went public."),
    case("digit-start", "Shares fell in 2024.", "15 people lost their jobs."),
    case("section", "Section 3.2 was deleted.", "Section 3.3 was kept."),
    case("version", "Version v1.2.3 is out.", "It fixes two bugs."),
    case("clock-dot", "The train left at 9.45.", "It arrived at 11.20."),
    case("score", "They won 6-4, 7-5.", "He was injured."),
    case("german-ordinal", "Das Treffen ist am 5. Mai in Wien.", "Danach reist er ab."),
    case("quarter", "Profit fell in Q3.", "Sales rose."),
    case("roman", "He succeeded Henry VIII.", "He was nine."),
]

QUOTATIONS = [
    case("closing-after-stop", "He said, “It will come soon.”", "He then left."),
    case("closing-straight", 'She said: "We are ready."', "Nobody moved."),
    case("quote-starts", "He paused.", "“We did not get everything.”", "She nodded."),
    case("stop-he-said", '"Stop!" he said.', "They stopped."),
    case("over-asked", "“Is it over?” asked Smith.", "It was not."),
    case("over-smith-asked", "“Is it over?” Smith asked.", "It was not."),
    case("over-full-name", "“Who pays?” Maria van Dijk said.", "Nobody knew."),
    case("question-then-he", "“Is it over?”", "He did not know."),
    case("said-comma", "“We are going,” said Lee.", "“All of us.”"),
    case(
        "quote-of-several",
        '"The allies agree, they said.',
        "Kyiv was not asked.",
        'It is early, the people said," Bloomberg reports.',
    ),
    case("quote-in-quote", "“He told me ‘go.’”", "I went."),
    case("german-quotes", "Er sagte: „Wir kommen morgen.“", "Dann ging er."),
    case("german-guillemets", "Er sagte: »Wir kommen.«", "Dann ging er."),
    case("french-quotes", "Il a dit : « Nous viendrons. »", "Puis il est parti."),
    case("french-nbsp", "«\u00a0Est-ce fini\u202f?\u00a0»", "Personne ne répondit."),
    case("french-question", "Est-ce fini ?", "Non !", "Jamais."),
    case("quote-mid-lower", "The “Why me?” campaign began.", "It failed."),
    case("brackets-whole", "(He left.)", "She stayed."),
    case("brackets-inside", "He left (she stayed).", "They met again."),
    case("brackets-question", "The minister (who else?) objected.", "The bill passed."),
    case("brackets-exclaim", "The show (Jeopardy!) Monday drew millions.", "It was live."),
    case("brackets-citation", "Oil fell.[12]", "Gas rose.[citation needed]", "Coal did not."),
    case("brackets-square", "“[The] plan failed.”", "[She] quit."),
    case("bold", "**It is done.**", "Read on."),
]

MARKS = [
    case("question", "Why?", "Because."),
    case("interrobang", "He did what?!", "Unbelievable!!", "Yes."),
    case("single-interrobang", "He did what‽", "Yes."),
    case("yahoo", "Yahoo! said it would sell.", "Verizon bought it."),
    case("yahoo-news", "He told Yahoo! News the truth.", "It ran at once."),
    case("yahoo-ends", "She left Yahoo!", "The board was shocked."),
    case("ellipsis-mid", "He was... not sure.", "She was."),
    case("ellipsis-ends", "He waited...", "Then he left."),
    case("ellipsis-char", "He waited…", "Then he left."),
    case("ellipsis-char-mid", "Well… maybe.", "We shall see."),
    case("ellipsis-stammer", "“I... I don't know,” he said.", "He left."),
    case("ellipsis-bracketed", "“We agreed.", "[...] They did not.”"),
    case("ellipsis-elided", "The text reads “we ... Americans.”", "It is short."),
    case("ellipsis-spaced", "We hold . . . that all are equal.", "Do we?"),
    case("ellipsis-starts", "... and so it ended.", "Nobody wept."),
    case("semicolon", "He came; She saw; It was over.", "They left."),
    case("colon", "The result: Nothing.", "Again."),
    case("dash", "He was late — Again — and sorry.", "She was not."),
    case("cjk", "会议结束了。", "他离开了！", "真的吗？", gap=""),
    case("cjk-quote", "「もう終わりだ。」と彼は言った。", "誰も答えなかった。", gap=""),
    case("cjk-closing", "他说：“我们走吧。”", "然后他走了。", gap=""),
    case("hindi", "वह चला गया।", "वह रुकी।"),
    case("arabic", "هل انتهى الأمر؟", "لا أحد يعرف."),
    case("url", "See https://example.com/a.b?c=D.E for more.", "It is free."),
    case("url-ends", "Visit www.example.com.", "It is free."),
    case("email", "Write to j.smith@mail.example.org today.", "He answers."),
    case("file-name", "Open report.v2.Final.pdf first.", "Then print it."),
    case("iphone", "Sales fell.", "iPhone prices did not."),
    case("lower-case-text", "i went home.", "it was late.", "nobody was there."),
    case("emoji", "We won!", "🎉 Thanks to all.", "Good night."),
    case("spanish", "¿Quién paga?", "¡Nadie!", "Eso dijo."),
    case("tokenised", "He left .", "She stayed ."),
    case("double-space", "He left.", "She stayed.", gap="  "),
    case("nbsp", "He left.", "She stayed.", gap="\u00a0"),
]

LINES = [
    case("heading-blank", "Dam dispute widens", "Belmora objects.", gap="\n\n"),
    case("blank-with-spaces", "One", "Two", gap="\n \t\n"),
    case("mid-sentence-blank", "He was going", "to the market.", gap="\n\n"),
    case("blank-crlf", "He was going", "to the market.", gap="\r\n\r\n"),
    case("blank-cr", "One of them", "two of them", gap="\r\r"),
    case("paragraph-separator", "One of them", "two of them", gap="\u2029"),
    text_case(
        "headline-then-paragraphs",
        "Europe expects USA to provide troops – media\n"
        "European officials are seeking commitments from the new administration of the president "
        "to take part in security guarantees, Bloomberg reports.\n"
        "If allies are forced to send troops themselves, it could undermine confidence.\n",
        "Europe expects USA to provide troops – media",
        "European officials are seeking commitments from the new administration of the president "
        "to take part in security guarantees, Bloomberg reports.",
        "If allies are forced to send troops themselves, it could undermine confidence.",
    ),
    text_case(
        "dateline",
        "Calder Haven dockers vote to end 26-day strike\n"
        "Calder Haven, 2 November 2024 — Harbour Gazette\n"
        "Dockers voted on Saturday. The port reopens today.\n",
        "Calder Haven dockers vote to end 26-day strike",
        "Calder Haven, 2 November 2024 — Harbour Gazette",
        "Dockers voted on Saturday.",
        "The port reopens today.",
    ),
    case("byline", "Storm nears coast", "By Ana Diaz", "It will land today.", gap="\n"),
    case("updated", "Storm nears coast", "Updated: 3 May 2024", "It is near.", gap="\n"),
    text_case(
        "wrapped",
        "A 310-kilometre undersea power cable between the two countries went\n"
        "into test operation on Tuesday, four months behind schedule, said Dr.\n"
        "Nesje of Halnett. The cost has risen to 2.3 billion crowns since the\n"
        "Réseau Sendrel company joined the project. It will carry power from\n"
        "November.\n",
        "A 310-kilometre undersea power cable between the two countries went\n"
        "into test operation on Tuesday, four months behind schedule, said Dr.\n"
        "Nesje of Halnett.",
        "The cost has risen to 2.3 billion crowns since the\n"
        "Réseau Sendrel company joined the project.",
        "It will carry power from\nNovember.",
    ),
    text_case(
        "wrapped-headline-above",
        "Cable goes into operation\n"
        "The undersea power cable between the two countries went into service\n"
        "on Tuesday, four months behind schedule and over its budget, as the\n"
        "President had feared.\n",
        "Cable goes into operation",
        "The undersea power cable between the two countries went into service\n"
        "on Tuesday, four months behind schedule and over its budget, as the\n"
        "President had feared.",
    ),
    text_case(
        "wrapped-crlf",
        "The minister of the country that lies to the north of the strait had\r\n"
        "agreed to sign. He did not.\r\n",
        "The minister of the country that lies to the north of the strait had\r\nagreed to sign.",
        "He did not.",
    ),
    text_case(
        "wrapped-line-separator",
        "The minister of the country that lies to the north had\u2028agreed. He did not.",
        "The minister of the country that lies to the north had\u2028agreed.",
        "He did not.",
    ),
    text_case(
        "wrapped-across-page",
        "The minister of the country that lies to the north had\n\fagreed. He did not.",
        "The minister of the country that lies to the north had\n\fagreed.",
        "He did not.",
    ),
    text_case(
        "wrapped-before-capital",
        "It was announced by the president of the\nUnited States on Monday. He smiled.",
        "It was announced by the president of the\nUnited States on Monday.",
        "He smiled.",
    ),
    text_case(
        "wrapped-number-at-line-start",
        "He had been a member of the party since the beginning of the year of\n"
        "1990. It was then that he left it, to nobody's surprise, for another.",
        "He had been a member of the party since the beginning of the year of\n1990.",
        "It was then that he left it, to nobody's surprise, for another.",
    ),
    text_case(
        "wrapped-quote-continues",
        "It ended when the chairman of the committee shouted, for all, “Stop!”\n"
        "he had never been louder, and the members of the committee fell\nsilent. Then they left.",
        "It ended when the chairman of the committee shouted, for all, “Stop!”\n"
        "he had never been louder, and the members of the committee fell\nsilent.",
        "Then they left.",
    ),
    case(
        "line-per-paragraph-abbreviation",
        "The delegation will return on Friday to the U.S.",
        "Senate leaders expect a long debate about the terms of the agreement that was reached, "
        "which runs to more than four hundred pages.",
        gap="\n",
    ),
    case("bullets-dash", "The terms:", "- 62 trawlers", "- 41 million crowns", gap="\n"),
    case("bullets-star", "* open docks", "* closed waters", "* shared radar", gap="\n"),
    case("bullets-dot", "• Ships stay.", "• Crews go home.", gap="\n"),
    text_case(
        "bullet-wrapped",
        "- the trawlers of the southern country may fish there until\n  October of each year\n"
        "- the licence fee is fixed",
        "- the trawlers of the southern country may fish there until\n  October of each year",
        "- the licence fee is fixed",
    ),
    case("numbered", "1. Open the valve.", "2. Wait.", "3. Close it.", gap="\n"),
    case("numbered-bare", "1. Halvoria", "2. Sendrel", gap="\n"),
    case("lettered", "(a) the licence fee", "(b) the season", gap="\n"),
    case("numbered-inline", "1. Open the valve.", "2. Wait.", "3. Close it."),
    case("markdown-heading", "# The accord", "Both sides signed.", "## Terms", "None.", gap="\n"),
    case("setext", "The accord", "==========", "Both sides signed.", gap="\n"),
    case("rule", "Both sides signed.", "* * *", "The rest is history.", gap="\n"),
    case(
        "front-matter", "---", "title: The accord of the year", "date: 2024-03-04", "---", gap="\n"
    ),
    case("names-in-lines", "Halvoria", "Sendrel", "Maren", gap="\n"),
    case("crlf-paragraphs", "Both sides signed.", "Nobody cheered.", gap="\r\n"),
    case("cr-paragraphs", "Both sides signed.", "Nobody cheered.", gap="\r"),
    case("form-feed", "Both sides signed.", "Nobody cheered.", gap="\n\f"),
    case("indented-paragraphs", "Both sides signed.", "Nobody cheered.", gap="\n    "),
    case("lower-case-lines", "Prices rose again.", "steers were steady.", gap="\n"),
    case("empty"),
    text_case("only-space", " \n\t\r\n\u2028 \u00a0"),
    text_case("padded", "\n\n  He left.  \n\n", "He left."),
    text_case("no-letters", "?!… *** —", "?!… *** —"),
]

TABLE = [*ABBREVIATIONS, *INITIALS, *NUMBERS, *QUOTATIONS, *MARKS, *LINES]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_table(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_repeated_sentences_have_their_own_offsets() -> None:
    text = "He left. He left.\n\nHe left."
    assert [(s.start, s.end) for s in sentence_spans(text)] == [(0, 8), (9, 17), (19, 27)]


def test_version_is_stated() -> None:
    assert SENTENCES_VERSION == 1


# --- Real documents ----------------------------------------------------------------------------


def gold_quotes() -> set[tuple[str, int, int, str]]:
    golds = set()
    for name in ("questions.jsonl", "dialogues.jsonl"):
        for line in (NEWS / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for turn in row.get("turns", [row]):
                for gold in turn["gold"] + turn["forbidden"]:
                    golds.add((gold["doc"], gold["start"], gold["end"], gold["quote"]))
    return golds


def test_every_gold_quote_of_the_news_set_is_exactly_one_sentence() -> None:
    golds = gold_quotes()
    assert len(golds) > 100
    sentences: dict[str, set[tuple[int, int]]] = {}
    missed = []
    for name, start, end, quote in sorted(golds):
        if name not in sentences:
            text = (NEWS / "docs" / name).read_bytes().decode("utf-8")
            sentences[name] = {(span.start, span.end) for span in sentence_spans(text)}
        if (start, end) not in sentences[name]:
            missed.append((name, quote))
    assert missed == []


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_kind_of_line_end_changes_nothing(ending: str) -> None:
    for path in sorted((NEWS / "docs").glob("*.txt")):
        text = path.read_bytes().decode("utf-8")
        assert split(text.replace("\n", ending)) == split(text), path.name


def wrap(paragraph: str, width: int) -> str:
    lines, line = [], ""
    for word in paragraph.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_wrapping_a_story_by_hand_leaves_its_sentences(width: int) -> None:
    for path in sorted((NEWS / "docs").glob("*.txt")):
        paragraphs = [p for p in path.read_bytes().decode("utf-8").split("\n") if p]
        plain = split("\n\n".join(paragraphs))
        wrapped = split("\n\n".join(wrap(p, width) for p in paragraphs))
        assert [s.replace("\n", " ") for s in wrapped] == plain, path.name


# --- What holds for any text -------------------------------------------------------------------

PIECES = st.sampled_from(
    'He|said|U.S.|Mr.|1.|- |# |.|?|!|…|...|。|“|”|"|(|)|[|]|»|«| |  |\n|\r\n|\r|\f|\u2028|\u2029|\t'
    "|\u00a0|e\u0301|👩\u200d👩\u200d👧|🇪🇺|שלום|مرحبا|中文|ﬁ|\u200b|\ufeff|\x1c".split("|")
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=60).map("".join),
    st.lists(PIECES, max_size=40).map(" ".join),
)


@given(TEXTS)
def test_spans_cover_in_order_and_are_trimmed(text: str) -> None:
    position = 0
    for span in sentence_spans(text):
        assert span.start >= position
        assert not text[position : span.start].strip()
        sentence = span.of(text)
        assert sentence and sentence == sentence.strip()
        position = span.end
    assert not text[position:].strip()


@given(TEXTS)
def test_no_sentence_crosses_a_blank_line(text: str) -> None:
    for sentence in split(text):
        assert not re.search(r"\r\n[ \t]*\r\n|\n[ \t]*\r?\n|\r[ \t]*\r|\u2029", sentence)


@given(st.lists(TEXTS, max_size=4))
def test_a_blank_line_makes_paragraphs_independent(texts: list[str]) -> None:
    # One line each: wrapping alone is judged with a view to the whole document.
    lines = [" ".join(text.split()) for text in texts]
    assert split("\n\n".join(lines)) == [s for line in lines for s in split(line)]


@given(TEXTS)
def test_shifting_a_text_shifts_its_spans(text: str) -> None:
    moved = [(s.start - 6, s.end - 6) for s in sentence_spans("Head\n\n" + text)][1:]
    assert moved == [(s.start, s.end) for s in sentence_spans(text)]


# --- Cost --------------------------------------------------------------------------------------

HOSTILE = {
    "no-stop": "word ",
    "no-space": "a",
    "stops": ".",
    "spaced-stops": ". ",
    "initials": "A. ",
    "quotes": '."',
    "open-brackets": "x! (",
    "lines": "a\n",
    "headlines": "Aaa bb\n",
    "rules": "-\n",
    "names": "“Who?” Smith ",
    "places": ", 4 March ",
    "citations": "x.[a",
    "spaces": " ",
}


def cost(text: str) -> float:
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        sentence_spans(text)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_cost_grows_no_faster_than_the_text(unit: str) -> None:
    """Sixteen times the text: linear costs 16 times, quadratic 256. In processor time."""
    small = unit * (6_000 // len(unit))
    ratio = cost(small * 16) / max(cost(small), 2e-4)
    assert ratio < 90
