"""`vedette run`, `gaps`, `backfill` and `replay` as a user calls them, on real servers."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.search.names import ALERTS, DEAD_LETTER
from connectors.search.template import dead_letter_index
from tests.live.fixtures import Cluster
from tests.live.helpers import found, put
from tests.vedette.cli.command import WHOAMI, Answer, vedette

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _process() -> Iterator[None]:
    """What a run changes of its process is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, handler in signals.items():
        signal.signal(number, handler)


@pytest.fixture
def home(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configured folder; the source begins two hours ago."""
    monkeypatch.chdir(tmp_path)
    Path("rule.yml").write_text(WHOAMI)
    Path("vedette.yml").write_text(f"""\
namespace: {cluster.namespace}
rules: {{paths: [rule.yml], cache: false}}
state: {{dir: state}}
cluster: {{hosts: ["{cluster.url}"], kind: {cluster.kind}}}
sources:
  - {{type: search, name: logs, index: {cluster.prefix}-*, start: 2h, refresh_lag: 1s}}
""")
    return tmp_path


def whoami(ago: timedelta) -> dict[str, Any]:
    return {
        "@timestamp": (datetime.now(UTC) - ago).isoformat(),
        "event": {"category": "process", "type": "start"},
        "process": {"executable": r"C:\Windows\System32\whoami.exe"},
        "host": {"os": {"type": "windows"}},
        "winlog": {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1},
    }


def events_alerted(cluster: Cluster) -> list[str]:
    hits = found(cluster.client, f"{ALERTS}{cluster.namespace}", {"match_all": {}})
    return sorted(
        hit["_source"]["vedette"]["alert"]["ancestors"][0]["id"].rsplit("/")[-1] for hit in hits
    )


def ok(*arguments: str) -> Answer:
    answer = vedette(*arguments)
    assert answer.code == 0, answer.err
    return answer


def test_the_past_is_evaluated_once_more_without_moving_a_checkpoint(
    cluster: Cluster, home: Path
) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"new": whoami(timedelta(minutes=1))})
    put(cluster.client, index, {"old": whoami(timedelta(hours=5))})
    ok("run", "--until-idle")
    assert events_alerted(cluster) == ["new"]
    before = found(cluster.client, f"vedette-state-{cluster.namespace}", {"match_all": {}})
    window = ("--from", (datetime.now(UTC) - timedelta(hours=6)).isoformat(),
              "--to", datetime.now(UTC).isoformat())  # fmt: skip
    assert "2 events" in ok("backfill", *window).err
    assert events_alerted(cluster) == ["new", "old"]
    assert "0 new, 2 already there" in ok("backfill", *window).err
    after = found(cluster.client, f"vedette-state-{cluster.namespace}", {"match_all": {}})
    assert before == after
    kinds = [json.loads(line)["kind"] for line in ok("gaps", "-o", "ndjson").out.splitlines()]
    assert sorted(kinds) == ["backfill", "backfill", "skipped-start"]


def test_a_gap_is_filled_by_the_next_run(cluster: Cluster, home: Path) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"new": whoami(timedelta(minutes=1))})
    put(cluster.client, index, {"old": whoami(timedelta(minutes=30))})
    config = Path("vedette.yml")
    config.write_text(config.read_text().replace("start: 2h", "start: 2h, max_lateness: 2m"))
    ok("run", "--until-idle")
    put(cluster.client, index, {"late": whoami(timedelta(minutes=45))})
    ok("run", "--until-idle")
    ok("run", "--until-idle")
    assert events_alerted(cluster) == ["late", "new", "old"]
    assert vedette("gaps", "--open").out == ""
    (gap,) = [json.loads(line) for line in ok("gaps", "--filled").out.splitlines()]
    assert (gap["kind"], gap["count"]) == ("too-late", 1)


def test_a_dead_letter_is_written_anew(cluster: Cluster, home: Path) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"new": whoami(timedelta(minutes=1))})
    ok("run", "--until-idle")
    (hit,) = found(cluster.client, f"{ALERTS}{cluster.namespace}", {"match_all": {}})
    letter = {
        "@timestamp": "2026-01-01T00:00:00+00:00",
        "alert_id": "another",
        "error": "because",
        "document": json.dumps(hit["_source"]),
    }
    letters = f"{DEAD_LETTER}{cluster.namespace}"
    cluster.client.create_index(letters, dead_letter_index())
    cluster.client.index(letters, "another", letter, create=True)
    (row,) = json.loads(ok("replay", "-o", "json").out)
    assert (row["id"], row["state"], row["rule"]) == ("another", "open", "Whoami Was Run")
    (row,) = json.loads(ok("replay", "--all", "-o", "json").out)
    assert (row["state"], row["outcome"]) == ("filled", "written anew")
    hits = found(cluster.client, f"{ALERTS}{cluster.namespace}", {"match_all": {}})
    assert {one["_id"] for one in hits} == {hit["_id"], "another"}
    assert {one["_index"] for one in hits} == {hit["_index"]}
    assert ok("replay", "--all", "-o", "ndjson").out == ""
