"""Toxicity of simulated subjects: courses, windows, symptoms, dose-limiting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import adckit
from adckit.errors import AdckitError, UnknownNameError
from adckit.results import Result
from adckit.status import Status
from adckit.studies.ctcae import UNKNOWN
from adckit.studies.toxicity import (
    DLT_DEFINITIONS,
    SYMPTOMS,
    DltDefinition,
    DoseLimit,
    ToxicityCourse,
    event_probability,
    find_dose_limiting,
    grade_courses,
    lesion_grade,
    symptom_grade,
    worst_grade,
)

TIMES = np.array([0.0, 7.0, 14.0, 21.0, 28.0])


def course(**grades: list[list[int]]) -> ToxicityCourse:
    arrays = {name: np.array(rows, dtype=np.int8) for name, rows in grades.items()}
    return ToxicityCourse(TIMES, arrays)


# symptoms


def test_symptoms_happen_as_often_as_their_hazard_says() -> None:
    # one number per subject, evenly spread, so that the share is exact to 1/n
    uniforms = (np.arange(2000) + 0.5) / 2000
    hazard = np.tile(np.linspace(0, 2, 5), (2000, 1))
    found = symptom_grade([hazard, 0.4 * hazard, 0.1 * hazard], uniforms)
    for grade, share in ((1, 1.0), (2, 0.4), (3, 0.1)):
        seen = (found >= grade).mean(axis=0)
        expected = event_probability(share * hazard[0])
        np.testing.assert_allclose(seen, expected, atol=1 / 2000)
    assert (np.diff(found, axis=1) >= 0).all()


def test_uniform_numbers_must_fit() -> None:
    hazard = np.zeros((2, 3))
    with pytest.raises(AdckitError, match="3 uniform numbers for 2 subjects"):
        symptom_grade([hazard], [0.1, 0.2, 0.3])
    with pytest.raises(AdckitError, match="between 0 and 1"):
        symptom_grade([hazard], [0.0, 0.5])


def test_lesions() -> None:
    values = [0, 5, 5.1, 20, 21, 50, 51, 90, 91, np.nan]
    expected = [0, 0, 1, 1, 2, 2, 3, 3, 4, UNKNOWN]
    assert lesion_grade(values).tolist() == expected


# windows


def test_worst_grade_of_a_window() -> None:
    seen = course(alt=[[0, 3, 1, 0, 4], [0, 1, UNKNOWN, 0, 0]])
    assert worst_grade(seen, "alt", 0, 21).tolist() == [3, UNKNOWN]
    assert worst_grade(seen, "alt", 14, 21).tolist() == [1, UNKNOWN]
    assert worst_grade(seen, "alt").tolist() == [4, UNKNOWN]
    with pytest.raises(AdckitError, match="No time lies between day 1 and day 2"):
        worst_grade(seen, "alt", 1, 2)
    with pytest.raises(UnknownNameError, match="toxicity"):
        worst_grade(seen, "alr")


# dose-limiting toxicity


def test_dose_limiting_toxicity_of_the_usual_rule() -> None:
    seen = course(
        platelets=[
            [0, 3, 1, 0, 0],  # bleeds
            [0, 3, 1, 0, 0],  # does not bleed
            [0, 4, 1, 0, 0],
            [0, 1, 0, 0, 4],  # after the window
            [0, 0, 0, 0, 0],
        ],
        alt=[[0] * 5, [0] * 5, [0] * 5, [0, 0, 2, 2, 3], [0, 0, 0, 3, 0]],
    )
    bleeding = [True, False, False, False, False]
    definition = DLT_DEFINITIONS["three-weeks"]
    found = find_dose_limiting(seen, definition, bleeding=bleeding)
    assert found.happened.tolist() == [True, False, True, False, True]
    assert found.toxicity == ("platelets", "", "platelets", "", "alt")
    assert found.day[[0, 2, 4]].tolist() == [7, 7, 21]
    assert np.isnan(found.day[[1, 3]]).all()
    longer = find_dose_limiting(seen, DLT_DEFINITIONS["four-weeks"])
    assert longer.happened.tolist() == [False, False, True, True, True]
    strict = find_dose_limiting(seen, DLT_DEFINITIONS["blood-grade-3"])
    assert strict.happened.tolist() == [True, True, True, False, True]


def test_the_first_of_two_toxicities_is_named() -> None:
    seen = course(alt=[[0, 0, 3, 3, 3]], ast=[[0, 3, 3, 3, 3]])
    found = find_dose_limiting(seen, DLT_DEFINITIONS["three-weeks"])
    assert (found.toxicity, found.day.tolist()) == (("ast",), [7])


def test_a_failed_subject_has_neither_toxicity_nor_none() -> None:
    seen = course(alt=[[UNKNOWN] * 5, [0] * 5])
    found = find_dose_limiting(seen, DLT_DEFINITIONS["three-weeks"])
    assert found.happened.tolist() == [False, False]
    assert found.known.tolist() == [False, True]


def test_a_window_longer_than_the_simulation() -> None:
    definition = DLT_DEFINITIONS["three-weeks"].with_window(42)
    with pytest.raises(AdckitError, match="window ends on day 42, but the simulation"):
        find_dose_limiting(course(alt=[[0] * 5]), definition)


def test_a_later_window_and_a_rule_of_one_s_own() -> None:
    mine = DltDefinition("mine", 7, (DoseLimit(("alt",), 2),), "our protocol")
    seen = course(alt=[[0, 2, 0, 0, 0], [0, 0, 0, 2, 0]])
    assert find_dose_limiting(seen, mine, start=14).happened.tolist() == [False, True]


# from a simulation


@pytest.fixture(scope="module")
def treated() -> Result:
    times = np.arange(0, 22.0)
    columns = {"platelet_baseline": [230.0, 120.0]}
    return adckit.simulate(
        "T-DM1",
        "3.6 mg/kg q3w x1",
        subjects=columns,
        times=times,
        settings={"organs": "card"},
    )


def test_courses_of_a_simulation(treated: Result) -> None:
    seen = grade_courses(treated, {"neuropathy": [0.5, 0.9999]})
    assert set(seen.grades) == {"alt", "ast", "platelets", "neuropathy"}
    assert worst_grade(seen, "platelets").tolist() == [1, 2]
    assert seen.of("platelets")[1, 0] == 1  # 120 is below the limit of normal already
    assert worst_grade(seen, "neuropathy").tolist() == [0, 3]
    assert set(grade_courses(treated).grades) == {"alt", "ast", "platelets"}


def test_a_failed_subject_has_no_grades(treated: Result) -> None:
    values = treated.values.copy()
    values[0] = np.nan
    status = np.array([Status.STEP_TOO_SMALL, Status.OK])
    broken = replace(treated, values=values, status=status)
    seen = grade_courses(broken, {"neuropathy": [0.5, 0.5]})
    for grades in seen.grades.values():
        assert (grades[0] == UNKNOWN).all()
        assert (grades[1] != UNKNOWN).all()


def test_a_symptom_that_does_not_exist(treated: Result) -> None:
    with pytest.raises(UnknownNameError, match="neuropathy"):
        grade_courses(treated, {"neuropathie": [0.5, 0.5]})
    assert set(SYMPTOMS["neuropathy"].hazards) <= set(treated.outputs)


def test_platelets_after_one_dose_of_t_dm1(treated: Result) -> None:
    """Seen in 11 patients: 53 +- 6 % on day 8, baseline again by day 15."""
    relative = treated.curve("platelets")[0] / 230
    assert treated.times[relative.argmin()] == pytest.approx(8, abs=1)
    assert relative.min() == pytest.approx(0.53, abs=0.06)
    assert relative[15] > 0.94
