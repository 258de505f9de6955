"""Directives that write what the library and the code hold into the documentation.

A page that says `:::{product} cantuzumab-mertansine` shows the product as it is loaded
on the day of the build, so no number here can go stale.  Each directive turns what it
shows into Markdown, which `markdown` makes, and has that parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import linker_tables
import markdown
import product_page
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class _Written(SphinxDirective):
    """A directive whose arguments a function turns into Markdown."""

    optional_arguments = 100
    has_content = True
    write: ClassVar[Callable[..., str]]

    def run(self) -> list[nodes.Node]:
        names = [*self.arguments, *" ".join(self.content).split()]
        text = type(self).write(*names)
        # Sections of the text become sections of the page; text before the first of
        # them would come after them, so there must be none.
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _directive(function: Callable[..., str]) -> type[_Written]:
    return type(function.__name__, (_Written,), {"write": staticmethod(function)})


_WRITERS: Mapping[str, Callable[..., str]] = {
    "product": product_page.product,
    "products": product_page.products,
    "cards": markdown.cards,
    "choices": markdown.choices,
    "commands": markdown.commands,
    "conventions": markdown.conventions,
    "linker-outcomes": linker_tables.linker_outcomes,
    "linkers": linker_tables.linkers,
    "organ-parameters": markdown.organ_parameters,
    "outputs": markdown.outputs,
    "parameters": markdown.parameters,
    "payload-parameters": markdown.payload_parameters,
    "population-parameters": markdown.population_parameters,
    "populations": markdown.populations,
    "statuses": markdown.statuses,
    "units": markdown.units,
}
"""Directive → what writes its text, given its arguments and the words in it."""


def setup(app: Sphinx) -> dict[str, Any]:
    for name, function in _WRITERS.items():
        app.add_directive(name, _directive(function))
    return {"parallel_read_safe": True}
