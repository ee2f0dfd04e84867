"""Models in a run: configured, shared out among pipelines, and said where they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Problems, SettingsError
from engine.paths import patterns
from engine.run import MemoryState
from engine.score.keep import KEY
from models.bundle import keep
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from tests.engine.score.parts import maker
from vedette import scoring
from vedette.settings import Settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FOLDERS = [{"type": "folder", "name": name, "path": name} for name in ("one", "two")]
APART = [{"name": "a", "sources": ["one"]}, {"name": "b", "sources": ["two"]}]


def settings(tmp_path: Path, models: dict[str, Any], **more: Any) -> Settings:
    given = {"state": {"dir": tmp_path}, "sources": FOLDERS, "models": models, **more}
    return Settings.model_validate(given, context={"environ": {}})


def scorer(wanted: Settings, problems: Problems, late: float = 600) -> Any:
    return scoring.scorer(wanted, wanted.plan[0], maker(), problems, timedelta(seconds=late))


def test_without_names_nothing_scores(tmp_path: Path) -> None:
    wanted = settings(tmp_path, {})
    assert scorer(wanted, Problems()) is None
    assert scoring.reads(wanted) == frozenset()
    assert scoring.standing(wanted, MemoryState()) == []


def test_pipelines_share_the_budget_and_wait_for_their_sources(tmp_path: Path) -> None:
    wanted = settings(tmp_path, {"names": ["demo-office"], "alerts_a_day": 3}, pipelines=APART)
    one = scorer(wanted, Problems(), late=7200)
    assert [figures.asked for figures in one.figures()] == [1.5]
    assert one._watermark.lateness == 7200 * 1_000_000


def test_a_missing_model_is_a_problem_and_with_strict_an_error(tmp_path: Path) -> None:
    problems = Problems()
    one = scorer(settings(tmp_path, {"names": ["offce", "demo-office"]}), problems)
    assert [model.name for model in one.models] == ["demo-office"]
    assert problems.counts == {"model-missing": 1}
    with pytest.raises(SettingsError, match="there is no model 'offce'"):
        scorer(settings(tmp_path, {"names": ["offce"], "strict": True}), Problems())


def test_models_are_refused_where_the_cluster_decides_what_is_read(tmp_path: Path) -> None:
    source = {"type": "search", "name": "logs", "index": "logs-*", "mode": "push-down"}
    cluster = {"hosts": ["http://localhost:9200"]}
    wanted = settings(tmp_path, {"names": ["demo-office"]}, sources=[source], cluster=cluster)
    with pytest.raises(SettingsError, match="'logs' gives only what rules match"):
        scorer(wanted, Problems())


def test_what_models_look_at_is_asked_for_too(tmp_path: Path) -> None:
    fields = scoring.reads(settings(tmp_path, {"names": ["demo-office"]}))
    assert {"event.action", "message", "Computer", "UtcTime", "eventName"} <= fields
    assert patterns(fields) is not None


def test_what_features_look_at_is_asked_for_too(tmp_path: Path) -> None:
    seen = [
        Observation("a", 700.0 * at, {"EventID": at % 3, "Channel": "x"}, (), (1.0, 5.0 * at))
        for at in (*range(30), *range(30))
    ]
    plan = Plan({"pca": {}}, features=("levels", "counter:nginx.bytes"))
    wanted = settings(tmp_path, {"names": ["wide", "gone"]})
    keep.save(Bundle.fit(seen, plan), wanted.state.dir / "models" / "wide")
    assert {"nginx.bytes", "log.level", "Level", "message", "Computer"} <= scoring.reads(wanted)


def test_it_is_said_how_each_model_stands(tmp_path: Path) -> None:
    wanted = settings(tmp_path, {"names": ["demo-office", "gone"]})
    assert scoring.standing(wanted, MemoryState()) == [
        "demo-office (pipeline main): has scored nothing yet, or failed",
        "gone (pipeline main): missing: there is no model 'gone'",
    ]
    counts = {"windows": 1000, "strange": 6, "days": 2, "held": 1, "corroborated": 3, "late": 0}
    state = MemoryState()
    for number, windows in ((1, 5), (2, 1000)):
        models = {"demo-office": {"counts": {**counts, "windows": windows}}}
        kept = {KEY: {"number": number, "state": {"models": models}}}
        state.commit(("one", "two")[number - 1], kept, {})
    assert scoring.standing(wanted, state)[0] == (
        "demo-office (pipeline main): 1,000 windows scored, 6 strange without rules (3 a day, "
        "budget 2.5), 1 of these held back, 3 unusual with rules, 0 events late"
    )


def test_verdicts_on_a_hosts_anomalies_move_its_threshold_in_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.sqlite import SqliteActions
    from engine.feedback.verdict import given
    from vedette.wiring import assemble

    monkeypatch.chdir(tmp_path)
    store = {"sqlite": tmp_path / "v.sqlite"}
    wanted = settings(tmp_path, {"names": ["demo-office"]}, output=store)
    actions = SqliteActions(wanted.output.sqlite)
    for number in range(4):
        document = {
            "vedette": {"alert": {
                "id": f"a{number}", "kind": "anomaly", "model": {"id": "demo-office"},
                "entity": {"field": "host.name", "value": "ws01"},
            }},
        }  # fmt: skip
        actions.record([given("false", document, "bo", "", NOW).action()])
    actions.close()
    found = assemble(wanted, Problems(), lambda: NOW)
    scoring_ = found.lines[0].pipeline.scorer
    assert scoring_ is not None
    threshold = scoring_.tracks[0].threshold  # type: ignore[attr-defined]
    here, there = (threshold.of(f"host.name={name}") for name in ("ws01", "ws09"))
    assert here <= there < threshold.budget.p
    found.close()
