"""A8. Cells in a dish: the culture medium in the place of plasma and interstitium.

    dA_n/dt = kd_{n+1} A_{n+1} - kd_n A_n - cells (A4)     for every state of the pool
    dM_j/dt = released by the linker + out of cells - into cells              [nmol/day]
    what cells see   A/Vm,  M_j/Vm                                                  [nM]
    N(0) = seeded cells,    volume of all cells = N V_cell

Cells take from the medium what they bind and give back what they lose, so that a small
well with many cells is emptied (`medium: depleting`).  With `medium: constant` fresh
conjugate takes the place of what leaves the medium, as under perfusion; the ledgers
`antibody_supplied` and `payload_supplied` count it as a debt.

Washout: at `washout_time` the medium is replaced, and what was dissolved in it goes
into the ledgers `antibody_washed_away` and `payload_washed_away`.  What is bound to
cells or inside them stays.

The growth of cells is that of a tumour (A6), whose volume is the volume of the cells
and nothing else: its density is 1/V_cell.  With logistic growth the capacity is the
number of cells at confluence.

Defaults: depleting medium, no washout.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import deconjugation
from adckit.mechanisms.delivery import Surroundings, surroundings
from adckit.mechanisms.disposition import conjugate_mass
from adckit.mechanisms.growth import dies
from adckit.mechanisms.pools import ANTIBODY, PAYLOAD, Pool
from adckit.mechanisms.populations import (
    CELLS,
    Population,
    populations_of,
    total_of,
)
from adckit.mechanisms.reading import Reader
from adckit.network.expr import TIME, ZERO, Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import (
    Compartment,
    Event,
    Observable,
    Port,
    Reaction,
    Rule,
    Species,
)
from adckit.parameters import Parameter, Source, Status

__all__ = ["add_medium", "add_supply", "in_a_dish", "seeded"]

REFERENCE = "A8"


def _ledger(name: str, moiety: str, held: float, label: str) -> Species:
    return Species(name, content={moiety: held}, label=label, ledger=True)


_ANTIBODY_WASHED = _ledger(
    "antibody_washed_away", ANTIBODY, 1, "antibody removed with the medium"
)
_PAYLOAD_WASHED = _ledger(
    "payload_washed_away", PAYLOAD, 1, "payload removed with the medium"
)
_ANTIBODY_SUPPLIED = _ledger(
    "antibody_supplied", ANTIBODY, -1, "antibody of fresh medium, as a debt"
)
_PAYLOAD_SUPPLIED = _ledger(
    "payload_supplied", PAYLOAD, -1, "payload of fresh medium, as a debt"
)


def in_a_dish(blueprint: Blueprint) -> bool:
    """The cells of the model grow in a culture medium."""
    return blueprint.variant("delivery") == "medium"


def seeded(blueprint: Blueprint) -> Blueprint:
    """The blueprint with the size of its `tumour` derived from the cells in the dish.

    Anything else than cells in a dish is given back unchanged.
    """
    known = blueprint.parameters
    if not in_a_dish(blueprint) or "cell_volume" not in known:
        return blueprint
    volume = known["cell_volume"].internal  # L per cell
    derived = [_derived("cell_density", 1e-3 / volume, "cells/mL", "cell_volume")]
    for name, count in (
        ("initial_tumour_volume", "seeded_cells"),
        ("carrying_capacity", "confluent_cells"),
    ):
        if count in known:
            size = known[count].internal * volume * 1e3
            derived.append(_derived(name, size, "mL", f"{count}, cell_volume"))
    return blueprint.with_parameters(*derived)


def _derived(name: str, value: float, unit: str, parents: str) -> Parameter:
    source = Source(f"Follows from {parents}: cells alone make up the volume")
    return Parameter(name, value, unit, source, Status.ASSUMED)


def add_medium(network: Network, blueprint: Blueprint) -> Network:
    """The culture medium with what is dissolved in it, and the count of cells.

    Doses enter by `medium` as the product, and by `carrier` as naked antibody.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    place = surroundings(blueprint, read)
    pool, volume = place.pool, read("medium_volume")
    load = blueprint.load.fractions if blueprint.load else (1.0,)
    law = deconjugation(blueprint, read)
    parts: list[Part] = [
        Compartment("dish", volume, "culture medium"),
        *pool.species(),
        *(_payload(state, name) for name, state in place.payload.items()),
        *pool.release("medium_deconjugation", law, place.released, REFERENCE),
        Rule(
            "conjugate_concentration",
            pool.conjugated / volume,
            "nM",
            "antibody with at least one payload in the medium",
        ),
        Port("medium", pool.dose(load), label="conjugate into the medium"),
        Port("carrier", pool.dose((1.0,)), label="naked antibody into the medium"),
        *_observables(read, blueprint, place),
    ]
    if "washout_time" in blueprint.parameters:
        parts += _washout(read, place)
    kind = blueprint.variant("medium")
    return read.add_to(network, *parts).note(f"Medium: {kind} (A8)")


