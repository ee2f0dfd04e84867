"""How far each source was read and what came of it, also while a run goes on elsewhere."""

from __future__ import annotations

import http.client
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from connectors.progress import progress
from connectors.search import ClusterLeases, ClusterState, SearchClient, connect
from connectors.search.survey import ONCE, Survey
from connectors.sqlite import SqliteLeases, SqliteState
from connectors.sqlite.census import census
from engine.errors import VedetteError
from engine.ledger import ENDED, Note, gaps
from engine.moment import iso
from engine.ports import Leases, StateStore
from vedette.places import cluster_settings, ledger_of
from vedette.scoring import standing
from vedette.settings import SearchSource, Settings
from vedette.settings.metrics import Address
from vedette.spans import words

LATEST = 3
"""Dead letters whose reason is shown."""

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 # asked for on loopback
PATIENCE = 5.0
"""Seconds for a run to answer."""


@dataclass(slots=True)
class SourceStatus:
    """How one source stands. Times are aware; `lag` is the seconds from the mark to now.

    `newest` is the newest event there is; `stored` when the checkpoint was; `error` what could
    not be asked.
    """

    name: str
    type: str
    reached: str = ""
    mark: datetime | None = None
    lag: float | None = None
    newest: datetime | None = None
    stored: datetime | None = None
    error: str = ""


@dataclass(slots=True)
class HuntStatus:
    """How far one scheduled hunt is: `mark` is the end of its last window, None before the first;
    `lag` the seconds from there to now.
    """

    title: str
    id: str
    mark: datetime | None = None
    lag: float | None = None
    error: str = ""


