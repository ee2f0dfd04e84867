"""Cluster state when answers get lost and instances meet."""

from __future__ import annotations

import pytest

from connectors.search import ClusterState
from connectors.search.state import key_of
from engine.errors import StateError
from tests.connectors.search.double import HOST, FakeClient, Patient, refusal


def state(client: FakeClient) -> ClusterState:
    return ClusterState(client, retry=Patient().retry)


@pytest.mark.parametrize("known", [0, 1])
def test_a_commit_whose_answer_was_lost_is_recognised(known: int) -> None:
    client = FakeClient()
    store = state(client)
    for n in range(known):
        store.commit("events", {"mark": n}, {})
    client.script["index"] = [refusal(0, "ConnectionTimeout")]
    store.commit("events", {"mark": 8}, {"h": 1})
    store.commit("events", {"mark": 9}, {})
    assert state(client).load("events") == {"mark": 9}
    assert state(client).occurrences("events", ["h"]) == {"h": 1}


def test_a_conflict_names_the_source_and_the_index() -> None:
    client = FakeClient()
    first, second = state(client), state(client)
    first.load("events")
    second.load("events")
    second.commit("events", {"mark": 1}, {})
    with pytest.raises(StateError, match="'events' in 'vedette-state-default' was changed by"):
        first.commit("events", {"mark": 2}, {})
    assert state(client).load("events") == {"mark": 1}


def test_a_state_that_cannot_be_read_is_told_with_the_host() -> None:
    client = FakeClient()
    client.script["get"] = [refusal(403, "security_exception", "no")]
    with pytest.raises(StateError, match=f"'events': {HOST}: 403 security_exception: no"):
        state(client).load("events")


def test_a_commit_without_a_checkpoint_keeps_the_one_stored() -> None:
    client = FakeClient()
    store = state(client)
    store.commit("events", {"mark": 1}, {"h": 1})
    store.commit("events", None, {"h": 2})
    assert state(client).load("events") == {"mark": 1}
    assert state(client).occurrences("events", ["h"]) == {"h": 2}


def test_an_earlier_commit_that_arrives_late_is_not_taken_for_the_one_that_was_made_since() -> None:
    client = FakeClient()
    store = state(client)
    store.commit("events", {"mark": 1}, {})
    held = dict(client.indices["vedette-state-default"][key_of("events")])
    client.script["index"] = [refusal(0), refusal(0)] * 4
    with pytest.raises(StateError):
        store.commit("events", {"mark": 2}, {"h": 1})  # written, though no answer says so
    late = client.indices["vedette-state-default"][key_of("events")]
    client.indices["vedette-state-default"][key_of("events")] = held
    client.script["index"] = []
    store.load("events")
    client.indices["vedette-state-default"][key_of("events")] = late
    with pytest.raises(StateError, match="was changed by"):
        store.commit("events", {"mark": 3}, {"i": 1})
    assert store.load("events") == {"mark": 2}
