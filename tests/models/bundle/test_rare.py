"""Kinds of events that few windows of training have: learned as ones that it never had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.bundle import keep
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.errors import ModelError
from tests.models.bundle.test_bundle import code, day

PLAN = Plan({"new-value": {}, "count-vector": {}, "markov": {}, "pca": {}}, 60, rare=3)
ODD = [Observation("web-1", 600.0 + 60 * at, code(1102)) for at in range(2)]


def test_they_are_as_strange_as_new_ones_and_frequent_ones_are_not(tmp_path: Path) -> None:
    bundle = Bundle.fit([*day(60), *ODD], PLAN)
    (number,) = bundle.templates.forgotten
    assert (bundle.passed_over, bundle.learned) == (2, 120)
    assert bundle.templates.text(number) == "Channel=Security EventID=1102"
    later = [each for each in day(1, seed=3) if each.entity == "web-1"]
    rare, new = (
        bundle.score([*later, Observation("web-1", 40.0, code(kind))])[0] for kind in (1102, 7777)
    )
    assert rare.p == new.p < bundle.score(later)[0].p
    keep.save(bundle, tmp_path)
    assert keep.load(tmp_path).score(ODD)[0].p == bundle.score(ODD)[0].p


def test_a_plan_without_them_is_written_as_before() -> None:
    assert "rare" not in Plan().as_json()
    assert Plan.of(json.loads(json.dumps(PLAN.as_json()))) == PLAN
    with pytest.raises(ModelError, match="fewer than 1 windows"):
        Plan(rare=1)
