"""Which sentences of the hits bear on the question.

Every sentence of every hit is a candidate, judged in its context by the scorer that is handed in.
Chosen are the best, one of several that say the same (the others are cited along with it), the
newest report's among those that answer alike, and none that says it the other way round or what a
newer report of the matter has taken the place of.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from assistant.kinds import COUNTED, kind_asked, things
from assistant.types import Candidate, Evidence, Judgement, Question, Scorer
from index.types import Hit, Span, within

if TYPE_CHECKING:
    from index.embed import Vectors

_CONTEXT = 3
"""How many sentences before a candidate are handed along with it."""

_LONGEST = 1000
"""Code points. A longer "sentence" (a table, a page without full stops) is cited by passage."""

_SAME_WORDS = 0.85
"""Share of the words of both, matched in order, from which two sentences say the same."""

_ALIKE = 0.5
"""Difference in log odds within which two sentences answer alike, and the newer report wins."""

_ALIKE_OUT = 1.0
"""The same, where the newer report has taken the place of what the better sentence says."""

_ALIKE_NOW = 2.5
"""The same, where the question asks for the state of today, or where the newer report names what
the better sentence says as what no longer holds."""

_RELATED = 0.2
"""Share of the smaller's words, save the commonest, that two sentences with their titles have in
common when their reports are of one matter: the overlap coefficient (Szymkiewicz 1934, Simpson
1943)."""

_FOLLOWS = 0.5
"""A further sentence is added while its odds are at least this share of the first one's."""

_FOLLOWS_SEVERAL = 0.2
"""The same, where the question asks for several things."""

_BEHIND = 1.5
"""By how much, in the log odds that rank a question's sentences, a further one may stay behind the
first, where the question does not ask for several things. A probability says how well a sentence's
report fits the question, too, which its neighbours' does as well."""

_SURE_SAME = -1.0
"""Log odds from which a further sentence is added where both state the relation asked for between
the parties asked about, however sure the first one is: both answer. Not of a question for one
figure or date."""

_BEHIND_SAME = 5.0
"""As :data:`_BEHIND`, for these."""

_CARRIES = 0.2
"""Probability from which a sentence is added that states the relation asked for, where what comes
first is the headline of its report and states it too: whoever quotes one wants what it rests on."""

_ONE_VALUE = frozenset({"date", "duration", "money", "percent", "number", "measure"})
"""Kinds of thing of which a question that begins so asks for one, unless it is about several."""

_NEAR = 0.1
"""Probability from which what a sentence says of somebody else tells why there is no answer."""

_LOOKED_AT = 24
"""How many of the best may be chosen, or be cited along with what says the same."""

_PART = 0.35
"""Probability from which a sentence is taken for the answer to one part of a question."""

