"""What was asked for, in a form that can be kept and asked again."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adckit.errors import CardError, RunError
from adckit.io.dosing_tables import TableSubject, read_dosing_table
from adckit.library.shelf import is_path
from adckit.network.dosing import DoseRecord
from adckit.planning import CARRIER, Dosing
from adckit.prepared import Prepared, prepare
from adckit.simulation import DEFAULT_RTOL, Subjects
from adckit.studies.case import Case, study, with_influences

if TYPE_CHECKING:
    from adckit.studies.uncertain_answers import UncertainAnswers

__all__ = [
    "DoseTable",
    "Request",
    "carry_out",
    "draw_unknown",
    "rank",
    "with_files",
    "with_settings_here",
]

PART_SETTINGS = (
    "antibody",
    "linker",
    "payload",
    "target",
    "tumour",
    "tumor",
    "host",
    "cells",
    "cells_2",
    "cells_3",
    "cells_4",
)
"""Settings whose value may be a file."""

_MOLAR_MASSES = ("antibody_molar_mass", "conjugate_molar_mass")
"""Parameters that a dose in mg is turned into nmol by, the one that counts last."""

_CARD = re.compile(r"""["']([^"'\n]+\.ya?ml)["']|([^\s"'{}\[\],]+\.ya?ml)""")
"""The name of a card file inside another card."""


@dataclass(frozen=True)
class DoseTable:
    """A dosing table and how its numbers are meant."""

    path: str
    time_unit: str = "day"
    amount_unit: str = "mg"
    ignore: tuple[str, ...] = ()
    """Columns that are left out."""


@dataclass(frozen=True)
class Request:
    """A simulation as the command line asks for it."""

    model: str
    """A name of the library or a card file."""
    compare: tuple[str, ...] = ()
    """Models beside it; settings do not change them."""
    regimen: str | None = None
    """For all models; by default each has its own."""
    doses: DoseTable | None = None
    """Instead of a regimen."""
    days: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    engine: str = "cpu"
    method: str = "auto"
    rtol: float = DEFAULT_RTOL
    files: Mapping[str, str] = field(default_factory=dict)
    """Absolute path → text of every file that the request needs."""
    draws: int | None = None
    """Draws of the parameters, where their uncertainty is asked for."""
    draw_seed: int = 1

    def to_json(self) -> dict[str, Any]:
        """The request for `run.json`; what is not asked for about draws is left out."""
        content = asdict(self)
        if self.draws is None:
            del content["draws"], content["draw_seed"]
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Request:
        """The request in a run's `run.json`.

        Raises RunError when it has another form.
        """
        try:
            table = content["doses"]
            doses = None if table is None else DoseTable(**table)
            if doses is not None:
                doses = replace(doses, ignore=tuple(doses.ignore))
            changed = {"compare": tuple(content["compare"]), "doses": doses}
            return cls(**{**content, **changed})
        except (KeyError, TypeError) as error:
            raise RunError(
                f"run.json does not hold a request that this version reads ({error}). "
                "Repeat the run with the version that wrote it."
            ) from None

    def materialised(self, folder: Path) -> Request:
        """The same request with its files written anew below `folder`."""
        if not self.files:
            return self
        top = os.path.commonpath([os.path.dirname(path) for path in self.files])
        moved = {p: str(folder / os.path.relpath(p, top)) for p in self.files}
        for path, text in self.files.items():
            for old, new in moved.items():
                text = text.replace(old, new)
            target = Path(moved[path])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        doses = self.doses
        if doses is not None:
            doses = replace(doses, path=moved[doses.path])
        return replace(
            self,
            model=moved.get(self.model, self.model),
            compare=tuple(moved.get(name, name) for name in self.compare),
            settings={k: moved.get(v, v) for k, v in self.settings.items()},
            doses=doses,
        )


def with_settings_here(request: Request) -> Request:
    """The request with the files that settings name found from the current folder.

    A relative name would otherwise be looked for beside the card that it changes.
    """
    settings = {
        key: _absolute(value) if key in PART_SETTINGS else value
        for key, value in request.settings.items()
    }
    return replace(request, settings=settings)


def with_files(request: Request) -> Request:
    """The request with absolute paths and the text of every file behind them.

    A file that cannot be read is left for the reader of cards to report.
    """
    settings = with_settings_here(request).settings
    doses = request.doses
    if doses is not None:
        doses = replace(doses, path=os.path.abspath(doses.path))
    model = _absolute(request.model)
    compare = tuple(_absolute(name) for name in request.compare)
    waiting = [model, *compare, *settings.values()]
    waiting = [name for name in waiting if is_path(name) and os.path.isabs(name)]
    files: dict[str, str] = {}
    if doses is not None:
        _collect(doses.path, files)
    while waiting:
        path = waiting.pop()
        text = _collect(path, files)
        for quoted, plain in _CARD.findall(text):
            below = os.path.join(os.path.dirname(path), quoted or plain)
            if os.path.abspath(below) not in files and os.path.isfile(below):
                waiting.append(os.path.abspath(below))
    return replace(
        request,
        model=model,
        compare=compare,
        settings=settings,
        doses=doses,
        files=files,
    )


def _absolute(name: str) -> str:
    return os.path.abspath(name) if is_path(name) else name


def _collect(path: str, files: dict[str, str]) -> str:
    try:
        files[path] = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return files[path]


def carry_out(request: Request, *, assumptions: bool = True) -> list[Case]:
    """Simulate what was asked for, the model first, then what it is compared with.

    Without `assumptions` those are not ranked; the reference engine never does.

    Raises AdckitError for a request that makes no sense.
    """
    models = [request.model, *request.compare]
    settings: list[dict[str, str]] = [{} for _ in models]
    settings[0] = dict(request.settings)
    alone = request.doses is None  # a table may have many subjects
    ready = [
        prepare(m, s, profiles=alone) for m, s in zip(models, settings, strict=True)
    ]
    labels = _labels(ready, settings[0])
    cases = []
    for label, model, changes in zip(labels, ready, settings, strict=True):
        subjects, doses = _dosing(request, model)
        case = study(
            label,
            model,
            doses,
            subjects=subjects,
            days=request.days,
            settings=changes,
            engine=request.engine,
            method=request.method,
            rtol=request.rtol,
            assumptions=False,
        )
        cases.append(case)
    return rank(request, cases) if assumptions else cases


def rank(request: Request, cases: Sequence[Case]) -> list[Case]:
    """The cases with their assumptions ranked, where the engine is quick enough."""
    if request.engine != "cpu":
        return list(cases)
    return [with_influences(case, rtol=request.rtol) for case in cases]


def draw_unknown(request: Request, cases: Sequence[Case]) -> UncertainAnswers | None:
    """Bands and tornado of the model, where the request asks for them.

    Raises AdckitError for a model that is no product.
    """
    if request.draws is None:
        return None
    from adckit.studies.uncertain_answers import uncertain_answers

    ready = cases[0].ready
    if ready.network.lattices and ready.product is not None:
        ready = prepare(ready.product)  # hundreds of draws, without profiles
    return uncertain_answers(
        ready,
        cases[0].doses,
        days=request.days,
        draws=request.draws,
        seed=request.draw_seed,
        rtol=request.rtol,
    )


def _labels(ready: Sequence[Prepared], settings: Mapping[str, str]) -> list[str]:
    """One name per model, different from each other."""
    names = [model.network.name for model in ready]
    if settings:
        changes = ", ".join(f"{k}={_short(v)}" for k, v in settings.items())
        names[0] = f"{names[0]} ({changes})"
    return [
        name if names.index(name) == i else f"{name} #{names[:i].count(name) + 1}"
        for i, name in enumerate(names)
    ]


def _short(value: str) -> str:
    return os.path.basename(value) if os.path.isabs(value) else value


def _dosing(request: Request, model: Prepared) -> tuple[Subjects, Dosing | None]:
    """The subjects and doses of a request."""
    if request.doses is None:
        return None, request.regimen
    return table_doses(request.doses, model)


def table_doses(
    table: DoseTable, model: Prepared
) -> tuple[dict[str, Any], dict[str, list[DoseRecord]]]:
    """The subjects of a dosing table with their covariates, and what each is given.

    Raises CardError with every problem of the table.
    """
    network = model.network
    masses = [p for p in network.parameters if p.name in _MOLAR_MASSES]
    naked = [p.internal for p in masses if p.name == _MOLAR_MASSES[0]]
    carried = naked and any(port.name == CARRIER for port in network.ports)
    rows = read_dosing_table(
        table.path,
        ports=[port.name for port in network.ports],
        time_unit=table.time_unit,
        amount_unit=table.amount_unit,
        port_unit=network.ports[0].unit,
        molar_mass_mg_per_nmol=masses[-1].internal if masses else None,
        own_molar_mass={CARRIER: naked[0]} if carried else None,
        leave_out=table.ignore,
    )
    subjects: dict[str, Any] = {"subject": [_subject_name(row) for row in rows]}
    subjects |= _covariates(rows, model)
    names = subjects["subject"]
    doses = {n: list(row.records) for n, row in zip(names, rows, strict=True)}
    return subjects, doses


def _subject_name(row: TableSubject) -> str:
    return row.name if row.occasion == 1 else f"{row.name}, occasion {row.occasion}"


def _covariates(
    rows: Sequence[TableSubject], model: Prepared
) -> dict[str, list[float]]:
    """The columns that are parameters of the model, in the parameter's unit."""
    known = {parameter.name: parameter.value for parameter in model.network.parameters}
    columns: dict[str, list[float]] = {}
    for row in rows:
        if row.varying:
            name = next(iter(row.varying))
            raise CardError(
                f"The dosing table has a column '{name}' that changes within subject "
                f"{row.name}. A parameter keeps its value: leave the column out with "
                f"`--ignore {name}`.",
                [],
            )
        for name in row.covariates:
            if name not in known:
                raise CardError(
                    f"The dosing table has a column '{name}', which is no parameter of "
                    f"'{model.network.name}'. Name it as one, such as body_weight, or "
                    f"leave it out with `--ignore {name}`.",
                    [],
                )
            columns[name] = [known[name]] * len(rows)
    for i, row in enumerate(rows):
        for name, value in row.covariates.items():
            columns[name][i] = value
    return columns
