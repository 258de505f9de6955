"""`adckit assay`: the table, the folder, the repetition, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from adckit.io.tables import read_table, read_units
from tests.cli.conftest import Command

FILES = {
    "run.json",
    "summary.json",
    "doses.csv",
    "doses.parquet",
    "curves.parquet",
    "status.parquet",
}
REPORT = {"report.html", "dose-response.png", "time-courses.png"}
QUICK = ("--hours", "48", "--doses", "0.001..1 ug/mL")


def test_an_assay_fills_a_folder(adckit: Command, tmp_path: Path) -> None:
    outcome = adckit("assay", "T-DM1", "--cells", "skbr3", *QUICK, "-o", "run")
    assert (outcome.code, outcome.errors) == (0, "")
    folder = tmp_path / "run"
    assert {path.name for path in folder.iterdir()} == FILES | REPORT
    assert "IC50, half of the effect reached" in outcome.output
    assert "0.013*" in outcome.output
    assert "it is no prediction" in outcome.output
    (line,) = json.loads((folder / "summary.json").read_text())
    assert line["line"] == "SK-BR-3"
    assert line["published"][0]["role"] == "calibrated"
    with (folder / "doses.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = read_table(folder / "doses.parquet")
    assert [float(row["viability"]) for row in rows] == table["viability"].tolist()
    assert read_units(folder / "doses.parquet")["concentration"] == "ug/mL"
    wells = read_table(folder / "curves.parquet")
    assert set(wells["subject"]) >= {"control", "0.001", "1"}
    report = (folder / "report.html").read_text()
    for text in ("trastuzumab-emtansine on SK-BR-3", "Lewis Phillips", "half kill"):
        assert text in report


def test_an_assay_can_be_repeated(adckit: Command, tmp_path: Path) -> None:
    mine = tmp_path / "line.yaml"
    mine.write_text("based_on: KPL-4\nsummary: ours\n", encoding="utf-8")
    first = ("assay", "T-DM1", "--cells", "line.yaml", *QUICK, "--no-report")
    assert adckit(*first, "-o", "run").code == 0
    again = adckit(*first, "-o", "run")
    assert again.code == 0  # the same run may be written again
    mine.unlink()
    repeated = adckit("replay", "run", "-o", "copy")
    assert repeated.output == "Identical: every value of every curve is the same.\n"
    assert repeated.code == 0
    assert {path.name for path in (tmp_path / "copy").iterdir()} == FILES | REPORT
    other = adckit("assay", "T-DM1", "--cells", "N87", *QUICK, "-o", "run")
    assert other.code == 2
    assert "holds another run" in other.errors


def test_a_mixed_culture_has_a_table_for_each_line(adckit: Command) -> None:
    lines = ("--cells", "SK-BR-3", "--cells", "MDA-MB-468", "--mix", "25%")
    outcome = adckit("assay", "T-DM1", *lines, *QUICK, "--no-report")
    assert outcome.code == 0
    for name in ("SK-BR-3", "MDA-MB-468", "all cells"):
        assert f"\n{name}\n" in outcome.output
    assert "adckit-runs/trastuzumab-emtansine-1" in outcome.output


def test_the_well_and_the_readout_are_options(adckit: Command, tmp_path: Path) -> None:
    well = ("--wells", "50 uL", "--seeding", "2000", "--washout", "4")
    how = ("--readout", "metabolic", "--delta", "0.2")
    outcome = adckit(
        "assay",
        "T-DM1",
        "--cells",
        "N87",
        *QUICK,
        *well,
        *how,
        "-o",
        "run",
        "--no-report",
    )
    assert "washed after 4 h" in outcome.output
    assert "viable + 0.2 x dying cells" in outcome.output
    settings = json.loads((tmp_path / "run" / "run.json").read_text())["request"][
        "base"
    ]["settings"]
    assert settings["medium_volume"] == "50 uL"
    assert settings["seeded_cells"] == "2000.0 cells"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cells", "COLO-205"), "has no number of HER2 per cell"),
        (("--cells", "SKBR"), "setting 'cells': Unknown cell line 'SKBR'"),
        (("--cells", "nothing.yaml"), "Cannot read the card"),
        (("--cells", "N87", "--hours", "-1"), "-1 hours are no assay"),
        (("--cells", "N87", "--doses", "5"), "'5' is no list of concentrations"),
        (("--cells", "N87", "--mix", "25%"), "is about more than one line"),
        (("--cells", "N87", "--wells", "100"), "'100' has no unit. Write 100 uL"),
        (("--cells", "N87", "--set", "cells=N87"), "'cells' is set twice"),
        (("--cells", "N87", "--points", "none.csv"), "Cannot read the points"),
        (tuple(["--cells", "N87"] * 5), "5 lines in one dish are too many"),
    ],
)
def test_what_makes_no_sense_is_said(
    adckit: Command, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    outcome = adckit("assay", "T-DM1", *arguments)
    assert outcome.code == 2
    assert message in outcome.errors
    assert "Traceback" not in outcome.errors
    assert not list(tmp_path.iterdir())


def test_a_foreign_folder_is_left_alone(adckit: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    outcome = adckit("assay", "T-DM1", "--cells", "N87", "-o", "mine")
    assert outcome.code == 2
    assert "holds notes.txt and no run" in outcome.errors
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_list_and_show_know_cell_lines(adckit: Command) -> None:
    assert "SK-BR-3" in adckit("list").output
    shown = adckit("show", "SK-BR-3")
    assert shown.code == 0
    for text in (
        "Breast cancer, HER2 3+",
        "With an antibody to HER2",
        "receptors_per_cell = 1.12e+06",
        "[calibrated]",
        "kill_hill = 2.7  [fitted to:",
    ):
        assert text in shown.output
    product = adckit("show", "T-DM1", "--set", "cells=SK-BR-3")
    assert "Medium: depleting (A8)" in product.output
