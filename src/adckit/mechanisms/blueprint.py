"""What a model is made of, before it is a network.

The library fills a blueprint from cards; `assemble` turns it into a network.  A partner
can as well write one in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from adckit.errors import UnknownNameError
from adckit.mechanisms.organ_parameters import ORGANS
from adckit.molecules.load import DrugLoad
from adckit.parameters import Parameter

__all__ = ["VARIANTS", "Blueprint", "CellPopulation", "PayloadSpecies"]

VARIANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "disposition": ("two-compartment", "one-compartment", "three-compartment"),
        "deconjugation": ("per-site", "shared", "free"),
        "form": ("auto", "moments", "species"),
        "shed_antigen": ("none", "full", "two-site", "qss", "qe"),
        "target_disposition": ("none", "full", "qss", "qe", "michaelis-menten"),
        "target_clearance": ("unstated", "included", "excluded"),
        "payload": ("two-compartment", "one-compartment", "none"),
        "delivery": ("well-mixed", "krogh", "plasma", "none", "medium"),
        "radial_cells": ("60", "10", "15", "20", "30", "40", "80", "120", "240"),
        "spacings": ("1", "3", "5"),
        "medium": ("depleting", "constant"),
        "cell": ("cycling", "bulk"),
        "antigen": ("classes", "uniform"),
        "tubulin": ("physical", "legacy"),
        "growth": ("simeoni", "exponential", "logistic"),
        "kill": ("occupancy", "concentration", "linear", "plasma", "none"),
        "amount": ("mg", "nmol"),
    }
)
"""Every choice a model offers, its default first.  `target_clearance` says whether the
parameter `clearance` was estimated with uptake by the antigen in it.  `amount` is for
plain models: the unit in which a drug without a payload is dosed and counted; `antigen`
asks whether the populations of cells of the tumour are told apart, where it has any."""


@dataclass(frozen=True)
class PayloadSpecies:
    """One chemical form of the payload once it has left the antibody."""

    name: str
    """Identifier used in parameter and state names, such as `Lys_MCC_DM1`."""
    label: str
    arises: str
    """`released` by the linker outside cells, or `catabolite` of the lysosome."""


@dataclass(frozen=True)
class CellPopulation:
    """Tumour cells that differ from the others, in antigen or in their response.

    Its parameters end in `_<name>`: `share`, `receptors_per_cell`, and where it differs
    `doubling_time`, `maximum_kill_rate`, `half_kill_occupancy`, `kill_hill`,
    `efflux_factor`.
    """

    name: str
    """Identifier used in parameter and state names, such as `negative`."""
    label: str

    @property
    def share(self) -> str:
        """Name of the parameter: share of the cells of the tumour at the start."""
        return f"share_{self.name}"

    @property
    def receptors(self) -> str:
        """Name of the parameter: receptors per cell."""
        return f"receptors_per_cell_{self.name}"


@dataclass(frozen=True)
class Blueprint:
    """Parts, choices and parameters of one model."""

    name: str
    parameters: Mapping[str, Parameter]
    load: DrugLoad | None = None
    """Distribution of payloads per antibody in the product; None for a plain drug."""
    species: tuple[PayloadSpecies, ...] = ()
    variants: Mapping[str, str] = field(default_factory=dict)
    """Choices that differ from the first of each entry of `VARIANTS`."""
    organs: tuple[str, ...] = ()
    """Organs whose toxicity is followed; see `organ_parameters.ORGANS`."""
    populations: tuple[CellPopulation, ...] = ()
    """Cells of the tumour that are told apart; without any, they are all alike."""

    def __post_init__(self) -> None:
        for choice, value in self.variants.items():
            if choice not in VARIANTS:
                raise UnknownNameError("model choice", choice, VARIANTS)
            if value not in VARIANTS[choice]:
                raise UnknownNameError(f"value of '{choice}'", value, VARIANTS[choice])
        for organ in self.organs:
            if organ not in ORGANS:
                raise UnknownNameError("organ", organ, ORGANS)

    def variant(self, choice: str) -> str:
        """The value of one choice."""
        return self.variants.get(choice, VARIANTS[choice][0])

    def with_variants(self, **choices: str) -> Blueprint:
        """The same blueprint with other choices."""
        return replace(self, variants={**self.variants, **choices})

    def with_organs(self, *organs: str) -> Blueprint:
        """The same blueprint with other organs of toxicity."""
        return replace(self, organs=organs)

    def with_parameters(self, *changed: Parameter) -> Blueprint:
        """The same blueprint with some parameters replaced or added."""
        added = {parameter.name: parameter for parameter in changed}
        return replace(self, parameters={**self.parameters, **added})
