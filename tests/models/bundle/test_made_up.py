"""Strange windows made of ordinary ones, and counts of fewer events."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.bundle.counted import folded, vectors
from models.bundle.made_up import made_up, told_apart
from models.feature.volume import Volume
from models.feature.windows import Window
from models.graph.edge import Edge

SESSION = st.lists(st.integers(0, 9), max_size=12).map(tuple)


def window(
    events: tuple[int, ...], edges: tuple[Edge, ...] = (), count: int | None = None
) -> Window:
    volume = None if count is None else Volume("ws01", 7, count)
    return Window("", 0.0, 60.0, events, (), edges, 0, volume)


@given(st.lists(SESSION, min_size=1, max_size=20), st.integers(0, 5))
def test_each_is_another_window_and_the_same_for_the_same_seed(
    sessions: list[tuple[int, ...]], seed: int
) -> None:
    windows = [window(each) for each in sessions]
    found = made_up(windows, seed)
    assert found == made_up(windows, seed)
    known = {0, *(event for each in sessions for event in each)}
    for at, strange in found:
        assert strange.events != sessions[at]
        assert {*strange.events} <= known
        assert len(strange.events) <= 2 * len(sessions[at])


def test_a_fifth_has_events_of_a_kind_that_nobody_saw() -> None:
    found = made_up([window((1, 2, 3, 4, 5, 6))] * 500)
    assert 0.1 < sum(0 in strange.events for _, strange in found) / len(found) < 0.3


def test_edges_join_what_was_never_joined_and_volumes_are_others() -> None:
    graphs = [(Edge("user-host", f"u{at}", f"h{at}"), Edge("host-client", f"h{at}", f"c{at}"))
              for at in range(40)]  # fmt: skip
    windows = [window((1, 2, 3), graph, at) for at, graph in enumerate(graphs)]
    known = {edge for graph in graphs for edge in graph}
    sources = {(edge.kind, edge.source) for edge in known}
    targets = {(edge.kind, edge.target) for edge in known}
    new, counts = set(), []
    for at, strange in made_up(windows):
        assert {*graphs[at]} <= {*strange.edges}
        new |= {*strange.edges} - known
        assert strange.volume is not None
        counts.append(strange.volume.events != at)
    assert len(new) > 5
    for edge in new:
        assert (edge.kind, edge.source) in sources
        assert (edge.kind, edge.target) in targets
    assert np.mean(counts) > 0.9


def test_nothing_strange_is_told_apart_from_everything() -> None:
    assert told_apart(np.array([0.0, 1.0]), np.zeros(0)) == 1.0
    assert told_apart(np.array([0.0, 1.0]), np.array([2.0])) == 1.0


@given(st.lists(SESSION, min_size=1, max_size=8), st.integers(1, 9), st.integers(0, 4))
def test_counts_of_fewer_events_have_the_others_with_the_unknown(
    sessions: list[tuple[int, ...]], events: int, more: int
) -> None:
    found = folded(vectors(sessions, events + more), events)
    np.testing.assert_allclose(found, vectors(sessions, events), atol=1e-12)
