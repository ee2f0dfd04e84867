"""Looking at a cluster without changing anything: what `vedette doctor` and `status` ask.

Every method raises `SourceError`; what a server does not have is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from connectors.progress import from_ms
from connectors.search.client import LENIENT, part
from connectors.search.mappings import Mappings
from connectors.search.names import DEAD_LETTER, OWN_PREFIXES, STATE, alerts_alias
from connectors.search.paging import filtered
from connectors.search.port import Kind, RequestError, SearchClient
from connectors.search.retry import Retry
from connectors.search.state import key_of
from engine.errors import SourceError
from engine.moment import parse_time

DENIED = frozenset({401, 403})
BLOCKS = ("read_only", "read_only_allow_delete", "write", "metadata")
ONCE = Retry(limit=1)


class DeniedError(SourceError):
    """The server answered, and this user may not ask that."""


class Survey:
    """Questions to one cluster."""

    def __init__(self, client: SearchClient, retry: Retry = ONCE) -> None:
        self.client, self.retry = client, retry

    @property
    def kind(self) -> Kind:
        """Which product it is."""
        return self.client.kind

    def version(self) -> str:
        """The lowest version of any node."""
        answer = self._get("/_nodes?filter_path=nodes.*.version", "its version")
        found = [str(node.get("version")) for node in answer.get("nodes", {}).values()]
        if not found:
            raise SourceError(f"{self.client.host}: the cluster does not tell its version")
        return min(found, key=numbers)

    def clock(self) -> datetime:
        """The cluster's present, as the node that answers tells it."""
        path = "/_nodes/_local/stats/os?filter_path=nodes.*.timestamp"
        for node in self._get(path, "its time").get("nodes", {}).values():
            found = parse_time(node.get("timestamp"))
            if found:
                return found
        raise SourceError(f"{self.client.host}: the cluster does not tell its time")

    def disks(self) -> dict[str, tuple[int, int]]:
        """Free and total bytes of each data node by name."""
        path = "/_nodes/stats/fs?filter_path=nodes.*.name,nodes.*.fs.total"
        found = {}
        for node in self._get(path, "its disks").get("nodes", {}).values():
            total = node.get("fs", {}).get("total", {})
            if total.get("total_in_bytes"):
                sizes = int(total["available_in_bytes"]), int(total["total_in_bytes"])
                found[str(node.get("name"))] = sizes
        return found

    def blocks(self, index: str) -> dict[str, list[str]]:
        """The indices of a pattern that refuse writes or changes, with the blocks in force."""
        path = f"/{part(index)}/_settings?filter_path=*.settings.index.blocks"
        found = {}
        for name, each in self._get(path, "index settings", LENIENT).items():
            held = each["settings"]["index"].get("blocks", {})
            if named := [block for block in BLOCKS if str(held.get(block)).lower() == "true"]:
                found[name] = named
        return found

    def mapping(self, index: str) -> Mappings:
        """The mappings of a pattern; Vedette's own indices never count."""
        answer = self._get(f"/{part(index)}/_mapping", "mappings", LENIENT)
        found = Mappings()
        for name, each in sorted(answer.items()):
            if name.startswith(OWN_PREFIXES):
                continue
            held = each.get("mappings") or {}
            found.indices += 1
            found.properties.append((name, held))
            kept = held.get("_source") or {}
            found.cut.update(kept.get("excludes") or ())
            if kept.get("enabled") is False:
                found.without_source.append(name)
        return found

    def newest(self, index: str, cursor: str, query: Mapping[str, Any] | None) -> datetime | None:
        """The latest time that an event of a source has; None when there is none."""
        wanted = filtered(query, OWN_PREFIXES)
        wanted["bool"]["filter"].append({"exists": {"field": cursor}})
        body: dict[str, Any] = {
            "query": wanted,
            "size": 1,
            "track_total_hits": False,
            "_source": False,
            "sort": [{cursor: {"order": "desc", "unmapped_type": "date", "numeric_type": "date"}}],
        }
        with self._asking(f"the newest event of {index!r}"):
            answer = self.retry.call(lambda: self.client.search(body, index))
        hits = answer["hits"]["hits"]
        return from_ms(int(hits[0]["sort"][0])) if hits else None

    def untimed(self, index: str, cursor: str, query: Mapping[str, Any] | None) -> tuple[int, int]:
        """How many events of a source have no value in the cursor field, and how many there are."""
        with self._asking(f"the events of {index!r}"):
            all_of_them = filtered(query, OWN_PREFIXES)
            total = self.retry.call(lambda: self.client.count(index, all_of_them))
            without = filtered(query, OWN_PREFIXES)
            without["bool"]["must_not"].append({"exists": {"field": cursor}})
            missing = self.retry.call(lambda: self.client.count(index, without))
        return missing, total

    def samples(
        self, index: str, cursor: str, query: Mapping[str, Any] | None, size: int
    ) -> list[Mapping[str, Any]]:
        """The newest events of a source as they were stored."""
        body = {
            "query": filtered(query, OWN_PREFIXES),
            "size": size,
            "track_total_hits": False,
            "sort": [{cursor: {"order": "desc", "unmapped_type": "date", "numeric_type": "date"}}],
        }
        with self._asking(f"events of {index!r}"):
            answer = self.retry.call(lambda: self.client.search(body, index))
        return [hit.get("_source") or {} for hit in answer["hits"]["hits"]]

    def alerts(self, namespace: str) -> tuple[int, datetime | None, int]:
        """How many alerts a namespace has, when the last was written, and its dead letters."""
        alias = alerts_alias(namespace)
        everything: dict[str, Any] = {"match_all": {}}
        body = {
            "query": everything,
            "size": 1,
            "_source": ["@timestamp"],
            "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}],
        }
        with self._asking(f"the alerts of {alias!r}"):
            total = self.retry.call(lambda: self.client.count(alias, everything))
            answer = self.retry.call(lambda: self.client.search(body, alias))
            dead = self.retry.call(lambda: self.client.count(DEAD_LETTER + namespace, everything))
        hits = answer["hits"]["hits"]
        last = parse_time(hits[0]["_source"].get("@timestamp")) if hits else None
        return total, last, dead

    def refused(self, namespace: str, latest: int) -> list[str]:
        """Why the latest dead letters were refused."""
        body = {
            "query": {"match_all": {}},
            "size": latest,
            "_source": ["error"],
            "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}],
        }
        with self._asking("dead letters"):
            answer = self.retry.call(lambda: self.client.search(body, DEAD_LETTER + namespace))
        return [str(hit["_source"].get("error")) for hit in answer["hits"]["hits"]]

    def committed(self, namespace: str, source: str) -> datetime | None:
        """When a source's checkpoint was last stored; None where there is none."""
        with self._asking(f"the checkpoint of {source!r}"):
            found = self.retry.call(lambda: self.client.get(STATE + namespace, key_of(source)))
        return parse_time(found["_source"].get("@timestamp")) if found else None

    def read_once(self, index: str) -> None:
        """Do what a poll of a pattern does, for no event at all."""
        with self._asking(f"events of {index!r}"):
            pit = self.retry.call(lambda: self.client.open_pit(index, "1m"))
            if pit is None:
                return
            try:
                view = {"id": pit, "keep_alive": "1m"}
                self.client.search({"query": {"match_none": {}}, "size": 0, "pit": view})
            finally:
                self.client.close_pit(pit)

    def exists(self, index: str) -> bool:
        """Whether a pattern names anything."""
        with self._asking(f"whether {index!r} exists"):
            return self.retry.call(lambda: self.client.exists(index))

    def lacking(self, cluster: list[str], index: Mapping[str, list[str]]) -> list[str] | None:
        """Elasticsearch privileges that this user does not have; None where nobody is asked."""
        wanted = [{"names": [name], "privileges": held} for name, held in index.items()]
        body = {"cluster": cluster, "index": wanted}
        try:
            path = "/_security/user/_has_privileges"
            answer = self.retry.call(lambda: self.client.send("POST", path, body))
        except RequestError as error:
            if error.status in (400, 405, 500, 501):  # no security here, or it is switched off
                return None
            raise self._told("privileges", error) from error
        found = [name for name, held in (answer.get("cluster") or {}).items() if not held]
        for name, privileges in (answer.get("index") or {}).items():
            found.extend(f"{each} on {name}" for each, held in privileges.items() if not held)
        return found

    def _get(self, path: str, what: str, params: Mapping[str, str] | None = None) -> Any:
        with self._asking(what):
            path, _, query = path.partition("?")
            given = dict(pair.split("=", 1) for pair in query.split("&") if pair)
            asked = {**given, **(params or {})}
            return self.retry.call(lambda: self.client.send("GET", path, None, asked)) or {}

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except RequestError as error:
            raise self._told(what, error) from error

    @staticmethod
    def _told(what: str, error: RequestError) -> SourceError:
        kind = DeniedError if error.status in DENIED else SourceError
        return kind(f"cannot ask for {what}: {error}")


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers, to be compared; at most three."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
