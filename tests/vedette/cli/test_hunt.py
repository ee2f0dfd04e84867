"""`vedette hunt`, from its arguments to what it writes and the code it ends with."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.vedette.cli.command import BROKEN, WHOAMI, Answer, ndjson, process, vedette

WHO = r"C:\Windows\System32\whoami.exe"
RULE = "11111111-1111-4111-8111-111111111111"


def hunt(*arguments: str | Path, stdin: bytes = b"") -> Answer:
    return vedette("hunt", *arguments, "--rules", "rules", stdin=stdin)


def timeless(text: str) -> list[dict[str, Any]]:
    """Alerts without times of writing and the id of the run: the rest must never vary."""
    alerts = [json.loads(line) for line in text.splitlines()]
    for alert in alerts:
        del alert["@timestamp"], alert["event"]["created"], alert["event"]["ingested"]
        del alert["vedette"]["alert"]["execution"]["id"]
    return alerts


def ids(answer: Answer) -> list[str]:
    return [alert["vedette"]["alert"]["id"] for alert in answer.alerts]


def titles(answer: Answer) -> list[str]:
    return [alert["rule"]["name"] for alert in answer.alerts]


# inputs


def test_a_pipe_gets_one_alert_document_a_line_and_nothing_else(folder: Path) -> None:
    answer = hunt("events.ndjson")
    assert answer.code == 0
    assert titles(answer) == ["Whoami Was Run"] * 2 + ["Defender Was Switched Off"] + [
        "Whoami Was Run"
    ]
    assert [a["vedette"]["alert"]["ancestors"][0]["line"] for a in answer.alerts] == [1, 2, 4, 5]
    assert answer.err == "2 rules loaded from 2 files\n"


def test_every_way_to_give_the_same_events_gives_the_same_alerts(folder: Path) -> None:
    raw = Path("events.ndjson").read_bytes()
    Path("packed.json.gz").write_bytes(gzip.compress(raw))
    Path("packed.zst").write_bytes(zstandard.compress(raw))
    Path("array.json").write_text(json.dumps([json.loads(line) for line in raw.splitlines()]))
    (folder / "logs" / "deep").mkdir(parents=True)
    (folder / "logs" / "deep" / "a.ndjson").write_bytes(raw)
    wanted = ids(hunt("events.ndjson"))
    assert len(set(wanted)) == 4
    for given in ("packed.json.gz", "packed.zst", "array.json", "logs"):
        assert ids(hunt(given)) == wanted, given
    assert ids(hunt("-", stdin=raw)) == wanted
    assert ids(hunt("-", stdin=gzip.compress(raw))) == wanted


def test_cloudtrail_records_are_unwrapped(folder: Path) -> None:
    Path("rules/trail.yml").write_text(
        "title: Trail Stopped\nlevel: high\nlogsource: {product: aws, service: cloudtrail}\n"
        "detection:\n  s: {eventName: StopLogging}\n  condition: s\n"
    )
    event = {
        "eventVersion": "1.08",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging",
        "eventTime": "2026-11-23T02:30:00Z",
    }
    Path("trail.json").write_text(json.dumps({"Records": [event, {**event, "eventName": "X"}]}))
    answer = hunt("trail.json")
    assert titles(answer) == ["Trail Stopped"]
    assert answer.alerts[0]["vedette"]["alert"]["original_time"] == "2026-11-23T02:30:00.000Z"


def test_several_inputs_and_rule_folders_are_taken_together(folder: Path) -> None:
    Path("more").mkdir()
    Path("more/explorer.yml").write_text(
        WHOAMI.replace("1111", "4444").replace("whoami.exe", "explorer.exe")
    )
    answer = vedette(
        *("hunt", "events.ndjson", "-", "--rules", "rules/whoami.yml", "-r", "more"),
        stdin=ndjson([process(WHO)]),
    )
    assert answer.code == 0
    assert len(answer.alerts) == 5
    assert answer.err.startswith("2 rules loaded from 2 files")


@pytest.mark.shared
def test_an_event_log_given_twice_alerts_once(
    shared_data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regression = shared_data / "sigmahq" / "regression_data"
    source = min(regression.rglob("*.evtx"), key=lambda path: (path.stat().st_size, path))
    Path("any.yml").write_text(
        "title: Anything\nlogsource: {product: windows}\n"
        "detection:\n  s: {EventID|exists: true}\n  condition: s\n"
    )
    shutil.copy(source, "one.evtx")
    shutil.copy(source, "two.evtx")
    once = vedette("hunt", "one.evtx", "-r", "any.yml")
    both = vedette("hunt", "one.evtx", "two.evtx", "one.evtx", "-r", "any.yml")
    assert once.alerts
    assert ids(both) == ids(once)
    assert both.counts == {"skipped-file": 1}


def test_the_same_input_gives_the_same_alerts_but_for_times_of_writing(folder: Path) -> None:
    first, second = hunt("events.ndjson"), hunt("events.ndjson")
    assert first.raw != b""
    assert timeless(first.out) == timeless(second.out)
    executions = [a.alerts[0]["vedette"]["alert"]["execution"]["id"] for a in (first, second)]
    assert executions[0] != executions[1]


# output


def test_the_table_counts_and_names(folder: Path) -> None:
    answer = hunt("events.ndjson", "--output", "table")
    lines = [line.split() for line in answer.out.splitlines()]
    assert "\x1b" not in answer.out
    assert ["high", "Whoami", "Was", "Run", "T1033", "WS01", "3"] in [line[:7] for line in lines]
    assert lines.index(["4", "alerts", "from", "2", "rules"]) > 5
    assert ["Discovery", "3"] in [line[:2] for line in lines]


def test_json_is_one_array_also_when_it_is_empty(folder: Path) -> None:
    assert len(json.loads(hunt("events.ndjson", "-o", "json").out)) == 4
    assert json.loads(hunt("-", "-o", "JSON", stdin=b'{"a": 1}').out) == []


def test_csv_has_a_row_for_each_alert(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(hunt("events.ndjson", "-o", "csv").out)))
    assert [row["level"] for row in rows] == ["high", "high", "medium", "high"]
    assert rows[2]["host"] == "WS02"
    assert rows[3]["time"] == ""


def test_a_report_is_written_beside_the_output(folder: Path) -> None:
    answer = hunt("events.ndjson", "--report", "r.html")
    assert len(answer.alerts) == 4
    assert f"Report: {folder / 'r.html'}\n" in answer.err
    page = Path("r.html").read_text()
    assert "Whoami Was Run" in page
    assert "vedette hunt events.ndjson --report r.html --rules rules" in page


def test_output_for_programs_is_utf8_whatever_the_terminal_speaks(folder: Path) -> None:
    user = "CORP\\zoë"
    answer = hunt("-", stdin=ndjson([process(WHO, User=user)]))
    assert "zoë".encode() in answer.raw
    assert answer.alerts[0]["user"]["name"] == "zoë"


# which rules


@pytest.mark.parametrize(
    ("option", "found"),
    [
        (("--min-level", "high"), ["Whoami Was Run"] * 3),
        (("--min-level", "CRITICAL"), []),
        (("--status", "stable"), ["Defender Was Switched Off"]),
        (("--status", "stable", "--status", "test"), None),
        (("--tag", "T1033"), ["Whoami Was Run"] * 3),
        (("--tag", "attack.t1685", "--tag", "discovery"), None),
        (("--exclude-rule", "whoami was RUN"), ["Defender Was Switched Off"]),
        (("--exclude-rule", RULE), ["Defender Was Switched Off"]),
    ],
)
def test_options_choose_the_rules(
    folder: Path, option: tuple[str, ...], found: list[str] | None
) -> None:
    answer = hunt("events.ndjson", *option)
    assert answer.code == 0
    assert titles(answer) == (titles(hunt("events.ndjson")) if found is None else found)
    assert "warning" not in answer.err


@pytest.mark.parametrize(
    ("option", "warning"),
    [
        (
            ("--exclude-rule", "whoami was ran"),
            "no rule to leave out has the id or title 'whoami was ran'; "
            "did you mean 'whoami was run'?",
        ),
        (("--tag", "t1034"), "no rule has the tag 't1034'; did you mean 't1033'?"),
        (
            ("--logsource", "product=windos"),
            "no rule is for the product 'windos'; did you mean 'windows'?",
        ),
    ],
)
def test_a_name_that_no_rule_has_is_warned_of(
    folder: Path, option: tuple[str, ...], warning: str
) -> None:
    answer = hunt("events.ndjson", *option)
    assert answer.code == 0
    assert f"warning: {warning}\n" in answer.err


def test_a_pipeline_renames_what_rules_ask_for(folder: Path) -> None:
    Path("p.yml").write_text(
        "name: ours\npriority: 10\ntransformations:\n"
        "- {id: a, type: field_name_mapping, mapping: {Image: exe}}\n"
    )
    event = {**process("x"), "exe": WHO}
    assert titles(hunt("-", stdin=ndjson([event]))) == []
    assert titles(hunt("-", "--pipeline", "p.yml", stdin=ndjson([event]))) == ["Whoami Was Run"]


def test_a_log_source_can_be_told(folder: Path) -> None:
    bare = ndjson([{"Image": WHO}])
    assert titles(hunt("-", stdin=bare)) == []
    told = hunt("-", "--logsource", "product=windows, category=process_creation", stdin=bare)
    assert titles(told) == ["Whoami Was Run"]


def test_alerts_speak_the_attack_version_asked_for(folder: Path) -> None:
    for version, technique in (("18", "T1562.001"), ("19", "T1685")):
        answer = hunt("events.ndjson", "--tag", "t1685", "--attack-version", version)
        (alert,) = answer.alerts
        assert alert["vedette"]["alert"]["attack"]["version"] == int(version)
        text = json.dumps(alert["threat"])
        assert technique in text
        assert ("T1685" in text) == (version == "19")


# which events, how many


def test_bounds_admit_from_the_first_up_to_the_second(folder: Path) -> None:
    answer = hunt("events.ndjson", "--from", "2026-11-23T02:31:00Z", "--to", "2026-11-23T02:33Z")
    assert titles(answer) == ["Defender Was Switched Off"]
    assert "outside-time: events lie outside --from and --to, or have no time\n" in answer.err
    assert answer.counts == {"outside-time": 3}
    (alert,) = answer.alerts
    assert alert["vedette"]["alert"]["execution"]["from"] == "2026-11-23T02:31:00.000Z"


def test_an_event_at_the_bound_is_inside_the_first_and_outside_the_second(folder: Path) -> None:
    assert len(hunt("events.ndjson", "--from", "2026-11-23 02:32").alerts) == 1
    assert len(hunt("events.ndjson", "--to", "2026-11-23T02:30:00Z").alerts) == 0
    assert len(hunt("events.ndjson", "--to", "2026-11-23T02:30:01+00:00").alerts) == 2


def test_events_without_a_time_are_counted_as_outside_any_bounds(folder: Path) -> None:
    answer = hunt("-", "--from", "2000-01-01", stdin=ndjson([process(WHO, None)]))
    assert answer.out == ""
    assert answer.counts == {"outside-time": 1}


def test_beyond_the_limit_alerts_are_counted(folder: Path) -> None:
    assert len(hunt("events.ndjson", "--limit", "3").alerts) == 3
    table = hunt("events.ndjson", "--limit", "1", "--output", "table").out
    assert "4 alerts from 2 rules" in table
    assert "3 alerts beyond --limit are counted, not listed." in table
    nothing = hunt("events.ndjson", "--limit", "0", "--fail-on", "high")
    assert (nothing.code, nothing.out) == (1, "")


# exit codes


@pytest.mark.parametrize(("level", "code"), [("medium", 1), ("HIGH", 1), ("critical", 0)])
def test_an_alert_at_or_above_the_level_ends_with_1(folder: Path, level: str, code: int) -> None:
    assert hunt("events.ndjson", "--fail-on", level).code == code


def test_refused_rules_are_named_and_do_not_stop_the_others(folder: Path) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    answer = hunt("events.ndjson")
    assert answer.code == 0
    assert len(answer.alerts) == 4
    assert "rule refused: rules/broken.yml:5: detection: " in answer.err
    assert "did you mean 'endswith'?" in answer.err
    assert "2 rules loaded from 3 files, 1 refused" in answer.err
    assert answer.counts == {"rule-refused": 1}


def test_strict_ends_with_2_when_any_rule_is_refused(folder: Path) -> None:
    assert hunt("events.ndjson", "--strict").code == 0
    Path("rules/broken.yml").write_text(BROKEN)
    answer = hunt("events.ndjson", "--strict")
    assert answer.code == 2
    assert len(answer.alerts) == 4


def test_it_ends_with_2_when_no_rule_can_be_loaded(folder: Path) -> None:
    Path("none").mkdir()
    Path("none/broken.yml").write_text(BROKEN)
    answer = vedette("hunt", "events.ndjson", "--rules", "none")
    assert (answer.code, answer.out) == (2, "")
    assert "0 rules loaded from 1 files, 1 refused" in answer.err
    Path("none/broken.yml").unlink()
    assert vedette("hunt", "events.ndjson", "--rules", "none").code == 2


def test_the_highest_exit_code_wins(folder: Path) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    assert hunt("events.ndjson", "--fail-on", "low").code == 1
    assert hunt("events.ndjson", "--fail-on", "low", "--strict").code == 2
    answer = hunt("events.ndjson", "--fail-on", "low", "--strict", "--report", "no/r.html")
    assert answer.code == 3
    Path("rules/whoami.yml").unlink()
    Path("rules/defender.yml").unlink()
    assert hunt("events.ndjson").code == 2
    assert hunt("absent.ndjson").code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'PATH...'"),
        (("evnts.ndjson",), "evnts.ndjson: no such file or folder; did you mean 'events.ndjson'?"),
        (("-", "--rules", "absent"), "absent: no such file or folder of rules"),
        (("-", "--outptu", "csv"), "'--output'"),
        (("-", "--output", "tabel"), "--output: unknown value 'tabel'; expected one of table,"),
        (("-", "--output", "tabel"), "did you mean 'table'?"),
        (("-", "--min-level", "hihg"), "--min-level: unknown value 'hihg'; expected one of inf"),
        (("-", "--min-level", "hihg"), "did you mean 'high'?"),
        (("-", "--status", "stabel"), "did you mean 'stable'?"),
        (("-", "--fail-on", "critcal"), "did you mean 'critical'?"),
        (("-", "--fail-on", ""), "--fail-on: unknown value ''"),
        (("-", "--from", "yesterday"), "--from: 'yesterday' is not a time; expected ISO 8601"),
        (("-", "--to", "2026-13-01"), "--to: '2026-13-01' is not a time"),
        (("-", "--from", "2026-02-01", "--to", "2026-01-01"), "--to: not after --from"),
        (("-", "--limit", "-1"), "'--limit'"),
        (("-", "--limit", "x"), "'--limit'"),
        (("-", "--attack-version", "17"), "'18', '19'"),
        (("-", "--logsource", "prodct=windows"), "did you mean 'product'?"),
        (("-", "--logsource", "windows"), "--logsource: cannot read 'windows'; expected product"),
        (("-", "--pipeline", "absent.yml"), "absent.yml: No such file or directory"),
        (("-", "--pipeline", "events.ndjson"), "events.ndjson: not a processing pipeline: "),
        (("-", "--report", "."), ".: cannot write the report: it is a folder"),
        (("-", "--report", "no/r.html"), "no/r.html: cannot write the report: no such folder"),
        (("-", "--report", "events.ndjson/r.html"), "cannot write the report: no such folder"),
        (("-", "--report", "r" * 300), "File name too long"),
    ],
)
def test_usage_and_input_errors_end_with_3_and_say_what_was_expected(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = hunt(*arguments)
    assert answer.code == 3
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("text", ["null", "[]", "1", "[1]", "transformations: x", "finalizers: x"])
def test_a_pipeline_that_is_none_is_an_input_error(folder: Path, text: str) -> None:
    Path("p.yml").write_text(text)
    answer = hunt("events.ndjson", "--pipeline", "p.yml")
    assert answer.code == 3
    assert answer.err.startswith("vedette: p.yml: not a processing pipeline: ")
