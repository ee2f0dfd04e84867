"""Windows of what a field names: of a login's id, of which several are on one host at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from engine.detect import Match
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from engine.score.model import Model
from engine.score.observe import entity_by
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from tests.engine.score.parts import NOW, START, at, ensemble, own, record, see
from vedette.bundles import Gathered

FIELD = "LogonId"
PLAN = Plan({"new-value": {}, "count-vector": {}, "markov": {}}, width=600, gap=60, by=FIELD)


def login(number: int, codes: Sequence[int] = (4624, 4688, 4688, 4634)) -> list[Record]:
    """One of many, of which the next begins before it ends."""
    return [
        record(number * 30 + step * 20, code, LogonId=f"0xA{number}")
        for step, code in enumerate(codes)
    ]


def mixed(count: int, first: int = 0) -> list[Record]:
    """Logins by time, as a log has them, and between them events of no login."""
    found = [each for number in range(first, first + count) for each in login(number)]
    found += [record(number * 30 + 7, 7036) for number in range(first, first + count)]
    return sorted(found, key=lambda each: str(each.document["@timestamp"]))


def observed(records: Sequence[Record]) -> list[Observation]:
    gathered = Gathered(by=FIELD)
    gathered.add(map(normalise, records))
    return gathered.observations


@cache
def model() -> Model:
    bundle = Bundle.fit(observed(mixed(300)), PLAN)
    span = {"from": START.isoformat(), "to": (START + timedelta(days=2)).isoformat()}
    return Model("logins", "a" * 64, bundle, span)


def test_a_field_goes_by_its_names_and_what_lacks_it_is_of_its_host() -> None:
    event = normalise(record(0, TargetUserName="Amy"))
    assert entity_by(event, "user.name", "x") == "user.name=amy"
    assert entity_by(event, "TargetUserName", "x") == "TargetUserName=amy"
    assert entity_by(event, FIELD, "x") == "x"
    gathered = Gathered(by=FIELD)
    gathered.add(map(normalise, mixed(3)))
    assert (gathered.named, len(gathered.observations)) == (12, 15)
    assert {each.entity for each in gathered.observations} == {
        "LogonId=0xa0", "LogonId=0xa1", "LogonId=0xa2", "host.name=ws1",
    }  # fmt: skip


def test_a_run_scores_the_windows_that_the_library_makes_also_after_a_restart() -> None:
    """Every login has windows of its own, whatever lies between its events."""
    records = sorted(
        [*mixed(40, 400), *login(420, (4624, 4634, 1102, 4688))],
        key=lambda each: str(each.document["@timestamp"]),
    )
    late = timedelta(minutes=1)
    one, _ = ensemble(lateness=late, alerts_a_day=5.0, models=(model(),))
    alerts = []
    for number, each in enumerate(records):
        see(one, each, NOW)
        alerts += one.advance("logs", NOW)
        if number == len(records) // 2:
            saved = json.loads(json.dumps(one.save()))
            one, _ = ensemble(lateness=late, alerts_a_day=5.0, models=(model(),))
            one.restore(saved, NOW)
    alerts += one.finish(NOW)
    scored = model().bundle.score(observed(records))
    assert one.figures()[0].windows == len(scored)
    logins = {each.window.entity for each in scored}
    assert len(logins) == 40 + 1  # and their host, of which the other events are
    threshold = own(alerts[0])["scores"]["threshold"]
    told = {own(each)["entity"]["value"]: own(each)["scores"]["fused"] for each in alerts}
    assert told == {
        str(each.window.entity).partition("=")[2]: each.p for each in scored if each.p <= threshold
    }
    (strange,) = [each for each in alerts if own(each)["entity"]["field"] == FIELD]
    assert own(strange)["entity"]["value"] == "0xa420"
    assert strange.document["rule"]["name"] == "Unusual activity of 0xa420"
    assert strange.document["host"]["name"] == "WS1"


def test_a_rule_vouches_for_the_window_of_its_event() -> None:
    one, _ = ensemble(models=(model(),), alerts_a_day=0.001)
    rule = Rule("r", "A rule", "medium", "test", LogSource(), (), (), "f", "o", {}, output=True)
    for each in login(420, (1102, 1102)):
        placed = see(one, each, at(0))
        assert placed is not None
        one.matched(placed, each, f"id-{each.id}", [Match(rule, normalise(each), "b", ())])
    one.together([normalise(login(420, (1102,))[0])], rule)
    (alert,) = one.finish(NOW)
    assert own(alert)["entity"] == {"field": FIELD, "value": "0xa420"}
    assert own(alert)["corroborated_by"] == [{"id": "r", "name": "A rule", "times": 3}]


def test_a_plan_without_it_is_written_as_before() -> None:
    assert "by" not in Plan().as_json()
    assert Plan.of(json.loads(json.dumps(PLAN.as_json()))) == PLAN
