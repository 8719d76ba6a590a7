"""A saved answer becomes an answer again, as far as its words still stand where it says.

A saved answer has been out of our hands: in a file, in a browser. Every quote is read again from
the text layer of the version it cites; a claim that leans on one that does not stand, or that says
something else than its quotes, is left out, and the answer says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assistant.types import Answer, Citation, Claim, Dropped, Outcome
from index.errors import UserError
from index.types import Hit

_REMEDY = "Save answers with: onrecord ask … --json > FILE"
_LONGEST = 100_000
"""Code points of one text of a saved answer. Longer is none of ours."""

_MOST = 1000
"""Of anything that a saved answer has several of."""

_LONGEST_PASSAGE = 20_000

_NOTHING_LEFT = "None of its sentences can be checked against the sources any more."
_IN_BRACKETS = re.compile(r" \[(?P<name>[^\]]+)\]")


Check = Callable[[str, Sequence[str]], str]
"""Why a claim in a model's words does not stand in these quotes; empty where it does."""

_VERDICTS = ("verbatim", "supported", "partly")


def reopen(
    saved: Mapping[str, Any],
    layers: Callable[[str], Sequence[str]],
    passage: Callable[[str, int, int], Hit | None],
    check: Check | None = None,
) -> Answer:
    """The answer in ``saved``, a mapping in the documented JSON format.

    Args:
        layers: the text layers kept of a version, by its SHA-256.
        passage: the passage at a span of a document, where it is still there.
        check: looks again at what a model wrote: the verdict that was saved could be anybody's.
            ``None``: such claims are left out.

    Raises:
        UserError: ``saved`` is not an answer.
    """
    try:
        return _reopened(saved, layers, passage, check)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
        told = f"{type(problem).__name__}: {str(problem)[:80]}"
        told = told.encode("utf-8", "replace").decode()
        raise UserError(f"This is not a saved answer ({told}).", _REMEDY) from problem


def _reopened(
    saved: Mapping[str, Any],
    layers: Callable[[str], Sequence[str]],
    passage: Callable[[str, int, int], Hit | None],
    check: Check | None,
) -> Answer:
    quotes: dict[int, Citation | None] = {}
    for one in _some(saved["citations"]):
        marker = _count(one["marker"], least=1)
        if marker in quotes:
            raise ValueError(f"two citations are numbered {marker}")
        quotes[marker] = _citation(marker, one, layers(_text(one["sha256"])))
    claims: list[Claim] = []
    dropped = [
        Dropped(_text(d["text"]), _text(d["reason"]), _text(d.get("verdict", "")))
        for d in _some(saved.get("dropped", []))
    ]
    for one in _some(saved["claims"]):
        claim = Claim(
            _text(one["text"]),
            tuple(_count(marker, least=1) for marker in _some(one["citations"])),
            _text_or_none(one.get("attribution")),
            _text(one.get("direction", "unknown")),
            _text(one.get("reason", "")),
            _one_of(_VERDICTS, one.get("verdict", "verbatim")),
        )
        if problem := _objection(claim, [quotes.get(marker) for marker in claim.citations], check):
            dropped.append(Dropped(claim.text, problem))
        else:
            claims.append(claim)
    outcome, text = Outcome(saved["outcome"]), _text(saved["text"])
    reason = _text(saved.get("reason", ""))
    if outcome is Outcome.NO_EVIDENCE and saved["claims"]:
        raise ValueError("it has claims and says that there is no evidence")
    if outcome is Outcome.ANSWERED:
        # Not the saved text: it has the words of what was left out.
        text = " ".join(
            claim.text + "".join(f" [{marker}]" for marker in claim.citations) for claim in claims
        )
        if not claims:
            outcome, text, reason = Outcome.NO_EVIDENCE, _NOTHING_LEFT, ""
    passages: list[Hit] = []
    for one in _some(saved.get("passages", [])):
        start, end = _count(one["start"]), _count(one["end"])
        score = _number(one.get("score", 0.0))
        if end - start <= _LONGEST_PASSAGE and (hit := passage(_text(one["document"]), start, end)):
            passages.append(replace(hit, score=score))
    cited = {marker for claim in claims for marker in claim.citations}
    return Answer(
        question=_text(saved["question"]),
        asked=_text(saved.get("asked", "")),
        outcome=outcome,
        text=text,
        confidence=_number(saved["confidence"]),
        claims=tuple(claims),
        citations=tuple(c for marker, c in quotes.items() if c and marker in cited),
        passages=tuple(passages),
        timings_ms={_text(k): _number(v) for k, v in saved.get("timings_ms", {}).items()},
        reason=reason,
        notes=tuple(_text(note) for note in _some(saved.get("notes", []))),
        dropped=tuple(dropped),
        composed=_one_of(("extractive", "model"), saved.get("composed", "extractive")),
    )


def _objection(claim: Claim, cited: Sequence[Citation | None], check: Check | None) -> str:
    """Why a claim can't stand; empty when it can."""
    standing = [" ".join(c.quote.split()) for c in cited if c is not None]
    if len(standing) < len(cited):
        return "its words can no longer be checked against the source"
    if claim.verdict != "verbatim" and check is not None:
        return check(claim.text, standing)
    own, *others = standing
    # As assistant.verify has it: a whole sentence, one after another, or one with a name put in.
    if claim.text in (own, *(f"{other} {own}" for other in others)):
        return ""
    named = any(
        claim.text[: brackets.start()] + claim.text[brackets.end() :] == own
        and any(brackets["name"].casefold() in other.casefold() for other in others)
        for brackets in _IN_BRACKETS.finditer(claim.text)
    )
    return "" if named else "its words are not those of its sources"


def _citation(marker: int, one: Mapping[str, Any], kept: Sequence[str]) -> Citation | None:
    """The citation, if its words stand in one of the layers kept."""
    published = _text_or_none(one.get("published"))
    facts: dict[str, Any] = {
        "marker": marker,
        "document": _text(one["document"]),
        "sha256": _text(one["sha256"]),
        "title": _text(one["title"]),
        "published": date.fromisoformat(published) if published else None,
        "start": _count(one["start"]),
        "end": _count(one["end"]),
        "quote": _text(one["quote"]),
        "score": _number(one["score"]),
        "source": _text_or_none(one.get("source")),
    }
    for layer in kept:
        try:
            return Citation(layer=layer, **facts)
        except ValueError:
            continue  # not there in this layer
    return None


def _some(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise TypeError("a list is missing, or too long")
    return value


def _count(value: Any, *, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**53:
        raise TypeError("a whole number is missing")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError("a number is missing")
    if not math.isfinite(value):
        raise ValueError("a number is none")  # which JSON could not say
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError("a text is missing, or too long")
    value.encode("utf-8")  # half characters are no text: UnicodeEncodeError is a ValueError
    return value


def _one_of(known: Sequence[str], value: Any) -> str:
    if value not in known:
        raise ValueError("a word is none of ours")
    return str(value)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)
