"""A question in a conversation becomes one that stands alone. The only reader of history.

Without a language model, by rules. What is fed to search and to the check of who does what to whom
must keep its grammar, so a name is put in a pronoun's place, or a fragment ("And Germany?", "Why?",
"In 2023?") into the question before it. Where no rule is sure, what the question leaves out is
carried over as names in brackets behind it: that can't turn round who wants what from whom.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from assistant.types import Turn

if TYPE_CHECKING:
    from assistant.language import Parsed, Token

_LOOKED_BACK = 3
"""Questions. What was talked of before is rarely meant."""
_MOST_NAMES = 4
_MOST_READ = 600
"""Characters of an answer. Whom it is about stands at its beginning."""

_I = re.IGNORECASE
_POLITE = re.compile(
    r"^(?:(?:many thanks|thank you|thanks?|thx|ok|okay|great|good|nice|perfect|fine|hello|hi|hey|"
    r"good (?:morning|evening|day)|please|i see|got it|bye|cheers|wow|hm+|oh)"
    r"(?: (?:a lot|very much|so much|for that|there|again|you))?(?:[\s,.!;:–-]+|$))+",
    _I,
)
# [wh]…: what and how with their slips, such as waht, wat, whats, hwo.
_OPENING = re.compile(
    r"^(?:(?:and|but|so|then|also|plus|or)\b[\s,]*)*(?:[wh]\w{1,4} a?bout\s+)?", _I
)
_LEANING = re.compile(r"^(?:what|how) about\b|\bthe same\b", _I)
_POINTING = r"\b(?:this|that|these|those|there|then|ones?|each|both|the other)\b"
_LEANING_UNLESS_NAMED = re.compile(
    r"^(?:and|but|so|then|why|when|where|(?:at|by|for|from|in|of|on|since|to|until|with) "
    rf"(?:how|what|when|where|which|whom?))\b|{_POINTING}",
    _I,
)
"""Words that a question which names what it is about has in other senses too."""
_AGREEING = re.compile(
    r"\b(?:agree|confirm|comply|respond|react|reply|retaliate|refuse|win|say)\W*$", _I
)
_TURNED = re.compile(
    r"^(?:and |but |what about |how about )*(?:(?:the )?other way (?:a?round|about)|vice versa|"
    r"conversely|(?:in |the )?reverse)\W*$",
    _I,
)
_BARE = re.compile(
    r"^(wh?y+|hwy|how come|(?:since |until |by )?when|(?:from |to )?where|"
    r"(?:(?:by|for|at|to|with|of) )?how (?:much|many|long|often|far|soon)(?: (?!is|was|did)\w+)?)"
    r"(?: (?:is|was|were|did|does|will) (?:that|this|it)(?: be| happen(?:ed)?)?)?"
    r"((?: (?:in the end|exactly|then|so far|altogether|in total))?)\W*$",
    _I,
)
_ELSE = re.compile(r"^(who|what|where|any(?:thing|one|body)) else\W*$", _I)
_AT = {r"(?:hit|hits|fight) back": "at", r"(?:respond|react|reply)": "to", "retaliate": "against"}
_WHO = re.compile(r"(?:\W*(?:and|but|so)\W+)?who\b", _I)
_DONE = "(?:do|did|done|doing)"
_RETURN = re.compile(r",? in (?:return|exchange)\b", _I)
# Not without regard to case: a name may begin like a verb.
_WANTED = (
    r"(?:want|expect|demand|ask|seek|need|request|hope)(?:s|ed|ing)?|hop(?:ed|ing)|sought|"
    r"requir(?:es?|ed|ing)|get(?:s|ting)?|got|receiv(?:es?|ed|ing)"
)
_GIVEN = (
    r"(?:offer|pay|send|concede|pledge|promise|provide|owe)s?|(?:offer|pledg|promis|provid|conced|ow)"
    r"(?:ed|ing)|giv(?:es?|en|ing)|gave|pay(?:s|ing)|paid|sent|sending"
)
_WANTS = re.compile(rf"\b(?:{_WANTED})\b")
_GIVES = re.compile(rf"\b(?:{_GIVEN})\b")
_PARTY = r"(?!(?:the|an?|that|this|it|he|she|they|his|her|its|their|any\w*) )[a-z][\w&-]+"
_STOP = r"(?:in|on|at|for|from|to|of|by|with|over|about|when|since|before|after|as|and|or|now)\b"
_DEALS = (
    re.compile(
        r"\b(?:does|did|has|will|would|can|could|must|should|may|might) "
        rf"({_PARTY}(?: [\w&-]+)?)(?= (?:{_WANTED}|{_GIVEN})\b)"
    ),
    re.compile(
        rf"\b(?:{_WANTED}|{_GIVEN}) (?:[\w-]+ ){{0,3}}?(?:from|of|against|with) "
        rf"({_PARTY}(?: (?!{_STOP})[\w&-]+){{0,2}})"
    ),
)
"""Who wants or gives, and from or to whom, is a name, however small it is written, if no article
leads it."""
_REACTS = re.compile(
    r"\b(?:respon\w+|react\w*|reply|replied|answer\w*|retaliat\w+|(?:hit|hits|fight) back|"
    r"refus\w+|accept\w*|agree\w*|reject\w*|do about (?:it|that))\b",
    _I,
)
_AUX = frozenset(
    "do does did is are was were has have had can could will would should may might must".split()
)
_TO_ONE = {"do": "does", "have": "has", "are": "is", "were": "was"}
_TO_MANY = {one: many for many, one in _TO_ONE.items()}
_TOWARDS = frozenset("from of to against with by for on about between".split())
_YEAR = r"\b(?:1[5-9]|20)\d\d\b"
_MONTH = (
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
)
_DAYS = (
    r"\b(?:(?:right )?now|today|yesterday|nowadays|currently|these days|at present|at the moment|"
    r"(?:last|this|next) (?:year|month|week|summer|winter|spring|autumn))\b"
)
_TIME = re.compile(
    rf"(?:(?:in|for|on|since|by|during|until|before|after|from) )?(?:the )?"
    rf"(?:(?:{_YEAR}|{_MONTH}|{_DAYS})\s*)+",
    _I,
)
_ROLES = frozenset(
    """president minister chancellor king queen chief head leader director chair chairman chairwoman
    mayor governor secretary ambassador envoy judge coach captain manager owner founder boss author
    officer executive commissioner senator spokesman spokeswoman doctor professor scientist lawyer
    general pope prince princess winner man woman husband wife widow widower father mother son
    daughter brother sister""".split()
)
_BODIES = frozenset(
    """company firm bank club agency group union party bloc organisation organization operator maker
    federation country state nation city town""".split()
)
_SIDES = _BODIES | frozenset(
    """government ministry council court team parliament army employer worker farmer docker nurse
    teacher student driver shopkeeper fisherman""".split()
)
_MATTERS = frozenset(
    """deal agreement accord treaty talks pact contract strike law bill project plan merger trial
    case dispute ban mission war price vote election ship building""".split()
)
_TO_EVENTS = frozenset(
    """announce confirm deny say decide sign broker report cause trigger prevent start end approve
    oppose support reject accept know explain""".split()
)
_EMPTY = frozenset(
    "people one thing end return exchange way lot kind part much name fact each".split()
)
_FAMILY = {
    word: family
    for family in ("he him his", "she her hers", "it its", "they them their theirs")
    for word in family.split()
}
_PEOPLE = ("he him his", "she her hers")
_OWN = frozenset("his her its their".split())

_CARRIED = re.compile(r" \([^()]*\)(?=\W*$)")
"""The brackets of this module's own making: no part of the sentence."""

