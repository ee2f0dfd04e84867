"""`vedette alerts held`, and tuning on the command line from rules to the stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.engine.helpers import rule
from vedette.cli.main import cli

RULE = rule("One", id="6f5ad5d5-0b0b-4d3a-8a52-7f0c6b3c1e21", level="high")
EXCEPTION = {
    "title": "Known",
    "logsource": {"product": "any"},
    "filter": {"rules": "any", "known": {"host": "lab"}, "condition": "not known"},
    "vedette": {"exception": {"owner": "B", "reason": "b", "expires": "9999-01-01"}},
}
TUNING = {
    "suppress": [{"name": "hosts", "by": ["host"], "for": "1h"}],
    "override": [{"name": "grave", "level": "critical"}],
    "caps": [{"name": "few", "most": 2, "per": "1h"}],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "rules" / "one.yml").write_text(yaml.safe_dump(RULE), encoding="utf-8")
    (tmp_path / "more" / "known.yml").write_text(yaml.safe_dump(EXCEPTION), encoding="utf-8")
    (tmp_path / "tuning.yml").write_text(yaml.safe_dump(TUNING), encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    events = [
        {"logsource.product": "any", "a": 1, "@timestamp": f"2026-11-01T10:0{n}:00Z", "host": host}
        for n, host in enumerate(["x", "x", "lab", "y", "z", "z\u202e"])
    ]
    text = "".join(json.dumps(event) + "\n" for event in events)
    (tmp_path / "inbox" / "events.json").write_text(text, encoding="utf-8")
    settings = {
        "rules": {"paths": ["rules"]},
        "tuning": {"exceptions": ["more"], "files": ["tuning.yml"]},
        "output": {"sqlite": "v.sqlite"},
    }
    (tmp_path / "vedette.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return tmp_path


def call(*arguments: str) -> tuple[str, str]:
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False, standalone_mode=False)
    return done.stdout, done.stderr


def test_a_hunt_tells_what_it_held_back_in_every_format(place: Path) -> None:
    options = ["--rules", "rules", "--exceptions", "more", "--tuning", "tuning.yml"]
    table, _ = call("hunt", "inbox", *options, "-o", "table")
    lines, told = call("hunt", "inbox", *options, "-o", "ndjson")
    for text in (table, told):
        assert "1 match held back by exceptions:\n        1x Known: One\n" in text
        assert "1 alert suppressed:\n        1x hosts: One\n" in text
        assert "2 alerts over a cap:\n        2x few: One\n" in text
    found = [json.loads(line)["vedette"]["alert"] for line in lines.splitlines()]
    assert [(a["kind"], a["level"]) for a in found] == [
        ("sigma", "critical"), ("sigma", "critical"), ("capped", "informational"),
    ]  # fmt: skip
    assert found[2]["capped"]["total"] == 4


def test_a_hunt_without_tuning_has_nothing_to_tell(place: Path) -> None:
    lines, told = call("hunt", "inbox", "--rules", "rules", "-o", "ndjson")
    assert len(lines.splitlines()) == 6
    assert "suppressed" not in told


def test_a_run_keeps_what_it_held_back_and_it_can_be_seen(place: Path) -> None:
    call("run", "--until-idle")
    table, _ = call("alerts", "held", "-o", "table")
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [
        ["suppressed", "1"], ["capped", "2"], ["excepted", "1"],
    ]  # fmt: skip
    lines, _ = call("alerts", "held", "-o", "ndjson", "--kind", "suppressed")
    (document,) = [json.loads(line) for line in lines.splitlines()]
    assert document["key"] == [{"field": "host", "value": "x"}]
    nothing, _ = call("alerts", "held", "-o", "table", "--since", "2100-01-01")
    assert nothing == "Nothing was held back.\n"


def test_where_no_run_was_there_is_nothing_and_nothing_is_made(place: Path) -> None:
    nothing, _ = call("alerts", "held", "-o", "table")
    assert nothing == "Nothing was held back.\n"
    assert not (place / "v.sqlite").exists()


def test_a_dry_run_keeps_nothing(place: Path) -> None:
    lines, _ = call("run", "--until-idle", "--dry-run", "-o", "ndjson")
    assert len(lines.splitlines()) == 3
    assert not (place / "v.sqlite").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"suppress": [{"for": "1x"}]}, "suppress.0.for: '1x' is no duration"),
        ({"overide": []}, "did you mean 'override'?"),
    ],
)
def test_a_wrong_tuning_file_keeps_a_hunt_from_starting(
    change: Any, says: str, place: Path
) -> None:
    (place / "tuning.yml").write_text(yaml.safe_dump(change), encoding="utf-8")
    from engine.errors import RuleError

    with pytest.raises(RuleError) as caught:
        call("hunt", "inbox", "--rules", "rules", "--tuning", "tuning.yml")
    assert says in str(caught.value)


def test_the_tests_of_rules_and_exceptions_know_of_each_other(place: Path) -> None:
    test = {"logsource.product": "any", "a": 1, "host": "lab"}
    with_tests = {
        **RULE,
        "vedette": {
            "tests": [
                {"name": "there", "match": True, "event": test},
                {"name": "not", "match": False, "event": {**test, "a": 2}},
            ]
        },
    }
    (place / "rules" / "one.yml").write_text(yaml.safe_dump(with_tests), encoding="utf-8")
    own = {
        **EXCEPTION,
        "vedette": {
            **EXCEPTION["vedette"],  # type: ignore[dict-item]
            "tests": [
                {"name": "held", "match": True, "event": test},
                {"name": "wrong", "match": True, "event": {**test, "host": "x"}},
                {"name": "stays", "match": False, "event": {**test, "host": "x"}},
            ],
        },
    }
    (place / "more" / "known.yml").write_text(yaml.safe_dump(own), encoding="utf-8")
    told, _ = call("rules", "test", "rules", "more")
    assert told.splitlines() == [
        "FAIL more/known.yml: wrong: is not held back, but must be",
        "FAIL rules/one.yml: there: matched, but is held back by the exception 'Known'",
        "1 rules, 5 tests: 3 passed, 2 failed, 0 rules refused",
    ]


def test_a_window_that_is_evaluated_once_more_tells_what_it_holds_back_once(place: Path) -> None:
    from datetime import UTC, datetime

    from engine.ports import Batch, Record
    from tests.engine.helpers import fail_on_problem
    from vedette.settings import load
    from vedette.wiring import assemble

    now = datetime(2026, 11, 2, tzinfo=UTC)
    parts = assemble(load(place / "vedette.yml", {}).settings, fail_on_problem, lambda: now)
    (line,) = parts.lines
    text = (place / "inbox" / "events.json").read_text(encoding="utf-8")
    records = [Record(json.loads(event), "x", id=event) for event in text.splitlines()]

    def evaluate() -> list[tuple[str, int]]:
        window = line.fresh(datetime(2026, 11, 1, tzinfo=UTC), now)
        window.take("inbox", Batch(records))
        window.finish()
        return sorted((d["kind"], d["count"]) for d in line.actions.read())

    assert evaluate() == evaluate() == [("excepted", 1), ("suppressed", 1)]
    parts.close()
    call("run", "--until-idle")
    lines, _ = call("alerts", "held", "-o", "ndjson")
    kinds = sorted(json.loads(line)["kind"] for line in lines.splitlines())
    assert kinds == ["capped", "excepted", "excepted", "suppressed", "suppressed"]
