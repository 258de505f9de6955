"""Populations: their cards, and subjects drawn from them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.library import load_product
from adckit.library.populations import (
    default_population,
    list_populations,
    load_population,
)
from adckit.parameters import Status
from adckit.simulation import simulate
from adckit.studies.population import Sampler, draw

MANY = np.arange(1, 40_001)
CARD = """
summary: A population for tests
sources:
  test: {citation: "Made up for a test"}
covariates:
  sex: {shares: {female: 0.25, male: 0.75}, @}
  body_weight:
    by: sex
    cases:
      female: {normal: {mean: 60, sd: 5}}
      male: {normal: {mean: 80, sd: 5}}
    unit: kg
    status: assumed
    source: test
  height: {normal: {mean: 170, sd: 10}, low: 165, high: 180, unit: cm, @}
  body_surface_area: {formula: mosteller, unit: m2, @}
  albumin: {lognormal: {mean: 40, sd: 8}, unit: g/L, @}
  central_volume: {lognormal: {median: 1, gsd: 1.3}, relative: true, @}
variability:
  clearance: {spread: {cv: 0.4}, @}
correlations:
  - {between: [clearance, central_volume], correlation: 0.6, @}
  - {between: [clearance, albumin], correlation: -0.3, @}
effects:
  albumin:
    summary: Made up
    effects:
      - {parameter: clearance, covariate: albumin, power: -1, reference: 40, @}
      - {parameter: clearance, covariate: height, slope: 0.01, reference: 170, @}
