"""What an anomaly may be in ATT&CK: its most telling events, asked of the mapper."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.normalise import normalise
from engine.ports import Record

if TYPE_CHECKING:
    from engine.score.anomaly import Anomaly
    from mitre.incident import Company
    from mitre.mapper import Mapper
    from mitre.ranked import Ranked
    from vedette.lazy_mapper import LazyMapper

EVENTS = 3
"""Events of an anomaly that are asked about: those of new kinds first, then of rare ones."""


class Proposals:
    """Asks a mapper, which is made when the first anomaly comes; without one proposes nothing."""

    def __init__(self, mapper: LazyMapper) -> None:
        self._mapper = mapper
        self._known: tuple[Mapper, Company] | None = None
        """The mapper that was asked last, and what its rules say of techniques in company."""

    def __call__(self, anomaly: Anomaly) -> Sequence[Ranked]:
        """Techniques, the likeliest first; of each the surest answer for any of the events."""
        mapper = self._mapper()
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
        if not anomaly.neighbours:
            return answer
        return self._company(mapper).rerank(answer, anomaly.neighbours)

    def _company(self, mapper: Mapper) -> Company:
        """How techniques go together by the mapper's rules."""
        from mitre.incident import Company

        if self._known is None or self._known[0] is not mapper:
            self._known = mapper, Company(mapper.examples, mapper.release)
        return self._known[1]


def _asked(mapper: Mapper, document: Mapping[str, Any], origin: str) -> Sequence[Ranked]:
    from vedette.mapper_texts import event_query

    text, fields = event_query(document, mapper.fields)
    event = normalise(Record(document, origin))
    parts = ("product", "category", "service")
    source = {part: event.first(f"logsource.{part}") for part in parts}
    return mapper.rank(text, logsource=source, fields=fields)
