"""From a name or a card to equations: load, assemble, check, write out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from adckit.errors import AdckitError
from adckit.library import Product, load_product
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import Blueprint
from adckit.network.network import Network
from adckit.network.system import OdeSystem, build_system

__all__ = ["Model", "Prepared", "prepare"]

Model = str | Path | Product | Blueprint | Network
"""A library name, a card file, or what they turn into."""


@dataclass(frozen=True)
class Prepared:
    """A network with the equations made of it, ready for any number of runs."""

    network: Network
    system: OdeSystem
    product: Product | None
    fingerprint: str
    """Hash of the equations: equal for models that differ in parameter values only."""


def prepare(
    model: Model,
    settings: Mapping[str, str] | None = None,
    *,
    profiles: bool = False,
) -> Prepared:
    """Load and assemble a model, check it, and write out its equations.

    `settings` are what `--set` takes: parameters, parts, parameter sets, variants.
    With `profiles`, outputs that have a value in every ring of a Krogh cylinder are
    kept; there are hundreds, so they are left out otherwise.

    Raises UnknownNameError, CardError or ModelError.
    """
    product: Product | None = None
    if isinstance(model, str | Path):
        model = load_product(model, settings=settings or {})
    elif settings:
        raise AdckitError(
            "settings change a library model or a card; "
            "this model is already built. Change it in Python instead."
        )
    if isinstance(model, Product):
        product, model = model, model.blueprint
    network = assemble(model) if isinstance(model, Blueprint) else model
    if not profiles:
        whole = tuple(o for o in network.observables if not o.profile)
        network = replace(network, observables=whole)
    system, mark = _system(network)
    return Prepared(network, system, product, mark)


def _system(network: Network) -> tuple[OdeSystem, str]:
    """The equations of a network; models that differ in values alone share them."""
    structure = "\n".join(
        [
            network.equations(),
            *(f"{p.name} [{p.unit}]" for p in network.parameters),
            *(
                f"{o.name} = {o.expression} [{o.unit}] {o.profile:d}"
                for o in network.observables
            ),
            *(f"{p.name}: {p.amounts}" for p in network.ports),
            *(f"{s.name}: {s.content} {s.scale}" for s in network.species),
            *(r.name for r in network.rules if r.total),
        ]
    )
    mark = hashlib.sha256(structure.encode()).hexdigest()
    return _build(mark, _Unhashed(network)), mark


class _Unhashed:
    """Carries a network through a cache whose key is its fingerprint."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _build(mark: str, carried: _Unhashed) -> OdeSystem:
    return build_system(carried.network)
