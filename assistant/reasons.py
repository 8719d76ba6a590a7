"""Why a sentence was taken or left, in a line for a person: "The report says what France expects
from Italy, not what Italy expects from France."

The line is made of the question's own words: its parties as it calls them, its verb, tense and
prepositions, put in the order of a statement. So it names what was asked, whatever words the
report has for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from assistant.language import Parsed, Token
from assistant.parties import COUNTRY, TITLES, Party, fold, head_noun, word_set
from assistant.relations import FORMS, NOMINAL_FORMS, NOMINALS, Relation, nominal_preps, sense_of
from assistant.wording import gerund, participle, past, third_person

_MODALS = word_set("will would can could should must may might shall")
_ASIDE = word_set("not n't n’t now still also ever already really actually currently recently")
_PREPS = word_set("of from to for on upon against with over about into at in")
_ARTICLES = word_set("the a an")
_PLURAL = word_set("police people staff they we you both")
_SINGULAR_NAMES = word_set("netherlands philippines maldives emirates states nations")
_PLACEHOLDERS = word_set("it they them he she him her")


@dataclass(frozen=True, slots=True)
class _Clause:
    """A question's relation, to be said of any two parties in the order of a statement.

    Attributes:
        asks: what opens it: "what", "whom", "how much", "that".
        lemma: of the verb; its second part where one verb leads to another is in ``then``.
        then: "to sell", "buying": what follows the first verb.
        tense: "present", "past", "perfect", "pluperfect", "progressive", "was", or a modal verb.
        negated: whether the question denies it.
        prep: what leads to the party at the other end; may be empty.
        tail: "to do" or the preposition that the question ends in.
    """

    asks: str
    lemma: str
    then: str
    tense: str
    negated: bool
    prep: str
    tail: str

    def say(self, subject: str, plural: bool, other: str) -> str:
        """ "what France expects from Italy"; without an ``other``, "what France expects"."""
        words = [self.asks, subject, self.verb(plural)]
        words += [self.prep, other, self.tail] if other else []
        return " ".join(w for w in words if w)

    def doing(self) -> str:
        """ "suing", also for "threatened to sue"."""
        to, _, verb = self.then.partition(" ")
        return gerund(verb) if to == "to" else self.then or gerund(self.lemma)

    def verb(self, plural: bool) -> str:
        first, *rest = self._inflected(plural).split(" ")
        if self.negated:
            if self.tense in ("present", "past"):
                do = "did" if self.tense == "past" else "do" if plural else "does"
                first, rest = do, ["not", self.lemma]
            else:
                rest = ["not", *rest]
        return " ".join([first, *rest, *([self.then] if self.then else [])])

    def _inflected(self, plural: bool) -> str:
        if self.tense == "present":
            return self.lemma if plural else third_person(self.lemma)
        if self.tense == "past":
            return past(self.lemma)
        if self.tense == "perfect":
            return f"{'have' if plural else 'has'} {participle(self.lemma)}"
        if self.tense == "pluperfect":
            return f"had {participle(self.lemma)}"
        if self.tense == "progressive":
            return f"{'are' if plural else 'is'} {gerund(self.lemma)}"
        if self.tense == "was":
            return f"{'were' if plural else 'was'} {gerund(self.lemma)}"
        return f"{self.tense} {self.lemma}"


def for_reversed(question: Parsed, asked: Relation, stated: Relation, whole: bool) -> str:
    """Why a sentence that has the parties the other way round is no answer.

    Args:
        whole: whether the sentence names both parties; else only what it names is said of it.
    """
    if any(p is not None and _is_adjective(p) for p in (asked.agent, asked.counterpart)):
        return _TURNED  # "European expectations": no name to make a statement of
    noun = _noun(question, asked)
    if noun and asked.agent is not None and asked.counterpart is not None:
        a, b = called(question, asked.agent), called(question, asked.counterpart)
        prep = _noun_prep(question, asked)
        mine, theirs = f"{_possessive(a)} {noun} {prep} {b}", f"{_possessive(b)} {noun} {prep} {a}"
        return f"The report speaks of {theirs}, not of {mine}."
    clause = None if noun else _clause(question, asked)
    subject, other = _in_order(asked)
    if clause is None:
        return _TURNED
    if subject is not None and other is not None:
        owner = _possessor(question, other) if head_noun(other.head) in TITLES else ""
        if whole and not owner:
            said = _say(question, clause, other, subject)
            return f"The report says {said}, not {_say(question, clause, subject, other)}."
        doing, name = clause.doing(), called(question, subject)
        if sense_of(asked.predicate).converse:
            if stated.counterpart is None:
                return _TURNED
        elif stated.agent is None:
            return f"In the report {name} is at the receiving end of the {doing}."
        # "Spain's ambassador": it is Spain that summons.
        doer = owner or called(question, other)
        if doer in _PLACEHOLDERS:
            return _TURNED
        do = "do" if not owner and _is_plural(question, other) else "does"
        return f"In the report it is {doer} that {do} the {doing}, not {name}."
    party = subject or other
    if party is None or clause.asks not in ("who", "whom"):
        return _TURNED
    name = called(question, party)
    verb = clause.verb(_is_plural(question, party))
    does = " ".join(w for w in ("whom", name, verb, clause.prep) if w)
    done = " ".join(w for w in ("who", clause.verb(False), clause.prep, name) if w)
    mine, theirs = (does, done) if other is None else (done, does)
    return f"The report says {theirs}, not {mine}."


_TURNED = "The report has it the other way round."


def _is_adjective(party: Party) -> bool:
    head = party.head
    return head.tag == "JJ" and ((fold(head.text),) in COUNTRY or head.ent_type == "NORP")


def _possessor(question: Parsed, party: Party) -> str:
    at = next((i for i, t in enumerate(party.core) if t.tag == "POS"), 0)
    return question.text[party.core[0].start : party.core[at - 1].end] if at else ""


def for_same(question: Parsed, asked: Relation, stated: Relation, whole: bool) -> str:
    """Why a sentence fits: what the question asks, and under which names it has the parties."""
    noun = _noun(question, asked)
    clause = None if noun else _clause(question, asked)
    subject, other = _in_order(asked)
    text = "The report says what the question asks"
    if noun and asked.agent is not None and asked.counterpart is not None:
        owner, target = called(question, asked.agent), called(question, asked.counterpart)
        if not _is_adjective(asked.agent):
            prep = _noun_prep(question, asked)
            text = f"The report speaks of {_possessive(owner)} {noun} {prep} {target}"
    elif clause is not None and subject is not None and other is not None:
        if not whole:
            return "The report fits the question, as far as it names the parties."
        text = f"The report says {_say(question, clause, subject, other)}"
    elif clause is not None and subject is not None:
        text = f"The report says {_say(question, clause, subject, None)}"
        text += f" {clause.prep}" if clause.prep else ""
    elif clause is not None and other is not None and clause.asks == "who":
        words = ("who", clause.verb(False), clause.prep, called(question, other))
        text = f"The report says {' '.join(w for w in words if w)}"
    names = _other_names(question, asked, stated)
    return f"{text} ({names})." if names else f"{text}."


def for_another(question: Parsed, asked: Relation, stated: Relation) -> str:
    """What a sentence has instead: somebody else does it."""
    if asked.agent is None or stated.agent is None or stated.agent.is_pronoun:
        return NO_RELATION_STATED
    if sense_of(asked.predicate).converse or sense_of(stated.predicate).converse:
        return NO_RELATION_STATED
    do = "do" if stated.agent.head.tag == "NNS" else "does"
    doing, name = gerund(stated.predicate), called(question, asked.agent)
    doer = stated.agent.text
    # Of another first word it is not sure that it is no name: taggers slip there.
    if doer.startswith(("The ", "A ", "An ", "Its ", "Their ", "His ", "Her ")):
        doer = doer[:1].lower() + doer[1:]
    return f"In the report it is {doer} that {do} the {doing}, not {name}."


NO_RELATION_ASKED = "The question asks for no relation between parties."
NO_RELATION_STATED = "The sentence states no such relation between these parties."
TWO_QUESTIONS = "The question asks more than one thing."


def called(question: Parsed, party: Party) -> str:
    """A party as the question calls it, with its article."""
    text = party.text
    for ending in ("'s", "’s", "'", "’"):
        if text.endswith(ending):
            text = text[: -len(ending)]
            break
    before = next((t for t in reversed(question.tokens) if t.end <= party.start), None)
    if before is not None and before.lower in _ARTICLES:
        return f"{before.lower} {text}"
    return text


def _possessive(name: str) -> str:
    return name + ("'" if name.endswith("s") and not name.isupper() else "'s")


def _in_order(asked: Relation) -> tuple[Party | None, Party | None]:
    """The parties as subject and object of the predicate."""
    if sense_of(asked.predicate).converse:
        return asked.counterpart, asked.agent
    return asked.agent, asked.counterpart


def _say(question: Parsed, clause: _Clause, subject: Party | None, other: Party | None) -> str:
    assert subject is not None
    name = called(question, subject)
    return clause.say(name, _is_plural(question, subject), called(question, other) if other else "")


def _is_plural(question: Parsed, party: Party) -> bool:
    head = party.head
    if any(t.lower == "and" for t in party.core) or head.lower in _PLURAL or head.tag == "NNS":
        return True
    # "the Houthis are", but "Norvik Motors is" and "the Netherlands is".
    several = head.lower.endswith("s") and head.lower not in _SINGULAR_NAMES
    people = COUNTRY.get((head.lower,)) is not None or head.ent_type == "NORP"
    article = called(question, party).startswith("the ") and head.tag == "NNPS"
    return several and (article or (people and head.tag in ("NNPS", "NNP") and head.lower != "us"))


def _other_names(question: Parsed, asked: Relation, stated: Relation) -> str:
    """The sentence's words for the parties, where they are others than the question's."""
    names = []
    for mine, theirs in ((asked.agent, stated.agent), (asked.counterpart, stated.counterpart)):
        if mine is not None and theirs is not None:
            wanted = {fold(t.text) for t in mine.core} - {""}
            if not wanted <= {fold(t.text) for t in (*theirs.core, *theirs.apposed, *theirs.of)}:
                names.append(f"{called(question, mine)}: “{theirs.text}”")
    return ", ".join(names)


# ---------------------------------------------------------------------------- the question's words


def _at(question: Parsed, asked: Relation) -> int | None:
    return next((t.index for t in question.tokens if t.start == asked.at), None)


def _lemma(token: Token) -> str:
    return FORMS.get(token.lower) or token.lemma.lower()


def _noun(question: Parsed, asked: Relation) -> str:
    """The noun that carries the question's relation ("demands"); empty where a verb does."""
    at = _at(question, asked)
    verb = question.tokens[at] if at is not None else None
    if (verb is not None and verb.lower not in NOMINAL_FORMS) or (verb and verb.pos == "VERB"):
        same = verb is not None and _lemma(verb) == asked.predicate.partition(" ")[0]
        if same:
            return ""
    for token in question.tokens:
        noun = NOMINAL_FORMS.get(token.lower)
        if noun is not None and NOMINALS[noun] == asked.predicate and token.pos != "VERB":
            return token.lower
    return ""


