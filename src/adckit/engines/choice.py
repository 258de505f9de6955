"""Which method solves a system: Rodas5P, or the explicit DOP853 where that pays.

    rodas5p  for everything; one factorisation and eight solves a step
    dop853   for systems that are not stiff: no Jacobian, and order 8, so that from
             rtol 1e-6 on it takes a half to a fifth of the steps

An explicit step is no longer than `reach`/lambda, whatever the tolerance, where lambda
is the largest eigenvalue of the Jacobian.  Rodas5P takes about 64 rtol**(-1/5) steps
for a course of treatment, by the cases in `benchmarks/`.  The explicit method is chosen
where stability asks for fewer than that in six cycles of three weeks: for lambda up to
50/day at rtol 1e-6, 130/day at 1e-8.

The choice looks at the equations, their typical parameters, the initial state and rtol,
and neither at subjects nor at times: who is simulated with whom changes nothing.
What it cannot see, such as binding that a dose makes fast, is met at run
time: a subject with too many steps at the limit of stability is given up, and solved by
Rodas5P.
"""

from __future__ import annotations

import numpy as np

from adckit.caches import cache_key, cached, keep
from adckit.codegen.fingerprint import fingerprint
from adckit.network.expr import TIME, evaluate
from adckit.network.system import OdeSystem

__all__ = ["EXPLICIT", "METHODS", "STIFF", "chosen_method", "fastest_rate", "patience"]

STIFF, EXPLICIT = "rodas5p", "dop853"
METHODS = ("auto", STIFF, EXPLICIT)
_REACH = 6.3  # of DOP853 along the negative real axis
_COURSE = 126.0  # days
_LOOSEST = 1e-6
_MOST_STATES = 150  # finding eigenvalues of more takes longer than it may save


def patience(rtol: float) -> int:
    """Steps at the limit of stability that are worth making."""
    return round(float(64 * rtol**-0.2))


def chosen_method(system: OdeSystem, typical: np.ndarray, rtol: float) -> str:
    """The method for a system; `typical` are its parameters, (parameter,)."""
    large = system.cells is not None or len(system.states) > _MOST_STATES
    if large or rtol > _LOOSEST:
        return STIFF
    steps = fastest_rate(system, typical) * _COURSE / _REACH
    return EXPLICIT if steps <= patience(rtol) else STIFF


def fastest_rate(system: OdeSystem, typical: np.ndarray) -> float:
    """Largest eigenvalue of the Jacobian at the initial state, per day.

    Infinite where the Jacobian is.  Kept in the cache: deriving the Jacobian takes
    longer than solving for one subject.
    """
    key = cache_key("rate 1", fingerprint(system), typical.tobytes().hex())
    known = cached(f"{key}.rate")
    if known is not None:
        return float(known)
    found = _fastest_rate(system, typical)
    keep(f"{key}.rate", repr(found).encode())
    return found


def _fastest_rate(system: OdeSystem, typical: np.ndarray) -> float:
    size = len(system.states)
    with np.errstate(all="ignore"):
        start = system.initial_state(typical[np.newaxis])[0]
        values = {
            TIME.name: np.float64(0.0),
            **dict(zip(system.parameters, typical, strict=True)),
            **dict(zip(system.states, start, strict=True)),
            **dict.fromkeys(system.inputs, np.float64(0.0)),
        }
        entries = evaluate(list(system.jacobian.values()), values)
    matrix = np.zeros((size, size))
    for place, entry in zip(system.jacobian, entries, strict=True):
        matrix[place] = entry
    if not np.isfinite(matrix).all():
        return float("inf")
    return float(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0))
