from __future__ import annotations

import numpy as np

from models.sequence.lessons import FEW_TOKENS, LEAST_TOKENS, Lessons
from models.sequence.vocabulary import COUNTED, END, START


def rows(count: int, length: int = 10) -> list[np.ndarray]:
    return [np.arange(at, at + length) for at in range(count)]


def make(tokens: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {"tokens": tokens, "weight": weight}


def test_windows_weigh_with_their_count_to_the_power_of_temper() -> None:
    lessons = Lessons([*rows(1) * 9, *rows(2)[1:]], 0.5, seed=0)
    assert sorted(lessons.weights) == [1, 3]


def test_an_epoch_has_all_that_is_learned_and_none_that_is_held_out() -> None:
    lessons = Lessons(rows(1000), 1.0, seed=0)
    learned = [int(row[0]) for batch in lessons.epoch(make, 1) for row in batch["tokens"]]
    held = [int(row[0]) for batch in lessons.held_out(make) for row in batch["tokens"]]
    assert sorted(learned + held) == list(range(1000))
    assert len(held) == 100


def test_few_windows_come_several_times_an_epoch_in_several_steps() -> None:
    lessons = Lessons(rows(11), 1.0, seed=0)
    batches = lessons.epoch(make, 1)
    assert len(batches) >= 4
    assert sum(batch["tokens"].size for batch in batches) >= LEAST_TOKENS


def test_epochs_have_orders_of_their_own_and_seeds_too() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        lessons = Lessons(rows(300), 1.0, seed)
        return [int(row[0]) for batch in lessons.epoch(make, epoch) for row in batch["tokens"]]

    assert order(0, 1) == order(0, 1)
    assert len({tuple(order(*each)) for each in [(0, 1), (0, 2), (1, 1)]}) == 3


def test_the_budget_bounds_what_is_seen_but_all_is_seen_a_few_times() -> None:
    lessons = Lessons(rows(1000), 1.0, seed=0)
    assert lessons.epochs(90_000) == 10
    assert lessons.epochs(1) == 4
    assert lessons.epochs(10**9) == 60


def test_few_data_get_half_the_width_where_heads_allow() -> None:
    few, many = Lessons(rows(10), 1.0, 0), Lessons(rows(FEW_TOKENS // 5), 1.0, 0)
    assert (few.width(64, 4), many.width(64, 4), few.width(60, 4)) == (32, 64, 60)


def test_a_row_is_cut_into_pieces_that_are_all_learned_or_all_held_out() -> None:
    lessons = Lessons(rows(30, 25), 1.0, seed=0, cut=8)
    learned = {int(lessons.rows[at][0]) // 8 for at in lessons.learned}
    assert sum(len(row) - 1 for row in lessons.rows) == 30 * 24
    assert max(lessons.lengths) == 9
    assert len(lessons.learned) == 27 * 3
    assert len(lessons.held) == 3 * 3
    assert learned


def sessions(count: int, first: int = START) -> list[np.ndarray]:
    return [np.array([first, *range(9, 19), 20 + at, END]) for at in range(count)]


def seen(lessons: Lessons, number: int) -> list[tuple[int, ...]]:
    """The rows of an epoch, without their padding."""
    rows = [(row, real) for batch in lessons.epoch(make, number)
            for row, real in zip(batch["tokens"], batch["weight"] > 0, strict=True)]  # fmt: skip
    return [tuple(row[real].tolist()) for row, real in rows]


def test_beside_each_row_comes_a_changed_copy_of_its_own_in_each_epoch() -> None:
    rows = sessions(300)
    lessons = Lessons(rows, 1.0, 0, augment=0.3)
    plain = {tuple(lessons.rows[at].tolist()) for at in lessons.learned}
    first, second = seen(lessons, 1), seen(lessons, 2)
    copies = [row for row in first if row not in plain]
    assert len(first) == len(second) == 2 * len(plain)
    assert plain <= set(first)
    assert 0.8 * len(plain) < len(copies) <= len(plain)
    assert {row[0] for row in copies} == {START}
    assert max(map(len, copies)) == 13
    assert set(copies) != {row for row in second if row not in plain}
    # What is held out is in no copy: each has an event of its own.
    held = {int(lessons.rows[at][-2]) for at in lessons.held}
    assert not held & {event for row in first for event in row}
    assert [batch["tokens"].shape[1] for batch in lessons.held_out(make)] == [13]


def test_copies_of_counts_are_in_the_order_of_counts() -> None:
    lessons = Lessons(sessions(300, COUNTED), 1.0, 0, augment=0.3)
    for row in seen(lessons, 1):
        inner = list(row[1:-1])
        assert inner == sorted(inner)


def test_copies_count_as_tokens_that_are_seen() -> None:
    plain, twice = Lessons(sessions(300), 1.0, 0), Lessons(sessions(300), 1.0, 0, augment=0.1)
    assert twice.epochs(90_000) == plain.epochs(45_000)
