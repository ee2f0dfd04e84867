"""From a configured source to one that can be polled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from connectors.files import FolderSource
from connectors.files.watch import QUIET
from connectors.search import SearchClient, SearchSource
from connectors.search.push import PushSource
from connectors.search.source import all_fields
from connectors.search.survey import Survey
from engine.errors import InputError, Report, SourceError
from engine.kinds import LogSource
from engine.ports import Look, Source
from engine.rule import RuleSet
from vedette import settings as config
from vedette.libraries import Shared, Volume
from vedette.needed import Needed
from vedette.prefiltered import prefilter_of
from vedette.said import said

if TYPE_CHECKING:
    from vedette.pushdown import Pushdown

log = logging.getLogger("vedette.run")

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Feed:
    """A source, how often it is asked, and what its events are."""

    source: Source
    interval: timedelta
    tags: LogSource | None
    lag: timedelta = timedelta()
    """How far polls stay behind the present."""


def feed(
    source: config.SearchSource | config.FolderSource,
    client: SearchClient | None,
    report: Report,
    clock: Clock,
    look: Callable[[LogSource | None], Look],
    rules: Callable[[], RuleSet] | None = None,
    pushed: Pushdown | None = None,
    also: frozenset[str] = frozenset(),
) -> Feed:
    """A configured source, ready to be polled; `look` gives what it may ask of a line.

    `rules` gives those in force, for a source that is to read no more than they need, and what
    models do (`also`). `pushed` has the rules of a source whose rules the cluster evaluates.
    """
    tags = tags_of(source)
    if isinstance(source, config.FolderSource):
        folder = FolderSource(
            source.path,
            source.name,
            report,
            clock=lambda: clock().timestamp(),
            look=look(tags),
            text=source.text or source.time_format is not None,
            times=source.times(),
        )
        # a file that is read whole must have been quiet for so long
        return Feed(folder, source.interval, tags, timedelta(seconds=QUIET))
    if client is None:  # the settings were checked: a search source has a cluster
        raise InputError("a search source needs a cluster", field=source.name)
    make: Callable[..., SearchSource] = SearchSource
    if pushed is not None:
        make = partial(PushSource, questions=pushed.current)
    search = make(
        client,
        source.name,
        source.index,
        time_field=source.time_field,
        cursor_field=source.cursor_field,
        query=source.query,
        page_size=source.page_size,
        slices=source.slices,
        overlap=source.overlap,
        sweep=source.sweep,
        max_lateness=source.max_lateness,
        refresh_lag=source.refresh_lag,
        start=first_poll(source.start, clock),
        clock=clock,
        report=report,
        look=look(tags),
        fields=Needed(source.name, rules, also)
        if rules and source.fields == "needed"
        else all_fields,
        prefilter=prefilter_of(source.name, rules, tags)
        if rules and source.prefilter == "values"
        else None,
    )
    return Feed(search, source.interval, tags, source.refresh_lag)


def tags_of(source: config.SearchSource | config.FolderSource) -> LogSource | None:
    """The log source that a source's events are of, where it is told."""
    given = source.logsource
    return LogSource(given.product, given.service, given.category) if given else None


def pushdown_of(
    source: config.SearchSource, client: SearchClient, volume: Volume, rules: RuleSet
) -> Pushdown:
    """The rules of a source whose rules the cluster evaluates, as questions; what it cannot see is
    logged.

    Raises `SettingsError`, `InputError`.
    """
    from vedette import pushdown

    with Shared.lock:
        converter = pushdown.Converter(client.kind, source.push_pipelines, tags_of(source))
    found = pushdown.Pushdown(source.name, converter, volume.shared, rules)
    try:
        mappings = Survey(client).mapping(source.index)
    except SourceError as error:
        log.warning("source %s: push-down: what mappings hide is not known: %s", source.name, error)
        return found
    for text in pushdown.hidden(found.questions, mappings):
        log.warning("source %s: push-down: %s", source.name, text, extra=said("push-blind"))
    return found


def first_poll(start: str | timedelta | datetime, clock: Clock) -> Literal["all"] | datetime:
    """Where a source without a checkpoint begins."""
    if isinstance(start, timedelta):
        return clock() - start
    if isinstance(start, datetime):
        return start.astimezone(UTC)
    return "all" if start == "all" else clock()
