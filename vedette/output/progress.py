"""A progress line on stderr while a hunt runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from vedette.output import console as consoles

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_EVERY = 0.1
"""Seconds between two drawings. In between, an update costs one clock reading."""


class Progress:
    """Bytes (as a bar when the total is known), events, events/s and alerts so far.

    A context manager. Draws only when `stream` is a terminal, and is gone when left. Where
    stdout is the same terminal and alerts are written to it, pass `enabled=False`.
    """

    def __init__(
        self,
        total_bytes: int | None = None,
        *,
        stream: TextIO | None = None,
        enabled: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._total, self._clock = total_bytes, clock
        self._enabled = enabled and self._stream.isatty()
        self._rich: RichProgress | None = None
        self._task: TaskID | None = None
        self._started = self._drawn = 0.0

    def __enter__(self) -> Self:
        if self._enabled:
            self._rich = _display(self._stream, known=self._total is not None)
            self._started = self._drawn = self._clock()
            self._task = self._rich.add_task("", total=self._total, facts="")
            self._rich.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._rich is not None:
            self._rich.stop()
            self._rich = None

    def update(self, *, bytes: int, events: int, alerts: int) -> None:
        """Tell the totals so far (not steps). Cheap enough to call for every batch."""
        if self._rich is None or self._task is None:
            return
        now = self._clock()
        if now - self._drawn < _EVERY:
            return
        self._drawn = now
        rate = events / max(now - self._started, _EVERY)
        facts = f"{events:,} events  {rate:,.0f}/s  {alerts:,} alerts"
        self._rich.update(self._task, completed=bytes, facts=facts, refresh=True)


def _display(stream: TextIO, *, known: bool) -> RichProgress:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    columns: list[ProgressColumn]
    columns = [BarColumn(bar_width=24), DownloadColumn()] if known else [SpinnerColumn()]
    columns += [TextColumn("{task.fields[facts]}", markup=False)]
    columns += [TimeRemainingColumn()] if known else [TimeElapsedColumn()]
    return RichProgress(
        *columns,
        console=consoles.console(stream, None, consoles.wants_color(stream)),
        auto_refresh=False,  # no thread of its own: drawn by update()
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