_PART = r"(?:d[aeiu]l?|der|des|la|le|van|von|bin|al)"
_NAME = re.compile(
    rf"[A-Z][\w’'.-]*(?:\s+(?:(?:of(?: the)?|for(?: the)?|and|{_PART}(?: {_PART})?)\s+)?"
    r"[A-Z\d][\w’'.-]*)*"
)
_POSSESSIVE = re.compile(r"[’']s(?:\s+|$)|[’'](?=$|\s+[^A-Z])")
_NOT_NAMES = frozenset(
    """what what's whats who who's whom whose which when where why how do does did is are was were
    has have had can could will would shall should may might must and but or so then the a an in on
    at of to from for by with about i i'd i'm we my me tell give show list explain describe name
    please ok okay yes no not hello hi thanks thank any since until he she it they his her its their
    january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday""".split()
)


class Grammar(Protocol):
    """Parses texts. :class:`assistant.language.Language` does."""

    def parse(self, texts: Sequence[str]) -> list[Parsed]: ...


@dataclass(frozen=True, slots=True)
class _Mention:
    """What a question speaks of: ``text[start:end]``, to ``base`` without what hangs behind it.

    Attributes:
        text: as it stands elsewhere, with its article.
        kind: ``person``, ``group`` (bodies and countries) or ``thing``.
        before: the word before it, in small letters.
        copular: what a question with "is" asks after: "the price" of "What is the price of gold?".
    """

    text: str
    start: int
    base: int
    end: int
    named: bool
    kind: str
    head: str
    subject: bool
    plural: bool
    before: str
    copular: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    """An earlier question."""

    parsed: Parsed
    mentions: tuple[_Mention, ...]

    @property
    def text(self) -> str:
        return self.parsed.text

    def parties(self) -> tuple[_Mention, _Mention] | None:
        """Who does something, and to, from or with whom."""
        one = next((m for m in self.mentions if m.subject), None)
        if one is None:
            return None
        others = (m for m in self.mentions if m.start >= one.end and m.kind != "thing")
        other = next((m for m in others if m.named or m.before in _TOWARDS), None)
        return (one, other) if other is not None else None


