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

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from assistant.language import Parsed, Token

# ---------------------------------------------------------------------------- public values


class Verdict(StrEnum):
    """How the relation of a sentence stands to that of a question."""

    SAME = "same"
    REVERSED = "reversed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part: a noun phrase, ``text`` at code points ``[start, end)`` of its parse."""

    text: str
    start: int
    end: int
    head: Token = field(repr=False)
    core: tuple[Token, ...] = field(default=(), repr=False)
    of: tuple[Token, ...] = field(default=(), repr=False)
    apposed: tuple[Token, ...] = field(default=(), repr=False)

    @property
    def is_pronoun(self) -> bool:
        """Whether it is a word that stands for a party named elsewhere."""
        return len(self.core) == 1 and self.head.lower in _PRONOUNS

    def __str__(self) -> str:
        return self.text


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
class Direction:
    """What :func:`direction` found.

    Attributes:
        verdict: same way, reversed, or can't tell.
        reason: one short sentence for a person.
        strength: 0 to 1, how sure; 0 for UNKNOWN.
        question_agent, question_counterpart: the question's parties, in its words.
        sentence_agent, sentence_counterpart: the sentence's, in its words.
    """

    verdict: Verdict
    reason: str
    strength: float = 0.0
    question_agent: str | None = None
    question_counterpart: str | None = None
    sentence_agent: str | None = None
    sentence_counterpart: str | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it: ``sentence.text[start:end] == text``."""

    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return self.text


# ---------------------------------------------------------------------------- word lists


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRONOUNS = _words(
    "it he she they him her them its his their who which that whom whose this these those both "
    "itself himself herself themselves"
)
_PERSONAL = _words("he she him her his himself herself")
_IMPERSONAL = _words("it its itself")

# Party names that stand for one another all over the world's news. One line each: the country,
# its people, its adjective, its capital where that is said for the government.
_COUNTRIES = """
us usa america american americans washington|united states|united states of america|white house
europe european europeans eu brussels|european union|european commission|european council
uk britain british briton britons london english england|united kingdom|great britain|downing street
russia russian russians moscow kremlin|russian federation
china chinese beijing|people's republic of china|prc
ukraine ukrainian ukrainians kyiv kiev
france french paris elysee
germany german germans berlin
italy italian italians rome
spain spanish spaniards madrid
portugal portuguese lisbon
netherlands dutch|the hague
belgium belgian belgians
poland polish poles warsaw
hungary hungarian hungarians budapest
czechia czech czechs prague|czech republic
slovakia slovak slovaks bratislava
austria austrian austrians vienna
switzerland swiss bern
sweden swedish swedes stockholm
norway norwegian norwegians oslo
denmark danish danes copenhagen
finland finnish finns helsinki
estonia estonian estonians tallinn
latvia latvian latvians riga
lithuania lithuanian lithuanians vilnius
belarus belarusian belarusians minsk
moldova moldovan moldovans chisinau
romania romanian romanians bucharest
bulgaria bulgarian bulgarians sofia
serbia serbian serbs belgrade
croatia croatian croats zagreb
greece greek greeks athens
turkey turkiye turkish turks ankara
cyprus cypriot cypriots nicosia
georgia georgian georgians tbilisi
armenia armenian armenians yerevan
azerbaijan azerbaijani azerbaijanis azeri baku
israel israeli israelis jerusalem
palestine palestinian palestinians|palestinian authority
lebanon lebanese beirut
syria syrian syrians damascus
iran iranian iranians tehran
iraq iraqi iraqis baghdad
egypt egyptian egyptians cairo
qatar qatari qataris doha
uae emirati emiratis|united arab emirates|abu dhabi
saudi saudis riyadh|saudi arabia|saudi arabian
yemen yemeni yemenis sanaa
jordan jordanian jordanians amman
india indian indians delhi|new delhi
pakistan pakistani pakistanis islamabad
bangladesh bangladeshi bangladeshis dhaka
afghanistan afghan afghans kabul
japan japanese tokyo
taiwan taiwanese taipei
vietnam vietnamese hanoi
thailand thai thais bangkok
philippines philippine filipino filipinos manila
indonesia indonesian indonesians jakarta
malaysia malaysian malaysians|kuala lumpur
singapore singaporean singaporeans
australia australian australians canberra
canada canadian canadians ottawa
mexico mexican mexicans|mexico city
brazil brazilian brazilians brasilia
argentina argentine argentinian argentines|buenos aires
chile chilean chileans santiago
colombia colombian colombians bogota
venezuela venezuelan venezuelans caracas
cuba cuban cubans havana
nigeria nigerian nigerians abuja
kenya kenyan kenyans nairobi
ethiopia ethiopian ethiopians|addis ababa
sudan sudanese khartoum
rwanda rwandan rwandans kigali
congo congolese kinshasa|democratic republic of congo
libya libyan libyans tripoli
algeria algerian algerians algiers
morocco moroccan moroccans rabat
tunisia tunisian tunisians tunis
nkorea pyongyang|north korea|north korean|north koreans
skorea seoul|south korea|south korean|south koreans
safrica pretoria|south africa|south african|south africans
nzealand|new zealand|new zealander|new zealanders
ireland irish dublin
iceland icelandic icelanders reykjavik
kazakhstan kazakh kazakhs astana
hamas
nato|north atlantic treaty organization|north atlantic treaty organisation|atlantic alliance
un|united nations
imf|international monetary fund
who|world health organization|world health organisation
wto|world trade organization|world trade organisation
"""


def _country_table() -> dict[tuple[str, ...], str]:
    table: dict[tuple[str, ...], str] = {}
    for line in _COUNTRIES.strip().splitlines():
        first, *phrases = line.split("|")
        words = first.split()
        for phrase in words + phrases:
            table[tuple(phrase.replace("'", "").split())] = words[0]
    # An interrogative first, an organisation second: only its full name is safe.
    del table[("who",)]
    return table


_COUNTRY = _country_table()
_PLACES = frozenset(_COUNTRY.values())

# Who bears such a title speaks for whom it belongs to.
_TITLES = _words(
    "president premier minister secretary chancellor envoy ambassador spokesman spokeswoman "
    "spokesperson leader chief director chairman chairwoman chair head ceo boss governor mayor "
    "commissioner king queen prince sultan emir negotiator general admiral official "
    "representative delegate captain coach manager founder owner executive senator diplomat "
    "deputy mp lawmaker economist analyst lawyer counsel treasurer commander colonel adviser "
    "steward president-elect vice-president co-founder sir dr mr mrs ms lord lady dame prof "
    "professor judge"
)
_NOT_AFFILIATING = _words("judge dr mr mrs ms lord lady dame prof professor sir analyst lawmaker")
_TITLE_PARTS = _words("prime vice foreign deputy interior finance trade defence defense general")

# "Kyiv's allies", "its partners": not the one they belong to, but others.
_RELATIONAL = _words(
    "ally partner neighbour neighbor rival enemy opponent foe critic creditor debtor supplier "
    "customer buyer client counterpart adversary successor predecessor competitor lender investor "
    "ex-partner attacker accuser employer landlord tenant contractor victim"
)

# "Delta Rail's drivers": a party of their own, neither the company nor others by relation.
_MEMBERS = _words(
    "driver pilot worker employee staff nurse doctor teacher player fan customer shareholder "
    "opposition resident miner crew voter citizen protester rebel separatist student union "
    "striker passenger parent patient farmer fisherman tenant subscriber user creditor"
)

# Nouns that point back to a name by its kind; read like a pronoun where no name has that head.
_KINDS: dict[str, frozenset[str]] = {
    "company": frozenset(),
    "firm": frozenset(),
    "operator": frozenset(),
    "maker": frozenset(),
    "manufacturer": frozenset(),
    "club": frozenset(),
    "side": frozenset(),
    "country": frozenset(),
    "group": _words("group"),
    "bloc": _words("compact union league alliance association community pact council commonwealth"),
    "alliance": _words("compact union league pact treaty"),
    "organisation": _words("organization federation union association agency"),
    "organization": _words("organisation federation union association agency"),
    "union": _words("federation brotherhood guild association congress"),
    "regulator": _words("authority agency commission office"),
    "watchdog": _words("authority agency commission office"),
    "agency": _words("office authority"),
    "lender": _words("bank"),
    "court": _words("tribunal"),
    "tribunal": _words("court"),
    "body": _words("council commission committee board"),
    "ministry": _words("department"),
    "developer": frozenset(),
    "carrier": _words("airlines airways air"),
    "airline": _words("airlines airways air"),
    "chipmaker": frozenset(),
    "carmaker": frozenset(),
    "team": frozenset(),
    "contractor": frozenset(),
    "builder": frozenset(),
    "supplier": frozenset(),
    "shipper": frozenset(),
    "retailer": frozenset(),
    "giant": frozenset(),
    "startup": frozenset(),
    "state": frozenset(),
    "government": frozenset(),
    "kingdom": frozenset(),
    "republic": frozenset(),
}
_NAME_LINKS = _words("of and & for the de du la le van von der den del di da al el bin ibn")

# ---------------------------------------------------------------------------- predicates


@dataclass(frozen=True, slots=True)
class _Sense:
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


_SENSES: dict[str, _Sense] = {}


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
    for lemma in lemmas.split():
        _SENSES[lemma] = _Sense(kind, group or kind, address, tuple(preps.split()), converse, sure)


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
_add("hope look wait", "demand", address=False, preps="from", sure=0.6)
_add(
    "accuse blame charge criticise criticize denounce condemn fault rebuke suspect",
    "accuse",
    preps="against",
)
_add("complain", "accuse", address=False, preps="about against of", sure=0.8)
_add("allege claim", "accuse", address=False, preps="against", sure=0.6)
_add(
    "give hand send provide grant transfer extend contribute present donate cede allocate award",
    "transfer",
    "give",
    preps="to for with",
)
_add("let allow permit authorise authorize", "transfer", "let", preps="to")
_add("sell supply export deliver ship license lease", "transfer", "sell", preps="to for")
_add("buy import purchase", "transfer", "sell", address=False, preps="from", converse=True)
_add("pay repay refund reimburse compensate", "transfer", "pay", preps="to")
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
_add("belong", "own", address=False, preps="to", converse=True)
_add(
    "concede relinquish renounce yield waive abandon drop surrender",
    "concede",
    address=False,
    preps="to",
)

# Nouns that carry a relation, and the verb whose sense they have.
_NOMINALS: dict[str, str] = {
    "demand": "demand", "request": "request", "expectation": "expect", "appeal": "appeal",
    "call": "call", "pressure": "pressure", "ultimatum": "demand", "requirement": "require",
    "order": "order", "wish": "want", "condition": "require", "plea": "ask",
    "accusation": "accuse", "allegation": "accuse", "complaint": "complain", "charge": "accuse",
    "criticism": "criticise", "blame": "blame", "claim": "claim",
    "promise": "promise", "pledge": "pledge", "guarantee": "guarantee", "assurance": "assure",
    "undertaking": "undertake", "offer": "offer", "commitment": "commit",
    "loan": "lend", "payment": "pay", "gift": "give", "donation": "give", "grant": "grant",
    "sale": "sell", "shipment": "ship", "delivery": "deliver", "supply": "supply",
    "export": "export", "purchase": "buy", "import": "import", "transfer": "transfer",
    "debt": "owe", "aid": "give", "threat": "threaten", "warning": "warn",
    "concession": "concede", "victory": "beat", "win": "beat", "defeat": "lose",
}  # fmt: skip
_NOMINAL_PREPS: dict[str, tuple[str, ...]] = {
    "demand": ("on", "upon", "to", "of", "against", "from"),
    "accuse": ("against", "of", "about"),
    "transfer": ("to", "for"),
    "commit": ("to",),
    "threat": ("against", "to"),
    "concede": ("to",),
    "win": ("over", "against", "to"),
}
# Verbs that only carry a noun: to make a demand, to lodge a complaint.
_LIGHT = _words(
    "make file lodge issue put place have submit send present level bring raise sign announce "
    "renew repeat voice set give address direct impose lay state express deliver stop halt "
    "suspend ban end resume begin start block license approve increase cut reduce continue "
    "extend drop withdraw"
)
# Who does this to a noun is at the receiving end of what it names.
_REACT = _words(
    "reject refuse accept face meet receive deny dismiss resist rebuff ignore fulfil fulfill get "
    "satisfy grant decline answer oppose heed shrug await win extract secure obtain gain wring"
)
_OBLIGATION = _words("must should ought")
_THINK = _words(
    "agree say insist believe think argue stress maintain understand feel consider hold warn "
    "suggest declare conclude reckon propose"
)
_SUBJECT_CONTROL = _words("promise pledge undertake vow swear threaten agree commit offer")

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
    for lemma in (*_SENSES, *_LIGHT, *_THINK):
        for form in _inflections(lemma):
            table.setdefault(form, lemma)
    table.update(_IRREGULAR)
    return table


_FORMS = _form_table()
_SENSE_FORMS = {form: lemma for form, lemma in _FORMS.items() if lemma in _SENSES}


def _nominal_table() -> dict[str, str]:
    table: dict[str, str] = {}
    for noun in _NOMINALS:
        table[noun] = noun
        table[noun[:-1] + "ies" if noun.endswith("y") else noun + "s"] = noun
    return table


_NOMINAL_FORMS = _nominal_table()


@lru_cache(maxsize=4096)
def _near_form(word: str) -> str | None:
    """The form of a predicate that ``word`` is, or is one slip of the finger away from."""
    if word in _SENSE_FORMS:
        return word
    if len(word) < 5 or word in _NOMINAL_FORMS:
        return None
    for form in _SENSE_FORMS:
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


# ---------------------------------------------------------------------------- names


def _fold(word: str) -> str:
    """Small letters, no accents, dots or possessive; empty for a mark."""
    word = word.replace("’", "'").casefold()
    if word.endswith("'s"):
        word = word[:-2]
    word = word.replace(".", "").replace("'", "")
    word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return word if any(c.isalnum() for c in word) else ""


def _singular(noun: str) -> str:
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") and len(noun) > 3 else noun


_DEMONYM_ENDINGS = _words("n an ian ean ese ish i er ers ns ans ians eans is ite ites c ic")
_AGENTIVE = _words("er ers ist ists man men worker workers")


def _is_demonym(word: str, place: str) -> bool:
    """Whether ``word`` is made from the name ``place``: Kestria, Kestrian; Maren, Marenese."""
    if len(word) <= len(place) - 2 or word == place:
        return False
    shared = 0
    for a, b in zip(word, place, strict=False):
        if a != b:
            break
        shared += 1
    rest = word[shared:]
    return shared >= 4 and len(place) - shared <= 2 and (rest in _DEMONYM_ENDINGS)


@dataclass(frozen=True, slots=True)
class Aliases:
    """Under which names one document speaks of its parties; made by :func:`document_aliases`.

    Attributes:
        names: words of a name (folded) to the key of the party.
        partials: a single word of longer names to the keys of those.
        spokesmen: key of a person to the keys of whom they speak for.
        heads: a common noun to the keys of the names that it may point back to.
    """

    names: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    partials: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spokesmen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    heads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    persons: frozenset[str] = frozenset()

    def keys(self, party: Party, *, question: bool = False) -> dict[str, float]:
        """Whom the noun phrase may mean: keys of parties, each with a weight from 0 to 1.

        A key that begins with ``n:`` is a common noun, ``o:`` the partners, foes… of a named
        party. A question's names need no capitals.
        """
        if party.is_pronoun:
            return {}
        noun = _head_noun(party.head)
        core = party.core
        others = _is_relational(party)
        if others or noun in _MEMBERS:
            core = _after_possessive(core)
        found = self._named(core, question)
        if not found and party.of and not others:
            found = self._named(party.of, question)
        for key, weight in self._named(party.apposed, question).items():
            if key not in found:
                found[key] = 0.95 * weight
        if others:
            owned = party.core[: len(party.core) - len(core)] or party.of
            found.update({"o:" + k: 0.9 * w for k, w in self._named(owned, question).items()})
        if noun and not others:
            if not found:
                found.update(self._by_head(noun, core))
            if not found and question:
                found.update(self._by_stem(noun))
            found.setdefault("n:" + noun, 0.8)
        return found

    def _named(self, tokens: Sequence[Token], question: bool) -> dict[str, float]:
        found: dict[str, float] = {}
        words = [(_fold(t.text), t) for t in tokens if t.tag != "POS"]
        i = 0
        while i < len(words):
            word, token = words[i]
            if not word or not (question or token.text[:1].isupper() or token.text[:1].isdigit()):
                i += 1
                continue
            step, key = self._longest([w for w, _ in words[i : i + 9]])
            if key and not (step == 1 and _is_plain_us(token, words[i - 1][0] if i else "")):
                found[key] = 1.0
                for other in self.spokesmen.get(key, ()):
                    found[other] = max(found.get(other, 0.0), 0.9)
                i += step
                continue
            if word in self.partials and word not in _TITLES:
                keys = self.partials[word]
                for key in keys:
                    weight = 0.9 if len(keys) == 1 else 0.6
                    found[key] = max(found.get(key, 0.0), weight)
                    for other in self.spokesmen.get(key, ()):
                        found[other] = max(found.get(other, 0.0), 0.8 * weight)
            elif token.pos == "PROPN" and word not in _TITLES and word not in _TITLE_PARTS:
                demonym = next(
                    (k for n, k in self.names.items() if len(n) == 1 and _is_demonym(word, n[0])),
                    None,
                )
                found[demonym or word] = 0.95
            i += 1
        return found

    def _longest(self, words: list[str]) -> tuple[int, str | None]:
        for length in range(len(words), 0, -1):
            phrase = tuple(w for w in words[:length] if w)
            if len(phrase) == 0 or not words[length - 1]:
                continue
            key = self.names.get(phrase) or _COUNTRY.get(phrase)
            if key:
                return length, key
        return 1, None

    def _by_head(self, noun: str, core: Sequence[Token]) -> dict[str, float]:
        keys = self.heads.get(noun, frozenset())
        if not keys:
            return {}
        modifiers = {_fold(t.text) for t in core[:-1]} - {"the", "a", ""}
        # "the medicines agency" is the one among several agencies with that word in its name.
        close = {k for k in keys if modifiers & set(k.split())}
        chosen = close or keys
        return dict.fromkeys(chosen, 0.9 if len(chosen) == 1 else 0.6)

    def _by_stem(self, noun: str) -> dict[str, float]:
        """ "the dockers" for the Dock Workers' Federation."""
        found: dict[str, float] = {}
        for word, keys in self.partials.items():
            made_of = len(word) >= 4 and noun != word and noun.startswith(word)
            if made_of and noun[len(word) :] in _AGENTIVE:
                found.update(dict.fromkeys(keys, 0.8 / len(keys) ** 0.5))
        return found


