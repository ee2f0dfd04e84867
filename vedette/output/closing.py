"""The summary that ends a hunt on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from vedette.output import console as consoles
from vedette.output.levels import LEVELS, SHORT, STYLES
from vedette.output.safe import brief
from vedette.output.summary import Summary

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_EXAMPLES = 3
"""How many problems of each kind are shown."""

_SIDE_BY_SIDE = 100
"""The width from which the two charts stand beside each other."""


def print_summary(summary: Summary, out: TextIO, *, width: int | None, color: bool) -> None:
    """Print the closing summary to `out` (what the table writer does; others may on stderr)."""
    show(summary, consoles.console(out, width, color), unicode=consoles.speaks_unicode(out))


def show(summary: Summary, console: Console, *, unicode: bool) -> None:
    """Print charts by tactic and level, then figures, then problems."""
    from rich.text import Text

    if summary.alerts_total:
        _charts(summary, console, unicode)
    console.print(_figures(summary, unicode))
    for line in tuned(summary):
        console.print(Text(line, style="dim" if line.startswith(" ") else "yellow"))
    for line in scored(summary):
        console.print(Text(line, style="dim" if line.startswith(" ") else "yellow"))
    if summary.not_shown:
        console.print(f"{summary.not_shown:,} alerts beyond --limit are counted, not listed.")
    _problems(summary, console)


TOLD = {
    "excepted": ("match", "matches", "held back by exceptions"),
    "suppressed": ("alert", "alerts", "suppressed"),
    "capped": ("alert", "alerts", "over a cap"),
    "adjusted": ("change", "changes", "of alerts by overrides"),
}
"""What the tuning did, as the summary says it."""

_ENTRIES = 5
"""Exceptions and the like that are named before the rest is only counted."""


def tuned(summary: Summary) -> Iterator[str]:
    """What the tuning held back or changed, each kind with what did it and to which rule."""
    for name, counter in summary.tuned.named() if summary.tuned else ():
        one, many, what = TOLD[name]
        if total := counter.total():
            yield f"{total:,} {one if total == 1 else many} {what}:"
        for (by, rule), count in counter.most_common(_ENTRIES):
            yield f"  {count:>7,}x {brief(by, 60)}: {brief(rule, 80)}"
        if len(counter) > _ENTRIES:
            yield f"          and {len(counter) - _ENTRIES:,} more"


def scored(summary: Summary) -> Iterator[str]:
    """What each model found, and how that compares with its budget."""
    for each in summary.scored:
        name = f"model {brief(each.name, 60)}"
        if each.failed:
            yield f"{name} failed after {_count(each.windows, 'window')}"
            continue
        found = each.strange - each.held + each.corroborated
        yield f"{name}: {_count(each.windows, 'window')} scored, " + (
            f"{found:,} unusual" + (f", {each.corroborated:,} with rules" if found else "")
        )
        yield (
            f"  budget {each.asked:g} a day without rules (p up to {each.p:.2g}, at most "
            f"{each.most:,}); there were {each.strange:,} in {_count(each.days, 'day')}"
            + (f", of which {each.held:,} were held back" if each.held else "")
        )
        if not each.counted:
            yield "  the budget is below what training can show, and rests on a fitted tail"
        if each.late:
            yield f"  {_count(each.late, 'event')} came too late for its window"


def headline(summary: Summary) -> str:
    """One sentence: how many alerts, or plainly that there are none and out of how much."""
    rules, events = _count(summary.rules_loaded, "rule"), _count(summary.events, "event")
    if summary.alerts_total:
        return f"{_count(summary.alerts_total, 'alert')} from {_finders(summary)}"
    if not summary.events:
        return f"No alerts: no events were read ({rules} loaded)."
    if not summary.rules_loaded:
        return f"No alerts: no rules were loaded to try on {events}."
    return f"No alerts: {rules} tried on {events}, nothing matched."


def _finders(summary: Summary) -> str:
    """The rules that alerts come from, and the models where there are any."""
    matched = len(summary.groups) - summary.by_models
    found = [_count(matched, "rule")] if matched or not summary.by_models else []
    if summary.by_models:
        found.append(_count(len(summary.scored), "model"))
    return " and ".join(found)


def _figures(summary: Summary, unicode: bool) -> Text:
    from rich.text import Text

    parts = [_count(summary.events, "event")]
    if summary.seconds > 0:
        parts += [f"{summary.events_per_second:,.0f} events/s", duration(summary.seconds)]
    if summary.bytes:
        parts.append(size(summary.bytes))
    parts.append(f"{_count(summary.rules_loaded, 'rule')} loaded")
    text = Text(headline(summary), style="bold")
    text.append("\n" + (" · " if unicode else ", ").join(parts), style="not bold dim")
    if summary.rules_failed:
        failed = f"{_count(summary.rules_failed, 'rule')} could not be loaded"
        text.append(f"\n{failed}", style="not bold yellow")
    return text


def _charts(summary: Summary, console: Console, unicode: bool) -> None:
    from rich.table import Table

    tactics = [(name, count, "") for _, name, count in summary.tactics_in_order()]
    levels = [
        (SHORT.get(level, level), summary.levels[level], STYLES[level])
        for level in LEVELS
        if summary.levels[level]
    ]
    charts = [_bars("Alerts by level", levels, unicode)]
    if tactics:
        charts.insert(0, _bars("Alerts by ATT&CK tactic", tactics, unicode))
    if console.width >= _SIDE_BY_SIDE:
        grid = Table.grid(padding=(0, 6, 0, 0))
        grid.add_row(*charts)
        console.print(grid)
    else:
        for chart in charts:
            console.print(chart)


def _bars(title: str, rows: list[tuple[str, int, str]], unicode: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.show_header, table.padding = False, (0, 2, 0, 0)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    most = max(count for _, count, _ in rows)
    for name, count, style in rows:
        bar = Text(_bar(count, most, unicode), style="cyan" if not style else _plain(style))
        table.add_row(Text(brief(name, 28)), f"{count:,}", bar)
    table.add_row()
    return table


def _plain(style: str) -> str:
    """The level's colour without a background: a bar is all foreground."""
    return "bold red" if " on " in style else style


def _bar(count: int, most: int, unicode: bool, width: int = 24) -> str:
    eighths = max(1, int(count / most * width * 8))
    if not unicode:
        return "#" * max(1, eighths // 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]


def _problems(summary: Summary, console: Console) -> None:
    from rich.text import Text

    if not len(summary.problems):
        return
    console.print()
    console.print(Text(_count(len(summary.problems), "problem") + " on the way", style="bold"))
    for kind, count in summary.problems.counts.most_common():
        console.print(Text(f"  {count:>7,}x {brief(kind, 60)}", style="yellow"))
        told = [problem for problem in summary.problems if problem.kind == kind]
        for problem in told[:_EXAMPLES]:
            console.print(Text(f"{'':12}{brief(problem, 400)}", style="dim"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(count: int) -> str:
    """Bytes as a person says them: 1.2 GB (powers of ten)."""
    number, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"


def duration(seconds: float) -> str:
    """Seconds as `0.42 s`, `35.5 s`, `12 min 05 s` or `3 h 02 min`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
