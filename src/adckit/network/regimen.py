"""Regimens in the words of a protocol: `235 mg/m2 q3w x6 over 30 min`.

`parse_regimen` reads the text, `Regimen` is its value, `str(regimen)` is the canonical
text, which reads back to an equal value, and `Regimen.records` gives the doses of one
subject.

- Days count from 1, as in a protocol: day 1 is time 0 of the simulation.
- Doses repeat to the end of the simulation unless the text says for how long.
- `x6` counts cycles; it does not count a loading dose.
- A loading dose takes one interval of the doses that follow it, and their infusion time
  and highest dose where it states none of its own.
- A dose without an interval is given once.
- mg/kg and mg/m2 are mass of conjugate, and so is mg; nmol is amount of conjugate.
- A carrier is naked antibody given with every dose of its segment, over the same time:
  `+ carrier 8 mg/kg` on top of the dose, `+ carrier to 8 mg/kg` so much that both are
  8 mg/kg together.  It goes by its own molar mass, and the highest dose is not its.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from adckit.errors import RegimenError
from adckit.network.dosing import SAME_TIME, DoseRecord, amount_in_port
from adckit.network.regimen_segment import Segment, infusion_text
from adckit.network.regimen_text import read_protocol
from adckit.network.regimen_words import (
    Carrier,
    Extent,
    Reading,
    Written,
    days_from,
    number_text,
    time_text,
)
from adckit.units import parse_unit

__all__ = ["Carrier", "Extent", "Regimen", "Segment", "parse_regimen"]

_SHORTEST = days_from(1, "min")
"""Shortest interval that is read, in days."""
_MOST_DOSES = 100_000
"""Doses of one segment beyond which a count is a slip."""


@dataclass(frozen=True)
class Regimen:
    """The doses of a protocol; no segment is no treatment."""

    segments: tuple[Segment, ...] = ()
    surface_cap: float | None = None
    """Largest body surface, in m2, that a dose is scaled by."""
    weight_cap: float | None = None
    """Largest body weight, in kg, that a dose is scaled by."""
    allow_overlap: bool = False
    """Whether an infusion may begin before the one before it ends."""

    def __str__(self) -> str:
        parts = [" then ".join(str(segment) for segment in self.segments) or "none"]
        if self.surface_cap is not None:
            parts.append(f"BSA capped at {number_text(self.surface_cap)} m2")
        if self.weight_cap is not None:
            parts.append(f"weight capped at {number_text(self.weight_cap)} kg")
        if self.allow_overlap:
            parts.append("overlap")
        return ", ".join(parts)

    def doses(self, until: float) -> Iterator[tuple[float, Segment]]:
        """Time and segment of every dose before the day `until`, in order."""
        begins = _begins(self.segments)
        for i, segment in enumerate(self.segments):
            end = min(until, begins[i + 1] if i + 1 < len(begins) else math.inf)
            if math.isinf(min(end, begins[i] + segment.length)) and segment.interval:
                raise ValueError("doses that go on for ever need a finite `until`")
            for time in segment.doses(begins[i], end):
                yield time, segment

    def records(
        self,
        *,
        port: str,
        until: float,
        body_weight_kg: float | None = None,
        body_surface_m2: float | None = None,
        molar_mass_mg_per_nmol: float | None = None,
        port_unit: str = "nmol",
        default_duration: float = 0.0,
        carrier_port: str | None = None,
        antibody_mass_mg_per_nmol: float | None = None,
    ) -> list[DoseRecord]:
        """The doses of one subject before the day `until`, as dose records.

        Args:
            port: where the doses go in.
            until: days.
            body_weight_kg, body_surface_m2: of the subject; needed where the dose is
                scaled by them.
            molar_mass_mg_per_nmol: of the conjugate; needed where a mass goes into a
                port in nmol, or nmol into a port in mg.
            port_unit: unit of the port's amount.
            default_duration: infusion time in days where the regimen states none.
            carrier_port: where naked antibody goes in; in the unit of `port`.
            antibody_mass_mg_per_nmol: molar mass of naked antibody; needed where a mass
                of carrier goes into a port in nmol, or nmol into a port in mg.

        Raises RegimenError when one of these is needed and missing, or when infusions
        overlap and the regimen does not say that they may.
        """
        body = {
            "kg": _capped(body_weight_kg, self.weight_cap),
            "m2": _capped(body_surface_m2, self.surface_cap),
        }
        given = self._doses(body, port_unit, molar_mass_mg_per_nmol)
        clash = None if self.allow_overlap else _overlap(self, until, default_duration)
        if clash:
            raise RegimenError(f"In the regimen `{self}`: {clash[1]}")
        duration = {
            segment: default_duration if segment.infusion is None else segment.infusion
            for segment in self.segments
        }
        carrier = self._carriers(
            body, carrier_port, port_unit, antibody_mass_mg_per_nmol
        )
        records = []
        for time, segment in self.doses(until):
            records.append(DoseRecord(time, given[segment], port, duration[segment]))
            if segment in carrier:
                assert carrier_port is not None
                naked = carrier[segment]
                records.append(DoseRecord(time, naked, carrier_port, duration[segment]))
        return records

    def _doses(
        self, body: dict[str, float | None], port_unit: str, mass: float | None
    ) -> dict[Segment, float]:
        """Conjugate in each dose of every segment, in the port's unit."""
        return {
            segment: amount_in_port(
                *_absolute(segment, body),
                port_unit=port_unit,
                molar_mass_mg_per_nmol=mass,
            )
            for segment in self.segments
        }

    def _carriers(
        self,
        body: dict[str, float | None],
        port: str | None,
        port_unit: str,
        mass: float | None,
    ) -> dict[Segment, float]:
        """Naked antibody with each dose of the segments that have a carrier."""
        found = {}
        for segment in self.segments:
            carrier = segment.carrier
            if carrier is None:
                continue
            if port is None:
                raise RegimenError(
                    f"In the regimen `{self}`: the model has no port for naked "
                    "antibody. Leave the carrier out, or give a conjugate."
                )
            naked = replace(segment, amount=carrier.amount, unit=carrier.unit)
            amount, unit = _absolute(replace(naked, highest=None), body)
            if carrier.total:
                amount = max(amount - _absolute(segment, body)[0], 0.0)
            found[segment] = amount_in_port(
                amount, unit, port_unit=port_unit, molar_mass_mg_per_nmol=mass
            )
        return found


