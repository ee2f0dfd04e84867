"""An alert says what p was before the model's validator looked at its window again."""

from __future__ import annotations

import pytest

from engine.normalise import normalise
from engine.score.model import Model
from engine.score.observe import observation
from tests.engine.score.parts import ensemble, own, strange, told
from tests.models.bundle.test_second_look import looked


def test_an_alert_says_what_p_was_before_the_second_look() -> None:
    (scored,) = looked().score([s for e in strange(340) if (s := observation(normalise(e)))])
    one, _ = ensemble(models=(Model("second", "d" * 64, looked(), {}),))
    (alert,) = told(one, strange(340))
    scores = own(alert)["scores"]
    assert scores["first_stage"] == pytest.approx(scored.first_p)
    assert scores["fused"] == pytest.approx(scored.p)
    assert scores["fused"] != scores["first_stage"]
    assert "markov" in [each["name"] for each in scores["detectors"]]
    assert ", after markov looked at it again; " in alert.document["event"]["reason"]


def test_an_alert_of_a_model_without_a_validator_says_nothing_of_it() -> None:
    one, _ = ensemble()
    (alert,) = told(one, strange(340))
    assert "first_stage" not in own(alert)["scores"]
    assert "again" not in alert.document["event"]["reason"]
