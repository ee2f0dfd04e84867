"""`vedette models score --steps`: the surprising steps of windows, and what they rest on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models import libraries
from models.sequence import steps
from tests.vedette.cli.command import Answer, vedette
from tests.vedette.cli.test_models import event
from vedette.cli.models.steps import WAYS
from vedette.steps import SAID

KIND = "Channel=Security EventID="


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events of today, and the state with two models of days before."""
    made = tmp_path_factory.mktemp("steps")
    # What comes fourth rests on what came third.
    before, keys = (4624, 4625, 4648), (4688, 4672)
    days = [
        event(10 * session + step, number)
        for session in range(180)
        for key in (keys[session % 2],)
        for step, number in enumerate(
            (before[session % 3], before[session // 3 % 3], key, key + 1, 4634)
        )
    ]
    strange = [event(2000 + at, each) for at, each in enumerate((4624, 4648, 4688, 4673, 1102))]
    for name, events in (("days", days), ("today", strange)):
        path = made / f"{name}.ndjson"
        path.write_text("".join(json.dumps(each) + "\n" for each in events))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.setenv("XDG_STATE_HOME", str(made / "state"))
        told = ("gpt.budget=40000", "gpt.layers=1", "gpt.view=order", "lstm.budget=30000",
                "lstm.states=32")  # fmt: skip
        words = ["--detector", "gpt", "--detector", "lstm"]
        words += [word for each in told for word in ("--set", each)]
        for name, detectors in (("office", words), ("plain", ["--detector", "markov"])):
            fitted = vedette("models", "fit", name, "days.ndjson", *detectors)
            assert fitted.code == 0, fitted.err
    return made


@pytest.fixture
def score(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))

    def scored(*words: str, name: str = "office") -> Answer:
        return vedette("models", "score", name, "today.ndjson", "--p", "1", *words)

    return scored


def test_steps_are_told_of_each_network_with_kinds_and_times(score: Callable[..., Answer]) -> None:
    (window,) = json.loads(score("--steps", "-o", "json").out)
    assert [(each["detector"], each["by"]) for each in window["steps"]] == [
        ("gpt", "occlusion"), ("lstm", "occlusion"),
    ]  # fmt: skip
    for each in window["steps"]:
        (missed,) = (step for step in each["steps"] if step["text"] == f"{KIND}4673")
        assert (missed["step"], missed["time"]) == (4, "2026-11-10T17:23:00Z")
        assert missed["probability"] < 0.1
        assert missed["expected"][0]["text"] == f"{KIND}4689"
        (first, *_) = missed["rests_on"]
        assert (first["step"], first["text"]) == (3, f"{KIND}4688")
        (new,) = (step for step in each["steps"] if step.get("new"))
        assert (new["text"], new["event"]) == (f"{KIND}1102", 0)
    table = score("--steps").out
    assert f"gpt: step 4, 17:23:00, {KIND}4673 had a chance of " in table
    assert f"rests on step 3, 17:22:00, {KIND}4688: without it the forecast differs by " in table
    assert f"{KIND}1102 (new since training) had a chance of " in table


def test_other_ways_are_told_in_their_own_units_and_who_has_none(
    score: Callable[..., Answer],
) -> None:
    attention = score("--steps", "--by", "attention")
    assert "% of the attention" in attention.out
    assert "lstm: " not in attention.out
    assert "warning: --by attention: lstm has no attention: ask for" in attention.err
    gradients = score("--steps", "--by", "gradients").out
    assert "nats to the surprise" in gradients
    assert "nats to what was expected most" in gradients
    assert "lstm: step" in gradients


def test_what_cannot_be_told_is_refused_in_one_line(
    score: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = score("--steps", name="plain")
    assert answer.code == 3
    assert "the model plain has no network that foretells the order of events" in answer.err
    assert "--by: there are no steps to tell; expected --steps" in score("--by", "gradients").err
    assert score("--steps", "--by", "guess").code != 0

    def gone(name: str) -> object:
        raise ModuleNotFoundError(name, name=name)

    monkeypatch.setattr(libraries, "import_module", gone)
    answer = score("--steps", "--by", "gradients")
    assert answer.code == 3
    assert "this needs torch: pip install 'vedette[ml]'" in answer.err
    assert answer.err.endswith("expected --by occlusion\n")
    assert "gpt: step 4" in score("--steps").out


def test_all_ways_that_there_are_can_be_asked_for() -> None:
    assert tuple(steps.WAYS) == WAYS == tuple(SAID)


def test_without_the_option_nothing_changes(score: Callable[..., Answer]) -> None:
    (window,) = json.loads(score("-o", "json").out)
    assert "steps" not in window
