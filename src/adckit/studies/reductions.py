"""One number per subject in place of a curve, for all subjects of a chunk at once.

Of every concentration `x`:

    x_cmax, x_tmax          the highest value of the run and its day
    x_auc, x_mean           area and mean over the run
    x_auc_cycle_<k>         area over cycle k
    x_cmax_cycle_<k>, x_ctrough_cycle_<k>
                            highest and last value of the first and the last cycle
    x_days_above_<level>    days on which it lies above a threshold

of the tumour `tumor_best_change` (%), `tumor_nadir_day`, `tumor_response_day`,
`tumor_regrowth_day`, `tumor_end_change` as in `endpoints`, and `mean_dar_day_<d>`.
Areas are linear while a curve rises and logarithmic while it falls, as in `exposure`;
after a bolus the first value is the one that `exposure` extrapolates back to.  All are
of the grid that the curves are computed on.  What a subject has not is NaN, and so is
everything of a subject that failed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.network.regimen import Regimen
from adckit.studies.endpoints import PARTIAL_RESPONSE, PROGRESSION
from adckit.studies.profiles import SAME_TIME, Design, area_between, sum_profiles
from adckit.studies.single_dose import GivenDose
from adckit.units import parse_unit

__all__ = [
    "DAR_DAYS",
    "Reducer",
    "Threshold",
    "cycle_days",
    "is_concentration",
    "times_day",
]

Floats = NDArray[np.float64]

DAR_DAYS = (1.0, 7.0, 14.0, 21.0)
"""Days after the first dose on which the mean DAR is given."""

_LEAST_GROWTH_MM = 5.0  # RECIST 1.1: less is no progression
_BLOCK = 512
"""Subjects worked on together, so that intermediate results stay in the cache."""
_CONCENTRATIONS = ("nM", "mg/L")


@dataclass(frozen=True)
class Threshold:
    """A level of an output, in the output's unit."""

    output: str
    level: float

    @property
    def column(self) -> str:
        return f"{self.output}_days_above_{self.level:g}"


def times_day(unit: str) -> str:
    """`ug/mL` as `ug d/mL`."""
    top, slash, bottom = unit.partition("/")
    return f"{top} d{slash}{bottom}"


def is_concentration(unit: str) -> bool:
    """Whether an output of that unit is a concentration."""
    dimension = parse_unit(unit).dimension
    return any(parse_unit(u).dimension == dimension for u in _CONCENTRATIONS)


def cycle_days(
    regimen: Regimen | None, doses: Sequence[GivenDose] | None
) -> tuple[float, ...]:
    """Days on which cycles begin, and the day on which the last one ends.

    The cycles of a regimen with one part are those of its words; otherwise each dose
    begins one.  Empty where doses are not known or given but once.
    """
    starts = sorted({dose.start for dose in doses or ()})
    if not starts:
        return ()
    cycle = math.inf
    if regimen is not None and len(regimen.segments) == 1:
        cycle = regimen.segments[0].cycle
    if math.isfinite(cycle) and cycle > 0:
        count = math.floor((starts[-1] - starts[0]) / cycle + SAME_TIME) + 1
        return tuple(starts[0] + i * cycle for i in range(count + 1))
    if len(starts) == 1:
        return ()
    return (*starts, 2 * starts[-1] - starts[-2])


