"""`python -m calibration`: every fit of the library, beside the numbers of its cards.

    python -m calibration [NAME ...] [--data DIR] [--write]

`--data` names a folder with digitised profiles, for the fits that need it; without it
they are left out.  `--write` puts uncertainties and correlations into the library, from
where `studies.uncertainty` draws them.  Every fit starts from the values written in its
script and uses no random number but those of a fixed seed, so that running it again
gives the same digits.  Exit code 1: a card lies more than two standard deviations from
its fit.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from adckit.library import load_product
from adckit.library.fits import printed_digits
from calibration.fitting import Found

SCRIPTS = (
    "tdm1_pk",
    "cantuzumab_pk",
    "free_payload",
    "platelets",
    "liver",
    "neuropathy",
    "skbr3",
)
NEED_DATA = ("free_payload", "skbr3")
APART = ("skbr3",)
"""Fits of models that are not those of patients; no uncertainty is drawn from them."""
FITS = Path("src/adckit/library/evidence/fits.yaml")
_FAR = 2.0  # standard deviations


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fits that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m calibration")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCRIPTS))
    parser.add_argument("--data", type=Path, help="folder with digitised profiles")
    parser.add_argument("--write", action="store_true", help=f"write {FITS}")
    wanted = parser.parse_args(arguments)
    far, written = 0, []
    for name in wanted.names or SCRIPTS:
        if name in NEED_DATA and wanted.data is None:
            _say(f"{name}: left out, it needs --data\n")
            continue
        script = import_module(f"calibration.{name}")
        found = script.run(wanted.data) if name in NEED_DATA else script.run()
        far += report(script, found)
        if name not in APART:
            written.append(entry(script, found))
    if wanted.write:
        text = "# Written by `python -m calibration --write`; do not edit.\nfits:\n"
        FITS.write_text(text + "".join(written), encoding="utf-8")
        _say(f"Written to {FITS}")
    return 1 if far else 0


def report(script: ModuleType, found: Found) -> int:
    """Print a fit beside its card; how many parameters lie far from it."""
    _say(f"{script.NAME}: {script.SUMMARY}")
    settings = getattr(script, "SETTINGS", {"organs": "card"})
    known = load_product(script.PRODUCT, settings=settings).blueprint.parameters
    far = 0
    for one, value, sd in zip(found.free, found.values, found.log_sd, strict=True):
        digits = printed_digits(float(value), one.digits)
        low, high = value * math.exp(-1.645 * sd), value * math.exp(1.645 * sd)
        line = f"  {one.name:30} {digits:10g} {one.unit:9} 90 % {low:.3g} to {high:.3g}"
        if one.name in known:
            card = known[one.name].value
            distance = math.log(card / value) / sd
            far += abs(distance) > _FAR
            line += f"   card {card:g} ({distance:+.1f} SD)"
        _say(line)
    for fact, value in zip(found.facts, found.model, strict=True):
        _say(f"    {fact.name:42} {fact.value:8.4g}  fit {value:8.4g}  {fact.evidence}")
    _say("")
    return far


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
        value = printed_digits(float(found.values[i]), one.digits)
        lines.append(
            f'      {one.name}: {{value: {value!r}, unit: "{one.unit}", '
            f"log_sd: {found.log_sd[i]:.3f}}}"
        )
    lines.append("    correlation:")
    lines += [
        f"      - [{', '.join(f'{value:.3f}' for value in row)}]"
        for row in found.correlation[np.ix_(rows, rows)]
    ]
    return "\n".join(lines) + "\n"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
