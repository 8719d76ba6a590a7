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

    Raises:
        SettingsError: a value that makes no sense, named with the value.
    """

    model: str | None = None
    cross_encoder: str | None = None
    chroma: str | None = None
    passages: int = 24
    claims: int = 4
    min_confidence: float | None = None

    def __post_init__(self) -> None:
        for name, least, most in (("passages", 10, 1000), ("claims", 1, 20)):
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
        for name in ("model", "cross_encoder", "chroma"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value.strip()):
                raise SettingsError(f"{name} = {value!r} must be a non-empty text.", _REMEDY)
        if self.chroma is not None and not self.chroma.startswith(("http://", "https://")):
            raise SettingsError(
                f"chroma = {self.chroma!r} must begin with http:// or https://.", _REMEDY
            )

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
