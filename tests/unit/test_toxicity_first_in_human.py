"""Starting doses from animals and from activity."""

from __future__ import annotations

import pytest

from adckit.errors import AdckitError, UnknownNameError
from adckit.studies.first_in_human import (
    AnimalDose,
    active_dose,
    first_dose,
    tolerated_dose,
)

RAT = AnimalDose("rat", "STD10", 20, "mg/kg")
MONKEY = AnimalDose("cynomolgus", "HNSTD", 10, "mg/kg")


def test_per_surface() -> None:
    assert tolerated_dose([RAT])[0] == pytest.approx(20 * 6 / 10)
    assert tolerated_dose([MONKEY])[0] == pytest.approx(10 * 12 / 6)
    assert tolerated_dose([MONKEY], "mg/kg")[0] == pytest.approx(10 * 12 / 37 / 6)
    same = AnimalDose("rat", "STD10", 120, "mg/m2")
    assert tolerated_dose([same])[0] == pytest.approx(12)


def test_per_weight() -> None:
    assert tolerated_dose([MONKEY], "mg/kg", per="weight")[0] == pytest.approx(10 / 6)
    found = tolerated_dose([MONKEY], "mg/m2", per="weight")[0]
    assert found == pytest.approx(37 * 10 / 6)


def test_units_are_read() -> None:
    grams = AnimalDose("rat", "STD10", 0.02, "g/kg")
    assert tolerated_dose([grams])[0] == pytest.approx(tolerated_dose([RAT])[0])


def test_the_more_sensitive_species_counts() -> None:
    dose, steps = tolerated_dose([RAT, MONKEY])
    assert dose == pytest.approx(12)
    assert [step.what for step in steps] == [
        "STD10, rat",
        "human equivalent",
        "starting dose",
        "HNSTD, cynomolgus",
        "human equivalent",
        "starting dose",
    ]
    assert steps[2].why == "a tenth of STD10"
    assert steps[5].why == "a sixth of HNSTD"


def test_active_dose_is_proportional() -> None:
    dose, steps = active_dose(120.0, 235.0, 12.0)
    assert dose == pytest.approx(23.5)
    assert steps[-1].value == dose


def test_side_by_side() -> None:
    both = first_dose([RAT, MONKEY], exposure=120, dose=235, target=12, why="tumour")
    assert both.tolerated == pytest.approx(12)
    assert both.active == pytest.approx(23.5)
    assert both.proposed == pytest.approx(12)
    assert len(both.steps) == 9
    only = first_dose(exposure=120, dose=235, target=12)
    assert (only.tolerated, only.proposed) == (None, pytest.approx(23.5))


def test_bad_input() -> None:
    with pytest.raises(AdckitError, match="nothing to start from"):
        first_dose()
    with pytest.raises(AdckitError, match="No animal dose"):
        tolerated_dose([])
    with pytest.raises(AdckitError, match=r"STD10 of rat is 0\. Give a dose above 0"):
        tolerated_dose([AnimalDose("rat", "STD10", 0, "mg/kg")])
    with pytest.raises(UnknownNameError, match="species"):
        tolerated_dose([AnimalDose("rats", "STD10", 1, "mg/kg")])
    with pytest.raises(UnknownNameError, match="measure"):
        tolerated_dose([AnimalDose("rat", "LD10", 1, "mg/kg")])
    with pytest.raises(UnknownNameError, match="surface"):
        tolerated_dose([RAT], per="area")
    with pytest.raises(AdckitError, match="mg/kg"):
        tolerated_dose([AnimalDose("rat", "STD10", 1, "mg")])
    with pytest.raises(AdckitError, match="The target is 0"):
        active_dose(1, 1, 0)
