"""From settings to working parts: the only place that knows every one of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from connectors.search import SearchClient, connect
from connectors.search.retry import Retry, never
from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import Problem, Report, RuleError, SettingsError
from engine.feedback.standing import Standing
from engine.fill import Filler, Fresh
from engine.hunt.model import Hunt
from engine.hunt.shelf import HuntShelf
from engine.ledger import MemoryLedger, Recorder
from engine.ports import Actions, FencedState, Leases, Ledger, Sink
from engine.rule import RuleSet, Selection
from engine.run import MemoryLeases, MemoryState, Pipeline
from engine.tune.earlier import earlier
from engine.tune.entries import Cap, Tuning
from engine.tune.scope import Scope
from engine.tune.tuner import Tuner
from mitre.catalog import Catalog
from vedette import hunts, rulesets
from vedette import settings as config
from vedette.feeds import Clock, Feed, feed, pushdown_of
from vedette.footprint import Footprint, footprint
from vedette.gaps import tell_gap
from vedette.hunting import HuntUnit, Work
from vedette.lazy_mapper import LazyMapper
from vedette.libraries import Libraries, Volume, apart
from vedette.places import (
    cluster_settings,
    ledger_of,
    make_folders,
    open_actions,
    open_leases,
    stores,
)
from vedette.reload import Reload
from vedette.roll import Roll
from vedette.roll import rules_of as rules_of_hunts
from vedette.rule_techniques import RuleProposals
from vedette.scoring import reads, scorer

log = logging.getLogger("vedette.run")

LATENESS = timedelta(minutes=10)
"""How long correlations wait at least for events out of order."""

SHOWN = 5
"""Correlations of several pipelines that are named one by one."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that one pipeline of `vedette run` is made of."""

    name: str
    feeds: tuple[Feed, ...]
    sink: Sink
    state: FencedState
    ledger: Ledger
    actions: Actions
    pipeline: Pipeline
    fresh: Fresh
    """Makes a pipeline that evaluates a window once more."""
    rules: RuleSet
    changes: Reload
    """Has rules that change meanwhile adopted."""
    meanwhile: ThreadPoolExecutor | None = None
    """What stores a batch while the next one is evaluated."""

    def close(self) -> None:
        """Let go of every connection and file."""
        if self.meanwhile:
            self.meanwhile.shutdown()
        for each in self.feeds:
            each.source.close()
        self.sink.close()
        self.actions.close()
        self.state.close()
        self.ledger.close()


@dataclass(frozen=True, slots=True)
class Assembled:
    """Everything that `vedette run` is made of."""

    lines: tuple[Parts, ...]
    """Its pipelines."""
    leases: Leases
    ttl: float
    """How long an instance may be silent before others take over what it does, in seconds."""
    sink: Sink
    """One more, to make ready what all of them write to."""
    place: str
    """Where alerts go, in words."""
    roll: Roll | None = None
    """The hunts that run on their schedules, as their files are."""
    clients: tuple[SearchClient, ...] = ()

    @property
    def hunts(self) -> tuple[HuntUnit, ...]:
        """The hunts that run on their schedules."""
        return self.roll.units if self.roll else ()

    def ask(self) -> None:
        """Have all rules and hunts looked at again at the next chance; safe in a handler."""
        for line in self.lines:
            line.changes.ask()
        if self.roll:
            self.roll.ask()

    def close(self) -> None:
        """Let go of every connection and file."""
        for line in self.lines:
            line.close()
        self.sink.close()
        self.leases.close()
        for client in self.clients:
            client.close()


Dry = Callable[[Sink, FencedState], tuple[Sink, FencedState]]


