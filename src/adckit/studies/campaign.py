"""Studies of many subjects, chunk by chunk, in memory that does not grow with them.

A chunk is some thousand subjects in a row.  Each is drawn, simulated (a subject that
fails goes down the ladder of `engines.ladder`), reduced to one row per subject, and
handed to a store.  What a store has already is not computed again.  No number depends
on chunks or threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from adckit.engines import cpu
from adckit.engines.base import Engine, Problem, Solution
from adckit.engines.ladder import with_retries
from adckit.errors import AdckitError, UnknownNameError
from adckit.network.dosing import DoseRecord
from adckit.network.regimen import Regimen
from adckit.planning import Dosing, chosen_regimen, length, schedules_for
from adckit.prepared import Prepared, prepare
from adckit.results import Result
from adckit.simulation import DEFAULT_RTOL, simulate
from adckit.status import Status
from adckit.studies.drawing import Column, Floats
from adckit.studies.memory_plan import DEFAULT_BUDGET, SAMPLE, Plan, plan
from adckit.studies.population import DrawnSubjects, SubjectSource
from adckit.studies.reductions import Reducer, Threshold, cycle_days
from adckit.studies.single_dose import GivenDose, given_doses

__all__ = [
    "Campaign",
    "Chunk",
    "Keep",
    "Report",
    "Store",
    "compute_chunk",
    "default_outputs",
    "make_campaign",
    "population_times",
    "run_campaign",
    "study_engine",
]

Keep = Literal["curves", "summary"]
Report = Callable[[int, int], None]
"""Called now and then with (subjects done, of these failed)."""

_WANTED = (
    "conjugate",
    "total_antibody",
    "free_payload",
    "mean_dar",
    "tumour_volume",
    "tumor",
    "concentration",
)
"""Outputs that are stored unless others are asked for."""
_FIRST = 6  # outputs of a model that has none of these
_REDUCED = ("conjugated_payload",)
"""Outputs that are always reduced, whether they are stored or not."""
_AFTER_DOSE = (0.125, 0.25, 0.5)  # days after an infusion's end, besides daily times


@dataclass(frozen=True)
class Campaign:
    """A study, ready to run; everything that decides its numbers."""

    ready: Prepared
    """The model with no more outputs than are needed."""
    regimen: Regimen | tuple[DoseRecord, ...]
    """What every subject is given."""
    source: SubjectSource
    times: Floats
    """(time,), days"""
    outputs: tuple[str, ...]
    """Outputs whose curves are stored."""
    reducer: Reducer
    keep: Keep
    rtol: float
    plan: Plan
    typical: Result
    """The typical subject of the model, for comparison and for its provenance."""

    @property
    def dosing(self) -> str:
        """What is given, in words."""
        return str(self.typical.provenance["regimen"])

    def numbers(self, chunk: int) -> np.ndarray:
        """Subject numbers of a chunk; subjects count from 1, chunks from 0."""
        first = chunk * self.plan.chunk + 1
        last = min(first + self.plan.chunk - 1, self.plan.subjects)
        return np.arange(first, last + 1, dtype=np.int64)

    def sampled(self, numbers: np.ndarray) -> np.ndarray:
        """Which of some subjects have their curves kept; evenly spread over all."""
        count, kept = self.plan.subjects, self.plan.kept
        return np.asarray((numbers * kept) // count > ((numbers - 1) * kept) // count)

    def units(self) -> dict[str, str]:
        """Unit of every column of both tables of a chunk."""
        outputs = zip(
            self.ready.system.outputs, self.reducer.units.values(), strict=True
        )
        return {
            **self.source.units(),
            **self.reducer.column_units(),
            **dict(outputs),
            "time": "day",
            "stopped": "day",
        }


@dataclass(frozen=True)
class Chunk:
    """What was computed of some subjects in a row."""

    number: int
    first: int
    """Number of the first subject."""
    subjects: dict[str, Column]
    """One row per subject: status, what it is, what came out."""
    curves: dict[str, Column]
    """One row per subject and time, of the subjects whose curves are kept."""
    failed: int

    def __len__(self) -> int:
        return len(self.subjects["subject"])


class Store(Protocol):
    """Where chunks go."""

    def has(self, number: int) -> bool:
        """Whether a chunk is there already, whole."""
        ...

    def failures(self, number: int) -> int:
        """How many subjects of a chunk that is there failed."""
        ...

    def put(self, chunk: Chunk) -> None:
        """Take a chunk; it is there whole or not at all."""
        ...


def make_campaign(
    full: Prepared,
    source: SubjectSource,
    subjects: int,
    *,
    regimen: str | Regimen | Sequence[DoseRecord] | None = None,
    days: float | None = None,
    times: Sequence[float] | Floats | None = None,
    outputs: Sequence[str] | None = None,
    keep: Keep = "curves",
    thresholds: Sequence[Threshold] = (),
    budget: int = DEFAULT_BUDGET,
    chunk: int | None = None,
    rtol: float = DEFAULT_RTOL,
    method: str = "auto",
    settings: Mapping[str, str] | None = None,
) -> Campaign:
    """Plan a study.

    Args:
        full: the model with all its outputs.
        source: a `Sampler` or a `SubjectTable`.
        subjects: how many.
        regimen, days, times, rtol, method: as `simulate` takes them; by default the
            times are those of `population_times`.
        outputs: those to store; by default `default_outputs`.
        keep: `curves` of all subjects, or `summary`: one row per subject, and curves of
            a sample of at most `SAMPLE`.
        thresholds: levels over which the time is counted.
        budget: bytes of memory.
        chunk: subjects per chunk, in place of those that the budget allows.
        settings: those that `full` was prepared with, for the provenance.

    Raises AdckitError for what makes no sense.
    """
    if subjects < 1:
        raise AdckitError(f"subjects is {subjects}; simulate at least one subject.")
    given = chosen_regimen(full, regimen)
    if isinstance(given, Mapping):
        raise AdckitError(
            "The subjects of a population are given the same: a regimen or one list of "
            "dose records. Simulate subjects with their own records with `simulate`."
        )
    assert not isinstance(given, str)
    given = given if isinstance(given, Regimen) else tuple(given)
    stored = tuple(outputs) if outputs else default_outputs(full)
    for name in (*stored, *(threshold.output for threshold in thresholds)):
        if name not in full.system.outputs:
            raise UnknownNameError("output", name, full.system.outputs)
    ready = _with_outputs(full, stored, thresholds)
    until = length(days, times, given)
    doses = _typical_doses(ready, given, until)
    grid = population_times(doses, until) if times is None else times
    typical = simulate(ready, given, times=grid, rtol=rtol, method=method)
    typical = replace(
        typical,
        provenance={
            **typical.provenance,
            "model_hash": full.fingerprint,
            "settings": dict(settings or {}),
        },
    )
    system = ready.system
    units = dict(zip(system.outputs, system.output_units, strict=True))
    reducer = Reducer(
        typical.times,
        system.outputs,
        units,
        doses,
        cycle_days(given if isinstance(given, Regimen) else None, doses),
        tuple(thresholds),
    )
    planned = plan(
        subjects,
        len(typical.times),
        len(stored),
        computed=len(system.outputs),
        numbers=2 * len(system.parameters) + 4 * len(system.states),
        kept=subjects if keep == "curves" else min(SAMPLE, subjects),
        budget=budget,
    )
    if chunk is not None:
        planned = replace(planned, chunk=min(chunk, subjects))
    return Campaign(
        ready,
        given,
        source,
        typical.times,
        stored,
        reducer,
        keep,
        rtol,
        planned,
        typical,
    )


def default_outputs(ready: Prepared) -> tuple[str, ...]:
    """The outputs of a model that are stored unless others are asked for."""
    found = tuple(name for name in _WANTED if name in ready.system.outputs)
    return found or ready.system.outputs[:_FIRST]


def _with_outputs(
    full: Prepared, stored: Sequence[str], thresholds: Sequence[Threshold]
) -> Prepared:
    """The same model with only the outputs that are stored or reduced."""
    needed = {*stored, *_REDUCED, *(t.output for t in thresholds)}
    if "tumor" in needed:
        needed.add("tumour_volume")  # RECIST's 5 mm need the size at the start
    kept = tuple(o for o in full.network.observables if o.name in needed)
    reduced = prepare(replace(full.network, observables=kept))
    return replace(reduced, product=full.product)


def _typical_doses(
    ready: Prepared, regimen: Dosing, until: float
) -> tuple[GivenDose, ...]:
    parameters = np.array([[p.internal for p in ready.network.parameters]])
    schedule = schedules_for(ready, regimen, ("typical",), parameters, until)[0]
    return given_doses(schedule) or ()


def population_times(doses: Sequence[GivenDose], until: float) -> Floats:
    """Every day, every dose, the end of every infusion and some hours after it."""
    points = [np.arange(0.0, until, 1.0), np.array([until])]
    for dose in doses:
        end = dose.start + dose.duration
        points.append(np.array([dose.start, end, *(end + x for x in _AFTER_DOSE)]))
    grid = np.unique(np.round(np.concatenate(points), 9))
    return np.asarray(grid[(grid >= 0) & (grid <= until)])


def run_campaign(
    campaign: Campaign,
    store: Store,
    *,
    threads: int | None = None,
    report: Report | None = None,
) -> None:
    """Compute every chunk that the store has not.

    Raises KeyboardInterrupt on Ctrl-C, when every chunk before is in the store; and
    what the store raises.
    """
    done = failed = 0
    for number in range(campaign.plan.chunks):
        numbers = campaign.numbers(number)
        if store.has(number):
            failed += store.failures(number)
        else:

            def progress(finished: int, done: int = done, failed: int = failed) -> None:
                _tell(report, done + finished, failed)

            engine = study_engine(threads, len(numbers), progress)
            chunk = compute_chunk(campaign, number, engine)
            store.put(chunk)
            failed += chunk.failed
        done += len(numbers)
        _tell(report, done, failed)


def _tell(report: Report | None, done: int, failed: int) -> None:
    if report is not None:
        report(done, failed)


def study_engine(
    threads: int | None, size: int, progress: Callable[[int], None]
) -> Engine:
    """The CPU engine with retries, which stops the study on Ctrl-C."""

    def tell(finished: int, of: int) -> None:
        if of == size:  # else some that are retried, or sought a steady state for
            progress(finished)

    def solve(problem: Problem) -> Solution:
        solution = cpu.solve(problem, threads=threads, progress=tell)
        if (solution.status == Status.INTERRUPTED).any():
            raise KeyboardInterrupt
        return solution

    return with_retries(solve)


def compute_chunk(campaign: Campaign, number: int, engine: Engine) -> Chunk:
    """Draw, simulate and reduce the subjects of one chunk."""
    numbers = campaign.numbers(number)
    drawn = campaign.source.take(numbers)
    result = simulate(
        campaign.ready,
        campaign.regimen,
        drawn.table(),
        times=campaign.times,
        engine=engine,
        rtol=campaign.rtol,
        method=campaign.typical.provenance["method"],
    )
    subjects: dict[str, Column] = {
        "subject": drawn.names,
        **_account(result),
        **drawn.covariates,
        **drawn.parameters,
        **campaign.reducer.reduce(result.values),
    }
    curves = _curves(result, campaign, drawn, campaign.sampled(numbers))
    return Chunk(number, int(numbers[0]), subjects, curves, result.failed)


def _account(result: Result) -> dict[str, Column]:
    """What became of each subject."""
    accounts = result.accounts()
    return {
        "status": np.array([a.status.name.lower() for a in accounts]),
        "reason": np.array([a.reason for a in accounts]),
        "retried": np.array([a.retried for a in accounts]),
        "suspicious": np.array([a.suspicious for a in accounts]),
        "stopped": result.stopped,
        "steps": result.steps,
        "rejected": result.rejected,
        "imbalance": result.imbalance,
    }


def _curves(
    result: Result, campaign: Campaign, drawn: DrawnSubjects, kept: np.ndarray
) -> dict[str, Column]:
    """The curves of the subjects that are kept, one row per subject and time."""
    times = len(result.times)
    table: dict[str, Column] = {
        "subject": np.repeat(drawn.names[kept], times),
        "time": np.tile(result.times, int(np.count_nonzero(kept))),
    }
    for output in campaign.outputs:
        table[output] = result.curve(output)[kept].ravel()
    return table
