"""Tumour response by RECIST 1.1, from the diameters of single lesions.

    target lesions   up to 5, at most 2 per organ, the longest, 10 mm or more
    CR   all target lesions gone
    PR   sum of diameters 30 % or more below the baseline
    PD   sum 20 % or more, and 5 mm or more, above the smallest so far; or a new lesion
    SD   none of these;   NE   no scan

A lesion is measured with a relative error, in whole mm; one that is there but below
5 mm counts as 5 mm, one below 2 mm is gone.  What comes after a progression is not
looked at.  A response is confirmed by another one at least four weeks later, with
neither progression nor stable disease between; SD counts as best response when it lasts
six weeks from the start, else it is NE.

PFS runs to progression or death and ends, without an event, at the last scan; duration
of response runs from the first scan that showed the (confirmed) response.

Eisenhauer et al., Eur J Cancer 2009;45:228-247.  Times in days, lengths in mm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.errors import AdckitError
from adckit.studies.random_streams import normals

__all__ = [
    "MEASURABLE",
    "Response",
    "Scans",
    "SubjectResponse",
    "best_responses",
    "measured_diameters",
    "sphere_diameters",
    "target_lesions",
    "visit_responses",
]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_LARGEST_NUMBER, _PER_ORGAN = 5, 2
MEASURABLE = 10.0
"""Diameter, mm, from which on a lesion can be a target."""
_SMALLEST = 5.0
"""What a lesion that is too small to measure counts as, mm."""
_GONE = 2.0
"""Diameter, mm, below which a scan shows nothing (assumed: half a 5 mm slice)."""
_SHRUNK, _GROWN, _GROWN_MM = -30.0, 20.0, 5.0
_ROUNDING = 1e-9
"""Percent and mm by which a threshold may be missed by rounding alone."""


class Response(StrEnum):
    """A RECIST response."""

    COMPLETE = "CR"
    PARTIAL = "PR"
    STABLE = "SD"
    PROGRESSIVE = "PD"
    NOT_EVALUABLE = "NE"


_RESPONSES = (Response.COMPLETE, Response.PARTIAL)


@dataclass(frozen=True)
class Scans:
    """When scans are made, how well they measure, and what counts."""

    every: float = 42.0
    """Days from one scan to the next; the baseline is on day 0."""
    until: float = 365.0
    error: float = 0.0
    """Standard deviation of a measured diameter, as a share of it."""
    confirm: bool = True
    confirm_after: float = 28.0
    stable_from: float = 42.0
    most_lesions: int = _LARGEST_NUMBER
    """Target lesions of a subject at most."""

    def __post_init__(self) -> None:
        if not 0 < self.every <= self.until:
            raise AdckitError(
                f"Scans every {self.every:g} days until day {self.until:g} give no "
                "visit after the baseline. Shorten the interval or follow longer."
            )
        if not 0 <= self.error < 1:
            raise AdckitError(
                f"A measurement error of {self.error:g} is not a share from 0 to 1. "
                "Write 0.08 for 8 %."
            )

    @property
    def days(self) -> Floats:
        """Days of the scans, (visit,); the first is the baseline."""
        count = math.floor(self.until / self.every + _ROUNDING)
        return np.asarray(self.every * np.arange(count + 1), dtype=np.float64)


@dataclass(frozen=True)
class SubjectResponse:
    """What the scans of one subject come to."""

    best: Response
    """Best overall response, confirmed where that is asked for."""
    best_change: float
    """Lowest sum after the baseline, up to the scan that showed progression, percent
    of the baseline; NaN without a scan."""
    pfs: float
    """Days to progression or death, or to the last scan."""
    progressed: bool
    """Whether `pfs` ends with an event."""
    response_day: float | None = None
    """First scan that showed the response."""
    duration: float | None = None
    """Days from `response_day` to progression, death or the last scan."""

    @property
    def responded(self) -> bool:
        """Whether the best response is complete or partial."""
        return self.best in _RESPONSES


def sphere_diameters(volumes: ArrayLike) -> Floats:
    """Diameters, mm, of spheres with these volumes, mm3."""
    balls = 6 / math.pi * np.asarray(volumes, dtype=np.float64)
    return np.asarray(np.cbrt(balls), dtype=np.float64)


def measured_diameters(
    diameters: ArrayLike, scans: Scans, *, seed: int, subjects: ArrayLike
) -> Floats:
    """What scans show of true diameters.

    Args:
        diameters: true values, (subject, lesion, visit), mm.
        scans: gives the measurement error.
        seed, subjects: a subject's errors depend on its number (subject,) alone, and
            on the lesion and the visit.

    Returns (subject, lesion, visit), mm.
    """
    true = np.asarray(diameters, dtype=np.float64)
    shown = true
    if scans.error > 0:
        visits = [
            normals(seed, f"scan of lesion {lesion}", subjects, true.shape[2])
            for lesion in range(true.shape[1])
        ]
        shown = true * np.maximum(1 + scans.error * np.stack(visits, axis=1), 0)
    counted = np.maximum(np.round(shown), _SMALLEST)
    return np.where(true < _GONE, 0.0, np.where(np.isnan(true), np.nan, counted))


def target_lesions(
    baseline: ArrayLike,
    organs: Sequence[str] | NDArray[np.object_] | None = None,
    most: int = _LARGEST_NUMBER,
) -> Booleans:
    """Which lesions are followed, (subject, lesion).

    Args:
        baseline: measured diameters, (subject, lesion), mm; NaN where there is none.
        organs: organ of each lesion, (lesion,) or (subject, lesion); all different by
            default.
        most: lesions that are followed at most.
    """
    first = np.asarray(baseline, dtype=np.float64)
    given = np.arange(first.shape[1]) if organs is None else np.asarray(organs)
    places = np.broadcast_to(given, first.shape)
    chosen = np.zeros(first.shape, dtype=np.bool_)
    for subject, row in enumerate(first):
        taken: list[object] = []
        for lesion in np.argsort(-np.nan_to_num(row), kind="stable"):
            place = places[subject, lesion]
            fits = row[lesion] >= MEASURABLE and taken.count(place) < _PER_ORGAN
            if fits and len(taken) < most:
                taken.append(place)
                chosen[subject, lesion] = True
    return chosen


def visit_responses(
    diameters: ArrayLike, targets: ArrayLike, new_lesion: ArrayLike | None = None
) -> tuple[list[list[Response]], Floats]:
    """The response at every visit after the baseline, and the sum of diameters.

    Args:
        diameters: measured, (subject, lesion, visit), mm; NaN where not scanned.
        targets: which lesions are followed, (subject, lesion).
        new_lesion: whether a new lesion has been seen by then, (subject, visit).

    Returns the responses of each subject, and the sums, (subject, visit), mm.
    """
    shown = np.asarray(diameters, dtype=np.float64)
    followed = np.asarray(targets, dtype=np.bool_)[:, :, np.newaxis]
    sums = np.where(followed, shown, 0.0).sum(axis=1)
    fresh = np.zeros(sums.shape, dtype=np.bool_)
    if new_lesion is not None:
        fresh = np.asarray(new_lesion, dtype=np.bool_)
    usable = [bool(row.any()) for row in followed]
    found = [
        _row_responses(row, new) if ok else [Response.NOT_EVALUABLE] * (len(row) - 1)
        for row, new, ok in zip(sums, fresh, usable, strict=True)
    ]
    return found, sums


def best_responses(
    diameters: ArrayLike,
    targets: ArrayLike,
    scans: Scans,
    *,
    death_day: ArrayLike | None = None,
    new_lesion: ArrayLike | None = None,
) -> list[SubjectResponse]:
    """What the scans of every subject come to; the arguments are those above.

    `death_day` is (subject,), NaN for a subject that did not die.
    """
    visits, sums = visit_responses(diameters, targets, new_lesion)
    if sums.shape[1] != scans.days.size:
        raise ValueError("diameters must have one value for each of scans.days")
    deaths = np.full(len(visits), np.nan)
    if death_day is not None:
        deaths = np.asarray(death_day, dtype=np.float64)
    return [
        _summary(found, row, scans, float(death))
        for found, row, death in zip(visits, sums, deaths, strict=True)
    ]


def _row_responses(sums: Floats, fresh: Booleans) -> list[Response]:
    """One subject's responses after the baseline; all after a progression are PD."""
    found: list[Response] = []
    smallest = sums[0]
    for value, new in zip(sums[1:], fresh[1:], strict=True):
        if Response.PROGRESSIVE in found or new:
            found.append(Response.PROGRESSIVE)
        elif np.isnan(value) or not sums[0] > 0:
            found.append(Response.NOT_EVALUABLE)
        else:
            found.append(_response(float(value), float(sums[0]), float(smallest)))
            smallest = min(smallest, value)
    return found


