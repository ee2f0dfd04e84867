"""`vedette models update`: a model learns on from newer events, and says what that cost."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.bundle import keep, revisions
from tests.vedette.cli.command import Answer, vedette
from vedette import updates

START = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)
QUICK = ("--detector", "new-value", "--detector", "markov", "--detector", "count-vector")
KINDS = (4624, 4688, 4689, 4634, 4672)


def event(minute: float, number: int, host: str = "ws01") -> dict[str, object]:
    time = START + timedelta(minutes=minute)
    return {"Channel": "Security", "EventID": number, "Computer": host, "TargetUserName": "alicexq",
            "@timestamp": time.isoformat()}  # fmt: skip


def normal(first: int, count: int = 800, seed: int = 0) -> list[dict[str, object]]:
    rng = random.Random(seed)
    return [
        event(minute + step / 10, KINDS[(step * rng.randint(1, 2)) % 5], host)
        for minute in range(first, first + count, 5)
        for host in ("ws01", "ws02")
        for step in range(rng.randint(3, 9))
    ]


def write(name: str, events: list[dict[str, object]]) -> None:
    Path(name).write_text("".join(json.dumps(each) + "\n" for each in events))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write("normal.ndjson", normal(0, seed=2))
    newer = [*normal(8000, seed=1), *(event(minute, 5140) for minute in range(8000, 8800, 20))]
    write("newer.ndjson", newer)
    write("later.ndjson", [event(20000 + minute * 10, 5140) for minute in range(20)])
    answer = vedette("models", "fit", "office", "normal.ndjson", *QUICK)
    assert answer.code == 0, answer.err
    return lambda *words: vedette("models", *words)


def shown(run: Callable[..., Answer]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("show", "office", "-o", "json").out)
    return told


def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "vedette" / "models" / "office"


def test_it_learns_new_kinds_and_says_what_that_cost(run: Callable[..., Answer]) -> None:
    assert "new since training" in run("score", "office", "later.ndjson", "--p", "1").out
    answer = run("update", "office", "newer.ndjson")
    assert answer.code == 0, answer.err
    first, *rows = answer.out.splitlines()
    assert first.split() == ["PR-AUC", "of", "old", "data", "before", "after", "lost"]
    names = [row.split("  ")[0] for row in rows[:4]]
    assert names == ["new-value", "markov", "count-vector", "all together"]
    assert rows[0].endswith("learned on")
    assert rows[2].endswith("fitted anew")
    assert rows[4].startswith("p up to .01: ")
    assert rows[-1].startswith("office: revision 2, ")
    assert "in 160 windows learned beside 160, 1 new kinds, sha256 " in rows[-1]
    assert "learning: markov" in answer.err
    later = run("score", "office", "later.ndjson", "--p", "1")
    assert later.code == 0
    assert "new since training" not in later.out


def test_the_same_as_json_and_in_show(run: Callable[..., Answer]) -> None:
    before = shown(run)
    told = json.loads(run("update", "office", "newer.ndjson", "-o", "json").out)
    after = shown(run)
    assert (told["kept"], told["revision"], told["new_kinds"]) == (True, 2, 1)
    assert told["sha256"] == after["sha256"] != before["sha256"]
    assert [each["detector"] for each in told["detectors"]] == list(after["detectors"])
    assert told["alarms"]["new"]["before"] > told["alarms"]["new"]["after"]
    training = after["training"]
    assert training["events"] == before["training"]["events"] + told["events"]
    assert training["windows"] == 320
    assert training["spans"] == [
        [before["training"]["from"], before["training"]["to"]],
        [training["updates"][0]["from"], training["updates"][0]["to"]],
    ]
    assert training["updates"][0]["after"] == told["whole"]["after"]
    assert before["memory"] == {"windows": 160, "of": 160}
    assert after["memory"] == {"windows": 320, "of": 320}
    assert after["records"]["markov"]["data"]["count"] == 160
    table = run("show", "office").out
    assert "  markov learned 160 windows (sha256 " in table
    assert "  revision 2: " in table
    assert "  remembers 320 of 320 windows, to learn on by" in table


def test_days_between_what_was_learned_do_not_count(run: Callable[..., Answer]) -> None:
    from engine.score.model import Model
    from vedette import bundles

    first = bundles.model(Path("state/vedette"), "office").windows_a_day()
    run("update", "office", "newer.ndjson")
    second: Model = bundles.model(Path("state/vedette"), "office")
    assert first == 160
    assert second.windows_a_day() == pytest.approx(320 / 1.109, rel=0.01)


def test_what_was_learned_already_is_refused(run: Callable[..., Answer]) -> None:
    answer = run("update", "office", "normal.ndjson")
    assert answer.code == 3
    assert "leaked-time: " in answer.err
    assert "--allow leaked-time" in answer.err
    allowed = run("update", "office", "normal.ndjson", "--allow", "leaked-time")
    assert allowed.code == 0
    assert "warning: leaked-time" in allowed.err
    write("between.ndjson", normal(4000, 200))
    assert run("update", "office", "newer.ndjson").code == 0
    assert run("update", "office", "between.ndjson").code == 0, "older, and never learned"
    assert "no check is called 'nosuch'" in run("update", "office", "later.ndjson", "--allow",
                                                "nosuch").err  # fmt: skip


def test_one_that_an_earlier_version_fitted_is_told_what_to_do(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    place = folder(tmp_path)
    bundle, told = keep.load(place), keep.read(place)["training"]
    bundle.memory = None
    keep.save(bundle, place, told)
    answer = run("update", "office", "newer.ndjson")
    assert answer.code == 3
    assert "the model office remembers nothing of what it learned" in answer.err
    assert "an earlier version fitted it" in answer.err
    assert "vedette models fit office SOURCE…" in answer.err
    assert run("score", "office", "later.ndjson").code == 0


def test_a_span_of_time_is_learned_alone(run: Callable[..., Answer]) -> None:
    since = event(8400, 0)["@timestamp"]
    answer = run("update", "office", "normal.ndjson", "newer.ndjson", "--since", str(since))
    assert answer.code == 0, answer.err
    assert "in 80 windows learned beside 160" in answer.out


def test_what_tells_old_data_worse_is_not_kept(
    run: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(run)
    monkeypatch.setattr("models.bundle.update.MOST_LOST", -1.0)
    answer = run("update", "office", "newer.ndjson")
    assert answer.code == 1
    assert "office: stays as it was" in answer.out
    assert "markov" in answer.out
    assert "stays as it was (learned on, it lost more than .01)" in answer.out
    assert shown(run) == before
    assert run("update", "office", "newer.ndjson", "--anyway", "-o", "json").code == 0
    assert shown(run)["training"]["revision"] == 2


def test_what_another_update_learned_meanwhile_is_not_lost(
    run: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_on = updates.update
    write("newest.ndjson", normal(20_000, seed=3))

    def slow(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(updates, "update", learn_on)
        assert run("update", "office", "newer.ndjson").code == 0
        return learn_on(*given, **named)

    monkeypatch.setattr(updates, "update", slow)
    answer = run("update", "office", "newer.ndjson")
    assert answer.code == 3
    assert "was fitted anew or learned on meanwhile" in answer.err
    assert shown(run)["training"]["revision"] == 2
    with revisions.alone(folder(tmp_path)):
        answer = run("update", "office", "newest.ndjson")
    assert "is being written by another process" in answer.err
    assert run("update", "office", "newest.ndjson").code == 0


def test_one_that_is_fitted_anew_begins_at_revision_1_and_learns_on_from_there(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    assert run("update", "office", "newer.ndjson").code == 0
    assert run("fit", "office", "normal.ndjson", *QUICK).code == 0
    training = shown(run)["training"]
    assert training["revision"] == 1
    assert "updates" not in training
    assert keep.read(folder(tmp_path))["at"] == "revision-3"
    answer = run("update", "office", "newer.ndjson")
    assert "office: revision 2, " in answer.out, answer.err
    lie = {each.name for each in folder(tmp_path).iterdir()}
    assert lie == {"bundle.json", "revision-3", "revision-4"}


def test_a_model_that_comes_with_vedette_learns_on_in_the_state_directory(
    run: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder(tmp_path), tmp_path / "shipped")
    monkeypatch.setattr("vedette.bundles.SHIPPED", {"plant": tmp_path / "shipped"})
    assert run("update", "plant", "newer.ndjson").code == 0
    assert keep.load(folder(tmp_path).with_name("plant")).learned == 320
    assert keep.load(tmp_path / "shipped").learned == 160
    half = folder(tmp_path).with_name("half")
    half.mkdir()
    monkeypatch.setattr("vedette.bundles.SHIPPED", {"half": tmp_path / "shipped"})
    assert run("score", "half", "later.ndjson").code == 0, "what a crash left is no model"


def test_events_of_attacks_are_left_out(run: Callable[..., Answer]) -> None:
    subject = {"entity": "host.name=ws01", "time": event(8400, 4624)["@timestamp"]}
    Path("verdicts.ndjson").write_text(json.dumps({"verdict": "true", "subject": subject}) + "\n")
    answer = run("update", "office", "newer.ndjson", "--without", "verdicts.ndjson")
    assert answer.code == 0, answer.err
    assert ": 0 events of attacks" not in answer.err
    assert "events of attacks are left out" in answer.err
    assert "in 158 windows learned beside 160" in answer.out


def test_what_is_hidden_is_hidden_in_what_is_learned_later(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    for name, first in (("normal", 0), ("newer", 8000)):
        told = [{"message": f"Session of {each['TargetUserName']} opened number {at % 7}",
                 "host.name": each["Computer"], "user.name": each["TargetUserName"],
                 "@timestamp": each["@timestamp"]}
                for at, each in enumerate(normal(first))]  # fmt: skip
        write(f"{name}.ndjson", [*normal(first), *told])
    words = ("--detector", "new-value", "--detector", "rare-edge", "--mask", "user.name")
    assert run("fit", "office", "normal.ndjson", *words).code == 0
    assert run("update", "office", "newer.ndjson").code == 0
    files = [path for path in folder(tmp_path).rglob("*") if path.is_file()]
    arrays = [path for path in files if path.suffix == ".npz"]
    assert len(arrays) > 8
    import numpy as np

    for path in arrays:
        with np.load(path) as found:
            assert not any(b"alicexq" in found[name].tobytes() for name in found.files)
    assert not any(b"alicexq" in path.read_bytes() for path in files)
    assert any(b"[masked]" in path.read_bytes() for path in files)
