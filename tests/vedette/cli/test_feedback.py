"""`vedette feedback`, from a verdict to what it changes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.sqlite import SqliteAlerts
from tests.vedette.cli.command import WHOAMI, ndjson, process, vedette


def run(place: Path, name: str, *users: str) -> None:
    events = [
        process("C:\\x\\whoami.exe", f"2026-11-23T02:{n:02}:00Z", User=user, Note=name)
        for n, user in enumerate(users)
    ]
    (place / "events" / f"{name}.ndjson").write_bytes(ndjson(events))
    assert vedette("run", "--until-idle").code == 0


def alerts(place: Path) -> list[dict[str, Any]]:
    store = SqliteAlerts(place / "v.sqlite")
    try:
        return [dict(each) for each in store.written()]
    finally:
        store.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rule.yml").write_text(WHOAMI, encoding="utf-8")
    (tmp_path / "events").mkdir()
    (tmp_path / "vedette.yml").write_text(
        "rules: {paths: [rule.yml]}\noutput: {sqlite: v.sqlite}\n"
        "sources: [{type: folder, name: in, path: events}]\n",
        encoding="utf-8",
    )
    return tmp_path


def test_verdicts_are_kept_and_later_alerts_are_less_sure_and_less_grave(place: Path) -> None:
    run(place, "a", "svc", "svc", "svc", "eve")
    judged = alerts(place)
    ids = [a["event"]["id"] for a in judged if a["user"]["name"] == "svc"]
    given = vedette(
        "feedback", "add", *ids, "--verdict", "false", "--reason", "a job", "--by", "bo"
    )
    assert given.code == 0
    assert "  confidence: 0.75 to 0.6" in given.out.splitlines()
    listed = vedette("feedback", "list", "-o", "json")
    assert {(r["verdict"], r["by"], r["counts"]) for r in json.loads(listed.out)} == {
        ("false", "bo", "yes")
    }
    run(place, "b", "svc")
    (new,) = [a for a in alerts(place) if a not in judged]
    own = new["vedette"]["alert"]
    assert own["feedback"]["false"] == 3
    assert own["confidence"] < own["feedback"]["original_confidence"]
    assert new["event"]["risk_score"] < own["feedback"]["original_risk_score"]
    assert alerts(place)[: len(judged)] == judged  # never changed


def test_a_later_verdict_counts_in_the_place_of_an_earlier(place: Path) -> None:
    run(place, "a", "amy")
    (alert,) = alerts(place)
    for verdict in ("false", "true"):
        assert vedette("feedback", "add", alert["event"]["id"], "--verdict", verdict).code == 0
    effect = json.loads(vedette("feedback", "effect", "-o", "json").out)
    assert [(e["entity"], e["true"], e["false"]) for e in effect] == [
        ("(all)", 1, 0), ("host.name=ws01", 1, 0),
    ]  # fmt: skip
    audit = json.loads(vedette("feedback", "effect", "--audit", "-o", "json").out)
    assert [a["verdict"] for a in audit] == ["false", "false", "true", "true"]
    assert audit[-1]["from"] == audit[0]["to"]
    said = vedette("explain", alert["event"]["id"]).out
    assert said.index("false, by ") < said.index("true, by ")


def test_proposed_exceptions_load_pass_their_tests_and_hold_back_what_was_judged(
    place: Path,
) -> None:
    run(place, "a", "CORP\\svc*", "CORP\\svc*", "CORP\\svc*", "CORP\\eve")
    ids = {a["event"]["id"]: a["user"]["name"] for a in alerts(place)}
    false = [id for id, name in ids.items() if name != "eve"]
    vedette("feedback", "add", *false, "--verdict", "benign")
    answer = vedette("feedback", "exceptions")
    assert answer.code == 0
    (place / "judged.yml").write_bytes(answer.raw)
    assert yaml.safe_load(answer.raw)["filter"]["judged"]["User"] == r"CORP\\svc\*"
    assert "1 passed, 0 failed" in vedette("rules", "test", "judged.yml").out
    left = vedette("hunt", "events", "--rules", "rule.yml", "--exceptions", "judged.yml",
                   "-o", "ndjson")  # fmt: skip
    assert [a["user"]["name"] for a in left.alerts] == ["eve"]


def test_a_duplicate_names_the_other_and_moves_nothing(place: Path) -> None:
    run(place, "a", "amy", "bo")
    one, two = (a["event"]["id"] for a in alerts(place))
    answer = vedette("feedback", "add", one, "--verdict", "duplicate", "--of", two)
    assert answer.out == f"{one}  duplicate: Whoami Was Run\n"
    assert vedette("feedback", "effect", "-o", "table").out == "No verdict has moved anything.\n"
    for wrong in (["duplicate"], ["true", "--of", two], ["duplicate", "--of", one]):
        assert vedette("feedback", "add", one, "--verdict", *wrong).code == 3


def test_one_wrong_id_among_several_records_nothing(place: Path) -> None:
    run(place, "a", "amy")
    (alert,) = alerts(place)
    answer = vedette("feedback", "add", alert["event"]["id"], "ffffffff", "--verdict", "true")
    assert (answer.code, answer.out) == (3, "")
    assert vedette("feedback", "list", "-o", "table").out == "No verdict is on record.\n"
    assert "did you mean 'false'" in vedette("feedback", "add", "ab", "--verdict", "flase").err


def test_what_was_judged_true_is_not_learned_as_normal(place: Path) -> None:
    from engine.event import Event
    from engine.normalise import normalise
    from engine.ports import Record
    from vedette.attacks import Attacks
    from vedette.bundles import Gathered

    run(place, "a", "amy")
    (alert,) = alerts(place)
    vedette("feedback", "add", alert["event"]["id"], "--verdict", "true")
    (place / "v.ndjson").write_bytes(vedette("feedback", "export").raw)

    def event(at: str, host: str = "WS01") -> Event:
        return normalise(Record(process("C:\\y.exe", at, Computer=host), "x"), None)

    gathered = Gathered(Attacks.read(place / "v.ndjson", 600))
    gathered.add([
        event("2026-11-23T02:09:00Z"), event("2026-11-23T02:11:00Z"),
        event("2026-11-23T02:09:00Z", "WS02"),
    ])  # fmt: skip
    assert (gathered.attacks, len(gathered.observations)) == (1, 2)
    (place / "v.ndjson").write_text('{"verdict": "true"}\n', encoding="utf-8")
    with pytest.raises(Exception, match=r"v\.ndjson:1: subject: is no verdict"):
        Attacks.read(place / "v.ndjson", 600)


def test_a_run_is_as_sure_of_anomalies_as_verdicts_taught(place: Path) -> None:
    from connectors.sqlite import SqliteActions
    from tests.engine.score.test_learned import judged

    actions = SqliteActions(place / "v.sqlite")
    actions.record([each.action() for each in judged()])
    actions.close()
    (place / "vedette.yml").write_text(
        "output: {sqlite: v.sqlite}\nstate: {dir: state}\n", encoding="utf-8"
    )
    answer = vedette("feedback", "train", "office")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "office: learned from 60 verdicts, 20 true"
    assert lines[1].endswith("  knows")
    assert (place / "state" / "feedback" / "office" / "learned.npz").is_file()
    trees = vedette("feedback", "train", "office", "--method", "boosting", "--balance", "classes")
    assert trees.out.splitlines()[0] == lines[0]
    assert re.fullmatch(r"  \d+\.\d\d  knows", trees.out.splitlines()[1])
    told = json.loads((place / "state" / "feedback" / "office" / "learned.json").read_text())
    assert {"boosting", "balance"} <= told["facts"].keys()
    assert "--method" in vedette("feedback", "train", "office", "--method", "forest").err
    for name, says in (
        ("other", "too few verdicts on anomalies of other: 0, and 20 are needed"),
        ("../x", "cannot be the name"),
    ):
        refused = vedette("feedback", "train", name)
        assert refused.code == 3
        assert says in refused.err
