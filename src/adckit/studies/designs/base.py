"""What every escalation design has in common: the history it sees, what it decides.

A design is a frozen record that is called with a `History` and answers with a
`Decision`.  It holds no state: the same history always gives the same decision, so
that a design can be enumerated, tabulated and simulated by the same code.

Dose levels are counted from 0.  A subject's outcome is known when it had a
dose-limiting toxicity (DLT) or when its window has passed without one; until then it is
*pending*.  Subjects that are given a lower level beside the escalation are a *backfill*
cohort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Protocol

from adckit.errors import CardError, Issue

__all__ = [
    "Action",
    "Cohort",
    "Decision",
    "Design",
    "History",
    "Limits",
    "Problem",
    "Row",
    "check_settings",
    "cleared",
    "limit_problems",
    "settled",
]

Problem = tuple[str, str]
"""A setting, and what is wrong with it."""
Row = dict[str, int | float | str | None]
"""A line of a table, column → value."""


@dataclass(frozen=True)
class Cohort:
    """Subjects that were given one dose level together."""

    dose: int
    treated: int
    """All subjects, those whose outcome is pending included."""
    dlts: int = 0
    moderate: int = 0
    """Subjects whose worst grade was 2; accelerated titration looks at it."""
    pending: tuple[float, ...] = ()
    """Share of the DLT window passed by each subject that has no outcome yet."""
    backfill: bool = False

    def __post_init__(self) -> None:
        if self.dose < 0 or self.treated < 0:
            raise ValueError("dose and treated cannot be negative")
        if not 0 <= self.dlts <= self.treated - len(self.pending):
            raise ValueError("dlts must lie between 0 and the number of known outcomes")
        if any(not 0 <= share <= 1 for share in self.pending):
            raise ValueError("pending holds shares of the window, from 0 to 1")


@dataclass(frozen=True)
class History:
    """Everything that a trial has seen so far, in order."""

    levels: int
    """Number of dose levels."""
    cohorts: tuple[Cohort, ...] = ()

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise ValueError("a history needs at least one dose level")
        if any(cohort.dose >= self.levels for cohort in self.cohorts):
            raise ValueError(f"a cohort is above the {self.levels} dose levels")

    def with_cohort(self, cohort: Cohort) -> History:
        """The same history and one more cohort."""
        return replace(self, cohorts=(*self.cohorts, cohort))

    @property
    def last(self) -> Cohort | None:
        """The last cohort of the escalation, backfill left out."""
        main = (c for c in reversed(self.cohorts) if not c.backfill)
        return next(main, None)

    @property
    def subjects(self) -> int:
        """Subjects of the escalation, backfill left out."""
        return sum(c.treated for c in self.cohorts if not c.backfill)

    @property
    def highest(self) -> int:
        """The highest level given so far; -1 before the first."""
        return max((c.dose for c in self.cohorts), default=-1)

    @property
    def pending(self) -> int:
        """Subjects without an outcome."""
        return sum(len(c.pending) for c in self.cohorts)

    def treated(self, dose: int, *, backfill: bool = True) -> int:
        """Subjects at a level."""
        return sum(c.treated for c in self._at(dose, backfill))

    def dlts(self, dose: int, *, backfill: bool = True) -> int:
        """Subjects with a DLT at a level."""
        return sum(c.dlts for c in self._at(dose, backfill))

    def waiting(self, dose: int) -> tuple[float, ...]:
        """Shares of the window passed by the pending subjects at a level."""
        return tuple(share for c in self._at(dose, True) for share in c.pending)

    def effective(self, dose: int) -> float:
        """Subjects at a level, a pending one counted by its share of the window."""
        missing = sum(1 - share for share in self.waiting(dose))
        return self.treated(dose) - missing

    def resolved(self, dlt: bool) -> History:
        """The history as it would be if every pending subject ended this way."""
        cohorts = (
            replace(c, dlts=c.dlts + dlt * len(c.pending), pending=())
            for c in self.cohorts
        )
        return replace(self, cohorts=tuple(cohorts))

    def merged(self) -> History:
        """One cohort per level, the last level last.

        Designs look at counts per level and at the last level alone, so that a merged
        history stands for all that lead to the same decision.
        """
        last = self.last
        keys = sorted({(c.dose, c.backfill) for c in self.cohorts})
        if last is not None:
            keys.sort(key=lambda key: key == (last.dose, False))
        return replace(self, cohorts=tuple(self._sum(*key) for key in keys))

    def _sum(self, dose: int, backfill: bool) -> Cohort:
        same = [c for c in self.cohorts if (c.dose, c.backfill) == (dose, backfill)]
        return Cohort(
            dose,
            sum(c.treated for c in same),
            sum(c.dlts for c in same),
            sum(c.moderate for c in same),
            tuple(share for c in same for share in c.pending),
            backfill,
        )

    def _at(self, dose: int, backfill: bool) -> Iterator[Cohort]:
        for cohort in self.cohorts:
            if cohort.dose == dose and (backfill or not cohort.backfill):
                yield cohort


class Action(StrEnum):
    """What to do next."""

    TREAT = "treat"
    WAIT = "wait"
    """The pending outcomes can change the decision."""
    STOP = "stop"


@dataclass(frozen=True)
class Decision:
    """What a design wants, and why."""

    action: Action
    reason: str
    dose: int | None = None
    """Level of the next cohort, when there is one."""
    size: int = 0
    """Subjects in the next cohort."""
    mtd: int | None = None
    """The maximum tolerated dose, when the trial stops; None if no level is it."""
    backfill: tuple[int, ...] = ()
    """Lower levels, highest first, that are open for more subjects."""

    @classmethod
    def treat(
        cls, dose: int, size: int, reason: str, backfill: tuple[int, ...] = ()
    ) -> Decision:
        """Treat a cohort."""
        return cls(Action.TREAT, reason, dose, size, backfill=backfill)

    @classmethod
    def stop(cls, mtd: int | None, reason: str) -> Decision:
        """End the escalation."""
        return cls(Action.STOP, reason, mtd=mtd)

    @classmethod
    def wait(cls, reason: str) -> Decision:
        """Enrol nobody until more is known."""
        return cls(Action.WAIT, reason)

    def same_step(self, other: Decision) -> bool:
        """Whether both ask for the same, whatever their reasons."""
        mine = (self.action, self.dose, self.size, self.mtd)
        return mine == (other.action, other.dose, other.size, other.mtd)


class Design(Protocol):
    """An escalation design."""

    @property
    def name(self) -> str:
        """The name in a protocol file."""

    def __call__(self, history: History) -> Decision:
        """The next step."""

    def table(self, most: int) -> list[Row]:
        """The decisions for up to `most` subjects at a level, one row per count."""


@dataclass(frozen=True)
class Limits:
    """How many subjects, where to begin, and what to do about pending outcomes."""

    cohort_size: int = 3
    most_subjects: int = 36
    most_at_dose: int | None = None
    """Stop when the next cohort would go to a level that has this many."""
    start: int = 1
    """The first level, counted from 1 as a protocol does."""
    late_onset: Literal["wait", "weighted"] = "wait"
    """Wait for outcomes that can matter, or weight them by their follow-up."""

    def room(self, history: History) -> int:
        """Subjects that the next cohort may have."""
        return min(self.cohort_size, self.most_subjects - history.subjects)


def limit_problems(limits: Limits) -> Iterator[Problem]:
    """What is wrong with the limits, whatever the design."""
    if limits.cohort_size < 1:
        yield (
            "cohort_size",
            f"A cohort of {limits.cohort_size} subjects finds nothing. Write 1 or more",
        )
    if limits.most_subjects < max(limits.cohort_size, 1):
        yield (
            "most_subjects",
            f"{limits.most_subjects} subjects do not fill one cohort of "
            f"{limits.cohort_size}. Write a larger number",
        )
    if limits.most_at_dose is not None and limits.most_at_dose < 1:
        yield "most_at_dose", "It must be 1 or more; leave it out to do without"
    if limits.start < 1:
        yield "start", "Dose levels are counted from 1"


def check_settings(design: str, problems: Iterable[Problem]) -> None:
    """Raise CardError, with every problem, when there is one."""
    issues = [Issue(key, f"{sentence}.") for key, sentence in problems]
    if issues:
        raise CardError(f"The design '{design}' cannot be used:", issues)


def settled(rule: Callable[[History], Decision], history: History) -> Decision:
    """The decision of `rule`, or to wait while pending outcomes can change it.

    More DLTs never make a rule bolder, so that it is enough to look at the two
    extremes: all pending subjects end without a DLT, or all with one.
    """
    if not history.pending:
        return rule(history)
    calm, worst = rule(history.resolved(False)), rule(history.resolved(True))
    if calm.same_step(worst):
        return calm
    return Decision.wait(
        f"{history.pending} pending {_outcomes(history.pending)} can change what is "
        f"next: {calm.reason.lower()}, or {worst.reason.lower()}"
    )


def cleared(
    history: History, below: int, tolerable: Callable[[int], bool]
) -> tuple[int, ...]:
    """Levels below one that were given and are tolerable, highest first."""
    given: Sequence[int] = [d for d in range(below) if history.treated(d)]
    return tuple(d for d in reversed(given) if tolerable(d))


def _outcomes(count: int) -> str:
    return "outcome" if count == 1 else "outcomes"
