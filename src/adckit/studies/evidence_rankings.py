"""Orders that were observed without numbers: each method says how the model answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.errors import UnknownNameError
from adckit.library.evidence import Finding, Ranking
from adckit.network.regimen import parse_regimen
from adckit.parameters import Source
from adckit.simulation import simulate
from adckit.studies.evidence_ensemble import Effort, Modelled, make_model
from adckit.studies.evidence_measures import dose_per_body, toxicity_shares
from adckit.studies.evidence_rows import RankRow
from adckit.studies.evidence_trials import MtdForecast
from adckit.studies.evidence_xenografts import kill_order, regressions
from adckit.studies.protocol import load_protocol
from adckit.studies.uncertainty import combine_subjects

__all__ = ["METHODS", "Known", "rank"]

Floats = NDArray[np.float64]

_HIGHEST = {
    "cantuzumab-mertansine": "cantuzumab-q3w",
    "lorvotuzumab-mertansine": "lorvotuzumab-daily",
    "bivatuzumab-mertansine": "bivatuzumab-single",
    "mln2704": "mln2704-q4w",
    "trastuzumab-emtansine": "trastuzumab-emtansine-q3w",
}
"""Product → the protocol whose highest level is looked at."""
_ON_SKIN = ("bivatuzumab-mertansine",)
_LIMITING = {"liver": 3, "platelets": 4, "neuropathy": 3, "skin": 3}
"""Organ → the grade from which it limits the dose."""
_READ_FROM = {"liver": ("alt", "ast"), "platelets": ("platelets",)}

_MODELS = {"3+": (1e6, (11.2,)), "2+": (5e5, (11.4, 10.5)), "1+": (1e5, (6.84, 13.8))}
"""Class → receptors per cell, and doubling times of its models in days (Singh 2017)."""
_KILL_DOSE, _CONTROL = "10 mg/kg once", "0.000001 mg/kg once"
_KILL_DAY = 21.0

_REFERENCE_SURFACE, _REFERENCE_WEIGHT = 1.85, 70.0  # m2 and kg, as in the library


@dataclass(frozen=True)
class Known:
    """What rankings share with the rest of the comparison."""

    effort: Effort
    settings: Mapping[str, Mapping[str, str]]
    """Product → changes to it."""
    mtds: Mapping[str, MtdForecast]
    """Protocol → what its escalation may find."""
    step: Callable[[str], None]


def rank(ranking: Ranking, known: Known) -> RankRow:
    """The model's order beside the published one.  Raises UnknownNameError."""
    if ranking.method not in METHODS:
        raise UnknownNameError("ranking method", ranking.method, METHODS)
    known.step(ranking.statement)
    found, passed, agreement = METHODS[ranking.method](ranking, known)
    return RankRow(
        ranking.name,
        ranking.statement,
        ranking.expected,
        found,
        passed,
        agreement,
        ranking.role,
        ranking.evidence,
        str(ranking.source),
        ranking.prediction,
        ranking.note,
        ranking.explanation,
    )


_Answer = tuple[tuple[str, ...], bool, float]


def _kill_by_antigen(ranking: Ranking, known: Known) -> _Answer:
    """Logarithm of control over treated volume on day 21, by class of HER2."""
    model = make_model(
        "trastuzumab-emtansine",
        known.effort,
        {
            **known.settings.get("trastuzumab-emtansine", {}),
            "host": "mouse",
            "tumour": "bt474-xenograft",
        },
        organs="none",
    )
    cases = [
        (name, receptors, doubling)
        for name, (receptors, times) in _MODELS.items()
        for doubling in times
    ]
    subjects = {
        "receptors_per_cell": np.array([case[1] for case in cases]),
        "doubling_time": np.array([case[2] for case in cases]),
    }
    draws = {
        name: np.concatenate([[model.product.blueprint.parameters[name].value], values])
        for name, values in model.draws.items()
    }
    table = combine_subjects(model.product, subjects, draws)
    volumes = [
        simulate(
            model.ready, dose, table, [0.0, _KILL_DAY], rtol=known.effort.rtol
        ).curve("tumour_volume")[:, -1]
        for dose in (_CONTROL, _KILL_DOSE)
    ]
    kill = np.log(volumes[0] / volumes[1]).reshape(-1, len(cases))  # (1 + draw, case)
    means = np.stack(
        [
            kill[:, [i for i, case in enumerate(cases) if case[0] == name]].mean(axis=1)
            for name in _MODELS
        ],
        axis=1,
    )
    order = means[:, 0] > means[:, 1]
    order &= means[:, 1] > means[:, 2]
    shown = tuple(
        f"{name} {value:.2f}" for name, value in zip(_MODELS, means[0], strict=True)
    )
    return shown, bool(order[0]), float(np.mean(order[1:]))


