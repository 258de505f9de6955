"""What is true: adckit's engine at its finest, checked against an independent one.

The check is SciPy's LSODA at the end of its tolerance on the first subject.  The
difference of the two bounds the error of both, and is printed beside every table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adckit.engines import cpu, reference
from benchmarks.case import Case
from benchmarks.peers.adckit_cpu import problem_of, tightened

__all__ = ["Reference", "errors", "reference_of"]

FINEST = 1e-12
_LSODA = 1e-11  # the reference engine asks for a hundredth of this


@dataclass(frozen=True)
class Reference:
    """The true curves of a few subjects."""

    table: np.ndarray
    """(subject, varied parameter)"""
    values: np.ndarray
    """(subject, time, output)"""
    agreement: float
    """Difference from SciPy relative to each output's maximum; NaN if not looked at"""


def reference_of(case: Case, subjects: int, *, check: bool) -> Reference:
    """Curves of the first subjects.  Raises RuntimeError if one has no solution."""
    table = case.population(subjects)
    values = cpu.solve(tightened(problem_of(case, table), FINEST)).values
    if not np.isfinite(values).all():
        raise RuntimeError(f"case '{case.name}': no solution at rtol {FINEST:g}")
    agreement = np.nan
    if check:
        other = reference.solve(tightened(problem_of(case, table[:1]), _LSODA)).values
        agreement = float(errors(other, values[:1])[0])
    return Reference(table, values, agreement)


def errors(values: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Worst error of each subject, (subject,): largest over times and outputs, relative
    to the output's maximum over time.  Infinite where a subject failed.

    Outputs that are always 0 have no relative error and do not count.
    """
    size = np.abs(true).max(axis=1)  # (subject, output)
    wrong = np.abs(values - true).max(axis=1)
    relative = np.divide(wrong, size, out=np.zeros_like(wrong), where=size > 0)
    return np.asarray(np.where(np.isfinite(relative), relative, np.inf).max(axis=1))
