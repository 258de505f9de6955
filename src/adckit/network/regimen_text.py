"""What a protocol says about dosing, read word by word.

    regimen = "none" | segment {("then" | ";") segment}
    segment = clause {[","] clause}            one dose, and when it is given
    clause  = 235 mg/m2 | 400 mg load | d1-3 | d1,8 | q3w | weekly | 3x/week
            | 3 of 4 weeks | 3 weeks on, 1 week off | then 2 weeks off | once
            | x6 | 6 cycles | x10 doses | for 12 weeks | from day 8 | after 7 days
            | over 90 min | bolus | max 400 mg
            | BSA capped at 2.0 m2 | weight capped at 100 kg | overlap
            | + carrier 8 mg/kg | with carrier to 8 mg/kg

The clauses of a segment come in any order.  A load ends its own segment, so the dose
that follows it needs no "then".  This module says what was written and where it stands
in the text; `regimen` decides whether it makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from adckit.errors import RegimenError, UnitError, nearest_names
from adckit.network.regimen_tokens import TokenReader
from adckit.network.regimen_words import (
    ADVICE,
    DAYS_IN_WEEK,
    INTERVALS,
    TIME_WORDS,
    Carrier,
    Extent,
    Reading,
    Token,
    Written,
    days_from,
)
from adckit.units import parse_unit

_AMOUNTS = ("g", "mg", "ug", "mcg", "ng", "umol", "nmol", "pmol", "fmol")
_AMOUNT_UNITS = frozenset(_AMOUNTS)
_COMMON_UNITS = ("mg", "mg/kg", "mg/m2", "nmol")
_DOSE_UNITS = frozenset(a + scale for a in _AMOUNTS for scale in ("", "/kg", "/m2"))
_COUNTED = {"cycle": "cycles", "cycles": "cycles", "dose": "doses", "doses": "doses"}


def read_protocol(text: str) -> Reading:
    """What `text` says.  Raises RegimenError, with a caret, where it says nothing."""
    return _Parser(re.sub(r"\s", " ", text)).read()


def _is_unit(text: str) -> bool:
    try:
        parse_unit(text)
    except UnitError:
        return False
    return True


class _Parser(TokenReader):
    """Recursive descent over the tokens, one method per kind of clause."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.reading = Reading(text)
        self.segment = Written()

    def read(self) -> Reading:
        if self.take("none") and self.peek().kind == "end":
            return self.reading
        while self.peek().kind != "end":
            separator = self.take("then", ";", ",")
            if separator is None:
                self.clause()
            elif separator.text != "," and not self.at_rest():
                self.close(separator)
        self.close(self.peek())
        return self.reading

    def clause(self) -> None:
        token = self.peek()
        handler = _CLAUSES.get(token.word)
        if token.kind == "number":
            self.number_clause()
        elif token.text == "-" and self.peek(1).kind == "number":
            self.number("dose")
        elif handler is not None:
            handler(self, self.next())
        else:
            self.unknown(token)

    def close(self, at: Token) -> None:
        """End the segment that is being read."""
        if not self.segment.spans:
            self.fail("A dose is missing here. Write it like `3.6 mg/kg q3w`.", at)
        self.reading.segments.append(self.segment)
        self.segment = Written()

    def number_clause(self) -> None:
        first = self.peek()
        value = self.number("amount")
        word = self.peek().word
        if word in ("x", "times"):
            self.next()
            self.times_per(first, value)
        elif word in ("of", "out"):
            self.on_of(first, value)
        elif word in _COUNTED:
            self.next()
            self.put("extent", Extent(_COUNTED[word], value), first)
        elif self.time_ahead():
            self.time_clause(first, value)
        else:
            self.dose(first, value)

    def dose(self, first: Token, value: float) -> None:
        if self.segment.amount is not None:
            if not self.segment.loading:
                self.fail(
                    "This is a second dose. Join doses that follow each other with "
                    "`then`; write a loading dose as `8 mg/kg load, 6 mg/kg q3w`.",
                    first,
                )
            self.close(first)
        unit = self.unit(_DOSE_UNITS, "a dose")
        self.put("amount", value, first)
        self.segment.unit = unit

    def unit(self, known: frozenset[str], what: str) -> str:
        """The unit that stands here; it must be one of `known`."""
        first = self.next()
        text = first.text
        if first.kind != "word" or first.word in _CLAUSES:
            self.fail("A unit is missing here. Write mg/kg, mg/m2, mg or nmol.", first)
        while self.take("/"):
            text += "/" + self.expect_word().text
        spelling = text if text in known else text.lower()
        if spelling not in known:
            common = ", ".join(unit for unit in _COMMON_UNITS if unit in known)
            near = nearest_names(text, known, count=1)
            if _is_unit(text):
                message = f"'{text}' is not a unit of {what}. Write {common}."
            elif near:
                message = f"There is no unit '{text}'. Did you mean {near[0]}?"
            else:
                message = f"There is no unit '{text}'. Write {common}."
            self.fail(message, first, self.last())
        return spelling

    def times_per(self, first: Token, count: float) -> None:
        """After `3x`: `/week`, `per day`, `a week`, `weekly`, `daily`."""
        unit = {"weekly": "w", "daily": "d"}.get(self.peek().word)
        if unit is None:
            joined = self.take("/", "per", "a", "each", "every")
            unit = TIME_WORDS.get(self.peek().word) if joined else None
        if unit not in ("w", "d"):
            self.fail(
                "Times per what? Write 3x/week, 2x/day or x6.", first, self.peek()
            )
        self.next()
        if unit == "d":
            if count < 1:
                self.fail("A count is 1 or more.", first)
            self.put("interval", 1 / count, first)
        elif count not in DAYS_IN_WEEK:
            self.fail("Doses per week go from 1 to 7. Write 2x/day, q12h ...", first)
        else:
            self.put("interval", 7.0, first)
            self.segment.days = DAYS_IN_WEEK[int(count)]
            self.segment.spans["days"] = self.segment.spans["interval"]

    def on_of(self, first: Token, on: float) -> None:
        """`3 of 4 weeks`, `3 out of every 4 weeks`, `14 of 21 days`."""
        self.take("out")
        self.expect("of")
        self.take("every", "each")
        cycle = self.number("length of the cycle")
        unit = self.time_unit()
        self.put("on_off", (days_from(on, unit), days_from(cycle, unit)), first)

    def time_clause(self, first: Token, value: float) -> None:
        """After a number: a unit of time, and the word that says what it is for."""
        length = days_from(value, self.time_unit())
        role = self.take("off", "rest", "on", "infusion", "cycle", "cycles")
        if role is None:
            self.fail(
                "What is this time? Write over 90 min, for 12 weeks, q3w, 2 weeks off "
                "or 3 of 4 weeks.",
                first,
                self.tokens[self.at - 1],
            )
        if role.text in ("off", "rest"):
            self.rest(first, length)
        elif role.text == "on":
            self.take(",", "/", "and", "then")
            off = self.time("time off")
            self.expect("off", "rest")
            self.put("on_off", (length, length + off), first)
        elif role.text == "infusion":
            self.put("infusion", length, first)
        else:
            self.put("interval", length, first)

    def rest(self, first: Token, off: float) -> None:
        """`weekly x4, 2 weeks off`: the count said how long a cycle is dosed."""
        extent, interval = self.segment.extent, self.segment.interval
        if extent is None or interval is None:
            self.fail(
                "A rest needs to know how long dosing goes before it. Write "
                "`weekly x4 then 2 weeks off` or `3 weeks on, 1 week off`.",
                first,
                self.tokens[self.at - 1],
            )
        each = {"days": 1.0, "cycles": interval, "times": interval}
        each["doses"] = interval / len(self.segment.days)
        if extent.kind == "times" and interval == 7 and len(self.segment.days) > 1:
            self.fail("How long before the rest? Write `3 of 4 weeks`.", first)
        on = extent.value * each[extent.kind]
        self.segment.extent = None
        del self.segment.spans["extent"]
        self.put("on_off", (on, on + off), first)

    def at_rest(self) -> bool:
        """Whether `2 weeks off` stands here: a rest, not a new segment."""
        words = [self.peek(i).word for i in range(3)]
        timed = self.peek().kind == "number" and words[1] in TIME_WORDS
        return timed and words[2] in ("off", "rest")

    def named_interval(self, word: Token) -> None:
        self.put("interval", INTERVALS[word.word], word)

    def every(self, word: Token) -> None:
        """`q3w`, `every 3 weeks`, `every other week`, `of a 28-day cycle`."""
        count = 1.0
        if self.take("other"):
            count = 2.0
        else:
            self.take("a", "an", "each", "every")
            if self.peek().kind != "word":
                count = self.number("interval")
        self.take("-")
        self.put("interval", days_from(count, self.time_unit()), word)
        self.take("cycle", "cycles")

    def once(self, word: Token) -> None:
        """`once`, `single dose`; or the first word of `once weekly`, `once q3w`."""
        following = self.peek().word
        if following in ("a", "per", "/", "each", "weekly", "daily"):
            self.times_per(word, 1.0)
        elif following not in ("every", "q", *INTERVALS):
            self.take("dose")
            self.put("once", True, word)

    def often(self, word: Token) -> None:
        self.times_per(word, 2.0 if word.word == "twice" else 3.0)

    def on_days(self, word: Token) -> None:
        """`d1`, `d1-3`, `d1,8,15`, `days 1, 8 and 15`."""
        days: list[int] = []
        more = True
        while more:
            days += self.day_range()
            more = self.day_ahead()
            while more and self.peek().kind != "number":
                self.next()
        if sorted(set(days)) != days:
            self.fail("Write the days in order, each once.", word, self.last())
        self.put("days", tuple(days), word)

    def on(self, word: Token) -> None:
        """`on days 1, 8 and 15`."""
        self.on_days(self.expect("days", "day", "d"))

    def day_range(self) -> list[int]:
        first = self.whole("day")
        last = self.whole("day") if self.take("-", "to") else first
        if first < 1:
            self.fail("The first day is day 1. Write d1 for it.", self.last())
        return list(range(first, last + 1))

    def day_ahead(self) -> bool:
        """Whether the list of days goes on: a comma and a number without a unit."""
        if self.peek().word not in (",", "and", "&"):
            return False
        ahead = 2 if self.peek(1).word in ("and", "d", "day") else 1
        following, later = self.peek(ahead + 1), self.peek(ahead + 2)
        if self.peek(ahead).kind != "number":
            return False
        if following.text == "-" or following.word == "x":
            return later.kind == "number"
        if following.word == "of":
            return later.kind != "number"
        if following.word in TIME_WORDS:
            return False
        listed = following.word in ("and", "to", "then")
        return following.kind != "word" or listed or following.word in _CLAUSES

    def count(self, word: Token) -> None:
        value = self.number("count")
        counted = self.take("dose", "doses", "cycle", "cycles")
        kind = _COUNTED[counted.word] if counted else "times"
        self.put("extent", Extent(kind, value), word)

    def duration(self, word: Token) -> None:
        value = self.number("duration")
        self.take("-")
        counted = self.take("dose", "doses", "cycle", "cycles")
        if counted is not None:
            self.put("extent", Extent(_COUNTED[counted.word], value), word)
        else:
            length = days_from(value, self.time_unit())
            self.put("extent", Extent("days", length), word)

    def over(self, word: Token) -> None:
        if word.word != "over":
            self.expect("over")
        self.put("infusion", self.time("infusion time"), word)

    def bolus(self, word: Token) -> None:
        self.put("infusion", 0.0, word)

    def highest(self, word: Token) -> None:
        self.take("dose")
        self.take("at", "of")
        value = self.number("highest dose")
        unit = self.unit(_AMOUNT_UNITS, "an absolute dose")
        self.put("highest", (value, unit), word)

    def body_cap(self, word: Token) -> None:
        self.take("capped", "cap", "max", "maximum", "limited")
        self.take("at", "to", "of")
        value = self.number("cap")
        if value <= 0:
            self.fail("A cap must be above zero.", self.last())
        name = "surface_cap" if word.word == "bsa" else "weight_cap"
        self.expect("m2" if word.word == "bsa" else "kg")
        if getattr(self.reading, name) is not None:
            self.fail("The regimen says this cap twice. Keep one.", word, self.last())
        setattr(self.reading, name, value)

    def start(self, word: Token) -> None:
        """`from day 8`, `starting on d8`, `from week 2`, `after 7 days`."""
        if word.word == "after":
            self.put("from_day", 1.0 + self.time("time"), word)
            return
        self.take("from", "on", "at")
        weeks = self.expect("day", "d", "week", "w").word in ("week", "w")
        value = self.number("day")
        if value < 1:
            self.fail("The first day is day 1. Write from day 1 or later.", self.last())
        self.put("from_day", 1.0 + 7.0 * (value - 1.0) if weeks else value, word)

    def load(self, word: Token) -> None:
        self.take("dose")
        self.take("of")
        self.put("loading", True, word)

    def plus(self, word: Token) -> None:
        """`+ carrier 8 mg/kg`, `with carrier 8 mg/kg`."""
        following = self.take("carrier")
        if following is None:
            self.fail(
                "With what? Naked antibody beside the conjugate is written "
                "`+ carrier 8 mg/kg`.",
                word,
                self.peek(),
            )
        self.carrier(following)

    def carrier(self, word: Token) -> None:
        """`carrier 8 mg/kg` on top of the dose, `carrier to 8 mg/kg` with it."""
        self.take("antibody")
        total = self.take("to") is not None
        amount = self.number("dose of carrier")
        unit = self.unit(_DOSE_UNITS, "a dose")
        if self.segment.amount is None:
            self.fail(
                "A carrier goes with a dose of conjugate. Write that first, as in "
                "`3.6 mg/kg q3w + carrier 8 mg/kg`.",
                word,
                self.last(),
            )
        self.put("carrier", Carrier(amount, unit, total), word)

    def overlap(self, word: Token) -> None:
        self.reading.overlap = True

    def expect_word(self) -> Token:
        token = self.next()
        if token.kind != "word" or token.word in _CLAUSES:
            self.fail("A unit is missing here. Write mg/kg or mg/m2.", token)
        return token

    def put(self, name: str, value: object, first: Token) -> None:
        """Set one part of the segment, which may be said only once."""
        span = (first.start, self.last().end)
        if name in self.segment.spans:
            raise RegimenError(
                f"The segment says its {_PART_NAMES[name]} twice. Keep one, or begin "
                "a new segment with `then`.",
                self.reading.text,
                span,
            )
        self.segment.spans[name] = span
        setattr(self.segment, name, value)

    def unknown(self, token: Token) -> NoReturn:
        word = token.word
        near = nearest_names(word, _CLAUSES, count=1)
        hint = f"Did you mean '{near[0]}'?" if near else "Write it like `3 mg/kg q3w`."
        if word in _AMOUNTS:
            hint = "A unit comes after its number, as in `3 mg/kg`."
        hint = ADVICE.get(word, hint)
        self.fail(f"A regimen has no word '{token.text}'. {hint}", token)


