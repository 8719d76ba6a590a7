"""Small corpora, a deterministic embedder, and the whole content of an index to compare."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.folder import Index
from index.sync import sync

ROOT = Path(__file__).resolve().parents[2]
DIMENSION = 16
Key = tuple[str, str, int, int]
"""A passage: path, sha256, start, end."""


@lru_cache(maxsize=100_000)
def _direction(word: str) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)


class FakeEmbedder:
    """Each word has a direction of its own; a text's vector is their sum. Exact and fast.

    Offers what :class:`index.embed.Embedder` does.
    """

    def __init__(self, identity: str = "fake", *, delay: float = 0.0) -> None:
        self.identity = identity
        self.dimension = DIMENSION
        self.max_tokens = 64
        self.special_tokens = 2
        self.encoded = 0
        self.knows_spans = True
        self._delay = delay

    def token_offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in re.finditer(r"\w+|[^\w\s]", text)] for text in texts]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += len(texts)
        time.sleep(self._delay * len(texts))
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or ["-"]:
                row += _direction(word)
            row /= np.linalg.norm(row)
        return vectors

    def encode_in_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        vectors, encoded = self.encode(texts), self.encoded
        inside = [
            self.encode([text[start:end] for start, end in of_text])
            for text, of_text in zip(texts, spans, strict=True)
        ]
        self.encoded = encoded
        return vectors, inside


def sentences(seed: str, count: int) -> str:
    """A document: a title and ``count`` sentences that stand in no other document."""
    lines = [
        f"On day {n} the council of {seed} counted {n * 7 + len(seed)} ships in harbour {seed}{n}."
        for n in range(count)
    ]
    return f"Report of {seed}\n\n" + " ".join(lines) + "\n"


def write(corpus: Path, documents: Mapping[str, str | bytes], *, age: float = 60.0) -> None:
    """Write files that were last changed ``age`` seconds ago, so that none is taken for racy."""
    for name, content in documents.items():
        path = corpus / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = time.time_ns() - int(age * 1e9)
        os.utime(path, ns=(moment, moment))


@dataclass(frozen=True)
class Content:
    """Everything that an index holds, free of the numbers that differ from one to the next."""

    texts: dict[Key, str]
    vectors: dict[Key, NDArray[np.float32]]
    words: dict[Key, tuple[str, str]]
    sentences: dict[Key, NDArray[np.float32]]
    titles: dict[str, str]


def content(index: Index) -> Content:
    """What ``index`` holds. Asserts that nothing is in any part which the manifest doesn't name,
    and that the manifest names nothing that isn't there."""
    assert index.manifest.unfinished() == []
    assert not {"storing", "repairing"} & index.manifest.meta().keys()
    keys: dict[tuple[int, int], Key] = {}
    texts: dict[Key, str] = {}
    titles: dict[str, str] = {}
    for version in index.manifest.current():
        text = index.text(version.sha256, version.parser)
        assert len(text) == version.characters
        places = index.manifest.passages_of(version.version)
        assert len(places) == version.passages
        titles[version.path] = version.title
        for place in places:
            key = (version.path, version.sha256, place.span.start, place.span.end)
            assert key not in texts
            keys[place.passage] = key
            texts[key] = place.span.of(text)
    stored = dict(index.store.vectors())
    assert stored.keys() == keys.keys()
    assert index.store.count() == len(keys)
    with sqlite3.connect(index.path / "lexical.sqlite3") as connection:
        rows = connection.execute("SELECT rowid, title, text FROM passages").fetchall()
        connection.execute("INSERT INTO passages (passages) VALUES ('integrity-check')")
    connection.close()
    words = {(row >> 20, row & ((1 << 20) - 1)): (title, text) for row, title, text in rows}
    assert words.keys() == keys.keys()
    assert index.lexical.count() == len(keys)
    with sqlite3.connect(index.path / "manifest.sqlite3") as connection:
        (spans,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    connection.close()
    assert spans == len(keys)
    assert sorted(index.sentences.ids()) == sorted(keys)
    assert index.sentences.count() == len(keys)
    of_sentences = index.sentences.get(list(keys), next((len(v) for v in stored.values()), 2))
    return Content(
        texts=texts,
        vectors={keys[passage]: vector for passage, vector in stored.items()},
        words={keys[passage]: pair for passage, pair in words.items()},
        sentences={keys[passage]: vectors for passage, vectors in of_sentences.items()},
        titles=titles,
    )


def assert_same(one: Content, other: Content) -> None:
    """Equal passages, words and titles; vectors equal up to the noise of another batch."""
    assert one.texts == other.texts
    assert one.words == other.words
    assert one.titles == other.titles
    assert one.vectors.keys() == other.vectors.keys()
    for key, vector in one.vectors.items():
        assert float(vector @ other.vectors[key]) > 0.9999, key
    assert one.sentences.keys() == other.sentences.keys()
    for key, sentences_of in one.sentences.items():
        assert np.allclose(sentences_of, other.sentences[key], atol=1e-3), key


def assert_as_from_nothing(index: Index, corpus: Path, fresh: Path, embedder: object) -> Content:
    """``index`` equals one that is built now, in ``fresh``; and each passage is found again by
    its own vector. Returns its content."""
    new = Index(fresh, model=embedder.identity)  # type: ignore[attr-defined]
    try:
        sync(corpus, new, embedder, allow_empty=True)  # type: ignore[arg-type]
        there = content(index)
        assert_same(there, content(new))
        wanted = list(there.vectors.items())
        for key, vector in wanted[:: max(1, len(wanted) // 25)]:
            hits = index.consistent(lambda v=vector: index.dense(v, 1))
            assert [(hit.path, hit.sha256, hit.span.start, hit.span.end) for hit in hits] == [key]
        return there
    finally:
        new.close()


def run_python(
    code: str, *arguments: object, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process of its own, from the checkout."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        **options,  # type: ignore[call-overload, no-any-return]
    )
