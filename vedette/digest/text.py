"""A report as plain text of at most 78 columns."""

from __future__ import annotations

from collections.abc import Iterator

from engine.incident.words import chain, title
from vedette.digest.figures import NAMED, Figures, precision_of
from vedette.output.levels import LEVELS, SHORT
from vedette.output.safe import brief

BAR = 24
SHOWN = 5
"""Incidents that are named."""


def lines(figures: Figures) -> Iterator[str]:
    """The report, line by line."""
    yield f"Vedette: {figures.since:%Y-%m-%d %H:%M} to {figures.until:%Y-%m-%d %H:%M} UTC"
    yield f"in {brief(figures.place, 70)}"
    yield ""
    yield headline(figures)
    yield from _incidents(figures)
    yield from _volumes(figures)
    yield from _listed("Techniques", [(n, f"{id} {name}") for id, name, n in figures.techniques])
    yield from _listed("Hosts", [(n, name) for name, n in figures.summary.hosts.top(10)])
    yield from _noisy(figures)
    yield from _precision(figures)
    yield from _models(figures)
    yield from _silent(figures)
    yield from _losses(figures)


def headline(figures: Figures) -> str:
    """How many alerts, and whether more than before."""
    counts = figures.summary.levels
    levels = ", ".join(
        f"{counts[each]:,} {SHORT.get(each, each)}" for each in LEVELS if counts[each]
    )
    return f"{figures.total:,} alerts" + (f": {levels}" if levels else "") + f". {change(figures)}"


def change(figures: Figures) -> str:
    """The alerts of as long a time before, in words."""
    if not figures.before:
        return "None in as long a time before." if figures.before == 0 else ""
    difference = figures.total - figures.before
    share = abs(difference) / figures.before
    more = "more" if difference > 0 else "fewer"
    if not difference:
        return f"As many as in as long a time before ({figures.before:,})."
    return f"{share:.0%} {more} than in as long a time before ({figures.before:,})."


def _incidents(figures: Figures) -> Iterator[str]:
    found = figures.incidents
    if not found:
        return
    yield from ("", f"Incidents: {len(found):,}")
    for each in found[:SHOWN]:
        alerts, tactics = f"{each.incident.findings:,} alerts", ", ".join(chain(each.incident))
        yield f"  {each.standing.risk:>4.0f}  {brief(title(each.incident, each.standing), 56)}"
        yield f"        {brief(tactics, 56)} ({alerts}, {each.incident.id[:12]})"
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN:,} more: vedette incidents list"


def _volumes(figures: Figures) -> Iterator[str]:
    most = max((sum(counts.values()) for _, counts in figures.per_day), default=0)
    if not most:
        return
    yield from ("", "Alerts by day")
    for day, counts in figures.per_day:
        total = sum(counts.values())
        yield f"  {brief(day, 10):<10} {total:>7,}  {'#' * round(total / most * BAR)}"


def _listed(title: str, rows: list[tuple[int, str]]) -> Iterator[str]:
    if rows:
        yield from ("", title)
        for count, name in rows:
            yield f"  {count:>7,}  {brief(name, 66)}"


def _noisy(figures: Figures) -> Iterator[str]:
    if not figures.noisy:
        return
    yield from ("", "Rules with the most alerts")
    for each in figures.noisy:
        sure = "not judged" if each.sure is None else f"{each.sure:.0%} true of {each.judged.all:,}"
        yield f"  {each.count:>7,}  {each.share:>4.0%}  {brief(each.title, 44)} ({sure})"


def _precision(figures: Figures) -> Iterator[str]:
    found = figures.precision
    together = precision_of(found)
    if together is None:
        yield from ("", "No alert was judged yet: vedette feedback add")
        return
    given = ", ".join(f"{n:,} {name}" for name, n in sorted(figures.verdicts.items()))
    yield from ("", "How often alerts were right, by verdicts")
    yield f"  given in this time: {given or 'none'}"
    for each in [together, *found[:10]]:
        bounds = f"{each.low:.0%} to {each.high:.0%}, n = {each.count.all:,}"
        yield f"  {each.share:>5.0%}  {bounds:<24}  {brief(each.name, 44)}"


def _models(figures: Figures) -> Iterator[str]:
    yield from _listed("Anomalies by model", [(n, m) for m, n in figures.models.most_common(10)])
    if figures.drift:
        yield from ("", "Drift")
        for when, what in figures.drift:
            yield f"  {when}  {brief(what, 200)}"


def _silent(figures: Figures) -> Iterator[str]:
    if not figures.rules:
        return
    silent = figures.silent
    parts = [f"{n:,} of {every:,} {SHORT.get(v, v)}" for v, n, every in figures.silent_levels]
    yield from ("", f"Rules without an alert in this time: {', '.join(parts)}")
    for rule in silent[:NAMED]:
        yield f"  {SHORT.get(rule.level, rule.level):<8}  {brief(rule.title, 64)}"
    if len(silent) > NAMED:
        yield f"  and {len(silent) - NAMED:,} more"


def _losses(figures: Figures) -> Iterator[str]:
    held = [(n, f"{kind}: {name}") for (kind, name), n in figures.held.most_common(10)]
    yield from _listed("Held back by exceptions, suppression and caps", held)
    for each in figures.cut:
        yield from ("", brief(each, 300))
    if figures.gaps:
        states = ", ".join(f"{n:,} {state}" for state, n in sorted(figures.gaps.items()))
        yield from ("", f"Gaps on record: {states}")
