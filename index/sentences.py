"""Where sentences begin and end, in offsets, by rules.

Two questions, asked one after the other. *Which line ends are boundaries?* A blank line always is;
a single line end is one where each line is a paragraph, a heading or a list item, and is not one
inside a paragraph that was wrapped by hand. *Which stops end a sentence?* Those that belong neither
to an abbreviation, an initial, an ordinal nor a quotation that the sentence goes on after.

Where a rule can't know, it joins: a quote one sentence too long still says what the source says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from index.types import Span

SENTENCES_VERSION = 1
"""Changes whenever the same text would give other sentences."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- Words -------------------------------------------------------------------------------------

_TITLES = _words(
    """mr mrs ms mx messrs mme mlle dr drs prof gen sen sens rep reps gov govs lt col cmdr cdr sgt
    capt cpt maj adm brig cpl pvt pfc rev hon pres supt det insp msgr amb asst atty hr mt ft"""
)
"""Capitalised, these stand before a name and end no sentence."""

_NEVER = _words("vs v cf viz approx ca e.g i.e bzw usw z.b d.h incl excl")
"""These lean on what follows, whatever it is."""

_BEFORE_NUMBER = _words(
    """no nos nr fig figs vol vols ch chap sec sect art arts eq eqs p pp para paras ref op ext bd
    abs jan feb mar apr jun jul aug sep sept oct nov dec c ca r § tel s n b d
    mon tue tues wed thu thur thurs fri sat sun"""
)
"""These lean on a number that follows, and on nothing else."""

_MONTHS_ABBREVIATED = _words("jan feb mar apr jun jul aug sep sept oct nov dec")

_MAYBE = _words(
    """inc corp ltd co cos bros llc llp plc gmbh assn univ dept intl natl govt st ste ave blvd rd
    hwy ln sq jr sr esq al est ibid ed eds bp bt rt hr dist
    calif fla ariz ark colo conn ga kan ky md mich minn neb nev okla ore tenn tex vt wis wyo ont
    jan feb mar apr jun jul aug sep sept oct nov dec"""
)
"""These may end a sentence: what follows decides."""

_STATES_AFTER_COMMA = _words("ala del ill ind la mass miss mo mont pa penn va wash que")
"""States whose abbreviation is also a word: only after a place and a comma."""

_CLOCK = _words("a.m p.m a.d b.c b.c.e c.e")

_AFTER_CLOCK = _words(
    """EST EDT ET CST CDT CT MST MDT MT PST PDT PT GMT UTC BST CET CEST EET EEST IST JST AEST AEDT
    Eastern Central Mountain Pacific Greenwich Monday Tuesday Wednesday Thursday Friday Saturday
    Sunday January February March April May June July August September October November December
    Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Sat Sun"""
)

_STARTERS = _words(
    """A About Above According Across Actually Additionally After Afterwards Again Against Ahead All
    Almost Along Already Also Although Always Amid Among An Analysts And Another Any Anyone Are
    Around As Asked At Authorities Because Before Behind Being Below Besides Between Beyond Both
    But By Can Consequently Could Critics Currently Despite Did Do Does During Each Earlier Early
    Economists Either Elsewhere Even Eventually Every Everyone Everything Experts Few Finally
    Following For Former Fortunately From Further Furthermore Given Had Has Have Having He Hence Her
    Here Hers Him His How However I If In Indeed Initially Inside Instead Investigators Investors Is
    It Its Just Last Later Leaders Less Let Like Likewise Many Maybe Meanwhile More Moreover Most
    Much My Nearly Neither Never Nevertheless Next No Nobody Nonetheless None Nor Not Nothing Now
    Observers Of Officials Often On Once Only Opponents Or Other Others Otherwise Our Out Over
    Overall Perhaps Police Politicians Previously Prices Prior Prosecutors Protesters Rather
    Recently Regarding Reporters Researchers Residents Scientists Several Shares She Shortly
    Should Similarly Since So Some Someone Sometimes Soon Speaking Still Such Suddenly Supporters
    Than That The Their Them Then There Thereafter Therefore These They This Those Though Through
    Throughout Thus To Today Together Tomorrow Tonight Too Toward Towards Traders Typically Under
    Unfortunately Unless Unlike Until Up Upon Usually Very Voters Was We Were What Whatever When
    Whenever Where Whereas Whether Which While Who Whoever Whom Whose Why With Within Without
    Witnesses Workers Would Yes Yesterday Yet You Your
    Der Das Dem Den Ein Eine Er Sie Es Wir Ich Aber Und Wenn Les Il Elle Ils Elles Nous Une Mais"""
)
"""Words that mid-sentence would be in lower case: with a capital, they begin a sentence."""

