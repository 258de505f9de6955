"""Units stop at this door: text in, plain floats in one internal system out.

Inside adckit every number is in the system {nmol, L, day, mg, kg of body, m2 of body
surface, cell}.  Lengths are in decimetres, so that a length cubed is a volume in L and
no equation needs a conversion factor.  `nmol/L` is therefore nM and `mg/L` is ug/mL.

Only this module touches the unit library.
"""

from __future__ import annotations

import re
import tokenize
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib import resources
from importlib.metadata import version
from typing import TYPE_CHECKING

from adckit.caches import cache_key, cached, keep
from adckit.errors import UnitError

if TYPE_CHECKING:
    import pint

BASES = {
    "[substance]": ("nmol", 1e9),
    "[length]": ("dm", 1.0),
    "[time]": ("day", 1.0),
    "[mass]": ("mg", 1.0),
    "[bodymass]": ("kg", 1.0),
    "[bodysurface]": ("m2", 1.0),
    "[cells]": ("cell", 1.0),
}
"""Dimension → (internal unit, internal units per base unit of units.txt)."""

_NAMES = tuple(BASES)


@dataclass(frozen=True)
class Dimension:
    """Exponents of the seven base dimensions, in the order of `BASES`."""

    exponents: tuple[Fraction, ...] = (Fraction(0),) * len(BASES)

    def __mul__(self, other: Dimension) -> Dimension:
        # Most exponents are 0, and fractions are slow.
        pairs = zip(self.exponents, other.exponents, strict=True)
        return Dimension(tuple((a + b if a else b) if b else a for a, b in pairs))

    def __truediv__(self, other: Dimension) -> Dimension:
        pairs = zip(self.exponents, other.exponents, strict=True)
        return Dimension(tuple(a - b if b else a for a, b in pairs))

    def __pow__(self, power: Fraction | float) -> Dimension:
        exact = Fraction(float(power)).limit_denominator(1000)
        return Dimension(tuple(a * exact if a else a for a in self.exponents))

    @property
    def dimensionless(self) -> bool:
        return not any(self.exponents)

    def __str__(self) -> str:
        """The internal unit of this dimension, with volume written as L."""
        powers = dict(zip(_NAMES, self.exponents, strict=True))
        length = powers.pop("[length]")
        named = [(BASES[name][0], power) for name, power in powers.items()]
        if length.denominator == 1 and length % 3 == 0:
            named.insert(1, ("L", length / 3))
        else:
            named.insert(1, ("dm", length))
        top = [_power(unit, power) for unit, power in named if power > 0]
        bottom = [_power(unit, -power) for unit, power in named if power < 0]
        return "/".join(["*".join(top) or "1", *bottom])


def _power(unit: str, power: Fraction) -> str:
    return unit if power == 1 else f"{unit}^{power}"


def base_dimension(name: str, power: int = 1) -> Dimension:
    """A power of one base dimension, such as `[time]`."""
    return Dimension(tuple(Fraction(power * (base == name)) for base in _NAMES))


DIMENSIONLESS = Dimension()


@dataclass(frozen=True)
class Unit:
    """A parsed unit: its text, its dimension, and internal units per this unit."""

    text: str
    dimension: Dimension
    factor: float


@cache
def _definitions() -> str:
    """What decides how a unit is read, besides its text."""
    text = (resources.files("adckit") / "units.txt").read_text(encoding="utf-8")
    return cache_key("units 1", version("pint"), repr(BASES), text)


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    with resources.as_file(resources.files("adckit") / "units.txt") as path:
        return pint.UnitRegistry(str(path), autoconvert_offset_to_baseunit=False)


_UNREADABLE = (
    AttributeError,
    TypeError,
    SyntaxError,
    ValueError,
    AssertionError,
    tokenize.TokenError,
)
"""What the unit library raises, besides its own errors, on text that is no unit."""


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """Read a unit such as `mL/h/m2`, `1/day`, `nmol/L`, `receptors/cell` or `ug d/mL`.

    Raises UnitError for a unit that is not in units.txt.
    """
    source = text.strip()
    if source in ("", "1", "-"):
        return Unit(text, DIMENSIONLESS, 1.0)
    name = f"{cache_key(_definitions(), text)}.unit"
    known = cached(name)
    if known is not None:
        factor, *powers = known.decode().split()
        return Unit(text, Dimension(tuple(map(Fraction, powers))), float(factor))
    unit = _read_unit(text, source)
    powers = [str(power) for power in unit.dimension.exponents]
    keep(name, " ".join([repr(unit.factor), *powers]).encode())
    return unit


def _read_unit(text: str, source: str) -> Unit:
    """Read a unit with the unit library, whose start alone takes 0.2 s."""
    import pint

    plain = (
        source.replace("%", "percent")
        .replace("²", "2")
        .replace("³", "3")
        .replace("·", "*")
    )
    plain = re.sub(r"(?<=[A-Za-zµ0-9])\s+(?=[A-Za-zµ])", "*", plain)
    try:
        quantity = _registry().parse_expression(plain)
        if isinstance(quantity, int | float):
            return Unit(text, DIMENSIONLESS, float(quantity))
        base = quantity.to_base_units()
    except (pint.errors.PintError, *_UNREADABLE) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UnitError(
            f"Cannot read the unit '{text}': {reason}. "
            "Write it with the units of the field, such as mL/h/m2, 1/day, nM, ug/mL."
        ) from None
    powers = {name: Fraction(0) for name in _NAMES}
    factor = float(base.magnitude)
    for name, power in base.dimensionality.items():
        exact = Fraction(float(str(power))).limit_denominator(1000)
        powers[name] = exact
        factor *= BASES[name][1] ** float(exact)
    return Unit(text, Dimension(tuple(powers.values())), factor)


def to_internal(value: float, unit: str) -> float:
    """`value` in `unit` as a plain number in the internal system."""
    return value * parse_unit(unit).factor


def convert(value: float, unit: str, target: str) -> float:
    """`value` in `unit`, expressed in `target`.

    Raises UnitError when the two have different dimensions.
    """
    source, wanted = parse_unit(unit), parse_unit(target)
    if source.dimension != wanted.dimension:
        raise UnitError(
            f"'{unit}' cannot be converted to '{target}': "
            f"one is {source.dimension}, the other {wanted.dimension}."
        )
    return value * source.factor / wanted.factor


_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)")


def parse_quantity(text: str) -> tuple[float, str]:
    """Split `"0.37 1/day"` into the number and the unit text (checked).

    Raises UnitError when there is no number, or when the unit is unknown.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError(f"'{text}' is not a quantity. Write a number and a unit.")
    number, unit = float(match[1]), match[2].strip()
    parse_unit(unit)
    return number, unit
