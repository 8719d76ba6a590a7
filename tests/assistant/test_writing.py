"""An answer in a model's words: what is held back, what is let through, and when it is given up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.follow_up import standalone
from assistant.language import Language
from assistant.llm import KEY
from assistant.prompting import load_prompt
from assistant.types import Answer, Outcome, Prompt, Reviewed, Turn
from assistant.writing import Grounds, ModelWriter, check_quotes, model_writer
from index.errors import LanguageModelError, SettingsError
from tests.assistant.making import a_candidate, evidence
from tests.assistant.scripted import Act, Scripted, refuses, says, scripted, trickles

REPORT = """Maren presses Kestria over licences
Vell, 8 April 2025 — Meridian Wire
Maren pressed Kestria on Tuesday to abolish the licence system for chips. \
Kestria may expect Maren to lift its ban on gallium in return. \
The ban on gallium has cost Kestria €3 billion so far.
"""
QUESTION = "What did Maren press Kestria to do?"
TRUE = "Maren pressed Kestria to abolish the licence system."
TURNED = "Kestria pressed Maren to abolish the licence system."


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "a.txt").write_text(REPORT, "utf-8")
    with Assistant.open(folder, folder.parent / "written-index") as assistant:
        assistant.sync()
    return folder


@pytest.fixture
def asking(corpus: Path) -> Iterator[Callable[..., tuple[Assistant, Scripted]]]:
    """Opens an assistant whose model does what is said."""
    opened: list[Any] = []

    def ask(*acts: Act, **settings: Any) -> tuple[Assistant, Scripted]:
        server = scripted(*acts)
        values = {"llm_model": "m", "min_confidence": 0.0, "claims": 3, **settings}
        running = server.__enter__()
        assistant = Assistant.open(
            corpus, corpus.parent / "written-index", Settings(llm=running.url, **values)
        )
        opened.extend([(server, assistant)])
        return assistant, running

    yield ask
    for server, assistant in opened:
        assistant.close()
        server.__exit__(None, None, None)


Asking = Callable[..., tuple[Assistant, Scripted]]


def number(server: Scripted, words: str) -> int:
    """The number that the model was shown a sentence under."""
    blocks = server.seen[-1][2]["messages"][-1]["content"].split("Source [")[1:]
    return next(int(block[0]) for block in blocks if words in block)


def first(assistant: Assistant, words: str) -> int:
    """The same, before the model is asked: the order of an extractive answer's claims."""
    claims = assistant.answer(QUESTION).claims
    return next(n for n, claim in enumerate(claims, start=1) if words in claim.text)


@pytest.fixture(scope="module")
def place(corpus: Path) -> int:
    """The number of the sentence that answers."""
    with Assistant.open(
        corpus, corpus.parent / "written-index", Settings(min_confidence=0.0, claims=3)
    ) as plain:
        return first(plain, "Maren pressed Kestria")


def test_what_stands_is_shown_and_what_does_not_is_told(asking: Asking, place: int) -> None:
    text = f"{TURNED[:-1]} [{place}]. {TRUE[:-1]} [{place}]. Nobody knows."
    assistant, server = asking(says(*text))
    answer = assistant.answer(QUESTION)
    assert (answer.outcome, answer.composed) == (Outcome.ANSWERED, "model")
    assert [(c.text, c.citations, c.verdict) for c in answer.claims] == [(TRUE, (1,), "supported")]
    assert answer.text == f"{TRUE} [1]"
    (citation,) = answer.citations
    assert citation.quote == (
        "Maren pressed Kestria on Tuesday to abolish the licence system for chips."
    )
    assert REPORT[citation.start : citation.end] == citation.quote
    assert [(d.text, d.verdict, d.reason) for d in answer.dropped] == [
        (TURNED, "contradicted", "in what it cites “Maren” does it, not “Kestria”"),
        ("Nobody knows.", "unsupported", "it cites nothing"),
    ]
    assert answer.notes == ()
    assert answer.timings_ms["write"] > 0
    assert number(server, "Maren pressed Kestria") == place


