"""Where conjugate is: an antibody pool with the payload it carries.

    species form    X_n, n = 0..N        antibody with n payloads                [nmol]
        deconjugation  X_n -> X_{n-1} + payload   at kd_n
    moment form     b_j = sum_n C(n, j) X_n      j = 0..N                        [nmol]
        b_0 is antibody, b_1 the payload it carries
        deconjugation  b_j disappears at j kdec; b_1 gives the payload
        antibody without payload  X_0 = sum_j (-1)^j b_j

Whatever per-capita rate moves or destroys antibody, the same rate moves or destroys
what it carries: so every b_j moves alike, and the moment form is exact when each
payload leaves on its own (kd_n = n kdec) and nothing else depends on n.  The b_j are
the factorial moments over j!, which keeps them of one size.  Moments above 1 serve
only the assay of conjugate (antibody with at least one payload), so a pool from which
no antibody returns to plasma does without them: it is a `pair`, in either form.

The mechanisms speak of pools; which form a pool has is decided in `chain.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from adckit.errors import Issue, ModelError
from adckit.network.expr import ZERO, Expr, Symbol, as_expr
from adckit.network.parts import Reaction, Species

__all__ = ["ANTIBODY", "ANTIGEN", "PAYLOAD", "Law", "Pool", "Rate"]

ANTIBODY, PAYLOAD, ANTIGEN = "antibody", "payload", "antigen"
"""The conserved moieties, as they stand in `Species.content`."""

Law = Callable[[int], Expr]
"""Rate at which an antibody with n payloads loses one of them [1/day]."""

Rate = Expr | Law
"""A per-capita rate [1/day]; one for each n where it depends on the load."""

_NOTHING: Mapping[str, float] = {}


@dataclass(frozen=True)
class Pool:
    """Conjugate in one place; all states in nmol."""

    name: str
    label: str
    form: str
    """`moments` or `species`."""
    order: int
    """Largest n or j that has a state."""
    compartment: str | None = None
    antigen: int = 0
    """Antigens that each antibody holds."""
    pair: bool = False
    """Only antibody and payload are known, not how many antibodies are naked."""

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states, by n or j."""
        return tuple(f"{self.name}_{self._suffix(i)}" for i in range(self.order + 1))

    def _suffix(self, index: int) -> str:
        if self.form == "species":
            return f"dar_{index}"
        return (ANTIBODY, PAYLOAD)[index] if index < 2 else f"moment_{index}"

    def species(self) -> Iterator[Species]:
        """The states as parts of a network, empty at the start."""
        for index, state in enumerate(self.states):
            antibody, payload = self.content(index)
            content = {
                ANTIBODY: antibody,
                PAYLOAD: payload,
                ANTIGEN: antibody * self.antigen,
            }
            yield Species(
                state,
                compartment=self.compartment,
                content={moiety: held for moiety, held in content.items() if held},
                label=f"{self.label}: {self._meaning(index)}",
            )

    def content(self, index: int) -> tuple[float, float]:
        """Antibody and payload in one unit of a state."""
        if self.form == "species":
            return 1.0, float(index)
        return float(index == 0), float(index == 1)

    def _meaning(self, index: int) -> str:
        if self.form == "species":
            return f"antibody with {index} payload{'' if index == 1 else 's'}"
        named = ("antibody", "payload on the antibody")
        return named[index] if index < 2 else f"moment {index} of the load"

    @property
    def antibody(self) -> Expr:
        """Antibody, with and without payload, nmol."""
        return self._sum(lambda index: self.content(index)[0])

    @property
    def payload(self) -> Expr:
        """Payload on the antibody, nmol."""
        return self._sum(lambda index: self.content(index)[1])

    @property
    def conjugated(self) -> Expr:
        """Antibody with at least one payload, nmol.

        Raises ModelError for a pair, which does not know it.
        """
        if self.pair:
            what = "a pair does not know its conjugate; use its antibody"
            raise ModelError("Not an output:", [Issue(f"pool '{self.name}'", what)])
        if self.form == "species":
            return self._sum(lambda n: float(n > 0))
        return self._sum(lambda j: (-1.0) ** (j + 1) if j else 0.0)

    def _sum(self, weight: Callable[[int], float]) -> Expr:
        total: Expr = ZERO
        for index, state in enumerate(self.states):
            total = total + Symbol(state) * weight(index)
        return total

    def dose(self, fractions: tuple[float, ...]) -> dict[str, Expr]:
        """What one nmol of antibody, `fractions` of it with n payloads, adds."""
        amounts = fractions if self.form == "species" else _moments(fractions)
        padded = [*amounts, *[0.0] * (self.order + 1 - len(amounts))]
        return {
            state: as_expr(amount)
            for state, amount in zip(self.states, padded, strict=True)
            if amount
        }

    def move(
        self,
        name: str,
        target: Pool,
        rate: Rate,
        also: Mapping[str, float] = _NOTHING,
        reference: str = "",
    ) -> Iterator[Reaction]:
        """Antibody goes to another pool and takes its payload along.

        `also` is what else each antibody changes, such as a free receptor it leaves.

        Raises ModelError when `target` needs to know more than this pool does.
        """
        if self.pair and not target.pair:
            what = f"cannot fill '{target.name}': the load of its antibody is not known"
            raise ModelError("Not a move:", [Issue(f"pool '{self.name}'", what)])
        for index in range(self.order + 1):
            arrives = target._arrival(self, index)
            yield from self._leave(name, index, rate, arrives, also, reference)

    def lose(
        self,
        name: str,
        rate: Rate,
        antibody_to: str,
        payload_to: Mapping[str, Expr],
        also: Mapping[str, float] = _NOTHING,
        reference: str = "",
    ) -> Iterator[Reaction]:
        """Antibody is destroyed; its payload goes on without it.

        `payload_to` shares the payload out: state -> share, the shares sum to 1.
        """
        for index in range(self.order + 1):
            antibody, payload = self.content(index)
            gone = {antibody_to: antibody} if antibody else {}
            if not payload:
                yield from self._leave(name, index, rate, gone, also, reference)
                continue
            for state, share in payload_to.items():
                shared = _times(rate, share)
                label = name if len(payload_to) == 1 else f"{name}_to_{state}"
                arrives = {**gone, state: payload}
                yield from self._leave(label, index, shared, arrives, also, reference)

    def release(
        self, name: str, law: Law, payload_to: str, reference: str = ""
    ) -> Iterator[Reaction]:
        """Antibody loses payloads one by one and stays where it is.

        In the moment form only the laws n kdec are exact, and there the rate of b_j
        is that of an antibody with j payloads.
        """
        for index in range(1, self.order + 1):
            arrives = {payload_to: 1.0} if self._releases(index) else {}
            if self.form == "species":
                arrives[self.states[index - 1]] = 1.0
            yield from self._leave(name, index, law, arrives, _NOTHING, reference)

    def _releases(self, index: int) -> bool:
        return self.form == "species" or index == 1

    def _arrival(self, source: Pool, index: int) -> dict[str, float]:
        """What one unit of state `index` of `source` becomes here."""
        if self.form == source.form:
            return {self.states[index]: 1.0} if index <= self.order else {}
        antibody, payload = source.content(index)
        held = zip(self.states, (antibody, payload), strict=True)
        return {state: amount for state, amount in held if amount}

    def _leave(
        self,
        name: str,
        index: int,
        rate: Rate,
        arrives: Mapping[str, float],
        also: Mapping[str, float],
        reference: str,
    ) -> Iterator[Reaction]:
        """The flux out of one state, unless its rate is zero."""
        per_capita = rate if isinstance(rate, Expr) else rate(index)
        if per_capita is ZERO:
            return
        state = self.states[index]
        once = also if self.content(index)[0] else _NOTHING
        changes = {state: -1.0, **arrives, **once}
        flux = per_capita * Symbol(state)
        yield Reaction(f"{name}_{self._suffix(index)}", flux, changes, reference)


def _times(rate: Rate, share: Expr) -> Rate:
    if isinstance(rate, Expr):
        return rate * share
    return lambda n: rate(n) * share


def _moments(fractions: tuple[float, ...]) -> list[float]:
    """Binomial moments b_j = sum_n C(n, j) f_n of a distribution of loads."""
    return [
        math.fsum(math.comb(n, j) * f for n, f in enumerate(fractions))
        for j in range(len(fractions))
    ]
