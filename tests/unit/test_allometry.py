"""Hosts that nobody measured: scaled by body weight, and said to be so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.errors import CardError
from adckit.library import list_parts, list_products, load_product
from adckit.library.allometry import ANTIBODY, PAYLOAD
from adckit.parameters import Status
from adckit.prepared import prepare
from adckit.simulation import simulate

ANTIBODY_OF_HUMAN = {"clearance": (0.199, 1.85), "central_volume": (1.89, 1.85)}
"""Cantuzumab mertansine: value per m2, and the m2."""


@pytest.mark.parametrize("product", list_products())
@pytest.mark.parametrize("host", sorted({*list_parts("host")} - {"dish"}))
def test_every_product_can_be_given_to_every_host(product: str, host: str) -> None:
    ready = prepare(product, {"host": host})
    result = simulate(ready, "3 mg/kg once", days=21, strict=True)
    assert result.curve("conjugate").max() > 20  # ug/mL; no volume is off by orders
    assert float(result.imbalance[0]) < 1e-8  # conservation, as everywhere


@pytest.mark.parametrize(("host", "weight"), [("rat", 0.25), ("cynomolgus", 4.0)])
def test_a_scaled_value_is_that_of_the_formula_and_says_so(
    host: str, weight: float
) -> None:
    product = load_product("cantuzumab-mertansine", settings={"host": host})
    exponents = {"rat": (0.85, 1.0), "cynomolgus": (0.74, 1.12)}[host]
    for (name, (value, surface)), power in zip(
        ANTIBODY_OF_HUMAN.items(), exponents, strict=True
    ):
        found = product.blueprint.parameters[name]
        expected = value * surface * (weight / 70) ** power
        assert found.value == pytest.approx(expected, rel=1e-3)  # four digits are kept
        assert "/" not in found.unit.removesuffix("/day")
        assert found.status is Status.ASSUMED
        assert found.spread is None
        assert found.source.citation.startswith(
            f"Scaled by body weight from human: {value:g} "
        )
        assert f"({weight:g} kg / 70 kg)^{power:g}" in found.source.citation
        assert "the value (fitted)" in found.source.citation
        assert product.scaled[name] == "human"
    assert {f"DM1_{name}" for name in PAYLOAD} <= set(product.scaled)


def test_rates_are_never_scaled() -> None:
    for host in ("rat", "cynomolgus"):
        product = load_product("cantuzumab-mertansine", settings={"host": host})
        sized = {*ANTIBODY, *(f"DM1_{n}" for n in PAYLOAD)}
        copies = {f"S_methyl_DM1_{name}" for name in PAYLOAD}
        assert set(product.scaled) <= sized | copies
        rate = product.blueprint.parameters["deconjugation_rate"]
        assert "Scaled" not in rate.source.citation


def test_measured_hosts_are_left_alone() -> None:
    for product in list_products():
        assert load_product(product).scaled == {}
    animal = load_product("T-DM1", settings={"host": "cynomolgus"})
    assert not set(animal.scaled) & set(ANTIBODY)
    assert animal.blueprint.variant("disposition") == "three-compartment"


def test_the_user_has_the_last_word() -> None:
    settings = {"host": "rat", "clearance": "1 L/day", "body_weight": "0.5 kg"}
    product = load_product("cantuzumab-mertansine", settings=settings)
    known = product.blueprint.parameters
    assert known["clearance"].value == 1
    expected = 1.89 * 1.85 * 0.5 / 70
    assert known["central_volume"].value == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("host", ["mouse", "rat", "cynomolgus"])
def test_scaling_a_product_that_was_measured_comes_near(
    host: str,
) -> None:
    """T-DM1 from patients to animals, two-fold: what the exponents can be asked for."""
    measured = load_product("T-DM1", settings={"host": host}).blueprint
    human = load_product("T-DM1").blueprint.parameters
    here = measured.parameters["body_weight"].internal
    scaling = {"mouse": (0.85, 1), "rat": (0.85, 1), "cynomolgus": (0.74, 1.12)}[host]
    for name, power in zip(("clearance", "central_volume"), scaling, strict=True):
        value = measured.parameters[name]
        whole = value.value * (here if value.unit.endswith("/kg") else 1)
        if value.unit.startswith("mL"):
            whole /= 1000
        scaled = human[name].internal * (here / 70) ** power
        assert 0.5 < scaled / whole < 2, name


def test_a_card_for_monkeys_alone_can_be_given_to_patients(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CARD, encoding="utf-8")
    product = load_product(path)
    assert product.parts["host"] == "human"
    assert product.scaled["clearance"] == "cynomolgus"
    expected = 0.02 * (70 / 4) ** 0.74
    assert product.blueprint.parameters["clearance"].value == pytest.approx(
        expected, rel=1e-3
    )
    result = simulate(prepare(product), "3 mg/kg once", days=7)
    assert np.isfinite(result.curve("conjugate")).all()


def test_a_host_without_exponents_is_not_scaled_to(tmp_path: Path) -> None:
    (tmp_path / "rabbit.yaml").write_text(RABBIT, encoding="utf-8")
    settings = {"host": str(tmp_path / "rabbit.yaml")}
    with pytest.raises(CardError, match="'clearance' is missing"):
        load_product("cantuzumab-mertansine", settings=settings)


CARD = """\
summary: A partner's conjugate, studied in monkeys
antibody: trastuzumab
linker: {based_on: SMCC, parameters: {deconjugation_rate:
  {value: 0.1, unit: 1/day, status: assumed, source: {citation: a guess}}}}
payload: DM1
tumour: breast-her2-3plus
load: {sites: 8, mean: 3.5, status: assumed, source: {citation: a guess}}
regimen: {text: 3 mg/kg q3w, status: assumed, source: {citation: a guess}}
for_host:
  cynomolgus:
    origin: {status: measured, source: {citation: the partner}}
    parameters:
      clearance: {value: 0.02, unit: L/day}
      central_volume: {value: 0.15, unit: L}
      distribution_clearance: {value: 0.06, unit: L/day}
      peripheral_volume: {value: 0.1, unit: L}
"""

RABBIT = """\
summary: A rabbit
parameters:
  body_weight: {value: 3, unit: kg, status: assumed, source: {citation: a guess}}
  body_surface_area: {value: 0.25, unit: m2, status: assumed, source: {citation: guess}}
"""
