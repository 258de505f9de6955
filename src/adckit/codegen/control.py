"""Step size: how far to go, whether to accept, what to try next (PI control)."""

from __future__ import annotations

from adckit.codegen.emitter import Module
from adckit.codegen.layout import ARGUMENTS, Layout, Memory
from adckit.codegen.methods import Method, RungeKutta

__all__ = ["add_control"]

_SAFETY = 0.9
_GROW, _SHRINK, _SHRINK_BADLY = 6.0, 0.2, 0.1
_SHRINK_AGAIN = 0.3
"""More of it after a step was refused twice: so close to a dose the error falls by less
than the method's order says."""
_PROPORTIONAL, _INTEGRAL = 0.4, 0.7  # Gustafsson's PI controller, per order
_LEAST_BEFORE, _LEAST_BEFORE_EXPLICIT = 0.01, 1e-4
"""The error before the last counts as at least this.  Of two small errors the earlier
only says how short the step was; explicit steps gain from that caution after a dose."""


def add_control(module: Module, method: Method, layout: Layout) -> None:
    """Write @plan and @judge."""
    _add_plan(module, layout)
    _add_judge(module, method, layout)


def _add_plan(module: Module, layout: Layout) -> None:
    """@plan: size of the next step; it ends exactly at the next action.

    A step that would leave a sliver before the action is halved instead.
    """
    f = module.function("plan", ARGUMENTS)
    m, c = Memory(f, layout), module.constant
    left = f.sub(m.get("stop"), m.get("time"))
    wanted = m.get("proposal")
    fits = f.compare("olt", f.mul(wanted, c(1.0001)), left)
    roomy = f.compare("olt", f.mul(wanted, c(2.0)), left)
    half = f.mul(left, c(0.5))
    step = f.select(fits, f.select(roomy, wanted, half), left)
    step = f.select(m.mask("active"), step, c(1e-3))
    m.put(step, "step")
    end = f.add(m.get("time"), step)
    m.put(f.select(fits, end, m.get("stop")), "new_time")
    f.done()


def _add_judge(module: Module, method: Method, layout: Layout) -> None:
    """@judge: accept or reject, and propose the next step (PI control)."""
    f = module.function("judge", ARGUMENTS)
    m, c = Memory(f, layout), module.constant
    order = method.error_order + 1
    explicit = isinstance(method, RungeKutta)
    least = _LEAST_BEFORE_EXPLICIT if explicit else _LEAST_BEFORE
    active, error = m.mask("active"), m.get("error")
    good = f.both(active, f.compare("ole", error, c(1.0)))
    m.put_mask(good, "accepted")
    known = f.compare("oeq", error, error)
    size = f.larger(f.select(known, error, c(1.0)), c(1e-10))
    before = m.get("error_before")
    growth = f.mul(
        f.call(module.real, "pow", size, c(-_INTEGRAL / order)),
        f.call(module.real, "pow", before, c(_PROPORTIONAL / order)),
    )
    growth = f.smaller(f.larger(f.mul(c(_SAFETY), growth), c(_SHRINK)), c(_GROW))
    growth = f.select(m.mask("refused"), f.smaller(growth, c(1.0)), growth)
    shrink = f.call(module.real, "pow", size, c(-1.0 / order))
    shrink = f.larger(f.mul(c(_SAFETY), shrink), c(_SHRINK_BADLY))
    if not explicit:
        again = f.mul(shrink, c(_SHRINK_AGAIN))
        shrink = f.select(m.mask("refused"), again, shrink)
    shrink = f.select(known, shrink, c(_SHRINK_BADLY))
    factor = f.select(good, growth, shrink)
    m.put(f.mul(m.get("step"), factor), "proposal")
    m.put(f.select(good, f.larger(size, c(least)), before), "error_before")
    bad = f.both(active, f.inverse(good))
    m.put_mask(bad, "refused")
    counted = [(good, "accepted_steps"), (bad, "rejected_steps")]
    if explicit:
        counted.append((f.both(active, m.mask("limited")), "limited_steps"))
    for mask, name in counted:
        one = f.cast(mask, module.whole, "zext")
        total = f.whole("add", m.get_whole(name), one)
        f.store(total, m.place(name))
    f.done()
