"""The public sets as they are: what is in them, and figures on a sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vedette.evaluate import loghub
from vedette.evaluate.part import PublicSet
from vedette.evaluate.protocol import protocol
from vedette.evaluate.run import evaluate
from vedette.evaluate.sets import ait_ads
from vedette.evaluate.sets.registry import load

pytestmark = pytest.mark.shared
QUICK = replace(protocol(quick=True), bootstrap=100, most_train=400, most_test=1_000)

HELD = {
    "hdfs": [(4_855, 23_838, 16_838)],
    "adfa-ld": [(833, 4_749, 377)],
    "ait-ads": [(1_013, 326, 10)],
    "openstack": [(589, 781, 396)],
}
"""Training sessions, test sessions and attacks among them, of each trial."""


@pytest.mark.parametrize("name", [*HELD])
def test_a_public_set_holds_what_its_page_says(name: str, shared_data: Path) -> None:
    public = _loaded(name, shared_data)
    assert [
        (len(trial.train), len(trial.test), int(trial.test.labels.sum())) for trial in public.trials
    ] == HELD[name]
    row = evaluate(public, QUICK, ["new-value"]).rows[0]
    assert 0 <= row.fpr < 0.1
    assert row.roc_auc > (0.4 if name == "adfa-ld" else 0.6)


def _loaded(name: str, data: Path) -> PublicSet:
    """The set; of AIT-ADS the smallest company alone."""
    if name != "ait-ads":
        return load(name, data)
    company = "russellmitchell"
    path = data / ait_ads.FOLDER / f"{company}_alerts.csv.zst"
    return PublicSet(name, [ait_ads.scenario(path, company)])


def test_templates_agree_with_the_true_ones_on_most_lines(shared_data: Path) -> None:
    found = loghub.evaluate(shared_data)
    assert len(found) == 16
    assert sum(row.accuracy for row in found) / 16 > 0.7
