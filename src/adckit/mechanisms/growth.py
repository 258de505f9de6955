"""A6. Growth of the tumour, and death of its cells in stages.

    g(w)    exponential  lam0
            logistic     lam0 (1 - w/K)
            simeoni      lam0 / [1 + (lam0 w/lam1)^psi]^(1/psi)  [ (1 - w/K) ]
    dx1/dt  = g(w) x1 - k x1                                    [L/day]
    dx2/dt  = k x1 - k1 x2,   dx3/dt = k1 (x2 - x3),   dx4/dt = k1 (x3 - x4)
    w       = x1 + x2 + x3 + x4,   lam0 = ln 2 / doubling time
    k       K1 occupancy      kmax th^h / (th50^h + th^h)
            K2 concentration  kmax C^h / (C50^h + C^h)
            K3 linear         kkill C
            K4 plasma         k2 Cp

th is the share of tubulin that holds payload, C all payload in cells per cell volume,
Cp conjugate in plasma.  The states are volumes; N = w times the density of cells.

Cure is an event, since no equation of this kind ever reaches zero: below one viable
cell nothing grows again (x1 := 0), and below one cell in all the tumour is gone.  For
rates per tumour volume one cell is also the least volume that counts, so a tumour that
is absent (initial volume 0) takes up nothing and divides by nothing.

Defaults: Hill coefficient 1, no carrying capacity for Simeoni growth; the rest is the
tumour's own.  Three dying stages after Simeoni 2004.
"""

from __future__ import annotations

from adckit.errors import Issue
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.reading import Reader
from adckit.network.expr import ONE, ZERO, Expr, Symbol, log, maximum, select
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Event, Observable, Reaction, Rule, Species

__all__ = [
    "BIRTHS",
    "CELLS",
    "DEATH_RATE",
    "SPACE",
    "TOTAL",
    "VIABLE",
    "add_growth",
    "dies",
    "growth_issues",
]

REFERENCE = "A6"
VIABLE = Symbol("viable_tumour")
DYING = tuple(Symbol(f"dying_tumour_{stage}") for stage in (1, 2, 3))
TOTAL = Symbol("total_tumour_volume")
SPACE = Symbol("tumour_space")
"""Tumour volume, one cell at least: what rates per volume divide by."""
CELLS = Symbol("cell_count")
BIRTHS = Symbol("birth_rate")
DEATH_RATE = Symbol("cell_death_rate")
GROWTH, KILL = Symbol("growth_rate_now"), Symbol("kill_rate")


def dies(blueprint: Blueprint) -> bool:
    """Cells of the tumour are killed."""
    return blueprint.variant("kill") != "none"


def growth_issues(blueprint: Blueprint) -> list[Issue]:
    """Choices that contradict each other."""
    legacy = blueprint.variant("tubulin") == "legacy"
    if legacy and blueprint.variant("kill") == "occupancy":
        what = (
            "kill by occupancy needs the physical amount of tubulin; with 'tubulin: "
            "legacy' choose 'kill: linear' or 'kill: concentration'"
        )
        return [Issue("choices 'tubulin' and 'kill'", what)]
    return []


