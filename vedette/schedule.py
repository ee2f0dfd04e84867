"""When hunts are due: ticks from APScheduler's triggers, and a due list of our own.

APScheduler would drop a run that is late, and keeps its list in memory. Here a hunt has a mark, the
end of its last window, which lies in the state store: each window begins where the one before
ended, so that none is left out, whatever happened between. The mark moves only when a window's
alerts are stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from engine.errors import RuleError, nearest_name
from engine.hunt.lines import line_of
from engine.hunt.model import Hunt, Schedule

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""From when a tick is looked for that must come at some time; it is the same for every start."""

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ticks:
    """The times at which windows of a schedule end.

    Those of an interval are its multiples since 1970, so that they are the same for every process.
    A cron expression means the wall clock of its zone: an hour that is skipped in spring comes an
    hour later on the clock (at once, in truth), one that comes twice in autumn ticks twice.
    Raises `RuleError` for what is no cron expression or no time zone.
    """

    def __init__(self, schedule: Schedule, file: str | None = None) -> None:
        self.schedule = schedule
        self._trigger = None
        if schedule.cron is not None:
            from apscheduler.triggers.cron import CronTrigger

            zone = _zone(schedule.timezone, file)
            minute, hour, day, month, weekday = _parts(schedule.cron, file)
            try:
                self._trigger = CronTrigger(
                    minute=minute, hour=hour, day=day, month=month, day_of_week=weekday,
                    timezone=zone,
                )  # fmt: skip
            except ValueError as error:
                raise _refuse(schedule.cron, file, str(error)) from error
            if self._trigger.get_next_fire_time(None, ANY_TIME) is None:
                raise RuleError(
                    f"{schedule.cron!r} never comes", file=file, field="schedule.cron",
                    expected="a day that there is",
                )  # fmt: skip

    @classmethod
    def of(cls, hunt: Hunt) -> Ticks:
        """Those of a hunt that has a schedule. Raises `RuleError` with file, line and field."""
        assert hunt.schedule is not None
        file = hunt.rule.file
        try:
            return cls(hunt.schedule, file)
        except RuleError as error:
            text = ""
            with suppress(OSError):
                text = Path(file).read_text(encoding="utf-8-sig", errors="replace")
            field = error.field or "schedule"
            raise RuleError(
                error.message, file=file, line=line_of(text, 0, tuple(field.split("."))),
                field=field, expected=error.expected, nearest=error.nearest,
            ) from error  # fmt: skip

    def after(self, time: datetime) -> datetime:
        """The first tick later than a time, UTC. Raises `RuleError` when there is none any more."""
        every = self.schedule.every
        if every is not None:
            return time + every - (time - _EPOCH) % every
        assert self._trigger is not None
        after = time + timedelta(microseconds=1)
        found = self._trigger.get_next_fire_time(None, after)
        if found is None:
            raise RuleError(f"{self.schedule.cron!r} never comes", field="schedule.cron")
        tick: datetime = found.astimezone(UTC)
        return tick


@dataclass(frozen=True, slots=True)
class Window:
    """What one scheduled run is about: from `start` to before `end`."""

    start: datetime
    end: datetime


def windows(ticks: Ticks, mark: datetime, until: datetime) -> Iterator[Window]:
    """The windows that are over by a time, each from where the one before ended."""
    while True:
        tick = ticks.after(mark)
        if tick > until:
            return
        yield Window(mark, tick)
        mark = tick


def _zone(name: str, file: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleError(
            f"{name!r} is no time zone", file=file, field="schedule.timezone",
            expected="a name such as Europe/Berlin",
            nearest=nearest_name(name, available_timezones()),
        ) from error  # fmt: skip


def _refuse(cron: str, file: str | None, why: str, expected: str | None = None) -> RuleError:
    return RuleError(f"{cron!r} is no cron expression: {why}", file=file, field="schedule.cron",
                     expected=expected)  # fmt: skip


def _parts(cron: str, file: str | None) -> tuple[str, str, str, str, str]:
    """The parts as the trigger takes them: it counts weekdays from Monday, cron from Sunday."""
    parts = cron.lower().split()
    if len(parts) != 5:
        raise _refuse(cron, file, f"it has {len(parts)} parts", "minute hour day month weekday")
    minute, hour, day, month, weekday = parts
    if day != "*" and weekday != "*":
        raise _refuse(cron, file, "it names days of the month and of the week, which programs read "
                      "in two ways", "one of them to be *")  # fmt: skip
    try:
        return minute, hour, day, month, _weekdays(weekday)
    except ValueError as error:
        raise _refuse(cron, file, str(error)) from error


def _weekdays(text: str) -> str:
    """`1-5`, `sun`, `*/2` as a list of names."""
    if text == "*":
        return text
    days: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, _, last = ("0", "-", "6") if span == "*" else span.partition("-")
        start = _day(first)
        end = _day(last) if last else (6 if step else start)
        if last == "7":
            end = 7
        if end < start or (step and not (step.isdecimal() and int(step))):
            raise ValueError(f"{item!r} is no weekday")
        days.update(day % 7 for day in range(start, end + 1, int(step or 1)))
    return ",".join(DAYS[day] for day in sorted(days))


def _day(text: str) -> int:
    if text in DAYS:
        return DAYS.index(text)
    if text.isdecimal() and int(text) <= 7:
        return int(text) % 7
    raise ValueError(f"{text!r} is no weekday")
