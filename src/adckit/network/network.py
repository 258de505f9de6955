"""A network: species, reactions, rules, observables and events as one value.

A mechanism is a function `Network -> Network`: it adds parts and returns a new network.
Parts refer to each other by name, so the order in which mechanisms are added does not
matter; `check` says what is missing once all are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from adckit.errors import Issue, ModelError, UnknownNameError
from adckit.network import printing
from adckit.network.expr import TIME, ZERO, Expr, Symbol
from adckit.network.lattice import Lattice, inner, outer
from adckit.network.parts import (
    Compartment,
    Event,
    Input,
    Observable,
    Port,
    Reaction,
    Rule,
    Species,
)
from adckit.parameters import Parameter

__all__ = ["Mechanism", "Network", "Part"]

Part = (
    Compartment
    | Species
    | Reaction
    | Rule
    | Observable
    | Input
    | Event
    | Port
    | Lattice
    | Parameter
)
Named = TypeVar("Named", bound=Part)

_FIELDS: dict[type, str] = {
    Compartment: "compartments",
    Species: "species",
    Reaction: "reactions",
    Rule: "rules",
    Observable: "observables",
    Input: "inputs",
    Event: "events",
    Port: "ports",
    Lattice: "lattices",
    Parameter: "parameters",
}


@dataclass(frozen=True)
class Network:
    """A model as a value; `Network(name).add(...)` builds one."""

    name: str
    compartments: tuple[Compartment, ...] = ()
    species: tuple[Species, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    rules: tuple[Rule, ...] = ()
    observables: tuple[Observable, ...] = ()
    inputs: tuple[Input, ...] = ()
    events: tuple[Event, ...] = ()
    ports: tuple[Port, ...] = ()
    lattices: tuple[Lattice, ...] = ()
    """None, or the one along which some species are."""
    parameters: tuple[Parameter, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """One line per mechanism, printed by `describe`."""

    def add(self, *parts: Part) -> Network:
        """The network with more parts.

        A parameter that is already there with the same content is kept once.

        Raises ModelError when a name is already taken.
        """
        taken = self.names()
        grown: dict[str, list[Part]] = {}
        issues = []
        for part in parts:
            known = taken.get(part.name)
            if known is not None and known == part:
                continue
            if known is not None:
                kind, other = type(part).__name__.lower(), type(known).__name__.lower()
                what = f"the name of this {kind} is taken by a {other}; rename one"
                issues.append(Issue(part.name, what))
                continue
            taken[part.name] = part
            grown.setdefault(_FIELDS[type(part)], []).append(part)
        if issues:
            raise ModelError(f"Cannot add to network '{self.name}':", issues)
        fields: dict[str, Any] = {
            name: (*getattr(self, name), *new) for name, new in grown.items()
        }
        return replace(self, **fields)

    def note(self, text: str) -> Network:
        """The network with one more line in its description."""
        return replace(self, notes=(*self.notes, text))

    def with_parameters(self, values: Mapping[str, Parameter]) -> Network:
        """The network with some of its parameters replaced."""
        unknown = [n for n in values if n not in {p.name for p in self.parameters}]
        if unknown:
            raise UnknownNameError(
                "parameter", unknown[0], [p.name for p in self.parameters]
            )
        kept = tuple(values.get(p.name, p) for p in self.parameters)
        return replace(self, parameters=kept)

    def names(self) -> dict[str, Part]:
        """Every part by its name."""
        return {part.name: part for part in self.parts()}

    def parts(self) -> Iterator[Part]:
        """Every part, in the order of the fields."""
        for name in _FIELDS.values():
            yield from getattr(self, name)

    def get(self, kind: type[Named], name: str) -> Named:
        """The part of one kind with a name.  Raises UnknownNameError."""
        found: Iterable[Named] = getattr(self, _FIELDS[kind])
        by_name = {part.name: part for part in found}
        if name not in by_name:
            raise UnknownNameError(kind.__name__.lower(), name, by_name)
        return by_name[name]

    def symbol(self, name: str) -> Symbol:
        """The symbol of a species, parameter, rule or input of this network.

        Raises UnknownNameError when no such part exists.
        """
        known = self.symbol_names()
        if name not in known:
            raise UnknownNameError("name", name, known)
        return Symbol(name)

    def symbol_names(self) -> list[str]:
        """Names that an expression of this network may use."""
        groups = (self.species, self.parameters, self.rules, self.inputs)
        named: list[str] = [part.name for group in groups for part in group]
        for lattice in self.lattices:
            named += lattice.symbols
        return [*named, *self.neighbours(), TIME.name]

    def neighbours(self) -> dict[str, Species]:
        """Names by which a cell of the lattice speaks of those beside it."""
        return {
            side(species.symbol).name: species
            for species in self.species
            if species.lattice
            for side in (inner, outer)
        }

    def moieties(self) -> list[str]:
        """Names of the conserved moieties, in order of appearance."""
        return list(dict.fromkeys(m for s in self.species for m in s.content))

    def derivatives(self) -> dict[str, Expr]:
        """Right-hand side of every species, without doses, in internal units."""
        total: dict[str, Expr] = {s.name: ZERO for s in self.species}
        for reaction in self.reactions:
            for name, change in reaction.changes.items():
                total[name] = total[name] + reaction.rate * change
        return total

    def equations(self) -> str:
        """The ordinary differential equations as text, with units."""
        return printing.equations(self)

    def describe(self) -> str:
        """The parts of the model and the sources of its parameters, as text."""
        return printing.describe(self)


Mechanism = Callable[[Network], Network]
"""A mechanism adds parts to a network and returns the new one."""
