"""`adckit simulate --uncertainty`: folders, repetition, messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adckit.io.chunks import file_hash
from tests.cli.conftest import Command

SMALL = [
    *("simulate", "T-DM1", "--days", "21"),
    *("--set", "delivery=none", "--set", "kill=none", "--set", "payload=none"),
]
DRAWS = ["--uncertainty", "--draws", "4"]
FILES = {"uncertainty.parquet", "tornado.json", "uncertainty.png", "tornado.png"}


def test_a_run_has_two_bands_and_what_decides(adckit: Command, tmp_path: Path) -> None:
    outcome = adckit(*SMALL, *DRAWS, "-o", "run")
    assert outcome.code == 0
    assert "What decides, of what is not known" in outcome.output
    assert "deconjugation rate" in outcome.output
    assert {path.name for path in (tmp_path / "run").iterdir()} >= FILES
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "What is not known, and how subjects differ" in page
    assert "Which parameters decide" in page
    assert page.count('src="data:image/png') == 2


def test_it_can_be_repeated(adckit: Command, tmp_path: Path) -> None:
    adckit(*SMALL, *DRAWS, "--no-report", "-o", "run")
    assert not (tmp_path / "run" / "tornado.png").exists()
    outcome = adckit("replay", "run", "-o", "again")
    assert outcome.code == 0
    assert "Bands: Identical: every value of every curve is the same." in outcome.output
    for name in ("uncertainty.parquet", "tornado.json"):
        assert file_hash(tmp_path / "run" / name) == file_hash(
            tmp_path / "again" / name
        )


def test_other_bands_are_another_run(adckit: Command) -> None:
    adckit(*SMALL, *DRAWS, "--no-report", "-o", "run")
    outcome = adckit(*SMALL, *DRAWS, "--seed", "2", "--no-report", "-o", "run")
    assert outcome.code == 2
    assert "holds another run" in outcome.errors


def test_a_run_without_draws_says_nothing_of_them(
    adckit: Command, tmp_path: Path
) -> None:
    outcome = adckit(*SMALL, "--no-report", "-o", "run")
    assert outcome.code == 0
    assert not {path.name for path in (tmp_path / "run").iterdir()} & FILES
    request = json.loads((tmp_path / "run" / "run.json").read_text())["request"]
    assert "draws" not in request


def test_many_subjects_have_bands_too(adckit: Command, tmp_path: Path) -> None:
    many = [*SMALL, "--subjects", "12", *DRAWS]
    assert adckit(*many, "-o", "run").code == 0
    folder = tmp_path / "run"
    assert {path.name for path in folder.iterdir()} >= FILES
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Which parameters decide" in page
    assert "12 subjects differ" in page
    before = file_hash(folder / "uncertainty.parquet")
    assert adckit("resume", "run", "--no-report").code == 0
    assert file_hash(folder / "uncertainty.parquet") == before
    again = adckit("replay", "run")
    assert again.code == 0
    assert "Bands: Identical" in again.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--draws", "4"], "--draws is the number of draws of --uncertainty"),
        ([*DRAWS, "--compare", "mln2704"], "--compare does not go with --uncertainty"),
        ([*DRAWS, "--engine", "reference"], "--engine does not go with --uncertainty"),
        ([*DRAWS, "--doses", "x.csv"], "--doses does not go with --uncertainty"),
    ],
)
def test_what_does_not_go_together(
    adckit: Command, arguments: list[str], message: str
) -> None:
    outcome = adckit(*SMALL, *arguments)
    assert outcome.code == 2
    assert message in outcome.errors
