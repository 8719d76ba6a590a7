"""The pieces of what is measured at several sizes. Nothing is measured here, save in the long test,
which runs everything on next to nothing."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import corpus, growth, pictures, plan, readme, scale, tables
from benchmarks.seeded import SeededEmbedder
from index.embed import Embedder

# -- exponents -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "values", "slope"),
    [
        ([1, 10, 100], [5, 5, 5], 0.0),
        ([1, 10, 100], [2, 20, 200], 1.0),
        ([10, 1000], [3, 3000], 1.5),
        # Least squares of the logarithms 0, 0 and 2 at 0, 1 and 2.
        ([1, 10, 100], [1, 1, 100], 1.0),
        ([1, 10, 100], [100, 10, 1], -1.0),
    ],
)
def test_an_exponent_is_the_slope_of_the_logarithms(
    sizes: list[float], values: list[float], slope: float
) -> None:
    assert growth.exponent(sizes, values) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("sizes", "values"),
    [([], []), ([10], [1.0]), ([10, 10], [1.0, 2.0]), ([1, 10], [0.0, 1.0]), ([0, 10], [1.0, 1.0])],
)
def test_no_exponent_where_nothing_tells(sizes: list[float], values: list[float]) -> None:
    assert growth.exponent(sizes, values) is None


# -- results -------------------------------------------------------------------------------------


def a_point(size: int, *, vectors: str = "seeded", answer: float = 100.0) -> dict[str, Any]:
    """In proportion to the size, save an answer's time."""
    times = {"n": 100, "p50": answer, "p95": 2 * answer, "most": 3 * answer}
    looked = {"n": 100, "p50": 8.0, "p95": 9.0, "most": 9.5}
    peak = 300_000_000 + 2_000 * size
    return {
        "corpus": "invented reports",
        "vectors": vectors,
        "size": size,
        "measured": "2026-01-02",
        "effort": {"rounds": 3, "syncs": 5},
        "machine": {
            "cpus": 2,
            "memory_gb": 16,
            "system": "Linux x86_64",
            "python": "3.11.7",
            "libraries": {"chromadb": "1.5.9"},
            "load": 0.1,
        },
        "code": "abc",
        "documents": size // 2,
        "passages": size + 4,
        "answered": 50,
        "text_bytes": 600 * size,
        "index_bytes": 5_000 * size,
        "parts_bytes": {
            "chroma": 3_000 * size,
            "lexical.sqlite3": 1_200 * size,
            "manifest.sqlite3": 100 * size,
            "texts": 700 * size,
            "writer.lock": 0,
        },
        "indexing": {"seconds": [size / 400, size / 500, size / 600], "peak_bytes": peak},
        "answers": {"peak_bytes": peak, "stages_ms": {"retrieve": {"p50": 8.0, "p95": 9.0}}},
        "answer_ms": times,
        "again_ms": times,
        "all_ms": looked,
        "until_ms": looked,
        "one_ms": looked,
        "unchanged": {"first_seconds": 1.0, "seconds": [size / 40_000] * 5, "peak_bytes": peak},
        "changed": {"first_seconds": 1.0, "seconds": [size / 60_000] * 5, "peak_bytes": peak},
    }


SCALE: dict[str, Any] = {
    "format": 1,
    "points": [a_point(1_000), a_point(10_000, answer=110.0), a_point(100_000, answer=149.0)],
}


