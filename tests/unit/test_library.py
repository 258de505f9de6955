"""The library of cards: every card, and what happens to bad ones."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.library import (
    check_part,
    find,
    list_parts,
    list_products,
    load_product,
)
from adckit.library.cards import PayloadCard
from adckit.library.shelf import FOLDERS, PARTS
from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.organ_parameters import ORGAN_PARAMETERS
from adckit.mechanisms.vocabulary import PARAMETERS, PAYLOAD_SPECIES
from adckit.parameters import Parameter, Status
from adckit.units import parse_unit

PRODUCTS = (
    "bivatuzumab-mertansine",
    "cantuzumab-mertansine",
    "lorvotuzumab-mertansine",
    "mln2704",
    "trastuzumab-emtansine",
)
NOT_IN_PRODUCTS = re.compile(
    r"absorption_rate|conjugate_molar_mass|trace_antibody|cells_at_cure"
    r"|deep_.*|deconjugation_rate_.*|reference_receptors_per_cell"
    r"|shed_.*|tumour_shedding_rate|normal_antigen_.*|target_m.*"
    r"|medium_volume|seeded_cells|confluent_cells|washout_time"
)
"""Parameters of variants for which no value is known, and definitions."""


def value(blueprint: Blueprint, name: str) -> float:
    return blueprint.parameters[name].value


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path | str, **settings: str) -> dict[str, str]:
    """Problem by place, the folder of the file left out."""
    with pytest.raises(CardError) as caught:
        load_product(path, settings=settings)
    found: dict[str, str] = {}
    for issue in caught.value.issues:
        place = issue.where.rsplit("/", 1)[-1]
        assert place not in found, f"two problems in {place}"
        found[place] = issue.what
    return found


# every card of the library


def test_the_five_products_are_there() -> None:
    assert list_products() == PRODUCTS


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_has_everything_its_defaults_need(product: str) -> None:
    loaded = load_product(product)
    # a fact about the clearance, which changes no equation, and whether the cells of
    # the tumour count as alike unless asked otherwise
    assert set(loaded.blueprint.variants) <= {"target_clearance", "antigen"}
    assert loaded.parts["host"] == "human"
    names = set(loaded.blueprint.parameters)
    wanted = {name for name in PARAMETERS if not NOT_IN_PRODUCTS.fullmatch(name)}
    wanted -= {spec.name for spec in ORGAN_PARAMETERS}  # organs are asked for apart
    for species in loaded.blueprint.species:
        wanted |= {f"{species.name}_{spec.name}" for spec in PAYLOAD_SPECIES}
    assert wanted - names == set()
    assert loaded.regimen
    assert loaded.tumours[0] == loaded.parts["tumour"]


@pytest.mark.parametrize("product", PRODUCTS)
def test_programme_of_the_announcement(product: str) -> None:
    programme = load_product(product).programme
    assert programme is not None
    assert programme.as_of == "2003-01-24"
    assert programme.tumour_types
    assert all(source.url for source in programme.sources)


def test_programme_of_cantuzumab_mertansine() -> None:
    programme = load_product("cantuzumab-mertansine").programme
    assert programme is not None
    assert programme.ind_holder == programme.sponsor == "ImmunoGen, Inc."
    assert programme.licensee is None
    assert "regained all rights" in programme.rights
    assert "neither company paid" in programme.rights
    assert programme.phase.startswith("Phase I completed")
    assert programme.tumour_types == (
        "colorectal",
        "pancreatic",
        "gastric",
        "certain non-small-cell lung cancers",
    )


def every_card() -> list[tuple[str, str]]:
    return [(kind, name) for kind in FOLDERS for name in list_parts(kind)]


@pytest.mark.parametrize(("kind", "name"), every_card())
def test_every_card_is_valid_and_sourced(kind: str, name: str) -> None:
    payload = check_part("payload", "DM1")
    assert isinstance(payload, PayloadCard)
    card = check_part(kind, name, tuple(payload.species))
    for section in card.sections().values():
        for key, entry in section.parameters.items():
            assert len(entry.source.citation) > 15, key
            assert parse_unit(entry.unit), key
            if entry.status is Status.FITTED:
                assert entry.fitted_to, key
            if entry.status is Status.MEASURED:
                assert not re.search(
                    "recalled|assumed|no value|not found", entry.source.citation, re.I
                ), key


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_recalled_is_called_assumed(product: str) -> None:
    loaded = load_product(product)
    for parameter in loaded.blueprint.parameters.values():
        if "recalled" in parameter.source.citation:
            assert parameter.status is Status.ASSUMED, parameter.name


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_tumour_of_a_product_can_be_used(product: str) -> None:
    for tumour in load_product(product).tumours:
        changed = load_product(product, settings={"tumor": tumour})
        assert changed.parts["tumour"] == tumour
        assert value(changed.blueprint, "receptors_per_cell") > 0


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_option_of_every_set_can_be_used(product: str) -> None:
    loaded = load_product(product)
    assert {"tubulin", "transport"} <= set(loaded.options)
    for name, options in loaded.options.items():
        assert loaded.choices[name] == options[0]
        for option in options:
            host = loaded.set_hosts.get(name, "human")
            changed = load_product(product, settings={name: option, "host": host})
            assert changed.choices[name] == option


def test_a_set_of_one_host_is_refused_in_another() -> None:
    with pytest.raises(CardError, match=r"values of the host 'mouse'.*Choose host=mou"):
        load_product("T-DM1", settings={"mouse_pk": "TDM1-M2"})


@pytest.mark.parametrize("name", list_parts("compartments"))
def test_plain_models(name: str) -> None:
    loaded = load_product(name)
    assert loaded.blueprint.load is None
    assert loaded.blueprint.species == ()
    oral = "absorption_rate" in loaded.blueprint.parameters
    assert oral == name.endswith("-oral")
    assert name.startswith(loaded.blueprint.variant("disposition"))


@pytest.mark.parametrize("host", ["mouse", "cynomolgus", "rat"])
def test_trastuzumab_emtansine_in_animals(host: str) -> None:
    blueprint = load_product("T-DM1", settings={"host": host}).blueprint
    assert value(blueprint, "body_weight") < 5
    expected = "per-site" if host == "mouse" else "shared"
    assert blueprint.variant("deconjugation") == expected


def test_published_values_stand_beside() -> None:
    seen = load_product("cantuzumab-mertansine").observations
    clearance = next(o for o in seen if o.quantity == "clearance")
    assert (clearance.value, clearance.unit) == (39.5, "mL/h/m2")
    assert clearance.spread is not None
    assert clearance.spread.low == 13.1
    assert clearance.source.pmid == "12525512"
    assert clearance.source.evidence == "CM-PK-01"
    seen = load_product("T-DM1").observations
    published = {(o.quantity, o.value) for o in seen if o.source.evidence == "TD-PK-10"}
    assert published == {("cmax", 74.4), ("ctrough", 1.34), ("auc_inf", 338)}


def test_loading_is_quick() -> None:
    """0.15 s is the share that a command of 1.5 s can give to its cards."""
    load_product("mln2704")
    started = time.perf_counter()
    load_product("trastuzumab-emtansine")
    assert time.perf_counter() - started < 0.15


# names


@pytest.mark.parametrize(
    ("alias", "product"),
    [
        ("huC242-DM1", "cantuzumab-mertansine"),
        ("sb 408075", "cantuzumab-mertansine"),
        ("hun901dm1", "lorvotuzumab-mertansine"),
        ("BB-10901", "lorvotuzumab-mertansine"),
        ("IMGN-901", "lorvotuzumab-mertansine"),
        ("BIWI 1", "bivatuzumab-mertansine"),
        ("MLN 2704", "mln2704"),
        ("T-DM1", "trastuzumab-emtansine"),
        ("Trastuzumab DM1", "trastuzumab-emtansine"),
        ("KADCYLA", "trastuzumab-emtansine"),
    ],
)
def test_aliases(alias: str, product: str) -> None:
    assert find("conjugate", alias).stem == product
    assert load_product(alias).name == product


def test_no_two_products_share_a_name() -> None:
    every = [n for p in PRODUCTS for n in (p, *load_product(p).aliases)]
    folded = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in every}
    assert len(folded) == len(every)


def test_unknown_product_gives_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError, match="cantuzumab-mertansine") as caught:
        load_product("cantuzumab-mertansin")
    assert str(caught.value).startswith("Unknown product 'cantuzumab-mertansin'.")
    with pytest.raises(UnknownNameError, match="T-DM1"):
        load_product("T-DM2")


def test_unknown_kind() -> None:
    with pytest.raises(UnknownNameError, match=r"kind of card 'tumor'.*tumour"):
        list_parts("tumor")


def test_missing_file() -> None:
    with pytest.raises(AdckitError, match=r"Cannot read the card 'no/such\.yaml': No"):
        load_product("no/such.yaml")


# settings


def test_a_linker_swaps_everything_downstream() -> None:
    before = load_product("cantuzumab-mertansine").blueprint
    after = load_product("cantuzumab-mertansine", settings={"linker": "smcc"}).blueprint
    assert [s.name for s in before.species] == ["DM1", "S_methyl_DM1"]
    assert [s.name for s in after.species] == ["DM1", "Lys_MCC_DM1"]
    assert [s.arises for s in after.species] == ["released", "catabolite"]
    assert value(before, "deconjugation_rate") == 0.411
    assert value(after, "deconjugation_rate") == 0.167
    assert value(after, "intracellular_cleavage_rate") == 0
    assert value(after, "Lys_MCC_DM1_influx_rate") == 0
    assert not any(name.startswith("S_methyl") for name in after.parameters)
    assert value(after, "clearance") == value(before, "clearance")


def test_an_antibody_brings_its_target() -> None:
    settings = {"antibody": "trastuzumab", "tumour": "breast-her2-3plus"}
    swapped = load_product("mln2704", settings=settings)
    assert swapped.parts["target"] == "HER2"
    assert value(swapped.blueprint, "receptors_per_cell") == 1e6


def test_legacy_tubulin_never_drives_kill_by_occupancy() -> None:
    legacy = load_product("T-DM1", settings={"tubulin": "legacy"}).blueprint
    assert legacy.variant("tubulin") == "legacy"
    assert legacy.variant("kill") == "linear"
    assert value(legacy, "tubulin_concentration") == 65


def test_transport_sets_change_antibody_and_payload() -> None:
    singh = load_product("T-DM1", settings={"transport": "singh"}).blueprint
    assert value(singh, "antibody_permeability") == 80.2
    assert value(singh, "DM1_permeability") == 9240


def test_settings_come_last_and_say_who_set_them() -> None:
    settings = {"pk": "CM-H2", "clearance": "12 mL/h/m2", "kill": "none", "dar": "2"}
    loaded = load_product("cantuzumab-mertansine", settings=settings)
    clearance = loaded.blueprint.parameters["clearance"]
    assert (clearance.value, clearance.unit) == (12, "mL/h/m2")
    assert clearance.status is Status.ASSUMED
    assert clearance.source.citation == "set by the user"
    assert value(loaded.blueprint, "central_volume") == 0.99
    assert loaded.blueprint.variant("kill") == "none"
    assert loaded.blueprint.load is not None
    assert loaded.blueprint.load.mean == pytest.approx(2)


def test_payload_is_a_part_and_a_choice() -> None:
    choice = load_product("T-DM1", settings={"payload": "none"})
    part = load_product("T-DM1", settings={"payload": "dm1"})
    assert choice.blueprint.variant("payload") == "none"
    assert part.blueprint.variant("payload") == "two-compartment"
    assert choice.parts["payload"] == part.parts["payload"] == "DM1"


def test_every_bad_setting_is_reported() -> None:
    found = refused(
        "T-DM1",
        clearence="1 L/day",
        central_volume="3",
        clearance="-1 L/day",
        krogh_radius="75 kg",
        kill="ocupancy",
        transport="sing",
        dar="many",
    )
    assert found["setting 'clearence'"].startswith("Unknown setting 'clearence'. Did")
    assert "'3' has no unit. Write 3 L." in found["setting 'central_volume'"]
    assert "-1 L/day is outside its limits" in found["setting 'clearance'"]
    assert (
        "'kg' is no unit of this parameter; give um" in found["setting 'krogh_radius'"]
    )
    assert "is one of occupancy, concentration" in found["setting 'kill'"]
    assert "Did you mean singh?" in found["setting 'transport'"]
    assert "is no number of payloads" in found["setting 'dar'"]


def test_unknown_part_in_a_setting() -> None:
    found = refused("T-DM1", linker="SMC", host="human", tumor="colon", clearance="3 L")
    assert "'L' is no unit of this parameter" in found["setting 'clearance'"]
    assert found["setting 'linker'"] == "Unknown linker 'SMC'. Did you mean SMCC?"
    assert found["setting 'tumour'"].startswith("Unknown tumour 'colon'.")


def test_a_tumour_without_the_antigen_says_what_it_has() -> None:
    with pytest.raises(CardError, match="It is known for target CD56"):
        load_product("cantuzumab-mertansine", settings={"tumor": "sclc"})


def test_a_mean_load_that_does_not_fit() -> None:
    assert "8 sites cannot carry 9" in refused("T-DM1", dar="9")["setting 'dar'"]
    assert "plain drug" in refused("one-compartment", dar="2")["setting 'dar'"]
    assert "no linker" in refused("one-compartment", linker="SPP")["setting 'linker'"]


def test_digest_follows_the_content() -> None:
    plain = load_product("T-DM1").digest
    assert re.fullmatch("[0-9a-f]{64}", plain)
    assert load_product("Kadcyla").digest == plain
    assert load_product("T-DM1", settings={"clearance": "0.3 L/day"}).digest != plain
    assert load_product("T-DM1", settings={"kill": "none"}).digest != plain


# a user's own card

MINE = """\
based_on: cantuzumab-mertansine
summary: The same with a better linker
linker: SPDB
load: {fractions: [0, 0, 0, 0, 1], status: assumed, source: {citation: site-specific}}
for_host:
  human:
    parameters:
      clearance: {value: 9, unit: mL/h/m2, status: assumed, source: {citation: mine}}