# A question that asks for an earlier state must not be given the newest. A year or a month counts:
# whoever names the time wants that time's report.
_EARLIER = re.compile(
    r"\b(original(?:ly)?|initial(?:ly)?|at first|first (?:offer|bid|plan|estimate)\w*|earlier|"
    r"previous(?:ly)?|former(?:ly)?|used to|back in|before|at the time|"
    r"when (?:it|they) (?:was|were)|"
    r"(?:was|were) (?:first|signed|announced|agreed|awarded|launched|reported)|"
    r"(?:in|on|by|of|\d\d?|last) (?:january|february|march|april|may|june|july|august|september|"
    r"october|november|december)|"
    r"(?<!by )(?<!until )(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_AT_PRESENT = (
    r"now|nowadays|currently|current|latest|newest|today|these days|at the moment|at present"
)
_TODAY = re.compile(rf"\b(?:{_AT_PRESENT})\b", re.IGNORECASE)
# "Who has joined so far" asks for the newest too, and not for it alone.
_NOW = re.compile(
    rf"\b(?:{_AT_PRESENT}|so far|still|any ?more|in the end|eventually|finally|recently?)\b",
    re.IGNORECASE,
)
_MANY = re.compile(
    r"\b(?:which|what) (?!(?:is|was|does|has|this)\b)[\w’'-]+s\b|"
    r"\b(?:who|which|what|where) are\b|\ball\b|\bso far\b",
    re.IGNORECASE,
)
_ONCE = re.compile(r"\bdid\b", re.IGNORECASE)
_PLAIN = frozenset(
    """the and for what when where which who whom whose why how many much long high large big does
    has have had was were are will would can could may per with from that this its their there
    year years month months week weeks day days""".split()
)
# Words for a demand of any kind: an answer may well have another.
_GENERAL = frozenset(
    """want wants wanted expect expects expected ask asks asked asking demand demands demanded need
    needs get gets got give gives gave take make makes made seek seeks say says said think thinks
    hope hopes offer offers offered promise promised do doing done""".split()
)
_SEVERAL = re.compile(
    r"\b(?:each|both|differ(?:s|ed|ence)?|respectively|compared?|versus|vs|between .+ and|"
    r"one another)\b",
    re.IGNORECASE,
)
_HOW_MUCH = re.compile(r"^\W*(?:how|when|(?:in|by|on|at) (?:what|which))\b", re.IGNORECASE)
_BOTH = re.compile(
    r"\b(?:did|does|do|has|have|had|is|are|was|were|will|would)\b[^?]*?\band\b", re.IGNORECASE
)
_PARTS = re.compile(
    r"[,;]?\s+and\s+(?=(?:(?:in|at|on|for|by|from|to|with|of)\s+)?"
    r"(?:what|who|whom|whose|when|where|which|why|how)\b)",
    re.IGNORECASE,
)
_LEANS = re.compile(r"\b(?:it|its|they|them|their|he|him|his|she|her|this|that)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=\s)[A-Z][\w’'-]*(?:\s+[A-Z][\w’'-]*)*")
_DATELINE = re.compile(
    r"^(?:[^.!?]{1,60}, )?"
    r"(?:\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2},? \d{4}|\d{4}-\d\d-\d\d)"
    r"(?:\s*[—–-] ?[^.!?]{0,60})?$|^[A-Z][\w .,]{2,40}\(\w+\)\s*[—–-]?$"
)
_NOT = re.compile(r"\b(?:not|no|never|none|nobody|neither|nor|without|cannot)\b|n[’']t\b")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"\w+")


_NO_LONGER = re.compile(
    r"\b(?:rather than|instead of|in place of|no longer(?! than)|"
    r"(?:up|down|revised|raised|lowered|cut|reduced|increased|changed|corrected|moved|postponed|"
    r"delayed|put back|brought forward) from)"
    r"((?:\s+(?!(?:to|and|but|by|on|at|until|into)\b)[\w.,’'%$€£-]*\w%?){1,4})",
    re.IGNORECASE,
)
"""What follows held before, and does not now."""


