"""What is done to whom: the verbs and nouns that state a relation, and how each arranges its
parties.

Tables and the forms derived from them; nothing here reads a sentence. A verb that stands in no
table is no stranger: it is read as a transitive verb is, by :func:`any_verb`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.parties import Party, word_set


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation in normal form.

    Attributes:
        kind: the family of predicates: ``demand``, ``accuse``, ``transfer``, ``commit``… or
            ``verb:<lemma>`` for a verb of no family.
        predicate: lemma of the verb or noun that states it.
        agent: who expects, accuses, gives, promises; None where it isn't said.
        counterpart: from, of, to or against whom; None where it isn't said.
        certainty: 0 to 1, how surely the grammar says so.
        others: further candidates for the counterpart, less likely.
        at: code point where the predicate begins.
    """

    kind: str
    predicate: str
    agent: Party | None
    counterpart: Party | None
    certainty: float = 1.0
    others: tuple[Party, ...] = ()
    at: int = 0


@dataclass(frozen=True, slots=True)
class Sense:
    """How a predicate is read.

    ``address``: its bare object is the counterpart (ask B); else the object is what it is about
    (demand money), unless a verb follows it (want B to …). ``preps``: what leads to the
    counterpart. ``converse``: the subject is the counterpart. ``group``: predicates of one kind
    that mean the same flow.
    """

    kind: str
    group: str
    address: bool
    preps: tuple[str, ...]
    converse: bool = False
    sure: float = 1.0


SENSES: dict[str, Sense] = {}


def _add(
    lemmas: str,
    kind: str,
    group: str = "",
    *,
    address: bool = True,
    preps: str = "",
    converse: bool = False,
    sure: float = 1.0,
) -> None:
    # A hyphen stands for the space of a verb with its particle.
    for lemma in (word.replace("-", " ") for word in lemmas.split()):
        SENSES[lemma] = Sense(kind, group or kind, address, tuple(preps.split()), converse, sure)


_add(
    "ask urge press order tell instruct command push pressure beg implore lobby compel oblige "
    "force petition pressurise pressurize beseech direct exhort challenge invite summon",
    "demand",
    preps="of from",
)
_add(
    "expect want need require demand seek request", "demand", address=False, preps="from of on upon"
)
_add("call appeal insist", "demand", address=False, preps="on upon to")
_add("count rely bank depend", "demand", address=False, preps="on upon", sure=0.9)
_add("hope wait", "demand", address=False, preps="from", sure=0.6)
_add("look", "demand", address=False, preps="from to", sure=0.7)
_add(
    "accuse blame charge criticise criticize denounce condemn fault rebuke suspect",
    "accuse",
    preps="against",
)
_add("complain", "accuse", address=False, preps="about against of to", sure=0.8)
_add("allege claim", "accuse", address=False, preps="against", sure=0.6)
_add(
    "give hand send provide grant transfer extend contribute present donate cede allocate award",
    "transfer",
    "give",
    preps="to for",
)
_add("let allow permit authorise authorize", "transfer", "let", preps="to")
_add("sell supply export deliver ship license lease", "transfer", "sell", preps="to for")
_add("buy import purchase", "transfer", "sell", address=False, preps="from", converse=True)
_add("pay repay refund reimburse compensate", "transfer", "pay", preps="to")
_add("hand-over", "transfer", "give", preps="to")
_add("lend loan", "transfer", "lend", preps="to")
_add("borrow", "transfer", "lend", address=False, preps="from", converse=True)
_add("owe", "transfer", "owe", preps="to")
_add(
    "get receive obtain take acquire collect gain",
    "transfer",
    "give",
    address=False,
    preps="from by",
    converse=True,
    sure=0.9,
)
_add("promise pledge guarantee assure vow swear", "commit", preps="to")
_add("undertake commit agree", "commit", address=False, preps="to with", sure=0.9)
_add("offer", "commit", preps="to")
_add("threaten", "threat", preps="against")
_add("warn", "threat", "warn", preps="against")
_add("beat defeat overcome thrash", "win", preps="")
_add("win", "win", address=False, preps="against over")
_add("lose", "win", address=False, preps="to against", converse=True)
_add("employ hire recruit", "employ", preps="")
_add("work", "employ", address=False, preps="for", converse=True)
_add("own", "own", preps="")
# A company as a whole; what is bought from somebody is a transfer.
_add("take-over", "takeover", preps="")
_add("bid", "takeover", "bid", address=False, preps="for")
BUYING = word_set("acquire buy purchase")
SUPPLYING = word_set("provide supply present arm equip furnish entrust issue reward")
# Words for one deed, none of them special in its grammar.
_add("sack dismiss fire", "sack", preps="")
_add("arrest detain", "arrest", preps="")
_add("replace succeed", "succeed", preps="")
_add("oust topple depose unseat", "oust", preps="")
_add("back endorse support", "support", preps="")
_add("praise commend laud hail", "praise", preps="")
_add("fine penalise penalize", "fine", preps="")
_add("apologise apologize", "apologise", address=False, preps="to")
_add("recognise recognize", "recognise", preps="")
_add("belong", "own", address=False, preps="to", converse=True)
_add("give-up", "concede", address=False, preps="to")
_add(
    "concede relinquish renounce yield waive abandon drop surrender",
    "concede",
    address=False,
    preps="to",
)

