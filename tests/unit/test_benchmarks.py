"""The benchmark solves what it says it solves, and reads its curves correctly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import __main__ as command
from benchmarks.case import Case, Tolerance
from benchmarks.cases import CASES
from benchmarks.options import QUICK, Options
from benchmarks.peers.adckit_cpu import AdckitCpu
from benchmarks.peers.base import Run, Tool
from benchmarks.peers.scipy_lsoda import ScipyLsoda
from benchmarks.precision import compare, rate_at
from benchmarks.reference import errors, reference_of
from benchmarks.report import paste

from adckit.codegen.python import python_function

TINY = replace(QUICK, tolerances=(1e-6,), reference_subjects=2, rounds=1, seconds=0.0)


@pytest.fixture(scope="module")
def response() -> Case:
    return CASES["indirect-response"]()


@pytest.mark.parametrize("name", CASES)
def test_case_is_complete(name: str) -> None:
    case = CASES[name]()
    assert case.name == name
    assert np.isfinite(case.initial).all()
    assert (case.scale > 0).all()
    seen = np.concatenate([segment.times for segment in case.segments])
    np.testing.assert_array_equal(seen, case.times[1:])
    assert case.same_question in ("", *CASES)


def test_adc12_is_the_published_system() -> None:
    case = CASES["adc12"]()
    y = np.random.default_rng(0).uniform(0.1, 5.0, 12)
    clearance, volume, rate = 0.6, 2.5, 6400.0
    rates = python_function(
        case.folded(case.system.rates),
        case.system.states,
        case.varied,
        case.system.inputs,
    )
    found = rates(0.0, y.tolist(), [clearance, volume], [rate])
    np.testing.assert_allclose(found, _adc12(y, clearance, volume, rate), rtol=1e-13)


def _adc12(y: np.ndarray, clearance: float, volume: float, rate: float) -> np.ndarray:
    """The right-hand side written out with arrays."""
    loads, (free, bound, payload), k = y[:9], y[9:], np.arange(9)
    total = loads.sum()
    change = np.empty(12)
    change[:9] = -(clearance / volume + k * 0.05 + free) * loads
    change[:9] += 0.3 * bound * loads / (total + 1e-9)
    change[:8] += k[1:] * 0.05 * loads[1:]
    change[4] += rate
    binding = total / volume * free
    change[9] = 1.0 - 0.3 * free - binding + 0.3 * bound
    change[10] = binding - 0.8 * bound
    change[11] = 2.0 * bound + clearance / volume * (k * loads).sum() - 2.0 * payload
    return change


@pytest.mark.parametrize(
    ("name", "last"),
    [
        (
            "robertson",
            [2.083340149701255e-8, 8.333360770334713e-14, 0.999999979166505],
        ),
        ("orego", [1.000814870318523, 1228.178521549917, 132.0554942846706]),
    ],
)
def test_solver_references_end_as_published(name: str, last: list[float]) -> None:
    case = CASES[name]()
    typical = np.array([[case.typical[p] for p in case.varied]])
    run = AdckitCpu().load(case)(typical)
    found = run(case.tolerance(1e-11, None))[0, -1]
    np.testing.assert_allclose(found, last, rtol=1e-7)  # test set for IVP solvers


def test_tools_agree_with_the_reference(response: Case) -> None:
    true = reference_of(response, 2, check=True)
    assert true.agreement < 1e-10
    tools = [AdckitCpu(), ScipyLsoda()]
    for trial in compare(response, tools, true, TINY):
        assert not trial.skipped
        assert trial.points[0].error < 1e-3
        assert len(trial.rates_at(1e-3)) == TINY.rounds


def test_wrong_numbers_are_not_timed(response: Case) -> None:
    class Wrong(AdckitCpu):
        name = "wrong"

        def load(self, case: Case) -> Callable[[np.ndarray], Run]:
            right = super().load(case)

            def prepare(table: np.ndarray) -> Run:
                run = right(table)
                return lambda tolerance: run(tolerance) * 1.1

            return prepare

    (trial,) = compare(
        response, [Wrong()], reference_of(response, 2, check=False), TINY
    )
    assert trial.skipped == "does not reproduce the reference; not timed"


def test_tool_that_fails_or_lacks_is_a_line(response: Case) -> None:
    class Absent(Tool):
        name = method = "absent"

        def skipped(self, case: Case) -> str:
            return "not installed"

        def load(self, case: Case) -> Callable[[np.ndarray], Run]:
            raise AssertionError

        def version(self) -> str:
            return ""

    class Broken(Absent):
        def skipped(self, case: Case) -> str:
            return ""

        def load(self, case: Case) -> Callable[[np.ndarray], Run]:
            raise RuntimeError("no compiler\nlong story")

    true = reference_of(response, 1, check=False)
    absent, broken = compare(response, [Absent(), Broken()], true, TINY)
    assert absent.skipped == "not installed"
    assert broken.skipped == "does not load: no compiler"


def test_rate_is_interpolated_on_the_frontier() -> None:
    points = [(1e-2, 1000.0), (1e-6, 10.0), (1e-4, 5.0)]  # the last is beaten by 1e-6
    assert rate_at(1e-4, points) == pytest.approx(100.0)
    assert rate_at(1.0, points) == pytest.approx(1000.0)
    assert np.isnan(rate_at(1e-8, points))


def test_errors_are_relative_to_the_maximum() -> None:
    true = np.array([[[1.0, 0.0], [4.0, 0.0]], [[2.0, 0.0], [1.0, 0.0]]])
    found = true.copy()
    found[0, 0, 0] = 1.2
    np.testing.assert_allclose(errors(found, true), [0.05, 0.0])
    found[1, 0, 0] = np.nan
    assert errors(found, true)[1] == np.inf


def test_doses_may_not_depend_on_the_subject(response: Case) -> None:
    wrong = replace(response, spread={"loss_rate": 0.1})
    with pytest.raises(ValueError, match="initial state depends on varied loss_rate"):
        wrong.initial  # noqa: B018


def test_tolerance_floors(response: Case) -> None:
    one: Tolerance = response.tolerance(1e-6, 1e-3)
    assert one.smallest == pytest.approx(1e-9)
    each = response.tolerance(1e-6, None)
    np.testing.assert_allclose(each.absolute, 1e-6 * response.scale)


def test_command_writes_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    smallest: Options = replace(TINY, sizes=(1, 8), memory=(8,))
    monkeypatch.setattr(command, "QUICK", smallest)
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- benchmarks -->\n<!-- end of benchmarks -->\nAfter\n")
    asked = ["--quick", "--case", "indirect-response", "--peer", "scipy"]
    command.main([*asked, "--out", str(tmp_path), "--docs", str(page)])
    said = capsys.readouterr().out
    assert "| SciPy " in said
    assert "2 threads" in said
    assert "cold kernel cache" in said
    data = json.loads((tmp_path / "results.json").read_text())
    assert set(data["cases"]["indirect-response"]["tools"]) == {"adckit", "SciPy"}
    assert (tmp_path / "work-precision-indirect-response.png").stat().st_size > 1000
    first = page.read_text()
    assert first.startswith("Before")
    assert "| SciPy " in first
    again = ["--stored", str(tmp_path / "results.json")]
    command.main([*again, *again, "--out", str(tmp_path), "--docs", str(page)])
    tables = slice(first.index("### "), None)
    assert page.read_text()[page.read_text().index("### ") :] == first[tables]


def test_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(ValueError, match="has no place for the tables"):
        paste("table", page)