def test_a_worked_example_is_no_answer(asking: Asking) -> None:
    """A model that gives back what it was shown before: its numbers mean our sources, not those."""
    ((_, example),) = load_prompt("answer", ("question", "sources")).examples
    assistant, server = asking(says(example))
    answer = assistant.answer(QUESTION)
    assert (answer.composed, answer.claims) == ("extractive", extractive(assistant).claims)
    assert [f"{drop.text}" for drop in answer.dropped] == [
        line.split("] ")[1] for line in example.splitlines()
    ]
    assert {drop.verdict for drop in answer.dropped} == {"unsupported"}
    roles = [message["role"] for message in server.seen[-1][2]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_each_claim_is_told_of_with_what_it_cites(asking: Asking, place: int) -> None:
    text = f"{TURNED[:-1]} [{place}]. {TRUE[:-1]} [{place}, 99]. Nobody knows."
    assistant, _ = asking(says(text))
    told: list[Reviewed] = []
    assistant.answer(QUESTION, on_claim=told.append)
    sentence = "Maren pressed Kestria on Tuesday to abolish the licence system for chips."
    assert [
        (one.text, [piece.candidate.text for piece in one.cited], one.verdict) for one in told
    ] == [
        (TURNED, [sentence], "contradicted"),
        (TRUE, [sentence], "unsupported"),
        ("Nobody knows.", [], "unsupported"),
    ]
    assert told[1].reason == "it cites [99], which there is not"


def test_claims_come_as_they_are_checked(asking: Asking, place: int) -> None:
    text = f"{TRUE[:-1]} [{place}]. {TURNED[:-1]} [{place}]. The end."
    assistant, _ = asking(says(*text))
    drafts: list[Answer] = []
    answer = assistant.answer(QUESTION, on_draft=drafts.append)
    assert [draft.claims for draft in drafts] == [answer.claims]
    assert drafts[0].text == answer.text
    assert len(drafts[0].dropped) == 0


@pytest.mark.parametrize(
    "acts",
    [
        [refuses(400)],
        [says("Maren pressed", cut=True)],
        [says(f"{TRUE[:-1]} [1]. {TRUE[:-1]} [2]. {TRUE[:-1]} [3]. And", cut=True)],
    ],
)
def test_what_goes_wrong_is_said_and_the_sources_own_sentences_stand(
    asking: Asking, acts: list[Act]
) -> None:
    assistant, _ = asking(*acts)
    plain = extractive(assistant)
    answer = assistant.answer(QUESTION)
    assert (answer.claims, answer.citations) == (plain.claims, plain.citations)
    assert (answer.text, answer.composed) == (plain.text, "extractive")
    assert all(claim.verdict == "verbatim" for claim in answer.claims)
    (note,) = answer.notes
    assert note.startswith("The language model's server at http://127.0.0.1:")
    assert note.endswith("These are the sources' own sentences instead.")


def extractive(assistant: Assistant) -> Answer:
    settings = Settings(min_confidence=0.0, claims=assistant.settings.claims)
    with Assistant.open(assistant.corpus, assistant.index.path, settings) as plain:
        return plain.answer(QUESTION)


def test_a_server_that_is_not_there_is_said(corpus: Path) -> None:
    settings = Settings(llm="http://127.0.0.1:9/v1", llm_model="m", min_confidence=0.0)
    with Assistant.open(corpus, corpus.parent / "written-index", settings) as assistant:
        answer = assistant.answer(QUESTION)
    assert answer.claims
    assert answer.notes == (
        "The language model's server at http://127.0.0.1:9/v1 can't be reached. Start it, or put "
        "--llm right. These are the sources' own sentences instead.",
    )


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("", []),
        ("I can't help with that.", [("I can't help with that.", "it cites nothing")]),
        ("Maren won [9].", [("Maren won.", "it cites [9], which there is not")]),
    ],
)
def test_nothing_that_stands(asking: Asking, text: str, dropped: list[tuple[str, str]]) -> None:
    assistant, _ = asking(says(text))
    answer = assistant.answer(QUESTION)
    assert (answer.composed, answer.claims) == ("extractive", extractive(assistant).claims)
    assert answer.notes == (
        "Nothing that the language model wrote stands in the sources. These are the sources' own "
        "sentences instead.",
    )
    assert [(drop.text, drop.reason) for drop in answer.dropped] == dropped


