"""Documents read in part: what is asked for, and rules that come to need more meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from connectors.search import SearchSource, paging
from engine.ports import Batch
from tests.connectors.search.double import FakeClient, Patient
from tests.connectors.search.test_source import NOW, at, ids
from tests.simulation.pool import Meanwhile


class Wanted:
    """What is wanted of documents, which a test changes."""

    def __init__(self, *fields: str) -> None:
        self.fields: Sequence[str] | None = fields or None

    def __call__(self) -> Sequence[str] | None:
        return self.fields


class PartClient(FakeClient):
    """Leaves of documents the keys that are asked for, as a server does."""

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        found = super().search(body, index)
        if wanted := body.get("_source"):
            for hit in found["hits"]["hits"]:
                whole = hit["_source"]
                hit["_source"] = {key: whole[key] for key in wanted["includes"] if key in whole}
        return found


def source(client: FakeClient, wanted: Wanted, **options: Any) -> SearchSource:
    return SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=3,
                        retry=Patient().retry, fields=wanted, **options)  # fmt: skip


def client_of(number: int) -> FakeClient:
    client = PartClient()
    for n in range(number):
        client.put("logs-a", str(n), 1000 * n, a=n, b=n)
    return client


def test_the_paths_that_are_wanted_are_asked_for() -> None:
    client = client_of(1)
    list(source(client, Wanted("a", "winlog.event_data.a")).poll(None))
    assert client.bodies[0]["_source"] == {"includes": ["a", "winlog.event_data.a"]}
    list(source(client, Wanted()).poll(None))
    assert "_source" not in client.bodies[-1]


@pytest.mark.parametrize("change", range(4))
@pytest.mark.parametrize("slices", [1, 2])
def test_what_was_read_with_other_fields_is_read_again_and_nothing_comes_twice(
    change: int, slices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules change between two batches, while the next pages have come as before."""
    monkeypatch.setattr(paging, "TOGETHER", 1)
    client, wanted = client_of(20), Wanted("a")
    found: list[Batch] = []
    how = {"slices": slices, "pool": lambda _: Meanwhile(Random(change))}
    for batch in source(client, wanted, **how).poll(None):
        found.append(batch)
        if len(found) == change + 1:
            wanted.fields = ("a", "b")
    assert ids(found) == [str(n) for n in range(20)]
    read = [[set(record.document) for record in batch.records] for batch in found]
    assert all(keys == {"a"} for batch in read[: change + 1] for keys in batch)
    assert all(keys == {"a", "b"} for batch in read[change + 1 :] for keys in batch)
    assert len(read) > change + 1
    assert found[-1].checkpoint
    assert found[-1].checkpoint["mark"] == NOW - 5000
    assert client.open == {}


def test_a_sweep_that_other_fields_interrupt_is_made_up_for() -> None:
    client, wanted = client_of(0), Wanted("a")
    minute = 60_000
    for n in range(40):
        client.put("logs-a", f"e{n}", NOW - 60 * minute + n * minute, a=n, b=n)
    reader = source(client, wanted, sweep=timedelta(minutes=5), max_lateness=timedelta(hours=6))
    checkpoint = [batch.checkpoint for batch in reader.poll(None)][-1]
    for n in range(6):
        client.put("logs-a", f"late{n}", NOW - 50 * minute + n * 6 * minute, a=n, b=n)
    reader.clock = lambda: at(NOW + 6 * minute)
    found: list[Batch] = []
    for _ in range(2):
        for batch in reader.poll(checkpoint):
            found.append(batch)
            checkpoint = batch.checkpoint
            if any(batch.records):
                wanted.fields = ("a", "b")
    records = [record for batch in found for record in batch.records]
    assert sorted(ids(found)) == [f"late{n}" for n in range(6)]
    assert "b" not in records[0].document
    first = len(found[[bool(batch.records) for batch in found].index(True)].records)
    assert all("b" in record.document for record in records[first:])
    assert len(records) > first


def test_a_window_that_is_filled_is_read_with_what_is_wanted_then() -> None:
    client = client_of(2)
    list(source(client, Wanted("a")).window_batches(at(0), at(5000)))
    assert client.bodies[0]["_source"] == {"includes": ["a"]}
