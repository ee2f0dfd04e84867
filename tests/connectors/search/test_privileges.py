"""The role of a run allows what its parts do, and nothing that they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from inspect import isfunction

import pytest

from connectors.search import AlertSink, ClusterState, SearchSource, privileges
from connectors.search.actions import ClusterActions
from connectors.search.hunts import SearchReader
from connectors.search.incidents import ClusterIncidents
from connectors.search.ledger import ClusterLedger
from connectors.search.letters import ClusterLetters
from connectors.search.port import Kind, SearchClient
from connectors.search.roles import each_of, grants, role
from engine.errors import SinkError
from engine.hunt.model import Span
from engine.hunt.row import Ask
from engine.ledger import Note
from engine.ports import Action, Kept
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.live.helpers import alert

OPERATIONS = {
    name for name, member in vars(SearchClient).items() if isfunction(member) and name[0] != "_"
} - {"close", "send"}
NOW = datetime(2026, 1, 2, tzinfo=UTC)
KINDS: list[Kind] = ["elasticsearch", "opensearch"]


class Watched(FakeClient):
    """Writes down which operations meet which index."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[tuple[str, str]] = set()

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if name not in OPERATIONS:
            return found
        assert callable(found)
        operation: Callable[..., object] = found

        def call(*arguments: object, **named: object) -> object:
            self.used.add((name, str(arguments[0]) if arguments else ""))
            return operation(*arguments, **named)

        return call


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_of_the_client_has_its_privileges(kind: Kind) -> None:
    assert set(privileges.TABLES[kind]) == OPERATIONS


def test_a_source_does_what_its_role_allows_and_no_more() -> None:
    client = Watched()
    client.put("logs-x", "1", 1000)
    source = SearchSource(client, "s", "logs-*", clock=lambda: NOW, retry=Patient().retry)
    assert list(source.poll(None))
    assert {name for name, _ in client.used} == set(privileges.SOURCES)