"""


def test_based_on(tmp_path: Path) -> None:
    mine = load_product(write(tmp_path, MINE))
    base = load_product("cantuzumab-mertansine")
    assert mine.name == "mine"
    assert mine.parts == {**base.parts, "linker": "SPDB"}
    clearance = mine.blueprint.parameters["clearance"]
    assert (clearance.value, clearance.spread, clearance.fitted_to) == (9, None, None)
    assert value(mine.blueprint, "central_volume") == 1.89
    assert mine.blueprint.load is not None
    assert mine.blueprint.load.fractions == (0, 0, 0, 0, 1)
    assert mine.regimen == base.regimen


def test_published_facts_are_not_inherited(tmp_path: Path) -> None:
    mine = load_product(write(tmp_path, MINE))
    assert mine.programme is None
    assert mine.observations == ()
    assert mine.aliases == ()


def test_based_on_another_file_and_parts_in_place(tmp_path: Path) -> None:
    write(tmp_path, MINE)
    text = """\
based_on: mine.yaml
name: second
host: {name: minipig, based_on: human, parameters: {body_weight: {value: 12, unit: kg,
       status: assumed, source: {citation: typical of the breed}}}}
for_host:
  minipig:
    parameters:
      clearance: &as_guessed {value: 1, unit: mL/h/kg, status: assumed,
                              source: {citation: guessed}}
      distribution_clearance: *as_guessed
      central_volume: &size {value: 50, unit: mL/kg, status: assumed,
                             source: {citation: guessed}}
      peripheral_volume: *size
