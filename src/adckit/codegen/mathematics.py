"""exp, log and pow on lanes, as plain arithmetic.

A call of the scalar mathematics library would stop vectorisation, so the functions are
written out: reduction to a small interval, a polynomial, and reconstruction through the
bits of the number.  One definition serves every CPU and the GPU.  Tests hold the error
below 2 units in the last place against arbitrary precision; of powers, for exponents
up to 20.

`pow` needs the logarithm to more than double precision, because its error is multiplied
by the exponent; the logarithm is therefore computed as an unevaluated sum of two
numbers, and `log` is its rounded sum.
"""

from __future__ import annotations

import math

from adckit.codegen.emitter import Function, Module, Reg

__all__ = ["add_mathematics"]

_MAGIC = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the integer in the low bits
_LN2_HIGH = 6.93147180369123816490e-01  # 32 bits, so that k * high is exact
_LN2_LOW = 1.90821492927058770002e-10
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_LARGEST = 709.782712893384
_SMALLEST = -708.3964185322641  # below lie the denormals, which are flushed to 0
_TINIEST = 2.2250738585072014e-308

# Polynomials through Chebyshev's points, hence with fewer terms than Taylor's.
_EXP = (  # (exp(r) - 1 - r)/r**2 for |r| <= log(2)/2
    0.5000000000000001,
    0.16666666666666669,
    0.041666666666623824,
    0.008333333333330039,
    0.0013888888917367081,
    0.00019841269863171557,
    2.4801521057868204e-05,
    2.7557268276905696e-06,
    2.7620201591031547e-07,
    2.5100472505694996e-08,
)
_LOG = (  # (log((1 + s)/(1 - s)) - 2 s)/s**3 as a function of s**2, |s| <= 0.1716
    0.6666666666666666,
    0.4000000000000088,
    0.2857142857080323,
    0.2222222239180047,
    0.18181795630884753,
    0.15386240205813478,
    0.13268759668560612,
    0.13086767009948175,
)


def add_mathematics(module: Module) -> None:
    """Add @exp, @log and @pow on the module's lanes."""
    _add_exp_of_sum(module)
    _add_log_pair(module)
    real = module.real
    f = module.function("exp", f"{real} %x", real)
    x = f.arg("x", real)
    f.done(f.call(real, "exp_of_sum", x, module.constant(0.0)))
    f = module.function("log", f"{real} %x", real)
    _write_log(f)
    f = module.function("pow", f"{real} %x, {real} %y", real)
    _write_pow(f)
    for name in ("exp", "log", "pow", "exp_of_sum"):
        module.functions[name].attributes = " memory(none)"


def _add_exp_of_sum(module: Module) -> None:
    """exp(x + small), where `small` is far below one unit in the last place of x."""
    f = module.function(
        "exp_of_sum", f"{module.real} %x, {module.real} %small", module.real
    )
    c = module.constant
    x, small = f.arg("x", module.real), f.arg("small", module.real)
    over, under = f.compare("ogt", x, c(_LARGEST)), f.compare("olt", x, c(_SMALLEST))
    safe = f.select(over, c(0.0), f.select(under, c(0.0), x))
    shifted = f.fma(safe, c(1 / math.log(2)), c(_MAGIC))
    k = _exact_sub(f, shifted, c(_MAGIC))
    r = f.fma(f.neg(k), c(_LN2_HIGH), safe)
    r = f.add(f.fma(f.neg(k), c(_LN2_LOW), r), small)
    p = _polynomial(f, _EXP, r)
    # 1 + (r + r**2 p): the small part is added last, so that one rounding remains
    value = f.add(c(1.0), f.fma(f.mul(r, r), p, r))
    bits = f.whole(
        "sub", f.cast(shifted, module.whole), f.cast(c(_MAGIC), module.whole)
    )
    half = f.whole("ashr", bits, module.integer(1))
    for part in (half, f.whole("sub", bits, half)):
        value = f.mul(value, _power_of_two(f, part))
    value = f.select(over, c(math.inf), value)
    f.done(f.select(under, c(0.0), value))


def _polynomial(f: Function, coefficients: tuple[float, ...], x: Reg) -> Reg:
    """sum of c_n x**n in pairs (Estrin): a shorter chain than Horner's."""
    terms = [f.module.constant(number) for number in coefficients]
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        joined = [f.fma(high, x, low) for low, high in pairs]
        if len(terms) % 2:
            joined.append(terms[-1])
        terms, x = joined, f.mul(x, x)
    return terms[0]


def _power_of_two(f: Function, k: Reg) -> Reg:
    biased = f.whole("add", k, f.module.integer(1023))
    return f.cast(f.whole("shl", biased, f.module.integer(52)), f.module.real)


