"""A4. Antibody in the cells of the tumour: binding, trafficking, lysosome.

Amounts in the whole tumour; N cells, Cf the concentration that cells see.

    dR/dt  = ksyn N + krec Re - kend R - kon Cf R + koff B
    dRe/dt = kend R + koff_e E - (krec + kdeg) Re
    dB/dt  = kon Cf R - (koff + kint) B + krecC E
    dE/dt  = kint B - (krecC + ksort + koff_e) E
    dL/dt  = ksort E + koff_e E + kpino N Cf - klys L           [nmol/day]
    ksyn   = R0 kend kdeg/(kdeg + krec)

B, E and L carry payload (`pools.py`); the payload that proteolysis releases is what the
degraded antibody really carries.  Payload also leaves surface antibody at the rate of
tissue, and antibody in E and L at `intracellular_cleavage_rate` (disulfide linkers).
Cells are born with R0 receptors at the surface and the matching number inside.

A cell that dies takes its pools along.  Of intact antibody (B, E) the share
`released_by_dead_cells` returns to the interstitium with its payload; antibody in the
lysosome is partly digested, so its share returns as catabolite.  Antigen is degraded.

Each population of cells (`populations.py`) has its own R, Re, B, E, L and N, and all
share Cf; one without antigen has L alone.

Variant `bulk`: the number of receptors is constant, R = R0 N - B, and what is
internalised goes straight to the lysosome (kint, klys).

Defaults: no recycling of the complex, no endosomal dissociation, no fluid-phase uptake,
no cleavage inside cells unless the card says so; `released_by_dead_cells` 1, the choice
that favours the bystander effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adckit.errors import ModelError
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import chain_of, deconjugation, outside_plasma
from adckit.mechanisms.delivery import Surroundings, surroundings
from adckit.mechanisms.growth import dies
from adckit.mechanisms.pools import ANTIGEN, Pool
from adckit.mechanisms.populations import SPACE, Population, populations_of
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import (
    ANTIBODY_DEGRADED,
    ANTIGEN_DEGRADED,
    ANTIGEN_SYNTHESISED,
    PAYLOAD_LOST,
    Routes,
    role_issues,
)
from adckit.network.expr import ONE, ZERO, Expr, Symbol, maximum
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Species

__all__ = ["add_cell"]

REFERENCE = "A4"


@dataclass(frozen=True)
class _Cell:
    """The cells of one population: their pools and what surrounds them."""

    population: Population
    bound: Pool | None
    """None for cells without antigen."""
    endosomal: Pool | None
    """None too where what is internalised goes straight to the lysosome."""
    lysosomal: Pool
    place: Surroundings
    initial: Expr
    """Share of the cells of the tumour at the start, in this place."""
    catabolite: str
    """Name of the payload species that the lysosome makes."""

    @property
    def inside_state(self) -> str:
        """Payload that the lysosome makes, in the cells."""
        return self.population.named(f"{self.catabolite}_intracellular")

    @property
    def whole(self) -> list[Pool]:
        """Pools whose antibody is not digested."""
        return [pool for pool in (self.bound, self.endosomal) if pool is not None]

    @property
    def pools(self) -> list[Pool]:
        return [*self.whole, self.lysosomal]

    @property
    def free(self) -> Symbol:
        """Free antigen on the surface."""
        return self.population.symbol("surface_receptor")

    @property
    def inside(self) -> Symbol:
        """Free antigen in endosomes."""
        return self.population.symbol("endosomal_receptor")

    def named(self, stem: str) -> str:
        """The name of a reaction in these cells."""
        return self.population.named(stem)


def _cells(blueprint: Blueprint, read: Reader) -> list[_Cell]:
    chain, species = chain_of(blueprint), Routes(blueprint).catabolite
    if species is None:
        raise ModelError("Cells cannot be added:", role_issues(blueprint))
    cycling = blueprint.variant("cell") == "cycling"
    place, populations = surroundings(blueprint, read), populations_of(blueprint)

    def cell(population: Population) -> _Cell:
        named, about = population.named, population.about
        bound = endosomal = None
        if population.antigen:
            label = about("on the cell surface")
            bound = chain.pool(named("bound"), label, "tumour", antigen=cycling)
        if population.antigen and cycling:
            label = about("in endosomes")
            endosomal = chain.pool(named("endosomal"), label, "tumour", antigen=True)
        lysosomal = chain.pair(named("lysosomal"), about("in lysosomes"), "tumour")
        initial = place.share * population.initial_share(read, populations)
        return _Cell(
            population, bound, endosomal, lysosomal, place, initial, species.name
        )

    return [cell(population) for population in populations]


def add_cell(network: Network, blueprint: Blueprint) -> Network:
    """Antibody on and in the cells of the tumour, and their antigen.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    cells = _cells(blueprint, read)
    parts: list[Part] = [ANTIBODY_DEGRADED, PAYLOAD_LOST]
    for cell in cells:
        for pool in cell.pools:
            parts += pool.species()
        if cell.endosomal is not None:
            parts += [ANTIGEN_SYNTHESISED, ANTIGEN_DEGRADED]
            parts += _receptors(read, cell)
            parts += _cycling(read, cell, cell.endosomal)
        elif cell.bound is not None:
            parts += _bulk(read, cell, cell.bound)
        parts += _lysosome(read, cell)
        parts += _lost_payload(read, blueprint, cell)
        if dies(blueprint):
            parts += _death(read, cell)
    parts.append(_conjugate(blueprint, cells))
    kind = blueprint.variant("cell")
    return read.add_to(network, *parts).note(f"Cells: {kind} antigen (A4)")


