"""The parts a network is made of.  All are frozen records; rates are expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adckit.network.expr import ZERO, Expr, Symbol

__all__ = [
    "Compartment",
    "Event",
    "Input",
    "Observable",
    "Port",
    "Reaction",
    "Rule",
    "Species",
]


@dataclass(frozen=True)
class Compartment:
    """A volume in which species are dissolved."""

    name: str
    volume: Expr
    """In L; may depend on parameters and, for a tumour, on states."""
    label: str = ""


@dataclass(frozen=True)
class Species:
    """A state variable: an amount, never a concentration."""

    name: str
    unit: str = "nmol"
    initial: Expr = ZERO
    """Amount before any dose; an expression of parameters."""
    compartment: str | None = None
    content: Mapping[str, float] = field(default_factory=dict)
    """What one unit holds of each conserved moiety, e.g. `{"antibody": 1}`."""
    label: str = ""
    ledger: bool = False
    """A sink or source that only counts: nothing depends on it."""
    scale: Expr | None = None
    """An amount below which accuracy does not matter; see `system.scales`."""
    lattice: bool = False
    """There is one in every cell of the lattice."""

    @property
    def symbol(self) -> Symbol:
        return Symbol(self.name)


@dataclass(frozen=True)
class Reaction:
    """A named flux and what it does to each species per unit of flux."""

    name: str
    rate: Expr
    changes: Mapping[str, float]
    """Species name → change per unit of flux (negative: consumed)."""
    reference: str = ""
    """Where the rate law comes from, e.g. `SCIENCE A3a`."""
    place: str = ""
    """On a lattice: `faces` between neighbours, or `first` cells; else every cell."""


@dataclass(frozen=True)
class Rule:
    """A named expression that other expressions may use."""

    name: str
    expression: Expr
    unit: str
    label: str = ""
    total: bool = False
    """Summed over the cells of the lattice; only observables may use it."""

    @property
    def symbol(self) -> Symbol:
        return Symbol(self.name)


@dataclass(frozen=True)
class Observable:
    """An output: what an assay or a clinician would see."""

    name: str
    expression: Expr
    unit: str
    """Unit of the result; the expression is in internal units of that dimension."""
    label: str = ""
    profile: bool = False
    """One value for every cell of the lattice; otherwise what cells hold is summed."""


@dataclass(frozen=True)
class Input:
    """A time course given from outside, such as a measured plasma curve.

    Between the points of its table an input is linear; without a table it is 0.
    """

    name: str
    unit: str
    label: str = ""

    @property
    def symbol(self) -> Symbol:
        return Symbol(self.name)


@dataclass(frozen=True)
class Event:
    """Something that happens when `trigger` falls from above 0 to 0 or below."""

    name: str
    trigger: Expr
    assignments: Mapping[str, Expr]
    """Species name → its new value, from the values just before the event."""
    label: str = ""


@dataclass(frozen=True)
class Port:
    """A door through which doses enter; NONMEM's CMT counts ports from 1.

    One unit of dose adds `amounts[species]` to each species: the antibody and all the
    payload it carries enter together.
    """

    name: str
    amounts: Mapping[str, Expr]
    unit: str = "nmol"
    label: str = ""

    @property
    def rate_name(self) -> str:
        """Name of the input that carries the infusion rate into this port."""
        return f"{self.name}_infusion_rate"
