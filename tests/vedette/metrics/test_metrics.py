"""The figures of a run: counted where they arise, served on loopback, listed on their page."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.search.prefilter import Prefilter
from connectors.search.sieve import Asking
from engine.errors import Problem, SettingsError, SinkError, SourceError, StateError
from engine.needs.window import Window
from engine.ports import Alert, Batch, Checkpoint, Record, Written
from engine.run import MemoryState
from engine.score.figures import Figures
from engine.tune.counts import Counts
from tests.docs.pages import page, rows
from tests.engine.hunt.helpers import hunt as made_hunt
from tests.live.helpers import alert
from tests.vedette.cli.command import BROKEN, DEFENDER, WHOAMI, ndjson, process, vedette
from vedette.metrics.meter import Meter
from vedette.metrics.server import answer, serving
from vedette.metrics.watched import WatchedSink, WatchedSource, WatchedState
from vedette.settings import load

WHO = r"C:\Windows\System32\whoami.exe"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> Meter:
    return Meter(wall=clock, clock=clock)


def value(meter: Meter, name: str, **labels: str) -> float | None:
    return meter.registry.get_sample_value(name, labels)


class Two:
    """A source of two batches, the second of which may fail."""

    name = "logs"
    closed = False

    def __init__(self, clock: Clock, error: Exception | None = None) -> None:
        self.clock, self.error = clock, error

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        self.clock.now += 3
        yield Batch([Record({}, "x")] * 2, {"mark": 1})
        if self.error:
            raise self.error
        yield Batch([Record({}, "x")], {"mark": 2})

    def close(self) -> None:
        self.closed = True

    def extra(self) -> str:
        return "its own"


def test_events_and_polls_are_counted_by_source(meter: Meter, clock: Clock) -> None:
    inner = Two(clock)
    source = WatchedSource(inner, engine(), meter)
    assert value(meter, "vedette_events_read_total", source="logs") == 0
    assert len(list(source.poll(None))) == 2
    assert value(meter, "vedette_events_read_total", source="logs") == 3
    assert value(meter, "vedette_poll_seconds_sum", source="logs") == 3
    assert value(meter, "vedette_poll_seconds_bucket", source="logs", le="2.5") == 0
    assert value(meter, "vedette_poll_seconds_bucket", source="logs", le="5.0") == 1
    source.close()
    assert inner.closed
    assert source.extra() == "its own"


def test_what_a_prefilter_spares_is_counted(meter: Meter, clock: Clock) -> None:
    inner = Two(clock)
    inner.prefilter = Prefilter("logs", lambda: Asking({}, Window(()), {}))  # type: ignore[attr-defined]
    spared = inner.prefilter.spared  # type: ignore[attr-defined]
    source = WatchedSource(inner, engine(), meter)
    spared.documents, spared.passed, spared.filtered = 10, 3, 1
    list(source.poll(None))
    spared.documents, spared.passed, spared.unfiltered["few"] = 12, 5, 2
    list(source.poll(None))
    told = "vedette_prefilter_documents_total"
    assert value(meter, told, source="logs", outcome="read") == 5
    assert value(meter, told, source="logs", outcome="spared") == 7
    windows = "vedette_prefilter_windows_total"
    assert value(meter, windows, source="logs", how="filtered") == 1
    assert value(meter, windows, source="logs", how="few") == 2


def test_a_poll_that_fails_leaves_the_run_unready_until_one_succeeds(
    meter: Meter, clock: Clock
) -> None:
    assert answer(meter, "/readyz")[0] == 200
    source = WatchedSource(Two(clock, SourceError("gone\x1b[2J")), engine(), meter)
    assert answer(meter, "/readyz") == (503, "text/plain; charset=utf-8",
                                        b"source logs: not read yet\n")  # fmt: skip
    with pytest.raises(SourceError):
        list(source.poll(None))
    assert value(meter, "vedette_failures_total", part="source") == 1
    status, _, body = answer(meter, "/readyz")
    assert status == 503
    assert b"source logs: gone\\x1b[2J\n" in body
    list(WatchedSource(Two(clock), engine(), meter).poll(None))
    assert answer(meter, "/readyz")[0] == 200
    assert answer(meter, "/healthz")[0] == 200


class Store(MemoryState):
    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        if name == "bad":
            raise StateError("no")
        super().commit(name, checkpoint, occurrences)


class Engine:
    """What the meter asks of a pipeline."""

    class detector:
        class budget:
            entries, resets = 7, 1

        @staticmethod
        def misses() -> int:
            return 4

    class totals:
        events, matched = 10, 2

    class tuner:
        counts = Counts(excepted=Counter({("lab", "r"): 3}), capped=Counter({("cap", "r"): 1}))

    class scorer:
        @staticmethod
        def figures() -> list[Figures]:
            return [
                Figures("m", "v", 40, 6, 2, 3, 0, days=2, p=0.01, asked=5, high=8, most=8,
                        counted=True)
            ]  # fmt: skip


def engine() -> Any:
    found = Engine()
    found.detector = Engine.detector()  # type: ignore[misc,assignment]
    return found


def test_a_commit_tells_age_and_lag(meter: Meter, clock: Clock) -> None:
    state = WatchedState(Store(), engine(), meter)
    state.commit("logs", {"version": 1, "mark": 940_000}, {})
    clock.now = 1060
    assert value(meter, "vedette_checkpoint_age_seconds", source="logs") == 60
    assert value(meter, "vedette_source_lag_seconds", source="logs") == 120


def test_the_engines_figures_are_looked_at_after_each_batch(meter: Meter, clock: Clock) -> None:
    one = engine()
    polled = WatchedSource(Two(clock), one, meter).poll(None)
    next(polled)
    assert value(meter, "vedette_events_evaluated_total") == 0
    next(polled)
    assert value(meter, "vedette_events_evaluated_total") == 10
    assert value(meter, "vedette_events_matched_total") == 2
    assert value(meter, "vedette_engine_cache_entries") == 7
    assert value(meter, "vedette_tuned_total", how="excepted") == 3
    assert value(meter, "vedette_tuned_total", how="suppressed") == 0
    assert value(meter, "vedette_tuned_total", how="capped") == 1
    assert value(meter, "vedette_model_windows_total", model="m") == 40
    unusual = "vedette_model_windows_unusual_total"
    told = [value(meter, unusual, model="m", outcome=how) for how in ("told", "held", "rules")]
    assert told == [4, 2, 3]
    assert value(meter, "vedette_model_failed", model="m") == 0
    assert value(meter, "vedette_engine_cache_resets_total") == 1
    assert value(meter, "vedette_engine_cache_misses_total") == 4
    list(polled)
    assert value(meter, "vedette_events_evaluated_total") == 10
    one.detector = Engine.detector()  # changed rules
    clock.now += 100
    state = WatchedState(Store(), one, meter)
    assert state.load("logs") is None
    assert value(meter, "vedette_engine_cache_misses_total") == 8
    with pytest.raises(StateError):
        state.commit("bad", {}, {})
    assert value(meter, "vedette_failures_total", part="state") == 1


class Sink:
    def prepare(self) -> None: ...

    def write(self, alerts: Iterable[Alert]) -> Written:
        if not alerts:
            raise SinkError("full")
        return Written(created=2, existing=1, dead=1)

    def close(self) -> None: ...


def test_alerts_are_counted_by_what_became_of_them_and_problems_by_kind(meter: Meter) -> None:
    sink = WatchedSink(Sink(), meter)
    sink.write([alert("a")])
    assert [value(meter, "vedette_alerts_total", outcome=o) for o in ("new", "existing", "dead")] \
        == [2, 1, 1]  # fmt: skip
    with pytest.raises(SinkError):
        sink.write([])
    assert value(meter, "vedette_failures_total", part="sink") == 1
    meter.problem(Problem("malformed-json", "x"))
    assert value(meter, "vedette_problems_total", kind="malformed-json") == 1


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answered:
            return answered.status, answered.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_three_paths_are_answered_and_nothing_else(meter: Meter) -> None:
    with serving(meter, "127.0.0.1", 0) as port:
        status, text = get(port, "/metrics")
        assert status == 200
        names = {family.name for family in text_string_to_metric_families(text)}
        assert "vedette_rules_loaded" in names
        assert get(port, "/healthz")[0] == 200
        assert get(port, "/readyz?x=1")[0] == 200
        for path in ("/", "/metrics/..", "/etc/passwd"):
            assert get(port, path)[0] == 404
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/metrics", b"x")
        assert connection.getresponse().status == 501
        connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_half_sent_request_holds_up_nobody(meter: Meter) -> None:
    with serving(meter, "127.0.0.1", 0) as port, socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"GET /metr")
        assert get(port, "/healthz")[0] == 200


def test_an_address_in_use_is_told(meter: Meter) -> None:
    with (
        serving(meter, "127.0.0.1", 0) as port,
        pytest.raises(SettingsError, match=r"metrics\.listen: cannot listen: Address"),
        serving(meter, "127.0.0.1", port),
    ):
        pass


def test_an_address_that_others_reach_is_warned_of(
    meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(meter, "0.0.0.0", 0):
        assert "there is no sign-in" in caplog.text


def test_hunts_are_told_of_as_they_are_when_asked(meter: Meter, clock: Clock) -> None:
    class Unit:
        windows, failures, error = 3, 2, "the cluster\x1b refused"
        until: datetime | None = datetime.fromtimestamp(900, UTC)
        hunt = made_hunt(type="threshold", at_least=3, within="1m")

    unit = Unit()
    meter.hunts.units = lambda: [unit]
    labels = {"hunt": unit.hunt.rule.title, "id": unit.hunt.rule.id}
    assert value(meter, "vedette_hunt_windows_total", **labels) == 3
    assert value(meter, "vedette_hunt_failures_total", **labels) == 2
    assert value(meter, "vedette_hunt_lag_seconds", **labels) == 100
    unit.until = None
    assert value(meter, "vedette_hunt_lag_seconds", **labels) is None
    assert answer(meter, "/readyz") == (
        503,
        "text/plain; charset=utf-8",
        f"hunt {unit.hunt.rule.title}: the cluster\\x1b refused\n".encode(),
    )
    unit.error = ""
    assert answer(meter, "/readyz")[0] == 200


def test_two_meters_do_not_know_of_each_other(meter: Meter) -> None:
    other = Meter()
    other.problem(Problem("x", "x"))
    assert value(meter, "vedette_problems_total", kind="x") is None


def test_the_page_lists_every_figure_with_its_type_and_meaning(meter: Meter) -> None:
    section = page("docs/operations.md").section("Metrics")
    told = {row[0].strip("`"): (row[1], row[2]) for row in rows(section) if row[0][0] == "`"}
    known = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            family.documentation.rstrip("."),
        )
        for family in meter.registry.collect()
        if family.name.startswith("vedette_")
    }
    assert len(known) > 15
    assert told == {
        ("vedette_build_info" if name == "vedette_build" else name): (
            ("gauge" if kind == "info" else kind),
            text,
        )
        for name, (kind, text) in known.items()
    }


@pytest.mark.parametrize(
    ("listen", "told"),
    [("localhost:1", "is not an address"), ("127.0.0.1", "expected an address and a port"),
     ("1.2.3.4.5:1", "is not an address"), ("127.0.0.1:70000", "is not an address"),
     ("9464", "is not an address")],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vedette.yml").write_text(f"metrics: {{listen: '{listen}'}}\n")
    checked = vedette("config", "check")
    assert checked.code == 3
    assert told in checked.err
    assert "metrics.listen" in checked.err


def test_a_run_serves_its_figures_while_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "who.yml").write_text(WHOAMI)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.ndjson").write_bytes(ndjson([process(WHO), process("x")]) + b"bad\n")
    Path("vedette.yml").write_text(
        "rules: {paths: [rules]}\nstate: {dir: state}\nlog: {format: json}\n"
        "sources: [{type: folder, name: inbox, path: inbox, interval: 1s}]\n"
        'metrics: {listen: "127.0.0.1:0"}\n'
    )
    command = [sys.executable, "-m", "vedette", "run"]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert run.stderr
        first = json.loads(run.stderr.readline())
        port = int(first["message"].rsplit(":", 1)[1].removesuffix("/metrics"))
        deadline = time.monotonic() + 120
        wanted = 'vedette_alerts_total{outcome="new"} 1.0'
        while wanted not in (text := get(port, "/metrics")[1]):
            assert time.monotonic() < deadline, text
            time.sleep(0.1)
        assert 'vedette_events_read_total{source="inbox"} 2.0' in text
        assert 'vedette_problems_total{kind="malformed-json"} 1.0' in text
        assert 'vedette_rules_loaded{pipeline="main"} 1.0' in text
        assert "process_resident_memory_bytes" in text
        run.terminate()
        lines = [json.loads(line) for line in run.stderr]
        assert run.wait(60) == 0
    finally:
        run.kill()
        run.communicate()
    by_action = {line.get("event.action"): line for line in lines}
    assert by_action["source-read"]["vedette.source"] == "inbox"
    assert by_action["source-read"]["vedette.alerts.new"] == 1
    assert by_action["source-read"]["event.duration"] > 0
    assert by_action["problem"]["vedette.problem"] == "malformed-json"
    assert by_action["run-end"]["vedette.events"] == 2


def test_without_the_setting_nothing_listens_and_the_library_is_not_loaded(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom vedette.cli.main import entry\n"
        "try:\n    entry(['run', '--until-idle'])\nexcept SystemExit as e:\n"
        "    assert not e.code, e.code\n"
        "assert 'prometheus_client' not in sys.modules"
    )
    (tmp_path / "who.yml").write_text(WHOAMI)
    (tmp_path / "vedette.yml").write_text("rules: {paths: [who.yml]}\nstate: {dir: state}\n")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_rules_that_change_are_counted(
    meter: Meter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vedette.metrics.watched import watched
    from vedette.wiring import assemble

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "who.yml").write_text(WHOAMI)
    Path("vedette.yml").write_text("rules: {paths: [rules]}\nstate: {dir: state}\n")
    loaded = load(Path("vedette.yml"), {})
    with closing(watched(assemble(loaded.settings, meter.problem, utc), meter)) as parts:
        assert value(meter, "vedette_rules_loaded", pipeline="main") == 1
        (tmp_path / "rules" / "off.yml").write_text(DEFENDER)
        (tmp_path / "rules" / "bad.yml").write_text(BROKEN)
        parts.ask()
        parts.lines[0].changes.look()
        assert value(meter, "vedette_rules_loaded", pipeline="main") == 2
        assert value(meter, "vedette_rules_refused", pipeline="main") == 1
        assert value(meter, "vedette_rules_reloads_total", pipeline="main") == 1


def utc() -> datetime:
    return datetime.now(UTC)