def _response(value: float, baseline: float, smallest: float) -> Response:
    growth = value - smallest
    least = max(_GROWN / 100 * smallest, _GROWN_MM)
    if growth >= least - _ROUNDING:
        return Response.PROGRESSIVE
    if value == 0:
        return Response.COMPLETE
    change = 100 * (value / baseline - 1)
    return Response.PARTIAL if change <= _SHRUNK + _ROUNDING else Response.STABLE


def _summary(
    found: list[Response], sums: Floats, scans: Scans, death: float
) -> SubjectResponse:
    days = scans.days[1:]
    alive = [not day > death for day in days]
    found = [r for r, lives in zip(found, alive, strict=True) if lives]
    end, event = _pfs(found, days, death)
    seen = found[: found.index(Response.PROGRESSIVE)] if _progressed(found) else found
    best, first = _best(seen, days, scans, _progressed(found))
    judged = found[: len(seen) + 1]  # the scan that showed progression is the last
    changes = (
        100 * (sums[1 : len(judged) + 1] / sums[0] - 1) if sums[0] > 0 else sums[:0]
    )
    counted = [
        change
        for change, r in zip(changes, judged, strict=False)
        if r is not Response.NOT_EVALUABLE and np.isfinite(change)
    ]
    start = None if first is None else float(days[first])
    return SubjectResponse(
        best,
        min(counted, default=math.nan),
        end,
        event,
        start,
        None if start is None else end - start,
    )


