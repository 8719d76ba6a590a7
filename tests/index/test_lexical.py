"""Passages by their words: order, counts, what a question may contain, what leaves."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import IndexCorrupt
from index.lexical import STOP_WORDS, LexicalIndex

RATES = [
    ((1, 0), "Rates", "The bank raised interest rates again on Thursday."),
    ((1, 1), "Rates", "Rates, rates, rates: nothing but interest rates."),
    ((2, 0), "Weather", "Heavy rain fell on the coast, and the harbour was closed."),
    ((2, 1), "Weather", "The mayor thanked the harbour master."),
    ((3, 0), "Gold", "Gold fell to its lowest price this year."),
]


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    return LexicalIndex(tmp_path / "lexical.sqlite3")


@pytest.fixture
def rates(lexical: LexicalIndex) -> LexicalIndex:
    lexical.add(RATES)
    return lexical


def ids(found: list[tuple[tuple[int, int], float]]) -> list[tuple[int, int]]:
    return [passage for passage, _ in found]


def test_an_empty_index_answers(lexical: LexicalIndex) -> None:
    assert lexical.search("gold", 5) == []
    assert lexical.search("", 5) == []
    assert lexical.count() == 0
    assert lexical.versions() == set()
    assert lexical.document_frequency(["gold"]) == {"gold": 0}
    lexical.delete([1, 2])
    lexical.clear()


def test_the_best_comes_first_and_scores_are_bm25(lexical: LexicalIndex) -> None:
    """Robertson & Zaragoza 2009, k1 = 1.2, b = 0.75, by hand, over texts without titles."""
    texts = ["gold gold silver", "gold iron tin lead", "silver", "tin iron", "lead zinc copper"]
    lexical.add(((1, n), "", text) for n, text in enumerate(texts))
    found = lexical.search("gold", 5)
    assert ids(found) == [(1, 0), (1, 1)]
    average = sum(len(text.split()) for text in texts) / len(texts)
    idf = math.log((5 - 2 + 0.5) / (2 + 0.5))

    def bm25(frequency: int, length: int) -> float:
        return idf * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * length / average))

    assert [score for _, score in found] == pytest.approx([bm25(2, 3), bm25(1, 4)])
    assert lexical.search("gold", 1) == found[:1]


def test_a_title_counts_half(lexical: LexicalIndex) -> None:
    lexical.add(
        [((1, 0), "gold", "iron"), ((2, 0), "iron", "gold")]
        + [((3, n), "tin", "lead") for n in range(5)]
    )
    (first, high), (second, low) = lexical.search("gold", 5)
    assert (first, second) == ((2, 0), (1, 0))
    assert 0 < low < high


def test_equal_passages_have_an_order(lexical: LexicalIndex) -> None:
    lexical.add(((n, 0), "", "the same words") for n in (5, 3, 9, 1))
    assert ids(lexical.search("same words", 9)) == [(1, 0), (3, 0), (5, 0), (9, 0)]


def test_any_word_may_be_missing(rates: LexicalIndex) -> None:
    assert ids(rates.search("Why did the gold price fall so low in Ruritania?", 5)) == [(3, 0)]
    assert rates.search("Ruritania", 5) == []


@pytest.mark.parametrize(
    "question",
    [
        '"', '""', '"gold', 'gold"', '"go" "ld"', "*", "gold*", "^gold", "gold NEAR price",
        "NEAR(gold price, 2)", "gold AND", "AND gold", "OR", "NOT gold", "gold - price", "-gold",
        "text: gold", "title:gold", "col:gold", "{title text}: gold", "(gold", "gold)", "gold;--",
        "'; DROP TABLE passages; --", "gold + price", "\\gold", "gold\0price", "%gold_", "🎉 gold",
    ],
)  # fmt: skip
def test_operators_are_words(rates: LexicalIndex, question: str) -> None:
    found = ids(rates.search(question, 5))
    assert found == ([(3, 0)] if "gold" in question else [])
    assert rates.count() == 5


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
def test_any_question_is_harmless(rates: LexicalIndex, question: str) -> None:
    for passage, score in rates.search(question, 5):
        assert passage in {row[0] for row in RATES}
        assert math.isfinite(score)


def test_a_question_of_a_hundred_thousand_signs(rates: LexicalIndex) -> None:
    words = " ".join(f"word{n}" for n in range(12_000))
    assert ids(rates.search(f"{words} gold", 5)) == [(3, 0)]


def test_stop_words_are_dropped_unless_nothing_else_is_asked(rates: LexicalIndex) -> None:
    assert rates.search_terms("What was the price of the gold?") == ["price", "gold"]
    assert rates.search_terms("Who was the …") == ["was", "the"]
    assert rates.search_terms("of what") == []
    assert ids(rates.search("was", 5)) == [(2, 0)]
    assert {"us", "may", "gold"}.isdisjoint(STOP_WORDS)


def test_common_terms_are_dropped_unless_nothing_else_is_asked(lexical: LexicalIndex) -> None:
    lexical.add(((1, n), "", f"report number{n} of the bank") for n in range(100))
    lexical.add([((2, 0), "", "gold"), ((2, 1), "", "gold")])
    assert lexical.search_terms("the report of the bank on gold") == ["gold"]
    assert lexical.search_terms("the report of the bank") == ["report", "bank"]
    assert len(lexical.search("report", 200)) == 100
    # A tenth is not yet common; a word more is.
    lexical.add(((3, n), "", "silver") for n in range(11))
    assert lexical.count() == 113
    assert "silver" in lexical.search_terms("silver and gold")
    lexical.add(((4, n), "", "silver") for n in range(2))
    assert lexical.search_terms("silver and gold") == ["gold"]


def test_the_passages_of_stop_words_are_not_counted(
    rates: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To count them is to walk the corpus."""
    counted: list[list[str]] = []
    count = LexicalIndex.document_frequency

    def spy(index: LexicalIndex, words: Sequence[str]) -> dict[str, int]:
        counted.append(list(words))
        return count(index, words)

    monkeypatch.setattr(LexicalIndex, "document_frequency", spy)
    assert rates.search_terms("What was the price of the gold?") == ["price", "gold"]
    assert counted == [["price", "gold"]]
    assert rates.search_terms("Who was the …") == ["was", "the"]
    assert counted[1:] == [[], ["who", "was", "the"]]


