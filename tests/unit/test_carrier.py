"""Naked antibody given with the conjugate: in words, in tables, and what it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.errors import AdckitError, CardError, RegimenError
from adckit.io.request import DoseTable, Request, carry_out
from adckit.network.regimen import Carrier, parse_regimen
from adckit.planning import CARRIER
from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.studies.protocol import read_protocol
from adckit.studies.published import same_dosing
from adckit.studies.summary import summarise

SCARCE = {"receptors_per_cell": "20000 receptors/cell"}


@pytest.mark.parametrize(
    ("text", "canonical", "carrier"),
    [
        (
            "3.6 mg/kg q3w x6 + carrier 8 mg/kg",
            "3.6 mg/kg q3w x6 + carrier 8 mg/kg",
            Carrier(8, "mg/kg"),
        ),
        (
            "3.6 mg/kg q3w, over 30 min, with carrier to 8 mg/kg",
            "3.6 mg/kg q3w + carrier to 8 mg/kg, over 30 min",
            Carrier(8, "mg/kg", total=True),
        ),
        (
            "110 mg/m2 d1,8 q3w + carrier antibody 100 mg",
            "110 mg/m2 d1,8 q3w + carrier 100 mg",
            Carrier(100, "mg"),
        ),
    ],
)
def test_a_carrier_is_read_and_written(
    text: str, canonical: str, carrier: Carrier
) -> None:
    regimen = parse_regimen(text)
    assert regimen.segments[0].carrier == carrier
    assert str(regimen) == canonical
    assert parse_regimen(canonical) == regimen


def test_each_part_of_a_regimen_has_its_own_carrier() -> None:
    first, second = parse_regimen("1 mg qw x2 + carrier 5 mg then 2 mg qw").segments
    assert first.carrier == Carrier(5, "mg")
    assert second.carrier is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("carrier 8 mg/kg", "goes with a dose of conjugate"),
        ("3 mg/kg q3w + 8 mg/kg", "With what?"),
        ("3 mg/kg q3w + carrier to 2 mg/kg", "less than the dose"),
        ("3 mg/kg q3w + carrier to 200 mg/m2", "Write the total in mg/kg"),
        ("3 mg/kg q3w + carrier 1 mg/kg + carrier 2 mg/kg", "its carrier twice"),
        ("3 mg/kg once + carrier -1 mg/kg", "negative dose of carrier"),
        ("3 mg/kg once + carrier 1 nM", "not a unit of a dose"),
    ],
)
def test_a_carrier_that_makes_no_sense_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RegimenError, match=problem.replace("?", r"\?")):
        parse_regimen(text)


def test_records_go_by_the_molar_mass_of_each() -> None:
    def amounts(text: str) -> dict[str, list[float]]:
        records = parse_regimen(text).records(
            port="central",
            until=30,
            body_weight_kg=70,
            molar_mass_mg_per_nmol=0.150,
            carrier_port=CARRIER,
            antibody_mass_mg_per_nmol=0.145,
            default_duration=0.0625,
        )
        assert {record.duration for record in records} == {0.0625}
        return {
            port: [r.amount for r in records if r.port == port]
            for port in ("central", CARRIER)
        }

    on_top = amounts("3 mg/kg q3w + carrier 8 mg/kg, max 150 mg")
    assert on_top["central"] == pytest.approx([150 / 0.150] * 2)
    assert on_top[CARRIER] == pytest.approx([560 / 0.145] * 2)
    together = amounts("3 mg/kg q3w + carrier to 8 mg/kg")
    assert together[CARRIER] == pytest.approx([350 / 0.145] * 2)


def test_a_model_without_a_port_for_naked_antibody_says_so() -> None:
    with pytest.raises(AdckitError, match="no port for naked antibody"):
        simulate("two-compartment", "100 mg once + carrier 10 mg")


def test_subjects_of_any_size_get_a_carrier_of_their_size() -> None:
    weights = [50.0, 70.0, 90.0]
    result = simulate(
        "T-DM1",
        "3.6 mg/kg once, bolus + carrier 7.2 mg/kg",
        {"body_weight": weights},
        times=[0.001, 1],
    )
    amounts = [
        {action.port: action.value for action in schedule.actions}
        for schedule in result.schedules
    ]
    carried = [each[CARRIER] for each in amounts]
    np.testing.assert_allclose(np.array(carried) / weights, carried[0] / 50, rtol=1e-12)
    ratio = amounts[0][CARRIER] / amounts[0]["central"]
    masses = {p.name: p.internal for p in result.network.parameters}
    heavier = masses["conjugate_molar_mass"] / masses["antibody_molar_mass"]
    assert ratio == pytest.approx(2 * heavier, rel=1e-12)


def test_subjects_may_have_regimens_of_their_own() -> None:
    ready = prepare("T-DM1")
    words = {"a": "1 mg/kg q3w x2", "b": "3 mg/kg q3w x2", "c": "1 mg/kg q3w x2"}
    doses = {name: parse_regimen(text) for name, text in words.items()}
    result = simulate(ready, doses, {"subject": list(words)}, days=42)
    for name, text in words.items():
        alone = simulate(ready, text, times=result.times)
        row = result.subjects.index(name)
        np.testing.assert_array_equal(result.values[row], alone.values[0])
    assert len(result.schedules.templates) == 2


def test_regimens_and_records_cannot_be_mixed() -> None:
    doses = {"a": parse_regimen("1 mg/kg once"), "b": []}
    with pytest.raises(RegimenError, match="Give all of them"):
        simulate("T-DM1", doses, {"subject": ["a", "b"]}, days=1)  # type: ignore[arg-type]


def test_carrier_lowers_the_payload_of_a_cell_where_antigen_is_scarce() -> None:
    ready = prepare("T-DM1", SCARCE)
    words = ["", " + carrier 3.6 mg/kg", " + carrier 10.8 mg/kg", " + carrier 36 mg/kg"]
    doses = {w: parse_regimen(f"3.6 mg/kg once{w}") for w in words}
    result = simulate(ready, doses, {"subject": words}, days=42)
    assert result.require_success().imbalance.max() < 1e-8
    peaks = result.curve("tumour_payload").max(axis=1)
    assert (np.diff(peaks) < 0).all()
    assert peaks[2] < 0.8 * peaks[0]
    conjugate = result.curve("conjugate").max(axis=1)
    np.testing.assert_allclose(conjugate, conjugate[0], rtol=1e-5)  # the solver's


def test_a_table_gives_a_carrier_through_its_port(tmp_path: Path) -> None:
    table = tmp_path / "doses.csv"
    table.write_text("ID,TIME,AMT,DUR,CMT\n1,0,252,0.0625,1\n1,0,560,0.0625,carrier\n")
    path = DoseTable(str(table))
    case = carry_out(Request("T-DM1", doses=path, days=21.0), assumptions=False)[0]
    words = simulate("T-DM1", "252 mg once + carrier 560 mg", times=case.result.times)
    for output in ("conjugate", "total_antibody", "tumour_payload"):
        np.testing.assert_allclose(
            case.result.curve(output), words.curve(output), rtol=1e-9
        )


def test_clearance_of_all_antibody_counts_the_carrier() -> None:
    ready = prepare("T-DM1")
    found = {}
    for text in ("3.6 mg/kg q3w x2", "3.6 mg/kg q3w x2 + carrier 7.2 mg/kg"):
        rows = summarise(ready, simulate(ready, text))
        found[text] = {
            r.analyte: r.value for r in rows if r.quantity == "clearance" and r.value
        }
    alone, beside = found.values()
    for analyte, value in alone.items():
        assert beside[analyte] == pytest.approx(value, rel=1e-2), analyte


def test_published_values_without_a_carrier_are_not_those_with_one() -> None:
    regimen = parse_regimen("3.6 mg/kg q3w + carrier 8 mg/kg")
    assert not same_dosing("3.6 mg/kg q3w", regimen)


PROTOCOL = """
kind: escalation
title: With a carrier
product: trastuzumab-emtansine
dose: {unit: mg/kg, levels: [1, 2]}
schedule: q3w + carrier 4 mg/kg
design: {name: 3+3}
dlt:
  window: 21 days
  definition: Grade 4 thrombocytopenia in the first cycle
  rules:
    - {laboratory: platelets, grade: 4}
follow_up: 42 days
"""


def test_a_trial_may_give_a_carrier_and_not_change_its_doses() -> None:
    protocol = read_protocol(PROTOCOL, "mine", "mine.yaml")
    carried = [parse_regimen(arm.regimen).segments[0] for arm in protocol.arms]
    assert [segment.amount for segment in carried] == [1, 2]
    assert {segment.carrier for segment in carried} == {Carrier(4, "mg/kg")}
    changes = "modifications:\n  - {laboratory: platelets, grade: 3, action: stop}\n"
    with pytest.raises(CardError, match="what becomes of the carrier then"):
        read_protocol(PROTOCOL + changes, "mine", "mine.yaml")
