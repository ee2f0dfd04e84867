"""The fast evaluator, and the screen before it, say what the reference says."""

from __future__ import annotations

import gc
import json
import os
import random
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.modifiers import modifier_mapping
from sigma.processing.pipeline import ProcessingPipeline
from sigma.processing.transformations import transformations
from sigma.rule import SigmaRule

from engine.detect import Detector, Match, ReferenceGroup
from engine.errors import Problem
from engine.event import Event
from engine.kinds import LogSource
from engine.layout import Layout
from engine.logsource import bind
from engine.match import keywords
from engine.match.literal import required_literal
from engine.match.memory import Budget, Memory
from engine.match.translate import UntranslatableError
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.engine.match.scenarios import Scenario
from tests.engine.match.strategies import documents, envelopes

EXAMPLES = int(os.environ.get("VEDETTE_TEST_EXAMPLES", "2000"))


def made(
    number: int,
    document: Mapping[str, Any],
    filters: Sequence[Mapping[str, Any]] = (),
    pipelines: Sequence[ProcessingPipeline] = (),
) -> Rule | None:
    """A rule without the detour through a file; None when it is refused."""
    try:
        sigma = SigmaRule.from_dict(dict(document))
        for written in filters:
            sigma = SigmaFilter.from_dict(deepcopy(dict(written))).apply_on_rule(sigma)
        bindings = bind(sigma, pipelines)
    except (SigmaError, UntranslatableError):
        return None
    source = LogSource(sigma.logsource.product, sigma.logsource.service, sigma.logsource.category)
    return Rule(
        f"r{number}", "generated", "low", None, source, (), bindings, "f", "s", dict(document)
    )


def of_user(case: Scenario) -> list[ProcessingPipeline]:
    """Made once, and applied to every rule, as they are when rules are loaded."""
    values = {"vars": {"names": ["mimikatz", "kelvin", 1]}}
    return [ProcessingPipeline.from_dict(deepcopy(made | values)) for made in case.pipelines]


def asked(detector: Detector, document: Mapping[str, Any], raw: bytes | None) -> list[str]:
    """The rules that match, by the way that a source and a pipeline go."""
    return [match.rule.id for match in matches(detector, document, raw)]


def reasons(detector: Detector, document: Mapping[str, Any], raw: bytes | None) -> list[Any]:
    """The same, with why each matches."""
    return [(m.rule.id, m.binding, m.evidence) for m in matches(detector, document, raw)]


def matches(detector: Detector, document: Mapping[str, Any], raw: bytes | None) -> list[Match]:
    """What a detector finds in an event, by its line where there is one."""
    found = detector.candidates(raw) if raw is not None else None
    if found is not None:
        event = normalise(Record(document, "x"))
        return detector.match_candidates(found, event)
    if not detector.may_match(document, raw):
        return []
    return detector.match(normalise(Record(document, "x")))


def scalar(value: Any) -> bool:
    """Whether a value is its own one value, neither object nor array."""
    return not isinstance(value, Mapping | list | tuple)


def spelled(document: Mapping[str, Any], escaped: bool) -> bytes:
    """The JSON of a document, with what is beyond ASCII and some letters escaped, or not."""
    if not escaped:
        return orjson.dumps(document)
    text = json.dumps(document)
    for letter in "mkz":  # none of them is part of true, false, null or an escape
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text.encode()


@given(st.binary(min_size=300, max_size=900).map(Scenario.of))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_fast_and_reference_agree_whatever_the_rules_pipelines_and_events(case: Scenario) -> None:
    pipelines = of_user(case)
    rules = [
        rule
        for number, document in enumerate(case.rules)
        if (rule := made(number, document, case.filters, pipelines))
    ]
    problems: list[Problem] = []
    fast = Detector(rules, problems.append, patience=0)
    slow = Detector(rules, problems.append, ReferenceGroup)
    for _ in range(2):  # the second time from memory
        for document, escaped in zip(case.events, case.spelled, strict=True):
            wanted = reasons(slow, document, None)
            assert reasons(fast, document, spelled(document, escaped=False)) == wanted
            assert reasons(fast, document, None) == wanted
            if escaped:
                again = spelled(document, escaped=True)
                assert json.loads(again) == document
                assert reasons(fast, document, again) == wanted
    assert not problems


def test_what_is_generated_is_worth_asking() -> None:
    """Most rules load, many match; every modifier and transformation is among what loads."""
    rnd = random.Random(7)
    rules = loaded = matched = 0
    parts: set[str] = set()
    for _ in range(500):
        case = Scenario.of(rnd.randbytes(600))
        pipelines = of_user(case)
        kept = [r for d in case.rules if (r := made(0, d, case.filters, pipelines))]
        rules, loaded = rules + len(case.rules), loaded + len(kept)
        detector = Detector(kept, lambda problem: None)
        matched += sum(bool(asked(detector, event, None)) for event in case.events)
        for rule in kept:
            parts.update(re.findall(r"\|(\w+)", str(rule.document["detection"])))
            types = (t["type"] for p in case.pipelines for t in p["transformations"])
            parts.update(types)
    assert loaded > 0.5 * rules
    assert matched > 100
    assert modifier_mapping.keys() - parts == {"utf16"}  # which is refused
    wanted = {key for key in transformations if key not in NOT_GENERATED}
    assert wanted - parts == set()