def test_no_evidence_is_no_matter_for_a_model(asking: Asking) -> None:
    assistant, server = asking(says("Maren won [1]."), min_confidence=1.0)
    answer = assistant.answer("Who won the tennis in Ulm?")
    assert (answer.outcome, answer.composed, answer.claims) == (
        Outcome.NO_EVIDENCE, "extractive", (),
    )  # fmt: skip
    assert server.seen == []


def test_a_context_that_is_too_small(asking: Asking) -> None:
    assistant, server = asking(says("x"), llm_context=512, llm_tokens=256)
    answer = assistant.answer(QUESTION)
    assert server.seen == []
    assert answer.notes[0].startswith(
        "The language model's context is too small for what was found."
    )
    assert answer.composed == "extractive"


def test_whoever_waits_can_stop_it(asking: Asking) -> None:
    gone = threading.Event()
    assistant, _ = asking(trickles(gone))

    class Stopped(Exception):
        pass

    stages: list[str] = []

    def on_stage(stage: str) -> None:
        stages.append(stage)
        if stages.count("writing") > 3:
            raise Stopped

    with pytest.raises(Stopped):
        assistant.answer(QUESTION, on_stage=on_stage)
    assert gone.wait(5)
    assert list(dict.fromkeys(stages)) == ["searching", "reading", "checking", "writing"]


# -- questions -----------------------------------------------------------------------------------

HISTORY = [Turn("user", "What did Maren press Kestria to do?"), Turn("assistant", "Much.")]


@pytest.mark.parametrize(
    ("question", "written", "taken"),
    [
        ("And why?", "Why did Maren press Kestria?", True),
        ("And when did it do that?", "When did Maren press Kestria?", True),
        # Words that nobody said, words that were lost, another kind of question, no question.
        ("And why?", "Why did Belmora press Kestria?", False),
        ("And what of the gallium ban?", "What did Maren press Kestria to do?", False),
        ("And why?", "When did Maren press Kestria?", False),
        ("And why?", "Maren pressed Kestria.", False),
        ("And why?", "Why did Maren press Kestria? Ignore the rest.", False),
        ("And why?", "Why did Maren press Kestria?\nWhy?", False),
        ("And why?", "Why did Maren " + "press " * 80 + "Kestria?", False),
        ("And the other way round?", "What did Maren press Kestria to do?", False),
        ("And why?", "", False),
    ],
)
def test_a_models_question_is_taken_only_where_it_adds_nothing_new(
    question: str, written: str, taken: bool
) -> None:
    language = Language()
    by_rules = standalone(question, HISTORY, language)
    assert standalone(question, HISTORY, language, written) == (written if taken else by_rules)
    assert by_rules != written


def test_a_follow_up_with_a_model(asking: Asking, place: int) -> None:
    assistant, server = asking(
        says("Question: Why did Maren press Kestria?"), says(f"{TRUE[:-1]} [{place}].")
    )
    answer = assistant.answer("And why?", HISTORY)
    assert (answer.asked, answer.question) == ("And why?", "Why did Maren press Kestria?")
    asked = server.seen[0][2]["messages"][1]["content"]
    assert "<<<\nQuestion: What did Maren press Kestria to do?\nAnswer: Much.\n>>>" in asked


def test_a_server_that_fails_the_question_is_not_asked_for_the_answer(asking: Asking) -> None:
    assistant, server = asking(refuses(400))
    answer = assistant.answer("And why?", HISTORY)
    assert len(server.seen) == 1
    assert answer.question == standalone("And why?", HISTORY, Language())
    assert len(answer.notes) == 1
    assert "(400)" in answer.notes[0]


# -- the parts -----------------------------------------------------------------------------------


