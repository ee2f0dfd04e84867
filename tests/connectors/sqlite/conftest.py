"""A database for each test, and alerts to put in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite import SqliteStore
from engine.ports import Alert

TIME = datetime(2026, 1, 31, 8, tzinfo=UTC)
MakeAlert = Callable[..., Alert]


def make_alert(identity: str, level: str = "high", **more: Any) -> Alert:
    document = {
        "rule": {"uuid": "r1", "name": "Encoded PowerShell"},
        "vedette": {"alert": {"id": identity, "level": level}},
        **more,
    }
    return Alert(identity, TIME, document)


@pytest.fixture
def alert() -> MakeAlert:
    """Makes an alert of an id."""
    return make_alert


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "vedette.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path, busy_timeout=0.2)
    yield store
    store.close()
