"""`vedette models fit`: which windows are learned, and how the last ones would have been judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vedette.cli.command import Answer, vedette
from tests.vedette.cli.test_models import QUICK, event, normal


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write("normal.ndjson", normal())
    return lambda *words: vedette("models", *words)


def write(name: str, events: list[dict[str, object]]) -> None:
    Path(name).write_text("".join(json.dumps(each) + "\n" for each in events))


def fitted(run: Callable[..., Answer], *words: str) -> Any:
    """What `fit` says as JSON."""
    answer = run("fit", "office", "normal.ndjson", *QUICK, "-o", "json", *words)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_the_last_windows_are_scored_by_a_model_that_did_not_learn_them(
    run: Callable[..., Answer],
) -> None:
    told = fitted(run, "--hold-out", "0.25")
    held = told["held_out"]
    assert (held["windows"], held["learned"], told["windows"]) == (60, 180, 240)
    assert held["start"] == "2026-11-09T23:00:00Z"
    assert held["days"] == pytest.approx(5 / 24, abs=1e-5)
    assert [row["target"] for row in held["targets"]] == [0.05, 0.01, 0.005, 0.001]
    shown = json.loads(run("show", "office", "-o", "json").out)["training"]
    assert shown["held_out"] == held
    assert "held out: the last 0.25 of the windows, 60 in 0.208 days" in run("show", "office").out


def test_later_windows_unlike_those_before_are_told_and_who_finds_them_strange(
    run: Callable[..., Answer],
) -> None:
    later = [event(900 + 15 * at, 7045) for at in range(20)]
    write("normal.ndjson", [*normal(), *later])
    answer = run("fit", "office", "normal.ndjson", *QUICK, "--hold-out", "0.25")
    assert "5.00 %   33.33 %" in answer.out
    assert "mis-calibrated: over twice" in answer.out
    assert "smallest p in the 20 windows up to 0.05: " in answer.out
    assert "office: " in answer.out


def test_what_was_measured_can_be_kept_in_place_of_what_learned_all(
    run: Callable[..., Answer],
) -> None:
    told = fitted(run, "--hold-out", "0.25", "--keep-measured")
    assert told["windows"] == 180
    assert json.loads(run("show", "office", "-o", "json").out)["training"]["windows"] == 180
    answer = run("fit", "office", "normal.ndjson", *QUICK, "--keep-measured")
    assert answer.code == 3
    assert "--keep-measured" in answer.err


def test_too_little_before_the_windows_that_are_held_out_is_said(
    run: Callable[..., Answer],
) -> None:
    answer = run("fit", "office", "normal.ndjson", *QUICK, "--hold-out", "0.999")
    assert answer.code == 3
    assert "of what is not held out" in answer.err


def test_a_sample_has_whole_windows_and_budgets_count_those_it_was_drawn_of(
    run: Callable[..., Answer],
) -> None:
    told = fitted(run, "--sample", "100")
    assert told["windows"] == 100
    assert told["events"] == 800  # windows of eight
    assert told["sampled"] == {
        "windows": 100, "of": 240, "entities": 2, "at_most": 100, "each_entity": False,
    }  # fmt: skip
    each = run("fit", "each", "normal.ndjson", *QUICK, "--at-most", "40")
    assert "80 of 240 windows are learned, drawn by chance, at most 40 of each of 2" in each.err


def test_options_of_a_sample_that_do_not_go_together_are_refused(
    run: Callable[..., Answer],
) -> None:
    both = run("fit", "office", "normal.ndjson", *QUICK, "--sample", "9", "--at-most", "9")
    assert both.code == 3
    assert "--sample" in both.err
    loud = ("--detector", "new-value", "--detector", "volume-shewhart", "--sample", "9")
    answer = run("fit", "office", "normal.ndjson", *loud)
    assert answer.code == 3
    assert "a sample lacks some" in answer.err


def test_windows_of_a_span_are_learned_and_scored_whole(run: Callable[..., Answer]) -> None:
    span = ("--since", "2026-11-09T10:05:00Z", "--until", "2026-11-09T20:00:00Z")
    answer = run("fit", "office", "normal.ndjson", *QUICK, *span)
    assert "office: 944 events in 118 windows" in answer.out  # the one of 10:00 is not whole
    assert "976 events are of windows of another time and are left out" in answer.err
    scored = run("score", "office", "normal.ndjson", "--p", "1", "-o", "json",
                 "--since", "2026-11-09T20:00:00Z")  # fmt: skip
    starts = [each["start"] for each in json.loads(scored.out)]
    assert min(starts) == "2026-11-09T20:00:00Z"
    assert "leaked-time" not in scored.err
    turned = run(
        "score", "office", "normal.ndjson", "--since", "2026-11-09", "--until", "2026-11-08"
    )
    assert turned.code == 3
    assert "not after --since" in turned.err


def test_a_kind_of_few_windows_stays_as_strange_as_a_new_one(run: Callable[..., Answer]) -> None:
    write("normal.ndjson", [*normal(), event(605, 1102)])
    write("today.ndjson", [event(2000, 4624), event(2001, 1102), event(2002, 7777)])
    assert fitted(run, "--rare", "2")["windows_with_rare_kinds"] == 1
    assert "in fewer than 2 windows stay as strange as new ones: 1" in run("show", "office").out
    answer = run("score", "office", "today.ndjson", "--p", "1")
    assert "new since training, or rare in it: Channel=Security EventID=1102" in answer.out
    fitted(run)
    assert (
        "EventID=1102" not in run("score", "office", "today.ndjson", "--p", "1").out.split("new")[1]
    )
