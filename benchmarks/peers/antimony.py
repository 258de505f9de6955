"""A case as an SBML model, for libRoadRunner and AMICI.

States become variables with rate rules.  Infusion rates are constants that the caller
changes between segments, or that events change where the tool has only events.  A
subexpression that is used more than once becomes an assignment rule.
"""

from __future__ import annotations

from adckit.codegen.lower import Value, lower, slots
from adckit.network.expr import TIME
from benchmarks.case import Case
from benchmarks.writers import ANTIMONY, statements

__all__ = ["antimony_text", "input_name", "output_name", "sbml_text", "state_name"]


def state_name(index: int) -> str:
    """Name of a state in the exported model; the case's own might be reserved."""
    return f"y{index}"


def input_name(index: int) -> str:
    """Name of an infusion rate in the exported model."""
    return f"u{index}"


def output_name(index: int) -> str:
    """Name of an output in the exported model."""
    return f"o{index}"


def _name(value: Value) -> str:
    letter = {"state": "y", "parameter": "p", "input": "u"}.get(value.array)
    return f"{letter}{value.index}" if letter else "time"


def antimony_text(case: Case, *, events: bool) -> str:
    """The model as Antimony; with `events` it carries its own doses."""
    system = case.system
    names = slots(
        state=system.states,
        parameter=case.varied,
        input=system.inputs,
        time=[TIME.name],
    )
    block = lower(case.folded([*system.rates, *system.observed]), names)
    lines, results = statements(block, ANTIMONY, _name)
    count = len(system.states)
    lines += [f"{state_name(i)}' = {text};" for i, text in enumerate(results[:count])]
    lines += [f"{output_name(i)} := {t};" for i, t in enumerate(results[count:])]
    start = case.initial + case.segments[0].bolus if events else case.initial
    lines += [f"{state_name(i)} = {float(v)!r};" for i, v in enumerate(start)]
    typical = [case.typical[name] for name in case.varied]
    lines += [f"p{i} = {value!r};" for i, value in enumerate(typical)]
    first = case.segments[0].inputs if events else [0.0] * len(system.inputs)
    lines += [f"u{i} = {float(value)!r};" for i, value in enumerate(first)]
    if events:
        lines += _events(case)
    return "\n".join(["model exported", *(f"  {line}" for line in lines), "end", ""])


def _events(case: Case) -> list[str]:
    """One event for each later segment: new infusion rates and added amounts."""
    lines = []
    for number, segment in enumerate(case.segments):
        changes = [f"u{i} = {float(v)!r}" for i, v in enumerate(segment.inputs)]
        changes += [
            f"y{i} = y{i} + {float(v)!r}" for i, v in enumerate(segment.bolus) if v
        ]
        if number and changes:
            at = f"at time >= {segment.start!r}"
            lines.append(f"E{number}: {at}: {', '.join(changes)};")
    return lines


def sbml_text(case: Case, *, events: bool) -> str:
    """The model as SBML.  Raises ValueError with the converter's message."""
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(antimony_text(case, events=events)) < 0:
        raise ValueError(antimony.getLastError())
    return str(antimony.getSBMLString("exported"))
