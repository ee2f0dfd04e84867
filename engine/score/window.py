"""An open window: the events of one entity in one span of time or session, while they come."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from engine.level import level_rank
from engine.ports import Record
from engine.rule import Rule
from engine.score.limits import HITS, MAX_DOCUMENT, SAMPLES
from models.feature.signal import Signals
from models.graph.edge import Edge, Graph

MATCHED = -1
"""The rank of a sample that a rule matched: before all others."""


class Hit(NamedTuple):
    """A rule that matched in a window, and how often."""

    id: str
    title: str
    level: str
    tags: tuple[str, ...]
    times: int = 1

    @classmethod
    def of(cls, rule: Rule) -> Hit:
        """The first match of a rule."""
        return cls(rule.id, rule.title, rule.level, rule.tags)

    @property
    def rank(self) -> int:
        """Its level's rank."""
        return level_rank(self.level)


class Sample(NamedTuple):
    """An event that an alert may show. The lower its rank, the more it says.

    `text` is its JSON, None where it was too long or had to make room. `number` is that of its
    template. `id` is known where the source gave one, or a rule matched.
    """

    rank: int
    number: int
    time: float
    id: str | None
    origin: str
    line: int | None
    text: bytes | None

    @classmethod
    def of(cls, rank: int, number: int, time: float, record: Record, id: str | None) -> Sample:
        """The sample of a record."""
        text = record.raw if record.raw is not None else _json(record.document)
        kept = text if text is not None and len(text) <= MAX_DOCUMENT else None
        return cls(rank, number, time, id, record.index or record.origin, record.line, kept)

    @property
    def place(self) -> tuple[Any, ...]:
        """What is the same for an event that was seen and then matched."""
        return self.time, self.origin, self.line, self.text

    @property
    def size(self) -> int:
        """Bytes of its text."""
        return len(self.text or b"")


def _json(document: Any) -> bytes | None:
    """JSON text; None for what a source holds that JSON cannot say."""
    try:
        return orjson.dumps(document)
    except (TypeError, orjson.JSONEncodeError):
        return None


@dataclass(slots=True)
class Open:
    """An open window. `times` and `numbers` are those of its events as they came.

    `new` are texts of kinds of events that the model never saw, `over` counts events beyond the
    bound, which are not scored.
    """

    entity: str
    start: float
    times: array[float] = field(default_factory=lambda: array("d"))
    numbers: array[int] = field(default_factory=lambda: array("i"))
    over: int = 0
    seen: set[int | str] = field(default_factory=set)
    """Kinds that a sample was made of, or might have been."""
    samples: list[Sample] = field(default_factory=list)
    hits: dict[str, Hit] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)
    """What kinds that the model never saw say of themselves, each once."""
    edges: dict[Edge, int] = field(default_factory=dict)
    """Edges of its graph and how often each came, for models that ask for them."""
    signals: list[array[float]] = field(default_factory=list)
    """Of each signal that a model asks for what every event says, as they came."""
    end: float | None = None
    """The time of the last event of a session, which begins with its first one."""

    def events(self) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Times and numbers in the order of time; events of one moment as they came."""
        order = self._order()
        return tuple(self.times[at] for at in order), tuple(self.numbers[at] for at in order)

    def said(self) -> tuple[Signals, ...]:
        """What each event says of itself, in the same order."""
        return tuple(tuple(each[at] for each in self.signals) for at in self._order())

    def _order(self) -> list[int]:
        return sorted(range(len(self.times)), key=self.times.__getitem__)

    def note(self, signals: Signals) -> None:
        """Keep what the event says that came last."""
        if not self.signals:
            self.signals = [array("d") for _ in signals]
        for kept, value in zip(self.signals, signals, strict=True):
            kept.append(value)

    def graph(self) -> Graph:
        """Its edges, as often as each came."""
        return tuple(edge for edge, times in self.edges.items() for _ in range(times))

    def take(self, sample: Sample) -> int:
        """Keep a sample, if need be in place of the least telling one; bytes that this adds."""
        # only what a rule matched was seen before
        added = sample.size - (self._without(sample) if sample.rank == MATCHED else 0)
        self.samples.append(sample)
        if len(self.samples) <= SAMPLES:
            return added
        worst = max(range(len(self.samples)), key=lambda at: (self.samples[at].rank, at))
        return added - self.samples.pop(worst).size

    def _without(self, other: Sample) -> int:
        """Let go of what is the same event as another sample; bytes that this frees."""
        same = [each for each in self.samples if each.place == other.place]
        self.samples = [each for each in self.samples if each.place != other.place]
        return sum(each.size for each in same)

    def hit(self, rules: Sequence[Rule]) -> None:
        """Rules matched an event of the window; of very many the gravest are kept."""
        for rule in rules:
            known = self.hits.get(rule.id)
            self.hits[rule.id] = known._replace(times=known.times + 1) if known else Hit.of(rule)
        if len(self.hits) > HITS:
            worst = min(self.hits.values(), key=lambda hit: (hit.rank, hit.times))
            del self.hits[worst.id]

    def lighten(self, most: int) -> int:
        """Drop the texts of all samples but `most`, the least telling first; bytes that frees."""
        order = sorted(range(len(self.samples)), key=lambda at: (self.samples[at].rank, at))
        freed = 0
        for at in order[most:]:
            freed += self.samples[at].size
            self.samples[at] = self.samples[at]._replace(text=None)
        return freed

    @property
    def telling(self) -> bool:
        """Whether a rule matched in it, or something in it is new."""
        return bool(self.hits or self.fields)
