"""The report and its pictures: self-contained, honest about failures, to scale."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.io.request import Request, carry_out
from adckit.io.runs import describe_run
from adckit.parameters import Spread, SpreadKind
from adckit.report.collecting import collect_figures, shown_unit
from adckit.report.draughtsman import Draughtsman
from adckit.report.html import render_report
from adckit.report.panels import Figures, Panel, Series, thinned
from adckit.report.pictures import draw
from adckit.report.words import number_text, published_text, value_with_spread
from adckit.status import Status
from adckit.studies.case import Case
from adckit.studies.summary import SummaryRow

REQUEST = Request("T-DM1", compare=("cantuzumab-mertansine",))


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return carry_out(REQUEST)


@pytest.fixture(scope="module")
def figures(cases: list[Case]) -> Figures:
    return collect_figures(cases)


def rendered(cases: list[Case]) -> str:
    run = describe_run(REQUEST, cases, "adckit simulate T-DM1")
    return render_report(run, cases, collect_figures(cases), Path("runs/1"))


@pytest.fixture(scope="module")
def page(cases: list[Case]) -> str:
    return rendered(cases)


class _Tags(HTMLParser):
    """Start tags with their attributes, and whether all tags are closed in order."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> _Tags:
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def test_report_asks_for_nothing_from_anywhere(page: str) -> None:
    for tag, attributes in parsed(page).found:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes), tag
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    script = page[page.rindex("<script>") :]
    for word in ("fetch(", "XMLHttpRequest", "import(", "WebSocket", "sendBeacon"):
        assert word not in script


def chart_data(page: str) -> dict[str, object]:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert match is not None
    data: dict[str, object] = json.loads(match[1])
    return data


def test_report_has_every_panel_with_few_points(page: str, figures: Figures) -> None:
    data = chart_data(page)
    panels = data["panels"]
    assert isinstance(panels, list)
    assert [panel["title"] for panel in panels] == [p.title for p in figures.panels]
    for panel in panels:
        for series in panel["series"]:
            assert len(series["t"]) == len(series["v"]) <= 600
    assert data["doses"] == [0, 21, 42, 63, 84, 105]


def test_report_shows_what_was_published_and_assumed(page: str) -> None:
    for words in (
        "74.4 ± 10.1",
        "MARIANNE",
        "Genentech, Inc.",
        "The programme as of 2003-01-24",
        "half kill occupancy",
        "adckit replay runs/1",
        "2.4 mg/kg q3w over 90 min",
    ):
        assert words in page


def test_tables_have_headers_for_readers_without_eyes(page: str) -> None:
    tags = parsed(page).found
    scopes = [attributes.get("scope") for tag, attributes in tags if tag == "th"]
    assert scopes
    assert all(scopes)
    tables = sum(tag == "table" for tag, _ in tags)
    assert tables == sum(tag == "caption" for tag, _ in tags)


def test_text_of_cards_cannot_break_the_page(cases: list[Case]) -> None:
    nasty = replace(cases[0], label="</script><script>alert(1)</script>")
    page = rendered([nasty, cases[1]])
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    chart_data(page)
    parsed(page)


def failed(case: Case) -> Case:
    result = replace(
        case.result,
        values=np.full_like(case.result.values, np.nan),
        status=np.array([Status.TOO_MANY_STEPS]),
        stopped=np.array([12.5]),
    )
    return replace(case, result=result, influences=None)


def test_a_failed_subject_is_named_and_in_no_curve(cases: list[Case]) -> None:
    broken = [failed(cases[0]), cases[1]]
    figures = collect_figures(broken)
    assert "1 of 1 subjects of trastuzumab-emtansine" in figures.footnote
    drawn = {series.product for panel in figures.panels for series in panel.series}
    assert drawn == {"cantuzumab-mertansine"}
    page = rendered(broken)
    assert "Subjects that failed" in page
    assert "12.5" in page
    assert Status.TOO_MANY_STEPS.reason in page


def test_published_values_stand_where_the_curve_has_them(cases: list[Case]) -> None:
    panel = collect_figures(cases[:1]).panel("plasma")
    assert panel is not None
    peak, trough = panel.marks
    assert (peak.value, peak.low, peak.high) == pytest.approx((74.4, 64.3, 84.5))
    assert peak.time == pytest.approx(1.5 / 24)  # the end of the infusion
    assert (trough.value, trough.time) == pytest.approx((1.34, 21.0))


