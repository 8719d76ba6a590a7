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
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

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
us usa america american americans washington|united states|united states of america|white house|us administration
europe european europeans eu brussels|european union|european commission|european council|the continent
uk britain british briton britons london english england|united kingdom|great britain|downing street|whitehall
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
_LONGEST_COUNTRY = max(len(k) for k in _COUNTRY)

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
    "manufacturers": frozenset(),
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
    "union's": frozenset(),
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


_DEMAND_PREPS = ("from", "of", "on", "upon", "to")
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
        _SENSES[lemma] = _Sense(
            kind, group or kind, address, tuple(preps.split()), converse, sure
        )


_add("ask urge press order tell instruct command push pressure beg implore lobby compel oblige "
     "force petition pressurise pressurize beseech direct exhort challenge invite summon",
     "demand", preps="of from for_")
_add("expect want need require demand seek request", "demand", address=False,
     preps="from of on upon")
_add("call appeal insist", "demand", address=False, preps="on upon to")
_add("hope look wait", "demand", address=False, preps="from", sure=0.6)
_add("accuse blame charge criticise criticize denounce condemn fault rebuke suspect", "accuse",
     preps="against")
_add("complain", "accuse", address=False, preps="about against of", sure=0.8)
_add("allege claim", "accuse", address=False, preps="against", sure=0.6)
_add("give hand send provide grant transfer extend contribute present donate cede allocate award",
     "transfer", "give", preps="to for with")
_add("let allow permit authorise authorize", "transfer", "let", preps="to")
_add("sell supply export deliver ship license lease", "transfer", "sell", preps="to for")
_add("buy import purchase", "transfer", "sell", address=False, preps="from", converse=True)
_add("pay repay refund reimburse compensate", "transfer", "pay", preps="to")
_add("lend loan", "transfer", "lend", preps="to")
_add("borrow", "transfer", "lend", address=False, preps="from", converse=True)
_add("owe", "transfer", "owe", preps="to")
_add("get receive obtain take acquire collect gain", "transfer", "give", address=False,
     preps="from by", converse=True, sure=0.9)
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
_add("concede relinquish renounce yield waive abandon drop surrender", "concede", address=False,
     preps="to")

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
    "renew repeat voice set give address direct do impose lay state express deliver stop halt "
    "suspend ban end resume begin start block license approve increase cut reduce continue "
    "extend drop withdraw"
)
# Who does this to a noun is at the receiving end of what it names.
_REACT = _words(
    "reject refuse accept face meet receive deny dismiss resist rebuff ignore fulfil fulfill get "
    "satisfy grant decline answer oppose heed shrug await"
)
_OBLIGATION = _words("must should ought")
_THINK = _words(
    "agree say insist believe think argue stress maintain understand feel consider hold warn "
    "suggest declare conclude reckon propose"
)
_SUBJECT_CONTROL = _words(
    "promise pledge undertake vow swear threaten agree commit offer"
)

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
    """The lemma of a predicate that ``word`` is, or is one slip of the finger away from."""
    if word in _SENSE_FORMS:
        return _SENSE_FORMS[word]
    if len(word) < 5 or word in _NOMINAL_FORMS:
        return None
    for form, lemma in _SENSE_FORMS.items():
        if len(form) >= 5 and abs(len(form) - len(word)) <= 1 and form[0] == word[0]:
            if _one_slip(word, form):
                return lemma
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
    return (
        shared >= 4
        and len(place) - shared <= 2
        and (rest in _DEMONYM_ENDINGS)
    )


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

        A key that begins with ``n:`` is a common noun, not a name. A question's names need no
        capitals.
        """
        if party.is_pronoun:
            return {}
        noun = _head_noun(party.head)
        core = party.core
        if noun in _RELATIONAL:
            core = _after_possessive(core)
        found = self._named(core, question)
        if not found and party.of and noun not in _RELATIONAL:
            found = self._named(party.of, question)
        for key, weight in self._named(party.apposed, question).items():
            if key not in found:
                found[key] = 0.95 * weight
        if noun and noun not in _RELATIONAL:
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
        """"the dockers" for the Dock Workers' Federation."""
        found: dict[str, float] = {}
        for word, keys in self.partials.items():
            if len(word) >= 4 and noun != word and noun.startswith(word):
                if noun[len(word) :] in _AGENTIVE:
                    for key in keys:
                        found[key] = 0.8 / len(keys) ** 0.5
        return found


def _is_plain_us(token: Token, before: str) -> bool:
    """Whether it is the pronoun "us", not the country."""
    return token.text == "us" and token.tag == "PRP" and before != "the"


def _head_noun(head: Token) -> str:
    """The common noun at the head, in the singular; empty for a name."""
    if head.text[:1].isupper() and head.pos == "PROPN":
        return ""
    lemma = _fold(head.lemma)
    return _singular(lemma) if head.pos in ("NOUN", "PROPN", "ADJ", "VERB") else ""


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
    person: set[tuple[str, ...]] = set()
    for parsed in parses:
        for first, last, label in _name_runs(parsed):
            words = _name_words(parsed.tokens[first:last])
            if words and not all(len(w) == 1 for w in words):
                seen[words] += 1
                if label == "PERSON":
                    person.add(words)
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
            longer = next((n for n in names if len(n) > len(words) and n[: len(words)] == words), None)
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
            (n for n in [(s,) for s in sorted(singles)] if n[0] != word and _is_demonym(word, n[0])),
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
    persons = frozenset(names[w] for w in person if w in names)
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
        cut = next(
            (i for i in range(first, last) if _fold(parsed.tokens[i].text) in _TITLES), None
        )
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
        while j < len(tokens) and j not in taken and (
            _may_be_name(tokens[j])
            or (
                tokens[j].text in ("-", "‑", "of", "&")
                and j + 1 < len(tokens)
                and j + 1 not in taken
                and _may_be_name(tokens[j + 1])
            )
        ):
            j += 1
        yield i, j, "PERSON" if any(tokens[k].ent_type == "PERSON" for k in range(i, j)) else ""
        i = j


def _may_be_name(token: Token) -> bool:
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
            own = [t for t in parsed.subtree(name.index) if t.dep in ("compound", "punct")]
            core = _noun_phrase(parsed, name)[0]
            keys = names._named(core, False)
            if keys and own is not None:
                yield _head_noun(noun), set(keys)


def _link_persons(
    parsed: Parsed, names: Aliases, persons: frozenset[str], links: dict[str, set[str]]
) -> None:
    """Link persons to whom they speak for: "Kestria's premier, Ana Lind", "US President X"."""
    for token in parsed.tokens:
        if _fold(token.lemma) not in _TITLES - _NOT_AFFILIATING or token.pos not in ("NOUN", "PROPN"):
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
        return {k for k in names._named(tokens, False) if k not in set(_COUNTRY.values())}
    return set()


# ---------------------------------------------------------------------------- noun phrases

_LEFT = ("det", "poss", "compound", "amod", "nmod", "nummod", "predet", "case", "quantmod", "advmod")


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
_SKIP_LAST = _words("now today yesterday then currently also still exactly really actually recently "
                    "ever all to do does did have please again , . ?")
