"""From settings to working parts: the only place that knows every one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from connectors.files import FolderSource
from connectors.files.watch import QUIET
from connectors.search import (
    AlertSink,
    ClusterActions,
    ClusterLedger,
    ClusterLetters,
    ClusterSettings,
    ClusterState,
    SearchClient,
    SearchSource,
    connect,
)
from connectors.sqlite import SqliteActions, SqliteLedger, SqliteLetters, SqliteStore
from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import InputError, Problem, Report, RuleError, SettingsError
from engine.fill import Filler, Fresh
from engine.kinds import LogSource
from engine.ledger import MemoryLedger, Recorder
from engine.letter import Letters
from engine.library import Library
from engine.ports import Actions, Ledger, Look, Sink, Source, StateStore
from engine.rule import RuleSet, Selection
from engine.run import MemoryState, Pipeline
from engine.tune.entries import Cap, Tuning
from engine.tune.scope import Scope
from engine.tune.tuner import Tuner
from mitre.catalog import Catalog
from vedette import hunts, rulesets
from vedette import settings as config
from vedette.hunting import HuntUnit
from vedette.reload import Reload
from vedette.replay import Replay

log = logging.getLogger("vedette.run")

Clock = Callable[[], datetime]

LATENESS = timedelta(minutes=10)
"""How long correlations wait at least for events out of order."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A source, how often it is asked, and what its events are."""

    source: Source
    interval: timedelta
    tags: LogSource | None
    lag: timedelta = timedelta()
    """How far polls stay behind the present."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that `vedette run` is made of."""

    feeds: tuple[Feed, ...]
    sink: Sink
    state: StateStore
    ledger: Ledger
    actions: Actions
    pipeline: Pipeline
    fresh: Fresh
    """Makes a pipeline that evaluates a window once more."""
    rules: RuleSet
    changes: Reload
    """Has rules that change meanwhile adopted."""
    place: str
    """Where alerts go, in words."""
    hunts: tuple[HuntUnit, ...] = ()
    """The hunts that run on their schedules."""

    def close(self) -> None:
        """Let go of every connection and file."""
        for feed in self.feeds:
            feed.source.close()
        self.sink.close()
        self.actions.close()
        self.state.close()
        self.ledger.close()


def assemble(
    settings: config.Settings,
    report: Report,
    clock: Clock,
    *,
    dry: Callable[[Sink, StateStore], tuple[Sink, StateStore]] | None = None,
) -> Parts:
    """Build the parts that settings describe; nothing is written yet.

    `dry` puts others in place of sink and state. Raises `RuleError` when no rule can be loaded
    (with `rules.strict`: when any cannot), and what the parts raise on wrong values.
    """
    if not settings.sources and not settings.hunts.paths:
        raise SettingsError("no source is configured", field="sources", expected="at least one")
    library, rules = open_rules(settings)
    client = connect(cluster_settings(settings.cluster)) if settings.cluster else None
    plain = report
    report = recorder = Recorder(report)
    sink, state, place = stores(settings, client, report, clock)
    ledger: Ledger = ledger_of(settings, client, clock)
    actions = open_actions(settings, client, clock)
    if dry:
        sink, state = dry(sink, state)
        ledger = MemoryLedger()
    else:
        make_folders(settings)
    maker = AlertMaker(
        Catalog.load(),
        Execution(uuid4().hex, "run", clock()),
        namespace=settings.namespace,
        attack_version=settings.attack.version,
    )

    def tuner(found: RuleSet) -> Tuner | None:
        if found.tuning is None:
            return None
        late = lateness(settings)
        return Tuner(found.tuning, found.rules, maker, report, lateness=late)

    pipeline = Pipeline(
        Detector(rules.rules, report),
        maker,
        sink,
        state,
        clock,
        correlator=Correlator.of(rules, report, lateness=lateness(settings)),
        sources=[source.name for source in settings.sources],
        ledger=ledger,
        recorder=recorder,
        tuner=tuner(rules),
        actions=None if dry else actions,
    )
    feeds = tuple(feed(source, client, report, clock, pipeline.look) for source in settings.sources)
    live = [rules]

    def adopt(changed: RuleSet) -> None:
        live[:] = [changed]
        pipeline.adopt(
            Detector(changed.rules, report),
            Correlator.of(changed, report, lateness=lateness(settings)),
            tuner(changed),
        )

    def fresh(start: datetime, end: datetime) -> Pipeline:
        return window_pipeline(
            settings, live[0], pipeline.detector, start, end, sink, ledger, clock,
            None if dry else actions,
        )  # fmt: skip

    pipeline.fill = Filler(ledger, fresh, clock)
    wanted = settings.rules
    changes = Reload(
        library,
        [*(wanted.paths or [rulesets.OWN_RULES]), *settings.tuning.exceptions],
        selection(settings),
        adopt,
        interval=wanted.reload.total_seconds() if wanted.reload else None,
        strict=wanted.strict,
        live=rules,
    )
    hunts = tuple(scheduled(settings, client, sink, state, ledger, plain, clock))
    return Parts(feeds, sink, state, ledger, actions, pipeline, fresh, rules, changes, place, hunts)


