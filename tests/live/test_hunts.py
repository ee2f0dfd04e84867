"""Hunts over real servers: what the cluster counts for them leads to what all events lead to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from connectors.search import AlertSink
from connectors.search.hunts import SearchReader
from engine.correlate.value import micros
from engine.errors import Problem, SourceError
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import ListReader
from engine.hunt.row import Ask, Only
from engine.hunt.run import run
from engine.ports import Record
from engine.run import MemoryState
from mitre.catalog import Catalog
from tests.engine.helpers import fail_on_problem
from tests.engine.hunt.helpers import hunt
from tests.live.fixtures import Cluster
from tests.live.helpers import T0, at, event, found, put
from vedette.hunting import HuntUnit, Work
from vedette.hunts import Hunter

pytestmark = pytest.mark.live

HOURS = 6
DETECTION = {
    "logsource": {"product": "any"},
    "detection": {"selection": {"kind": "logon"}, "condition": "selection"},
}

HUNTS: dict[str, dict[str, Any]] = {
    "threshold": {"type": "threshold", "group_by": "user", "at_least": 9, "within": "10m"},
    "threshold, two fields": {
        "type": "threshold", "group_by": ["user", "host.name"], "at_least": 4, "within": "10m"},
    "threshold without a group": {"type": "threshold", "at_least": 45, "within": "10m"},
    "threshold with a query": {
        "type": "threshold", "group_by": "user", "at_least": 5, "within": "10m",
        "query": "kind:logon"},
    "threshold with a detection": {
        "type": "threshold", "group_by": "user", "at_least": 5, "within": "10m", **DETECTION},
    "cardinality": {
        "type": "cardinality", "group_by": "user", "field": "host.name", "at_least": 5,
        "within": "10m"},
    "cardinality of numbers": {
        "type": "cardinality", "field": "port", "at_least": 17, "within": "5m"},
    "metric, a sum": {
        "type": "metric", "group_by": "user", "field": "bytes", "measure": "sum",
        "condition": {"gte": 3000}, "within": "10m"},
    "metric, an average": {
        "type": "metric", "group_by": "user", "field": "bytes", "measure": "avg",
        "condition": {"gte": 450}, "within": "10m", "min_events": 5},
    "metric, a least": {
        "type": "metric", "group_by": "user", "field": "share", "measure": "min",
        "condition": {"lte": 0.01}, "within": "10m"},
    "metric, a percentile": {
        "type": "metric", "field": "share", "measure": "percentile", "percentile": 90,
        "condition": {"gte": 0.97}, "within": "10m", "min_events": 10},
    "metric of a score": {
        "type": "metric", "group_by": "host.name", "field": "vedette.score", "measure": "avg",
        "condition": {"gte": 0.6}, "within": "10m", "min_events": 3},
    "new terms": {"type": "new_terms", "field": "program", "history": "3h"},
    "new terms of two fields": {
        "type": "new_terms", "field": ["user", "program"], "history": "3h"},
    "spike": {
        "type": "spike", "group_by": "user", "within": "10m", "reference": "1h", "factor": 2.5,
        "at_least": 4, "direction": "both"},
    "flatline": {"type": "flatline", "group_by": "host.name", "within": "5m"},
    "change": {"type": "change", "group_by": "user", "field": "host.name", "within": "2m"},
    "indicator": {"type": "indicator", "lists": "list.csv", "fields": ["ip", "program"]},
    "sequence": {
        "type": "sequence", "group_by": "user", "within": "5m", "logsource": {"product": "any"},
        "steps": [
            {"detection": {"s": {"kind": kind}, "condition": "s"}}
            for kind in ("logon", "copy", "logoff")
        ]},
    "query": {"type": "query", "query": "kind:copy AND user:u1"},
}  # fmt: skip
COUNTED = {
    "threshold", "threshold, two fields", "metric, a sum", "metric, an average", "new terms",
    "spike", "flatline", "indicator",
}  # fmt: skip
"""Of those, the hunts for which the cluster must have spared reading."""


def documents(seed: int = 1, count: int = 1500) -> dict[str, dict[str, Any]]:
    """Events of some hours in bursts; texts of any case, and a few that no index holds."""
    rng = Random(seed)
    made = {}
    for number in range(count):
        hour = rng.choice([0, 1, 2, 3, 3, 4, 5])
        user = rng.choice(["u1", "U1", "u2", "u3", "u4", "x" * 400, *(f"v{n}" for n in range(40))])
        second = hour * 3600 + rng.choice([rng.uniform(0, 3600), rng.gauss(1800, 120)])
        made[f"{number:05}"] = event(
            round(min(max(second, 0), HOURS * 3600 - 1), 3),
            user=user,
            host={"name": rng.choice([f"h{n}" for n in range(12)])},
            kind=rng.choice(["logon", "logoff", "copy"]),
            port=rng.randrange(1, 20),
            bytes=rng.choice([0, 1, 10, rng.randrange(1000)]),
            share=rng.random(),
            program=rng.choice(["a", "b", f"p{rng.randrange(300)}"]),
            ip=f"192.0.2.{rng.randrange(256)}",
            vedette={"score": rng.random()},
            logsource={"product": "any"},
        )
    return made


class Watched(SearchReader):
    """Counts the events that it gives."""

    read = 0

    def events(self, span: Span, only: Only | None = None) -> Iterator[Record]:
        for record in super().events(span, only):
            self.read += 1
            yield record


@pytest.fixture(params=["opensearch", "elasticsearch"], scope="module")
def filled(request: pytest.FixtureRequest) -> Iterator[tuple[Cluster, dict[str, dict[str, Any]]]]:
    """A server with the events of `documents` in two indices, each of two shards."""
    from uuid import uuid4

    from connectors.search import ClusterSettings, connect

    url = request.getfixturevalue(f"{request.param}_url")
    client = connect(ClusterSettings(hosts=[url], kind=request.param))
    name = uuid4().hex[:12]
    cluster = Cluster(request.param, url, client, f"t{name}", f"n{name}")
    made = documents()
    for place, part in enumerate(("a", "b")):
        index = f"{cluster.prefix}-{part}"
        client.create_index(index, {"settings": {"index": {"number_of_shards": 2}}})
        put(client, index, {id: doc for id, doc in made.items() if int(id) % 2 == place})
    yield cluster, made
    client.close()


def made_hunt(name: str, folder: Any) -> Hunt:
    (folder / "list.csv").write_text("192.0.2.7\n192.0.2.64/29\nP7\n")
    return hunt(f"{folder}/", **HUNTS[name])


def in_memory(wanted: Hunt, cluster: Cluster, made: Mapping[str, dict[str, Any]]) -> ListReader:
    """The same events, under the ids that the cluster gives them."""
    records = []
    for id, document in made.items():
        stream = f"{cluster.prefix}-{'ab'[int(id) % 2]}"
        time = micros(at(0)) + round((_seconds(document)) * 1_000_000)
        records.append((time, Record(document, "", id=f"{stream}/{id}")))
    if wanted.query is not None:
        records = [item for item in records if _met(str(wanted.query), item[1].document)]
    return ListReader(sorted(records, key=lambda item: item[0]))


def _seconds(document: Mapping[str, Any]) -> float:
    from datetime import datetime

    time = datetime.fromisoformat(document["@timestamp"])
    return (time - T0).total_seconds()


def _met(query: str, document: Mapping[str, Any]) -> bool:
    """The few queries of this test; analysed text has no case."""
    wanted = [part.split(":") for part in query.split(" AND ")]
    return all(str(document[name]).lower() == value for name, value in wanted)


@pytest.mark.parametrize("name", HUNTS)
def test_a_cluster_leads_to_what_all_events_lead_to(
    filled: tuple[Cluster, dict[str, dict[str, Any]]], name: str, tmp_path: Any
) -> None:
    cluster, made = filled
    wanted = made_hunt(name, tmp_path)
    over = Span.of(at(3 * 3600), at(HOURS * 3600))
    reader = Watched(
        cluster.client, f"{cluster.prefix}-*", query=wanted.query, page_size=500,
        report=fail_on_problem,
    )  # fmt: skip
    there = run(wanted, over, reader, {}, fail_on_problem)
    here = run(wanted, over, in_memory(wanted, cluster, made), {}, fail_on_problem)
    assert here.findings, "a hunt that finds nothing shows nothing"
    assert [f.anchor for f in there.findings] == [f.anchor for f in here.findings]
    assert [f.value for f in there.findings] == [f.value for f in here.findings]
    assert there.memory == here.memory
    if name in COUNTED:
        assert reader.read < here.read


def test_counts_are_paged_to_their_end(
    filled: tuple[Cluster, dict[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, made = filled
    monkeypatch.setattr("connectors.search.hunts_counts.PAGE", 7)
    reader = SearchReader(cluster.client, f"{cluster.prefix}-*")
    whole = Span.of(at(0), at(HOURS * 3600))
    buckets = reader.buckets(whole, Ask(("program",), last=True))
    assert buckets is not None
    expected = {document["program"] for document in made.values()}
    assert len(expected) > 200
    assert sorted(bucket.values[0] for bucket in buckets) == sorted(expected)
    assert sum(bucket.count for bucket in buckets) == len(made)
    last = max(_seconds(document) for document in made.values() if document["program"] == "a")
    (of_a,) = [bucket for bucket in buckets if bucket.values == ("a",)]
    assert of_a.last == (micros(at(0)) + int(last * 1000) * 1000)


def test_counts_by_time_alone_are_paged_to_their_end(
    filled: tuple[Cluster, dict[str, dict[str, Any]]],
) -> None:
    cluster, made = filled
    reader = SearchReader(cluster.client, f"{cluster.prefix}-*", report=fail_on_problem)
    # Whole segments lie in the window: there OpenSearch counts another way, which can fail.
    buckets = reader.buckets(Span.of(at(0), at(HOURS * 3600)), Ask((), interval=3_600_000_000))
    assert buckets is not None
    hours = Counter(int(_seconds(document)) // 3600 for document in made.values())
    start = micros(at(0))
    assert {b.start: b.count for b in buckets} == {
        start + hour * 3_600_000_000: count for hour, count in hours.items()
    }


def test_text_is_counted_by_its_keyword_and_what_has_none_is_not_counted(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    fields = {"plain": {"type": "text"}, "share": {"type": "double"}}
    cluster.client.create_index(index, {"mappings": {"properties": fields}})
    put(cluster.client, index, {"1": event(1, plain="x", named="Some Words", share=0.5)})
    reader = SearchReader(cluster.client, index)
    whole = Span.of(at(0), at(60))
    (bucket,) = reader.buckets(whole, Ask(("named",))) or []
    assert bucket.values == ("Some Words",)
    for name in ("plain", "share", "nothing"):
        assert reader.buckets(whole, Ask((name,))) is None
    wanted = hunt(type="threshold", group_by="plain", at_least=1, within="1m")
    (finding,) = run(wanted, whole, reader, {}, fail_on_problem).findings
    assert finding.group == ("x",)


def test_a_pattern_that_names_nothing_finds_nothing(cluster: Cluster) -> None:
    reader = SearchReader(cluster.client, f"{cluster.prefix}-nothing-*")
    for name in ("threshold", "cardinality", "new terms", "spike"):
        wanted = hunt(**HUNTS[name])
        whole = Span.of(at(0), at(3600))
        assert not run(wanted, whole, reader, {}, fail_on_problem).findings


def test_a_query_that_the_server_refuses_is_an_error_of_one_line(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"1": event(1, user="a")})
    for query in ("user:(", {"no_such_query": {}}):
        wanted = hunt(type="query", query=query)
        reader = SearchReader(cluster.client, index, query=wanted.query)
        with pytest.raises(SourceError) as caught:
            run(wanted, Span.of(at(0), at(60)), reader, {}, fail_on_problem)
        assert "\n" not in str(caught.value)


def test_a_language_that_the_server_has_not_is_refused_with_one_line(cluster: Cluster) -> None:
    reader = SearchReader(cluster.client, f"{cluster.prefix}-*")
    whole = Span.of(at(0), at(60))
    esql = hunt(type="query", esql="FROM x", group_by="u")
    ppl = hunt(type="query", ppl="source=x | where t > '{from}' and t < '{to}'", group_by="u")
    for wanted, other in ((esql, "elasticsearch"), (ppl, "opensearch")):
        with pytest.raises(SourceError) as caught:
            run(wanted, whole, reader, {}, fail_on_problem)
        missing = f"has no {wanted.type.language.upper()}"  # type: ignore[attr-defined]
        told = str(caught.value).replace("ES|QL", "ESQL")
        assert missing in told
        assert ("is not part of this server" in told) == (cluster.kind == other)


def test_a_scheduled_hunt_stores_each_alert_once_in_the_cluster(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {str(n): event(100 + n, user="alice") for n in range(12)})
    wanted = hunt(type="threshold", group_by="user", at_least=10, within="5m", index=index,
                  schedule={"every": "5m"})  # fmt: skip
    now = [at(0)]
    problems: list[Problem] = []
    sink = AlertSink(cluster.client, cluster.namespace, clock=lambda: now[0],
                     report=problems.append)  # fmt: skip
    sink.prepare()
    hunter = Hunter(sink, problems.append, lambda: now[0], Catalog.load(), cluster.namespace)
    state = MemoryState()
    for minute in (0, 6, 11, 16):
        now[0] = at(minute * 60)
        unit = HuntUnit(Work.of(wanted, SearchReader(cluster.client, index)), hunter, state)
        unit.run(lambda: False)
    (alert,) = found(cluster.client, sink.alias, {"term": {"vedette.alert.hunt.type": "threshold"}})
    assert alert["_source"]["event"]["reason"].endswith("10 events for user alice within 5m")
    assert not problems


def test_an_answer_that_is_not_whole_moves_nothing(cluster: Cluster) -> None:
    client = cluster.client
    put(client, f"{cluster.prefix}-a", {"1": event(1, user="a")})
    reader = SearchReader(client, f"{cluster.prefix}-a")
    original = client.search

    def search(body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        answer = dict(original(body, index))
        return {**answer, "_shards": {**answer["_shards"], "failed": 1}}

    client.search = search  # type: ignore[method-assign]
    wanted = hunt(type="threshold", group_by="user", at_least=1, within="1m")
    with pytest.raises(SourceError, match="1 of 1 shards failed"):
        run(wanted, Span.of(at(0), at(60)), reader, {}, fail_on_problem)
