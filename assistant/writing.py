"""An answer in a language model's words: brief -> write -> check, claim by claim.

Loaded only where a model is configured. A model is asked for more than it can be trusted with, so
what it writes is held back until :mod:`assistant.claims` has looked at it, one claim at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.claims import Cited, Finding, Written, check, whom, written
from assistant.compose import as_data, brief, in_words, tokens
from assistant.config import Settings
from assistant.cross_encoder import Reader, Sentence
from assistant.direction import Aliases, Context, Party, document_aliases, stated
from assistant.direction import Verdict as Way
from assistant.language import Language, Parsed, Token
from assistant.llm import KEY, ChatModel
from assistant.prompting import load_prompt
from assistant.reference import led_by_pronoun
from assistant.types import DraftClaim, Dropped, Evidence, OnClaim, Reviewed, Turn, Writer
from index.errors import LanguageModelError, SettingsError
from index.sentences import sentence_spans

if TYPE_CHECKING:
    from assistant.types import Prompt

_SURE_TURNED = 0.5
"""How sure the grammar must be that a sentence says it the other way round."""

_LOOKED_BACK = 6
"""Turns that a model sees of a conversation."""
_LONGEST_TURN = 600
_LONGEST_QUESTION = 100
"""Tokens of a question that a model writes out."""


class Grounds:
    """What checking a claim works with: see :class:`assistant.claims.Tools`.

    Args:
        reader: ``None``: nothing reads a claim with its sentences; what stands there must do.
    """

    def __init__(self, language: Language, reader: Reader | None) -> None:
        self._language = language
        self._reader = reader

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        return self._language.parse(texts)

    def turned(self, claim: Parsed, cited: Parsed, subject: Parsed | None) -> str:
        before = (subject,) if subject is not None else ()
        context = Context(previous=before, aliases=document_aliases([*before, cited]))
        found = stated(claim, cited, context)
        if not found or found.verdict is not Way.REVERSED or found.strength < _SURE_TURNED:
            return ""
        if not found.sentence_agent:
            return "what it cites has it the other way round"
        return f"in what it cites “{found.sentence_agent}” does it, not “{found.question_agent}”"

    def same_name(self, one: Token, other: Token) -> bool:
        return not _keys(one).isdisjoint(_keys(other))

    def support(self, claim: str, cited: Sequence[str]) -> float | None:
        if self._reader is None:
            return None
        readings = self._reader.read(claim, [Sentence(text) for text in cited])
        return max((reading.score for reading in readings), default=None)


@lru_cache(maxsize=4096)
def _keys(token: Token) -> frozenset[str]:
    """The parties that a single word names."""
    party = Party(token.text, token.start, token.end, token, (token,))
    return frozenset(k for k in Aliases().keys(party) if not k.startswith(("n:", "o:")))


class ModelWriter:
    """Writes answers with a language model, and questions. Safe to share by threads.

    Args:
        context: tokens that the model reads and writes at most.
        most: tokens of an answer.
    """

    def __init__(self, model: Writer, grounds: Grounds, *, context: int, most: int) -> None:
        self._model = model
        self._grounds = grounds
        self._context = context
        self._most = most
        self._answer = load_prompt("answer", ("question", "sources"))
        self._standalone = load_prompt("standalone", ("history", "question"))

    def write(
        self, question: str, evidence: Sequence[Evidence], on_claim: OnClaim | None = None
    ) -> Iterator[DraftClaim | Dropped | None]:
        """Claims as they are written and checked: those that stand, and those that do not.
        ``None``: nothing new, a moment has passed.

        Args:
            on_claim: told of each as it is checked, with what it cites.

        Raises:
            LanguageModelError: no answer, or not a whole one.
        """
        asked = as_data(question)
        # What was found comes before an example of how to write of it.
        for template in (self._answer, replace(self._answer, examples=())):
            rest = template.fill(question=asked, sources="")
            sources, shown = brief(evidence, self._context - self._most - _length(rest))
            if len(shown) == len(evidence):
                break
        if not shown:
            raise LanguageModelError(
                "The language model's context is too small for what was found.",
                "Raise llm_context in the settings file to what the model has.",
            )
        known = [cited(piece) for piece in shown]
        text, done = "", 0
        for piece in self._model.stream(template.fill(question=asked, sources=sources), self._most):
            yield None
            text += piece
            # The last may go on.
            claims = written(text, sentence_spans, whole=False)[:-1] if piece else []
            for claim in claims[done:]:
                yield self._checked(claim, known, shown, on_claim)
            done = max(done, len(claims))
        for claim in written(text, sentence_spans)[done:]:
            yield self._checked(claim, known, shown, on_claim)

    def _checked(
        self,
        claim: Written,
        known: Sequence[Cited],
        shown: Sequence[Evidence],
        on_claim: OnClaim | None,
    ) -> DraftClaim | Dropped:
        numbers = [n for n in claim.cites if 1 <= n <= len(known)]
        claim = replace(claim, text=whom(claim.text, [known[n - 1].subject for n in numbers]))
        found = self.check(claim.text, claim.cites, known)
        pieces = [shown[n - 1] for n in dict.fromkeys(claim.cites) if 1 <= n <= len(shown)]
        if on_claim is not None:
            on_claim(Reviewed(claim.text, tuple(pieces), found.verdict.value, found.reason))
        if not found.verdict.stands:
            return Dropped(claim.text, found.reason, found.verdict.value)
        return in_words(claim.text, pieces, found.verdict.value, found.reason)

    def check(self, claim: str, cites: Sequence[int], cited: Sequence[Cited]) -> Finding:
        """See :func:`assistant.claims.check`."""
        return check(claim, cites, cited, self._grounds)

    def rewrite(self, question: str, history: Sequence[Turn], wait: Callable[[], None]) -> str:
        """A follow-up question as the model writes it out, whatever that is.

        Args:
            wait: called several times a second meanwhile.

        Raises:
            LanguageModelError: no answer, or not a whole one.
        """
        said = [
            ("Question: " if turn.role == "user" else "Answer: ")
            + as_data(turn.text)[:_LONGEST_TURN]
            for turn in history[-_LOOKED_BACK:]
        ]
        prompt = self._fitting(said, as_data(question))
        text = ""
        for piece in self._model.stream(prompt, _LONGEST_QUESTION):
            wait()
            text += piece
        return text

    def _fitting(self, said: Sequence[str], question: str) -> Prompt:
        """The prompt with as much of what was said last as there is room for."""
        while True:
            history = "\n".join(["<<<", *said, ">>>"])
            prompt = self._standalone.fill(history=history, question=question)
            used = _length(prompt) + _LONGEST_QUESTION
            if used <= self._context or not said:
                return prompt
            said = said[1:]


def _length(prompt: Prompt) -> int:
    """Tokens of a prompt at most, with what a server puts around its parts."""
    return sum(tokens(text) + 16 for text in prompt.texts)


def check_quotes(
    claim: str, quotes: Sequence[str], language: Language, reader: Reader | None
) -> str:
    """Why a claim in a model's words does not stand in these quotes; empty where it does."""
    sources = []
    for quote in quotes:
        # The sentence that names whom a pronoun means is cited beside the one that has it.
        others = " ".join(other for other in quotes if other != quote)
        (parsed,) = language.parse([quote])
        sources.append(Cited(quote, others if led_by_pronoun(parsed) else ""))
    numbers = range(1, len(quotes) + 1)
    found = check(claim, tuple(numbers), sources, Grounds(language, reader))
    return "" if found.verdict.stands else found.reason


def cited(piece: Evidence) -> Cited:
    """A piece of evidence as claims are checked against it."""
    named = piece.name or (piece.subject.text if piece.subject is not None else "")
    return Cited(piece.candidate.text, named)


def model_writer(settings: Settings, language: Language, reader: Reader | None) -> ModelWriter:
    """The writer that the settings name.

    Raises:
        SettingsError: they name none, or the key is none.
    """
    if settings.llm is None or settings.llm_model is None:
        raise SettingsError("No language model is named.", "Give --llm and --llm-model.")
    key = os.environ.get(KEY, "").strip()
    if not key.isascii() or not key.isprintable():
        raise SettingsError(f"{KEY} has characters that no key has.", "Put the key in again.")
    model = ChatModel(
        settings.llm,
        settings.llm_model,
        timeout=settings.llm_timeout,
        context=settings.llm_context,
        key=key,
    )
    return ModelWriter(
        model,
        Grounds(language, reader),
        context=settings.llm_context,
        most=settings.llm_tokens,
    )