def assemble(
    settings: config.Settings,
    report: Report,
    clock: Clock,
    *,
    dry: Dry | None = None,
    ended: Callable[[], bool] = never,
) -> Assembled:
    """Build the parts that settings describe; nothing is written yet.

    `dry` puts others in place of sink and state. Nobody waits for a cluster any more once `ended`
    says so. Raises `RuleError` when no rule can be loaded
    (with `rules.strict`: when any cannot), and what the parts raise on wrong values.
    """
    if not settings.sources and not settings.hunts.paths:
        raise SettingsError("no source is configured", field="sources", expected="at least one")
    shelf, libraries = HuntShelf(settings.hunts.paths), Libraries()
    if settings.hunts.paths:
        shelf.refresh()
        libraries.besides[:] = rules_of_hunts(shelf.hunts.hunts)
    wanted = [plan.rules_over(settings.rules) for plan in settings.plan]
    before = [
        footprint(looked_at(settings, each), time.time()) if each.reload else None
        for each in wanted
    ]
    opened = open_all(settings, libraries)
    if not dry:
        make_folders(settings)
    # One client for all threads: both libraries make theirs for that, and what one thread finds
    # out of a node that is away is known to all. Leases have their own, with less patience.
    retry = Retry.until(ended)
    client = connect(cluster_settings(settings.cluster), retry) if settings.cluster else None
    lines = tuple(
        _line(settings, plan, volume, rules, client, report, clock, dry, seen)
        for plan, (volume, rules), seen in zip(settings.plan, opened, before, strict=True)
    )
    store = stores(settings, client, report, clock)
    sink = dry(store[0], store[1])[0] if dry else store[0]
    leases, own = (MemoryLeases(), None) if dry else open_leases(settings, client, clock)
    clients = tuple(each for each in (client, own) if each)
    ttl = settings.instances.ttl.total_seconds()
    roll = scheduled(settings, shelf, libraries, client, report, clock, dry)
    return Assembled(lines, leases, ttl, sink, store[2], roll, clients)


def _line(
    settings: config.Settings,
    plan: config.Pipeline,
    volume: Volume,
    rules: RuleSet,
    client: SearchClient | None,
    report: Report,
    clock: Clock,
    dry: Dry | None,
    before: Footprint | None,
) -> Parts:
    """One pipeline, with stores of its own: what is in them is for one thread."""
    sources = [source for source in settings.sources if source.name in plan.sources]
    late = lateness(sources)
    mapper = LazyMapper(rules.rules, settings.state.dir, report)
    proposes = RuleProposals(mapper)
    stored = Recorder(report)
    sink, state, _ = stores(settings, client, stored, clock, proposes)
    report = recorder = Recorder(report)
    ledger: Ledger = ledger_of(settings, client, clock)
    actions = open_actions(settings, client, clock)
    if dry:
        sink, state = dry(sink, state)
        ledger = MemoryLedger()
    maker = AlertMaker(
        Catalog.load(),
        Execution(uuid4().hex, "run", clock()),
        namespace=settings.namespace,
        attack_version=settings.attack.version,
    )

    def tuner(found: RuleSet) -> Tuner | None:
        if found.tuning is None:
            return None
        return Tuner(found.tuning, found.rules, maker, report, lateness=late)

    scores = scorer(
        settings, plan, maker, report, late, Standing(actions, clock, report).moved, mapper
    )
    meanwhile = None
    # a scorer's state is no snapshot, and SQLite has nobody to wait for
    if settings.store == "cluster" and client and not dry and scores is None:
        meanwhile = ThreadPoolExecutor(1, thread_name_prefix=f"storing {plan.name}")
    pipeline = Pipeline(
        Detector(rules.rules, report),
        maker,
        sink,
        state,
        clock,
        correlator=Correlator.of(rules, report, lateness=late),
        sources=[source.name for source in sources],
        ledger=ledger,
        recorder=recorder,
        tuner=tuner(rules),
        actions=None if dry else actions,
        scorer=scores,
        meanwhile=meanwhile,
        stored=stored,
    )
    pushed = {
        source.name: pushdown_of(source, client, volume, rules)
        for source in sources
        if isinstance(source, config.SearchSource) and source.mode == "push-down" and client
    }
    live, also = [rules], reads(settings)
    feeds = tuple(
        feed(
            source, client, report, clock, pipeline.look, lambda: live[0],
            pushed.get(source.name), also,
        )
        for source in sources
    )  # fmt: skip

    def adopt(changed: RuleSet) -> None:
        live[:] = [changed]
        proposes.adopt(changed.rules)
        for each in pushed.values():
            each.adopt(changed)
        pipeline.adopt(
            Detector(changed.rules, report),
            Correlator.of(changed, report, lateness=late),
            tuner(changed),
        )

    def fresh(start: datetime, end: datetime) -> Pipeline:
        return window_pipeline(
            settings, live[0], pipeline.detector, start, end, sink, ledger, clock,
            None if dry else actions,
        )  # fmt: skip

    pipeline.fill = Filler(ledger, fresh, clock, told=tell_gap)
    wanted = plan.rules_over(settings.rules)
    changes = Reload(
        volume,
        looked_at(settings, wanted),
        selection(wanted),
        adopt,
        interval=wanted.reload.total_seconds() if wanted.reload else None,
        strict=wanted.strict,
        live=rules,
        whose=f"pipeline {plan.name}: " if settings.pipelines else "",
        before=before,
    )
    return Parts(
        plan.name, feeds, sink, state, ledger, actions, pipeline, fresh, rules, changes, meanwhile
    )