def _payload(state: str, name: str) -> Species:
    label = f"{name.replace('_', '-')} in the medium"
    return Species(state, compartment="dish", content={PAYLOAD: 1.0}, label=label)


def _washout(read: Reader, place: Surroundings) -> Iterator[Part]:
    """The medium is replaced by a fresh one without drug."""
    free: Expr = ZERO
    for state in place.payload.values():
        free = free + Symbol(state)
    yield from (_ANTIBODY_WASHED, _PAYLOAD_WASHED)
    dissolved = (*place.pool.states, *place.payload.values())
    yield Event(
        "washout",
        read("washout_time") - TIME,
        {
            **dict.fromkeys(dissolved, ZERO),
            _ANTIBODY_WASHED.name: _ANTIBODY_WASHED.symbol + place.pool.antibody,
            _PAYLOAD_WASHED.name: _PAYLOAD_WASHED.symbol + place.pool.payload + free,
        },
        "the medium is replaced",
    )


def _observables(
    read: Reader, blueprint: Blueprint, place: Surroundings
) -> Iterator[Observable]:
    pool, volume = place.pool, read("medium_volume")
    populations = populations_of(blueprint)
    viable = total_of(population.viable for population in populations)
    yield from _counted(read, blueprint, viable, CELLS, None)
    for population in populations if len(populations) > 1 else ():
        of_them = population.viable, population.cells
        yield from _counted(read, blueprint, *of_them, population)
    conjugated = pool.conjugated / volume
    label = "conjugate in the medium: antibody with at least one payload"
    mass = conjugate_mass(read, blueprint)
    yield Observable("conjugate", conjugated * mass, "ug/mL", label)
    yield Observable("conjugate_nM", conjugated, "nM", label)
    antibody = pool.antibody / volume
    label = "antibody in the medium, with and without payload"
    yield Observable("total_antibody_nM", antibody, "nM", label)
    for name, state in place.payload.items():
        label = f"{name.replace('_', '-')} in the medium"
        yield Observable(f"medium_{name}", Symbol(state) / volume, "nM", label)


def _counted(
    read: Reader,
    blueprint: Blueprint,
    viable: Expr,
    cells: Symbol,
    population: Population | None,
) -> Iterator[Observable]:
    """The count of all cells, or of a population among them."""
    count = viable * read("cell_density")
    dying: Expr = cells - count if dies(blueprint) else ZERO
    for stem, value, label in (
        ("cells", cells, "cells, viable and dying"),
        ("viable_cells", count, "viable cells"),
        ("dying_cells", dying, "dying cells, still counted"),
    ):
        name = population.named(stem) if population else stem
        text = population.about(label) if population else label
        yield Observable(name, value, "cells", text)


def add_supply(network: Network, blueprint: Blueprint) -> Network:
    """Fresh conjugate for all that leaves the medium; the last mechanism of a model."""
    read = Reader(blueprint)
    pool = surroundings(blueprint, read).pool
    rates = network.derivatives()
    parts = [_supply(pool, i, rates[state]) for i, state in enumerate(pool.states)]
    return network.add(_ANTIBODY_SUPPLIED, _PAYLOAD_SUPPLIED, *parts)


def _supply(pool: Pool, index: int, rate: Expr) -> Reaction:
    antibody, payload = pool.content(index)
    owed = {_ANTIBODY_SUPPLIED.name: antibody, _PAYLOAD_SUPPLIED.name: payload}
    state = pool.states[index]
    changes = {state: 1.0, **{name: held for name, held in owed.items() if held}}
    return Reaction(f"supply_of_{state}", -rate, changes, REFERENCE)
