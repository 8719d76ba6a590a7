"""Words for the made-up pairs: which mean the same, which the opposite, and how they bend."""

from __future__ import annotations

import re

VERBS = """
buy purchase acquire
begin start
end finish conclude
build construct erect
get receive obtain
give hand grant
help assist aid
stop halt cease
need require
want wish desire
try attempt
show display demonstrate
say state declare
tell inform
ask request
choose select pick
create make produce
make manufacture
destroy wreck demolish
kill slay
die perish
live reside dwell
win triumph
defeat beat overcome
attack assault
protect defend guard
allow permit let
forbid ban prohibit
reject refuse decline
accept approve
increase rise grow
raise lift
decrease fall drop decline
reduce cut lower
change alter modify
happen occur
cause trigger
lead head
run operate manage
own possess
join enter
leave depart quit
arrive come
return revert
move relocate
send dispatch
bring carry
take seize
hold keep
lose forfeit
find discover
search seek
think believe
know understand
remember recall
call name
marry wed
teach instruct
learn study
write author
publish release issue
announce reveal disclose
argue claim contend
agree consent
disagree object
complain protest
criticise condemn denounce
criticize condemn denounce
praise applaud commend
blame fault
accuse charge
arrest detain apprehend
free release liberate
punish penalise
fine penalize
sue litigate
sign ink
vote ballot
elect choose
appoint name nominate
dismiss fire sack
resign quit
hire employ recruit
pay remunerate
cost price
sell vend
lend loan
invest spend
earn gain
fund finance
plan intend
expect anticipate
hope wish
fear dread
worry concern
warn caution
threaten menace
urge press encourage
demand require
promise pledge vow
delay postpone defer
hasten accelerate
cancel scrap
replace substitute
repair fix mend
damage harm hurt
injure wound hurt
rescue save
escape flee
hide conceal
watch observe monitor
examine inspect
measure gauge
test try
prove confirm
deny dispute
solve resolve settle
continue persist
last endure
include contain comprise
connect link join
divide split separate
close shut
open launch
establish found
found establish
invent devise
design devise
use employ utilise
eat consume
drink imbibe
grow cultivate
travel journey
fly soar
sink founder
crash collide
burn blaze
fall tumble
visit tour
meet encounter
speak talk
discuss debate
explain clarify
describe depict portray
mention cite
support back endorse
oppose resist
fight battle
surrender yield
invade occupy
rule govern reign
control command
train coach
perform play
compete contend
score net
broadcast air
record tape
"""

NOUNS = """
company firm business
war conflict
fight battle clash
law statute
rule regulation
leader head chief
boss chief
worker employee
job post position
money cash funds
price cost
salary pay wage
talk negotiation
deal agreement accord pact
treaty pact
country nation
government administration
parliament legislature
election vote poll
minister secretary
official functionary
police constabulary
soldier troop
army military
weapon arm
attack assault raid
bomb explosive
victim casualty
death fatality
injury wound
illness disease sickness
doctor physician
medicine drug
hospital clinic
child kid youngster
woman lady
man gentleman
people folk
person individual
student pupil
teacher instructor
school academy
book volume
paper newspaper
article piece
report account
study survey
scientist researcher
expert specialist
idea notion concept
plan scheme proposal
goal aim objective
reason cause
result outcome
effect impact consequence
problem difficulty trouble
answer solution
question query
answer reply response
change alteration
increase rise growth
decrease decline drop
start beginning
end conclusion
part portion section
share portion
amount quantity sum
number figure
size extent
area region zone
place location site
town settlement
city town
house home dwelling
building structure
road street highway
bridge span
car vehicle automobile
ship vessel boat
plane aircraft airplane
train railway
trip journey voyage
sea ocean
river stream
mountain peak
forest wood
storm gale
rain rainfall
fire blaze
flood deluge
earthquake quake
animal creature
food nourishment
film movie
song tune
player athlete
team side squad
coach manager
game match
prize award
champion winner
competition contest
fan supporter
crowd audience
opponent rival adversary
enemy foe
friend ally
partner associate
owner proprietor
buyer purchaser
customer client
shop store
market marketplace
factory plant
product good
tax levy duty
debt liability
bank lender
judge magistrate
lawyer attorney
trial case
crime offence
criminal offender
prison jail
fee charge
protest demonstration
strike walkout
union federation
demand request
permission consent
ban prohibition
limit cap
danger peril risk
safety security
mistake error
accident mishap
damage harm
cable line
electricity power
"""

OTHERS = """
big large
small little
important significant
main chief principal
famous well-known
first initial
last final
new novel
old ancient
quick fast rapid
difficult hard
easy simple
rich wealthy
poor impoverished
strong powerful
dangerous hazardous
whole entire
correct right
wrong incorrect
dead deceased
ill sick
different distinct
similar alike
current present
previous former
nearly almost
approximately about roughly
often frequently
rarely seldom
usually normally
originally initially
"""

