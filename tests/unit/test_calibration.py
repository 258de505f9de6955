"""The calibration: fits whose answer is known, cards, and the library's own numbers."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from calibration import neuropathy_smcc, neuropathy_spp, platelets
from calibration.__main__ import APART, NEED_DATA, SCRIPTS, agrees, main, report, store
from calibration.cards import LIBRARY, read_number, write_number
from calibration.fitting import Fact, Floats, Found, Free, fit
from calibration.record import replace_entries

from adckit.library import list_products, load_product
from adckit.library.evidence import list_evidence, load_evidence
from adckit.library.fits import load_fits
from adckit.parameters import Status

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    # Of tumours; their cards say how they were chosen.
    "half_kill_occupancy",
    "maximum_kill_rate",
}
"""Fitted parameters that belong to no script of the calibration."""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the cards."""
    return Path(shutil.copytree(ROOT / LIBRARY, tmp_path / "library"))


def power_law(table: Mapping[str, Floats]) -> Floats:
    """a x^b at x = 1, 2, 4; a straight line in logarithms."""
    points = np.array([1.0, 2.0, 4.0])
    return np.asarray(table["a"][:, None] * points ** table["b"][:, None])


def test_a_straight_line_has_its_known_answer() -> None:
    """Values and covariance are those of linear regression on logarithms."""
    free = (Free("a", 1.0, "1"), Free("b", 1.0, "1"))
    error = 0.1
    facts = [
        Fact(str(x), 3.0 * x**0.5 * f, error, "XX-YY-01")
        for x, f in ((1, 1.1), (2, 0.9), (4, 1.0))
    ]
    found = fit(free, facts, power_law)
    x = np.log([1.0, 2.0, 4.0])
    design = np.stack([np.ones(3), x], axis=1)
    y = np.log([fact.value for fact in facts])
    values, *_ = np.linalg.lstsq(design, y, rcond=None)
    # b enters as a logarithm: its slope is b times that of b itself.
    jacobian = design * [1.0, values[1]] / error
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    assert np.log(found.values[0]) == pytest.approx(values[0], abs=1e-6)
    assert found.values[1] == pytest.approx(values[1], rel=1e-6)
    assert found.log_sd == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-4)
    expected = covariance[0, 1] / math.prod(np.sqrt(np.diag(covariance)))
    assert found.correlation[0, 1] == pytest.approx(expected, rel=1e-4)


def test_a_prior_counts_as_an_observation() -> None:
    """One fact and a prior of the same weight: the geometric mean of both."""
    free = (Free("a", 5.0, "1", prior=2.0, log_sd=0.1),)
    facts = [Fact("a", 8.0, 0.1, "XX-YY-01")]
    found = fit(free, facts, lambda table: np.asarray(table["a"][:, None]))
    assert found.values[0] == pytest.approx(4.0, rel=1e-6)
    assert found.log_sd[0] == pytest.approx(0.1 / math.sqrt(2), rel=1e-5)


def test_fits_repeat_to_the_last_bit() -> None:
    one, two = platelets.run(), platelets.run()
    assert (one.values == two.values).all()
    assert (one.correlation == two.correlation).all()


def test_platelets_give_the_cards_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["platelets", "neuropathy_smcc", "neuropathy_spp", "efflux"]) == 0
    printed = capsys.readouterr().out
    assert "nadir, % of the start" in printed
    assert "not what the fits give" not in printed


