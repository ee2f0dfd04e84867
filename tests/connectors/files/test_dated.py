"""Times that lines of unknown form begin with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.dated import parse_dated

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "time", "message"),
    [
        ("2015-10-18 18:01:47,978 INFO [main] started", "2015-10-18T18:01:47.978000+00:00",
         "INFO [main] started"),
        ("[2026/11/27T22:00:00+01:00] up", "2026-11-27T21:00:00+00:00", "up"),
        ("INFO 2026-11-27 22:00:00.123456789Z up", "2026-11-27T22:00:00.123456+00:00", "INFO up"),
        ("[Sun Dec 04 04:47:44 2005] [notice] ok", "2005-12-04T04:47:44+00:00", "[notice] ok"),
        ("nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25 INFO",
         "2017-05-16T00:00:00.008000+00:00", "nova-api.log.1.2017-05-16_13:53:08 25 INFO"),
    ],
)  # fmt: skip
def test_the_time_is_read_and_taken_out_of_the_message(line: str, time: str, message: str) -> None:
    assert parse_dated(line, NOW) == {"@timestamp": time, "message": message}


@pytest.mark.parametrize(
    "line",
    [
        "no time at all", "", "2026-13-45 22:00:00 no such day", "2026-11-27 without an hour",
        "x" * 65 + " 2026-11-27 22:00:00", "92026-11-27 22:00:00 a longer number",
        "2026-11-27 25:00:00 no such hour", "9999-12-31 23:59:59-14:00 after all years",
    ],
)  # fmt: skip
def test_a_line_without_a_time_near_its_beginning_has_none(line: str) -> None:
    assert parse_dated(line, NOW) is None


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=ZONES), st.text())
def test_a_time_as_python_writes_it_comes_back(time: datetime, rest: str) -> None:
    found = parse_dated(f"{time.isoformat()} {rest}", NOW)
    assert found is not None
    assert datetime.fromisoformat(found["@timestamp"]) == time.astimezone(UTC)


@given(st.text())
def test_any_text_is_looked_at_without_an_error(text: str) -> None:
    parse_dated(text, NOW)
