"""Diffusion of an antibody through layers of tumour cells that bind it; 200 states.

Plasma P and tissue T feed the first of 66 layers of width w; in layer i

    dF_i/dt = D/w^2 (F_{i-1} - 2 F_i + F_{i+1}) - kon F_i (1 - B_i/Bmax) + koff B_i
    dB_i/dt = kon F_i (1 - B_i/Bmax) - (koff + kint) B_i
    dI_i/dt = kint B_i - kdeg I_i

with F_0 = f P, and no flux out of the last layer.  Amounts per layer; exchange between
neighbours is thousands of times faster than binding, so the case is stiff.
"""

from __future__ import annotations

import numpy as np

from adckit import DoseRecord, Network, Observable, Parameter, Port, Reaction, Species
from adckit.network.expr import ONE, ZERO, Expr, Symbol
from adckit.parameters import Source, Status
from benchmarks.case import Case

__all__ = ["binding_barrier"]

_LAYERS = 66
_VALUES = {
    "elimination_rate": (0.1, "1/day"),
    "distribution_rate": (0.3, "1/day"),
    "return_rate": (0.25, "1/day"),
    "exchange_rate": (20000.0, "1/day"),
    "accessible_fraction": (1e-3, ""),
    "binding_rate": (400.0, "1/day"),
    "release_rate": (2.0, "1/day"),
    "capacity": (0.2, "nmol"),
    "internalisation_rate": (1.0, "1/day"),
    "degradation_rate": (2.0, "1/day"),
}
_ROUND = Source("an artificial case: round numbers of the usual size")


def binding_barrier() -> Case:
    """The case: four rates vary by 30 %; total bound and internalised are seen."""
    varied = (
        "elimination_rate",
        "binding_rate",
        "capacity",
        "internalisation_rate",
    )
    return Case(
        name="binding-barrier",
        title="Binding-site barrier, 66 layers; 200 states, 3 doses, 64 times",
        network=_network(),
        times=np.arange(64.0),
        spread=dict.fromkeys(varied, 0.3),
        doses=tuple(
            DoseRecord(time=21.0 * k, amount=1000.0, port="dose", duration=0.0625)
            for k in range(3)
        ),
        floors=(1e-3, 1e-6),
    )


def _network() -> Network:
    p = {name: Symbol(name) for name in _VALUES}
    plasma, tissue = Symbol("plasma"), Symbol("tissue")
    names = [f"{kind}_{i}" for i in range(_LAYERS) for kind in ("free", "bound", "in")]
    out = p["distribution_rate"] * plasma
    flows = [
        Reaction("elimination", p["elimination_rate"] * plasma, {"plasma": -1.0}),
        Reaction("distribution", out, {"plasma": -1.0, "tissue": 1.0}),
        Reaction("back", p["return_rate"] * tissue, {"plasma": 1.0, "tissue": -1.0}),
    ]
    bound: Expr = ZERO
    inside: Expr = ZERO
    for i in range(_LAYERS):
        flows += _layer(i, p)
        bound, inside = bound + Symbol(f"bound_{i}"), inside + Symbol(f"in_{i}")
    return Network("binding barrier").add(
        *(
            Parameter(name, value, unit, _ROUND, Status.ASSUMED)
            for name, (value, unit) in _VALUES.items()
        ),
        *(Species(n) for n in ("plasma", "tissue", *names)),
        *flows,
        Port("dose", {"plasma": ONE}),
        Observable("drug_in_plasma", plasma, "nmol"),
        Observable("drug_bound", bound, "nmol"),
        Observable("drug_inside", inside, "nmol"),
        Observable("bound_in_the_middle", Symbol(f"bound_{_LAYERS // 2}"), "nmol"),
    )


def _layer(i: int, p: dict[str, Symbol]) -> list[Reaction]:
    """Flux into a layer from the one before, binding, uptake and degradation."""
    free, bound, inside = (Symbol(f"{kind}_{i}") for kind in ("free", "bound", "in"))
    before: Expr = Symbol(f"free_{i - 1}")
    changes = {f"free_{i - 1}": -1.0, free.name: 1.0}
    if i == 0:  # what enters the tumour is too little to be missed in plasma
        before, changes = p["accessible_fraction"] * Symbol("plasma"), {free.name: 1.0}
    binding = p["binding_rate"] * free * (1 - bound / p["capacity"])
    return [
        Reaction(f"flux_{i}", p["exchange_rate"] * (before - free), changes),
        Reaction(f"binding_{i}", binding, {free.name: -1.0, bound.name: 1.0}),
        Reaction(
            f"release_{i}",
            p["release_rate"] * bound,
            {free.name: 1.0, bound.name: -1.0},
        ),
        Reaction(
            f"uptake_{i}",
            p["internalisation_rate"] * bound,
            {bound.name: -1.0, inside.name: 1.0},
        ),
        Reaction(f"loss_{i}", p["degradation_rate"] * inside, {inside.name: -1.0}),
    ]
