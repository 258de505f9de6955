"""How many payloads an antibody of the product carries.

A conjugate is a mixture: antibodies with 0, 1, 2 ... N payloads.  The mean of that
mixture is the drug-to-antibody ratio (DAR); its factorial moments are what the exact
moment form of the model needs in place of N + 1 species.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from adckit.errors import Issue, ModelError

__all__ = ["MOST_SITES", "SUM_TOLERANCE", "DrugLoad"]

MOST_SITES = 16
"""Largest number of payloads per antibody that a model may hold."""

SUM_TOLERANCE = 1e-6
"""How far the fractions may be from a sum of 1; published tables round to 2 digits, so
their last digit must be settled by the author of the card, not here."""


@dataclass(frozen=True)
class DrugLoad:
    """Fractions of antibodies that carry n = 0, 1 ... N payloads.

    A naked antibody is `DrugLoad((1.0,))`.

    Raises ModelError, with every problem, for fractions that are no distribution.
    """

    fractions: tuple[float, ...]
    """Shape (N + 1,), dimensionless, sum 1."""

    def __post_init__(self) -> None:
        problems = load_problems(self.fractions)
        if problems:
            issues = (Issue("drug load", problem) for problem in problems)
            raise ModelError("The distribution of payloads cannot be used.", issues)
        total = math.fsum(self.fractions)
        scaled = tuple(float(fraction) / total for fraction in self.fractions)
        object.__setattr__(self, "fractions", scaled)

    @classmethod
    def binomial(cls, sites: int, mean: float) -> DrugLoad:
        """The load of `sites` equal, independent sites with `mean` payloads in all.

        Raises ModelError when the sites cannot hold the mean.
        """
        problem = _binomial_problem(sites, mean)
        if problem:
            headline = "The binomial distribution of payloads cannot be made."
            raise ModelError(headline, [Issue("drug load", problem)])
        share = mean / sites if sites else 0.0
        return cls(
            tuple(
                math.comb(sites, n) * share**n * (1 - share) ** (sites - n)
                for n in range(sites + 1)
            )
        )

    @property
    def sites(self) -> int:
        """N, the largest number of payloads."""
        return len(self.fractions) - 1

    @property
    def mean(self) -> float:
        """Payloads per antibody, naked ones counted: the DAR."""
        return math.fsum(n * p for n, p in enumerate(self.fractions))

    @property
    def variance(self) -> float:
        """Variance of the number of payloads per antibody."""
        mean = self.mean
        return math.fsum((n - mean) ** 2 * p for n, p in enumerate(self.fractions))

    def factorial_moments(self) -> tuple[float, ...]:
        """Shape (N + 1,): M_j = sum over n of n (n-1) ... (n-j+1) p_n; M_0 = 1.

        They scale by e^{-jkt} when each site loses its payload at the rate k, which
        makes the moment form exact.
        """
        return tuple(
            math.fsum(math.perm(n, j) * p for n, p in enumerate(self.fractions))
            for j in range(len(self.fractions))
        )


def load_problems(fractions: tuple[float, ...]) -> list[str]:
    """Everything that keeps `fractions` from being a distribution of payloads."""
    if not fractions:
        return ["There are no fractions. A naked antibody is (1.0,)."]
    problems = []
    if len(fractions) - 1 > MOST_SITES:
        problems.append(
            f"There are {len(fractions) - 1} sites; at most {MOST_SITES} can be used."
        )
    for n, fraction in enumerate(fractions):
        if not math.isfinite(fraction) or fraction < 0:
            problems.append(
                f"The fraction with {n} payloads is {fraction:g}; "
                "it must be a number of 0 or more."
            )
    total = sum(fractions)
    if not problems and abs(total - 1) > SUM_TOLERANCE:
        problems.append(
            f"The fractions sum to {total:.9g}, not to 1. "
            "Correct them, or divide each by the sum."
        )
    return problems


def _binomial_problem(sites: int, mean: float) -> str | None:
    if not 0 <= sites <= MOST_SITES:
        return f"The number of sites is {sites}; it must be from 0 to {MOST_SITES}."
    if not 0 <= mean <= sites:
        return f"{sites} sites cannot carry {mean:g} payloads; give 0 to {sites}."
    return None
