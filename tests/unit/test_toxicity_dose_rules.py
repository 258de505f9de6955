"""What a label asks for after a toxicity."""

from __future__ import annotations

import pytest

from adckit.errors import AdckitError
from adckit.studies.ctcae import SCALES, UNKNOWN
from adckit.studies.dose_rules import DOSE_LABELS, Action, next_dose
from adckit.studies.toxicity import SYMPTOMS

LABEL = DOSE_LABELS["trastuzumab-emtansine"]


@pytest.mark.parametrize(
    ("worst", "now", "action", "level"),
    [
        ({}, {}, Action.GIVE, 0),
        ({"alt": 2}, {"alt": 2}, Action.GIVE, 0),
        ({"alt": 3}, {"alt": 3}, Action.HOLD, 0),
        ({"alt": 3}, {"alt": 2}, Action.GIVE, 1),
        ({"alt": 3}, {}, Action.HOLD, 0),
        ({"ast": 4}, {"ast": 0}, Action.STOP, 0),
        ({"bilirubin": 2}, {"bilirubin": 2}, Action.HOLD, 0),
        ({"bilirubin": 2}, {"bilirubin": 1}, Action.GIVE, 0),
        ({"bilirubin": 3}, {"bilirubin": 1}, Action.GIVE, 1),
        ({"platelets": 2}, {"platelets": 2}, Action.GIVE, 0),
        ({"platelets": 3}, {"platelets": 2}, Action.HOLD, 0),
        ({"platelets": 3}, {"platelets": 1}, Action.GIVE, 0),
        ({"platelets": 4}, {"platelets": 0}, Action.GIVE, 1),
        ({"platelets": 4, "alt": 3}, {"platelets": 0, "alt": 0}, Action.GIVE, 1),
        ({"platelets": 3, "alt": 3}, {"platelets": 2, "alt": 1}, Action.HOLD, 0),
        ({"neuropathy": 3}, {"neuropathy": 3}, Action.HOLD, 0),
    ],
)
def test_rules_of_the_label(
    worst: dict[str, int], now: dict[str, int], action: Action, level: int
) -> None:
    decision = next_dose(LABEL, 0, worst, now)
    assert (decision.action, decision.level) == (action, level)


def test_below_the_lowest_level_there_is_none() -> None:
    assert LABEL.levels == (3.6, 3.0, 2.4)
    assert next_dose(LABEL, 1, {"alt": 3}, {"alt": 1}).level == 2
    decision = next_dose(LABEL, 2, {"alt": 3}, {"alt": 1})
    assert decision.action is Action.STOP
    assert decision.reasons == ("alt grade 3",)


def test_grades_that_cannot_be_judged() -> None:
    with pytest.raises(AdckitError, match="grade of alt is not known"):
        next_dose(LABEL, 0, {"alt": UNKNOWN}, {})
    with pytest.raises(AdckitError, match=r"has no dose level 3\. Give 0 to 2"):
        next_dose(LABEL, 3, {}, {})


def test_rules_speak_of_toxicities_that_exist() -> None:
    for label in DOSE_LABELS.values():
        assert {rule.toxicity for rule in label.rules} <= {*SCALES, *SYMPTOMS}
        assert sorted(label.levels, reverse=True) == list(label.levels)
