"""Assistants over the project's own documents, indexed once for all tests that only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.pipeline import Assistant
from assistant.resources import resource

NEWS = Path(__file__).parents[2] / "benchmarks" / "data" / "news" / "docs"


def _opened(corpus: Path, index: Path) -> Iterator[Assistant]:
    with Assistant.open(corpus, index) as assistant:
        assistant.sync()
        yield assistant


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Over the report that comes with the project. Not to be written to."""
    yield from _opened(resource("seeds"), tmp_path_factory.mktemp("seeds") / "index")


@pytest.fixture(scope="session")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Over the twenty-one reports of the benchmark. Not to be written to."""
    yield from _opened(NEWS, tmp_path_factory.mktemp("news") / "index")
