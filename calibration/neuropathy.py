"""Neuropathy: the chance of an event is 1 - exp(-potency x payload), solved for each.

SPP: 5 of 6 patients after three doses of 343 mg/m2 of MLN2704.  The error is that of
the binomial proportion, carried over to the logarithm of the potency.
"""

from __future__ import annotations

import math

import numpy as np

from adckit.library import load_product
from calibration.fitting import Fact, Found, Free

NAME = "neuropathy-spp"
PRODUCT = "mln2704"
SUMMARY = "neuropathy in 5 of 6 patients after 3 x 343 mg/m2 of MLN2704"
_EVENTS, _PATIENTS = 5, 6
_DOSES, _DOSE, _SURFACE = 3, 343.0, 1.85


def run() -> Found:
    """The closed form."""
    share = _EVENTS / _PATIENTS
    hazard = -math.log1p(-share)
    potency = hazard / _payload()
    log_sd = math.sqrt(share / (_PATIENTS * (1 - share))) / hazard
    free = (Free("neuropathy_potency", potency, "1/umol", 2),)
    fact = Fact("share with neuropathy", share, log_sd, "ML-CL-03")
    return Found(
        free,
        np.array([potency]),
        np.array([log_sd]),
        np.eye(1),
        (fact,),
        np.array([share]),
        0.0,
    )


def _payload() -> float:
    """Payload of all doses, umol."""
    product = load_product(PRODUCT)
    known, load = product.blueprint.parameters, product.blueprint.load
    assert load is not None
    antibody = known["antibody_molar_mass"].value
    drug = known["linker_payload_molar_mass"].value / 1000
    conjugate = antibody + load.mean * drug  # kDa
    return _DOSES * _DOSE * _SURFACE / conjugate * load.mean
