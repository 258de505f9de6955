"""A4-A5. Payload in the cells of the tumour: tubulin, exit, entry.

For each payload species, amounts in the whole tumour; V = V_cell N.

    dPc/dt = made in the cell - v_T - e kout Pc + kin C_M V      [nmol/day]
    dPT/dt = v_T
    v_T    = kT_on (Pc/V) (T0 V - sum PT) - kT_off PT            kT_off = KD kT_on

The species share the binding sites.  C_M is the concentration that cells see.  What a
dying cell holds returns to the interstitium in the share `released_by_dead_cells`; the
rest is counted in the ledger `payload_lost_with_dead_cells`.

Each population of cells (`populations.py`) has its own Pc, PT and N; C_M is the same
for all, so payload that leaves one population enters the others (A5, bystander effect).
e is the exit of a population relative to the others, e.g. of cells with an efflux pump.
Occupancy and payload of the tumour are means over populations by volume.

With the physical amount of tubulin (T0 tens of uM, KD about 1 uM) payload stays in the
cell 1 + T0/KD times longer than it would unbound, and half of the effect comes at an
occupancy near 1 %.  Published sets with T0 65 nM are a fitted capacity, not tubulin:
with them (`tubulin: legacy`) only total payload may drive the kill.

Defaults: no entry (`influx_rate` 0) unless the species says so, e 1; the rest is the
payload's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.delivery import Surroundings, surroundings
from adckit.mechanisms.growth import dies
from adckit.mechanisms.pools import PAYLOAD
from adckit.mechanisms.populations import (
    SPACE,
    Population,
    populations_of,
    total_of,
)
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import PAYLOAD_LOST
from adckit.network.expr import ONE, ZERO, Expr
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Rule, Species

__all__ = ["add_intracellular_payload"]

REFERENCE = "A4"
_OCCUPANCY = "share of tubulin that holds payload"


@dataclass(frozen=True)
class _Content:
    """One payload species in the cells of one population."""

    species: PayloadSpecies
    population: Population

    @property
    def free(self) -> Species:
        return self._state("intracellular", "in cells, unbound")

    @property
    def bound(self) -> Species:
        return self._state("tubulin", "on tubulin")

    def _state(self, where: str, label: str) -> Species:
        return Species(
            self.population.named(f"{self.species.name}_{where}"),
            compartment="tumour",
            content={PAYLOAD: 1.0},
            label=self.population.about(f"{self.species.label} {label}"),
        )

    def named(self, stem: str) -> str:
        """The name of a reaction of this species in this population."""
        return self.population.named(f"{self.species.name}_{stem}")


def add_intracellular_payload(network: Network, blueprint: Blueprint) -> Network:
    """Payload in cells, free and on tubulin, and what kill depends on.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    place, populations = surroundings(blueprint, read), populations_of(blueprint)
    contents = {
        population: [_Content(species, population) for species in blueprint.species]
        for population in populations
    }
    parts: list[Part] = [PAYLOAD_LOST]
    for population, content in contents.items():
        parts += _effect(read, place, population, content)
    parts += _seen(read, place, contents)
    for content in contents.values():
        for one in content:
            parts += [one.free, one.bound]
            parts += _exchange(read, place, one)
            parts += _tubulin(read, one)
            if dies(blueprint):
                parts += _death(read, place, one)
    tubulin = blueprint.variant("tubulin")
    return read.add_to(network, *parts).note(
        f"Payload in cells: {tubulin} tubulin (A4)"
    )


def _effect(
    read: Reader,
    place: Surroundings,
    population: Population,
    content: Sequence[_Content],
) -> Iterator[Rule]:
    """What kills the cells of a population."""
    occupied, held = _ratios(read, place.space(population), content)
    about = population.about
    yield Rule(population.occupancy.name, occupied, "1", about(_OCCUPANCY))
    label = about("payload in cells, free and bound, per cell volume")
    yield Rule(population.payload.name, held, "nM", label)


def _ratios(
    read: Reader, space: Expr, content: Sequence[_Content]
) -> tuple[Expr, Expr]:
    """Occupancy, and payload per cell volume, of the cells in a volume of tumour."""
    cell_space = read("cell_volume") * read("cell_density") * space
    bound = total_of(one.bound.symbol for one in content)
    free = total_of(one.free.symbol for one in content)
    occupied = bound / (read("tubulin_concentration") * cell_space)
    return occupied, (free + bound) / cell_space


def _seen(
    read: Reader,
    place: Surroundings,
    contents: dict[Population, list[_Content]],
) -> Iterator[Observable]:
    """Occupancy and payload of the tumour, and of each of several populations."""
    (first, *_), label = contents, "payload in tumour cells"
    occupied: Expr = first.occupancy
    held: Expr = first.payload
    if first.told_apart:
        every = [one for content in contents.values() for one in content]
        occupied, held = _ratios(read, place.share * SPACE, every)
    share = place.share
    yield Observable("occupancy", share * occupied, "1", _OCCUPANCY)
    yield Observable("tumour_payload", share * held, "nM", label)
    for population in contents if first.told_apart else ():
        named, about = population.named, population.about
        effect, payload = share * population.occupancy, share * population.payload
        yield Observable(named("occupancy"), effect, "1", about(_OCCUPANCY))
        yield Observable(named("tumour_payload"), payload, "nM", about(label))


def _exchange(read: Reader, place: Surroundings, one: _Content) -> Iterator[Reaction]:
    """Exit to the surroundings, and entry where the species is permeable."""
    name, inside = one.species.name, one.free
    outside = place.payload[name]
    factor = one.population.named("efflux_factor")
    exit_rate = read(f"{name}_efflux_rate") * read.optional(factor, ONE)
    yield Reaction(
        one.named("efflux"),
        exit_rate * inside.symbol,
        {inside.name: -1, outside: 1},
        REFERENCE,
    )
    entry = read.optional(f"{name}_influx_rate", ZERO) * place.concentration[name]
    if entry is not ZERO:
        yield Reaction(
            one.named("influx"),
            entry * read("cell_volume") * place.cells(one.population),
            {outside: -1, inside.name: 1},
            REFERENCE,
        )


def _tubulin(read: Reader, one: _Content) -> Iterator[Reaction]:
    free, bound = one.free, one.bound
    on = read("tubulin_association_rate")
    sites = read("tubulin_concentration") * (1 - one.population.occupancy)
    yield Reaction(
        one.named("tubulin_binding"),
        on * sites * free.symbol,
        {free.name: -1, bound.name: 1},
        REFERENCE,
    )
    yield Reaction(
        one.named("tubulin_release"),
        on * read("tubulin_dissociation_constant") * bound.symbol,
        {bound.name: -1, free.name: 1},
        REFERENCE,
    )


def _death(read: Reader, place: Surroundings, one: _Content) -> Iterator[Reaction]:
    returned = read.optional("released_by_dead_cells", ONE)
    for state in (one.free, one.bound):
        for target, share in (
            (place.payload[one.species.name], returned),
            (PAYLOAD_LOST.name, 1 - returned),
        ):
            if share is not ZERO:
                yield Reaction(
                    f"{state.name}_of_dead_cells_to_{target}",
                    one.population.death_rate * share * state.symbol,
                    {state.name: -1, target: 1},
                    REFERENCE,
                )
