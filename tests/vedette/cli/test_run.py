"""`vedette run` with the embedded store: a watched folder, alerts and state in SQLite."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite import SqliteStore
from engine.lease import Member, Tenant
from tests.vedette.cli.command import BROKEN, Answer, ndjson, process, vedette
from vedette import ROOT
from vedette.supervisor import Worker, supervise

WHO = r"C:\Windows\System32\whoami.exe"
STORE = Path("state/vedette.sqlite")
SETTINGS = """\
rules: {{paths: [{rules}]}}
state: {{dir: state}}
log: {{format: {form}}}
sources: [{{type: folder, name: inbox, path: inbox, interval: 1s}}]
"""


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a run changes of its process is put back; nothing waits for files to settle."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    monkeypatch.setattr("vedette.feeds.QUIET", 0.0)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, handler in signals.items():
        signal.signal(number, handler)


@pytest.fixture
def home(folder: Path) -> Path:
    """A configured folder with the five events in its inbox."""
    configure()
    (folder / "inbox").mkdir()
    (folder / "events.ndjson").rename(folder / "inbox" / "events.ndjson")
    return folder


def configure(rules: str = "rules", form: str = "text", more: str = "") -> None:
    Path("vedette.yml").write_text(SETTINGS.format(rules=rules, form=form) + more)


def until_idle(*arguments: str) -> Answer:
    return vedette("run", "--until-idle", *arguments)


def stored() -> list[str]:
    return [alert["vedette"]["alert"]["id"] for alert in SqliteStore(STORE.absolute()).alerts()]


def hunted(*paths: str) -> Counter[str]:
    answer = vedette("hunt", *paths, "--rules", "rules")
    return Counter(alert["vedette"]["alert"]["id"] for alert in answer.alerts)


def test_what_lies_in_the_folder_becomes_the_alerts_that_a_hunt_finds(home: Path) -> None:
    answer = until_idle("-c", "vedette.yml")
    assert answer.code == 0
    assert answer.out == ""
    assert "5 events, 4 alerts new, 0 already there, 0 dead letters" in answer.err
    assert Counter(stored()) == hunted("inbox")


def test_a_second_run_finds_nothing_new_and_a_third_what_was_added(home: Path) -> None:
    until_idle()
    first = stored()
    again = until_idle()
    assert (again.code, stored()) == (0, first)
    assert "0 events, 0 alerts new" in again.err
    with Path("inbox/events.ndjson").open("ab") as file:
        file.write(ndjson([process(WHO), process("x"), process(WHO, Computer="NEW")]))
    Path("inbox/more.ndjson").write_bytes(ndjson([process(WHO, Computer="MORE")]))
    assert "4 events, 3 alerts new" in until_idle().err
    assert Counter(stored()) == hunted("inbox/events.ndjson", "inbox/more.ndjson")


def test_an_unfinished_last_line_waits_for_its_end(home: Path) -> None:
    whole = ndjson([process(WHO, Computer="LATE")])
    with Path("inbox/events.ndjson").open("ab") as file:
        file.write(whole[:40])
    assert "5 events, 4 alerts new" in until_idle().err
    with Path("inbox/events.ndjson").open("ab") as file:
        file.write(whole[40:])
    assert "1 events, 1 alerts new" in until_idle().err


def test_a_dry_run_shows_the_alerts_and_writes_nothing(home: Path) -> None:
    before = sorted(home.rglob("*"))
    answer = until_idle("--dry-run")
    assert answer.code == 0
    assert len(answer.alerts) == 4
    assert "alerts would go to" in answer.err
    assert sorted(home.rglob("*")) == before
    assert "4 alerts from 2 rules" in until_idle("--dry-run", "--output", "table").out
    until_idle()
    assert until_idle("--dry-run").out == ""  # it goes on from the real checkpoint
    Path("inbox/more.ndjson").write_bytes(ndjson([process(WHO, Computer="MORE")]))
    assert len(until_idle("--dry-run").alerts) == 1
    assert len(stored()) == 4


def test_each_line_of_a_json_log_is_one_object(home: Path) -> None:
    configure(form="json", more="")
    Path("rules/broken.yml").write_text(BROKEN)
    Path("inbox/bad.ndjson").write_bytes(b'{"a": \n{"b\x1b": 1\n' + ndjson([process(WHO)]))
    Path("inbox").joinpath(os.fsdecode(b"name\xff\xe2\x80\xae.txt")).touch()
    answer = until_idle()
    lines = [json.loads(line) for line in answer.err.splitlines()]
    assert set.intersection(*map(set, lines)) >= {
        *("@timestamp", "log.level", "log.logger", "message", "event.dataset", "process.pid")
    }
    told = "\n".join(line["message"] for line in lines)
    assert "rule refused: rules/broken.yml:5: detection" in told.replace(f"{home}/", "")
    assert "malformed-json" in told
    assert "skipped-file" in told
    assert "\u202e" not in answer.err
    assert lines[-1]["message"].endswith("dead letters")


def test_a_flood_of_bad_lines_is_counted_and_does_not_flood_the_log(home: Path) -> None:
    configure()
    Path("inbox/bad.ndjson").write_text("".join(f"{{bad {n}\n" for n in range(100)))
    lines = until_idle().err.splitlines()
    assert sum("bad.ndjson:" in line for line in lines) == 20
    assert sum("more of these are counted" in line for line in lines) == 1
    counted = json.loads(vedette("gaps", "-o", "json").out)
    assert sum(note["count"] for note in counted) == 100


def test_no_source_is_a_clear_error(home: Path) -> None:
    Path("vedette.yml").write_text("rules: {paths: [rules]}\nsources: []\n")
    answer = until_idle()
    assert answer.code == 3
    assert "sources: no source is configured; expected at least one" in answer.err


def test_no_rule_is_a_clear_error(home: Path) -> None:
    Path("none").mkdir()
    configure(rules="none")
    answer = until_idle()
    assert (answer.code, answer.err) == (3, "vedette: rules: no rule is left to run\n")
    Path("none/broken.yml").write_text(BROKEN)
    answer = until_idle()
    assert answer.code == 3
    assert "none/broken.yml:5: detection: " in answer.err
    assert not STORE.parent.exists()


def test_a_strict_run_does_not_start_with_a_refused_rule(home: Path) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    assert until_idle().code == 0
    text = Path("vedette.yml").read_text().replace("paths:", "strict: true, paths:")
    Path("vedette.yml").write_text(text)
    answer = until_idle()
    assert answer.code == 3
    assert "did you mean 'endswith'?" in answer.err


def test_a_missing_configuration_is_named_with_what_writes_one(home: Path) -> None:
    answer = until_idle("-c", "absent.yml")
    assert answer.code == 3
    assert "absent.yml: no such file" in answer.err
    assert until_idle("--dry-run", "-o", "tabel").code == 3


def test_a_file_that_is_no_database_is_left_as_it_is(home: Path) -> None:
    STORE.parent.mkdir()
    STORE.write_text("my diary, not a database" * 100)
    answer = until_idle()
    assert answer.code == 3
    assert "not a SQLite database" in answer.err
    assert STORE.read_text().startswith("my diary")


def test_a_folder_that_is_gone_is_given_up_after_failures_while_others_go_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vedette.follow._pause", lambda turn: timedelta())
    Path("vedette.yml").write_text(
        Path("vedette.yml").read_text()[:-2]
        + ", {type: folder, name: gone, path: gone, interval: 1s}]\n"
    )

    def vanish(*arguments: Any, **options: Any) -> list[Worker]:
        Path("gone").rmdir()
        return supervise(*arguments, **options)

    monkeypatch.setattr("vedette.supervisor.supervise", vanish)
    answer = until_idle()
    assert answer.code == 3
    assert "source gone: given up: " in answer.err
    assert "gone: cannot be listed: No such file or directory" in answer.err
    assert len(stored()) == 4


def test_each_pipeline_asks_its_own_rules_of_its_own_sources(home: Path) -> None:
    Path("other").mkdir()
    Path("other/events.ndjson").write_bytes(
        ndjson(
            [process(WHO, Computer="OTHER"), process("x", CommandLine="DisableRealtimeMonitoring")]
        )
    )
    Path("vedette.yml").write_text(
        "rules: {paths: [rules]}\nstate: {dir: state}\n"
        "sources:\n"
        "  - {type: folder, name: inbox, path: inbox, interval: 1s}\n"
        "  - {type: folder, name: other, path: other, interval: 1s}\n"
        "pipelines:\n"
        "  - {name: all, sources: [inbox]}\n"
        "  - {name: few, sources: [other], rules: {min_level: high}}\n"
    )
    answer = until_idle()
    assert answer.code == 0
    assert "pipeline all: 2 rules loaded" in answer.err
    assert "pipeline few: 1 rules loaded from 2 files, 1 left out as asked" in answer.err
    assert "7 events, 5 alerts new" in answer.err
    rules = Counter(a["rule"]["name"] for a in SqliteStore(STORE.absolute()).alerts())
    assert rules == {"Whoami Was Run": 4, "Defender Was Switched Off": 1}
    assert "0 events, 0 alerts new" in until_idle().err
    assert len(until_idle("--dry-run").alerts) == 0


def test_a_pipeline_may_be_made_of_sources_that_were_read_before_without_it(home: Path) -> None:
    until_idle()
    assert len(stored()) == 4
    with Path("vedette.yml").open("a") as file:
        file.write("pipelines: [{name: mine, sources: [inbox]}]\n")
    assert "0 events, 0 alerts new" in until_idle().err


def test_a_run_beside_one_that_lives_gives_up_and_says_who_has_the_pipeline(home: Path) -> None:
    with Path("vedette.yml").open("a") as file:
        file.write("instances: {ttl: 1s}\n")
    until_idle()
    store, going = SqliteStore(STORE.absolute()), threading.Event()
    other = Tenant("other", Member(60.0, units=("pipeline main",)), clock=time.monotonic)

    def beat() -> None:
        seen = store.leases.read()
        board = other.turn(seen.board)
        if store.leases.replace(board, seen):
            other.wrote(board)

    def lives() -> None:
        while not going.wait(0.2):
            beat()

    beat()
    living = threading.Thread(target=lives)
    living.start()
    try:
        answer = until_idle()
    finally:
        going.set()
        living.join()
        store.close()
    assert answer.code == 3
    assert "pipeline main: given up: belongs to other" in answer.err


# as a process


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vedette", "run", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_within_three_seconds(home: Path, number: int) -> None:
    Path("vedette.yml").write_text(Path("vedette.yml").read_text().replace("1s", "10m"))
    with start() as running:
        assert running.stderr is not None
        lines = iter(running.stderr.readline, "")
        assert any("source inbox: 5 events read" in line for line in lines)
        began = time.monotonic()
        running.send_signal(number)
        rest = list(lines)
        assert running.wait(10) == 0
        assert time.monotonic() - began < 3
    assert "stopped: 5 events, 4 alerts new" in rest[-1]
    assert len(stored()) == 4


def test_killed_at_any_moment_it_keeps_each_alert_once_and_loses_none(home: Path) -> None:
    configure(more="tuning: {cap: 0}\n")  # a hunt, which it is compared with, has none
    draw = random.Random(20261123)
    twice = [process(WHO, n=n % 700) for n in range(1400)]  # equal events, far apart
    rest = [process(WHO, n=n, Computer="B") for n in range(1600)]
    Path("inbox/a.ndjson").write_bytes(ndjson(twice))
    Path("inbox/b.ndjson").write_bytes(ndjson(rest))
    wanted = hunted("inbox/a.ndjson", "inbox/b.ndjson", "inbox/events.ndjson")
    assert len(wanted) == 3004
    lengths = []
    for _ in range(5):
        with start("--until-idle") as running:
            assert running.stderr is not None
            for line in running.stderr:
                if "alerts go to" in line:  # from here on it reads and writes
                    break
            time.sleep(draw.uniform(0, 0.5))
            running.kill()
            running.stderr.read()
        lengths.append(len(stored()))
        assert set(stored()) <= set(wanted)
    assert lengths == sorted(lengths)
    assert until_idle().code == 0
    assert Counter(stored()) == wanted
    assert "0 events, 0 alerts new" in until_idle().err
