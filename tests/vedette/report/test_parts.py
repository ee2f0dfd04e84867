from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vedette.report.sample import documents, hostile, summary
from vedette.output.timeline import Timeline
from vedette.report.chart import HEIGHT, chart, step_name
from vedette.report.columns import columns
from vedette.report.cut import cut, pretty
from vedette.report.select import Selection
from vedette.report.view import alert_view, group_view

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMES = st.datetimes(datetime(1601, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))


def an_alert(rule: str, level: str) -> dict[str, object]:
    return {"rule": {"uuid": rule, "name": rule}, "vedette": {"alert": {"level": level}}}


@given(st.lists(st.sampled_from("abcd"), max_size=60), st.integers(0, 12))
def test_a_selection_is_fair_to_every_rule(rules: list[str], most: int) -> None:
    selection = Selection(most)
    selection.extend(an_alert(rule, "low") for rule in rules)
    kept = {key[0]: len(alerts) for key, alerts in selection.kept.items()}
    assert selection.shown == sum(kept.values()) == min(most, len(rules))
    assert selection.total == len(rules)
    given = Counter(rules)
    for rule, count in given.items():
        # Nobody is cut below what another keeps, but for the one alert of rounding.
        if kept.get(rule, 0) < count:
            assert max(kept.values(), default=0) <= kept.get(rule, 0) + 1


def test_of_equally_large_rules_the_least_severe_gives_way() -> None:
    selection = Selection(2)
    selection.extend([an_alert("a", "low"), an_alert("b", "high"), an_alert("c", "critical")])
    assert {key[0] for key, alerts in selection.kept.items() if alerts} >= {"b"}
    assert selection.shown == 2


@given(st.lists(st.tuples(TIMES, st.sampled_from(["critical", "low"])), min_size=1, max_size=80))
def test_a_chart_draws_every_alert_or_counts_it_outside(
    alerts: list[tuple[datetime, str]],
) -> None:
    timeline = Timeline()
    for when, level in alerts:
        timeline.add(when, level)
    picture = chart(timeline)
    assert picture is not None
    assert 0 <= picture.outside < len(alerts)
    for bar in picture.bars:
        assert 0 <= bar.index < picture.count
        assert 0 <= bar.x < bar.x + bar.width <= 100
        top = min(segment.y for segment in bar.segments)
        assert -0.1 <= top <= HEIGHT
    assert len(picture.ticks) <= 7


def test_a_wrong_clock_does_not_squeeze_the_timeline() -> None:
    timeline = Timeline()
    for minute in range(300):
        timeline.add(NOON + timedelta(minutes=minute), "low")
    timeline.add(datetime(1601, 1, 1, tzinfo=UTC), "low")
    timeline.add(None, "low")
    picture = chart(timeline)
    assert picture is not None
    assert picture.outside >= 1
    assert picture.step == 300
    assert picture.undated == 1


def test_one_alert_makes_a_narrow_bar_among_empty_room() -> None:
    timeline = Timeline()
    timeline.add(NOON, "critical")
    picture = chart(timeline)
    assert picture is not None
    assert picture.count == 24
    assert picture.bars[0].width < 5


def test_a_single_critical_alert_is_seen_beside_a_thousand_others() -> None:
    timeline = Timeline()
    for _ in range(1000):
        timeline.add(NOON, "low")
    timeline.add(NOON, "critical")
    picture = chart(timeline)
    assert picture is not None
    (bar,) = picture.bars
    assert {s.level: s.height for s in bar.segments}["critical"] >= 2.5


def test_no_dated_alert_means_no_chart() -> None:
    timeline = Timeline()
    timeline.add(None, "low")
    assert chart(timeline) is None


def test_steps_are_named() -> None:
    assert [step_name(s) for s in (1, 300, 3600, 86400)] == [
        *("1 second", "5 minutes", "1 hour", "1 day")
    ]


def test_columns_hold_the_whole_matrix_and_strangers_after_it() -> None:
    found = columns(summary([*documents(), *hostile()]))
    assert [column.name for column in found][:3] == [
        *("Reconnaissance", "Resource Development", "Initial Access")
    ]
    assert len(found) > 15
    assert all(column.url is None for column in found[15:])
    execution = found[3]
    assert execution.techniques[0].level == "high"
    assert execution.techniques[0].parent == "Command and Scripting Interpreter"


@pytest.mark.parametrize("value", [[], {}, "x", 1.5, None, True, {"a": [1, {"b": "\u202e"}]}])
def test_a_small_value_stays_the_same_json(value: object) -> None:
    assert json.loads(pretty(value, 10_000).text) == value


def test_what_no_json_can_hold_is_still_shown() -> None:
    deep: object = "end"
    for _ in range(5000):
        deep = [deep]
    assert "nested deeper" in pretty(deep, 100_000).text
    assert json.loads(pretty({"n": float("nan")}, 100).text) == {"n": None}
    assert "bit integer" in pretty({"n": 10**5000}, 1000).text
    assert pretty({"s": "\ud800"}, 100).text.encode()


def test_a_cut_counts_what_is_missing() -> None:
    assert cut("abcdef", 4).more == 2
    assert cut("abcd", 4).more == 0
    assert len(pretty(["x" * 50] * 100, 1000).text) == 1000
    assert pretty(["x" * 50] * 100, 1000).more > 4000


def test_only_plain_web_addresses_become_links() -> None:
    alert = documents()[0]
    addresses = {
        "https://example.org/a?b=c": True,
        "http://example.org": True,
        "javascript:alert(1)": False,
        "data:text/html,x": False,
        "https://example.org/\u202egpj": False,
        'https://example.org/"><script>': False,
        "//example.org": False,
        "https://" + "a" * 3000: False,
    }
    alert["rule"]["reference"] = list(addresses)
    group = summary([alert]).groups[0]
    links = group_view(group, [alert]).references
    assert [link.url is not None for link in links] == list(addresses.values())


def test_an_alert_tells_its_process_tree_parent_first() -> None:
    alert = next(d for d in documents() if d["rule"]["name"].startswith("Encoded PowerShell"))
    view = alert_view(alert, 1000)
    assert [p.executable.text.rpartition("\\")[2] for p in view.processes] == [
        *("WINWORD.EXE", "powershell.exe")
    ]
    assert dict(view.facts)["User"].text == "CORP\\a.brandt"
    assert view.events[0].origin == "recordings/night.ndjson.zst:2000"


def test_a_description_keeps_its_lines_but_no_loose_end() -> None:
    alert = documents()[0]
    alert["rule"]["description"] = "one\r\ntwo\x1b\n"
    view = group_view(summary([alert]).groups[0], [alert])
    assert view.description.text == "one\ntwo\\x1b"


def test_an_explanation_does_not_say_its_field_twice() -> None:
    alert = next(d for d in documents() if d["rule"]["name"].startswith("Web Scanner"))
    view = alert_view(alert, 1000)
    feature, why = view.explanation[0]
    assert feature.text == "src_ip"
    assert why.text.startswith("is 203.0.113.")
    assert view.gist.text.startswith("src_ip is 203.0.113.")
    assert not view.reason


def test_without_an_explanation_the_reason_is_given() -> None:
    alert = documents()[0]
    alert["vedette"]["alert"]["explanation"] = []
    assert alert_view(alert, 1000).reason.text == alert["event"]["reason"]
