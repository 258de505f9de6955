"""Robertson, HIRES, Pollution, Orego and Van der Pol: what every stiff solver is shown.

Equations, constants and time spans as in the test set of Mazzia F and Magherini C,
"Test Set for Initial Value Problem Solvers", release 2.4, 2008, Department of
Mathematics, University of Bari, and in Hairer E and Wanner G, "Solving Ordinary
Differential Equations II", 2nd ed., Springer 1996, section IV.10.  Time is in days here
and everything else has no unit.  One constant of each varies by 10 % so that a
population of them exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from adckit import Network, Observable, Parameter, Reaction, Species
from adckit.network.expr import Expr, Symbol, as_expr
from adckit.parameters import Source, Status
from benchmarks.case import Case

__all__ = ["hires", "orego", "pollution", "robertson", "van_der_pol"]

_TEST_SET = Source("Test Set for IVP Solvers, release 2.4, University of Bari, 2008")


def robertson() -> Case:
    """Three species, rates from 0.04 to 3e7, over 11 decades of time."""
    y1, y2, y3 = _states(3)
    k1, k2, k3 = Symbol("k1"), Symbol("k2"), Symbol("k3")
    slow, fast, back = k1 * y1, k2 * y2 * y2, k3 * y2 * y3
    return _case(
        "robertson",
        "Robertson; 3 states to t = 1e11",
        [back - slow, slow - back - fast, fast],
        [1.0, 0.0, 0.0],
        {"k1": 0.04, "k2": 3e7, "k3": 1e4},
        np.concatenate([[0.0], np.logspace(-5, 11, 65)]),
        scales=[1e-8, 1e-12, 1e-6],
        floors=(1e-6, 1e-10),
    )


def hires() -> Case:
    """High irradiance response of a plant, eight species."""
    y = _states(8)
    k = Symbol("k1")
    pair = 280 * y[5] * y[7]
    rates = [
        -k * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007,
        k * y[0] - 8.75 * y[1],
        -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4],
        8.32 * y[1] + k * y[2] - 1.12 * y[3],
        -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6],
        -pair + 0.69 * y[3] + k * y[4] - 0.43 * y[5] + 0.69 * y[6],
        pair - 1.81 * y[6],
        -pair + 1.81 * y[6],
    ]
    return _case(
        "hires",
        "HIRES; 8 states to t = 321.8",
        rates,
        [1.0, 0, 0, 0, 0, 0, 0, 0.0057],
        {"k1": 1.71},
        np.concatenate([[0.0], np.logspace(-2, np.log10(321.8122), 65)]),
        scales=[1e-6] * 8,
        floors=(1e-2, 1e-4),
    )


def orego() -> Case:
    """The Oregonator: a limit cycle with fronts."""
    y1, y2, y3 = _states(3)
    k, q, w = Symbol("k1"), 8.375e-6, 0.161
    rates = [
        k * (y2 + y1 * (1 - q * y1 - y2)),
        (y3 - (1 + y1) * y2) / k,
        w * (y1 - y3),
    ]
    return _case(
        "orego",
        "Orego; 3 states to t = 360",
        rates,
        [1.0, 2.0, 3.0],
        {"k1": 77.27},
        np.linspace(0, 360, 181),
        scales=[1e-2] * 3,
        floors=(1.0, 1e-3),
        spread=0.01,  # fronts move by whole periods if it is much more
    )


def van_der_pol() -> Case:
    """A relaxation oscillator with fronts of a millionth of its period."""
    y1, y2 = _states(2)
    return _case(
        "van-der-pol",
        "Van der Pol; 2 states to t = 2",
        [y2, Symbol("k1") * ((1 - y1 * y1) * y2 - y1)],
        [2.0, 0.0],
        {"k1": 1e6},
        np.linspace(0, 2, 101),
        scales=[1e-3, 1.0],
        floors=(1e-3, 1.0),
        spread=0.01,  # as for Orego
    )


def pollution() -> Case:
    """Air pollution in the troposphere, 20 species and 25 reactions."""
    y = [None, *_states(20)]
    rates: list[Expr] = [as_expr(0.0) for _ in range(21)]
    parameters = {"k1": 0.35}
    for constant, used, made in _REACTIONS:
        flux: Expr = Symbol("k1") if constant is None else as_expr(constant)
        for i in used:
            species = y[i]
            assert species is not None
            flux = flux * species
        for i in used:
            rates[i] = rates[i] - flux
        for i, count in made.items():
            rates[i] = rates[i] + flux * count
    initial = np.zeros(20)
    initial[[1, 3, 6, 7, 8, 16]] = 0.2, 0.04, 0.1, 0.3, 0.01, 0.007
    return _case(
        "pollution",
        "Pollution; 20 states to t = 60",
        rates[1:],
        initial.tolist(),
        parameters,
        np.concatenate([[0.0], np.logspace(-4, np.log10(60.0), 65)]),
        scales=[1e-8] * 20,
        floors=(1e-6, 1e-9),
    )


_REACTIONS: tuple[tuple[float | None, tuple[int, ...], Mapping[int, int]], ...] = (
    (None, (1,), {2: 1, 3: 1}),
    (26.6, (2, 4), {1: 1}),
    (12300.0, (5, 2), {6: 1, 1: 1}),
    (8.6e-4, (7,), {8: 1, 5: 2}),
    (8.2e-4, (7,), {8: 1}),
    (15000.0, (7, 6), {8: 1, 5: 1}),
    (1.3e-4, (9,), {8: 1, 5: 1, 10: 1}),
    (24000.0, (9, 6), {11: 1}),
    (16500.0, (11, 2), {1: 1, 10: 1, 12: 1}),
    (9000.0, (11, 1), {13: 1}),
    (0.022, (13,), {11: 1, 1: 1}),
    (12000.0, (10, 2), {14: 1, 1: 1}),
    (1.88, (14,), {7: 1, 5: 1}),
    (16300.0, (1, 6), {15: 1}),
    (4.8e6, (3,), {4: 1}),
    (3.5e-4, (4,), {16: 1}),
    (0.0175, (4,), {3: 1}),
    (1.0e8, (16,), {6: 2}),
    (4.44e11, (16,), {3: 1}),
    (1240.0, (17, 6), {18: 1, 5: 1}),
    (2.1, (19,), {2: 1}),
    (5.78, (19,), {1: 1, 3: 1}),
    (0.0474, (1, 4), {19: 1}),
    (1780.0, (19, 1), {20: 1}),
    (3.12, (20,), {19: 1, 1: 1}),
)
"""Rate constant (None: the one that varies), what is used up, what is made."""


def _states(count: int) -> list[Symbol]:
    return [Symbol(f"y{i + 1}") for i in range(count)]


def _case(
    name: str,
    title: str,
    rates: Sequence[Expr],
    initial: Sequence[float],
    constants: Mapping[str, float],
    times: np.ndarray,
    *,
    scales: Sequence[float],
    floors: tuple[float, ...],
    spread: float = 0.1,
) -> Case:
    """A case from its right-hand sides; the first constant varies."""
    names = [f"y{i + 1}" for i in range(len(rates))]
    network = Network(name).add(
        Parameter("per_day", 1.0, "1/day", _TEST_SET, Status.ASSUMED),
        *(
            Parameter(n, value, "", _TEST_SET, Status.ASSUMED)
            for n, value in constants.items()
        ),
        *(
            Species(n, "", initial=as_expr(start), scale=as_expr(scale))
            for n, start, scale in zip(names, initial, scales, strict=True)
        ),
        *(
            Reaction(f"d_{n}", rate * Symbol("per_day"), {n: 1.0})
            for n, rate in zip(names, rates, strict=True)
        ),
        *(Observable(f"seen_{n}", Symbol(n), "") for n in names),
    )
    return Case(
        name=name,
        title=title,
        network=network,
        times=times,
        spread={next(iter(constants)): spread},
        floors=floors,
    )
