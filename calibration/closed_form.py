"""Fits that are formulas: as many numbers as parameters, no prior."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from calibration.fitting import Fact, Found, Free

__all__ = ["binomial_error", "hazard", "solved"]


def hazard(share: float) -> float:
    """The cumulative hazard that gives an event to a share of patients."""
    return -math.log1p(-share)


def binomial_error(share: float, patients: int) -> float:
    """SD of the logarithm of the hazard, from the binomial error of the share."""
    return math.sqrt(share / (patients * (1 - share))) / hazard(share)


def solved(
    free: Sequence[Free],
    values: Sequence[float],
    log_sd: Sequence[float],
    facts: Sequence[Fact],
) -> Found:
    """Values that meet their facts exactly, independent of each other."""
    seen = np.array([fact.value for fact in facts])
    return Found(
        free,
        np.array(values),
        np.array(log_sd),
        np.eye(len(values)),
        facts,
        seen,
        0.0,
    )
