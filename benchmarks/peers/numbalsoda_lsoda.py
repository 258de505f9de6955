"""numbalsoda: LSODA in C++ called from Numba, with a compiled right-hand side.

What depends on parameters alone is computed once per subject, before the clock starts,
and shared subexpressions once per call: the best that its user could write by hand.
"""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import Any

import numpy as np

from adckit.codegen.lower import Block, Hoisted, Value, hoist, lower, slots
from adckit.network.expr import TIME, Expr, evaluate
from benchmarks.case import Case, Tolerance
from benchmarks.peers.base import Run, Solver, Tool, missing_modules
from benchmarks.writers import NUMBA, statements

__all__ = ["NumbalsodaLsoda"]

_DRIVER = """
def drive(fixed, initial, inputs, bolus, knots, begins, counts, rtol, atol, out):
    for i in range(len(fixed)):
        p = np.concatenate((fixed[i], inputs[0]))
        y = initial.copy()
        row = 0
        if first:
            observe(0.0, y, p, out[i, 0])
            row = 1
        for s in range(len(counts)):
            y += bolus[s]
            p[len(fixed[i]):] = inputs[s]
            at = knots[begins[s]:begins[s + 1]]
            ys, good = lsoda(address, y, at, data=p, rtol=rtol, atol=atol, mxstep=cap)
            if not good:
                out[i] = np.nan
                break
            for k in range(counts[s]):
                observe(at[k + 1], ys[k + 1], p, out[i, row])
                row += 1
            y = ys[-1].copy()
"""


class NumbalsodaLsoda(Tool):
    """LSODA: Adams and BDF of variable order, switched by stiffness."""

    name = "numbalsoda"
    method = "LSODA"

    def skipped(self, case: Case) -> str:
        return missing_modules("numbalsoda", "numba")

    def version(self) -> str:
        return f"numbalsoda {version('numbalsoda')}, numba {version('numba')}"

    def load(self, case: Case) -> Solver:
        hoisted, rates, observed = _blocks(case)
        fixed = len(case.varied) + len(hoisted.expressions)
        drive = _compiled(case, rates, observed, fixed)
        knots = [segment.knots for segment in case.segments]
        begins = np.cumsum([0, *map(len, knots)])
        counts = np.array([len(segment.times) for segment in case.segments])
        inputs = np.array([segment.inputs for segment in case.segments])
        bolus = np.array([segment.bolus for segment in case.segments])
        flat = np.concatenate(knots)
        shape = (len(case.times), len(case.system.outputs))

        def prepare(table: np.ndarray) -> Run:
            columns = {name: table[:, i] for i, name in enumerate(case.varied)}
            extra = evaluate(list(hoisted.expressions), columns)
            constants = np.column_stack([table, *extra])

            def run(tolerance: Tolerance) -> np.ndarray:
                out = np.empty((len(table), *shape))
                rtol, atol = tolerance.relative, tolerance.smallest
                moves = (inputs, bolus, flat, begins, counts)
                drive(constants, case.initial, *moves, rtol, atol, out)
                return out

            return run

        prepare(case.population(1))(case.tolerance(1e-2, case.floors[0]))
        return prepare


def _blocks(case: Case) -> tuple[Hoisted, Block, Block]:
    """Constants of a subject, the rates and the outputs."""
    system = case.system
    roots = case.folded([*system.rates, *system.observed])
    hoisted = hoist(roots, case.varied)
    first_input = len(case.varied) + len(hoisted.expressions)
    names = {
        **slots(state=system.states, fixed=case.varied, time=[TIME.name]),
        **{n: Value("fixed", first_input + i) for i, n in enumerate(system.inputs)},
    }

    def block(expressions: list[Expr]) -> Block:
        return lower(expressions, names, hoisted)

    count = len(system.states)
    return hoisted, block(roots[:count]), block(roots[count:])


def _name(value: Value) -> str:
    if value.array == "time":
        return "t"
    return f"{'y' if value.array == 'state' else 'p'}[{value.index}]"


def _compiled(case: Case, rates: Block, observed: Block, fixed: int) -> Any:
    """The loop over subjects and segments as machine code."""
    import numba
    from numbalsoda import lsoda, lsoda_sig

    states, inputs = len(case.system.states), len(case.system.inputs)
    lines, results = statements(rates, NUMBA, _name)
    body = [
        f"y = carray(y_, ({states},))",
        f"p = carray(p_, ({fixed + inputs},))",
        f"out = carray(out_, ({states},))",
        *lines,
        *(f"out[{i}] = {text}" for i, text in enumerate(results)),
    ]
    lines, results = statements(observed, NUMBA, _name)
    lines += [f"out[{i}] = {text}" for i, text in enumerate(results)]
    source = _function("rates(t, y_, out_, p_)", body)
    source += _function("observe(t, y, p, out)", lines)
    space: dict[str, Any] = {"math": math, "np": np, "carray": numba.carray}
    exec(source + _DRIVER, space)
    pointer = numba.cfunc(lsoda_sig, error_model="numpy")(space["rates"])
    space |= {
        "pointer": pointer,  # kept alive as long as the code that calls it
        "address": pointer.address,
        "lsoda": lsoda,
        "observe": numba.njit(error_model="numpy")(space["observe"]),
        "first": bool(case.times[0] == 0),
        "cap": 1_000_000,
    }
    return numba.njit(nogil=True)(space["drive"])


def _function(head: str, lines: list[str]) -> str:
    return "\n".join([f"def {head}:", *(f"    {line}" for line in lines), ""])
