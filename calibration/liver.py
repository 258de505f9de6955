"""Transaminases under T-DM1, from the laboratory values of EMILIA.

Data: ALT raised in 82 % of 490 patients and to grade 3 in 5 %, AST to grade 3 in 7 %,
as the quantiles of the highest value in eight cycles that these shares are.  Patients
are those of the population `her2-breast`.  AST of any grade (98 %) is not fitted: one
curve for both enzymes cannot have it, see the product's page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.studies.population import Sampler
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "liver"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = (
    "highest ALT and AST of eight cycles of T-DM1 3.6 mg/kg: shares of any grade and "
    "grade 3"
)
SEED = 7
_PATIENTS, _SUBJECTS = 490, 400
FREE = (
    Free("half_effect_hepatic_payload", 3.0, "umol"),
    Free("half_effect_width", 0.5, "1", 2),
    Free("ast_baseline", 0.5, "1", 2),
)
"""`half_effect_width` is the SD of the logarithm between patients."""


def _error(share: float, density: float) -> float:
    """SD of the logarithm of a quantile, from the binomial error of its share."""
    return math.sqrt(share * (1 - share) / _PATIENTS) / density


FACTS = (
    Fact("ALT exceeded by 82 %, times ULN", 1.0, _error(0.82, 0.25), "TD-CL-19"),
    Fact("ALT exceeded by 5 %, times ULN", 5.0, _error(0.05, 0.09), "TD-CL-19"),
    Fact("AST exceeded by 7 %, times ULN", 5.0, _error(0.07, 0.11), "TD-CL-19"),
)
"""Densities are those of ln(ALT) at these quantiles, to one digit."""


def run() -> Found:
    """The fit."""
    model = prepare(PRODUCT, {"organs": "liver", "delivery": "none", "kill": "none"})
    assert model.product is not None
    sampler = Sampler(model.product, "her2-breast", SEED)
    people = sampler.take(np.arange(1, _SUBJECTS + 1)).parameters
    name = "half_effect_hepatic_payload"
    score = np.log(people[name] / model.product.blueprint.parameters[name].value)
    score /= sampler.widths[name]
    relative = (
        people["ast_baseline"]
        / model.product.blueprint.parameters["ast_baseline"].value
    )
    times = np.arange(0.0, 169.0)

    def one(values: Mapping[str, float]) -> list[float]:
        table = {
            **people,
            name: values[name] * np.exp(values["half_effect_width"] * score),
            "ast_baseline": values["ast_baseline"] * relative,
        }
        result = simulate(
            model, "3.6 mg/kg q3w over 90 min x8", table, times, rtol=1e-5
        )
        alt, ast = (result.curve(enzyme).max(axis=1) for enzyme in ("alt", "ast"))
        return [
            float(np.quantile(alt, 0.18)),
            float(np.quantile(alt, 0.95)),
            float(np.quantile(ast, 0.93)),
        ]

    def compute(table: Mapping[str, Floats]) -> Floats:
        count = len(next(iter(table.values())))
        return np.array(
            [one({key: float(v[i]) for key, v in table.items()}) for i in range(count)]
        )

    return fit(FREE, FACTS, compute, step=0.02)
