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
Each population of cells (`populations.py`) has x1 to x4 and a k of its own, from its
own th or C; what slows growth is the volume w of all.

With several populations the volume of each and that of all are states as well.  They
are sums, dw/dt = sum g x1 - k1 x4, which every method keeps exactly, and through which
all else depends on the volumes: an implicit step then costs half as much.

Cure is an event, since no equation of this kind ever reaches zero: below one viable
cell nothing grows again (x1 := 0), and below one cell in all the tumour is gone; so
for each population.  For
rates per tumour volume one cell is also the least volume that counts, so a tumour that
is absent (initial volume 0) takes up nothing and divides by nothing.

Defaults: Hill coefficient 1, no carrying capacity for Simeoni growth; the rest is the
tumour's own.  Three dying stages after Simeoni 2004.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.errors import Issue
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.populations import (
    CELLS,
    SPACE,
    TOTAL,
    Population,
    populations_of,
    total_of,
)
from adckit.mechanisms.reading import Reader
from adckit.network.expr import ONE, ZERO, Expr, Symbol, log, maximum, select
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Event, Observable, Reaction, Rule, Species

__all__ = ["add_growth", "dies", "growth_issues", "kill_reaction"]

REFERENCE = "A6"


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
    populations = populations_of(blueprint)
    several = populations[0].told_apart
    parts: list[Part] = [Compartment("tumour", SPACE, "tumour")]
    for population in populations:
        start = initial * population.initial_share(read, populations)
        parts += _volumes(blueprint, population, start, one_cell)
    if several:
        parts += _whole(initial, density, one_cell)
    for population in populations:
        parts += _growing(read, blueprint, population, density)
        if dies(blueprint):
            parts += _death(read, blueprint, population)
        parts += _cure(blueprint, population, one_cell)
    parts += _size(initial, one_cell)
    if several:
        parts += _sizes(populations)
    chosen = f"{blueprint.variant('growth')} growth, kill {blueprint.variant('kill')}"
    network = read.add_to(network, *parts).note(f"Tumour: {chosen} (A6)")
    if several:
        labels = ", ".join(p.kind.label for p in populations if p.kind)
        network = network.note(f"Populations of tumour cells: {labels} (A5)")
    return network


def _volumes(
    blueprint: Blueprint, population: Population, initial: Expr, one_cell: Expr
) -> Iterator[Part]:
    """The states of a population, and its size."""
    about, viable = population.about, population.viable

    def volume(symbol: Symbol, start: Expr, label: str) -> Species:
        return Species(symbol.name, "L", start, label=about(label), scale=one_cell)

    yield volume(viable, initial, "tumour: viable")
    total: Expr = viable
    for number, stage in enumerate(_stages(blueprint, population), 1):
        yield volume(stage, ZERO, f"tumour: dying, stage {number}")
        total = total + stage
    density = Symbol("cell_density")
    size, space, cells = population.total, population.space, population.cells
    if population.told_apart:
        yield volume(size, initial, "tumour volume")
    else:
        yield Rule(size.name, total, "L", "tumour volume")
    least = maximum(size, one_cell)
    yield Rule(space.name, least, "L", about("tumour volume or 1 cell"))
    yield Rule(cells.name, density * size, "cells", about("cells of the tumour"))


def _stages(blueprint: Blueprint, population: Population) -> tuple[Symbol, ...]:
    return population.dying if dies(blueprint) else ()


def _whole(initial: Expr, density: Expr, one_cell: Expr) -> Iterator[Part]:
    """Size of the tumour that the populations make up."""
    yield Species(TOTAL.name, "L", initial, label="tumour volume", scale=one_cell)
    least = maximum(TOTAL, one_cell)
    yield Rule(SPACE.name, least, "L", "tumour volume or 1 cell")
    yield Rule(CELLS.name, density * TOTAL, "cells", "cells of the tumour")


