"""The commands, from the words that a user types to the files that are there then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adckit.io.tables import read_table, read_units, write_table
from tests.cli.conftest import Command

RESULTS = {"run.json", "summary.json", "curves.parquet", "status.parquet"}
PICTURES = {"overview.png", "tumour.png", "populations.png"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_list_names_products_and_parts(adckit: Command) -> None:
    outcome = adckit("list")
    assert outcome.code == 0
    for name in ("cantuzumab-mertansine", "T-DM1", "SMCC", "colorectal", "mouse"):
        assert name in outcome.output


def test_show_has_the_programme_and_the_source_of_every_parameter(
    adckit: Command,
) -> None:
    outcome = adckit("show", "cantuzumab-mertansine")
    assert outcome.code == 0
    assert "Programme as of 2003-01-24" in outcome.output
    assert "IND holder" in outcome.output
    assert "deconjugation_rate = " in outcome.output
    for status in ("[measured]", "[fitted to: ", "[assumed]"):
        assert status in outcome.output
    assert max(map(len, outcome.output.splitlines())) <= 100


def test_show_equations_with_units(adckit: Command) -> None:
    outcome = adckit("show", "two-compartment", "--equations")
    assert outcome.code == 0
    assert "d central_drug/dt" in outcome.output
    assert "/day]" in outcome.output


def test_simulate_writes_all_files(adckit: Command, tmp_path: Path) -> None:
    outcome = adckit("simulate", "cantuzumab-mertansine", "-o", "run")
    assert outcome.code == 0
    assert {p.name for p in (tmp_path / "run").iterdir()} == (
        RESULTS | PICTURES | {"report.html"}
    )
    assert "Clearance" in outcome.output
    assert "39.5 ± 13.1*" in outcome.output
    assert "* parameters were fitted to this value" in outcome.output
    assert "115 mg/m2 qw" in outcome.output
    assert outcome.output.splitlines()[-1].startswith("Written to run;")
    assert max(map(len, outcome.output.splitlines())) <= 100


def test_summary_has_simulated_and_published_values(
    adckit: Command, tmp_path: Path
) -> None:
    adckit("simulate", "cantuzumab-mertansine", "-o", "run", "--no-report")
    rows = json.loads((tmp_path / "run" / "summary.json").read_text())
    found = {(row["analyte"], row["quantity"]): row for row in rows}
    clearance = found["conjugate", "clearance"]
    assert clearance["unit"] == "mL/h/m2"
    assert clearance["published"] == 39.5
    assert clearance["published_spread"] == "SD 13.1"
    assert clearance["published_n"] == 37
    assert "Tolcher" in clearance["source"]
    assert abs(clearance["value"] - 39.5) <= 13.1
    assert clearance["within_spread"] is True
    analytes = {"conjugate", "total_antibody", "conjugated_payload", "free_payload"}
    assert analytes < {analyte for analyte, _ in found}
    assert ("tumor", "best_change") in found


def test_no_report_writes_no_report(adckit: Command, tmp_path: Path) -> None:
    adckit("simulate", "two-compartment", "-o", "run", "--no-report")
    assert {p.name for p in (tmp_path / "run").iterdir()} == RESULTS


def test_curves_have_units_and_no_numbers_for_failed_subjects(
    adckit: Command, tmp_path: Path
) -> None:
    # a central volume of 0 divides by zero
    (tmp_path / "doses.csv").write_text(
        "ID,TIME,AMT,central_volume\n7,0,100,3\n8,0,100,0\n"
    )
    outcome = adckit("simulate", "two-compartment", "--doses", "doses.csv", "-o", "run")
    assert outcome.code == 1
    assert "1 of 2 subjects failed" in outcome.errors
    assert "subject 8: day 0" in outcome.errors
    curves = read_table(tmp_path / "run" / "curves.parquet")
    failed = curves["subject"] == "8"
    assert np.isnan(curves["concentration"][failed]).all()
    assert np.isfinite(curves["concentration"][~failed]).all()
    assert read_units(tmp_path / "run" / "curves.parquet")["concentration"] == "ug/mL"
    status = read_table(tmp_path / "run" / "status.parquet")
    assert list(status["status"] == "ok") == [True, False]
    report = (tmp_path / "run" / "report.html").read_text()
    assert "Subjects that failed" in report


def test_the_same_run_may_be_written_again(adckit: Command, tmp_path: Path) -> None:
    arguments = ["simulate", "two-compartment", "-o", "run", "--no-report"]
    assert adckit(*arguments).code == 0
    before = contents(tmp_path / "run")
    assert adckit(*arguments).code == 0
    after = contents(tmp_path / "run")
    assert before["run.json"] == after["run.json"]
    assert before["summary.json"] == after["summary.json"]


@pytest.mark.parametrize(
    "change", [["--days", "10"], ["--set", "clearance=0.1 L/day"], ["--rtol", "1e-5"]]
)
def test_another_run_is_not_overwritten(
    adckit: Command, tmp_path: Path, change: list[str]
) -> None:
    adckit("simulate", "two-compartment", "-o", "run", "--no-report")
    before = contents(tmp_path / "run")
    outcome = adckit("simulate", "two-compartment", "-o", "run", *change)
    assert outcome.code == 2
    assert "holds another run: adckit simulate two-compartment" in outcome.errors
    assert contents(tmp_path / "run") == before


def test_runs_without_a_folder_are_numbered(adckit: Command, tmp_path: Path) -> None:
    for _ in range(2):
        assert adckit("simulate", "two-compartment", "--no-report").code == 0
    names = sorted(path.name for path in (tmp_path / "adckit-runs").iterdir())
    assert names == ["two-compartment-1", "two-compartment-2"]


def test_compare_and_settings_name_each_product(
    adckit: Command, tmp_path: Path
) -> None:
    outcome = adckit(
        "simulate",
        "two-compartment",
        "--set",
        "clearance=0.5 L/day",
        "--compare",
        "two-compartment",
        "-o",
        "run",
        "--no-report",
    )
    assert outcome.code == 0
    rows = json.loads((tmp_path / "run" / "summary.json").read_text())
    clearances = {
        row["product"]: row["value"] for row in rows if row["quantity"] == "clearance"
    }
    # the tail beyond the last sample is extrapolated, hence not exact
    assert clearances == pytest.approx(
        {"two-compartment (clearance=0.5 L/day)": 0.5, "two-compartment": 0.25}, 1e-3
    )


def test_table_and_regimen_give_the_same_curves(
    adckit: Command, tmp_path: Path
) -> None:
    (tmp_path / "doses.csv").write_text(
        "ID,TIME,AMT,DUR,II,ADDL\n1,0,100,0.0625,21,2\n"
    )
    common = ["simulate", "two-compartment", "--days", "63", "--no-report", "-o"]
    adckit(*common, "words", "--regimen", "100 mg q3w x3 over 90 min")
    adckit(*common, "table", "--doses", "doses.csv")
    one, other = (
        read_table(tmp_path / name / "curves.parquet")["concentration"]
        for name in ("words", "table")
    )
    np.testing.assert_array_equal(one, other)


def test_replay_is_identical(adckit: Command, tmp_path: Path) -> None:
    adckit("simulate", "T-DM1", "-o", "run", "--no-report")
    before = contents(tmp_path / "run")
    outcome = adckit("replay", "run")
    assert outcome.code == 0
    assert outcome.output == "Identical: every value of every curve is the same.\n"
    assert contents(tmp_path / "run") == before


def test_replay_of_cards_and_tables_that_are_gone(
    adckit: Command, tmp_path: Path
) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "base.yaml").write_text(
        "based_on: two-compartment\nkind: compartments\nsummary: A drug of ours\n"
    )
    (tmp_path / "mine.yaml").write_text(
        "based_on: cards/base.yaml\nkind: compartments\nsummary: Another\n"
    )
    (tmp_path / "doses.csv").write_text("ID,TIME,AMT\n1,0,100\n2,1,50\n")
    done = adckit(
        "simulate", "mine.yaml", "--doses", "doses.csv", "-o", "run", "--no-report"
    )
    assert done.code == 0, done.errors
    for name in ("mine.yaml", "doses.csv", "cards/base.yaml"):
        (tmp_path / name).unlink()
    outcome = adckit("replay", "run")
    assert outcome.code == 0, outcome.errors
    assert "Identical" in outcome.output


def test_replay_tells_when_a_card_has_changed(adckit: Command, tmp_path: Path) -> None:
    adckit("simulate", "two-compartment", "-o", "run", "--no-report")
    path = tmp_path / "run" / "run.json"
    run = json.loads(path.read_text())
    run["models"][0]["card_digest"] = "0" * 64
    path.write_text(json.dumps(run))
    outcome = adckit("replay", "run")
    assert outcome.code == 2
    assert "two-compartment: the card differs (000000000000 then" in outcome.errors
    assert "--force" in outcome.errors
    forced = adckit("replay", "run", "--force")
    assert forced.code == 0
    assert "Warning: two-compartment: the card differs" in forced.errors


def test_replay_finds_a_changed_curve(adckit: Command, tmp_path: Path) -> None:
    adckit("simulate", "two-compartment", "-o", "run", "--no-report")
    path = tmp_path / "run" / "curves.parquet"
    curves, units = read_table(path), read_units(path)
    curves["concentration"] = curves["concentration"] * 1.01
    curves = {
        name: column.astype(str) if column.dtype == object else column
        for name, column in curves.items()
    }
    write_table(path, curves, units)
    outcome = adckit("replay", "run")
    assert outcome.code == 1
    assert "in concentration" in outcome.output


def test_replay_into_a_folder_writes_the_run_again(
    adckit: Command, tmp_path: Path
) -> None:
    adckit("simulate", "two-compartment", "-o", "run", "--no-report")
    assert adckit("replay", "run", "-o", "again").code == 0
    one, other = (
        json.loads((tmp_path / name / "summary.json").read_text())
        for name in ("run", "again")
    )
    assert one == other
    assert (tmp_path / "again" / "report.html").exists()


def test_stopped_by_the_user(
    adckit: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("adckit.io.request.study", stop)
    outcome = adckit("simulate", "two-compartment", "-o", "run")
    assert outcome.code == 130
    assert "Stopped." in outcome.errors
    assert not (tmp_path / "run").exists()


def test_doctor_passes_its_self_test(adckit: Command) -> None:
    outcome = adckit("doctor")
    assert outcome.code == 0
    for words in ("adckit", "SIMD width", "threads", "GPU", "cache", "All is well."):
        assert words in outcome.output
    assert outcome.output.count("passed, relative error") == 3


def test_doctor_clears_the_cache(
    adckit: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADCKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "old.o").write_bytes(b"x")
    outcome = adckit("doctor", "--clear-cache")
    assert "Removed 1 files." in outcome.output
    assert not (tmp_path / "cache" / "old.o").exists()


def test_help_loads_nothing_that_draws_or_stores() -> None:
    program = (
        "import sys; from adckit.cli.main import main; main(['--help']); "
        "print([m for m in ('matplotlib', 'duckdb', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("list", "show", "simulate", "replay", "doctor"):
        assert command in done.stdout


def test_a_reader_that_leaves_does_not_lose_the_run(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "adckit", "simulate", "two-compartment"]
    process = subprocess.Popen(
        [*program, "-o", "run", "--no-report"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    process.stdout.close()
    errors = process.stderr.read() if process.stderr else b""
    assert process.wait() == 0, errors
    if process.stderr:
        process.stderr.close()
    assert {path.name for path in (tmp_path / "run").iterdir()} == RESULTS


def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a shell gets that calls the installed command."""
    call = "from adckit.cli.main import command; command()"
    return subprocess.run(
        [sys.executable, "-c", call, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_leaves_with_its_code_and_all_it_printed(tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    dose = ("--regimen", "100 mg once", "--no-report")
    done = shell("simulate", "two-compartment", *dose, "-o", run)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Written to {run}" in done.stdout
    bad = shell("simulate", "nothing")
    assert bad.returncode == 2
    assert bad.stderr.startswith("adckit: Unknown product 'nothing'.")


@pytest.mark.skipif(os.name != "posix", reason="there is no head")
def test_a_reader_that_leaves_gets_no_traceback() -> None:
    call = "from adckit.cli.main import command; command()"
    with subprocess.Popen(
        [sys.executable, "-c", call, "show", "T-DM1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
