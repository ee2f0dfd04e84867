"""The plan of a bundle says which values are hidden, and knows the key of their hashes."""

from __future__ import annotations

import json

import pytest

from models.bundle.plan import Plan
from models.errors import ModelError, StoreError

KEY, OTHER = b"k" * 16, b"q" * 16


def again(plan: Plan) -> Plan:
    return Plan.of(json.loads(json.dumps(plan.as_json())))


def test_a_plan_that_hides_nothing_is_written_as_before() -> None:
    assert not {"mask", "hashed", "proof"} & Plan().as_json().keys()
    assert again(Plan()) == Plan()
    assert Plan().privacy() is None
    assert Plan().keyed(KEY) == Plan()


def test_what_is_hidden_is_remembered_and_the_key_is_not() -> None:
    plan = Plan(mask=("user.name",), hashed=("event.action",)).keyed(KEY)
    assert again(plan) == plan
    assert KEY.decode() not in json.dumps(plan.as_json())


def test_another_key_is_known_for_one() -> None:
    plan = again(Plan(hashed=("event.action",)).keyed(KEY))
    assert plan.privacy(KEY) is not None
    with pytest.raises(ModelError, match="not the one of training"):
        plan.privacy(OTHER)
    with pytest.raises(ModelError, match="needs a key of 16 to 64 bytes"):
        plan.privacy()


@pytest.mark.parametrize("mask", [7, None])
def test_what_hides_no_fields_is_no_plan(mask: object) -> None:
    with pytest.raises(StoreError, match="is no plan"):
        Plan.of({**Plan().as_json(), "mask": mask})


def test_a_detector_that_knows_hours_is_told_how_many_windows_a_day_has() -> None:
    given = {"volume-holt-winters": {}}
    minutes = Plan(detectors=given).make("volume-holt-winters")
    assert minutes.state().parameters == {"period": 144}
    hours = Plan(detectors=given, width=3600).make("volume-holt-winters")
    assert hours.state().parameters == {"period": 24}
