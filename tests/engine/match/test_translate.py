"""Everything that pySigma parses is translated or refused by name."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from sigma import types
from sigma.modifiers import modifier_mapping
from sigma.types import SigmaString, SigmaType

from engine.match.expression import And, Not, Or
from engine.match.expression import Test as Asked
from engine.match.pattern import Pattern
from engine.match.predicates import Compare, Exists, Matches, Number, Text
from engine.match.translate import UntranslatableError, translate
from tests.engine.helpers import expression


def where(**selection: Any) -> Any:
    return expression({"selection": selection, "condition": "selection"})


def test_the_tree_keeps_the_shape_of_the_condition() -> None:
    tree = expression(
        {"a": {"A": 1}, "b": {"B": 2}, "c": {"C": 3}, "condition": "a and (b or not c)"}
    )
    a, b, c = (Asked(name, Number(n)) for n, name in enumerate("ABC", start=1))
    assert tree == And((a, Or((b, Not(c)))))


def test_wildcards_split_a_text_into_segments() -> None:
    assert where(a="x*y?z*") == Asked("a", Text(Pattern(("x", f"y{Pattern.ANY_CHAR}z", ""))))


def test_a_keyword_may_stand_anywhere_and_keeps_its_own_wildcards() -> None:
    def keyword(text: str) -> Any:
        return expression({"k": [text], "condition": "k"}).predicate.pattern.segments

    assert keyword("x") == ("", "x", "")
    assert keyword("*x") == ("", "x", "")
    assert keyword("x*y") == ("", "x", "y", "")


def test_flags_reach_the_expression() -> None:
    test = where(**{"a|re|i|m|s": "x"})
    assert isinstance(test.predicate, Matches)
    assert test.predicate.regex.flags == "ims"


def test_comparisons_and_existence() -> None:
    assert where(**{"a|gte": 5}) == Asked("a", Compare.of(">=", 5))
    assert where(**{"a|exists": False}) == where(a=None) == Asked("a", Exists(False))


REFUSED = {
    "a placeholder": ({"a|expand": "%x%"}, "placeholder %x% has no value"),
    "a placeholder in an expression": ({"a|re|expand": "%x%"}, "has a placeholder without a value"),
    "an expression of no engine": ({"a|re": r"(?P<x>a)(?P=y)"}, "regular expression|unknown group"),
    "the reserved character": ({"a": "x\ue000"}, r"reserved character U\+E000"),
    "a number too large": ({"a": 9007199254740993}, "loses digits; write it as text"),
}


@pytest.mark.parametrize(("selection", "said"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(selection: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        where(**selection)


@pytest.mark.parametrize("keyword", ["", None])
def test_it_refuses_a_keyword_that_means_nothing(keyword: Any) -> None:
    with pytest.raises(UntranslatableError, match="null or empty"):
        expression({"k": [keyword], "condition": "k"})


def test_a_part_that_nobody_knows_is_refused_by_its_kind() -> None:
    with pytest.raises(UntranslatableError, match="condition part int is not known"):
        translate(5)


def test_a_query_that_a_pipeline_puts_in_is_refused_by_its_kind() -> None:
    from sigma.conditions import ConditionValueExpression

    query = types.SigmaQueryExpression("x=1", "id")
    with pytest.raises(UntranslatableError, match="SigmaQueryExpression is not supported"):
        translate(ConditionValueExpression(query))


def test_every_kind_of_value_that_pysigma_has_is_known_here() -> None:
    """A kind that a later pySigma brings must be decided on."""
    known = {
        "SigmaBool", "SigmaCasedString", "SigmaCIDRExpression", "SigmaCompareExpression",
        "SigmaExists", "SigmaExpansion", "SigmaFieldReference", "SigmaNull", "SigmaNumber",
        "SigmaQueryExpression", "SigmaRegularExpression", "SigmaString", "SigmaTimestampPart",
    }  # fmt: skip

    def kinds(base: type[Any]) -> set[str]:
        return {base.__name__}.union(*(kinds(kind) for kind in base.__subclasses__()))

    found = {name for name in kinds(SigmaType) if hasattr(types, name)}
    assert found - {"SigmaType"} == known
    assert get_args(types.SigmaStringPartType)[0] is str


def test_every_modifier_that_pysigma_has_is_told_of_in_the_cases() -> None:
    from tests.engine.match.test_cases import FILES

    texts = "".join(file.read_text(encoding="utf-8") for file in FILES)
    same = {"ignorecase": "i", "multiline": "m", "dotall": "s"}
    assert [name for name in modifier_mapping if f"|{same.get(name, name)}" not in texts] == []


def test_an_escaped_wildcard_is_a_letter() -> None:
    assert SigmaString(r"a\*").contains_special() is False
    assert where(a=r"a\*") == Asked("a", Text(Pattern(("a*",))))
