"""What a model is not to know is nowhere in it, and hidden again when it scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.vedette.cli.command import Answer, vedette

START = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)
QUICK = ("--detector", "new-value")
ACTIONS = ("logon", "logoff", "unlock")


def event(minute: float, user: str, action: str = "", host: str = "ws01") -> dict[str, str]:
    told = {"event.action": action} if action else {"message": f"Session of {user} opened by pam"}
    return {**told, "user.name": user, "host.name": host,
            "@timestamp": (START + timedelta(minutes=minute)).isoformat()}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write("normal.ndjson", [e for at in range(0, 900, 5) for e in (event(at, "florentine"),
          event(at + 1, "florentine", ACTIONS[at % 3]))])  # fmt: skip
    write("today.ndjson", [event(2000, "barnabas")])
    Path("one.key").write_text("k" * 32 + "\n")
    Path("two.key").write_text("q" * 32 + "\n")
    return lambda *words: vedette("models", *words)


def write(name: str, events: list[dict[str, str]]) -> None:
    Path(name).write_text("".join(json.dumps(each) + "\n" for each in events))


def config(key: str) -> tuple[str, str]:
    Path(f"{key}.yml").write_text(f"models:\n  hash_key_file: {key}\n")
    return "--config", f"{key}.yml"


def kept(tmp_path: Path) -> bytes:
    folder = tmp_path / "state" / "vedette" / "models" / "office"
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_without_a_word_the_names_in_messages_are_learned(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    assert run("fit", "office", "normal.ndjson", *QUICK).code == 0
    assert b"florentine" in kept(tmp_path)


def test_masked_values_are_in_no_message_and_score_like_each_other(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    assert run("fit", "office", "normal.ndjson", *QUICK, "--mask", "user.name").code == 0
    assert b"florentine" not in kept(tmp_path)
    assert b"Session of [masked] opened" in kept(tmp_path)
    (found,) = json.loads(run("score", "office", "today.ndjson", "--p", "1", "-o", "json").out)
    assert found["p"] > 0.5, "another user is no news to a model that knows no users"


def test_hashed_kinds_are_known_by_the_key_alone(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    right, wrong = config("one.key"), config("two.key")
    fit = run("fit", "office", "normal.ndjson", *QUICK, "--hash", "event.action", *right)
    assert fit.code == 0
    assert b"unlock" not in kept(tmp_path)
    assert b"kkkk" not in kept(tmp_path)
    write("known.ndjson", [event(2000, "florentine", "unlock")])
    answer = run("score", "office", "known.ndjson", "--p", "1", "-o", "json", *right)
    assert "new since training" not in answer.out
    other = run("score", "office", "today.ndjson", *wrong)
    assert other.code == 3
    assert "the key of hashed fields is not the one of training" in other.err
    assert "hashing fields needs a key" in run("score", "office", "today.ndjson").err


def test_a_hash_without_a_key_is_refused(run: Callable[..., Answer]) -> None:
    answer = run("fit", "office", "normal.ndjson", *QUICK, "--hash", "user.name")
    assert answer.code == 3
    assert "hashing fields needs a key of 16 to 64 bytes: name its file in models" in answer.err


def test_a_key_that_cannot_be_read_is_named(run: Callable[..., Answer]) -> None:
    answer = run("fit", "office", "normal.ndjson", *QUICK, "--hash", "user.name", *config("no.key"))
    assert answer.code == 3
    assert "no.key: models.hash_key_file: the key cannot be used: No such file" in answer.err


def test_a_field_is_masked_or_hashed_by_whatever_name(run: Callable[..., Answer]) -> None:
    both = ("--mask", "TargetUserName", "--hash", "user.name")
    answer = run("fit", "office", "normal.ndjson", *QUICK, *both, *config("one.key"))
    assert answer.code == 3
    assert "TargetUserName is to be masked and hashed" in answer.err


def test_a_field_that_no_event_has_is_told(run: Callable[..., Answer]) -> None:
    words = ("--mask", "user.nmae", "--mask", "TargetUserName")
    answer = run("fit", "office", "normal.ndjson", *QUICK, *words)
    assert "warning: no event has the field user.nmae: nothing is hidden by it" in answer.err
    assert "TargetUserName: nothing" in answer.err, "that name alone, which these events do not use"
    answer = run("fit", "office", "normal.ndjson", *QUICK, "--mask", "user")
    assert "nothing is hidden" not in answer.err


def test_a_detector_that_keeps_names_is_refused_where_those_are_to_be_hidden(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    volume = ("--detector", "volume-shewhart")
    write("users.ndjson", [{k: v for k, v in event(at, "florentine").items() if k != "host.name"}
                           for at in range(90)])  # fmt: skip
    answer = run("fit", "office", "users.ndjson", *volume, "--mask", "user.name")
    assert answer.code == 3
    assert "that of user.name, which is to be hidden" in answer.err
    assert "florentine" not in answer.err
    assert run("fit", "office", "normal.ndjson", *volume, "--mask", "user.name").code == 0
    assert b"florentine" not in kept(tmp_path)


def test_a_hunt_hides_what_scoring_hides(run: Callable[..., Answer]) -> None:
    run("fit", "office", "normal.ndjson", *QUICK, "--mask", "user.name")
    hunt = vedette("hunt", "today.ndjson", "--models", "office", "-o", "ndjson")
    assert "anomaly" not in hunt.out
    assert "1 window scored, 0 unusual" in hunt.err
    run("fit", "office", "normal.ndjson", *QUICK)
    assert "1 window scored, 1 unusual" in vedette(
        "hunt", "today.ndjson", "--models", "office", "-o", "ndjson"
    ).err  # fmt: skip
