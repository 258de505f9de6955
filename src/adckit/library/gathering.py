"""The parts of a product, found and read.

A part is named by the product's card or by a setting; it is a card of the library, a
file, or an entry that is written in place.
"""

from __future__ import annotations

from collections.abc import Mapping

from adckit.library.opening import Opened, open_inline, open_reference
from adckit.library.reading import Node, Problems
from adckit.library.settings import CELLS
from adckit.library.shelf import PARTS

__all__ = ["DISH", "card_kind", "open_host", "open_parts"]

DISH = "dish"
"""The host that cells in culture have."""

_DEFAULT_HOST = "human"


def card_kind(part: str, wanted: Mapping[str, str]) -> str:
    """The kind of card that a part is: in a dish the tumour is a cell line."""
    return "cell_line" if part == "tumour" and CELLS in wanted else part


def open_parts(
    product: Opened, wanted: Mapping[str, str], problems: Problems
) -> tuple[dict[str, Opened], Node]:
    """Every part that could be read, and the product's tree with parts by name.

    `wanted` are the parts that settings choose in place of the card's.
    """
    wanted = _with_dish(wanted, problems)
    parts: dict[str, Opened] = {}
    node = product.node
    for kind in (*(part for part in PARTS if part != "target"), "target"):
        entry = _entry(kind, product, wanted, parts)
        part = _open_part(card_kind(kind, wanted), entry, product, problems)
        if part is not None:
            parts[kind] = part
        if isinstance(entry.value, dict):
            name = part.name if part is not None else f"{product.name} {kind}"
            node = node.with_entries(**{kind: Node(name, entry.where)})
    return parts, node


def _with_dish(wanted: Mapping[str, str], problems: Problems) -> Mapping[str, str]:
    """The parts with a dish around the cells, where cells are wanted."""
    if CELLS not in wanted:
        if wanted.get("host") == DISH:
            what = "A dish is for a cell line. Say which: cells=SK-BR-3."
            problems.add("setting 'host'", what)
        return wanted
    for part in ("tumour", "host"):
        if part in wanted:
            what = f"Cells in a dish have no {part}. Leave out {part} or cells."
            problems.add(f"setting '{part}'", what)
    return {**wanted, "host": DISH}


def open_host(
    product: Opened, wanted: Mapping[str, str], problems: Problems
) -> Opened | None:
    """The host of a plain drug."""
    return _open_part("host", _entry("host", product, wanted, {}), product, problems)


def _entry(
    kind: str, product: Opened, wanted: Mapping[str, str], parts: Mapping[str, Opened]
) -> Node:
    """What names the part: a setting, the product's card, or the antibody."""
    if kind == "tumour" and CELLS in wanted:
        return Node(wanted[CELLS], f"setting '{CELLS}'")
    if kind in wanted:
        return Node(wanted[kind], f"setting '{kind}'")
    if kind in product.node.entries:
        return product.node.entries[kind]
    if kind == "target" and "antibody" in parts:
        return parts["antibody"].node.node("target")
    return Node(_DEFAULT_HOST if kind == "host" else None, product.node.where)


def _open_part(
    kind: str, entry: Node, product: Opened, problems: Problems
) -> Opened | None:
    """The part, or None where nothing names it; the form check reports that."""
    if isinstance(entry.value, dict):
        name = entry.node("name").text or f"{product.name} {kind}"
        return open_inline(kind, entry, name, product.folder, problems)
    if entry.text is None:
        return None
    return open_reference(kind, entry.text, entry.where, product.folder, problems)