def _progressed(found: list[Response]) -> bool:
    return Response.PROGRESSIVE in found


def _pfs(found: list[Response], days: Floats, death: float) -> tuple[float, bool]:
    """Day and whether it is an event."""
    if _progressed(found):
        return float(days[found.index(Response.PROGRESSIVE)]), True
    if not math.isnan(death):
        return death, True
    seen = [d for d, r in zip(days, found, strict=False) if r != Response.NOT_EVALUABLE]
    return (float(seen[-1]) if seen else 0.0), False


def _best(
    seen: list[Response], days: Floats, scans: Scans, progressed: bool
) -> tuple[Response, int | None]:
    """Best overall response before progression, and the first visit that showed it."""
    for wanted in ((Response.COMPLETE,), _RESPONSES):
        for visit, response in enumerate(seen):
            if response in wanted and _holds(seen, days, visit, wanted, scans):
                # A response is counted from the first scan that was CR or PR.
                first = _first_of_run(seen, visit)
                return wanted[-1], first
    late = [d for d, r in zip(days, seen, strict=False) if r != Response.NOT_EVALUABLE]
    if late and late[-1] >= scans.stable_from:
        return Response.STABLE, None
    return (Response.PROGRESSIVE if progressed else Response.NOT_EVALUABLE), None


def _holds(
    seen: list[Response],
    days: Floats,
    visit: int,
    wanted: tuple[Response, ...],
    scans: Scans,
) -> bool:
    """Whether the response of a visit is confirmed, or needs no confirmation."""
    if not scans.confirm:
        return True
    for later in range(visit + 1, len(seen)):
        if seen[later] in wanted and days[later] - days[visit] >= scans.confirm_after:
            return True
        if seen[later] not in (*wanted, Response.NOT_EVALUABLE):
            return False
    return False


def _first_of_run(seen: list[Response], visit: int) -> int:
    first = visit
    while first and seen[first - 1] in _RESPONSES:
        first -= 1
    return first
