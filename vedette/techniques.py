"""What an anomaly may be in ATT&CK: its most telling events, asked of the mapper."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError, Problem, Report
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule

if TYPE_CHECKING:
    from engine.score.anomaly import Anomaly
    from mitre.incident import Company
    from mitre.mapper import Mapper
    from mitre.ranked import Ranked

EVENTS = 3
"""Events of an anomaly that are asked about: those of new kinds first, then of rare ones."""


class Proposals:
    """Asks the mapper of some rules, which is made when the first anomaly comes.

    Where the rules are too few to learn from, that is told once, and nothing is proposed.
    """

    def __init__(self, rules: Sequence[Rule], state: Path | None, report: Report) -> None:
        self._rules, self._state, self._report = rules, state, report
        self._mapper: Mapper | None = None
        self._company: Company | None = None
        self._failed = False

    def __call__(self, anomaly: Anomaly) -> Sequence[Ranked]:
        """Techniques, the likeliest first; of each the surest answer for any of the events."""
        mapper = self._made()
        if mapper is None:
            return ()
        found: dict[str, Ranked] = {}
        telling = sorted(anomaly.samples, key=lambda sample: (sample.rank, sample.time))
        for sample in [each for each in telling if each.text is not None][:EVENTS]:
            for ranked in _asked(mapper, json.loads(sample.text or b"{}"), sample.origin):
                known = found.get(ranked.technique)
                if known is None or ranked.confidence > known.confidence:
                    found[ranked.technique] = ranked
        answer = sorted(found.values(), key=lambda each: (-each.confidence, each.technique))
        return self._in_company(answer, anomaly.neighbours) if anomaly.neighbours else answer

    def _in_company(self, ranked: list[Ranked], neighbours: Sequence[str]) -> Sequence[Ranked]:
        """The same, each as sure as what rules say of the entity around that time makes it."""
        from mitre.incident import Company

        if self._company is None and self._mapper is not None:
            self._company = Company(self._mapper.examples, self._mapper.release)
        return self._company.rerank(ranked, neighbours) if self._company else ranked

    def _made(self) -> Mapper | None:
        if self._mapper is None and not self._failed:
            from vedette.mapper import mapper

            try:
                self._mapper = mapper(self._rules, state=self._state, report=self._report)
            except InputError as error:
                self._failed = True
                text = f"no technique is proposed for anomalies: {error.message}"
                self._report(Problem("mapper-missing", text))
        return self._mapper


def _asked(mapper: Mapper, document: Mapping[str, Any], origin: str) -> Sequence[Ranked]:
    from vedette.mapper_texts import event_query

    text, fields = event_query(document, mapper.fields)
    event = normalise(Record(document, origin))
    parts = ("product", "category", "service")
    source = {part: event.first(f"logsource.{part}") for part in parts}
    return mapper.rank(text, logsource=source, fields=fields)
