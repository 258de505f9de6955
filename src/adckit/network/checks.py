"""Checks of a network before code is made of it.

Each check is a function `Network -> list[Issue]`; all problems are reported together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adckit.errors import Issue, ModelError, nearest_names
from adckit.network.expr import TIME, Const, Expr, Op, Symbol, postorder, symbols_in
from adckit.network.lattice import own
from adckit.network.network import Network
from adckit.units import DIMENSIONLESS, Dimension, base_dimension, parse_unit

__all__ = ["CHECKS", "check"]

_DAY = base_dimension("[time]")
_LITRE = base_dimension("[length]", 3)


def check(network: Network) -> None:
    """Raise ModelError, with every problem found, unless the network is sound."""
    issues = [issue for run in CHECKS for issue in run(network)]
    if issues:
        raise ModelError(f"Network '{network.name}' is inconsistent:", issues)


def _expressions(network: Network) -> Iterator[tuple[str, Expr]]:
    """Every expression of the network with the place where it stands."""
    for c in network.compartments:
        yield f"compartment '{c.name}'", c.volume
    for s in network.species:
        yield f"initial amount of '{s.name}'", s.initial
    for r in network.reactions:
        yield f"reaction '{r.name}'", r.rate
    for rule in network.rules:
        yield f"rule '{rule.name}'", rule.expression
    for o in network.observables:
        yield f"observable '{o.name}'", o.expression
    for event in network.events:
        yield f"trigger of event '{event.name}'", event.trigger
        for name, value in event.assignments.items():
            yield f"event '{event.name}', {name}", value
    for port in network.ports:
        for name, amount in port.amounts.items():
            yield f"port '{port.name}', {name}", amount


def names_exist(network: Network) -> list[Issue]:
    """Every symbol, species and compartment that is used is also there."""
    known = set(network.symbol_names())
    issues = []
    for where, expression in _expressions(network):
        missing = sorted(symbols_in([expression]) - known)
        issues += [Issue(where, _unknown(name, known)) for name in missing]
    species = {s.name for s in network.species} | network.neighbours().keys()
    for where, names in _species_references(network):
        issues += [
            Issue(where, _unknown(n, species)) for n in names if n not in species
        ]
    compartments = {c.name for c in network.compartments}
    for s in network.species:
        if s.compartment is not None and s.compartment not in compartments:
            where = f"species '{s.name}'"
            issues.append(Issue(where, _unknown(s.compartment, compartments)))
    return issues


def _species_references(network: Network) -> Iterator[tuple[str, list[str]]]:
    for r in network.reactions:
        yield f"reaction '{r.name}'", list(r.changes)
    for p in network.ports:
        yield f"port '{p.name}'", list(p.amounts)
    for e in network.events:
        yield f"event '{e.name}'", list(e.assignments)


def _unknown(name: str, known: set[str]) -> str:
    near = nearest_names(name, sorted(known))
    return f"'{name}' does not exist" + (f"; did you mean {near[0]}?" if near else "")


def rules_are_acyclic(network: Network) -> list[Issue]:
    """No rule depends on itself."""
    rules = {r.name: r.expression for r in network.rules}
    uses = {
        name: symbols_in([expression]) & rules.keys()
        for name, expression in rules.items()
    }
    done: set[str] = set()
    while True:
        ready = {n for n in uses if n not in done and uses[n] <= done}
        if not ready:
            break
        done |= ready
    stuck = sorted(set(rules) - done)
    if not stuck:
        return []
    what = f"depends on itself through {', '.join(stuck)}; break the circle"
    return [Issue(f"rule '{stuck[0]}'", what)]


def units_agree(network: Network) -> list[Issue]:
    """Every term of every expression has the dimension that its place asks for."""
    if names_exist(network):
        return []
    dimensions = symbol_dimensions(network)
    issues: list[Issue] = []

    def expect(where: str, expression: Expr, wanted: Dimension) -> None:
        found = _dimension(expression, dimensions, where, issues)
        if found is not None and found != wanted:
            what = f"'{_short(expression)}' has unit {found}, expected {wanted}"
            issues.append(Issue(where, what))

    for c in network.compartments:
        expect(f"compartment '{c.name}'", c.volume, _LITRE)
    for s in network.species:
        expect(f"initial amount of '{s.name}'", s.initial, dimensions[s.name])
    for r in network.reactions:
        for name in r.changes:
            expect(f"reaction '{r.name}'", r.rate, dimensions[name] / _DAY)
    for rule in network.rules:
        expect(f"rule '{rule.name}'", rule.expression, dimensions[rule.name])
    for o in network.observables:
        wanted = parse_unit(o.unit).dimension
        expect(f"observable '{o.name}'", o.expression, wanted)
    for event in network.events:
        for name, value in event.assignments.items():
            expect(f"event '{event.name}', {name}", value, dimensions[name])
    for port in network.ports:
        unit = parse_unit(port.unit).dimension
        for name, amount in port.amounts.items():
            expect(f"port '{port.name}', {name}", amount, dimensions[name] / unit)
    return list(dict.fromkeys(issues))


def symbol_dimensions(network: Network) -> dict[str, Dimension]:
    """Dimension of every name that an expression may use."""
    found = {TIME.name: _DAY}
    for group in (network.species, network.rules, network.inputs, network.parameters):
        for part in group:
            found[part.name] = parse_unit(part.unit).dimension
    for name, species in network.neighbours().items():
        found[name] = found[species.name]
    for lattice in network.lattices:
        found |= dict.fromkeys(lattice.symbols, DIMENSIONLESS)
    return found


def _short(expression: Expr, most: int = 70) -> str:
    text = str(expression)
    return text if len(text) <= most else f"{text[:most]}..."


def _dimension(
    root: Expr, known: dict[str, Dimension], where: str, issues: list[Issue]
) -> Dimension | None:
    """Dimension of an expression, or None for 0, which may have any."""
    found: dict[Expr, Dimension | None] = {}
    for node in postorder([root]):
        if isinstance(node, Const):
            found[node] = None if node.value == 0 else DIMENSIONLESS
        elif isinstance(node, Symbol):
            found[node] = known[node.name]
        elif isinstance(node, Op):
            args = [found[a] for a in node.args]
            found[node], problem = _RULES[node.name](node, args)
            if problem:
                issues.append(Issue(where, problem))
    return found[root]


_Found = tuple[Dimension | None, str]


def _agree(terms: list[tuple[Expr, Dimension | None]]) -> _Found:
    known = [(expression, found) for expression, found in terms if found is not None]
    if not known:
        return None, ""
    first, wanted = known[0]
    for other, dimension in known[1:]:
        if dimension != wanted:
            problem = (
                f"'{_short(first)}' [{wanted}] and '{_short(other)}' [{dimension}] "
                "cannot be added or compared"
            )
            return wanted, problem
    return wanted, ""


def _same(node: Op, args: list[Dimension | None]) -> _Found:
    return _agree(list(zip(node.args, args, strict=True)))


def _choice(node: Op, args: list[Dimension | None]) -> _Found:
    return _agree(list(zip(node.args[1:], args[1:], strict=True)))


def _plain(node: Op, args: list[Dimension | None]) -> _Found:
    if args[0] is not None and not args[0].dimensionless:
        text = f"{node.name} needs a number without unit, '{_short(node.args[0])}'"
        return DIMENSIONLESS, f"{text} has {args[0]}"
    return DIMENSIONLESS, ""


def _raise(node: Op, args: list[Dimension | None]) -> _Found:
    base, power = args
    exponent = node.args[1]
    if power is not None and not power.dimensionless:
        return base, f"the exponent '{_short(exponent)}' has unit {power}"
    if base is None or base.dimensionless:
        return base, ""
    if isinstance(exponent, Const):
        return base**exponent.value, ""
    problem = f"'{_short(node.args[0])}' [{base}] is raised to a power that may vary"
    return base, f"{problem}; divide it by a reference value first"


def _product(node: Op, args: list[Dimension | None]) -> _Found:
    a, b = args
    if a is None or b is None:
        return None, ""
    return (a * b if node.name == "mul" else a / b), ""


_RULES: dict[str, Callable[[Op, list[Dimension | None]], _Found]] = {
    "add": _same,
    "sub": _same,
    "max": _same,
    "min": _same,
    "mul": _product,
    "div": _product,
    "pow": _raise,
    "neg": lambda node, args: (args[0], ""),
    "exp": _plain,
    "log": _plain,
    "select": _choice,
}


def reactions_balance(network: Network) -> list[Issue]:
    """No reaction makes or loses antibody, payload or any other moiety."""
    content = {s.name: s.content for s in network.species}
    issues = []
    for reaction in network.reactions:
        for moiety in network.moieties():
            change = sum(
                amount * content.get(own(name), {}).get(moiety, 0.0)
                for name, amount in reaction.changes.items()
            )
            if abs(change) > 1e-12:
                what = (
                    f"changes {moiety} by {change:+g} per unit of flux; "
                    "send it to a ledger state or take it from one"
                )
                issues.append(Issue(f"reaction '{reaction.name}'", what))
    return issues


def ledgers_only_count(network: Network) -> list[Issue]:
    """Nothing depends on a ledger state."""
    ledgers = {s.name for s in network.species if s.ledger}
    issues = []
    for reaction in network.reactions:
        for name in sorted(symbols_in([reaction.rate]) & ledgers):
            what = f"its rate uses the ledger '{name}', which only counts"
            issues.append(Issue(f"reaction '{reaction.name}'", what))
    return issues


def lattice_is_sound(network: Network) -> list[Issue]:
    """There is one lattice at most, and what is outside does not look into it."""
    issues = []
    if len(network.lattices) > 1:
        names = " and ".join(lattice.name for lattice in network.lattices)
        issues.append(Issue("lattices", f"{names}: a network has one at most"))
    for lattice in network.lattices:
        where = f"lattice '{lattice.name}'"
        if lattice.cells < 2 or lattice.lines < 1:
            what = f"{lattice.lines} x {lattice.cells} cells; give 2 cells or more"
            issues.append(Issue(where, what))
        for name, values in lattice.tables.items():
            if len(values) != lattice.lines:
                what = f"table '{name}' has {len(values)} values for {lattice.lines}"
                issues.append(Issue(where, f"{what} lines"))
    on_lattice = {s.name for s in network.species if s.lattice}
    if on_lattice and not network.lattices:
        name = min(on_lattice)
        issues.append(Issue(f"species '{name}'", "is on a lattice that does not exist"))
    for where, changed in _species_references(network):
        outside = where.startswith(("port", "event"))
        issues += [
            Issue(where, f"cannot change '{name}', which is on the lattice")
            for name in changed
            if outside and own(name) in on_lattice
        ]
    return issues


CHECKS: tuple[Callable[[Network], list[Issue]], ...] = (
    names_exist,
    rules_are_acyclic,
    units_agree,
    reactions_balance,
    ledgers_only_count,
    lattice_is_sound,
)
