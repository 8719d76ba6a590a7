"""Documents to measure with: a folder of texts, or reports invented from a seed; and questions.

What is invented is varied as news is: some hundred people, bodies and states, three dozen subjects,
reports of eighty to nine hundred words with quotes, numbers and dates. It is more uniform than real
text all the same, so figures for the record are better taken on a folder of real reports.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

SEED = 20240304

_SHORT = 240
"""Code points of a shortened document: a headline and a sentence or two."""


@dataclass(frozen=True, slots=True)
class Source:
    """One document to be. ``name`` is its file name."""

    name: str
    text: str


def documents(folder: Path | None, count: int) -> tuple[list[Source], bool]:
    """``count`` documents, and whether they are real ones.

    Args:
        folder: of ``.txt`` files in UTF-8, from which they are taken evenly; where it has fewer,
            or for ``None``, they are invented.
    """
    if folder is not None:
        real = taken(folder, count)
        if len(real) == count:
            return real, True
    return list(invented(count)), False


def taken(folder: Path, count: int) -> list[Source]:
    """At most ``count`` of the ``.txt`` files in ``folder``, evenly by name; unreadable and empty
    ones are passed over."""
    paths = sorted(path for path in folder.rglob("*.txt") if path.is_file())
    # A first choice that is even, then the rest, for files that turn out to be unreadable.
    chosen = [paths[place] for place in _evenly(len(paths), count)]
    others = sorted(set(paths) - set(chosen))
    found: list[Source] = []
    for path in (*chosen, *others):
        if len(found) == count:
            break
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        if text.strip():
            found.append(Source(f"{len(found):05d}-{path.name}", text))
    return sorted(found, key=lambda source: source.name)


def _evenly(among: int, count: int) -> list[int]:
    count = min(among, count)
    return [place * among // count for place in range(count)]


def shortened(source: Source) -> Source:
    """Its beginning, up to a word's end."""
    if len(source.text) <= _SHORT:
        return source
    return Source(source.name, source.text[:_SHORT].rsplit(None, 1)[0] + "\n")


def write(sources: Iterable[Source], folder: Path) -> None:
    """Write documents that look an hour old: a file just changed is read again by the next sync,
    since a change in the same tick of the clock would not show."""
    folder.mkdir(parents=True, exist_ok=True)
    then = time.time() - 3600
    for source in sources:
        path = folder / source.name
        path.write_bytes(source.text.encode("utf-8"))
        os.utime(path, (then, then))


# -- questions -----------------------------------------------------------------------------------

_NAME = re.compile(r"(?<=[a-z,;’'] )[A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+){0,2}\b")
_WORD = re.compile(r"[A-Za-zÀ-ÿ][\w’'-]{3,}")
_NO_NAMES = frozenset(
    """January February March April May June July August September October November December Jan
    Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec Monday Tuesday Wednesday Thursday Friday Saturday
    Sunday Mr Mrs Ms Dr Dlrs Pct""".split()
)
_NO_TOPIC = frozenset(
    """about after against amid among been before below between both could does dlrs down during
    from further have having here into just more most much only other over reuter said same says
    sees seen sets some such than that their them then there these they this those through under
    until upon very were what when where which while will with would year years""".split()
)

_TEMPLATES = (
    "What did {a} say about the {topic}?",
    "What does {a} expect from {b}?",
    "How much will {a} pay for the {topic}?",
    "Why did {a} oppose the {topic}?",
    "who accused {b} over the {topic}",
    "When will {a} decide on the {topic}?",
    "What did {b} offer {a} in return for the {topic}?",
    "How many people does the {topic} of {a} concern?",
)
"""As people ask: of a statement, a date, a number, a reason, and of who does what to whom."""


def questions(sources: Sequence[Source], count: int) -> list[str]:
    """At most ``count`` different questions, each about another document, evenly over them."""
    found: dict[str, None] = {}
    places = _evenly(len(sources), count)
    later = sorted(set(range(len(sources))) - set(places))
    for place in (*places, *later):
        if len(found) == count:
            break
        question = _question(sources[place].text, _TEMPLATES[len(found) % len(_TEMPLATES)])
        if question:
            found[question] = None
    return list(found)


