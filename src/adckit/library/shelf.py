"""Where cards are kept, and how a name finds its file.

A folder per kind; the file's name is the card's name.  Other names of products and
tumours are in `aliases.yaml`, so that finding one card never reads the others.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from adckit.errors import UnknownNameError
from adckit.library.reading import Problems, read_card

__all__ = [
    "FOLDERS",
    "PARTS",
    "aliases_of",
    "find",
    "is_path",
    "known_names",
    "list_parts",
    "list_products",
    "neutral_card",
    "same_name",
    "shown_path",
]

FOLDERS = {
    "conjugate": "conjugates",
    "antibody": "antibodies",
    "linker": "linkers",
    "payload": "payloads",
    "target": "targets",
    "tumour": "tumours",
    "cell_line": "cell_lines",
    "host": "hosts",
    "compartments": "compartments",
    "organ": "organs",
}
"""Kind of card → folder of the library."""

PARTS = ("host", "payload", "linker", "antibody", "target", "tumour")
"""What a conjugate is put together from; a later one overrides an earlier one."""

_ROOT = Path(str(resources.files("adckit.library")))


def list_products() -> tuple[str, ...]:
    """Names of the conjugates in the library."""
    return list_parts("conjugate")


@cache
def list_parts(kind: str) -> tuple[str, ...]:
    """Names of all cards of one kind.

    Raises UnknownNameError for a kind that is not in `FOLDERS`.
    """
    if kind not in FOLDERS:
        raise UnknownNameError("kind of card", kind, FOLDERS)
    folder = _ROOT / FOLDERS[kind]
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def find(kind: str, name: str) -> Path:
    """The file of a card, by its name or an alias; case, spaces, dashes are ignored.

    Raises UnknownNameError, with the nearest names, when there is no such card.
    """
    names = list_parts(kind)
    wanted = _folded(name)
    for known in names:
        if wanted in {_folded(one) for one in (known, *aliases_of(known))}:
            return _ROOT / FOLDERS[kind] / f"{known}.yaml"
    raise UnknownNameError(kind.replace("_", " "), name, known_names(kind))


def known_names(kind: str) -> tuple[str, ...]:
    """Names and aliases by which cards of a kind can be found."""
    names = list_parts(kind)
    return (*names, *(alias for name in names for alias in aliases_of(name)))


def aliases_of(name: str) -> tuple[str, ...]:
    """Other names of a product or a tumour of the library."""
    return _aliases().get(name, ())


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in nothing but case, spaces and punctuation."""
    return _folded(one) == _folded(other)


def is_path(text: str) -> bool:
    """Whether `text` is meant as a file rather than as a name of the library."""
    return text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text


def shown_path(path: Path) -> str:
    """The path as messages show it: short for a card of the library."""
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else str(path)


def neutral_card() -> Path:
    """The values that switch a refinement off, for cards that do not mention it."""
    return _ROOT / "neutral.yaml"


@cache
def _aliases() -> dict[str, tuple[str, ...]]:
    text = (_ROOT / "aliases.yaml").read_text(encoding="utf-8")
    card = read_card(text, "aliases.yaml", Problems())
    plain = card.plain() if card is not None else {}
    if not isinstance(plain, dict):
        return {}
    return {
        name: tuple(str(alias) for alias in aliases)
        for name, aliases in plain.items()
        if isinstance(aliases, list)
    }


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
