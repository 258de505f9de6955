"""`adckit trial`: tables, folders, resuming, messages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from adckit.cli.main import main
from adckit.io.chunks import file_hash
from adckit.studies.protocol import protocol_text
from tests.cli.conftest import Command

RATES = "0.02,0.05,0.10,0.15,0.20,0.30,0.50"
TYPED = ["trial", "cantuzumab-q3w", "--dlt-rates", RATES, "--replicates", "250"]
"""Three chunks of replicates, without a model."""
PATHS = ("run.json", "report.html")
"""Files that name the folder."""


def tables(folder: Path) -> dict[str, str]:
    """Every file that must not depend on how the run went, with its hash."""
    return {
        str(path.relative_to(folder)): file_hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (*PATHS, ".lock")
    }


def written(folder: Path, name: str, *changes: tuple[str, str]) -> str:
    """A protocol of the library with pieces replaced, as a file."""
    text = protocol_text(name)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "mine.yaml"
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An escalation with typed probabilities, never stopped."""
    folder = tmp_path_factory.mktemp("trials") / "typed"
    assert main([*TYPED, "-o", str(folder)]) == 0
    return folder


def test_an_escalation_has_tables_and_a_report(typed: Path) -> None:
    summary = json.loads((typed / "summary.json").read_text())
    assert summary["replicates"] == 250
    assert summary["failed"] == 0
    levels = summary["levels"]
    assert sum(row["selected"] for row in levels) == pytest.approx(1)
    assert sum(summary["subjects"].values()) == 250
    found = (
        duckdb.connect()
        .execute(
            "SELECT count_if(event = 'enrolled'), count_if(event = 'dlt') FROM "
            f"read_parquet('{typed}/events/*.parquet')"
        )
        .fetchone()
    )
    assert found is not None
    assert found[0] == pytest.approx(250 * sum(r.get("treated", 0) for r in levels))
    assert found[1] == pytest.approx(250 * sum(r.get("dlts", 0) for r in levels))
    page = (typed / "report.html").read_text()
    assert "Cantuzumab mertansine, phase I" in page
    assert "data:image/png;base64," in page
    assert "published MTD" in page
    assert "http" not in page.split("<main>")[1].split("The protocol")[0]
    assert (typed / "mtd.png").read_bytes().startswith(b"\x89PNG")


