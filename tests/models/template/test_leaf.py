"""Clusters compared in a loop and by a table give the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.template import leaf
from models.template.leaf import Cluster, Leaf
from models.template.mask import WILD, Tokens
from models.template.table import Numbers

TOKENS = st.tuples(*[st.sampled_from(["a", "b", "c", WILD])] * 4)
UNKNOWN = st.tuples(*[st.sampled_from(["a", "b", "z", WILD])] * 4)


def filled(templates: list[Tokens], changes: list[tuple[int, Tokens]], few: int) -> Leaf:
    before, leaf.FEW = leaf.FEW, few
    try:
        made = Leaf(Numbers())
        clusters = [Cluster(at, tokens, ()) for at, tokens in enumerate(templates)]
        for cluster in clusters:
            made.add(cluster)
        for at, tokens in changes:
            clusters[at % len(clusters)].tokens = tokens
            made.changed(at % len(clusters))
        return made
    finally:
        leaf.FEW = before


@settings(max_examples=60)
@given(
    st.lists(TOKENS, min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 20), TOKENS), max_size=4),
    UNKNOWN,
    st.sampled_from([0.0, 0.4, 0.5, 1.0]),
)
def test_a_table_gives_what_a_loop_gives(
    templates: list[Tokens], changes: list[tuple[int, Tokens]], line: Tokens, least: float
) -> None:
    loop, table = filled(templates, changes, 1_000), filled(templates, changes, 0)
    one, two = loop.nearest(line, least), table.nearest(line, least)
    assert (one and one.number) == (two and two.number)
    one, two = loop.fitting(line), table.fitting(line)
    assert (one and one.number) == (two and two.number)


def test_the_empty_line_has_one_cluster() -> None:
    for few in (0, 10):
        made = filled([()], [], few)
        assert made.nearest((), 0.4) is made.fitting(()) is not None
