"""Names that last: pinned, so that they can never change unnoticed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ids import alert_id, content_hash, occurrence_id
from engine.json_text import json_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=5)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(OBJECTS)
def test_the_order_of_keys_does_not_change_an_events_hash(document: dict[str, Any]) -> None:
    assert content_hash(reordered(document)) == content_hash(document)


@given(OBJECTS, st.text(), JSON)
def test_any_other_content_does(document: dict[str, Any], key: str, value: Any) -> None:
    other = {**document, key: [value]}
    if json_text(other, sort=True) != json_text(document, sort=True):
        assert content_hash(other) != content_hash(document)


def test_the_names_are_what_they_were() -> None:
    """They are in users' indices: who changes them alerts everyone twice, and raises SCHEMA."""
    document = {"EventID": 1, "Image": "C:\\a.exe", "n": {"b": [1, 2.5, None, True], "a": "é"}}
    assert content_hash(document) == "311d4e536b02d163ddc1f011e4acfd2b"
    assert occurrence_id("6a4a", 2) == "6a4a#2"
    identity = alert_id("default", "0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a01", "sigma", "6a4a#2")
    assert identity == "a3f5bf656b7cb07916ee8f09b80373915b64a90d"


def test_every_part_of_an_alerts_name_counts() -> None:
    parts = [("n", "r", "k", "a"), ("m", "r", "k", "a"), ("n", "s", "k", "a"), ("n", "r", "l", "a"),
             ("n", "r", "k", "b"), ("nr", "", "k", "a"), ("n", "rk", "", "a")]  # fmt: skip
    assert len({alert_id(*part) for part in parts}) == len(parts)


@pytest.mark.parametrize(
    "value", [{"a": "\ud800"}, {"a": 2**70}, {"\ud800": [2**64]}, {"a": float("nan")}], ids=repr
)
def test_what_plain_serialisers_refuse_has_a_hash(value: dict[str, Any]) -> None:
    assert len(content_hash(value)) == 32


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels):
        document = {"a": document}
    return document


@pytest.mark.parametrize("levels", [100, 300, 900])
def test_depth_does_no_harm(levels: int) -> None:
    text = json_text(nested(levels))
    assert ("deeper levels left out" in text) is (levels > 254)
    assert len(content_hash(nested(levels))) == 32


def test_json_keeps_letters_and_order() -> None:
    assert json_text({"b": "é", "a": 1}) == '{"b":"é","a":1}'
    assert json_text({"b": "é", "a": 1}, sort=True) == '{"a":1,"b":"é"}'
    assert json_text({"a": 2**70}) == '{"a":1180591620717411303424}'
