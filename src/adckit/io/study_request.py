"""A study of tumours in mice as it was asked for: the arms, and how they are told.

An arm in words, as `--arm` takes it:

    [NAME:] control
    [NAME:] REGIMEN [+ carrier REGIMEN]
    [NAME:] naked REGIMEN

`carrier` is naked antibody that is given beside the conjugate, `naked` the same alone;
REGIMEN is what `--regimen` takes.  The name is by default the rest of the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from adckit.errors import AdckitError, RegimenError, RunError
from adckit.io.request import Request, with_files
from adckit.library import load_product
from adckit.network.dosing import DoseRecord
from adckit.network.regimen import Regimen, parse_regimen
from adckit.parameters import Source
from adckit.planning import length
from adckit.prepared import Prepared, prepare
from adckit.studies.tumour_growth import SIZE
from adckit.studies.xenograft import (
    Arm,
    StudyOutcome,
    evaluate,
    records,
    run_arm,
)
from adckit.units import convert, parse_quantity

__all__ = [
    "CONTROL",
    "ArmRequest",
    "StudyRequest",
    "carry_out_study",
    "check_names",
    "prepared_arm",
    "read_arm",
    "volume_mm3",
    "with_study_files",
]

CONTROL = "control"
_CARRIER = re.compile(r"\s*\+\s*carrier\s+", re.IGNORECASE)
_NAMED = re.compile(r"\s*([^:]+?)\s*:\s*(.+)", re.DOTALL)
_START = "initial_tumour_volume"


@dataclass(frozen=True)
class ArmRequest:
    """One arm as it was asked for; neither regimen means a control."""

    name: str
    base: Request
    """The model with its settings."""
    regimen: str | None = None
    carrier: str | None = None
    """Regimen of naked antibody."""
    animals: int = 0
    start_mm3: float | None = None

    @property
    def given(self) -> str:
        """The treatment in words."""
        if self.regimen is None:
            return "nothing" if self.carrier is None else f"naked {self.carrier}"
        return self.regimen + (f" + carrier {self.carrier}" if self.carrier else "")


@dataclass(frozen=True)
class StudyRequest:
    """Arms that are looked at together."""

    title: str
    arms: tuple[ArmRequest, ...]
    days: float | None = None
    seed: int = 1
    day: float | None = None
    """Of evaluation."""
    size_mm3: float = SIZE

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> StudyRequest:
        """The request in a run's `run.json`.

        Raises RunError when it has another form.
        """
        try:
            arms = tuple(
                ArmRequest(**{**arm, "base": Request.from_json(arm["base"])})
                for arm in content["arms"]
            )
            return cls(**{**content, "arms": arms})
        except (KeyError, TypeError) as error:
            raise RunError(
                f"run.json does not hold a study that this version reads ({error}). "
                "Repeat the run with the version that wrote it."
            ) from None

    def materialised(self, folder: Path) -> StudyRequest:
        """The same study with the files of its arms written anew below `folder`."""
        arms = tuple(
            replace(arm, base=arm.base.materialised(folder / str(number)))
            for number, arm in enumerate(self.arms)
        )
        return replace(self, arms=arms)


def read_arm(text: str, base: Request, animals: int = 0) -> ArmRequest:
    """An arm in words.

    Raises RegimenError for words that are none, with the place in them.
    """
    named = _NAMED.fullmatch(text)
    words = (named[2] if named else text).strip()
    name = named[1] if named else words
    if not words:
        raise RegimenError(
            "An arm is empty. Write 'control', '3 mg/kg once' or 'NAME: 3 mg/kg once'."
        )
    if words.casefold() == CONTROL:
        return ArmRequest(name, base, animals=animals)
    regimen: str | None
    carrier: str | None
    if words.casefold().startswith("naked "):
        regimen, carrier = None, words[len("naked ") :].strip()
    else:
        given = _CARRIER.split(words)
        regimen, carrier = given[0], (given[1] if len(given) > 1 else None)
    for part in (regimen, carrier):
        if part is not None:
            _checked(part, f"Arm '{text}'")
    return ArmRequest(name, base, regimen, carrier, animals)


def _checked(text: str, where: str) -> Regimen:
    try:
        return parse_regimen(text)
    except RegimenError as error:
        raise RegimenError(
            f"{where}: {error}\nAn arm is 'control', a regimen such as '3 mg/kg q3w "
            "x3', or 'naked' and a regimen; a name may stand before it, with a colon."
        ) from None


def check_names(arms: Sequence[ArmRequest]) -> Iterator[tuple[int, str]]:
    """Arms that another one before them has the name of: position and a sentence."""
    names = [arm.name for arm in arms]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield (
                i,
                f"Two arms are called '{name}'. Give one of them another name, as in "
                f"'{name} again: {arms[i].given}'.",
            )


def volume_mm3(text: str, what: str) -> float:
    """`200 mm3` or `0.2 mL` in mm3.

    Raises AdckitError for anything that is no volume above 0.
    """
    value, unit = parse_quantity(text)
    if not unit:
        raise AdckitError(f"{what} is '{text}', without a unit. Write {value:g} mm3.")
    number = convert(value, unit, "mm3")
    if not (np.isfinite(number) and number > 0):
        raise AdckitError(
            f"{what} is '{text}'. A tumour has a volume above 0: write 200 mm3 or so."
        )
    return float(number)


def with_study_files(request: StudyRequest) -> StudyRequest:
    """The study with absolute paths and the text of every file behind its arms."""
    arms = tuple(replace(arm, base=with_files(arm.base)) for arm in request.arms)
    return replace(request, arms=arms)


def carry_out_study(request: StudyRequest) -> StudyOutcome:
    """Simulate every arm and take its measures.

    Raises AdckitError for a request that makes no sense.
    """
    if not request.arms:
        raise AdckitError("The study has no arms. Give one at least, such as control.")
    for _, sentence in check_names(request.arms):
        raise AdckitError(sentence)
    days = _days(request)
    outcomes = []
    for arm in request.arms:
        base = arm.base
        ready = prepared_arm(arm)
        doses = [
            *_records(ready, arm.regimen, "central", days),
            *_records(ready, arm.carrier, "carrier", days),
        ]
        doses.sort(key=lambda dose: dose.time)
        made = Arm(arm.name, ready, arm.given, doses, arm.animals, base.settings)
        outcomes.append(
            run_arm(made, days, seed=request.seed, engine=base.engine, rtol=base.rtol)
        )
    return evaluate(outcomes, request.day, request.size_mm3)


def prepared_arm(arm: ArmRequest) -> Prepared:
    """The model of an arm, its tumour as large as asked for.

    A start that is asked for keeps the relative spread of the card's.
    """
    product = load_product(arm.base.model, settings=arm.base.settings)
    start = product.blueprint.parameters.get(_START)
    if arm.start_mm3 is None or start is None:
        return prepare(product)
    asked = start.with_value(arm.start_mm3, "mm3", source=Source("set by the user"))
    blueprint = product.blueprint.with_parameters(replace(asked, spread=start.spread))
    return prepare(replace(product, blueprint=blueprint).with_digest())


def _days(request: StudyRequest) -> float:
    """Whole days to simulate: those asked for, or what the longest regimen takes."""
    given = [
        parse_regimen(text)
        for arm in request.arms
        for text in (arm.regimen, arm.carrier)
        if text is not None
    ]
    each = [length(request.days, None, regimen) for regimen in given]
    each = each or [length(request.days, None, parse_regimen("1 mg/kg once"))]
    return float(np.ceil(max(each)))


def _records(
    ready: Prepared, text: str | None, port: str, days: float
) -> list[DoseRecord]:
    if text is None:
        return []
    return records(ready, parse_regimen(text), port, days)
