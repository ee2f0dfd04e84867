"""Values that are right one by one and do not go together.

Works on plain data of any shape, so that these errors are told beside all the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where two values meet (`path`), what is wrong, and what was expected."""

    path: tuple[str | int, ...]
    message: str
    expected: str

    @property
    def field(self) -> str:
        """The path, dotted."""
        return ".".join(map(str, self.path))


def find_conflicts(data: Mapping[str, Any]) -> Iterator[Conflict]:
    """Yield every conflict; parts of the wrong type are left to the model to complain of."""
    cluster = data.get("cluster")
    if isinstance(cluster, Mapping):
        yield from _credentials(cluster)
    output = data.get("output")
    if cluster is None and isinstance(output, Mapping) and output.get("store") == "cluster":
        yield Conflict(("output", "store"), "no cluster is configured", "a 'cluster' section")
    sources = data.get("sources")
    if isinstance(sources, Sequence) and not isinstance(sources, str):
        yield from _sources(sources, has_cluster=cluster is not None)
        models = data.get("models")
        named = models.get("names") if isinstance(models, Mapping) else None
        yield from _prefilters(sources, models=bool(named))
        pipelines = data.get("pipelines")
        if isinstance(pipelines, Sequence) and not isinstance(pipelines, str) and pipelines:
            yield from _pipelines(pipelines, [_name(source) for source in sources])


def _credentials(cluster: Mapping[str, Any]) -> Iterator[Conflict]:
    def given(key: str) -> bool:
        return cluster.get(key) is not None

    password = given("password") or given("password_file")
    if (given("api_key") or given("api_key_file")) and (password or given("username")):
        yield Conflict(
            ("cluster",), "both an API key and a user are given", "'api_key' or 'username'"
        )
    elif password and not given("username"):
        yield Conflict(("cluster",), "a password without a user", "'username' beside 'password'")
    elif given("username") and not password:
        yield Conflict(
            ("cluster", "username"), "a user without a password", "'password' or 'password_file'"
        )
    if given("client_key") and not given("client_cert"):
        yield Conflict(
            ("cluster", "client_key"), "a key without its certificate", "'client_cert' beside it"
        )


def _sources(sources: Sequence[Any], *, has_cluster: bool) -> Iterator[Conflict]:
    names: dict[str, int] = {}
    for number, source in enumerate(sources):
        if not isinstance(source, Mapping):
            continue
        if source.get("type") == "search" and not has_cluster:
            yield Conflict(
                ("sources", number, "type"),
                "a search source without a cluster",
                "a 'cluster' section",
            )
        name = source.get("name")
        if isinstance(name, str) and names.setdefault(name, number) != number:
            yield Conflict(
                ("sources", number, "name"),
                f"{name[:64]!r} is the name of sources.{names[name]} too",
                "a name of its own",
            )


def _prefilters(sources: Sequence[Any], *, models: bool) -> Iterator[Conflict]:
    """A prefilter leaves events out that no rule can match."""
    for number, source in enumerate(sources):
        if not isinstance(source, Mapping) or source.get("prefilter") != "values":
            continue
        path = ("sources", number, "prefilter")
        if source.get("mode") == "push-down":
            yield Conflict(path, "in push-down only what rules match is read anyway", "none")
        elif models:
            yield Conflict(
                path, "models score every event, and a prefilter leaves most out",
                "none, or no 'models.names'",
            )  # fmt: skip


def _pipelines(pipelines: Sequence[Any], sources: Sequence[str | None]) -> Iterator[Conflict]:
    """A source belongs to exactly one pipeline: its events have one set of rules and one state."""
    names: dict[str, int] = {}
    owners: dict[str, str] = {}
    for number, pipeline in enumerate(pipelines):
        name = _name(pipeline)
        if name is not None and names.setdefault(name, number) != number:
            yield Conflict(
                ("pipelines", number, "name"),
                f"{name[:64]!r} is the name of pipelines.{names[name]} too",
                "a name of its own",
            )
        given = pipeline.get("sources") if isinstance(pipeline, Mapping) else None
        if not isinstance(given, Sequence) or isinstance(given, str):
            continue
        for place, source in enumerate(given):
            path = ("pipelines", number, "sources", place)
            if not isinstance(source, str):
                continue
            if source not in sources:
                known = ", ".join(name for name in sources if name) or "a source to begin with"
                yield Conflict(path, f"there is no source {source[:64]!r}", f"one of {known}")
            elif source in owners:
                message = f"{source!r} belongs to pipeline {owners[source]!r} already"
                yield Conflict(path, message, "each source once")
            owners.setdefault(source, name or str(number))
    for number, source in enumerate(sources):
        if source is not None and source not in owners:
            yield Conflict(
                ("sources", number, "name"),
                f"{source[:64]!r} belongs to no pipeline",
                "its name in one of 'pipelines'",
            )


def _name(item: Any) -> str | None:
    name = item.get("name") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else None
