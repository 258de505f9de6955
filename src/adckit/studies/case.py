"""One model under one regimen, with everything that is printed or drawn of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adckit.engines.base import Engine
from adckit.library import Observation
from adckit.planning import Dosing, chosen_regimen
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.simulation import DEFAULT_RTOL, Subjects, simulate
from adckit.status import Status
from adckit.studies.assumptions import Influence, rank_assumptions
from adckit.studies.summary import SummaryRow, published_elsewhere, summarise

__all__ = ["Case", "study", "with_influences"]


@dataclass(frozen=True)
class Case:
    """A simulation and what was made of it."""

    label: str
    """What tables and plots call it."""
    ready: Prepared
    doses: Dosing
    result: Result
    rows: tuple[SummaryRow, ...]
    elsewhere: tuple[Observation, ...]
    """Published values that no row can be compared with."""
    influences: tuple[Influence, ...] | None
    """Assumed parameters by influence; None where that was not worked out."""

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped it before every subject was done."""
        return bool((self.result.status == Status.INTERRUPTED).any())


def study(
    label: str,
    ready: Prepared,
    doses: Dosing | None = None,
    *,
    subjects: Subjects = None,
    days: float | None = None,
    settings: Mapping[str, str] | None = None,
    engine: str | Engine = "cpu",
    method: str = "auto",
    rtol: float = DEFAULT_RTOL,
    assumptions: bool = True,
) -> Case:
    """Simulate a model, summarise it and rank its assumptions.

    `settings` are those that `ready` was made with, for its provenance.  `assumptions`
    costs two subjects per assumed parameter.

    Raises AdckitError for input that makes no sense; a subject that fails is in the
    case as one that failed.
    """
    given = chosen_regimen(ready, doses)
    result = simulate(
        ready,
        given,
        subjects,
        engine=engine,
        days=days,
        settings=settings,
        method=method,
        rtol=rtol,
    )
    case = Case(
        label,
        ready,
        given,
        result,
        tuple(summarise(ready, result, engine=engine)),
        published_elsewhere(ready, result),
        None,
    )
    return with_influences(case, engine=engine, rtol=rtol) if assumptions else case


def with_influences(
    case: Case, *, engine: str | Engine = "cpu", rtol: float = DEFAULT_RTOL
) -> Case:
    """The case with its assumptions ranked, if its first subject was solved."""
    result, doses = case.result, case.doses
    if result.status[0] != Status.OK:
        return case
    first = doses[result.subjects[0]] if isinstance(doses, Mapping) else doses
    found = rank_assumptions(case.ready, first, result.times, engine=engine, rtol=rtol)
    return replace(case, influences=tuple(found))
