"""Rules between counts are found, and only what breaks them is strange."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.baseline.invariants import Invariants
from models.errors import DataError, StoreError

OPEN, WRITE, COPY, CLOSE = 1, 2, 3, 4


def session(files: int, writes: int) -> tuple[int, ...]:
    """Each file is opened, copied three times and closed; of writes there may be any number."""
    return (OPEN,) * files + (WRITE,) * writes + (COPY,) * 3 * files + (CLOSE,) * files


NORMAL = [session(files, writes) for files in (1, 2, 3) for writes in range(8)]


def test_a_session_never_seen_that_keeps_the_rules_is_normal() -> None:
    assert Invariants().fit(NORMAL).score([session(50, 99)])[0] == 0


def test_a_file_that_is_not_closed_breaks_rules() -> None:
    model = Invariants().fit(NORMAL)
    assert model.score([session(2, 3)[:-1]])[0] > 5
    texts = [reason.text for reason in model.explain([session(2, 3)[:-1]], 0)]
    assert (
        "event 4 occurs once and event 1 twice, where 1 x event 4 = 1 x event 1 is the rule"
        in texts
        or "event 1 occurs twice and event 4 once, where 1 x event 1 = 1 x event 4 is the rule"
        in texts
    )


def test_a_ratio_is_found() -> None:
    rules = Invariants().fit(NORMAL)._rules.tolist()
    assert sum(sorted(rule[2:4]) == [1, 3] for rule in rules) == 2  # copies to opens, to closes


def test_a_constant_difference_is_found() -> None:
    data = [(1,) * count + (2,) * (count + 1) for count in range(9)] * 3
    assert Invariants().fit(data).score([(1,) * 20 + (2,) * 21, (1,) * 20 + (2,) * 20])[0] == 0
    assert Invariants().fit(data).score([(1,) * 20 + (2,) * 20])[0] > 3


def test_a_rule_that_training_broke_at_times_weighs_less() -> None:
    always, often = NORMAL * 5, [*NORMAL * 5, session(1, 2)[:-1]]
    strict, loose = (
        Invariants().fit(each).score([session(2, 1)[:-1]])[0] for each in (always, often)
    )
    assert 0 < loose < strict


def test_a_new_event_breaks_the_rule_that_there_is_none() -> None:
    model = Invariants().fit(NORMAL)
    assert model.score([(*NORMAL[0], 9)])[0] == pytest.approx(np.log(2 * (len(NORMAL) + 1)))
    assert model.explain([(*NORMAL[0], 9)], 0)[0].text == "event 9 never came before"


def test_sessions_without_events_can_be_learned() -> None:
    model = Invariants().fit([(), ()])
    assert model.score([(), (1,)])[0] == 0
    assert model.explain([()], 0)[0].text == "it keeps all rules between counts"


def test_rules_of_foreign_events_are_refused() -> None:
    state = Invariants().fit(NORMAL).state()
    broken = state.arrays["rules"].copy()
    broken[0, 1] = 77
    with pytest.raises(StoreError, match="does not know"):
        Invariants.restore(replace(state, arrays={**state.arrays, "rules": broken}))


def test_a_support_that_no_majority_gives_is_refused() -> None:
    with pytest.raises(DataError, match=r"above 0\.5"):
        Invariants(support=0.4)
