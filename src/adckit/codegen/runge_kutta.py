"""One step of an explicit Runge-Kutta method on all lanes.

The last stage is the rate at the new state, and so the first stage of the next step.
A lane that was loaded, dosed or reset since has a `stale` first stage, and then all
lanes compute it anew, which gives the others the same bits again.

That stability limits the step is seen from h |K_new - K_last| / |y_new - y_last|, where
the last stage before the new state is at the same time: about h times the largest
eigenvalue of df/dy (Hairer and Wanner 1996, section IV.2).
"""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import Layout, Memory
from adckit.codegen.methods import RungeKutta
from adckit.codegen.stepping import (
    Worst,
    add_dense,
    call_model,
    stage_value,
    weighted,
)

__all__ = ["add_runge_kutta", "write_handover"]

_LIMITED = 0.75
"""Share of the region of stability from which a step counts as limited by it."""


def add_runge_kutta(
    module: Module, shape: ModelShape, method: RungeKutta, layout: Layout
) -> None:
    """@try_step: new_state, stages and error from time, state and step."""
    f = module.function("try_step", "ptr noalias %job, ptr noalias %work")
    m = Memory(f, layout)
    with f.when(f.any(m.mask("stale"))):
        call_model(f, m, "rates", "time", "state", m.place("stages"))
        f.store(module.integer(0), m.place("stale"))
    for stage in range(1, method.main):
        _write_stage(f, m, shape, method, stage)
    _write_end(f, m, shape, method)
    f.done()
    f = module.function("more_stages", "ptr noalias %work")
    for stage in range(method.main, method.stages):
        _write_stage(f, Memory(f, layout), shape, method, stage)
    f.done()
    add_dense(module, shape, method, layout)


def _write_stage(
    f: Function, m: Memory, shape: ModelShape, method: RungeKutta, stage: int
) -> None:
    target = "new_state" if stage == method.main - 1 else "trial"
    step = m.get("step")
    with f.loop(shape.states) as i:
        known = [stage_value(f, m, shape, j, i) for j in range(stage)]
        change = f.mul(step, weighted(f, method.a[stage], known))
        m.put(f.add(m.get("state", i), change), target, i)
    time = "time"
    if shape.uses_time:
        time = "new_time" if target == "new_state" else "stage_time"
        if time == "stage_time":
            passed = f.mul(f.module.constant(method.alpha[stage]), step)
            m.put(f.add(m.get("time"), passed), time)
    rates = m.place("stages", stage * shape.states)
    call_model(f, m, "rates", time, target, rates)


def _write_end(f: Function, m: Memory, shape: ModelShape, method: RungeKutta) -> None:
    """The largest error of any state relative to its tolerance, and what limits h."""
    real, zero = f.module.real, f.module.constant(0.0)
    bent, apart = f.variable(real, zero), f.variable(real, zero)
    last = method.main - 2
    worst = [Worst(f) for _ in method.error]
    rtol, step = m.everywhere("rtol"), m.get("step")
    with f.loop(shape.states) as i:
        size = f.larger(
            f.absolute(m.get("state", i)), f.absolute(m.get("new_state", i))
        )
        allowed = f.add(m.get("absolute", i), f.mul(rtol, size))
        scale = f.div(step, allowed)
        for weights, found in zip(method.error, worst, strict=True):
            known = [stage_value(f, m, shape, j, i) for j in range(len(weights))]
            found.take(f.mul(f.absolute(weighted(f, weights, known)), scale))
        slope = f.sub(
            stage_value(f, m, shape, last + 1, i), stage_value(f, m, shape, last, i)
        )
        distance = f.sub(m.get("new_state", i), m.get("trial", i))
        for total, part in (
            (bent, f.mul(slope, scale)),
            (apart, f.div(distance, allowed)),
        ):
            f.put(f.add(f.get(total, real), f.mul(part, part)), total)
    m.put(_joined(f, [found.result() for found in worst]), "error")
    limit = f.module.constant((_LIMITED * method.reach) ** 2)
    limited = f.compare("ogt", f.get(bent, real), f.mul(limit, f.get(apart, real)))
    m.put_mask(limited, "limited")


def _joined(f: Function, errors: list[Reg]) -> Reg:
    """One error from two estimates."""
    fine, coarse = errors
    c = f.module.constant
    square = f.mul(fine, fine)
    total = f.add(square, f.mul(c(0.01), f.mul(coarse, coarse)))
    return f.div(square, f.root(f.larger(total, c(1e-200))))


def write_handover(
    f: Function, m: Memory, shape: ModelShape, method: RungeKutta, accepted: Reg
) -> None:
    """In accepted lanes the last stage becomes the first one of the next step."""
    last = (method.main - 1) * shape.states
    with f.loop(shape.states) as i:
        new = m.get("stages", f.whole("add", i, last))
        m.put(f.select(accepted, new, m.get("stages", i)), "stages", i)
