"""The life of a subject in a lane: loaded, started, acted upon, finished."""

from __future__ import annotations

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import ARGUMENTS, INFINITY, ActionKind, Layout, Memory
from adckit.status import Status

__all__ = ["add_subjects"]

_SMALLEST_STEP = 1e-14  # relative to time: below it, time + step is time
_COUNTED = ("accepted_steps", "rejected_steps", "limited_steps")
_ZERO, _ONE = Reg("i64", "0"), Reg("i64", "1")


def add_subjects(
    module: Module, shape: ModelShape, layout: Layout, *, explicit: bool
) -> None:
    """Write @act, @refill, @start and @finish."""
    _add_act(module, layout)
    _add_refill(module, shape, layout)
    _add_start(module, layout)
    _add_finish(module, shape, layout, explicit=explicit)


def _add_act(module: Module, layout: Layout) -> None:
    """@act: carry out all actions of a lane up to its time, then find the next one."""
    f = module.function("act", f"{ARGUMENTS}, i64 %lane")
    m, lane = Memory(f, layout), f.arg("lane", "i64")
    now = m.lane_get("time", lane)
    going = f.variable("i1", Reg("i1", "true"))
    with f.until(lambda: f.get(going, "i1")):
        row = m.lane_get("action", lane, "i64")
        f.put(Reg("i1", "false"), going)
        m.lane_put(INFINITY, "stop", lane)
        with f.when(f.compare_whole("slt", row, m.lane_get("action_end", lane, "i64"))):
            when = f.get(f.at(m.job("action_time"), row, "double"), "double")
            m.lane_put(when, "stop", lane)
            with f.when(f.compare("ole", when, now)):
                _write_action(f, m, row, lane)
                m.lane_put(f.whole("add", row, 1), "action", lane)
                f.put(Reg("i1", "true"), going)
    f.done()


def _write_action(f: Function, m: Memory, row: Reg, lane: Reg) -> None:
    kind = f.get(f.at(m.job("action_kind"), row, "i64"), "i64")
    index = f.get(f.at(m.job("action_index"), row, "i64"), "i64")
    value = f.get(f.at(m.job("action_value"), row, "double"), "double")

    def is_kind(wanted: ActionKind) -> Reg:
        return f.compare_whole("eq", kind, Reg("i64", str(int(wanted))))

    with f.when(is_kind(ActionKind.ADD)):
        place = m.lane("state", lane, index)
        f.put(f.add(f.get(place, "double"), value), place)
    with f.when(is_kind(ActionKind.SET_INPUT)):
        f.put(value, m.lane("input", lane, index))
    with f.when(is_kind(ActionKind.SET_STATE)):
        f.put(value, m.lane("state", lane, index))


def _add_refill(module: Module, shape: ModelShape, layout: Layout) -> None:
    """@refill: give every idle lane the next subject, as long as there are any."""
    f = module.function("refill", ARGUMENTS)
    m = Memory(f, layout)
    with f.loop(module.lanes) as lane:
        idle = f.compare_whole("eq", m.lane_get("active", lane, "i64"), Reg("i64", "0"))
        searching = f.variable("i1", idle)
        f.put(idle, searching)
        with f.until(lambda: f.get(searching, "i1")):
            f.put(Reg("i1", "false"), searching)
            with f.when(
                f.compare_whole("slt", f.get(m.job("next"), "i64"), m.job("last"))
            ):
                one = Reg("i64", "1")
                taken = f.give("i64", f"atomicrmw add {m.job('next')}, {one} monotonic")
                with f.when(f.compare_whole("slt", taken, m.job("last"))):
                    status = f.get(f.at(m.job("status"), taken, "i64"), "i64")
                    bad = Reg("i64", str(int(Status.INVALID_INPUT)))
                    f.put(f.compare_whole("eq", status, bad), searching)
                    with f.when(f.compare_whole("ne", status, bad)):
                        _write_load(f, m, shape, taken, lane)
    f.done()


def _write_load(
    f: Function, m: Memory, shape: ModelShape, subject: Reg, lane: Reg
) -> None:
    """Put a subject's numbers into a lane."""
    tables = (
        ("parameters", "fixed", shape.parameters),
        ("initial", "state", shape.states),
        ("absolute", "absolute", shape.states),
    )
    for source, target, count in tables:
        first = f.whole("mul", subject, count)
        with f.loop(count) as i:
            place = f.at(m.job(source), f.whole("add", first, i), "double")
            f.put(f.get(place, "double"), m.lane(target, lane, i))
    with f.loop(shape.inputs) as i:
        f.put(Reg("double", "0.0"), m.lane("input", lane, i))
    m.lane_put(m.job("start"), "time", lane)
    m.lane_put(m.job("first_step"), "proposal", lane)
    m.lane_put(Reg("double", "1.0"), "error_before", lane)
    m.lane_put(subject, "subject", lane)
    place = f.at(m.job("offsets"), subject, "i64")
    m.lane_put(f.get(place, "i64"), "action", lane)
    m.lane_put(f.get(f.at(place, 1, "i64"), "i64"), "action_end", lane)
    for name in ("row", "refused", "accepted", *_COUNTED):
        m.lane_put(Reg("i64", "0"), name, lane)
    for name in ("active", "fresh", "stale"):
        m.lane_put(Reg("i64", "1"), name, lane)
    f.call("void", "set_output", f.arg("job"), f.arg("work"), lane)


