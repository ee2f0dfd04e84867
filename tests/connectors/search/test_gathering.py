"""A window read as it lies in its index gives what one reader would have given in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.search import SearchSource, gathering, paging
from connectors.search.gathering import fits, gathered, handed_on
from connectors.search.paging import Reading, Window, ahead, counted, pages, pages_in
from connectors.search.slices import Page
from connectors.search.stretches import Stretch
from engine.errors import SourceError
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.connectors.search.test_slices import paged
from tests.connectors.search.test_source import NOW, at, ids
from tests.connectors.search.test_stretches import told
from tests.simulation.pool import Meanwhile


def lying(client: FakeClient) -> int:
    """How many searches asked for hits in the order in which they lie."""
    return sum("_shard_doc" in body["sort"][0] for body in client.bodies)


@given(
    times=st.lists(st.integers(0, 60), min_size=1, max_size=80),
    size=st.integers(1, 9),
    most=st.sampled_from([0, 5, 30, 40_000]),
    seed=st.integers(0, 9),
)
def test_a_window_reads_as_it_does_page_after_page(
    times: list[int], size: int, most: int, seed: int
) -> None:
    client = FakeClient()
    for n, time in enumerate(times):
        client.put(f"logs-{n % 3}", str(n), 1000 * time)
    window = Window("logs-*", "@timestamp", None, 90_000, client.tiebreak, page_size=size,
                    pool=lambda _: Meanwhile(Random(seed)))  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "HITS", most)
        found = [*pages(client, window, Patient().retry, Reading())]
    pit = client.open_pit("logs-*", "1m")
    assert pit is not None
    plain = [hit for page in pages_in(client, window, [pit], Patient().retry) for hit in page]
    assert [told(hit) for page in found for hit in page] == [told(hit) for hit in plain]
    many = len(times) > size + 2 * min(size * 4, size)
    assert (lying(client) > 0) is (many and len(times) - size <= min(most, 8 * size))


@given(
    times=st.lists(st.integers(0, 60), max_size=80),
    size=st.integers(1, 9),
    most=st.sampled_from([0, 30, 40_000]),
    seed=st.integers(0, 9),
)
def test_a_window_that_was_counted_reads_as_it_does_page_after_page(
    times: list[int], size: int, most: int, seed: int
) -> None:
    client = FakeClient()
    for n, time in enumerate(times):
        client.put(f"logs-{n % 3}", str(n), 1000 * time)
    window = Window("logs-*", "@timestamp", 5000, 50_000, client.tiebreak, page_size=size,
                    pool=lambda _: Meanwhile(Random(seed)))  # fmt: skip
    pit = [client.open_pit("logs-*", "1m") or ""]
    if not pit[0]:
        return
    plain = [hit for page in pages_in(client, window, pit, Patient().retry) for hit in page]
    begun = counted(client, window, pit, Patient().retry)
    assert begun is not None
    assert begun.total == sum(span.hits for span in begun.spans) == len(plain)
    client.bodies.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "HITS", most)
        found = [*ahead(client, replace(window, begun=begun), pit, Patient().retry, Reading())]
    assert [told(hit) for page in found for hit in page.hits] == [told(hit) for hit in plain]
    if min(size, 200) < len(plain) <= min(most, 8 * size):
        assert lying(client) == len(client.bodies)
        assert sum(len(page.hits) for page in found) == len(plain)


def test_a_small_rest_comes_with_the_page_before_it() -> None:
    client = FakeClient()
    for n in range(43):
        client.put("logs-a", str(n), 1000 * n)
    window = Window("logs-*", "@timestamp", 0, 50_000, client.tiebreak, page_size=20)
    pit = [client.open_pit("logs-*", "1m") or ""]
    begun = counted(client, window, pit, Patient().retry)
    client.bodies.clear()
    found = [*ahead(client, replace(window, begun=begun), pit, Patient().retry, Reading())]
    assert [hit["_id"] for page in found for hit in page.hits] == [str(n) for n in range(43)]
    assert sorted(body["size"] for body in client.bodies) == [21, 22]


def test_what_stands_in_both_halves_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with two times is found by a search for either."""
    client = FakeClient()
    for n in range(40):
        client.put("logs-a", str(n), 1000 * n)
    window = Window("logs-*", "@timestamp", 0, 50_000, client.tiebreak, page_size=10)
    pit = [client.open_pit("logs-*", "1m") or ""]
    begun = counted(client, window, pit, Patient().retry)
    overlapping = [Stretch(0, 25_000, 26), Stretch(20_000, 50_000, 20)]
    monkeypatch.setattr(paging, "halved", lambda *_: overlapping)
    found = [*ahead(client, replace(window, begun=begun), pit, Patient().retry, Reading())]
    assert [hit["_id"] for page in found for hit in page.hits] == [str(n) for n in range(40)]


