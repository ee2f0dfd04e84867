"""Groups are those of Drain3, the slow reference."""

from __future__ import annotations

import time

import pytest
from drain3.drain import Drain as Drain3
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.errors import ModelError
from models.template.drain import Drain
from models.template.mask import WILD, Tokens

TOKEN = st.sampled_from(["a", "b", "c", "d1", "e2", "2", WILD])


def few_wild(tokens: list[str]) -> bool:
    """Whether enough tokens are literal for a line to be as similar to itself as must be."""
    return not tokens or 1 - tokens.count(WILD) / len(tokens) >= 0.4


LINES = st.lists(st.lists(TOKEN, max_size=5).filter(few_wild).map(tuple), max_size=60)


@settings(max_examples=150)
@given(LINES, st.integers(3, 6), st.integers(1, 4))
@example([("2", "a"), ("a", "a"), ("b", "a"), ("c", "a"), ("c", "b")], 4, 2)
def test_every_line_gets_the_cluster_that_drain3_gives_it(
    lines: list[Tokens], depth: int, children: int
) -> None:
    ours = Drain(depth, 0.4, children)
    theirs = Drain3(depth=depth, sim_th=0.4, max_children=children)
    for tokens in lines:
        expected, _ = theirs.add_log_message(" ".join(tokens))
        cluster, _ = ours.learn(tokens)
        assert cluster is not None
        assert (cluster.number, cluster.tokens) == (
            expected.cluster_id,
            tuple(expected.log_template_tokens),
        )


def test_a_line_of_values_founds_one_cluster_only() -> None:
    drain = Drain()
    numbers = [drain.learn((WILD, WILD, "a"))[0].number for _ in range(3)]  # type: ignore[union-attr]
    assert numbers == [1, 1, 1]


def test_a_change_is_told() -> None:
    drain = Drain()
    assert drain.learn(("a", "b", "c"))[1]
    assert not drain.learn(("a", "b", "c"))[1]
    assert drain.learn(("a", "b", "d"))[1]
    assert not drain.learn(("a", "b", "e"))[1]


def test_when_it_is_full_a_line_of_a_new_kind_belongs_to_none() -> None:
    drain = Drain(most=1)
    drain.learn(("a", "b"))
    assert drain.learn(("c", "d", "e")) == (None, False)
    assert drain.learn(("a", "c"))[0] is drain.clusters[0]


def test_templates_take_no_more_memory_than_they_may() -> None:
    drain = Drain(room=10_000)
    for number in range(1_000):
        drain.learn(tuple(f"{letter}{number}" for letter in "abcdefgh"))
    assert len(drain.clusters) < 20


def test_a_hundred_times_the_templates_of_a_leaf_take_not_nearly_a_hundred_times_as_long() -> None:
    def seconds(count: int) -> float:
        drain = Drain()
        lines = [("job", f"a{n}", f"b{n}", f"c{n}") for n in range(count)]
        for number, tokens in enumerate(lines, 1):
            assert drain.learn(tokens) == (drain.clusters[number - 1], True)
        start = time.process_time()
        for tokens in lines[:20] * 10:
            drain.match(tokens)
        return time.process_time() - start

    assert seconds(2_000) < 25 * seconds(20)


@pytest.mark.parametrize("wrong", [{"depth": 2}, {"similarity": 1.5}, {"children": 0}, {"most": 0}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ModelError):
        Drain(**wrong)  # type: ignore[arg-type]