def standalone(
    question: str, history: Sequence[Turn], grammar: Grammar, written: str | None = None
) -> str:
    """``question`` with what it leaves out, or as it is where it leaves out nothing.

    Args:
        written: what a language model made of it. It is taken where it only adds what was said
            before to what is asked; else the rules decide.
        history: earlier turns, oldest first. The person's questions are read; the answer to the
            latest only for the name of a person that the questions do not give.
    """
    asked = [turn.text for turn in history if turn.role == "user"][-_LOOKED_BACK:]
    rest = _POLITE.sub("", question)
    if not asked or not rest.strip(" ?!."):
        return question
    if written is not None and (taken := _taken(written, question, history)):
        return taken
    told = history[-1].text[:_MOST_READ] if history[-1].role == "assistant" else ""
    known = [name for text in (*asked, told) for name in _names(text)]
    said = [_said(_CARRIED.sub("", text), known, grammar) for text in reversed(asked)]
    now = _said(rest, known, grammar)
    if _TURNED.search(rest):
        found = _turned(said[0])
    else:
        talk = _Talk(said, told, grammar)
        found = talk.fragment(now) or talk.in_return(now) or talk.filled(now)
    if found:
        return found[:1].upper() + found[1:] if rest[:1].isupper() else found
    if not _TURNED.search(rest) and not _leans(now):
        return question
    topics = _topics(now, asked, said)
    carried = [topic for topic in topics if not _has(rest, topic)][:_MOST_NAMES]
    return f"{rest.rstrip(' ?!.')} ({', '.join(carried)})?" if carried else question


_WORDS = re.compile(r"[^\W_]+")
_FILLING = frozenset(
    "a an the of to in on at for from by with and or is are was were be been do does did has have "
    "had it its he him his she her they them their this that these those there then so also too "
    "what who whom whose which when where why how about me tell please will would can could should "
    "same one ones any some more else exactly way round other reverse".split()
)
_LONGEST_WRITTEN = 300


def _taken(written: str, question: str, history: Sequence[Turn]) -> str:
    """What a model wrote, if it can be relied on; else ``""``.

    It must be one question. Every word of it must have been said, so that it asks for nothing that
    nobody asked; every word of the person's question that means something must still be there; and
    the two must ask for the same kind of thing. A question that turns the last one round, or has
    another party in a pronoun's place than any the talk has, is left to the rules.
    """
    lines = [line.strip(' \t"“”*') for line in written.splitlines() if line.strip()]
    text = re.sub(r"^(?:rewritten )?question:\s*", "", lines[0], flags=_I) if lines else ""
    if len(lines) != 1 or not text.endswith("?") or text.count("?") > 1:
        return ""
    if len(text) > _LONGEST_WRITTEN or _TURNED.search(_POLITE.sub("", question)):
        return ""
    mine, asked = _meaning(text), _meaning(question)
    said = asked.union(*(_meaning(turn.text) for turn in history))
    if not asked <= mine or not mine <= said:
        return ""
    theirs, ours = _asks_for(question), _asks_for(text)
    return text if theirs in ("", ours) else ""


def _meaning(text: str) -> frozenset[str]:
    words = (word.casefold() for word in _WORDS.findall(text.replace("’", "'").replace("'s", "")))
    return frozenset(word for word in words if word not in _FILLING)


def _asks_for(text: str) -> str:
    """Its question word, where it has one."""
    found = re.search(r"\b(what|who|whom|whose|which|when|where|why|how)\b", text, _I)
    return found[1].lower() if found else ""


