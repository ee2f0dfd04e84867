"""`vedette run`: watch indices and folders, evaluate what is new, keep alerts."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import VedetteError
from vedette.cli.options import FORMATS, PATH, load_settings, stream, word
from vedette.said import of_error, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.errors import Problem, Report
    from engine.ports import FencedState, Sink
    from engine.run import Totals
    from vedette.keeper import Keeper
    from vedette.metrics.meter import Meter
    from vedette.settings import Loaded
    from vedette.stop import Stop
    from vedette.wiring import Assembled, Parts

log = logging.getLogger("vedette.run")

SWITCH = 0.001
"""Seconds for which a thread may hold the interpreter while others wait for it. A page of events
comes in dozens of parts, each of which would wait five times as long where events are evaluated."""

FAILED = 3
"""Exit code of --until-idle when a source had to be given up."""


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@click.option("--until-idle", is_flag=True, help="End once nothing new is left.")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="With --dry-run: table, ndjson, json or csv.  [default: table on a terminal, else ndjson]",
)
def command(path: Path | None, dry_run: bool, until_idle: bool, form: str | None) -> int:
    """Poll the configured sources, evaluate new events, and keep alerts.

    Alerts and checkpoints go to the cluster, or to a SQLite file where none is configured.
    SIGTERM and Ctrl-C end the run after the batch at hand; the next run takes up there. No alert
    is stored twice. What is promised of late events and restarts: docs/delivery.md.
    """
    from vedette.logs import configure

    loaded = load_settings(path)
    configure(loaded.settings.log.level, loaded.settings.log.format)
    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    stop = _stop_on_signals()
    try:
        return _run(loaded, stop, shown if dry_run else None, until_idle=until_idle)
    except VedetteError as error:
        if not stop.is_set():
            raise
        # asked to end while a cluster that is away was waited for
        log.info("stopped before it began: %s", error, extra=said("run-end", **of_error(error)))
        return 0


def _run(loaded: Loaded, stop: Stop, form: str | None, *, until_idle: bool) -> int:
    """Put the parts together and run them; `form` (an output format) makes it a dry run."""
    from vedette import rulesets

    sys.setswitchinterval(SWITCH)
    meter = _meter(loaded)
    parts = _assemble(loaded, form, _telling(meter), stop)
    _look_on_hangup(parts, stop)
    with closing(parts), _metered(parts, meter, loaded) as parts:
        rulesets.settle()
        for line in parts.lines:
            whose = f"pipeline {line.name}: " if loaded.settings.pipelines else ""
            for text in rulesets.described(line.rules):
                log.info("%s%s", whose, text, extra=said("rules-loaded"))
        if parts.hunts:
            log.info("%d hunts run on their schedules", len(parts.hunts))
        words = "would go to" if form else "go to"
        log.info("alerts %s %s", words, parts.place, extra=said("run-start"))
        # that of a pipeline need not be made ready again with its first alert
        (parts.lines[0].sink if parts.lines else parts.sink).prepare()
        parts.leases.prepare()
        return _follow(parts, stop, until_idle=until_idle)


def _meter(loaded: Loaded) -> Meter | None:
    """What counts, where figures are wanted."""
    if loaded.settings.metrics.listen is None:
        return None
    from vedette.metrics.meter import Meter

    return Meter()


@contextmanager
def _metered(parts: Assembled, meter: Meter | None, loaded: Loaded) -> Iterator[Assembled]:
    """The parts, counted and served for as long as the block runs, where that is wanted."""
    listen = loaded.settings.metrics.listen
    if meter is None or listen is None:
        yield parts
        return
    from vedette.metrics.server import serving
    from vedette.metrics.watched import watched

    with serving(meter, listen.host, listen.port):
        yield watched(parts, meter)


def _stop_on_signals() -> Stop:
    """A wish to end that SIGTERM and Ctrl-C utter; a second one ends the process at once."""
    from vedette.stop import Stop

    stop = Stop()

    def handle(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return stop


def _look_on_hangup(parts: Assembled, stop: Stop) -> None:
    """Have SIGHUP look for changed rules at once; that a terminal was closed ends the run."""
    terminal = sys.stderr.isatty()

    def handle(_number: int, _frame: object) -> None:
        if terminal and not sys.stderr.isatty():
            stop.set()
            return
        parts.ask()
        stop.wake()

    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, handle)


def _follow(parts: Assembled, stop: Stop, *, until_idle: bool) -> int:
    """Run until stopped or idle, and say what was done."""
    from vedette.follow import Rounds
    from vedette.hunting import HuntUnit
    from vedette.supervisor import supervise

    rounds = [
        Rounds(
            f"pipeline {line.name}", line.feeds, line.pipeline, _now,
            until_idle=until_idle, changes=line.changes, claim=line.state.claim,
        )
        for line in parts.lines
    ]  # fmt: skip
    for hunt in parts.hunts:
        hunt.until_idle = until_idle
    names = [*(each.name for each in rounds), *(hunt.name for hunt in parts.hunts)]
    workers = supervise(
        rounds, _keeper(parts, names), stop, _now,
        until_idle=until_idle, wake=stop.wake, changing=parts.roll,
    )  # fmt: skip
    turns = [turn for each in rounds for turn in each.turns]
    for hunt in [each.unit for each in workers if isinstance(each.unit, HuntUnit)]:
        log.info(
            "hunt %s: %d windows, %d alerts new, %d already there, %d dead letters",
            hunt.hunt, hunt.windows, hunt.written.created, hunt.written.existing, hunt.written.dead,
        )  # fmt: skip
    for turn in turns:
        log.info("source %s: %d events read", turn.feed.source.name, turn.events)
    _tell_end([line.pipeline.totals for line in parts.lines], stopped=stop.is_set())
    for line in parts.lines:
        _tell_tuned(line)
    if not until_idle:
        return 0
    lost = [worker for worker in workers if worker.given_up]
    for worker in lost:
        name, reason = worker.unit.title, worker.given_up
        log.error("%s: given up: %s", name, reason, extra=said("unit-given-up"))
    failed = [turn for turn in turns if turn.failure is not None]
    for turn in failed:
        name, why = turn.feed.source.name, turn.failure
        told = of_error(why) if why else {}
        log.error(
            "source %s: given up: %s", name, why,
            extra=said("source-given-up", vedette__source=name, **told),
        )  # fmt: skip
    return FAILED if lost or failed else 0


def _tell_end(totals: Sequence[Totals], *, stopped: bool) -> None:
    """Say what was done in all."""
    from engine.ports import Written

    whole = Written()
    for each in totals:
        whole.add(each.written)
    events = sum(each.events for each in totals)
    log.info(
        "%s: %d events, %d alerts new, %d already there, %d dead letters",
        "stopped" if stopped else "nothing new is left",
        events, whole.created, whole.existing, whole.dead,
        extra=said("run-end", vedette__events=events,
                   vedette__alerts__new=whole.created,
                   vedette__alerts__existing=whole.existing,
                   vedette__alerts__dead=whole.dead),
    )  # fmt: skip


def _keeper(parts: Assembled, units: list[str]) -> Keeper:
    """This instance among the others."""
    import time

    from engine.lease import Tenant
    from vedette import instance
    from vedette.keeper import Keeper

    name = instance.name()
    log.debug("this instance is %s", name)
    tenant = Tenant(
        name,
        instance.member(parts.ttl, units),
        clock=time.monotonic,
        wall=lambda: _now().isoformat(timespec="seconds"),
        gone=instance.gone,
    )
    return Keeper(tenant, parts.leases)


def _tell_tuned(parts: Parts) -> None:
    """Say what the tuning held back or changed, by what and of which rule."""
    tuner = parts.pipeline.tuner
    for name, counter in tuner.counts.named() if tuner else ():
        for (by, rule), count in counter.most_common():
            log.info("tuning: %d %s by %s: %s", count, name, by, rule)


def _now() -> datetime:
    return datetime.now(UTC)


def _assemble(loaded: Loaded, form: str | None, report: Report, stop: Stop) -> Assembled:
    """The parts of a run; `form` (an output format) makes it a dry one."""
    from vedette.wiring import assemble

    if form is None:
        return assemble(loaded.settings, report, _now, ended=stop.is_set)
    from vedette.dry import DrySink, DryState
    from vedette.output.console import wants_color
    from vedette.output.summary import Summary
    from vedette.output.writers import writer

    out = writer(form, stream(form), width=None, color=wants_color(sys.stdout))

    sink = DrySink(out, Summary(attack_version=loaded.settings.attack.version))

    def dry(_sink: Sink, state: FencedState) -> tuple[Sink, FencedState]:
        return sink, DryState(state)

    return assemble(loaded.settings, report, _now, dry=dry, ended=stop.is_set)


def _telling(meter: Meter | None) -> Report:
    """Where problems of a run go: to its log, so many of a kind, and to what counts."""
    from vedette.throttle import Throttle

    throttle = Throttle()

    def tell(problem: Problem) -> None:
        if meter:
            meter.problem(problem)
        number, held = throttle.take(problem.kind)
        kind = said("problem", vedette__problem=problem.kind)
        if held:
            log.warning("%s: %d more before this", problem.kind, held, extra=kind)
        if number > throttle.most:
            if number == throttle.most + 1:
                log.warning(
                    "%s: more of these are counted and not shown for up to %d s; "
                    "vedette gaps has what is kept of them",
                    problem.kind, throttle.period, extra=kind,
                )  # fmt: skip
            return
        place = {"file__path": problem.file, "log__origin__file__line": problem.line}
        known = {name: value for name, value in place.items() if value is not None}
        log.warning(
            "%s: %s", problem.kind, problem,
            extra=said("problem", vedette__problem=problem.kind, **known),
        )  # fmt: skip

    return tell
