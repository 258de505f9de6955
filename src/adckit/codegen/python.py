"""Statements as a Python function: slow, obvious, the reference for other writers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from adckit.codegen.lower import Block, Value, lower, slots
from adckit.network.expr import TIME, Expr

__all__ = ["python_function", "python_source"]

_TEXT = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "divide({0}, {1})",
    "neg": "-{0}",
    "pow": "power({0}, {1})",
    "exp": "exponential({0})",
    "log": "logarithm({0})",
    "max": "max({0}, {1})",
    "min": "min({0}, {1})",
    "select": "({1} if {0} > 0.0 else {2})",
}


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)


def _power(x: float, y: float) -> float:
    base = x if y.is_integer() else max(x, 0.0)
    try:
        return float(base**y)
    except (ZeroDivisionError, OverflowError):
        return math.inf


def _exponential(x: float) -> float:
    return math.inf if x > 709.78 else math.exp(x)


def _logarithm(x: float) -> float:
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


_NAMESPACE = {
    "divide": _divide,
    "power": _power,
    "exponential": _exponential,
    "logarithm": _logarithm,
}


def python_source(name: str, block: Block) -> str:
    """Source of `name(time, state, parameter, input) -> list`."""
    lines = [f"def {name}(time, state, parameter, input):"]
    for i, statement in enumerate(block.statements):
        args = [_operand(a) for a in statement.args]
        lines.append(f"    v{i} = {_TEXT[statement.operation].format(*args)}")
    lines.append(f"    return [{', '.join(_operand(r) for r in block.results)}]")
    return "\n".join(lines)


def _operand(value: Value) -> str:
    if value.array == "constant":
        return repr(value.number)
    if value.array == "local":
        return f"v{value.index}"
    return "time" if value.array == "time" else f"{value.array}[{value.index}]"


def python_function(
    roots: Sequence[Expr],
    states: Sequence[str],
    parameters: Sequence[str],
    inputs: Sequence[str],
) -> Callable[..., list[float]]:
    """A function (time, state, parameter, input) → values of `roots`."""
    names = slots(state=states, parameter=parameters, input=inputs, time=[TIME.name])
    source = python_source("kernel", lower(roots, names))
    namespace = dict(_NAMESPACE)
    exec(source, namespace)
    function: Callable[..., list[float]] = namespace["kernel"]  # type: ignore[assignment]
    return function