# Nouns that carry a relation, and the verb whose sense they have.
NOMINALS: dict[str, str] = {
    "demand": "demand", "request": "request", "expectation": "expect", "appeal": "appeal",
    "call": "call", "pressure": "pressure", "ultimatum": "demand", "requirement": "require",
    "order": "order", "wish": "want", "condition": "require", "plea": "ask",
    "dependence": "depend", "reliance": "rely",
    "accusation": "accuse", "allegation": "accuse", "complaint": "complain", "charge": "accuse",
    "criticism": "criticise", "blame": "blame", "claim": "claim",
    "promise": "promise", "pledge": "pledge", "guarantee": "guarantee", "assurance": "assure",
    "undertaking": "undertake", "offer": "offer", "commitment": "commit",
    "loan": "lend", "payment": "pay", "gift": "give", "donation": "give", "grant": "grant",
    "sale": "sell", "shipment": "ship", "delivery": "deliver", "supply": "supply",
    "export": "export", "purchase": "buy", "import": "import", "transfer": "transfer",
    "debt": "owe", "aid": "give", "threat": "threaten", "warning": "warn",
    "concession": "concede", "victory": "beat", "win": "beat", "defeat": "lose",
    "bid": "bid", "takeover": "take over", "acquisition": "take over",
    "attack": "attack", "assault": "assault", "raid": "raid", "invasion": "invade",
    "occupation": "occupy", "annexation": "annex", "bombardment": "bombard",
    "bombing": "bomb", "shelling": "shell", "blockade": "blockade", "siege": "besiege",
    "lawsuit": "sue", "suit": "sue", "apology": "apologise", "visit": "visit",
    "sanction": "sanction",
    "embargo": "embargo", "arrest": "arrest", "dismissal": "dismiss", "sacking": "sack",
    "expulsion": "expel", "eviction": "evict", "endorsement": "endorse", "support": "support",
    "recognition": "recognise", "condemnation": "condemn", "praise": "praise",
    "betrayal": "betray", "killing": "kill", "murder": "murder", "rescue": "rescue",
    "bailout": "bail out", "investment": "invest", "extradition": "extradite",
}  # fmt: skip
NOMINAL_PREPS: dict[str, tuple[str, ...]] = {
    "demand": ("on", "upon", "to", "of", "against", "from"),
    "accuse": ("against", "of", "about"),
    "transfer": ("to", "for"),
    "commit": ("to",),
    "threat": ("against", "to"),
    "concede": ("to",),
    "win": ("over", "against", "to"),
    "takeover": ("for", "of"),
    "support": ("for", "of"),
    "apologise": ("to",),
    "verb:visit": ("to",),
    "verb:invest": ("in",),
    "verb:extradite": ("to",),
}
_ANY_NOMINAL_PREPS = ("on", "against", "of", "for", "to")


def nominal_preps(sense: Sense) -> tuple[str, ...]:
    """What leads from a noun of this sense to the counterpart, the likeliest first."""
    preps = NOMINAL_PREPS.get(sense.kind)
    return preps or (_ANY_NOMINAL_PREPS if sense.kind.startswith("verb:") else sense.preps)


# Verbs that only carry a noun: to make a demand, to lodge a complaint.
LIGHT = word_set(
    "launch mount wage carry express "
    "make file lodge issue put place have submit send present level bring raise sign announce "
    "renew repeat voice set give address direct impose lay state express deliver stop halt "
    "suspend ban end resume begin start block license approve increase cut reduce continue "
    "extend drop withdraw complete finish finalise finalize close conduct pursue abandon scrap "
    "cancel postpone delay plan undertake intensify"
)
# Who does this to a noun is at the receiving end of what it names.
REACT = word_set(
    "reject refuse accept face meet receive deny dismiss resist rebuff ignore fulfil fulfill get "
    "satisfy grant decline answer oppose heed shrug await win extract secure obtain gain wring"
)
# Who does this to a demand is the one of whom it was made.
YIELD = word_set("give agree bow yield submit respond object listen react accede")
CONTESTS = word_set(
    "match game final semi-final semifinal election vote race battle war case tie series derby "
    "fight bout round cup title championship appeal lawsuit trial seat"
)
# What is begun in order to do something: "began a strike to protest against".
ENTERS = word_set("begin start stage hold launch plan join mount organise organize")
# Their object has the post, and succeeds whoever had it.
TO_A_POST = word_set("name appoint elect choose pick select nominate promote make")
# Who does this to what is owed need not be who owes it.
LET_OFF = word_set("cancel postpone delay scrap reduce cut")
OBLIGATION = word_set("must should ought")
THINK = word_set(
    "agree say insist believe think argue stress maintain understand feel consider hold warn "
    "suggest declare conclude reckon propose"
)
SUBJECT_CONTROL = word_set("promise pledge undertake vow swear threaten agree commit offer")