model: {payload: none, delivery: none, kill: none}
parameters:
  deconjugation_rate: {value: 0, unit: 1/day, status: assumed,
                       source: {citation: a linker that never lets go}}
"""
    second = load_product(write(tmp_path, text, "second.yaml"))
    assert second.name == "second"
    assert second.parts["host"] == "minipig"
    assert second.parts["linker"] == "SPDB"
    assert value(second.blueprint, "body_weight") == 12
    assert value(second.blueprint, "body_surface_area") == 1.85
    assert second.blueprint.parameters["clearance"].unit == "mL/h/kg"


def test_plain_user_card(tmp_path: Path) -> None:
    text = """\
kind: compartments
summary: Mine
parameters:
  clearance: {value: 1, unit: L/day, status: assumed, source: {citation: guess}}
  central_volume: {value: 3, unit: L, status: assumed, source: {citation: guess}}
model: {disposition: one-compartment}
"""
    mine = load_product(write(tmp_path, text))
    assert mine.blueprint.load is None
    assert mine.regimen is None


def test_plain_card_based_on_another(tmp_path: Path) -> None:
    first = """\
based_on: two-compartment-oral
summary: Absorbed fast
parameters:
  absorption_rate: {value: 4, unit: 1/day, status: assumed, source: {citation: guess}}
