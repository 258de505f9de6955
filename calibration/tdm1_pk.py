"""T-DM1 in patients: one antibody whose payloads leave site by site.

Data: the conjugate curve that the population model of Lu 2014 gives for 70 kg, at seven
times of a cycle, each to 5 %.  Priors: trastuzumab's own clearance and peripheral
volume, to 10 %, because the antibody of T-DM1 is trastuzumab; the central volume of
Lu 2014, to 3 %, by which three analyses of T-DM1 differ.
"""

from __future__ import annotations

from collections.abc import Mapping

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
_REGIMEN = "3.6 mg/kg once over 90 min"
_PRECISION = 0.05
FREE = (
    Free("clearance", 0.3, "L/day", prior=0.241, log_sd=0.1),
    Free("central_volume", 3.0, "L", 4, prior=3.127, log_sd=0.03),
    Free("distribution_clearance", 0.5, "L/day"),
    Free("peripheral_volume", 3.0, "L", prior=2.68, log_sd=0.1),
    Free("deconjugation_rate", 0.2, "1/day"),
)


def run() -> Found:
    """The fit."""
    reference = prepare(PRODUCT, {"pk": "TDM1-H1"})
    curve = simulate(reference, _REGIMEN, times=DAYS, rtol=1e-9).curve("conjugate")[0]
    evidence = ("TD-PK-01", "TD-PK-02", "TD-PK-03")
    facts = [
        Fact(f"conjugate on day {day:g}", value, _PRECISION, evidence[i % 3])
        for i, (day, value) in enumerate(zip(DAYS, curve, strict=True))
    ]
    model = prepare(PRODUCT, {"delivery": "none", "kill": "none", "payload": "none"})

    def compute(table: Mapping[str, Floats]) -> Floats:
        return simulate(model, _REGIMEN, table, DAYS, rtol=1e-9).curve("conjugate")

    return fit(FREE, facts, compute)