class _Talk:
    """The rules that rewrite a question. Each gives ``""`` where it is not sure."""

    def __init__(self, said: Sequence[_Said], told: str, grammar: Grammar) -> None:
        self._said = said
        self._told = told
        self._grammar = grammar

    def fragment(self, now: _Said) -> str:
        """A question without a verb of its own, put into the question before it."""
        last = self._said[0]
        rest = _OPENING.sub("", now.text).strip(" ?!.,")
        if bare := _BARE.match(rest):
            return _asked_anew(last, bare[1], bare[2])
        if other := _ELSE.match(rest):
            word = {"anything": "what", "anyone": "who", "anybody": "who"}.get(
                other[1].lower(), other[1].lower()
            )
            same = re.match(rf"{word}\b", last.text, _I)
            return f"{same[0]} else{last.text[same.end() :]}" if same else ""
        if _TIME.fullmatch(rest):
            return _dated(last, rest)
        if not rest or len(rest.split()) > 6 or _has_verb(now):
            return ""
        time = re.search(rf" {_TIME.pattern}$", rest, _I)
        if time and (shorter := rest[: time.start()]):
            # "And in Italy in 2019?": first the place, then the time.
            one = _said(f"and {shorter}?", [], self._grammar)
            known = all(_has(last.text, _bare(m)) for m in one.mentions)
            moved = last.text if known else _swapped(last, one)
            return _dated(_said(moved, [], self._grammar), time[0].strip()) if moved else ""
        if any(t.lower in _FAMILY for t in now.parsed.tokens):
            resolved = self.filled(now)
            if not resolved or any(t.lower in _OWN for t in now.parsed.tokens):
                return resolved
            now = _said(resolved, [], self._grammar)
        return _swapped(last, now)

    def in_return(self, now: _Said) -> str:
        """Who wants something gives something in return, and the other way round."""
        parties, verb = self._said[0].parties(), _WANTS.search(now.text)
        mark = _RETURN.search(now.text)
        before = _OPENING.sub("", now.text)
        if parties is None or (mark is None and before == now.text):
            return ""
        wants = bool(_WANTS.search(self._said[0].text))
        if wants == bool(_GIVES.search(self._said[0].text)):
            return ""
        if not verb and not _GIVES.search(now.text):
            return ""
        one, other = parties
        pronoun = next(
            (t for t in now.parsed.tokens if t.lower in _FAMILY and t.dep != "expl"), None
        )
        named = [m for m in now.mentions if m.named]
        if pronoun is not None and not named and mark is not None:
            who, whom = (other, one) if wants == bool(verb) else (one, other)
            text = _put(now.text, pronoun.start, pronoun.end, who, own=False, pronoun=pronoun.lower)
        elif pronoun is None and len(named) == 1 and named[0].subject and not _further(now):
            # "And what does Germany want?", or one of the two: whom of is left out.
            if mark is None and (not wants or not verb):
                return ""
            text = now.text
            whom = one if _has(named[0].text, _bare(other)) else other
        else:
            return ""
        towards = "from" if verb else "to"
        cut = _RETURN.search(text)
        place = cut.start() if cut else len(text.rstrip(" ?!."))
        return f"{text[:place]} {towards} {whom.text}{text[place:]}"

    def filled(self, now: _Said) -> str:
        """Names in the place of pronouns, and of "the company"."""
        text, carried = now.text, list[_Mention]()
        last, parties = self._said[0], self._said[0].parties()
        edits: list[tuple[int, int, _Mention, bool, str]] = []
        found: dict[str, _Mention | None] = {}
        # Whom "she" means is known better than who "they" are; these are then the others.
        for token in sorted(now.parsed.tokens, key=lambda t: _FAMILY.get(t.lower) not in _PEOPLE):
            family = _FAMILY.get(token.lower)
            if family is None or not _open(token, now) or family in found:
                continue
            who = self._both(now) or self._antecedent(family, token, now)
            if parties and set(found.values()) & set(parties):
                who = parties[0] if parties[1] in found.values() else parties[1]
            found[family] = who = None if who in found.values() else who
            if who is None or _has(text, _bare(who)):
                carried += [m for m in last.mentions if m.named]
                continue
            own = token.tag == "PRP$" or (token.lower in _OWN and token.dep == "poss")
            edits.append((token.start, token.end, who, own, token.lower))
            if parties and who == parties[1] and _REACTS.search(text):
                carried.append(parties[0])
            elif who.before in ("which", "what"):
                carried += last.mentions
        if not found and not any(m.named for m in now.mentions):
            for mention in now.mentions:
                if (who := self._again(mention, now)) is not None and not _has(text, _bare(who)):
                    edits.append((mention.start, mention.end, who, False, ""))
                    break
        if None in found.values():
            # Who does what to whom is not sure of the others either.
            edits = [
                edit for edit in edits if edit[4] in ("he", "she", "him", "her", "his", "hers")
            ]
        if not edits:
            return ""
        for start, end, who, own, word in sorted(edits, key=lambda e: -e[0]):
            text = _put(text, start, end, who, own=own, pronoun=word)
        more = list(dict.fromkeys(_bare(m) for m in carried if not _has(text, _bare(m))))
        stem = text.rstrip(" ?!.")
        if len(more) == 1 and parties and more[0] == _bare(parties[0]):
            # Words are better kept than brackets by the next question.
            for verb, towards in _AT.items():
                if re.search(rf"\b{verb}$", stem, _I):
                    return f"{stem} {towards} {parties[0].text}?"
        return f"{stem} ({', '.join(more)})?" if more else text

    # -- whom a word means -------------------------------------------------------------------

    def _both(self, now: _Said) -> _Mention | None:
        """The two parties, where "each of them" or "both" is said."""
        parties = self._said[0].parties()
        if parties is None or not re.search(
            r"\b(?:each|both|two) of (?:them|they)\b", now.text, _I
        ):
            return None
        one, other = parties
        return replace(one, text=f"{one.text} and {other.text}", plural=True)

    def _antecedent(self, family: str, token: Token, now: _Said) -> _Mention | None:
        parties = self._said[0].parties()
        agent = token.dep == "nsubj" and not _states(token, now)
        people = family in _PEOPLE
        if parties and agent and all(m.kind != "thing" for m in parties):
            if _REACTS.search(now.text):
                return parties[1]
            # "What does it want?" after what one wants: the other, or the same of a third?
            if _WANTS.search(now.text) and _WANTS.search(self._said[0].text):
                return None
        if people:
            return self._person()
        # "Who announced it?": rather all that was said before than a body in it.
        event = token.dep == "dobj" and now.parsed.tokens[token.head].lemma in _TO_EVENTS
        for said in self._said:
            acts = [
                m for m in said.mentions if (m.named and m.kind != "person") or m.kind == "group"
            ]
            acts = acts or [m for m in said.mentions if m.named]
            if family.startswith("they"):
                many = [m for m in said.mentions if m.plural]
                fit = many or acts
                # "Who accused Ash?", "What do they say?": who did is not named.
                if agent and not many and _WHO.match(said.text):
                    return None
                if len(fit) > 1 and not (many and fit[0].subject):
                    return None
            else:
                acts = [m for m in acts if not m.plural]
                # What is done to it, or how it is: rather a thing than a body that acts.
                things = [m for m in said.mentions if m.kind == "thing" and not m.plural]
                things = [m for m in things if not m.copular] or things
                fit = (acts or things) if agent or token.dep == "poss" else (things or acts)
                fit = things if event else fit
                if event and not fit:
                    return None
            if fit:
                return next((m for m in fit if m.subject), fit[0] if len(fit) == 1 else None)
        return None

    def _person(self) -> _Mention | None:
        """Whom "he" or "she" means."""
        last = self._said[0]
        # Who asks for a person means the one of the answer; "who is Ann?" names her.
        if _WHO.match(last.text) and not any(m.named and m.copular for m in last.mentions):
            roles = [m for m in last.mentions if (m.kind == "person" or m.copular) and not m.named]
            return self._answered(last) or next(iter(roles), None)
        for said in self._said:
            people = [m for m in said.mentions if m.kind == "person"]
            doing = [m for m in people if m.subject]
            # What the parser takes for a person is often a place: "to Kyiv".
            named = [m for m in people if m.named and m.before not in ("in", "at", "to", "from")]
            if doing or named:
                return (doing or named)[0]
        people = [m for said in self._said for m in said.mentions if m.kind == "person"]
        doing = [m for m in last.mentions if m.subject and m.kind == "thing" and not m.plural]
        return self._answered(last) or next(iter(people or doing), None)

    def _answered(self, last: _Said) -> _Mention | None:
        """The person of the answer: the one there is, or the one beside the office asked for."""
        if not self._told:
            return None
        (told,) = self._grammar.parse([re.sub(r"\s*\[\d+\]", "", self._told)])
        names = {e.text.removesuffix("’s").removesuffix("'s"): e for e in told.entities}
        people = [n for n, e in names.items() if e.label == "PERSON" and n[:1].isupper()]
        office = next((m.head for m in last.mentions if m.head in _ROLES), "")
        if office:
            beside = (
                rf"\b{office}(?: (?:of|for|to) (?:the )?\w+)?,? %s|%s,[^.;”\"]{{0,60}}\b{office}\b"
            )
            holders = [
                name
                for name in _names(told.text)
                if " " in name and re.search(beside.replace("%s", re.escape(name)), told.text)
            ]
            people = holders or people
        people = [n for n in people if not _has(last.text, n)]
        people = [n for n in people if not any(n != other and _has(other, n) for other in people)]
        if len(people) != 1:
            return None
        name = people[0]
        return _Mention(name, 0, 0, 0, True, "person", name, False, False, "")

    def _again(self, mention: _Mention, now: _Said) -> _Mention | None:
        """What "the company" or "the contract" was called before."""
        words = mention.text.lower().split()
        known = _ROLES | _BODIES | _MATTERS
        if len(words) != 2 or words[0] not in ("the", "this", "that") or words[1] not in known:
            return None
        for said in self._said:
            for other in said.mentions:
                if other.head == mention.head and len(other.text.split()) > 2:
                    return other
        parties = self._said[0].parties()
        if words[1] in _BODIES and parties and _REACTS.search(now.text):
            return parties[1]
        if words[1] in _BODIES:
            for said in self._said:
                bodies = [m for m in said.mentions if m.named]
                if bodies:
                    return bodies[0] if len(bodies) == 1 else None
        return None


