"""The command line, called in this process, and what a test gives it to read."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from vedette.cli.main import entry

WHOAMI = """\
title: Whoami Was Run
id: 11111111-1111-4111-8111-111111111111
status: test
level: high
tags: [attack.discovery, attack.t1033]
logsource: {category: process_creation, product: windows}
detection:
  run: {Image|endswith: '\\whoami.exe'}
  condition: run
"""

DEFENDER = """\
title: Defender Was Switched Off
id: 22222222-2222-4222-8222-222222222222
status: stable
level: medium
tags: [attack.defense-impairment, attack.t1685]
logsource: {category: process_creation, product: windows}
detection:
  run: {CommandLine|contains: DisableRealtimeMonitoring}
  condition: run
"""

BROKEN = """\
title: No Such Modifier
id: 33333333-3333-4333-8333-333333333333
logsource: {product: windows}
detection:
  run: {Image|endswit: whoami.exe}
  condition: run
"""


@dataclass(frozen=True)
class Answer:
    """What a call of the command left behind."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def counts(self) -> dict[str, int]:
        """Problems by kind, as standard error counts them."""
        found = {}
        for line in self.err.splitlines():
            kind, _, rest = line.partition(": ")
            if rest.endswith(" in all"):
                found[kind] = int(rest.removesuffix(" in all").replace(",", ""))
        return found


class Standard(io.TextIOWrapper):
    """A standard stream that is no terminal and keeps its bytes."""

    def __init__(self, held: bytes = b"") -> None:
        super().__init__(io.BytesIO(held), encoding="utf-8", newline="", write_through=True)

    def bytes(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined]


def vedette(*arguments: str | Path, stdin: bytes = b"") -> Answer:
    """Run `vedette` with these arguments; never raises."""
    words = [str(argument) for argument in arguments]
    out, err = Standard(), Standard()
    with (
        patch.object(sys, "argv", ["vedette", *words]),
        patch.object(sys, "stdin", Standard(stdin)),
        patch.object(sys, "stdout", out),
        patch.object(sys, "stderr", err),
    ):
        try:
            entry(words)
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return Answer(code, out.bytes(), err.bytes().decode())


def process(image: str, at: str | None = "2026-11-23T02:30:00Z", **fields: Any) -> dict[str, Any]:
    """A Sysmon process creation as flat shippers write it."""
    event = {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Computer": "WS01",
        "User": "CORP\\anna",
        "Image": image,
        **fields,
    }
    return {"@timestamp": at, **event} if at else event


def ndjson(events: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
