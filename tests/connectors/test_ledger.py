"""Every ledger keeps notes once, and adds only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.search import ClusterLedger
from connectors.sqlite import SqliteLedger
from engine.errors import StateError
from engine.ledger import MemoryLedger, Note, gaps
from engine.ports import Ledger
from tests.connectors.search.double import FakeClient, Patient, refusal

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATE = Note("too-late", "logs", T0, T0 + HOUR, 3, "why", state="open", step=7)


class Indexed(FakeClient):
    """Answers the one query that a ledger asks."""

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        change = self._meet("search")
        rows = [held["_source"] for held in self.indices.get(index or "", {}).values()]
        (clauses,) = body["query"].values()
        for clause in clauses["filter"]:
            ((name, value),) = clause["term"].items()
            rows = [row for row in rows if row[name] == value]
        for clause in clauses["must_not"]:
            ((name, value),) = clause["term"].items()
            rows = [row for row in rows if row[name] != value]
        rows.sort(key=lambda row: (row["@timestamp"], row["note"]))
        after = body.get("search_after", ["", ""])
        rows = [row for row in rows if [row["@timestamp"], row["note"]] > after]
        hits = [{"_source": row, "sort": [row["@timestamp"], row["note"]]} for row in rows]
        return change({"_shards": {"failed": 0}, "hits": {"hits": hits[: body["size"]]}})


class Ticking:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(params=["memory", "sqlite", "cluster"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    made: Ledger
    if request.param == "memory":
        made = MemoryLedger()
    elif request.param == "sqlite":
        made = SqliteLedger(tmp_path / "v.sqlite", clock=Ticking())
    else:
        made = ClusterLedger(Indexed(), clock=Ticking(), retry=Patient().retry)
    yield made
    made.close()


def test_an_empty_ledger_has_no_notes(ledger: Ledger) -> None:
    assert list(ledger.notes()) == []
    assert ledger.record([]) == 0


def test_a_note_is_kept_as_it_is_and_once(ledger: Ledger) -> None:
    assert ledger.record([LATE]) == 1
    assert ledger.record([LATE, Note("no-time-field", "other", count=5)]) == 1
    first, second = ledger.notes()
    assert (first.kind, first.start, first.end, first.count) == ("too-late", T0, T0 + HOUR, 3)
    assert (first.reason, first.state, first.step, first.id) == ("why", "open", 7, LATE.id)
    assert (second.source, second.start, second.gap) == ("other", None, "")


def test_notes_of_one_source_or_of_gaps_alone_can_be_asked_for(ledger: Ledger) -> None:
    ledger.record([LATE, Note("late", "logs"), Note("late", "other")])
    assert [note.kind for note in ledger.notes("logs")] == ["too-late", "late"]
    assert [note.kind for note in ledger.notes(gaps=True)] == ["too-late"]
    assert list(ledger.notes("other", gaps=True)) == []


def test_what_became_of_a_gap_is_added_and_the_last_counts(ledger: Ledger) -> None:
    ledger.record([LATE])
    ledger.record([LATE.changed("filling", 1, "begun")])
    (gap,) = gaps(ledger.notes())
    assert (gap.state, gap.changes) == ("filling", 1)
    assert ledger.record([gap.last.changed("filled", 2, "done", count=4)]) == 1
    (gap,) = gaps(ledger.notes())
    assert (gap.id, gap.state, gap.last.count, gap.note.count) == (LATE.id, "filled", 4, 3)
    assert len(list(ledger.notes())) == 3


def test_a_change_of_a_gap_that_nobody_knows_is_no_gap() -> None:
    assert gaps([LATE.changed("filled", 1, "")]) == []


def test_strange_texts_are_kept(ledger: Ledger) -> None:
    ledger.record([Note("rule-timeout", "logs", subject="\ud800 ' \x1b[0m", reason="\x00")])
    (note,) = ledger.notes()
    assert "' \x1b[0m" in note.subject


def test_the_ids_of_notes_differ_where_the_occasion_does() -> None:
    notes = [
        LATE, Note("late", "logs", T0, T0 + HOUR, step=7), Note("too-late", "x", T0, T0 + HOUR),
        Note("too-late", "logs", T0, T0 + 2 * HOUR, state="open", step=7),
        LATE.changed("filled", 1, ""), LATE.changed("filled", 2, ""),
        LATE.changed("filling", 1, ""),
    ]  # fmt: skip
    assert len({note.id for note in notes}) == len(notes)


def test_a_write_whose_answer_was_lost_is_repeated_and_kept_once() -> None:
    client = Indexed()
    client.script["index"] = [refusal(0, "ConnectionTimeout"), None]
    ledger = ClusterLedger(client, retry=Patient().retry)
    assert ledger.record([LATE]) == 0  # it was there when it was tried again
    assert len(list(ledger.notes())) == 1


def test_many_notes_come_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.search.ledger.PAGE", 7)
    ledger = ClusterLedger(Indexed(), clock=Ticking())
    ledger.record([Note("late", "logs", step=n) for n in range(30)])
    assert [note.step for note in ledger.notes()] == list(range(30))


def test_an_answer_that_is_not_whole_is_no_list_of_notes() -> None:
    client = Indexed()
    client.script["search"] = [lambda answer: {**answer, "timed_out": True}]
    with pytest.raises(StateError, match=r"vedette-ledger-default.*not whole"):
        list(ClusterLedger(client).notes())


def test_what_the_cluster_refuses_is_told() -> None:
    client = Indexed()
    client.script["index"] = [refusal(403, "security_exception")]
    with pytest.raises(StateError, match=r"cannot write to 'vedette-ledger-default'.*403"):
        ClusterLedger(client, retry=Patient().retry).record([LATE])