@dataclass(frozen=True)
class Reducer:
    """What is computed of the curves of a study."""

    times: Floats
    """(time,), days"""
    outputs: tuple[str, ...]
    units: Mapping[str, str]
    doses: tuple[GivenDose, ...]
    """Those of the typical subject; empty where they are not known."""
    cycles: tuple[float, ...]
    """See `cycle_days`."""
    thresholds: tuple[Threshold, ...] = ()

    def reduce(self, values: Floats) -> dict[str, Floats]:
        """Columns (subject,) from curves (subject, time, output)."""
        parts = [
            self._reduce_block(values[first : first + _BLOCK])
            for first in range(0, len(values), _BLOCK)
        ]
        return {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}

    def column_units(self) -> dict[str, str]:
        """Unit of every column that `reduce` gives."""
        sample = self.reduce(np.zeros((1, len(self.times), len(self.outputs))))
        return {column: self._unit(column) for column in sample}

    def _unit(self, column: str) -> str:
        if column.endswith(("_day", "_tmax")) or "_days_above_" in column:
            return "day"
        if column.startswith("mean_dar_"):
            return ""
        output = next(
            o
            for o in sorted(self.outputs, key=len, reverse=True)
            if column.startswith(o)
        )
        unit = self.units[output]
        area = column.removeprefix(output).startswith("_auc")
        return times_day(unit) if area else unit

    def _reduce_block(self, values: Floats) -> dict[str, Floats]:
        lost = ~np.isfinite(values).all(axis=(1, 2))
        columns: dict[str, Floats] = {}
        with np.errstate(invalid="ignore", divide="ignore"):
            for i, output in enumerate(self.outputs):
                curve = values[:, :, i]
                if is_concentration(self.units[output]):
                    columns.update(self._exposure(output, curve))
                for threshold in self.thresholds:
                    if threshold.output == output:
                        columns[threshold.column] = self._days_above(
                            curve, threshold.level
                        )
            columns.update(self._dar(values))
            columns.update(self._tumour(values))
        for column in columns.values():
            column[lost] = np.nan
        return columns

    def _exposure(self, output: str, curve: Floats) -> Iterator[tuple[str, Floats]]:
        top = np.argmax(curve, axis=1)
        yield f"{output}_cmax", curve[np.arange(len(curve)), top].copy()
        yield f"{output}_tmax", self.times[top]
        area = self._areas(curve)
        total = area.sum(axis=1)
        yield f"{output}_auc", total
        yield f"{output}_mean", total / max(self.times[-1] - self.times[0], 1e-300)
        for number, rows in self._cycle_rows():
            part = area[:, rows.start : rows.stop - 1]
            yield f"{output}_auc_cycle_{number}", part.sum(axis=1)
        ends = list(self._cycle_rows())
        for number, rows in {n: (n, r) for n, r in (*ends[:1], *ends[-1:])}.values():
            # The value at a cycle's first day is the one before its dose.
            inside = curve[:, rows.start + 1 : rows.stop]
            yield f"{output}_cmax_cycle_{number}", inside.max(axis=1)
            yield f"{output}_ctrough_cycle_{number}", inside[:, -1].copy()

    def _areas(self, curve: Floats) -> Floats:
        """Area between each two times, (subject, time - 1)."""
        time = self.times[np.newaxis]
        area, _ = area_between(time[:, :-1], curve[:, :-1], time[:, 1:], curve[:, 1:])
        for dose in self.doses:
            if dose.duration == 0:
                row = int(np.searchsorted(self.times, dose.start - SAME_TIME))
                self._mend_after_bolus(area, curve, row, dose.start)
        return area

    def _mend_after_bolus(
        self, area: Floats, curve: Floats, row: int, start: float
    ) -> None:
        """The area next to a bolus, whose peak no value of the curve shows."""
        rows = slice(row, row + 3)
        since = self.times[rows] - start
        if len(since) == 3 and abs(since[0]) < SAME_TIME:
            since[0] = 0.0
            design = Design(None, 0.0, False, None)
            area[:, row] = sum_profiles(since, curve[:, rows], design).auc[:, 1]

    def _cycle_rows(self) -> Iterator[tuple[int, slice]]:
        """Number of each cycle that the grid covers, and its times, ends included."""
        for number, (start, end) in enumerate(
            zip(self.cycles[:-1], self.cycles[1:], strict=True), start=1
        ):
            first, last = (self._row(day) for day in (start, end))
            if first is not None and last is not None and last > first:
                yield number, slice(first, last + 1)

    def _row(self, day: float) -> int | None:
        """Position of a day in the grid; None where it is not in it."""
        row = int(np.searchsorted(self.times, day - SAME_TIME))
        if row < len(self.times) and abs(self.times[row] - day) < SAME_TIME:
            return row
        return None

    def _days_above(self, curve: Floats, level: float) -> Floats:
        """Days above a level, on the straight lines between values."""
        before, after = curve[:, :-1], curve[:, 1:]
        high, low = np.maximum(before, after), np.minimum(before, after)
        part = np.clip((high - level) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        share = np.where(low >= level, 1.0, np.where(high > level, part, 0.0))
        # Not a matrix product, which may round differently for other numbers of rows.
        return np.asarray((share * np.diff(self.times)).sum(axis=1))

    def _dar(self, values: Floats) -> Iterator[tuple[str, Floats]]:
        if "mean_dar" not in self.outputs or not self.doses:
            return
        curve = values[:, :, self.outputs.index("mean_dar")]
        for day in DAR_DAYS:
            when = self.doses[0].start + day
            if not self.times[0] <= when <= self.times[-1]:
                continue
            right = max(1, int(np.searchsorted(self.times, when)))
            width = self.times[right] - self.times[right - 1]
            share = (when - self.times[right - 1]) / width
            value = curve[:, right - 1] * (1 - share) + curve[:, right] * share
            yield f"mean_dar_day_{day:g}", value

    def _tumour(self, values: Floats) -> Iterator[tuple[str, Floats]]:
        if "tumor" not in self.outputs:
            return
        change = values[:, :, self.outputs.index("tumor")]
        low = np.argmin(change, axis=1)
        best = change[np.arange(len(change)), low].copy()
        now, smallest = 1 + change / 100, (1 + best / 100)[:, np.newaxis]
        grown = (now > 0) & (now >= smallest * (1 + PROGRESSION / 100))
        if "tumour_volume" in self.outputs:
            volume = values[:, 0, self.outputs.index("tumour_volume")]  # mm3
            diameter = np.cbrt(6 * volume / math.pi)[:, np.newaxis]
            grown &= (now - smallest) * diameter >= _LEAST_GROWTH_MM
        grown &= np.arange(len(self.times)) > low[:, np.newaxis]
        yield "tumor_best_change", best
        yield "tumor_nadir_day", self.times[low]
        yield "tumor_response_day", self._first(change <= PARTIAL_RESPONSE)
        yield "tumor_regrowth_day", self._first(grown)
        yield "tumor_end_change", change[:, -1].copy()

    def _first(self, holds: NDArray[np.bool_]) -> Floats:
        """First day on which something holds; NaN where it never does."""
        first = self.times[np.argmax(holds, axis=1)]
        return np.where(holds.any(axis=1), first, np.nan)