@dataclass(slots=True)
class Status:
    """How an installation stands; None is what could not be asked."""

    place: str
    alerts: int | None = None
    last_alert: datetime | None = None
    dead_letters: int | None = None
    dead_open: int | None = None
    """How many of them wait to be replayed; None where the ledger does not know of all."""

    dead_reasons: list[str] = field(default_factory=list)
    gaps: dict[str, int] = field(default_factory=dict)
    """How many gaps there are by state."""

    noted: list[str] = field(default_factory=list)
    """The latest records of the ledger, in words."""

    leases: list[str] = field(default_factory=list)
    """Who works on what, in words."""

    models: list[str] = field(default_factory=list)
    """What each model has done, in words."""

    sources: list[SourceStatus] = field(default_factory=list)
    hunts: list[HuntStatus] = field(default_factory=list)
    """Those that run on a schedule."""

    run: str = ""
    """What the run at `metrics.listen` says; empty where none is configured."""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it, times as ISO 8601, without what is empty."""
        return {
            key: found
            for key, value in asdict(self).items()
            if (found := _plain(value)) not in (None, "", [])
        }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each not in (None, "")}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def look(
    settings: Settings,
    clock: Callable[[], datetime],
    connecting: Callable[[Settings], SearchClient] | None = None,
) -> Status:
    """Ask the store, the cluster and the run; what does not answer is told in its place.

    Raises `SettingsError` for settings that cannot work.
    """
    client: SearchClient | None = None
    failure = ""
    if settings.cluster is not None:
        try:
            client = (connecting or _connect)(settings)
        except VedetteError as error:
            failure = str(error)
    try:
        return _look(settings, client, clock, failure)
    finally:
        if client is not None:
            client.close()


def _connect(settings: Settings) -> SearchClient:
    assert settings.cluster is not None
    return connect(cluster_settings(settings.cluster), ONCE)


def _look(
    settings: Settings, client: SearchClient | None, clock: Callable[[], datetime], failure: str
) -> Status:
    survey = Survey(client) if client else None
    file = settings.output.sqlite
    state: StateStore | None = None
    if settings.store == "sqlite":
        status = Status(str(file))
        state = SqliteState(file)
    else:
        status = Status("the cluster", error=failure)
        if client:
            state = ClusterState(client, settings.namespace, retry=ONCE)
            status.place = f"the cluster {client.host}"
    try:
        _count(status, settings, survey)
        if not status.error:
            _ledger(status, settings, client, clock)
            _leases(status, settings, client, clock)
        for source in settings.sources:
            found = SourceStatus(source.name, source.type)
            if state is not None:
                _source(found, source, settings, state, survey, clock())
            if failure and isinstance(source, SearchSource):
                found.error = found.error or failure
            status.sources.append(found)
        if state is not None and not status.error:
            _hunts(status, settings, state, clock())
        _models(status, settings, state)
    finally:
        if state is not None:
            state.close()
    if settings.metrics.listen is not None:
        status.run = ask(settings.metrics.listen)
    return status


def _count(status: Status, settings: Settings, survey: Survey | None) -> None:
    try:
        if settings.store == "sqlite":
            found = census(settings.output.sqlite, LATEST)
            status.alerts, status.last_alert, status.dead_letters, status.dead_reasons = found
        elif survey:
            namespace = settings.namespace
            status.alerts, status.last_alert, status.dead_letters = survey.alerts(namespace)
            if status.dead_letters:
                status.dead_reasons = survey.refused(namespace, LATEST)
    except VedetteError as error:
        status.error = str(error)


def _ledger(
    status: Status,
    settings: Settings,
    client: SearchClient | None,
    clock: Callable[[], datetime],
) -> None:
    """The gaps and the latest records; memory is bounded by the number of gaps."""
    ledger = ledger_of(settings, client, clock)
    latest: deque[Note] = deque(maxlen=LATEST)
    try:
        for note in ledger.notes():
            latest.append(note)
        found = gaps(ledger.notes(gaps=True))
        status.gaps = dict(Counter(gap.state for gap in found))
        letters = [gap for gap in found if gap.note.kind == "dead-letter"]
        if letters and len(letters) == status.dead_letters:
            status.dead_open = sum(gap.state not in ENDED for gap in letters)
            if not status.dead_open:
                status.dead_reasons = []
        status.noted = [_in_words(note) for note in latest]
    except VedetteError as error:
        status.error = str(error)
    finally:
        ledger.close()


def _leases(
    status: Status,
    settings: Settings,
    client: SearchClient | None,
    clock: Callable[[], datetime],
) -> None:
    """Who works on what; the times are those that instances wrote, by their own clocks."""
    leases: Leases = (
        ClusterLeases(client, settings.namespace, clock=clock, founder=client, retry=ONCE)
        if settings.store == "cluster" and client is not None
        else SqliteLeases(settings.output.sqlite)
    )
    try:
        board = leases.all()
    except VedetteError as error:
        status.error = str(error)
        return
    finally:
        leases.close()
    for unit, lease in sorted(board.leases.items()):
        owner = board.members.get(lease.owner) if lease.owner is not None else None
        if lease.owner is None:
            status.leases.append(f"{unit}: nobody's")
        elif owner is None:
            status.leases.append(f"{unit}: {lease.owner}, which is gone")
        else:
            status.leases.append(f"{unit}: {lease.owner}, last sign of life {owner.seen}")


def _models(status: Status, settings: Settings, state: StateStore | None) -> None:
    try:
        status.models = standing(settings, state) if state is not None else []
    except VedetteError as error:
        status.models = [f"not known: {error}"]


def _hunts(status: Status, settings: Settings, state: StateStore, now: datetime) -> None:
    """How far each hunt is, and whose lease is whose by title."""
    if not settings.hunts.paths:
        return
    from vedette import hunts
    from vedette.hunting import Mark

    try:
        found = [hunt for hunt in hunts.load(settings.hunts.paths).hunts
                 if hunts.wanted(hunt, settings)]  # fmt: skip
    except VedetteError as error:
        status.error = f"hunts.paths: {error}"
        return
    for hunt in found:
        each = HuntStatus(hunt.rule.title, hunt.rule.id)
        try:
            saved = state.load(hunts.SOURCE + hunt.rule.id)
            if saved is not None:
                each.mark = Mark.of(saved, hunt).until
                each.lag = max(0.0, (now - each.mark).total_seconds())
        except VedetteError as error:
            each.error = str(error)
        status.hunts.append(each)


def _in_words(note: Note) -> str:
    when = f"{iso(note.time)} " if note.time else ""
    about = ": ".join(part for part in (note.source, note.subject or note.reason) if part)
    count = f" ({note.count:,})" if note.count is not None else ""
    return f"{when}{note.kind} {about}{count}"


def _source(
    found: SourceStatus,
    source: Any,
    settings: Settings,
    state: StateStore,
    survey: Survey | None,
    now: datetime,
) -> None:
    try:
        reached = progress(state.load(source.name))
        found.reached, found.mark = reached.words, reached.mark
        if reached.mark is not None:
            found.lag = max(0.0, (now - reached.mark).total_seconds())
        if survey and settings.store == "cluster":
            found.stored = survey.committed(settings.namespace, source.name)
        if survey and isinstance(source, SearchSource):
            cursor = source.cursor_field or source.time_field
            found.newest = survey.newest(source.index, cursor, source.query)
    except VedetteError as error:
        found.error = str(error)


def ask(listen: Address) -> str:
    """What a run at an address says of itself, or that none answers."""
    host = "127.0.0.1" if listen.host in ANYWHERE else listen.host
    connection = http.client.HTTPConnection(host, listen.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        answered = connection.getresponse()
        text = answered.read(10_000).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException):
        return f"none answers at {listen}"
    finally:
        connection.close()
    if answered.status == 200:
        return f"ready, at {listen}"
    return f"not ready, at {listen}: " + "; ".join(text.splitlines())


def lines(status: Status, now: datetime) -> list[str]:
    """The status in lines for people."""
    last = f", the last {words(now - status.last_alert)} ago" if status.last_alert else ""
    found = [f"alerts   unknown, in {status.place}"]
    if status.alerts is not None:
        dead = f"{status.dead_letters or 0:,} dead letters"
        if status.dead_open is not None and status.dead_open != status.dead_letters:
            dead += f", {status.dead_open:,} of them not replayed yet"
        found = [f"alerts   {status.alerts:,} in {status.place}{last}; {dead}"]
    if status.error:
        found.append(f"         error: {status.error}")
    found += [f"         refused: {reason}" for reason in status.dead_reasons]
    if status.gaps:
        found.append("gaps     " + ", ".join(f"{n:,} {state}" for state, n in status.gaps.items()))
    found += [f"noted    {text}" for text in status.noted]
    found += [f"lease    {text}" for text in status.leases]
    found += [f"model    {text}" for text in status.models]
    if status.run:
        found.append(f"run      {status.run}")
    for each in status.sources:
        parts = [each.reached or "unknown"]
        if each.lag is not None and each.mark is not None:
            parts.append(f"{words(now - each.mark)} behind the present")
        if each.newest is not None:
            parts.append(f"newest event {words(now - each.newest)} old")
        if each.stored is not None:
            parts.append(f"checkpoint stored {words(now - each.stored)} ago")
        found.append(f"source   {each.name} ({each.type}): {', '.join(parts)}")
        if each.error:
            found.append(f"         error: {each.error}")
    return found + [line for each in status.hunts for line in _hunt_lines(each, now)]


def _hunt_lines(hunt: HuntStatus, now: datetime) -> list[str]:
    """One hunt in lines for people."""
    told = "has not run yet"
    if hunt.mark is not None:
        told = f"up to {hunt.mark:%Y-%m-%d %H:%M:%S}, {words(now - hunt.mark)} behind the present"
    line = f"hunt     {hunt.title} ({hunt.id}): {told}"
    return [line, f"         error: {hunt.error}"] if hunt.error else [line]
