"""The project as others get it: a wheel holds what runs, and runs away from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import assistant
from assistant.resources import resource

ROOT = Path(__file__).parents[1]
SEED = "000_1c6de0bfd8bd3285.txt"
MODEL = ("assistant/model/reader.onnx", "assistant/model/tokenizer.json")
NOTICE = "assistant/model/NOTICE"
EXPECTED = {
    "But in exchange for those commitments, Trump may expect Europe to shoulder a larger share of "
    "the burden of securing any potential deal.",
    "The Europeans understand that the USA expects them to provide the bulk of the troops, the "
    "diplomat said, because Trump views the war in Ukraine as a European matter.",
}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def python(*argv: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, argv)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


def pip(*argv: str | Path, cwd: Path) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    done = python("-m", "pip", argv[0], *quiet, *argv[1:], cwd=cwd)
    # Without hatchling this fails, and is not skipped: the dev extra brings it.
    assert done.returncode == 0, done.stderr


def built(source: Path, folder: Path) -> Path:
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, source, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    pip("install", "--target", target, wheel, cwd=target)
    return target


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Python with the installed project before all others, in a folder that is not the checkout."""

    def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
        return python(
            *argv,
            cwd=tmp_path,
            PYTHONPATH=os.pathsep.join(filter(None, [str(installed), os.getenv("PYTHONPATH", "")])),
            XDG_DATA_HOME=str(tmp_path / "data"),
        )

    return run


def source_files() -> set[str]:
    return {
        str(path.relative_to(ROOT).as_posix())
        for package in ("assistant", "index")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def data_files() -> set[str]:
    return {
        f"assistant/_data/{name}/{path.relative_to(ROOT / name).as_posix()}"
        for name in ("prompts", "seeds")
        for path in (ROOT / name).rglob("*")
        if path.is_file()
    }


def test_the_wheel_holds_the_packages_and_their_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert names == source_files() | data_files()
    assert "assistant/scorer.json" in names
    assert "index/model/embedder.onnx" in names
    assert {name for name in names if name.startswith("assistant/model/")} == {*MODEL, NOTICE}
    assert f"assistant/_data/seeds/{SEED}" in names
    assert any(name.startswith("assistant/_data/prompts/") for name in names)


def test_what_the_wheel_says_of_itself(wheel: Path) -> None:
    folder = f"onrecord-{assistant.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as opened:
        about = Parser().parsestr(opened.read(f"{folder}/METADATA").decode())
        scripts = opened.read(f"{folder}/entry_points.txt").decode()
        licence = opened.read(f"{folder}/licenses/LICENSE")
    assert wheel.name == f"onrecord-{assistant.__version__}-py3-none-any.whl"
    assert (about["Name"], about["Version"]) == ("onrecord", assistant.__version__)
    assert about["License-Expression"] == "Apache-2.0"
    assert scripts.split() == ["[console_scripts]", "onrecord", "=", "assistant.cli:main"]
    assert licence == (ROOT / "LICENSE").read_bytes()
    needs = [Requirement(line) for line in about.get_all("Requires-Dist", [])]
    always = {need.name for need in needs if not need.marker}
    assert {"chromadb", "llama-index", "onnxruntime", "tokenizers"} <= always
    by_extra = {
        extra: {
            need.name for need in needs if need.marker and need.marker.evaluate({"extra": extra})
        }
        for extra in ("dev", "train")
    }
    assert {"pytest", "hatchling"} <= by_extra["dev"]
    assert {"onnx", "scipy"} == by_extra["train"] - by_extra["dev"] - always
    assert not [need for need in needs if need.url]


def test_the_seeds_of_the_wheel_are_those_of_the_checkout(installed: Path) -> None:
    copy = installed / "assistant" / "_data" / "seeds" / SEED
    assert copy.read_bytes() == (resource("seeds") / SEED).read_bytes()


def test_it_answers_away_from_the_checkout(run: Run, installed: Path, tmp_path: Path) -> None:
    where = run("-c", "import assistant, index; print(assistant.__file__); print(index.__file__)")
    assert where.returncode == 0, where.stderr
    assert all(Path(line).is_relative_to(installed) for line in where.stdout.splitlines())
    question = "what does the US expect from Europe?"
    done = run("-m", "assistant", "ask", question, "--json", "--index", tmp_path / "idx")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "answered"
    assert {citation["quote"] for citation in answer["citations"]} == EXPECTED
    text = (installed / "assistant" / "_data" / "seeds" / SEED).read_text("utf-8")
    for citation in answer["citations"]:
        assert citation["document"] == SEED
        assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert (tmp_path / "idx" / "manifest.sqlite3").is_file()
    # It wrote nothing into the installation, which may be read-only.
    here = {
        path.relative_to(installed).as_posix()
        for path in (installed / "assistant").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with_data = {name for name in source_files() | data_files() if name.startswith("assistant/")}
    assert here == with_data


def test_the_model_of_the_wheel_is_that_of_the_checkout(installed: Path) -> None:
    for name in MODEL:
        assert (installed / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_installed_model_reads(run: Run, installed: Path) -> None:
    code = """
import json
from assistant.cross_encoder import MODEL, Sentence, reader
texts = ["Ada Byron owns the trawler.", "The weather in the harbour was fine on Monday."]
found = reader(None).read("Who owns the trawler?", [Sentence(text) for text in texts])
print(json.dumps([str(MODEL), found[0].score > found[1].score, found[0].answer]))
"""
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [str(installed / "assistant" / "model"), True, "Ada Byron"]


@pytest.mark.parametrize("name", MODEL)
def test_an_installation_without_its_model_says_so(
    installed: Path, tmp_path: Path, name: str
) -> None:
    part = tmp_path / "part"
    shutil.copytree(installed, part)
    (part / name).unlink()
    place = {"PYTHONPATH": str(part), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = python("-m", "assistant", "ask", "who expects what?", cwd=tmp_path, **place)
    assert (done.returncode, done.stdout) == (2, "")
    said, remedy = done.stderr.splitlines()
    assert said.startswith(f"onrecord: The evidence model in {part / 'assistant' / 'model'} can't")
    assert remedy == (
        "  Install the project again, or name another with the setting cross_encoder."
    )
    # Without it there are answers all the same, where that is asked for.
    argv = ("ask", "what does the US expect from Europe?", "--json", "--cross-encoder", "none")
    done = python("-m", "assistant", *argv, cwd=tmp_path, **place)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "answered"


def test_the_command_is_installed(run: Run, installed: Path) -> None:
    done = run(installed / "bin" / "onrecord", "--version")
    assert (done.returncode, done.stdout) == (0, f"onrecord {assistant.__version__}\n")


# At the top; below lie only what the wheel is made of (an include of "assistant" without a leading
# slash is a pattern, which "tests/assistant" fits too).
SDIST = {"LICENSE", "README.md", "constraints.txt", "pyproject.toml", "PKG-INFO", ".gitignore"}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    done = python("-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.tar.gz")
    return archive


def test_the_source_archive_holds_what_the_wheel_is_made_of(sdist: Path) -> None:
    with tarfile.open(sdist) as opened:
        names = {name.split("/", 1)[1] for name in opened.getnames()}
    assert {name for name in names if "/" not in name} == SDIST
    assert {name.split("/", 1)[0] for name in names if "/" in name} == {
        "assistant",
        "index",
        "prompts",
        "seeds",
    }


def test_a_wheel_from_the_source_archive_is_the_same(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(built(sdist, tmp_path)) as one, zipfile.ZipFile(wheel) as other:
        assert set(one.namelist()) == set(other.namelist())
