"""Where the subjects of a trial come from: what a dose does to each of them.

A trial asks a `PatientModel` what happens to subjects, known by their numbers, in an
arm.  The answer depends on the number and the arm alone, so that it is the same in any
order, on any thread, and whatever other arms there are.  The same number in two arms is
the same subject treated twice, which is what makes arms comparable.

`TypedPatients` answers from stated probabilities, to check designs against published
operating characteristics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError
from adckit.studies.dose_changes import DoseChange
from adckit.studies.random_streams import uniforms

__all__ = [
    "Outcomes",
    "PatientModel",
    "ResponseModel",
    "Toxicity",
    "TypedPatients",
    "TypedResponses",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Toxicity:
    """One toxicity of a subject, at its worst grade."""

    day: float
    """Day of onset, from the subject's first dose."""
    name: str
    grade: int
    dose_limiting: bool = False


@dataclass(frozen=True)
class Outcomes:
    """What happens to some subjects in one arm."""

    dlt_day: Floats
    """(subject,): day of the first dose-limiting toxicity in the window, else NaN"""
    worst_grade: Integers
    """(subject,): in the window"""
    toxicities: tuple[tuple[Toxicity, ...], ...]
    """(subject,): all that are known, over the whole follow-up"""
    failed: tuple[str, ...] = ()
    """(subject,): why nothing can be said of a subject, empty where all went well; ()
    when none failed"""
    changes: tuple[tuple[DoseChange, ...], ...] = ()
    """(subject,): doses that were held, reduced or stopped; () where none can be"""
    late_day: Floats | None = None
    """(subject,): day of the first toxicity after the window that would have been a DLT
    in it, in a subject without one, else NaN; None where nobody was followed so long"""

    def part(self, begin: int, end: int) -> Outcomes:
        """The outcomes of some of the subjects, in order."""
        return Outcomes(
            self.dlt_day[begin:end],
            self.worst_grade[begin:end],
            self.toxicities[begin:end],
            self.failed[begin:end],
            self.changes[begin:end],
            None if self.late_day is None else self.late_day[begin:end],
        )

    def failure(self, subject: int) -> str:
        """Why a subject failed, empty where it did not."""
        return self.failed[subject] if self.failed else ""

    def changed(self, subject: int) -> tuple[DoseChange, ...]:
        """The dose changes of a subject."""
        return self.changes[subject] if self.changes else ()


class PatientModel(Protocol):
    """What a dose does to subjects."""

    def outcomes(self, subjects: Integers, arm: int) -> Outcomes:
        """What happens to the subjects of these numbers in an arm.

        Args:
            subjects: numbers, (subject,), see `operating.subject_numbers`.
            arm: position in `TrialProtocol.arms`; the dose level of an escalation.
        """
        ...


class ResponseModel(Protocol):
    """Whether tumours respond."""

    def responses(self, subjects: Integers, arm: int) -> NDArray[np.bool_]:
        """Whether the best response of each subject is complete or partial."""
        ...


@dataclass(frozen=True)
class TypedPatients:
    """Subjects whose P(DLT) in each arm is typed in.

    Each has a tolerance between 0 and 1, and a DLT wherever the probability is above
    it, on a day that is uniform in the window, the same in all arms.
    """

    probabilities: Sequence[float]
    """P(DLT) of each arm."""
    window: float
    """Days."""
    seed: int
    moderate: Sequence[float] | None = None
    """P(worst grade 2) of each arm; none by default."""

    def __post_init__(self) -> None:
        every = [*self.probabilities, *(self.moderate or ())]
        if not every or any(not 0 <= value <= 1 for value in every):
            raise AdckitError("Give probabilities from 0 to 1, one for each arm.")
        if self.moderate is not None and len(self.moderate) != len(self.probabilities):
            raise AdckitError("Give as many probabilities of grade 2 as of a DLT.")

    def outcomes(self, subjects: Integers, arm: int) -> Outcomes:
        """See `PatientModel`."""
        limit = self.probabilities[arm]
        mild = self.moderate[arm] if self.moderate is not None else 0.0
        tolerance = uniforms(self.seed, "tolerance", subjects)[:, 0]
        onset = self.window * uniforms(self.seed, "onset", subjects)[:, 0]
        dlt = tolerance < limit
        grade = np.where(dlt, 3, np.where(tolerance < limit + mild, 2, 0))
        toxicities = tuple(
            (Toxicity(float(day), "toxicity", int(worst), bool(is_dlt)),)
            if worst
            else ()
            for day, worst, is_dlt in zip(onset, grade, dlt, strict=True)
        )
        return Outcomes(np.where(dlt, onset, np.nan), grade, toxicities)


@dataclass(frozen=True)
class TypedResponses:
    """Subjects whose P(response) in each arm is typed in."""

    probabilities: Sequence[float]
    seed: int

    def responses(self, subjects: Integers, arm: int) -> NDArray[np.bool_]:
        """See `ResponseModel`."""
        drawn = uniforms(self.seed, "response", subjects)[:, 0]
        return np.asarray(drawn < self.probabilities[arm])
