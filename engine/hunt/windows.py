"""Windows to findings, the same way for every type that slides them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.hunt.groups import named
from engine.hunt.narrow import NOTHING
from engine.hunt.row import Finding, Only
from engine.hunt.sliding import Sliding, Window
from engine.hunt.type import Run


@dataclass(frozen=True, slots=True)
class Found:
    """A window of a run."""

    window: Window

    @property
    def total(self) -> int:
        """How many events are in it."""
        return self.window.total

    def finding(self, fields: tuple[str, ...], reason: str, detail: tuple[str, ...]) -> Finding:
        """The finding; `{group}` in the reason stands for whom it is about."""
        window = self.window
        anchor = [*window.key, window.by]
        if window.capped:
            reason = (
                f"Not all of it was seen: {window.capped.total:,} {window.capped.what}{{group}}, "
                f"of which the latest {window.capped.limit:,} were measured"
            )
            anchor = ["capped", *anchor]
        return Finding(
            anchor=tuple(anchor),
            time=window.time,
            since=window.since,
            reason=reason.replace("{group}", named(fields, window.group)),
            group=window.group,
            value=window.value,
            rows=window.rows,
            total=window.total,
            detail=() if window.capped else detail,
            capped=window.capped,
        )


def found_in(sliding: Sliding, run: Run, only: Only | None) -> Iterator[Found]:
    """The windows of a run's span."""
    if only == NOTHING and only is not None:
        return
    rows = run.rows(run.span.before(sliding.context), only)
    for window in sliding.windows(rows, run.span):
        yield Found(window)
