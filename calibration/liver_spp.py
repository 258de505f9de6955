"""How much of what the liver takes up it feels, for SPP against SMCC.

Data: the tolerated dose of cantuzumab mertansine every three weeks, 235 mg/m2 of the
levels 22 to 295, in a 3+3 design.  The fraction is the one under which that design most
often ends at 235; its uncertainty is the width of that likelihood.  The weekly schedule
is not used: it is there to be predicted (P5).

Concentrations are linear in dose, so that the fraction only rescales it: the DLT rate
is computed once over a range of doses, and looked up at every dose times fraction.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import minimize_scalar

from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.studies.operating import exact_characteristics
from adckit.studies.population import Sampler
from adckit.studies.protocol import load_protocol
from calibration.fitting import Fact, Found, Free

Floats = NDArray[np.float64]

NAME = "liver-spp"
PRODUCT = "cantuzumab-mertansine"
SUMMARY = "tolerated dose of cantuzumab mertansine every three weeks, 235 mg/m2"
SEED = 1
PROTOCOL = "cantuzumab-q3w"
_TOLERATED = 235.0
_SUBJECTS = 2000
_GRADE_3 = 5.0  # times ULN
_DOSES = np.geomspace(20.0, 600.0, 30)  # mg/m2 with a fraction of 1
_RANGE = (math.log(0.2), math.log(2.0))
_START = 0.7
_NEVER = 1e-12
"""A chance that stands for none, so that its logarithm is a number."""
FREE = (
    Free(
        "hepatotoxic_fraction",
        _START,
        "1",
        2,
        cards=(
            "organs/liver.yaml/for_linker/SPP/parameters/hepatotoxic_fraction/value",
            "organs/liver.yaml/for_linker/SPDB/parameters/hepatotoxic_fraction/value",
        ),
    ),
)


def run() -> Found:
    """The fraction of the highest likelihood."""
    protocol = load_protocol(PROTOCOL)
    assert protocol.design is not None
    design, doses = protocol.design, np.array(protocol.doses)
    place = protocol.doses.index(_TOLERATED)
    rate = dlt_rate()

    def loss(log_fraction: float) -> float:
        shares = rate(np.log(doses) + log_fraction)
        selected = exact_characteristics(design, np.clip(shares, 0, 1).tolist())
        return -math.log(max(float(selected.selected[place]), _NEVER))

    grid = np.linspace(*_RANGE, 25)
    rough = float(grid[np.argmin([loss(one) for one in grid])])
    step = float(grid[1] - grid[0])
    best = minimize_scalar(loss, bounds=(rough - step, rough + step), method="bounded")
    here = float(best.x)
    bend = (loss(here - 0.1) - 2 * float(best.fun) + loss(here + 0.1)) / 0.1**2
    width = 1 / math.sqrt(bend)
    fact = Fact("chance that 235 mg/m2 is selected", 1.0, width, "CM-CL-02")
    return Found(
        FREE,
        np.array([math.exp(here)]),
        np.array([width]),
        np.eye(1),
        (fact,),
        np.array([math.exp(-best.fun)]),
        float(best.fun),
    )


def dlt_rate() -> PchipInterpolator:
    """ln(dose times fraction) → share of patients with grade 3 in the first cycle."""
    settings = {"organs": "liver", "delivery": "none", "kill": "none"}
    model = prepare(PRODUCT, {**settings, "hepatotoxic_fraction": "1"})
    assert model.product is not None
    sampler = Sampler(model.product, "adult-solid-tumour", SEED)
    people = sampler.take(np.arange(1, _SUBJECTS + 1)).parameters
    times, shares = np.arange(0.0, 22.0), []
    for dose in _DOSES:
        result = simulate(model, f"{dose:g} mg/m2 once", people, times, rtol=1e-5)
        highest = np.maximum(result.curve("alt"), result.curve("ast")).max(axis=1)
        shares.append(float(np.mean(highest > _GRADE_3)))
    return PchipInterpolator(np.log(_DOSES), shares)
