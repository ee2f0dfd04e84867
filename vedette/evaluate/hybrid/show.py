"""What was measured, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from vedette.evaluate.hybrid.attacks import COUNTED, Attacks, Row
from vedette.evaluate.hybrid.credit import PER
from vedette.output.safe import visible

HEADINGS = (
    "method", f"per {PER:,}", "alerts", "first", "(95 %)", "first three", "(95 %)", "parents",
    "(95 %)", "tactic", "(95 %)",
)  # fmt: skip
LEGEND = (
    "recall of recordings; alerts: all that the method makes, of which the budget takes the first",
    "first: the first technique of an alert is a labelled one; parents: or the parent of one; "
    "first three: one of its first three; tactic: first and labelled have one in common",
    "(95 %): bootstrap over recordings",
)


def show(result: Attacks, out: TextIO) -> None:
    """Write the table, what its columns mean, and the notes."""
    out.write("attacks (OTRF)\n")
    for line in aligned([HEADINGS, *(_cells(row) for row in result.rows)]):
        out.write(visible(line) + "\n")
    for note in (*LEGEND, *result.notes):
        out.write(visible(f"  {note}") + "\n")
    out.write("\n")


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
