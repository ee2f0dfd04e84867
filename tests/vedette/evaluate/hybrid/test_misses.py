"""Each labelled recording stands in one place: how far its technique got, or why nowhere."""

from __future__ import annotations

import pytest

from tests.engine.incident.made import ACCESS, finding
from vedette.evaluate.hybrid.alerts import Claim, Claims
from vedette.evaluate.hybrid.misses import (
    CAUSES,
    FIFTH,
    FIRST,
    OTHERS,
    OUTSIDE,
    SECOND,
    SILENT,
    TENTH,
    WRONG,
    Place,
    counted,
    lines,
    places,
)  # fmt: skip
from vedette.evaluate.hybrid.recordings import Hits, Recording

NAMES = ("one", "two", "four", "late", "other", "silent", "rubeus_asktgt")


def alert(recording: str, *techniques: str) -> Claims:
    return tuple(Claim(each, (), frozenset({recording})) for each in techniques)


ALERTS = [
    alert("one", "T1047"),
    alert("two", "T1003", "T1047"),
    alert("four", "T1003", "T1005", "T1012", "T1047"),
    alert("other", "T1003"),
    alert("late", "T1047"),
]


@pytest.fixture
def hits() -> Hits:
    recordings = tuple(Recording(name, ("T1047",)) for name in NAMES)
    where = {str(at): name for at, name in enumerate(NAMES) if name != "silent"}
    return Hits(9, (*recordings, Recording("plain", ())), (finding("0", 0),), where)


def test_a_recording_is_counted_once_under_how_far_its_technique_got(hits: Hits) -> None:
    found = counted(places(hits, ALERTS, 4))
    assert found == dict.fromkeys((FIRST, SECOND, FIFTH, OUTSIDE, OTHERS, SILENT, WRONG), 1)
    assert counted(places(hits, ALERTS, 5))[FIRST] == 2


def test_the_best_of_several_incidents_counts_and_what_comes_first_there_is_told(
    hits: Hits,
) -> None:
    twice = [alert("two", *("T1003",) * 6, "T1047"), *ALERTS]
    found = {place.recording.name: place for place in places(hits, twice, 6)}
    assert (found["two"].cause, found["two"].rank, found["two"].incidents) == (SECOND, 2, 2)
    assert counted(places(hits, twice, 1))[TENTH] == 1
    assert (found["other"].rank, found["other"].first) == (None, "T1003")
    assert (found["silent"].first, found["silent"].incidents) == ("", 0)


def test_whether_a_tag_names_it_is_told_apart_from_likeness() -> None:
    dump, quiet = Recording("dump", ("T1003",)), Recording("quiet", ("T1003",))
    met = (finding("a", steps=(ACCESS,)), finding("b", steps=()))
    hits = Hits(9, (dump, quiet), met, {"a": "dump", "b": "quiet"})
    found = places(hits, [alert("dump", "T1003.001"), alert("quiet", "T1003.001")], 2)
    assert [(place.rank, place.named) for place in found] == [(1, True), (1, False)]


def test_the_table_has_a_line_for_each_cause_and_a_column_for_each_budget(hits: Hits) -> None:
    told: dict[int, list[Place]] = {4: places(hits, ALERTS, 4), 5: places(hits, ALERTS, 5)}
    heading, *rest = lines(told)
    assert heading[1:] == ("at 4", "at 5")
    assert [line[0] for line in rest] == list(CAUSES)
    assert rest[0] == (FIRST, "1", "2")
