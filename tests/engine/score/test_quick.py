"""Looking at an event's values where its shape says they stand gives what normalising it would."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from engine.normalise import normalise
from engine.ports import Record
from engine.score.observe import observation
from engine.score.quick import Observer
from engine.score.shape import WIDEST
from models.template.event import EventTemplates
from tests.engine.score.parts import document

NAMES = (
    "Channel", "EventID", "LogName", "EventCode", "Computer", "Hostname", "host.name", "host",
    "user", "User", "SubjectUserName", "TargetUserName", "IpAddress", "source", "source.ip",
    "@timestamp", "UtcTime", "TimeCreated", "date", "time", "Event ID", "message", "eventName",
    "event", "winlog", "userIdentity", "userIdentity.arn", "logsource.product", "Other",
)  # fmt: skip
TIMES = ("2026-11-23T08:00:00Z", "2026-11-23 09:00:00.123", "no time", "2026-11-23")
VALUES = st.one_of(
    st.sampled_from(["Security", "WS1", "ws1", "-", "", "4624", "amy", "10.0.0.1", "x" * 600]),
    st.sampled_from([1, 1.0, True, 4624, 4624.0, False, 0, None, 1_700_000_000]),
    st.sampled_from([["WS1", "b"], [], {"name": "amy"}, {"ip": "10.0.0.2"}, [{"name": "z"}]]),
    st.sampled_from(TIMES),
)
FLAT = st.fixed_dictionaries(
    {"Channel": st.sampled_from(["Security", "", None, "10"]), "EventID": VALUES,
     "@timestamp": st.sampled_from(TIMES)},
    optional={name: VALUES for name in NAMES if name not in ("Channel", "EventID", "@timestamp")},
)  # fmt: skip
ANY = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
PARTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)
INNER = st.dictionaries(
    st.sampled_from(
        ["name", "hostname", "ip", "id", "arn", "userName", "created", "code", "action"]
    ),
    VALUES | PARTS,
    max_size=3,
)
NESTED = st.one_of(
    st.builds(
        lambda system, data, more: {**more, "Event": {"System": system, "EventData": data}},
        st.fixed_dictionaries(
            {"Channel": VALUES, "EventID": VALUES | st.just({"#text": 4624})},
            optional={
                "Computer": VALUES,
                "TimeCreated": st.sampled_from(TIMES).map(
                    lambda time: {"#attributes": {"SystemTime": time}}
                ),
            },
        ),
        PARTS,
        PARTS,
    ),
    st.fixed_dictionaries(
        {"winlog": st.fixed_dictionaries(
            {"channel": VALUES, "event_id": VALUES},
            optional={"computer_name": VALUES, "event_data": PARTS, "provider_name": VALUES},
        ), "@timestamp": st.sampled_from(TIMES)},
        optional={"message": VALUES, "event": INNER, "host": INNER, "user": INNER, "agent": INNER},
    ),
    st.dictionaries(
        st.sampled_from(["event", "host", "user", "source", "userIdentity", "eventSource", "rule",
                         "host.name", "eventName", "message", "time", "date", "@timestamp", "log"]),
        VALUES | INNER | st.lists(INNER, max_size=2),
        max_size=7,
    ),
)  # fmt: skip

OBSERVER = Observer()
"""One for all examples, so that what it remembers of one is tried on the next."""
TEMPLATES = EventTemplates()


def both(made: dict[str, Any]) -> tuple[Any, Any]:
    each = Record(made, "origin")
    wanted = observation(normalise(each))
    found = OBSERVER.see(each, lambda: normalise(each))
    return tuple(
        seen and (seen.entity, seen.time, TEMPLATES.describe(seen.fields))
        for seen in (found, wanted)
    )  # type: ignore[return-value]


@given(st.one_of(FLAT, ANY, NESTED))
@example({"Channel": "Security", "EventID": 1, "@timestamp": TIMES[0]})
@example({"Channel": "Security", "EventID": True, "@timestamp": TIMES[0]})
@example({"Channel": "Security", "EventID": 1.0, "@timestamp": TIMES[0]})
@example({"Channel": "Security", "EventID": 1, "@timestamp": TIMES[0], "Computer": 1})
@example({"Channel": "Security", "EventID": 1, "@timestamp": TIMES[0], "Computer": True})
def test_it_says_what_the_reference_says(made: dict[str, Any]) -> None:
    found, wanted = both(made)
    assert found == wanted


@given(st.lists(st.one_of(FLAT, ANY, NESTED), max_size=8))
def test_events_of_one_kind_are_of_one_template(documents: list[dict[str, Any]]) -> None:
    kinds: dict[int, str] = {}
    for made in documents:
        each = Record(made, "origin")
        seen = OBSERVER.see(each, lambda each=each: normalise(each))  # type: ignore[misc]
        if seen is not None and seen.kind is not None:
            text = TEMPLATES.describe(seen.fields)
            assert kinds.setdefault(seen.kind, text) == text


def test_nested_events_of_one_kind_have_one_number_and_none_where_the_message_tells() -> None:
    def kind(code: Any, **more: Any) -> int | None:
        made = {"@timestamp": TIMES[0], "winlog": {"channel": "Security", "event_id": code}, **more}
        each = Record(made, "origin")
        seen = observer.see(each, lambda: normalise(each))
        assert seen is not None
        return seen.kind

    observer = Observer()
    assert kind(4624, message="a") == kind(4624, message="b") is not None
    assert len({kind(code) for code in (4624, 4625, "4624", 1, True, 1.0)}) == 6
    assert kind([4624]) == kind([4624]) is not None
    assert kind(None, message="told by its words alone") is None


def test_what_has_too_many_names_is_looked_at_all_the_same() -> None:
    wide = {f"k{number}": number for number in range(WIDEST + 1)}
    found, wanted = both({"eventSource": "s3", "eventName": "x", "eventTime": TIMES[0], **wide})
    assert found == wanted


def test_a_flat_windows_event_is_not_normalised() -> None:
    def never() -> Any:
        raise AssertionError

    seen = Observer().see(Record(document(5, 4688, SubjectUserName="amy"), "o"), never)
    assert seen is not None
    assert seen.entity == "host.name=ws1"
