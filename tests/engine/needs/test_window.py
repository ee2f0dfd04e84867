"""What is asked of all values at once is what each test says of each."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.match.pattern import Pattern
from engine.match.predicates import Exists, Text
from engine.needs.need import One, Word, either, every
from engine.needs.rules import needs
from engine.needs.test import Test as Asked
from engine.needs.window import Window
from tests.engine.match.scenarios import Scenario
from tests.engine.match.strategies import scalars
from tests.engine.match.test_agreement import made
from tests.engine.needs.index import leaves

NUMBERS = ["1", "1.0", "5e3", "5E3", "-1", "1" * 25, "0.5", "1e400", "-0", "\ufffdx", "\u212a"]
values = st.lists(st.sampled_from(NUMBERS) | scalars.filter(lambda v: v is not None), max_size=4)


@given(data=st.binary(min_size=200, max_size=900), more=values)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_tests_of_all_values_are_as_each_by_itself(data: bytes, more: list[Any]) -> None:
    scenario = Scenario.of(data)
    rules = [rule for n, raw in enumerate(scenario.rules) if (rule := made(n, raw))]
    window = Window(needs(rules).values())
    texts: list[Any] = [text for each in scenario.events for _, text in leaves(each)]
    texts += [value for value in more if not isinstance(value, float)]
    for _ in range(2):  # the second time what was remembered is asked
        for field in window.fields():
            assert window.held(field, texts) == plainly(window.tests(field), texts)
        assert window.held_words(texts) == plainly(window.words(), texts)


def plainly(tests: tuple[Asked, ...], texts: list[Any]) -> dict[Asked, list[int]]:
    found = {each: [at for at, text in enumerate(texts) if each.holds(text)] for each in tests}
    return {each: places for each, places in found.items() if places}


def test_each_test_of_each_field_is_asked_once() -> None:
    image, word = (Asked(Text(Pattern(("", text, "")))) for text in ("a.exe", "mimikatz"))
    there = Asked(Exists(wanted=True))
    one = One("Image", image)
    beyond = Asked(Text(Pattern(("", "katz", ""))), beyond=True)
    either_way = Window([One("Image", beyond)])
    assert either_way.held("Image", ["katz", "über", "uber"]) == {beyond: [0, 1]}
    window = Window([either([every([one, Word(word)]), One("Image", there)]), one, Word(word)])
    assert window.fields() == ("Image",)
    assert set(window.tests("Image")) == {image, there}
    assert window.words() == (word,)
    assert window.held("Image", ["x", "C:\\A.EXE"]) == {image: [1], there: [0, 1]}
    assert window.held_words(["x"]) == {}