def scheduled(
    settings: config.Settings,
    client: SearchClient | None,
    sink: Sink,
    state: StateStore,
    ledger: Ledger,
    report: Report,
    clock: Clock,
) -> Iterator[HuntUnit]:
    """The hunts that have a schedule, ready to run. Raises `SettingsError`, `RuleError`."""
    wanted = settings.hunts
    if not wanted.paths:
        return
    if client is None:
        raise SettingsError("hunts search a cluster", field="hunts.paths",
                            expected="a 'cluster' section")  # fmt: skip
    loaded = hunts.load(wanted.paths)
    for error in loaded.refused:
        log.error("hunt refused: %s", error)
    excluded = {name.lower() for name in wanted.exclude}
    hunter = hunts.Hunter(
        sink, report, clock, Catalog.load(), settings.namespace, settings.attack.version
    )
    for hunt in loaded.hunts:
        names = {hunt.rule.id.lower(), hunt.rule.title.lower()}
        if hunt.enabled and hunt.schedule and not names & excluded:
            reader = hunts.over_cluster(hunt, client, report)
            yield HuntUnit(hunt, reader, hunter, state, ledger=ledger, catch_up=wanted.catch_up)


def window_pipeline(
    settings: config.Settings,
    rules: RuleSet,
    detector: Detector,
    start: datetime,
    end: datetime,
    sink: Sink,
    ledger: Ledger,
    clock: Clock,
    actions: Actions | None = None,
) -> Pipeline:
    """What evaluates a window once more: no checkpoint, and correlations that see it alone.

    So does suppression. Caps count whole periods, of which a window is a part: there are none.
    """
    maker = AlertMaker(
        Catalog.load(),
        Execution(uuid4().hex, "backfill", start, end),
        namespace=settings.namespace,
        attack_version=settings.attack.version,
    )
    tuning = replace(rules.tuning, caps=()) if rules.tuning else None
    part = f"{start.isoformat()}/{end.isoformat()}"
    return Pipeline(
        detector,
        maker,
        sink,
        MemoryState(),
        clock,
        correlator=Correlator.of(rules, log_problem),
        ledger=ledger,
        tuner=Tuner(tuning, rules.rules, maker, log_problem, part=part) if tuning else None,
        actions=actions,
    )


def log_problem(problem: Problem) -> None:
    """Problems of a window's correlations go to the log: its events were noted before."""
    log.warning("%s: %s", problem.kind, problem)


def lateness(settings: config.Settings) -> timedelta:
    """How long correlations wait for events out of order: the longest overlap of any source."""
    overlaps = [s.overlap for s in settings.sources if isinstance(s, config.SearchSource)]
    return max([LATENESS, *overlaps])


def selection(settings: config.Settings) -> Selection:
    """Which rules settings ask for."""
    wanted = settings.rules
    return Selection(
        min_level=wanted.min_level,
        statuses=frozenset(wanted.status),
        tags=frozenset(tag.lower().removeprefix("attack.") for tag in wanted.tags),
        exclude=frozenset(name.lower() for name in wanted.exclude),
    )


def open_rules(settings: config.Settings) -> tuple[Library, RuleSet]:
    """The rules that settings ask for, and their library. Raises `RuleError`, `InputError`."""
    wanted = settings.rules
    library, rules = rulesets.opened(
        wanted.paths,
        selection(settings),
        wanted.pipelines,
        log.warning,
        cache=wanted.cache,
        tuning=tuned(settings),
    )
    if rules.refused and (wanted.strict or not len(rules)):
        raise rules.refused[0]
    if not len(rules):
        raise RuleError("no rule is left to run", field="rules")
    return library, rules


def tuned(settings: config.Settings) -> rulesets.Tuned:
    """The tuning that settings ask for."""
    asked = settings.tuning
    cap = Cap("tuning.cap", Scope(), asked.cap, asked.cap_period)
    base = Tuning(caps=(cap,) if asked.cap else ())
    return rulesets.Tuned(asked.exceptions, asked.files, base)


def open_actions(settings: config.Settings, client: SearchClient | None, clock: Clock) -> Actions:
    """Where it is kept what was held back; nothing is written yet."""
    if settings.store == "cluster" and client is not None:
        return ClusterActions(client, settings.namespace, clock=clock)
    return SqliteActions(settings.output.sqlite)


