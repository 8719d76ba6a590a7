"""What a person sees of an answer, in three formats, and that nothing in it is obeyed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.render import (
    conversation_to_html,
    conversation_to_json,
    conversation_to_markdown,
    conversation_to_text,
    passage_context,
    plain,
    surroundings,
    to_html,
    to_markdown,
    to_text,
)
from assistant.types import Answer, Citation, Claim, Dropped, Outcome
from index.types import Hit, Span

LAYER = (
    "Fee row grows\n"
    "Port Elm, 3 May 2025 — The Gazette\n\n"
    "The talks went on. Elm wants Oak to pay the fee. Oak refused.\n\n"
    "Nobody else spoke.\n"
)
QUOTE = "Elm wants Oak to pay the fee."
START = LAYER.index(QUOTE)
END = START + len(QUOTE)
DAY = date(2025, 5, 3)


def citation(
    layer: str = LAYER,
    start: int = START,
    end: int = END,
    *,
    marker: int = 1,
    document: str = "fees.txt",
    title: str = "Fee row grows",
    source: str | None = "The Gazette",
) -> Citation:
    return Citation(
        marker=marker,
        document=document,
        sha256="0" * 64,
        title=title,
        published=DAY,
        start=start,
        end=end,
        quote=layer[start:end],
        score=0.83,
        layer=layer,
        source=source,
    )


HIT = Hit("fees.txt", "0" * 64, "Fee row grows", DAY, "The Gazette", Span(0, len(LAYER)), LAYER, 1)
ANSWERED = Answer(
    question="what does Elm want?",
    outcome=Outcome.ANSWERED,
    text=f"{QUOTE} [1]",
    confidence=0.834,
    claims=(Claim(QUOTE, (1,)),),
    citations=(citation(),),
    passages=(HIT,),
    timings_ms={"total": 139.6},
)
NONE = replace(
    ANSWERED,
    outcome=Outcome.NO_EVIDENCE,
    text="The documents do not say.",
    confidence=0.04,
    claims=(),
    citations=(),
    reason="No sentence answers the question.",
)


# -- exactly what is printed ---------------------------------------------------------------------


def test_an_answer_in_text() -> None:
    assert to_text(ANSWERED) == (
        "Elm wants Oak to pay the fee. [1]\n"
        "\n"
        "[1] Fee row grows\n"
        "    3 May 2025 · The Gazette · fees.txt:4\n"
        "    The talks went on. »Elm wants Oak to pay the fee.« Oak refused.\n"
        "\n"
        "answered in 140 ms · 1 passage read · confidence 0.83\n"
    )


def test_an_answer_in_colour() -> None:
    assert to_text(ANSWERED, color=True) == (
        "\x1b[1mElm wants Oak to pay the fee.\x1b[0m \x1b[1;36m[1]\x1b[0m\n"
        "\n"
        "\x1b[1;36m[1] \x1b[0m\x1b[1mFee row grows\x1b[0m\n"
        "    \x1b[2m3 May 2025 · The Gazette · fees.txt:4\x1b[0m\n"
        "    \x1b[2mThe talks went on.\x1b[0m \x1b[1;33mElm wants Oak to pay the fee.\x1b[0m "
        "\x1b[2mOak refused.\x1b[0m\n"
        "\n"
        "\x1b[2manswered in 140 ms · 1 passage read · confidence 0.83\x1b[0m\n"
    )


def test_no_evidence_in_text_looks_different_and_marks_the_nearest_passages() -> None:
    assert to_text(NONE, width=60) == (
        "No evidence in the documents\n"
        "The documents do not say.\n"
        "No sentence answers the question.\n"
        "\n"
        "Nearest passages. They do not answer the question:\n"
        "\n"
        "  - Fee row grows\n"
        "    3 May 2025 · The Gazette · fees.txt\n"
        "    Fee row grows Port Elm, 3 May 2025 — The Gazette The\n"
        "    talks went on. Elm wants Oak to pay the fee. Oak\n"
        "    refused. Nobody else spoke.\n"
        "\n"
        "searched in 140 ms · 1 passage read · confidence 0.04\n"
    )


def test_no_evidence_without_a_passage() -> None:
    bare = replace(NONE, passages=(), reason="No passage was found.", timings_ms={})
    assert to_text(bare) == (
        "No evidence in the documents\n"
        "The documents do not say.\n"
        "No passage was found.\n"
        "\n"
        "0 passages read · confidence 0.04\n"
    )


def test_what_was_understood_noted_and_left_out_is_said() -> None:
    told = replace(
        ANSWERED,
        asked="and the fee?",
        notes=("Another sync is running.",),
        dropped=(
            Dropped("x", "its words are not there"),
            Dropped("y", "it cites nothing", "unsupported"),
        ),
        timings_ms={"total": 2345.0},
    )
    lines = to_text(told).splitlines()
    assert lines[:2] == ["Understood as: what does Elm want?", ""]
    assert lines[-5:] == [
        "Note: Another sync is running.",
        "Note: 1 sentence was left out: its words are not there",
        "Left out, and why:",
        "  - “y” (it cites nothing)",
        "answered in 2.3 s · 1 passage read · confidence 0.83",
    ]


def test_what_a_model_wrote_is_marked_in_every_format() -> None:
    (claim,) = ANSWERED.claims[:1]
    told = replace(
        ANSWERED,
        claims=(replace(claim, verdict="partly", reason="not in what it cites: “soon”"),),
        dropped=(
            Dropped(
                "Elm <b>owns</b> Oak.", "the name “Oak” is not in what it cites", "unsupported"
            ),
        ),
        composed="model",
    )
    lines = to_text(told, width=200).splitlines()
    assert f"Note: {claim.text}: not in what it cites: “soon”" in lines
    assert "  - “Elm <b>owns</b> Oak.” (the name “Oak” is not in what it cites)" in lines
    assert lines[-1].endswith(" · written by a language model, each sentence checked")
    assert "\n\nLeft out, and why:\n\n- “Elm &lt;b&gt;owns&lt;/b&gt; Oak.” (the name" in (
        to_markdown(told)
    )
    shown = to_html(told)
    assert (
        '<p>Left out, and why:</p><ul>\n<li dir="auto">“Elm &lt;b&gt;owns&lt;/b&gt; Oak.” ('
        in shown
    )
    assert "<b>" not in shown
    assert "language model" not in to_text(replace(told, composed="extractive"), width=200)


@pytest.mark.parametrize(
    ("attribution", "shown"),
    [
        ("the diplomat", "Elm wants Oak to pay the fee. (the diplomat) [1]"),
        ("Elm", "Elm wants Oak to pay the fee. [1]"),
        (None, "Elm wants Oak to pay the fee. [1]"),
    ],
)
def test_an_attribution_is_shown_where_the_claim_does_not_say_it(
    attribution: str | None, shown: str
) -> None:
    told = replace(ANSWERED, claims=(Claim(QUOTE, (1,), attribution),))
    assert to_text(told).splitlines()[0] == shown


def test_missing_facts() -> None:
    bare = replace(citation(source=None), published=None, layer=LAYER)
    told = replace(ANSWERED, citations=(bare,))
    assert to_text(told).splitlines()[3] == "    no date · fees.txt:4"


def test_the_context_that_is_handed_over_is_used() -> None:
    shown = to_text(ANSWERED, context=lambda found: ("… before ", f" after {found.marker}"))
    assert "    … before »Elm wants Oak to pay the fee.« after 1" in shown.splitlines()


def test_wide_letters_take_two_columns_and_long_words_are_broken() -> None:
    layer = "東京都知事は予算案を発表した。https://example.org/a-very-long-path"
    told = replace(
        ANSWERED,
        claims=(Claim(layer, (1,)),),
        citations=(citation(layer, 0, 15),),
        passages=(),
    )
    assert to_text(told, width=20).splitlines()[:4] == [
        "東京都知事は予算案を",
        "発表した。https://ex",
        "ample.org/a-very-lon",
        "g-path [1]",
    ]


@given(
    st.text(alphabet=st.characters(exclude_categories=["Mn", "Me", "Cf"]), max_size=200),
    st.integers(20, 90),
)
def test_no_line_is_wider_than_asked(text: str, width: int) -> None:
    told = replace(ANSWERED, claims=(Claim(text, (1,)),))
    for line in to_text(told, width=width).splitlines():
        wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
        assert len(line) + wide <= width


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=9), min_size=1, max_size=40))
def test_wrapping_loses_no_word(words: list[str]) -> None:
    told = replace(ANSWERED, claims=(Claim(" ".join(words), (1,)),))
    answer_lines = to_text(told, width=20).split("\n\n")[0]
    assert answer_lines.split() == [*words, "[1]"]


# -- context -------------------------------------------------------------------------------------


def test_context_stays_in_its_paragraph() -> None:
    assert surroundings(LAYER, START, END) == ("The talks went on. ", " Oak refused.")


def test_context_is_cut_at_words_and_says_so() -> None:
    layer = "one two three four five QUOTE six seven eight nine ten"
    start = layer.index("QUOTE")
    assert surroundings(layer, start, start + 5, reach=12) == ("… four five ", " six seven …")


def test_context_without_spaces_is_cut_anywhere() -> None:
    layer = "あ" * 30 + "Q" + "い" * 30
    assert surroundings(layer, 30, 31, reach=4) == ("…ああああ", "いいいい…")


def test_wrapped_lines_are_one_paragraph_and_long_lines_are_one_each() -> None:
    wrapped = "before\nQUOTE\nafter"
    assert surroundings(wrapped, 7, 12) == ("before\n", "\nafter")
    unwrapped = "head\n" + "QUOTE" + " word" * 30 + "\nnext"
    before, after = surroundings(unwrapped, 5, 10)
    assert before == ""
    assert after == " word" * 30


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_context_knows_every_line_end(end_of_line: str) -> None:
    layer = f"no{end_of_line}{end_of_line}yes QUOTE yes{end_of_line}{end_of_line}no"
    start = layer.index("QUOTE")
    assert surroundings(layer, start, start + 5) == ("yes ", " yes")


@given(st.text(alphabet="ab \n", max_size=120), st.data())
def test_context_is_what_stands_there(layer: str, data: st.DataObject) -> None:
    layer += "Q"
    start = data.draw(st.integers(0, len(layer) - 1))
    end = data.draw(st.integers(start + 1, len(layer)))
    before, after = surroundings(layer, start, end, reach=20)
    assert layer[:start].endswith(before.removeprefix("… ").removeprefix("…"))
    assert layer[end:].startswith(after.removesuffix(" …").removesuffix("…"))


def test_passages_give_context_only_for_their_own_version() -> None:
    context = passage_context((HIT,))
    assert context(citation()) == ("The talks went on. ", " Oak refused.")
    assert passage_context((replace(HIT, sha256="1" * 64),))(citation()) == ("", "")
    cut = replace(HIT, span=Span(0, START + 3), text=LAYER[: START + 3])
    assert passage_context((cut,))(citation()) == ("", "")


# -- text is data --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a␛[31mred"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("csi \x9b31m", "csi �31m"),
        ("bell\x07 back\x08 nul\x00 del\x7f", "bell␇ back␈ nul␀ del␡"),
        ("a\r\nb\tc\x0b\x0cd\x85e\u2028f\u2029g", "a b c d e f g"),
        ("file\u202etxt.exe", "file�txt.exe"),
        ("\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069", "�" * 8),
        ("\u200e\u200f\u061czero\u200bwidth\u2060\ufeff so\u00adft", "zerowidth soft"),
        ("tag\U000e0041", "tag�"),
        ("half \ud800", "half �"),
        ("نامه\u200cای", "نامه\u200cای"),
        ("👩\u200d🔬 naïve “quoted” 5\u00a0%", "👩\u200d🔬 naïve “quoted” 5\u00a0%"),
        ("  spaces  ", "spaces"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


HOSTILE = (
    "\x1b[2J\x9b31m\u202e <script>alert(1)</script><img src=x onerror=alert(1)> & \" ' "
    "[link](javascript:alert(1)) ![i](http://evil.example/x.png) `code` **bold** _it_ ~~no~~ "
    "http://evil.example www.evil.example me@evil.example | a | $x$ [^1] {x} \\ &lt; <http://a.b> "
    "\n# heading\n\n- list\n\n1. one\n\n> quote\n\n    code\n\n```\nfence\n```\n\n[1]: http://e.x\n"
)


def hostile() -> Answer:
    bad = citation(HOSTILE, 0, len(HOSTILE), document=f"{HOSTILE}.txt", title=HOSTILE)
    return Answer(
        question=HOSTILE,
        asked=f"{HOSTILE}?",
        outcome=Outcome.ANSWERED,
        text=HOSTILE,
        confidence=0.5,
        claims=(Claim(HOSTILE, (1,), f"said {HOSTILE}"),),
        citations=(replace(bad, source=HOSTILE, layer=HOSTILE),),
        passages=(Hit("p", "0" * 64, HOSTILE, None, HOSTILE, Span(0, len(HOSTILE)), HOSTILE, 0.1),),
        timings_ms={"total": 1.0},
        reason=HOSTILE,
        notes=(HOSTILE,),
        dropped=(Dropped(HOSTILE, HOSTILE), Dropped(HOSTILE, HOSTILE, "unsupported")),
    )


def hostile_none() -> Answer:
    return replace(hostile(), outcome=Outcome.NO_EVIDENCE, claims=(), citations=())


OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("answer", [hostile(), hostile_none()], ids=["answered", "none"])
def test_nothing_reaches_the_terminal_but_our_own_colours(answer: Answer) -> None:
    assert OBEYED.findall(to_text(answer)) == []
    coloured = to_text(answer, color=True)
    assert OBEYED.findall(re.sub(r"\x1b\[(?:0|1|2|1;3[356])m", "", coloured)) == []
    assert OBEYED.findall(to_markdown(answer)) == []
    assert OBEYED.findall(to_html(answer)) == []


def test_the_json_keeps_every_character() -> None:
    back = json.loads(json.dumps(hostile().to_dict()))
    assert back["citations"][0]["quote"] == HOSTILE
    assert back["claims"][0]["text"] == HOSTILE


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("answer", [hostile(), hostile_none()], ids=["answered", "none"])
def test_documents_can_put_no_tag_into_the_page(answer: Answer) -> None:
    page = Tags(to_html(answer))
    assert {tag for tag, _ in page.tags} <= set(
        "article style p strong div blockquote mark ol ul li sup a bdi".split()
    )
    assert {name for _, names in page.tags for name in names} <= {
        "class",
        "data-outcome",
        "dir",
        "href",
        "id",
        "value",
    }
    assert all(re.fullmatch(r"#onrecord-[0-9a-f]{8}-1", link) for link in page.links)
    assert plain(HOSTILE) in page.words


@pytest.mark.parametrize("answer", [hostile(), hostile_none()], ids=["answered", "none"])
def test_documents_can_put_no_markup_into_markdown(answer: Answer) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = Tags(parser.render(to_markdown(answer)))
    allowed = {"p", "em", "ul", "li"} | ({"strong"} if not answer.claims else set())
    assert {tag for tag, _ in page.tags} <= allowed
    assert page.links == []
    assert plain(HOSTILE) in page.words


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("- list", "\\- list"),
        ("1. one", "1\\. one"),
        ("12) twelve", "12\\) twelve"),
        ("1.5 million", "1\\.5 million"),
        ("a - b 1. c", "a - b 1. c"),
        ("# h", "\\# h"),
        ("a_b*c", "a\\_b\\*c"),
        ("AT&T <b>", "AT&amp;T &lt;b&gt;"),
        ("https://a.b www.c.d e@f", "https\\://a.b www\\.c.d e\\@f"),
    ],
)
def test_markdown_characters(text: str, written: str) -> None:
    told = replace(ANSWERED, claims=(Claim(text, (1,)),))
    assert to_markdown(told).split("\n\n")[0] == f"{written}[^1]"


@given(st.text(max_size=60))
def test_markdown_shows_what_was_written(text: str) -> None:
    told = replace(ANSWERED, claims=(Claim(text, (1,)),))
    shown = Tags(MarkdownIt("commonmark").render(to_markdown(told))).words.split("\n")[0]
    # CommonMark trims a paragraph of more than spaces.
    assert shown == f"{plain(text)}[^1]".strip()


# -- Markdown and HTML ---------------------------------------------------------------------------


def test_an_answer_in_markdown() -> None:
    assert to_markdown(ANSWERED) == (
        "Elm wants Oak to pay the fee.[^1]\n"
        "\n"
        "*answered in 140 ms · 1 passage read · confidence 0.83*\n"
        "\n"
        "[^1]: “Elm wants Oak to pay the fee.” Fee row grows "
        "(3 May 2025, The Gazette, fees.txt, line 4)\n"
    )


def test_no_evidence_in_markdown() -> None:
    assert to_markdown(NONE) == (
        "**No evidence in the documents**\n"
        "\n"
        "The documents do not say.\n"
        "\n"
        "No sentence answers the question.\n"
        "\n"
        "*Nearest passages. They do not answer the question:*\n"
        "\n"
        "- Fee row grows (3 May 2025, The Gazette, fees.txt): Fee row grows Port Elm, 3 May 2025 "
        "— The Gazette The talks went on. Elm wants Oak to pay the fee. Oak refused. Nobody else "
        "spoke.\n"
        "\n"
        "*searched in 140 ms · 1 passage read · confidence 0.04*\n"
    )


def test_an_answer_in_html() -> None:
    page = to_html(ANSWERED)
    anchor = re.findall(r'id="(onrecord-[0-9a-f]{8})-1"', page)[0]
    start, _, rest = page.partition("<style>")
    assert start == '<article class="onrecord" data-outcome="answered">\n'
    assert rest.partition("</style>\n")[2] == (
        '<p class="claim" dir="auto">Elm wants Oak to pay the fee.'
        f'<sup><a href="#{anchor}-1">[1]</a></sup></p>\n'
        '<ol class="citations">\n'
        f'<li id="{anchor}-1" value="1"><strong><bdi>Fee row grows</bdi></strong>'
        '<div class="facts">3 May 2025, <bdi>The Gazette</bdi>, <bdi>fees.txt, line 4</bdi></div>'
        '<blockquote dir="auto">The talks went on. <mark>Elm wants Oak to pay the fee.</mark> '
        "Oak refused.</blockquote></li>\n"
        "</ol>\n"
        '<p class="cost">answered in 140 ms · 1 passage read · confidence 0.83</p>\n'
        "</article>\n"
    )


def test_no_evidence_in_html_cites_nothing() -> None:
    page = to_html(NONE)
    assert 'data-outcome="no_evidence"' in page
    assert "<mark>" not in page
    assert (
        '<div class="none"><p><strong>No evidence in the documents</strong></p>\n'
        "<p>The documents do not say.</p>\n"
        '<p class="reason">No sentence answers the question.</p>\n'
        "</div>\n"
        '<div class="nearest"><p>Nearest passages. They do not answer the question:</p><ul>\n'
        "<li><bdi>Fee row grows</bdi>"
    ) in page


def test_answers_on_one_page_have_their_own_anchors() -> None:
    other = replace(ANSWERED, question="another?")
    ids = re.findall(r'id="([^"]+)"', to_html(ANSWERED) + to_html(other))
    assert len(set(ids)) == 2


# -- conversations -------------------------------------------------------------------------------

TWICE = replace(
    ANSWERED,
    question="who refused?",
    claims=(Claim("Oak refused.", (1, 2)), Claim(QUOTE, (2,))),
    citations=(
        citation(LAYER, LAYER.index("Oak refused."), LAYER.index("Oak refused.") + 12),
        citation(marker=2),
    ),
)
HEAD = (
    "Elm wants Oak to pay the fee. [1]\n"
    "\n"
    "[1] Fee row grows\n"
    "    3 May 2025 · The Gazette · fees.txt:4\n"
    "    The talks went on. »Elm wants Oak to pay the fee.« Oak refused.\n"
    "\n"
    "answered in 140 ms · 1 passage read · confidence 0.83\n"
)


def test_a_single_answer_in_text_is_its_question_and_it() -> None:
    assert conversation_to_text("Fees", [ANSWERED]) == f"what does Elm want?\n\n{HEAD}"
    typed = replace(ANSWERED, asked="and\nElm?")
    assert conversation_to_text("Fees", [typed]) == (
        f"and Elm?\n\nUnderstood as: what does Elm want?\n\n{HEAD}"
    )


def test_a_conversation_in_text() -> None:
    assert conversation_to_text("Fees\x1b[31m", [ANSWERED, NONE]) == (
        f"Fees␛[31m\n\nwhat does Elm want?\n\n{HEAD}\nwhat does Elm want?\n\n"
        f"{to_text(NONE, width=100)}"
    )


def test_no_conversation_at_all() -> None:
    assert conversation_to_text("Fees", []) == ""
    assert conversation_to_markdown("Fees", []) == "# Fees\n"
    assert conversation_to_json("Fees", []) == "[]\n"
    assert [tag for tag, _ in Tags(conversation_to_html("Fees", [])).tags] == (
        "html head meta meta meta title style body h1".split()
    )


def test_a_conversation_in_markdown_numbers_its_footnotes_through() -> None:
    facts = "(3 May 2025, The Gazette, fees.txt, line 4)"
    cost = "*answered in 140 ms · 1 passage read · confidence 0.83*"
    assert conversation_to_markdown("Fees & *more*", [TWICE, NONE, ANSWERED, TWICE]) == (
        "# Fees &amp; \\*more\\*\n\n"
        "## who refused?\n\n"
        "Oak refused.[^1][^2]\n\nElm wants Oak to pay the fee.[^2]\n\n"
        f"{cost}\n\n"
        f"[^1]: “Oak refused.” Fee row grows {facts}\n\n"
        f"[^2]: “Elm wants Oak to pay the fee.” Fee row grows {facts}\n\n"
        "## what does Elm want?\n\n"
        f"{to_markdown(NONE)}\n"
        "## what does Elm want?\n\n"
        "Elm wants Oak to pay the fee.[^3]\n\n"
        f"{cost}\n\n"
        f"[^3]: “Elm wants Oak to pay the fee.” Fee row grows {facts}\n\n"
        "## who refused?\n\n"
        "Oak refused.[^4][^5]\n\nElm wants Oak to pay the fee.[^5]\n\n"
        f"{cost}\n\n"
        f"[^4]: “Oak refused.” Fee row grows {facts}\n\n"
        f"[^5]: “Elm wants Oak to pay the fee.” Fee row grows {facts}\n"
    )


def test_footnotes_that_a_document_writes_are_words() -> None:
    layer = "It says [^1] and [^2]: x."
    told = replace(
        ANSWERED,
        question="what does [^1] say?",
        claims=(Claim(layer, (1,)),),
        citations=(citation(layer, 0, len(layer)),),
    )
    written = conversation_to_markdown("[^1]", [ANSWERED, told])
    assert written.startswith("# \\[\\^1\\]\n\n")
    assert re.findall(r"(?<!\\)\[\^\d+\]", written) == ["[^1]", "[^1]", "[^2]", "[^2]"]
    assert "It says \\[\\^1\\] and \\[\\^2\\]: x.[^2]\n" in written


def test_a_conversation_in_json_is_the_answers() -> None:
    written = conversation_to_json("Fees", [ANSWERED, hostile(), NONE])
    assert written.endswith("\n")
    assert json.loads(written) == json.loads(
        json.dumps([answer.to_dict() for answer in (ANSWERED, hostile(), NONE)])
    )


def test_a_conversation_in_html_is_a_page_that_needs_nothing_else() -> None:
    page = conversation_to_html("Fees", [ANSWERED, NONE])
    assert page.startswith('<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">')
    assert page.endswith("</section>\n</body>\n</html>\n")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in page
    tags = Tags(page)
    assert [tag for tag, _ in tags.tags if tag in ("h1", "h2", "section", "article", "mark")] == [
        *("h1", "section", "h2", "article", "mark", "section", "h2", "article")
    ]
    assert page.count('<h2 dir="auto">what does Elm want?</h2>') == 2
    # The same answer as by itself, but for the names of its anchors.
    (own,) = re.findall(r'id="(onrecord-[0-9a-f]{8})-1"', to_html(ANSWERED))
    assert to_html(ANSWERED).replace(own, f"{own}-1") in page


def test_the_same_answer_twice_on_a_page_has_its_own_anchors() -> None:
    page = conversation_to_html("Fees", [ANSWERED, ANSWERED, TWICE])
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 4
    links = [link.removeprefix("#") for link in Tags(page).links]
    assert links == [ids[0], ids[1], ids[2], ids[3], ids[3]]


CONVERSATIONS = [conversation_to_text, conversation_to_markdown, conversation_to_html]


@pytest.mark.parametrize("write", CONVERSATIONS)
@pytest.mark.parametrize("answer", [hostile(), hostile_none()], ids=["answered", "none"])
def test_nothing_in_a_conversation_is_obeyed(
    write: Callable[[str, Sequence[Answer]], str], answer: Answer
) -> None:
    assert OBEYED.findall(write(HOSTILE, [answer, answer])) == []


@pytest.mark.parametrize("answer", [hostile(), hostile_none()], ids=["answered", "none"])
def test_a_conversation_can_put_no_markup_into_a_page(answer: Answer) -> None:
    page = Tags(conversation_to_html(HOSTILE, [answer, answer]))
    assert {tag for tag, _ in page.tags} <= set(
        "html head meta title style body h1 section h2 "
        "article p strong div blockquote mark ol ul li sup a bdi".split()
    )
    assert {name for _, names in page.tags for name in names} <= set(
        "lang charset name content http-equiv class data-outcome dir href id value".split()
    )
    assert all(re.fullmatch(r"#onrecord-[0-9a-f]{8}-[12]-1", link) for link in page.links)
    assert page.words.count(plain(HOSTILE)) >= 4


@pytest.mark.parametrize("answer", [hostile(), hostile_none()], ids=["answered", "none"])
def test_a_conversation_can_put_no_markup_into_markdown(answer: Answer) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = Tags(parser.render(conversation_to_markdown(HOSTILE, [answer, answer])))
    allowed = {"p", "em", "h1", "h2", "ul", "li"} | ({"strong"} if not answer.claims else set())
    assert {tag for tag, _ in page.tags} <= allowed
    assert [tag for tag, _ in page.tags if tag.startswith("h")] == ["h1", "h2", "h2"]
    assert page.links == []
    assert page.words.startswith(f"{plain(HOSTILE)}\n")


@given(st.text(max_size=60))
def test_a_title_in_markdown_shows_what_was_written(title: str) -> None:
    shown = Tags(MarkdownIt("commonmark").render(conversation_to_markdown(title, []))).words
    assert shown.strip() == plain(title).strip()