def _is_name(key: str) -> bool:
    """Whether a key stands for a named party, not for a common noun or "others than X"."""
    return not key.startswith(("n:", "o:"))


def _is_plain_us(token: Token, before: str) -> bool:
    """Whether it is the pronoun "us", not the country."""
    return token.text == "us" and token.tag == "PRP" and before != "the"


def _head_noun(head: Token) -> str:
    """The common noun at the head, in the singular; empty for a name."""
    if head.text[:1].isupper() and head.pos == "PROPN":
        return ""
    lemma = _fold(head.lemma)
    return _singular(lemma) if head.pos in ("NOUN", "PROPN", "ADJ", "VERB") else ""


def _is_relational(party: Party) -> bool:
    """Whether it names others by their relation to somebody: "its partners", "allies of X"."""
    if _head_noun(party.head) not in _RELATIONAL:
        return False
    return bool(party.of) or len(_after_possessive(party.core)) < len(party.core)


def _after_possessive(core: Sequence[Token]) -> tuple[Token, ...]:
    for i in range(len(core) - 1, -1, -1):
        if core[i].tag in ("POS", "PRP$") or core[i].text in ("'s", "’s", "'", "’"):
            return tuple(core[i + 1 :])
    return tuple(core)


_NAME_ENTS = _words("ORG GPE NORP PERSON LOC FAC PRODUCT EVENT")
_NO_NAME_ENTS = _words("DATE TIME MONEY PERCENT QUANTITY CARDINAL ORDINAL")
_GENERIC_WORDS = _words(
    "southern northern eastern western central new old great national international united royal "
    "general federal grand upper lower north south east west first second world regional inland "
    "polar continental"
)


