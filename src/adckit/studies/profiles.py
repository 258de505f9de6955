"""Concentration-time profiles of many subjects, summed in one go.

The rules are those that `exposure` states; this module holds the arithmetic that is the
same for every subject.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

SAME_TIME = 1e-9
"""Days by which two times may differ by rounding."""
_PREFER_MORE = 1e-4
"""Loss of adjusted R2 that a regression over more values may have."""
_LEAST_FALL = 1e-9
"""Fall of ln C over a regression below which it is rounding and no elimination."""


@dataclass(frozen=True)
class Design:
    """What holds for all subjects; see `exposure`."""

    tau: float | None
    infusion: float | None
    steady_state: bool
    lloq: float | None


@dataclass(frozen=True)
class Profiles:
    """Profiles of several subjects with what is summed along them."""

    time: Floats  # (time,), days from the dose
    value: Floats  # (subject, time), C
    complete: Flags  # (subject,), whether every value is finite
    used: Flags  # (subject, time), whether a value counts
    before: Floats  # (subject,), C before the dose
    first: Floats  # (subject,), C right after a bolus, NaN for other doses
    started: bool
    """Whether the value at the dose is known."""
    top: Indices  # (subject,), index of Cmax
    auc: Floats  # (subject, time), C*day from the dose to each used value
    aumc: Floats  # (subject, time), C*day^2
    slope: Floats  # (subject,), 1/day, NaN where there is no regression
    r2_adjusted: Floats  # (subject,)
    points: Indices  # (subject,)


def sum_profiles(time: Floats, value: Floats, design: Design) -> Profiles:
    """Everything that is computed for all subjects at once."""
    complete: Flags = np.all(np.isfinite(value), axis=1)
    value = np.where(complete[:, np.newaxis], value, 0.0)
    at_dose, bolus = bool(time[0] == 0), design.infusion == 0
    before = value[:, 0] if at_dose else np.zeros(len(value))
    started = at_dose or bolus or not design.steady_state
    if not at_dose and started:
        time = np.concatenate([[0.0], time])
        value = np.column_stack([np.zeros(len(value)), value])
    first = np.full(len(value), math.nan)
    observed = value.copy()
    if bolus:
        first = _value_after_bolus(time, value)
        observed[first > value[:, 0], 0] = -math.inf
        value = np.column_stack([first, value[:, 1:]])
    top = np.argmax(observed, axis=1)
    used = np.ones(value.shape, dtype=bool)
    if design.lloq is not None:
        low = value < design.lloq
        after = np.arange(time.size) > top[:, np.newaxis]
        value = np.where(low & ~after, 0.0, value)
        used = ~(low & after)
    auc, aumc = _areas(time, value, used)
    ended = time >= (design.infusion or 0.0) - SAME_TIME
    late = (time > time[top][:, np.newaxis]) & ended
    slope, r2_adjusted, points = _terminal(time, value, used & late)
    return Profiles(
        time=time,
        value=value,
        complete=complete,
        used=used,
        before=before,
        first=first,
        started=started,
        top=top,
        auc=auc,
        aumc=aumc,
        slope=slope,
        r2_adjusted=r2_adjusted,
        points=points,
    )


def _value_after_bolus(time: Floats, value: Floats) -> Floats:
    """C right after a bolus, for each subject: shape (subject,)."""
    one = value[:, 1]
    two = value[:, 2] if time.size > 2 else one
    falls = (two > 0) & (one > two)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        power = time[1] / (time[2] - time[1]) if time.size > 2 else 0.0
        back = np.where(falls, one * (one / two) ** power, one)
    back = np.where(np.isfinite(back), back, one)
    return np.where(value[:, 0] >= one, value[:, 0], back)


def _areas(time: Floats, value: Floats, used: Flags) -> tuple[Floats, Floats]:
    """AUC and AUMC from the dose to each value, both (subject, time)."""
    index = np.where(used, np.arange(time.size), -1)
    latest = np.maximum.accumulate(index, axis=1)  # last used value up to each
    previous = np.maximum(latest[:, :-1], 0)
    rows = np.arange(len(value))[:, np.newaxis]
    auc, aumc = area_between(
        time[previous], value[rows, previous], time[np.newaxis, 1:], value[:, 1:]
    )
    zero = np.zeros((len(value), 1))
    counted = used[:, 1:]
    return (
        np.hstack([zero, np.cumsum(np.where(counted, auc, 0.0), axis=1)]),
        np.hstack([zero, np.cumsum(np.where(counted, aumc, 0.0), axis=1)]),
    )


def area_between(
    time0: Floats, value0: Floats, time1: Floats, value1: Floats
) -> tuple[Floats, Floats]:
    """AUC and AUMC between two values: linear up, logarithmic down."""
    width = time1 - time0
    falls = (value1 > 0) & (value0 > value1)
    high, low = np.where(falls, value0, 2.0), np.where(falls, value1, 1.0)
    with np.errstate(over="ignore"):
        ratio = np.log1p((high - low) / low)
    ratio = np.where(np.isfinite(ratio), ratio, np.log(high) - np.log(low))
    auc = width * (value0 + value1) / 2
    aumc = width * (time0 * value0 + time1 * value1) / 2
    log_auc = width * (high - low) / ratio
    # (high - low - low * ratio) / ratio^2 loses its digits where the ratio is small.
    series = low * (1 / 2 + ratio / 6 + ratio**2 / 24 + ratio**3 / 120)
    moment = np.where(ratio < 1e-3, series, (high - low - low * ratio) / ratio**2)
    log_aumc = time0 * log_auc + width**2 * moment
    return np.where(falls, log_auc, auc), np.where(falls, log_aumc, aumc)


def _terminal(
    time: Floats, value: Floats, late: Flags
) -> tuple[Floats, Floats, Indices]:
    """lambda_z, adjusted R2 and number of values, each (subject,).

    Sums from the end of the profile give the regression over the last k values for
    every k at once.
    """
    late = late & (value > 0)
    weight = late.astype(np.float64)
    logs = np.log(np.where(late, value, 1.0))
    end = time.size - 1 - np.argmax(late[:, ::-1], axis=1)
    rows = np.arange(len(value))
    # Measured from the last value, so that few digits cancel in the sums.
    x = weight * (time - time[end][:, np.newaxis])
    y = weight * (logs - logs[rows, end][:, np.newaxis])

    def from_end(summand: Floats) -> Floats:
        return np.cumsum(summand[:, ::-1], axis=1)[:, ::-1]

    count = from_end(weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        xx = from_end(x * x) - from_end(x) ** 2 / count
        xy = from_end(x * y) - from_end(x) * from_end(y) / count
        yy = from_end(y * y) - from_end(y) ** 2 / count
        slope = xy / xx
        r2 = xy**2 / (xx * yy)
        adjusted = 1 - (1 - r2) * (count - 1) / (count - 2)
        fits = (
            late & (count >= 3) & (-slope * (time[end][:, None] - time) > _LEAST_FALL)
        )
    adjusted = np.where(fits & np.isfinite(adjusted), adjusted, -math.inf)
    best = adjusted.max(axis=1)
    chosen = np.argmax(adjusted >= best[:, np.newaxis] - _PREFER_MORE, axis=1)
    found = np.isfinite(best)
    return (
        np.where(found, -slope[rows, chosen], math.nan),
        np.where(found, adjusted[rows, chosen], math.nan),
        np.where(found, count[rows, chosen], 0).astype(np.int64),
    )
