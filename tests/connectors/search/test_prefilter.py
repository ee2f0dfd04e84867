"""A filter made of the values of a window: it may let too much through, and never too little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.search import SearchSource, gathering, prefilter
from connectors.search.prefilter import Prefilter
from engine.detect import Detector
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Batch, Checkpoint
from engine.rule import RuleSet
from tests.connectors.search.double import Patient, refusal
from tests.connectors.search.indexed import IndexedClient, RefusedError, Style
from tests.connectors.search.test_source import at
from tests.engine.helpers import loaded, rule, write_rules
from tests.engine.match.choices import Choices
from tests.engine.match.scenarios import Scenario, event
from tests.simulation.pool import Meanwhile
from vedette.prefiltered import RulesNeed


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Filters are made of windows however small, and whatever they spare."""
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        yield


def small(patch: pytest.MonkeyPatch, most: int = 5000) -> None:
    patch.setattr(prefilter, "PLAIN", 0)
    patch.setattr(prefilter, "LATE", 0)
    patch.setattr(prefilter, "SPARED", 0)
    patch.setattr(prefilter, "MOST", most)
    patch.setattr(prefilter, "WORDS", most)


class Reading:
    """A source that is polled, and what a rule set finds in what it gives."""

    def __init__(
        self, client: IndexedClient, rules: RuleSet, *, filtered: bool, **options: Any
    ) -> None:
        self.rules, self.now = rules, 0
        self.prefilter = Prefilter("events", RulesNeed(lambda: self.rules, None))
        self.source = SearchSource(
            client, "events", "logs-*", clock=lambda: at(self.now), page_size=3,
            refresh_lag=timedelta(0), retry=Patient(0).retry, pool=lambda _: Meanwhile(Random(0)),
            prefilter=self.prefilter if filtered else None, **options,
        )  # fmt: skip
        self.checkpoint: Checkpoint | None = None
        self.found: set[tuple[str, str]] = set()
        self.read: list[str] = []

    def poll(self, now: int) -> list[Batch]:
        self.now = now
        batches = []
        detector = Detector(self.rules.rules, lambda _problem: None)
        for batch in self.source.poll(self.checkpoint):
            self.checkpoint = batch.checkpoint
            batches.append(batch)
            for record in batch.records:
                self.read.append(record.id)
                matches = detector.match(normalise(record))
                self.found |= {(match.rule.id, record.id) for match in matches}
        return batches


LOG = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
PROCESS = {"product": "windows", "category": "process_creation"}

STYLES: list[tuple[Style, bool]] = [
    ("plain", True), ("keyword", True), ("keyword", False), ("dynamic", True), ("dynamic", False),
    ("dotted", False), ("exact", False),
]  # fmt: skip


@given(st.binary(min_size=300, max_size=900), st.sampled_from(STYLES), st.sampled_from([1, 5000]))
def test_the_alerts_are_those_of_reading_all(
    data: bytes, style: tuple[Style, bool], most: int
) -> None:
    scenario, c = Scenario.of(data), Choices(data[::-1])
    client = IndexedClient(style[0], marks=style[1])
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        small(patch, most)
        if not c.seldom(3):  # else most have a negation, by which any document may match
            for each in scenario.rules:
                each["detection"]["condition"] = c.of(["all of them", "s0"])
        rules = load_rules([write_rules(Path(folder), *scenario.rules)])
        how: dict[str, Any] = {"sweep": timedelta(minutes=5)}
        plain, sieved = (Reading(client, rules, filtered=each, **how) for each in (False, True))
        number = 0
        for polled in (600_000, 900_000, 2_500_000, 9_000_000):
            for document in [*scenario.events, *(event(c) for _ in range(2))]:
                number += 1
                # some come late, a few of them later than the overlap
                time = max(0, polled - 1 - 50_000 * c.below(20))
                try:
                    client.index_event(f"logs-{c.below(2)}", str(number), time, document)
                except RefusedError:
                    continue
            for each in (plain, sieved):
                each.poll(polled)
        assert sieved.found == plain.found, client.shelves
        assert "refused" not in sieved.prefilter.spared.unfiltered


