"""The public sets are read as their makers wrote them, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from tests.vedette.evaluate import made
from vedette.evaluate.part import PublicSet
from vedette.evaluate.sets import ait_ads, openstack
from vedette.evaluate.sets.registry import SETS, load


def loaded(name: str, folder: Path) -> PublicSet:
    return load(name, folder)


@pytest.mark.parametrize("name", [*SETS])
def test_training_holds_no_attack_and_the_test_holds_both(name: str, made_up: Path) -> None:
    for trial in load(name, made_up).trials:
        assert not trial.train.labels.any()
        assert 0 < trial.test.labels.sum() < len(trial.test)
        for part in (trial.train, trial.test):
            lengths = {len(part), len(part.blocks), len(part.families), len(part.weights)}
            assert lengths == {len(part.sessions)}


@pytest.mark.parametrize("name", [*SETS])
def test_what_is_missing_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there") as raised:
        load(name, tmp_path)
    assert str(tmp_path) in str(raised.value)


def test_normal_blocks_of_hdfs_weigh_what_the_original_had(made_up: Path) -> None:
    test = load("hdfs", made_up).trials[0].test
    assert test.weights[~test.labels].sum() == pytest.approx(553_366)
    assert set(test.weights[test.labels]) == {1.0}
    assert (~test.labels).sum() == 120  # the files' own anomalies are left out


def test_a_word_among_the_numbers_is_named_with_its_line(tmp_path: Path) -> None:
    made.hdfs(tmp_path)
    with (tmp_path / "logs/hdfs/hdfs_train").open("a") as out:
        out.write("5 x 5\n")
    with pytest.raises(InputError, match=r"hdfs_train:151: is no list of numbers"):
        load("hdfs", tmp_path)


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    made.hdfs(tmp_path)
    (tmp_path / "logs/hdfs/robust_log_valid.csv").write_text("Sequence\n5\n")
    with pytest.raises(InputError, match=r"robust_log_valid\.csv:1: label: lacks a column"):
        load("hdfs", tmp_path)


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    made.adfa_ld(tmp_path)
    (tmp_path / "logs/adfa-ld/ADFA-LD-dev.zip").write_text("no zip")
    with pytest.raises(InputError, match=r"ADFA-LD-dev\.zip: cannot be read"):
        load("adfa-ld", tmp_path)


def test_packed_nonsense_is_named(tmp_path: Path) -> None:
    made.ait_ads(tmp_path)
    (tmp_path / "logs/ait-ads/fox_alerts.csv.zst").write_bytes(b"no zstandard")
    with pytest.raises(InputError, match=r"fox_alerts\.csv\.zst: cannot be read"):
        load("ait-ads", tmp_path)


def test_the_family_of_an_attack_is_that_of_its_folder(made_up: Path) -> None:
    families = set(load("adfa-ld", made_up).trials[0].test.families)
    assert families == {"", "hydra ftp"}


def test_a_company_is_learned_until_its_first_attack_without_labelled_windows(
    made_up: Path,
) -> None:
    trial = load("ait-ads", made_up).trials[0]
    words = {word for texts in trial.train.texts or () for word in texts}
    assert words == {"W-Sys-Cav", "W-Aut-Ok", "S-Dns-Qry"}
    attack = np.flatnonzero(trial.test.labels)
    assert all(trial.test.families[at] == "dirb" for at in attack)
    assert all(0 in trial.test.sessions[at] for at in attack)  # the scan is a type never seen


def test_as_found_training_keeps_what_is_labelled(made_up: Path) -> None:
    trial = load("ait-ads-as-found", made_up).trials[0]
    assert "S-Dns" in {word for texts in trial.train.texts or () for word in texts}
    assert not trial.train.labels.any()


def test_windows_of_a_host_in_six_hours_stay_together(made_up: Path) -> None:
    train = load("ait-ads", made_up).trials[0].train
    hours = 400 * 300 / 3600
    assert len(set(train.blocks)) <= 2 * (hours / 6 + 2)


def test_of_one_type_a_window_keeps_so_many_alerts() -> None:
    assert ait_ads.bounded(["a"] * 5 + ["b"] + ["a"], most=3) == ("a", "a", "a", "b")


def test_faulty_instances_in_the_sample_are_not_taken_for_normal(made_up: Path) -> None:
    trial = load("openstack", made_up).trials[0]
    assert len(trial.train) == 121  # .6 of all 202 that begin
    assert (~trial.test.labels).sum() == 79
    normal = {text for texts in trial.train.texts or () for text in texts}
    words = {"Creating image <*> s", "VM Started <*> s", "Terminating <*> s", openstack.OVER}
    assert normal == words


def test_instances_that_still_run_where_the_normal_log_ends_are_not_scored(made_up: Path) -> None:
    public = load("openstack", made_up)
    test = public.trials[0].test
    normal = [texts for texts, attack in zip(test.texts or (), test.labels, strict=True)
              if not attack]  # fmt: skip
    assert all(openstack.OVER in texts for texts in normal)
    assert "200 are used as normal" in public.notes[0]
    assert "but 2 that it cuts off" in public.notes[0]


def test_what_differs_each_time_is_masked() -> None:
    text = "Image 6def45c7-598d-4775-9034-4deca6812f7a at /opt/x/y took 5.19 seconds"
    assert openstack.masked(text) == "Image <*> at <*> took <*> seconds"


def test_a_set_that_there_is_not_is_named_with_the_nearest(made_up: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'hdfs'"):
        load("hdsf", made_up)


def test_attacks_in_recordings_are_minutes_that_rules_alert_on(made_up: Path) -> None:
    trial = load("otrf", made_up).trials[0]
    assert len(trial.train) == 4 * 40
    assert int(trial.test.labels.sum()) == 4 * 2
    assert {*trial.test.families} <= {"", "medium", "high", "critical"}
    texts = trial.train.texts or ()
    assert "svchost.exe" in texts[0][0]
    assert len({*trial.train.blocks}) == 4
