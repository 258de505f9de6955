"""diffrax: Kvaerno's fifth-order method on JAX, subjects side by side by `vmap`.

One compilation serves all tolerances; subjects go through in batches of one size.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from adckit.codegen.lower import Value, lower, slots
from adckit.network.expr import TIME, Expr
from benchmarks.case import Case, Tolerance
from benchmarks.peers.base import Run, Solver, Tool, missing_modules
from benchmarks.writers import JAX, statements

__all__ = ["DiffraxKvaerno"]

_BATCH = 64  # four times the speed of 16 on one core
_STEPS = 100_000


class DiffraxKvaerno(Tool):
    """An implicit Runge-Kutta method of order 5 with Newton iterations."""

    name = "diffrax"
    method = "Kvaerno5, vmap"
    per_state = True
    slow = True
    batch = _BATCH

    def skipped(self, case: Case) -> str:
        return missing_modules("jax", "diffrax")

    def version(self) -> str:
        return f"diffrax {version('diffrax')}, jax {version('jax')}"

    def load(self, case: Case) -> Solver:
        import jax

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        batch = jax.jit(jax.vmap(_one_subject(case), in_axes=(0, None, None)))

        def prepare(table: np.ndarray) -> Run:
            missing = -len(table) % _BATCH
            rows = np.concatenate([table, np.repeat(table[-1:], missing, axis=0)])
            parts = rows.reshape(-1, _BATCH, len(case.varied))

            def run(tolerance: Tolerance) -> np.ndarray:
                found = [
                    batch(part, tolerance.relative, tolerance.absolute)
                    for part in parts
                ]
                return np.concatenate([np.asarray(f) for f in found])[: len(table)]

            return run

        prepare(case.population(1))(case.tolerance(1e-2, case.floors[0]))
        return prepare


def _function(case: Case, roots: tuple[Expr, ...]) -> Any:
    """A JAX function (time, state, subject's parameters, inputs) → vector."""
    import jax
    import jax.numpy as jnp

    system = case.system
    names = slots(y=system.states, p=case.varied, u=system.inputs, t=[TIME.name])
    lines, results = statements(lower(case.folded(roots), names), JAX, _name)
    vector = f"[{', '.join(results)}]"
    body = [*lines, f"return jnp.stack([jnp.asarray(x, float) for x in {vector}])"]
    source = "def function(t, y, p, u):\n" + "\n".join(f"    {line}" for line in body)
    space: dict[str, Any] = {"jax": jax, "jnp": jnp}
    exec(source, space)
    return space["function"]


def _name(value: Value) -> str:
    return "t" if value.array == "t" else f"{value.array}[{value.index}]"


def _one_subject(case: Case) -> Any:
    """(parameters, rtol, atol) → (time, output), to be mapped over subjects."""
    import diffrax
    import jax
    import jax.numpy as jnp

    rates = _function(case, case.system.rates)
    observe = _function(case, case.system.observed)
    term = diffrax.ODETerm(lambda t, y, args: rates(t, y, *args))
    longest = max(len(segment.times) for segment in case.segments)
    plan = (
        jnp.array([segment.start for segment in case.segments]),
        jnp.array([segment.end for segment in case.segments]),
        jnp.array([segment.bolus for segment in case.segments]),
        jnp.array([segment.inputs for segment in case.segments]),
        jnp.array([_padded(s.times, s.end, longest) for s in case.segments]),
    )
    kept = np.concatenate(
        [i * longest + np.arange(len(s.times)) for i, s in enumerate(case.segments)]
    ).astype(int)

    def solve(p: Any, rtol: Any, atol: Any) -> Any:
        controller = diffrax.PIDController(rtol=rtol, atol=atol)

        def segment(y: Any, row: Any) -> Any:
            start, end, bolus, u, times = row
            ends = diffrax.SubSaveAt(t1=True)
            between = diffrax.SubSaveAt(
                ts=times, fn=lambda t, y, _: observe(t, y, p, u)
            )
            found = diffrax.diffeqsolve(
                term,
                diffrax.Kvaerno5(),
                start,
                end,
                None,
                y + bolus,
                args=(p, u),
                saveat=diffrax.SaveAt(subs=(ends, between)),
                stepsize_controller=controller,
                max_steps=_STEPS,
                throw=False,
            )
            bad = found.result != diffrax.RESULTS.successful
            final, seen = found.ys
            return jnp.where(bad, jnp.nan, final[-1]), jnp.where(bad, jnp.nan, seen)

        y = jnp.array(case.initial)
        rows = jax.lax.scan(segment, y, plan)[1]
        curves = rows.reshape(-1, rows.shape[-1])[kept]
        if case.times[0] == 0:
            nothing = jnp.zeros(len(case.system.inputs))
            curves = jnp.concatenate([observe(0.0, y, p, nothing)[None], curves])
        return curves

    return solve


def _padded(times: np.ndarray, end: float, length: int) -> np.ndarray:
    return np.concatenate([times, np.full(length - len(times), end)])
