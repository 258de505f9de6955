"""Rosenbrock methods as tables.

A step of size h from y, with W = I/(h gamma) - J, solves for each stage i

    W U_i = f(t + alpha_i h, y + sum_j a_ij U_j) + sum_j c_ij U_j / h + gamma_i h f_t

and ends at the last trial point plus the last stage, which is the error estimate (the
methods are stiffly accurate).  Between the ends, with s the fraction of the step and
k_m = sum_j H_mj U_j, the solution is

    (1 - s) y0 + s (y1 + (1 - s) (k_1 + s (k_2 + s k_3)))

This form needs no product with J.  The times alpha_i and gamma_i follow from a and c.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["RODAS5P", "Rosenbrock"]


@dataclass(frozen=True)
class Rosenbrock:
    """One method; rows of `a` and `c` are the stages before each stage."""

    name: str
    order: int
    error_order: int
    """Order of the embedded solution that the error estimate compares with."""
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    dense: tuple[tuple[float, ...], ...]
    citation: str

    @property
    def stages(self) -> int:
        return len(self.a)

    @cached_property
    def _gamma_matrix(self) -> np.ndarray:
        inverse = np.eye(self.stages) / self.gamma - self._square(self.c)
        return np.linalg.inv(inverse)

    @property
    def alpha(self) -> tuple[float, ...]:
        """Time of each stage, as a fraction of the step."""
        rows = self._square(self.a) @ self._gamma_matrix
        return tuple(float(x) for x in rows.sum(axis=1))

    @property
    def time_weights(self) -> tuple[float, ...]:
        """Weight gamma_i of the time derivative in each stage."""
        return tuple(float(x) for x in self._gamma_matrix.sum(axis=1))

    def _square(self, rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
        matrix = np.zeros((self.stages, self.stages))
        for i, row in enumerate(rows):
            matrix[i, : len(row)] = row
        return matrix


_A6 = (
    -7.502846399306121,
    2.561846144803919,
    -11.627539656261098,
    -0.18268767659942256,
    0.030198172008377946,
)

RODAS5P = Rosenbrock(
    name="Rodas5P",
    order=5,
    error_order=4,
    gamma=0.21193756319429014,
    a=(
        (),
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (
            2.8029986275628964,
            0.5072464736228206,
            -0.3988312541770524,
            -0.04721187230404641,
        ),
        _A6,
        (*_A6, 1.0),
        (*_A6, 1.0, 1.0),
    ),
    c=(
        (),
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (
            165.43517024871676,
            -0.4592823456491126,
            42.90938336958603,
            -5.961986721573306,
        ),
        (
            24.854864614690072,
            -3.0009227002832186,
            47.4931110020768,
            5.5814197821558125,
            -0.6610691825249471,
        ),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ),
    ),
    dense=(
        (
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ),
        (
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ),
        (
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ),
    ),
    citation=(
        "Steinebach G. Construction of Rosenbrock-Wanner method Rodas5P and numerical "
        "benchmarks within the Julia Differential Equations package. "
        "BIT Numer Math 2023;63:27, doi:10.1007/s10543-023-00967-x"
    ),
)
