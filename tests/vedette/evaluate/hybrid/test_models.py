"""Models on recordings: what each may learn from, and what is made of what it finds."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from engine.errors import Problems
from engine.incident.rank import Weights
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Selection
from engine.score.anomaly import Anomaly, Proposed
from engine.score.observe import observation
from mitre.ranked import Ranked
from models.base import UNKNOWN
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from tests.engine.incident.made import finding
from tests.engine.score.parts import NOW, maker, model, ordinary, strange
from vedette import rulesets
from vedette.evaluate.hybrid.alerts import grouped, models_only
from vedette.evaluate.hybrid.attacks import attacks, measured
from vedette.evaluate.hybrid.family import family, fitted, others
from vedette.evaluate.hybrid.judge import HYBRID, MODELS, Judged
from vedette.evaluate.hybrid.recordings import Hits, Recording
from vedette.evaluate.hybrid.scorers import Judges, Listener

DUMP = Recording("dump", ("T1003.001",))
NEAR = Recording("near", ("T1003.002",))
LOOK = Recording("look", ("T1087", "T1069.001"))
MOVE = Recording("move", ("T1021.002",))
QUIET = Recording("quiet", ())
ALL = (DUMP, NEAR, LOOK, MOVE, QUIET)
GUESSES = (
    Ranked("T1046", "Network Service Discovery", ("discovery",), 0.8, ()),
    Ranked("T1003.001", "LSASS Memory", ("credential-access",), 0.1, ()),
)
FEW = Plan(detectors={"new-value": {}}, width=60, folds=2)


def heard(name: str, records: Sequence[Record]) -> list[Record]:
    """Records as those of a recording."""
    return [replace(each, origin=f"folder/{name}") for each in records]


def observed(records: Sequence[Record]) -> list[Observation]:
    return [told for each in records if (told := observation(normalise(each)))]


def judges(records: Sequence[Record], own: Recording = DUMP) -> Judges:
    """What a model of `ordinary` minutes finds in records of a group."""
    places = {each.name: family(each) for each in ALL}
    one = Judges({family(own): model()}, places, maker(), Problems(), guessed)
    for record in records:
        one.see(record, lambda r=record: normalise(r), NOW)  # type: ignore[misc]
    assert one.finish(NOW) == []
    return one


def guessed(_anomaly: Anomaly) -> Proposed:
    return Proposed(GUESSES)


def test_a_model_learns_from_no_recording_that_shares_a_parent_technique_or_has_no_label() -> None:
    assert [each.name for each in others(family(DUMP), ALL)] == ["look", "move"]
    assert [each.name for each in others(family(LOOK), ALL)] == ["dump", "near", "move"]
    assert [each.name for each in others(family(QUIET), ALL)] == ["dump", "near", "look", "move"]


def test_what_only_recordings_of_its_own_technique_show_is_new_to_a_model() -> None:
    cleared = observed(strange(50))
    told = {each.name: observed(ordinary(20, 20 * at)) for at, each in enumerate(ALL)}
    told["near"] += cleared
    models = fitted(ALL, told, FEW)
    assert set(models) == {family(each) for each in ALL}
    numbers = {own: each.bundle.templates.match(cleared[0].fields) for own, each in models.items()}
    assert numbers[family(DUMP)] == UNKNOWN != numbers[family(LOOK)]


def test_a_listener_keeps_what_models_are_told_by_the_recording() -> None:
    one = Listener()
    for each in [*heard("dump", ordinary(1)), *heard("look", strange(2))]:
        assert one.see(each, lambda r=each: normalise(r), NOW) is None  # type: ignore[misc]
    for name, records in (("dump", ordinary(1)), ("look", strange(2))):
        said = [(told.entity, told.time, told.fields["EventID"]) for told in one.heard[name]]
        assert said == [(t.entity, t.time, t.fields["EventID"]) for t in observed(records)]


def test_an_anomaly_is_credited_to_the_recordings_with_events_in_its_window() -> None:
    seen = [*heard("dump", strange(3)), *heard("near", strange(9)), *heard("look", strange(12))]
    found = judges([*seen, *heard("near", strange(3)[:1])]).alone
    assert sorted(sorted(each.recordings) for each in found) == [["dump", "near"], ["near"]]


def test_without_rules_an_alert_is_credited_for_what_the_mapper_proposes_the_surest_first() -> None:
    found = judges(heard("dump", strange(3)))
    (claims,) = models_only(found.alone)
    assert [claim.technique for claim in claims] == ["T1046", "T1003.001"]
    assert all(claim.recordings == {"dump"} and claim.tactics for claim in claims)


def test_the_strangest_anomaly_is_the_first_alert() -> None:
    found = judges(heard("dump", strange(3))).alone[0]
    milder = replace(found, p=min(1.0, found.p * 9), recordings=frozenset({"look"}))
    firsts = [claims[0].recordings for claims in models_only([milder, found])]
    assert firsts == [{"dump"}, {"look"}]


def test_anomalies_are_parts_of_incidents_and_what_they_propose_comes_after_what_is_named() -> None:
    found = judges(heard("dump", strange(3)))
    put = grouped(Hits(1000, ALL, (), {}), found.supported)
    (claims,) = put.alerts()
    assert [claim.technique for claim in claims] == ["T1046", "T1003.001"]
    assert {claim.recordings for claim in claims} == {frozenset({"dump"})}
    (named,) = put.alerts(Weights(proposed=0.0))
    assert [claim.technique for claim in named] == ["T1046"]


def test_a_hunt_tells_of_a_mild_anomaly_only_where_a_rule_matched_in_it() -> None:
    found = judges(heard("dump", strange(3))).alone[0]
    backed = copy.deepcopy(dict(found.document))
    backed["vedette"]["alert"]["corroborated_by"] = ["a rule"]
    own, mild = replace(found, p=0.03), replace(found, p=0.045)
    each = [own, mild, replace(mild, document=backed), replace(mild, p=0.06, document=backed)]
    assert Judged(supported=each).usual == [own, each[2]]


def test_the_table_has_rows_for_models_and_for_both_and_says_what_the_models_were() -> None:
    found = judges(heard("dump", strange(3)))
    right = Recording("dump", ("T1046",))
    hits = Hits(100_000, (right, LOOK), (finding("x", -600),), {"x": "look"})
    result = measured(hits, 0, Judged(found.supported, found.alone, 3, 7))
    first = {(row.method, row.budget): row.shares["first"] for row in result.rows}
    assert first[MODELS, 5] == first[HYBRID, 5] == 0.5
    assert first["grouped", 5] == first["rules alone", 5] == 0.0
    assert any("1 anomalies, in 1 of 2 labelled recordings" in note for note in result.notes)


def test_recordings_are_hunted_judged_by_models_of_others_and_measured(tmp_path: Path) -> None:
    folder = tmp_path / "otrf"
    folder.mkdir()
    for at, name in enumerate(("a.jsonl", "b.jsonl", "c.jsonl")):
        records = [*ordinary(60, 1440 * at), *(strange(1440 * at + 33) if at == 1 else [])]
        (folder / name).write_bytes(b"".join(orjson.dumps(r.document) + b"\n" for r in records))
    stated = [
        {"file": f"{name}.jsonl", "techniques": [technique]}
        for name, technique in zip("abc", ("T1003", "T1046", "T1021.002"), strict=True)
    ]
    (folder / "manifest.json").write_bytes(orjson.dumps(stated))
    rules = rulesets.load((rule_file(tmp_path),), Selection())
    result = attacks(tmp_path, rules)
    told = " ".join(result.notes)
    assert "'models only': 1 anomalies, in 1 of 3" in told
    assert "'hybrid': 1, of which 1 have their techniques from rules" in told
    assert {row.method for row in result.rows} >= {MODELS, HYBRID}


def rule_file(folder: Path) -> Path:
    """A rule that matches what is strange."""
    path = folder / "cleared.yml"
    path.write_text(
        "title: Log Cleared\nid: 5b6e2f4c-7a0d-4a3e-9d2b-0c1f2e3d4a5b\nlogsource:\n"
        "  product: windows\n  service: security\ndetection:\n  a:\n    EventID: 1102\n"
        "  condition: a\nlevel: high\ntags: [attack.t1046]\n"
    )
    return path
