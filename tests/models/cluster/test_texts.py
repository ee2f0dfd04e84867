"""Texts through encoder, reduction and HDBSCAN."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models import store
from models.cluster.texts import EmbeddingHdbscan
from models.embed import choose
from models.embed.hashing import Hashing
from models.embed.pca import Reduction
from models.errors import StoreError

SERVICES = ("cron", "sshd", "nginx", "postgres", "kafka", "docker")
NORMAL = [
    *(f"session opened for user {n} by {s}" for s in SERVICES for n in ("root", "bob")),
    *(f"connection from {h} closed by peer of {s}" for s in SERVICES for h in ("host", "proxy")),
    *(f"disk {d} is {n} percent full on {s}" for s in SERVICES for d, n in (("a", 10), ("b", 70))),
]


@cache
def fitted(encoder: str = "hashing") -> EmbeddingHdbscan:
    return EmbeddingHdbscan(encoder, seed=0).fit(NORMAL * 3)


@pytest.mark.parametrize("encoder", ["hashing", "minilm"])
def test_a_text_of_another_kind_scores_higher_than_a_new_one_of_a_known_kind(encoder: str) -> None:
    new = fitted(encoder).score(["session opened for user alice by sshd"])
    strange = fitted(encoder).score(["kernel panic: stack smashed", "mimikatz.exe dumped lsass"])
    assert strange.min() > 1.5 * new[0]


def test_clusters_have_the_words_of_their_texts_as_labels() -> None:
    labels = " / ".join(fitted().labels().values())
    for words in ("session opened for user", "connection from", "percent full on"):
        assert words in labels


def test_an_explanation_names_the_nearest_cluster_by_its_label() -> None:
    reasons = fitted().explain(["session opened for user eve by telnet"], 0)
    assert reasons[0].text.startswith("the nearest known cluster is ")
    assert "(session opened for user" in reasons[0].text
    assert any(reason.text.startswith("typical of that cluster: session") for reason in reasons)


def test_numbers_stay_when_texts_are_added() -> None:
    more = [f"backup of volume {n} finished with {s}" for n in range(8) for s in SERVICES]
    after = EmbeddingHdbscan("hashing").fit([*more, *NORMAL]).following(fitted())
    before = dict(zip(NORMAL, fitted().assign(NORMAL)[0].tolist(), strict=True))
    kept = [before[t] == now for t, now in zip(NORMAL, after.assign(NORMAL)[0], strict=True)]
    assert np.mean(kept) > 0.9
    old = {*before.values()}
    assert {*after.assign(more)[0].tolist()}.isdisjoint(old)
    assert after.labels().keys() == after.typical().keys()


def test_a_fitted_one_is_refused_with_another_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(fitted(), tmp_path)
    assert np.array_equal(store.load(tmp_path).score(NORMAL), fitted().score(NORMAL))
    monkeypatch.setattr(Hashing, "fingerprint", "another")
    choose._made.cache_clear()
    with pytest.raises(StoreError, match="an encoder 'hashing' of other files"):
        store.load(tmp_path)
    choose._made.cache_clear()


def test_more_texts_than_can_be_borne_are_sampled() -> None:
    model = EmbeddingHdbscan("hashing", most=20).fit(NORMAL)
    assert len(model.clusters.places.points) == 20


def test_what_lies_in_no_known_direction_is_far() -> None:
    rows = np.zeros((50, 5))
    rows[:, :2] = np.random.default_rng(0).normal(size=(50, 2))
    reduction = Reduction.fit(rows, 8)
    assert reduction(rows).shape == (50, 3)
    assert np.abs(reduction(rows)[:, -1]).max() < 1e-9
    assert reduction(np.array([[0.0, 0, 0, 7, 0]]))[0, -1] == pytest.approx(7)


def test_distances_in_fewer_columns_are_never_longer() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 12))
    small = Reduction.fit(rows, 4)(rows)
    full = np.linalg.norm(rows[:, None] - rows, axis=2)
    assert (np.linalg.norm(small[:, None] - small, axis=2) <= full + 1e-9).all()
