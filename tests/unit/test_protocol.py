"""Trial protocols: the library's, and every problem of a file with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.library import list_products
from adckit.network.regimen import parse_regimen
from adckit.studies.designs import Crm, ThreePlusThree, TwoStage
from adckit.studies.protocol import (
    TEMPLATES,
    list_protocols,
    load_protocol,
    protocol_text,
    read_protocol,
)

GOOD = """\
kind: escalation
title: A first trial
product: cantuzumab-mertansine
dose:
  unit: mg/m2
  levels: [22, 44, 88]
schedule: q3w
design:
  name: boin
  target: 0.3
dlt:
  window: 3 weeks
  rules:
    - {laboratory: alt, grade: 3}
follow_up: 42 days
"""


def problems(text: str) -> dict[int, str]:
    """Line → message of everything that is wrong."""
    with pytest.raises(CardError) as error:
        read_protocol(text, "mine", "mine.yaml")
    found: dict[int, str] = {}
    for issue in error.value.issues:
        label, _, line = issue.where.rpartition(":")
        assert label == "mine.yaml"
        found[int(line)] = f"{found.get(int(line), '')} {issue.what}".strip()
    return found


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text


@pytest.mark.parametrize("name", list_protocols())
def test_every_protocol_of_the_library_can_be_used(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.name == name
    for arm in protocol.arms:
        assert list(parse_regimen(arm.regimen).doses(protocol.follow_up))
    assert protocol.window <= protocol.follow_up
    if name not in TEMPLATES:
        assert protocol.card.published is not None
        assert protocol.card.published.citation


def test_every_product_has_its_phase_one_in_the_library() -> None:
    own = [load_protocol(n) for n in list_protocols() if n not in TEMPLATES]
    assert {p.card.product for p in own} == set(list_products())
    mtds = {p.name: p.card.published.mtd for p in own if p.card.published}
    assert mtds["cantuzumab-q3w"] == 235
    assert mtds["cantuzumab-weekly"] == 115
    assert mtds["trastuzumab-emtansine-q3w"] == 3.6
    for protocol in own:
        mtd = mtds[protocol.name]
        if mtd is not None:
            assert mtd in protocol.doses


def test_there_is_a_template_of_every_kind() -> None:
    kinds = {load_protocol(name).kind for name in TEMPLATES}
    assert kinds == {"escalation", "expansion", "phase2", "schedules"}
    assert protocol_text("phase1").startswith("# A first dose escalation")


def test_what_a_protocol_comes_to() -> None:
    protocol = read_protocol(GOOD, "mine", "mine.yaml")
    assert protocol.doses == (22, 44, 88)
    assert protocol.arms[1].regimen == "44 mg/m2 q3w"
    assert protocol.arms[1].settings == {"organs": "card"}
    assert (protocol.window, protocol.follow_up) == (21, 42)
    assert protocol.design is not None
    assert protocol.design.name == "boin"


def test_a_phase_two_protocol_has_a_rule_per_arm() -> None:
    protocol = load_protocol("phase2")
    arms = {arm.name: arm for arm in protocol.arms}
    assert set(arms) == {"colorectal", "pancreatic", "gastric", "nsclc"}
    assert arms["gastric"].settings["tumour"] == "gastric"
    rule = arms["nsclc"].response_rule
    assert isinstance(rule, TwoStage)
    assert (rule.r1, rule.n1, rule.r, rule.n) == (0, 9, 3, 30)
    assert protocol.scans is not None
    assert protocol.scans.error == pytest.approx(0.08)


def test_a_two_parameter_crm_takes_the_doses_of_the_protocol() -> None:
    text = changed(("name: boin\n  target: 0.3", "name: crm\n  model: logistic2"))
    design = read_protocol(text, "mine", "mine.yaml").design
    assert isinstance(design, Crm)
    assert design.doses == (22, 44, 88)


def test_all_problems_at_once_each_with_its_line() -> None:
    found = problems(
        changed(
            ("[22, 44, 88]", "[22, 88, 44]"),
            ("q3w", "every other moon"),
            ("name: boin", "name: bion"),
            ("window: 3 weeks", "window: 60 days"),
            ("laboratory: alt", "laboratory: platelets"),
            ("title", "titel"),
        )
    )
    assert set(found) == {1, 2, 6, 7, 9, 12, 14}
    assert "The key 'title' is missing" in found[1]
    assert "Unknown key 'titel'. Did you mean title" in found[2]
    assert found[6] == (
        "Dose level 3 (44) is not above level 2 (88). Write the levels from the lowest "
        "to the highest."
    )
    assert "'every other moon'" in found[7]
    assert "Unknown design 'bion'. Did you mean boin" in found[9]
    assert found[12] == (
        "The DLT window of 60 days is longer than the follow-up of 42 days. "
        "Follow each subject to the end of its window."
    )
    assert found[14] == (
        "The model of cantuzumab-mertansine has no laboratory value 'platelets'. Add "
        "`platelets` to `organs:`, or leave the rule out."
    )


@pytest.mark.parametrize(
    ("pairs", "line", "words"),
    [
        ([("[22, 44, 88]", "[22, 22]")], 6, "Dose level 2 (22) is not above level 1"),
        ([("[22, 44, 88]", "[0, 22]")], 6, "greater than 0"),
        ([("[22, 44, 88]", "[]")], 6, "at least 1 item"),
        (
            [("target: 0.3", "cohort_size: 0")],
            10,
            "cohort_size: A cohort of 0 subjects finds nothing. Write 1 or more.",
        ),
        ([("target: 0.3", "taget: 0.3")], 10, "Did you mean target"),
        ([("target: 0.3", "start: 4")], 10, "cannot start at level 4: there are 3"),
        (
            [("name: boin\n  target: 0.3", "name: crm\n  skeleton: [0.1, 0.2]")],
            10,
            "'skeleton' has 2 values for 3 dose levels",
        ),
        ([("window: 3 weeks", "window: 21")], 12, "write a number and its unit"),
        ([("window: 3 weeks", "window: 3 mg")], 12, "cannot be converted"),
        ([("laboratory: alt", "laboratory: lipase")], 14, "It has alt, ast."),
        ([("laboratory: alt", "symptom: neuropathy")], 14, "Add `neuropathy`"),
        ([("laboratory: alt,", "")], 14, "write either `laboratory:` or `symptom:`"),
        ([("grade: 3", "grade: 7")], 14, "less than or equal to 5"),
        ([("cantuzumab-mertansine", "cantuximab")], 3, "Unknown"),
        ([("kind: escalation", "kind: escalate")], 1, "Write one of escalation"),
        ([("kind: escalation\n", "")], 1, "The kind of protocol is missing"),
        (
            [("follow_up", "population: nobody\nfollow_up")],
            15,
            "Unknown population 'nobody'",
        ),
        (
            [("follow_up", "assessments: {every: 9 weeks}\nfollow_up")],
            15,
            "The first scan, after 63 days, lies beyond the follow-up of 42 days",
        ),
        (
            [("follow_up", "organs: livr\nfollow_up")],
            3,
            "Unknown organ 'livr'. Did you mean liver",
        ),
    ],
)
def test_one_problem(pairs: list[tuple[str, str]], line: int, words: str) -> None:
    found = problems(changed(*pairs))
    assert words in found[line]


RAT = "std10: {species: rat, dose: 40, unit: mg/kg, source: s}"
ACTIVE = (
    "active: {dose: 235, unit: mg/m2, exposure: 12.9 ug/mL, target: 2 ug/mL, source: s}"
)


@pytest.mark.parametrize(
    ("block", "line", "words"),
    [
        ("per: surface", 4, "it needs one of std10, hnstd and active"),
        (RAT.replace("rat", "dog"), 5, "write a rodent: mouse, hamster, rat"),
        (RAT.replace("std10", "hnstd"), 5, "write a non-rodent: rabbit, cynomolgus"),
        (RAT.replace("40", "0"), 5, "greater than 0"),
        (RAT.replace("mg/kg", "mg"), 5, "'unit' is 'mg': write mg/kg or mg/m2"),
        (RAT.replace(", source: s", ""), 5, "The key 'source' is missing"),
        (RAT.replace("dose", "dosis"), 5, "Unknown key 'dosis'. Did you mean dose"),
        (f"per: area\n  {RAT}", 5, "'surface' or 'weight'"),
        (ACTIVE.replace("2 ug/mL,", "2,"), 5, "such as 12 ug/mL"),
        (ACTIVE.replace("2 ug/mL,", "0 ug/mL,"), 5, "write a number above 0"),
        (ACTIVE.replace("2 ug/mL,", "2 nM,"), 5, "the target: 'nM' cannot be conv"),
        (
            ACTIVE.replace("mg/m2", "mg/kg"),
            5,
            "The active dose is in mg/kg, the dose levels are in mg/m2. Write both per "
            "body weight or both per surface.",
        ),
    ],
)
def test_a_first_dose_that_makes_no_sense(block: str, line: int, words: str) -> None:
    found = problems(changed(("dose:\n", f"first_in_human:\n  {block}\ndose:\n")))
    assert words in found[line]


def test_a_first_dose_needs_levels_per_body() -> None:
    found = problems(
        changed(("mg/m2", "mg"), ("follow_up", f"first_in_human: {{{RAT}}}\nfollow_up"))
    )
    assert list(found) == [5]
    assert found[5].startswith("A first dose in humans cannot be found in 'mg'.")


def test_arms_need_a_number_of_subjects_or_a_rule() -> None:
    text = protocol_text("schedules").replace(", subjects: 40", "")
    found = " ".join(problems(text).values())
    assert "The arm 'q3w' has neither `subjects:` nor a `design:`" in found
    phase2 = protocol_text("phase2")
    start, end = phase2.index("design:"), phase2.index("dlt:")
    found = " ".join(problems(phase2[:start] + phase2[end:]).values())
    assert "A phase II protocol needs a `design:`" in found


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("name: boin\n  target: 0.3", "name: 3+3"))
    assert load_protocol(path).design == ThreePlusThree()
    assert load_protocol(str(path)).name == "mine"
    with pytest.raises(AdckitError, match="Cannot read the protocol"):
        load_protocol(tmp_path / "none.yaml")
    with pytest.raises(UnknownNameError, match=r"Did you mean .*phase1"):
        load_protocol("phase")
    with pytest.raises(CardError, match="not YAML"):
        read_protocol("kind: [", "mine", "mine.yaml")
