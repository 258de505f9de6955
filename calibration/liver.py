"""Transaminases under T-DM1, from the laboratory values of EMILIA and their peak.

Data: ALT raised in 82 % of 490 patients and to grade 3 in 5 %, AST in 98 % and 7 %, as
the quantiles of the highest value in eight cycles that these shares are; and the day of
the cycle on which transaminases are highest.  Patients are those of the population
`her2-breast`.  Reported events, which are fewer, are not used: see the set
`liver_calibration`.

The half-life of payload in the liver comes from the day of the peak, with a prior that
allows 4 to 14 days; no schedule of another product has a say in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from adckit.prepared import Prepared, prepare
from adckit.simulation import simulate
from adckit.studies.population import Sampler
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "liver"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = (
    "highest ALT and AST of eight cycles of T-DM1 3.6 mg/kg: shares of any grade and "
    "of grade 3, and the day of the peak in the first cycle"
)
SEED = 1
_PATIENTS, _SUBJECTS = 490, 4000
_GRADE_3 = 5.0  # times ULN
_CYCLE = 21.0
_WEEKLY = 2.0 / 8.0
"""SD of the logarithm of a peak on day 8 of weekly samples: 7 days / sqrt(12)."""
_CARD = "organs/liver.yaml/parameters"
_POTENCY = "half_effect_hepatic_payload"
FREE = (
    Free(
        "hepatic_half_life",
        7.0,
        "day",
        2,
        prior=math.sqrt(4 * 14),
        log_sd=math.log(14 / 4) / 3.29,
        cards=(f"{_CARD}/hepatic_half_life/value",),
    ),
    Free(_POTENCY, 2.0, "umol", cards=(f"{_CARD}/{_POTENCY}/value",)),
    Free("half_effect_cv", 0.4, "1", 2, cards=(f"{_CARD}/{_POTENCY}/spread/cv",)),
    Free("ast_baseline", 0.5, "1", 2, cards=(f"{_CARD}/ast_baseline/value",)),
    Free("ast_steepness", 1.5, "1", 3, cards=(f"{_CARD}/ast_steepness/value",)),
)
"""`half_effect_cv` is the spread of the potency between patients."""


def _errors(any_grade: float, grade_3: float) -> tuple[float, float]:
    """SD of the logarithm of two quantiles, from the binomial error of their shares.

    Their density is that of the lognormal distribution through both.
    """
    scores = ndtri(np.array([1 - any_grade, 1 - grade_3]))
    width = math.log(_GRADE_3) / (scores[1] - scores[0])
    shares = np.array([any_grade, grade_3])
    binomial = np.sqrt(shares * (1 - shares) / _PATIENTS)
    density = np.exp(-(scores**2) / 2) / math.sqrt(2 * math.pi) / width
    low, high = binomial / density
    return float(low), float(high)


_ALT, _AST = _errors(0.82, 0.05), _errors(0.98, 0.07)
FACTS = (
    Fact("ALT exceeded by 82 %, times ULN", 1.0, _ALT[0], "TD-CL-19"),
    Fact("ALT exceeded by 5 %, times ULN", _GRADE_3, _ALT[1], "TD-CL-19"),
    Fact("AST exceeded by 98 %, times ULN", 1.0, _AST[0], "TD-CL-19"),
    Fact("AST exceeded by 7 %, times ULN", _GRADE_3, _AST[1], "TD-CL-19"),
    Fact("day of the highest transaminases", 8.0, _WEEKLY, "TD-CL-25"),
)
_SHARES = (("alt", 0.82), ("alt", 0.05), ("ast", 0.98), ("ast", 0.07))


def run() -> Found:
    """The fit."""
    model = prepare(PRODUCT, {"organs": "liver", "delivery": "none", "kill": "none"})
    patients = _Patients(model)

    def compute(table: Mapping[str, Floats]) -> Floats:
        count = len(next(iter(table.values())))
        rows = [{key: float(v[i]) for key, v in table.items()} for i in range(count)]
        return np.array([patients.facts(row) for row in rows])

    return fit(FREE, FACTS, compute, step=0.02)


class _Patients:
    """The same patients under any values of the typical parameters."""

    def __init__(self, model: Prepared) -> None:
        assert model.product is not None
        self.model = model
        known = model.product.blueprint.parameters
        sampler = Sampler(model.product, "her2-breast", SEED)
        self.people = sampler.take(np.arange(1, _SUBJECTS + 1)).parameters
        score = np.log(self.people[_POTENCY] / known[_POTENCY].value)
        self.score = score / sampler.widths[_POTENCY]
        self.baseline = self.people["ast_baseline"] / known["ast_baseline"].value

    def facts(self, values: Mapping[str, float]) -> list[float]:
        """What would have been seen of them."""
        width = math.sqrt(math.log1p(values["half_effect_cv"] ** 2))
        typical = {name: np.full(1, v) for name, v in values.items()}
        typical.pop("half_effect_cv")
        table = {
            **self.people,
            **{name: np.full(_SUBJECTS, v[0]) for name, v in typical.items()},
            _POTENCY: values[_POTENCY] * np.exp(width * self.score),
            "ast_baseline": values["ast_baseline"] * self.baseline,
        }
        regimen = "3.6 mg/kg q3w over 90 min x8"
        result = simulate(self.model, regimen, table, np.arange(0.0, 169.0), rtol=1e-5)
        highest = {name: result.curve(name).max(axis=1) for name in ("alt", "ast")}
        quantiles = [float(np.quantile(highest[n], 1 - s)) for n, s in _SHARES]
        return [*quantiles, self._peak_day(typical)]

    def _peak_day(self, typical: Mapping[str, Floats]) -> float:
        """Day of the highest ALT and AST of the typical patient, their mean."""
        times = np.linspace(0.0, _CYCLE, 421)
        regimen = "3.6 mg/kg once over 90 min"
        result = simulate(self.model, regimen, typical, times, rtol=1e-7)
        return float(np.mean([_top(times, result.curve(n)[0]) for n in ("alt", "ast")]))


def _top(times: Floats, curve: Floats) -> float:
    """Where the parabola through the highest three points is highest."""
    high = int(np.argmax(curve))
    left, middle, right = curve[high - 1 : high + 2]
    shift = 0.5 * (left - right) / (left - 2 * middle + right)
    return float(times[high] + shift * (times[1] - times[0]))