# -- putting a fragment into the question before it ----------------------------------------------


def _asked_anew(last: _Said, ask: str, more: str) -> str:
    """The question before, with another question word: "Why did Ash leave?"."""
    ask = "why" if re.fullmatch(r"wh?y+|hwy", ask, _I) else ask
    begin = last.text.find(_OPENING.sub("", last.text))
    tokens = [t for t in last.parsed.tokens if t.start >= begin]
    if not tokens:
        return ""
    said = last.text.rstrip(" ?!.")
    whole = f"{ask}{more} ({said[:1].lower() if tokens[0].tag[0] == 'W' else said[:1]}{said[1:]})?"
    place = next((i for i, t in enumerate(tokens) if t.lower in _AUX), None)
    if place is None or place > 4 or place + 2 >= len(tokens):
        return whole
    wh, aux = tokens[0], tokens[place]
    asks = [t for t in tokens[:place] if t.tag in ("WP", "WDT", "WRB", "WP$")]
    if (place and not asks) or any(
        t.dep in ("nsubj", "nsubjpass") and t.start < aux.start for t in tokens[:place]
    ):
        # Its subject is the question word: there is no place for another.
        return whole
    body = last.text[aux.start :].rstrip(" ?!.")
    body = body[:1].lower() + body[1:]
    if wh.lower == "where":
        body = re.sub(r" (?:from|to|at|in)$", "", body)
    if wh.lower == "what" and ask.lower().startswith(("why", "when", "since", "where", "how come")):
        lost = _lost_verb(last.parsed)
        verb = lost or next((t for t in tokens if t.index == wh.head and t.pos == "VERB"), None)
        after = last.parsed.tokens[verb.index + 1 :][:1] if verb is not None else ()
        if verb is not None and all(t.pos in ("ADP", "PUNCT", "SCONJ") for t in after):
            at = verb.end - aux.start
            body = f"{body[:at]} that{body[at:]}"
    return f"{ask} {body}{more}?"