NOT_GENERATED = {
    # these say only that a rule is refused
    "detection_item_failure", "rule_failure", "strict_field_mapping_failure",
    # these change nothing of what a rule means, but what a backend writes
    "add_field", "remove_field", "set_field", "set_custom_attribute", "set_state",
    "query_expression_placeholders",
    # these read what is outside, which pySigma refuses unless it is allowed
    "command_placeholders", "file_placeholders", "http_placeholders",
    # these are made of the others
    "nest", "extract_fields",
    # this wants a function, which no file can give it
    "field_name_transform",
}  # fmt: skip


@given(envelopes, documents)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_layout_places_every_field_where_normalising_finds_it(
    envelope: dict[str, Any], fields: dict[str, Any]
) -> None:
    document = {**envelope, **fields}
    layout = Layout.of(tuple(document))
    if layout is None:
        return
    event: Event = normalise(Record(document, "x"))
    for name in (*event.fields, "Image", "Provider_Name", "ThreatName", "a.b", "Computer"):
        if name.startswith("logsource."):
            continue
        place = layout.place(name)
        held = document.get(place) if place else None
        if not scalar(held) or any(not scalar(document[key]) for key in layout.parents(name)):
            continue  # left to normalising
        if place is None and any("." in key or not scalar(document[key]) for key in document):
            continue  # a name out of an object, which nobody is told to look for here
        assert event.values(name) == (() if held is None else (held,)), name


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("abc", "abc"),
        ("AbC+d", "ab"),
        ("a(bcd)e", "bcd"),
        ("a(bcd)?e", "a"),
        ("(abc|abd)", "ab"),
        ("x|y", ""),
        ("[ab]c", "c"),
        ("^foo$", "foo"),
        (r"\\power\.exe", "\\power.exe"),
        ("a{2,}bc", "bc"),
        ("(?i)ABC", "abc"),
        ("(?=abc)d", "d"),
        ("(?!abc)d", "d"),
        ("é", ""),
        ("(", ""),
    ],
)
def test_a_required_literal_is_part_of_every_match(pattern: str, literal: str) -> None:
    assert required_literal(pattern) == literal


@pytest.mark.parametrize(
    ("literal", "stretch"),
    [
        ("event::clear", "event::clear"),
        ("::clear", "clear"),
        ('say "hello"', "hello"),
        ("c:\\windows\\x", "windows"),
        ("a/longer", "longer"),
        ("4625", ""),
        ("1e5", ""),
        ("<kiwi>", "kiwi"),
    ],
)
def test_only_what_json_writes_as_it_is_may_be_searched_raw(literal: str, stretch: str) -> None:
    assert keywords.verbatim(literal) == stretch


@pytest.mark.parametrize("with_hyperscan", [True, False])
def test_a_keyword_is_found_however_json_spells_it(
    with_hyperscan: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_hyperscan:
        monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    found = keywords.Keywords(frozenset({"mimikatz"}))
    for raw in (rb'{"a":"MIMIKATZ"}', rb'{"a":"mi\u006dikatz"}', b'{"a":"mimiKatz"}'):
        assert found.may_stand_in(orjson.loads(raw), raw), raw
    kelvin = '{"a":"mimi\u212aatz"}'.encode()
    assert found.may_stand_in(orjson.loads(kelvin), kelvin)
    for raw in (rb'{"a":"mimi katz"}', rb'{"a":"\u003cb\u003e"}', rb'{"a":"c:\\\\users"}'):
        assert not found.may_stand_in(orjson.loads(raw), raw), raw


def test_memory_is_bounded_and_answers_stay_right_when_it_is_emptied() -> None:
    document = {
        "title": "t",
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": {"s": {"Image|contains": "7"}, "condition": "s"},
    }
    rule = made(1, document)
    assert rule is not None
    detector = Detector([rule], lambda problem: None)
    detector.budget.purse.characters = 20_000
    for number in range(2000):
        event = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
                 "Image": f"value {number} of an endless stream"}  # fmt: skip
        assert bool(asked(detector, event, None)) == ("7" in str(number))
    assert detector.budget.resets > 3
    assert detector.budget.entries < 2000


def test_a_budget_forgets_everything_at_once() -> None:
    budget = Budget(1000)
    one, other = Memory[bool](budget), Memory[bool](budget)
    one.keep("a", True, 1)
    other.keep("b", True, 900)
    assert one.answers == {}
    assert budget.entries == 1
    assert budget.resets == 1


def test_a_memory_that_nobody_holds_any_more_is_not_kept_by_its_budget() -> None:
    budget = Budget(1000)
    gone = Memory[bool](budget)
    gone.keep("a", True, 1)
    del gone
    gc.collect()
    assert budget.entries == 0


def test_rules_are_made_ready_only_when_their_log_source_is_met() -> None:
    document = {
        "title": "t",
        "logsource": {"product": "windows", "service": "security"},
        "detection": {"s": {"a": 1}, "condition": "s"},
    }
    rule = made(1, document)
    assert rule is not None
    detector = Detector([rule], lambda problem: None)
    sysmon: Sequence[str] = asked(detector, {"Channel": "x", "EventID": 1, "a": 1}, None)
    assert sysmon == []