_LETTER_NOUNS = _words(
    """vitamin plan hepatitis group class type grade schedule section appendix exhibit figure war
    part level team option point model district area zone block room gate phase series tier
    category league column annex attachment letter strain influenza variant hall pier terminal
    wing row line unit step case scenario version round pool ward cell title chapter division
    protein factor drive site mark and or"""
)
"""Before a single capital these make it a name of its own: "vitamin C" is no initial."""

_EXCLAMATORY = _words("yahoo jeopardy wham oklahoma airplane panic e")

_GERMAN_MONTHS = _words(
    """Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    Jahrhundert Jahrhunderts Geburtstag"""
)

_FUNCTION_WORDS = _words(
    """a an the of and or but to in on at by for from with as than that which who whose is are was
    were be been has have had will would could should may might can not its his her their our my
    your this these those into over under between against about after before during without
    within through until since per among toward towards because if when while where"""
)
"""A line that ends in one of these goes on."""

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|"
    r"Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)

# --- Patterns ----------------------------------------------------------------------------------
# Every pattern is anchored where it is used, or eats a whole run and can't fail after it, so that
# no position is read more than a bounded number of times. Quantifiers that could overlap with what
# follows them are possessive.

_QUOTES = "\"'“”„‟‘’‚‛«»‹›"
_CJK_STOPS = "。！？｡"
_STRONG = "!?‼⁇⁈⁉‽؟۔।॥։።" + _CJK_STOPS

# After the marks: what closes, a French or nested quote behind a thin space, "[12]", "¹²".
_STOP = re.compile(
    rf"[.…{_STRONG}]++"
    rf"(?:[{_QUOTES}」』】》〉）)\]}}*_~]|[ \u00a0\u2009\u200a\u202f]?[»”](?=\s|\Z)"
    rf"|\[[0-9a-z ?,]{{1,40}}\]|[⁰¹²³⁴-⁹])*+"
)
_OPENING = re.compile(rf"[{_QUOTES}「『【《〈（(\[{{<¿¡*_#—–…•.-]{{0,8}}+")
_WORD = re.compile(r"[^\W\d_]{1,30}+")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,3}\.){1,6}[^\W\d_]{1,3}")
_ALNUM = re.compile(r"[^\W_]")
_NON_SPACE = re.compile(r"\S")
_LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3}){0,3}|[a-zA-Z]|[ivxIVX]{1,5})")
_ROMAN_OR_LETTER = re.compile(r"(?:[IVXLC]{1,6}|[A-Z])(?![^\W\d_])")

# “Is it over?” Smith asked: a name of up to four words, a verb of saying, and no clause after it.
_REPORTING = re.compile(
    r"(?!(?:He|She|They|It|We|I|You|The|This|That)\b)"
    r"(?:(?:[A-Z][\w’'-]{0,24}\.?|de|van|von|der|bin|al|el)[ \n]){1,4}"
    r"(?:said|asked|says|asks|replied|shouted|cried|wrote|wondered|added|answered|exclaimed|"
    r"yelled|screamed|demanded|joked|quipped|tweeted|told)"
    r"(?=[.,;:]|\s*\Z|\s(?:in|at|on|as|when|during|after|before|with|reporters|him|her|them|me|us|"
    r"about|of|the|an?)\b)"
)