def document_aliases(parses: Iterable[Parsed]) -> Aliases:
    """Learn from a document's sentences (title included) how it names its parties.

    Joined are a name and its parts (a surname, a company's first word), its initials, its demonym,
    the noun in apposition to it; a person is linked to the country or body whose title they bear.
    """
    parses = list(parses)
    seen: Counter[tuple[str, ...]] = Counter()
    called_person: Counter[tuple[str, ...]] = Counter()
    for parsed in parses:
        for first, last, label in _name_runs(parsed):
            words = _name_words(parsed.tokens[first:last])
            if words and not all(len(w) == 1 for w in words):
                seen[words] += 1
                called_person[words] += label == "PERSON"
    # The recogniser takes any strange name for a person's now and then; it is one if it mostly is
    # called so, and for a single word always.
    person = {
        w
        for w, n in seen.items()
        if called_person[w] * 3 >= 2 * n and (len(w) > 1 or called_person[w] == n)
    }
    singles = {w[0] for w in seen if len(w) == 1}
    multi = sorted((w for w in seen if len(w) > 1), key=lambda w: (-len(w), -seen[w], w))
    names: dict[tuple[str, ...], str] = {}
    partials: dict[str, set[str]] = defaultdict(set)
    heads: dict[str, set[str]] = defaultdict(set)
    for words in multi:
        key = _COUNTRY.get(words) or names.get(words)
        if key is None:
            # A shorter form of a longer name: "Crane Federation" is left alone, "Corvane
            # Biologics" of "Corvane Biologics Limited" is not.
            longer = next(
                (n for n in names if len(n) > len(words) and n[: len(words)] == words), None
            )
            key = names[longer] if longer else " ".join(words)
        names[words] = key
        if words in _COUNTRY:
            continue
        for word in {words[0], words[-1]} if words in person else set(words):
            if len(word) > 2 and word not in _NAME_LINKS and (word,) not in _COUNTRY:
                partials[word].add(key)
        if words not in person:
            head = words[words.index("of") - 1] if "of" in words[1:] else words[-1]
            heads[_singular(head)].add(key)
            initials = "".join(w[0] for w in words if w not in _NAME_LINKS)
            if len(initials) > 1 and (initials,) in seen:
                names[(initials,)] = key
    for word in sorted(singles, key=lambda w: (len(w), w)):
        if (word,) in names or (word,) in _COUNTRY:
            continue
        owners = partials.get(word, set())
        place = next(
            (
                n
                for n in [(s,) for s in sorted(singles)]
                if n[0] != word and _is_demonym(word, n[0])
            ),
            None,
        )
        if len(owners) == 1 and word not in _GENERIC_WORDS:
            names[(word,)] = next(iter(owners))
        elif place is not None:
            names[(word,)] = names.get(place) or place[0]
        else:
            names[(word,)] = word
    _add_demonyms(parses, names)
    draft = Aliases(names=names, partials={w: frozenset(k) for w, k in partials.items()})
    bodies = {names[w] for w in seen if w in names and w not in person}
    demonymic = {names[w] for w in names if len(w) == 1 and names[w] != w[0]}
    persons = frozenset(
        names[w]
        for w in person
        if w in names
        and names[w] not in bodies
        and (len(w) > 1 or " " in names[w] or names[w] not in demonymic)
    )
    spokesmen: dict[str, set[str]] = defaultdict(set)
    for parsed in parses:
        for head, keys in _appositions(parsed, draft):
            if head in _TITLES or head in _RELATIONAL:
                continue
            for key in keys - persons:
                heads[head].add(key)
        _link_persons(parsed, draft, persons, spokesmen)
    for noun, kinds in _KINDS.items():
        for kind in kinds:
            heads[noun] |= heads.get(kind, set())
    return Aliases(
        names=names,
        partials={w: frozenset(k) for w, k in partials.items() if w not in _GENERIC_WORDS},
        spokesmen={k: frozenset(v) for k, v in spokesmen.items()},
        heads={k: frozenset(v) for k, v in heads.items() if v},
        persons=persons,
    )


