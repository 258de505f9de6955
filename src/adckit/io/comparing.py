"""Whether two runs gave the same curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adckit.io.tables import Column, curve_table, read_table
from adckit.studies.case import Case

__all__ = ["Comparison", "compare_columns", "compare_curves"]


@dataclass(frozen=True)
class Comparison:
    """The largest difference between two runs.

    Relative to the largest value of the same output, so that noise on a concentration
    that has vanished does not count as a difference.
    """

    identical: bool
    """Whether all values are equal bit for bit."""
    largest: float
    """Infinite where a value is missing in one of them."""
    where: str = ""

    def within(self, tolerance: float) -> bool:
        return self.identical or self.largest <= tolerance

    @property
    def sentence(self) -> str:
        if self.identical:
            return "Identical: every value of every curve is the same."
        if np.isinf(self.largest):
            return f"Different: {self.where}."
        size = f"{self.largest:.2g}"
        return f"The largest difference is {size} of the peak, in {self.where}."


def compare_curves(path: Path, cases: Sequence[Case]) -> Comparison:
    """The curves in a file against those of `cases`.

    Raises RunError when the file cannot be read.
    """
    return compare_columns(read_table(path), curve_table(cases))


def compare_columns(old: Mapping[str, Column], new: Mapping[str, Column]) -> Comparison:
    """One table against another whose rows should be the same."""
    if list(old) != list(new):
        changed = sorted(set(old) ^ set(new)) or ["their order"]
        return Comparison(False, np.inf, f"the outputs are not the same ({changed[0]})")
    rows, again = (len(next(iter(table.values()), ())) for table in (old, new))
    if rows != again:
        counts = f"{rows} then, {again} now"
        return Comparison(
            False, np.inf, f"the number of times is not the same ({counts})"
        )
    identical, largest, where = True, 0.0, ""
    for name, before in old.items():
        after = new[name]
        if before.dtype.kind != "f":
            if list(before) != list(after):
                return Comparison(False, np.inf, f"the column {name} is not the same")
            continue
        if np.array_equal(before, after, equal_nan=True):
            continue
        identical = False
        if (np.isnan(before) != np.isnan(after)).any():
            return Comparison(False, np.inf, f"{name} has values in one run only")
        scale = np.nanmax(np.abs(before)) or 1.0
        difference = float(np.nanmax(np.abs(after - before)) / scale)
        if difference > largest:
            largest, where = difference, name
    return Comparison(identical, largest, where)
