"""CTCAE v5.0 grades from laboratory values.

A scale is data: where each grade begins, in which direction, and whether the limits are
multiples of the upper limit of normal.  A limit belongs to the milder grade: ALT of
5.0 times ULN is grade 2, platelets of 50 are grade 2.

For transaminases and bilirubin the limits are multiples of the baseline instead where
that was abnormal (above ULN); grade 1 of transaminases then begins at 1.5 times it.

Common Terminology Criteria for Adverse Events v5.0, US National Cancer Institute, 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.errors import AdckitError, UnknownNameError

__all__ = [
    "NORMAL_RANGES",
    "SCALES",
    "UNKNOWN",
    "GradeScale",
    "Grades",
    "NormalRange",
    "grade",
    "hy_law",
]

Grades = NDArray[np.int8]

UNKNOWN = -1
"""Grade of a value that is not known, as of a subject that failed."""


@dataclass(frozen=True)
class NormalRange:
    """Limits of normal of one laboratory value, in the unit of its scale."""

    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class GradeScale:
    """How one laboratory value becomes a grade."""

    term: str
    """The CTCAE term."""
    unit: str
    limits: tuple[float, float, float, float]
    """Beyond which grades 1 to 4 begin.  A rising scale is in multiples of ULN; the
    first limit of a falling one gives way to the lower limit of normal."""
    rising: bool
    haematological: bool = False
    limits_of_abnormal_baseline: tuple[float, float, float, float] | None = None
    """Multiples of the baseline, where that is above ULN."""


_RISING = (1.0, 3.0, 5.0, 20.0)
_RISING_FROM_ABNORMAL = (1.5, 3.0, 5.0, 20.0)

SCALES: Mapping[str, GradeScale] = MappingProxyType(
    {
        "alt": GradeScale(
            "Alanine aminotransferase increased",
            "1",
            _RISING,
            rising=True,
            limits_of_abnormal_baseline=_RISING_FROM_ABNORMAL,
        ),
        "ast": GradeScale(
            "Aspartate aminotransferase increased",
            "1",
            _RISING,
            rising=True,
            limits_of_abnormal_baseline=_RISING_FROM_ABNORMAL,
        ),
        "bilirubin": GradeScale(
            "Blood bilirubin increased",
            "1",
            (1.0, 1.5, 3.0, 10.0),
            rising=True,
            limits_of_abnormal_baseline=(1.0, 1.5, 3.0, 10.0),
        ),
        "platelets": GradeScale(
            "Platelet count decreased",
            "1e9/L",
            (150.0, 75.0, 50.0, 25.0),
            rising=False,
            haematological=True,
        ),
        "neutrophils": GradeScale(
            "Neutrophil count decreased",
            "1e9/L",
            (2.0, 1.5, 1.0, 0.5),
            rising=False,
            haematological=True,
        ),
    }
)
"""Laboratory value → its scale."""

NORMAL_RANGES: Mapping[str, NormalRange] = MappingProxyType(
    {
        "alt": NormalRange(upper=1.0),
        "ast": NormalRange(upper=1.0),
        "bilirubin": NormalRange(upper=1.0),
        "platelets": NormalRange(150.0, 400.0),
        "neutrophils": NormalRange(2.0, 7.5),
    }
)
"""Usual limits of normal; a trial may have its laboratory's own."""


def grade(
    laboratory: str,
    values: ArrayLike,
    *,
    normal: NormalRange | None = None,
    baseline: ArrayLike | None = None,
) -> Grades:
    """The CTCAE grade of each value, 0 to 4, or UNKNOWN where a value is NaN.

    Args:
        laboratory: a key of `SCALES`.
        values: in the unit of the scale (times ULN for `alt`, `ast`, `bilirubin`; with
            a `normal.upper` other than 1, in the unit of that), shape (...,) or
            (subject, time).
        normal: limits of normal, by default the entry of `NORMAL_RANGES`.
        baseline: value before treatment, broadcast against the first axes of values,
            shape (subject,); where it is abnormal, limits are relative to it.

    Raises UnknownNameError for a value that has no scale, and AdckitError for limits of
    normal that do not leave room for the grades.
    """
    if laboratory not in SCALES:
        raise UnknownNameError("laboratory value", laboratory, SCALES)
    scale, given = SCALES[laboratory], np.asarray(values, dtype=np.float64)
    limits_of_normal = normal or NORMAL_RANGES[laboratory]
    if scale.rising:
        found = _rising(scale, given, limits_of_normal, baseline)
    else:
        found = _falling(laboratory, scale, given, limits_of_normal)
    found[np.isnan(given)] = UNKNOWN
    return found


def _rising(
    scale: GradeScale,
    values: NDArray[np.float64],
    normal: NormalRange,
    baseline: ArrayLike | None,
) -> Grades:
    upper = 1.0 if normal.upper is None else normal.upper
    found = _count(values / upper, scale.limits)
    relative = scale.limits_of_abnormal_baseline
    if baseline is None or relative is None:
        return found
    start = np.asarray(baseline, dtype=np.float64)
    start = start.reshape(start.shape + (1,) * (values.ndim - start.ndim))
    return np.where(start > upper, _count(values / start, relative), found)


def _falling(
    laboratory: str, scale: GradeScale, values: NDArray[np.float64], normal: NormalRange
) -> Grades:
    lower = scale.limits[0] if normal.lower is None else normal.lower
    if lower < scale.limits[1]:
        raise AdckitError(
            f"The lower limit of normal of {laboratory} is {lower:g} {scale.unit}, but "
            f"grade 2 begins at {scale.limits[1]:g}. Give the limit in {scale.unit}."
        )
    return _count(-values, tuple(-limit for limit in (lower, *scale.limits[1:])))


def _count(values: NDArray[np.float64], limits: tuple[float, ...]) -> Grades:
    """How many limits each value is beyond."""
    return np.asarray(np.searchsorted(limits, values, side="left"), dtype=np.int8)


def hy_law(alt: ArrayLike, ast: ArrayLike, bilirubin: ArrayLike) -> NDArray[np.bool_]:
    """Where transaminases are above 3 and bilirubin is above 2 times ULN.

    A flag of severe injury; the model has no bilirubin of its own.
    """
    highest = np.maximum(np.asarray(alt), np.asarray(ast))
    return np.asarray((highest > 3) & (np.asarray(bilirubin) > 2))
