"""A1.6. Antibody that binds an antigen outside the tumour: three forms of one law.

An antigen with the amount R beside antibody A in a volume V, both in nmol; X is the
complex, which carries payload as every pool of antibody does.

    full    dR/dt = ksyn - kdeg R - kon (A/V) R + koff X
            dX/dt =                 kon (A/V) R - (koff + kX) X        for every state
    qss     T = A + X and S = R + X are the states, and binding is as fast as its
    qe      constant says:  K = KD + kX/kon (qss, quasi-steady state)
                            K = KD          (qe, quasi-equilibrium)
            X/V   = 2 t s / [t + s + K + sqrt((t - s)^2 + 2 K (t + s) + K^2)]
            dT/dt = ... A ... - kX X,   dS/dt = ksyn - kdeg (S - X) - kX X
                                                t = T/V,  s = S/V      [nmol/day]

In the last two the share X/T of every state of T is bound, whatever it carries, since
binding does not look at the load.  All other mechanisms see the free amount A, which is
then a rule and no state; what they take from it leaves T.  The form of the root loses
no digits when one partner is in great excess.

With K = KD + kX/kon the free antibody is C = [(t - s - K) + sqrt((t - s - K)^2 +
4 K t)]/2, the form of Gibiansky 2008 that is usually printed; it is the same number.

The complex loses payload by deconjugation.  When it is destroyed its antibody and its
antigen are degraded and its payload goes the way of antibody that is eliminated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.pools import ANTIGEN, Law, Pool, Rate
from adckit.mechanisms.routes import (
    ANTIBODY_DEGRADED,
    ANTIGEN_DEGRADED,
    ANTIGEN_SYNTHESISED,
)
from adckit.mechanisms.shed_pools import total_pool
from adckit.network.expr import Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import Port, Reaction, Rule, Species

__all__ = [
    "QUASI_STEADY",
    "Antigen",
    "antigen_state",
    "bound_share",
    "complex_fate",
    "free_antibody_as_rules",
    "full_binding",
    "quasi_steady_binding",
    "quasi_steady_constant",
    "turnover",
]

REFERENCE = "A1.6"
QUASI_STEADY = ("qss", "qe")
"""Forms in which binding has no states."""


@dataclass(frozen=True)
class Antigen:
    """An antigen, what binds it, and what becomes of the complex."""

    name: str
    """Start of the names of its fluxes."""
    state: Species
    """Free antigen (full form), or free and bound together."""
    pool: Pool
    """Free antibody beside it."""
    volume: Expr
    """In which both are dissolved, L."""
    synthesis: Expr
    """nmol/day"""
    degradation: Expr
    """Of free antigen, 1/day."""
    association: Expr
    """1/nM/day"""
    dissociation_constant: Expr
    """nM"""
    loss: Rate
    """Of the complex, 1/day."""
    law: Law
    """Deconjugation in the complex."""
    released: str
    """Where payload goes that leaves the complex by deconjugation."""
    degraded: Mapping[str, Expr]
    """Where payload of a destroyed complex goes: state -> share."""


def antigen_state(name: str, initial: Expr, place: str, label: str) -> Species:
    """Antigen of one place, nmol."""
    return Species(name, "nmol", initial, place, {ANTIGEN: 1.0}, label)


def turnover(antigen: Antigen, free: Expr) -> Iterator[Part]:
    """Antigen is made, and degraded where it is free."""
    name, state = antigen.name, antigen.state.name
    yield from (antigen.state, ANTIBODY_DEGRADED, ANTIGEN_DEGRADED, ANTIGEN_SYNTHESISED)
    yield Reaction(
        f"{name}_antigen_synthesis",
        antigen.synthesis,
        {state: 1, ANTIGEN_SYNTHESISED.name: 1},
        REFERENCE,
    )
    yield Reaction(
        f"{name}_antigen_degradation",
        antigen.degradation * free,
        {state: -1, ANTIGEN_DEGRADED.name: 1},
        REFERENCE,
    )


def full_binding(
    antigen: Antigen, complexed: Pool, sites: float = 1.0
) -> Iterator[Part]:
    """Antigen and complex with states of their own.

    `sites` are the free sites of an antibody that has bound no antigen yet.
    """
    name, free, state = antigen.name, antigen.pool, antigen.state
    on = sites * antigen.association * state.symbol / antigen.volume
    off = antigen.association * antigen.dissociation_constant
    yield from turnover(antigen, state.symbol)
    yield from complexed.species()
    yield from free.move(f"{name}_binding", complexed, on, {state.name: -1}, REFERENCE)
    yield from complexed.move(
        f"{name}_unbinding", free, off, {state.name: 1}, REFERENCE
    )
    yield from complex_fate(antigen, complexed, name)


def complex_fate(
    antigen: Antigen, complexed: Pool, name: str, held: float = 1.0
) -> Iterator[Reaction]:
    """A complex with states of its own is destroyed, or loses payload."""
    yield from complexed.lose(
        f"{name}_complex_loss",
        antigen.loss,
        ANTIBODY_DEGRADED.name,
        antigen.degraded,
        {ANTIGEN_DEGRADED.name: held},
        REFERENCE,
    )
    yield from complexed.release(
        f"{name}_complex_deconjugation", antigen.law, antigen.released, REFERENCE
    )


def quasi_steady_constant(antigen: Antigen, form: str) -> Expr:
    """K of the form `qss` or `qe`, nM; a loss by load counts as that of load 0."""
    if form == "qe":
        return antigen.dissociation_constant
    loss = antigen.loss if isinstance(antigen.loss, Expr) else antigen.loss(0)
    return antigen.dissociation_constant + loss / antigen.association


def bound_share(pool: str) -> Symbol:
    """Share of the antibody of a pool that is bound, in the forms without states."""
    return Symbol(f"{pool}_bound_share")


def quasi_steady_binding(
    antigen: Antigen, blueprint: Blueprint, form: str
) -> Iterator[Part]:
    """Antibody and antigen, free and bound together, with binding at rest.

    The free antibody becomes a rule in `free_antibody_as_rules`, when all is there.
    """
    name, state = antigen.name, antigen.state
    total, share = total_pool(blueprint, antigen.pool), bound_share(antigen.pool.name)
    constant = Rule(
        f"{name}_binding_constant",
        quasi_steady_constant(antigen, form),
        "nM",
        "free antibody at which half of the antigen is bound",
    )
    k = constant.symbol
    t, s = total.antibody / antigen.volume, state.symbol / antigen.volume
    root = ((t - s) ** 2 + 2 * k * (t + s) + k**2) ** 0.5
    label = f"share of antibody that is bound, {antigen.pool.label}"
    yield constant
    yield Rule(share.name, 2 * s / (t + s + k + root), "1", label)
    yield from total.species()
    yield from turnover(antigen, state.symbol - share * total.antibody)
    yield from total.lose(
        f"{name}_complex_loss",
        _times(antigen.loss, share),
        ANTIBODY_DEGRADED.name,
        antigen.degraded,
        {state.name: -1, ANTIGEN_DEGRADED.name: 1},
        REFERENCE,
    )
    yield from total.release(
        f"{name}_complex_deconjugation",
        lambda n: antigen.law(n) * share,
        antigen.released,
        REFERENCE,
    )


def _times(rate: Rate, share: Expr) -> Rate:
    if isinstance(rate, Expr):
        return rate * share
    return lambda n: rate(n) * share


def free_antibody_as_rules(
    network: Network, blueprint: Blueprint, pools: tuple[Pool, ...]
) -> Network:
    """The network with the states of free antibody as rules of the total.

    Rates keep their free amounts; what they move is moved from and to the total.
    """
    totals: dict[str, str] = {}
    rules = []
    for pool in pools:
        free_share = 1 - bound_share(pool.name)
        species = zip(pool.species(), total_pool(blueprint, pool).states, strict=True)
        for free, total in species:
            totals[free.name] = total
            value = free_share * Symbol(total)
            rules.append(Rule(free.name, value, free.unit, f"{free.label}, free"))
    moved = (replace(r, changes=_renamed(r.changes, totals)) for r in network.reactions)
    return replace(
        network,
        species=tuple(s for s in network.species if s.name not in totals),
        reactions=tuple(moved),
        ports=tuple(_port(port, totals) for port in network.ports),
    ).add(*rules)


def _renamed(
    changes: Mapping[str, float], names: Mapping[str, str]
) -> dict[str, float]:
    return {names.get(name, name): change for name, change in changes.items()}


def _port(port: Port, names: Mapping[str, str]) -> Port:
    amounts = {names.get(name, name): amount for name, amount in port.amounts.items()}
    return replace(port, amounts=amounts)
