"""Why labelled recordings are missed: what each got as far as, at a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from vedette.evaluate.hybrid.alerts import Claims
from vedette.evaluate.hybrid.credit import TOP, found
from vedette.evaluate.hybrid.recordings import Hits, Recording

FIRST = "the first technique of an incident"
THREE = "its second or third, another one first"
LOWER = "further down"
OUTSIDE = "only in incidents beyond the budget"
OTHERS = "rules match, and none names or proposes it"
SILENT = "no rule matches"
WRONG = "the label is provably wrong"
CAUSES = (FIRST, THREE, LOWER, OUTSIDE, OTHERS, SILENT, WRONG)
"""Where a labelled technique stands, each recording under the first that holds but `WRONG`."""


def causes(hits: Hits, alerts: Sequence[Claims], most: int) -> Counter[str]:
    """How many labelled recordings there are under each of `CAUSES`, by the first `most` alerts."""
    seen = set(hits.where.values())
    named = _each(alerts, len(alerts)), _each(alerts, most), _each(alerts, most, TOP)
    ever, inside, three = (found(list(claims), hits.labelled, 1 << 60).first for claims in named)
    first = found(alerts, hits.labelled, most).first
    ranks = zip(hits.labelled, ever, inside, three, first, strict=True)
    return Counter(_cause(each, seen, *map(bool, held)) for each, *held in ranks)


def _each(alerts: Sequence[Claims], most: int, top: int | None = None) -> Iterator[Claims]:
    """Each technique of the first alerts as an alert of its own."""
    return ((claim,) for claims in alerts[:most] for claim in claims[:top])


def _cause(
    recording: Recording, seen: set[str], ever: bool, inside: bool, three: bool, first: bool
) -> str:
    reached = ((FIRST, first), (THREE, three), (LOWER, inside), (OUTSIDE, ever))
    for cause, held in reached:
        if held:
            return cause
    if recording.wrong:
        return WRONG
    return OTHERS if recording.name in seen else SILENT


def told(counted: Counter[str], budget: int) -> str:
    """The counts in words."""
    parts = "; ".join(f"{counted[cause]} {cause}" for cause in CAUSES)
    return f"where the labelled technique stands at {budget}, by recordings: {parts}"
