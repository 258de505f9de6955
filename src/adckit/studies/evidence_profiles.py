"""Digitised profiles beside a simulation, where the caller has the points.

Points are measured curves of other people's figures; they are not part of the library.
A profile passes when every point from 5 to 168 h is within 2-fold of the model.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError
from adckit.library.evidence import Finding, PublishedStudy
from adckit.studies.evidence_ensemble import Simulated

__all__ = ["Overlay", "overlay"]

Floats = NDArray[np.float64]

_FOLD = 2.0
_FROM, _TO = 4.5 / 24, 168.9 / 24
"""Days between which points count: 5 to 168 h, to the nearest half hour."""


@dataclass(frozen=True)
class _Columns:
    """How a file writes its points."""

    time: str
    hours: bool
    value: str
    factor: float
    """To ug/mL."""
    subject: str


_FILES: Mapping[str, _Columns] = MappingProxyType(
    {"Tolcher-2003.csv": _Columns("time_hour", True, "conc_ug_L", 1e-3, "subj")}
)


@dataclass(frozen=True)
class Overlay:
    """Points and the model's band at all times."""

    product: str
    study: str
    title: str
    unit: str
    times: Floats
    """(time,), days"""
    model: Floats
    """(time,): mean of the subjects with the library's values"""
    low: Floats
    high: Floats
    """(time,): 90 % of subjects under all draws"""
    points: Mapping[str, tuple[Floats, Floats]]
    """Subject → days, values"""
    ratio: float
    """Geometric mean of model over point."""
    ratios: tuple[float, float]
    """Smallest and largest of them."""
    within: bool
    rule: str = "every point from 5 to 168 h within 2-fold"


def overlay(
    study: PublishedStudy, finding: Finding, simulated: Simulated, data: Path
) -> Overlay:
    """The points of a finding over its simulation.

    Raises AdckitError when the folder does not have the file, or not in its form.
    """
    assert finding.file is not None
    points = _read(data / finding.file)
    ensemble = simulated.central
    curve = simulated.drawn.curves[finding.of]
    flat = curve.reshape(-1, curve.shape[-1])
    model = np.nanmean(ensemble.curves[finding.of][0], axis=0)
    low, high = np.nanquantile(flat, [0.05, 0.95], axis=0)
    ratios = []
    for days, values in points.values():
        for day, value in zip(days, values, strict=True):
            if _FROM <= day <= _TO:
                ratios.append(_log_interpolated(ensemble.times, model, day) / value)
    found = np.array(ratios)
    return Overlay(
        study.product,
        study.name,
        study.title,
        ensemble.units[finding.of],
        ensemble.times,
        model,
        low,
        high,
        points,
        float(np.exp(np.mean(np.log(found)))),
        (float(found.min()), float(found.max())),
        bool(((found >= 1 / _FOLD) & (found <= _FOLD)).all()),
    )


def _read(path: Path) -> dict[str, tuple[Floats, Floats]]:
    form = _FILES.get(path.name)
    if form is None:
        raise AdckitError(f"The columns of '{path.name}' are not known.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        found: dict[str, tuple[list[float], list[float]]] = {}
        for line in lines:
            days, values = found.setdefault(line[form.subject], ([], []))
            days.append(float(line[form.time]) / (24 if form.hours else 1))
            values.append(float(line[form.value]) * form.factor)
    except (OSError, KeyError, ValueError) as error:
        raise AdckitError(
            f"Cannot use the profile '{path}': {error}. Give the folder that holds it "
            "with --data, or leave --data out."
        ) from None
    return {name: (np.array(t), np.array(v)) for name, (t, v) in found.items()}


def _log_interpolated(times: Floats, curve: Floats, day: float) -> float:
    inside = curve > 0
    return math.exp(float(np.interp(day, times[inside], np.log(curve[inside]))))
