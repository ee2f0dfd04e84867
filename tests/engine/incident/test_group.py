"""Which findings are one story."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.incident import group, incident
from engine.incident.finding import Finding
from engine.incident.group import assign, incident_id
from engine.incident.incident import Incident
from mitre.catalog import Catalog
from tests.engine.incident.made import ACCESS, DISCOVERY, finding


def grouped(*findings: Finding) -> list[set[str]]:
    return living(assign(findings, [], "default"))


def living(incidents: list[Incident]) -> list[set[str]]:
    return [set(i.seen) for i in incidents if i.merged_into is None]


def test_what_happens_on_one_host_within_half_an_hour_is_one_story() -> None:
    assert grouped(finding("a"), finding("b", 29), finding("c", 58)) == [{"a", "b", "c"}]


def test_what_happens_later_is_another() -> None:
    assert grouped(finding("a"), finding("b", 31)) == [{"a"}, {"b"}]


def test_hosts_are_apart_unless_a_user_ties_them() -> None:
    apart = finding("a"), finding("b", 5, host="DC01")
    assert grouped(*apart) == [{"a"}, {"b"}]
    tied = finding("a", user="b.keller"), finding("b", 5, host="DC01", user="CORP\\b.keller")
    assert grouped(*tied) == [{"a", "b"}]


def test_a_user_ties_hosts_for_a_shorter_time_than_the_host_itself() -> None:
    assert len(grouped(finding("a", user="k"), finding("b", 21, host="DC01", user="k"))) == 2


def test_an_address_ties_for_a_few_minutes() -> None:
    def tied(minute: float) -> int:
        return len(
            grouped(
                finding("a", address="10.0.0.7"),
                finding("b", minute, host="DC01", address="10.0.0.7"),
            )
        )

    assert (tied(7), tied(9)) == (1, 2)


def test_a_user_of_many_hosts_ties_nothing() -> None:
    many = [finding(str(at), at / 10, host=f"H{at}", user="admin") for at in range(12)]
    sizes = [len(each) for each in grouped(*many)]
    assert max(sizes) == group.HUB


def test_a_step_backwards_through_the_tactics_holds_for_a_shorter_time() -> None:
    first = finding("a", steps=(ACCESS,))
    running = ("TA0001", "Initial Access", "T1566", "Phishing", "", "")
    assert len(grouped(first, finding("b", 21, steps=(running,)))) == 2
    assert len(grouped(first, finding("b", 21, steps=(DISCOVERY,)))) == 1


def test_a_finding_that_belongs_to_two_incidents_makes_them_one_and_the_older_keeps_its_id() -> (
    None
):
    older = assign([finding("a", user="k")], [], "default")
    younger = assign([finding("b", 2, host="DC01")], older, "default")
    changed = assign([finding("c", 4, host="DC01", user="k")], [*older, *younger], "default")
    assert [i.id for i in changed] == [incident_id("default", "a"), incident_id("default", "b")]
    assert changed[0].merged == [changed[1].id]
    assert changed[1].merged_into == changed[0].id
    assert living(changed) == [{"a", "b", "c"}]
    assert (changed[0].findings, changed[0].hosts) == (3, ["dc01", "ws02"])


def test_the_same_finding_twice_changes_nothing() -> None:
    known = assign([finding("a"), finding("b", 1)], [], "default")
    assert assign([finding("b", 1), finding("a")], known, "default") == []
    assert known[0].findings == 2


def test_what_was_merged_away_takes_in_nothing_more() -> None:
    gone = Incident("x", finding("a").start, finding("a").end, merged_into="y")
    gone.add(finding("a"))
    assert [i.id for i in assign([finding("b", 1)], [gone], "default")] == [
        incident_id("default", "b")
    ]


def test_a_story_ends_after_a_day_however_much_goes_on() -> None:
    steady = [finding(str(at), at * 20) for at in range(80)]
    assert [len(each) for each in grouped(*steady)] == [73, 7]


def test_an_alert_about_nobody_is_a_story_of_its_own() -> None:
    assert grouped(finding("a", host=""), finding("b", host="")) == [{"a"}, {"b"}]


def test_what_an_incident_remembers_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(incident, "MOST_PARTS", 3)
    monkeypatch.setattr(incident, "MOST_SEEN", 4)
    monkeypatch.setattr(incident, "MOST_ENTITIES", 2)
    many = [finding(str(at), at / 10, address=f"10.0.0.{at}") for at in range(9)]
    (one,) = assign(many, [], "default")
    assert (one.findings, len(one.parts), one.more) == (9, 3, 6)
    assert (len(one.seen), len(one.entities)) == (4, 2)


def test_the_tactics_are_in_the_order_of_the_matrix() -> None:
    newest = [tactic.id for tactic in Catalog.load().tactics()]
    assert list(group.TACTICS) == newest


HOSTS, USERS = st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "k", "m"])
STORIES = st.lists(st.tuples(st.integers(0, 120), HOSTS, USERS), min_size=1, max_size=12)


@settings(max_examples=60)
@given(STORIES, st.integers(1, 11))
def test_batches_that_come_in_the_order_of_time_may_be_cut_anywhere(
    told: list[tuple[int, str, str]], cut: int
) -> None:
    findings = [
        finding(f"{at:02}", minute, host=host, user=user)
        for at, (minute, host, user) in enumerate(sorted(told))
    ]
    whole = assign(findings, [], "default")
    known = {i.id: i for i in assign(findings[:cut], [], "default")}
    for each in assign(findings[cut:], list(known.values()), "default"):
        known[each.id] = each
    assert {i.id: set(i.seen) for i in whole if not i.merged_into} == {
        i.id: set(i.seen) for i in known.values() if not i.merged_into
    }