_TERMINAL_TAIL = re.compile(rf"[.…{_STRONG}]")
_AFTER_TERMINAL = f"{_QUOTES}」』】》〉）)]}}*_~"
_BULLET = re.compile(
    r"(?:[-*+•‣◦▪●■○·]|\([a-zA-Z0-9]{1,4}\)|[a-zA-Z0-9]{1,2}\)|[–—](?=\s+[A-Z]))\s"
)
_NUMBERED = re.compile(
    r"(\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+[A-Z]"
)
_HEADING = re.compile(r"#{1,6}\s|>\s|\|")
_KEY = re.compile(r"[A-Za-z][A-Za-z_-]{0,20}:(?:\s|$)")
_DATELINE = re.compile(
    rf"(?:[^.!?:;\n]{{2,50}}, )?(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}, \d{{4}}|"
    rf"\d{{4}}-\d\d-\d\d)(?:\s+[—–|-]+\s+[^.!?\n]{{1,60}})?\Z"
)
_BYLINE = re.compile(
    r"By (?:[A-Z][\w’'.-]{0,24},? ?(?:and )?){1,8}\Z"
    r"|(?:Published|Updated|Posted|Source|Date|Author|Dateline)\s?:"
)

_PARAGRAPH_ENDS = "\x1c\x1d\x1e\u2029"


class _Line(NamedTuple):
    """A line without the white space around it, and how far it is indented."""

    start: int
    end: int
    indent: int


# --- Sentences ---------------------------------------------------------------------------------


def sentence_spans(text: str) -> tuple[Span, ...]:
    """The sentences of ``text``, in order, as half-open ranges of code points.

    They don't overlap, neither begin nor end in white space, and cover every code point that is
    not white space: a heading, a list item or a line of dashes counts as a sentence too. None
    reaches across a blank line. Time and memory grow linearly with ``len(text)``.
    """
    spans: list[Span] = []
    for start, end in _segments(text):
        _split(text, start, end, spans)
    return tuple(spans)


def _split(text: str, start: int, end: int, spans: list[Span]) -> None:
    """Append the sentences of one run of text, whose line ends mean nothing more than a space."""
    begin = start
    for match in _STOP.finditer(text, start, end):
        close = match.end()
        if close >= end:
            break
        found = _NON_SPACE.search(text, close, end)
        assert found is not None  # a segment ends in something other than white space
        after = found.start()
        if _ends_sentence(text, match, begin, after, end):
            spans.append(Span(begin, close))
            begin = after
    spans.append(Span(begin, end))


def _ends_sentence(text: str, match: re.Match[str], begin: int, after: int, end: int) -> bool:
    """Whether the stop that ``match`` found ends the sentence that began at ``begin``.

    ``after`` is where the text goes on, ``end`` where the segment ends. Looks at a bounded stretch
    on either side.
    """
    stop, close = match.span()
    tail = match.group()
    marks = tail.rstrip(_AFTER_TERMINAL) if tail[-1] in _AFTER_TERMINAL else tail
    first_mark = marks[0]
    cjk = any(mark in _CJK_STOPS for mark in marks[:8])
    if after == close and not cjk:
        return False
    if stop - begin < 12 and not _ALNUM.search(text, begin, stop):
        return False

    head = _OPENING.match(text, after, end).end()  # type: ignore[union-attr]
    follower = text[head] if head < end else ""
    if cjk:
        quoted = tail[-1] in "」』）】》〉”’"
        return text[after] not in "、，,；;" and not (quoted and text[after] in "とっのはをがもに")
    if text[after] in ",;:)]}%&/=":
        return False
    lower = follower.islower() and not (head + 1 < end and text[head + 1].isupper())

    if first_mark in _STRONG or any(mark in _STRONG for mark in marks[:8]):
        return not lower and _strong_ends(text, stop, tail, begin, head, end)
    if "…" in marks or ".." in marks:
        return not lower and _ellipsis_ends(text, stop, marks, tail, head, end)
    return _full_stop_ends(text, stop, tail, begin, head, end, lower)


