"""Durations are read and written without loss."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from vedette.settings.durations import (
    format_duration,
    parse_duration,
    parse_interval_or_off,
    parse_positive,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30), ("10m", 600), ("24h", 86400), ("7d", 604800), ("2w", 1209600),
        ("250ms", 0.25), ("1.5h", 5400), ("90", 90), (90, 90), (0.5, 0.5), ("0s", 0),
    ],
)  # fmt: skip
def test_units_and_plain_seconds_are_read(written: object, seconds: float) -> None:
    assert parse_duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written",
    ["", " 1s", "1 s", "s", "-1s", "1y", "1h30m", "٣s", "9" * 50, "99999d", -1, 1e300, True, None,
     float("nan"), float("inf"), [], {}, timedelta(days=-1)],
)  # fmt: skip
def test_all_else_is_refused(written: object) -> None:
    with pytest.raises(PydanticCustomError):
        parse_duration(written)


def test_an_interval_is_longer_than_nothing() -> None:
    with pytest.raises(PydanticCustomError, match="longer than 0"):
        parse_positive("0s")


@pytest.mark.parametrize("written", ["off", False])
def test_what_may_be_off_is_off(written: object) -> None:
    assert parse_interval_or_off(written) is None


def test_what_may_be_off_is_else_longer_than_nothing() -> None:
    assert parse_interval_or_off("2s") == timedelta(seconds=2)
    for written in (True, None, "0s", "on", ""):
        with pytest.raises(PydanticCustomError):
            parse_interval_or_off(written)


@given(st.integers(min_value=0, max_value=3650 * 86_400_000))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["30s", "10m", "24h", "7d", "0s", "1500ms"])
def test_the_largest_exact_unit_is_used(text: str) -> None:
    expected = {"24h": "1d"}.get(text, text)
    assert format_duration(parse_duration(text)) == expected
