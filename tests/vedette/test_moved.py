"""What moved since a model learned, told by the events that it kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.bundle import keep
from models.bundle.bundle import REFERENCE, Bundle, drawn
from models.bundle.plan import Plan
from models.errors import StoreError
from tests.models.bundle.test_bundle import STRANGE, day
from vedette.moved import moved

PLAN = Plan({"markov": {}}, width=60)


def test_events_that_became_more_common_are_named_by_what_they_are() -> None:
    bundle = Bundle.fit(day(120), PLAN)
    later = [each for each in day(120, seed=3) if "message" not in each.fields]
    common, _ = moved(bundle, later, bundle.score(later))
    assert common.found()
    assert "template 2 (connection from <*> port <*>) was " in common.detail
    same, new = moved(bundle, day(120), bundle.score(day(120)))
    assert (same.value, same.p, new.value) == (0.0, 1.0, 0.0)


def test_kinds_that_training_never_saw_are_a_share_with_a_p() -> None:
    bundle = Bundle.fit(day(120), PLAN)
    common, new = moved(bundle, STRANGE * 40, bundle.score(STRANGE * 40))
    assert (new.value, new.found()) == (1.0, True)
    assert common.found()


def test_a_bundle_that_kept_no_events_tells_nothing(tmp_path: Path) -> None:
    bundle = Bundle.fit(day(30), PLAN)
    keep.save(bundle, tmp_path)
    kept = keep.load(tmp_path).reference
    assert kept is not None
    assert np.array_equal(kept, bundle.reference)
    bundle.reference = None
    keep.save(bundle, tmp_path)
    assert moved(keep.load(tmp_path), day(5), bundle.score(day(5))) == []


@pytest.mark.parametrize("wrong", [np.array([99]), np.array([-1]), np.array([[1]]), np.ones(1)])
def test_events_that_the_templates_do_not_have_are_refused(tmp_path: Path, wrong: object) -> None:
    bundle = Bundle.fit(day(30), PLAN)
    bundle.reference = wrong  # type: ignore[assignment]
    keep.save(bundle, tmp_path)
    with pytest.raises(StoreError, match="events that its templates do not have"):
        keep.load(tmp_path)


def test_what_is_kept_is_bounded_and_from_all_of_the_time() -> None:
    seen = Bundle.fit(day(30), PLAN).windows(day(900))
    few = drawn(seen)
    assert sum(map(len, few)) < 1.2 * REFERENCE
    assert few[0].start < 120
    assert few[-1].start > 880 * 60
