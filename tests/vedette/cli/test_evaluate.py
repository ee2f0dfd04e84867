"""`vedette evaluate` by hand: a table, JSON, a report, and errors in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vedette.cli.command import Answer, vedette
from tests.vedette.evaluate import made

KEYS = {"detector", "precision", "recall", "f1", "fpr", "pr_auc", "roc_auc"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made.hdfs(tmp_path / "public")
    return tmp_path / "public"


def evaluate(data: Path, *more: str, name: str = "hdfs") -> Answer:
    return vedette(
        "evaluate", name, "--data", str(data), "--quick", "--detector", "count-share", *more
    )


def test_the_table_shows_target_and_achieved_side_by_side(data: Path) -> None:
    answer = evaluate(data)
    assert answer.code == 0, answer.err
    head, first = answer.out.splitlines()[1:3]
    assert head.split()[:3] == ["detector", "target", "achieved"]
    assert first.startswith(("count-share", "fused"))
    assert "0.50 %" in first


def test_as_json_there_is_a_list_of_rows(data: Path) -> None:
    rows = json.loads(evaluate(data, "--output", "json").out)
    assert {row["detector"] for row in rows} == {"count-share", "fused"}
    for row in rows:
        assert row.keys() >= KEYS
        assert all(0 <= row[key] <= 1 for key in KEYS - {"detector"})


def test_the_report_is_a_page_with_its_pictures(data: Path, tmp_path: Path) -> None:
    evaluate(data, "--report", str(tmp_path / "report"))
    page = (tmp_path / "report" / "evaluation.html").read_text()
    assert "count-share" in page
    assert "data:image/png;base64," in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    for name in ("hdfs-precision-recall.png", "hdfs-roc.png"):
        assert (tmp_path / "report" / name).read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_the_set_is_named(tmp_path: Path) -> None:
    answer = evaluate(tmp_path)
    assert answer.code == 3
    assert "hdfs_train: is not there" in answer.err


def test_a_set_that_there_is_not_is_answered_with_those_that_there_are(data: Path) -> None:
    answer = evaluate(data, name="bgl")
    assert answer.code == 3
    assert "openstack" in answer.err


def test_loghub_measures_how_well_templates_are_found(tmp_path: Path) -> None:
    made.loghub(tmp_path)
    rows = json.loads(vedette("evaluate", "loghub", "--data", str(tmp_path), "-o", "json").out)
    assert [row["system"] for row in rows] == ["HDFS", "Mac"]
    assert all(row["accuracy"] == row["drain3"] == 1.0 for row in rows)
    table = vedette("evaluate", "loghub", "--data", str(tmp_path)).out.splitlines()
    assert table[1].split() == ["system", "groups", "found", "GA", "Drain3", "F1", "text"]
    assert table[-4].split() == ["mean", "4", "4", "1.000", "1.000", "1.000", "0.500"]


def test_made_up_anomalies_take_the_place_of_the_test(data: Path) -> None:
    (data / "logs/hdfs/hdfs_test_abnormal").write_text("1 2\n")
    rows = json.loads(evaluate(data, "--made-up", "-o", "json").out)
    assert {row["set"] for row in rows} == {"hdfs (made up)"}
    assert "unseen events" in rows[0]["recall_by_family"]


def test_verdicts_are_replayed_by_each_method_and_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.vedette.evaluate.test_replay import queue
    from vedette.evaluate import replay

    monkeypatch.setattr(replay, "queue", lambda *_: queue())
    for name, few in (("DRAWS", 1), ("VERDICTS", (200,)), ("RECALLS", (0.8,))):
        monkeypatch.setattr(replay, name, few)
    asked = [f"--{option}={value}" for option, values in (
        ("method", ("logistic", "boosting")), ("balance", ("none", "classes")),
    ) for value in values]  # fmt: skip
    ask = ("evaluate", "feedback", "--data", str(tmp_path), "-o", "json")
    rows = json.loads(vedette(*ask, *asked).out)
    assert [(row["method"], row["balance"]) for row in rows[::3]] == [
        ("logistic", "none"), ("logistic", "classes"),
        ("boosting", "none"), ("boosting", "classes"),
    ]  # fmt: skip
    assert {row["method"] for row in json.loads(vedette(*ask).out)} == {"logistic"}
    refused = vedette(*ask, "--method", "forest")
    assert refused.code == 3
    assert "--method" in refused.err
