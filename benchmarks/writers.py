"""Expressions as source for other tools: Numba, JAX, C, rxode2 and Antimony.

Each target is a table from operation to text; a power with an integer constant and one
with any other exponent differ, because the base of the latter is cut off at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adckit.codegen.lower import Block, Statement, Value

__all__ = ["ANTIMONY", "JAX", "NUMBA", "RXODE", "C", "Target", "statements"]


@dataclass(frozen=True)
class Target:
    """How a language writes operations; `assign` makes a line of name and value."""

    operations: Mapping[str, str]
    integer_power: str
    real_power: str
    assign: str = "{name} = {value}"


_PLAIN = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
}

NUMBA = Target(
    operations={
        **_PLAIN,
        "exp": "math.exp({0})",
        "log": "math.log({0})",
        "max": "max({0}, {1})",
        "min": "min({0}, {1})",
        "select": "({1} if {0} > 0.0 else {2})",
    },
    integer_power="{0}**{1}",
    real_power="max({0}, 0.0)**{1}",
)

JAX = Target(
    operations={
        **_PLAIN,
        "exp": "jnp.exp({0})",
        "log": "jnp.log({0})",
        "max": "jnp.maximum({0}, {1})",
        "min": "jnp.minimum({0}, {1})",
        "select": "jnp.where({0} > 0.0, {1}, {2})",
    },
    integer_power="jax.lax.integer_pow({0}, {1})",
    real_power="jnp.maximum({0}, 0.0)**{1}",
)

C = Target(
    operations={
        **_PLAIN,
        "exp": "exp({0})",
        "log": "log({0})",
        "max": "({0} > {1} ? {0} : {1})",
        "min": "({0} < {1} ? {0} : {1})",
        "select": "({0} > 0.0 ? {1} : {2})",
    },
    integer_power="pow({0}, {1})",
    real_power="pow(({0} > 0.0 ? {0} : 0.0), {1})",
    assign="double {name} = {value};",
)

RXODE = Target(
    operations={
        **C.operations,
        "max": "max({0}, {1})",
        "min": "min({0}, {1})",
        "select": "(({0} > 0) * ({1}) + ({0} <= 0) * ({2}))",
    },
    integer_power="({0})^{1}",
    real_power="(max({0}, 0))^{1}",
    assign="{name} = {value};",
)

ANTIMONY = Target(
    operations={
        **_PLAIN,
        "exp": "exp({0})",
        "log": "ln({0})",
        "max": "piecewise({0}, {0} > {1}, {1})",
        "min": "piecewise({0}, {0} < {1}, {1})",
        "select": "piecewise({1}, {0} > 0, {2})",
    },
    integer_power="({0})^{1}",
    real_power="piecewise({0}, {0} > 0, 0)^{1}",
    assign="{name} := {value};",
)


def statements(
    block: Block, target: Target, names: Callable[[Value], str], prefix: str = "v"
) -> tuple[list[str], list[str]]:
    """Lines that compute a block, and the text of each result."""

    def operand(value: Value) -> str:
        if value.array == "local":
            return f"{prefix}{value.index}"
        if value.array == "constant":
            text = repr(value.number)
            return f"({text})" if value.number < 0 else text
        return names(value)

    lines = [
        target.assign.format(name=f"{prefix}{i}", value=_written(s, target, operand))
        for i, s in enumerate(block.statements)
    ]
    return lines, [operand(result) for result in block.results]


def _written(
    statement: Statement, target: Target, operand: Callable[[Value], str]
) -> str:
    texts: Sequence[str] = [operand(a) for a in statement.args]
    if statement.operation != "pow":
        return target.operations[statement.operation].format(*texts)
    power = statement.args[1]
    if power.array == "constant" and power.number.is_integer():
        return target.integer_power.format(texts[0], int(power.number))
    return target.real_power.format(*texts)
