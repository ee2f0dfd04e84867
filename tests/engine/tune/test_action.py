"""Actions: their ids, and what they amount to."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

from engine.ports import Action
from engine.rule import Rule
from engine.tune.action import Subject, action, projected
from tests.engine.helpers import NOW, loaded, rule


def of(found: Rule, count: int, start: int = 0, source: str = "s") -> Action:
    subject = Subject("suppressed", source, found, "by", "key", start, start + 10)
    return action(subject, "default", count, start, start + count, NOW)


def test_the_id_depends_on_what_is_told_and_on_nothing_else(tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, rule()).rules
    assert of(found, 1).id == of(found, 1).id
    others = {of(found, 2).id, of(found, 1, 5).id, of(found, 1, source="t").id}
    assert len(others | {of(found, 1).id}) == 4


def test_of_each_window_the_action_that_tells_most_counts_in_whatever_order(
    tmp_path: Path,
) -> None:
    (found,) = loaded(tmp_path, rule()).rules
    told = [of(found, n).document for n in (1, 3, 7)] + [of(found, 2, 50).document]
    for order in permutations(told):
        assert [d["count"] for d in projected(order)] == [2, 7]


def test_what_is_no_action_is_left_out() -> None:
    odd: list[Any] = [{}, {"held": 1, "count": 2}, {"held": "x", "count": "many"}]
    assert projected(odd) == []
