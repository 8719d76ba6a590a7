"""The same passages by their words: BM25 in SQLite's FTS5, on disk and incremental.

The formula is Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
(Foundations and Trends in IR, 2009), with FTS5's constants k1 = 1.2 and b = 0.75. Words are folded
to lower case, stripped of diacritics and stemmed (Porter 1980) by FTS5's own tokenizer.
"""

from __future__ import annotations

import math
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from index.sqlite import ORDINALS, Connections, PassageId, guarded, row_of

_COMMON = 0.1
"""Terms in more than this share of the passages say little and cost much."""

_SCORED = 10_000
"""About how many passages a search scores. Without a limit it would be a share of the corpus."""

_STEMS_KEPT = 100_000
_TITLE_WEIGHT = 0.5
_TOKENIZER = "tokenize = 'porter unicode61 remove_diacritics 2'"

# Function words of English, which no question is about. Terms that are common in a corpus are
# dropped by their frequency besides; this list is for corpora too small to tell.
STOP_WORDS = frozenset(
    """a about after again against all also am an and any are aren as at be because been before
    being below between both but by can cannot could couldn did didn do does doesn doing don down
    during each few for from further had hadn has hasn have haven having he her here hers herself
    him himself his how i if in into is isn it its itself just ll me more most much many mustn my
    myself no nor not now of off on once only or other ought our ours ourselves out over own per
    re s same shan she should shouldn so some such t than that the their theirs them themselves
    then there these they this those through to too under until up upon ve very was wasn we were
    weren what when where which while who whom whose why will with won would wouldn you your yours
    yourself yourselves""".split()
)


