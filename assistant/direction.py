"""Who does what to whom: does a sentence state the relation that the question asks about, the
same way round, the other way round, or not at all?

"What does the US expect from Europe?" and "What does Europe expect from the US?" share every
word, and an embedding can't tell them apart. Grammar can. A question and a sentence are each read
into :class:`Relation` values, brought to one normal form (the party that acts, the party at the
other end), whatever the voice, the verb of a converse pair or the noun that carries it::

    A expects B to …   B is expected by A to …   A's demand on B      (A, demand, B)
    A sold B …         B bought … from A         A's sale of … to B   (A, transfer, B)

and the parties are compared under the names that the document uses for them
(:class:`Aliases`). Pure functions of parses: nothing here loads a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from assistant import reasons
from assistant.language import Parsed, Token
from assistant.parties import (
    ANIMATE,
    COUNTRY,
    IMPERSONAL,
    INSTITUTIONS,
    KINDS,
    PERSONAL,
    PLACES,
    PLURAL,
    RELATIONAL,
    TITLES,
    Aliases,
    Party,
    after_possessive,
    document_aliases,
    fold,
    head_noun,
    is_name,
    is_relational,
    is_trade,
    party_at,
    party_in,
    word_set,
)
from assistant.relations import (
    BUYING,
    CONTESTS,
    ENTERS,
    FORMS,
    LET_OFF,
    LIGHT,
    NOMINAL_FORMS,
    NOMINALS,
    OBLIGATION,
    REACT,
    SENSE_FORMS,
    SENSES,
    SUBJECT_CONTROL,
    SUPPLYING,
    THINK,
    TO_A_POST,
    YIELD,
    Relation,
    Sense,
    any_verb,
    near_form,
    nominal_preps,
    phrasal,
    sense_of,
)

__all__ = [
    "Aliases",
    "Context",
    "Direction",
    "Party",
    "Relation",
    "Speaker",
    "Verdict",
    "direction",
    "document_aliases",
    "relation_of",
    "relations_in",
    "speaker",
]

# ---------------------------------------------------------------------------- public values


class Verdict(StrEnum):
    """How the relation of a sentence stands to that of a question."""

    SAME = "same"
    REVERSED = "reversed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Direction:
    """What :func:`direction` found.

    Attributes:
        verdict: same way, reversed, or can't tell.
        reason: one short sentence for a person.
        strength: 0 to 1, how sure; 0 for UNKNOWN.
        question_agent, question_counterpart: the question's parties, in its words.
        sentence_agent, sentence_counterpart: the sentence's, in its words.
        another: whether the sentence says of somebody else by name what is asked of a named agent.
    """

    verdict: Verdict
    reason: str
    strength: float = 0.0
    question_agent: str | None = None
    question_counterpart: str | None = None
    sentence_agent: str | None = None
    sentence_counterpart: str | None = None
    another: bool = False


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it: ``sentence.text[start:end] == text``."""

    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return self.text


# ---------------------------------------------------------------------------- the question

_WH = word_set("what which who whom whose how why where when")
_AUX = word_set(
    "do does did is are was were has have had will would can could should must may might shall "
    "'s ’s didnt doesnt"
)
_BE = word_set("is are was were be been being 's ’s")
_PREPS = word_set(
    "from of to for against by with on upon in under over at after before during while when if "
    "because as about since until between that who which into towards toward within without "
    "through despite amid among via"
)
_STOPS = word_set(", ? ; : . ! — – - ( )") - {"-"}


def relation_of(question: Parsed) -> Relation | None:
    """The relation that a question asks about; None where it asks about none."""
    return _relation_of(question)


@lru_cache(maxsize=1024)
def _relation_of(question: Parsed) -> Relation | None:
    tokens = list(question.tokens)
    holder: Party | None = None
    if len(tokens) > 3:
        tokens, holder = _in_the_view_of(question, tokens)
    relation = _asked(question, tokens)
    if relation is None:
        relation = _obligation_asked(question, tokens, holder)
    if relation is None:
        relation = _nominal_asked(question, tokens)
    if relation is not None and relation.counterpart is None and relation.kind[:5] == "verb:":
        # "Why did A's bid for B fail?": the noun has both parties, the verb none but the noun.
        noun = _nominal_asked(question, tokens)
        if noun is not None and noun.agent is not None and noun.counterpart is not None:
            return noun
    if relation is None or (relation.agent is None and relation.counterpart is None):
        return None
    return relation


def _in_the_view_of(question: Parsed, tokens: list[Token]) -> tuple[list[Token], Party | None]:
    """Take "in the view of X," or "according to X" off the question."""
    low = [t.lower for t in tokens]
    for i in range(len(low) - 1):
        if low[i : i + 2] == ["according", "to"]:
            first = i + 2
        elif low[i : i + 2] == ["in", "the"] and low[i + 2 : i + 4] in (
            ["view", "of"],
            ["eyes", "of"],
            ["opinion", "of"],
        ):
            first = i + 4
        else:
            continue
        last = first
        while last < len(low) and low[last] not in _STOPS and low[last] not in _WH:
            last += 1
        party = party_in(question, tokens[first:last])
        return tokens[:i] + tokens[last:], party
    return tokens, None


def _hyphened(tokens: Sequence[Token], i: int) -> bool:
    """Whether it is the end of a compound; that "co-owns" is one does not count."""
    return (
        i > 0
        and tokens[i - 1].text in ("-", "‑")
        and not (i > 1 and tokens[i - 2].lower in ("co", "re", "pre", "out"))
    )


def _form(token: Token) -> str | None:
    """The form of a predicate that a question's word is, or was meant to be."""
    word = token.lower
    return word if word in SENSE_FORMS else near_form(word) if token.strange else None


def _sense_at(tokens: Sequence[Token], i: int) -> tuple[str, Sense] | None:
    """The predicate at ``i`` of a question, slips of the finger forgiven."""
    token = tokens[i]
    if token.text[:1].isupper() and i:
        return None
    if _hyphened(tokens, i):
        return None  # black-ruled states
    form = _form(token)
    if form is None:
        return None
    lemma = phrasal(SENSE_FORMS[form], _particle(tokens, i))
    return (lemma, SENSES[lemma]) if lemma in SENSES else None


