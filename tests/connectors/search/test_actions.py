"""The actions stream of a cluster that is busy, refuses, or loses its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.search import ClusterActions
from connectors.search.actions import MOST
from engine.errors import SinkError
from engine.ports import Action
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.connectors.search.test_sink import Forgetful, refuse

INDEX = "vedette-actions-default"


def some(number: int, count: int = 1) -> list[Action]:
    return [Action(f"a{n}", {"kind": "capped", "count": count}) for n in range(number)]


def actions(client: FakeClient, patient: Patient | None = None) -> ClusterActions:
    return ClusterActions(client, retry=(patient or Patient()).retry)


def test_an_id_that_is_there_adds_nothing() -> None:
    client = FakeClient()
    actions(client).record(some(2))
    actions(client).record(some(3, count=9))
    held = client.indices[INDEX]
    assert [held[id]["_source"]["count"] for id in sorted(held)] == [1, 1, 9]
    assert held["a0"]["_source"]["id"] == "a0"


def test_many_go_in_several_requests_and_none_in_none() -> None:
    client = FakeClient()
    one = actions(client)
    one.record([])
    assert not client.calls
    one.record(some(MOST + 1))
    assert client.calls["bulk"] == 2
    assert client.calls["put_index_template"] == client.calls["create_index"] == 1
    assert len(client.indices[INDEX]) == MOST + 1


def test_only_what_was_busy_is_sent_again_and_an_answer_that_was_lost_costs_nothing() -> None:
    client, patient = Forgetful(), Patient()
    client.script["bulk"] = [refusal(503), refuse(429, "es_rejected_execution_exception", 1)]
    actions(client, patient).record(some(3))
    assert len(client.indices[INDEX]) == 3
    assert client.bodies[-1].count(b"\n") == 2
    assert len(patient.waits) == 2


def test_what_waiting_does_not_help_is_a_sink_error() -> None:
    client = Forgetful()
    client.script["bulk"] = [refuse(400, "mapper_parsing_exception", 0)]
    with pytest.raises(SinkError, match="mapper_parsing"):
        actions(client).record(some(1))
    client.script["bulk"] = [refusal(403)]
    with pytest.raises(SinkError):
        actions(client).record(some(1))


class Partial(FakeClient):
    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        return {"timed_out": False, "_shards": {"total": 2, "failed": 1}, "hits": {"hits": []}}


def test_an_answer_that_is_not_whole_is_no_answer() -> None:
    with pytest.raises(SinkError, match="not whole"):
        list(actions(Partial()).read())
