"""Tumours in mice that were seen to shrink, or to shrink in an order.

Two methods of rankings: the order in which tumours answer to one dose of T-DM1, by the
logarithm of control over treated volume, and how far tumours shrink under one regimen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from adckit.simulation import simulate
from adckit.studies.evidence_ensemble import Effort, Modelled, make_model
from adckit.studies.tumour_growth import PALPABLE
from adckit.studies.uncertainty import combine_subjects

__all__ = ["kill_order", "regressions"]

Floats = NDArray[np.float64]
Answer = tuple[tuple[str, ...], bool, float]
Settings = Mapping[str, str]

_HER2, _CANAG = "trastuzumab-emtansine", "cantuzumab-mertansine"
_CONTROL, _DOSE, _DAY = "0.000001 mg/kg once", "10 mg/kg once", 21.0
_LEAST_RANK = 0.9
"""Spearman coefficient from which an order counts as met; neighbours may change."""

_FIVE_DOSES = "17.3 mg/kg d1-5 q120d x1"
"""300 ug DM1 per kg, at 3.5 DM1 per antibody of 148 kDa."""
_LENGTH = 120.0  # days
_ONE_CELL = 1e-5  # mm3; a cell is a few 1e-6
_START = "initial_tumour_volume"


def kill_order(expected: Sequence[str], effort: Effort, settings: Settings) -> Answer:
    """The named tumours, the most sensitive first."""
    kills = []
    for tumour in expected:
        model = _mouse(_HER2, tumour, effort, settings)
        table = _all_draws(model, {})
        volumes = [
            simulate(model.ready, dose, table, [0.0, _DAY], rtol=effort.rtol).curve(
                "tumour_volume"
            )[:, -1]
            for dose in (_CONTROL, _DOSE)
        ]
        kills.append(np.log(volumes[0] / volumes[1]))
    table_of_kills = np.stack(kills)  # (tumour, 1 + draw)
    place = -np.arange(len(expected))
    ranks = np.array([spearmanr(place, one).statistic for one in table_of_kills.T])
    met = ranks > _LEAST_RANK
    order = np.argsort(-table_of_kills[:, 0])
    found = tuple(f"{expected[i]} {table_of_kills[i, 0]:.2f}" for i in order)
    return found, bool(met[0]), float(np.mean(met[1:]))


def regressions(expected: Sequence[str], effort: Effort, settings: Settings) -> Answer:
    """What became of tumours: each entry is `TUMOUR [VOLUME mm3]: outcome`."""
    found, agreement = [], []
    for entry in expected:
        which, _, outcome = entry.partition(": ")
        tumour, _, volume = which.partition(", ")
        model = _mouse(_CANAG, tumour, effort, settings)
        start = {_START: np.array([float(volume.split()[0]) / 1000])} if volume else {}
        table = _all_draws(model, start)
        times = np.arange(0.0, _LENGTH + 1)
        result = simulate(model.ready, _FIVE_DOSES, table, times, rtol=effort.rtol)
        seen = [_outcome(curve) for curve in result.curve("tumour_volume")]
        found.append(f"{which}: {seen[0]}")
        agreement.append(np.mean([one == outcome for one in seen[1:]]))
    return tuple(found), tuple(found) == tuple(expected), float(np.mean(agreement))


def _outcome(volumes: Floats) -> str:
    if volumes[-1] < _ONE_CELL:
        return "cured"
    lowest = volumes.min()
    if lowest < PALPABLE:
        return "complete regression"
    return "partial regression" if lowest <= volumes[0] / 2 else "growth"


def _mouse(product: str, tumour: str, effort: Effort, settings: Settings) -> Modelled:
    host = {**settings, "host": "mouse", "tumour": tumour}
    return make_model(product, effort, host, organs="none")


def _all_draws(model: Modelled, subject: Mapping[str, Floats]) -> dict[str, Floats]:
    """The library's own values first, then every draw, (1 + draw,)."""
    known = model.product.blueprint.parameters
    draws = {
        name: np.concatenate([[known[name].value], values])
        for name, values in model.draws.items()
    }
    people = dict(subject) or {"body_weight": np.array([known["body_weight"].value])}
    return combine_subjects(model.product, people, draws)
