"""What each type finds and what it leaves, over events in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Problem
from engine.hunt.row import Table
from engine.hunt.run import run
from tests.engine.helpers import fail_on_problem, rule, write_rules
from tests.engine.hunt.helpers import (
    DAY,
    alerts,
    at,
    event,
    findings,
    hunt,
    outcome,
    reader,
    seconds,
    span,
)

ANY = {"product": "any"}


def seen(**fields: Any) -> dict[str, Any]:
    return {"selection": fields, "condition": "selection"}


def test_cardinality_counts_different_values_without_case() -> None:
    wanted = hunt(type="cardinality", group_by="u", field="h", at_least=3, within="60s")
    assert not findings(wanted, [event(n, u="a", h=f"H{n % 2}") for n in range(40)])
    assert not findings(wanted, [event(n, u="a", h=h) for n, h in enumerate(("x", "X", "y"))])
    (found,) = findings(wanted, [event(n, u="a", h=h) for n, h in enumerate(("x", "y", "y", "z"))])
    assert (found.value, found.total, seconds([found])) == (3, 4, [3])


def test_cardinality_of_several_fields_counts_their_combinations() -> None:
    wanted = hunt(type="cardinality", field=["h", "p"], at_least=3, within="60s")
    pairs = [("x", 1), ("x", 2), ("y", 1), ("y", 1)]
    assert seconds(findings(wanted, [event(n, h=h, p=p) for n, (h, p) in enumerate(pairs)])) == [2]


@pytest.mark.parametrize(
    ("measure", "condition", "values", "found"),
    [
        ("sum", {"gte": 10}, [3, 3, 3, 1], [3]),
        ("sum", {"gt": 10}, [3, 3, 3, 1], []),
        ("avg", {"gt": 5}, [5, 5, 6], [2]),
        ("max", {"gte": 7}, [1, 7, 2], [1]),
        ("min", {"lt": 0}, [1, -1, 2], [1]),
        ("max", {"gte": 7}, ["1", "7", "x"], [1]),
        ("avg", {"gt": 5}, [None, "x", True], []),
    ],
)
def test_metric_measures_the_numbers_in_a_window(
    measure: str, condition: dict[str, float], values: list[Any], found: list[float]
) -> None:
    wanted = hunt(type="metric", field="n", measure=measure, condition=condition, within="60s")
    got = findings(wanted, [event(n, n=value) for n, value in enumerate(values)])
    assert seconds(got) == found


def test_metric_of_a_percentile_lies_between_two_numbers() -> None:
    wanted = hunt(type="metric", field="n", measure="percentile", percentile=50,
                  condition={"gte": 2.5}, within="60s", min_events=4)  # fmt: skip
    assert seconds(findings(wanted, [event(n, n=n + 1) for n in range(4)])) == [3]


def test_metric_reads_a_score_under_vedette() -> None:
    wanted = hunt(type="metric", group_by="host.name", field="vedette.score", measure="avg",
                  condition={"gte": 0.9}, within="60s", min_events=3)  # fmt: skip
    story = [event(n, host={"name": "a"}, vedette={"score": 0.95}) for n in range(3)]
    (found,) = findings(wanted, story)
    assert found.value == pytest.approx(0.95)


def test_metric_forgets_what_has_left_the_window() -> None:
    wanted = hunt(type="metric", field="n", measure="max", condition={"gte": 7}, within="10s")
    story = [event(0, n=7), event(11, n=1), event(30, n=8)]
    assert seconds(findings(wanted, story)) == [0, 30]


def test_sequence_wants_its_steps_in_order_and_in_time() -> None:
    wanted = hunt(
        type="sequence", logsource=ANY, group_by="u", within="60s",
        steps=[{"name": name, "detection": seen(k=name)} for name in "abc"],
    )  # fmt: skip

    def story(*steps: tuple[float, str], u: str = "x") -> list[dict[str, Any]]:
        return [event(time, u=u, k=k, **{"logsource.product": "any"}) for time, k in steps]

    assert seconds(findings(wanted, story((0, "a"), (5, "b"), (9, "c"), (10, "c")))) == [9]
    assert not findings(wanted, story((0, "a"), (5, "c"), (9, "b")))
    assert not findings(wanted, story((0, "a"), (5, "b"), (60, "c")))
    assert not findings(wanted, story((0, "a"), (5, "b")) + story((9, "c"), u="y"))
    assert seconds(findings(wanted, story((0, "a"), (5, "a"), (6, "b"), (62, "c")))) == [62]


def test_sequence_may_name_the_group_otherwise_in_each_step() -> None:
    wanted = hunt(
        type="sequence", logsource=ANY, group_by="u", within="60s",
        steps=[{"detection": seen(k="a")}, {"detection": seen(k="b"), "group_by": "user"}],
    )  # fmt: skip
    one = event(0, k="a", u="x", **{"logsource.product": "any"})
    two = event(1, k="b", user="X", **{"logsource.product": "any"})
    (found,) = findings(wanted, [one, two])
    assert found.group == ("X",)


def test_new_terms_are_those_that_the_history_lacks() -> None:
    wanted = hunt(type="new_terms", field="p", history="1h")
    story = [event(0, p="old"), event(3000, p="known"), event(3700, p="KNOWN"),
             event(3800, p="old"), event(3900, p="new"), event(4000, p="new")]  # fmt: skip
    # "old" was last seen more than an hour before, by the hour's granularity it is still known
    found = findings(wanted, story, span(3600, 7200))
    assert [finding.group for finding in found] == [("new",)]
    assert findings(wanted, story, span(0, 7200))[0].group == ("old",)


def test_new_terms_remember_so_that_no_history_is_read_again() -> None:
    wanted = hunt(type="new_terms", field="p", history="30d")
    first = outcome(wanted, [event(10, p="a"), event(4000, p="b")], span(3600, 7200))
    assert [finding.group for finding in first.findings] == [("b",)]
    memory = json.loads(json.dumps(first.memory))
    later = outcome(wanted, [event(7300, p="a"), event(7400, p="c")], span(7200, 9000), memory)
    assert [finding.group for finding in later.findings] == [("c",)]
    assert later.read == 2
    skipped = outcome(wanted, [event(8000, p="x"), event(9500, p="x")], span(9000, 9600), memory)
    assert not skipped.findings, "what lies between two runs counts as history"


def test_new_terms_forget_what_was_not_seen_within_the_history() -> None:
    wanted = hunt(type="new_terms", field="p", history="2h")
    first = outcome(wanted, [event(10, p="a")], span(0, 3600))
    later = outcome(wanted, [event(5 * 3600, p="a")], span(5 * 3600, 6 * 3600), first.memory)
    assert [finding.group for finding in later.findings] == [("a",)]


def test_new_terms_of_several_fields_are_combinations() -> None:
    wanted = hunt(type="new_terms", field=["u", "p"], history="1h")
    story = [event(0, u="a", p="x"), event(1, u="b", p="y"), event(4000, u="a", p="y")]
    (found,) = findings(wanted, story, span(3600, 7200))
    (alert,) = alerts(wanted, outcome(wanted, story, span(3600, 7200)))
    assert found.group == ("a", "y")
    assert alert["vedette"]["alert"]["hunt"]["group"] == [
        {"field": "u", "value": "a"}, {"field": "p", "value": "y"}
    ]  # fmt: skip


def test_the_memory_of_a_failed_run_is_as_it_was() -> None:
    wanted = hunt(type="new_terms", field="p", history="30d")
    memory = outcome(wanted, [event(10, p="a")], span(0, 3600)).memory
    before = json.dumps(memory, sort_keys=True)
    outcome(wanted, [event(3700, p="b")], span(3600, 7200), memory)
    assert json.dumps(memory, sort_keys=True) == before


def spike(**keys: Any) -> Any:
    whole = {"group_by": "u", "within": "10m", "reference": "1h", "factor": 3, "at_least": 5}
    return hunt(type="spike", **{**whole, **keys})


def every(start: float, end: float, step: float, **fields: Any) -> list[dict[str, Any]]:
    count = int((end - start) / step)
    return [event(start + n * step, **fields) for n in range(count)]


def test_spike_compares_a_bucket_with_the_mean_before_it() -> None:
    usual = every(0, 7200, 120, u="a")  # five in ten minutes
    assert not findings(spike(), usual + every(7200, 7800, 50, u="a"), span(7200, 7800))
    (found,) = findings(spike(), usual + every(7200, 7800, 40, u="a"), span(7200, 7800))
    assert (found.total, float(found.value or 0)) == (15, 3.0)


def test_spike_is_told_when_it_begins() -> None:
    story = every(0, 7200, 120, u="a") + every(7200, 9000, 10, u="a")
    assert seconds(findings(spike(), story, span(7200, 9000))) == [7799.999999]


def test_spike_of_a_new_group_is_none() -> None:
    assert not findings(spike(), every(7200, 7800, 1, u="new"), span(7200, 7800))


def test_spike_downwards_is_found_where_it_is_asked_for() -> None:
    story = every(0, 7200, 60, u="a") + every(7200, 7800, 300, u="a")
    assert not findings(spike(), story, span(7200, 7800))
    (found,) = findings(spike(direction="both"), story, span(7200, 7800))
    assert found.anchor[0] == "down"


def test_flatline_is_told_once_when_a_group_falls_silent() -> None:
    wanted = hunt(type="flatline", group_by="u", within="10m", at_least=2)
    story = every(0, 1200, 120, u="a") + every(0, 3600, 120, u="b")
    found = findings(wanted, story, span(0, 3600))
    assert [(finding.group, finding.time - at(1800) + 1) for finding in found] == [(("a",), 0)]


def test_flatline_without_a_group_is_of_all_events() -> None:
    wanted = hunt(type="flatline", within="10m")
    assert seconds(findings(wanted, every(0, 600, 60), span(0, 3600))) == [1199.999999]


def test_flatline_tells_of_an_expected_group_that_never_came_once_a_day() -> None:
    wanted = hunt(type="flatline", group_by="u", within="6h", expected=["a", "b"])
    found = findings(wanted, every(0, 2 * DAY, 3600, u="A"), span(0, 2 * DAY))
    assert [finding.group for finding in found] == [("b",), ("b",)]


def test_change_tells_the_value_before_and_the_one_now() -> None:
    wanted = hunt(type="change", group_by="u", field="c", within="60s")
    story = [event(0, u="a", c="DE"), event(10, u="a", c="de"), event(20, u="A", c="BR"),
             event(30, u="b", c="DE"), event(200, u="b", c="BR")]  # fmt: skip
    (found,) = findings(wanted, story)
    assert (seconds([found]), found.detail) == ([20], ("before: de", "now: BR"))
    assert [row.id for row in found.rows] == ["00001", "00002"]


def test_change_of_a_value_that_is_one_of_several_is_none() -> None:
    wanted = hunt(type="change", group_by="u", field="c", within="60s")
    assert not findings(wanted, [event(0, u="a", c=["DE", "BR"]), event(1, u="a", c="BR")])


def test_indicator_finds_listed_values_networks_and_domains(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("# ours\n203.0.113.0/28\nBad.Example.COM\nabc\n")
    wanted = hunt(f"{tmp_path}/", type="indicator", lists="list.csv", fields=["ip", "name"],
                  subdomains=True)  # fmt: skip
    values = [{"ip": "203.0.113.9"}, {"ip": "203.0.113.16"}, {"name": "www.bad.example.com."},
              {"name": "notbad.example.com"}, {"ip": "::ffff:203.0.113.1"},
              {"name": "ABC"}]  # fmt: skip
    found = findings(wanted, [event(n, **fields) for n, fields in enumerate(values)])
    assert seconds(found) == [0, 2, 4, 5]
    assert found[0].reason == "ip is 203.0.113.9, which list.csv lists as 203.0.113.0/28"


def test_indicator_takes_a_named_column_and_its_note(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text('note,value\n"seen, twice",evil\n')
    wanted = hunt(f"{tmp_path}/", type="indicator", lists="list.csv", fields="n", column="value")
    (found,) = findings(wanted, [event(0, n="Evil")])
    assert found.reason.endswith("lists as evil (seen, twice)")


def test_indicator_reads_a_list_again_when_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("a\n")
    wanted = hunt(f"{tmp_path}/", type="indicator", lists="list.txt", fields="n")
    assert len(findings(wanted, [event(0, n="a"), event(1, n="bb")])) == 1
    file.write_text("a\nbb\n")
    assert len(findings(wanted, [event(0, n="a"), event(1, n="bb")])) == 2


def test_indicator_takes_stix_patterns_of_single_values_and_their_time(tmp_path: Path) -> None:
    def made(pattern: str, **more: Any) -> dict[str, Any]:
        return {"type": "indicator", "name": "n", "pattern": pattern, "pattern_type": "stix",
                "valid_from": "2020-01-01T00:00:00Z", **more}  # fmt: skip

    bundle = {"type": "bundle", "objects": [
        made("[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'it\\'s.example']"),
        made("[file:hashes.'SHA-256' = 'AA'] OR [url:value = 'http://x/']"),
        made("[a:b = 'both' AND c:d = 'two']"),
        made("[a:b = 'first'] FOLLOWEDBY [a:b = 'then']", name="m"),
        made("[a:b = 'over']", valid_until="2025-01-01T00:00:00Z"),
        made("[a:b = 'gone']", revoked=True),
        {"type": "malware", "name": "x"},
    ]}  # fmt: skip
    (tmp_path / "list.json").write_text(json.dumps(bundle))
    wanted = hunt(f"{tmp_path}/", type="indicator", lists="list.json", fields="n")
    values = ("192.0.2.1", "it's.example", "aa", "http://x/", "both", "over", "gone")
    problems: list[Problem] = []
    (tmp_path / "list.json").touch()
    found = run(wanted, span(0, DAY), reader([event(n, n=v) for n, v in enumerate(values)]), {},
                problems.append)  # fmt: skip
    assert [finding.rows[0].event.first("n") for finding in found.findings] == list(values[:4])
    (problem,) = problems
    assert (problem.kind, problem.file) == ("stix-pattern", str(tmp_path / "list.json"))
    assert problem.message.endswith("asks for more than one value, and is left out; and 1 more")
    run(wanted, span(0, DAY), reader([]), {}, problems.append)
    assert len(problems) == 1  # told once, until the list changes


def test_sigma_gives_the_alerts_that_rules_give_anywhere(tmp_path: Path) -> None:
    write_rules(tmp_path, rule(id="1b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51"))
    wanted = hunt(f"{tmp_path}/", type="sigma", rules="rules.yml")
    labelled = {"logsource.product": "any"}
    found = outcome(wanted, [event(0, a=1, **labelled), event(1, a=2, **labelled)])
    (alert,) = alerts(wanted, found)
    assert alert["vedette"]["alert"]["kind"] == "sigma"
    assert alert["rule"]["id"] == "1b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51"


def test_sigma_evaluates_correlations_over_the_span(tmp_path: Path) -> None:
    base = rule(id="1b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51", name="base")
    many = {
        "title": "Many", "id": "2b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51",
        "correlation": {"type": "event_count", "rules": ["base"], "timespan": "1m",
                        "group-by": ["u"], "condition": {"gte": 3}},
    }  # fmt: skip
    write_rules(tmp_path, base, many)
    wanted = hunt(f"{tmp_path}/", type="sigma", rules="rules.yml")
    story = [event(3590 + 5 * n, a=1, u="x", **{"logsource.product": "any"}) for n in range(3)]
    (alert,) = alerts(wanted, outcome(wanted, story, span(3598, 7200)))[:1]
    found = alerts(wanted, outcome(wanted, story, span(3600, 7200)))
    assert [each["vedette"]["alert"]["kind"] for each in found] == ["correlation"]
    assert alert["message"] == "Many"


def test_sigma_may_bring_a_detection_of_its_own() -> None:
    wanted = hunt(type="sigma", logsource=ANY, detection=seen(a=1))
    found = outcome(wanted, [event(n, a=n, **{"logsource.product": "any"}) for n in range(3)])
    assert [alert["message"] for alert in alerts(wanted, found)] == ["A hunt"]


def test_query_gives_an_alert_for_each_event() -> None:
    wanted = hunt(type="query", query="a:1", group_by="u")
    found = findings(wanted, [event(1, u="x"), event(2, u="y")])
    assert [finding.group for finding in found] == [("x",), ("y",)]


def test_rows_of_a_language_are_known_by_event_group_or_content() -> None:
    wanted = hunt(type="query", esql="FROM x | STATS n = COUNT(*) BY u", group_by="u")
    rows = Table(("n", "u"), ((5, "Alice"), (6, "bob")))
    over = span(0, 600)
    found = run(wanted, over, reader([], rows), {}, fail_on_problem).findings
    assert [finding.anchor for finding in found] == [
        ("alice", over.start, over.end), ("bob", over.start, over.end)
    ]  # fmt: skip
    document = alerts(wanted, run(wanted, over, reader([], rows), {}, fail_on_problem))[0]
    assert document["vedette"]["alert"]["source_events"] == [{"n": 5, "u": "Alice"}]
    events = Table(("_id", "_index", "@timestamp"), (("1", "logs", "2026-01-01T00:00:05Z"),))
    (one,) = run(wanted, over, reader([], events), {}, fail_on_problem).findings
    assert (one.anchor, seconds([one])) == (("logs", "1"), [5])


def test_an_answer_that_may_have_been_cut_says_so() -> None:
    wanted = hunt(type="query", esql="FROM x", group_by="u")
    rows = Table(("u",), (("a",), ("b",)), limit=2)
    *_, capped = run(wanted, span(0, 9), reader([], rows), {}, fail_on_problem).findings
    assert capped.capped is not None
    assert capped.capped.limit == 2


def test_what_an_alert_of_a_hunt_says() -> None:
    wanted = hunt(type="threshold", group_by="user.name", at_least=2, within="60s",
                  level="high", alert={"risk_score": 80}, tags=["attack.t1110"])  # fmt: skip
    story = [event(n, user={"name": "alice"}, host={"name": f"ws{n}"}) for n in range(2)]
    (alert,) = alerts(wanted, outcome(wanted, story))
    assert alert["event"]["reason"] == "A hunt: 2 events for user.name alice within 1m"
    assert (alert["event"]["severity"], alert["event"]["risk_score"]) == (73, 80)
    assert alert["event"]["start"] == "2026-01-01T00:00:00.000Z"
    assert alert["user"] == {"name": "alice"}
    assert "host" not in alert
    assert alert["related"]["hosts"] == ["ws0", "ws1"]
    assert "T1110" in alert["threat"][0]["technique"]["id"]
    own = alert["vedette"]["alert"]
    assert own["hunt"] == {
        "type": "threshold", "group": [{"field": "user.name", "value": "alice"}], "value": 2.0
    }  # fmt: skip
    assert [ancestor["id"] for ancestor in own["ancestors"]] == ["00000", "00001"]
    assert len(own["source_events"]) == own["ancestors_total"] == 2
