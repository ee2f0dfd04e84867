"""No alert is lost or doubled when a process is killed, or when two write at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from connectors.sqlite import SqliteStore
from connectors.sqlite.schema import VERSION

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("pipeline.py")


def start(path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(path), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> int:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return int(output.split()[-1])


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_killed_between_write_and_commit_nothing_is_lost_or_doubled(path: Path, steps: int) -> None:
    """Steps 1 and 3 are before a write, 2 and 4 between a write and its commit."""
    process = start(path, "0", "30", "hold")
    assert process.stdin is not None
    assert process.stdout is not None
    words = []
    for _ in range(steps):
        words.append(process.stdout.readline().strip())
        if len(words) < steps:
            process.stdin.write("\n")
            process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert words == ["write", "commit"] * (steps // 2) + ["write"] * (steps % 2)

    store = SqliteStore(path)
    before = len(list(store.alerts()))
    checkpoint = store.state.load("s")
    assert before == 10 * (steps // 2)
    assert (checkpoint or {"next": 0})["next"] == 10 * ((steps - 1) // 2)
    assert finish(start(path, "0", "30")) == 30 - before
    assert sorted(row["n"] for row in store.alerts()) == list(range(30))
    assert store.state.load("s") == {"next": 30}
    assert store.state.occurrences("s", ["h0", "h10", "h20"]) == {"h0": 1, "h10": 1, "h20": 1}
    store.close()


def test_killed_at_any_moment_the_checkpoint_covers_only_stored_alerts(path: Path) -> None:
    killed = 0
    for wait in (0.0, 0.05, 0.1, 0.2):
        process = start(path, "0", "20000")
        deadline = time.monotonic() + 30
        # Killed some time after it began to write, at whatever it is just doing.
        size = _size(path)
        while process.poll() is None and _size(path) == size and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        store = SqliteStore(path)
        covered = (store.state.load("s") or {"next": 0})["next"]
        stored = sorted(row["n"] for row in store.alerts())
        assert stored == list(range(len(stored)))
        assert covered <= len(stored) <= covered + 10
        store.close()
    assert killed
    assert stored


def _size(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def test_two_processes_that_write_the_same_ids_store_each_once(path: Path) -> None:
    both = [start(path, "0", "500"), start(path, "0", "500")]
    assert sum(finish(process) for process in both) == 500
    store = SqliteStore(path)
    assert sorted(row["n"] for row in store.alerts()) == list(range(500))
    store.close()


def test_many_processes_may_create_the_file_at_once(path: Path) -> None:
    created = [finish(process) for process in [start(path, "0", "10") for _ in range(6)]]
    assert sum(created) == 10
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT version FROM vedette_schema").fetchall() == [(VERSION,)]
    connection.close()
