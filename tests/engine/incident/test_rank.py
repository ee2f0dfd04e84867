"""What an incident is most probably about, and in which words that is told."""

from __future__ import annotations

from typing import Any

import pytest

from engine.incident import gather
from engine.incident.finding import Finding
from engine.incident.gather import Gathering, Story
from engine.incident.rank import Rarity, Standing, Weights, standing
from engine.incident.words import chain, story, title
from tests.engine.incident.made import ACCESS, DISCOVERY, RUNNING, document, finding


def stories(*documents: dict[str, Any]) -> list[Story]:
    gathering = Gathering()
    for each in documents:
        gathering.add(each)
    return gathering.stories()


def techniques(found: Standing) -> list[str]:
    return [ranked.id for ranked in found.techniques]


def test_what_was_done_comes_before_how_it_was_run() -> None:
    (one,) = stories(document("a", steps=(RUNNING,)), document("b", 1, steps=(ACCESS,)))
    assert techniques(one.standing) == ["T1003.001", "T1059.001"]


def test_two_rules_that_name_a_technique_make_it_more_certain_than_one() -> None:
    (one,) = stories(document("a", level="medium", risk=47.0))
    (two,) = stories(
        document("a", level="medium", risk=47.0), document("b", level="medium", risk=47.0)
    )
    assert two.standing.techniques[0].certainty > one.standing.techniques[0].certainty


def test_the_same_rule_again_makes_nothing_more_certain_and_no_story_graver() -> None:
    (one,) = stories(document("a", rule="r"))
    (many,) = stories(*(document(str(at), at, rule="r") for at in range(20)))
    assert many.standing == one.standing
    assert many.incident.findings == 20


def test_a_rule_that_speaks_in_every_incident_says_little_of_any() -> None:
    noisy = [document(f"n{at}", host=f"H{at}", rule="noisy") for at in range(8)]
    found = stories(*noisy, document("a", 1, host="H3", rule="rare", steps=(DISCOVERY,)))
    assert found[0].incident.hosts == ["h3"]
    assert techniques(found[0].standing) == ["T1087", "T1003.001"]


def test_an_incident_without_techniques_has_a_risk_and_a_title() -> None:
    (one,) = stories(document("a", steps=()))
    assert one.standing.techniques == ()
    assert title(one.incident, one.standing) == "Rule a on ws02"
    assert 0 < one.standing.risk < 100
    assert "No rule says which technique this is." in story(one.incident, one.standing)


def test_a_title_that_names_the_host_does_not_name_it_twice() -> None:
    (one,) = stories(document("a", steps=(), rule="Unusual activity on WS02"))
    assert title(one.incident, one.standing) == "Unusual activity on WS02"


def test_weights_change_the_ranking() -> None:
    findings: list[Finding] = [finding("a", steps=(RUNNING,)), finding("b", 1, steps=(ACCESS,))]
    gathering = Gathering()
    for at, _ in enumerate(findings):
        gathering.add(document(f"x{at}", at, steps=((RUNNING, ACCESS)[at],), risk=(90, 60)[at]))
    (one,) = gathering.stories(Weights(execution=1.0))
    assert techniques(one.standing)[0] == "T1059.001"


def test_the_story_is_told_in_the_order_of_time_and_the_chain_in_the_matrix_order() -> None:
    (one,) = stories(
        document("b", 3, user="k", steps=(ACCESS,)),
        document("a", user="k", steps=(RUNNING,)),
        document("c", 4, user="k", steps=(DISCOVERY,), rule="Looks Around"),
        document("d", 5, user="k", steps=(DISCOVERY,), rule="Looks Around"),
    )
    assert chain(one.incident) == ["Execution", "Credential Access", "Discovery"]
    assert title(one.incident, one.standing) == "LSASS Memory on ws02"
    assert story(one.incident, one.standing) == [
        "4 alerts from 3 rules and models on ws02 with k, within 5 minutes.",
        "Most probably T1003.001 LSASS Memory; then T1059.001 PowerShell and "
        "T1087 Account Discovery.",
        "Tactics: Execution → Credential Access → Discovery.",
        "09:00:00 Rule a (T1059.001)",
        "09:03:00 Rule b (T1003.001)",
        "09:04:00 Looks Around (T1087), 2 times",
    ]


def test_a_hunt_of_more_alerts_than_wait_at_once_finds_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [document(str(at), at % 30, rule=f"r{at % 5}") for at in range(50)]
    (one,) = stories(*told)
    monkeypatch.setattr(gather, "MOST_WAITING", 20)
    (same,) = stories(*told)
    assert same.incident.findings == 50
    assert same.standing == one.standing


def test_rarity_of_nothing_known_is_full() -> None:
    assert Rarity().rule("x") == 1.0
    one = Gathering()
    one.add(document("a"))
    assert standing(one.stories()[0].incident, Rarity()).risk > 50