def _add_demonyms(parses: Sequence[Parsed], names: dict[tuple[str, ...], str]) -> None:
    places = [n[0] for n in names if len(n) == 1]
    for parsed in parses:
        for token in parsed.tokens:
            word = _fold(token.text)
            if token.text[:1].isupper() and (word,) not in names and (word,) not in _COUNTRY:
                place = next((p for p in places if _is_demonym(word, p)), None)
                if place:
                    names[(word,)] = names[(place,)]


def _name_words(tokens: Sequence[Token]) -> tuple[str, ...]:
    words = [_fold(t.text) for t in tokens if t.tag != "POS"]
    while words and (words[0] in ("the", "a", "an", "")):
        words.pop(0)
    return tuple(w for w in words if w)


def _name_runs(parsed: Parsed) -> Iterator[tuple[int, int, str]]:
    """Names as token ranges with a label: what the recogniser found, and runs of proper nouns."""
    taken: set[int] = set()
    for entity in parsed.entities:
        if entity.label not in _NAME_ENTS:
            continue
        first, last = entity.first, entity.last
        while first < last and _fold(parsed.tokens[first].text) in _TITLES | _TITLE_PARTS | {"the"}:
            first += 1
        if first < last and parsed.tokens[last - 1].tag == "POS":
            last -= 1
        # The recogniser joins "US President Donald Trump" or a stray small word now and then.
        cut = next((i for i in range(first, last) if _fold(parsed.tokens[i].text) in _TITLES), None)
        if cut is not None:
            if cut > first:
                yield first, cut, "GPE"
            if cut + 1 < last:
                yield cut + 1, last, "PERSON"
            taken.update(range(first, last))
            continue
        if first < last and parsed.tokens[last - 1].text[:1].isupper():
            taken.update(range(first, last))
            yield first, last, entity.label
    i = 0
    tokens = parsed.tokens
    while i < len(tokens):
        if i in taken or not _may_be_name(tokens[i]):
            i += 1
            continue
        j = i + 1
        while (
            j < len(tokens)
            and j not in taken
            and (
                _may_be_name(tokens[j])
                or (
                    tokens[j].text in ("-", "‑", "of", "&")
                    and j + 1 < len(tokens)
                    and j + 1 not in taken
                    and _may_be_name(tokens[j + 1])
                )
            )
        ):
            j += 1
        yield i, j, "PERSON" if any(tokens[k].ent_type == "PERSON" for k in range(i, j)) else ""
        i = j


def _may_be_name(token: Token) -> bool:
    if token.index == 0 and token.tag == "NN" and token.dep in ("nsubj", "nsubjpass"):
        # A strange name that begins the sentence; a common noun would seldom stand there bare.
        return token.text[:1].isupper()
    return (
        token.text[:1].isupper()
        and token.pos == "PROPN"
        and token.ent_type not in _NO_NAME_ENTS
        and _fold(token.text) not in _TITLES | _TITLE_PARTS
    )


def _appositions(parsed: Parsed, names: Aliases) -> Iterator[tuple[str, set[str]]]:
    """Common nouns with the keys of the names that stand beside them."""
    for token in parsed.tokens:
        if token.dep != "appos":
            continue
        head = parsed.tokens[token.head]
        for noun, name in ((head, token), (token, head)):
            if noun.pos != "NOUN" or name.pos != "PROPN":
                continue
            core = _noun_phrase(parsed, name)[0]
            keys = names._named(core, False)
            if keys:
                yield _head_noun(noun), set(keys)


def _link_persons(
    parsed: Parsed, names: Aliases, persons: frozenset[str], links: dict[str, set[str]]
) -> None:
    """Link persons to whom they speak for: "Kestria's premier, Ana Lind", "US President X"."""
    for token in parsed.tokens:
        if _fold(token.lemma) not in _TITLES - _NOT_AFFILIATING or token.pos not in (
            "NOUN",
            "PROPN",
        ):
            continue
        i = token.index
        # The person stands beside the title, or it in apposition to the person.
        near: list[Token] = []
        top = token
        while top.dep in ("compound", "nmod") and parsed.tokens[top.head].pos == "PROPN":
            top = parsed.tokens[top.head]
        if top is not token:
            near.append(top)
        near.extend(parsed.children(top.index, "appos"))
        if top.dep == "appos":
            near.append(parsed.tokens[top.head])
        if not near and i + 2 < len(parsed.tokens):
            after = parsed.tokens[i + 1 : i + 3]
            near.extend(t for t in after if t.pos == "PROPN")
        owner_tokens: list[Token] = []
        j = i - 1
        while j >= 0 and parsed.tokens[j].pos in ("PROPN", "ADJ", "NOUN", "PART", "DET", "PRON"):
            j -= 1
        owner_tokens.extend(parsed.tokens[j + 1 : i])
        for prep in parsed.children(i, "prep"):
            if prep.lower in ("of", "at"):
                owner_tokens.extend(parsed.subtree(prep.index)[1:])
        owners = set(names._named(owner_tokens, False))
        if not owners:
            for t in owner_tokens:
                if t.pos == "NOUN":
                    owners |= set(names.heads.get(_head_noun(t), ()))
        owners -= persons
        for mention in near:
            core, _, _ = _noun_phrase(parsed, mention)
            own = [t for t in core if t.index > i or mention.index < i]
            for key in set(names._named(own, False)) & persons or _person_like(own, names):
                if key not in owners:
                    links[key] |= owners


def _person_like(tokens: Sequence[Token], names: Aliases) -> set[str]:
    """Keys of names beside a title that the recogniser did not call persons."""
    if tokens and all(t.pos in ("PROPN", "PUNCT") for t in tokens):
        return {k for k in names._named(tokens, False) if k not in _PLACES}
    return set()


# ---------------------------------------------------------------------------- noun phrases

_LEFT = (
    "det",
    "poss",
    "compound",
    "amod",
    "nmod",
    "nummod",
    "predet",
    "case",
    "quantmod",
    "advmod",
)