"""
    write(tmp_path, first, "first.yaml")
    text = "based_on: first.yaml\nsummary: The same again\n"
    second = load_product(write(tmp_path, text, "second.yaml"))
    assert second.blueprint.load is None
    assert value(second.blueprint, "absorption_rate") == 4


BAD = """\
based_on: trastuzumab-emtansine
summary: Everything that can be wrong
antibodies: trastuzumab
linker: SMC
tumour: brest-her2-3plus
load: {fractions: [0.5, 0.4], status: assumed, source: {citation: made up}}
regimen: {text: 3.6 mg/kg q3x, status: assumed, source: {citation: made up}}
model: {kil: none}
sources:
  lu: {citation: Lu 2014}
parameters:
  clearence: {value: 1, unit: L/day, status: assumed, source: lu}
  clearance: {value: -1, unit: L/day, status: assumed, source: lu}
  central_volume: {value: 3, unit: kg, status: assumed, source: lu}
  krogh_radius: {value: 75, unit: um, source: lu}
  cell_volume: {value: 2, unit: pL/cell, status: assumed}
  doubling_time: {value: 25, unit: day, status: fitted, source: lu}
  association_rate: {value: fast, unit: 1/nM/h, status: assumed, source: lu}
  kill_hill: {value: 2, unit: 1, status: assumed, source: lo}
  transit_rate: 1
  capillary_radius: {value: 8, unit: micron, status: assumed, source: lu}
  capillary_radius: {value: 8, unit: um, status: assumed, source: lu}
