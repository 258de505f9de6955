"""`adckit scan` and its replay."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

AXES = ("--over", "affinity=0.1..10 nM", "--over", "antigen=1e4,1e6")
QUICK = ("--regimen", "3.6 mg/kg once", "--days", "7", "--points", "3")


def test_a_scan_fills_its_folder_and_prints_the_grid(adckit: Command) -> None:
    done = adckit("scan", "T-DM1", *AXES, *QUICK, "-o", "run")
    assert done.code == 0, done.errors
    assert "dissociation constant (affinity): 0.1 to 10 nM, 3 values" in done.output
    assert "the design itself" in done.output
    assert "Written to run; see run/report.html" in done.output
    files = {path.name for path in Path("run").iterdir()}
    assert files == {"run.json", "scan.parquet", "scan.csv", "scan.png", "report.html"}
    content = json.loads(Path("run/run.json").read_text())
    assert content["format"] == "scan 1"
    assert content["request"]["over"] == ["affinity=0.1..10 nM", "antigen=1e4,1e6"]


def test_a_scan_can_be_repeated(adckit: Command) -> None:
    first = adckit("scan", "T-DM1", *AXES, *QUICK, "-o", "run", "--no-report")
    assert first.code == 0, first.errors
    again = adckit("replay", "run", "-o", "again")
    assert again.code == 0, again.errors
    assert "All 24 numbers are identical." in again.output
    assert Path("again/report.html").exists()
    assert Path("again/scan.csv").read_text() == Path("run/scan.csv").read_text()


def test_a_repetition_that_differs_says_so(adckit: Command) -> None:
    adckit("scan", "T-DM1", *AXES, *QUICK, "-o", "run", "--no-report")
    path = Path("run/run.json")
    path.write_text(path.read_text().replace("3.6 mg/kg once", "3 mg/kg once", 1))
    refused = adckit("replay", "run")
    assert refused.code == 2
    assert "cannot be repeated as it was" in refused.errors
    forced = adckit("replay", "run", "--force")
    assert forced.code == 1
    assert "largest relative difference" in forced.output


def test_the_same_scan_may_be_written_again_and_no_other(adckit: Command) -> None:
    command = ("scan", "T-DM1", *AXES, *QUICK, "--no-report", "-o", "run")
    assert adckit(*command).code == 0
    assert adckit(*command).code == 0
    other = adckit(*command, "--set", "krogh_radius=60 um")
    assert other.code == 2
    assert "holds another run" in other.errors


def test_cards_of_the_current_folder_may_be_parts(adckit: Command) -> None:
    Path("mine.yaml").write_text("based_on: SMCC\nsummary: mine\n")
    command = ("scan", "T-DM1", "--over", "linker=SMCC,mine.yaml", *QUICK)
    done = adckit(*command, "--no-report", "-o", "run")
    assert done.code == 0, done.errors
    rows = Path("run/scan.csv").read_text().splitlines()
    assert (
        rows[1].partition(",")[2] == rows[2].partition(",")[2]
    )  # SMCC by another name
    Path("mine.yaml").write_text("based_on: SPP\nsummary: mine\n")
    other = adckit(*command, "--no-report", "-o", "run")
    assert other.code == 2
    assert "holds another run" in other.errors


def test_points_that_fail_are_told(adckit: Command) -> None:
    axis = "krogh_radius=1e-300,75 um"
    done = adckit("scan", "T-DM1", "--over", axis, *QUICK, "--show", "kill")
    assert done.code == 1
    assert "1 of 2 grid points failed; they have no numbers." in done.errors
    assert "krogh_radius 1e-300 um: day 0:" in done.errors


def test_bad_scans_are_messages(adckit: Command) -> None:
    for arguments, words in (
        ((), "Nothing is varied"),
        (("--over", "affinity=9..1 nM"), "is reversed"),
        (("--over", "affinity=1..9 nM", "--show", "penetration"), "delivery=krogh"),
        (("--over", "affinity=1..9 nM", "--points", "1"), "1 points make no axis"),
        (
            ("--over", "dose=1,2 mg", "--regimen", "5 mgs once"),
            "'mgs' is not a unit of a dose",
        ),
    ):
        done = adckit("scan", "T-DM1", *arguments)
        assert done.code == 2, arguments
        assert words in done.errors
        assert "Traceback" not in done.errors
        assert not Path("adckit-runs").exists()
