"""Dosing tables with NONMEM event columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from adckit.errors import CardError, RegimenError, UnitError, UnknownNameError
from adckit.io.dosing_tables import Observation, TableSubject, read_dosing_table
from adckit.network.dosing import DoseRecord

PORTS = ("depot", "plasma")


@pytest.fixture
def table(tmp_path: Path):
    """Writes a table and reads it."""

    def read(text: str, **options: object) -> list[TableSubject]:
        path = tmp_path / "doses.csv"
        path.write_text(text.replace(" ", ""), encoding="utf-8")
        return read_dosing_table(path, ports=PORTS, **options)

    return read


def problems(read, text: str, **options: object) -> list[str]:
    with pytest.raises(CardError) as caught:
        read(text, **options)
    return [str(issue).removeprefix("doses.csv:") for issue in caught.value.issues]


def test_subjects_records_and_observations(table) -> None:
    one, two = table(
        """id,Time,AMT,rate,II,ADDL,SS,EVID,CMT,MDV,DV,WT,Age
           7,0,100,.,21,2,,1,2,1,.,70,50
           7,1,.,.,.,.,.,0,2,0,3.5,70,51
           #7,2,.,.,.,.,.,0,2,0,9.9,70,51
           7,4,.,.,.,.,.,0,2,1,9.9,70,51

           s8,0,50,25,.,.,.,1,PLASMA,1,.,80,40
        """
    )
    assert (one.name, one.occasion, two.name) == ("7", 1, "s8")
    assert one.records == (DoseRecord(0, 100, "plasma", interval=21, additional=2),)
    assert one.observations == (
        Observation(1, 3.5, "2"),
        Observation(4, None, "2"),
    )
    assert one.covariates == {"WT": 70}
    assert one.varying == {"Age": ((0, 50), (1, 51), (4, 51))}
    assert two.records == (DoseRecord(0, 50, "plasma", rate=25),)
    assert two.covariates == {"WT": 80, "Age": 40}


def test_units_are_converted(table) -> None:
    (subject,) = table(
        """ID,TIME,AMT,RATE,DUR,II,ADDL
           1,12,150,0,2,24,1
           1,24,300,150,0,0,0
        """,
        time_unit="h",
        amount_unit="mg",
        molar_mass_mg_per_nmol=0.15,
        lag={"depot": 0.25},
        bioavailability={"depot": 0.6},
    )
    first, second = subject.records
    assert first.time == pytest.approx(0.5, rel=1e-15)
    assert first.amount == pytest.approx(1000, rel=1e-15)
    assert first.duration == pytest.approx(2 / 24, rel=1e-15)
    assert first.interval == pytest.approx(1, rel=1e-15)
    assert (first.port, first.lag, first.bioavailability) == ("depot", 0.25, 0.6)
    assert second.rate == pytest.approx(1000 * 24, rel=1e-15)


def test_mass_stays_mass_in_a_port_of_mass(table) -> None:
    (subject,) = table("ID,TIME,AMT\n1,0,3\n", amount_unit="g", port_unit="mg")
    assert subject.records[0].amount == pytest.approx(3000, rel=1e-15)
    with pytest.raises(RegimenError, match="the molar mass is not known"):
        table("ID,TIME,AMT\n1,0,3\n", amount_unit="mg")
    with pytest.raises(UnitError, match="cannot be converted"):
        table("ID,TIME,AMT\n1,0,3\n", time_unit="mg")


def test_event_without_the_column(table) -> None:
    (subject,) = table("ID,TIME,AMT,MDV,DV\n1,0,5,1,.\n1,1,,0,2\n1,2,,1,.\n")
    assert [record.evid for record in subject.records] == [1, 2]
    assert subject.observations == (Observation(1, 2, ""),)


def test_compartments(table) -> None:
    rows = "".join(f"1,{i},5,{cmt}\n" for i, cmt in enumerate((".", 0, 1, 2, "Depot")))
    (subject,) = table("ID,TIME,AMT,CMT\n" + rows)
    ports = [record.port for record in subject.records]
    assert ports == ["depot", "depot", "depot", "plasma", "depot"]


def test_steady_state_and_reset(table) -> None:
    (subject,) = table(
        """ID,TIME,AMT,RATE,II,SS,EVID
           1,0,10,0,2,1,1
           1,1,5,0,2,2,1
           1,5,0,7,0,1,1
           1,6,0,0,0,0,3
           1,7,3,0,0,0,4
           1,8,0,0,0,0,2
        """
    )
    assert subject.records == (
        DoseRecord(0, 10, "depot", interval=2, steady_state=1),
        DoseRecord(1, 5, "depot", interval=2, steady_state=2),
        DoseRecord(5, 0, "depot", rate=7, steady_state=1),
        DoseRecord(6, evid=3),
        DoseRecord(7, 3, "depot", evid=4),
        DoseRecord(8, evid=2),
    )


def test_time_may_go_back_at_a_reset(table) -> None:
    first, second = table("ID,TIME,AMT,EVID\n1,0,5,1\n1,9,0,0\n1,0,6,4\n1,9,0,0\n")
    assert (first.name, first.occasion) == ("1", 1)
    assert (second.name, second.occasion) == ("1", 2)
    assert second.records == (DoseRecord(0, 6, "depot", evid=4),)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"AMT": "NaN"}, "AMT is 'NaN', not a number. Leave the field empty"),
        ({"AMT": "1e999"}, "AMT is '1e999', not a number"),
        ({"II": "a"}, "II is 'a', not a number"),
        ({"TIME": "."}, "TIME is missing"),
        ({"TIME": "12:30"}, "Write the time since the first dose as a number"),
        ({"TIME": "-1"}, "TIME is negative. Shift the subject's times"),
        ({"ID": "."}, "ID is missing"),
        ({"AMT": "-5"}, "AMT is -5; it must not be negative"),
        ({"RATE": "-1"}, "RATE is -1, a rate that the model sets, which is not"),
        ({"RATE": "-2"}, "RATE is -2, a duration that the model sets"),
        ({"RATE": "-3"}, "RATE is -3; it must not be negative"),
        ({"DUR": "-3"}, "DUR is -3; it must not be negative"),
        ({"RATE": "2", "DUR": "2"}, "RATE and DUR are both given"),
        ({"ADDL": "1.5", "II": "1"}, "ADDL is 1.5; it must be a count"),
        ({"ADDL": "-1", "II": "1"}, "ADDL is -1; it must be a count"),
        ({"ADDL": "2"}, "ADDL is 2 but II is 0"),
        ({"SS": "1"}, "SS is 1 but II is 0"),
        ({"SS": "3", "II": "1"}, "SS is 3, which is not supported. Use SS 1."),
        ({"SS": "4", "II": "1"}, "SS is 4; known are 0, 1 and 2"),
        ({"EVID": "5"}, "EVID is 5; known are 0, 1, 2, 3 and 4"),
        ({"MDV": "100"}, "MDV is 100; known are 0 and 1"),
        ({"MDV": "0"}, "MDV is 0 at EVID 1; only an observation has a value"),
        ({"AMT": "0"}, "AMT is 0 at a dose. Write the amount, or EVID 2"),
        ({"AMT": "0", "RATE": "3"}, "RATE without AMT is a constant infusion"),
        (
            {"AMT": "0", "RATE": "3", "SS": "1", "II": "2"},
            "RATE without AMT is a constant infusion, which needs SS 1 or 2 and II 0",
        ),
        (
            {"AMT": "0", "RATE": "3", "SS": "1", "ADDL": "2"},
            "ADDL does not go with a constant infusion",
        ),
        ({"EVID": "0", "MDV": "0"}, "AMT at EVID 0, which gives no dose"),
        ({"EVID": "3", "II": "2"}, "AMT and II at EVID 3, which gives no dose"),
        (
            {"CMT": "3"},
            "CMT is 3, which is no port of the model: 1 = depot, 2 = plasma",
        ),
        ({"CMT": "tumour"}, "CMT is tumour, which is no port"),
        ({"CMT": "1.5"}, "CMT is 1.5, which is no port"),
        ({"CMT": "-1", "EVID": "2", "AMT": "0"}, "compartments cannot be turned off"),
        ({"WT": "heavy"}, "WT is 'heavy', not a number, so it cannot be a covariate"),
        ({"WT": "."}, "WT is '.', not a number, so it cannot be a covariate"),
    ],
)
def test_one_clear_error_for_each_problem(
    table, fields: dict[str, str], message: str
) -> None:
    row = dict.fromkeys(
        ("TIME", "RATE", "DUR", "II", "ADDL", "SS", "CMT", "DV"), "."
    ) | {"ID": "1", "TIME": "0", "AMT": "5", "EVID": "1", "MDV": "1", "WT": "70"}
    row |= fields
    text = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    (found,) = problems(table, text)
    assert found.startswith("2: ")
    assert message in found


@pytest.mark.parametrize(
    ("column", "instead"),
    [
        ("ALAG1", "the argument `lag`"),
        ("f2", "the argument `bioavailability`"),
        ("R1", "in RATE or DUR"),
        ("D1", "in RATE or DUR"),
        ("S2", "a model has its own volumes"),
        ("DATE", "days since the first dose in TIME"),
        ("PCMT", "leave the column out"),
        ("TINF", "name the column DUR"),
    ],
)
def test_columns_with_a_meaning_are_never_ignored(
    table, column: str, instead: str
) -> None:
    text = f"ID,TIME,AMT,{column}\n1,0,5,1\n"
    (found,) = problems(table, text)
    assert found.startswith(f"1: The column {column.upper()} is not supported: ")
    assert instead in found
    (subject,) = table(text, leave_out=[column])
    assert subject.covariates == {}


def test_all_problems_are_reported_in_the_order_of_lines(table) -> None:
    found = problems(
        table,
        """ID,TIME,AMT,F1,NOTE
           1,3,-5,1,a
           1,2,5,1,b
           2,0,5,1
           2,0,nan,1,c
           1,4,5,1,d
        """,
    )
    assert [text.partition(":")[0] for text in found] == [
        "1",
        "2",
        "2",
        "3",
        "4",
        "5",
        "6",
    ]
    text = "\n".join(found)
    assert "TIME goes back from 3 to 2. Sort the rows, or begin a new occasion" in text
    assert "4 fields under a header of 5 columns" in text
    assert "Subject 1 again. Keep its rows together." in text
    assert text.count("NOTE is") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a header and at least one row"),
        ("ID,TIME,AMT\n", "needs a header and at least one row"),
        ("ID,AMT\n1,5\n", "The column TIME is missing"),
        ("ID,TIME,Amt,AMT\n1,0,5,5\n", "The column AMT is there more than once"),
        ("ID,TIME,AMT,\n1,0,5,5\n", "A column has no name"),
    ],
)
def test_headers(table, text: str, message: str) -> None:
    assert any(message in found for found in problems(table, text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="There is no dosing table"):
        read_dosing_table(tmp_path / "none.csv", ports=PORTS)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"ID,TIME\xff\xfe\n")
    with pytest.raises(CardError, match="cannot be read"):
        read_dosing_table(binary, ports=PORTS)
    with pytest.raises(CardError, match="cannot be read"):
        read_dosing_table(tmp_path, ports=PORTS)


def test_lag_of_an_unknown_port(table) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown port 'plasm'\. Did you"):
        table("ID,TIME,AMT\n1,0,5\n", lag={"plasm": 1})
