"""What detectors of graphs find, beyond the contract of all detectors."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from models.errors import StoreError
from models.graph.edge import Edge, packed, unpacked
from models.graph.rare_edge import RareEdge
from models.graph.structure import FEATURES, Structure, features
from tests.models import data

NORMAL = data.edges(200)


def logon(user: str, host: str) -> Edge:
    return Edge("user-host", user, host)


def test_a_user_on_another_host_is_stranger_than_on_the_own_one() -> None:
    model = RareEdge().fit(NORMAL)
    own, other = model.score([(logon("u1", "ws1"),), (logon("u1", "ws2"),)])
    assert other > 3 * own


def test_a_source_that_meets_many_is_expected_to_meet_new_ones() -> None:
    wide = [tuple(logon("admin", f"h{n}") for n in range(at, at + 3)) for at in range(60)]
    model = RareEdge().fit([*NORMAL, *wide])
    admin, user = model.score([(logon("admin", "ws2"),), (logon("u1", "ws2"),)])
    assert admin < user


def test_probabilities_of_known_targets_leave_something_for_new_ones() -> None:
    model = RareEdge().fit([(logon("a", "x"), logon("a", "y"))] * 3)
    left = 1 - sum(np.exp(-model.surprise(logon("a", host))) for host in ("x", "y"))
    assert 0 < left < 0.5


def test_the_reason_names_the_edge_and_why() -> None:
    (first, *_) = RareEdge().fit(NORMAL).explain([(logon("u1", "dc"), logon("u1", "ws1"))], 0)
    assert first.text == "user-host: u1 → dc never came before; the source had 1 others"


def test_learning_more_makes_what_was_learned_less_strange() -> None:
    model = RareEdge().fit(NORMAL)
    before = model.score([(logon("u1", "dc"),)])[0]
    assert model.partial_fit([(logon("u1", "dc"),)] * 50).score([(logon("u1", "dc"),)])[0] < before


def test_a_scan_and_a_movement_change_the_structure() -> None:
    model = Structure().fit(NORMAL)
    usual = np.quantile(model.score(data.edges(100, seed=5)), 0.99)
    scan = tuple(Edge("host-address", "ws1", f"10.0.0.{n}") for n in range(200))
    path = tuple(Edge("host-host", f"h{n}", f"h{n + 1}") for n in range(40))
    assert (model.score([scan, path]) > usual).all()
    assert model.explain([scan], 0)[0].text == "targets of one source: 200, usually 2"


@pytest.mark.parametrize("seed", range(5))
def test_features_are_those_that_networkx_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = tuple(
        Edge("k", f"a{s}", f"a{t}") for s, t in rng.integers(0, 25, (18, 2)).tolist() if s != t
    )
    whole = nx.DiGraph((e.source, e.target) for e in graph)
    parts = [len(part) for part in nx.weakly_connected_components(whole)]
    found = dict(zip(FEATURES, features(graph), strict=True))
    assert np.expm1(found["things"]) == pytest.approx(len(whole))
    assert np.expm1(found["edges"]) == pytest.approx(whole.number_of_edges())
    assert np.expm1(found["parts"]) == pytest.approx(len(parts))
    assert found["share of the largest part"] == pytest.approx(max(parts) / len(whole))
    out = max(degree for _, degree in whole.out_degree())
    assert np.expm1(found["targets of one source"]) == pytest.approx(out)


def test_arrays_that_hold_no_edges_are_refused() -> None:
    arrays = packed(RareEdge().fit(NORMAL)._edges)
    assert unpacked(arrays) == RareEdge().fit(NORMAL)._edges
    with pytest.raises(StoreError, match="holds no edges"):
        unpacked({**arrays, "counts": arrays["counts"][:-1]})
