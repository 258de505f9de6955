"""T-DM1 in patients: one antibody whose payloads leave site by site.

Data: the conjugate curve that the population model of Lu 2014 gives for 70 kg, at seven
times of a cycle, each to 5 %.  Priors: trastuzumab's own clearance and peripheral
volume, to 10 %, because the antibody of T-DM1 is trastuzumab; the central volume of
Lu 2014, to 3 %, by which three analyses of T-DM1 differ.

Analyses of different trials differ more than each of them says it can.  The same fit is
made to the curves of the two others that were published, Gupta 2012 and the
meta-analysis of Asiimwe 2025, and the covariance between the three is added to that of
the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from adckit.prepared import prepare
from adckit.simulation import simulate
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "tdm1-pk"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = "T-DM1 curve of Lu 2014 with trastuzumab's clearance and volumes as priors"
DAYS = np.array([0.25, 1.0, 4.0, 7.0, 10.0, 14.0, 21.0])
ANALYSES = {
    "TD-PK-01": (0.676, 3.127, 1.534, 0.66),
    "TD-PK-07": (0.7, 3.33, 0.78, 0.89),
    "TD-PK-23": (0.809, 3.283, 1.12, 0.748),
}
"""Observation → CL, Vc, Q, Vp of the conjugate for 70 kg, in L and L/day."""
_OWN = "conjugates/trastuzumab-emtansine.yaml/for_host/human/parameters"
_LINKER = "linkers/SMCC.yaml/for_host/human/parameters"
FREE = (
    Free(
        "clearance",
        0.3,
        "L/day",
        prior=0.241,
        log_sd=0.1,
        cards=(f"{_OWN}/clearance/value",),
    ),
    Free(
        "central_volume",
        3.0,
        "L",
        prior=3.127,
        log_sd=0.03,
        cards=(f"{_OWN}/central_volume/value",),
    ),
    Free(
        "distribution_clearance",
        0.5,
        "L/day",
        cards=(f"{_OWN}/distribution_clearance/value",),
    ),
    Free(
        "peripheral_volume",
        3.0,
        "L",
        prior=2.68,
        log_sd=0.1,
        cards=(f"{_OWN}/peripheral_volume/value",),
    ),
    Free(
        "deconjugation_rate",
        0.2,
        "1/day",
        cards=(f"{_LINKER}/deconjugation_rate/value",),
    ),
)
_REGIMEN = "3.6 mg/kg once over 90 min"
_PRECISION = 0.05


def run() -> Found:
    """The fit to Lu 2014, with the covariance between the three analyses."""
    first, *others = (_fit_to(name) for name in ANALYSES)
    logs = np.log([one.values for one in (first, *others)])
    within = first.correlation * np.outer(first.log_sd, first.log_sd)
    covariance = within + np.cov(logs, rowvar=False)
    log_sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(log_sd, log_sd)
    return replace(first, log_sd=log_sd, correlation=correlation)


def _fit_to(name: str) -> Found:
    clearance, central, exchange, peripheral = ANALYSES[name]
    reference = prepare(PRODUCT, {"pk": "TDM1-H1"})
    published = {
        "clearance": [clearance],
        "central_volume": [central],
        "distribution_clearance": [exchange],
        "peripheral_volume": [peripheral],
    }
    result = simulate(reference, _REGIMEN, published, DAYS, rtol=1e-9)
    facts = [
        Fact(f"conjugate on day {day:g}, ug/mL", float(value), _PRECISION, name)
        for day, value in zip(DAYS, result.curve("conjugate")[0], strict=True)
    ]
    model = prepare(PRODUCT, {"delivery": "none", "kill": "none", "payload": "none"})

    def compute(table: Mapping[str, Floats]) -> Floats:
        return simulate(model, _REGIMEN, table, DAYS, rtol=1e-9).curve("conjugate")

    return fit(FREE, facts, compute)