def _particle(tokens: Sequence[Token], at: int) -> str:
    """The particle after the verb at ``at`` of a question; empty where it has none."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is None:
        return ""
    known = f"{FORMS.get(tokens[at].lower, tokens[at].lemma.lower())} {after.lower}" in SENSES
    return after.lower if after.tag == "RP" or known else ""


def _asked(question: Parsed, tokens: list[Token]) -> Relation | None:
    low = [t.lower for t in tokens]
    start = next((i for i, w in enumerate(low) if w in _WH), None)
    if start is None:
        # "did A promise B anything": a question without a question word.
        if low and low[0] in _AUX:
            start = -1
        else:
            return None
    aux = next((i for i in range(start + 1, len(low)) if low[i] in _AUX), None)
    verb_first = next(
        (
            i
            for i in range(start + 1, len(low))
            # "which bank does A want", "which bank wants": what is asked for, no verb.
            if _sense_at(tokens, i)
            and low[i] not in NOMINAL_FORMS
            and i + 1 != aux
            and not (low[i - 1] in ("which", "whose") and tokens[i].pos == "NOUN")
        ),
        None,
    )
    generic_first = next((i for i in range(start + 1, len(low)) if tokens[i].pos == "VERB"), None)
    asks_subject = start >= 0 and (
        (verb_first is not None and (aux is None or verb_first < aux))
        or (low[start] in ("who", "which", "what") and aux is None and generic_first is not None)
    )
    if asks_subject and start >= 0:
        at = verb_first if verb_first is not None else generic_first
        assert at is not None
        return _frame(question, tokens, at, subject=None, passive=False, wh=tokens[start:at])
    if aux is None:
        return None
    wh = tokens[start + 1 : aux] if start >= 0 else []
    # "what does A think B should do": A's demand on B.
    thinks = next((i for i in range(aux + 2, len(low)) if FORMS.get(low[i], "") in THINK), None)
    if thinks is not None and not any(w in _PREPS for w in low[aux + 2 : thinks]):
        thinker = party_in(question, tokens[aux + 1 : thinks])
        if found := _thought(question, tokens, thinks, thinker):
            return found
    at = _predicate_after(tokens, aux + 1)
    if at is None:
        return _obligation_asked(question, tokens, None)
    whose = question.tokens[tokens[at].head]
    beside = whose.dep == "pobj" and question.tokens[whose.head].head == tokens[aux].index
    if low[aux] in _BE and tokens[at].dep == "acl" and tokens[at].tag == "VBN" and beside:
        # "How many were aboard the boats seized by A?" does not ask who seized what. (Of "when was
        # the city seized by A", too, the small model makes a city that is seized.)
        return None
    subject_end = at
    between = low[aux + 1 : at]
    while (
        subject_end > aux + 1
        and low[subject_end - 1] in _BE | {"not", "to", "have", "has", "n't"} | _ADVERBS
    ):
        subject_end -= 1
    subject_tokens = tokens[aux + 1 : subject_end]
    is_be = low[aux] in _BE or any(w in ("been", "be", "being") for w in between)
    passive = is_be and not (_form(tokens[at]) or low[at]).endswith("ing")
    subject = party_in(question, subject_tokens)
    if subject is None and not passive and low[start] in ("who", "which", "what"):
        return _frame(question, tokens, at, subject=None, passive=False, wh=tokens[start:aux])
    return _frame(question, tokens, at, subject=subject, passive=passive, wh=wh)


_ADVERBS = word_set("now still also currently just recently ever already really actually")


def _predicate_after(tokens: list[Token], first: int) -> int | None:
    """Where the main verb of a question stands, its subject beginning at ``first``."""
    known = [
        i
        for i in range(first, len(tokens))
        if _sense_at(tokens, i) or tokens[i].lower in _LIGHT_FORMS
    ]
    stop = next(
        (
            i
            for i in range(first + 1, len(tokens))
            if tokens[i].lower in _PREPS - {"of", "to", "and"}
        ),
        len(tokens),
    )
    verbs = [
        i
        for i in range(first, len(tokens))
        if tokens[i].pos == "VERB" and tokens[i].text.islower() and not _hyphened(tokens, i)
    ]
    best = [i for i in known if i in verbs and (i < stop or first == i)]
    loose = [i for i in known if i <= stop and (i > first or tokens[i].lower.endswith("ed"))]
    plain = [i for i in verbs if i <= stop]
    # "the state subsidise": a noun before the verb, though it could be one that carries another.
    bare = [i for i in plain if tokens[i].tag == "VB" and i > first]
    loose = [
        i
        for i in loose
        if (_sense_at(tokens, i) or i + 1 not in verbs) and not any(b < i for b in bare)
    ]
    for options in (best, loose, plain, verbs):
        for i in options:
            before = tokens[i - 1].lower if i else ""
            if before in ("the", "a", "an", "'s", "’s") or (before == "to" and i - 1 > first):
                continue
            if tokens[i].lower == "have" and options is plain:
                continue
            return i
    return None


_LIGHT_FORMS = {form for form, lemma in FORMS.items() if lemma in LIGHT} | {"made"}


def _thought(
    question: Parsed, tokens: list[Token], at: int, subject: Party | None
) -> Relation | None:
    rest = tokens[at + 1 :]
    modal = next(
        (i for i, t in enumerate(rest) if t.lower in OBLIGATION | {"has", "have", "needs", "need"}),
        None,
    )
    if modal is None or subject is None:
        return None
    who = party_in(question, [t for t in rest[:modal] if t.lower != "that"])
    return Relation("demand", "want", subject, who, 0.8, at=tokens[at].start)


def _obligation_asked(
    question: Parsed, tokens: list[Token], holder: Party | None
) -> Relation | None:
    """ "What must B do for A?", "According to A, what should B do?"."""
    low = [t.lower for t in tokens]
    for i, word in enumerate(low):
        if word in OBLIGATION and i and low[i - 1] in _WH:
            end = next(
                (
                    k
                    for k in range(i + 1, len(low))
                    if low[k] in ("do", "pay", "give", "provide") or tokens[k].pos == "VERB"
                ),
                None,
            )
            if end is None:
                return None
            who = party_in(question, tokens[i + 1 : end])
            if holder is None and end + 1 < len(low) and low[end + 1] == "for":
                holder = party_in(question, tokens[end + 2 :])
            return Relation("demand", "require", holder, who, 0.8, at=tokens[i].start)
    return None


def _slots(
    tokens: Sequence[Token], frame_of: bool
) -> tuple[list[Token], list[tuple[str, list[Token]]], bool]:
    """What follows a verb: the bare object, the prepositional phrases, whether "to <verb>" follows.

    ``frame_of``: whether "of" is the predicate's own (accuse B of, require of B).
    """
    bare: list[Token] = []
    phrases: list[tuple[str, list[Token]]] = []
    infinitive = False
    into = bare
    i = 0
    while i < len(tokens):
        token = tokens[i]
        word = token.lower
        if (
            word in _STOPS
            or word in _WH
            or word in ("while", "because", "that", "so", "now")
            or word in ("when", "if")
        ):
            break
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        if word == "to" and following is not None and _verb_like(following):
            infinitive = True
            break
        if word in _PREPS:
            joins = (
                word == "of"
                and into
                and following is not None
                and following.tag != "VBG"
                and not (frame_of and into is bare and _is_last_of(tokens, i))
            )
            if joins:
                into.append(token)
            else:
                into = []
                phrases.append((word, into))
        else:
            into.append(token)
        i += 1
    return bare, phrases, infinitive


def _is_last_of(tokens: Sequence[Token], i: int) -> bool:
    return not any(t.lower == "of" for t in tokens[i + 1 :])


def _verb_like(token: Token) -> bool:
    if token.text[:1].isupper():
        return False
    return (
        token.tag == "VB"
        or (token.pos == "VERB" and token.tag in ("VB", "VBP"))
        or token.lower == "do"
        or token.lower in SENSES
    )


def _frame(
    question: Parsed,
    tokens: list[Token],
    at: int,
    *,
    subject: Party | None,
    passive: bool,
    wh: Sequence[Token],
) -> Relation | None:
    """The relation of the verb at ``at`` with what surrounds it."""
    nominal = next((NOMINAL_FORMS[t.lower] for t in reversed(wh) if t.lower in NOMINAL_FORMS), None)
    found = _sense_at(tokens, at)
    word = tokens[at].lower
    form = FORMS.get(word, tokens[at].lemma.lower())
    rest = tokens[at + 1 :]
    if (nominal is None and form in LIGHT | REACT and found is None) or form == "make":
        inside = next((t for t in rest if t.lower in NOMINAL_FORMS), None)
        if inside is not None and nominal is None:
            nominal = NOMINAL_FORMS[inside.lower]
    if nominal and form in LIGHT | REACT:
        return _light_asked(question, tokens, at, form, nominal, subject, passive)
    # "what did A stop selling to B": the verb that counts is the second.
    if (
        found is None
        and rest
        and _sense_at(tokens, at + 1)
        and (tokens[at + 1].lower.endswith("ing"))
    ):
        return _frame(question, tokens, at + 1, subject=subject, passive=False, wh=wh)
    if found is None:
        predicate = phrasal(form, _particle(tokens, at))
        sense = any_verb(predicate)
        if tokens[at].pos not in ("VERB", "AUX") or form in ("be", "do", "have", "happen", "say"):
            return None
    else:
        predicate, sense = found
    if _particle(tokens, at):
        rest = rest[1:]
    second_at = _chained(tokens, at)
    if second_at is not None and (found is None or predicate in ("agree", "offer", "need")):
        return _frame(question, tokens, second_at, subject=subject, passive=False, wh=wh)
    frame_of = sense.kind in ("accuse", "demand")
    bare_tokens, phrases, infinitive = _slots(rest, frame_of)
    bare = party_in(question, bare_tokens)
    if (
        sense.kind == "demand"
        and bare is not None
        and [t.tag for t in bare_tokens] == ["VBN"]
        and not infinitive
    ):
        bare = None  # "which bank does A want readmitted": what is to be done, not a party.
    by_prep: dict[str, Party] = {}
    for prep, words in phrases:
        party = party_in(question, words)
        if party is not None and party.head.ent_type not in ("DATE", "TIME"):
            by_prep.setdefault(prep, party)
    if passive and infinitive and "by" not in by_prep:
        # "expected to do by A": behind what is to be done.
        by = next((k for k in range(len(rest) - 1, -1, -1) if rest[k].lower == "by"), None)
        doer = party_in(question, rest[by + 1 :]) if by is not None else None
        if doer is not None and doer.head.ent_type not in ("DATE", "TIME"):
            by_prep["by"] = doer
    if sense.kind == "demand" and bare is None and len(rest) > 2 and rest[0].lower == "that":
        # "demand that B do"
        end = next((k for k in range(2, len(rest)) if rest[k].pos in ("VERB", "AUX")), 0)
        if end and (bound := party_in(question, rest[1:end])) is not None:
            by_prep.setdefault("from", bound)
    through_prep = next((by_prep[p] for p in sense.preps if p in by_prep), None)
    agent: Party | None
    counterpart: Party | None
    whole = subject if passive else bare
    if predicate in BUYING and "from" not in by_prep and whole is not None and _has_capital(whole):
        taker = by_prep.get("by") if passive else subject
        return Relation("takeover", "take over", taker, whole, at=tokens[at].start)
    if passive:
        agent = by_prep.get("by")
        counterpart = through_prep or subject
        deed = next((k for k in range(at + 1, len(tokens)) if tokens[k].tag == "VBG"), None)
        if sense.kind == "accuse" and agent is None and deed is not None:
            # "what is A accused of copying from B": who copies is the question, not who accuses.
            inner = _frame(question, tokens, deed, subject=subject, passive=False, wh=wh)
            if inner is not None and inner.counterpart is not None:
                return inner
        if sense.converse:
            agent, counterpart = counterpart, agent
            if agent is subject and "from" not in by_prep:
                agent = None
    else:
        agent = subject
        wants_object = sense.address or infinitive or subject is None
        if (sense.kind == "transfer" and through_prep is not None and not sense.converse) or (
            sense.kind == "demand" and not sense.address and through_prep is not None
        ):
            counterpart = through_prep
        elif bare is not None and wants_object:
            # "asked money of B": the object is what it is about when a preposition names B.
            counterpart = through_prep if through_prep and "from" in by_prep else bare
        else:
            counterpart = through_prep
        if counterpart is None and infinitive and sense.kind in ("threat", "commit"):
            counterpart = _object_of_infinitive(question, rest)
        if predicate == "want" and bare is not None and counterpart is None:
            counterpart = bare
        if sense.kind.startswith("verb:") and counterpart is None:
            away = (p for name, p in by_prep.items() if name not in ("in", "at", "on", "by"))
            counterpart = bare or next(away, None)
        if (
            sense.kind.startswith("verb:")
            and counterpart is bare
            and not (bare is not None and _has_capital(bare))
            and through_prep is not None
            and _has_capital(through_prep)
        ):
            counterpart = through_prep  # "deny entry to B": of the two the one that has a name
        if (
            subject is None
            and counterpart is bare
            and bare is not None
            and sense.kind == "transfer"
        ):
            # "who lent money to X": the bare object is the thing, X stands after "to".
            counterpart = through_prep or bare
        if counterpart is None and not sense.converse and sense.kind != "demand":
            counterpart = by_prep.get("from")
        if sense.converse:
            agent, counterpart = counterpart, subject
    return Relation(sense.kind, predicate, agent, counterpart, at=tokens[at].start)


def _has_capital(party: Party) -> bool:
    return party.head.text[:1].isupper()


def _chained(tokens: Sequence[Token], at: int) -> int | None:
    if at + 3 >= len(tokens) or tokens[at + 1].lower != "to" or tokens[at + 2].lower == "do":
        return None
    return at + 2 if _sense_at(tokens, at + 2) or tokens[at + 2].pos == "VERB" else None


def _object_of_infinitive(question: Parsed, rest: Sequence[Token]) -> Party | None:
    """Of "… to sue B": B."""
    to = next((i for i, t in enumerate(rest) if t.lower == "to"), None)
    if to is None or to + 2 >= len(rest):
        return None
    bare, phrases, _ = _slots(rest[to + 2 :], False)
    party = party_in(question, bare)
    if party is not None and any(t.text[:1].isupper() for t in party.core):
        return party
    return next((party_in(question, w) for p, w in phrases if p in ("to", "from")), None)


def _light_asked(
    question: Parsed,
    tokens: list[Token],
    at: int,
    verb: str,
    nominal: str,
    subject: Party | None,
    passive: bool,
) -> Relation | None:
    sense = sense_of(NOMINALS[nominal])
    _, phrases, _ = _slots(tokens[at + 1 :], True)
    preps = {p: party for p, words in phrases if (party := party_in(question, words))}
    wanted = nominal_preps(sense)
    other = next((preps[p] for p in wanted if p in preps), None)
    if verb in REACT:
        agent, counterpart = other or preps.get("from"), subject
    elif passive:
        agent, counterpart = preps.get("by"), other
    else:
        agent, counterpart = subject, other or preps.get("from")
        if counterpart is None:
            bare, _, _ = _slots(tokens[at + 1 :], True)
            bare_party = party_in(question, bare)
            if bare_party is not None and fold(bare_party.head.text) not in NOMINAL_FORMS:
                counterpart = bare_party
    if sense.converse:
        agent, counterpart = counterpart, agent
    return Relation(sense.kind, NOMINALS[nominal], agent, counterpart, 0.9, at=tokens[at].start)


_CLAUSE = ("VB", "VBD", "VBZ", "VBP", "MD")


def _nominal_asked(question: Parsed, tokens: list[Token]) -> Relation | None:
    """A fragment: "US expectations of Europe", "what are A's demands on B"."""
    for i, token in enumerate(tokens):
        noun = NOMINAL_FORMS.get(token.lower)
        if noun is None:
            continue
        sense = sense_of(NOMINALS[noun])
        first = i
        while first > 0 and (
            tokens[first - 1].tag == "POS"
            or tokens[first - 1].lower not in _PREPS | _WH | _AUX | _STOPS
        ):
            first -= 1
        before = [t for t in tokens[first:i] if t.tag != "JJ" or t.text[:1].isupper() or t.ent_type]
        verb = next((k for k in range(i + 1, len(tokens)) if tokens[k].tag in _CLAUSE), None)
        _, phrases, _ = _slots(tokens[i + 1 : verb], True)
        # Here "of" may join on to nothing bare; read the phrase after the noun itself.
        preps: dict[str, Party] = {}
        for prep, words in phrases:
            party = party_in(question, words)
            if party is not None:
                preps.setdefault(prep, party)
        agent = party_in(question, before)
        if agent is not None and agent.head.lower in ("much", "many", "main", "key", "new"):
            agent = None
        return _nominal_relation(sense, NOMINALS[noun], agent, preps, token.start)
    return None


def _nominal_relation(
    sense: Sense, predicate: str, agent: Party | None, preps: Mapping[str, Party], at: int
) -> Relation | None:
    wanted = nominal_preps(sense)
    if agent is None:
        agent = preps.get("by") or preps.get("from")
        if agent is None and "of" in preps and any(p in preps for p in wanted if p != "of"):
            agent = preps["of"]
    counterpart = next((preps[p] for p in wanted if p in preps and preps[p] is not agent), None)
    if agent is None and counterpart is None:
        return None
    if sense.converse:
        agent, counterpart = preps.get("from") or counterpart, agent
    return Relation(sense.kind, predicate, agent, counterpart, 0.85, at=at)


# ---------------------------------------------------------------------------- the sentence


@lru_cache(maxsize=8192)
def relations_in(sentence: Parsed) -> tuple[Relation, ...]:
    """All relations that a sentence states, in normal form, in the order of its words."""
    found: list[Relation] = []
    for token in sentence.tokens:
        if token.pos in ("VERB", "AUX") or (token.dep == "ROOT" and token.lower in SENSE_FORMS):
            found.extend(_verb_relations(sentence, token))
        elif token.pos in ("NOUN", "PROPN") and token.lower in NOMINAL_FORMS:
            relation = _noun_relation(sentence, token)
            if relation is not None:
                found.append(relation)
    return tuple(found)


_IN_PLACE = word_set("succeed replace")
_FINITE = ("VBD", "VBZ", "VBP")


def _lemma(token: Token) -> str:
    return FORMS.get(token.lower) or token.lemma.lower()


def _subject(parsed: Parsed, verb: Token, depth: int = 0) -> tuple[Token | None, bool]:
    """The noun that is the subject of a verb, found through coordination and control, and whether
    it is that of a passive (what is done is done to it)."""
    if depth > 6:
        return None, False
    if verb.dep == "relcl" and verb.tag == "VB" and verb.head == 0:
        # A headline: "Teachers to sue ministry". In running text "to" follows no bare first noun.
        to = verb.index == 2 and parsed.tokens[1].lower == "to"
        if to and parsed.tokens[0].pos in ("NOUN", "PROPN"):
            return parsed.tokens[0], False
    own = parsed.children(verb.index, "nsubj", "nsubjpass", "csubj")
    participle = verb.tag == "VBN" and bool(parsed.children(verb.index, "auxpass"))
    # A headline leaves out the auxiliary: "Nurses promised extra pay by government"; and a
    # participle leads in: "Asked about the talks, the premier …".
    auxiliaries = parsed.children(verb.index, "aux", "auxpass")
    if verb.tag in ("VBD", "VBN") and not auxiliaries:
        participle = bool(parsed.children(verb.index, "agent")) or (
            verb.tag == "VBN" and verb.dep == "advcl"
        )
    if len(own) == 2 and own[1].index == own[0].index + 1:
        own = own[1:]  # "the airline Merlin", which the small model takes for two subjects
    for child in own:
        passive = child.dep == "nsubjpass" or participle
        if child.lower in ("which", "that", "who") and verb.dep == "relcl":
            return parsed.tokens[verb.head], passive
        return child, passive
    head = parsed.tokens[verb.head]
    if verb.dep == "conj" and head.pos in ("VERB", "AUX"):
        if verb.tag in _FINITE and head.tag not in _FINITE and parsed.children(head.index, "aux"):
            # "A said B had lied and accused …": it is A who accused; "accused" is no participle.
            finite = next((a for a in parsed.ancestors(head.index) if a.tag in _FINITE), None)
            head = finite or head
        subject, passive = _subject(parsed, head, depth + 1)
        same_voice = passive and verb.tag == "VBN"
        return subject, participle or same_voice
    if verb.dep in ("xcomp", "ccomp", "advcl", "pcomp", "dep", "parataxis"):
        above = head
        while above.pos in ("ADP", "SCONJ") and above.head != above.index:
            above = parsed.tokens[above.head]
        if above.pos in ("VERB", "AUX"):
            objects = parsed.children(above.index, "dobj")
            after = verb.tag == "VBG" and verb.dep != "pcomp" and verb.index > above.index
            if after and _lemma(verb) in _IN_PLACE and _lemma(above) in TO_A_POST:
                # "named Lee chairman, succeeding Ash": it is Lee who succeeds.
                named: Sequence[Token] = objects or parsed.children(above.index, "nsubjpass")
                named = named or [
                    inner
                    for clause in parsed.children(above.index, "ccomp", "oprd", "xcomp")
                    for inner in parsed.children(clause.index, "nsubj", "compound")
                ]
                if named:
                    return named[0], False
            if verb.dep in ("xcomp", "ccomp") and _lemma(above) not in SUBJECT_CONTROL and objects:
                return objects[0], participle
            who = [t for t in objects if t.ent_type or t.pos in ("PROPN", "PRON")]
            if verb.dep == "pcomp" and who and head.lower in ("of", "for", "from", "into"):
                # accused B of selling, thanked B for lending: it is B who sold and lent.
                return who[0], participle
            subject, passive = _subject(parsed, above, depth + 1)
            return subject, participle
        if above.pos in ("NOUN", "PROPN"):
            return _holder(parsed, above, depth + 1), participle
    if verb.dep == "acl":
        if verb.tag == "VBN":
            if head.dep == "ROOT" and _lemma(verb) not in SENSES:
                # A past tense that the small model took for a participle: the sentence has no
                # other verb.
                deps = {t.dep for t in parsed.children(verb.index)}
                return head, "agent" in deps or not deps & {"dobj", "prep"}
            return head, True
        if verb.tag in ("VBG", "VBD"):
            return head, False
        return _holder(parsed, head, depth + 1), participle
    over = parsed.tokens[head.head]
    if verb.dep == "relcl" and verb.tag == "VB" and _lemma(over) in ENTERS:
        return _holder(parsed, head, depth + 1), participle  # "began a strike to protest against"
    return None, participle


def _holder(parsed: Parsed, noun: Token, depth: int) -> Token | None:
    """Whose a noun is: its possessor, or the subject of the verb that it is the object of."""
    for child in parsed.children(noun.index, "poss"):
        return child
    head = parsed.tokens[noun.head]
    if noun.dep in ("dobj", "pobj", "attr", "conj", "appos"):
        steps = 0
        while head.pos in ("ADP", "NOUN", "PROPN") and head.head != head.index and steps < 5:
            head = parsed.tokens[head.head]
            steps += 1
        if head.pos in ("VERB", "AUX"):
            subject, passive = _subject(parsed, head, depth + 1)
            return None if passive else subject
    return None


def _prep_objects(parsed: Parsed, index: int) -> Iterator[tuple[str, Token]]:
    for prep in parsed.children(index, "prep", "agent", "dative", "prt"):
        if prep.pos in ("NOUN", "PROPN", "PRON"):
            continue
        for inner in parsed.children(prep.index, "pobj"):
            if inner.ent_type not in ("DATE", "TIME"):
                yield prep.lower, inner
        for nested in parsed.children(prep.index, "prep"):
            for inner in parsed.children(nested.index, "pobj"):
                yield nested.lower, inner


def _verb_relations(parsed: Parsed, verb: Token) -> Iterator[Relation]:
    for relation in _together(parsed, verb):
        yield from _one_by_one(parsed, relation)


def _one_by_one(parsed: Parsed, relation: Relation) -> Iterator[Relation]:
    """A relation of several who do it together, or to each other, as one of each."""
    agents = _conjoined(parsed, relation.agent)
    targets = _conjoined(parsed, relation.counterpart)
    if targets[0] is not None and _is_each_other(parsed, targets[0]):
        for agent in agents:
            for other in agents:
                if other is not agent:
                    yield replace(relation, agent=agent, counterpart=other, others=())
        return
    for agent in agents:
        for target in targets:
            yield replace(relation, agent=agent, counterpart=target)


def _is_each_other(parsed: Parsed, party: Party) -> bool:
    i = party.head.index
    around = [t.lower for t in parsed.tokens[max(0, i - 1) : i + 2]]
    return any(two in (("each", "other"), ("one", "another")) for two in pairwise(around))


def _conjoined(parsed: Parsed, party: Party | None) -> list[Party | None]:
    """The party, and each that "and" joins to it."""
    found = [party]
    head = party.head if party is not None else None
    if head is not None and head.tag == "NNS":
        # "The two mayors, Iris Feld and Tom Hauser,"
        named = [t for t in parsed.children(head.index, "appos") if t.pos == "PROPN"]
        if named and parsed.children(named[0].index, "conj"):
            found, head = [party_at(parsed, named[0])], named[0]
    while head is not None:
        joined = [
            t for t in parsed.children(head.index, "conj") if t.pos in ("NOUN", "PROPN", "PRON")
        ]
        found.extend(party_at(parsed, t) for t in joined[:1])
        head = joined[0] if joined and len(found) < 6 else None
    return found


def _together(parsed: Parsed, verb: Token) -> Iterator[Relation]:
    lemma = _lemma(verb)
    lemma = phrasal(lemma, next((t.lower for t in parsed.children(verb.index, "prt")), ""))
    if lemma in SENSES:
        sense = SENSES[lemma]
    elif lemma in ("be", "do", "have", "say", "become", "seem", "go", "come", "remain"):
        if lemma not in THINK:
            return
        sense = any_verb(lemma)
    else:
        sense = any_verb(lemma)
    subject, passive = _subject(parsed, verb)
    if lemma in THINK:
        yield from _obligations(parsed, verb, subject)
    objects = [t for t in parsed.children(verb.index, "dobj") if t.tag not in ("WP", "WDT")]
    datives = [
        t
        for t in parsed.children(verb.index, "dative", "iobj")
        if t.pos in ("NOUN", "PROPN", "PRON")
    ]
    preps: dict[str, Token] = {}
    for name, inner in _prep_objects(parsed, verb.index):
        preps.setdefault(name, inner)
    for obj in objects:
        for name, inner in _prep_objects(parsed, obj.index):
            if name in ("from", "to", "on", "against", "by"):
                preps.setdefault(name, inner)
        if sense.kind == "demand" or sense.converse:
            # "the release of the men from the camp": the small model hangs "from" too low.
            for inner in parsed.subtree(obj.index):
                if inner.lower == "from":
                    for source in parsed.children(inner.index, "pobj"):
                        preps.setdefault("from", source)
    clause_subject: Token | None = None
    infinitive = False
    for clause in parsed.children(verb.index, "xcomp", "ccomp", "advcl"):
        inner_subjects = parsed.children(clause.index, "nsubj", "nsubjpass")
        if clause.dep in ("ccomp", "xcomp") and inner_subjects:
            clause_subject = clause_subject or inner_subjects[0]
        if any(t.lower == "to" for t in parsed.children(clause.index, "aux")):
            infinitive = True
    if clause_subject is None and sense.kind == "demand":
        clause_subject = _after_that(parsed, verb)
    for obj in objects:
        if any(t.tag == "VB" for t in parsed.children(obj.index, "relcl", "acl")):
            infinitive = True
    through = [preps[p] for p in sense.preps if p in preps]
    if lemma in SUPPLYING and objects and "with" in preps and not through:
        datives, objects = [*datives, *objects], []  # provides B with …: B is no thing
    if lemma == "ask" and "about" in preps and not infinitive:
        return  # a question, no demand
    if lemma in ("win", "lose") and objects and head_noun(objects[0]) not in CONTESTS:
        return  # a set, a leg, one's temper
    if lemma in ("tell", "direct", "push", "force", "challenge") and not infinitive:
        return  # told that, told of: no demand
    if lemma in ("call", "look", "hope", "wait", "count", "rely", "bank", "depend") and not through:
        return
    if verb.tag in _FINITE:
        # The small model loses a strange name now and then; its place beside the verb stays.
        if subject is None and verb.dep != "relcl":
            subject = _beside(parsed, verb, -1)
        if (not objects and not datives and not through and clause_subject is None) or (
            sense.kind == "commit" and not objects and not datives
        ):
            right = _beside(parsed, verb, 1)
            datives.extend([right] if right is not None else [])
    agent: Token | None
    targets: list[Token] = []
    sure = sense.sure
    if passive:
        agent = preps.get("by")
        recipient = [t for t in through if t is not agent]
        done_to = [subject] if subject is not None else []
        targets = done_to + recipient if sense.kind[:5] == "verb:" else recipient + done_to
        if agent is None and lemma in ("expect", "suspect", "need"):
            # "is expected to visit": nobody's demand, a forecast.
            return
        if agent is None:
            sure *= 0.9
    elif sense.kind == "demand":
        agent = subject
        if sense.address:
            targets = [*objects, *through] if objects else through
            if clause_subject is not None:
                targets.append(clause_subject)
            if not infinitive and "from" in preps:
                targets = [preps["from"], *objects]
        else:
            targets = list(through)
            if clause_subject is not None:
                targets.append(clause_subject)
            if infinitive or not targets:
                targets.extend(objects)
            if not targets and infinitive:
                return
    elif sense.kind == "transfer":
        agent = subject
        if sense.converse:
            targets = through
        else:
            targets = [*datives, *through]
            if clause_subject is not None and sense.group == "let":
                targets.insert(0, clause_subject)
            if not targets or (not datives and len(objects) > 1):
                targets.extend(t for t in objects[:1] if _may_act(t))
            elif not datives:
                targets.extend(t for t in objects if t.ent_type in ("GPE", "ORG", "PERSON", "NORP"))
    elif sense.kind in ("commit", "concede"):
        agent = subject
        targets = [*datives, *through]
        if sense.address:
            targets.extend(objects)
    else:
        agent = subject
        things = [
            t
            for t in objects
            if sense.kind[:5] == "verb:" and t.pos == "NOUN" and parsed.children(t.index, "poss")
        ]
        targets = [*objects, *datives, *through] if sense.address else list(through)
        # "rejected A's request": it is the request that is rejected.
        targets = [t for t in targets if t not in things]
        if "from" in preps and preps["from"] not in targets:
            targets.append(preps["from"])  # hired her from B
        if clause_subject is not None and infinitive and sense.kind[:5] == "verb:":
            targets.append(clause_subject)  # helped B to rebuild
        if sense.kind == "threat":
            targets.extend([clause_subject] if clause_subject is not None else [])
            for clause in parsed.children(verb.index, "xcomp"):
                targets.extend(parsed.children(clause.index, "dobj", "dative"))
    if lemma in BUYING:
        # A company that is bought is a party, too.
        firms = objects if not passive else [subject] if subject is not None else []
        buyer = preps.get("by") if passive else agent
        # "Arlen said it would be acquired by …"
        bought = [t for t in firms if t.pos == "PROPN" or (passive and t.lower == "it")]
        if bought and buyer is not None:
            yield _relation(parsed, sense_of("take over"), "take over", [buyer], bought, 0.9, verb)
    if sense.converse and not passive:
        yield _relation(parsed, sense, lemma, targets[:1], [agent] if agent else [], sure, verb)
        return
    if sense.converse and passive:
        giver = [preps["from"]] if "from" in preps else []
        taker = [preps["by"]] if "by" in preps else []
        yield _relation(parsed, sense, lemma, giver, taker, sure, verb)
        return
    yield _relation(parsed, sense, lemma, [agent] if agent else [], targets, sure, verb)


def _may_act(noun: Token) -> bool:
    """Whether it may be somebody: given something, not what is given."""
    if noun.pos in ("PROPN", "PRON"):
        return True
    name = head_noun(noun)
    return name in ANIMATE or is_trade(name) or noun.ent_type in ("GPE", "ORG", "PERSON", "NORP")


def _after_that(parsed: Parsed, verb: Token) -> Token | None:
    """The subject of the that-clause after a verb, where its subjunctive ("that Chile honour …")
    misleads the parser."""
    after = parsed.tokens[verb.index + 1 : verb.index + 6]
    that = next((t.index for t in after if t.lower == "that" and t.tag == "IN"), None)
    if that is None:
        return None
    for i in range(that + 1, min(that + 7, len(parsed.tokens) - 1)):
        token = parsed.tokens[i]
        if token.pos in ("PROPN", "NOUN", "PRON") and token.tag != "PRP$":
            following = parsed.tokens[i + 1]
            unfinished = following.pos in ("PROPN", "PUNCT") or following.tag == "POS"
            if token.pos == "PROPN" and unfinished and i + 1 < len(parsed.tokens) - 1:
                continue
            return token
    return None


def _beside(parsed: Parsed, verb: Token, step: int) -> Token | None:
    """The last word of the name right before (``step`` -1) or after (1) a verb."""
    tokens = parsed.tokens
    i = verb.index + step
    while 0 <= i < len(tokens) and (tokens[i].pos in ("ADV", "AUX") or tokens[i].lower == "the"):
        i += step
    if step > 0 and tokens[i - 1].lower == "the":
        # "the actor Carl Denning"
        while i < len(tokens) and tokens[i].pos in ("NOUN", "ADJ"):
            i += 1
    if not 0 <= i < len(tokens) or tokens[i].pos != "PROPN":
        return None
    if tokens[i].ent_type in ("DATE", "TIME"):
        return None
    while step > 0 and i + 1 < len(tokens) and tokens[i + 1].pos == "PROPN":
        i += 1
    return tokens[i]


def _relation(
    parsed: Parsed,
    sense: Sense,
    lemma: str,
    agents: Sequence[Token],
    targets: Sequence[Token],
    sure: float,
    at: Token,
) -> Relation:
    parties = [party_at(parsed, t) for t in dict.fromkeys(targets)]
    return Relation(
        sense.kind,
        lemma,
        party_at(parsed, agents[0]) if agents else None,
        parties[0] if parties else None,
        sure,
        tuple(parties[1:]),
        at.start,
    )


def _obligations(parsed: Parsed, verb: Token, subject: Token | None) -> Iterator[Relation]:
    """ "A says that B must …": what A expects from B."""
    if subject is None:
        return
    for clause in parsed.children(verb.index, "ccomp"):
        bound = any(t.lower in OBLIGATION for t in parsed.children(clause.index, "aux"))
        inner = parsed.children(clause.index, "nsubj", "nsubjpass")
        if not inner or inner[0].lower == subject.lower:
            continue  # "They say that they must …" asks for nothing
        if not bound and clause.lemma.lower() in ("have", "need"):
            bound = any(
                t.dep == "xcomp" and any(a.lower == "to" for a in parsed.children(t.index, "aux"))
                for t in parsed.children(clause.index)
            )
        if bound:
            yield Relation(
                "demand",
                "require",
                party_at(parsed, subject),
                party_at(parsed, inner[0]),
                0.8,
                at=verb.start,
            )


def _noun_relation(parsed: Parsed, noun: Token) -> Relation | None:
    name = NOMINAL_FORMS[noun.lower]
    predicate = NOMINALS[name]
    sense = sense_of(predicate)
    preps: dict[str, Party] = {}
    for prep, inner in _prep_objects(parsed, noun.index):
        if prep in ("from", "to", "on", "upon", "of", "by", "against", "over", "about"):
            preps.setdefault(prep, party_at(parsed, inner))
    head = parsed.tokens[noun.head]
    if name == "suit" and (
        _lemma(head) == "follow"
        or ("against" not in preps and _lemma(head) not in ("file", "bring", "lodge"))
    ):
        return None  # one to wear, or to follow
    steps = 0
    while head.dep in ("xcomp", "pcomp", "prep") and head.pos != "VERB" and steps < 4:
        head = parsed.tokens[head.head]
        steps += 1
    agent: Party | None = None
    receiver: Party | None = None
    for child in parsed.children(noun.index, "poss", "compound", "amod", "nmod"):
        if child.ent_type in ("DATE", "TIME"):
            continue  # Thursday's attack
        if child.dep == "poss" or child.text[:1].isupper():
            agent = party_at(parsed, child)
            break
    if noun.dep == "dobj" and head.pos == "VERB":
        verb = _lemma(head)
        for prep, inner in _prep_objects(parsed, head.index):
            if prep in ("from", "to", "on", "upon", "against", "over"):
                preps.setdefault(prep, party_at(parsed, inner))
        subject, passive = _subject(parsed, head)
        if subject is not None and not passive:
            if verb in REACT:
                receiver = party_at(parsed, subject)
            elif verb in LIGHT and _is_another_s(sense, verb, preps):
                pass
            elif agent is None and (
                verb in LIGHT or (verb in SENSES and SENSES[verb].kind in ("transfer", "commit"))
            ):
                agent = party_at(parsed, subject)
        if verb in LIGHT:
            for dative in parsed.children(head.index, "dative"):
                if dative.pos != "ADP":
                    receiver = party_at(parsed, dative)
    elif noun.dep == "nsubjpass" and (by := parsed.children(head.index, "agent")):
        for inner in parsed.children(by[0].index, "pobj"):
            if _lemma(head) in REACT:
                receiver = party_at(parsed, inner)
            elif agent is None:
                agent = party_at(parsed, inner)
    if sense.kind == "transfer":
        # "the sale of machines": what is sold, not who is sold to.
        preps.pop("of", None)
    if "of" in preps and sense.kind == "accuse" and agent is not None:
        preps.pop("of")
    if noun.dep == "pobj" and parsed.tokens[noun.head].lower == "to" and _lemma(head) in YIELD:
        # "gave in to the demand of its drivers"
        subject, passive = _subject(parsed, head)
        if subject is not None and not passive:
            receiver = party_at(parsed, subject)
    if sense.kind == "demand" and agent is None and "of" in preps and receiver is not None:
        agent = preps.pop("of")
    relation = _nominal_relation(sense, predicate, agent, preps, noun.start)
    if relation is None:
        if receiver is None:
            return None
        return Relation(sense.kind, predicate, None, receiver, 0.7, at=noun.start)
    if receiver is not None and relation.counterpart is None:
        return Relation(sense.kind, predicate, relation.agent, receiver, 0.8, at=noun.start)
    return relation


def _is_another_s(sense: Sense, verb: str, preps: Mapping[str, Party]) -> bool:
    """Whether the noun that a verb carries is not its subject's: "postponed the delivery from B",
    "cancelled the debt of B"."""
    if sense.kind != "transfer":
        return False
    given = not sense.converse and bool(preps.keys() & {"by", "from"})
    return given or (sense.group == "owe" and verb in LET_OFF)


# ---------------------------------------------------------------------------- comparing


@dataclass(frozen=True, slots=True)
class Context:
    """Where a sentence stands.

    Attributes:
        title: the document's title.
        previous: the sentences before it, the nearest last; three are enough.
        aliases: the document's names, see :func:`document_aliases`.
    """

    title: str = ""
    previous: tuple[Parsed, ...] = ()
    aliases: Aliases = field(default_factory=Aliases)


_GROUP_FIT: dict[tuple[str, str], float] = {}
for _a, _b, _value in (
    ("give", "let", 0.7), ("give", "sell", 0.75), ("give", "pay", 0.8), ("give", "lend", 0.75),
    ("let", "sell", 0.5), ("owe", "pay", 0.7), ("accuse", "accuse", 0.9),
    ("give", "commit", 0.65), ("let", "commit", 0.6), ("pay", "commit", 0.6),
    ("sell", "commit", 0.6), ("lend", "commit", 0.6), ("give", "concede", 0.5),
    ("threat", "warn", 0.7), ("commit", "concede", 0.4),
):  # fmt: skip
    _GROUP_FIT[_a, _b] = _GROUP_FIT[_b, _a] = _value


def _group(relation: Relation) -> str:
    sense = SENSES.get(relation.predicate)
    return sense.group if sense else relation.kind


def _fit(question: Relation, stated: Relation) -> float:
    """How well a stated relation's predicate fits the one asked for, 0 to 1."""
    if question.predicate == stated.predicate:
        return 1.0
    mine, theirs = _group(question), _group(stated)
    if mine == theirs:
        return 0.9
    return _GROUP_FIT.get((mine, theirs), 0.0)


