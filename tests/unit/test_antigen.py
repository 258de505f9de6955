"""Antigen that differs from cell to cell: cards, settings, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.errors import CardError
from adckit.library import Product, load_product
from adckit.mechanisms.assemble import assemble
from adckit.network.expr import evaluate
from adckit.network.parts import Species
from adckit.network.system import build_system
from adckit.parameters import Status
from adckit.prepared import prepare
from adckit.results import Result
from adckit.simulation import simulate

CANAG = ("colorectal", "pancreatic", "gastric", "nsclc")
VALUE = "{{value: {}, unit: {}, status: assumed, source: {{citation: a test case}}}}"


def share(value: object) -> str:
    return VALUE.format(value, "1")


def receptors(value: object) -> str:
    return VALUE.format(value, "receptors/cell")


def one_class(name: str, part: object, number: object, more: str = "") -> str:
    return (
        f"      - {{name: {name}, share: {share(part)}, "
        f"receptors_per_cell: {receptors(number)}{more}}}\n"
    )


def product(folder: Path, body: str, target: str = "CanAg") -> Path:
    """A product whose tumour has `body` as its section for the target."""
    path = folder / "mine.yaml"
    path.write_text(
        "based_on: cantuzumab-mertansine\n"
        "tumour:\n"
        "  name: mine\n"
        "  based_on: solid-tumour\n"
        "  for_target:\n"
        f"   {target}:\n{body}",
        encoding="utf-8",
    )
    return path


def classes(*lines: str) -> str:
    return "    antigen_classes:\n" + "".join(lines)


def staining(shares: str) -> str:
    source = "status: assumed, source: {citation: a test case}"
    return f"    antigen_staining: {{shares: {shares}, {source}}}\n"


def values(loaded: Product, stem: str) -> dict[str, float]:
    found = loaded.blueprint.parameters.items()
    return {
        name.removeprefix(f"{stem}_"): parameter.value
        for name, parameter in found
        if name.startswith(f"{stem}_")
    }


def refused(path: Path | str, **settings: str) -> dict[str, str]:
    with pytest.raises(CardError) as caught:
        load_product(path, settings=settings)
    return {i.where.rsplit("/", 1)[-1]: i.what for i in caught.value.issues}


# the library


@pytest.mark.parametrize("tumour", CANAG)
def test_canag_tumours_are_mixed_unless_asked_otherwise(tumour: str) -> None:
    loaded = load_product("cantuzumab-mertansine", settings={"tumour": tumour})
    shares = values(loaded, "share")
    assert list(shares) == ["strong", "weak", "negative"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)
    for name, parameter in loaded.blueprint.parameters.items():
        if name.startswith(("share_", "receptors_per_cell_")):
            assert parameter.status is Status.ASSUMED
            assert parameter.source.evidence
    states = build_system(assemble(loaded.blueprint)).states
    assert "bound_weak_antibody" in states
    assert "bound_negative_antibody" not in states
    settings = {"tumour": tumour, "antigen": "uniform"}
    uniform = load_product("cantuzumab-mertansine", settings=settings).blueprint
    assert "bound_antibody" in build_system(assemble(uniform)).states


def test_lung_tumours_have_fewer_strong_cells() -> None:
    lung, colon = (
        values(load_product("huC242-DM1", settings={"tumour": name}), "share")
        for name in ("nsclc", "colorectal")
    )
    assert lung["strong"] < colon["strong"]
    assert lung["negative"] > colon["negative"]


@pytest.mark.parametrize("tumour", ["breast-her2-3plus", "breast-her2-1plus"])
def test_her2_classes_are_there_on_demand(tumour: str) -> None:
    settings = {"tumour": tumour}
    one = load_product("T-DM1", settings=settings).blueprint
    assert "bound_antibody" in build_system(assemble(one)).states
    asked = load_product("T-DM1", settings={**settings, "antigen": "classes"})
    states = build_system(assemble(asked.blueprint)).states
    assert "bound_weak_antibody" in states
    assert "bound_negative_antibody" in states  # these cells have a little HER2
    assert values(asked, "receptors_per_cell")["weak"] == 1e5


# cards


def test_classes_of_a_card(tmp_path: Path) -> None:
    slow = ", doubling_time: " + VALUE.format(60, "day")
    pump = ", efflux_factor: " + share(5)
    body = classes(one_class("a", 0.7, 4e5), one_class("b", 0.3, 0, slow + pump))
    loaded = load_product(product(tmp_path, body))
    parameters = loaded.blueprint.parameters
    assert values(loaded, "share") == {"a": 0.7, "b": 0.3}
    assert parameters["doubling_time_b"].value == 60
    assert parameters["efflux_factor_b"].value == 5
    # without a number for all cells it is their mean
    assert parameters["receptors_per_cell"].value == pytest.approx(0.7 * 4e5)
    rates = {r.name: str(r.rate) for r in assemble(loaded.blueprint).reactions}
    assert "efflux_factor_b" in rates["DM1_efflux_b"]
    assert "efflux_factor" not in rates["DM1_efflux_a"]


def test_staining_becomes_populations(tmp_path: Path) -> None:
    body = staining('{3+: 0.6, 2+: 0.25, 1+: 0, "0": 0.15}')
    loaded = load_product(product(tmp_path, body))
    assert values(loaded, "share") == {
        "strong": 0.6,
        "moderate": 0.25,
        "negative": 0.15,
    }
    assert values(loaded, "receptors_per_cell") == {
        "strong": 1e6,
        "moderate": 3e5,
        "negative": 0,
    }


def test_one_grade_alone_is_a_tumour(tmp_path: Path) -> None:
    loaded = load_product(product(tmp_path, staining("{3+: 1}")))
    assert "viable_tumour_strong" in build_system(assemble(loaded.blueprint)).states


def test_a_card_replaces_the_classes_it_is_based_on(tmp_path: Path) -> None:
    path = product(tmp_path, staining("{2+: 0.5, 1+: 0.5}"))
    text = path.read_text(encoding="utf-8").replace("solid-tumour", "colorectal")
    path.write_text(text, encoding="utf-8")
    assert values(load_product(path), "share") == {"moderate": 0.5, "weak": 0.5}
    unconditional = text.replace("  for_target:\n   CanAg:\n  ", "")
    path.write_text(unconditional, encoding="utf-8")
    assert values(load_product(path), "share") == {"moderate": 0.5, "weak": 0.5}


def test_every_problem_of_the_classes_has_its_line(tmp_path: Path) -> None:
    body = classes(
        one_class("a", 0.5, 4e5),
        one_class("a", 0.2, -1),
        one_class("3+", 0.2, "1e5"),
    )
    found = refused(product(tmp_path, body))
    assert found == {
        "mine.yaml:7": "The shares sum to 0.9. Give shares of the cells that sum to 1.",
        "mine.yaml:9": found["mine.yaml:9"],
        "mine.yaml:10": "'3+' cannot be part of a name. Use letters and digits.",
    }
    lines = product(tmp_path, body)
    with pytest.raises(CardError) as caught:
        load_product(lines)
    text = str(caught.value)
    assert "There are two classes 'a'. Rename one." in text
    assert (
        "'receptors_per_cell' (surface antigen per cell without drug): "
        "-1 receptors/cell is outside its limits; give 0 or more." in text
    )


def test_classes_are_two_to_eight(tmp_path: Path) -> None:
    found = refused(product(tmp_path, classes(one_class("a", 1, 4e5))))
    assert "There are 1 classes. Give 2 to 8, or `receptors_per_cell`" in str(found)
    nine = [one_class(f"c{n}", 0.1 if n else 0.2, 4e5) for n in range(9)]
    found = refused(product(tmp_path, classes(*nine)))
    assert found == {"mine.yaml:7": "There are 9 classes. Give 2 to 8."}


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ("{3+: 0.6, 2+: 0.3}", "The shares sum to 0.9."),
        ('{3+: 0, "0": 0}', "The shares sum to 0."),
        ("{3+: 1.2, 2+: -0.2}", "A share is below 0."),
        ("{3+: 0.5, 4+: 0.5}", "'4+' is no grade of staining."),
    ],
)
def test_shares_by_grade_are_checked(tmp_path: Path, shares: str, message: str) -> None:
    found = refused(product(tmp_path, staining(shares)))
    assert [place for place, what in found.items() if message in what] == [
        "mine.yaml:7"
    ]


def test_shares_may_be_rounded(tmp_path: Path) -> None:
    load_product(product(tmp_path, staining("{3+: 0.3333333, 2+: 0.6666666}")))
    found = refused(product(tmp_path, staining("{3+: 0.333, 2+: 0.666}")))
    assert "The shares sum to 0.999." in str(found)


def test_both_ways_at_once_are_refused(tmp_path: Path) -> None:
    both = classes(one_class("a", 0.5, 1), one_class("b", 0.5, 2)) + staining("{3+: 1}")
    assert "both say the same" in str(refused(product(tmp_path, both)))


def test_a_target_without_numbers_by_grade_is_named(tmp_path: Path) -> None:
    path = product(tmp_path, staining("{3+: 1}"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "target: {name: CanAg, parameters: {}}\n", encoding="utf-8")
    found = refused(path)
    what = "Target 'CanAg' gives no receptors per cell for 3+. Add them to its"
    assert what in found["mine.yaml:7"]


# settings


def test_a_share_that_is_set_leaves_the_others_in_proportion() -> None:
    before = values(load_product("huC242-DM1"), "share")
    settings = {"share_negative": "0.4"}
    after = values(load_product("huC242-DM1", settings=settings), "share")
    assert after["negative"] == 0.4
    assert sum(after.values()) == pytest.approx(1, abs=1e-12)
    assert after["strong"] / after["weak"] == pytest.approx(
        before["strong"] / before["weak"]
    )


def test_a_number_for_all_cells_scales_every_class() -> None:
    settings = {"receptors_per_cell": "5e5 receptors/cell"}
    half, whole = (
        assemble(load_product("huC242-DM1", settings=chosen).blueprint)
        for chosen in (settings, {})
    )
    known = {p.name: p.internal for p in whole.parameters}
    lower = {p.name: p.internal for p in half.parameters}
    for name in ("surface_receptor_strong", "surface_receptor_weak"):
        start = whole.get(Species, name).initial
        one, other = (float(evaluate([start], v)[0]) for v in (known, lower))
        assert other == pytest.approx(one / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"share_negativ": "0.3"}, "'negativ'. Did you mean negative?"),
        ({"share_strong": "0.9", "share_weak": "0.3"}, "The shares sum to 1.2."),
        (
            {"share_strong": "0.2", "share_weak": "0.3", "share_negative": "0.3"},
            "The shares sum to 0.8.",
        ),
        ({"receptors_per_cell_weak": "-3 receptors/cell"}, "outside its limits"),
        ({"antigen": "uniform", "share_weak": "0.3"}, "Set `antigen` to `classes`"),
        ({"cell_density": "0 cells/mL"}, "makes no sense here"),
    ],
)
def test_settings_that_make_no_tumour_are_refused(
    settings: dict[str, str], message: str
) -> None:
    found = refused("huC242-DM1", **settings)
    assert len(found) == 1
    assert message in next(iter(found.values()))


def test_classes_of_a_tumour_that_has_none_are_refused() -> None:
    found = refused("mln2704", antigen="classes")
    assert "All cells of this tumour are alike." in found["setting 'antigen'"]


# what comes of it


TIMES = np.arange(0, 253.0)


def treated(**settings: str) -> Result:
    ready = prepare("cantuzumab-mertansine", settings=settings)
    return simulate(ready, "235 mg/m2 q3w x8", times=TIMES)


def negative_left(result: Result) -> float:
    curve = result.curve("tumour_volume_negative")[0]
    return float(curve.min() / curve[0])


@pytest.mark.parametrize("positive", [0.25, 0.5, 0.75])
def test_a_disulfide_kills_neighbours_that_a_thioether_spares(positive: float) -> None:
    mixed = {
        "share_strong": f"{positive}",
        "share_weak": "0",
        "share_negative": f"{1 - positive}",
    }
    disulfide, thioether = (treated(linker=name, **mixed) for name in ("SPP", "SMCC"))
    assert negative_left(disulfide) < 0.1
    assert negative_left(thioether) > 0.99
    # cells with antigen die of both
    for result in (disulfide, thioether):
        curve = result.curve("tumour_volume_strong")[0]
        assert curve.min() < 0.1 * curve[0]


def test_more_negative_cells_mean_a_shallower_and_shorter_response() -> None:
    results = [
        treated(linker="SMCC", share_negative=str(part)) for part in (0, 0.1, 0.3, 0.6)
    ]
    nadirs = [result.curve("tumor")[0].min() for result in results]
    assert nadirs == sorted(nadirs)
    progressed = [_progression(result.curve("tumor")[0]) for result in results]
    assert progressed == sorted(progressed, reverse=True)
    for result in results[1:]:
        left = result.curve("negative_share")[0]
        assert left[-1] > left[0] + 0.2


def _progression(change: np.ndarray) -> float:
    """First day on which the diameter is a fifth above its least so far."""
    size = 1 + change / 100
    grown = size >= 1.2 * np.minimum.accumulate(size)
    return float(TIMES[np.argmax(grown)]) if grown.any() else float("inf")


def test_classes_leave_plasma_alone() -> None:
    mixed, uniform = treated(), treated(antigen="uniform")
    for output in ("conjugate", "total_antibody", "mean_dar"):
        # the tumour holds a ten-thousandth of the dose
        np.testing.assert_allclose(
            mixed.curve(output), uniform.curve(output), rtol=1e-3, atol=1e-3
        )
