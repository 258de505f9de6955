"""`adckit simulate --subjects`, `adckit resume`: folders, messages, kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

import adckit
from adckit.cli.main import main
from adckit.io.chunks import MANIFEST, file_hash

MODEL = ["simulate", "two-compartment", "--regimen", "100 mg q1w x2"]
MANY = ["--subjects", "700", "--seed", "7", "--max-memory", "271MB"]
"""Chunks of 64 subjects, so that there are eleven."""
PATHS = ("run.json", "report.html")
"""Files that name the folder."""


def tables(folder: Path) -> dict[str, str]:
    """Every file that must not depend on how the run went, with its hash."""
    return {
        str(path.relative_to(folder)): file_hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (*PATHS, ".lock")
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "adckit", *arguments]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert main([*MODEL, *MANY, "-o", str(folder)]) == 0
    return folder


def test_a_run_has_its_tables_and_its_report(whole: Path) -> None:
    names = {path.name for path in whole.iterdir()}
    assert {
        "run.json",
        "subjects",
        "curves",
        "manifest.jsonl",
        "percentiles.parquet",
        "summary.json",
        "report.html",
        "population.png",
        "exposure.png",
    } <= names
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["counts"] == {
        "all": 700,
        "failed": 0,
        "retried": 0,
        "suspicious": 0,
    }
    found = (
        duckdb.connect()
        .execute(
            f"SELECT count(*), median(concentration_cmax), "
            f"quantile_cont(concentration_cmax, 0.95) "
            f"FROM read_parquet('{whole}/subjects/*.parquet')"
        )
        .fetchone()
    )
    cmax = next(q for q in summary["quantities"] if q["name"] == "concentration_cmax")
    assert found is not None
    assert (found[0], found[1], found[2]) == (cmax["n"], cmax["median"], cmax["p95"])


def test_percentiles_over_time_are_those_of_the_curves(whole: Path) -> None:
    found = (
        duckdb.connect()
        .execute(
            f"SELECT p5, p50, p95 FROM read_parquet('{whole}/percentiles.parquet') "
            "WHERE output = 'concentration' AND time = 3"
        )
        .fetchone()
    )
    expected = (
        duckdb.connect()
        .execute(
            "SELECT quantile_cont(concentration, 0.05), median(concentration), "
            f"quantile_cont(concentration, 0.95) FROM read_parquet('{whole}/curves/*') "
            "WHERE time = 3"
        )
        .fetchone()
    )
    assert found == expected


def test_the_report_is_one_file_that_asks_for_nothing(whole: Path) -> None:
    page = (whole / "report.html").read_text(encoding="utf-8")
    assert "700" in page
    assert "Philox-4x32-10, seed 7" in page
    assert 'src="http' not in page
    assert "<link" not in page


def test_threads_and_memory_change_no_number(whole: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    arguments = ["--subjects", "700", "--seed", "7", "--threads", "1"]
    assert main([*MODEL, *arguments, "-o", str(other)]) == 0
    same = ("percentiles.parquet", "summary.json", "population.png")
    assert {n: tables(other)[n] for n in same} == {n: tables(whole)[n] for n in same}
    query = "SELECT * FROM read_parquet('{}/subjects/*.parquet') ORDER BY subject"
    one, two = (
        duckdb.connect().execute(query.format(folder)).fetchall()
        for folder in (whole, other)
    )
    assert one == two


def killed(folder: Path, moment: float, arguments: Sequence[str]) -> bool:
    """Start a run or go on with it, kill it a while after its first chunk.

    Whether it was killed before it was done.
    """
    with subprocess.Popen(
        command(*arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and not (folder / MANIFEST).exists():
            time.sleep(0.01)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


def check_killed(whole: Path, folder: Path, moments: Sequence[float]) -> int:
    """Kill a run at these moments, each after the last resumption; then finish it."""
    arguments = [*MODEL, *MANY, "-o", str(folder)]
    kills = 0
    for moment in moments:
        kills += killed(folder, moment, arguments)
        if (folder / "run.json").exists():
            arguments = ["resume", str(folder)]
    assert main(["resume", str(folder)]) == 0
    assert tables(folder) == tables(whole)
    return kills


def test_a_killed_run_goes_on_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    assert check_killed(whole, tmp_path / "killed", [0.05]) == 1


@pytest.mark.slow
def test_ten_kills_at_random_moments(whole: Path, tmp_path: Path) -> None:
    chance = random.Random(5)
    moments = [chance.uniform(0.0, 0.25) for _ in range(10)]
    assert check_killed(whole, tmp_path / "killed", moments) >= 5


@pytest.mark.slow
def test_each_of_ten_kills_of_a_new_run(whole: Path, tmp_path: Path) -> None:
    chance = random.Random(6)
    for number in range(10):
        moment = chance.uniform(0.0, 1.5)
        check_killed(whole, tmp_path / f"killed-{number}", [moment])


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no SIGINT for others")
def interrupted(folder: Path) -> tuple[int, str]:
    """Exit code and messages of a run that is stopped after its first chunk."""
    with subprocess.Popen(
        command(*MODEL, *MANY, "-o", str(folder)), stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not (folder / MANIFEST).exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
    return process.returncode, error


def test_ctrl_c_says_how_to_go_on(whole: Path, tmp_path: Path) -> None:
    # On a busy machine a run may be over before the signal arrives: then once more.
    for attempt in range(5):
        folder = tmp_path / f"stopped-{attempt}"
        code, error = interrupted(folder)
        if code != 0:
            break
    # Shells show 130 for both: Python ends itself by the signal, whatever the program
    # returns, where the interrupt came while an extension module was being loaded.
    assert code in (130, -signal.SIGINT)
    assert f"To go on: adckit resume {folder}" in error
    assert "Traceback" not in error
    assert main(["resume", str(folder)]) == 0
    assert tables(folder) == tables(whole)


def test_replay_computes_everything_again(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(whole)]) == 0
    assert "Identical: every value" in capsys.readouterr().out
    assert main(["replay", str(whole), "-o", str(tmp_path)]) == 2
    other = tmp_path / "other"
    assert main([*MODEL, "--subjects", "9", "-o", str(other)]) == 0
    curves = other / "curves" / "part-000000.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT * REPLACE (concentration * 1.5 AS concentration) "
        f"FROM read_parquet('{curves}')) TO '{curves}.new' (FORMAT parquet)"
    )
    os.replace(f"{curves}.new", curves)
    assert main(["replay", str(other)]) == 1
    assert "largest difference is 0.33 of the peak" in capsys.readouterr().out


def test_resuming_what_is_done_changes_nothing(whole: Path) -> None:
    before = tables(whole)
    assert main(["resume", str(whole), "--no-report"]) == 0
    assert tables(whole) == before


def test_the_same_command_goes_on_in_its_folder(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    killed(folder, 0.05, [*MODEL, *MANY, "-o", str(folder)])
    assert main([*MODEL, *MANY, "-o", str(folder)]) == 0
    assert tables(folder) == tables(whole)


def test_another_run_in_the_folder_is_refused(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tables(whole)
    code = main([*MODEL, "--subjects", "700", "--seed", "8", "-o", str(whole)])
    assert code == 2
    assert "holds another run" in capsys.readouterr().err
    assert tables(whole) == before


def test_a_folder_in_use_is_refused(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from adckit.io.locks import locked

    with locked(whole):
        assert main(["resume", str(whole)]) == 2
    error = capsys.readouterr().err
    assert f"is in use by process {os.getpid()}" in error


def test_a_table_of_subjects_travels_with_the_run(tmp_path: Path) -> None:
    table, folder = tmp_path / "people.csv", tmp_path / "run"
    table.write_text("subject,clearance\nA,0.3\nB,0.5\n")
    assert main([*MODEL, "--table", str(table), "-o", str(folder)]) == 0
    table.unlink()
    before = tables(folder)
    (folder / MANIFEST).unlink()
    assert main(["resume", str(folder)]) == 0
    assert tables(folder) == before


def test_a_population_card_travels_with_the_run(tmp_path: Path) -> None:
    card, folder = tmp_path / "people.yaml", tmp_path / "run"
    card.write_text("summary: Nobody differs much\n")
    arguments = ["--subjects", "5", "--population", str(card), "-o", str(folder)]
    assert main([*MODEL, *arguments]) == 0
    before = tables(folder)
    card.unlink()
    (folder / "subjects" / "part-000000.parquet").unlink()
    assert main(["resume", str(folder)]) == 0
    assert tables(folder) == before


def test_levels_and_outputs_are_asked_for_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["--subjects", "5", "--above", "concentration=2 ug/mL", "--keep"]
    code = main([*MODEL, *arguments, "summary", "-o", str(folder), "--no-report"])
    assert code == 0
    names = {
        q["name"]
        for q in json.loads((folder / "summary.json").read_text())["quantities"]
    }
    assert any(name.startswith("concentration_days_above_") for name in names)
    assert not (folder / "report.html").exists()


BAD = [
    (["--subjects", "0"], ""),
    (["--subjects", "5", "--population", "adults"], "Unknown population 'adults'"),
    (["--subjects", "5", "--effects", "lu"], "set of covariate effects 'lu'"),
    (["--subjects", "5", "--keep", "all"], "value of --keep 'all'"),
    (["--subjects", "5", "--max-memory", "lots"], "is no amount of memory"),
    (["--subjects", "5", "--max-memory", "10MB"], "takes at least"),
    (["--subjects", "5", "--curve", "conjugat"], "Unknown output 'conjugat'"),
    (["--subjects", "5", "--above", "concentration"], "is no level"),
    (["--subjects", "5", "--above", "concentration=5 kg"], "cannot be converted"),
    (["--subjects", "5", "--compare", "T-DM1"], "--compare does not go with"),
    (["--subjects", "5", "--engine", "reference"], "--engine does not go with"),
    (["--table", "nothing.csv"], "There is no table "),
    (["--table", "x.csv", "--population", "her2-breast"], "Leave one of them out"),
    (["--population", "her2-breast"], "give --subjects or --table"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_one_message_and_writes_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*MODEL, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_resume_wants_a_run_of_many_subjects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resume", str(tmp_path)]) == 2
    assert "Give the folder of a run" in capsys.readouterr().err
    (tmp_path / "run.json").write_text('{"format": 1}')
    assert main(["resume", str(tmp_path)]) == 2
    assert "no run of many subjects" in capsys.readouterr().err


def test_resume_refuses_a_model_that_changed(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads((whole / "run.json").read_text())
    content["model"]["parameter_hash"] = "0" * 64
    content["identity"] = "0" * 64
    (tmp_path / "run.json").write_text(json.dumps(content))
    assert main(["resume", str(tmp_path)]) == 2
    assert "the parameters changed since it began" in capsys.readouterr().err


def dosing_table(folder: Path, rows: str = "1,0,100\n1,7,50\n", extra: str = "") -> str:
    path = folder / "doses.csv"
    path.write_text(f"ID,TIME,AMT{extra}\n{rows}")
    return str(path)


def test_a_dosing_table_of_one_subject_is_for_everyone(tmp_path: Path) -> None:
    table, folder = dosing_table(tmp_path), tmp_path / "run"
    clearances = [0.1, 0.25, 0.6]
    people = tmp_path / "people.csv"
    rows = [f"{i},{value}" for i, value in enumerate(clearances)]
    people.write_text("\n".join(["subject,clearance", *rows]) + "\n")
    asked = ["simulate", "two-compartment", "--doses", table, "--days", "14"]
    assert main([*asked, "--table", str(people), "-o", str(folder)]) == 0
    kept = duckdb.sql(
        f"select time, concentration from '{folder}/curves/*.parquet' "
        "order by subject, time"
    ).fetchnumpy()
    found = kept["concentration"].reshape(len(clearances), -1)
    model = adckit.prepare("two-compartment")
    port = model.network.ports[0].name
    again = adckit.simulate(
        model,
        [adckit.DoseRecord(0.0, 100.0, port), adckit.DoseRecord(7.0, 50.0, port)],
        {"clearance": clearances},
        times=kept["time"][: found.shape[1]],
    )
    assert found == pytest.approx(again.curve("concentration"), rel=1e-9)
    assert main(["replay", str(folder)]) == 0
    described = json.loads((folder / "run.json").read_text())
    assert described["model"]["regimen"] == "dose records"


@pytest.mark.parametrize(
    ("rows", "extra", "message"),
    [
        ("1,0,100\n2,0,100\n", "", "has 2 subjects"),
        ("1,0,100,70\n", ",clearance", "has a column 'clearance'"),
    ],
)
def test_a_dosing_table_that_does_not_fit_a_population_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rows: str,
    extra: str,
    message: str,
) -> None:
    table = dosing_table(tmp_path, rows, extra)
    folder = tmp_path / "run"
    asked = ["simulate", "two-compartment", "--doses", table]
    code = main([*asked, "--subjects", "5", "-o", str(folder)])
    assert code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not folder.exists()
