"""Waits grow, differ, and end."""

from __future__ import annotations

import pytest

from connectors.search.port import RequestError
from connectors.search.retry import Retry
from tests.connectors.search.double import refusal


def failing(*errors: RequestError) -> object:
    left = list(errors)

    def action() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return action


def test_waits_double_up_to_the_longest_and_are_jittered() -> None:
    waits: list[float] = []
    retry = Retry(limit=5, first=1, longest=4, sleep=waits.append, jitter=lambda: 0.0)
    assert retry.call(failing(*[refusal(503)] * 5)) == "done"  # type: ignore[arg-type]
    assert waits == [0.5, 1, 2, 2, 2]
    waits.clear()
    Retry(limit=5, first=1, sleep=waits.append).call(failing(refusal(429)))  # type: ignore[arg-type]
    assert 0.5 <= waits[0] <= 1


@pytest.mark.parametrize(
    "error",
    [refusal(400), refusal(401), refusal(403), refusal(404), refusal(409), refusal(0, "tls_error")],
)
def test_what_waiting_cannot_help_fails_at_once(error: RequestError) -> None:
    waits: list[float] = []
    with pytest.raises(RequestError) as raised:
        Retry(sleep=waits.append).call(failing(error))  # type: ignore[arg-type]
    assert raised.value is error
    assert waits == []


def test_the_last_error_is_told_when_the_waits_are_used_up() -> None:
    errors = [refusal(503, "first"), refusal(503, "second"), refusal(503, "third")]
    with pytest.raises(RequestError, match="third"):
        Retry(limit=2, sleep=lambda _: None).call(failing(*errors))  # type: ignore[arg-type]
