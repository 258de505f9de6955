"""Cantuzumab mertansine in patients, from its published means alone.

Data: clearance and half-life of the conjugate every three weeks (standard errors of 37
patients), the half-life of the linker in plasma, and the antibody left at the end of
cycles.  Priors: a human IgG1's clearance and volumes per m2, as trastuzumab's.  The
digitised conjugate profile is not used: it is there to be predicted (P6).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.studies.exposure import exposures
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "cantuzumab-pk"
PRODUCT = "cantuzumab-mertansine"
SUMMARY = (
    "published clearance and half-life of the conjugate, the linker's half-life and "
    "antibody left after a cycle"
)
_SURFACE = 1.85
_PATIENTS = 37
_DOSE = 235.0  # mg/m2
_CYCLE = 21.0
_TERMINAL = (3.0, 9.0)
"""Days of the last slope, before the conjugate is below a thousandth of its peak."""
_PRODUCTS = (  # the first is measured, the others borrow its disposition
    "cantuzumab-mertansine",
    "lorvotuzumab-mertansine",
    "bivatuzumab-mertansine",
    "mln2704",
)
_LINKER = "linkers/SPP.yaml/for_host/human/parameters"


def _cards(name: str) -> tuple[str, ...]:
    below = f"for_host/human/parameters/{name}/value"
    return tuple(f"conjugates/{product}.yaml/{below}" for product in _PRODUCTS)


def _disposition(name: str, start: float, unit: str, human: float, sd: float) -> Free:
    """A parameter per m2, with the value of trastuzumab in 1.85 m2 as its prior."""
    prior = human / _SURFACE
    return Free(name, start, unit, prior=prior, log_sd=sd, cards=_cards(name))


FREE = (
    _disposition("clearance", 0.13, "L/day/m2", 0.241, 0.5),
    _disposition("central_volume", 1.6, "L/m2", 3.02, 0.15),
    _disposition("distribution_clearance", 0.35, "L/day/m2", 0.649, 0.5),
    _disposition("peripheral_volume", 1.45, "L/m2", 2.68, 0.5),
    Free(
        "deconjugation_rate",
        0.35,
        "1/day",
        cards=(f"{_LINKER}/deconjugation_rate/value",),
    ),
)
FACTS = (
    Fact(
        "conjugate clearance, mL/h/m2",
        39.5,
        13.1 / 39.5 / math.sqrt(_PATIENTS),
        "CM-PK-01",
    ),
    Fact(
        "conjugate half-life, h", 41.1, 16.1 / 41.1 / math.sqrt(_PATIENTS), "CM-PK-02"
    ),
    Fact("linker half-life, day", 2.0, 0.2, "CM-PK-05"),
    Fact("total antibody on day 21, ug/mL", 20.5, math.log(42 / 10) / 3.29, "CM-PK-08"),
)


def run() -> Found:
    """The fit."""
    model = prepare(PRODUCT, {"delivery": "none", "kill": "none", "payload": "none"})
    times = np.concatenate([[0.0], np.geomspace(0.01, 42, 120), _TERMINAL, [_CYCLE]])
    times = np.unique(times)

    def compute(table: Mapping[str, Floats]) -> Floats:
        result = simulate(model, f"{_DOSE:g} mg/m2 once", table, times, rtol=1e-8)
        curve = result.curve("conjugate")
        area = np.array([one.auc_inf for one in exposures(times, curve, infusion=0.0)])
        first, last = (int(np.searchsorted(times, day)) for day in _TERMINAL)
        fall = np.log(curve[:, first] / curve[:, last]) / np.diff(_TERMINAL)
        day = int(np.searchsorted(times, _CYCLE))
        return np.stack(
            [
                _DOSE / area * 1000 / 24,
                math.log(2) / fall * 24,
                math.log(2) / table["deconjugation_rate"],
                result.curve("total_antibody")[:, day],
            ],
            axis=1,
        )

    return fit(FREE, FACTS, compute)
