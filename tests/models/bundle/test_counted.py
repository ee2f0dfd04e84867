"""What events add to a score of counts: it names events, and adds up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.base import Floats, Takes
from models.baseline.pca import Pca
from models.bundle import counted, keep, shares
from models.bundle.bundle import Bundle
from models.bundle.counted import Counted, usual, vectors
from models.bundle.plan import Plan
from models.cluster.kmeans import KMeans
from models.errors import StoreError
from models.registry import detectors
from tests.models.bundle.test_bundle import STRANGE, day

RNG = np.random.default_rng(5)
SESSIONS = [tuple(RNG.integers(1, 5, RNG.integers(3, 9)).tolist()) for _ in range(80)]
ODD = (1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 77, 77)
TABULAR = [name for name, kind in detectors().items() if kind.takes is Takes.VECTORS]


def made(rows: Floats | None = None) -> Counted:
    return Counted(Pca(), 4, usual(SESSIONS, 4) if rows is None else rows).fit(SESSIONS)


def test_shares_are_of_events_and_add_up_to_what_is_beyond_the_usual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shares, "ASKED", 5)
    model = made()
    row, rows = vectors([ODD], 4), usual(SESSIONS, 4)
    told = model._shares(row[0], rows)
    assert {each.feature for each in told} >= {"event 4", "event 0"}
    # All columns took part; those that take something off the score are not told.
    beyond = model.score([ODD])[0] - model.inner.score(rows).mean()
    assert sum(each.contribution for each in told) >= beyond > 0
    text = next(each.text for each in told if each.feature == "event 0")
    assert text.startswith("event 0 occurs twice, usually never: ")
    assert text.endswith(f" of a score of {model.score([ODD])[0]:.3g}")


@pytest.mark.parametrize("name", TABULAR)
def test_no_reason_speaks_of_columns(name: str) -> None:
    kind = detectors()[name]
    inner = kind(seed=1) if kind.seeded else kind()  # type: ignore[call-arg]
    for rows in (usual(SESSIONS, 4), None):
        model = Counted(inner, 4, rows)
        if rows is not None:
            model.fit(SESSIONS)
        reasons = model.explain([ODD], 0)
        assert reasons == model.explain([ODD], 0, 6)[:3]
        assert all("column" not in each.text + each.feature for each in reasons)


def test_an_ordinary_window_has_reasons_too() -> None:
    model = made(usual([SESSIONS[0]], 4))
    assert model.explain([SESSIONS[0]], 0)


def test_clusters_say_which_one_is_near() -> None:
    model = Counted(KMeans(), 4, usual(SESSIONS, 4)).fit(SESSIONS)
    text = model.explain([ODD], 0)[0].text
    assert text.startswith("the nearest known cluster is ")
    two = Counted(KMeans(), 4).fit([(1, 1, 1, 2)] * 40 + [(3, 3, 4, 4, 4)] * 40)
    assert two.explain([(1, 1, 2, 77)], 0)[0].text.endswith("; usual in it: event 1, event 2")
    assert two.explain([(3, 4, 4)], 0)[0].text.endswith("; usual in it: event 4, event 3")


def test_ordinary_windows_are_few_and_evenly_drawn() -> None:
    assert usual(SESSIONS, 4).shape == (counted.USUAL, 5)
    assert np.array_equal(usual(SESSIONS[:3], 4), vectors(SESSIONS[:3], 4))


def test_a_bundle_keeps_what_it_explains_by(tmp_path: Path) -> None:
    bundle = Bundle.fit(day(60), Plan({"pca": {}, "markov": {}}, width=60))
    keep.save(bundle, tmp_path)
    loaded = keep.load(tmp_path)
    (scored,) = bundle.score(STRANGE)
    assert any("usually never" in each.text for each in bundle.explain(scored, STRANGE))
    assert loaded.explain(scored, STRANGE) == bundle.explain(scored, STRANGE)
    bundle.usual = np.zeros((0, len(bundle.templates) + 1))
    keep.save(bundle, tmp_path)
    with pytest.raises(StoreError, match="no ordinary windows"):
        keep.load(tmp_path)
