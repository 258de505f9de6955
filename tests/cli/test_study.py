"""Studies of tumours in mice, from the words that a user types to the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adckit.io.tables import read_table
from tests.cli.conftest import Command

MOUSE = ["simulate", "trastuzumab-emtansine", "--host", "mouse", "--tumor", "KPL-4"]
STUDY = """\
study: Small study
product: T-DM1
tumour: my tumour.yaml
animals: 3
days: 14
arms:
  - {name: vehicle, control: true}
  - {name: dose, regimen: 3 mg/kg once}
"""
TUMOUR = "based_on: KPL-4\nsummary: A tumour of the user's own\n"


def test_a_tumour_in_a_mouse_has_a_control_beside_the_dose(
    adckit: Command, tmp_path: Path
) -> None:
    outcome = adckit(*MOUSE, "--regimen", "3 mg/kg once", "--days", "28", "-o", "run")
    assert outcome.code == 0, outcome.errors
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "run.json",
        "summary.json",
        "curves.parquet",
        "status.parquet",
        "report.html",
        "xenograft.png",
    }
    rows = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert [arm["arm"] for arm in rows["arms"]] == ["control", "3 mg/kg once"]
    dose = rows["arms"][1]
    assert dose["typical"]["inhibition"] > 50
    assert dose["group"] is None
    assert dose["exposure"]["conjugate_cmax_ug/mL"] == pytest.approx(63, rel=0.05)
    assert "TGI: growth inhibited until day 28" in outcome.output
    assert max(map(len, outcome.output.splitlines())) <= 100
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "data:image/png;base64," in page
    assert "adckit replay run" in page
    assert adckit("replay", "run").output.startswith("Identical")


def test_arms_with_groups_of_animals(adckit: Command, tmp_path: Path) -> None:
    words = ["--arm", "control", "--arm", "mixed: 1 mg/kg once + carrier 5 mg/kg once"]
    more = ["--animals", "4", "--start-volume", "120 mm3", "--days", "14", "-o", "run"]
    outcome = adckit(*MOUSE, *words, *more, "--no-report")
    assert outcome.code == 0, outcome.errors
    table = read_table(tmp_path / "run" / "curves.parquet")
    assert set(table["product"]) == {
        "control",
        "control, animals",
        "mixed",
        "mixed, animals",
    }
    rows = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert rows["arms"][1]["group"]["animals"] == 4
    assert rows["arms"][1]["typical"]["start"] == pytest.approx(120)


def test_no_control_leaves_the_ordinary_simulation(
    adckit: Command, tmp_path: Path
) -> None:
    outcome = adckit(
        *MOUSE, "--regimen", "3 mg/kg once", "--no-control", "--no-report", "-o", "run"
    )
    assert outcome.code == 0, outcome.errors
    assert "Half-life" in outcome.output


def test_a_study_file_is_repeated_without_its_files(
    adckit: Command, tmp_path: Path
) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "my tumour.yaml").write_text(TUMOUR)
    outcome = adckit("study", "study.yaml", "-o", "run", "--no-report")
    assert outcome.code == 0, outcome.errors
    for name in ("study.yaml", "my tumour.yaml"):
        (tmp_path / name).unlink()
    again = adckit("replay", "run", "-o", "again")
    assert again.code == 0, again.errors
    assert again.output.startswith("Identical")
    assert (tmp_path / "again" / "xenograft.png").exists()


def test_a_folder_with_another_study_is_left_alone(
    adckit: Command, tmp_path: Path
) -> None:
    (tmp_path / "study.yaml").write_text(STUDY.replace("my tumour.yaml", "KPL-4"))
    assert adckit("study", "study.yaml", "-o", "run", "--no-report").code == 0
    before = (tmp_path / "run" / "run.json").read_bytes()
    outcome = adckit("study", "study.yaml", "-o", "run", "--seed", "2", "--no-report")
    assert outcome.code == 2
    assert "holds another run. Nothing was written" in outcome.errors
    assert (tmp_path / "run" / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["simulate", "T-DM1", "--host", "mousse"],
            ["Unknown host 'mousse'", "mouse"],
        ),
        ([*MOUSE, "--arm", "3 mg/kg somtimes"], ["Arm '3 mg/kg somtimes'", "control"]),
        (
            [*MOUSE, "--arm", "control", "--arm", "control"],
            ["Two arms are called 'control'", "another name"],
        ),
        (
            [*MOUSE, "--arm", "3 mg/kg once", "--start-volume", "0 mm3"],
            ["--start-volume is '0 mm3'", "above 0"],
        ),
        (
            [*MOUSE, "--arm", "3 mg/kg once", "--compare", "mln2704"],
            ["--arm, --animals and --start-volume", "adckit study"],
        ),
        (
            ["simulate", "T-DM1", "--animals", "8"],
            ["--animals and --start-volume", "--host mouse and --tumor"],
        ),
        (
            ["simulate", "T-DM1", "--host", "cynomolgus", "--arm", "3 mg/kg once"],
            ["has no tumour in this host", "delivery=well-mixed"],
        ),
        (
            ["simulate", "T-DM1", "--host", "mouse", "--set", "host=rat"],
            ["'host' is set twice"],
        ),
        (["study", "none.yaml"], ["Cannot read the study 'none.yaml'"]),
    ],
)
def test_input_that_makes_no_sense(
    words: list[str], expected: list[str], adckit: Command, tmp_path: Path
) -> None:
    outcome = adckit(*words)
    assert outcome.code == 2
    for text in expected:
        assert text in outcome.errors
    assert "Traceback" not in outcome.errors
    assert list(tmp_path.iterdir()) == []


def test_show_says_what_was_scaled(adckit: Command) -> None:
    outcome = adckit("show", "mln2704", "--host", "rat")
    assert "Scaled by body weight from human" in outcome.output
    assert "Scaled by body weight from" not in adckit("show", "mln2704").output


def test_a_simulation_says_what_was_scaled(adckit: Command, tmp_path: Path) -> None:
    words = ["simulate", "mln2704", "--host", "rat", "--regimen", "10 mg/kg once"]
    outcome = adckit(*words, "-o", "run")
    assert outcome.code == 0, outcome.errors
    assert "scaled by body weight from another host: clearance, " in outcome.output
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "Scaled by body weight from human: 0.199 L/day/m2 x 1.85 m2" in page


def test_tumours_are_listed_with_the_names_that_people_use(adckit: Command) -> None:
    listed = " ".join(adckit("list").output.split())
    for name in ("KPL-4", "NCI-N87", "COLO 205", "HBCx-34"):
        assert name in listed
