"""What people are told of a checkpoint, whatever lies in the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.files import FolderSource
from connectors.progress import progress
from connectors.search import SearchSource
from engine.ports import Checkpoint
from tests.connectors.search.double import FakeClient, Patient

MARK = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("checkpoint", "mark", "words"),
    [
        (None, None, "not read yet"),
        ({"version": 1, "mark": 1795401000000}, MARK, "up to 2026-11-23 02:30:00"),
        ({"version": 1, "mark": 1500}, datetime(1970, 1, 1, 0, 0, 1, 500000, UTC), "up to 1970"),
        ({"version": 1, "mark": None}, None, "no event yet"),
        ({"version": 1, "mark": 10**30}, None, "no event yet"),
        ({"version": 1, "mark": True}, None, "no event yet"),
        ({"files": [{}, {"gone": 5}]}, None, "2 files, 1 of them gone"),
        ({"other": 1}, None, "does not know"),
    ],
)
def test_a_checkpoint_is_told_in_words(checkpoint: Any, mark: datetime | None, words: str) -> None:
    found = progress(checkpoint)
    assert found.mark == mark
    assert words in found.words


def test_the_sources_own_checkpoints_are_known(tmp_path: Any) -> None:
    client = FakeClient()
    client.put("logs-x", "1", 1795401000000)
    source = SearchSource(client, "s", "logs-*", retry=Patient().retry)
    assert progress(last(source.poll(None))).mark is not None
    (tmp_path / "a.ndjson").write_text('{"a": 1}\n')
    folder = FolderSource(tmp_path, "f", lambda problem: None)
    assert progress(last(folder.poll(None))).words == "1 files"


def last(batches: Any) -> Checkpoint | None:
    return list(batches)[-1].checkpoint  # type: ignore[no-any-return]
