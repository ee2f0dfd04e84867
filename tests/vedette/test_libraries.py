"""Rules that pipelines share are loaded once; no correlation reaches across them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import RuleError, SettingsError
from engine.library import Library
from tests.vedette.cli.command import DEFENDER, WHOAMI
from tests.vedette.test_wiring import parts, settings
from vedette.wiring import open_all

TWO = [
    {"type": "folder", "name": "a", "path": "a"},
    {"type": "folder", "name": "b", "path": "b"},
]
FIRST = {"name": "first", "sources": ["a"]}
SECOND = {"name": "second", "sources": ["b"]}

CORRELATION = """\
title: Whoami And Then No Defender
id: 44444444-4444-4444-8444-444444444444
status: test
level: high
correlation:
  type: temporal
  rules:
    - {rule}
    - 22222222-2222-4222-8222-222222222222
  group-by: [Computer]
  timespan: 5m
"""


def pipelines(**rules: Any) -> list[dict[str, Any]]:
    return [
        {**FIRST, "rules": rules.get("first", {})},
        {**SECOND, "rules": rules.get("second", {})},
    ]


def test_pipelines_with_the_same_rules_load_them_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Library] = []
    before = Library.refresh

    def counted(self: Library, *, keep: bool = False) -> bool:
        loads.append(self)
        return before(self, keep=keep)

    monkeypatch.setattr(Library, "refresh", counted)
    (one, ones), (other, others) = open_all(
        settings(sources=TWO, pipelines=pipelines(second={"min_level": "high"}))
    )
    assert len(loads) == 1
    assert one.shared is other.shared
    assert {rule.title for rule in ones.rules} == {"Whoami Was Run", "Defender Was Switched Off"}
    assert {rule.title for rule in others.rules} == {"Whoami Was Run"}
    assert others.rules[0] in ones.rules


def test_each_pipeline_learns_of_a_change_that_another_one_has_loaded(folder: Path) -> None:
    (one, _), (other, _) = open_all(settings(sources=TWO, pipelines=pipelines()))
    assert not one.refresh(keep=True)
    (folder / "rules" / "defender.yml").unlink()
    assert one.refresh(keep=True)
    assert other.refresh(keep=True)
    assert not one.refresh(keep=True)
    assert not other.refresh(keep=True)


def test_a_pipeline_has_the_keys_of_the_common_section_that_it_does_not_give(folder: Path) -> None:
    given = settings(
        rules={"paths": ["rules"], "min_level": "high", "exclude": ["x"]},
        sources=TWO,
        pipelines=pipelines(second={"min_level": "low"}),
    )
    first, second = (plan.rules_over(given.rules) for plan in given.plan)
    assert first == given.rules
    assert (second.min_level, second.exclude, second.paths) == ("low", ("x",), first.paths)


def test_without_the_section_all_sources_are_one_pipeline(folder: Path) -> None:
    (plan,) = settings(sources=TWO).plan
    assert (plan.name, plan.sources) == ("main", ("a", "b"))
    (line,) = parts(settings(sources=TWO)).lines
    assert [feed.source.name for feed in line.feeds] == ["a", "b"]


def test_each_pipeline_has_its_own_sources_rules_and_stores(folder: Path) -> None:
    found = parts(settings(sources=TWO, pipelines=pipelines(second={"min_level": "high"})))
    first, second = found.lines
    assert [feed.source.name for feed in first.feeds] == ["a"]
    assert [feed.source.name for feed in second.feeds] == ["b"]
    assert (len(first.rules), len(second.rules)) == (2, 1)
    assert first.sink is not second.sink
    assert first.state is not second.state
    assert first.pipeline is not second.pipeline
    found.close()


@pytest.mark.parametrize("rule", ["11111111-1111-4111-8111-111111111111", "whoami"])
def test_a_correlation_across_pipelines_is_refused_by_name(folder: Path, rule: str) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
    (folder / "one" / "whoami.yml").write_text(WHOAMI + "name: whoami\n")
    (folder / "two" / "defender.yml").write_text(DEFENDER)
    (folder / "two" / "both.yml").write_text(CORRELATION.format(rule=rule))
    given = {"sources": TWO, "pipelines": pipelines(first={"paths": ["one"]}, second={
        "paths": ["two"]})}  # fmt: skip
    (_, _), (_, rules) = open_all(settings(**given))
    (error,) = rules.refused
    assert str(error).replace(f"{folder}/", "") == (
        f"two/both.yml:5: correlation: refers to '{rule}', which is a rule of pipeline 'first' "
        "and not of pipeline 'second': no correlation reaches across pipelines; "
        "expected rules of its own pipeline"
    )
    assert [rule.title for rule in rules.rules] == ["Defender Was Switched Off"]
    given["pipelines"][1]["rules"]["strict"] = True  # type: ignore[index]
    with pytest.raises(RuleError, match="no correlation reaches across pipelines"):
        open_all(settings(**given))


def test_a_correlation_that_several_pipelines_have_is_warned_of(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "rules" / "both.yml").write_text(
        CORRELATION.format(rule="11111111-1111-4111-8111-111111111111")
    )
    open_all(settings(sources=TWO, pipelines=pipelines()))
    assert (
        "correlation 'Whoami And Then No Defender' is in the rules of 2 pipelines (first, second): "
        "each looks at its own sources"
    ) in caplog.text


def test_a_tuning_entry_that_names_no_rule_is_warned_of(folder: Path) -> None:
    (folder / "t.yml").write_text(
        "suppress:\n- {rules: [whoami was run, Whoami Wos Run], for: 1h}\n"
        "building_blocks:\n- {tags: [zzz.q]}\n"
    )
    given: dict[str, Any] = {"sources": TWO, "tuning": {"files": ["t.yml"]}}
    ((_, rules),) = open_all(settings(**given))
    assert [str(warning) for warning in rules.warnings] == [
        "suppress 'one alert for each rule': names 'whoami wos run', which no rule is called; "
        "did you mean 'whoami was run'?",
        "building_blocks: names 'zzz.q', which no rule is called",
    ]
    (folder / "one").mkdir()
    (folder / "one" / "off.yml").write_text(DEFENDER)
    given["pipelines"] = pipelines(second={"paths": [str(folder / "one")]})
    assert not [rules.warnings for _, rules in open_all(settings(**given)) if rules.warnings]


def test_a_pipeline_without_a_rule_is_named(folder: Path) -> None:
    with pytest.raises(RuleError, match="no rule is left to run in pipeline 'second'"):
        open_all(settings(sources=TWO, pipelines=pipelines(second={"min_level": "critical"})))


def test_a_source_in_two_pipelines_or_in_none_is_refused(folder: Path) -> None:
    with pytest.raises(SettingsError, match="'a' belongs to pipeline 'first' already"):
        settings(sources=TWO, pipelines=[FIRST, {**SECOND, "sources": ["a", "b"]}])
    with pytest.raises(SettingsError, match="'b' belongs to no pipeline"):
        settings(sources=TWO, pipelines=[FIRST])
