"""The numbers of the library's cards, where they stand, to be read and replaced.

A place is a file below the library and the keys that lead to a number:

    organs/liver.yaml/parameters/hepatic_half_life/value

Only the digits change, so that notes, order and line breaks of a card stay.
"""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

LIBRARY = Path("src/adckit/library")
_FILE = ".yaml/"


def read_number(place: str, library: Path = LIBRARY) -> float:
    """The number that stands there.  Raises KeyError where there is none."""
    return float(_node(place, library)[1].value)


def write_number(place: str, value: float, library: Path = LIBRARY) -> bool:
    """Put a number there; whether that changed the file."""
    text, node = _node(place, library)
    if float(node.value) == value:
        return False
    start, end = node.start_mark.index, node.end_mark.index
    _path(place, library).write_text(
        f"{text[:start]}{value:g}{text[end:]}", encoding="utf-8"
    )
    return True


def _path(place: str, library: Path) -> Path:
    return library / f"{place.partition(_FILE)[0]}.yaml"


def _node(place: str, library: Path) -> tuple[str, ScalarNode]:
    """The text of the file, and the number in it."""
    text = _path(place, library).read_text(encoding="utf-8")
    node: Node = YAML(typ="safe", pure=True).compose(text)
    for key in place.partition(_FILE)[2].split("/"):
        if not isinstance(node, MappingNode):
            raise KeyError(place)
        found = {name.value: below for name, below in node.value}
        if key not in found:
            raise KeyError(place)
        node = found[key]
    if not isinstance(node, ScalarNode):
        raise KeyError(place)
    return text, node
