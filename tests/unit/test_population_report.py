"""The report of a study: what it says of subjects that failed, and of a sample."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from adckit.engines import cpu
from adckit.engines.base import Problem, Solution
from adckit.io.chunks import ChunkStore
from adckit.io.population_results import PopulationResults
from adckit.io.population_runs import (
    PopulationRequest,
    begin_run,
    carry_out_population,
    describe_population_run,
    population_request,
)
from adckit.io.request import Request
from adckit.report.population_report import (
    quantity_words,
    summarise_population,
    write_summary,
)
from adckit.status import Status
from adckit.studies.campaign import Campaign, run_campaign


def study(folder: Path, *, keep: str = "curves", subjects: int = 60) -> Campaign:
    """Run a study into a folder, up to its report."""
    base = Request("two-compartment", regimen="100 mg q1w x2")
    request = population_request(
        PopulationRequest(base, subjects, 3, "adult-solid-tumour", keep=keep)
    )
    campaign = carry_out_population(request, chunk=25)
    run = begin_run(folder, describe_population_run(request, campaign, "adckit ..."))
    store = ChunkStore(folder, campaign.units(), campaign.plan.chunks)
    run_campaign(campaign, store)
    write_summary(folder, run, campaign, summarise_population(campaign, folder))
    return campaign


@pytest.fixture
def one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine with one subject that no rung solves, and one that the second does."""
    solve = cpu.solve

    def stubborn(problem: Problem, **options: object) -> Solution:
        solution = solve(problem, **options)
        weight = problem.parameters[
            :, [*problem.system.parameters].index("body_weight")
        ]
        if problem.subjects > 1 or problem.first_step > 1e-4:
            solution.status[np.argsort(weight)[:1]] = Status.STEP_TOO_SMALL
        return solution.masked()

    monkeypatch.setattr(cpu, "solve", stubborn)


def test_who_was_retried_is_counted_and_named(tmp_path: Path, one_fails: None) -> None:
    campaign = study(tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    # one subject of each chunk
    assert summary["counts"]["retried"] == campaign.plan.chunks
    assert summary["counts"]["failed"] == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "smaller first step" in page
    assert "failed, were retried or are suspicious" in page


def test_a_failed_subject_is_named_and_in_no_percentile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(problem: Problem, **options: object) -> Solution:
        solution = solve(problem, **options)
        if problem.subjects == 10:  # the last chunk
            solution.status[:] = Status.INVALID_INPUT
            solution.stopped[:] = 3.5
        return solution.masked()

    solve = cpu.solve
    monkeypatch.setattr(cpu, "solve", never)
    campaign = study(tmp_path)
    results = PopulationResults(tmp_path, campaign.units())
    assert results.counts() == {
        "all": 60,
        "failed": 10,
        "retried": 0,
        "suspicious": 0,
    }
    failures = results.failures(4)
    assert [f.subject for f in failures] == ["51", "52", "53", "54"]
    assert failures[0].stopped == 3.5
    assert "not a finite number" in failures[0].reason
    found = results.quantities(["concentration_cmax", "body_weight"])
    assert [q.n for q in found] == [50, 60]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<td>51</td><td>invalid_input</td>" in page


def test_a_sample_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adckit.studies.campaign.SAMPLE", 12)
    study(tmp_path, keep="summary")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "evenly spread sample of 12 of the 60 subjects" in page


def test_percentiles_do_not_depend_on_how_many_times_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = study(tmp_path)
    results = PopulationResults(tmp_path, campaign.units())
    (together,) = results.ribbons(["concentration"], 60)
    monkeypatch.setattr("adckit.io.population_results._ROWS", 100)
    (apart,) = results.ribbons(["concentration"], 60)
    times, curves = results.curves("concentration", results.sample(1000))
    assert np.array_equal(times, together.times)
    for percentile, values in together.percentiles.items():
        assert np.array_equal(values, apart.percentiles[percentile])
        expected = np.percentile(np.array(curves), percentile, axis=0)
        # DuckDB and numpy interpolate with different rounding
        assert values == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conjugate_auc_cycle_2", "Conjugate AUC, cycle 2"),
        ("free_payload_days_above_5", "Free payload days above 5"),
        ("mean_dar_day_7", "Mean DAR day 7"),
        ("tumor_best_change", "Tumour best change"),
        ("body_weight", "body weight"),
    ],
)
def test_quantities_have_words(name: str, words: str) -> None:
    assert quantity_words(name) == words
