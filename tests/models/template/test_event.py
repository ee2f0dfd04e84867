"""Templates of structured events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from models.base import State
from models.errors import StoreError
from models.template.event import EventTemplates, event_key

LOGON = {"winlog.channel": "Security", "event.code": 4624, "user.name": "amy", "message": "x"}
TRAIL = {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser"}
LINE = {"message": "session 5 opened for amy"}


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (LOGON, "event.code=4624 winlog.channel=Security"),
        ({**LOGON, "event.code": "4624"}, "event.code=4624 winlog.channel=Security"),
        (TRAIL, "eventName=CreateUser eventSource=iam.amazonaws.com"),
        ({"event.dataset": ["a", "b"], "event.action": "x"}, "event.action=x event.dataset=a"),
        ({"event.action": "logged-in  5 times"}, "event.action=logged-in <*> times"),
        (LINE, None),
        ({"event.action": None, "rule.id": {}}, None),
        ({"event.action": []}, None),
        ({}, None),
    ],
)
def test_some_fields_say_what_kind_of_event_it_is(event: dict[str, Any], key: str | None) -> None:
    assert event_key(event) == key


def test_who_knows_better_chooses_the_fields() -> None:
    assert event_key(LOGON, [("user.name",)]) == "user.name=amy"


def test_a_key_is_short_however_long_the_value() -> None:
    assert len(event_key({"event.action": "a b" * 1_000_000}) or "") < 200


EVENTS = [LOGON, LINE, {"message": "session 6 opened for bob"}, TRAIL, {"x": 1}, LOGON]


def test_keys_and_messages_have_numbers_of_one_series() -> None:
    templates = EventTemplates()
    assert templates.learn_all(EVENTS) == [1, 2, 2, 3, 4, 1]
    assert templates.match_all([*EVENTS, {"message": "never seen"}]) == [1, 2, 2, 3, 4, 1, 0]
    assert templates.texts() == [
        "event.code=4624 winlog.channel=Security",
        "session <*> opened for <*>",
        "eventName=CreateUser eventSource=iam.amazonaws.com",
        "(no template)",
    ]
    assert templates.text(0) == ""


def test_remembered_values_are_told_apart_by_their_types() -> None:
    templates = EventTemplates([("a",), ("b",)])
    events: list[dict[str, Any]] = [{"a": each, "b": 5} for each in (1, True, 1.0, "1", [1])]
    expected = ["a=1", "a=True", "b=5", "a=1", "a=1"]
    assert [templates.text(number) for number in templates.learn_all(events * 2)] == expected * 2


def test_keys_are_not_remembered_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.template.event.MOST_KEYS", 10)
    templates = EventTemplates()
    templates.learn_all({"event.action": f"a{n}"} for n in range(100))
    assert len(templates._keys) <= 10
    assert templates.match({"event.action": "a5"}) == 6


def test_restored_they_go_on() -> None:
    templates = EventTemplates()
    templates.learn_all(EVENTS)
    state = templates.state()
    kept = State(state.parameters, json.loads(json.dumps(dict(state.facts))), state.arrays)
    again = EventTemplates.restore(kept)
    assert again.match_all(EVENTS) == templates.match_all(EVENTS)
    more = [{"message": "disk full"}, *EVENTS, {"rule.id": 7}]
    assert again.learn_all(more) == templates.learn_all(more)
    assert again.texts() == templates.texts()


def test_keys_are_masked_as_they_were_when_they_were_learned() -> None:
    event = {"event.dataset": "backup", "event.action": "of Jun 18 done"}
    assert event_key(event) == "event.action=of <*> done event.dataset=backup"
    kept = EventTemplates().state()
    kept.facts["messages"]["facts"]["mask"] = "3f06932acb66afd8"
    before = EventTemplates.restore(kept)
    assert before.text(before.learn(event)) == "event.action=of Jun <*> done event.dataset=backup"
    assert before.text(before.learn({"message": "at Jun 18"})) == "at Jun <*>"


def test_when_it_is_full_new_kinds_are_unknown() -> None:
    templates = EventTemplates(most=1)
    assert templates.learn_all([LOGON, LINE, TRAIL]) == [1, 0, 0]
    assert templates.match_all([LOGON, LINE, TRAIL]) == [1, 0, 0]


def test_a_state_that_does_not_hold_together_is_refused() -> None:
    state = EventTemplates().state()
    for facts in ({}, {"numbers": [], "messages": None}, {"numbers": ["#7"], "messages": None}):
        with pytest.raises(StoreError):
            EventTemplates.restore(replace(state, facts=facts))


def test_a_number_of_a_message_that_there_is_not_is_refused() -> None:
    state = EventTemplates().state()
    with pytest.raises(StoreError, match="none has the number 7"):
        EventTemplates.restore(replace(state, facts={**state.facts, "numbers": ["#7"]}))


def test_what_is_forgotten_is_matched_as_what_was_never_learned() -> None:
    made = EventTemplates()
    first, second, line = made.learn_all([LOGON, TRAIL, LINE])
    assert "forgotten" not in made.state().facts
    made.forget([second, line])
    again = EventTemplates.restore(made.state())
    for each in (made, again):
        assert each.match_all([LOGON, TRAIL, LINE]) == [first, 0, 0]
        assert len(each) == 3
    with pytest.raises(StoreError):
        EventTemplates.restore(
            replace(made.state(), facts={**made.state().facts, "forgotten": ["x"]})
        )
