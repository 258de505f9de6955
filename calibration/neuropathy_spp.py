"""Neuropathy after SPP: 5 of 6 patients after three doses of 343 mg/m2 of MLN2704.

    share = 1 - exp(-(potency x payload + background x time))

The time is that of three cycles; the background is that of the card.
"""

from __future__ import annotations

from adckit.library import load_product
from calibration.closed_form import binomial_error, hazard, solved
from calibration.fitting import Fact, Found, Free

NAME = "neuropathy-spp"
PRODUCT = "mln2704"
SUMMARY = "neuropathy in 5 of 6 patients after 3 x 343 mg/m2 of MLN2704"
_EVENTS, _PATIENTS = 5, 6
_DOSES, _DOSE, _SURFACE = 3, 343.0, 1.85
_DAYS = 84.0
FREE = (
    Free(
        "neuropathy_potency",
        0.04,
        "1/umol",
        2,
        cards=tuple(
            f"organs/neuropathy.yaml/for_linker/{linker}/parameters/"
            "neuropathy_potency/value"
            for linker in ("SPP", "SPDB")
        ),
    ),
)


def run() -> Found:
    """The closed form."""
    share = _EVENTS / _PATIENTS
    product = load_product(PRODUCT, settings={"organs": "neuropathy"})
    known, load = product.blueprint.parameters, product.blueprint.load
    assert load is not None
    antibody = known["antibody_molar_mass"].value
    drug = known["linker_payload_molar_mass"].value / 1000
    conjugate = antibody + load.mean * drug  # kDa
    payload = _DOSES * _DOSE * _SURFACE / conjugate * load.mean  # umol
    background = known["neuropathy_background"].value * _DAYS
    fact = Fact(
        "share with neuropathy", share, binomial_error(share, _PATIENTS), "ML-CL-03"
    )
    return solved(FREE, [(hazard(share) - background) / payload], [fact.log_sd], [fact])