def test_what_a_crash_left_out_is_made_again(
    adckit: Command, typed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stopped"
    assert adckit(*TYPED, "-o", str(folder)).code == 0
    (folder / "trials" / "part-000001.parquet").unlink()
    (folder / "events" / "part-000001.parquet.part").write_text("torn")
    (folder / "summary.json").unlink()
    outcome = adckit("resume", str(folder))
    assert outcome.code == 0, outcome.errors
    assert tables(folder) == tables(typed)


def test_the_same_command_goes_on_and_another_is_refused(
    adckit: Command, typed: Path
) -> None:
    before = tables(typed)
    assert adckit(*TYPED, "-o", str(typed)).code == 0
    assert tables(typed) == before
    other = adckit(*TYPED, "--seed", "2", "-o", str(typed))
    assert other.code == 2
    assert "holds another run. Nothing was written" in other.errors
    assert tables(typed) == before


def test_the_table_of_an_escalation(adckit: Command) -> None:
    outcome = adckit(*TYPED, "--no-report")
    assert outcome.code == 0
    for words in ("called MTD", "235 mg/m2", "no MTD", "within one level in"):
        assert words in outcome.output
    assert "summary.json" in outcome.output.splitlines()[-1]


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no SIGINT for others")
def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "adckit", "trial", "cantuzumab-q3w"),
            *("--dlt-rates", RATES, "--replicates", "100000", "-o", str(folder)),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ},
    )
    until = time.monotonic() + 60
    while not list(folder.glob("trials/part-*.parquet")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert "trials are done and kept" in errors
    assert "adckit resume" in errors
    assert list(folder.glob("trials/part-*.parquet"))


def test_threads_change_nothing(adckit: Command, tmp_path: Path) -> None:
    folders = []
    for threads in ("1", "2"):
        folder = tmp_path / threads
        call = ["trial", "cantuzumab-q3w", "--replicates", "5", "--threads", threads]
        assert adckit(*call, "--no-report", "-o", str(folder)).code == 0
        folders.append(tables(folder))
    assert folders[0] == folders[1]


def test_arms_with_responses(adckit: Command, tmp_path: Path) -> None:
    """Two arms; adding one changes nobody in the other."""
    phase2 = protocol_text("phase2")
    start, end = phase2.index("  gastric"), phase2.index("design:")
    few = (phase2[start:end], "")
    short = ("follow_up: 252 days", "follow_up: 126 days")
    both, one = tmp_path / "both", tmp_path / "one"
    path = written(tmp_path, "phase2", few, short)
    outcome = adckit("trial", path, "--replicates", "2", "-o", str(both))
    assert outcome.code == 0, outcome.errors
    for words in ("responded", "PFS, months", "success", "dose reduced", "colorectal"):
        assert words in outcome.output
    assert "Response is not calibrated" in outcome.output
    names = {path.name for path in both.iterdir()}
    pictures = {"survival.png", "waterfall-colorectal.png", "swimmer-colorectal.png"}
    assert pictures | {"spider-pancreatic.png"} <= names
    start = phase2.index("  pancreatic")
    path = written(tmp_path, "phase2", (phase2[start:end], ""), short)
    assert adckit("trial", path, "--replicates", "2", "-o", str(one)).code == 0
    query = (
        "SELECT * FROM read_parquet('{}/{}/*.parquet') WHERE arm = 'colorectal' "
        "ORDER BY ALL"
    )
    for table in ("events", "responses", "scans"):
        found = [
            duckdb.connect().execute(query.format(folder, table)).fetchall()
            for folder in (both, one)
        ]
        assert found[0]
        assert found[0] == found[1]


def test_templates_and_decisions_are_printed(adckit: Command, tmp_path: Path) -> None:
    text = adckit("trial", "--template", "phase1").output
    assert text == protocol_text("phase1")
    (tmp_path / "my.yaml").write_text(text)
    table = adckit("trial", "my.yaml", "--decisions")
    assert table.code == 0
    assert "back one level" in table.output
    assert adckit("trial", "my.yaml", "--decisions", "-o", "table.csv").code == 0
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines[:3] == ["treated,dlts,next", "3,0,next level", "3,1,three more"]
    again = adckit("trial", "my.yaml", "--decisions", "-o", "table.csv")
    assert again.code == 2
    assert "exists and was left as it is" in again.errors
    rules = adckit("trial", "phase2", "--decisions")
    assert "r1=0" in rules.output
    crm = adckit("trial", "trastuzumab-emtansine-japan", "--decisions")
    assert "next level" in crm.output


def test_the_library_is_run_again(adckit: Command) -> None:
    outcome = adckit("trial", "--library", "--replicates", "2")
    assert outcome.code == 0
    for name in ("cantuzumab-q3w", "bivatuzumab-weekly", "trastuzumab-emtansine-q3w"):
        assert name in outcome.output
    assert "235 mg/m2" in outcome.output
    assert "cantuzumab-q3w*" in outcome.output  # the model was fitted with it
    assert "cantuzumab-weekly*" not in outcome.output  # predicted from q3w
    assert "trastuzumab-emtansine-q3w*" not in outcome.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("88, 132", "88, 44", "Dose level 4 (44) is not above level 3 (88)"),
        (
            "name: 3+3    ",
            "name: boin\n  cohort_size: 0",
            "A cohort of 0 subjects finds nothing",
        ),
        ("window: 21 days", "window: 200 days", "longer than the follow-up"),
        ("name: 3+3    ", "name: 3+4    ", "Unknown design '3+4'. Did you mean 3+3?"),
        (
            "{laboratory: ast, grade: 3}",
            "{laboratory: platelets, grade: 4}",
            "no laboratory value 'platelets'",
        ),
    ],
    ids=["levels", "cohort", "window", "design", "laboratory"],
)
def test_a_protocol_that_makes_no_sense(
    adckit: Command, tmp_path: Path, old: str, new: str, words: str
) -> None:
    """One problem, the line that it is in, and nothing is run."""
    lines = protocol_text("phase1").splitlines()
    text = "\n".join(part for part in lines if not part.startswith("  confirm"))
    assert old in text
    text = text.replace(old, new, 1) + "\n"
    (tmp_path / "mine.yaml").write_text(text)
    wrong = new.splitlines()[-1].strip()
    line = next(n for n, row in enumerate(text.splitlines(), 1) if wrong in row)
    outcome = adckit("trial", "mine.yaml", "-o", "folder")
    assert outcome.code == 2
    assert "cannot be used: 1 problem." in outcome.errors
    assert f"mine.yaml:{line}: " in outcome.errors
    assert words in outcome.errors
    assert not (tmp_path / "folder").exists()


def test_calls_that_make_no_sense(adckit: Command, tmp_path: Path) -> None:
    assert "Unknown protocol 'phase3'" in adckit("trial", "phase3").errors
    assert "Give one of: a protocol" in adckit("trial").errors
    both = adckit("trial", "phase1", "--library")
    assert both.code == 2
    few = adckit("trial", "phase1", "--dlt-rates", "0.1,0.2")
    assert "2 probabilities of a DLT for 7 dose levels" in few.errors
    assert "no list of probabilities" in adckit(*TYPED[:3], "a,b").errors
    arms = adckit("trial", "phase2", "--dlt-rates", "0.1,0.1,0.1,0.1")
    assert "say nothing about responses" in arms.errors
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    foreign = adckit(*TYPED, "-o", "notes")
    assert foreign.code == 2
    assert "holds a.txt and no run" in foreign.errors
    assert (
        "has no rule that decides" in adckit("trial", "schedules", "--decisions").errors
    )
