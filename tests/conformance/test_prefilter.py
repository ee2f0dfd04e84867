"""What no event of a kind can match is told by the kind alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.prefilter import holds
from tests.engine.helpers import event, expression

ONE = {"EventID": 1, "Image": "a"}


@pytest.mark.parametrize(("detection", "answer"), [
    ({"s": {"EventID": 2, "Image": "a"}, "condition": "s"}, False),
    ({"s": {"EventID": 1}, "condition": "s"}, True),
    ({"s": {"EventID": 1, "Image": "b"}, "condition": "s"}, None),
    ({"s": {"EventID": 2}, "t": {"Image": "b"}, "condition": "s or t"}, None),
    ({"s": {"EventID": 1}, "condition": "not s"}, False),
    ({"s": {"Image": "a"}, "condition": "not s"}, None),
    ({"s": {"Channel": "x"}, "condition": "s"}, None),
    ({"s": ["a"], "condition": "s"}, None),
])  # fmt: skip
def test_only_what_a_kind_says_is_certain(detection: Any, answer: bool | None) -> None:
    assert holds(expression(detection), event(ONE)) is answer
