"""A3b. What is seen of a Krogh cylinder: profiles, how deep drug goes, and why.

    penetration     (sum T_i)^2 / sum(T_i^2/s_i): share of the tissue that would hold
                    all the antibody T if it were spread evenly; 100 % is even
    Damkoehler      kon Ag R_K^2 / (eps^2 D')      binding against diffusion
    Thiele^2        ke Ag R_K^2 / (eps D' (KD + Cp))      uptake against diffusion
    Phi             ke Ag (R_K^2 - R_c^2) / (2 R_c P Cp)      uptake against supply

Ag is antigen on the surface per tissue volume without drug, and ke Ag the most antibody
that cells take up in the long run: with constant receptors ke is the internalisation of
the complex, otherwise it is the rate at which antigen is made anew per surface antigen,
kend kdeg/(kdeg + krec), since each molecule of antigen is used up once.  D' is the
diffusivity of tissue concentrations, D/eps.  Below Phi = 1 the whole cylinder
saturates, above it a rim at most; well-mixed delivery is good enough while Phi < 0.3.
All three with the typical R_K; Thiele and Phi follow the plasma concentration Cp of all
antibody, with payload or without, since either saturates antigen.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.delivery import SHARE, surroundings
from adckit.mechanisms.disposition import central_pool, plasma_volume
from adckit.mechanisms.populations import SPACE, Population, populations_of, total_of
from adckit.mechanisms.reading import Reader
from adckit.network.expr import ZERO, Expr, Symbol, maximum, select
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Rule

__all__ = ["PROFILES", "add_krogh_outputs"]

PROFILES = (
    "free_antibody_in_ring",
    "antibody_in_ring",
    "payload_in_ring",
    "antigen_taken_in_ring",
    "kill_in_ring",
)
"""Outputs with a value in every ring, from the capillary outwards."""


def add_krogh_outputs(network: Network, blueprint: Blueprint) -> Network:
    """Outputs of a tumour whose pools are in rings."""
    read = Reader(blueprint)
    populations = populations_of(blueprint)
    known = {species.name for species in network.species}
    rules = {rule.name for rule in network.rules}
    held = _antibody(blueprint, read, populations, known)
    parts: list[Part] = [*_penetration(read, held)]
    plasma = central_pool(blueprint).antibody / plasma_volume(read)
    parts += _numbers(read, populations, plasma, _uptake(blueprint, read))
    parts += _profiles(blueprint, read, populations, held, known, rules)
    return read.add_to(network, *parts)


def _antibody(
    blueprint: Blueprint,
    read: Reader,
    populations: tuple[Population, ...],
    known: set[str],
) -> Expr:
    """Antibody in a ring, free, on cells and in them, nmol."""
    total = surroundings(blueprint, read).pool.antibody
    for population in populations:
        for stem in ("bound", "endosomal", "lysosomal"):
            total = total + _pool(population.named(stem), known)
    return total


def _pool(name: str, known: set[str]) -> Expr:
    """Antibody of a pool in either form; 0 if there is no such pool."""
    antibody, by_load = f"{name}_antibody", f"{name}_dar_"
    if antibody in known:
        return Symbol(antibody)
    return total_of(Symbol(s) for s in sorted(known) if s.startswith(by_load))


def _penetration(read: Reader, held: Expr) -> Iterator[Part]:
    total, squares = Symbol("antibody_in_tissue"), Symbol("antibody_in_tissue_squared")
    yield Rule(total.name, held, "nmol", "antibody in the tumour", total=True)
    label = "the same squared, over the share of each ring"
    yield Rule(squares.name, held**2 / SHARE, "nmol^2", label, total=True)
    trace = read("trace_antibody") * SPACE
    even = total**2 / maximum(squares, trace**2)
    label = "share of the tissue that antibody reaches"
    yield Observable("penetration", select(total - trace, even, ZERO), "%", label)


def _uptake(blueprint: Blueprint, read: Reader) -> Expr:
    """Most antibody taken up per surface antigen in the long run, 1/day."""
    if blueprint.variant("cell") == "bulk":
        return read("complex_internalisation_rate")
    degradation = read("receptor_degradation_rate")
    recycling = read.optional("receptor_recycling_rate", ZERO)
    made = degradation / (degradation + recycling)
    return read("receptor_endocytosis_rate") * made


def _numbers(
    read: Reader, populations: tuple[Population, ...], plasma: Expr, uptake: Expr
) -> Iterator[Observable]:
    """Damkoehler, Thiele and Phi."""
    antigen = total_of(
        population.receptors(read) * population.initial_share(read, populations)
        for population in populations
        if population.antigen
    ) * read("cell_density")
    capillary, krogh = read("capillary_radius"), read("krogh_radius")
    space, diffusivity = read("antibody_void_fraction"), read("antibody_diffusivity")
    taken = uptake * antigen
    binding = read("association_rate") * antigen * krogh**2 / (space * diffusivity)
    label = "binding against diffusion (Damkoehler number)"
    yield Observable("damkoehler", binding, "1", label)
    around = read("dissociation_constant") + plasma
    thiele = (taken * krogh**2 / (diffusivity * around)) ** 0.5
    label = "uptake by cells against diffusion (Thiele modulus)"
    yield Observable("thiele", thiele, "1", label)
    supply = 2 * capillary * read("antibody_permeability")
    supply = supply * maximum(plasma, read("trace_antibody"))
    phi = taken * (krogh**2 - capillary**2) / supply
    label = "uptake by cells against supply (Phi): above 1 only a rim is reached"
    yield Observable("phi", phi, "1", label)


def _profiles(
    blueprint: Blueprint,
    read: Reader,
    populations: tuple[Population, ...],
    held: Expr,
    known: set[str],
    rules: set[str],
) -> Iterator[Observable]:
    place = surroundings(blueprint, read)
    volume = SHARE * SPACE

    def profile(name: str, value: Expr, unit: str, label: str) -> Observable:
        return Observable(name, value, unit, label, profile=True)

    free = place.pool.antibody / place.volume
    yield profile(
        PROFILES[0], free, "nM", "antibody in the interstitium, as cells see it"
    )
    label = "antibody in the tissue, free, on cells and in them"
    yield profile(PROFILES[1], held / volume, "nM", label)
    cells = total_of(place.space(p) * p.payload for p in populations)
    payload = cells / total_of(place.space(p) for p in populations)
    yield profile(PROFILES[2], payload, "nM", "payload in cells, per cell volume")
    on_cells: Expr = ZERO
    antigen: Expr = ZERO
    for population in populations:
        surface = population.named("surface_receptor")
        if surface in known:
            bound = _pool(population.named("bound"), known)
            on_cells = on_cells + bound
            antigen = antigen + bound + Symbol(surface)
    if antigen is not ZERO:
        label = "share of surface antigen that holds antibody"
        yield profile(PROFILES[3], on_cells / antigen, "%", label)
    if all(population.kill.name in rules for population in populations):
        killed = total_of(p.kill * p.viable for p in populations)
        one_cell = read("cells_at_cure") / read("cell_density")
        viable = maximum(total_of(p.viable for p in populations), one_cell)
        yield profile(PROFILES[4], killed / viable, "1/day", "killing of viable cells")
