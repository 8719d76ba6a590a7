"""An answer as text for a terminal, as Markdown and as HTML; the only place that escapes.

Everything that comes from a document, a file name or a question is data. Before it is shown, in
any format, what could steer a terminal or turn the order of reading round is made visible or taken
out (:func:`plain`); then the format's own characters are escaped. The JSON of an answer keeps every
character as it is.

No I/O; no colour and no width but those that are passed.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from assistant.types import Answer, Citation, Claim, Outcome
from index.types import Hit

Context = Callable[[Citation], tuple[str, str]]
"""The text around a citation's quote: just before it, and just after. Either may be empty."""

NEAREST = 3
"""How many passages a person sees where there is no evidence."""

_REACH = 160
_CLIP = 220
_LEFT_OUT = "Left out, and why"
_NO_EVIDENCE = "No evidence in the documents"
_NOT_AN_ANSWER = "Nearest passages. They do not answer the question:"

# -- what may be shown ---------------------------------------------------------------------------

_SPACE = re.compile(r"[ \t\n\r\v\f\x85\u2028\u2029]+")
_REPLACED = "\N{REPLACEMENT CHARACTER}"
# Format characters that letters need: joiners, and the signs that Arabic, Syriac and Kaithi put
# over numbers.
_NEEDED = frozenset(
    "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
    "\U000110bd\U000110cd"
)
# Without effect of their own on what is read: soft hyphen, zero-width space, word joiner, byte
# order mark and the three directional marks.
_UNSEEN = frozenset("\u00ad\u200b\u2060\ufeff\u200e\u200f\u061c")


class _Neutral(dict[int, "str | int | None"]):
    """A table for ``str.translate``, filled as characters are met."""

    def __missing__(self, code: int) -> str | int | None:
        self[code] = found = _neutral(chr(code))
        return found


def _neutral(character: str) -> str | int | None:
    """What is shown for a character; ``None``: nothing."""
    category = unicodedata.category(character)
    if category == "Cc":
        if character < " ":
            return chr(0x2400 + ord(character))
        return "\N{SYMBOL FOR DELETE}" if character == "\x7f" else _REPLACED
    if category == "Cf" and character not in _NEEDED:
        return None if character in _UNSEEN else _REPLACED
    return _REPLACED if category == "Cs" else ord(character)


_TABLE = _Neutral()


def plain(text: str) -> str:
    """One line of text that a terminal and a browser show and do not obey.

    Line breaks and tabs become a space; other control characters (ESC, C1), overrides of the
    reading direction and lone surrogates become visible signs.
    """
    return _flat(text).strip(" ")


def _flat(text: str) -> str:
    """As :func:`plain`, but a space at either end stays: it tells words apart there."""
    return _SPACE.sub(" ", text).translate(_TABLE)


# -- context -------------------------------------------------------------------------------------

_BLOCK = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)")
_LINE = re.compile(r"\r\n|\r|\n")
_WRAPPED = 120


def surroundings(layer: str, start: int, end: int, reach: int = _REACH) -> tuple[str, str]:
    """The text around ``layer[start:end]``, from whole words, within its paragraph.

    Args:
        layer: a text layer; ``start`` and ``end`` are code points of it, half-open.
        reach: at most so many code points to either side.

    Returns:
        What stands before and after. An ellipsis marks an end that is not the paragraph's.
    """
    nearby = layer[max(0, start - 2 * reach) : end + 2 * reach]
    # Lines longer than anyone wraps are paragraphs; else only an empty line parts those.
    long = any(len(line) > _WRAPPED for line in _LINE.split(nearby))
    edge = _LINE if long else _BLOCK
    before = layer[max(0, start - reach) : start]
    cut = start > reach
    if edges := [found.end() for found in edge.finditer(before)]:
        before, cut = before[edges[-1] :], False
    after = layer[end : end + reach]
    more = end + reach < len(layer)
    if found_after := edge.search(after):
        after, more = after[: found_after.start()], False
    if cut:
        _, space, rest = before.partition(" ")
        before = f"… {rest}" if space else f"…{before}"
    if more:
        rest, space, _ = after.rpartition(" ")
        after = f"{rest} …" if space else f"{after}…"
    return before, after


