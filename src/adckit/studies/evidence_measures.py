"""What a study measured, read off its simulation: one value per draw.

Each function returns the values of the draws, and of the subjects where a mean over
them is what was published.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError
from adckit.library.evidence import Finding, PublishedStudy
from adckit.network.regimen import Regimen
from adckit.studies.ctcae import SCALES, grade
from adckit.studies.evidence_ensemble import Ensemble, Modelled
from adckit.studies.exposure import Exposure, exposures
from adckit.studies.published import in_unit
from adckit.studies.random_streams import normals
from adckit.studies.response import (
    Scans,
    SubjectResponse,
    best_responses,
    measured_diameters,
    sphere_diameters,
    target_lesions,
)
from adckit.studies.subject_profiles import ANALYTES, NOT_DOSED
from adckit.studies.survival import survival_curve
from adckit.studies.toxicity import SYMPTOMS, event_probability, lesion_grade
from adckit.units import parse_unit

__all__ = [
    "dose_per_body",
    "exposure_values",
    "laboratory_values",
    "outputs_of",
    "progression_days",
    "responses",
    "toxicity_shares",
]

Floats = NDArray[np.float64]

_SINGLE = ("cmax", "ctrough")
"""Quantities that are one measured concentration."""
_LESIONS = {"skin": "skin_lesion", "normal_tissue": "normal_tissue_lesion"}
_REACH = 1e-3
"""Share of the median Cmax to which a profile is followed where no limit of
quantification is known: the reach of an ELISA."""


def outputs_of(finding: Finding) -> tuple[str, ...]:
    """Curves that a finding is read from."""
    if finding.measure in ("response", "progression"):
        return ("tumour_volume",)
    if finding.measure == "toxicity" and finding.of in SYMPTOMS:
        return (_hazard(finding),)
    if finding.measure == "toxicity" and finding.of in _LESIONS:
        return (_LESIONS[finding.of],)
    if finding.measure in ("exposure", "laboratory", "toxicity", "profile"):
        return (finding.of,)
    return ()


def exposure_values(
    model: Modelled, ensemble: Ensemble, finding: Finding, study: PublishedStudy
) -> Floats:
    """A quantity of the first dose, (draw, subject), in the finding's unit.

    A single concentration has the study's residual error; areas and slopes, to which
    many samples contribute, have none.
    """
    values = _exact_values(model, ensemble, finding, study.lloq)
    if finding.quantity not in _SINGLE or not study.residual_cv:
        return values
    width = math.sqrt(math.log1p(study.residual_cv**2))
    purpose = f"residual of {finding.of} {finding.quantity}"
    score = normals(model.effort.seed, purpose, ensemble.numbers.ravel())[:, 0]
    error = np.exp(width * score - width**2 / 2)
    return np.asarray(values * error.reshape(values.shape))


def _exact_values(
    model: Modelled, ensemble: Ensemble, finding: Finding, lloq: float | None
) -> Floats:
    curve = ensemble.curves[finding.of]
    flat = curve.reshape(-1, curve.shape[-1])
    if finding.quantity == "ctrough":
        day = 21.0 if finding.day is None else finding.day
        values = _at(ensemble.times, flat, day)
        return _expressed(model, ensemble, finding, values, curve.shape[:2])
    dosed = finding.of not in NOT_DOSED and bool(ensemble.doses)
    limit = lloq or _REACH * float(np.nanmedian(np.nanmax(flat, axis=1)))
    complete = np.isfinite(flat).all(axis=1)
    found = exposures(
        ensemble.times,
        flat,
        infusion=ensemble.doses[0].duration if dosed else None,
        lloq=limit,
    )
    pick = _PICK[finding.quantity]
    values = np.array([pick(one) for one in found], dtype=np.float64)
    values[~complete] = np.nan
    return _expressed(model, ensemble, finding, values, curve.shape[:2])


_PICK: Mapping[str, Callable[[Exposure], float | None]] = {
    "cmax": lambda one: one.cmax,
    "auc_inf": lambda one: one.auc_inf,
    "clearance": lambda one: one.auc_inf,
    "half_life": lambda one: one.half_life,
}


def _expressed(
    model: Modelled,
    ensemble: Ensemble,
    finding: Finding,
    values: Floats,
    shape: tuple[int, ...],
) -> Floats:
    """Values in the output's unit and days, in the unit that was published."""
    output = parse_unit(ensemble.units[finding.of])
    day = parse_unit("day").dimension
    table = values.reshape(shape)
    mass = model.value(ANALYTES[finding.of])
    if finding.quantity == "clearance":
        return _clearance(model, ensemble, finding, table)
    dimension = {
        "half_life": day,
        "auc_inf": output.dimension * day,
    }.get(finding.quantity, output.dimension)
    factor = 1.0 if finding.quantity == "half_life" else output.factor
    one = in_unit(factor, dimension, finding.unit, molar_mass=mass, body={})
    return np.asarray(table * one)


