"""A finding in words: what came together, for whom, and within which time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.correlate.condition import Number
from engine.correlate.finding import Finding
from engine.correlate.rule import Correlation
from engine.entities import cut

MEASURES = {
    "value_count": "different values of", "value_sum": "is the sum of",
    "value_avg": "is the average of", "value_median": "is the median of",
}  # fmt: skip
NOTABLE = (("host.name", "host"), ("user.name", "user"), ("source.ip", "source address"))
"""Of whom there may be several in a window, so that it is worth saying."""


def sentence(finding: Finding, found: Sequence[Mapping[str, Any]]) -> str:
    """What was found; `found` are the entities of the window's events, if all are at hand."""
    correlation = finding.correlation
    if finding.capped:
        capped = finding.capped
        return (
            f"Not all of it was seen: the limit of {capped.limit:,} {capped.what} has cut it; "
            f"at least {capped.total:,} came{_for(finding)} within {correlation.timespan}"
        )
    return f"{_what(finding)}{_for(finding)}{_from(finding, found)} within {correlation.timespan}"


def _what(finding: Finding) -> str:
    correlation = finding.correlation
    rules = _rules(correlation)
    fields = " and ".join(correlation.fields)
    match correlation.type:
        case "event_count":
            return f"{finding.total:,} events of {rules}"
        case "value_count":
            return f"{_number(finding.value)} different values of {fields} in {rules}"
        case "value_percentile":
            name = f"percentile {correlation.percentile:g}"
            return f"{_number(finding.value)} is the {name} of {fields} in {rules}"
        case "temporal" | "temporal_ordered":
            then = " then " if correlation.ordered else " and "
            seen = {place for hit in finding.hits for place in hit.places}
            titles = [t for place, t in enumerate(correlation.titles) if place in seen]
            return then.join(f"“{title}”" for title in titles)
        case _:
            return f"{_number(finding.value)} {MEASURES[correlation.type]} {fields} in {rules}"


def _rules(correlation: Correlation) -> str:
    titles = list(dict.fromkeys(correlation.titles))
    shown = " or ".join(f"“{title}”" for title in titles[:3])
    return shown + (f" or {len(titles) - 3} more" if len(titles) > 3 else "")


def _for(finding: Finding) -> str:
    pairs = zip(finding.correlation.group_by, finding.shown, strict=False)
    named = " and ".join(f"{name} {cut(value, 80)}" for name, value in pairs)
    return f" for {named}" if named else ""


def _from(finding: Finding, found: Sequence[Mapping[str, Any]]) -> str:
    if len(found) < finding.total:
        return ""
    parts = []
    for path, noun in NOTABLE:
        outer, inner = path.split(".")
        values = {
            str(item[outer][inner]).casefold() for item in found if inner in item.get(outer, {})
        }
        if len(values) > 1:
            parts.append(f"{len(values):,} {noun}{'es' if noun.endswith('s') else 's'}")
    return f", of {' and '.join(parts)}," if parts else ""


def _number(value: Number | None) -> str:
    if value is None:
        return "nothing"
    if value == int(value):
        return f"{int(value):,}"
    return f"{float(value):,.2f}"


def explanation(finding: Finding) -> list[dict[str, Any]]:
    """The measure and its condition, then how often each rule took part."""
    correlation = finding.correlation
    wanted = f"“{correlation.condition}”" if correlation.expression else str(correlation.compare)
    counted = _number(finding.value) if correlation.compare else ""
    first = f"{correlation.type} {counted}".rstrip() + f", wanted: {wanted}"
    counts = Counter(place for hit in finding.hits for place in hit.places)
    total = sum(counts.values()) or 1
    parts = [{"feature": correlation.type, "contribution": 1.0, "text": cut(first, 512)}]
    parts += [
        {
            "feature": "rule",
            "contribution": round(count / total, 4),
            "text": cut(f"{count:,} of {correlation.titles[place]}", 512),
        }
        for place, count in sorted(counts.items())
    ]
    if finding.suppressed:
        text = f"held {finding.suppressed:,} more times since the last alert of this group"
        parts.append({"feature": "suppressed", "contribution": 0.0, "text": text})
    return parts
