"""From the axes of a scan to subjects: which model, parameters and doses each has.

Parameters and doses differ from subject to subject within one compiled model.  What a
setting changes makes another model; those whose equations turn out to be the same run
together, each with its own values.  So that a mean load (`dar`) changes values alone,
what one unit of dose adds to each state becomes a parameter of its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from adckit.errors import AdckitError, RegimenError
from adckit.library import load_product
from adckit.library.shelf import is_path
from adckit.mechanisms.assemble import assemble
from adckit.network.expr import Symbol, evaluate
from adckit.network.network import Network
from adckit.network.parts import Port
from adckit.network.regimen import Carrier, Regimen, parse_regimen
from adckit.parameters import Parameter, Source, Status
from adckit.prepared import Model, Prepared, prepare
from adckit.studies.drawing import Floats
from adckit.studies.scan_axes import Axis
from adckit.studies.scan_quantities import Quantity, with_viable_cells
from adckit.units import parse_unit

__all__ = ["Batch", "Design", "batches", "design_of", "regimens"]

_ENTERS = Source("what one unit of dose adds; it follows from the load of the product")


@dataclass(frozen=True)
class Design:
    """What is varied: a model with its settings, and a regimen."""

    model: Model
    settings: Mapping[str, str]
    regimen: Regimen


@dataclass(frozen=True)
class Batch:
    """Grid points whose models have the same equations."""

    ready: Prepared
    points: np.ndarray
    """(subject,): numbers of the grid points"""
    parameters: Mapping[str, Floats]
    """Parameter → (subject,), in its own unit; those in which points differ."""


def design_of(ready: Prepared, shown: Sequence[Quantity]) -> Prepared:
    """The model with no more outputs than are shown."""
    made = prepare(_trimmed(ready.network, shown))
    return replace(made, product=ready.product)


def batches(
    design: Design,
    base: Prepared,
    axes: Sequence[Axis],
    shown: Sequence[Quantity],
) -> list[Batch]:
    """The grid as few batches, points in the order of the axes, the last one fastest.

    Raises AdckitError where a value of a setting makes no model.
    """
    shape = [len(axis.values) for axis in axes]
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    chosen = [i for i, axis in enumerate(axes) if axis.kind == "setting"]
    networks: list[Network] = []
    rows: list[np.ndarray] = []
    for place in itertools.product(*(range(shape[i]) for i in chosen)):
        changes = {
            axes[i].key: axes[i].values[p] for i, p in zip(chosen, place, strict=True)
        }
        networks.append(_trimmed(_network(design, base, changes), shown))
        where: list[int | slice] = [slice(None)] * len(axes)
        for i, p in zip(chosen, place, strict=True):
            where[i] = p
        rows.append(numbers[tuple(where)].ravel())
    if any(axis.key == "dar" for axis in axes):
        networks = _with_loads_as_parameters(networks)
    groups: dict[str, list[int]] = {}
    prepared = [prepare(network) for network in networks]
    for i, ready in enumerate(prepared):
        groups.setdefault(ready.fingerprint, []).append(i)
    return [
        _batch([prepared[i] for i in group], [rows[i] for i in group], axes, shape)
        for group in groups.values()
    ]


def _network(
    design: Design, base: Prepared, changes: Mapping[str, float | str]
) -> Network:
    if not changes:
        return base.network
    if not isinstance(design.model, str | Path):
        raise AdckitError(
            f"'{next(iter(changes))}' is a setting, which changes a library model or a "
            "card; this model is already built. Scan its parameters."
        )
    texts = {k: _setting_text(v) for k, v in changes.items()}
    try:
        product = load_product(design.model, settings={**design.settings, **texts})
        return assemble(product.blueprint)
    except AdckitError as error:
        named = ", ".join(f"{key}={value}" for key, value in texts.items())
        raise AdckitError(f"At {named} there is no model. {error}") from None


def _setting_text(value: float | str) -> str:
    """A value as a setting takes it; a file is one of the current folder."""
    if not isinstance(value, str):
        return repr(value)
    return os.path.abspath(value) if is_path(value) else value


def _trimmed(network: Network, shown: Sequence[Quantity]) -> Network:
    """The network with the outputs that are shown, for speed and memory."""
    full = with_viable_cells(network)
    needed = {output for quantity in shown for output in quantity.outputs}
    kept = tuple(o for o in full.observables if o.name in needed)
    lacking = needed - {o.name for o in kept}
    if lacking:
        raise AdckitError(
            f"'{network.name}' lacks the output '{sorted(lacking)[0]}' at some values "
            "of the settings scanned. Leave those values out, or show something else."
        )
    return replace(full, observables=kept)


def _with_loads_as_parameters(networks: Sequence[Network]) -> list[Network]:
    """The networks with what a dose adds as parameters, the same ones in each."""
    states: dict[str, dict[str, None]] = {}
    for network in networks:
        for port in network.ports:
            states.setdefault(port.name, {}).update(dict.fromkeys(port.amounts))
    changed = []
    for network in networks:
        ports: list[Port] = []
        added: list[Parameter] = []
        present = {s.name for s in network.species}
        for port in network.ports:
            amounts = {}
            for state in states[port.name]:
                if state not in present:
                    continue
                given = port.amounts.get(state)
                value = 0.0 if given is None else float(evaluate([given], {})[0])
                name = f"dose_{port.name}_{state}"
                added.append(Parameter(name, value, "1", _ENTERS, Status.ASSUMED))
                amounts[state] = Symbol(name)
            ports.append(replace(port, amounts=amounts))
        changed.append(replace(network, ports=tuple(ports)).add(*added))
    return changed


def _batch(
    models: Sequence[Prepared],
    rows: Sequence[np.ndarray],
    axes: Sequence[Axis],
    shape: Sequence[int],
) -> Batch:
    names = [p.name for p in models[0].network.parameters]
    factor = {p.name: parse_unit(p.unit).factor for p in models[0].network.parameters}
    points = np.concatenate(rows)
    places = np.unravel_index(points, shape)
    columns: dict[str, Floats] = {}
    for name in names:
        each = [
            next(p.internal for p in model.network.parameters if p.name == name)
            for model in models
        ]
        if len(set(each)) > 1:
            lengths = [len(row) for row in rows]
            columns[name] = np.repeat(each, lengths) / factor[name]
    for axis, place in zip(axes, places, strict=True):
        if axis.kind == "parameter":
            scale = parse_unit(axis.unit).factor / factor[axis.key]
            columns[axis.key] = np.array(axis.values, dtype=float)[place] * scale
    return Batch(models[0], points, columns)


def regimens(design: Design, axes: Sequence[Axis]) -> list[Regimen] | None:
    """The regimen of every grid point; None where it is the same for all.

    Raises AdckitError for doses that make no sense together.
    """
    varied = {axis.kind: i for i, axis in enumerate(axes) if axis.kind in _CHANGES}
    if not varied:
        return None
    shape = [len(axis.values) for axis in axes]
    made: dict[tuple[int, ...], Regimen] = {}
    found = []
    for place in np.ndindex(*shape):
        key = tuple(place[i] for i in varied.values())
        if key not in made:
            amounts: dict[str, tuple[float, str]] = {
                kind: (float(axes[i].values[place[i]]), axes[i].unit)
                for kind, i in varied.items()
            }
            made[key] = _changed(design.regimen, amounts)
        found.append(made[key])
    return found


_CHANGES = ("dose", "carrier")


def _changed(regimen: Regimen, amounts: Mapping[str, tuple[float, str]]) -> Regimen:
    """The regimen with another dose, or another carrier, in all its parts."""
    segments = []
    for segment in regimen.segments:
        if "dose" in amounts:
            amount, unit = amounts["dose"]
            segment = replace(segment, amount=amount, unit=unit)
        if "carrier" in amounts:
            amount, unit = amounts["carrier"]
            total = segment.carrier is not None and segment.carrier.total
            carrier = Carrier(amount, unit, total) if amount or total else None
            segment = replace(segment, carrier=carrier)
        segments.append(segment)
    changed = replace(regimen, segments=tuple(segments))
    try:
        return parse_regimen(str(changed))
    except RegimenError as error:
        raise AdckitError(f"One of the doses scanned makes no sense. {error}") from None
