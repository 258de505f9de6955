"""From a blueprint to a network: the mechanisms that its choices ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adckit.errors import Issue, ModelError
from adckit.mechanisms.antigen_binding import free_antibody_as_rules
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.cell import add_cell
from adckit.mechanisms.delivery import add_delivery
from adckit.mechanisms.disposition import add_disposition
from adckit.mechanisms.growth import add_growth, growth_issues
from adckit.mechanisms.intracellular import add_intracellular_payload
from adckit.mechanisms.krogh import add_krogh, krogh_issues, onto_rings
from adckit.mechanisms.krogh_outputs import add_krogh_outputs
from adckit.mechanisms.medium import add_medium, add_supply, in_a_dish, seeded
from adckit.mechanisms.payload import add_payload
from adckit.mechanisms.plain import add_plain, plain_blueprint
from adckit.mechanisms.populations import population_issues
from adckit.mechanisms.routes import has_cells, has_tumour, role_issues
from adckit.mechanisms.shed_antigen import add_shed_antigen
from adckit.mechanisms.target_disposition import (
    add_target_disposition,
    quasi_steady_pools,
    target_disposition_issues,
)
from adckit.mechanisms.toxicity.organs import add_organs, organ_issues
from adckit.mechanisms.vocabulary import problems, specification
from adckit.network.network import Network
from adckit.parameters import Parameter

__all__ = ["assemble", "plain_model"]

_KEPT = ("body_weight", "body_surface_area", "payload_molar_mass")
"""Kept in every model that has them: doses and results are converted with them."""

_Mechanism = Callable[[Network, Blueprint], Network]


def assemble(blueprint: Blueprint) -> Network:
    """The network of a blueprint.

    Raises ModelError with everything that is wrong: parameters that are missing, of
    the wrong unit or outside their limits, choices that contradict each other.
    """
    blueprint = seeded(blueprint)
    issues = [*_parameter_issues(blueprint), *growth_issues(blueprint)]
    issues += [*organ_issues(blueprint), *population_issues(blueprint)]
    if blueprint.load is not None:
        issues += [*role_issues(blueprint), *krogh_issues(blueprint)]
        issues += target_disposition_issues(blueprint)
    else:
        issues += _plain_issues(blueprint)
    network = Network(blueprint.name)
    for mechanism in _mechanisms(blueprint):
        if mechanism is add_organs and issues:
            break  # it looks at what all others made, and they did not
        try:
            network = mechanism(network, blueprint)
        except ModelError as error:
            issues += error.issues
    if issues:
        headline = f"Model '{blueprint.name}' cannot be built:"
        raise ModelError(headline, dict.fromkeys(issues))
    network = free_antibody_as_rules(network, blueprint, quasi_steady_pools(blueprint))
    kept = (blueprint.parameters[n] for n in _KEPT if n in blueprint.parameters)
    return network.add(*kept)


def plain_model(
    parameters: Mapping[str, str | Parameter],
    *,
    compartments: int = 1,
    amount: str = "mg",
    name: str = "plain",
) -> Network:
    """A plain model from parameters such as `{"clearance": "0.7 L/day", ...}`.

    `amount` is the unit of doses, mg or nmol; `concentration` is then in ug/mL or nM.
    With an `absorption_rate` there is a depot, and it is the first port.

    Raises ModelError with every parameter that is missing or outside its limits, and
    UnitError for a text that is no quantity.
    """
    return assemble(plain_blueprint(parameters, compartments, amount, name))


def _mechanisms(blueprint: Blueprint) -> list[_Mechanism]:
    if blueprint.load is None:
        return [add_plain]
    if in_a_dish(blueprint):
        supply = [add_supply] if blueprint.variant("medium") == "constant" else []
        return [add_growth, add_medium, add_cell, add_intracellular_payload, *supply]
    chosen: list[_Mechanism] = [add_disposition, add_payload]
    if blueprint.variant("shed_antigen") != "none":
        chosen.append(add_shed_antigen)
    if blueprint.variant("target_disposition") != "none":
        chosen.append(add_target_disposition)
    if has_tumour(blueprint):
        rings = blueprint.variant("delivery") == "krogh"
        chosen += [add_growth, add_krogh if rings else add_delivery]
    if has_cells(blueprint):
        chosen += [add_cell, add_intracellular_payload]
    if blueprint.organs:  # last, because they see what leaves all others
        chosen.append(add_organs)
    if blueprint.variant("delivery") == "krogh":
        chosen += [onto_rings, add_krogh_outputs]
    return chosen


def _plain_issues(blueprint: Blueprint) -> list[Issue]:
    """Choices that a plain drug, which binds nothing, cannot follow."""
    what = (
        "needs a conjugate that binds the antigen; a plain drug does not. Leave it out"
    )
    return [
        Issue(f"choice '{choice}'", what)
        for choice in ("shed_antigen", "target_disposition")
        if blueprint.variant(choice) != "none"
    ]


def _parameter_issues(blueprint: Blueprint) -> list[Issue]:
    """Parameters with a wrong unit or an impossible value; unknown ones are left."""
    species = tuple(s.name for s in blueprint.species)
    issues = []
    for name, parameter in blueprint.parameters.items():
        spec = specification(name, species)
        if spec is not None:
            found = problems(parameter, spec)
            issues += [Issue(f"parameter '{name}'", problem) for problem in found]
    return issues
