"""Each labelled recording stands under one cause: how far its technique got, or why nowhere."""

from __future__ import annotations

from tests.engine.incident.made import finding
from vedette.evaluate.hybrid.alerts import Claim, Claims
from vedette.evaluate.hybrid.misses import (
    FIRST,
    LOWER,
    OTHERS,
    OUTSIDE,
    SILENT,
    THREE,
    WRONG,
    causes,
    told,
)  # fmt: skip
from vedette.evaluate.hybrid.recordings import Hits, Recording


def alert(recording: str, *techniques: str) -> Claims:
    return tuple(Claim(each, (), frozenset({recording})) for each in techniques)


def test_a_recording_is_counted_once_under_how_far_its_technique_got() -> None:
    names = ("one", "two", "four", "late", "other", "silent", "rubeus_asktgt")
    recordings = tuple(Recording(name, ("T1047",)) for name in names)
    where = {str(at): name for at, name in enumerate(names) if name != "silent"}
    hits = Hits(9, (*recordings, Recording("plain", ())), (finding("0", 0),), where)
    alerts = [
        alert("one", "T1047"),
        alert("two", "T1003", "T1047"),
        alert("four", "T1003", "T1005", "T1012", "T1047"),
        alert("other", "T1003"),
        alert("late", "T1047"),
    ]
    found = causes(hits, alerts, 4)
    assert found == dict.fromkeys((FIRST, THREE, LOWER, OUTSIDE, OTHERS, SILENT, WRONG), 1)
    assert causes(hits, alerts, 5)[FIRST] == 2
    assert f"1 {OUTSIDE}" in told(found, 20)
    assert f"0 {OUTSIDE}" in told(causes(hits, alerts, 5), 20)
