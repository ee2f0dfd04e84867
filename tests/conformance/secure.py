"""TLS, sign-in and the least-privilege role on real servers that have security."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.search import ClusterSettings, connect
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Retry
from connectors.search.roles import role
from connectors.search.setup import Setup, steps
from engine.errors import VedetteError
from tests.connectors.search.authority import Authority
from tests.live.secure import ADMIN, MODULES, RUNNER, Secure, running
from tests.vedette.cli.command import vedette
from vedette import ROOT

Bar = Callable[[bool, str], None]
Say = Callable[..., None]

PATTERN = "winlogbeat-*"
EVENT = {
    "@timestamp": "2026-11-23T02:30:00Z",
    "Channel": "Microsoft-Windows-Sysmon/Operational",
    "EventID": 1,
    "Computer": "WS01",
    "Image": r"C:\Windows\System32\vssadmin.exe",
    "CommandLine": "vssadmin delete shadows /all /quiet",
}


def check(kind: Any, folder: Path, bar: Bar, say: Say) -> None:
    """Start a node of a kind and hold every way in to what it should do."""
    given = role(kind, "default", [PATTERN], store=True)
    with running(kind, folder, given) as node:
        other = Authority(folder / "other", "another CA")
        ways(node, other, bar, say)
        run(node, folder, bar)


def opened(node: Secure, **options: Any) -> SearchClient:
    """A client as an installation makes it."""
    settings = ClusterSettings([node.url], kind=node.kind, **options)  # type: ignore[arg-type]
    return connect(settings, Retry(limit=0))


def attempt(node: Secure, **options: Any) -> str:
    """What comes of one request: `ok`, or the line that is told."""
    try:
        client = opened(node, **options)
        try:
            client.send("GET", "/_cluster/health")
        finally:
            client.close()
    except (RequestError, VedetteError) as error:
        return str(error)
    return "ok"


def ways(node: Secure, other: Authority, bar: Bar, say: Say) -> None:
    """Every right way in, and every wrong one."""
    ca, pin = node.authority.file, node.pair.fingerprint
    client = node.authority.sign("client")
    shown = {"client_cert": str(client.cert), "client_key": str(client.key)}
    basic = {"username": ADMIN[0], "password": ADMIN[1]}
    wrong_password = {"username": ADMIN[0], "password": "wrong-one-here"}
    right = {
        "a private CA and a password": {"ca_file": ca, **basic},
        "a fingerprint and a password": {"fingerprint": pin, **basic},
        "a CA, a password and a client certificate": {"ca_file": ca, **basic, **shown},
    }
    for name, options in right.items():
        found = attempt(node, **options)
        bar(found == "ok", f"{node.kind}: {name}: {found}")
    wrong = {
        "no CA": (basic, "from nobody who is trusted"),
        "another CA": ({"ca_file": other.file, **basic}, "from nobody who is trusted"),
        "another fingerprint": ({"fingerprint": "ab" * 32, **basic}, "shows another certificate"),
        "a wrong password": ({"ca_file": ca, **wrong_password}, "401"),
        "a wrong API key": ({"ca_file": ca, "api_key": "d3Jvbmc6b25l"}, "401"),
        "nobody": ({"ca_file": ca}, "401"),
    }
    for name, (options, told) in wrong.items():
        found = attempt(node, **options)
        clean = "\n" not in found and "wrong-one-here" not in found and ADMIN[1] not in found
        bar(told in found and clean, f"{node.kind}: {name} is told: {found}")
    if node.kind == "opensearch":
        say("  opensearch has no API keys in this version of the plugin: not tried")
        return
    keys(node, bar, say)


def keys(node: Secure, bar: Bar, say: Say) -> None:
    """An API key that is right, has no more rights than a run needs, and then is taken back."""
    ca = node.authority.file
    given = {"run": role(node.kind, "default", [PATTERN], store=True)}  # type: ignore[arg-type]
    try:
        made = node.ask("POST", "/_security/api_key", {"name": "stage", "role_descriptors": given})
    except OSError as error:
        say(f"  elasticsearch: no API key can be made on this build, so none is tried: {error}; "
            f"{MODULES} may name modules for it")  # fmt: skip
        return
    found = attempt(node, ca_file=ca, api_key=made["encoded"])
    bar(found == "ok", f"{node.kind}: an API key: {found}")
    user = opened(node, ca_file=ca, api_key=made["encoded"])
    forbidden = refused_with_403(lambda: user.index("winlogbeat-x", "9", {"a": 1}))
    user.close()
    bar(forbidden, f"{node.kind}: an API key with the role of a run may not write to a source")
    node.ask("DELETE", "/_security/api_key", {"ids": [made["id"]]})
    found = attempt(node, ca_file=ca, api_key=made["encoded"])
    clean = "\n" not in found and made["encoded"] not in found
    bar("401" in found and clean, f"{node.kind}: an API key that was taken back is told: {found}")


def run(node: Secure, folder: Path, bar: Bar) -> None:
    """Set up as administrator, run as the user with the role, and try what it must not do."""
    admin = opened(node, ca_file=node.authority.file, username=ADMIN[0], password=ADMIN[1])
    outcomes = Setup(admin, "default").run(steps(admin.kind, "default", datetime.now(UTC), None))
    bar({o.state for o in outcomes} == {"created"}, f"{node.kind}: the administrator sets up")
    admin.index("winlogbeat-x", "1", EVENT)
    admin.refresh("winlogbeat-x")
    config = folder / "vedette.yml"
    config.write_text(
        f"cluster: {{hosts: ['{node.url}'], kind: {node.kind}, ca_file: {node.authority.file},\n"
        f"  username: {RUNNER[0]}, password: {RUNNER[1]}}}\n"
        f"rules: {{paths: ['{ROOT / 'rules' / 'windows'}']}}\nstate: {{dir: {folder / 'state'}}}\n"
        "sources:\n"
        f"- {{type: search, name: logs, index: '{PATTERN}', start: all, refresh_lag: 0s}}\n"
    )
    ran = vedette("run", "--until-idle", "-c", config)
    last = ran.err.strip().splitlines()[-1] if ran.err.strip() else ""
    good = ran.code == 0 and "1 events" in last and " 0 alerts" not in last
    bar(good, f"{node.kind}: a run with the role: {last[20:]}")
    status = vedette("status", "-c", config)
    bar(status.code == 0, f"{node.kind}: a status with the role: {status.out.splitlines()[0]}")
    doctor = vedette("doctor", "-c", config)
    refused = [line for line in doctor.out.splitlines() if "403" in line or line[:4] == "fail"]
    bar(not refused, f"{node.kind}: a doctor with the role is refused nothing {refused or ''}")
    user = opened(node, ca_file=node.authority.file, username=RUNNER[0], password=RUNNER[1])
    forbidden: dict[str, Callable[[], object]] = {
        "write to a source": lambda: user.index("winlogbeat-x", "2", {"a": 1}),
        "write a template": lambda: user.put_index_template("x", {"index_patterns": ["x-*"]}),
        "read another index": lambda: user.get("other", "1"),
        "write another namespace": lambda: user.index("vedette-state-other", "1", {}),
        "delete alerts": lambda: user.send("DELETE", "/logs-vedette.alerts-default-2026.11"),
    }
    admin.index("other", "1", {"a": 1})
    for name, action in forbidden.items():
        bar(refused_with_403(action), f"{node.kind}: the role may not {name}")
    admin.close()
    user.close()


def refused_with_403(action: Callable[[], object]) -> bool:
    """Whether the server refuses that as not allowed."""
    try:
        action()
    except RequestError as error:
        return error.status == 403
    return False
