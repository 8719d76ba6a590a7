"""Three hundred claims, half of them corrupted, and more of two kinds: what does the check find?

    python -m benchmarks.claims           check every claim and print the table
    python -m benchmarks.claims --make    write the claims anew, by the rules below

Both want the models that come with the project; nothing is downloaded.

The claims are kept in ``data/claims/claims.jsonl``, so that they stay the same whatever version of
the grammar makes them. True ones are gold sentences of ``data/news``, whole or condensed by rules
that leave standing what is said; corrupted ones are made of the true ones, one change each. Of two
kinds there are few among them; ``more.jsonl`` has all others that the same rules make of the gold
sentences.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.claims import Tools
    from assistant.language import Language, Parsed, Token

NEWS = Path(__file__).resolve().parent / "data" / "news"
CLAIMS = Path(__file__).resolve().parent / "data" / "claims" / "claims.jsonl"
MORE = CLAIMS.with_name("more.jsonl")
HALF = 150
MORE_KINDS = ("direction", "hedge")
KINDS = ("number", "name", "date", "negation", "direction", "hedge", "marker", "merged")
_NAMES = frozenset({"PERSON", "ORG", "GPE", "NORP", "LOC", "FAC"})
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_SOURCES = 4


@dataclass(frozen=True, slots=True)
class Item:
    """A claim over numbered sentences.

    Attributes:
        text: without markers.
        cites: the numbers that it cites, from 1.
        kind: how it was corrupted; ``"true"``: it was not.
        made: the rule that made it, or made the true claim that was corrupted.
        doc, sources: the sentences as spans of that document, code points.
    """

    id: str
    text: str
    cites: tuple[int, ...]
    kind: str
    made: str
    doc: str
    sources: tuple[tuple[int, int], ...]


def load(path: Path = CLAIMS) -> list[Item]:
    """The claims, as they were written."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Item(
            **{
                **line,
                "cites": tuple(line["cites"]),
                "sources": tuple((start, end) for start, end in line["sources"]),
            }
        )
        for line in lines
    ]


# -- making: true ones ----------------------------------------------------------------------------


def _without(parsed: Parsed, start: int, end: int) -> str:
    """The text without ``[start, end)``, and without the commas that set it off."""
    before, after = parsed.text[:start].rstrip(" ,—–"), parsed.text[end:].lstrip(" ,—–")
    if not before:
        return after[:1].upper() + after[1:]
    return before + after if after[:1] in ".!?;:" else f"{before} {after}"


def _set_off(parsed: Parsed, start: int, end: int) -> bool:
    """Whether commas or dashes stand at both its ends, or it ends the sentence."""
    before, after = parsed.text[:start].rstrip(), parsed.text[end:].lstrip()
    return before[-1:] in (",", "—", "–") and (after[:1] in (",", "—", "–") or after in (".", ""))


def _appositions(parsed: Parsed) -> Iterator[str]:
    for token in parsed.tokens:
        if token.dep in ("appos", "relcl"):
            start, end = parsed.span(parsed.subtree(token.index))
            if _set_off(parsed, start, end):
                yield _without(parsed, start, end)


def _openings(parsed: Parsed) -> Iterator[str]:
    """Without "On Tuesday," and the like before the subject."""
    root = parsed.root
    for token in parsed.children(root.index, "prep", "npadvmod", "advmod") if root else ():
        tokens = parsed.subtree(token.index)
        start, end = parsed.span(tokens)
        if start == 0 and parsed.text[end : end + 1] == "," and tokens[-1].ent_type == "DATE":
            yield _without(parsed, start, end)


def _figures(parsed: Parsed) -> Iterator[str]:
    """The same figures and days, written otherwise."""
    for old, new in (
        (r"(\d) per cent\b", r"\1%"),
        (r"€(\d[\d.,]*) (million|billion)\b", r"\1 \2 euros"),
        (r"€(\d[\d.,]*) ?(?:m|mn)\b", r"\1 million euros"),
        (rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS.split())})\b", r"\2 \1"),
        (r"\bseven\b", "7"),
        (r"\bfour\b", "4"),
        (r"\bsix\b", "6"),
        (r"\bthree\b", "3"),
        (r"\bfive\b", "5"),
    ):
        changed = re.sub(old, new, parsed.text)
        if changed != parsed.text and changed[0].isupper():
            yield changed