LETTERED = st.sampled_from(
    ["ia", "Ia", "\u0130a", "i\u0307a", "\u0130", "k", "\u212a", "1", "1.0"]
) | st.text("aikI\u0130\u0131\u0307\u212a\ufffd\ud8001.", max_size=3)
SEVERAL = LETTERED | st.lists(LETTERED | st.sampled_from([None, 1, 1.0, True, "1e0"]), max_size=3)
MODIFIERS = st.sampled_from(["", "|contains", "|startswith", "|endswith", "|re", "|re|i", "|cased"])
ASKED = st.just("*") | LETTERED.filter(lambda text: "\ud800" not in text)
FIELDS = st.sampled_from(["Image", "Image", "CommandLine"])
ITEMS = st.tuples(FIELDS, MODIFIERS, st.lists(ASKED, min_size=1, max_size=2))
BODIES = st.lists(ITEMS, min_size=1, max_size=2).map(
    lambda items: {f"{name}{how}": [text.strip("*") or "i" for text in texts] if "re" in how
                   else texts for name, how, texts in items}
)  # fmt: skip
DOCUMENTS = st.lists(
    st.dictionaries(
        st.sampled_from(["Image", "Image", "CommandLine", "process.executable", "ecs.version",
                         "winlog.event_data.Image", "winlog.channel"]),
        SEVERAL,
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(
    DOCUMENTS, st.just({"Image": "*"}) | BODIES, st.lists(BODIES, min_size=1, max_size=3),
    st.sampled_from(STYLES),
    st.sampled_from(["s and not 1 of f*", "s and not (f0 and f1)", "s and not all of f*",
                     "(s or f0) and not f1", "s and not (f0 and (f1 or f2))"]),
)  # fmt: skip
@example(
    [{"Image": "\u0130a"}], {"Image": "*"}, [{"Image": "ia"}], ("plain", True), "s and not 1 of f*"
)
@example(
    [{"Image": "\u0130a"}],
    {"Image|re": "^.a"},
    [{"User": "x"}],
    ("dotted", True),
    "s and not 1 of f*",
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_filters_take_out_no_event_that_a_rule_matches(
    documents: list[dict[str, Any]],
    selection: dict[str, Any],
    filters: list[dict[str, Any]],
    style: tuple[Style, bool],
    condition: str,
) -> None:
    client = IndexedClient(style[0], marks=style[1])
    filters = [filters[n % len(filters)] for n in range(3)]
    detection = {"s": selection, **{f"f{n}": each for n, each in enumerate(filters)}}
    detection["condition"] = condition
    made = rule(logsource=PROCESS, detection=detection)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        small(patch)
        rules = load_rules([write_rules(Path(folder), made)])
        plain, sieved = (Reading(client, rules, filtered=each) for each in (False, True))
        for number, document in enumerate(documents):
            with suppress(RefusedError):
                client.index_event("logs-a", str(number), number, {**LOG, **document})
        for each in (plain, sieved):
            each.poll(100)
    assert sieved.found == plain.found, client.shelves


def sets(folder: Path, *bodies: Any, logsource: Mapping[str, str] = PROCESS) -> RuleSet:
    """A rule for each selection."""
    found = [
        rule(f"Rule {n}", logsource=logsource,
             detection={"selection": body, "condition": "selection"})
        for n, body in enumerate(bodies)
    ]  # fmt: skip
    return loaded(folder, *found)


def filled(client: IndexedClient, number: int = 60) -> None:
    for n in range(number):
        image = "mimikatz.exe" if n % 20 == 7 else f"quiet{n % 5}.exe"
        client.index_event("logs-a", str(n), 1000 * n, {**LOG, "Image": image})


def test_documents_that_no_rule_can_match_are_not_read(tmp_path: Path) -> None:
    client = IndexedClient()
    filled(client)
    reading = Reading(client, sets(tmp_path, {"Image|startswith": "mimi"}), filtered=True)
    reading.poll(50_000)
    assert reading.read == ["logs-a/7", "logs-a/27", "logs-a/47"]
    assert len(reading.found) == 3
    assert (reading.prefilter.spared.documents, reading.prefilter.spared.passed) == (51, 3)
    searches = client.calls["search"] + client.calls["values"]
    reading.poll(60_000)
    assert reading.read[3:] == []
    assert client.calls["search"] + client.calls["values"] <= searches * 2


@pytest.mark.parametrize(("style", "read"), [("exact", [7, 9, 17]), ("dotted", [7, 17, 9]),
                                             ("plain", [7, 17, 8, 9])])  # fmt: skip
def test_values_that_a_filter_takes_out_are_not_read(
    tmp_path: Path, style: Style, read: list[int]
) -> None:
    """In lower case a capital I with a dot may have been an i, if it is not kept apart."""
    client = IndexedClient(style)
    images = {7: "odd.exe", 17: ["calm.exe", "odder.exe"], 8: "notice.exe", 9: "NOT\u0130CE.exe"}
    for n in range(40):
        client.index_event("logs-a", str(n), n, {**LOG, "Image": images.get(n, "calm.EXE")})
    found = loaded(tmp_path, rule(logsource=PROCESS, detection={
        "selection": {"Image|endswith": ".exe"},
        "filter": {"Image|startswith": ["notice", "calm"]},
        "condition": "selection and not filter",
    }))  # fmt: skip
    reading = Reading(client, found, filtered=True)
    reading.poll(100)
    assert sorted(reading.read) == sorted(f"logs-a/{n}" for n in read)
    assert {id for _, id in reading.found} == {"logs-a/7", "logs-a/9"}


@pytest.mark.parametrize(("value", "filters", "condition"), [
    (1.0, {"f": {"Image": "1.0"}}, "s and not f"),
    ("\ud800", {"f": {"Image": "\ufffd"}}, "s and not f"),
    ("ab", {"f": {"Image|startswith": "a"}, "g": {"Image|endswith": "c"}}, "s and not (f and g)"),
    ("cb", {"f": {"Image|startswith": "a"}, "g": {"Image|endswith": "b"}}, "s and not (f and g)"),
    ("ab", {"f": {"Image|startswith": "a"}, "g": {"User": "b"}}, "s and not (f and g)"),
    ("ab", {"f": {"Image|startswith": "a"}}, "s or not f"),
    ("K", {"f": {"Image|cased": "k"}}, "s and not f"),
])  # fmt: skip
@pytest.mark.parametrize("style", ["exact", "plain", "dotted"])
def test_a_value_that_may_pass_the_filter_is_looked_for(
    tmp_path: Path, style: Style, value: Any, filters: dict[str, Any], condition: str
) -> None:
    client = IndexedClient(style)
    client.index_event("logs-a", "1", 1, {**LOG, "Image": value})
    detection = {"s": {"Image": "*"}, **filters, "condition": condition}
    found = loaded(tmp_path, rule(logsource=PROCESS, detection=detection))
    reading = Reading(client, found, filtered=True)
    reading.poll(100)
    assert len(reading.found) == 1


def test_a_late_document_is_read_through_a_filter_of_its_own(tmp_path: Path) -> None:
    client = IndexedClient()
    filled(client)
    reading = Reading(client, sets(tmp_path, {"Image|contains": ["mimi", "late"]}), filtered=True)
    reading.poll(60_000)
    client.index_event("logs-a", "late", 10_000, {**LOG, "Image": "toolate.exe"})
    client.index_event("logs-a", "none", 10_001, {**LOG, "Image": "nothing.exe"})
    reading.poll(70_000)
    assert reading.read[3:] == ["logs-a/late"]


def test_a_window_in_which_nothing_passes_is_left_behind(tmp_path: Path) -> None:
    client = IndexedClient()
    filled(client)
    reading = Reading(client, sets(tmp_path, {"Image": "never"}), filtered=True)
    (batch,) = reading.poll(50_000)
    assert batch.records == []
    assert batch.checkpoint is not None
    assert batch.checkpoint["mark"] == 50_000


def test_a_rule_that_cannot_be_decided_has_all_read_and_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = IndexedClient()
    filled(client)
    caplog.set_level("INFO", "vedette.run")
    found = sets(
        tmp_path, {"Image": "never"}, {"User|exists": False}, logsource={"category": "proxy"}
    )
    reading = Reading(client, found, filtered=True)
    reading.poll(30_000)
    reading.poll(50_000)
    assert len(reading.read) == 51
    (text,) = [record.getMessage() for record in caplog.records]
    assert text == (
        "source events: all documents are read, without a prefilter: "
        "any document may match 'Rule 1'"
    )
    assert reading.prefilter.spared.unfiltered == {"undecided": 2}


@pytest.mark.parametrize("operation", ["values", "send"])
def test_where_the_server_refuses_all_is_read(tmp_path: Path, operation: str) -> None:
    client = IndexedClient()
    filled(client)
    reading = Reading(client, sets(tmp_path, {"Image|startswith": "mimi"}), filtered=True)
    client.script[operation] = [None, refusal(400)] if operation == "values" else [refusal(403)]
    reading.poll(60_000)
    assert len(reading.read) == 60
    assert len(reading.found) == 3
    assert reading.prefilter.spared.unfiltered == {"refused": 1}


def test_so_many_buckets_are_asked_for_in_parts(tmp_path: Path) -> None:
    client = IndexedClient()
    filled(client)
    reading = Reading(client, sets(tmp_path, {"Image|startswith": "mimi"}), filtered=True)
    client.script["values"] = [None, refusal(400, "too_many_buckets_exception")]
    reading.poll(60_000)
    assert reading.read == ["logs-a/7", "logs-a/27", "logs-a/47"]


def test_rules_that_change_meanwhile_have_the_rest_read_for_them(tmp_path: Path) -> None:
    client = IndexedClient()
    filled(client, 200)
    first, then = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    then.mkdir()
    reading = Reading(client, sets(first, {"Image|startswith": "mimi"}), filtered=True)
    reading.now = 300_000
    batches = reading.source.poll(None)
    assert len(next(batches).records) == 3
    reading.rules = sets(then, {"Image": "quiet1.exe"})
    rest = [record.id for batch in batches for record in batch.records]
    after = {f"logs-a/{n}" for n in range(48, 200) if n % 20 != 7 and n % 5 == 1}
    assert after <= set(rest)
    assert not {f"logs-a/{n}" for n in range(200) if n % 5 == 2 and n % 20 != 7} & set(rest)


def test_where_the_hits_lie_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of those that pass is what stretches are cut by."""
    monkeypatch.setattr(gathering, "HITS", 0)  # else they are few enough to be gathered
    client = IndexedClient()
    for n in range(200):
        client.index_event("logs-a", str(n), n, {**LOG, "Image": f"mimi{n % 5}.exe"})
        client.index_event("logs-a", f"{n}b", n, {**LOG, "Image": "quiet.exe"})
    reading = Reading(client, sets(tmp_path, {"Image|startswith": "mimi"}), filtered=True)
    reading.poll(300)
    assert sorted(reading.read) == sorted(f"logs-a/{n}" for n in range(200))
    counted = [body for body in client.bodies if "times" in body.get("aggs", ())]
    tallied = [body for body in counted if "aggs" in body["aggs"]["times"]]
    assert len(counted) - len(tallied) == 1
    parts = [body for body in client.bodies if body.get("_source") is not False]
    ends = {str(body["query"]["bool"]["filter"][-1]) for body in parts}
    assert len(ends) > 5, "it was cut"


def searches(client: IndexedClient) -> int:
    return client.calls["search"] + client.calls["values"] + client.calls["count"]


def test_where_nothing_is_new_two_searches_say_so(tmp_path: Path) -> None:
    """One for the overlap, one for what is after it; documents without a time are not counted."""
    client = IndexedClient()
    filled(client)
    reading = Reading(client, sets(tmp_path, {"Image|startswith": "mimi"}), filtered=True)
    reading.poll(50_000)
    assert client.calls["count"] == 1
    for now in (110_000, 120_000, 130_000):
        reading.poll(now)
    quiet = searches(client)
    reading.poll(140_000)
    assert searches(client) - quiet == 2
    reading.poll(140_000 + 300_000)
    assert client.calls["count"] == 2


def test_an_overlap_without_events_is_not_asked_for(tmp_path: Path) -> None:
    client = IndexedClient()
    filled(client)
    found = sets(tmp_path, {"Image|startswith": "mimi"})
    reading = Reading(client, found, filtered=True, sweep=timedelta(minutes=5))
    (*_, batch) = reading.poll(9_000_000)
    assert len(reading.found) == 3
    tallies = [b for b in client.bodies if "aggs" in b.get("aggs", {}).get("times", ())]
    assert tallies == []
    assert batch.checkpoint is not None
    client.index_event("logs-a", "new", 9_000_001, {**LOG, "Image": "mimikatz.exe"})
    client.index_event("logs-a", "late", 8_990_000, {**LOG, "Image": "mimikatz.exe"})
    reading.poll(9_010_000)
    assert {id for _, id in reading.found} >= {"logs-a/new", "logs-a/late"}
    client.index_event("logs-a", "later", 7000, {**LOG, "Image": "mimikatz.exe"})
    reading.poll(9_020_000)
    assert "logs-a/later" not in reading.read, "the sweep is not due: all had just been read"
    reading.poll(9_310_000)
    assert "logs-a/later" in reading.read
