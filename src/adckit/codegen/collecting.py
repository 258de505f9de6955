"""Sums of fluxes as sums over states: (a + b + c) x instead of a x + b x + c x.

Networks write a rate as one term per flux.  Many of them move the same state, and most
of their factors are the same for all loads of an antibody; collected, each factor is
computed once, and a state enters a rate with one product.  The Jacobian becomes the
factors themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from adckit.network.expr import ONE, ZERO, Expr, Op, Symbol, symbols_in
from adckit.network.lattice import inner, outer
from adckit.network.system import OdeSystem

__all__ = ["collected", "collected_system"]


def collected_system(system: OdeSystem) -> OdeSystem:
    """The same system, its rates collected."""
    fixed = system.parameters
    rates = collected(system.rates, system.states, fixed)
    cells = system.cells
    if cells is None:
        return replace(system, rates=rates)
    inside = [Symbol(name) for name in cells.states]
    neighbours = (f(x).name for x in inside for f in (inner, outer))
    states = {*cells.states, *cells.shared, *neighbours}
    fixed = (*fixed, *cells.lattice.symbols)
    cells = replace(
        cells,
        rates=collected(cells.rates, states, fixed),
        to_shared=collected(cells.to_shared, states, fixed),
        first_rates=collected(cells.first_rates, states, fixed),
        first_to_shared=collected(cells.first_to_shared, states, fixed),
    )
    return replace(system, rates=rates, cells=cells)


def collected(
    roots: Iterable[Expr], states: Collection[str], fixed: Collection[str]
) -> tuple[Expr, ...]:
    """The same values, with one factor for each state that a term is a multiple of.

    Of a factor, what depends on `fixed` symbols alone is summed apart, after the rest:
    the rest is often the same in many rates, and the fixed part is computed only once.
    """
    collector = _Collector(frozenset(states), frozenset(fixed))
    return tuple(collector.rewritten(root) for root in roots)


class _Collector:
    def __init__(self, states: frozenset[str], fixed: frozenset[str]) -> None:
        self.states, self.fixed = states, fixed
        self._split: dict[Expr, tuple[Expr, Expr] | None] = {}
        self._is_fixed: dict[Expr, bool] = {}

    def rewritten(self, root: Expr) -> Expr:
        """A term that is alone with its state stays as it is.

        It is often the same flux in another rate, and what flows in and out cancels
        exactly then: a system at rest stays at rest.
        """
        alike: dict[Expr, list[tuple[bool, Expr]]] = {}
        for negative, term in _terms(root):
            found = self._factor(term)
            alike.setdefault(found[1] if found else term, []).append((negative, term))
        total: Expr = ZERO
        for state, terms in alike.items():
            if len(terms) > 1 and self._factor(terms[0][1]):
                total = total + self._sum(terms) * state
                continue
            for negative, term in terms:
                total = total - term if negative else total + term
        return total

    def _sum(self, terms: list[tuple[bool, Expr]]) -> Expr:
        """The common factor of terms of the same state."""
        parts = []
        for negative, term in terms:
            found = self._factor(term)
            assert found is not None
            parts.append(-found[0] if negative else found[0])
        changing = [part for part in parts if not self._depends_on_fixed_alone(part)]
        fixed = [part for part in parts if self._depends_on_fixed_alone(part)]
        return _summed(changing) + _summed(fixed)

    def _depends_on_fixed_alone(self, part: Expr) -> bool:
        if part not in self._is_fixed:
            self._is_fixed[part] = symbols_in([part]) <= self.fixed
        return self._is_fixed[part]

    def _factor(self, term: Expr) -> tuple[Expr, Expr] | None:
        """(factor, state) if the term is a multiple of a state, the last one named."""
        if term not in self._split:
            self._split[term] = self._taken_out(term)
        return self._split[term]

    def _taken_out(self, term: Expr) -> tuple[Expr, Expr] | None:
        if isinstance(term, Symbol):
            return (ONE, term) if term.name in self.states else None
        if not isinstance(term, Op):
            return None
        if term.name == "neg" and (found := self._factor(term.args[0])):
            return -found[0], found[1]
        if term.name == "mul":
            a, b = term.args
            if found := self._factor(b):
                return a * found[0], found[1]
            if found := self._factor(a):
                return found[0] * b, found[1]
        if term.name == "div" and (found := self._factor(term.args[0])):
            return found[0] / term.args[1], found[1]
        return None


def _terms(root: Expr) -> list[tuple[bool, Expr]]:
    """(is subtracted, term) of a sum, in order."""
    terms: list[tuple[bool, Expr]] = []
    stack = [(False, root)]
    while stack:
        negative, node = stack.pop()
        if isinstance(node, Op) and node.name in ("add", "sub"):
            a, b = node.args
            stack += [(negative ^ (node.name == "sub"), b), (negative, a)]
        elif isinstance(node, Op) and node.name == "neg":
            stack.append((not negative, node.args[0]))
        else:
            terms.append((negative, node))
    return terms


def _summed(parts: list[Expr]) -> Expr:
    total: Expr = ZERO
    for part in parts:
        total = total + part
    return total
