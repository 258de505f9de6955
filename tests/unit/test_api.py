"""The public names: those documented, no others, and each of them there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import adckit
from adckit.errors import AdckitError

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "api.md"


def documented() -> list[str]:
    """Names that the page of the Python interface describes."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^\.\. (?:auto\w+|data):: adckit\.(\w+)$", text, re.MULTILINE)


def test_every_public_name_is_documented_once_and_no_other() -> None:
    assert sorted(documented()) == sorted(adckit.__all__)


def test_every_public_name_is_there_and_is_listed() -> None:
    assert all(getattr(adckit, name) is not None for name in adckit.__all__)
    assert dir(adckit) == sorted(adckit.__all__)


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        adckit.simulat  # noqa: B018


def test_every_public_name_says_what_it_is() -> None:
    for name in adckit.__all__:
        if name != "__version__":
            assert (getattr(adckit, name).__doc__ or "").strip(), name


def test_errors_of_the_package_are_all_public() -> None:
    errors = {error.__name__ for error in AdckitError.__subclasses__()}
    below = {
        e.__name__ for sub in AdckitError.__subclasses__() for e in sub.__subclasses__()
    }
    named = {name for name in errors | below if not name.startswith("_")}
    assert named <= set(adckit.__all__)


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "adckit", "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown == f"adckit {adckit.__version__}\n"