_Keys = dict[str, float]
_THING = "thing:"  # the key of what is no party


def _overlap(a: _Keys, b: _Keys) -> float:
    """How surely two noun phrases mean the same party, 0 to 1."""
    named_a = {k for k in a if is_name(k)}
    named_b = {k for k in b if is_name(k)}
    best = max((min(a[k], b[k]) for k in named_a & named_b), default=0.0)
    if best or (named_a and named_b):
        return best
    return max((min(a[k], b[k]) for k in a.keys() & b.keys()), default=0.0)


def _differ(a: _Keys, b: _Keys, persons: frozenset[str], doers: bool = False) -> bool:
    """Whether two noun phrases surely mean different parties.

    A person and a body may be one party, unless it is known for whom the person speaks.
    """
    if _THING in a or _THING in b:
        return a.keys() != b.keys()
    if doers and a and b and not any(is_name(k) for k in (*a, *b)):
        # Two common nouns; only a vague one ("the company") may be the other.
        vague = any(k[2:] in KINDS or k[2:] in TITLES for k in (*a, *b))
        return not vague and not a.keys() & b.keys()
    named_a = {k for k, w in a.items() if is_name(k) and w >= 0.8}
    named_b = {k for k, w in b.items() if is_name(k) and w >= 0.8}
    if not named_a or not named_b or _overlap(a, b):
        return False
    return (named_a <= persons) == (named_b <= persons)


