"""Parameters drawn from what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import AdckitError
from adckit.library import Product, load_product
from adckit.library.fits import load_fits
from adckit.parameters import Parameter, Source, Spread, SpreadKind, Status
from adckit.prepared import Prepared, prepare
from adckit.studies.tornado import area_under, tornado
from adckit.studies.uncertainty import (
    PRIORS,
    combine_subjects,
    draw_parameters,
    fits_of,
    uncertainties,
    uncertainty_of,
)
from adckit.studies.uncertainty_bands import uncertainty_bands


def parameter(
    value: float = 10.0,
    spread: Spread | None = None,
    status: Status = Status.MEASURED,
    unit: str = "L",
    name: str = "central_volume",
) -> Parameter:
    return Parameter(name, value, unit, Source("test"), status, spread)


@pytest.fixture(scope="module")
def emtansine() -> Product:
    return load_product("trastuzumab-emtansine", settings={"organs": "card"})


@pytest.fixture(scope="module")
def small() -> Prepared:
    """Disposition alone: a tenth of the states."""
    settings = {"delivery": "none", "kill": "none", "payload": "none"}
    return prepare("trastuzumab-emtansine", settings)


@pytest.mark.parametrize(
    ("spread", "low", "high"),
    [
        (Spread(SpreadKind.GSD, 2.0), 10 / 2**1.6449, 10 * 2**1.6449),
        (Spread(SpreadKind.RANGE, 8.0, 20.0), 8.0, 20.0),
        (Spread(SpreadKind.RANGE, 10.0, 20.0), 10.0, 20.0),
        (Spread(SpreadKind.RANGE, 0.0, 20.0), 5.0, 20.0),
        (Spread(SpreadKind.SD, 1.0), 8.487, 11.78),
    ],
)
def test_interval_of_each_spread(spread: Spread, low: float, high: float) -> None:
    """A range is the 90 % interval itself; a range from 0 is as wide below as above."""
    found = uncertainty_of(parameter(spread=spread)).interval()
    assert found == pytest.approx((low, high), rel=1e-3)  # four digits are written here


@pytest.mark.parametrize("status", list(Status))
def test_a_cv_says_nothing_of_the_typical_value(status: Status) -> None:
    spread = Spread(SpreadKind.CV, 0.5)
    found = uncertainty_of(parameter(spread=spread, status=status))
    assert found.below == found.above == pytest.approx(math.log(PRIORS[status]))
    assert f"prior of {status} values" in str(found)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (parameter(0.0), "zero"),
        (parameter(150.0, unit="kDa", name="antibody_molar_mass"), "definition"),
        (parameter(70.0, unit="kg", name="body_weight"), "definition"),
        (
            parameter(1.0, None, Status.ASSUMED, "1", "released_by_dead_cells"),
            "a convention",
        ),
    ],
)
def test_what_is_not_drawn(one: Parameter, words: str) -> None:
    found = uncertainty_of(one)
    assert not found.drawn
    assert words in str(found)
    assert found.interval() == (one.value, one.value)


def test_every_library_parameter_has_a_distribution(emtansine: Product) -> None:
    known = uncertainties(emtansine)
    assert set(known) == set(emtansine.blueprint.parameters)
    for one in known.values():
        low, high = one.interval()
        assert low <= one.parameter.value <= high
        assert one.drawn or low == high


def test_draws_follow_their_distribution(emtansine: Product) -> None:
    many = 4000
    drawn = draw_parameters(emtansine, many, only=["krogh_radius", "kill_hill"])
    logs = np.log(drawn["krogh_radius"] / 75)
    # Standard error of an SD is s / sqrt(2 n); five of them.
    assert np.std(logs) == pytest.approx(math.log(1.5), rel=5 / math.sqrt(2 * many))
    assert np.median(drawn["krogh_radius"]) == pytest.approx(75, rel=0.03)
    assert drawn["kill_hill"].max() <= 2  # its range ends at the value


def test_draws_depend_on_seed_name_and_number_alone(emtansine: Product) -> None:
    few = draw_parameters(emtansine, 5, seed=3)
    more = draw_parameters(emtansine, 9, seed=3, only=["clearance", "krogh_radius"])
    assert (few["krogh_radius"] == more["krogh_radius"][:5]).all()
    other = draw_parameters(emtansine, 5, seed=4)
    assert (few["krogh_radius"] != other["krogh_radius"]).all()


def test_draws_respect_limits(emtansine: Product) -> None:
    drawn = draw_parameters(emtansine, 2000, only=["catabolite_recovery"])
    assert drawn["catabolite_recovery"].max() == 1.0  # a share
    assert drawn["catabolite_recovery"].min() > 0


def test_parameters_that_were_fitted_together_stay_together(
    emtansine: Product,
) -> None:
    fits = {fit.name: fit for fit in fits_of(emtansine)}
    fit = fits["platelets"]
    drawn = draw_parameters(emtansine, 4000, only=fit.names)
    logs = np.log([drawn[name] for name in fit.names])
    # Standard error of a correlation of 0.93 in 4000 draws is 0.002.
    assert np.corrcoef(logs) == pytest.approx(fit.correlation, abs=0.01)
    assert np.std(logs, axis=1) == pytest.approx(fit.log_sd, rel=0.06)


def test_a_fit_does_not_count_for_a_card_that_disagrees() -> None:
    settings = {"platelet_calibration": "label", "organs": "card"}
    product = load_product("trastuzumab-emtansine", settings=settings)
    assert "platelets" not in [fit.name for fit in fits_of(product)]
    assert "platelets" in [fit.name for fit in load_fits()]


def test_at_least_one_draw(emtansine: Product) -> None:
    with pytest.raises(AdckitError, match="draws is 0; draw the parameters at least"):
        draw_parameters(emtansine, 0)


@given(
    ratio=st.floats(0.2, 5.0),
    values=st.lists(st.floats(0.05, 1.0), min_size=1, max_size=4),
)
def test_a_subject_keeps_its_place(ratio: float, values: list[float]) -> None:
    product = load_product("trastuzumab-emtansine")
    typical = product.blueprint.parameters["clearance"].value
    people = {
        "clearance": np.array([typical, ratio * typical]),
        "body_weight": np.array([60.0, 80.0]),
    }
    table = combine_subjects(product, people, {"clearance": np.array(values)})
    found = table["clearance"].reshape(len(values), 2)
    assert found[:, 0] == pytest.approx(values)
    assert found[:, 1] == pytest.approx(ratio * np.array(values))
    assert (table["body_weight"].reshape(-1, 2) == [60.0, 80.0]).all()


def test_combining_with_nothing_changes_nothing() -> None:
    product = load_product("trastuzumab-emtansine")
    people = {"clearance": np.array([0.2, 0.3])}
    assert (combine_subjects(product, people, {})["clearance"] == [0.2, 0.3]).all()
    drawn = {"clearance": np.array([0.2, 0.3])}
    assert (combine_subjects(product, {}, drawn)["clearance"] == [0.2, 0.3]).all()


def test_bands_keep_the_two_kinds_of_spread_apart(small: Prepared) -> None:
    found = uncertainty_bands(
        small, "3.6 mg/kg once", [0.0, 7.0, 21.0], ["conjugate"], draws=12, subjects=15
    )
    assert found.failed == 0
    assert found.units["conjugate"] == small.system.output_units[0]
    for band in (found.parameters, found.subjects, found.both):
        one = band["conjugate"]
        assert (one.low <= one.median).all()
        assert (one.median <= one.high).all()

    def width(band: str) -> float:
        one = getattr(found, band)["conjugate"]
        return float(one.high[1] - one.low[1])

    assert width("both") > width("subjects")
    assert width("both") > width("parameters")


def test_bands_need_a_product(small: Prepared) -> None:
    bare = prepare(small.network)
    with pytest.raises(AdckitError, match="a network without a card"):
        uncertainty_bands(bare, "3.6 mg/kg once", [0.0, 1.0], ["conjugate"])
    with pytest.raises(AdckitError, match="a network without a card"):
        tornado(bare, "3.6 mg/kg once", [0.0, 1.0], {"AUC": area_under("conjugate")})
    with pytest.raises(AdckitError, match=r"A share of 1\.5"):
        uncertainty_bands(small, "1 mg/kg once", [0.0, 1.0], ["conjugate"], share=1.5)


def test_tornado_ranks_what_decides(small: Prepared) -> None:
    """The AUC of conjugate falls with clearance and with the loss of payload."""
    headline = {"AUC": area_under("conjugate")}
    times = np.linspace(0, 42, 85)
    swings = tornado(small, "3.6 mg/kg once", times, headline)["AUC"]
    sizes = [swing.size for swing in swings]
    assert sizes == sorted(sizes, reverse=True)
    found = {swing.uncertainty.parameter.name: swing for swing in swings}
    for name in ("clearance", "deconjugation_rate"):
        assert found[name].high < found[name].base < found[name].low
