"""A file becomes a :class:`~index.types.Document`: its text layer, title, date, source.

For plain text the text layer is the file itself: decoded, byte-order mark removed, line ends kept
as they are, so that an offset counted here is an offset into what the reader has on disk.

Date and source are taken only from what says that it states them: front matter, a label, a
dateline. A date in a sentence of the story is part of the story.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from index.errors import DocumentError
from index.sentences import sentence_spans
from index.types import Document, Page

PARSER_VERSION = "1"
"""Changes whenever the same bytes would give another text layer."""

_MAX_TITLE = 300
_HEAD = 4_000
"""How far into a text its title and dateline are looked for, in code points."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What a reader gives: a text layer, and what the format itself says about it.

    Where ``title``, ``published`` or ``source`` is ``None``, the text is asked.
    """

    text: str
    title: str | None = None
    published: date | None = None
    source: str | None = None
    pages: tuple[Page, ...] = ()


Reader = Callable[[bytes, str], Extract]
"""Takes a file's bytes and its relative path (for messages); raises :class:`DocumentError`."""


def parse_file(path: Path, relative: str, *, max_bytes: int = 50_000_000) -> Document:
    """Read the file at ``path``, which the corpus knows as ``relative``.

    Raises:
        DocumentError: if it can't be read, is larger than ``max_bytes``, or has no text in it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise DocumentError(
            f"{relative} has vanished.", "Run the sync again when the folder is at rest."
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(
            f"{relative} can't be read: {reason}.", "Check that it is a file you may read."
        ) from error
    if len(data) > max_bytes:
        raise DocumentError(
            f"{relative} is larger than {max_bytes:,} bytes.",
            "Split it, or raise the limit on file size.",
        )
    return parse_bytes(data, relative)


def parse_bytes(data: bytes, relative: str) -> Document:
    """The document that ``data`` is, under the name ``relative``. Its suffix says how to read it.

    Raises:
        DocumentError: if the suffix is not in :data:`SUFFIXES`, or there is no text in the data.
    """
    reader = SUFFIXES.get(_suffix(relative))
    if reader is None:
        raise DocumentError(
            f"{relative} is of a kind that can't be read.",
            f"Convert it to one of: {', '.join(sorted(SUFFIXES))}.",
        )
    extract = reader(data, relative)
    if not _visible(extract.text):
        raise DocumentError(
            f"{relative} has no text in it.", "Remove it, or replace it by a file with text."
        )
    published, source = extract.published, extract.source
    if published is None or source is None:
        stated = _dateline(extract.text)
        published = published or stated[0]
        source = source or stated[1]
    title = extract.title or _title_of_text(extract.text)
    return Document(
        path=relative,
        sha256=hashlib.sha256(data).hexdigest(),
        text=extract.text,
        title=_shorten(title) or PurePosixPath(relative).stem,
        published=published,
        source=source,
        pages=extract.pages,
    )


def is_supported(name: str) -> bool:
    """Whether a file of this name is one that :func:`parse_file` reads."""
    return _suffix(name) in SUFFIXES


def _suffix(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


# --- Readers -----------------------------------------------------------------------------------


def _read_text(data: bytes, relative: str) -> Extract:
    return Extract(_decode(data, relative))


def _read_markdown(data: bytes, relative: str) -> Extract:
    text = _decode(data, relative)
    fields, body = _front_matter(text)
    return Extract(text, title=fields.get("title") or _markdown_title(text[body : body + _HEAD]))


SUFFIXES: Mapping[str, Reader] = MappingProxyType(
    {
        ".txt": _read_text,
        ".text": _read_text,
        ".md": _read_markdown,
        ".markdown": _read_markdown,
    }
)
"""What can be read: file suffix, in lower case, to the reader for it."""


# --- Decoding ----------------------------------------------------------------------------------

# The longer marks first: UTF-32's little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1a\x7f]")
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")
_SAMPLE = 100_000


def _decode(data: bytes, relative: str) -> str:
    """The text that ``data`` encodes, line ends untouched, byte-order mark removed."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return _checked(data[len(mark) :].decode(encoding), relative)
            except UnicodeDecodeError as error:
                raise _not_text(relative) from error
    try:
        return _checked(data.decode("utf-8"), relative)
    except UnicodeDecodeError:
        # Before any guess: a zero byte is in no text but UTF-16, and that has a mark.
        if b"\0" in data:
            raise _not_text(relative) from None
    return _checked(_guess(data, relative), relative)


