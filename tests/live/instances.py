"""Real `vedette run` processes that share one namespace of a real server, and what they wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.search import ClusterLeases, SearchClient, codec
from tests.conftest import ROOT

PATIENCE = 240.0
"""Seconds after which something that must happen counts as not happening."""

RULE = """\
title: Whoami
id: 11111111-1111-4111-8111-111111111111
name: whoami
status: test
level: high
logsource: {category: process_creation, product: windows}
detection:
  run: {Image|endswith: '\\whoami.exe'}
  condition: run
"""

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
    image = "whoami.exe" if number % 3 == 0 else "cmd.exe"
    return {
        "@timestamp": 1_767_225_600_000 + number * 10_000,
        "number": number,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Computer": f"WS{number % 7}",
        "Image": f"C:\\Windows\\System32\\{image}",
    }


def fill(client: SearchClient, index: str, events: int, first: int = 0) -> None:
    """Put events of these numbers into an index, findable at once."""
    properties = {"@timestamp": {"type": "date"}}
    if not first:
        client.create_index(index, {"mappings": {"dynamic": False, "properties": properties}})
    for start in range(first, first + events, 2000):
        lines = []
        for number in range(start, min(first + events, start + 2000)):
            lines.append(codec.dumps({"create": {"_index": index, "_id": f"{number}"}}))
            lines.append(codec.dumps(event(number)))
        answer = client.bulk(b"\n".join(lines) + b"\n")
        assert not answer["errors"], answer
    client.refresh(index)


def until(held: Callable[[], Any], what: str) -> float:
    """Wait for something that must happen; gives the seconds that it took."""
    began = time.monotonic()
    while not held():
        assert time.monotonic() < began + PATIENCE, f"it does not happen: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


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
        (rules / "whoami.yml").write_text(RULE)
        (rules / "again.yml").write_text(CORRELATION)
        settings = {
            "namespace": namespace,
            "rules": {"paths": [str(rules)], "cache": False},
            "cluster": {"kind": client.kind, "hosts": [url]},
            "instances": {"ttl": ttl},
            "sources": [
                {"type": "search", "name": "events", "index": index, "start": "all",
                 "page_size": page_size, "refresh_lag": "0s", "interval": "500ms"}
            ],
        }  # fmt: skip
        self.config = folder / "vedette.yml"
        self.config.write_text(json.dumps(settings))  # JSON is YAML

    def start(self, *arguments: str) -> Instance:
        """One more instance."""
        self.started += 1
        made = Instance(self.config, self.folder / f"log{self.started}", arguments)
        self.running.append(made)
        return made

    def owner(self) -> Instance | None:
        """Who has the pipeline's lease, by the board."""
        lease = self.leases.all().leases.get("pipeline main")
        return next((i for i in self.running if lease and i.is_(lease.owner)), None)

    def alerts(self) -> Counter[Key]:
        """What is behind the alias."""
        alias = f"logs-vedette.alerts-{self.namespace}"
        found: Counter[Key] = Counter()
        if not self.client.exists(alias):
            return found
        self.client.refresh(alias)
        body: dict[str, Any] = {"size": 2000, "sort": [{"vedette.alert.id": "asc"}]}
        while hits := self.client.search(body, alias)["hits"]["hits"]:
            found.update(key(hit["_source"]) for hit in hits)
            body["search_after"] = hits[-1]["sort"]
        return found

    def count(self) -> int:
        """How many alerts there are now."""
        alias = f"logs-vedette.alerts-{self.namespace}"
        if not self.client.exists(alias):
            return 0
        self.client.refresh(alias)
        return self.client.count(alias, {"match_all": {}})

    def stop(self) -> None:
        """End every instance that is left."""
        for instance in self.running:
            instance.kill()


class Instance:
    """A `vedette run` in a process of its own; its log is in a file."""

    def __init__(self, config: Path, log: Path, arguments: tuple[str, ...]) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VEDETTE_")}
        self._log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vedette", "run", "-c", str(config), *arguments],
                stderr=file,
                stdout=file,
                cwd=ROOT,
                env={**environment, "PYTHONPATH": str(ROOT)},
            )

    def is_(self, owner: str | None) -> bool:
        """Whether an owner's name is this process's."""
        return owner is not None and owner.rsplit("-", 2)[1] == str(self.process.pid)

    @property
    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


def key(alert: dict[str, Any]) -> Key:
    """What makes an alert this one and no other."""
    events = alert["vedette"]["alert"]["source_events"]
    return alert["rule"]["uuid"], tuple(sorted(event["number"] for event in events))
