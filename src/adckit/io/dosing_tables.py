"""Dosing tables with NONMEM event columns: `ID,TIME,AMT,RATE,II,ADDL,SS,EVID,CMT,...`.

Columns, in any case and order:

    ID              subject; the rows of a subject stand together
    TIME            in `time_unit`; a number, not a clock time
    EVID            0 observation, 1 dose, 2 marker, 3 reset, 4 reset and dose; without
                    the column a row with AMT or RATE is a dose, any other with MDV 1 a
                    marker, the rest are observations
    AMT, RATE, DUR  amount, and rate or duration of an infusion
    II, ADDL, SS    interval, additional doses, steady state (0, 1, 2)
    CMT             of a dose: the port, by number (from 1, in the model's order) or by
                    name, 0 being the first; of an observation: what was measured
    MDV, DV         MDV 1: no observed value; DV: the observed value
    others          numbers: covariates

An empty field and `.` are missing, which in these columns is 0.  A row that begins with
`#` is a comment.  What a table may hold in NONMEM but not here is an error, never
ignored.  What the dose records mean is written in `network.dosing`.

Where time goes back at a reset (EVID 3 or 4), a new occasion begins: the system starts
anew there, so the occasions of a subject are simulated apart.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adckit.errors import CardError, Issue, UnknownNameError
from adckit.network.dosing import DoseRecord, amount_in_port
from adckit.units import convert

__all__ = ["Observation", "TableSubject", "read_dosing_table"]

_DOSING = ("AMT", "RATE", "DUR", "II", "ADDL", "SS")
_NUMERIC = ("TIME", *_DOSING, "EVID", "MDV", "DV")
_MISSING = ("", ".")

_UNSUPPORTED = (
    (r"ALAG\d*|LAG\d*", "give the lag time as the argument `lag`"),
    (r"F\d+", "give it as the argument `bioavailability`"),
    (r"[RD]\d+", "write the infusion's rate or time in RATE or DUR"),
    (r"S\d+", "a model has its own volumes; leave the column out"),
    (r"DATE|DAT[123]", "write days since the first dose in TIME"),
    (r"CALL|CONT|PCMT|L[12]|MTIME\d*|MRG_|RAW_|RPT_", "leave the column out"),
    (r"TINF", "name the column DUR"),
)
"""Columns with a meaning in NONMEM that is not read here → what to write instead."""


@dataclass(frozen=True)
class Observation:
    """A time at which a subject was, or is to be, observed."""

    time: float
    """Days."""
    value: float | None
    """DV as the table has it; None where it is missing or MDV is 1."""
    compartment: str
    """CMT as the table has it; empty without one."""


@dataclass(frozen=True)
class TableSubject:
    """One subject of a table, or one occasion of it."""

    name: str
    """ID as the table has it."""
    occasion: int
    """1, and one more each time that time goes back at a reset."""
    records: tuple[DoseRecord, ...]
    observations: tuple[Observation, ...]
    covariates: Mapping[str, float]
    """Covariates that keep their value, by column name as the table has it."""
    varying: Mapping[str, tuple[tuple[float, float], ...]]
    """Covariates that change: (day, value) of every row."""


@dataclass
class _Row:
    """One row: its numbers, and where it stands."""

    line: int
    name: str
    numbers: dict[str, float | None]
    compartment: str
    covariates: dict[str, float]
    readable: bool = True
    """Whether every field is a number; where not, no more is said about the row."""
    port: str = ""
    evid: int = 0

    def __getitem__(self, column: str) -> float:
        """The number in a column, 0 where it is missing."""
        return self.numbers.get(column) or 0.0


@dataclass
class _Reader:
    """Collects the problems of one file while it is read."""

    path: Path
    ports: Sequence[str]
    leave_out: frozenset[str]
    issues: list[Issue] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Columns already reported as no covariates."""

    def report(self, line: int, what: str) -> None:
        self.issues.append(Issue(f"{self.path.name}:{line}", what))


