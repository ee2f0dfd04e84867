"""A filter made of the values of a window: it may let too much through, and never too little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.search import SearchSource, prefilter
from connectors.search.prefilter import Prefilter
from engine.detect import Detector
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Batch, Checkpoint
from engine.rule import RuleSet
from tests.connectors.search.double import Patient
from tests.connectors.search.indexed import IndexedClient, RefusedError, Style
from tests.connectors.search.test_source import at
from tests.engine.helpers import write_rules
from tests.engine.match.choices import Choices
from tests.engine.match.scenarios import Scenario, event
from tests.simulation.pool import Meanwhile
from vedette.prefiltered import RulesNeed

NOW = 2_000_000
BINS = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Filters are made of windows however small, and whatever they spare."""
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        yield


def small(patch: pytest.MonkeyPatch, most: int = 5000) -> None:
    patch.setattr(prefilter, "PLAIN", 0)
    patch.setattr(prefilter, "SPARED", 0)
    patch.setattr(prefilter, "MOST", most)
    patch.setattr(prefilter, "WORDS", most)


class Reading:
    """A source that is polled, and what a rule set finds in what it gives."""

    def __init__(
        self, client: IndexedClient, rules: RuleSet, *, filtered: bool, **options: Any
    ) -> None:
        self.rules, self.now = rules, 0
        self.prefilter = Prefilter("events", RulesNeed(lambda: self.rules, None))
        self.source = SearchSource(
            client, "events", "logs-*", clock=lambda: at(self.now), page_size=3,
            refresh_lag=timedelta(0), retry=Patient(0).retry, pool=lambda _: Meanwhile(Random(0)),
            prefilter=self.prefilter if filtered else None, **options,
        )  # fmt: skip
        self.checkpoint: Checkpoint | None = None
        self.found: set[tuple[str, str]] = set()
        self.read: list[str] = []

    def poll(self, now: int) -> list[Batch]:
        self.now = now
        batches = []
        detector = Detector(self.rules.rules, lambda _problem: None)
        for batch in self.source.poll(self.checkpoint):
            self.checkpoint = batch.checkpoint
            batches.append(batch)
            for record in batch.records:
                self.read.append(record.id)
                matches = detector.match(normalise(record))
                self.found |= {(match.rule.id, record.id) for match in matches}
        return batches


STYLES: list[tuple[Style, bool]] = [
    ("plain", True), ("keyword", True), ("keyword", False), ("dynamic", True), ("dynamic", False),
]  # fmt: skip


@given(st.binary(min_size=300, max_size=900), st.sampled_from(STYLES), st.sampled_from([1, 5000]))
def test_the_alerts_are_those_of_reading_all(
    data: bytes, style: tuple[Style, bool], most: int
) -> None:
    scenario, c = Scenario.of(data), Choices(data[::-1])
    client = IndexedClient(style[0], marks=style[1])
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        small(patch, most)
        if not c.seldom(3):  # else most have a negation, by which any document may match
            for each in scenario.rules:
                each["detection"]["condition"] = c.of(["all of them", "s0"])
        rules = load_rules([write_rules(Path(folder), *scenario.rules)])
        how: dict[str, Any] = {"sweep": timedelta(minutes=5)}
        plain, sieved = (Reading(client, rules, filtered=each, **how) for each in (False, True))
        number = 0
        for polled in (600_000, 900_000, 2_500_000, 9_000_000):
            for document in [*scenario.events, *(event(c) for _ in range(2))]:
                number += 1
                # some come late, a few of them later than the overlap
                time = max(0, polled - 1 - 50_000 * c.below(20))
                try:
                    client.index_event(f"logs-{c.below(2)}", str(number), time, document)
                except RefusedError:
                    continue
            for each in (plain, sieved):
                each.poll(polled)
        assert sieved.found == plain.found, client.shelves
        assert "refused" not in sieved.prefilter.spared.unfiltered
