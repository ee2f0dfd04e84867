"""One rule, events that it is about or not, and what is stored of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from connectors.search import SearchClient
from connectors.search.names import ALERTS
from connectors.search.port import RequestError
from engine.ports import Document

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

Key = TypeVar("Key")

SHARDS = 100
"""How often shards that have not answered are asked again, a tenth of a second later."""


def event(number: int, at: int, *, matches: bool, **fields: Any) -> dict[str, Any]:
    """An event with a number, at a time (epoch ms)."""
    image = "whoami.exe" if matches else "cmd.exe"
    return {
        "@timestamp": at,
        "number": number,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        **fields,
        "Image": f"C:\\Windows\\System32\\{image}",
    }


def alerts(client: SearchClient, namespace: str, key: Callable[[Document], Key]) -> Counter[Key]:
    """The alerts behind a namespace's alias, by what makes them these and no others."""
    alias = f"{ALERTS}{namespace}"
    found: Counter[Key] = Counter()
    if not client.exists(alias):
        return found
    client.refresh(alias)
    # two copies of one id would be neighbours, and one of them may open the next page
    order: list[Any] = [{"vedette.alert.id": "asc"}, {"_index": "asc"}]
    body: dict[str, Any] = {"size": 2000, "sort": order}
    while hits := client.search(body, alias)["hits"]["hits"]:
        found.update(key(hit["_source"]) for hit in hits)
        body["search_after"] = hits[-1]["sort"]
    return found


def count(client: SearchClient, namespace: str) -> int:
    """How many alerts there are now; it waits for the shards of an index that was just made."""
    alias = f"{ALERTS}{namespace}"
    if not client.exists(alias):
        return 0
    client.refresh(alias)
    for tries in range(SHARDS, -1, -1):
        try:
            return client.count(alias, {"match_all": {}})
        except RequestError as error:
            if error.kind != "partial_count" or not tries:
                raise
            time.sleep(0.1)
    raise AssertionError  # the last try has returned or raised