def _conjuncts(parsed: Parsed) -> Iterator[str]:
    """The first of two main clauses, where the second has a subject of its own."""
    root = parsed.root
    for other in parsed.children(root.index, "conj") if root else ():
        if parsed.children(other.index, "nsubj", "nsubjpass"):
            start = parsed.span(parsed.subtree(other.index))[0]
            head = re.sub(r"[,;:]?\s*(?:and|but|while)?\s*$", "", parsed.text[:start])
            if len(head) > 25:
                yield head + "."


_RULES: dict[str, Callable[[Parsed], Iterator[str]]] = {
    "whole": lambda parsed: iter([parsed.text]),
    "aside": _appositions,
    "opening": _openings,
    "figures": _figures,
    "conjunct": _conjuncts,
}


def _sentences(folder: Path) -> Iterator[tuple[str, int, int, str]]:
    """Every gold sentence that is one, once: document, span, words."""
    seen = set()
    for line in (folder / "questions.jsonl").read_text("utf-8").splitlines():
        for gold in json.loads(line)["gold"]:
            key = (gold["doc"], gold["start"], gold["end"])
            words = gold["quote"]
            # A sentence that leans on another can't be told alone, and a headline is none.
            leans = re.match(r"(?:He|She|It|They|This|That|These|Those|His|Her|Its|Their)\b", words)
            if key not in seen and words.endswith((".", ".”", '."')) and not leans:
                seen.add(key)
                yield gold["doc"], gold["start"], gold["end"], words


def make(language: Language, seed: int = 7) -> list[Item]:
    """The claims: the true ones by the rules in turn, then of each a corrupted one."""
    from index.sentences import sentence_spans

    rng = random.Random(seed)
    golds = list(_sentences(NEWS))
    docs = {name: (NEWS / "docs" / name).read_text("utf-8") for name in {g[0] for g in golds}}
    spans = {
        name: [(s.start, s.end) for s in sentence_spans(text) if len(s) > 40]
        for name, text in docs.items()
    }
    made: list[tuple[str, str, str, tuple[tuple[int, int], ...], int]] = []
    pools: dict[str, list[Any]] = {rule: [] for rule in _RULES}
    for doc, start, end, words in golds:
        parsed = language.parse([" ".join(words.split())])[0]
        others = [s for s in spans[doc] if s[1] <= start or s[0] >= end]
        rng.shuffle(others)
        sources = others[: _SOURCES - 1]
        place = rng.randrange(len(sources) + 1)
        sources.insert(place, (start, end))
        for rule, variants in _RULES.items():
            for text in list(variants(parsed))[:1]:
                pools[rule].append((text, rule, doc, tuple(sources), place + 1))
    for rule in ("aside", "opening", "figures", "conjunct", "whole"):
        rng.shuffle(pools[rule])
        made += pools[rule]
    seen: set[str] = set()
    true = [one for one in made if not (one[0] in seen or seen.add(one[0]))][:HALF]  # type: ignore[func-returns-value]
    items = [
        Item(f"t{n:03d}", text, (cite,), "true", rule, doc, sources)
        for n, (text, rule, doc, sources, cite) in enumerate(true, start=1)
    ]
    return items + _corrupted(items, docs, language, rng)


# -- making: corrupted ones -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _World:
    """What a corruption may take from elsewhere."""

    item: Item
    parsed: Parsed
    names: Sequence[tuple[str, str]]
    sources: Sequence[Parsed]
    rng: random.Random


