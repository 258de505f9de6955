"""The folder of a study of many subjects: what was asked for, and how to go on.

run.json                 the request, hashes of what answers it, versions, command
subjects/part-*.parquet  one row per subject: status, what it is, what came out
curves/part-*.parquet    subject, time, one column per output
manifest.jsonl           finished chunks and the SHA-256 of their files
percentiles.parquet      5th to 95th percentile of every output over time
summary.json             every quantity over all subjects
uncertainty.parquet      bands of both kinds, tornado.json what decides: --uncertainty
input.csv, .parquet      the user's own table of subjects, where one was given
report.html, pictures    by `adckit.report`
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from adckit.errors import AdckitError, RunError
from adckit.io.chunks import file_hash
from adckit.io.locks import LOCK
from adckit.io.request import Request, table_doses, with_files
from adckit.io.runs import check_folder, holds_run, load_run, write_text
from adckit.io.subject_tables import read_subjects
from adckit.library.populations import default_population, load_population
from adckit.library.shelf import is_path
from adckit.network.dosing import DoseRecord
from adckit.prepared import Prepared, prepare
from adckit.studies.campaign import Campaign, Keep, make_campaign
from adckit.studies.memory_plan import DEFAULT_BUDGET
from adckit.studies.population import Sampler, SubjectSource
from adckit.studies.reductions import Threshold
from adckit.studies.uncertain_answers import (
    SUBJECTS,
    UncertainAnswers,
    uncertain_answers,
)
from adckit.units import convert, parse_quantity

__all__ = [
    "PopulationRequest",
    "PopulationRun",
    "begin_run",
    "carry_out_population",
    "check_population_folder",
    "check_same",
    "describe_population_run",
    "draw_unknown_of_population",
    "is_population_run",
    "population_request",
    "read_population_run",
    "stored_request",
]

FORMAT = "population 1"
"""Version of the layout of `run.json`."""
_INPUT = "input"


@dataclass(frozen=True)
class PopulationRequest:
    """A study as the command line asks for it."""

    base: Request
    """The model, its settings, the regimen, days and tolerance."""
    subjects: int
    seed: int
    population: str | None
    """A name or a file; None with a table of the user's own."""
    effects: str | None = None
    table: str | None = None
    """Path of the table; within a run folder its name there."""
    keep: Keep = "curves"
    outputs: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    """`OUTPUT=LEVEL UNIT`: levels over which time is counted."""
    times: tuple[float, ...] = ()
    """Days; by default those of `population_times`."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "base": self.base.to_json()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> PopulationRequest:
        """The request in a run's `run.json`.

        Raises RunError when it has another form.
        """
        try:
            base = Request.from_json(content["base"])
            rows = {k: tuple(content[k]) for k in ("outputs", "above", "times")}
            return cls(**{**content, **rows, "base": base})
        except (KeyError, TypeError) as error:
            raise RunError(
                f"run.json does not hold a request that this version reads ({error}). "
                "Repeat the run with the version that wrote it."
            ) from None


@dataclass(frozen=True)
class PopulationRun:
    """What `run.json` says."""

    identity: str
    request: PopulationRequest
    model: Mapping[str, Any]
    """Provenance of the model; see `Result.provenance`."""
    subjects: str
    """How the subjects are made, in words."""
    chunk: int
    """Subjects per chunk."""
    command: str
    versions: Mapping[str, str]


def population_request(request: PopulationRequest) -> PopulationRequest:
    """The request with absolute paths, and the text of its cards with it."""
    base = with_files(request.base)
    population = request.population
    if population is not None and is_path(population):
        population = os.path.abspath(population)
        try:
            text = Path(population).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""  # the reader of cards says why
        base = replace(base, files={**base.files, population: text})
    table = request.table and os.path.abspath(request.table)
    return replace(request, base=base, population=population, table=table)


def carry_out_population(
    request: PopulationRequest,
    *,
    budget: int = DEFAULT_BUDGET,
    chunk: int | None = None,
) -> Campaign:
    """The study that was asked for, planned and checked but not yet run.

    Raises AdckitError for a request that makes no sense.
    """
    base = request.base
    ready = prepare(base.model, base.settings)
    source, count = _source(request, ready)
    return make_campaign(
        ready,
        source,
        count,
        regimen=_given(base, ready),
        days=base.days,
        times=request.times or None,
        outputs=request.outputs or None,
        keep=request.keep,
        thresholds=[_threshold(text, ready) for text in request.above],
        budget=budget,
        chunk=chunk,
        rtol=base.rtol,
        method=base.method,
        settings=base.settings,
    )


def _given(base: Request, ready: Prepared) -> str | Sequence[DoseRecord] | None:
    """A regimen, or the records of a dosing table with one subject."""
    if base.doses is None:
        return base.regimen
    columns, records = table_doses(base.doses, ready)
    if len(records) != 1:
        raise AdckitError(
            f"The dosing table has {len(records)} subjects. With --subjects or --table "
            "it says what everyone is given: leave one subject in it, or leave "
            "--subjects out to simulate those of the dosing table."
        )
    covariates = [name for name in columns if name != "subject"]
    if covariates:
        raise AdckitError(
            f"The dosing table has a column '{covariates[0]}', but the subjects bring "
            f"their own. Leave it out with `--ignore {covariates[0]}`."
        )
    return next(iter(records.values()))


def draw_unknown_of_population(
    request: PopulationRequest, campaign: Campaign
) -> UncertainAnswers | None:
    """Bands and tornado of a study's model, where the request asks for them.

    The subjects of the bands are the study's first.

    Raises AdckitError for a model that is no product.
    """
    base = request.base
    if base.draws is None:
        return None
    return uncertain_answers(
        prepare(base.model, base.settings),
        campaign.regimen,
        days=float(campaign.times[-1]),
        source=campaign.source,
        draws=base.draws,
        subjects=min(campaign.plan.subjects, SUBJECTS),
        seed=base.draw_seed,
        rtol=base.rtol,
    )


def _source(request: PopulationRequest, ready: Prepared) -> tuple[SubjectSource, int]:
    """Where the subjects come from, and how many there are."""
    if request.table is not None:
        table = read_subjects(request.table, ready.network)
        count = request.subjects or len(table)
        if count > len(table):
            raise AdckitError(
                f"The table has {len(table)} subjects, fewer than the {count} asked "
                "for. Ask for no number, and all of them are simulated."
            )
        return table, count
    product = ready.product
    name = request.population or default_population(
        product.name if product else None,
        product.parts.get("host") if product else None,
    )
    population = load_population(name)
    model = product if product is not None else ready.network
    return Sampler(model, population, request.seed, request.effects), request.subjects


def _threshold(text: str, ready: Prepared) -> Threshold:
    """`conjugate=10 ug/mL` as a level in the output's unit."""
    output, sign, level = (part.strip() for part in text.partition("="))
    if not (output and sign and level):
        raise AdckitError(f"'{text}' is no level. Write it as in 'conjugate=10 ug/mL'.")
    value, unit = parse_quantity(level)
    units = dict(zip(ready.system.outputs, ready.system.output_units, strict=True))
    if output in units and unit:
        value = convert(value, unit, units[output])
    return Threshold(output, value)


