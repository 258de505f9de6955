"""Code generation: statements, sparse LU, mathematics on lanes, the method's table."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.models import decay

from adckit.codegen.algebra import plan_elimination
from adckit.codegen.dop853 import dop853
from adckit.codegen.emitter import Module
from adckit.codegen.kernels import add_model
from adckit.codegen.lower import Value, hoist, lower, slots
from adckit.codegen.machine import linked, object_code, widest_lanes
from adckit.codegen.mathematics import add_mathematics
from adckit.codegen.methods import RungeKutta
from adckit.codegen.python import python_source
from adckit.codegen.rodas import RODAS5P
from adckit.network.expr import Symbol, exp

WIDTHS = [w for w in (1, 2, 4, 8) if w <= widest_lanes()]
GOLDEN = Path(__file__).parent / "golden"


def aligned(count: int) -> np.ndarray:
    raw = np.zeros(count + 8)
    first = (-raw.ctypes.data % 64) // 8
    return raw[first : first + count]


def on_lanes(name: str, lanes: int) -> Callable[..., np.ndarray]:
    """A function of the lane mathematics, applied to numpy arrays."""
    module = Module(lanes)
    add_mathematics(module)
    f = module.function("run", "ptr %x, ptr %y, ptr %out, i64 %n", linkage="")
    with f.loop(f.arg("n", "i64")) as i:
        args = [f.load(f.arg("x"), i)]
        if name == "pow":
            args.append(f.load(f.arg("y"), i))
        f.store(f.call(module.real, name, *args), f.arg("out"), i)
    f.done()
    compiled = linked(object_code(module.source()), ("run",))
    pointer = ctypes.c_void_p
    run = compiled.function("run", pointer, pointer, pointer, ctypes.c_int64)

    def apply(*values: np.ndarray) -> np.ndarray:
        count = len(values[0])
        padded = -(-count // lanes) * lanes
        x, y, out = aligned(padded), aligned(padded), aligned(padded)
        x[:count] = values[0]
        y[:count] = values[-1]
        run(x.ctypes.data, y.ctypes.data, out.ctypes.data, padded // lanes)
        assert compiled.keep
        return out[:count].copy()

    return apply


def ulps(found: np.ndarray, exact: list[mpmath.mpf]) -> float:
    """Largest error in units in the last place."""
    return max(
        abs(float((mpmath.mpf(float(f)) - e) / mpmath.mpf(np.spacing(abs(float(e))))))
        for f, e in zip(found, exact, strict=True)
    )


@pytest.mark.parametrize("lanes", WIDTHS)
def test_mathematics_is_right_to_two_ulps(lanes: int) -> None:
    rng = np.random.default_rng(lanes)
    with mpmath.workprec(200):
        for low, high in ((-700.0, 700.0), (-1.0, 1.0), (-1e-8, 1e-8)):
            x = rng.uniform(low, high, 300)
            exact = [mpmath.exp(mpmath.mpf(float(v))) for v in x]
            assert ulps(on_lanes("exp", lanes)(x), exact) < 2
        for spread in (700.0, 0.5, 1e-6):
            x = np.exp(rng.uniform(-spread, spread, 300))
            exact = [mpmath.log(mpmath.mpf(float(v))) for v in x]
            assert ulps(on_lanes("log", lanes)(x), exact) < 2
        x, y = np.exp(rng.uniform(-30, 30, 300)), rng.uniform(-20, 20, 300)
        exact = [
            mpmath.power(mpmath.mpf(float(a)), mpmath.mpf(float(b)))
            for a, b in zip(x, y, strict=True)
        ]
        assert ulps(on_lanes("pow", lanes)(x, y), exact) < 2


@pytest.mark.parametrize("lanes", WIDTHS)
def test_mathematics_at_the_edges(lanes: int) -> None:
    inf, nan = np.inf, np.nan
    x = np.array([0.0, 0.0, 0.0, -1.0, nan, 1.0, inf, 1e-310, 2.0, 2.0, 1.0, inf])
    y = np.array([0.0, 1.0, -1.0, 2.5, 1.0, nan, 1.0, 1.0, 2000.0, -2000.0, 0.5, 0.0])
    power = [1.0, 0.0, inf, 0.0, nan, nan, inf, 0.0, inf, 0.0, 1.0, 1.0]
    np.testing.assert_array_equal(on_lanes("pow", lanes)(x, y), power)
    x = np.array([0.0, -0.0, -1.0, nan, inf, 1.0])
    logs = [-inf, -inf, nan, nan, inf, 0.0]
    np.testing.assert_array_equal(on_lanes("log", lanes)(x), logs)
    x = np.array([nan, inf, -inf, 800.0, -800.0, 0.0])
    exps = [nan, inf, 0.0, inf, 0.0, 1.0]
    np.testing.assert_array_equal(on_lanes("exp", lanes)(x), exps)


def step(
    f: Callable[[float, np.ndarray], np.ndarray],
    jacobian: Callable[[float, np.ndarray], np.ndarray],
    slope: Callable[[float, np.ndarray], np.ndarray],
    t: float,
    y: np.ndarray,
    h: float,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the table, written as its docstring says: (new state, middle)."""
    method, stages = RODAS5P, []
    w = np.eye(len(y)) / (h * method.gamma) - jacobian(t, y)
    trial = y
    for i in range(method.stages):
        trial = y + sum(
            (a * u for a, u in zip(method.a[i], stages, strict=True)), 0 * y
        )
        right = f(t + method.alpha[i] * h, trial)
        right = right + sum(
            (c * u / h for c, u in zip(method.c[i], stages, strict=True)), 0 * y
        )
        right = right + method.time_weights[i] * h * slope(t, y)
        stages.append(np.linalg.solve(w, right))
    new = trial + stages[-1]
    k = [sum(d * u for d, u in zip(row, stages, strict=True)) for row in method.dense]
    s = 0.5
    middle = (1 - s) * y + s * (new + (1 - s) * (k[0] + s * (k[1] + s * k[2])))
    return new, middle