@pytest.mark.slow
def test_every_fit_gives_the_cards_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but those that need digitised profiles, which are not ours to publish."""
    monkeypatch.chdir(ROOT)
    assert main([name for name in SCRIPTS if name not in NEED_DATA]) == 0


def test_fits_of_the_library_are_the_numbers_of_its_cards() -> None:
    """What draws are made around is what is simulated."""
    scripts = [fit.script for fit in load_fits()]
    patients = [name for name in SCRIPTS if name not in APART]
    assert sorted(scripts) == sorted(f"calibration/{name}.py" for name in patients)
    products = {
        name: load_product(name, settings={"organs": "card"})
        for name in list_products()
    }
    for one in load_fits():
        for name, value in zip(one.names, one.values, strict=True):
            cards = {
                p.blueprint.parameters[name].value
                for p in products.values()
                if name in p.blueprint.parameters
            }
            assert value in cards, (one.name, name)


def test_every_fitted_parameter_has_a_script() -> None:
    names = {name for one in load_fits() for name in one.names}
    for product in list_products():
        blueprint = load_product(product, settings={"organs": "card"}).blueprint
        fitted = {
            name
            for name, parameter in blueprint.parameters.items()
            if parameter.status is Status.FITTED
        }
        assert fitted - names <= ELSEWHERE, product


def test_no_script_has_seen_a_prediction() -> None:
    predicted = {
        finding.evidence
        for name in list_evidence()
        for finding in load_evidence(name).findings
        if finding.role == "predicted"
    }
    for one in load_fits():
        assert not set(one.evidence) & predicted, one.name


def test_borrowed_numbers_are_those_they_were_borrowed_from() -> None:
    """Assumed values that are made from fitted ones say how; and so they are."""
    rate = "linkers/{}.yaml/for_host/{}/parameters/deconjugation_rate/value"
    spp = read_number(rate.format("SPP", "human"))
    human, mouse = (read_number(rate.format("SMCC", h)) for h in ("human", "mouse"))
    # Cards print three digits.
    assert read_number(rate.format("SPDB", "human")) == pytest.approx(spp / 2, rel=5e-3)
    scaled = spp * mouse / human
    assert read_number(rate.format("SPP", "mouse")) == pytest.approx(scaled, rel=5e-3)
    half = read_number(rate.format("SPDB", "mouse"))
    assert half == pytest.approx(scaled / 2, rel=5e-3)


def test_shares_of_neuropathy_come_back() -> None:
    """1 - exp(-hazard) of the fitted numbers is what was seen."""
    smcc = neuropathy_smcc.run()
    potency, background = smcc.values
    days = 14 * 21
    assert 1 - math.exp(-background * days) == pytest.approx(0.169, rel=1e-12)
    payload = 14 * 3.6 * 70 / 148.5 * 3.5  # umol; the molar mass of T-DM1 in kDa
    both = 1 - math.exp(-background * days - potency * payload)
    assert both == pytest.approx(0.323, rel=2e-3)  # by the molar mass
    spp = neuropathy_spp.run().values[0]
    assert 10 < spp / potency < 25


def test_writing_changes_digits_alone(library: Path) -> None:
    place = "organs/liver.yaml/parameters/half_effect_hepatic_payload/spread/cv"
    card = library / "organs" / "liver.yaml"
    before = card.read_text(encoding="utf-8")
    old = read_number(place, library)
    assert not write_number(place, old, library)
    assert card.read_text(encoding="utf-8") == before
    assert write_number(place, 0.123, library)
    assert read_number(place, library) == 0.123
    assert write_number(place, old, library)
    assert card.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "place",
    [
        "organs/liver.yaml/parameters/no_such_parameter/value",
        "organs/liver.yaml/parameters/hepatic_half_life",
        "organs/liver.yaml/parameters/hepatic_half_life/value/deeper",
    ],
)
def test_a_place_that_is_none(place: str) -> None:
    with pytest.raises(KeyError, match="liver"):
        read_number(place, ROOT / LIBRARY)


def test_storing_twice_changes_nothing(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = neuropathy_smcc.run()
    store(neuropathy_smcc, found, library)
    files = {path: path.read_bytes() for path in library.rglob("*.yaml")}
    store(neuropathy_smcc, found, library)
    assert files == {path: path.read_bytes() for path in library.rglob("*.yaml")}
    assert report(neuropathy_smcc, found, library) == 0
    place = neuropathy_smcc.FREE[0].cards[0]
    write_number(place, 0.5, library)
    assert report(neuropathy_smcc, found, library) == 1
    assert f"{place} has 0.5" in capsys.readouterr().out


def test_entries_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    path = tmp_path / "evidence" / "fits.yaml"
    entries = {name: f"  {name}:\n    summary: {name}\n" for name in ("a", "b")}
    replace_entries(entries, tmp_path)
    replace_entries({"a": "  a:\n    summary: new\n"}, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.index("  a:\n    summary: new") < text.index("  b:")
    assert "summary: a" not in text


@pytest.mark.parametrize(
    ("value", "card", "expected"),
    [
        (0.41149, 0.411, True),
        (0.41151, 0.412, True),
        (0.41147, 0.412, False),
        (0.41150, 0.411, True),  # on the edge, where two machines may round apart
        (0.41150, 0.412, True),
        (2.345, 2.35, True),
        (1234.0, 1230.0, True),
        (1236.0, 1230.0, False),
    ],
)
def test_printed_digits_agree(value: float, card: float, expected: bool) -> None:
    assert agrees(Free("x", 1.0, "1"), value, card) is expected


def test_what_needs_data_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["free_payload"]) == 0
    assert "left out, it needs --data" in capsys.readouterr().out


def test_unknown_script(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["kidney"])
    assert "kidney" in capsys.readouterr().err


def test_found_is_what_a_fit_gives() -> None:
    found = neuropathy_spp.run()
    assert isinstance(found, Found)
    assert found.facts[0].evidence == "ML-CL-03"