def _growing(
    read: Reader, blueprint: Blueprint, population: Population, density: Expr
) -> Iterator[Part]:
    about, viable = population.about, population.viable
    rate = population.symbol("growth_rate_now")
    speed = _growth(read, blueprint, population)
    yield Rule(rate.name, speed, "1/day", about("growth of viable cells"))
    born = maximum(rate, ZERO) * viable * density
    yield Rule(population.births.name, born, "cells/day", about("cells born"))
    name = population.named("tumour_growth")
    changes = {viable.name: 1.0, **_sums(population, 1)}
    yield Reaction(name, rate * viable, changes, REFERENCE)


def _sums(population: Population, change: float) -> dict[str, float]:
    """What tissue that comes or goes does to volumes that are states of their own."""
    if not population.told_apart:
        return {}
    return {population.total.name: change, TOTAL.name: change}


def _growth(read: Reader, blueprint: Blueprint, population: Population) -> Expr:
    rate = log(2) / population.own(read, "doubling_time")
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


def _death(read: Reader, blueprint: Blueprint, population: Population) -> list[Part]:
    """Killed cells pass through the stages of dying and disappear."""
    passage = read("transit_rate")
    about, dying = population.about, population.dying
    kill = _kill(read, blueprint, population)
    parts: list[Part] = [
        Rule(population.kill.name, kill, "1/day", about("killing of viable cells")),
        Rule(
            population.death_rate.name,
            passage * dying[-1] / population.space,
            "1/day",
            about("share of all cells that disappears"),
        ),
        kill_reaction(population),
    ]
    for number, stage in enumerate(dying):
        changes = {stage.name: -1.0}
        if stage is not dying[-1]:
            changes[dying[number + 1].name] = 1.0
        else:
            changes |= _sums(population, -1)
        name = population.named(f"dying_stage_{number + 1}")
        parts.append(Reaction(name, passage * stage, changes, REFERENCE))
    return parts


def kill_reaction(population: Population, share: Expr = ONE) -> Reaction:
    """Viable cells of a place, which holds `share` of them, start to die."""
    changes = {population.viable.name: -1, population.dying[0].name: 1}
    rate = share * population.kill * population.viable
    return Reaction(population.named("tumour_kill"), rate, changes, REFERENCE)


def _kill(read: Reader, blueprint: Blueprint, population: Population) -> Expr:
    variant = blueprint.variant("kill")
    if variant == "plasma":
        return read("plasma_kill_constant") * Symbol("conjugate_concentration")
    if variant == "linear":
        return read("kill_constant") * population.payload
    if variant == "occupancy":
        effect = population.occupancy / population.own(read, "half_kill_occupancy")
    else:
        effect = population.payload / read("half_kill_concentration")
    hill = population.named("kill_hill")
    raised = effect ** read.optional(hill, read.optional("kill_hill", ONE))
    return population.own(read, "maximum_kill_rate") * raised / (1 + raised)


def _cure(
    blueprint: Blueprint, population: Population, one_cell: Expr
) -> Iterator[Event]:
    viable, dying = population.viable, _stages(blueprint, population)
    total = population.total

    def without(*volumes: Symbol, less: Expr) -> dict[str, Expr]:
        sums = {name: Symbol(name) - less for name in _sums(population, -1)}
        return {**{volume.name: ZERO for volume in volumes}, **sums}

    yield Event(
        population.named("cure"),
        viable - one_cell,
        without(viable, less=viable),
        population.about("the last viable cell is gone"),
    )
    if dying:
        yield Event(
            population.named("tumour_gone"),
            total - one_cell,
            without(viable, *dying, less=total),
            population.about("the last cell is gone"),
        )


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


def _sizes(populations: tuple[Population, ...]) -> Iterator[Observable]:
    """Volume of each population, and what carries no antigen."""
    for population in populations:
        name, label = (
            population.named("tumour_volume"),
            population.about("tumour volume"),
        )
        yield Observable(name, population.total, "mm3", label)
    negative = [p.total for p in populations if not p.antigen]
    if negative:
        share = total_of(negative) / SPACE
        label = "share of the tumour whose cells carry no antigen"
        yield Observable("negative_share", share, "%", label)
