"""Protocols run with virtual subjects."""

from __future__ import annotations

import numpy as np
import pytest

from adckit.errors import AdckitError
from adckit.report.trial_plots import (
    mtd_plot,
    spider,
    survival_plot,
    swimmer,
    waterfall,
)
from adckit.studies.followed import dlt_definition
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.operating import exact_characteristics, subject_numbers
from adckit.studies.patients import Integers, Outcomes, TypedPatients, TypedResponses
from adckit.studies.protocol import (
    TrialProtocol,
    load_protocol,
    protocol_text,
    read_protocol,
)
from adckit.studies.response import Scans, best_responses
from adckit.studies.survival import survival_curve
from adckit.studies.trial import run_arms, run_escalation, run_escalations
from adckit.studies.trial_log import event_columns
from adckit.studies.trial_summary import summarise_arms, summarise_escalations

RATES = (0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.50)
SEED = 11


def typed(protocol: TrialProtocol, rates: tuple[float, ...] = RATES) -> TypedPatients:
    return TypedPatients(rates, protocol.window, SEED)


def with_design(text: str, extra: str = "") -> TrialProtocol:
    source = protocol_text("cantuzumab-q3w").replace("design: {name: 3+3}", text)
    return read_protocol(source + extra, "mine", "mine.yaml")


def test_typed_subjects_give_the_exact_mtd_distribution() -> None:
    """Waiting, early decisions and arrivals change when things happen, not what."""
    protocol = load_protocol("cantuzumab-q3w")
    assert protocol.design is not None
    exact = exact_characteristics(protocol.design, RATES)
    runs = run_escalations(protocol, typed(protocol), range(1500), SEED)
    found = summarise_escalations(runs)
    # Five standard errors of a share of 1500 trials.
    error = 5 * np.sqrt(exact.selected * (1 - exact.selected) / 1500)
    assert np.all(np.abs(found.selected - exact.selected) < error)
    # A level has at most six subjects: five times 3 / sqrt(1500).
    assert found.treated == pytest.approx(exact.treated, abs=0.39)
    assert found.mode == int(np.argmax(exact.selected))
    assert sum(found.subjects.values()) == 1500


def test_a_replicate_does_not_depend_on_the_others() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    model = typed(protocol)
    many = list(run_escalations(protocol, model, range(20), SEED, events=True))
    few = list(run_escalations(protocol, model, [13, 4], SEED, events=True, together=1))
    assert few == [many[13], many[4]]
    assert run_escalation(protocol, model, 13, SEED) == many[13]


def test_adding_a_level_changes_nobody() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    numbers = subject_numbers(np.array([5]), 40)[0]
    more = TypedPatients((*RATES, 0.7), protocol.window, SEED)
    for level in range(len(RATES)):
        few = typed(protocol).outcomes(numbers, level)
        found = more.outcomes(numbers, level)
        assert np.array_equal(found.dlt_day, few.dlt_day, equal_nan=True)
    lower, higher = (more.outcomes(numbers, level).dlt_day for level in (2, 5))
    assert np.all(np.isfinite(higher[np.isfinite(lower)]))  # the same tolerances


def test_no_subject_is_used_before_the_last_cohort_is_known() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    run = run_escalation(protocol, typed(protocol), 1, SEED)
    table = event_columns(run.events)
    entered: dict[int, list[float]] = {}
    known: dict[int, list[float]] = {}
    for cohort, day, event in zip(
        table["cohort"], table["day"], table["event"], strict=True
    ):
        if event == "enrolled":
            entered.setdefault(cohort, []).append(day)
        if event in ("dlt", "window completed"):
            known.setdefault(cohort, []).append(day)
    two_dlts = [c for c in run.history.cohorts if c.dlts >= 2]
    for cohort in range(1, len(entered)):
        if run.history.cohorts[cohort - 1] not in two_dlts:
            assert min(entered[cohort + 1]) >= max(known[cohort])
    assert run.days >= max(max(days) for days in entered.values())