def test_where_too_many_passages_would_be_scored_the_rarest_terms_lead(
    lexical: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each passage that is found has the score that it has without the limit."""
    texts = [
        " ".join(["common"] * (n % 2 == 0) + ["seldom"] * (n % 5 == 0) + ["rare"] * (n % 11 == 0))
        + f" filler{n} " * (n % 3)
        for n in range(60)
    ]
    lexical.add(((1, n), f"title {n}", text) for n, text in enumerate(texts))
    lexical.add(((2, n), "", f"other{n}") for n in range(400))
    asked = "common seldom rare"
    everything = lexical.search(asked, 99)
    assert len(everything) == sum(n % 2 == 0 or n % 5 == 0 or n % 11 == 0 for n in range(60))
    for limit, led in ((18, ("seldom", "rare")), (17, ("rare",)), (0, ("rare",))):
        monkeypatch.setattr("index.lexical._SCORED", limit)
        leading = [pair for pair in everything if set(led) & set(texts[pair[0][1]].split())]
        found = lexical.search(asked, 99)
        assert ids(found) == ids(leading)
        assert [score for _, score in found] == pytest.approx([score for _, score in leading])
        assert lexical.search(asked, 3) == found[:3]


def test_a_search_in_some_versions(rates: LexicalIndex) -> None:
    everywhere = rates.search("gold price harbour", 9)
    versions = sorted({version for (version, _), _ in everywhere})
    assert len(versions) > 1
    for version in versions:
        assert rates.search("gold price harbour", 9, versions=(version, 77)) == [
            pair for pair in everywhere if pair[0][0] == version
        ]
    assert rates.search("gold price harbour", 9, versions=tuple(versions)) == everywhere
    assert rates.search("gold price harbour", 9, versions=()) == []


def test_in_a_small_corpus_twice_is_not_common(rates: LexicalIndex) -> None:
    assert rates.search_terms("harbour gold") == ["harbour", "gold"]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The élèves of Gdańsk met in a café.", "eleves"),
        ("The élèves of Gdańsk met in a café.", "GDANSK"),
        ("The eleves met.", "Élèves"),
        ("A caf\u0065\u0301 opened.", "café"),
        ("A café opened.", "cafe\u0301"),
        ("Gold élèves.", "e\u0301le\u0300ves"),
        ("Gold e\u0301le\u0300ves.", "élèves"),
        ("The cafe opened.", "cafe\u0301"),
        ("In der Straße.", "STRAßE"),
        ("İstanbul voted.", "istanbul"),
        ("Istanbul voted.", "İstanbul"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Москва ответила.", "МОСКВА"),
        ("It expects tariffs.", "expected tariff"),
        ("They negotiated.", "negotiating"),
        ("The U.S. answered.", "U.S."),
        ("Rates rose by ½ a point.", "½"),
        ("Paid 3.14 euro.", "3.14"),
        ("state-of-the-art", "state-of-the-art"),
    ],
)
def test_words_meet_in_other_forms(lexical: LexicalIndex, text: str, question: str) -> None:
    lexical.add([((1, 0), "", text), ((2, 0), "", "unrelated")])
    assert ids(lexical.search(question, 5)) == [(1, 0)]


def test_frequencies_and_idf_are_exact(rates: LexicalIndex) -> None:
    words = ["rates", "rate", "harbour", "gold", "zinc", "the", "—"]
    frequency = {"rates": 2, "rate": 2, "harbour": 2, "gold": 1, "zinc": 0, "the": 3}
    assert rates.document_frequency(words) == frequency
    assert rates.idf(words) == pytest.approx(
        {word: math.log(1 + (5 - n + 0.5) / (n + 0.5)) for word, n in {**frequency, "—": 0}.items()}
    )
    assert rates.stems(["Rates", "harbours", "…", "—"]) == {"Rates": "rate", "harbours": "harbour"}


def test_a_replaced_passage_is_found_by_its_new_words_alone(rates: LexicalIndex) -> None:
    rates.add([((3, 0), "Gold", "Silver rose.")])
    assert rates.count() == 5
    assert rates.search("lowest", 5) == []
    assert ids(rates.search("silver", 5)) == [(3, 0)]
    assert rates.document_frequency(["lowest", "silver"]) == {"lowest": 0, "silver": 1}


def test_a_version_leaves_with_all_its_passages_and_no_other(lexical: LexicalIndex) -> None:
    lexical.add(
        ((version, ordinal), "", f"gold v{version}")
        for version in (1, 2, 3, 12)
        for ordinal in (0, 1, 2**20 - 1)
    )
    lexical.delete([2, 99])
    assert lexical.versions() == {1, 3, 12}
    assert lexical.count() == 9
    assert {version for version, _ in ids(lexical.search("gold", 99))} == {1, 3, 12}
    assert lexical.document_frequency(["gold", "v2"]) == {"gold": 9, "v2": 0}
    lexical.clear()
    assert (lexical.count(), lexical.versions()) == (0, set())


def test_a_document_has_a_limit_of_passages(lexical: LexicalIndex) -> None:
    with pytest.raises(ValueError, match="the limit is 1048576"):
        lexical.add([((1, 2**20), "", "x")])
    assert lexical.count() == 0


def test_it_lasts(rates: LexicalIndex, tmp_path: Path) -> None:
    rates.close()
    again = LexicalIndex(tmp_path / "lexical.sqlite3")
    assert ids(again.search("gold", 5)) == [(3, 0)]
    again.close()


def test_all_of_an_add_or_nothing(rates: LexicalIndex) -> None:
    def half() -> object:
        yield (9, 0), "", "platinum"
        raise RuntimeError("the process dies")

    with pytest.raises(RuntimeError):
        rates.add(half())
    assert rates.search("platinum", 5) == []
    assert rates.count() == 5


def test_threads_read_while_one_writes(rates: LexicalIndex) -> None:
    stop = threading.Event()

    def write() -> None:
        try:
            for version in range(10, 40):
                rates.add(((version, n), "", f"copper mine {n}") for n in range(20))
                rates.delete([version])
        finally:
            stop.set()

    def read(number: int) -> int:
        rounds = 0
        while not stop.is_set() or rounds < 2:
            rounds += 1
            assert ids(rates.search("lowest price", 5)) == [(3, 0)]
            assert rates.count() in (5, 25)
            assert rates.document_frequency(["copper"])["copper"] in (0, 20)
            rates.stems([f"word{number}x{rounds}"])
        return rounds

    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write)
        assert min(pool.map(read, range(3))) > 0
        writing.result()
    assert rates.count() == 5


def test_many_open_a_new_index_at_once(tmp_path: Path) -> None:
    for round_ in range(10):
        path = tmp_path / f"new{round_}.sqlite3"
        barrier = threading.Barrier(6)

        def work(_: int, path: Path = path, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            opened = LexicalIndex(path)
            try:
                return opened.count()
            finally:
                opened.close()

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(work, range(6))) == [0] * 6


def test_the_stems_kept_are_bounded(rates: LexicalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.lexical._STEMS_KEPT", 10)
    for n in range(30):
        assert rates.stems([f"rates{n}", "rates"]) == {f"rates{n}": f"rates{n}", "rates": "rate"}


def test_ended_threads_leave_no_open_files(rates: LexicalIndex) -> None:
    """A server that starts a thread for each request would run out of files."""
    for _ in range(20):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(rates.count).result() == 5
    assert len(rates._connections._open) <= 2


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lexical.sqlite3"
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(IndexCorrupt, match=r"lexical\.sqlite3: file is not a database") as caught:
        LexicalIndex(path).search("gold", 3)
    assert caught.value.remedy == "Build the index anew with: onrecord index --rebuild"


def test_readers_find_what_another_connection_wrote(tmp_path: Path, rates: LexicalIndex) -> None:
    other = LexicalIndex(tmp_path / "lexical.sqlite3")
    assert other.count() == 5
    rates.delete([1])
    assert other.count() == 3
    other.close()


def test_ended_writers_leave_a_whole_file(tmp_path: Path, rates: LexicalIndex) -> None:
    rates.close()
    with sqlite3.connect(tmp_path / "lexical.sqlite3") as connection:
        connection.execute("INSERT INTO passages (passages) VALUES ('integrity-check')")
    connection.close()