def _receptors(read: Reader, cell: _Cell) -> Iterator[Part]:
    """Free antigen: made, internalised, recycled, degraded, and born with new cells."""
    free, inside = cell.free, cell.inside
    per_cell = cell.population.receptors(read)
    endocytosis = read("receptor_endocytosis_rate")
    degradation = read("receptor_degradation_rate")
    recycling = read.optional("receptor_recycling_rate", ZERO)
    per_cell_inside = per_cell * endocytosis / (degradation + recycling)
    label = "free antigen on the cell surface"
    yield from _free_antigen(read, cell, free, per_cell, label)
    label = "free antigen in endosomes"
    yield from _free_antigen(read, cell, inside, per_cell_inside, label)

    def flow(name: str, rate: Expr, changes: Mapping[str, float]) -> Reaction:
        return Reaction(cell.named(name), rate, changes, REFERENCE)

    made = per_cell_inside * degradation * cell.place.cells(cell.population)
    changes = {free.name: 1.0, ANTIGEN_SYNTHESISED.name: 1.0}
    yield flow("receptor_synthesis", made, changes)
    changes = {free.name: -1.0, inside.name: 1.0}
    yield flow("receptor_endocytosis", endocytosis * free, changes)
    if recycling is not ZERO:
        changes = {inside.name: -1.0, free.name: 1.0}
        yield flow("receptor_recycling", recycling * inside, changes)
    changes = {inside.name: -1.0, ANTIGEN_DEGRADED.name: 1.0}
    yield flow("receptor_degradation", degradation * inside, changes)


def _free_antigen(
    read: Reader, cell: _Cell, symbol: Symbol, per_cell: Expr, label: str
) -> Iterator[Part]:
    """One state of free antigen, at rest at the start and in every new cell."""
    begin = per_cell * read("cell_density") * read("initial_tumour_volume")
    yield Species(
        symbol.name,
        "nmol",
        begin * cell.initial,
        "tumour",
        {ANTIGEN: 1.0},
        cell.population.about(label),
    )
    yield Reaction(
        f"{symbol.name}_of_new_cells",
        per_cell * cell.place.births(cell.population),
        {symbol.name: 1.0, ANTIGEN_SYNTHESISED.name: 1.0},
        REFERENCE,
    )


def _cycling(read: Reader, cell: _Cell, endosomal: Pool) -> Iterator[Reaction]:
    bound = cell.bound
    assert bound is not None  # there is no endosomal pool without it
    yield from _surface(read, cell, bound, cell.free, {cell.free.name: 1.0})
    yield from bound.move(
        cell.named("internalisation"),
        endosomal,
        read("complex_internalisation_rate"),
        reference=REFERENCE,
    )
    name = cell.named("complex_recycling")
    recycling = read.optional("complex_recycling_rate", ZERO)
    yield from endosomal.move(name, bound, recycling, {}, REFERENCE)
    yield from endosomal.move(
        cell.named("sorting"),
        cell.lysosomal,
        read("complex_sorting_rate"),
        {ANTIGEN_DEGRADED.name: 1},
        REFERENCE,
    )
    yield from endosomal.move(
        cell.named("endosomal_dissociation"),
        cell.lysosomal,
        read.optional("endosomal_dissociation_rate", ZERO),
        {cell.inside.name: 1},
        REFERENCE,
    )