class LexicalIndex:
    """Passages by their words. Safe to share by threads: each has a connection of its own.

    Args:
        path: the SQLite file; made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connections = Connections(path, _prepare)
        self._stems: dict[str, str] = {}

    def add(self, passages: Iterable[tuple[PassageId, str, str]]) -> None:
        """Write ``(id, title, text)`` of passages. Visible at once, all or none."""
        with guarded(self._path), self._connections.get() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO passages (rowid, title, text) VALUES (?, ?, ?)",
                ((row_of(passage), title, text) for passage, title, text in passages),
            )

    def delete(self, versions: Iterable[int]) -> None:
        """Remove every passage of these versions."""
        with guarded(self._path), self._connections.get() as connection:
            connection.executemany(
                "DELETE FROM passages WHERE rowid >= ? AND rowid < ?",
                ((version * ORDINALS, (version + 1) * ORDINALS) for version in versions),
            )

    def search(
        self, question: str, k: int, *, versions: tuple[int, ...] | None = None
    ) -> list[tuple[PassageId, float]]:
        """The ``k`` best passages for the words of ``question``, best first.

        Stop words and terms that stand in over a tenth of the passages are left out, unless
        nothing remains. The score is BM25, higher is better. Where the terms stand in more than
        ten thousand passages, only those are scored that have one of the rarest in them: of every
        term that counts, but without the passages that have common ones alone.

        Args:
            versions: only passages of these; ``None``: of all.
        """
        with guarded(self._path):
            frequency = self._searched(question)
            if not frequency or versions == ():
                return []
            match, times = _expression(frequency)
            only = ""
            if versions is not None:
                # Written out: values that are bound are limited in number.
                listed = ", ".join(str(int(version)) for version in versions)
                only = f"AND rowid / {ORDINALS} IN ({listed}) "
            rows = self._connections.get().execute(
                "SELECT rowid, bm25(passages, ?, 1.0) AS score FROM passages "
                f"WHERE passages MATCH ? {only}ORDER BY score, rowid LIMIT ?",
                (_TITLE_WEIGHT, match, k),
            )
            return [((row // ORDINALS, row % ORDINALS), -score / times) for row, score in rows]

    def search_terms(self, question: str) -> list[str]:
        """The words of ``question`` that a search looks for, as they stand there."""
        return list(self._searched(question))

    def _searched(self, question: str) -> dict[str, int]:
        """The same with the number of passages that each stands in."""
        words = list(dict.fromkeys(self._words(question)))
        # To count the passages of a word is to walk them, which of "the" is to walk the corpus.
        known = self._known([word for word in words if word not in STOP_WORDS])
        if not known:
            return self._known(words)
        limit = max(2, _COMMON * self.count())
        return {word: n for word, n in known.items() if n <= limit} or known

    def _known(self, words: Sequence[str]) -> dict[str, int]:
        frequency = self.document_frequency(words)
        return {word: frequency[word] for word in words if frequency.get(word)}

    def document_frequency(self, words: Sequence[str]) -> dict[str, int]:
        """In how many passages each word stands, in any form of the same stem."""
        with guarded(self._path):
            connection = self._connections.get()
            found = {}
            for word, stem in self.stems(words).items():
                row = connection.execute(
                    "SELECT doc FROM vocabulary WHERE term = ?", (stem,)
                ).fetchone()
                found[word] = int(row[0]) if row else 0
            return found

    def stems(self, words: Iterable[str]) -> dict[str, str]:
        """The form under which FTS5 keeps each word; one without letters and digits has none.

        Asked of FTS5 itself, so that the two can't differ.
        """
        wanted = set(words)
        # One dictionary throughout: another thread may begin a new one meanwhile.
        kept = self._stems
        missing = [word for word in wanted if word not in kept]
        if missing:
            if len(kept) > _STEMS_KEPT:
                kept = self._stems = {}
                missing = list(wanted)
            with guarded(self._path):
                connection = self._connections.get()
                connection.execute("DELETE FROM temp.stemmer")
                connection.executemany(
                    "INSERT INTO temp.stemmer (rowid, word) VALUES (?, ?)",
                    enumerate(missing),
                )
                found: dict[int, str] = {}
                for row, term in connection.execute("SELECT doc, term FROM temp.stems"):
                    found.setdefault(row, term)
                connection.commit()
            kept.update((word, found.get(n, "")) for n, word in enumerate(missing))
        return {word: stem for word in wanted if (stem := kept.get(word, ""))}

    def idf(self, words: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency of each word: ``ln(1 + (N - n + 0.5) / (n + 0.5))``, the
        form that stays positive (Robertson & Zaragoza 2009, with Lucene's 1 + inside the log)."""
        total = self.count()
        frequency = self.document_frequency(words)
        return {
            word: math.log(1.0 + (max(total, n) - n + 0.5) / (n + 0.5))
            for word in words
            for n in [frequency.get(word, 0)]
        }

    def count(self) -> int:
        """How many passages are stored, current or not."""
        with guarded(self._path):
            # FTS5's row count is a scan; this reads the table that holds one row a passage.
            connection = self._connections.get()
            row = connection.execute("SELECT count(*) FROM passages_docsize").fetchone()
            return int(row[0])

    def versions(self) -> set[int]:
        """Versions that have passages here, current or not."""
        with guarded(self._path):
            rows = self._connections.get().execute(
                "SELECT DISTINCT id / ? FROM passages_docsize", (ORDINALS,)
            )
            return {int(row[0]) for row in rows}

    def clear(self) -> None:
        """Remove every passage."""
        with guarded(self._path), self._connections.get() as connection:
            connection.execute("DELETE FROM passages")

    def close(self) -> None:
        """Close every thread's connection."""
        self._connections.close()

    def _words(self, text: str) -> list[str]:
        # Lower case and composed accents, as FTS5 folds: case folding would make "strasse" of
        # "straße", which it keeps, and a combining accent would cut its word in two.
        composed = unicodedata.normalize("NFC", text)
        words = "".join(char if char.isalnum() else " " for char in composed).split()
        return [word.lower() for word in words]


def _prepare(connection: sqlite3.Connection) -> None:
    connection.executescript(
        f"""
        CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (title, text, {_TOKENIZER});
        CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab (passages, row);
        CREATE VIRTUAL TABLE temp.stemmer USING fts5 (word, {_TOKENIZER});
        CREATE VIRTUAL TABLE temp.stems USING fts5vocab (temp, stemmer, instance);
        """
    )


def _expression(frequency: Mapping[str, int]) -> tuple[str, int]:
    """FTS5's query for these terms, and how often it counts each in its score."""
    # Quoted, so that no term is read as an operator of the query language.
    quoted = {term: '"' + term.replace('"', '""') + '"' for term in frequency}
    leading: list[str] = []
    scored = 0
    for term in sorted(frequency, key=lambda term: frequency[term]):
        if leading and scored + frequency[term] > _SCORED:
            break
        leading.append(quoted[term])
        scored += frequency[term]
    others = [term for term in quoted.values() if term not in leading]
    if not others:
        return " OR ".join(quoted.values()), 1
    # A conjunction counts the terms of both its sides; so the others are named twice as well.
    lead = " OR ".join(leading)
    return f"({lead}) AND ({lead} OR {' OR '.join(others * 2)})", 2
