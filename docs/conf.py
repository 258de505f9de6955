"""Settings of the documentation; build it with `sphinx-build -W docs docs/_build`."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "adckit"
author = "The adckit developers"
project_copyright = "The adckit developers, Apache-2.0"
release = installed("adckit")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "cards",
    "docstrings",
]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
smartquotes = False  # they would turn --set into a dash

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {
    name: name for name in ("ArrayLike", "Dosing", "Engine", "Model", "Subjects")
}
python_maximum_signature_line_length = 80
html_theme = "furo"
html_title = "adckit"
html_static_path = ["_static"]
html_css_files = ["adckit.css"]
html_theme_options = {"navigation_with_keys": True}
