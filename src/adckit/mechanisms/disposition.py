"""A1. Disposition of the antibody with its payload, in 1, 2 or 3 compartments.

    dA1/dt = In - (CL/V1) A1 - (Q/V1) A1 + (Q/V2) A2        for every state of the pool
    dA2/dt =      (Q/V1) A1 - (Q/V2) A2
    deconjugation  kd_n in plasma, theta_p kd_n outside
    load-dependent clearance  CL_n = CL (1 + g n^p)         (species form only)
    weight  CL, Q: (BW/BW_ref)^b_CL,  V: (BW/BW_ref)^b_V

Payload that the linker releases goes to the released species in plasma; of the payload
of degraded antibody a share `catabolite_recovery` reaches plasma as the catabolite and
the rest is excreted where the antibody was degraded.

Defaults: theta_p 1 (Bender's rates in all compartments give the measured clearance of
conjugate, in plasma alone they do not), g 0, no scaling with weight.  Each assay is a
functional of the antibody in plasma, on shed antigen or not: see `_observables`.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import chain_of, deconjugation, outside_plasma
from adckit.mechanisms.pools import Pool, Rate
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import (
    ANTIBODY_DEGRADED,
    PAYLOAD_EXCRETED,
    PAYLOAD_EXCRETED_IN_SITU,
    Routes,
)
from adckit.mechanisms.shed_pools import plasma_contents
from adckit.molecules.conjugate import conjugate_molar_mass
from adckit.network.expr import ONE, TIME, ZERO, Expr, Symbol, as_expr, exp, maximum
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Observable, Port, Reaction, Rule
from adckit.parameters import Parameter, Source

__all__ = [
    "add_disposition",
    "antibody_clearance",
    "central_pool",
    "conjugate_mass",
    "degraded_payload",
    "peripheral_place",
    "plasma_volume",
]

REFERENCE = "A1.1"

_LEDGERS = (ANTIBODY_DEGRADED, PAYLOAD_EXCRETED, PAYLOAD_EXCRETED_IN_SITU)
_OUTER = {
    "one-compartment": (),
    "two-compartment": (("peripheral", "distribution_clearance", "peripheral_volume"),),
    "three-compartment": (
        ("peripheral", "distribution_clearance", "peripheral_volume"),
        (
            "deep_peripheral",
            "deep_distribution_clearance",
            "deep_peripheral_volume",
        ),
    ),
}
"""Variant -> pools outside plasma, with their exchange and volume."""


def central_pool(blueprint: Blueprint) -> Pool:
    """The pool of conjugate in plasma."""
    return chain_of(blueprint).pool("central", "plasma", "plasma")


def plasma_volume(read: Reader) -> Expr:
    """Volume of the central compartment of antibody, L."""
    return _by_weight(read, "central_volume", "volume_weight_exponent")


def _by_weight(read: Reader, name: str, exponent: str) -> Expr:
    power = read.optional(exponent, ZERO)
    if power is ZERO:
        return read.scaled(name)
    relative = read("body_weight") / read("reference_body_weight")
    return read.scaled(name, relative**power)


def add_disposition(network: Network, blueprint: Blueprint) -> Network:
    """Antibody and its payload in plasma and periphery, with the assays of plasma.

    Doses enter by `central` as the product, and by `carrier` as naked antibody.

    Raises ModelError with every parameter that is missing.
    """
    read, chain = Reader(blueprint), chain_of(blueprint)
    law, outside = deconjugation(blueprint, read), outside_plasma(read)
    routes = Routes(blueprint)
    central, volume = central_pool(blueprint), plasma_volume(read)
    released = routes.plasma(routes.released)
    reactions = [
        *_clearance(read, central, volume, routes),
        *central.release("plasma_deconjugation", law, released, REFERENCE),
    ]
    compartments = [Compartment("plasma", volume, "plasma")]
    species = list(central.species())
    for name, clearance, size in _OUTER[blueprint.variant("disposition")]:
        exchange = _by_weight(read, clearance, "clearance_weight_exponent")
        outer, outer_volume = _outer_place(blueprint, read, name, size)
        place = outer.compartment or name
        compartments.append(Compartment(place, outer_volume, outer.label))
        species += outer.species()
        reactions += [
            *central.move(f"to_{name}", outer, exchange / volume, {}, REFERENCE),
            *outer.move(
                f"from_{name}", central, exchange / outer_volume, {}, REFERENCE
            ),
            *outer.release(
                f"{name}_deconjugation", lambda n: law(n) * outside, released, REFERENCE
            ),
        ]
    outputs: list[Part] = [
        Rule(
            "conjugate_concentration",
            plasma_contents(blueprint, central)[1] / volume,
            "nM",
            "antibody with at least one payload in plasma",
        ),
        *_observables(read, blueprint, central, volume),
        *_ports(blueprint, central),
    ]
    network = read.add_to(
        network, *compartments, *species, *_LEDGERS, *reactions, *outputs
    )
    chosen = f"{blueprint.variant('disposition')}, deconjugation "
    chosen += f"{blueprint.variant('deconjugation')}, {chain.form} form"
    return network.note(f"Antibody: {chosen} (A1.1)")


def _outer_place(
    blueprint: Blueprint, read: Reader, name: str, size: str
) -> tuple[Pool, Expr]:
    label = f"{name.replace('_', ' ')} tissue"
    pool = chain_of(blueprint).pool(name, label, f"{name}_space")
    return pool, _by_weight(read, size, "volume_weight_exponent")


def peripheral_place(blueprint: Blueprint, read: Reader) -> tuple[Pool, Expr] | None:
    """Antibody in the shallow periphery and its volume, L; None where there is none."""
    for name, _, size in _OUTER[blueprint.variant("disposition")][:1]:
        return _outer_place(blueprint, read, name, size)
    return None


def antibody_clearance(read: Reader, form: str, volume: Expr) -> Rate:
    """Elimination of antibody from plasma, 1/day; by its load in the species form."""
    clearance = _by_weight(read, "clearance", "clearance_weight_exponent") / volume
    if form != "species":
        return clearance
    slope = read.optional("clearance_dar_slope", ZERO)
    power = read.optional("clearance_dar_power", ONE)
    return lambda n: clearance * (1 + slope * as_expr(n) ** power)


def degraded_payload(read: Reader, routes: Routes) -> dict[str, Expr]:
    """Where payload of antibody goes that is degraded outside the tumour: shares."""
    recovered = read.optional("catabolite_recovery", ONE)
    plasma = routes.plasma(routes.catabolite)
    if routes.catabolite is None or plasma == PAYLOAD_EXCRETED.name:
        return {PAYLOAD_EXCRETED_IN_SITU.name: ONE}
    return {plasma: recovered, PAYLOAD_EXCRETED_IN_SITU.name: 1 - recovered}


def _clearance(
    read: Reader, central: Pool, volume: Expr, routes: Routes
) -> list[Reaction]:
    return list(
        central.lose(
            "antibody_clearance",
            antibody_clearance(read, central.form, volume),
            ANTIBODY_DEGRADED.name,
            degraded_payload(read, routes),
            reference=REFERENCE,
        )
    )


def _ports(blueprint: Blueprint, central: Pool) -> tuple[Port, Port]:
    fractions = blueprint.load.fractions if blueprint.load else (1.0,)
    return (
        Port("central", central.dose(fractions), label="conjugate into plasma"),
        Port("carrier", central.dose((1.0,)), label="naked antibody into plasma"),
    )


def conjugate_mass(read: Reader, blueprint: Blueprint) -> Symbol:
    """Molar mass of the product: doses in mg and its assay go by it."""
    name, load = "conjugate_molar_mass", blueprint.load
    if name in blueprint.parameters or load is None:
        return read(name)
    antibody, added = read.given("antibody_molar_mass", "linker_payload_molar_mass")
    if antibody is None or added is None:
        return Symbol(name)
    mass = conjugate_molar_mass(antibody.internal, added.internal, load.mean)
    source = Source(f"antibody with a mean load of {load.mean:g}")
    return read.derive(Parameter(name, mass * 1e3, "kDa", source, antibody.status))


def _earlier_antibody(read: Reader) -> Expr:
    """Antibody of earlier therapy, which the assay of total antibody sees too, nM."""
    decline = read.optional("baseline_antibody_decline", ZERO)
    return read.optional("baseline_antibody", ZERO) * exp(-(decline * TIME))


def _observables(
    read: Reader, blueprint: Blueprint, central: Pool, volume: Expr
) -> list[Observable]:
    """What each assay of plasma sees; mass goes by the molar mass of the product."""
    antibody_mass = read("antibody_molar_mass")
    mass = conjugate_mass(read, blueprint)
    trace = volume * read("trace_antibody")
    antibody, conjugate, payload = plasma_contents(blueprint, central)
    total = antibody / volume + _earlier_antibody(read)
    return [
        Observable(
            "conjugate",
            conjugate / volume * mass,
            "ug/mL",
            "conjugate in plasma: antibody with at least one payload",
        ),
        Observable(
            "total_antibody",
            total * antibody_mass,
            "ug/mL",
            "antibody in plasma, with and without payload",
        ),
        Observable(
            "naked_antibody",
            (antibody - conjugate) / volume * antibody_mass,
            "ug/mL",
            "antibody in plasma that has lost all its payload",
        ),
        Observable(
            "conjugated_payload",
            payload / volume,
            "nM",
            "payload on antibody in plasma",
        ),
        Observable(
            "mean_dar",
            payload / maximum(antibody, trace),
            "1",
            "payloads per antibody in plasma, naked antibody counted",
        ),
        Observable(
            "mean_dar_conjugate",
            payload / maximum(conjugate, trace),
            "1",
            "payloads per conjugate in plasma, naked antibody not counted",
        ),
        Observable("conjugate_nM", conjugate / volume, "nM", "conjugate in plasma"),
        Observable("total_antibody_nM", total, "nM", "antibody in plasma"),
    ]