def direction(question: Parsed, sentence: Parsed, context: Context) -> Direction:
    """Compare who does what to whom in ``sentence`` with what ``question`` asks.

    REVERSED only where the sentence states a relation of the kind asked for with the parties
    changed over, and no reading of it has them the right way round; UNKNOWN where it states none
    between them.
    """
    asked = relation_of(question)
    if asked is None:
        return Direction(Verdict.UNKNOWN, reasons.NO_RELATION_ASKED)
    found = _compare(question, asked, sentence, context)
    if found.verdict is Verdict.REVERSED and _asks_both_ways(question):
        return replace(
            found,
            verdict=Verdict.UNKNOWN,
            reason=reasons.TWO_QUESTIONS,
            strength=0.0,
        )
    return found


def _asks_both_ways(question: Parsed) -> bool:
    """Whether the question is two ("… and what does B want in exchange?") or of both sides."""
    low = [t.lower for t in question.tokens]
    text = question.text.lower()
    second = any(a in ("and", "or") and b in _WH for a, b in pairwise(low))
    return second or any(w in text for w in ("each other", "one another", "vice versa"))


def _compare(question: Parsed, asked: Relation, sentence: Parsed, context: Context) -> Direction:
    aliases = context.aliases
    mine = {
        role: aliases.keys(party, question=True)
        for role, party in (("agent", asked.agent), ("counterpart", asked.counterpart))
        if party is not None
    }
    for role, other in (("agent", "counterpart"), ("counterpart", "agent")):
        party = asked.agent if role == "agent" else asked.counterpart
        if party is None or other not in mine:
            continue
        if is_relational(party) and party.core[0].tag == "PRP$":
            mine[role].update({"o:" + k: w for k, w in mine[other].items() if is_name(k)})
        elif party.is_pronoun:
            # "What do A's partners expect from it?"
            mine[role].update({k[2:]: w for k, w in mine[other].items() if k[:2] == "o:"})
            partner = asked.counterpart if role == "agent" else asked.agent
            if partner is not None:
                own = after_possessive(partner.core)
                owner = partner.core[: len(partner.core) - len(own)]
                mine[role].update(aliases.named(owner, True))
    best: dict[Verdict, tuple[float, float, Relation]] = {}
    doubtful: list[Relation] = []
    stranger: Relation | None = None
    fitting = [(r, fit) for r in relations_in(sentence) if (fit := _fit(asked, r))]
    beside = _side_by_side(mine, [r for r, _ in fitting], sentence, context)
    for stated, fit in fitting:
        elsewhere = beside or _does_something_else(mine, stated, sentence, context)
        same, reverse = _scores(mine, stated, sentence, context, elsewhere)
        if fit > 0.6 and not same and _unresolved(stated, sentence, context):
            doubtful.append(stated)
        if same == reverse == 0:
            stranger = stranger or (stated if fit > 0.8 else None)
        for verdict, score in ((Verdict.SAME, same), (Verdict.REVERSED, reverse)):
            value = score * fit * stated.certainty
            if value > best.get(verdict, (0.0,))[0]:
                best[verdict] = (value, fit, stated)
    same_value, same_fit, same_as = best.get(Verdict.SAME, (0.0, 0.0, None))
    reverse_value, reverse_fit, reverse_of = best.get(Verdict.REVERSED, (0.0, 0.0, None))
    # A sentence may state both ("A asked B to …; B asked A to …"); then it answers.
    both = (
        same_as is not reverse_of
        and same_fit >= reverse_fit - 0.15
        and same_value >= 0.5 * reverse_value
    )
    # A tie goes to the same way: a wrong REVERSED costs an answer.
    if same_as is not None and same_value >= 0.2 and (same_value >= reverse_value or both):
        whole = _scores(mine, same_as, sentence, context, True)[0] > 0
        same_as = _as_matched(mine, same_as, sentence, context)
        reason = reasons.for_same(question, asked, same_as, whole)
        return _verdict(Verdict.SAME, reason, same_value, asked, same_as)
    if reverse_of is not None and reverse_value >= 0.2 and all(d is reverse_of for d in doubtful):
        whole = _scores(mine, reverse_of, sentence, context, True)[1] > 0
        reason = reasons.for_reversed(question, asked, reverse_of, whole)
        return _verdict(Verdict.REVERSED, reason, reverse_value, asked, reverse_of)
    reason = reasons.NO_RELATION_STATED
    doers = [_resolved(r.agent, r.counterpart, sentence, context)[0] for r, _ in fitting]
    doer = _plain_keys(stranger.agent, context.aliases) if stranger is not None else {}
    named = any(is_name(k) for k in doer)  # "the bank" may be the one asked for
    if named and not any(_overlap(mine.get("agent", {}), d or {}) for d in doers):
        assert stranger is not None
        reason = reasons.for_another(question, asked, stranger)
    another = reason != reasons.NO_RELATION_STATED and _is_another(asked, stranger, sentence)
    return replace(_verdict(Verdict.UNKNOWN, reason, 0.0, asked, stranger), another=another)


