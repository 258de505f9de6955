"""What a clinician reads off a tumour curve: best change, nadir, regrowth.

The model gives a sum of diameters as a continuous curve; RECIST 1.1 (Eisenhauer 2009)
judges the same sum on the days of scans.  The thresholds are those of RECIST: partial
response 30 % below the start; progression 20 % and at least 5 mm above the smallest
sum.  A schedule of scans can only find these later and less deep than they are here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.results import Result
from adckit.status import Status

__all__ = [
    "PARTIAL_RESPONSE",
    "PROGRESSION",
    "TumourResponse",
    "tumour_response",
    "tumour_responses",
]

PARTIAL_RESPONSE = -30.0
"""Percent change of diameter since the start, at or below which there is a response."""
PROGRESSION = 20.0
"""Percent above the smallest diameter at which there is progression."""
_LEAST_GROWTH_MM = 5.0
"""Growth of the diameter below which RECIST sees no progression."""


@dataclass(frozen=True)
class TumourResponse:
    """One subject's tumour; changes in percent of the diameter at the start."""

    best_change: float
    """The lowest change; 0 for a tumour that never is smaller than at the start."""
    nadir_day: float
    """First day on which the tumour is smallest."""
    response_day: float | None
    """First day of a partial response."""
    regrowth_day: float | None
    """First day of progression from the smallest diameter."""
    end_change: float
    """Change on the last day."""


def tumour_response(
    times: ArrayLike, change: ArrayLike, *, diameter_mm: float | None = None
) -> TumourResponse:
    """The response of one tumour.

    Args:
        times: days, rising, shape (time,).
        change: percent change of diameter since the start, shape (time,).
        diameter_mm: diameter at the start; without it progression is judged by the
            percentage alone.

    Raises ValueError for shapes that do not fit and values that are not finite.
    """
    days = np.asarray(times, dtype=np.float64)
    curve = np.asarray(change, dtype=np.float64)
    if days.ndim != 1 or curve.shape != days.shape or not days.size:
        raise ValueError("times and change must both be (time,)")
    if not np.isfinite(curve).all():
        raise ValueError("change must be finite")
    low = int(np.argmin(curve))
    smallest = 1 + curve[low] / 100
    now = 1 + curve / 100
    grown = (now > 0) & (now >= smallest * (1 + PROGRESSION / 100))
    if diameter_mm is not None:
        grown &= (now - smallest) * diameter_mm >= _LEAST_GROWTH_MM
    grown[: low + 1] = False
    return TumourResponse(
        best_change=float(curve[low]),
        nadir_day=float(days[low]),
        response_day=_first(days, curve <= PARTIAL_RESPONSE),
        regrowth_day=_first(days, grown),
        end_change=float(curve[-1]),
    )


def tumour_responses(result: Result) -> list[TumourResponse | None]:
    """The response of every subject; None for one that failed.

    Raises UnknownNameError when the model has no tumour.
    """
    change = result.curve("tumor")
    volumes = result.curve("tumour_volume")[:, 0]  # mm3
    responses: list[TumourResponse | None] = []
    for row, volume, status in zip(change, volumes, result.status, strict=True):
        if status != Status.OK:
            responses.append(None)
            continue
        diameter = (6 * float(volume) / math.pi) ** (1 / 3)
        responses.append(tumour_response(result.times, row, diameter_mm=diameter))
    return responses


def _first(days: NDArray[np.float64], holds: NDArray[np.bool_]) -> float | None:
    found = np.flatnonzero(holds)
    return float(days[found[0]]) if found.size else None
