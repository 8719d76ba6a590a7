"""Does this sentence, in its context, answer this question?

What a trained reader makes of the two (``cross_encoder``) is weighed together with what it does not
see: from a parse, who does what to whom, and which names stand around the sentence. Where there is
no reader, words stand in for it: which of the question's the sentence has, and how rare they are;
whether it has the kind of thing asked for (who, when, how much) and brings anything the question
does not have; how near its embedding lies. Two regressions weigh these: one ranks the sentences of
a question, the other gives the best of them its probability.

Its cost does not depend on the size of the corpus. All sentences of the hits are compared by
words, by the vectors of these, and by those that the index keeps of the sentences themselves; the
best ten are read, and ten more where none of them is sure to answer; of the best ten of these
those are parsed that do not stay far behind the first.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.counts import counts_another
from assistant.cross_encoder import Reading, Sentence
from assistant.cross_encoder import probability as _sigmoid
from assistant.direction import (
    Context,
    Direction,
    Verdict,
    direction,
    document_aliases,
    relation_of,
)
from assistant.direction import speaker as speaker_of
from assistant.kinds import (
    ASKING,
    COUNTED,
    FIGURES,
    LABELS,
    TESTS,
    kind_asked,
    unfilled,
)
from assistant.language import Parsed, unaccented
from assistant.types import Candidate, Judgement

if TYPE_CHECKING:
    from assistant.cross_encoder import Reader
    from assistant.language import Language
    from index.embed import Vectors

READ = 20
"""Sentences that are read for a question, at most: at two cores the dearest part of an answer."""

AT_FIRST = 10
"""Of these, how many are read at first."""

SURE = 2.0
"""The log odds of an answer from which on the rest is not read."""

EMBEDDED = 12
"""Sentences that are embedded for a question, where there is no reader."""

_OF_TITLE = 0.3
"""What a title's likeness to the question counts beside a sentence's own."""

_OF_MEANING = 2.0
"""What counts the cosine of the vector that the index keeps of a sentence, beside the likeness of
its words and the share of the question's words that it has."""

_WIDTH = 4.0
"""The cosines of one question's candidates lie within about a quarter of each other; by this much
more, they differ as other features do."""

PARSED = 10
"""Sentences that are parsed for a question, at most."""

FAR = 8.0
"""By how much, in the reader's log odds, one may stay behind the best and still be parsed: no
grammar would bring it to the front. What is read as an answer, with odds above even, always is
parsed: it may be one the wrong way round, as the best may."""

HEADS = 3
"""Reports whose head is parsed for the names of their parties."""

_HEAD = 5
"""Sentences of such a head."""

_UNKNOWN = Direction(Verdict.UNKNOWN, "")

WEIGHTS = Path(__file__).with_name("scorer.json")
"""The fitted weights, of the scorer that reads and of the one that embeds."""

