"""The encoder, tuned on the lines of a site by `vedette models tune`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import InputError
from models.base import Texts
from models.embed import minilm, safetensors, tune
from models.embed.retrieval import Found
from tests.vedette.cli.command import vedette
from vedette import encoders

SAYINGS = (
    "unit {} entered a running state", "user {} changed quota of disk", "link {} went down again",
    "cache {} was emptied by cron", "backup {} finished after midnight", "fan {} spins too fast",
    "certificate {} expires within days",
)  # fmt: skip


def lines(each: int = 6) -> list[str]:
    return [saying.format(at) for at in range(each) for saying in SAYINGS]


def untrained(
    texts: Texts,
    source: Path,
    target: Path,
    tuning: tune.Tuning,
    step: Callable[[int, float], None],
) -> minilm.MiniLM:
    """MiniLM as it is, in place of one that was trained: `tests/models/embed/test_tune.py` does."""
    step(0, 0.5)
    return tune._written(safetensors.read(source / minilm.WEIGHTS), {}, source, target)


def test_lines_of_the_table_are_of_templates_that_are_not_tuned_on() -> None:
    found = encoders.parted([*lines(), "a line by itself"], 3)
    asked = {line.split()[0] for line in found.asked}
    assert len(asked) == len({*found.templates}) == 2
    assert asked.isdisjoint(line.split()[0] for line in found.learned)
    assert sorted([*found.learned, *found.asked]) == sorted([*lines(), "a line by itself"])
    assert encoders.parted([*lines(), "a line by itself"], 3) == found


@pytest.mark.parametrize("after", [0.5, 0.9])
def test_an_encoder_that_tuning_made_worse_is_said_to_be(
    after: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("before", Found(1.0, 0.8, 0.5)), ("after", Found(1.0, after, 0.5))]
    monkeypatch.setattr(encoders, "tuned", lambda *_: rows)
    (tmp_path / "site.log").write_text("".join(f"{line}\n" for line in lines()))
    answer = vedette("models", "tune", str(tmp_path / "new"), str(tmp_path / "site.log"))
    assert answer.code == 0
    assert ("worse than before" in answer.err) == (after < 0.8)


def test_too_few_templates_are_refused() -> None:
    with pytest.raises(InputError, match="1 templates of messages have two different lines"):
        encoders.parted(["door 1 shut", "door 2 shut", "nobody is here"], 0)


def test_a_tuned_encoder_is_what_a_model_is_fitted_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(encoders, "tune", untrained)
    documents = [
        {"@timestamp": f"2026-11-09T{at // 60:02}:{at % 60:02}:00Z", "message": text,
         "host.name": "ws01"} for at, text in enumerate(lines(30))
    ]  # fmt: skip
    Path("site.ndjson").write_text("".join(json.dumps(each) + "\n" for each in documents))
    answer = vedette("models", "tune", "tuned", "site.ndjson", "--steps", "1")
    assert answer.code == 0
    assert "lines of 2 other templates look for each other" in answer.err
    assert [line.split()[0] for line in answer.out.splitlines()[1:]] == ["before", "after"]
    again = vedette("models", "tune", "tuned", "site.ndjson")
    assert (again.code, "tuned: is there already" in again.err) == (3, True)
    embedding = ("--detector", "embedding-hdbscan", "--encoder", "tuned")
    assert vedette("models", "fit", "site", "site.ndjson", *embedding).code == 0
    told = json.loads(vedette("models", "show", "site", "--output", "json").out)
    assert told["plan"]["detectors"]["embedding-hdbscan"]["encoder"] == str(tmp_path / "tuned")
    monkeypatch.chdir("/")
    assert vedette("models", "score", "site", str(tmp_path / "site.ndjson"), "--p", "1").code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--encoder", "minilm-torch"), "scores with torch; expected minilm, its equal"),
        (("--encoder", "nowhere"), "no encoder is called '/"),
        (("--encoder", "hashing", "--detector", "markov"), "no detector has an encoder"),
    ],
)
def test_an_encoder_that_cannot_serve_is_refused(
    words: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    answer = vedette("models", "fit", "site", str(tmp_path), *words)
    assert answer.code == 3
    assert "--encoder: " + reason in answer.err
