"""What the scans of subjects with several lesions show, and what that comes to.

Target lesions are chosen at the baseline by their measured diameters (RECIST 1.1) and
measured again at every visit, each with an error of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.studies.lesions import Lesions
from adckit.studies.response import (
    MEASURABLE,
    Scans,
    SubjectResponse,
    best_responses,
    measured_diameters,
    sphere_diameters,
    target_lesions,
)

__all__ = ["Scanned", "TargetLesion", "judge_scans", "targets_at_start"]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class TargetLesion:
    """One lesion that was measured."""

    number: int
    """Among the subject's lesions, from 1."""
    organ: str
    diameters: Floats
    """(visit,): as measured, mm"""


@dataclass(frozen=True)
class Scanned:
    """The scans of one subject."""

    response: SubjectResponse
    sums: Floats
    """(visit,): measured sum of the diameters of target lesions, mm"""
    lesions: tuple[TargetLesion, ...] = ()
    new_lesion: Booleans | None = None
    """(visit,): whether a new lesion has been seen by then"""
    by_new_lesion: bool = False
    """It progressed on a day on which the target lesions alone had not."""


def targets_at_start(
    lesions: Lesions, scans: Scans, seed: int, subjects: Integers
) -> Booleans:
    """Which lesions are followed, (subject, lesion)."""
    first = lesions.diameters[:, :, np.newaxis]
    shown = _shown(first, scans, seed, subjects, measurable=True)
    return target_lesions(shown[:, :, 0], lesions.organs, scans.most_lesions)


def judge_scans(
    volumes: Floats,
    scans: Scans,
    seed: int,
    subjects: Integers,
    lesions: Lesions | None = None,
    new_days: Floats | None = None,
) -> list[Scanned]:
    """What the scans of every subject come to.

    Args:
        volumes: true, (subject, lesion, visit), mm3; NaN where not followed.
        scans: the visits.
        seed, subjects: key the errors of measurement, (subject,).
        lesions: what is known of the lesions; one to a subject where None.
        new_days: day on which a new lesion is there, (subject,).
    """
    true = sphere_diameters(volumes)
    shown = _shown(true, scans, seed, subjects, measurable=lesions is not None)
    if lesions is None:
        targets = target_lesions(shown[:, :, 0])
    else:
        targets = targets_at_start(lesions, scans, seed, subjects)
    fresh = np.zeros((len(volumes), scans.days.size), dtype=np.bool_)
    if new_days is not None:
        fresh = new_days[:, np.newaxis] <= scans.days
    alone = best_responses(shown, targets, scans)
    found = best_responses(shown, targets, scans, new_lesion=fresh)
    sums = np.where(targets[:, :, np.newaxis], shown, 0.0).sum(axis=1)
    return [
        Scanned(
            response,
            sums[row],
            _targets(shown[row], targets[row], lesions, row),
            fresh[row],
            response.progressed and not (own.progressed and own.pfs <= response.pfs),
        )
        for row, (response, own) in enumerate(zip(found, alone, strict=True))
    ]


def _shown(
    true: Floats, scans: Scans, seed: int, subjects: Integers, *, measurable: bool
) -> Floats:
    """Measured diameters; subjects enter with a first lesion that was measurable."""
    shown = measured_diameters(true, scans, seed=seed, subjects=subjects)
    if measurable:
        shown[:, 0, 0] = np.maximum(shown[:, 0, 0], MEASURABLE)
    return shown


def _targets(
    shown: Floats, targets: Booleans, lesions: Lesions | None, row: int
) -> tuple[TargetLesion, ...]:
    return tuple(
        TargetLesion(
            int(place) + 1,
            "" if lesions is None else str(lesions.organs[row, place]),
            shown[place],
        )
        for place in np.flatnonzero(targets)
    )
