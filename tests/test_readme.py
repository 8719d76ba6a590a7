"""The README is true: its code runs, its commands exist, its fields are the answer's."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant import cli
from assistant.config import Settings
from assistant.resources import resource
from assistant.types import Answer, Citation, Claim, Dropped, Outcome
from index.types import Span
from tests.assistant.making import a_hit, sha256

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
SEED = "000_1c6de0bfd8bd3285.txt"

TRAWLER = """Trawler sold
Tarn Quay, 3 May 2025 — The Gazette

The trawler Marigold sank off Tarn Quay on Friday.
Ada Byron owns the trawler, the harbour office said.
She bought it from Charles Babbage in 2019.
"""


def unfilled(text: str) -> str:
    """``text`` without what benchmarks write into it."""
    return re.sub(r"(<!-- (\w+):begin -->).*?(<!-- \2:end -->)", r"\1\3", text, flags=re.DOTALL)


def python_blocks() -> list[str]:
    """What runs by itself; what needs the chat's server is tried where one runs."""
    blocks = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [block for block in blocks if "gradio_client" not in block]


def prose() -> str:
    """The text without its code and without what benchmarks write."""
    return re.sub(r"^```.*?^```$", "", unfilled(TEXT), flags=re.DOTALL | re.MULTILINE)


def shell_lines() -> list[str]:
    """What stands indented to be typed, without the comments beside it."""
    lines = [line[4:] for line in prose().splitlines() if line.startswith("    ")]
    return [re.sub(r"\s+#\s.*$", "", line) for line in lines]


def commands() -> list[list[str]]:
    """Arguments of each ``onrecord`` command. What goes into a file is marked by its name last."""
    found = [shlex.split(line) for line in shell_lines()]
    return [words[1:] for words in found if words[0] == "onrecord"]


def without_redirection(words: Sequence[str]) -> list[str]:
    return list(words[: words.index(">")] if ">" in words else words)


def test_there_is_something_to_test() -> None:
    assert len(python_blocks()) == TEXT.count("```python") - 1 >= 2
    assert TEXT.count("```") == 2 * TEXT.count("```python")
    assert {words[0] for words in commands()} == {
        "ask",
        "index",
        "status",
        "verify",
        "prune",
        "eval",
        "serve",
    }


# -- what can be run -------------------------------------------------------------------------------

# In one process, so that the models are loaded once. Each block has names of its own.
RUNNER = """
import contextlib, io, json, sys

job = json.load(sys.stdin)
found = {"blocks": [], "commands": []}

def run(code, number):
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, f"README block {number}", "exec"), names)
    return out.getvalue()

found["blocks"] = [run(code, number) for number, code in enumerate(job["blocks"])]

from assistant import cli

for argv, target in job["commands"]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = cli.main(argv)
    if target:
        with open(target, "w", encoding="utf-8") as file:
            file.write(out.getvalue())
    found["commands"].append([code, out.getvalue()])
print("\\nFOUND " + json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the README speaks of: ``reports``, ``seeds`` and ``questions.jsonl``."""
    folder = tmp_path_factory.mktemp("readme")
    for name, file, text in (
        ("reports", "trawler.txt", TRAWLER),
        ("seeds", SEED, (resource("seeds") / SEED).read_text("utf-8")),
    ):
        (folder / name).mkdir()
        (folder / name / file).write_text(text, "utf-8")
    lines = [
        {"question": "who owns the trawler?", "id": 7},
        {"question": "when did she buy it?", "history": ["who is Ada Byron?"]},
        {"question": "who owns the trawler?", "date": "2025-05-02"},
    ]
    (folder / "questions.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Everything of the README that costs little, run once and in its order."""
    jobs = []
    for words in commands():
        if words[0] not in ("eval", "serve"):
            jobs.append([without_redirection(words), words[-1] if ">" in words else ""])
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps({"blocks": python_blocks(), "commands": jobs}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.getenv("PYTHONPATH", "")])),
            "PYTHONIOENCODING": "utf-8",
            "XDG_DATA_HOME": str(tmp_path_factory.mktemp("data")),
        },
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.rpartition("\nFOUND ")[2])
    found["jobs"] = [argv for argv, _ in jobs]
    return found


def test_the_code_runs_and_gives_what_is_said(ran: dict[str, Any]) -> None:
    script, engine = ran["blocks"]
    first, *cited = script.splitlines()
    assert "the USA expects them to provide the bulk of the troops" in first
    assert cited
    for line in cited:
        document, start, end, quote = line.split(" ", 3)
        assert document == "trawler.txt"
        assert TRAWLER[int(start) : int(end)] == quote
    assert any("Ada Byron owns the trawler" in line for line in cited)
    assert engine == ""