class Reader(Protocol):
    """What is known of the document of a hit."""

    def text(self, hit: Hit) -> str:
        """Its text layer."""
        ...

    def sentences(self, hit: Hit) -> Sequence[Span]:
        """Its sentences, in order."""
        ...

    def vectors(self, hits: Sequence[Hit]) -> Sequence[Vectors | None]:
        """The unit vectors of the sentences in each of them, in order, shape ``(n, dim)``;
        ``None`` where none are known."""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, and what was seen on the way.

    Attributes:
        evidence: best first; empty when there are no candidates.
        confidence: the probability that the first of them answers; 0 without candidates.
        reason: why nothing answers, when the best there is says it the other way round, or of
            somebody else.
        judged: how many sentences were judged.
        passages: the hits that were judged to have anything, best first.
    """

    evidence: tuple[Evidence, ...]
    confidence: float
    reason: str = ""
    judged: int = 0
    passages: tuple[Hit, ...] = ()


def select_evidence(
    question: Question,
    hits: Sequence[Hit],
    scorer: Scorer,
    reader: Reader,
    *,
    most: int = 4,
) -> Selection:
    """The sentences that answer, best first, at most ``most``.

    The threshold is not applied here: a selection always has its best, so that a confidence can
    be given for either outcome.
    """
    pool = candidates(hits, reader)
    if not pool:
        return Selection((), 0.0)
    judged = _judged(question.text, pool, scorer)
    upright = [pair for pair in judged if pair[1].direction != "reversed"]
    reason = ""
    if judged[0][1].direction == "reversed" or not upright:
        reason = judged[0][1].reason
    else:
        rivals = [pair for pair in judged[:4] if pair[1].direction == "reversed"]
        best = upright[0][1]
        if rivals and best.probability < 0.5:
            reason = rivals[0][1].reason
        elif best.another and best.probability >= _NEAR:
            # Told only where this is not taken for an answer.
            reason = best.reason
    ranked = upright or judged
    newest = _NOW.search(question.text) or not _EARLIER.search(question.text)
    if newest:
        ranked = _newest_first(question.text, ranked)
    parts = question_parts(question.text)
    several = len(parts) > 1 or _SEVERAL.search(question.text) is not None
    if len(parts) > 1:
        ranked = _part_by_part([_judged(part, pool, scorer) for part in parts], ranked)
    passages = _passages(hits, ranked)
    if newest and not several:
        ranked = _without_superseded(question.text, ranked)
    chosen = _distinct(question.text, ranked, most, several=several, parts=len(parts))
    return Selection(tuple(chosen), chosen[0].judgement.probability, reason, len(pool), passages)


def _passages(
    hits: Sequence[Hit], ranked: Sequence[tuple[Candidate, Judgement]]
) -> tuple[Hit, ...]:
    """The hits in the order of the best sentence that each has."""
    found: dict[int, Hit] = {}
    for candidate, judgement in ranked:
        if judgement.probability > 0:
            for place, hit in enumerate(hits):
                if hit.path == candidate.hit.path and hit.span.overlaps(candidate.span):
                    found.setdefault(place, hit)
    return tuple(found.values())


def question_parts(question: str) -> list[str]:
    """The questions that one sentence asks, each standing alone; one, where it asks one.

    A later part that leans on the first ("… and what did it get?") is given the first one's names.
    """
    parts = [part.strip() for part in _PARTS.split(question) if part.strip()]
    if len(parts) < 2 or any(len(part.split()) < 3 for part in parts):
        return [question]
    names = ", ".join(dict.fromkeys(_NAME.findall(parts[0])))
    return [parts[0]] + [
        f"{part.rstrip('?')} ({names})?" if names and _LEANS.search(part) else part
        for part in parts[1:]
    ]


def _judged(
    question: str, pool: Sequence[Candidate], scorer: Scorer
) -> list[tuple[Candidate, Judgement]]:
    """Every candidate with its judgement, the most probable first, of equals the one that the
    scorer ranks first."""
    pairs = list(zip(pool, scorer.judge(question, pool), strict=True))
    return sorted(pairs, key=lambda pair: (-pair[1].probability, -pair[1].odds))


def _part_by_part(
    by_part: Sequence[Sequence[tuple[Candidate, Judgement]]],
    ranked: Sequence[tuple[Candidate, Judgement]],
) -> list[tuple[Candidate, Judgement]]:
    """The whole question's best first, then the best for each part, then the rest in order."""
    bests = (next((p for p in judged if p[1].direction != "reversed"), None) for judged in by_part)
    first = [best for best in bests if best is not None and best[1].probability >= _PART]
    # The whole may be said the other way round alone, and a part of it not.
    if ranked[0][1].direction != "reversed" or not first:
        first.insert(0, ranked[0])
    found = {id(candidate): (candidate, judgement) for candidate, judgement in reversed(first)}
    order = list(dict.fromkeys(id(candidate) for candidate, _ in first))
    all_ = [found[key] for key in order] + [pair for pair in ranked if id(pair[0]) not in found]
    return [pair for pair in all_ if pair[1].direction != "reversed"] or all_


def candidates(hits: Sequence[Hit], reader: Reader) -> list[Candidate]:
    """Every sentence of the hits, once each, in the order of the hits."""
    found: dict[tuple[str, int, int], Candidate] = {}
    for rank, (hit, vectors) in enumerate(zip(hits, reader.vectors(hits), strict=True)):
        text = reader.text(hit)
        sentences = reader.sentences(hit)
        inside = within(sentences, hit.span)
        if vectors is not None and len(vectors) != len(inside):
            vectors = None  # whose is whose is not known
        for number, (place, sentence) in enumerate(inside):
            span = sentence
            if len(sentence) > _LONGEST:
                span = Span(max(sentence.start, hit.span.start), min(sentence.end, hit.span.end))
            key = (hit.path, span.start, span.end)
            if key in found or (place in (1, 2) and _is_dateline(span.of(text))):
                continue
            after = sentences[place + 1].of(text) if place + 1 < len(sentences) else ""
            found[key] = Candidate(
                hit=hit,
                rank=rank,
                span=span,
                text=span.of(text),
                before=tuple(
                    s.of(text)[:_LONGEST] for s in sentences[max(0, place - _CONTEXT) : place]
                ),
                after=after[:_LONGEST],
                lead=place,
                vector=None if vectors is None else vectors[number],
            )
    return list(found.values())