def _opened_inside(text: str, begin: int, stop: int) -> bool:
    """Whether the bracket that closes after ``stop`` was opened in mid-sentence."""
    return text.rfind("(", max(begin, stop - 400), stop) > begin


def _strong_ends(text: str, stop: int, tail: str, begin: int, head: int, end: int) -> bool:
    """A question or exclamation mark, and no lower case after it."""
    closers = tail.lstrip("." + "…" + _STRONG)
    if closers:
        if closers[-1] == ")" and _opened_inside(text, begin, stop):
            return False
        return not (closers[0] in _QUOTES and _REPORTING.match(text, head, end))
    if _token(text, begin, stop).lower() in _EXCLAMATORY:
        return _starts(text, head, end)
    return True


def _ellipsis_ends(text: str, stop: int, marks: str, tail: str, head: int, end: int) -> bool:
    """Three dots, and no lower case after them."""
    before = text[stop - 1] if stop else " "
    if before in "([":
        return False
    word = _WORD.match(text, head, end)
    if before.isspace() and len(marks) < 4 and tail == marks:
        return _starts(text, head, end)
    # "I... I don't know": the same word again is a stammer.
    return not (word and text.endswith(word.group(), max(0, stop - 30), stop))


def _full_stop_ends(
    text: str, stop: int, tail: str, begin: int, head: int, end: int, lower: bool
) -> bool:
    """One full stop, white space after it."""
    token = _token(text, begin, stop)
    if not token:
        # A stop that stands alone: ". . ." or text that was taken apart into tokens.
        spaced = text[head - 1] == "." or text[max(begin, stop - 2) : stop].rstrip().endswith(".")
        return _starts(text, head, end) if spaced else not lower
    token = token.rpartition("-")[2]  # "Trinity-St. Paul's", "Japan-U.S. Relations"
    known = token.lower()
    follower = text[head] if head < end else ""
    if stop - begin <= 12 and _LIST_NUMBER.fullmatch(text, begin, stop) and len(tail) == 1:
        return False
    if known in _NEVER:
        return False
    if len(token) == 1 and token.isalpha():
        return not lower and _letter_ends(text, token, begin, stop, head, end)
    if _DOTTED.fullmatch(token) and any(len(part) == 1 for part in token.split(".")):
        if known in _CLOCK:
            word = _WORD.match(text, head, end)
            return not lower and not (word and word.group() in _AFTER_CLOCK)
        return not lower and _starts(text, head, end)
    if known in _TITLES and token[0].isupper():
        return False
    if known in _BEFORE_NUMBER and follower.isdigit():
        return False
    if known in ("no", "nos", "fig", "vol", "sec", "art", "ch") and token[0].isupper():
        return not lower and not _ROMAN_OR_LETTER.match(text, head, end)
    if known in _MAYBE and (token[0].isupper() or known == "al"):
        if tail.endswith(")") and _opened_inside(text, begin, stop):
            return False
        if follower.isdigit() and known in _MONTHS_ABBREVIATED:
            return False
        return not lower and _starts(text, head, end)
    if known in _STATES_AFTER_COMMA and token[0].isupper():
        at = stop - len(token)
        if text[max(begin, at - 2) : at].startswith(","):
            return not lower and _starts(text, head, end)
    if token.isdigit() and len(token) <= 2:
        word = _WORD.match(text, head, end)
        if word and word.group() in _GERMAN_MONTHS:
            return False
    if lower:
        # Written without capitals throughout: then none can be asked for here.
        return text[begin].islower() and len(token) > 2 and tail == "." and token.isalpha()
    return True


