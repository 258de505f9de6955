"""Input that makes no sense: one clear message, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

CANTUZUMAB = "cantuzumab-mertansine"

CASES = {
    "unknown name": (
        ["simulate", "cantuzumab-mertansin"],
        [
            "Unknown product 'cantuzumab-mertansin'",
            "Did you mean cantuzumab-mertansine",
        ],
    ),
    "unknown name to show": (["show", "T-DM2"], ["Unknown product 'T-DM2'", "T-DM1"]),
    "unknown name to compare": (
        ["simulate", "two-compartment", "--compare", "T-DM2"],
        ["Unknown product 'T-DM2'"],
    ),
    "unknown method": (
        ["simulate", "two-compartment", "--regimen", "1 mg once", "--method", "rodas"],
        ["Unknown method 'rodas'", "rodas5p"],
    ),
    "file that is not there": (
        ["simulate", "mine.yaml"],
        ["Cannot read the card 'mine.yaml'", "No such file"],
    ),
    "unknown tumour": (
        ["simulate", CANTUZUMAB, "--tumor", "colorectum"],
        ["Unknown tumour 'colorectum'", "colorectal"],
    ),
    "wrong dimension": (
        ["simulate", CANTUZUMAB, "--set", "clearance=1 kg"],
        ["setting 'clearance'", "'kg'", "L/day"],
    ),
    "unknown unit": (
        ["simulate", CANTUZUMAB, "--set", "clearance=1 L/fortnight"],
        ["setting 'clearance'", "L/fortnight"],
    ),
    "negative clearance": (
        ["simulate", CANTUZUMAB, "--set", "clearance=-1 L/day"],
        ["-1 L/day is outside its limits"],
    ),
    "unknown setting": (
        ["simulate", CANTUZUMAB, "--set", "clearence=1 L/day"],
        ["Unknown setting 'clearence'", "Did you mean clearance"],
    ),
    "setting without a value": (
        ["simulate", CANTUZUMAB, "--set", "clearance"],
        ["--set 'clearance' is not KEY=VALUE", "0.3 L/day"],
    ),
    "setting given twice": (
        ["simulate", CANTUZUMAB, "--set", "tumour=gastric", "--tumor", "nsclc"],
        ["'tumour' is set twice", "'gastric' and 'nsclc'"],
    ),
    "uptake counted twice": (
        ["simulate", "T-DM1", "--set", "target_disposition=full"],
        ["would count the antigen's uptake twice", "A set without it: pk=TDM1-MM"],
    ),
    "impossible load": (
        ["simulate", CANTUZUMAB, "--set", "dar=40"],
        ["setting 'dar'"],
    ),
    "unknown unit of dose": (
        ["simulate", CANTUZUMAB, "--regimen", "235 mg/m3 q3w"],
        ["  235 mg/m3 q3w\n      ^^^^"],
    ),
    "regimen that cannot be read": (
        ["simulate", CANTUZUMAB, "--regimen", "235 mg/m2 every blue moon"],
        ["  235 mg/m2 every blue moon\n", "^"],
    ),
    "overlapping infusions": (
        ["simulate", CANTUZUMAB, "--regimen", "235 mg/m2 qd over 48 h"],
        ["Infusions overlap", "^"],
    ),
    "regimen and table": (
        ["simulate", CANTUZUMAB, "--regimen", "1 mg once", "--doses", "doses.csv"],
        ["--doses and --regimen"],
    ),
    "columns of no table": (
        ["simulate", CANTUZUMAB, "--ignore", "AGE"],
        ["--ignore", "--doses"],
    ),
    "table that is not there": (
        ["simulate", CANTUZUMAB, "--doses", "doses.csv"],
        ["There is no dosing table 'doses.csv'"],
    ),
    "unknown engine": (
        ["simulate", "two-compartment", "--engine", "cpus"],
        ["Unknown engine 'cpus'", "Did you mean cpu"],
    ),
    "days below zero": (
        ["simulate", "two-compartment", "--days", "-3"],
        ["days is -3", "above 0"],
    ),
    "days that are no number": (
        ["simulate", "two-compartment", "--days", "many"],
        ["--days"],
    ),
    "endless days": (
        ["simulate", "two-compartment", "--days", "nan"],
        ["days is nan"],
    ),
    "tolerance out of range": (
        ["simulate", "two-compartment", "--rtol", "5"],
        ["rtol is 5", "1e-13 to 0.1"],
    ),
    "no name": (["simulate"], ["NAME|FILE"]),
    "unknown option": (["simulate", "two-compartment", "--tumr", "x"], ["--tumr"]),
    "unknown command": (["simulat"], ["simulat"]),
    "no run to repeat": (
        ["replay", "nowhere"],
        ["Cannot read 'nowhere/run.json'", "adckit simulate"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_with_one_message(adckit: Command, tmp_path: Path, case: str) -> None:
    arguments, fragments = CASES[case]
    outcome = adckit(*arguments)
    assert outcome.code == 2
    assert outcome.output == ""
    for fragment in fragments:
        assert fragment in outcome.errors
    assert "Traceback" not in outcome.errors
    assert list(tmp_path.iterdir()) == []


TABLES = {
    "NaN": ("ID,TIME,AMT\n1,0,NaN\n", ["doses.csv:2", "AMT is 'NaN'"]),
    "RATE -2": ("ID,TIME,AMT,RATE\n1,0,9,-2\n", ["doses.csv:2", "RATE is -2"]),
    "SS 3": ("ID,TIME,AMT,II,SS\n1,0,9,7,3\n", ["SS is 3, which is not supported"]),
    "EVID 7": ("ID,TIME,AMT,EVID\n1,0,9,7\n", ["EVID is 7"]),
    "no port": ("ID,TIME,AMT,CMT\n1,0,9,8\n", ["CMT is 8", "1 = central"]),
    "covariate without a meaning": (
        "ID,TIME,AMT,AGE\n1,0,9,60\n",
        ["column 'AGE'", "no parameter", "--ignore AGE"],
    ),
    "covariate that changes": (
        "ID,TIME,AMT,body_weight\n1,0,9,60\n1,7,9,70\n",
        ["column 'body_weight' that changes", "--ignore body_weight"],
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_tables_are_refused_by_line(adckit: Command, tmp_path: Path, case: str) -> None:
    text, fragments = TABLES[case]
    (tmp_path / "doses.csv").write_text(text)
    outcome = adckit("simulate", "two-compartment", "--doses", "doses.csv")
    assert outcome.code == 2
    assert outcome.output == ""
    for fragment in fragments:
        assert fragment in outcome.errors
    assert [path.name for path in tmp_path.iterdir()] == ["doses.csv"]


def test_all_problems_of_a_card_at_once(adckit: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "based_on: cantuzumab-mertansine\n"
        "colour: red\n"
        "load: {fractions: [0.5, 0.6], status: assumed, source: {citation: x}}\n"
        "parameters:\n"
        "  clearance:\n"
        "    {value: -1, unit: L/day, status: assumed, source: {citation: x}}\n"
    )
    outcome = adckit("simulate", "mine.yaml")
    assert outcome.code == 2
    assert "3 problems" in outcome.errors
    assert "mine.yaml:2: Unknown key 'colour'" in outcome.errors
    assert "mine.yaml:3: The fractions sum to 1.1" in outcome.errors
    assert "outside its limits" in outcome.errors


def test_a_folder_with_other_things_is_left_alone(
    adckit: Command, tmp_path: Path
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("precious")
    outcome = adckit("simulate", "two-compartment", "-o", "thesis")
    assert outcome.code == 2
    assert "The folder 'thesis' holds chapter.txt and no run" in outcome.errors
    assert [p.name for p in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]


def test_a_file_is_no_folder(adckit: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("precious")
    outcome = adckit("simulate", "two-compartment", "-o", "notes.txt")
    assert outcome.code == 2
    assert "'notes.txt' is a file" in outcome.errors
    assert (tmp_path / "notes.txt").read_text() == "precious"
