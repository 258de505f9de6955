"""A1.6. Antigen that tumour and tissue shed into plasma, and antibody on it.

    dS/dt  = made + ks R_T - kdeg S - kon (A1/V1) S + koff X            [nmol/day]
    dX/dt  = kon (A1/V1) S - (koff + kX) X             for every state, see below
    S(0)   = level V1,   kdeg = ln 2/t_S,   made = max(kdeg S(0) - ks R_T(0), 0)
    kX     = ln 2/t_X, or the clearance of antibody over V1 where no t_X is given

The level is that of the patient before treatment, from all sources.  R_T is the free
antigen on the surface of the tumour's cells: what it sheds leaves the cells, which make
it anew, so that they stay at rest without drug; what the tumour sheds at the start is a
part of the level, and the rest of the level is made elsewhere and stays constant.  Only
free antigen is shed.  The complex stays in plasma: it does not enter tissue or tumour,
loses payload at the rate of plasma, and is degraded with its antigen.

Forms, see `antigen_binding`: `full`; `two-site`, where an antibody holds one antigen or
two (2 kon, koff, then kon, 2 koff); `qss` and `qe` without states for the complex.

Assays: `conjugate` and `total_antibody` count antibody on shed antigen,
`free_conjugate` and `free_antibody` do not.  Binding of `delivery`, `cell` and organs
is that of free antibody.

Defaults: no shedding by the tumour, affinity as for the antigen on cells.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.mechanisms.antigen_binding import (
    QUASI_STEADY,
    REFERENCE,
    Antigen,
    antigen_state,
    bound_share,
    complex_fate,
    full_binding,
    quasi_steady_binding,
)
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import chain_of, deconjugation
from adckit.mechanisms.delivery import surroundings
from adckit.mechanisms.disposition import (
    antibody_clearance,
    central_pool,
    degraded_payload,
    plasma_volume,
)
from adckit.mechanisms.pools import Rate
from adckit.mechanisms.populations import Population, populations_of
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import (
    ANTIGEN_SYNTHESISED,
    Routes,
    has_cells,
)
from adckit.mechanisms.shed_pools import shed_complexes, total_pool
from adckit.network.expr import ZERO, Expr, Symbol, log, maximum
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Rule
from adckit.units import parse_unit

__all__ = ["add_shed_antigen"]

_MASS = parse_unit("ng/mL").dimension


def add_shed_antigen(network: Network, blueprint: Blueprint) -> Network:
    """Shed antigen in plasma, and its complex with antibody.

    Raises ModelError with every parameter that is missing.
    """
    form, read = blueprint.variant("shed_antigen"), Reader(blueprint)
    initial = _level(read) * plasma_volume(read)
    turned_over = log(2) / read("shed_antigen_half_life")
    shed_at_start, shedding = _shedding(read, blueprint, form)
    made = Rule(
        "shed_antigen_from_elsewhere",
        maximum(turned_over * initial - shed_at_start, ZERO),
        "nmol/day",
        "shed antigen made outside the tumour",
    )
    antigen = _antigen(read, blueprint, form, initial, made.symbol, turned_over)
    parts: list[Part] = [made, *shedding]
    if form in QUASI_STEADY:
        parts += quasi_steady_binding(antigen, blueprint, form)
        held = bound_share("central") * total_pool(blueprint, antigen.pool).antibody
        free = antigen.state.symbol - held
    else:
        free = antigen.state.symbol
        parts += _with_states(antigen, blueprint)
        held = ZERO
        for count, pool in enumerate(shed_complexes(blueprint), 1):
            held = held + count * pool.antibody
    parts += _outputs(read, antigen, free, held)
    return read.add_to(network, *parts).note(f"Shed antigen: {form} (A1.6)")


def _level(read: Reader) -> Expr:
    """Antigen in plasma before treatment, nM."""
    (level,) = read.given("shed_antigen_level")
    amount = Symbol("shed_antigen_level")
    if level is not None and level.dimension == _MASS:
        return amount / read("shed_antigen_molar_mass")
    return amount


def _antigen(
    read: Reader,
    blueprint: Blueprint,
    form: str,
    initial: Expr,
    made: Expr,
    turned_over: Expr,
) -> Antigen:
    central, volume, routes = (
        central_pool(blueprint),
        plasma_volume(read),
        Routes(blueprint),
    )
    loss: Rate = antibody_clearance(read, central.form, volume)
    if "shed_complex_half_life" in blueprint.parameters:
        loss = log(2) / read("shed_complex_half_life")
    name, label = _state(form)
    return Antigen(
        name="shed",
        state=antigen_state(name, initial, "plasma", label),
        pool=central,
        volume=volume,
        synthesis=made,
        degradation=turned_over,
        association=read("association_rate"),
        dissociation_constant=read.optional(
            "shed_dissociation_constant", read("dissociation_constant")
        ),
        loss=loss,
        law=deconjugation(blueprint, read),
        released=routes.plasma(routes.released),
        degraded=degraded_payload(read, routes),
    )


def _state(form: str) -> tuple[str, str]:
    """Name and label of the state of antigen."""
    if form in QUASI_STEADY:
        return "whole_shed_antigen", "shed antigen in plasma, free and bound"
    return "unbound_shed_antigen", "shed antigen in plasma, free"


def _shedding(
    read: Reader, blueprint: Blueprint, form: str
) -> tuple[Expr, list[Reaction]]:
    """What the tumour sheds at the start, nmol/day, and its fluxes."""
    rate = read.optional("tumour_shedding_rate", ZERO)
    if rate is ZERO or not has_cells(blueprint):
        return ZERO, []
    plasma, _ = _state(form)
    place, populations = surroundings(blueprint, read), populations_of(blueprint)
    cells = read("cell_density") * read("initial_tumour_volume")
    at_start: Expr = ZERO
    fluxes: list[Reaction] = []
    for population in populations:
        if not population.antigen:
            continue
        per_cell = population.receptors(read)
        share = population.initial_share(read, populations)
        at_start = at_start + rate * per_cell * cells * share
        present = per_cell * place.cells(population)
        fluxes += _shed_by(population, rate, present, plasma, blueprint)
    return at_start, fluxes


def _shed_by(
    population: Population,
    rate: Expr,
    present: Expr,
    plasma: str,
    blueprint: Blueprint,
) -> list[Reaction]:
    """Shedding by one population with `present` antigens without drug, nmol."""
    shedding, made = population.named("antigen_shedding"), {ANTIGEN_SYNTHESISED.name: 1}
    if blueprint.variant("cell") != "cycling":
        pool = chain_of(blueprint).pool(population.named("bound"), "", "tumour")
        free = maximum(present - pool.antibody, ZERO)
        return [Reaction(shedding, rate * free, {plasma: 1, **made}, REFERENCE)]
    surface = population.symbol("surface_receptor")
    remade = population.named("shed_receptor_synthesis")
    return [
        Reaction(shedding, rate * surface, {surface.name: -1, plasma: 1}, REFERENCE),
        Reaction(remade, rate * present, {surface.name: 1, **made}, REFERENCE),
    ]


def _with_states(antigen: Antigen, blueprint: Blueprint) -> Iterator[Part]:
    one, *twice = shed_complexes(blueprint)
    yield from full_binding(antigen, one, sites=1.0 + len(twice))
    for two in twice:
        free = antigen.state.symbol / antigen.volume
        off = 2 * antigen.association * antigen.dissociation_constant
        yield from two.species()
        yield from one.move(
            "shed_second_binding",
            two,
            antigen.association * free,
            {antigen.state.name: -1},
            REFERENCE,
        )
        yield from two.move(
            "shed_second_unbinding", one, off, {antigen.state.name: 1}, REFERENCE
        )
        yield from complex_fate(antigen, two, "shed_second", held=2)


def _outputs(
    read: Reader, antigen: Antigen, free: Expr, held: Expr
) -> Iterator[Observable]:
    pool, volume = antigen.pool, antigen.volume
    yield Observable(
        "free_conjugate",
        pool.conjugated / volume * Symbol("conjugate_molar_mass"),
        "ug/mL",
        "conjugate in plasma that is not on shed antigen",
    )
    yield Observable(
        "free_antibody",
        pool.antibody / volume * read("antibody_molar_mass"),
        "ug/mL",
        "antibody in plasma that is not on shed antigen, with and without payload",
    )
    label = "shed antigen in plasma"
    yield Observable("free_shed_antigen", free / volume, "nM", f"{label}, free")
    yield Observable(
        "total_shed_antigen", (free + held) / volume, "nM", f"{label}, free and bound"
    )
