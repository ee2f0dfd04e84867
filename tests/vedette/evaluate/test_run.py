"""The protocol: thresholds from training, pooled by p, figures that hold together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from models.base import Takes
from models.errors import DataError
from models.feature.volume import Volume
from models.sequence.gpt import Gpt
from vedette.evaluate.part import Part, Trial
from vedette.evaluate.protocol import protocol
from vedette.evaluate.row import calibration
from vedette.evaluate.run import FUSED, evaluate, is_fused
from vedette.evaluate.score import fused, scored
from vedette.evaluate.sets.registry import load
from vedette.evaluate.views import Strangest, unseen, vectors, view

QUICK = replace(protocol(quick=True), bootstrap=50)
NAMES = ["count-share"]


def test_the_rates_stand_in_the_committed_file() -> None:
    for name in ("hdfs", "adfa-ld", "openstack", "otrf"):
        assert list(protocol().rates_of(name)) == [0.005, 0.001]
    assert list(protocol().rates_of("ait-ads")) == [0.005, 0.002, 0.001]


def test_quick_differs_only_in_how_much_is_done() -> None:
    full, quick = protocol(), protocol(quick=True)
    assert (quick.rates, quick.rule, quick.fused) == (full.rates, full.rule, full.fused)
    assert len(quick.seeds) == 1 < len(full.seeds)
    assert 1 < quick.folds < full.folds
    assert full.most_events is full.most_tokens is None


def test_quick_says_under_the_table_what_it_leaves_out(made_up: Path) -> None:
    public = load("hdfs", made_up)
    few = evaluate(public, replace(QUICK, most_train=100, most_test=50), NAMES).notes
    (trial,) = public.trials
    assert few[0].startswith(
        f"quick: learned from 100 of {len(trial.train)} sessions, scored 50 of {len(trial.test)}; "
        "seeds 1, folds 3, transformers see 500,000 tokens: "
    )
    assert "quick" not in " ".join(evaluate(public, replace(protocol(), bootstrap=9), NAMES).notes)


def test_a_transformer_sees_no_more_tokens_than_it_may(
    made_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = Gpt.__init__

    def watched(self: Gpt, *, budget: int = 1_500_000, seed: int = 0) -> None:
        made.append(budget)
        real(self, width=8, budget=budget, seed=seed)

    monkeypatch.setattr(Gpt, "__init__", watched)
    (trial,) = load("hdfs", made_up).trials
    small = replace(trial, train=trial.train.only(np.arange(30)))
    for tokens in (None, 1_000):
        assert scored("gpt", small, 2, 0, tokens) is not None
    assert made == [1_500_000] * 2 + [1_000] * 2


def test_every_target_of_every_detector_has_a_row(made_up: Path) -> None:
    result = evaluate(load("ait-ads", made_up), QUICK, NAMES)
    assert [(row.detector, row.target) for row in result.rows] == [
        (name, rate) for name in (*NAMES, FUSED) for rate in (0.005, 0.002, 0.001)
    ]


def test_a_detector_finds_the_made_up_attacks(made_up: Path) -> None:
    for name in ("hdfs", "adfa-ld", "ait-ads", "openstack"):
        row = evaluate(load(name, made_up), QUICK, NAMES).rows[0]
        assert row.pr_auc > 0.8, name
        assert row.roc_auc > 0.9, name


def test_what_is_wrong_with_the_data_is_told_by_name(made_up: Path) -> None:
    public = load("hdfs", made_up)
    (trial,) = public.trials
    both = trial.test.only(np.arange(len(trial.test)).repeat(2))
    normal = replace(both, families=["" if at % 2 else "x" for at in range(len(both))])
    notes = evaluate(replace(public, trials=[replace(trial, test=normal)]), QUICK, NAMES).notes
    assert any(note.startswith("hdfs: contradicting-labels: ") for note in notes)


def test_a_test_without_attacks_is_refused(made_up: Path) -> None:
    public = load("hdfs", made_up)
    (trial,) = public.trials
    none = replace(trial.test, families=[""] * len(trial.test))
    with pytest.raises(DataError, match="one-label"):
        evaluate(replace(public, trials=[replace(trial, test=none)]), QUICK, NAMES)


def test_labels_of_the_test_move_no_threshold(made_up: Path) -> None:
    trial = load("hdfs", made_up).trials[0]
    swapped = ["" if family else "x" for family in trial.test.families]
    other = replace(trial, test=replace(trial.test, families=swapped))
    ours, theirs = scored("count-vector", trial, 5, 0), scored("count-vector", other, 5, 0)
    assert ours is not None
    assert theirs is not None
    assert np.array_equal(ours.test, theirs.test)


def test_scores_of_one_session_do_not_depend_on_the_rest_of_the_test(made_up: Path) -> None:
    trial = load("hdfs", made_up).trials[0]
    some = replace(trial, test=trial.test.only(np.array([0, 5, 130])))
    whole, part = scored("count-vector", trial, 5, 0), scored("count-vector", some, 5, 0)
    assert whole is not None
    assert part is not None
    assert np.array_equal(whole.test[[0, 5, 130]], part.test)


def test_a_fusion_of_one_detector_ranks_as_it_does(made_up: Path) -> None:
    one = scored("count-vector", load("hdfs", made_up).trials[0], 5, 0)
    assert one is not None
    both = fused([one], "fisher")
    assert (np.diff(both.test[np.argsort(one.middle_test)]) >= -1e-9).all()


def events(part: Part) -> int:
    return sum(map(len, part.sessions))


@pytest.mark.parametrize("by_events", [False, True])
def test_a_sample_weighs_as_much_as_the_whole(made_up: Path, by_events: bool) -> None:
    public = load("hdfs", made_up)
    whole = public.trials[0].test
    most = {"most_events": events(whole) * 80 // len(whole)} if by_events else {"most_test": 80}
    small = evaluate(public, replace(QUICK, **most), NAMES).part
    assert len(small) == pytest.approx(80, abs=2 * by_events)
    assert events(small) == pytest.approx(events(whole) * 80 / len(whole), rel=0.1)
    for label in (False, True):
        assert small.weights[small.labels == label].sum() == pytest.approx(
            whole.weights[whole.labels == label].sum()
        )


def test_a_detector_that_there_is_not_is_named(made_up: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'count-vector'"):
        evaluate(load("hdfs", made_up), QUICK, ["count-vectro"])


@pytest.mark.parametrize(
    ("fpr", "state"), [(0.0, "low"), (0.0024, "low"), (0.0025, "ok"), (0.01, "ok"), (0.011, "high")]
)
def test_a_rate_under_half_its_target_is_marked(fpr: float, state: str) -> None:
    assert calibration(0.005, fpr) == state


class Longest:
    """Texts by their length."""

    def fit(self, data: list[str]) -> Longest:
        self.learned = list(data)
        return self

    def score(self, data: list[str]) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([float(len(text)) for text in data])


def test_a_session_is_as_strange_as_the_strangest_of_its_texts() -> None:
    inner = Longest()
    strangest = Strangest(inner).fit([("a", "bb"), ("a",)])  # type: ignore[arg-type]
    assert sorted(inner.learned) == ["a", "a", "bb"]
    assert strangest.score([("a", "cccc"), (), ("bb",)]).tolist() == [4.0, 1.0, 2.0]


def test_events_that_training_never_saw_share_the_last_column() -> None:
    assert np.expm1(vectors([(1, 1, 7, 9)], [1, 2])).round(9).tolist() == [[2, 0, 2]]


def test_a_set_without_messages_has_no_view_for_detectors_of_texts() -> None:
    part = Part.of([(1,), (2,)])
    assert view(Takes.TEXTS, Trial("x", part, part)) is None
    assert view(Takes.SERIES, Trial("x", part, part)) is None


def test_only_a_set_of_windows_of_time_has_a_view_for_charts_of_volume() -> None:
    part = Part.of([(1,), (2,)])
    assert view(Takes.VOLUMES, Trial("x", part, part)) is None
    told = replace(part, volumes=[Volume("h", 1, 9), Volume("h", 2, 8, (9,))])
    seen = view(Takes.VOLUMES, Trial("x", told, told))
    assert seen is not None
    assert seen(told.only(np.array([1]))) == [Volume("h", 2, 8, (9,))]


def test_sessions_that_training_never_had_are_told() -> None:
    assert unseen([(1, 2)], [(1, 2), (2, 1)]).tolist() == [False, True]


def test_rates_on_sequences_that_training_never_had_are_of_those_alone(made_up: Path) -> None:
    for row in evaluate(load("hdfs", made_up), QUICK, NAMES).rows:
        # Every made-up attack of HDFS is a new sequence; alerts on normals are all on new ones.
        assert row.new_recall == pytest.approx(row.recall)
        assert row.new_fpr >= row.fpr


def test_arguments_of_ones_own_are_no_protocols_configuration_and_rows_say_so(
    made_up: Path,
) -> None:
    public, names = load("hdfs", made_up), ["markov", "count-vector"]
    own = replace(QUICK, arguments={"markov": {"order": 1}}, fused=names)
    told, usual = evaluate(public, own, names), evaluate(public, replace(QUICK, fused=names), names)
    labels = {row.detector for row in told.rows}
    assert labels == {"markov (order=1)", "count-vector", f"{FUSED} (markov.order=1)"}
    assert set(told.log_p) == labels
    assert "markov has order=1: not the configuration of the protocol" in told.notes
    assert f"{FUSED} has markov.order=1: not the configuration of the protocol" in told.notes
    assert "not the configuration" not in " ".join(usual.notes)
    changed = told.log_p["markov (order=1)"] != usual.log_p["markov"]
    assert changed.any()
    assert [is_fused(label) for label in told.log_p] == [False, False, True]
