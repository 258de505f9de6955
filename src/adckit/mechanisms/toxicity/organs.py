"""The organs of a blueprint, added to its network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from adckit.errors import Issue, ModelError
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.organ_parameters import ON_TARGET_ORGANS, ORGANS
from adckit.mechanisms.toxicity.liver import add_liver
from adckit.mechanisms.toxicity.neuropathy import add_neuropathy
from adckit.mechanisms.toxicity.neutrophils import add_neutrophils
from adckit.mechanisms.toxicity.on_target import OnTargetOrgan, add_on_target_organ
from adckit.mechanisms.toxicity.platelets import add_platelets
from adckit.mechanisms.toxicity.skin import add_skin
from adckit.network.network import Network

__all__ = ["add_organs", "organ_issues"]

_NORMAL_TISSUE = OnTargetOrgan("normal_tissue", "normal tissue", "cells with antigen")


def _add_normal_tissue(network: Network, blueprint: Blueprint) -> Network:
    return add_on_target_organ(network, blueprint, _NORMAL_TISSUE)


_ADD: Mapping[str, Callable[[Network, Blueprint], Network]] = MappingProxyType(
    {
        "skin": add_skin,
        "normal-tissue": _add_normal_tissue,
        "liver": add_liver,
        "platelets": add_platelets,
        "neutrophils": add_neutrophils,
        "neuropathy": add_neuropathy,
    }
)


def organ_issues(blueprint: Blueprint) -> list[Issue]:
    """Organs that this model cannot have."""
    if not blueprint.organs:
        return []
    if blueprint.load is None:
        what = "a plain drug carries no payload; leave its organs out"
        return [Issue("organs", what)]
    if blueprint.variant("delivery") == "medium":
        what = "a dish has no organs; leave them out"
        return [Issue("organs", what)]
    issues = []
    for organ in ON_TARGET_ORGANS:
        if organ not in blueprint.organs:
            continue
        if blueprint.variant("tubulin") == "legacy":
            what = (
                "cells are killed by occupancy, which needs the physical amount of "
                "tubulin; leave out 'tubulin: legacy' or this organ"
            )
            issues.append(Issue(f"organ '{organ}'", what))
        if not blueprint.species:
            what = "needs the payload species of the conjugate; name one"
            issues.append(Issue(f"organ '{organ}'", what))
    return issues


def add_organs(network: Network, blueprint: Blueprint) -> Network:
    """Every organ of the blueprint, those that take drug up first.

    Raises ModelError with every parameter that is missing.
    """
    if organ_issues(blueprint):
        return network  # `assemble` reports them
    issues: list[Issue] = []
    for organ in (name for name in ORGANS if name in blueprint.organs):
        try:
            network = _ADD[organ](network, blueprint)
        except ModelError as error:
            issues += error.issues
    if issues:
        headline = f"Model '{blueprint.name}' lacks parameters:"
        raise ModelError(headline, dict.fromkeys(issues))
    return network
