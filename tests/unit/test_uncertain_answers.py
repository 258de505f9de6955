"""Bands of both kinds, what decides, and how they are written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from adckit.errors import AdckitError
from adckit.io.tables import read_table, read_units
from adckit.prepared import Prepared, prepare
from adckit.report.uncertainty_report import (
    band_table,
    uncertainty_section,
    write_uncertainty,
)
from adckit.studies.population import Sampler
from adckit.studies.uncertain_answers import UncertainAnswers, uncertain_answers

SMALL = {"delivery": "none", "kill": "none", "payload": "none"}


@pytest.fixture(scope="module")
def small() -> Prepared:
    return prepare("trastuzumab-emtansine", SMALL)


@pytest.fixture(scope="module")
def found(small: Prepared) -> UncertainAnswers:
    return uncertain_answers(small, "3.6 mg/kg q3w x2", draws=6, subjects=5)


def test_bands_of_every_kind_and_output(found: UncertainAnswers) -> None:
    bands = found.bands
    assert bands.times[-1] == 42
    for name in ("conjugate", "total_antibody", "mean_dar"):
        for band in (bands.parameters, bands.subjects, bands.both):
            assert band[name].median.shape == bands.times.shape
    assert (found.draws, found.subjects) == (6, 5)


def test_headlines_are_those_that_the_model_has(found: UncertainAnswers) -> None:
    assert list(found.swings) == ["AUC of conjugate"]
    assert found.units["AUC of conjugate"] == "ug d/mL"
    first = found.swings["AUC of conjugate"][0].uncertainty.parameter.name
    assert first in ("clearance", "deconjugation_rate")


def test_organs_and_plain_drugs_have_headlines_of_their_own() -> None:
    ready = prepare("trastuzumab-emtansine", {**SMALL, "organs": "platelets"})
    organs = uncertain_answers(ready, "3.6 mg/kg once", days=15, draws=2, subjects=2)
    assert "lowest platelets" in organs.swings
    assert "platelets" in organs.bands.typical
    plain = prepare("two-compartment")
    drug = uncertain_answers(plain, "100 mg once", days=7, draws=2, subjects=2)
    assert list(drug.swings) == ["AUC of drug", "peak of drug"]


def test_subjects_are_those_of_the_source(small: Prepared) -> None:
    assert small.product is not None
    light = Sampler(small.product, "her2-breast", 1)
    same = Sampler(small.product, "her2-breast", 1)
    other = Sampler(small.product, "her2-breast", 2)

    def band(source: Sampler) -> np.ndarray:
        answers = uncertain_answers(
            small, "3.6 mg/kg once", days=21, source=source, draws=3, subjects=4
        )
        return answers.bands.subjects["conjugate"].high

    assert (band(light) == band(same)).all()
    assert (band(light) != band(other)).any()


def test_the_seed_draws_the_parameters(small: Prepared) -> None:
    highs = [
        uncertain_answers(
            small, "3.6 mg/kg once", days=7, draws=4, subjects=2, seed=seed
        )
        .bands.parameters["conjugate"]
        .high
        for seed in (1, 1, 2)
    ]
    assert (highs[0] == highs[1]).all()
    assert (highs[0] != highs[2]).any()


def test_what_cannot_be_worked_out(small: Prepared) -> None:
    with pytest.raises(AdckitError, match="1 draws of 5 subjects give no band"):
        uncertain_answers(small, "1 mg/kg once", draws=1, subjects=5)
    with pytest.raises(AdckitError, match="for a regimen, not for dose records"):
        uncertain_answers(small, [], draws=2, subjects=2)


def test_the_table_holds_every_band(found: UncertainAnswers, tmp_path: Path) -> None:
    write_uncertainty(tmp_path, found, "T-DM1", report=False)
    assert {path.name for path in tmp_path.iterdir()} == {
        "uncertainty.parquet",
        "tornado.json",
    }
    table = read_table(tmp_path / "uncertainty.parquet")
    assert list(table) == list(band_table(found))
    rows = (table["output"] == "conjugate") & (table["kind"] == "both")
    assert (table["high"][rows] == found.bands.both["conjugate"].high).all()
    units = read_units(tmp_path / "uncertainty.parquet")
    assert (units["time"], units["conjugate"]) == ("day", "ug/mL")


def test_the_tornado_is_plain_data(found: UncertainAnswers, tmp_path: Path) -> None:
    write_uncertainty(tmp_path, found, "T-DM1", report=False)
    data = json.loads((tmp_path / "tornado.json").read_text(encoding="utf-8"))
    area = data["AUC of conjugate"]
    one = next(p for p in area["parameters"] if p["parameter"] == "clearance")
    assert one["high"] < area["base"] < one["low"]
    assert one["ends"][0] < one["value"] < one["ends"][1]
    assert one["known"] == "calibration 'tdm1-pk'"


def test_the_section_stands_alone(found: UncertainAnswers, tmp_path: Path) -> None:
    write_uncertainty(tmp_path, found, "T-DM1")
    section = str(uncertainty_section(tmp_path, found))
    assert section.count('src="data:image/png;base64,') == 2
    assert "6 draws" in section
    assert "5 subjects" in section
    assert "calibration &#39;tdm1-pk&#39;" in section
    assert 'src="http' not in section