def _is_dateline(text: str) -> bool:
    """Place, date and outlet at a report's head: they say nothing that anyone asks for."""
    return len(text) <= 100 and _DATELINE.search(text) is not None


def _newest_first(
    question: str, ranked: Sequence[tuple[Candidate, Judgement]]
) -> list[tuple[Candidate, Judgement]]:
    """Put the newest report first among those that answer about as well as the best.

    Only reports of one matter are compared: a newer story about something else is no newer answer.
    """
    best, judgement = ranked[0]
    if best.hit.published is None:
        return list(ranked)
    alike = _ALIKE
    if _NOW.search(question):
        alike = _ALIKE_NOW
    elif _ONCE.search(question) and kind_asked(question) not in COUNTED:
        alike = 0.0  # what happened once does not age; how many it killed is known better later
    bar = _logit(judgement.probability) - alike
    asked = _words(question)
    newer = [
        pair
        for pair in ranked[1:8]
        if pair[0].hit.published is not None
        and pair[0].hit.published > best.hit.published
        and (
            _logit(pair[1].probability) >= bar
            or (
                _superseded(question, best, pair[0])
                and _logit(judgement.probability) - _logit(pair[1].probability)
                <= (_ALIKE_NOW if _corrects(question, best, pair[0]) else _ALIKE_OUT)
            )
        )
        and _of_one_matter(pair[0], best)
        and len(asked & _words(pair[0].text)) >= len(asked & _words(best.text)) - 2
    ]
    if not newer:
        return list(ranked)
    first = max(newer, key=lambda pair: (pair[0].hit.published, pair[1].probability))
    # Its own probability stays: it is what the threshold is compared with.
    return [first, *(pair for pair in ranked if pair is not first)]


def _without_superseded(
    question: str, ranked: Sequence[tuple[Candidate, Judgement]]
) -> list[tuple[Candidate, Judgement]]:
    """Without the older reports of the best one's matter that it takes the place of: what they
    said then is no answer beside what is so now."""
    first, judgement = ranked[0]
    rest = (
        (candidate, other)
        for candidate, other in ranked[1:]
        if not _superseded(question, candidate, first)
        and not (
            judgement.direction == other.direction == "same"
            and _less_exact(question, candidate, first)
        )
    )
    # No more than is looked at: hundreds are ranked.
    return [ranked[0], *islice(rest, _LOOKED_AT - 1)]


def _superseded(question: str, older: Candidate, newer: Candidate) -> bool:
    """Whether a newer report of the matter has taken the place of what an older one says: where
    the question is about now, or where both have a figure or date of the kind asked for, and not
    the same. What happened once does not age, and of several each may be an answer."""
    if not _is_older(older, newer):
        return False
    if _MANY.search(question) or _same(older.text, newer.text):
        return False
    if _TODAY.search(question):
        return True
    if _ONCE.search(question) and not _corrects(question, older, newer):
        return False
    kind = kind_asked(question)
    named = things(kind, question)
    told, told_now = things(kind, older.text) - named, things(kind, newer.text) - named
    told_now -= _gone(kind, newer.text)
    if not told or not told_now or told & told_now:
        return False
    # Another figure, but perhaps of something else: the older one may be nearer to the question.
    said = _words(newer.text) | _words(newer.hit.title)
    return all(
        any(_alike(word, other) for other in said)
        for word in _words(question) - _PLAIN
        if any(_alike(word, other) for other in _words(older.text))
    )


def _corrects(question: str, older: Candidate, newer: Candidate) -> bool:
    """Whether the newer one names the older one's figure, or date, only to put another in its
    place: "after four years rather than six"."""
    kind = kind_asked(question)
    return bool(things(kind, older.text) & _gone(kind, newer.text))


def _gone(kind: str, text: str) -> frozenset[str]:
    """The figures, or dates, that held before, as a text says itself, and do not now."""
    # They need not have a unit of their own.
    there = "date" if kind == "date" else "number"
    return frozenset().union(*(things(there, match[1]) for match in _NO_LONGER.finditer(text)))


