"""Every exception that adckit raises on purpose.

    AdckitError
    ├── CardError        a card or study file cannot be used (lists every problem)
    ├── RegimenError     a regimen or a dosing table cannot be read
    ├── UnitError        a unit is unknown, or a quantity has the wrong dimension
    ├── ModelError       a network is inconsistent (lists every problem)
    ├── UnknownNameError a name that is not in the library, a model or a result
    ├── SimulationError  subjects failed and the caller asked for strict results
    └── RunError         a run folder cannot be read, written or repeated

Each message says what is wrong, where, why, and what to do instead.  The command
line prints the message alone and leaves with exit code 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "AdckitError",
    "CardError",
    "Issue",
    "ModelError",
    "RegimenError",
    "RunError",
    "SimulationError",
    "UnitError",
    "UnknownNameError",
]


class AdckitError(Exception):
    """Base of every error that adckit raises on purpose."""


@dataclass(frozen=True)
class Issue:
    """One problem found while checking a file or a model."""

    where: str
    """`file:line` for a card, the part's name for a model."""
    what: str
    """The problem, with what to write instead."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class _Problems(AdckitError):
    """An error that carries all problems found, not the first one."""

    def __init__(self, headline: str, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        self.headline = headline
        super().__init__("\n".join([headline, *(f"  {i}" for i in self.issues)]))


class CardError(_Problems):
    """A card or study file cannot be used; `issues` names every line."""


class ModelError(_Problems):
    """A network is inconsistent; `issues` names every part."""


class UnitError(AdckitError):
    """A unit is unknown, or a quantity has the wrong dimension."""


class SimulationError(AdckitError):
    """Subjects failed in a simulation that was asked to be strict."""


class RunError(AdckitError):
    """A run folder cannot be read, written or repeated."""


class RegimenError(AdckitError):
    """A regimen or a dosing table cannot be read.

    With `text` and `span` the message shows the text with a caret under the place.
    """

    def __init__(
        self, message: str, text: str | None = None, span: tuple[int, int] | None = None
    ) -> None:
        if text is not None and span is not None:
            start, end = span
            marks = " " * start + "^" * max(1, end - start)
            message = f"{message}\n  {text}\n  {marks}"
        super().__init__(message)


class UnknownNameError(AdckitError):
    """A name that does not exist, with the nearest names that do."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        near = nearest_names(name, self.known)
        hint = f"Did you mean {' or '.join(near)}?" if near else _listing(self.known)
        super().__init__(f"Unknown {kind} '{name}'. {hint}")


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The names in `known` that look most like `name`, ignoring case."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.5)
    return [by_lower[key] for key in found]


def _listing(known: tuple[str, ...], most: int = 12) -> str:
    shown = ", ".join(known[:most])
    return f"Known: {shown}{', ...' if len(known) > most else ''}."
