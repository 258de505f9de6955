"""Linkers and payloads as parts: what follows when one is exchanged."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from adckit.errors import CardError
from adckit.library import list_parts, list_products, load_product
from adckit.mechanisms.chain import initial_payload_loss_rate
from adckit.molecules.load import DrugLoad
from adckit.prepared import prepare
from adckit.simulation import simulate

LINKERS = list_parts("linker")
HOSTS = ("human", "mouse")
CATABOLITE = {"SMCC": "Lys_MCC", "SPDB": "S_methyl", "SPP": "S_methyl"}
MASS = {"SMCC": 957.5, "SPDB": 838.4, "SPP": 852.5}  # g/mol, with DM1
HEAVIER = 42.1  # g/mol, DM4 against DM1: C3H6
POTENCY = {"SMCC": 0.0025, "SPDB": 0.039, "SPP": 0.039}  # 1/umol
HEPATOTOXIC = {"SMCC": 1.0, "SPDB": 0.83, "SPP": 0.83}


def problems(name: str | Path, **settings: str) -> str:
    with pytest.raises(CardError) as caught:
        load_product(name, settings=settings)
    return "\n".join(issue.what for issue in caught.value.issues)


@pytest.mark.parametrize("payload", list_parts("payload"))
@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("name", list_products())
def test_everything_follows_the_linker(name: str, linker: str, payload: str) -> None:
    settings = {"linker": linker, "payload": payload, "organs": "liver,neuropathy"}
    loss = {}
    for host in HOSTS:
        model = load_product(name, settings={**settings, "host": host}).blueprint
        forms = {s.arises: s.name for s in model.species}
        assert forms == {
            "released": payload,
            "catabolite": f"{CATABOLITE[linker]}_{payload}",
        }
        values = {n: p.value for n, p in model.parameters.items()}
        heavier = HEAVIER if payload == "DM4" else 0.0
        mass = values["linker_payload_molar_mass"]
        assert mass == pytest.approx(MASS[linker] + heavier, abs=1e-9)
        assert values["neuropathy_potency"] == POTENCY[linker]
        assert values["hepatotoxic_fraction"] == HEPATOTOXIC[linker]
        enters = values[f"{forms['catabolite']}_influx_rate"] > 0
        assert enters == (linker != "SMCC")
        loss[host] = initial_payload_loss_rate(model)
    species = loss_of("mouse", "SMCC") / loss_of("human", "SMCC")
    # the cards give three digits
    assert loss["mouse"] == pytest.approx(loss["human"] * species, rel=0.01)


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("host", ["cynomolgus", "rat"])
def test_other_hosts_know_every_linker(linker: str, host: str) -> None:
    ratio = loss_of(host, linker) / loss_of(host, "SMCC")
    patients = loss_of("human", linker) / loss_of("human", "SMCC")
    # assumed at earlier values of both, and for a slightly other load
    assert ratio == pytest.approx(patients, rel=0.2)


def loss_of(host: str, linker: str) -> float:
    """Share of T-DM1's payload that is lost first, 1/day."""
    settings = {"host": host, "linker": linker}
    return initial_payload_loss_rate(load_product("T-DM1", settings=settings).blueprint)


def check_simulation(name: str, linker: str, host: str, payload: str) -> None:
    settings = {"linker": linker, "host": host, "payload": payload, "organs": "card"}
    result = simulate(name, "100 mg/m2 once", days=21, settings=settings)
    result.require_success()
    assert result.imbalance.max() < 1e-8
    assert result.curve("tumour_payload").max() > 1  # nM


@pytest.mark.parametrize("payload", list_parts("payload"))
@pytest.mark.parametrize("linker", LINKERS)
def test_a_product_simulates_with_every_linker(linker: str, payload: str) -> None:
    check_simulation("cantuzumab-mertansine", linker, "human", payload)


@pytest.mark.slow
@pytest.mark.parametrize("name", list_products())
def test_every_product_simulates_with_every_linker_and_host(name: str) -> None:
    for linker, host, payload in product(LINKERS, HOSTS, list_parts("payload")):
        check_simulation(name, linker, host, payload)


