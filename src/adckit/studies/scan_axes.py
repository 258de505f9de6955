"""The axes of a scan: what is varied, over which values.

    NAME=LOW..HIGH UNIT [lin|log] [N points]      affinity=0.01..100 nM
    NAME=A,B,C UNIT                               dose=1,2,4 mg/kg
    NAME=A,B,C                                    linker=SPP,SMCC

NAME is a parameter of the model, a short name of one (`ALIASES`), `dose` or `carrier`
(of the regimen), or what a setting may change: `dar`, a part such as `linker`, a
parameter set, a choice.  A range is spaced logarithmically where it spans more than a
decade, linearly otherwise.  `read_axis` says what was written, `resolve_axis` whether
the model has it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from adckit.errors import (
    AdckitError,
    RegimenError,
    UnknownNameError,
    nearest_names,
)
from adckit.library.settings import MEAN_LOAD
from adckit.library.shelf import PARTS
from adckit.mechanisms.blueprint import VARIANTS
from adckit.mechanisms.vocabulary import problems, specification
from adckit.network.regimen import Regimen, parse_regimen
from adckit.parameters import Parameter
from adckit.prepared import Prepared
from adckit.units import convert, parse_unit

__all__ = ["ALIASES", "DEFAULT_POINTS", "Asked", "Axis", "read_axis", "resolve_axis"]

DEFAULT_POINTS = 15
MOST_POINTS = 1000
"""Values of one axis."""

ALIASES: Mapping[str, str] = {
    "affinity": "dissociation_constant",
    "kd": "dissociation_constant",
    "antigen": "receptors_per_cell",
    "receptors": "receptors_per_cell",
    "permeability": "antibody_permeability",
    "diffusivity": "antibody_diffusivity",
    "internalisation": "complex_internalisation_rate",
    "internalization": "complex_internalisation_rate",
    "linker_stability": "deconjugation_rate",
    "deconjugation": "deconjugation_rate",
    "degradation": "lysosomal_degradation_rate",
    "cleavage": "intracellular_cleavage_rate",
    "tumour_size": "initial_tumour_volume",
    "tumor_size": "initial_tumour_volume",
    "potency": "half_kill_occupancy",
}
"""Short name of an axis → the parameter that it is."""

_DOSES = ("dose", "carrier")
_SETTINGS = {"tumor": "tumour"}
_DECADE = 10.0
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(.*)", re.IGNORECASE)
_TAIL = re.compile(r"^(.*?)\s*(?:\b(lin|log)\b)?\s*(?:\b(-?\d+)\s+points?)?$")
_COUNTED = ("receptors/cell", "cells")
"""Units that a bare number may stand for: it can be nothing else."""


@dataclass(frozen=True)
class Asked:
    """An axis as it was written."""

    text: str
    name: str
    ends: tuple[float, float] | None = None
    """Of a range."""
    numbers: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    """The list as it was written, where there is one."""
    unit: str = ""
    spacing: str | None = None
    """`lin` or `log`, where it is said."""
    points: int | None = None


@dataclass(frozen=True)
class Axis:
    """What is varied, and its values."""

    name: str
    """As the user calls it."""
    kind: Literal["parameter", "dose", "carrier", "setting"]
    key: str
    """Name of the parameter or setting."""
    values: tuple[float, ...] | tuple[str, ...]
    unit: str
    logarithmic: bool
    listed: bool = False
    """Whether the values are a list, and no range."""
    design: float | str | None = None
    """Value of the design that is varied, in `unit`; None where it has none."""

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, and not names."""
        return not isinstance(self.values[0], str)

    @property
    def span(self) -> str:
        """The values in words: `0.01 to 100 nM, 15 values`."""
        if not self.numeric:
            return ", ".join(str(value) for value in self.values)
        unit = f" {self.unit}" if self.unit else ""
        first, last = self.values[0], self.values[-1]
        return f"{first:g} to {last:g}{unit}, {len(self.values)} values"

    @property
    def label(self) -> str:
        """The axis in words."""
        words = self.key.replace("_", " ")
        if self.key == MEAN_LOAD:
            return "DAR"
        return words if words == self.name else f"{words} ({self.name})"