def rows(text: str) -> dict[str, list[str]]:
    """A Markdown table's cells by the first of each line; of the last of several that agree."""
    lines = [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {line[0]: [cell.strip() for cell in line[1:]] for line in lines}


def test_the_table_shows_every_size_how_it_grows_and_what_is_wanted() -> None:
    found = rows(growth.table(SCALE))
    assert found["passages"][:3] == ["1,004", "10,004", "100,004"]
    assert found["documents"][:3] == ["500", "5,000", "50,000"]
    assert found["indexing from nothing"][:5] == ["2.00 s", "20 s", "3.3 min", "1.00", "1.00"]
    assert found["an answer, p50"] == [
        *("100 ms", "110 ms", "149 ms", "0.09", "0.13"),
        "≤ 1.5 times from 1,000 to 100,000: 1.49",
    ]
    assert found["retrieval, p50"][:5] == ["8 ms", "8 ms", "8 ms", "0.00", "0.00"]
    # At ten thousand documents, or the next size with more: here fifty thousand.
    assert found["sync, nothing changed"][5] == ("< 1 s at 10,000 documents (here 50,000): missed")
    assert found["sync, one document changed"][5] == "< 2 s at 10,000 documents (here 50,000)"
    assert found["peak memory of answering"][5] == "≤ 1.5 GiB at 100,000"
    assert found["index on disk"][:3] == ["5 MB", "50 MB", "500 MB"]


def test_what_is_missed_is_said_and_what_was_not_measured_is_not() -> None:
    slow = {**SCALE, "points": [a_point(1_000), a_point(100_000, answer=151.0)]}
    slow["points"][1]["indexing"]["peak_bytes"] = 3 * (1 << 29) + 1
    found = rows(growth.table(slow))
    assert found["an answer, p50"][4] == "≤ 1.5 times from 1,000 to 100,000: 1.51, missed"
    assert found["peak memory of indexing"][4] == "≤ 1.5 GiB at 100,000: missed"
    small = rows(growth.table({"format": 1, "points": [a_point(1_000), a_point(10_000)]}))
    assert [cells[4] for name, cells in small.items() if name not in ("passages", "---")] == [
        ""
    ] * len(growth.FIGURES) + [""]


def test_each_corpus_and_kind_of_vectors_has_a_table_of_its_own() -> None:
    both = {**SCALE, "points": [a_point(100, vectors="model"), *SCALE["points"]]}
    text = growth.table(both)
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles == [
        "### invented reports, the model’s vectors",
        "### invented reports, seeded vectors",
    ]
    assert [growth.picture(one) for one in growth.series(both)] == [
        "scale-invented-reports-model.png",
        "scale-invented-reports-seeded.png",
    ]
    assert text.count("![") == 1  # one size makes no curve
    with pytest.raises(ValueError, match="format 0, not 1: measure them anew"):
        growth.series({"format": 0, "points": []})


def test_the_circumstances_are_said() -> None:
    assert growth.table(SCALE).endswith(
        "2026-01-02; 2 cores, 16 GB, Linux x86_64, Python 3.11.7, Chroma 1.5.9; load before each "
        "size began: 0.1, 0.1, 0.1. Medians of: indexing 3; syncs of each kind 5; questions 100."
    )
    newer = {**a_point(10_000), "code": "def", "measured": "2026-02-03"}
    newer["changed"] = {**newer["changed"], "seconds": [1.0]}
    text = growth.table({"format": 1, "points": [a_point(1_000), newer]})
    assert "2026-01-02 and 2026-02-03; 2 cores" in text
    assert text.endswith(
        "indexing 3; syncs of each kind 5, 1; questions 100. Measured with different versions of "
        "the code."
    )


def test_the_plan_carries_on_what_a_passage_adds() -> None:
    text = plan.table(SCALE)
    assert "by what a passage adds between 10,004 and 100,004 passages" in text
    found = rows(text)
    assert found["disk: vectors and their graph (`chroma`)"] == ["3,000 B", "300.00 GB"]
    assert found["disk, all"] == ["5,000 B", "500.00 GB"]
    assert found["of that, bare vectors"] == ["1,536 B", "153.60 GB"]
    assert found["memory of what answers"] == ["2,000 B", "200.00 GB"]
    assert found["10,000,000"] == ["10", "20.00 GB", "30.00 GB"]
    assert found["retrieval, p50"] == ["0.00", "8 ms", "8 ms", "8 ms"]
    assert found["sync, one document changed"][:3] == ["1.00", "1.67 s", "17 s"]
    assert not any(name.startswith("indexing with the model") for name in found)
    real = [a_point(size, vectors="model") for size in (100, 1_000)]
    both = rows(plan.table({"format": 1, "points": [*SCALE["points"], *real]}))
    # 1,004 passages in 2 seconds, the median of three rounds.
    assert both["indexing with the model, 2 cores"] == ["2 ms", "2 days"]
    assert both["disk, all"] == found["disk, all"]
    assert plan.table({"format": 1, "points": real[:1]}) == "Not measured at two sizes yet."


def test_the_tables_go_where_they_belong(tmp_path: Path) -> None:
    empty = "<!-- scale:begin -->\n<!-- scale:end -->\n"
    sections = {"scale": plan.table}
    (tmp_path / "scale.json").write_text(json.dumps(SCALE), "utf-8")
    assert readme.filled(empty, sections, tmp_path) == empty.replace(
        "begin -->\n", f"begin -->\n{plan.table(SCALE)}\n"
    )
    assert readme.SECTIONS["docs/SCALING.md"] == sections
    assert readme.SECTIONS["BENCHMARKS.md"]["scale"] is growth.table


def test_curves_are_drawn_once_and_again_when_they_change(tmp_path: Path) -> None:
    results = tmp_path / "scale.json"
    results.write_text(json.dumps(SCALE), "utf-8")
    file = tmp_path / "scale-invented-reports-seeded.png"
    (one,) = growth.series(SCALE)
    shown = growth.curves(one)
    assert shown.sizes == (1_004, 10_004, 100_004)
    by_label = {curve.label: curve for curve in shown.curves}
    assert by_label["an answer, p50: 0.09"] == growth.Curve(
        "an answer, p50: 0.09", "seconds", (0.1, 0.11, 0.149)
    )
    assert by_label["index on disk: 1.00"].unit == "bytes"
    assert pictures.refresh(tmp_path, write=False) == [file]
    assert not file.exists()
    assert pictures.refresh(tmp_path) == [file]
    signature, width, height = struct.unpack(">8s8xII", file.read_bytes()[:24])
    assert (signature, width, height) == (b"\x89PNG\r\n\x1a\n", 1800, 1040)
    assert pictures.refresh(tmp_path) == []
    more = {**SCALE, "points": [*SCALE["points"], a_point(1_000_000)]}
    results.write_text(json.dumps(more), "utf-8")
    assert pictures.refresh(tmp_path) == [file]
    results.write_text(json.dumps({**SCALE, "points": SCALE["points"][:1]}), "utf-8")
    assert pictures.refresh(tmp_path) == []  # one size makes no curve


# -- going on where a run was --------------------------------------------------------------------


def test_a_point_takes_the_place_of_one_with_the_same_key() -> None:
    nothing = {"format": 1, "points": []}
    key = ("invented reports", "seeded", 1_000)
    assert not scale.has(nothing, key)
    one = scale.added(scale.added(nothing, a_point(10_000)), a_point(1_000))
    assert [point["size"] for point in one["points"]] == [1_000, 10_000]
    assert scale.has(one, key)
    assert not scale.has(one, ("invented reports", "model", 1_000))
    assert not scale.has(one, ("other reports", "seeded", 1_000))
    again = scale.added(one, a_point(1_000, answer=7.0))
    assert [point["answer_ms"]["p50"] for point in again["points"]] == [7.0, 100.0]
    assert one["points"][0]["answer_ms"]["p50"] == 100.0


def test_a_size_that_is_there_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured: list[tuple[int, bool]] = []

    def measure(size: int, *_: object, seeded: bool, **__: object) -> dict[str, Any]:
        if size == 3_000:
            raise KeyboardInterrupt
        measured.append((size, seeded))
        return a_point(size)

    monkeypatch.setattr(scale, "measure", measure)
    out = tmp_path / "scale.json"
    run = ["--seeded-vectors", "--json", str(out)]
    with pytest.raises(KeyboardInterrupt):
        scale.main(["--sizes", "3000,2000,1000", *run])
    assert [point["size"] for point in json.loads(out.read_text("utf-8"))["points"]] == [
        1_000,
        2_000,
    ]
    assert scale.main(["--sizes", "1000,2000,4000", *run]) == 0
    assert measured == [(1_000, True), (2_000, True), (4_000, True)]
    assert capsys.readouterr().out == growth.table(json.loads(out.read_text("utf-8"))) + "\n"
    assert scale.main(["--sizes", "2000", "--anew", *run]) == 0
    assert measured[3:] == [(2_000, True)]
    assert list(tmp_path.iterdir()) == [out]
    assert scale.main(["--short", "--sizes", "5000", *run]) == 0
    assert not scale.has(scale.load(out), ("invented reports", "seeded", 5_000))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--sizes", "1000,many"], "“1000,many” must be whole numbers of passages up to"),
        (["--sizes", "0"], "“0” must be whole numbers of passages"),
        (["--corpus", "nowhere"], "nowhere is not a folder"),
        (["--work", "nowhere"], "nowhere is not a folder"),
        (["--rounds", "0"], "--rounds must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        scale.main([*arguments, "--short"])
    assert refused.value.code == 2
    assert problem in capsys.readouterr().err


def test_a_folder_with_too_few_passages_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["--corpus", str(tmp_path), "--seeded-vectors", "--short", "--sizes", "50"]
    with pytest.raises(SystemExit) as refused:
        scale.main(run)
    assert refused.value.code == 2
    assert f"There are no .txt files in UTF-8 in {tmp_path}." in capsys.readouterr().err
    corpus.write([corpus.Source(f"{n}.txt", f"Report {n}\n\nShort.\n") for n in range(3)], tmp_path)
    with pytest.raises(SystemExit) as refused:
        scale.main(run)
    assert refused.value.code == 2
    assert (
        f"{tmp_path} has 3 .txt files, about 3 passages, not 50. Name smaller sizes with --sizes."
        in capsys.readouterr().err
    )


def test_documents_are_laid_out_and_some_are_kept(tmp_path: Path) -> None:
    kept = scale._laid_out(None, 20, tmp_path / "a", 5)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        f"{n:05}.txt" for n in range(20)
    ]
    assert [source.name for source in kept] == [f"{n:05}.txt" for n in (0, 4, 8, 12, 16)]
    assert kept == [source for source in corpus.invented(20) if source in kept]
    assert len(scale._laid_out(None, 3, tmp_path / "b", 400)) == 3
    taken = scale._laid_out(tmp_path / "a", 4, tmp_path / "c", 2)
    assert len(list((tmp_path / "c").iterdir())) == 4
    assert len(taken) == 2


# -- vectors from a seed -------------------------------------------------------------------------


def test_seeded_vectors_are_near_where_words_are_shared() -> None:
    seeded = SeededEmbedder()
    texts = [
        "The trawlers of Ostbeck lost their mackerel quota.",
        "Who took the mackerel quota from the trawlers?",
        "A vaccine trial found volunteers in nine clinics.",
        "of the and",
        "",
    ]
    vectors = seeded.encode(texts)
    assert (vectors.shape, vectors.dtype) == ((5, seeded.dimension), np.dtype(np.float32))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0] * 5, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > 0.2 > abs(vectors[0] @ vectors[2])
    assert np.array_equal(SeededEmbedder().encode(texts[1:2])[0], vectors[1])
    assert seeded.encode([]).shape == (0, seeded.dimension)


