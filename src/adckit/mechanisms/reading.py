"""How a mechanism reads its parameters from a blueprint.

A reader hands out symbols, remembers which parameters were asked for, and collects
every problem, so that a model with five missing parameters gives one error with five
lines.
"""

from __future__ import annotations

from types import MappingProxyType

from adckit.errors import Issue, ModelError, nearest_names
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.vocabulary import specification
from adckit.network.expr import ONE, Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import Rule
from adckit.parameters import Parameter, Source, Status
from adckit.units import base_dimension, parse_unit

__all__ = ["CONVENTIONS", "Reader"]


def _convention(name: str, value: float, unit: str, why: str) -> Parameter:
    return Parameter(name, value, unit, Source(why), Status.ASSUMED)


CONVENTIONS = MappingProxyType(
    {
        parameter.name: parameter
        for parameter in (
            _convention(
                "cells_at_cure", 1, "cells", "definition: no tumour without a cell"
            ),
            _convention(
                "trace_antibody",
                1e-6,
                "nM",
                "definition: a thousandth of what the solver resolves, below any assay",
            ),
        )
    }
)
"""Parameters that a blueprint may leave out: definitions, not facts."""

_PER_KG = base_dimension("[bodymass]", -1)
_PER_M2 = base_dimension("[bodysurface]", -1)


class Reader:
    """Reads parameters of one blueprint for one mechanism."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._used: dict[str, Parameter] = {}
        self._missing: dict[str, Issue] = {}
        self._rules: dict[str, Rule] = {}

    def __call__(self, name: str) -> Symbol:
        """The symbol of a parameter that the mechanism cannot do without."""
        found = self._blueprint.parameters.get(name, CONVENTIONS.get(name))
        if found is None:
            self._missing[name] = Issue(f"parameter '{name}'", self._what(name))
        else:
            self._used[name] = found
        return Symbol(name)

    def optional(self, name: str, otherwise: Expr) -> Expr:
        """The symbol of a parameter, or `otherwise` where the blueprint has none."""
        return self(name) if name in self._blueprint.parameters else otherwise

    def own(self, name: str, otherwise: str) -> Symbol:
        """The symbol of a parameter, or of another where the blueprint lacks it."""
        return self(name if name in self._blueprint.parameters else otherwise)

    def given(self, *names: str) -> list[Parameter | None]:
        """The parameters themselves, None for each that is missing."""
        for name in names:
            self(name)
        return [self._used.get(name) for name in names]

    def derive(self, parameter: Parameter) -> Symbol:
        """The symbol of a parameter that follows from others."""
        self._used[parameter.name] = parameter
        return Symbol(parameter.name)

    def scaled(self, name: str, relative: Expr = ONE) -> Symbol:
        """A clearance or volume in one subject.

        It is times body size where it is given per kg or m2, and times `relative`; the
        product is a rule, so that equations stay readable.
        """
        symbol = self(name)
        parameter = self._used.get(name)
        if parameter is None:
            return symbol
        spec = specification(name, tuple(s.name for s in self._blueprint.species))
        unit = spec.units[0] if spec else parameter.unit
        whole = parse_unit(unit).dimension
        value: Expr = symbol
        if parameter.dimension == whole * _PER_KG:
            value = value * self("body_weight")
        elif parameter.dimension == whole * _PER_M2:
            value = value * self("body_surface_area")
        value = value * relative
        if value is symbol:
            return symbol
        what = spec.meaning if spec else name
        rule = Rule(f"subject_{name}", value, unit, f"{what}, in this subject")
        self._rules[rule.name] = rule
        return rule.symbol

    def values(self) -> dict[str, float]:
        """The parameters that were read, in internal units.

        Raises ModelError with every parameter that is missing.
        """
        self._complain()
        return {name: parameter.internal for name, parameter in self._used.items()}

    def add_to(self, network: Network, *parts: Part) -> Network:
        """The network with the parameters that were read, and with `parts`.

        Raises ModelError with every parameter that is missing.
        """
        self._complain()
        return network.add(*self._used.values(), *self._rules.values(), *parts)

    def _complain(self) -> None:
        if self._missing:
            headline = f"Model '{self._blueprint.name}' lacks parameters:"
            raise ModelError(headline, self._missing.values())

    def _what(self, name: str) -> str:
        spec = specification(name, tuple(s.name for s in self._blueprint.species))
        meaning = f" ({spec.meaning}, in {spec.units[0] or 'no unit'})" if spec else ""
        near = nearest_names(name, self._blueprint.parameters, count=1)
        hint = f"; is it '{near[0]}'?" if near and spec is None else ""
        return f"is missing{meaning}; give it a value or choose another variant{hint}"
