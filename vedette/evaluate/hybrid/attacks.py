"""Recall of recorded attacks at a budget of alerts: rules alone, models only, and grouped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from engine.incident.rank import USUAL, Weights
from engine.rule import RuleSet
from vedette.evaluate.hybrid.alerts import Claims, Grouped, grouped, models_only, rules_alone
from vedette.evaluate.hybrid.choose import GRID, Chosen, leave_one_out
from vedette.evaluate.hybrid.credit import (
    BUDGETS,
    PER,
    Found,
    allowed,
    bounds,
    found,
    ratio_bounds,
)
from vedette.evaluate.hybrid.judge import HUNTS, HYBRID, MODELS, Judged, judged
from vedette.evaluate.hybrid.misses import Place, places
from vedette.evaluate.hybrid.recordings import Hits, Recording, hunted
from vedette.evaluate.hybrid.scorers import Listener

RULES, GROUPED, PLAIN, SHIPPED = "rules alone", "grouped", "grouped, plain", "grouped, shipped"
REPEATING = "grouped, repeats as they come"
TAGS, SHIPPED_HYBRID = "grouped, tags alone", "hybrid, shipped"
COUNTED = ("first", "top", "parent", "family", "tactic")
PLAINLY = Weights(1.0, 1.0, 1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Row:
    """What a method finds at one budget: the shares of recordings by what counts, with bounds."""

    method: str
    budget: int
    alerts: int
    recordings: int
    shares: dict[str, float]
    bounds: dict[str, tuple[float, float]]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "part": "attacks", "method": self.method, "budget": self.budget,
            "alerts": self.alerts, "recordings": self.recordings, "recall": self.shares,
            "bounds": {name: list(low_high) for name, low_high in self.bounds.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attacks:
    """All rows, what to know of them, and by budget where each recording's technique stands.

    The last is by the weights that Vedette has, without models.
    """

    rows: list[Row]
    notes: list[str]
    places: dict[int, list[Place]] = field(default_factory=dict)


def attacks(data: Path, rules: RuleSet) -> Attacks:
    """Hunt the recordings below `data` and measure; `InputError` for what is missing there."""
    listener = Listener()
    hits = hunted(data, rules, lambda _maker, _problems: listener)
    return measured(hits, len(rules), judged(data, rules, hits, listener.heard))


def measured(hits: Hits, rules: int, models: Judged = Judged()) -> Attacks:  # noqa: B008 # frozen
    """Rules, models and both, grouped by weights that never saw the labels they are held to."""
    labelled = hits.labelled
    budgets = {budget: allowed(budget, hits.events) for budget in BUDGETS}
    put, alone = grouped(hits), rules_alone(hits)
    both, strange = grouped(hits, models.supported), models_only(models.alone)
    usual = grouped(hits, models.usual)

    def measure(weights: Weights, incidents: Grouped = put) -> dict[int, Found]:
        return at_budgets(incidents.alerts(weights), labelled, budgets)

    def unseen(incidents: Grouped) -> dict[int, Found]:
        return leave_one_out(labelled, lambda weights: measure(weights, incidents)).found

    chosen = leave_one_out(labelled, measure)
    by_tags = [weights for weights in GRID if not weights.proposed and not weights.kin]
    tags = leave_one_out(labelled, measure, by_tags)
    methods: dict[str, dict[int, Found]] = {
        RULES: at_budgets(alone, labelled, budgets),
        MODELS: at_budgets(strange, labelled, budgets),
        GROUPED: chosen.found,
        TAGS: tags.found,
        REPEATING: leave_one_out(
            labelled, lambda weights: at_budgets(put.alerts(weights, 0.0), labelled, budgets)
        ).found,
        HYBRID: unseen(both),
        HUNTS: unseen(usual),
        PLAIN: measure(PLAINLY),
        SHIPPED: measure(USUAL),
        SHIPPED_HYBRID: measure(USUAL, both),
    }
    totals = {RULES: len(alone), MODELS: len(strange), HYBRID: len(both.incidents),
              SHIPPED_HYBRID: len(both.incidents), HUNTS: len(usual.incidents)}  # fmt: skip
    right = [not recording.wrong for recording in labelled]
    rows = [
        _row(name, budget, totals.get(name, len(put.incidents)), each)
        for name, by_budget in methods.items()
        for budget, each in by_budget.items()
    ]
    rows += [
        _row(f"{name}, labels that hold", budget, totals.get(name, len(put.incidents)),
             methods[name][budget].only(right))
        for name in (RULES, MODELS, GROUPED, HYBRID) for budget in BUDGETS
    ]  # fmt: skip
    notes = [
        f"{rules:,} rules, {hits.events:,} events of {len(hits.recordings)} recordings, "
        f"{len(labelled)} of them labelled, {len(labelled) - sum(right)} provably wrong",
        f"{len(hits.findings):,} rule hits, {len(alone):,} alerts of rules alone, "
        f"{len(put.incidents):,} incidents ({_per_recording(hits, put.met)})",
        _ceiling(hits, alone),
        *_ratios("grouped", methods[GROUPED], "rules alone do", methods[RULES]),
        *_ratios("hybrid", methods[HYBRID], "grouped does", methods[GROUPED]),
        *models.told(hits.labelled),
        *([_beyond(hits, alone, strange, models)] if models.models else ()),
        *_choice(chosen),
    ]
    shipped = put.alerts()
    stand = {budget: places(hits, shipped, most) for budget, most in budgets.items()}
    return Attacks(rows, notes, stand)


def at_budgets(
    alerts: Sequence[Claims], labelled: Sequence[Recording], budgets: dict[int, int]
) -> dict[int, Found]:
    """What a ranking finds at each budget."""
    return {budget: found(alerts, labelled, most) for budget, most in budgets.items()}


def _row(method: str, budget: int, alerts: int, each: Found) -> Row:
    values = {name: getattr(each, name) for name in COUNTED}
    return Row(
        method, budget, alerts, len(each.first),
        {name: float(value.mean()) for name, value in values.items()},
        {name: bounds(value) for name, value in values.items()},
    )  # fmt: skip


def _per_recording(hits: Hits, met: dict[tuple[str, str], frozenset[str]]) -> str:
    """How many hits and incidents a recording has, in words."""
    found: dict[str, set[str]] = {}
    for (incident, _), names in met.items():
        for name in names:
            found.setdefault(name, set()).add(incident)
    of = Counter(hits.where[finding.id] for finding in hits.findings)
    several = sum(len(each) for each in found.values())
    third = sum(3 * len(found.get(name, ())) <= count for name, count in of.items())
    return (
        f"of {len(of)} recordings with hits {third} have a third as many or less; median of hits "
        f"{median(of.values()):.0f}, of incidents {median(map(len, found.values())):.0f}; "
        f"{several / len(hits.findings):.1%} of hits in all"
    )


def _ceiling(hits: Hits, alone: Sequence[Claims]) -> str:
    """What any ranking of these hits could find at most, in words."""
    whole = _whole(alone, hits)
    return (
        f"with every technique that a hit's rule names: right in {whole.first.mean():.1%}, "
        f"counting parents {whole.parent.mean():.1%}, families {whole.family.mean():.1%}; "
        "no ranking by tags finds more"
    )


def _whole(alerts: Sequence[Claims], hits: Hits) -> Found:
    """What is found by every technique of every alert."""
    return found([(claim,) for claims in alerts for claim in claims], hits.labelled, PER * PER)


def _beyond(hits: Hits, alone: Sequence[Claims], strange: Sequence[Claims], models: Judged) -> str:
    """What models say of the recordings whose technique no rule names, in words."""
    missed = _whole(alone, hits).first == 0
    named = _whole(strange, hits).first[missed]
    seen = frozenset[str]().union(*(each.recordings for each in models.alone))
    flagged = [r.name in seen for r, out in zip(hits.labelled, missed, strict=True) if out]
    return (
        f"of {missed.sum()} recordings whose technique no rule names, {sum(flagged)} have an "
        f"anomaly, and {named.sum():.0f} one for which the mapper proposes it"
    )


def _ratios(name: str, put: dict[int, Found], than: str, alone: dict[int, Found]) -> list[str]:
    """How many times as much one method finds, in words."""
    lines = []
    for budget in BUDGETS[1:]:
        for column, what in (("first", "by the first technique"), ("top", "by the first three")):
            ours, theirs = getattr(put[budget], column), getattr(alone[budget], column)
            low, high = ratio_bounds(ours, theirs)
            times = ours.sum() / max(theirs.sum(), 1)
            lines.append(
                f"{name} finds {times:.2f} times ({low:.2f} - {high:.2f}) what {than} at "
                f"{budget} per {PER:,}, {what}"
            )
    return lines


def _choice(chosen: Chosen) -> list[str]:
    """Which weights were chosen, in words."""
    usual = chosen.weights.most_common(1)[0]
    return [
        f"weights of {GROUPED!r}: of {len(GRID)} each time those that find most of the recordings "
        f"of other techniques; {len(chosen.weights)} different ones, {_told(usual[0])} in "
        f"{usual[1]} of {chosen.weights.total()}; all labels together would choose "
        f"{_told(chosen.best)}",
        f"{TAGS!r}: the same, with what no rule names and what kin says left out; "
        f"{REPEATING!r}: with incidents as late that tell a story once more as others; "
        f"{PLAIN!r} counts all techniques alike; {SHIPPED!r} and {SHIPPED_HYBRID!r} are the "
        "weights that Vedette has, which were chosen on these recordings",
    ]


def _told(weights: Weights) -> str:
    return (
        f"execution {weights.execution:g}, sub-technique {weights.precise:g}, "
        f"rarity of rules {weights.rare_rule:g} and techniques {weights.rare_technique:g}, "
        f"proposed {weights.proposed:g}, kin {weights.kin:g}"
    )
