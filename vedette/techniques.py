"""What an anomaly may be in ATT&CK: its most telling events, asked of the mapper."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.normalise import normalise
from engine.ports import Record
from engine.score.anomaly import Anomaly, Proposed

if TYPE_CHECKING:
    from mitre.incident import Company
    from mitre.mapper import Mapper
    from mitre.ranked import Answer, Ranked
    from vedette.lazy_mapper import LazyMapper

EVENTS = 3
"""Events of an anomaly that are asked about: those of new kinds first, then of rare ones."""


class Proposals:
    """Asks a mapper, which is made when the first anomaly comes; without one proposes nothing."""

    def __init__(self, mapper: LazyMapper) -> None:
        self._mapper = mapper
        self._known: tuple[Mapper, Company] | None = None
        """The mapper that was asked last, and what its rules say of techniques in company."""

    def __call__(self, anomaly: Anomaly) -> Proposed:
        """Techniques and the likeliest tactic; of each the surest answer for any of the events."""
        mapper = self._mapper()
        if mapper is None:
            return Proposed()
        found: dict[str, Ranked] = {}
        tactic, sure = "", 0.0
        telling = sorted(anomaly.samples, key=lambda sample: (sample.rank, sample.time))
        for sample in [each for each in telling if each.text is not None][:EVENTS]:
            answer = _asked(mapper, json.loads(sample.text or b"{}"), sample.origin)
            for likely in answer.tactics[:1]:
                if likely.confidence > sure:
                    tactic, sure = likely.tactic, likely.confidence
            for ranked in answer.techniques:
                known = found.get(ranked.technique)
                if known is None or ranked.confidence > known.confidence:
                    found[ranked.technique] = ranked
        order = sorted(found.values(), key=lambda each: (-each.confidence, each.technique))
        if anomaly.neighbours:
            order = [*self._company(mapper).rerank(order, anomaly.neighbours)]
        return Proposed(order, tactic, sure)

    def _company(self, mapper: Mapper) -> Company:
        """How techniques go together by the mapper's rules."""
        from mitre.incident import Company

        if self._known is None or self._known[0] is not mapper:
            self._known = mapper, Company(mapper.examples, mapper.release)
        return self._known[1]


def _asked(mapper: Mapper, document: Mapping[str, Any], origin: str) -> Answer:
    from vedette.mapper_texts import event_query

    text, fields = event_query(document, mapper.fields)
    event = normalise(Record(document, origin))
    parts = ("product", "category", "service")
    source = {part: event.first(f"logsource.{part}") for part in parts}
    return mapper.answer(text, logsource=source, fields=fields)
