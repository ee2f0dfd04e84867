"""A load from what is known gives what a load from nothing does, whatever changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sigma.processing.pipeline import ProcessingPipeline

from engine import compile as compiling
from engine.codec.volume import Volume
from engine.errors import Problem
from engine.library import Library
from engine.load import load_rules
from engine.rule import RuleSet, Selection
from tests.conftest import ROOT
from tests.engine.codec.compare import same
from tests.engine.helpers import fail_on_problem, rule, write_rules

PIPELINE = ProcessingPipeline.from_yaml(
    "name: p\npriority: 1\ntransformations:\n- {id: a, type: field_name_prefix, prefix: 'x.'}\n"
)
FILTER = {
    "title": "Not here",
    "logsource": {"product": "any"},
    "filter": {"rules": "any", "here": {"place": "here"}, "condition": "not here"},
}
COUNT = {
    "title": "Many",
    "correlation": {
        "type": "event_count",
        "rules": ["one"],
        "group-by": ["user"],
        "timespan": "5m",
        "condition": {"gte": 3},
    },
}


class Files:
    """A folder of rules, and the cache that goes with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content: bytes | None = None

    def put(self, name: str, *documents: Any) -> None:
        write_rules(self.folder, *documents, name=name)

    def load(self, *pipelines: ProcessingPipeline, made: str = "us") -> RuleSet:
        """Load as a new process does, with the cache that the last one left."""
        known = Volume.read(self.content, made) if self.content else None
        volume = known or Volume(made)
        library = Library([self.folder], lambda: pipelines, volume=volume, report=fail_on_problem)
        found = library.load()
        self.content = volume.content()
        same(found, load_rules([self.folder], pipelines=pipelines))
        return found


@pytest.fixture
def files(tmp_path: Path) -> Files:
    folder = tmp_path / "rules"
    folder.mkdir()
    made = Files(folder)
    made.put("1.yml", rule("One", name="one"), rule("Two"))
    made.put("2.yml", rule("Three", date="2026-01-02"))
    made.put("3.yml", {**rule("Broken"), "detection": {"s": {"a|b": 1}, "condition": "s"}})
    made.put("4.yml", COUNT)
    return made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that pySigma was given."""
    seen: list[str] = []
    real = compiling.parsed

    def parsed(raw: bytes, file: str, *more: Any) -> compiling.Parsed:
        seen.append(Path(file).name)
        return real(raw, file, *more)

    monkeypatch.setattr(compiling, "parsed", parsed)
    return seen


def again(files: Files, read: list[str], *pipelines: ProcessingPipeline) -> list[str]:
    """The files that are compiled when they are loaded anew."""
    volume = Volume.read(files.content or b"", "us")
    assert volume is not None
    read.clear()
    Library([files.folder], lambda: pipelines, volume=volume).load()
    found = sorted(read)
    files.load(*pipelines)
    return found


def test_nothing_is_compiled_where_all_is_known(files: Files, read: list[str]) -> None:
    first = files.load()
    assert len(first) == 4
    assert len(first.correlations) == 1
    assert again(files, read) == []


def test_a_changed_file_is_compiled_alone(files: Files, read: list[str]) -> None:
    files.load()
    files.put("2.yml", rule("Three, changed"))
    assert again(files, read) == ["2.yml", "4.yml"]  # the correlations are resolved again


def test_a_file_that_came_or_went_changes_no_other(files: Files, read: list[str]) -> None:
    (files.folder / "4.yml").unlink()
    files.load()
    files.put("5.yml", rule("Five"))
    assert again(files, read) == ["5.yml"]
    (files.folder / "1.yml").unlink()
    assert again(files, read) == []


def test_a_file_that_moved_has_its_new_name(files: Files, read: list[str]) -> None:
    (files.folder / "4.yml").unlink()
    files.load()
    (files.folder / "1.yml").rename(files.folder / "9.yml")
    (files.folder / "3.yml").rename(files.folder / "8.yml")
    assert again(files, read) == []
    found = files.load()
    assert {Path(rule.file).name for rule in found.rules} == {"2.yml", "9.yml"}
    assert [Path(error.file or "").name for error in found.refused] == ["8.yml"]


def test_a_filter_that_came_or_went_compiles_all_rules_again(files: Files, read: list[str]) -> None:
    files.load()
    files.put("0.yml", FILTER)
    assert again(files, read) == ["0.yml", "1.yml", "2.yml", "4.yml"]  # of 3.yml nothing is left
    assert again(files, read) == []
    (files.folder / "0.yml").unlink()
    assert {"1.yml", "2.yml"} <= set(again(files, read))


def test_a_filter_is_the_same_to_every_rule_under_a_pipeline(files: Files) -> None:
    """pySigma shares a filter's part among rules, and pipelines change what they are given."""
    files.put("0.yml", FILTER)
    found = files.load(PIPELINE)
    bodies = [repr(rule.bindings[-1].body) for rule in found.rules if rule.bindings]
    assert len(bodies) == 3
    assert all("'x.place'" in body and "x.x." not in body for body in bodies)


