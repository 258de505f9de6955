"""A1.6. Antigen on normal cells: target-mediated disposition of the antibody.

    dR/dt  = kdeg R0 - kdeg R - kon (A/V) R + koff X                    [nmol/day]
    dX/dt  = kon (A/V) R - (koff + kX) X                    for every state of the pool
    R0     = receptors per cell times cells
    kdeg   = kend k/(k + krec)             kend, krec, k: traffic of the free antigen
    kX     = kint ksort/(ksort + krecC)    traffic of the complex

in plasma, and with `normal_antigen_peripheral_cells` also in the periphery, with its
own volume and concentration.  The traffic is that of the product's antigen (A4) at the
time scale of disposition: an endosome holds nothing, and what it returns has not left
the surface (variant `bulk` of cells has no return).  The complex that is internalised
is degraded: its payload goes the way of antibody that is eliminated, so plasma and
organs see it; payload also leaves the complex at the rate of tissue.

Forms, see `antigen_binding`: `full`, `qss`, `qe`, and

    michaelis-menten   antibody is eliminated at Vmax/(Km + A/V1)/V1 as well

At high concentration the antigen takes up as much as is made of it, kdeg R0 a day; at
low concentration it adds V kon (R0/V) kX/(koff + kX) to clearance; above kdeg R0/CL the
linear clearance takes over.

An estimated `clearance` mostly has this in it already.  The choice `target_clearance`
of a card says so, and one on top of the other is refused: for T-DM1 it would clear the
whole range of low doses.  Organs whose cells carry the antigen (A7.4) are the same sink
with a lesion, and are refused as well.

Assays of plasma do not see antibody on cells.  Defaults: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.errors import Issue, ModelError
from adckit.mechanisms.antigen_binding import (
    QUASI_STEADY,
    REFERENCE,
    Antigen,
    antigen_state,
    bound_share,
    full_binding,
    quasi_steady_binding,
)
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import chain_of, deconjugation, outside_plasma
from adckit.mechanisms.disposition import (
    central_pool,
    degraded_payload,
    peripheral_place,
    plasma_volume,
)
from adckit.mechanisms.organ_parameters import ON_TARGET_ORGANS
from adckit.mechanisms.pools import Pool
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.routes import ANTIBODY_DEGRADED, Routes
from adckit.mechanisms.shed_pools import total_pool
from adckit.network.expr import ZERO, Expr, maximum
from adckit.network.network import Network, Part
from adckit.network.parts import Observable

__all__ = [
    "add_target_disposition",
    "quasi_steady_pools",
    "target_disposition_issues",
]

_CHOICE = "target_disposition"
_WHERE = f"choice '{_CHOICE}'"
_PERIPHERAL_CELLS = "normal_antigen_peripheral_cells"
_DOUBLE = {
    "included": (
        "would count the antigen's uptake twice: `clearance` was estimated with it "
        "('target_clearance: included'); take the clearance of other ways alone and "
        "say 'target_clearance: excluded', or choose 'target_disposition: none'"
    ),
    "unstated": (
        "may count the antigen's uptake twice: nobody says whether `clearance` was "
        "estimated with it; say 'target_clearance: excluded' where it was not, or "
        "choose 'target_disposition: none'"
    ),
}


def _competition(blueprint: Blueprint) -> list[Issue]:
    """Two antigens, neither with states for what it binds."""
    choices = ("shed_antigen", _CHOICE)
    shed, target = (blueprint.variant(choice) for choice in choices)
    if shed not in QUASI_STEADY or target not in QUASI_STEADY:
        return []
    what = (
        f"'{shed}' and '{target}' both do without states, and two antigens that "
        "compete for one antibody have no such closed form; choose 'full' for one"
    )
    return [Issue("choices 'shed_antigen' and 'target_disposition'", what)]


def target_disposition_issues(blueprint: Blueprint) -> list[Issue]:
    """Sinks that would be counted twice, and places that do not exist."""
    form = blueprint.variant(_CHOICE)
    if form == "none":
        return []
    issues = _competition(blueprint)
    stated = blueprint.variant("target_clearance")
    if stated in _DOUBLE:
        issues.append(Issue(_WHERE, f"'{form}' {_DOUBLE[stated]}"))
    sinks = [organ for organ in blueprint.organs if organ in ON_TARGET_ORGANS]
    if sinks:
        what = (
            f"'{form}' and the organ '{sinks[0]}' take up antibody by one antigen; "
            "leave the organ out, or choose 'target_disposition: none'"
        )
        issues.append(Issue(_WHERE, what))
    outside = blueprint.parameters.get(_PERIPHERAL_CELLS)
    one = blueprint.variant("disposition") == "one-compartment"
    if form != "michaelis-menten" and one and outside is not None and outside.value:
        what = (
            "are cells of a periphery that a one-compartment model does not have; give "
            "0 cells, or choose 'disposition: two-compartment'"
        )
        issues.append(Issue(f"parameter '{_PERIPHERAL_CELLS}'", what))
    return issues


def add_target_disposition(network: Network, blueprint: Blueprint) -> Network:
    """Antigen of normal cells, or the saturable elimination that stands for it.

    Raises ModelError with every parameter that is missing.
    """
    form, read = blueprint.variant(_CHOICE), Reader(blueprint)
    impossible = _competition(blueprint)
    if impossible:
        raise ModelError("Antigen of normal cells cannot be added:", impossible)
    if form == "michaelis-menten":
        parts = list(_saturable(read, blueprint))
    else:
        parts = list(_cells(read, blueprint, form))
    note = f"Antigen of normal cells: {form} (A1.6)"
    return read.add_to(network, *parts).note(note)


def _saturable(read: Reader, blueprint: Blueprint) -> Iterator[Part]:
    central, volume = central_pool(blueprint), plasma_volume(read)
    concentration = central.antibody / volume
    most = read.scaled("target_maximum_elimination")
    rate = most / (read("target_michaelis_constant") + concentration) / volume
    yield from central.lose(
        "saturable_elimination",
        rate,
        ANTIBODY_DEGRADED.name,
        degraded_payload(read, Routes(blueprint)),
        reference=REFERENCE,
    )


def quasi_steady_pools(blueprint: Blueprint) -> tuple[Pool, ...]:
    """The pools of antibody whose binding has no states."""
    if blueprint.variant("shed_antigen") in QUASI_STEADY:
        return (central_pool(blueprint),)
    if blueprint.variant(_CHOICE) not in QUASI_STEADY:
        return ()
    places = _places(blueprint, Reader(blueprint))
    return tuple(pool for _, pool, _, _ in places)


def _places(blueprint: Blueprint, read: Reader) -> list[tuple[str, Pool, Expr, Expr]]:
    """Where normal cells with antigen are: name, antibody, volume in L, cells."""
    cells = read("normal_antigen_cells")
    found: list[tuple[str, Pool, Expr, Expr]] = [
        ("normal", central_pool(blueprint), plasma_volume(read), cells)
    ]
    outside = peripheral_place(blueprint, read)
    if _PERIPHERAL_CELLS in blueprint.parameters and outside is not None:
        more = read(_PERIPHERAL_CELLS)
        found.append(("peripheral_normal", *outside, more))
    return found


def _cells(read: Reader, blueprint: Blueprint, form: str) -> Iterator[Part]:
    bound: Expr = ZERO
    present: Expr = ZERO
    least: Expr = ZERO
    for name, pool, volume, cells in _places(blueprint, read):
        initial = read("normal_antigen_receptors_per_cell") * cells
        antigen = _antigen(read, blueprint, name, pool, volume, initial)
        whole: Expr = antigen.state.symbol
        if form in QUASI_STEADY:
            yield from quasi_steady_binding(antigen, blueprint, form)
            held = bound_share(pool.name) * total_pool(blueprint, pool).antibody
        else:
            complexed = _complex(blueprint, name, pool)
            yield from full_binding(antigen, complexed)
            held = complexed.antibody
            whole = whole + held
        bound, present = bound + held, present + whole
        least = least + read("trace_antibody") * volume
    label = "share of the antigen of normal cells that is bound"
    share = bound / maximum(present, least)
    yield Observable("normal_antigen_occupancy", share, "1", label)


def _complex(blueprint: Blueprint, name: str, pool: Pool) -> Pool:
    label, place = f"on normal cells, {pool.label}", pool.compartment or pool.name
    return chain_of(blueprint).pool(f"{name}_bound", label, place, antigen=1)


def _antigen(
    read: Reader,
    blueprint: Blueprint,
    name: str,
    pool: Pool,
    volume: Expr,
    initial: Expr,
) -> Antigen:
    routes, place = Routes(blueprint), pool.compartment or pool.name
    law, outside = deconjugation(blueprint, read), outside_plasma(read)
    free, complexed = _traffic(read, blueprint)
    label = f"antigen on normal cells, {pool.label}"
    return Antigen(
        name=name,
        state=antigen_state(f"{name}_antigen", initial, place, label),
        pool=pool,
        volume=volume,
        synthesis=free * initial,
        degradation=free,
        association=read("association_rate"),
        dissociation_constant=read("dissociation_constant"),
        loss=complexed,
        law=lambda n: law(n) * outside,
        released=routes.plasma(routes.released),
        degraded=degraded_payload(read, routes),
    )


def _traffic(read: Reader, blueprint: Blueprint) -> tuple[Expr, Expr]:
    """Net loss of free antigen and of the complex from the surface, 1/day."""
    free: Expr = read("receptor_endocytosis_rate")
    complexed: Expr = read("complex_internalisation_rate")
    if blueprint.variant("cell") != "cycling":
        return free, complexed
    degraded = read("receptor_degradation_rate")
    returned = read.optional("receptor_recycling_rate", ZERO)
    sorted_ = read("complex_sorting_rate")
    recycled = read.optional("complex_recycling_rate", ZERO)
    return (
        free * degraded / (degraded + returned),
        complexed * sorted_ / (sorted_ + recycled),
    )
