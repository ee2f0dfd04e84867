"""From settings to the places where things are kept: alerts, checkpoints, leases, the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.search import (
    AlertSink,
    ClusterActions,
    ClusterLeases,
    ClusterLedger,
    ClusterLetters,
    ClusterSettings,
    ClusterState,
    SearchClient,
    connect,
)
from connectors.sqlite import SqliteActions, SqliteLedger, SqliteLetters, SqliteStore
from engine.errors import InputError, Report
from engine.feedback.standing import Standing, Weighed
from engine.incident.step import Proposes
from engine.letter import Letters
from engine.ports import Actions, FencedState, Leases, Ledger, Sink
from vedette import learned
from vedette import settings as config
from vedette.feeds import Clock
from vedette.incidents import gathered
from vedette.replay import Replay


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
    settings: config.Settings,
    client: SearchClient | None,
    report: Report,
    clock: Clock,
    proposes: Proposes | None = None,
) -> tuple[Sink, FencedState, str]:
    """Where alerts, weighed by verdicts and put into incidents, and checkpoints go."""
    known = learned.sure(settings.state.dir, report)
    standing = Standing(open_actions(settings, client, clock), clock, report, sure=known)
    if settings.store == "cluster" and client is not None:
        sink = AlertSink(client, settings.namespace, clock=clock, report=report)
        state = ClusterState(client, settings.namespace, clock=clock)
        weighed = gathered(Weighed(sink, standing), settings, client, report, clock, proposes)
        return weighed, state, f"{sink.alias} on {client.host}"
    path = settings.output.sqlite
    store = SqliteStore(path)
    weighed = gathered(Weighed(store.sink, standing), settings, None, report, clock, proposes)
    return weighed, store.state, str(path)


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


def replay(settings: config.Settings, report: Report, clock: Clock) -> Replay:
    """What writes dead letters anew."""
    client = store_client(settings)
    sink, state, _ = stores(settings, client, report, clock)
    state.close()
    box: Letters = (
        ClusterLetters(client, settings.namespace)
        if client is not None
        else SqliteLetters(settings.output.sqlite)
    )
    return Replay(box, sink, ledger_of(settings, client, clock), clock)


def open_leases(
    settings: config.Settings, client: SearchClient | None, clock: Clock
) -> tuple[Leases, SearchClient | None]:
    """Where it stands who works on what, and the client that is for that alone."""
    if settings.store != "cluster" or client is None or settings.cluster is None:
        return SqliteStore(settings.output.sqlite).leases, None
    given = cluster_settings(settings.cluster)
    # so that one request without an answer leaves time for another within the time to live
    patience = min(given.timeout, settings.instances.ttl.total_seconds() / 2)
    own = connect(replace(given, kind=client.kind, timeout=patience), client.retry)
    return ClusterLeases(own, settings.namespace, clock=clock, founder=client), own


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
