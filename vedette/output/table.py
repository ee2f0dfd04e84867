"""Alerts as a table for people: one row a rule, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from engine.ports import Document
from vedette.output import closing, fields, incidents
from vedette.output import console as consoles
from vedette.output.levels import SHORT, STYLES
from vedette.output.safe import brief
from vedette.output.summary import Group, Summary
from vedette.output.tally import Tally

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_NARROW, _WIDE = 100, 150
"""Below the one, columns are stacked; from the other on, each fact has its own column."""

_LONGEST, _LONGEST_NAME = 160, 48
"""Characters shown of a title or list of techniques, and of a host or user."""


class TableWriter:
    """Prints nothing until the end: the table's order needs all alerts."""

    def __init__(self, out: TextIO, *, width: int | None, color: bool) -> None:
        self._console = consoles.console(out, width, color)
        self._unicode = consoles.speaks_unicode(out)

    def alert(self, document: Document) -> None:
        """Take note of nothing: the summary holds what the table shows."""

    def close(self, summary: Summary) -> None:
        """Print the incidents, the groups, then the closing summary."""
        if summary.incidents:
            incidents.show(summary.incidents, self._console)
            self._console.print()
        if summary.alerts_total:
            self._console.print(groups_table(summary.groups, self._console.width))
            self._console.print()
        closing.show(summary, self._console, unicode=self._unicode)


def groups_table(groups: list[Group], width: int) -> Table:
    """The groups as a table that fits `width` columns; times are UTC."""
    from rich.table import Table

    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold dim",
        expand=width >= _WIDE,
    )
    table.add_column("Level", no_wrap=True)
    table.add_column("Rule", ratio=1, overflow="fold")
    if width >= _WIDE:
        table.add_column("ATT&CK", max_width=30, overflow="fold")
        table.add_column("Host", max_width=32, overflow="fold")
        table.add_column("User", max_width=28, overflow="fold")
    elif width >= _NARROW:
        table.add_column("ATT&CK", max_width=20, overflow="fold")
        table.add_column("Host / user", max_width=28, overflow="fold")
    else:
        table.add_column("Host / user", max_width=18, overflow="fold")
    table.add_column("Alerts", justify="right", no_wrap=True)
    if width >= _WIDE:
        table.add_column("First seen (UTC)", no_wrap=True)
        table.add_column("Last seen (UTC)", no_wrap=True)
    else:
        table.add_column("First / last (UTC)", no_wrap=True)
    for group in groups:
        table.add_row(*_row(group, width))
    return table


def _row(group: Group, width: int) -> list[Text]:
    from rich.text import Text

    level = Text(SHORT.get(group.level, group.level), style=STYLES[group.level])
    count = Text(f"{group.count:,}")
    techniques = Text(brief(", ".join(group.techniques), _LONGEST), style="cyan")
    first, last = fields.stamp(group.first, "-"), fields.stamp(group.last, "-")
    rule = Text(brief(group.title, _LONGEST))
    if width >= _WIDE:
        cells = [rule, techniques, _names(group.hosts, 3), _names(group.users, 3), count]
        return [level, *cells, Text(first), Text(last)]
    both = _stack(_names(group.hosts, 1), _names(group.users, 1, "dim"))
    if width >= _NARROW:
        return [level, rule, techniques, both, count, _span(first, last)]
    return [level, _stack(rule, techniques), both, count, _span(first[:16], last[:16])]


def _span(first: str, last: str) -> Text:
    from rich.text import Text

    return Text(first) if first == last else Text(f"{first}\n{last}")


def _stack(upper: Text, lower: Text) -> Text:
    from rich.text import Text

    return Text("\n").join(part for part in (upper, lower) if part.plain)


def _names(tally: Tally, most: int, style: str = "") -> Text:
    from rich.text import Text

    names = ", ".join(brief(name, _LONGEST_NAME) for name, _ in tally.top(most))
    more = len(tally) - most
    if more > 0:
        names += f" +{more}{'+' if tally.full else ''}"
    return Text(names, style=style)
