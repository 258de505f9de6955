"""Study files: what a good one says, and every problem of a bad one at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from adckit.errors import AdckitError, CardError
from adckit.io.study_files import read_study

EXAMPLES = Path(__file__).parents[2] / "examples" / "studies"
STUDIES = sorted(EXAMPLES.glob("*.yaml"))

GOOD = """\
study: Two arms
product: T-DM1
tumour: KPL-4
start_volume: 150 mm3
animals: 6
size: 0.8 mL
arms:
  - {name: vehicle, control: true, animals: 10}
  - {name: dose, regimen: 3 mg/kg once, settings: {kill: linear}}
  - {name: other, product: cantuzumab-mertansine, tumour: LoVo, regimen: 3 mg/kg once}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> dict[str, str]:
    with pytest.raises(CardError) as caught:
        read_study(path)
    return {issue.where.rpartition("/")[2]: issue.what for issue in caught.value.issues}


def test_what_stands_above_holds_for_every_arm(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, GOOD))
    assert study.size_mm3 == pytest.approx(800)
    vehicle, dose, other = study.arms
    assert [arm.animals for arm in study.arms] == [10, 6, 6]
    assert all(arm.start_mm3 == pytest.approx(150) for arm in study.arms)
    assert all(arm.base.settings["host"] == "mouse" for arm in study.arms)
    assert vehicle.regimen is None
    assert dose.base.settings["kill"] == "linear"
    assert "kill" not in vehicle.base.settings
    assert (other.base.model, other.base.settings["tumour"]) == (
        "cantuzumab-mertansine",
        "LoVo",
    )


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_examples_can_be_read(path: Path) -> None:
    study = read_study(path)
    assert study.arms[0].regimen is None
    assert study.days


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("150 mm3", "0 mm3")
        .replace(
            "regimen: 3 mg/kg once, settings", "regimen: 3 mg/kg somtimes, settings"
        )
        .replace("name: other", "name: vehicle")
    )
    found = refused(write(tmp_path, text))
    assert "above 0" in found["study.yaml:4"]
    assert "'3 mg/kg somtimes'" in found["study.yaml:9"]
    assert "Two arms are called 'vehicle'" in found["study.yaml:10"]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("tumour: KPL-4", "tumor: KPL-4", 3, "Did you mean tumour"),
        ("product: T-DM1\n", "", 7, "No product is named"),
        ("control: true", "control: false", 8, "has no regimen. Add `regimen:"),
        ("control: true", "control: true, regimen: 1 mg/kg once", 8, "is a control"),
        ("tumour: KPL-4", "tumour: KPL-5", 8, "Unknown tumour 'KPL-5'"),
        ("tumour: KPL-4", "host: mousse", 8, "Unknown host 'mousse'"),
        ("animals: 6", "animals: -6", 5, "greater than or equal to 0"),
        ("kill: linear", "kil: linear", 9, "Unknown setting 'kil'"),
    ],
)
def test_a_problem_is_told_with_its_line(
    old: str, new: str, line: int, what: str, tmp_path: Path
) -> None:
    found = refused(write(tmp_path, GOOD.replace(old, new, 1)))
    assert what in found[f"study.yaml:{line}"]


def test_no_arms_and_no_file(tmp_path: Path) -> None:
    found = refused(write(tmp_path, "study: x\nproduct: T-DM1\narms: []\n"))
    assert "at least 1" in found["study.yaml:3"]
    with pytest.raises(AdckitError, match="Cannot read the study"):
        read_study(tmp_path / "none.yaml")