def scheduled(
    settings: config.Settings,
    shelf: HuntShelf,
    libraries: Libraries,
    client: SearchClient | None,
    report: Report,
    clock: Clock,
    dry: Dry | None = None,
) -> Roll | None:
    """The hunts that have a schedule, ready to run, each with stores of its own.

    Raises `SettingsError`.
    """
    wanted = settings.hunts
    if not wanted.paths:
        return None
    if client is None:
        raise SettingsError("hunts search a cluster", field="hunts.paths",
                            expected="a 'cluster' section")  # fmt: skip
    if not settings.plan:  # else the pipelines have loaded the exceptions among rules
        rules = settings.rules
        libraries.open(
            "hunts", rules.paths, rules.pipelines, log.warning,
            cache=rules.cache, tuning=tuned(settings),
        )  # fmt: skip
    catalog = Catalog.load()

    def wants(hunt: Hunt) -> bool:
        return hunts.wanted(hunt, settings)

    def work(hunt: Hunt, tuning: Tuning | None) -> Work:
        reader = hunts.over_cluster(hunt, client, report)
        maker = AlertMaker(
            catalog, Execution(uuid4().hex, "hunt", clock()),
            namespace=settings.namespace, attack_version=settings.attack.version,
        )  # fmt: skip
        return Work.of(hunt, reader, hunts.tuner_of(hunt, tuning, maker, report))

    def unit(work: Work) -> HuntUnit:
        sink, state, _ = stores(settings, client, report, clock)
        ledger: Ledger = ledger_of(settings, client, clock)
        if dry:
            sink, state = dry(sink, state)
            ledger = MemoryLedger()
        hunter = hunts.Hunter(
            sink, report, clock, catalog, settings.namespace, settings.attack.version
        )
        return HuntUnit(
            work, hunter, state,
            ledger=ledger, actions=None if dry else open_actions(settings, client, clock),
            catch_up=wanted.catch_up, claim=state.claim,
        )  # fmt: skip

    reload = settings.rules.reload
    interval = reload.total_seconds() if reload else None
    return Roll(shelf, libraries, wants, work, unit, interval=interval)


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

    Models do not score it, and what is recorded of it says so: they have answered the windows of
    that time, and would answer a part of one as if it were the whole.

    Suppression holds back what it held back before, by the actions. Caps count whole periods, of
    which a window is a part: there are none. Raises `SinkError`.
    """
    maker = AlertMaker(
        Catalog.load(),
        Execution(uuid4().hex, "backfill", start, end),
        namespace=settings.namespace,
        attack_version=settings.attack.version,
    )
    tuning = replace(rules.tuning, caps=()) if rules.tuning else None
    part = f"{start.isoformat()}/{end.isoformat()}"
    tuner = Tuner(tuning, rules.rules, maker, log_problem, part=part) if tuning else None
    if tuner and actions and tuning and tuning.suppress:
        # an action is written after the event that it tells of, unless that claims the future
        tuner.learn(earlier(actions.read(start), start, end))
    pipeline = Pipeline(
        detector,
        maker,
        sink,
        MemoryState(),
        clock,
        correlator=Correlator.of(rules, log_problem),
        ledger=ledger,
        tuner=tuner,
        actions=actions,
    )
    pipeline.unscored = tuple(settings.models.names)
    return pipeline


def log_problem(problem: Problem) -> None:
    """Problems of a window's correlations go to the log: its events were noted before."""
    log.warning("%s: %s", problem.kind, problem)


def lateness(sources: Sequence[config.SearchSource | config.FolderSource]) -> timedelta:
    """How long correlations wait for events out of order: the longest overlap of any source."""
    overlaps = [s.overlap for s in sources if isinstance(s, config.SearchSource)]
    return max([LATENESS, *overlaps])


