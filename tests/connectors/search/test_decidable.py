"""What is decided by the values of an index, and what is not."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from connectors.search.decidable import Catalogue, Column, Shape, strange
from engine.match.pattern import Pattern
from engine.match.predicates import Exists, Number, Text
from engine.needs import test as tests

KEYWORD = {"type": "keyword"}
CUT = {"type": "keyword", "ignore_above": 256}


def catalogue(
    properties: dict[str, Any], *, marks: bool = True, settings: Any = None, **mapping: Any
) -> Catalogue:
    index = {"version": {"created": "9033000"}, **(settings or {})}
    answer = {"mappings": {"properties": properties, **mapping}, "settings": {"index": index}}
    return Catalogue.of({"logs": answer}, marks=marks)


def lowering(**normalizer: Any) -> dict[str, Any]:
    return {"analysis": {"normalizer": {"lower": normalizer}}}


SMALL = {"type": "keyword", "normalizer": "lower"}


@pytest.mark.parametrize(
    ("properties", "settings", "expected"),
    [
        ({"a": KEYWORD}, None, Column("a", "a", "exact")),
        ({"a": {"properties": {"b": KEYWORD}}}, None, Column("a.b", "a.b", "exact")),
        ({"a": CUT}, None, Column("a", "a", "exact")),
        ({"a": {"type": "text", "fields": {"raw": CUT}}}, None, Column("a", "a.raw", "exact")),
        ({"a": {"type": "long"}}, None, Column("a", "a", "integer")),
        ({"a": {"type": "boolean"}}, None, Column("a", "a", "boolean")),
        ({"a": SMALL}, lowering(filter=["lowercase"]), Column("a", "a", "lower")),
        ({"a": SMALL}, lowering(filter="lowercase"), Column("a", "a", "lower")),
        ({"a": {**SMALL, "normalizer": "lowercase"}}, None, Column("a", "a", "lower")),
        ({"a": SMALL}, lowering(filter=["lowercase", "asciifolding"]), None),
        ({"a": SMALL}, lowering(filter=["lowercase"], char_filter=["x"]), None),
        ({"a": SMALL}, None, None),
        ({"a": {"type": "text"}}, None, None),
        ({"a": {**KEYWORD, "doc_values": False}}, None, None),
        ({"a": {**KEYWORD, "index": False}}, None, None),
        ({"a": {**KEYWORD, "script": "emit(1)"}}, None, None),
        ({"a": {"type": "date"}}, None, None),
        ({"a": {"type": "double"}}, None, None),
        ({"a": {"type": "wildcard"}}, None, None),
    ],
)
def test_a_field_is_decided_where_its_values_are_whole(
    properties: dict[str, Any], settings: Any, expected: Column | None
) -> None:
    found = catalogue(properties, settings=settings)
    assert list(found.columns.values()) == ([expected] if expected else [])
    assert found.hidden == set()
    assert len(found.leaves) == 1


@pytest.mark.parametrize(("filter", "shape"), [
    ({"type": "mapping", "mappings": ["\u0130 => i\u0307"]}, "dotted"),
    ({"type": "mapping", "mappings": "\\u0130=>i\\u0307"}, "dotted"),
    ({"type": "mapping", "mappings": ["\u0130 => i\u0307", "x => y"]}, None),
    ({"type": "mapping", "mappings": ["\u0130 => i"]}, None),
    ({"type": "mapping", "mappings_path": "letters.txt"}, None),
    ({"type": "mapping", "mappings": ["\u0130 => i\u0307"], "mappings_path": "x"}, None),
    ({"type": "pattern_replace", "pattern": "a", "replacement": "b"}, None),
])  # fmt: skip
def test_a_normalizer_may_keep_a_capital_i_with_a_dot_apart(
    filter: dict[str, Any], shape: str | None
) -> None:
    settings = lowering(filter=["lowercase"], char_filter=["dots"])
    settings["analysis"]["char_filter"] = {"dots": filter}
    found = catalogue({"a": SMALL}, settings=settings).columns
    assert [each.shape for each in found.values()] == ([shape] if shape else [])


def test_a_filter_that_is_called_lowercase_may_be_another() -> None:
    settings = lowering(filter=["lowercase"])
    settings["analysis"]["filter"] = {"lowercase": {"type": "lowercase", "language": "greek"}}
    assert catalogue({"a": SMALL}, settings=settings).columns == {}


@pytest.mark.parametrize(
    ("properties", "mapping", "hidden"),
    [
        ({"a": {"enabled": False}}, {}, {"a"}),
        ({"a": {"properties": {}, "dynamic": "false"}}, {}, {"a"}),
        ({"a": {"properties": {}, "dynamic": "runtime"}}, {}, {"a"}),
        ({"a": {"properties": {"b": {"properties": {}}}, "dynamic": False}}, {}, {"a", "a.b"}),
        ({"a": {"type": "nested", "properties": {"b": KEYWORD}}}, {}, {"a"}),
        ({"a": {"type": "flattened"}}, {}, {"a"}),
        ({"a": {"type": "flat_object"}}, {}, {"a"}),
        ({"a": {"type": "geo_point"}}, {}, {"a"}),
        ({"a": KEYWORD}, {"dynamic": "false"}, {""}),
        ({"a": KEYWORD}, {"dynamic": False}, {""}),
        ({"a": KEYWORD}, {"dynamic": "strict"}, set()),
        ({"a": KEYWORD}, {"enabled": False}, {""}),
    ],
)
def test_what_no_mapping_tells_of_is_known_to_be_hidden(
    properties: dict[str, Any], mapping: dict[str, Any], hidden: set[str]
) -> None:
    assert catalogue(properties, **mapping).hidden == hidden


def test_opensearch_marks_neither_long_values_nor_objects_in_place_of_values() -> None:
    assert catalogue({"a": CUT}, marks=False).columns == {"a": Column("a", "a", "exact", 256)}
    dropped = {"mapping": {"ignore_malformed": "true"}}
    assert catalogue({"a": KEYWORD}, marks=False, settings=dropped).hidden == {""}
    assert catalogue({"a": KEYWORD}, settings=dropped).hidden == set()
    lenient = {"a": {"type": "long", "ignore_malformed": True}}
    assert catalogue(lenient, marks=False).columns == {}
    assert catalogue(lenient, marks=False).hidden == {"a"}
    old = {"version": {"created": "7170099"}}
    assert catalogue({"a": CUT}, settings=old).columns == {"a": Column("a", "a", "exact", 256)}


def test_fields_of_a_script_stand_before_those_of_documents() -> None:
    assert catalogue({"a": KEYWORD}, runtime={"a": {"type": "keyword"}}).columns == {}
    assert catalogue({}, runtime={"b": {"type": "keyword"}}).leaves == {"b"}


def test_fields_without_a_mapping_for_their_number_may_be_ignored_by_any_name() -> None:
    limits = {"mapping": {"total_fields": {"ignore_dynamic_beyond_limit": "true"}}}
    assert catalogue({"a": KEYWORD}, settings=limits).ignored() == {"exists": {"field": "_ignored"}}
    assert catalogue({"a": KEYWORD}).ignored() == {"terms": {"_ignored": ["a"]}}


def test_indices_that_differ_decide_what_all_of_them_do() -> None:
    indices = {
        "one": {"mappings": {"properties": {"a": KEYWORD, "b": KEYWORD, "c": KEYWORD, "d": CUT}}},
        "two": {"mappings": {"properties": {"a": {"type": "text"}, "b": {"type": "long"},
                                            "c": {"properties": {"x": KEYWORD}}, "d": KEYWORD}}},
    }  # fmt: skip
    found = Catalogue.of(indices, marks=False)
    assert found.columns == {
        "c.x": Column("c.x", "c.x", "exact"), "d": Column("d", "d", "exact", 256)
    }  # fmt: skip


def contains(text: str) -> tests.Test:
    return tests.Test(Text(Pattern(("", text, ""))))


def test_a_column_decides_what_its_values_tell() -> None:
    text, number = contains("mimi"), tests.Test(Number(4624))
    whole = tests.Test(Text(Pattern(("mimi",))))
    assert Column("a", "a", "exact").decides(text)
    assert Column("a", "a", "lower").decides(text)
    assert not Column("a", "a", "exact", 256).decides(text)
    assert Column("a", "a", "exact", 256).decides(whole)
    assert not Column("a", "a", "exact", 3).decides(whole)
    assert not Column("a", "a", "integer").decides(text)
    assert Column("a", "a", "integer").decides(number)
    assert not Column("a", "a", "boolean").decides(number)


@pytest.mark.parametrize(
    ("kind", "literal", "never"),
    [
        ("long", "mimikatz", True), ("long", "12", False), ("double", "nan", False),
        ("boolean", "mimi", True), ("boolean", "ru", False), ("date", "mimikatz", True),
        ("date", "10:00", False), ("date", "europe", False), ("ip", "g", True),
        ("ip", "10.0", False), ("text", "mimikatz", False), ("other", "mimikatz", False),
    ],
)  # fmt: skip
def test_some_texts_stand_in_no_value_of_a_type(kind: str, literal: str, never: bool) -> None:
    assert strange(kind, literal) is never


def test_a_column_proves_what_nothing_else_can_have_become() -> None:
    katz, mimi, number = contains("katz"), contains("mimi"), tests.Test(Number(4624))
    cased = tests.Test(Text(Pattern(("", "katz", ""), cased=True)))
    proved = {
        shape: [Column("a", "a", shape).proves(each) for each in (katz, mimi, number, cased)]
        for shape in get_args(Shape)
    }
    assert proved == {
        "exact": [True, True, True, True], "lower": [True, False, True, False],
        "dotted": [True, True, True, False], "integer": [False] * 4, "boolean": [False] * 4,
    }  # fmt: skip
    assert not Column("a", "a", "exact").proves(tests.Test(katz.predicate, beyond=True))
    assert not Column("a", "a", "exact").proves(tests.Test(Exists(wanted=True)))
