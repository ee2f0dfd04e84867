"""The evaluation of the mapping hides tags for good, and counts as it says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml

from engine.errors import InputError
from engine.kinds import LogSource
from engine.rule import Rule
from mitre.catalog import Catalog
from mitre.example import Example
from mitre.ranked import Answer, Likely, Ranked
from vedette.evaluate import mapping
from vedette.evaluate.mapping import Found, Hidden, Outcome, binned, outcome, row, split


def rule(number: int) -> Rule:
    return Rule(
        id=f"{number:04}",
        title=f"Rule {number}",
        level="high",
        status=None,
        logsource=LogSource(product="windows"),
        tags=("attack.t1003.001", "attack.credential-access"),
        bindings=(),
        file="r.yml",
        ruleset="r",
        document={"detection": {"a": {"Image|endswith": [f"a{number}", "b"]}, "condition": "a"}},
    )


def ranked(*ids: str, tactics: tuple[str, ...] = ()) -> Answer:
    known = Catalog.load().release().techniques
    return Answer(
        tuple(Ranked(id, known[id].name, known[id].tactics, 0.5) for id in ids),
        tuple(Likely(name, 0.5) for name in tactics),
    )


def hidden(*ids: str) -> Hidden:
    return Hidden(Example("1", "t", ids), frozenset(ids), frozenset({"credential-access"}))


def test_a_fifth_is_hidden_and_no_rule_is_on_both_sides() -> None:
    known, asked = split([rule(number) for number in range(200)], Catalog.load())
    assert (len(known), len(asked)) == (160, 40)
    assert not {each.id for each in known} & {each.example.id for each in asked}
    again = split([rule(number) for number in reversed(range(200))], Catalog.load())
    assert again == (known, asked)


def test_too_few_rules_are_an_error() -> None:
    with pytest.raises(InputError, match="only 10 rules"):
        split([rule(number) for number in range(10)], Catalog.load())


def test_right_is_right_first_or_among_three_or_by_family() -> None:
    wanted = hidden("T1003.001")
    assert outcome(wanted, ranked("T1003.001")) == Outcome(0.5, True, True, True, True)
    assert outcome(wanted, ranked("T1123", "T1119", "T1003.001")).three
    late = outcome(wanted, ranked("T1123", "T1119", "T1125", "T1003.001"))
    assert not late.three
    assert not late.family
    sibling = outcome(wanted, ranked("T1003.002"))
    assert (sibling.first, sibling.three, sibling.family) == (False, False, True)
    assert outcome(wanted, Answer()) == Outcome(0.0, False, False, False, False)


def test_the_tactic_is_the_likeliest_one_and_else_the_one_that_the_techniques_speak_for() -> None:
    wanted = hidden("T1003.001")
    assert outcome(wanted, ranked("T1003.001")).tactic
    assert not outcome(wanted, ranked("T1003.001", tactics=("execution",))).tactic
    assert outcome(wanted, ranked("T1123", tactics=("credential-access", "execution"))).tactic
    assert not outcome(wanted, ranked("T1123")).tactic


def test_the_calibration_error_is_how_far_confidence_is_from_being_right() -> None:
    sure = [Outcome(0.9, at < 6, True, True, True) for at in range(10)]
    unsure = [Outcome(0.1, at < 1, False, False, False) for at in range(10)]
    made = row("text", "method", [*sure, *unsure])
    assert made.error == pytest.approx((0.3 + 0.0) / 2)
    assert (made.first, made.three, made.rules) == (0.35, 0.5, 20)
    assert [count for _, _, count, _, _ in binned([*sure, *unsure])] == [10, 10]


def test_the_table_shows_every_row() -> None:
    found = Found([row("values", "mapper", [Outcome(0.9, True, True, True, True)])],
                  [("values", 0.8, 1.0, 1, 0.9, 1.0)], 160)  # fmt: skip
    out = io.StringIO()
    mapping.show(found, out)
    assert "tags of 1 rules hidden, 160 known" in out.getvalue()
    assert "0.8 - 1.0     1   0.900   1.000" in out.getvalue()


def test_with_an_encoder_there_is_one_row_more_and_an_unknown_one_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "technique_examples", lambda *_: iter(()))
    folder = tmp_path / mapping.RULES
    folder.mkdir(parents=True)
    many = [
        {
            "title": f"Rule {at} {word}",
            "logsource": {"product": "windows"}, "tags": [f"attack.{technique}"],
            "detection": {"s": {"CommandLine|contains": f"{word} {at}"}, "condition": "s"},
        }
        for at in range(60)
        for word, technique in [(("dump", "t1003.001"), ("task", "t1053.005"))[at % 2]]
        for _ in range(2)
    ]  # fmt: skip
    for at, each in enumerate(many):
        each["id"] = f"{at:08}-0000-4000-8000-000000000000"
    (folder / "all.yml").write_text(yaml.safe_dump_all(many))
    more = mapping.evaluate(tmp_path, "hashing")
    assert sum("hashing" in each.method for each in more.rows) == 1
    assert (more.rows[-1].text, more.rows[-1].method) == (
        "title and description", "mapper, with hashing",
    )  # fmt: skip
    with pytest.raises(InputError, match="nonsense"):
        mapping.evaluate(tmp_path, "nonsense")
