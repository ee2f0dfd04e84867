"""Incidents as people read them: in the table that ends a hunt, and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.incident.gather import Story
from engine.incident.graph import central
from engine.incident.incident import by_kind
from engine.incident.words import chain, in_order, named, story, title
from engine.moment import iso
from vedette.output import fields
from vedette.output.levels import SHORT, STYLES
from vedette.output.safe import brief

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHOWN = 10
"""Incidents that a hunt's table shows; the report shows `IN_REPORT`."""
IN_REPORT = 50

ID = 12
"""Characters of an id that a table shows."""

_NARROW = 100
_LONGEST = 160
_TECHNIQUES = 5
_CENTRAL = 3


def show(stories: Sequence[Story], console: Console) -> None:
    """Print the first incidents as a table, and how many more there are."""
    console.print(table(stories[:SHOWN], console.width))
    if len(stories) > SHOWN:
        console.print(f"and {len(stories) - SHOWN:,} more incidents", style="dim")


def table(stories: Sequence[Story], width: int, *, ids: bool = False) -> Table:
    """Incidents in the order given, a row each, in `width` columns; times are UTC.

    With `ids` the first characters of each one's id, by which it can be asked for.
    """
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
        if ids:
            what.append(f"\n{incident.id[:ID]}", style="dim")
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


def lines(each: Story) -> Iterator[str]:
    """One incident in full, for a terminal."""
    incident, standing = each.incident, each.standing
    yield brief(title(incident, standing), _LONGEST)
    yield f"  id         {incident.id}"
    yield f"  level      {incident.level}, risk {standing.risk:.0f} of 100"
    yield f"  time       {fields.stamp(incident.start)} to {fields.stamp(incident.end)} UTC"
    for kind, names in by_kind(incident).items():
        yield f"  {kind:<10} {brief(named(names), _LONGEST)}"
    if middle := central(incident)[:_CENTRAL]:
        shares = ", ".join(f"{each.entity.name} {each.share:.0%}" for each in middle)
        yield f"  centre     {brief(shares, _LONGEST)}"
    if incident.merged:
        yield f"  took in    {named(incident.merged)}"
    if incident.merged_into:
        yield f"  is part of {incident.merged_into}"
    told = story(incident, standing)
    yield ""
    yield from (f"  {brief(sentence, 400)}" for sentence in told)
    if standing.techniques:
        yield ""
    for ranked in standing.techniques[:_TECHNIQUES]:
        how = "" if ranked.named else "  (by likeness: no rule names it)"
        yield f"  {ranked.certainty:4.0%}  {brief(ranked.id, 24):<10} {brief(ranked.name, 80)}{how}"
    yield ""
    for part in in_order(incident, standing):
        yield f"  vedette explain {part.finding}  # {brief(part.title, 80)}"


def as_json(each: Story) -> dict[str, Any]:
    """One incident for programs: of its alerts, each part names the first."""
    incident, standing = each.incident, each.standing
    return {
        "id": incident.id,
        "title": title(incident, standing),
        "level": incident.level,
        "risk_score": round(standing.risk, 2),
        "start": iso(incident.start),
        "end": iso(incident.end),
        "alerts": incident.findings,
        "about": dict(by_kind(incident)),
        "central": [
            {"kind": each.entity.kind, "name": each.entity.name, "share": round(each.share, 4)}
            for each in central(incident)
        ],
        "chain": chain(incident),
        "techniques": [
            {"id": t.id, "name": t.name, "certainty": round(t.certainty, 4), "source": t.source}
            for t in standing.techniques
        ],
        "parts": [
            {"rule": p.rule, "title": p.title, "kind": p.kind, "level": p.level, "count": p.count,
             "first": iso(p.first), "last": iso(p.last), "alert": p.finding}
            for p in in_order(incident, standing, len(incident.parts))
        ],
        "story": story(incident, standing),
        "merged": list(incident.merged),
        "merged_into": incident.merged_into,
    }  # fmt: skip


def _stamp(when: datetime, width: int) -> str:
    stamp = fields.stamp(when)
    return stamp if width >= _NARROW else stamp[:16]
