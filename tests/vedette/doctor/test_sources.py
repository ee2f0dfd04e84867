"""The checks of the sources, of rules and store, and of the command around them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.search.mappings import Mappings
from connectors.sqlite import SqliteStore
from engine.errors import SourceError
from engine.load import load_rules
from engine.rule import RuleSet
from tests.docs.pages import page
from tests.vedette.cli.command import BROKEN, DEFENDER, WHOAMI, vedette
from tests.vedette.doctor.body import LOGS, NOW, found, mapped, one, patient, process, states
from vedette.doctor.registry import every
from vedette.spans import words

SOURCES = ("events", "lag", "source-stored", "mapping", "unread")


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "who.yml").write_text(WHOAMI)
    (tmp_path / "rules" / "off.yml").write_text(DEFENDER)
    return load_rules([tmp_path / "rules"])


@pytest.mark.parametrize("name", SOURCES)
def test_all_is_well_with_a_good_source(name: str, rules: RuleSet) -> None:
    assert states(found(name, patient(rules=rules))) == {"ok"}


KEYWORD = {"type": "keyword"}


@pytest.mark.parametrize(
    ("name", "said", "state", "told"),
    [
        ("events", {"untimed": (0, 0)}, "warn", "has no events"),
        ("events", {"untimed": (3, 10)}, "warn", "3 of 10 events have no @timestamp"),
        ("events", {"untimed": (10, 10)}, "fail", "10 of 10"),
        ("lag", {"newest": None}, "skipped", "no event"),
        ("lag", {"newest": NOW - timedelta(hours=2)}, "warn", "is 2h old"),
        ("lag", {"newest": NOW + timedelta(hours=1)}, "warn", "1h ahead"),
        ("source-stored", {"mapping": mapped({}, without_source=["logs-a"])}, "fail", "logs-a"),
        ("source-stored", {"mapping": mapped({}, cut={"CommandLine"})}, "warn", "CommandLine"),
        ("mapping", {"samples": []}, "skipped", "no event"),
        ("mapping", {"mapping": mapped({"CommandLine": {"type": "text"}, "Image": KEYWORD})},
         "warn", "CommandLine (CommandLine of 1 rules): text without a keyword"),
        ("mapping", {"mapping": mapped({"CommandLine": KEYWORD})}, "warn", "Image (Image of 1"),
        ("mapping", {"mapping": mapped({"Image": KEYWORD, "CommandLine":
                                        {"type": "keyword", "index": False}})},
         "warn", "not indexed in logs-a"),
        ("mapping", {"mapping": mapped({"Image": KEYWORD, "CommandLine":
                                        {"type": "keyword", "ignore_above": 10}}),
                     "samples": [process(CommandLine="x" * 11)]},
         "warn", "values over 10 characters are left out; one here has 11"),
        ("unread", {"samples": [{"EventID": 1, "Channel": process()["Channel"]}]},
         "warn", "not in the 1 newest events: "),
        ("unread", {"samples": [{"message": "x"}]}, "warn", "no rule is for the log sources"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    name: str, said: dict[str, Any], state: str, told: str, rules: RuleSet
) -> None:
    finding = one(name, patient(rules=rules, **said))
    assert (finding.state, finding.subject) == (state, "logs")
    assert told in finding.message


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_cannot_be_asked_about_is_named_and_keeps_no_other_from_it(
    name: str, rules: RuleSet
) -> None:
    wrong = {**LOGS, "name": "wrong", "index": "wrong-*"}
    cluster = {"hosts": ["http://search.test:9200"]}
    of = patient(rules=rules, settings={"cluster": cluster, "sources": [wrong, LOGS]})
    for asked in ("untimed", "newest", "mapping", "samples"):
        answer = getattr(of.survey, asked)()

        def told(index: str, *_: object, answer: object = answer) -> object:
            if index == "wrong-*":
                raise SourceError("unknown query [trm]")
            return answer

        setattr(of.survey, asked, told)
    first, second = found(name, of)
    assert (first.state, first.subject) == ("fail", "wrong")
    assert "[trm]" in first.message
    assert (second.state, second.subject) == ("ok", "logs")


def test_a_limit_that_no_value_reaches_hides_nothing(rules: RuleSet) -> None:
    fields = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    of = patient(rules=rules, mapping=mapped({"CommandLine": fields, "Image": fields}))
    assert one("mapping", of).state == "ok"


def test_a_field_is_looked_for_where_the_documents_have_it(rules: RuleSet) -> None:
    document = {
        "winlog": {
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "event_id": 1,
            "event_data": {"CommandLine": "x" * 2000, "Image": "C:\\a.exe"},
        }
    }
    data = {"CommandLine": {**KEYWORD, "ignore_above": 1024}, "Image": KEYWORD}
    below = {"winlog": {"properties": {"event_data": {"properties": data}}}}
    finding = one("mapping", patient(rules=rules, samples=[document], mapping=mapped(below)))
    assert finding.message.startswith("winlog.event_data.CommandLine (CommandLine of 1 rules)")


def test_the_shortest_limit_of_several_indices_counts() -> None:
    held = Mappings(
        properties=[
            ("a", {"properties": {"x": {**KEYWORD, "ignore_above": 1024}}}),
            ("b", {"properties": {"x": {"type": "text"}}}),
            ("c", {"properties": {"y": {"type": "flattened"}}}),
        ]
    )
    x, y = held.field("x"), held.field("y.z")
    assert x
    assert (x.ignore_above, x.whole, x.types) == (1024, None, frozenset({"keyword", "text"}))
    assert y
    assert y.types == {"flattened"}
    assert held.field("z") is None


def test_a_rule_that_is_refused_is_named_and_none_at_all_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "broken.yml").write_text(BROKEN)
    settings = {"rules": {"paths": [str(tmp_path / "rules")], "cache": False}}
    assert one("rules", patient(settings=settings)).state == "fail"
    (tmp_path / "rules" / "who.yml").write_text(WHOAMI)
    refused, loaded = found("rules", patient(settings=settings))
    assert refused.state == "warn"
    assert "broken.yml" in refused.message
    assert "1 rules load" in loaded.message


def test_the_store_is_tried_without_a_trace(tmp_path: Path) -> None:
    settings = {"state": {"dir": str(tmp_path / "state")}}
    assert "will be made" in one("store", patient(settings=settings)).message
    assert not (tmp_path / "state").exists()
    store = SqliteStore(tmp_path / "state" / "vedette.sqlite")
    store.sink.prepare()
    assert one("store", patient(settings=settings)).state == "ok"
    assert store.state.load("vedette doctor") is None
    store.close()
    (tmp_path / "state" / "vedette.sqlite").write_bytes(b"something else, long enough" * 50)
    assert one("store", patient(settings=settings)).state == "fail"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    source = {"type": "folder", "name": "inbox", "path": str(tmp_path / "inbox")}
    of = patient(settings={"sources": [source]})
    assert one("folder", of).state == "warn"
    (tmp_path / "inbox").mkdir()
    assert one("folder", of).state == "ok"
    (tmp_path / "file").write_text("x")
    of = patient(settings={"sources": [{**source, "path": str(tmp_path / "file")}]})
    assert one("folder", of).state == "fail"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "who.yml").write_text(WHOAMI)
    (tmp_path / "vedette.yml").write_text("rules: {paths: [rules]}\nstate: {dir: state}\n")
    return tmp_path


def test_the_command_says_each_finding_in_one_line_and_ends_with_its_verdict(home: Path) -> None:
    answer = vedette("doctor")
    assert answer.code == 0
    assert "ok       rules          1 rules load from 1 files" in answer.out
    assert "warn     folder" in answer.out
    assert answer.out.rstrip().endswith("2 ok, 1 warn, 0 fail, 0 skipped")
    assert vedette("doctor", "--fail-on", "warn").code == 1
    (home / "rules" / "who.yml").write_text(BROKEN)
    assert vedette("doctor").code == 1


def test_as_json_each_finding_is_one_object(home: Path) -> None:
    answer = vedette("doctor", "--output", "json")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert [line["check"] for line in lines] == ["rules", "store", "folder"]
    assert lines[2]["state"] == "warn"
    assert lines[2]["subject"] == "inbox"


def test_the_page_lists_every_check_with_what_it_asks() -> None:
    listed = vedette("doctor", "--list").out.strip()
    assert len(listed.splitlines()) == len(every()) + 2
    assert listed in page("docs/operations.md").text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0s"), (59.9, "59s"), (200, "3m 20s"), (3600, "1h"), (90061, "1d 1h"), (86401, "1d")],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert words(timedelta(seconds=seconds)) == said


def test_each_source_is_held_to_the_rules_of_its_own_pipeline(tmp_path: Path) -> None:
    for name, text in (("one", WHOAMI), ("two", DEFENDER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rule.yml").write_text(text)
    (tmp_path / "two" / "broken.yml").write_text(BROKEN)
    settings = {
        "cluster": {"hosts": ["http://search.test:9200"]},
        "rules": {"cache": False},
        "sources": [LOGS, {**LOGS, "name": "others"}],
        "pipelines": [
            {"name": "one", "sources": [LOGS["name"]], "rules": {"paths": [str(tmp_path / "one")]}},
            {"name": "two", "sources": ["others"], "rules": {"paths": [str(tmp_path / "two")]}},
        ],
    }
    of = patient(
        settings=settings, samples=[{k: v for k, v in process().items() if k != "CommandLine"}]
    )
    loaded = {finding.subject: finding for finding in found("rules", of) if finding.state == "ok"}
    assert loaded.keys() == {"pipeline one", "pipeline two"}
    assert [f.subject for f in found("rules", of) if f.state == "warn"] == ["pipeline two"]
    told = {finding.subject: finding.message for finding in found("unread", of)}
    assert "all" in told[LOGS["name"]]
    assert "CommandLine (1 rules)" in told["others"]
