"""The words of a protocol: what they mean, how they are split, how they are written."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from adckit.errors import RegimenError

Span = tuple[int, int]
"""First character and one past the last, in the text of the regimen."""

TIME_UNITS: dict[str, tuple[int, int]] = {
    "w": (7, 1),
    "d": (1, 1),
    "h": (1, 24),
    "min": (1, 1440),
}
"""Unit of time → its length in days as a fraction, so that 8 h is exactly 8/24."""

_SPELLINGS = {
    "w": ("w", "wk", "wks", "week", "weeks"),
    "d": ("d", "day", "days"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "min": ("min", "mins", "minute", "minutes"),
}
TIME_WORDS = {word: unit for unit, words in _SPELLINGS.items() for word in words}
"""Word → unit of time."""

INTERVALS = {
    "qd": 1.0,
    "daily": 1.0,
    "qod": 2.0,
    "qw": 7.0,
    "weekly": 7.0,
    "bid": 1 / 2,
    "tid": 1 / 3,
}
"""Word → days from one dose to the next."""

DAYS_IN_WEEK = {
    1: (1,),
    2: (1, 4),
    3: (1, 3, 5),
    4: (1, 2, 4, 5),
    5: (1, 2, 3, 4, 5),
    6: (1, 2, 3, 4, 5, 6),
    7: (1, 2, 3, 4, 5, 6, 7),
}
"""Doses per week → the days of the week: three times weekly is Mon, Wed, Fri."""

ADVICE = {
    "biweekly": "It means twice a week or every two weeks: write 2x/week or q2w.",
    **dict.fromkeys(
        ("monthly", "qm", "month", "months", "mo"),
        "A month has no fixed length: write q4w, or a number of weeks or days.",
    ),
    **dict.fromkeys(
        ("iv", "sc", "po", "ip", "im", "oral", "intravenous"),
        "The route is the model's port, not part of the regimen; leave it out.",
    ),
    **dict.fromkeys(
        ("week", "weeks", "w"),
        "Say what the weeks mean: for 12 weeks, 3 of 4 weeks, q3w, 2 weeks off.",
    ),
}
"""A word that a protocol may hold but a regimen may not → what to write instead."""

_NUMBERS = {
    word: float(number)
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        start=1,
    )
}


def days_from(value: float, unit: str) -> float:
    """`value` weeks, days, hours or minutes (`w`, `d`, `h`, `min`) in days."""
    over, under = TIME_UNITS[unit]
    return value * over / under


def number_text(value: float) -> str:
    """`value` as short as it can be written and still read back the same."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def time_text(days: float, *units: str) -> str:
    """`days` in the first of `units` that holds it as a whole number."""
    for unit in units:
        over, under = TIME_UNITS[unit]
        whole = round(days * under / over)
        if whole and days_from(whole, unit) == days:
            return f"{whole} {unit}"
    return f"{number_text(days)} d"


def days_text(days: tuple[int, ...]) -> str:
    """`d1-3` or `d1,8`."""
    if len(days) > 2 and days == tuple(range(days[0], days[-1] + 1)):
        return f"d{days[0]}-{days[-1]}"
    return "d" + ",".join(str(day) for day in days)


@dataclass(frozen=True)
class Token:
    """A number, word or sign, and where it stands."""

    kind: str
    """`number`, `word`, `symbol` or `end`."""
    text: str
    start: int
    end: int
    value: float = math.nan

    @property
    def word(self) -> str:
        """The text in lower case."""
        return self.text.lower()


_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)"
    r"|(?P<word>m\^?[2\u00b2](?!\d)|[a-z\u00b5\u03bc\u00d7]+)"
    r"|(?P<symbol>[/,;&+\u2013-])"
    r"|(?P<space>[\s()]+)",
    re.IGNORECASE,
)
_PLAIN = str.maketrans(
    {
        "\u00b2": "2",  # superscript two
        "^": "",
        "\u00b5": "u",  # micro sign
        "\u03bc": "u",  # Greek mu
        "\u00d7": "x",  # multiplication sign
        "\u2013": "-",  # en dash
    }
)


def tokens_of(text: str) -> list[Token]:
    """The tokens of a regimen, ending with one of kind `end`."""
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RegimenError(
                f"A regimen has no place for '{text[at]}'. "
                "Write it like `235 mg/m2 q3w x6`.",
                text,
                (at, at + 1),
            )
        kind, word = str(match.lastgroup), match[0].translate(_PLAIN)
        at = match.end()
        if kind == "space":
            continue
        value = math.nan
        if kind == "number":
            value = float(word)
        elif word.lower() in _NUMBERS:
            kind, value = "number", _NUMBERS[word.lower()]
        tokens.append(Token(kind, word, match.start(), at, value))
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


@dataclass(frozen=True)
class Extent:
    """How long a segment goes on: a number of cycles, of doses or of days."""

    kind: str
    """`cycles`, `doses`, `days`; or `times` while it is open what `x6` counts."""
    value: float


@dataclass(frozen=True)
class Carrier:
    """Naked antibody that is given together with a dose of conjugate."""

    amount: float
    unit: str
    total: bool = False
    """Whether `amount` counts the conjugate of the dose too."""

    def __str__(self) -> str:
        to = "to " if self.total else ""
        return f"carrier {to}{number_text(self.amount)} {self.unit}"


@dataclass
class Written:
    """One segment as it was written; `spans` tells where each part stands."""

    amount: float | None = None
    unit: str = ""
    loading: bool = False
    once: bool = False
    days: tuple[int, ...] = (1,)
    interval: float | None = None
    on_off: tuple[float, float] | None = None
    extent: Extent | None = None
    infusion: float | None = None
    highest: tuple[float, str] | None = None
    from_day: float | None = None
    carrier: Carrier | None = None
    spans: dict[str, Span] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        """From the first to the last character of the segment."""
        starts, ends = zip(*self.spans.values(), strict=True)
        return min(starts), max(ends)


@dataclass
class Reading:
    """A whole regimen as it was written; times in days."""

    text: str
    segments: list[Written] = field(default_factory=list)
    surface_cap: float | None = None
    weight_cap: float | None = None
    overlap: bool = False
