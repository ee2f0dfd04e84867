"""Events go in, strange windows come out as alerts; what fails or comes late is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.detect import Match
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from engine.score.anomaly import Proposed
from engine.score.ensemble import Ensemble
from engine.score.model import Model
from engine.score.observe import observation
from models.bundle.bundle import Bundle
from models.bundle.plan import Plan
from tests.engine.score.parts import (
    NOW,
    at,
    document,
    ensemble,
    epoch,
    maker,
    model,
    ordinary,
    own,
    record,
    see,
    strange,
    told,
)

TEN = timedelta(minutes=10)


def rule(level: str = "medium", *, output: bool = True) -> Rule:
    tags = ("attack.t1070.001",)
    return Rule("r-1", "A rule", level, "test", LogSource(), tags, (), "f", "o", {}, output=output)


def matched(one: Ensemble, each: Record, *rules: Rule) -> None:
    placed = see(one, each, NOW)
    assert placed is not None
    event = normalise(each)
    one.matched(placed, each, f"id-{each.id}", [Match(r, event, "b", ()) for r in rules])


def test_a_strange_window_is_an_alert_and_ordinary_ones_are_not() -> None:
    one, _ = ensemble()
    (alert,) = told(one, [*ordinary(30, 300), *strange(340)])
    assert own(alert)["entity"] == {"field": "host.name", "value": "ws1"}
    assert alert.anchor_time == at(340 * 60)
    assert own(alert)["scores"]["fused"] <= own(alert)["scores"]["threshold"]


def test_it_says_what_the_bundle_says_of_the_same_events() -> None:
    records = [*ordinary(10, 300), *strange(320)]
    seen = [found for each in records if (found := observation(normalise(each)))]
    wanted = {s.window.start: s.p for s in model().bundle.score(seen)}
    one, _ = ensemble()
    (alert,) = told(one, records)
    assert own(alert)["scores"]["fused"] == pytest.approx(wanted[epoch(320 * 60)])


def test_an_alert_has_the_same_id_however_its_events_come() -> None:
    records = strange(340)
    ids = []
    for order in (records, records[::-1]):
        one, _ = ensemble()
        ids += [alert.id for alert in told(one, order)]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_mildly_strange_window_is_an_alert_where_a_rule_matched() -> None:
    records = ordinary(1, 308)
    one, _ = ensemble()
    assert told(one, records) == []
    one, _ = ensemble()
    for each in records[:-1]:
        see(one, each, NOW)
    matched(one, records[-1], rule())
    (alert,) = one.finish(NOW)
    (vouching,) = own(alert)["corroborated_by"]
    assert (vouching["id"], vouching["times"]) == ("r-1", 1)
    assert own(alert)["scores"]["threshold"] < own(alert)["scores"]["fused"] <= 0.05
    assert own(alert)["attack"]["source"] == "rule"
    assert alert.document["threat"][0]["technique"]["id"] == ["T1685"]
    assert one.tracks[0].counts.strange == 0


@pytest.mark.parametrize(
    "given", [rule("informational"), rule(output=False)], ids=["informational", "no output"]
)
def test_rules_that_say_little_or_only_feed_correlations_do_not_vouch(given: Rule) -> None:
    one, _ = ensemble()
    records = strange(340)
    for each in records[:-1]:
        see(one, each, NOW)
    matched(one, records[-1], given)
    (alert,) = one.finish(NOW)
    assert "corroborated_by" not in own(alert)
    assert alert.document["event"]["risk_score"] in (47.0, 73.0)


def test_a_correlation_vouches_once_for_each_window_of_its_events() -> None:
    one, _ = ensemble()
    events = strange(340)
    for each in events:
        see(one, each, NOW)
    one.together([normalise(each) for each in (*events, record(900 * 60))], rule())
    (alert,) = one.finish(NOW)
    assert own(alert)["corroborated_by"] == [{"id": "r-1", "name": "A rule", "times": 1}]


def test_a_correlation_that_only_feeds_others_does_not_vouch() -> None:
    one, _ = ensemble()
    for each in strange(340):
        see(one, each, NOW)
    one.together([normalise(each) for each in strange(340)], rule(output=False))
    (alert,) = one.finish(NOW)
    assert "corroborated_by" not in own(alert)


def test_rules_in_the_window_raise_the_risk() -> None:
    one, _ = ensemble()
    for each in strange(340):
        matched(one, each, rule("high"))
    (alert,) = one.finish(NOW)
    alone = {"medium": 47.0, "high": 73.0}
    risks = [100 * (1 - (1 - risk / 100) * (1 - 0.73)) for risk in alone.values()]
    assert alert.document["event"]["risk_score"] in [
        pytest.approx(risk, abs=0.05) for risk in risks
    ]
    assert own(alert)["level"] == "high"


def test_an_event_that_a_rule_matched_is_shown_once_with_its_id() -> None:
    one, _ = ensemble()
    for each in strange(340):
        matched(one, each, rule())
    (alert,) = one.finish(NOW)
    ids = [ancestor.get("id") for ancestor in own(alert)["ancestors"]]
    assert ids == ["id-WS1-20400-1102"]


def test_a_day_has_no_more_than_the_budgets_error_bar_and_one_alert_tells_the_rest() -> None:
    one, _ = ensemble(alerts_a_day=0.5)
    most = one.tracks[0].threshold.most
    alerts = told(one, [each for m in range(300, 310 + 2 * most) for each in strange(m)])
    anomalies = [alert for alert in alerts if own(alert)["kind"] == "anomaly"]
    (capped,) = [alert for alert in alerts if own(alert)["kind"] == "capped"]
    assert len(anomalies) == most
    assert own(capped)["capped"] == {
        "what": "anomalies of the model", "limit": most, "total": 10 + 2 * most,
    }  # fmt: skip
    assert one.tracks[0].counts.held == 10 + most


def test_what_is_stranger_than_all_that_was_told_is_told_over_the_budget() -> None:
    one, _ = ensemble(lateness=timedelta(minutes=1), alerts_a_day=0.5)
    most = one.tracks[0].threshold.most
    flood = [record(minute * 60) for minute in range(300, 310 + most)]
    alerts = []
    for each in [*flood, *strange(400), *ordinary(1, 500)]:
        see(one, each, at(501 * 60))
        alerts += one.advance("logs", at(501 * 60))
    starts = [alert.anchor_time for alert in alerts if own(alert)["kind"] == "anomaly"]
    assert starts == [*(at(minute * 60) for minute in range(300, 300 + most)), at(400 * 60)]


def test_late_events_and_those_of_the_future_are_counted_and_not_scored() -> None:
    one, problems = ensemble(lateness=TEN)
    now = at(3600)
    assert see(one, record(3000), now)
    assert see(one, record(3600 + 601), now) is None
    one.advance("logs", now)
    assert see(one, record(2000), now) is None
    assert see(one, Record({"EventID": 1}, "logs"), now) is None
    assert one.tracks[0].counts.late == 1
    assert one.future == 1
    assert set(problems.counts) == {"late-event", "future-time", "no-time"}


def test_a_window_is_answered_when_the_lateness_has_passed_its_end() -> None:
    one, _ = ensemble(lateness=TEN)
    for each in strange(340):
        see(one, each, at(341 * 60))
    assert one.advance("logs", at(341 * 60)) == []
    see(one, record(351 * 60 - 1), at(351 * 60))
    assert one.advance("logs", at(351 * 60)) == []
    see(one, record(351 * 60), at(351 * 60))
    assert len(one.advance("logs", at(351 * 60))) == 1


def test_a_window_is_answered_when_its_source_has_brought_nothing_for_so_long() -> None:
    one, _ = ensemble(lateness=TEN)
    for each in strange(340):
        see(one, each, at(341 * 60))
    assert one.advance("logs", at(341 * 60)) == []
    assert one.advance(None, at(350 * 60)) == []
    assert len(one.advance(None, at(351 * 60))) == 1


def run(records: Sequence[Record], cuts: Sequence[bool]) -> dict[str, Any]:
    """Alerts by id of a run that is ended and taken up again after those batches."""
    one, _ = ensemble(lateness=TEN, alerts_a_day=2.0)
    found = {}
    for each, cut in zip(records, cuts, strict=True):
        now = at(400 * 60)
        see(one, each, now)
        alerts = one.advance("logs", now)
        if cut:
            saved = json.loads(json.dumps(one.save()))
            one, _ = ensemble(lateness=TEN, alerts_a_day=2.0)
            one.restore(saved, now)
        found.update({alert.id: alert.document for alert in alerts})
    return found


@cache
def loud() -> Model:
    """A model that charts how many events a host has."""
    seen = [observation(normalise(each)) for each in ordinary(200)]
    plan = Plan(detectors={"volume-moving-mean": {}}, width=60)
    bundle = Bundle.fit([each for each in seen if each], plan)
    return Model("loud", "c" * 64, bundle, {})


@pytest.mark.parametrize("cut", range(0, 40, 13))
def test_what_a_host_had_before_outlives_a_restart(cut: int) -> None:
    """A host that training did not have, so that it has no other past."""
    records = [
        Record(document(minute * 60 + step, host="WS9"), "logs", id=f"{minute}-{step}")
        for minute in range(300, 340)
        for step in range(2 if minute < 339 else 40)
    ]
    records.append(record(352 * 60))
    one, _ = ensemble(lateness=TEN, models=(loud(),), alerts_a_day=50.0)
    alerts = []
    for at_, each in enumerate(records):
        see(one, each, at(353 * 60))
        alerts += one.advance("logs", at(353 * 60))
        if at_ == cut * 2:
            saved = json.loads(json.dumps(one.save()))
            one, _ = ensemble(lateness=TEN, models=(loud(),), alerts_a_day=50.0)
            one.restore(saved, at(353 * 60))
    (alert,) = alerts
    (first, *_) = own(alert)["explanation"]
    assert first["feature"] == "volume count"
    assert "events of host.name=ws9 in a window: count is 40, 38 spreads above" in first["text"]


@settings(max_examples=10)
@given(st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_run_that_is_taken_up_again_finds_what_an_unbroken_one_does(cuts: list[bool]) -> None:
    records = [*strange(300), *strange(305), *strange(306, "WS2"), *ordinary(1, 341)]
    whole = run(records, [False] * 12)
    assert len(whole) >= 2
    assert run(records, cuts) == whole


def test_a_model_that_was_fitted_anew_begins_afresh() -> None:
    one, _ = ensemble(lateness=TEN)
    see(one, record(0), at(0))
    saved = one.save()
    other, problems = ensemble(lateness=TEN, models=(Model("small", "f" * 64, model().bundle, {}),))
    other.restore(saved, at(0))
    assert len(other.tracks[0].windows) == 0
    assert set(problems.counts) == {"model-fresh"}


class Broken:
    """A part of a model that fails."""

    def score(self, *_: Any) -> Any:
        raise ValueError("no numbers today")


def test_a_model_that_fails_is_left_out_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = Model("bad", "b" * 64, model("bad").bundle, {})
    monkeypatch.setattr(bad.bundle, "score_windows", Broken().score)
    good, _ = ensemble()
    wanted = [own(alert)["scores"] for alert in told(good, strange(340))]
    one, problems = ensemble(models=(bad, model()), alerts_a_day=2.0)
    alerts = told(one, strange(340))
    assert [own(alert)["scores"] for alert in alerts] == wanted
    assert [str(p) for p in problems] == [
        "the model bad fails and is left out: ValueError: no numbers today"
    ]
    assert [figures.failed is None for figures in one.figures()] == [False, True]
    one.reset()
    assert [track.model.name for track in one.tracks] == ["small"]


def test_moved_thresholds_decide_for_the_entity_they_are_moved_for() -> None:
    def moved(name: str, entity: str, p: float) -> float:
        assert name == "small"
        return 1e-30 if entity == "host.name=ws2" else p

    one, _ = ensemble(moved=moved)
    alerts = told(one, [*strange(340), *strange(340, "WS2")])
    assert [own(alert)["entity"]["value"] for alert in alerts] == ["ws1"]


@dataclass(frozen=True)
class Alike:
    title: str = "Windows Security Log Wiped"
    similarity: float = 0.81


@dataclass(frozen=True)
class Technique:
    confidence: float
    technique: str = "T1685.005"
    name: str = "Clear Windows Event Logs"
    tactics: tuple[str, ...] = ("defense-impairment",)
    because: tuple[Alike, ...] = (Alike(),)
    alone: float | None = None


@pytest.mark.parametrize(("sure", "source"), [(0.5, "mapper"), (0.49, None)])
def test_a_technique_that_is_proposed_is_taken_when_it_is_likelier_right_than_wrong(
    sure: float, source: str | None
) -> None:
    one, _ = ensemble(techniques=lambda _: Proposed([Technique(sure)]))
    (alert,) = told(one, strange(340))
    assert own(alert)["attack"].get("source") == source
    assert ("threat" in alert.document) == (source is not None)
    assert own(alert)["attack"]["candidates"] == [
        {
            "id": "T1685.005", "name": "Clear Windows Event Logs", "tactic": ["defense-impairment"],
            "confidence": sure, "because": ["like 'Windows Security Log Wiped' (0.81)"],
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("technique", "tactic", "names"), [
    (0.49, 0.5, (["Stealth"], None)), (0.49, 0.49, None),
    (0.5, 0.9, (["Defense Impairment"], ["Indicator Removal"])),
])  # fmt: skip
def test_a_tactic_stands_alone_where_no_technique_is_sure_enough(
    technique: float, tactic: float, names: tuple[list[str], list[str] | None] | None
) -> None:
    proposed = Proposed([Technique(technique)], "stealth", tactic)
    one, _ = ensemble(techniques=lambda _: proposed)
    (alert,) = told(one, strange(340))
    assert own(alert)["attack"].get("source") == ("mapper" if names else None)
    if names is None:
        assert "threat" not in alert.document
        return
    (entry,) = alert.document["threat"]
    assert entry["tactic"]["name"] == names[0]
    assert ("technique" in entry) == (names[1] is not None)
    assert [each["id"] for each in own(alert)["attack"]["candidates"]] == ["T1685.005"]


def test_tags_of_a_rule_in_the_window_win_over_what_is_proposed() -> None:
    one, _ = ensemble(techniques=lambda _: Proposed([Technique(0.9, "T1003")]))
    for each in strange(340):
        matched(one, each, rule())
    (alert,) = one.finish(NOW)
    assert own(alert)["attack"]["source"] == "rule"
    assert alert.document["threat"][0]["technique"]["id"] == ["T1685"]


def test_the_maker_speaks_of_the_window() -> None:
    one, _ = ensemble()
    (alert,) = told(one, strange(340))
    found = alert.document
    assert found["message"] == "Unusual activity on WS1"
    assert found["rule"]["uuid"] == f"small@{model().version}"
    assert found["rule"]["category"] == "anomaly"
    assert found["host"] == {"name": "WS1", "hostname": "WS1"}
    assert found["user"] == {"name": "eve"}
    assert found["related"]["user"] == ["eve"]
    assert (found["event"]["start"], found["event"]["end"]) == (
        "2026-11-23T13:40:00.000Z",
        "2026-11-23T13:40:02.000Z",
    )
    explained = own(alert)["explanation"]
    assert "new since training: Channel=Security EventID=1102" in explained[0]["text"]
    assert own(alert)["source_events"][0]["EventID"] == 1102
    assert own(alert)["source_events_total"] == 3
    assert maker().namespace == "default"
