"""Simulated against published: what the first issue of the product must reproduce."""

from __future__ import annotations

import numpy as np
import pytest

from adckit.prepared import Prepared, prepare
from adckit.results import Result
from adckit.simulation import simulate
from adckit.studies.exposure import Exposure, exposure
from adckit.units import convert


def single_dose(model: Prepared, regimen: str, analyte: str) -> Exposure:
    """Non-compartmental analysis of one dose, followed for 63 days."""
    result = simulate(model, regimen, days=63)
    dose = {p.name: p.internal for p in model.network.parameters}
    given = sum(
        a.value * (b.time - a.time)
        for a, b in zip(
            result.schedules[0].actions, result.schedules[0].actions[1:], strict=False
        )
    )
    mass = given * dose["conjugate_molar_mass"]
    curve = result.curve(analyte)[0]
    return exposure(result.times, curve, dose=mass, infusion=1.5 / 24)


@pytest.fixture(scope="module")
def emtansine() -> Prepared:
    return prepare("trastuzumab-emtansine")


@pytest.fixture(scope="module")
def cycles(emtansine: Prepared) -> Result:
    return simulate(emtansine, "3.6 mg/kg q3w x6 over 90 min")


def test_cantuzumab_clearance_and_half_life() -> None:
    """39.5 +- 13.1 mL/h/m2 and 41.1 +- 16.1 h (Tolcher 2003)."""
    model = prepare("cantuzumab-mertansine")
    found = single_dose(model, "235 mg/m2 once over 90 min", "conjugate")
    surface = {p.name: p.value for p in model.network.parameters}["body_surface_area"]
    assert found.clearance is not None
    assert found.half_life is not None
    clearance = convert(found.clearance / surface, "L/day", "mL/h")
    assert clearance == pytest.approx(39.5, abs=13.1)
    assert found.half_life * 24 == pytest.approx(41.1, abs=16.1)


def test_emtansine_exposure(emtansine: Prepared, cycles: Result) -> None:
    """Cmax, Ctrough and AUC within one SD of MARIANNE (Lu 2019)."""
    found = single_dose(emtansine, "3.6 mg/kg once over 90 min", "conjugate")
    assert found.cmax == pytest.approx(74.4, abs=10.1)
    assert found.auc_inf == pytest.approx(338, abs=69.5)
    trough = np.interp(21.0, cycles.times, cycles.curve("conjugate")[0])
    assert trough == pytest.approx(1.34, abs=0.80)


def test_total_antibody_clears_two_to_three_times_slower(emtansine: Prepared) -> None:
    regimen = "3.6 mg/kg once over 90 min"
    conjugate = single_dose(emtansine, regimen, "conjugate")
    total = single_dose(emtansine, regimen, "total_antibody")
    assert conjugate.clearance is not None
    assert total.clearance is not None
    assert 2 <= conjugate.clearance / total.clearance <= 3


def test_free_payload_peaks_and_does_not_accumulate(cycles: Result) -> None:
    """4-8 nM, the same in every cycle (Krop 2010, Uppal 2015)."""
    curve = cycles.curve("free_payload")[0]
    peaks = [
        curve[(cycles.times >= d) & (cycles.times < d + 21)].max()
        for d in range(0, 126, 21)
    ]
    assert all(4 <= peak <= 8 for peak in peaks)
    assert peaks[-1] < 1.1 * peaks[0]
