"""ADC12: drug load 0 to 8, target-mediated elimination, payload; 12 states.

    S       = sum_k A_k
    dA_k/dt = In_k - (CL/V1 + k kdec) A_k + (k+1) kdec A_{k+1}
              - kon A_k R + koff RC A_k/(S + 1e-9)
    dR/dt   = ksyn - kdeg R - kon S/V1 R + koff RC
    dRC/dt  = kon S/V1 R - (koff + kint) RC
    dPL/dt  = 4 kint RC + (CL/V1) sum_k k A_k - CLp/Vp PL

Six infusions of 400 nmol over 1.5 h into A_4, three weeks apart, and 127 daily outputs.
The association constant stands twice because it acts on amounts in one place and on
concentrations in the other; both are 1.
"""

from __future__ import annotations

import numpy as np

from adckit import DoseRecord, Network, Observable, Parameter, Port, Reaction, Species
from adckit.network.expr import ONE, ZERO, Expr, Symbol
from adckit.parameters import Source, Status
from benchmarks.case import Case

__all__ = ["adc12"]

_SITES = 9
_VALUES = {
    "clearance": (0.5, "L/day"),
    "central_volume": (3.0, "L"),
    "deconjugation_rate": (0.05, "1/day"),
    "capture_rate": (1.0, "1/nmol/day"),
    "association_rate": (1.0, "L/nmol/day"),
    "dissociation_rate": (0.3, "1/day"),
    "receptor_synthesis": (1.0, "nmol/day"),
    "receptor_degradation_rate": (0.3, "1/day"),
    "internalisation_rate": (0.5, "1/day"),
    "payload_clearance": (20.0, "L/day"),
    "payload_volume": (10.0, "L"),
    "amount_floor": (1e-9, "nmol"),
}
_ADC = Source("an artificial case: round numbers of the usual size")


def adc12() -> Case:
    """The case; clearance and volume vary by 30 % and 20 %."""
    doses = tuple(
        DoseRecord(time=21.0 * cycle, amount=400.0, port="dose", duration=0.0625)
        for cycle in range(6)
    )
    return Case(
        name="adc12",
        title="ADC12: load 0-8, TMDD, payload; 6 infusions, 127 times",
        network=_network(),
        times=np.arange(127.0),
        spread={"clearance": 0.3, "central_volume": 0.2},
        doses=doses,
        floors=(1.0, 1e-2),
    )


def _network() -> Network:
    loads = [Symbol(f"load_{k}") for k in range(_SITES)]
    free, bound, payload = Symbol("receptor"), Symbol("complex"), Symbol("payload")
    p = {name: Symbol(name) for name in _VALUES}
    total: Expr = ZERO
    carried: Expr = ZERO
    for k, load in enumerate(loads):
        total, carried = total + load, carried + load * k
    leaving = p["clearance"] / p["central_volume"]
    binding = p["association_rate"] * total / p["central_volume"] * free
    released = p["dissociation_rate"] * bound / (total + p["amount_floor"])
    flows = [
        *_loads(loads, leaving, p["capture_rate"] * free, released),
        Reaction("synthesis", p["receptor_synthesis"], {"receptor": 1.0}),
        Reaction(
            "degradation", p["receptor_degradation_rate"] * free, {"receptor": -1.0}
        ),
        Reaction("binding", binding, {"receptor": -1.0, "complex": 1.0}),
        Reaction(
            "unbinding",
            p["dissociation_rate"] * bound,
            {"receptor": 1.0, "complex": -1.0},
        ),
        Reaction(
            "internalisation",
            p["internalisation_rate"] * bound,
            {"complex": -1.0, "payload": 4.0},
        ),
        Reaction("payload_release", leaving * carried, {"payload": 1.0}),
        Reaction(
            "payload_elimination",
            p["payload_clearance"] / p["payload_volume"] * payload,
            {"payload": -1.0},
        ),
    ]
    start = p["receptor_synthesis"] / p["receptor_degradation_rate"]
    names = [*(f"load_{k}" for k in range(_SITES)), "receptor", "complex", "payload"]
    return Network("adc12").add(
        *(
            Parameter(name, value, unit, _ADC, Status.ASSUMED)
            for name, (value, unit) in _VALUES.items()
        ),
        *(Species(n, initial=start if n == "receptor" else ZERO) for n in names),
        *flows,
        Port("dose", {"load_4": ONE}),
        *(Observable(f"seen_{n}", Symbol(n), "nmol") for n in names),
    )


def _loads(
    loads: list[Symbol], leaving: Expr, capture: Expr, released: Expr
) -> list[Reaction]:
    """Elimination, deconjugation, capture and release of each load."""
    flows = []
    for k, load in enumerate(loads):
        flows += [
            Reaction(f"elimination_{k}", leaving * load, {load.name: -1.0}),
            Reaction(f"capture_{k}", capture * load, {load.name: -1.0}),
            Reaction(f"release_{k}", released * load, {load.name: 1.0}),
        ]
        if k:
            lost = Symbol("deconjugation_rate") * load * k
            changes = {load.name: -1.0, loads[k - 1].name: 1.0}
            flows.append(Reaction(f"deconjugation_{k}", lost, changes))
    return flows
