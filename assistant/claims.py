"""What a language model wrote, claim by claim, against the sentences that it cites.

A model that writes well turns things round all the same, so nothing of its own is taken on trust. A
claim must cite; every number, date, name and quotation of it must stand in a cited sentence; its
verbs must be the sentence's, no more certain and no less negated, with the same parties on the same
side of them; and a clause must find all that in one sentence, so that nobody's deeds become
another's. Last, whatever judges evidence must find that the sentence answers the claim.

Pure functions. What they work with (the parser, the check of who does what to whom, the reader of
evidence) is handed in as :class:`Tools`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from index.types import Span

if TYPE_CHECKING:
    from assistant.language import Parsed, Token


class Verdict(StrEnum):
    """How a claim stands to what it cites. The first two are shown, the others are left out."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"

    @property
    def stands(self) -> bool:
        """Whether the claim may be shown."""
        return self in (Verdict.SUPPORTED, Verdict.PARTLY)


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and why, in a short sentence for a person; no reason where all is found."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence that a claim cites.

    Attributes:
        text: its words.
        subject: words that tell whom its pronoun means: a name, or the sentence that has it.
    """

    text: str
    subject: str = ""


class Tools(Protocol):
    """What checking works with."""

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        """The grammar of each text."""
        ...

    def turned(self, claim: Parsed, cited: Parsed, subject: Parsed | None) -> str:
        """Why a sentence says it the other way round; empty where it doesn't, or can't be told."""
        ...

    def same_name(self, one: Token, other: Token) -> bool:
        """Whether two words are names of one party, such as US and America."""
        ...

    def support(self, claim: str, cited: Sequence[str]) -> float | None:
        """Log odds that one of the sentences answers the claim, put as a question; ``None``:
        nothing here can tell."""
        ...


# ------------------------------------------------------------------- what was written, in claims


@dataclass(frozen=True, slots=True)
class Written:
    """A claim as a model wrote it: its words without markers, and the numbers that it cites."""

    text: str
    cites: tuple[int, ...]


_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_MARKER = r"\[\s*\d{1,4}(?:\s*[,;&–-]\s*\d{1,4})*\s*\]"
_MARKERS = re.compile(rf"\s*{_MARKER}")
_AFTER_STOP = re.compile(rf"([.!?][\"”’')]*)((?:\s*{_MARKER})+)")
_FIRST = re.compile(rf"\s*{_MARKER}")
_LEADING = re.compile(
    r"^\s*(?:(?:[-*•]|\d{1,2}[.)])\s+)?(?:(?:the )?answer\s*:\s*)?", re.IGNORECASE
)
_NUMBER_IN = re.compile(r"(\d+)\s*(?:([–-])\s*(\d+))?")
_LONGEST_RANGE = 50
_WHOM = re.compile(r"^(?:he|she|it|they)\s*\(([^()\[\]]{2,80})\)", re.IGNORECASE)
_QUOTATION_MARK = re.compile(r"[\"“”„‟«»]")
_EMPHASIS = re.compile(r"\*\*|__|`|^#+\s*", re.MULTILINE)


def written(
    text: str, split: Callable[[str], Sequence[Span]], *, whole: bool = True
) -> list[Written]:
    """The claims of what a model wrote, in order; the last may not be finished yet.

    Args:
        split: where sentences begin and end.
        whole: whether nothing more comes.
    """
    text = _EMPHASIS.sub("", _THOUGHT.sub("", text))
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        line = _LEADING.sub("", line)
        # "[2] It opened in May. It was closed in June.": a number before what rests on it.
        before = _FIRST.match(line) is not None
        if not before:
            # "It opened in May. [2]" as "It opened in May [2]."
            line = _AFTER_STOP.sub(lambda found: f" {found[2].strip()}{found[1]} ", line)
        above: list[int] = []
        # While it is written, a line's other mark may still come.
        ended = whole or number < len(lines)
        alone = ended and len(_QUOTATION_MARK.findall(line)) == 1
        for span in split(line) if line.strip() else ():
            words = span.of(line)
            cites = [n for marker in _MARKERS.findall(words) for n in _numbers_of(marker)]
            above = cites = cites or (above if before else [])
            bare = " ".join(_MARKERS.sub("", words).split())
            if alone:
                bare = _without_mark(bare)
            if any(character.isalnum() for character in bare):
                found.append(Written(bare, tuple(dict.fromkeys(cites))))
            elif cites and found:
                # A marker that stands alone belongs to what it follows.
                found[-1] = replace(found[-1], cites=(*found[-1].cites, *cites))
    return found


def whom(claim: str, meant: Iterable[str]) -> str:
    """ "He (Ann Lee) won" as "Ann Lee won": as the evidence is shown to a model, which copies it.

    Args:
        meant: whom the pronouns of what it cites mean. Anything else in brackets stays.
    """
    found = _WHOM.match(claim)
    if found is None or fold(found[1]) not in {fold(name) for name in meant if name}:
        return claim
    return found[1][:1].upper() + found[1][1:] + claim[found.end() :]


def _without_mark(text: str) -> str:
    """Without a quotation mark at one of its ends, whose other one was left behind in the
    source. Two inches keep theirs."""
    if _QUOTATION_MARK.match(text):
        return text[1:].lstrip()
    if _QUOTATION_MARK.match(text[-1:]) and not text[-2:-1].isdigit():
        return text[:-1].rstrip()
    return text


def _numbers_of(marker: str) -> Iterator[int]:
    for found in _NUMBER_IN.finditer(marker):
        first, last = int(found[1]), int(found[3] or found[1])
        yield from range(first, min(last, first + _LONGEST_RANGE) + 1)


# ------------------------------------------------------------------------------ one way to write


_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‘’ʼ‛`´", "'"),
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‐‑‒−", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", None),
    }
)


# Names of several words that have a short form, which is compared word by word.
_SHORT = tuple(
    (re.compile(rf"\b{long}"), short)
    for long, short in (
        (r"United States(?: of America)?\b|U\.S\.(?:A\.)?(?= )|USA\b", "US"),
        (r"United Kingdom\b|Great Britain\b|U\.K\.(?= )", "UK"),
        (r"European Union\b|E\.U\.(?= )", "EU"),
        (r"United Nations\b|U\.N\.(?= )", "UN"),
    )
)


def fold(text: str) -> str:
    """One way to write what can be written in several: quotes, hyphens, widths, white space, and a
    few names."""
    text = " ".join(unicodedata.normalize("NFKC", text).translate(_SIGNS).split())
    for long, short in _SHORT:
        text = long.sub(short, text)
    return text


# --------------------------------------------------------------------------- figures and days


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit (``%``, ``EUR``…, else empty), at code points ``[start, end)``.

    Attributes:
        bound: how a word before it loosens it: ``about``, ``most``, ``least``, or empty.
    """

    value: Decimal
    unit: str
    start: int
    end: int
    bound: str = ""

    def same(self, other: Quantity) -> bool:
        """Whether the two are one figure, whatever is said about how close it is."""
        return self.value == other.value and self.unit == other.unit


