"""Dose changes, failed subjects, and the tables of a trial."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adckit.engines import cpu
from adckit.engines.base import Problem, Solution
from adckit.errors import SimulationError
from adckit.io.trial_runs import TrialStore
from adckit.network.dosing import DoseRecord
from adckit.report.trial_summary import summarise_trial
from adckit.report.trial_tables import percent, trial_tables
from adckit.status import Status
from adckit.studies.dose_changes import HOLD, REDUCE, STOP, Treatment, dose_label
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.operating import subject_numbers
from adckit.studies.patients import Integers, Outcomes, TypedPatients
from adckit.studies.protocol import (
    TrialProtocol,
    load_protocol,
    protocol_text,
    read_protocol,
)
from adckit.studies.trial import run_arms, run_escalation
from adckit.studies.trial_chunks import compute_trials

SEED = 5
DOSES = [DoseRecord(21.0 * n, 100.0, "dose", 0.1) for n in range(4)]
TIMES = np.arange(0.0, 127.0)
RULES = """modifications:
  - {laboratory: alt, grade: 2, action: hold}
  - {laboratory: alt, grade: 3, action: reduce, resume_grade: 1}
  - {laboratory: alt, grade: 4, action: stop}
reductions: [176, 132]
"""


def with_rules(rules: str = RULES) -> TrialProtocol:
    text = protocol_text("schedules")
    return read_protocol(text + rules, "mine", "mine.yaml")


def treatment() -> Treatment:
    protocol = with_rules()
    label = dose_label(protocol, protocol.arms[0])
    assert label is not None
    return Treatment(label, DOSES, 126.0)


def alt(**grades: int) -> dict[str, np.ndarray]:
    """Grades of ALT by day: `d5=3` from day 5 on, until the next one."""
    row = np.zeros(TIMES.size, dtype=np.int8)
    for day, grade in grades.items():
        row[int(day[1:]) :] = grade
    return {"alt": row}


def test_without_toxicity_the_doses_are_those_of_the_schedule() -> None:
    one = treatment()
    assert not one.revise(TIMES, alt())
    assert one.records() == DOSES
    assert one.changes == []


def test_a_reduction_lowers_all_later_doses() -> None:
    one = treatment()
    grades = alt(d5=3, d15=1)
    assert one.revise(TIMES, grades)
    amounts = [record.amount for record in one.records()]
    assert amounts == pytest.approx([100, *[100 * 176 / 235] * 3])
    assert [record.time for record in one.records()] == [0, 21, 42, 63]
    assert [(c.day, c.what, c.dose) for c in one.changes] == [(21, REDUCE, 176)]
    assert one.changes[0].reason == "alt grade 3"
    assert not one.revise(TIMES, grades)  # seen once, it acts once


def test_a_dose_is_held_until_recovery_and_later_ones_move_with_it() -> None:
    one = treatment()
    grades = alt(d5=2, d30=1)
    while one.revise(TIMES, grades):
        pass
    assert [record.time for record in one.records()] == [0, 35, 56, 77]
    assert {record.amount for record in one.records()} == {100.0}
    assert [(c.day, c.what) for c in one.changes] == [(21, HOLD)]


def test_six_weeks_of_waiting_end_treatment() -> None:
    one = treatment()
    while one.revise(TIMES, alt(d5=2)):
        pass
    assert [record.time for record in one.records()] == [0]
    assert [(c.day, c.what) for c in one.changes] == [(21, HOLD), (63, STOP)]


def test_grade_four_stops_and_so_does_the_lack_of_a_lower_dose() -> None:
    one = treatment()
    assert one.revise(TIMES, alt(d50=4, d55=0))
    assert [record.time for record in one.records()] == [0, 21, 42]
    again = treatment()
    grades = alt(d5=3, d6=0, d25=3, d26=0, d45=3, d46=0)
    while again.revise(TIMES, grades):
        pass
    assert [c.what for c in again.changes] == [REDUCE, REDUCE, STOP]
    assert [c.dose for c in again.changes] == [176, 132, 0]


def test_a_rule_is_about_its_grade_or_worse() -> None:
    rule = "modifications: [{laboratory: alt, grade: 3, action: reduce}]\n"
    protocol = with_rules(rule + "reductions: [176]\n")
    label = dose_label(protocol, protocol.arms[0])
    assert label is not None
    assert [(one.grade, one.reduce) for one in label.rules] == [
        (3, True),
        (4, True),
        (5, True),
    ]
    weekly = dose_label(protocol, protocol.arms[1])
    assert weekly is not None
    assert weekly.levels == (115,)  # 176 is not lower
    plain = load_protocol("schedules")
    assert dose_label(plain, plain.arms[0]) is None


def test_changed_doses_change_what_comes_after_them_only() -> None:
    """A subject is the same up to its first change, and milder afterwards."""
    rule = "modifications: [{laboratory: ast, grade: 2, action: stop}]\n"
    text = protocol_text("schedules").replace("126 days", "84 days")
    plain = read_protocol(text, "plain", "plain.yaml")
    ruled = read_protocol(text + rule, "ruled", "ruled.yaml")
    numbers = subject_numbers(np.array([0]), 12)[0]
    free = MechanisticPatients(plain, SEED).follow(numbers, 0)
    held = MechanisticPatients(ruled, SEED).follow(numbers, 0)
    stopped = [n for n in range(12) if held[n].changes]
    assert stopped
    for before, after in zip(free, held, strict=True):
        if not after.changes:
            assert after.toxicities == before.toxicities
            continue
        assert after.changes[0].what == STOP
        assert after.changes[0].day in (21, 42, 63)
        worst = {t.name: t.grade for t in before.toxicities}
        assert all(t.grade <= worst[t.name] for t in after.toxicities)
        assert after.scanned is not None
        assert before.scanned is not None
        # Less drug, no smaller tumour.
        assert after.scanned.sums[-1] >= before.scanned.sums[-1]
    alone = MechanisticPatients(ruled, SEED).follow(numbers[stopped[:1]], 0)[0]
    assert alone.changes == held[stopped[0]].changes
    assert alone.toxicities == held[stopped[0]].toxicities


PHASE_ONE = """kind: escalation
title: Weekly doses with rules
product: cantuzumab-mertansine
dose: {unit: mg/m2, levels: [44, 96, 138]}
schedule: qw x8
design: {name: 3+3}
dlt:
  window: 28 days
  rules: [{laboratory: alt, grade: 3}, {laboratory: ast, grade: 3}]
