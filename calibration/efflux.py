"""How fast the lysine adduct of T-DM1 leaves cells.

    half-life in the cell = ln 2 / k x (1 + tubulin / affinity)

because only payload that is not bound leaves.  Data: a half-life of 44 to 73 h; tubulin
and affinity are those of the card.
"""

from __future__ import annotations

import math

from adckit.library import load_product
from calibration.closed_form import solved
from calibration.fitting import Fact, Found, Free

NAME = "efflux"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = "half-life of 44 to 73 h of a maytansinoid in cells (Maass 2016)"
_SHORT, _LONG = 44.0, 73.0  # h
_CARD = "payloads/DM1.yaml/parameters"
FREE = (
    Free(
        "Lys_MCC_DM1_efflux_rate",
        0.5,
        "1/h",
        2,
        cards=(
            f"{_CARD}/Lys_MCC_DM1_efflux_rate/value",
            f"{_CARD}/DM1_efflux_rate/value",
        ),
    ),
)


def run() -> Found:
    """The closed form."""
    known = load_product(PRODUCT).blueprint.parameters
    tubulin = known["tubulin_concentration"].value
    affinity = known["tubulin_dissociation_constant"].value
    half_life = (_SHORT + _LONG) / 2
    width = math.log(_LONG / _SHORT) / 3.29
    fact = Fact("half-life in cells, h", half_life, width, "Maass 2016")
    rate = math.log(2) / half_life * (1 + tubulin / affinity)
    return solved(FREE, [rate], [fact.log_sd], [fact])