def _limiting_organ(ranking: Ranking, known: Known) -> _Answer:
    """Organ with most dose-limiting grades at the highest dose given, by product."""
    found, agreement = [], []
    for expected in ranking.expected:
        product, organ = expected.split()
        shares = _organ_shares(product, known)
        names = list(shares)
        table = np.stack([shares[name] for name in names])  # (organ, draw)
        winners = [names[i] for i in np.argmax(table, axis=0)]
        best = winners[0]
        found.append(f"{product} {best}")
        agreement.append(np.mean([winner == organ for winner in winners[1:]]))
    passed = tuple(found) == ranking.expected
    return tuple(found), passed, float(np.mean(agreement))


def _organ_shares(product: str, known: Known) -> dict[str, Floats]:
    """Organ → share of subjects with a dose-limiting grade, (1 + draw,)."""
    organs = ["liver", "platelets", "neuropathy"]
    organs += ["skin"] if product in _ON_SKIN else []
    model = make_model(
        product, known.effort, known.settings.get(product), ",".join(organs)
    )
    protocol = load_protocol(_HIGHEST[product])
    findings = {organ: _organ_findings(organ) for organ in organs}
    outputs = ["alt", "ast", "platelets", "severe_neuropathy_hazard"]
    outputs += ["skin_lesion"] if "skin" in organs else []
    found = model.simulated(
        protocol.arms[-1].regimen, protocol.follow_up, outputs, daily=True
    )

    def shares(finding: Finding) -> Floats:
        parts = [toxicity_shares(one, finding) for one in (found.central, found.drawn)]
        return np.concatenate(parts)

    return {
        organ: np.max([shares(one) for one in several], axis=0)
        for organ, several in findings.items()
    }


def _organ_findings(organ: str) -> list[Finding]:
    return [
        Finding(
            "toxicity",
            name,
            "",
            None,
            "",
            "predicted",
            "",
            Source("grade that limits the dose"),
            grade=_LIMITING[organ],
        )
        for name in _READ_FROM.get(organ, (organ,))
    ]


def _dm1_at_mtd(ranking: Ranking, known: Known) -> _Answer:
    """mg of DM1 per kg and course at the MTD of the simulated escalations."""
    first = ranking.expected[0]
    doses: dict[str, Floats] = {}
    for product, name in _HIGHEST.items():
        forecast = known.mtds.get(name)
        if forecast is None:
            continue
        model = make_model(product, known.effort, known.settings.get(product))
        doses[product] = _dm1(model, name, forecast)
    lowest = [
        all(doses[first][i] < doses[other][i] for other in doses if other != first)
        for i in range(len(doses[first]))
    ]
    shown = tuple(
        f"{name} {values[0]:.3f}"
        for name, values in sorted(doses.items(), key=lambda one: float(one[1][0]))
    )
    return shown, lowest[0], float(np.mean(lowest[1:]))


def _dm1(model: Modelled, protocol: str, forecast: MtdForecast) -> Floats:
    """mg/kg of DM1 at the MTD, (1 + draw,)."""
    load = model.product.blueprint.load
    assert load is not None
    share = load.mean * model.value("payload_molar_mass")
    share /= model.value("conjugate_molar_mass")
    arms = load_protocol(protocol).arms
    per_level = []
    for arm in arms:
        regimen = parse_regimen(arm.regimen)
        dose, per = dose_per_body(regimen)
        scale = _REFERENCE_SURFACE / _REFERENCE_WEIGHT if per == "m2" else 1.0
        per_level.append(dose * scale * share * len(regimen.segments[0].days))
    levels = np.argmax(forecast.selected, axis=1) - 1
    return np.array([0.0 if i < 0 else per_level[i] for i in levels])


def _kill_order(ranking: Ranking, known: Known) -> _Answer:
    settings = known.settings.get("trastuzumab-emtansine", {})
    return kill_order(ranking.expected, known.effort, settings)


def _regressions(ranking: Ranking, known: Known) -> _Answer:
    settings = known.settings.get("cantuzumab-mertansine", {})
    return regressions(ranking.expected, known.effort, settings)


METHODS: Mapping[str, Callable[[Ranking, Known], _Answer]] = {
    "kill-by-antigen": _kill_by_antigen,
    "kill-order": _kill_order,
    "regressions": _regressions,
    "limiting-organ": _limiting_organ,
    "dm1-at-mtd": _dm1_at_mtd,
}
"""How each ranking is worked out."""
