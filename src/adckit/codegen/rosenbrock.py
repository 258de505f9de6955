"""One step of a Rosenbrock method on all lanes, one group of states after the other."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.layout import Layout, Memory
from adckit.codegen.methods import Rosenbrock
from adckit.codegen.stepping import (
    Worst,
    add_dense,
    call_model,
    stage_value,
    weighted,
)
from adckit.codegen.writing import Group, ModelShape

__all__ = ["add_rosenbrock"]


def add_rosenbrock(
    module: Module, shape: ModelShape, method: Rosenbrock, layout: Layout
) -> None:
    """@try_step: new_state, stages and error from time, state and step."""
    for stage in range(method.stages):
        _add_combination(module, shape, method, layout, stage)
    f = module.function("try_step", "ptr noalias %job, ptr noalias %work")
    m = Memory(f, layout)
    c = module.constant
    inverse_step = f.div(c(1.0), m.get("step"))
    m.put(inverse_step, "inverse_step")
    m.put(f.mul(inverse_step, c(1 / method.gamma)), "scalar")
    if shape.uses_time:
        call_model(f, m, "slopes", "time", "state", m.place("slope"))
    for group in shape.groups:
        lu = m.place("lu", group.place)
        out = (m.place("scalar"), lu, m.place("rate"))
        call_model(f, m, f"factor{group.suffix}", "time", "state", *out)
        for stage in range(method.stages):
            _write_stage(f, m, shape, method, group, stage)
    _write_end(f, m, shape, method)
    f.done()
    add_dense(module, shape, method, layout)


def _trial_place(shape: ModelShape, stage: int) -> int:
    """Groups that come later need to know where those before them were evaluated."""
    return stage * shape.states if len(shape.groups) > 1 else 0


def _write_stage(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Rosenbrock,
    group: Group,
    stage: int,
) -> None:
    bounds = (Reg("i64", str(n)) for n in (group.first, group.end))
    f.call("void", f"combine_{stage}", f.arg("work"), *bounds)
    if stage:  # the first stage is where `factor` was
        time = "time"
        if shape.uses_time:
            time = "stage_time"
            passed = f.mul(f.module.constant(method.alpha[stage]), m.get("step"))
            m.put(f.add(m.get("time"), passed), time)
        trial = m.place("trial", _trial_place(shape, stage))
        call_model(f, m, f"rates{group.suffix}", time, trial, m.place("rate"))
    lu, target = m.place("lu", group.place), m.place("stages", stage * shape.states)
    places = (lu, m.place("rate"), m.place("offset"), target)
    f.call("void", f"solve{group.suffix}", *places)


def _add_combination(
    module: Module, shape: ModelShape, method: Rosenbrock, layout: Layout, stage: int
) -> None:
    """@combine_n: where stage n is evaluated, and what is added to its rates."""
    arguments = "ptr noalias %work, i64 %first, i64 %end"
    f = module.function(f"combine_{stage}", arguments)
    m = Memory(f, layout)
    first, end = f.arg("first", "i64"), f.arg("end", "i64")
    with f.loop(f.whole("sub", end, first)) as n:
        i = f.whole("add", first, n)
        known = [stage_value(f, m, shape, j, i) for j in range(stage)]
        if stage:
            place = f.whole("add", i, _trial_place(shape, stage))
            m.put(_trial(f, m, shape, method, stage, known, i), "trial", place)
        m.put(_offset(f, m, shape, method, stage, known, i), "offset", i)
    f.done()


def _trial(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Rosenbrock,
    stage: int,
    known: list[Reg],
    i: Reg,
) -> Reg:
    """Where the stage is evaluated; built on the stage before where the table allows.

    The late stages of a stiffly accurate method differ from one another by one term.
    """
    row = method.a[stage]
    if stage > 1 and row[:-1] == method.a[stage - 1]:
        place = f.whole("add", i, _trial_place(shape, stage - 1))
        return weighted(f, row[-1:], known[-1:], m.get("trial", place))
    return weighted(f, row, known, m.get("state", i))


def _offset(
    f: Function,
    m: Memory,
    shape: ModelShape,
    method: Rosenbrock,
    stage: int,
    known: list[Reg],
    i: Reg,
) -> Reg:
    """What the right-hand side of the stage has besides the rates."""
    total = f.module.constant(0.0)
    if stage:
        total = f.mul(weighted(f, method.c[stage], known), m.get("inverse_step"))
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
        trial = f.whole("add", i, _trial_place(shape, method.stages - 1))
        # b is the last row of a, and one more
        new = f.add(m.get("trial", trial), error)
        m.put(new, "new_state", i)
        size = f.larger(f.absolute(old), f.absolute(new))
        allowed = f.add(m.get("absolute", i), f.mul(rtol, size))
        worst.take(f.div(f.absolute(error), allowed))
    m.put(worst.result(), "error")
