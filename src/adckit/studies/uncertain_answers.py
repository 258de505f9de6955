"""What is not known of a simulation's answers: bands over time, and what decides them.

The bands keep apart what nobody knows exactly and what differs between subjects, see
`uncertainty_bands`; the tornado says which parameters the first kind comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError
from adckit.network.regimen import Regimen
from adckit.planning import Dosing, chosen_regimen, length, schedules_for
from adckit.prepared import Prepared
from adckit.simulation import DEFAULT_RTOL
from adckit.studies.campaign import default_outputs, population_times
from adckit.studies.population import SubjectSource
from adckit.studies.reductions import times_day
from adckit.studies.single_dose import given_doses
from adckit.studies.tornado import (
    Headline,
    Swing,
    area_under,
    highest,
    lowest,
    tornado,
)
from adckit.studies.uncertainty_bands import Bands, uncertainty_bands

__all__ = ["DRAWS", "SUBJECTS", "UncertainAnswers", "uncertain_answers"]

Floats = NDArray[np.float64]

DRAWS, SUBJECTS = 40, 50
"""Draws of the parameters, and subjects of each, unless others are asked for."""
_ORGANS = ("alt", "ast", "platelets", "neutrophils", "skin_lesion")
_HEADLINES: Mapping[str, tuple[tuple[str, ...], Headline]] = {
    "AUC of conjugate": (("conjugate",), area_under("conjugate")),
    "AUC of drug": (("concentration",), area_under("concentration")),
    "peak of drug": (("concentration",), highest("concentration")),
    "peak of free payload": (("free_payload",), highest("free_payload")),
    "best tumour change": (("tumor",), lowest("tumor")),
    "highest ALT": (("alt",), highest("alt")),
    "lowest platelets": (("platelets",), lowest("platelets")),
}
"""Headline → the outputs it needs, and how it is worked out."""


@dataclass(frozen=True)
class UncertainAnswers:
    """Bands of the outputs, and the parameters that decide the headlines."""

    bands: Bands
    swings: Mapping[str, Sequence[Swing]]
    """Headline → every parameter that is drawn, the most decisive first."""
    units: Mapping[str, str]
    """Headline → its unit."""
    draws: int
    subjects: int
    """Subjects of every draw."""


def uncertain_answers(
    ready: Prepared,
    regimen: Dosing | None = None,
    *,
    days: float | None = None,
    source: SubjectSource | None = None,
    draws: int = DRAWS,
    subjects: int = SUBJECTS,
    seed: int = 1,
    rtol: float = DEFAULT_RTOL,
) -> UncertainAnswers:
    """Draw what is not known of a product, and simulate it.

    Args:
        regimen, days: as `simulate` takes them.
        source: who the subjects are; by default the library's population.
        draws, subjects: of the parameters, and of the subjects in every draw; at
            least 2 of each.

    Raises AdckitError for a model that is no product and for too few draws.
    """
    if min(draws, subjects) < 2:
        raise AdckitError(
            f"{draws} draws of {subjects} subjects give no band. Take at least 2 of "
            "each."
        )
    doses = chosen_regimen(ready, regimen)
    if not isinstance(doses, Regimen):
        raise AdckitError(
            "Uncertainty is worked out for a regimen, not for dose records. Leave the "
            "table of doses out."
        )
    times = _times(ready, doses, days)
    known = ready.system.outputs
    outputs = [*default_outputs(ready), *(name for name in _ORGANS if name in known)]
    bands = uncertainty_bands(
        ready,
        doses,
        times,
        outputs,
        source=source,
        draws=draws,
        subjects=subjects,
        seed=seed,
        rtol=rtol,
    )
    headlines = {
        name: measure
        for name, (needed, measure) in _HEADLINES.items()
        if set(needed) <= set(known)
    }
    units = dict(zip(known, ready.system.output_units, strict=True))
    return UncertainAnswers(
        bands,
        tornado(ready, doses, times, headlines, rtol=rtol),
        {name: _unit(name, units) for name in headlines},
        draws,
        subjects,
    )


def _unit(headline: str, units: Mapping[str, str]) -> str:
    unit = units[_HEADLINES[headline][0][0]]
    return times_day(unit) if headline.startswith("AUC") else unit


def _times(ready: Prepared, doses: Regimen, days: float | None) -> Floats:
    """Every day and around every dose of the typical subject."""
    until = length(days, None, doses)
    parameters = np.array([[p.internal for p in ready.network.parameters]])
    schedule = schedules_for(ready, doses, ("typical",), parameters, until)[0]
    return population_times(given_doses(schedule) or (), until)
