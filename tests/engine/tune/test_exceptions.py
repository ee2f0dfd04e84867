"""Exceptions among rule files: what is read, what is refused, and what changes while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.codec.volume import Volume
from engine.detect import Detector
from engine.library import Library
from engine.rule import RuleSet
from engine.tune.shelf import Shelf
from tests.engine.helpers import event, fail_on_problem, rule

ID = "6f5ad5d5-0b0b-4d3a-8a52-7f0c6b3c1e21"
WINDOWS = {"product": "windows", "category": "process_creation"}
RULE = rule("Evil Tool", id=ID, name="evil_tool", tags=["attack.t1059.001"], logsource=WINDOWS,
            detection={"s": {"Image|endswith": "evil.exe"}, "condition": "s"})  # fmt: skip
SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Image": "evil.exe"}


def exception(rules: Any = "any", where: Any = None, **block: Any) -> dict[str, Any]:
    return {
        "title": "Known Tool",
        "logsource": {"product": "windows"},
        "filter": {"rules": rules, "known": where or {"User": "admin"}, "condition": "not known"},
        "vedette": {"exception": {"owner": "Blue", "reason": "known", **block}},
    }


def write(folder: Path, *documents: Any, name: str = "rules.yml") -> None:
    (folder / name).write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")


def holds_back(rules: RuleSet, document: Mapping[str, Any]) -> bool:
    """Whether all that matches is excepted."""
    matches = Detector(rules.rules, fail_on_problem).match(event(document))
    assert matches
    found = rules.tuning.exceptions if rules.tuning else ()
    return all(
        any(e.covers(m.rule) and e.excepts(m.rule.logsource, m.event, m.binding) for e in found)
        for m in matches
    )


def load(*paths: Path, **how: Any) -> RuleSet:
    return Library(paths, **how).load()


@pytest.mark.parametrize(
    ("named", "covered"),
    [
        ("any", True), ([], True), ([ID], True), ([ID.upper()], True), (["evil_tool"], True),
        (["EVIL TOOL"], True), (["attack.t1059"], True), (["attack.T1059.001"], True),
        (["attack.t1059.002"], False), (["attack.t105"], False), (["Other"], False),
    ],
)  # fmt: skip
def test_an_exception_is_for_rules_by_id_name_title_tag_or_all(
    named: Any, covered: bool, tmp_path: Path
) -> None:
    write(tmp_path, RULE, exception(named))
    rules = load(tmp_path)
    assert rules.refused == []
    assert holds_back(rules, {**SYSMON, "User": "ADMIN"}) is covered
    assert not holds_back(rules, {**SYSMON, "User": "other"})
    assert bool(rules.warnings) is not covered


def test_an_exception_of_another_log_source_is_for_nobody(tmp_path: Path) -> None:
    other = {**exception(), "logsource": {"product": "linux"}}
    write(tmp_path, RULE, other)
    rules = load(tmp_path)
    assert not holds_back(rules, {**SYSMON, "User": "admin"})
    assert [error.message for error in rules.warnings] == [
        "Known Tool: applies to no rule that is loaded"
    ]


def test_fields_have_the_names_that_the_rule_reads_them_by(tmp_path: Path) -> None:
    write(tmp_path, RULE, exception(where={"Image|startswith": "C:\\lab\\"}))
    audit = {"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\LAB\\evil.exe"}
    assert holds_back(load(tmp_path), audit)
    assert not holds_back(load(tmp_path), {**audit, "NewProcessName": "D:\\evil.exe"})


def test_an_exception_does_not_change_its_rules_and_a_plain_filter_does(tmp_path: Path) -> None:
    plain = {key: value for key, value in exception().items() if key != "vedette"}
    document = {**SYSMON, "User": "admin"}
    for item, matched in ((exception(), 1), (plain, 0)):
        write(tmp_path, RULE, item)
        detector = Detector(load(tmp_path).rules, fail_on_problem)
        assert len(detector.match(event(document))) == matched


def test_an_exception_survives_the_cache(tmp_path: Path) -> None:
    write(tmp_path, RULE, exception())
    volume = Volume("made")
    first = load(tmp_path, volume=volume)
    again = load(tmp_path, volume=Volume.read(volume.content(), "made"))
    for rules in (first, again):
        assert holds_back(rules, {**SYSMON, "User": "admin"})


@pytest.mark.parametrize("kind", ["values", "cidr"])
def test_lists_of_any_length_stand_in_files(kind: str, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    lines = [f"10.{n // 256}.{n % 256}.7" for n in range(20_000)]
    (tmp_path / "lists" / "ips.txt").write_text("\n".join(lines), encoding="utf-8")
    lists = {"ips": {"file": "lists/ips.txt", "type": kind}}
    write(tmp_path, RULE, exception(where={"ip|expand": "%ips%", "User": "a"}, lists=lists))
    rules = load(tmp_path)
    assert rules.refused == []
    assert holds_back(rules, {**SYSMON, "ip": "10.0.9.7", "User": "a"})
    assert not holds_back(rules, {**SYSMON, "ip": "10.0.9.8", "User": "a"})
    assert not holds_back(rules, {**SYSMON, "ip": "10.0.9.7", "User": "b"})


def test_an_exception_whose_list_cannot_be_read_does_not_apply(tmp_path: Path) -> None:
    absent = exception(lists={"ips": {"file": "none.txt"}})
    absent["filter"] = {"rules": "any", "s": {"ip|expand": "%ips%"}, "condition": "s"}
    write(tmp_path, RULE, absent)
    rules = load(tmp_path)
    assert ["cannot be read" in str(error) for error in rules.refused] == [True]
    assert not holds_back(rules, SYSMON)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expires": "soon"}, "rules.yml:.*vedette.exception.expires: 'soon' is no date"),
        ({"owner": 7}, "owner: is no text"),
        ({"ownr": "x"}, "'ownr' is not known here.*did you mean 'owner'"),
        ({"lists": {"a": {"file": "../x.txt"}}}, "lies elsewhere"),
        ({"lists": {"a": {"file": "/etc/passwd"}}}, "lies elsewhere"),
        ({"lists": {"a": {"file": "x", "type": "cdir"}}}, "did you mean 'cidr'"),
        ({"lists": {"a": {"fil": "x"}}}, "'fil' is not known here"),
        ({"lists": ["a"]}, "lists: is no mapping"),
    ],
)
def test_a_wrong_block_is_refused_by_name(change: Any, says: str, tmp_path: Path) -> None:
    write(tmp_path, RULE, exception(**change))
    rules = load(tmp_path)
    (error,) = rules.refused
    import re

    assert re.search(says, str(error)), error
    assert len(rules) == 1
    assert rules.tuning is None


def test_what_is_no_sigma_filter_is_refused(tmp_path: Path) -> None:
    wrong = exception()
    del wrong["filter"]["condition"]
    for item, says in (
        (wrong, "condition"),
        ({k: v for k, v in exception().items() if k != "filter"}, "no Sigma filter"),
        ({k: v for k, v in exception().items() if k != "logsource"}, "log source"),
        (exception(where={"a|contians": "x"}), "contains"),
        (exception(where={"a|expand": "%nobody%"}), "nobody"),
    ):
        write(tmp_path, RULE, item)
        (error,) = load(tmp_path).refused
        assert says in str(error)


def test_lists_and_exceptions_are_looked_at_again_and_what_went_wrong_stays(
    tmp_path: Path,
) -> None:
    (tmp_path / "users.txt").write_text("one\n", encoding="utf-8")
    listed = exception(where={"User|expand": "%users%"}, lists={"users": {"file": "users.txt"}})
    write(tmp_path, RULE)
    write(tmp_path, listed, name="exceptions.yml")
    library = Library([tmp_path])
    rules = library.load()
    one, two = ({**SYSMON, "User": user} for user in ("one", "two"))
    assert (holds_back(rules, one), holds_back(rules, two)) == (True, False)
    assert library.others == [tmp_path / "users.txt"]
    assert not library.refresh(keep=True)

    (tmp_path / "users.txt").write_text("two\nthree\n", encoding="utf-8")
    assert library.refresh(keep=True)
    rules = library.load()
    assert (holds_back(rules, one), holds_back(rules, two)) == (False, True)

    (tmp_path / "users.txt").unlink()
    assert library.refresh(keep=True)
    rules = library.load()
    assert ["cannot be read" in str(error) for error in rules.refused] == [True]
    assert holds_back(rules, two)
    (tmp_path / "users.txt").write_text("two\n", encoding="utf-8")

    write(tmp_path, {**listed, "vedette": {"exception": 7}}, name="exceptions.yml")
    assert library.refresh(keep=True)
    rules = library.select(_all())
    assert len(rules.refused) == 1
    assert holds_back(rules, two)

    (tmp_path / "exceptions.yml").unlink()
    assert library.refresh(keep=True)
    assert library.select(_all()).tuning is None


def _all() -> Any:
    from engine.rule import Selection

    return Selection()


def test_a_tuning_file_that_went_wrong_stays_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, RULE)
    file = tmp_path / "t.txt"
    file.write_text("suppress: [{by: [User], for: 1h}]", encoding="utf-8")
    library = Library([tmp_path], shelf=Shelf([file]))
    assert library.load().tuning
    file.write_text("suppress: [{by: [User], for: 1y}]", encoding="utf-8")
    assert library.refresh(keep=True)
    rules = library.select(_all())
    assert rules.tuning
    assert ["suppress.0.for" in str(error) for error in rules.refused] == [True]
    assert not library.refresh(keep=True)
    file.write_text("{}", encoding="utf-8")
    assert library.refresh(keep=True)
    assert library.select(_all()).tuning is None
