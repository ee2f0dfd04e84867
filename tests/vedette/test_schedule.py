"""Ticks of intervals and of cron expressions, also where the clock is set; windows without gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RuleError
from engine.hunt.model import Schedule
from vedette.schedule import Ticks, windows

BERLIN = "Europe/Berlin"


def cron(text: str, zone: str = BERLIN) -> Ticks:
    return Ticks(Schedule(cron=text, timezone=zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(ticks: Ticks, start: str, count: int) -> list[str]:
    found, at = [], utc(start)
    for _ in range(count):
        at = ticks.after(at)
        found.append(at.strftime("%m-%dT%H:%M"))
    return found


def test_an_interval_ticks_at_its_multiples_whoever_asks() -> None:
    ticks = Ticks(Schedule(every=timedelta(minutes=10)))
    assert following(ticks, "2026-03-01T00:03:07", 2) == ["03-01T00:10", "03-01T00:20"]
    assert following(ticks, "2026-03-01T00:10", 1) == ["03-01T00:20"]


def test_cron_means_the_clock_of_its_zone() -> None:
    assert following(cron("0 6 * * *"), "2026-01-01T00:00", 2) == ["01-01T05:00", "01-02T05:00"]
    assert following(cron("0 6 * * *"), "2026-07-01T00:00", 1) == ["07-01T04:00"]
    assert following(cron("0 6 * * *", "Asia/Kolkata"), "2026-07-01T00:00", 1) == ["07-01T00:30"]


def test_an_hour_that_is_skipped_in_spring_ticks_an_hour_later_on_the_clock() -> None:
    """02:30 is not there on 29 March: the tick is at 03:30, 01:30 UTC."""
    told = following(cron("30 2 * * *"), "2026-03-27T12:00", 3)
    assert told == ["03-28T01:30", "03-29T01:30", "03-30T00:30"]
    each = following(cron("*/30 * * * *"), "2026-03-29T00:00", 4)
    assert each == ["03-29T00:30", "03-29T01:00", "03-29T01:30", "03-29T02:00"]


def test_an_hour_that_comes_twice_in_autumn_ticks_twice() -> None:
    """02:30 is there twice on 25 October: 00:30 and 01:30 UTC."""
    told = following(cron("30 2 * * *"), "2026-10-24T12:00", 3)
    assert told == ["10-25T00:30", "10-25T01:30", "10-26T01:30"]
    each = following(cron("*/30 * * * *"), "2026-10-25T00:00", 4)
    assert each == ["10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00"]


@given(
    start=st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1)),
    text=st.sampled_from(
        ["*/20 * * * *", "30 2 * * *", "0 * * * *", "15 2,3 * * sun", "0 0 1 * *"]
    ),
    zone=st.sampled_from([BERLIN, "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]),
)
def test_windows_have_neither_gap_nor_overlap(start: datetime, text: str, zone: str) -> None:
    begin = start.replace(tzinfo=UTC, second=0, microsecond=0)
    found = list(windows(cron(text, zone), begin, begin + timedelta(days=3)))
    ends = [begin, *(window.end for window in found)]
    assert [window.start for window in found] == ends[:-1]
    assert all(window.start < window.end for window in found)


@pytest.mark.parametrize(
    ("weekday", "day"), [("0", 4), ("7", 4), ("sun", 4), ("1", 5), ("mon-fri", 2), ("5-7", 2),
                         ("sat,sun", 3), ("*/2", 3)]
)  # fmt: skip
def test_weekdays_are_those_of_cron(weekday: str, day: int) -> None:
    """1 January 2026 is a Thursday; cron counts from Sunday, 0 or 7."""
    ticks = cron(f"0 12 * * {weekday}", "UTC")
    assert following(ticks, "2026-01-01T13:00", 1) == [f"01-0{day}T12:00"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("61 * * * *", "'61 * * * *' is no cron expression: "),
        ("0 6 * * fre", "'fre' is no weekday"),
        ("0 6 * * fri-mon", "'fri-mon' is no weekday"),
        ("0 6 1 * mon", "it names days of the month and of the week"),
        ("0 6 * *", "it has 4 parts"),
        ("0 0 30 2 *", "never comes"),
    ],
)
def test_what_is_no_cron_expression_is_told(text: str, told: str) -> None:
    with pytest.raises(RuleError) as caught:
        cron(text)
    assert told in str(caught.value)
    assert caught.value.field == "schedule.cron"


def test_what_is_no_time_zone_is_told_with_the_nearest() -> None:
    with pytest.raises(RuleError, match="did you mean 'Europe/Berlin'"):
        cron("0 6 * * *", "Europe/Berln")
