"""A search cluster on a simulated clock, which fails and kills the process as a seed says."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from connectors.search import codec
from connectors.search.port import Kind, RequestError
from connectors.search.retry import Retry
from tests.connectors.search.double import sort_of
from tests.connectors.search.indexed import Indexed, meets, told

HOST = "search.test:9200"


class Crash(BaseException):
    """The process is gone; nobody may catch this but the simulation."""


@dataclass(slots=True)
class Chaos:
    """How likely each fault is, each time that something is asked; all by one seed."""

    rng: Random
    fail: float = 0.0
    crash: float = 0.0
    dead: bool = False
    """The process was killed: whatever it still tries to do has no effect."""
    told: Counter[str] = field(default_factory=Counter)

    def fate(self) -> str:
        """What an operation meets: `ok`, or a fault before or after it took effect."""
        if self.dead:
            return "crash-before"
        lot = self.rng.random()
        for name, chance in (
            ("crash-before", self.crash), ("crash-after", self.crash),
            ("lost-before", self.fail), ("lost-after", self.fail), ("half", self.fail),
        ):  # fmt: skip
            if lot < chance:
                self.told[name] += 1
                self.dead = name.startswith("crash")
                return name
            lot -= chance
        return "ok"


@dataclass(slots=True)
class Held:
    """A document: its time, and when it becomes searchable (epoch ms of the true clock)."""

    source: dict[str, Any]
    time: int
    visible: int
    tie: int
    """Of all documents the order in which they were written: a sequence number too."""
    version: int = 1


Row = tuple[int, int, str, str, Held]


def values(row: Row) -> Any:
    """What an index holds of a document."""
    shelf = Indexed("plain", marks=True)
    shelf.take(row[3], row[4].source)
    return shelf.documents[row[3]]


class SimCluster:
    """A `SearchClient` over dictionaries. `clock` is the true time in ms, which requests move."""

    kind: Kind = "elasticsearch"
    host = HOST
    flattened = "flattened"
    tiebreak: Sequence[str] = ("_shard_doc",)
    retry = Retry()

    def __init__(self, chaos: Chaos, start: int) -> None:
        self.chaos, self.clock = chaos, start
        self.events: dict[str, dict[str, Held]] = {}
        self.own: dict[str, dict[str, dict[str, Any]]] = {}
        self.rewritten: list[str] = []
        """Alerts that were written over: there must be none."""
        self.searches = 0
        self._views: dict[str, list[Row]] = {}
        self._number = 0

    def put(self, index: str, id: str, time: int, visible: int, source: dict[str, Any]) -> None:
        """Have an event become searchable at a time, or written over."""
        self._number += 1
        held = self.events.setdefault(index, {})
        version = held[id].version + 1 if id in held else 1
        held[id] = Held(source, time, visible, self._number, version)

    def delete(self, index: str) -> None:
        """Delete an index; views over it can be read no further."""
        self.events.pop(index, None)
        self._views.clear()

    def _do(self, effect: Callable[[], Any]) -> Any:
        self.clock += 20
        fate = self.chaos.fate()
        if fate == "crash-before":
            raise Crash
        if fate == "lost-before":
            raise RequestError(HOST, 0, "ConnectionTimeout", "nobody answered")
        answer = effect()
        if fate == "crash-after":
            raise Crash
        if fate == "lost-after":
            raise RequestError(HOST, 0, "ConnectionTimeout", "the answer was lost")
        if fate == "half" and isinstance(answer, dict):
            return self._half(answer)
        return answer

    def _half(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Part of an answer, which says that it is."""
        if "hits" in answer:
            hits = [hit for hit in answer["hits"]["hits"] if self.chaos.rng.random() < 0.5]
            shards = {"total": 2, "failed": 1}
            return {**answer, "_shards": shards, "hits": {**answer["hits"], "hits": hits}}
        if "items" in answer:  # the first of a bulk's items was stored, and this is not known
            busy = {"create": {"status": 429, "error": {"type": "busy", "reason": "later"}}}
            return {"items": [busy, *answer["items"][1:]]}
        return answer

    def info(self) -> Mapping[str, Any]:
        return {}

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        def effect() -> str | None:
            rows = [
                (held.time, held.tie, name, id, held)
                for name, documents in self.events.items()
                for id, held in documents.items()
                if held.visible <= self.clock
            ]
            if not self.events:
                return None
            self._number += 1
            self._views[f"pit-{self._number}"] = sorted(rows, key=lambda row: row[:2])
            return f"pit-{self._number}"

        found: str | None = self._do(effect)
        return found

    def send(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        def effect() -> dict[str, Any]:
            found = {}
            for name in path[1:].split(","):
                shelf = Indexed("plain", marks=True)
                for id, held in self.events.get(name, {}).items():
                    shelf.take(id, held.source)
                found[name] = shelf.answer()
            return found

        return self._do(effect)

    def close_pit(self, pit: str) -> None:
        if self.chaos.dead:  # the interpreter tidies up after a process that is no more
            return
        self._views.pop(pit, None)
        if self.chaos.rng.random() < self.chaos.fail:
            raise RequestError(HOST, 0, "ConnectionTimeout", "the answer was lost")

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        self.searches += 1
        found: Mapping[str, Any] = self._do(
            lambda: self._notes(body, index) if index else self._page(body)
        )
        return found

    def _page(self, body: Mapping[str, Any]) -> dict[str, Any]:
        rows = self._views.get(body["pit"]["id"])
        if rows is None:
            raise RequestError(HOST, 404, "search_context_missing_exception", "no such view")
        part = body.get("slice", {"id": 0, "max": 1})
        rows = [row for row in rows if row[1] % part["max"] == part["id"]]
        (limits,) = body["query"]["bool"]["filter"][-1]["range"].values()
        first = bisect.bisect_left(rows, limits.get("gte", 0), key=lambda row: row[0])
        last = bisect.bisect_right(rows, limits["lte"], key=lambda row: row[0])
        rows = rows[first:last]
        if clauses := body["query"]["bool"]["filter"][:-1]:
            rows = [row for row in rows if all(meets(c, row, values(row)) for c in clauses)]
        answer: dict[str, Any] = {"_shards": {"total": 2, "failed": 0}}
        if "aggs" in body and "times" not in body["aggs"]:
            held = {(row[2], row[3]): values(row) for row in rows}
            answer["aggregations"] = {
                name: told(asked, rows, held) for name, asked in body["aggs"].items()
            }
        elif "aggs" in body:
            width = int(body["aggs"]["times"]["date_histogram"]["fixed_interval"][:-2])
            counts = Counter(row[0] // width * width for row in rows)
            sums: Counter[int] = Counter()
            for row in rows:
                sums[row[0] // width * width] += row[1]
            buckets = [
                {"key": key, "doc_count": count, "sum": {"value": float(sums[key])}}
                for key, count in counts.items()
            ]
            answer["aggregations"] = {"times": {"buckets": buckets}}
        # As Elasticsearch does: shards that a search does not reach are left out, and the others
        # numbered without them. So a tie says nothing to a search with other bounds.
        shards = {name: number << 32 for number, name in enumerate(sorted({r[2] for r in rows}))}
        found = [(row[0], shards[row[2]] | row[1], *row[2:]) for row in rows]
        sort = sort_of(body)
        found.sort(key=sort)
        page = [row for row in found if sort(row) > body.get("search_after", [])][: body["size"]]
        hits = [
            {"_index": name, "_id": id, "_version": held.version, "sort": sort(row),
             "_source": held.source}
            for row in page for _, _, name, id, held in [row]
        ]  # fmt: skip
        return {**answer, "hits": {"total": {"value": len(rows)}, "hits": hits}}

    def _notes(self, body: Mapping[str, Any], index: str) -> dict[str, Any]:
        rows = [held["_source"] for held in self.own.get(index, {}).values()]
        if body["query"]["bool"]["must_not"]:
            rows = [row for row in rows if row["state"] != "noted"]
        rows.sort(key=lambda row: (row["@timestamp"], row["note"]))
        after = body.get("search_after", ["", ""])
        rows = [row for row in rows if [row["@timestamp"], row["note"]] > after]
        hits = [{"_source": row, "sort": [row["@timestamp"], row["note"]]} for row in rows]
        return {"_shards": {"failed": 0}, "hits": {"hits": hits[: body["size"]]}}

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        return int(self._do(lambda: 0))

    def bulk(self, body: bytes) -> Mapping[str, Any]:
        def effect() -> dict[str, Any]:
            lines, items = body.splitlines(), []
            for at in range(0, len(lines), 2):
                ((action, target),) = codec.loads(lines[at]).items()
                held = self.own.setdefault(target["_index"], {})
                there = target["_id"] in held
                if action != "create" and there:
                    self.rewritten.append(target["_id"])
                if action != "create" or not there:
                    held[target["_id"]] = {"_source": codec.loads(lines[at + 1])}
                items.append({"create": {"status": 409 if there else 201}})
            return {"items": items}

        found: Mapping[str, Any] = self._do(effect)
        return found

    def bulk_replace(self, body: bytes) -> Mapping[str, Any]:
        raise NotImplementedError("nothing here keeps incidents")

    def get(self, index: str, id: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._do(lambda: self.own.get(index, {}).get(id))
        return found

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
        def effect() -> dict[str, Any]:
            held = self.own.setdefault(index, {}).get(id)
            stale = if_seq_no is not None and held and held["_seq_no"] != if_seq_no
            if (create and held) or stale:
                raise RequestError(HOST, 409, "version_conflict_engine_exception", "changed")
            self._number += 1
            text = codec.loads(codec.dumps(document))
            stored = {"_source": text, "_seq_no": self._number, "_primary_term": 1}
            self.own[index][id] = stored
            return dict(stored)

        found: Mapping[str, Any] = self._do(effect)
        return found

    def put_index_template(self, name: str, body: Mapping[str, Any]) -> None:
        self._do(lambda: None)

    def create_index(self, index: str, body: Mapping[str, Any] | None = None) -> bool:
        return bool(self._do(lambda: self.own.setdefault(index, {}) == {}))

    def exists(self, index: str) -> bool:
        return index in self.own

    def refresh(self, index: str) -> None:
        self._do(lambda: None)

    def close(self) -> None:
        pass

    def documents(self, prefix: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Everything in the project's own indices of a prefix: index, id, document."""
        return [
            (name, id, held["_source"])
            for name, documents in self.own.items()
            if name.startswith(prefix)
            for id, held in documents.items()
        ]
