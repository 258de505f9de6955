"""The comparison with published studies: its rules, rows, files and messages."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from adckit.errors import AdckitError, UnknownNameError
from adckit.library import load_product
from adckit.library.evidence import Finding, PublishedStudy, load_evidence
from adckit.parameters import Source, Spread, SpreadKind
from adckit.report.evidence_page import (
    observed_text,
    render_evidence,
    turned_text,
)
from adckit.studies.evidence import Comparison, compare, plan_steps
from adckit.studies.evidence_alternatives import Alternative, find_alternatives
from adckit.studies.evidence_ensemble import Effort
from adckit.studies.evidence_json import comparison_data
from adckit.studies.evidence_rows import (
    EvidenceRow,
    base_row,
    binomial_interval,
    coverage,
    judge_rate,
    judge_value,
    mean_interval,
    rate_interval,
    value_interval,
)
from adckit.studies.evidence_trials import MtdForecast

SMALL = Effort(draws=3, subjects=4, central=12)


def finding(**changes: object) -> Finding:
    given = {
        "measure": "exposure",
        "of": "conjugate",
        "quantity": "cmax",
        "value": 100.0,
        "unit": "ug/mL",
        "role": "predicted",
        "evidence": "TD-PK-01",
        "source": Source("test"),
        **changes,
    }
    return Finding(**given)  # type: ignore[arg-type]


def row(finding: Finding, model: float, low: float, high: float) -> EvidenceRow:
    study = PublishedStudy("one", "trastuzumab-emtansine", "One", (finding,))
    return base_row(study, finding, model, (low, high), True, "rule")


@pytest.mark.parametrize(
    ("model", "spread", "passed"),
    [
        (50.0, None, True),
        (49.9, None, False),
        (200.0, None, True),
        (201.0, None, False),
        (115.0, Spread(SpreadKind.SD, 20.0), True),
        (121.0, Spread(SpreadKind.SD, 20.0), False),
        (190.0, Spread(SpreadKind.SD, 150.0), True),
        (240.0, Spread(SpreadKind.SD, 150.0), False),  # in the spread, not in 2-fold
    ],
)
def test_rule_for_values(model: float, spread: Spread | None, passed: bool) -> None:
    assert judge_value(model, finding(spread=spread))[0] is passed


def test_exact_interval_matches_a_published_one() -> None:
    """0 of 15 and 2 of 3 patients: 1 - 0.025^(1/15), and the roots of the binomial."""
    low, high = binomial_interval(0, 15)
    assert (low, high) == pytest.approx((0.0, 1 - 0.025 ** (1 / 15)))
    low, high = binomial_interval(2, 3)
    assert stats.binom.sf(1, 3, low) == pytest.approx(0.025)
    assert stats.binom.cdf(2, 3, high) == pytest.approx(0.025)


@given(n=st.integers(1, 60), data=st.data())
def test_exact_interval_holds_the_rate(n: int, data: st.DataObject) -> None:
    events = data.draw(st.integers(0, n))
    low, high = binomial_interval(events, n)
    assert 0 <= low <= events / n <= high <= 1
    assert judge_rate(events / n, finding(events=events, n=n))[0]


def test_small_cohorts_agree_with_nearly_anything() -> None:
    low, high = binomial_interval(1, 1)
    assert high - low > 0.97
    one = row(finding(n=3), 100, 90, 110)
    assert one.few
    assert not row(finding(n=5), 100, 90, 110).few


def test_interval_of_a_mean_shrinks_with_the_study() -> None:
    values = np.random.default_rng(1).lognormal(0, 0.3, (200, 60))
    widths = [np.diff(mean_interval(values, n))[0] for n in (1, 4, 60, None)]
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] == widths[3]
    # 90 % of lognormal values, s = 0.3; 12,000 of them.
    expected = np.exp(0.3 * stats.norm.ppf([0.05, 0.95]))
    assert mean_interval(values, 1) == pytest.approx(expected, rel=0.03)


def test_interval_of_a_rate_is_binomial_for_a_known_rate() -> None:
    low, high = rate_interval(np.full(50, 0.3), 100)
    exact = stats.binom.ppf([0.05, 0.95], 100, 0.3) / 100
    assert (low, high) == pytest.approx(exact, abs=0.011)  # one patient
    assert rate_interval(np.array([0.0, 0.0]), 10) == (0.0, 0.0)


def test_interval_of_times_that_are_never_reached() -> None:
    low, high = value_interval(np.array([1.0, 2.0, math.inf, math.inf]))
    assert low == 1.0
    assert high == math.inf


def test_coverage_counts_rows_with_an_interval() -> None:
    rows = [
        row(finding(), 100, 90, 110),
        row(finding(), 100, 101, 110),
        row(finding(measure="profile"), 1, 0.5, 2),
    ]
    assert str(coverage(rows)) == "1 of 2 (50 %)"
    assert math.isnan(coverage([]).share)


def test_mtd_interval_holds_its_share() -> None:
    selected = np.array([[0, 0, 1.0, 0]] + [[0.1, 0.2, 0.4, 0.3]] * 5)
    forecast = MtdForecast((1.0, 2.0, 3.0), selected, np.zeros((6, 3)))
    assert forecast.level == 1
    assert forecast.interval(0.9) == (-1, 2)
    assert forecast.interval(0.3) == (1, 1)
    assert forecast.dose(-1) == 0.0
    assert forecast.dose(2) == 3.0


def test_effort_needs_two_of_everything() -> None:
    with pytest.raises(AdckitError, match="1 draws of 60 subjects"):
        Effort(draws=1)


def test_unknown_product() -> None:
    with pytest.raises(UnknownNameError, match="Unknown evidence 'aspirin'"):
        compare("aspirin")


def test_setting_that_no_product_knows() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown setting 'tubulun'\. Did you"):
        compare("mln2704", {"tubulun": "legacy"}, SMALL)


@pytest.fixture(scope="module")
def lorvotuzumab() -> Comparison:
    steps: list[tuple[int, int]] = []
    found = compare(
        "huN901-DM1", effort=SMALL, report=lambda done, of, _: steps.append((done, of))
    )
    assert steps[-1] == (plan_steps(found.evidence),) * 2
    assert [done for done, _ in steps] == list(range(len(steps)))
    return found


def test_a_product_has_all_its_rows(lorvotuzumab: Comparison) -> None:
    published = load_evidence("lorvotuzumab-mertansine").findings
    assert [r.evidence for r in lorvotuzumab.rows] == [f.evidence for f in published]
    for one in lorvotuzumab.rows:
        assert one.model is not None
        assert one.model_low is not None
        assert one.passed is not None
        assert one.failed_subjects == 0


def test_half_life_is_the_same_by_two_analytes(lorvotuzumab: Comparison) -> None:
    """Conjugate and payload on it go together late, whatever the dose."""
    seen = {r.study: r.model for r in lorvotuzumab.rows if r.quantity == "half_life"}
    assert seen["myeloma"] == pytest.approx(seen["advl1522"], rel=0.1)


def test_outcomes_are_those_of_this_product(lorvotuzumab: Comparison) -> None:
    (seventh,) = lorvotuzumab.outcomes
    assert seventh.prediction.name == "P7"
    assert seventh.rows == 2


def test_json_is_finite_and_complete(lorvotuzumab: Comparison) -> None:
    data = comparison_data(lorvotuzumab)
    text = json.dumps(data, allow_nan=False)
    assert json.loads(text) == data
    (product,) = data["products"]
    assert len(product["rows"]) == len(lorvotuzumab.rows)
    assert product["not_simulated"]
    assert sum(product["parameters"].values()) > 50
    assert product["sets"]["tubulin"] == ["physical", "legacy"]
    assert "lorvotuzumab-daily" in data["dose_toxicity"]


def test_page_stands_alone(lorvotuzumab: Comparison) -> None:
    page = render_evidence(lorvotuzumab)
    assert "<script" not in page
    assert "src=" not in page
    assert 'href="http' not in page
    assert page.count('<svg class="forest"') == 1
    assert page.count('<svg class="panel"') == 2
    assert "Published, not compared" in page


def test_documentation_is_made_of_the_json(
    lorvotuzumab: Comparison, tmp_path: Path
) -> None:
    path = Path(__file__).parents[2] / "docs" / "make_evidence.py"
    specification = importlib.util.spec_from_file_location("make_evidence", path)
    assert specification is not None
    assert specification.loader is not None
    make = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(make)
    data = tmp_path / "evidence.json"
    data.write_text(json.dumps(comparison_data(lorvotuzumab)), encoding="utf-8")
    folder = tmp_path / "pages"
    assert make.main([str(data), str(folder)]) == 0
    text = (folder / "lorvotuzumab-mertansine.md").read_text(encoding="utf-8")
    for part in ("What is known", "What was calibrated", "What was predicted"):
        assert f"## {part}" in text
    assert make.main([str(data), str(folder), "--check"]) == 0
    (folder / "index.md").write_text("old", encoding="utf-8")
    assert make.main([str(data), str(folder), "--check"]) == 1


def test_a_set_that_was_fitted_to_a_row_makes_it_calibrated() -> None:
    """The label's platelets are predicted, until a set is fitted to them."""
    chosen = {"platelet_calibration": "label"}
    found = compare("T-DM1", chosen, Effort(draws=2, subjects=2, central=2))
    rows = [r for r in found.rows if r.of == "platelets" and r.measure == "toxicity"]
    assert {r.role for r in rows} == {"calibrated"}
    assert all("was fitted to these data" in r.note for r in rows)