_PART_NAMES = {
    "amount": "dose",
    "loading": "loading dose",
    "once": "number of doses",
    "days": "days",
    "interval": "interval",
    "on_off": "weeks on and off",
    "extent": "length",
    "infusion": "infusion time",
    "highest": "highest dose",
    "from_day": "start",
    "carrier": "carrier",
}

_Handler = Callable[[_Parser, Token], None]
_CLAUSES: dict[str, _Handler] = {
    **dict.fromkeys(INTERVALS, _Parser.named_interval),
    **dict.fromkeys(("q", "every", "of", "in"), _Parser.every),
    **dict.fromkeys(("once", "single"), _Parser.once),
    **dict.fromkeys(("twice", "thrice"), _Parser.often),
    **dict.fromkeys(("d", "day", "days"), _Parser.on_days),
    "x": _Parser.count,
    "for": _Parser.duration,
    "on": _Parser.on,
    **dict.fromkeys(("over", "infused", "infusion"), _Parser.over),
    "bolus": _Parser.bolus,
    **dict.fromkeys(("max", "maximum", "cap", "capped"), _Parser.highest),
    **dict.fromkeys(("bsa", "weight"), _Parser.body_cap),
    **dict.fromkeys(("from", "starting", "after"), _Parser.start),
    **dict.fromkeys(("load", "loading"), _Parser.load),
    "overlap": _Parser.overlap,
    "carrier": _Parser.carrier,
    **dict.fromkeys(("+", "with"), _Parser.plus),
}
"""First word of a clause → the method that reads it."""