def read_dosing_table(
    path: str | Path,
    *,
    ports: Sequence[str],
    time_unit: str = "day",
    amount_unit: str = "nmol",
    port_unit: str = "nmol",
    molar_mass_mg_per_nmol: float | None = None,
    own_molar_mass: Mapping[str, float] | None = None,
    lag: Mapping[str, float] | None = None,
    bioavailability: Mapping[str, float] | None = None,
    leave_out: Sequence[str] = (),
) -> list[TableSubject]:
    """The subjects of a table, in its order.

    Args:
        path: a file of comma-separated values with a header.
        ports: the model's ports, in the order that CMT numbers them.
        time_unit: of TIME, DUR, II, and below the line of RATE.
        amount_unit: of AMT and RATE, a mass or an amount of substance.
        port_unit: unit of the ports' amounts.
        molar_mass_mg_per_nmol: needed where `amount_unit` is a mass and `port_unit`
            is not, or the other way round.
        own_molar_mass: port → molar mass of what goes in there, in mg/nmol, where it
            is another one, as for naked antibody.
        lag: port → delay of its doses, in days.
        bioavailability: port → fraction of its doses that goes in.
        leave_out: columns to leave out.

    Raises CardError, with every problem and its line, for a table that cannot be used;
    UnknownNameError where `lag` or another mapping names no port; RegimenError and
    UnitError where the units do not fit.
    """
    for name in {**(lag or {}), **(bioavailability or {}), **(own_molar_mass or {})}:
        if name not in ports:
            raise UnknownNameError("port", name, ports)
    days = convert(1.0, time_unit, "day")
    masses = own_molar_mass or {}
    amount = {
        port: amount_in_port(
            1.0,
            amount_unit,
            port_unit=port_unit,
            molar_mass_mg_per_nmol=masses.get(port, molar_mass_mg_per_nmol),
        )
        for port in ports
    }
    reader = _Reader(Path(path), ports, frozenset(name.upper() for name in leave_out))
    rows = _read_rows(reader)
    for row in rows:
        _check_row(row, reader)
    groups = _grouped(rows, reader)
    if reader.issues:
        issues = sorted(reader.issues, key=lambda i: int(i.where.rpartition(":")[2]))
        raise CardError(f"{path} cannot be used as a dosing table:", issues)
    scale = _Scale(days, amount, lag or {}, bioavailability or {})
    return [_subject(occasion, group, scale) for occasion, group in groups]


def _read_rows(reader: _Reader) -> list[_Row]:
    """Every row of the file, as far as it can be read."""
    try:
        with reader.path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file)
            table = [(lines.line_num, [cell.strip() for cell in row]) for row in lines]
    except FileNotFoundError:
        raise CardError(f"There is no dosing table '{reader.path}'.", []) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"The dosing table '{reader.path}' cannot be read: {error}."
        raise CardError(message, []) from None
    table = [
        (line, cells)
        for line, cells in table
        if any(cells) and not cells[0].startswith("#")
    ]
    if len(table) < 2:
        reader.report(1, "The table needs a header and at least one row.")
        return []
    line, header = table[0]
    if not _check_header(line, header, reader):
        return []
    rows = []
    for line, cells in table[1:]:
        if len(cells) != len(header):
            reader.report(
                line, f"{len(cells)} fields under a header of {len(header)} columns."
            )
        else:
            rows.append(_row(line, dict(zip(header, cells, strict=True)), reader))
    return rows


def _check_header(line: int, header: list[str], reader: _Reader) -> bool:
    """Whether the rows below this header can be read at all."""
    names = [name.upper() for name in header]
    usable = True
    for column in ("ID", "TIME"):
        if column not in names:
            reader.report(line, f"The column {column} is missing.")
            usable = False
    for name in dict.fromkeys(names):
        if not name:
            reader.report(line, "A column has no name.")
        elif names.count(name) > 1:
            reader.report(line, f"The column {name} is there more than once.")
            usable = False
        if name in reader.leave_out:
            continue
        for pattern, instead in _UNSUPPORTED:
            if re.fullmatch(pattern, name):
                reader.report(line, f"The column {name} is not supported: {instead}.")
    return usable


