"""Parsing, its cache and its loading; capitals put back into questions."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant import language
from assistant.language import Language, Parsed, truecase
from index.errors import ModelError

LANGUAGE = Language()


def run(code: str) -> str:
    """The last line that ``code`` prints in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip().splitlines()[-1]


def test_offsets_point_into_the_text_as_it_was() -> None:
    text = "“Europe’s chief” expects\nthe U.S.  to pay €5m, naïvely 😀 enough."
    (parsed,) = LANGUAGE.parse([text])
    assert parsed.text == text
    assert all(text[t.start : t.end] == t.text for t in parsed.tokens)
    assert all(text[e.start : e.end] == e.text for e in parsed.entities)
    assert all(t.index == i and 0 <= t.head < len(parsed) for i, t in enumerate(parsed.tokens))
    assert not any(t.text.isspace() for t in parsed.tokens)


def test_the_grammar_of_a_question() -> None:
    (parsed,) = LANGUAGE.parse(["What does Europe expect from the US?"])
    assert parsed.root is not None
    assert parsed.root.lemma == "expect"
    assert [t.text for t in parsed.children(parsed.root.index, "nsubj")] == ["Europe"]
    assert parsed.content_lemmas() == ("europe", "expect", "us")
    us = next(t for t in parsed.tokens if t.text == "US")
    assert [t.text for t in parsed.ancestors(us.index)] == ["from", "expect"]
    assert [t.text for t in parsed.subtree(us.head)] == ["from", "the", "US"]
    assert parsed.span(parsed.subtree(us.head)) == (24, 35)
    assert {e.text for e in parsed.entities} == {"Europe", "US"}


def test_a_curly_apostrophe_parses_like_a_straight_one() -> None:
    curly, straight = LANGUAGE.parse(["Italy’s demand", "Italy's demand"])
    assert [(t.tag, t.dep) for t in curly.tokens] == [(t.tag, t.dep) for t in straight.tokens]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "?", "\u200b", "😀"])
def test_hardly_any_text(text: str) -> None:
    (parsed,) = LANGUAGE.parse([text])
    assert parsed.text == text
    assert parsed.content_lemmas() in ((), (text,))
    assert parsed.root is None or len(parsed)


def test_no_texts_no_parses() -> None:
    assert LANGUAGE.parse([]) == []


def test_no_tokens_have_no_span() -> None:
    with pytest.raises(ValueError, match="no tokens"):
        LANGUAGE.parse(["Yes."])[0].span([])


def test_parses_come_in_the_order_asked_for_and_are_remembered() -> None:
    small = Language(cache=2)
    one, two, again = small.parse(["One came.", "Two went.", "One came."])
    assert (one.text, two.text) == ("One came.", "Two went.")
    assert again is one
    assert small.parse(["One came."])[0] is one
    small.parse(["Three stayed."])  # Two went longest unasked for
    assert small.parse(["One came."])[0] is one
    assert small.parse(["Two went."])[0] is not two
    assert small.parse(["Two went."])[0] == two


def test_more_texts_at_once_than_are_remembered() -> None:
    texts = [f"Number {i} came." for i in range(9)]
    assert [p.text for p in Language(cache=2).parse(texts)] == texts


def test_a_cache_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Language(cache=0)


def test_parses_are_hashable_and_equal_by_content() -> None:
    a = Language().parse(["Rome waits."])[0]
    b = Language().parse(["Rome waits."])[0]
    assert a == b
    assert a is not b
    assert len({a, b}) == 1


def test_many_threads() -> None:
    texts = [f"The minister asked firm {i % 7} to pay {i} pounds." for i in range(60)]
    shared = Language(cache=16)

    def work(start: int) -> list[Parsed]:
        return shared.parse(texts[start : start + 20])

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(work, [0, 20, 40, 0, 20, 40]))
    assert found[:3] == found[3:]
    assert [p.text for part in found[:3] for p in part] == texts


def test_names_are_left_out_on_request_and_found_when_they_are_wanted() -> None:
    text = "Angela Merkel praised Poland."
    language = Language()
    (bare,) = language.parse([text], names=False)
    assert bare.entities == ()
    (full,) = language.parse([text])
    assert [entity.text for entity in full.entities] == ["Angela Merkel", "Poland"]
    assert [t.head for t in bare.tokens] == [t.head for t in full.tokens]
    assert [t.lemma for t in bare.tokens] == [t.lemma for t in full.tokens]
    assert language.parse([text], names=False) == [full]