def cluster_settings(cluster: config.Cluster) -> ClusterSettings:
    """How to reach the cluster, with its secrets."""

    def text(path: Path | None) -> str | None:
        return str(path) if path else None

    return ClusterSettings(
        hosts=list(cluster.hosts),
        kind=cluster.kind,
        username=cluster.username,
        password=cluster.password.get_secret_value() if cluster.password else None,
        api_key=cluster.api_key.get_secret_value() if cluster.api_key else None,
        ca_file=text(cluster.ca_file),
        client_cert=text(cluster.client_cert),
        client_key=text(cluster.client_key),
        fingerprint=cluster.fingerprint,
        verify=cluster.verify,
        timeout=cluster.timeout.total_seconds(),
    )


def stores(
    settings: config.Settings, client: SearchClient | None, report: Report, clock: Clock
) -> tuple[Sink, StateStore, str]:
    """Where alerts and checkpoints go, and the place in words."""
    if settings.store == "cluster" and client is not None:
        sink = AlertSink(client, settings.namespace, clock=clock, report=report)
        state = ClusterState(client, settings.namespace, clock=clock)
        return sink, state, f"{sink.alias} on {client.host}"
    path = settings.output.sqlite
    store = SqliteStore(path)
    return store.sink, store.state, str(path)


def ledger_of(
    settings: config.Settings, client: SearchClient | None, clock: Clock
) -> ClusterLedger | SqliteLedger:
    """Where it is recorded what was skipped, late, capped or failed: beside the checkpoints."""
    if settings.store == "cluster" and client is not None:
        return ClusterLedger(client, settings.namespace, clock=clock)
    return SqliteLedger(settings.output.sqlite, clock=clock)


def store_client(settings: config.Settings) -> SearchClient | None:
    """The cluster, where it is the store."""
    if settings.store != "cluster" or settings.cluster is None:
        return None
    return connect(cluster_settings(settings.cluster))


def opened_ledger(settings: config.Settings) -> Ledger:
    """The ledger alone, to be read."""
    client = store_client(settings)
    return ledger_of(settings, client, lambda: datetime.now(UTC))


def replay(settings: config.Settings, clock: Clock) -> Replay:
    """What writes dead letters anew."""
    client = store_client(settings)
    sink, state, _ = stores(settings, client, log_problem, clock)
    state.close()
    box: Letters = (
        ClusterLetters(client, settings.namespace)
        if client is not None
        else SqliteLetters(settings.output.sqlite)
    )
    return Replay(box, sink, ledger_of(settings, client, clock), clock)


def make_folders(settings: config.Settings) -> None:
    """Make the folders that are watched, and the one of the SQLite file."""
    for source in settings.sources:
        if isinstance(source, config.FolderSource):
            _make_folder(source.path)
    if settings.store == "sqlite":
        _make_folder(settings.output.sqlite.parent)


def _make_folder(path: Path) -> None:
    """Make a folder, for its owner only, unless it is there."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=str(path)) from error


def feed(
    source: config.SearchSource | config.FolderSource,
    client: SearchClient | None,
    report: Report,
    clock: Clock,
    look: Callable[[LogSource | None], Look],
) -> Feed:
    """A configured source, ready to be polled; `look` gives what it may ask of a line."""
    given = source.logsource
    tags = LogSource(given.product, given.service, given.category) if given else None
    if isinstance(source, config.FolderSource):
        folder = FolderSource(
            source.path,
            source.name,
            report,
            clock=lambda: clock().timestamp(),
            look=look(tags),
            text=source.text,
        )
        # a file that is read whole must have been quiet for so long
        return Feed(folder, source.interval, tags, timedelta(seconds=QUIET))
    if client is None:  # the settings were checked: a search source has a cluster
        raise InputError("a search source needs a cluster", field=source.name)
    search = SearchSource(
        client,
        source.name,
        source.index,
        time_field=source.time_field,
        cursor_field=source.cursor_field,
        query=source.query,
        page_size=source.page_size,
        overlap=source.overlap,
        sweep=source.sweep,
        max_lateness=source.max_lateness,
        refresh_lag=source.refresh_lag,
        start=first_poll(source.start, clock),
        clock=clock,
        report=report,
    )
    return Feed(search, source.interval, tags, source.refresh_lag)


def first_poll(start: str | timedelta | datetime, clock: Clock) -> Literal["all"] | datetime:
    """Where a source without a checkpoint begins."""
    if isinstance(start, timedelta):
        return clock() - start
    if isinstance(start, datetime):
        return start.astimezone(UTC)
    return "all" if start == "all" else clock()
