"""State events: found inside a step by bisection, carried out at its end."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import ARGUMENTS, Layout, Memory
from adckit.codegen.stepping import call_model
from adckit.network.system import OdeSystem

__all__ = ["add_events"]

_BISECTIONS = 60


def add_events(
    module: Module, shape: ModelShape, system: OdeSystem, layout: Layout
) -> None:
    """Write @locate and @reassign."""
    _add_locate(module, shape, layout)
    _add_reassign(module, system, layout)


def _add_locate(module: Module, shape: ModelShape, layout: Layout) -> None:
    """@locate: end the step of a lane where its first event fires in it."""
    f = module.function("locate", ARGUMENTS)
    m, c = Memory(f, layout), module.constant
    call_model(f, m, "trigger", "time", "state", m.place("before"))
    call_model(f, m, "trigger", "new_time", "new_state", m.place("after"))
    nothing = module.integer(-1)
    f.store(nothing, m.place("fired"))
    prepared = f.variable("i1", Reg("i1", "false"))
    for k in range(shape.events):
        fell = f.both(
            f.compare("ogt", m.get("before", k), c(0.0)),
            f.compare("ole", m.get("after", k), c(0.0)),
        )
        fell = f.both(fell, m.mask("accepted"))
        with f.when(f.any(fell)):
            with f.when(f.inverse(f.get(prepared, "i1"))):
                f.call("void", "prepare_dense", f.arg("work"))
                f.put(Reg("i1", "true"), prepared)
            _write_bisection(f, m, k, fell)
    f.done()


def _write_bisection(f: Function, m: Memory, k: int, fell: Reg) -> None:
    """Shorten the step of lanes in `fell` to the place where trigger k reaches 0."""
    module, c = f.module, f.module.constant
    real = module.real
    passed = f.sub(m.get("new_time"), m.get("time"))
    low = f.variable(real, c(0.0))
    high = f.variable(real, c(1.0))
    f.put(c(0.0), low)
    f.put(f.div(passed, m.get("step")), high)
    with f.loop(_BISECTIONS):
        middle = f.mul(c(0.5), f.add(f.get(low, real), f.get(high, real)))
        _write_probe(f, m, middle)
        above = f.compare("ogt", m.get("probe", k), c(0.0))
        f.put(f.select(above, middle, f.get(low, real)), low)
        f.put(f.select(above, f.get(high, real), middle), high)
    # An event that another one forestalled has not reached 0 where the step now ends.
    _write_probe(f, m, f.get(high, real))
    hit = f.both(fell, f.compare("ole", m.get("probe", k), c(0.0)))
    reached = f.add(m.get("time"), f.mul(f.get(high, real), m.get("step")))
    m.put(f.select(hit, reached, m.get("new_time")), "new_time")
    fired = f.select(hit, module.integer(k), m.get_whole("fired"))
    f.store(fired, m.place("fired"))


def _write_probe(f: Function, m: Memory, fraction: Reg) -> None:
    """All triggers inside the step."""
    m.put(fraction, "fraction")
    f.call("void", "inside", f.arg("work"))
    m.put(f.add(m.get("time"), f.mul(fraction, m.get("step"))), "stage_time")
    call_model(f, m, "trigger", "stage_time", "trial", m.place("probe"))


def _add_reassign(module: Module, system: OdeSystem, layout: Layout) -> None:
    """@reassign: carry out the event that ended the step of each lane."""
    f = module.function("reassign", ARGUMENTS)
    m = Memory(f, layout)
    call_model(f, m, "assign", "time", "state", m.place("assigned"))
    place = 0
    for k, targets in enumerate(system.assignments):
        chosen = f.compare_whole("eq", m.get_whole("fired"), module.integer(k))
        for state, _ in targets:
            value = f.select(chosen, m.get("assigned", place), m.get("state", state))
            m.put(value, "state", state)
            place += 1
    f.done()