_IRREGULAR = {
    "gave": "give", "given": "give", "sent": "send", "paid": "pay", "lent": "lend",
    "sold": "sell", "sought": "seek", "told": "tell", "bought": "buy", "got": "get",
    "gotten": "get", "took": "take", "taken": "take", "swore": "swear", "sworn": "swear",
    "undertook": "undertake", "undertaken": "undertake", "won": "win", "lost": "lose",
    "beaten": "beat", "overcame": "overcome", "laid": "lay", "forbade": "forbid", "made": "make",
    "did": "do", "said": "say", "thought": "think", "felt": "feel", "held": "hold",
    "brought": "bring", "hit": "hit", "fought": "fight", "struck": "strike", "left": "leave",
    "saw": "see", "seen": "see", "met": "meet", "led": "lead", "shot": "shoot", "stole": "steal",
    "stolen": "steal", "taught": "teach", "built": "build", "understood": "understand",
    "repaid": "repay", "let": "let", "put": "put", "set": "set", "cut": "cut", "had": "have",
    "has": "have", "began": "begin", "begun": "begin", "begged": "beg",
}  # fmt: skip


_AT = word_set("laugh shout shoot fire swear aim sneer jeer")
_IN = word_set("invest intervene believe trust confide")


@lru_cache(maxsize=1024)
def any_verb(lemma: str) -> Sense:
    """How a verb of no family is read: it does something to its object."""
    preps = ["to", "against", "from", "with", "on", "for", "over"]
    # "at" and "in" tell the place, save for few verbs.
    preps += ["at"] if lemma in _AT else ["in"] if lemma in _IN else []
    return Sense("verb:" + lemma, "verb:" + lemma, True, tuple(preps))


def sense_of(lemma: str) -> Sense:
    """How a verb is read, of whichever kind it is."""
    return SENSES.get(lemma) or any_verb(lemma)


# With these particles a verb keeps what it means; "take in", "let down" are other verbs.
KEEPING = word_set("back off out up over away on down along")
_PARTICLES = word_set("up out off over down in on back away along around aside forward through")
_LOSING = word_set(
    "take get let call look work make turn put set bring come go hold win lose need want own have "
    "grant blame extend contribute count wait seek charge order press push drop gain hit"
)


def phrasal(lemma: str, particle: str) -> str:
    """The predicate of a verb with its particle: "take over", "give up"; "buy" for "buy up"."""
    if particle not in _PARTICLES:
        return lemma
    both = f"{lemma} {particle}"
    if both in SENSES:
        return both
    kept = lemma in SENSES and lemma not in _LOSING and particle in KEEPING
    return lemma if kept else both


def _inflections(lemma: str) -> Iterator[str]:
    yield lemma
    if lemma.endswith(("s", "sh", "ch", "x", "z", "o")):
        yield lemma + "es"
    elif lemma.endswith("y") and lemma[-2] not in "aeiou":
        yield lemma[:-1] + "ies"
        yield lemma[:-1] + "ied"
    else:
        yield lemma + "s"
    if lemma.endswith("e"):
        yield lemma + "d"
        yield lemma + "ing" if lemma.endswith("ee") else lemma[:-1] + "ing"
    else:
        yield lemma + "ed"
        yield lemma + "ing"
        yield lemma + lemma[-1] + "ed"
        yield lemma + lemma[-1] + "ing"


def _form_table() -> dict[str, str]:
    table: dict[str, str] = {}
    for lemma in (*SENSES, *LIGHT, *THINK, *NOMINALS.values()):
        if " " in lemma:
            continue
        for form in _inflections(lemma):
            table.setdefault(form, lemma)
    table.update(_IRREGULAR)
    return table


FORMS = _form_table()
SENSE_FORMS = {form: lemma for form, lemma in FORMS.items() if lemma in SENSES}


def _nominal_table() -> dict[str, str]:
    table: dict[str, str] = {}
    for noun in NOMINALS:
        table[noun] = noun
        table[noun[:-1] + "ies" if noun.endswith("y") else noun + "s"] = noun
    return table


NOMINAL_FORMS = _nominal_table()


@lru_cache(maxsize=4096)
def near_form(word: str) -> str | None:
    """The form of a predicate that ``word`` is one slip of the finger away from."""
    if len(word) < 5:
        return None
    for form in SENSE_FORMS:
        near = len(form) >= 5 and abs(len(form) - len(word)) <= 1 and form[0] == word[0]
        if near and _one_slip(word, form):
            return form
    return None


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter added, left out, changed or two swapped turn ``a`` into ``b``."""
    if len(a) > len(b):
        a, b = b, a
    i = 0
    while i < len(a) and a[i] == b[i]:
        i += 1
    if len(a) == len(b):
        return a[i + 1 :] == b[i + 1 :] or (
            a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :]
        )
    return a[i:] == b[i + 1 :]