_WORD = re.compile(r"\w+")
_CAPITAL = re.compile(r"(?<=[\w,;:’'”)] )[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)*")
_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|its|their|theirs|the (?:two|former|latter|company|"
    r"firm|group|agency|government|ministry|union|federation|club|council|court|bank|bloc|side)s?)"
    r"\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)
_SAYING = re.compile(
    r"^(?:who|which (?:source|official|person|politician|minister)|according to whom|"
    r"where does the claim)\b.*\b(?:said|says|say|told|tells|warned|warns|called|calls|"
    r"claim(?:s|ed)?(?! (?:(?:responsibility|credit|victory|lives?)\b|"
    r"(?:the|a|an) [\w’'-]+\W*$))|"
    r"denied|denies|argued|argues|described|announced|puts?|accused|criticised|criticized|"
    r"praised|estimates?d?|believes?|thinks?|comes? from)\b|\baccording to who",
    re.IGNORECASE,
)
_PLAIN_WORDS = frozenset(
    """a about after against all also am an and any are as at be because been before being between
    both but by can could did do does doing done during each else ever for from get gets got had
    has have having he her his how i if in into is it its just kind many may me might more most
    much must my no not now of off on once only or other our out over own s same shall she should
    so some such t than that the their them then there these they this those through to too under
    until up upon very was we were what when where which while who whom whose why will with would
    you your tell name type sort""".split()
)

FEATURES = (
    "read",  # what the reader says: log odds that it answers
    "read_lead",  # by how much that leads the best other
    "read_span",  # how sure it is of the words that are the answer
    "answer_known",  # these words stand in the question
    "words",  # share of the question's words in the sentence, by rarity
    "words_near",  # what the title and the sentences around add to that
    "words_report",  # what the rest of its report adds, as far as it was found
    "words_rarest",  # how rare the rarest word is that is neither there nor near
    "words_strange",  # how rare the rarest word is that its report doesn't have either
    "names",  # share of the question's names and numbers in the sentence
    "names_near",
    "pairs",  # share of neighbouring content words that are neighbours in the sentence too
    "predicate",  # whether the question's verb is there
    "meaning",  # how near what its passage makes of it lies, where the reader is unsure
    "cosine",
    "cosine_lead",  # by how much it leads the best other
    "cosine_before",  # of the sentence before: an answer often follows what sets its scene
    "rank",  # of the passage, 1 / (1 + rank)
    "kind_there",  # the kind of thing asked for is there, and was not in the question
    "kind_missing",
    "counts_another",  # the number read as the answer counts something else
    "unfilled",  # a figure or a time is asked for, and none is there, or none was read
    "new_words",  # words that the question does not have
    "headline",
    "dateline",
    "question",
    "short",
    "long",
    "same_way",
    "reversed",
    "party_unknown",
    "other_party",  # the relation asked for, but perhaps somebody else's
    "another",  # somebody else's by name
    "led_by_pronoun",
    "says",  # somebody is quoted, and the question asks who said it
)


CONFIDENCE = (
    "read",
    "read_span",
    "answer_known",
    "words",
    "words_all",  # in the sentence or near it
    "words_report",
    "names_all",
    "cosine",
    "cosine_far",  # by how much it stays below what any answer has
    "predicate",
    "kind_there",
    "kind_missing",
    "counts_another",
    "unfilled",
    "same_way",
    "party_unknown",
    "other_party",
    "another",
    "turned",  # another sentence says it the other way round, and this one not the right way
    "says",
    "new_words",
    "odds",  # the ranking's
    "gap",  # of these to the best other's
)
"""What a candidate's probability rests on. The ranking compares candidates of one question; this
compares questions: a poor best is no answer."""


class WordStats(Protocol):
    """What is known of words. :class:`index.lexical.LexicalIndex` knows it."""

    def stems(self, words: Iterable[str]) -> dict[str, str]: ...
    def idf(self, words: Sequence[str]) -> dict[str, float]: ...


Encode = Callable[[Sequence[str]], "Vectors"]


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted scorer: see ``training/``.

    Attributes:
        ranking: by name in :data:`FEATURES`; the log odds among a question's candidates.
        confidence: by name in :data:`CONFIDENCE`; the log odds that a candidate answers.
        bias: added to the latter.
        threshold: the shipped ``min_confidence``.
    """

    ranking: Mapping[str, float]
    confidence: Mapping[str, float]
    bias: float
    threshold: float

    @classmethod
    def load(cls, reads: bool, path: Path = WEIGHTS) -> Weights:
        """From the JSON file that fitting writes.

        Args:
            reads: those of a scorer with a reader; else of one without.

        Raises:
            ValueError: it does not fit this module's features.
        """
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))[
            "read" if reads else "embedded"
        ]
        if (tuple(values["ranking"]), tuple(values["confidence"])) != (FEATURES, CONFIDENCE):
            raise ValueError(f"{path.name} was fitted with other features: fit it anew")
        return cls(**values)


@lru_cache(maxsize=2)
def shipped(reads: bool = True) -> Weights:
    """The weights that come with the project. ``reads``: see :meth:`Weights.load`."""
    return Weights.load(reads)


THRESHOLD = shipped().threshold
"""The shipped abstention threshold: where, on news and held out, as large a share of the
unanswerable questions is answered as of the answerable ones is not (see ``training/README.md``)."""


class FeatureScorer:
    """The first scorer. Safe to share by threads.

    Args:
        encode: texts to unit vectors, shape ``(n, dim)``.
        words: stems and rarity of words.
        language: the parser.
        weights: ``None``: the shipped ones.
        by_words: texts to unit vectors at next to no cost, which help to tell what is worth
            reading; ``None``: the words in common alone do.
    """

    def __init__(
        self,
        encode: Encode | None,
        words: WordStats,
        language: Language,
        reader: Reader | None = None,
        weights: Weights | None = None,
        by_words: Encode | None = None,
    ) -> None:
        self._encode = encode
        self._by_words = by_words
        self._reader = reader
        self._words = words
        self._language = language
        self._weights = weights or shipped(reader is not None)

    def judge(self, question: str, candidates: Sequence[Candidate]) -> list[Judgement]:
        """One judgement for each candidate. Those sifted out early get next to no probability."""
        judgements = [Judgement(0.0)] * len(candidates)
        for place, _, judgement in self.weighed(question, candidates):
            judgements[place] = judgement
        return judgements

    def weighed(
        self, question: str, candidates: Sequence[Candidate]
    ) -> list[tuple[int, float, Judgement]]:
        """The finalists, best first: their place among ``candidates``, the log odds that rank
        them, and their judgement."""
        # What has no words asks for nothing, and would be like whatever has none either.
        if not _WORD.search(question):
            return []
        weights = self._weights
        finalists = self.features(question, candidates)
        rows = [row for _, row, _ in finalists]
        odds = [sum(weights.ranking[name] * value for name, value in row.items()) for row in rows]
        found = []
        ceiling = 1.0
        for number in sorted(range(len(rows)), key=lambda n: -odds[n]):
            place, _, way = finalists[number]
            sure = confidence_row(rows, odds, number)
            probability = _sigmoid(
                weights.bias + sum(weights.confidence[name] * sure[name] for name in CONFIDENCE)
            )
            # The ranking decides the order; a later one is never more probable.
            ceiling = min(ceiling, probability)
            found.append(
                (
                    place,
                    odds[number],
                    Judgement(ceiling, way.verdict.value, way.reason, way.another, odds[number]),
                )
            )
        return found

    def features(
        self, question: str, candidates: Sequence[Candidate]
    ) -> list[tuple[int, dict[str, float], Direction]]:
        """Of the finalists: their place among ``candidates``, their features and direction."""
        if not candidates:
            return []
        asked = _Asked.read(question, candidates, self._words)
        reports = _reports(asked, candidates)
        compared = [_Compared.make(asked, c, reports[c.hit.path]) for c in candidates]
        # Those that ask in other words than the report has would be sifted out by the words in
        # common: so the likeness of words counts, and that of the sentence as its passage has it.
        meaning = self._meaning(question, candidates)
        promise = [
            one.sift() + like + _OF_MEANING * near
            for one, like, near in zip(
                compared, self._wording(question, candidates), meaning, strict=True
            )
        ]
        order = sorted(
            range(len(candidates)),
            key=lambda place: -(promise[place] + 0.15 / (1 + candidates[place].rank)),
        )[: READ if self._reader is not None else EMBEDDED]
        chosen = [candidates[place] for place in order]
        readings = self._readings(question, chosen)
        order, chosen = order[: len(readings)], chosen[: len(readings)]
        # Beside a reader they would add nothing: it was measured (training/README.md).
        cosines = [0.0] * len(order) if self._reader else self._cosines(question, chosen)
        # Where the reader takes one for an answer, it need not be asked what any is about.
        unsure = _sigmoid(-max(reading.score for reading in readings)) if self._reader else 1.0
        final = sorted(
            range(len(order)),
            key=lambda n: -(2.0 * compared[order[n]].sift() + readings[n].score + 3.0 * cosines[n]),
        )[:PARSED]
        least = min(max(reading.score for reading in readings) - FAR, 0.0)
        near = [readings[n].score >= least for n in final]
        parsed = self._parse(asked, [candidates[order[n]] for n in final], near, candidates)
        by_text = {
            candidates[place].text: cosine for place, cosine in zip(order, cosines, strict=True)
        }
        rows = []
        for n, grammar in zip(final, parsed, strict=True):
            place = order[n]
            candidate = candidates[place]
            row = compared[place].row(asked, candidate, grammar)
            if self._reader is None:
                kind = _kind_of_thing(asked, candidate.text, grammar)
                row["kind_there"], row["kind_missing"] = kind
            row["read"] = _bounded(readings[n].score)
            row["read_lead"] = _lead([_bounded(r.score) for r in readings], n)
            row["read_span"] = _bounded(readings[n].span / 2.0)
            row["answer_known"] = _answer_known(asked, readings[n].answer)
            row["counts_another"] = float(
                counts_another(grammar.question, grammar.sentence, readings[n].answer)
            )
            row["unfilled"] = unfilled(question, candidate.text, readings[n].answer)
            row["meaning"] = unsure * meaning[place] * _WIDTH
            row["cosine"] = cosines[n]
            row["cosine_lead"] = _lead([cosines[m] for m in final], final.index(n))
            row["cosine_before"] = (
                by_text.get(candidate.before[-1], 0.0) if candidate.before else 0.0
            )
            rows.append((place, {name: row.get(name, 0.0) for name in FEATURES}, grammar.direction))
        return rows

    def _readings(self, question: str, candidates: Sequence[Candidate]) -> list[Reading]:
        """Of the most promising; of the others only where none of these is sure to answer."""
        if self._reader is None:
            return [Reading(0.0)] * len(candidates)
        sentences = [_sentence(candidate) for candidate in candidates]
        found = self._reader.read(question, sentences[:AT_FIRST])
        if sentences[AT_FIRST:] and max(reading.score for reading in found) < SURE:
            found = [*found, *self._reader.read(question, sentences[AT_FIRST:])]
        return found

    def _wording(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        """How near the words of each, and of its title, are to the question's."""
        if self._by_words is None:
            return [0.0] * len(candidates)
        titles = list(dict.fromkeys(c.hit.title for c in candidates))
        asking, *vectors = self._by_words([question, *titles, *(c.text for c in candidates)])
        cosines = [float(vector @ asking) for vector in vectors]
        of_title = dict(zip(titles, cosines, strict=False))
        return [
            cosine + _OF_TITLE * of_title[candidate.hit.title]
            for cosine, candidate in zip(cosines[len(titles) :], candidates, strict=True)
        ]

    def _meaning(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        """The cosine of each sentence's vector with the question's. Of none, unless all have one:
        what has would come before what has not, whatever it says."""
        vectors = [candidate.vector for candidate in candidates if candidate.vector is not None]
        if self._encode is None or len(vectors) < len(candidates):
            return [0.0] * len(candidates)
        asking = self._encode([question])[0]
        return [float(vector @ asking) for vector in vectors]

    def _cosines(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        if self._encode is None:
            return [0.0] * len(candidates)
        asking, *vectors = self._encode([question, *(c.text for c in candidates)])
        return [float(vector @ asking) for vector in vectors]

    def _parse(
        self,
        question: _Asked,
        final: Sequence[Candidate],
        near: Sequence[bool],
        pool: Sequence[Candidate],
    ) -> list[_Grammar]:
        """Of each of ``final``; where it is not ``near``, without its sentence's."""
        names = sorted({name for c in final for name in _CAPITAL.findall(c.text)})
        asked = self._language.parse_question(question.text, names)
        relational = relation_of(asked) is not None
        parsed = [candidate for candidate, is_near in zip(final, near, strict=True) if is_near]
        if relational:
            found = self._grammars(asked, parsed, pool)
        else:
            sentences = self._language.parse(
                [candidate.text for candidate in parsed],
                names=question.saying or (self._reader is None and question.kind in LABELS),
            )
            found = [_Grammar(asked, sentence, _UNKNOWN, False) for sentence in sentences]
        rest = iter(found)
        unread = _Grammar(asked, Parsed("", (), ()), _UNKNOWN, relational)
        return [next(rest) if is_near else unread for is_near in near]

    def _grammars(
        self, asked: Parsed, final: Sequence[Candidate], pool: Sequence[Candidate]
    ) -> list[_Grammar]:
        """Where the question asks who does what to whom."""
        known = self._texts_of(final, pool)
        before = {id(c): _before(c) for c in final}
        # All in one batch: the parser's cost for each call is that of a sentence.
        wanted = [text for texts in known.values() for text in texts]
        wanted += [text for texts in before.values() for text in texts]
        wanted = list(dict.fromkeys(wanted))
        parsed = dict(zip(wanted, self._language.parse(wanted), strict=True))
        aliases = {
            path: document_aliases([parsed[text] for text in dict.fromkeys(texts)])
            for path, texts in known.items()
        }
        found = []
        for candidate in final:
            context = Context(
                title=candidate.hit.title,
                previous=tuple(parsed[text] for text in before[id(candidate)]),
                aliases=aliases[candidate.hit.path],
            )
            sentence = parsed[candidate.text]
            found.append(_Grammar(asked, sentence, direction(asked, sentence, context), True))
        return found

    def _texts_of(
        self, final: Sequence[Candidate], pool: Sequence[Candidate]
    ) -> dict[str, list[str]]:
        """What is parsed of each document for the names of its parties.

        A report says at its head who its parties are. The heads of all reports would cost more
        than the sentences themselves, so only the most promising few are read.
        """
        texts: dict[str, list[str]] = {}
        for candidate in final:
            texts.setdefault(candidate.hit.path, [candidate.hit.title]).extend(
                [*_before(candidate), candidate.text]
            )
        heads = set(list(texts)[:HEADS])
        for candidate in pool:
            if candidate.hit.path in heads and candidate.lead < _HEAD:
                texts[candidate.hit.path].append(candidate.text)
        return texts


def _sentence(candidate: Candidate) -> Sentence:
    """As a reader reads it. A headline is its document's title: it needs not be told twice."""
    return Sentence(
        candidate.text,
        candidate.hit.title if candidate.lead else "",
        candidate.before[-1] if candidate.before else "",
    )


def _bounded(log_odds: float) -> float:
    """Within what a weight may be multiplied with."""
    return max(-12.0, min(12.0, log_odds)) / 4.0


def _lead(values: Sequence[float], place: int) -> float:
    """By how much a value leads the best other; 0 where there is no other."""
    others = [value for n, value in enumerate(values) if n != place]
    return values[place] - max(others) if others else 0.0


def _before(candidate: Candidate) -> tuple[str, ...]:
    """The sentences that tell whom a pronoun in this one means; none where it has no pronoun."""
    return candidate.before[-2:] if _PRONOUN.search(candidate.text) else ()


def confidence_row(
    rows: Sequence[Mapping[str, float]], odds: Sequence[float], number: int
) -> dict[str, float]:
    """The confidence features of one finalist among the others.

    Args:
        rows: the finalists' features.
        odds: their ranking's log odds.
    """
    row = rows[number]
    # Its rivals are those that rank below it: a second answer is no worse for there being a first.
    below = [
        n
        for n, (r, o) in enumerate(zip(rows, odds, strict=True))
        if n != number and o <= odds[number] and not is_turned(r)
    ]
    turned = [o for r, o in zip(rows, odds, strict=True) if is_turned(r)]
    other = max((odds[n] for n in below), default=odds[number] - 3.0)
    near = row["words"] + row["words_near"]
    return {
        "read": row["read"],
        "read_span": row["read_span"],
        "answer_known": row["answer_known"],
        "words": row["words"],
        "words_all": near,
        "words_report": row["words_report"],
        "names_all": row["names"] + row["names_near"],
        "cosine": row["cosine"],
        "cosine_far": max(0.0, 0.3 - row["cosine"]),
        "predicate": row["predicate"],
        "kind_there": row["kind_there"],
        "kind_missing": row["kind_missing"],
        "counts_another": row["counts_another"],
        "unfilled": row["unfilled"],
        "same_way": row["same_way"],
        "party_unknown": row["party_unknown"],
        "other_party": row["other_party"],
        "another": row["another"],
        "turned": float(
            max(turned, default=-99.0) > odds[number] - 1.0
            and row["same_way"] < max(r["reversed"] for r in rows) - 0.2
        ),
        "says": row["says"],
        "new_words": row["new_words"],
        "odds": odds[number],
        "gap": max(-3.0, min(3.0, odds[number] - other)),
    }


def is_turned(row: Mapping[str, float]) -> bool:
    """Whether a finalist says it the other way round."""
    return row["reversed"] > 0.0


@dataclass(frozen=True, slots=True)
class _Grammar:
    """A finalist's parse, beside the question's."""

    question: Parsed
    sentence: Parsed
    direction: Direction
    relational: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, taken apart."""

    text: str
    terms: Mapping[str, float]
    names: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    kind: str
    words: frozenset[str]
    stems: Mapping[str, str]
    saying: bool
    top: float
    seen: dict[str, frozenset[str]]

    @classmethod
    def read(cls, question: str, candidates: Sequence[Candidate], stats: WordStats) -> _Asked:
        spoken = _WORD.findall(question)
        lower = [word.casefold() for word in spoken]
        content = [word for word in lower if word not in _PLAIN_WORDS]
        # A sentence is the neighbour of several others: each is taken apart once.
        texts = {t for c in candidates for t in (c.text, *c.before, c.after, c.hit.title)}
        vocabulary = {word for text in texts for word in _fold_words(text)}
        stems = stats.stems(vocabulary | set(lower))
        mended = _mend(content, vocabulary, stems)
        meant = [mended.get(word, word) for word in content]
        rarity = stats.idf(list(dict.fromkeys(meant)))
        terms: dict[str, float] = {}
        for word in meant:
            if stem := stems.get(word):
                terms[stem] = max(terms.get(stem, 0.0), rarity[word])
        capital = {
            word.casefold() for word in spoken[1:] if word[:1].isupper() or word[:1].isdigit()
        } | {word for word in content if _known_name(word, candidates)}
        names = {stems[w] for word in capital if (w := mended.get(word, word)) in stems}
        line = [stems[word] for word in meant if word in stems]
        return cls(
            text=question,
            terms=terms,
            names=frozenset(names & set(terms)),
            pairs=frozenset(pairwise(line)),
            kind=kind_asked(question),
            words=frozenset(stems[word] for word in lower if word in stems),
            stems=stems,
            saying=bool(_SAYING.search(question)),
            top=max(terms.values(), default=1.0) or 1.0,
            seen={},
        )

    def stems_of(self, text: str) -> frozenset[str]:
        """The stems of a candidate's words, or of those round it; kept, since they recur."""
        found = self.seen.get(text)
        if found is None:
            found = frozenset([self.stems.get(word, "") for word in _fold_words(text)])
            self.seen[text] = found
        return found


@lru_cache(maxsize=4096)
def _fold_words(text: str) -> tuple[str, ...]:
    # Remembered: a sentence is read as itself and as the neighbour of several others.
    return tuple(word.casefold() for word in _WORD.findall(text))


def _known_name(word: str, candidates: Sequence[Candidate]) -> bool:
    """Whether the candidates write the word with a capital: people type questions without."""
    capital = re.compile(rf"(?<=[a-z,] ){re.escape(word.capitalize())}\b")
    return any(capital.search(candidate.text) for candidate in candidates[:40])


def _mend(
    content: Sequence[str], vocabulary: Collection[str], stems: Mapping[str, str]
) -> dict[str, str]:
    """Words that no candidate has, read as the word meant: slips of the keyboard, lost accents."""
    have = {stems.get(word) for word in vocabulary}
    mended = {}
    for word in content:
        if len(word) < 5 or stems.get(word) in have or word in vocabulary:
            continue
        plain = {unaccented(w): w for w in sorted(vocabulary) if abs(len(w) - len(word)) <= 2}
        near = difflib.get_close_matches(unaccented(word), list(plain), n=1, cutoff=0.8)
        if near:
            mended[word] = plain[near[0]]
    return mended


def _reports(asked: _Asked, candidates: Sequence[Candidate]) -> dict[str, set[str]]:
    """By path, the stems of every sentence that was found of a report, and of what is round it."""
    texts: dict[str, set[str]] = {}
    for candidate in candidates:
        texts.setdefault(candidate.hit.path, set()).update(
            (candidate.text, *candidate.before[-2:], candidate.after, candidate.hit.title)
        )
    return {path: set().union(*map(asked.stems_of, found)) for path, found in texts.items()}


@dataclass(frozen=True, slots=True)
class _Compared:
    """A candidate's words beside the question's."""

    inside: float
    near: float
    report: float
    rarest: float
    strange: float
    names: float
    names_near: float
    pairs: float
    new: int
    total: int

    @classmethod
    def make(cls, asked: _Asked, candidate: Candidate, report: Collection[str]) -> _Compared:
        """``report``: the stems of all that was found of its report."""
        line = [asked.stems.get(word, "") for word in _fold_words(candidate.text)]
        own = set(line)
        near_by = (*candidate.before[-2:], candidate.after, candidate.hit.title)
        around: set[str] = set().union(*map(asked.stems_of, near_by))
        weight = sum(asked.terms.values()) or 1.0
        inside = sum(w for term, w in asked.terms.items() if term in own) / weight
        near = sum(w for term, w in asked.terms.items() if term in around and term not in own)
        absent = [w for term, w in asked.terms.items() if term not in own and term not in around]
        names = len([n for n in asked.names if n in own]) / max(1, len(asked.names))
        names_near = len([n for n in asked.names if n in around and n not in own]) / max(
            1, len(asked.names)
        )
        pairs = set(pairwise(line))
        content = [stem for stem in own if stem and stem not in _PLAIN_WORDS]
        return cls(
            inside=inside,
            near=near / weight,
            report=sum(w for t, w in asked.terms.items() if t in report) / weight
            - inside
            - near / weight,
            rarest=max(absent, default=0.0) / asked.top,
            strange=max((w for t, w in asked.terms.items() if t not in report), default=0.0)
            / asked.top,
            names=names,
            names_near=names_near,
            pairs=len(asked.pairs & pairs) / max(1, len(asked.pairs)),
            new=len([stem for stem in content if stem not in asked.words]),
            total=len(line),
        )

    def sift(self) -> float:
        """How promising it looks by its words alone."""
        return self.inside + 0.6 * self.near + 0.2 * self.pairs

    def row(self, asked: _Asked, candidate: Candidate, grammar: _Grammar) -> dict[str, float]:
        """Its features, save those of its embedding, of what is read, and of its kind."""
        found = grammar.direction
        reversed_ = found.verdict is Verdict.REVERSED
        same = found.verdict is Verdict.SAME
        first = candidate.text.split(" ", 1)[0].casefold().strip("“\"'(")
        return {
            "words": self.inside,
            "words_near": self.near,
            "words_report": self.report,
            "words_rarest": self.rarest,
            "words_strange": self.strange,
            "names": self.names,
            "names_near": self.names_near,
            "pairs": self.pairs,
            "predicate": _predicate(grammar),
            "rank": 1.0 / (1 + candidate.rank),
            "new_words": math.log1p(self.new) / 3.0,
            "headline": float(candidate.lead == 0),
            "dateline": float(candidate.lead == 1 and self.total <= 12),
            "question": float(candidate.text.rstrip("”\"' ").endswith("?")),
            "short": float(self.total < 6),
            "long": max(0.0, math.log(max(1, self.total) / 30.0)),
            "same_way": found.strength if same else 0.0,
            "reversed": found.strength if reversed_ else 0.0,
            "party_unknown": float(grammar.relational and not same and not reversed_),
            "other_party": float(not same and not reversed_ and found.sentence_agent is not None),
            "another": float(found.another),
            "led_by_pronoun": float(first in ("he", "she", "it", "they", "this", "that")),
            "says": float(asked.saying and speaker_of(grammar.sentence) is not None),
        }


def _predicate(grammar: _Grammar) -> float:
    root = grammar.question.root
    if root is None or root.pos not in ("VERB", "NOUN", "ADJ"):
        return 0.0
    lemma = root.lemma.lower()
    return float(any(token.lemma.lower() == lemma for token in grammar.sentence.tokens))


def _kind_of_thing(asked: _Asked, text: str, grammar: _Grammar) -> tuple[float, float]:
    """Whether what the question asks for stands in the sentence, and was not in the question."""
    if not asked.kind:
        return 0.0, 0.0
    if asked.kind in COUNTED:
        # The unit may stand in the question; new is the number.
        known = {match.casefold() for match in FIGURES.findall(asked.text)}
        found = bool(TESTS[asked.kind].search(text)) and any(
            figure.casefold() not in known for figure in FIGURES.findall(text)
        )
    elif asked.kind in TESTS:
        known = {match.casefold() for match in TESTS[asked.kind].findall(asked.text)}
        found = any(m.casefold() not in known for m in TESTS[asked.kind].findall(text))
    else:
        found = any(
            entity.label in LABELS[asked.kind]
            and not set(_stems(asked, entity.text)) <= asked.words
            for entity in grammar.sentence.entities
        )
    return float(found), float(not found)


def _answer_known(asked: _Asked, answer: str) -> float:
    """The share of the words read as the answer that the question has itself; 0 where it leaves
    no other choice: "did Elm or Oak buy it?"."""
    if not ASKING.search(asked.text) or _CHOICE.search(asked.text):
        return 0.0
    words = [word for word in _stems(asked, answer) if word not in _PLAIN_WORDS]
    return sum(word in asked.words for word in words) / len(words) if words else 0.0


def _stems(asked: _Asked, text: str) -> list[str]:
    return [asked.stems.get(word, word) for word in _fold_words(text)]
