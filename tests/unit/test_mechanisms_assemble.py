from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.blueprints import SPECIES, example, mixed, parameter

from adckit.errors import ModelError, UnitError, UnknownNameError
from adckit.mechanisms.assemble import assemble, plain_model
from adckit.mechanisms.blueprint import Blueprint, CellPopulation, PayloadSpecies
from adckit.mechanisms.plain import plain_blueprint
from adckit.mechanisms.vocabulary import PARAMETERS, PAYLOAD_SPECIES
from adckit.molecules.load import DrugLoad
from adckit.network.network import Network
from adckit.network.parts import Observable, Rule
from adckit.network.system import build_system
from adckit.parameters import Parameter
from adckit.units import parse_unit

ONE_COMPARTMENT = {"clearance": "10 L/day", "central_volume": "5 L"}


def problems(blueprint: Blueprint) -> str:
    with pytest.raises(ModelError) as caught:
        assemble(blueprint)
    return str(caught.value)


def test_the_example_builds() -> None:
    system = build_system(assemble(example()))
    assert system.ports == ("central", "carrier")
    assert system.moieties == ("antibody", "payload", "antigen")
    fixed = {
        "conjugate": "ug/mL",
        "total_antibody": "ug/mL",
        "naked_antibody": "ug/mL",
        "conjugated_payload": "nM",
        "mean_dar": "1",
        "mean_dar_conjugate": "1",
        "conjugate_nM": "nM",
        "total_antibody_nM": "nM",
        "free_payload": "nM",
        "free_released": "nM",
        "free_catabolite": "nM",
        "tumour_volume": "mm3",
        "tumor": "%",
        "tumour_conjugate": "nM",
        "occupancy": "1",
        "tumour_payload": "nM",
    }
    assert dict(zip(system.outputs, system.output_units, strict=True)) == fixed


def test_every_unit_of_the_vocabulary_is_a_unit() -> None:
    for spec in (*PARAMETERS.values(), *PAYLOAD_SPECIES):
        assert spec.units
        for unit in spec.units:
            parse_unit(unit)


def test_all_missing_parameters_are_named_at_once() -> None:
    missing = ("clearance", "released_clearance", "krogh_radius", "kill_hill")
    text = problems(example(without=missing))
    for name in missing[:3]:
        assert f"parameter '{name}': is missing" in text
    assert "kill_hill" not in text  # 1 unless it is given
    assert "(plasma clearance, in L/day)" in text


def test_bad_values_and_units_are_named_at_once() -> None:
    text = problems(
        example(
            changed={
                "clearance": "-1 L/day",
                "central_volume": "3 kg",
                "antibody_void_fraction": "1.2",
                "krogh_radius": "0 um",
            }
        )
    )
    assert "'clearance': -1 L/day is outside its limits; give 0 or more" in text
    assert "'kg' is no unit of this parameter; give L or L/m2 or L/kg" in text
    assert "'antibody_void_fraction': 1.2 is outside its limits" in text
    assert "'krogh_radius': 0 um makes no sense here; give a value above 0" in text


def test_a_value_that_is_no_number_is_refused() -> None:
    nan = parameter("clearance", "1 L/day").with_value(float("nan"))
    assert "is not a number" in problems(example().with_parameters(nan))


def test_a_fitted_capacity_cannot_drive_by_occupancy() -> None:
    assert "choose 'kill: linear'" in problems(example(tubulin="legacy"))


def test_payload_species_must_have_one_part_each() -> None:
    twice = (*SPECIES, PayloadSpecies("third", "third", "released"))
    unknown = (PayloadSpecies("odd", "odd", "imported"),)
    blueprint = example(delivery="none", payload="none")
    for species, text in (
        (twice, "released and third arise 'released'; keep one"),
        (unknown, "arises 'imported'; write 'released' or 'catabolite'"),
    ):
        changed = Blueprint("b", blueprint.parameters, blueprint.load, species)
        assert text in problems(changed)


def test_cells_need_a_payload() -> None:
    blueprint = example()
    bare = Blueprint("bare", blueprint.parameters, blueprint.load)
    assert "cells make payload of the conjugate" in problems(bare)


