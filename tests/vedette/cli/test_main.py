"""The command as a process: how it starts, ends, and speaks to terminals, pipes and no network."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import select
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.match.native import NATIVE
from tests.vedette.cli.command import ndjson, process, vedette
from vedette import ROOT, __version__
from vedette.cli.main import COMMANDS, cli

VEDETTE = (sys.executable, "-m", "vedette")
WHO = r"C:\Windows\System32\whoami.exe"


def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A process of its own; `before` is Python to run ahead of the command."""
    before = options.pop("before", None)
    code = f"{before}\nfrom vedette.cli.main import entry\nentry()"
    command = (sys.executable, "-c", code) if before else VEDETTE
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
    return subprocess.run([*command, *map(str, arguments)], env=environment, timeout=90, **options)


# start-up


def cpu_of_children() -> float:
    """Seconds: what a busy machine does beside it does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_imports_nothing_slow_and_answers_at_once() -> None:
    slow = {"sigma", "pydantic", "elasticsearch", "opensearchpy", "rich", "torch", "yaml", "evtx"}
    tell = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    best = 9.0
    for attempt in range(5):
        began = cpu_of_children()
        answer = run("--help", before=tell if attempt == 0 else None)
        best = min(best, cpu_of_children() - began)
        if attempt == 0:
            assert not {name.partition(".")[0] for name in answer.stderr.decode().split()} & slow
        assert answer.returncode == 0
    assert best < 0.3
    assert all(name in answer.stdout.decode() for name in COMMANDS)


def test_version_is_that_of_the_distribution() -> None:
    answer = vedette("--version")
    ways = f"native reader: {'yes' if NATIVE else 'no'}, Hyperscan: yes"
    assert answer.out == f"vedette {__version__} ({ways})\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_every_command_and_its_own_commands_have_help() -> None:
    asked = 0
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        below = (
            [[]] if not isinstance(command, click.Group) else [[], *([n] for n in command.commands)]
        )
        for words in below:
            answer = vedette(name, *words, "--help")
            assert answer.code == 0
            assert answer.out.startswith(f"Usage: vedette {' '.join([name, *words])} ")
            assert all(len(line) <= 100 for line in answer.out.splitlines())
            asked += 1
    assert asked > len(COMMANDS) + 5


def test_without_arguments_it_shows_its_help_as_a_usage_error() -> None:
    answer = vedette()
    assert (answer.code, answer.out) == (3, "")
    assert "Search files of events" in answer.err


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [(("hnut",), "hunt"), (("rules", "tets"), "test"), (("config", "chekc"), "check")],
)
def test_a_misspelt_command_is_answered_with_the_nearest(
    arguments: tuple[str, ...], nearest: str
) -> None:
    answer = vedette(*arguments)
    assert answer.code == 3
    assert f"Did you mean '{nearest}'?" in answer.err


# no traceback


WORDS = st.sampled_from(
    [
        *COMMANDS,
        *("--help", "--version", "-", ".", "rules", "events.ndjson", "absent", "", "--", "="),
        *("--rules", "-r", "--output", "-o", "table", "csv", "json", "--report", "--limit", "0"),
        *("--from", "--to", "2026-01-01", "--min-level", "high", "--status", "--tag", "t1033"),
        *("--exclude-rule", "--strict", "--fail-on", "--logsource", "product=windows"),
        *("--attack-version", "18", "--pipeline", "list", "check", "show", "schema", "-c"),
        *("-9", "99999999999999999999", "a" * 5000, "[red]", "%s%n", "\x1b]0;x\x07", "\udcff"),
    ]
)

# what a system can hand to a program: no NUL, and half a surrogate only for a byte out of place
ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["hunt", "rules", "config", "mitre", "init", "nonsense"]),
    st.lists(WORDS | ARGUMENTS, max_size=6),
    st.binary(max_size=40),
)
def test_no_arguments_whatever_end_in_a_traceback_or_a_fault(
    folder: Path, command: str, words: list[str], stdin: bytes
) -> None:
    answer = vedette(command, *words, stdin=stdin)
    assert answer.code in {0, 1, 2, 3}
    assert "Traceback" not in answer.err
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", answer.err)


def test_a_fault_of_our_own_is_told_in_one_line_unless_debugging(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by \x1b[31mzero")

    monkeypatch.setattr("vedette.rulesets.load", fault)
    answer = vedette("hunt", "events.ndjson")
    assert answer.code == 70
    assert answer.err == (
        "vedette: a fault in vedette: ZeroDivisionError: by \\x1b[31mzero "
        "('vedette --debug …' shows where)\n"
    )
    with pytest.raises(ZeroDivisionError):
        vedette("--debug", "hunt", "events.ndjson")


# streams


@pytest.fixture
def many(folder: Path) -> Path:
    """Enough alerts that a pipe cannot hold them."""
    Path("many.ndjson").write_bytes(ndjson(process(WHO, n=n) for n in range(800)))
    return folder


@pytest.mark.parametrize("form", ["ndjson", "table"])
def test_a_reader_who_goes_away_ends_it_like_a_signal_and_not_like_an_alert(
    many: Path, form: str
) -> None:
    reader, pipe = os.pipe()
    os.close(reader)
    answer = run("hunt", "many.ndjson", "-r", "rules", "-o", form, capture_output=False,
                 stdout=pipe, stderr=subprocess.PIPE)  # fmt: skip
    os.close(pipe)
    assert answer.returncode == 141
    assert answer.stderr == b"2 rules loaded from 2 files\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_an_input_or_output_error(many: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        answer = run("hunt", "many.ndjson", "-r", "rules", capture_output=False,
                     stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert answer.returncode == 3
    assert answer.stderr.endswith(b"vedette: No space left on device\n")


def test_closed_streams_are_no_fault(folder: Path) -> None:
    shell = f"exec {sys.executable} -m vedette hunt events.ndjson - -r rules <&- >&- 2>&-"
    answer = subprocess.run(["sh", "-c", shell], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert answer.returncode == 0


def test_a_terminal_that_is_not_unicode_still_gets_valid_json(folder: Path) -> None:
    Path("one.ndjson").write_bytes(ndjson([process(WHO, User="CORP\\zoë\u202e")]))
    for form in ("ndjson", "table", "csv"):
        answer = run("hunt", "one.ndjson", "-r", "rules", "-o", form,
                     env={"PYTHONIOENCODING": "ascii"})  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        if form == "ndjson":
            assert json.loads(answer.stdout)["user"]["name"] == "zoë\u202e"


def on_terminal(command: list[str], **streams: Any) -> tuple[str, int]:
    """What a command writes to a terminal given as the streams named True."""
    ours, theirs = pty.openpty()
    given = {name: theirs if value is True else value for name, value in streams.items()}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLUMNS": "110",
    }
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment, **given) as started:
        os.close(theirs)
        written = b""
        while True:
            ready, _, _ = select.select([ours], [], [], 60)
            try:
                block = os.read(ours, 65536) if ready else b""
            except OSError:  # the other end is closed
                block = b""
            if not block:
                break
            written += block
        code = started.wait(60)
    os.close(ours)
    return written.decode(), code


def test_a_terminal_gets_a_coloured_table_and_a_progress_bar(many: Path) -> None:
    command = [*VEDETTE, "hunt", "many.ndjson", "-r", "rules"]
    shown, code = on_terminal(command, stdout=True, stderr=subprocess.DEVNULL)
    assert code == 0
    assert "\x1b[" in shown
    assert "800 alerts from 1 rule" in shown
    assert "{" not in shown
    bar, code = on_terminal(command, stdout=subprocess.DEVNULL, stderr=True)
    assert code == 0
    assert "\x1b[?25l" in bar  # the cursor is hidden while the bar is drawn
    assert bar.rstrip().endswith("\x1b[2K")  # and its line is wiped at the end


def test_alerts_that_stream_to_a_terminal_are_not_torn_by_a_bar(many: Path) -> None:
    command = [*VEDETTE, "hunt", "many.ndjson", "-r", "rules", "-o", "ndjson", "--limit", "3"]
    shown, code = on_terminal(command, stdout=True, stderr=True)
    assert code == 0
    assert "\x1b" not in shown
    assert len([line for line in shown.splitlines() if line.startswith("{")]) == 3


# no network

BLOCKED = """
import socket
class Blocked(socket.socket):
    def __init__(self, *_, **__):
        raise AssertionError("a socket was opened")
socket.socket = Blocked
def blocked(*_, **__):
    raise AssertionError("a name was looked up")
socket.getaddrinfo = socket.create_connection = blocked
"""


@pytest.mark.parametrize(
    "arguments",
    [
        lambda: ("hunt", "events.ndjson", "--report", "r.html"),
        lambda: ("demo", "--events", "200"),
    ],
    ids=["hunt", "demo"],
)
def test_neither_hunt_nor_demo_opens_a_socket(
    folder: Path, arguments: Callable[[], tuple[str, ...]]
) -> None:
    assert run("--version", before=BLOCKED + "\nsocket.socket()").returncode == 1  # it blocks
    answer = run(*arguments(), before=BLOCKED)
    assert answer.returncode == 0, answer.stderr
    assert b"rules loaded" in answer.stderr
