"""Plain compartment models against their closed forms, through the front door.

A linear model dx/dt = M x has x(t) = exp(M t) x(0); an infusion adds the integral of
exp(M t) r, and a train of doses a geometric series.  These are evaluated with the
matrix exponential, and the two-compartment bolus also with its textbook formula.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.linalg import expm

from adckit.engines.base import Engine
from adckit.mechanisms.assemble import plain_model
from adckit.network.dosing import DoseRecord
from adckit.network.network import Network
from adckit.simulation import simulate
from adckit.status import Status

VALUES = {
    "clearance": 0.676,
    "central_volume": 3.127,
    "distribution_clearance": 1.534,
    "peripheral_volume": 0.66,
    "deep_distribution_clearance": 0.2,
    "deep_peripheral_volume": 4.0,
    "absorption_rate": 1.1,
}
UNITS = {n: "L/day" if "clearance" in n else "L" for n in VALUES}
UNITS["absorption_rate"] = "1/day"
SHAPES = [(n, depot) for n in (1, 2, 3) for depot in (False, True)]
TIMES = np.array([0.3, 1.0, 2.0, 5.0, 9.0, 14.0, 21.0])
TIGHT = 1e-11  # of the solver, so that 1e-8 is left after all steps


def model(compartments: int, depot: bool) -> Network:
    names = ["clearance", "central_volume"]
    names += ["distribution_clearance", "peripheral_volume"] * (compartments > 1)
    names += ["deep_distribution_clearance", "deep_peripheral_volume"] * (
        compartments > 2
    )
    names += ["absorption_rate"] * depot
    quantities = {n: f"{VALUES[n]} {UNITS[n]}" for n in names}
    return plain_model(quantities, compartments=compartments)


def matrix(compartments: int, depot: bool) -> np.ndarray:
    """dx/dt = M x for central, outer compartments, then the depot."""
    v = VALUES
    size = compartments + depot
    m = np.zeros((size, size))
    m[0, 0] = -v["clearance"] / v["central_volume"]
    outer = (
        ("distribution_clearance", "peripheral_volume"),
        ("deep_distribution_clearance", "deep_peripheral_volume"),
    )
    for i, (q, volume) in enumerate(outer[: compartments - 1], 1):
        m[0, 0] -= v[q] / v["central_volume"]
        m[i, 0] += v[q] / v["central_volume"]
        m[0, i] += v[q] / v[volume]
        m[i, i] -= v[q] / v[volume]
    if depot:
        m[-1, -1] = -v["absorption_rate"]
        m[0, -1] = v["absorption_rate"]
    return m


def after_infusion(m: np.ndarray, entry: int, length: float, t: float) -> np.ndarray:
    """State a time t after the start of an infusion of 1 per day."""
    given = min(t, length)
    unit = np.eye(len(m))[entry]
    end = np.linalg.solve(m, (expm(m * given) - np.eye(len(m))) @ unit)
    return expm(m * max(0.0, t - length)) @ end


def after_dose(m: np.ndarray, entry: int, length: float, t: float) -> np.ndarray:
    """State a time t after one unit, given as a bolus or over `length`."""
    if length == 0:
        return np.asarray(expm(m * t)[:, entry])
    return after_infusion(m, entry, length, t) / length


def seen(
    network: Network, records: Sequence[DoseRecord], engine: Engine, times: np.ndarray
) -> np.ndarray:
    result = simulate(network, list(records), times=times, engine=engine, rtol=TIGHT)
    assert result.status[0] == Status.OK
    return result.curve("concentration")[0]


def concentration(states: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([x[0] for x in states]) / VALUES["central_volume"]


def ports(depot: bool) -> dict[str, int]:
    return {"central": 0, **({"depot": -1} if depot else {})}


@pytest.mark.parametrize(("compartments", "depot"), SHAPES)
def test_bolus_and_infusion(compartments: int, depot: bool, engine: Engine) -> None:
    network, m = model(compartments, depot), matrix(compartments, depot)
    for port, entry in ports(depot).items():
        bolus = [DoseRecord(0.0, 100.0, port)]
        expected = concentration([100 * expm(m * t)[:, entry] for t in TIMES])
        np.testing.assert_allclose(
            seen(network, bolus, engine, TIMES), expected, rtol=1e-8
        )
        infusion = [DoseRecord(0.0, 100.0, port, duration=1.5)]
        expected = concentration(
            [100 / 1.5 * after_infusion(m, entry, 1.5, t) for t in TIMES]
        )
        np.testing.assert_allclose(
            seen(network, infusion, engine, TIMES), expected, rtol=1e-8
        )


@pytest.mark.parametrize(("compartments", "depot"), SHAPES)
@pytest.mark.parametrize("length", [0.0, 0.4, 2.5])
def test_steady_state(
    compartments: int, depot: bool, length: float, engine: Engine
) -> None:
    """A dose every day for ever; infusions of 2.5 days overlap."""
    network, m = model(compartments, depot), matrix(compartments, depot)
    tau, size = 1.0, len(matrix(compartments, depot))
    series = np.linalg.inv(np.eye(size) - expm(m * tau))
    times = np.array([0.25, 0.999, 1.5])
    for port, entry in ports(depot).items():
        record = DoseRecord(
            0.0,
            50.0,
            port,
            duration=length or None,
            interval=tau,
            steady_state=1,
            additional=3,
        )
        expected = []
        for since_dose in np.mod(times, tau):
            # young doses are summed one by one, the others are a geometric series
            young = int(np.ceil(length / tau)) + 1
            ages = since_dose + tau * np.arange(young + 1)
            *recent, older = [after_dose(m, entry, length, age) for age in ages]
            expected.append(50 * (sum(recent) + series @ older))
        found = seen(network, [record], engine, times)
        np.testing.assert_allclose(found, concentration(expected), rtol=1e-8)


def test_two_compartments_by_the_textbook(engine: Engine) -> None:
    """C = sum of two exponentials (SCIENCE B-04)."""
    v = VALUES
    k10 = v["clearance"] / v["central_volume"]
    k12 = v["distribution_clearance"] / v["central_volume"]
    k21 = v["distribution_clearance"] / v["peripheral_volume"]
    total = k10 + k12 + k21
    root = np.sqrt(total**2 - 4 * k10 * k21)
    fast, slow = (total + root) / 2, (total - root) / 2
    dose = 252.0 / v["central_volume"]
    expected = dose * (
        (fast - k21) / (fast - slow) * np.exp(-fast * TIMES)
        + (k21 - slow) / (fast - slow) * np.exp(-slow * TIMES)
    )
    found = seen(model(2, False), [DoseRecord(0.0, 252.0, "central")], engine, TIMES)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_constant_infusion_at_steady_state(engine: Engine) -> None:
    """It ends at its record, from C = rate / clearance."""
    record = DoseRecord(0.0, 0.0, "central", rate=10.0, steady_state=1)
    m = matrix(2, False)
    start = np.linalg.solve(m, [-10.0, 0.0])
    expected = concentration([expm(m * t) @ start for t in TIMES])
    np.testing.assert_allclose(
        seen(model(2, False), [record], engine, TIMES), expected, rtol=1e-8
    )
    assert start[0] / VALUES["central_volume"] == pytest.approx(10 / 0.676)


def test_steady_state_added_to_what_is_there(engine: Engine) -> None:
    network, m = model(2, True), matrix(2, True)
    records = [
        DoseRecord(0.0, 30.0, "depot"),
        DoseRecord(2.0, 50.0, "central", interval=1.0, steady_state=2),
    ]
    series = np.linalg.inv(np.eye(3) - expm(m))
    times = np.array([2.5, 4.0])
    expected = [
        30 * expm(m * t)[:, -1] + 50 * (series @ expm(m * (t - 2.0))[:, 0])
        for t in times
    ]
    found = seen(network, records, engine, times)
    np.testing.assert_allclose(found, concentration(expected), rtol=1e-8)


def test_lag_and_bioavailability(engine: Engine) -> None:
    network, m = model(1, True), matrix(1, True)
    record = DoseRecord(0.0, 100.0, "depot", lag=0.75, bioavailability=0.4)
    expected = [
        np.zeros(2) if t <= 0.75 else 40 * expm(m * (t - 0.75))[:, -1] for t in TIMES
    ]
    found = seen(network, [record], engine, TIMES)
    np.testing.assert_allclose(found, concentration(expected), rtol=1e-8)


def test_reset_forgets_everything(engine: Engine) -> None:
    network, m = model(2, False), matrix(2, False)
    records = [
        DoseRecord(0.0, 100.0, "central", duration=5.0),
        DoseRecord(2.0, 10.0, "central", evid=4),
    ]
    times = np.array([1.0, 3.0, 6.0])
    expected = [
        20 * after_infusion(m, 0, 5.0, 1.0),
        10 * expm(m * 1.0)[:, 0],
        10 * expm(m * 4.0)[:, 0],
    ]
    found = seen(network, records, engine, times)
    np.testing.assert_allclose(found, concentration(expected), rtol=1e-8)


def test_superposition_and_proportionality(engine: Engine) -> None:
    network = model(3, False)
    first = [DoseRecord(0.0, 40.0, "central", duration=0.5)]
    second = [DoseRecord(3.0, 70.0, "central")]
    both = seen(network, [*first, *second], engine, TIMES)
    apart = seen(network, first, engine, TIMES) + seen(network, second, engine, TIMES)
    np.testing.assert_allclose(both, apart, rtol=1e-8)
    double = [DoseRecord(0.0, 80.0, "central", duration=0.5)]
    np.testing.assert_allclose(
        seen(network, double, engine, TIMES),
        2 * seen(network, first, engine, TIMES),
        rtol=1e-8,
    )


def test_split_infusion_is_the_same(engine: Engine) -> None:
    """An infusion in two halves, one after the other (SCIENCE B-34)."""
    network = model(2, False)
    whole = [DoseRecord(0.0, 100.0, "central", duration=1.0)]
    halves = [
        DoseRecord(0.0, 50.0, "central", duration=0.5),
        DoseRecord(0.5, 50.0, "central", duration=0.5),
    ]
    np.testing.assert_allclose(
        seen(network, whole, engine, TIMES),
        seen(network, halves, engine, TIMES),
        rtol=1e-8,
    )