def test_the_log_has_a_row_per_event() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    run = run_escalation(protocol, typed(protocol), 2, SEED)
    table = event_columns(run.events)
    treated, dlts = run.counts()
    assert table["event"].count("enrolled") == treated.sum()
    assert table["event"].count("dlt") == dlts.sum()
    assert table["event"].count("window completed") == (treated - dlts).sum()
    assert set(table["dose"]) <= set(protocol.doses)
    assert {len(column) for column in table.values()} == {len(run.events)}
    days = [d for d, s in zip(table["day"], table["subject"], strict=True) if s == 1]
    assert days == sorted(days)


def test_subjects_are_kept_apart_and_may_arrive_regularly() -> None:
    extra = "enrolment: {per_month: 30, random: false, apart: 7 days}\n"
    protocol = with_design("design: {name: 3+3}", extra)
    run = run_escalation(protocol, typed(protocol), 0, SEED)
    first = [e.day for e in run.events if e.event == "enrolled" and e.cohort == 1]
    assert first == [1, 8, 15]  # one arrival a day, seven days apart


def test_late_onset_weighted_is_faster_than_waiting() -> None:
    extra = "enrolment: {per_month: 10}\n"
    limits = "cohort_size: 3, most_subjects: 24, target: 0.25"
    days = []
    for mode in ("wait", "weighted"):
        text = f"design: {{name: boin, {limits}, late_onset: {mode}}}"
        protocol = with_design(text, extra)
        runs = run_escalations(protocol, typed(protocol), range(30), SEED)
        days.append(summarise_escalations(runs).days)
    assert days[1] < 0.9 * days[0]


def test_backfill_fills_cleared_levels_up_to_its_limit() -> None:
    extra = "backfill: {per_cohort: 2, most_at_dose: 5}\n"
    protocol = with_design("design: {name: boin, most_subjects: 21}", extra)
    run = run_escalation(protocol, typed(protocol, (0.0,) * 7), 0, SEED)
    filled = [c for c in run.history.cohorts if c.backfill]
    assert filled
    assert run.history.subjects == 21
    for level in range(7):
        own = run.history.treated(level, backfill=False)
        assert run.history.treated(level) <= max(own, 5)
    assert any(event.backfill for event in run.events)


def test_phase_two_has_the_power_of_its_design() -> None:
    protocol = load_protocol("phase2")
    rates = (0.25, 0.05, 0.25, 0.05)
    responses, model = TypedResponses(rates, SEED), typed(protocol, (0.1,) * 4)
    runs = (
        run_arms(protocol, model, n, SEED, responses=responses, events=False)
        for n in range(400)
    )
    found = {one.arm: one for one in summarise_arms(runs)}
    rule = protocol.arms[0].response_rule
    assert rule is not None
    # Five standard errors of a share of 400 trials.
    assert found["colorectal"].success == pytest.approx(0.9019, abs=0.075)
    assert found["pancreatic"].success == pytest.approx(0.0489, abs=0.054)
    assert found["pancreatic"].treated == pytest.approx(16.76, abs=2.6)


def test_harm_ends_an_arm() -> None:
    protocol = load_protocol("expansion")
    model = typed(protocol, (1.0, 0.0))
    bad, good = run_arms(
        protocol, model, 0, SEED, responses=TypedResponses((0.5, 0.5), SEED)
    )
    assert (bad.treated, bad.success, bad.reason) == (5, False, "too many DLTs")
    assert good.treated == 20
    assert good.dlts == 0


def test_schedules_have_no_rule() -> None:
    protocol = load_protocol("schedules")
    runs = run_arms(protocol, typed(protocol, (0.2, 0.2)), 0, SEED)
    assert [(run.treated, run.success) for run in runs] == [(40, None), (40, None)]
    assert runs[0].dlts == runs[1].dlts  # the same subjects in both arms
    assert runs[1].events[0].dose == 115


