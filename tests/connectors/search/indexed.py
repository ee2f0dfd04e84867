"""The cluster in memory with indices that hold values as servers do, by their mapping."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.connectors.search.double import FakeClient, refusal, sort_of

Style = Literal["plain", "dotted", "exact", "keyword", "dynamic"]
CUT = 8
"""`ignore_above` of styles that have one: few values are short."""
ANALYSIS = {
    "char_filter": {"dots": {"type": "mapping", "mappings": ["\\u0130 => i\u0307"]}},
    "normalizer": {
        "lower": {"type": "custom", "filter": ["lowercase"]},
        "dotted": {"type": "custom", "char_filter": ["dots"], "filter": ["lowercase"]},
    },
}

Held = dict[str, list[Any]]


class RefusedError(Exception):
    """A server would not take the document."""


def lucene_lower(text: str) -> str:
    """Each letter made small by itself, as Java does."""
    return "".join("i" if letter == "\u0130" else letter.lower() for letter in text)


@dataclass
class Indexed:
    """The mapping of an index, and what it holds of each document by its id."""

    style: Style
    marks: bool
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By dotted names; objects among them."""
    documents: dict[str, Held] = field(default_factory=dict)

    def take(self, id: str, document: Mapping[str, Any]) -> None:
        """Hold a document. Raises `RefusedError`, and then has nothing of it."""
        held: Held = {"_ignored": []}
        before = dict(self.properties)
        try:
            for name, value in list(leaves(document)):
                self._value(held, name, value)
        except RefusedError:
            self.properties = before
            raise
        self.documents[id] = held

    def _value(self, held: Held, name: str, value: Any) -> None:
        kind = self.properties.get(name)
        for at in [at for at, letter in enumerate(name) if letter == "."]:
            if self.properties.setdefault(name[:at], {"type": "object"})["type"] != "object":
                raise RefusedError(name)
        if isinstance(value, dict):  # an object, perhaps an empty one
            if self.properties.setdefault(name, {"type": "object"})["type"] != "object":
                raise RefusedError(name)
            return
        if kind is None:
            kind = self.properties[name] = self._kind(value)
        match kind["type"]:
            case "object":
                raise RefusedError(name)
            case "long":
                number = as_long(value)
                _keep(held, name, number)
            case "boolean":
                known = {True: True, False: False, "true": True, "false": False}
                is_known = isinstance(value, bool) or value in ("true", "false")
                _keep(held, name, known[value] if is_known else None)
            case "float":
                _keep(held, name, as_float(value))
            case "keyword":
                self._keyword(held, name, kind, value)
            case "text":
                held.setdefault(name, []).append(as_text(value))
                self._keyword(held, f"{name}.keyword", kind["fields"]["keyword"], value)

    def _keyword(self, held: Held, name: str, kind: Mapping[str, Any], value: Any) -> None:
        text = as_text(value)
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > kind.get("ignore_above", 1 << 31):
            if self.marks:
                held["_ignored"].append(name)
            return
        text = re.sub("[\ud800-\udfff]", "\ufffd", text)
        normalizer = kind.get("normalizer")
        if normalizer == "dotted":
            text = text.replace("\u0130", "i\u0307")
        held.setdefault(name, []).append(lucene_lower(text) if normalizer else text)

    def _kind(self, value: Any) -> dict[str, Any]:
        if self.style == "plain":
            return {"type": "keyword", "normalizer": "lower"}
        if self.style == "dotted":
            return {"type": "keyword", "normalizer": "dotted"}
        if self.style == "exact":
            return {"type": "keyword"}
        if self.style == "keyword":
            return {"type": "keyword", "ignore_above": CUT}
        if isinstance(value, bool):
            return {"type": "boolean"}
        if isinstance(value, int):
            return {"type": "long"}
        if isinstance(value, float):
            return {"type": "float"}
        return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": CUT}}}

    def answer(self) -> dict[str, Any]:
        """What `GET /{index}` says."""
        mapping: dict[str, Any] = {}
        for name, kind in sorted(self.properties.items()):
            *above, last = name.split(".")
            inner = mapping
            for each in above:
                inner = inner.setdefault(each, {}).setdefault("properties", {})
            inner[last] = {**({} if kind["type"] == "object" else kind), **inner.get(last, {})}
        settings = {"index": {"analysis": ANALYSIS, "version": {"created": "9033000"}}}
        return {"mappings": {"properties": mapping}, "settings": settings}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a document and their names; of objects themselves an empty one."""
    if isinstance(value, dict):
        if name:
            yield name, {}
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif value is not None:
        yield name, value


def as_text(value: Any) -> str:
    """A value as a keyword has it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_float(value: Any) -> float | None:
    """A value as a number; None where it is none."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def as_long(value: Any) -> int | None:
    """A value as an integer, cut off; None where it is none."""
    number = as_float(value)
    if number is None or not -(2**63) <= number < 2**63:
        return None
    return int(value) if isinstance(value, int) else int(number)


def _keep(held: Held, name: str, value: Any) -> None:
    if value is None:
        held["_ignored"].append(name)
    else:
        held.setdefault(name, []).append(value)


class IndexedClient(FakeClient):
    """Answers queries and aggregations by what indices hold.

    `styles` has the style of an index that is to be made. As OpenSearch does, values that are cut
    off leave no mark where `marks` is False.
    """

    def __init__(self, style: Style = "plain", *, marks: bool = True) -> None:
        super().__init__()
        self.style, self.marks = style, marks
        self.kind = "elasticsearch" if marks else "opensearch"
        self.shelves: dict[str, Indexed] = {}
        self.frozen: dict[str, dict[tuple[str, str], Held]] = {}

    def index_event(self, index: str, id: str, time: int, document: Mapping[str, Any]) -> None:
        """Store an event. Raises `RefusedError`."""
        shelf = self.shelves.setdefault(index, Indexed(self.style, self.marks))
        shelf.take(id, {"@timestamp": time, **document})
        self.put(index, id, time, **document)

    def send(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        answer = {name: self.shelves[name].answer() for name in path[1:].split(",")}
        return self._meet("send")(answer)

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        pit = super().open_pit(index, keep_alive)
        if pit is not None:
            self.frozen[pit] = {
                (name, id): held
                for name, shelf in self.shelves.items()
                for id, held in shelf.documents.items()
            }
        return pit

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        self.bodies.append(body)
        change = self._meet("values" if set(body.get("aggs", ())) - {"times"} else "search")
        pit = body["pit"]["id"]
        if pit not in self.open:
            raise refusal(404, "search_context_missing_exception")
        query, held = body["query"]["bool"]["filter"], self.frozen[pit]
        found = [
            row
            for row in self.open[pit]
            if all(meets(clause, row, held[row[2], row[3]]) for clause in query)
        ]
        sort = sort_of(body)
        found.sort(key=sort)
        later = [row for row in found if sort(row) > body.get("search_after", [])][: body["size"]]
        hits = [
            {"_index": name, "_id": id, "_version": kept["_version"], "sort": sort(row),
             **({} if body.get("_source") is False else {"_source": kept["_source"]})}
            for row in later for _, _, name, id, kept in [row]
        ]  # fmt: skip
        answer = {
            "timed_out": False,
            "pit_id": pit,
            "_shards": {"total": 3, "successful": 3, "failed": 0},
            "hits": {"hits": hits, "total": {"value": len(found)}},
            "aggregations": {
                name: told(asked, found, held) for name, asked in body.get("aggs", {}).items()
            },
        }
        return change(answer)  # type: ignore[no-any-return]


Row = tuple[int, int, str, str, dict[str, Any]]


def meets(clause: Mapping[str, Any], row: Row, held: Held) -> bool:
    """Whether a document meets a clause."""
    ((kind, asked),) = clause.items()
    if kind == "bool":
        some = [meets(each, row, held) for each in asked.get("should", ())]
        return (
            all(meets(each, row, held) for each in asked.get("filter", ()))
            and not any(meets(each, row, held) for each in asked.get("must_not", ()))
            and sum(some) >= asked.get("minimum_should_match", 0)
        )
    if kind == "range":
        ((_, limits),) = asked.items()
        return bool(limits.get("gte", row[0]) <= row[0] <= limits["lte"])
    if kind == "ids":
        return row[3] in asked["values"]
    if kind == "exists":
        return bool(held.get(asked["field"]))
    ((name, argument),) = asked.items()
    values = held.get(name, [])
    if kind == "terms":
        return any(type(value) is type(each) and value == each
                   for value in values for each in argument)  # fmt: skip
    assert kind == "regexp", kind
    assert len(argument["value"]) <= 1000, "servers refuse longer ones"
    return any(re.fullmatch(argument["value"], value, re.DOTALL) for value in values)


def told(asked: Mapping[str, Any], rows: list[Row], held: Mapping[Any, Held]) -> dict[str, Any]:
    """The answer to an aggregation."""
    if "date_histogram" in asked:
        width = int(asked["date_histogram"]["fixed_interval"].removesuffix("ms"))
        counts = Counter(row[0] // width * width for row in rows)
        sums: Counter[int] = Counter()
        for row in rows:
            sums[row[0] // width * width] += row[4]["_seq_no"]
        return {"buckets": [{"key": key, "doc_count": count, "sum": {"value": float(sums[key])}}
                            for key, count in sorted(counts.items())]}  # fmt: skip
    if "max" in asked:
        return {"value": float(max(row[0] for row in rows)) if rows else None}
    if "filter" in asked:
        return {"doc_count": sum(meets(asked["filter"], row, held[row[2], row[3]]) for row in rows)}
    name, size = asked["terms"]["field"], asked["terms"]["size"]
    found: Counter[Any] = Counter()
    for row in rows:
        values = [row[2]] if name == "_index" else held[row[2], row[3]].get(name, [])
        found.update({(type(value), value) for value in values})
    listed = sorted(found.items(), key=lambda item: (-item[1], str(item[0])))
    buckets = [{"key": int(value) if kind is bool else value, "doc_count": count}
               for (kind, value), count in listed[:size]]  # fmt: skip
    return {"buckets": buckets, "sum_other_doc_count": sum(count for _, count in listed[size:])}