def _is_another(asked: Relation, stranger: Relation | None, sentence: Parsed) -> bool:
    """Whether who does it is surely not who is asked about: both by name, of one sort, neither a
    short form of the other, and the one asked about nowhere in the sentence."""
    if asked.agent is None or stranger is None or stranger.agent is None:
        return False
    ours, theirs = asked.agent, stranger.agent
    mine, other = _name_of(ours), _name_of(theirs)
    if not mine or not other:
        return False
    # A person may speak for a body, and a body be called by its head's name; and anybody may speak
    # for the country that is asked about.
    if (ours.head.ent_type == "PERSON") != (theirs.head.ent_type == "PERSON"):
        return False
    whole = tuple(fold(t.text) for t in ours.core if t.lower != "the")
    if whole in COUNTRY and tuple(other) not in COUNTRY:
        return False
    there = {fold(token.text) for token in sentence.tokens}
    if there & set(mine) or set(mine) & set(other):
        return False
    one, two = "".join(mine), "".join(other)
    short, long = sorted((one, two), key=len)
    return not long.startswith(short) and not (len(short) <= 4 and _within(short, long))


def _name_of(party: Party) -> list[str]:
    """The words of its name, folded; none where it has none."""
    named = [t for t in party.core if t.pos == "PROPN" or t.text[:1].isupper()]
    return [word for t in named if (word := fold(t.text)) and t.lower not in ("the", "a", "an")]


