"""A plain two-compartment model with a depot, dosed from a table of NONMEM events."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import adckit
from adckit.io.dosing_tables import read_dosing_table
from adckit.mechanisms.assemble import plain_model

TABLE = Path(__file__).with_name("oral_doses.csv")


def main() -> None:
    model = plain_model(
        {
            "absorption_rate": "0.6 1/day",
            "clearance": "0.25 L/day",
            "central_volume": "3 L",
            "distribution_clearance": "0.6 L/day",
            "peripheral_volume": "3 L",
        },
        compartments=2,
    )
    ports = [port.name for port in model.ports]
    subjects = read_dosing_table(TABLE, ports=ports, amount_unit="mg", port_unit="mg")
    result = adckit.simulate(
        model,
        {subject.name: list(subject.records) for subject in subjects},
        {"subject": [subject.name for subject in subjects]},
        times=np.arange(0.0, 29.0, 7.0),
        strict=True,
    )
    print("day     " + "".join(f"{day:8.0f}" for day in result.times))
    for name, curve in zip(result.subjects, result.curve("concentration"), strict=True):
        shown = "".join(f"{value:8.2f}" for value in curve)
        print(f"{name:8}{shown} {result.unit('concentration')}")


if __name__ == "__main__":
    main()