def test_of_a_small_window_hits_are_asked_for_as_they_lie() -> None:
    client = FakeClient()
    order = Random(7).sample(range(900), 900)
    for n in order:
        client.put("logs-a", str(n), 1000 * n)
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=100,
                          retry=Patient().retry)  # fmt: skip
    batches = [*source.poll(None)]
    assert ids(batches) == [str(n) for n in range(900)]
    assert lying(client) >= 9
    assert not any("aggs" in body for body in client.bodies)
    marks = [(batch.checkpoint or {})["mark"] for batch in batches]
    assert marks == sorted(marks)
    assert marks[0] == 99_000, "the first page need not wait for the others"


def test_with_a_tie_that_is_no_place_pages_come_in_the_order_of_time() -> None:
    client = FakeClient()
    for n in range(900):
        client.put("logs-a", str(n), 1000 * n)
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=100,
                          tiebreak="event.id", retry=Patient().retry)  # fmt: skip
    assert ids(source.poll(None)) == [str(n) for n in range(900)]
    assert lying(client) == 0


@pytest.mark.parametrize("fail", range(9))
def test_after_the_first_page_nothing_is_handed_on_before_all_has_come(fail: int) -> None:
    client = FakeClient()
    for n in range(60):
        client.put("logs-a", str(n), 1000 * (n * 7 % 60))
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=7,
                          retry=Patient().retry)  # fmt: skip
    client.script["search"] = [None] * fail + [refusal(404)]
    found: list[Any] = []
    with pytest.raises(SourceError):
        found.extend(source.poll(None))
    assert ids(found) == ["0", "43", "26", "9", "52", "35", "18"][: 7 * min(fail, 1)]


def in_place(n: int, time: int) -> dict[str, Any]:
    return {"_index": "logs", "_id": str(n), "sort": [n, time, n], "_source": {}}


def coming(times: list[int], size: int) -> Iterator[Page]:
    return paged([in_place(n, time) for n, time in enumerate(times)], size)


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 9), st.integers(1, 9))
def test_hits_are_put_into_the_order_of_time_and_place(
    times: list[int], size: int, wanted: int
) -> None:
    arrived: list[Any] = []
    hits = gathered(coming(times, size), 1, arrived.extend)
    assert hits is not None
    assert [hit["_id"] for hit in arrived] == [str(n) for n in range(len(times))]
    in_time = sorted((time, n) for n, time in enumerate(times))
    assert [tuple(hit["sort"][:2]) for hit in hits] == in_time
    parts = [*handed_on(hits, wanted)]
    assert [hit["sort"][1] for part in parts for hit in part.hits] == [n for _, n in in_time]
    assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
    assert all(0 < len(part.hits) <= wanted for part in parts)


def test_what_is_held_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fits(40_000, 5000, 1000)
    assert not fits(40_001, 10_000, 1)
    assert not fits(40_000, 4999, 1)
    assert not fits(20_000, 5000, 4000)
    monkeypatch.setattr(gathering, "HITS", 10)
    asked = []

    def many() -> Iterator[Page]:
        for page in coming(list(range(90)), 7):
            asked.append(page)
            yield page

    assert gathered(many(), 1) is None
    assert len(asked) == 3
    monkeypatch.undo()
    monkeypatch.setattr(gathering, "HELD", 1000)
    assert gathered(coming(list(range(90)), 7), 1) is None


def test_more_than_was_counted_is_read_page_after_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "HITS", 20)
    client = FakeClient()
    for n in range(90):
        client.put("logs-a", str(n), 1000 * n)

    def too_few(answer: Any) -> Any:
        return {**answer, "hits": {**answer["hits"], "total": {"value": 27}}}

    client.script["search"] = [too_few]
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=7,
                          retry=Patient().retry)  # fmt: skip
    assert ids(source.poll(None)) == [str(n) for n in range(90)]
    assert lying(client) > 0
