"""The times in lines, by the forms that programs write and by formats that somebody gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.files.dated import parse_text
from connectors.files.stamp import NEAR, find_stamp
from connectors.files.time_format import TimeFormat
from engine.errors import InputError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "time", "zone", "message"),
    [
        ("2005-06-03-15.42.50.675872 R02", "2005-06-03T15:42:50.675872", "none", "R02"),
        ("2016/09/28 04:30:30, Info CBS", "2016-09-28T04:30:30", "none", ", Info CBS"),
        ("2026-11-28T04:30:30+01:00 x", "2026-11-28T03:30:30", "+01:00", "x"),
        ("20171223-22:15:29:606|Step|3", "2017-12-23T22:15:29.606000", "none", "|Step|3"),
        ("20171224-0:0:5:7|Step", "2017-12-24T00:00:05.007000", "none", "|Step"),
        ("20261128T043030Z up", "2026-11-28T04:30:30", "utc", "up"),
        ("[Sun Dec 04 04:47:44.5 2005] [error] x", "2005-12-04T04:47:44.500000", "none",
         "[error] x"),
        ("Sat Nov 28 04:30:30 UTC 2026 date", "2026-11-28T04:30:30", "utc", "date"),
        ("Nov 27, 2026 4:30:30 PM org.App run", "2026-11-27T16:30:30", "none", "org.App run"),
        ("- dn228 Nov 9 12:01:01 crond", "2026-11-09T12:01:01", "yearless", "- dn228 crond"),
        ("at Dec 31 12:01:01", "2025-12-31T12:01:01", "yearless", "at"),
        ("28/Nov/2026:04:30:30 +0200 x", "2026-11-28T02:30:30", "+02:00", "x"),
        ("28-Nov-2026 04:30:30.123 named", "2026-11-28T04:30:30.123000", "none", "named"),
        ("03-17 16:13:38.811  1702  2395 D Wm: x", "2026-03-17T16:13:38.811000", "yearless",
         "1702  2395 D Wm: x"),
        ("I1128 04:30:30.123456 1 main.go:7] x", "2026-11-28T04:30:30.123456", "yearless",
         "I 1 main.go:7] x"),
        ("17/06/09 20:10:40 INFO x", "2017-06-09T20:10:40", "none", "INFO x"),
        ("081109 203615 148 INFO dfs", "2008-11-09T20:36:15", "none", "148 INFO dfs"),
        ("1286536309.450    921 192.0.2.1 TCP", "2010-10-08T11:11:49.450000", "epoch",
         "921 192.0.2.1 TCP"),
        ("- 1117838570 2005.06.03 R02", "2005-06-03T22:42:50", "epoch", "- 2005.06.03 R02"),
    ],
)  # fmt: skip
def test_a_form_is_read_with_its_zone(line: str, time: str, zone: str, message: str) -> None:
    stamp = find_stamp(line, NOW)
    assert stamp is not None
    assert (stamp.time, stamp.zone) == (datetime.fromisoformat(time + "Z"), zone)
    found = parse_text(line, NOW)
    assert found == {"@timestamp": stamp.time.isoformat(), "message": message}


@pytest.mark.parametrize(
    "line",
    [
        "28.11.2026 04:30:30 which comes first, day or month?", "11/28/2026 4:30:30 PM",
        "17/06/09 20:10:40 no level", "1234567890 orders", "[10.30 16:49:06] chrome.exe",
        "03-17 16:13:38.811 no processes", "Febr 30 10:00:00", "Feb 30 10:00:00 2026",
        "Nov 28 25:00:00", "20261328T043030Z", "Nov 27, 2026 14:30:30 PM", "1286536309 once",
    ],
)  # fmt: skip
def test_what_could_be_something_else_is_no_time(line: str) -> None:
    assert find_stamp(line, NOW) is None


def test_the_leftmost_time_is_taken_and_a_broken_one_passed() -> None:
    stamp = find_stamp("2026-02-30 10:00:00 2026-03-01 10:00:00", NOW)
    assert stamp is not None
    assert stamp.time == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert stamp.start == 20


WRITTEN = (
    "%Y-%m-%d %H:%M:%S.%f", "%Y%m%dT%H%M%SZ", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z",
    "%d-%b-%Y %H:%M:%S.%f", "%b %d, %Y %I:%M:%S %p", "%Y/%m/%d-%H.%M.%S", "%y/%m/%d %H:%M:%S INFO",
)  # fmt: skip
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2068, 1, 1), timezones=st.integers(
    -14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))))  # fmt: skip


@given(TIMES, st.sampled_from(WRITTEN))
def test_a_known_form_as_strftime_writes_it_comes_back(time: datetime, form: str) -> None:
    if "%z" not in form:
        time = time.replace(tzinfo=UTC)
    stamp = find_stamp(f"x {time.strftime(form)} y", NOW)
    assert stamp is not None
    lost = 1 if "%f" in form else 1_000_000
    assert time - stamp.time < timedelta(microseconds=lost)


FORMATS = (
    "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "[%Y %j] %H:%M", "%s", "%A, %d. %B %y %T.%f",
    "%F %R %z", "%Y%m%d%H%M%S", "100%% %e %b %Y %H:%M",
)  # fmt: skip


@given(TIMES, st.sampled_from(FORMATS), st.text("ab :-", max_size=20))
def test_a_format_finds_what_strptime_reads(time: datetime, form: str, before: str) -> None:
    if "%z" not in form:
        time = time.replace(tzinfo=UTC)
    written = time.strftime(form)
    plain = form.replace("%T", "%H:%M:%S").replace("%F", "%Y-%m-%d").replace("%R", "%H:%M")
    plain = plain.replace("%e", "%d")
    if form == "%s":
        wanted = time.replace(microsecond=0)
        written = str(int(wanted.timestamp()))
    else:
        wanted = datetime.strptime(written, plain)
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    stamp = TimeFormat(form)(f"{before} {written} rest", NOW)
    assert stamp is not None
    assert stamp.time == wanted
    assert (stamp.start, stamp.end) == (len(before) + 1, len(before) + 1 + len(written))


@given(st.text(), st.sampled_from((None, *FORMATS)))
@example("9999-12-31 23:59:59-14:00", None)
@example("9" * 10, "%s")
def test_any_line_has_a_time_or_none_and_never_an_error(line: str, form: str | None) -> None:
    stamp = (TimeFormat(form) if form else find_stamp)(line, NOW)
    assert stamp is None or (stamp.time.tzinfo is UTC and stamp.start <= NEAR)


@pytest.mark.parametrize(
    "line", ["2026-11-28 " * 20_000, "Nov " * 50_000, "1" * 200_000, "20261128-1:" * 20_000]
)
def test_a_hostile_line_takes_no_longer_than_its_beginning(line: str) -> None:
    for _ in range(20):
        find_stamp(line, NOW)  # a second altogether even where it is slow


@given(st.text("%YmdHMSsbQ .:", max_size=12))
def test_any_format_is_one_or_an_error_of_its_own(text: str) -> None:
    try:
        found = TimeFormat(text)
    except InputError:
        return
    assert found.text == text
    found("2026-11-28 04:30:30", NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "tells no time"), ("%H:%M", "tells no time"), ("%d.%m.%Y", "tells no time"),
        ("%d %m %I:%M", "tells no time"), ("%j %H:%M", "tells no time"),
        ("%d %d %m %H:%M", "%d twice"), ("%d %e %m %H:%M", "twice"), ("%d %m %H:%M:%Q", "%Q is no"),
        ("%d %m %H:%M %", "% is no"),
    ],
)  # fmt: skip
def test_a_format_that_tells_no_time_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        TimeFormat(text)
    assert caught.value.expected
