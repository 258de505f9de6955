"""What a dose-escalation design does when the DLT probabilities are known.

`exact_characteristics` follows every path of a design, `operating_characteristics`
simulates it, and `dose_paths` lists what the next cohorts may lead to.  All three work
with any design, since a design looks at counts per level and at the last level alone:
histories with the same counts are one state.

A subject of the simulation has a tolerance between 0 and 1, and a DLT at every level
whose probability is above it.  The tolerance depends on seed, replicate and subject
only, so that two designs with the same seed treat the same subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from adckit.errors import AdckitError
from adckit.studies.designs.base import Action, Cohort, Decision, Design, History, Row
from adckit.studies.random_streams import uniforms

__all__ = [
    "Characteristics",
    "dose_paths",
    "exact_characteristics",
    "operating_characteristics",
    "subject_numbers",
]

SUBJECTS_PER_REPLICATE = 10_000
"""Subject numbers set aside for every replicate of a trial."""
_MOST_STATES = 200_000
_MOST_COHORTS = 1_000
"""Cohorts after which a design that never stops is given up."""

_Counts = tuple[tuple[int, int, int], ...]
"""(subjects, DLTs, worst grade 2) of every level."""


@dataclass(frozen=True)
class Characteristics:
    """How a design does; averages over its paths or its replicates."""

    probability: np.ndarray
    """(dose,): the true P(DLT)"""
    target: float
    selected: np.ndarray
    """(dose,): probability of being called the MTD"""
    none: float
    """Probability that no level is."""
    treated: np.ndarray
    """(dose,): mean number of subjects"""
    dlts: np.ndarray
    """(dose,): mean number of subjects with a DLT"""
    replicates: int | None
    """None where every path was followed."""

    @property
    def subjects(self) -> float:
        """Mean number of subjects."""
        return float(self.treated.sum())

    @property
    def best(self) -> int:
        """The level whose true P(DLT) is nearest to the target."""
        return int(np.argmin(np.abs(self.probability - self.target)))

    @property
    def correct(self) -> float:
        """Probability of selecting that level."""
        return float(self.selected[self.best])

    @property
    def above(self) -> float:
        """Share of the subjects that are treated above that level."""
        return float(self.treated[self.best + 1 :].sum() / self.subjects)

    def rows(self, doses: Sequence[float] | None = None) -> list[Row]:
        """One row per level, and a last one for no MTD."""
        rows: list[Row] = []
        for level in range(len(self.probability)):
            row: Row = {"level": level + 1}
            if doses is not None:
                row["dose"] = doses[level]
            rows.append(
                row
                | {
                    "probability": float(self.probability[level]),
                    "selected": float(self.selected[level]),
                    "treated": float(self.treated[level]),
                    "dlts": float(self.dlts[level]),
                }
            )
        return [*rows, {"level": None, "selected": self.none}]


def subject_numbers(replicates: np.ndarray, count: int) -> np.ndarray:
    """Numbers of the first `count` subjects of each replicate, (replicate, subject).

    Replicates are counted from 0, subject numbers from 1.
    """
    first = np.asarray(replicates, dtype=np.int64) * SUBJECTS_PER_REPLICATE + 1
    return np.asarray(first[:, np.newaxis] + np.arange(count))


def exact_characteristics(
    design: Design,
    probabilities: Sequence[float],
    *,
    target: float = 0.30,
    moderate: Sequence[float] | None = None,
) -> Characteristics:
    """Every path of a design, each with its probability.

    Args:
        probabilities: P(DLT) of every level, (dose,).
        target: the DLT rate that the MTD is meant to have.
        moderate: P(worst grade 2) of every level; none by default.

    Raises AdckitError for probabilities that are none, and for a design with more than
    200,000 states: that one has to be simulated.
    """
    toxic, mild = _checked(probabilities, moderate)
    levels = len(toxic)
    tally = _Tally(levels)
    states: dict[tuple[int, _Counts], float] = {(-1, ((0, 0, 0),) * levels): 1.0}
    for _ in range(_MOST_COHORTS):
        following: dict[tuple[int, _Counts], float] = {}
        for (last, counts), weight in states.items():
            decision = design(_history(last, counts))
            if not tally.add(decision, counts, weight):
                continue
            dose, size = _cohort(decision)
            for outcome, chance in _outcomes(size, toxic[dose], mild[dose]):
                state = dose, _plus(counts, dose, outcome)
                following[state] = following.get(state, 0.0) + weight * chance
        if not following:
            return tally.characteristics(toxic, target, None)
        if len(following) > _MOST_STATES:
            raise AdckitError(
                f"This design has more than {_MOST_STATES} states. Simulate it instead "
                "of following every path, or allow fewer subjects."
            )
        states = following
    raise AdckitError(f"The design did not stop within {_MOST_COHORTS} cohorts.")


def operating_characteristics(
    design: Design,
    probabilities: Sequence[float],
    *,
    target: float = 0.30,
    moderate: Sequence[float] | None = None,
    replicates: int = 10_000,
    seed: int = 1,
) -> Characteristics:
    """The same by simulation; `replicates` trials, reproducible by `seed`."""
    toxic, mild = _checked(probabilities, moderate)
    if replicates < 1:
        raise AdckitError(f"replicates is {replicates}; simulate at least one trial.")
    tally = _Tally(len(toxic))
    decisions: dict[tuple[int, _Counts], Decision] = {}
    tolerances = np.empty((replicates, 0))
    for replicate in range(replicates):
        last, counts, used = -1, ((0, 0, 0),) * len(toxic), 0
        while True:
            state = last, counts
            if state not in decisions:
                decisions[state] = design(_history(*state))
            if not tally.add(decisions[state], counts, 1 / replicates):
                break
            last, size = _cohort(decisions[state])
            if used + size > tolerances.shape[1]:
                tolerances = _tolerances(seed, replicates, 2 * (used + size))
            drawn = tolerances[replicate, used : used + size]
            used += size
            dlts = int(np.count_nonzero(drawn < toxic[last]))
            milder = int(np.count_nonzero(drawn < toxic[last] + mild[last])) - dlts
            counts = _plus(counts, last, (size, dlts, milder))
    return tally.characteristics(toxic, target, replicates)


def dose_paths(design: Design, levels: int, cohorts: int) -> list[Row]:
    """What the first cohorts may lead to, one row per sequence of outcomes.

    A cohort is written as its level and its outcomes, N or T: `1NNN 2NNT`.
    """
    rows: list[Row] = []

    def follow(history: History, path: str, left: int) -> None:
        decision = design(history)
        step = _step(decision)
        rows.append({"path": path, "next": step, "reason": decision.reason})
        if decision.action is Action.STOP or not left:
            return
        dose, size = _cohort(decision)
        for dlts in range(size + 1):
            seen = f"{path} {dose + 1}{'N' * (size - dlts)}{'T' * dlts}".strip()
            follow(history.with_cohort(Cohort(dose, size, dlts)), seen, left - 1)

    follow(History(levels), "", cohorts)
    return rows


class _Tally:
    """Sums over the ends of paths."""

    def __init__(self, levels: int) -> None:
        self.selected, self.none = np.zeros(levels), 0.0
        self.treated, self.dlts = np.zeros(levels), np.zeros(levels)

    def add(self, decision: Decision, counts: _Counts, weight: float) -> bool:
        """Count a path that ends here; whether it goes on."""
        if decision.action is not Action.STOP:
            return True
        for level, (treated, dlts, _) in enumerate(counts):
            self.treated[level] += weight * treated
            self.dlts[level] += weight * dlts
        if decision.mtd is None:
            self.none += weight
        else:
            self.selected[decision.mtd] += weight
        return False

    def characteristics(
        self, toxic: np.ndarray, target: float, replicates: int | None
    ) -> Characteristics:
        return Characteristics(
            toxic,
            target,
            self.selected,
            self.none,
            self.treated,
            self.dlts,
            replicates,
        )


def _checked(
    probabilities: Sequence[float], moderate: Sequence[float] | None
) -> tuple[np.ndarray, np.ndarray]:
    toxic = np.asarray(probabilities, dtype=float)
    mild = np.zeros_like(toxic) if moderate is None else np.asarray(moderate, float)
    if not toxic.size or mild.shape != toxic.shape:
        raise AdckitError(
            "Give one P(DLT) for every dose level, and as many of grade 2 or none."
        )
    low, high = min(toxic.min(), mild.min()), (toxic + mild).max()
    if not (low >= 0 and high <= 1):
        raise AdckitError(
            "P(DLT) and P(worst grade 2) must lie between 0 and 1, and so must their "
            "sum at every level."
        )
    return toxic, mild


def _tolerances(seed: int, replicates: int, subjects: int) -> np.ndarray:
    numbers = subject_numbers(np.arange(replicates), subjects)
    drawn = uniforms(seed, "tolerance", numbers.ravel())
    return drawn.reshape(numbers.shape)


def _history(last: int, counts: _Counts) -> History:
    order = sorted(range(len(counts)), key=lambda level: level == last)
    cohorts = (Cohort(d, *counts[d]) for d in order if counts[d][0])
    return History(len(counts), tuple(cohorts))


def _plus(counts: _Counts, dose: int, seen: tuple[int, int, int]) -> _Counts:
    before, more = counts[dose], seen
    now = (before[0] + more[0], before[1] + more[1], before[2] + more[2])
    return (*counts[:dose], now, *counts[dose + 1 :])


def _cohort(decision: Decision) -> tuple[int, int]:
    """Level and size of the next cohort of a trial without pending outcomes."""
    if decision.dose is None:
        raise ValueError("a design waits although no outcome is pending")
    return decision.dose, decision.size


def _outcomes(
    size: int, toxic: float, mild: float
) -> list[tuple[tuple[int, int, int], float]]:
    """((subjects, DLTs, worst grade 2), probability) of everything a cohort may do."""
    found = []
    for dlts in range(size + 1):
        for moderate in range(size - dlts + 1):
            rest = size - dlts - moderate
            ways = comb(size, dlts) * comb(size - dlts, moderate)
            chance = ways * toxic**dlts * mild**moderate * (1 - toxic - mild) ** rest
            if chance > 0:
                found.append(((size, dlts, moderate), float(chance)))
    return found


def _step(decision: Decision) -> str:
    if decision.dose is not None:
        return f"{decision.size} at level {decision.dose + 1}"
    if decision.action is Action.WAIT:
        return "wait"
    return "no MTD" if decision.mtd is None else f"MTD is level {decision.mtd + 1}"