def _noun_phrase(
    parsed: Parsed, head: Token
) -> tuple[tuple[Token, ...], tuple[Token, ...], tuple[Token, ...]]:
    """Of a noun: the words up to it, its of-phrase (conjoined nouns too) and its apposition."""
    core: list[Token] = [head]
    of: list[Token] = []
    apposed: list[Token] = []
    for child in parsed.children(head.index):
        if child.index < head.index and child.dep in _LEFT:
            core.extend(parsed.subtree(child.index))
        elif child.dep == "prep" and child.lower == "of":
            for inner in parsed.children(child.index, "pobj"):
                core_in, of_in, _ = _noun_phrase(parsed, inner)
                of.extend((*core_in, *of_in))
        elif child.dep == "appos":
            apposed.extend(_noun_phrase(parsed, child)[0])
        elif child.dep == "conj" and child.pos in ("NOUN", "PROPN", "PRON"):
            of.extend(_noun_phrase(parsed, child)[0])
    core.sort(key=lambda t: t.index)
    return tuple(core), tuple(of), tuple(apposed)


def _party(parsed: Parsed, head: Token) -> Party:
    core, of, apposed = _noun_phrase(parsed, head)
    members = sorted((*core, *of), key=lambda t: t.index)
    # One unbroken stretch for display: what stands between belongs to it.
    start, end = members[0].start, members[-1].end
    if end - start > 120:
        start, end = core[0].start, core[-1].end
    return Party(parsed.text[start:end], start, end, head, core, of, apposed)


def _segment_party(parsed: Parsed, tokens: Sequence[Token]) -> Party | None:
    """A party from a stretch of a question, whatever the parser made of it."""
    words = [t for t in tokens if t.pos != "PUNCT" or t.text in "-‑'’.&"]
    while words and (words[0].lower in _SKIP_FIRST):
        words.pop(0)
    while words and (words[-1].lower in _SKIP_LAST or words[-1].pos == "PUNCT"):
        words.pop()
    if not words:
        return None
    cut = next((i for i, t in enumerate(words) if i and t.lower == "of"), len(words))
    core, of = words[:cut], words[cut + 1 :]
    if not core:
        return None
    head = core[-1]
    start, end = words[0].start, words[-1].end
    return Party(parsed.text[start:end], start, end, head, tuple(core), tuple(of))


_SKIP_FIRST = _words("the a an also still now actually exactly really")
_SKIP_LAST = _words(
    "now today yesterday then currently also still exactly really actually recently "
    "ever all to do does did have please again , . ?"
)


# ---------------------------------------------------------------------------- the question

_WH = _words("what which who whom whose how why where when")
_AUX = _words(
    "do does did is are was were has have had will would can could should must may might shall "
    "'s ’s didnt doesnt"
)
_BE = _words("is are was were be been being 's ’s")
_PREPS = _words(
    "from of to for against by with on upon in under over at after before during while when if "
    "because as about since until between that who which into towards toward within without "
    "through despite amid among via"
)
_STOPS = _words(", ? ; : . ! — – - ( )") - {"-"}


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
        party = _segment_party(question, tokens[first:last])
        return tokens[:i] + tokens[last:], party
    return tokens, None


def _sense_at(tokens: Sequence[Token], i: int) -> tuple[str, _Sense] | None:
    """The predicate at ``i`` of a question, slips of the finger forgiven."""
    token = tokens[i]
    word = token.lower
    if token.text[:1].isupper() and i:
        return None
    form = _near_form(word) if word not in _NOT_SLIPS else None
    lemma = _SENSE_FORMS[form] if form else None
    if lemma == "give" and any(t.lower == "up" for t in tokens[i + 1 : i + 2]):
        return "give up", _SENSES["concede"]
    return (lemma, _SENSES[lemma]) if lemma else None


_NOT_SLIPS = _words(
    "except expert experts exports aspects claims orders charges aside others "
    "border borders people police state states union unions"
)


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
            if _sense_at(tokens, i) and low[i] not in _NOMINAL_FORMS
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
    thinks = next((i for i in range(aux + 2, len(low)) if _FORMS.get(low[i], "") in _THINK), None)
    if thinks is not None and not any(w in _PREPS for w in low[aux + 2 : thinks]):
        thinker = _segment_party(question, tokens[aux + 1 : thinks])
        if found := _thought(question, tokens, thinks, thinker):
            return found
    at = _predicate_after(tokens, aux + 1)
    if at is None:
        return _obligation_asked(question, tokens, None)
    subject_end = at
    between = low[aux + 1 : at]
    while (
        subject_end > aux + 1
        and low[subject_end - 1] in _BE | {"not", "to", "have", "has", "n't"} | _ADVERBS
    ):
        subject_end -= 1
    subject_tokens = tokens[aux + 1 : subject_end]
    is_be = low[aux] in _BE or any(w in ("been", "be", "being") for w in between)
    passive = is_be and not (_near_form(low[at]) or low[at]).endswith("ing")
    subject = _segment_party(question, subject_tokens)
    if subject is None and not passive and low[start] in ("who", "which", "what"):
        return _frame(question, tokens, at, subject=None, passive=False, wh=tokens[start:aux])
    return _frame(question, tokens, at, subject=subject, passive=passive, wh=wh)


_ADVERBS = _words("now still also currently just recently ever already really actually")


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
    verbs = [i for i in range(first, len(tokens)) if tokens[i].pos == "VERB"]
    best = [i for i in known if i in verbs and (i < stop or first == i)]
    loose = [i for i in known if i <= stop and (i > first or tokens[i].lower.endswith("ed"))]
    plain = [i for i in verbs if i <= stop]
    for options in (best, loose, plain, verbs):
        for i in options:
            before = tokens[i - 1].lower if i else ""
            if before in ("the", "a", "an", "'s", "’s") or (before == "to" and i - 1 > first):
                continue
            if tokens[i].lower == "have" and options is plain:
                continue
            return i
    return None


_LIGHT_FORMS = {form for form, lemma in _FORMS.items() if lemma in _LIGHT} | {"made"}


def _thought(
    question: Parsed, tokens: list[Token], at: int, subject: Party | None
) -> Relation | None:
    rest = tokens[at + 1 :]
    modal = next(
        (
            i
            for i, t in enumerate(rest)
            if t.lower in _OBLIGATION | {"has", "have", "needs", "need"}
        ),
        None,
    )
    if modal is None or subject is None:
        return None
    who = _segment_party(question, [t for t in rest[:modal] if t.lower != "that"])
    return Relation("demand", "want", subject, who, 0.8, at=tokens[at].start)


