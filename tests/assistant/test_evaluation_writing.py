"""What counts as right and wrong of what a model wrote, and what is said of a whole set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.evaluation.runner import Item, Target
from assistant.evaluation.writing import Asked, Claim, Judge, Observer, Written, asked, summed
from assistant.types import Answer, Outcome, Reviewed
from index.types import Span
from tests.assistant.making import a_candidate, evidence
from tests.assistant.scripted import says, scripted

LAYER = (
    "Ann Lee signed the accord with Bob Ito in Oslo on 4 May 2021.\n"
    "Bob Ito refused to sign the other accord.\n"
    "It rained in Rome all day.\n"
)
SIGNED, REFUSED, RAIN = LAYER.splitlines()


def target(words: str) -> Target:
    start = LAYER.index(words)
    span = Span(start, start + len(words))
    return Target("a.txt", span, span)


ITEM = Item(
    "q1", "Who signed the accord?", "fact", True, 1, ("Ann Lee",),
    gold=(target(SIGNED),), forbidden=(target(REFUSED),),
)  # fmt: skip
NONE = Item("q2", "Who won in Ulm?", "unanswerable", False, 2)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    folder = tmp_path_factory.mktemp("judged")
    (folder / "a.txt").write_text(LAYER, "utf-8")
    return Judge(folder)


def reviewed(text: str, *cited: str, verdict: str = "supported") -> Reviewed:
    pieces = tuple(evidence(a_candidate(LAYER, words)) for words in cited)
    return Reviewed(text, pieces, verdict, "" if verdict == "supported" else "it is “so”")


@pytest.mark.parametrize(
    ("item", "text", "cited", "worth"),
    [
        (ITEM, "Ann Lee signed the accord.", [SIGNED], "right"),
        (ITEM, "ANN  LEE signed the accord.", [REFUSED, SIGNED], "right"),
        (ITEM, "The accord was signed in Oslo.", [SIGNED], "beside"),
        (ITEM, "It rained in Rome.", [RAIN], "beside"),
        (ITEM, "Ann Lee signed the accord.", [], "beside"),
        # What is cited is forbidden.
        (ITEM, "Bob Ito refused to sign.", [REFUSED], "forbidden"),
        (ITEM, "Bob Ito refused to sign.", [REFUSED, RAIN], "forbidden"),
        # Invented: a figure, a date, a name, a quotation that is nowhere
        (ITEM, "Ann Lee signed three accords.", [SIGNED], "invented"),
        (ITEM, "Ann Lee signed the accord on 5 May 2021.", [SIGNED], "invented"),
        (ITEM, "Ann Lee signed the accord with Cy Moe.", [SIGNED], "invented"),
        (ITEM, "Ann Lee signed “the great accord”.", [SIGNED], "invented"),
        (ITEM, "Cy Moe signed it with Dee Poe.", [RAIN], "invented"),
        # … what the gold has is not, whatever is cited
        (ITEM, "Ann Lee signed the accord in Oslo on 4 May 2021.", [RAIN], "beside"),
        # Negated.
        (ITEM, "Ann Lee did not sign the accord.", [SIGNED], "turned"),
        (ITEM, "Ann Lee did not sign the accord.", [RAIN], "beside"),
        (NONE, "Ann Lee won.", [SIGNED], "unanswerable"),
    ],
)
def test_what_a_claim_is_worth(
    judge: Judge, item: Item, text: str, cited: list[str], worth: str
) -> None:
    assert judge.worth(item, reviewed(text, *cited)) == worth


def an_answer(*, confidence: float = 0.9, by: str = "model", **values: object) -> Answer:
    return Answer(
        question="?", asked="?", outcome=Outcome.ANSWERED, text="", confidence=confidence,
        claims=(), citations=(), passages=(), timings_ms={}, composed=by, **values,  # type: ignore[arg-type]
    )  # fmt: skip


def test_below_the_threshold_nothing_counts(judge: Judge) -> None:
    def tell(on_claim: object, _on_draft: object) -> Answer:
        on_claim(reviewed("Ann Lee signed the accord.", SIGNED))  # type: ignore[operator]
        return an_answer(confidence=0.4)

    one = asked(ITEM, tell, judge, 0.5)
    assert (one.answered, one.by_model, one.claims) == (False, False, ())
    assert asked(ITEM, tell, judge, 0.4).answered


def test_what_was_checked_and_then_not_shown_is_written_only(judge: Judge) -> None:
    """The server broke off: the sources' own sentences are shown in its place."""

    def tell(on_claim: object, _on_draft: object) -> Answer:
        on_claim(reviewed("Ann Lee signed the accord.", SIGNED))  # type: ignore[operator]
        _on_draft(None)  # type: ignore[operator]
        return an_answer(by="extractive", notes=("The language model's server broke off.",))

    one = asked(ITEM, tell, judge)
    assert (one.answered, one.by_model, one.failed) == (True, False, True)
    (claim,) = one.claims
    assert claim == Claim("Ann Lee signed the accord.", (SIGNED,), "right", False, "")
    assert one.first_seconds == one.seconds


