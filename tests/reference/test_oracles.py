"""Our models against values computed by independent public code.

The tolerance is that of the tables, 1e-4 relative; most agree far better.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble, plain_model
from adckit.mechanisms.legacy import HUMAN, MOUSE_KPL4, singh_2017
from adckit.mechanisms.legacy_bystander import her3_bystander
from adckit.molecules.load import DrugLoad
from tests.blueprints import BROAD, example
from tests.harness import Dose, run

ORACLES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "oracles.json").read_text(encoding="utf-8")
)
SINGH_MOLAR_MASS = 148500  # g/mol


def nanomoles(dose_mg_per_kg: float, weight: float) -> float:
    return dose_mg_per_kg * weight * 1e6 / SINGH_MOLAR_MASS


def test_her3_bystander_in_vitro(engine: Engine) -> None:
    rows = ORACLES["D1_qsp101_bystander"]["rows"]
    times = [row["time"] / 24 for row in rows]
    dose = Dose(10 * 5e-4, port="medium")  # 10 nM in 0.5 mL
    result = run(her3_bystander(), [dose], times, engine)
    for column, output in {
        "A_m_nM": "medium_conjugate",
        "R_s": "surface_antigen",
        "AR_s": "surface_complex",
        "AR_e": "endosomal_complex",
        "A_e": "endosomal_conjugate",
        "AR_l": "lysosomal_complex",
        "A_l": "lysosomal_conjugate",
        "C_P_c": "cell_payload",
        "C_P_m": "medium_payload_nM",
        "Ntot": "positive_count",
        "Ntot_Neg": "negative_count",
    }.items():
        expected = [row[column] for row in rows]
        np.testing.assert_allclose(
            result.output[output], expected, 1e-4, err_msg=column
        )


@pytest.mark.parametrize("kill", ["rows_kkill_1.8e-4", "rows_kkill_0"])
def test_singh_2017_patient(engine: Engine, kill: str) -> None:
    rows = ORACLES["D2_singh2017_human_3p6mgkg"][kill]
    times = [row["time"] for row in rows]
    changed = {"kill_constant": 0.0} if kill.endswith("_0") else {}
    result = run(
        singh_2017(HUMAN), [Dose(nanomoles(3.6, 70))], times, engine, changed=changed
    )
    for column, output in {
        "TT": "total_antibody",
        "ADC": "conjugate",
        "DM1": "free_payload",
        "DAR": "mean_dar",
        "DRUGFC": "tumour_free_payload",
        "DRUGBC": "tumour_bound_payload",
        "TVMM": "tumour_volume",
    }.items():
        expected = [row[column] for row in rows]
        found = result.output[output]
        np.testing.assert_allclose(found, expected, 1e-4, err_msg=column)


@pytest.mark.parametrize("dose", [0.0, 0.3, 1.0, 3.0, 15.0])
def test_singh_2017_mouse(engine: Engine, dose: float) -> None:
    table = ORACLES["D2_singh2017_mouse_KPL4"]["rows"]
    rows = [row for row in table if row["dose_mgkg"] == dose]
    doses = [Dose(nanomoles(dose, 0.025))] if dose else []
    times = [row["time"] for row in rows]
    result = run(singh_2017(MOUSE_KPL4), doses, times, engine)
    expected = [row["TV_mm3"] for row in rows]
    np.testing.assert_allclose(result.output["tumour_volume"], expected, 1e-4)


@pytest.mark.parametrize(
    ("rows", "minutes"), [("rows", 90), ("rows_30min_infusion", 30)]
)
def test_lu_2014_conjugate_in_patients(
    engine: Engine, rows: str, minutes: float
) -> None:
    model = plain_model(
        {
            "clearance": "0.676 L/day",
            "central_volume": "3.127 L",
            "distribution_clearance": "1.534 L/day",
            "peripheral_volume": "0.66 L",
        },
        compartments=2,
    )
    table = ORACLES["D3_lu2014_252mg_90min"][rows]
    times = [row["time_d"] for row in table]
    dose = Dose(252, duration=minutes / 1440)
    result = run(model, [dose], times, engine)
    np.testing.assert_allclose(
        result.output["concentration"], [row["C"] for row in table], rtol=1e-4
    )


BENDER = {
    "cyno_120mg_DAR3p1_bolus": (
        120,
        ("17.4 mL/day", "148 mL", "25.5 mL/day", "57.2 mL", "81.2 mL/day", "127 mL"),
        ("0.341 1/day", "0.255 1/day", "0.0939 1/day"),
    ),
    "rat_5mg_DAR3p1_bolus": (
        5,
        ("2.42 mL/day", "11.0 mL", "49.0 mL/day", "3.44 mL", "12.0 mL/day", "16.7 mL"),
        ("0.543 1/day", "0.388 1/day", "0.114 1/day"),
    ),
}
"""Dose in mg; clearances and volumes; rates at load 3 and above, 2, 1.

