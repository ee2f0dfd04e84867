"""`vedette backfill`: a window of time, or the gaps in it, through the pipeline once more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.errors import InputError, nearest_name
from engine.fill import Fresh, Windowed, Work, begin, settle, unscored
from engine.ledger import ENDED, Gap, Ledger, Note, gaps
from engine.moment import iso
from vedette.feeds import Feed

log = logging.getLogger("vedette.run")


@dataclass(frozen=True, slots=True)
class Backfill:
    """What evaluates windows: the sources, the pipeline for one, and the ledger."""

    feeds: Sequence[Feed]
    fresh: Fresh
    ledger: Ledger
    clock: Callable[[], datetime]
    stop: Callable[[], bool]

    def window(self, start: datetime, end: datetime) -> bool:
        """Evaluate all events of a window, and record it; False where it was stopped.

        Gaps that lie in it whole are filled by that. What lies ahead is left to later polls.
        Raises what sources, sink and ledger raise, and `InputError` where all of it lies ahead.
        """
        if start >= (now := self.clock()):
            raise InputError("the window lies ahead", field="--from", expected="a time in the past")
        if end > now:
            log.info("evaluated up to %s: what comes later is for the run", iso(now))
            end = now
        for feed in self.feeds:
            inside = [
                gap
                for gap in self._gaps(feed)
                if (gap.note.start or end) >= start and (gap.note.end or end) <= end
            ]
            began = self.clock()
            work = self._evaluated(feed, start, end)
            if work is None:
                return False
            for gap in inside:
                settle(self.ledger, gap, work)
            created = work.pipeline.totals.written.created
            text = f"evaluated by hand, {created} alerts new{unscored(work.pipeline)}"
            name = feed.source.name
            note = Note("backfill", name, start, end, work.events, text, began.isoformat())
            self.ledger.record([note])
        return True

    def fill(self, start: datetime | None, end: datetime | None) -> bool:
        """Evaluate every open gap that touches a window (None: unbounded), one after another."""
        for feed in self.feeds:
            filled = 0
            for gap in self._gaps(feed):
                assert gap.note.start is not None
                assert gap.note.end is not None
                if (start and gap.note.end <= start) or (end and gap.note.start >= end):
                    continue
                begin(self.ledger, gap)
                work = self._evaluated(feed, gap.note.start, gap.note.end)
                if work is None:
                    return False
                settle(self.ledger, gap, work)
                filled += 1
            if not filled:
                log.info("source %s: no gap is open there", feed.source.name)
        return True

    def _evaluated(self, feed: Feed, start: datetime, end: datetime) -> Work | None:
        source = feed.source
        assert isinstance(source, Windowed)
        work = Work(source, source.name, start, end, self.fresh)
        if not work.finish(feed.tags, self.stop):
            log.warning("source %s: stopped after %d events", source.name, work.events)
            return None
        written = work.pipeline.totals.written
        log.info(
            "source %s: %d events of %s to %s evaluated; alerts: %d new, %d already there, "
            "%d dead letters%s",
            source.name, work.events, _short(start), _short(end),
            written.created, written.existing, written.dead, unscored(work.pipeline),
        )  # fmt: skip
        return work

    def _gaps(self, feed: Feed) -> Iterator[Gap]:
        """The gaps of a source that are windows and were not filled."""
        for gap in gaps(self.ledger.notes(feed.source.name, gaps=True)):
            window = gap.note.start is not None and gap.note.end is not None
            if gap.note.state == "open" and window and gap.state not in ENDED:
                yield gap


def chosen(feeds: Iterable[Feed], names: Sequence[str]) -> list[Feed]:
    """The feeds of those names, or all that can be asked for a window. Raises `InputError`."""
    known = {feed.source.name: feed for feed in feeds}
    for name in names:
        if name not in known:
            nearest = nearest_name(name, known)
            raise InputError(f"no source {name!r}", field="--source", nearest=nearest)
        if not isinstance(known[name].source, Windowed):
            text = f"source {name!r} is a folder, which keeps no order of time"
            raise InputError(text, field="--source", expected="a search source; or vedette hunt")
    if names:
        return [known[name] for name in dict.fromkeys(names)]
    found = [feed for feed in known.values() if isinstance(feed.source, Windowed)]
    if not found:
        raise InputError("no source can be asked for a window of time", expected="a search source")
    return found


def _short(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
