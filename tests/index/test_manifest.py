"""The commit point: what is current, what is unfinished, and a generation that only grows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from index.errors import IndexCorrupt
from index.manifest import Failure, FileState, Manifest
from index.types import Chunk, Document, Page, Span
from tests.index.making import ROOT, run_python

FILE = FileState(size=10, mtime_ns=20, inode=30, checked_ns=40)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    made = Manifest(tmp_path / "manifest.sqlite3")
    made.start(format="1")
    return made


def announce(manifest: Manifest, path: str, sha256: str, *spans: tuple[int, int]) -> int:
    chunks = [Chunk(n, Span(*span), "x", 1) for n, span in enumerate(spans)]
    text = "x" * 100
    document = Document(path, sha256, text, f"T {path}", date(2024, 2, 29), "AP")
    (number,) = manifest.announce([(document, chunks, FILE, "1")])
    return number


def spans(manifest: Manifest, *passages: tuple[int, int]) -> list[tuple[str, int, int]]:
    return [
        (found.version.sha256, found.span.start, found.span.end)
        for found in manifest.locate(passages)
    ]


def test_announced_is_not_current(manifest: Manifest) -> None:
    before = manifest.generation()
    one = announce(manifest, "a.txt", "A1", (0, 5), (5, 9))
    assert manifest.current() == []
    assert manifest.current_of("a.txt") is None
    assert manifest.unfinished() == [(one, 2)]
    assert spans(manifest, (one, 0), (one, 1)) == []
    assert manifest.counts() == (0, 0)
    assert manifest.generation() == before


def test_empty_until_something_is_current(manifest: Manifest) -> None:
    assert manifest.empty
    one = announce(manifest, "a.txt", "A1", (0, 5))
    assert manifest.empty
    manifest.commit(versions=[one])
    assert not manifest.empty
    manifest.commit(removed=["a.txt"])
    assert manifest.empty


def test_documents_of_a_time(manifest: Manifest) -> None:
    days = {"a": date(2023, 12, 31), "b": date(2024, 1, 1), "c": date(2024, 10, 2), "d": None}
    numbers = {}
    for path, day in days.items():
        document = Document(path, path * 3, "x" * 100, "T", day)
        chunks = [Chunk(n, Span(n, n + 1), "x", 1) for n in range(len(numbers))]
        (numbers[path],) = manifest.announce([(document, chunks, FILE, "1")])
    manifest.commit(versions=[numbers[path] for path in "abc"] + [numbers["d"]])
    announce(manifest, "a", "A2", (0, 5))  # not current

    def found(since: date | None = None, until: date | None = None) -> list[str]:
        between = list(manifest.between(since, until))
        assert all(numbers[path] == version for version, _, path in between)
        assert all("abcd".index(path) == passages for _, passages, path in between)
        return sorted(path for _, _, path in between)

    assert found() == ["a", "b", "c", "d"]
    assert found(since=date(2024, 1, 1)) == ["b", "c"]
    assert found(until=date(2024, 1, 1)) == ["a", "b", "d"]
    assert found(date(2024, 1, 1), date(2024, 2, 1)) == ["b"]
    assert found(since=date(2024, 10, 3)) == []
    assert found(until=date(999, 1, 1)) == ["d"]


def test_committed_is_current(manifest: Manifest) -> None:
    before = manifest.generation()
    one = announce(manifest, "a.txt", "A1", (0, 5), (5, 9))
    assert manifest.commit(versions=[one]) == manifest.generation() == before + 1
    (version,) = manifest.current()
    assert manifest.current_of("a.txt") == version
    assert (version.version, version.path, version.sha256, version.parser) == (
        one,
        "a.txt",
        "A1",
        "1",
    )
    assert (version.title, version.published, version.source) == (
        "T a.txt",
        date(2024, 2, 29),
        "AP",
    )
    assert (version.characters, version.passages, version.file) == (100, 2, FILE)
    assert manifest.unfinished() == []
    assert manifest.counts() == (1, 2)
    assert spans(manifest, (one, 1), (one, 0)) == [("A1", 5, 9), ("A1", 0, 5)]
    assert [place.span for place in manifest.passages_of(one)] == [Span(0, 5), Span(5, 9)]


def test_the_version_before_leaves_in_the_same_commit(manifest: Manifest) -> None:
    one = announce(manifest, "a.txt", "A1", (0, 5))
    manifest.commit(versions=[one])
    two = announce(manifest, "a.txt", "A2", (0, 7), (7, 8))
    assert spans(manifest, (one, 0), (two, 0)) == [("A1", 0, 5)]
    manifest.commit(versions=[two])
    assert spans(manifest, (one, 0), (two, 0)) == [("A2", 0, 7)]
    assert manifest.unfinished() == [(one, 1)]
    assert manifest.counts() == (1, 2)
    manifest.forget([one, two])
    assert manifest.unfinished() == []
    assert spans(manifest, (one, 0), (two, 0), (two, 1)) == [("A2", 0, 7), ("A2", 7, 8)]


def test_what_is_forgotten_takes_its_passages_along(manifest: Manifest, tmp_path: Path) -> None:
    one = announce(manifest, "a.txt", "A1", (0, 5), (5, 6))
    two = announce(manifest, "b.txt", "B1", (0, 5))
    manifest.forget([one])
    assert manifest.unfinished() == [(two, 1)]
    with sqlite3.connect(tmp_path / "manifest.sqlite3") as connection:
        assert connection.execute("SELECT version, ordinal FROM passages").fetchall() == [(two, 0)]
    connection.close()


def test_a_removed_document_leaves(manifest: Manifest) -> None:
    numbers = [announce(manifest, f"{name}.txt", name, (0, 5)) for name in "abc"]
    manifest.commit(versions=numbers)
    before = manifest.generation()
    assert manifest.commit(removed=["b.txt", "never.txt"]) == before + 1
    assert [version.path for version in manifest.current()] == ["a.txt", "c.txt"]
    assert manifest.unfinished() == [(numbers[1], 1)]
    assert spans(manifest, *((n, 0) for n in numbers)) == [("a", 0, 5), ("c", 0, 5)]


def test_a_failure_makes_the_document_leave_and_is_remembered(manifest: Manifest) -> None:
    one = announce(manifest, "a.txt", "A1", (0, 5))
    manifest.commit(versions=[one])
    failure = Failure("a.txt", "A2", "1", "has no text in it", "Remove it.", FILE)
    manifest.commit(failed=[failure])
    assert manifest.current() == []
    assert manifest.failures() == [failure]
    assert spans(manifest, (one, 0)) == []
    again = Failure("a.txt", "A3", "1", "is binary", "Remove it.", FILE)
    manifest.commit(failed=[again])
    assert manifest.failures() == [again]
    three = announce(manifest, "a.txt", "A4", (0, 6))
    manifest.commit(versions=[three])
    assert manifest.failures() == []
    manifest.commit(failed=[failure])
    manifest.commit(removed=["a.txt"])
    assert manifest.failures() == []


def test_the_same_content_twice_has_two_numbers(manifest: Manifest) -> None:
    one, two = (announce(manifest, "a.txt", "A1", (0, 5)) for _ in range(2))
    assert one != two
    manifest.commit(versions=[one])
    manifest.commit(versions=[two])
    manifest.forget([one])
    three = announce(manifest, "b.txt", "A1", (0, 5))
    assert three not in (one, two)
    manifest.commit(versions=[three])
    assert spans(manifest, (one, 0), (two, 0), (three, 0)) == [("A1", 0, 5)] * 2


def test_numbers_are_never_used_again(manifest: Manifest) -> None:
    """A number that came back could find vectors of before under it."""
    one = announce(manifest, "a.txt", "A1", (0, 5))
    manifest.forget([one])
    two = announce(manifest, "a.txt", "A1", (0, 5))
    manifest.start(format="1")
    three = announce(manifest, "a.txt", "A1", (0, 5))
    assert one < two < three


def test_a_commit_is_all_or_nothing(manifest: Manifest) -> None:
    one = announce(manifest, "a.txt", "A1", (0, 5))
    manifest.commit(versions=[one])
    two = announce(manifest, "a.txt", "A2", (0, 5))
    before = manifest.generation()
    with pytest.raises(TypeError):
        manifest.commit(versions=[two, 99_999])
    assert manifest.generation() == before
    assert [version.sha256 for version in manifest.current()] == ["A1"]


def test_the_generation_only_grows(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [manifest.generation()]
    for _ in range(3):
        manifest.commit()
        seen.append(manifest.generation())
    manifest.start(format="1")
    seen.append(manifest.generation())
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: 1_000)  # the clock is set back to 1970
        manifest.start(format="1")
        seen.append(manifest.generation())
    manifest.commit()
    seen.append(manifest.generation())
    assert all(before < after for before, after in pairwise(seen))
    assert seen[0] > 1_600_000_000 * 10**9


def test_start_forgets_everything(manifest: Manifest) -> None:
    manifest.commit(versions=[announce(manifest, "a.txt", "A1", (0, 5))])
    manifest.commit(failed=[Failure("b.txt", "B", "1", "r", "m", FILE)])
    manifest.set_meta(note="x")
    manifest.start(model="m")
    assert manifest.current() == manifest.failures() == manifest.unfinished() == []
    assert manifest.meta() == {"model": "m", "generation": str(manifest.generation())}


def test_notes(manifest: Manifest) -> None:
    manifest.set_meta(one="1", two="ü")
    manifest.set_meta(one=None, three="", never=None)
    assert manifest.meta() == {
        "format": "1",
        "two": "ü",
        "three": "",
        "generation": str(manifest.generation()),
    }


def test_touch_remembers_a_new_state(manifest: Manifest) -> None:
    announced = announce(manifest, "a.txt", "A0", (0, 5))
    manifest.commit(versions=[announced, announce(manifest, "b.txt", "B", (0, 5))])
    manifest.commit(failed=[Failure("c.txt", "C", "1", "r", "m", FILE)])
    later = FileState(11, 21, 2**63 - 1, 41)
    before = manifest.generation()
    manifest.touch([("a.txt", later), ("c.txt", later), ("never.txt", later)])
    assert [version.file for version in manifest.current()] == [later, FILE]
    assert [failure.file for failure in manifest.failures()] == [later]
    assert manifest.generation() == before


def test_locate_takes_any_number_in_any_order(manifest: Manifest) -> None:
    numbers = [
        announce(manifest, f"{n}.txt", str(n), *[(k, k + 1) for k in range(60)]) for n in range(20)
    ]
    manifest.commit(versions=numbers[::2])
    asked = [(number, ordinal) for ordinal in range(60) for number in reversed(numbers)]
    found = manifest.locate(asked)
    assert [place.passage for place in found] == [p for p in asked if p[0] in numbers[::2]]
    assert all(place.span == Span(place.passage[1], place.passage[1] + 1) for place in found)
    assert manifest.locate([]) == []
    assert manifest.locate([(numbers[0], 60), (0, 0), (-1, 5)]) == []


def test_pages_and_missing_dates_are_kept(manifest: Manifest, tmp_path: Path) -> None:
    document = Document("p.txt", "P", "xy", "T", pages=(Page(3, Span(0, 2)),))
    (number,) = manifest.announce([(document, [], FILE, "1")])
    manifest.commit(versions=[number])
    (version,) = manifest.current()
    assert (version.published, version.source, version.passages) == (None, None, 0)
    with sqlite3.connect(tmp_path / "manifest.sqlite3") as connection:
        assert connection.execute("SELECT pages FROM versions").fetchall() == [("[[3, 0, 2]]",)]
    connection.close()


def test_another_process_sees_a_commit_at_once(manifest: Manifest, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from index.manifest import Manifest\n"
        "m = Manifest(Path(sys.argv[1])); print(m.commit())"
    )
    before = manifest.generation()
    done = run_python(code, tmp_path / "manifest.sqlite3")
    assert int(done.stdout) == before + 1 == manifest.generation()


def test_threads_commit_one_after_the_other(manifest: Manifest) -> None:
    before = manifest.generation()
    barrier = threading.Barrier(4)

    def work(_: int) -> list[int]:
        barrier.wait()
        return [manifest.commit() for _ in range(15)]

    with ThreadPoolExecutor(4) as pool:
        seen = [number for numbers in pool.map(work, range(4)) for number in numbers]
    assert sorted(seen) == list(range(before + 1, before + 61))


def test_many_open_a_new_manifest_at_once(tmp_path: Path) -> None:
    for round_ in range(10):
        path = tmp_path / f"{round_}.sqlite3"
        barrier = threading.Barrier(6)

        def work(_: int, path: Path = path, barrier: threading.Barrier = barrier) -> list[object]:
            barrier.wait()
            made = Manifest(path)
            try:
                return [*made.current(), *made.failures(), made.generation()]
            finally:
                made.close()

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(work, range(6))) == [[0]] * 6


def test_half_a_manifest_is_never_seen(tmp_path: Path) -> None:
    """A process that dies while it makes the tables leaves none of them."""
    code = (
        "import os, sys, sqlite3; from pathlib import Path\n"
        "import index.manifest as m\n"
        "def dies(*_):\n    os._exit(1)\n"
        "import index.sqlite as s\n"
        "def connect(path, **kw):\n"
        "    c = sqlite3.connect(path, check_same_thread=False)\n"
        "    seen = []\n"
        "    def trace(statement):\n"
        "        seen.append(statement)\n"
        "        if sum('CREATE TABLE' in x for x in seen) == 3: os._exit(1)\n"
        "    c.set_trace_callback(trace)\n"
        "    return c\n"
        "s.connect = connect\n"
        "m.Manifest(Path(sys.argv[1])).meta()"
    )
    path = tmp_path / "manifest.sqlite3"
    assert run_python(code, path).returncode == 1
    manifest = Manifest(path)
    assert manifest.exists
    assert manifest.meta() == {}
    assert manifest.current() == []
    manifest.start(format="1")


@pytest.mark.parametrize("damage", ["garbage", "half", "a folder"])
def test_a_damaged_file_is_named(manifest: Manifest, tmp_path: Path, damage: str) -> None:
    for n in range(200):
        announce(manifest, f"{n}.txt", "A", (0, 5))
    manifest.close()
    path = tmp_path / "manifest.sqlite3"
    data = path.read_bytes()
    path.unlink()
    if damage == "garbage":
        path.write_bytes(b"This is no database at all." * 500)
    elif damage == "half":
        path.write_bytes(data[: len(data) // 2])
    else:
        path = tmp_path / "folder"
        path.mkdir()
    for read in (Manifest(path).meta, Manifest(path).current, Manifest(path).unfinished):
        if damage == "a folder":
            with pytest.raises(Exception, match="can't be written") as caught:
                read()
        else:
            with pytest.raises(IndexCorrupt, match="onrecord index --rebuild") as caught:
                read()
        assert str(tmp_path) in str(caught.value)


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "manifest.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.execute("INSERT INTO recipes VALUES ('soup')")
    connection.close()
    with pytest.raises(IndexCorrupt, match="not one of an index of this program"):
        Manifest(path).meta()
    with pytest.raises(IndexCorrupt):
        Manifest(path).start()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM recipes").fetchall() == [("soup",)]
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == [("recipes",)]


def test_a_file_put_in_its_place_is_read_instead(tmp_path: Path) -> None:
    """A rebuild of a damaged index makes a new file; a reader must not go on with the old one,
    nor delete the new one's log when it lets the old one go."""
    path = tmp_path / "manifest.sqlite3"
    reader = Manifest(path)
    reader.start(name="old")
    assert reader.meta()["name"] == "old"
    code = (
        "import sys; from pathlib import Path; from index.folder import wipe\n"
        "from index.manifest import Manifest\n"
        "p = Path(sys.argv[1]); wipe(p.parent); m = Manifest(p); m.start(name='new')\n"
        "m.set_meta(more='yes'); sys.stdout.write('ready\\n'); sys.stdout.flush()\n"
        "sys.stdin.readline(); m.set_meta(last='yes'); import os; os._exit(0)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout.readline() == "ready\n"
        assert reader.meta()["name"] == "new"
        assert (tmp_path / "manifest.sqlite3-wal").exists()
        writer.stdin.write("\n")
        writer.stdin.flush()
        assert writer.wait() == 0
    assert reader.meta()["last"] == "yes"
    reader.close()
    assert Manifest(path).meta()["last"] == "yes"
