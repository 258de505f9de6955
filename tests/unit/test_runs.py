"""The run folder: what it takes in, how it is written, whether it can be repeated."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adckit.errors import RunError
from adckit.io.comparing import compare_curves
from adckit.io.request import DoseTable, Request, carry_out, with_files
from adckit.io.runs import (
    Run,
    check_folder,
    describe_run,
    differences,
    identity,
    new_folder,
    open_folder,
    read_run,
    summary_rows,
    write_results,
    write_text,
)
from adckit.io.tables import (
    curve_table,
    curve_units,
    read_table,
    read_units,
    status_table,
    write_table,
)
from adckit.studies.case import Case

DRUG = Request("two-compartment", days=30.0)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return carry_out(DRUG)


@pytest.fixture
def run(cases: list[Case]) -> Run:
    return describe_run(DRUG, cases, "adckit simulate two-compartment --days 30")


def test_a_run_reads_back_as_it_was_written(
    cases: list[Case], run: Run, tmp_path: Path
) -> None:
    write_results(tmp_path, run, cases)
    assert read_run(tmp_path) == run
    assert compare_curves(tmp_path / "curves.parquet", cases).identical
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [
        ".json",
        ".json",
        ".parquet",
        ".parquet",
    ]


def test_run_says_what_is_needed_to_repeat_it(run: Run) -> None:
    model = run.models[0]
    assert model["regimen"] == "100 mg q3w x3"
    assert len(model["card_digest"]) == len(model["model_hash"]) == 64
    assert model["engine"] == "cpu"
    assert {"adckit", "python", "numpy", "llvmlite"} <= set(run.versions)


def test_folder_rules(run: Run, cases: list[Case], tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "a" / "b", run)  # made where it is not there
    write_results(folder, run, cases)
    assert open_folder(folder, run) == folder  # the same run again
    other = replace(run, identity="0" * 64)
    with pytest.raises(RunError, match="holds another run: adckit simulate two-comp"):
        open_folder(folder, other)


def test_folder_with_other_things_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RunError, match=r"holds thesis\.txt and no run\. Nothing was"):
        open_folder(tmp_path, run)
    with pytest.raises(RunError, match="is a file"):
        check_folder(tmp_path / "thesis.txt")
    check_folder(tmp_path / "not-there-yet")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "not a run of a form"),
        ('{"format": 99}', "not a run of a form"),
        ('{"format": 1, "identity": ""}', "lacks 'request'"),
        (
            '{"format": 1, "identity": "", "request": {"colour": 1}}',
            "does not hold a request",
        ),
    ],
)
def test_unreadable_runs(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match=message):
        read_run(tmp_path)


def test_numbers_of_new_folders_go_on(tmp_path: Path) -> None:
    assert new_folder("T-DM1 (dar=4)", tmp_path).name == "T-DM1--dar-4-1"
    assert new_folder("T-DM1 (dar=4)", tmp_path).name == "T-DM1--dar-4-2"
    assert new_folder("../..", tmp_path).parent == tmp_path


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.json"
    write_text(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(RunError, match="No space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


columns = arrays(
    np.float64, 7, elements=st.floats(allow_infinity=False, allow_subnormal=False)
)


@settings(deadline=None, max_examples=30)  # each writes and reads a file
@given(values=columns, name=st.text("ab \"';é", min_size=1, max_size=6))
def test_tables_keep_every_bit(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, name: str
) -> None:
    path = tmp_path_factory.mktemp("t") / "it's.parquet"
    table = {"key": np.array(list("abcdefg")), f"x{name}": values}
    write_table(path, table, {f"x{name}": "µg/mL"})
    found = read_table(path)
    np.testing.assert_array_equal(found[f"x{name}"], values)
    assert list(found["key"]) == list("abcdefg")
    assert read_units(path) == {f"x{name}": "µg/mL"}


def test_tables_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("not parquet")
    for reader in (read_table, read_units):
        with pytest.raises(RunError, match="Cannot read"):
            reader(tmp_path / "x.parquet")
    with pytest.raises(RunError, match="Cannot write"):
        write_table(tmp_path / "x.parquet", {"a": np.ones(2), "b": np.ones(3)}, {})
    assert [p.name for p in tmp_path.iterdir()] == ["x.parquet"]


def test_cases_of_different_outputs_share_a_table(cases: list[Case]) -> None:
    drug = cases[0]
    conjugate = carry_out(Request("T-DM1", days=5.0), assumptions=False)[0]
    table = curve_table([drug, conjugate])
    first = table["product"] == drug.label
    assert np.isnan(table["conjugate"][first]).all()
    assert np.isnan(table["concentration"][~first]).all()
    assert np.isfinite(table["conjugate"][~first]).all()
    units = curve_units([drug, conjugate])
    assert (units["time"], units["tumor"], units["free_payload"]) == ("day", "%", "nM")
    assert list(status_table([drug, conjugate])["status"]) == ["ok", "ok"]


def test_summary_rows_have_the_keys_that_others_read(cases: list[Case]) -> None:
    wanted = {
        "product",
        "analyte",
        "quantity",
        "value",
        "unit",
        "published",
        "published_spread",
        "published_n",
        "source",
        "note",
    }
    rows = summary_rows(cases)
    assert rows
    for row in rows:
        assert wanted <= set(row)


def test_request_survives_json() -> None:
    request = Request(
        "a.yaml",
        compare=("T-DM1",),
        doses=DoseTable("d.csv", "h", "nmol", ("AGE",)),
        settings={"linker": "SMCC"},
        files={"/x/a.yaml": "text"},
    )
    assert Request.from_json(request.to_json()) == request


def test_files_behind_files_are_kept_and_moved(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "parts").mkdir(parents=True)
    (home / "mine.yaml").write_text("based_on: 'parts/my base.yaml'\n")
    (home / "parts" / "my base.yaml").write_text("linker: ../parts/l.yml # not T.yaml")
    (home / "parts" / "l.yml").write_text("released: DM1\n")
    (home / "t.yaml").write_text(f"based_on: {home}/mine.yaml\n")
    request = with_files(
        Request(str(home / "mine.yaml"), settings={"tumor": str(home / "t.yaml")})
    )
    assert sorted(os.path.relpath(path, home) for path in request.files) == [
        "mine.yaml",
        "parts/l.yml",
        "parts/my base.yaml",
        "t.yaml",
    ]
    moved = request.materialised(tmp_path / "elsewhere")
    assert moved.model == str(tmp_path / "elsewhere" / "mine.yaml")
    assert Path(moved.settings["tumor"]).read_text() == f"based_on: {moved.model}\n"
    assert (tmp_path / "elsewhere" / "parts" / "l.yml").exists()


def test_identity_knows_content_not_places(run: Run) -> None:
    models = run.models
    here = Request("/here/a.yaml", files={"/here/a.yaml": "text"})
    there = Request("/there/a.yaml", files={"/there/a.yaml": "text"})
    other = Request("/there/a.yaml", files={"/there/a.yaml": "another text"})
    assert identity(here, models) == identity(there, models)
    assert identity(here, models) != identity(other, models)
    assert identity(here, models) != identity(replace(here, days=3.0), models)
    assert identity(here, models) != identity(replace(here, rtol=1e-5), models)
    changed = [{**models[0], "card_digest": "0"}]
    assert identity(here, models) != identity(here, changed)


def test_differences_of_content_and_of_versions(run: Run) -> None:
    model = {**run.models[0], "parameter_hash": "f" * 64}
    versions = {**run.versions, "numpy": "0.1"}
    old = replace(run, models=(model,), versions=versions)
    fatal, harmless = differences(old, run)
    assert len(fatal) == 1
    assert "the set of parameter values differs (ffffffffffff then" in fatal[0]
    assert harmless == [f"numpy was 0.1, is {np.__version__}"]
    assert differences(run, run) == ([], [])


def test_comparison_measures_against_the_peak(
    cases: list[Case], run: Run, tmp_path: Path
) -> None:
    write_results(tmp_path, run, cases)
    path = tmp_path / "curves.parquet"
    old = {
        name: column.astype(str) if column.dtype == object else column
        for name, column in read_table(path).items()
    }
    nudged = old["concentration"].copy()
    nudged[-1] += 1e-4 * nudged.max()
    write_table(path, {**old, "concentration": nudged}, {})
    comparison = compare_curves(path, cases)
    assert not comparison.identical
    # the peak of the changed curve is the same, so only rounding is left
    assert comparison.largest == pytest.approx(1e-4, rel=1e-6)
    assert comparison.within(1.1e-4)
    assert not comparison.within(0.9e-4)
    assert "in concentration" in comparison.sentence


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {k: v[:-1] for k, v in t.items()}, "number of times"),
        (lambda t: {**t, "more": t["time"]}, r"outputs are not the same \(more\)"),
        (lambda t: {**t, "subject": np.full(len(t["time"]), "x")}, "column subject"),
        (
            lambda t: {**t, "concentration": np.full(len(t["time"]), np.nan)},
            "values in one run only",
        ),
    ],
)
def test_comparison_of_what_cannot_be_compared(
    cases: list[Case], run: Run, tmp_path: Path, change: object, message: str
) -> None:
    assert callable(change)
    write_results(tmp_path, run, cases)
    path = tmp_path / "curves.parquet"
    old = {
        name: column.astype(str) if column.dtype == object else column
        for name, column in read_table(path).items()
    }
    write_table(path, change(old), {})
    comparison = compare_curves(path, cases)
    assert not comparison.within(1e9)
    assert re.search(message, comparison.sentence)
