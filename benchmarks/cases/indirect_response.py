"""Two compartments, a depot and an indirect response: the field's usual speed test.

    dA/dt = -ka A                       dC/dt = ka A - (CL/V1 + Q/V1) C + (Q/V2) P
    dP/dt = (Q/V1) C - (Q/V2) P         dE/dt = kin (1 - Imax c/(IC50 + c)) - kout E

with c = C/V1.  Fifteen doses of 100 mg, 12 h apart; 241 hourly outputs of c and E.
"""

from __future__ import annotations

import numpy as np

from adckit import (
    Compartment,
    DoseRecord,
    Network,
    Observable,
    Parameter,
    Port,
    Reaction,
    Species,
)
from adckit.network.expr import ONE, Symbol
from adckit.parameters import Source, Status
from benchmarks.case import Case

__all__ = ["indirect_response"]

_VALUES = {
    "absorption_rate": (24.0, "1/day"),
    "clearance": (24.0, "L/day"),
    "central_volume": (20.0, "L"),
    "distribution_clearance": (48.0, "L/day"),
    "peripheral_volume": (50.0, "L"),
    "synthesis": (240.0, "1/day"),
    "loss_rate": (2.4, "1/day"),
    "maximum_inhibition": (0.9, ""),
    "half_inhibition": (2.0, "mg/L"),
}
_ROUND = Source("an artificial case: round numbers of the usual size")


def indirect_response() -> Case:
    """The case; five parameters vary by 30 %."""
    names = (
        "absorption_rate",
        "clearance",
        "central_volume",
        "distribution_clearance",
        "half_inhibition",
    )
    return Case(
        name="indirect-response",
        title="2-compartment PK, indirect response; 4 states, 15 doses, 241 times",
        network=_network(),
        times=np.arange(241) / 24,
        spread=dict.fromkeys(names, 0.3),
        doses=tuple(
            DoseRecord(time=0.5 * k, amount=100.0, port="oral") for k in range(15)
        ),
    )


def _network() -> Network:
    p = {name: Symbol(name) for name in _VALUES}
    depot, central = Symbol("depot"), Symbol("central")
    peripheral, effect = Symbol("peripheral"), Symbol("effect")
    concentration = central / p["central_volume"]
    inhibition = (
        p["maximum_inhibition"] * concentration / (p["half_inhibition"] + concentration)
    )
    return Network("indirect response").add(
        *(
            Parameter(name, value, unit, _ROUND, Status.ASSUMED)
            for name, (value, unit) in _VALUES.items()
        ),
        Compartment("plasma", p["central_volume"]),
        Compartment("tissue", p["peripheral_volume"]),
        Species("depot", "mg", compartment="plasma"),
        Species("central", "mg", compartment="plasma"),
        Species("peripheral", "mg", compartment="tissue"),
        Species("effect", "", initial=p["synthesis"] / p["loss_rate"]),
        Reaction(
            "absorption", p["absorption_rate"] * depot, {"depot": -1, "central": 1}
        ),
        Reaction(
            "elimination",
            p["clearance"] / p["central_volume"] * central,
            {"central": -1},
        ),
        Reaction(
            "distribution",
            p["distribution_clearance"] / p["central_volume"] * central,
            {"central": -1, "peripheral": 1},
        ),
        Reaction(
            "return",
            p["distribution_clearance"] / p["peripheral_volume"] * peripheral,
            {"peripheral": -1, "central": 1},
        ),
        Reaction("production", p["synthesis"] * (1 - inhibition), {"effect": 1}),
        Reaction("loss", p["loss_rate"] * effect, {"effect": -1}),
        Port("oral", {"depot": ONE}, "mg"),
        Observable("concentration", concentration, "mg/L"),
        Observable("response", effect, ""),
    )
