"""What an engine is given, and what it gives back.

An engine is a function `solve(problem) -> Solution`.  It knows states, parameters,
actions and times; it knows neither biology nor units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adckit.codegen.layout import ActionKind
from adckit.network.system import OdeSystem
from adckit.status import Status

__all__ = ["ActionKind", "Actions", "Engine", "Problem", "Progress", "Solution"]

Progress = Callable[[int, int], None]
"""Called now and then with (subjects finished, subjects)."""


@dataclass(frozen=True)
class Actions:
    """Timed actions of all subjects, one after the other (compressed rows).

    Subject s owns rows `offsets[s]:offsets[s + 1]`, sorted by time; rows of the same
    time are carried out in their order, after the observation at that time.
    """

    offsets: np.ndarray
    """(subject + 1,), int64"""
    time: np.ndarray
    kind: np.ndarray
    """int64, see ActionKind"""
    index: np.ndarray
    """int64, a state or an input"""
    value: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Sequence[tuple[float, int, int, float]]]) -> Actions:
        """From (time, kind, index, value) rows per subject; sorts by time, stably."""
        ordered = [sorted(subject, key=lambda row: row[0]) for subject in rows]
        flat = [row for subject in ordered for row in subject]
        columns = tuple(zip(*flat, strict=True)) if flat else ((), (), (), ())
        return cls(
            np.cumsum([0, *map(len, ordered)], dtype=np.int64),
            np.array(columns[0], dtype=float),
            np.array(columns[1], dtype=np.int64),
            np.array(columns[2], dtype=np.int64),
            np.array(columns[3], dtype=float),
        )

    def subject(self, number: int) -> list[tuple[float, int, int, float]]:
        """The rows of one subject."""
        rows = slice(self.offsets[number], self.offsets[number + 1])
        columns = (self.time[rows], self.kind[rows], self.index[rows], self.value[rows])
        return [
            (float(t), int(k), int(i), float(v))
            for t, k, i, v in zip(*columns, strict=True)
        ]


@dataclass(frozen=True)
class Problem:
    """The same system for many subjects."""

    system: OdeSystem
    parameters: np.ndarray
    """(subject, parameter), internal units"""
    initial: np.ndarray
    """(subject, state) at `start`, before the first action"""
    actions: Actions
    times: np.ndarray
    """(time,), rising, shared by all subjects; none before `start`"""
    absolute: np.ndarray
    """(subject, state): error that is always accepted in one step"""
    rtol: float = 1e-6
    start: float = 0.0
    max_steps: int = 100_000
    first_step: float = 1e-3
    """Step tried first, and after each action, in days."""
    method: str = "rodas5p"
    """Of `engines.choice.METHODS`, chosen; the reference engine has its own."""

    @property
    def subjects(self) -> int:
        return len(self.parameters)

    @property
    def end(self) -> float:
        return float(self.times[-1]) if len(self.times) else self.start

    def usable(self) -> np.ndarray:
        """Which subjects have only finite numbers, (subject,)."""
        tables = (self.parameters, self.initial, self.absolute)
        good = np.ones(self.subjects, dtype=bool)
        for table in tables:
            good &= np.isfinite(table).all(axis=1)
        return good


@dataclass(frozen=True)
class Solution:
    """Outputs and account of every subject."""

    values: np.ndarray
    """(subject, time, output); NaN for a subject that failed, never a number"""
    status: np.ndarray
    """(subject,), see adckit.status.Status"""
    stopped: np.ndarray
    """(subject,): time reached, in days"""
    steps: np.ndarray
    """(subject,): accepted steps"""
    rejected: np.ndarray
    """(subject,): steps tried and refused"""
    final: np.ndarray
    """(subject, state) at the end"""
    engine: str
    tries: np.ndarray | None = None
    """(subject,): times it was solved, see `engines.ladder`; None without retries"""

    def masked(self) -> Solution:
        """The same with every number of a failed subject replaced by NaN."""
        bad = self.status != Status.OK
        self.values[bad] = np.nan
        self.final[bad] = np.nan
        return self


Engine = Callable[[Problem], Solution]
