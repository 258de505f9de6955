"""The library's observations: their form, their roles, and what was fitted to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adckit.errors import CardError, UnknownNameError
from adckit.library import list_products, load_product
from adckit.library.evidence import (
    list_evidence,
    load_contradictions,
    load_evidence,
    load_evidence_file,
    load_predictions,
)
from adckit.library.fits import load_fits
from adckit.mechanisms.vocabulary import specification
from adckit.parameters import Status
from adckit.studies.evidence_rankings import METHODS
from adckit.studies.evidence_run import fitted_with
from adckit.studies.protocol import load_protocol

FINDINGS = [f for name in list_evidence() for f in load_evidence(name).findings]
ROLES = {
    role: {f.evidence for f in FINDINGS if f.role == role}
    for role in ("calibrated", "predicted")
}
NOT_COMPARED = {
    # Maass 2016 has no identifier of its own, and nothing of it is simulated.
    "Lys_MCC_DM1_efflux_rate",
    # KATHERINE: the number of patients of its control arm is not in the sources.
    "neuropathy_background",
}
"""Fitted parameters whose data are not rows of the comparison."""


def test_every_product_has_evidence() -> None:
    assert set(list_products()) <= set(list_evidence())


def test_all_planned_predictions_are_somewhere() -> None:
    """Eleven were planned; each is a row, a ranking, or said not to be simulated."""
    named = {f.prediction for f in FINDINGS}
    for name in list_evidence():
        evidence = load_evidence(name)
        named |= {one.prediction for one in evidence.rankings}
        named |= {one.prediction for one in evidence.not_simulated}
    assert [one.name for one in load_predictions()] == [f"P{i}" for i in range(1, 12)]
    assert {one.name for one in load_predictions()} <= named


@pytest.mark.parametrize("name", list_products())
def test_no_fitted_parameter_has_seen_a_prediction(name: str) -> None:
    """Neither by the observation that its card names nor by another of those data."""
    used = set(fitted_with(load_product(name, settings={"organs": "card"})))
    assert used, "the cards name what parameters were fitted to"
    assert not used & ROLES["predicted"] - ROLES["calibrated"]
    predicted = [f for f in FINDINGS if f.role == "predicted"]
    assert not [f.evidence for f in predicted if used & set(f.same_data)]


def test_roles_do_not_mix() -> None:
    """An identifier stands for one table; all its numbers have one role."""
    assert not ROLES["calibrated"] & ROLES["predicted"]


def test_no_fit_has_seen_a_prediction() -> None:
    used = {identifier for fit in load_fits() for identifier in fit.evidence}
    assert not used & ROLES["predicted"]


@pytest.mark.parametrize("name", list_products())
def test_every_fitted_parameter_says_which_row_set_it(name: str) -> None:
    product = load_product(name, settings={"organs": "card"})
    fitted = {
        key
        for key, parameter in product.blueprint.parameters.items()
        if parameter.status is Status.FITTED
    }
    accounted = {key for f in FINDINGS for key in f.sets}
    assert fitted - accounted <= NOT_COMPARED


def test_rows_name_parameters_that_exist() -> None:
    species = ("DM1", "S_methyl_DM1", "Lys_MCC_DM1")
    for finding in FINDINGS:
        for name in finding.sets:
            assert specification(name, species) is not None, name


def test_tolerated_doses_are_levels_of_their_protocol() -> None:
    for name in list_evidence():
        for study in load_evidence(name).studies:
            for finding in study.findings:
                if finding.measure == "mtd":
                    assert study.protocol is not None
                    assert finding.value in load_protocol(study.protocol).doses


def test_contradictions_have_a_set_or_a_reason() -> None:
    """And every set of the library that is a choice between sources is among them."""
    known = {
        name
        for product in list_products()
        for name in load_product(product, settings={"organs": "card"}).options
    }
    named = {one.set for one in load_contradictions() if one.set is not None}
    assert named <= known
    assert known <= named
    for one in load_contradictions():
        assert one.set is not None or one.why.startswith("No set: ")


def test_a_contradiction_without_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("contradictions:\n  - {what: A against B}\n", encoding="utf-8")
    with pytest.raises(CardError, match="name a `set`, or say in `why` there is none"):
        load_evidence_file(path)


def test_rankings_have_a_method() -> None:
    for ranking in load_evidence("platform").rankings:
        assert ranking.method in METHODS


def test_nothing_recalled_is_an_observation() -> None:
    """A source that was recalled may only explain why something is not compared."""
    for finding in FINDINGS:
        assert "recalled" not in str(finding.source)


def test_unknown_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean mln2704"):
        load_evidence("mln2705")


BAD = """\
product: cantuzumab-mertansin
sources:
  a: {citation: "A 2000"}
studies:
  one:
    title: One
    regimen: 235 mg/m2 every now and then
    population: nobody
    findings:
      - {measure: exposure, of: conjugate, quantity: cmax, value: 1, unit: parsec/mole2,
         role: predicted, evidence: CM-PK-01, source: a}
      - {measure: dlt, events: 4, n: 3, role: predicted, evidence: CM-PK-01, source: b}
      - {measure: exposure, of: conjugate, quantity: smell, value: 1, unit: ug/mL,
         role: predicted, evidence: CM-PK-01, source: a}
      - {measure: exposure, of: conjugate, quantity: cmax, value: 1, unit: ug/mL,
         role: predicted, evidence: CM, source: a}
  two:
    title: Two
    findings:
      - {measure: mtd, value: 1, role: guessed, evidence: CM-CL-01, source: a}
"""


def test_all_problems_are_reported_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")
    with pytest.raises(CardError) as caught:
        load_evidence_file(path)
    found = {(i.where.rpartition(":")[2], i.what) for i in caught.value.issues}
    text = str(caught.value)
    assert "The evidence 'bad' cannot be used." in text
    for line, words in (
        ("1", "Unknown product 'cantuzumab-mertansin'. Did you mean"),
        ("7", "every now and then"),
        ("8", "Unknown population 'nobody'."),
        ("10", "parsec"),
        ("12", "Unknown source 'b'"),
        ("12", "the events not above n"),
        ("13", "quantity is one of cmax, ctrough"),
        ("16", "String should match pattern"),
        ("17", "A study needs `regimen` or `protocol`."),
        ("20", "'role'"),
    ):
        assert any(where == line and words in what for where, what in found), words


def test_a_predicted_observation_sets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mixed.yaml"
    path.write_text(
        "studies:\n  one:\n    title: One\n    regimen: 1 mg/kg once\n    findings:\n"
        "      - {measure: exposure, of: conjugate, quantity: cmax, value: 1, unit: "
        "ug/mL, role: predicted, sets: [clearance], evidence: CM-PK-01, "
        'source: {citation: "A 2000"}}\n',
        encoding="utf-8",
    )
    with pytest.raises(CardError, match="a predicted observation sets no parameter"):
        load_evidence_file(path)


def test_fits_have_positive_definite_correlations(tmp_path: Path) -> None:
    path = tmp_path / "fits.yaml"
    path.write_text(
        "fits:\n  a:\n    summary: A\n    script: a.py\n    evidence: [CM-PK-01]\n"
        "    parameters:\n      x: {value: 1.0, unit: L, log_sd: 0.1}\n"
        "      y: {value: 1.0, unit: L, log_sd: 0.1}\n"
        "    correlation: [[1.0, 1.5], [1.5, 1.0]]\n",
        encoding="utf-8",
    )
    with pytest.raises(CardError, match="is not positive definite"):
        load_fits(path)
