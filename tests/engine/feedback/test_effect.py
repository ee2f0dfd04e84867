"""What verdicts move: confidence, thresholds, and the record of it."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feedback import threshold
from engine.feedback.effect import effects, history, moves
from engine.feedback.tally import STRENGTH, Count, Tally
from engine.feedback.weigh import weigh
from tests.engine.feedback.parts import anomaly, document, verdict


def tally(*judged: tuple[str, str]) -> Tally:
    """Verdicts on alerts of one rule: (verdict, host)."""
    return Tally.of(
        verdict(what, document(f"a{n}", host=host)) for n, (what, host) in enumerate(judged)
    )


def test_without_verdicts_the_guess_stands_and_with_many_the_share_does() -> None:
    assert Count().share(0.6) == 0.6
    assert Count(true=1).share(0.6) == (STRENGTH * 0.6 + 1) / (STRENGTH + 1)
    assert Count(true=300, false=700).share(0.9) == pytest.approx(0.3, abs=0.003)


def test_a_duplicate_counts_for_nothing_and_benign_is_not_true() -> None:
    found = tally(("duplicate", "ws1"), ("benign", "ws1"))
    assert found.by["r-1"] == Count(benign=1)


def test_what_is_said_on_one_host_tells_less_of_others() -> None:
    found = tally(*[("false", "ws1")] * 6, ("true", "ws2"))
    here, there, all_ = (
        found.precision("r-1", 0.6, e) for e in ("host.name=ws1", "host.name=ws2", None)
    )
    assert here < all_ < there
    assert here < found.precision("r-1", 0.6, "host.name=ws9") < there


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_threshold_is_moved_within_bounds_and_the_right_way(t: int, f: int, b: int) -> None:
    found = Tally(by={"office": Count(t, f, b)})
    by = threshold.factor(found, "office")
    assert threshold.LEAST <= by <= threshold.MOST
    assert (by < 1) == (t < f + b)
    assert threshold.moved(found, "office", "host.name=x", 0.9) <= 1


def test_a_model_nobody_judged_keeps_the_p_of_its_budget() -> None:
    assert threshold.moved(Tally(), "office", "host.name=ws1", 0.003) == 0.003


def test_false_alarms_on_one_host_lower_its_threshold_most() -> None:
    found = Tally.of(verdict("false", anomaly(f"a{n}", "noisy")) for n in range(8))
    noisy = threshold.moved(found, "office", "host.name=noisy", 0.01)
    other = threshold.moved(found, "office", "host.name=calm", 0.01)
    assert noisy < other < 0.01


def test_an_alert_of_a_rule_that_was_often_wrong_is_less_sure_and_less_grave() -> None:
    found = tally(*[("false", "ws1")] * 8)
    alert = document("new")
    weigh(alert, found)
    own = alert["vedette"]["alert"]
    assert own["confidence"] < 0.3
    assert own["level"] == "high"
    assert own["feedback"]["original_confidence"] == 0.6
    assert own["feedback"]["false"] == 8
    assert 73 / 2 < alert["event"]["risk_score"] < 73
    again = deepcopy(alert)
    weigh(again, found)
    assert again == alert  # a dead letter may be written anew


def test_an_alert_of_a_rule_that_was_right_is_surer_and_no_graver() -> None:
    alert = document("new")
    weigh(alert, tally(*[("true", "ws1")] * 8))
    assert alert["vedette"]["alert"]["confidence"] > 0.8
    assert alert["event"]["risk_score"] == 73.0


def test_an_alert_that_nobody_judged_the_like_of_stays_as_it_is() -> None:
    for found in (Tally(), tally(("false", "ws1"))):
        alert = document("new", rule="r-2")
        before = deepcopy(alert)
        weigh(alert, found)
        assert alert == before


def test_every_move_is_on_record_with_the_verdict_that_made_it() -> None:
    given_ = verdict("false", anomaly("a1", "noisy"))
    before, after = Tally(), Tally.of([given_])
    told = [each.document for each in moves(before, after, given_)]
    assert [(d["what"], d["entity"]) for d in told] == [
        ("confidence", ""), ("threshold", ""), ("confidence", "host.name=noisy"),
        ("threshold", "host.name=noisy"),
    ]  # fmt: skip
    assert {d["because"] for d in told} == {given_.id}
    assert all(d["from"] > d["to"] for d in told)
    now = {(e.what, e.entity or ""): e.now for e in effects(after)}
    assert all(d["to"] == round(now[d["what"], d["entity"]], 4) for d in told)
    assert history([given_.action().document, *told])[0]["kind"] == "moved"


def test_a_verdict_on_drift_moves_nothing_of_the_models_anomalies() -> None:
    drift = anomaly("d1")
    drift["vedette"]["alert"]["kind"] = "drift"
    found = Tally.of([verdict("false", drift)])
    assert threshold.moved(found, "office", "host.name=ws1", 0.01) == 0.01
    assert list(found.by) == ["office@1"]


def test_a_verdict_that_repeats_another_moves_nothing() -> None:
    one, same = verdict("false", document("a1"), 0), verdict("false", document("a1"), 5)
    assert moves(Tally.of([one]), Tally.of([same]), same) == []
