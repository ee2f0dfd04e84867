"""Compressed files that grow without end are stopped; what they cost stays small."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from tests.vedette.cli.command import ndjson, process
from vedette import ROOT

MIB = 1 << 20
MEASURED = """
import atexit, sys
def tell():
    # not ru_maxrss, which begins with the size of the process that forked this one
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print("peak", int(peak.split()[1]) // 1024, file=sys.stderr)
atexit.register(tell)
from vedette.cli.main import entry
entry()
"""


@pytest.fixture
def bombs(folder: Path) -> Path:
    """A folder of small files that hold gigabytes, and one event after them all."""
    home = folder / "bombs"
    home.mkdir()
    line = b'{"a": "' + b"A" * (64 * MIB)
    files = {
        "zeros.json.gz": gzip.compress(bytes(64 * MIB), 9) * 40,
        "blank.json.zst": zstandard.compress(b"\n" * (64 * MIB)) * 40,
        "text.json.zst": zstandard.compress(line) + zstandard.compress(line[7:]) * 40,
        "nested.json.zst": zstandard.compress(b"[" * (64 * MIB)) * 10,
        "records.json.zst": zstandard.compress(b'{"Records": [' + b" " * (64 * MIB)) * 10,
        "twice.json.gz": gzip.compress(gzip.compress(bytes(MIB)) * 10),
        "wide.evtx.zst": zstandard.compress(b"ElfFile\0" + bytes(64 * MIB)) * 10,
        "z-good.json": ndjson([process(r"C:\whoami.exe")]),
    }
    for name, data in files.items():
        (home / name).write_bytes(data)
        assert len(data) < 4 * MIB
    return home


def test_bombs_are_counted_by_name_and_memory_stays_bounded(bombs: Path) -> None:
    command = [sys.executable, "-c", MEASURED, "hunt", "bombs", "--rules", "rules"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["rule"]["name"] == "Whoami Was Run"
    *lines, last = answer.stderr.splitlines()
    named = {line.split(": ")[1] for line in lines if line.startswith("compression-bomb: bombs/")}
    assert named == {
        "bombs/blank.json.zst",
        "bombs/nested.json.zst",
        "bombs/records.json.zst",
        "bombs/text.json.zst",
        "bombs/wide.evtx.zst",
        "bombs/zeros.json.gz",
    }
    assert (
        "unknown-format: bombs/twice.json.gz: compressed twice; only one layer is undone" in lines
    )
    assert int(last.removeprefix("peak ")) < 400