The published k_plasma is a part of total clearance, so it does not enter again; and
the coded model deconjugates in plasma only.
"""


@pytest.mark.parametrize("animal", BENDER)
def test_bender_2014_chain_in_animals(engine: Engine, animal: str) -> None:
    mg, disposition, rates = BENDER[animal]
    names = (
        "clearance",
        "central_volume",
        "distribution_clearance",
        "peripheral_volume",
        "deep_distribution_clearance",
        "deep_peripheral_volume",
    )
    steps = (f"deconjugation_rate_{step}" for step in ("high", "two", "one"))
    changed = dict(zip(names, disposition, strict=True))
    changed |= dict(zip(steps, rates, strict=True))
    blueprint = example(
        DrugLoad(BROAD),
        changed | {"peripheral_deconjugation": "0"},
        disposition="three-compartment",
        deconjugation="shared",
        delivery="none",
        payload="none",
    )
    table = ORACLES["D4_bender2014_mechanistic"][animal]
    times = [row["time_d"] for row in table]
    molar_mass = 0.145  # mg/nmol; the published model counts mg of antibody
    result = run(assemble(blueprint), [Dose(mg / molar_mass)], times, engine)
    for column, output, factor in (
        ("conj", "conjugate_nM", molar_mass),
        ("total", "total_antibody_nM", molar_mass),
        ("meanDAR_total", "mean_dar", 1.0),
        ("meanDAR_conj", "mean_dar_conjugate", 1.0),
    ):
        expected = [row[column] for row in table]
        np.testing.assert_allclose(
            result.output[output] * factor, expected, 1e-4, err_msg=column
        )


def test_simeoni_growth_under_constant_exposure(engine: Engine) -> None:
    oracle = ORACLES["D7_onkos_simeoni"]
    given = oracle["inputs"]
    blueprint = example(
        DrugLoad((0.0, 1.0)),
        {
            "doubling_time": f"{math.log(2) / given['lam0']!r} day",
            "linear_growth_rate": f"{given['lam1']} mm3/day",
            "growth_switch": f"{given['psi']}",
            "plasma_kill_constant": f"{given['k2']} 1/nM/day",
            "transit_rate": f"{given['k1']} 1/day",
            "initial_tumour_volume": f"{given['w0']} mm3",
            "clearance": "0 L/day",
            "deconjugation_rate": "0 1/day",
            "central_volume": "1 L",
        },
        without=("carrying_capacity",),
        disposition="one-compartment",
        delivery="plasma",
        kill="plasma",
        payload="none",
    )
    times = [float(day) for day in oracle["x1_x4"]]
    result = run(assemble(blueprint), [Dose(given["E"])], times, engine)
    stages = ("viable_tumour", *(f"dying_tumour_{n}" for n in (1, 2, 3)))
    volumes = np.stack([result.state[name] for name in stages], axis=1) * 1e6  # mm3
    np.testing.assert_allclose(volumes, list(oracle["x1_x4"].values()), rtol=1e-4)