def _clearance(
    model: Modelled, ensemble: Ensemble, finding: Finding, areas: Floats
) -> Floats:
    """Dose over AUC, with every subject's own dose and body size."""
    dose, unit = dose_per_body(ensemble.regimen)
    given = dose * (ensemble.body[unit] if unit else 1.0)  # mg, (draw, subject)
    litres = given / (areas * _mass_per_litre(model, ensemble, finding))  # L/day
    litre = parse_unit("L").dimension / parse_unit("day").dimension
    try:
        return np.asarray(
            litres * in_unit(1.0, litre, finding.unit, molar_mass=None, body={})
        )
    except AdckitError:
        pass
    per = "m2" if "m2" in finding.unit else "kg"
    plain = in_unit(1.0, litre, finding.unit, molar_mass=None, body={per: 1.0})
    return np.asarray(litres * plain / ensemble.body[per])


def _mass_per_litre(model: Modelled, ensemble: Ensemble, finding: Finding) -> float:
    """mg/L of the product in one unit of the output."""
    output = parse_unit(ensemble.units[finding.of])
    mass = model.value("conjugate_molar_mass")
    own = model.value(ANALYTES[finding.of])
    molar = in_unit(output.factor, output.dimension, "nM", molar_mass=own, body={})
    return molar * mass


def dose_per_body(regimen: Regimen) -> tuple[float, str]:
    """mg of the first dose, and `kg`, `m2` or nothing that it is given per."""
    first = regimen.segments[0]
    unit = parse_unit(first.unit)
    mass = parse_unit("mg").dimension
    for per in ("kg", "m2"):
        if unit.dimension * parse_unit(per).dimension == mass:
            factor = unit.factor * parse_unit(per).factor / parse_unit("mg").factor
            return first.amount * factor, per
    return first.amount * unit.factor / parse_unit("mg").factor, ""


def _at(times: Floats, flat: Floats, day: float) -> Floats:
    """Every curve's value on a day, (row,)."""
    if day > times[-1]:
        raise AdckitError(f"The simulation ends on day {times[-1]:g}, before {day:g}.")
    right = max(1, int(np.searchsorted(times, day)))
    share = (day - times[right - 1]) / (times[right] - times[right - 1])
    return np.asarray(flat[:, right - 1] * (1 - share) + flat[:, right] * share)


def laboratory_values(ensemble: Ensemble, finding: Finding) -> Floats:
    """A laboratory value against its start, (draw, subject)."""
    curve = ensemble.curves[finding.of]
    percent = 100 * curve / curve[:, :, :1]
    if finding.quantity == "lowest_percent":
        return np.asarray(percent.min(axis=2))
    if finding.quantity == "lowest_day":
        return np.asarray(ensemble.times[np.argmin(percent, axis=2)])
    if finding.quantity == "highest_day":
        return np.asarray(ensemble.times[np.argmax(percent, axis=2)])
    flat = percent.reshape(-1, percent.shape[-1])
    day = ensemble.times[-1] if finding.day is None else finding.day
    return _at(ensemble.times, flat, float(day)).reshape(percent.shape[:2])


def toxicity_shares(ensemble: Ensemble, finding: Finding) -> Floats:
    """Share of subjects with the grade or more by the last day, (draw,)."""
    assert finding.grade is not None
    if finding.of in SYMPTOMS:
        hazard = ensemble.curves[_hazard(finding)][:, :, -1]
        return np.asarray(np.nanmean(event_probability(hazard), axis=1))
    if finding.of in _LESIONS:
        grades = lesion_grade(ensemble.curves[_LESIONS[finding.of]])
    elif finding.of in SCALES:
        values = ensemble.curves[finding.of]
        grades = grade(finding.of, values, baseline=values[:, :, 0])
    else:
        raise AdckitError(f"The model has no grades of '{finding.of}'.")
    worst = grades.max(axis=2).astype(np.float64)
    worst[grades.min(axis=2) < 0] = np.nan
    reached = np.where(np.isnan(worst), np.nan, worst >= finding.grade)
    return np.asarray(np.nanmean(reached, axis=1))


def _hazard(finding: Finding) -> str:
    """The output with the cumulative hazard of a symptom's grade."""
    symptom = SYMPTOMS[finding.of]
    assert finding.grade is not None
    step = min(finding.grade - symptom.first_grade, len(symptom.hazards) - 1)
    return symptom.hazards[step]


def responses(ensemble: Ensemble, seed: int) -> list[list[SubjectResponse]]:
    """What scans every six weeks show of every subject, by draw.

    One lesion per subject, measured without error; a draw without a subject that was
    solved has none.
    """
    scans = Scans(until=float(ensemble.times[-1]))
    days = np.searchsorted(ensemble.times, scans.days)
    volumes = ensemble.curves["tumour_volume"][:, :, days]
    found = []
    for draw in volumes:
        whole = draw[np.isfinite(draw).all(axis=1)]
        true = sphere_diameters(whole)[:, np.newaxis, :]
        numbers = np.arange(1, len(whole) + 1)
        shown = measured_diameters(true, scans, seed=seed, subjects=numbers)
        found.append(best_responses(shown, target_lesions(shown[:, :, 0]), scans))
    return found


def progression_days(found: list[SubjectResponse]) -> float:
    """Median days to progression; infinite where it is not reached."""
    curve = survival_curve([r.pfs for r in found], [r.progressed for r in found])
    return math.inf if curve.median is None else curve.median