def _bulk(read: Reader, cell: _Cell, bound: Pool) -> Iterator[Reaction]:
    """Constant receptors: what is internalised is replaced at once."""
    receptors = cell.population.receptors(read) * cell.place.cells(cell.population)
    sites = maximum(receptors - bound.antibody, ZERO)
    yield from _surface(read, cell, bound, sites, {})
    name, rate = cell.named("internalisation"), read("complex_internalisation_rate")
    yield from bound.move(name, cell.lysosomal, rate, {}, REFERENCE)


def _surface(
    read: Reader, cell: _Cell, bound: Pool, sites: Expr, freed: Mapping[str, float]
) -> Iterator[Reaction]:
    """Binding to free `sites`, and release, which frees a site again."""
    around, taken = cell.place.pool, {name: -held for name, held in freed.items()}
    on = read("association_rate")
    binding = on * sites / cell.place.volume
    unbinding = on * read("dissociation_constant")
    yield from around.move(cell.named("binding"), bound, binding, taken, REFERENCE)
    yield from bound.move(cell.named("unbinding"), around, unbinding, freed, REFERENCE)


def _lysosome(read: Reader, cell: _Cell) -> Iterator[Reaction]:
    """Fluid-phase uptake, and proteolysis that frees what the antibody carries."""
    place, lysosomal = cell.place, cell.lysosomal
    drunk = read.optional("pinocytosis_rate", ZERO) * place.cells(cell.population)
    name, rate = cell.named("pinocytosis"), drunk / place.volume
    yield from place.pool.move(name, lysosomal, rate, {}, REFERENCE)
    yield from lysosomal.lose(
        cell.named("lysosomal_degradation"),
        read("lysosomal_degradation_rate"),
        ANTIBODY_DEGRADED.name,
        {cell.inside_state: ONE},
        reference=REFERENCE,
    )


def _lost_payload(
    read: Reader, blueprint: Blueprint, cell: _Cell
) -> Iterator[Reaction]:
    """Payload that leaves antibody which stays whole."""
    law, outside = deconjugation(blueprint, read), outside_plasma(read)
    if cell.bound is not None:
        yield from cell.bound.release(
            cell.named("surface_deconjugation"),
            lambda n: law(n) * outside,
            cell.place.released,
            REFERENCE,
        )
    cleavage = read.optional("intracellular_cleavage_rate", ZERO)
    for pool in (cell.endosomal, cell.lysosomal):
        if pool is not None:
            name = f"{pool.name}_cleavage"
            yield from pool.release(
                name, lambda n: cleavage * n, cell.inside_state, REFERENCE
            )


def _death(read: Reader, cell: _Cell) -> Iterator[Reaction]:
    """What becomes of antibody and antigen when a cell disappears."""
    returned = read.optional("released_by_dead_cells", ONE)
    rate = cell.population.death_rate
    degraded = {ANTIGEN_DEGRADED.name: 1.0}
    for pool in cell.whole:
        also = degraded if pool.antigen else {}
        name = f"{pool.name}_of_dead_cells"
        yield from pool.move(name, cell.place.pool, rate * returned, also, REFERENCE)
        yield from pool.lose(
            f"{name}_lost",
            rate * (1 - returned),
            ANTIBODY_DEGRADED.name,
            {PAYLOAD_LOST.name: ONE},
            also,
            REFERENCE,
        )
    yield from cell.lysosomal.lose(
        f"{cell.lysosomal.name}_of_dead_cells",
        rate,
        ANTIBODY_DEGRADED.name,
        {
            cell.place.payload[cell.catabolite]: returned,
            PAYLOAD_LOST.name: 1 - returned,
        },
        reference=REFERENCE,
    )
    for symbol in (cell.free, cell.inside) if cell.endosomal is not None else ():
        yield Reaction(
            f"{symbol.name}_of_dead_cells",
            rate * symbol,
            {symbol.name: -1, **degraded},
            REFERENCE,
        )


def _conjugate(blueprint: Blueprint, cells: list[_Cell]) -> Observable:
    """Conjugate of the tumour; the digested antibody of the lysosome is not counted."""
    whole: Expr = ZERO
    if blueprint.variant("delivery") in ("well-mixed", "krogh"):
        whole = cells[0].place.pool.conjugated
    for pool in (pool for cell in cells for pool in cell.whole):
        whole = whole + pool.conjugated
    return Observable(
        "tumour_conjugate",
        whole / SPACE,
        "nM",
        "conjugate in and on tumour cells and around them, per tumour volume",
    )
