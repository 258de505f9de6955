"""The parts of a product: found, read, and of the right form.

A part is named by the product's card or by a setting; it is a card of the library, a
file, or an entry that is written in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adckit.library.cards import AntibodyCard, PartCard
from adckit.library.checking import check_form
from adckit.library.opening import Opened, open_file, open_inline, open_reference
from adckit.library.reading import Node, Problems
from adckit.library.shelf import PARTS, neutral_card

__all__ = ["Part", "neutral_values", "open_host", "open_parts"]

_DEFAULT_HOST = "human"


@dataclass(frozen=True)
class Part:
    """A part with its name and its tree, for places in messages."""

    name: str
    node: Node
    card: PartCard


def open_parts(
    product: Opened, wanted: Mapping[str, str], problems: Problems
) -> tuple[dict[str, Part], Node]:
    """Every part that could be read, and the product's tree with parts by name.

    `wanted` are the parts that settings choose in place of the card's.
    """
    parts: dict[str, Part] = {}
    node = product.node
    for kind in (*(part for part in PARTS if part != "target"), "target"):
        entry = _entry(kind, product, wanted, parts)
        if entry is None:  # the form check of the product reports what it lacks
            continue
        part = _open_part(kind, entry, product, problems)
        if part is not None:
            parts[kind] = part
        if isinstance(entry.value, dict):
            name = part.name if part is not None else f"{product.name} {kind}"
            node = node.with_entries(**{kind: Node(name, entry.where)})
    return parts, node


def open_host(
    product: Opened, wanted: Mapping[str, str], problems: Problems
) -> Part | None:
    """The host of a plain drug."""
    entry = _entry("host", product, wanted, {})
    return _open_part("host", entry, product, problems) if entry is not None else None


def neutral_values(problems: Problems) -> PartCard | None:
    """Values that switch a refinement off, under all cards."""
    opened = open_file("host", neutral_card(), problems)
    return check_form("host", opened.node, problems) if opened is not None else None


def _entry(
    kind: str, product: Opened, wanted: Mapping[str, str], parts: Mapping[str, Part]
) -> Node | None:
    """What names the part: a setting, the product's card, or the antibody."""
    if kind in wanted:
        return Node(wanted[kind], f"setting '{kind}'")
    if kind in product.node.entries:
        return product.node.entries[kind]
    antibody = parts["antibody"].card if "antibody" in parts else None
    if kind == "target" and isinstance(antibody, AntibodyCard):
        return Node(antibody.target, parts["antibody"].node.place(("target",)))
    return Node(_DEFAULT_HOST, product.node.where) if kind == "host" else None


def _open_part(
    kind: str, entry: Node, product: Opened, problems: Problems
) -> Part | None:
    opened: Opened | None = None
    if isinstance(entry.value, dict):
        given = entry.entries.get("name")
        name = given.text if given is not None and given.text else ""
        name = name or f"{product.name} {kind}"
        opened = open_inline(kind, entry, name, product.folder, problems)
    elif entry.text:
        opened = open_reference(kind, entry.text, entry.where, product.folder, problems)
    card = check_form(kind, opened.node, problems) if opened is not None else None
    if opened is None or card is None:
        return None
    return Part(opened.name, opened.node, card)