def read_axis(text: str) -> Asked:
    """What an axis says.

    Raises AdckitError for text that is no axis, and for values that make none whatever
    the model is.
    """
    name, sign, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not (name and sign and value):
        raise AdckitError(
            f"--over {text!r} is no axis. Write NAME=LOW..HIGH UNIT, as in "
            "'affinity=0.01..100 nM', or a list, as in 'dose=1,2,4 mg/kg'."
        )
    return _range(text, name, value) if ".." in value else _list(text, name, value)


def _range(text: str, name: str, value: str) -> Asked:
    first, _, second = value.partition("..")
    low, high = _QUANTITY.fullmatch(first), _QUANTITY.fullmatch(second)
    if low is None or high is None:
        raise AdckitError(
            f"The range of '{name}', '{value}', lacks a number. Write LOW..HIGH UNIT, "
            "as in 0.01..100 nM."
        )
    tail = _TAIL.fullmatch(high[2].strip())
    assert tail is not None  # every part of it may be absent
    unit, spacing, count = tail[1].strip(), tail[2], tail[3]
    ends = _finite(float(low[1]), name), _finite(float(high[1]), name)
    own = low[2].strip()
    if own and own != unit:
        ends = convert(ends[0], own, unit), ends[1]
    points = None if count is None else _points(int(count), name)
    if ends[0] >= ends[1]:
        said = "is reversed" if ends[0] > ends[1] else "has no width"
        raise AdckitError(
            f"The range of '{name}', {value}, {said}. Write the lower end first"
            f"{', as in ' + _swapped(ends, unit) if ends[0] > ends[1] else ''}."
        )
    if spacing == "log" and ends[0] <= 0:
        raise AdckitError(
            f"The range of '{name}' begins at {ends[0]:g}, which has no logarithm. "
            "Begin above 0, or write `lin` after the range."
        )
    return Asked(text, name, ends=ends, unit=unit, spacing=spacing, points=points)


def _swapped(ends: tuple[float, float], unit: str) -> str:
    return f"{ends[1]:g}..{ends[0]:g} {unit}".strip()


def _list(text: str, name: str, value: str) -> Asked:
    words = tuple(part.strip() for part in value.split(","))
    if not all(words):
        raise AdckitError(f"The list of '{name}', '{value}', has an empty place.")
    found = [_QUANTITY.fullmatch(word) for word in words]
    numbers: tuple[float, ...] = ()
    unit = ""
    if all(found):
        pairs = [(float(m[1]), m[2].strip()) for m in found if m is not None]
        unit = pairs[-1][1]
        numbers = tuple(
            _finite(convert(x, own, unit) if own not in ("", unit) else x, name)
            for x, own in pairs
        )
    once = numbers or words
    again = next((w for w, x in zip(words, once, strict=True) if once.count(x) > 1), "")
    if again:
        raise AdckitError(f"The list of '{name}' has {again} twice. Keep one.")
    return Asked(text, name, numbers=tuple(sorted(numbers)), words=words, unit=unit)


