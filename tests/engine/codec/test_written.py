"""A rule as written comes back with the same values, of the same types, in the same order."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.codec.errors import DecodeError, EncodeError
from engine.codec.written import decode_written, encode_written
from engine.yaml_text import documents_in

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
scalars = (
    texts
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False)
    | st.binary(max_size=4)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(timezone(timedelta(hours=-3, minutes=30)))).map(
        lambda time: time.replace(fold=0)
    )
)
keys = texts | st.integers() | st.dates() | st.none() | st.tuples(texts, st.booleans())
documents = st.recursive(
    scalars | st.sets(texts | st.integers(), max_size=1),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)


def again(document: Any) -> Any:
    text = orjson.dumps(encode_written(document))
    return decode_written(*orjson.loads(text))


@given(documents)
def test_whatever_yaml_can_say_comes_back_the_same(document: Any) -> None:
    found = again(document)
    assert found == document
    assert repr(found) == repr(document)


YAML = b"""\
title: t
date: 2022-01-01
modified: 2022-01-01 10:00:00 +02:00
1: one
2022-02-02: a key that is a date
big: 123456789012345678901234567890
infinite: -.inf
bytes: !!binary aGFsbG8=
set: !!set {a}
order: !!omap [a: 1, b: 2]
nested: [{date: 2020-02-02}, [2020-02-03, null, true, 1.0, 1]]
"""


def test_a_yaml_file_comes_back_the_same() -> None:
    (document,) = documents_in(YAML, "a.yml").items
    found = again(document)
    assert repr(found) == repr(document)
    assert type(found["date"]) is date
    assert type(found["modified"]) is datetime


def test_no_number_is_kept_apart_from_all_others() -> None:
    assert repr(again({"a": float("nan")})) == "{'a': nan}"


def test_what_yaml_cannot_say_is_refused() -> None:
    with pytest.raises(EncodeError, match="a complex in a rule"):
        encode_written({"a": 1j})


@pytest.mark.parametrize(
    "spot",
    [
        None,
        [],
        [["a"], "date"],
        [["a"], "date", "2022-13-45"],
        [["a"], "date", 7],
        [["a"], "complex", "1j"],
        [["a"], "float", "1.5"],
        [["a"], "bytes", "*"],
        [["a"], "map", [[1, 2, 3]]],
        [["b"], "date", "2022-01-01"],
        [["a", "c"], "date", "2022-01-01"],
        [["d"], "date", "2022-01-01"],
        ["a", "date", "2022-01-01", 1],
    ],
)
def test_a_spot_that_is_none_is_refused(spot: Any) -> None:
    with pytest.raises(DecodeError):
        decode_written({"a": None, "b": 1}, [spot])
