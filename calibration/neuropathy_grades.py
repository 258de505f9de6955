"""How much of neuropathy is of grade 3 or 4: a ratio of hazards, of two products.

6 of 44 patients with neuropathy after MLN2704 (62 treated), and 11 of 104 after T-DM1
(490 treated).  The share is their geometric mean, weighted by the errors of the rarer
events.
"""

from __future__ import annotations

import math

import numpy as np

from calibration.closed_form import hazard, solved
from calibration.fitting import Fact, Found, Free

NAME = "neuropathy-grades"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = "grade 3 or 4 among all neuropathy after MLN2704 and T-DM1"
_SEEN = {"ML-CL-07": (6, 44, 62), "TD-CL-20": (11, 104, 490)}
"""Observation → with grade 3 or 4, with any grade, treated."""
_CARD = "organs/neuropathy.yaml/parameters"
FREE = (
    Free(
        "neuropathy_severe_share",
        0.1,
        "1",
        2,
        cards=(f"{_CARD}/neuropathy_severe_share/value",),
    ),
)


def run() -> Found:
    """The closed form."""
    facts = []
    for evidence, (severe, any_grade, treated) in _SEEN.items():
        ratio = hazard(severe / treated) / hazard(any_grade / treated)
        facts.append(Fact("ratio of hazards", ratio, 1 / math.sqrt(severe), evidence))
    weights = np.array([1 / fact.log_sd**2 for fact in facts])
    logs = np.log([fact.value for fact in facts])
    mean = float(np.exp(weights @ logs / weights.sum()))
    return solved(FREE, [mean], [1 / math.sqrt(float(weights.sum()))], facts)