for_host:
  humen: {parameters: {}}
observations:
  - {analyte: conjugat, quantity: cmax, value: 1, unit: ug/mL, condition: none,
     regimen: 1 mg q3w, role: predicted, source: lu}
"""


def test_every_problem_at_once(tmp_path: Path) -> None:
    found = refused(write(tmp_path, BAD))
    expected = {
        3: "Unknown key 'antibodies'. Did you mean antibody",
        4: "Unknown linker 'SMC'. Did you mean SMCC?",
        5: "Unknown tumour 'brest-her2-3plus'. Did you mean breast-her2-3plus",
        6: "The fractions sum to 0.9, not to 1.",
        7: "The regimen '3.6 mg/kg q3x':",
        8: "Unknown model choice 'kil'. Did you mean kill?",
        12: "Unknown parameter 'clearence'. Did you mean clearance",
        13: "'clearance' (clearance of total antibody, whatever its payload): -1 L/day",
        14: "'central_volume' (volume of the central compartment): 'kg' is no unit",
        15: "The key 'status' is missing. Add `status: ...`.",
        16: "The key 'source' is missing. Add `source: ...`.",
        17: "'doubling_time': status is fitted, but to what? Add `fitted_to:`",
        18: "'value' is 'fast': input should be a valid number.",
        19: "Unknown source 'lo'. Did you mean lu?",
        20: "'transit_rate' is only 1. Write a value with its origin: {value:",
        22: "'capillary_radius' is written twice (first in line 21). Remove one.",
        24: "Unknown host 'humen'. Did you mean human?",
        26: "'analyte' is 'conjugat': input should be 'conjugate'",
    }
    assert sorted(found) == sorted(f"mine.yaml:{line}" for line in expected)
    for line, start in expected.items():
        assert found[f"mine.yaml:{line}"].startswith(start), line


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("summary: [1, 2\nload: 3\n", 2, "This is not YAML: "),
        ("a: b: c\n", 1, "This is not YAML: "),
        ("- a\n- b\n", 1, "A card is a list of `key: value` lines."),
        ("", 1, "A card is a list of `key: value` lines."),
        ("based_on: T-DM9\n", 1, "Unknown conjugate 'T-DM9'. Did you mean T-DM1"),
        ("based_on: [T-DM1]\n", 1, "`based_on` is the name of a card or a file."),
        ("based_on: mine.yaml\n", 1, "'mine.yaml' is based on itself. End the chain."),
    ],
)
def test_a_card_that_cannot_be_read(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    with pytest.raises(CardError) as caught:
        load_product(write(tmp_path, text))
    issue = caught.value.issues[0]
    assert issue.where.endswith(f"mine.yaml:{line}")
    assert issue.what.startswith(problem)


def test_an_anchor_that_holds_itself(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="more than 40 levels deep"):
        load_product(write(tmp_path, "a: &a {b: *a}\n"))


def test_a_card_from_nothing_names_every_key_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(CardError) as caught:
        load_product(write(tmp_path, "name: mine\n"))
    keys = ("summary", "antibody", "linker", "payload", "tumour", "load")
    expected = [f"The key '{key}' is missing. Add `{key}: ...`." for key in keys]
    assert [issue.what for issue in caught.value.issues] == expected


def test_missing_parameters_are_named(tmp_path: Path) -> None:
    text = """\
