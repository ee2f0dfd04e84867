"""A recording and a folder of rules whose every text is an attack on whoever reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.vedette.report.sample import PAYLOADS

TEXTS = (
    *PAYLOADS,
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    '\t=HYPERLINK("http://evil.invalid","x")',
    "\uff1d1+1",
    '\r\n=1+1\n","=1+1","',
    "[red]red[/red] [link=javascript:window.__pwned=1]x[/link]",
    '"}</script><script>window.__pwned=1</script>{"',
    "&lt;script&gt;window.__pwned=1&lt;/script&gt;&#60;img src=x onerror=window.__pwned=1&#62;",
    "\\u003cscript\\u003ewindow.__pwned=1\\u003c/script\\u003e",
    "http://evil.invalid/?a=1&b=<script>window.__pwned=1</script>",
    "data:text/html,<script>window.__pwned=1</script>",
    "%3Cscript%3Ewindow.__pwned=1%3C/script%3E",
    "../../../../etc/passwd\x00.html",
    "\x85\u2028next line\u2029",
    "\x1b]8;;http://evil.invalid\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H\x1b[?1049h\x9b31m",
    "\U000e0041\U000e0042 tags \ufff9\ufffa",
    "%s %n %(x)s {0} {x.__class__}",
    "__proto__",
)

FIELDS = (
    *("Computer", "User", "Image", "CommandLine", "ParentImage", "ParentCommandLine", "Hashes"),
    *("TargetFilename", "QueryName", "SourceIp", "DestinationIp", "TargetUserName", "Hostname"),
    *("host", "user", "message", "EventID", "Channel", "@timestamp", "UtcTime", "SourceName"),
)


def events() -> Iterator[dict[str, Any]]:
    """Events of every shape with each text in every field, as a value and as a key."""
    for number, text in enumerate(TEXTS):
        marker = {"marker": f"hostile {number:02}"}
        yield {**marker, **dict.fromkeys(FIELDS, text), text: {text: [text, {text: 1}]}}
        yield {
            **marker,
            "ecs": {"version": text},
            "host": {"name": text, "ip": [text]},
            "user": {"name": text, "domain": text},
            "process": {"executable": text, "command_line": text, "parent": {"name": text}},
            "source": {"ip": text},
            "destination": {"ip": text, "domain": text},
            "event": {"module": text, "reason": text},
            "@timestamp": text,
        }
        system = {"Channel": text, "Computer": text, "EventID": text, "EventRecordID": text}
        system["Provider"] = {"#attributes": {"Name": text}}
        yield {"Event": {"System": system, "EventData": {**marker, text: text}}}
        yield {"_index": text, "_id": text, "_source": {**marker, text: text}}
    yield {"marker": "hostile xx", "k" * 100_000: "v" * 100_000}
    yield {"marker": "hostile xx", "wide": {f"key{n}": [n] for n in range(5000)}}
    yield {"marker": "hostile xx", "deep": nested(50)}


def nested(levels: int) -> Any:
    value: Any = "<script>window.__pwned=1</script>"
    for _ in range(levels):
        value = [value]
    return value


def write(folder: Path) -> tuple[Path, Path]:
    """The recording and the folder of rules, written into a folder."""
    lines = [json.dumps(event) for event in events()]
    lines.append('{"marker": "hostile xx", "deeper": ' + "[" * 1000 + "]" * 1000 + "}")
    recording = folder / "<img src=x onerror=window.__pwned=1>\x1b[31m\u202e.ndjson"
    recording.write_text("\n".join(lines) + "\n")
    rules = folder / "rules"
    rules.mkdir()
    (rules / "plain.yml").write_text(rule("Plain", "*"))
    for number, text in enumerate(TEXTS):
        short = text[:200].encode("utf-8", "replace").decode()
        (rules / f"{number:02}\x1b[31m\u202e.yml").write_text(rule(short, f"{number:02}"))
    (rules / "raw.yml").write_text(f"title: {TEXTS[15]}")
    return recording, rules


def rule(text: str, number: str) -> str:
    """A rule, in JSON (which is YAML), for the events of a number; it says `text` everywhere."""
    return json.dumps(
        {
            "title": text,
            "description": text * 3,
            "author": text,
            "references": [text, f"http://evil.invalid/{text}"],
            "license": text,
            "falsepositives": [text],
            "fields": [text],
            "level": "critical",
            "tags": ["attack.t9999", "attack.<script>", f"x.{number}"],
            "logsource": {"product": "x"},
            "detection": {"s": {"marker": f"hostile {number}"}, "condition": "s"},
        }
    )
