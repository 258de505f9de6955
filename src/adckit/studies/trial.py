"""A protocol run with virtual subjects.

Subjects arrive while the trial is open, each a random time after the one before; an
arrival while it is closed is lost.  Whenever a subject could enter, the design is asked
what it knows by that day: a subject whose DLT window has not passed, and that has had
no DLT yet, is pending.  Backfill subjects enter after their cohort.

Replicate, subject and seed key every random number: subject 7 of replicate 3 is the
same in every run, in every arm, and whatever the other arms are.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from adckit.errors import AdckitError, SimulationError
from adckit.studies.designs import Action, Cohort, Decision, History, PhaseTwoDesign
from adckit.studies.operating import SUBJECTS_PER_REPLICATE, subject_numbers
from adckit.studies.patients import Outcomes, PatientModel, ResponseModel
from adckit.studies.protocol import Arm, TrialProtocol
from adckit.studies.random_streams import uniforms
from adckit.studies.trial_log import Event, log_subject

__all__ = [
    "ArmRun",
    "EscalationRun",
    "most_subjects",
    "run_arms",
    "run_escalation",
    "run_escalations",
]


_MOST_FAILED = 20
"""Subjects of a trial that may fail and be replaced before it is given up."""

_Request = tuple[np.ndarray, int]
"""Subject numbers, and the dose level that they are given."""


@dataclass(frozen=True)
class EscalationRun:
    """One escalation, from the first subject to the MTD."""

    replicate: int
    mtd: int | None
    """Level that was selected, from 0; None where none was."""
    reason: str
    history: History
    """Every cohort with its final outcomes."""
    days: float
    """From the opening to the decision."""
    events: tuple[Event, ...]

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Subjects and subjects with a DLT per level, (dose,) each."""
        levels = range(self.history.levels)
        treated = [self.history.treated(level) for level in levels]
        return np.array(treated), np.array([self.history.dlts(d) for d in levels])


@dataclass(frozen=True)
class ArmRun:
    """One arm of an expansion, a phase II or a comparison of schedules."""

    replicate: int
    arm: str
    treated: int
    dlts: int
    responses: int | None
    """None where responses were not followed."""
    success: bool | None
    """What the rule for responses came to; None without a rule."""
    reason: str
    events: tuple[Event, ...]
    entered: int = 0
    """Subjects that entered, those that failed and were replaced included."""


@dataclass
class _Subject:
    """A subject of a running escalation."""

    level: int
    cohort: int
    backfill: bool
    enrolled: float
    known: float
    """Day of the trial on which its outcome is known."""
    dlt: bool
    moderate: bool
    failed: bool = False
    """Could not be simulated; a design knows nothing of it."""


@dataclass
class _Arrivals:
    """Days on which subjects enter."""

    gaps: np.ndarray
    apart: float
    used: int = 0

    def next(self, not_before: float, after: float | None) -> float:
        """Day of the next arrival; `after` is the entry of the one before it."""
        if self.used >= self.gaps.size:
            raise AdckitError(
                f"A trial used more than {self.gaps.size} subjects: its design does "
                "not stop. Limit it with `most_subjects`."
            )
        day = not_before + float(self.gaps[self.used])
        self.used += 1
        return day if after is None else max(day, after + self.apart)


@dataclass
class _Running:
    """The state of one escalation."""

    protocol: TrialProtocol
    replicate: int
    arrivals: _Arrivals
    keep: bool
    subjects: list[_Subject] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    cohorts: int = 0

    def history(self, day: float) -> History:
        """What is known on a day of the trial."""
        groups: dict[int, list[_Subject]] = {}
        for subject in self.subjects:
            if subject.enrolled <= day and not subject.failed:
                groups.setdefault(subject.cohort, []).append(subject)
        cohorts = (self._cohort(group, day) for group in groups.values())
        return History(len(self.protocol.arms), tuple(cohorts))

    def _cohort(self, group: list[_Subject], day: float) -> Cohort:
        known = [s for s in group if s.known <= day]
        window = self.protocol.window
        return Cohort(
            group[0].level,
            len(group),
            sum(s.dlt for s in known),
            sum(s.moderate for s in known),
            tuple((day - s.enrolled) / window for s in group if s.known > day),
            group[0].backfill,
        )

    def next_known(self, day: float) -> float:
        """The next day on which an outcome becomes known."""
        known = (s.known for s in self.subjects if s.known > day and not s.failed)
        return min(known)

    def enrol(
        self, level: int, size: int, first: float, backfill: bool
    ) -> Generator[_Request, Outcomes, float]:
        """Treat subjects, the first on a given day; the day of the last entry.

        Those that cannot be simulated are replaced.
        """
        day, begun, missing = first, False, size
        while missing:
            number = len(self.subjects)
            replicate = np.array([self.replicate])
            numbers = subject_numbers(replicate, number + missing)[0, number:]
            outcomes = yield numbers, level
            for position in range(missing):
                day = self.arrivals.next(day, day) if begun else day
                begun = True
                self._enter(level, outcomes, position, day, backfill)
            missing = sum(outcomes.failure(n) != "" for n in range(missing))
            self._check_failures(outcomes)
        self.cohorts += 1
        return day

    def _check_failures(self, outcomes: Outcomes) -> None:
        failed = sum(subject.failed for subject in self.subjects)
        if failed > _MOST_FAILED:
            reason = next(one for one in outcomes.failed if one)
            raise SimulationError(
                f"{failed} subjects of one trial failed, the last with: {reason}. "
                "Change the model or its parameters until they can be simulated."
            )

    def _enter(
        self, level: int, outcomes: Outcomes, position: int, day: float, backfill: bool
    ) -> None:
        onset = float(outcomes.dlt_day[position])
        dlt = not np.isnan(onset)
        known = day + (onset if dlt else self.protocol.window)
        moderate = int(outcomes.worst_grade[position]) == 2
        failed = outcomes.failure(position) != ""
        self.subjects.append(
            _Subject(level, self.cohorts, backfill, day, known, dlt, moderate, failed)
        )
        if self.keep:
            self.events += log_subject(
                self.protocol,
                outcomes,
                position,
                replicate=self.replicate,
                subject=len(self.subjects),
                arm=level,
                cohort=self.cohorts + 1,
                entered=day,
                backfill=backfill,
            )

    def fill(
        self, decision: Decision, after: float
    ) -> Generator[_Request, Outcomes, None]:
        """Backfill subjects that enter after a cohort."""
        plan = getattr(self.protocol.card, "backfill", None)
        if plan is None:
            return
        history = self.history(after)
        for level in decision.backfill:
            room = plan.most_at_dose - history.treated(level)
            size = min(plan.per_cohort, room)
            if size > 0:
                first = self.arrivals.next(after, after)
                yield from self.enrol(level, size, first, True)
                return