based_on: T-DM1
model: {disposition: three-compartment}
"""
    with pytest.raises(CardError) as caught:
        load_product(write(tmp_path, text))
    problems = [issue.what for issue in caught.value.issues]
    assert len(problems) == 2
    assert all("is missing" in problem for problem in problems)
    assert "It is known for host cynomolgus, host rat" in problems[0]


def test_forms_that_the_payload_lacks(tmp_path: Path) -> None:
    text = """\
based_on: T-DM1
linker:
  based_on: SMCC
  released: thiol
  catabolite: lysin adduct
"""
    found = refused(write(tmp_path, text))
    assert "Did you mean lysine adduct?" in found["mine.yaml:5"]


def test_a_species_takes_what_it_lacks_from_the_one_it_is_like() -> None:
    settings = {"transport": "singh"}
    parameters = load_product("T-DM1", settings=settings).blueprint.parameters
    copied = parameters["Lys_MCC_DM1_permeability"]
    assert copied.value == parameters["DM1_permeability"].value == 9240
    assert copied.status is Status.ASSUMED
    start = "No value found for Lys_MCC_DM1; taken as for DM1: Singh"
    assert copied.source.citation.startswith(start)
    assert parameters["Lys_MCC_DM1_influx_rate"].value == 0


def test_a_species_like_none(tmp_path: Path) -> None:
    text = """\
based_on: T-DM1
payload:
  based_on: DM1
  species:
    S_methyl_DM1: {label: S-methyl-DM1, form: methylated, like: DM}
"""
    found = refused(write(tmp_path, text))
    assert found["mine.yaml:5"] == "Unknown species 'DM'. Did you mean DM1?"


def test_origin_is_shared_by_the_parameters_that_state_none(tmp_path: Path) -> None:
    text = """\
based_on: T-DM1
sources: {trial: {citation: our first trial}}
origin: {status: measured, source: trial}
parameters:
  central_volume: {value: 3, unit: L}
  cell_volume: {value: 1, unit: pL/cell, status: assumed, source: {citation: guess}}
"""
    mine = load_product(write(tmp_path, text)).blueprint
    host = load_product("T-DM1").blueprint
    assert mine.parameters["central_volume"].source.citation == "our first trial"
    assert mine.parameters["central_volume"].status is Status.MEASURED
    assert mine.parameters["cell_volume"].source.citation == "guess"
    assert mine.parameters["clearance"] == host.parameters["clearance"]


def test_order_of_parts_covers_all_kinds() -> None:
    assert {*PARTS, "cell_line", "conjugate", "compartments", "organ"} == set(FOLDERS)


def test_parameters_carry_bounds_and_evidence() -> None:
    parameter: Parameter = load_product("T-DM1").blueprint.parameters["clearance"]
    assert parameter.bounds[0] == 0
    assert parameter.source.evidence == "TD-PK-24"
    assert parameter.spread is not None
    assert parameter.spread.low == 0.191