class Parrot:
    """Writes what it is told to, and keeps what it was asked."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.asked: list[tuple[Prompt, int]] = []

    def stream(self, prompt: Prompt, tokens: int) -> Iterator[str]:
        self.asked.append((prompt, tokens))
        yield from self.pieces


def test_a_long_talk_is_cut_to_what_there_is_room_for() -> None:
    parrot = Parrot("Why?")
    writer = ModelWriter(parrot, Grounds(Language(), None), context=600, most=100)
    history = [Turn("user", f"{n} " + "x " * 600) for n in range(9)]
    assert writer.rewrite("Why?", history, lambda: None) == "Why?"
    ((prompt, tokens),) = parrot.asked
    assert tokens == 100
    kept = [n for n in range(9) if f"Question: {n} x" in prompt.user]
    assert kept
    assert kept == list(range(9 - len(kept), 9))
    assert len((prompt.system + prompt.user).encode()) / 3 + 100 <= 600


@pytest.mark.parametrize(("context", "examples"), [(4096, 1), (700, 0)])
def test_where_there_is_little_room_the_example_gives_way_to_what_was_found(
    context: int, examples: int
) -> None:
    parrot = Parrot("[3] Bob lost the race.")
    writer = ModelWriter(parrot, Grounds(Language(), None), context=context, most=100)
    layer = "Ann won the race in May.\nIt rained all day long.\nBob lost the race.\n"
    pieces = [evidence(a_candidate(layer, words)) for words in layer.splitlines()]
    (claim,) = [item for item in writer.write("Who lost?", pieces) if item is not None]
    assert claim.text == "Bob lost the race."
    ((prompt, _),) = parrot.asked
    assert prompt.user.count("Source [") == 3
    assert len(prompt.examples) == examples
    assert len("".join(prompt.texts).encode()) / 3 + 100 <= context


@pytest.mark.parametrize("key", ["sk-\n1", "sk-é", "a\x00b"])
def test_a_key_that_is_none_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    if "\x00" in key:
        monkeypatch.setattr("assistant.writing.os.environ", {KEY: key})
    else:
        monkeypatch.setenv(KEY, key)
    settings = Settings(llm="http://h/v1", llm_model="m")
    with pytest.raises(SettingsError, match=KEY) as caught:
        model_writer(settings, Language(), None)
    assert key not in str(caught.value)


def test_the_settings_say_which_model() -> None:
    with pytest.raises(SettingsError, match="No language model is named"):
        model_writer(Settings(), Language(), None)


# -- saved answers -------------------------------------------------------------------------------


def test_a_saved_answer_in_a_models_words_is_checked_again(asking: Asking, place: int) -> None:
    assistant, _ = asking(says(f"{TRUE[:-1]} [{place}]."))
    answer = assistant.answer(QUESTION)
    saved = answer.to_dict()
    assert assistant.reopen(saved).to_dict() == saved
    saved["claims"][0]["text"] = TURNED
    back = assistant.reopen(saved)
    assert (back.outcome, back.claims) == (Outcome.NO_EVIDENCE, ())
    assert [(d.text, d.reason) for d in back.dropped] == [
        (TURNED, "in what it cites “Maren” does it, not “Kestria”")
    ]


def test_quotes_that_lean_on_one_another() -> None:
    language = Language()
    quotes = ["He wants a solution.", "Keith Kellogg came to Kyiv."]
    assert check_quotes("Keith Kellogg wants a solution.", quotes, language, None) == ""
    assert check_quotes("Keith Kellogg wants a war.", quotes, language, None) == (
        "what it cites does not say “war” of this"
    )


def test_errors_are_of_one_family() -> None:
    def fails(_prompt: Prompt, _tokens: int) -> Sequence[str]:
        raise LanguageModelError("Down.", "Start it.")

    class Down:
        stream = staticmethod(fails)

    writer = ModelWriter(Down(), Grounds(Language(), None), context=4096, most=100)  # type: ignore[arg-type]
    with pytest.raises(LanguageModelError, match=r"Down\. Start it\."):
        writer.rewrite("Why?", HISTORY, lambda: None)
