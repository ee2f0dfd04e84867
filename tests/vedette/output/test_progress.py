from __future__ import annotations

import io

from vedette.output.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_drawn_where_stderr_is_no_terminal() -> None:
    out = io.StringIO()
    with Progress(100, stream=out) as progress:
        progress.update(bytes=50, events=10, alerts=1)
    assert out.getvalue() == ""


def test_nothing_is_drawn_when_switched_off() -> None:
    out = Terminal()
    with Progress(100, stream=out, enabled=False) as progress:
        progress.update(bytes=50, events=10, alerts=1)
    assert out.getvalue() == ""


def test_events_rate_and_alerts_are_told() -> None:
    out, clock = Terminal(), Clock()
    with Progress(1000, stream=out, clock=clock) as progress:
        clock.now = 2.0
        progress.update(bytes=500, events=4000, alerts=7)
        assert "4,000 events  2,000/s  7 alerts" in out.getvalue()


def test_updates_in_quick_succession_are_not_drawn() -> None:
    out, clock = Terminal(), Clock()
    with Progress(None, stream=out, clock=clock) as progress:
        clock.now = 1.0
        progress.update(bytes=1, events=1, alerts=0)
        before = out.getvalue()
        clock.now = 1.05
        progress.update(bytes=2, events=2, alerts=0)
        assert out.getvalue() == before
        clock.now = 1.2
        progress.update(bytes=3, events=3, alerts=0)
        assert "3 events" in out.getvalue()