def _letter_ends(text: str, token: str, begin: int, stop: int, head: int, end: int) -> bool:
    """A single letter and a full stop: an initial, or the end of "vitamin C"."""
    word = _WORD.match(text, head, end)
    if token.islower():
        return token not in "pvc" and not (token in "snbdr" and text[head : head + 1].isdigit())
    if word is None:
        return token != "§"
    if len(word.group()) == 1 and text[word.end() : word.end() + 1] == ".":
        return False
    before = text[max(begin, stop - 24) : stop - 1].split()
    if before and before[-1].lower() in _LETTER_NOUNS:
        return True
    return _starts(text, head, end)


def _starts(text: str, head: int, end: int) -> bool:
    """Whether the word at ``head`` could have its capital only from beginning a sentence."""
    word = _WORD.match(text, head, end)
    if word is None:
        return False
    following = text[word.end() : word.end() + 1] if word.end() < end else ""
    if following == "." and len(word.group()) <= 2:
        return False  # "U.S. No. 2", "J. A. Smith"
    return word.group() in _STARTERS


def _token(text: str, begin: int, stop: int) -> str:
    """The word that ends at ``stop``, at most 24 code points of it, without opening marks."""
    window = text[max(begin, stop - 24) : stop]
    if not window or window[-1].isspace():
        return ""
    return window.split()[-1].lstrip("([{" + _QUOTES + "*_—–-/§")


# --- Lines -------------------------------------------------------------------------------------


def _segments(text: str) -> Iterator[tuple[int, int]]:
    """The runs of text that no line end divides, trimmed."""
    blocks = _blocks(text)
    document_width: int | None = None
    measured = False
    for block in blocks:
        if len(block) == 1:
            yield block[0].start, block[0].end
            continue
        if not measured:
            document_width = _wrap_width(text, [b for b in blocks if len(b) > 1])
            measured = True
        width = _wrap_width(text, [block]) or document_width
        start = block[0].start
        listed = _is_item(text, block[0], False)
        alone = _stands_alone(text, block[0])
        for index in range(1, len(block)):
            upper, line = block[index - 1], block[index]
            alone_above, alone = alone, _stands_alone(text, line)
            if alone or alone_above or _is_boundary(text, upper, line, index == 1, listed, width):
                yield start, upper.end
                start = line.start
            listed = listed or _is_item(text, line, False)
        yield start, block[-1].end


def _blocks(text: str) -> list[list[_Line]]:
    """Lines grouped by the blank lines between them."""
    blocks: list[list[_Line]] = []
    block: list[_Line] = []
    position = 0
    for raw in text.splitlines(keepends=True):
        bare = raw.strip()
        if bare:
            indent = len(raw) - len(raw.lstrip())
            start = position + indent
            block.append(_Line(start, start + len(bare), indent))
        # The form feed of a new page stands at the beginning of a line: it makes none of its own.
        if (not bare and raw != "\f") or raw[-1] in _PARAGRAPH_ENDS:
            if block:
                blocks.append(block)
            block = []
        position += len(raw)
    if block:
        blocks.append(block)
    return blocks


def _head(text: str, line: _Line) -> str:
    """The first letter or digit of a line, past what opens a quotation or bracket."""
    head = _OPENING.match(text, line.start, line.end).end()  # type: ignore[union-attr]
    return text[head] if head < line.end else ""


def _is_terminal(text: str, line: _Line) -> bool:
    """Whether a line ends as a sentence does."""
    tail = text[max(line.start, line.end - 12) : line.end].rstrip(_AFTER_TERMINAL)
    return bool(tail) and _TERMINAL_TAIL.match(tail[-1]) is not None


def _last_word(text: str, line: _Line) -> str:
    return text[max(line.start, line.end - 24) : line.end].rsplit(None, 1)[-1]


