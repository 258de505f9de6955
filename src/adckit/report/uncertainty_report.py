"""What is not known of a run, as files of its folder and as a part of its report.

uncertainty.parquet   output, kind of band, time, its low end, median and high end
tornado.json          headline → what each parameter does to it between its ends
uncertainty.png       both bands of every output
tornado.png           the parameters that decide each headline
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adckit.io.runs import write_bytes, write_text
from adckit.io.tables import Column, write_table
from adckit.report.collecting import shown_unit
from adckit.report.panels import COLOURS
from adckit.report.population_plots import png
from adckit.report.uncertainty_plots import (
    BandPanel,
    TornadoBar,
    TornadoPanel,
    draw_bands,
    draw_tornado,
)
from adckit.report.words import analyte_text, number_text, parameter_text
from adckit.studies.reductions import is_concentration
from adckit.studies.tornado import Swing
from adckit.studies.uncertain_answers import UncertainAnswers

__all__ = ["FILE", "band_table", "uncertainty_section", "write_uncertainty"]

Floats = NDArray[np.float64]

FILE = "uncertainty.parquet"
KINDS = ("parameters", "subjects", "both")
_TORNADO_NOTE = (
    "Each parameter from the 5th to the 95th percentile of what is known of it, one at "
    "a time, for the typical subject. Blue: at its low end. Red: at its high end."
)
_BARS = 8
"""Parameters that a tornado shows."""
_LEAST = 0.01
"""Share of the widest bar below which a parameter is not shown."""


def band_table(found: UncertainAnswers) -> dict[str, Column]:
    """Every band: output, kind, time in days, low, median, high and typical."""
    bands = found.bands
    names, times = list(bands.typical), len(bands.times)
    parts = [(name, kind) for name in names for kind in KINDS]

    def column(field: str) -> Floats:
        return np.concatenate(
            [getattr(getattr(bands, kind)[name], field) for name, kind in parts]
        )

    return {
        "output": np.repeat([name for name, _ in parts], times),
        "kind": np.repeat([kind for _, kind in parts], times),
        "time": np.tile(bands.times, len(parts)),
        **{field: column(field) for field in ("low", "median", "high")},
        "typical": np.concatenate([bands.typical[name] for name, _ in parts]),
    }


def write_uncertainty(
    folder: Path, found: UncertainAnswers, heading: str, *, report: bool = True
) -> None:
    """Write the tables, and the pictures where a report is wanted.

    Raises RunError when a file cannot be written.
    """
    units = {"time": "day", **found.bands.units}
    write_table(folder / FILE, band_table(found), units)
    text = json.dumps(_tornado_data(found), indent=1, allow_nan=False)
    write_text(folder / "tornado.json", text + "\n")
    if report:
        write_bytes(folder / "uncertainty.png", png(_band_figure(found, heading)))
        if panels := _tornado_panels(found):
            note = _TORNADO_NOTE
            write_bytes(
                folder / "tornado.png", png(draw_tornado(panels, heading, note))
            )


def uncertainty_section(folder: Path, found: UncertainAnswers) -> Any:
    """The part of a report, with the pictures of the folder inside."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    page = resources.files("adckit.report") / "page" / "uncertainty.html.j2"
    pictures = {
        name: base64.b64encode((folder / f"{name}.png").read_bytes()).decode()
        for name in ("uncertainty", "tornado")
        if name != "tornado" or _tornado_panels(found)
    }
    text = environment.from_string(page.read_text("utf-8")).render(
        pictures=pictures,
        share=f"{100 * found.bands.share:g} %",
        draws=found.draws,
        subjects=found.subjects,
        failed=found.bands.failed,
        reasons=_reasons(found),
    )
    return Markup(text)  # escaped where it was filled in


def _shown(swings: Sequence[Swing]) -> list[Swing]:
    widest = swings[0].size if swings else 0.0
    return [one for one in swings[:_BARS] if one.size > _LEAST * widest]


def _reasons(found: UncertainAnswers) -> list[tuple[str, str]]:
    """The parameters of the tornado plots, and what is known of each."""
    shown = [s.uncertainty for swings in found.swings.values() for s in _shown(swings)]
    known = {one.parameter.name: str(one) for one in shown}
    return [(parameter_text(name), text) for name, text in sorted(known.items())]


def _title(output: str) -> str:
    """An output as the heading of its plot."""
    if output in ("alt", "ast"):
        return f"{output.upper()}, times ULN"
    words = parameter_text(analyte_text(output))
    return words[0].upper() + words[1:]


def _band_figure(found: UncertainAnswers, heading: str) -> Any:
    bands = found.bands
    panels = []
    for i, name in enumerate(bands.typical):
        unit = bands.units[name]
        shown = f"  [{shown_unit(unit)}]" if unit not in ("", "1") else ""
        panels.append(
            BandPanel(
                _title(name) + shown,
                bands.times,
                bands.typical[name],
                bands.parameters[name],
                bands.subjects[name],
                bands.both[name],
                i % (len(COLOURS) - 1),  # the last one is black
                is_concentration(unit),
            )
        )
    note = (
        f"Coloured: the typical subject under {found.draws} draws of the parameters. "
        f"Grey: {found.subjects} subjects with the library's values. Dotted: both. "
        f"Each holds {100 * bands.share:g} %. Line: typical subject."
    )
    return draw_bands(panels, heading, note)


def _tornado_panels(found: UncertainAnswers) -> list[TornadoPanel]:
    panels = []
    for headline, swings in found.swings.items():
        shown = _shown(swings)
        if not shown:
            continue
        unit = shown_unit(found.units[headline])
        title = f"{headline[0].upper()}{headline[1:]}" + (f"  [{unit}]" if unit else "")
        panels.append(
            TornadoPanel(title, shown[0].base, tuple(_bar(one) for one in shown))
        )
    return panels


def _bar(swing: Swing) -> TornadoBar:
    low, high = (number_text(end, 2) for end in swing.uncertainty.interval())
    label = parameter_text(swing.uncertainty.parameter.name)
    return TornadoBar(label, swing.low, swing.high, (low, high))


def _tornado_data(found: UncertainAnswers) -> dict[str, Any]:
    return {
        headline: {
            "unit": found.units[headline],
            "base": swings[0].base if swings else None,
            "parameters": [_swing_data(one) for one in swings if one.size > 0],
        }
        for headline, swings in found.swings.items()
    }


def _swing_data(swing: Swing) -> dict[str, Any]:
    one = swing.uncertainty
    return {
        "parameter": one.parameter.name,
        "value": one.parameter.value,
        "unit": one.parameter.unit,
        "ends": list(one.interval()),
        "known": one.reason,
        "low": swing.low,
        "high": swing.high,
    }