""".replace("@}", "status: assumed, source: test}")


def written(tmp_path: Path, text: str = CARD) -> str:
    path = tmp_path / "people.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def sampler(tmp_path: Path, effects: str | None = None, text: str = CARD) -> Sampler:
    population = load_population(written(tmp_path, text))
    return Sampler(load_product("two-compartment"), population, 11, effects)


@pytest.mark.parametrize("name", list_populations())
def test_every_population_of_the_library_is_sourced_and_can_be_drawn(name: str) -> None:
    population = load_population(name)
    parts = [*population.covariates, *population.correlations]
    parts += [e for effects in population.effects.values() for e in effects]
    assert all(part.source.citation and part.status in Status for part in parts)
    drawn = Sampler(load_product("T-DM1"), population, 1).take(np.arange(1, 200))
    for values in drawn.parameters.values():
        assert values.shape == (199,)
        assert np.isfinite(values).all()
    assert "clearance" in drawn.parameters


def test_draw_gives_what_simulate_takes() -> None:
    subjects = draw(load_product("two-compartment"), "adult-solid-tumour", 3, 5)
    result = simulate("two-compartment", "100 mg once", subjects, days=2)
    assert result.subjects == ("1", "2", "3", "4", "5")
    assert result.failed == 0
    names = [p.name for p in result.network.parameters]
    weights = result.parameters[:, names.index("body_weight")]
    assert np.array_equal(weights, subjects["body_weight"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=40, unique=True))
def test_a_subject_is_the_same_in_any_company(numbers: list[int]) -> None:
    made = Sampler(load_product("T-DM1"), "her2-breast", 5)
    together = made.take(numbers)
    for row, number in enumerate(numbers):
        alone = made.take([number])
        for table, one in (
            (together.parameters, alone.parameters),
            (together.covariates, alone.covariates),
        ):
            assert {n: v[row] for n, v in table.items()} == {
                n: v[0] for n, v in one.items()
            }


def test_distributions_are_those_of_the_card(tmp_path: Path) -> None:
    drawn = sampler(tmp_path, "none").take(MANY)
    sex, weight = drawn.covariates["sex"], drawn.parameters["body_weight"]
    # Tolerances are 5 standard errors of 40,000 subjects or less.
    assert np.mean(sex == "female") == pytest.approx(0.25, abs=0.011)
    assert weight[sex == "female"].mean() == pytest.approx(60, abs=0.3)
    assert weight[sex == "male"].std() == pytest.approx(5, abs=0.15)
    albumin = drawn.covariates["albumin"]
    assert albumin.mean() == pytest.approx(40, abs=0.3)
    assert albumin.std() == pytest.approx(8, abs=0.3)
    clearance = drawn.parameters["clearance"]
    typical = next(
        p for p in sampler(tmp_path).network.parameters if p.name == "clearance"
    )
    assert np.median(clearance) == pytest.approx(typical.value, rel=0.015)
    assert clearance.std() / clearance.mean() == pytest.approx(0.4, abs=0.015)


def test_limits_cut_off_without_piling_up(tmp_path: Path) -> None:
    height = sampler(tmp_path).take(MANY).covariates["height"]
    assert height.min() > 165
    assert height.max() < 180
    inside = np.histogram(height, bins=[165, 170, 175, 180])[0]
    # between the limits the density is that of the normal distribution
    assert inside[1] / inside[0] == pytest.approx(1, abs=0.06)
    assert inside[2] / inside[0] == pytest.approx(0.1499 / 0.1915, abs=0.05)


def test_body_surface_follows_from_weight_and_height(tmp_path: Path) -> None:
    drawn = sampler(tmp_path).take([1, 2])
    expected = np.sqrt(
        drawn.parameters["body_weight"] * drawn.covariates["height"] / 3600
    )
    assert drawn.parameters["body_surface_area"] == pytest.approx(expected)


def test_du_bois_formula() -> None:
    drawn = Sampler(load_product("T-DM1"), "her2-breast", 5).take([1])
    weight, height = drawn.parameters["body_weight"], drawn.covariates["height"]
    expected = 0.007184 * weight**0.425 * height**0.725
    assert drawn.parameters["body_surface_area"] == pytest.approx(expected)


def test_correlations_are_those_of_the_card(tmp_path: Path) -> None:
    drawn = sampler(tmp_path, "none").take(MANY)
    logs = np.log(
        [
            drawn.parameters["clearance"],
            drawn.parameters["central_volume"],
            drawn.covariates["albumin"],
        ]
    )
    found = np.corrcoef(logs)
    # 5 standard errors of a correlation of 40,000 pairs: 0.025
    assert found[0, 1] == pytest.approx(0.6, abs=0.025)
    assert found[0, 2] == pytest.approx(-0.3, abs=0.025)
    assert found[1, 2] == pytest.approx(0, abs=0.025)


def test_a_covariance_is_one_of_logarithms() -> None:
    drawn = Sampler(load_product("T-DM1"), "her2-breast", 5, "none").take(MANY)
    pair = [np.log(drawn.parameters[n]) for n in ("clearance", "central_volume")]
    found = np.cov(pair)
    assert found[0, 1] == pytest.approx(0.011, abs=0.0006)
    assert found[0, 0] == pytest.approx(math.log1p(0.191**2), rel=0.04)


def test_effects_multiply_what_would_be_drawn_without_them(tmp_path: Path) -> None:
    without = sampler(tmp_path, "none").take([1, 2, 3])
    with_effects = sampler(tmp_path).take([1, 2, 3])
    albumin, height = without.covariates["albumin"], without.covariates["height"]
    factor = (albumin / 40) ** -1 * np.exp(0.01 * (height - 170))
    expected = without.parameters["clearance"] * factor
    assert with_effects.parameters["clearance"] == pytest.approx(expected)


def test_reference_covariates_of_lu_2014_leave_clearance_as_it_is() -> None:
    effects = load_population("her2-breast").effect_set("lu-2014")
    centres = {c.name: c.cases[""].centre for c in covariates_with_centre()}
    assert effects
    for effect in effects:
        assert centres[effect.covariate] == effect.reference


def covariates_with_centre() -> list[object]:
    return [c for c in load_population("her2-breast").covariates if "" in c.cases]


def test_a_spread_of_the_library_is_drawn_by_its_kind() -> None:
    product = load_product("T-DM1")
    clinical = Sampler(product, "her2-breast", 1)
    everything = Sampler(product, "model-spreads", 1)
    assert "maximum_kill_rate" in clinical.widths  # a CV
    assert "krogh_radius" not in clinical.widths  # a GSD
    assert everything.widths["krogh_radius"] == pytest.approx(math.log(1.5))
    assert "kill_hill" not in everything.widths  # a range is no spread


def test_none_takes_a_spread_away(tmp_path: Path) -> None:
    text = CARD.replace("{spread: {cv: 0.4}", "{spread: none").split("correlations:")[0]
    assert "clearance" not in sampler(tmp_path, text=text).widths


def test_the_description_names_everything_that_is_drawn(tmp_path: Path) -> None:
    text = sampler(tmp_path).describe()
    for words in (
        "Philox-4x32-10, seed 11",
        "sex: 25 % female, 75 % male (assumed [1])",
        "female: normal, mean 60, SD 5 kg",
        "from 165, up to 180 cm",
        "clearance and central_volume: correlation 0.6",
        "clearance x (albumin / 40)^-1",
        "clearance x exp(0.01 (height - 170))",
        "[1] Made up for a test",
    ):
        assert words in text


def test_which_population_a_product_gets() -> None:
    assert default_population("trastuzumab-emtansine", "human") == "her2-breast"
    assert default_population("cantuzumab-mertansine", "human") == "adult-solid-tumour"
    assert default_population("trastuzumab-emtansine", "mouse") == "model-spreads"
    assert default_population(None, None) == "model-spreads"


def test_people_are_not_drawn_for_a_mouse() -> None:
    mouse = load_product("T-DM1", settings={"host": "mouse"})
    with pytest.raises(AdckitError, match=r"about the host human.*model-spreads"):
        Sampler(mouse, "her2-breast", 1)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean her2-breast"):
        load_population("her2-brest")
    with pytest.raises(UnknownNameError, match="lu-2014"):
        draw(load_product("T-DM1"), "her2-breast", 1, 1, effects="lu2014")


BAD_CARDS = [
    ("by: sex", "by: age", "'age' is no covariate with `shares`"),
    ("      male: {normal", "      men: {normal", "cases must be those of sex"),
    ("female: 0.25", "female: 0.5", "shares must be above 0 and sum to 1"),
    ("low: 165", "low: 185", "low is not below high"),
    ("unit: g/L", "unit: g/litter", "Cannot read the unit"),
    ("gsd: 1.3", "gsd: 0.9", "greater than 1"),
    ("{median: 1, gsd: 1.3}", "{median: 1}", "give median and one of cv, gsd, p95"),
    ("  clearance: {spread", "  clearence: {spread", "Unknown parameter 'clearence'"),
    ("[clearance, albumin]", "[clearance, albumen]", "Did you mean albumin"),
    ("covariate: albumin", "covariate: sex", "'sex' is no covariate that has a number"),
    ("power: -1, ", "", "give either power or slope"),
    ("correlation: 0.6", "correlation: 1.6", "less than 1"),
    ("formula: mosteller", "formula: haycock", "'du-bois' or 'mosteller'"),
    ("  height:", "  size:", "mosteller needs the covariate height"),
    ("  central_volume: {", "  volume: {", "relative to the model"),
    ("summary: A", "based_on: her2-breast\nsummary: A", "not based on another"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD_CARDS)
def test_a_card_that_makes_no_sense_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in CARD
    with pytest.raises(CardError) as caught:
        load_population(written(tmp_path, CARD.replace(old, new, 1)))
    assert message in str(caught.value)
    assert "people.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("correlation: 0.6", "covariance: 0.6", "larger than their spreads allow"),
        (
            "[clearance, albumin], correlation: -0.3",
            "[clearance, height], covariance: 0.01",
            "not both lognormal",
        ),
        (
            "  - {between: [clearance, albumin], correlation: -0.3",
            "  - {between: [albumin, central_volume], correlation: 0.9, "
            "status: assumed, source: test}\n"
            "  - {between: [clearance, albumin], correlation: -0.9",
            "cannot all hold at once",
        ),
        ("unit: kg", "unit: cm", "Give it in a unit of the same kind"),
    ],
)
def test_a_population_that_does_not_suit_the_model_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in CARD
    with pytest.raises(AdckitError, match=message):
        sampler(tmp_path, text=CARD.replace(old, new, 1)).take([1])


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(AdckitError, match=r"Cannot read the population 'nobody\.yaml'"):
        load_population("nobody.yaml")


def test_a_covariate_sets_the_parameter_that_it_names() -> None:
    plain = Sampler(load_product("T-DM1"), "her2-breast", 5)
    shed = Sampler(
        load_product("T-DM1", settings={"shed_antigen": "full"}), "her2-breast", 5
    )
    before, after = (sampler.take(range(1, 9)) for sampler in (plain, shed))
    level = before.covariates["shed_antigen"]
    assert "shed_antigen_level" not in before.parameters
    np.testing.assert_array_equal(after.covariates["shed_antigen"], level)
    np.testing.assert_array_equal(after.parameters["shed_antigen_level"], level)
    # the mechanism brings what the effect on clearance stood for
    assert "shed_antigen" in {effect.covariate for effect in plain.effects}
    assert "shed_antigen" not in {effect.covariate for effect in shed.effects}


def test_a_covariate_of_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    card = tmp_path / "mine.yaml"
    card.write_text(
        "summary: mine\ncovariates:\n  marker: {normal: {mean: 1, sd: 0.1}, "
        "parameter: shed_antigens, status: assumed, source: {citation: me}}\n"
    )
    with pytest.raises(CardError, match=r"mine.yaml:3: Unknown parameter 'shed_antig"):
        load_population(card)
