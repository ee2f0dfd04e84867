"""What each operation of `SearchClient` has to be allowed to do, on each server.

Which part of Vedette does which operations is `USES`; a test watches the parts at work and holds
both tables to what they really call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.search.port import Kind


@dataclass(frozen=True, slots=True)
class Needs:
    """Privileges by name: on the whole cluster, and on the indices that are touched."""

    cluster: tuple[str, ...] = ()
    index: tuple[str, ...] = ()


ELASTICSEARCH: Mapping[str, Needs] = {
    "info": Needs(cluster=("monitor",)),
    "open_pit": Needs(index=("read",)),
    "search": Needs(index=("read",)),
    "close_pit": Needs(index=("read",)),
    "count": Needs(index=("read",)),
    "msearch": Needs(index=("read",)),
    "mget": Needs(index=("read",)),
    "field_caps": Needs(index=("read",)),
    "create_index": Needs(index=("create_index",)),
    "exists": Needs(index=("view_index_metadata",)),
    "bulk": Needs(index=("create_doc",)),
    "bulk_replace": Needs(index=("index",)),
    "get": Needs(index=("read",)),
    "index": Needs(index=("index",)),
    "refresh": Needs(index=("maintenance",)),
    "put_index_template": Needs(cluster=("manage_index_templates",)),
}
"""As Elasticsearch names them. `bulk` only ever creates; `bulk_replace` and `index` also
replace documents."""

OPENSEARCH: Mapping[str, Needs] = {
    "info": Needs(cluster=("cluster:monitor/main",)),
    "open_pit": Needs(index=("indices:data/read/point_in_time/create",)),
    "search": Needs(index=("indices:data/read/search",)),
    "close_pit": Needs(index=("indices:data/read/point_in_time/delete",)),
    "count": Needs(index=("indices:data/read/search",)),
    "msearch": Needs(
        cluster=("indices:data/read/msearch",),
        index=("indices:data/read/msearch*", "indices:data/read/search"),
    ),
    "mget": Needs(
        cluster=("indices:data/read/mget",),
        index=("indices:data/read/mget*", "indices:data/read/get"),
    ),
    "field_caps": Needs(index=("indices:data/read/field_caps*",)),
    "create_index": Needs(index=("indices:admin/create",)),
    "exists": Needs(index=("indices:admin/get",)),
    "bulk": Needs(
        cluster=("indices:data/write/bulk",),
        index=("indices:data/write/bulk*", "indices:data/write/index"),
    ),
    "bulk_replace": Needs(
        cluster=("indices:data/write/bulk",),
        index=("indices:data/write/bulk*", "indices:data/write/index"),
    ),
    "get": Needs(index=("indices:data/read/get",)),
    "index": Needs(
        cluster=("indices:data/write/bulk",),
        index=("indices:data/write/bulk*", "indices:data/write/index"),
    ),
    "refresh": Needs(index=("indices:admin/refresh*",)),
    "put_index_template": Needs(cluster=("indices:admin/index_template/put",)),
}
"""As OpenSearch Security names them; there a single write goes through a bulk as well."""

TABLES: Mapping[Kind, Mapping[str, Needs]] = {
    "elasticsearch": ELASTICSEARCH,
    "opensearch": OPENSEARCH,
}

SOURCES = ("open_pit", "search", "close_pit", "count")
PUSHED = (*SOURCES, "msearch", "mget")
HUNTS = ("open_pit", "search", "close_pit", "field_caps")
ALERTS = ("create_index", "exists", "bulk")
STATE = ("create_index", "get", "index")
DEAD_LETTERS = ("create_index", "index", "refresh", "search")
LEDGER = ("create_index", "index", "refresh", "search")
ACTIONS = ("create_index", "exists", "bulk", "search")
INCIDENTS = ("create_index", "get", "bulk_replace", "refresh", "search")
CONNECTING = ("info",)
"""What the parts do once `vedette setup` has made what they need."""

LANGUAGES: Mapping[Kind, Needs] = {
    "elasticsearch": Needs(index=("read",)),
    "opensearch": Needs(
        cluster=("cluster:admin/opensearch/ppl",),
        index=("indices:data/read/search*", "indices:admin/mappings/get"),
    ),
}
"""What hunts in ES|QL and PPL need, which have no operation of their own."""

LOOKING: Mapping[Kind, Needs] = {
    "elasticsearch": Needs(cluster=("monitor",), index=("view_index_metadata", "monitor")),
    "opensearch": Needs(
        cluster=("cluster:monitor/nodes/info", "cluster:monitor/nodes/stats"),
        index=(
            "indices:admin/get",
            "indices:admin/mappings/get",
            "indices:monitor/settings/get",
        ),
    ),
}
"""What `vedette doctor` and `vedette status` ask beside: they change nothing."""


def needs(kind: Kind, operations: Iterable[str]) -> Needs:
    """What several operations need together, each privilege once, in the order of the tables."""
    table = TABLES[kind]
    wanted = set(operations)
    found = [needed for operation, needed in table.items() if operation in wanted]
    return union(found)


def union(found: Iterable[Needs]) -> Needs:
    """Several needs as one, each privilege once."""
    cluster: dict[str, None] = {}
    index: dict[str, None] = {}
    for each in found:
        cluster.update(dict.fromkeys(each.cluster))
        index.update(dict.fromkeys(each.index))
    return Needs(tuple(cluster), tuple(index))