def test_antibody_does_not_see_its_linker_and_conjugate_does() -> None:
    """B-05: clearance of all antibody is the antibody's own."""
    times = np.array([1.0, 7.0, 14.0])
    nmol = "1000 nmol once"
    total, conjugate = [], []
    for linker in LINKERS:
        settings = {"linker": linker, "initial_tumour_volume": "1e-9 mL"}
        model = prepare("cantuzumab-mertansine", settings)
        result = simulate(model, nmol, times=times)
        total.append(result.curve("total_antibody_nM")[0])
        conjugate.append(result.curve("conjugate_nM")[0])
    np.testing.assert_allclose(total, [total[0]] * 3, rtol=1e-5)  # ten times rtol
    by_linker = dict(zip(LINKERS, conjugate, strict=True))
    assert (by_linker["SPP"] < by_linker["SPDB"]).all()
    assert (by_linker["SPDB"] < by_linker["SMCC"]).all()


def test_rates_of_pouzin_2022() -> None:
    """They were fitted to another load, of which 0.129 /day of payload is lost."""
    settings = {"linker": "SPDB", "payload": "DM4", "spdb_rates": "pouzin2022"}
    model = load_product("cantuzumab-mertansine", settings=settings).blueprint
    assert model.variant("deconjugation") == "free"
    assert model.variant("payload") == "one-compartment"
    percent = (7.1, 8.5, 17.5, 21.8, 19.9, 14.2, 7.1, 2.8, 0.9)
    load = DrugLoad(tuple(x / math.fsum(percent) for x in percent))
    loss = initial_payload_loss_rate(replace(model, load=load))
    assert loss == pytest.approx(0.129, abs=5e-4)  # the digits given


@pytest.mark.parametrize(
    ("key", "words"),
    [("released", "outside cells"), ("catabolite", "leaves it in cells")],
)
def test_a_linker_without_a_route_is_refused(
    key: str, words: str, tmp_path: Path
) -> None:
    lines = ["summary: holds on", "released: thiol", "catabolite: lysine adduct"]
    linker = tmp_path / "held.yaml"
    linker.write_text("\n".join(line for line in lines if not line.startswith(key)))
    said = problems("T-DM1", linker=str(linker))
    assert f"The key '{key}' is missing" in said
    assert words in said
    assert f"`{key}: " in said


def test_a_form_that_the_payload_lacks_is_refused(tmp_path: Path) -> None:
    linker = tmp_path / "odd.yaml"
    linker.write_text("based_on: SMCC\ncatabolite: cysteine adduct\n")
    said = problems("T-DM1", linker=str(linker))
    assert "gives the form 'cysteine adduct', which payload 'DM1' does not have" in said


def test_payload_that_nothing_sets_free_is_refused() -> None:
    said = problems("T-DM1", lysosomal_degradation_rate="0 1/h")
    assert "nothing sets payload free in cells" in said
    settings = {"lysosomal_degradation_rate": "0 1/h", "kill": "none"}
    assert load_product("T-DM1", settings=settings)
    settings = {"lysosomal_degradation_rate": "0 1/h", "linker": "SPP"}
    assert load_product("T-DM1", settings=settings)  # its disulfide is cleaved


def test_organs_do_not_lend_their_sensitivity_to_another_linker(tmp_path: Path) -> None:
    linker = tmp_path / "mine.yaml"
    linker.write_text("based_on: SMCC\nsummary: mine\n")
    said = problems("T-DM1", linker=str(linker), organs="liver,neuropathy")
    for name in ("neuropathy_potency", "hepatotoxic_fraction"):
        assert f"parameter '{name}' is missing" in said
    assert "known for linker SPP, linker SPDB, linker SMCC" in said


def test_an_incomplete_model_with_organs_says_what_is_missing() -> None:
    said = problems("T-DM1", disposition="three-compartment", organs="liver")
    assert "deep_peripheral_volume" in said
