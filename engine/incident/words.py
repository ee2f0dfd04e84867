"""An incident in plain sentences, and its tactics in the order in which attacks go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from engine.incident.group import PLACES
from engine.incident.incident import Incident, Part
from engine.incident.rank import Ranked, Standing

TOLD = 12
"""Parts that a story tells one by one."""
SHOWN = 3
"""How many names of one kind a sentence has before it only counts."""


def chain(incident: Incident) -> list[str]:
    """The names of its tactics in the matrix's order; unknown ones last."""
    order = sorted(incident.tactics, key=lambda t: (PLACES.get(t, len(PLACES)), t))
    return [incident.tactics[identity] or identity for identity in order]


def title(incident: Incident, standing: Standing) -> str:
    """What it is most probably about, and where: `OS Credential Dumping: LSASS Memory on ws02`."""
    what = incident.parts[standing.leading[0]].title if standing.leading else "Alerts"
    if standing.techniques:
        first = standing.techniques[0]
        what = first.name or first.id
    where = named(incident.hosts) or named(incident.users)
    said = any(name in what.lower() for name in incident.hosts[:1])
    return f"{what} on {where}" if where and not said else what


def story(incident: Incident, standing: Standing) -> list[str]:
    """The story in a few sentences: what, where and who, by which techniques, in which parts."""
    found = list(_sentences(incident, standing))
    found += [_step(part) for part in in_order(incident, standing)]
    if incident.more:
        found.append(f"{incident.more:,} more alerts are of rules that are not named here.")
    return found


def in_order(incident: Incident, standing: Standing, most: int = TOLD) -> list[Part]:
    """The parts that weigh most, in the order in which they began."""
    parts = (incident.parts[rule] for rule in standing.leading[:most])
    return sorted(parts, key=lambda p: (p.first, p.rule))


def _sentences(incident: Incident, standing: Standing) -> Iterator[str]:
    alerts = counted(incident.findings, "alert")
    rules = counted(len(incident.parts), "rule or model", "rules and models")
    where = f" on {named(incident.hosts)}" if incident.hosts else ""
    who = f" with {named(incident.users)}" if incident.users else ""
    lasted = duration(incident.end - incident.start)
    yield f"{alerts} from {rules}{where}{who}, {lasted}."
    if standing.techniques:
        first, *others = standing.techniques[:SHOWN]
        told = f"Most probably {_technique(first)}"
        if others:
            told += "; then " + " and ".join(map(_technique, others))
        yield f"{told}."
    else:
        yield "No rule says which technique this is."
    if tactics := chain(incident):
        yield f"Tactics: {' → '.join(tactics)}."


def _technique(ranked: Ranked) -> str:
    told = f"{ranked.id} {ranked.name}".rstrip()
    return told if ranked.named else f"{told} (by likeness: no rule names it)"


def _step(part: Part) -> str:
    at = part.first.strftime("%H:%M:%S")
    times = f", {part.count:,} times" if part.count > 1 else ""
    which = f" ({', '.join(step.id for step in part.steps)})" if part.steps else ""
    return f"{at} {part.title}{which}{times}"


def named(names: Sequence[str]) -> str:
    """Names in a list, the first few and how many more."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def counted(number: int, noun: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def duration(span: timedelta) -> str:
    """How long something went on, in words."""
    seconds = span.total_seconds()
    for unit, name in ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second")):
        if seconds >= unit:
            return "within " + counted(round(seconds / unit), name)
    return "at one moment"
