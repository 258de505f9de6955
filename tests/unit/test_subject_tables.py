"""Tables of subjects that a user brings."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from adckit.errors import CardError
from adckit.io.subject_tables import read_subjects
from adckit.prepared import prepare
from adckit.simulation import simulate

NETWORK = prepare("two-compartment").network


def table(tmp_path: Path, text: str, name: str = "people.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_are_parameters_in_their_own_units(tmp_path: Path) -> None:
    path = table(tmp_path, "subject,clearance,body_weight\nA,0.3,70\nB,0.4,81.5\n")
    people = read_subjects(path, NETWORK)
    drawn = people.take([2, 1])
    assert drawn.names.tolist() == ["B", "A"]
    assert drawn.parameters["clearance"].tolist() == [0.4, 0.3]
    assert people.units()["body_weight"] == "kg"
    assert "2 subjects from the table people.csv" in people.describe()
    result = simulate("two-compartment", "100 mg once", drawn.table(), [0.0, 1.0])
    assert result.subjects == ("B", "A")


def test_parquet_is_read_as_well_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    duckdb.sql("SELECT 0.1 * range AS clearance FROM range(1, 4)").write_parquet(
        str(path)
    )
    drawn = read_subjects(path, NETWORK).take(np.array([1, 2, 3]))
    assert drawn.names.tolist() == [1, 2, 3]
    assert drawn.parameters["clearance"] == pytest.approx([0.1, 0.2, 0.3])


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "ID,clearence,clearance,body_weight\n1,1,0.3,70\n1,1,,-4\n2,1,abc,70\n",
    )
    with pytest.raises(CardError) as caught:
        read_subjects(path, NETWORK)
    text = str(caught.value)
    assert "'clearence' is no parameter of the model. Did you mean clearance" in text
    assert "people.csv, row 2: clearance is missing or no number" in text
    assert "people.csv, row 3: clearance is missing or no number" in text
    assert "row 2: body_weight is outside its limits" in text
    assert "The subject '1' is there twice" in text


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    path = table(tmp_path, "clearance\n" + "-1\n" * 40)
    with pytest.raises(CardError, match="in 35 more rows"):
        read_subjects(path, NETWORK)


def test_a_table_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="There is no table"):
        read_subjects(tmp_path / "nothing.csv", NETWORK)
    with pytest.raises(CardError, match="has no row"):
        read_subjects(table(tmp_path, "clearance\n"), NETWORK)
    with pytest.raises(CardError, match="cannot be read"):
        read_subjects(table(tmp_path, "not parquet", "x.parquet"), NETWORK)