def _goes_on(text: str, upper: _Line, line: _Line) -> bool:
    """Whether ``line`` continues the line above it, whatever their lengths."""
    if _is_terminal(text, upper):
        return False
    last = _last_word(text, upper)
    if last.lower() in _FUNCTION_WORDS and last.islower():
        return True
    return _head(text, line).islower() and (upper.end - upper.start >= 25 or last[-1] == ",")


def _wrap_width(text: str, blocks: list[list[_Line]]) -> int | None:
    """How long lines may be where paragraphs are wrapped by hand; ``None`` where they are not.

    Lines that begin in lower case tell: in wrapped prose most do, where each line is a paragraph
    almost none does.
    """
    breaks = 0
    lengths: list[int] = []
    for block in blocks:
        breaks += len(block) - 1
        for index in range(1, len(block)):
            upper = block[index - 1]
            length = upper.end - upper.start
            if length <= 160 and _goes_on(text, upper, block[index]):
                lengths.append(length)
    if not lengths or len(lengths) < 0.2 * breaks:
        return None
    lengths.sort()
    return lengths[min(len(lengths) - 1, int(0.95 * len(lengths)))]


def _is_item(text: str, line: _Line, listed: bool) -> bool:
    """Whether a line begins with a bullet or, where a list may be, with a number."""
    if _BULLET.match(text, line.start, line.end):
        return True
    numbered = _NUMBERED.match(text, line.start, line.end)
    if not numbered:
        return False
    return listed or numbered.group(1) in ("1", "a", "A", "i")


def _stands_alone(text: str, line: _Line) -> bool:
    """Whether a line is no prose: a Markdown heading, a rule of dashes, a dateline, a byline."""
    return bool(
        _HEADING.match(text, line.start, line.end)
        or not _ALNUM.search(text, line.start, min(line.end, line.start + 200))
        or _BYLINE.match(text, line.start, line.end)
        or (line.end - line.start <= 130 and _DATELINE.match(text, line.start, line.end))
    )


def _is_boundary(
    text: str, upper: _Line, line: _Line, first: bool, listed: bool, width: int | None
) -> bool:
    """Whether the line end between two lines of one block ends a sentence."""
    terminal = _is_terminal(text, upper)
    if _is_item(text, line, listed or terminal or text[upper.end - 1] == ":"):
        return True
    if _KEY.match(text, line.start, line.end) and _KEY.match(text, upper.start, upper.end):
        return True

    head = _head(text, line)
    if listed and not terminal and line.indent > upper.indent:
        return False  # the hanging indent of an item that takes several lines
    if terminal:
        # Joining is not deciding: the rules for full stops look at the place once more.
        last = _last_word(text, upper)
        if head.islower():
            return width is None and len(last) > 4 and last[-1] == "." and last[:-1].islower()
        if last.lower().rstrip(".") in _TITLES | _NEVER:
            return False
        if width is None or line.indent > upper.indent + 1:
            return True
        return _had_room(text, upper, line, 0.9 * width)
    if _goes_on(text, upper, line) or text[upper.end - 1] in ",;":
        return False
    if width is not None:
        # A heading stands first; further down, a short line in wrapped prose is just ragged.
        return _had_room(text, upper, line, (0.9 if first else 0.7) * width)
    return _has_case(head) or not _looks_wrapped_without_case(upper, line)


def _had_room(text: str, upper: _Line, line: _Line, width: float) -> bool:
    """Whether the first word of ``line`` would have fitted into the line above."""
    word = text[line.start : min(line.end, line.start + 40)].split(None, 1)[0]
    return upper.end - upper.start + 1 + len(word) <= width


def _has_case(character: str) -> bool:
    return character.lower() != character.upper() or not character.isalpha()


def _looks_wrapped_without_case(upper: _Line, line: _Line) -> bool:
    """For scripts without capitals: both lines short enough to be wrapped, and alike in length."""
    length = upper.end - upper.start
    return 30 <= length <= 100 and line.end - line.start <= 1.1 * length
