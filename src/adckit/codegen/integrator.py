"""The adaptive integrator, written once against the lanes.

Each lane holds one subject with its own time, step, actions and outputs.  A round tries
one step in every lane; a lane that is done takes the next subject from the shared
counter, so lanes never wait for each other.  No operation mixes lanes, hence a subject
gets the same numbers whatever its neighbours, its lane, or the number of threads.

Steps stop at actions only.  Outputs are interpolated, and the last step may go beyond
the end, hence the grid of outputs changes no step.
"""

from __future__ import annotations

from adckit.codegen.control import add_control
from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.events import add_events
from adckit.codegen.kernels import ModelShape
from adckit.codegen.layout import ARGUMENTS, Layout, Memory
from adckit.codegen.methods import Method, Rosenbrock, RungeKutta
from adckit.codegen.observing import add_observing
from adckit.codegen.rosenbrock import add_rosenbrock
from adckit.codegen.runge_kutta import add_runge_kutta, write_handover
from adckit.codegen.subjects import add_subjects
from adckit.network.system import OdeSystem

__all__ = ["add_integrator"]


def add_integrator(
    module: Module,
    shape: ModelShape,
    system: OdeSystem,
    method: Method,
    *,
    x86: bool,
) -> Layout:
    """Write @integrate(job, work): solve subjects until none is left."""
    layout = Layout.of(shape, method.stages, len(method.dense))
    if isinstance(method, Rosenbrock):
        add_rosenbrock(module, shape, method, layout)
    else:
        add_runge_kutta(module, shape, method, layout)
    add_observing(module, shape, layout)
    explicit = isinstance(method, RungeKutta)
    add_subjects(module, shape, layout, explicit=explicit)
    add_control(module, method, layout)
    if shape.events:
        add_events(module, shape, system, layout)
    _add_commit(module, shape, layout, method)
    _write_rounds(module, shape, layout, x86=x86)
    return layout


def _write_rounds(
    module: Module, shape: ModelShape, layout: Layout, *, x86: bool
) -> None:
    f = module.function("integrate", ARGUMENTS, linkage="")
    m = Memory(f, layout)
    both = (f.arg("job"), f.arg("work"))
    saved = _flush_denormals(f) if x86 else None
    f.call("void", "refill", *both)

    def going_on() -> Reg:
        halted = f.get(m.job("halt"), "i64")
        free = f.compare_whole("eq", halted, Reg("i64", "0"))
        return f.both(free, f.any(m.mask("active")))

    with f.until(going_on):
        with f.when(f.any(m.mask("fresh"))):
            f.call("void", "start", *both)
        f.call("void", "plan", *both)
        f.call("void", "try_step", *both)
        f.call("void", "judge", *both)
        if shape.events:
            f.call("void", "locate", *both)
        due = f.compare("ole", m.get("next_output"), m.get("new_time"))
        with f.when(f.any(f.both(m.mask("accepted"), due))):
            f.call("void", "prepare_dense_seen", f.arg("work"))
            f.call("void", "emit", *both)
        f.call("void", "commit", *both)
        f.call("void", "finish", *both)
        f.call("void", "refill", *both)
    if saved is not None:
        f.call("void", "llvm.x86.sse.ldmxcsr", saved)
    f.done()


def _flush_denormals(f: Function) -> Reg:
    """Treat numbers below 2e-308 as 0: they cost a hundred times a normal number."""
    saved = f.variable("i32", Reg("i32", "0"))
    used = f.variable("i32", Reg("i32", "0"))
    f.module.declare("llvm.x86.sse.stmxcsr", "void @llvm.x86.sse.stmxcsr(ptr)")
    f.module.declare("llvm.x86.sse.ldmxcsr", "void @llvm.x86.sse.ldmxcsr(ptr)")
    f.call("void", "llvm.x86.sse.stmxcsr", saved)
    flags = f.whole("or", f.get(saved, "i32"), 0x8040)
    f.put(flags, used)
    f.call("void", "llvm.x86.sse.ldmxcsr", used)
    return saved


def _add_commit(
    module: Module, shape: ModelShape, layout: Layout, method: Method
) -> None:
    """@commit: accepted lanes move on; events and actions due there happen."""
    f = module.function("commit", ARGUMENTS)
    m, c = Memory(f, layout), module.constant
    accepted, end = m.mask("accepted"), m.everywhere("end")
    over = f.both(accepted, f.compare("ogt", m.get("new_time"), end))
    with f.when(f.any(over)):
        f.call("void", "prepare_dense", f.arg("work"))
        _write_inside(f, m, end)
        _write_copy(f, m, shape, over, "trial", "final_state")
    if shape.events:
        hit = f.compare_whole("sge", m.get_whole("fired"), module.integer(0))
        with f.when(f.any(hit)):
            _write_inside(f, m, m.get("new_time"))
            _write_copy(f, m, shape, hit, "trial", "new_state")
    _write_copy(f, m, shape, accepted, "new_state", "state")
    m.put(f.select(accepted, m.get("new_time"), m.get("time")), "time")
    restart = f.both(accepted, f.compare("oge", m.get("time"), m.get("stop")))
    with m.each_lane(restart) as lane:
        f.call("void", "act", f.arg("job"), f.arg("work"), lane)
    if shape.events:
        with f.when(f.any(hit)):
            f.call("void", "reassign", f.arg("job"), f.arg("work"))
        restart = f.either(restart, hit)
    if isinstance(method, RungeKutta):
        write_handover(f, m, shape, method, accepted)
        m.put_mask(f.either(restart, m.mask("stale")), "stale")
    first = m.everywhere("first_step")
    proposal = m.get("proposal")
    m.put(f.select(restart, f.smaller(proposal, first), proposal), "proposal")
    m.put(f.select(restart, c(1.0), m.get("error_before")), "error_before")
    f.done()


def _write_inside(f: Function, m: Memory, when: Reg) -> None:
    """The state at a time inside the step, in `trial`."""
    passed = f.sub(when, m.get("time"))
    m.put(f.div(passed, m.get("step")), "fraction")
    f.call("void", "inside", f.arg("work"))


def _write_copy(
    f: Function, m: Memory, shape: ModelShape, mask: Reg, source: str, target: str
) -> None:
    """Copy a state vector in the lanes of `mask`."""
    with f.loop(shape.states) as i:
        m.put(f.select(mask, m.get(source, i), m.get(target, i)), target, i)
