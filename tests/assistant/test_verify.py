"""A draft that was tampered with is dropped; a saved answer is told what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.compose import compose
from assistant.pipeline import Assistant
from assistant.types import Citation, Claim, DraftClaim, Dropped, Place
from assistant.verify import Recheck, recheck, verify
from index.errors import UserError
from index.types import Document, Hit, Span
from tests.assistant.making import a_candidate, evidence, sha256

LAYER = "Ann Lee chairs it. She did not pay [sic] 6%. Bob paid 5%. Bob paid 5%."
ANN = a_candidate(LAYER, "Ann Lee chairs it.")
SHE = a_candidate(LAYER, "She did not pay [sic] 6%.")
FIRST_BOB = replace(a_candidate(LAYER, ANN.text), span=Span(45, 57), text="Bob paid 5%.")
SECOND_BOB = replace(FIRST_BOB, span=Span(58, 70))


def layer(hit: Hit) -> str:
    assert hit.sha256 == sha256(LAYER)
    return LAYER


def draft(text: str, *places: object) -> DraftClaim:
    return DraftClaim(
        text,
        tuple(Place(place, 0.5) for place in places),  # type: ignore[arg-type]
        None,
        "same",
        "",
    )


# -- a draft -------------------------------------------------------------------------------------


def test_what_stands_becomes_claims_and_citations() -> None:
    pieces = [
        replace(evidence(SHE, 0.9, name="Ann Lee", name_after=3, subject=ANN), speaker="Ann"),
        evidence(FIRST_BOB, 0.6, also=(SECOND_BOB,)),
    ]
    verified = verify(compose(pieces), layer)
    assert verified.claims == (
        Claim("She [Ann Lee] did not pay [sic] 6%.", (1, 2), "Ann", "same", "both ways"),
        Claim("Bob paid 5%.", (3, 4), None, "same", "both ways"),
    )
    cited = [(c.marker, c.start, c.end, c.quote, c.score) for c in verified.citations]
    assert cited == [
        (1, 19, 44, "She did not pay [sic] 6%.", 0.9),
        (2, 0, 18, "Ann Lee chairs it.", 0.9),
        (3, 45, 57, "Bob paid 5%.", 0.6),
        (4, 58, 70, "Bob paid 5%.", 0.6),
    ]
    assert all(LAYER[start:end] == quote for _, start, end, quote, _ in cited)
    assert all(c.sha256 == sha256(LAYER) and c.document == "a.txt" for c in verified.citations)
    assert verified.dropped == ()


def test_a_place_cited_twice_has_one_number() -> None:
    verified = verify([draft(ANN.text, ANN), draft(f"{ANN.text} {SHE.text}", SHE, ANN)], layer)
    assert [claim.citations for claim in verified.claims] == [(1,), (2, 1)]
    assert [citation.marker for citation in verified.citations] == [1, 2]


@pytest.mark.parametrize(
    "tampered",
    [
        replace(FIRST_BOB, text="Bob paid 6%."),
        replace(FIRST_BOB, span=Span(46, 58)),
        replace(FIRST_BOB, span=Span(44, 57)),
        replace(SECOND_BOB, span=Span(58, 71)),
        replace(FIRST_BOB, span=Span(4500, 4512)),
    ],
)
def test_a_place_without_the_words_drops_the_claim_and_says_so(tampered: Any) -> None:
    if tampered.span.end == 71:
        tampered = replace(tampered, text="Bob paid 5%. ")
    for places in ((tampered,), (FIRST_BOB, tampered)):
        verified = verify([draft(ANN.text, ANN), draft("Bob paid 5%.", *places)], layer)
        assert [claim.text for claim in verified.claims] == [ANN.text]
        assert [citation.quote for citation in verified.citations] == [ANN.text]
        span = tampered.span
        assert verified.dropped == (
            Dropped("Bob paid 5%.", f"its words do not stand at a.txt[{span.start}:{span.end}]"),
        )


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Bob paid 6%.", (FIRST_BOB,)),  # another figure
        ("She did pay [sic] 6%.", (SHE,)),  # the "not" is gone
        ("pay [sic] 6%.", (SHE,)),  # a part of the sentence
        ("She did not pay 6%.", (SHE,)),  # the source's own brackets are gone
        ("She [Bob] did not pay [sic] 6%.", (SHE, ANN)),  # a name that no source has
        ("She [Ann Lee] did not pay [sic] 6%.", (SHE,)),  # a name without its source
        ("She [Ann Lee] did pay [sic] 6%.", (SHE, ANN)),
        ("She [] did not pay [sic] 6%.", (SHE, ANN)),
        ("Bob paid 5%. She did not pay [sic] 6%.", (SHE, ANN)),  # before it, what isn't cited
        ("Ann Lee. She did not pay [sic] 6%.", (SHE, ANN)),
        ("Ann Lee chairs it.", (SHE, ANN)),  # the words of the second place alone
        ("", (SHE,)),
    ],
)
def test_words_that_are_not_the_sources_are_dropped(text: str, places: tuple[Any, ...]) -> None:
    verified = verify([draft(text, *places)], layer)
    assert verified.claims == ()
    assert verified.citations == ()
    assert verified.dropped == (Dropped(text, "its words are not those of its sources"),)


def test_a_claim_in_other_words_may_be_made_where_the_draft_says_so() -> None:
    free = replace(draft("Bob’s share was 5%.", FIRST_BOB), verbatim=False)
    assert [claim.text for claim in verify([free], layer).claims] == ["Bob’s share was 5%."]
    false = replace(free, places=(Place(replace(FIRST_BOB, text="Bob paid 4%."), 0.5),))
    assert verify([false], layer).claims == ()


def test_no_draft_no_answer() -> None:
    verified = verify([], layer)
    assert (verified.claims, verified.citations, verified.dropped) == ((), (), ())


# -- a saved answer ------------------------------------------------------------------------------


def saved(**changes: object) -> dict[str, Any]:
    citation = Citation(1, "a.txt", sha256(LAYER), "Ann", None, 45, 57, "Bob paid 5%.", 0.5, LAYER)
    plain = {
        "marker": citation.marker,
        "document": citation.document,
        "sha256": citation.sha256,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }
    return {"citations": [plain | changes]}


def checked(
    now: str | None, answer: dict[str, Any] | None = None, kept: tuple[str, ...] = (LAYER,)
) -> Recheck:
    def current(path: str) -> Document | None:
        return None if now is None else Document(path, sha256(now), now, "Ann")

    (result,) = recheck(
        answer or saved(), current, lambda sha: kept if sha == sha256(LAYER) else ()
    )
    assert result.marker == 1
    assert result.document == "a.txt"
    return result


@pytest.mark.parametrize("kept", [(LAYER,), ()])
@pytest.mark.parametrize(
    ("now", "status", "detail"),
    [
        (LAYER, "ok", "The words stand exactly there."),
        (LAYER + " More.", "stale", "The document has changed; the words still stand there."),
        (
            "Well: " + LAYER,
            "moved",
            "The document has changed; the words now stand at 51–63.",
        ),
        (
            LAYER.replace("5%", "4%"),
            "missing",
            "The document has changed; the words are no longer in it.",
        ),
        (None, "missing", "The document is no longer in the corpus."),
    ],
)
def test_what_became_of_true_words(
    now: str | None, status: str, detail: str, kept: tuple[str, ...]
) -> None:
    assert checked(now, kept=kept) == Recheck(1, "a.txt", status, detail)  # type: ignore[arg-type]


@pytest.mark.parametrize("now", [LAYER, LAYER + " More.", "All else.", None])
@pytest.mark.parametrize(
    "changes",
    [
        {"quote": "Bob paid 6%."},
        {"start": 44},
        {"end": 58},
        {"start": 46, "end": 58},
        {"quote": "Bob paid 5%", "start": 45, "end": 57},
        {"start": 58, "end": 71},  # past the end, where a slice has the same words
        {"start": 10**30, "end": 10**30 + 12},
    ],
)
def test_words_that_never_stood_there(now: str | None, changes: dict[str, Any]) -> None:
    result = checked(now, saved(**changes))
    assert result.status == "false"
    assert result.detail == "The words never stood there in the version that is cited."


def test_an_older_parsers_text_layer_counts() -> None:
    older = "x" + LAYER
    answer = saved(start=46, end=58)
    assert checked(LAYER, answer, kept=(LAYER, older)).status == "ok"
    assert checked(LAYER, answer, kept=(LAYER,)).status == "false"


def test_every_citation_is_looked_at() -> None:
    answer = {
        "citations": saved()["citations"] + saved(marker=2, quote="Bob paid 4%.")["citations"]
    }
    document = Document("a.txt", sha256(LAYER), LAYER, "Ann")
    results = recheck(answer, lambda _path: document, lambda _sha: [])
    assert [(result.marker, result.status) for result in results] == [(1, "ok"), (2, "false")]


def test_an_answer_without_citations_has_nothing_to_check() -> None:
    assert recheck({"citations": []}, lambda _path: None, lambda _sha: []) == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "This is not a saved answer: it has no list of citations."),
        ([], "This is not a saved answer: it has no list of citations."),
        (None, "This is not a saved answer: it has no list of citations."),
        ({"citations": {}}, "This is not a saved answer: it has no list of citations."),
        ({"citations": ["x"]}, "Citation 1 of the saved answer has no proper 'marker'."),
        (saved(marker=True), "Citation 1 of the saved answer has no proper 'marker'."),
        (saved(document=None), "Citation 1 of the saved answer has no proper 'document'."),
        (saved(start="45"), "Citation 1 of the saved answer has no proper 'start'."),
        (saved(start=45.0), "Citation 1 of the saved answer has no proper 'start'."),
        (saved(quote=7), "Citation 1 of the saved answer has no proper 'quote'."),
        (saved(sha256="*"), "Citation 1 of the saved answer has no proper 'sha256'."),
        (saved(sha256="/" + "0" * 63), "Citation 1 of the saved answer has no proper 'sha256'."),
        (saved(sha256="0" * 64 + "\n"), "Citation 1 of the saved answer has no proper 'sha256'."),
        (saved(start=-1), "Citation 1 of the saved answer has no proper span."),
        (saved(start=57), "Citation 1 of the saved answer has no proper span."),
        (saved(quote=""), "Citation 1 of the saved answer has no proper span."),
    ],
)
def test_what_is_not_a_saved_answer(answer: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        recheck(answer, lambda _path: None, lambda _sha: [])
    assert caught.value.message == message
    assert "--json" in caught.value.remedy


# -- with a real index ---------------------------------------------------------------------------

TEXT = "The treaty\nAnn Lee signed the treaty in Oslo.\nIt binds both states for nine years.\n"
Change = Callable[[Path], object]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda file: file.touch(), "ok"),
        (lambda file: file.write_text(TEXT + "It was raining.\n"), "stale"),
        (lambda file: file.write_text("Corrected. " + TEXT), "moved"),
        (lambda file: file.write_text(TEXT.replace("Oslo", "Rome")), "missing"),
        (lambda file: file.write_bytes(b"\x00\x01\x02"), "missing"),
        (lambda file: file.unlink(), "missing"),
    ],
)
@pytest.mark.parametrize("synced", [False, True])
def test_a_document_that_changes_after_the_answer(
    tmp_path: Path, change: Change, status: str, synced: bool
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    file = corpus / "treaty.txt"
    file.write_text(TEXT)
    (corpus / "other.txt").write_text("Another matter altogether.\n")
    with Assistant.open(corpus, tmp_path / "index") as assistant:
        assistant.sync()
        answer = json.loads(json.dumps(assistant.answer("Who signed the treaty?").to_dict()))
        assert answer["citations"][0]["quote"] == "Ann Lee signed the treaty in Oslo."
        answer["citations"] = answer["citations"][:1]
        change(file)
        if synced:
            assistant.sync()
        assert [result.status for result in assistant.recheck(answer)] == [status]
        answer["citations"][0]["quote"] = "Ann Lee signed the treaty in Rome."
        assert [result.status for result in assistant.recheck(answer)] == ["false"]


@pytest.mark.parametrize(
    "document",
    ["../secret.txt", "/etc/passwd", "a\x00b.txt", "\ud800.txt", "x" * 5000, "", ".", "no.txt"],
)
def test_a_tampered_path_leads_nowhere(tmp_path: Path, document: str) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "treaty.txt").write_text(TEXT)
    (tmp_path / "secret.txt").write_text(TEXT)
    with Assistant.open(corpus, tmp_path / "index") as assistant:
        answer = saved(document=document, quote=TEXT[0:10], start=0, end=10)
        (result,) = assistant.recheck(answer)
        assert (result.status, result.detail) == (
            "missing",
            "The document is no longer in the corpus.",
        )
