"""The first dose in humans in the tables, the summary and the report of a trial."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adckit.cli.main import main
from adckit.studies.protocol import load_protocol, protocol_text, read_protocol
from adckit.studies.protocol_first_dose import start_of_trial

RATES = "0.02,0.05,0.1,0.15,0.2,0.3,0.5"


def start(*changes: tuple[str, str]) -> dict[str, object]:
    text = protocol_text("phase1")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    found = start_of_trial(read_protocol(text, "mine", "mine.yaml"))
    assert found is not None
    return found.to_json()


def without(part: str) -> tuple[str, str]:
    """The line of the template that begins with this, to be taken out."""
    lines = protocol_text("phase1").splitlines(keepends=True)
    return next(line for line in lines if line.startswith(f"  {part}:")), ""


def test_both_doses_and_the_one_that_the_protocol_begins_with() -> None:
    found = start()
    assert found["tolerated"] == pytest.approx(40 * 6 / 10)
    assert found["active"] == pytest.approx(235 * 2 / 12.9)
    assert found["proposed"] == found["tolerated"]
    assert found["begins"] == 22
    assert start(("name: 3+3", "start: 2\n  name: 3+3"))["begins"] == 44


def test_every_number_of_the_template_is_marked_as_assumed() -> None:
    steps = start()["steps"]
    assert isinstance(steps, list)
    given = ("STD10, rat", "HNSTD, cynomolgus", "exposure at which it acts")
    assert [s["why"] for s in steps if s["what"] in given] == ["assumed"] * 3


def test_units_and_scaling() -> None:
    changed = start(
        (
            "std10: {species: rat, dose: 40, unit: mg/kg",
            "std10: {species: rat, dose: 240000, unit: ug/m2",
        ),
        ("target: 2 ug/mL", "target: 2000 ng/mL"),
    )
    for name in ("tolerated", "active"):
        assert changed[name] == pytest.approx(start()[name])
    by_weight = start(("per: surface", "per: weight"))
    assert by_weight["tolerated"] == pytest.approx(37 * 15 / 6)


def test_one_of_the_two_is_enough() -> None:
    only = start(without("std10"), without("hnstd"))
    assert only["tolerated"] is None
    assert only["proposed"] == only["active"]
    assert start_of_trial(load_protocol("cantuzumab-q3w")) is None
    assert start_of_trial(load_protocol("phase2")) is None


def test_it_is_printed_stored_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["trial", "phase1", "--dlt-rates", RATES, "--replicates", "3"]
    assert main([*call, "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    page = (tmp_path / "report.html").read_text()
    for words in ("tolerated by animals", "a sixth of HNSTD", "0.92 times that dose"):
        assert words in printed
        assert words in page.split("The protocol</h2>")[0]
    stored = json.loads((tmp_path / "summary.json").read_text())
    assert stored["first_in_human"] == start()
