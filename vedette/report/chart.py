"""The geometry of the timeline: stacked bars in an SVG whose x axis is in percent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vedette.output.levels import LEVELS
from vedette.output.timeline import WIDTHS, Bucket, Timeline

HEIGHT = 150
"""Pixels from the baseline to the top of the highest bar."""

_MOST_BARS, _FEWEST_BARS = 72, 24
_THINNEST = 2.5
"""Pixels that a single alert is high at least, however many others there are."""

_MOST_TICKS = 6
_FAR = 20
"""The one percent at either end is left out when the rest spans this many times less."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """One level's part of a bar, in pixels from the top."""

    level: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket: x and width in percent, what it holds in words, and its place in the row."""

    index: int
    x: float
    width: float
    label: str
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time axis; `anchor` keeps the outermost labels inside the picture."""

    x: float
    label: str
    anchor: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole picture. `start` (seconds since 1970), `step` (seconds) and `count` say where
    each bucket lies; `outside` alerts are too far from the others to be drawn."""

    start: int
    step: int
    count: int
    most: int
    step_name: str
    span: str
    bars: list[Bar]
    ticks: list[Tick]
    outside: int
    undated: int


def chart(timeline: Timeline) -> Chart | None:
    """The chart of a timeline, None when no alert has a time."""
    buckets = timeline.buckets()
    if not buckets:
        return None
    near = _near(buckets)
    step = _step(near, timeline.width)
    cells = [b for b in timeline.buckets(step) if _within(b, near, step)]
    start, count = _range(cells, step)
    most = max(cell.total for cell in cells)
    return Chart(
        start=start,
        step=step,
        count=count,
        most=most,
        step_name=step_name(step),
        span=f"{minute(near[0].start)} to {minute(near[-1].start + timeline.width)}",
        bars=[_bar(cell, (cell.start - start) // step, count, step, most) for cell in cells],
        ticks=_ticks(start, step, count),
        outside=sum(b.total for b in buckets) - sum(c.total for c in cells),
        undated=timeline.undated,
    )


def _near(buckets: Sequence[Bucket]) -> Sequence[Bucket]:
    """All buckets, or those of the middle 98% when the rest lies far out (a wrong clock)."""
    total, low, high, passed = sum(b.total for b in buckets), 0, len(buckets) - 1, 0
    for index, bucket in enumerate(buckets):
        if passed <= total * 0.01:
            low = index
        passed += bucket.total
        if passed >= total * 0.99:
            high = index
            break
    inner = max(buckets[high].start - buckets[low].start, 3600)
    if buckets[-1].start - buckets[0].start <= inner * _FAR:
        return buckets
    return buckets[low : high + 1]


def _step(near: Sequence[Bucket], width: int) -> int:
    span = near[-1].start - near[0].start + width
    fitting = (step for step in WIDTHS if step >= width and span / step <= _MOST_BARS)
    return next(fitting, WIDTHS[-1])


def _within(bucket: Bucket, near: Sequence[Bucket], step: int) -> bool:
    return near[0].start // step * step <= bucket.start <= near[-1].start


def _range(cells: Sequence[Bucket], step: int) -> tuple[int, int]:
    """First start and number of buckets, with room around a short span."""
    count = (cells[-1].start - cells[0].start) // step + 1
    missing = max(0, _FEWEST_BARS - count)
    return cells[0].start - missing // 2 * step, count + missing


def _bar(cell: Bucket, index: int, count: int, step: int, most: int) -> Bar:
    heights = [max(_THINNEST, n / most * HEIGHT) if n else 0.0 for n in cell.counts]
    # What the thinnest parts were given, the tallest gives back: the axis stays true.
    heights[heights.index(max(heights))] -= max(0.0, sum(heights) - HEIGHT)
    segments, top = [], float(HEIGHT)
    for level, height in zip(LEVELS, heights, strict=True):
        if height:
            top -= height
            segments.append(Segment(level, round(top, 2), round(height, 2)))
    parts = ", ".join(
        f"{number:,} {level}" for level, number in zip(LEVELS, cell.counts, strict=True) if number
    )
    label = f"{minute(cell.start)} ({step_name(step)}): {parts}"
    slot = 100 / count
    return Bar(index, round(index * slot + slot * 0.08, 3), round(slot * 0.84, 3), label, segments)


def _ticks(start: int, step: int, count: int) -> list[Tick]:
    span = step * count
    gap = next((w for w in WIDTHS if w >= step and span / w <= _MOST_TICKS), span)
    ticks: list[Tick] = []
    day = ""
    for at in range(-(-start // gap) * gap, start + span, gap):
        x = (at - start) / span * 100
        today = _when(at, "%d %b %Y")
        label = today if gap >= 86400 else _when(at, "%H:%M:%S" if gap < 60 else "%H:%M")
        if gap < 86400 and today != day:
            label, day = f"{today[:6]} {label}", today
        anchor = "start" if x < 12 else "end" if x > 90 else "middle"
        ticks.append(Tick(round(x, 3), label, anchor, len(ticks) % 2 == 1))
    return ticks


def _when(second: int, form: str) -> str:
    """A second since 1970 in UTC; far beyond the calendar it is just a number."""
    try:
        return (_EPOCH + timedelta(seconds=second)).strftime(form)
    except OverflowError:
        return str(second)


def minute(second: int) -> str:
    """A second since 1970 as `2026-11-23 02:30`."""
    return _when(second, "%Y-%m-%d %H:%M")


def step_name(step: int) -> str:
    """A bucket's width in words."""
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if step % unit == 0:
            number = step // unit
            return f"1 {name}" if number == 1 else f"{number:,} {name}s"
    raise ValueError(f"a bucket of {step} seconds")