def of_filters(found: RuleSet) -> list[str]:
    """What is said of filters."""
    return [error.message for error in found.refused if error.file and "0.yml" in error.file]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"condition": "not her"}, "Detection 'her' not defined in detections"),
        ({"rules": ["one", "oen"]}, "refers to 'oen', which is not loaded"),
        ({"rules": ["many"]}, "refers to 'many', which is not loaded"),
        ({"rules": ["count"]}, "applies to no rule that is loaded"),
    ],
)
def test_what_is_wrong_with_a_filter_is_told_from_what_is_known_too(
    files: Files, read: list[str], changes: dict[str, Any], said: str
) -> None:
    files.put("4.yml", {**COUNT, "name": "count"})
    files.put("0.yml", {**FILTER, "filter": {**FILTER["filter"], **changes}})
    first = files.load()
    assert of_filters(first) == [said]
    assert first.filters == ("Detection" not in said)
    assert again(files, read) == []
    assert of_filters(files.load()) == [said]


def test_a_filter_is_idle_until_what_it_names_comes_and_once_it_went(
    files: Files, read: list[str]
) -> None:
    named = {**FILTER, "filter": {**FILTER["filter"], "rules": "five"}}
    files.put("0.yml", {**FILTER, "logsource": {"product": "acme"}}, named)
    idle = "Not here: applies to no rule that is loaded"
    missing = "Not here: refers to 'five', which is not loaded"
    assert of_filters(files.load()) == [idle, missing]
    files.put("5.yml", rule("Five", name="five", logsource={"product": "acme"}))
    assert again(files, read) == ["0.yml", "4.yml", "5.yml"]
    assert of_filters(files.load()) == [idle]
    files.put("5.yml", rule("Five", name="five"))
    assert of_filters(files.load()) == [idle]
    (files.folder / "5.yml").unlink()
    assert of_filters(files.load()) == [idle, missing]


def test_a_correlation_under_a_pipeline_is_resolved_from_known_rules(
    files: Files, read: list[str]
) -> None:
    files.load(PIPELINE)
    files.put("2.yml", rule("Three, changed"))
    found = files.load(PIPELINE)
    assert found.correlations[0].group_by == ("x.user",)


def test_another_maker_compiles_everything(files: Files) -> None:
    files.load()
    files.load(PIPELINE, made="another")


def test_a_library_keeps_the_rules_of_files_that_did_not_change(files: Files) -> None:
    library = Library([files.folder])
    before = {rule.title: rule for rule in library.load().rules}
    files.put("2.yml", rule("Three, changed"))
    after = library.load()
    same(after, load_rules([files.folder]))
    kept = [rule for rule in after.rules if rule.title in ("One", "Two")]
    assert all(rule.bindings is before[rule.title].bindings for rule in kept)


def test_a_selection_is_made_of_known_rules_too(files: Files) -> None:
    files.load()
    volume = Volume.read(files.content or b"", "us")
    select = Selection(exclude=frozenset({"many"}))
    found = Library([files.folder], volume=volume).load(select)
    same(found, load_rules([files.folder], select=select))
    assert found.correlations == []


@pytest.mark.parametrize("damage", [lambda text: b"{}", lambda text: text[:-2], lambda text: b""])
def test_an_entry_that_is_no_outcome_is_told_and_made_anew(
    files: Files, damage: Callable[[bytes], bytes]
) -> None:
    wanted = files.load()
    volume = Volume.read(files.content or b"", "us")
    assert volume is not None
    (key, text), *_ = volume._known.items()
    volume._known[key] = damage(text)
    told: list[Problem] = []
    found = Library([files.folder], volume=volume, report=told.append).load()
    same(found, wanted)
    assert len(told) == (1 if volume._known == {} else 0)
    again = Volume.read(volume.content(), "us")
    assert again is not None
    same(Library([files.folder], volume=again, report=fail_on_problem).load(), wanted)


def test_a_correlation_entry_that_is_none_is_told_and_made_anew(files: Files) -> None:
    wanted = files.load()
    volume = Volume.read(files.content or b"", "us")
    assert volume is not None
    (key,) = (key for key in volume._known if key.startswith("correlations-"))
    volume._known[key] = b"{}"
    told: list[Problem] = []
    same(Library([files.folder], volume=volume, report=told.append).load(), wanted)
    assert [problem.kind for problem in told] == ["rule-cache"]


def test_a_rule_that_the_cache_cannot_hold_loads_every_time(files: Files, read: list[str]) -> None:
    files.load()
    files.put("5.yml", rule("Odd", custom=float("nan")))  # which is equal to nothing
    for _ in range(2):
        volume = Volume.read(files.content or b"", "us")
        read.clear()
        found = Library([files.folder], volume=volume).load()
        assert "Odd" in {rule.title for rule in found.rules}
        assert "5.yml" in read


def own_or_shared(paths: list[Path]) -> None:
    volume = Volume("us")
    wanted = Library(paths, volume=volume).load()
    known = Volume.read(volume.content(), "us")
    found = Library(paths, volume=known, report=fail_on_problem).load()
    assert known is not None
    assert not known.changed
    same(found, wanted)


def test_the_projects_own_rules_come_back_the_same() -> None:
    own_or_shared([ROOT / "rules"])


@pytest.mark.shared
def test_sigmahqs_rules_come_back_the_same(shared_data: Path) -> None:
    own_or_shared([shared_data / "sigmahq" / "rules"])