def _obligation_asked(
    question: Parsed, tokens: list[Token], holder: Party | None
) -> Relation | None:
    """ "What must B do for A?", "According to A, what should B do?"."""
    low = [t.lower for t in tokens]
    for i, word in enumerate(low):
        if word in _OBLIGATION and i and low[i - 1] in _WH:
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
            who = _segment_party(question, tokens[i + 1 : end])
            if holder is None and end + 1 < len(low) and low[end + 1] == "for":
                holder = _segment_party(question, tokens[end + 2 :])
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
        or token.lower in _SENSES
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
    nominal = next(
        (_NOMINAL_FORMS[t.lower] for t in reversed(wh) if t.lower in _NOMINAL_FORMS), None
    )
    found = _sense_at(tokens, at)
    word = tokens[at].lower
    form = _FORMS.get(word, tokens[at].lemma.lower())
    rest = tokens[at + 1 :]
    if (nominal is None and form in _LIGHT | _REACT and found is None) or form == "make":
        inside = next((t for t in rest if t.lower in _NOMINAL_FORMS), None)
        if inside is not None and nominal is None:
            nominal = _NOMINAL_FORMS[inside.lower]
    if nominal and form in _LIGHT | _REACT:
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
        predicate, sense = form, _generic(form)
        if tokens[at].pos not in ("VERB", "AUX") or form in ("be", "do", "have", "happen", "say"):
            return None
    else:
        predicate, sense = found
        if predicate == "give up":
            rest = rest[1:]
    second_at = _chained(tokens, at)
    if second_at is not None and (found is None or predicate in ("agree", "offer")):
        return _frame(question, tokens, second_at, subject=subject, passive=False, wh=wh)
    frame_of = sense.kind in ("accuse", "demand")
    bare_tokens, phrases, infinitive = _slots(rest, frame_of)
    bare = _segment_party(question, bare_tokens)
    by_prep: dict[str, Party] = {}
    for prep, words in phrases:
        party = _segment_party(question, words)
        if party is not None:
            by_prep.setdefault(prep, party)
    through_prep = next((by_prep[p] for p in sense.preps if p in by_prep), None)
    agent: Party | None
    counterpart: Party | None
    if passive:
        agent = by_prep.get("by")
        counterpart = through_prep or subject
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
            counterpart = bare or next(iter(by_prep.values()), None)
        if (
            subject is None
            and counterpart is bare
            and bare is not None
            and sense.kind == "transfer"
        ):
            # "who lent money to X": the bare object is the thing, X stands after "to".
            counterpart = through_prep or bare
        if sense.converse:
            agent, counterpart = counterpart, subject
    return Relation(sense.kind, predicate, agent, counterpart, at=tokens[at].start)


def _chained(tokens: Sequence[Token], at: int) -> int | None:
    if at + 2 < len(tokens) and tokens[at + 1].lower == "to" and _sense_at(tokens, at + 2):
        return at + 2
    return None


def _object_of_infinitive(question: Parsed, rest: Sequence[Token]) -> Party | None:
    """Of "… to sue B": B."""
    to = next((i for i, t in enumerate(rest) if t.lower == "to"), None)
    if to is None or to + 2 >= len(rest):
        return None
    bare, phrases, _ = _slots(rest[to + 2 :], False)
    party = _segment_party(question, bare)
    if party is not None and any(t.text[:1].isupper() for t in party.core):
        return party
    return next((_segment_party(question, w) for p, w in phrases if p in ("to", "from")), None)


@lru_cache(maxsize=1024)
def _generic(lemma: str) -> _Sense:
    return _Sense(
        "verb:" + lemma, "verb:" + lemma, True, ("to", "against", "from", "with", "on", "at", "for")
    )


def _light_asked(
    question: Parsed,
    tokens: list[Token],
    at: int,
    verb: str,
    nominal: str,
    subject: Party | None,
    passive: bool,
) -> Relation | None:
    sense = _SENSES[_NOMINALS[nominal]]
    _, phrases, _ = _slots(tokens[at + 1 :], True)
    preps = {p: party for p, words in phrases if (party := _segment_party(question, words))}
    wanted = _NOMINAL_PREPS.get(sense.kind, sense.preps)
    other = next((preps[p] for p in wanted if p in preps), None)
    if verb in _REACT:
        agent, counterpart = other or preps.get("from"), subject
    elif passive:
        agent, counterpart = preps.get("by"), other
    else:
        agent, counterpart = subject, other or preps.get("from")
        if counterpart is None:
            bare, _, _ = _slots(tokens[at + 1 :], True)
            bare_party = _segment_party(question, bare)
            if bare_party is not None and _fold(bare_party.head.text) not in _NOMINAL_FORMS:
                counterpart = bare_party
    if sense.converse:
        agent, counterpart = counterpart, agent
    return Relation(sense.kind, _NOMINALS[nominal], agent, counterpart, 0.9, at=tokens[at].start)


def _nominal_asked(question: Parsed, tokens: list[Token]) -> Relation | None:
    """A fragment: "US expectations of Europe", "what are A's demands on B"."""
    for i, token in enumerate(tokens):
        noun = _NOMINAL_FORMS.get(token.lower)
        if noun is None:
            continue
        sense = _SENSES[_NOMINALS[noun]]
        first = i
        while first > 0 and (
            tokens[first - 1].tag == "POS"
            or tokens[first - 1].lower not in _PREPS | _WH | _AUX | _STOPS
        ):
            first -= 1
        before = [t for t in tokens[first:i] if t.tag != "JJ" or t.text[:1].isupper() or t.ent_type]
        _, phrases, _ = _slots(tokens[i + 1 :], True)
        # Here "of" may join on to nothing bare; read the phrase after the noun itself.
        preps: dict[str, Party] = {}
        for prep, words in phrases:
            party = _segment_party(question, words)
            if party is not None:
                preps.setdefault(prep, party)
        agent = _segment_party(question, before)
        if agent is not None and agent.head.lower in ("much", "many", "main", "key", "new"):
            agent = None
        return _nominal_relation(sense, _NOMINALS[noun], agent, preps, token.start)
    return None


def _nominal_relation(
    sense: _Sense, predicate: str, agent: Party | None, preps: Mapping[str, Party], at: int
) -> Relation | None:
    wanted = _NOMINAL_PREPS.get(sense.kind, sense.preps)
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
        if token.pos in ("VERB", "AUX") or (token.dep == "ROOT" and token.lower in _SENSE_FORMS):
            found.extend(_verb_relations(sentence, token))
        elif token.pos in ("NOUN", "PROPN") and token.lower in _NOMINAL_FORMS:
            relation = _noun_relation(sentence, token)
            if relation is not None:
                found.append(relation)
    return tuple(found)


_FINITE = ("VBD", "VBZ", "VBP")


def _lemma(token: Token) -> str:
    return _FORMS.get(token.lower) or token.lemma.lower()


def _subject(parsed: Parsed, verb: Token, depth: int = 0) -> tuple[Token | None, bool]:
    """The noun that is the subject of a verb, found through coordination and control, and whether
    it is that of a passive (what is done is done to it)."""
    if depth > 6:
        return None, False
    own = parsed.children(verb.index, "nsubj", "nsubjpass", "csubj")
    participle = verb.tag == "VBN" and bool(parsed.children(verb.index, "auxpass"))
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
            if verb.dep in ("xcomp", "ccomp") and _lemma(above) not in _SUBJECT_CONTROL:
                objects = parsed.children(above.index, "dobj")
                if objects:
                    return objects[0], participle
            subject, passive = _subject(parsed, above, depth + 1)
            return subject, participle
        if above.pos in ("NOUN", "PROPN"):
            return _holder(parsed, above, depth + 1), participle
    if verb.dep == "acl":
        if verb.tag == "VBN":
            return head, True
        if verb.tag == "VBG":
            return head, False
        return _holder(parsed, head, depth + 1), participle
    if verb.dep == "relcl":
        return None, participle
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
    lemma = _lemma(verb)
    particle = next((t.lower for t in parsed.children(verb.index, "prt")), "")
    if lemma == "give" and particle == "up":
        lemma, sense = "give up", _SENSES["concede"]
    elif lemma in _SENSES:
        sense = _SENSES[lemma]
    elif lemma in ("be", "do", "have", "say", "become", "seem", "go", "come", "remain"):
        if lemma not in _THINK:
            return
        sense = _generic(lemma)
    else:
        sense = _generic(lemma)
    subject, passive = _subject(parsed, verb)
    if lemma in _THINK:
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
    if lemma in ("tell", "direct", "push", "force", "challenge") and not infinitive:
        return  # told that, told of: no demand
    if lemma in ("call", "look", "hope", "wait", "count", "rely", "bank", "depend") and not through:
        return
    if verb.tag in ("VBZ", "VBP", "VBD") and sense.kind[:5] != "verb:":
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
        targets = recipient + ([subject] if subject is not None else [])
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
                targets.extend(objects[:1])
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
        if sense.kind == "threat":
            targets.extend([clause_subject] if clause_subject is not None else [])
            for clause in parsed.children(verb.index, "xcomp"):
                targets.extend(parsed.children(clause.index, "dobj", "dative"))
    if sense.converse and not passive:
        yield _relation(parsed, sense, lemma, targets[:1], [agent] if agent else [], sure, verb)
        return
    if sense.converse and passive:
        giver = [preps["from"]] if "from" in preps else []
        taker = [preps["by"]] if "by" in preps else []
        yield _relation(parsed, sense, lemma, giver, taker, sure, verb)
        return
    yield _relation(parsed, sense, lemma, [agent] if agent else [], targets, sure, verb)


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
    if not 0 <= i < len(tokens) or tokens[i].pos != "PROPN":
        return None
    while step > 0 and i + 1 < len(tokens) and tokens[i + 1].pos == "PROPN":
        i += 1
    return tokens[i]


