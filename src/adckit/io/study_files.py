"""A study of tumours in mice in a file: its form, and what is wrong with it.

    study: KPL-4, single doses
    product: trastuzumab-emtansine
    tumour: KPL-4
    animals: 8
    arms:
      - {name: vehicle, control: true}
      - {name: 3 mg/kg, regimen: 3 mg/kg once}

What stands above the arms holds for each of them until it says otherwise.  The host is
a mouse unless the file names another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

from adckit.errors import AdckitError, CardError
from adckit.io.request import Request
from adckit.io.study_request import (
    ArmRequest,
    StudyRequest,
    check_names,
    prepared_arm,
    volume_mm3,
)
from adckit.library.checking import check_fields
from adckit.library.reading import Node, Problems, read_card
from adckit.library.shelf import is_path, shown_path
from adckit.network.regimen import parse_regimen
from adckit.studies.tumour_growth import SIZE

__all__ = ["read_study"]

Text = Annotated[str, Field(min_length=1, strict=True)]
Positive = Annotated[float, AllowInfNan(False), Field(gt=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
_HOST = "mouse"


class _Common(BaseModel):
    """What a study, or one arm of it, may say of the animals and the model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: Text | None = None
    host: Text | None = None
    tumour: Text | None = None
    start_volume: Text | None = None
    animals: Count | None = None
    settings: dict[str, Text] = {}


class _ArmCard(_Common):
    """One arm."""

    name: Text
    control: bool = False
    regimen: Text | None = None
    carrier: Text | None = None


class _StudyCard(_Common):
    """All arms, and when and by what they are judged."""

    study: Text
    days: Positive | None = None
    seed: Count = 1
    evaluation_day: Positive | None = None
    size: Text | None = None
    arms: tuple[_ArmCard, ...] = Field(min_length=1)


def read_study(path: Path) -> StudyRequest:
    """The study in a file.

    Raises CardError with every problem of the file, and of the products in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise AdckitError(f"Cannot read the study '{path}': {reason}.") from None
    problems = Problems()
    node = read_card(text, shown_path(path), problems)
    card = check_fields(_StudyCard, node, problems) if node is not None else None
    request = None
    if isinstance(card, _StudyCard) and node is not None:
        request = _request(card, node, path.parent, problems)
    if request is None or problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise CardError(f"The study '{path}' cannot be used: {count}.", problems)
    return request


def _request(
    card: _StudyCard, node: Node, folder: Path, problems: Problems
) -> StudyRequest:
    size = SIZE
    if card.size is not None:
        size = _volume(card.size, node.node("size"), problems) or SIZE
    arms = []
    for arm, place in zip(card.arms, node.node("arms").items, strict=True):
        made = _arm(card, arm, node, place, folder, problems)
        if made is not None:
            arms.append((made, place))
    for i, sentence in check_names([arm for arm, _ in arms]):
        problems.add(arms[i][1].node("name").where, sentence)
    if not problems:
        _check_models(arms, problems)
    return StudyRequest(
        card.study,
        tuple(arm for arm, _ in arms),
        card.days,
        card.seed,
        card.evaluation_day,
        size,
    )


def _arm(
    card: _StudyCard,
    arm: _ArmCard,
    node: Node,
    place: Node,
    folder: Path,
    problems: Problems,
) -> ArmRequest | None:
    product = arm.product or card.product
    if product is None:
        problems.add(place.where, "No product is named. Add `product: ...` above.")
        return None
    if arm.control == (arm.regimen is not None or arm.carrier is not None):
        what = (
            f"'{arm.name}' is a control and is given something. Leave one of them out."
            if arm.control
            else f"'{arm.name}' has no regimen. Add `regimen: 3 mg/kg once` or "
            "`control: true`."
        )
        problems.add(place.where, what)
    for key in ("regimen", "carrier"):
        _check_regimen(place.node(key), problems)
    volume = None
    for source in (place, node):
        entry = source.node("start_volume")
        if entry.text and volume is None:
            volume = _volume(entry.text, entry, problems)
    settings = {**card.settings, **arm.settings}
    settings["host"] = _file(arm.host or card.host or _HOST, folder)
    tumour = arm.tumour or card.tumour
    if tumour is not None:
        settings["tumour"] = _file(tumour, folder)
    animals = arm.animals if arm.animals is not None else (card.animals or 0)
    base = Request(_file(product, folder), settings=settings)
    return ArmRequest(arm.name, base, arm.regimen, arm.carrier, animals, volume)


def _file(name: str, folder: Path) -> str:
    """A file is looked for beside the study, not where the command is given."""
    return str((folder / name).absolute()) if is_path(name) else name


def _volume(text: str, place: Node, problems: Problems) -> float | None:
    try:
        return volume_mm3(text, "The volume")
    except AdckitError as error:
        problems.add(place.where, str(error))
        return None


def _check_regimen(entry: Node, problems: Problems) -> None:
    if entry.text is None:
        return
    try:
        parse_regimen(entry.text)
    except AdckitError as error:
        first = str(error).splitlines()[0]
        problems.add(entry.where, f"The regimen '{entry.text}': {first}")


def _check_models(arms: list[tuple[ArmRequest, Node]], problems: Problems) -> None:
    """Products, tumours and settings that cannot be used, once each."""
    seen: set[str] = set()
    for arm, place in arms:
        key = repr((arm.base.model, sorted(arm.base.settings.items())))
        if key in seen:
            continue
        seen.add(key)
        try:
            prepared_arm(arm)
        except AdckitError as error:
            problems.add(place.where, str(error))
