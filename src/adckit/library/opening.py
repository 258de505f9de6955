"""From a name, a file or an inline entry to one complete tree of a card.

Here `based_on` is followed, sources that a card names by a short key are filled in, and
so is the `origin` that all parameters of a section share.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adckit.errors import AdckitError, nearest_names
from adckit.library.reading import Node, Problems, read_card
from adckit.library.shelf import find, is_path, list_parts, same_name, shown_path

__all__ = [
    "Opened",
    "kind_of_file",
    "open_file",
    "open_inline",
    "open_reference",
]

_OWN = (
    "name",
    "aliases",
    "programme",
    "observations",
    "assays",
    "based_on",
    "kind",
)
"""What a card does not inherit: published facts belong to the product they are about,
not to a variant of it."""

_WHOLE = ("load", "regimen", "source", "spread", "antigen_staining")
"""What is replaced as a whole, because its entries only make sense together."""

_BY_NAME = ("parameters", "staining_receptors")
"""Blocks whose entries are replaced one by one, each as a whole."""

_ANTIGEN = ("antigen_classes", "antigen_staining")
"""Two ways to say the same, so that one replaces the other."""

_LONGEST_CHAIN = 8
_KIND = "conjugate"


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


def kind_of_file(path: Path) -> str:
    """Whether a user's product is a `conjugate` or `compartments`.

    The card says so, or the card that it is based on.
    """
    for _ in range(_LONGEST_CHAIN):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            break  # opening it says why
        node = read_card(text, shown_path(path), Problems())
        if node is None:
            break
        base = node.node("based_on").text or ""
        if "kind" in node.entries or not base:
            return "compartments" if node.node("kind").text == "compartments" else _KIND
        if not is_path(base):
            plain = any(same_name(base, name) for name in list_parts("compartments"))
            return "compartments" if plain else _KIND
        path = path.parent / base
    return _KIND


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
            base_card = _yielding(below.node.without(*_OWN), complete)
            complete = _merge(base_card, complete)
    return Opened(name, complete, folder)


def _yielding(base: Node, top: Node) -> Node:
    """The base without the conditional values that `top` gives unconditionally.

    Otherwise a clearance under `parameters` would lose to the base's under `for_host`.
    """
    changed = {}
    for key, cases in base.entries.items():
        if not key.startswith("for_"):
            continue
        kept = {}
        for name, section in cases.entries.items():
            for block in ("model", "parameters"):
                if block in section.entries:
                    left = section.node(block).without(*top.node(block).entries)
                    section = section.with_entries(**{block: left})
            if any(key in top.entries for key in _ANTIGEN):
                section = section.without(*_ANTIGEN)
            kept[name] = section
        changed[key] = Node(kept, cases.where)
    return base.with_entries(**changed)


def _merge(base: Node, top: Node, whole: bool = False) -> Node:
    """`top` over `base`, mapping by mapping; a parameter is always replaced whole."""
    if not (isinstance(base.value, dict) and isinstance(top.value, dict)):
        return top
    stated = not whole and any(key in top.value for key in _ANTIGEN)
    merged = dict(base.without(*_ANTIGEN).entries if stated else base.value)
    for key, node in top.value.items():
        below = merged.get(key)
        if below is None or whole or key in _WHOLE:
            merged[key] = node
        else:
            merged[key] = _merge(below, node, whole=key in _BY_NAME)
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
        for key, value in _with_origin(inner).entries.items():
            if key == "source":
                entries[key] = resolve(value)
            elif key == "sources" and isinstance(value.value, tuple):
                items = tuple(resolve(item) for item in value.value)
                entries[key] = Node(items, value.where)
            else:
                entries[key] = fill(value)
        return Node(entries, inner.where)

    return fill(node)


def _with_origin(section: Node) -> Node:
    """A section whose `origin` is written into each parameter that states none."""
    origin = section.node("origin").entries
    if not origin:
        return section
    filled = {}
    for name, entry in section.node("parameters").entries.items():
        own = entry.entries
        stated = "status" in own or "source" in own or not own
        shared = {key: Node(node.value, entry.where) for key, node in origin.items()}
        filled[name] = entry if stated else Node({**shared, **own}, entry.where)
    parameters = Node(filled, section.node("parameters").where)
    return section.without("origin").with_entries(parameters=parameters)
