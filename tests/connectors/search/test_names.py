"""Index names are a function of what they name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.search.names import OWN_PREFIXES, alerts_alias, alerts_index, stream_name

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("anchor", "suffix"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), "2026.11"),
        (datetime(1990, 1, 1, tzinfo=UTC), "1990.01"),
        (datetime(1989, 12, 31, tzinfo=UTC), "undated"),
        (NOW + timedelta(days=366), "2027.11"),
        (NOW + timedelta(days=367), "undated"),
        (None, "undated"),
        (datetime(2026, 11, 1), "2026.11"),  # an event may lack a zone
        (datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026.10"),
    ],
)
def test_an_alert_lies_in_the_month_of_its_anchor(anchor: datetime | None, suffix: str) -> None:
    index = alerts_index("default", anchor, NOW)
    assert index == f"logs-vedette.alerts-default-{suffix}"
    assert index.startswith(alerts_alias("default") + "-")
    assert index.startswith(OWN_PREFIXES)


@pytest.mark.parametrize(
    ("asked", "index", "name"),
    [
        ("winlog", "winlog-000007", "winlog"),
        ("logs-*", ".ds-logs-system.auth-default-2026.11.23-000001", "logs-system.auth-default"),
        ("logs-*", "partial-.ds-logs-x-2026.11.23-000001", "logs-x"),
        ("logs-*", "logs-plain", "logs-plain"),
        ("a,b", "b", "b"),
        ("_all", "b", "b"),
    ],
)
def test_an_event_keeps_the_name_of_its_stream(asked: str, index: str, name: str) -> None:
    assert stream_name(asked, index) == name
