"""What a rule file became comes back the same from JSON; other JSON is refused, never believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.codec.errors import DecodeError, EncodeError
from engine.codec.rules import decode_compiled, encode_compiled
from engine.codec.trees import MAX_LEVELS, Reader, Writer
from engine.compile import bound, parsed
from engine.compiled import Compiled, Named
from engine.match import expression
from engine.match.expression import And, Expression, Not
from engine.match.predicates import Compare, Number
from tests.engine.match.scenarios import Scenario


def compiled(*documents: Any) -> Compiled:
    text = yaml.safe_dump_all(documents, sort_keys=False).encode()
    file = parsed(text, "a.yml", "own")
    return bound(file, file.filters, [], "")[0]


EVERY = {
    "title": "Every kind of predicate",
    "name": "every",
    "date": "2026-01-02",
    "author": "someone",
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {
        "a": {
            "Image|endswith": ["\\a.exe", "\\ü.exe", "?b*"],
            "CommandLine|re|i": "(enc|dec)x+",
            "CommandLine|re": "(?=look)around",
            "CommandLine|contains|cased": "Big",
            "EventID": [1, 2.5],
            "Ip|cidr": ["10.0.0.0/8", "fe80::/16"],
            "Size|gte": 3,
            "Other|fieldref|startswith": "Image",
            "Here|exists": True,
            "Flag": True,
            "Nothing": None,
            "Time|hour": 7,
        },
        "words": ["ΟΔΟΣ", "plain"],
        "condition": "a and not words",
    },
}
BROKEN = {**EVERY, "title": "Broken", "detection": {"a": {"x|endswit": 1}, "condition": "a"}}


def test_every_kind_of_predicate_comes_back_the_same() -> None:
    whole = compiled(EVERY, BROKEN)
    assert [type(item) for item in whole.rules] == [Named]
    assert len(whole.refused) == 1
    found = decode_compiled(encode_compiled(whole), "a.yml", "own")
    assert repr(found.rules) == repr(whole.rules)
    assert [str(error) for error in found.refused] == [str(error) for error in whole.refused]


@given(st.binary(min_size=300, max_size=900).map(Scenario.of))
def test_any_file_comes_back_the_same(case: Scenario) -> None:
    whole = compiled(*case.rules, *case.filters)
    found = decode_compiled(encode_compiled(whole), "a.yml", "own")
    assert list(map(str, found.rules)) == list(map(str, whole.rules))
    assert list(map(str, found.refused)) == list(map(str, whole.refused))
    assert replace(found, rules=(), refused=()) == replace(whole, rules=(), refused=())


def test_it_is_the_file_that_is_asked_for_wherever_it_was_compiled() -> None:
    text = encode_compiled(compiled(EVERY, BROKEN))
    found = decode_compiled(text, "other.yml", "theirs")
    (item,) = found.rules
    assert isinstance(item, Named)
    assert (item.rule.file, item.rule.ruleset) == ("other.yml", "theirs")
    assert found.refused[0].file == "other.yml"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_tell_is_not_kept(number: float) -> None:
    for predicate in (Number(number), Compare.of("<", number)):
        with pytest.raises(EncodeError):
            Writer().place(expression.Test("a", predicate))


def test_half_a_letter_is_not_kept() -> None:
    (item,) = compiled(EVERY).rules
    assert isinstance(item, Named)
    halved = Named(replace(item.rule, author="\ud800"), item.name)
    with pytest.raises(EncodeError, match="surrogates"):
        encode_compiled(Compiled((halved,)))


def test_equal_numbers_of_other_types_stay_apart() -> None:
    writer = Writer()
    places = [writer.place(expression.Test("a", Number(number))) for number in (1, 1.0)]
    reader = Reader(writer.tables(), {})
    assert [str(reader.at(place)) for place in places] == ["a = 1", "a = 1.0"]


def deep(levels: int) -> Expression:
    found: Expression = expression.Test("a", Number(1))
    for _ in range(levels):
        found = Not(found)
    return found


def test_a_condition_that_would_exhaust_the_stack_is_refused() -> None:
    for levels, fits in ((MAX_LEVELS, True), (MAX_LEVELS + 1, False)):
        writer = Writer()
        place = writer.place(deep(levels))
        if fits:
            assert Reader(writer.tables(), {}).at(place) == deep(levels)
            continue
        with pytest.raises(DecodeError, match="too deeply"):
            Reader(writer.tables(), {})


def test_a_tree_cannot_stand_for_itself() -> None:
    with pytest.raises(IndexError):
        Reader(([], [], [], [], [["and", -1]]), {})


def test_a_part_that_is_used_twice_is_made_once() -> None:
    part = And((expression.Test("a", Number(1)), expression.Test("b", Number(2))))
    writer = Writer()
    place = writer.place(And((part, Not(part))))
    found = Reader(writer.tables(), {}).at(place)
    assert isinstance(found, And)
    first, second = found.items
    assert isinstance(second, Not)
    assert first is second.item


JUNK = st.sampled_from(
    [None, True, -1, 0, 99, 1.5, "", "text", [], [None], [[]], {}, {"a": 1}, -99, [1, 2]]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [p for key, item in value.items() for p in places(item, (*path, key))]
    elif isinstance(value, list):
        found += [p for at, item in enumerate(value) for p in places(item, (*path, at))]
    return found


FILTER = {
    "title": "Filter",
    "logsource": {"product": "windows"},
    "filter": {"rules": ["every"], "here": {"place": "here"}, "condition": "not here"},
}
WHOLE = orjson.loads(encode_compiled(compiled(EVERY, BROKEN, FILTER)))
PLACES = places(WHOLE)


@given(st.sampled_from(PLACES), JUNK)
def test_json_that_was_changed_is_refused_or_gives_rules_that_could_be(
    path: tuple[Any, ...], junk: Any
) -> None:
    text = orjson.loads(orjson.dumps(WHOLE))
    assume(path)
    holder = text
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = junk
    try:
        found = decode_compiled(orjson.dumps(text), "a.yml", "own")
    except DecodeError:
        return
    again = decode_compiled(encode_compiled(found), "a.yml", "own")
    assert list(map(str, again.rules)) == list(map(str, found.rules))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 5000, b"{", b"7"])
def test_what_is_no_outcome_is_refused(text: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_compiled(text, "a.yml", "own")