def _finite(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise AdckitError(
            f"'{name}' is given the value {value:g}, which is no number that can be "
            "simulated. Give finite values."
        )
    return value


def _points(count: int, name: str) -> int:
    if not 2 <= count <= MOST_POINTS:
        raise AdckitError(
            f"'{name}' is given {count} points. Give from 2 to {MOST_POINTS:,} points "
            "for a range, or one value with --set."
        )
    return count


def resolve_axis(
    asked: Asked, ready: Prepared, regimen: Regimen, settings: Mapping[str, str], n: int
) -> Axis:
    """The axis of a model.

    `regimen` is the one that is varied, `settings` are already set, `n` is how many
    points a range has that says nothing else.

    Raises AdckitError where the model has no such thing, its unit is another one or its
    values are outside their limits.
    """
    key = _key(asked, ready)
    if key in _DOSES:
        axis = _dose_axis(asked, key, regimen, n)
    elif key in {p.name for p in ready.network.parameters}:
        axis = _parameter_axis(asked, key, ready, n)
    else:
        axis = _setting_axis(asked, key, ready, n)
    if axis.key in settings:
        raise AdckitError(
            f"'{axis.name}' is scanned and set to {settings[axis.key]}. Leave one of "
            "them out."
        )
    return axis


def _key(asked: Asked, ready: Prepared) -> str:
    """What the name of an axis stands for.  Raises UnknownNameError."""
    plain = re.sub(r"[\s-]+", "_", asked.name.lower())
    known = [p.name for p in ready.network.parameters]
    for name in (asked.name, plain):
        if name in known or name in _DOSES:
            return name
    if plain in ALIASES and not (
        plain in VARIANTS and asked.words and not asked.numbers
    ):
        if ALIASES[plain] not in known:
            near = nearest_names(ALIASES[plain], known)
            raise AdckitError(
                f"'{asked.name}' is the parameter '{ALIASES[plain]}', which "
                f"'{ready.network.name}' does not have with the choices made for it. "
                f"Scan one that it has, such as {', '.join(near or known[:3])}."
            )
        return ALIASES[plain]
    options = ready.product.options if ready.product is not None else {}
    keys = (MEAN_LOAD, *PARTS, *VARIANTS, *options)
    chosen = _SETTINGS.get(plain, plain)
    if chosen in keys:
        return chosen
    if specification(plain) is not None:
        raise AdckitError(
            f"The parameter '{plain}' plays no part in '{ready.network.name}' with the "
            "choices made for it. `adckit show` lists those that do."
        )
    every = (*ALIASES, *_DOSES, *keys, *known)
    raise UnknownNameError("axis", asked.name, every)


def _spaced(asked: Asked, points: int) -> tuple[tuple[float, ...], bool]:
    """The values, and whether they are best drawn on a logarithmic axis."""
    if asked.ends is None:
        numbers = asked.numbers
        wide = len(numbers) > 1 and numbers[0] > 0
        return numbers, wide and numbers[-1] > _DECADE * numbers[0]
    low, high = asked.ends
    count = asked.points or points
    wide = low > 0 and high > _DECADE * low * (1 + 1e-12)
    if asked.spacing == "log" or (asked.spacing is None and wide):
        values = np.geomspace(low, high, count)
    else:
        values = np.linspace(low, high, count)
    values[0], values[-1] = low, high  # to the last digit, whatever rounding does
    return tuple(values.tolist()), asked.spacing == "log" or (
        asked.spacing is None and wide
    )


def _need_numbers(asked: Asked, example: str) -> None:
    if asked.ends is None and not asked.numbers:
        raise AdckitError(
            f"'{asked.name}' is a number, and '{', '.join(asked.words)}' is none. "
            f"Write it as in '{asked.name}={example}'."
        )


def _parameter_axis(asked: Asked, key: str, ready: Prepared, points: int) -> Axis:
    parameter = next(p for p in ready.network.parameters if p.name == key)
    own = parameter.unit if parameter.unit != "1" else ""
    _need_numbers(asked, f"{parameter.value:g},{2 * parameter.value:g} {own}".strip())
    unit = asked.unit
    if not unit and not parameter.dimension.dimensionless:
        if parameter.unit not in _COUNTED:
            raise AdckitError(
                f"'{asked.text}' has no unit. Write {asked.text.strip()} {own}."
            )
        unit = parameter.unit
    values, wide = _spaced(asked, points)
    listed = asked.ends is None
    for value in (values[0], values[-1]):
        _check_value(asked, parameter, value, unit, ready)
    design = convert(parameter.value, own, unit)
    return Axis(asked.name, "parameter", key, values, unit, wide, listed, design)


def _check_value(
    asked: Asked, parameter: Parameter, value: float, unit: str, ready: Prepared
) -> None:
    """Raises AdckitError for a value that the parameter cannot have."""
    named = f"'{asked.name}'"
    if parameter.name != asked.name:
        named += f", the parameter '{parameter.name}',"
    if parse_unit(unit).dimension != parameter.dimension:
        raise AdckitError(
            f"{named} is in {parameter.unit or 'no unit'} here, and "
            f"'{unit or 'no unit'}' has another dimension. Write the axis in "
            f"{parameter.unit or 'no unit'}."
        )
    species: tuple[str, ...] = ()
    if ready.product is not None:
        species = tuple(s.name for s in ready.product.blueprint.species)
    spec = specification(parameter.name, species)
    changed = parameter.with_value(value, unit)
    found: list[str] = []
    if spec is not None:
        found = problems(changed, spec)
    elif not parameter.bounds[0] <= changed.value <= parameter.bounds[1]:
        low, high = parameter.bounds
        found = [f"{value:g} {unit} is outside its limits, {low:g} to {high:g}"]
    if found:
        raise AdckitError(f"The range of {named} cannot be simulated: {found[0]}.")


def _dose_axis(asked: Asked, key: str, regimen: Regimen, points: int) -> Axis:
    _need_numbers(asked, "1,2,4 mg/kg")
    if not regimen.segments:
        raise AdckitError(f"'{key}' cannot be varied: the regimen gives no dose.")
    values, wide = _spaced(asked, points)
    listed = asked.ends is None
    if values[0] < 0:
        raise AdckitError(f"The range of '{asked.name}' begins below 0. Give doses.")
    try:
        parse_regimen(f"1 {asked.unit} once")
    except RegimenError:
        raise AdckitError(
            f"'{asked.text}' has the unit '{asked.unit}', which is no unit of a dose. "
            "Write mg/kg, mg/m2, mg or nmol."
        ) from None
    design: float | None = None
    first = regimen.segments[0]
    if key == "dose":
        if len({(s.amount, s.unit) for s in regimen.segments}) > 1:
            raise AdckitError(
                f"The regimen `{regimen}` has several doses, and the axis 'dose' is "
                "one. Give a --regimen with one dose."
            )
        given = first.amount, first.unit
    else:
        carrier = first.carrier
        given = (0.0, asked.unit) if carrier is None else (carrier.amount, carrier.unit)
    if parse_unit(given[1]).dimension == parse_unit(asked.unit).dimension:
        design = convert(given[0], given[1], asked.unit)
    kind: Literal["dose", "carrier"] = "dose" if key == "dose" else "carrier"
    return Axis(asked.name, kind, key, values, asked.unit, wide, listed, design)


def _setting_axis(asked: Asked, key: str, ready: Prepared, points: int) -> Axis:
    product = ready.product
    if product is None:
        raise AdckitError(
            f"'{asked.name}' is a part or choice of a library product; this model is "
            "already built. Scan its parameters."
        )
    if key == MEAN_LOAD:
        load = product.blueprint.load
        if load is None:
            raise AdckitError("'dar' is no axis of a plain drug: it has no payload.")
        _need_numbers(asked, "2,4,8")
        if asked.unit:
            raise AdckitError(f"'{asked.text}' has a unit; a DAR has none.")
        values, wide = _spaced(asked, points)
        listed = asked.ends is None
        if values[0] < 0 or values[-1] > load.sites:
            raise AdckitError(
                f"The DAR goes from {values[0]:g} to {values[-1]:g}, and "
                f"{load.sites} sites carry 0 to {load.sites} payloads. Stay within."
            )
        return Axis(asked.name, "setting", key, values, "", wide, listed, load.mean)
    if asked.ends is not None:
        raise AdckitError(
            f"'{asked.name}' is not a number and has no range. Write its values one by "
            f"one, as in '{asked.name}=A,B'."
        )
    design = product.parts.get(key) or product.choices.get(key)
    if design is None and key in VARIANTS:
        design = product.blueprint.variant(key)
    return Axis(asked.name, "setting", key, asked.words, "", False, True, design)
