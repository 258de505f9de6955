"""The front door: a model, a regimen, subjects and times in; curves out.

result = simulate("cantuzumab-mertansine", "235 mg/m2 q3w x6")
result.to_pandas()
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adckit import __version__
from adckit.engines.base import Actions, Engine, Problem, Progress
from adckit.engines.choice import METHODS, chosen_method
from adckit.engines.ladder import with_retries
from adckit.errors import AdckitError, UnknownNameError
from adckit.network.network import Network
from adckit.network.regimen import Regimen
from adckit.network.system import OdeSystem
from adckit.planning import (
    Dosing,
    checked_times,
    chosen_regimen,
    default_times,
    length,
    schedules_for,
)
from adckit.prepared import Model, Prepared, prepare
from adckit.results import Result
from adckit.status import Status
from adckit.treatment import Course, treat
from adckit.units import parse_unit

__all__ = ["DEFAULT_RTOL", "ENGINES", "Subjects", "simulate"]

Subjects = int | Mapping[str, ArrayLike] | None
"""How many typical subjects, or a table: parameter name → one value per subject, in the
parameter's own unit; a column `subject` names them."""

ENGINES = ("cpu", "reference")
DEFAULT_RTOL = 1e-6
_SMALLEST_TOLERANCE = 1e-30


def simulate(
    model: Model | Prepared,
    regimen: Dosing | None = None,
    subjects: Subjects = None,
    times: ArrayLike | None = None,
    engine: str | Engine = "cpu",
    *,
    days: float | None = None,
    settings: Mapping[str, str] | None = None,
    courses: Mapping[str, Course] | None = None,
    rtol: float = DEFAULT_RTOL,
    max_steps: int = 100_000,
    method: str = "auto",
    progress: Progress | None = None,
    strict: bool = False,
    profiles: bool = False,
) -> Result:
    """Simulate a model under a regimen.

    Arguments used most:
        model: a library name such as `"T-DM1"`, a card file, or a Network.
        regimen: such as `"3.6 mg/kg q3w x6"`; the product's own by default.
        subjects: one typical subject by default; see `Subjects`.
        times: (time,) in days; by default a grid that follows the doses.
        engine: `"cpu"` (compiled; a subject that fails is tried again, see
            engines.ladder) or `"reference"` (SciPy), or a solver.

    Arguments used rarely:
        days: length of the simulation when `times` is not given.
        settings: changes to the model, as `--set` takes them.
        courses: time courses for the model's inputs.
        rtol: relative error that a step may make.
        max_steps: steps after which a subject is given up.
        method: of the compiled engine: `"rodas5p"`, `"dop853"` (explicit), or
            `"auto"`, see engines.choice.  A subject that is too stiff for the explicit
            one is solved by the other.
        progress: called now and then with (subjects finished, subjects).
        strict: raise SimulationError if any subject failed.
        profiles: keep what is in every ring of a Krogh cylinder (`Result.profiles`).

    Returns arrays with dims (subject, time, output) and a status per subject: a subject
    that failed holds NaN and a reason, never a number.

    Raises AdckitError (see adckit.errors for the tree) for input that makes no sense.
    """
    if not isinstance(model, Prepared):
        model = prepare(model, settings, profiles=profiles)
    ready = model
    names, parameters = _subject_table(ready.network, subjects)
    solver = _engine(engine, progress, len(names))
    doses = chosen_regimen(ready, regimen)
    until = length(days, times, doses)
    plan = schedules_for(ready, doses, names, parameters, until)
    grid = default_times(plan, until) if times is None else checked_times(times)
    problem = _problem(ready.system, parameters, grid, rtol, max_steps)
    problem = replace(problem, method=_method(ready, method, rtol))
    treatment = treat(problem, plan, solver, courses or {})
    solution = solver(replace(problem, actions=treatment.actions))
    status = np.where(treatment.status == Status.OK, solution.status, treatment.status)
    lost = status != Status.OK
    solution.values[lost] = np.nan
    whole = len(ready.system.observed)
    result = Result(
        values=solution.values[:, :, :whole],
        times=grid,
        outputs=ready.system.outputs[:whole],
        units=ready.system.output_units[:whole],
        subjects=names,
        status=status,
        stopped=solution.stopped,
        steps=solution.steps,
        rejected=solution.rejected,
        imbalance=_imbalance(problem, treatment.dosed, solution.final),
        final=solution.final,
        parameters=parameters,
        network=ready.network,
        schedules=plan.up_to(until),
        provenance=_provenance(ready, doses, settings, solution.engine, problem),
        tries=solution.tries,
        profiles=_profiles(ready, solution.values[:, :, whole:]),
    )
    return result.require_success() if strict else result