OPPOSITES = """
first last
before after
increase decrease
increased decreased
rise fall
rose fell
raise lower
raised lowered
win lose
won lost
largest smallest
biggest smallest
highest lowest
most least
more fewer
more less
north south
northern southern
east west
eastern western
early late
earlier later
earliest latest
oldest youngest
older younger
longest shortest
longer shorter
greater smaller
best worst
better worse
high low
large small
big small
long short
strong weak
strongest weakest
rich poor
new old
male female
men women
man woman
father mother
son daughter
brother sister
husband wife
king queen
begin end
began ended
start stop
started stopped
open close
opened closed
buy sell
bought sold
accept reject
accepted rejected
allow forbid
allowed forbade
support oppose
supported opposed
agree disagree
agreed disagreed
arrive leave
arrived left
join leave
joined left
attack defend
attacked defended
create destroy
created destroyed
inside outside
above below
positive negative
legal illegal
public private
common rare
major minor
maximum minimum
success failure
advantage disadvantage
strength weakness
victory defeat
birth death
born killed
love hate
always never
directly indirectly
internal external
upper lower
left right
top bottom
beginning end
ancient modern
summer winter
day night
import export
imports exports
employer employee
teacher student
winner loser
majority minority
domestic foreign
friend enemy
gain lose
gained lost
remember forget
include exclude
included excluded
appear disappear
"""


def table(text: str) -> list[list[str]]:
    """The lines' words."""
    return [line.split() for line in text.strip().splitlines()]


def alike(text: str) -> dict[str, list[str]]:
    """Each word with those that mean the same."""
    found: dict[str, list[str]] = {}
    for words in table(text):
        for word in words:
            others = found.setdefault(word, [])
            others += [other for other in words if other != word and other not in others]
    return found


SAME = {"V": alike(VERBS), "N": alike(NOUNS), "J": alike(OTHERS)}
"""By the first letter of the tag: verbs, nouns, the rest."""

OPPOSITE: dict[str, list[str]] = {}
for one, other in table(OPPOSITES):
    OPPOSITE.setdefault(one, []).append(other)
    OPPOSITE.setdefault(other, []).append(one)

_IRREGULAR = {
    "begin": "began begun", "buy": "bought", "build": "built", "get": "got", "give": "gave given",
    "say": "said", "tell": "told", "choose": "chose chosen", "make": "made", "slay": "slew slain",
    "win": "won", "beat": "beat beaten", "overcome": "overcame overcome", "let": "let",
    "forbid": "forbade forbidden", "rise": "rose risen", "grow": "grew grown",
    "fall": "fell fallen",
    "cut": "cut", "lead": "led", "run": "ran run", "leave": "left", "quit": "quit",
    "come": "came come", "send": "sent", "bring": "brought", "take": "took taken", "hold": "held",
    "keep": "kept", "lose": "lost", "find": "found", "seek": "sought", "think": "thought",
    "know": "knew known", "understand": "understood", "wed": "wed", "teach": "taught",
    "write": "wrote written", "sell": "sold", "lend": "lent", "spend": "spent", "pay": "paid",
    "hurt": "hurt", "flee": "fled", "hide": "hid hidden", "split": "split", "shut": "shut",
    "eat": "ate eaten", "drink": "drank drunk", "fly": "flew flown", "sink": "sank sunk",
    "meet": "met", "speak": "spoke spoken", "fight": "fought", "cost": "cost",
    "show": "showed shown",
}  # fmt: skip
"""Past tense and participle."""

_DOUBLED = frozenset(
    """ban begin control cut defer drop forbid get let net occur permit plan quit run scrap shut
    split stop wed win""".split()
)
"""Verbs that double their last letter."""


def bent(lemma: str, tag: str) -> str:
    """A verb or noun in the form of a Penn Treebank tag."""
    if tag in ("VBD", "VBN") and lemma in _IRREGULAR:
        forms = _IRREGULAR[lemma].split()
        return forms[-1] if tag == "VBN" else forms[0]
    if tag in ("VBD", "VBN"):
        if lemma.endswith("e"):
            return lemma + "d"
        if re.search(r"[^aeiou]y$", lemma):
            return lemma[:-1] + "ied"
        if lemma in _DOUBLED:
            return lemma + lemma[-1] + "ed"
        return lemma + "ed"
    if tag == "VBG":
        if lemma in _DOUBLED:
            return lemma + lemma[-1] + "ing"
        if lemma.endswith("ie"):
            return lemma[:-2] + "ying"
        return (lemma[:-1] if lemma.endswith("e") and not lemma.endswith("ee") else lemma) + "ing"
    if tag in ("VBZ", "NNS"):
        if lemma in ("man", "woman", "gentleman"):
            return lemma[:-2] + "en"
        if lemma == "child":
            return "children"
        if lemma in ("people", "folk", "aircraft", "funds", "police"):
            return lemma
        if re.search(r"(?:s|x|z|ch|sh)$", lemma):
            return lemma + "es"
        if re.search(r"[^aeiou]y$", lemma):
            return lemma[:-1] + "ies"
        return lemma + "s"
    return lemma
