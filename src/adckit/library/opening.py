"""From a name, a file or an inline entry to one complete tree of a card.

Here `based_on` is followed and sources that a card names by a short key are filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adckit.errors import AdckitError, nearest_names
from adckit.library.reading import Node, Problems, read_card
from adckit.library.shelf import find, is_path, shown_path

__all__ = ["Opened", "open_file", "open_inline", "open_reference"]

_OWN = ("name", "aliases", "programme", "observations", "based_on", "kind")
"""What a card does not inherit: published facts belong to the product they are about,
not to a variant of it."""

_WHOLE = ("load", "regimen", "source", "spread")
"""What is replaced as a whole, because its entries only make sense together."""

_LONGEST_CHAIN = 8


@dataclass(frozen=True)
class Opened:
    """A card before its form is checked."""

    name: str
    node: Node
    folder: Path | None
    """Where relative paths in this card start."""


def open_file(kind: str, path: Path, problems: Problems) -> Opened | None:
    """The card in a file, with all that it is based on.

    Raises AdckitError when the file cannot be read at all.
    """
    return _open_file(kind, path, problems, ())


def open_reference(
    kind: str, reference: str, where: str, folder: Path | None, problems: Problems
) -> Opened | None:
    """The card that another card, or a setting, names in `where`."""
    return _open_reference(kind, reference, where, folder, problems, ())


def open_inline(
    kind: str, node: Node, name: str, folder: Path | None, problems: Problems
) -> Opened:
    """A part that is written inside the card that uses it."""
    return _complete(kind, node, name, folder, problems, ())


def _open_file(
    kind: str, path: Path, problems: Problems, chain: tuple[Path, ...]
) -> Opened | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise AdckitError(f"Cannot read the card '{path}': {reason}.") from None
    node = read_card(text, shown_path(path), problems)
    if node is None:
        return None
    opened = _complete(kind, node, path.stem, path.parent, problems, (*chain, path))
    given = node.entries.get("name")
    name = given.text if given is not None and given.text else path.stem
    return Opened(name, opened.node, path.parent)


def _open_reference(
    kind: str,
    reference: str,
    where: str,
    folder: Path | None,
    problems: Problems,
    chain: tuple[Path, ...],
) -> Opened | None:
    try:
        if is_path(reference):
            path = (folder or Path()) / reference
        else:
            path = find(kind, reference)
        if path in chain or len(chain) > _LONGEST_CHAIN:
            problems.add(where, f"'{reference}' is based on itself. End the chain.")
            return None
        return _open_file(kind, path, problems, chain)
    except AdckitError as error:
        problems.add(where, str(error))
        return None


def _complete(
    kind: str,
    node: Node,
    name: str,
    folder: Path | None,
    problems: Problems,
    chain: tuple[Path, ...],
) -> Opened:
    complete = _with_sources(node, node.entries.get("sources"), problems)
    base = node.entries.get("based_on")
    if base is not None:
        complete = complete.without("based_on")
        below = None
        if base.text:
            below = _open_reference(
                kind, base.text, base.where, folder, problems, chain
            )
        else:
            problems.add(base.where, "`based_on` is the name of a card or a file.")
        if below is not None:
            complete = _merge(below.node.without(*_OWN), complete)
    return Opened(name, complete, folder)


def _merge(base: Node, top: Node, whole: bool = False) -> Node:
    """`top` over `base`, mapping by mapping; a parameter is always replaced whole."""
    if not (isinstance(base.value, dict) and isinstance(top.value, dict)):
        return top
    merged = dict(base.value)
    for key, node in top.value.items():
        below = merged.get(key)
        if below is None or whole or key in _WHOLE:
            merged[key] = node
        else:
            merged[key] = _merge(below, node, whole=key == "parameters")
    return Node(merged, top.where)


def _with_sources(node: Node, sources: Node | None, problems: Problems) -> Node:
    """The tree with every `source: key` replaced by the entry of `sources`."""
    known = sources.entries if sources is not None else {}

    def resolve(entry: Node) -> Node:
        if entry.text is None:
            return fill(entry)
        if entry.text in known:
            return Node(known[entry.text].value, entry.where)
        near = nearest_names(entry.text, known)
        problems.add(
            entry.where,
            f"Unknown source '{entry.text}'. "
            + (f"Did you mean {' or '.join(near)}? " if near else "")
            + "Name an entry of `sources`, or write `{citation: ...}`.",
        )
        return Node({"citation": Node(entry.text, entry.where)}, entry.where)

    def fill(inner: Node) -> Node:
        if isinstance(inner.value, tuple):
            return Node(tuple(fill(item) for item in inner.value), inner.where)
        if not isinstance(inner.value, dict):
            return inner
        entries = {}
        for key, value in inner.value.items():
            if key == "source":
                entries[key] = resolve(value)
            elif key == "sources" and isinstance(value.value, tuple):
                items = tuple(resolve(item) for item in value.value)
                entries[key] = Node(items, value.where)
            else:
                entries[key] = fill(value)
        return Node(entries, inner.where)

    return fill(node)
