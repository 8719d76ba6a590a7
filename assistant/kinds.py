"""What kind of thing a question asks for, and where a sentence has such a thing."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NUMBER_WORDS = (
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|half|third|"
    r"quarter|hundreds?|thousands?|millions?|billions?|twice|double)\b"
)
NUMBER = re.compile(rf"\d|{_NUMBER_WORDS}", re.IGNORECASE)
FIGURES = re.compile(rf"\d+(?:[.,]\d+)*|{_NUMBER_WORDS}", re.IGNORECASE)
ASKING = re.compile(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b", re.IGNORECASE)
_MONEY = re.compile(
    r"[€$£¥]|\b(?:euros?|dollars?|dlrs?|pounds?|stg|crowns?|francs?|yen|yuan|rupees?|pesos?|"
    r"(?:m|b|tr)illion|mln|bln)\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    r"%|\bper ?cent\b|\bpct\b|\bpercentage\b|\b(?:half|third|quarter)s?\b", re.IGNORECASE
)
_DATE = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|tomorrow|spring|"
    r"summer|autumn|winter|week|month|year|century|\d{4}|\d{1,2}(?:st|nd|rd|th))s?\b",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies))\b|"
    r"\b(?:until|since|lasted|from .{1,20} to)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"\b(?:kilomet(?:re|er)s?|met(?:re|er)s?|miles?|feet|foot|inch(?:es)?|hectares?|acres?|"
    r"years? old|tonnes?|tons?|kilograms?|kg|km|litres?|gallons?|degrees?|square|cubic|[mg]w)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|as a result|so that|in order to|after|caused?|reasons?|"
    r"blam(?:ed?|ing)|thanks to|by|amid|over|citing|led to|prompted|fear(?:s|ed)?|"
    r"wanted|stopped|therefore)\b",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "reason",
            r"\bwhy\b|\bwhat (?:caused|led|made|held up|prompted)\b|\breasons? (?:for|why)\b",
        ),
        (
            "percent",
            r"\b(?:what|which) (?:share|percentage|proportion|fraction)\b|\bper ?cent\b|"
            r"\bhow (?:effective|far did .* (?:rise|fall|drop))\b|\befficacy\b",
        ),
        (
            "money",
            r"\bhow much (?:money|did .* (?:cost|pay|lend|bid|spend|invest)|does .* cost|will .* "
            r"(?:cost|pay))\b|"
            r"\bhow (?:high|low|large|big) (?:is|are|was|were|will|did|has|have) (?:the|its|their|"
            r"his|her|a) (?:(?!the |of |that |which |outside |in |on |at )[\w’'-]+ ){0,3}?"
            r"(?:price|cost|fee|salary|wage|budget|fine|tax|debt|bill|bid)s?\b|\b(?:price|cost|fee|salary|wage|budget|fine)\b",
        ),
        (
            "duration",
            r"\bhow long (?:did|does|has|had|will|before|were|was|until|ago)\b|\bhow many "
            r"(?:years|months|weeks|days|hours|minutes)\b",
        ),
        (
            "measure",
            r"\bhow (?:high|tall|deep|wide|long|far|large|big|heavy|fast|old)\b|"
            r"\bwhat (?:length|height|altitude|depth|width|speed|distance|size|weight)\b",
        ),
        (
            "number",
            r"\bhow (?:many|much|often)\b|\b(?:number|vote count|result|score|total|rate) of\b|"
            r"\bwhat (?:number|rate|rise|score)\b|\bcount\b",
        ),
        (
            "date",
            r"\bwhen\b|\b(?:what|which) (?:date|day|year|month|time|century)\b|\bdate of\b|"
            r"\bin what year\b|\bdeadline\b",
        ),
        ("person", r"\bwho(?:se|m)?\b|\bname of (?:the )?\w+(?:er|or|ist|ent|man|woman)\b"),
        (
            "place",
            r"\bwhere\b|\b(?:what|which) (?:cit(?:y|ies)|countr(?:y|ies)|towns?|places?|ports?|"
            r"states?|regions?|continents?|villages?|count(?:y|ies))\b",
        ),
    )
)
TESTS: Mapping[str, re.Pattern[str]] = {
    "reason": _REASON,
    "percent": _PERCENT,
    "money": _MONEY,
    "duration": _DURATION,
    "measure": _MEASURE,
    "number": NUMBER,
    "date": _DATE,
}
LABELS: Mapping[str, frozenset[str]] = {
    "person": frozenset({"PERSON", "ORG", "NORP", "GPE"}),
    "place": frozenset({"GPE", "LOC", "FAC", "ORG"}),
}


COUNTED = frozenset({"percent", "money", "measure", "duration", "number"})


def kind_asked(question: str) -> str:
    """The kind of thing asked for; empty where none of ours is.

    Of two question words the first asks: the "who" in "what did the man who …" does not.
    """
    first = ASKING.search(question)
    matches = [(m.start(), kind) for kind, p in _KINDS if (m := p.search(question))]
    # Stable: of kinds that begin at one place the table's first is the closest.
    for start, kind in sorted(matches, key=lambda match: match[0]):
        if first and start > first.start() and ASKING.match(question, start):
            continue
        return kind
    return ""


_HOW_MANY = re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE)
_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:date|day|month|year)\b|\bat what time\b", re.IGNORECASE
)
_ANY_NUMBER = re.compile(
    rf"{NUMBER.pattern}|\b(?:none|no|nothing|once|both|all|few|several|many|most|majority|"
    r"thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|\w*(?:fourth|fifth|sixth|seventh|eighth|ninth|tenth)s?)\b",
    re.IGNORECASE,
)
_ANY_TIME = re.compile(
    rf"{_DATE.pattern}|\d|\b(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|second|minute|hour|"
    r"day|night|midnight|noon|morning|afternoon|evening|weekend|quarter|season|decade|time|moment|"
    r"christmas|easter|ramadan|fall|[ap]\.?m)s?\b|\b(?:after|before|when|while|until|till|since|"
    r"during|once|soon|shortly|later|earlier|ago|now|then|recently|previously|immediately|early|"
    r"late|never|already|next|last|currently|upon)\b",
    re.IGNORECASE,
)


def unfilled(question: str, sentence: str, answer: str) -> float:
    """Of two signs that the figure or the time that a question asks for is not there, the share
    that is seen: the sentence has nothing that could be one, nor have the words read as the answer.

    Only of questions that ask "how many", "how much" or "when" outright; what could be a figure or
    a time is taken widely ("several", "after the vote"), so that little of what answers is suspect.

    Args:
        answer: empty where no words were read; then only the sentence is looked at.
    """
    asking = ASKING.search(question)
    for asked, test in ((_HOW_MANY, _ANY_NUMBER), (_WHEN, _ANY_TIME)):
        found = asked.search(question)
        if found and asking and found.start() <= asking.start():
            signs = [test.search(sentence) is None, bool(answer) and test.search(answer) is None]
            return sum(signs) / 2
    return 0.0


_MONTH = (
    r"(?:January|February|March|April|June|July|August|September|October|November|December|"
    r"May(?= \d)|(?<=\d )May|(?<=in )May|(?<=by )May|(?<=of )May|(?<=until )May|(?<=since )May)"
)
# "may" is a verb more often than a month.
_DAY = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH}(?: \d{{1,2}}\b(?!,\d))?(?:,? (?:19|20)\d\d)?\b|"
    r"\b(?:[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter)(?: of)? (?:19|20)\d\d\b|"
    r"\b(?:19|20)\d\d\b(?![.,]\d)"
)
_SPELT = {
    word: str(number)
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve".split(), start=2
    )
}
_COUNT = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{'|'.join(_SPELT)})\b", re.IGNORECASE)
_UNIT = re.compile(r"\W*(?:[\w’'-]+\W+){0,1}[\w’'-]+|\s*%")


def things(kind: str, text: str) -> frozenset[str]:
    """The figures with a unit of that kind in a text, or its dates, each written one way; none of
    a kind that only names can tell (a person, a place) or that is no single thing (a reason)."""
    if kind == "date":
        return frozenset(" ".join(found.casefold().split()) for found in _DAY.findall(text))
    if kind not in COUNTED:
        return frozenset()
    text = _DAY.sub(" ", text)
    found = set()
    for match in _COUNT.finditer(text):
        after = _UNIT.match(text, match.end())
        near = text[max(0, match.start() - 1) : match.start()] + (after[0] if after else "")
        if kind == "number" or TESTS[kind].search(near):
            word = match[0].casefold()
            found.add(_SPELT.get(word, word.replace(",", "")))
    return frozenset(found)
