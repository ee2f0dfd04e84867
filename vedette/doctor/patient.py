"""What the checks look at: the configuration, the cluster, the rules; asked once, kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from connectors.search import SearchClient, connect
from connectors.search.survey import ONCE, Survey
from engine.errors import InputError
from engine.event import Event
from engine.hunt.load import Hunts
from engine.hunt.model import Hunt
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import RuleSet
from vedette import hunts
from vedette.places import cluster_settings
from vedette.routes import Routes
from vedette.settings import SearchSource, Settings
from vedette.wiring import rules_of

SAMPLE = 200
"""Newest events of a source that are looked at."""


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass
class Patient:
    """A configuration to be looked at. Its parts raise what they raise; nothing is written."""

    settings: Settings
    clock: Callable[[], datetime] = now
    connecting: Callable[[Settings], SearchClient] | None = None

    @cached_property
    def client(self) -> SearchClient:
        """The cluster's client. Raises `SourceError`, `SettingsError`."""
        if self.connecting:
            return self.connecting(self.settings)
        assert self.settings.cluster is not None
        return connect(cluster_settings(self.settings.cluster), ONCE)

    @cached_property
    def survey(self) -> Survey:
        """Questions to the cluster."""
        return Survey(self.client)

    @cached_property
    def rules(self) -> dict[str, RuleSet]:
        """The rules that a run would use, by pipeline. Raises `RuleError`, `InputError`."""
        return rules_of(self.settings)

    @cached_property
    def hunts(self) -> Hunts:
        """The hunts that are configured. Raises `InputError`."""
        return hunts.load(self.settings.hunts.paths) if self.settings.hunts.paths else Hunts()

    @property
    def scheduled(self) -> list[Hunt]:
        """The hunts that a run has run; none where they cannot be loaded, which is told once."""
        try:
            return [hunt for hunt in self.hunts.hunts if hunts.wanted(hunt, self.settings)]
        except InputError:
            return []

    def routes(self, source: SearchSource) -> Routes:
        """The rules of a source's pipeline by log source."""
        name = next(plan.name for plan in self.settings.plan if source.name in plan.sources)
        if name not in self._routes:
            self._routes[name] = Routes(self.rules[name].rules)
        return self._routes[name]

    @property
    def searches(self) -> list[SearchSource]:
        """The sources in the cluster."""
        return [each for each in self.settings.sources if isinstance(each, SearchSource)]

    def sample(self, source: SearchSource) -> list[Event]:
        """The newest events of a source. Raises `SourceError`."""
        if source.name not in self._samples:
            given = source.logsource
            tags = LogSource(given.product, given.service, given.category) if given else None
            cursor = source.cursor_field or source.time_field
            held = self.survey.samples(source.index, cursor, source.query, SAMPLE)
            found = [normalise(Record(document, source.index), tags) for document in held]
            self._samples[source.name] = found
        return self._samples[source.name]

    @cached_property
    def _routes(self) -> dict[str, Routes]:
        return {}

    @cached_property
    def _samples(self) -> dict[str, list[Event]]:
        return {}

    def close(self) -> None:
        """Let go of the connection, if there is one."""
        if "client" in self.__dict__:
            self.client.close()
