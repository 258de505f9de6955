"""The folder of a trial that was run many times: what was asked for, and how to go on.

run.json                 the request, the protocol's text, hashes, versions, command
protocol.yaml            the protocol once more, to read
trials/part-*.parquet    a row per replicate and dose level or arm
events/part-*.parquet    a row per event of every subject
responses/, scans/       a row per subject with scans, and per scan
lesions/                 a row per target lesion and scan
summary.json             averages over replicates
report.html, pictures    by `adckit.report`

A chunk of replicates is done when its part of `trials` is there: that one is written
last, and each file is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adckit import __version__
from adckit.errors import AdckitError, RunError
from adckit.io.chunks import write_chunk
from adckit.io.runs import check_folder, holds_run, write_text
from adckit.library.populations import load_population
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.patients import PatientModel, TypedPatients
from adckit.studies.protocol import TrialProtocol, read_protocol
from adckit.studies.trial import ArmRun, EscalationRun
from adckit.studies.trial_chunks import (
    TABLES,
    TrialChunk,
    arm_runs,
    chunk_size,
    escalation_runs,
)

__all__ = [
    "TrialRequest",
    "TrialRun",
    "TrialStore",
    "begin_trial",
    "describe_trial",
    "is_trial_run",
    "patient_model",
    "read_trial_run",
    "stored_protocol",
]

FORMAT = "trial 2"
"""Version of the layout of `run.json`."""

_UNITS = {
    "day": "day",
    "subject_day": "day",
    "days": "day",
    "pfs": "day",
    "response_day": "day",
    "duration": "day",
    "sum": "mm",
    "diameter": "mm",
    "best_change": "%",
}


@dataclass(frozen=True)
class TrialRequest:
    """A trial as the command line asks for it."""

    name: str
    text: str
    """The protocol, as it is written."""
    replicates: int
    seed: int
    population: str | None = None
    """In place of the protocol's."""
    rates: tuple[float, ...] = ()
    """P(DLT) of each arm, in place of the model."""


@dataclass(frozen=True)
class TrialRun:
    """What `run.json` says."""

    identity: str
    request: TrialRequest
    subjects: str
    """How the subjects are made, in words."""
    command: str
    versions: Mapping[str, str]


def stored_protocol(request: TrialRequest) -> TrialProtocol:
    """The protocol of a request.  Raises CardError."""
    return read_protocol(request.text, request.name, f"{request.name}.yaml")


def patient_model(
    request: TrialRequest, protocol: TrialProtocol, threads: int | None = None
) -> PatientModel:
    """Where the subjects of a request come from.

    Raises AdckitError for probabilities that do not fit the protocol.
    """
    if not request.rates:
        return MechanisticPatients(
            protocol, request.seed, request.population, threads=threads
        )
    if len(request.rates) != len(protocol.arms):
        raise AdckitError(
            f"There are {len(request.rates)} probabilities of a DLT for "
            f"{len(protocol.arms)} dose levels or arms. Give one for each."
        )
    if any(arm.response_rule for arm in protocol.arms):
        raise AdckitError(
            "Probabilities of a DLT say nothing about responses, which this protocol "
            "judges. Leave them out, or give an escalation."
        )
    return TypedPatients(request.rates, protocol.window, request.seed)


def describe_trial(
    request: TrialRequest, protocol: TrialProtocol, model: PatientModel, command: str
) -> TrialRun:
    """The run that answers a request."""
    subjects = "P(DLT) is " + ", ".join(f"{rate:g}" for rate in request.rates) + "."
    hashes: list[Any] = []
    if isinstance(model, MechanisticPatients):
        subjects = model.describe()
        name = request.population or protocol.card.population
        hashes.append(load_population(name).digest if name is not None else subjects)
        for ready in model.models:
            values = [(p.name, p.value, p.unit) for p in ready.network.parameters]
            hashes.append([ready.fingerprint, _sha256(repr(values))])
    asked = {**asdict(request), "population": None}
    identity = _sha256(json.dumps([FORMAT, asked, hashes], sort_keys=True))
    return TrialRun(identity, request, subjects, command, _versions())


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _versions() -> dict[str, str]:
    return {
        "adckit": __version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "llvmlite": version("llvmlite"),
        "platform": platform.platform(),
    }


