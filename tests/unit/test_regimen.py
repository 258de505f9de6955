"""Regimens read from the words of a protocol."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import RegimenError
from adckit.network.regimen import Extent, Regimen, Segment, parse_regimen


def times(text: str, until: float = 30.0) -> list[float]:
    return [time for time, _ in parse_regimen(text).doses(until)]


@pytest.mark.parametrize(
    ("text", "canonical", "expected"),
    [
        ("235 mg/m2 q3w x6", "235 mg/m2 q3w x6", [0, 21]),
        ("3.6 mg/kg q21d", "3.6 mg/kg q3w", [0, 21]),
        ("1 mg q4w", "1 mg q4w", [0, 28]),
        ("1 mg q2w", "1 mg q2w", [0, 14, 28]),
        ("2.4 mg/kg qw", "2.4 mg/kg qw", [0, 7, 14, 21, 28]),
        ("1 mg qw x2", "1 mg qw x2", [0, 7]),
        ("1 mg q10d", "1 mg q10d", [0, 10, 20]),
        (
            "45 mg/m2 3x/week, 3 of 4 weeks",
            "45 mg/m2 3x/week, 3 of 4 weeks",
            [0, 2, 4, 7, 9, 11, 14, 16, 18, 28],
        ),
        (
            "22 mg/m2 three times weekly for 1 week",
            "22 mg/m2 3x/week for 1 week",
            [0, 2, 4],
        ),
        ("1 mg thrice weekly x4 doses", "1 mg 3x/week x4 doses", [0, 2, 4, 7]),
        ("1 mg twice a week x1 cycle", "1 mg 2x/week x1 cycles", [0, 3]),
        ("60 mg/m2 d1-3 q21d", "60 mg/m2 d1-3 q3w", [0, 1, 2, 21, 22, 23]),
        ("60 mg/m2 d1,8 q3w", "60 mg/m2 d1,8 q3w", [0, 7, 21, 28]),
        (
            "60 mg/m2 on days 1, 8 and 15 of a 28-day cycle",
            "60 mg/m2 d1,8,15 q4w",
            [0, 7, 14, 28],
        ),
        ("1 mg d1,8 21-day cycle, 2 cycles", "1 mg d1,8 q3w x2", [0, 7, 21, 28]),
        ("1 mg qw for 3 doses", "1 mg qw x3", [0, 7, 14]),
        (
            "1 mg d1, 2 weeks on, 1 week off, qw",
            "1 mg qw, 2 of 3 weeks",
            [0, 7, 21, 28],
        ),
        ("1 mg d8, q3w x1", "1 mg d8 q3w x1", [7]),
        ("60 mg/m2 d1, d8 q3w x1", "60 mg/m2 d1,8 q3w x1", [0, 7]),
        ("60 mg/m2 d1 and 8 every 3 weeks", "60 mg/m2 d1,8 q3w", [0, 7, 21, 28]),
        ("1 mg d1, 3 of 4 weeks qw", "1 mg qw, 3 of 4 weeks", [0, 7, 14, 28]),
        ("1 mg d1,8 x 2 q2w", "1 mg d1,8 q2w x2", [0, 7, 14, 21]),
        ("3 mg/kg once", "3 mg/kg once", [0]),
        ("3 mg/kg", "3 mg/kg once", [0]),
        ("3 mg/kg single dose", "3 mg/kg once", [0]),
        ("3 mg/kg d8 once", "3 mg/kg d8 once", [7]),
        ("3 mg/kg once weekly x2", "3 mg/kg qw x2", [0, 7]),
        ("3 mg/kg once every 3 weeks", "3 mg/kg q3w", [0, 21]),
        ("3 mg/kg once q3w", "3 mg/kg q3w", [0, 21]),
        ("3 mg/kg every other week", "3 mg/kg q2w", [0, 14, 28]),
        ("400 mg load then 250 mg qw x2", "400 mg load then 250 mg qw x2", [0, 7, 14]),
        (
            "8 mg/kg load, 6 mg/kg q3w",
            "8 mg/kg load then 6 mg/kg q3w",
            [0, 21],
        ),
        (
            "loading dose of 8 mg/kg, then 6 mg/kg q3w from day 15",
            "8 mg/kg load then 6 mg/kg q3w, from day 15",
            [0, 14],
        ),
        (
            "1 mg weekly x4 then 2 weeks off",
            "1 mg qw, 4 of 6 weeks",
            [0, 7, 14, 21],
        ),
        (
            "1 mg weekly for 2 weeks, 2 weeks off, x1",
            "1 mg qw, 2 of 4 weeks x1",
            [0, 7],
        ),
        ("1 mg 2 weeks on, 1 week off, qw", "1 mg qw, 2 of 3 weeks", [0, 7, 21, 28]),
        ("1 mg q2d, 4 of 10 days", "1 mg q2d, 4 of 10 days", [0, 2, 10, 12, 20, 22]),
        ("1 mg q3w for 3 weeks", "1 mg q3w for 3 weeks", [0]),
        ("1 mg q3w from day 7", "1 mg q3w, from day 7", [6, 27]),
        ("1 mg q3w after 7 days", "1 mg q3w, from day 8", [7, 28]),
        ("1 mg q3w starting from week 2", "1 mg q3w, from day 8", [7, 28]),
        (
            "1 mg qw x1 then 2 mg qw x1 then 3 mg q2w",
            "1 mg qw x1 then 2 mg qw x1 then 3 mg q2w",
            [0, 7, 14, 28],
        ),
        (
            "1 mg qw then 2 mg qw x1 from day 22",
            "1 mg qw then 2 mg qw x1, from day 22",
            [0, 7, 14, 21],
        ),
        ("235 MG/M² Q3W \u00d76 (max 400 mg)", "235 mg/m2 q3w x6, max 400 mg", [0, 21]),
        ("none", "none", []),
        ("0 mg/kg q3w", "0 mg/kg q3w", [0, 21]),
    ],
)
def test_reads_protocols(text: str, canonical: str, expected: list[float]) -> None:
    regimen = parse_regimen(text)
    assert str(regimen) == canonical
    assert parse_regimen(canonical) == regimen
    assert times(text) == expected


@pytest.mark.parametrize(
    ("text", "interval"),
    [("q12h", 0.5), ("bid", 0.5), ("qd", 1), ("daily", 1), ("2x/day", 0.5), ("qod", 2)],
)
def test_short_intervals(text: str, interval: float) -> None:
    assert times(f"1 mg {text}", until=4) == [
        interval * i for i in range(round(4 / interval))
    ]


def test_dose_times_do_not_drift() -> None:
    """Every dose is counted from the start, so a thousand 8 h end on a whole day."""
    assert times("1 mg q8h", until=1001)[3000] == 1000


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("over 90 min", 90 / 1440),
        ("over 0.5 h", 0.5 / 24),
        ("90-min infusion", 90 / 1440),
        ("bolus", 0.0),
        ("", 0.25),
    ],
)
def test_infusion_time(text: str, days: float) -> None:
    regimen = parse_regimen(f"3 mg q3w {text}")
    (record,) = regimen.records(
        port="plasma", until=20, port_unit="mg", default_duration=0.25
    )
    assert record.duration == days


def test_a_load_is_infused_as_what_follows() -> None:
    load, doses = parse_regimen("8 mg load, 6 mg q3w over 1 h max 7 mg").segments
    assert (load.infusion, load.highest) == (doses.infusion, doses.highest)
    load, doses = parse_regimen("8 mg load over 2 h, 6 mg q3w over 1 h").segments
    assert (load.infusion, doses.infusion) == (2 / 24, 1 / 24)


def amounts(text: str, **subject: float) -> list[float]:
    regimen = parse_regimen(text)
    records = regimen.records(port="plasma", until=20, port_unit="mg", **subject)
    return [record.amount for record in records]


def test_doses_scale_with_the_body() -> None:
    assert amounts("2 mg/kg once", body_weight_kg=70) == [140]
    assert amounts("100 mg/m2 once", body_surface_m2=1.8) == [180]
    assert amounts("100 ug/kg once", body_weight_kg=70) == [pytest.approx(7, rel=1e-15)]
    assert amounts("250 mg once", body_weight_kg=70) == [250]


def test_caps() -> None:
    assert amounts("4 mg/kg once, max 0.3 g", body_weight_kg=70) == [280]
    assert amounts("4 mg/kg once, max 0.3 g", body_weight_kg=80) == [300]
    capped = "100 mg/m2 once, BSA capped at 2.0 m2"
    assert amounts(capped, body_surface_m2=1.9) == [190]
    assert amounts(capped, body_surface_m2=2.3) == [200]
    assert amounts("1 mg/kg once weight capped at 100 kg", body_weight_kg=130) == [100]


def test_mass_becomes_amount_of_conjugate() -> None:
    regimen = parse_regimen("150 mg once then 2 nmol once from day 3")
    mass, substance = regimen.records(
        port="plasma", until=20, molar_mass_mg_per_nmol=0.15
    )
    assert mass.amount == pytest.approx(1000, rel=1e-15)
    assert substance.amount == 2


@pytest.mark.parametrize(
    ("text", "subject", "message"),
    [
        ("3 mg/kg q3w", {}, "needs the subject's body weight"),
        ("3 mg/m2 q3w", {}, "needs the subject's body surface"),
        ("3 mg q3w", {}, "the molar mass is not known"),
        ("3 nmol q3w max 4 mg", {}, "The highest dose is in mg, the dose in nmol"),
        (
            "3 nmol qd",
            {"default_duration": 1.5},
            "In the regimen `3 nmol qd`: Infusions overlap: one of 36 h is followed by "
            "the next dose after 1 d",
        ),
    ],
)
def test_records_say_what_is_missing(
    text: str, subject: dict[str, float], message: str
) -> None:
    with pytest.raises(RegimenError) as caught:
        parse_regimen(text).records(port="plasma", until=20, **subject)
    assert message in str(caught.value)


def test_endless_doses_need_an_end() -> None:
    with pytest.raises(ValueError, match="finite `until`"):
        list(parse_regimen("1 mg qw").doses(float("inf")))
    assert len(list(parse_regimen("1 mg qw x3").doses(float("inf")))) == 3


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "", "A dose is missing here"),
        ("235 mg/L q3w", "mg/L", "'mg/L' is not a unit of a dose. Write mg, mg/kg"),
        ("3 mg/kg/week", "mg/kg/week", "is not a unit of a dose"),
        ("3 mg/kgg q3w", "mg/kgg", "There is no unit 'mg/kgg'. Did you mean mg/kg?"),
        ("3 parsec q3w", "parsec", "There is no unit 'parsec'. Write mg, mg/kg"),
        ("3 mg/ q3w", "q", "A unit is missing here"),
        ("3 mg/", "", "A unit is missing here"),
        ("235 q3w", "q", "A unit is missing here. Write mg/kg, mg/m2, mg or nmol."),
        ("mg/kg q3w", "mg", "A unit comes after its number"),
        ("q2w", "q2w", "The dose is missing"),
        ("-3 mg/kg q3w", "-3", "A negative dose makes no sense"),
        ("1e999 mg q3w", "1e999", "1e999 is too large to be meant"),
        ("3 mg q3w over 22 d", "over 22 d", "Infusions overlap: one of 22 d is"),
        ("60 mg d1-3 q2d", "d1-3", "Day 3 is outside the interval of 2 days"),
        ("3 mg d2 qd", "d2", "Day 2 is outside the interval of 1 days"),
        ("3 mg d0 q3w", "0", "The first day is day 1"),
        ("3 mg d8,1 q3w", "d8,1", "Write the days in order"),
        ("3 mg d1.5 q3w", "1.5", "A day is a whole number"),
        ("3 mg q3w x0", "x0", "Zero doses are no treatment"),
        ("3 mg q3w x2.5", "x2.5", "A count is a whole number"),
        ("3 mg x4", "x4", "How often? Add an interval"),
        ("3 mg d1-3", "d1-3", "How often? Add an interval"),
        ("3 mg once x3", "x3", "A dose given once is not repeated"),
        ("3 mg q0w", "q0w", "An interval is at least one minute"),
        ("3 mg 2000x/day", "2000x/day", "An interval is at least one minute"),
        ("3 mg qd x1e9 then 2 mg qd", "3 mg qd x1e9", "more than 100,000 doses"),
        ("3 mg qd then 2 mg qd from day 1e9", "3 mg qd", "more than 100,000 doses"),
        ("3 mg q3x", "x", "Expected a unit of time here"),
        ("3 mg q3months", "months", "A month has no fixed length"),
        ("3 mg biweekly", "biweekly", "write 2x/week or q2w"),
        ("3 mg wekly", "wekly", "Did you mean 'weekly'?"),
        ("3 mg q3w iv", "iv", "The route is the model's port"),
        ("3 mg q3w qw", "qw", "says its interval twice"),
        ("3 mg bolus over 3 h q3w", "over 3 h", "says its infusion time twice"),
        ("3 mg 4 mg q3w", "4", "This is a second dose. Join doses"),
        ("3 mg q3w # x", "#", "A regimen has no place for '#'"),
        ("3 mg q3w 2 weeks", "2 weeks", "What is this time? Write over 90 min"),
        ("3 mg q3w 2 weeks off", "2 weeks off", "A rest needs to know how long"),
        ("1 mg 3x/week x2, 2 weeks off", "2", "How long before the rest?"),
        ("3 mg 3x/week x6", "x6", "Of what? Write `for 6 weeks` or `x6 doses`"),
        ("3 mg 9x/week", "9", "Doses per week go from 1 to 7"),
        ("3 mg 0x/day", "0", "A count is 1 or more"),
        ("3 mg 3x", "3x", "Times per what?"),
        ("3 mg q3w 4 of 3 weeks", "4 of 3 weeks", "must be within the cycle"),
        ("3 mg q3w 4 of 6 weeks", "4 of 6 weeks", "do not hold whole intervals of 21"),
        ("3 mg q3w max 5 mg/kg", "mg/kg", "not a unit of an absolute dose"),
        ("3 mg q3w x", "", "Expected a number here, the count"),
        ("3 mg infused q3w", "q", "Expected 'over' here"),
        ("3 mg/kg q3w weight capped at 0 kg", "0", "A cap must be above zero"),
        ("3 mg bsa max 2 m2 bsa max 3 m2", "bsa max 3 m2", "says this cap twice"),
        ("3 mg q3w from day 0", "0", "The first day is day 1"),
        ("8 mg load", "8 mg load", "A loading dose needs doses after it"),
        ("8 mg load, 6 mg d1,8 q3w", "6 mg d1,8 q3w", "when these doses begin after"),
        ("1 mg q3w then 2 mg q3w", "1 mg q3w", "Say how long this one goes on"),
        ("1 mg q3w x2 then", "", "A dose is missing here"),
        ("1 mg qw x2 then 2 mg qw from day 8", "2 mg qw from day 8", "begin on day 8"),
    ],
)
def test_errors_point_at_the_place(text: str, place: str, message: str) -> None:
    with pytest.raises(RegimenError) as caught:
        parse_regimen(text)
    lines = str(caught.value).split("\n")
    assert message in lines[0]
    assert lines[1] == f"  {text}"
    start = lines[2].index("^") - 2
    assert lines[2].count("^") == max(1, len(place))
    assert text[start : start + len(place)] == place


def test_overlap_must_be_meant() -> None:
    assert parse_regimen("3 mg qd over 24 h")
    meant = parse_regimen("3 mg qd over 30 h, overlap")
    assert meant == parse_regimen("3 mg qd over 30 h", allow_overlap=True)
    assert len(meant.records(port="plasma", until=3, port_unit="mg")) == 3
    with pytest.raises(RegimenError, match="Infusions overlap"):
        parse_regimen("3 mg once over 30 h then 2 mg qd from day 2")


segments = st.builds(
    Segment,
    amount=st.floats(0, 1e4),
    unit=st.sampled_from(["mg", "mg/kg", "mg/m2", "ug/kg", "nmol", "pmol/kg"]),
    days=st.sampled_from([(1,), (1, 8), (1, 2, 3), (1, 3, 5), (2, 4)]),
    interval=st.sampled_from([14.0, 21.0, 28.0, 365.0]) | st.floats(8, 400),
    extent=st.builds(Extent, st.just("cycles"), st.integers(1, 30).map(float))
    | st.builds(Extent, st.just("days"), st.floats(0.01, 400)),
    infusion=st.none() | st.sampled_from([0.0, 90 / 1440, 1 / 24]) | st.floats(1e-3, 1),
    highest=st.none() | st.tuples(st.floats(1, 1e3), st.sampled_from(["mg", "nmol"])),
)


@given(
    st.lists(segments, min_size=1, max_size=4),
    st.none() | st.floats(1, 3),
    st.none() | st.floats(30, 200),
    st.booleans(),
)
def test_canonical_text_reads_back(
    parts: list[Segment], surface: float | None, weight: float | None, overlap: bool
) -> None:
    # A segment that ends after some days may end within its last infusion.
    overlap |= any(part.extent and part.extent.kind == "days" for part in parts)
    regimen = Regimen(tuple(parts), surface, weight, overlap)
    again = parse_regimen(str(regimen), allow_overlap=overlap)
    assert again == regimen
    assert str(again) == str(regimen)


WORDS = """
3 mg mg/kg nmol q3w qw d1,8 d1-3 x6 3x/week for weeks 3 of 4 then 2 off once
load over 90 min bolus max 400 bsa capped at 2.0 m2 from day 7 after - , ; ( / cycle h
twice weekly none overlap every other starting on and rest infusion µg 0 1e3
"""


@given(st.lists(st.sampled_from(re.findall(r"\S+", WORDS)), max_size=12))
def test_any_text_is_read_or_refused(words: list[str]) -> None:
    try:
        regimen = parse_regimen(" ".join(words))
    except RegimenError:
        return
    assert parse_regimen(str(regimen)) == regimen


@given(st.integers(1, 40), st.sampled_from(["q3w", "qw", "d1,8 q3w", "q12h"]))
def test_a_count_of_cycles_is_kept_across_segments(count: int, pattern: str) -> None:
    """The next segment begins exactly when the counted one is over."""
    one = parse_regimen(f"1 mg {pattern} x{count}")
    two = parse_regimen(f"1 mg {pattern} x{count} then 2 mg once")
    given = list(two.doses(1e4))
    cycle = one.segments[0].cycle
    assert [time for time, _ in given[:-1]] == [time for time, _ in one.doses(1e4)]
    assert given[-1][0] == pytest.approx(count * cycle, rel=1e-12)
