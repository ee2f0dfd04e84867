"""What nobody names and something proposes counts a little, and is said to be that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from engine.incident.finding import finding_of
from engine.incident.gather import Gathering, Story
from engine.incident.incident import part_of
from engine.incident.rank import Weights
from engine.incident.record import document_of, incident_of
from engine.incident.step import MOST_PROPOSED, Proposed, Step, step_of, together
from engine.incident.words import story
from tests.engine.incident.made import ACCESS, DISCOVERY, START, document

INSTALLUTIL = Step("T1218.004", "InstallUtil", ("TA0005",))
LSASS = Step("T1003.001", "LSASS Memory", ("TA0006",))


def proposes(rule: str) -> Sequence[Proposed]:
    """What is proposed for the rules of these tests."""
    known = {"silent": [Proposed(INSTALLUTIL, 0.5)], "named": [Proposed(LSASS, 0.9)]}
    return known.get(rule, ())


def stories(*documents: dict[str, Any], weights: Weights | None = None) -> list[Story]:
    gathering = Gathering(proposes=proposes)
    for each in documents:
        gathering.add(each)
    return gathering.stories(weights or Weights())


def certainties(each: Story) -> dict[str, float]:
    return {t.id: t.certainty for t in each.standing.techniques}


def test_a_rule_that_names_nothing_is_evidence_for_what_its_text_is_like() -> None:
    (one,) = stories(document("a", rule="silent", steps=()))
    (ranked,) = one.standing.techniques
    assert (ranked.id, ranked.named, ranked.source) == ("T1218.004", False, "mapper")
    assert any("T1218.004 InstallUtil (by likeness: no rule names it)" in line
               for line in story(one.incident, one.standing))  # fmt: skip


def test_what_is_proposed_counts_less_than_what_is_named_and_nothing_where_weights_say_so() -> None:
    told = document("a", rule="silent", steps=(DISCOVERY,))
    (one,) = stories(told)
    assert [t.id for t in one.standing.techniques] == ["T1087", "T1218.004"]
    (none,) = stories(told, weights=Weights(proposed=0.0))
    assert certainties(none) == {"T1087": certainties(one)["T1087"]}


def test_what_a_rule_names_is_not_proposed_for_it_as_well() -> None:
    (one,) = stories(document("a", rule="named", steps=(ACCESS,)))
    (same,) = stories(document("a", rule="other", steps=(ACCESS,)))
    assert certainties(one) == certainties(same)
    assert one.standing.techniques[0].source == "rule"


def test_what_speaks_for_a_technique_speaks_a_little_for_its_family() -> None:
    parent = (*ACCESS[:4], "", "")
    both = (document("a", steps=(ACCESS,)), document("b", 1, steps=(parent,)))
    (alone,) = stories(*both, weights=Weights(kin=0.0))
    (kin,) = stories(*both, weights=Weights(kin=0.2))
    for own, other in (("T1003", "T1003.001"), ("T1003.001", "T1003")):
        before = certainties(alone)
        expected = 1 - (1 - before[own]) * (1 - 0.2 * before[other])
        assert math.isclose(certainties(kin)[own], expected)


def test_an_anomaly_is_evidence_for_its_candidates_unless_others_said_them_already() -> None:
    made = document("a", kind="anomaly", steps=())
    candidate = {"id": "T1112", "name": "Modify Registry", "tactic": ["persistence"],
                 "confidence": 0.4}  # fmt: skip
    made["vedette"]["alert"]["attack"] = {"candidates": [candidate]}
    found = finding_of(made)
    assert found is not None
    assert found.proposed == (Proposed(Step("T1112", "Modify Registry", ("TA0003",)), 0.4),)
    made["vedette"]["alert"]["attack"]["source"] = "incident"
    borrowed = finding_of(made)
    assert borrowed is not None
    assert borrowed.proposed == ()


@pytest.mark.parametrize("value", [None, 3, "x", {}, [], [3], [{}], [{"id": 3}], [{"id": "T1"}],
                                   [{"id": "T1", "confidence": "0.3"}]])  # fmt: skip
def test_candidates_of_any_form_do_no_harm(value: Any) -> None:
    made = document("a", kind="anomaly")
    made["vedette"]["alert"]["attack"] = {"candidates": value}
    found = finding_of(made)
    assert found is not None
    assert found.proposed == ()


def test_the_record_keeps_what_is_proposed_and_one_of_before_can_be_read() -> None:
    (one,) = stories(document("a", rule="silent", steps=()))
    kept = document_of(one.incident, one.standing, "default", START)
    assert kept["techniques"][0]["source"] == "mapper"
    assert incident_of(kept).parts == one.incident.parts
    del kept["parts"][0]["proposed"]
    assert incident_of(kept).parts["silent"].proposed == ()


def test_of_very_many_the_surest_are_kept_each_once() -> None:
    many = [Proposed(Step(f"T{at}", ""), at / 100) for at in range(20)]
    kept = together(many, [Proposed(Step("T3", ""), 0.9), Proposed(Step("T19", ""), 0.01)])
    assert len(kept) == MOST_PROPOSED
    assert (kept[0].step.id, kept[0].confidence) == ("T3", 0.9)
    assert [each.step.id for each in kept].count("T19") == 1


def test_parts_add_up_what_is_proposed() -> None:
    first = finding_of(document("a", rule="silent"), proposes)
    again = finding_of(document("b", 1, rule="silent"))
    assert first is not None
    assert again is not None
    part = part_of(again)
    part.add(first)
    assert part.proposed == first.proposed != ()


def test_tactics_may_have_any_name_that_att_and_ck_has_for_them() -> None:
    step = step_of("T1003", "x", ["credential-access", "nonsense"])
    assert step.tactics == ("TA0006",)