def test_what_cannot_be_run() -> None:
    escalation, arms = load_protocol("cantuzumab-q3w"), load_protocol("phase2")
    with pytest.raises(AdckitError, match="is no escalation but of kind 'phase2'"):
        run_escalation(arms, typed(arms), 0, SEED)
    with pytest.raises(AdckitError, match="it has no arms to run"):
        run_arms(escalation, typed(escalation), 0, SEED)
    with pytest.raises(AdckitError, match="Give a model of responses"):
        run_arms(arms, typed(arms, (0.1,) * 4), 0, SEED)
    with pytest.raises(AdckitError, match="probabilities from 0 to 1"):
        TypedPatients((1.2,), 21, SEED)
    with pytest.raises(AdckitError, match="run at least one"):
        summarise_escalations([])


def test_mechanistic_subjects_are_the_same_in_any_company() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    numbers = subject_numbers(np.array([0]), 6)[0]
    together = MechanisticPatients(protocol, SEED).outcomes(numbers, 6)
    alone = MechanisticPatients(protocol, SEED)
    for row, number in enumerate(numbers):
        one = alone.outcomes(np.array([number]), 6)
        assert one.worst_grade[0] == together.worst_grade[row]
        assert one.toxicities[0] == together.toxicities[row]
    low = alone.outcomes(numbers, 0)
    assert np.all(low.worst_grade <= together.worst_grade)  # more drug, no milder


def test_a_mechanistic_escalation_ends_and_repeats() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    first = run_escalation(protocol, MechanisticPatients(protocol, SEED), 0, SEED)
    again = run_escalation(protocol, MechanisticPatients(protocol, SEED), 0, SEED)
    assert first == again
    limiting = {e.name for e in first.events if e.event == "dlt"}
    assert limiting <= {"alt", "ast"}


def test_the_protocol_defines_its_dlt() -> None:
    found = dlt_definition(load_protocol("trastuzumab-emtansine-q3w"))
    assert found.window == 21
    assert {(one.toxicities[0], one.grade) for one in found.limits} == {
        ("platelets", 4),
        ("alt", 3),
        ("ast", 3),
    }


class Asked:
    """Counts how often a model is asked."""

    def __init__(self, model: TypedPatients) -> None:
        self.model, self.times = model, 0

    def outcomes(self, subjects: Integers, arm: int) -> Outcomes:
        self.times += 1
        return self.model.outcomes(subjects, arm)


def test_cohorts_of_many_replicates_are_asked_for_together() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    model = Asked(typed(protocol))
    runs = list(run_escalations(protocol, model, range(100), SEED))
    cohorts = sum(len(run.history.cohorts) for run in runs)
    assert model.times < cohorts / 5


def test_pictures() -> None:
    scans = Scans(42, 168)
    sums = np.array(
        [
            [100, 60, 50, 55, 70.0],
            [80, 82, 85, 100, 120],
            [60, 58, 57, np.nan, np.nan],
            [40, np.nan, np.nan, np.nan, np.nan],
        ]
    )
    found = best_responses(sums[:, np.newaxis], np.ones((4, 1), bool), scans)
    curve = survival_curve([r.pfs for r in found], [r.progressed for r in found])
    bars = waterfall(found, "Best change").axes[0]
    heights = [bar.get_height() for bar in bars.patches]
    assert heights == pytest.approx([2.5, -5, -50])  # the worst first
    assert bars.get_xlabel() == "1 subject without a scan after the baseline"
    lines = spider(scans.days, sums, found).axes[0].get_lines()
    assert len(lines) == 4 + 3  # and three levels
    lanes = swimmer(found).axes[0].patches
    assert [lane.get_width() for lane in lanes] == sorted(
        lane.get_width() for lane in lanes
    )
    survival = survival_plot({"all": curve}, "without progression")
    assert "median" in survival.axes[0].get_legend().get_texts()[0].get_text()
    picture = mtd_plot(
        ["1", "2"], {"3+3": [0.5, 0.3]}, {"3+3": 0.2}, published=0, title="MTD"
    )
    assert [bar.get_height() for bar in picture.axes[0].patches[:3]] == [20, 50, 30]
    with pytest.raises(AdckitError, match="at least one curve"):
        survival_plot({}, "without progression")
    with pytest.raises(AdckitError, match="one sum per subject and scan"):
        spider(scans.days, sums[:2], found)