def _noun_prep(question: Parsed, asked: Relation) -> str:
    party = asked.counterpart
    prep = _prep_before(question, party) if party is not None else ""
    wanted = nominal_preps(sense_of(asked.predicate))
    return prep if prep in wanted else wanted[0] if wanted else "to"


def _prep_before(question: Parsed, party: Party) -> str:
    before = [t for t in question.tokens if t.end <= party.start]
    while before and before[-1].lower in _ARTICLES:
        before.pop()
    word = before[-1].lower if before else ""
    return word if word in _PREPS or word == "that" else ""


def _clause(question: Parsed, asked: Relation) -> _Clause | None:
    """The question's words, taken apart; None where they make no plain clause."""
    at = _at(question, asked)
    if at is None or question.tokens[at].pos not in ("VERB", "AUX", "NOUN", "ADJ", "PROPN"):
        return None
    tokens = question.tokens
    first, lemma, then = at, _lemma(tokens[at]), ""
    base, _, particle = asked.predicate.partition(" ")
    if tokens[at].strange:
        lemma = base  # a slip of the finger
    elif lemma != base and asked.kind != "takeover":
        return None
    if particle and at + 1 < len(tokens) and tokens[at + 1].lower == particle:
        lemma = f"{lemma} {particle}"
    if at >= 2 and tokens[at - 1].lower == "to" and tokens[at - 2].pos in ("VERB", "NOUN"):
        first, then = at - 2, f"to {lemma}"
    elif tokens[at].tag == "VBG" and at >= 1 and tokens[at - 1].pos == "VERB":
        first, then = at - 1, gerund(lemma)
    elif tokens[at].tag == "VBG" and at >= 1 and tokens[at - 1].lower in _PREPS:
        return None  # "accused of copying": who does it is not who is the subject
    if then:
        lemma = _lemma(tokens[first])
    spoken = _tense(tokens, first)
    if spoken is None:
        return None
    tense, passive = spoken
    subject, other = _in_order(asked)
    prep = _prep_before(question, other) if other is not None else ""
    if particle and prep == particle:
        prep = ""
    elif prep and other is not None and not passive:
        prep = f"{_thing(tokens, at, other, prep)} {prep}".strip()
    if passive and then:
        return None
    if subject is not None and other is not None and passive and prep in ("by", ""):
        prep = ""
    asks = _asks(tokens)
    if asks == "who" and subject is not None:
        asks = "whom"
    tail = _tail(question, asked, at)
    if other is None and asks in ("who", "whom"):
        prep, tail = (tail if tail in _PREPS else ""), ""
    elif asks == "that" and tail == "to do":
        tail = "to do something"
    elif asks == "that":
        tail = ""
    if prep == "that" and tail != "do":
        tail = "do"
    negated = any(t.lower in ("not", "n't", "n’t") for t in tokens[:first])
    return _Clause(asks, lemma, then, tense, negated, prep, tail)


