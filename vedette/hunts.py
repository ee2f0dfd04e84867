"""Hunts from their files to alerts in a store: over files, or over a cluster."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from connectors.files import FileSource
from connectors.search import SearchClient
from connectors.search.hunts import SearchReader
from engine.alert import AlertMaker, Execution
from engine.correlate.value import moment
from engine.detect import Detector
from engine.errors import InputError, Problem, Report, nearest_name
from engine.hunt.load import Hunts, load_hunts
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import ListReader, Reader
from engine.hunt.rows import time_of
from engine.hunt.run import Outcome, run
from engine.hunt.tuned import Tuned
from engine.hunt.type import Memory
from engine.normalise import normalise
from engine.ports import Actions, Record, Sink, Written
from engine.tune.entries import Tuning
from engine.tune.tuner import Tuner
from mitre.catalog import Catalog
from vedette import ROOT

if TYPE_CHECKING:
    from vedette.settings import Settings

OWN_HUNTS = ROOT / "rules" / "hunts"
"""The project's own hunts, in a checkout and in an installation alike."""

SOURCE = "hunt:"
"""Before a hunt's id, the name of its mark, and of the source of what is held back of it; no
source's name has a colon."""

MOST_RECORDS = 2_000_000
"""Events of files that a hunt may hold in memory."""


def load(paths: Sequence[Path]) -> Hunts:
    """The hunts under the paths, or the project's own. Raises `InputError`."""
    return load_hunts(paths or [OWN_HUNTS])


def named(hunts: Hunts, name: str) -> Hunt:
    """The hunt of a name. Raises `InputError` naming the nearest, or why it was refused."""
    found = hunts.named(name)
    if found is not None:
        return found
    refused = next((e for e in hunts.refused if Path(e.file or "").stem == name), None)
    if refused is not None:
        raise refused
    raise InputError(
        f"no hunt is called {name!r}", field="NAME", expected="an id, a title or a file's name",
        nearest=nearest_name(name, hunts.names()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Files:
    """The events of files that a hunt may count: their reader, the span that they cover, and how
    many were read in all."""

    reader: ListReader
    span: Span | None
    read: int


def wanted(hunt: Hunt, settings: Settings) -> bool:
    """Whether a run has a hunt run: it is enabled, has a schedule and is not left out."""
    excluded = {name.lower() for name in settings.hunts.exclude}
    names = {hunt.rule.id.lower(), hunt.rule.title.lower()}
    return hunt.enabled and hunt.schedule is not None and not names & excluded


def hunted(settings: Settings) -> list[str]:
    """The patterns that the hunts of a configuration search. Raises `InputError`."""
    if not settings.hunts.paths:
        return []
    loaded = load(settings.hunts.paths)
    return sorted({hunt.index for hunt in loaded.hunts if hunt.index and hunt.enabled})


def over_files(hunt: Hunt, paths: Sequence[Path | Literal["-"]], report: Report) -> Files:
    """The events in files that a hunt may count.

    Raises `InputError` for a hunt that only a cluster can answer.
    """
    if hunt.query is not None and hunt.filter is None and not hunt.type.rules():
        raise InputError(
            "its query is for a cluster to evaluate", file=hunt.rule.file, field="query",
            expected="a detection beside it, to run over files",
        )  # fmt: skip
    rules = [*([hunt.filter] if hunt.filter else []), *hunt.type.rules()]
    detector = Detector(rules, report) if rules else None
    records: list[tuple[int, Record]] = []
    read = untimed = 0
    source = FileSource(paths, report)
    try:
        for batch in source.poll(None):
            for record in batch.records:
                read += 1
                event = normalise(record)
                if detector and not detector.match(event):
                    continue
                time = time_of(event, hunt.time_field)
                if time is None:
                    untimed += 1
                    continue
                records.append((time, record))
            if len(records) > MOST_RECORDS:
                raise InputError(
                    f"more than {MOST_RECORDS:,} events count", file=hunt.rule.file,
                    expected="fewer files at a time, or a narrower detection",
                )  # fmt: skip
    finally:
        source.close()
    if untimed:
        report(Problem("no-time", f"{untimed:,} events have no time and are left out"))
    records.sort(key=lambda item: item[0])
    span = Span(records[0][0], records[-1][0] + 1) if records else None
    return Files(ListReader(records), span, read)


def over_cluster(hunt: Hunt, client: SearchClient, report: Report) -> SearchReader:
    """A reader of the hunt's index. Raises `InputError` for one that names none."""
    if hunt.index is None:
        raise InputError("names no index to search", file=hunt.rule.file, field="index",
                         expected="an index pattern, such as logs-*")  # fmt: skip
    return SearchReader(
        client, hunt.index, time_field=hunt.time_field, query=hunt.query, report=report
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that is done: what it found, and what became of its alerts."""

    outcome: Outcome
    written: Written
    tuning: Mapping[str, Any] | None = None
    """What the tuning has to remember."""


@dataclass(frozen=True, slots=True)
class Hunter:
    """Runs hunts: from a reader into a sink. It keeps no mark: that is the schedule's."""

    sink: Sink
    report: Report
    clock: Callable[[], datetime]
    catalog: Catalog
    namespace: str = "default"
    attack_version: int = 19

    def run(
        self,
        hunt: Hunt,
        window: Span,
        reader: Reader,
        memory: Memory,
        *,
        lookback: int = 0,
        tuner: Tuner | None = None,
        saved: Mapping[str, Any] | None = None,
        actions: Actions | None = None,
    ) -> Ran:
        """Find, and store what was found. Raises `SourceError` and `SinkError`.

        What the `tuner` holds back is told to `actions`; it goes on from what was `saved` of it.
        """
        now, maker = self.clock(), self.maker(moment(window.start), moment(window.end))
        source = SOURCE + hunt.rule.id
        tuned = Tuned(tuner, source, maker, now, self.report, saved) if tuner else None
        outcome = run(hunt, window, reader, memory, self.report, lookback=lookback, tuned=tuned)
        alerts = outcome.alerts(maker, hunt, self.clock())
        if tuned is None:
            return Ran(outcome, self.sink.write(alerts) if alerts else Written())
        since = window.end - lookback
        alerts += tuned.closing(since)
        written = self.sink.write(alerts) if alerts else Written()
        if actions and (held := tuned.actions()):
            actions.record(held)
        return Ran(outcome, written, tuned.save(since - hunt.type.reach()))

    def maker(self, start: datetime | None = None, end: datetime | None = None) -> AlertMaker:
        """What makes the alerts of one run, from a time to a time."""
        execution = Execution(uuid.uuid4().hex, "hunt", start, end)
        return AlertMaker(
            self.catalog, execution, namespace=self.namespace, attack_version=self.attack_version
        )


def tuner_of(
    hunt: Hunt, tuning: Tuning | None, maker: AlertMaker, report: Report, *, part: str = ""
) -> Tuner | None:
    """What is asked of a hunt's alerts; None where nothing is.

    `part` names a run beside the schedule, of which nothing is remembered: it has no caps, as it
    may be about a part of a period only.
    """
    if part and tuning:
        tuning = replace(tuning, caps=())
    if not tuning:
        return None
    rules = [hunt.rule, *hunt.type.rules()]
    return Tuner(tuning, rules, maker, report, lateness=hunt.lookback, part=part)
