"""Hidden values are nowhere in what comes out."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelError
from models.prepare.privacy import MASK, Privacy

KEY = b"0123456789abcdef"
EVENT = {
    "user": {"name": "Amy Pond", "id": 4711},
    "source.ip": "203.0.113.9",
    "host": {"name": "web-1", "ip": ["203.0.113.9", "198.51.100.7"]},
    "message": "AMY POND logged in from 203.0.113.9 to web-1",
    "count": 3,
}
BOTH = Privacy(mask=["user"], hash_=["source.ip", "host.ip"], key=KEY)


def test_chosen_fields_are_hidden_and_others_stay() -> None:
    out = BOTH.apply(EVENT)
    assert out["user"] == {"name": MASK, "id": MASK}
    assert out["host"]["name"] == "web-1"
    assert out["count"] == 3
    assert out["message"] == f"{MASK} logged in from {out['source.ip']} to web-1"


def test_equal_values_have_equal_names_in_every_field() -> None:
    out = BOTH.apply(EVENT)
    assert out["source.ip"] == out["host"]["ip"][0] == BOTH.pseudonym("203.0.113.9")
    assert out["host"]["ip"][1] != out["source.ip"]


def test_another_key_gives_other_names() -> None:
    other = Privacy(hash_=["source.ip"], key=b"x" * 16)
    assert other.pseudonym("a") != BOTH.pseudonym("a")
    assert other.pseudonym(5) == other.pseudonym("5")


def test_the_event_stays_as_it_is() -> None:
    before = copy.deepcopy(EVENT)
    BOTH.apply(EVENT)
    assert before == EVENT


@pytest.mark.parametrize("field", ["user", "user.name"])
def test_a_field_is_found_flat_and_nested(field: str) -> None:
    privacy = Privacy(mask=[field])
    assert privacy.apply({"user.name": "amy"}) == {"user.name": MASK}
    assert privacy.apply({"user": {"name": "amy"}}) == {"user": {"name": MASK}}
    assert privacy.apply({"user": [{"name": "amy"}]}) == {"user": [{"name": MASK}]}
    assert privacy.apply({"username": "amy"}) == {"username": "amy"}


# Letters of neither the mask nor a hash: beside these, other text must not spell a value by chance.
VALUE = st.text(alphabet="xyXY.*(", min_size=3, max_size=6)


@given(VALUE, VALUE, st.text(alphabet="xyXY.*( ", max_size=20))
def test_a_hidden_value_is_in_no_text(one: str, two: str, text: str) -> None:
    privacy = Privacy(mask=["a"], hash_=["b"], key=KEY)
    out = privacy.apply({"a": one, "b": [two], "message": f"{text}{one} {two.upper()}{text}"})
    assert one.lower() not in out["message"].lower()
    assert two.lower() not in out["message"].lower()


def test_nothing_stays_nothing() -> None:
    assert Privacy(mask=["a"]).apply({"a": None, "message": "None of it"}) == {
        "a": None, "message": "None of it",
    }  # fmt: skip


def test_hashing_needs_a_key_and_one_way_for_each_field() -> None:
    with pytest.raises(ModelError, match="key of 16 to 64 bytes"):
        Privacy(hash_=["a"], key=b"short")
    with pytest.raises(ModelError, match="choose one"):
        Privacy(mask=["a"], hash_=["a"], key=KEY)


def test_the_key_is_never_shown() -> None:
    assert "0123456789abcdef" not in f"{BOTH!r} {json.dumps(BOTH.apply(EVENT))}"


def test_odd_values_are_hidden_too() -> None:
    out = Privacy(hash_=["a"], key=KEY).apply({"a": "\ud800💥", "message": "\ud800💥!" * 3})
    assert "💥" not in out["message"]