def _dated(last: _Said, when: str) -> str:
    """The question before, of another time."""
    text, left = last.text.rstrip(" ?!."), when
    for unit in (_YEAR, _MONTH):
        new = re.search(unit, when, _I)
        old = re.search(unit, text, _I)
        if new and old and not (unit == _MONTH and not old[0][0].isupper()):
            text = text[: old.start()] + new[0] + text[old.end() :]
            left = left.replace(new[0], "")
    if not re.search(rf"{_YEAR}|{_MONTH}|{_DAYS}", left, _I):
        return f"{text}?"
    # No time like it: the old one goes, with the phrase it stands in ("under the March accord").
    for token in last.parsed.tokens:
        if token.ent_type != "DATE" or text != last.text.rstrip(" ?!."):
            continue
        above = next((t for t in last.parsed.ancestors(token.index) if t.pos == "ADP"), None)
        whole = last.parsed.subtree(above.index) if above is not None else ()
        if 0 < len(whole) <= 6:
            start, end = last.parsed.span(whole)
            text = f"{text[:start].rstrip(' ,')}{text[end:]}".strip(" ,")
    return f"{text} {when}?"


def _swapped(last: _Said, now: _Said) -> str:
    """The question before, with what is named now in the place of what is like it."""
    new = next(iter(now.mentions), None)
    if new is None or _has(last.text, _bare(new)):
        return ""
    lead = now.text[now.text.find(_OPENING.sub("", now.text)) : new.start].split()
    before = lead[-1].lower() if lead and lead[-1].lower() in _TOWARDS | {"in", "at"} else ""
    if not new.named:
        new = replace(new, text=now.text[new.start : new.end])
    if before:
        like = [m for m in last.mentions if m.before == before and m.named == new.named]
        if not like:
            return f"{last.text.rstrip(' ?!.')} {before} {new.text}?"
    elif new.named:
        named = [m for m in last.mentions if m.named]
        same = [m for m in named if m.kind == new.kind]
        like = same or [m for m in named if "person" not in (m.kind, new.kind)] or named[:1]
    else:
        same = [m for m in last.mentions if m.kind == new.kind != "thing"]
        asked = [m for m in last.mentions if m.copular and m.kind == new.kind and not m.named]
        like = asked or same
    old = next((m for m in like if m.subject), like[0] if like else None)
    if old is None:
        return ""
    return _put(last.text, old.start, old.base, new, own=False, plural=old.plural)


def _turned(last: _Said) -> str:
    """The question before, with its two parties exchanged; empty where it has not two."""
    parties = last.parties()
    if parties is None:
        named = [m for m in last.mentions if m.named][:2]
        if len(named) < 2:
            return ""
        parties = named[0], named[1]
    one, other = parties
    text = _put(last.text, other.start, other.end, one, own=False, plural=other.plural)
    return _put(text, one.start, one.end, other, own=False, plural=one.plural)


def _put(
    text: str,
    start: int,
    end: int,
    who: _Mention,
    *,
    own: bool,
    pronoun: str = "",
    plural: bool | None = None,
) -> str:
    """``text`` with ``who`` at a place, and the verb before it made to agree."""
    was_many = pronoun == "they" if plural is None else plural
    before, name = text[:start], who.text
    if not before.strip():
        name = name[:1].upper() + name[1:]
    if own:
        name += "’" if name.endswith("s") and who.plural else "’s"
    elif (pronoun in ("", "they", "it", "he", "she")) and was_many != who.plural:
        forms = _TO_MANY if who.plural else _TO_ONE
        before = re.sub(
            r"(\w+)(\s+)$", lambda m: forms.get(m[1].lower(), m[1]) + m[2], before, count=1
        )
    return before + name + text[end:]


# -- what a question speaks of -------------------------------------------------------------------


def _said(text: str, known: Sequence[str], grammar: Grammar) -> _Said:
    (parsed,) = grammar.parse([_cased(text, known)])
    return _Said(parsed, tuple(_mentions(parsed)))