def looked_at(settings: config.Settings, wanted: config.Rules) -> list[Path]:
    """Where a pipeline's rules and exceptions are, to be looked at again."""
    return [*(wanted.paths or [rulesets.OWN_RULES]), *settings.tuning.exceptions]


def selection(wanted: config.Rules) -> Selection:
    """Which rules a section asks for."""
    return Selection(
        min_level=wanted.min_level,
        statuses=frozenset(wanted.status),
        tags=frozenset(tag.lower().removeprefix("attack.") for tag in wanted.tags),
        exclude=frozenset(name.lower() for name in wanted.exclude),
    )


def rules_of(settings: config.Settings) -> dict[str, RuleSet]:
    """The rules of every pipeline by its name, to be looked at.

    Where there is no source they are those of the section `rules`. Raises `RuleError`,
    `InputError`.
    """
    if settings.plan:
        opened = open_all(settings)
        return {plan.name: rules for plan, (_, rules) in zip(settings.plan, opened, strict=True)}
    alone = Libraries()
    wanted = settings.rules
    volume = alone.open(
        config.MAIN, wanted.paths, wanted.pipelines, log.warning,
        cache=wanted.cache, tuning=tuned(settings),
    )  # fmt: skip
    return {config.MAIN: chosen(volume, wanted, None)}


def open_all(
    settings: config.Settings, libraries: Libraries | None = None
) -> list[tuple[Volume, RuleSet]]:
    """The rules of every pipeline. Raises `RuleError`, `InputError`."""
    libraries = Libraries() if libraries is None else libraries
    wanted = [plan.rules_over(settings.rules) for plan in settings.plan]
    volumes = [
        libraries.open(
            plan.name,
            rules.paths,
            rules.pipelines,
            log.warning,
            cache=rules.cache,
            tuning=tuned(settings),
        )
        for plan, rules in zip(settings.plan, wanted, strict=True)
    ]
    # only now: what a correlation refers to may be a rule of a pipeline further down
    opened = [
        (volume, chosen(volume, rules, volume.name if settings.pipelines else None))
        for volume, rules in zip(volumes, wanted, strict=True)
    ]
    twice = apart({volume.name: rules for volume, rules in opened})
    for title, pipelines in list(twice.items())[:SHOWN]:
        log.warning(
            "correlation %r is in the rules of %d pipelines (%s): each looks at its own sources",
            title, len(pipelines), ", ".join(pipelines),
        )  # fmt: skip
    if len(twice) > SHOWN:
        log.warning("and so are %d correlations more", len(twice) - SHOWN)
    return opened


def chosen(volume: Volume, wanted: config.Rules, pipeline: str | None) -> RuleSet:
    """The rules that a section asks for, of those that were opened. Raises `RuleError`."""
    select = selection(wanted)
    rules = volume.select(select)
    if loaded := volume.select(Selection()).rules:
        for text in rulesets.astray(loaded, select):
            log.warning(text)
    if rules.refused and (wanted.strict or not len(rules)):
        raise rules.refused[0]
    if not len(rules):
        where = f" in pipeline {pipeline!r}" if pipeline else ""
        raise RuleError(f"no rule is left to run{where}", field="rules")
    return rules


def tuned(settings: config.Settings) -> rulesets.Tuned:
    """The tuning that settings ask for."""
    asked = settings.tuning
    cap = Cap("tuning.cap", Scope(), asked.cap, asked.cap_period)
    base = Tuning(caps=(cap,) if asked.cap else ())
    return rulesets.Tuned(asked.exceptions, asked.files, base)


def tuning_of(settings: config.Settings, found: Sequence[Hunt]) -> Tuning | None:
    """The tuning that is in force for hunts, outside a run. Raises `RuleError`, `InputError`."""
    libraries = Libraries()
    libraries.besides[:] = rules_of_hunts(found)
    plans = [plan.rules_over(settings.rules) for plan in settings.plan] or [settings.rules]
    for number, rules in enumerate(plans):
        libraries.open(
            str(number), rules.paths, rules.pipelines, log.warning,
            cache=rules.cache, tuning=tuned(settings),
        )  # fmt: skip
    return libraries.tuning()
