"""One step of a Rosenbrock method on all lanes, and the solution inside a step."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import Layout, Memory
from adckit.codegen.methods import Rosenbrock

__all__ = ["add_dense", "add_step", "call_model"]

_MODEL_ARGUMENTS = ("fixed", "input")


def call_model(
    f: Function, memory: Memory, name: str, time: str, state: str, *out: Reg
) -> None:
    """Call a model function at a time and state of working memory."""
    fixed = (memory.place(a) for a in _MODEL_ARGUMENTS)
    f.call("void", name, memory.place(time), memory.place(state), *fixed, *out)


def add_step(
    module: Module, shape: ModelShape, method: Rosenbrock, layout: Layout
) -> None:
    """@try_step: new_state, stages and error from time, state and step."""
    f = module.function("try_step", "ptr noalias %job, ptr noalias %work")
    m = Memory(f, layout)
    c = module.constant
    inverse_step = f.div(c(1.0), m.get("step"))
    m.put(f.mul(inverse_step, c(1 / method.gamma)), "scalar")
    call_model(f, m, "factor", "time", "state", m.place("scalar"), m.place("lu"))
    if shape.uses_time:
        call_model(f, m, "slopes", "time", "state", m.place("slope"))
    for stage in range(method.stages):
        _write_stage(f, m, shape, method, stage, inverse_step)
    _write_end(f, m, shape, method)
    f.done()


def _write_stage(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Rosenbrock,
    stage: int,
    inverse_step: Reg,
) -> None:
    with f.loop(shape.states) as i:
        known = [_stage_value(f, m, shape, j, i) for j in range(stage)]
        if stage:
            m.put(_trial(f, m, method, stage, known, i), "trial", i)
        m.put(_offset(f, m, shape, method, stage, known, inverse_step, i), "offset", i)
    time = "time"
    if shape.uses_time:
        time = "stage_time"
        passed = f.mul(f.module.constant(method.alpha[stage]), m.get("step"))
        m.put(f.add(m.get("time"), passed), time)
    source = "trial" if stage else "state"
    call_model(f, m, "rates", time, source, m.place("rate"))
    target = m.place("stages", stage * shape.states)
    places = (m.place("lu"), m.place("rate"), m.place("offset"), target)
    f.call("void", "solve", *places)


def _stage_value(f: Function, m: Memory, shape: ModelShape, j: int, i: Reg) -> Reg:
    return m.get("stages", f.whole("add", i, j * shape.states))


def _trial(
    f: Function, m: Memory, method: Rosenbrock, stage: int, known: list[Reg], i: Reg
) -> Reg:
    """Where the stage is evaluated; built on the stage before where the table allows.

    The late stages of a stiffly accurate method differ from one another by one term.
    """
    row = method.a[stage]
    if stage > 1 and row[:-1] == method.a[stage - 1]:
        return _weighted(f, row[-1:], known[-1:], m.get("trial", i))
    return _weighted(f, row, known, m.get("state", i))


def _offset(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Rosenbrock,
    stage: int,
    known: list[Reg],
    inverse_step: Reg,
    i: Reg,
) -> Reg:
    """What the right-hand side of the stage has besides the rates."""
    total = f.module.constant(0.0)
    if stage:
        total = f.mul(_weighted(f, method.c[stage], known, None), inverse_step)
    if shape.uses_time:
        weight = f.module.constant(method.time_weights[stage])
        total = f.add(total, f.mul(f.mul(weight, m.get("step")), m.get("slope", i)))
    return total


def _weighted(
    f: Function, weights: tuple[float, ...], values: list[Reg], start: Reg | None
) -> Reg:
    """start + sum of weight * value; `weights` is not empty."""
    total = start
    for weight, value in zip(weights, values, strict=True):
        term = value if weight == 1.0 else f.mul(f.module.constant(weight), value)
        total = term if total is None else f.add(total, term)
    assert total is not None
    return total


def _write_end(f: Function, m: Memory, shape: ModelShape, method: Rosenbrock) -> None:
    """The new state, and the largest error of any state relative to its tolerance.

    A NaN must not get lost in a maximum, so the sum of all errors goes along with it.
    """
    zero = f.module.constant(0.0)
    largest = f.variable(f.module.real, zero)
    witness = f.variable(f.module.real, zero)
    rtol = m.everywhere("rtol")
    last = (method.stages - 1) * shape.states
    with f.loop(shape.states) as i:
        old, error = m.get("state", i), m.get("stages", f.whole("add", i, last))
        new = f.add(m.get("trial", i), error)  # b is the last row of a, and one more
        m.put(new, "new_state", i)
        size = f.larger(f.absolute(old), f.absolute(new))
        allowed = f.add(m.get("absolute", i), f.mul(rtol, size))
        error = f.div(f.absolute(error), allowed)
        f.put(f.larger(f.get(largest, f.module.real), error), largest)
        f.put(f.add(f.get(witness, f.module.real), error), witness)
    total = f.get(witness, f.module.real)
    finite = f.compare("olt", total, f.module.constant(1e300))
    undefined = f.module.constant(float("nan"))
    m.put(f.select(finite, f.get(largest, f.module.real), undefined), "error")


def add_dense(
    module: Module, shape: ModelShape, method: Rosenbrock, layout: Layout
) -> None:
    """@prepare_dense: the interpolant of the step; @inside: trial at `fraction`.

    The two are there twice: for all states, and (`_seen`) for those that outputs need.
    """
    module.whole_numbers("seen", shape.seen)
    for suffix, count in (("", shape.states), ("_seen", len(shape.seen))):
        f = module.function(f"prepare_dense{suffix}", "ptr noalias %work")
        m = Memory(f, layout)
        with f.loop(count) as n:
            i = f.get(f.at(Reg("ptr", "@seen"), n, "i64"), "i64") if suffix else n
            known = [_stage_value(f, m, shape, j, i) for j in range(method.stages)]
            for k, weights in enumerate(method.dense):
                total = _weighted(f, weights, known, None)
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
    method: Rosenbrock,
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
