"""Which pools of antibody a sample of plasma holds.

An assay of plasma does not see antibody on the cells of a tissue, but it does see
antibody on antigen that circulates: `conjugate` and `total_antibody` count both.  What
is not on shed antigen has outputs of its own (`shed_antigen`).
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.chain import chain_of
from adckit.mechanisms.pools import Pool
from adckit.network.expr import ZERO, Expr

__all__ = ["plasma_contents", "shed_complexes", "total_pool"]


def shed_complexes(blueprint: Blueprint) -> tuple[Pool, ...]:
    """Antibody on shed antigen that has states of its own: with one, then with two."""
    chain, form = chain_of(blueprint), blueprint.variant("shed_antigen")
    if form not in ("full", "two-site"):
        return ()
    one = chain.pool("shed_bound", "on shed antigen in plasma", "plasma", antigen=1)
    if form == "full":
        return (one,)
    label = "on two shed antigens in plasma"
    return one, chain.pool("shed_bound_twice", label, "plasma", antigen=2)


def total_pool(blueprint: Blueprint, free: Pool) -> Pool:
    """Free and bound antibody of a place together, where binding is quasi-steady."""
    label = f"{free.label}, free and bound"
    return chain_of(blueprint).pool(
        f"total_{free.name}", label, free.compartment or free.name
    )


def plasma_contents(blueprint: Blueprint, central: Pool) -> tuple[Expr, Expr, Expr]:
    """Antibody, conjugate and payload that the assays of plasma count, nmol."""
    pools: tuple[Pool, ...] = (central, *shed_complexes(blueprint))
    if blueprint.variant("shed_antigen") in ("qss", "qe"):
        pools = (total_pool(blueprint, central),)
    antibody: Expr = ZERO
    conjugate: Expr = ZERO
    payload: Expr = ZERO
    for pool in pools:
        antibody = antibody + pool.antibody
        conjugate = conjugate + pool.conjugated
        payload = payload + pool.payload
    return antibody, conjugate, payload
