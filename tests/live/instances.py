"""Real `vedette run` processes that share one namespace of a real server, and what they wrote."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from connectors.search import ClusterLeases, SearchClient, codec
from tests.live import whoami
from tests.live.process import Running

CORRELATION = """\
title: Whoami Again And Again
id: 22222222-2222-4222-8222-222222222222
status: test
level: high
correlation:
  type: event_count
  rules: [whoami]
  generate: true
  group-by: [Computer]
  timespan: 30m
  condition: {gte: 4}
"""

Key = tuple[str, tuple[int, ...]]
"""A rule's id and the numbers of the events that an alert shows: what makes it this one."""


def event(number: int) -> dict[str, Any]:
    """Ten seconds apart, on one of seven computers; every third is one that the rule is about."""
    at = 1_767_225_600_000 + number * 10_000
    return whoami.event(number, at, matches=number % 3 == 0, Computer=f"WS{number % 7}")


def fill(client: SearchClient, index: str, events: int, first: int = 0) -> None:
    """Put events of these numbers into an index, findable at once.

    They say when they came in: their own times are long past, and a source that went by those would
    take what comes after a poll for too late.
    """
    properties = {"@timestamp": {"type": "date"}, "ingested": {"type": "date"}}
    if not first:
        client.create_index(index, {"mappings": {"dynamic": False, "properties": properties}})
    for start in range(first, first + events, 2000):
        lines = []
        for number in range(start, min(first + events, start + 2000)):
            lines.append(codec.dumps({"create": {"_index": index, "_id": f"{number}"}}))
            lines.append(codec.dumps({**event(number), "ingested": int(time.time() * 1000)}))
        answer = client.bulk(b"\n".join(lines) + b"\n")
        assert not answer["errors"], answer
    client.refresh(index)


class House:
    """The instances of one namespace."""

    def __init__(
        self, client: SearchClient, url: str, index: str, namespace: str, folder: Path,
        *, ttl: str = "4s", page_size: int = 10,
    ) -> None:  # fmt: skip
        self.client, self.namespace, self.folder = client, namespace, folder
        self.leases = ClusterLeases(client, namespace)
        self.running: list[Instance] = []
        self.started = 0
        rules = folder / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        (rules / "whoami.yml").write_text(whoami.RULE)
        (rules / "again.yml").write_text(CORRELATION)
        settings = {
            "namespace": namespace,
            "rules": {"paths": [str(rules)], "cache": False},
            "cluster": {"kind": client.kind, "hosts": [url]},
            "instances": {"ttl": ttl},
            "sources": [
                {"type": "search", "name": "events", "index": index, "start": "all",
                 "cursor_field": "ingested", "page_size": page_size, "refresh_lag": "0s",
                 "interval": "500ms"}
            ],
        }  # fmt: skip
        self.config = folder / "vedette.yml"
        self.config.write_text(json.dumps(settings))  # JSON is YAML

    def start(self, *arguments: str) -> Instance:
        """One more instance."""
        self.started += 1
        command = ["run", "-c", str(self.config), *arguments]
        made = Instance(command, self.folder / f"log{self.started}")
        self.running.append(made)
        return made

    def owner(self) -> Instance | None:
        """Who has the pipeline's lease, by the board."""
        lease = self.leases.all().leases.get("pipeline main")
        return next((i for i in self.running if lease and i.is_(lease.owner)), None)

    def alerts(self) -> Counter[Key]:
        """What is behind the alias."""
        return whoami.alerts(self.client, self.namespace, key)

    def count(self) -> int:
        """How many alerts there are now."""
        return whoami.count(self.client, self.namespace)

    def stop(self) -> None:
        """End every instance that is left."""
        for instance in self.running:
            instance.kill()


class Instance(Running):
    """A `vedette run` that has a name among the others."""

    def is_(self, owner: str | None) -> bool:
        """Whether an owner's name is this process's."""
        return owner is not None and owner.rsplit("-", 2)[1] == str(self.pid)


def key(alert: dict[str, Any]) -> Key:
    """What makes an alert this one and no other."""
    events = alert["vedette"]["alert"]["source_events"]
    return alert["rule"]["uuid"], tuple(sorted(event["number"] for event in events))
