"""Statements as instructions, and what all functions of a model have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from adckit.codegen.emitter import Function, Reg
from adckit.codegen.lower import Block, Value

__all__ = [
    "FACTOR_ARGUMENTS",
    "MODEL_ARGUMENTS",
    "Group",
    "ModelShape",
    "write_block",
    "write_elimination",
]

MODEL_ARGUMENTS = (
    "ptr noalias %time, ptr noalias %state, ptr noalias %fixed, ptr noalias %input"
)
FACTOR_ARGUMENTS = (
    f"{MODEL_ARGUMENTS}, ptr noalias %diagonal, ptr noalias %lu, ptr noalias %out"
)

_NONE: Mapping[Any, Reg] = MappingProxyType({})


@dataclass(frozen=True)
class Group:
    """States from `first` up to `end`, which depend on none after them."""

    suffix: str
    """Of its functions."""
    first: int
    end: int
    place: int
    """Where its factors begin."""
    factors: int


@dataclass(frozen=True)
class ModelShape:
    """Sizes that the integrator needs to know."""

    states: int
    parameters: int
    fixed: int
    inputs: int
    outputs: int
    groups: tuple[Group, ...]
    events: int
    assigned: int
    uses_time: bool
    seen: tuple[int, ...]
    """States that outputs depend on."""

    @property
    def factors(self) -> int:
        """Places that the factors of all groups take."""
        return sum(group.factors for group in self.groups)


class _Plan(Protocol):
    """The part of an elimination that is written here."""

    @property
    def order(self) -> tuple[int, ...]: ...
    @property
    def below(self) -> Mapping[int, tuple[int, ...]]: ...
    @property
    def right(self) -> Mapping[int, tuple[int, ...]]: ...


def write_elimination(
    f: Function,
    plan: _Plan,
    work: dict[tuple[int, int], Reg],
    lu: Reg,
    places: Mapping[Any, int],
) -> None:
    """Take all pivots of `plan` and store the factors, with inverse pivots, in `lu`.

    `places` says where each entry goes; `work`, the matrix, keeps what is left over.
    """
    one, stored = f.module.constant(1.0), set[int]()

    def store(value: Reg, entry: tuple[int, int]) -> None:
        if places[entry] not in stored:
            stored.add(places[entry])
            f.store(value, lu, places[entry])

    for k in plan.order:
        inverse = f.div(one, work[k, k])
        store(inverse, (k, k))
        for j in plan.right[k]:
            store(work[k, j], (k, j))
        for i in plan.below[k]:
            multiplier = f.mul(work[i, k], inverse)
            store(multiplier, (i, k))
            for j in plan.right[k]:
                update = f.mul(multiplier, work[k, j])
                known = work.get((i, j))
                work[i, j] = f.sub(known, update) if known else f.neg(update)


def write_block(
    f: Function,
    block: Block,
    arrays: Mapping[str, Reg] = _NONE,
    known: Mapping[Value, Reg] = _NONE,
) -> list[Reg]:
    """Print statements; returns the registers of the results.

    An array is the argument of its name unless `arrays` says where it is; what is
    `known` is not loaded.
    """
    loaded = dict(known)
    results: list[Reg] = []

    def operand(value: Value) -> Reg:
        if value.array == "local":
            return results[value.index]
        if value.array == "constant":
            return f.module.constant(value.number)
        if value not in loaded:
            base = arrays.get(value.array) or f.arg(value.array)
            loaded[value] = f.load(base, value.index)
        return loaded[value]

    for statement in block.statements:
        args = [operand(a) for a in statement.args]
        results.append(_write(f, statement.operation, args, statement.args))
    return [operand(r) for r in block.results]


def _write(f: Function, name: str, args: list[Reg], values: tuple[Value, ...]) -> Reg:
    zero = f.module.constant(0.0)
    if name == "pow":
        return _write_power(f, args, values[1])
    if name in ("exp", "log"):
        return f.call(f.module.real, name, *args)
    if name == "select":
        return f.select(f.compare("ogt", args[0], zero), args[1], args[2])
    method = {"max": f.larger, "min": f.smaller}.get(name) or getattr(f, name)
    result: Reg = method(*args)
    return result


def _write_power(f: Function, args: list[Reg], exponent: Value) -> Reg:
    n = exponent.number
    whole = exponent.array == "constant" and n.is_integer()
    if not whole:
        return f.call(f.module.real, "pow", *args)
    result: Reg | None = None
    square, left = args[0], abs(int(n))
    while left:
        if left & 1:
            result = square if result is None else f.mul(result, square)
        left >>= 1
        if left:
            square = f.mul(square, square)
    one = f.module.constant(1.0)
    if result is None:
        return one
    return f.div(one, result) if n < 0 else result