def run_escalation(
    protocol: TrialProtocol,
    model: PatientModel,
    replicate: int,
    seed: int,
    *,
    events: bool = True,
) -> EscalationRun:
    """One escalation; the same arguments always give the same one.

    `events` keeps the log of every subject.  Raises AdckitError for a protocol that is
    not an escalation, and for a design that never stops.
    """
    return next(run_escalations(protocol, model, [replicate], seed, events=events))


def run_escalations(
    protocol: TrialProtocol,
    model: PatientModel,
    replicates: Iterable[int],
    seed: int,
    *,
    events: bool = False,
    together: int = 1000,
) -> Iterator[EscalationRun]:
    """Escalations of these numbers, in order.

    `together` go side by side, so that the model is asked for the cohorts of all of
    them at once; memory grows with it, and the answers do not depend on it.  Replicates
    do not depend on each other: those that are missing from an interrupted run can be
    made alone.
    """
    if protocol.design is None:
        raise AdckitError(
            f"The protocol '{protocol.name}' is no escalation but of kind "
            f"'{protocol.kind}'. Run its arms instead."
        )
    numbers = list(replicates)
    for first in range(0, len(numbers), together):
        chosen = numbers[first : first + together]
        trials = [_escalation(protocol, number, seed, events) for number in chosen]
        yield from _side_by_side(trials, model)


def _side_by_side(
    trials: Sequence[Generator[_Request, Outcomes, EscalationRun]], model: PatientModel
) -> list[EscalationRun]:
    """Run trials to their ends; each round asks the model once per dose level."""
    ended: dict[int, EscalationRun] = {}
    answers: dict[int, Outcomes | None] = dict.fromkeys(range(len(trials)))
    while answers:
        asked: dict[int, list[tuple[int, np.ndarray]]] = {}
        for trial, answer in answers.items():
            try:
                request = (
                    next(trials[trial])
                    if answer is None
                    else trials[trial].send(answer)
                )
            except StopIteration as end:
                ended[trial] = end.value
            else:
                asked.setdefault(request[1], []).append((trial, request[0]))
        answers = {}
        for level, requests in asked.items():
            outcomes = model.outcomes(np.concatenate([n for _, n in requests]), level)
            begin = 0
            for trial, numbers in requests:
                after = begin + len(numbers)
                answers[trial] = outcomes.part(begin, after)
                begin = after
    return [ended[trial] for trial in range(len(trials))]


def _escalation(
    protocol: TrialProtocol, replicate: int, seed: int, events: bool
) -> Generator[_Request, Outcomes, EscalationRun]:
    """One escalation, which asks for the outcomes of each cohort."""
    assert protocol.design is not None
    running = _Running(
        protocol, replicate, _arrivals(protocol, replicate, seed), events
    )
    now, entered = 0.0, None
    while True:
        decision = protocol.design(running.history(now))
        if decision.action is Action.WAIT:
            now = running.next_known(now)
            continue
        if decision.action is Action.STOP:
            break
        arrival = running.arrivals.next(now, entered)
        if running.history(now).pending:  # more may be known when the subject arrives
            decision = protocol.design(running.history(arrival))
            if decision.action is not Action.TREAT:
                now = arrival
                continue
        assert decision.dose is not None
        entered = now = yield from running.enrol(
            decision.dose, decision.size, arrival, False
        )
        yield from running.fill(decision, now)
    final = running.history(np.inf)
    return EscalationRun(
        replicate, decision.mtd, decision.reason, final, now, tuple(running.events)
    )


