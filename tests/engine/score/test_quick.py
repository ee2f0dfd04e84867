"""Looking at an event's values where its shape says they stand gives what normalising it would."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from engine.normalise import normalise
from engine.ports import Record
from engine.score.observe import observation
from engine.score.quick import Observer
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


@given(st.one_of(FLAT, ANY))
@example({"Channel": "Security", "EventID": 1, "@timestamp": TIMES[0]})
@example({"Channel": "Security", "EventID": True, "@timestamp": TIMES[0]})
@example({"Channel": "Security", "EventID": 1.0, "@timestamp": TIMES[0]})
@example({"Channel": "Security", "EventID": 1, "@timestamp": TIMES[0], "Computer": 1})
@example({"Channel": "Security", "EventID": 1, "@timestamp": TIMES[0], "Computer": True})
def test_it_says_what_the_reference_says(made: dict[str, Any]) -> None:
    found, wanted = both(made)
    assert found == wanted


@given(st.lists(FLAT, max_size=8))
def test_events_of_one_kind_are_of_one_template(documents: list[dict[str, Any]]) -> None:
    kinds: dict[int, str] = {}
    for made in documents:
        each = Record(made, "origin")
        seen = OBSERVER.see(each, lambda each=each: normalise(each))  # type: ignore[misc]
        if seen is not None and seen.kind is not None:
            text = TEMPLATES.describe(seen.fields)
            assert kinds.setdefault(seen.kind, text) == text


def test_a_flat_windows_event_is_not_normalised() -> None:
    def never() -> Any:
        raise AssertionError

    seen = Observer().see(Record(document(5, 4688, SubjectUserName="amy"), "o"), never)
    assert seen is not None
    assert seen.entity == "host.name=ws1"
