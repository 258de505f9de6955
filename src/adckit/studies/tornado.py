"""Which parameters decide an answer: each moved to the ends of what is known of it.

One at a time, from the 5th to the 95th percentile of its distribution, for the typical
subject.  A parameter that matters much and is known well moves little, one that matters
little and is not known at all may move much: what is ranked is what to find out next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.errors import AdckitError
from adckit.planning import Dosing
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.simulation import DEFAULT_RTOL, simulate
from adckit.studies.uncertainty import Uncertainty, uncertainties

__all__ = ["Headline", "Swing", "area_under", "highest", "lowest", "tornado"]

Floats = NDArray[np.float64]
Headline = Callable[[Result], Floats]
"""One number per subject."""


@dataclass(frozen=True)
class Swing:
    """What a headline does when one parameter goes from end to end."""

    uncertainty: Uncertainty
    headline: str
    base: float
    """With the library's values."""
    low: float
    """At the parameter's 5th percentile; NaN where that failed."""
    high: float
    """At its 95th percentile."""

    @property
    def size(self) -> float:
        """Distance between the ends; 0 where one of them failed."""
        return abs(self.high - self.low) if np.isfinite(self.high - self.low) else 0.0


def highest(output: str) -> Headline:
    """The highest value of an output."""
    return lambda result: np.asarray(result.curve(output).max(axis=1))


def lowest(output: str) -> Headline:
    """The lowest value of an output."""
    return lambda result: np.asarray(result.curve(output).min(axis=1))


def area_under(output: str) -> Headline:
    """The area under an output, by trapezoids on the times of the simulation."""
    return lambda result: np.asarray(
        np.trapezoid(result.curve(output), result.times, axis=1)
    )


def tornado(
    ready: Prepared,
    regimen: Dosing,
    times: ArrayLike,
    headlines: Mapping[str, Headline],
    *,
    share: float = 0.9,
    rtol: float = DEFAULT_RTOL,
) -> dict[str, list[Swing]]:
    """For each headline the parameters, the most decisive first.

    All variants are subjects of one simulation.  `share` is what lies between the ends
    to which a parameter is moved.

    Raises AdckitError for a model that is no product.
    """
    if ready.product is None:
        raise AdckitError(
            "A tornado moves the parameters of a product; this model is a network "
            "without a card. Load it from a card."
        )
    used = {parameter.name for parameter in ready.network.parameters}
    moved = [
        one
        for name, one in uncertainties(ready.product).items()
        if one.drawn and name in used
    ]
    result = simulate(ready, regimen, _variants(moved, share), times, rtol=rtol)
    found: dict[str, list[Swing]] = {}
    for headline, measure in headlines.items():
        values = measure(result)
        swings = [
            Swing(
                one,
                headline,
                float(values[0]),
                float(values[1 + 2 * i]),
                float(values[2 + 2 * i]),
            )
            for i, one in enumerate(moved)
        ]
        found[headline] = sorted(swings, key=lambda swing: -swing.size)
    return found


def _variants(moved: list[Uncertainty], share: float) -> dict[str, Floats]:
    """The typical subject, then every parameter at both of its ends."""
    count = 1 + 2 * len(moved)
    table = {}
    for i, one in enumerate(moved):
        column = np.full(count, one.parameter.value)
        column[1 + 2 * i : 3 + 2 * i] = one.interval(share)
        table[one.parameter.name] = column
    return table
