"""Sizes that adapt to a cluster's strength and to what its documents weigh."""

from __future__ import annotations

import random

from connectors.search.pace import AIM, FIRST, Pace, weigh

MB = 1024 * 1024


def test_it_grows_by_eight_until_the_most_while_all_goes_well() -> None:
    pace, sizes = Pace(5000), []
    for _ in range(5):
        sizes.append(pace.size)
        pace.answered(pace.size, pace.size, 1)
    assert sizes == [FIRST, 8 * FIRST, 5000, 5000, 5000]


def test_a_refusal_halves_it_and_it_grows_slowly_after_that() -> None:
    pace = Pace(1000, first=1000)
    assert pace.refused(1000) == 500
    assert pace.refused(500) == 250
    pace.answered(250, 250, 1)
    assert pace.size == 312
    for _ in range(20):
        pace.answered(pace.size, pace.size, 1)
    assert pace.size == 1000


def test_it_never_falls_below_one() -> None:
    pace = Pace(4)
    for _ in range(10):
        pace.refused(pace.size)
    assert pace.size == 1
    pace.answered(1, 1, 100 * AIM)
    assert pace.size == 1


def test_an_answer_that_was_not_full_says_nothing_of_the_cluster() -> None:
    pace = Pace(1000)
    pace.answered(FIRST, FIRST - 1, 1)
    assert pace.size == FIRST


def test_heavy_items_make_it_small_at_once_and_light_ones_large_bit_by_bit() -> None:
    pace = Pace(10_000, first=10_000)
    pace.answered(100, 100, 100 * MB)
    assert pace.size == AIM // MB
    sizes = []
    for _ in range(60):
        pace.answered(pace.size, pace.size, pace.size * 100)
        sizes.append(pace.size)
    assert sizes == sorted(sizes)
    assert sizes[0] < 2 * AIM // MB
    assert sizes[-1] == 10_000


def test_whatever_comes_a_page_is_within_its_aim_once_its_like_was_seen() -> None:
    draw = random.Random(7)
    pace = Pace(10_000)
    for _ in range(500):
        each = draw.choice([100, 10_000, 1_000_000])
        for _ in range(3):
            size = pace.size
            pace.answered(size, size, size * each)
        assert pace.size * each <= AIM or pace.size == 1


def test_a_weight_is_that_of_the_items_as_json() -> None:
    assert weigh([]) == 0
    assert weigh([{"a": "x" * 93}]) == 101
    many = [{"a": "x" * 93}] * 1000
    assert weigh(many) == 101_000
    assert weigh([{"a": 1 << 80}]) > 20
