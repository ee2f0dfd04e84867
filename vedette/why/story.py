"""The story of an alert: a headline, the lines that matter first, and sections with the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.ports import Document
from vedette.output import fields
from vedette.output.safe import brief
from vedette.why import attack, background, evidence, scores

FIRST = 3
"""Lines that stand above everything else."""
LONGEST = 400
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines about one thing. An empty section is not shown."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Story:
    """Why there is an alert. `first` are the lines that matter most, at most three."""

    id: str
    kind: str
    headline: str
    first: Sequence[str]
    sections: Sequence[Section] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The story as JSON holds it."""
        return asdict(self)


def story(document: Document, verdicts: Sequence[str] = (), incidents: Sequence[str] = ()) -> Story:
    """What an alert document tells, with what people said of it and the incidents it is in.

    Nothing in the document is trusted to be there, short, or of the right type.
    """
    kind = fields.text(document, "vedette.alert.kind") or "sigma"
    reasons = evidence.reasons(document)
    found = [
        Section("What happened", background.happened(document)),
        *(Section(title, lines) for title, lines in evidence.parts(kind, reasons)),
        Section("What the models say", scores.models(document)),
        Section("Rules that matched in the same window", scores.corroborated(document)),
        Section("ATT&CK", attack.mapped(document)),
        Section("How sure, how grave", background.weight(document)),
        Section("Incidents", incidents),
        Section("Verdicts", verdicts),
        Section("What found it", background.finder(document)),
        Section("Events behind it", background.events(document)),
    ]
    return Story(
        fields.text(document, "vedette.alert.id", "event.id"),
        kind,
        _cut(background.headline(document)),
        [_cut(line) for line in evidence.foremost(kind, reasons, FIRST)],
        [Section(each.title, [_cut(line) for line in each.lines]) for each in found if each.lines],
    )


def _cut(line: str) -> str:
    return brief(line, LONGEST)
