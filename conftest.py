"""The Python examples of the documentation are tests, run beside the examples."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

_ROOT = Path(__file__).parent


def _enter_folder_with_examples(namespace: dict[str, Any]) -> None:
    folder = tempfile.mkdtemp()
    shutil.copytree(_ROOT / "examples", folder, dirs_exist_ok=True)
    os.chdir(folder)
    namespace["_folder"] = folder


def _leave_it(namespace: dict[str, Any]) -> None:
    os.chdir(_ROOT)
    shutil.rmtree(namespace["_folder"])


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    setup=_enter_folder_with_examples,
    teardown=_leave_it,
).pytest()