def test_a_seed_takes_the_place_of_the_model_altogether(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: Embedder) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Embedder, "_load", load)
    seeded = SeededEmbedder()
    texts = ["The trawlers of Ostbeck lost their quota.", "Who took it?"]
    assert np.array_equal(seeded.encode_passages(texts), seeded.encode(texts))
    seeded.warm_up()
    assert len(seeded.token_offsets(texts)) == 2


def test_seeded_vectors_come_with_the_passages_of_the_model(embedder: Embedder) -> None:
    seeded = SeededEmbedder()
    texts = ["Two officials said “no”.", "Überraschung in Göteborg: 4,500 ", ""]
    assert seeded.token_offsets(texts) == embedder.token_offsets(texts)
    assert seeded.max_tokens == embedder.max_tokens
    assert seeded.special_tokens == embedder.special_tokens
    assert seeded.dimension == embedder.dimension
    assert seeded.identity != embedder.identity


# -- all of it -----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_everything_is_measured_on_next_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scale, "FULL", scale.Effort(rounds=2, questions=4, syncs=2))
    out = tmp_path / "scale.json"
    assert scale.main(["--sizes", "30,60", "--seeded-vectors", "--json", str(out)]) == 0
    result = json.loads(out.read_text("utf-8"))
    assert capsys.readouterr().out == growth.table(result) + "\n"
    assert [point["size"] for point in result["points"]] == [30, 60]
    for point in result["points"]:
        assert point["passages"] == pytest.approx(point["size"], rel=0.5)
        assert len(point["indexing"]["seconds"]) == 2
        assert len(point["changed"]["seconds"]) == len(point["unchanged"]["seconds"]) == 2
        for name in ("answer_ms", "again_ms", "all_ms", "until_ms", "one_ms"):
            assert point[name]["n"] == 4
            assert 0 < point[name]["p50"] <= point[name]["p95"] <= point[name]["most"]
        assert sum(point["parts_bytes"].values()) == point["index_bytes"]
    assert result["format"] == tables.FORMAT
