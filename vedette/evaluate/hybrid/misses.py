"""Where the labelled technique of each recording stands, at a budget: how far it got, or why not.

So a share that misses its aim says where it is lost: no rule knows the technique, the incident is
not among the first, or another technique comes before it there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vedette.evaluate.hybrid.alerts import Claim, Claims
from vedette.evaluate.hybrid.credit import names
from vedette.evaluate.hybrid.recordings import Hits, Recording

RANKS = {
    "the first technique of an incident": 1,
    "its second, another one first": 2,
    "its third": 3,
    "its fourth or fifth": 5,
    "its sixth to tenth": 10,
    "further down": 1 << 60,
}
"""Up to which place in an incident within the budget."""
FIRST, SECOND, THIRD, FIFTH, TENTH, LOWER = RANKS
OUTSIDE = "only in incidents beyond the budget"
OTHERS = "rules match, and none names or proposes it"
SILENT = "no rule matches"
WRONG = "the label is provably wrong"
CAUSES = (*RANKS, OUTSIDE, OTHERS, SILENT, WRONG)
"""Where a labelled technique stands, each recording under the first that holds but `WRONG`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording's technique stands: one of `CAUSES`, and its rank where it has one.

    `named` says whether a rule that matched in the recording names it by a tag, `incidents` how
    many incidents hold something of the recording, `first` what the gravest of these within the
    budget says instead; empty where none says anything.
    """

    recording: Recording
    cause: str
    rank: int | None
    named: bool
    incidents: int
    first: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "part": "recording", "recording": self.recording.name,
            "techniques": list(self.recording.techniques), "wrong": self.recording.wrong,
            "cause": self.cause, "rank": self.rank, "named": self.named,
            "incidents": self.incidents, "first": self.first,
        }  # fmt: skip


def places(hits: Hits, alerts: Sequence[Claims], most: int) -> list[Place]:
    """Where each labelled recording's technique stands by the first `most` alerts."""
    matched = set(hits.where.values())
    tags: dict[str, set[str]] = {}
    for finding in hits.findings:
        tags.setdefault(hits.where[finding.id], set()).update(step.id for step in finding.steps)
    return [
        _place(each, alerts, most, each.name in matched, tags.get(each.name, set()))
        for each in hits.labelled
    ]


def counted(found: Sequence[Place]) -> Counter[str]:
    """How many recordings there are under each of `CAUSES`."""
    return Counter(place.cause for place in found)


def lines(by_budget: Mapping[int, Sequence[Place]]) -> Iterator[tuple[str, ...]]:
    """A table of counts, a column for each budget, the heading first."""
    yield ("where the labelled technique stands", *(f"at {budget}" for budget in by_budget))
    counts = [counted(found) for found in by_budget.values()]
    for cause in CAUSES:
        yield (cause, *(str(count[cause]) for count in counts))


def _place(
    recording: Recording, alerts: Sequence[Claims], most: int, matched: bool, tags: set[str]
) -> Place:
    about = [
        (at, claims)
        for at, claims in enumerate(alerts)
        if any(recording.name in claim.recordings for claim in claims)
    ]
    best: int | None = None
    beyond = False
    for at, claims in about:
        rank = next((n for n, c in enumerate(claims, 1) if names(c, recording)), None)
        if rank is not None and at < most:
            best = rank if best is None else min(best, rank)
        beyond = beyond or rank is not None
    here = frozenset({recording.name})
    named = any(names(Claim(tag, (), here), recording) for tag in tags)
    first = next((claims[0].technique for at, claims in about if at < most), "")
    return Place(
        recording, _cause(recording, best, beyond, matched), best, named, len(about), first
    )


def _cause(recording: Recording, rank: int | None, beyond: bool, matched: bool) -> str:
    if rank is not None:
        return next(cause for cause, last in RANKS.items() if rank <= last)
    if beyond:
        return OUTSIDE
    if recording.wrong:
        return WRONG
    return OTHERS if matched else SILENT
