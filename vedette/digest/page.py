"""A report as one HTML page that a mail can carry: styles inline, no script, nothing remote."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template

from engine.incident.words import chain, title
from vedette.digest.figures import NAMED, TOP, Figures, precision_of
from vedette.digest.text import SHOWN, change
from vedette.output import attack
from vedette.output.html import environment
from vedette.output.levels import LEVELS, SHORT
from vedette.output.safe import brief

_FOLDER = Path(__file__).parent / "templates"
COLOURS = {
    "critical": "#9f1239",
    "high": "#dc2626",
    "medium": "#d97706",
    "low": "#0e7490",
    "informational": "#64748b",
}


@cache
def template() -> Template:
    """The template, in a sandbox that escapes everything."""
    made = environment(_FOLDER)
    made.filters["share"] = lambda share: f"{share:.0%}"
    made.filters["b"] = brief
    return made.get_template("digest.html.j2")


def page(figures: Figures, version: str) -> str:
    """The page."""
    precision = figures.precision
    most = max((sum(counts.values()) for _, counts in figures.per_day), default=0)
    return template().render(
        f=figures,
        version=version,
        change=change(figures),
        incidents=[
            (
                each.incident,
                round(each.standing.risk),
                title(each.incident, each.standing),
                ", ".join(chain(each.incident)),
            )
            for each in figures.incidents[:SHOWN]
        ],
        levels=[(each, SHORT.get(each, each), COLOURS[each]) for each in LEVELS],
        days=[
            (brief(day, 10), sum(counts.values()), _parts(counts, most))
            for day, counts in figures.per_day
        ],
        techniques=[(id, name, n, attack.technique_url(id)) for id, name, n in figures.techniques],
        hosts=figures.summary.hosts.top(TOP),
        noisy=figures.noisy,
        precision=precision[:TOP],
        together=precision_of(precision),
        silent=figures.silent[:NAMED],
        silent_more=max(0, len(figures.silent) - NAMED),
        held=figures.held.most_common(TOP),
        colours=COLOURS,
        short={each: SHORT.get(each, each) for each in LEVELS},
    )


def _parts(counts: dict[str, int], most: int) -> list[tuple[str, float]]:
    """(colour, width in percent) of each level's part of a day's bar."""
    return [
        (COLOURS[each], round(counts[each] / most * 100, 2)) for each in LEVELS if counts.get(each)
    ]
