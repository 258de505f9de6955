"""One dose of a regimen and the pattern in which it is repeated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from adckit.network.dosing import SAME_TIME
from adckit.network.regimen_words import (
    DAYS_IN_WEEK,
    Carrier,
    Extent,
    days_text,
    number_text,
    time_text,
)


@dataclass(frozen=True)
class Segment:
    """One dose and when it is given; times in days."""

    amount: float
    unit: str
    """Unit of the dose, with body weight or surface where the dose is scaled by it."""
    days: tuple[int, ...] = (1,)
    """Days of each interval on which a dose is given, the first being 1."""
    interval: float | None = None
    """None for a dose that is given once."""
    on_off: tuple[float, float] | None = None
    """Days of dosing, and days of the cycle that they begin."""
    extent: Extent | None = None
    """None goes on to the next segment or to the end of the simulation."""
    infusion: float | None = None
    """0 for a bolus, None where the protocol does not say."""
    highest: tuple[float, str] | None = None
    """The largest absolute dose and its unit."""
    from_day: float | None = None
    """First day, counted from 1; None follows on from the segment before."""
    loading: bool = False
    carrier: Carrier | None = None
    """Naked antibody given with every dose, at its time and over its infusion time."""

    @property
    def cycle(self) -> float:
        """Days after which the pattern of doses repeats; infinite for one dose."""
        if self.interval is None:
            return math.inf
        return self.on_off[1] if self.on_off else self.interval

    @property
    def offsets(self) -> tuple[float, ...]:
        """Days from the start of a cycle to each of its doses."""
        interval = self.interval or 0.0
        repeats = round(self.on_off[0] / interval) if self.on_off else 1
        return tuple(i * interval + d - 1 for i in range(repeats) for d in self.days)

    @property
    def length(self) -> float:
        """Days that the segment takes; infinite where it has no end of its own."""
        if self.extent is None:
            return math.inf
        if self.extent.kind == "days":
            return self.extent.value
        count = self.extent.value
        if self.extent.kind == "doses":
            count = math.ceil(count / len(self.offsets))
        return count * self.cycle

    def doses(self, begin: float, end: float) -> Iterator[float]:
        """Times of the doses of a segment that begins at `begin`, before `end`."""
        most = math.inf
        if self.extent is not None and self.extent.kind == "doses":
            most = self.extent.value
        end = min(end, begin + self.length) - SAME_TIME
        given = cycle = 0
        offsets = self.offsets
        while given < most:
            time = begin + offsets[given % len(offsets)]
            if cycle:
                time += cycle * self.cycle
            if time >= end:
                return
            yield time
            given += 1
            if given % len(offsets) == 0:
                cycle += 1
                if self.interval is None:
                    return

    def __str__(self) -> str:
        dose = f"{number_text(self.amount)} {self.unit}"
        parts = [" ".join([dose, *_pattern(self)])]
        if self.on_off:
            parts.append(_on_off(self.on_off))
        parts[-1] += _extent(self)
        if self.carrier is not None:
            parts[-1] += f" + {self.carrier}"
        if self.infusion is not None:
            over = f"over {infusion_text(self.infusion)}"
            parts.append(over if self.infusion else "bolus")
        if self.highest:
            parts.append(f"max {number_text(self.highest[0])} {self.highest[1]}")
        if self.from_day is not None:
            parts.append(f"from day {number_text(self.from_day)}")
        return ", ".join(parts)


def infusion_text(days: float) -> str:
    """An infusion time as a protocol writes it: 90 min, 24 h, 3 d."""
    order = ("h", "min", "d") if days < 2 else ("d", "h", "min")
    return time_text(days, *order)


def _pattern(segment: Segment) -> list[str]:
    """How often: `q3w`, `3x/week`, `d1,8 q3w`, `once`, `load`."""
    if segment.interval is None:
        once = ["load" if segment.loading else "once"]
        return once if segment.days == (1,) else [days_text(segment.days), *once]
    per_week = [n for n, days in DAYS_IN_WEEK.items() if days == segment.days and n > 1]
    if segment.interval == 7 and per_week:
        return [f"{per_week[0]}x/week"]
    every = "q" + time_text(segment.interval, "w", "d", "h", "min").replace(" ", "")
    every = {"q1w": "qw", "q1d": "qd"}.get(every, every)
    return [every] if segment.days == (1,) else [days_text(segment.days), every]


def _on_off(on_off: tuple[float, float]) -> str:
    weeks = [time_text(days, "w").removesuffix(" w") for days in on_off]
    if all(text.isdigit() for text in weeks):
        return f"{weeks[0]} of {weeks[1]} weeks"
    return f"{number_text(on_off[0])} of {number_text(on_off[1])} days"


def _extent(segment: Segment) -> str:
    if segment.extent is None:
        return ""
    kind, value = segment.extent.kind, segment.extent.value
    if kind == "days":
        text = time_text(value, "w", "d", "h", "min")
        return f" for {'1 week' if text == '1 w' else text.replace('w', 'weeks')}"
    weekly = len(segment.days) > 1 and segment.interval == 7 and not segment.on_off
    unclear = weekly or kind == "doses"
    return f" x{number_text(value)}{f' {kind}' if unclear else ''}"
