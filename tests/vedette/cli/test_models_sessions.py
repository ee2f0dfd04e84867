"""`vedette models fit --gap`: sessions from the command line, and wherever models are used."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.score.parts import ordinary, record
from tests.vedette.cli.command import WHOAMI, Answer, vedette

FEW = ("--detector", "new-value", "--detector", "count-vector", "--detector", "markov")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write("days.ndjson", ordinary(600))
    write("today.ndjson", [*ordinary(20, 700), *(record(730 * 60 + 2 * n, 1102) for n in range(8))])
    return lambda *words: vedette("models", *words)


def write(name: str, records: Iterable[Any]) -> None:
    Path(name).write_text("".join(json.dumps(each.document) + "\n" for each in records))


def fitted(run: Callable[..., Answer], *words: str) -> Any:
    answer = run("fit", "office", "days.ndjson", *FEW, "--gap", "30s", "-o", "json", *words)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_a_session_is_scored_from_its_first_to_its_last_event(run: Callable[..., Answer]) -> None:
    assert fitted(run)["windows"] == 600  # one a minute
    (found,) = json.loads(run("score", "office", "today.ndjson", "-o", "json").out)
    assert (found["start"], found["end"]) == ("2026-11-23T20:10:00Z", "2026-11-23T20:10:14Z")
    assert found["events"] == 8
    shown = run("show", "office")
    assert "sessions that end after 30 quiet s, and with each span of 360, combined" in shown.out
    # 600 windows in ten hours are 600 a day, not one for each span of time
    assert "5 false alarms a day: p up to 0.00833" in shown.out


def test_hunt_finds_the_session_that_score_finds(run: Callable[..., Answer]) -> None:
    fitted(run)
    Path("rule.yml").write_text(WHOAMI)
    hunted = vedette("hunt", "today.ndjson", "--rules", "rule.yml", "--models", "office")
    (alert,) = hunted.alerts
    (found,) = json.loads(run("score", "office", "today.ndjson", "-o", "json").out)
    assert alert["vedette"]["alert"]["scores"]["fused"] == found["p"]
    assert alert["event"]["start"] == "2026-11-23T20:10:00.000Z"
    assert alert["event"]["end"] == "2026-11-23T20:10:14.000Z"
    assert "20 windows scored" not in hunted.err
    assert "21 windows scored" in hunted.err


def test_the_longest_session_is_told_and_kept(run: Callable[..., Answer]) -> None:
    fitted(run, "--window", "1h")
    plan = json.loads(run("show", "office", "-o", "json").out)["plan"]
    assert (plan["gap"], plan["width"]) == (30, 3600)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--gap", "10m", "--window", "10m"), "--gap: 10m is not less than a session lasts"),
        (("--gap", "1m", "--detector", "volume-ewma"), "volume-ewma holds a window against as"),
        (("--gap", "soon"), "--gap: "),
    ],
)
def test_what_cannot_be_is_refused(
    run: Callable[..., Answer], words: tuple[str, ...], said: str
) -> None:
    answer = run("fit", "office", "days.ndjson", *words)
    assert answer.code == 3
    assert said in answer.err


def test_it_learns_on_and_holds_out(run: Callable[..., Answer]) -> None:
    held = fitted(run, "--hold-out", "0.25")["held_out"]
    assert (held["windows"], held["learned"]) == (150, 450)
    write("later.ndjson", ordinary(60, 800))
    told = json.loads(run("update", "office", "later.ndjson", "--anyway", "-o", "json").out)
    assert (told["windows"], told["kept"]) == (60, True)
    assert json.loads(run("show", "office", "-o", "json").out)["plan"]["gap"] == 30


def test_spans_are_whole_in_a_sample_and_between_bounds(run: Callable[..., Answer]) -> None:
    sampled = fitted(run, "--sample", "50")
    assert sampled["windows"] == sampled["sampled"]["windows"] == 300  # fifty spans of six
    assert sampled["sampled"]["of"] == 600
    bounded = fitted(run, "--until", "2026-11-23T10:00:00Z")
    assert bounded["windows"] == 120


def test_windows_that_overlap_are_shown_once_and_hunted_alike(run: Callable[..., Answer]) -> None:
    fit = ("fit", "slide", "days.ndjson", *FEW, "--window", "4m", "--step", "1m", "-o", "json")
    learned = json.loads(run(*fit).out)
    every = 600 + 3  # one a minute, and those that begin before the first event
    assert learned["windows"] == every - 3 * 13  # three lie in both spans at each of 13 borders
    assert "windows of 240 s, one every 60 s, combined" in run("show", "slide").out
    found = json.loads(run("score", "slide", "today.ndjson", "-o", "json").out)
    starts = sorted(each["start"] for each in found)
    assert all(b > a for a, b in itertools.pairwise(starts))
    strange = [each for each in found if each["start"] > "2026-11-23T20:05"]
    assert len(strange) == 1
    Path("rule.yml").write_text(WHOAMI)
    hunted = vedette("hunt", "today.ndjson", "--rules", "rule.yml", "--models", "slide")
    scores = {each["vedette"]["alert"]["scores"]["fused"] for each in hunted.alerts}
    assert strange[0]["p"] in scores
    assert scores <= {each["p"] for each in found}


def test_windows_that_overlap_are_learned_on(run: Callable[..., Answer]) -> None:
    assert run("fit", "slide", "days.ndjson", *FEW, "--window", "4m", "--step", "1m").code == 0
    write("later.ndjson", ordinary(200, 800))
    told = json.loads(run("update", "slide", "later.ndjson", "--anyway", "-o", "json").out)
    assert 200 * 0.9 < told["windows"] < 200
    assert told["kept"]
    shown = json.loads(run("show", "slide", "-o", "json").out)
    assert (shown["plan"]["step"], shown["training"]["revision"]) == (60, 2)


def test_what_cannot_slide_is_refused(run: Callable[..., Answer]) -> None:
    fit = ("fit", "slide", "days.ndjson", *FEW)
    assert "cannot begin every 180" in run(*fit, "--step", "3m").err
    assert "expected no --gap beside it" in run(*fit, "--step", "5m", "--gap", "5m").err
    assert run(*fit, "--window", "4m", "--step", "1m").code == 0
    answer = run("score", "slide", "hdfs", "--data", ".")
    assert "each session of hdfs is a window, and windows of this model overlap" in answer.err


def test_a_window_that_a_bound_of_time_cuts_is_not_shown(run: Callable[..., Answer]) -> None:
    assert run("fit", "slide", "days.ndjson", *FEW, "--window", "4m", "--step", "1m").code == 0
    bounds = ("--since", "2026-11-23T10:00:00Z", "--until", "2026-11-23T10:20:00Z")
    found = json.loads(run("score", "slide", "days.ndjson", *bounds, "--p", "1", "-o", "json").out)
    assert min(each["start"] for each in found) >= "2026-11-23T10:00:00Z"
    assert max(each["end"] for each in found) <= "2026-11-23T10:20:00Z"
    assert len(found) >= 3
    told = json.loads(run("drift", "slide", "days.ndjson", *bounds, "-o", "json").out)
    assert told["windows"] == 17  # from ten o'clock to sixteen minutes past, each of four minutes
    told = json.loads(
        run("fit", "some", "days.ndjson", *FEW, "--window", "4m", "--step", "1m",
            "--sample", "8", "-o", "json").out
    )  # fmt: skip
    assert told["sampled"]["of"] == pytest.approx(600, rel=0.1)


def test_windows_are_of_what_a_field_names(run: Callable[..., Answer]) -> None:
    users = ("amy", "bob", "eve")
    codes = (4624, 4634)
    write(
        "days.ndjson",
        (record(60 * n + step, code, TargetUserName=users[n % 3])
         for n in range(300) for step, code in enumerate(codes)),
    )  # fmt: skip
    fit = ("fit", "who", "days.ndjson", *FEW, "--by", "user.name")
    answer = run(*fit)
    assert "600 events in 90 windows" in answer.out  # of ten minutes and each of three
    shown = run("show", "who")
    assert "windows of 600 s by user.name, combined" in shown.out
    found = json.loads(run("score", "who", "days.ndjson", "--p", "1", "-o", "json").out)
    assert {each["entity"] for each in found} == {f"user.name={each}" for each in users}
    Path("rule.yml").write_text(WHOAMI)
    hunted = vedette("hunt", "days.ndjson", "--rules", "rule.yml", "--models", "who")
    assert "model who: 90 windows scored" in hunted.err
    assert run("drift", "who", "days.ndjson").code == 0
    assert "no event has the field user.nme" in run(*fit[:-1], "user.nme").err
    hidden = run(*fit, "--mask", "TargetUserName")
    assert "user.name is to be hidden, and windows cannot be of it" in hidden.err
