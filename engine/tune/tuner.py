"""The tuning at work: which matches count, which alerts pass, and what is told of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.alert import AlertMaker
from engine.correlate.finding import Finding
from engine.correlate.renames import renamed
from engine.correlate.value import MAX_VALUES, fold, micros, moment, text_of
from engine.detect import Match
from engine.errors import Problem, Report
from engine.event import Event
from engine.json_text import json_text
from engine.match.pattern import RegexTimeoutError
from engine.moment import iso
from engine.ports import Action, Alert, Record
from engine.rule import Rule
from engine.tune.action import CAPPED, EXCEPTED, SUPPRESSED, Subject, action
from engine.tune.capped import capped_alert
from engine.tune.condition import LABELS, Condition
from engine.tune.counts import Counts
from engine.tune.earlier import Earlier
from engine.tune.entries import Cap, Override, Suppress, Tuning
from engine.tune.exempt import Exempt
from engine.tune.override import adjust
from engine.tune.periods import Period, Periods
from engine.tune.windows import Window, Windows

VERSION = 1
"""Of the saved state."""

Key = tuple[tuple[str, str], ...]
"""The fields that alerts are suppressed by, each with its values."""

CORRELATED = ""
"""The source of what correlations find: all of them together."""

DAY = timedelta(days=1)
KEPT = timedelta(days=7)
"""How long a period is counted on after its end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the tuning has for one rule."""

    exceptions: tuple[Exempt, ...]
    suppress: Suppress | None
    overrides: tuple[Override, ...]
    cap: Cap | None


@dataclass(slots=True)
class Books:
    """What is counted of one source; `touched` waits to be told as actions."""

    windows: Windows
    periods: Periods = field(default_factory=Periods)
    touched: dict[tuple[str, str, int], tuple[Subject, Window | Period]] = field(
        default_factory=dict
    )
    changed: bool = False
    saved: dict[str, Any] | None = None


class Tuner:
    """Asks the tuning of matches and alerts; what it remembers is kept source by source.

    That makes the decisions of one source depend on the order of its own events alone. Without
    `lateness`, as in a hunt, nothing is ever too late. `part` names what is evaluated beside a run,
    so that its actions are told apart.
    """

    def __init__(
        self,
        tuning: Tuning,
        rules: Sequence[Rule],
        maker: AlertMaker,
        report: Report,
        *,
        lateness: timedelta | None = None,
        part: str = "",
    ) -> None:
        self.tuning = tuning
        self.counts = Counts()
        self._maker, self._report, self._lateness = maker, report, lateness
        self._part = part
        self._rules = {rule.id: rule for rule in rules}
        self._plans: dict[str, Plan] = {}
        self._books: dict[str, Books] = {}
        self._expired: set[str] = set()

    def counted(self, source: str, matches: Sequence[Match], now: datetime) -> list[Match]:
        """The matches of one event without those that are excepted, which are counted."""
        return [match for match in matches if not self._excepted(source, match, now)]

    def passes(self, source: str, match: Match, identity: str, now: datetime) -> bool:
        """Whether the alert of that id for a match is to be made; else it is counted."""
        plan, time = self._plan(match.rule), self._time(match.event, now)
        key = _values(plan.suppress, match) if plan.suppress else None
        if plan.suppress is None or key is None:  # nothing says whom it is about
            return not (plan.cap and self._capped(source, plan.cap, match.rule, time))
        if self._suppressed(source, plan.suppress, match.rule, key, identity, time):
            return False
        if plan.cap and self._capped(source, plan.cap, match.rule, time):
            return False
        # an alert that a cap holds back must not stand for others
        self._open(source, plan.suppress, match.rule, key, identity, time)
        return True

    def adjust(self, alert: Alert, match: Match) -> None:
        """Apply the overrides that hold to an alert."""
        wanted = [
            each
            for each in self._plan(match.rule).overrides
            if each.when is None or self._holds(each.when, match)
        ]
        if wanted:
            adjust(alert, wanted)
            self.counts.adjusted.update((each.name, match.rule.title) for each in wanted)

    def found(self, finding: Finding, alert: Alert, now: datetime) -> bool:
        """The same for what a correlation found: whether its alert is kept, adjusted.

        Its fields are those it groups by. That a limit has cut it is always told.
        """
        if finding.capped:
            return True
        match = correlated(finding)
        if self._excepted(CORRELATED, match, now):
            return False
        if not self.passes(CORRELATED, match, alert.id, now):
            return False
        self.adjust(alert, match)
        return True

    def actions(self, source: str, now: datetime) -> list[Action]:
        """What was held back of a source since this was last asked."""
        books = self._of(source)
        touched, books.touched = books.touched, {}
        space = self._maker.namespace
        return [
            action(subject, space, held.count, held.first, held.last, now, part=self._part)
            for subject, held in touched.values()
        ]

    def closing(
        self, now: datetime, source: str | None = None, *, end: int | None = None
    ) -> list[Alert]:
        """Alerts that tell the true totals of capped periods that are over.

        Without a source all of them are, as there will be no more events. `end` (microseconds) is
        the time before which nothing more comes, where that is not a lateness budget ago.
        """
        found: list[Alert] = []
        names = list(self._books) if source is None else [source]
        past = micros(now - (self._lateness or timedelta())) if end is None else end
        for name in names:
            books = self._of(name)
            over = None if source is None else past
            for counter, period in books.periods.due(over):
                kind, _, id = counter.partition(":")
                if kind == CAPPED:
                    period.told = books.changed = True
                    found += self._told(name, id, period, now)
            if self._lateness is not None:
                books.periods.forget(past - KEPT // timedelta(microseconds=1))
        return found

    def changed(self, source: str) -> bool:
        """Whether there is something of a source that was not saved yet."""
        return self._of(source).changed

    def known(self, source: str) -> bool:
        """Whether anything of a source is remembered, so that it need not be restored."""
        return source in self._books

    def save(self, source: str) -> dict[str, Any]:
        """What is remembered of a source, as JSON values."""
        books = self._of(source)
        if books.changed or books.saved is None:
            books.saved = {
                "version": VERSION,
                "windows": books.windows.save(),
                "periods": books.periods.save(),
            }
        books.changed = False
        return books.saved

    def restore(self, source: str, saved: Mapping[str, Any] | None) -> None:
        """Go on from what was saved of a source; from nothing, where nothing was."""
        books = self._books[source] = self._empty()
        if saved is None:
            return
        if saved.get("version") != VERSION:
            text = "what was held back is of another version, and counted anew"
            self._report(Problem("tuning-fresh", text))
            return
        books.windows.restore(saved["windows"])
        books.periods.restore(saved["periods"])

    def forget(self, source: str) -> None:
        """What was not stored is read again: go back to what was saved."""
        self._books.pop(source, None)

    def learn(self, windows: Iterable[Earlier]) -> None:
        """Hold back what windows of an earlier evaluation do, too."""
        for each in windows:
            books = self._of(each.source)
            key = _key(each.rule, each.span, each.key)
            books.windows.open(key, each.span, each.start, each.alert)

    def take_over(self, before: Tuner) -> None:
        """Go on from where another one is, which is of no use any more."""
        self._books, self.counts = before._books, before.counts

    def _of(self, source: str) -> Books:
        if source not in self._books:
            self._books[source] = self._empty()
        return self._books[source]

    def _empty(self) -> Books:
        late = self._lateness
        return Books(Windows(None if late is None else late // timedelta(microseconds=1)))

    def _plan(self, rule: Rule) -> Plan:
        known = self._plans.get(rule.id)
        if known is None:
            tuning = self.tuning
            known = self._plans[rule.id] = Plan(
                tuple(each for each in tuning.exceptions if each.covers(rule)),
                next((each for each in tuning.suppress if each.scope.covers(rule)), None),
                tuple(each for each in tuning.overrides if each.scope.covers(rule)),
                self._cap(rule),
            )
        return known

    def _cap(self, rule: Rule) -> Cap | None:
        cap = next((each for each in self.tuning.caps if each.scope.covers(rule)), None)
        return cap if cap and cap.most else None

    @staticmethod
    def _time(event: Event, now: datetime) -> int:
        """The event's time; the present for one without, or one that claims the future."""
        return micros(min(event.time or now, now))

    def _excepted(self, source: str, match: Match, now: datetime) -> bool:
        for each in self._plan(match.rule).exceptions:
            if each.expired(now):
                self._tell_expired(each)
            elif self._holds(each.condition, match, negated=True):
                self._count_excepted(source, each, match, now)
                return True
        return False

    def _count_excepted(self, source: str, each: Exempt, match: Match, now: datetime) -> None:
        self.counts.excepted[each.title, match.rule.title] += 1
        books, time = self._of(source), self._time(match.event, now)
        counter = f"{EXCEPTED}:{each.key}:{match.rule.id}"
        period = books.periods.at(counter, DAY // timedelta(microseconds=1), time)
        period.hold(time)
        period.told = True  # no alert tells of it
        subject = Subject(EXCEPTED, source, match.rule, each.title, counter, period.start,
                          period.end)  # fmt: skip
        self._touch(books, subject, period)

    def _suppressed(
        self, source: str, entry: Suppress, rule: Rule, shown: Key, identity: str, time: int
    ) -> bool:
        books, span = self._of(source), entry.span // timedelta(microseconds=1)
        key = _key(rule.id, _micros(entry.span), shown)
        window = books.windows.held(key, span, time, identity)
        if window is None:
            return False
        self.counts.suppressed[entry.name, rule.title] += 1
        subject = Subject(SUPPRESSED, source, rule, entry.name, key, window.start,
                          window.start + span, shown, window.alert)  # fmt: skip
        self._touch(books, subject, window)
        return True

    def _open(
        self, source: str, entry: Suppress, rule: Rule, shown: Key, identity: str, time: int
    ) -> None:
        books, span = self._of(source), entry.span // timedelta(microseconds=1)
        before = books.windows.evicted
        books.windows.open(_key(rule.id, _micros(entry.span), shown), span, time, identity)
        books.changed = True
        if books.windows.evicted > before:
            text = f"more than {books.windows.most:,} keys are suppressed at a time; the oldest "
            self._report(Problem("suppression-capped", text + "may alert again"))

    def _capped(self, source: str, cap: Cap, rule: Rule, time: int) -> bool:
        books = self._of(source)
        before = books.periods.evicted
        period = books.periods.at(
            f"{CAPPED}:{rule.id}", cap.period // timedelta(microseconds=1), time
        )
        books.changed = True
        if books.periods.evicted > before:
            text = f"more than {books.periods.most:,} periods are counted at a time; of some of "
            self._report(Problem("caps-capped", text + "the oldest no alert tells the total"))
        if period.passed < cap.most:
            period.passed += 1
            return False
        period.hold(time)
        if period.count == 1:
            start = iso(moment(period.start))
            text = f"{rule.title}: more than {cap.most:,} alerts in the period from {start}; "
            self._report(Problem("alerts-capped", text + "the rest is counted only", rule.file))
        self.counts.capped[cap.name, rule.title] += 1
        subject = Subject(CAPPED, source, rule, cap.name, f"{CAPPED}:{rule.id}", period.start,
                          period.end, limit=cap.most)  # fmt: skip
        self._touch(books, subject, period)
        return True

    def _told(self, source: str, id: str, period: Period, now: datetime) -> list[Alert]:
        """The alert of a period's total; none for a rule that is there no more."""
        rule = self._rules.get(id)
        if rule is None:
            text = f"a rule with {period.count:,} capped alerts is loaded no more: {id}"
            self._report(Problem("capped-gone", text))
            return []
        cap = self._plan(rule).cap
        limit = cap.most if cap else period.passed
        return [capped_alert(self._maker, rule, source, period, limit, now)]

    @staticmethod
    def _touch(books: Books, subject: Subject, held: Window | Period) -> None:
        books.changed = True
        books.touched[subject.kind, subject.counter, subject.start] = subject, held

    def _holds(self, condition: Condition, match: Match, *, negated: bool = False) -> bool:
        """Whether a condition (negated: its opposite) is sure to hold of a match's event."""
        try:
            held = condition.holds(match.rule.logsource, match.event, match.binding)
        except RegexTimeoutError as error:
            self._report(Problem("rule-timeout", f"{match.rule.title}: tuning: {error}"))
            return False
        return held is not negated

    def _tell_expired(self, each: Exempt) -> None:
        if each.key not in self._expired:
            self._expired.add(each.key)
            text = f"{each.title}: expired after {each.expires} and does not apply any more"
            self._report(Problem("exception-expired", text, each.file, each.line))


def correlated(finding: Finding) -> Match:
    """What a correlation found, as a match that the tuning can be asked about."""
    fields: dict[str, Any] = dict(zip(finding.correlation.group_by, finding.shown, strict=False))
    fields["@timestamp"] = iso(moment(finding.time))
    return Match(finding.correlation.rule, Event(Record({}, ""), fields), LABELS, ())


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _key(rule: str, span: int, shown: Key) -> str:
    """What alerts that are held back together share, as a hash."""
    parts = [rule, [name for name, _ in shown], span, [fold(value) for _, value in shown]]
    return hashlib.sha256(json_text(parts).encode("utf-8", "replace")).hexdigest()[:24]


def _values(entry: Suppress, match: Match) -> Key | None:
    """The fields that make the key with their values; None where one has no value."""
    shown = []
    for name in entry.by:
        values = renamed(match.event, name, match.binding)
        if not values:
            return None
        texts = {fold(text): text for text in map(text_of, values[:MAX_VALUES])}
        shown.append((name, ", ".join(texts[key] for key in sorted(texts))))
    return tuple(shown)
