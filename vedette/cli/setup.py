"""`vedette setup`: make ready in the cluster what a run needs, or show what that would be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import InputError
from vedette.cli.options import PATH, load_settings, word

if TYPE_CHECKING:
    from connectors.search import SearchClient
    from connectors.search.port import Kind
    from connectors.search.setup import Outcome, Step
    from vedette.settings import Settings

KINDS = ("elasticsearch", "opensearch")

DIFFERS = 1
"""Exit code when something is there that is not as it should be, and cannot be changed."""


@click.command("setup")
@click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)
@click.option("--print", "show", is_flag=True, help="Show every request; change nothing.")
@click.option("--role", is_flag=True, help="Print the role that a run needs; change nothing.")
@click.option(
    "--kind",
    metavar="KIND",
    help="With --print or --role: elasticsearch or opensearch.  [default: the cluster's]",
)
def command(path: Path | None, show: bool, role: bool, kind: str | None) -> int:
    """Make ready what Vedette keeps: templates, indices, lifecycle policy; or the SQLite file.

    May be repeated. A run makes the same by itself where it is allowed to; with the role that
    --role prints it is not, and need not be.
    """
    settings = load_settings(path).settings
    chosen = word("--kind", kind, KINDS)
    if chosen and not (show or role):
        raise InputError("says what to print", field="--kind", expected="--print or --role")
    if role:
        return _role(settings, chosen)
    if settings.store == "sqlite":
        return _file(settings, show=show)
    with _Connection(settings, chosen) as client:
        wanted = _steps(settings, client.kind)
        if show:
            for step in wanted:
                click.echo(f"PUT {step.path}\n{_json(step.body)}\n")
            return 0
        return _make(settings, client, wanted)


class _Connection:
    """The configured cluster's client for as long as a block runs."""

    def __init__(self, settings: Settings, kind: str | None) -> None:
        from connectors.search import connect
        from vedette.places import cluster_settings

        cluster = settings.cluster
        if cluster is None:
            raise InputError("no cluster is configured", field="cluster", expected="its hosts")
        if kind is not None:
            cluster = cluster.model_copy(update={"kind": kind})
        self._client = connect(cluster_settings(cluster))

    def __enter__(self) -> SearchClient:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _steps(settings: Settings, kind: Kind) -> list[Step]:
    from connectors.search.setup import steps

    return steps(kind, settings.namespace, datetime.now(UTC), settings.output.keep)


def _make(settings: Settings, client: SearchClient, wanted: list[Step]) -> int:
    from connectors.search.setup import Setup

    code = 0
    for outcome in Setup(client, settings.namespace).run(wanted):
        click.echo(_line(outcome))
        if outcome.state == "differs":
            code = DIFFERS
    if settings.output.keep is None:
        click.echo("no policy: output.keep is off, and alerts are kept for good")
    return code


def _line(outcome: Outcome) -> str:
    from vedette.output.safe import visible

    words = {"there": "already there", "unavailable": "left out"}
    state = words.get(outcome.state, outcome.state)
    line = f"{state:<13}  {outcome.step.what:<9}  {outcome.step.name}"
    return visible(f"{line}  ({outcome.detail})" if outcome.detail else line)


def _role(settings: Settings, kind: str | None) -> int:
    from connectors.search.roles import role, role_path
    from vedette.hunts import hunted
    from vedette.settings import SearchSource

    if settings.cluster is None and kind is None:
        raise InputError("no cluster is configured", field="--role", expected="--kind beside it")
    named: Any = kind or (settings.cluster and settings.cluster.kind)
    if named == "auto":
        with _Connection(settings, None) as client:
            named = client.kind
    searches = [each for each in settings.sources if isinstance(each, SearchSource)]
    pushed = [each.index for each in searches if each.mode == "push-down"]
    searched = hunted(settings)
    kept = settings.store == "cluster"
    patterns = [each.index for each in searches]
    body = role(named, settings.namespace, patterns, store=kept, hunts=searched, pushed=pushed)
    click.echo(_json(body))
    click.echo(f"to be put at {role_path(named, settings.namespace)}", err=True)
    return 0


def _file(settings: Settings, *, show: bool) -> int:
    from connectors.sqlite import SqliteStore
    from vedette.places import make_folders

    file = settings.output.sqlite
    if show:
        click.echo(f"the SQLite file {file}; nothing is kept in a cluster")
        return 0
    there = file.exists()
    make_folders(settings)
    store = SqliteStore(file)
    try:
        store.sink.prepare()
    finally:
        store.close()
    click.echo(f"{'already there' if there else 'created':<13}  file       {file}")
    return 0


def _json(body: Any) -> str:
    return json.dumps(body, indent=2)