def _thing(tokens: Sequence[Token], at: int, other: Party, prep: str) -> str:
    """What stands between the verb and the preposition: "asylum" of "granted asylum to B"."""
    to = next((t.index for t in reversed(tokens) if t.end <= other.start and t.lower == prep), at)
    between = tokens[at + 1 : to]
    plain = all(t.text.islower() and t.pos in ("NOUN", "ADJ", "DET") for t in between)
    return " ".join(t.text for t in between) if plain and len(between) <= 3 else ""


def _tense(tokens: Sequence[Token], first: int) -> tuple[str, bool] | None:
    """The tense of the verb at ``first`` and whether it is passive."""
    verb = tokens[first]
    before = [t.lower for t in tokens[:first]]
    aux = next((w for w in before if w in _MODALS or w in _AUXILIARY), None)
    been = any(w in ("be", "been", "being") for w in before)
    if aux is None:
        return ("past" if verb.tag == "VBD" else "present"), False
    if aux in _MODALS:
        return aux, been
    if aux in ("do", "does"):
        return "present", False
    if aux == "did":
        return "past", False
    if aux in ("has", "have"):
        return "perfect", been and verb.tag != "VBG"
    if aux == "had":
        return "pluperfect", been
    passive = not verb.lower.endswith("ing")
    if aux in ("is", "are", "'s", "’s"):
        return ("present" if passive and "being" not in before else "progressive"), passive
    return ("past" if passive else "was"), passive


