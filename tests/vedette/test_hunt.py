"""A hunt as a function: what it counts, keeps and tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from engine.load import load_rules
from engine.ports import Alert, Document
from engine.rule import RuleSet
from tests.vedette.cli.command import BROKEN, WHOAMI, ndjson, process
from vedette.hunt import Hunt, WriterSink, hunt
from vedette.output.summary import Summary

WHO = r"C:\Windows\System32\whoami.exe"
NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


class Kept:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.closed = False

    def alert(self, document: Document) -> None:
        self.documents.append(document)

    def close(self, summary: Summary) -> None:
        self.closed = True


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "whoami.yml").write_text(WHOAMI)
    (tmp_path / "rules" / "broken.yml").write_text(BROKEN)
    return load_rules([tmp_path / "rules"])


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_bytes(ndjson(process(WHO, n=n) for n in range(1200)))
    return path


def test_it_sums_up_and_leaves_the_writer_open(rules: RuleSet, events: Path) -> None:
    writer = Kept()
    outcome = hunt(Hunt([events], rules), writer, clock=lambda: NOW)
    summary = outcome.summary
    assert (summary.events, summary.bytes) == (1200, events.stat().st_size)
    assert (summary.rules_loaded, summary.rules_failed) == (1, 1)
    assert summary.problems.counts == {"rule-refused": 1}
    assert summary.alerts_total == len(writer.documents) == 1200
    assert not writer.closed
    assert {document["@timestamp"] for document in writer.documents} == {"2026-11-23T02:30:00.000Z"}
    assert outcome.worst() == 3
    assert outcome.kept is None


def test_what_watches_is_told_of_the_way(rules: RuleSet, events: Path) -> None:
    told: list[tuple[int, int, int]] = []
    totals: list[int | None] = []

    def watch(total: int | None) -> Any:
        totals.append(total)
        return lambda *numbers: told.append(numbers)

    hunt(Hunt([events], rules), Kept(), watch=watch)
    size = events.stat().st_size
    assert totals == [size]
    assert [numbers[1:] for numbers in told] == [(500, 500), (1000, 1000), (1200, 1200)]
    assert [numbers[0] for numbers in told] == sorted(numbers[0] for numbers in told)
    assert told[-1][0] == size


def test_beyond_the_limit_nothing_is_written_or_kept_for_the_report(
    rules: RuleSet, events: Path
) -> None:
    writer = Kept()
    outcome = hunt(Hunt([events], rules, limit=7, report_alerts=True), writer)
    assert len(writer.documents) == 7
    assert (outcome.summary.alerts_total, outcome.summary.not_shown) == (1200, 1193)
    assert outcome.kept is not None
    assert outcome.kept.shown == 7


def test_without_an_alert_there_is_no_worst(rules: RuleSet, tmp_path: Path) -> None:
    (tmp_path / "quiet.ndjson").write_bytes(ndjson([process("x")]))
    assert hunt(Hunt([tmp_path / "quiet.ndjson"], rules), Kept()).worst() == -1


def test_a_missing_path_is_an_input_error(rules: RuleSet, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        hunt(Hunt([tmp_path / "absent"], rules), Kept())


def test_an_id_is_written_once() -> None:
    writer, summary = Kept(), Summary()
    sink = WriterSink(writer, summary)
    alert = Alert("ab" * 20, None, {"rule": {"name": "x"}})
    first, second = sink.write([alert, alert]), sink.write([alert])
    assert (first.created, first.existing) == (1, 1)
    assert (second.created, second.existing) == (0, 1)
    assert (len(writer.documents), summary.alerts_total) == (1, 1)
