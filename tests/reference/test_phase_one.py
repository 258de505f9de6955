"""Published phase I trials run again: what the calibration has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from adckit import simulate
from adckit.studies.followed import dlt_definition
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.population import Sampler
from adckit.studies.protocol import load_protocol
from adckit.studies.trial import run_escalation, run_escalations
from adckit.studies.trial_summary import summarise_escalations

SEED = 1
LEVEL_36, LEVEL_48 = 4, 5
SUBJECTS = 1000


@pytest.fixture(scope="module")
def tdm1() -> MechanisticPatients:
    protocol = load_protocol("trastuzumab-emtansine-q3w")
    assert protocol.doses[LEVEL_36 : LEVEL_48 + 1] == (3.6, 4.8)
    return MechanisticPatients(protocol, SEED, followed=0)


def test_tdm1_is_limited_at_4_8_far_more_often_than_at_3_6(
    tdm1: MechanisticPatients,
) -> None:
    """0 of 15 against 2 of 3 in Krop 2010; grade 3 platelets rise alike."""
    numbers = np.arange(1, SUBJECTS + 1)
    rates, platelets = [], []
    for level in (LEVEL_36, LEVEL_48):
        found = tdm1.outcomes(numbers, level)
        rates.append(np.isfinite(found.dlt_day).mean())
        severe = [
            any(t.name == "platelets" and t.grade >= 3 for t in row)
            for row in found.toxicities
        ]
        platelets.append(np.mean(severe))
    assert rates[0] < 0.05  # 0 of 15: a rate of 5 % gives that in 46 % of trials
    assert rates[1] > 3 * rates[0]
    assert platelets[1] > 3 * platelets[0]
    assert dlt_definition(tdm1.protocol).limits[0].toxicities == ("platelets",)


def test_tdm1_platelets_are_lowest_on_day_8(tdm1: MechanisticPatients) -> None:
    """53 +- 6 % of baseline (11 patients); the population's median is that."""
    model = tdm1.models[LEVEL_36]
    assert model.product is not None
    days = np.arange(0.0, 21.1, 0.5)
    subjects = Sampler(model.product, "her2-breast", SEED).take(np.arange(1, 201))
    result = simulate(model, "3.6 mg/kg q3w", subjects=subjects.table(), times=days)
    counts = result.curve("platelets")
    share = counts / counts[:, :1]
    assert np.median(days[share.argmin(axis=1)]) == pytest.approx(8, abs=1)
    assert np.median(share.min(axis=1)) == pytest.approx(0.53, abs=0.06)


def test_weekly_cantuzumab_is_predicted_from_every_three_weeks() -> None:
    """The modal weekly MTD is within one level of the published 115 mg/m2."""
    protocol = load_protocol("cantuzumab-weekly")
    card = protocol.card.published
    assert card is not None
    assert card.role == "predicted"
    model = MechanisticPatients(protocol, SEED, followed=0)
    found = summarise_escalations(run_escalations(protocol, model, range(60), SEED))
    assert found.mode is not None
    assert abs(found.mode - protocol.doses.index(115)) <= 1


def test_an_escalation_is_the_same_on_one_and_two_threads() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    one, two = (
        run_escalation(
            protocol, MechanisticPatients(protocol, SEED, threads=threads), 0, SEED
        )
        for threads in (1, 2)
    )
    assert one == two
