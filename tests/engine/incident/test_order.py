"""What repeats a story already told comes later, and fast is what obvious is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.incident.gather import Gathering
from engine.incident.order import REPEATED, alike, places
from tests.engine.incident.made import ACCESS, DISCOVERY, document

RULES = st.dictionaries(st.sampled_from("abcde"), st.sampled_from([0.0, 0.1, 0.5, 1.0]), max_size=4)


def obvious(told: list[dict[str, float]], worth: list[float]) -> list[int]:
    """Each time the one that is worth most beside all that were told."""
    order: list[int] = []
    left = list(range(len(told)))
    while left:

        def now(place: int) -> float:
            most = max((alike(told[place], told[other]) for other in order), default=0.0)
            return worth[place] * (1 - REPEATED * most)

        best = max(left, key=lambda place: (now(place), -place))
        order.append(best)
        left.remove(best)
    return order


@given(st.lists(st.tuples(RULES, st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0])), max_size=8))
def test_what_is_worth_most_beside_what_was_told_is_next(
    given: list[tuple[dict[str, float], float]],
) -> None:
    told, worth = [each for each, _ in given], [each for _, each in given]
    assert places(told, worth) == obvious(told, worth)


@given(RULES, RULES)
def test_being_alike_goes_both_ways_and_is_a_share(
    one: dict[str, float], other: dict[str, float]
) -> None:
    assert 0 <= alike(one, other) <= 1
    assert abs(alike(one, other) - alike(other, one)) < 1e-12
    assert not any(one.values()) or alike(one, one) == 1


def test_beyond_a_bound_incidents_stay_where_they_were() -> None:
    assert places([{"a": 1.0}] * 4, [4.0, 3.0, 2.9, 2.8], most=2) == [0, 1, 2, 3]
    assert places([{"a": 1.0}, {"a": 1.0}, {"b": 1.0}], [4.0, 3.0, 2.0], most=2) == [0, 1, 2]
    assert places([{"a": 1.0}, {"a": 1.0}, {"b": 1.0}], [4.0, 3.0, 2.0]) == [0, 2, 1]


def test_another_story_comes_before_the_same_one_on_another_host() -> None:
    gathering = Gathering()
    for at, host in enumerate(("H1", "H2")):
        gathering.add(document(host, at, host=host, rule="dump", steps=(ACCESS,), risk=90.0))
    gathering.add(document("c", host="H3", rule="look", steps=(DISCOVERY,), risk=60.0))
    for host in ("H4", "H5", "H6", "H7"):  # so that a rule on two hosts is rare
        gathering.add(document(host, host=host, rule=host, steps=(), risk=1.0))
    order = [each.incident.hosts[0] for each in gathering.stories()]
    assert order[:3] == ["h1", "h3", "h2"]