def _relation(
    parsed: Parsed,
    sense: _Sense,
    lemma: str,
    agents: Sequence[Token],
    targets: Sequence[Token],
    sure: float,
    at: Token,
) -> Relation:
    parties = [_party(parsed, t) for t in dict.fromkeys(targets)]
    return Relation(
        sense.kind,
        lemma,
        _party(parsed, agents[0]) if agents else None,
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
        bound = any(t.lower in _OBLIGATION for t in parsed.children(clause.index, "aux"))
        inner = parsed.children(clause.index, "nsubj", "nsubjpass")
        if not inner:
            continue
        if not bound and clause.lemma.lower() in ("have", "need"):
            bound = any(
                t.dep == "xcomp" and any(a.lower == "to" for a in parsed.children(t.index, "aux"))
                for t in parsed.children(clause.index)
            )
        if bound:
            yield Relation(
                "demand",
                "require",
                _party(parsed, subject),
                _party(parsed, inner[0]),
                0.8,
                at=verb.start,
            )


def _noun_relation(parsed: Parsed, noun: Token) -> Relation | None:
    name = _NOMINAL_FORMS[noun.lower]
    predicate = _NOMINALS[name]
    sense = _SENSES[predicate]
    preps: dict[str, Party] = {}
    for prep, inner in _prep_objects(parsed, noun.index):
        if prep in ("from", "to", "on", "upon", "of", "by", "against", "over", "about"):
            preps.setdefault(prep, _party(parsed, inner))
    head = parsed.tokens[noun.head]
    steps = 0
    while head.dep in ("xcomp", "pcomp", "prep") and head.pos != "VERB" and steps < 4:
        head = parsed.tokens[head.head]
        steps += 1
    agent: Party | None = None
    receiver: Party | None = None
    for child in parsed.children(noun.index, "poss", "compound", "amod", "nmod"):
        if child.dep == "poss" or child.text[:1].isupper():
            agent = _party(parsed, child)
            break
    if noun.dep == "dobj" and head.pos == "VERB":
        verb = _lemma(head)
        for prep, inner in _prep_objects(parsed, head.index):
            if prep in ("from", "to", "on", "upon", "against", "over"):
                preps.setdefault(prep, _party(parsed, inner))
        subject, passive = _subject(parsed, head)
        if subject is not None and not passive:
            if verb in _REACT:
                receiver = _party(parsed, subject)
            elif agent is None and (
                verb in _LIGHT or (verb in _SENSES and _SENSES[verb].kind in ("transfer", "commit"))
            ):
                agent = _party(parsed, subject)
        if verb in _LIGHT:
            for dative in parsed.children(head.index, "dative"):
                if dative.pos != "ADP":
                    receiver = _party(parsed, dative)
    elif noun.dep == "nsubjpass" and (by := parsed.children(head.index, "agent")):
        for inner in parsed.children(by[0].index, "pobj"):
            if _lemma(head) in _REACT:
                receiver = _party(parsed, inner)
            elif agent is None:
                agent = _party(parsed, inner)
    if sense.kind == "transfer":
        # "the sale of machines": what is sold, not who is sold to.
        preps.pop("of", None)
    if "of" in preps and sense.kind == "accuse" and agent is not None:
        preps.pop("of")
    relation = _nominal_relation(sense, predicate, agent, preps, noun.start)
    if relation is None:
        if receiver is None:
            return None
        return Relation(sense.kind, predicate, None, receiver, 0.7, at=noun.start)
    if receiver is not None and relation.counterpart is None:
        return Relation(sense.kind, predicate, relation.agent, receiver, 0.8, at=noun.start)
    return relation


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
    if relation.predicate == "give up":
        return "concede"
    sense = _SENSES.get(relation.predicate)
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


def _overlap(a: _Keys, b: _Keys) -> float:
    """How surely two noun phrases mean the same party, 0 to 1."""
    named_a = {k for k in a if _is_name(k)}
    named_b = {k for k in b if _is_name(k)}
    best = max((min(a[k], b[k]) for k in named_a & named_b), default=0.0)
    if best or (named_a and named_b):
        return best
    return max((min(a[k], b[k]) for k in a.keys() & b.keys()), default=0.0)


def _differ(a: _Keys, b: _Keys, persons: frozenset[str]) -> bool:
    """Whether two noun phrases surely mean different parties.

    A person and a body may be one party, unless it is known for whom the person speaks.
    """
    named_a = {k for k, w in a.items() if _is_name(k) and w >= 0.8}
    named_b = {k for k, w in b.items() if _is_name(k) and w >= 0.8}
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
        return Direction(Verdict.UNKNOWN, "the question asks for no relation between parties")
    found = _compare(asked, sentence, context)
    if found.verdict is Verdict.REVERSED and _asks_both_ways(question):
        return replace(
            found,
            verdict=Verdict.UNKNOWN,
            reason="the question asks more than one thing",
            strength=0.0,
        )
    return found


def _asks_both_ways(question: Parsed) -> bool:
    """Whether the question is two ("… and what does B want in exchange?") or of both sides."""
    low = [t.lower for t in question.tokens]
    text = question.text.lower()
    second = any(a in ("and", "or") and b in _WH for a, b in pairwise(low))
    return second or any(w in text for w in ("each other", "one another", "vice versa"))


def _compare(asked: Relation, sentence: Parsed, context: Context) -> Direction:
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
        if _is_relational(party) and party.core[0].tag == "PRP$":
            mine[role].update({"o:" + k: w for k, w in mine[other].items() if _is_name(k)})
        elif party.is_pronoun:
            # "What do A's partners expect from it?"
            mine[role].update({k[2:]: w for k, w in mine[other].items() if k[:2] == "o:"})
    best: dict[Verdict, tuple[float, float, Relation]] = {}
    doubtful: list[Relation] = []
    stranger: Relation | None = None
    for stated in relations_in(sentence):
        fit = _fit(asked, stated)
        if not fit:
            continue
        same, reverse = _scores(mine, stated, sentence, context)
        if fit > 0.6 and not same and _unresolved(stated, sentence, context):
            doubtful.append(stated)
        if same == reverse == 0:
            stranger = stranger or stated
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
        return _verdict(Verdict.SAME, _same_reason(asked, same_as), same_value, asked, same_as)
    if reverse_of is not None and reverse_value >= 0.2 and all(d is reverse_of for d in doubtful):
        reason = _reverse_reason(asked, reverse_of)
        return _verdict(Verdict.REVERSED, reason, reverse_value, asked, reverse_of)
    reason = "the sentence states no such relation between these parties"
    if stranger is not None and stranger.agent is not None and asked.agent is not None:
        reason = (
            f"in the sentence the {_gerund(stranger.predicate)} party is "
            f"{stranger.agent.text}, in the question it is {asked.agent.text}"
        )
    return _verdict(Verdict.UNKNOWN, reason, 0.0, asked, stranger)


def _unresolved(stated: Relation, sentence: Parsed, context: Context) -> bool:
    """Whether who acts is a pronoun that could be anybody's."""
    if stated.agent is None or not stated.agent.is_pronoun:
        return False
    if stated.agent.head.lower in _PERSONAL:
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


def _scores(
    mine: Mapping[str, _Keys], stated: Relation, sentence: Parsed, context: Context
) -> tuple[float, float]:
    """How well the parties fit as asked, and how well the other way round, each 0 to 1."""
    targets = [p for p in (stated.counterpart, *stated.others) if p is not None]
    best = (0.0, 0.0)
    options: list[Party | None] = [*targets] or [None]
    for target in options:
        agent_keys, target_keys = _resolved(stated.agent, target, sentence, context)
        same, reverse = _score_pair(mine, agent_keys, target_keys, context.aliases.persons)
        if target is not stated.counterpart:
            same, reverse = 0.8 * same, 0.8 * reverse
        best = (max(best[0], same), max(best[1], reverse))
    return best


def _score_pair(
    mine: Mapping[str, _Keys],
    agent: _Keys | None,
    target: _Keys | None,
    persons: frozenset[str],
) -> tuple[float, float]:
    qa, qc = mine.get("agent"), mine.get("counterpart")
    sa, sc = agent or {}, target or {}
    if qa is not None and qc is not None:
        same_clash = _differ(qa, sa, persons), _differ(qc, sc, persons)
        reverse_clash = _differ(qc, sa, persons), _differ(qa, sc, persons)
        return (
            _both(_overlap(qa, sa), _overlap(qc, sc), *same_clash),
            _both(_overlap(qc, sa), _overlap(qa, sc), *reverse_clash),
        )
    if qa is not None:
        same = _overlap(qa, sa)
        return 0.8 * same, 0.0 if same else 0.6 * _overlap(qa, sc)
    if qc is not None:
        same = _overlap(qc, sc)
        return 0.8 * same, 0.0 if same or not sc else 0.6 * _overlap(qc, sa)
    return 0.0, 0.0


def _both(agent: float, other: float, agent_differs: bool, other_differs: bool) -> float:
    if agent and other:
        return (agent + other) / 2
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
    if agent is not None and _points_back(agent, agent_keys):
        taken = target_keys if target is not None and not _points_back(target, target_keys) else {}
        agent_keys = _antecedent(agent, sentence, context, taken)
    if target is not None and _points_back(target, target_keys):
        others = _other_party(target, agent_keys, sentence, context)
        target_keys = others or _antecedent(target, sentence, context, agent_keys)
    if target is not None and _is_thing(target, target_keys):
        target_keys = {"thing:": 1.0}
    return (agent_keys if agent else None), (target_keys if target else None)


def _plain_keys(party: Party | None, aliases: Aliases) -> _Keys:
    return aliases.keys(party) if party is not None else {}


def _is_thing(party: Party, keys: _Keys) -> bool:
    """Whether it is nobody: a bare noun in the singular ("inflation", "money")."""
    named = any(_is_name(k) for k in keys)
    head = party.head
    return not named and head.tag == "NN" and len(party.core) == 1 and head.dep != "appos"


def _points_back(party: Party, keys: _Keys) -> bool:
    if party.is_pronoun:
        return True
    if any(_is_name(k) for k in keys):
        return False
    noun = _head_noun(party.head)
    definite = party.core[0].lower in ("the", "its", "their", "his", "her", "this", "that")
    return definite and (
        noun in _KINDS or noun in _RELATIONAL or noun in _TITLES or (party.core[0].tag == "PRP$")
    )


def _antecedent(party: Party, sentence: Parsed, context: Context, taken: _Keys) -> _Keys:
    personal = party.is_pronoun and party.head.lower in _PERSONAL
    impersonal = (party.is_pronoun and party.head.lower in _IMPERSONAL) or not party.is_pronoun
    own = {}
    if not party.is_pronoun:
        own = {k: w for k, w in context.aliases.keys(party).items() if k.startswith("n:")}
    for weight, keys in _candidates(party, sentence, context):
        if _overlap(keys, taken):
            continue
        is_person = bool(keys.keys() & context.aliases.persons)
        named = [k for k in keys if _is_name(k)]
        if personal and not is_person and (" " in "".join(named) or set(named) & _PLACES):
            continue
        if personal and not named:
            continue
        if impersonal and is_person:
            keys = {k: w for k, w in keys.items() if k not in context.aliases.persons}
            if not keys:
                continue
        return {**{k: min(w, weight) for k, w in keys.items()}, **own}
    return own


def _candidates(party: Party, sentence: Parsed, context: Context) -> Iterator[tuple[float, _Keys]]:
    """Whom a pronoun may stand for, the likeliest first, with how likely."""
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
            candidate = _party(parsed, token)
            if candidate.is_pronoun or (token.index == here and parsed is sentence):
                continue
            keys = aliases.keys(candidate)
            if candidate.core[0].lower != "the" or len(keys) > 1:
                keys = {k: w for k, w in keys.items() if _is_name(k)}
            if keys:
                yield weight, keys


def _salient(parsed: Parsed) -> list[Token]:
    """The subjects of a sentence, that of its root first, then its objects."""
    root = parsed.root
    subjects = [t for t in parsed.tokens if t.dep in ("nsubj", "nsubjpass")]
    subjects.sort(key=lambda t: (root is None or t.head != root.index, t.index))
    return subjects + [t for t in parsed.tokens if t.dep in ("dobj", "pobj", "dative", "poss")]


def _other_party(target: Party, agent: _Keys, sentence: Parsed, context: Context) -> _Keys:
    """ "its partners", "its former partner": a party other than the one they belong to."""
    if not _is_relational(target):
        return {}
    for weight, keys in _candidates(target, sentence, context):
        if not _overlap(keys, agent):
            return {k: min(w, 0.8 * weight) for k, w in keys.items()}
    return {}


# ---------------------------------------------------------------------------- in words


def _gerund(predicate: str) -> str:
    verb, _, rest = predicate.partition(" ")
    if verb.endswith("e") and not verb.endswith("ee"):
        verb = verb[:-1]
    elif verb in ("get", "let", "win", "beg", "compel", "commit"):
        verb += verb[-1]
    return f"{verb}ing" + (f" {rest}" if rest else "")


def _same_reason(asked: Relation, stated: Relation) -> str:
    who = stated.agent or asked.agent
    whom = stated.counterpart
    text = f"in both the {_gerund(asked.predicate)} party is {who.text}" if who else ""
    if not text and whom:
        return f"in both the {_gerund(asked.predicate)} is directed at {whom.text}"
    return text or "both state the same relation"


def _reverse_reason(asked: Relation, stated: Relation) -> str:
    verb = _gerund(asked.predicate)
    if stated.agent is not None and asked.agent is not None:
        return (
            f"in the sentence the {verb} party is {stated.agent.text}, "
            f"in the question it is {asked.agent.text}"
        )
    if stated.counterpart is not None and asked.agent is not None:
        return f"in the sentence {stated.counterpart.text} is at the other end of the {verb}"
    return "the sentence has the parties the other way round"


# ---------------------------------------------------------------------------- attribution

_SAYING = _words(
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
        compared = _compare(relation, sentence, context)
        if compared.verdict is Verdict.REVERSED:
            return compared
        found = found or compared
    return found