def _less_exact(question: str, older: Candidate, newer: Candidate) -> bool:
    """Whether of two that state the relation asked for, the older report's lacks the question's own
    word for it, which the newer one has: "asked" is less than "ordered"."""
    if not _is_older(older, newer):
        return False
    small = {word for word in _WORD.findall(question) if word.islower() and len(word) > 2}
    asked = small - _PLAIN - _GENERAL
    own, other = _words(newer.text), _words(older.text)
    here = {word for word in asked if any(_alike(word, each) for each in own)}
    there = {word for word in asked if any(_alike(word, each) for each in other)}
    return there < here and not older.text.casefold().startswith(("it ", "he ", "she ", "they "))


def _alike(one: str, other: str) -> bool:
    """Whether two words are forms of one, as far as their beginnings tell: open, opening."""
    length = min(len(one), len(other), 5)
    return one == other or (length >= 4 and one[:length] == other[:length])


def _is_older(older: Candidate, newer: Candidate) -> bool:
    """Whether both are known to be of one matter, and the first of an earlier day."""
    then, now = older.hit.published, newer.hit.published
    return then is not None and now is not None and then < now and _of_one_matter(older, newer)


def _of_one_matter(one: Candidate, other: Candidate) -> bool:
    words, others = ((_words(c.hit.title) | _words(c.text)) - _PLAIN for c in (one, other))
    return _overlap(words, others) >= _RELATED


def _distinct(
    question: str,
    ranked: Sequence[tuple[Candidate, Judgement]],
    most: int,
    *,
    several: bool,
    parts: int,
) -> list[Evidence]:
    """The best of each group that says the same, while they are worth adding.

    Args:
        several: whether the question asks for several things.
        parts: of the question; as many of the first may answer one of them each.
    """
    chosen: list[Evidence] = []
    first = ranked[0][1]
    bar = _logit(first.probability) + math.log(_FOLLOWS_SEVERAL if several else _FOLLOWS)
    one = _HOW_MUCH.search(question) and kind_asked(question) in _ONE_VALUE
    both_answer = several or not one or _BOTH.search(question) is not None

    best = ranked[0][0]

    def worth(candidate: Candidate, judgement: Judgement) -> bool:
        sure, behind = _logit(judgement.probability), first.odds - judgement.odds
        if sure >= bar and (several or behind <= _BEHIND):
            return True
        if parts > 1 and len(chosen) < parts and judgement.probability >= _PART:
            return True
        same = first.direction == judgement.direction == "same" and both_answer
        if best.lead == 0 and candidate.hit.path == best.hit.path:
            # A headline says it in the question's words, as no sentence of its report does.
            return same and judgement.probability >= _CARRIES
        return same and sure >= _SURE_SAME and behind <= _BEHIND_SAME

    for candidate, judgement in ranked[:_LOOKED_AT]:
        twin = next(
            (
                place
                for place, evidence in enumerate(chosen)
                if _same(candidate.text, evidence.candidate.text)
            ),
            None,
        )
        if twin is not None:
            evidence = chosen[twin]
            chosen[twin] = replace(evidence, also=(*evidence.also, candidate))
        elif not chosen or (len(chosen) < most and worth(candidate, judgement)):
            chosen.append(Evidence(candidate, judgement))
    return chosen


def _same(one: str, other: str) -> bool:
    """Whether two sentences say the same in nearly the same words.

    In the same order, with the same figures and the same "not": those few words are all that
    tells a claim from its opposite.
    """
    words, others = _WORD.findall(one.casefold()), _WORD.findall(other.casefold())
    if one == other:
        return True
    if _FIGURE.findall(one) != _FIGURE.findall(other):
        return False
    if len(_NOT.findall(one.casefold())) != len(_NOT.findall(other.casefold())):
        return False
    matcher = difflib.SequenceMatcher(None, words, others, autojunk=False)
    if matcher.quick_ratio() < _SAME_WORDS or matcher.ratio() < _SAME_WORDS:
        return False
    # One may say more than the other ("…, Ash said"). A word in place of another, or in another
    # place, can be all that makes a claim its opposite: rose and fell, forty and fifty.
    gone: set[str] = set()
    come: set[str] = set()
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "replace":
            return False
        if kind == "delete":
            gone.update(words[first:last])
        elif kind == "insert":
            come.update(others[start:end])
    return not gone & come


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the smaller that the two have in common."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.casefold()) if len(word) > 2)


def _logit(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
