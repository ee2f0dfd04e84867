"""Every rule that cannot be used is named with its place and reason, and the rest go on."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import InputError
from engine.load import load_rules
from engine.rule import RuleSet, Selection
from tests.engine.helpers import labelled, loaded, match_all, rule, write_rules

TABLE = yaml.safe_load((Path(__file__).parent / "broken.yml").read_text(encoding="utf-8"))
GOOD: str = TABLE["good"]
HEAD = "title: t\nlogsource: {product: any}\ndetection:\n"


def broken(case: dict[str, str]) -> str:
    if "text" in case:
        return case["text"]
    assert GOOD.count(case["replace"]) == 1, case["name"]
    return GOOD.replace(case["replace"], case["by"])


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_a_broken_rule_is_named_and_its_neighbours_load(
    case: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.yml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yml").write_text(broken(case), encoding="utf-8")
    other = GOOD.replace("0a01", "0a02")
    (tmp_path / "c.yml").write_text(other, encoding="utf-8")
    found = load_rules([tmp_path])
    said = case["said"].replace("{file}", str(tmp_path / "b.yml"))
    assert [str(error) for error in found.refused] == [said]
    assert [r.id[-4:] for r in found.rules] == ["0a01", "0a02"]
    assert found.files == 3


UNREADABLE = {"not YAML", "a tab", "a key given twice", "a key that is a list", "a merge key",
              "a date that is none", "a Python object", "a mapping that is a list"}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [case for case in TABLE["cases"] if case["name"] not in UNREADABLE],
    ids=lambda case: case["name"],
)
def test_a_good_rule_in_the_same_file_loads(case: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(f"{GOOD}---\n{broken(case)}\n", encoding="utf-8")
    found = load_rules([file])
    assert [r.title for r in found.rules] == ["A good rule"]
    empty = case["said"].endswith("is empty; expected a Sigma rule")
    assert len(found.refused) == (0 if empty else 1)


def refused(folder: Path, content: str | bytes) -> str:
    file = folder / "rule.yml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    found = load_rules([file])
    assert len(found) == 0
    assert len(found.refused) == 1
    return str(found.refused[0]).replace(f"{folder}/", "")


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, b"title: a\nx: \xff\n") == "rule.yml:2: is not UTF-8 text"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(load_rules([tmp_path])) == 1


def test_a_control_character_is_refused_in_one_line(tmp_path: Path) -> None:
    assert refused(tmp_path, b"title: \0").count("\n") == 0


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    content = GOOD + "# " + "x" * (1 << 20)
    assert refused(tmp_path, content) == "rule.yml: is too long; expected at most 1,048,576 bytes"


def bomb(name: str, leaf: str, width: int, levels: int) -> str:
    """Aliases of aliases: a short text that stands for `width ** levels` values."""
    lines = [f"  a0: &{name}0 {leaf}"]
    for i in range(1, levels):
        lines.append(f"  a{i}: &{name}{i} [{', '.join([f'*{name}{i - 1}'] * width)}]")
    return HEAD + "\n".join(lines) + f"\n  condition: a{levels - 1}\n"


HOSTILE = {
    "aliases of lists": (bomb("a", "[x, y]", 2, 25), "too many values"),
    "aliases of mappings": (bomb("a", "{a: 1}", 2, 25), "too many values"),
    "aliases with odd names": (bomb("-", "[x]", 9, 9), "too many values"),
    "an alias of itself": (HEAD + "  s: &a [*a]\n  condition: s\n", "nested too deeply"),
    "nested lists": ("a: " + "[" * 20_000 + "]" * 20_000, "nested too deeply"),
    "nested maps": (HEAD + "  s: " + "{a: " * 500 + "1" + "}" * 500 + "\n  condition: s\n", "deep"),
    "many negations": (HEAD + "  s: {a: 1}\n  condition: " + "not " * 400 + "s\n", "deep"),
    "negations that pySigma stands": (
        HEAD + "  s: {a: 1}\n  condition: " + "not " * 80 + "s\n",
        "nested too deeply",
    ),
    "more values than anyone needs": (
        HEAD + f"  s: {{a: [{','.join(['x'] * 100_001)}]}}\n  condition: s\n",
        "too many values",
    ),
    "a number of 5,000 digits": (HEAD + f"  s: {{a: {'9' * 5000}}}\n  condition: s\n", "4: is not"),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused_quickly(content: str, said: str, tmp_path: Path) -> None:
    start = time.process_time()
    assert said in refused(tmp_path, content)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "condition", ["(" * 300 + "s" + ")" * 300, " and ".join(["s"] * 500), " or ".join(["s"] * 500)]
)
def test_long_conditions_that_are_not_deep_load(condition: str, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(HEAD + f"  s: {{a: 1}}\n  condition: {condition}\n")
    assert len(load_rules([tmp_path])) == 1


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.dates(min_value=date(1900, 1, 1)) | st.sampled_from(["not", "(", "1 of them", "%x%", "*"])
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["a", "a|re", "|all", "a|expand", "a|exists", "a|hour", "a|wide|base64"]
            )
            | st.integers(),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=5,
)
WHOLE = {
    "title": "T", "id": "0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a09", "status": "test", "author": "a",
    "description": "d", "references": ["x"], "date": "2026-01-01", "modified": "2026-01-02",
    "tags": ["attack.t1059"], "level": "high", "falsepositives": ["x"], "fields": ["a"],
    "related": [{"id": "0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a08", "type": "derived"}],
    "license": "MIT", "name": "n", "scope": ["x"], "taxonomy": "sigma",
}  # fmt: skip
PLACES = [(key,) for key in (*WHOLE, "correlation", "filter", "action")] + [
    ("logsource",), ("logsource", "product"), ("logsource", "category"), ("detection",),
    ("detection", "selection"), ("detection", "condition"), ("detection", "other"),
]  # fmt: skip


@settings(max_examples=200)
@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_nothing_in_a_rule_stops_another_from_loading(
    place: tuple[str, ...], value: Any, tmp_path: Path
) -> None:
    document: dict[str, Any] = {
        **WHOLE,
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": {"selection": {"a|endswith": ["b"]}, "condition": "selection"},
    }
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump_all([document, yaml.safe_load(GOOD)]), encoding="utf-8")
    found = load_rules([file])
    assert "A good rule" in [r.title for r in found.rules]
    assert len(found.rules) + len(found.refused) + found.filters >= 2
    assert all(str(error).startswith(str(file)) for error in found.refused)


def test_ids_given_twice_are_refused_by_the_file_that_has_the_first(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    found = load_rules([tmp_path])
    assert [r.file for r in found.rules] == [str(tmp_path / "a.yml")]
    assert [str(error) for error in found.refused] == [
        f"{tmp_path / 'b.yml'}: id: id 0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a01 is already taken by "
        f"{tmp_path / 'a.yml'}"
    ]


def test_a_path_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder of rules"):
        load_rules([tmp_path / "absent"])


def test_files_are_loaded_once_in_order_of_names_and_only_yaml(tmp_path: Path) -> None:
    inner = tmp_path / "set"
    inner.mkdir()
    write_rules(tmp_path, rule("B"), name="b.yml")
    write_rules(tmp_path, rule("A"), name="a.yaml")
    write_rules(inner, rule("C"), name="c.yml")
    (tmp_path / "README.md").write_text("no rule")
    found = load_rules([tmp_path, tmp_path / "a.yaml", inner])
    assert [r.title for r in found.rules] == ["A", "B", "C"]
    assert found.files == 3
    assert {r.ruleset for r in found.rules} == {tmp_path.name}
    assert load_rules([inner / "c.yml"]).rules[0].ruleset == "set"


def test_what_alerts_say_of_a_rule_is_read(tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, {**WHOLE, **rule(), "title": "T"}).rules
    assert (found.title, found.level, found.status) == ("T", "high", "test")
    assert (found.version, found.author, found.license) == ("2026-01-02", "a", "MIT")
    assert (found.tags, found.references) == (("attack.t1059",), ("x",))
    assert found.document["title"] == "T"
    assert found.linear


def test_a_rule_without_level_is_medium_and_without_id_named_by_its_content(tmp_path: Path) -> None:
    (one,) = loaded(tmp_path, rule("T")).rules
    (again,) = loaded(tmp_path, rule("T", description="reworded")).rules
    (other,) = loaded(tmp_path, rule("T", detection={"s": {"a": 2}, "condition": "s"})).rules
    assert one.level == "medium"
    assert one.id == again.id != other.id


def test_a_rule_that_needs_the_stoppable_engine_says_so(tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, rule(detection={"s": {"a|re": "x(?!y)"}, "condition": "s"})).rules
    assert not found.linear


def test_selection_leaves_rules_out_and_counts_them(tmp_path: Path) -> None:
    file = write_rules(tmp_path, rule("Low", level="low"), rule("High", level="high"))
    found = load_rules([file], select=Selection(min_level="high"))
    assert [r.title for r in found.rules] == ["High"]
    assert found.unwanted == 1
    assert found.by_id().keys() == {found.rules[0].id}


FILTER = {
    "title": "Not Bob",
    "logsource": {"product": "any"},
    "filter": {
        "rules": ["0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a01"],
        "selection": {"User": "bob"},
        "condition": "not selection",
    },
}


def test_a_filter_narrows_the_rules_that_it_names(tmp_path: Path) -> None:
    found = loaded(tmp_path, yaml.safe_load(GOOD), FILTER)
    assert (len(found), found.filters) == (1, 1)
    assert match_all(found, labelled({"a": 1, "User": "eve"}))
    assert not match_all(found, labelled({"a": 1, "User": "bob"}))


def test_a_pipeline_gives_placeholders_their_values_and_fields_their_names(tmp_path: Path) -> None:
    pipeline = ProcessingPipeline.from_yaml(
        """
        vars: {servers: [dc1, dc2]}
        transformations:
          - {id: p, type: value_placeholders}
          - {id: f, type: field_name_mapping, mapping: {host: computer}}
        """
    )
    file = write_rules(
        tmp_path, rule(detection={"s": {"host|expand": "%servers%"}, "condition": "s"})
    )
    found = load_rules([file], pipelines=[pipeline])
    assert [str(error) for error in found.refused] == []
    assert match_all(found, labelled({"computer": "DC2"}))
    assert not match_all(found, labelled({"computer": "dc3"}))
    assert not match_all(found, labelled({"host": "dc1"}))


def test_recorded_test_events_beside_rules_are_no_rules(tmp_path: Path) -> None:
    data = tmp_path / "regression_data" / "x"
    data.mkdir(parents=True)
    (data / "info.yml").write_text("id: 5\n")
    write_rules(tmp_path, rule())
    found = load_rules([tmp_path])
    assert (len(found), found.refused) == (1, [])


@pytest.mark.shared
def test_of_the_public_rules_only_those_with_placeholders_are_refused(shared_data: Path) -> None:
    folder = shared_data / "sigmahq" / "rules"
    found = load_rules([folder / "linux", folder / "cloud", folder / "web", folder / "network"])
    assert [str(error) for error in found.refused] == []
    assert len(found) > 500


RULE = {"title": "R", "name": "mine", "logsource": {"product": "any"},
        "detection": {"s": {"a": 1}, "condition": "s"}}  # fmt: skip


def filtered(folder: Path, **changes: Any) -> RuleSet:
    body = {"rules": "any", "sel": {"b": 1}, "condition": "not sel", **changes}
    written = {"title": "F", "logsource": {"product": "any"}, "filter": body}
    return load_rules([write_rules(folder, RULE, written)])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"condition": "not sle"}, "F: Detection 'sle' not defined in detections"),
        (
            {"sel": {"b|re": "(a(?=b)" + "(?:" * 20 + "c" + "){2}" * 20 + ")"}},
            "F: regular expression",
        ),
        ({"sel": [None]}, "F: a keyword that is null or empty means nothing"),
    ],
)
def test_a_filter_that_is_wrong_is_refused_itself_and_not_its_rules(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    found = filtered(tmp_path, **changes)
    assert [rule.title for rule in found.rules] == ["R"]
    assert found.filters == 0
    assert [said in str(error) and bool(error.line) for error in found.refused] == [True]


def test_a_filter_for_a_rule_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = filtered(tmp_path, rules=["mine", "mien"])
    assert len(found.rules) == 1
    assert [error.message for error in found.refused] == [
        "F: refers to 'mien', which is not loaded"
    ]
    assert found.refused[0].nearest == "mine"
    other = {"title": "G", "logsource": {"product": "acme"},
             "filter": {"rules": "any", "sel": {"b": 1}, "condition": "not sel"}}  # fmt: skip
    found = load_rules([write_rules(tmp_path, RULE, other)])
    assert [error.message for error in found.refused] == ["G: applies to no rule that is loaded"]


def test_a_filter_may_wait_for_a_pipeline_to_give_its_values(tmp_path: Path) -> None:
    body = {"rules": "any", "sel": {"b|expand": "%hosts%"}, "condition": "not sel"}
    file = write_rules(
        tmp_path, RULE, {"title": "F", "logsource": {"product": "any"}, "filter": body}
    )
    pipeline = ProcessingPipeline.from_dict(
        {"vars": {"hosts": ["h1"]}, "transformations": [{"type": "value_placeholders"}]}
    )
    assert load_rules([file], pipelines=[pipeline]).refused == []
    found = load_rules([file])
    assert len(found.rules) == 1
    assert ["F: placeholder %hosts% has no value" in str(e) for e in found.refused] == [True]
