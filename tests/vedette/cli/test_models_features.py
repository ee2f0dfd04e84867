"""`vedette models fit --features`: ordinary kinds with strange levels are found and explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.vedette.cli.command import Answer, vedette

START = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)
PCA = ("--detector", "pca")
STEPS = ("logon", "open", "read", "write", "close", "logoff")


def event(minute: float, step: int, level: str) -> dict[str, object]:
    return {"event.action": STEPS[step], "user.name": "florentine", "host.name": "web",
            "log.level": level, "bytes": 1000 * minute + 90 * step,
            "message": "Session of florentine opened", "@timestamp":
            (START + timedelta(minutes=minute + step)).isoformat()}  # fmt: skip


def write(name: str, events: Sequence[dict[str, object]]) -> str:
    Path(name).write_text("".join(json.dumps(each) + "\n" for each in events))
    return name


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    normal = [
        event(minute, step, "error" if (minute // 10 + step) % 9 == 0 else "info")
        for minute in range(0, 2400, 10)
        for step in range(3 + minute // 10 % 4)
    ]
    write("normal.ndjson", normal)
    write("today.ndjson", [event(3000, step, "error") for step in range(6)])
    return lambda *words: vedette("models", *words)


def p_of(answer: Answer) -> tuple[float, str]:
    (found,) = json.loads(answer.out)
    return found["p"], " ".join(reason["text"] for reason in found["explanation"])


def test_strange_levels_are_found_by_who_looks_at_them_and_in_a_hunt_too(
    run: Callable[..., Answer],
) -> None:
    score = ("score", "office", "today.ndjson", "--p", "1", "-o", "json")
    assert run("fit", "office", "normal.ndjson", *PCA).code == 0
    p, _ = p_of(run(*score))
    assert p > 0.05
    levels = ("--features", "counts", "--features", "levels")
    assert run("fit", "office", "normal.ndjson", *PCA, *levels).code == 0
    p, text = p_of(run(*score))
    assert p < 0.01
    assert "info lines are 0.56 of lines (smoothed), usually 0.87: " in text
    assert "  features: counts, levels" in run("show", "office").out
    assert "features" in json.loads(run("show", "office", "-o", "json").out)["plan"]
    hunt = vedette("hunt", "today.ndjson", "--models", "office", "-o", "ndjson")
    (alert,) = map(json.loads, hunt.out.splitlines())
    assert alert["vedette"]["alert"]["scores"]["fused"] == p


def test_counts_are_what_is_looked_at_anyway(run: Callable[..., Answer]) -> None:
    def plan() -> object:
        return json.loads(run("show", "office", "-o", "json").out)["plan"]

    run("fit", "office", "normal.ndjson", *PCA)
    without = plan()
    run("fit", "office", "normal.ndjson", *PCA, "--features", "counts")
    assert plan() == without
    assert "features" not in str(without)


def test_a_model_with_features_learns_on_from_what_newer_events_say_of_themselves(
    run: Callable[..., Answer],
) -> None:
    """Half of the newer lines are errors, which is ordinary from then on."""
    words = (*PCA, "--features", "counts", "--features", "levels", "--features", "counter:bytes")
    assert run("fit", "office", "normal.ndjson", *words).code == 0
    write("newer.ndjson", [event(minute, step, ("error", "info")[(minute // 10 + step) % 2])
                           for minute in range(2600, 5000, 10) for step in range(6)])  # fmt: skip
    write("today.ndjson", [event(6000, step, ("error", "info")[step % 2]) for step in range(6)])
    score = ("score", "office", "today.ndjson", "--p", "1", "-o", "json")
    before, _ = p_of(run(*score))
    answer = run("update", "office", "newer.ndjson", "--anyway")
    assert answer.code == 0, answer.err
    assert "pca" in answer.out
    assert "fitted anew" in answer.out
    assert "office: revision 2, " in answer.out
    after, _ = p_of(run(*score))
    assert before < 0.01 < 0.2 < after
    assert "  remembers 480 of 480 windows" in run("show", "office").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*PCA, "--features", "level"), "no feature is called 'level'; there are counts"),
        (("--features", "levels", "--detector", "markov"), "no detector of the plan looks at"),
        ((*PCA, "--features", "counter:size"), "two events with a number in size: counter:size"),
        ((*PCA, "--features", "counter:user.id", "--mask", "user"), "user.id is to be hidden"),
        ((*PCA, "--features", "counter:auid", "--mask", "user.name"), "auid is to be hidden"),
        ((*PCA, "--features", "levels", "--mask", "log.level", "--mask", "message"),
         "no event has a level: levels say nothing"),
    ],
)  # fmt: skip
def test_what_would_say_nothing_or_must_not_be_known_is_refused(
    run: Callable[..., Answer], words: tuple[str, ...], said: str
) -> None:
    answer = run("fit", "office", "normal.ndjson", *words)
    assert answer.code == 3
    assert said in answer.err


def test_words_are_of_texts_in_which_what_is_to_be_hidden_is(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    said = [{k: v for k, v in event(minute, step, "info").items() if k != "event.action"}
            for minute in range(0, 600, 10) for step in range(3)]  # fmt: skip
    other = [{**each, "message": "disk is full"} for each in said[::2]]
    write("said.ndjson", [*said, *other])
    words = ("--features", "words", "--features", "characters", "--mask", "user.name")
    assert run("fit", "office", "said.ndjson", *PCA, *words).code == 0
    folder = tmp_path / "state" / "vedette" / "models" / "office"
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"florentine" not in kept
    assert b'"session of"' in kept
