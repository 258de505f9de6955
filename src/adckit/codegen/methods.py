"""Integration methods as tables.

A Rosenbrock step of size h from y, with W = I/(h gamma) - J, solves for each stage i

    W U_i = f(t + alpha_i h, y + sum_j a_ij U_j) + sum_j c_ij U_j / h + gamma_i h f_t

and ends at the last trial point plus the last stage, which is the error estimate (the
methods are stiffly accurate).  An explicit Runge-Kutta step evaluates

    K_i = f(t + alpha_i h, y + h sum_j a_ij K_j)

and ends at the trial point of its last stage, so that this stage is the first one of
the next step.  Between the ends, with s the fraction of the step and k_m the sum over
the stages of H_mj U_j, or of h H_mj K_j, the solution is

    (1 - s) y0 + s (y1 + (1 - s) (k_1 + s (k_2 + s (k_3 + ...))))

This form needs no product with J.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Method", "Rosenbrock", "RungeKutta", "Table", "rows"]

Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Rosenbrock:
    """One method; rows of `a` and `c` are the stages before each stage."""

    name: str
    order: int
    error_order: int
    """Order of the embedded solution that the error estimate compares with."""
    gamma: float
    a: Table
    c: Table
    dense: Table
    citation: str

    @property
    def stages(self) -> int:
        return len(self.a)

    @cached_property
    def _gamma_matrix(self) -> np.ndarray:
        inverse = np.eye(self.stages) / self.gamma - self._square(self.c)
        return np.linalg.inv(inverse)

    @cached_property
    def alpha(self) -> tuple[float, ...]:
        """Time of each stage, as a fraction of the step."""
        rows = self._square(self.a) @ self._gamma_matrix
        return tuple(float(x) for x in rows.sum(axis=1))

    @cached_property
    def time_weights(self) -> tuple[float, ...]:
        """Weight gamma_i of the time derivative in each stage."""
        return tuple(float(x) for x in self._gamma_matrix.sum(axis=1))

    def _square(self, rows: Table) -> np.ndarray:
        matrix = np.zeros((self.stages, self.stages))
        for i, row in enumerate(rows):
            matrix[i, : len(row)] = row
        return matrix


@dataclass(frozen=True)
class RungeKutta:
    """One explicit method; row `main - 1` of `a` is the solution."""

    name: str
    order: int
    error_order: int
    a: Table
    alpha: tuple[float, ...]
    """Time of each stage, as a fraction of the step."""
    error: Table
    """Weights of the stages in two estimates e and g of the error, which together are
    e**2 / sqrt(e**2 + (g/10)**2)."""
    dense: Table
    citation: str
    reach: float
    """How far the region of stability goes along the negative real axis."""
    extra: int = 0
    """Stages at the end that only the interpolant needs."""

    @property
    def stages(self) -> int:
        return len(self.a)

    @property
    def main(self) -> int:
        """Stages of a step without outputs, with the first of the next step."""
        return self.stages - self.extra


Method = Rosenbrock | RungeKutta


def rows(text: str) -> Table:
    """A table from text: numbers apart by spaces, rows by semicolons."""
    return tuple(tuple(map(float, row.split())) for row in text.split(";"))
