"""Settings: unknown keys are refused, values are checked at once, and they are passed down.

Nothing fetches settings from a global; whoever builds an :class:`assistant.pipeline.Assistant`
decides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from index.errors import SettingsError

PACKAGED_MODEL = "all-MiniLM-L6-v2"
"""The name of the model that comes with the project, should somebody give it as a setting."""

_REMEDY = "Put it right in the settings file or leave it out."


@dataclass(frozen=True, slots=True)
class Settings:
    """How answers are made.

    Attributes:
        model: the embedding model: ``None`` for the packaged all-MiniLM-L6-v2, else the folder or
            hub name of any sentence-transformers model. An index remembers the one it was made
            with and refuses another.
        cross_encoder: what reads question and sentence together: ``None`` for the packaged one,
            ``"none"`` for none at all (sentences are compared by their embeddings, with the
            weights fitted for that), else the folder or hub name of any cross-encoder with one
            output. Confidence is calibrated for the first two.
        chroma: address of a Chroma server, ``http(s)://host[:port]``; ``None``: embedded.
        passages: how many passages are retrieved for a question, at least 10.
        claims: how many sentences an answer has at most.
        min_confidence: below this probability the outcome is ``no_evidence``; in [0, 1]. ``None``:
            the shipped threshold (:data:`assistant.scorer.THRESHOLD`).
        llm: address of an OpenAI-compatible server whose model writes the answers, such as
            ``http://127.0.0.1:11434/v1``; ``None``: answers are the sources' own sentences. A key,
            where one is needed, comes from the environment alone (``ONRECORD_LLM_KEY``).
        llm_model: the model's name there. The two go together.
        llm_timeout: seconds for a whole answer of that server, waiting and trying again included.
        llm_context: tokens that the model reads and writes at most.
        llm_tokens: of these, how many for what it writes.

    Raises:
        SettingsError: a value that makes no sense, named with the value.
    """

    model: str | None = None
    cross_encoder: str | None = None
    chroma: str | None = None
    passages: int = 24
    claims: int = 4
    min_confidence: float | None = None
    llm: str | None = None
    llm_model: str | None = None
    llm_timeout: float = 120.0
    llm_context: int = 4096
    llm_tokens: int = 256

    def __post_init__(self) -> None:
        for name, least, most in (
            ("passages", 10, 1000),
            ("claims", 1, 20),
            ("llm_context", 512, 10_000_000),
            ("llm_tokens", 16, 100_000),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise SettingsError(
                    f"{name} = {value!r} must be a whole number from {least} to {most}.", _REMEDY
                )
        bar = self.min_confidence
        if bar is not None and (
            not isinstance(bar, (int, float)) or isinstance(bar, bool) or not 0 <= bar <= 1
        ):
            raise SettingsError(f"min_confidence = {bar!r} must lie between 0 and 1.", _REMEDY)
        for name in ("model", "cross_encoder", "chroma", "llm", "llm_model"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value.strip()):
                raise SettingsError(f"{name} = {value!r} must be a non-empty text.", _REMEDY)
        if self.chroma is not None and not self.chroma.startswith(("http://", "https://")):
            raise SettingsError(
                f"chroma = {self.chroma!r} must begin with http:// or https://.", _REMEDY
            )
        self._check_llm()

    def _check_llm(self) -> None:
        seconds = self.llm_timeout
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not number or not 0 < seconds <= 86_400:
            raise SettingsError(
                f"llm_timeout = {seconds!r} must be seconds, more than 0 and at most 86400.",
                _REMEDY,
            )
        if self.llm_tokens > self.llm_context // 2:
            raise SettingsError(
                f"llm_tokens = {self.llm_tokens} leaves no room to read in "
                f"llm_context = {self.llm_context}.",
                "Give it at most half of that.",
            )
        if (self.llm is None) != (self.llm_model is None):
            given, lacking = ("llm", "llm_model") if self.llm else ("llm_model", "llm")
            raise SettingsError(
                f"There is {given} without {lacking}.",
                "Give both: --llm URL --llm-model NAME, or llm and llm_model in the settings file.",
            )
        if self.llm is not None:
            _check_address(self.llm)

    @property
    def model_is_local(self) -> bool:
        """Whether the models are on disk, so that no hub is asked for them."""
        packaged = ((self.model, PACKAGED_MODEL), (self.cross_encoder, "none"))
        return all(
            named in (None, known) or Path(str(named)).expanduser().is_dir()
            for named, known in packaged
        )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from plain values, such as a parsed file.

        Raises:
            SettingsError: an unknown key, or a value that makes no sense.
        """
        known = [item.name for item in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise SettingsError(
                f"Unknown settings: {', '.join(unknown)}.", f"There are: {', '.join(known)}."
            )
        return cls(**values)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Settings from a TOML file."""
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise SettingsError(
                f"The settings file {path} can't be read: {problem}.", "Write it as TOML, in UTF-8."
            ) from problem
        return cls.from_mapping(values)


def _check_address(address: str) -> None:
    """Refuse what is no server's address. One with a secret in it is not shown."""
    try:
        parts = urlsplit(address)
        secret = "@" in parts.netloc or bool(parts.query or parts.fragment)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        secret, sound = "@" in address or "?" in address, False
    if secret:
        raise SettingsError(
            "llm must be an address without a name, a password or a query in it.",
            "Put the server's key into the environment variable ONRECORD_LLM_KEY.",
        )
    if not sound or any(character.isspace() for character in address):
        raise SettingsError(
            f"llm = {address!r} must be an address such as http://127.0.0.1:11434/v1.", _REMEDY
        )
