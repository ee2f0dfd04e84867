"""Results as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from vedette.evaluate.row import Row
from vedette.evaluate.run import Result
from vedette.output.safe import visible

HEADINGS = (
    "detector", "target", "achieved", "(95 %)", "P", "R", "F1", "(95 %)", "PR-AUC", "ROC-AUC",
    "oracle F1", "new R", "new FPR", "fit s", "score s",
)  # fmt: skip
MARKS = {"low": "▼", "high": "▲", "ok": " "}
LEGEND = (
    "target, achieved: false-positive rate asked for and got, with bootstrap bounds; ▼ under half "
    "its target: mis-calibrated, ▲ over twice it; * alerts rest mostly on a fitted tail",
    "P, R, F1 at the threshold from training normals; ± range over seeds; oracle F1: the best that "
    "any threshold gives, which takes the labels",
    "new R, new FPR: on sequences that training never had",
)


def show(result: Result, out: TextIO) -> None:
    """Write the table of one set, what its marks mean, and its notes."""
    lines = [HEADINGS, *(cells(row) for row in ordered(result.rows))]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    out.write(f"{result.name}\n")
    for line in lines:
        first = line[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        out.write(visible("  ".join((first, *rest)).rstrip()) + "\n")
    for note in (*LEGEND, *result.notes):
        out.write(visible(f"  {note}") + "\n")
    if families := recalls(result.rows):
        out.write("  recall by attack, of the best detector at the first target:\n")
        for name, recall in families.items():
            out.write(visible(f"    {name:<24} {recall:.3f}") + "\n")
    out.write("\n")


def ordered(rows: Sequence[Row]) -> list[Row]:
    """The best area first, and a detector's targets from the loosest on."""
    return sorted(rows, key=lambda row: (-row.pr_auc, row.detector, -row.target))


def cells(row: Row) -> tuple[str, ...]:
    """The row as texts, in the order of `HEADINGS`."""
    return (
        row.detector,
        percent(row.target),
        f"{percent(row.fpr)}{MARKS[row.calibration]}{'*' if row.extrapolated > 0.5 else ' '}",
        f"{100 * row.fpr_low:.2f} - {percent(row.fpr_high)}",
        f"{row.precision:.3f}",
        f"{row.recall:.3f}",
        _spread(row.f1, row.spread_f1, row.seeds),
        f"{row.f1_low:.3f} - {row.f1_high:.3f}",
        _spread(row.pr_auc, row.spread_pr_auc, row.seeds),
        f"{row.roc_auc:.4f}",
        f"{row.oracle_f1:.3f}",
        f"{row.new_recall:.3f}",
        percent(row.new_fpr),
        f"{row.fit_s:.1f}",
        f"{row.score_s:.1f}",
    )


def percent(rate: float) -> str:
    """A rate in percent, two digits behind the point."""
    return f"{100 * rate:.2f} %"


def recalls(rows: Sequence[Row]) -> dict[str, float]:
    """Recall by attack of the detector with the best area, where there are several attacks."""
    best = ordered(rows)[:1]
    return best[0].recall_by_family if best and len(best[0].recall_by_family) > 1 else {}


def _spread(value: float, spread: float, seeds: int) -> str:
    return f"{value:.4f} ±{spread / 2:.4f}" if seeds > 1 and spread else f"{value:.4f}"
