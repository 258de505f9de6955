"""A4-A5. Payload in the cells of the tumour: tubulin, exit, entry.

For each payload species, amounts in the whole tumour; V = V_cell N.

    dPc/dt = made in the cell - v_T - kout Pc + kin C_M V        [nmol/day]
    dPT/dt = v_T
    v_T    = kT_on (Pc/V) (T0 V - sum PT) - kT_off PT            kT_off = KD kT_on

The species share the binding sites.  C_M is the concentration that cells see.  What a
dying cell holds returns to the interstitium in the share `released_by_dead_cells`; the
rest is counted in the ledger `payload_lost_with_dead_cells`.

With the physical amount of tubulin (T0 tens of uM, KD about 1 uM) payload stays in the
cell 1 + T0/KD times longer than it would unbound, and half of the effect comes at an
occupancy near 1 %.  Published sets with T0 65 nM are a fitted capacity, not tubulin:
with them (`tubulin: legacy`) only total payload may drive the kill.

Defaults: no entry (`influx_rate` 0) unless the species says so; the rest is the
payload's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.delivery import Surroundings, surroundings
from adckit.mechanisms.growth import CELLS, DEATH_RATE, SPACE, dies
from adckit.mechanisms.pools import PAYLOAD
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import PAYLOAD_LOST
from adckit.network.expr import ONE, ZERO, Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Rule, Species

__all__ = ["add_intracellular_payload"]

REFERENCE = "A4"
OCCUPANCY = Symbol("tubulin_occupancy")
CONCENTRATION = Symbol("intracellular_payload")


def add_intracellular_payload(network: Network, blueprint: Blueprint) -> Network:
    """Payload in cells, free and on tubulin, and what kill depends on.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    place = surroundings(blueprint, read)
    cell_space = read("cell_volume") * read("cell_density") * SPACE
    bound = _sum(_bound(s).symbol for s in blueprint.species)
    free = _sum(_free(s).symbol for s in blueprint.species)
    occupancy = bound / (read("tubulin_concentration") * cell_space)
    parts: list[Part] = [
        PAYLOAD_LOST,
        Rule(OCCUPANCY.name, occupancy, "1", "share of tubulin that holds payload"),
        Rule(
            CONCENTRATION.name,
            (free + bound) / cell_space,
            "nM",
            "payload in cells, free and bound, per cell volume",
        ),
        Observable("occupancy", OCCUPANCY, "1", "share of tubulin that holds payload"),
        Observable("tumour_payload", CONCENTRATION, "nM", "payload in tumour cells"),
    ]
    for species in blueprint.species:
        parts += [_free(species), _bound(species)]
        parts += _exchange(read, place, species)
        parts += _tubulin(read, species)
        if dies(blueprint):
            parts += _death(read, place, species)
    tubulin = blueprint.variant("tubulin")
    return read.add_to(network, *parts).note(
        f"Payload in cells: {tubulin} tubulin (A4)"
    )


def _free(species: PayloadSpecies) -> Species:
    label = f"{species.label} in cells, unbound"
    return _state(f"{species.name}_intracellular", label)


def _bound(species: PayloadSpecies) -> Species:
    return _state(f"{species.name}_tubulin", f"{species.label} on tubulin")


def _state(name: str, label: str) -> Species:
    return Species(name, compartment="tumour", content={PAYLOAD: 1.0}, label=label)


def _sum(terms: Iterator[Symbol]) -> Expr:
    total: Expr = ZERO
    for term in terms:
        total = total + term
    return total


def _exchange(
    read: Reader, place: Surroundings, species: PayloadSpecies
) -> Iterator[Reaction]:
    """Exit to the surroundings, and entry where the species is permeable."""
    name, inside = species.name, _free(species)
    outside = place.payload[name]
    yield Reaction(
        f"{name}_efflux",
        read(f"{name}_efflux_rate") * inside.symbol,
        {inside.name: -1, outside: 1},
        REFERENCE,
    )
    entry = read.optional(f"{name}_influx_rate", ZERO) * place.concentration[name]
    if entry is not ZERO:
        yield Reaction(
            f"{name}_influx",
            entry * read("cell_volume") * CELLS,
            {outside: -1, inside.name: 1},
            REFERENCE,
        )


def _tubulin(read: Reader, species: PayloadSpecies) -> Iterator[Reaction]:
    free, bound = _free(species), _bound(species)
    on = read("tubulin_association_rate")
    sites = read("tubulin_concentration") * (1 - OCCUPANCY)
    yield Reaction(
        f"{species.name}_tubulin_binding",
        on * sites * free.symbol,
        {free.name: -1, bound.name: 1},
        REFERENCE,
    )
    yield Reaction(
        f"{species.name}_tubulin_release",
        on * read("tubulin_dissociation_constant") * bound.symbol,
        {bound.name: -1, free.name: 1},
        REFERENCE,
    )


def _death(
    read: Reader, place: Surroundings, species: PayloadSpecies
) -> Iterator[Reaction]:
    returned = read.optional("released_by_dead_cells", ONE)
    for state in (_free(species), _bound(species)):
        for target, share in (
            (place.payload[species.name], returned),
            (PAYLOAD_LOST.name, 1 - returned),
        ):
            if share is not ZERO:
                yield Reaction(
                    f"{state.name}_of_dead_cells_to_{target}",
                    DEATH_RATE * share * state.symbol,
                    {state.name: -1, target: 1},
                    REFERENCE,
                )
