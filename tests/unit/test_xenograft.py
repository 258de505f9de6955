"""Arms of mice: what they are given, how animals differ, what is asked for in words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from adckit.errors import AdckitError, RegimenError
from adckit.io.request import Request
from adckit.io.study_request import (
    ArmRequest,
    StudyRequest,
    carry_out_study,
    check_names,
    prepared_arm,
    read_arm,
    volume_mm3,
)

BASE = Request("T-DM1", settings={"host": "mouse", "tumour": "KPL-4"})
CONTROL = ArmRequest("control", BASE)
DOSE = ArmRequest("dose", BASE, "3 mg/kg once")


def asked(*arms: ArmRequest, days: float = 21, **more: object) -> StudyRequest:
    return replace(StudyRequest("x", arms, days), **more)  # type: ignore[arg-type]


def test_arms_in_words() -> None:
    assert read_arm("control", BASE) == ArmRequest("control", BASE)
    assert read_arm("vehicle: control", BASE) == ArmRequest("vehicle", BASE)
    plain = read_arm("3 mg/kg q3w x3", BASE, 8)
    assert (plain.name, plain.regimen) == ("3 mg/kg q3w x3", "3 mg/kg q3w x3")
    assert plain.animals == 8
    mixed = read_arm("mixed: 1 mg/kg once + carrier 9 mg/kg once", BASE)
    assert (mixed.regimen, mixed.carrier) == ("1 mg/kg once", "9 mg/kg once")
    assert mixed.given == "1 mg/kg once + carrier 9 mg/kg once"
    naked = read_arm("antibody: naked 3 mg/kg once", BASE)
    assert (naked.regimen, naked.carrier) == (None, "3 mg/kg once")


@pytest.mark.parametrize("text", ["3 mg/kg somtimes", "dose: 3 potatoes", "naked "])
def test_an_arm_that_cannot_be_read_says_how_to_write_one(text: str) -> None:
    with pytest.raises(RegimenError, match=r"Arm .*\n?.*|An arm is"):
        read_arm(text, BASE)


def test_an_empty_arm() -> None:
    with pytest.raises(RegimenError, match="An arm is empty"):
        read_arm("  ", BASE)


def test_names_twice() -> None:
    twice = (CONTROL, replace(DOSE, name="control"))
    assert [i for i, _ in check_names(twice)] == [1]
    with pytest.raises(AdckitError, match="Two arms are called 'control'"):
        carry_out_study(asked(*twice))


def test_a_volume_has_a_unit_and_is_above_zero() -> None:
    assert volume_mm3("0.2 mL", "It") == pytest.approx(200)
    with pytest.raises(AdckitError, match=r"without a unit\. Write 200 mm3"):
        volume_mm3("200", "It")
    for text in ("0 mm3", "-3 mm3"):
        with pytest.raises(AdckitError, match="above 0: write 200 mm3"):
            volume_mm3(text, "It")


def test_the_dose_slows_the_tumour_and_naked_antibody_does_not() -> None:
    naked = ArmRequest("naked", BASE, None, "3 mg/kg once")
    found = carry_out_study(asked(CONTROL, DOSE, naked))
    assert found.control == 0
    control, dose, antibody = found.measures
    assert control.inhibition == pytest.approx(0)
    assert dose.inhibition is not None
    assert dose.inhibition > 50
    # antibody alone has no effect in this model; 1e-5: tolerance of the solver
    assert antibody.volume == pytest.approx(control.volume, rel=1e-5)


def test_a_carrier_competes_for_the_antigen() -> None:
    """Much naked antibody keeps the conjugate off the few cells of a small dose."""
    base = replace(
        BASE, settings={**BASE.settings, "receptors_per_cell": "2e4 receptors/cell"}
    )
    alone = ArmRequest("alone", base, "1 mg/kg once")
    mixed = ArmRequest("mixed", base, "1 mg/kg once", "50 mg/kg once")
    found = carry_out_study(asked(ArmRequest("control", base), alone, mixed))
    volumes = [one.volume for one in found.measures]
    assert volumes[1] < volumes[2] <= volumes[0] * (1 + 1e-6)


def test_antibody_payload_and_antigen_are_conserved_in_every_arm() -> None:
    mixed = ArmRequest("mixed", BASE, "3 mg/kg q1w x2", "9 mg/kg once", animals=4)
    found = carry_out_study(asked(CONTROL, mixed))
    for case in found.cases:
        assert np.nanmax(case.result.imbalance) < 1e-8


def test_animals_are_the_same_whatever_other_arms_there_are() -> None:
    group = replace(DOSE, animals=5)
    alone = carry_out_study(asked(group))
    beside = carry_out_study(
        asked(replace(CONTROL, animals=3), replace(group, animals=7))
    )
    np.testing.assert_array_equal(
        alone.arms[0].growth.volumes, beside.arms[1].growth.volumes[:5]
    )
    other = carry_out_study(asked(group, seed=2))
    assert not np.array_equal(
        alone.arms[0].growth.volumes, other.arms[0].growth.volumes
    )


def test_animals_spread_as_the_cards_say() -> None:
    """200 lognormal starts of CV 25 %; SE of that estimate about 0.014."""
    found = carry_out_study(asked(replace(CONTROL, animals=200), days=1))
    starts = found.arms[0].growth.volumes[:, 0]
    assert np.std(np.log(starts)) == pytest.approx(0.246, abs=0.04)
    assert np.median(starts) == pytest.approx(200, rel=0.06)


def test_a_start_that_is_asked_for_keeps_its_relative_spread() -> None:
    arm = replace(CONTROL, start_mm3=100.0)
    start = next(
        p
        for p in prepared_arm(arm).network.parameters
        if p.name == "initial_tumour_volume"
    )
    assert start.internal == pytest.approx(1e-4)  # L
    assert start.spread is not None


def test_several_doses_and_the_length_that_they_take() -> None:
    arm = ArmRequest("three", BASE, "3 mg/kg q2w x3")
    found = carry_out_study(StudyRequest("x", (CONTROL, arm)))
    assert [dose.time for dose in found.arms[1].arm.doses] == [0, 14, 28]
    assert found.arms[0].growth.times[-1] == 42


def test_a_day_after_the_end_is_refused() -> None:
    with pytest.raises(AdckitError, match="the study ends on day 21"):
        carry_out_study(asked(CONTROL, DOSE, day=30.0))


def test_a_host_without_a_tumour_is_refused() -> None:
    base = Request("T-DM1", settings={"host": "cynomolgus"})
    with pytest.raises(AdckitError, match="has no tumour in this host"):
        carry_out_study(asked(ArmRequest("c", base, "3 mg/kg once")))


def test_surface_doses_are_given_by_the_surface_of_a_mouse() -> None:
    per_surface = ArmRequest("m2", BASE, "9 mg/m2 once")
    found = carry_out_study(asked(per_surface, days=7))
    amount = found.arms[0].arm.doses[0].amount
    assert amount == pytest.approx(9 * 0.0067 / 0.1485, rel=0.02)  # nmol; 148.5 kDa


def test_a_request_survives_its_json() -> None:
    request = asked(CONTROL, replace(DOSE, animals=4, start_mm3=150.0))
    again = StudyRequest.from_json(json.loads(json.dumps(request.to_json())))
    assert again == request
