"""Antigen outside the tumour: what is refused, and what the products say of it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.blueprints import example, parameter

from adckit.errors import CardError, ModelError
from adckit.library import list_products, load_product
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.plain import plain_blueprint
from adckit.simulation import simulate

EARLY = np.linspace(0.0, 2.0, 81)[1:]
LATE = np.linspace(2.1, 42.0, 200)
TIMES = np.concatenate([EARLY, LATE])
ONCE = {"T-DM1": "3.6 mg/kg once", "cantuzumab-mertansine": "235 mg/m2 once"}


def problems(blueprint: Blueprint) -> list[str]:
    with pytest.raises(ModelError) as caught:
        assemble(blueprint)
    return [str(issue) for issue in caught.value.issues]


def refused(product: str, **settings: str) -> str:
    with pytest.raises(CardError) as caught:
        load_product(product, settings=settings)
    return str(caught.value)


def exposure(product: str, output: str, **settings: str) -> float:
    """Area under one curve after one dose."""
    result = simulate(product, ONCE[product], settings=settings, times=TIMES)
    curve = np.asarray(result.curve(output)).ravel()
    return float(np.trapezoid(np.r_[0, curve], np.r_[0, TIMES]))


# impossible combinations


@pytest.mark.parametrize("form", ["full", "qss", "qe", "michaelis-menten"])
def test_uptake_is_not_counted_twice(form: str) -> None:
    twice = example(target_disposition=form, target_clearance="included")
    (text,) = problems(twice)
    assert text.startswith(f"choice 'target_disposition': '{form}' would count")
    assert "'target_clearance: included'" in text
    assert "choose 'target_disposition: none'" in text
    (text,) = problems(example(target_disposition=form))
    assert "nobody says whether `clearance` was estimated with it" in text


def test_the_error_names_the_set_without_uptake() -> None:
    text = refused("T-DM1", target_disposition="full")
    assert text.endswith("A set without it: pk=TDM1-MM.")
    assert "A set without" not in refused("mln2704", target_disposition="qss")


def test_the_organ_that_is_the_same_sink_is_refused() -> None:
    choices = {"target_disposition": "full", "target_clearance": "excluded"}
    found = problems(example(**choices).with_organs("normal-tissue"))
    assert any(
        "organ 'normal-tissue' take up antibody by one antigen" in t for t in found
    )


def test_two_antigens_without_states_are_refused() -> None:
    choices = {"shed_antigen": "qss", "target_disposition": "qe"}
    (text,) = problems(example(target_clearance="excluded", **choices))
    assert text.startswith("choices 'shed_antigen' and 'target_disposition': 'qss' and")
    assert text.endswith("choose 'full' for one")


def test_cells_of_a_periphery_that_is_not_there_are_refused() -> None:
    choices = {"target_disposition": "qss", "target_clearance": "excluded"}
    one = example(disposition="one-compartment", **choices)
    (text,) = problems(one)
    assert "parameter 'normal_antigen_peripheral_cells'" in text
    nobody = parameter("normal_antigen_peripheral_cells", "0 cells")
    assert assemble(one.with_parameters(nobody)).species


def test_a_plain_drug_binds_nothing() -> None:
    plain = plain_blueprint({"clearance": "1 L/day", "central_volume": "5 L"})
    (text,) = problems(plain.with_variants(shed_antigen="full"))
    assert "needs a conjugate that binds the antigen" in text


def test_a_level_of_mass_needs_a_molar_mass() -> None:
    by_mass = example(changed={"shed_antigen_level": "11 ng/mL"}, shed_antigen="full")
    (text,) = problems(by_mass)
    assert "parameter 'shed_antigen_molar_mass': is missing" in text


def test_a_target_without_numbers_names_them() -> None:
    text = refused("bivatuzumab-mertansine", shed_antigen="full")
    for name in ("shed_antigen_level", "shed_antigen_half_life"):
        assert f"parameter '{name}' is missing" in text
    text = refused("T-DM1", host="mouse", target_disposition="full")
    assert "'normal_antigen_cells' is missing" in text
    assert "It is known for host human" in text


# the products


@pytest.mark.parametrize("product", list_products())
def test_antigen_outside_the_tumour_is_off_and_the_clearance_says_why(
    product: str,
) -> None:
    blueprint = load_product(product).blueprint
    assert blueprint.variant("shed_antigen") == "none"
    assert blueprint.variant("target_disposition") == "none"
    assert blueprint.variant("target_clearance") == "included"


def test_the_saturable_set_of_trastuzumab_emtansine() -> None:
    blueprint = load_product("T-DM1", settings={"pk": "TDM1-MM"}).blueprint
    assert blueprint.variant("target_disposition") == "michaelis-menten"
    values = blueprint.parameters
    # 1.59 mg/day and 1.2 ug/mL of a conjugate of 148.5 kDa
    assert values["target_maximum_elimination"].value * 0.1485 == pytest.approx(
        1.59, 0.01
    )
    assert values["target_michaelis_constant"].value * 0.1485 == pytest.approx(
        1.2, 0.01
    )
    # above 2.7 ug/mL the linear clearance takes over (B-20)
    critical = values["target_maximum_elimination"].value / values["clearance"].value
    assert critical * 0.1485 == pytest.approx(2.7, 0.02)
    full = {"pk": "TDM1-MM", "target_disposition": "full"}
    assert load_product("T-DM1", settings=full).blueprint.variants != {}


def test_normal_cells_have_the_antigen_of_the_published_model() -> None:
    settings = {"pk": "TDM1-MM", "target_disposition": "full"}
    result = simulate("T-DM1", "3.6 mg/kg once", settings=settings, days=1)
    values = {p.name: p.internal for p in result.network.parameters}
    cells = values["normal_antigen_cells"] + values["normal_antigen_peripheral_cells"]
    amount = cells * values["normal_antigen_receptors_per_cell"]
    assert amount == pytest.approx(6.9, rel=0.01)  # nmol
    loss = values["receptor_degradation_rate"]
    loss /= loss + values["receptor_recycling_rate"]
    turnover = amount * values["receptor_endocytosis_rate"] * loss
    assert turnover == pytest.approx(21.4, rel=0.01)  # nmol/day


def test_shed_antigen_of_most_patients_does_not_matter_to_trastuzumab_emtansine() -> (
    None
):
    alone = exposure("T-DM1", "conjugate")
    for form in ("full", "two-site", "qss", "qe"):
        for output in ("conjugate", "free_conjugate"):
            with_antigen = exposure("T-DM1", output, shed_antigen=form)
            assert abs(with_antigen / alone - 1) < 0.01


def test_much_shed_canag_lowers_the_exposure_to_cantuzumab_mertansine() -> None:
    name = "cantuzumab-mertansine"
    levels = ("0 nM", "1 nM", "10 nM", "30 nM", "100 nM")
    for form in ("full", "qss"):
        for output, least, most in (
            ("free_conjugate", 0.1, 0.4),
            ("conjugate", 0.02, 0.15),
        ):
            found = [
                exposure(name, output, shed_antigen=form, shed_antigen_level=level)
                for level in levels
            ]
            assert found == sorted(found, reverse=True)
            # above 30 nM it is a tenth or more of the conjugate that can still bind
            assert least < 1 - found[3] / found[0] < most
            assert 1 - found[1] / found[0] < 0.005
