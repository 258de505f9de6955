"""A small builder of LLVM IR text in which a number is a vector of subjects.

With `lanes` = 8 a real number is `<8 x double>`, a truth value `<8 x i1>`; with 1 both
are scalars.  The same code therefore serves every width.  Control flow is structured:
`loop`, `when` and `until` open blocks that Python's `with` closes.

No fast-math flag but `contract` is ever written: with `nnan` a NaN passes an error test
and is returned as an answer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

__all__ = ["Function", "Module", "Reg"]


class Reg(NamedTuple):
    """A typed value of the IR: register or literal."""

    type: str
    text: str

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


class Module:
    """Functions and declarations of one compilation unit."""

    def __init__(self, lanes: int, bits: int = 64) -> None:
        self.lanes = lanes
        self.real = f"<{lanes} x double>" if lanes > 1 else "double"
        self.whole = f"<{lanes} x i64>" if lanes > 1 else "i64"
        self.truth = f"<{lanes} x i1>" if lanes > 1 else "i1"
        self.suffix = f"v{lanes}f64" if lanes > 1 else "f64"
        self.align = bits // 8 * lanes
        self.functions: dict[str, Function] = {}
        self.declared: dict[str, str] = {}

    def function(
        self, name: str, args: str, result: str = "void", linkage: str = "internal "
    ) -> Function:
        """Start a function; `args` is a list such as `ptr noalias %y, i64 %n`."""
        made = Function(self, name, args, result, linkage)
        self.functions[name] = made
        return made

    def declare(self, name: str, signature: str) -> None:
        """Declare an external function or intrinsic once."""
        self.declared[name] = f"declare {signature}"

    def whole_numbers(self, name: str, values: Sequence[int]) -> None:
        """A constant table of i64 that code can index as `@name`."""
        numbers = [*values] or [0]
        items = ", ".join(f"i64 {value}" for value in numbers)
        kind = f"[{len(numbers)} x i64]"
        self.declared[name] = f"@{name} = internal constant {kind} [{items}]"

    def constant(self, number: float) -> Reg:
        """The same number in every lane, exact to the bit."""
        bits = struct.unpack("<Q", struct.pack("<d", float(number)))[0]
        return self._splat(self.real, "double", f"0x{bits:016X}")

    def integer(self, number: int) -> Reg:
        """The same integer in every lane."""
        return self._splat(self.whole, "i64", str(number))

    def _splat(self, kind: str, element: str, text: str) -> Reg:
        if self.lanes == 1:
            return Reg(kind, text)
        return Reg(kind, f"<{', '.join([f'{element} {text}'] * self.lanes)}>")

    def source(self) -> str:
        """The whole module as text."""
        functions = [f.source() for f in self.functions.values()]
        return "\n\n".join([*functions, *self.declared.values()]) + "\n"


class Function:
    """One function being written, line by line."""

    def __init__(
        self, module: Module, name: str, args: str, result: str, linkage: str
    ) -> None:
        self.module, self.name = module, name
        self.head = f"define {linkage}{result} @{name}({args}) nounwind"
        self.attributes = ""
        self.lines: list[str] = []
        self.entry: list[str] = []
        self.count = 0

    def source(self) -> str:
        body = "\n".join(["entry:", *self.entry, *self.lines])
        return f"{self.head}{self.attributes} {{\n{body}\n}}"

    # -- the bare minimum ------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def name_of(self, kind: str = "v") -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def give(self, kind: str, text: str) -> Reg:
        """A new register holding the result of an instruction."""
        register = Reg(kind, f"%{self.name_of()}")
        self.line(f"{register.text} = {text}")
        return register

    def call(self, result: str, name: str, *args: Reg) -> Reg:
        text = f"call {result} @{name}({', '.join(map(str, args))})"
        if result == "void":
            self.line(text)
            return Reg("void", "")
        return self.give(result, text)

    def arg(self, name: str, kind: str = "ptr") -> Reg:
        return Reg(kind, f"%{name}")

    # -- arithmetic ------------------------------------------------------------------

    def add(self, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"fadd contract {a}, {b.text}")

    def sub(self, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"fsub contract {a}, {b.text}")

    def mul(self, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"fmul contract {a}, {b.text}")

    def div(self, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"fdiv {a}, {b.text}")

    def neg(self, a: Reg) -> Reg:
        return self.give(a.type, f"fneg {a}")

    def fma(self, a: Reg, b: Reg, c: Reg) -> Reg:
        """a b + c, rounded once."""
        return self._intrinsic("fma", a, b, c)

    def absolute(self, a: Reg) -> Reg:
        return self._intrinsic("fabs", a)

    def root(self, a: Reg) -> Reg:
        """The square root."""
        return self._intrinsic("sqrt", a)

    def _intrinsic(self, name: str, *args: Reg) -> Reg:
        kind = args[0].type
        suffix = self.module.suffix if kind == self.module.real else "f64"
        full = f"llvm.{name}.{suffix}"
        self.module.declare(full, f"{kind} @{full}({', '.join([kind] * len(args))})")
        return self.call(kind, full, *args)

    def compare(self, relation: str, a: Reg, b: Reg) -> Reg:
        """`relation` is an ordered comparison such as `ogt`: false for NaN."""
        truth = self.module.truth if a.type == self.module.real else "i1"
        return self.give(truth, f"fcmp {relation} {a}, {b.text}")

    def compare_whole(self, relation: str, a: Reg, b: Reg) -> Reg:
        truth = self.module.truth if a.type == self.module.whole else "i1"
        return self.give(truth, f"icmp {relation} {a}, {b.text}")

    def select(self, mask: Reg, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"select {mask}, {a}, {b}")

    def larger(self, a: Reg, b: Reg) -> Reg:
        """The larger of two; NaN if `a` is NaN."""
        return self.select(self.compare("olt", a, b), b, a)

    def smaller(self, a: Reg, b: Reg) -> Reg:
        """The smaller of two; NaN if `a` is NaN."""
        return self.select(self.compare("ogt", a, b), b, a)

    def both(self, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"and {a}, {b.text}")

    def either(self, a: Reg, b: Reg) -> Reg:
        return self.give(a.type, f"or {a}, {b.text}")

    def inverse(self, a: Reg) -> Reg:
        ones = "true" if self.module.lanes == 1 or a.type == "i1" else self._ones()
        return self.give(a.type, f"xor {a}, {ones}")

    def _ones(self) -> str:
        return f"<{', '.join(['i1 true'] * self.module.lanes)}>"

    def whole(self, operation: str, a: Reg, b: Reg | int) -> Reg:
        """An integer operation such as `add`, `shl`."""
        text = b.text if isinstance(b, Reg) else str(b)
        return self.give(a.type, f"{operation} {a}, {text}")

    def cast(self, a: Reg, kind: str, how: str = "bitcast") -> Reg:
        return self.give(kind, f"{how} {a} to {kind}")

    def spread(self, number: Reg) -> Reg:
        """One double in every lane."""
        real, count = self.module.real, self.module.lanes
        if count == 1:
            return number
        one = self.give(real, f"insertelement {real} poison, {number}, i64 0")
        zeros = f"<{count} x i32> zeroinitializer"
        return self.give(real, f"shufflevector {one}, {real} poison, {zeros}")

    def any(self, mask: Reg) -> Reg:
        """Whether any lane is true, as i1."""
        if self.module.lanes == 1:
            return mask
        name = f"llvm.vector.reduce.or.v{self.module.lanes}i1"
        self.module.declare(name, f"i1 @{name}({mask.type})")
        return self.call("i1", name, mask)

    # -- memory ----------------------------------------------------------------------

    def at(self, base: Reg, index: Reg | int, kind: str | None = None) -> Reg:
        """Address of element `index`; elements are of `kind` (default: real)."""
        text = str(index) if isinstance(index, Reg) else f"i64 {index}"
        return self.give(
            "ptr", f"getelementptr inbounds {kind or self.module.real}, {base}, {text}"
        )

    def load(self, base: Reg, index: Reg | int = 0, kind: str | None = None) -> Reg:
        kind = kind or self.module.real
        place = self.at(base, index, kind)
        return self.give(kind, f"load {kind}, {place}{self._aligned(kind)}")

    def store(self, value: Reg, base: Reg, index: Reg | int = 0) -> None:
        place = self.at(base, index, value.type)
        self.line(f"store {value}, {place}{self._aligned(value.type)}")

    def _aligned(self, kind: str) -> str:
        wide = kind in (self.module.real, self.module.whole)
        return f", align {self.module.align}" if wide else ""

    def variable(self, kind: str, start: Reg) -> Reg:
        """A local variable, as a pointer; the optimiser keeps it in a register."""
        pointer = Reg("ptr", f"%{self.name_of('slot')}")
        self.entry.append(f"  {pointer.text} = alloca {kind}")
        self.line(f"store {start}, {pointer}")
        return pointer

    def get(self, variable: Reg, kind: str) -> Reg:
        return self.give(kind, f"load {kind}, {variable}")

    def put(self, value: Reg, variable: Reg) -> None:
        self.line(f"store {value}, {variable}")

    # -- control ---------------------------------------------------------------------

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def jump(self, name: str) -> None:
        self.line(f"br label %{name}")

    def branch(self, condition: Reg, yes: str, no: str) -> None:
        self.line(f"br {condition}, label %{yes}, label %{no}")

    @contextmanager
    def loop(self, count: Reg | int) -> Iterator[Reg]:
        """Repeat for i = 0 .. count - 1; the block is given i (i64)."""
        limit = count if isinstance(count, Reg) else Reg("i64", str(count))
        counter = self.variable("i64", Reg("i64", "0"))
        with self.until(
            lambda: self.compare_whole("slt", self.get(counter, "i64"), limit)
        ):
            i = self.get(counter, "i64")
            yield i
            self.put(self.whole("add", i, 1), counter)

    @contextmanager
    def until(self, going_on: Callable[[], Reg]) -> Iterator[None]:
        """Repeat while `going_on`, tested before each round, is true."""
        name = self.name_of("loop")
        self.jump(f"{name}.test")
        self.label(f"{name}.test")
        self.branch(going_on(), f"{name}.body", f"{name}.end")
        self.label(f"{name}.body")
        yield
        self.jump(f"{name}.test")
        self.label(f"{name}.end")

    @contextmanager
    def when(self, condition: Reg) -> Iterator[None]:
        """Do the block only if `condition` (i1) is true."""
        name = self.name_of("when")
        self.branch(condition, f"{name}.then", f"{name}.end")
        self.label(f"{name}.then")
        yield
        self.jump(f"{name}.end")
        self.label(f"{name}.end")

    def done(self, value: Reg | None = None) -> None:
        """Return."""
        self.line(f"ret {value}" if value else "ret void")