def _cased(text: str, known: Sequence[str]) -> str:
    """With capitals for names in small letters: of those met before, and of "the us"."""
    if text.isupper():
        text = text.lower()
    for name in known:
        place = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, _I)
        if place and len(name) > 2:  # not the US of "tell us"
            text = text[: place.start()] + name + text[place.end() :]
    for deal in _DEALS:
        if party := deal.search(text):
            name = re.sub(r"\b\w", lambda m: m[0].upper(), party[1])
            text = text[: party.start(1)] + name + text[party.end(1) :]
    text = re.sub(r"\b(the )(us|usa|uk|eu|un|uae)\b", lambda m: m[1] + m[2].upper(), text)
    # What something is wanted from is a name, if anything, whatever the parser makes of it.
    return re.sub(
        rf"\b((?:from|against|{_DONE} (?:to|with)) )(?!(?:the|this|that|her|its?)\b)([a-z])",
        lambda m: m[1] + m[2].upper(),
        text,
    )


def _mentions(parsed: Parsed) -> list[_Mention]:
    """In the order of the text."""
    text, tokens = parsed.text, parsed.tokens
    found: dict[int, _Mention] = {}
    taken: set[int] = set()

    verb = _lost_verb(parsed)

    def add(start: int, end: int, head: Token, named: bool, more: int = 0) -> None:
        words = text[:start].split()
        before = words[-1].lower() if words else ""
        label = next((t.ent_type for t in tokens if start <= t.start < end and t.ent_type), "")
        kind = "person" if label == "PERSON" else "group"
        if not named:
            known = {"person": _ROLES, "group": _SIDES}
            kind = next((k for k, heads in known.items() if head.lemma.lower() in heads), "thing")
        if verb is not None and start < verb.start:
            more = min(more, verb.start - 1)
        shown = text[start : max(more, end)]
        if named and shown.removeprefix("the ").islower():
            shown = re.sub(r"(?<!\S)(?!the )\w", lambda m: m[0].upper(), shown)
        if not named and not re.match(
            r"(?:the|this|that|these|those|his|her|its|their)\b", shown, _I
        ):
            shown = re.sub(r"^(?:an? )?", "the ", shown, count=1, flags=_I)
            shown = shown if "’s " not in shown and "'s " not in shown else shown[4:]
        subject = head.dep in ("nsubj", "nsubjpass") or before in _AUX
        copular = head.dep in ("attr", "nsubj") and tokens[head.head].lemma == "be"
        many = head.tag in ("NNS", "NNPS") and (not named or " " not in shown.removeprefix("the "))
        plural = many or " and " in shown
        found[start] = _Mention(
            re.sub(r"^(?:The|This|That)\b", "the", shown),
            start,
            end,
            more or end,
            named,
            kind,
            head.lemma.lower(),
            subject and not (copular and not named and "wh" in before),
            plural,
            before,
            copular,
        )

    for name in _names(text):
        places = re.finditer(rf"(?<!\w)(?:the )?{re.escape(name)}(?!\w)", text)
        # Not the Elm of "Elm Council".
        spans = [t.start for t in tokens if t.index in taken]
        match = next((m for m in places if not any(m.start() <= s < m.end() for s in spans)), None)
        inside = [t for t in tokens if match and match.start() <= t.start < match.end()]
        if match is None or not inside:
            continue
        head = inside[-1]
        after = tokens[head.index + 1] if head.index + 1 < len(tokens) else head
        # "Kyiv envoy", "Sendrelian boats": a name that only says which. But not after "did".
        led = text[: match.start()].split()
        says_which = (
            head.dep in ("compound", "amod", "nmod") and after.pos == "NOUN" and after != verb
        )
        taken.update(t.index for t in inside)
        if not says_which or (led and led[-1].lower() in _AUX and after.index == head.head):
            add(match.start(), match.end(), head, True)
    for token in tokens:
        if token == verb:
            continue
        timely = token.ent_type in ("DATE", "TIME") or _plain(token.text)
        part = token.dep in ("compound", "amod") and tokens[token.head] != verb
        if token.index in taken or timely or part:
            continue
        left = [t for t in parsed.subtree(token.index) if t.index < token.index]
        while left and left[0].index != token.index - len(left):
            left = left[1:]
        if not left and token.index and tokens[token.index - 1].pos == "DET":
            left = [tokens[token.index - 1]]  # of which the lost verb has deprived it
        common = token.text.islower() and any(t.dep == "det" for t in left)
        if token.pos == "PROPN" and not common:
            left = [t for t in left if t.dep in ("compound", "det")]
            add(min((t.start for t in left), default=token.start), token.end, token, True)
        elif token.pos in ("NOUN", "PROPN") and token.lemma.lower() not in _EMPTY:
            if any(t.lower in ("many", "much") for t in left):  # "How many boats"
                left = []
            while any(t.dep in ("aux", "cc", "mark", "prep") or t.tag == "WRB" for t in left):
                left = left[1:]
            if any(t.tag in ("WDT", "WP", "WRB", "WP$", "PRP$", "PRP") for t in left):
                if len(left) == 1 and left[0].dep == "det" and token.dep in ("nsubj", "dobj"):
                    add(token.start, token.end, token, False)  # "Which firm got it?"
                continue
            behind = parsed.children(token.index, "prep")
            more = 0
            if behind and behind[0].index == token.index + 1 and behind[0].lower in ("of", "at"):
                more = parsed.span(parsed.subtree(behind[0].index))[1]
            add(min((t.start for t in left), default=token.start), token.end, token, False, more)
    return [found[start] for start in sorted(found)]