def _row(line: int, cells: dict[str, str], reader: _Reader) -> _Row:
    """One row with its fields as numbers; what is not a number is reported."""
    row = _Row(line, "", {}, "", {})
    for header, text in cells.items():
        column = header.upper()
        if column in reader.leave_out:
            continue
        if column == "ID":
            row.name = text
        elif column == "CMT":
            row.compartment = "" if text in _MISSING else text
        elif column in _NUMERIC:
            row.numbers[column] = _number(line, column, text, reader)
            missing = row.numbers[column] is None
            row.readable &= not missing or text in _MISSING
        elif not any(re.fullmatch(pattern, column) for pattern, _ in _UNSUPPORTED):
            value = _covariate(line, header, text, reader)
            if value is not None:
                row.covariates[header] = value
    if row.name in _MISSING:
        reader.report(line, "ID is missing.")
    return row


def _number(line: int, column: str, text: str, reader: _Reader) -> float | None:
    if text in _MISSING:
        return None
    value = _as_number(text)
    if value is None:
        hint = "Leave the field empty, or write a dot, where there is no value."
        if column == "TIME":
            hint = "Write the time since the first dose as a number."
        reader.report(line, f"{column} is '{text}', not a number. {hint}")
    return value


def _covariate(line: int, column: str, text: str, reader: _Reader) -> float | None:
    """The value of a covariate; a column that has none is reported once."""
    value = _as_number(text)
    if value is None and column not in reader.refused:
        reader.refused.add(column)
        reader.report(
            line,
            f"{column} is '{text}', not a number, so it cannot be a covariate. Fill it "
            f"in every row, or name {column} in `leave_out`.",
        )
    return value


def _as_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _check_row(row: _Row, reader: _Reader) -> None:
    """Report what makes no sense in one row, and settle its kind and its port."""
    row.evid = _event(row)
    if not row.readable:
        return
    if row.evid < 0:
        reader.report(row.line, f"EVID is {row['EVID']:g}; known are 0, 1, 2, 3 and 4.")
        return
    for problem in [*_number_problems(row)] or [*_event_problems(row)]:
        reader.report(row.line, problem)
    if row.evid in (1, 4):
        row.port = _port(row, reader)
    elif row.compartment.startswith("-"):
        reader.report(
            row.line,
            f"CMT is {row.compartment}: compartments cannot be turned off. Use a model "
            "without the compartment.",
        )


def _event(row: _Row) -> int:
    """The kind of event, -1 where it is unknown."""
    if "EVID" not in row.numbers:
        if row["AMT"] or row["RATE"]:
            return 1
        return 2 if row["MDV"] == 1 else 0
    return int(row["EVID"]) if row["EVID"] in (0, 1, 2, 3, 4) else -1


def _number_problems(row: _Row) -> Iterator[str]:
    """What no event may have in its columns."""
    if row.numbers["TIME"] is None:
        yield "TIME is missing."
    elif row["TIME"] < 0:
        yield "TIME is negative. Shift the subject's times so that they begin at 0."
    if row["RATE"] in (-1, -2):
        what = "rate" if row["RATE"] == -1 else "duration"
        yield (
            f"RATE is {row['RATE']:g}, a {what} that the model sets, which is not "
            "supported. Write the infusion's rate in RATE, or its time in DUR."
        )
    elif row["RATE"] < 0:
        yield f"RATE is {row['RATE']:g}; it must not be negative."
    for column in ("AMT", "DUR", "II"):
        if row[column] < 0:
            yield f"{column} is {row[column]:g}; it must not be negative."
    if row["ADDL"] < 0 or row["ADDL"] != int(row["ADDL"]):
        yield f"ADDL is {row['ADDL']:g}; it must be a count of doses."
    if row["SS"] == 3:
        yield "SS is 3, which is not supported. Use SS 1."
    elif row["SS"] not in (0, 1, 2):
        yield f"SS is {row['SS']:g}; known are 0, 1 and 2."
    if row["MDV"] not in (0, 1):
        yield f"MDV is {row['MDV']:g}; known are 0 and 1."


