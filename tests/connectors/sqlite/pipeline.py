"""A small pipeline in a process of its own, for the tests that kill it.

Usage: pipeline.py DATABASE FIRST LAST [hold]. Writes alerts FIRST…LAST-1 in batches of 10, each
followed by its checkpoint; with `hold` it prints a word before every step and waits for a line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from connectors.sqlite import SqliteStore
from engine.ports import Alert

path, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
hold = sys.argv[4:] == ["hold"]


def step(word: str) -> None:
    if hold:
        print(word, flush=True)
        sys.stdin.readline()


store = SqliteStore(path)
checkpoint = store.state.load("s")
created = 0
for start in range(checkpoint["next"] if checkpoint else first, last, 10):
    step("write")
    alerts = [Alert(f"{n}", None, {"n": n}) for n in range(start, min(start + 10, last))]
    created += store.sink.write(alerts).created
    step("commit")
    store.state.commit("s", {"next": start + 10}, {f"h{start}": 1})
print(f"created {created}", flush=True)
store.close()