follow_up: 63 days
assessments: {every: 6 weeks}
"""
HOLDS = "modifications: [{laboratory: ast, grade: 2, action: hold, resume_grade: 1}]\n"


def test_an_escalation_holds_doses_in_the_window_and_beyond() -> None:
    free = read_protocol(PHASE_ONE, "free", "free.yaml")
    ruled = read_protocol(PHASE_ONE + HOLDS, "ruled", "ruled.yaml")
    numbers = subject_numbers(np.array([0]), 30)[0]
    before = MechanisticPatients(free, SEED).outcomes(numbers, 2)
    after = MechanisticPatients(ruled, SEED).outcomes(numbers, 2)
    days = [c.day for n in range(30) for c in after.changed(n)]
    assert min(days) < 28 < max(days)
    assert {c.what for n in range(30) for c in after.changed(n)} == {HOLD}
    assert np.all(after.worst_grade <= before.worst_grade)
    assert np.isfinite(after.dlt_day).sum() < np.isfinite(before.dlt_day).sum()


def test_what_comes_after_the_window_changes_no_decision() -> None:
    """Subjects that are followed further have the DLTs of those that are not."""
    protocol = read_protocol(PHASE_ONE + HOLDS, "ruled", "ruled.yaml")
    numbers = subject_numbers(np.array([0]), 30)[0]
    whole = MechanisticPatients(protocol, SEED)
    window = MechanisticPatients(protocol, SEED, followed=0)
    assert whole.is_followed(int(numbers[-1]))
    assert not whole.is_followed(int(subject_numbers(np.array([100]), 1)[0, 0]))
    assert not window.is_followed(int(numbers[0]))
    longer, shorter = whole.outcomes(numbers, 2), window.outcomes(numbers, 2)
    np.testing.assert_array_equal(longer.dlt_day, shorter.dlt_day)
    np.testing.assert_array_equal(longer.worst_grade, shorter.worst_grade)
    assert longer.late_day is not None
    assert shorter.late_day is not None
    assert np.all(np.isnan(shorter.late_day))
    late = np.isfinite(longer.late_day)
    assert np.all(longer.late_day[late] > 28)
    assert np.all(np.isnan(longer.dlt_day[late]))  # late only without a DLT


def test_a_followed_escalation_has_late_toxicities_and_scans(tmp_path: Path) -> None:
    text = PHASE_ONE.replace("[44, 96, 138]", "[96, 138]")
    protocol = read_protocol(text, "mine", "mine.yaml")
    store = TrialStore(tmp_path, protocol, 6)
    model = MechanisticPatients(protocol, SEED)
    store.put(compute_trials(protocol, model, SEED, 0, store.numbers(0)))
    found = summarise_trial(store)
    assert found.followed == 6
    assert set(found.late) == {"96 mg/m2", "138 mg/m2"}
    rows = list(store.rows("events", "WHERE event = 'late toxicity'"))
    assert rows
    assert all(row["subject_day"] > 28 for row in rows)
    treated = sum(1 for _ in store.rows("events", "WHERE event = 'first dose'"))
    assert sum(one.subjects for one in found.responses) == treated
    captions = [table.caption for table in trial_tables(protocol, found)]
    assert "Toxicity after the DLT window that would have been a DLT in it" in captions


class Flawed:
    """Typed subjects of whom every fifth fails."""

    def __init__(self, model: TypedPatients, every: int = 5) -> None:
        self.model, self.every = model, every

    def outcomes(self, subjects: Integers, arm: int) -> Outcomes:
        found = self.model.outcomes(subjects, arm)
        reasons = ["too stiff" if n % self.every == 0 else "" for n in subjects]
        return replace(found, failed=tuple(reasons))


def test_a_subject_that_fails_is_a_row_and_is_replaced() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    model = TypedPatients((0.0,) * 7, protocol.window, SEED)
    run = run_escalation(protocol, Flawed(model), 0, SEED)
    assert run.mtd == 6
    assert [c.treated for c in run.history.cohorts] == [3] * 6 + [3, 3]
    failed = [event for event in run.events if event.event == "failed"]
    assert {event.subject % 5 for event in failed} == {0}
    assert {event.name for event in failed} == {"too stiff"}
    entered = [event for event in run.events if event.event == "enrolled"]
    assert len(entered) == run.history.subjects + len(failed)
    arms = load_protocol("schedules")
    model = TypedPatients((0.0, 0.0), arms.window, SEED)
    first = run_arms(arms, Flawed(model), 0, SEED)[0]
    assert (first.treated, first.entered) == (40, 49)


def test_a_model_that_always_fails_ends_with_the_reason() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    model = Flawed(TypedPatients((0.0,) * 7, protocol.window, SEED), every=1)
    with pytest.raises(SimulationError, match=r"of one trial failed.*too stiff"):
        run_escalation(protocol, model, 0, SEED)
    arms = load_protocol("schedules")
    typed = Flawed(TypedPatients((0.0, 0.0), arms.window, SEED), every=1)
    with pytest.raises(SimulationError, match=r"subjects of an arm failed.*too stiff"):
        run_arms(arms, typed, 0, SEED)


def test_an_engine_that_gives_up_a_subject_leaves_the_others() -> None:
    protocol = load_protocol("cantuzumab-q3w")
    numbers = subject_numbers(np.array([0]), 4)[0]

    def engine(problem: Problem) -> Solution:
        solution = cpu.solve(problem)
        solution.status[1] = Status.TOO_MANY_STEPS
        return solution

    whole = MechanisticPatients(protocol, SEED).outcomes(numbers, 6)
    found = MechanisticPatients(protocol, SEED, engine=engine).outcomes(numbers, 6)
    assert [bool(reason) for reason in found.failed] == [False, True, False, False]
    assert Status.TOO_MANY_STEPS.reason in found.failed[1]
    assert found.toxicities[1] == ()
    for other in (0, 2, 3):
        assert found.toxicities[other] == whole.toxicities[other]


def test_the_tables_of_an_escalation(tmp_path: Path) -> None:
    protocol = load_protocol("cantuzumab-q3w")
    model = TypedPatients((0, 0, 0, 0, 0, 0, 1.0), protocol.window, SEED)
    store = TrialStore(tmp_path, protocol, 20)
    store.put(compute_trials(protocol, model, SEED, 0, store.numbers(0)))
    found = summarise_trial(store)
    table = trial_tables(protocol, found)[0]
    rows = {row[0]: row for row in table.rows}
    assert rows["235 mg/m2"][1] == "100 %"  # the level below the one that harms all
    assert rows["235 mg/m2"][-1] == "published MTD"
    assert rows["295 mg/m2"][4] == "100 %"
    assert rows["no MTD"][1] == "0 %"
    assert found.above_selected == pytest.approx(3 / 24)
    assert any("within one level in 100 %" in note for note in table.notes)


def test_failed_subjects_are_counted(tmp_path: Path) -> None:
    protocol = load_protocol("cantuzumab-q3w")
    model = Flawed(TypedPatients((0.1,) * 7, protocol.window, SEED))
    store = TrialStore(tmp_path, protocol, 3)
    chunk = compute_trials(protocol, model, SEED, 0, store.numbers(0))
    store.put(chunk)
    found = summarise_trial(store)
    assert found.failed == chunk.failed > 0
    assert found.reasons[0].endswith(": too stiff")
    toxicities = {row.toxicity: row for row in found.toxicities}
    assert toxicities["toxicity"].severe <= 1


def test_percentages() -> None:
    assert [percent(x) for x in (0.0, 0.004, 0.123, 1.0)] == [
        "0 %",
        "0.4 %",
        "12 %",
        "100 %",
    ]
