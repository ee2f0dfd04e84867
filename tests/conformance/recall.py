"""Do the alerts of a hunt show the techniques that each recording was made to show?"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.ports import Document
from engine.rule import RuleSet
from mitre.catalog import Catalog
from tests.conformance.recordings import Recording
from vedette.hunt import Hunt, hunt
from vedette.output.summary import Summary

VERDICTS = ("exact", "parent", "sibling", "missed")
"""The labelled technique or one below it was alerted; only its parent; only another of the same
parent; none of these."""

TOLD = (
    "a labelled technique was alerted",
    "… or the parent of one",
    "… or compared by parent technique (T1003.001 for T1003.003)",
)


@dataclass
class Collector:
    """A writer that adds alerts up by recording."""

    rules: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    techniques: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def alert(self, document: Document) -> None:
        origin = document["vedette"]["alert"]["ancestors"][0]["index"]
        name = Path(origin).name.removesuffix(".zst").removesuffix(".ndjson")
        self.rules[name][document["rule"]["uuid"]] += 1
        self.techniques[name] |= set(technique_ids(document))

    def close(self, summary: Summary) -> None:
        pass


def technique_ids(document: Document) -> list[str]:
    """Every technique and sub-technique id of an alert, as its rule's tags name them."""
    found: list[str] = []
    for entry in document.get("threat", ()):
        technique: dict[str, Any] = entry.get("technique", {})
        below = technique.get("subtechnique", {}).get("id", [])
        parents = {identity.partition(".")[0] for identity in below}
        # a parent listed only to hold its sub-technique was not claimed by the rule
        tagged = {
            tag.removeprefix("attack.").upper() for tag in document["vedette"]["alert"]["tags"]
        }
        found += [t for t in technique.get("id", []) if t not in parents or t in tagged]
        found += below
    return found


@dataclass
class Recall:
    """What a hunt over recordings showed."""

    events: int
    seconds: float
    alerts: int
    rules_loaded: int
    rules_refused: int
    problems: dict[str, int]
    collected: Collector
    verdicts: dict[str, str]
    """Recording → one of `VERDICTS`; unlabelled ones are left out."""

    def count(self, recordings: Sequence[Recording], *verdicts: str) -> int:
        return sum(self.verdicts.get(r.name) in verdicts for r in recordings)


def recall(
    recordings: Sequence[Recording], paths: Sequence[Path], rules: RuleSet, catalog: Catalog
) -> Recall:
    """Hunt the files and hold the alerts against the recordings' labels."""
    collector = Collector()
    started = time.monotonic()
    outcome = hunt(Hunt(list(paths), rules), collector)
    verdicts = {
        recording.name: verdict(collector.techniques[recording.name], recording, catalog)
        for recording in recordings
        if recording.labelled
    }
    return Recall(
        events=outcome.summary.events,
        seconds=time.monotonic() - started,
        alerts=outcome.summary.alerts_total,
        rules_loaded=len(rules),
        rules_refused=len(rules.refused),
        problems=dict(outcome.summary.problems.counts),
        collected=collector,
        verdicts=verdicts,
    )


def verdict(alerted: set[str], recording: Recording, catalog: Catalog) -> str:
    """The best of what any alerted technique is to any labelled one, of `VERDICTS`."""
    wanted = [technique for technique in recording.techniques if technique != "T0000"]
    found = {catalog.covers(mine, technique) for mine in alerted for technique in wanted}
    if found & {"exact", "parent"}:
        return "exact" if "exact" in found else "parent"
    same = {family(t, catalog) for t in alerted} & {family(t, catalog) for t in wanted}
    return "sibling" if same else "missed"


def family(technique: str, catalog: Catalog) -> str:
    """The parent technique, in the newest ATT&CK."""
    return (catalog.successor(technique) or technique).partition(".")[0]


def report(result: Recall, recordings: Sequence[Recording]) -> list[str]:
    """The result, line by line."""
    lines = [f"{'recording':<88} {'events':>7} {'alerts':>7}  verdict  labels"]
    for recording in recordings:
        alerts = result.collected.rules[recording.name].total()
        told = result.verdicts.get(recording.name, "no label")
        labels = " ".join(dict.fromkeys(recording.techniques))
        lines.append(
            f"{recording.name:<88} {recording.events:>7,} {alerts:>7,}  {told:<8} {labels}"
        )
    labelled = [recording for recording in recordings if recording.labelled]
    windows = [recording for recording in labelled if recording.windows]
    per_100k = result.alerts / result.events * 100_000 if result.events else 0.0
    lines += [
        f"rules loaded {result.rules_loaded:,}, refused {result.rules_refused:,}",
        f"events {result.events:,} in {result.seconds:.1f} s "
        f"({result.events / result.seconds:,.0f}/s), alerts {result.alerts:,} "
        f"({per_100k:,.0f} per 100,000 events), problems {result.problems}",
    ]
    lines.append(f"of {len(labelled)} labelled recordings ({len(windows)} of Windows):")
    for count, text in enumerate(TOLD, start=1):
        every, of_windows = (
            result.count(group, *VERDICTS[:count]) for group in (labelled, windows)
        )
        share = every / max(1, len(labelled))
        lines.append(f"  {text}: {every} ({share:.1%}), of Windows {of_windows}")
    return lines
