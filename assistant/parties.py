"""Who takes part: the noun phrases of a question or a sentence, and whom they mean.

A document calls one party by many names: "the European Union", "Brussels", "the bloc"; "US
President Donald Trump" and then "Trump". :func:`document_aliases` learns them from its sentences
and :class:`Aliases` gives each noun phrase the keys of whom it may mean; two phrases that share a
key may be one party.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.language import Parsed, Token, unaccented


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


PRONOUNS = word_set(
    "it he she they him her them its his their who which that whom whose this these those both "
    "itself himself herself themselves"
)
PERSONAL = word_set("he she him her his himself herself")
PLURAL = word_set("they them their themselves")
IMPERSONAL = word_set("it its itself")

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
albania albanian albanians tirana
kosovo kosovar kosovars pristina
macedonia macedonian macedonians skopje|north macedonia|north macedonian
bosnia bosnian bosnians sarajevo|bosnia and herzegovina
montenegro montenegrin montenegrins podgorica
slovenia slovenian slovene slovenes ljubljana
malta maltese valletta
luxembourg
greenland greenlandic greenlanders nuuk
kuwait kuwaiti kuwaitis|kuwait city
oman omani omanis muscat
bahrain bahraini bahrainis manama
uzbekistan uzbek uzbeks tashkent
kyrgyzstan kyrgyz bishkek
tajikistan tajik tajiks dushanbe
turkmenistan turkmen ashgabat
mongolia mongolian mongolians ulaanbaatar
nepal nepali nepalis nepalese kathmandu
bhutan bhutanese thimphu
myanmar burma burmese naypyidaw
cambodia cambodian cambodians|phnom penh
laos laotian laotians vientiane
brunei bruneian
maldives maldivian maldivians
lanka colombo|sri lanka|sri lankan|sri lankans
timor|east timor|timor-leste
png|papua new guinea|port moresby
fiji fijian fijians suva
peru peruvian peruvians lima
bolivia bolivian bolivians|la paz
ecuador ecuadorean ecuadorian ecuadorians quito
paraguay paraguayan paraguayans asuncion
uruguay uruguayan uruguayans montevideo
guyana guyanese georgetown
suriname surinamese paramaribo
panama panamanian panamanians|panama city
costarica|costa rica|costa rican|costa ricans
nicaragua nicaraguan nicaraguans managua
honduras honduran hondurans tegucigalpa
guatemala guatemalan guatemalans|guatemala city
salvador salvadoran salvadorans|el salvador|san salvador
haiti haitian haitians|port-au-prince
dominican|dominican republic|santo domingo
jamaica jamaican jamaicans kingston
ghana ghanaian ghanaians accra
togo togolese lome
benin beninese cotonou
niger nigerien nigeriens niamey
mali malian malians bamako
burkina ouagadougou|burkina faso
senegal senegalese dakar
gambia gambian gambians banjul
guinea guinean guineans conakry
ivory ivorian ivorians abidjan|ivory coast|cote d'ivoire
liberia liberian liberians monrovia
leone freetown|sierra leone|sierra leonean
mauritania mauritanian mauritanians nouakchott
chad chadian chadians|n'djamena
cameroon cameroonian cameroonians yaounde
gabon gabonese libreville
car bangui|central african republic
uganda ugandan ugandans kampala
tanzania tanzanian tanzanians dodoma
burundi burundian burundians bujumbura
somalia somali somalis mogadishu
somaliland hargeisa
djibouti djiboutian
eritrea eritrean eritreans asmara
ssudan juba|south sudan|south sudanese
zambia zambian zambians lusaka
zimbabwe zimbabwean zimbabweans harare
malawi malawian malawians lilongwe
mozambique mozambican mozambicans maputo
angola angolan angolans luanda
namibia namibian namibians windhoek
botswana botswanan gaborone
lesotho maseru
madagascar malagasy antananarivo
mauritius mauritian mauritians
scotland scottish scots
wales welsh
catalonia catalan catalans
kurdistan kurdish kurd kurds
tibet tibetan tibetans
chechnya chechen chechens grozny
uyghur uyghurs
rohingya
taliban
hezbollah
houthi houthis
fifa
opec
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
    # Ordinary words, names of persons and of other things: only the longer name is the country.
    for word in "ivory car leone salvador dominican timor png lanka burkina costarica".split():
        del table[(word,)]
    return table


COUNTRY = _country_table()
PLACES = frozenset(COUNTRY.values())

# Who bears such a title speaks for whom it belongs to.
TITLES = word_set(
    "president premier minister secretary chancellor envoy ambassador spokesman spokeswoman "
    "spokesperson leader chief director chairman chairwoman chair head ceo boss governor mayor "
    "commissioner king queen prince sultan emir negotiator general admiral official "
    "representative delegate captain coach manager founder owner executive senator diplomat "
    "deputy mp lawmaker economist analyst lawyer counsel treasurer commander colonel adviser "
    "steward president-elect vice-president co-founder sir dr mr mrs ms lord lady dame prof "
    "professor judge"
)
NOT_AFFILIATING = word_set("judge dr mr mrs ms lord lady dame prof professor sir analyst lawmaker")
TITLE_PARTS = word_set("prime vice foreign deputy interior finance trade defence defense general")

# "Kyiv's allies", "its partners": not the one they belong to, but others.
RELATIONAL = word_set(
    "ally partner neighbour neighbor rival enemy opponent foe critic creditor debtor supplier "
    "customer buyer client counterpart adversary successor predecessor competitor lender investor "
    "ex-partner attacker accuser employer landlord tenant contractor victim"
)

# "Delta Rail's drivers": a party of their own, neither the company nor others by relation.
MEMBERS = word_set(
    "driver pilot worker employee staff nurse doctor teacher player fan customer shareholder "
    "opposition resident miner crew voter citizen protester rebel separatist student union "
    "striker passenger parent patient farmer fisherman tenant subscriber user creditor"
)

_NO_TRADE = word_set(
    "soldier fighter officer trooper gunner bomber order border number letter offer paper power "
    "centre center tower river weather sector tractor water matter quarter transfer answer "
    "whisper computer newspaper summer winter error factor corridor harbour member father mother "
    "brother sister daughter murder founder leader founder-leader trawler destroyer steamer boxer"
)


def is_trade(noun: str) -> bool:
    """Whether a noun (singular) names people by what they do: a company's couriers, as its drivers,
    are a party of their own; a country's soldiers or officers are it."""
    made = noun.endswith(("er", "or", "ist", "ee")) and len(noun) > 5
    return made and noun not in TITLES and noun not in KINDS and noun not in _NO_TRADE


