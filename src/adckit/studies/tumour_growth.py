"""How much a treatment slows a tumour: the measures of a xenograft study.

V is the volume of a tumour, V0 at the start, T treated and C control; all volumes are
in mm3 and days are counted from the first dose.

    T/C      100 mean(V_T) / mean(V_C) on the day of evaluation                     [%]
    TGI      100 [1 - (mean V_T - mean V0_T) / (mean V_C - mean V0_C)] that day     [%]
             above 100 % the treated tumours are smaller than at the start
    delay    T - C: median days until a tumour reaches a size, treated less control
    kill     log10 of cells killed = (T - C) / (3.32 Td), Td: doubling time of a control
             tumour between the start and that size; it holds for growth that has
             resumed at the control's rate

An animal has a partial regression (PR) when its tumour is at or below half of V0 for
`SUSTAINED` days, and a complete one (CR) when it is below `PALPABLE` for so long; a CR
is not counted as a PR as well.  It is tumour-free (TFS) when the tumour is below
`PALPABLE` at the end, and cured when not one cell is left then.

These definitions are those of contract laboratories as the field knows them (three
measurements in a row, taken twice a week; 13.5 mm3 is a nodule of 3 x 3 x 3 mm):
recalled, not checked.  The day of evaluation is the last whole day on which the mean of
the control is below `LARGEST`, where mice are taken out of studies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST",
    "PALPABLE",
    "SIZE",
    "SUSTAINED",
    "Growth",
    "Measures",
    "day_of_evaluation",
    "days_to",
    "measure",
]

Floats = NDArray[np.float64]

PALPABLE = 13.5
"""mm3 below which no tumour is felt."""
SUSTAINED = 7.0
"""Days that a regression lasts at least."""
LARGEST = 2000.0
"""mm3 at which a control animal is taken out."""
SIZE = 1000.0
"""mm3 by which growth delay is measured."""


@dataclass(frozen=True)
class Growth:
    """The tumours of one arm."""

    times: Floats
    """(time,), whole days from 0 on"""
    volumes: Floats
    """(animal, time), mm3; NaN for an animal whose simulation failed"""
    one_cell: float
    """mm3 of tumour that a single cell stands for"""

    @property
    def solved(self) -> Floats:
        """(animal, time) of the animals that did not fail."""
        return self.volumes[np.isfinite(self.volumes).all(axis=1)]


@dataclass(frozen=True)
class Measures:
    """What came out of one arm; see above for the definitions."""

    animals: int
    """That were simulated without failure."""
    failed: int
    start: float
    """Mean volume at the start, mm3."""
    volume: float
    """Mean volume on the day of evaluation, mm3."""
    best_change: float
    """Median of the largest shrinkage of volume, % (0 where none shrank)."""
    days_to_size: float
    """Median; infinite where half of the animals did not get there."""
    partial: int
    complete: int
    tumour_free: int
    cured: int
    over_control: float | None = None
    """T/C, %; this and the next three are None without a control."""
    inhibition: float | None = None
    """TGI, %."""
    delay: float | None = None
    """Days; infinite where the treated did not reach the size."""
    log_kill: float | None = None
    """log10 of cells."""


def day_of_evaluation(control: Growth | None, times: Floats) -> float:
    """The last day on which controls are below `LARGEST`; the end without a control."""
    if control is None or not len(control.solved):
        return float(times[-1])
    small = control.solved.mean(axis=0) <= LARGEST
    below = int(np.argmin(small)) - 1 if not small.all() else len(small) - 1
    return float(control.times[max(below, 1)])


def days_to(growth: Growth, size: float) -> Floats:
    """Days until each tumour is as large and still growing; infinite for never.

    Linear between days.
    """
    found = np.full(len(growth.solved), np.inf)
    for i, volumes in enumerate(growth.solved):
        up = (volumes[:-1] < size) & (volumes[1:] >= size)
        steps = np.flatnonzero(up)
        if volumes[0] >= size:
            found[i] = 0.0
        elif len(steps):
            j = int(steps[0])
            share = (size - volumes[j]) / (volumes[j + 1] - volumes[j])
            found[i] = growth.times[j] + share * (growth.times[j + 1] - growth.times[j])
    return found


def measure(arm: Growth, control: Growth | None, day: float, size: float) -> Measures:
    """The measures of an arm, beside a control where there is one.

    `day` is the day of evaluation, one of the arm's times, and `size` in mm3.
    """
    volumes = arm.solved
    failed = len(arm.volumes) - len(volumes)
    if not len(volumes):
        nothing = math.nan
        return Measures(0, failed, nothing, nothing, nothing, nothing, 0, 0, 0, 0)
    at = int(np.searchsorted(arm.times, day))
    start, then = float(volumes[:, 0].mean()), float(volumes[:, at].mean())
    complete = _lasting(volumes < PALPABLE, arm.times)
    partial = _lasting(volumes <= 0.5 * volumes[:, :1], arm.times) & ~complete
    lowest = 100 * (volumes.min(axis=1) / volumes[:, 0] - 1)
    over, inhibition, delay, kill = _beside(arm, control, at, size)
    return Measures(
        animals=len(volumes),
        failed=failed,
        start=start,
        volume=then,
        best_change=float(np.median(lowest)),
        days_to_size=_median(days_to(arm, size)),
        partial=int(partial.sum()),
        complete=int(complete.sum()),
        tumour_free=int((volumes[:, -1] < PALPABLE).sum()),
        cured=int((volumes[:, -1] < arm.one_cell).sum()),
        over_control=over,
        inhibition=inhibition,
        delay=delay,
        log_kill=kill,
    )


def _beside(
    arm: Growth, control: Growth | None, at: int, size: float
) -> tuple[float | None, float | None, float | None, float | None]:
    """T/C, TGI, growth delay and log kill."""
    if control is None or not len(control.solved):
        return None, None, None, None
    treated, untreated = arm.solved, control.solved
    mean_t, mean_c = treated.mean(axis=0), untreated.mean(axis=0)
    grown = mean_c[at] - mean_c[0]
    over = float(100 * mean_t[at] / mean_c[at])
    inhibition = float(100 * (1 - (mean_t[at] - mean_t[0]) / grown)) if grown else None
    free, held = _median(days_to(control, size)), _median(days_to(arm, size))
    if not math.isfinite(free):
        return over, inhibition, None, None
    delay = held - free
    doublings = math.log2(size / float(np.median(untreated[:, 0])))
    if doublings <= 0 or not math.isfinite(delay):
        return over, inhibition, delay, None
    return over, inhibition, delay, delay / (math.log2(10) * free / doublings)


def _median(values: Floats) -> float:
    """The median, which is infinite where half of the values are."""
    ordered = np.sort(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(low) if low == high else float((low + high) / 2)


def _lasting(holds: NDArray[np.bool_], times: Floats) -> NDArray[np.bool_]:
    """Animals of which something is true for `SUSTAINED` days on end, (animal,)."""
    found = np.zeros(len(holds), dtype=bool)
    for i, row in enumerate(holds):
        since: float | None = None
        for day, true in zip(times, row, strict=True):
            since = (day if since is None else since) if true else None
            if since is not None and day - since >= SUSTAINED:
                found[i] = True
                break
    return found