def _question(text: str, template: str) -> str | None:
    """The template, filled with the names a text has most often and what its headline is about;
    ``None`` for a text that has too little of either."""
    # The second line says where, when and by whom it was published, as a rule.
    head, _, *body = text.split("\n", 2) if text.count("\n") > 1 else (text, "")
    counted = Counter(_NAME.findall("".join(body)))
    names = [name for name, _ in counted.most_common() if not _NO_NAMES & set(name.split())]
    spoken = {word for name in names[:2] for word in name.casefold().split()}
    topic = [
        word.casefold()
        for word in dict.fromkeys(_WORD.findall(head))
        if word.casefold() not in _NO_TOPIC | spoken
    ]
    if len(names) < 2 or not topic:
        return None
    longest = sorted(sorted(topic, key=len)[-2:], key=topic.index)
    return template.format(a=names[0], b=names[1], topic=" ".join(longest))


# -- invented reports ----------------------------------------------------------------------------

_ONSETS = "b br d f g h k l m n p r s sk st t tr v".split()
_VOWELS = "a e i o u a e o".split()
_CODAS = ["", "", "", "n", "r", "l", "s"]
_GIVEN = """Ada Agnes Anders Anton Astrid Bela Bruno Carla Casper Clara Dagny Dario Edith Elias Emre
Erik Esther Farid Felix Freya Gita Greta Hana Hugo Ida Ines Ivan Jana Jonas Judit Karim Katya Lars
Leila Lena Lucas Magda Marco Marta Mila Nadia Nils Nora Olga Omar Otto Paula Petra Rafael Rosa Samir
Selma Silas Sofia Stefan Tamar Tomas Ursula Vera Viktor Wanda Yara Yusuf Zoe""".split()
_ROLES = """finance minister|foreign minister|prime minister|mayor|chief executive|spokesman|
chairwoman|union leader|chief negotiator|attorney|coach|professor|inspector|central bank governor|
health commissioner|harbour master|trade envoy|lawmaker|regulator|director""".replace(
    "\n", ""
).split("|")
_BODIES = (
    "Ministry Bank Union Council Company League Institute Authority Group Agency Court Airways "
    "Shipyard Observatory Hospital Federation Railways Cooperative"
).split()
_OUTLETS = "Courier|Morning Post|Press|Herald|Wire|Gazette|Observer|News Agency".split("|")
_SUBJECTS = {
    "mackerel quota": "trawlers nets catch spawning licence fishermen harbour coastguard stocks",
    "tram line": "rails depot stops carriages contractor overrun tunnel passengers timetable",
    "grain corridor": "wheat silos cargo freighters insurance inspectors barley export mines",
    "vaccine trial": "doses volunteers placebo efficacy fever laboratory injection clinic virus",
    "chip curbs": "wafers gallium foundry export licences semiconductors tariffs customs",
    "river dam": "turbines reservoir farmers drought spillway villages engineers irrigation flow",
    "port strike": "dockers cranes containers wages pickets ballot overtime berth arbitration",
    "pension vote": "retirement contributions pensioners deficit amendment committee age",
    "bank merger": "shareholders branches takeover bid premium directors antitrust deposits debt",
    "ice satellite": "orbit radar glaciers launch sensor telemetry rocket polar thickness",
    "border crossing": "guards visas trucks queue fence patrols asylum checkpoint permits",
    "steel tariff": "mills imports dumping quotas rebate furnace exporters duty retaliation",
    "oil spill": "tanker slick seabirds booms crude cleanup beaches fine captain",
    "transfer of the striker": "club goals contract injury season loan medical stadium fee",
    "school reform": "teachers pupils curriculum exams classrooms inspectors funding parents",
    "flood defences": "levee pumps rainfall evacuation sandbags insurers embankment surge",
    "gas pipeline": "compressor valves transit pressure leak supply storage winter metering",
    "museum theft": "paintings alarm curator ransom detectives gallery guards forgery collector",
    "housing bill": "tenants rents landlords subsidies permits developers evictions apartments",
    "airport runway": "noise flights residents terminal expansion slots appeal airlines night",
    "water tax": "meters households rebate aquifer litres billing wells shortage utility",
    "election recount": "ballots observers turnout precinct lawsuit margin constituency tally",
    "ceasefire talks": "mediators prisoners hostages withdrawal militia envoys truce shelling",
    "cocoa harvest": "beans pods growers rainfall processors futures warehouse drought bags",
    "wildfire": "firefighters hectares helicopters smoke evacuees lightning containment winds",
    "space mission": "astronauts capsule docking crew splashdown module orbit experiments delay",
    "data breach": "hackers passwords customers regulator server notification ransom encryption",
    "coal phase-out": "miners pits pensions plants emissions retraining lignite subsidies",
    "film festival": "jury premiere directors prize screening boycott comedy critics",
    "bus fares": "commuters passes subsidy drivers zones increase ridership operator",
    "copper mine": "ore shafts concession royalties miners tailings village permit smelter",
    "currency peg": "reserves devaluation speculators interest inflation bonds exporters rate",
    "quake relief": "tents rubble survivors aftershocks rescuers donations epicentre medicine",
    "rail sabotage": "cables signals delays police explosives trains suspects investigation",
    "sugar subsidy": "beet refineries farmers quota cane export surplus support harvest",
    "court ruling": "judges appeal plaintiffs damages verdict precedent constitution hearing",
}
_OPENINGS = (
    "{Place} will not accept the {subject} unless {other} changes its terms, {role} {person} said "
    "on {weekday}.",
    "{body} and {rival} agreed on {weekday} to settle their quarrel over the {subject}, after "
    "{number} months of talks in {city}.",
    "{person}, the {role} of {Place}, accused {rival} on {weekday} of breaking the agreement on "
    "the {subject}.",
    "The {subject} cost {Place} {money} last year, {body} reported on {weekday}, {percent} more "
    "than it had planned.",
    "Hundreds of people marched through {city} on {weekday} against the {subject}.",
    "{rival} raised its offer for a share in the {subject} to {money}, sources close to the talks "
    "said.",
)
_SENTENCES = (
    "{body} expects {other} to provide {number} {noun} by {month}.",
    "In return, {rival} would pay {money} a year for the {noun}.",
    "“We have waited long enough for the {noun},” {surname} said. “{Place} can’t pay for both.”",
    "{surname} told reporters in {city} that the {noun} and the {noun2} would be discussed again "
    "in {month}.",
    "According to {body}, the number of {noun} fell by {percent} in the year to {month}.",
    "The {noun} had been promised to {other} in {year}, but {rival} never delivered them.",
    "A spokesman for {rival} declined to comment on the {noun}.",
    "Two officials, who asked not to be named, said that {other} had demanded {money} for "
    "the {noun}.",
    "{second}, who leads {rival}, called the plan “a gift to {other}”.",
    "The {noun2} is about {number} kilometres from {city}, where most of the {noun} are kept.",
    "Under the plan, {Place} gives up {percent} of its {noun}, and {rival} takes over the {noun2}.",
    "That is {number} fewer than in {year}, before the dispute over the {noun} began.",
    "{second} urged {body} to publish what it knows of the {noun}.",
    "Analysts in {city} doubt it. The {noun2} alone would take until {month} {year}, they say.",
    "It was not clear who would pay for the {noun2}.",
    "Asked about the {noun}, {surname} replied: “Ask {other}.”",
    "The court in {city} will hear the case of the {noun} on {day} {month}.",
    "Last week {rival} accused {body} of hiding {number} {noun}; {surname} denied that.",
    "If there is no deal by {month}, the {noun2} goes to {other}.",
    "She said that the {noun} were safe, and that nobody had asked for the {noun2}.",
    "Prices for {noun} rose {percent} in {city} on the news.",
    "The {subject} has divided {Place} since {year}, when {number} people lost their work.",
    "{body}, founded in {year}, has {number} employees and sales of {money}.",
    "Both sides want the {noun2}, though neither has the money for it.",
    "Shares in {rival} were down {percent} at midday.",
    "“Nobody won,” said {second}, “and the {noun} are still where they were.”",
)
_HEADLINES = (
    "{Place} and {other} at odds over {subject}",
    "{body} warns {rival} on {subject}",
    "{surname} rejects {other}’s demand in {subject} row",
    "{rival} raises offer in {subject} deal to {money}",
    "{number} {noun} promised as {subject} talks resume",
    "Protest in {city} over {subject}",
)


