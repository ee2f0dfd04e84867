"""Times in every form that events write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.moment import iso, parse_time

MOMENT = datetime(2020, 4, 30, 12, 34, 56, tzinfo=UTC)

FORMS = [
    "2020-04-30T12:34:56Z",
    "2020-04-30T12:34:56.000Z",
    "2020-04-30T12:34:56.0000000Z",
    "2020-04-30 12:34:56",
    "2020-04-30T12:34:56",
    "2020-04-30T14:34:56+02:00",
    "2020-04-30T05:34:56-0700",
    " 2020-04-30T12:34:56Z ",
    "30/Apr/2020:12:34:56 +0000",
    "30/Apr/2020:14:34:56 +0200",
    "4/30/2020 12:34:56 PM",
    "04/30/2020 12:34:56",
    1588250096,
    1588250096.0,
    1588250096000,
    1588250096000000,
    1588250096000000000,
    "1588250096",
    "1588250096.000",
    "1588250096000",
    datetime(2020, 4, 30, 12, 34, 56),
    datetime(2020, 4, 30, 14, 34, 56, tzinfo=timezone(timedelta(hours=2))),
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_time_is_the_same_in_every_form(form: Any) -> None:
    time = parse_time(form)
    assert time == MOMENT
    assert time is not None
    assert time.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [None, True, False, "", "-", "now", "yesterday", -1, float("nan"), float("inf"), 1e300, [], {},
     "2020-13-45T00:00:00Z", "x" * 100, "²²²²", "9999-12-31T23:59:59-12:00",
     "0001-01-01T00:00:00+12:00", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))],
    ids=repr,
)  # fmt: skip
def test_what_is_no_time_is_none(value: Any) -> None:
    assert parse_time(value) is None


def test_fractions_of_a_second_are_kept() -> None:
    assert parse_time("2020-04-30T12:34:56.789Z") == MOMENT + timedelta(milliseconds=789)
    assert parse_time(1588250096789) == MOMENT + timedelta(milliseconds=789)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_no_value_breaks_the_reading_of_times(value: Any) -> None:
    found = parse_time(value)
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))
def test_writing_and_reading_a_time_gives_it_back_to_the_millisecond(naive: datetime) -> None:
    time = naive.replace(tzinfo=UTC)
    read = parse_time(iso(time))
    assert read is not None
    assert timedelta(0) <= time - read < timedelta(milliseconds=1)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    local = datetime(2020, 4, 30, 14, 34, 56, 789999, tzinfo=timezone(timedelta(hours=2)))
    assert iso(local) == "2020-04-30T12:34:56.789Z"