def errors(h: float) -> tuple[float, float]:
    """Errors at the end and in the middle of the last step of a known solution."""

    def f(t: float, y: np.ndarray) -> np.ndarray:
        return np.array([-y[0] * y[1] + np.cos(t), y[0] - y[1] * t])

    def jacobian(t: float, y: np.ndarray) -> np.ndarray:
        return np.array([[-y[1], -y[0]], [1.0, -t]])

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        return np.array([-np.sin(t), -y[1]])

    from scipy.integrate import solve_ivp

    count = round(1 / h)
    exact = solve_ivp(
        f,
        (0, 1),
        [1.0, 0.5],
        rtol=1e-13,
        atol=1e-14,
        method="DOP853",
        dense_output=True,
    ).sol
    y = np.array([1.0, 0.5])
    middle = y
    for n in range(count):
        y, middle = step(f, jacobian, slope, n * h, y, h)
    halfway = (count - 0.5) * h
    return float(abs(y - exact(1)).max()), float(abs(middle - exact(halfway)).max())


def test_order_of_the_method_and_of_its_interpolant() -> None:
    coarse, fine = errors(1 / 8), errors(1 / 16)
    end = np.log2(coarse[0] / fine[0])
    inside = np.log2(coarse[1] / fine[1])
    assert end == pytest.approx(RODAS5P.order, abs=0.4)
    assert inside > RODAS5P.error_order - 0.4


