"""A3a. Delivery from plasma to the interstitium of a well-mixed tumour.

    k_ex(V) = 2 P R_cap/R_K^2 + 6 D/R_T^2,    R_T = (3 V/4 pi)^(1/3)        [1/day]
    uptake  = V k_ex Cp,   washout = V k_ex C_f/eps,   C_f = A_f/V         [nmol/day]

The canonical convention: the accessible concentration is C_f/eps, so at rest it equals
that of plasma.  (Constants of the form V k (eps Cp - C_f) are eps times larger.)  What
enters the tumour leaves plasma.  Payload species go the same way with their own P, D,
eps; the payload on antibody in the interstitium is released as in tissue (theta_p).

The first term is the capillary wall, the second the surface of the tumour.  In a lesion
smaller than R_K there is no capillary and the first should be absent; there it is less
than a thousandth of the second, so it is kept and no rate has a jump.

Variant `krogh`: see `krogh.py`.  Variant `plasma`: the cells of the tumour are in
plasma, as in a leukaemia; they bind from, and release to, the same pool that is dosed.
Variant `none`: there is no tumour.  Variant `medium`: there is no body; the cells are
in a dish (`medium.py`).

Defaults: none.  P, D and R_K are the least certain numbers of the model; the prior of
the library is P 120 um/day, between the two T-DM1 platforms and a physical estimate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.chain import chain_of, deconjugation, outside_plasma
from adckit.mechanisms.disposition import central_pool, plasma_volume
from adckit.mechanisms.payload import payload_volume
from adckit.mechanisms.pools import PAYLOAD, Pool
from adckit.mechanisms.populations import SPACE, TOTAL, Population
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import PAYLOAD_EXCRETED, PAYLOAD_LOST, Routes
from adckit.network.expr import ONE, ZERO, Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import Reaction, Rule, Species

__all__ = ["SHARE", "Surroundings", "add_delivery", "surroundings"]

REFERENCE = "A3a"
SHARE = Symbol("tissue_share")
"""Share of the tumour in a ring of a Krogh cylinder."""


@dataclass(frozen=True)
class Surroundings:
    """What the cells of the tumour live in."""

    pool: Pool
    volume: Expr
    """In which the antibody of the pool is dissolved, L."""
    payload: Mapping[str, str]
    """Payload species -> state, or ledger, that what leaves a cell goes to."""
    concentration: Mapping[str, Expr]
    """Payload species -> concentration that cells see, nM."""
    released: str
    """Where payload goes that the linker releases outside cells."""
    share: Expr = ONE
    """Of the tumour, its volume and its cells, in this place."""

    def cells(self, population: Population) -> Expr:
        """Cells of a population in this place."""
        return self.share * population.cells

    def space(self, population: Population) -> Expr:
        """Volume of a population in this place, L; above 0."""
        return self.share * population.space

    def births(self, population: Population) -> Expr:
        """Cells of a population born in this place, per day."""
        return self.share * population.births


def surroundings(blueprint: Blueprint, read: Reader) -> Surroundings:
    """The interstitium (of a ring for `krogh`), or what a variant puts in its place."""
    routes = Routes(blueprint)
    share: Expr = ONE
    states = {s.name: routes.plasma(s) for s in blueprint.species}
    if blueprint.variant("delivery") == "plasma":
        volumes = {s.name: payload_volume(read, s) for s in routes.in_plasma}
        pool, volume = central_pool(blueprint), plasma_volume(read)
    elif blueprint.variant("delivery") == "medium":
        states = {name: f"{name}_medium" for name in states}
        pool = chain_of(blueprint).pool("dissolved", "culture medium", "dish")
        volume = read("medium_volume")
        volumes = dict.fromkeys(states, volume)
    else:
        if blueprint.variant("delivery") == "krogh":
            share = SHARE
        states = {name: f"{name}_interstitial" for name in states}
        space = share * SPACE
        volumes = {name: read(f"{name}_void_fraction") * space for name in states}
        pool = chain_of(blueprint).pool("interstitial", "tumour interstitium", "tumour")
        volume = read("antibody_void_fraction") * space
    concentration = {
        name: Symbol(state) / volumes[name] if name in volumes else ZERO
        for name, state in states.items()
    }
    main = routes.released
    released = states[main.name] if main is not None else PAYLOAD_LOST.name
    return Surroundings(pool, volume, states, concentration, released, share)


def add_delivery(network: Network, blueprint: Blueprint) -> Network:
    """Exchange between plasma and the interstitium of the tumour.

    Raises ModelError with every parameter that is missing.
    """
    if blueprint.variant("delivery") != "well-mixed":
        return network.note(f"Delivery: {blueprint.variant('delivery')} (A3a)")
    read = Reader(blueprint)
    place = surroundings(blueprint, read)
    radius = (SPACE * (3 / (4 * math.pi))) ** (1 / 3)
    parts: list[Part] = [
        Rule("tumour_radius", radius, "dm", "radius of the tumour as a sphere"),
        *_antibody(read, blueprint, place),
    ]
    for species in blueprint.species:
        parts += _payload(read, blueprint, place, species)
    return read.add_to(network, *parts).note("Delivery: well-mixed tumour (A3a)")


def _exchange_rate(read: Reader, owner: str) -> Rule:
    """k_ex of antibody or of a payload species."""
    wall = 2 * read(f"{owner}_permeability") * read("capillary_radius")
    surface = 6 * read(f"{owner}_diffusivity") / Symbol("tumour_radius") ** 2
    rate = wall / read("krogh_radius") ** 2 + surface
    return Rule(f"{owner}_exchange_rate", rate, "1/day", "plasma to tumour")


def _antibody(read: Reader, blueprint: Blueprint, place: Surroundings) -> list[Part]:
    central, inside = central_pool(blueprint), place.pool
    rate = _exchange_rate(read, "antibody")
    exchange = rate.symbol
    uptake = exchange * TOTAL / plasma_volume(read)
    washout = exchange / read("antibody_void_fraction")
    law, outside = deconjugation(blueprint, read), outside_plasma(read)
    return [
        rate,
        *inside.species(),
        *central.move("tumour_uptake", inside, uptake, {}, REFERENCE),
        *inside.move("tumour_washout", central, washout, {}, REFERENCE),
        *inside.release(
            "interstitial_deconjugation",
            lambda n: law(n) * outside,
            place.released,
            REFERENCE,
        ),
    ]


def _payload(
    read: Reader, blueprint: Blueprint, place: Surroundings, species: PayloadSpecies
) -> list[Part]:
    name, routes = species.name, Routes(blueprint)
    rate = _exchange_rate(read, name)
    inside = Species(
        place.payload[name],
        compartment="tumour",
        content={PAYLOAD: 1.0},
        label=f"{species.label} in the interstitium of the tumour",
    )
    outside = routes.plasma(species)
    washout = rate.symbol / read(f"{name}_void_fraction") * inside.symbol
    parts: list[Part] = [
        rate,
        inside,
        PAYLOAD_EXCRETED,
        Reaction(
            f"{name}_tumour_washout", washout, {inside.name: -1, outside: 1}, REFERENCE
        ),
    ]
    if species in routes.in_plasma:
        concentration = Symbol(outside) / payload_volume(read, species)
        parts.append(
            Reaction(
                f"{name}_tumour_uptake",
                TOTAL * rate.symbol * concentration,
                {outside: -1, inside.name: 1},
                REFERENCE,
            )
        )
    return parts
