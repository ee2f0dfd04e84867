"""The documents of hits stay text until somebody needs them, and mean the same as decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.search import SearchSource, answer, codec
from connectors.search.unread import UnreadHit
from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import Problems
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.connectors.search.double import FakeClient, Patient
from tests.connectors.search.test_source import NOW, at
from tests.engine.match.scenarios import Scenario
from tests.engine.match.test_agreement import made
from tests.engine.test_run import OnceSink

EVIL = {
    "title": "Evil",
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {"s": {"Image|endswith": "\\evil.exe"}, "condition": "s"},
}
SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}


class TextClient(FakeClient):
    """Gives documents as the real clients do, as JSON text; `written` says how one is spelled."""

    def __init__(self, written: Mapping[str, bytes] | None = None) -> None:
        super().__init__()
        self.written = written or {}

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        found = super().search(body, index)
        whole = []
        for hit in found["hits"]["hits"]:
            bare = {key: value for key, value in hit.items() if key != "_source"}
            text = self.written.get(hit["_id"]) or codec.dumps(hit["_source"])
            whole.append(codec.dumps(bare)[:-1] + b',"_source":' + text + b"}")
        rest = codec.dumps({**found, "hits": {**found["hits"], "hits": ["HITS"]}})
        read: Mapping[str, Any] = answer.decode(rest.replace(b'"HITS"', b",".join(whole)))
        return read


def alerts(client: FakeClient, detector: Detector, *, looking: bool) -> dict[str, Any]:
    """What is stored of all that a source gives, by id."""
    sink = OnceSink()
    maker = AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")
    pipeline = Pipeline(detector, maker, sink, MemoryState(), lambda: at(NOW))
    look = pipeline.look() if looking else None
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW),
                          retry=Patient().retry, page_size=3, look=look)  # fmt: skip
    pipeline.drain(source)
    return {id: alert.document for id, alert in sink.stored.items()}


def spelled(document: Any, style: int) -> bytes:
    """A document's JSON as others might write it."""
    if style == 1:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)
    if style == 2:
        return orjson.dumps(document).decode().encode("ascii", "backslashreplace")
    return codec.dumps(document)


@given(data=st.binary(max_size=400), copies=st.integers(1, 6), style=st.integers(0, 1))
@settings(max_examples=150, deadline=None)
def test_looking_at_text_and_decoding_all_of_it_give_the_same_alerts(
    data: bytes, copies: int, style: int
) -> None:
    scenario = Scenario.of(data)
    rules = [rule for n, raw in enumerate(scenario.rules) if (rule := made(n, raw))]
    plain, text = FakeClient(), TextClient()
    flat = {**SYSMON, "Image": "C:\\x.exe", "CommandLine": "mimikatz"}
    for number, document in enumerate([*scenario.events, flat] * copies):
        for client in (plain, text):
            client.put("logs-a", str(number), 1000 + number, **document)
        stored = plain.indices["logs-a"][str(number)]["_source"]
        text.written = {**text.written, str(number): spelled(stored, style)}
    wanted = alerts(plain, Detector(rules, lambda problem: None), looking=False)
    assert alerts(text, Detector(rules, lambda problem: None, patience=0), looking=True) == wanted


def test_a_document_that_can_match_nothing_is_never_parsed() -> None:
    client = TextClient()
    rule = made(0, EVIL)
    assert rule
    detector = Detector([rule], lambda problem: None, patience=0)
    for number in range(5):
        name = "evil" if number == 3 else "good"
        client.put("logs-a", str(number), 1000 + number, **SYSMON, Image=f"C:\\{name}.exe")
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW),
                          look=detector.candidates)  # fmt: skip
    records = [record for batch in source.poll(None) for record in batch.records]
    assert [isinstance(record, UnreadHit) for record in records] == [True] * 3 + [False, True]
    assert [record.id for record in records] == [f"logs-a/{n}" for n in range(5)]
    assert records[0].document == {"@timestamp": 1000, **SYSMON, "Image": "C:\\good.exe"}
    assert records[0].index == "logs-a"
    assert records[0].line is None


def test_bytes_that_are_no_text_are_replaced_and_told_and_hide_no_event() -> None:
    client = TextClient()
    for number in range(3):
        client.put("logs-a", str(number), 1000 + number, x=number)
    client.written = {"1": b'{"x":"a\xffb"}'}
    problems = Problems()
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), report=problems)
    records = [record for batch in source.poll(None) for record in batch.records]
    assert [record.document["x"] for record in records] == [0, "a\ufffdb", 2]
    assert problems.counts == {"invalid-utf8": 1}
    assert "logs-a/1" in next(iter(problems)).message


@pytest.mark.parametrize(
    "text",
    [
        b'{"hits": {"hits": [{"_id": "1", "_source": {"a": "\\ud800", "n": 1e400}}]}}',
        b'{"hits": {"hits": [{"_id": "\\ud800", "_source": {"a": 1}, "sort": [1]}]}}',
        b'{"hits": {"total": 3, "hits": [{"_id": 7, "_source": {"a": 1}}, {"_id": "x"}]}}',
        b'{"_shards": {"failed": 0}, "timed_out": false, "pit_id": "p", "hits": {"hits": []}}',
        b'{"aggregations": {"times": {"buckets": [{"key": 1, "doc_count": 2}]}}}',
        b"[]",
    ],
)
def test_an_answer_says_what_it_says_decoded_whole(text: bytes) -> None:
    found, whole = answer.decode(text), codec.loads(text)
    if isinstance(found, dict):
        for hit in found.get("hits", {}).get("hits", ()):
            if "_source" in hit:
                hit["_source"] = answer.document(hit, "x", Problems())
    assert found == whole


@pytest.mark.parametrize("text", [b"", b"{", b'{"hits": {"hits": [{"_source": {"a": }}]}}'])
def test_an_answer_that_is_cut_off_is_no_answer(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        answer.decode(text)
