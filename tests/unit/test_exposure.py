"""Noncompartmental analysis against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.studies.exposure import Exposure, exposure, exposures

DOSE, VOLUME, K = 100.0, 4.0, 0.3


def infused(times: np.ndarray, duration: float) -> np.ndarray:
    """One compartment, infusion of DOSE over `duration` days."""
    rate = DOSE / duration
    during = rate / (K * VOLUME) * -np.expm1(-K * np.minimum(times, duration))
    return during * np.exp(-K * np.maximum(times - duration, 0))


def test_bolus_one_compartment_is_exact() -> None:
    """Logarithmic trapezoids are exact on an exponential, on any grid."""
    times = np.array([0, 0.5, 1, 3, 7, 14, 21.0])
    values = DOSE / VOLUME * np.exp(-K * times)
    values[0] = 0  # the observation at the dose comes before it
    found = exposure(times, values, dose=DOSE, infusion=0, tau=10)
    assert found.c0 == pytest.approx(DOSE / VOLUME, rel=1e-12)
    assert found.cmax == pytest.approx(values[1])
    assert found.tmax == 0.5
    assert found.lambda_z == pytest.approx(K, rel=1e-12)
    assert found.half_life == pytest.approx(math.log(2) / K, rel=1e-12)
    assert found.points == 5
    assert found.auc_inf == pytest.approx(DOSE / (K * VOLUME), rel=1e-12)
    assert found.auc_last == pytest.approx(
        DOSE / (K * VOLUME) * -math.expm1(-K * 21), rel=1e-12
    )
    assert found.auc_tau == pytest.approx(
        DOSE / (K * VOLUME) * -math.expm1(-K * 10), rel=1e-12
    )
    assert found.ctrough == pytest.approx(DOSE / VOLUME * math.exp(-K * 10), rel=1e-12)
    assert found.clearance == pytest.approx(K * VOLUME, rel=1e-12)
    assert found.mrt == pytest.approx(1 / K, rel=1e-12)
    assert found.vss == pytest.approx(VOLUME, rel=1e-12)
    assert found.extrapolated_percent == pytest.approx(
        100 * math.exp(-K * 21), rel=1e-9
    )
    assert found.notes == ()


def test_infusion_two_compartments() -> None:
    """Trastuzumab emtansine, 252 mg over 90 min: CL and Vss of the model come back."""
    clearance, v1, q, v2 = 0.676, 3.127, 1.534, 0.66
    system = np.array([[-(clearance + q) / v1, q / v2], [q / v1, -q / v2]])
    rates, vectors = np.linalg.eig(system)
    weights = np.linalg.solve(vectors, np.array([252.0, 0.0])) * vectors[0] / v1
    duration = 90 / 1440
    times = np.concatenate([np.linspace(0, duration, 40), np.geomspace(0.07, 42, 400)])

    def value(time: np.ndarray) -> np.ndarray:
        inside = np.minimum(time, duration)[:, None]
        after = np.maximum(time - duration, 0)[:, None]
        return (weights / rates * np.expm1(rates * inside) * np.exp(rates * after)).sum(
            axis=1
        ) / duration

    found = exposure(times, value(times), dose=252, infusion=duration, tau=21)
    # The rest is what trapezoids leave of a bi-exponential curve on this grid.
    assert found.cmax == pytest.approx(78.891, abs=1e-3)
    assert found.ctrough == pytest.approx(1.613, abs=1e-3)
    assert found.auc_inf == pytest.approx(252 / clearance, rel=1e-4)
    assert found.clearance == pytest.approx(clearance, rel=1e-4)
    assert found.vss == pytest.approx(v1 + v2, rel=1e-3)
    # The rule prefers many values within 1e-4 of adjusted R2, and so takes some from
    # the end of the first phase.
    assert found.half_life == pytest.approx(3.9385, rel=1e-2)


def test_infusion_time_is_taken_off_mrt() -> None:
    times = np.linspace(0, 40, 4001)
    found = exposure(times, infused(times, 2.0), dose=DOSE, infusion=2.0)
    assert found.tmax == 2.0
    assert found.mrt == pytest.approx(1 / K, rel=1e-5)
    assert found.vss == pytest.approx(VOLUME, rel=1e-5)


def test_steady_state_gives_the_same_clearance_and_volume() -> None:
    tau, duration = 7.0, 0.5
    times = np.concatenate([np.linspace(0, duration, 200), np.linspace(0.55, tau, 400)])
    values = sum(infused(times + tau * n, duration) for n in range(40))
    found = exposure(
        times, values, dose=DOSE, tau=tau, infusion=duration, steady_state=True
    )
    assert found.clearance == pytest.approx(K * VOLUME, rel=1e-6)
    assert found.auc_tau == pytest.approx(DOSE / (K * VOLUME), rel=1e-6)
    assert found.mrt == pytest.approx(1 / K, rel=1e-5)
    assert found.vss == pytest.approx(VOLUME, rel=1e-5)
    single = exposure(times, values, dose=DOSE, tau=tau, infusion=duration)
    assert single.clearance is None
    assert single.mrt is None
    assert any("an earlier dose is still there" in note for note in single.notes)


def test_profile_ends_at_the_next_dose() -> None:
    times = np.linspace(0, 14, 141)
    values = infused(times, 0.5) + np.where(
        times > 7, infused(np.maximum(times - 7, 0), 0.5), 0
    )
    first = exposure(times, values, dose=DOSE, infusion=0.5, next_dose=7)
    assert first.ctrough == pytest.approx(float(infused(np.array([7.0]), 0.5)[0]))
    assert first.lambda_z == pytest.approx(K, rel=1e-9)
    assert first.tmax == 0.5
    second = exposure(times, values, dose_time=7.0, infusion=0.5, tau=7)
    assert second.tmax == pytest.approx(0.5)
    assert second.cmax == pytest.approx(float(values[75]))
    assert second.ctrough == pytest.approx(float(values[140]))


def test_trough_between_two_values_lies_on_the_exponential() -> None:
    times = np.array([0, 1, 4, 8, 12.0])
    values = np.exp(-K * times)
    found = exposure(times, values, infusion=0, tau=9.5)
    assert found.c0 == 1.0  # taken after the bolus, as it is not below the next one
    assert found.cmax == 1.0
    assert found.ctrough == pytest.approx(math.exp(-K * 9.5), rel=1e-12)
    assert found.auc_tau == pytest.approx(-math.expm1(-K * 9.5) / K, rel=1e-12)


def test_trough_between_two_rising_values_lies_on_the_line() -> None:
    found = exposure([0, 1, 2, 3, 4], [0, 1, 3, 5, 6], tau=2.5)
    assert found.ctrough == pytest.approx(4.0, rel=1e-15)
    assert found.auc_tau == pytest.approx(0.5 + 2 + 1.75, rel=1e-15)


def test_lambda_z_leaves_out_the_first_phase() -> None:
    times = np.array([0, 0.1, 0.3, 1, 3, 5, 8, 12, 16, 21.0])
    values = 5 * np.exp(-3 * times) + np.exp(-0.2 * times)
    found = exposure(times, values, infusion=0)
    assert found.lambda_z == pytest.approx(0.2, rel=2e-3)
    assert found.points is not None
    assert 3 <= found.points <= 6
    assert found.r2_adjusted is not None
    assert found.r2_adjusted > 1 - 1e-3


def test_more_values_are_preferred_within_the_tolerance() -> None:
    """Regressions over 3 and over 6 values differ by less than 1e-4 in adjusted R2."""
    times = np.array([0, 1, 2, 3, 4, 5, 6, 7.0])
    values = np.exp(-K * times) * (1 + 1e-3 * (-1) ** np.arange(8))
    assert exposure(times, values, infusion=0).points == 7
    noisy = np.exp(-K * times) * (1 + 0.2 * (-1) ** np.arange(8) * (times < 4))
    assert exposure(times, noisy, infusion=0).points == 4


def test_limit_of_quantification() -> None:
    times = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8.0])
    values = np.array([0.01, 8, 10, 5, 2.5, 0.3, 0.625, 0.3125, 0.2])
    found = exposure(times, values, lloq=0.4, tau=8, dose=1)
    reference = exposure(times[[0, 1, 2, 3, 4, 6]], [0, 8, 10, 5, 2.5, 0.625], tau=6)
    assert found.auc_last == pytest.approx(reference.auc_tau)
    assert found.points == 3
    assert found.lambda_z == pytest.approx(math.log(2), rel=1e-12)
    assert found.ctrough is None
    assert "Ctrough: below the limit of quantification" in found.notes
    rest = 0.625 / math.log(2) * -math.expm1(-2 * math.log(2))
    assert found.auc_tau == pytest.approx(found.auc_last + rest)
    nothing = exposure(times, values, lloq=11)
    assert nothing == Exposure(
        notes=("every value is below the limit of quantification",)
    )
    flat = exposure(times, [0, 9, 10, 0, 0, 0, 0, 0, 0], lloq=1, tau=8)
    assert (flat.ctrough, flat.auc_tau) == (None, None)
    assert "Ctrough, AUCtau: the interval ends below the limit" in flat.notes


def test_zero_dose() -> None:
    found = exposure([0, 1, 2, 3], [0, 0, 0, 0], dose=0, tau=3, infusion=0)
    assert found == Exposure(
        cmax=0.0,
        ctrough=0.0,
        auc_last=0.0,
        auc_tau=0.0,
        notes=("no value is above zero",),
    )
    parent = exposure([0, 1, 2, 3], [8, 4, 2, 1], dose=0, infusion=0)
    assert parent.clearance is None
    assert "CL, Vss: the dose is zero" in parent.notes


@pytest.mark.parametrize(
    ("times", "values", "options", "missing", "note"),
    [
        ([0, 1, 2], [1, math.nan, 2], {}, "cmax", "the profile has missing values"),
        ([0, 1, 2], [1, math.inf, 2], {}, "cmax", "the profile has missing values"),
        ([0], [1], {}, "cmax", "fewer than two values after the dose"),
        ([0, 1], [1, 2], {"dose_time": 5.0}, "cmax", "fewer than two values"),
        ([0, 1, 2, 3], [0, 1, 2, 3], {}, "half_life", "fewer than three falling"),
        ([0, 1, 2, 3, 4], [0, 3, 2, 2, 2], {}, "mrt", "fewer than three falling"),
        ([0, 1, 2, 3], [0, 4, 2, 1], {}, "auc_inf", "fewer than three falling"),
        ([0, 1, 2, 3], [8, 4, 2, 1], {"tau": 4}, "auc_tau", "the profile ends before"),
        ([0, 1, 2, 3, 4], [0, 8, 4, 2, 1], {"dose": 1.0}, "vss", "the infusion time"),
        (
            [0, 1, 2, 3, 4],
            [1, 8, 4, 2, 1],
            {"steady_state": True, "tau": 5},
            "mrt",
            "the profile ends before",
        ),
        (
            [1, 2, 3, 4, 5],
            [9, 8, 4, 2, 1],
            {"steady_state": True, "tau": 5, "infusion": 0.5},
            "auc_inf",
            "there is no value at the dose",
        ),
    ],
)
def test_never_a_bogus_number(
    times: list[float],
    values: list[float],
    options: dict[str, float],
    missing: str,
    note: str,
) -> None:
    found = exposure(times, values, **options)
    assert getattr(found, missing) is None
    assert any(note in text for text in found.notes)


def test_constant_concentration_has_no_half_life() -> None:
    """A fall of rounding size is no elimination."""
    times = np.linspace(0, 21, 50)
    rounding = 1 + 1e-15 * np.sin(np.arange(50))
    found = exposure(times, 3.0 * rounding, infusion=None)
    assert found.half_life is None


def test_much_extrapolation_is_noted() -> None:
    times = np.array([0, 1, 2, 3, 4.0])
    found = exposure(times, np.exp(-0.05 * times), infusion=0)
    assert found.extrapolated_percent == pytest.approx(100 * math.exp(-0.2), rel=1e-9)
    assert found.notes == ("82 % of AUCinf is extrapolated",)


def test_a_profile_without_a_value_at_the_dose_starts_at_zero() -> None:
    late = exposure([1, 2, 3, 4, 5], [2, 8, 4, 2, 1])
    full = exposure([0, 1, 2, 3, 4, 5], [0, 2, 8, 4, 2, 1])
    assert late == full


@given(
    st.lists(st.floats(0.01, 100), min_size=6, max_size=12),
    st.sampled_from([None, 0.0, 0.5]),
    st.sampled_from([0.125, 2.0, 8.0]),  # exact, so that equal values stay equal
)
def test_exposure_is_proportional_to_the_concentration(
    values: list[float], infusion: float | None, factor: float
) -> None:
    times = np.arange(len(values), dtype=float)
    one = exposure(times, values, infusion=infusion, tau=5, dose=1.0)
    two = exposure(times, np.array(values) * factor, infusion=infusion, tau=5, dose=1.0)
    assert two.tmax == one.tmax
    assert two.auc_last == pytest.approx(one.auc_last * factor, rel=1e-9)
    assert two.auc_tau == pytest.approx(one.auc_tau * factor, rel=1e-9)
    assert two.cmax == pytest.approx(one.cmax * factor, rel=1e-12)


def test_subjects_together_are_subjects_apart() -> None:
    rng = np.random.default_rng(1)
    times = np.linspace(0, 21, 64)
    rates = rng.uniform(0.05, 2, 3000)
    values = np.exp(-rates[:, None] * times) * rng.uniform(1, 9, (3000, 1))
    values[7, 5] = math.nan
    values[9] = 0.0
    doses = rng.uniform(1, 2, 3000)
    together = exposures(times, values, dose=doses, infusion=0, tau=21, lloq=1e-6)
    assert len(together) == 3000
    for i in (0, 7, 9, 1500, 2047, 2048, 2999):
        apart = exposure(times, values[i], dose=doses[i], infusion=0, tau=21, lloq=1e-6)
        assert together[i] == apart


def test_shapes_and_times_are_checked() -> None:
    with pytest.raises(ValueError, match=r"time must be \(time,\)"):
        exposure([0, 1, 2], [1, 2])
    with pytest.raises(ValueError, match="times must be finite and rise"):
        exposure([0, 1, 1], [1, 2, 3])
    with pytest.raises(ValueError, match="give tau"):
        exposure([0, 1], [1, 2], steady_state=True)