def add_growth(network: Network, blueprint: Blueprint) -> Network:
    """The tumour as volumes of viable and dying tissue, with its size as seen.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    density = read("cell_density")
    one_cell = read("cells_at_cure") / density
    initial = read("initial_tumour_volume")
    stages = DYING if dies(blueprint) else ()
    total: Expr = VIABLE
    for stage in stages:
        total = total + stage
    parts: list[Part] = [
        Compartment("tumour", SPACE, "tumour"),
        _volume(VIABLE.name, initial, one_cell, "tumour: viable"),
        *(
            _volume(stage.name, ZERO, one_cell, f"tumour: dying, stage {number}")
            for number, stage in enumerate(stages, 1)
        ),
        Rule(TOTAL.name, total, "L", "tumour volume"),
        Rule(SPACE.name, maximum(TOTAL, one_cell), "L", "tumour volume or 1 cell"),
        Rule(CELLS.name, density * TOTAL, "cells", "cells of the tumour"),
        Rule(GROWTH.name, _growth(read, blueprint), "1/day", "growth of viable cells"),
        Rule(
            BIRTHS.name,
            maximum(GROWTH, ZERO) * VIABLE * density,
            "cells/day",
            "cells born",
        ),
        Reaction("tumour_growth", GROWTH * VIABLE, {VIABLE.name: 1}, REFERENCE),
        *(_death(read, blueprint) if stages else ()),
        *_cure(one_cell, [VIABLE.name, *(stage.name for stage in stages)]),
        *_size(initial, one_cell),
    ]
    chosen = f"{blueprint.variant('growth')} growth, kill {blueprint.variant('kill')}"
    return read.add_to(network, *parts).note(f"Tumour: {chosen} (A6)")


def _volume(name: str, initial: Expr, scale: Expr, label: str) -> Species:
    return Species(name, "L", initial, label=label, scale=scale)


def _growth(read: Reader, blueprint: Blueprint) -> Expr:
    rate = log(2) / read("doubling_time")
    variant = blueprint.variant("growth")
    if variant == "exponential":
        return rate
    if variant == "logistic":
        return rate * (1 - TOTAL / read("carrying_capacity"))
    switch = read("growth_switch")
    bent = (rate * TOTAL / read("linear_growth_rate")) ** switch
    slowed = rate / (1 + bent) ** (1 / switch)
    if "carrying_capacity" in blueprint.parameters:
        return slowed * (1 - TOTAL / read("carrying_capacity"))
    return slowed


def _death(read: Reader, blueprint: Blueprint) -> list[Part]:
    """Killed cells pass through the stages of dying and disappear."""
    passage = read("transit_rate")
    parts: list[Part] = [
        Rule(KILL.name, _kill(read, blueprint), "1/day", "killing of viable cells"),
        Rule(
            DEATH_RATE.name,
            passage * DYING[-1] / SPACE,
            "1/day",
            "share of all cells that disappears",
        ),
        Reaction(
            "tumour_kill", KILL * VIABLE, {VIABLE.name: -1, DYING[0].name: 1}, REFERENCE
        ),
    ]
    for number, stage in enumerate(DYING):
        changes = {stage.name: -1.0}
        if stage is not DYING[-1]:
            changes[DYING[number + 1].name] = 1.0
        name = f"dying_stage_{number + 1}"
        parts.append(Reaction(name, passage * stage, changes, REFERENCE))
    return parts


def _kill(read: Reader, blueprint: Blueprint) -> Expr:
    variant = blueprint.variant("kill")
    if variant == "plasma":
        return read("plasma_kill_constant") * Symbol("conjugate_concentration")
    if variant == "linear":
        return read("kill_constant") * Symbol("intracellular_payload")
    if variant == "occupancy":
        effect = Symbol("tubulin_occupancy") / read("half_kill_occupancy")
    else:
        effect = Symbol("intracellular_payload") / read("half_kill_concentration")
    raised = effect ** read.optional("kill_hill", ONE)
    return read("maximum_kill_rate") * raised / (1 + raised)


def _cure(one_cell: Expr, volumes: list[str]) -> list[Event]:
    viable, *dying = volumes
    events = [
        Event(
            "cure",
            VIABLE - one_cell,
            {viable: ZERO},
            "the last viable cell is gone",
        )
    ]
    if dying:
        events.append(
            Event(
                "tumour_gone",
                TOTAL - one_cell,
                dict.fromkeys(volumes, ZERO),
                "the last cell is gone",
            )
        )
    return events


def _size(initial: Expr, one_cell: Expr) -> list[Observable]:
    relative = TOTAL / maximum(initial, one_cell)
    change = select(initial, relative ** (1 / 3) - 1, ZERO)
    return [
        Observable("tumour_volume", TOTAL, "mm3", "tumour volume"),
        Observable(
            "tumor",
            change,
            "%",
            "change of tumour diameter since the start",
        ),
    ]