def test_importing_costs_nothing() -> None:
    code = (
        "import sys, assistant.language, assistant.direction;"
        "print([m for m in ('spacy', 'torch', 'thinc') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_torch_is_kept_out_and_can_come_later() -> None:
    code = (
        "import sys; from assistant.language import Language; Language().warm();"
        "before = 'torch' in sys.modules; import torch;"
        "print(before, float(torch.ones(2).sum()), len(Language().parse(['Yes, it works.'])[0]))"
    )
    assert run(code) == "False 2.0 5"


def test_torch_may_have_come_first() -> None:
    code = (
        "import torch; from assistant.language import Language;"
        "print(float(torch.ones(2).sum()), len(Language().parse(['Yes, it works.'])[0]))"
    )
    assert run(code) == "2.0 5"


def test_torch_may_come_in_another_thread_meanwhile() -> None:
    code = (
        "import threading; from assistant.language import Language; found = [];\n"
        "def other():\n    import torch; found.append(float(torch.ones(2).sum()))\n"
        "thread = threading.Thread(target=other); thread.start();"
        "Language().warm(); thread.join(); print(found)"
    )
    assert run(code) == "[2.0]"


def test_spacys_commands_are_kept_out_and_can_come_later() -> None:
    code = (
        "import sys; from assistant.language import Language; Language().warm();"
        "early = [m for m in ('spacy.cli', 'typer', 'weasel', 'requests') if m in sys.modules];"
        "import spacy; other = hasattr(spacy, 'nothing'); download = spacy.cli.download;"
        "from spacy import info;"
        "print(early, other, callable(download), info.__module__, spacy.cli.info is info)"
    )
    assert run(code) == "[] False True spacy.cli.info True"


def test_a_model_that_is_not_there_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(language, "_loaded", None)
    monkeypatch.setattr(language, "MODEL", "no_such_model_at_all")
    with pytest.raises(ModelError) as error:
        Language().parse(["Anything."])
    assert "no_such_model_at_all" in error.value.message
    assert "pip install" in error.value.remedy


NAMES = ["Europe", "the US", "Tidemark Terminals", "Étienne Kovač", "May", "U.S.", "McAllen", "It"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("what does europe expect from the us", "what does Europe expect from the US"),
        ("what does us expect from europe", "what does US expect from Europe"),
        ("tell us what europe wants", "tell us what Europe wants"),
        ("can you give us its date", "can you give us its date"),
        ("what may it do in may", "what may it do in may"),
        ("tidemark terminals' offer", "Tidemark Terminals' offer"),
        ("europe’s plan, europe's plan", "Europe’s plan, Europe's plan"),
        ("who is etienne kovac?", "who is Etienne Kovac?"),
        ("mcallen", "McAllen"),
        ("EUROPE", "EUROPE"),
        ("the European plan", "the European plan"),
        ("", ""),
    ],
)
def test_capitals_are_put_back(typed: str, expected: str) -> None:
    assert truecase(typed, NAMES) == expected


@pytest.mark.parametrize("text", ["ßtraße in İzmir ﬁnally", "a\u0301 e\u0301tienne kovac", "ǆ x"])
def test_capitals_never_change_the_length(text: str) -> None:
    found = truecase(text, ["SSTRASSE", "Straße", "IZMIR", "FINALLY", "Ǆ", *NAMES])
    assert len(found) == len(text)
    assert found.casefold() == text.casefold()


def test_without_names_nothing_changes() -> None:
    assert truecase("what does europe want", []) == "what does europe want"


def test_a_question_in_small_letters_parses_like_one_with_capitals() -> None:
    parsed = LANGUAGE.parse_question("what does dunmark accuse tarvel of", ["Dunmark", "Tarvel"])
    assert parsed.text == "what does Dunmark accuse Tarvel of"
    assert parsed.root is not None
    assert parsed.root.lemma == "accuse"


@pytest.mark.parametrize(
    ("question", "verb", "lemma"),
    [
        ("Why did Bexane sue Lorvex?", "sue", "sue"),
        ("Where do great white sharks hunt orcas?", "hunt", "hunt"),
        ("How much does the Norwegian state subsidise airports?", "subsidise", "subsidise"),
        ("What did the tenants' group accuse Larch Homes of?", "accuse", "accuse"),
        ("What have the Houthis armed Iran with?", "armed", "arm"),
        ("Why does the ex-minister sue the tabloid?", "sue", "sue"),
    ],
)
def test_a_question_has_the_verb_that_its_auxiliary_calls_for(
    question: str, verb: str, lemma: str
) -> None:
    parsed = Language().parse_question(question, ("Larch Homes", "Iran"))
    verbs = [t for t in parsed.tokens[2:] if t.pos == "VERB"]
    assert [(t.text, t.lemma) for t in verbs] == [(verb, lemma)]
    assert parsed.text == question


def test_only_a_word_of_no_dictionary_is_strange() -> None:
    parsed = Language().parse_question("what does india acuse the court committee of", ("India",))
    assert [t.text for t in parsed.tokens if t.strange] == ["acuse"]


def test_a_headline_keeps_its_verb() -> None:
    (parsed,) = Language().parse(["Unions back Rossi in race for Turin mayor"])
    root = parsed.root
    assert root is not None
    assert (root.text, root.pos) == ("back", "VERB")
    assert [t.text for t in parsed.children(root.index, "nsubj")] == ["Unions"]
    assert [t.text for t in parsed.children(root.index, "dobj")] == ["Rossi"]
    # Every word hangs on the verb in the end.
    assert all(root in parsed.ancestors(t.index) for t in parsed.tokens if t != root)
