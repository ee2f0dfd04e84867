"""A run goes on while its rules change: live within two seconds, and no event is lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.engine.helpers import rule, write_rules
from vedette import ROOT

LIVE = 2.0
"""Seconds within which a change must be live: the median of some, for others use the machine."""

SETTINGS = """\
rules: {{paths: [rules]{more}}}
state: {{dir: state}}
sources: [{{type: folder, name: inbox, path: inbox, interval: {interval}}}]
"""


class Run:
    """A `vedette run` over a folder of rules and a folder of events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = 0
        for name in ("rules", "inbox"):
            (folder / name).mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, interval: str = "200ms", more: str = "") -> None:
        config = self.folder / "v.yml"
        config.write_text(SETTINGS.format(interval=interval, more=more))
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vedette", "run", "-c", str(config)],
                cwd=self.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=log,
            )  # fmt: skip
        self.until(lambda: "alerts go to" in self.log, 300)
        time.sleep(0.5)  # and the first look

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def until(self, true: Callable[[], bool], seconds: float = 60.0) -> float:
        """Wait for something; how long it took. Fails when the run ends, or it does not come."""
        began = time.monotonic()
        while not true():
            assert self.process.poll() is None, self.log
            assert time.monotonic() - began < seconds, self.log
            time.sleep(0.02)
        return time.monotonic() - began

    def put(self, name: str, *documents: Any) -> None:
        """Write a rule file as editors do: aside, then into its place."""
        write_rules(self.folder, *documents, name="aside")
        (self.folder / "aside").replace(self.folder / "rules" / name)

    def send(self, kind: str) -> None:
        event = {"logsource.product": "any", "kind": kind, "number": self.sent, "sent": time.time()}
        self.sent += 1
        with (self.folder / "inbox" / "events.ndjson").open("a") as file:
            file.write(json.dumps(event) + "\n")

    def alerts(self) -> list[tuple[str, dict[str, Any]]]:
        """The rule's title and the event of each alert."""
        path = self.folder / "state" / "vedette.sqlite"
        if not path.exists():
            return []
        with sqlite3.connect(path) as base:
            rows = base.execute("SELECT rule_name, document FROM alerts").fetchall()
        found = []
        for name, text in rows:
            (event,) = json.loads(text)["vedette"]["alert"]["source_events"]
            found.append((name, event.get("document", event)))
        return found

    def numbers(self, title: str) -> list[int]:
        return sorted(event["number"] for name, event in self.alerts() if name == title)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(30) == 0, self.log


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.stop()


def asks(title: str, kind: str, **more: Any) -> dict[str, Any]:
    return rule(title, detection={"s": {"kind": kind}, "condition": "s"}, **more)


EVERY = rule("Every event", detection={"s": {"number|exists": True}, "condition": "s"})


def adopted(run: Run, times: int) -> bool:
    """Whether changed rules were adopted so many times."""
    return run.log.count("live from now on") >= times


def reached(run: Run, title: str, count: int) -> bool:
    return len(run.numbers(title)) >= count


def test_a_changed_rule_is_live_in_two_seconds_and_every_event_is_evaluated_once(run: Run) -> None:
    run.put("every.yml", EVERY)
    run.put("kind.yml", asks("Kind", "v0"))
    run.start()
    done = threading.Event()
    turn = 0

    def feed() -> None:
        while not done.wait(0.02):
            run.send(f"v{turn}")

    feeder = threading.Thread(target=feed)
    feeder.start()
    lags = []
    try:
        for turn in range(1, 5):
            changed = time.time()
            run.put("kind.yml", asks(f"Kind {turn}", f"v{turn}"))
            run.until(partial(reached, run, f"Kind {turn}", 4))
            first = min(e["sent"] for name, e in run.alerts() if name == f"Kind {turn}")
            lags.append(first - changed)
    finally:
        done.set()
        feeder.join()
    run.until(lambda: len(run.numbers("Every event")) >= run.sent)
    assert run.numbers("Every event") == list(range(run.sent))
    assert median(lags) < LIVE, lags
    assert run.log.count("live from now on") == 4


