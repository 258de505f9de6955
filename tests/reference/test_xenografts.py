"""Mouse tumours against what was published of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from adckit.library import load_product
from adckit.prepared import prepare
from adckit.simulation import simulate

ORACLES = json.loads(Path(__file__).with_name("oracles.json").read_text("utf-8"))
DAYS = [0.0, 7.0, 14.0, 21.0, 28.0]
DOSES = (0.0, 0.3, 1.0, 3.0, 15.0)

PUBLISHED = {  # kill constant of Singh 2017, 1/nM/day
    "KPL-4": 1.96e-3,
    "BT474": 9.0e-4,
    "N87": 6.38e-4,
    "MAXF 1162": 5.58e-4,
    "Calu-3": 4.86e-4,
    "Fo5": 2.38e-4,
    "ST313": 1.93e-4,
    "HBCx-34": 1.80e-4,
    "MAXF 449": 1.57e-4,
    "HBCx-10": 1.43e-4,
    "BT474EEI": 6.83e-5,
}
CLASSES = {
    "3+": ("KPL-4", "BT474", "N87", "MAXF 1162", "Calu-3", "Fo5", "BT474EEI"),
    "2+": ("ST313", "HBCx-34"),
    "1+": ("MAXF 449", "HBCx-10"),
}


def volumes(dose: float, **settings: str) -> np.ndarray:
    """mm3 on days 7, 14, 21, 28 of a KPL-4 tumour in a mouse."""
    ready = prepare("T-DM1", {"host": "mouse", "tumour": "KPL-4", **settings})
    regimen = f"{dose or 1e-9} mg/kg once"
    curve = simulate(ready, regimen, times=DAYS, strict=True).curve("tumour_volume")
    return np.asarray(curve[0, 1:])


def published(dose: float) -> np.ndarray:
    rows = ORACLES["D2_singh2017_mouse_KPL4"]["rows"]
    return np.array([row["TV_mm3"] for row in rows if row["dose_mgkg"] == dose])


@pytest.mark.parametrize("kill", ["occupancy", "concentration"])
@pytest.mark.parametrize("dose", DOSES)
def test_kpl4_grows_as_published(dose: float, kill: str) -> None:
    """Within 30 % in every week, but for one: 15 mg/kg on day 7.

    The published clearance is five times that of set TDM1-M1, so its kill comes all in
    the first week; with the default set it lasts longer, and day 7 is 67 % above.
    """
    ratio = volumes(dose, kill=kill) / published(dose)
    if dose == 15:
        assert 1.3 < ratio[0] < 1.8
        ratio = ratio[1:]
    assert np.abs(np.log(ratio)).max() < np.log(1.31)  # 30 %, and a digit of the cards


@pytest.mark.parametrize("dose", DOSES)
def test_kpl4_grows_as_published_with_the_published_clearance(dose: float) -> None:
    """The point that set TDM1-M1 misses is met: clearance is the reason.  27 %."""
    ratio = volumes(dose, mouse_pk="TDM1-M2") / published(dose)
    assert np.abs(np.log(ratio)).max() < np.log(1.30)


def test_linear_kill_cannot_follow_a_fifty_fold_range_of_doses() -> None:
    """Payload in the cell is in proportion to dose here; in the published model its 65
    nM of tubulin is full at 15 mg/kg, and the surplus leaves."""
    ratios = [volumes(dose, kill="linear")[-1] / published(dose)[-1] for dose in DOSES]
    assert max(ratios) > 2


def kill_of(tumour: str) -> float:
    """ln of control over treated volume on day 21 after 10 mg/kg."""
    ready = prepare("T-DM1", {"host": "mouse", "tumour": tumour})
    ends = [
        simulate(ready, dose, times=[0, 21], strict=True).curve("tumour_volume")[0, -1]
        for dose in ("0.000000001 mg/kg once", "10 mg/kg once")
    ]
    return float(np.log(ends[0] / ends[1]))


def test_tumours_keep_their_published_order() -> None:
    order = {name: kill_of(name) for name in PUBLISHED}
    # 0.9: growth that turns linear blurs neighbours, of which Fo5 doubles twice as fast
    rank = spearmanr(list(PUBLISHED.values()), list(order.values())).statistic
    assert rank > 0.9
    middle = {c: np.median([order[n] for n in names]) for c, names in CLASSES.items()}
    assert middle["3+"] > middle["2+"] > middle["1+"]


def test_fitted_constants_keep_the_published_order() -> None:
    rates = [
        load_product("T-DM1", settings={"host": "mouse", "tumour": name})
        .blueprint.parameters["maximum_kill_rate"]
        .value
        for name in PUBLISHED
    ]
    assert rates == sorted(rates, reverse=True)


def test_published_constants_come_with_the_published_tubulin() -> None:
    for name, value in PUBLISHED.items():
        settings = {"host": "mouse", "tumour": name, "tubulin": "legacy"}
        legacy = load_product("T-DM1", settings=settings).blueprint
        assert legacy.parameters["kill_constant"].value == value
        assert legacy.variant("kill") == "linear"


@pytest.mark.parametrize("start", [65, 130, 260, 500])
def test_colo205_regresses_completely_but_is_not_cured(start: float) -> None:
    """CM-VIV-01, -02: large tumours regressed, which set the kill rate; small ones were
    cured, which this model does not give: a cure is the loss of the last of 1e8 cells,
    and payload is gone before."""
    settings = {"host": "mouse", "tumour": "COLO 205"}
    ready = prepare("cantuzumab-mertansine", settings)
    table = {"initial_tumour_volume": [start / 1000]}
    result = simulate(ready, "17.3 mg/kg d1-5 q60d x1", table, np.arange(61.0))
    volume = result.curve("tumour_volume")[0]
    assert volume.min() < 13.5
    assert volume[-1] > volume.min()


@pytest.mark.parametrize("tumour", ["LoVo", "HT-29"])
def test_uneven_tumours_regress_too(tumour: str) -> None:
    """CM-VIV-03."""
    ready = prepare("cantuzumab-mertansine", {"host": "mouse", "tumour": tumour})
    result = simulate(ready, "17.3 mg/kg d1-5 q60d x1", times=np.arange(41.0))
    assert result.curve("tumour_volume")[0].min() < 13.5
