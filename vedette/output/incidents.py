"""Incidents as people read them: in the table that ends a hunt, and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from engine.incident.gather import Story
from engine.incident.words import chain, named, title
from vedette.output import fields
from vedette.output.levels import SHORT, STYLES
from vedette.output.safe import brief

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHOWN = 10
"""Incidents that a hunt's table shows; the report shows `IN_REPORT`."""
IN_REPORT = 50

_NARROW = 100
_LONGEST = 160


def show(stories: Sequence[Story], console: Console) -> None:
    """Print the first incidents as a table, and how many more there are."""
    console.print(table(stories[:SHOWN], console.width))
    if len(stories) > SHOWN:
        console.print(f"and {len(stories) - SHOWN:,} more incidents", style="dim")


def table(stories: Sequence[Story], width: int) -> Table:
    """Incidents in the order given, a row each, in `width` columns; times are UTC."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    made.add_column("Level", no_wrap=True)
    made.add_column("Risk", justify="right", no_wrap=True)
    made.add_column("Incident", ratio=1, overflow="fold")
    if width >= _NARROW:
        made.add_column("Host / user", max_width=32, overflow="fold")
    made.add_column("Alerts", justify="right", no_wrap=True)
    made.add_column("First / last (UTC)", no_wrap=True)
    for each in stories:
        incident = each.incident
        who = [brief(named(names), 64) for names in (incident.hosts, incident.users) if names]
        what = Text(brief(title(incident, each.standing), _LONGEST))
        what.append(f"\n{brief(' → '.join(chain(incident)), 2 * _LONGEST)}", style="cyan")
        cells = [
            Text(SHORT.get(incident.level, incident.level), style=STYLES[incident.level]),
            Text(f"{each.standing.risk:.0f}"),
            what,
            Text("\n".join(who)),
            Text(f"{incident.findings:,}"),
            Text(f"{_stamp(incident.start, width)}\n{_stamp(incident.end, width)}"),
        ]
        made.add_row(*(cells if width >= _NARROW else cells[:3] + cells[4:]))
    return made


def _stamp(when: datetime, width: int) -> str:
    stamp = fields.stamp(when)
    return stamp if width >= _NARROW else stamp[:16]
