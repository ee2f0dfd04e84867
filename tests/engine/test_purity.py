"""The engine touches no network and no clock of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"
FILES = sorted(ENGINE.rglob("*.py"))

BLOCKED = """
import socket, sys

def refuse(*args, **kwargs):
    raise AssertionError("a socket was asked for")

socket.socket = refuse
socket.create_connection = refuse
socket.getaddrinfo = refuse

from pathlib import Path
from engine.detect import Detector
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record

rules = load_rules([Path(sys.argv[1])])
assert not rules.refused, rules.refused
document = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Image": "evil.exe"}
matches = Detector(rules.rules, print).match(normalise(Record(document, "x")))
print([match.rule.title for match in matches], len(rules) > 1)
"""


def test_rules_load_and_match_where_sockets_are_blocked(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "title: Evil\ntags: [attack.t1059]\nlogsource: {product: windows, category: "
        "process_creation}\ndetection:\n  s: {Image: evil.exe}\n  condition: s\n---\n"
        "title: Other\nlogsource: {product: linux}\ndetection:\n  s: {a|cidr: 10.0.0.0/8}\n"
        "  condition: s\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKED, str(tmp_path)],
        capture_output=True, text=True, cwd=ENGINE.parent, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("['Evil'] True\n", "")


def imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ENGINE)))
def test_no_module_of_the_engine_speaks_to_the_world(file: Path) -> None:
    world = {"socket", "ssl", "http", "urllib", "requests", "asyncio", "subprocess", "pickle",
             "elasticsearch", "opensearchpy", "sqlite3", "threading", "random", "time"}  # fmt: skip
    stopwatch = {"time"} if file.name == "allowance.py" else set()
    assert not imported(file) & (world - stopwatch)
    text = file.read_text(encoding="utf-8")
    for call in ("datetime.now", "datetime.utcnow", "date.today", "eval(", "exec("):
        assert call not in text.replace("re2.", "")
