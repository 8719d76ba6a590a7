"""The command line's branches, with a small assistant in place of the real one. What needs the real
one is in ``test_cli_end_to_end.py``."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest

import assistant.pipeline as real
from assistant import cli
from assistant.config import Settings
from assistant.scorer import THRESHOLD
from assistant.types import Answer, Citation, Claim, Filters, Outcome, Turn
from assistant.verify import Recheck
from index.errors import CorpusError, IndexCorrupt, IndexMismatch, QuestionError
from index.sync import Refused, SyncReport

LAYER = "Elm wants Oak to pay the fee."
CITATION = Citation(
    marker=1,
    document="fees.txt",
    sha256="0" * 64,
    title="Fee row",
    published=date(2025, 5, 3),
    start=0,
    end=len(LAYER),
    quote=LAYER,
    score=0.8,
    layer=LAYER,
)


def an_answer(question: str, notes: Sequence[str] = ()) -> Answer:
    none = question.startswith("none")
    return Answer(
        question=question,
        outcome=Outcome.NO_EVIDENCE if none else Outcome.ANSWERED,
        text="The documents do not say." if none else f"{LAYER} [1]",
        confidence=0.1 if none else 0.8,
        claims=() if none else (Claim(LAYER, (1,)),),
        citations=() if none else (CITATION,),
        passages=(),
        timings_ms={"total": 12.0},
        reason="Nothing of the kind." if none else "",
        notes=tuple(notes),
    )


@dataclass
class FakeManifest:
    documents: int = 1

    def counts(self) -> tuple[int, int]:
        return self.documents, 3


@dataclass
class FakeIndex:
    path: Path = Path("/the/index")
    exists: bool = True
    manifest: FakeManifest = field(default_factory=FakeManifest)

    def text(self, sha256: str) -> str:
        if sha256 != "0" * 64:
            raise IndexCorrupt("gone", "rebuild")
        return LAYER


class FakeAssistant:
    """Answers anything; what it was told is kept on the class, for the test to look at."""

    opened: ClassVar[list[tuple[Path | None, Path | None, Settings | None]]]
    asked: ClassVar[list[tuple[str, Sequence[Any], Filters | None]]]
    synced: ClassVar[list[dict[str, Any]]]
    closed: ClassVar[int]
    report: ClassVar[SyncReport]
    changed: ClassVar[tuple[SyncReport | None, str]]
    trouble: ClassVar[BaseException | None]
    rechecks: ClassVar[list[Recheck]]
    documents: ClassVar[int]
    failures: ClassVar[tuple[Refused, ...]]
    shipped_threshold: ClassVar[float] = THRESHOLD
    stale: ClassVar[bool]

    def __init__(self, corpus: Path | None) -> None:
        self.corpus = corpus or Path("/the/seeds")
        self.index = FakeIndex(manifest=FakeManifest(FakeAssistant.documents))

    @classmethod
    def open(
        cls,
        corpus: Path | None = None,
        index: Path | None = None,
        settings: Settings | None = None,
    ) -> FakeAssistant:
        cls.opened.append((corpus, index, settings))
        return cls(corpus)

    def __enter__(self) -> FakeAssistant:
        return self

    def __exit__(self, *_: object) -> None:
        FakeAssistant.closed += 1

    def sync(self, *, progress: Callable[[int, int, str], None], **options: Any) -> SyncReport:
        self.synced.append(options)
        if self.trouble:
            raise self.trouble
        progress(0, 1, "a.txt")
        progress(1, 1, "")
        return self.report

    def sync_if_changed(
        self, progress: Callable[[int, int, str], None] | None = None
    ) -> tuple[SyncReport | None, str]:
        self.synced.append({})
        if progress:
            progress(1, 1, "")
        return self.changed

    def answer(
        self,
        question: str,
        history: Sequence[Any] = (),
        filters: Filters | None = None,
        *,
        notes: Sequence[str] = (),
        on_stage: Callable[[str], None] | None = None,
    ) -> Answer:
        self.asked.append((question, history, filters))
        if self.trouble and question.startswith("trouble"):
            raise self.trouble
        if on_stage:
            on_stage("searching")
        return an_answer(question, notes)

    def status(self) -> real.Status:
        return real.Status(
            self.corpus,
            self.index.path,
            self.documents,
            3,
            "mini@0",
            7,
            self.failures,
            1_234_567,
            self.stale,
        )

    def recheck(self, saved: Mapping[str, Any]) -> list[Recheck]:
        assert isinstance(saved["citations"], list)
        return self.rechecks

    def prune(self) -> tuple[int, int]:
        return 2, 4321


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeAssistant]]:
    FakeAssistant.opened, FakeAssistant.asked, FakeAssistant.synced = [], [], []
    FakeAssistant.closed = 0
    FakeAssistant.report = SyncReport(unchanged=1)
    FakeAssistant.changed = (None, "")
    FakeAssistant.trouble = None
    FakeAssistant.rechecks = []
    FakeAssistant.documents = 1
    FakeAssistant.failures = ()
    FakeAssistant.stale = False
    monkeypatch.setattr(real, "Assistant", FakeAssistant)
    with mock.patch.dict(os.environ), warnings.catch_warnings():
        for name in ("HF_HUB_OFFLINE", "ANONYMIZED_TELEMETRY"):
            os.environ.pop(name, None)
        os.environ["COLUMNS"] = "80"
        yield FakeAssistant


Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *argv: str) -> tuple[int, str, str]:
    try:
        code = cli.main(argv)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


# -- start ---------------------------------------------------------------------------------------

HEAVY = (
    "torch chromadb gradio llama_index spacy sentence_transformers transformers rich numpy "
    "sqlite3 filelock platformdirs onnxruntime tokenizers"
).split()


@pytest.mark.parametrize("argv", [["--help"], ["ask", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    code = (
        "import sys\n"
        "from assistant.cli import main\n"
        f"try: main({argv!r})\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_python_dash_m() -> None:
    argv = [sys.executable, "-m", "assistant", "--version"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("onrecord 0.1.0\n", "")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["serve", "one", "two"],
        ["ask", "--jso", "q"],
        ["ask", "q", "--corpus", ""],
        ["ask", "q", "--since", "yesterday"],
        ["ask", "q", "--min-confidence", "much"],
        ["eval", "set", "--limit", "0"],
        ["verify"],
    ],
)
def test_wrong_use_exits_2(capsys: Captured, argv: list[str]) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert err.startswith("usage: onrecord")


def test_nothing_phones_home(capsys: Captured) -> None:
    run(capsys, "status")
    wanted = {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    assert {name: os.environ.get(name) for name in wanted} == wanted


def test_a_hub_model_may_be_fetched_and_a_local_one_is_not(
    capsys: Captured, tmp_path: Path
) -> None:
    run(capsys, "status", "--model", "someone/some-model")
    assert "HF_HUB_OFFLINE" not in os.environ
    run(capsys, "status", "--cross-encoder", "someone/some-model")
    assert "HF_HUB_OFFLINE" not in os.environ
    run(capsys, "status", "--model", str(tmp_path), "--cross-encoder", str(tmp_path))
    assert os.environ["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize("command", ["ask q", "index", "status", "serve", "prune"])
def test_every_command_takes_a_cross_encoder(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    fake: type[FakeAssistant],
    command: str,
) -> None:
    monkeypatch.setattr("assistant.ui.serving.serve", lambda *_: None)
    run(capsys, *command.split(), "--cross-encoder", "none")
    assert [settings for _, _, settings in fake.opened] == [Settings(cross_encoder="none")]


@pytest.mark.parametrize("value", ["", " "])
def test_a_cross_encoder_without_a_name_is_refused(
    capsys: Captured, fake: type[FakeAssistant], value: str
) -> None:
    assert run(capsys, "ask", "q", "--cross-encoder", value) == (
        2,
        "",
        f"onrecord: cross_encoder = {value!r} must be a non-empty text.\n"
        "  Put it right in the settings file or leave it out.\n",
    )
    assert fake.opened == []


def test_what_the_user_has_set_stays(capsys: Captured) -> None:
    os.environ["HF_HUB_OFFLINE"] = "0"
    run(capsys, "status")
    assert os.environ["HF_HUB_OFFLINE"] == "0"


# -- ask -----------------------------------------------------------------------------------------


def test_ask(capsys: Captured, fake: type[FakeAssistant]) -> None:
    code, out, err = run(capsys, "ask", "what does Elm want?")
    assert (code, err) == (0, "")
    assert out == (
        "Elm wants Oak to pay the fee. [1]\n"
        "\n"
        "[1] Fee row\n"
        "    3 May 2025 · fees.txt:1\n"
        "    »Elm wants Oak to pay the fee.«\n"
        "\n"
        "answered in 12 ms · 0 passages read · confidence 0.80\n"
    )
    assert fake.opened == [(None, None, Settings())]
    assert fake.asked == [("what does Elm want?", (), Filters())]
    assert fake.synced == [{}]
    assert fake.closed == 1


def test_ask_without_quotation_marks(capsys: Captured, fake: type[FakeAssistant]) -> None:
    assert run(capsys, "ask", "what", "does", "Elm", "want?")[0] == 0
    assert fake.asked[0][0] == "what does Elm want?"


def test_ask_in_json(capsys: Captured) -> None:
    code, out, err = run(capsys, "ask", "q", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == an_answer("q").to_dict()


def test_no_evidence_exits_0(capsys: Captured) -> None:
    code, out, _ = run(capsys, "ask", "none?")
    assert code == 0
    assert out.startswith("No evidence in the documents\n")


def test_ask_passes_on_what_it_is_told(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("claims = 2\nmin_confidence = 0.9\nmodel = 'that'\ncross_encoder = 'that'\n")
    argv = (
        f"ask q --corpus c --index i --settings {file} --model m --cross-encoder e "
        "--chroma http://h:1 "
        "--min-confidence 0.25 --since 2025-01-01 --until 2025-02-01 --document a*.txt "
        "--document b.txt --no-sync"
    ).split()
    assert run(capsys, *argv)[0] == 0
    assert fake.opened == [
        (
            Path("c"),
            Path("i"),
            Settings("m", "e", chroma="http://h:1", claims=2, min_confidence=0.25),
        )
    ]
    assert fake.asked[0][2] == Filters(("a*.txt", "b.txt"), date(2025, 1, 1), date(2025, 2, 1))
    assert fake.synced == []


def test_another_sync_is_said_and_noted(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.changed = (None, "Another sync is running.")
    code, out, err = run(capsys, "ask", "q", "--json")
    assert (code, err) == (0, "onrecord: Another sync is running.\n")
    assert json.loads(out)["notes"] == ["Another sync is running."]
    # In text it would be said twice.
    assert "Another sync" not in run(capsys, "ask", "q")[1]


def test_files_that_failed_are_named(capsys: Captured, fake: type[FakeAssistant]) -> None:
    failed = (Refused("b.txt", "b.txt is not text.", "Save it."), Refused("c.txt", "too odd"))
    fake.changed = (SyncReport(added=("a.txt",), failed=failed), "")
    code, _, err = run(capsys, "ask", "q")
    assert code == 0
    assert err == (
        "onrecord: 2 files could not be indexed:\n  b.txt is not text. Save it.\n  c.txt: too odd\n"
    )


def test_an_index_without_documents_is_an_error_and_no_answer(
    capsys: Captured, fake: type[FakeAssistant]
) -> None:
    fake.documents = 0
    code, out, err = run(capsys, "ask", "q", "--corpus", "c", "--index", "i")
    assert (code, out) == (2, "")
    assert err == (
        "onrecord: The index of c holds no documents.\n"
        "  See why with: onrecord status c --index i\n"
    )


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["ask"], "The question is empty."),
        (["ask", ""], "The question is empty."),
        (["ask", " \n"], "The question is empty."),
        (["ask", "x" * 100_000], "The question has 100,000 characters; the limit is 4,000."),
        (["ask", "a\udcffb"], "The question has bytes in it that are no text."),
        (["ask", "q", "--questions", "f"], "There is both a question and --questions."),
        (
            ["ask", "q", "--since", "2025-02-02", "--until", "2025-01-01"],
            "--since 2025-02-02 lies after --until 2025-01-01.",
        ),
        (["ask", "q", "--min-confidence", "2"], "min_confidence = 2.0 must lie between 0 and 1."),
        (["ask", "q", "--llm", "http://h/v1"], "There is llm without llm_model."),
        (["serve", "--llm-model", "m"], "There is llm_model without llm."),
        (
            ["eval", ".", "--llm", "http://a:b@h", "--llm-model", "m"],
            "llm must be an address without a name, a password or a query in it.",
        ),
        (
            ["ask", "q", "--chroma", "localhost"],
            "chroma = 'localhost' must begin with http:// or https://.",
        ),
        (["ask", "--questions", "/no/such"], "/no/such can't be read: No such file or directory."),
        (["verify", "/no/such"], "/no/such can't be read: No such file or directory."),
    ],
)
def test_what_the_user_can_put_right_exits_2(
    capsys: Captured, fake: type[FakeAssistant], argv: list[str], message: str
) -> None:
    code, out, err = run(capsys, *argv)
    first, remedy, *rest = err.splitlines()
    assert (code, out, first, rest) == (2, "", f"onrecord: {message}", [])
    assert remedy.startswith("  ")
    assert fake.opened == []


def test_a_language_model_for_what_answers(capsys: Captured, fake: type[FakeAssistant]) -> None:
    code, _, _ = run(capsys, "ask", "q", "--llm", "http://h:1/v1", "--llm-model", "m")
    assert code == 0
    assert fake.opened == [(None, None, Settings(llm="http://h:1/v1", llm_model="m"))]


@pytest.mark.parametrize("command", ["index", "status", "prune", "verify"])
def test_what_does_not_answer_takes_no_language_model(capsys: Captured, command: str) -> None:
    code, _, err = run(capsys, command, "x", "--llm", "http://h:1/v1", "--llm-model", "m")
    assert code == 2
    assert "unrecognized arguments: --llm http://h:1/v1 --llm-model m" in err


# -- many questions ------------------------------------------------------------------------------


def lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values))
    return path


def test_many_questions(capsys: Captured, fake: type[FakeAssistant], tmp_path: Path) -> None:
    file = lines(
        tmp_path / "q.jsonl",
        {"question": "one?", "id": "a", "answers": ["ignored"]},
        {"question": "none?", "date": "2025-01-31", "history": ["before?"]},
        {"question": "three?", "history": None, "date": None, "id": None},
    )
    code, out, err = run(capsys, "ask", "--questions", str(file), "--json")
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {"id": "a", **an_answer("one?").to_dict()},
        an_answer("none?").to_dict(),
        {"id": None, **an_answer("three?").to_dict()},
    ]
    assert err.startswith("onrecord: 2 answered, 1 without evidence, in ")
    assert fake.asked == [
        ("one?", (), Filters()),
        ("none?", (Turn("user", "before?"),), Filters(until=date(2025, 1, 31))),
        ("three?", (), Filters()),
    ]
    assert fake.synced == [{}]


@pytest.mark.parametrize(
    ("option", "asked", "until"),
    [
        ("2025-01-01", "2025-02-01", "2025-01-01"),
        ("2025-03-01", "2025-02-01", "2025-02-01"),
        ("2025-03-01", None, "2025-03-01"),
    ],
)
def test_the_earlier_day_holds(
    capsys: Captured,
    fake: type[FakeAssistant],
    tmp_path: Path,
    option: str,
    asked: str | None,
    until: str,
) -> None:
    file = lines(tmp_path / "q.jsonl", {"question": "one?", "date": asked})
    run(capsys, "ask", "--questions", str(file), "--json", "--until", option)
    assert fake.asked[0][2] == Filters(until=date.fromisoformat(until))


def test_every_form_of_history(capsys: Captured, fake: type[FakeAssistant], tmp_path: Path) -> None:
    history = [
        {"role": "user", "text": "a?"},
        {"role": "assistant", "content": "A."},
        {"question": "b?", "answer": "B."},
        "c?",
    ]
    file = lines(tmp_path / "q.jsonl", {"question": "d?", "history": history})
    assert run(capsys, "ask", "--questions", str(file), "--json")[0] == 0
    assert [(turn.role, turn.text) for turn in fake.asked[0][1]] == [
        ("user", "a?"),
        ("assistant", "A."),
        ("user", "b?"),
        ("assistant", "B."),
        ("user", "c?"),
    ]


def test_questions_from_standard_input_with_mark_and_windows_line_ends(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = '\ufeff{"question": "één?"}\r\n\r\n{"question": "two\u2028?"}'.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "ascii"))
    code, out, _ = run(capsys, "ask", "--questions", "-", "--json")
    assert code == 0
    assert [json.loads(line)["question"] for line in out.splitlines()] == ["één?", "two\u2028?"]


def test_every_bad_line_is_reported_before_anything_is_asked(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path
) -> None:
    file = tmp_path / "q.jsonl"
    bad = [
        b'{"question": "fine?"}',
        b"{",
        b"[1]",
        b"{}",
        b'{"question": 5}',
        b'{"question": " "}',
        json.dumps({"question": "x" * 4001}).encode(),
        b'{"question": "\xff"}',
        b'{"question": "\\ud800"}',
        b'{"question": "q", "history": "h"}',
        b'{"question": "q", "history": [7]}',
        b'{"question": "q", "date": "31 January"}',
        b'{"question": "q", "date": 20250131}',
        b"[" * 100_000,
    ]
    file.write_bytes(b"\n".join(bad))
    code, out, err = run(capsys, "ask", "--questions", str(file), "--json")
    assert (code, out) == (2, "")
    assert fake.opened == []
    assert err.splitlines() == [
        f"onrecord: {file} has 13 lines that can't be asked:",
        "  line 2: not JSON (Expecting property name enclosed in double quotes)",
        "  line 3: not a JSON object",
        '  line 4: no "question", or it is not text',
        '  line 5: no "question", or it is not text',
        "  line 6: The question is empty.",
        "  line 7: The question has 4,001 characters; the limit is 4,000.",
        "  line 8: not UTF-8",
        "  line 9: half a character (a lone surrogate)",
        '  line 10: "history" is not a list',
        "  line 11: Turn 1 of the history is not one.",
        "  line 12: \"date\" '31 January' is not a day such as 2025-01-31",
        '  line 13: "date" 20250131 is not a day such as 2025-01-31',
        "  line 14: not JSON (nested too deeply or a number too long)",
        '  Write each line as JSON: {"question": "…"}. Nothing was asked.',
    ]


def test_a_file_without_questions(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text("\n\n")
    code, out, err = run(capsys, "ask", "--questions", str(file))
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == f"onrecord: {file} has no questions."


def test_trouble_midway_keeps_what_was_answered(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path
) -> None:
    fake.trouble = IndexCorrupt("The index is damaged.", "onrecord index --rebuild")
    file = lines(tmp_path / "q.jsonl", {"question": "one?"}, {"question": "trouble?"})
    code, out, err = run(capsys, "ask", "--questions", str(file), "--json", "--corpus", "c d")
    assert code == 2
    assert [json.loads(line)["question"] for line in out.splitlines()] == ["one?"]
    assert err == (
        "onrecord: After 1 of 2 questions: The index is damaged.\n"
        "  onrecord index 'c d' --rebuild\n"
    )
    assert fake.closed == 1


def test_many_questions_as_text(capsys: Captured, tmp_path: Path) -> None:
    file = lines(tmp_path / "q.jsonl", {"question": "one?"}, {"question": "none?"})
    code, out, _ = run(capsys, "ask", "--questions", str(file))
    assert code == 0
    assert out.startswith("one?\n\nElm wants Oak to pay the fee. [1]\n")
    assert "\n\nnone?\n\nNo evidence in the documents\n" in out


# -- the index -----------------------------------------------------------------------------------


def test_index_report(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.report = SyncReport(
        added=tuple(f"{letter}.txt" for letter in "abcdefg"),
        changed=("x\x1b[2J.txt",),
        unchanged=4,
        failed=(Refused("bad.txt", "bad.txt is not text.", "Save it as UTF-8."),),
        skipped=(
            Refused("p.docx", "a format that is not supported"),
            Refused("q.docx", "a format that is not supported"),
            Refused("link", "a link that leaves the corpus"),
        ),
        seconds=1.24,
        repaired="vectors were written anew",
    )
    argv = "index docs --verify --allow-empty --rebuild --index i".split()
    code, out, err = run(capsys, *argv)
    assert code == 0
    assert out == (
        "docs, in 1.2 s\n"
        "  repaired after a sync that died: vectors were written anew\n"
        "  added           7   a.txt, b.txt, c.txt, d.txt, e.txt and 2 more\n"
        "  changed         1   x␛[2J.txt\n"
        "  removed         0\n"
        "  unchanged       4\n"
        "  failed          1\n"
        "  skipped         3\n"
        "    a format that is not supported: p.docx, q.docx\n"
        "    a link that leaves the corpus: link\n"
    )
    assert err == (
        "onrecord: 1 file could not be indexed:\n  bad.txt is not text. Save it as UTF-8.\n"
    )
    assert fake.opened == [(Path("docs"), Path("i"), Settings())]
    assert fake.synced == [{"verify": True, "allow_empty": True, "rebuild": True}]


def test_index_in_json(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.report = SyncReport(added=("a.txt",), skipped=(Refused("b", "why"),), passages=3)
    code, out, err = run(capsys, "index", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "corpus": "/the/seeds",
        "index": "/the/index",
        "added": ["a.txt"],
        "changed": [],
        "removed": [],
        "unchanged": 0,
        "failed": [],
        "skipped": [{"path": "b", "reason": "why", "remedy": ""}],
        "passages": 3,
        "seconds": 0.0,
        "generation": 0,
        "repaired": "",
    }


def test_index_of_nothing_but_failures_exits_2(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.report = SyncReport(failed=(Refused("bad.txt", "not text"),))
    code, _, err = run(capsys, "index")
    assert code == 2
    assert err == (
        "onrecord: 1 file could not be indexed:\n"
        "  bad.txt: not text\n"
        "onrecord: Nothing could be indexed.\n"
    )


@pytest.mark.parametrize(
    ("argv", "remedy"),
    [
        ([], "onrecord index --rebuild"),
        (["docs"], "onrecord index docs --rebuild"),
        (["my docs", "--index", "i", "--model", "m"],
         "onrecord index 'my docs' --index i --model m --rebuild"),
    ],
)  # fmt: skip
def test_a_remedy_names_the_same_folder_index_and_model(
    capsys: Captured, fake: type[FakeAssistant], argv: list[str], remedy: str
) -> None:
    fake.trouble = IndexMismatch("Made with m1.", "Build it anew with: onrecord index --rebuild")
    code, out, err = run(capsys, "index", *argv)
    assert (code, out) == (2, "")
    assert err == f"onrecord: Made with m1.\n  Build it anew with: {remedy}\n"


def test_a_message_can_not_steer_the_terminal(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.trouble = CorpusError("There is no folder \x1b]0;x\x07.", "Name \u202eanother.")
    assert run(capsys, "index")[2] == "onrecord: There is no folder ␛]0;x␇.\n  Name �another.\n"


def test_status(capsys: Captured, fake: type[FakeAssistant]) -> None:
    code, out, err = run(capsys, "status", "docs")
    assert (code, err) == (0, "")
    assert out == (
        "folder      docs\n"
        "index       /the/index (1.2 MB)\n"
        "documents   1, in 3 passages\n"
        "model       mini@0\n"
        "generation  7\n"
        "state       up to date\n"
        "failed      0\n"
    )
    fake.stale = True
    fake.failures = (Refused("b.txt", "not text", "Save it."),)
    assert run(capsys, "status", "docs")[1].splitlines()[-3:] == [
        "state       may have changed since the last sync; run: onrecord index docs",
        "failed      1",
        "  b.txt: not text Save it.",
    ]


def test_status_in_json(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.failures = (Refused("b.txt", "not text", "Save it."),)
    code, out, err = run(capsys, "status", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "corpus": "/the/seeds",
        "index": "/the/index",
        "documents": 1,
        "passages": 3,
        "model": "mini@0",
        "generation": 7,
        "failures": [{"path": "b.txt", "reason": "not text", "remedy": "Save it."}],
        "size_bytes": 1_234_567,
        "changed": False,
    }


def test_prune(capsys: Captured) -> None:
    assert run(capsys, "prune", "docs") == (0, "dropped 2 old texts, 4 kB\n", "")


# -- verify --------------------------------------------------------------------------------------


def saved(tmp_path: Path, text: str) -> str:
    path = tmp_path / "saved.json"
    path.write_text(text, "utf-8")
    return str(path)


ONE = json.dumps(an_answer("q").to_dict())


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (ONE, 1),
        (f"\ufeff{ONE}\n", 1),
        (json.dumps(json.loads(ONE), indent=2), 1),
        (f"[{ONE}, {ONE}]", 2),
        (f"{ONE}\r\n{ONE}\n\n{ONE}", 3),
    ],
)
def test_verify_reads_one_answer_a_list_or_lines(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path, text: str, answers: int
) -> None:
    fake.rechecks = [Recheck(1, "fees.txt", "ok", "")]
    assert run(capsys, "verify", saved(tmp_path, text), "--corpus", "c", "--index", "i") == (
        0,
        f"{answers} quotes checked: {answers} exactly there, 0 not\n",
        "",
    )
    assert fake.opened == [(Path("c"), Path("i"), Settings())]


@pytest.mark.parametrize("status", ["stale", "moved", "missing", "false"])
def test_verify_says_what_no_longer_stands(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path, status: Any
) -> None:
    fake.rechecks = [
        Recheck(1, "fees.txt", "ok", ""),
        Recheck(2, "x\x1bx.txt", status, "It has changed."),
    ]
    code, out, err = run(capsys, "verify", saved(tmp_path, ONE))
    assert (code, err) == (1, "")
    assert out == (
        f"[2] x␛x.txt: {status}. It has changed.\n2 quotes checked: 1 exactly there, 1 not\n"
    )


def test_verify_numbers_the_answers_of_a_list(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path
) -> None:
    fake.rechecks = [Recheck(1, "a.txt", "missing", "Gone.")]
    code, out, _ = run(capsys, "verify", saved(tmp_path, f"[{ONE},{ONE}]"))
    assert code == 1
    assert out.splitlines()[:2] == [
        "answer 1 [1] a.txt: missing. Gone.",
        "answer 2 [1] a.txt: missing. Gone.",
    ]


def test_verify_of_no_evidence(capsys: Captured, tmp_path: Path) -> None:
    text = json.dumps(an_answer("none").to_dict())
    assert run(capsys, "verify", saved(tmp_path, text)) == (
        0,
        "0 quotes checked: 0 exactly there, 0 not\n",
        "",
    )


def changed(**values: Any) -> str:
    answer = json.loads(ONE)
    answer["citations"][0].update(values)
    return json.dumps(answer)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{file} has no answers."),
        ("[]", "{file} has no answers."),
        ("nonsense", "{file} is not JSON (line 1)."),
        (f"{ONE}\n{ONE[:-1]}", "{file} is not JSON (line 2)."),
        ("[" * 100_000, "{file} is not JSON (line 1)."),
        ("5", "{file}: answer 1 has no list of citations."),
        ('{"citations": {}}', "{file}: answer 1 has no list of citations."),
        ('{"citations": []}', "{file}: answer 1 has no proper outcome."),
        (
            '{"citations": [], "outcome": "answered"}',
            "{file}: answer 1 is answered and cites nothing.",
        ),
        (
            '{"citations": [5], "outcome": "answered"}',
            "{file}: answer 1 has no proper 'document' in citation 1.",
        ),
        (
            changed(document="a\0b"),
            "{file}: answer 1 has no proper 'document' in citation 1.",
        ),
        (
            changed(document="\ud800"),
            "{file}: answer 1 has no proper 'document' in citation 1.",
        ),
        (
            f"{ONE}\n{changed(sha256='/../' + '0' * 60)}",
            "{file}: answer 2 has no proper 'sha256' in citation 1.",
        ),
    ],
)
def test_verify_of_what_is_no_answer_exits_2(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path, text: str, message: str
) -> None:
    file = saved(tmp_path, text)
    code, out, err = run(capsys, "verify", file)
    assert (code, out) == (2, "")
    assert err == (
        f"onrecord: {message.format(file=file)}\n"
        "  Save answers with: onrecord ask … --json > FILE\n"
    )
    assert fake.opened == []


def test_verify_of_what_is_not_utf_8(capsys: Captured, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(b"\xff\xfe")
    code, _, err = run(capsys, "verify", str(path))
    assert (code, err.splitlines()[0]) == (2, f"onrecord: {path} is not UTF-8.")


# -- eval ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FakeItem:
    question: str
    history: tuple[Any, ...] = ()
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True)
class FakeSet:
    items: tuple[FakeItem, ...]

    @property
    def turns(self) -> tuple[FakeItem, ...]:
        return self.items


@dataclass(frozen=True)
class FakeDialogues:
    dialogues: tuple[FakeSet, ...]


@dataclass(frozen=True)
class FakeReport:
    answers: tuple[Answer, ...]
    threshold: float

    def to_text(self) -> str:
        return f"{len(self.answers)} asked at {self.threshold}"

    def to_markdown(self) -> str:
        return "| asked |\n"

    def to_dict(self) -> dict[str, Any]:
        return {"asked": [answer.question for answer in self.answers]}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_set(folder: Path) -> FakeSet:
        if folder.name != "news":
            raise CorpusError(f"{folder} has 2 mistakes:\n  line 1: a\n  line 2: b\n", "Right it.")
        return FakeSet((FakeItem("one?"), FakeItem("two?"), FakeItem("three?")))

    def evaluate(
        eval_set: FakeSet,
        ask: Callable[[FakeItem], Answer],
        *,
        threshold: float,
        progress: Callable[[int, int, str], None] | None = None,
    ) -> FakeReport:
        report = FakeReport(tuple(ask(item) for item in eval_set.items), threshold)
        if progress:
            progress(1, 1, "")
        return report

    module = types.ModuleType("assistant.evaluation.runner")
    module.__dict__.update(load_set=load_set, evaluate=evaluate)
    monkeypatch.setitem(sys.modules, "assistant.evaluation.runner", module)

    def load_dialogues(folder: Path) -> FakeDialogues:
        load_set(folder)
        return FakeDialogues((FakeSet((FakeItem("who?"), FakeItem("why?"))), FakeSet(())))

    def evaluate_dialogues(
        dialogues: FakeDialogues, ask: Callable[[FakeItem], Answer], **more: Any
    ) -> FakeReport:
        items = tuple(item for each in dialogues.dialogues for item in each.turns)
        return evaluate(FakeSet(items), ask, **more)

    module = types.ModuleType("assistant.evaluation.dialogues")
    module.__dict__.update(load_dialogues=load_dialogues, evaluate_dialogues=evaluate_dialogues)
    monkeypatch.setitem(sys.modules, "assistant.evaluation.dialogues", module)


@pytest.mark.usefixtures("runner")
def test_eval(capsys: Captured, fake: type[FakeAssistant], tmp_path: Path) -> None:
    as_json, as_markdown = tmp_path / "out.json", tmp_path / "out.md"
    argv = ["eval", "sets/news", "--limit", "2", "--index", "i", "--json", str(as_json)]
    assert run(capsys, *argv, "--markdown", str(as_markdown)) == (
        0,
        f"2 asked at {THRESHOLD}\n",
        "",
    )
    # Every question is asked for its best answer; the runner applies the threshold.
    assert fake.opened == [(Path("sets/news/docs"), Path("i"), Settings(min_confidence=0.0))]
    # The first is asked once more, before: it loads the models.
    assert [asked[0] for asked in fake.asked] == ["one?", "one?", "two?"]
    assert json.loads(as_json.read_text()) == {"asked": ["one?", "two?"]}
    assert as_markdown.read_text() == "| asked |\n"


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("more", [[], ["--limit", "1"]])
def test_eval_of_dialogues(
    capsys: Captured, fake: type[FakeAssistant], tmp_path: Path, more: list[str]
) -> None:
    as_json, as_markdown = tmp_path / "out.json", tmp_path / "out.md"
    argv = ["eval", "sets/news", "--dialogues", *more, "--json", str(as_json)]
    assert run(capsys, *argv, "--markdown", str(as_markdown)) == (
        0,
        f"2 asked at {THRESHOLD}\n",
        "",
    )
    assert fake.opened == [(Path("sets/news/docs"), None, Settings(min_confidence=0.0))]
    assert [asked[0] for asked in fake.asked] == ["who?", "who?", "why?"]
    assert json.loads(as_json.read_text()) == {"asked": ["who?", "why?"]}
    assert as_markdown.read_text() == "| asked |\n"


def test_eval_of_a_set_without_dialogues(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("A. B.")
    code, out, err = run(capsys, "eval", str(tmp_path), "--dialogues")
    assert (code, out) == (2, "")
    assert err == (
        f"onrecord: {tmp_path / 'dialogues.jsonl'} does not exist.\n"
        "  Name a folder with docs/*.txt and dialogues.jsonl.\n"
    )


@pytest.mark.usefixtures("runner")
def test_eval_at_another_threshold(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("min_confidence = 0.75")
    assert run(capsys, "eval", "news", "--settings", str(file))[1] == "3 asked at 0.75\n"


@pytest.mark.usefixtures("runner")
def test_eval_of_a_bad_set_names_every_mistake(capsys: Captured) -> None:
    assert run(capsys, "eval", "bad") == (
        2,
        "",
        "onrecord: bad has 2 mistakes:\n  line 1: a\n  line 2: b\n  Right it.\n",
    )


@pytest.mark.usefixtures("runner")
def test_eval_that_can_not_write(capsys: Captured) -> None:
    code, _, err = run(capsys, "eval", "news", "--json", "/no/such/out.json")
    assert code == 2
    assert err.splitlines()[0] == (
        "onrecord: /no/such/out.json can't be written: No such file or directory."
    )


# -- streams -------------------------------------------------------------------------------------


def test_interrupted(capsys: Captured, fake: type[FakeAssistant]) -> None:
    fake.trouble = KeyboardInterrupt()
    assert run(capsys, "index") == (130, "", "")
    assert fake.closed == 1


def test_a_defect_is_not_hidden(fake: type[FakeAssistant]) -> None:
    fake.trouble = ZeroDivisionError("a defect")
    with pytest.raises(ZeroDivisionError, match="a defect"):
        cli.main(["index"])


class Stream(io.TextIOWrapper):
    """A standard stream in an encoding, that may be a terminal or be broken."""

    def __init__(
        self, encoding: str = "utf-8", *, terminal: bool = False, broken: OSError | None = None
    ) -> None:
        self.bytes = io.BytesIO()
        self.terminal, self.broken = terminal, broken
        super().__init__(self.bytes, encoding)

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        if self.broken and text:
            raise self.broken
        return super().write(text)


def test_a_reader_that_went_away(
    monkeypatch: pytest.MonkeyPatch, fake: type[FakeAssistant], tmp_path: Path
) -> None:
    errors = Stream()
    monkeypatch.setattr(sys, "stdout", Stream(broken=BrokenPipeError()))
    monkeypatch.setattr(sys, "stderr", errors)
    file = lines(tmp_path / "q.jsonl", {"question": "one?"}, {"question": "two?"})
    assert cli.main(["ask", "--questions", str(file), "--json"]) == 141
    assert errors.bytes.getvalue() == b""
    assert len(fake.asked) == 1


def test_an_output_that_is_full(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    full = Stream(broken=OSError(28, "No space left on device"))
    monkeypatch.setattr(sys, "stdout", full)
    assert cli.main(["ask", "q"]) == 2
    assert capsys.readouterr().err == (
        "onrecord: The output can't be written: No space left on device.\n  Send it elsewhere.\n"
    )
    full.broken = None


def test_output_that_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Stream("ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert cli.main(["ask", "é?", "--json"]) == 0
    assert json.loads(out.bytes.getvalue().decode("ascii"))["question"] == "é?"
    shown = Stream("ascii")
    monkeypatch.setattr(sys, "stdout", shown)
    assert cli.main(["ask", "é?"]) == 0
    assert rb"3 May 2025 \xb7 fees.txt:1" in shown.bytes.getvalue()


def test_json_stays_utf_8_but_for_what_a_terminal_would_obey(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = Stream()
    monkeypatch.setattr(sys, "stdout", out)
    question = "é “q” \x9b31m \u202e \u2028 \x85 \x1b"
    assert cli.main(["ask", question, "--json"]) == 0
    text = out.bytes.getvalue().decode("utf-8")
    assert json.loads(text)["question"] == question
    assert "é “q” \\u009b31m \\u202e \\u2028 \\u0085 \\u001b" in text


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm"}, False, False),
    ],
)
def test_colour_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    terminal: bool,
    coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = Stream(terminal=terminal)
    monkeypatch.setattr(sys, "stdout", out)
    assert cli.main(["ask", "q"]) == 0
    assert (b"\x1b[" in out.bytes.getvalue()) == coloured


def test_progress_on_a_terminal_is_wiped_away(
    monkeypatch: pytest.MonkeyPatch, fake: type[FakeAssistant]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    errors = Stream(terminal=True)
    monkeypatch.setattr(sys, "stderr", errors)
    fake.report = replace(fake.report, added=("a.txt",))
    assert cli.main(["index"]) == 0
    drawn = errors.bytes.getvalue().decode().split("\r\x1b[K")
    assert drawn == [
        "",
        "indexing [....................] 0/1 a.txt",
        "indexing [####################] 1/1",
        "",
    ]


def test_a_question_error_of_the_pipeline_has_its_remedy(
    capsys: Captured, fake: type[FakeAssistant]
) -> None:
    fake.trouble = QuestionError("Too odd.", "Ask another.")
    assert run(capsys, "ask", "trouble") == (2, "", "onrecord: Too odd.\n  Ask another.\n")
