"""`vedette backfill` where there is nothing to do: that is said."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.search import SearchSource
from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import InputError, Problems
from engine.ledger import MemoryLedger
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.connectors.search.double import FakeClient
from tests.engine.test_run import OnceSink
from vedette.backfill import Backfill
from vedette.feeds import Feed


def test_that_no_gap_is_open_is_said(caplog: pytest.LogCaptureFixture) -> None:
    def none(*_: Any) -> Any:
        raise AssertionError

    feed = Feed(SearchSource(FakeClient(), "logs", "logs-*"), timedelta(seconds=1), None)
    work = Backfill([feed], none, MemoryLedger(), none, lambda: False)
    with caplog.at_level(logging.INFO, logger="vedette.run"):
        assert work.fill(None, None)
    assert caplog.messages == ["source logs: no gap is open there"]


NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def over(start: datetime, end: datetime) -> MemoryLedger:
    """The ledger after a backfill of that window, without rules."""
    ledger, client = MemoryLedger(), FakeClient()
    client.put("logs-a", "1", round((NOW - HOUR / 2).timestamp() * 1000))
    feed = Feed(SearchSource(client, "logs", "logs-*"), timedelta(seconds=1), None)
    maker = AlertMaker(Catalog.load(), Execution("x", "run", NOW), namespace="default")
    line = Pipeline(Detector([], Problems()), maker, OnceSink(), MemoryState(), lambda: NOW)
    Backfill([feed], lambda *_: line, ledger, lambda: NOW, lambda: False).window(start, end)
    return ledger


def test_what_lies_ahead_is_not_said_to_be_evaluated() -> None:
    (note,) = over(NOW - HOUR, NOW + HOUR).notes()
    assert (note.start, note.end, note.count) == (NOW - HOUR, NOW, 1)


def test_a_window_that_lies_ahead_is_refused() -> None:
    with pytest.raises(InputError, match="the window lies ahead"):
        over(NOW, NOW + HOUR)