def test_colours_mean_analytes_or_products(cases: list[Case], figures: Figures) -> None:
    alone = collect_figures(cases[:1]).panel("plasma")
    beside = figures.panel("plasma")
    assert alone is not None
    assert beside is not None
    assert [series.colour for series in alone.series] == [0, 1]
    assert [(s.colour, s.dashed) for s in beside.series] == [
        (0, False),
        (0, True),
        (1, False),
        (1, True),
    ]


@given(
    values=st.lists(
        st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=400
    ),
    most=st.integers(10, 300),
)
def test_thinning_keeps_peaks_and_ends(values: list[float], most: int) -> None:
    times, curve = np.arange(float(len(values))), np.array(values)
    kept, thin = thinned(times, curve, most)
    assert len(kept) <= max(most, 2) or len(kept) == len(times) <= most
    assert (np.diff(kept) > 0).all()
    np.testing.assert_array_equal(thin, curve[kept.astype(int)])
    assert (kept[0], kept[-1]) == (times[0], times[-1])
    if np.isfinite(curve).any():
        assert np.nanmax(thin) == np.nanmax(curve)
        assert np.nanmin(thin) == np.nanmin(curve)


def one_panel(values: list[float], logarithmic: bool) -> Panel:
    times = np.arange(float(len(values)))
    series = Series("x", "y", times, np.array(values), 0)
    return Panel("k", "t", "nM", logarithmic, (series,))


def test_axes_hold_all_values() -> None:
    low, high = one_panel([-40.0, 0.0, 20.0], False).limits()
    assert low < -40
    assert high > 20
    assert one_panel([1.0, 5.0], False).limits()[0] == 0
    assert one_panel([0.0, 0.0], False).limits() == pytest.approx((0.0, 0.06))


def test_a_logarithmic_axis_ends_five_decades_below_the_peak() -> None:
    low, high = one_panel([0.0, 1e-30, 1e-3, 100.0], True).limits()
    assert 1e-4 < low < 1e-3
    assert high > 100


def size_of(png: Path) -> tuple[int, int]:
    content = png.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_pictures_are_drawn_to_size(figures: Figures, tmp_path: Path) -> None:
    drawn = draw(figures, tmp_path)
    names = ["overview.png", "tumour.png"]
    if figures.panel("populations") is not None:
        names.append("populations.png")
    assert [path.name for path in drawn] == names
    assert size_of(tmp_path / "overview.png") == (1500, 982)
    assert len(list(tmp_path.iterdir())) == len(names)


@pytest.mark.parametrize("executable", [sys.executable, "", "/nowhere/python"])
def test_pictures_with_and_without_a_second_process(
    figures: Figures,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    executable: str,
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    few = replace(figures, panels=figures.panels[:1])
    with Draughtsman() as draughtsman:
        draughtsman.begin(few, tmp_path)
        draughtsman.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["overview.png"]


def test_a_draughtsman_without_work_leaves(tmp_path: Path) -> None:
    with Draughtsman() as draughtsman:
        draughtsman.finish()
    assert list(tmp_path.iterdir()) == []


def test_importing_the_simulator_loads_no_drawing_library() -> None:
    program = (
        "import sys, adckit, adckit.report.collecting, adckit.report.pictures; "
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (79.04, "79.0"),
        (1871.6, "1872"),
        (0.015687, "0.0157"),
        (-42.13, "-42.1"),
        (3.8e8, "3.80e+08"),
        (2e-7, "2.00e-07"),
        (None, "\N{EN DASH}"),
        (float("nan"), "\N{EN DASH}"),
    ],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number_text(value) == text


def test_spreads_in_words() -> None:
    sd = Spread(SpreadKind.SD, 10.1)
    assert value_with_spread(74.4, sd) == "74.4 ± 10.1"
    assert value_with_spread(23, Spread(SpreadKind.RANGE, 10, 42)) == "23 (10 to 42)"
    assert value_with_spread(2, Spread(SpreadKind.CV, 0.2)) == "2 (CV 20 %)"
    assert published_text(SummaryRow("conjugate", "cmax", 1.0, "nM")) == ""


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("ug d/mL", "µg·d/mL"),
        ("mL/h/m2", "mL/h/m²"),
        ("nM d", "nM·d"),
        ("um/day", "µm/day"),
        ("mm3", "mm³"),
        ("1", ""),
        ("h", "h"),
        ("day", "day"),
    ],
)
def test_units_as_printed(unit: str, text: str) -> None:
    assert shown_unit(unit) == text
