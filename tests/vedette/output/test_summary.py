from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.vedette.report.sample import RULES, documents, summary
from vedette.output.tally import Tally
from vedette.output.timeline import WIDTHS, Timeline

TIMES = st.datetimes(datetime(1601, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))


def test_every_alert_is_counted_once_by_rule_and_level() -> None:
    made = summary()
    assert made.alerts_total == sum(rule[4] for rule in RULES)
    assert sum(made.levels.values()) == made.alerts_total
    assert {group.title: group.count for group in made.groups} == {r[0]: r[4] for r in RULES}


def test_groups_stand_worst_first_then_by_count() -> None:
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3, "informational": 4}
    order = [(ranks[group.level], -group.count) for group in summary().groups]
    assert order == sorted(order)


def test_an_alert_counts_once_for_each_of_its_tactics() -> None:
    one = next(d for d in documents() if d["rule"]["name"].startswith("Encoded PowerShell"))
    made = summary([one])
    assert made.tactics == {"TA0002": 1, "TA0005": 1}
    assert set(made.cells["TA0002"]) == {"T1059.001", "T1204.002"}


def test_tactics_come_in_the_order_of_the_matrix() -> None:
    names = [name for _, name, _ in summary().tactics_in_order()]
    assert names[0] == "Reconnaissance"
    assert names[-1] == "Impact"
    assert names.index("Stealth") + 1 == names.index("Defense Impairment")


def test_first_and_last_seen_are_the_events_times() -> None:
    starts = sorted(document["event"]["start"] for document in documents())
    made = summary()
    assert made.first == datetime.fromisoformat(starts[0])
    assert made.last == datetime.fromisoformat(starts[-1])


def test_memory_does_not_grow_with_the_names_an_attacker_makes_up() -> None:
    tally = Tally(3)
    for number in range(1000):
        tally.add(f"host-{number}" + "x" * 10_000)
    tally.add("host-1" + "x" * 10_000)
    assert len(tally) == 3
    assert tally.full
    assert str(tally) == "3+"
    assert max(map(len, tally.counts)) == 200
    assert tally.top(1)[0][1] == 2


def test_each_timeline_width_divides_the_next() -> None:
    for narrow, wide in pairwise(WIDTHS):
        assert wide % narrow == 0


@given(st.lists(TIMES | st.none(), max_size=150))
def test_a_timeline_loses_no_alert_when_it_widens(times: list[datetime | None]) -> None:
    timeline = Timeline(keep=90)
    for when in times:
        timeline.add(when, "high")
    buckets = timeline.buckets()
    assert len(buckets) <= 90
    assert sum(bucket.total for bucket in buckets) + timeline.undated == len(times)
    assert timeline.undated == times.count(None)


def test_a_timeline_keeps_each_alert_in_its_bucket() -> None:
    timeline, start = Timeline(keep=4), datetime(2026, 11, 23, tzinfo=UTC)
    for minutes in range(10):
        timeline.add(start + timedelta(minutes=minutes), "low")
    assert timeline.width == 300
    assert [bucket.total for bucket in timeline.buckets()] == [5, 5]
