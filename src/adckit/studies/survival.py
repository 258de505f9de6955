"""Kaplan-Meier curves: time to progression, duration of response.

SciPy's empirical distribution of right-censored data gives the curve, its Greenwood
variance the limits on the log-minus-log scale.  The median is the first time at which
the curve is at or below one half.

Kaplan and Meier, J Am Stat Assoc 1958;53:457-481; Brookmeyer and Crowley, Biometrics
1982;38:29-41 for the limits of the median.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from adckit.errors import AdckitError

__all__ = ["SurvivalCurve", "survival_curve"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SurvivalCurve:
    """Share without an event; a step function that falls at `times`."""

    times: Floats
    """(step,), days, of events and of censorings"""
    survival: Floats
    """(step,): share without an event just after `times`"""
    lower: Floats
    upper: Floats
    """(step,): 95 % limits"""
    at_risk: Floats
    """(step,): subjects still observed just before `times`"""
    censored: Floats
    """(censoring,): days on which subjects left without an event"""
    subjects: int

    @property
    def median(self) -> float | None:
        """Median time, days; None where it is not reached."""
        return _crossing(self.times, self.survival)

    @property
    def median_limits(self) -> tuple[float | None, float | None]:
        """95 % limits of the median; None where the limit is not reached."""
        return _crossing(self.times, self.lower), _crossing(self.times, self.upper)

    def at(self, day: float) -> float:
        """Share without an event on a day."""
        before = int(np.searchsorted(self.times, day, side="right"))
        return 1.0 if before == 0 else float(self.survival[before - 1])

    def risk_at(self, day: float) -> int:
        """Subjects still observed on a day."""
        after = int(np.searchsorted(self.times, day, side="left"))
        return int(self.at_risk[after]) if after < self.times.size else 0


def survival_curve(times: ArrayLike, event: ArrayLike) -> SurvivalCurve:
    """The Kaplan-Meier curve.

    Args:
        times: days to the event or to the end of observation, (subject,).
        event: whether it ended with an event, (subject,).

    Raises AdckitError without subjects, and for times that are negative or missing.
    """
    days = np.asarray(times, dtype=np.float64)
    happened = np.asarray(event, dtype=np.bool_)
    if days.ndim != 1 or days.shape != happened.shape or not days.size:
        raise AdckitError(
            "A survival curve needs one time and one event flag per subject, and at "
            "least one subject."
        )
    if not (np.isfinite(days) & (days >= 0)).all():
        raise AdckitError(
            "Survival times must be numbers from 0 on. Leave failed subjects out."
        )
    data = stats.CensoredData(uncensored=days[happened], right=days[~happened])
    curve = stats.ecdf(data).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # Where the curve is 0 or 1 the log-minus-log scale has no variance.
        warnings.simplefilter("ignore", RuntimeWarning)
        limits = curve.confidence_interval(method="log-log")
    survival = np.asarray(curve.probabilities, dtype=np.float64)
    steps = np.asarray(curve.quantiles, dtype=np.float64)
    ordered = np.sort(days)
    return SurvivalCurve(
        steps,
        survival,
        _without_gaps(limits.low, survival),
        _without_gaps(limits.high, survival),
        np.asarray(days.size - np.searchsorted(ordered, steps, side="left"), float),
        np.sort(days[~happened]),
        days.size,
    )


def _without_gaps(limit: Any, survival: Floats) -> Floats:
    """The limit, and the curve itself where there is no limit."""
    values = np.asarray(limit.probabilities, dtype=np.float64)
    return np.where(np.isfinite(values), values, survival)


def _crossing(times: Floats, share: Floats) -> float | None:
    below = np.flatnonzero(share <= 0.5 + 1e-12)
    return float(times[below[0]]) if below.size else None
