"""`vedette backfill` where there is nothing to do: that is said."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from connectors.search import SearchSource
from engine.ledger import MemoryLedger
from tests.connectors.search.double import FakeClient
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
