"""Zircolite, a peer in Python: it puts all events into SQLite and asks each rule as a query."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson

from tests.bench.corpus import Lines
from tests.bench.peers import Peer, timed

# The sources that SigmaHQ's rules for Windows are written for, in the order that Zircolite's own
# documentation gives: Sysmon's event numbers first, then the channels.
PIPELINES = ("--pipeline", "sysmon", "--pipeline", "windows-logsources")

# One process that draws no progress, so that processor seconds are those of its work.
ALONE = ("--quiet", "--no-parallel")
# As quick as it goes: no index of channels. With one, as it comes, SQLite takes it before that of
# event numbers and reads nearly all Sysmon events for each rule.
FASTEST = ("--remove-index", "idx_channel")


def zircolite(rules: Path, lines: Lines, options: Sequence[str] = FASTEST) -> Peer | None:
    """Zircolite with its best options or others, where VEDETTE_ZIRCOLITE names its zircolite.py.

    VEDETTE_ZIRCOLITE_PYTHON names the interpreter that has its requirements. It is slow:
    converting the rules takes half a minute, 20,000 events some ten seconds more.
    """
    named = os.environ.get("VEDETTE_ZIRCOLITE")
    if not named:
        return None
    program = Path(named).resolve()
    python = os.environ.get("VEDETTE_ZIRCOLITE_PYTHON", sys.executable)
    command = [python, str(program), "--config", str(program.parent / "config" / "config.yaml")]
    with tempfile.TemporaryDirectory() as folder:
        events, one = Path(folder) / "events.ndjson", Path(folder) / "one.ndjson"
        with events.open("wb") as file:
            file.writelines(_provided(line) + b"\n" for line in lines)
        one.write_bytes(_provided(next(iter(lines))) + b"\n")
        command += ["--jsonl", *ALONE, *options, "--outfile", "found.json", "--events"]
        native = ["--ruleset", str(rules.resolve()), *PIPELINES, "--save-ruleset"]
        convert, _ = timed([*command, str(one), *native], folder)
        # Its own saved form of the rules starts in two seconds, so that what is taken off the
        # whole is small beside it.
        (saved,) = Path(folder).glob("ruleset-*.json")
        load, _ = timed([*command, str(one), "--ruleset", str(saved)], folder)
        whole, _ = timed([*command, str(events), "--ruleset", str(saved)], folder)
        found = orjson.loads((Path(folder) / "found.json").read_bytes())
        name = f"Zircolite {_version([python, str(program)], folder)}"
    return Peer(name, len(lines), whole - load, convert, sum(rule["count"] for rule in found))


def _version(command: list[str], folder: str) -> str:
    told = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, check=True, cwd=folder
    )
    found = re.search(r"v(\d+(?:\.\d+)+)", told.stdout + told.stderr)
    return found[1] if found else "of unknown version"


def _provided(line: bytes) -> bytes:
    """An event with its provider, as rsigma is given it.

    Under Winlogbeat's name for it: Zircolite knows that one for what rules call Provider_Name,
    and drops the underscore from that name itself.
    """
    document = orjson.loads(line)
    document["winlog.provider_name"] = document.get("Provider_Name", document.get("SourceName"))
    return orjson.dumps(document)