def passage_context(passages: Sequence[Hit]) -> Context:
    """Context from the passages that were retrieved, where one of them covers the quote."""

    def context(citation: Citation) -> tuple[str, str]:
        for hit in passages:
            same = hit.path == citation.document and hit.sha256 == citation.sha256
            if same and hit.span.start <= citation.start and citation.end <= hit.span.end:
                first = hit.span.start
                return surroundings(hit.text, citation.start - first, citation.end - first)
        return "", ""

    return context


# -- words that all formats share ----------------------------------------------------------------

_MONTHS = (
    "January February March April May June July August September October November December"
).split()


def _day(published: date | None) -> str:
    if published is None:
        return "no date"
    return f"{published.day} {_MONTHS[published.month - 1]} {published.year}"


def _cost(answer: Answer) -> str:
    """What it took, such as ``answered in 140 ms · 24 passages read · confidence 0.83``."""
    verb = "answered" if answer.outcome is Outcome.ANSWERED else "searched"
    count = len(answer.passages)
    parts = [f"{count} {'passage' if count == 1 else 'passages'} read"]
    if (ms := answer.timings_ms.get("total")) is not None:
        parts.insert(0, f"{verb} in " + (f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"))
    parts.append(f"confidence {answer.confidence:.2f}")
    if answer.composed == "model":
        parts.append("written by a language model, each sentence checked")
    return " · ".join(parts)


def _understood(answer: Answer) -> str:
    """The question as it was understood, where it was typed as something else; else empty."""
    return answer.question if answer.asked and answer.asked != answer.question else ""


def _attribution(claim: Claim) -> str:
    """Whom the source gives the words to, where the claim itself does not say so; else empty."""
    named = claim.attribution or ""
    return "" if plain(named) in plain(claim.text) else named


def _remarks(answer: Answer) -> list[str]:
    """What else a person should know."""
    remarks = list(answer.notes)
    if unread := [drop for drop in answer.dropped if not drop.verdict]:
        what = "sentence was" if len(unread) == 1 else "sentences were"
        reasons = "; ".join(dict.fromkeys(drop.reason for drop in unread))
        remarks.append(f"{len(unread)} {what} left out: {reasons}")
    remarks += [
        f"{plain(claim.text)}: {claim.reason}"
        for claim in answer.claims
        if claim.verdict == "partly"
    ]
    return remarks


def _left_out(answer: Answer) -> list[str]:
    """What a model wrote and its sources do not carry, each with the reason."""
    return [
        f"“{plain(drop.text)}” ({plain(drop.reason)})" for drop in answer.dropped if drop.verdict
    ]


def _clipped(hit: Hit) -> str:
    words = plain(hit.text)
    return words if len(words) <= _CLIP else f"{words[:_CLIP].rpartition(' ')[0]} …"


# -- terminal ------------------------------------------------------------------------------------

Part = tuple[str, str]
"""Text and the name of its style."""

_STYLES = {
    "": "",
    "answer": "1",
    "number": "1;36",
    "title": "1",
    "mark": "1;33",
    "dim": "2",
    "alarm": "1;35",
}
_MARK = {"mark": ("»", "«")}
"""Where there is no colour, signs set the quote off from its context."""


def to_text(
    answer: Answer, *, width: int = 80, color: bool = False, context: Context | None = None
) -> str:
    """The answer for a terminal. Ends with a line break.

    Args:
        width: columns; at least 20 are used.
        color: whether to use ANSI colours; without, ``»`` and ``«`` set the quotes off.
        context: the text around a quote; ``None``: from the passages of the answer.
    """
    context = context or passage_context(answer.passages)
    page = _Page(max(20, width), color)
    if understood := _understood(answer):
        page.put([("Understood as: ", "dim"), (understood, "dim")])
        page.gap()
    if answer.outcome is Outcome.ANSWERED:
        for claim in answer.claims:
            page.put([(claim.text, "answer"), *_after_claim(claim)])
        page.gap()
        for citation in answer.citations:
            _put_citation(page, citation, context(citation))
    else:
        page.put([(_NO_EVIDENCE, "alarm")])
        page.put([(answer.text, "")])
        if answer.reason and answer.reason != answer.text:
            page.put([(answer.reason, "")])
        page.gap()
        if answer.passages:
            page.put([(_NOT_AN_ANSWER, "dim")])
            page.gap()
        for hit in answer.passages[:NEAREST]:
            page.put([(hit.title, "dim")], "  - ", "    ")
            page.put(_facts(hit.source, hit.published, hit.path), "    ")
            page.put([(_clipped(hit), "dim")], "    ")
            page.gap()
    for remark in _remarks(answer):
        page.put([(f"Note: {remark}", "")])
    if left_out := _left_out(answer):
        page.put([(f"{_LEFT_OUT}:", "")])
        for one in left_out:
            page.put([(one, "dim")], "  - ", "    ")
    page.put([(_cost(answer), "dim")])
    return page.text()


def _after_claim(claim: Claim) -> Iterator[Part]:
    if named := _attribution(claim):
        yield f" ({named})", "dim"
    for marker in claim.citations:
        yield f" [{marker}]", "number"


def _put_citation(page: _Page, citation: Citation, around: tuple[str, str]) -> None:
    number = f"[{citation.marker}] "
    indent = " " * len(number)
    page.put([(citation.title, "title")], number, indent, "number")
    place = f"{citation.document}:{citation.line}"
    page.put(_facts(citation.source, citation.published, place), indent)
    before, after = around
    page.put([(before, "dim"), (citation.quote, "mark"), (after, "dim")], indent)
    page.gap()


def _facts(source: str | None, published: date | None, place: str) -> list[Part]:
    known = [_day(published), *([source] if source else []), place]
    return [(" · ".join(plain(fact) for fact in known), "dim")]


class _Page:
    """Lines of at most ``width`` columns. The only door for text is :meth:`put`, which cleans."""

    def __init__(self, width: int, color: bool) -> None:
        self._width = width
        self._color = color
        self._lines: list[str] = []

    def put(
        self,
        parts: Sequence[Part],
        first: str = "",
        rest: str | None = None,
        first_style: str = "",
    ) -> None:
        """A paragraph, wrapped. ``first`` and ``rest`` stand before its first and other lines."""
        rest = first if rest is None else rest
        room = max(8, self._width - max(_columns(first), _columns(rest)))
        clean = [(shown, style) for text, style in parts for shown in [_flat(text)] if shown]
        if not self._color:
            clean = [
                (_set_off(text, *_MARK[style]) if style in _MARK else text, style)
                for text, style in clean
            ]
        for number, line in enumerate(_wrapped(clean, room)):
            indent = self._styled(first, first_style) if number == 0 else rest
            self._lines.append(indent + "".join(self._styled(*part) for part in line))

    def gap(self) -> None:
        """An empty line."""
        self._lines.append("")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def _styled(self, text: str, style: str) -> str:
        code = _STYLES[style]
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and code and text.strip() else text


def _set_off(text: str, left: str, right: str) -> str:
    inner = text.strip(" ")
    start = text.index(inner)
    return f"{text[:start]}{left}{inner}{right}{text[start + len(inner) :]}"


def _wrapped(parts: Sequence[Part], width: int) -> Iterator[list[Part]]:
    """Lines of parts, broken at spaces; a word wider than a line is broken where it must be."""
    line: list[Part] = []
    used = 0
    for word in _words(parts):
        size = sum(_columns(text) for text, _ in word)
        if line and used + 1 + size > width:
            yield line
            line, used = [], 0
        if line:
            same = line[-1][1] == word[0][1]
            line = _joined([*line, (" ", word[0][1] if same else "")])
            used += 1
        for text, style in word:
            for character in text:
                step = _columns(character)
                if used + step > width:
                    yield line
                    line, used = [], 0
                line.append((character, style))
                used += step
        line = _joined(line)
    if line:
        yield line


def _words(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Parts cut at spaces. A word may change its style midway."""
    word: list[Part] = []
    for text, style in parts:
        for number, piece in enumerate(text.split(" ")):
            if number and word:
                yield word
                word = []
            if piece:
                word.append((piece, style))
    if word:
        yield word


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Neighbours of one style as one part."""
    joined: list[Part] = []
    for text, style in parts:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + text, style)
        else:
            joined.append((text, style))
    return joined


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_column(character) for character in text)


def _column(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


# -- Markdown ------------------------------------------------------------------------------------

_MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~$@^!])")
_MARKDOWN_START = re.compile(r"^([-+=:])|^(\d+)([.)])")
_MARKDOWN_LINK = re.compile(r"(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)


def _md(text: str) -> str:
    """Text that Markdown shows as it is: no emphasis, link, image, HTML, heading or list."""
    # Entities for HTML's own three: not every Markdown lets a backslash disarm them.
    text = html.escape(_MARKDOWN.sub(r"\\\1", plain(text)), quote=False)
    text = _MARKDOWN_LINK.sub(r"\\\g<0>", text)
    return _MARKDOWN_START.sub(
        lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", text
    )


def to_markdown(answer: Answer) -> str:
    """The answer as Markdown, its citations as footnotes. Ends with a line break."""
    blocks: list[str] = []
    if understood := _understood(answer):
        blocks.append(f"*Understood as:* {_md(understood)}")
    if answer.outcome is Outcome.ANSWERED:
        for claim in answer.claims:
            named = _attribution(claim)
            markers = "".join(f"[^{marker}]" for marker in claim.citations)
            blocks.append(_md(claim.text) + (f" ({_md(named)})" if named else "") + markers)
    else:
        blocks.append(f"**{_NO_EVIDENCE}**")
        blocks.append(_md(answer.text))
        if answer.reason and answer.reason != answer.text:
            blocks.append(_md(answer.reason))
        if answer.passages:
            blocks.append(f"*{_NOT_AN_ANSWER}*")
            blocks.append(
                "\n".join(
                    f"- {_md(hit.title)} ({_md_facts(hit.source, hit.published, hit.path)}): "
                    + _md(_clipped(hit))
                    for hit in answer.passages[:NEAREST]
                )
            )
    blocks += [f"Note: {_md(remark)}" for remark in _remarks(answer)]
    if left_out := _left_out(answer):
        blocks.append(f"{_LEFT_OUT}:\n\n" + "\n".join(f"- {_md(one)}" for one in left_out))
    blocks.append(f"*{_cost(answer)}*")
    for citation in answer.citations:
        facts = _md_facts(citation.source, citation.published, citation.document)
        blocks.append(
            f"[^{citation.marker}]: “{_md(citation.quote)}” {_md(citation.title)} "
            f"({facts}, line {citation.line})"
        )
    return "\n\n".join(blocks) + "\n"


def _md_facts(source: str | None, published: date | None, path: str) -> str:
    known = [_day(published), *([source] if source else []), path]
    return ", ".join(_md(fact) for fact in known)


# -- HTML ----------------------------------------------------------------------------------------

_CSS = (
    ".onrecord{max-width:44rem;line-height:1.5}"
    ".onrecord mark{background:#ffe58a;color:#1a1a1a;padding:0 .1em}"
    ".onrecord blockquote{margin:.3em 0 1em;padding-left:.8em;border-left:3px solid #bbb}"
    ".onrecord .facts,.onrecord .cost,.onrecord .asked{opacity:.75;font-size:.9em}"
    ".onrecord .none{border-left:4px solid #a3456b;padding-left:.8em}"
    ".onrecord .nearest{opacity:.75}"
)


def _h(text: str) -> str:
    return html.escape(plain(text), quote=True)


def to_html(answer: Answer, *, context: Context | None = None, number: int = 0) -> str:
    """The answer as one HTML fragment that needs nothing else: no script, no link out of it.

    Args:
        context: the text around a quote; ``None``: from the passages of the answer.
        number: tells it from the same answer elsewhere on the page.
    """
    context = context or passage_context(answer.passages)
    # Several answers may share a page; each has anchors of its own.
    told = f"{answer.question}\0{answer.text}".encode("utf-8", "surrogatepass")
    anchor = f"onrecord-{hashlib.sha256(told).hexdigest()[:8]}" + (f"-{number}" if number else "")
    out = [f'<article class="onrecord" data-outcome="{answer.outcome.value}">']
    out.append(f"<style>{_CSS}</style>")
    if understood := _understood(answer):
        out.append(f'<p class="asked">Understood as: <bdi>{_h(understood)}</bdi></p>')
    if answer.outcome is Outcome.ANSWERED:
        for claim in answer.claims:
            named = _attribution(claim)
            out.append(
                f'<p class="claim" dir="auto">{_h(claim.text)}'
                + (f" (<bdi>{_h(named)}</bdi>)" if named else "")
                + "".join(f'<sup><a href="#{anchor}-{n}">[{n}]</a></sup>' for n in claim.citations)
                + "</p>"
            )
        out.append('<ol class="citations">')
        for citation in answer.citations:
            before, after = context(citation)
            place = f"{_h(citation.document)}, line {citation.line}"
            out.append(
                f'<li id="{anchor}-{citation.marker}" value="{citation.marker}">'
                f"<strong><bdi>{_h(citation.title)}</bdi></strong>"
                f'<div class="facts">{_html_facts(citation.source, citation.published)}, '
                f"<bdi>{place}</bdi></div>"
                f'<blockquote dir="auto">{html.escape(_flat(before))}'
                f"<mark>{_h(citation.quote)}</mark>{html.escape(_flat(after))}</blockquote></li>"
            )
        out.append("</ol>")
    else:
        out.append(f'<div class="none"><p><strong>{_NO_EVIDENCE}</strong></p>')
        out.append(f"<p>{_h(answer.text)}</p>")
        if answer.reason and answer.reason != answer.text:
            out.append(f'<p class="reason">{_h(answer.reason)}</p>')
        out.append("</div>")
        if answer.passages:
            out.append(f'<div class="nearest"><p>{_NOT_AN_ANSWER}</p><ul>')
            for hit in answer.passages[:NEAREST]:
                out.append(
                    f"<li><bdi>{_h(hit.title)}</bdi>"
                    f'<div class="facts">{_html_facts(hit.source, hit.published)}, '
                    f"<bdi>{_h(hit.path)}</bdi></div>"
                    f'<div dir="auto">{html.escape(_clipped(hit))}</div></li>'
                )
            out.append("</ul></div>")
    out += [f'<p class="note">Note: {_h(remark)}</p>' for remark in _remarks(answer)]
    if left_out := _left_out(answer):
        out.append(f'<div class="left-out"><p>{_LEFT_OUT}:</p><ul>')
        out += [f'<li dir="auto">{_h(one)}</li>' for one in left_out]
        out.append("</ul></div>")
    out.append(f'<p class="cost">{_h(_cost(answer))}</p>')
    out.append("</article>")
    return "\n".join(out) + "\n"


def _html_facts(source: str | None, published: date | None) -> str:
    return _day(published) + (f", <bdi>{_h(source)}</bdi>" if source else "")


# -- conversations -------------------------------------------------------------------------------


def _asked(answer: Answer) -> str:
    return plain(answer.asked or answer.question)


def conversation_to_text(title: str, answers: Sequence[Answer]) -> str:
    """Questions and answers as plain text; a single one without a heading."""
    several = len(answers) > 1
    head = f"{plain(title)}\n\n" if several else ""
    return head + "\n".join(
        f"{_asked(answer)}\n\n{to_text(answer, width=100)}" for answer in answers
    )


def conversation_to_markdown(title: str, answers: Sequence[Answer]) -> str:
    """Questions and answers as one Markdown document, footnotes numbered through."""
    parts = [f"# {_md(title)}"]
    first = 0
    for answer in answers:
        shifted = _FOOTNOTE.sub(
            lambda found, by=first: f"[^{int(found[1]) + by}]",  # type: ignore[misc]
            to_markdown(answer),
        )
        parts.append(f"## {_md(_asked(answer))}\n\n{shifted}".rstrip())
        first += max((citation.marker for citation in answer.citations), default=0)
    return "\n\n".join(parts) + "\n"


# One of ours: a caret in a text of a document has a backslash before it.
_FOOTNOTE = re.compile(r"\[\^(\d+)\]")


def conversation_to_json(_title: str, answers: Sequence[Answer]) -> str:
    """A list of answers in the documented format, as ``onrecord verify`` reads it."""
    return json.dumps([answer.to_dict() for answer in answers], ensure_ascii=False, indent=2) + "\n"


def conversation_to_html(title: str, answers: Sequence[Answer]) -> str:
    """Questions and answers as one HTML page that needs nothing else."""
    shown = "\n".join(
        f'<section><h2 dir="auto">{html.escape(_asked(answer))}</h2>\n'
        f"{to_html(answer, number=number)}</section>"
        for number, answer in enumerate(answers, start=1)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # It is opened from a disk: nothing in it may run or fetch.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{_h(title)}</title>"
        "<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:46rem;"
        "padding:0 1rem;color-scheme:light dark}section{margin:0 0 3rem}h2{font-size:1.15rem}"
        f'</style></head>\n<body>\n<h1 dir="auto">{_h(title)}</h1>\n{shown}\n</body>\n</html>\n'
    )