def _exact_sub(f: Function, a: Reg, b: Reg) -> Reg:
    """a - b without `contract`, where a trick depends on the rounding."""
    return f.give(a.type, f"fsub {a}, {b.text}")


def _exact_add(f: Function, a: Reg, b: Reg) -> Reg:
    return f.give(a.type, f"fadd {a}, {b.text}")


def _exact_mul(f: Function, a: Reg, b: Reg) -> Reg:
    return f.give(a.type, f"fmul {a}, {b.text}")


def _add_log_pair(module: Module) -> None:
    """log(x) for normal x > 0 as high + low; `low` goes through a pointer.

    x = 2**k m and log m = 2 s + s**3 P(s**2) with s = (m - 1)/(m + 1).  The cubic term
    is a hundredth of the first, so its rounding errors are a hundredth of a unit in the
    last place; only s needs to be known to more than double precision.
    """
    f = module.function("log_pair", f"{module.real} %x, ptr %low", module.real)
    c, integer = module.constant, module.integer
    bits = f.cast(f.arg("x", module.real), module.whole)
    offset = f.whole("sub", bits, integer(_SQRT_HALF_BITS))
    e = f.whole("ashr", offset, integer(52))
    mantissa = f.whole("sub", bits, f.whole("shl", e, integer(52)))
    m = f.cast(mantissa, module.real)
    magic_bits = f.cast(c(_MAGIC), module.whole)
    k = _exact_sub(f, f.cast(f.whole("add", e, magic_bits), module.real), c(_MAGIC))
    # s as high + low; m - 1 is exact
    top, bottom = _exact_sub(f, m, c(1.0)), _exact_add(f, m, c(1.0))
    bottom_low = _exact_sub(f, m, _exact_sub(f, bottom, c(1.0)))
    inverse = f.div(c(1.0), bottom)
    s = _exact_mul(f, top, inverse)
    rest = f.fma(f.neg(s), bottom_low, f.fma(f.neg(s), bottom, top))
    s_low = _exact_mul(f, rest, inverse)
    z = f.mul(s, s)
    cubic = f.mul(f.mul(s, z), _polynomial(f, _LOG, z))
    low = f.fma(c(2.0), s_low, f.fma(k, c(_LN2_LOW), cubic))
    high, lost = _two_sum(f, f.mul(k, c(_LN2_HIGH)), f.mul(c(2.0), s))
    low = f.add(low, lost)
    total = _exact_add(f, high, low)
    f.store(_exact_sub(f, low, _exact_sub(f, total, high)), f.arg("low"))
    f.done(total)


def _two_sum(f: Function, a: Reg, b: Reg) -> tuple[Reg, Reg]:
    """a + b as rounded sum and exact error (Knuth)."""
    total = _exact_add(f, a, b)
    back = _exact_sub(f, total, a)
    error_a = _exact_sub(f, a, _exact_sub(f, total, back))
    return total, _exact_add(f, error_a, _exact_sub(f, b, back))


def _write_log(f: Function) -> None:
    c, x = f.module.constant, f.arg("x", f.module.real)
    low = f.variable(f.module.real, c(0.0))
    normal = f.compare("oge", x, c(_TINIEST))
    safe = f.select(normal, x, c(1.0))
    value = f.call(f.module.real, "log_pair", safe, low)
    value = f.select(normal, value, c(math.nan))
    zero = f.both(f.compare("oge", x, c(0.0)), f.inverse(normal))
    value = f.select(zero, c(-math.inf), value)
    infinite = f.compare("oeq", x, c(math.inf))
    f.done(f.select(infinite, c(math.inf), value))


def _write_pow(f: Function) -> None:
    """max(x, 0) ** y; 0 ** 0 is 1."""
    c, real = f.module.constant, f.module.real
    x, y = f.arg("x", real), f.arg("y", real)
    low = f.variable(real, c(0.0))
    normal = f.compare("oge", x, c(_TINIEST))
    safe = f.select(normal, x, c(1.0))
    high = f.call(real, "log_pair", safe, low)
    product = _exact_mul(f, high, y)
    small = f.fma(high, y, f.neg(product))
    small = f.fma(f.get(low, real), y, small)
    finite = f.compare("olt", f.absolute(product), c(1e300))
    small = f.select(finite, small, c(0.0))
    value = f.call(real, "exp_of_sum", product, small)
    at_zero = f.select(f.compare("olt", y, c(0.0)), c(math.inf), c(0.0))
    at_zero = f.select(f.compare("oeq", y, c(0.0)), c(1.0), at_zero)
    value = f.select(normal, value, at_zero)
    undefined = f.either(
        f.inverse(f.compare("oeq", x, x)), f.inverse(f.compare("oeq", y, y))
    )
    f.done(f.select(undefined, c(math.nan), value))
