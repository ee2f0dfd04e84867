"""Peers on the same corpus and rules, when they are installed; nothing of theirs is kept here."""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping

from tests.bench.corpus import Lines


@dataclass(frozen=True)
class Peer:
    """What a peer took: CPU seconds without its loading, and the lines it printed."""

    name: str
    events: int
    seconds: float
    load_seconds: float
    matches: int

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def rsigma(rules: Path, lines: Lines) -> Peer | None:
    """rsigma with its best options: log source routing, over tags added to each event."""
    program = shutil.which("rsigma")
    if program is None:
        return None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    command = [
        program, "engine", "eval", "--rules", str(rules), "--logsource-routing", "--quiet",
        "--output-format", "ndjson", "--event",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        events, none = Path(folder) / "events.ndjson", Path(folder) / "none.ndjson"
        with events.open("wb") as file:
            file.writelines(tagged(line) + b"\n" for line in lines)
        none.write_bytes(b"{}\n")
        load, _ = timed([*command, f"@{none}"], ends=(0, 1))  # 1 tells of matches
        whole, printed = timed([*command, f"@{events}"], ends=(0, 1))
    return Peer(version.stdout.splitlines()[0], len(lines), whole - load, load, printed)


def timed(
    command: list[str], folder: str | None = None, ends: tuple[int, ...] = (0,)
) -> tuple[float, int]:
    """CPU seconds of a command that ends well, and how many lines it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=False, cwd=folder)
    if done.returncode not in ends:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]!r}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stdout.count(b"\n")


def tagged(line: bytes) -> bytes:
    """An event with product, service and category beside its own fields, as rsigma routes by."""
    document = orjson.loads(line)
    document["product"] = "windows"
    service = _services().get(str(document.get("Channel", "")).lower())
    if service:
        document["service"] = service
    category = _category(document, service)
    if category:
        document["category"] = category
    document.setdefault("Provider_Name", document.get("SourceName"))
    return orjson.dumps(document)


def _category(document: dict[str, object], service: str | None) -> str | None:
    number = str(document.get("EventID"))
    if service == "sysmon":
        return _categories().get(number)
    if service == "security" and number == "4688":
        return "process_creation"
    return (
        {"4103": "ps_module", "4104": "ps_script"}.get(number) if service == "powershell" else None
    )


@cache
def _services() -> dict[str, str]:
    found: dict[str, str] = {}
    for service, channels in windows_logsource_mapping.items():
        for channel in [channels] if isinstance(channels, str) else channels:
            found[channel.lower()] = service
    return found


@cache
def _categories() -> dict[str, str]:
    found: dict[str, str] = {}
    for category, numbers in sysmon_generic_logsource_eventid_mapping.items():
        for number in numbers if isinstance(numbers, list) else [numbers]:
            found.setdefault(str(number), category)
    return found
