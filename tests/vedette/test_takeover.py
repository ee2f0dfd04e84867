"""A pipeline that changes hands in the middle of a correlation finds what another one finds."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite import SqliteStore
from engine.errors import LeaseError
from tests.vedette.cli.command import WHOAMI, ndjson, process
from tests.vedette.test_wiring import settings
from vedette.follow import Rounds
from vedette.wiring import Assembled, assemble

FILES = 12
BEGIN = datetime(2026, 11, 20, tzinfo=UTC)

AGAIN = """\
title: Whoami Again And Again
id: 55555555-5555-4555-8555-555555555555
status: test
level: high
correlation:
  type: event_count
  rules: [whoami]
  generate: true
  group-by: [Computer]
  timespan: 2h
  condition: {gte: 5}
"""


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve files of an hour each, in a working folder; windows reach over their borders."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "whoami.yml").write_text(WHOAMI + "name: whoami\n")
    (tmp_path / "rules" / "again.yml").write_text(AGAIN)
    (tmp_path / "inbox").mkdir()
    for hour in range(FILES):
        lines: list[dict[str, Any]] = []
        for number in range(20):
            at = BEGIN + timedelta(hours=hour, minutes=3 * number)
            image = r"C:\whoami.exe" if number % 3 else r"C:\cmd.exe"
            lines.append(
                process(image, at.isoformat(), Computer=f"C{number % 4}", n=hour * 20 + number)
            )
        path = tmp_path / "inbox" / f"{hour:02}.ndjson"
        path.write_bytes(ndjson(lines))
        os.utime(path, (1_000_000 + hour, 1_000_000 + hour))
    return tmp_path


def instance(state: str) -> tuple[Rounds, Assembled]:
    """One that shares its state with those of the same folder."""
    now = lambda: datetime.now(UTC)  # noqa: E731
    parts = assemble(settings(state={"dir": state}), lambda problem: None, now)
    (line,) = parts.lines
    return Rounds("main", line.feeds, line.pipeline, now, claim=line.state.claim), parts


def after(batches: int) -> Any:
    """Says stop after so many batches."""
    left = iter(range(1, batches))
    return lambda: next(left, None) is None


def stored(state: str) -> Counter[tuple[str, str]]:
    store = SqliteStore(Path(state).absolute() / "vedette.sqlite")
    found = Counter(
        (alert["rule"]["name"], alert["vedette"]["alert"]["id"]) for alert in store.alerts()
    )
    store.close()
    return found


def test_handed_over_and_handed_over_again_it_finds_the_same_alerts_under_the_same_ids(
    events: Path,
) -> None:
    undisturbed, parts = instance("one")
    undisturbed.take_up(1)
    undisturbed.run(lambda: False)
    parts.close()
    expected = stored("one")
    assert len({name for name, _ in expected}) == 2

    runs = [instance("shared") for _ in range(3)]
    (first, _), (second, _), (third, _) = runs
    first.take_up(1)
    first.run(after(4))
    seen = stored("shared")
    second.take_up(2)
    second.run(after(4))
    assert 0 < len(seen) < len(stored("shared")) < len(expected)
    first.turns[0].due = BEGIN
    with pytest.raises(LeaseError):
        first.run(after(4))
    first.drop()
    with pytest.raises(LeaseError):
        first.take_up(1)
    third.take_up(3)
    third.run(lambda: False)
    first.take_up(4)
    first.run(lambda: False)
    for _, each in runs:
        each.close()
    assert stored("shared") == expected


def test_what_a_late_owner_stored_before_it_was_refused_is_there_once(events: Path) -> None:
    """It sleeps between its alerts and their checkpoint, while another one takes over."""
    whole, parts = instance("one")
    whole.take_up(1)
    whole.run(lambda: False)
    parts.close()

    (late, late_parts), (other, other_parts) = instance("shared"), instance("shared")
    late.take_up(1)
    (line,) = late_parts.lines
    commit = line.state.commit

    def sleeps(*given: Any) -> None:
        other.take_up(2)
        other.run(lambda: False)
        commit(*given)

    line.state.commit = sleeps  # type: ignore[method-assign]
    with pytest.raises(LeaseError):
        late.run(lambda: False)
    assert line.pipeline.totals.written.created == 0  # a batch that was refused does not count
    late_parts.close()
    other_parts.close()
    assert stored("shared") == stored("one")