def parse_regimen(text: str, *, allow_overlap: bool = False) -> Regimen:
    """The regimen that `text` describes; see `regimen_text` for what it may say.

    Raises RegimenError, with a caret under the place, for text that cannot be read and
    for a regimen that makes no sense.
    """
    reading = read_protocol(text)
    if not reading.segments:
        return Regimen()
    segments = [_segment(written, reading) for written in reading.segments]
    for i, segment in enumerate(segments):
        follower = segments[i + 1] if i + 1 < len(segments) else None
        _check_sequence(segment, follower, reading, i)
        if segment.loading and follower is not None:
            infusion, highest = segment.infusion, segment.highest
            segments[i] = replace(
                segment,
                infusion=follower.infusion if infusion is None else infusion,
                highest=follower.highest if highest is None else highest,
            )
    regimen = Regimen(
        tuple(segments),
        reading.surface_cap,
        reading.weight_cap,
        allow_overlap or reading.overlap,
    )
    _check_times(regimen, reading)
    return regimen


def _segment(written: Written, reading: Reading) -> Segment:
    """The segment that was written, once it is known to make sense."""
    for part, problem in _segment_problems(written):
        span = written.spans.get(part, written.span)
        raise RegimenError(problem, reading.text, span)
    assert written.amount is not None
    return Segment(
        amount=written.amount,
        unit=written.unit,
        days=written.days,
        interval=written.interval,
        on_off=written.on_off,
        extent=_plain_extent(written),
        infusion=written.infusion,
        highest=written.highest,
        from_day=written.from_day,
        loading=written.loading,
        carrier=written.carrier,
    )


