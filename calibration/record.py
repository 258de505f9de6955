"""The list of fits that the library keeps: values, uncertainty and correlation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from adckit.library import load_product
from calibration.cards import LIBRARY
from calibration.fitting import Found

__all__ = ["entry", "replace_entries"]

_FILE = Path("evidence/fits.yaml")
_HEAD = "# Written by `python -m calibration --write`; do not edit.\nfits:\n"
_ENTRY = re.compile(r"^  (\S+):\n(?:   .*\n)+", re.MULTILINE)


def entry(script: ModuleType, found: Found) -> str:
    """A fit as the library keeps it; parameters that are no model's are left out."""
    known = load_product(
        script.PRODUCT, settings={"organs": "card"}
    ).blueprint.parameters
    rows = [i for i, one in enumerate(found.free) if one.name in known]
    evidence = dict.fromkeys(fact.evidence for fact in found.facts)
    lines = [
        f"  {script.NAME}:",
        f'    summary: "{script.SUMMARY}"',
        f"    script: calibration/{script.__name__.rpartition('.')[2]}.py",
        f"    evidence: [{', '.join(evidence)}]",
        "    parameters:",
    ]
    for i in rows:
        one = found.free[i]
        value = one.printed(float(found.values[i]))
        lines.append(
            f'      {one.name}: {{value: {value!r}, unit: "{one.unit}", '
            f"log_sd: {found.log_sd[i]:.3f}}}"
        )
    lines.append("    correlation:")
    lines += [
        f"      - [{', '.join(f'{value + 0.0:.3f}' for value in row)}]"
        for row in found.correlation[np.ix_(rows, rows)]
    ]
    return "\n".join(lines) + "\n"


def replace_entries(entries: Mapping[str, str], library: Path = LIBRARY) -> None:
    """Put entries into the list, each where it was, new ones at its end."""
    path = library / _FILE
    text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    kept = {match[1]: match[0] for match in _ENTRY.finditer(text)}
    path.write_text(_HEAD + "".join({**kept, **entries}.values()), encoding="utf-8")