def _swapped(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


_SPELT = "two three four five six seven eight nine ten eleven twelve".split()


def _number(world: _World) -> str | None:
    text = world.parsed.text
    found = [
        m
        for m in re.finditer(rf"\b(?:\d[\d,]*(?:\.\d+)?|{'|'.join(_SPELT)})(?!\w)", text)
        if not re.match(rf"\s+(?:{_MONTHS.replace(' ', '|')})|-", text[m.end() :])
        and not re.fullmatch(r"(?:19|20)\d\d", m[0])
        and not re.search(rf"(?:{_MONTHS.replace(' ', '|')}) $", text[: m.start()])
    ]
    if not found:
        return None
    m = world.rng.choice(found)
    if m[0].lower() in _SPELT:
        new = world.rng.choice([w for w in _SPELT if w != m[0].lower() and w not in text])
    else:
        digits = [d for d in "23456789" if d != m[0][0]]
        new = world.rng.choice(digits) + m[0][1:]
    return _swapped(text, m.start(), m.end(), new)


def _name(world: _World) -> str | None:
    own = [e for e in world.parsed.entities if e.label in _NAMES]
    world.rng.shuffle(own)
    for entity in own:
        others = [
            name
            for name, label in world.names
            if label == entity.label and not set(name.split()) & set(world.parsed.text.split())
        ]
        if others:
            bare = re.sub(r"['’]s$", "", entity.text)
            new = world.rng.choice(others)
            return _swapped(world.parsed.text, entity.start, entity.start + len(bare), new)
    return None


def _date(world: _World) -> str | None:
    text = world.parsed.text
    words = rf"\b(?:{_DAYS.replace(' ', '|')}|{_MONTHS.replace(' ', '|')}|(?:19|20)\d\d)\b"
    found = list(re.finditer(words, text))
    if not found:
        return None
    m = world.rng.choice(found)
    if m[0].isdigit():
        return _swapped(text, m.start(), m.end(), str(int(m[0]) + world.rng.choice((-3, -1, 2, 5))))
    family = _DAYS.split() if m[0] in _DAYS.split() else _MONTHS.split()
    return _swapped(text, m.start(), m.end(), world.rng.choice([w for w in family if w != m[0]]))


_DO = {"VBD": "did not", "VBZ": "does not", "VBP": "do not"}


def _negation(world: _World) -> str | None:
    parsed, root = world.parsed, world.parsed.root
    if root is None or root.pos not in ("VERB", "AUX"):
        return None
    for token in parsed.children(root.index, "neg"):
        if token.text == "not":
            return _swapped(parsed.text, token.start, token.end + 1, "")
    auxiliary = parsed.children(root.index, "aux", "auxpass")
    if auxiliary:
        return _swapped(parsed.text, auxiliary[0].end, auxiliary[0].end, " not")
    if root.lemma == "be":
        return _swapped(parsed.text, root.end, root.end, " not")
    if root.tag in _DO:
        return _swapped(parsed.text, root.start, root.end, f"{_DO[root.tag]} {root.lemma}")
    return None


def _phrase(parsed: Parsed, head: Token) -> tuple[int, int]:
    """The noun phrase without what follows it after a comma or as a clause."""
    kept = [
        t
        for t in parsed.subtree(head.index)
        if t.index <= head.index
        or not any(
            a.dep in ("relcl", "appos", "acl") and a.index > head.index
            for a in (t, *parsed.ancestors(t.index))
            if a.index > head.index
        )
    ]
    last = kept[0]
    run = [last]
    for token in kept[1:]:
        if token.index == run[-1].index + 1 and token.text not in (",", "—"):
            run.append(token)
        elif token.index > head.index:
            break
        else:
            run.append(token)
    return parsed.span(run)


def _direction(world: _World) -> str | None:
    parsed = world.parsed
    for verb in parsed.tokens:
        if verb.pos != "VERB":
            continue
        subjects = parsed.children(verb.index, "nsubj")
        objects = list(parsed.children(verb.index, "dobj"))
        for prep in parsed.children(verb.index, "prep"):
            objects += parsed.children(prep.index, "pobj")
        for subject in subjects:
            for other in objects:
                both = (subject, other)
                if (
                    all(t.pos == "PROPN" or t.ent_type in _NAMES for t in both)
                    and subject.text != other.text
                ):
                    (a, b), (c, d) = _phrase(parsed, subject), _phrase(parsed, other)
                    if b <= c:
                        text = parsed.text
                        first, second = text[a:b], text[c:d]
                        if a == 0:
                            second = second[:1].upper() + second[1:]
                            if first.startswith(("The ", "A ")):
                                first = first[:1].lower() + first[1:]
                        return text[:a] + second + text[b:c] + first + text[d:]
    return None


_HEDGES: tuple[tuple[str, str], ...] = (
    (r"\b(?:may|might|could|would|should) be\b", "is"),
    (r"\b(?:may|might|could|would|should) have\b", "has"),
    (r"\b(?:may|might|could|would|should) (?=[a-z])", "will "),
    (r"\b(?:is|are) (?:expected|likely|due|set) to\b", "will"),
    (r"\bwas (?:expected|likely|due|set) to\b", "did"),
    (r"\bestimated that\b", "proved that"),
    (r"\b(?:wants|plans|hopes|intends|seeks|threatens|offers) to\b", "will"),
    (r"\b(?:wanted|planned|hoped|intended|sought|threatened|offered) to\b", "did"),
    (r"\b(?:about|around|nearly|almost|roughly|up to|at least|more than|as many as) (?=[\d€])", ""),
)


def _hedge(world: _World) -> str | None:
    return next(_hedges(world.parsed.text), None)


def _hedges(text: str) -> Iterator[str]:
    """The text without one of its hedges, by each rule that fits."""
    for old, new in _HEDGES:
        changed = re.sub(old, new, text, count=1)
        if changed != text:
            yield changed


def _merged(world: _World) -> str | None:
    """This claim's subject, another sentence's predicate."""
    parsed, root = world.parsed, world.parsed.root
    subjects = parsed.children(root.index, "nsubj", "nsubjpass") if root else ()
    if not subjects:
        return None
    a, b = _phrase(parsed, subjects[0])
    for other in world.sources:
        base = other.root
        theirs = other.children(base.index, "nsubj", "nsubjpass") if base else ()
        if theirs and theirs[0].pos != "PRON" and theirs[0].lemma != subjects[0].lemma:
            start, end = _phrase(other, theirs[0])
            if start == 0 and theirs[0].tag[-1:] == subjects[0].tag[-1:]:
                subject = parsed.text[a:b]
                return subject[:1].upper() + subject[1:] + other.text[end:]
    return None


_CORRUPTIONS: dict[str, Callable[[_World], str | None]] = {
    "number": _number,
    "name": _name,
    "date": _date,
    "negation": _negation,
    "direction": _direction,
    "hedge": _hedge,
    "marker": lambda world: world.parsed.text,
    "merged": _merged,
}


def _corrupted(
    items: Sequence[Item], docs: dict[str, str], language: Language, rng: random.Random
) -> list[Item]:
    """Of each claim one corrupted, the rarer kinds first so that each gets its share."""
    names: dict[str, list[tuple[str, str]]] = {}
    for doc, text in docs.items():
        found = language.parse([line for line in text.splitlines() if line.strip()])
        names[doc] = sorted(
            {
                (re.sub(r"['’]s$", "", e.text), e.label)
                for p in found
                for e in p.entities
                if e.label in _NAMES
            }
        )
    options: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for item in items:
        texts = [" ".join(docs[item.doc][a:b].split()) for a, b in item.sources]
        parses = language.parse([item.text, *texts])
        others = [p for n, p in enumerate(parses[1:], start=1) if n not in item.cites]
        world = _World(item, parses[0], names[item.doc], others, rng)
        for kind, corrupt in _CORRUPTIONS.items():
            text = corrupt(world)
            if text and (text != item.text or kind == "marker"):
                options[kind][item.id] = text
    chosen: dict[str, str] = {}
    order = sorted(KINDS, key=lambda kind: len(options[kind]))
    left = list(order)
    while left and len(chosen) < len(items):
        for kind in list(left):
            free = [i for i in options[kind] if i not in chosen]
            if free:
                chosen[rng.choice(free)] = kind
            else:
                left.remove(kind)
    by_id = {item.id: item for item in items}
    result = []
    for n, (key, kind) in enumerate(sorted(chosen.items()), start=1):
        item = by_id[key]
        cites = item.cites
        if kind == "marker":
            cites = (rng.choice([k for k in range(1, len(item.sources) + 1) if k not in cites]),)
        elif kind == "merged":
            words = options[kind][key].split()[-4:]
            both = [
                k
                for k, (a, b) in enumerate(item.sources, start=1)
                if docs[item.doc][a:b].split()[-4:] == words
            ]
            cites = tuple(sorted({*cites, *both}))
        text = options[kind][key]
        result.append(Item(f"f{n:03d}", text, cites, kind, item.made, item.doc, item.sources))
    return result


def more(language: Language, known: Sequence[Item], seed: int = 8) -> list[Item]:
    """Further corrupted claims, of :data:`MORE_KINDS`: of each gold sentence, whole or condensed,
    one whose parties are changed over and one for each hedge, but none that is in ``known``."""
    from index.sentences import sentence_spans

    rng = random.Random(seed)
    texts = {item.text for item in known}
    found: list[Item] = []
    for doc, start, end, words in _sentences(NEWS):
        layer = (NEWS / "docs" / doc).read_text("utf-8")
        spans = [(s.start, s.end) for s in sentence_spans(layer) if len(s) > 40]
        others = [s for s in spans if s[1] <= start or s[0] >= end]
        rng.shuffle(others)
        sources = others[: _SOURCES - 1]
        place = rng.randrange(len(sources) + 1)
        sources.insert(place, (start, end))
        (parsed,) = language.parse([" ".join(words.split())])
        made: set[tuple[str, int]] = set()
        for rule, variants in _RULES.items():
            for text in list(variants(parsed))[:1]:
                (short,) = language.parse([text])
                changed = _direction(_World(Item("", text, (), "", "", "", ()), short, (), (), rng))
                options = [("direction", 0, changed)] if changed else []
                options += [("hedge", n, other) for n, other in enumerate(_hedges(text))]
                for kind, number, other in options:
                    if other not in texts and (kind, number) not in made:
                        made.add((kind, number))
                        texts.add(other)
                        name = f"m{len(found) + 1:03d}"
                        found.append(
                            Item(name, other, (place + 1,), kind, rule, doc, tuple(sources))
                        )
    return found


# -- measuring ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """Of one kind: how many claims, how many of them are shown, and how many for each verdict."""

    kind: str
    claims: int
    shown: int
    verdicts: Mapping[str, int]


def measure(items: Sequence[Item], tools: Tools, folder: Path = NEWS) -> list[Row]:
    """Check every claim: true ones first, then each kind of corruption."""
    from assistant.claims import Cited, Verdict, check

    found: dict[str, list[Verdict]] = {kind: [] for kind in ("true", *KINDS)}
    texts = {item.doc: (folder / "docs" / item.doc).read_text("utf-8") for item in items}
    for item in items:
        sources = [Cited(texts[item.doc][start:end]) for start, end in item.sources]
        found[item.kind].append(check(item.text, item.cites, sources, tools).verdict)
    return [
        Row(
            kind,
            len(verdicts),
            sum(verdict.stands for verdict in verdicts),
            {v.value: verdicts.count(v) for v in Verdict},
        )
        for kind, verdicts in found.items()
    ]


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, with what the two goals are about at its end."""
    lines = ["| claims | n | shown | left out |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {r.kind} | {r.claims} | {r.shown} | {r.claims - r.shown} |" for r in rows]
    true, false = rows[0], rows[1:]
    corrupted = sum(r.claims for r in false)
    left = corrupted - sum(r.shown for r in false)
    lines += [
        "",
        f"Corrupted claims left out: {left} of {corrupted} ({100 * left / corrupted:.1f}%). "
        f"True claims left out: {true.claims - true.shown} of {true.claims} "
        f"({100 * (true.claims - true.shown) / true.claims:.1f}%).",
    ]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--make", action="store_true", help="write the claims anew")
    args = parser.parse_args(argv)
    from assistant.cross_encoder import reader
    from assistant.language import Language
    from assistant.writing import Grounds

    language = Language()
    if args.make:
        items = make(language)
        _write(CLAIMS, items)
        _write(MORE, more(language, items))
        return 0
    items = [*load(), *load(MORE)]
    print(table(measure(items, Grounds(language, reader(None)))), end="")
    return 0


def _write(path: Path, items: Sequence[Item]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in items)
    path.write_text("".join(lines), "utf-8")
    print(f"{len(items)} claims written to {path}")


_Plain = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    sys.exit(main())
