"""What came of held-out windows, in lines for people: of `fit --hold-out`, and of `show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

HEAD = f"  {'alert at':<14}  {'asked':>8}  {'came':>8}  {'95 %':>19}  windows"


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The table, from the JSON of `vedette.heldout.HeldOut`."""
    yield (
        f"held out: the last {told['share']:.3g} of the windows, {told['windows']:,} in "
        f"{told['days']:.3g} days from {told['start']} on, scored by a model of the "
        f"{told['learned']:,} before"
    )
    yield HEAD
    for row in told["targets"]:
        yield _line(f"p up to {row['target']:g}", row, 100, " %")
    for row in told["budgets"]:
        yield _line(f"{row['target']:g} a day", row, 1, "")
    drives = told["drives"]
    if drives:
        names = ", ".join(f"{name} {count:,}" for name, count in drives.items())
        yield f"  smallest p in the {sum(drives.values()):,} windows up to 0.05: {names}"
    wrong = [each for each in told["detectors"] if each["marked"]]
    for each in wrong:
        share, low, high = (f"{100 * each[key]:.2f}" for key in ("achieved", "low", "high"))
        yield (
            f"  {each['name']} alone, its own p up to 0.01: {share} % ({low} to {high} %), "
            f"{_mark(each)}"
        )


def _line(name: str, row: Mapping[str, Any], times: float, unit: str) -> str:
    asked, came, low, high = (
        f"{times * row[key]:.2f}" for key in ("target", "achieved", "low", "high")
    )
    text = f"  {name:<14}  {asked + unit:>8}  {came + unit:>8}  {f'{low} to {high}' + unit:>19}"
    marks = [_mark(row)] if row["marked"] else []
    marks += [] if row["counted"] else ["rests on the fitted tail"]
    return f"{text}  {row['windows']:>7,}{'  ' if marks else ''}{'; '.join(marks)}"


def _mark(row: Mapping[str, Any]) -> str:
    if row["sure"]:
        return f"mis-calibrated: {row['marked']}"
    return f"{row['marked']}, perhaps by chance"
