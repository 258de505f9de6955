"""From expressions to statements: a flat list of operations that any writer can print.

All cleverness is here, so that writers stay dumb: shared subexpressions are computed
once, what depends on parameters alone is computed once per subject (`hoist`), and a
division by such a value becomes a product with its reciprocal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adckit.network.expr import ONE, Const, Expr, Op, Symbol, postorder

__all__ = ["Block", "Hoisted", "Statement", "Value", "hoist", "lower", "slots"]


@dataclass(frozen=True)
class Value:
    """An operand: a constant, an element of an array, or an earlier statement."""

    array: str
    """`constant`, `local`, or the name of an array such as `state`."""
    index: int = 0
    number: float = 0.0


@dataclass(frozen=True)
class Statement:
    """One operation; its result is `Value("local", position in the block)`."""

    operation: str
    args: tuple[Value, ...]


@dataclass(frozen=True)
class Block:
    """Statements in order, and which values are the results."""

    statements: tuple[Statement, ...]
    results: tuple[Value, ...]


@dataclass(frozen=True)
class Hoisted:
    """What is computed once per subject: expression → element of `constants`."""

    expressions: tuple[Expr, ...] = ()
    values: Mapping[Expr, Value] = field(default_factory=dict)


def slots(**arrays: Sequence[str]) -> dict[str, Value]:
    """Symbol name → array element, for arrays given as lists of names."""
    return {
        name: Value(array, i)
        for array, names in arrays.items()
        for i, name in enumerate(names)
    }


def lower(
    roots: Iterable[Expr], names: Mapping[str, Value], hoisted: Hoisted | None = None
) -> Block:
    """Statements that compute `roots` from the arrays in `names`."""
    ready = dict(hoisted.values) if hoisted else {}
    roots = list(roots)
    values: dict[Expr, Value] = {}
    statements: list[Statement] = []
    for node in postorder(roots, stop=ready):
        if node in ready:
            values[node] = ready[node]
        elif isinstance(node, Const):
            values[node] = Value("constant", number=node.value)
        elif isinstance(node, Symbol):
            values[node] = names[node.name]
        elif isinstance(node, Op):
            operation, args = node.name, tuple(values[a] for a in node.args)
            if operation == "div" and (inverse := ready.get(ONE / node.args[1])):
                operation, args = "mul", (args[0], inverse)
            values[node] = Value("local", len(statements))
            statements.append(Statement(operation, args))
    return Block(tuple(statements), tuple(values[root] for root in roots))


def hoist(roots: Iterable[Expr], parameters: Sequence[str]) -> Hoisted:
    """What of `roots` depends on parameters alone, at the places where it is used."""
    fixed_names = set(parameters)
    fixed: dict[Expr, bool] = {}
    chosen: dict[Expr, None] = {}
    for node in postorder(roots):
        if isinstance(node, Symbol):
            fixed[node] = node.name in fixed_names
        else:
            fixed[node] = all(fixed[a] for a in node.args)
        if not isinstance(node, Op) or fixed[node]:
            continue
        for position, arg in enumerate(node.args):
            if not fixed[arg] or isinstance(arg, Const):
                continue
            if node.name == "div" and position == 1:
                chosen[ONE / arg] = None
            if isinstance(arg, Op):
                chosen[arg] = None
    chosen |= {root: None for root in roots if isinstance(root, Op) and fixed[root]}
    first = len(parameters)
    expressions = tuple(chosen)
    values = {e: Value("fixed", first + i) for i, e in enumerate(expressions)}
    return Hoisted(expressions, values)
