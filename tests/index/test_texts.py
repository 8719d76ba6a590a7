"""Text layers: exact, kept by content and parser, whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import IndexCorrupt
from index.parse import PARSER_VERSION
from index.texts import TextStore

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def texts(tmp_path: Path) -> TextStore:
    return TextStore(tmp_path / "texts")


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(codec="utf-8")), st.integers(0, 2**32))
def test_a_layer_comes_back_as_it_was(texts: TextStore, text: str, number: int) -> None:
    name = f"{number:064x}"
    texts.write(name, text)
    texts._cached.cache_clear()
    assert texts.read(name) == text


@pytest.mark.parametrize("text", ["a\r\nb\rc\n", "\ufeffx", "a\u2028b\x0c\x1c", "🎉e\u0301", ""])
def test_line_ends_and_marks_are_kept(texts: TextStore, tmp_path: Path, text: str) -> None:
    texts.write(ONE, text)
    assert TextStore(tmp_path / "texts").read(ONE) == text


def test_an_unknown_layer_is_a_key_error(texts: TextStore) -> None:
    with pytest.raises(KeyError):
        texts.read(ONE)
    texts.write(ONE, "one")
    with pytest.raises(KeyError):
        texts.read(ONE, parser="other")
    assert texts.read(ONE) == "one"
    assert texts.layers(TWO) == []


def test_parsers_have_layers_of_their_own(texts: TextStore) -> None:
    texts.write(ONE, "newer", parser="zz")
    texts.write(ONE, "older", parser="0")
    texts.write(ONE, "current")
    assert texts.read(ONE, parser="0") == "older"
    assert texts.layers(ONE) == ["current", "older", "newer"]
    assert PARSER_VERSION not in ("0", "zz")


def test_a_layer_appears_whole_or_not_at_all(
    texts: TextStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            texts.write(ONE, "one")
    with pytest.raises(KeyError):
        texts.read(ONE)
    assert [path for path in (tmp_path / "texts").rglob("*") if path.is_file()] == []


def test_a_layer_that_was_cut_short_is_written_again(texts: TextStore, tmp_path: Path) -> None:
    """A power cut can leave the file empty; a rebuild must not pass it over."""
    texts.write(ONE, "the whole text")
    (path,) = (tmp_path / "texts").glob("*/*")
    path.write_bytes(b"the wh")
    other = TextStore(tmp_path / "texts")
    assert other.read(ONE) == "the wh"
    other.write(ONE, "the whole text")
    assert other.read(ONE) == "the whole text"


def test_writing_again_leaves_the_file_alone(texts: TextStore, tmp_path: Path) -> None:
    texts.write(ONE, "one")
    (path,) = (tmp_path / "texts").glob("*/*")
    before = path.stat()
    texts.write(ONE, "one")
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_is_no_text_is_named(texts: TextStore, tmp_path: Path) -> None:
    texts.write(ONE, "one")
    (path,) = (tmp_path / "texts").glob("*/*")
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(IndexCorrupt, match=path.name):
        texts.read(ONE)


def test_prune_drops_what_is_not_kept_and_every_draft(texts: TextStore, tmp_path: Path) -> None:
    texts.write(ONE, "öne")
    texts.write(ONE, "öne", parser="0")
    texts.write(TWO, "two")
    draft = tmp_path / "texts" / ONE[:2] / f"{ONE}.1.txt.77.draft"
    draft.write_bytes(b"12345")
    assert texts.prune([TWO, "3" * 64]) == (3, 13)
    assert texts.read(TWO) == "two"
    with pytest.raises(KeyError):
        texts.read(ONE)
    assert texts.prune([]) == (1, 3)
    assert texts.prune([]) == (0, 0)
    assert TextStore(tmp_path / "nowhere").prune([]) == (0, 0)