def _within(short: str, long: str) -> bool:
    """Whether its letters stand in the other in that order, the first at its beginning: VW."""
    letters = iter(long)
    return short[:1] == long[:1] and all(letter in letters for letter in short)


def _unresolved(stated: Relation, sentence: Parsed, context: Context) -> bool:
    """Whether who acts is a pronoun that could be anybody's."""
    if stated.agent is None or not stated.agent.is_pronoun:
        return False
    if stated.agent.head.lower in PERSONAL:
        return True  # names don't tell their gender
    keys, _ = _resolved(stated.agent, stated.counterpart, sentence, context)
    return not keys


def _verdict(
    verdict: Verdict, reason: str, strength: float, asked: Relation, stated: Relation | None
) -> Direction:
    return Direction(
        verdict,
        reason,
        round(min(1.0, strength), 3),
        asked.agent.text if asked.agent else None,
        asked.counterpart.text if asked.counterpart else None,
        stated.agent.text if stated and stated.agent else None,
        stated.counterpart.text if stated and stated.counterpart else None,
    )


def _side_by_side(
    mine: Mapping[str, _Keys], fitting: Sequence[Relation], sentence: Parsed, context: Context
) -> bool:
    """Whether both parties do it, each in its own clause ("Boeing delivered 44, Airbus 53"), or it
    is done to both ("A and B were sued by the heirs")."""
    if len(mine) < 2 or len(fitting) < 2:
        return False
    resolved = [_resolved(r.agent, r.counterpart, sentence, context) for r in fitting]
    return any(
        all(any(_overlap(keys, pair[end] or {}) for pair in resolved) for keys in mine.values())
        for end in (0, 1)
    )


