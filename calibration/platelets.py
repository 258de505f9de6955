"""Platelets under T-DM1, from the first cycle of 11 patients.

Data: nadir 53 +- 6 % of the start (standard error of 11), on day 8 (to a day), and the
start again on day 15 (to 5 %).  Three numbers for three parameters: no priors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from adckit.prepared import prepare
from adckit.simulation import simulate
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "platelets"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = "platelets in the first cycle of T-DM1 3.6 mg/kg: nadir, its day, recovery"
_CARD = "organs/platelets.yaml/parameters"
FREE = (
    Free("platelet_slope", 3e-4, "1/nM", 2, cards=(f"{_CARD}/platelet_slope/value",)),
    Free(
        "platelet_transit_time",
        4.0,
        "day",
        2,
        cards=(f"{_CARD}/platelet_transit_time/value",),
    ),
    Free("platelet_feedback", 0.2, "1", 2, cards=(f"{_CARD}/platelet_feedback/value",)),
)
FACTS = (
    Fact("nadir, % of the start", 53.0, 6 / 53 / math.sqrt(11), "TD-PLT-01"),
    Fact("day of the nadir", 8.0, 1 / 8, "TD-PLT-03"),
    Fact("% of the start on day 15", 100.0, 0.05, "TD-PLT-01"),
)
_TIMES = np.linspace(0.0, 21.0, 421)


def run() -> Found:
    """The fit, of the typical patient."""
    settings = {"organs": "platelets", "delivery": "none", "kill": "none"}
    model = prepare(PRODUCT, {**settings, "payload": "none"})
    regimen = "3.6 mg/kg once over 90 min"

    def compute(table: Mapping[str, Floats]) -> Floats:
        result = simulate(model, regimen, table, _TIMES, rtol=1e-8)
        percent = result.curve("platelets")
        percent = 100 * percent / percent[:, :1]
        low = np.argmin(percent, axis=1)
        return np.array(
            [
                [*_bottom(row, int(i)), float(np.interp(15.0, _TIMES, row))]
                for row, i in zip(percent, low, strict=True)
            ]
        )

    return fit(FREE, FACTS, compute)


def _bottom(row: Floats, low: int) -> tuple[float, float]:
    """The lowest value and its day, on the parabola through the lowest three points."""
    left, middle, right = row[low - 1 : low + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend
    step = _TIMES[1] - _TIMES[0]
    value = middle - 0.25 * (left - right) * shift
    return float(value), float(_TIMES[low] + shift * step)
