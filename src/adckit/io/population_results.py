"""What a study of many subjects found, read from its chunks without loading them.

DuckDB reads the Parquet files one column at a time, with one thread, so that sums do
not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adckit.errors import RunError
from adckit.io.chunks import CURVES, SUBJECTS
from adckit.io.interrupts import heard
from adckit.studies.drawing import Column, Floats

if TYPE_CHECKING:
    import duckdb

__all__ = ["PERCENTILES", "Failure", "PopulationResults", "Quantity", "Ribbon"]

PERCENTILES = (5, 25, 50, 75, 95)
_ROWS = 4_000_000
"""Values of one output that are sorted at a time: about 100 MB."""
_NO_QUANTITY = ("subject", "stopped", "steps", "rejected", "imbalance")


@dataclass(frozen=True)
class Quantity:
    """One column of the table of subjects over all that have a value."""

    name: str
    unit: str
    n: int
    mean: float
    sd: float | None
    minimum: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    maximum: float

    @property
    def cv(self) -> float | None:
        """Coefficient of variation; None where it has no meaning."""
        return self.sd / self.mean if self.sd is not None and self.mean > 0 else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Ribbon:
    """Percentiles of one output over time."""

    output: str
    times: Floats
    percentiles: Mapping[int, Floats]
    """Percentile → (time,)"""


@dataclass(frozen=True)
class Failure:
    """A subject without numbers, or with numbers to doubt."""

    subject: str
    status: str
    stopped: float
    reason: str
    retried: str


class PopulationResults:
    """The tables of a run folder."""

    def __init__(self, folder: Path, units: Mapping[str, str]) -> None:
        self.folder, self.units = folder, units

    def counts(self) -> dict[str, int]:
        """Subjects in all, and how many failed, were retried or are suspicious."""
        query = (
            "count(*), count(*) FILTER (status <> 'ok'), "
            "count(*) FILTER (status = 'ok' AND retried <> ''), "
            "count(*) FILTER (suspicious)"
        )
        with self._tables() as tables:
            found = tables.execute(f"SELECT {query} FROM subjects").fetchone()
        assert found is not None
        return dict(zip(("all", "failed", "retried", "suspicious"), found, strict=True))

    def quantities(self, names: Sequence[str] | None = None) -> list[Quantity]:
        """Every number that subjects have, over all that have it."""
        levels = ", ".join(str(p / 100) for p in PERCENTILES)
        found = []
        with self._tables() as tables:
            for name in names if names is not None else self._numbers(tables):
                row = tables.execute(
                    f"SELECT count(x), avg(x), stddev_samp(x), min(x), "
                    f"quantile_cont(x, [{levels}]), max(x) "
                    f'FROM (SELECT "{name}" AS x FROM subjects)'
                ).fetchone()
                assert row is not None
                n, mean, sd, low, quantiles, high = row
                if n:
                    unit = self.units.get(name, "")
                    numbers = (low, *quantiles, high)
                    found.append(Quantity(name, unit, n, mean, sd, *numbers))
        return found

    def column(self, name: str) -> Floats:
        """A column of the table of subjects, without what is missing."""
        with self._tables() as tables:
            query = f'SELECT "{name}" AS x FROM subjects WHERE "{name}" IS NOT NULL'
            values = tables.execute(query).fetchnumpy()["x"]
        return np.asarray(values, dtype=np.float64)

    def columns(self) -> list[str]:
        """Names of the columns of the table of subjects."""
        with self._tables() as tables:
            rows = tables.execute("DESCRIBE subjects").fetchall()
        return [row[0] for row in rows]

    def failures(self, most: int) -> list[Failure]:
        """Subjects that failed, were retried, or lost or gained amounts."""
        query = (
            "SELECT subject::VARCHAR, status, stopped, reason, retried FROM subjects "
            "WHERE status <> 'ok' OR suspicious OR retried <> '' "
            f"ORDER BY status = 'ok', NOT suspicious, subject LIMIT {most}"
        )
        with self._tables() as tables:
            return [Failure(*row) for row in tables.execute(query).fetchall()]

    def ribbons(self, outputs: Sequence[str], kept: int) -> list[Ribbon]:
        """Percentiles of outputs over time, of the `kept` subjects with curves."""
        with self._tables() as tables:
            query = "SELECT DISTINCT time FROM curves ORDER BY time"
            times = np.array([row[0] for row in tables.execute(query).fetchall()])
            return [self._ribbon(tables, name, times, kept) for name in outputs]

    def _ribbon(
        self, tables: duckdb.DuckDBPyConnection, output: str, times: Floats, kept: int
    ) -> Ribbon:
        """One output, some times at a go, so that memory does not grow."""
        together = max(1, _ROWS // max(1, kept))
        levels = ", ".join(str(p / 100) for p in PERCENTILES)
        rows: dict[float, list[float]] = {}
        for first in range(0, len(times), together):
            part = times[first : first + together]
            found = tables.execute(
                f'SELECT time, quantile_cont("{output}", [{levels}]) FROM curves '
                f'WHERE time BETWEEN ? AND ? AND "{output}" IS NOT NULL '
                "GROUP BY time",
                [float(part[0]), float(part[-1])],
            ).fetchall()
            rows.update(dict(found))
        lost = [np.nan] * len(PERCENTILES)
        values: Floats = np.array([rows.get(float(t), lost) for t in times])
        return Ribbon(
            output, times, {p: values[:, i] for i, p in enumerate(PERCENTILES)}
        )

    def curves(
        self, output: str, subjects: Sequence[int | str]
    ) -> tuple[Column, list[Floats]]:
        """Times, and one output of some subjects."""
        marks = ", ".join("?" for _ in subjects)
        query = (
            f'SELECT subject, time, "{output}" AS x FROM curves '
            f"WHERE subject IN ({marks}) ORDER BY subject, time"
        )
        with self._tables() as tables:
            found = tables.execute(query, list(subjects)).fetchnumpy()
        times = np.unique(np.asarray(found["time"]))
        values: Floats = np.ma.filled(np.ma.asarray(found["x"], dtype=float), np.nan)
        return times, list(values.reshape(-1, len(times))) if len(times) else []

    def sample(self, most: int) -> list[int | str]:
        """Some of the subjects that have curves, evenly spread."""
        with self._tables() as tables:
            query = "SELECT DISTINCT subject FROM curves ORDER BY subject"
            names = [row[0] for row in tables.execute(query).fetchall()]
        if len(names) <= most:
            return names
        chosen = np.linspace(0, len(names) - 1, most).round().astype(int)
        return [names[i] for i in chosen]

    def _numbers(self, tables: duckdb.DuckDBPyConnection) -> list[str]:
        rows = tables.execute("DESCRIBE subjects").fetchall()
        return [r[0] for r in rows if r[1] == "DOUBLE" and r[0] not in _NO_QUANTITY]

    @contextmanager
    def _tables(self) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        try:
            with heard(), duckdb.connect(config={"threads": 1}) as connection:
                for table in (SUBJECTS, CURVES):
                    files = str(self.folder / table / "part-*.parquet")
                    text = files.replace("'", "''")
                    connection.execute(
                        f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{text}')"
                    )
                yield connection
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise RunError(f"Cannot read the run '{self.folder}': {reason}") from None
