"""What the benchmark asks of a tool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from benchmarks.case import Case, Tolerance

__all__ = ["Run", "Solver", "Tool", "missing_modules"]

Run = Callable[[Tolerance], np.ndarray]
"""Solves for its subjects; (subject, time, output), NaN where a subject failed.

This is what is timed: from parameters to an array of results.
"""

Solver = Callable[[np.ndarray], Run]
"""From a table (subject, varied parameter) to a run; not timed."""


class Tool(ABC):
    """One simulator.  Subclasses load their packages in `load` only."""

    name: str
    method: str
    """The integrator, for the table."""
    per_state: bool = False
    """Whether it takes an absolute tolerance for each state"""
    slow: bool = False
    """Whether quick runs leave it out unless it is named"""
    tuned_by_default: bool = False
    """Whether it is judged with its own absolute tolerances only, not the best tried"""
    batch: int = 1
    """Subjects that it solves at once; populations are rounded up to it"""
    largest: int = 100_000
    """Subjects that one call takes at most"""

    @abstractmethod
    def skipped(self, case: Case) -> str:
        """Why this tool cannot run here; empty if it can."""

    @abstractmethod
    def load(self, case: Case) -> Solver:
        """Compile the case; timed apart, as the cost of the first result."""

    @abstractmethod
    def version(self) -> str:
        """Name and version of what computes."""


def missing_modules(*names: str) -> str:
    """A reason to skip if one of these modules is not installed."""
    lost = [name for name in names if find_spec(name) is None]
    return f"{' and '.join(lost)} not installed" if lost else ""
