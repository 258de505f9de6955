"""A2. Payload that has left the antibody, in plasma and periphery, species by species.

    dM1/dt = J_in - (CL/V1) M1 - (Q/V1) M1 + (Q/V2) M2            [nmol/day]
    dM2/dt =        (Q/V1) M1 - (Q/V2) M2
    J_in   = deconjugation (released species), degraded antibody (catabolite), tumour

What is cleared is counted in the ledger `payload_excreted`.  Variants: two
compartments, one, or none (all payload that leaves the antibody is excreted at once).
There are no defaults: kinetics of free payload differ a hundredfold between products.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.pools import PAYLOAD
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import PAYLOAD_EXCRETED, Routes
from adckit.network.expr import Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Observable, Reaction, Species

__all__ = ["add_payload", "payload_volume"]

REFERENCE = "A2"


def payload_volume(read: Reader, species: PayloadSpecies) -> Expr:
    """Volume of plasma as a payload species sees it, L."""
    return read.scaled(f"{species.name}_central_volume")


def add_payload(network: Network, blueprint: Blueprint) -> Network:
    """Free payload in plasma and periphery, with its assay.

    Raises ModelError with every parameter that is missing.
    """
    read, routes = Reader(blueprint), Routes(blueprint)
    parts: list[Part] = [PAYLOAD_EXCRETED]
    for species in routes.in_plasma:
        parts += _kinetics(read, blueprint, species)
    if routes.in_plasma and routes.released is not None:
        main = routes.released
        concentration = Symbol(routes.plasma(main)) / payload_volume(read, main)
        label = f"free payload in plasma: {main.label}"
        parts.append(Observable("free_payload", concentration, "nM", label))
    network = read.add_to(network, *parts)
    names = ", ".join(s.label for s in routes.in_plasma) or "not followed"
    return network.note(f"Free payload: {blueprint.variant('payload')}: {names} (A2)")


def _kinetics(
    read: Reader, blueprint: Blueprint, species: PayloadSpecies
) -> list[Part]:
    name = species.name
    volume, plasma = payload_volume(read, species), f"{name}_plasma"
    central = _state(f"{name}_central", plasma, f"{species.label} in plasma")
    cleared = read.scaled(f"{name}_clearance") / volume * central.symbol
    parts: list[Part] = [
        Compartment(plasma, volume, f"plasma, for {species.label}"),
        central,
        Reaction(
            f"{name}_excretion",
            cleared,
            {central.name: -1, PAYLOAD_EXCRETED.name: 1},
            REFERENCE,
        ),
        Observable(
            f"free_{name}", central.symbol / volume, "nM", f"{species.label} in plasma"
        ),
    ]
    if blueprint.variant("payload") == "two-compartment":
        parts += _periphery(read, species, central, volume)
    return parts


def _periphery(
    read: Reader, species: PayloadSpecies, central: Species, volume: Expr
) -> list[Part]:
    name, place = species.name, f"{species.name}_periphery"
    exchange = read.scaled(f"{name}_distribution_clearance")
    outer_volume = read.scaled(f"{name}_peripheral_volume")
    outer = _state(f"{name}_peripheral", place, f"{species.label} in tissue")
    return [
        Compartment(place, outer_volume, f"tissue, for {species.label}"),
        outer,
        Reaction(
            f"{name}_to_periphery",
            exchange / volume * central.symbol,
            {central.name: -1, outer.name: 1},
            REFERENCE,
        ),
        Reaction(
            f"{name}_from_periphery",
            exchange / outer_volume * outer.symbol,
            {outer.name: -1, central.name: 1},
            REFERENCE,
        ),
    ]


def _state(name: str, place: str, label: str) -> Species:
    return Species(name, compartment=place, content={PAYLOAD: 1.0}, label=label)