def test_a_change_is_live_in_two_seconds_however_long_the_source_waits(run: Run) -> None:
    run.put("kind.yml", asks("Kind", "a"))
    run.start(interval="60s")
    lags = []
    for turn in range(1, 6):
        run.put("kind.yml", asks("Kind", f"v{turn}"))
        lags.append(run.until(partial(adopted, run, turn)))
    assert median(lags) < LIVE, lags


def test_a_thousand_rules_one_of_them_wrong(run: Run) -> None:
    for number in range(1000):
        run.put(f"{number:03}.yml", asks(f"Rule {number}", f"k{number}"))
    run.start()
    run.put("500.yml", asks("Rule 500", "k500", level="hihg"))
    run.put("501.yml", asks("Rule 501, changed", "changed"))
    run.until(lambda: "1,000 live from now on, 1 of them as they were before, 1 refused" in run.log)
    for kind in ("k0", "k499", "k500", "changed", "k501", "k999"):
        run.send(kind)
    run.until(lambda: len(run.alerts()) >= 5)
    titles = {name for name, _ in run.alerts()}
    assert titles == {"Rule 0", "Rule 499", "Rule 500", "Rule 501, changed", "Rule 999"}
    assert "rules/500.yml:" in run.log
    assert "did you mean 'high'?" in run.log
    turns = run.log.count("live from now on")
    lags = []
    for turn in range(1, 4):
        run.put("500.yml", asks(f"Rule 500, right again {turn}", "k500"))
        lags.append(run.until(partial(adopted, run, turns + turn)))
    assert median(lags) < LIVE, lags
    assert run.log.endswith("rules: 1,000 live from now on\n")
    run.send("k500")
    run.until(lambda: "Rule 500, right again 3" in {name for name, _ in run.alerts()})


def test_a_file_that_comes_and_goes_does_so_with_its_rules(run: Run) -> None:
    run.put("every.yml", EVERY)
    run.start()
    run.put("kind.yml", asks("Kind", "a"))
    run.until(partial(adopted, run, 1))
    run.send("a")
    run.until(lambda: len(run.alerts()) == 2)
    (run.folder / "rules" / "kind.yml").unlink()
    run.until(partial(adopted, run, 2))
    run.send("a")
    run.until(lambda: len(run.numbers("Every event")) == 2)
    assert run.numbers("Kind") == [0]


def test_switched_off_a_hangup_asks_for_a_look_at_once(run: Run) -> None:
    run.put("kind.yml", asks("Kind", "a"))
    run.start(interval="60s", more=", reload: off")
    run.put("kind.yml", asks("Kind", "b"))
    time.sleep(2.5)
    assert "live from now on" not in run.log
    run.process.send_signal(signal.SIGHUP)
    run.until(partial(adopted, run, 1))
    run.process.send_signal(signal.SIGHUP)
    run.until(lambda: "looked at again, and nothing has changed" in run.log)


def test_correlations_go_on_over_a_change_of_other_rules(run: Run) -> None:
    run.put("base.yml", asks("Base", "a", name="base"))
    count = {"type": "event_count", "rules": ["base"], "timespan": "1h", "condition": {"gte": 3}}
    run.put("many.yml", {"title": "Many", "correlation": count})
    run.put("every.yml", EVERY)
    run.start()
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1200))
    late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def send(kind: str, at: str) -> None:
        event = {"logsource.product": "any", "kind": kind, "number": run.sent, "@timestamp": at}
        run.sent += 1
        with (run.folder / "inbox" / "events.ndjson").open("a") as file:
            file.write(json.dumps(event) + "\n")

    for _ in range(2):
        send("a", now)
    run.until(lambda: len(run.alerts()) == 2)
    run.put("other.yml", asks("Other", "o"))
    run.until(partial(adopted, run, 1))
    send("a", now)
    send("b", late)  # so much later that what was before is certain

    def found() -> bool:
        with sqlite3.connect(run.folder / "state" / "vedette.sqlite") as base:
            rows = base.execute("SELECT count(*) FROM alerts WHERE rule_name = 'Many'").fetchone()
        return bool(rows[0] == 1)

    run.until(found)