@dataclass(frozen=True, slots=True)
class Day:
    """A date, as much of it as is said: ``{("month", 6), ("year", 2025)}``."""

    parts: frozenset[tuple[str, int]]
    start: int
    end: int


_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_MONTH_OF = {
    name: number
    for number, month in enumerate(_MONTHS, start=1)
    for name in (month, month[:3], month[:4] if month == "september" else month)
}
_MONTH = (
    r"(?P<month>(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?|"
    + "|".join(month.capitalize() for month in _MONTHS)
    + r")(?![\w])"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?![\d.,]*\d)"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?!\d|,\d|\.\d)"
_DATES = (
    re.compile(rf"\b{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?"),
    re.compile(rf"\b{_MONTH},? {_YEAR}"),
    re.compile(rf"\b{_MONTH} {_DAY}(?:,? {_YEAR})?"),
    re.compile(r"\b(?P<year>(?:1[5-9]|20)\d\d)-(?P<month>[01]\d)-(?P<day>[0-3]\d)\b"),
    # Two months are also words.
    re.compile(rf"\b(?<!^)(?!(?:May|March)\b){_MONTH}"),
    re.compile(
        r"(?:(?<=\bin )|(?<=\bby )|(?<=\bof )|(?<=\bsince )|(?<=\buntil )|(?<=\bafter )|"
        r"(?<=\bearly )|(?<=\blate )|(?<=\bbefore )|(?<=\blast )|(?<=\bnext )|(?<=\bfrom ))"
        r"(?P<month>May|March)\b"
    ),
)
_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")