@pytest.fixture(scope="module")
def alternatives() -> tuple[Alternative, ...]:
    steps: list[tuple[int, int]] = []
    found = find_alternatives(
        ["mln2704"], SMALL, report=lambda done, of, _: steps.append((done, of))
    )
    assert steps[-1][0] == steps[-1][1] == len(steps) - 1
    return found


def test_alternatives_are_every_other_option(
    alternatives: tuple[Alternative, ...],
) -> None:
    """Each with the rows that it moves, which are those that it is about."""
    options = load_product("mln2704", settings={"organs": "card"}).options
    expected = {(name, o) for name, known in options.items() for o in known[1:]}
    assert {(one.set, one.option) for one in alternatives} == expected
    by_set = {one.set: one for one in alternatives}
    (liver,) = by_set["liver_calibration"].moves
    assert liver.after.measure == "dlt"
    assert liver.after.model is not None
    assert liver.before.model is not None
    assert liver.after.model < liver.before.model
    assert not by_set["tubulin"].moves
    assert by_set["tubulin"].passed[0] == by_set["tubulin"].passed[1]


def test_an_alternative_that_a_product_cannot_have() -> None:
    """Skin needs the physical amount of tubulin."""
    found = find_alternatives(["bivatuzumab-mertansine"], SMALL)
    legacy = next(one for one in found if one.option == "legacy")
    assert "needs the physical amount of tubulin" in legacy.refused
    assert not legacy.moves
    assert turned_text(legacy).startswith("Cannot be had: ")


def test_alternatives_are_shown(
    lorvotuzumab: Comparison, alternatives: tuple[Alternative, ...]
) -> None:
    data = comparison_data(lorvotuzumab, alternatives)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert len(data["alternatives"]) == len(alternatives)
    page = render_evidence(lorvotuzumab, alternatives)
    assert "How the answer moves with the alternatives" in page
    assert "liver_calibration = reported" in page


def test_digitised_points_are_asked_for() -> None:
    study = load_evidence("cantuzumab-mertansine").studies[0]
    profile = next(f for f in study.findings if f.measure == "profile")
    assert profile.file is not None
    with pytest.raises(AdckitError, match="Cannot use the profile"):
        compare("cantuzumab-mertansine", effort=SMALL, data=Path("nowhere"))


def test_rates_are_shown_in_percent(lorvotuzumab: Comparison) -> None:
    data = comparison_data(lorvotuzumab)["products"][0]["rows"]
    rate = next(r for r in data if r["measure"] == "toxicity")
    assert observed_text(rate) == "6.38 % (1 to 18)"
