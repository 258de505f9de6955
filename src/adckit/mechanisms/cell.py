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

Variant `bulk`: the number of receptors is constant, R = R0 N - B, and what is
internalised goes straight to the lysosome (kint, klys).

Defaults: no recycling of the complex, no endosomal dissociation, no fluid-phase uptake,
no cleavage inside cells unless the card says so; `released_by_dead_cells` 1, the choice
that favours the bystander effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adckit.errors import ModelError
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import chain_of, deconjugation, outside_plasma
from adckit.mechanisms.delivery import Surroundings, surroundings
from adckit.mechanisms.growth import BIRTHS, CELLS, DEATH_RATE, SPACE, dies
from adckit.mechanisms.pools import ANTIGEN, Pool
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
FREE, INSIDE = Symbol("surface_receptor"), Symbol("endosomal_receptor")


@dataclass(frozen=True)
class _Cell:
    """The pools of the cells and what surrounds them."""

    bound: Pool
    endosomal: Pool
    lysosomal: Pool
    place: Surroundings
    catabolite: str
    """Name of the payload species that the lysosome makes."""

    @property
    def inside_state(self) -> str:
        """Payload that the lysosome makes, in the cells."""
        return f"{self.catabolite}_intracellular"


def _cell(blueprint: Blueprint, read: Reader) -> _Cell:
    chain, species = chain_of(blueprint), Routes(blueprint).catabolite
    if species is None:
        raise ModelError("Cells cannot be added:", role_issues(blueprint))
    cycling = blueprint.variant("cell") == "cycling"
    return _Cell(
        chain.pool("bound", "on the cell surface", "tumour", antigen=cycling),
        chain.pool("endosomal", "in endosomes", "tumour", antigen=True),
        chain.pair("lysosomal", "in lysosomes", "tumour"),
        surroundings(blueprint, read),
        species.name,
    )


