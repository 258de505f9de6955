"""What the library hands out: a product with its model, history and evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adckit.mechanisms.blueprint import Blueprint
from adckit.parameters import Source, Spread

__all__ = [
    "Observation",
    "OrganUse",
    "Product",
    "Programme",
    "PublishedAssay",
    "content_digest",
]


@dataclass(frozen=True)
class Observation:
    """A published figure to print beside the simulated one."""

    analyte: str
    """`conjugate`, `total_antibody`, `conjugated_payload`, `free_payload`, `tumor`."""
    quantity: str
    """`cmax`, `ctrough`, `auc_inf`, `auc_tau`, `clearance`, `half_life`,
    `concentration` (on `day`) or `best_change`."""
    value: float
    unit: str
    source: Source
    regimen: str
    """The regimen that it was seen under."""
    condition: str
    role: str
    """`calibrated` when the parameters were fitted to it, else `predicted`."""
    spread: Spread | None = None
    n: int | None = None
    """Number of subjects."""
    day: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class PublishedAssay:
    """A published figure of cells in a dish."""

    quantity: str
    """`ic50`, the concentration of half the effect, or `plateau`, what survives all."""
    value: float
    unit: str
    role: str
    """`calibrated` when parameters were fitted to it, else `predicted`."""
    source: Source
    bound: bool = False
    """The true value is above this one."""
    hours: float | None = None
    condition: str = ""
    note: str = ""


@dataclass(frozen=True)
class Programme:
    """Who develops a product, and how far it was, on the day `as_of`."""

    as_of: str
    sponsor: str
    rights: str
    phase: str
    tumour_types: tuple[str, ...]
    ind_holder: str
    sources: tuple[Source, ...]
    licensee: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class OrganUse:
    """Why a product's toxicity is followed in an organ."""

    why: str
    source: Source | None = None


@dataclass(frozen=True)
class Product:
    """A conjugate, or a plain drug, ready to be assembled into a network."""

    name: str
    summary: str
    blueprint: Blueprint
    parts: Mapping[str, str]
    """Part (`antibody`, `linker`, `payload`, `target`, `tumour`, `host`) → its name."""
    aliases: tuple[str, ...] = ()
    tumours: tuple[str, ...] = ()
    """Tumours that the product is meant for, the default first."""
    regimen: str | None = None
    """The regimen that is simulated where none is given."""
    regimen_source: Source | None = None
    programme: Programme | None = None
    organs: Mapping[str, OrganUse] = field(default_factory=dict)
    """Organs that the card lists; those of the model are in `blueprint.organs`."""
    observations: tuple[Observation, ...] = ()
    assays: tuple[PublishedAssay, ...] = ()
    """What is published of it on the one cell line in the dish."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Named parameter set → the option in use."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Named parameter set → its options, the default first."""
    set_hosts: Mapping[str, str] = field(default_factory=dict)
    """Named parameter set → the one host that some of its options are about."""
    scaled: Mapping[str, str] = field(default_factory=dict)
    """Parameter that was scaled by body weight → the host it was scaled from."""
    sources: tuple[Source, ...] = ()
    """Every source that stands behind the parameters and observations."""
    digest: str = ""
    """SHA-256 of the resolved content: equal digests, equal products."""

    def with_digest(self) -> Product:
        """The same product with `digest` filled in."""
        return replace(self, digest=content_digest(self))


def content_digest(product: Product) -> str:
    """SHA-256 over everything that changes what the product is or does."""
    blueprint = product.blueprint
    content = {
        "name": product.name,
        "parts": dict(product.parts),
        "load": None if blueprint.load is None else list(blueprint.load.fractions),
        "variants": dict(blueprint.variants),
        "species": [[s.name, s.label, s.arises] for s in blueprint.species],
        "organs": list(blueprint.organs),
        "populations": [[p.name, p.label] for p in blueprint.populations],
        "parameters": {
            name: [p.value, p.unit, str(p.status), str(p.source), str(p.spread)]
            for name, p in blueprint.parameters.items()
        },
        "regimen": product.regimen,
        "observations": [_line(o) for o in product.observations],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _line(observation: Observation) -> list[Any]:
    seen = observation
    return [seen.analyte, seen.quantity, seen.value, seen.unit, str(seen.spread)]