def _event_problems(row: _Row) -> Iterator[str]:
    """What this kind of event may not have in its columns."""
    if row.evid != 0 and row.numbers.get("MDV") == 0:
        yield f"MDV is 0 at EVID {row.evid}; only an observation has a value. Write 1."
    if row.evid not in (1, 4):
        filled = [column for column in _DOSING if row[column]]
        if filled:
            yield (
                f"{' and '.join(filled)} at EVID {row.evid}, which gives no dose. "
                "Empty the field, or use EVID 1 or 4."
            )
        return
    if row["RATE"] and row["DUR"]:
        yield "RATE and DUR are both given. Keep one."
    for_ever = row["SS"] and row["AMT"] == 0 and row["RATE"] and row["II"] == 0
    if for_ever and row["ADDL"]:
        yield "ADDL does not go with a constant infusion at steady state. Write rows."
    elif row["AMT"] == 0 and row["RATE"] == 0:
        yield "AMT is 0 at a dose. Write the amount, or EVID 2 for a marker."
    elif row["AMT"] == 0 and not for_ever:
        yield (
            "RATE without AMT is a constant infusion, which needs SS 1 or 2 and II 0. "
            "Write AMT for an infusion that ends."
        )
    elif row["II"] == 0 and not for_ever:
        for column in ("SS", "ADDL"):
            if row[column]:
                yield f"{column} is {row[column]:g} but II is 0. Write the interval."


def _port(row: _Row, reader: _Reader) -> str:
    """The port that a dose goes into; empty, and reported, where there is none."""
    text, ports = row.compartment, reader.ports
    number = 1.0 if text == "" else _as_number(text)
    if number is None:
        for port in ports:
            if port.lower() == text.lower():
                return port
    elif number == 0:
        return ports[0]
    elif number in range(1, len(ports) + 1):
        return ports[int(number) - 1]
    known = ", ".join(f"{i} = {port}" for i, port in enumerate(ports, start=1))
    reader.report(row.line, f"CMT is {text}, which is no port of the model: {known}.")
    return ""


def _grouped(rows: list[_Row], reader: _Reader) -> list[tuple[int, list[_Row]]]:
    """Number and rows of every occasion of every subject."""
    groups: list[tuple[int, list[_Row]]] = []
    seen: set[str] = set()
    for row in rows:
        last = groups[-1][1][-1] if groups else None
        if last is None or last.name != row.name:
            if row.name in seen:
                reader.report(
                    row.line, f"Subject {row.name} again. Keep its rows together."
                )
            seen.add(row.name)
            groups.append((1, [row]))
        elif row["TIME"] >= last["TIME"] or row.numbers["TIME"] is None:
            groups[-1][1].append(row)
        elif row.evid in (3, 4):
            groups.append((groups[-1][0] + 1, [row]))
        else:
            reader.report(
                row.line,
                f"TIME goes back from {last['TIME']:g} to {row['TIME']:g}. Sort the "
                "rows, or begin a new occasion with EVID 3 or 4.",
            )
    return groups


@dataclass(frozen=True)
class _Scale:
    """What turns the numbers of a table into those of the model."""

    days: float
    amount: Mapping[str, float]
    lag: Mapping[str, float]
    bioavailability: Mapping[str, float]


def _subject(occasion: int, rows: list[_Row], scale: _Scale) -> TableSubject:
    observations = [
        Observation(
            row["TIME"] * scale.days,
            None if row["MDV"] == 1 else row.numbers.get("DV"),
            row.compartment,
        )
        for row in rows
        if row.evid == 0
    ]
    constant: dict[str, float] = {}
    varying: dict[str, tuple[tuple[float, float], ...]] = {}
    for name in rows[0].covariates:
        values = [(row["TIME"] * scale.days, row.covariates[name]) for row in rows]
        if len({value for _, value in values}) == 1:
            constant[name] = values[0][1]
        else:
            varying[name] = tuple(values)
    return TableSubject(
        name=rows[0].name,
        occasion=occasion,
        records=tuple(_record(row, scale) for row in rows if row.evid != 0),
        observations=tuple(observations),
        covariates=constant,
        varying=varying,
    )


def _record(row: _Row, scale: _Scale) -> DoseRecord:
    time = row["TIME"] * scale.days
    if row.evid in (2, 3):
        return DoseRecord(time, evid=row.evid)
    amount = scale.amount[row.port]
    return DoseRecord(
        time=time,
        amount=row["AMT"] * amount,
        port=row.port,
        duration=row["DUR"] * scale.days or None,
        rate=row["RATE"] * amount / scale.days or None,
        evid=row.evid,
        interval=row["II"] * scale.days,
        additional=int(row["ADDL"]),
        steady_state=int(row["SS"]),
        lag=scale.lag.get(row.port, 0.0),
        bioavailability=scale.bioavailability.get(row.port, 1.0),
    )
