"""The comparison with others: what is said between processes, what counts, and the table of it."""

from __future__ import annotations

import io
import json
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.evaluation.runner import EvalSet, Item, Target, evaluate, load_set
from assistant.types import Filters, Turn
from benchmarks import environments, machine, peer_tables, peers, tables
from benchmarks.contenders import bm25, catalogue, protocol
from benchmarks.contenders.catalogue import CONTENDERS, Contender, Step
from benchmarks.contenders.llamaindex import LlamaIndex
from benchmarks.contenders.protocol import Found, Piece, Place, serve
from benchmarks.judging import Judge, exact_span, loose_span
from index.types import Span

TEXT = "Ann Lee signed the accord in Oslo.\nBob Ito refused to sign it.\n\nIt rained in Rome.\n"
SIGNED, REFUSED, RAINED = (
    "Ann Lee signed the accord in Oslo.",
    "Bob Ito refused to sign it.",
    ("It rained in Rome."),
)


def target(words: str) -> Target:
    span = Span(TEXT.index(words), TEXT.index(words) + len(words))
    return Target("a.txt", span, span)


SIGNING = Item("q1", "Who signed?", "fact", True, 1, ("Ann Lee",), gold=(target(SIGNED),))
RAINING = Item("q2", "Where did it rain?", "fact", True, 2, ("Rome",), gold=(target(RAINED),))
NONE = Item("q3", "Who won in Ulm?", "unanswerable", False, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of one document and three questions."""
    docs = tmp_path / "small" / "docs"
    docs.mkdir(parents=True)
    (docs / "a.txt").write_text(TEXT, "utf-8")
    lines = []
    for item in (SIGNING, RAINING, NONE):
        gold = [{"doc": t.document, "start": t.span.start, "end": t.span.end} for t in item.gold]
        values = {"id": item.id, "question": item.question, "kind": item.kind}
        lines.append(
            json.dumps(
                {**values, "answerable": item.answerable, "gold": gold, "answers": item.answers}
            )
        )
    (docs.parent / "questions.jsonl").write_text("\n".join(lines), "utf-8")
    return docs.parent


# -- what is said ----------------------------------------------------------------------------------


class Scripted:
    """A contender that knows its passages by heart, and what it was told."""

    def __init__(self, found: Found | None = None) -> None:
        self.told: list[object] = []
        self._found = found or Found((Piece("a.txt", SIGNED, 0, len(SIGNED)),))

    def about(self) -> Mapping[str, str]:
        return {"version": "1.2", "model": ""}

    def index(self, place: Place) -> int:
        self.told.append(("index", place))
        return 3

    def open(self, place: Place) -> None:
        self.told.append(("open", place))

    def ask(self, question: str, k: int) -> Found:
        self.told.append(("ask", question, k))
        if question == "?":
            raise ValueError("what?")
        return self._found

    def change(self, path: Path) -> None:
        self.told.append(("change", path))


def replies(contender: protocol.Contender, *requests: Mapping[str, Any]) -> list[dict[str, Any]]:
    out = io.StringIO()
    serve(contender, io.StringIO("".join(json.dumps(each) + "\n" for each in requests)), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_request_has_its_reply_and_a_mistake_ends_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    contender = Scripted()
    place = Place(Path("/f"), Path("/s"))
    where = {"folder": "/f", "store": "/s"}
    assert replies(
        contender,
        {"do": "about"},
        {"do": "index", **where},
        {"do": "open", **where},
        {"do": "ask", "question": "?", "k": 2},
        {"do": "dance"},
        {"do": "ask", "question": "Who?", "k": 2},
        {"do": "change", "path": "/f/a.txt"},
    ) == [
        {"version": "1.2", "model": ""},
        {"passages": 3},
        {},
        {"error": "ValueError: what?"},
        {"error": "ValueError: nothing is known of 'dance'"},
        {
            "hits": [{"document": "a.txt", "text": SIGNED, "start": 0, "end": len(SIGNED)}],
            "cited": None,
            "confidence": None,
        },
        {},
    ]
    assert contender.told == [
        ("index", place),
        ("open", place),
        ("ask", "?", 2),
        ("ask", "Who?", 2),
        ("change", Path("/f/a.txt")),
    ]
    assert capsys.readouterr().err.count("Traceback") == 2


@pytest.mark.parametrize("cited", [None, (), (Piece("b.txt", "Yes."),)])
def test_what_was_found_is_the_same_on_the_other_side(cited: tuple[Piece, ...] | None) -> None:
    found = Found((Piece("a.txt", SIGNED, 0, 34), Piece("b.txt", "No.")), cited, 0.25)
    (reply,) = replies(Scripted(found), {"do": "ask", "question": "Who?", "k": 2})
    assert protocol.found(reply) == found


def test_memory_is_the_most_that_there_was() -> None:
    (before,) = replies(Scripted(), {"do": "memory"})
    block = b"x" * 50_000_000
    (after,) = replies(Scripted(), {"do": "memory"})
    assert after["peak_bytes"] >= before["peak_bytes"] > 1_000_000
    assert after["peak_bytes"] > len(block)


SPEAKING = textwrap.dedent(
    """
    import sys, time
    from benchmarks.contenders.protocol import Found, Piece, serve

    class Fake:
        def about(self):
            print("not a reply")
            return {"version": "1", "model": ""}
        def index(self, place):
            place.store.mkdir()
            (place.store / "index").write_bytes(b"x" * 1000)
            return 2
        def open(self, place):
            self.texts = {path.name: path.read_text() for path in place.folder.glob("*.txt")}
            assert (place.store / "index").is_file()
        def ask(self, question, k):
            if question == "die":
                sys.exit("out of words")
            if question == "wait":
                time.sleep(60)
            if question == "fail":
                raise OSError("no such thing")
            hits = [Piece(name, text, 0, len(text)) for name, text in self.texts.items()]
            return Found(tuple(hits[:k]))
        def change(self, path):
            self.texts[path.name] = path.read_text()

    serve(Fake())
    """
)


@pytest.fixture
def speaking(tmp_path: Path) -> tuple[str, ...]:
    """What runs a contender that finds whole documents."""
    script = tmp_path / "fake.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(machine.ROOT)!r})\n{SPEAKING}", "utf-8")
    return sys.executable, str(script)


def test_a_process_is_spoken_to_and_what_it_prints_is_no_reply(speaking: tuple[str, ...]) -> None:
    with peers.speaking(speaking) as speaker:
        assert speaker.say("about") == {"version": "1", "model": ""}
        with pytest.raises(peers.ContenderFailed, match=r"^ask: OSError: no such thing$"):
            speaker.say("ask", question="fail", k=1)
        assert speaker.say("about") == {"version": "1", "model": ""}
    assert speaker.process.returncode == 0


def test_a_process_that_ends_says_its_last_words(speaking: tuple[str, ...]) -> None:
    with peers.speaking(speaking) as speaker:
        with pytest.raises(peers.ContenderFailed) as failed:
            speaker.say("ask", question="die", k=1)
        assert str(failed.value) == "ask: the process ended: out of words"
        with pytest.raises(peers.ContenderFailed):
            speaker.say("about")


def test_nobody_waits_for_ever(speaking: tuple[str, ...]) -> None:
    with peers.speaking(speaking, patience=3) as speaker:
        with pytest.raises(peers.ContenderFailed) as failed:
            speaker.say("ask", question="wait", k=1)
        assert str(failed.value).startswith("ask: the process ended, after 3 s without a reply: ")


# -- what counts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("piece", "span"),
    [
        (Piece("a.txt", "sign", 8, 12), (8, 12)),
        (Piece("a.txt", "sign", 54, 58), (54, 58)),
        (Piece("a.txt", "sign", 55, 59), (8, 12)),
        (Piece("a.txt", "sign", 8, 1000), (8, 12)),
        (Piece("a.txt", "sign"), (8, 12)),
        (Piece("a.txt", "sang", 8, 12), None),
        (Piece("a.txt", ""), None),
    ],
)
def test_where_exact_words_stand(piece: Piece, span: tuple[int, int] | None) -> None:
    assert TEXT[8:12] == TEXT[54:58] == "sign"
    found = exact_span(TEXT, piece)
    assert (found and (found.start, found.end)) == span


def test_where_words_stand_whose_white_space_was_changed() -> None:
    assert loose_span(TEXT, f" {SIGNED} {REFUSED}\n") == Span(0, len(SIGNED) + 1 + len(REFUSED))
    assert loose_span(TEXT, "Ann Lee refused") is None
    assert loose_span(TEXT, "(") is None
    assert loose_span(TEXT, " ") is None


def encode(texts: Sequence[str]) -> Any:
    """Rain is one direction, everything else another."""
    return np.array([[1.0, 0.0] if "rain" in text else [0.0, 1.0] for text in texts])


def judged(docs: Path, found: Mapping[str, Found]) -> tuple[Any, Judge]:
    judge = Judge(docs, encode)
    items = tuple(item for item in (SIGNING, RAINING, NONE) if item.id in found)
    report = evaluate(
        EvalSet(docs.parent, 1, items),
        lambda item: judge.answer(item, found[item.id], 5.0),
        threshold=0.0,
    )
    return report, judge


def test_the_nearest_sentence_of_the_passages_is_cited(folder: Path) -> None:
    whole = Found((Piece("a.txt", TEXT, 0, len(TEXT)),))
    first = Found((Piece("a.txt", SIGNED, 0, len(SIGNED)),))
    report, judge = judged(folder / "docs", {"q1": first, "q2": whole})
    assert [scored.best.right for scored in report.scored] == [True, True]
    assert [scored.best.characters for scored in report.scored] == [len(SIGNED), len(RAINED)]
    report, judge = judged(folder / "docs", {"q2": first})
    assert [scored.best.right for scored in report.scored] == [False]
    assert (judge.passages.pieces, judge.passages.in_place, judge.quotes.pieces) == (1, 1, 0)
    assert len(judge.choosing_ms) == 1
    assert judge.choosing_ms[0] > 0


def test_what_finds_nothing_cites_nothing(folder: Path) -> None:
    report, judge = judged(folder / "docs", {"q1": Found(()), "q2": Found((), ())})
    assert (report.citations, report.silent) == (0, 2)
    assert report.figures["recall@10"].value == 0.0
    assert judge.choosing_ms[1] == 0.0


def test_a_passage_with_other_white_space_is_found_but_is_not_verbatim(folder: Path) -> None:
    words = f"{SIGNED} {REFUSED}"
    report, judge = judged(folder / "docs", {"q1": Found((Piece("a.txt", words),))})
    assert report.figures["recall@1"].value == 1.0
    placed = judge.passages
    assert (placed.pieces, placed.verbatim, placed.in_place) == (1, 0, 0)
    assert placed.lengths == [len(words)]


def test_a_passage_that_stands_nowhere_keeps_its_rank(folder: Path) -> None:
    made_up = Piece("a.txt", "Ann Lee sang.")
    unknown = Piece("z.txt", SIGNED, 0, len(SIGNED))
    right = Piece("a.txt", SIGNED, 0, len(SIGNED))
    report, judge = judged(folder / "docs", {"q1": Found((made_up, unknown, right))})
    assert list(report.scored[0].ranking) == [
        frozenset(),
        frozenset(),
        frozenset({0}),
    ]
    assert report.figures["mrr"].value == pytest.approx(1 / 3)
    assert judge.passages.verbatim == 1


@pytest.mark.parametrize(
    ("quote", "right", "invalid", "in_place"),
    [
        (Piece("a.txt", SIGNED, 0, len(SIGNED)), True, 0, 1),
        # Words that are right count even where the contender names no place, or a wrong one.
        (Piece("a.txt", SIGNED), True, 0, 0),
        (Piece("a.txt", SIGNED, 3, 3 + len(SIGNED)), True, 0, 0),
        (Piece("a.txt", REFUSED), False, 0, 0),
        (Piece("a.txt", SIGNED.replace("Oslo", "Ulm"), 0, len(SIGNED)), False, 1, 0),
        (Piece("a.txt", f"{SIGNED} {REFUSED}"), False, 1, 0),
        (Piece("z.txt", SIGNED, 0, len(SIGNED)), False, 1, 0),
        (Piece("a.txt", ""), False, 1, 0),
    ],
)
def test_a_quote_is_held_to_its_exact_words(
    folder: Path, quote: Piece, right: bool, invalid: int, in_place: int
) -> None:
    found = Found((Piece("a.txt", TEXT, 0, len(TEXT)),), (quote,), 0.5)
    report, judge = judged(folder / "docs", {"q1": found})
    assert report.scored[0].best.right is right
    assert (report.citations, len(report.invalid)) == (1, invalid)
    assert judge.quotes.in_place == in_place
    assert report.scored[0].confidence == 0.5


# -- contenders ------------------------------------------------------------------------------------


def test_names_are_different_and_variants_have_a_base() -> None:
    names = [contender.name for contender in CONTENDERS]
    assert len(set(names)) == len(names)
    for contender in CONTENDERS:
        whole = catalogue.base(contender)
        assert bool(contender.steps) is (whole is contender)
        assert whole.module == contender.module
        assert whole.inside is contender.inside
        assert (machine.ROOT / f"benchmarks/contenders/{contender.module}.py").is_file()
        # A variant takes the index of its base, which must have been made by then.
        assert names.index(whole.name) <= names.index(contender.name)


def test_every_version_is_pinned_and_torch_is_the_one_that_is_tested() -> None:
    constraints = (machine.ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.split("==")[0].lower() for line in constraints if "==" in line}
    for contender in CONTENDERS:
        for step in contender.steps:
            for need in step.needs:
                assert "==" in need or need == "." or (step.constrained and need in pinned), need
                if need.startswith("torch=="):
                    assert need in constraints


def test_contenders_are_chosen_by_name_in_their_order() -> None:
    assert catalogue.chosen(None) == CONTENDERS
    assert [c.name for c in catalogue.chosen(["bm25s", "onrecord"])] == ["onrecord", "bm25s"]
    with pytest.raises(KeyError, match="nobody"):
        catalogue.chosen(["onrecord", "nobody"])


def test_passages_for_bm25_are_cut_by_place_and_none_is_too_long() -> None:
    sentence = "The harbour of Vostrel was closed at noon. "
    text = f"{sentence * 50}\n\n{'word ' * 200}\nEnd."
    pieces = bm25.passages("a.txt", text)
    assert all(piece.text == text[piece.start : piece.end] for piece in pieces)
    assert [len(piece.text.split()) for piece in pieces] == [176, 176, 48, 200, 1]
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(text.split())
    assert bm25.passages("a.txt", " \n\n ") == []


def test_bm25_leaves_out_what_shares_no_word(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    class Retriever:
        """Counts words that are shared, and fills up, as the library does."""

        def index(self, tokens: list[set[str]], **_: object) -> None:
            self.tokens = tokens

        def save(self, where: str) -> None:
            (Path(where) / "tokens").write_text(repr(self.tokens), "utf-8")

        @classmethod
        def load(cls, where: str) -> Retriever:
            found = cls()
            found.tokens = eval((Path(where) / "tokens").read_text("utf-8"))
            return found

        def retrieve(self, tokens: list[set[str]], k: int, **_: object) -> tuple[Any, Any]:
            scores = np.array([len(tokens[0] & each) for each in self.tokens])
            order = (-scores).argsort(kind="stable")[:k]
            return order[None], scores[order][None]

    stub = types.SimpleNamespace(
        BM25=Retriever,
        tokenize=lambda texts, **_: [set(text.lower().strip("?").split()) for text in texts],
    )
    monkeypatch.setitem(sys.modules, "bm25s", stub)
    monkeypatch.setattr(bm25, "WORDS", 6)
    place = Place(folder / "docs", tmp_path / "index")
    assert bm25.Bm25().index(place) == 3
    opened = bm25.Bm25()
    opened.open(place)
    assert [piece.text for piece in opened.ask("who signed the accord?", 10).hits] == [SIGNED]
    assert opened.ask("nothing", 10).hits == ()
    path = folder / "docs" / "a.txt"
    path.write_text("Nothing happened.\n", "utf-8")
    opened.change(path)
    assert [piece.text for piece in opened.ask("nothing", 10).hits] == ["Nothing happened."]


class InProcess(LlamaIndex):
    """With what is installed here: a store in memory, and vectors of :func:`encode`."""

    def embed_model(self) -> Any:
        from llama_index.core.embeddings import BaseEmbedding

        class Fake(BaseEmbedding):  # type: ignore[misc]
            def _get_text_embedding(self, text: str) -> list[float]:
                vector: list[float] = encode([text])[0].tolist()
                return vector

            _get_query_embedding = _get_text_embedding

            async def _aget_query_embedding(self, query: str) -> list[float]:
                return self._get_text_embedding(query)

        return Fake()

    def vector_store(self, store: Path) -> Any:
        from llama_index.core.vector_stores import SimpleVectorStore

        store.mkdir()
        return SimpleVectorStore()

    def count(self, vectors: Any) -> int:
        return len(vectors.data.embedding_dict)


@pytest.mark.parametrize("citations", [False, True])
def test_llamaindex_gives_its_passages_and_its_numbered_sources(
    folder: Path, tmp_path: Path, citations: bool
) -> None:
    (folder / "docs" / "b.txt").write_text("Nothing happened.\n", "utf-8")
    contender = InProcess(citations=citations)
    assert contender.index(Place(folder / "docs", tmp_path / "index")) == 2
    found = contender.ask("Where did it rain?", 1)
    assert [(piece.document, piece.text) for piece in found.hits] == [("a.txt", TEXT.strip())]
    assert exact_span(TEXT, found.hits[0]) == Span(0, len(TEXT) - 1)
    assert found.confidence is None
    if citations:
        assert found.cited == (Piece("a.txt", TEXT.strip()),)
    else:
        assert found.cited is None


def test_llamaindex_takes_a_changed_document_in_anew(folder: Path, tmp_path: Path) -> None:
    contender = InProcess(citations=False)
    contender.index(Place(folder / "docs", tmp_path / "index"))
    path = folder / "docs" / "a.txt"
    path.write_text("The rain went on.\n", "utf-8")
    contender.change(path)
    assert [piece.text for piece in contender.ask("rain?", 10).hits] == ["The rain went on."]


# -- environments ----------------------------------------------------------------------------------


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[list[str]]]:
    """What would have been run; an install leaves a package of a thousand bytes."""
    ran: list[list[str]] = []
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "pip").write_bytes(b"x" * 77)

    def run(command: Sequence[str]) -> str:
        ran.append(list(command))
        if "venv" in command:
            (Path(command[-1]) / "bin").mkdir(parents=True)
        elif "install" in command:
            if "broken==1" in command:
                raise environments.EnvironmentFailed("“pip” failed: ERROR: broken")
            info = packages / f"{len(ran)}.dist-info"
            info.mkdir()
            (info / "METADATA").write_bytes(b"x" * 1000)
        return f"{packages}\n"

    monkeypatch.setattr(environments, "_run", run)
    yield ran


def test_an_environment_is_made_once_and_weighed(pip: list[list[str]], tmp_path: Path) -> None:
    said: list[str] = []
    cache = tmp_path / "cache"
    steps = (Step(("torch",), constrained=True), Step(("a==1", "b==2"), removed=("c",)))
    made = environments.made("peer", steps, cache, ["--find-links", "here"], said.append)
    assert (made.commands, made.packages, made.bytes) == (2, 2, 2000)
    constraints = str(machine.ROOT / "constraints.txt")
    assert [command[3:] for command in pip if "install" in command] == [
        ["install", "--quiet", "--disable-pip-version-check", *rest]
        for rest in (
            ["-c", constraints, "--find-links", "here", "torch"],
            ["--find-links", "here", "a==1", "b==2"],
        )
    ]
    assert pip[-1] == [str(made.python), "-m", "pip", "uninstall", "--quiet", "-y", "c"]
    assert len(said) == 1
    pip.clear()
    assert environments.made("peer", steps, cache, [], said.append) == made
    assert (pip, len(said)) == ([], 1)


@pytest.mark.usefixtures("pip")
def test_other_needs_make_another_environment_in_the_place_of_the_older(tmp_path: Path) -> None:
    def silent(_: str) -> None:
        pass

    first = environments.made("peer", (Step(("a==1",)),), tmp_path, [], silent)
    other = environments.made("other", (Step(("a==1",)),), tmp_path, [], silent)
    second = environments.made("peer", (Step(("a==2",)),), tmp_path, [], silent)
    folders = {made.python.parents[1] for made in (first, other, second)}
    assert [folder.is_dir() for folder in (first.python.parents[1], other.python.parents[1])] == [
        False,
        True,
    ]
    assert len(folders) == 3


@pytest.mark.usefixtures("pip")
def test_a_failed_environment_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    steps = (Step(("a==1",)), Step(("broken==1",)))
    with pytest.raises(environments.EnvironmentFailed, match="ERROR: broken"):
        environments.made("peer", steps, cache, [], print)
    assert list(cache.iterdir()) == []


def test_what_pip_says_last_is_the_reason() -> None:
    code = "import sys; print('ERROR: no such version\\nhint', file=sys.stderr); sys.exit(1)"
    with pytest.raises(environments.EnvironmentFailed, match=r"failed: ERROR: no such version$"):
        environments._run([sys.executable, "-c", code])


def test_variants_share_an_environment_and_a_failed_one_fails_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def made(name: str, *_: object) -> environments.Environment:
        asked.append(name)
        if name == "bm25s":
            raise environments.EnvironmentFailed("no")
        return environments.Environment(tmp_path / name, 2, 30, 4000)

    monkeypatch.setattr(environments, "made", made)
    contenders = catalogue.chosen(["onrecord", "llamaindex", "llamaindex-citations", "bm25s"])
    pythons, weights = peers.installed(contenders, tmp_path, [], str, weigh=True)
    assert asked == ["onrecord", "llamaindex", "bm25s"]
    assert pythons == {
        "onrecord": Path(sys.executable),
        "llamaindex": tmp_path / "llamaindex",
        "llamaindex-citations": tmp_path / "llamaindex",
    }
    weight = {"commands": 2, "packages": 30, "bytes": 4000}
    assert weights == {"onrecord": weight, "llamaindex": weight, "bm25s": {"error": "no"}}
    asked.clear()
    peers.installed(contenders, tmp_path, [], str, weigh=False)
    assert asked == ["llamaindex", "bm25s"]


# -- all of it -------------------------------------------------------------------------------------


def test_questions_that_most_cannot_be_asked_are_left_out() -> None:
    dated = replace(SIGNING, filters=Filters(until=machine_day()))
    talked = replace(SIGNING, history=(Turn("user", "Hello."),))
    eval_set = EvalSet(Path("a"), 1, (SIGNING, dated, talked, RAINING, NONE))
    assert peers.taken(eval_set, None).items == (SIGNING, RAINING, NONE)
    assert peers.taken(eval_set, 2).items == (SIGNING, RAINING)
    assert peers.taken(eval_set, 9).items == (SIGNING, RAINING, NONE)


def machine_day() -> Any:
    from datetime import date

    return date(2025, 3, 1)


FAKE = Contender("fake", "Fake", "bm25", "documents", limits="nothing")
BAD = Contender("bad", "Bad", "bm25", "nothing")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, speaking: tuple[str, ...]) -> None:
    """Only :data:`FAKE` and :data:`BAD`, whose process ends at once; and no real model."""

    def command(contender: Contender, python: Path) -> tuple[str, ...]:
        return speaking if contender is FAKE else (str(python), "-c", "exit('gone')")

    monkeypatch.setattr(peers, "command", command)
    monkeypatch.setattr(peers, "base", lambda contender: contender)
    monkeypatch.setattr(peers, "chosen", lambda names: (FAKE, BAD)[: 1 + bool(names is None)])
    monkeypatch.setattr(
        peers, "_embedder", lambda: types.SimpleNamespace(encode=lambda texts: encode(texts))
    )

    def made(*_: object) -> environments.Environment:
        return environments.Environment(Path(sys.executable), 1, 2, 3000)

    monkeypatch.setattr(environments, "made", made)


@pytest.mark.usefixtures("fakes")
def test_everything_is_measured_and_who_fails_is_said_to_have(folder: Path) -> None:
    before = (folder / "docs" / "a.txt").read_bytes()
    sizes = peers.Sizes(questions=None, rounds=2, colds=2, changes=2)
    pythons = {"fake": Path(sys.executable), "bad": Path(sys.executable)}
    result = peers.measure([load_set(folder)], (FAKE, BAD), sizes, pythons, str)
    assert list(result) == ["small"]
    small = result["small"]
    rows = small.pop("contenders")
    assert small == {"documents": 1, "questions": 3, "answerable": 2, "left_out": 0}
    assert rows["bad"] == {"error": "about: the process ended: gone"}
    fake = rows["fake"]
    assert {key: fake["indexing"][key] for key in ("version", "passages", "index_bytes")} == {
        "version": "1",
        "passages": 2,
        "index_bytes": 1000,
    }
    assert fake["indexing"]["characters"] == len(TEXT)
    lengths = (len(fake["indexing"]["seconds"]), len(fake["cold_seconds"]))
    assert (*lengths, len(fake["change"]["seconds"])) == (2, 2, 2)
    assert fake["change"]["seen"] is True
    assert fake["figures"]["recall@1"]["value"] == 1.0
    # The nearest sentence is right where it rains, and is the first one elsewhere.
    assert fake["figures"]["right_top_forced"]["value"] == 1.0
    assert (fake["citations"], fake["invalid_quotes"], fake["own_citations"]) == (3, 0, False)
    assert fake["passages"] == {
        "n": 3, "verbatim": 3, "in_place": 3, "characters": len(TEXT),
    }  # fmt: skip
    assert fake["with_sentence_ms"]["p50"] >= fake["answer_ms"]["p50"] > 0
    assert fake["peak_bytes"] > 1_000_000
    assert (folder / "docs" / "a.txt").read_bytes() == before


@pytest.mark.usefixtures("fakes")
def test_a_run_of_some_prints_and_writes_nothing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(peers, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(peers, "SHORT", peers.Sizes(2, 1, 1, 1))
    copy = tmp_path / "copy.json"
    assert peers.main([str(folder), "--short", "--only", "fake", "--json", str(copy)]) == 0
    printed = capsys.readouterr().out
    assert printed == peer_tables.peers(json.loads(copy.read_text("utf-8"))) + "\n"
    assert "| Fake | 100.0% |" in printed
    assert not (tmp_path / "results.json").exists()


@pytest.mark.usefixtures("fakes")
def test_a_run_of_all_is_written_and_ends_with_one_if_a_contender_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refreshed: list[bool] = []
    monkeypatch.setattr(peers, "RESULTS", tmp_path / "results" / "peers.json")
    monkeypatch.setattr(peers, "FULL", peers.Sizes(2, 1, 1, 1))
    monkeypatch.setattr(peers.readme, "refresh", lambda: refreshed.append(True) or [])
    assert peers.main([str(folder)]) == 1
    written = json.loads((tmp_path / "results" / "peers.json").read_text("utf-8"))
    assert list(written["sets"]["small"]["contenders"]) == ["fake", "bad"]
    assert written["contenders"]["fake"]["install"] == {"commands": 1, "packages": 2, "bytes": 3000}
    assert refreshed == [True]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--only", "nobody"], "there is no contender 'nobody'; choose from: onrecord, "),
        (["nowhere"], "has no documents. Name a folder with docs/*.txt and questions.jsonl."),
        (["SET", "SET"], "two sets are called small; rename the folder of one"),
        (["--json", "nowhere/a.json"], "there is no folder nowhere to write a.json into"),
        (["--cache", "Makefile"], "Makefile is not a folder; name one for the environments"),
        (["--python", "no-python"], "there is no no-python to run; name a Python 3.11 or newer"),
        (["--rounds", "0"], "argument --rounds: '0' must be a whole number from 1"),
    ],
)
def test_bad_input_is_told_what_to_do(
    argv: list[str],
    said: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(peers, "installed", pytest.fail)
    monkeypatch.chdir(machine.ROOT)
    argv = [str(folder) if each == "SET" else each for each in argv]
    try:
        code: object = peers.main(argv)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert said in capsys.readouterr().err


@pytest.mark.long
def test_onrecord_itself_is_measured(folder: Path) -> None:
    contenders = catalogue.chosen(["onrecord", "onrecord-passages"])
    pythons = {contender.name: Path(sys.executable) for contender in contenders}
    sizes = peers.Sizes(rounds=1, colds=1, changes=1)
    rows = peers.measure([load_set(folder)], contenders, sizes, pythons, str)["small"]["contenders"]
    answers, passages = rows["onrecord"], rows["onrecord-passages"]
    assert answers["indexing"] == passages["indexing"]
    assert (answers["own_citations"], passages["own_citations"]) == (True, False)
    for row in (answers, passages):
        assert row["invalid_quotes"] == 0
        assert row["passages"]["in_place"] == row["passages"]["n"] > 0
        assert row["figures"]["recall@10"]["value"] == 1.0
        assert row["change"]["seen"] is True


# -- the table -------------------------------------------------------------------------------------


def figures(recall: float, right: float, direction: float | None) -> dict[str, Any]:
    values = {
        "recall@1": recall / 2,
        "recall@5": recall,
        "recall@10": recall,
        "right_top_forced": right,
        "in_quotes_forced": right,
        "direction_forced": direction,
        "trap_first_forced": None,
        "first_quote": 120.4,
    }
    return {key: {"value": value} for key, value in values.items()}


def row(recall: float, right: float, ms: float, *, own: bool = False) -> dict[str, Any]:
    return {
        "indexing": {
            "version": "1.2",
            "model": "all-MiniLM-L6-v2",
            "passages": 30,
            "characters": 5000,
            "seconds": [2.0, 1.0, 4.0],
            "peak_bytes": 600e6,
            "index_bytes": 2e6,
        },
        "cold_seconds": [3.0, 5.0, 4.0],
        "figures": figures(recall, right, 0.5),
        "citations": 40,
        "invalid_quotes": 1,
        "own_citations": own,
        "passages": {"n": 40, "verbatim": 40, "in_place": 30, "characters": 900.0},
        "quotes": {"n": 0, "verbatim": 0, "in_place": 0, "characters": None},
        "answer_ms": {"n": 20, "p50": ms, "p95": 2 * ms},
        "with_sentence_ms": {"n": 20, "p50": ms if own else 100 + ms, "p95": 2 * ms},
        "peak_bytes": 700e6,
        "change": {"seconds": [0.2, 0.3, 0.4], "seen": own},
    }


def named(title: str, install: Mapping[str, Any] | None, limits: str = "") -> dict[str, Any]:
    return {
        "title": title,
        "gives": "passages",
        "limits": limits,
        "variant_of": "",
        "install": install,
    }


RESULT: Mapping[str, Any] = {
    "format": tables.FORMAT,
    "measured": "2025-03-01",
    "code": "abc",
    "seconds": 3600.0,
    "machine": {
        "cpus": 2,
        "memory_gb": 8,
        "system": "Linux x86_64",
        "python": "3.11.7",
        "load": 0.1,
    },
    "sizes": {"questions": None, "rounds": 3, "colds": 3, "changes": 3},
    "contenders": {
        "onrecord": named("OnRecord", {"commands": 2, "packages": 150, "bytes": 1.5e9}),
        "onrecord-passages": {
            **named("OnRecord, passages only", None),
            "variant_of": "onrecord",
        },
        "bm25s": named("BM25", {"commands": 1, "packages": 5, "bytes": 80e6}, "nothing"),
        "gone": named("Gone", {"error": "pip failed"}),
        "light": named("Light", None),
        "broken": named("Broken", {"commands": 1, "packages": 1, "bytes": 1000}),
    },
    "sets": {
        "news": {
            "documents": 21,
            "questions": 20,
            "answerable": 16,
            "left_out": 3,
            "contenders": {
                "onrecord": row(0.9, 0.8, 90.0, own=True),
                "onrecord-passages": row(0.9, 0.5, 20.0),
                "bm25s": row(0.9, 0.4, 1.25),
                "broken": {"error": "about: the process ended: gone"},
            },
        }
    },
}

TABLE = """\
2025-03-01; 2 cores, 8 GB, Linux x86_64, Python 3.11.7; load before it began: 0.1. One run, of 60 \
minutes. Who embeds does it with all-MiniLM-L6-v2. Medians of 3 rounds of indexing, 3 fresh \
processes, 3 changes, and all questions.

### news

20 questions (3 more need what most lack), 16 of them answerable, over 21 documents.

|   | recall@1 | recall@5 | recall@10 | right citation | expected words | right direction | cited \
by | quote | invalid quotes | passage | places right |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| OnRecord | 45.0% | 90.0% | 90.0% | 80.0% | 80.0% | 50.0% | itself | 120 characters | 1 of 40 | \
900 characters | 75.0% |
| OnRecord, passages only | 45.0% | 90.0% | 90.0% | 50.0% | 50.0% | 50.0% | nearest sentence | 120 \
characters | 1 of 40 | 900 characters | 75.0% |
| BM25 | 45.0% | 90.0% | 90.0% | 40.0% | 40.0% | 50.0% | nearest sentence | 120 characters | \
1 of 40 | 900 characters | 75.0% |

|   | first answer, fresh process | answer, p50 | p95 | with a sentence, p50 | indexing, \
characters a second | one document changed | index | memory, asking | memory, indexing |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| OnRecord | 4.00 s | 90 ms | 180 ms | 90 ms | 2,500 | 0.30 s | 2 MB | 700 MB | 600 MB |
| OnRecord, passages only | 4.00 s | 20 ms | 40 ms | 120 ms | 2,500 | 0.30 s, not found \
afterwards | 2 MB | 700 MB | 600 MB |
| BM25 | 4.00 s | 1.2 ms | 2.5 ms | 101 ms | 2,500 | 0.30 s, not found afterwards | 2 MB | 700 MB \
| 600 MB |

- right citation: OnRecord (80.0%, quotes of 120 characters) is ahead of every other.
- recall@10: OnRecord (90.0%) is **not** ahead of BM25 (90.0%).
- time to a citation: OnRecord (90 ms) is ahead of every other.
- time to passages alone: OnRecord (20 ms) is **not** ahead of BM25 (1.2 ms).

Broken could not be measured: about: the process ended: gone.

### To install

|   | version | a question gets | pip installs | packages | on disk |
| --- | --- | --- | ---: | ---: | ---: |
| OnRecord | 1.2 | passages | 2 | 150 | 1.50 GB |
| BM25 | 1.2 | passages | 1 | 5 | 80 MB |
| Gone | – | passages | pip failed |   |   |
| Light | – | passages | – | – | – |
| Broken | – | passages | 1 | 1 | 1 kB |

### What could not run offline, and why

- **BM25**: nothing."""


def test_the_table() -> None:
    assert peer_tables.peers(RESULT) == TABLE


def test_a_table_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 0, not 1: measure them anew"):
        peer_tables.peers({**RESULT, "format": 0})


def test_nothing_is_compared_where_onrecord_is_alone_or_absent() -> None:
    rows = RESULT["sets"]["news"]["contenders"]
    titles = {name: each["title"] for name, each in RESULT["contenders"].items()}
    ours = {name: rows[name] for name in ("onrecord", "onrecord-passages")}
    assert peer_tables.compared(ours, titles) == []
    assert peer_tables.compared({"bm25s": rows["bm25s"]}, titles) == []