def invented(count: int, seed: int = SEED) -> Iterator[Source]:
    """Reports that nobody has written, the same for the same seed; a longer run begins with a
    shorter one."""
    world = _World(random.Random(seed))
    for number in range(count):
        yield Source(f"{number:05d}.txt", world.report(random.Random(f"{seed}/{number}")))


class _World:
    """The names that all reports share."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._places = self._names(80)
        self._cities = self._names(120)
        self._people = [f"{chance.choice(_GIVEN)} {name}" for name in self._names(400)]
        self._bodies = [
            f"{chance.choice(self._cities)} {chance.choice(_BODIES)}" for _ in range(300)
        ]
        self._outlets = [f"{chance.choice(self._cities)} {name}" for name in _OUTLETS * 4]

    def report(self, chance: random.Random) -> str:
        """A headline, a line with place, day and outlet, and paragraphs."""
        subject = chance.choice(list(_SUBJECTS))
        nouns = _SUBJECTS[subject].split()
        place, other = chance.sample(self._places, 2)
        body, rival = chance.sample(self._bodies, 2)
        person, second = chance.sample(self._people, 2)
        city = chance.choice(self._cities)
        day = date(2019, 1, 1) + timedelta(days=chance.randrange(2000))

        def filled(template: str) -> str:
            noun, noun2 = chance.sample(nouns, 2)
            sentence = template.format(
                subject=subject,
                Place=place,
                other=other,
                body=body,
                rival=rival,
                person=person,
                second=second,
                surname=person.split()[1],
                role=chance.choice(_ROLES),
                city=city if chance.random() < 0.6 else chance.choice(self._cities),
                noun=noun,
                noun2=noun2,
                number=f"{chance.choice((2, 3, 7, 12, 40, 62, 118, 900, 4_500, 23_000)):,}",
                money=f"{chance.randrange(2, 990)} {chance.choice(('million', 'billion'))} "
                f"{chance.choice(('crowns', 'dollars', 'euros'))}",
                percent=f"{chance.randrange(2, 80)} per cent",
                month=chance.choice(("January", "March", "May", "June", "August", "October")),
                weekday=day.strftime("%A"),
                year=chance.randrange(1995, day.year),
                day=chance.randrange(1, 29),
            )
            return sentence[0].upper() + sentence[1:]

        sentences = [filled(chance.choice(_OPENINGS))]
        # Lengths as in a day's news: many briefs, some long reports.
        length = min(2 * len(_SENTENCES), 4 + int(chance.expovariate(1 / 12)))
        templates = chance.sample(_SENTENCES, len(_SENTENCES)) * 2
        sentences += [filled(template) for template in templates[:length]]
        paragraphs = []
        while sentences:
            size = chance.randrange(1, 5)
            paragraphs.append(" ".join(sentences[:size]))
            del sentences[:size]
        dateline = f"{city}, {day.day} {day:%B %Y} — {chance.choice(self._outlets)}"
        head = filled(chance.choice(_HEADLINES))
        return f"{head}\n{dateline}\n\n" + "\n\n".join(paragraphs) + "\n"

    def _names(self, count: int) -> list[str]:
        chance = self._chance
        found: dict[str, None] = {}
        while len(found) < count:
            syllables = [
                chance.choice(_ONSETS) + chance.choice(_VOWELS) + chance.choice(_CODAS)
                for _ in range(chance.choice((2, 2, 3)))
            ]
            found["".join(syllables).capitalize()] = None
        return list(found)
