"""docs/alert.md lists what the engine writes and what the index maps, with real examples."""

from __future__ import annotations

import doctest
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from connectors.search import codec, reduce
from engine.alert import RISK, SEVERITY
from engine.entities import FIELDS
from engine.rule import Selection
from engine.score.anomaly import Proposed
from tests.conftest import ROOT
from tests.docs.pages import code, page, rows
from tests.engine.helpers import rule
from tests.engine.score.parts import ensemble, strange, told
from tests.engine.score.test_ensemble import Technique
from tests.engine.tune.parts import Lines, World, event, pipeline, rules_in
from vedette import rulesets
from vedette.demo import write
from vedette.hunt import Hunt, hunt
from vedette.output.writers import writer

PAGE = page("docs/alert.md")
SECTIONS = ("Time and identity", "The rule", "ATT&CK", "Who and what", "Vedette's own")
EVENT = "vedette.alert.source_events"
SHORT, LONG = 1024, 8191
EACH_RUN = {"@timestamp", "event.created", "event.ingested", "vedette.alert.execution.id"}
"""Fields whose examples no other run gives."""

PATHS = {"vedette.alert.ancestors.index"}
"""Fields whose examples depend on where the demo was run."""


@pytest.fixture(scope="module")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The alerts of `vedette demo`."""
    events = tmp_path_factory.mktemp("demo") / "events.ndjson"
    write(events, seed=7, ordinary=4000)
    return alerts_in(events)


def alerts_in(events: Path) -> list[dict[str, Any]]:
    out = io.StringIO()
    lines = writer("ndjson", out, width=None, color=False)
    hunt(Hunt([events], rulesets.load([], Selection())), lines)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a document by dotted name; a list's items count as the field's values."""
    if isinstance(value, Mapping) and name != EVENT:
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for item in value:
            yield from leaves(item, name)
    else:
        yield name, value


def mapped() -> dict[str, str]:
    """The fields of the index mapping, each with its type in the page's words."""
    text = (ROOT / "connectors" / "search" / "alerts-mapping.json").read_text(encoding="utf-8")

    def walk(properties: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
        for key, mapping in properties.items():
            if "properties" in mapping:
                yield from walk(mapping["properties"], f"{prefix}{key}.")
            else:
                yield prefix + key, in_words(mapping)

    return dict(walk(json.loads(text)["properties"]))


def in_words(mapping: Mapping[str, Any]) -> str:
    if mapping.get("enabled") is False:
        return "kept only"
    kind: str = mapping["type"]
    if kind == "keyword" and "ignore_above" in mapping:
        assert mapping["ignore_above"] in (SHORT, LONG)
        kind = "long keyword" if mapping["ignore_above"] == LONG else kind
    return f"{kind} + text" if "text" in mapping.get("fields", {}) else kind


def listed() -> dict[str, list[str]]:
    """The page's fields, each with the other cells of its row."""
    found = [row for heading in SECTIONS for row in rows(PAGE.section(heading))]
    assert len({row[0] for row in found}) == len(found)
    return {code(row[0]): row[1:] for row in found}


def reserved() -> dict[str, str]:
    return {code(row[0]): row[1] for row in rows(PAGE.section("Reserved"))}


def test_every_field_of_the_demos_alerts_is_listed(alerts: list[dict[str, Any]]) -> None:
    assert alerts
    written = {name for alert in alerts for name, _ in leaves(alert)}
    assert not written - listed().keys()


def test_every_field_copied_from_events_is_listed() -> None:
    assert not FIELDS.keys() - listed().keys()


def test_every_field_of_an_alert_that_was_reduced_is_listed(alerts: list[dict[str, Any]]) -> None:
    for step in reduce.STEPS:
        reduced = json.loads(codec.dumps(step(alerts[0], "why")))
        raw = reduced["vedette"]["alert"].pop("source_raw")
        assert raw["source_events"]
        assert not {name for name, _ in leaves(reduced)} - listed().keys()


def test_every_listed_field_is_mapped_as_it_says() -> None:
    types = {**{name: row[0] for name, row in listed().items()}, **reserved()}
    known = mapped()
    assert types == {name: known.get(name) for name in types}


def test_every_mapped_field_of_vedettes_own_is_listed_or_reserved() -> None:
    own = {name for name in mapped() if name.startswith("vedette.")}
    assert own == {n for n in listed().keys() | reserved().keys() if n.startswith("vedette.")}


def test_no_reserved_field_is_written(alerts: list[dict[str, Any]]) -> None:
    written = {name for alert in alerts for name, _ in leaves(alert)}
    assert not written & reserved().keys()


def test_every_example_is_in_an_alert_of_the_demo(alerts: list[dict[str, Any]]) -> None:
    values: dict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        for name, value in leaves(alert):
            values[name].add(value if isinstance(value, str) else json.dumps(value))
    shown = {name: code(row[2]) for name, row in listed().items() if row[2].startswith("`")}
    assert len(shown) > 60
    for name in shown.keys() - EACH_RUN - PATHS:
        start, cut, _ = shown[name].partition("…")
        held = [
            value for value in values[name] if value.startswith(start) and (cut or value == start)
        ]
        assert held, f"{name}: {shown[name]!r} is in no alert; there is {sorted(values[name])[:1]}"


def test_a_field_without_an_example_is_in_no_alert_of_the_demo(
    alerts: list[dict[str, Any]],
) -> None:
    written = {name for alert in alerts for name, value in leaves(alert) if value != []}
    assert not {name for name, row in listed().items() if not row[2]} & written


def test_the_levels_are_the_engines() -> None:
    for level, severity, risk in rows(PAGE.section("Levels")):
        name = level.partition(",")[0]
        assert (SEVERITY[name], RISK[name]) == (int(severity), float(risk))
    assert len(rows(PAGE.section("Levels"))) == len(SEVERITY)


def test_the_caps_are_the_constants_that_they_name() -> None:
    caps = rows(PAGE.section("Caps and cuts"))
    assert caps
    for _, value, constant in caps:
        module, _, name = code(constant).rpartition(".")
        assert getattr(import_module(module), name) == int(value), constant


def test_the_alert_id_is_made_as_the_page_says() -> None:
    example = doctest.DocTestParser().get_doctest(PAGE.text, {}, PAGE.name, PAGE.name, 0)
    assert len(example.examples) > 3
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    assert not told, "".join(told)


def test_every_field_that_tuning_gives_an_alert_is_listed(tmp_path: Path) -> None:
    tuning = {"override": [{"level": "low"}], "caps": [{"most": 1, "per": "1h"}]}
    world = World()
    one = pipeline(rules_in(tmp_path, rule(), tuning=tuning), world)
    one.drain(Lines([event(1), event(2)], repeat(2)))
    one.finish()
    told = {name for alert in world.alerts.values() for name, _ in leaves(alert.document)}
    assert {"vedette.alert.tuning.overrides", "vedette.alert.capped.total"} <= told
    assert not told - listed().keys()


def test_every_field_of_an_anomaly_is_listed() -> None:
    one, _ = ensemble(techniques=lambda _: Proposed([Technique(0.9)]), alerts_a_day=0.5)
    minutes = range(300, 320)
    alerts = told(one, [each for minute in minutes for each in strange(minute)])
    written = {name for alert in alerts for name, _ in leaves(alert.document)}
    wanted = {"vedette.alert.attack.candidates.because", "vedette.alert.scores.threshold"}
    assert written >= {*wanted, "vedette.alert.capped.total"}
    assert not written - listed().keys()
