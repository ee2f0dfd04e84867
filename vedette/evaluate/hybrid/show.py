"""What was measured, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from vedette.evaluate.hybrid.attacks import COUNTED, SHIPPED, Attacks, Row
from vedette.evaluate.hybrid.credit import BUDGETS, PER
from vedette.evaluate.hybrid.misses import FIRST, Place, lines
from vedette.evaluate.hybrid.stream import Company, Opened, opened
from vedette.output.safe import visible

HEADINGS = (
    "method", f"per {PER:,}", "alerts", "first", "(95 %)", "first three", "(95 %)", "parents",
    "(95 %)", "family", "(95 %)", "tactic", "(95 %)",
)  # fmt: skip
LEGEND = (
    "recall of recordings; alerts: all that the method makes, of which the budget takes the first",
    "first: the first technique of an alert is a labelled one; parents: or the parent of one; "
    "first three: one of its first three; family: first and labelled are parts of one technique; "
    "tactic: they have one in common",
    "(95 %): bootstrap over recordings",
)


STREAM = ("incidents opened", "of them", "fewer to open", "steps shown", "", "steps held", "")
STREAM_LEGEND = (
    "incidents opened: of each company's incidents the first so many, ranked; fewer to open: "
    "than alerts",
    "steps shown: attack steps of which the story of an opened incident names an alert's type; "
    "held: of which an alert lies in it, named or not",
)


def show(result: Attacks, out: TextIO, each: bool = False) -> None:
    """Write the table, what its columns mean, the notes, and where techniques stand.

    With `each`, recordings too that the largest budget does not find.
    """
    out.write("attacks (OTRF)\n")
    for line in aligned([HEADINGS, *(_cells(row) for row in result.rows)]):
        out.write(visible(line) + "\n")
    for note in (*LEGEND, *result.notes):
        out.write(visible(f"  {note}") + "\n")
    out.write(f"{SHIPPED}: recordings by where their technique stands\n")
    for line in aligned(list(lines(result.places))):
        out.write(visible(line) + "\n")
    for place in result.places.get(BUDGETS[-1], ()) if each else ():
        if place.cause != FIRST:
            out.write(visible(f"  {_told(place)}") + "\n")
    out.write("\n")


def _told(place: Place) -> str:
    wanted = ", ".join(place.recording.techniques)
    others = f"; first comes {place.first}" if place.first else ""
    by = ", by a rule's tag" if place.named else ", by likeness alone"
    rank = f" ({place.rank}{by})" if place.rank else ""
    return f"{place.recording.name}: {wanted}: {place.cause}{rank}{others}"


def show_stream(companies: Sequence[Company], out: TextIO) -> None:
    """Write what the first incidents of each company keep, and the companies' own figures."""
    out.write("alert stream (AIT-ADS)\n")
    lines = [STREAM, *(_opened(each) for each in opened(companies))]
    for line in aligned(lines):
        out.write(visible(line) + "\n")
    for note in STREAM_LEGEND:
        out.write(visible(f"  {note}") + "\n")
    for each in companies:
        told = f"{each.name}: {each.alerts:,} alerts, {len(each.incidents):,} incidents"
        out.write(visible(f"  {told}, {len(each.steps)} attack steps") + "\n")
    out.write("\n")


def _opened(each: Opened) -> tuple[str, ...]:
    return (
        f"{each.share:.0%}", f"{each.opened:,}", f"{each.fewer:.3%}",
        f"{each.shown} of {each.steps}", f"{each.shown / each.steps:.1%}",
        f"{each.held} of {each.steps}", f"{each.held / each.steps:.1%}",
    )  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    shares = (
        cell
        for name in COUNTED
        for cell in (f"{row.shares[name]:.1%}", "{:.0%} - {:.0%}".format(*row.bounds[name]))
    )
    return (row.method, str(row.budget), f"{row.alerts:,}", *shares)


def aligned(lines: Sequence[Sequence[str]]) -> Iterable[str]:
    """Cells in columns, the first to the left."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    for line in lines:
        rest = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        yield "  ".join((line[0].ljust(widths[0]), *rest)).rstrip()
