"""Cell lines: what they must have to stand in a dish, and what is published of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adckit.library.cards import CellLineCard
from adckit.library.checking import check_content, check_form
from adckit.library.opening import open_file
from adckit.library.reading import Problems
from adckit.library.shelf import find, is_path, list_parts, same_name
from adckit.mechanisms.blueprint import Blueprint
from adckit.parameters import Source

__all__ = ["PublishedAssay", "antigen_problem", "lines_with", "published_assays"]


@dataclass(frozen=True)
class PublishedAssay:
    """A published figure of cells in a dish."""

    quantity: str
    """`ic50`, the concentration of half the effect, or `plateau`, what survives all."""
    value: float
    unit: str
    role: str
    """`calibrated` when parameters were fitted to it, else `predicted`."""
    source: Source
    bound: bool = False
    """The true value is above this one."""
    hours: float | None = None
    condition: str = ""
    note: str = ""


def antigen_problem(blueprint: Blueprint, parts: Mapping[str, str]) -> str | None:
    """Why these cells cannot meet this antibody, or None.

    An unknown number of antigens is not a number of none.
    """
    if "receptors_per_cell" in blueprint.parameters:
        return None
    line, target = parts["tumour"], parts["target"]
    known = ", ".join(lines_with(target)) or "none"
    return (
        f"Cell line '{line}' has no number of {target} per cell, and none is assumed. "
        "Give one, 0 for a line without it, as in --set 'receptors_per_cell=1e5 "
        f"receptors/cell'. Lines that have one: {known}."
    )


def lines_with(target: str) -> tuple[str, ...]:
    """Lines of the library whose number of a target per cell is known."""
    return tuple(
        name
        for name in list_parts("cell_line")
        for antigen, section in _card(name).for_target.items()
        if same_name(antigen, target) and "receptors_per_cell" in section.parameters
    )


def published_assays(line: str, product: str) -> tuple[PublishedAssay, ...]:
    """What is published of a product on a line of the library; nothing for a file."""
    if is_path(line):
        return ()
    return tuple(
        PublishedAssay(
            seen.quantity,
            seen.value,
            seen.unit,
            seen.role,
            seen.source.source(seen.evidence),
            seen.bound,
            seen.hours,
            seen.condition or "",
            seen.note or "",
        )
        for seen in _card(find("cell_line", line).stem).assays
        if same_name(seen.product, product)
    )


def _card(name: str) -> CellLineCard:
    problems = Problems()
    path: Path = find("cell_line", name)
    opened = open_file("cell_line", path, problems)
    assert opened is not None
    check_content(opened.node, (), {}, problems)
    card = check_form("cell_line", opened.node, problems)
    assert isinstance(card, CellLineCard), problems
    return card
