"""Why there is an alert, in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vedette.why.documents import ID, alert, anomaly, reason
from vedette.why import Story, story


def section(found: Story, title: str) -> list[str]:
    return [line for each in found.sections if each.title == title for line in each.lines]


def test_what_a_model_says_first_comes_first_and_that_is_three_lines() -> None:
    found = story(anomaly())
    assert found.headline == r"[high] Something Odd by CORP\amy on ws02 at 2026-11-20 10:00:00 UTC"
    assert found.first == [
        "step 7 is event 4; expected event 2",
        "nearest is 'logons', 3 times as far as its members",
        "normal is from 3 to 9",
    ]


def test_reasons_of_models_stand_under_what_they_are_about() -> None:
    found = story(anomaly())
    assert section(found, "Surprising steps, and what was expected") == [
        "step 7 is event 4; expected event 2"
    ]
    assert section(found, "How far from what is normal")[0].startswith("nearest is")
    assert section(found, "Charts") == ["normal is from 3 to 9"]
    assert section(found, "What is strange") == ["event 5 never came before"]


def test_models_tell_percentiles_and_that_they_rest_on_a_tail() -> None:
    said = section(story(anomaly()), "What the models say")
    assert said[0].startswith("stranger than 99.98 % of normal windows (p 0.0002), beyond every")
    assert said[1] == "gpt: stranger than 99.9 % (p 0.001)"
    assert said[2] == f"model office 3, sha256 {'ab' * 32}"


def test_what_p_was_before_a_second_look_is_told_where_there_was_one() -> None:
    document = anomaly()
    assert "second look" not in " ".join(section(story(document), "What the models say"))
    document["vedette"]["alert"]["scores"]["first_stage"] = 0.031
    said = section(story(document), "What the models say")
    assert said[1] == "before a second look at what was flagged: p 0.031"


def test_rules_of_the_same_window_are_told_by_their_titles() -> None:
    said = section(story(anomaly()), "Rules that matched in the same window")
    assert said == ["Log Wiped, 2 times (r-7)"]


def test_a_technique_that_is_only_likely_is_no_technique() -> None:
    assert section(story(anomaly()), "ATT&CK") == [
        "unknown: nothing is likely enough to be said",
        "likely: T1059 Interpreter, confidence 0.41 (like r-3)",
    ]


def test_techniques_say_where_they_come_from_and_parents_of_one_named_are_left_out() -> None:
    document = alert(attack={"version": 19, "source": "incident"})
    document["threat"] = [{
        "tactic": {"name": ["Execution"]},
        "technique": {"id": ["T1059"], "name": ["Interpreter"],
                      "subtechnique": {"id": ["T1059.001"], "name": ["PowerShell"]}},
    }]  # fmt: skip
    assert section(story(document), "ATT&CK") == [
        "Execution: T1059.001 PowerShell",
        "by likeness to the texts of rules, made likely enough by other alerts around it, "
        "ATT&CK v19",
    ]


def test_a_rules_parts_count_before_what_only_says_which_log_it_is() -> None:
    given = [reason(f, 0.25, f"{f} held") for f in ("EventID", "Image", "Channel", "CommandLine")]
    found = story(alert(explanation=given))
    assert found.first == ["Image held", "CommandLine held", "EventID held"]
    assert len(section(found, "Parts of the rule that held")) == 4


def test_it_is_said_what_the_confidence_rests_on() -> None:
    weight = section(story(alert(confidence=0.75)), "How sure, how grave")
    assert weight[1] == (
        "confidence 0.75: a guess by its status, as nobody had judged an alert like it"
    )
    judged = {"true": 1, "false": 3, "benign": 0, "original_confidence": 0.75}
    weight = section(story(alert(confidence=0.5, feedback=judged)), "How sure, how grave")
    assert weight[1] == (
        "confidence 0.50: by verdicts on earlier ones (1 true, 0 benign, 3 false); "
        "without them 0.75"
    )
    learned = judged | {"learned": True, "because": ["gpt: raises the odds by a factor of 4.2"]}
    weight = section(story(alert(confidence=0.5, feedback=learned)), "How sure, how grave")
    assert weight[2] == "as learned from verdicts, gpt: raises the odds by a factor of 4.2"


def test_what_is_not_there_takes_no_room() -> None:
    found = story(alert())
    assert [each.title for each in found.sections] == [
        "What happened", "How sure, how grave", "What found it",
    ]  # fmt: skip
    assert found.first == []


def test_what_would_command_a_terminal_is_seen_and_long_lines_are_cut() -> None:
    found = story(alert(explanation=[reason("Image", 1, "\x1b[2J\u202e" + "x" * 9999)]))
    assert found.first[0].startswith("\\x1b[2J\\u202exxx")
    assert len(found.first[0]) <= 400


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
KEYS = ("entity", "scores", "model", "explanation", "corroborated_by", "attack", "ancestors",
        "ancestors_total", "confidence", "kind", "correlation", "tuning")  # fmt: skip


@given(own=st.dictionaries(st.sampled_from(KEYS), JSON), threat=JSON)
def test_nothing_in_a_document_can_break_it(own: dict[str, object], threat: object) -> None:
    document = alert()
    document["vedette"]["alert"] |= own
    document["threat"] = threat
    json.dumps(story(document).as_json())


@pytest.mark.parametrize("document", [{}, {"vedette": 1}, {"vedette": {"alert": []}, "event": 3}])
def test_a_document_of_another_shape_has_a_story_all_the_same(document: dict[str, object]) -> None:
    assert story(document).headline.startswith("[")


def test_verdicts_and_incidents_are_shown_where_there_are_any() -> None:
    found = story(alert(), ["false, by bo: a backup"], ["Lateral movement (i-1)"])
    assert section(found, "Verdicts") == ["false, by bo: a backup"]
    assert section(found, "Incidents") == ["Lateral movement (i-1)"]
    assert found.id == ID
