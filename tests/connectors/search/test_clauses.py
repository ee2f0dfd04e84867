"""Conditions become queries that servers take, and find what they should."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from connectors.search.clauses import Like, expressions, query, size
from connectors.search.decidable import Column
from connectors.search.sieve import LETTERS, spelled

COLUMN = Column("Image", "Image", "exact")
LITERALS = st.lists(st.text('abik.\\"é ', min_size=1, max_size=150), min_size=1, max_size=60)


@given(LITERALS, st.text('aAbiIkK\u212a\u0130.\\"éÉ ', max_size=200))
def test_expressions_are_short_and_find_every_value_with_a_text_in_it(
    literals: list[str], value: str
) -> None:
    texts = spelled(COLUMN, literals)
    found = list(expressions(texts))
    assert all(len(each) <= 1000 for each in found)
    assert len(found) == size(Like("Image", texts, 1))
    parts = query(Like("Image", texts, 1))["bool"]["should"]
    assert [part["regexp"]["Image"]["value"] for part in parts] == found
    for text in (value, *(f"{value}{each.upper()}{value}" for each in literals)):
        met = any(re.fullmatch(each, text, re.DOTALL) for each in found)
        assert met or not any(each in text.lower() for each in literals)


def test_of_a_long_text_the_first_letters_are_looked_for() -> None:
    (text,) = spelled(COLUMN, ["k" * 5000])
    assert len(text) == len("[kK\u212a]") * LETTERS
    (found,) = expressions([text])
    assert re.fullmatch(found, "x" + "K" * 5000)
    assert not re.fullmatch(found, "x" + "K" * (LETTERS - 1))


def test_values_without_any_of_the_texts_are_not_found() -> None:
    found = list(expressions(spelled(COLUMN, [f"mimikatz{n}" for n in range(150)])))
    assert len(found) > 1
    for value, there in (("a MIMIKATZ77 b", True), ("mimikat", False), ("", False)):
        assert any(re.fullmatch(each, value) for each in found) is there
