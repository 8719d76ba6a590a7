"""BM25 alone: bm25s, over passages of about the size that MiniLM reads.

bm25s has no splitter: passages are cut here, by place, so that their places are right. It can't
take one document in anew: everything is indexed again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.contenders.protocol import Found, Piece, Place, files, serve, text_of

WORDS = 180
"""About 256 tokens of MiniLM, which is what the other contenders' passages have."""

_SENTENCE = re.compile(r"[^\n]+?(?:[.!?][”\"’)]*(?=\s)|(?=\n)|\Z)")
_PLACES = "places.json"


def passages(document: str, text: str) -> list[Piece]:
    """Sentences by the simplest rule, packed to at most :data:`WORDS` words; no overlap."""
    found: list[Piece] = []
    start, end, words = 0, 0, 0
    for match in _SENTENCE.finditer(text):
        more = len(match.group().split())
        if not more:
            continue
        if words and words + more > WORDS:
            found.append(Piece(document, text[start:end], start, end))
            words = 0
        if not words:
            start = match.start() + len(match.group()) - len(match.group().lstrip())
        end, words = match.end(), words + more
    if words:
        found.append(Piece(document, text[start:end], start, end))
    return found


class Bm25:
    """The library's defaults: Lucene's formula, lower case, English stop words, no stemmer."""

    def __init__(self) -> None:
        self._retriever: Any = None
        self._pieces: list[Piece] = []
        self._store: Path | None = None

    def about(self) -> Mapping[str, str]:
        return {"version": metadata.version("bm25s"), "model": ""}

    def index(self, place: Place) -> int:
        import bm25s

        pieces = [
            piece for path in files(place.folder) for piece in passages(path.name, text_of(path))
        ]
        retriever = bm25s.BM25()
        tokens = bm25s.tokenize([p.text for p in pieces], stopwords="en", show_progress=False)
        retriever.index(tokens, show_progress=False)
        store = place.store
        store.mkdir(parents=True, exist_ok=True)
        retriever.save(str(store))
        places = [[piece.document, piece.text, piece.start, piece.end] for piece in pieces]
        (store / _PLACES).write_text(json.dumps(places), "utf-8")
        self._retriever, self._pieces, self._store = retriever, pieces, store
        return len(pieces)

    def open(self, place: Place) -> None:
        import bm25s

        self._retriever = bm25s.BM25.load(str(place.store))
        places = json.loads((place.store / _PLACES).read_text("utf-8"))
        self._pieces = [Piece(*place) for place in places]
        self._store = place.store

    def ask(self, question: str, k: int) -> Found:
        import bm25s

        tokens = bm25s.tokenize([question], stopwords="en", show_progress=False)
        most = min(k, len(self._pieces))
        places, scores = self._retriever.retrieve(tokens, k=most, show_progress=False)
        # It fills up with passages that share no word with the question.
        return Found(
            tuple(
                self._pieces[int(place)]
                for place, score in zip(places[0], scores[0], strict=True)
                if score > 0
            )
        )

    def change(self, path: Path) -> None:
        assert self._store is not None
        self.index(Place(path.parent, self._store))


if __name__ == "__main__":
    serve(Bm25())
