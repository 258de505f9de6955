"""Distributions of payloads per antibody, and the masses that follow from them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import ModelError
from adckit.molecules.conjugate import conjugate_molar_mass, payload_mass_fraction
from adckit.molecules.load import MOST_SITES, DrugLoad

ROUND_OFF = 1e-12
"""Sums of at most 17 terms of order one to ten thousand."""


@st.composite
def loads(draw: st.DrawFn) -> DrugLoad:
    weights = draw(st.lists(st.floats(0, 1), min_size=1, max_size=MOST_SITES + 1))
    total = math.fsum(weights)
    if total < 1e-3:
        return DrugLoad((1.0,))
    return DrugLoad(tuple(weight / total for weight in weights))


@given(loads())
def test_moments_of_any_distribution(load: DrugLoad) -> None:
    moments = load.factorial_moments()
    assert len(moments) == load.sites + 1
    assert moments[0] == pytest.approx(1, abs=ROUND_OFF)
    if load.sites >= 1:
        assert moments[1] == pytest.approx(load.mean, abs=1e-11)
    if load.sites >= 2:
        second = load.variance + load.mean**2 - load.mean
        assert moments[2] == pytest.approx(second, abs=1e-9)


@given(st.integers(1, MOST_SITES), st.floats(0, 1))
def test_binomial_has_the_binomial_moments(sites: int, share: float) -> None:
    load = DrugLoad.binomial(sites, sites * share)
    assert load.sites == sites
    assert load.mean == pytest.approx(sites * share, abs=1e-9)
    assert load.variance == pytest.approx(sites * share * (1 - share), abs=1e-9)
    for order, moment in enumerate(load.factorial_moments()):
        expected = math.perm(sites, order) * share**order
        assert moment == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(loads(), st.floats(0, 5))
def test_factorial_moments_decay_with_independent_loss(
    load: DrugLoad, exponent: float
) -> None:
    """Binomial thinning with e^-x scales moment j by e^-jx, which moments rely on."""
    kept = math.exp(-exponent)
    thinned = [0.0] * (load.sites + 1)
    for n, fraction in enumerate(load.fractions):
        for m in range(n + 1):
            ways = math.comb(n, m) * kept**m * (1 - kept) ** (n - m)
            thinned[m] += fraction * ways
    after = DrugLoad(tuple(thinned)).factorial_moments()
    for order, moment in enumerate(load.factorial_moments()):
        expected = moment * kept**order
        assert after[order] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("fractions", [(1.0,), (1.0, 0.0, 0.0)])
def test_naked_antibody_is_legal(fractions: tuple[float, ...]) -> None:
    load = DrugLoad(fractions)
    assert (load.mean, load.variance) == (0.0, 0.0)
    assert load.factorial_moments()[0] == 1.0
    assert not any(load.factorial_moments()[1:])
    assert DrugLoad.binomial(len(fractions) - 1, 0).fractions == fractions


def test_a_sum_within_the_tolerance_is_made_exact() -> None:
    load = DrugLoad((0.25, 0.75 + 5e-7))
    assert math.fsum(load.fractions) == pytest.approx(1, abs=1e-15)


def test_a_sum_outside_the_tolerance_is_refused() -> None:
    with pytest.raises(ModelError, match=r"sum to 0\.99, not to 1\. Correct them"):
        DrugLoad((0.24, 0.75))


def test_every_bad_fraction_is_named() -> None:
    with pytest.raises(ModelError) as caught:
        DrugLoad((0.5, -0.1, math.nan, 0.6))
    problems = [issue.what for issue in caught.value.issues]
    assert len(problems) == 2
    assert problems[0].startswith("The fraction with 1 payloads is -0.1;")
    assert problems[1].startswith("The fraction with 2 payloads is nan;")


def test_too_many_sites() -> None:
    with pytest.raises(ModelError, match="17 sites; at most 16"):
        DrugLoad((1.0, *[0.0] * 17))
    with pytest.raises(ModelError, match="from 0 to 16"):
        DrugLoad.binomial(17, 3)


def test_no_fractions() -> None:
    with pytest.raises(ModelError, match=r"A naked antibody is \(1\.0,\)"):
        DrugLoad(())


@pytest.mark.parametrize("mean", [-0.5, 8.5, math.nan])
def test_a_mean_that_the_sites_cannot_hold(mean: float) -> None:
    with pytest.raises(ModelError, match="8 sites cannot carry"):
        DrugLoad.binomial(8, mean)


def test_masses_of_trastuzumab_emtansine() -> None:
    # 145.167 kDa + 3.5 x 957.5 g/mol; published 148.5 kDa (within 0.1 %)
    mass = conjugate_molar_mass(0.145167, 0.0009575, 3.5)
    assert mass == pytest.approx(0.1485, rel=1e-3)
    assert conjugate_molar_mass(0.145167, 0.0009575, 0) == 0.145167
    # 1.7 % of a DM1 conjugate is DM1, as the children's study of huN901-DM1 implies
    share = payload_mass_fraction(0.145167, 0.0009575, 0.0007375, 3.5)
    assert share == pytest.approx(0.0174, abs=1e-4)