def run_arms(
    protocol: TrialProtocol,
    model: PatientModel,
    replicate: int,
    seed: int,
    *,
    responses: ResponseModel | None = None,
    events: bool = True,
) -> list[ArmRun]:
    """Every arm of an expansion, a phase II or a comparison of schedules.

    Raises AdckitError for an escalation, for an arm without a number of subjects or a
    rule, and for a rule on responses without a model of them.
    """
    if protocol.design is not None:
        raise AdckitError(
            f"The protocol '{protocol.name}' is an escalation: it has no arms to run."
        )
    gaps = _arrivals(protocol, replicate, seed)
    return [
        _run_arm(protocol, position, model, replicate, gaps.gaps, responses, events)
        for position in range(len(protocol.arms))
    ]


def _arrivals(protocol: TrialProtocol, replicate: int, seed: int) -> _Arrivals:
    mean, plan = protocol.days_between_arrivals, protocol.card.enrolment
    count = SUBJECTS_PER_REPLICATE // 10
    if plan is not None and not plan.random:
        gaps = np.full(count, mean)
    else:
        gaps = -mean * np.log(
            uniforms(seed, "arrival", np.array([replicate]), count)[0]
        )
    return _Arrivals(gaps, plan.apart if plan is not None and plan.apart else 0.0)


def _run_arm(
    protocol: TrialProtocol,
    position: int,
    model: PatientModel,
    replicate: int,
    gaps: np.ndarray,
    responses: ResponseModel | None,
    events: bool,
) -> ArmRun:
    arm = protocol.arms[position]
    most = most_subjects(arm)
    numbers, outcomes = _evaluable(model, replicate, most, position)
    usable = np.array([not outcomes.failure(n) for n in range(numbers.size)])
    harmed = np.cumsum(~np.isnan(outcomes.dlt_day[usable]))
    answered = None
    if responses is not None:
        answered = np.cumsum(responses.responses(numbers[usable], position))
    elif arm.response_rule is not None:
        raise AdckitError(
            f"The arm '{arm.name}' has a rule for responses, but the subjects have no "
            "tumour that could respond. Give a model of responses."
        )
    treated, success, reason = _follow(arm, most, harmed, answered)
    log: list[Event] = []
    last = int(np.flatnonzero(usable)[treated - 1])
    entered = np.cumsum(gaps[: last + 1])
    for subject in range(last + 1 if events else 0):
        log += log_subject(
            protocol,
            outcomes,
            subject,
            replicate=replicate,
            subject=subject + 1,
            arm=position,
            cohort=1,
            entered=float(entered[subject]),
            backfill=False,
        )
    seen = None if answered is None else int(answered[treated - 1])
    dlts = int(harmed[treated - 1])
    return ArmRun(
        replicate, arm.name, treated, dlts, seen, success, reason, tuple(log), last + 1
    )


def _evaluable(
    model: PatientModel, replicate: int, most: int, position: int
) -> tuple[np.ndarray, Outcomes]:
    """Subjects of an arm, as many more as fail, and their outcomes."""
    count = most
    while True:
        numbers = subject_numbers(np.array([replicate]), count)[0]
        outcomes = model.outcomes(numbers, position)
        failed = sum(outcomes.failure(n) != "" for n in range(count))
        if count - failed >= most:
            return numbers, outcomes
        if failed > _MOST_FAILED + most:
            raise SimulationError(
                f"{failed} of {count} subjects of an arm failed, such as with: "
                f"{next(one for one in outcomes.failed if one)}. Change the model or "
                "its parameters until they can be simulated."
            )
        count = most + failed


def most_subjects(arm: Arm) -> int:
    """Subjects that an arm may have."""
    sizes = [rule.n for rule in (arm.response_rule, arm.harm_rule) if rule is not None]
    if arm.subjects is not None:
        return arm.subjects
    if not sizes:
        raise AdckitError(
            f"The arm '{arm.name}' has neither a number of subjects nor a rule that "
            "ends it. Add `subjects:` to it, or `design:` to the protocol."
        )
    return max(sizes)


def _follow(
    arm: Arm, most: int, harmed: np.ndarray, answered: np.ndarray | None
) -> tuple[int, bool | None, str]:
    """Subjects treated, what the rule for responses came to, and why it ended."""
    respond, harm = arm.response_rule, arm.harm_rule
    for treated in range(1, most + 1):
        if _decision(harm, treated, harmed):
            return treated, False if respond else None, "too many DLTs"
        if answered is None or respond is None:
            continue
        decided = _decision(respond, treated, answered)
        if decided is not None:
            seen = f"{answered[treated - 1]} of {treated} responded"
            return treated, decided, seen
    return most, None, "all subjects are in"


def _decision(
    rule: PhaseTwoDesign | None, treated: int, counts: np.ndarray
) -> bool | None:
    if rule is None or treated not in rule.looks:
        return None
    return rule.decide(treated, int(counts[treated - 1]))
