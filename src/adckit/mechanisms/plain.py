"""Plain models: a drug without a payload, in 1, 2 or 3 compartments, with a depot.

    dA0/dt = In0 - ka A0                                              (with a depot)
    dA1/dt = In1 + ka A0 - (CL/V1 + Q/V1 + Q3/V1) A1 + (Q/V2) A2 + (Q3/V3) A3
    dA2/dt = (Q/V1) A1 - (Q/V2) A2,    dA3/dt = (Q3/V1) A1 - (Q3/V3) A3

Amounts in mg or nmol, as the drug is dosed.  Parameters carry the names of antibody
disposition, and there is a depot where there is an `absorption_rate`.  There are no
defaults.
"""

from __future__ import annotations

from collections.abc import Mapping

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.reading import Reader
from adckit.network.expr import ONE, Expr
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Observable, Port, Reaction, Species
from adckit.parameters import Parameter, Source, Status
from adckit.units import parse_quantity

__all__ = ["DISPOSITIONS", "add_plain", "plain_blueprint"]

REFERENCE = "A1.1"
DISPOSITIONS = ("one-compartment", "two-compartment", "three-compartment")
"""Variants of disposition; the one at index i has i compartments outside plasma."""
_OUTER = (
    ("peripheral", "distribution_clearance", "peripheral_volume"),
    ("deep_peripheral", "deep_distribution_clearance", "deep_peripheral_volume"),
)
_OUTPUT = {"mg": "ug/mL", "nmol": "nM"}


def plain_blueprint(
    parameters: Mapping[str, str | Parameter],
    compartments: int = 1,
    amount: str = "mg",
    name: str = "plain",
) -> Blueprint:
    """The blueprint of a plain model; see `plain_model` for the arguments.

    Raises UnitError for a text that is no quantity.
    """
    given = {key: _parameter(key, value) for key, value in parameters.items()}
    disposition = dict(enumerate(DISPOSITIONS, 1)).get(compartments, str(compartments))
    return Blueprint(
        name, given, variants={"disposition": disposition, "amount": amount}
    )


def _parameter(name: str, value: str | Parameter) -> Parameter:
    if isinstance(value, Parameter):
        return value
    number, unit = parse_quantity(value)
    return Parameter(name, number, unit, Source("given by the user"), Status.ASSUMED)


def add_plain(network: Network, blueprint: Blueprint) -> Network:
    """A drug in plasma and tissue, with its concentration.

    Doses enter by `depot`, where there is one, and by `central`.

    Raises ModelError with every parameter that is missing.
    """
    read, unit = Reader(blueprint), blueprint.variant("amount")
    volume = read.scaled("central_volume")

    def state(name: str, place: str, label: str) -> Species:
        return Species(name, unit, compartment=place, content={"drug": 1}, label=label)

    def flow(name: str, rate: Expr, source: Species, target: Species) -> Reaction:
        changes = {source.name: -1.0, target.name: 1.0}
        return Reaction(name, rate * source.symbol, changes, REFERENCE)

    central = state("central_drug", "plasma", "drug in plasma")
    label = "drug eliminated"
    eliminated = Species(
        "eliminated", unit, content={"drug": 1}, label=label, ledger=True
    )
    parts: list[Part] = [Compartment("plasma", volume, "plasma"), central, eliminated]
    parts.append(
        flow("elimination", read.scaled("clearance") / volume, central, eliminated)
    )
    outside = DISPOSITIONS.index(blueprint.variant("disposition"))
    for name, clearance, size in _OUTER[:outside]:
        exchange, outer_volume = read.scaled(clearance), read.scaled(size)
        outer = state(f"{name}_drug", f"{name}_space", f"drug in {name} tissue")
        parts += [
            Compartment(f"{name}_space", outer_volume, outer.label),
            outer,
            flow(f"to_{name}", exchange / volume, central, outer),
            flow(f"from_{name}", exchange / outer_volume, outer, central),
        ]
    if "absorption_rate" in blueprint.parameters:
        depot = state("depot_drug", "plasma", "drug at the site of administration")
        parts += [
            depot,
            flow("absorption", read("absorption_rate"), depot, central),
            Port("depot", {depot.name: ONE}, unit, "drug into the depot"),
        ]
    parts += [
        Port("central", {central.name: ONE}, unit, "drug into plasma"),
        Observable(
            "concentration", central.symbol / volume, _OUTPUT[unit], "drug in plasma"
        ),
    ]
    return read.add_to(network, *parts).note(f"Plain {DISPOSITIONS[outside]} model")
