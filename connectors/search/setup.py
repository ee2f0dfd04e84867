"""What Vedette keeps in a cluster, made ready beforehand; each step may be repeated.

A run makes most of it by itself where it is allowed to. Where it is not, somebody who is does
`vedette setup` once, and the run's role stays small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from connectors.search import lifecycle
from connectors.search.client import part
from connectors.search.differences import brief, differences
from connectors.search.names import (
    ACTIONS,
    DEAD_LETTER,
    INCIDENTS,
    LEASES,
    LEDGER,
    STATE,
    alerts_alias,
    alerts_index,
    checked_namespace,
)
from connectors.search.port import Kind, RequestError, SearchClient
from connectors.search.retry import Retry, told_as
from connectors.search.template import (
    actions_template,
    alerts_template,
    dead_letter_index,
    incidents_index,
    leases_index,
    ledger_index,
    lifecycle_name,
    state_index,
)
from engine.errors import SinkError

State = Literal["created", "there", "changed", "differs", "unavailable"]

FLATTENED = {"elasticsearch": "flattened", "opensearch": "flat_object"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to have in the cluster: a `PUT` of `body` at `path` makes it.

    `what` is policy, template, component or index. An index is never put over one that is there:
    what its mapping lacks is added to it.
    """

    what: str
    name: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step; `detail` says what differed, or why it was left."""

    step: Step
    state: State
    detail: str = ""


def steps(kind: Kind, namespace: str, now: datetime, keep: timedelta | None) -> list[Step]:
    """All that a namespace needs, in the order in which it is to be made."""
    alias = alerts_alias(checked_namespace(namespace))
    found = []
    if keep:
        path = lifecycle.policy_path(kind, namespace)
        name = lifecycle.policy_name(namespace)
        found.append(Step("policy", name, path, lifecycle.policy(kind, namespace, keep)))
        if kind == "elasticsearch":
            name = lifecycle_name(namespace)
            body = lifecycle.lifecycle_component(namespace)
            found.append(Step("component", name, f"/_component_template/{part(name)}", body))
    template = alerts_template(namespace, FLATTENED[kind])
    found.append(Step("template", alias, f"/_index_template/{part(alias)}", template))
    actions = ACTIONS + namespace
    held = actions_template(actions)
    found.append(Step("template", actions, f"/_index_template/{part(actions)}", held))
    own = {
        alerts_index(namespace, now, now): {},
        STATE + namespace: state_index(),
        LEASES + namespace: leases_index(),
        DEAD_LETTER + namespace: dead_letter_index(),
        LEDGER + namespace: ledger_index(),
        actions: held["template"],
        INCIDENTS + namespace: incidents_index(),
    }
    found.extend(Step("index", name, f"/{part(name)}", body) for name, body in own.items())
    return found


@dataclass(slots=True)
class Setup:
    """Makes what is missing in a cluster. Raises `SinkError`."""

    client: SearchClient
    namespace: str
    retry: Retry = field(default_factory=Retry)

    def run(self, wanted: Sequence[Step]) -> Iterator[Outcome]:
        """Do each step and say what came of it; a component without its policy is left out."""
        policies = True
        for step in wanted:
            if step.what == "component" and not policies:
                continue
            with told_as(SinkError, f"cannot make the {step.what} {step.name!r}"):
                outcome = self.do(step)
            policies = policies and outcome.state != "unavailable"
            yield outcome

    def do(self, step: Step) -> Outcome:
        """Make one thing, unless it is there as it should be. Raises `RequestError`."""
        if step.what == "index":
            return self._index(step)
        held = self._held(step)
        if isinstance(held, str):
            return Outcome(step, "unavailable", held)
        found = differences(step.body, self._inner(step, held)) if held else []
        if held and not found:
            return Outcome(step, "there")
        params = {}
        if held and step.what == "policy" and self.client.kind == "opensearch":
            params = lifecycle.versions(held)
        self._send("PUT", step.path, step.body, params)
        return Outcome(step, "changed" if held else "created", brief(found))

    def _held(self, step: Step) -> Mapping[str, Any] | str | None:
        """What the server has there: None when nothing, a text when it has no such API."""
        try:
            answer: Mapping[str, Any] = self._send("GET", step.path)
        except RequestError as error:
            if error.status == 404:
                return None
            if step.what == "policy" and error.status in lifecycle.NO_SUCH_API:
                plugin = "ILM" if self.client.kind == "elasticsearch" else "ISM plugin"
                return f"this server has no {plugin}: old alert indices are yours to delete"
            raise
        return answer

    def _inner(self, step: Step, held: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was put, within the answer that tells of it."""
        if step.what == "policy":
            return lifecycle.held(self.client.kind, self.namespace, held)
        many, one = {
            "template": ("index_templates", "index_template"),
            "component": ("component_templates", "component_template"),
        }[step.what]
        listed = held.get(many) or [{}]
        inner: Mapping[str, Any] = listed[0].get(one) or {}
        return inner

    def _index(self, step: Step) -> Outcome:
        if self.retry.call(lambda: self.client.create_index(step.name, step.body)):
            return Outcome(step, "created")
        wanted = step.body.get("mappings") or self._alerts_mapping()
        held: dict[str, Any] = {}
        for each in self._send("GET", f"{step.path}/_mapping").values():
            held = each.get("mappings") or {}
        found = differences(wanted, held)
        if not found:
            return Outcome(step, "there")
        if any("is missing" not in text for text in found):
            return Outcome(step, "differs", brief(found))
        self._send("PUT", f"{step.path}/_mapping", wanted)
        return Outcome(step, "changed", brief(found))

    def _alerts_mapping(self) -> Mapping[str, Any]:
        made = alerts_template(self.namespace, self.client.flattened)
        mapping: Mapping[str, Any] = made["template"]["mappings"]
        return mapping

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        return self.retry.call(lambda: self.client.send(method, path, body, params))
