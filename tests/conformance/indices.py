"""The same events under several mappings: two that people use, and others that undo one trait."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import orjson

from tests.conformance.cluster import Server
from tests.conformance.queries import Query

_T = TypeVar("_T")
IGNORE_ABOVE = 1024
"""What ECS templates give a keyword."""


ALL_KINDS = ("string", "long", "double", "boolean")


def _keywords(kinds: tuple[str, ...] = ALL_KINDS, **options: Any) -> dict[str, Any]:
    """Values of these kinds as keywords: whole, not analysed."""
    mapping = {"type": "keyword", **options}
    templates = [{kind: {"match_mapping_type": kind, "mapping": mapping}} for kind in kinds]
    return {"dynamic_templates": templates, "date_detection": kinds != ALL_KINDS}


MAPPINGS: dict[str, dict[str, Any]] = {
    "text": {},
    "keyword": _keywords(ignore_above=IGNORE_ABOVE),
    "lower": _keywords(ignore_above=IGNORE_ABOVE, normalizer="lower"),
    "long": _keywords(),
    "typed": _keywords(("string",), normalizer="lower"),
    "plain": _keywords(normalizer="lower"),
    "dotted": _keywords(normalizer="dotted"),
}
"""`text` is what a server does by itself: text, with a `.keyword` beside it that queries on the
field's own name do not see. `lower`, `long` and `plain` are `keyword` without regard to case,
without the limit of length, and without both; `dotted` is `plain`, and a capital I with a dot stays
another letter than an i; `typed` is `text` without analysis, case and limit,
with numbers and times as the server takes them."""

SETTINGS = {
    "number_of_replicas": 0,
    "number_of_shards": 1,
    "max_result_window": 100_000,
    "mapping.total_fields.limit": 5_000,
    "mapping.ignore_malformed": True,
    "analysis": {"normalizer": {"lower": {"type": "custom", "filter": ["lowercase"]}}},
}
DOTTED = {
    "char_filter": {"dots": {"type": "mapping", "mappings": ["\u0130 => i\u0307"]}},
    "normalizer": {"dotted": {"type": "custom", "char_filter": ["dots"], "filter": ["lowercase"]}},
}


def settings(mapping: str) -> dict[str, Any]:
    """The settings of an index under one of `MAPPINGS`."""
    return {**SETTINGS, "analysis": DOTTED} if mapping == "dotted" else dict(SETTINGS)


@dataclass
class Answers:
    """What queries found: event numbers by rule, and why the server refused some."""

    found: dict[str, set[int]]
    refused: dict[str, str]


@dataclass(frozen=True)
class Index:
    """An index of numbered events under one mapping, on a server under test."""

    server: Server
    name: str

    @classmethod
    def fill(
        cls, server: Server, name: str, mapping: str, events: Iterable[Mapping[str, Any]]
    ) -> Index:
        """Make the index anew; the events' numbers become the documents' ids."""
        body = {"settings": settings(mapping), "mappings": MAPPINGS[mapping]}
        server.call("PUT", f"/{name}", json.dumps(body).encode())
        for some in _groups(events, 500):
            lines = []
            for event in some:
                lines += [b'{"create":{"_id":"%d"}}' % event["number"], orjson.dumps(event)]
            answer = server.call("POST", f"/{name}/_bulk", b"\n".join(lines) + b"\n")
            if answer["errors"]:
                wrong = [item["create"] for item in answer["items"] if "error" in item["create"]]
                raise AssertionError(f"{server.kind} {mapping}: {wrong[:2]}")
        server.call("POST", f"/{name}/_refresh")
        return cls(server, name)

    def ask(self, queries: Sequence[Query], only: Collection[int] | None = None) -> Answers:
        """Run queries as the backends mean them, on all events or only those of some numbers."""
        answers = Answers({}, {})
        for some in _groups(queries, 20):
            lines = []
            for query in some:
                lines += [{"index": self.name}, _body(query, only)]
            text = b"".join(orjson.dumps(line) + b"\n" for line in lines)
            found = self.server.call("POST", "/_msearch", text)["responses"]
            for query, response in zip(some, found, strict=True):
                if "error" in response:
                    answers.refused[query.rule] = _reason(response["error"])
                    continue
                assert not response["timed_out"], response
                assert not response["_shards"]["failed"], response
                numbers = {int(hit["_id"]) for hit in response["hits"]["hits"]}
                answers.found.setdefault(query.rule, set()).update(numbers)
        return answers

    def drop(self) -> None:
        self.server.call("DELETE", f"/{self.name}")


def _body(query: Query, only: Collection[int] | None) -> dict[str, Any]:
    asked: dict[str, Any] = {"query_string": {"query": query.text, "analyze_wildcard": True}}
    if only is not None:
        numbers = {"ids": {"values": [str(number) for number in sorted(only)]}}
        asked = {"bool": {"must": [asked], "filter": [numbers]}}
    return {"query": asked, "_source": False, "size": 100_000}


def _reason(error: Mapping[str, Any]) -> str:
    """The innermost cause of an error; outer ones repeat the query."""
    shards = error.get("failed_shards")
    cause: Mapping[str, Any] = shards[0]["reason"] if shards else error
    while inner := cause.get("caused_by"):
        cause = inner
    return f"{cause['type']}: {str(cause.get('reason'))[:120]}"


def _groups(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    left = iter(items)
    while group := list(islice(left, size)):
        yield group
