"""OTRF's recordings as one stream: what a hunt alerts in them, and what each was made to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from engine.errors import InputError, Problems
from engine.incident.finding import Finding, finding_of
from engine.incident.step import Proposes
from engine.ports import Document
from engine.rule import RuleSet
from vedette.evaluate.files import require
from vedette.lazy_mapper import LazyMapper
from vedette.output.summary import Summary
from vedette.rule_techniques import RuleProposals

if TYPE_CHECKING:
    from engine.alert import AlertMaker
    from engine.score.scorer import Scorer

MakesScorer: TypeAlias = "Callable[[AlertMaker, Problems], Scorer]"

FOLDER = "otrf"
SIGMAHQ = "sigmahq/rules"
"""The rules that are hunted with, where none are named."""
PLACEHOLDER = "T0000"
"""What the manifest names where it names no technique."""
WRONG = ("rubeus_asktgt",)
"""Parts of names of recordings whose label is provably wrong: Rubeus' `asktgt` asks a domain
controller for a Kerberos ticket, which is no copy of the database NTDS.dit (T1003.003)."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording by the name of its file, and the techniques that it was made to show."""

    name: str
    techniques: tuple[str, ...]

    @property
    def labelled(self) -> bool:
        """Whether it names any technique."""
        return bool(self.techniques)

    @property
    def wrong(self) -> bool:
        """Whether its label is provably wrong."""
        return any(part in self.name for part in WRONG)


@dataclass(frozen=True, slots=True)
class Hits:
    """What a hunt over all recordings found: findings, each with its recording's name."""

    events: int
    recordings: tuple[Recording, ...]
    findings: tuple[Finding, ...]
    where: dict[str, str]
    """Finding id → the name of its recording; nothing but the scoring looks at it."""

    @property
    def labelled(self) -> list[Recording]:
        """The recordings that name a technique."""
        return [recording for recording in self.recordings if recording.labelled]


@dataclass(slots=True)
class _Collector:
    """A writer that keeps alerts as findings."""

    proposes: Proposes
    findings: list[Finding] = field(default_factory=list)
    where: dict[str, str] = field(default_factory=dict)

    def alert(self, document: Document) -> None:
        finding = finding_of(document, self.proposes)
        if finding is not None:
            self.findings.append(finding)
            self.where[finding.id] = Path(
                document["vedette"]["alert"]["ancestors"][0]["index"]
            ).name

    def close(self, summary: Summary) -> None:
        pass


def manifest(data: Path) -> list[Recording]:
    """The recordings of the folder `data`; `InputError` where its list cannot be read."""
    path = require(data / FOLDER / "manifest.json")
    try:
        return [_recording(each) for each in orjson.loads(path.read_bytes())]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError("is not the list of recordings", file=str(path)) from error


def _recording(stated: Any) -> Recording:
    techniques = (str(t).upper() for t in stated["techniques"])
    return Recording(
        Path(stated["file"]).name,
        tuple(dict.fromkeys(t for t in techniques if t != PLACEHOLDER)),
    )


def hunted(data: Path, rules: RuleSet, scorer: MakesScorer | None = None) -> Hits:
    """Hunt all recordings with the rules; `InputError` names what is missing or wrong.

    What `scorer` makes sees every event.
    """
    from vedette.hunt import Hunt, hunt

    recordings = manifest(data)
    paths: Sequence[Path] = [require(data / FOLDER / each.name) for each in recordings]
    mapper = LazyMapper(rules.rules, None, Problems())
    collector = _Collector(RuleProposals(mapper, most=len(rules.rules)))
    outcome = hunt(Hunt(list(paths), rules, scorer=scorer), collector)
    if not outcome.summary.events:
        raise InputError("holds no events", file=str(data / FOLDER))
    return Hits(
        outcome.summary.events, tuple(recordings), tuple(collector.findings), collector.where
    )