# Nouns that point back to a name by its kind; read like a pronoun where no name has that head.
KINDS: dict[str, frozenset[str]] = {
    "company": frozenset(),
    "firm": frozenset(),
    "operator": frozenset(),
    "maker": frozenset(),
    "manufacturer": frozenset(),
    "club": frozenset(),
    "side": frozenset(),
    "country": frozenset(),
    "group": word_set("group"),
    "bloc": word_set(
        "compact union league alliance association community pact council commonwealth"
    ),
    "alliance": word_set("compact union league pact treaty"),
    "organisation": word_set("organization federation union association agency"),
    "organization": word_set("organisation federation union association agency"),
    "union": word_set("federation brotherhood guild association congress"),
    "regulator": word_set("authority agency commission office"),
    "watchdog": word_set("authority agency commission office"),
    "agency": word_set("office authority"),
    "lender": word_set("bank"),
    "court": word_set("tribunal"),
    "tribunal": word_set("court"),
    "body": word_set("council commission committee board"),
    "ministry": word_set("department"),
    "developer": frozenset(),
    "carrier": word_set("airlines airways air"),
    "airline": word_set("airlines airways air"),
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
# Bear their kind in their name; which name that is has been looked for by it already.
INSTITUTIONS = word_set("ministry court tribunal agency body")
NAME_LINKS = word_set("of and & for the de du la le van von der den del di da al el bin ibn")

# "the port of Odessa": the name is the place's own.
PLACE_NOUNS = word_set(
    "city town port village province state region island republic kingdom county district "
    "capital municipality emirate principality"
)
CABINETS = word_set("administration government cabinet")
# Nouns for those who may act; another noun with "its" or "their" is a thing.
ANIMATE = (
    frozenset(KINDS)
    | RELATIONAL
    | MEMBERS
    | TITLES
    | word_set(
        "bank force army troop soldier police people man woman child brother sister family aide "
        "staff crew subsidiary parent forces navy guard party coalition council committee boss "
        "colleague friend wife husband son daughter father mother client minister owner"
    )
)

# ---------------------------------------------------------------------------- parties


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
        return len(self.core) == 1 and self.head.lower in PRONOUNS

    def __str__(self) -> str:
        return self.text


# ---------------------------------------------------------------------------- names


def fold(word: str) -> str:
    """Small letters, no accents, dots or possessive; empty for a mark."""
    word = word.replace("’", "'").casefold()
    if word.endswith("'s"):
        word = word[:-2]
    word = unaccented(word.replace(".", "").replace("'", ""))
    return word if any(c.isalnum() for c in word) else ""


def singular(noun: str) -> str:
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") and len(noun) > 3 else noun


_DEMONYM_ENDINGS = word_set("s n an ian ean ese ish i er ers ns ans ians eans is ite ites c ic")
_AGENTIVE = word_set("er ers ist ists man men worker workers")


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
        noun = head_noun(party.head)
        core = party.core
        others = is_relational(party)
        if others or noun in MEMBERS or is_trade(noun):
            core = after_possessive(core)
        found = self.named(core, question)
        # "Pilots of the airline" are not the airline; the head of a state may well be the state.
        if party.of and not (others or noun in MEMBERS) and (not found or noun in PLACE_NOUNS):
            found.update(self.named(party.of, question))
        for key, weight in self.named(party.apposed, question).items():
            if key not in found:
                found[key] = 0.95 * weight
        if noun in CABINETS and not found.keys() & PLACES:
            # "the Trump administration": of which country, the document need not say.
            found = {k: min(w, 0.75) for k, w in found.items()}
        if others:
            owned = party.core[: len(party.core) - len(core)] or party.of
            found.update({"o:" + k: 0.9 * w for k, w in self.named(owned, question).items()})
        if noun and not others:
            if not found:
                found.update(self._by_head(noun, core))
            if not found and question:
                found.update(self._by_stem(noun))
            found.setdefault("n:" + noun, 0.8)
            of = next((t for t in reversed(party.of) if t.tag == "NN"), None)
            if of is not None and party.head.tag == "NNS":
                found.setdefault("n:" + head_noun(of), 0.7)  # fighters of the militia
        return found

    def named(self, tokens: Sequence[Token], question: bool) -> dict[str, float]:
        found: dict[str, float] = {}
        words = [(fold(t.text), t) for t in tokens if t.tag != "POS"]
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
            if question and (spelt := self._spelt_out(words[i : i + 9])):
                step, key = spelt
                found[key] = 0.9
                i += step
                continue
            if word in self.partials and word not in TITLES:
                keys = self.partials[word]
                for key in keys:
                    weight = 0.9 if len(keys) == 1 else 0.6
                    found[key] = max(found.get(key, 0.0), weight)
                    for other in self.spokesmen.get(key, ()):
                        found[other] = max(found.get(other, 0.0), 0.8 * weight)
            elif (
                token.pos == "PROPN"
                and word not in TITLES
                and word not in TITLE_PARTS
                # A tagger's slip over a question without capitals: "the bloc" is no name.
                and not (
                    question and token.text.islower() and (word in KINDS or word in self.heads)
                )
            ):
                demonym = next(
                    (k for n, k in self.names.items() if len(n) == 1 and _is_demonym(word, n[0])),
                    None,
                )
                found[demonym or word] = 0.95
            i += 1
        return found

    def _spelt_out(self, words: list[tuple[str, Token]]) -> tuple[int, str] | None:
        """Of a question: initials whose name the document gives in full, or the full name where
        the document has its initials; how many words, and the key."""
        word, token = words[0]
        if 2 <= len(word) <= 6 and (token.text.isupper() or token.strange):
            for name, key in self.names.items():
                if len(name) >= len(word) and _initials(name) == word:
                    return 1, key
        run = [w for w, t in words if t.text[:1].isupper() or w in NAME_LINKS]
        for length in range(len(run), 1, -1):
            if run == [w for w, _ in words[: len(run)]] and run[length - 1] not in NAME_LINKS:
                key = self.names.get((_initials(run[:length]),), "")
                if key and length > 2:
                    return length, key
        return None

    def _longest(self, words: list[str]) -> tuple[int, str | None]:
        for length in range(len(words), 0, -1):
            phrase = tuple(w for w in words[:length] if w)
            if len(phrase) == 0 or not words[length - 1]:
                continue
            key = self.names.get(phrase) or COUNTRY.get(phrase)
            if key:
                return length, key
        return 1, None

    def _by_head(self, noun: str, core: Sequence[Token]) -> dict[str, float]:
        keys = self.heads.get(noun, frozenset())
        if not keys:
            return {}
        modifiers = {fold(t.text) for t in core[:-1]} - {"the", "a", ""}
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


def _initials(name: Iterable[str]) -> str:
    return "".join(word[0] for word in name if word and word not in NAME_LINKS)


def is_name(key: str) -> bool:
    """Whether a key stands for a named party, not for a common noun or "others than X"."""
    return not key.startswith(("n:", "o:"))


def _is_plain_us(token: Token, before: str) -> bool:
    """Whether it is the pronoun "us", not the country."""
    return token.text == "us" and token.tag == "PRP" and before != "the"


def head_noun(head: Token) -> str:
    """The common noun at the head, in the singular; empty for a name."""
    if head.text[:1].isupper() and head.pos == "PROPN":
        return ""
    lemma = fold(head.lemma)
    return singular(lemma) if head.pos in ("NOUN", "PROPN", "ADJ", "VERB") else ""


def is_relational(party: Party) -> bool:
    """Whether it names others by their relation to somebody: "its partners", "allies of X"."""
    if head_noun(party.head) not in RELATIONAL:
        return False
    return bool(party.of) or len(after_possessive(party.core)) < len(party.core)


def after_possessive(core: Sequence[Token]) -> tuple[Token, ...]:
    for i in range(len(core) - 1, -1, -1):
        if core[i].tag in ("POS", "PRP$") or core[i].text in ("'s", "’s", "'", "’"):
            return tuple(core[i + 1 :])
    return tuple(core)


FIRM = word_set(
    "inc corp plc ltd llc gmbh bank trust group holdings holding company corporation industries "
    "airlines airways petroleum motors"
)
_FIRM_AS_WRITTEN = ("AG", "Co.", "NV", "SA", "SpA")  # written otherwise, they are surnames
NAME_ENTS = word_set("ORG GPE NORP PERSON LOC FAC PRODUCT EVENT")
NO_NAME_ENTS = word_set("DATE TIME MONEY PERCENT QUANTITY CARDINAL ORDINAL")
_GENERIC_WORDS = word_set(
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
        key = COUNTRY.get(words) or names.get(words)
        if key is None:
            # A shorter form of a longer name: "Crane Federation" is left alone, "Corvane
            # Biologics" of "Corvane Biologics Limited" is not.
            longer = next(
                (n for n in names if len(n) > len(words) and n[: len(words)] == words), None
            )
            if longer is None and words in person:
                # A surname of several words: "Willy De Clercq", and then "De Clercq".
                ends = [
                    n for n in names if n in person and len(n) > len(words) and _ends_with(n, words)
                ]
                longer = ends[0] if len({names[n] for n in ends}) == 1 else None
            key = names[longer] if longer else " ".join(words)
        names[words] = key
        if words in COUNTRY:
            continue
        for word in {words[0], words[-1]} if words in person else set(words):
            if len(word) > 2 and word not in NAME_LINKS and (word,) not in COUNTRY:
                partials[word].add(key)
        if words not in person:
            head = words[words.index("of") - 1] if "of" in words[1:] else words[-1]
            heads[singular(head)].add(key)
            initials = _initials(words)
            if len(initials) > 1 and (initials,) in seen:
                names[(initials,)] = key
    for word in sorted(singles, key=lambda w: (len(w), w)):
        if (word,) in names or (word,) in COUNTRY:
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
            if head in TITLES or head in RELATIONAL:
                continue
            for key in keys - persons:
                heads[head].add(key)
        _link_persons(parsed, draft, persons, spokesmen)
    for noun, kinds in KINDS.items():
        for kind in kinds:
            heads[noun] |= heads.get(kind, set())
    return Aliases(
        names=names,
        partials={w: frozenset(k) for w, k in partials.items() if w not in _GENERIC_WORDS},
        spokesmen={k: frozenset(v) for k, v in spokesmen.items()},
        heads={k: frozenset(v) for k, v in heads.items() if v},
        persons=persons,
    )


def _ends_with(words: tuple[str, ...], end: tuple[str, ...]) -> bool:
    return words[-len(end) :] == end


def _add_demonyms(parses: Sequence[Parsed], names: dict[tuple[str, ...], str]) -> None:
    places = [n[0] for n in names if len(n) == 1]
    for parsed in parses:
        for token in parsed.tokens:
            word = fold(token.text)
            if token.text[:1].isupper() and (word,) not in names and (word,) not in COUNTRY:
                place = next((p for p in places if _is_demonym(word, p)), None)
                if place:
                    names[(word,)] = names[(place,)]


def _name_words(tokens: Sequence[Token]) -> tuple[str, ...]:
    words = [fold(t.text) for t in tokens if t.tag != "POS"]
    while words and (words[0] in ("the", "a", "an", "")):
        words.pop(0)
    return tuple(w for w in words if w)


def _name_runs(parsed: Parsed) -> Iterator[tuple[int, int, str]]:
    """Names as token ranges with a label: what the recogniser found, and runs of proper nouns."""
    tokens = parsed.tokens
    taken: set[int] = set()
    for entity in parsed.entities:
        if entity.label not in NAME_ENTS:
            continue
        first, last = entity.first, entity.last
        titles = TITLES | TITLE_PARTS
        if entity.label == "ORG":
            titles -= {"general"}  # the General Confederation of Labour
        while first < last and fold(parsed.tokens[first].text) in titles | {"the"}:
            first += 1
        if first < last and parsed.tokens[last - 1].tag == "POS":
            last -= 1
        # The recogniser joins "US President Donald Trump" or a stray small word now and then.
        cut = next(
            (i for i in range(first, last) if fold(parsed.tokens[i].text) in titles & TITLES), None
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
            yield first, last, _label(tokens[last - 1], entity.label)
    i = 0
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
        person = any(tokens[k].ent_type == "PERSON" for k in range(i, j))
        yield i, j, _label(tokens[j - 1], "PERSON" if person else "")
        i = j


def _label(last: Token, label: str) -> str:
    """A name's label. The recogniser takes strange names for persons', firms' among them."""
    firm = fold(last.text).rstrip(".") in FIRM or last.text in _FIRM_AS_WRITTEN
    return "ORG" if label == "PERSON" and firm else label


def _may_be_name(token: Token) -> bool:
    if token.index == 0 and token.tag == "NN" and token.dep in ("nsubj", "nsubjpass"):
        # A strange name that begins the sentence; a common noun would seldom stand there bare.
        return token.text[:1].isupper()
    return (
        token.text[:1].isupper()
        and token.pos == "PROPN"
        and token.ent_type not in NO_NAME_ENTS
        and fold(token.text) not in TITLES | TITLE_PARTS
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
            core = noun_phrase(parsed, name)[0]
            keys = names.named(core, False)
            if keys:
                yield head_noun(noun), set(keys)


def _link_persons(
    parsed: Parsed, names: Aliases, persons: frozenset[str], links: dict[str, set[str]]
) -> None:
    """Link persons to whom they speak for: "Kestria's premier, Ana Lind", "US President X"."""
    for token in parsed.tokens:
        if fold(token.lemma) not in TITLES - NOT_AFFILIATING or token.pos not in (
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
        owners = set(names.named(owner_tokens, False))
        if not owners:
            for t in owner_tokens:
                if t.pos == "NOUN":
                    owners |= set(names.heads.get(head_noun(t), ()))
        owners -= persons
        for mention in near:
            core, _, _ = noun_phrase(parsed, mention)
            own = [t for t in core if t.index > i or mention.index < i]
            for key in set(names.named(own, False)) & persons or _person_like(own, names):
                if key not in owners:
                    links[key] |= owners


def _person_like(tokens: Sequence[Token], names: Aliases) -> set[str]:
    """Keys of names beside a title that the recogniser did not call persons."""
    if tokens and all(t.pos in ("PROPN", "PUNCT") for t in tokens):
        return {k for k in names.named(tokens, False) if k not in PLACES}
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


def noun_phrase(
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
                for words in noun_phrase(parsed, inner):
                    of.extend(words)
        elif child.dep == "prep" and child.lower in ("from", "at", "in") and _acts(head):
            # "engineers from the Netherlands" act for it; "deckhands at Fjordline" do not
            for inner in parsed.children(child.index, "pobj"):
                if (fold(inner.text),) in COUNTRY:
                    of.extend(noun_phrase(parsed, inner)[0])
        elif child.dep == "appos":
            apposed.extend(noun_phrase(parsed, child)[0])
        elif child.dep == "conj" and child.pos in ("NOUN", "PROPN", "PRON"):
            of.extend(noun_phrase(parsed, child)[0])
    core.sort(key=lambda t: t.index)
    return tuple(core), tuple(of), tuple(apposed)


def _acts(head: Token) -> bool:
    """Whether the noun stands for people as a subject."""
    return head.tag == "NNS" and head.dep in ("nsubj", "nsubjpass")


def party_at(parsed: Parsed, head: Token) -> Party:
    core, of, apposed = noun_phrase(parsed, head)
    members = sorted((*core, *of), key=lambda t: t.index)
    # One unbroken stretch for display: what stands between belongs to it.
    start, end = members[0].start, members[-1].end
    if end - start > 120:
        start, end = core[0].start, core[-1].end
    return Party(parsed.text[start:end], start, end, head, core, of, apposed)


def party_in(parsed: Parsed, tokens: Sequence[Token]) -> Party | None:
    """A party from a stretch of a question, whatever the parser made of it."""
    words = [t for t in tokens if t.pos != "PUNCT" or t.text in "-‑'’.&"]
    while words and (words[0].lower in _SKIP_FIRST):
        words.pop(0)
    while words and (
        words[-1].lower in _SKIP_LAST
        or words[-1].pos == "PUNCT"
        or (words[-1].ent_type in ("DATE", "TIME") and len(words) > 1)
    ):
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


_SKIP_FIRST = word_set("the a an also still now actually exactly really")
_SKIP_LAST = word_set(
    "now today yesterday then currently also still exactly really actually recently "
    "ever all to do does did have please again of for over about , . ?"
)
