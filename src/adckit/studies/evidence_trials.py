"""Dose-limiting toxicity and tolerated doses of published trials.

Every level of an escalation is simulated under every draw.  The trial's own design then
turns the probabilities of a dose-limiting toxicity into the probability that each level
is called the MTD.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.studies.ctcae import SCALES, grade
from adckit.studies.evidence_ensemble import Ensemble, Modelled
from adckit.studies.followed import dlt_definition
from adckit.studies.operating import operating_characteristics
from adckit.studies.protocol import TrialProtocol
from adckit.studies.random_streams import uniforms
from adckit.studies.toxicity import (
    SYMPTOMS,
    ToxicityCourse,
    find_dose_limiting,
    lesion_grade,
    symptom_grade,
)

__all__ = ["MtdForecast", "dlt_shares", "forecast_mtd", "outputs_of_rules"]

Floats = NDArray[np.float64]

_REPLICATES = 200
"""Trials simulated per draw; their spread is far below that between draws."""
_LESIONS = {"skin": "skin_lesion", "normal_tissue": "normal_tissue_lesion"}


@dataclass(frozen=True)
class MtdForecast:
    """What an escalation may find."""

    doses: tuple[float, ...]
    selected: Floats
    """(1 + draw, 1 + dose): probability of each level, the first that of none; the
    first row is that of the library's values"""
    probability: Floats
    """(1 + draw, dose): P(DLT)"""

    @property
    def level(self) -> int:
        """The level that is most often the MTD with the library's values; -1: none."""
        return int(np.argmax(self.selected[0])) - 1

    def interval(self, share: float) -> tuple[int, int]:
        """Levels that hold this share of all draws' outcomes."""
        cumulative = np.cumsum(self.selected[1:].mean(axis=0))
        tail = (1 - share) / 2
        low = int(np.searchsorted(cumulative, tail + 1e-12))
        high = int(np.searchsorted(cumulative, 1 - tail - 1e-12))
        return low - 1, min(high, len(self.doses)) - 1

    def dose(self, level: int) -> float:
        """Dose of a level; 0 for none."""
        return 0.0 if level < 0 else self.doses[level]


def outputs_of_rules(protocol: TrialProtocol) -> tuple[str, ...]:
    """Curves that the protocol's definition of a DLT looks at."""
    outputs: list[str] = []
    for limit in dlt_definition(protocol).limits:
        for name in limit.toxicities:
            if name in SYMPTOMS:
                outputs += SYMPTOMS[name].hazards
            else:
                outputs.append(_LESIONS.get(name, name))
    return tuple(dict.fromkeys(outputs))


def dlt_shares(ensemble: Ensemble, protocol: TrialProtocol, seed: int) -> Floats:
    """Share of subjects with a DLT in the first window, (draw,)."""
    shape = next(iter(ensemble.curves.values())).shape
    grades = {
        name: found.reshape(-1, shape[-1])
        for name, found in _grades(ensemble, seed).items()
    }
    course = ToxicityCourse(ensemble.times, grades)
    finding = find_dose_limiting(course, dlt_definition(protocol))
    happened = finding.happened.reshape(shape[:2]).astype(np.float64)
    return np.asarray(np.nanmean(happened, axis=1))


def _grades(ensemble: Ensemble, seed: int) -> Mapping[str, NDArray[np.int8]]:
    """Grades of every toxicity whose curves are there, (draw, subject, time)."""
    curves = ensemble.curves
    found: dict[str, NDArray[np.int8]] = {}
    for name, values in curves.items():
        if name in SCALES:
            found[name] = grade(name, values, baseline=values[:, :, 0])
    for organ, output in _LESIONS.items():
        if output in curves:
            found[organ] = lesion_grade(curves[output])
    for name, symptom in SYMPTOMS.items():
        if not set(symptom.hazards) <= set(curves):
            continue
        shape = curves[symptom.hazards[0]].shape
        numbers = uniforms(seed, f"symptom {name}", ensemble.numbers.ravel())[:, 0]
        hazards = [curves[hazard].reshape(-1, shape[-1]) for hazard in symptom.hazards]
        grades = symptom_grade(hazards, numbers, symptom.first_grade)
        found[name] = grades.reshape(shape)
    return found


def forecast_mtd(
    model: Modelled,
    protocol: TrialProtocol,
    step: Callable[[str], None] = lambda words: None,
) -> MtdForecast:
    """Simulate every level, then many trials under every draw.

    `step` is told about each level before it is simulated.
    """
    assert protocol.design is not None
    outputs, columns = outputs_of_rules(protocol), []
    for arm in protocol.arms:
        step(arm.name)
        found = model.simulated(
            arm.regimen,
            protocol.window,
            outputs,
            population=protocol.card.population,
            daily=True,
        )
        parts = [
            dlt_shares(one, protocol, model.effort.seed)
            for one in (found.central, found.drawn)
        ]
        columns.append(np.concatenate(parts))
    probability = np.stack(columns, axis=1)
    selected = []
    for row in probability:
        trials = operating_characteristics(
            protocol.design,
            row.tolist(),
            replicates=_REPLICATES,
            seed=model.effort.seed,
        )
        selected.append([trials.none, *trials.selected])
    return MtdForecast(protocol.doses, np.array(selected), probability)
