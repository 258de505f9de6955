"""`python -m calibration`: every fit of the library, beside the numbers of its cards.

    python -m calibration [NAME ...] [--data DIR] [--write]

The fits run in an order in which each one uses only cards that the ones before it have
settled.  `--write` puts what each finds into the cards, to the digits that they print,
and uncertainties and correlations into the library, from where `studies.uncertainty`
draws them; running again then changes nothing.  `--data` names a folder with digitised
profiles, for the fits that need it; without it they are left out and what the library
has of them stays.

Exit code 1: a card does not hold what its fit gives.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from adckit.library.fits import load_fits
from calibration.cards import LIBRARY, read_number, write_number
from calibration.fitting import Found, Free
from calibration.record import entry, replace_entries

SCRIPTS = (
    "tdm1_pk",
    "cantuzumab_pk",
    "free_payload",
    "platelets",
    "liver",
    "liver_spp",
    "skin",
    "neuropathy_smcc",
    "neuropathy_spp",
    "neuropathy_grades",
    "efflux",
    "skbr3",
)
NEED_DATA = ("free_payload", "skbr3")
APART = ("skbr3",)
"""Fits of models that are not those of patients; no uncertainty is drawn from them."""
_EDGE = 0.02
"""Share of the last printed digit by which two machines may round apart."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fits that are asked for."""
    wanted = _parser().parse_args(arguments)
    apart = 0
    for name in wanted.names or SCRIPTS:
        if name in NEED_DATA and wanted.data is None:
            _say(f"{name}: left out, it needs --data\n")
            continue
        script = import_module(f"calibration.{name}")
        found = script.run(wanted.data) if name in NEED_DATA else script.run()
        if wanted.write:
            store(script, found, kept=name not in APART)
        apart += report(script, found)
    if apart:
        _say(f"{apart} numbers of the cards are not what the fits give: use --write.")
    return 1 if apart else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m calibration")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", choices=[[], *SCRIPTS], help="a script"
    )
    parser.add_argument("--data", type=Path, help="folder with digitised profiles")
    parser.add_argument("--write", action="store_true", help="write cards and fits")
    return parser


def store(
    script: ModuleType, found: Found, library: Path = LIBRARY, *, kept: bool = True
) -> None:
    """Write a fit into the cards and, where it is `kept`, into the list of fits."""
    for one, value in zip(found.free, found.values, strict=True):
        for place in one.cards:
            write_number(place, one.printed(float(value)), library)
    if kept:
        replace_entries({script.NAME: entry(script, found)}, library)
    load_fits.cache_clear()


def report(script: ModuleType, found: Found, library: Path = LIBRARY) -> int:
    """Print a fit beside its cards; how many of their numbers are not its own."""
    _say(f"{script.NAME}: {script.SUMMARY}")
    apart = 0
    for one, value, sd in zip(found.free, found.values, found.log_sd, strict=True):
        low, high = value * math.exp(-1.645 * sd), value * math.exp(1.645 * sd)
        printed = one.printed(float(value))
        line = f"  {one.name:30} {printed:<10g} {one.unit:9} "
        line += f"90 % {low:.3g} to {high:.3g}"
        for place in one.cards:
            card = read_number(place, library)
            if not agrees(one, float(value), card):
                apart += 1
                line += f"   {place} has {card:g}"
        _say(line)
    for fact, value in zip(found.facts, found.model, strict=True):
        _say(f"    {fact.name:42} {fact.value:8.4g}  fit {value:8.4g}  {fact.evidence}")
    _say("")
    return apart


def agrees(one: Free, value: float, card: float) -> bool:
    """Whether a card holds a value to the digits that it prints."""
    unit = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - one.digits)
    return abs(card - value) <= (0.5 + _EDGE) * unit


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
