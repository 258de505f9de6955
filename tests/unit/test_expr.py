"""Expressions: sharing, folding, derivatives, and values at the edges."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from adckit.codegen.python import python_function
from adckit.network.expr import (
    ONE,
    OPERATIONS,
    ZERO,
    Const,
    Expr,
    Op,
    Symbol,
    as_expr,
    differentiate,
    evaluate,
    exp,
    log,
    maximum,
    minimum,
    postorder,
    select,
    substitute,
    symbols_in,
)

X, Y = Symbol("x"), Symbol("y")
VALUES = st.floats(0.05, 20.0)


def leaves() -> st.SearchStrategy[Expr]:
    numbers = st.floats(0.1, 9.0).map(as_expr)
    return st.one_of(st.sampled_from([X, Y]), numbers)


def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda p: p[0] + p[1]),
        two.map(lambda p: p[0] - p[1]),
        two.map(lambda p: p[0] * p[1]),
        two.map(lambda p: p[0] / (p[1] * p[1] + 1)),
        two.map(lambda p: maximum(p[0], p[1])),
        two.map(lambda p: minimum(p[0], p[1])),
        two.map(lambda p: select(p[0] - p[1], p[0], p[1])),
        two.map(lambda p: (p[0] * p[0] + 0.5) ** minimum(p[1] * p[1], 3)),
        inner.map(lambda e: -e),
        inner.map(lambda e: exp(-(e * e))),
        inner.map(lambda e: log(e * e + 1)),
        inner.map(lambda e: e**3),
    )


EXPRESSIONS = st.recursive(leaves(), larger, max_leaves=12)


def value(expression: Expr, x: float, y: float) -> float:
    return float(evaluate([expression], {"x": x, "y": y})[0])


def test_equal_expressions_are_the_same_object() -> None:
    assert (X + Y) * 2 is (X + Y) * 2
    assert X + Y is not Y + X
    assert pickle.loads(pickle.dumps(exp(X) / (Y + 2))) is exp(X) / (Y + 2)


def test_zeros_and_ones_disappear() -> None:
    assert X * 0 is ZERO
    assert X * 1 is X
    assert 0 + X is X
    assert X - X is ZERO
    assert X**1 is X
    assert X**0 is ONE
    minus = -X
    assert -minus is X
    assert as_expr(2) * 3 is as_expr(6)


def test_infinite_constants_are_not_folded() -> None:
    assert isinstance(as_expr(1) / 0, Op)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ((X + Y) * X, "(x + y)*x"),
        (X - (Y - X), "x - (y - x)"),
        (X / (Y / X), "x/(y/x)"),
        (-X * Y, "(-x)*y"),
        ((X + 1) ** 2, "(x + 1)^2"),
        (exp(-X), "exp(-x)"),
        (X * 0.1, "x*0.1"),
        (X * (1 / 3), f"x*{1 / 3!r}"),
    ],
)
def test_text(expression: Expr, text: str) -> None:
    assert str(expression) == text


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, VALUES, VALUES)
def test_derivative_matches_a_difference(e: Expr, x: float, y: float) -> None:
    slope = differentiate(e, X)
    h = 1e-6 * x
    up, down = value(e, x + h, y), value(e, x - h, y)
    one_sided = [(up - value(e, x, y)) / h, (value(e, x, y) - down) / h]
    size = max(abs(up), abs(down), 1.0)
    found = value(slope, x, y)
    # a kink (max, min, select) has two slopes: either one is right
    best = min(abs(found - (up - down) / (2 * h)), *(abs(found - s) for s in one_sided))
    curvature = abs(one_sided[0] - one_sided[1])
    assert best <= 1e-4 * (abs(found) + size) + curvature


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, VALUES, VALUES)
def test_python_function_agrees_with_numpy(e: Expr, x: float, y: float) -> None:
    function = python_function([e], ["x"], ["y"], [])
    assert function(0.0, [x], [y], [])[0] == pytest.approx(value(e, x, y), rel=1e-12)


def test_derivatives_against_symbolic_algebra() -> None:
    x, h = sympy.symbols("x h", positive=True)
    ours = differentiate(X ** Symbol("h") / (2 + X ** Symbol("h")), X)
    theirs = sympy.diff(x**h / (2 + x**h), x)
    for at in (0.1, 1.0, 7.0):
        expected = float(theirs.subs({x: at, h: 1.7}))
        assert evaluate([ours], {"x": at, "h": 1.7})[0] == pytest.approx(expected)


@pytest.mark.parametrize("h", [1.0, 1.5, 2.0, 4.0])
def test_hill_term_is_finite_at_and_below_zero(h: float) -> None:
    hill = X ** Symbol("h") / (1 + X ** Symbol("h"))
    slope = differentiate(hill, X)
    for x in (0.0, -1e-20, 1e-300, 1e100):
        with np.errstate(over="ignore", invalid="ignore"):
            found = evaluate([hill, slope], {"x": x, "h": h})
        if x < 1e99:
            assert np.isfinite(found).all()
    assert evaluate([hill], {"x": -1e-20, "h": h})[0] == pytest.approx(0.0, abs=1e-19)


def test_whole_powers_keep_their_sign() -> None:
    assert value(X**3, -2.0, 0.0) == -8.0
    assert value(X**0.5, -2.0, 0.0) == 0.0


def test_substitution_and_symbols() -> None:
    (new,) = substitute([X * Y + X], {"x": Y})
    assert new is Y * Y + Y
    assert symbols_in([X + 2, Y]) == {"x", "y"}


def test_postorder_visits_each_node_once() -> None:
    shared = X + Y
    order = postorder([shared * shared, shared])
    assert len(order) == len(set(order)) == 4
    assert order.index(shared) > order.index(X)


def test_every_operation_has_a_strategy() -> None:
    seen: set[str] = set()
    for build in (
        X + Y, X - Y, X * Y, X / Y, X**Y, -X, exp(X), log(X),
        maximum(X, Y), minimum(X, Y), select(X, X, Y),
    ):  # fmt: skip
        assert isinstance(build, Op)
        seen.add(build.name)
    assert seen == set(OPERATIONS)


def test_constants_keep_every_bit() -> None:
    number = 0.1 + 0.2
    node = as_expr(number)
    assert isinstance(node, Const)
    assert node.value == number
    assert str(node) == repr(number)
    assert math.copysign(1, as_expr(-0.0).value) == -1  # type: ignore[attr-defined]
