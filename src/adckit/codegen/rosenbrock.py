"""One step of a Rosenbrock method on all lanes."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import Layout, Memory
from adckit.codegen.methods import Rosenbrock
from adckit.codegen.stepping import (
    Worst,
    add_dense,
    call_model,
    stage_value,
    weighted,
)

__all__ = ["add_rosenbrock"]


def add_rosenbrock(
    module: Module, shape: ModelShape, method: Rosenbrock, layout: Layout
) -> None:
    """@try_step: new_state, stages and error from time, state and step."""
    f = module.function("try_step", "ptr noalias %job, ptr noalias %work")
    m = Memory(f, layout)
    c = module.constant
    inverse_step = f.div(c(1.0), m.get("step"))
    m.put(f.mul(inverse_step, c(1 / method.gamma)), "scalar")
    out = (m.place("scalar"), m.place("lu"), m.place("rate"))
    call_model(f, m, "factor", "time", "state", *out)
    if shape.uses_time:
        call_model(f, m, "slopes", "time", "state", m.place("slope"))
    for stage in range(method.stages):
        _write_stage(f, m, shape, method, stage, inverse_step)
    _write_end(f, m, shape, method)
    f.done()
    add_dense(module, shape, method, layout)


def _write_stage(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Rosenbrock,
    stage: int,
    inverse_step: Reg,
) -> None:
    with f.loop(shape.states) as i:
        known = [stage_value(f, m, shape, j, i) for j in range(stage)]
        if stage:
            m.put(_trial(f, m, method, stage, known, i), "trial", i)
        m.put(_offset(f, m, shape, method, stage, known, inverse_step, i), "offset", i)
    if stage:  # the first stage is where `factor` was
        _write_rates(f, m, shape, method, stage)
    target = m.place("stages", stage * shape.states)
    places = (m.place("lu"), m.place("rate"), m.place("offset"), target)
    f.call("void", "solve", *places)


def _write_rates(
    f: Function, m: Memory, shape: ModelShape, method: Rosenbrock, stage: int
) -> None:
    time = "time"
    if shape.uses_time:
        time = "stage_time"
        passed = f.mul(f.module.constant(method.alpha[stage]), m.get("step"))
        m.put(f.add(m.get("time"), passed), time)
    call_model(f, m, "rates", time, "trial", m.place("rate"))


def _trial(
    f: Function, m: Memory, method: Rosenbrock, stage: int, known: list[Reg], i: Reg
) -> Reg:
    """Where the stage is evaluated; built on the stage before where the table allows.

    The late stages of a stiffly accurate method differ from one another by one term.
    """
    row = method.a[stage]
    if stage > 1 and row[:-1] == method.a[stage - 1]:
        return weighted(f, row[-1:], known[-1:], m.get("trial", i))
    return weighted(f, row, known, m.get("state", i))


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
        total = f.mul(weighted(f, method.c[stage], known), inverse_step)
    if shape.uses_time:
        weight = f.module.constant(method.time_weights[stage])
        total = f.add(total, f.mul(f.mul(weight, m.get("step")), m.get("slope", i)))
    return total


def _write_end(f: Function, m: Memory, shape: ModelShape, method: Rosenbrock) -> None:
    """The new state, and the largest error of any state relative to its tolerance."""
    worst = Worst(f)
    rtol = m.everywhere("rtol")
    last = (method.stages - 1) * shape.states
    with f.loop(shape.states) as i:
        old, error = m.get("state", i), m.get("stages", f.whole("add", i, last))
        new = f.add(m.get("trial", i), error)  # b is the last row of a, and one more
        m.put(new, "new_state", i)
        size = f.larger(f.absolute(old), f.absolute(new))
        allowed = f.add(m.get("absolute", i), f.mul(rtol, size))
        worst.take(f.div(f.absolute(error), allowed))
    m.put(worst.result(), "error")
