"""A search cluster in memory, which fails when it is told to."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.search import codec
from connectors.search.port import Kind, RequestError
from connectors.search.retry import Retry

HOST = "search.test:9200"


def sort_of(body: Mapping[str, Any]) -> Callable[[Sequence[Any]], list[int]]:
    """What a search sorts rows by, of which time and place come first: its first field says.

    As Elasticsearch does, which ends each order with the place.
    """
    places = (1, 0, 1) if "_shard_doc" in body["sort"][0] else (0, 1)
    return lambda row: [row[place] for place in places]


def refusal(status: int, kind: str = "error", reason: str = "because") -> RequestError:
    return RequestError(HOST, status, kind, reason)


class Patient:
    """A `Retry` whose waits are only written down."""

    def __init__(self, limit: int = 7) -> None:
        self.waits: list[float] = []
        self.retry = Retry(limit=limit, sleep=self.waits.append, jitter=lambda: 1.0)


class FakeClient:
    """`SearchClient` over dictionaries: time windows, paging, bulk create, optimistic writes.

    `script[operation]` is a list of what the next calls meet: an error to raise, a callable
    that changes the answer, or None to go on as usual. A search that counts by time is a
    "histogram" where the script has any, else a "search" as well.
    """

    kind: Kind = "elasticsearch"
    host = HOST
    flattened = "flattened"
    tiebreak: Sequence[str] = ("_shard_doc",)
    retry = Retry()

    def __init__(self) -> None:
        self.indices: dict[str, dict[str, dict[str, Any]]] = {}
        self.script: dict[str, list[Any]] = {}
        self.calls: Counter[str] = Counter()
        self.bodies: list[Any] = []
        self.open: dict[str, list[tuple[int, int, str, str, dict[str, Any]]]] = {}
        self.opened = 0
        self.sequence = 0

    def put(self, index: str, id: str, time: int, **fields: Any) -> None:
        """Store an event; `time` in epoch ms."""
        document = {"@timestamp": time, **fields}
        held = self.indices.setdefault(index, {}).get(id, {"_version": 0})
        self.sequence += 1
        self.indices[index][id] = {
            "_source": document,
            "_version": held["_version"] + 1,
            "_seq_no": self.sequence,
            "_primary_term": 1,
        }

    def _meet(self, operation: str) -> Any:
        self.calls[operation] += 1
        steps = self.script.get(operation) or [None]
        step = steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step or (lambda answer: answer)

    def _named(self, pattern: str) -> list[str]:
        return [name for name in self.indices if fnmatch.fnmatch(name, pattern)]

    def info(self) -> Mapping[str, Any]:
        return self._meet("info")({"tagline": "double"})

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        self._meet("open_pit")
        names = self._named(index)
        if not names:
            return None
        rows = []
        for name in names:
            for id, held in self.indices[name].items():
                if "@timestamp" in held["_source"]:
                    rows.append((held["_source"]["@timestamp"], len(rows), name, id, held))
        self.opened += 1
        self.open[f"pit-{self.opened}"] = sorted(rows, key=lambda row: row[:2])
        return f"pit-{self.opened}"

    def close_pit(self, pit: str) -> None:
        self.open.pop(pit)
        self._meet("close_pit")

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        self.bodies.append(body)
        counting = "aggs" in body and "histogram" in self.script
        change = self._meet("histogram" if counting else "search")
        pit = body["pit"]["id"]
        if pit not in self.open:
            raise refusal(404, "search_context_missing_exception")
        (limits,) = body["query"]["bool"]["filter"][-1]["range"].values()
        part = body.get("slice", {"id": 0, "max": 1})
        rows = [row for row in self.open[pit] if row[1] % part["max"] == part["id"]]
        found = [row for row in rows if limits.get("gte", 0) <= row[0] <= limits["lte"]]
        if "ids" in (clause := body["query"]["bool"]["filter"][0]):
            found = [row for row in found if row[3] in clause["ids"]["values"]]
        # As Elasticsearch does: shards that the bounds do not reach are left out, and the others
        # numbered without them. So a tie says nothing to a search with other bounds.
        reached = sorted({row[2] for row in found})
        found = [(row[0], reached.index(row[2]) << 32 | row[1], *row[2:]) for row in found]
        sort = sort_of(body)
        found.sort(key=sort)
        later = [row for row in found if sort(row) > body.get("search_after", [])][: body["size"]]
        answer: dict[str, Any] = {"timed_out": False, "pit_id": pit}
        answer["_shards"] = {"total": 3, "successful": 3, "failed": 0}
        if "aggs" in body:
            width = int(
                body["aggs"]["times"]["date_histogram"]["fixed_interval"].removesuffix("ms")
            )
            counts = Counter(row[0] // width * width for row in found)
            sums: Counter[int] = Counter()
            for row in found:
                sums[row[0] // width * width] += row[4]["_seq_no"]
            buckets = [
                {"key": key, "doc_count": count, "sum": {"value": float(sums[key])}}
                for key, count in sorted(counts.items())
            ]
            answer["aggregations"] = {"times": {"buckets": buckets}}
        hits = [
            {"_index": name, "_id": id, "_version": held["_version"], "sort": sort(row),
             **({} if body.get("_source") is False else {"_source": held["_source"]})}
            for row in later for _, _, name, id, held in [row]
        ]  # fmt: skip
        total = {"total": {"value": len(found)}} if body.get("track_total_hits") else {}
        return change({**answer, "hits": {"hits": hits, **total}})

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        self._meet("count")
        return sum(
            "@timestamp" not in held["_source"]
            for name in self._named(index)
            for held in self.indices[name].values()
        )

    def field_caps(self, index: str, fields: Sequence[str]) -> Mapping[str, Any]:
        return self._meet("field_caps")({})

    def bulk(self, body: bytes) -> Mapping[str, Any]:
        self.bodies.append(body)
        change = self._meet("bulk")
        lines = body.splitlines()
        items = []
        for at in range(0, len(lines), 2):
            target = codec.loads(lines[at])["create"]
            held = self.indices.setdefault(target["_index"], {})
            status = 409 if target["_id"] in held else 201
            held.setdefault(target["_id"], {"_source": codec.loads(lines[at + 1])})
            items.append({"create": {"_id": target["_id"], "status": status}})
        return change({"items": items})

    def bulk_replace(self, body: bytes) -> Mapping[str, Any]:
        self.bodies.append(body)
        change = self._meet("bulk_replace")
        lines = body.splitlines()
        items = []
        for at in range(0, len(lines), 2):
            ((action, target),) = codec.loads(lines[at]).items()
            held = self.indices.setdefault(target["_index"], {})
            there = held.get(target["_id"])
            expected = target.get("if_seq_no") if action == "index" else None
            status = 201 if expected == (there["_seq_no"] if there else None) else 409
            if status == 201:
                self.sequence += 1
                held[target["_id"]] = {
                    "_source": codec.loads(lines[at + 1]),
                    "_seq_no": self.sequence, "_primary_term": 1,
                }  # fmt: skip
            items.append({action: {"_id": target["_id"], "status": status}})
        return change({"items": items})

    def get(self, index: str, id: str) -> Mapping[str, Any] | None:
        self._meet("get")
        return self.indices.get(index, {}).get(id)

    def index(
        self,
        index: str,
        id: str,
        document: Mapping[str, Any],
        *,
        create: bool = False,
        if_seq_no: int | None = None,
        if_primary_term: int | None = None,
    ) -> Mapping[str, Any]:
        held = self.indices.setdefault(index, {}).get(id)
        if (create and held) or (if_seq_no is not None and held and held["_seq_no"] != if_seq_no):
            self._meet("index")
            raise refusal(409, "version_conflict_engine_exception")
        self.sequence += 1
        stored = {"_source": dict(document), "_seq_no": self.sequence, "_primary_term": 1}
        self.indices[index][id] = stored
        # An error here is an answer that got lost after the write.
        return self._meet("index")(stored)

    def put_index_template(self, name: str, body: Mapping[str, Any]) -> None:
        self._meet("put_index_template")

    def create_index(self, index: str, body: Mapping[str, Any] | None = None) -> bool:
        self._meet("create_index")
        return self.indices.setdefault(index, {}) == {}

    def exists(self, index: str) -> bool:
        return bool(self._named(index))

    def refresh(self, index: str) -> None:
        self._meet("refresh")

    def close(self) -> None:
        self._meet("close")