_AUXILIARY = word_set("do does did has have had is are was were 's ’s")


def _asks(tokens: Sequence[Token]) -> str:
    """What a statement of the question opens with."""
    low = [t.lower for t in tokens]
    if not low or low[0] not in ("what", "which", "who", "whom", "how"):
        return "that"
    if low[0] in ("what", "which"):
        # "which company": as likely a party as a thing.
        return "what"
    if low[0] == "how":
        if len(low) < 2 or low[1] not in ("much", "many"):
            return "that"
        end = next((i for i, w in enumerate(low) if w in _MODALS | _AUXILIARY), 2)
        return " ".join(low[: max(2, min(end, 5))])
    return low[0] if low[0] == "whom" else "who"


def _tail(question: Parsed, asked: Relation, at: int) -> str:
    """What the question leaves open behind its parties: "to do", or a last preposition."""
    inside = set()
    for party in (asked.agent, asked.counterpart):
        if party is not None:
            inside |= {t.index for t in question.tokens if party.start <= t.start < party.end}
    rest = [
        t
        for t in question.tokens[at + 1 :]
        if t.index not in inside and t.lower not in _ASIDE and any(c.isalnum() for c in t.text)
    ]
    for token, after in pairwise(rest):
        infinitive = after.index == token.index + 1 and after.pos in ("VERB", "AUX")
        if token.lower == "to" and infinitive and after.text.islower():
            return "to do"
    if not rest:
        return ""
    if rest[-1].lower == "do":
        return "do"
    for token, following in zip_longest(rest, rest[1:]):
        ahead = [t for t in question.tokens[token.index + 1 :] if t.lower not in _ARTICLES]
        leads = bool(ahead) and ahead[0].index in inside  # to a party
        if token.lower in _PREPS and (following is None or (following.lower == "by" and not leads)):
            return "" if leads else token.lower
    return ""
