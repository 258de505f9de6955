"""Organs of a model: the setting, the cards, what cannot be combined."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.blueprints import example

from adckit.errors import CardError, ModelError, UnknownNameError
from adckit.library import list_parts, list_products, load_product
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.organ_parameters import ORGAN_PARAMETERS, ORGANS
from adckit.mechanisms.plain import plain_blueprint
from adckit.studies.dose_rules import DOSE_LABELS

LISTED = {
    "bivatuzumab-mertansine": {"skin"},
    "cantuzumab-mertansine": {"liver"},
    "lorvotuzumab-mertansine": {"neuropathy", "liver"},
    "mln2704": {"neuropathy", "liver"},
    "trastuzumab-emtansine": {"platelets", "liver", "neuropathy"},
}


def problems(name: str | Path, **settings: str) -> dict[str, str]:
    with pytest.raises(CardError) as caught:
        load_product(name, settings=settings)
    return {issue.where: issue.what for issue in caught.value.issues}


@pytest.mark.parametrize("name", list_products())
def test_no_organ_unless_asked_for(name: str) -> None:
    plain = load_product(name)
    assert plain.blueprint.organs == ()
    names = {part.name for part in assemble(plain.blueprint).parts()}
    assert not names & {spec.name for spec in ORGAN_PARAMETERS}
    assert load_product(name, settings={"organs": "none"}).digest == plain.digest


@pytest.mark.parametrize("name", list_products())
def test_the_card_says_which_organs_and_why(name: str) -> None:
    product = load_product(name, settings={"organs": "card"})
    assert set(product.organs) == set(product.blueprint.organs) == LISTED[name]
    for use in product.organs.values():
        assert len(use.why) > 20
        assert use.source is not None
        assert use.source in product.sources
    assert product.digest != load_product(name).digest


@pytest.mark.parametrize("organ", ORGANS)
def test_every_organ_can_be_added_to_every_product(organ: str) -> None:
    assert organ in list_parts("organ")
    for name in list_products():
        product = load_product(name, settings={"organs": organ})
        assert product.blueprint.organs == (organ,)
        for option_set in set(product.options) - set(load_product(name).options):
            for option in product.options[option_set]:
                load_product(name, settings={"organs": organ, option_set: option})


def test_order_of_organs_is_the_model_s() -> None:
    chosen = load_product("T-DM1", settings={"organs": "neuropathy, liver,skin"})
    assert chosen.blueprint.organs == ("skin", "liver", "neuropathy")


def test_a_linker_changes_the_organ() -> None:
    potency = {}
    for linker in ("SMCC", "SPP"):
        settings = {"organs": "neuropathy", "linker": linker}
        blueprint = load_product("T-DM1", settings=settings).blueprint
        potency[linker] = blueprint.parameters["neuropathy_potency"].value
    assert potency == {"SMCC": 0.0025, "SPP": 0.039}


def test_a_parameter_of_an_organ_can_be_set() -> None:
    settings = {"organs": "platelets", "platelet_baseline": "180 1e9/L"}
    parameters = load_product("T-DM1", settings=settings).blueprint.parameters
    assert parameters["platelet_baseline"].internal == pytest.approx(1.8e11)


def test_bad_organs() -> None:
    found = problems("T-DM1", organs="liver,platelet,card")
    assert list(found) == ["setting 'organs'"]
    with pytest.raises(CardError) as caught:
        load_product("T-DM1", settings={"organs": "liver,platelet,card"})
    said = [issue.what for issue in caught.value.issues]
    assert said[0] == "'card' stands alone; leave the other organs out."
    assert said[1].startswith("Unknown organ 'platelet'. Did you mean platelets")
    found = problems("one-compartment", organs="liver")
    assert found["setting 'organs'"] == "A plain drug has no organs."
    assert load_product("one-compartment", settings={"organs": "none"})


def test_bad_organs_of_a_card(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "based_on: T-DM1\norgans:\n"
        "  livr: {why: it hurts}\n"
        "  skin: {because: it itches}\n"
    )
    found = problems(path)
    assert found[f"{path}:3"].startswith("Unknown organ 'livr'. Did you mean liver?")
    assert "because" in found[f"{path}:4"] or "why" in found[f"{path}:4"]


def test_a_card_without_organs(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("based_on: T-DM1\n")
    assert set(load_product(path).organs) == LISTED["trastuzumab-emtansine"]
    text = "kind: conjugate\nsummary: bare\nantibody: trastuzumab\nlinker: SMCC\n"
    text += "payload: DM1\ntumour: breast-her2-3plus\n"
    text += "load: {sites: 8, mean: 3, status: assumed, source: {citation: a guess}}\n"
    path.write_text(text)
    said = problems(path, organs="card")["setting 'organs'"]
    assert said.startswith("The card lists no organs.")
    assert "liver" in said


def test_what_organs_cannot_be_combined_with() -> None:
    legacy = {"organs": "skin", "tubulin": "legacy"}
    with pytest.raises(CardError, match="needs the physical amount of tubulin"):
        load_product("T-DM1", settings=legacy)
    with pytest.raises(UnknownNameError, match="organ"):
        example().with_organs("heart")
    values = {"clearance": "1 L/day", "central_volume": "3 L"}
    plain = plain_blueprint(values).with_organs("liver")
    with pytest.raises(ModelError, match="a plain drug carries no payload"):
        assemble(plain)


def test_missing_parameters_of_all_organs_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        assemble(example().with_organs("liver", "platelets", "skin"))
    missing = {issue.where for issue in caught.value.issues}
    for name in ("hepatic_half_life", "platelet_slope", "skin_cells"):
        assert f"parameter '{name}'" in missing


def test_labels_are_of_products() -> None:
    assert set(DOSE_LABELS) <= set(list_products())
