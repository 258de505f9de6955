"""Expressions: build, differentiate, evaluate, print.

An expression is an immutable node.  Equal expressions are the same object (nodes are
interned), so a common subexpression is shared simply because it is written twice, and
comparison is identity.  Constructors fold constants and drop zeros and ones; nothing
else is rearranged, so the arithmetic that runs is the arithmetic that was written.

The rules that keep rates finite at the edges:

- `x ** y` means max(x, 0) ** y unless y is an integer constant, so a state that
  rounding made -1e-20 does not turn into NaN;
- d(x**y)/dx is y * x**y / x only where x is safely above 0; at 0 it is what it tends
  to (0 for y > 1, y otherwise), so a Hill term has a finite slope there.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

__all__ = [
    "ONE",
    "TIME",
    "ZERO",
    "Const",
    "Expr",
    "ExprLike",
    "Op",
    "Symbol",
    "as_expr",
    "differentiate",
    "evaluate",
    "exp",
    "log",
    "maximum",
    "minimum",
    "postorder",
    "select",
    "substitute",
    "symbols_in",
]

ExprLike = "Expr | float | int"


class Expr:
    """A node of an expression; see the module's docstring for what it means."""

    __slots__ = ("__weakref__", "args", "key")
    args: tuple[Expr, ...]
    key: tuple[object, ...]

    _interned: ClassVar[weakref.WeakValueDictionary[tuple[object, ...], Expr]] = (
        weakref.WeakValueDictionary()
    )

    def __add__(self, other: Expr | float) -> Expr:
        return _add(self, as_expr(other))

    def __radd__(self, other: float) -> Expr:
        return _add(as_expr(other), self)

    def __sub__(self, other: Expr | float) -> Expr:
        return _subtract(self, as_expr(other))

    def __rsub__(self, other: float) -> Expr:
        return _subtract(as_expr(other), self)

    def __mul__(self, other: Expr | float) -> Expr:
        return _multiply(self, as_expr(other))

    def __rmul__(self, other: float) -> Expr:
        return _multiply(as_expr(other), self)

    def __truediv__(self, other: Expr | float) -> Expr:
        return _divide(self, as_expr(other))

    def __rtruediv__(self, other: float) -> Expr:
        return _divide(as_expr(other), self)

    def __pow__(self, other: Expr | float) -> Expr:
        return _power(self, as_expr(other))

    def __neg__(self) -> Expr:
        return _negate(self)

    def __str__(self) -> str:
        return render(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {render(self)}>"


class Const(Expr):
    """A number."""

    __slots__ = ("value",)
    value: float

    def __reduce__(self) -> tuple[Any, ...]:
        return _const, (self.value,)


class Symbol(Expr):
    """A name: a species, parameter, rule, input or the time."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str) -> Symbol:
        key = ("symbol", name)
        found = Expr._interned.get(key)
        if found is None:
            found = super().__new__(cls)
            found.args, found.key, found.name = (), key, name
            Expr._interned[key] = found
        return found  # type: ignore[return-value]

    def __reduce__(self) -> tuple[Any, ...]:
        return Symbol, (self.name,)


class Op(Expr):
    """An operation on expressions; `name` is a key of `OPERATIONS`."""

    __slots__ = ("name",)
    name: str

    def __reduce__(self) -> tuple[Any, ...]:
        return _op, (self.name, *self.args)


def _const(value: float) -> Const:
    value = float(value)
    key = ("const", value.hex())
    found = Expr._interned.get(key)
    if found is None:
        found = Expr.__new__(Const)
        found.args, found.key, found.value = (), key, value
        Expr._interned[key] = found
    return found  # type: ignore[return-value]


def _op(name: str, *args: Expr) -> Expr:
    key = (name, *(id(a) for a in args))
    found = Expr._interned.get(key)
    if found is None:
        found = Expr.__new__(Op)
        found.args, found.key, found.name = args, key, name
        Expr._interned[key] = found
    return found


def as_expr(value: Expr | float) -> Expr:
    """A number as a constant; an expression as itself."""
    return value if isinstance(value, Expr) else _const(value)


ZERO = _const(0.0)
ONE = _const(1.0)
TIME = Symbol("time")
"""Time since the start of the simulation, in days."""


def _is_const(x: Expr, value: float) -> bool:
    return isinstance(x, Const) and x.value == value


def _fold(name: str, *args: Expr) -> Expr:
    """The operation on constants computed now, on anything else kept."""
    if all(isinstance(a, Const) for a in args):
        with np.errstate(all="ignore"):
            values = [np.float64(a.value) for a in args]  # type: ignore[attr-defined]
            value = float(OPERATIONS[name](*values))
        if math.isfinite(value):
            return _const(value)
    return _op(name, *args)


def _add(a: Expr, b: Expr) -> Expr:
    if _is_const(a, 0):
        return b
    if _is_const(b, 0):
        return a
    if isinstance(b, Op) and b.name == "neg":
        return _subtract(a, b.args[0])
    return _fold("add", a, b)


def _subtract(a: Expr, b: Expr) -> Expr:
    if _is_const(b, 0):
        return a
    if _is_const(a, 0):
        return _negate(b)
    if a is b:
        return ZERO
    if isinstance(b, Op) and b.name == "neg":
        return _add(a, b.args[0])
    return _fold("sub", a, b)


def _multiply(a: Expr, b: Expr) -> Expr:
    if _is_const(a, 0) or _is_const(b, 0):
        return ZERO
    if _is_const(a, 1):
        return b
    if _is_const(b, 1):
        return a
    if _is_const(a, -1):
        return _negate(b)
    if _is_const(b, -1):
        return _negate(a)
    return _fold("mul", a, b)


def _divide(a: Expr, b: Expr) -> Expr:
    if _is_const(a, 0):
        return ZERO
    if _is_const(b, 1):
        return a
    return _fold("div", a, b)


def _power(a: Expr, b: Expr) -> Expr:
    if _is_const(b, 0) or _is_const(a, 1):
        return ONE
    if _is_const(b, 1):
        return a
    return _fold("pow", a, b)


def _negate(a: Expr) -> Expr:
    if isinstance(a, Op) and a.name == "neg":
        return a.args[0]
    return _fold("neg", a)


def exp(x: Expr | float) -> Expr:
    """e to the power x; x must be dimensionless."""
    return _fold("exp", as_expr(x))


def log(x: Expr | float) -> Expr:
    """Natural logarithm; x must be dimensionless and positive."""
    return _fold("log", as_expr(x))


def maximum(a: Expr | float, b: Expr | float) -> Expr:
    """The larger of two."""
    return _fold("max", as_expr(a), as_expr(b))


def minimum(a: Expr | float, b: Expr | float) -> Expr:
    """The smaller of two."""
    return _fold("min", as_expr(a), as_expr(b))


def select(x: Expr | float, positive: Expr | float, otherwise: Expr | float) -> Expr:
    """`positive` where x > 0, `otherwise` elsewhere."""
    chosen, other = as_expr(positive), as_expr(otherwise)
    return chosen if chosen is other else _fold("select", as_expr(x), chosen, other)


def _numpy_power(x: Any, y: Any) -> Any:
    integral = np.ndim(y) == 0 and float(y).is_integer()
    return np.power(x, y) if integral else np.power(np.maximum(x, 0.0), y)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": _numpy_power,
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "max": np.maximum,
    "min": np.minimum,
    "select": lambda x, a, b: np.where(np.greater(x, 0.0), a, b),
}
"""Every operation an expression may hold, as numpy computes it."""


def postorder(roots: Iterable[Expr], stop: Container[Expr] = ()) -> list[Expr]:
    """Every node below `roots`, each once, arguments before the node.

    What lies below a node in `stop` is left out.
    """
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if node not in stop:
                stack.extend((a, False) for a in reversed(node.args) if a not in seen)
    return order


def symbols_in(roots: Iterable[Expr]) -> set[str]:
    """Names of all symbols below `roots`."""
    return {node.name for node in postorder(roots) if isinstance(node, Symbol)}


_BUILD: dict[str, Callable[..., Expr]] = {
    "add": _add,
    "sub": _subtract,
    "mul": _multiply,
    "div": _divide,
    "pow": _power,
    "neg": _negate,
    "exp": exp,
    "log": log,
    "max": maximum,
    "min": minimum,
    "select": select,
}


def substitute(roots: list[Expr], values: Mapping[str, Expr]) -> list[Expr]:
    """`roots` with every symbol named in `values` replaced."""
    new: dict[Expr, Expr] = {}
    for node in postorder(roots):
        if isinstance(node, Symbol):
            new[node] = values.get(node.name, node)
        elif isinstance(node, Op):
            new[node] = _BUILD[node.name](*(new[a] for a in node.args))
        else:
            new[node] = node
    return [new[root] for root in roots]


def evaluate(roots: list[Expr], values: Mapping[str, Any]) -> list[Any]:
    """Numbers for `roots`; `values` gives a number or an array for every symbol."""
    results: dict[Expr, Any] = {}
    for node in postorder(roots):
        if isinstance(node, Symbol):
            results[node] = values[node.name]
        elif isinstance(node, Const):
            results[node] = node.value
        else:
            args = (results[a] for a in node.args)
            results[node] = OPERATIONS[node.name](*args)  # type: ignore[attr-defined]
    return [results[root] for root in roots]


def differentiate(root: Expr, symbol: Symbol) -> Expr:
    """The derivative of `root` with respect to `symbol`."""
    return derivatives([root], symbol)[0]


def derivatives(roots: list[Expr], symbol: Symbol) -> list[Expr]:
    """The derivatives of several expressions, sharing the work."""
    slope: dict[Expr, Expr] = {}
    for node in postorder(roots):
        if node is symbol:
            slope[node] = ONE
        elif isinstance(node, Op):
            inner = [slope[a] for a in node.args]
            constant = all(s is ZERO for s in inner)
            slope[node] = ZERO if constant else _SLOPES[node.name](node, *inner)
        else:
            slope[node] = ZERO
    return [slope[root] for root in roots]


_SAFELY_POSITIVE = 1e-200


def _power_slope(node: Op, da: Expr, db: Expr) -> Expr:
    base, power = node.args
    slope: Expr
    if isinstance(power, Const) and power.value.is_integer():
        slope = power * base ** (power - 1)
    else:
        # reuses x**y, which is there already: a power costs as much as 50 products
        at_zero = select(power - 1, 0, power)
        divisor = maximum(base, _SAFELY_POSITIVE)
        slope = select(base - _SAFELY_POSITIVE, power * (node / divisor), at_zero)
    result = slope * da
    if db is not ZERO:
        logarithm = log(maximum(base, _SAFELY_POSITIVE))
        result = result + select(base, node * logarithm, 0) * db
    return result


def _division_slope(node: Op, da: Expr, db: Expr) -> Expr:
    bottom = node.args[1]
    return (da - node * db) / bottom


_SLOPES: dict[str, Callable[..., Expr]] = {
    "add": lambda n, da, db: da + db,
    "sub": lambda n, da, db: da - db,
    "mul": lambda n, da, db: da * n.args[1] + n.args[0] * db,
    "div": _division_slope,
    "pow": _power_slope,
    "neg": lambda n, da: -da,
    "exp": lambda n, da: n * da,
    "log": lambda n, da: da / n.args[0],
    "max": lambda n, da, db: select(n.args[0] - n.args[1], da, db),
    "min": lambda n, da, db: select(n.args[0] - n.args[1], db, da),
    "select": lambda n, dx, da, db: select(n.args[0], da, db),
}

_INFIX = {"add": (" + ", 1), "sub": (" - ", 1), "mul": ("*", 2), "div": ("/", 2)}


def render(root: Expr) -> str:
    """The expression as text, with as few brackets as the order of operations needs."""
    text: dict[Expr, tuple[str, int]] = {}  # node → (text, binding strength)
    for node in postorder([root]):
        if isinstance(node, Const):
            number = (
                f"{node.value:g}"
                if float(f"{node.value:g}") == node.value
                else repr(node.value)
            )
            text[node] = (number, 4 if node.value >= 0 else 1)
        elif isinstance(node, Symbol):
            text[node] = (node.name, 4)
        elif isinstance(node, Op):
            text[node] = _render_op(node, [text[a] for a in node.args])
    return text[root][0]


def _render_op(node: Op, args: list[tuple[str, int]]) -> tuple[str, int]:
    def bracket(arg: tuple[str, int], least: int) -> str:
        return arg[0] if arg[1] >= least else f"({arg[0]})"

    if node.name in _INFIX:
        sign, strength = _INFIX[node.name]
        right = strength + (node.name in ("sub", "div"))
        return bracket(args[0], strength) + sign + bracket(args[1], right), strength
    if node.name == "pow":
        return f"{bracket(args[0], 4)}^{bracket(args[1], 4)}", 3
    if node.name == "neg":
        return f"-{bracket(args[0], 2)}", 1
    return f"{node.name}({', '.join(a[0] for a in args)})", 4
