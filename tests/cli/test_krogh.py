"""`adckit simulate --delivery krogh`: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.io.tables import read_table, read_units
from tests.cli.conftest import Command

FEW = ("--delivery", "krogh", "--set", "radial_cells=10")


def test_one_subject_prints_and_keeps_its_rings(
    adckit: Command, tmp_path: Path
) -> None:
    outcome = adckit("simulate", "T-DM1", *FEW, "--spacings", "3", "-o", "run")
    assert outcome.code == 0
    heading = "Inside the tumour (Krogh cylinders, 3 spacings of 10 rings)"
    assert heading in outcome.output
    assert "Phi at Cmax" in outcome.output
    assert max(map(len, outcome.output.splitlines())) <= 100
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"rings.png", "profiles.parquet", "report.html"} <= names
    table = read_table(tmp_path / "run" / "profiles.parquet")
    assert set(table["spacing"]) == {1, 2, 3}
    assert set(table["ring"]) == set(range(1, 11))
    assert np.isfinite(table["antibody_in_ring"]).all()
    assert read_units(tmp_path / "run" / "profiles.parquet")["radius"] == "um"


def test_option_is_the_setting_and_replay_is_identical(
    adckit: Command, tmp_path: Path
) -> None:
    adckit("simulate", "T-DM1", *FEW, "-o", "run", "--no-report")
    before = (tmp_path / "run" / "profiles.parquet").read_bytes()
    by_setting = ("--set", "radial_cells=10", "--set", "delivery=krogh")
    again = adckit("simulate", "T-DM1", *by_setting, "-o", "run", "--no-report")
    assert again.code == 0, again.errors  # the same run: its folder takes it
    assert (tmp_path / "run" / "profiles.parquet").read_bytes() == before
    outcome = adckit("replay", "run")
    assert outcome.code == 0
    assert outcome.output == "Identical: every value of every curve is the same.\n"


def test_beside_a_well_mixed_tumour(adckit: Command, tmp_path: Path) -> None:
    compared = ("--compare", "T-DM1", "-o", "run", "--days", "21", "--no-report")
    outcome = adckit("simulate", "T-DM1", *FEW, *compared)
    assert outcome.code == 0
    assert outcome.output.count("Inside the tumour") == 1
    table = read_table(tmp_path / "run" / "profiles.parquet")
    assert len(set(table["product"])) == 1


def test_many_subjects_have_curves_and_no_profiles(
    adckit: Command, tmp_path: Path
) -> None:
    many = ("--subjects", "4", "--curve", "penetration", "--days", "21", "--no-report")
    outcome = adckit("simulate", "T-DM1", *FEW, *many, "-o", "run")
    assert outcome.code == 0, outcome.errors
    assert "0 failed" in outcome.output
    assert not (tmp_path / "run" / "profiles.parquet").exists()


def test_show_takes_it_too(adckit: Command) -> None:
    outcome = adckit("show", "T-DM1", "--delivery", "krogh")
    assert outcome.code == 0
    assert "Krogh cylinders, 1 x 60 rings" in outcome.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--delivery", "krogh", "--set", "krogh_radius=5 um"),
            "the Krogh cylinder has no tissue: krogh_radius is 5 um and "
            "capillary_radius 8 um; give a larger krogh_radius",
        ),
        (
            ("--delivery", "krogh", "--set", "radial_cells=7"),
            "It is one of 60, 10, 15, 20, 30, 40, 80, 120, 240.",
        ),
        (("--set", "delivery=krgh"), "did you mean 'krogh'?"),
        (("--delivery", "krgh"), "did you mean 'krogh'?"),
        (
            ("--delivery", "krogh", "--set", "delivery=plasma"),
            "'delivery' is set twice",
        ),
        (("--delivery", "krogh", "--spacings", "2"), "It is one of 1, 3, 5."),
    ],
)
def test_what_makes_no_sense_is_refused(
    adckit: Command, options: tuple[str, ...], words: str
) -> None:
    outcome = adckit("simulate", "T-DM1", *options)
    assert outcome.code == 2
    assert words.lower() in outcome.errors.lower()
    assert "Traceback" not in outcome.errors