def _profiles(ready: Prepared, values: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of cells by name, (subject, time, line, cell)."""
    if not values.shape[2]:
        return {}
    named = [o.name for o in ready.network.observables if o.profile]
    lattice = ready.network.lattices[0]
    shape = (*values.shape[:2], lattice.lines, lattice.cells, len(named))
    by_name = np.moveaxis(values.reshape(shape), -1, 0)
    return dict(zip(named, by_name, strict=True))


def _engine(engine: str | Engine, progress: Progress | None, size: int) -> Engine:
    if callable(engine):
        return engine

    def tell(finished: int, of: int) -> None:
        if progress is not None and of == size:  # else these are tried again
            progress(finished, of)

    if engine == "cpu":
        from adckit.engines import cpu

        return with_retries(partial(cpu.solve, progress=tell))
    if engine == "reference":
        from adckit.engines import reference

        return partial(reference.solve, progress=tell)
    raise UnknownNameError("engine", engine, ENGINES)


def _method(ready: Prepared, method: str, rtol: float) -> str:
    """The method that is meant."""
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    if method != "auto":
        return method
    typical = np.array([p.internal for p in ready.network.parameters], dtype=float)
    return chosen_method(ready.system, typical, rtol)


def _subject_table(
    network: Network, subjects: Subjects
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names, and parameters in internal units, (subject, parameter)."""
    typical = np.array([p.internal for p in network.parameters], dtype=float)
    if subjects is None or isinstance(subjects, int):
        count = 1 if subjects is None else subjects
        if count < 1:
            raise AdckitError(f"subjects is {count}; simulate at least one subject.")
        return tuple(str(i + 1) for i in range(count)), np.tile(typical, (count, 1))
    columns = {name: np.atleast_1d(np.asarray(v)) for name, v in subjects.items()}
    lengths = {len(v) for v in columns.values()}
    if len(lengths) != 1:
        sizes = ", ".join(f"{name}: {len(v)}" for name, v in columns.items())
        raise AdckitError(f"The columns of subjects differ in length: {sizes}.")
    count = lengths.pop()
    ids = columns.pop("subject", np.arange(1, count + 1))
    table = np.tile(typical, (count, 1))
    known = [p.name for p in network.parameters]
    for name, values in columns.items():
        if name not in known:
            raise UnknownNameError("parameter", name, known)
        parameter = network.parameters[known.index(name)]
        factor = parse_unit(parameter.unit).factor
        table[:, known.index(name)] = np.asarray(values, dtype=float) * factor
    return tuple(str(i) for i in ids), table


def _problem(
    system: OdeSystem,
    parameters: np.ndarray,
    times: np.ndarray,
    rtol: float,
    max_steps: int,
) -> Problem:
    if not 1e-13 <= rtol <= 1e-1:
        raise AdckitError(f"rtol is {rtol:g}; give a number from 1e-13 to 0.1.")
    with np.errstate(all="ignore"):
        initial = system.initial_state(parameters)
        scale = system.state_scale(parameters)
    return Problem(
        system=system,
        parameters=parameters,
        initial=initial,
        actions=Actions.of([[] for _ in parameters]),
        times=times,
        absolute=np.maximum(rtol * scale, _SMALLEST_TOLERANCE),
        rtol=rtol,
        max_steps=max_steps,
        first_step=_first_step(rtol),
    )


def _first_step(rtol: float) -> float:
    """Step to try after each action, in days: a millionth needs about 1e-3 day.

    Too small a step costs a few tries, too large a one a rejection; the solver's error
    grows with a higher power of the step, so the exponent is a cautious one.
    """
    return float(min(0.05, 1e-3 * (rtol / 1e-6) ** (1 / 3)))


def _imbalance(problem: Problem, dosed: np.ndarray, final: np.ndarray) -> np.ndarray:
    """Largest relative error of any moiety: what is there against what came in."""
    content = problem.system.content
    if not len(content):
        return np.full(problem.subjects, np.nan)
    before, after = problem.initial @ content.T, final @ content.T
    size = np.maximum(np.abs(problem.initial) @ np.abs(content).T + dosed, 1e-300)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.max(np.abs(after - before - dosed) / size, axis=1))


def _provenance(
    ready: Prepared,
    doses: Dosing,
    settings: Mapping[str, str] | None,
    engine: str,
    problem: Problem,
) -> dict[str, Any]:
    values = [(p.name, p.value, p.unit) for p in ready.network.parameters]
    return {
        "model": ready.network.name,
        "model_hash": ready.fingerprint,
        "parameter_hash": hashlib.sha256(repr(values).encode()).hexdigest(),
        "card_digest": ready.product.digest if ready.product else None,
        "regimen": str(doses) if isinstance(doses, Regimen) else "dose records",
        "settings": dict(settings or {}),
        "engine": engine,
        "method": "LSODA" if engine == "reference" else problem.method,
        "rtol": problem.rtol,
        "versions": {
            "adckit": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "llvmlite": version("llvmlite"),
        },
    }
