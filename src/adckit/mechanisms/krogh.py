"""A3b. Delivery from capillaries into the tissue around them: Krogh cylinders.

Tissue between the wall of a capillary, R_c, and half the way to the next one, R_K, is
cut into rings of equal thickness h; ring i lies between r_i = R_c + i h and r_i + h.
Every pool of the tumour is an amount in each ring; C is that amount per tissue volume.

    between rings   2 w r_(i+1) D / (h (R_K^2 - R_c^2)) V (C_i - C_(i+1))/eps
    at the wall     2 w R_c / (R_K^2 - R_c^2) V (Cp - C_0/eps) / (1/P + h/(2 D))
    ring i holds    s_i = w (r_(i+1)^2 - r_i^2)/(R_K^2 - R_c^2) of the tumour [nmol/day]

D acts on the accessible concentration C/eps, as in A3a, so that P, D and eps mean the
same in both; a published D of tissue concentrations is D/eps here.  The wall is in
series with half of the first ring.  Nothing leaves at R_K.  The antibody's twins and
every payload species go the same way with their own P, D and eps, and inside a ring
cells are those of A4 and A5.  The error falls with the square of the number of rings.

V is the volume of the tumour: cylinders are added as it grows, and each ring keeps its
share of the tissue.  Cells are killed where the payload is; growth and loss of cells
change the number of cylinders, not what is in one ring rather than another.

Distances between capillaries differ: with `spacings` 3 or 5 there are as many kinds of
cylinders in parallel, R_K of each being krogh_radius exp(z ln krogh_radius_variation)
with z and the share w of the tissue from Gauss-Hermite quadrature.

Defaults: 60 rings, one spacing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from adckit.errors import Issue
from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.chain import deconjugation, outside_plasma
from adckit.mechanisms.delivery import SHARE, Surroundings, surroundings
from adckit.mechanisms.disposition import central_pool, plasma_volume
from adckit.mechanisms.growth import dies, kill_reaction
from adckit.mechanisms.payload import payload_volume
from adckit.mechanisms.pools import PAYLOAD
from adckit.mechanisms.populations import SPACE, TOTAL, populations_of
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import PAYLOAD_EXCRETED, Routes
from adckit.network.expr import Expr, Symbol, exp, log
from adckit.network.lattice import CELL, Lattice, outer
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Reaction, Rule, Species

__all__ = ["add_krogh", "krogh_issues", "onto_rings", "ring_edges", "spacing_nodes"]

REFERENCE = "A3b"
_UNIMPORTANT = 1.0
"""nM in a ring, below which accuracy does not matter: tissue holds hundreds of nM of
antigen, and following the foot of a front to 1 pM takes twice the steps."""
_NODE, _WEIGHT = Symbol("spacing_node"), Symbol("spacing_weight")
_RADIUS = Symbol("spacing_radius")


def spacing_nodes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a standard normal distribution, (count,) each."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def ring_edges(
    capillary: float, krogh: float, variation: float, cells: int, spacings: int
) -> np.ndarray:
    """Radii of the rings, (spacing, cells + 1), in the unit of the two radii."""
    nodes, _ = spacing_nodes(spacings)
    outermost = krogh * variation**nodes
    steps = np.linspace(0.0, 1.0, cells + 1)
    edges: np.ndarray = capillary + (outermost[:, None] - capillary) * steps
    return edges


def krogh_issues(blueprint: Blueprint) -> list[Issue]:
    """Radii that leave no tissue."""
    names = ("capillary_radius", "krogh_radius", "krogh_radius_variation")
    given = [blueprint.parameters.get(name) for name in names]
    capillary, krogh, variation = (p.internal if p else math.nan for p in given)
    if blueprint.variant("delivery") != "krogh" or not capillary > 0:
        return []
    count = int(blueprint.variant("spacings"))
    varied = variation if count > 1 else 1.0
    narrowest = float(ring_edges(capillary, krogh, varied, 1, count)[:, -1].min())
    if not narrowest <= capillary:
        return []
    um = 1e5  # per dm
    which = "krogh_radius" if count == 1 else f"the smallest of {count} Krogh radii"
    what = (
        f"has no tissue: {which} is {narrowest * um:.3g} um and capillary_radius "
        f"{capillary * um:.3g} um; give a larger krogh_radius or a smaller "
        "capillary_radius" + (" or krogh_radius_variation" if count > 1 else "")
    )
    return [Issue("the Krogh cylinder", what)]


def add_krogh(network: Network, blueprint: Blueprint) -> Network:
    """Exchange at the wall of the capillaries, and diffusion into the tissue.

    Raises ModelError with every parameter that is missing.
    """
    read = Reader(blueprint)
    rings, place = _Rings(blueprint, read), surroundings(blueprint, read)
    parts: list[Part] = [
        rings.radius_rule(),
        Rule(SHARE.name, rings.share(CELL), "1", "share of the tumour in this ring"),
        *_antibody(read, blueprint, rings, place),
    ]
    for species in blueprint.species:
        parts += _payload(read, blueprint, rings, place, species)
    lines, cells = rings.lattice.lines, rings.lattice.cells
    note = f"Delivery: Krogh cylinders, {lines} x {cells} rings (A3b)"
    return read.add_to(network, rings.lattice, *parts).note(note)


def onto_rings(network: Network, blueprint: Blueprint) -> Network:
    """The pools of the tumour as pools of every ring, and killing in every ring."""
    least = SHARE * SPACE * _UNIMPORTANT
    species = tuple(
        replace(s, lattice=True, scale=least) if s.compartment == "tumour" else s
        for s in network.species
    )
    compartments = tuple(
        Compartment(c.name, SHARE * c.volume, c.label) if c.name == "tumour" else c
        for c in network.compartments
    )
    kills: dict[str, Reaction] = {}
    if dies(blueprint):
        local = (kill_reaction(p, SHARE) for p in populations_of(blueprint))
        kills = {reaction.name: reaction for reaction in local}
    reactions = tuple(kills.get(r.name, r) for r in network.reactions)
    return replace(
        network, species=species, compartments=compartments, reactions=reactions
    )


class _Rings:
    """Geometry of the rings as expressions of the number of a ring."""

    def __init__(self, blueprint: Blueprint, read: Reader) -> None:
        self.read = read
        spacings = int(blueprint.variant("spacings"))
        nodes, weights = spacing_nodes(spacings)
        tables = {
            _NODE.name: tuple(map(float, nodes)),
            _WEIGHT.name: tuple(map(float, weights)),
        }
        cells = int(blueprint.variant("radial_cells"))
        self.lattice = Lattice("Krogh cylinder", cells, spacings, tables)
        self.capillary = read("capillary_radius")
        self.step = (_RADIUS - self.capillary) / cells
        self.annulus = _RADIUS**2 - self.capillary**2

    def radius_rule(self) -> Rule:
        """R_K of each kind of cylinder."""
        radius: Expr = self.read("krogh_radius")
        if self.lattice.lines > 1:
            variation = self.read("krogh_radius_variation")
            radius = radius * exp(_NODE * log(variation))
        label = "half the distance between capillaries, of this kind of cylinder"
        return Rule(_RADIUS.name, radius, "dm", label)

    def edge(self, ring: Expr) -> Expr:
        """Inner radius of a ring."""
        return self.capillary + self.step * ring

    def share(self, ring: Expr) -> Expr:
        """Share of the tumour that is in a ring."""
        width = self.edge(ring + 1) ** 2 - self.edge(ring) ** 2
        return _WEIGHT * width / self.annulus

    def between(self, owner: str) -> Expr:
        """Exchange of a ring with the next one, per concentration in all tissue."""
        diffusivity = self.read(f"{owner}_diffusivity")
        scale = 2 * _WEIGHT * self.edge(CELL + 1) / (self.step * self.annulus)
        return scale * diffusivity / self.read(f"{owner}_void_fraction")

    def wall(self, owner: str) -> Rule:
        """Exchange of the first ring with plasma."""
        permeability = self.read(f"{owner}_permeability")
        inside = self.step / (2 * self.read(f"{owner}_diffusivity"))
        scale = 2 * _WEIGHT * self.capillary / self.annulus
        # P/(1 + P h/2D), which is 0 for P = 0, where 1/P would not be a number
        passed = permeability / (1 + permeability * inside)
        name = f"{owner}_wall_exchange"
        return Rule(name, scale * passed, "1/day", "capillary wall and half a ring")

    def spreading(self, owner: str, states: tuple[str, ...]) -> Iterator[Reaction]:
        """Diffusion of states from a ring to the next one."""
        share, next_share = SHARE, self.share(CELL + 1)
        for name in states:
            state = Symbol(name)
            beyond = outer(state)
            gradient = state / share - beyond / next_share
            yield Reaction(
                f"{name}_diffusion",
                self.between(owner) * gradient,
                {name: -1, beyond.name: 1},
                REFERENCE,
                place="faces",
            )


def _at_wall(reactions: Iterator[Reaction]) -> Iterator[Reaction]:
    return (replace(reaction, place="first") for reaction in reactions)


def _antibody(
    read: Reader, blueprint: Blueprint, rings: _Rings, place: Surroundings
) -> Iterator[Part]:
    central, inside = central_pool(blueprint), place.pool
    wall = rings.wall("antibody")
    uptake = wall.symbol * TOTAL / plasma_volume(read)
    washout = wall.symbol / (read("antibody_void_fraction") * SHARE)
    law, outside = deconjugation(blueprint, read), outside_plasma(read)
    yield wall
    yield from inside.species()
    yield from _at_wall(central.move("tumour_uptake", inside, uptake, {}, REFERENCE))
    yield from _at_wall(inside.move("tumour_washout", central, washout, {}, REFERENCE))
    yield from rings.spreading("antibody", inside.states)
    yield from inside.release(
        "interstitial_deconjugation",
        lambda n: law(n) * outside,
        place.released,
        REFERENCE,
    )


def _payload(
    read: Reader,
    blueprint: Blueprint,
    rings: _Rings,
    place: Surroundings,
    species: PayloadSpecies,
) -> Iterator[Part]:
    name, routes = species.name, Routes(blueprint)
    wall, outside = rings.wall(name), routes.plasma(species)
    inside = Species(
        place.payload[name],
        compartment="tumour",
        content={PAYLOAD: 1.0},
        label=f"{species.label} in the interstitium of the tumour",
    )
    washout = wall.symbol / (read(f"{name}_void_fraction") * SHARE) * inside.symbol
    yield wall
    yield inside
    yield PAYLOAD_EXCRETED
    yield Reaction(
        f"{name}_tumour_washout",
        washout,
        {inside.name: -1, outside: 1},
        REFERENCE,
        place="first",
    )
    yield from rings.spreading(name, (inside.name,))
    if species in routes.in_plasma:
        concentration = Symbol(outside) / payload_volume(read, species)
        yield Reaction(
            f"{name}_tumour_uptake",
            TOTAL * wall.symbol * concentration,
            {outside: -1, inside.name: 1},
            REFERENCE,
            place="first",
        )
