"""Label smoothing in the loss of networks, held against the rows of probabilities it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import DataError
from models.prepare.balance import one_hot, smoothed
from models.sequence.gpt import Gpt
from models.sequence.logbert import LogBert
from models.sequence.lstm import Lstm
from models.train import heavy
from models.train.labels import labels, shares, surprise


@settings(max_examples=30, deadline=None)
@given(
    share=st.floats(0, 0.5),
    classes=st.integers(2, 9),
    seed=st.integers(0, 999),
)
def test_the_loss_is_the_cross_entropy_to_smoothed_rows(
    share: float, classes: int, seed: int
) -> None:
    torch, rng = heavy.torch(), np.random.default_rng(seed)
    logits = rng.normal(0, 3, (2, 3, classes))
    targets, weight = rng.integers(classes, size=(2, 3)), rng.random((2, 3)).astype(np.float32)
    batch = {"targets": targets, "weight": weight, **labels(classes, share)}
    given_ = {name: torch.tensor(each) for name, each in batch.items()}
    total, weighed = surprise(torch.tensor(logits), given_)
    # Slow and obvious: minus the logarithms, weighted with the row of each label.
    chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    rows = smoothed(one_hot(targets.ravel().tolist(), classes), share).reshape(2, 3, classes)
    slow = -(weight * (rows * np.log(chances)).sum(-1)).sum()
    assert float(total) == pytest.approx(slow, rel=1e-4, abs=1e-4)
    assert float(weighed) == pytest.approx(weight.sum(), rel=1e-5)


def test_sure_labels_are_not_said() -> None:
    assert labels(9, 0.0) == {}
    assert labels(4, 0.2)["labels"] == pytest.approx([0.8, 0.05])


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_a_share_is_within_its_bounds(share: float) -> None:
    with pytest.raises(DataError, match=r"smoothing is a share from 0 to 0\.5"):
        shares(augment=0.1, smoothing=share)


def test_networks_that_learn_from_softer_labels_are_less_sure() -> None:
    sessions = [(1, 2, 3, 4), (1, 2, 4, 3)] * 20
    for kind in (Gpt, Lstm, LogBert):
        made = [kind(budget=20_000, device="cpu", smoothing=share).fit(sessions)
                for share in (0.0, 0.4)]  # fmt: skip
        sure, soft = (np.concatenate(each.surprises([(1, 2, 3, 4)])) for each in made)
        assert soft.min() > sure.min(), kind.name


def test_networks_that_learn_from_changed_copies_are_less_upset_by_a_doubled_event() -> None:
    sessions = [(1, 2, 3, 4, 5, 6)] * 20 + [(6, 5, 4, 3, 2, 1)] * 20
    doubled = [(1, 2, 3, 3, 4, 5, 6)]
    for kind in (Gpt, Lstm):
        plain, changed = (
            kind(budget=20_000, device="cpu", augment=share).fit(sessions).surprises(doubled)[0]
            for share in (0.0, 0.2)
        )
        assert changed[3] < plain[3], kind.name