def test_one_species_plays_both_parts() -> None:
    full = example(delivery="none")
    single = Blueprint("single", full.parameters, full.load, SPECIES[:1], full.variants)
    network = assemble(single)
    sinks = {name for r in network.reactions for name in r.changes}
    assert {"released_central", "payload_excreted_in_situ"} <= sinks
    build_system(network)


def test_values_per_body_size_are_scaled() -> None:
    changed = {"clearance": "0.13 L/day/m2", "central_volume": "0.04 L/kg"}
    network = assemble(example(changed=changed, delivery="none"))
    rules = {r.name: str(r.expression) for r in network.rules}
    assert rules["subject_clearance"] == "clearance*body_surface_area"
    assert rules["subject_central_volume"] == "central_volume*body_weight"
    rates = {r.name: str(r.rate) for r in network.reactions}
    expected = "subject_clearance/subject_central_volume*central_antibody"
    assert rates["antibody_clearance_antibody"] == expected
    build_system(network)


def test_body_size_that_is_needed_and_missing() -> None:
    changed = {"clearance": "0.13 L/day/m2"}
    blueprint = example(changed=changed, without=("body_surface_area",))
    assert "'body_surface_area': is missing" in problems(blueprint)


def test_weight_exponents() -> None:
    changed = {
        "clearance_weight_exponent": "0.75",
        "volume_weight_exponent": "1",
        "reference_body_weight": "70 kg",
    }
    network = assemble(example(changed=changed, delivery="none"))
    text = network.equations()
    relative = "(body_weight/reference_body_weight)^clearance_weight_exponent"
    assert f"clearance*{relative}" in text
    build_system(network)


def test_doses_in_mass_go_by_the_molar_mass_of_the_product() -> None:
    network = assemble(example(DrugLoad((0.0, 0.0, 1.0))))
    mass = network.get(Parameter, "conjugate_molar_mass")
    assert mass.value == pytest.approx(145 + 2 * 0.958)
    assert "mean load of 2" in str(mass.source)
    given = {"conjugate_molar_mass": "150 kDa"}
    network = assemble(example(changed=given))
    assert network.get(Parameter, "conjugate_molar_mass").value == 150


def test_without_a_tumour_there_is_plasma_only() -> None:
    network = assemble(example(delivery="none"))
    assert "tumour_volume" not in {o.name for o in network.observables}
    assert not [s for s in network.species if "tumour" in s.name]


def test_kill_by_plasma_needs_no_cells() -> None:
    network = assemble(example(delivery="plasma", kill="plasma"))
    assert "tumour_volume" in {o.name for o in network.observables}
    assert "bound_antibody" not in {s.name for s in network.species}


def test_rules_of_kill_and_growth_are_readable() -> None:
    network = assemble(example(growth="exponential", kill="linear"))
    kill = network.get(Rule, "kill_rate")
    assert str(kill.expression) == "kill_constant*intracellular_payload"
    assert "growth_rate_now = 0.6931471805599453/doubling_time" in network.equations()


def test_description_names_the_choices() -> None:
    text = assemble(example()).describe()
    for line in ("moments form (A1.1)", "well-mixed tumour (A3a)", "physical tubulin"):
        assert line in text
    assert "definition: no tumour without a cell" in text


def test_plain_model_with_depot() -> None:
    network = plain_model({**ONE_COMPARTMENT, "absorption_rate": "24 1/day"})
    assert [p.name for p in network.ports] == ["depot", "central"]
    assert network.ports[0].unit == "mg"
    assert network.get(Observable, "concentration").unit == "ug/mL"
    build_system(network)


@pytest.mark.parametrize("compartments", [1, 2, 3])
def test_plain_models_by_compartments(compartments: int) -> None:
    outer = {
        "distribution_clearance": "1 L/day",
        "peripheral_volume": "2 L",
        "deep_distribution_clearance": "0.1 L/day",
        "deep_peripheral_volume": "20 L",
    }
    network = plain_model(
        ONE_COMPARTMENT | outer, compartments=compartments, amount="nmol"
    )
    system = build_system(network)
    assert len(system.states) == compartments + 1  # and what was eliminated
    assert system.output_units == ("nM",)


