from __future__ import annotations

import numpy as np

from models.sequence.lessons import FEW_TOKENS, LEAST_TOKENS, Lessons


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
