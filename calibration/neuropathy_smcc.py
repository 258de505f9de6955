"""Neuropathy after SMCC and without drug: the two arms of KATHERINE.

    control   share = 1 - exp(-background x time)
    T-DM1     share = 1 - exp(-(background x time + potency x payload))

Fourteen cycles of 3.6 mg/kg for 70 kg.  The size of the arms is not in the sources;
740 patients each are assumed for the errors.
"""

from __future__ import annotations

import math

from adckit.library import load_product
from calibration.closed_form import binomial_error, hazard, solved
from calibration.fitting import Fact, Found, Free

NAME = "neuropathy-smcc"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = "neuropathy in 32.3 % with T-DM1 and in 16.9 % with trastuzumab (KATHERINE)"
_TREATED, _CONTROL, _PATIENTS = 0.323, 0.169, 740
_CYCLES, _DOSE, _CYCLE = 14, 3.6 * 70, 21.0
_CARD = "organs/neuropathy.yaml"
FREE = (
    Free(
        "neuropathy_potency",
        0.0025,
        "1/umol",
        2,
        cards=(f"{_CARD}/for_linker/SMCC/parameters/neuropathy_potency/value",),
    ),
    Free(
        "neuropathy_background",
        6e-4,
        "1/day",
        2,
        cards=(f"{_CARD}/parameters/neuropathy_background/value",),
    ),
)


def run() -> Found:
    """The closed form."""
    product = load_product(PRODUCT)
    known, load = product.blueprint.parameters, product.blueprint.load
    assert load is not None
    antibody = known["antibody_molar_mass"].value
    drug = known["linker_payload_molar_mass"].value / 1000
    conjugate = antibody + load.mean * drug  # kDa
    payload = _CYCLES * _DOSE / conjugate * load.mean  # umol
    control, treated = hazard(_CONTROL), hazard(_TREATED)
    errors = [binomial_error(share, _PATIENTS) for share in (_TREATED, _CONTROL)]
    excess = treated - control
    spread = math.hypot(errors[0] * treated, errors[1] * control) / excess
    facts = [
        Fact("share with neuropathy, T-DM1", _TREATED, errors[0], "KATHERINE"),
        Fact("share with neuropathy, control", _CONTROL, errors[1], "KATHERINE"),
    ]
    values = [excess / payload, control / (_CYCLES * _CYCLE)]
    return solved(FREE, values, [spread, errors[1]], facts)
