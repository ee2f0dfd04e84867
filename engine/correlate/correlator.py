"""All correlations over one stream of matches, in the order of the events' times.

Matches wait in a buffer until no source is expected to bring an earlier event; then they are
taken in the order of (time, event id), whatever the order they came in. What comes later still
is taken at once: it may add an alert, but never changes one that was made.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from engine.correlate.finding import Finding
from engine.correlate.hit import Hit, Ref
from engine.correlate.limits import Limits
from engine.correlate.renames import renamed
from engine.correlate.rule import SEPARATOR, Correlation, stamp
from engine.correlate.tally import Tally
from engine.correlate.texts import Texts
from engine.correlate.tracker import Tracker
from engine.correlate.value import (
    MAX_VALUES,
    clean,
    combined,
    fold,
    kept,
    micros,
    numbers,
    text_of,
)
from engine.correlate.watermark import NEVER, Watermark
from engine.detect import Match
from engine.errors import Problem, Report
from engine.event import Event
from engine.json_text import json_size, json_text
from engine.rule import Rule, RuleSet

VERSION = 1
"""Of the saved state."""

SHOWN = 10
"""Source events that an alert shows, the last ones of the window."""

ANCESTORS = 50
"""Events that an alert names, the last ones of the window."""

MAX_DOCUMENT = 65_536
"""Characters of a source event beyond which it is not kept to be shown."""


class Entry(NamedTuple):
    """An event that matched, with what correlations will ask of it."""

    time: int
    id: str
    rules: tuple[str, ...]
    fields: Mapping[str, Sequence[Any]]
    origin: str
    line: int | None


class _Item(NamedTuple):
    """A match on its way to the correlations that listen: of an event, or of a correlation."""

    time: int
    by: str
    id: str
    rules: tuple[str, ...]
    fields: Mapping[str, Sequence[Any]]
    refs: tuple[Ref, ...]
    total: int
    depth: int
    since: int


class Correlator:
    """Evaluates correlations; the same events give the same findings however they are ordered.

    `rules` are all loaded rules, `correlations` those of a rule set, each after what it listens
    to. Without `lateness`, as in a hunt, everything waits for `finish`.
    """

    def __init__(
        self,
        correlations: Sequence[Correlation],
        rules: Iterable[Rule],
        report: Report,
        *,
        lateness: timedelta | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.correlations = tuple(correlations)
        self.limits = limits or Limits()
        self._lateness = lateness
        self._report = report
        self._tally = Tally(report)
        self._listening: dict[str, list[int]] = {}
        for number, correlation in enumerate(self.correlations):
            for source in dict.fromkeys(correlation.sources):
                self._listening.setdefault(source, []).append(number)
        self._needs = {source: self._needed(source) for source in self._listening}
        base = {rule.id: rule for rule in rules if rule.bindings}
        self._stamps = {id: stamp(base[id])[:16] for id in self._listening if id in base}
        """Of each rule that events may match: what it was when an event was put in the buffer."""
        self.reset()

    def reset(self) -> None:
        """Begin anew, as if nothing had come."""
        micro = timedelta(microseconds=1)
        self.watermark = Watermark(self._lateness // micro) if self._lateness else None
        self.changed = False
        """Whether there is state that was not saved yet."""
        self._now = NEVER
        self._waiting: list[tuple[int, str, Entry]] = []
        self._ids: dict[tuple[int, str], int] = {}
        """Of what waits, with its bytes."""
        self._waiting_bytes = 0
        self._due: list[tuple[int, int, bool, tuple[str, ...]]] = []
        self._texts = Texts(self.limits.text)
        self._trackers = [self._tracker(n, c) for n, c in enumerate(self.correlations)]

    @classmethod
    def of(
        cls, rules: RuleSet, report: Report, *, lateness: timedelta | None = None
    ) -> Correlator | None:
        """The correlator of a rule set; None, which costs nothing, when it has no correlation."""
        if not rules.correlations:
            return None
        return cls(rules.correlations, rules.rules, report, lateness=lateness)

    def _tracker(self, number: int, correlation: Correlation) -> Tracker:
        def due(time: int, key: tuple[str, ...] | None) -> None:
            heapq.heappush(self._due, (time, number, key is not None, key or ()))

        def told(kind: str, text: str) -> None:
            self._tally.note(kind, f"{correlation.rule.title}: {text}", correlation.rule.file)

        return Tracker(correlation, self.limits, due, told)

    def _needed(self, source: str) -> tuple[str, ...]:
        """The fields that correlations over a rule, and those over them, may ask for."""
        names: list[str] = []
        for number in self._listening.get(source, ()):
            correlation = self.correlations[number]
            names += correlation.reads(source)
            names += self._needed(correlation.rule.id)
        return tuple(dict.fromkeys(names))

    def watch(self, names: Iterable[str], now: datetime) -> None:
        """These sources will be read: none is overtaken before it had its turn."""
        if self.watermark:
            self.watermark.watch(names, micros(now))

    def add(self, event: Event, id: str, matches: Sequence[Match], now: datetime) -> None:
        """Take the matches of one event."""
        heard = [match for match in matches if match.rule.id in self._listening]
        if not heard:
            return
        time = event.time
        if time is None:
            self._tally.note("no-time", "events without a time take no part in correlations")
            return
        at = micros(time)
        if self.watermark and at > micros(now) + self.watermark.lateness:
            self._tally.note("future-time", "events of the future take no part in correlations")
            return
        id = clean(id)
        if (at, id) in self._ids:
            return
        if self.watermark and at < self.watermark.value:
            self._tally.note("late-event", "events came later than the lateness budget allows")
        record = event.record
        entry = Entry(
            at, id, tuple(match.rule.id for match in heard), self._fields(event, heard),
            clean(record.index or record.origin), record.line,
        )  # fmt: skip
        text = json_text(record.document)
        if len(text) <= MAX_DOCUMENT:
            self._texts.add(id, clean(text))
        self._wait(entry)
        self.changed = True

    def _wait(self, entry: Entry) -> None:
        heapq.heappush(self._waiting, (entry.time, entry.id, entry))
        size = self._ids[entry.time, entry.id] = json_size(self._saved(entry))
        self._waiting_bytes += size

    def _fields(self, event: Event, matches: Sequence[Match]) -> dict[str, list[Any]]:
        """The values that correlations will ask for, by the names that they use."""
        found: dict[str, list[Any]] = {}
        for match in matches:
            for name in self._needs[match.rule.id]:
                if name not in found and (values := renamed(event, name, match.binding)):
                    found[name] = [kept(value) for value in values[:MAX_VALUES]]
                    if len(values) > MAX_VALUES:
                        text = f"events have more than {MAX_VALUES} values of {name}"
                        self._tally.note("correlation-capped", text)
        return found

    def saw(self, source: str, latest: Event | None, now: datetime) -> None:
        """A source has brought events, `latest` the last of them."""
        if self.watermark:
            time = latest.time if latest else None
            # a clock that runs ahead must not push everybody else's events out of order
            at = None if time is None else micros(time)
            if at is not None and at > micros(now) + self.watermark.lateness:
                at = None
            self.watermark.saw(source, None if at is None else min(at, micros(now)), micros(now))

    def advance(self, now: datetime) -> list[Finding]:
        """What is found in all that is certain by now."""
        if self.watermark is None:
            return self._relieve()
        found = self._until(self.watermark.moved(micros(now)))
        return found + self._relieve()

    def _relieve(self) -> list[Finding]:
        """Take the oldest half when too much waits, or it is too large."""
        saved = self.watermark is not None
        large = saved and self._waiting_bytes > self.limits.state // 2
        if len(self._waiting) <= self.limits.waiting and not large:
            return []
        self._report(
            Problem(
                "correlation-capped",
                f"{len(self._waiting):,} matched events wait for their turn; the oldest half is "
                "taken now, and events before them will count as late",
            )
        )
        times = sorted(item[0] for item in self._waiting)
        return self._until(times[len(times) // 2] + large)  # one alone may be too large

    def finish(self) -> list[Finding]:
        """What is found in all that came: there will be no more."""
        found = self._until(1 << 62)
        self._tally.finish()
        return found

    def _until(self, end: int) -> list[Finding]:
        """Take what waits and lies before a time, in order, and close what is over by then."""
        found: list[Finding] = []
        while self._waiting and self._waiting[0][0] < end:
            time, id, entry = heapq.heappop(self._waiting)
            self._waiting_bytes -= self._ids.pop((time, id), 0)
            self._close(time, found)
            self._now = max(self._now, time)
            refs = tuple(Ref(id, entry.origin, entry.line, rule) for rule in entry.rules[:1])
            self._take(
                _Item(time, id, id, entry.rules, entry.fields, refs, 1, 0, time), found
            )  # fmt: skip
            self.changed = True
        self._close(end, found)
        if self._now < end < 1 << 62:
            self._now = end
        return found

    def _close(self, time: int, found: list[Finding]) -> None:
        """Judge the windows that are over by a time, the earliest first."""
        while self._due and self._due[0][0] <= time:
            due, number, grouped, key = heapq.heappop(self._due)
            self._now = max(self._now, due)
            findings = self._trackers[number].close(key if grouped else None, due)
            self._found(findings, found)
            self.changed = True

    def _take(self, item: _Item, found: list[Finding]) -> None:
        numbers = {n for rule in item.rules for n in self._listening.get(rule, ())}
        for number in sorted(numbers):
            tracker = self._trackers[number]
            for key, shown, hit in self._hits(tracker.correlation, item):
                self._found(tracker.take(key, shown, hit, self._now), found)

    def _found(self, findings: list[Finding], found: list[Finding]) -> None:
        """Hand findings out, and on to the correlations that listen to them."""
        for finding in findings:
            if finding.correlation.rule.output or finding.capped:
                ids = [ref.id for hit in finding.hits[-SHOWN:] for ref in hit.refs[-SHOWN:]]
                kept = self._texts.of(dict.fromkeys(ids[-SHOWN:]))
                found.append(replace(finding, documents=kept))
            if finding.correlation.rule.id in self._listening and not finding.capped:
                self._take(_item(finding), found)

    def _hits(
        self, correlation: Correlation, item: _Item
    ) -> list[tuple[tuple[str, ...], tuple[str, ...], Hit]]:
        """The hits of a match in each of its groups: (group, group as written, hit)."""
        groups: dict[tuple[str, ...], tuple[tuple[str, ...], list[int], tuple[Any, ...]]] = {}
        lacking = ""
        for place, source in enumerate(correlation.sources):
            if source not in item.rules:
                continue
            columns = [self._texts_of(correlation, name, source, item)
                       for name in correlation.group_by]  # fmt: skip
            values = self._values(correlation, source, item)
            if values is None or not all(columns):
                names = (*correlation.group_by, *correlation.fields)
                lacking = lacking or next(
                    (n for n, column in zip(names, columns, strict=False) if not column),
                    " and ".join(correlation.fields),
                )
                continue
            combinations, cut = combined(columns)
            if cut:
                self._tally.note(
                    "correlation-capped",
                    f"{correlation.rule.title}: events with more values of their group-by fields "
                    f"than are taken", correlation.rule.file,
                )  # fmt: skip
            for shown in combinations:
                key = tuple(map(fold, shown))
                groups.setdefault(key, (shown, [], values))[1].append(place)
        if lacking and not groups:
            self._tally.note(
                "correlation-no-field",
                f"{correlation.rule.title}: events lack {lacking} and take no part",
                correlation.rule.file,
            )
        keep = item.fields if self._listening.get(correlation.rule.id) else None
        return [
            (key, shown, Hit(item.time, item.by, item.id, tuple(places), values, item.refs,
                             item.total, item.depth, item.since, keep))
            for key, (shown, places, values) in groups.items()
        ]  # fmt: skip

    def _texts_of(self, correlation: Correlation, name: str, source: str, item: _Item) -> list[str]:
        values = item.fields.get(correlation.field_of(name, source), ())
        return [text_of(value) for value in values]

    def _values(self, correlation: Correlation, source: str, item: _Item) -> tuple[Any, ...] | None:
        """What of a match is counted or measured; None when it has nothing of the kind."""
        if not correlation.fields:
            return ()
        columns = [self._texts_of(correlation, name, source, item) for name in correlation.fields]
        if correlation.numeric:
            name = correlation.field_of(correlation.fields[0], source)
            return numbers(item.fields.get(name, ())) or None
        if not all(columns):
            return None
        combinations, _ = combined(columns)
        return tuple(dict.fromkeys(fold(SEPARATOR.join(values)) for values in combinations))

    def save(self) -> dict[str, Any]:
        """The whole state as JSON values; `changed` is false after it."""
        trackers = self._fitting()
        self.changed = False
        wanted = {entry.id for _, _, entry in self._waiting}
        for tracker in self._trackers:
            for group in tracker.groups.values():
                wanted.update(ref.id for hit in group.hits[-SHOWN:] for ref in hit.refs[-SHOWN:])
        return {
            "version": VERSION,
            "now": self._now,
            "watermark": self.watermark.value if self.watermark else NEVER,
            "latest": self.watermark.save() if self.watermark else {},
            "waiting": [self._saved(item[2]) for item in sorted(self._waiting, key=_place)],
            "trackers": trackers,
            "texts": self._texts.save(wanted),
        }  # fmt: skip

    def _fitting(self) -> dict[str, Any]:
        """The trackers' states, lightened when the whole would be too large to be stored."""
        ids = [correlation.rule.id for correlation in self.correlations]
        saved = [tracker.save() for tracker in self._trackers]
        sizes = [json_size(state) for state in saved]
        over = sum(sizes) + self._waiting_bytes - self.limits.state
        if over > 0:
            over += self.limits.state // 10  # so that the next event does not cut again
            for place, tracker in enumerate(self._trackers):
                tracker.lighten(over * sizes[place] // sum(sizes))
                saved[place] = tracker.save()
        return dict(zip(ids, saved, strict=True))

    def _saved(self, entry: Entry) -> list[Any]:
        rules = [[rule, self._stamps[rule]] for rule in entry.rules]
        fields = dict(entry.fields)
        return [entry.time, entry.id, rules, fields, entry.origin, entry.line]

    def take_over(self, before: Correlator) -> None:
        """Go on from where another one is, which is of no use any more.

        A correlation that was changed starts afresh, as after `restore`; of one that is there no
        more it is said what goes with it.
        """
        ids = {correlation.rule.id for correlation in self.correlations}
        for correlation, tracker in zip(before.correlations, before._trackers, strict=True):
            if tracker.groups and correlation.rule.id not in ids:
                text = f"{correlation.rule.title}: is there no more, nor its "
                text += f"{len(tracker.groups):,} groups"
                self._report(Problem("correlation-gone", text, correlation.rule.file))
        self._restore(before.save())
        self.watermark = before.watermark
        self.changed = True

    def restore(self, saved: Mapping[str, Any], now: datetime) -> None:
        """Go on from a saved state; a correlation that was changed since starts afresh."""
        if saved.get("version") != VERSION:
            self._report(Problem("correlation-fresh", "the state is of another version, and left"))
            return
        if self.watermark:
            self.watermark.restore(saved["watermark"], saved["latest"], micros(now))
        self._restore(saved)

    def _restore(self, saved: Mapping[str, Any]) -> None:
        self._now = saved["now"]
        self._texts.restore(saved["texts"])
        for time, id, rules, fields, origin, line in saved["waiting"]:
            same = tuple(rule for rule, known in rules if self._stamps.get(rule) == known)
            if same:
                self._wait(Entry(time, id, same, fields, origin, line))
        states: dict[str, Any] = saved["trackers"]
        for correlation, tracker in zip(self.correlations, self._trackers, strict=True):
            state = states.get(correlation.rule.id)
            if state is None:
                continue
            if state["content"] == correlation.content:
                tracker.restore(state)
            elif state["groups"]:
                self._report(
                    Problem(
                        "correlation-fresh",
                        f"{correlation.rule.title}: was changed and starts afresh, without "
                        f"{len(state['groups']):,} groups",
                        correlation.rule.file,
                    )
                )


def _place(item: tuple[int, str, Entry]) -> tuple[int, str]:
    return item[:2]


def _item(finding: Finding) -> _Item:
    """A finding as a match of its own rule; its fields are the group's, then the last event's."""
    correlation, last = finding.correlation, finding.hits[-1]
    fields: dict[str, Sequence[Any]] = dict(last.fields or {})
    for name, value in zip(correlation.group_by, finding.shown, strict=True):
        fields[name] = [value]
    refs = tuple(ref for hit in finding.hits for ref in hit.refs)[-SHOWN:]
    anchor = json_text([correlation.rule.id, list(finding.group), finding.by])
    depth = max(hit.depth for hit in finding.hits) + 1
    since = min(hit.since for hit in finding.hits)
    rules = (correlation.rule.id,)
    return _Item(
        finding.known, finding.by, anchor, rules, fields, refs, finding.total, depth, since
    )
