"""Stretches of time read side by side give what one reader would have given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from random import Random
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.search import SearchSource, gathering, paging, stretches
from connectors.search.paging import Window, pages, pages_in
from connectors.search.slices import Page
from connectors.search.stretches import Stretch, Stretches, halved, side_by_side
from engine.errors import SourceError
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.connectors.search.test_slices import hit, paged
from tests.connectors.search.test_source import NOW, at, ids
from tests.simulation.pool import Meanwhile

LAST = 200


def counting(times: list[int]) -> stretches.Count:
    def count(lower: int, upper: int, width: int) -> Mapping[int, int]:
        return Counter(time // width for time in times if lower <= time <= upper)

    return count


@given(
    times=st.lists(st.integers(0, LAST), min_size=1),
    width=st.integers(1, 50),
    lower=st.integers(0, LAST // 2),
)
def test_halves_have_all_of_a_stretch_and_about_as_much_each(
    times: list[int], width: int, lower: int
) -> None:
    within = [time for time in times if time >= lower]
    spans = stretches.spans(Counter(time // width for time in within), width)
    found = halved(spans, lower, LAST)
    assert (found[0].lower, found[-1].upper) == (lower, LAST)
    assert all(a.upper + 1 == b.lower for a, b in pairwise(found))
    for half in found:
        assert half.hits == sum(half.lower <= time <= half.upper for time in within)
    most = max((span.hits for span in spans), default=0)
    assert len(found) == min(2, max(1, len(spans))) or most * 2 > len(within)
    assert all(half.hits <= len(within) / 2 + most for half in found)


@given(
    spans=st.dictionaries(st.integers(-3, 30), st.integers(-2, 50)),
    lower=st.integers(0, LAST),
    read=st.integers(0, 40),
    sizes=st.lists(st.integers(1, 20), min_size=1),
    known=st.booleans(),
)
def test_whatever_is_counted_stretches_leave_nothing_out(
    spans: dict[int, int], lower: int, read: int, sizes: list[int], known: bool
) -> None:
    told = [Stretch(at, at, hits) for at, hits in sorted(spans.items())] if known else None
    left = Stretches(lambda *_: spans, 0, LAST, told)
    left.skip(lower, read)
    found, at = [], 0
    while (stretch := left.next(sizes[at % len(sizes)])) is not None:
        found.append((stretch.lower, stretch.upper))
        at += 1
    assert found[0][0] == lower
    assert found[-1][1] == LAST
    assert all(a[1] + 1 == b[0] for a, b in pairwise(found))
    assert all(first <= last for first, last in found)


@given(
    times=st.lists(st.integers(0, LAST), min_size=1, max_size=90).map(sorted),
    read=st.integers(1, 90),
    size=st.integers(2, 20),
)
def test_a_stretch_is_a_page_where_times_differ(times: list[int], read: int, size: int) -> None:
    read = min(read, len(times))
    left = Stretches(counting(times), times[0], LAST)
    left.skip(times[read - 1], read)
    found = []
    while (stretch := left.next(size)) is not None:
        inside = [t for t in times[read:] if stretch.lower <= t <= stretch.upper]
        assert stretch.hits == len(inside)
        assert len(inside) < size or len(set(inside)) == 1
        found += inside
    assert found == times[read:]


def test_a_span_of_many_pages_is_counted_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "BUCKETS", 4)
    times = [0, 50, *range(100, 124), LAST]
    left = Stretches(counting(times), 0, LAST)
    left.skip(0, 1)
    found = []
    while (stretch := left.next(6)) is not None:
        found.append(stretch.hits)
    assert sum(found) == len(times) - 1
    assert max(found) < 2 * 6


def read_both_ways(times: list[int], size: int, lie: Any = None, seed: int = 0) -> None:
    """Hold a window that is read in stretches to the same read by one reader."""
    client = FakeClient()
    for n, time in enumerate(times):
        client.put(f"logs-{n % 3}", str(n), 1000 * time)
    said = [lie] if isinstance(lie, Exception) else []
    if isinstance(lie, dict):
        buckets = [{"key": n * 1000, "doc_count": count} for n, count in lie.items()]
        said = [lambda answer: {**answer, "aggregations": {"times": {"buckets": buckets}}}]
    client.script["histogram"] = said * 9
    window = Window("logs-*", "@timestamp", None, 90_000, client.tiebreak, page_size=size,
                    pool=lambda _: Meanwhile(Random(seed)))  # fmt: skip
    found = [hit for page in pages(client, window, Patient().retry) for hit in page]
    pit = client.open_pit("logs-*", "1m")
    assert pit is not None
    plain = [hit for page in pages_in(client, window, [pit], Patient().retry) for hit in page]
    assert [told(each) for each in found] == [told(each) for each in plain]
    assert len(found) == len(times)


def told(hit: Any) -> tuple[int, str, str]:
    """What is the same of a hit whatever the bounds that it was searched with."""
    return hit["sort"][0], hit["_index"], hit["_id"]


@given(
    times=st.lists(st.integers(0, 60), min_size=1, max_size=80),
    size=st.integers(1, 9),
    lie=st.sampled_from([None, {}, {0: 3, 2: 40}, refusal(400), refusal(503)]),
    seed=st.integers(0, 9),
)
def test_a_window_reads_as_it_does_page_after_page(
    times: list[int], size: int, lie: Any, seed: int
) -> None:
    read_both_ways(times, size, lie, seed)


def a_gap(self: Stretches, size: int, real: Any = Stretches.next) -> Stretch | None:
    found: Stretch | None = real(self, size)
    return found and replace(found, lower=found.lower + 1)


def an_end_too_soon(self: Stretches, size: int, real: Any = Stretches.next) -> Stretch | None:
    return real(self, size) if self._spans else None


def once_more(self: Stretches, size: int, real: Any = Stretches.next) -> Stretch | None:
    found: Stretch | None = real(self, size)
    return found and replace(found, upper=found.upper + 1000)


@pytest.mark.parametrize(
    ("planted", "lie"), [(a_gap, None), (an_end_too_soon, {0: 9}), (once_more, None)]
)
def test_stretches_that_do_not_follow_each_other_are_seen(
    monkeypatch: pytest.MonkeyPatch, planted: Any, lie: Any
) -> None:
    times = [n // 3 for n in range(80)]
    read_both_ways(times, 7, lie)
    monkeypatch.setattr(Stretches, "next", planted)
    with pytest.raises(AssertionError):
        read_both_ways(times, 7, lie)


def test_stretches_that_come_out_of_order_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = paging.side_by_side

    def last_first(page: Page, parts: Any, pool: Any) -> Iterator[Page]:
        first, *others = real(page, parts, pool)
        yield first
        yield from reversed(others)

    monkeypatch.setattr(paging, "side_by_side", last_first)
    with pytest.raises(AssertionError):
        read_both_ways(list(range(80)), 7)


@given(
    counts=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    size=st.integers(1, 4),
    fail=st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 9))),
    seed=st.integers(0, 20),
)
def test_parts_come_in_order_and_end_where_one_fails(
    counts: list[int], size: int, fail: tuple[int, int] | None, seed: int
) -> None:
    parts, expected = [], [hit(0, 0)]
    for number, count in enumerate(counts):
        hits = [hit(number + 1, tie) for tie in range(count)]
        expected += hits
        parts.append(paged(hits, size, fail[1] if fail and fail[0] == number else None))
    found = []
    try:
        for page in side_by_side(Page([hit(0, 0)], last=False), parts, Meanwhile(Random(seed))):
            assert page.hits
            found += page.hits
        assert found == expected
    except type(refusal(404)):
        assert fail is not None
        assert found == expected[: len(found)]


def test_the_next_two_stretches_are_read_at_one_time() -> None:
    begun = [Event(), Event()]

    def part(number: int) -> Iterator[Page]:
        begun[number].set()
        assert begun[1 - number].wait(60)
        yield Page([hit(number + 1, 0)], last=True)

    with ThreadPoolExecutor(2) as pool:
        found = list(side_by_side(Page([hit(0, 0)], last=False), map(part, range(2)), pool))
    assert [page.hits[0]["sort"][0] for page in found] == [0, 1, 2]


def test_a_source_reads_on_in_stretches_after_two_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "HITS", 0)  # else they are few enough to be gathered
    client = FakeClient()
    for n in range(900):
        client.put("logs-a", str(n), 1000 * n)
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=100,
                          retry=Patient().retry)  # fmt: skip
    assert ids(source.poll(None)) == [str(n) for n in range(900)]
    searches = [body for body in client.bodies if "aggs" not in body]
    assert len(client.bodies) == len(searches) + 1
    assert sum("search_after" in body for body in searches) == 1  # for the second page
    assert len(searches) <= 12


@pytest.mark.parametrize("gathered", [0, 40_000])
def test_of_what_fails_the_next_poll_makes_up(
    monkeypatch: pytest.MonkeyPatch, gathered: int
) -> None:
    monkeypatch.setattr(gathering, "HITS", gathered)
    for fail in range(9):
        client = FakeClient()
        for n in range(60):
            client.put("logs-a", str(n), 1000 * n)

        def source(client: FakeClient = client) -> SearchSource:
            return SearchSource(client, "events", "logs-*", clock=lambda: at(NOW), page_size=7,
                                retry=Patient().retry)  # fmt: skip

        client.script |= {"search": [None] * fail + [refusal(404)], "histogram": []}
        found: list[Any] = []
        with pytest.raises(SourceError):
            found.extend(source().poll(None))
        assert client.open == {}
        client.script.clear()
        rest = source().poll(found[-1].checkpoint if found else None)
        assert sorted(ids([*found, *rest]), key=int) == [str(n) for n in range(60)]
