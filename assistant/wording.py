"""Verbs in the form a sentence needs: "expects", "sued", "has given", "taking over".

For the one line that tells a person why a sentence was taken or left (``reasons``). A verb with a
particle ("take over") is inflected in its first word.
"""

from __future__ import annotations

from itertools import pairwise

_PAST = {
    "be": ("was", "been"), "beat": ("beat", "beaten"), "become": ("became", "become"),
    "begin": ("began", "begun"), "bet": ("bet", "bet"), "bid": ("bid", "bid"),
    "bind": ("bound", "bound"), "bite": ("bit", "bitten"), "bleed": ("bled", "bled"),
    "blow": ("blew", "blown"), "break": ("broke", "broken"), "bring": ("brought", "brought"),
    "build": ("built", "built"), "burst": ("burst", "burst"), "buy": ("bought", "bought"),
    "cast": ("cast", "cast"), "catch": ("caught", "caught"), "choose": ("chose", "chosen"),
    "come": ("came", "come"), "cost": ("cost", "cost"), "cut": ("cut", "cut"),
    "deal": ("dealt", "dealt"), "do": ("did", "done"), "draw": ("drew", "drawn"),
    "drive": ("drove", "driven"), "eat": ("ate", "eaten"), "fall": ("fell", "fallen"),
    "feed": ("fed", "fed"), "feel": ("felt", "felt"), "fight": ("fought", "fought"),
    "find": ("found", "found"), "flee": ("fled", "fled"), "fly": ("flew", "flown"),
    "forbid": ("forbade", "forbidden"), "forget": ("forgot", "forgotten"),
    "forgive": ("forgave", "forgiven"), "get": ("got", "got"), "give": ("gave", "given"),
    "go": ("went", "gone"), "grow": ("grew", "grown"), "hang": ("hung", "hung"),
    "have": ("had", "had"), "hear": ("heard", "heard"), "hide": ("hid", "hidden"),
    "hit": ("hit", "hit"), "hold": ("held", "held"), "hurt": ("hurt", "hurt"),
    "keep": ("kept", "kept"), "know": ("knew", "known"), "lay": ("laid", "laid"),
    "lead": ("led", "led"), "leave": ("left", "left"), "lend": ("lent", "lent"),
    "let": ("let", "let"), "lose": ("lost", "lost"), "make": ("made", "made"),
    "mean": ("meant", "meant"), "meet": ("met", "met"), "mislead": ("misled", "misled"),
    "outbid": ("outbid", "outbid"), "outdo": ("outdid", "outdone"),
    "outsell": ("outsold", "outsold"), "overcome": ("overcame", "overcome"),
    "overtake": ("overtook", "overtaken"), "overthrow": ("overthrew", "overthrown"),
    "pay": ("paid", "paid"), "put": ("put", "put"), "quit": ("quit", "quit"),
    "read": ("read", "read"), "repay": ("repaid", "repaid"), "run": ("ran", "run"),
    "say": ("said", "said"), "see": ("saw", "seen"), "seek": ("sought", "sought"),
    "sell": ("sold", "sold"), "send": ("sent", "sent"), "set": ("set", "set"),
    "shoot": ("shot", "shot"), "show": ("showed", "shown"), "shut": ("shut", "shut"),
    "sink": ("sank", "sunk"), "speak": ("spoke", "spoken"), "spend": ("spent", "spent"),
    "spread": ("spread", "spread"), "stand": ("stood", "stood"), "steal": ("stole", "stolen"),
    "strike": ("struck", "struck"), "swear": ("swore", "sworn"), "take": ("took", "taken"),
    "teach": ("taught", "taught"), "tell": ("told", "told"), "think": ("thought", "thought"),
    "throw": ("threw", "thrown"), "undercut": ("undercut", "undercut"),
    "understand": ("understood", "understood"), "undertake": ("undertook", "undertaken"),
    "uphold": ("upheld", "upheld"), "win": ("won", "won"),
    "withdraw": ("withdrew", "withdrawn"), "write": ("wrote", "written"),
}  # fmt: skip
# Of more than one syllable, with the stress on the last.
_DOUBLING = frozenset(
    "admit allot commit compel concur confer control debar defer deter dispel equip excel expel "
    "impel incur omit patrol permit prefer rebut recur refer regret remit repel submit transfer "
    "transmit abet kidnap".split()
)
_VOWELS = "aeiou"


def _doubles(verb: str) -> bool:
    """Whether the last letter is doubled before an ending: ban, banned; visit, visited."""
    if len(verb) < 3 or verb[-1] in _VOWELS + "wxy" or verb[-2] not in _VOWELS:
        return False
    syllables = sum(a in _VOWELS and b not in _VOWELS for a, b in pairwise(verb))
    return verb in _DOUBLING or (verb[-3] not in _VOWELS and syllables == 1)


def _inflect(lemma: str, form: str) -> str:
    verb, space, particle = lemma.partition(" ")
    return form.format(verb) + space + particle


def third_person(lemma: str) -> str:
    """expect, expects; carry, carries; push, pushes."""
    verb = lemma.partition(" ")[0]
    irregular = {"be": "is", "have": "has", "do": "does", "go": "goes"}.get(verb)
    if irregular:
        return _inflect(lemma, irregular)
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return _inflect(lemma, verb[:-1] + "ies")
    return _inflect(lemma, verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s"))


def past(lemma: str) -> str:
    """sue, sued; give, gave."""
    return _inflect(lemma, _ed(lemma.partition(" ")[0], 0))


def participle(lemma: str) -> str:
    """sue, sued; give, given."""
    return _inflect(lemma, _ed(lemma.partition(" ")[0], 1))


def _ed(verb: str, which: int) -> str:
    if verb in _PAST:
        return _PAST[verb][which]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _doubles(verb) else "") + "ed"


def gerund(lemma: str) -> str:
    """sue, suing; ban, banning; take over, taking over."""
    verb = lemma.partition(" ")[0]
    if verb.endswith("ie"):
        return _inflect(lemma, verb[:-2] + "ying")
    if verb.endswith("e") and not verb.endswith(("ee", "oe")) and verb != "be":
        return _inflect(lemma, verb[:-1] + "ing")
    return _inflect(lemma, verb + (verb[-1] if _doubles(verb) else "") + "ing")
