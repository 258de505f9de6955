"""How payload leaves the antibody, and which form of pool that allows.

    (a) per-site   kd_n = n kdec                         each payload on its own
    (b) shared     kd_n = k_high for n >= 3, k_2, k_1    Bender 2014
    (c) free       kd_1 ... kd_N                         Pouzin 2022

Rates of published models are not interchangeable: `initial_payload_loss_rate` puts
them on one scale, the fraction of all payload lost per day at the start.

Defaults: law (a), the same rate outside plasma as in plasma.  The form is chosen by
`auto`: moments wherever they are exact, that is law (a) without load-dependent
clearance, and wherever the alternating sum that gives the conjugate loses less than
three digits; species otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from adckit.errors import Issue, ModelError
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.pools import Law, Pool
from adckit.mechanisms.reading import Reader
from adckit.molecules.load import DrugLoad
from adckit.network.expr import ONE, Expr, evaluate

__all__ = [
    "Chain",
    "chain_of",
    "deconjugation",
    "initial_payload_loss_rate",
    "outside_plasma",
]

MOST_CANCELLATION = 1000.0
"""Largest error of conjugate relative to that of its moments that `auto` accepts."""


@dataclass(frozen=True)
class Chain:
    """The form that the pools of one model share."""

    form: str
    load: DrugLoad

    def pool(
        self, name: str, label: str, compartment: str, *, antigen: int = 0
    ) -> Pool:
        """A pool from which antibody may come back to plasma."""
        order = self.load.sites
        if self.form == "moments":
            order = max(1, order)
        return Pool(name, label, self.form, order, compartment, antigen)

    def pair(self, name: str, label: str, compartment: str) -> Pool:
        """A pool from which antibody does not come back."""
        return Pool(name, label, "moments", 1, compartment, pair=True)


def chain_of(blueprint: Blueprint) -> Chain:
    """The chain of a conjugate.

    Raises ModelError where the moment form is asked for and would not be exact, and
    for a blueprint without a load.
    """
    if blueprint.load is None:
        what = "has no distribution of payloads; build it with `plain_model`"
        raise ModelError("Not a conjugate:", [Issue(f"'{blueprint.name}'", what)])
    form = blueprint.variant("form")
    reason = _inexact(blueprint)
    if form == "moments" and reason:
        what = f"moments are not exact: {reason}. Choose 'species' or 'auto'"
        raise ModelError("Cannot use the moment form:", [Issue("choice 'form'", what)])
    if form == "auto":
        amplified = math.fsum(f * 2**n for n, f in enumerate(blueprint.load.fractions))
        exact = not reason and amplified <= MOST_CANCELLATION
        form = "moments" if exact else "species"
    return Chain(form, blueprint.load)


def _inexact(blueprint: Blueprint) -> str:
    """Why the moment form is not exact, or nothing."""
    law = blueprint.variant("deconjugation")
    if law != "per-site":
        return f"the deconjugation law is '{law}'"
    slope = blueprint.parameters.get("clearance_dar_slope")
    if slope is not None and slope.value != 0:
        return "clearance depends on the load (clearance_dar_slope)"
    return ""


def deconjugation(blueprint: Blueprint, read: Reader) -> Law:
    """The law kd_n of the blueprint, as expressions of its parameters."""
    law = blueprint.variant("deconjugation")
    if law == "per-site":
        rate = read("deconjugation_rate")
        return lambda n: rate * n
    if law == "shared":
        high, two, one = (
            read(f"deconjugation_rate_{step}") for step in ("high", "two", "one")
        )
        return lambda n: {1: one, 2: two}.get(n, high)
    sites = blueprint.load.sites if blueprint.load else 0
    rates = [read(f"deconjugation_rate_{n}") for n in range(1, sites + 1)]
    return lambda n: rates[n - 1]


def outside_plasma(read: Reader) -> Expr:
    """Deconjugation outside plasma relative to plasma."""
    return read.optional("peripheral_deconjugation", ONE)


def initial_payload_loss_rate(blueprint: Blueprint) -> float:
    """Fraction of the payload of fresh product lost per day, 1/day.

    Raises ModelError when a parameter of the deconjugation law is missing.
    """
    load = chain_of(blueprint).load
    read = Reader(blueprint)
    law = deconjugation(blueprint, read)
    if not load.mean:
        return 0.0
    lost = [law(n) * f for n, f in enumerate(load.fractions) if n]
    values = read.values()
    return math.fsum(float(x) for x in evaluate(lost, values)) / load.mean
