"""Waits grow, differ, and end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.search import AlertSink, ClusterSettings, ClusterState, SearchSource, connect
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


def test_it_is_told_what_is_waited_for_a_second_or_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    retry = Retry(limit=4, first=0.5, sleep=lambda _: None, jitter=lambda: 0.0)
    retry.call(failing(*[refusal(503, "busy")] * 2))  # type: ignore[arg-type]
    assert not caplog.messages
    retry.call(failing(*[refusal(503, "busy")] * 4))  # type: ignore[arg-type]
    assert [text.partition("; ")[2] for text in caplog.messages] == [
        "asked again in 1.0 s, wait 3 of 4", "asked again in 2.0 s, wait 4 of 4",
    ]  # fmt: skip
    assert "503 busy" in caplog.messages[0]


def test_nothing_is_waited_for_once_the_end_is_wished_for() -> None:
    errors = [refusal(503, "first"), refusal(503, "second")]
    with pytest.raises(RequestError, match="first"):
        Retry.until(lambda: True).call(failing(*errors))  # type: ignore[arg-type]


def test_a_wait_ends_when_the_end_is_wished_for() -> None:
    looks = iter([False, False, False])
    retry = replace(Retry.until(lambda: next(looks, True)), first=3600.0, longest=3600.0)
    with pytest.raises(RequestError, match="first"):
        retry.call(failing(refusal(503, "first"), refusal(503, "second")))  # type: ignore[arg-type]


def test_until_then_it_waits_as_ever() -> None:
    retry = replace(Retry.until(lambda: False), first=0.001)
    assert retry.call(failing(refusal(503), refusal(503))) == "done"  # type: ignore[arg-type]


def test_all_that_use_a_client_wait_as_it_says() -> None:
    retry = Retry(limit=3)
    client = connect(ClusterSettings(["http://127.0.0.1:1"], kind="opensearch"), retry)
    assert SearchSource(client, "events", "logs-*").retry is retry
    assert AlertSink(client, "default").retry is retry
    assert ClusterState(client).retry is retry
    client.close()
