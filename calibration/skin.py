"""Skin under bivatuzumab mertansine, from its tolerated single dose.

Data: 300 mg/m2 was the tolerated dose and 325 the level above it, of 31 patients.  The
kill rate is the one that gives grade 3 to a quarter of patients at 325 mg/m2: between
the one in six that a level may have and the one in three that ends an escalation.  The
error is that of a quarter of six patients, carried over to the logarithm of the rate.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.studies.population import Sampler
from adckit.studies.toxicity import lesion_grade
from calibration.fitting import Fact, Found, Free

NAME = "skin"
PRODUCT = "bivatuzumab-mertansine"
SUMMARY = "tolerated single dose of bivatuzumab mertansine, 300 mg/m2"
SEED = 1
_RATE = "skin_maximum_kill_rate"
_SUBJECTS, _COHORT = 400, 6
_SHARE = 0.25
_BETWEEN = (0.03, 0.6)  # 1/day
_CARD = "organs/skin.yaml/parameters"
FREE = (Free(_RATE, 0.14, "1/day", 2, cards=(f"{_CARD}/{_RATE}/value",)),)


def run() -> Found:
    """The rate at which the share is met."""
    model = prepare(PRODUCT, {"organs": "skin", "delivery": "none", "kill": "none"})
    assert model.product is not None
    people = Sampler(model.product, "adult-solid-tumour", SEED)
    table = people.take(np.arange(1, _SUBJECTS + 1)).parameters
    relative = table[_RATE] / model.product.blueprint.parameters[_RATE].value

    def share(log_rate: float) -> float:
        changed = {**table, _RATE: math.exp(log_rate) * relative}
        result = simulate(model, "325 mg/m2 once", changed, np.arange(0.0, 22.0))
        worst = lesion_grade(result.curve("skin_lesion")).max(axis=1)
        return float(np.mean(worst >= 3))

    # A share of subjects is a staircase: the middle of the step is the answer.
    least, most = (math.log(rate) for rate in _BETWEEN)
    half = 0.5 / _SUBJECTS
    low = brentq(lambda x: share(x) - _SHARE + half, least, most, xtol=1e-4)
    high = brentq(lambda x: share(x) - _SHARE - half, least, most, xtol=1e-4)
    here, step = (low + high) / 2, 0.1
    slope = (share(here + step) - share(here - step)) / (2 * step)
    width = math.sqrt(_SHARE * (1 - _SHARE) / _COHORT) / slope
    fact = Fact("share with grade 3 at 325 mg/m2", _SHARE, width, "BV-CL-02")
    return Found(
        FREE,
        np.array([math.exp(here)]),
        np.array([width]),
        np.eye(1),
        (fact,),
        np.array([share(here)]),
        0.0,
    )
