"""Outputs: interpolated inside accepted steps, written straight into the result."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import ARGUMENTS, INFINITY, Layout, Memory
from adckit.codegen.stepping import call_model

__all__ = ["add_observing"]


def add_observing(module: Module, shape: ModelShape, layout: Layout) -> None:
    """Write @set_output and @emit."""
    _add_set_output(module, layout)
    _add_emit(module, shape, layout)


def _add_set_output(module: Module, layout: Layout) -> None:
    """@set_output: look up the time of a lane's next output."""
    f = module.function("set_output", f"{ARGUMENTS}, i64 %lane")
    m, lane = Memory(f, layout), f.arg("lane", "i64")
    row = m.lane_get("row", lane, "i64")
    m.lane_put(INFINITY, "next_output", lane)
    with f.when(f.compare_whole("slt", row, m.job("time_count"))):
        when = f.get(f.at(m.job("times"), row, "double"), "double")
        m.lane_put(when, "next_output", lane)
    f.done()


def _add_emit(module: Module, shape: ModelShape, layout: Layout) -> None:
    """@emit: write every output that is due in the accepted lanes."""
    f = module.function("emit", ARGUMENTS)
    m = Memory(f, layout)

    def due() -> Reg:
        reached = f.compare("ole", m.get("next_output"), m.get("new_time"))
        return f.both(m.mask("accepted"), reached)

    with f.until(lambda: f.any(due())):
        chosen = due()
        when = f.select(chosen, m.get("next_output"), m.get("time"))
        m.put(when, "stage_time")
        passed = f.sub(when, m.get("time"))
        m.put(f.div(passed, m.get("step")), "fraction")
        f.call("void", "inside_seen", f.arg("work"))
        call_model(f, m, "observe", "stage_time", "trial", m.place("observed"))
        with m.each_lane(chosen) as lane:
            _write_row(f, m, shape, lane)
    f.done()


def _write_row(f: Function, m: Memory, shape: ModelShape, lane: Reg) -> None:
    """Copy a lane's observations to its row of the result."""
    subject = m.lane_get("subject", lane, "i64")
    row = m.lane_get("row", lane, "i64")
    number = f.whole("add", f.whole("mul", subject, m.job("time_count")), row)
    first = f.whole("mul", number, shape.outputs)
    with f.loop(shape.outputs) as i:
        value = f.get(m.lane("observed", lane, i), "double")
        f.put(value, f.at(m.job("out"), f.whole("add", first, i), "double"))
    m.lane_put(f.whole("add", row, 1), "row", lane)
    f.call("void", "set_output", f.arg("job"), f.arg("work"), lane)
