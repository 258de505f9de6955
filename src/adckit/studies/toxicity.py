"""Toxicity of simulated subjects: grades over time, the worst of a window, DLT.

Laboratory values and lesions have a grade at every time, given by the subject's curve.
Symptoms that are events, such as neuropathy, have a cumulative hazard: the grade at
time t is the highest whose hazard has passed the subject's own threshold, -ln u, so
that P(grade g or more by t) = 1 - exp(-hazard_g(t)) and grades are nested.  One uniform
number per subject and symptom decides, whatever the schedule: subjects who are compared
between doses are the same subjects.

A dose-limiting toxicity (DLT) is a grade in a window that the trial's protocol says is
one.  Definitions are data; the usual ones are in `DLT_DEFINITIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.errors import AdckitError, UnknownNameError
from adckit.results import Result
from adckit.status import Status
from adckit.studies.ctcae import NORMAL_RANGES, SCALES, UNKNOWN, NormalRange, grade

__all__ = [
    "DLT_DEFINITIONS",
    "LESION_LIMITS",
    "SYMPTOMS",
    "DltDefinition",
    "DltFinding",
    "DoseLimit",
    "Symptom",
    "ToxicityCourse",
    "event_probability",
    "find_dose_limiting",
    "grade_courses",
    "lesion_grade",
    "symptom_grade",
    "worst_grade",
]

Floats = NDArray[np.float64]
Grades = NDArray[np.int8]

LESION_LIMITS = (5.0, 20.0, 50.0, 90.0)
"""Percent of cells missing beyond which a lesion is of grade 1 to 4: assumed, so that
grade 4 is the loss of nearly all epidermis."""


@dataclass(frozen=True)
class Symptom:
    """An event whose hazard the model gives."""

    term: str
    hazards: tuple[str, ...]
    """Outputs: cumulative hazard of each grade or more, the mildest first."""
    first_grade: int = 1


SYMPTOMS: Mapping[str, Symptom] = MappingProxyType(
    {
        "neuropathy": Symptom(
            "Peripheral sensory neuropathy",
            (
                "neuropathy_hazard",
                "moderate_neuropathy_hazard",
                "severe_neuropathy_hazard",
            ),
        )
    }
)
"""Symptom → the outputs that it is drawn from."""

_LESIONS = {"skin": "skin_lesion", "normal_tissue": "normal_tissue_lesion"}


@dataclass(frozen=True)
class ToxicityCourse:
    """Grades of every subject over time."""

    times: Floats
    """(time,), days"""
    grades: Mapping[str, Grades]
    """Toxicity → (subject, time); UNKNOWN for a subject that failed."""

    @property
    def subjects(self) -> int:
        return len(next(iter(self.grades.values()))) if self.grades else 0

    def of(self, toxicity: str) -> Grades:
        """Grades of one toxicity.  Raises UnknownNameError."""
        if toxicity not in self.grades:
            raise UnknownNameError("toxicity", toxicity, self.grades)
        return self.grades[toxicity]


def event_probability(cumulative_hazard: ArrayLike) -> Floats:
    """The chance that an event has happened, from its cumulative hazard."""
    return np.asarray(-np.expm1(-np.asarray(cumulative_hazard, dtype=np.float64)))


def grade_courses(
    result: Result,
    uniforms: Mapping[str, ArrayLike] | None = None,
    normal: Mapping[str, NormalRange] = NORMAL_RANGES,
) -> ToxicityCourse:
    """Every toxicity that a model's outputs speak of.

    Args:
        result: a simulation that starts before the first dose; its first values are
            the baselines.
        uniforms: symptom → numbers between 0 and 1, one per subject, shape (subject,);
            a symptom without is left out.
        normal: limits of normal of laboratory values.

    Raises UnknownNameError for a symptom that does not exist and AdckitError for
    numbers that do not fit the subjects.
    """
    grades: dict[str, Grades] = {}
    for laboratory in SCALES:
        if laboratory in result.outputs:
            values = result.curve(laboratory)
            limits = normal.get(laboratory, NORMAL_RANGES[laboratory])
            grades[laboratory] = grade(
                laboratory, values, normal=limits, baseline=values[:, 0]
            )
    for organ, output in _LESIONS.items():
        if output in result.outputs:
            grades[organ] = lesion_grade(result.curve(output))
    for name, numbers in (uniforms or {}).items():
        if name not in SYMPTOMS:
            raise UnknownNameError("symptom", name, SYMPTOMS)
        hazards = [result.curve(output) for output in SYMPTOMS[name].hazards]
        grades[name] = symptom_grade(hazards, numbers, SYMPTOMS[name].first_grade)
    for found in grades.values():
        found[result.status != Status.OK] = UNKNOWN
    return ToxicityCourse(result.times, MappingProxyType(grades))


def lesion_grade(percent: ArrayLike) -> Grades:
    """Grade of a lesion from the percent of cells missing, any shape."""
    values = np.asarray(percent, dtype=np.float64)
    found = np.asarray(np.searchsorted(LESION_LIMITS, values), dtype=np.int8)
    found[np.isnan(values)] = UNKNOWN
    return found


def symptom_grade(
    hazards: list[Floats], uniforms: ArrayLike, first_grade: int = 1
) -> Grades:
    """Highest grade so far of a symptom, (subject, time).

    `hazards` are cumulative, of each grade or more, the mildest first, each of shape
    (subject, time); `uniforms` has one number per subject.

    Raises AdckitError for numbers that do not fit.
    """
    numbers = np.asarray(uniforms, dtype=np.float64)
    if numbers.shape != (len(hazards[0]),):
        raise AdckitError(
            f"There are {numbers.size} uniform numbers for {len(hazards[0])} subjects. "
            "Draw one for each."
        )
    if not ((numbers > 0) & (numbers < 1)).all():
        raise AdckitError("Uniform numbers lie between 0 and 1; draw them anew.")
    threshold = -np.log(numbers)[:, None]
    found = np.zeros(hazards[0].shape, dtype=np.int8)
    for step, hazard in enumerate(hazards):
        found[hazard >= threshold] = first_grade + step
    found[np.isnan(hazards[0])] = UNKNOWN
    return found


def worst_grade(
    course: ToxicityCourse, toxicity: str, start: float = 0.0, end: float = np.inf
) -> Grades:
    """The highest grade from `start` to `end`, days, both included, (subject,).

    Raises AdckitError when no time lies between them.
    """
    inside = (course.times >= start) & (course.times <= end)
    if not inside.any():
        raise AdckitError(
            f"No time lies between day {start:g} and day {end:g}. "
            "Simulate that window, or give another one."
        )
    window = course.of(toxicity)[:, inside]
    known = (window != UNKNOWN).all(axis=1)
    return np.where(known, window.max(axis=1), UNKNOWN).astype(np.int8)


@dataclass(frozen=True)
class DoseLimit:
    """A grade that is dose-limiting."""

    toxicities: tuple[str, ...]
    grade: int
    with_bleeding: bool = False
    """Only in a subject that bleeds."""


@dataclass(frozen=True)
class DltDefinition:
    """What a protocol calls a dose-limiting toxicity."""

    name: str
    window: float
    """Days from the first dose."""
    limits: tuple[DoseLimit, ...]
    source: str

    def with_window(self, days: float) -> DltDefinition:
        """The same definition over another window."""
        return DltDefinition(self.name, days, self.limits, self.source)


_BLOOD = tuple(name for name, scale in SCALES.items() if scale.haematological)
_OTHERS = tuple(name for name in SCALES if name not in _BLOOD)
_USUAL = (
    DoseLimit(_BLOOD, 4),
    DoseLimit(("platelets",), 3, with_bleeding=True),
    DoseLimit((*_OTHERS, *_LESIONS, *SYMPTOMS), 3),
)
_ASSUMED = "usual rule of phase I trials of the time; assumed, protocols not read"

DLT_DEFINITIONS: Mapping[str, DltDefinition] = MappingProxyType(
    {
        "three-weeks": DltDefinition("three-weeks", 21, _USUAL, _ASSUMED),
        "four-weeks": DltDefinition("four-weeks", 28, _USUAL, _ASSUMED),
        "blood-grade-3": DltDefinition(
            "blood-grade-3",
            21,
            (DoseLimit((*_BLOOD, *_OTHERS, *_LESIONS, *SYMPTOMS), 3),),
            "stricter rule: grade 3 of blood counts is dose-limiting too; assumed",
        ),
    }
)
"""Definitions that protocols choose from; a trial may write its own."""


@dataclass(frozen=True)
class DltFinding:
    """Which subjects had a dose-limiting toxicity."""

    happened: NDArray[np.bool_]
    """(subject,)"""
    day: Floats
    """(subject,): first day of it, NaN without"""
    toxicity: tuple[str, ...]
    """The one that came first, empty without"""
    known: NDArray[np.bool_]
    """(subject,): False where the subject failed, and nothing can be said"""


def find_dose_limiting(
    course: ToxicityCourse,
    definition: DltDefinition,
    *,
    start: float = 0.0,
    bleeding: ArrayLike | None = None,
) -> DltFinding:
    """Dose-limiting toxicities in the window that begins on day `start`.

    `bleeding` says who bleeds, shape (subject,); by default nobody.

    Raises AdckitError when the simulation ends before the window does.
    """
    end = start + definition.window
    if course.times[-1] < end:
        raise AdckitError(
            f"The DLT window ends on day {end:g}, but the simulation on day "
            f"{course.times[-1]:g}. Simulate longer, or shorten the window."
        )
    inside = (course.times >= start) & (course.times <= end)
    times = course.times[inside]
    bleeds = np.zeros(course.subjects, dtype=bool)
    if bleeding is not None:
        bleeds[:] = np.asarray(bleeding, dtype=bool)
    day = np.full(course.subjects, np.inf)
    which = np.full(course.subjects, "", dtype=object)
    known = np.ones(course.subjects, dtype=bool)
    for limit in definition.limits:
        for toxicity in (t for t in limit.toxicities if t in course.grades):
            grades = course.grades[toxicity][:, inside]
            known &= (grades != UNKNOWN).all(axis=1)
            beyond = grades >= limit.grade
            if limit.with_bleeding:
                beyond &= bleeds[:, None]
            first = np.where(beyond.any(axis=1), times[beyond.argmax(axis=1)], np.inf)
            sooner = first < day
            day[sooner], which[sooner] = first[sooner], toxicity
    happened = np.isfinite(day) & known
    day[~happened] = np.nan
    names = tuple(str(n) if hit else "" for n, hit in zip(which, happened, strict=True))
    return DltFinding(happened, day, names, known)
