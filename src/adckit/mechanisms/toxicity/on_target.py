"""A7.4. An organ whose cells carry the antigen: uptake, kill, renewal.

Amounts in the whole organ; N = N0 K cells, V the interstitium, Cp and C antibody in
plasma and around the cells, Ci payload of species i.

    dA/dt = PS (eps Cp - C) - kon C (R0 N - B) + koff B              for every state
    dB/dt = kon C (R0 N - B) - (koff + knet + kd) B
    dL/dt = knet B - (klys + kd) L                                        [nmol/day]
    payload in cells   made in lysosomes, on tubulin, out and in as in a tumour (A4)
    payload outside    exchanged with plasma, PSi (Cpi - Ci)
    dK/dt = (1 - K)/T - kkill K,   kkill = kmax th^h/(th50^h + th^h),   kd = 1/T + kkill
    lesion = 1 - K

The number of receptors per cell is constant.  What endosomes recycle has not left the
surface: knet = kint ksort/(ksort + krecC).  A cell that is killed or shed takes its
drug along, out of the body (antibody_degraded, payload_lost_with_dead_cells).  Drug of
the organ is drug that plasma has lost, so an organ rich in antigen is also a sink.

Antigen traffic, affinity, tubulin and membrane transport are those of the product; the
size of the organ, its antigen and its sensitivity are its own.

Defaults: Hill coefficient 1, no recycling, no cleavage in cells, no entry of payload,
as in the cells of a tumour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adckit.errors import ModelError
from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.chain import chain_of, deconjugation, outside_plasma
from adckit.mechanisms.disposition import central_pool, plasma_volume
from adckit.mechanisms.payload import payload_volume
from adckit.mechanisms.pools import PAYLOAD, Pool
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import (
    ANTIBODY_DEGRADED,
    PAYLOAD_EXCRETED,
    PAYLOAD_LOST,
    Routes,
    role_issues,
)
from adckit.network.expr import ONE, ZERO, Expr, Symbol, maximum
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Observable, Reaction, Rule, Species

__all__ = ["OnTargetOrgan", "add_on_target_organ"]

REFERENCE = "A7.4"
_LEAST_SHARE = 1e-6
"""Share of the cells below which rates per cell do not grow any more."""


@dataclass(frozen=True)
class OnTargetOrgan:
    """What tells one such organ from another."""

    name: str
    """Start of its parameters and states."""
    label: str
    cells: str
    """What its cells are called."""


@dataclass(frozen=True)
class _Organ:
    """The pools and symbols of one organ."""

    name: str
    label: str
    blueprint: Blueprint
    read: Reader

    @property
    def viable(self) -> Symbol:
        """Cells relative to their number without drug."""
        return Symbol(f"{self.name}_viable_share")

    @property
    def cells(self) -> Symbol:
        return Symbol(f"{self.name}_cell_count")

    @property
    def kill(self) -> Symbol:
        return Symbol(f"{self.name}_kill_rate")

    @property
    def occupancy(self) -> Symbol:
        return Symbol(f"{self.name}_tubulin_occupancy")

    @property
    def loss(self) -> Expr:
        """Cells killed or shed, per cell."""
        return self.kill + 1 / self.of("turnover_time")

    def of(self, suffix: str) -> Symbol:
        """A parameter of the organ."""
        return self.read(f"{self.name}_{suffix}")

    def pool(self, where: str, label: str) -> Pool:
        chain = chain_of(self.blueprint)
        return chain.pool(
            f"{self.name}_{where}", f"{self.label}, {label}", f"{self.name}_space"
        )

    def payload(self, species: PayloadSpecies, where: str) -> Species:
        """One state of a species: `interstitial`, `intracellular` or `tubulin`."""
        label = f"{species.label} in {self.label}, {where}"
        return Species(
            f"{self.name}_{species.name}_{where}",
            compartment=f"{self.name}_space",
            content={PAYLOAD: 1.0},
            label=label,
        )


def add_on_target_organ(
    network: Network, blueprint: Blueprint, kind: OnTargetOrgan
) -> Network:
    """An organ that takes up conjugate by its antigen, and its lesion.

    Raises ModelError with every parameter that is missing.
    """
    read, routes = Reader(blueprint), Routes(blueprint)
    organ = _Organ(kind.name, kind.label, blueprint, read)
    if routes.catabolite is None or routes.released is None:
        raise ModelError("An organ cannot be added:", role_issues(blueprint))
    lysosomal = chain_of(blueprint).pair(
        f"{kind.name}_lysosomal", f"{kind.label}, in lysosomes", f"{kind.name}_space"
    )
    free = organ.pool("interstitial", "around the cells")
    bound = organ.pool("bound", "on cells")
    made = organ.payload(routes.catabolite, "intracellular").name
    released = organ.payload(routes.released, "interstitial").name
    volume = organ.of("interstitial_volume")
    parts: list[Part] = [
        Compartment(f"{kind.name}_space", volume, f"{kind.label}, around the cells"),
        ANTIBODY_DEGRADED,
        PAYLOAD_EXCRETED,
        PAYLOAD_LOST,
        *(part for pool in (free, bound, lysosomal) for part in pool.species()),
        *_exchange(organ, free, volume),
        *_binding(organ, free, bound, lysosomal, volume),
        *_release(organ, (free, bound), lysosomal, released, made),
        *_death(organ, bound, lysosomal),
    ]
    for species in blueprint.species:
        parts += _payload(organ, species, volume)
    parts += _cells(organ, kind)
    return read.add_to(network, *parts).note(f"{kind.label.capitalize()}: (A7.4)")


def _exchange(organ: _Organ, free: Pool, volume: Expr) -> Iterator[Reaction]:
    """Antibody between plasma and the interstitium of the organ."""
    central, read, name = central_pool(organ.blueprint), organ.read, organ.name
    exchange = organ.of("antibody_exchange")
    entry = exchange * organ.of("partition") / plasma_volume(read)
    yield from central.move(f"{name}_uptake", free, entry, {}, REFERENCE)
    yield from free.move(f"{name}_washout", central, exchange / volume, {}, REFERENCE)


def _binding(
    organ: _Organ, free: Pool, bound: Pool, lysosomal: Pool, volume: Expr
) -> Iterator[Reaction]:
    read, name = organ.read, organ.name
    sites = maximum(organ.of("receptors_per_cell") * organ.cells - bound.antibody, ZERO)
    on = read("association_rate")
    off = on * read("dissociation_constant")
    internalised: Expr = read("complex_internalisation_rate")
    if organ.blueprint.variant("cell") == "cycling":
        recycled = read.optional("complex_recycling_rate", ZERO)
        sorted_ = read("complex_sorting_rate")
        internalised = internalised * sorted_ / (sorted_ + recycled)
    rate = on * sites / volume
    yield from free.move(f"{name}_binding", bound, rate, {}, REFERENCE)
    yield from bound.move(f"{name}_unbinding", free, off, {}, REFERENCE)
    yield from bound.move(
        f"{name}_internalisation", lysosomal, internalised, {}, REFERENCE
    )


def _release(
    organ: _Organ,
    outside: tuple[Pool, Pool],
    lysosomal: Pool,
    released: str,
    made: str,
) -> Iterator[Reaction]:
    """Payload that leaves antibody: by the linker, and by proteolysis."""
    read, name = organ.read, organ.name
    law, relative = deconjugation(organ.blueprint, read), outside_plasma(read)
    for pool in outside:
        yield from pool.release(
            f"{pool.name}_deconjugation",
            lambda n: law(n) * relative,
            released,
            REFERENCE,
        )
    cleavage = read.optional("intracellular_cleavage_rate", ZERO)
    yield from lysosomal.release(
        f"{name}_cleavage", lambda n: cleavage * n, made, REFERENCE
    )
    yield from lysosomal.lose(
        f"{name}_lysosomal_degradation",
        read("lysosomal_degradation_rate"),
        ANTIBODY_DEGRADED.name,
        {made: ONE},
        reference=REFERENCE,
    )


def _death(organ: _Organ, *pools: Pool) -> Iterator[Reaction]:
    """Antibody that leaves the body with cells."""
    for pool in pools:
        yield from pool.lose(
            f"{pool.name}_of_dead_cells",
            organ.loss,
            ANTIBODY_DEGRADED.name,
            {PAYLOAD_LOST.name: ONE},
            reference=REFERENCE,
        )


def _payload(organ: _Organ, species: PayloadSpecies, volume: Expr) -> Iterator[Part]:
    """One payload species around the cells, in them and on their tubulin."""
    read, name = organ.read, f"{organ.name}_{species.name}"
    routes = Routes(organ.blueprint)
    outside, inside, bound = (
        organ.payload(species, where)
        for where in ("interstitial", "intracellular", "tubulin")
    )
    yield from (outside, inside, bound)

    def flow(what: str, rate: Expr, source: str, target: str) -> Reaction:
        changes = {source: -1.0, target: 1.0}
        return Reaction(f"{name}_{what}", rate, changes, REFERENCE)

    plasma, exchange = routes.plasma(species), organ.of("payload_exchange")
    around = outside.symbol / volume
    yield flow("washout", exchange * around, outside.name, plasma)
    if species in routes.in_plasma:
        concentration = Symbol(plasma) / payload_volume(read, species)
        yield flow("uptake", exchange * concentration, plasma, outside.name)
    efflux = read(f"{species.name}_efflux_rate") * inside.symbol
    yield flow("efflux", efflux, inside.name, outside.name)
    entry = read.optional(f"{species.name}_influx_rate", ZERO) * around
    if entry is not ZERO:
        space = organ.of("cell_volume") * organ.cells
        yield flow("influx", entry * space, outside.name, inside.name)
    on = read("tubulin_association_rate")
    sites = read("tubulin_concentration") * (1 - organ.occupancy)
    yield flow("binding", on * sites * inside.symbol, inside.name, bound.name)
    off = on * read("tubulin_dissociation_constant")
    yield flow("unbinding", off * bound.symbol, bound.name, inside.name)
    for state in (inside, bound):
        what = f"{state.name.removeprefix(name + '_')}_of_dead_cells"
        yield flow(what, organ.loss * state.symbol, state.name, PAYLOAD_LOST.name)


def _cells(organ: _Organ, kind: OnTargetOrgan) -> Iterator[Part]:
    """Cells that are killed and renewed, and what is missing of them."""
    read, name = organ.read, organ.name
    count = organ.of("cells") * maximum(organ.viable, _LEAST_SHARE)
    yield Rule(organ.cells.name, count, "cells", kind.cells)
    bound: Expr = ZERO
    for species in organ.blueprint.species:
        bound = bound + organ.payload(species, "tubulin").symbol
    space = organ.of("cell_volume") * organ.cells
    occupancy = bound / (read("tubulin_concentration") * space)
    label = f"share of tubulin that holds payload, {kind.cells}"
    yield Rule(organ.occupancy.name, occupancy, "1", label)
    hill = read.optional(f"{name}_kill_hill", ONE)
    effect = (organ.occupancy / organ.of("half_kill_occupancy")) ** hill
    killed = organ.of("maximum_kill_rate") * effect / (1 + effect)
    yield Rule(organ.kill.name, killed, "1/day", f"killing of {kind.cells}")
    yield Species(organ.viable.name, "1", ONE, label=f"{kind.cells} left, share")
    turnover = organ.of("turnover_time")
    changes = {organ.viable.name: 1.0}
    yield Reaction(f"{name}_renewal", ONE / turnover, changes, REFERENCE)
    gone = {organ.viable.name: -1.0}
    yield Reaction(f"{name}_cell_loss", organ.loss * organ.viable, gone, REFERENCE)
    yield Observable(f"{name}_lesion", 1 - organ.viable, "%", f"{kind.cells} missing")
    yield Observable(f"{name}_occupancy", organ.occupancy, "1", label)
