"""Setting up a cluster: what is missing is made, what is there is left, what differs is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.search.differences import differences
from connectors.search.lifecycle import policy
from connectors.search.port import Kind
from connectors.search.setup import Outcome, Setup, steps
from connectors.search.template import alerts_template
from engine.errors import SettingsError, SinkError
from tests.connectors.search.answers import NO_HANDLER, Answers
from tests.connectors.search.double import Patient, refusal

KINDS: list[Kind] = ["elasticsearch", "opensearch"]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
YEAR = timedelta(days=365)
ALERTS = "logs-vedette.alerts-t-2026.11"


def run(client: Answers, keep: timedelta | None = None) -> list[Outcome]:
    return list(Setup(client, "t", Patient().retry).run(steps(client.kind, "t", NOW, keep)))


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {f"{o.step.what} {o.step.name}": o.state for o in outcomes}


def with_alerts_mapping(client: Answers) -> None:
    """The server gives the alert index its template's mapping."""
    mapping = alerts_template("t", client.flattened)["template"]["mappings"]
    client.answers[f"GET /{ALERTS}/_mapping"] = {ALERTS: {"mappings": mapping}}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_is_made_and_a_second_time_all_is_there(kind: Kind) -> None:
    client = Answers(kind)
    first = states(run(client, YEAR))
    assert set(first.values()) == {"created"}
    assert set(first) >= {
        "policy vedette-alerts-t",
        "template logs-vedette.alerts-t",
        f"index {ALERTS}",
        "index vedette-state-t",
        "index vedette-dead-letter-t",
        "index vedette-ledger-t",
        "index vedette-actions-t",
        "index vedette-incidents-t",
        "template vedette-actions-t",
    }
    with_alerts_mapping(client)
    client.sent.clear()
    assert set(states(run(client, YEAR)).values()) == {"there"}
    assert {method for method, *_ in client.sent} == {"GET"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_without_lifecycles_is_told_once_and_the_rest_is_made(kind: Kind) -> None:
    client = Answers(kind)
    for api in ("_ilm/policy", "_plugins/_ism/policies"):
        client.answers[f"GET /{api}/vedette-alerts-t"] = NO_HANDLER
    found = run(client, YEAR)
    assert [o.state for o in found] == ["unavailable", *["created"] * 9]
    assert "has no I" in found[0].detail
    assert not any("component" in path for _, path, _ in client.sent)


def test_without_a_time_to_keep_no_policy_is_asked_for() -> None:
    client = Answers()
    assert "policy" not in {o.step.what for o in run(client)}
    assert not any("_ilm" in path for _, path, _ in client.sent)


def test_a_template_that_differs_is_put_again_and_the_difference_told() -> None:
    client = Answers()
    run(client)
    held = alerts_template("t", "flattened")
    held["priority"] = 7
    del held["template"]["mappings"]["properties"]["message"]
    client.answers["GET /_index_template/logs-vedette.alerts-t"] = {
        "index_templates": [{"index_template": held}]
    }
    with_alerts_mapping(client)
    changed = next(o for o in run(client) if o.step.what == "template")
    assert changed.state == "changed"
    assert "priority is 7, not 500" in changed.detail
    assert "message.type is missing" in changed.detail
    assert set(states(run(client)).values()) == {"there"}


def test_a_field_that_an_index_lacks_is_added_and_one_of_another_type_is_left() -> None:
    client = Answers()
    run(client)
    with_alerts_mapping(client)
    mapping = client.answers["GET /vedette-state-t/_mapping"]["vedette-state-t"]["mappings"]
    less = {**mapping, "properties": {k: v for k, v in mapping["properties"].items() if k > "c"}}
    client.answers["GET /vedette-state-t/_mapping"] = {"vedette-state-t": {"mappings": less}}
    assert states(run(client))["index vedette-state-t"] == "changed"
    assert ("PUT", "/vedette-state-t/_mapping", mapping) in client.sent
    wrong = {**mapping, "properties": {**mapping["properties"], "source": {"type": "text"}}}
    client.answers["GET /vedette-state-t/_mapping"] = {"vedette-state-t": {"mappings": wrong}}
    client.sent.clear()
    outcome = next(o for o in run(client) if o.step.name == "vedette-state-t")
    assert outcome.state == "differs"
    assert "properties.source.type is text, not keyword" in outcome.detail
    assert not any(method == "PUT" for method, *_ in client.sent)


def test_a_changed_ism_policy_names_the_version_that_it_replaces() -> None:
    client = Answers("opensearch")
    run(client, YEAR)
    with_alerts_mapping(client)
    path = "/_plugins/_ism/policies/vedette-alerts-t"
    client.sent.clear()
    assert states(run(client, 2 * YEAR))["policy vedette-alerts-t"] == "changed"
    assert ("PUT", path, {"if_seq_no": 4, "if_primary_term": 2}) in client.sent


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_keeps_an_index_a_month_longer_than_its_alerts(kind: Kind) -> None:
    assert "'396d'" in str(policy(kind, "t", YEAR))
    assert "'32d'" in str(policy(kind, "t", timedelta(hours=1)))


def test_a_refusal_says_what_could_not_be_made() -> None:
    client = Answers()
    path = "/_index_template/logs-vedette.alerts-t"
    client.answers[f"PUT {path}"] = refusal(403, "security_exception", "not allowed")
    with pytest.raises(SinkError, match=r"the template 'logs-vedette\.alerts-t'.*403"):
        run(client)


def test_a_namespace_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError):
        steps("elasticsearch", "No Namespace", NOW, None)


@pytest.mark.parametrize(
    ("wanted", "held", "found"),
    [
        ({"a": 1, "b": True}, {"a": "1", "b": "true", "c": 2}, []),
        ({"a": {"type": "object", "properties": {"b": {"type": "date"}}}},
         {"a": {"properties": {"b": {"type": "date"}}}}, []),
        ({"a": {"b": 1}}, {"a": {}}, ["a.b is missing"]),
        ({"a": ["x", "y"]}, {"a": ["x"]}, ["a is x, not x, y"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b is 2, not 1"]),
        ({"a": {}}, {}, ["a is missing"]),
    ],
)  # fmt: skip
def test_a_difference_is_what_is_wanted_and_not_there(
    wanted: Any, held: Any, found: list[str]
) -> None:
    assert differences(wanted, held) == found
