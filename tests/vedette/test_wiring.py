"""From settings to parts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.files import FolderSource
from connectors.sqlite.sink import SqliteSink
from engine.errors import InputError, Problem, RuleError, SettingsError
from engine.feedback.standing import Weighed
from engine.incident.keep import Gathered
from engine.ports import Alert, FencedState, Sink, Written
from engine.rule import RuleSet
from engine.run import MemoryState
from tests.vedette.cli.command import BROKEN
from vedette.dry import DrySink, DryState
from vedette.feeds import first_poll
from vedette.output.summary import Summary
from vedette.places import cluster_settings
from vedette.settings import Settings, load
from vedette.wiring import Assembled, assemble, open_all

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


def settings(environment: dict[str, str] | None = None, **given: Any) -> Settings:
    base: dict[str, Any] = {
        "rules": {"paths": ["rules"]},
        "state": {"dir": "state"},
        "sources": [{"type": "folder", "name": "inbox", "path": "inbox", "interval": "7s"}],
    }
    Path("v.yml").write_text(yaml.safe_dump({**base, **given}))
    return load(Path("v.yml"), environment or {}).settings


def unreported(problem: Problem) -> None:
    raise AssertionError(str(problem))


def opened(**given: Any) -> RuleSet:
    ((_, rules),) = open_all(settings(**given))
    return rules


def parts(given: Settings, **how: Any) -> Assembled:
    return assemble(given, unreported, lambda: NOW, **how)


def test_without_a_cluster_a_folder_is_watched_and_sqlite_keeps_alerts(folder: Path) -> None:
    found = parts(settings(sources=[
        {"type": "folder", "name": "inbox", "path": "a/inbox", "interval": "7s",
         "logsource": {"product": "windows"}},
    ]))  # fmt: skip
    (line,) = found.lines
    (feed,) = line.feeds
    assert isinstance(feed.source, FolderSource)
    assert feed.source.name == "inbox"
    assert (feed.interval, feed.lag) == (timedelta(seconds=7), timedelta(seconds=2))
    assert feed.tags is not None
    assert (feed.tags.product, feed.tags.service) == ("windows", None)
    assert isinstance(line.sink, Gathered)
    assert isinstance(line.sink.inner, Weighed)
    assert isinstance(line.sink.inner.inner, SqliteSink)
    assert found.place == str(folder / "state" / "vedette.sqlite")
    assert (folder / "a" / "inbox").is_dir()
    assert (folder / "state").stat().st_mode & 0o777 == 0o700
    found.close()


def test_a_dry_run_makes_no_folder_and_gets_its_own_stores(folder: Path) -> None:
    (folder / "inbox").mkdir()
    seen: list[tuple[Sink, FencedState]] = []

    def dry(sink: Sink, state: FencedState) -> tuple[Sink, FencedState]:
        seen.append((sink, state))
        return DrySink(Shown(), Summary()), MemoryState()

    found = parts(settings(), dry=dry)
    assert isinstance(found.lines[0].sink, DrySink)
    assert isinstance(seen[0][0], Gathered)
    assert isinstance(seen[0][0].inner, Weighed)
    assert not (folder / "state").exists()


def test_a_batch_is_stored_meanwhile_where_a_cluster_is_waited_for(folder: Path) -> None:
    cluster = {"hosts": ["http://localhost:9200"], "kind": "opensearch"}
    with closing(parts(settings(cluster=cluster))) as found:
        (line,) = found.lines
        assert line.meanwhile
        assert line.pipeline.stored is not line.pipeline.recorder
    for given, how in ((settings(), {}), (settings(cluster=cluster), {"dry": lambda *s: s})):
        with closing(parts(given, **how)) as found:
            assert [line.meanwhile for line in found.lines] == [None]


def test_a_folder_that_cannot_be_made_is_an_input_error(folder: Path) -> None:
    (folder / "state").write_text("a file")
    with pytest.raises(InputError, match=r"state: cannot be created: File exists"):
        parts(settings())


def test_no_source_is_a_settings_error(folder: Path) -> None:
    with pytest.raises(SettingsError, match="sources: no source is configured"):
        parts(settings(sources=[]))


@pytest.mark.parametrize(
    ("chosen", "titles"),
    [
        ({}, {"Whoami Was Run", "Defender Was Switched Off"}),
        ({"min_level": "high"}, {"Whoami Was Run"}),
        ({"status": ["stable"]}, {"Defender Was Switched Off"}),
        ({"tags": ["attack.T1033"]}, {"Whoami Was Run"}),
        ({"exclude": ["WHOAMI was run"]}, {"Defender Was Switched Off"}),
    ],
)
def test_settings_choose_the_rules(folder: Path, chosen: dict[str, Any], titles: set[str]) -> None:
    rules = opened(rules={"paths": ["rules"], **chosen})
    assert {rule.title for rule in rules.rules} == titles


def test_a_name_that_no_rule_has_is_warned_of(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(rules={"paths": ["rules"], "exclude": ["whoami was ran"]})
    assert "did you mean 'whoami was run'?" in caplog.text


def test_no_rule_left_or_a_refused_one_under_strict_is_a_rule_error(folder: Path) -> None:
    with pytest.raises(RuleError, match="no rule is left to run"):
        opened(rules={"paths": ["rules"], "min_level": "critical"})
    (folder / "rules" / "broken.yml").write_text(BROKEN)
    assert len(opened()) == 2
    with pytest.raises(RuleError, match=r"broken.yml:5: detection"):
        opened(rules={"paths": ["rules"], "strict": True})


def test_a_clusters_settings_are_handed_on_whole(folder: Path) -> None:
    (folder / "secret").write_text("p4ss\n")
    given = settings(
        {"VEDETTE_CLUSTER__PASSWORD_FILE": str(folder / "secret")},
        cluster={"hosts": ["https://es:9200"], "kind": "elasticsearch", "username": "u",
                 "ca_file": "ca.pem", "timeout": "90s"},
    )  # fmt: skip
    assert given.cluster is not None
    found = cluster_settings(given.cluster)
    assert (found.hosts, found.kind) == (["https://es:9200"], "elasticsearch")
    assert (found.username, found.password, found.api_key) == ("u", "p4ss", None)
    assert (found.ca_file, found.timeout, found.verify) == (str(folder / "ca.pem"), 90.0, True)
    assert "p4ss" not in repr(given)


def test_the_first_poll_begins_where_settings_say() -> None:
    clock = lambda: NOW  # noqa: E731
    assert first_poll("all", clock) == "all"
    assert first_poll("now", clock) == NOW
    assert first_poll(timedelta(hours=24), clock) == datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    there = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert first_poll(there, clock) == datetime(2025, 12, 31, 23, tzinfo=UTC)


class Shown:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        self.closed = 0

    def alert(self, document: Any) -> None:
        self.documents.append(document)

    def close(self, summary: Summary) -> None:
        self.closed += 1


def alerts(*numbers: int) -> Sequence[Alert]:
    return [Alert(f"{n:040x}", None, {"n": n}) for n in numbers]


def test_a_dry_sink_shows_each_alert_once() -> None:
    shown, summary = Shown(), Summary()
    sink = DrySink(shown, summary)
    sink.prepare()
    first: Written = sink.write(alerts(1, 2, 1))
    assert (first.created, first.existing, len(first.created_ids)) == (2, 1, 2)
    assert sink.write(alerts(2, 3)).created == 1
    assert [document["n"] for document in shown.documents] == [1, 2, 3]
    assert summary.alerts_total == 3
    sink.close()
    assert shown.closed == 1


def test_a_dry_state_goes_on_from_the_real_one_and_leaves_it_alone() -> None:
    real = MemoryState()
    real.commit("s", {"at": 1}, {"a": 2, "b": 5})
    state = DryState(real)
    assert state.load("s") == {"at": 1}
    state.commit("s", {"at": 2}, {"a": 3})
    assert state.load("s") == {"at": 2}
    assert state.load("t") is None
    assert state.occurrences("s", iter(["a", "b", "c"])) == {"a": 3, "b": 5}
    assert real.load("s") == {"at": 1}
    assert real.occurrences("s", ["a", "b"]) == {"a": 2, "b": 5}
