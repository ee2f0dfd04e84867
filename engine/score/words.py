"""An anomaly in words."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.entities import cut
from engine.score.anomaly import Anomaly

WHERE = {"host.name": "on", "user.name": "of", "source.ip": "from", "origin": "in"}
"""How a title goes on from "Unusual activity" to who it is of."""

NAMED = 3
"""Rules that a sentence names."""


def title(field: str, name: str) -> str:
    """What an anomaly is called; `name` as the events write it."""
    return cut(f"Unusual activity {WHERE.get(field, 'of')} {name}", 256)


def sentence(anomaly: Anomaly, name: str) -> str:
    """What happened, for whom, when, and how strange that is."""
    start, end = (f"{_utc(time):%H:%M}" for time in (anomaly.start, anomaly.end))
    day = f"{_utc(anomaly.start):%Y-%m-%d}"
    events = "1 event" if anomaly.events == 1 else f"{anomaly.events:,} events"
    said = (
        f"{title(anomaly.field, name)}: {events} on {day} from {start} to {end}; {rarity(anomaly)}"
    )
    if anomaly.corroborating:
        titles = [f"“{hit.title}”" for hit in anomaly.corroborating]
        more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
        said += f"; rules that matched: {', '.join(titles[:NAMED])}{more}"
    if anomaly.reasons:
        said += f"; {anomaly.reasons[0].text}"
    return said


def rarity(anomaly: Anomaly) -> str:
    """How many normal windows there are for one that is as strange."""
    scored = anomaly.scored
    if scored.first_p is not None:
        name = anomaly.model.bundle.plan.validator
        return f"{_rarity(anomaly)}, after {name} looked at it again"
    return _rarity(anomaly)


def _rarity(anomaly: Anomaly) -> str:
    scored = anomaly.scored
    one_in = 1 / scored.p
    count = f"{one_in:,.0f}" if one_in < 1e6 else f"{one_in:.0e}"
    if scored.extrapolated:
        normals = len(anomaly.model.bundle.normal)
        return f"stranger than all {normals:,} normal windows (one in {count}, by a fitted tail)"
    return f"as strange as one normal window in {count}"


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