def explicit_step(
    method: RungeKutta,
    f: Callable[[float, np.ndarray], np.ndarray],
    t: float,
    y: np.ndarray,
    h: float,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the table: (new state, solution at 0.3 of the step)."""
    stages: list[np.ndarray] = []
    trial = new = y
    for i in range(method.stages):
        parts = (a * k for a, k in zip(method.a[i], stages, strict=True))
        trial = y + h * sum(parts, 0 * y)
        stages.append(f(t + method.alpha[i] * h, trial))
        new = trial if i == method.main - 1 else new
    k = [
        h * sum((d * u for d, u in zip(row, stages, strict=True)), 0 * y)
        for row in method.dense
    ]
    s, total = 0.3, 0 * y
    for term in reversed(k):
        total = term + s * total
    return new, (1 - s) * y + s * (new + (1 - s) * total)


def test_order_of_the_explicit_method_and_of_its_interpolant() -> None:
    """On y' = -y z + cos t, z' = y - z t, against the same at a tiny step."""

    def f(t: float, y: np.ndarray) -> np.ndarray:
        return np.array([-y[0] * y[1] + np.cos(t), y[0] - y[1] * t])

    method, start = dop853(), np.array([1.0, 0.5])

    def errors_at(h: float) -> tuple[float, float]:
        new, inside = explicit_step(method, f, 0.0, start, h)
        exact = [start, start]
        for k, end in enumerate((h, 0.3 * h)):
            y = start
            for n in range(32):
                y, _ = explicit_step(method, f, n * end / 32, y, end / 32)
            exact[k] = y
        return float(abs(new - exact[0]).max()), float(abs(inside - exact[1]).max())

    coarse, fine = errors_at(1.0), errors_at(0.5)
    assert np.log2(coarse[0] / fine[0]) == pytest.approx(method.order + 1, abs=0.6)
    assert np.log2(coarse[1] / fine[1]) > 7.4


def test_tables_satisfy_their_row_sums_and_weights() -> None:
    method = dop853()
    for row, when in zip(method.a, method.alpha, strict=True):
        assert sum(row) == pytest.approx(when, abs=1e-13)
    for row in method.error:  # a constant rate is integrated without error
        assert sum(row) == pytest.approx(0.0, abs=1e-14)
    assert np.abs(np.array(method.dense).sum(axis=1)).max() < 1e-12


def test_reach_of_the_explicit_method() -> None:
    """The last z on the negative axis at which |R(z)| <= 1."""
    method = dop853()
    size = method.main - 1
    a = np.zeros((size, size))
    for i in range(size):
        a[i, :i] = method.a[i]
    weights, ones = np.array(method.a[size]), np.ones(size)

    def growth(z: float) -> float:
        return float(1 + z * weights @ np.linalg.solve(np.eye(size) - z * a, ones))

    assert all(abs(growth(-z)) <= 1 for z in np.linspace(0.1, method.reach, 50))
    assert abs(growth(-1.05 * method.reach)) > 1


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_elimination_solves(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((size, size)) < 0.3, rng.normal(size=(size, size)), 0)
    matrix += np.eye(size) * 20
    pattern = [(int(i), int(j)) for i, j in zip(*np.nonzero(matrix), strict=True)]
    plan = plan_elimination(size, pattern)
    assert sorted(plan.order) == list(range(size))
    work = {(i, j): matrix[i, j] for i, j in pattern}
    b = rng.normal(size=size)
    x = b.copy()
    for k in plan.order:
        for i in plan.below[k]:
            factor = work[i, k] / work[k, k]
            x[i] -= factor * x[k]
            for j in plan.right[k]:
                work[i, j] = work.get((i, j), 0.0) - factor * work[k, j]
    for k in reversed(plan.order):
        x[k] = (x[k] - sum(work[k, j] * x[j] for j in plan.right[k])) / work[k, k]
    np.testing.assert_allclose(matrix @ x, b, rtol=1e-10, atol=1e-10)


def test_arrow_matrix_has_no_fill() -> None:
    size = 50
    arrow = [(0, i) for i in range(size)] + [(i, 0) for i in range(size)]
    plan = plan_elimination(size, arrow)
    assert plan.fill == 0
    assert sum(map(len, plan.below.values())) == size - 1
    assert sum(map(len, plan.right.values())) == size - 1


def test_fixed_parts_are_computed_once_per_subject() -> None:
    a, b, y = Symbol("a"), Symbol("b"), Symbol("y")
    rate = exp(a) * y / b
    hoisted = hoist([rate], ["a", "b"])
    assert [str(e) for e in hoisted.expressions] == ["exp(a)", "1/b"]
    names = slots(fixed=["a", "b"], state=["y"])
    block = lower([rate], names, hoisted)
    operations = [s.operation for s in block.statements]
    assert operations == ["mul", "mul"]
    assert block.statements[1].args[1] == Value("fixed", 3)


def test_python_source_is_readable() -> None:
    names = slots(state=["y"], parameter=["k"])
    source = python_source("rate", lower([-(Symbol("k") * Symbol("y"))], names))
    assert source == (
        "def rate(time, state, parameter, input):\n"
        "    v0 = parameter[0] * state[0]\n"
        "    v1 = -v0\n"
        "    return [v1]"
    )


def test_no_dangerous_fast_math() -> None:
    module = Module(8)
    add_mathematics(module)
    add_model(module, decay())
    assert not {"nnan", "ninf", "fast"} & set(module.source().split())


def test_generated_code_is_a_product() -> None:
    """The kernel of a tiny model, line by line; a change of it should be meant."""
    module = Module(4)
    add_model(module, decay())
    wanted = ("prepare", "rates", "factor", "solve", "observe")
    text = "\n\n".join(module.functions[name].source() for name in wanted) + "\n"
    assert text == (GOLDEN / "decay.ll").read_text()


def test_scalar_form_assembles_for_a_gpu() -> None:
    """The same emitter with one lane, through the compiler's NVPTX target.

    The result is assembled, not run: no device is needed.
    """
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = Module(1)
    add_mathematics(module)
    add_model(module, decay())
    source = module.source().replace("define internal", "define")
    parsed = llvm.parse_assembly(source)
    parsed.triple = "nvptx64-nvidia-cuda"
    parsed.verify()
    target = llvm.Target.from_triple("nvptx64-nvidia-cuda")
    machine = target.create_target_machine(cpu="sm_80", opt=2)
    ptx = machine.emit_assembly(parsed)
    for name in ("rates", "factor", "solve"):
        assert f".func {name}" in ptx or f"{name}(" in ptx
    assert "fma.rn.f64" in ptx