def _does_something_else(
    mine: Mapping[str, _Keys], stated: Relation, sentence: Parsed, context: Context
) -> bool:
    """Whether the party that the relation leaves open is the subject of a clause beside it: "A was
    fined in May, and B has sold its stake". What B says or answers may well be of A's relation."""
    if len(mine) < 2 or (stated.agent is not None and stated.counterpart is not None):
        return False
    at = next((t for t in sentence.tokens if t.start == stated.at), None)
    if at is None:
        return False
    over = {at.index, *(t.index for t in sentence.ancestors(at.index))}
    for token in sentence.tokens:
        if token.dep not in ("nsubj", "nsubjpass") or token.head in over:
            continue
        verb = sentence.tokens[token.head]
        inside = any(t.index == at.index for t in sentence.ancestors(verb.index))
        if verb.pos not in ("VERB", "AUX") or (inside and verb.dep not in ("conj", "relcl")):
            continue
        if _lemma(verb) in _SAYING | THINK | REACT | {"want", "have", "be"}:
            continue
        keys = context.aliases.keys(party_at(sentence, token))
        known = [p for p in (stated.agent, stated.counterpart) if p is not None]
        if any(_overlap(keys, context.aliases.keys(p)) for p in known):
            continue
        if any(_overlap(keys, m) for m in mine.values()):
            return True
    return False


def _scores(
    mine: Mapping[str, _Keys],
    stated: Relation,
    sentence: Parsed,
    context: Context,
    beside: bool = False,
) -> tuple[float, float]:
    """How well the parties fit as asked, and how well the other way round, each 0 to 1.

    Only the first reading of the counterpart may leave one of the parties open, and none if
    ``beside``, that is if each of the two does it to somebody.
    """
    targets = [p for p in (stated.counterpart, *stated.others) if p is not None]
    best = (0.0, 0.0)
    options: list[Party | None] = [*targets] or [None]
    for target in options:
        agent_keys, target_keys = _resolved(stated.agent, target, sentence, context)
        whole = beside or target is not stated.counterpart
        same, reverse = _score_pair(mine, agent_keys, target_keys, context.aliases.persons, whole)
        if target is not stated.counterpart:
            same, reverse = 0.8 * same, 0.8 * reverse
        best = (max(best[0], same), max(best[1], reverse))
    return best


def _as_matched(
    mine: Mapping[str, _Keys], stated: Relation, sentence: Parsed, context: Context
) -> Relation:
    """The relation with the counterpart that the question means, of several that it may have."""
    wanted = mine.get("counterpart", {})
    for target in (stated.counterpart, *stated.others):
        if target is not None:
            keys = _resolved(stated.agent, target, sentence, context)[1]
            if _overlap(wanted, keys or {}):
                return replace(stated, counterpart=target)
    return replace(stated, counterpart=None) if wanted else stated


def _score_pair(
    mine: Mapping[str, _Keys],
    agent: _Keys | None,
    target: _Keys | None,
    persons: frozenset[str],
    whole: bool = False,
) -> tuple[float, float]:
    qa, qc = mine.get("agent"), mine.get("counterpart")
    sa, sc = agent or {}, target or {}
    if qa is not None and qc is not None:
        same_clash = _differ(qa, sa, persons, True), _differ(qc, sc, persons)
        reverse_clash = _differ(qc, sa, persons, True), _differ(qa, sc, persons)
        return (
            _both(_overlap(qa, sa), _overlap(qc, sc), *same_clash, whole),
            _both(_overlap(qc, sa), _overlap(qa, sc), *reverse_clash, whole),
        )
    if qa is not None:
        same = _overlap(qa, sa)
        return 0.8 * same, 0.0 if same or _alike(qa, sa) else 0.6 * _overlap(qa, sc)
    if qc is not None:
        same = _overlap(qc, sc)
        turned = sc and not same and not _alike(qc, sc)
        return 0.8 * same, 0.6 * _overlap(qc, sa) if turned else 0.0
    return 0.0, 0.0