def a_question(id: str, *claims: tuple[str, bool], **values: object) -> Asked:
    made = tuple(Claim("x", ("y",), worth, shown, "no “z”") for worth, shown in claims)
    usual = {"answered": True, "by_model": any(shown for _, shown in claims), "failed": False,
             "first_seconds": 1.0, "seconds": 3.0}  # fmt: skip
    return Asked(id, **{**usual, **values}, claims=made)  # type: ignore[arg-type]


EACH = [
    a_question("a", ("right", True), ("right", True), ("invented", False)),
    a_question("b", ("beside", False), ("forbidden", True), first_seconds=2.0, seconds=5.0),
    a_question("c", ("unanswerable", True)),
    a_question("d", ("turned", False), failed=True),
    a_question("e", answered=False, first_seconds=99.0, seconds=99.0),
]


def test_a_set_is_summed() -> None:
    found = summed(EACH)
    assert (found.asked, found.answered, found.by_model, found.failed) == (5, 4, 3, 1)
    assert found.written == {
        "right": 2, "invented": 1, "turned": 1, "beside": 1, "forbidden": 1, "unanswerable": 1,
    }  # fmt: skip
    assert found.shown == {"right": 2, "forbidden": 1, "unanswerable": 1}
    assert found.wrong("written") == (3, 6)
    assert found.wrong("shown") == (1, 3)
    assert (found.survived, found.kept) == (4 / 7, 3 / 4)
    assert found.reasons == {"no “…”": 3}
    assert (found.first_p50, found.whole_p50) == (1.0, 3.0)
    assert found.whole_p95 == pytest.approx(4.7)
    values = found.to_dict()
    assert (values["wrong_written"], values["wrong_shown"]) == (3 / 6, 1 / 3)
    assert json.loads(json.dumps(values)) == values


def test_nothing_was_answered() -> None:
    found = summed([EACH[-1]])
    assert (found.survived, found.kept, found.wrong("shown")) == (None, None, (0, 0))
    assert "First words shown after – at the median" in found.to_text()


def test_a_question_is_kept_and_read_back() -> None:
    for one in EACH:
        assert Asked.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_the_text() -> None:
    found = Written(2, 2, 1, 0, {"right": 2}, {"right": 1}, {"b": 1}, 1.0, 2.0, 3.0, 4.0)
    lines = found.to_text().splitlines()
    assert lines[0].split() == ["claims", "written", "shown"]
    assert lines[1].split() == ["right", "2", "1"]
    assert lines[8].split() == ["wrong,", "where", "there", "is", "an", "answer", "0.0%", "of",
                                "2", "0.0%", "of", "1"]  # fmt: skip
    assert lines[10:] == [
        "2 questions, 2 of them answered; 1 answers (50.0%) keep a claim of the model's, 0 had to "
        "do without its server.",
        "50.0% of the claims survive the check.",
        "First words shown after 1.0 s at the median, 2.0 s at p95; the whole answer after 3.0 s "
        "and 4.0 s.",
        "Left out: 1 × b.",
    ]
    assert found.to_markdown().splitlines()[:3] == [
        "| claims | written | shown |", "| --- | ---: | ---: |", "| right | 2 | 1 |",
    ]  # fmt: skip


def test_an_observer_gives_back_the_answer(tmp_path: Path) -> None:
    answer = an_answer()
    seen = Observer(tmp_path, lambda _item, **_: answer, 0.0)
    assert seen(NONE) is answer
    assert [one.id for one in seen.each] == ["q2"]
    assert seen.written().asked == 1


def test_eval_tells_of_what_a_model_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(LAYER, "utf-8")
    question = {
        "id": "q1", "question": "Who signed the accord with Bob Ito?", "kind": "fact",
        "answerable": True, "answers": ["Ann Lee"],
        "gold": [{"doc": "a.txt", "start": 0, "end": len(SIGNED)}],
    }  # fmt: skip
    (tmp_path / "questions.jsonl").write_text(json.dumps(question), "utf-8")
    settings = tmp_path / "settings.toml"
    settings.write_text("min_confidence = 0.0\nclaims = 1\n")
    results, text = tmp_path / "r.json", tmp_path / "r.md"
    argv = ["eval", str(tmp_path), "--index", str(tmp_path / "index"), "--settings", str(settings)]
    argv += ["--json", str(results), "--markdown", str(text)]
    wrote = "[1] Ann Lee signed the accord with Bob Ito.\n[1] Cy Moe signed the accord."
    with scripted(says(wrote)) as server:
        assert main([*argv, "--llm", server.url, "--llm-model", "m"]) == 0
    out = capsys.readouterr().out
    assert "In the model's words, where it is answered" in out
    writing = json.loads(results.read_text())["writing"]
    assert (writing["written"], writing["shown"]) == ({"right": 1, "invented": 1}, {"right": 1})
    assert (writing["wrong_written"], writing["wrong_shown"]) == (0.5, 0.0)
    assert writing["each"][0]["claims"][0]["quotes"] == [SIGNED]
    assert "## In the model's words" in text.read_text()
    # Without a model nothing is said of one.
    assert main(argv) == 0
    assert "model" not in capsys.readouterr().out
    assert "writing" not in json.loads(results.read_text())