def _plain_extent(written: Written) -> Extent | None:
    """The extent with one dose per cycle counted in cycles; a single dose has none."""
    extent = written.extent
    if extent is None:
        return None
    one_a_cycle = len(written.days) == 1 and not written.on_off
    if extent.kind == "times" or (extent.kind == "doses" and one_a_cycle):
        return Extent("cycles", extent.value)
    return extent


def _segment_problems(written: Written) -> Iterator[tuple[str, str]]:
    """Part and problem for all that makes no sense within one segment."""
    said, interval = written.spans, written.interval
    if written.amount is None:
        yield "", "The dose is missing. Write it first, as in `3.6 mg/kg q3w`."
    if written.loading or written.once:
        kind = "loading dose" if written.loading else "dose given once"
        for part in ("interval", "on_off", "extent"):
            if part in said:
                yield part, f"A {kind} is not repeated. Put what follows after `then`."
    if interval is not None and interval < _SHORTEST:
        yield "interval", "An interval is at least one minute."
    if interval is None and not written.once:
        for part in ("days", "on_off", "extent"):
            if part in said:
                yield part, "How often? Add an interval such as q3w or qw, or `once`."
    last = written.days[-1]
    if interval is not None and last > 1 and last - 1 >= interval:
        yield (
            "days",
            f"Day {last} is outside the interval of {interval:g} days. "
            "Lengthen the interval, as in `d1-3 q3w`, or drop the day.",
        )
    yield from _carrier_problems(written)
    yield from _extent_problems(written)
    yield from _on_off_problems(written)


def _carrier_problems(written: Written) -> Iterator[tuple[str, str]]:
    carrier, dose = written.carrier, written.amount
    if carrier is None or not carrier.total or dose is None:
        return
    if carrier.unit != written.unit:
        yield "carrier", f"Write the total in {written.unit}, as the dose is."
    elif carrier.amount < dose:
        yield (
            "carrier",
            "The total is less than the dose of conjugate in it. Write a larger total, "
            "or `+ carrier` and what is given on top.",
        )


def _extent_problems(written: Written) -> Iterator[tuple[str, str]]:
    extent = written.extent
    if extent is None:
        return
    several = len(written.days) > 1 and written.interval == 7 and not written.on_off
    if extent.value <= 0:
        yield "extent", "Zero doses are no treatment: write `none`, or a count of 1."
    elif extent.kind == "times" and several:
        count = number_text(extent.value)
        yield "extent", f"Of what? Write `for {count} weeks` or `x{count} doses`."
    elif extent.kind != "days" and extent.value != int(extent.value):
        yield "extent", "A count is a whole number."


def _on_off_problems(written: Written) -> Iterator[tuple[str, str]]:
    if written.on_off is None or not written.interval:
        return
    on, cycle = written.on_off
    repeats = on / written.interval
    if not 0 < on <= cycle:
        yield "on_off", "The time on must be within the cycle, as in `3 of 4 weeks`."
    elif repeats < 1 - SAME_TIME or abs(repeats - round(repeats)) > SAME_TIME:
        yield (
            "on_off",
            f"{on:g} days on do not hold whole intervals of {written.interval:g} days. "
            "Write the days of the cycle instead, as in `d1,8 q4w`.",
        )


def _check_sequence(
    segment: Segment, follower: Segment | None, reading: Reading, i: int
) -> None:
    """Whether it is clear when the segment after this one begins."""
    span = reading.segments[i].span
    if follower is None:
        if segment.loading:
            message = "A loading dose needs doses after it. Write `once` for one dose."
            raise RegimenError(message, reading.text, span)
        return
    if follower.from_day is not None:
        return
    if segment.loading:
        regular = follower.interval and len(follower.days) == 1 and not follower.on_off
        if not regular:
            message = (
                "It is not clear when these doses begin after the loading dose. "
                "Add `from day 8` or another day."
            )
            raise RegimenError(message, reading.text, reading.segments[i + 1].span)
    elif math.isinf(segment.length):
        message = (
            "It is not clear when the next dose begins. Say how long this one goes on "
            "(x2, for 6 weeks), or add `from day 22` to the next."
        )
        raise RegimenError(message, reading.text, span)


