"""`vedette models fit --set`: arguments of detectors, and where they are listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.bundle.plan import NOT_YET
from models.registry import detectors
from tests.vedette.cli.command import Answer, vedette
from tests.vedette.cli.test_models import normal

FIT = ("fit", "office", "normal.ndjson", "--detector", "markov", "--detector", "new-value")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("normal.ndjson").write_text("".join(json.dumps(each) + "\n" for each in normal()))
    return lambda *words: vedette("models", *words)


def test_an_argument_is_learned_with_kept_and_shown(run: Callable[..., Answer]) -> None:
    assert run(*FIT, "--set", "markov.order=2").code == 0
    assert "  markov (order=2): Ye, Zhang, Borror" in run("show", "office").out
    told = json.loads(run("show", "office", "-o", "json").out)
    assert told["plan"]["detectors"] == {"markov": {"order": 2}, "new-value": {}}
    assert run("score", "office", "normal.ndjson", "--p", "1", "--limit", "1").code == 0


def test_what_is_set_goes_before_what_the_default_set_has(run: Callable[..., Answer]) -> None:
    words = ("fit", "small", "normal.ndjson", "--detector", "gpt", "--set", "gpt.budget=9000")
    assert run(*words, "--set", "gpt.augment=.1", "--set", "gpt.smoothing=0.05").code == 0
    told = json.loads(run("show", "small", "-o", "json").out)["plan"]["detectors"]
    assert told == {"gpt": {"budget": 9000, "augment": 0.1, "smoothing": 0.05}}


@pytest.mark.parametrize(
    ("assigned", "said"),
    [
        ("markov", "--set: 'markov' sets nothing; expected DETECTOR.ARGUMENT=VALUE"),
        ("markov.ordr=2", "markov has no argument 'ordr'; there are order: do you mean order?"),
        ("markov.order=0", "markov.order is a whole number from 1 to 64, not '0'"),
        ("makrov.order=2", "no detector is called 'makrov'; there are "),
        ("stide.order=2", "stide is not among the detectors; expected one of markov, new-value, "),
    ],
)
def test_what_cannot_be_set_is_refused_in_one_line_before_anything_is_read(
    run: Callable[..., Answer], assigned: str, said: str
) -> None:
    answer = run("fit", "office", "nowhere", *FIT[3:], "--set", assigned)
    assert answer.code == 3
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


def test_arguments_that_do_not_go_together_are_refused_before_anything_is_read(
    run: Callable[..., Answer],
) -> None:
    answer = run("fit", "office", "nowhere", "--detector", "gpt", "--set", "gpt.width=63")
    assert answer.code == 3
    assert "no network can have the shape" in answer.err


def test_every_detector_that_a_model_can_have_is_listed_with_all_that_it_takes(
    run: Callable[..., Answer],
) -> None:
    told = json.loads(run("list", "--detectors", "-o", "json").out)
    wanted = [name for name, kind in detectors().items() if kind.takes not in NOT_YET]
    assert [each["detector"] for each in told] == wanted
    table = run("list", "--detectors").out
    for each in told:
        assert f"\n{each['detector']}  takes" in f"\n{table}"
        assert each["source"] in table
    (gpt,) = (each for each in told if each["detector"] == "gpt")
    assert "      budget=400000  tokens that training may see (a whole number from 1 up)" in table
    assert {"name": "augment", "default": 0.0}.items() <= gpt["arguments"][7].items()


def test_models_are_listed_as_json_too(run: Callable[..., Answer]) -> None:
    (shipped,) = json.loads(run("list", "-o", "json").out)
    assert shipped["name"] == "demo-office"
    assert "gpt" in shipped["detectors"]