def begin_trial(folder: Path, run: TrialRun) -> None:
    """Write `run.json` into a folder that is empty or holds this very run.

    Raises RunError when the folder holds anything else, or cannot be written.
    """
    if (folder / "run.json").exists():
        if not is_trial_run(folder) or read_trial_run(folder).identity != run.identity:
            raise RunError(
                f"The folder '{folder}' holds another run. Nothing was written; give a "
                "folder that is new or empty, or remove it."
            )
        return
    check_folder(folder)
    content = {"format": FORMAT, **asdict(run)}
    write_text(folder / "protocol.yaml", run.request.text)
    write_text(folder / "run.json", json.dumps(content, indent=1) + "\n")


def is_trial_run(folder: Path) -> bool:
    """Whether a folder holds a trial."""
    return holds_run(folder, FORMAT)


def read_trial_run(folder: Path) -> TrialRun:
    """The trial that a folder holds.

    Raises RunError when there is none, or one that cannot be read.
    """
    path = folder / "run.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise KeyError("format")
        request = content.pop("request")
        asked = TrialRequest(**{**request, "rates": tuple(request["rates"])})
        return TrialRun(request=asked, **content)
    except OSError as error:
        raise RunError(
            f"Cannot read '{path}': {error.strerror}. Give the folder of a trial, such "
            "as `adckit trial` prints."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"'{path}' is not a trial that this version reads ({error})."
        ) from None


class TrialStore:
    """The chunks of replicates in a folder.

    Opening it drops whatever a process that ended too soon has left behind.
    """

    def __init__(self, folder: Path, protocol: TrialProtocol, replicates: int) -> None:
        self.folder, self.replicates = folder, replicates
        self.protocol, self.size = protocol, chunk_size(protocol)
        self.chunks = -(-replicates // self.size)
        for left in folder.glob("*/*.part"):
            left.unlink()

    def numbers(self, chunk: int) -> range:
        """Replicates of a chunk, from 0."""
        first = chunk * self.size
        return range(first, min(first + self.size, self.replicates))

    def has(self, chunk: int) -> bool:
        """Whether a chunk is there, whole."""
        return self._path(TABLES[-1], chunk).exists()

    @property
    def done(self) -> int:
        """Replicates that are there."""
        return sum(len(self.numbers(c)) for c in range(self.chunks) if self.has(c))

    def put(self, chunk: TrialChunk) -> None:
        """Write a chunk.  Raises RunError when it cannot be written."""
        import duckdb

        try:
            for name in TABLES:
                table = chunk.tables[name]
                if not table:
                    continue
                path = self._path(name, chunk.number)
                path.parent.mkdir(exist_ok=True)
                units = {n: _UNITS[n] for n in table if n in _UNITS}
                write_chunk(path, table, units)
        except (OSError, duckdb.Error) as error:
            reason = str(error).splitlines()[0]
            raise RunError(
                f"Cannot write into '{self.folder}': {reason}. {self.done} of "
                f"{self.replicates} trials are done and kept. When that is mended: "
                f"adckit resume {self.folder}"
            ) from None

    def escalations(self) -> Iterator[EscalationRun]:
        """Every escalation, in order."""
        return escalation_runs(self.rows("trials", "ORDER BY replicate, level"))

    def arms(self) -> Iterator[list[ArmRun]]:
        """The arms of every replicate, in order."""
        order = {arm.name: place for place, arm in enumerate(self.protocol.arms)}
        for runs in arm_runs(self.rows("trials", "ORDER BY replicate")):
            yield sorted(runs, key=lambda run: order[run.arm])

    def rows(
        self, table: str, tail: str = "", select: str = "*"
    ) -> Iterator[dict[str, Any]]:
        """Rows of a table, by SQL; none where it was not written."""
        import duckdb

        if not any((self.folder / table).glob("part-*.parquet")):
            return
        source = str(self.folder / table / "part-*.parquet").replace("'", "''")
        with duckdb.connect(config={"threads": 1}) as connection:
            found = connection.execute(
                f"SELECT {select} FROM read_parquet('{source}') {tail}"
            )
            names = [column[0] for column in found.description or ()]
            while rows := found.fetchmany(4096):
                for row in rows:
                    yield dict(zip(names, row, strict=True))

    def _path(self, table: str, chunk: int) -> Path:
        return self.folder / table / f"part-{chunk:06d}.parquet"