def test_a_hunt_does_what_the_role_allows_and_no_more() -> None:
    client = Watched()
    client.put("logs-x", "1", 1000, user="a")
    reader = SearchReader(client, "logs-*", retry=Patient().retry)
    whole = Span(0, 10_000_000)
    assert reader.buckets(whole, Ask(("user",))) is None
    assert list(reader.events(whole))
    assert {name for name, _ in client.used} == set(privileges.HUNTS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_role_reads_what_hunts_search_and_writes_nothing_there(kind: Kind) -> None:
    ((names, need),) = grants(kind, "t", [], store=False, hunts=["b-*,a", "b-*"])
    assert names == ("a", "b-*")
    assert not [each for each in need.index if "write" in each or "create_" in each]
    assert "logs-hunted" in str(role(kind, "t", ["logs-*"], store=True, hunts=["logs-hunted"]))


def test_the_role_of_a_run_that_pushes_down_asks_many_searches_and_fetches_documents() -> None:
    asked = role("opensearch", "t", ["logs-*"], store=True, pushed=["logs-*"])
    for name in ("msearch", "mget"):
        assert f"indices:data/read/{name}" in asked["cluster_permissions"]
        assert f"indices:data/read/{name}*" in str(asked["index_permissions"])
    assert "msearch" not in str(role("opensearch", "t", ["logs-*"], store=True))


def test_alerts_state_and_dead_letters_do_what_the_role_allows_and_no_more() -> None:
    client = Watched()
    retry = Patient().retry
    sink = AlertSink(client, "t", clock=lambda: NOW, retry=retry)
    client.indices["logs-vedette.alerts-t"] = {}  # the alias that setup made
    client.script["put_index_template"] = [refusal(403, "security_exception")]
    sink.prepare()
    sink.write([alert("a")])
    used = {name for name, _ in client.used} - {"put_index_template"}
    assert used == set(privileges.ALERTS)
    client.used.clear()
    state = ClusterState(client, "t", retry=retry)
    state.load("s")
    state.commit("s", {"mark": 1}, {})
    assert {name for name, _ in client.used} == set(privileges.STATE)
    client.used.clear()
    unwritable = alert("b")
    unwritable.document["vedette"]["alert"]["id"] = float("nan")
    sink.dead_letters.bury(entry_of(unwritable))
    read_all(ClusterLetters(client, "t", retry=retry).letters(), client)
    assert {name for name, _ in client.used} == set(privileges.DEAD_LETTERS)


def read_all(documents: Iterator[object], client: Watched) -> None:
    """Read until the double, which knows points in time alone, does not go on."""
    with pytest.raises(KeyError, match="pit"):
        list(documents)
    client.calls.clear()


def test_the_ledger_does_what_the_role_allows_and_no_more() -> None:
    client = Watched()
    ledger = ClusterLedger(client, "t", retry=Patient().retry)
    ledger.record([Note("late", "logs")])
    read_all(ledger.notes(), client)
    assert {name for name, _ in client.used} == set(privileges.LEDGER)


def test_the_actions_stream_does_what_the_role_allows_and_no_more() -> None:
    client = Watched()
    actions = ClusterActions(client, "t", retry=Patient().retry)
    client.indices["vedette-actions-t"] = {}  # that setup made
    client.script["put_index_template"] = [refusal(403, "security_exception")]
    actions.record([Action("a", {"kind": "excepted"})])
    read_all(actions.read(), client)
    used = {name for name, _ in client.used} - {"put_index_template"}
    assert used == set(privileges.ACTIONS)


def test_incidents_do_what_the_role_allows_and_no_more() -> None:
    client = Watched()
    store = ClusterIncidents(client, "t", retry=Patient().retry)
    store.put([Kept({"id": "a"}, None)])
    store.get("a")
    read_all(store.all(), client)
    assert {name for name, _ in client.used} == set(privileges.INCIDENTS)


def test_an_actions_stream_that_may_not_be_made_says_who_has_to() -> None:
    client = Watched()
    client.script["put_index_template"] = [refusal(403, "security_exception")]
    with pytest.raises(SinkError, match="vedette setup"):
        ClusterActions(client, "t", retry=Patient().retry).record([Action("a", {})])


def entry_of(dead: object) -> object:
    from connectors.search.entry import Entry

    return Entry.of(dead, "logs-vedette.alerts-t-2026.01")  # type: ignore[arg-type]


def test_who_may_not_write_templates_needs_them_made_beforehand() -> None:
    client = Watched()
    client.script["put_index_template"] = [refusal(403, "security_exception", "not allowed")]
    with pytest.raises(Exception, match="vedette setup"):
        AlertSink(client, "t", retry=Patient().retry).prepare()


@pytest.mark.parametrize("kind", KINDS)
def test_a_role_never_writes_to_what_it_reads_events_from(kind: Kind) -> None:
    found = role(kind, "t", ["logs-*"], store=False)
    text = str(found)
    assert "logs-*" in text
    assert "write" not in text
    assert "create_" not in text
    assert "template" not in str(role(kind, "t", ["logs-*"], store=True))


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_namespaces_own_indices_are_written(kind: Kind) -> None:
    own = [names for names, _ in grants(kind, "t", ["logs-*"], store=True)[1:]]
    assert {name for names in own for name in names} == {
        "logs-vedette.alerts-t",
        "logs-vedette.alerts-t-*",
        "vedette-state-t",
        "vedette-leases-t",
        "vedette-dead-letter-t",
        "vedette-ledger-t",
        "vedette-actions-t",
        "vedette-incidents-t",
    }


def test_a_list_of_patterns_is_granted_one_by_one_and_a_minus_grants_nothing() -> None:
    assert each_of(["b-*, a,-c", "a"]) == ("a", "b-*")
    assert each_of(["_all"]) == ("*",)
