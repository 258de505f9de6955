"""Small systems with known answers, written as networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from adckit.engines.base import Actions, Problem
from adckit.network.expr import ONE, Expr, Symbol
from adckit.network.network import Network
from adckit.network.parts import Event, Input, Observable, Port, Reaction, Species
from adckit.network.system import OdeSystem, build_system
from adckit.parameters import Parameter, Source, Status

Row = tuple[float, int, int, float]


def parameter(name: str, value: float, unit: str = "1/day") -> Parameter:
    """A parameter of a test model."""
    return Parameter(name, value, unit, Source("test"), Status.ASSUMED)


def decay() -> OdeSystem:
    """dy/dt = -k y, and what was lost."""
    k, y = Symbol("k"), Symbol("y")
    network = Network("decay").add(
        parameter("k", 0.5),
        Species("y", content={"drug": 1}),
        Species("lost", content={"drug": 1}, ledger=True),
        Reaction("loss", k * y, {"y": -1, "lost": 1}),
        Observable("y_seen", y, "nmol"),
        Observable("lost_seen", Symbol("lost"), "nmol"),
        Port("dose", {"y": ONE}),
    )
    return build_system(network)


def free_form(
    name: str,
    rates: Mapping[str, Expr],
    initial: Mapping[str, float],
    parameters: Sequence[Parameter] = (),
    events: Sequence[Event] = (),
    inputs: Sequence[Input] = (),
) -> OdeSystem:
    """A system given by its right-hand sides; all states without unit."""
    from adckit.network.expr import as_expr

    per_day = Symbol("per_day")
    network = Network(name).add(
        parameter("per_day", 1.0),
        *parameters,
        *inputs,
        *(
            Species(n, unit="", initial=as_expr(v), scale=as_expr(1e-6))
            for n, v in initial.items()
        ),
        *(Reaction(f"d_{n}", rate * per_day, {n: 1.0}) for n, rate in rates.items()),
        *(Observable(f"{n}_seen", Symbol(n), "") for n in initial),
        *events,
    )
    return build_system(network)


def problem(
    system: OdeSystem,
    times: Sequence[float] | np.ndarray,
    rows: Sequence[Sequence[Row]] | None = None,
    *,
    parameters: np.ndarray | None = None,
    values: Sequence[float] = (),
    subjects: int = 1,
    rtol: float = 1e-8,
    **options: float,
) -> Problem:
    """A problem for one or several subjects; `values` are the typical parameters."""
    table = np.tile(np.array(values, dtype=float), (subjects, 1))
    table = table if parameters is None else parameters
    actions = Actions.of(rows if rows is not None else [[] for _ in table])
    return Problem(
        system=system,
        parameters=table,
        initial=system.initial_state(table),
        actions=actions,
        times=np.asarray(times, dtype=float),
        absolute=np.maximum(rtol * system.state_scale(table), 1e-30),
        rtol=rtol,
        **options,  # type: ignore[arg-type]
    )