def _lost_verb(parsed: Parsed) -> Token | None:
    """The verb that the parser took for a noun: "demand" in "What did Elm demand of Oak?"."""
    tokens = parsed.tokens
    do = next((t.index for t in tokens if t.lower in ("do", "does", "did")), None)
    after = tokens[do + 2 :] if do is not None else ()
    known = next((t for t in after if re.fullmatch(f"{_WANTED}|{_GIVEN}", t.text)), None)
    if known is not None and known.pos != "VERB":
        return known
    if do is None or any(t.pos == "VERB" for t in tokens[do + 1 :]):
        return None
    for token in reversed(tokens[do + 2 :]):
        alone = tokens[token.index - 1].pos not in ("DET", "ADP", "ADJ")
        if token.pos in ("NOUN", "PROPN") and token.text.islower() and alone:
            return token
    return None


def _leans(now: _Said) -> bool:
    """Whether the question needs what went before."""
    text = now.text
    if _LEANING.search(text) or any(_open(t, now) for t in now.parsed.tokens):
        return True
    named = [m for m in now.mentions if m.named] or _names(text)
    rest = _OPENING.sub("", text)
    if _RETURN.search(text) and len(named) < 2:
        return True
    if named:
        return not _has_verb(now) or (rest != text and _AGREEING.search(text) is not None)
    if _LEANING_UNLESS_NAMED.search(text):
        return True
    known = _ROLES | _BODIES | _MATTERS
    if any(len(m.text.split()) == 2 and m.head in known for m in now.mentions) and re.search(
        rf"\bthe (?:{'|'.join(m.head for m in now.mentions if m.head in known)})\b(?! of)", text, _I
    ):
        return True
    return len(now.parsed.content_lemmas()) < 2


def _open(token: Token, now: _Said) -> bool:
    """Whether a pronoun means something outside of the question."""
    if token.lower not in _FAMILY or token.dep == "expl":
        return False
    if re.match(
        r"it (?:true|possible|likely|that|rain|snow|safe|legal)", now.text[token.start :], _I
    ):
        return False
    inside = any(m.named and m.start < token.start for m in now.mentions)
    return not inside or token.dep not in ("poss", "nsubj", "nsubjpass")


def _states(token: Token, now: _Said) -> bool:
    """Whether a subject does nothing, but is, costs or happens."""
    return now.parsed.tokens[token.head].lemma in (
        "be cost happen last end start begin take mean work matter".split()
    )


def _has_verb(now: _Said) -> bool:
    begin = now.text.find(_OPENING.sub("", now.text))
    verbs = [t for t in now.parsed.tokens if t.pos in ("VERB", "AUX") and t.start >= begin]
    names = {w.lower() for m in now.mentions for w in m.text.split()}
    return any(t.lower not in names for t in verbs)


def _further(now: _Said) -> bool:
    return any(t.lower in _TOWARDS for t in now.parsed.tokens)


def _bare(mention: _Mention) -> str:
    return mention.text.removeprefix("the ")


def _topics(now: _Said, asked: Sequence[str], said: Sequence[_Said]) -> list[str]:
    """Names of the questions, the latest first; without any, nouns of one that leans on nothing,
    for a question that has hardly any words of its own: to another they would be noise."""
    topics: list[str] = []
    for text, one in zip(reversed(asked), said, strict=True):
        names = _names(text) or _names(one.text)
        topics += [name for name in names if name not in topics]
        if len(topics) >= 2:
            return topics
    points = re.search(_POINTING, now.text, _I) or any(_open(t, now) for t in now.parsed.tokens)
    if topics or (len(now.parsed.content_lemmas()) > 1 and not points):
        return topics
    whole = next((one for one in said if not _leans(one)), said[0])
    return [
        text
        for text in dict.fromkeys(
            token.text
            for token in whole.parsed.tokens
            if token.pos in ("NOUN", "PROPN") or any(c.isdigit() for c in token.text)
        )
        if not _plain(text)
    ]


def _has(question: str, topic: str) -> bool:
    """Whether ``topic`` stands in ``question`` as a word: not the US in "must"."""
    return re.search(rf"(?<!\w){re.escape(topic)}(?!\w)", question, _I) is not None


def _names(question: str) -> list[str]:
    """What is written with a capital, in order, save for question words and times."""
    if question.isupper():
        return []
    found = []
    for match in _NAME.finditer(question):
        for part in _POSSESSIVE.split(match.group()):
            words = part.split()
            while words and _plain(words[0]):
                words.pop(0)
            while words and (_plain(words[-1]) or words[-1].isdigit()):
                words.pop()
            name = " ".join(words)
            # A full stop ends the sentence, save in an abbreviation (U.S.).
            name = name if name.count(".") > 1 else name.rstrip(".")
            found += [name] if name else []
    return list(dict.fromkeys(found))


def _plain(word: str) -> bool:
    return word.casefold().rstrip(".").replace("’", "'") in _NOT_NAMES