def _add_start(module: Module, layout: Layout) -> None:
    """@start: observe freshly loaded lanes, then carry out their first actions."""
    f = module.function("start", ARGUMENTS)
    m = Memory(f, layout)
    f.call("void", "prepare", m.place("fixed"))
    m.put_mask(m.mask("fresh"), "accepted")
    fresh = m.mask("fresh")
    m.put(f.select(fresh, m.get("time"), m.get("new_time")), "new_time")
    m.put(f.select(fresh, module.constant(1.0), m.get("step")), "step")
    f.call("void", "emit", f.arg("job"), f.arg("work"))
    with m.each_lane(m.mask("fresh")) as lane:
        f.call("void", "act", f.arg("job"), f.arg("work"), lane)
        m.lane_put(_ZERO, "fresh", lane)
    f.done()


def _add_finish(
    module: Module, shape: ModelShape, layout: Layout, *, explicit: bool
) -> None:
    """@finish: hand back lanes that reached the end, or cannot go on."""
    f = module.function("finish", ARGUMENTS)
    m, c = Memory(f, layout), module.constant
    active, time = m.mask("active"), m.get("time")
    accepted, end = f.both(active, m.mask("accepted")), m.everywhere("end")
    with m.each_lane(f.both(accepted, f.compare("oeq", time, end))) as lane:
        _write_result(f, m, shape, lane, Status.OK)
    with m.each_lane(f.both(accepted, f.compare("ogt", time, end))) as lane:
        _write_result(f, m, shape, lane, Status.OK, "final_state")
    refused = f.both(active, m.mask("refused"))
    least = f.mul(c(_SMALLEST_STEP), f.larger(f.absolute(time), c(0.01)))
    stuck = f.both(refused, f.compare("olt", m.get("proposal"), least))
    defined = f.compare("oeq", m.get("error"), m.get("error"))
    with m.each_lane(f.both(stuck, f.inverse(defined))) as lane:
        _write_result(f, m, shape, lane, Status.NOT_FINITE)
    with m.each_lane(f.both(stuck, defined)) as lane:
        _write_result(f, m, shape, lane, Status.STEP_TOO_SMALL)
    with m.each_lane(m.mask("active")) as lane:
        done = m.lane_get("accepted_steps", lane, "i64")
        tried = f.whole("add", done, m.lane_get("rejected_steps", lane, "i64"))
        with f.when(f.compare_whole("sge", tried, m.job("max_steps"))):
            _write_result(f, m, shape, lane, Status.TOO_MANY_STEPS)
    if explicit:
        with m.each_lane(m.mask("active")) as lane:
            limited = m.lane_get("limited_steps", lane, "i64")
            with f.when(f.compare_whole("sgt", limited, m.job("max_limited"))):
                _write_result(f, m, shape, lane, Status.STIFF)
    f.done()


def _write_result(
    f: Function,
    m: Memory,
    shape: ModelShape,
    lane: Reg,
    status: Status,
    state: str = "state",
) -> None:
    """Store a lane's account and the last of its states, and free the lane."""
    subject = m.lane_get("subject", lane, "i64")
    first = f.whole("mul", subject, shape.states)
    with f.loop(shape.states) as i:
        value = f.get(m.lane(state, lane, i), "double")
        f.put(value, f.at(m.job("final"), f.whole("add", first, i), "double"))
    code = Reg("i64", str(int(status)))
    f.put(code, f.at(m.job("status"), subject, "i64"))
    reached = f.smaller(m.lane_get("time", lane), m.job("end"))
    f.put(reached, f.at(m.job("stopped"), subject, "double"))
    for name, target in (("accepted_steps", "steps"), ("rejected_steps", "rejected")):
        count = m.lane_get(name, lane, "i64")
        f.put(count, f.at(m.job(target), subject, "i64"))
    m.lane_put(_ZERO, "active", lane)
    f.give("i64", f"atomicrmw add {m.job('finished')}, {_ONE} monotonic")
