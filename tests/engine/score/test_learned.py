"""How likely anomalies are right, learned from verdicts."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from engine.feedback.subject import Subject
from engine.feedback.tally import Tally
from engine.feedback.verdict import Verdict
from engine.feedback.weigh import Likely, weigh
from engine.score.learned import FEWEST, METHODS, Learned
from models.base import State
from models.errors import DataError, StoreError
from tests.engine.feedback.parts import anomaly, verdict


def one(number: int, good: float, bad: float) -> dict[str, Any]:
    """An anomaly of a host of its own, by a detector that knows and one that does not."""
    document = anomaly(f"a{number}", f"h{number}")
    document["vedette"]["alert"]["scores"]["detectors"] = [
        {"name": "knows", "p": good}, {"name": "guesses", "p": bad},
    ]  # fmt: skip
    return document


def judged(count: int = 60) -> list[Verdict]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        true = number % 3 == 0
        document = one(number, 1e-4 if true else 0.3, float(rng.random()))
        made.append(verdict("true" if true else "false", document, number))
    return made


def test_a_detector_that_verdicts_bear_out_is_believed_and_others_are_not() -> None:
    verdicts = judged()
    found, tally = Learned.fit("office", verdicts), Tally.of(verdicts)
    likely = found.probability(Subject.of(one(900, 1e-4, 0.5)), tally)
    unlikely = found.probability(Subject.of(one(901, 0.3, 1e-6)), tally)
    assert likely > 0.6
    assert unlikely < 0.2
    assert found.moves()[0][0] == "knows"


def test_verdicts_that_weigh_move_features_and_not_how_many_are_right() -> None:
    rng, verdicts = np.random.default_rng(0), []
    for number in range(200):
        true = number % 8 == 0
        strange = float(10 ** -abs(rng.normal(2 if true else 1)))
        verdicts.append(verdict("true" if true else "false", one(number, strange, 0.5), number))
    tally = Tally.of(verdicts)
    plain, weighed = (Learned.fit("office", verdicts, how) for how in ("none", "classes"))
    assert dict(plain.moves()) != dict(weighed.moves())
    subjects = [each.subject for each in verdicts]
    shares = [np.mean([found.probability(each, tally) for each in subjects])
              for found in (plain, weighed)]  # fmt: skip
    assert shares[1] == pytest.approx(shares[0], abs=0.05)
    assert Learned.restore(weighed.state()).balance == "classes"
    assert "balance" not in plain.state().facts


def test_earlier_verdicts_do_not_tell_the_answer_the_wrong_way_round() -> None:
    """Each on an entity of its own: how often others were right says nothing of any of them."""
    verdicts = judged()
    found = Learned.fit("office", verdicts)
    assert abs(dict(found.moves())["earlier verdicts"]) < 0.5
    again = [verdict("true", one(number, 1e-4, 0.5), number) for number in range(60, 70)]
    tally = Tally.of([*verdicts, *again])
    assert found.probability(Subject.of(one(61, 1e-4, 0.5)), tally) > 0.6


def test_trees_learn_them_too_and_say_how_far_each_feature_moves_the_odds() -> None:
    verdicts = judged()
    found, tally = Learned.fit("office", verdicts, method="boosting"), Tally.of(verdicts)
    assert found.method == "boosting"
    assert found.probability(Subject.of(one(900, 1e-4, 0.5)), tally) > 0.6
    assert found.probability(Subject.of(one(901, 0.3, 1e-6)), tally) < 0.2
    assert found.moves()[0][0] == "knows"
    assert min(weight for _, weight in found.moves()) >= 0


def test_what_an_earlier_version_kept_loads() -> None:
    state = State(
        {"strength": 1.0},
        {"model": "office", "detectors": ["knows"], "count": 60, "true": 20,
         "logistic": {"constant": -0.5}},
        {"mean": np.zeros(4), "scale": np.ones(4), "weights": np.array([0.5, 0.0, 1.0, -2.0])},
    )  # fmt: skip
    found = Learned.restore(state)
    assert (found.method, found.moves()[0]) == ("logistic", ("earlier verdicts", -2.0))
    assert Learned.fit("office", judged()).state().facts.keys() == state.facts.keys()


def test_few_verdicts_or_all_of_one_kind_teach_nothing() -> None:
    with pytest.raises(DataError, match="too few"):
        Learned.fit("office", judged(FEWEST - 1))
    with pytest.raises(DataError, match="verdicts on anomalies of other: 0, and 20"):
        Learned.fit("other", judged())
    false = [verdict("false", one(n, 0.1, 0.1), n) for n in range(FEWEST)]
    with pytest.raises(DataError, match="both kinds"):
        Learned.fit("office", false)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_learned_is_the_same_after_it_was_kept(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = judged()
    found, tally = Learned.fit("office", verdicts, method=method), Tally.of(verdicts)
    for module in ("boosting", "supervised"):
        monkeypatch.delattr(f"models.combine.{module}.library")  # a run needs NumPy alone
    again = Learned.restore(found.state())
    subject = Subject.of(one(900, 0.01, 0.5))
    assert again.probability(subject, tally) == found.probability(subject, tally)
    assert again.moves() == found.moves()
    state = found.state()
    short = {key: value[:1] for key, value in state.arrays.items()}
    for wrong in (State({}, {}, {}), State(state.parameters, state.facts, short)):
        with pytest.raises(StoreError, match="was not learned from verdicts"):
            Learned.restore(wrong)


def test_an_anomaly_is_weighed_by_what_was_learned_and_a_rules_alert_by_the_tally() -> None:
    tally = Tally.of(judged())
    document = one(900, 0.3, 0.5)
    plain = deepcopy(document)
    weigh(plain, tally)
    said = Likely(0.125, ("knows: lowers the odds by a factor of 3",))
    weigh(document, tally, lambda subject, _: said if subject.kind == "anomaly" else None)
    own = document["vedette"]["alert"]
    assert own["confidence"] == 0.125
    assert own["feedback"]["learned"] is True
    assert own["feedback"]["because"] == [*said.because]
    assert "learned" not in plain["vedette"]["alert"]["feedback"]