def test_plain_model_reports_what_is_missing() -> None:
    with pytest.raises(ModelError, match=r"'clearance'[\s\S]*'peripheral_volume'"):
        plain_model({"central_volume": "5 L"}, compartments=2)
    with pytest.raises(UnitError, match="not a quantity"):
        plain_model({"clearance": "fast", "central_volume": "5 L"})
    with pytest.raises(UnknownNameError, match="value of 'disposition' '4'"):
        plain_model(ONE_COMPARTMENT, compartments=4)


def test_a_blueprint_without_payload_is_a_plain_model() -> None:
    network = assemble(plain_blueprint(ONE_COMPARTMENT, name="antibody"))
    assert network.name == "antibody"
    assert [o.name for o in network.observables] == ["concentration"]


def test_plain_blueprint_is_no_conjugate() -> None:
    from adckit.mechanisms.disposition import add_disposition

    with pytest.raises(ModelError, match="build it with `plain_model`"):
        add_disposition(Network("x"), plain_blueprint(ONE_COMPARTMENT))


CLASSES = {"strong": (0.6, 1e6), "negative": (0.4, 0.0)}
ONE_POPULATION = Path(__file__).parent / "golden" / "one_population.txt"


def test_one_population_keeps_the_names_and_equations_it_had() -> None:
    assert assemble(example()).equations() + "\n" == ONE_POPULATION.read_text("utf-8")


def test_uniform_antigen_is_the_model_of_one_population() -> None:
    uniform = assemble(mixed(CLASSES, antigen="uniform"))
    assert uniform == assemble(example())


def test_populations_are_observed_each_and_together() -> None:
    names = {o.name: o.unit for o in assemble(mixed(CLASSES)).observables}
    for name in CLASSES:
        assert names[f"tumour_volume_{name}"] == "mm3"
        assert names[f"occupancy_{name}"] == "1"
        assert names[f"tumour_payload_{name}"] == "nM"
    assert names["negative_share"] == "%"
    assert {"tumour_volume", "tumor", "occupancy", "tumour_payload"} <= set(names)
    all_positive = assemble(mixed({"a": (0.5, 1e6), "b": (0.5, 1e5)}))
    assert "negative_share" not in {o.name for o in all_positive.observables}


def test_shares_must_sum_to_one() -> None:
    short = mixed({"strong": (0.6, 1e6), "negative": (0.3, 0.0)})
    assert "sum to 0.9; give shares of the tumour that sum to 1" in problems(short)
    nobody = mixed({"strong": (0.0, 1e6), "negative": (0.0, 0.0)})
    assert "shares of the cell populations: sum to 0;" in problems(nobody)
    near = mixed({"strong": (0.6, 1e6), "negative": (0.4 + 5e-7, 0.0)})
    assemble(near)


def test_populations_with_impossible_numbers_are_refused() -> None:
    text = problems(mixed({"strong": (1.5, -1e6), "negative": (-0.5, 0.0)}))
    assert "'share_strong': 1.5 is outside its limits" in text
    assert "'share_negative': -0.5 is outside its limits" in text
    assert "'receptors_per_cell_strong': -1e+06 receptors/cell is outside" in text
    empty = mixed(CLASSES, {"cell_density": "0 cells/mL"})
    assert "'cell_density': 0 cells/mL makes no sense here" in problems(empty)


def test_populations_need_names_and_parameters_of_their_own() -> None:
    kinds = (CellPopulation("3+", "strong"), CellPopulation("a", "a"))
    text = problems(replace(example(), populations=(*kinds, kinds[1])))
    assert "cell population '3+': is no name for states" in text
    assert "cell population 'a': is there more than once" in text
    text = problems(replace(example(), populations=kinds[1:]))
    assert "'share_a': is missing (share of the tumour's cells at the start" in text
    assert "'receptors_per_cell_a': is missing" in text


def test_description_names_the_populations() -> None:
    text = assemble(mixed(CLASSES)).describe()
    assert "Populations of tumour cells: strong cells, negative cells (A5)" in text
