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
