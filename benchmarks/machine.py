"""What the figures were taken on, and how time and memory are read."""

from __future__ import annotations

import hashlib
import os
import platform
import resource
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

_LIBRARIES = ("torch", "sentence-transformers", "chromadb", "spacy", "llama-index-core")


def described() -> dict[str, Any]:
    """The machine and what is installed. Loads none of it. ``load`` is the one-minute load average:
    well above zero before a measurement begins, the machine is busy with something else."""
    return {
        "cpus": cpus(),
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "load": round(os.getloadavg()[0], 2),
    }


def peak_bytes() -> int:
    """The most memory that this process has had, resident."""
    try:
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            # Not ru_maxrss where this is to be had: that one begins with what the parent had.
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return maxrss_bytes(resource.getrusage(resource.RUSAGE_SELF))


def maxrss_bytes(usage: resource.struct_rusage) -> int:
    """``ru_maxrss``, which macOS gives in bytes and everyone else in kibibytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def tree_bytes(folder: Path) -> int:
    """What the files under ``folder`` come to."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def code() -> str:
    """A fingerprint of the code that is measured: figures with equal ones are of one version."""
    digest = hashlib.sha256()
    for package in ("assistant", "index", "prompts"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def cpus() -> int | None:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9)
    except (ValueError, OSError, AttributeError):
        return None


def say(text: str) -> None:
    """A line on the screen with the time, for whoever waits."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)
