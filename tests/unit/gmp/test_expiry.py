"""Expiry where the label is: leap days, ends of months, zones, and the nights in which the clocks change.

Source: 21 CFR 211.137; GS1 General Specifications (AI 17, day 00); rules of the zones: IANA's tz database.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas import gs1
from automation.gmp.stock.expiry import end_of, last_day
from automation.kernel.clock import iso, local, reached
from automation.kernel.quantity import Instant

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # at the first midnight of summer the clock goes from 0:00 to 1:00, and back at 1:00
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "UTC",
)
SECOND = 1.0


def shown(moment: Instant, zone: str) -> str:
    """Give what the clock on the wall shows, to the minute."""
    return local(moment, zone=zone).replace(tzinfo=None).isoformat(timespec="minutes")


def utc(moment: Instant) -> str:
    """Give a moment in UTC, to the minute."""
    return iso(moment)[:16]


@pytest.mark.requirement("F062")
@pytest.mark.parametrize(
    ("expiry", "zone", "end"),
    [
        ("2028-02-29", "Europe/Berlin", "2028-02-29T23:00"),  # a leap day is a day
        ("2028-02", "Europe/Berlin", "2028-02-29T23:00"),
        ("2027-02", "Europe/Berlin", "2027-02-28T23:00"),
        ("2100-02", "Europe/Berlin", "2100-02-28T23:00"),  # divided by 100
        ("2027-04", "America/New_York", "2027-05-01T04:00"),
        ("2027-12", "Asia/Kolkata", "2027-12-31T18:30"),
        ("2026-03-28", "Europe/Berlin", "2026-03-28T23:00"),  # the night to summer time has 23 hours
        ("2026-03-29", "Europe/Berlin", "2026-03-29T22:00"),
        ("2026-10-25", "Europe/Berlin", "2026-10-25T23:00"),  # the day of winter time has 25
        ("2026-03-08", "America/New_York", "2026-03-09T04:00"),
        ("2026-11-01", "America/New_York", "2026-11-02T05:00"),
        ("2026-12-31", "Pacific/Kiritimati", "2026-12-31T10:00"),
    ],
)
def test_a_lot_is_used_up_to_the_last_minute_of_its_day_where_it_is(expiry: str, zone: str, end: str) -> None:
    """Computed by hand from the offsets of the zone on both sides of the midnight."""
    assert utc(end_of(expiry, zone=zone)) == end


@pytest.mark.requirement("F062")
@pytest.mark.parametrize(
    ("expiry", "zone", "end"),
    [
        ("2026-03-29T01:59", "Europe/Berlin", "2026-03-29T00:59"),
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00"),  # the clock goes from 1:59 to 3:00
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),  # shown twice; the first time counts
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30"),  # 2:00 becomes 2:30
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45"),
    ],
)
def test_a_moment_is_that_of_the_clock_on_the_wall_in_both_nights(expiry: str, zone: str, end: str) -> None:
    """Nothing is used once the wall shows more than the label, also where it never showed that."""
    assert utc(end_of(expiry, zone=zone)) == end


@pytest.mark.requirement("F062")
@given(st.dates(date(2020, 1, 1), date(2037, 12, 31)), st.sampled_from(ZONES))
@settings(derandomize=True, max_examples=60)
def test_just_before_the_end_it_is_the_last_day_and_then_it_is_not(day: date, zone: str) -> None:
    """On every day in every zone, by the calendar on the wall; also where midnight itself is left out."""
    end = end_of(day.isoformat(), zone=zone)
    assert local(Instant(float(end) - SECOND), zone=zone).date() <= day
    assert local(end, zone=zone).date() > day


@pytest.mark.requirement("F062")
@given(st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31)), st.sampled_from(ZONES))  # noqa: DTZ001  of a wall
@settings(derandomize=True, max_examples=60)
def test_a_moment_is_reached_when_the_wall_shows_it(moment: datetime, zone: str) -> None:
    """Whatever the hour: a second before, the wall shows less; then it shows it, or what is left out has been leapt."""
    text = moment.isoformat(timespec="minutes")
    found = reached(text, zone=zone)
    assert shown(Instant(float(found) - SECOND), zone) < text <= shown(found, zone)


@given(st.integers(2024, 2060), st.integers(1, 12), st.sampled_from(ZONES))
@settings(derandomize=True, max_examples=40)
def test_a_month_ends_as_gs1_says_it_with_day_00(year: int, month: int, zone: str) -> None:
    """The same last day, printed as year and month or scanned as YYMM00."""
    printed = gs1.expiry(f"{year % 100:02d}{month:02d}00", this_year=2026)
    assert printed == last_day(f"{year}-{month:02d}")
    assert (printed + timedelta(days=1)).day == 1
    assert end_of(printed.isoformat(), zone=zone) == end_of(f"{year}-{month:02d}", zone=zone)


def test_the_same_day_ends_first_in_the_east() -> None:
    """Kiribati, Berlin, New York: one label, three moments; UTC beside them."""
    zones = ("Pacific/Kiritimati", "Europe/Berlin", "UTC", "America/New_York")
    ends = [end_of("2026-07-01", zone=zone) for zone in zones]
    assert ends == sorted(ends)
    assert datetime.fromtimestamp(float(ends[2]), UTC).isoformat() == "2026-07-02T00:00:00+00:00"
