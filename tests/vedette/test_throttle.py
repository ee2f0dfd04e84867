"""So many messages of a kind pass in a period; the others are counted and told of once."""

from __future__ import annotations

from vedette.throttle import Throttle


def test_what_did_not_pass_is_told_with_the_first_of_the_next_period() -> None:
    now = [100.0]
    throttle = Throttle(most=2, period=60, clock=lambda: now[0])
    assert [throttle.take("a") for _ in range(5)] == [(n, 0) for n in (1, 2, 3, 4, 5)]
    assert throttle.take("b") == (1, 0)
    now[0] += 59
    assert throttle.take("a") == (6, 0)
    now[0] += 1
    assert [throttle.take("a"), throttle.take("a"), throttle.take("b")] == [(1, 4), (2, 0), (1, 0)]
    now[0] += 60
    assert throttle.take("a") == (1, 0)
