"""Rules as a cluster's queries: what is asked, what cannot be, and what that is told as."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.search.mappings import Mappings
from engine.alert import FOUND_BY_QUERY, AlertMaker, Execution
from engine.detect import BY_QUERY, Detector
from engine.errors import InputError, SettingsError
from engine.kinds import LogSource
from engine.library import Library
from engine.normalise import normalise
from engine.ports import Batch, Record
from engine.pushed import Pushed, Question, Questions
from engine.rule import Selection
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.helpers import NOW, fail_on_problem, rule, write_rules
from tests.vedette.test_hunting import Sink
from vedette import backends
from vedette.libraries import Shared
from vedette.pushdown import KEYWORDS, UNROUTED, Converter, Pushdown, hidden

WINDOWS = {"product": "windows", "category": "process_creation"}
SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}


def made(title: str = "One", source: Any = WINDOWS, **fields: Any) -> dict[str, Any]:
    found = rule(title, logsource=source)
    return {**found, "detection": {"s": fields or {"Image": "a"}, "condition": "s"}}


def library(folder: Path, *documents: Any) -> Library:
    write_rules(folder, *documents)
    found = Library([folder])
    found.refresh()
    return found


def questions(
    folder: Path, *documents: Any, pipelines: Any = (), tags: LogSource | None = None
) -> Questions:
    rules = library(folder, *documents)
    converter = Converter("opensearch", pipelines, tags)
    return converter.questions(rules.select(Selection()), rules.sigmas())


def texts(asked: Question) -> list[str]:
    clauses = asked.query.get("bool", {}).get("should") or [asked.query]
    return [clause["query_string"]["query"] for clause in clauses]


def test_a_rule_is_asked_for_on_every_way_to_its_events(tmp_path: Path) -> None:
    (asked,) = questions(tmp_path, made(**{"Image|endswith": "\\x.exe"})).asked
    sysmon, audit = texts(asked)
    assert sysmon == (
        r"Channel:Microsoft\-Windows\-Sysmon\/Operational AND (EventID:1 AND Image:*\\x.exe)"
    )
    assert audit == r"Channel:Security AND (EventID:4688 AND NewProcessName:*\\x.exe)"
    assert asked.fields == ("Channel", "EventID", "Image", "NewProcessName")


def test_a_pipeline_gives_fields_the_names_of_the_index(tmp_path: Path) -> None:
    (asked,) = questions(tmp_path, made(Image="x"), pipelines=["ecs_windows"]).asked
    assert "winlog.channel" in asked.fields
    assert not {"Image", "EventID"} & set(asked.fields)


def test_filters_are_part_of_what_is_asked(tmp_path: Path) -> None:
    filter = {"rules": "any", "lab": {"Computer": "lab"}, "condition": "not lab"}
    lab = {"title": "No lab", "logsource": WINDOWS, "filter": filter}
    (asked,) = questions(tmp_path, made(), lab).asked
    assert all("Computer:lab" in text for text in texts(asked))


@pytest.mark.parametrize(("document", "reason"), [
    ({**made(), "detection": {"words": ["mimikatz"], "condition": "words"}}, KEYWORDS),
    (made(**{"Image|fieldref": "Other"}), "ES Lucene backend can't handle field references."),
    (made(source={"category": "webserver"}, uri="/x"), UNROUTED),
])  # fmt: skip
def test_what_cannot_be_asked_is_named_with_its_reason(
    tmp_path: Path, document: Any, reason: str
) -> None:
    found = questions(tmp_path, document, made("Two"))
    assert [each.title for each in found.asked] == ["Two"]
    assert [(each.title, each.reason) for each in found.blind] == [("One", reason)]


def test_all_events_of_a_source_are_of_the_log_source_that_it_is_said_to_be(tmp_path: Path) -> None:
    web = made(source={"category": "webserver"}, uri="/x")
    tags = LogSource(product="apache", category="webserver")
    (asked,) = questions(tmp_path, web, tags=tags).asked
    assert texts(asked) == [r"uri:\/x"]
    other = questions(tmp_path, web, tags=LogSource(category="proxy"))
    assert [each.reason for each in other.blind] == [UNROUTED]


def test_only_what_has_changed_is_converted_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "vedette.run")
    rules = library(tmp_path, made("One"), made("Two", source={"category": "webserver"}))
    converter = Converter("opensearch", (), None)
    pushed = Pushdown("logs", converter, Shared(rules), rules.select(Selection()))
    assert "source logs: push-down: the cluster is asked for 1 of 2 rules" in caplog.messages
    assert sum("nothing is seen of 'Two'" in text for text in caplog.messages) == 1
    before = pushed.questions.asked
    converted: list[str] = []
    real = converter._convert
    monkeypatch.setattr(
        converter, "_convert", lambda rule, make: converted.append(rule.title) or real(rule, make)
    )
    write_rules(tmp_path, made("Three"), name="three.yml")
    rules.refresh(keep=True)
    pushed.adopt(rules.select(Selection()))
    assert converted == ["Three"]
    assert before[0] in pushed.questions.asked
    assert sum("nothing is seen of 'Two'" in text for text in caplog.messages) == 1


def test_without_the_extra_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = SimpleNamespace(backends={})
    monkeypatch.setattr(backends, "plugins", lambda: nothing)
    with pytest.raises(SettingsError, match=r"not installed.*vedette\[push\]"):
        Converter("elasticsearch", (), None)


def test_a_pipeline_that_is_not_installed_is_named() -> None:
    with pytest.raises(InputError, match="did you mean 'ecs_windows'"):
        Converter("elasticsearch", ["ecs_window"], None)


def test_what_mappings_hide_is_told_by_reason_and_field() -> None:
    asked = tuple(Question(str(n), "", {}, ("a", "b", "c", "d")[: n + 1]) for n in range(4))
    mappings = Mappings(indices=1, properties=[("i", {"properties": {
        "a": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
        "b": {"type": "keyword", "ignore_above": 1024},
        "c": {"type": "keyword", "normalizer": "lowercase"},
    }})])  # fmt: skip
    assert list(hidden(Questions(asked, correlations=("x",)), mappings)) == [
        "analysed text: words are compared, not values, and no wildcard spans two of them: "
        "a (4 rules)",
        "case counts, and values over 1,024 characters are not found: b (3 rules)",
        "not mapped, so nothing is found: d (1 rules)",
        "1 correlations see only what these queries find",
    ]


def test_an_alert_of_a_query_has_the_id_that_evaluation_here_gives_it(tmp_path: Path) -> None:
    rules = library(tmp_path, made("One", Image="x"), made("Two", Image="y")).select(Selection())
    one, two = rules.rules
    detector = Detector(rules.rules, fail_on_problem)
    maker = AlertMaker(Catalog.load(), Execution("x", "run"), namespace="default")
    record = Record({**SYSMON, "Image": "x"}, "logs", id="logs/1")
    (here,) = detector.match(normalise(record))
    found = detector.match_candidates(Pushed((two.id, one.id, "gone")), normalise(record))
    assert [(match.rule.title, match.binding) for match in found] == [
        ("One", "sysmon"), ("Two", BY_QUERY),
    ]  # fmt: skip
    assert maker.id_of(found[0], "logs/1") == maker.id_of(here, "logs/1")
    alert = maker.make(found[1], "logs/1", NOW)
    (explained,) = alert.document["vedette"]["alert"]["explanation"]
    assert explained["text"] == FOUND_BY_QUERY


def test_what_the_cluster_found_counts_when_rules_change_in_the_middle_of_a_poll(
    tmp_path: Path,
) -> None:
    rules = library(tmp_path, made("One", Image="x")).select(Selection())
    maker = AlertMaker(Catalog.load(), Execution("x", "run"), namespace="default")
    sink, state = Sink(), MemoryState()
    detector = Detector(rules.rules, fail_on_problem)
    pipeline = Pipeline(detector, maker, sink, state, lambda: NOW)
    pipeline.adopt(Detector(rules.rules, fail_on_problem), None)
    record = Record({"Image": "no match here"}, "logs", id="logs/1",
                    candidates=Pushed((rules.rules[0].id,)))  # fmt: skip
    assert pipeline.take("logs", Batch([record], {})).created == 1
