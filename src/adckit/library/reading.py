"""Card files as trees that remember where every entry was written.

YAML is composed but not constructed: the nodes of the YAML library know their lines,
plain dictionaries do not, and a card must be able to say `file:line` for every problem.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from adckit.caches import cache_key, cached, keep
from adckit.errors import Issue

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

__all__ = ["Node", "Plain", "Problems", "read_card"]

Scalar: TypeAlias = str | int | float | bool | None
Plain: TypeAlias = Scalar | list["Plain"] | dict[str, "Plain"]

_FORM = "card 1"
"""Of the trees in the cache; to be raised when `_tree` or `_packed` changes."""
_DEEPEST = 40
"""No card nests deeper; a YAML anchor that holds itself does."""


@dataclass(frozen=True)
class Node:
    """A value of a card with the place of its key."""

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    where: str
    """`file:line` of the key, or of the list item."""

    @property
    def entries(self) -> dict[str, Node]:
        """Entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """Items of a list; none for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    def node(self, key: str) -> Node:
        """The entry of that name, or an empty one in this place."""
        return self.entries.get(key, Node(None, self.where))

    @property
    def text(self) -> str | None:
        """The value where it is text."""
        return self.value if isinstance(self.value, str) else None

    def plain(self) -> Plain:
        """The same tree of dictionaries, lists and scalars, without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def place(self, path: Iterable[str | int]) -> str:
        """Where `path` is written, or the nearest entry above it that exists."""
        node = self
        for step in path:
            below: Node | None = None
            if isinstance(node.value, dict):
                below = node.value.get(str(step))
            elif isinstance(node.value, tuple) and isinstance(step, int):
                below = node.value[step] if step < len(node.value) else None
            if below is None:
                break
            node = below
        return node.where

    def with_entries(self, **changed: Node) -> Node:
        """The same mapping with some entries replaced or added."""
        return Node({**self.entries, **changed}, self.where)

    def without(self, *keys: str) -> Node:
        """The same mapping without some entries."""
        kept = {key: node for key, node in self.entries.items() if key not in keys}
        return Node(kept, self.where)


class Problems(list[Issue]):
    """Every problem found so far; nothing is raised before all are known."""

    def add(self, where: str, what: str) -> None:
        """Note one problem."""
        issue = Issue(where, what)
        if issue not in self:
            self.append(issue)


def read_card(text: str, label: str, problems: Problems) -> Node | None:
    """The tree of a card file, or None when it is no YAML mapping.

    `label` names the file in messages.  Bad syntax and keys that are written twice are
    added to `problems`.
    """
    node, found = _read(text, label)
    for issue in found:
        problems.add(issue.where, issue.what)
    return node


@lru_cache(maxsize=64)
def _read(text: str, label: str) -> tuple[Node | None, tuple[Issue, ...]]:
    name = f"{cache_key(_FORM, text)}.card"
    known = cached(name)
    if known is not None:
        return _unpacked(json.loads(known), label), ()
    node, problems = _compose(text, label)
    if node is not None and not problems:
        keep(name, json.dumps(_packed(node)).encode())
    return node, problems


def _packed(node: Node) -> list[Any]:
    """[line, value] of a node, for a file; entries and items are such pairs again."""
    value: Any = node.value
    if isinstance(value, dict):
        value = {key: _packed(entry) for key, entry in value.items()}
    elif isinstance(value, tuple):
        value = [_packed(item) for item in value]
    return [int(node.where.rpartition(":")[2]), value]


def _unpacked(pair: list[Any], label: str) -> Node:
    line, value = pair
    if isinstance(value, dict):
        value = {key: _unpacked(entry, label) for key, entry in value.items()}
    elif isinstance(value, list):
        value = tuple(_unpacked(item, label) for item in value)
    return Node(value, f"{label}:{line}")


def _compose(text: str, label: str) -> tuple[Node | None, tuple[Issue, ...]]:
    """Read a card with the YAML library, which takes 10 ms a card."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import MappingNode

    problems = Problems()
    try:
        composed = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        reason = error.problem or error.context or "it cannot be read"
        problems.add(f"{label}:{line}", f"This is not YAML: {reason}.")
        return None, tuple(problems)
    except YAMLError as error:
        reason = str(error).strip().splitlines()[0]
        problems.add(f"{label}:1", f"This is not YAML: {reason}.")
        return None, tuple(problems)
    if not isinstance(composed, MappingNode):
        problems.add(f"{label}:1", "A card is a list of `key: value` lines.")
        return None, tuple(problems)
    return _tree(composed, f"{label}:1", label, problems, 0), tuple(problems)


def _tree(
    composed: ScalarNode | SequenceNode | MappingNode,
    where: str,
    label: str,
    problems: Problems,
    depth: int,
) -> Node:
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    if depth > _DEEPEST:
        problems.add(where, f"This is nested more than {_DEEPEST} levels deep.")
        return Node(None, where)
    if isinstance(composed, MappingNode):
        entries: dict[str, Node] = {}
        for key, value in composed.value:
            name, place = str(key.value), f"{label}:{key.start_mark.line + 1}"
            if name in entries:
                first = entries[name].where.rpartition(":")[2]
                problems.add(
                    place,
                    f"'{name}' is written twice (first in line {first}). Remove one.",
                )
            entries[name] = _tree(value, place, label, problems, depth + 1)
        return Node(entries, where)
    if isinstance(composed, SequenceNode):
        items = (
            _tree(
                item,
                f"{label}:{item.start_mark.line + 1}",
                label,
                problems,
                depth + 1,
            )
            for item in composed.value
        )
        return Node(tuple(items), where)
    return Node(_scalar(composed), where)


def _scalar(composed: ScalarNode) -> Scalar:
    """The value of a scalar by the YAML 1.2 core schema; dates stay text."""
    text = str(composed.value)
    kind = str(composed.tag).rpartition(":")[2]
    try:
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text.replace("_", ""), 0)
        if kind == "float":
            return float(text.replace("_", "").lower().replace(".inf", "inf"))
    except ValueError:
        return text
    return text
