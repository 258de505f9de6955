"""What `import adckit` loads, in a process of its own: little, and quickly."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "cuda",
    "duckdb",
    "fastapi",
    "jinja2",
    "llvmlite",
    "matplotlib",
    "pandas",
    "pint",
    "polars",
    "pydantic",
    "rich",
    "ruamel",
    "scipy",
    "typer",
    "xarray",
)
OPTIONAL = ("cuda", "fastapi", "matplotlib", "pandas", "polars", "xarray")


def loaded_by(code: str) -> tuple[set[str], float]:
    """Top-level packages that are loaded after some code, and its CPU time."""
    script = (
        f"{code}\nimport json, sys, time\n"
        "print(json.dumps([sorted(sys.modules), time.process_time()]))"
    )
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    modules, seconds = json.loads(out.splitlines()[-1])
    return {module.partition(".")[0] for module in modules}, seconds


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded, seconds = loaded_by("import adckit")
    assert "adckit" in loaded
    assert not loaded & set(HEAVY)
    assert seconds < 0.5  # CPU time, interpreter included; 0.1 s where it was written


@pytest.mark.parametrize(
    "code",
    [
        "import adckit; adckit.load_product('T-DM1')",
        "import adckit; adckit.simulate('one-compartment', times=[1])",
    ],
)
def test_simulating_loads_no_plotting_tables_or_web(code: str) -> None:
    loaded, _ = loaded_by(code)
    assert not loaded & set(OPTIONAL)


def test_loading_a_product_needs_no_compiler() -> None:
    loaded, _ = loaded_by("import adckit; adckit.prepare('cantuzumab-mertansine')")
    assert "llvmlite" not in loaded
