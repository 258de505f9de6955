"""A small network on a lattice, with everything a lattice may have."""

from __future__ import annotations

from adckit.network.expr import ONE, Symbol, maximum
from adckit.network.lattice import CELL, Lattice, outer
from adckit.network.network import Network
from adckit.network.parts import (
    Compartment,
    Observable,
    Port,
    Reaction,
    Rule,
    Species,
)
from tests.engines.models import parameter

DRUG = {"drug": 1.0}


def rings(cells: int, lines: int = 1) -> Network:
    """A drug that spreads through rings of tissue, binds there, and kills the tissue.

    Lines differ in their share of the tissue; ring i of n holds (2 i + 1)/n^2 of it.
    """
    whole = sum(range(1, lines + 1))
    weights = tuple((line + 1) / whole for line in range(lines))
    free, bound, plasma, size = map(Symbol, ("free", "bound", "plasma", "size"))
    weight, dying = Symbol("weight"), Symbol("dying")
    share = (2 * CELL + 1) / cells**2 * weight
    outer_share = (2 * CELL + 3) / cells**2 * weight
    volume = share * size
    spread = free / share - outer(free) / outer_share
    load, capacity = Symbol("load"), Symbol("capacity")
    held = Symbol("held")
    wall = size * plasma / Symbol("plasma_volume") - free / share
    digested = bound * bound / (bound + volume * capacity)
    return Network("rings").add(
        Lattice("radius", cells, lines, {"weight": weights}),
        parameter("spreading", 3.0),
        parameter("permeation", 0.8),
        parameter("binding", 2.0),
        parameter("release", 0.3),
        parameter("elimination", 0.5),
        parameter("growth", 0.1),
        parameter("killing", 0.4),
        parameter("digestion", 0.7),
        parameter("size_at_start", 1.0, "L"),
        parameter("plasma_volume", 2.0, "L"),
        parameter("capacity", 5.0, "nM"),
        Compartment("tissue", volume),
        Species("plasma", content=DRUG),
        Species("gone", content=DRUG, ledger=True),
        Species("size", "L", Symbol("size_at_start")),
        Species("dying", "L", scale=Symbol("size_at_start") * 1e-6),
        Species("free", content=DRUG, lattice=True, compartment="tissue"),
        Species("bound", content=DRUG, lattice=True, compartment="tissue"),
        Rule("load", bound / volume, "nM"),
        Rule("held", bound, "nmol", total=True),
        Reaction("growing", Symbol("growth") * size, {"size": 1}),
        Reaction(
            "eliminating", Symbol("elimination") * plasma, {"plasma": -1, "gone": 1}
        ),
        Reaction(
            "entering",
            Symbol("permeation") * wall * weight,
            {"plasma": -1, "free": 1},
            place="first",
        ),
        Reaction(
            "spreading_out",
            Symbol("spreading") * (CELL + 1) * spread / cells,
            {"free": -1, "free@outer": 1},
            place="faces",
        ),
        Reaction(
            "binding_there",
            Symbol("binding") * free * maximum(1 - load / capacity, 0),
            {"free": -1, "bound": 1},
        ),
        Reaction("releasing", Symbol("release") * bound, {"bound": -1, "free": 1}),
        Reaction("digesting", Symbol("digestion") * digested, {"bound": -1, "gone": 1}),
        Reaction(
            "killing_there",
            share * Symbol("killing") * load / (capacity + load) * size,
            {"size": -1, "dying": 1},
        ),
        Reaction(
            "losing",
            Symbol("killing") * dying / (size + dying) * bound,
            {"bound": -1, "gone": 1},
        ),
        Reaction("fading", Symbol("killing") * dying, {"dying": -1}),
        Observable("concentration", plasma / Symbol("plasma_volume"), "nM"),
        Observable("bound_drug", bound / size, "nM"),
        Observable("share_held", held / (held + size * capacity), "1"),
        Observable("size_seen", size, "mL"),
        Observable("load_there", load, "nM", profile=True),
        Port("dose", {"plasma": ONE}),
    )
