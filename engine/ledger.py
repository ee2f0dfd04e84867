"""Records of what was skipped, late, capped or failed, and what became of it since.

A `Note` is never changed. A gap, an open note, changes by further notes that name it; its state
is what the last of them says (`gaps`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol, get_args

from engine.errors import Problem, Report, locate

State = Literal["noted", "open", "filling", "filled", "abandoned"]
"""`noted` is for the record only; the others are the stations of a gap."""

STATES: tuple[str, ...] = get_args(State)
ENDED = ("filled", "abandoned")
MAX_TEXT = 500
"""Characters kept of a reason or subject, which may quote events."""


@dataclass(frozen=True, slots=True)
class Note:
    """One record of the ledger.

    It is about the events of `source` from `start` (inclusive) to `end` (exclusive), where there
    is such a window; `count` of them where that is known. `subject` is what else tells notes of
    one kind and window apart: a rule, an alert's id. `gap` is the id of the gap that changes,
    `step` the number of the change (or of the note, where one window may have several of a kind).
    `time` is when it was written, set by the ledger.
    """

    kind: str
    source: str
    start: datetime | None = None
    end: datetime | None = None
    count: int | None = None
    reason: str = ""
    subject: str = ""
    state: State = "noted"
    gap: str = ""
    step: int = 0
    time: datetime | None = None

    @property
    def id(self) -> str:
        """The same for the same occasion, so that a repeated write adds nothing."""
        parts = [
            self.kind, self.source, _text(self.start), _text(self.end), self.subject,
            self.state, self.gap, self.step,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]

    def changed(self, state: State, step: int, reason: str, count: int | None = None) -> Note:
        """The note that says what became of this gap; `count` is the events evaluated for it."""
        return replace(
            self, state=state, gap=self.gap or self.id, step=step, reason=reason[:MAX_TEXT],
            count=self.count if count is None else count, time=None,
        )  # fmt: skip


class Ledger(Protocol):
    """A durable list of notes, to which is only ever added."""

    def record(self, notes: Sequence[Note]) -> int:
        """Store notes; one whose id is there already is left as it is. Tells how many were new.

        Returns only when all are stored. Raises `StateError`.
        """
        ...

    def notes(self, source: str | None = None, *, gaps: bool = False) -> Iterable[Note]:
        """All notes, of a source or of all, first written first. Raises `StateError`.

        With `gaps`, only those of gaps and what became of them.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class MemoryLedger:
    """Notes of one process, for runs that need not last."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}

    def record(self, notes: Sequence[Note]) -> int:
        """Remember those not known yet."""
        before = len(self._notes)
        for note in notes:
            self._notes.setdefault(note.id, note)
        return len(self._notes) - before

    def notes(self, source: str | None = None, *, gaps: bool = False) -> list[Note]:
        """What was remembered."""
        return [
            note
            for note in self._notes.values()
            if source in (None, note.source) and not (gaps and note.state == "noted")
        ]

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass(slots=True)
class Gap:
    """A note, and what became of it: `state` and `last`, its latest change (itself at first)."""

    note: Note
    last: Note
    changes: int = 0

    @property
    def id(self) -> str:
        """The id of its first note."""
        return self.note.id

    @property
    def state(self) -> State:
        """Its state by now."""
        return self.last.state


def gaps(notes: Iterable[Note]) -> list[Gap]:
    """Every first note with its state; changes are taken in the order of their steps."""
    found: dict[str, Gap] = {}
    changes: list[Note] = []
    for note in notes:
        if note.gap:
            changes.append(note)
        else:
            found[note.id] = Gap(note, note)
    for note in sorted(changes, key=lambda note: note.step):
        if (gap := found.get(note.gap)) is not None:
            gap.last = note
            gap.changes = max(gap.changes, note.step)
    return list(found.values())


RECORDED = frozenset(
    {
        "rule-timeout", "no-source", "alert-reduced",
        "late-event", "future-time", "no-time", "correlation-capped", "correlation-fresh",
        "correlation-gone", "models-capped", "model-failed", "model-missing", "model-fresh",
        "unreadable-file", "unknown-format", "malformed-json", "not-an-object", "line-too-long",
        "line-cut", "too-deep", "truncated-evtx", "corrupt-evtx-record", "truncated-gzip",
        "corrupt-gzip", "truncated-zstd", "corrupt-zstd", "compression-bomb",
    }
)  # fmt: skip
"""Problems of a run that are kept in the ledger, beside its log."""


@dataclass(slots=True)
class Recorder:
    """A `Report` that passes problems on and counts those for the ledger, by kind and subject.

    The subject is the file or index, not the line: whoever writes events must not be able to
    fill a ledger. Of a rule that timed out it is the rule's title, too.
    """

    report: Report
    kinds: frozenset[str] = RECORDED
    most: int = 100
    """Distinct subjects of one batch that are told apart; the rest are counted together."""
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _first: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, problem: Problem) -> None:
        """Take one problem in (the `Report` signature)."""
        self.report(problem)
        if problem.kind in self.kinds:
            timeout = problem.kind == "rule-timeout"
            subject = locate(problem.message if timeout else "", problem.file, None, None)
            key = (problem.kind, subject[:MAX_TEXT])
            if key not in self._counts and len(self._counts) >= self.most:
                key = (problem.kind, "others")
            self._counts[key] += 1
            self._first.setdefault(key, str(problem)[:MAX_TEXT])

    def taken(
        self, source: str, span: tuple[datetime, datetime] | None, now: datetime
    ) -> list[Note]:
        """What was counted since the last time, as notes of a window.

        Where there is no window, the time tells them from others of the same subject.
        """
        counts, self._counts = self._counts, Counter()
        first, self._first = self._first, {}
        start, end = span or (None, None)
        step = 0 if span else int(now.timestamp() * 1000)
        return [
            Note(key[0], source, start, end, count, first[key], key[1], step=step)
            for key, count in counts.items()
        ]


def _text(time: datetime | None) -> str:
    return "" if time is None else time.isoformat()
