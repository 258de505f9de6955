"""Docstrings of the code as reStructuredText.

Single backticks mean code, and a list of arguments is indented below a line that ends
in a colon, `name: what it is`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_CODE = re.compile(r"(?<![`:])`([^`]+)`(?!`)")
_HEADING = re.compile(r"Arg(uments|s)\b.*:$")
_ARGUMENT = re.compile(r"    ([\w, ]+): (.*)")
_ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")
_MADE_BY_ADCKIT = ("Network", "Prepared", "Product", "Result", "SubjectStatus")


def _rewrite(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    lines[:] = _with_arguments([_CODE.sub(r"``\1``", line) for line in lines])


def _signature(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: Any,
    arguments: str | None,
    returned: str | None,
) -> tuple[str, str | None] | None:
    """The signature, without arguments for a class that only adckit makes."""
    if name.removeprefix("adckit.") in _MADE_BY_ADCKIT:
        return "", None
    if arguments is None:
        return None
    return _ALIAS.sub(r"\1", arguments), returned


def _with_arguments(lines: list[str]) -> Iterator[str]:
    """The same, each argument as an entry of a definition list."""
    inside = False
    for line in lines:
        if _HEADING.fullmatch(line):
            inside = True
            yield f"{line[:-1].replace('Args', 'Arguments')}:"
            yield ""
            continue
        inside = inside and (not line or line.startswith("    "))
        found = _ARGUMENT.fullmatch(line) if inside else None
        if found:
            yield f"    ``{found[1]}``"
            yield f"        {found[2]}"
        else:
            yield line


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", _rewrite)
    app.connect("autodoc-process-signature", _signature)
    return {"parallel_read_safe": True}
