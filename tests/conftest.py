"""What every test may use: the real embedding model, loaded once, and a data folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.embed import Embedder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged model."""
    return Embedder()


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes an index in the data folder of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