def describe_population_run(
    request: PopulationRequest, campaign: Campaign, command: str
) -> PopulationRun:
    """The run that a study is."""
    provenance = dict(campaign.typical.provenance)
    versions = {
        **provenance.pop("versions"),
        "duckdb": _version("duckdb"),
        "platform": platform.platform(),
    }
    return PopulationRun(
        _identity(request, campaign, provenance),
        request,
        {"label": campaign.ready.network.name, **provenance},
        campaign.source.describe(),
        campaign.plan.chunk,
        command,
        versions,
    )


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


def _identity(
    request: PopulationRequest, campaign: Campaign, provenance: Mapping[str, Any]
) -> str:
    """SHA-256 of all that decides the numbers; not of chunks, threads and paths."""
    base = request.base
    asked = request.to_json()
    asked["base"] = {
        **asked["base"],
        "model": _bare(base.model),
        "settings": {key: _bare(value) for key, value in base.settings.items()},
        "files": sorted(base.files.values()),
        "doses": base.doses and asdict(replace(base.doses, path="")),
    }
    asked["population"] = request.population and _bare(request.population)
    made = campaign.source.describe()
    if request.table is not None:
        asked["table"] = made = file_hash(Path(request.table))
    keys = ("card_digest", "model_hash", "parameter_hash", "regimen")
    hashes = [provenance[key] for key in keys]
    parts = [FORMAT, asked, hashes, made, list(campaign.times)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _bare(name: str) -> str:
    """The name of a file without its folders, anything else as it is."""
    return os.path.basename(name) if is_path(name) else name


def check_population_folder(folder: Path) -> None:
    """Make sure that a folder may take a study, as far as can be said beforehand.

    Raises RunError when it holds files but no run.
    """
    if folder.is_dir() and os.listdir(folder) == [LOCK]:
        return  # left by a process that was killed before it wrote anything
    check_folder(folder)


def begin_run(folder: Path, run: PopulationRun) -> PopulationRun:
    """Write `run.json` into a folder that is empty or holds this very run.

    Gives the run as the folder has it, whose chunks are those to go on with.

    Raises RunError when the folder holds anything else, or cannot be written.
    """
    check_population_folder(folder)
    path = folder / "run.json"
    if path.exists():
        old = read_population_run(folder)
        if old.identity != run.identity:
            raise RunError(
                f"The folder '{folder}' holds another run: {old.command}. Nothing was "
                "written; give a folder that is new or empty, or remove it."
            )
        return old
    kept = _keep_table(folder, run)
    asked = kept.request.to_json()
    content = {"format": FORMAT, **asdict(kept), "request": asked}
    write_text(path, json.dumps(content, indent=1) + "\n")
    return kept


def _keep_table(folder: Path, run: PopulationRun) -> PopulationRun:
    """Copy the user's table into the folder, so that the run needs nothing else."""
    if run.request.table is None:
        return run
    given = Path(run.request.table)
    name = _INPUT + (given.suffix.lower() or ".csv")
    try:
        shutil.copyfile(given, folder / name)
    except OSError as error:
        raise RunError(f"Cannot write '{folder / name}': {error.strerror}.") from None
    return replace(run, request=replace(run.request, table=name))


def is_population_run(folder: Path) -> bool:
    """Whether a folder holds a study of many subjects."""
    return holds_run(folder, FORMAT)


def read_population_run(folder: Path) -> PopulationRun:
    """The run that a folder holds.

    Raises RunError when there is none, or one that cannot be read.
    """
    path = folder / "run.json"
    content = load_run(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RunError(
            f"'{path}' is no run of many subjects that this version reads. A run of "
            "one typical subject is repeated with `adckit replay`."
        )
    try:
        content.pop("format")
        request = PopulationRequest.from_json(content.pop("request"))
        return PopulationRun(request=request, **content)
    except (KeyError, TypeError) as error:
        raise RunError(f"'{path}' lacks or does not know {error}.") from None


def stored_request(run: PopulationRun, folder: Path, place: Path) -> PopulationRequest:
    """The request of a run with its cards written below `place`."""
    request = run.request
    base = request.base.materialised(place)
    population = request.population
    if population is not None and population in request.base.files:
        top = os.path.commonpath([os.path.dirname(p) for p in request.base.files])
        population = str(place / os.path.relpath(population, top))
    table = None if request.table is None else str(folder / request.table)
    return replace(request, base=base, population=population, table=table)


def check_same(old: PopulationRun, new: PopulationRun) -> Sequence[str]:
    """Notes on what has changed since a run began and may change its numbers.

    Raises RunError when the model, the cards or the subjects are others.
    """
    if old.identity != new.identity:
        names = {
            "card_digest": "the card",
            "model_hash": "the equations",
            "parameter_hash": "the parameters",
            "regimen": "the regimen",
        }
        changed = [w for k, w in names.items() if old.model.get(k) != new.model.get(k)]
        what = ", ".join(changed) or "the population or its table"
        raise RunError(
            f"This run cannot go on: {what} changed since it began. Use the version of "
            "adckit that began it, or start a new run."
        )
    return [
        f"{name} was {old.versions.get(name, 'absent')}, is {version}"
        for name, version in new.versions.items()
        if old.versions.get(name) != version
    ]