def _check_times(regimen: Regimen, reading: Reading) -> None:
    """Whether segments follow each other and infusions end in time."""
    begins = _begins(regimen.segments)
    for i in range(1, len(begins)):
        before = regimen.segments[i - 1]
        bounded = 0.0 if math.isinf(before.length) else before.length
        if (
            begins[i] <= begins[i - 1]
            or begins[i] < begins[i - 1] + bounded - SAME_TIME
        ):
            raise RegimenError(
                f"These doses begin on day {begins[i] + 1:g}, before those in front of "
                "them end. Begin them later, or shorten what comes first.",
                reading.text,
                reading.segments[i].span,
            )
    last = regimen.segments[-1]
    repeats = math.isfinite(last.cycle)
    horizon = begins[-1] + (2 * last.cycle if repeats else last.days[-1])
    for i, segment in enumerate(regimen.segments):
        end = min([*begins, horizon][i + 1], begins[i] + segment.length)
        if (end - begins[i]) / segment.cycle * len(segment.offsets) > _MOST_DOSES:
            raise RegimenError(
                f"These are more than {_MOST_DOSES:,} doses. Write a lower count or a "
                "longer interval.",
                reading.text,
                reading.segments[i].span,
            )
    clash = None if regimen.allow_overlap else _overlap(regimen, horizon, 0.0)
    if clash:
        # A load may carry the infusion time of the doses after it.
        index = regimen.segments.index(clash[0])
        spans = reading.segments[index].spans
        span = spans.get("infusion", reading.segments[index].span)
        raise RegimenError(clash[1], reading.text, span)


def _begins(segments: tuple[Segment, ...]) -> list[float]:
    """When each segment begins, in days from the start of the simulation."""
    begins: list[float] = []
    for i, segment in enumerate(segments):
        if segment.from_day is not None:
            begins.append(segment.from_day - 1)
        elif not begins:
            begins.append(0.0)
        elif segments[i - 1].loading:
            begins.append(begins[-1] + (segment.interval or 0.0))
        else:
            begins.append(begins[-1] + segments[i - 1].length)
    return begins


def _overlap(
    regimen: Regimen, until: float, default_duration: float
) -> tuple[Segment, str] | None:
    """The first segment whose infusion runs into the next dose, and the problem."""
    before: tuple[float, Segment] | None = None
    for time, segment in regimen.doses(until):
        if before is not None:
            begun, earlier = before
            infusion = earlier.infusion
            infusion = default_duration if infusion is None else infusion
            if infusion > time - begun + SAME_TIME:
                gap = time_text(time - begun, "d", "h", "min")
                return earlier, (
                    f"Infusions overlap: one of {infusion_text(infusion)} is followed "
                    f"by the next dose after {gap}. Shorten the infusion, lengthen the "
                    "interval, or add the word `overlap`."
                )
        before = time, segment
    return None


def _capped(value: float | None, cap: float | None) -> float | None:
    return value if value is None or cap is None else min(value, cap)


def _absolute(segment: Segment, body: dict[str, float | None]) -> tuple[float, str]:
    """The dose of one subject and its unit, after scaling and the highest dose."""
    unit, _, scale = segment.unit.partition("/")
    amount = segment.amount
    if scale:
        size = body[scale]
        if size is None:
            name = "body weight" if scale == "kg" else "body surface"
            raise RegimenError(
                f"A dose in {segment.unit} needs the subject's {name}. "
                f"Give it, or write the dose in {unit}."
            )
        amount *= size
    if segment.highest is None:
        return amount, unit
    highest, cap_unit = segment.highest
    if parse_unit(cap_unit).dimension != parse_unit(unit).dimension:
        raise RegimenError(
            f"The highest dose is in {cap_unit}, the dose in {segment.unit}: "
            "write both as a mass or both as an amount of substance."
        )
    return min(
        amount, highest * parse_unit(cap_unit).factor / parse_unit(unit).factor
    ), unit