_ONES = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_SHORT_SCALES = {
    "k": 1000,
    "m": 10**6,
    "mn": 10**6,
    "bn": 10**9,
    "b": 10**9,
    "tn": 10**12,
    "t": 10**12,
}
_SIGN_UNITS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR"}
_WORD_UNITS = (
    (r"%|per ?cent\b|pct\b", "%"),
    (r"percentage points?\b", "points"),
    (r"euros?\b|EUR\b", "EUR"),
    (r"(?:US )?dollars?\b|USD\b", "USD"),
    (r"pounds?\b(?! of)|GBP\b", "GBP"),
    (r"yen\b|JPY\b", "JPY"),
)
_SPELT = "|".join(sorted([*_ONES, *_TENS], key=len, reverse=True))
_SCALE = "|".join(_SCALES)
_FIGURE = re.compile(
    r"(?P<sign>[€$£¥₹])? ?"
    r"(?P<digits>(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])\d+(?:\.\d+)?)"
    rf"(?:[ -]?(?P<scale>{_SCALE})\b|(?P<short>k|mn?|bn?|tn?)\b)?"
    rf"|\b(?P<spelt>(?:{_SPELT})(?:[ -](?:and )?(?:{_SPELT}|{_SCALE})\b)*)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"[ -]?(?:"
    + "|".join(f"(?P<u{n}>{pattern})" for n, (pattern, _) in enumerate(_WORD_UNITS))
    + ")",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(?:(?P<about>about|around|roughly|nearly|almost|approximately|some|an estimated|estimated|"
    r"close to|just (?:under|over)|circa|or so)|(?P<most>up to|at most|no more than|as many as|"
    r"as much as|less than|fewer than|under|below|a maximum of)|(?P<least>at least|more than|"
    r"over|above|no fewer than|no less than|a minimum of))\s+(?:the |a |an |another )?[€$£¥₹]?$",
    re.IGNORECASE,
)
_SPAN_OF_TIME = re.compile(r"[ -](?:years?|months?|weeks?|days?|hours?|decades?)\b")


def days(text: str) -> list[Day]:
    """The dates of a folded text."""
    found: list[Day] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if any(match.start() < day.end and day.start < match.end() for day in found):
                continue
            parts = set()
            for name, value in match.groupdict().items():
                if value is not None:
                    low = value.lower().rstrip(".")
                    parts.add((name, int(value) if value.isdigit() else _MONTH_OF[low]))
            found.append(Day(frozenset(parts), match.start(), match.end()))
    return found


def quantities(text: str, taken: Sequence[Day] = ()) -> list[Quantity]:
    """The figures of a folded text, those of its dates left out; years count as figures."""
    found = []
    for match in _FIGURE.finditer(text):
        if any(match.start() < day.end and day.start < match.end() for day in taken):
            continue
        spelt = match["spelt"]
        # "One" is a pronoun more often than a number.
        if spelt and spelt.lower() in ("one", "zero"):
            continue
        end = match.end()
        if spelt:
            value = _spelt(spelt)
        else:
            value = Decimal(match["digits"].replace(",", ""))
            scale = (match["scale"] or "").lower()
            short = (match["short"] or "").lower()
            value *= _SCALES.get(scale, _SHORT_SCALES.get(short, 1))
        unit = _SIGN_UNITS.get(match["sign"] or "", "")
        after = _UNIT.match(text, end)
        if after:
            end = after.end()
            unit = next(
                name for n, (_, name) in enumerate(_WORD_UNITS) if after[f"u{n}"] is not None
            )
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        before = _BOUND.search(text[:start])
        bound = (before.lastgroup or "") if before else ""
        if before and before[0].lower().startswith("over") and _SPAN_OF_TIME.match(text, end):
            bound = ""  # "over six years": during, not more than
        found.append(Quantity(value.normalize(), unit, start, end, bound))
    return found


def _spelt(words: str) -> Decimal:
    total = part = 0
    for word in re.split(r"[ -]+(?:and )?", words.lower()):
        if word in _SCALES:
            part = max(part, 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, part = total + part, 0
        else:
            part += _ONES.get(word, _TENS.get(word, 0))
    return Decimal(total + part)


# ---------------------------------------------------------------------------------- word lists


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONTENT = frozenset({"NOUN", "PROPN", "VERB", "ADJ", "NUM", "ADV", "X", "INTJ"})
_LIGHT = _words(
    "be have do get will would can could may might shall should must also very so just then there "
    "here more most own such as however meanwhile additionally furthermore therefore thus what who "
    "which whose when where why how that this it they he she some any other another same too "
    "currently still already now yet even only both all each"
)
_SAYING = _words(
    "say tell report state add note announce explain mention write describe accord according "
    "indicate declare"
)
_QUOTED = re.compile(r'"([^"]+)"')
_NOT = _words("not n't never no none nobody nothing neither nor without hardly barely cannot")
_NO_WORDS = _words("no none nobody nothing neither")
_ABSENT = _words("deny refuse reject fail decline lack stop prevent avoid block bar cancel rule")
"""Verbs that say "not" of what they govern."""
_POSSIBLE = _words("may might could can")
_CONDITIONAL = _words("would should must shall ought")
_UNSURE = _words(
    "expect want plan hope intend seek threaten offer aim believe think estimate suggest claim "
    "allege accuse argue fear warn propose ask urge demand call deny refuse pledge promise vow "
    "consider appear seem try attempt need require wish prepare predict forecast assume doubt "
    "likely unlikely due set likely able willing ready supposed bound push press lobby want fail "
    "decline agree order recommend suspect hint insist dispute contend maintain anticipate project "
    "scheduled"
)
"""Words that make what they govern less than a fact."""
_DONE_WITH = _words(
    "begin start continue manage help have use go come force cause lead allow make get enable "
    "serve prove remain choose cease"
)
"""Verbs after which "to" do something means that it is done. After all others it may not be."""
_UNSURE_ADVERBS = _words(
    "reportedly allegedly possibly perhaps probably likely apparently supposedly purportedly maybe "
    "seemingly potentially presumably"
)
_IF = _words("if unless whether provided once until")
_PRIVATIVE = _words(
    "half most some few part only former proposed planned alleged so-called would-be possible "
    "potential likely suspected fake draft no any many several partial provisional interim "
    "temporary"
)
_VERBAL = ("VERB", "AUX")
_SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")
_PRONOUNS = _words(
    "he she it they him her them who which that this these those his its their one we i you itself "
    "themselves whom whose"
)


# ------------------------------------------------------------------------------------- checking


@dataclass(frozen=True, slots=True)
class _Source:
    """A cited sentence, read."""

    parsed: Parsed
    subject: Parsed | None
    days: tuple[Day, ...]
    quantities: tuple[Quantity, ...]
    tokens: tuple[Token, ...] = field(repr=False)
    """Of the sentence and of what names its subject."""


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong with a claim. ``weight``: the heavier, the more there is of it."""

    verdict: Verdict
    reason: str
    weight: float


def check(claim: str, cites: Sequence[int], sources: Sequence[Cited], tools: Tools) -> Finding:
    """Whether a claim stands.

    Args:
        claim: its words, without markers.
        cites: the numbers that it cites, from 1.
        sources: what the model was shown, in the order of the numbers.
    """
    if not cites:
        return Finding(Verdict.UNSUPPORTED, "it cites nothing")
    unknown = [n for n in cites if not 1 <= n <= len(sources)]
    if unknown:
        return Finding(Verdict.UNSUPPORTED, f"it cites [{unknown[0]}], which there is not")
    text = fold(claim)
    if text.rstrip("\"')").endswith("?"):
        return Finding(Verdict.UNSUPPORTED, "it is a question")
    cited = [sources[n - 1] for n in dict.fromkeys(cites)]
    (parsed,) = tools.parse([text])
    if not any(_is_content(token) for token in parsed.tokens):
        return Finding(Verdict.UNSUPPORTED, "it says nothing")
    if leaning := _leaning(parsed):
        return Finding(Verdict.UNSUPPORTED, f"it does not name whom or what “{leaning}” means")
    if any(_whole(text, fold(source.text)) for source in cited):
        return Finding(Verdict.SUPPORTED)
    read = _read(cited, tools)
    problem = _literal(parsed, read, tools)
    if problem is None:
        problem = _grammatical(parsed, read, tools)
    if problem is not None and not problem.verdict.stands:
        return Finding(problem.verdict, problem.reason)
    support = tools.support(text, [source.text for source in cited])
    if support is not None and support < _SUPPORT:
        return Finding(Verdict.UNSUPPORTED, "what it cites does not answer to it")
    if problem is not None:
        return Finding(problem.verdict, problem.reason)
    return Finding(Verdict.SUPPORTED)


def invented(claim: str, sources: Sequence[Cited], tools: Tools) -> str:
    """Why a claim has what none of ``sources`` has: a figure, a date, a name or words in quotation
    marks. Empty where it has none such."""
    (parsed,) = tools.parse([fold(claim)])
    problem = _literal(parsed, _read(sources, tools), tools)
    return problem.reason if problem else ""


def _leaning(parsed: Parsed) -> str:
    """The pronoun that is a claim's first subject. Claims stand alone: what is before this one may
    have been left out, or be of somebody else."""
    for token in parsed.tokens:
        if token.dep in ("nsubj", "nsubjpass"):
            return token.text if token.lower in _LEANING else ""
        if token.pos == "PROPN":
            return ""
    return ""


_LEANING = _words("he she it they this that these those")


def _whole(claim: str, sentence: str) -> bool:
    """Whether a claim is a sentence, word for word. A part is not enough: what is left out may be
    the "not"."""
    return claim.rstrip(" .!") == sentence.rstrip(" .!")


_SUPPORT = -3.2
"""Log odds below which a claim has no support, however many words it shares. The reader is made for
questions: what says no more than the claim itself brings nothing new to it, and stays below 0 as
often as not. So this tells only the sentence that is about something else."""

_MISSING = 0.2
"""Share of a clause's words that its sentence may lack."""


def _read(cited: Sequence[Cited], tools: Tools) -> list[_Source]:
    texts = [fold(source.text) for source in cited]
    names = [fold(source.subject) for source in cited]
    parses = tools.parse([*texts, *(name for name in names if name)])
    named = iter(parses[len(texts) :])
    found = []
    for text, name, parsed in zip(texts, names, parses, strict=False):
        subject = next(named) if name else None
        dates = tuple(days(text))
        found.append(
            _Source(
                parsed,
                subject,
                dates,
                tuple(quantities(text, dates)),
                (*parsed.tokens, *(subject.tokens if subject else ())),
            )
        )
    return found


# -- what must be there, letter by letter


def _literal(claim: Parsed, sources: Sequence[_Source], tools: Tools) -> _Problem | None:
    """Quotations, dates, figures and names that no cited sentence has."""
    texts = [source.parsed.text for source in sources]
    text = claim.text
    for match in _QUOTED.finditer(text):
        words = match[1].strip(" ,.;:!?")
        if words and not any(_has_words(there, words) for there in texts):
            return _missing(f"the words “{match[1]}” do not stand in what it cites")
    if text.count('"') % 2:
        return _missing("a quotation in it has no end")
    dates = days(text)
    known = [day.parts for source in sources for day in source.days]
    years = {q.value for source in sources for q in source.quantities}
    for day in dates:
        year = {part for part in day.parts if part[0] == "year"}
        whole = any(day.parts <= parts for parts in known)
        # "11 October" in one place of the sentence and "2024" in another are one date.
        apart = year and any(
            day.parts - year <= parts and not any(p[0] == "year" for p in parts) for parts in known
        )
        if not whole and not (apart and any(Decimal(y) in years for _, y in year)):
            return _missing(f"the date “{text[day.start : day.end]}” is not in what it cites")
    for match in _WEEKDAY.finditer(text):
        if not any(match[0] in there for there in texts):
            return _missing(f"“{match[0]}” is not in what it cites")
    figures = [q for source in sources for q in source.quantities]
    year_numbers = {Decimal(value) for parts in known for name, value in parts if name == "year"}
    for figure in quantities(text, dates):
        same = [other for other in figures if figure.same(other)]
        shown = text[figure.start : figure.end].strip()
        if not same:
            if figure.value in year_numbers and not figure.unit:
                continue
            return _missing(f"the figure “{shown}” is not in what it cites")
        if not any(other.bound == figure.bound for other in same):
            other = same[0]
            there = f"“{other.bound}”" if other.bound else "exact"
            return _missing(f"the figure “{shown}” is {there} in what it cites")
    for token in claim.tokens:
        if _is_name(token) and not any(
            _named(token, other, tools) for source in sources for other in source.tokens
        ):
            return _missing(f"the name “{token.text}” is not in what it cites")
    return None


def _missing(reason: str) -> _Problem:
    return _Problem(Verdict.UNSUPPORTED, reason, 10.0)


def _has_words(text: str, words: str) -> bool:
    """Whether ``words`` stand in ``text``, whole; the first letter may be small or large."""
    pattern = re.compile(
        rf"(?<!\w)[{re.escape(words[0].lower() + words[0].upper())}]{re.escape(words[1:])}(?!\w)"
    )
    return pattern.search(text) is not None


def _is_name(token: Token) -> bool:
    if not token.text[:1].isupper() or token.lower in _PRONOUNS:
        return False
    if token.lower.rstrip(".") in _MONTH_OF or _WEEKDAY.fullmatch(token.text):
        return False
    # The first word has its capital anyway.
    return (token.index > 0 and token.pos != "PRON") or token.pos in _UNKNOWN


# Kinds of word that the tagger gives names that it has never seen.
_UNKNOWN = ("PROPN", "X", "INTJ")


def _named(one: Token, other: Token, tools: Tools) -> bool:
    a, b = one.lower.removesuffix("'s").strip("."), other.lower.removesuffix("'s").strip(".")
    if a == b or a.rstrip("s") == b.rstrip("s"):
        return True
    if other.text[:1].isupper() and _same_stem(a, b, 4) and abs(len(a) - len(b)) <= 4:
        return True
    return other.text[:1].isupper() and tools.same_name(one, other)


def _same_stem(a: str, b: str, least: int) -> bool:
    """Whether two words begin alike for all but an ending."""
    short = min(len(a), len(b))
    common = next((n for n in range(short) if a[n] != b[n]), short)
    return common >= least and common >= max(len(a), len(b)) - 4 and common >= 0.6 * short


# -- what must be said of the same


def _grammatical(claim: Parsed, sources: Sequence[_Source], tools: Tools) -> _Problem | None:
    """The worst that is wrong with any clause, each beside the sentence that fits it best."""
    worst: _Problem | None = None
    for clause in _clauses(claim):
        problems = [_against(claim, clause, source, tools) for source in sources]
        best = min(problems, key=lambda problem: problem.weight if problem else 0.0)
        if best is not None and (worst is None or best.weight > worst.weight):
            worst = best
    return worst


def _clauses(parsed: Parsed) -> list[list[Token]]:
    """The main clauses: the root's and those that "and" joins to it with a verb. A verb that has no
    subject of its own has the root's."""
    roots = [token for token in parsed.tokens if token.dep == "ROOT"]
    found: list[list[Token]] = []
    for root in roots:
        heads = [root]
        for head in heads:
            heads += [t for t in parsed.children(head.index, "conj") if t.pos in _VERBAL]
        apart = {head.index for head in heads}
        subject = [
            token
            for child in parsed.children(root.index, *_SUBJECTS)
            for token in parsed.subtree(child.index)
        ]
        for head in heads:
            own = _subtree_without(parsed, head.index, apart - {head.index})
            if not any(t.dep in _SUBJECTS and t.head == head.index for t in own):
                own = sorted({*own, *subject}, key=lambda t: t.index)
            found.append(own)
    return found


def _subtree_without(parsed: Parsed, index: int, others: set[int]) -> list[Token]:
    found, stack = [], [index]
    while stack:
        i = stack.pop()
        found.append(i)
        stack.extend(t.index for t in parsed.children(i) if t.index not in others)
    return [parsed.tokens[i] for i in sorted(found)]


def _against(
    claim: Parsed, clause: Sequence[Token], source: _Source, tools: Tools
) -> _Problem | None:
    """What is wrong with a clause, if it rests on this sentence."""
    match = _Match.make(claim, clause, source, tools)
    lacking = [t for t in match.content if not match.there[t.index]]
    share = len(lacking) / max(1, len(match.content))
    hard = [t for t in lacking if _is_name(t) or t.pos == "NUM" or t.dep == "ROOT"]
    hard += [t for t in lacking if t.pos == "VERB" or t.tag in ("JJR", "JJS", "RBR", "RBS")]
    # Who does it, and to whom, is what a claim is about.
    hard += [t for t in lacking if t.dep in (*_SUBJECTS, "dobj")]
    if hard or share > _MISSING:
        first = (hard or lacking)[0]
        return _Problem(
            Verdict.UNSUPPORTED,
            f"what it cites does not say “{first.text}” of this",
            5.0 + 5.0 * share,
        )
    for look in (_turned, _negated, _surer, _otherwise, _broader):
        problem = look(match, tools)
        if problem is not None:
            return problem
    if lacking:
        words = ", ".join(f"“{token.text}”" for token in lacking[:3])
        return _Problem(Verdict.PARTLY, f"not in what it cites: {words}", share)
    return None


@dataclass(frozen=True, slots=True)
class _Match:
    """A clause beside a sentence.

    Attributes:
        content: the clause's words that carry meaning.
        there: by the index of a word of the clause: the words of the sentence that may be it.
        verbs: each verb of the clause with the one of the sentence that it is.
    """

    claim: Parsed
    clause: tuple[Token, ...]
    source: _Source
    content: tuple[Token, ...]
    there: dict[int, list[Token]]
    named: dict[int, bool]
    verbs: tuple[tuple[Token, Token], ...]

    @classmethod
    def make(cls, claim: Parsed, clause: Sequence[Token], source: _Source, tools: Tools) -> _Match:
        content = [t for t in clause if _is_content(t)]
        figures = quantities(claim.text, days(claim.text))
        there: dict[int, list[Token]] = {}
        named: dict[int, bool] = {}
        for token in clause:
            alike = [o for o in source.parsed.tokens if _alike(token, o, tools)]
            if not alike and _in_figure(token, figures, source.quantities):
                alike = _figure_tokens(token, figures, source)
            there[token.index] = alike
            named[token.index] = bool(alike)
            if not alike and source.subject is not None:
                # Whom the pronoun means: named elsewhere, and at no place of this sentence.
                outside = [o for o in source.subject.tokens if _alike(token, o, tools)]
                there[token.index] = outside
        for token in clause:
            if not there[token.index] and _in_date(token, claim.text, source):
                there[token.index] = [token]
        verbs = []
        for token in clause:
            if token.pos in _VERBAL and token.dep not in ("aux", "auxpass"):
                options = [
                    o
                    for o in there[token.index]
                    if o.pos in _VERBAL
                    and source.parsed.tokens[o.index : o.index + 1] == (o,)
                    and o.dep not in ("aux", "auxpass")
                ]
                if options:
                    verbs.append(
                        (token, max(options, key=lambda o: _fits(claim, token, source, o, there)))
                    )
        return cls(claim, tuple(clause), source, tuple(content), there, named, tuple(verbs))

    def same(self, one: Sequence[Token], others: Sequence[Token]) -> bool:
        """Whether a phrase of the clause names what a phrase of the sentence does: by its head's
        word or by a name in both."""
        places = {token.index for token in others}
        heads = [t for t in one if _is_content(t)]
        return any(
            o.index in places and self.named.get(t.index)
            for t in heads
            for o in self.there[t.index]
        )


def _fits(
    claim: Parsed, verb: Token, source: _Source, other: Token, there: dict[int, list[Token]]
) -> tuple[int, int, int, float]:
    """How many of a verb's dependents hang on ``other``, too; the nearest by place on a tie."""
    parsed = source.parsed
    beside = {t.index for t in parsed.children(other.index)}
    below = {t.index for t in parsed.subtree(other.index)}
    kids = claim.children(verb.index)
    near = sum(any(o.index in beside for o in there.get(t.index, ())) for t in kids)
    own = [t for child in kids for t in claim.subtree(child.index)]
    far = sum(any(o.index in below for o in there.get(t.index, ())) for t in own)
    alike = (verb.lower == other.lower) + (verb.dep == other.dep)
    place = abs(verb.index / len(claim) - other.index / len(parsed))
    return near, far, alike, -place


def _is_content(token: Token) -> bool:
    if token.pos not in _CONTENT or token.lemma.lower() in _LIGHT or token.lower in _LIGHT:
        return False
    if token.lemma.lower() in _SAYING or token.lower in _NOT:
        return False
    return any(character.isalnum() for character in token.text)


def _alike(one: Token, other: Token, tools: Tools) -> bool:
    """Whether two words may be one: the same, another form of it, or another name."""
    a, b = one.lemma.lower().strip("."), other.lemma.lower().strip(".")
    if a == b or one.lower == other.lower:
        return True
    if _is_name(one):
        return _named(one, other, tools)
    if one.pos in ("VERB", "NOUN", "ADJ", "ADV") and other.pos in ("VERB", "NOUN", "ADJ", "ADV"):
        return a.isalpha() and b.isalpha() and _same_stem(a, b, 5)
    return False


def _in_figure(token: Token, figures: Sequence[Quantity], others: Sequence[Quantity]) -> bool:
    return any(
        f.start <= token.start < f.end and any(f.same(other) for other in others) for f in figures
    )


def _figure_tokens(token: Token, figures: Sequence[Quantity], source: _Source) -> list[Token]:
    places = [
        other
        for f in figures
        if f.start <= token.start < f.end
        for other in source.quantities
        if f.same(other)
    ]
    return [t for t in source.parsed.tokens if any(p.start <= t.start < p.end for p in places)]


def _in_date(token: Token, text: str, source: _Source) -> bool:
    return any(
        day.start <= token.start < day.end and any(day.parts <= o.parts for o in source.days)
        for day in days(text)
    )


# -- one kind of mistake each


def _turned(match: _Match, tools: Tools) -> _Problem | None:
    """The parties changed over."""
    reason = tools.turned(match.claim, match.source.parsed, match.source.subject)
    if reason:
        return _Problem(Verdict.CONTRADICTED, reason, 9.0)
    return None


def _negated(match: _Match, _tools: Tools) -> _Problem | None:
    parsed = match.source.parsed
    for verb, other in match.verbs:
        mine, theirs = _denied(match.claim, verb), _denied(parsed, other)
        if mine != theirs:
            said = _shown(parsed, other)
            return _Problem(Verdict.CONTRADICTED, f"what it cites says “{said}”", 8.0)
    mine_words = {t.lower for t in match.clause} & _NOT
    their_words = {t.lower for t in parsed.tokens} & _NOT
    absent = any(t.lemma.lower() in _ABSENT for t in parsed.tokens)
    if mine_words and not their_words and not absent:
        word = sorted(mine_words)[0]
        return _Problem(Verdict.CONTRADICTED, f"what it cites has no “{word}”", 8.0)
    return None


def _denied(parsed: Parsed, verb: Token) -> bool:
    """Whether a verb is negated, by itself or by what stands on either side of it."""
    kids = parsed.children(verb.index)
    direct = any(
        t.dep == "neg" or t.lower in ("never", "hardly", "barely", "not", "n't") for t in kids
    )
    for kid in kids:
        if kid.dep in (*_SUBJECTS, "dobj", "attr", "pobj"):
            below = parsed.children(kid.index, "det", "neg", "preconj")
            direct ^= kid.lower in _NO_WORDS or any(t.lower in _NO_WORDS for t in below)
    head = parsed.tokens[verb.head]
    if verb.dep == "pcomp" and head.lower == "without":
        direct = not direct
    return direct


def _surer(match: _Match, _tools: Tools) -> _Problem | None:
    """A verb that the sentence hedges and the clause does not."""
    parsed = match.source.parsed
    for verb, other in match.verbs:
        mine, theirs = _hedges(match.claim, verb), _hedges(parsed, other)
        lost = theirs - mine
        # One hedge in another's place will do, but for "may", which is the weakest. One that both
        # have takes no other's place: "estimates that it will" is surer than "… that it would".
        if lost & {"may", "if"} or (lost and not (mine - theirs) & {"may", "would", "unsure"}):
            said = _shown(parsed, other)
            return _Problem(Verdict.UNSUPPORTED, f"what it cites says only “{said}”", 7.0)
    return None


def _hedges(parsed: Parsed, verb: Token) -> frozenset[str]:
    """What makes a verb less than a fact: kinds of modals, words that govern it, conditions."""
    found: set[str] = set()
    for kid in parsed.children(verb.index):
        low = kid.lower
        if kid.dep == "aux" and (low in _POSSIBLE or low in _CONDITIONAL):
            found.add("may" if low in _POSSIBLE else "would")
        if low in _UNSURE_ADVERBS:
            found.add("may")
        if kid.dep == "advcl" and any(
            t.lower in _IF for t in parsed.children(kid.index, "mark", "advmod")
        ):
            found.add("if")
        if kid.dep == "mark" and low in ("if", "unless", "whether"):
            found.add("if")
    current = verb
    for above in parsed.ancestors(verb.index):
        if current.dep not in (
            "xcomp", "ccomp", "conj", "acl", "pcomp", "prep", "advcl", "oprd",
        ):  # fmt: skip
            break
        wished = current.dep == "xcomp" and above.lemma.lower() not in _DONE_WITH
        wished = wished and any(t.lower == "to" for t in parsed.children(current.index, "aux"))
        if current.dep not in ("conj", "advcl") and (wished or above.lemma.lower() in _UNSURE):
            found.add("unsure")
        if current.dep == "advcl":
            break
        if current.dep == "ccomp" and above.lemma.lower() in _SAYING:
            break
        current = above
    return frozenset(found)


def _otherwise(match: _Match, _tools: Tools) -> _Problem | None:
    """Another party on one side of a verb, another noun that a figure counts or a name owns."""
    claim, parsed = match.claim, match.source.parsed
    for verb, other in match.verbs:
        mine, theirs = _roles(claim, verb), _roles(parsed, other)
        for role, (head, own) in mine.items():
            their = theirs.get(role, (None, ()))[1]
            same = _is_pronoun(own) or (their and match.same(own, their))
            if same and not _only_by_adjective(match, head, their):
                continue
            if not any(match.named.get(t.index) for t in own if _is_content(t)):
                continue  # named outside this sentence, for its pronoun
            facing = any(
                match.same([head], [across])
                for name, (across, _) in theirs.items()
                if name != role and "agent" in (role, name)
            )
            if not facing and (role not in _SIDES or not their or _is_pronoun(their)):
                continue
            verdict = Verdict.CONTRADICTED if facing else Verdict.UNSUPPORTED
            if their:
                said = _phrase_text(parsed, their)
                reason = f"in what it cites “{said}” stands there with “{other.text}”"
            else:
                reason = f"in what it cites “{head.text}” is on another side of “{other.text}”"
            return _Problem(verdict, reason, 6.5)
    return _attached(match)


def _only_by_adjective(match: _Match, head: Token, theirs: Sequence[Token]) -> bool:
    """Whether what a phrase is headed by, a name, has only its adjective in the other phrase: a
    Danish firm is not Denmark."""
    places = {token.index for token in theirs}
    same = [o for o in match.there[head.index] if o.index in places]
    # Not _is_name(): a name that the tagger has never seen may begin a sentence.
    return (
        head.text[:1].isupper()
        and bool(same)
        and all(o.dep == "amod" and o.text[:1].isupper() and o.lower != head.lower for o in same)
    )


_WHERE = _words("on in at")
_SIDES = ("agent", "patient")


def _attached(match: _Match) -> _Problem | None:
    """Figures, owners and what a name is called must belong to the noun that they belong to in the
    sentence."""
    claim, parsed = match.claim, match.source.parsed
    dated = days(claim.text)
    for token in match.clause:
        # The parts of a date belong together already.
        if any(day.start <= token.start < day.end for day in dated):
            continue
        if token.dep == "pobj" and claim.tokens[token.head].lower in _WHERE and _is_name(token):
            places = [o for o in match.there[token.index] if _of(parsed, o)]
            if places and all(o.dep in ("nsubj", "nsubjpass") for o in places):
                return _Problem(
                    Verdict.CONTRADICTED, f"in what it cites “{token.text}” is who acts", 6.0
                )
        after = claim.tokens[token.index + 1] if token.index + 1 < len(claim) else token
        # "The trawler Moe" may be parsed as two subjects of one verb.
        beside = token.dep in _SUBJECTS and (after.dep, after.head) == (token.dep, token.head)
        beside = beside and token.pos == "NOUN" and _is_name(after)
        head = after if beside else claim.tokens[token.head]
        # "The ship Brekke", where Brekke told of ships: what a name is, is said of it too.
        named = _is_name(token) or (_is_name(head) and _is_content(token))
        modifies = beside or token.dep in ("nummod", "poss", "compound", "amod", "appos")
        if not modifies or not (token.dep == "nummod" or named):
            continue
        if not _is_content(head) or head.index not in match.there:
            continue
        mine = [o for o in match.there[token.index] if _of(parsed, o)]
        heads = {o.index for o in match.there[head.index] if _of(parsed, o)}
        if not mine or not heads:
            continue
        if not any(_near(parsed, one, heads) for one in mine):
            return _Problem(
                Verdict.UNSUPPORTED,
                f"in what it cites “{token.text}” is not said of “{head.text}”",
                6.0,
            )
    return None


def _of(parsed: Parsed, token: Token) -> bool:
    return parsed.tokens[token.index : token.index + 1] == (token,)


def _near(parsed: Parsed, token: Token, heads: set[int]) -> bool:
    """Whether a word hangs on one of ``heads``, over at most two others, or they on it."""
    chain = [token.index, *(a.index for a in list(parsed.ancestors(token.index))[:3])]
    if heads & set(chain):
        return True
    return any(token.index in [a.index for a in list(parsed.ancestors(h))[:3]] for h in heads)


def _broader(match: _Match, _tools: Tools) -> _Problem | None:
    """ "Half of the", "proposed" and the like, that the sentence has and the clause does not."""
    claim, parsed = match.claim, match.source.parsed
    for token in match.clause:
        if token.pos not in ("NOUN", "PROPN"):
            continue
        own = {t.lower for t in claim.children(token.index)}
        own |= _before(claim, token)
        options = [o for o in match.there[token.index] if _of(parsed, o)]
        lost = [
            {t.lower for t in parsed.children(o.index, "amod", "det", "advmod", "predet")}
            & _PRIVATIVE - own
            | _before(parsed, o) - own
            for o in options
        ]
        if lost and all(lost):
            word = sorted(lost[0])[0]
            return _Problem(
                Verdict.UNSUPPORTED, f"what it cites says only “{word} {token.text}”", 6.0
            )
    return None


def _before(parsed: Parsed, token: Token) -> set[str]:
    """What stands before a noun and takes part of it away: "about", and "half" in "half of the"."""
    found = set()
    if token.index and parsed.tokens[token.index - 1].lower in _ABOUT:
        found.add(parsed.tokens[token.index - 1].lower)
    head = parsed.tokens[token.head]
    if token.dep == "pobj" and head.lower == "of":
        whole = parsed.tokens[head.head]
        if whole.pos == "NUM" or whole.lower in _PARTS:
            found.add(f"{whole.lower} of")
    return found


_ABOUT = _words("about nearly almost around roughly approximately")
_PARTS = _words(
    "half third quarter some most part parts majority minority few many none several rest bulk "
    "dozens hundreds thousands number share handful"
)


def _roles(parsed: Parsed, verb: Token) -> dict[str, tuple[Token, Sequence[Token]]]:
    """The phrases on the sides of a verb, each with its head: ``agent`` and ``patient``, whatever
    the voice, and the others by their preposition."""
    found: dict[str, tuple[Token, Sequence[Token]]] = {}
    current, steps = verb, 0
    subject: Token | None = None
    passive = False
    while subject is None and steps < 4:
        for kid in parsed.children(current.index, "nsubj", "nsubjpass"):
            subject, passive = kid, kid.dep == "nsubjpass"
        head = parsed.tokens[current.head]
        if subject is None:
            if current.dep == "relcl":
                break
            if current.dep in ("conj", "xcomp") and head.index != current.index:
                if current.dep == "xcomp" and parsed.children(head.index, "dobj"):
                    subject = parsed.children(head.index, "dobj")[0]
                current, steps = head, steps + 1
            else:
                break
    if subject is not None and passive and current.index != verb.index:
        passive = bool(parsed.children(verb.index, "auxpass"))
    if subject is not None:
        if subject.lower in ("who", "which", "that") and verb.dep == "relcl":
            subject = parsed.tokens[verb.head]
            found["patient" if passive else "agent"] = (subject, [subject])
        else:
            found["patient" if passive else "agent"] = (subject, _core(parsed, subject))
    for kid in parsed.children(verb.index):
        if kid.dep in ("dobj", "attr", "oprd") and "patient" not in found:
            found["patient"] = (kid, _core(parsed, kid))
        elif kid.dep in ("dative", "iobj"):
            inner = parsed.children(kid.index, "pobj")
            receiver = inner[0] if inner else kid
            found["to"] = (receiver, _core(parsed, receiver))
        elif kid.dep in ("prep", "agent"):
            role = "agent" if kid.dep == "agent" else kid.lower
            for end in parsed.children(kid.index, "pobj"):
                found.setdefault(role, (end, _core(parsed, end)))
    return found


def _core(parsed: Parsed, head: Token) -> list[Token]:
    """A noun's phrase without clauses and asides: what names it, and those joined to it."""
    found, stack = [], [head.index]
    while stack:
        i = stack.pop()
        found.append(i)
        stack.extend(
            t.index
            for t in parsed.children(i)
            if t.dep not in ("relcl", "acl", "prep", "punct", "cc", "mark", "advcl", "ccomp")
            or (t.dep == "prep" and t.lower == "of")
        )
    return [parsed.tokens[i] for i in sorted(found)]


def _is_pronoun(phrase: Sequence[Token]) -> bool:
    return all(t.lower in _PRONOUNS or t.pos in ("DET", "PRON", "PUNCT") for t in phrase)


def _phrase_text(parsed: Parsed, phrase: Sequence[Token]) -> str:
    start, end = parsed.span(phrase)
    words = parsed.text[start:end]
    return words if len(words) <= 60 else f"{words[:60].rpartition(' ')[0]} …"


def _shown(parsed: Parsed, verb: Token) -> str:
    """A verb with the few words around it that tell how it is meant."""
    kids = [t for t in parsed.children(verb.index) if t.dep in ("aux", "auxpass", "neg")]
    tokens = [verb, *kids]
    head = parsed.tokens[verb.head]
    if verb.dep in ("xcomp", "ccomp") and 0 < verb.index - head.index <= 6:
        tokens += [head, *parsed.children(head.index, "aux", "auxpass", "neg")]
    return _phrase_text(parsed, tokens)