def _alike(one: _Keys, other: _Keys) -> bool:
    """Whether both may be one common noun ("the government"), whosever it is taken for, unless
    each says whose it is."""
    if all(any(is_name(k) and w >= 0.95 for k, w in keys.items()) for keys in (one, other)):
        return False
    return any(not is_name(key) for key in one.keys() & other.keys())


def _both(
    agent: float, other: float, agent_differs: bool, other_differs: bool, whole: bool
) -> float:
    if agent and other:
        return (agent + other) / 2
    if whole:
        return 0.0
    if agent and not other_differs:
        return 0.7 * agent
    if other and not agent_differs:
        return 0.55 * other
    return 0.0


# ---------------------------------------------------------------------------- pronouns


def _resolved(
    agent: Party | None, target: Party | None, sentence: Parsed, context: Context
) -> tuple[_Keys | None, _Keys | None]:
    """Keys of both parties; a pronoun is read as the nearest fitting subject that is not the
    other party."""
    aliases = context.aliases
    agent_keys = _plain_keys(agent, aliases)
    target_keys = _plain_keys(target, aliases)
    if target is not None and _is_thing(target, target_keys):
        target_keys = {_THING: 1.0}
    if agent is not None and _points_back(agent, agent_keys):
        taken = target_keys if target is not None and not _points_back(target, target_keys) else {}
        agent_keys = _antecedent(agent, sentence, context, taken)
    if target is not None and _points_back(target, target_keys):
        others = _other_party(target, agent_keys, sentence, context)
        target_keys = others or _antecedent(target, sentence, context, agent_keys)
    return (agent_keys if agent else None), (target_keys if target else None)


def _plain_keys(party: Party | None, aliases: Aliases) -> _Keys:
    return aliases.keys(party) if party is not None else {}


def _is_thing(party: Party, keys: _Keys) -> bool:
    """Whether it is nobody: a bare noun in the singular ("inflation", "money")."""
    named = any(is_name(k) for k in keys)
    head = party.head
    if named or head.dep == "appos":
        return False
    if party.core[0].tag == "PRP$" and len(party.core) > 1:
        return head_noun(head) not in ANIMATE  # its economy, their forecast
    return head.tag == "NN" and len(party.core) == 1


def _points_back(party: Party, keys: _Keys) -> bool:
    if party.is_pronoun:
        return True
    if any(is_name(k) for k in keys):
        return False
    noun = head_noun(party.head)
    definite = party.core[0].lower in ("the", "its", "their", "his", "her", "this", "that")
    return definite and (
        (noun in KINDS and noun not in INSTITUTIONS)
        or noun in RELATIONAL
        or noun in TITLES
        or (party.core[0].tag == "PRP$")
    )


def _antecedent(party: Party, sentence: Parsed, context: Context, taken: _Keys) -> _Keys:
    personal = party.is_pronoun and party.head.lower in PERSONAL
    impersonal = (party.is_pronoun and party.head.lower in IMPERSONAL) or not party.is_pronoun
    own = {}
    if not party.is_pronoun:
        own = {k: w for k, w in context.aliases.keys(party).items() if k.startswith("n:")}
    many = party.is_pronoun and party.head.lower in PLURAL
    for weight, keys, several in _candidates(party, sentence, context, many):
        if _overlap(keys, taken):
            continue
        is_person = bool(keys.keys() & context.aliases.persons)
        named = [k for k in keys if is_name(k)]
        if personal and not is_person and (" " in "".join(named) or set(named) & PLACES):
            continue
        if (personal or impersonal) and not named:
            continue
        if many and is_person and not several:
            continue  # they, them: not one person
        if impersonal and is_person:
            keys = {k: w for k, w in keys.items() if k not in context.aliases.persons}
            if not keys:
                continue
        return {**{k: min(w, weight) for k, w in keys.items()}, **own}
    return own


def _candidates(
    party: Party, sentence: Parsed, context: Context, many: bool = False
) -> Iterator[tuple[float, _Keys, bool]]:
    """Whom a pronoun may stand for, the likeliest first: how likely, the keys, whether several.

    Args:
        many: whether it stands for several; then a common noun in the plural will do.
    """
    aliases = context.aliases
    here = party.head.index
    governing = [a.index for a in sentence.ancestors(here)]
    subjects = [t for t in sentence.tokens if t.dep in ("nsubj", "nsubjpass") and t.index < here]
    subjects.sort(key=lambda t: governing.index(t.head) if t.head in governing else 99 - t.index)
    for weight, parsed, found in [(0.75, sentence, subjects)] + [
        (0.65 - 0.1 * back, before, _salient(before))
        for back, before in enumerate(reversed(context.previous[-3:]))
    ]:
        for token in found:
            candidate = party_at(parsed, token)
            if candidate.is_pronoun or (token.index == here and parsed is sentence):
                continue
            keys = aliases.keys(candidate)
            several = token.tag in ("NNS", "NNPS") or bool(parsed.children(token.index, "conj"))
            if many and token.tag == "NNS":
                pass
            elif candidate.core[0].lower != "the" or len(keys) > 1:
                keys = {k: w for k, w in keys.items() if is_name(k)}
            if keys:
                yield weight, keys, several


def _salient(parsed: Parsed) -> list[Token]:
    """The subjects of a sentence, that of its root first, then its objects."""
    root = parsed.root
    subjects = [t for t in parsed.tokens if t.dep in ("nsubj", "nsubjpass")]
    subjects.sort(key=lambda t: (root is None or t.head != root.index, t.index))
    return subjects + [t for t in parsed.tokens if t.dep in ("dobj", "pobj", "dative", "poss")]


def _other_party(target: Party, agent: _Keys, sentence: Parsed, context: Context) -> _Keys:
    """ "its partners", "its former partner": a party other than the one they belong to."""
    if not is_relational(target):
        return {}
    for weight, keys, _ in _candidates(target, sentence, context):
        if not _overlap(keys, agent):
            return {k: min(w, 0.8 * weight) for k, w in keys.items()}
    return {}


# ---------------------------------------------------------------------------- attribution

_SAYING = word_set(
    "say tell report add warn announce claim argue insist note stress state explain write declare "
    "confirm admit acknowledge deny allege suggest estimate believe comment reply respond caution "
    "concede quote reveal testify recall predict"
)


def speaker(sentence: Parsed) -> Speaker | None:
    """To whom a sentence gives its words ("X said", "according to X"), in the sentence's words;
    None where it names nobody."""
    for token in sentence.tokens:
        if token.lower == "according":
            for prep in sentence.children(token.index, "prep"):
                for inner in sentence.children(prep.index, "pobj"):
                    return _as_speaker(sentence, inner)
    said = [t for t in sentence.tokens if t.pos == "VERB" and t.lemma.lower() in _SAYING]
    root = sentence.root
    said.sort(key=lambda t: (root is None or t.index != root.index, t.index))
    for verb in said:
        subject, passive = _subject(sentence, verb)
        if subject is not None and not passive and subject.lower not in ("which", "that", "what"):
            return _as_speaker(sentence, subject)
    return None


def _as_speaker(sentence: Parsed, head: Token) -> Speaker:
    """The noun phrase with its apposition, without relative clauses."""
    left = [
        t
        for c in sentence.children(head.index)
        if c.index < head.index
        for t in sentence.subtree(c.index)
    ]
    members = [head, *left]
    for child in sentence.children(head.index):
        if child.index > head.index and child.dep in (
            "prep",
            "appos",
            "conj",
            "cc",
            "compound",
            "nummod",
        ):
            members.extend(sentence.subtree(child.index))
    start, end = sentence.span(members)
    text = sentence.text[start:end]
    trimmed = text.strip(' ,;“”"—–-')
    start += text.index(trimmed)
    return Speaker(trimmed, start, start + len(trimmed))


# ---------------------------------------------------------------------------- statements


def stated(claim: Parsed, sentence: Parsed, context: Context) -> Direction | None:
    """As :func:`direction`, of a statement: whether ``sentence`` has the relations of ``claim`` the
    same way round. ``None`` where the claim states none between two parties; REVERSED where any of
    them is."""
    found: Direction | None = None
    for relation in relations_in(claim):
        if relation.agent is None or relation.counterpart is None:
            continue
        compared = _compare(claim, relation, sentence, context)
        if compared.verdict is Verdict.REVERSED:
            return compared
        found = found or compared
    return found