def add_cell(network: Network, blueprint: Blueprint) -> Network:
    """Antibody on and in the cells of the tumour, and their antigen.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    cell = _cell(blueprint, read)
    cycling = blueprint.variant("cell") == "cycling"
    pools = [cell.bound, *([cell.endosomal] if cycling else []), cell.lysosomal]
    parts: list[Part] = [ANTIBODY_DEGRADED, PAYLOAD_LOST]
    for pool in pools:
        parts += pool.species()
    if cycling:
        parts += [ANTIGEN_SYNTHESISED, ANTIGEN_DEGRADED]
        parts += _receptors(read)
        parts += _cycling(read, cell)
    else:
        parts += _bulk(read, cell)
    parts += _lysosome(read, cell)
    parts += _lost_payload(read, blueprint, cell, pools)
    if dies(blueprint):
        parts += _death(read, cell, pools, cycling)
    parts.append(_conjugate(blueprint, cell, pools))
    kind = blueprint.variant("cell")
    return read.add_to(network, *parts).note(f"Cells: {kind} antigen (A4)")


def _binding(read: Reader, place: Surroundings, receptors: Expr) -> tuple[Expr, Expr]:
    """Per-capita rates of binding and of release, 1/day."""
    on = read("association_rate")
    return on * receptors / place.volume, on * read("dissociation_constant")


def _receptors(read: Reader) -> Iterator[Part]:
    """Free antigen: made, internalised, recycled, degraded, and born with new cells."""
    per_cell = read("receptors_per_cell")
    endocytosis = read("receptor_endocytosis_rate")
    degradation = read("receptor_degradation_rate")
    recycling = read.optional("receptor_recycling_rate", ZERO)
    inside = per_cell * endocytosis / (degradation + recycling)
    made = {ANTIGEN_SYNTHESISED.name: 1.0}
    for symbol, start, label in (
        (FREE, per_cell, "free antigen on the cell surface"),
        (INSIDE, inside, "free antigen in endosomes"),
    ):
        content = {ANTIGEN: 1.0}
        begin = start * read("cell_density") * read("initial_tumour_volume")
        yield Species(symbol.name, "nmol", begin, "tumour", content, label)
        newborn = f"{symbol.name}_of_new_cells"
        yield Reaction(newborn, start * BIRTHS, {symbol.name: 1, **made}, REFERENCE)
    yield Reaction(
        "receptor_synthesis",
        inside * degradation * CELLS,
        {FREE.name: 1, **made},
        REFERENCE,
    )
    yield Reaction(
        "receptor_endocytosis",
        endocytosis * FREE,
        {FREE.name: -1, INSIDE.name: 1},
        REFERENCE,
    )
    if recycling is not ZERO:
        yield Reaction(
            "receptor_recycling",
            recycling * INSIDE,
            {INSIDE.name: -1, FREE.name: 1},
            REFERENCE,
        )
    yield Reaction(
        "receptor_degradation",
        degradation * INSIDE,
        {INSIDE.name: -1, ANTIGEN_DEGRADED.name: 1},
        REFERENCE,
    )


def _cycling(read: Reader, cell: _Cell) -> Iterator[Reaction]:
    free, bound, endosomal = cell.place.pool, cell.bound, cell.endosomal
    on, off = _binding(read, cell.place, FREE)
    yield from free.move("binding", bound, on, {FREE.name: -1}, REFERENCE)
    yield from bound.move("unbinding", free, off, {FREE.name: 1}, REFERENCE)
    yield from bound.move(
        "internalisation",
        endosomal,
        read("complex_internalisation_rate"),
        reference=REFERENCE,
    )
    recycling = read.optional("complex_recycling_rate", ZERO)
    yield from endosomal.move("complex_recycling", bound, recycling, {}, REFERENCE)
    yield from endosomal.move(
        "sorting",
        cell.lysosomal,
        read("complex_sorting_rate"),
        {ANTIGEN_DEGRADED.name: 1},
        REFERENCE,
    )
    yield from endosomal.move(
        "endosomal_dissociation",
        cell.lysosomal,
        read.optional("endosomal_dissociation_rate", ZERO),
        {INSIDE.name: 1},
        REFERENCE,
    )


def _bulk(read: Reader, cell: _Cell) -> Iterator[Reaction]:
    """Constant receptors: what is internalised is replaced at once."""
    free, bound = cell.place.pool, cell.bound
    sites = maximum(read("receptors_per_cell") * CELLS - bound.antibody, ZERO)
    on, off = _binding(read, cell.place, sites)
    yield from free.move("binding", bound, on, {}, REFERENCE)
    yield from bound.move("unbinding", free, off, {}, REFERENCE)
    internalised = read("complex_internalisation_rate")
    yield from bound.move(
        "internalisation", cell.lysosomal, internalised, {}, REFERENCE
    )


def _lysosome(read: Reader, cell: _Cell) -> Iterator[Reaction]:
    """Fluid-phase uptake, and proteolysis that frees what the antibody carries."""
    drunk = read.optional("pinocytosis_rate", ZERO) * CELLS / cell.place.volume
    yield from cell.place.pool.move("pinocytosis", cell.lysosomal, drunk, {}, REFERENCE)
    yield from cell.lysosomal.lose(
        "lysosomal_degradation",
        read("lysosomal_degradation_rate"),
        ANTIBODY_DEGRADED.name,
        {cell.inside_state: ONE},
        reference=REFERENCE,
    )


def _lost_payload(
    read: Reader, blueprint: Blueprint, cell: _Cell, pools: list[Pool]
) -> Iterator[Reaction]:
    """Payload that leaves antibody which stays whole."""
    law, outside = deconjugation(blueprint, read), outside_plasma(read)
    yield from cell.bound.release(
        "surface_deconjugation",
        lambda n: law(n) * outside,
        cell.place.released,
        REFERENCE,
    )
    cleavage = read.optional("intracellular_cleavage_rate", ZERO)
    for pool in pools[1:]:
        yield from pool.release(
            f"{pool.name}_cleavage",
            lambda n: cleavage * n,
            cell.inside_state,
            REFERENCE,
        )


def _death(
    read: Reader, cell: _Cell, pools: list[Pool], cycling: bool
) -> Iterator[Reaction]:
    """What becomes of antibody and antigen when a cell disappears."""
    returned = read.optional("released_by_dead_cells", ONE)
    degraded = {ANTIGEN_DEGRADED.name: 1.0}
    for pool in pools[:-1]:
        also = degraded if pool.antigen else {}
        name = f"{pool.name}_of_dead_cells"
        yield from pool.move(
            name, cell.place.pool, DEATH_RATE * returned, also, REFERENCE
        )
        yield from pool.lose(
            f"{name}_lost",
            DEATH_RATE * (1 - returned),
            ANTIBODY_DEGRADED.name,
            {PAYLOAD_LOST.name: ONE},
            also,
            REFERENCE,
        )
    yield from cell.lysosomal.lose(
        "lysosomal_of_dead_cells",
        DEATH_RATE,
        ANTIBODY_DEGRADED.name,
        {
            cell.place.payload[cell.catabolite]: returned,
            PAYLOAD_LOST.name: 1 - returned,
        },
        reference=REFERENCE,
    )
    for symbol in (FREE, INSIDE) if cycling else ():
        yield Reaction(
            f"{symbol.name}_of_dead_cells",
            DEATH_RATE * symbol,
            {symbol.name: -1, **degraded},
            REFERENCE,
        )


def _conjugate(blueprint: Blueprint, cell: _Cell, pools: list[Pool]) -> Observable:
    """Conjugate of the tumour; the digested antibody of the lysosome is not counted."""
    whole: Expr = ZERO
    if blueprint.variant("delivery") == "well-mixed":
        whole = cell.place.pool.conjugated
    for pool in pools[:-1]:
        whole = whole + pool.conjugated
    return Observable(
        "tumour_conjugate",
        whole / SPACE,
        "nM",
        "conjugate in and on tumour cells and around them, per tumour volume",
    )
