"""What many and grave findings are about stands in the middle of an incident."""

from __future__ import annotations

from typing import Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.incident import incident as bounds
from engine.incident.entity import HOST, USER, Entity
from engine.incident.gather import Gathering
from engine.incident.graph import DAMPING, central, pagerank
from engine.incident.incident import Incident
from engine.incident.record import document_of, incident_of
from tests.engine.incident.made import START, document

TIES = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(10, 16)), st.integers(1, 9), min_size=1, max_size=20
)


def incident(*documents: dict[str, Any]) -> Incident:
    gathering = Gathering()
    for each in documents:
        gathering.add(each)
    (story,) = gathering.stories()
    return story.incident


@settings(max_examples=50, deadline=None)
@given(TIES, st.lists(st.integers(0, 5), min_size=7, max_size=7))
def test_shares_are_those_of_networkx(ties: dict[tuple[int, int], int], often: list[int]) -> None:
    graph: dict[Any, dict[Any, float]] = {}
    for (one, other), weight in ties.items():
        graph.setdefault(one, {})[other] = float(weight)
        graph.setdefault(other, {})[one] = float(weight)
    starts = {node: float(often[node]) for node in graph if node < 7}
    made = networkx.Graph()
    made.add_weighted_edges_from((a, b, w) for a, near in graph.items() for b, w in near.items())
    begin = starts if sum(starts.values()) else None
    expected = networkx.pagerank(made, alpha=DAMPING, personalization=begin, tol=1e-12,
                                 max_iter=1000)  # fmt: skip
    assert pagerank(graph, starts) == pytest.approx(expected, abs=1e-6)


def test_who_most_findings_are_about_comes_first_and_shares_sum_to_one() -> None:
    one = incident(
        document("a", user="eve"), document("b", 1, user="eve"),
        document("c", 2, host="SRV1", user="eve"), document("d", 3, host="SRV1", user="eve"),
        document("e", 4, user="bob"),
    )  # fmt: skip
    found = central(one)
    assert found[0].entity == Entity(USER, "eve")
    assert {each.entity for each in found} == set(one.entities)
    assert sum(each.share for each in found) == pytest.approx(1)


def test_what_grave_findings_are_about_comes_before_what_mild_ones_are() -> None:
    one = incident(
        document("a", host="WS1", user="eve", risk=90.0),
        document("b", 1, host="WS2", user="eve", risk=20.0),
    )
    hosts = [each.entity.name for each in central(one) if each.entity.kind == HOST]
    assert hosts == ["ws1", "ws2"]


def test_the_record_keeps_ties_and_one_of_before_has_no_middle() -> None:
    one = incident(document("a", user="eve"), document("b", 1, user="eve"))
    gathering = Gathering()
    gathering.add(document("a"))
    standing = gathering.stories()[0].standing
    kept = document_of(one, standing, "default", START)
    assert incident_of(kept).ties == one.ties
    del kept["ties"]
    assert central(incident_of(kept)) == []


def test_incidents_that_become_one_keep_the_ties_of_both() -> None:
    one, other = incident(document("a", user="eve")), incident(document("b", user="eve"))
    one.absorb(other)
    assert {rule for rule, _ in one.ties} == {"rule-a", "rule-b"}


def test_ties_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_TIES", 3)
    one = incident(*(document(str(at), at, user=f"u{at}") for at in range(5)))
    assert len(one.ties) == 3
    assert central(one)
