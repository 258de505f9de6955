"""What the steps of all methods share: model calls, sums of stages, the largest error,
and the solution inside a step."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import Layout, Memory
from adckit.codegen.methods import Method, RungeKutta

__all__ = [
    "Worst",
    "add_dense",
    "call_model",
    "stage_value",
    "weighted",
]

_MODEL_ARGUMENTS = ("fixed", "input")
_UNDEFINED = float("nan")


def call_model(
    f: Function, memory: Memory, name: str, time: str, state: str | Reg, *out: Reg
) -> None:
    """Call a model function at a time and state of working memory."""
    fixed = (memory.place(a) for a in _MODEL_ARGUMENTS)
    at = memory.place(state) if isinstance(state, str) else state
    f.call("void", name, memory.place(time), at, *fixed, *out)


def stage_value(f: Function, m: Memory, shape: ModelShape, j: int, i: Reg) -> Reg:
    """State i of stage j."""
    return m.get("stages", f.whole("add", i, j * shape.states))


def weighted(
    f: Function,
    weights: tuple[float, ...],
    values: list[Reg],
    start: Reg | None = None,
) -> Reg:
    """start + sum of weight * value; without `start` not all weights may be 0."""
    total = start
    for weight, value in zip(weights, values, strict=True):
        if weight == 0.0:
            continue
        term = value if weight == 1.0 else f.mul(f.module.constant(weight), value)
        total = term if total is None else f.add(total, term)
    assert total is not None
    return total


class Worst:
    """The largest of some numbers, found while they are written one after the other.

    A NaN must not get lost in a maximum, so the sum of all goes along with it.
    """

    def __init__(self, f: Function) -> None:
        zero = f.module.constant(0.0)
        self.f, self.real = f, f.module.real
        self.largest = f.variable(self.real, zero)
        self.witness = f.variable(self.real, zero)

    def take(self, number: Reg) -> None:
        """Look at a number that is not negative."""
        f = self.f
        f.put(f.larger(f.get(self.largest, self.real), number), self.largest)
        f.put(f.add(f.get(self.witness, self.real), number), self.witness)

    def result(self) -> Reg:
        """The largest; NaN if any was NaN or infinite."""
        f = self.f
        total = f.get(self.witness, self.real)
        finite = f.compare("olt", total, f.module.constant(1e300))
        undefined = f.module.constant(_UNDEFINED)
        return f.select(finite, f.get(self.largest, self.real), undefined)


def add_dense(
    module: Module, shape: ModelShape, method: Method, layout: Layout
) -> None:
    """@prepare_dense: the interpolant of the step; @inside: trial at `fraction`.

    The two are there twice: for all states, and (`_seen`) for those that outputs need.
    """
    module.whole_numbers("seen", shape.seen)
    for suffix, count in (("", shape.states), ("_seen", len(shape.seen))):
        f = module.function(f"prepare_dense{suffix}", "ptr noalias %work")
        m = Memory(f, layout)
        step = None
        if isinstance(method, RungeKutta):  # its stages are rates
            f.call("void", "more_stages", f.arg("work"))
            step = m.get("step")
        with f.loop(count) as n:
            i = f.get(f.at(Reg("ptr", "@seen"), n, "i64"), "i64") if suffix else n
            known = [stage_value(f, m, shape, j, i) for j in range(method.stages)]
            for k, weights in enumerate(method.dense):
                total = weighted(f, weights, known)
                total = total if step is None else f.mul(step, total)
                m.put(total, "dense", f.whole("add", i, k * shape.states))
        f.done()
        f = module.function(f"inside{suffix}", "ptr noalias %work")
        m = Memory(f, layout)
        s = m.get("fraction")
        rest = f.sub(module.constant(1.0), s)
        with f.loop(count) as n:
            i = f.get(f.at(Reg("ptr", "@seen"), n, "i64"), "i64") if suffix else n
            m.put(_inside(f, m, shape, method, i, s, rest), "trial", i)
        f.done()


def _inside(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Method,
    i: Reg,
    s: Reg,
    rest: Reg,
) -> Reg:
    """State i at the fraction s of the step; exactly the old one at s = 0."""
    *lower, highest = range(len(method.dense))
    total = m.get("dense", f.whole("add", i, highest * shape.states))
    for k in reversed(lower):
        term = m.get("dense", f.whole("add", i, k * shape.states))
        total = f.add(term, f.mul(s, total))
    old = m.get("state", i)
    inner = f.add(m.get("new_state", i), f.mul(rest, total))
    value = f.add(f.mul(rest, old), f.mul(s, inner))
    at_start = f.compare("ole", s, f.module.constant(0.0))
    return f.select(at_start, old, value)