def test_the_commands_run(ran: dict[str, Any], folder: Path) -> None:
    outcomes = dict(zip((" ".join(argv) for argv in ran["jobs"]), ran["commands"], strict=True))
    assert {code for code, _ in outcomes.values()} == {0}, outcomes
    (envoy,) = (out for line, (_, out) in outcomes.items() if "envoy" in line)
    assert "Keith Kellogg" in envoy
    lines = (folder / "answers.jsonl").read_text("utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    assert answers[0]["id"] == 7
    assert answers[0]["outcome"] == "answered"
    assert (answers[1]["asked"], "Ada Byron" in answers[1]["question"]) == (
        "when did she buy it?",
        True,
    )
    assert answers[2]["outcome"] == "no_evidence"  # the report is of the day after


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_command_line_knows_every_command(words: list[str]) -> None:
    args = cli._parser().parse_args(without_redirection(words))
    assert callable(args.run)


def test_the_evaluated_set_exists() -> None:
    for words in commands():
        if words[0] == "eval":
            assert (ROOT / words[1] / "questions.jsonl").is_file()
            assert (ROOT / words[1] / "docs").is_dir()


def test_options_that_are_named_exist() -> None:
    parser = cli._parser()
    helps = [parser.format_help()]
    for action in parser._actions:
        for sub in getattr(action, "choices", None) or {}:
            helps.append(action.choices[sub].format_help())  # type: ignore[index]
    known = set(re.findall(r"--[a-z][a-z-]+", " ".join(helps)))
    named = set(re.findall(r"`(--[a-z][a-z-]+)", unfilled(TEXT)))
    assert named
    assert named <= known


# -- what is said of the format --------------------------------------------------------------------


def an_answer() -> dict[str, Any]:
    """An answer with one of everything, as JSON."""
    quote = "Elm wants plums."
    citation = Citation(
        1, "a.txt", sha256(quote), "Elm", date(2025, 5, 3), 0, len(quote), quote, 0.8, quote
    )
    assert Span(citation.start, citation.end).of(quote) == quote
    return Answer(
        question="What does Elm want?",
        outcome=Outcome.ANSWERED,
        text=f"{quote} [1]",
        confidence=0.8,
        claims=(Claim(quote, (1,)),),
        citations=(citation,),
        passages=(a_hit(quote),),
        timings_ms={"total": 1.0},
        dropped=(Dropped("Oak.", "it does not stand there", "unsupported"),),
    ).to_dict()


def documented() -> dict[str, str]:
    """The fields of the table, each with what is said of it."""
    table = TEXT.split("| field | meaning |", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[1:]]
    return {name: meaning for names, meaning in rows for name in re.findall(r"`(\w+)`", names)}


def test_the_documented_fields_are_the_answer_s() -> None:
    assert list(documented()) == list(an_answer())


@pytest.mark.parametrize("field", ["claims", "citations", "passages", "dropped"])
def test_the_documented_fields_of_lists_are_the_answer_s(field: str) -> None:
    plain = re.sub(r"\([^)]*\)", "", documented()[field])
    assert re.findall(r"`(\w+)`", plain) == list(an_answer()[field][0])


def test_the_documented_outcomes_are_all() -> None:
    assert re.findall(r"`(\w+)`", documented()["outcome"]) == [str(o) for o in Outcome]


def test_the_documented_settings_are_all() -> None:
    (line,) = re.findall(r"^Settings go in.*?\n\n", TEXT, re.DOTALL | re.MULTILINE)
    assert re.findall(r"`(\w+)`", line) == [field.name for field in fields(Settings)]


# -- what is named ---------------------------------------------------------------------------------


def test_every_make_target_that_is_named_exists() -> None:
    typed = [*re.findall(r"`([^`\n]+)`", prose()), *shell_lines()]
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(typed)))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))
    assert {"run", "test"} <= named
    assert named <= targets
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets == set(phony.split())


def test_the_question_of_the_readme_is_that_of_make_run() -> None:
    (question,) = re.findall(r"^QUESTION := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f'*"{question}"*' in TEXT


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", TEXT)
    assert links
    for link in links:
        assert not re.match(r"[a-z]+:|/", link), link
        assert (ROOT / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:txt|md|toml))`", TEXT)))
)
def test_files_that_are_named_exist(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", ["README.md", "Makefile", "BENCHMARKS.md", "constraints.txt"])
def test_no_path_of_one_machine_and_no_host_of_a_registry(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    paths = re.findall(
        r"(?<![\w.$}])/(?:home|root|tmp|usr|var|opt|work|mnt|srv|Users|private)\b\S*|\b[A-Z]:\\\S*",
        text,
    )
    assert not paths
    hosts = re.findall(r"\b(?:[\w-]+\.)+(?:org|com|net|io|dev|ai|internal|local)\b", text)
    assert not hosts
    assert not re.findall(r"\bhttps?://(?!your\.|127\.0\.0\.1:(?:7860|11434)\b)\S+", text)
