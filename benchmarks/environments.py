"""Virtual environments for those that OnRecord is measured beside, made once and weighed.

Each gets a fresh one, by ``pip`` with pinned versions, in a folder that is named by what it was
made of: other needs, other environment; the older one of a name is removed. This is the only part
of the benchmark that goes online.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.contenders.catalogue import Step

_MADE = "made.json"
_DIGITS = 12
_CONSTRAINTS = machine.ROOT / "constraints.txt"


class EnvironmentFailed(Exception):
    """It could not be made; says what was tried and the last that was said."""


@dataclass(frozen=True, slots=True)
class Environment:
    """
    Attributes:
        python: its interpreter.
        commands: how many ``pip install`` it took.
        packages: how many there are in it.
        bytes: what they come to on disk, pip's own not counted.
    """

    python: Path
    commands: int
    packages: int
    bytes: int


def made(
    name: str,
    steps: Sequence[Step],
    cache: Path,
    pip_args: Sequence[str],
    say: Callable[[str], None],
    base: str = sys.executable,
) -> Environment:
    """The environment of these steps, from ``cache`` or made now.

    Args:
        pip_args: for every ``pip install``, such as the index of a torch build.
        base: the Python that makes it.

    Raises:
        EnvironmentFailed: a step failed. What was half made is removed.
    """
    folder = cache / f"{name}-{_digest(steps, base)}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / _MADE
    if stamp.is_file():
        weighed = json.loads(stamp.read_text("utf-8"))
        return Environment(python, **weighed)
    say(f"making an environment for {name}; this takes minutes, once")
    for older in cache.glob(f"{name}-{'?' * _DIGITS}"):
        shutil.rmtree(older)
    try:
        _run([base, "-m", "venv", str(folder)])
        packages = _packages_folder(python)
        before = machine.tree_bytes(packages)
        there = _count(packages)
        for step in steps:
            _run([*_pip(python), *_constraints(step), *pip_args, *_needs(step)])
            if step.removed:
                _run([str(python), "-m", "pip", "uninstall", "--quiet", "-y", *step.removed])
    except EnvironmentFailed:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    found = Environment(
        python,
        commands=len(steps),
        packages=_count(packages) - there,
        bytes=machine.tree_bytes(packages) - before,
    )
    weighed = {key: value for key, value in asdict(found).items() if key != "python"}
    stamp.write_text(json.dumps(weighed), "utf-8")
    return found


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def _constraints(step: Step) -> list[str]:
    return ["-c", str(_CONSTRAINTS)] if step.constrained else []


def _needs(step: Step) -> list[str]:
    return [str(machine.ROOT) if need == "." else need for need in step.needs]


def _digest(steps: Sequence[Step], base: str) -> str:
    digest = hashlib.sha256(json.dumps([asdict(step) for step in steps]).encode())
    digest.update(f"{base}\0{sys.version}".encode())
    if any(step.constrained for step in steps):
        digest.update(_CONSTRAINTS.read_bytes())
    if any("." in step.needs for step in steps):
        digest.update((machine.ROOT / "pyproject.toml").read_bytes())
        # Its own code and models are a part of the weight.
        digest.update(machine.code().encode())
    return digest.hexdigest()[:_DIGITS]


def _packages_folder(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(_run([str(python), "-c", code]).strip())


def _count(packages: Path) -> int:
    return sum(1 for _ in packages.glob("*.dist-info"))


def _run(command: Sequence[str]) -> str:
    # Not from the checkout: Python would take its folders for packages.
    done = subprocess.run(command, capture_output=True, text=True, cwd=tempfile.gettempdir())
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said
        last = errors[-1] if errors else f"it ended with {done.returncode}"
        shown = " ".join(Path(part).name if part == command[0] else part for part in command)
        raise EnvironmentFailed(f"“{shown}” failed: {last}")
    return done.stdout
