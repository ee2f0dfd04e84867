"""Checks before a model learns from events, and before it judges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from engine.errors import InputError
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from vedette import sanity
from vedette.bundles import Gathered

PLAN = Plan()
DAY = 86_400.0


def gathered(observations: Iterable[Observation]) -> Gathered:
    made = Gathered()
    made.observations += observations
    return made


def days(kinds: int = 4, count: int = 2000) -> list[Observation]:
    step = 7 * DAY / count
    return [Observation(f"host.name=ws{at % 2}", at * step, {"Channel": "Security",
            "EventID": 4624 + at % kinds}) for at in range(count)]  # fmt: skip


def test_a_week_of_several_kinds_has_nothing_wrong() -> None:
    assert sanity.of_training(gathered(days()), PLAN) == []


def test_the_order_in_which_files_were_read_is_no_fault() -> None:
    assert sanity.of_training(gathered(days()[::-1]), PLAN) == []


def test_events_that_are_all_of_one_kind_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"constant-field: 1 of 1 .*: kind of event") as caught:
        sanity.of_training(gathered(days(kinds=1)), PLAN)
    assert caught.value.expected == "others, or --allow constant-field"


def test_what_is_allowed_is_only_told() -> None:
    found = sanity.of_training(gathered(days(kinds=1)), PLAN, ["constant-field"])
    assert [each.name for each in found] == ["constant-field"]


def test_a_check_that_there_is_not_cannot_be_allowed() -> None:
    with pytest.raises(InputError, match="no check is called 'constant'"):
        sanity.of_training(gathered(days()), PLAN, ["constant"])


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="empty") as caught:
        sanity.of_training(gathered([]), PLAN)
    assert caught.value.expected == "events with times"
    with pytest.raises(InputError, match="no check is called 'empty'"):
        sanity.of_training(gathered([]), PLAN, ["empty"])


def test_little_and_cut_off_data_are_told() -> None:
    found = sanity.of_training(gathered(days(count=20)), PLAN)
    assert {each.name for each in found} == {"few", "cut-off"}


def test_events_of_the_time_of_training_are_told() -> None:
    training = {"from": "1970-01-01T00:00:00Z", "to": "1970-01-03T00:00:00Z"}
    found = sanity.of_scored(gathered(days()), training)
    assert found is not None
    assert str(found).startswith("leaked-time: 572 of 2,000 events")


@pytest.mark.parametrize(
    "training",
    [{"from": "1971-01-01T00:00:00Z", "to": "1971-01-03T00:00:00Z"}, {}, {"from": 1, "to": None}],
)
def test_later_training_and_unknown_training_say_nothing(training: dict[str, object]) -> None:
    assert sanity.of_scored(gathered(days()), training) is None


def test_sessions_that_a_gap_does_not_end_are_cut_off_by_it() -> None:
    """Of a host that is never silent for long all are of one session a span, cut at both ends."""
    seen = [replace(each, time=60.0 * at) for at, each in enumerate(days())]
    (found,) = sanity.of_training(gathered(seen), Plan(width=6_000, gap=120))
    assert found.name == "cut-off"
    assert sanity.of_training(gathered(seen), Plan(width=6_000, gap=30)) == []
