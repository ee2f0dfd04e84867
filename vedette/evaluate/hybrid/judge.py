"""What models find strange in recordings, none of them having learned from their techniques."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.rule import RuleSet
from engine.score.threshold import MILD
from models.bundle.bundle import DAY
from models.errors import DataError
from vedette.evaluate.hybrid.credit import BUDGETS, PER, allowed
from vedette.evaluate.hybrid.family import DETECTORS, PLAN, Heard, family, fitted
from vedette.evaluate.hybrid.recordings import FOLDER, Hits, Recording, hunted
from vedette.evaluate.hybrid.scorers import Judges, Strange
from vedette.hunt import ALERTS_A_DAY
from vedette.lazy_mapper import LazyMapper
from vedette.techniques import Proposals

if TYPE_CHECKING:
    from engine.alert import AlertMaker
    from engine.errors import Problems

MODELS, HYBRID, HUNTS = "models only", "hybrid", "hybrid, 5 a day"
WINDOWS_A_DAY = DAY / PLAN.width
"""Of one host: recordings last minutes, so that their own windows a day say nothing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Anomalies: `supported` as a hunt with models tells them, `alone` where no rule is heard.

    `models` and `windows` are how many there were; `p` is what an anomaly's p is at most.
    """

    supported: Sequence[Strange] = ()
    alone: Sequence[Strange] = ()
    models: int = 0
    windows: int = 0
    p: float = 1.0

    @property
    def usual(self) -> list[Strange]:
        """Those that a hunt tells of with its own budget, if it is for one host."""
        most = ALERTS_A_DAY / WINDOWS_A_DAY
        return [each for each in self.supported
                if each.p <= (max(most, MILD) if each.supported else most)]  # fmt: skip

    def told(self, labelled: Sequence[Recording]) -> list[str]:
        """What to know of the models, in words."""
        if not self.models:
            return []
        names = {recording.name for recording in labelled}
        seen = frozenset[str]().union(*(each.recordings for each in self.alone)) & names
        sources = Counter(_source(each) for each in self.supported)
        return [
            f"{self.models} models ({', '.join(DETECTORS)}), each of the recordings without any "
            f"parent technique of those that it scores; {self.windows:,} windows of a host and "
            f"10 minutes; anomalies are those with p up to {self.p:.2f}, of which as many may come "
            f"by chance as {BUDGETS[-1]} per {PER:,} allows",
            f"{MODELS!r}: {len(self.alone)} anomalies, in {len(seen)} of {len(labelled)} labelled "
            f"recordings; {HYBRID!r}: {len(self.supported)}, of which {sources['rule']} have their "
            f"techniques from rules in the window, {sources['mapper']} from the mapper, "
            f"{sources['incident']} from it by their neighbours, {sources['']} none; "
            f"{HUNTS!r}: {len(self.usual)}",
        ]


def _source(strange: Strange) -> str:
    """Who says of which technique an anomaly is; empty where nobody does, or only of a tactic."""
    source = str(strange.document["vedette"]["alert"]["attack"].get("source", ""))
    named = any("technique" in entry for entry in strange.document.get("threat", ()))
    return source if named or source == "rule" else ""


def judged(data: Path, rules: RuleSet, hits: Hits, heard: Heard) -> Judged:
    """Fit models on what was heard of the recordings, and hunt these again with the models."""
    try:
        models = fitted(hits.recordings, heard)
    except DataError as error:
        raise InputError(str(error), file=str(data / FOLDER)) from error
    windows = len({(t.entity, t.time // PLAN.width) for told in heard.values() for t in told})
    rate = min(1.0, max(allowed(BUDGETS[-1], hits.events), 1) / windows)
    families = {recording.name: family(recording) for recording in hits.recordings}
    made: list[Judges] = []

    def judges(maker: AlertMaker, problems: Problems) -> Judges:
        techniques = Proposals(LazyMapper(rules.rules, None, problems))
        a_day = rate * WINDOWS_A_DAY
        made.append(Judges(models, families, maker, problems, techniques, a_day))
        return made[-1]

    hunted(data, rules, judges)
    return Judged(made[0].supported, made[0].alone, len(models), windows, rate)
