"""`--since` and `--until` of `vedette models`: windows of a span of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click

from vedette.cli.options import moment


def span_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The two options, `since` and `until`."""
    for option in (
        click.option("--until", metavar="TIME", help="Only windows that begin before it (UTC)."),
        click.option("--since", metavar="TIME", help="Only windows that begin then or later."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class Span:
    """Windows of `width` seconds that begin at `since` or later, and before `until`.

    A window is inside as a whole or not at all.
    """

    since: datetime | None
    until: datetime | None
    width: float

    @classmethod
    def of(cls, since: str | None, until: str | None, width: float) -> Span | None:
        """What the options say, None where they say nothing. Raises `InputError`."""
        from engine.errors import InputError

        first, last = moment("--since", since), moment("--until", until)
        if first and last and first >= last:
            raise InputError("not after --since, so no event can be meant", field="--until")
        return cls(first, last, width) if first or last else None

    def __call__(self, time: float) -> bool:
        """Whether the window of an event at `time` (seconds since 1970) is inside."""
        start = time // self.width * self.width
        return (self.since is None or start >= self.since.timestamp()) and (
            self.until is None or start < self.until.timestamp()
        )

    def whole(self, start: float, end: float) -> bool:
        """Whether nothing of a window that overlaps others was left out for its time."""
        if self.since is not None and start < self.since.timestamp():
            return False
        if self.until is None:
            return True
        last = -(-self.until.timestamp() // self.width) * self.width  # of the windows that are read
        return end <= last

    def back(self, last: timedelta, now: datetime) -> timedelta:
        """How far back an index is read: as far as `last` says, and no farther than `since`."""
        if self.since is None:
            return last
        return min(last, max(now - self.since, timedelta(seconds=1)))
