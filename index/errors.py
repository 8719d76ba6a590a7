"""One family of errors that a person can act on.

A face prints ``message`` and ``remedy`` and ends with exit code 2; it never shows a traceback for
one of these. Anything else that escapes is a defect.
"""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right.

    Args:
        message: what is wrong, naming the thing (a path, a setting and its value).
        remedy: what to do about it, as an instruction.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class CorpusError(UserError):
    """The folder of documents is missing, empty or can't be read."""


class DocumentError(UserError):
    """One file can't be taken into the index; the others can."""


class IndexMissing(UserError):
    """There is no index here yet."""


class IndexMismatch(UserError):
    """The index was made with another model or chunker; answers from it would be wrong."""


class IndexCorrupt(UserError):
    """The index folder can't be read as an index, or parts of it are damaged."""


class IndexBusy(UserError):
    """Another process is writing to this index."""


class StorageError(UserError):
    """The index can't be written: no permission, or the disk is full."""


class ModelError(UserError):
    """A model can't be loaded, or its files are not the ones expected."""


class SettingsError(UserError):
    """A setting is unknown or its value makes no sense."""


class QuestionError(UserError):
    """The question can't be asked: empty, or too long."""


class LanguageModelError(UserError):
    """The language model's server is down, slow, refuses, or sends what is no answer."""
