"""The least-privilege role of a run, for Elasticsearch and for OpenSearch Security.

The templates that alerts need are made by `vedette setup`, by somebody who may; the role may not
touch them: whoever may write templates decides the shape of everybody's indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.search import privileges
from connectors.search.names import (
    ACTIONS,
    DEAD_LETTER,
    INCIDENTS,
    LEASES,
    LEDGER,
    STATE,
    alerts_alias,
)
from connectors.search.port import Kind
from connectors.search.privileges import LOOKING, Needs, needs, union

Grant = tuple[tuple[str, ...], Needs]
"""Index patterns, and what is needed of them."""


def grants(
    kind: Kind,
    namespace: str,
    patterns: Sequence[str],
    *,
    store: bool,
    hunts: Sequence[str] = (),
    pushed: Sequence[str] = (),
) -> list[Grant]:
    """What a run needs of which indices; `store` when it keeps alerts and state there too.

    `patterns` are those of its sources, `hunts` those that its hunts search, `pushed` those of
    sources whose rules the cluster evaluates.
    """
    found: list[Grant] = []
    if patterns:
        asked = union([needs(kind, privileges.SOURCES), LOOKING[kind]])
        found.append((each_of(patterns), asked))
    if pushed:
        asked = union([needs(kind, privileges.PUSHED), LOOKING[kind]])
        found.append((each_of(pushed), asked))
    if hunts:
        asked = union([needs(kind, privileges.HUNTS), privileges.LANGUAGES[kind]])
        found.append((each_of(hunts), asked))
    if store:
        alias = alerts_alias(namespace)
        reading = needs(kind, ("search",))  # `vedette status` counts alerts
        alerts = union([needs(kind, privileges.ALERTS), reading, LOOKING[kind]])
        found.append(((alias, f"{alias}-*"), alerts))
        state = union([needs(kind, privileges.STATE), LOOKING[kind]])
        found.append(((STATE + namespace,), state))
        found.append(((LEASES + namespace,), state))
        letters = union([needs(kind, privileges.DEAD_LETTERS), reading, LOOKING[kind]])
        found.append(((DEAD_LETTER + namespace,), letters))
        for name, operations in (
            (LEDGER, privileges.LEDGER),
            (ACTIONS, privileges.ACTIONS),
            (INCIDENTS, privileges.INCIDENTS),
        ):
            asked = union([needs(kind, operations), LOOKING[kind]])
            found.append(((name + namespace,), asked))
    return found


def each_of(patterns: Sequence[str]) -> tuple[str, ...]:
    """The single patterns of sources: `a,b-*` is two; what is left out by a minus is no grant."""
    parts = (part.strip() for pattern in patterns for part in pattern.split(","))
    names = (part for part in parts if part and not part.startswith("-"))
    return tuple(sorted({"*" if name == "_all" else name for name in names}))


def role(
    kind: Kind,
    namespace: str,
    patterns: Sequence[str],
    *,
    store: bool,
    hunts: Sequence[str] = (),
    pushed: Sequence[str] = (),
) -> dict[str, Any]:
    """The body that makes the role: `PUT /_security/role/NAME`, or Security's role API."""
    given = grants(kind, namespace, patterns, store=store, hunts=hunts, pushed=pushed)
    whole = union([needs(kind, privileges.CONNECTING), LOOKING[kind], *(need for _, need in given)])
    if kind == "elasticsearch":
        return {
            "cluster": list(whole.cluster),
            "indices": [
                {"names": list(names), "privileges": list(need.index)} for names, need in given
            ],
        }
    return {
        "cluster_permissions": list(whole.cluster),
        "index_permissions": [
            {"index_patterns": list(names), "allowed_actions": list(need.index)}
            for names, need in given
        ],
    }


def role_path(kind: Kind, namespace: str) -> str:
    """Where the role is put."""
    api = "_security/role" if kind == "elasticsearch" else "_plugins/_security/api/roles"
    return f"/{api}/vedette-{namespace}"
