"""Pages read ahead and slices read side by side give what one reader would have given."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from random import Random
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.search import SearchSource
from connectors.search.pace import AIM
from connectors.search.port import RequestError
from connectors.search.retry import Retry
from connectors.search.slices import AbandonedError, Page, in_order, unless
from engine.errors import SourceError
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.connectors.search.test_source import NOW, at, ids
from tests.simulation.pool import Meanwhile

Hits = list[dict[str, Any]]


def hit(time: int, tie: int) -> dict[str, Any]:
    return {"sort": [time, tie]}


def paged(hits: Hits, size: int, fail_at: int | None = None) -> Iterator[Page]:
    """A slice's pages as a cluster gives them; the last is shorter than asked for."""
    at = 0
    while True:
        if fail_at is not None and at >= fail_at:
            raise refusal(404, "search_context_missing_exception")
        page = hits[at : at + size]
        at += size
        yield Page(page, len(page) < size, len(hits) if at == size else None)
        if len(page) < size:
            return


def sliced(hits: Hits, slices: int) -> list[Hits]:
    return [[hit for hit in hits if hit["sort"][1] % slices == n] for n in range(slices)]


@given(
    times=st.lists(st.integers(0, 9), max_size=40),
    slices=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 5), min_size=4, max_size=4),
    seed=st.integers(0, 9),
)
def test_slices_give_all_hits_once_and_in_order(
    times: list[int], slices: int, sizes: list[int], seed: int
) -> None:
    hits = [hit(time, tie) for tie, time in enumerate(sorted(times))]
    parts = [paged(part, sizes[n]) for n, part in enumerate(sliced(hits, slices))]
    pages = list(in_order(parts, Meanwhile(Random(seed))))
    assert [hit for page in pages for hit in page.hits] == hits
    assert sum(page.total or 0 for page in pages) == len(hits)
    assert all(page.hits for page in pages[:-1])
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


@given(seed=st.integers(0, 99), slices=st.integers(2, 4), fail_at=st.integers(0, 20))
def test_of_a_slice_that_fails_nothing_is_left_out(seed: int, slices: int, fail_at: int) -> None:
    """What was given before is a beginning of all, so a checkpoint behind it is right."""
    hits = [hit(n // 3, n) for n in range(60)]
    first, *others = sliced(hits, slices)
    parts = [paged(first, 3, fail_at), *(paged(part, 3) for part in others)]
    found: Hits = []
    try:
        for page in in_order(parts, Meanwhile(Random(seed))):
            found += page.hits  # type: ignore[arg-type]
        assert fail_at > len(first) - 3
    except RequestError:
        pass
    assert found == hits[: len(found)]


def test_a_pattern_that_names_nothing_has_no_page() -> None:
    assert list(in_order([iter(()), iter(())], Meanwhile(Random(0)))) == []
    assert list(in_order([iter(())], Meanwhile(Random(0)))) == []


def test_the_next_two_pages_are_on_their_way_while_one_is_at_work() -> None:
    made = [Event() for _ in range(4)]

    def pages() -> Iterator[Page]:
        for number, event in enumerate(made):
            event.set()
            yield Page([hit(number, 0)], number == 3)

    with ThreadPoolExecutor(1) as pool:
        read = in_order([pages()], pool)
        for number in range(3):
            next(read)
            assert all(event.wait(60) for event in made[: number + 3])
        assert len(list(read)) == 1


def test_pages_of_one_slice_come_in_order_whenever_they_are_made() -> None:
    for seed in range(8):
        hits = [hit(time, 0) for time in range(23)]
        pages = in_order([paged(hits, 4)], Meanwhile(Random(seed)))
        assert [each for page in pages for each in page.hits] == hits
        failing = in_order([paged(hits, 4, 12)], Meanwhile(Random(seed)))
        assert [len(next(failing).hits) for _ in range(3)] == [4, 4, 4]
        with pytest.raises(RequestError):
            next(failing)


def test_who_leaves_in_between_waits_for_no_page_that_was_not_begun() -> None:
    go, made = Event(), list[int]()

    def pages() -> Iterator[Page]:
        for number in range(9):
            made.append(number)
            if number:
                assert go.wait(60)
            yield Page([hit(number, 0)], False)

    with ThreadPoolExecutor(1) as pool:
        read = in_order([pages()], pool)
        next(read)
        read.close()  # type: ignore[attr-defined]
        go.set()
    assert made == [0, 1] or made == [0]


def test_a_poll_of_one_page_needs_no_thread() -> None:
    def no_thread(_size: int) -> Executor:
        return Refusing(1)

    class Refusing(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("there is nothing to read meanwhile")

    client = FakeClient()
    for n in range(10):
        client.put("logs-a", str(n), 1000 * n)
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), pool=no_thread)
    assert len(ids(source.poll(None))) == 10


def test_who_has_gone_is_not_retried_for() -> None:
    gone, waits = Event(), []
    retry = Retry(sleep=unless(gone, waits.append))

    def failing() -> None:
        gone.set()
        raise refusal(503)

    with pytest.raises(AbandonedError):
        retry.call(failing)
    assert waits == []


def client_of(number: int) -> FakeClient:
    client = FakeClient()
    for n in range(number):
        client.put(f"logs-{n % 3}", str(n), 1000 * (n // 4))
    return client


def source(client: FakeClient, slices: int, **options: Any) -> SearchSource:
    options.setdefault("retry", Patient().retry)
    return SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), slices=slices,
                        page_size=5, **options)  # fmt: skip


@pytest.mark.parametrize("slices", [1, 2, 3, 7])
def test_a_source_reads_the_same_in_slices(slices: int) -> None:
    one = [batch.checkpoint for batch in source(client_of(60), 1).poll(None)]
    many = list(source(client_of(60), slices).poll(None))
    assert [record.document["@timestamp"] for batch in many for record in batch.records] == [
        1000 * (n // 4) for n in range(60)
    ]
    assert len(set(ids(many))) == 60
    assert many[-1].checkpoint == one[-1]


@settings(max_examples=40)
@given(fail=st.integers(0, 14), slices=st.integers(2, 4))
def test_a_slice_that_fails_moves_nothing_and_the_next_poll_makes_up_for_it(
    fail: int, slices: int
) -> None:
    client = client_of(60)
    client.script["search"] = [None] * fail + [refusal(404, "search_context_missing_exception")]
    found: list[Any] = []
    checkpoint = None
    try:
        for batch in source(client, slices).poll(None):
            found.append(batch)
            checkpoint = batch.checkpoint
    except SourceError:
        pass
    assert client.open == {}
    client.script.clear()
    rest = list(source(client, slices).poll(checkpoint))
    assert sorted(ids([*found, *rest]), key=int) == [str(n) for n in range(60)]


def test_slices_share_what_one_page_may_weigh() -> None:
    assert sum(pace.aim for pace in source(FakeClient(), 4).paces) == AIM


def test_slices_are_read_by_threads_of_their_own() -> None:
    client, readers = client_of(60), set()
    real = client.search

    def search(body: Any, index: str | None = None) -> Any:
        readers.add(current_thread())
        return real(body, index)

    client.search = search  # type: ignore[method-assign]
    list(source(client, 3).poll(None))
    assert main_thread() not in readers
    assert 1 <= len(readers) <= 3
    assert {body["slice"]["id"] for body in client.bodies} == {0, 1, 2}
