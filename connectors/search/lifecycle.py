"""Having the server delete old alert indices: ILM on Elasticsearch, ISM on OpenSearch.

A plain server has neither; that is told and is no failure. A policy counts from the making of an
index, and an index holds a month of alerts, so a month is added to what is to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.search.names import alerts_alias
from connectors.search.port import Kind

MONTH = timedelta(days=31)

NO_SUCH_API = frozenset({400, 405, 501})
"""Statuses with which a server answers for an API that it does not have."""


def policy_name(namespace: str) -> str:
    """The name of the policy on both servers."""
    return f"vedette-alerts-{namespace}"


def policy_path(kind: Kind, namespace: str) -> str:
    """Where the policy lies."""
    api = "_ilm/policy" if kind == "elasticsearch" else "_plugins/_ism/policies"
    return f"/{api}/{policy_name(namespace)}"


def policy(kind: Kind, namespace: str, keep: timedelta) -> dict[str, Any]:
    """The policy that deletes an index once its newest alert is older than `keep`."""
    age = f"{-(-(keep + MONTH) // timedelta(days=1))}d"
    if kind == "elasticsearch":
        delete = {"min_age": age, "actions": {"delete": {}}}
        return {"policy": {"phases": {"hot": {"actions": {}}, "delete": delete}}}
    aged = {"state_name": "deleted", "conditions": {"min_index_age": age}}
    patterns = [f"{alerts_alias(namespace)}-*"]
    return {
        "policy": {
            "description": "Vedette's alerts",
            "default_state": "kept",
            "states": [
                {"name": "kept", "actions": [], "transitions": [aged]},
                {"name": "deleted", "actions": [{"delete": {}}], "transitions": []},
            ],
            "ism_template": [{"index_patterns": patterns, "priority": 100}],
        }
    }


def held(kind: Kind, namespace: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The policy in a server's answer, in the form in which it was put."""
    if kind == "elasticsearch":
        inner = answer.get(policy_name(namespace))
        found = inner.get("policy") if isinstance(inner, Mapping) else None
    else:
        found = answer.get("policy")
    return {"policy": found} if isinstance(found, Mapping) else {}


def versions(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a change of an ISM policy has to name of the one it replaces."""
    return {"if_seq_no": answer.get("_seq_no"), "if_primary_term": answer.get("_primary_term")}


def lifecycle_component(namespace: str) -> dict[str, Any]:
    """The component template that puts new alert indices under the policy (Elasticsearch)."""
    settings = {"index": {"lifecycle": {"name": policy_name(namespace)}}}
    return {"template": {"settings": settings}, "_meta": {"managed_by": "vedette"}}
