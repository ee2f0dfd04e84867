"""An event with a label has what the label needs."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kinds import KINDS, PRESENT, ZEEK, LogSource
from engine.match.pattern import Pattern
from engine.match.predicates import Text
from engine.needs.labels import PARTS, Labels
from engine.needs.test import Tests as Made
from engine.normalise import normalise
from engine.ports import Record
from tests.engine.needs.index import Index

BESIDES: list[dict[str, Any]] = [
    {"Channel": "Linux-Sysmon/Operational", "EventID": 3}, {"Channel": None, "EventID": None},
    {"Channel": "System", "EventID": 1}, {"event.category": ["process", "file"]},
    {"event": {"category": "file", "type": "creation"}}, {"host": {"os": {"type": "Windows"}}},
    {"cs-method": None, "c-uri": []}, {"cs-method": "GET", "cs-uri-stem": "/", "cs-host": "x"},
    {"logsource": {"product": "windows", "category": ["process_creation", "x"]}},
    {"logsource.service": "x"}, {"dns.question.name": []}, {"uid": "x"}, {"event.module": "zeek"},
]  # fmt: skip
shapes = st.sampled_from([kind.shape for kind in KINDS])
logs = st.builds(
    lambda name, before, log: {name: before + log},
    st.sampled_from(["@stream", "_path", "event.dataset"]),
    st.sampled_from(["", "zeek."]), st.sampled_from(ZEEK),
)  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """What tells one log source or several, and some that may carry labels themselves."""
    found: dict[str, Any] = {}
    for shape in draw(st.lists(shapes, max_size=2)):
        for name, wanted in shape.items():
            text = draw(st.sampled_from([wanted] if isinstance(wanted, str) else wanted))
            value = "x" + text[1:] if text[:1] == "*" else text.upper()
            if wanted == PRESENT:
                value = draw(st.sampled_from(["x", 1]))
                found[name] = draw(st.sampled_from([value, []]))
            else:
                found[name] = draw(st.sampled_from([value, ["y", value]]))
    for more in draw(st.lists(st.sampled_from(BESIDES) | logs, max_size=2)):
        found.update(more)
    return found


@given(event=events(), tags=st.sampled_from([None, LogSource("linux", "x", "y")]))
@settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_label_comes_with_what_it_needs(event: dict[str, Any], tags: LogSource | None) -> None:
    labels, fields = Labels(tags, Made().of), normalise(Record(event, "o"), tags).fields
    for folded in (False, True):
        index = Index([event], folded=folded)
        for field in PARTS:
            for name in fields.get(field, ()):
                need = labels.need(field, Text(Pattern((str(name),))))
                assert index.passes(need, event), (field, name)


def test_a_label_that_nothing_gives_is_one_that_the_event_has() -> None:
    labels = Labels(None, Made().of)
    index = Index([{"a": 1, "logsource.category": "y"}], folded=False)
    need = labels.need("logsource.category", Text(Pattern(("x",))))
    assert not index.passes(need, {"a": 1})
    assert not index.passes(need, {"logsource.category": "y"})
    assert index.passes(need, {"logsource.category": "X"})