def _guess(data: bytes, relative: str) -> str:
    """The text of ``data`` in the encoding it is most likely in."""
    western = _as_western(data)
    if western is not None:
        return western
    from charset_normalizer import from_bytes

    # A sample ends with a line: cut inside a character, it would not decode in its own encoding.
    sample = data[: data.find(b"\n", _SAMPLE) + 1] or data
    best = from_bytes(sample).best()
    try:
        if best is not None:
            return data.decode(best.encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        pass
    raise _not_text(relative)


_HIGH_RUN = re.compile(r"[\x80-\uffff]{4}")
_SYMBOL_IN_WORD = re.compile(r"[^\W\d_][¡-©«-´¶¸-¿×÷][^\W\d_]")
# Letters that no western language has together; bytes that stand for them elsewhere (Czech,
# Hungarian, Turkish, the Baltic languages, Romanian) meet all the time.
_NEVER_TOGETHER = (("ø", "ìèùò"), ("õû", "ö"), ("þð", "çüëûøãâî"))


def _as_western(data: bytes) -> str | None:
    """``data`` as Windows-1252 (and so Latin-1), if it reads as a western language.

    Few letters with accents are all that a statistical guess has to go by in these languages: for
    a short text it takes Spanish for Polish. What can't be western shows at once.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    letters = set(text.lower())
    ascii_letters = sum(1 for byte in data[:_SAMPLE] if byte < 128 and chr(byte).isalpha())
    high = sum(1 for byte in data[:_SAMPLE] if byte >= 128)
    if high > 0.4 * ascii_letters or _HIGH_RUN.search(text) or _SYMBOL_IN_WORD.search(text):
        return None
    if any(letters & set(one) and letters & set(other) for one, other in _NEVER_TOGETHER):
        return None
    return text


def _checked(text: str, relative: str) -> str:
    """``text``, unless it is binary data that happened to decode."""
    if _IMPOSSIBLE.search(text):
        raise _not_text(relative)
    controls = sum(1 for _ in _CONTROLS.finditer(text))
    # A stray escape does no harm; one in a hundred is a program or a picture.
    if controls > 8 and controls > len(text) // 100:
        raise _not_text(relative)
    return text


def _not_text(relative: str) -> DocumentError:
    return DocumentError(
        f"{relative} is not text in any encoding known here.",
        "Save it as UTF-8, or remove it from the folder.",
    )


def _visible(text: str) -> bool:
    """Whether there is anything to see: white space and zero-width characters are not."""
    return bool(text.strip()) and any(
        not c.isspace() and c not in "\u200b\u200c\u200d\u2060\ufeff" for c in text
    )


# --- Title -------------------------------------------------------------------------------------

_FENCE = re.compile(r"---[ \t]*(?:\r\n|\n|\r)")
_FIELD = re.compile(r"([A-Za-z][A-Za-z_-]{0,30})[ \t]*:[ \t]*(.*)")
_ATX = re.compile(r"#{1,6}[ \t]+(.*?)[ \t]*#*\Z")
_LEADING_MARKS = re.compile(r"\A(?:[#>]+\s*|[-*+]\s+)++")
_SETEXT = re.compile(r"(?:=+|-{2,})\Z")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,500}\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|_|`)(?=\S)([^*_`\n]{1,300})(?<=\S)\1(?!\w)")


def _collapse(text: str) -> str:
    return " ".join(text.split())


def _shorten(title: str) -> str:
    """White space made single, cut at 300 code points with an ellipsis."""
    title = _collapse(title)
    if len(title) <= _MAX_TITLE:
        return title
    cut = title[: _MAX_TITLE - 1]
    # Between words, unless the language does without spaces.
    if title[len(cut)] != " " and " " in cut[-40:]:
        cut = cut.rpartition(" ")[0]
    return cut.rstrip() + "…"


def _front_matter(text: str) -> tuple[dict[str, str], int]:
    """The plain ``key: value`` lines of YAML front matter, and where the text after it begins."""
    if not _FENCE.match(text):
        return {}, 0
    fields: dict[str, str] = {}
    position = 0
    for number, raw in enumerate(text[: 4 * _HEAD].splitlines(keepends=True)):
        position += len(raw)
        line = raw.strip()
        if number and line in ("---", "..."):
            return fields, position
        found = _FIELD.match(line)
        if found and not raw[0].isspace():
            value = found.group(2).strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            fields.setdefault(found.group(1).lower(), value)
    return {}, 0


def _markdown_title(text: str) -> str | None:
    """The first heading; where there is none, the first line, its markup removed."""
    lines = [line.strip() for line in text.splitlines()]
    fenced = False
    for number, line in enumerate(lines):
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        if fenced:
            continue
        heading = _ATX.match(line)
        if heading and heading.group(1):
            return _unmarked(heading.group(1))
        underlined = number + 1 < len(lines) and _SETEXT.match(lines[number + 1])
        if underlined and _is_wordy(line):
            return _unmarked(line)
    for line in lines:
        if _is_wordy(line):
            return _unmarked(_LEADING_MARKS.sub("", line))
    return None


def _unmarked(line: str) -> str:
    """A line of Markdown as it reads: without links, emphasis and code marks."""
    return _collapse(_EMPHASIS.sub(r"\2", _LINK.sub(r"\1", line)))


def _is_wordy(line: str) -> bool:
    return any(c.isalnum() for c in line[:200])


def _title_of_text(text: str) -> str:
    """The first line with a word in it; where that is a long paragraph, its first sentence."""
    fields, body = _front_matter(text)
    if fields.get("title"):
        return fields["title"]
    for line in _first_lines(text[body:], 40):
        if not _is_wordy(line):
            continue
        if len(line) <= _MAX_TITLE:
            return line
        return sentence_spans(line[:_HEAD])[0].of(line)
    return ""


def _first_lines(text: str, count: int) -> list[str]:
    """The first lines that are not blank, trimmed."""
    lines = (line.strip() for line in text.lstrip()[:_HEAD].splitlines())
    return [line for line in lines if line][:count]


# --- Date and source ---------------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_CLOCK = (
    r"(?:(?:,|\s+at|\s+-)?\s+|T)\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\.\d+)?"
    r"(?:\s*[ap]\.?m\.?)?(?:\s*(?:Z|[+-]\d\d:?\d\d|[A-Z]{2,5}))?"
)
_DATE_FORMS = tuple(
    re.compile(rf"{_WEEKDAY}{form}(?!\d)", re.IGNORECASE)
    for form in (
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}[,\s-]+(?P<year>\d{{4}})",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})",
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
        r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})",
    )
)
_CLOCK_AFTER = re.compile(_CLOCK, re.IGNORECASE)
_DATE_LABEL = re.compile(
    r"(?:first published|date published|publication date|published|publish date|posted|dated?|"
    r"released|issued|filed)(?:\s+on)?\s*(?::|(?=\s))\s*",
    re.IGNORECASE,
)
_SOURCE_LABEL = re.compile(r"(?:source|publisher|published by|outlet|agency)\s*:\s*", re.IGNORECASE)

# What may stand before a date in a dateline: a place or a byline, words without a verb. Each word
# has a capital or is one of the small words of names.
_PLACE = re.compile(
    r"(?:(?:[^\W\d_a-zß-öø-ÿ][\w’'.&-]{0,30}|de|del|da|do|du|des|la|le|el|al|van|von|am|an|der|den|"
    r"upon|on|of|and|&|sur|by)(?:,?[ \t]+|\Z)){1,8}"
)
_BREAK = re.compile(r"\s*(?:[—–|•·]|(?<=\s)-+(?=\s))\s*")
_AGENCY = re.compile(
    r"(?:(?P<place>[^\W\d_][^()\n]{0,60}?)\s+)?\((?P<outlet>[^()\n]{2,40})\)\s*[-–—]{1,2}\s"
)
_NO_AGENCY = frozenset(
    "corrected continued update updated adds recasts repeats opinion video photos live".split()
)
_LEADING_LINES = 6


def _dateline(text: str) -> tuple[date | None, str | None]:
    """The day of publication and the outlet, as far as the first lines state them."""
    fields, body = _front_matter(text)
    published = _first_date(fields.get("date") or fields.get("published") or "")
    source = _outlet(fields.get("source") or fields.get("publisher") or "")
    for number, line in enumerate(_first_lines(text[body:], _LEADING_LINES)):
        line = line.strip("*_ \t")
        label = _SOURCE_LABEL.match(line)
        if label:
            day, outlet = _of_labelled_source(line[label.end() :])
            published, source = published or day, source or outlet
            continue
        label = _DATE_LABEL.match(line)
        day, outlet = _of_line(line[label.end() :] if label else line)
        # A headline may well be a place, a date and a dash: "Battle of Lisse — 14 October 1813".
        if number == 0 and not label and not _is_only_date(line):
            day, outlet = None, None
        if day is None:
            day, outlet = _of_agency(line)
        published = published or day
        source = source or outlet
    return published, source


def _is_only_date(line: str) -> bool:
    day, end = _date_at(line, 0)
    return day is not None and (end == len(line) or _BREAK.match(line, end) is not None)


def _of_line(line: str) -> tuple[date | None, str | None]:
    """Date and outlet of a line that is a dateline: place, date and outlet, in whatever order."""
    if len(line) > 160:
        return None, None
    parts = [part for part in _BREAK.split(line) if part]
    for at, part in enumerate(parts):
        day = _date_of_part(part)
        if day is None:
            continue
        others = parts[:at] + parts[at + 1 :]
        if any(len(other) > 60 or other[-1] in ".!?:;" for other in others):
            return None, None
        # The outlet comes after the date; what comes before it is a place or a byline.
        after = parts[at + 1 :]
        return day, _outlet(after[-1]) if after else None
    return None, None


def _of_labelled_source(value: str) -> tuple[date | None, str | None]:
    """Outlet, and the date after it if there is one: ``The Courier, 14 October 2024``."""
    name, comma, rest = value.partition(",")
    day, end = _date_at(rest.strip(), 0)
    if comma and day and end == len(rest.strip()):
        return day, _outlet(name)
    return None, _outlet(value)


def _date_of_part(part: str) -> date | None:
    """The date of a part that has nothing else in it but a place before and the time after."""
    place = _PLACE.match(part)
    starts = {0}
    if place:
        words = place.group()
        starts.update(m.end() for m in re.finditer(r"[ \t]+", words))
        starts.add(place.end())
    for start in sorted(starts):
        day, end = _date_at(part, start)
        if day and not part[end:].strip(" .,"):
            return day
    return None


def _of_agency(line: str) -> tuple[date | None, str | None]:
    """Date and agency of ``LONDON, March 4 (Reuters) - ``, before the first words of a story."""
    found = _AGENCY.match(line)
    if not found:
        return None, None
    outlet = found.group("outlet").strip()
    place = found.group("place")
    # Without capitals it is an aside, not an agency: "The plan (of sorts) - ".
    if not outlet[:1].isupper() or outlet.split()[0].lower() in _NO_AGENCY:
        return None, None
    if place and not place[0].isupper():
        return None, None
    if place and not _PLACE.fullmatch(re.sub(r"[\d,./]+", "", place).strip() + " "):
        return None, None
    return (_date_of_part(place) if place else None), _outlet(outlet)


def _date_at(text: str, start: int) -> tuple[date | None, int]:
    """A date that begins at ``start``, with the time of day after it, and where they end."""
    for form in _DATE_FORMS:
        found = form.match(text, start)
        if not found:
            continue
        day = _valid(found.groupdict())
        if day is None:
            return None, start
        clock = _CLOCK_AFTER.match(text, found.end())
        return day, clock.end() if clock else found.end()
    return None, start


def _valid(parts: dict[str, str | None]) -> date | None:
    year = int(parts["year"] or 0)
    if not 1600 <= year <= 2200:
        return None
    first, second = parts.get("first"), parts.get("second")
    if first and second:
        one, two = int(first), int(second)
        # 14/10 can only be a day and a month, 10/14 only a month and a day; 4/10 could be either.
        if one == two or (one > 12 >= two):
            day, month = one, two
        elif two > 12 >= one:
            day, month = two, one
        else:
            return None
    else:
        name = parts["month"] or ""
        month = int(name) if name.isdigit() else _MONTHS[name.lower()]
        day = int(parts["day"] or 0)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _first_date(value: str) -> date | None:
    """The date that a labelled value begins with."""
    return _date_at(value.strip().strip("\"'"), 0)[0]


def _outlet(value: str) -> str | None:
    """An outlet's name, if ``value`` can be one."""
    name = _collapse(_LINK.sub(r"\1", value)).strip("*_\"'“”‘’").strip(" .,;")
    if not 1 <= len(name) <= 60 or not any(c.isalpha() for c in name):
        return None
    # A name, not a sentence, nor a second date.
    return None if _date_of_part(name) or re.search(r"[.!?:]\s", name) else name
