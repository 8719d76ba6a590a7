"""Imports put off: of what a library imports for a feature of its own that nobody here uses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def standing_in(module: str, **names: Callable[..., object]) -> Iterator[None]:
    """While this lasts, ``from module import name`` gets one of ``names``, and nothing is loaded.

    They are to import the real ones when they are called, so that the feature is still there for
    whoever uses it; another thread that imports ``module`` meanwhile gets them too. Afterwards
    ``module`` can be imported as ever. Where it has been before, it is left alone.
    """
    if module in sys.modules:
        yield
        return
    stand_in = ModuleType(module)
    vars(stand_in).update(names)
    sys.modules[module] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(module) is stand_in:
            del sys.modules[module]
