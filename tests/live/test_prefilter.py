"""A prefilter by values against real servers: the same alerts as when all is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from connectors.search import SearchSource, codec, prefilter
from connectors.search.prefilter import Prefilter
from engine.detect import Detector
from engine.load import load_rules
from engine.match.pattern import fold
from engine.needs.folded import certain
from engine.normalise import normalise
from engine.rule import RuleSet
from tests.conformance.indices import MAPPINGS, SETTINGS, settings
from tests.engine.helpers import rule, write_rules
from tests.engine.match.choices import Choices
from tests.engine.match.scenarios import event as made_up
from tests.engine.match.scenarios import rule as made_up_rule
from tests.live.fixtures import Cluster
from tests.live.helpers import at
from vedette.prefiltered import RulesNeed

pytestmark = pytest.mark.live

LOG = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
LONG = "x" * 2000
HOSTILE: list[dict[str, Any]] = [
    {**LOG, "Image": "C:\\a\\MimiKatz.exe"},
    {**LOG, "Image": f"C:\\{LONG}\\mimikatz.exe"},
    {**LOG, "Image": ["C:\\short.exe", f"{LONG}mimikatz.exe"]},
    {**LOG, "Image": f"{'y' * 300}\\mimikatz.exe"},
    {**LOG, "Image": "C:\\M\u0130M\u0130\u212aATZ.exe"},
    {**LOG, "Image": "mimi\u212aatz.exe", "Details": "\u0130"},
    {**LOG, "EventID": "1", "Image": "mimikatz.exe"},
    {**LOG, "EventID": "one", "Image": "mimikatz.exe"},
    {**LOG, "EventID": 1.0, "Image": "mimikatz.exe"},
    {**LOG, "EventID": [1, 3], "CommandLine": "a kelvin b"},
    {**LOG, "CommandLine": "A KELVIN B", "Port": 4444},
    {**LOG, "CommandLine": "quiet", "Port": "4444"},
    {**LOG, "CommandLine": "quiet", "Port": 4444.7},
    {**LOG, "CommandLine": "quiet", "Port": "many"},
    {**LOG, "CommandLine": "quiet", "Port": None, "Signed": True},
    {**LOG, "CommandLine": "quiet", "Signed": "true"},
    {**LOG, "CommandLine": "quiet", "Signed": False},
    {**LOG, "winlog": {"event_data": {"Image": "MIMIKATZ.exe"}}},
    {**LOG, "Threat Name": "Stra\u00dfe"},
    {"LogName": "Security", "EventCode": 4688, "NewProcessName": "C:\\mimikatz.exe"},
]  # fmt: skip
RULES = [
    {"Image|endswith": "\\mimikatz.exe"},
    {"Image|contains": "mimikatz"},
    {"Image|contains|cased": "MimiKatz"},
    {"Image|re": "[Mm]imi.?[Kk]atz"},
    {"CommandLine|contains": "kelvin"},
    {"CommandLine": "a kelvin b"},
    {"Port": 4444},
    {"Port|gte": 4000},
    {"Signed": "true"},
    {"Signed": True},
    {"ThreatName": "stra\u00dfe"},
    ["mimikatz"],
    {"Details|contains": "i"},
]
FILTERED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"Image": "*"}, {"Image|endswith": ["mimikatz.exe", "short.exe"]}),
    ({"Image|contains": "kat"}, {"Image|contains": "\\mimi"}),
    ({"CommandLine": "*"}, {"CommandLine": "quiet"}),
    ({"CommandLine|contains": "i"}, {"CommandLine": ["a kelvin b", "quiet"]}),
    ({"Port|exists": True}, {"Port": [4444, "many"]}),
    ({"Image|contains": "m"}, {"Image|endswith": ".exe", "Image|startswith": "C:"}),
]
"""What rules look for, and what they leave out of it."""  # fmt: skip


@pytest.fixture(autouse=True)
def _always() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefilter, "PLAIN", 0)
        patch.setattr(prefilter, "LATE", 0)
        patch.setattr(prefilter, "SPARED", 0)
        yield


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> list[RuleSet]:
    """Rules one by one, as one that cannot be decided has all read; and all of them together."""
    process = {"product": "windows", "category": "process_creation"}
    random, found = Random(7), []
    made = [
        rule(f"R{n}", id=None, logsource=process,
             detection={"selection": body, "condition": "selection"})
        for n, body in enumerate(RULES)
    ] + [
        rule(f"F{n}", id=None, logsource=process,
             detection={"s": body, "f": filter, "condition": "s and not f"})
        for n, (body, filter) in enumerate(FILTERED)
    ] + [made_up_rule(Choices(random.randbytes(300))) for _ in range(6)]  # fmt: skip
    for some in (*([each] for each in made), made):
        folder = tmp_path_factory.mktemp("rules")
        found.append(load_rules([write_rules(folder, *some)]))
    return [each for each in found if each.rules]


def documents() -> Iterator[dict[str, Any]]:
    random = Random(11)
    yield from HOSTILE
    for _ in range(200):
        document = made_up(Choices(random.randbytes(80)))
        if "Event" not in document:  # of which fields come that no mapping tells
            yield document


def fill(cluster: Cluster, index: str, mapping: str) -> int:
    """Index the documents that the server takes, one after another; how many it took."""
    mappings = {**MAPPINGS[mapping]}
    mappings["properties"] = {"@timestamp": {"type": "date"}}
    # OpenSearch drops objects that stand for values without a mark then, so that nothing is decided
    malformed = {"mapping.ignore_malformed": cluster.kind == "elasticsearch"}
    body = {"settings": {**settings(mapping), **malformed}, "mappings": mappings}
    cluster.client.create_index(index, body)
    lines = []
    for number, document in enumerate(documents()):
        lines.append(codec.dumps({"index": {"_index": index, "_id": str(number)}}))
        lines.append(codec.dumps({**document, "@timestamp": at(number).isoformat()}))
    answer = cluster.client.bulk(b"\n".join(lines) + b"\n")
    cluster.client.refresh(index)
    return sum("error" not in item["index"] for item in answer["items"])


def found(source: SearchSource, rules: RuleSet) -> tuple[set[tuple[str, str]], int]:
    """What rules find in what a source gives, and how many events that are."""
    detector, pairs, count = Detector(rules.rules, lambda _problem: None), set(), 0
    for batch in source.poll(None):
        for record in batch.records:
            count += 1
            pairs |= {(match.rule.id, record.id) for match in detector.match(normalise(record))}
    return pairs, count


@pytest.mark.parametrize("mapping", ["plain", "keyword", "text", "typed"])
def test_alerts_are_those_of_reading_all(
    cluster: Cluster, rules: list[RuleSet], mapping: str
) -> None:
    alike(cluster, rules, mapping)


@pytest.mark.parametrize("cluster", ["opensearch"], indirect=True)
def test_alerts_are_those_of_reading_all_where_an_index_keeps_a_dot(
    cluster: Cluster, rules: list[RuleSet]
) -> None:
    """The Elasticsearch of these tests is without the filter of letters that it takes."""
    alike(cluster, rules, "dotted")


def alike(cluster: Cluster, rules: list[RuleSet], mapping: str) -> None:
    """Have the same documents read with and without a prefilter, by rules alone and together."""
    index = f"{cluster.prefix}-{mapping}"
    taken = fill(cluster, index, mapping)
    assert taken > len(HOSTILE)
    how: dict[str, Any] = {"clock": lambda: at(36_000), "refresh_lag": timedelta(0)}
    filtered = spared = 0
    why = []
    for each in rules:
        source = SearchSource(cluster.client, "events", index, **how)
        expected, whole = found(source, each)
        assert whole == taken
        sieve = Prefilter("events", RulesNeed(lambda each=each: each, None))  # type: ignore[misc]
        source = SearchSource(cluster.client, "events", index, prefilter=sieve, **how)
        pairs, read = found(source, each)
        assert pairs == expected, (mapping, [one.title for one in each.rules])
        assert not sieve.spared.unfiltered["refused"]
        why.append((dict(sieve.spared.unfiltered), read))
        filtered += sieve.spared.filtered
        spared += whole - read
    assert filtered > 3, why
    assert spared > taken


def test_lower_case_of_servers_is_what_is_relied_on(cluster: Cluster) -> None:
    """Each letter that counts as certain comes out of the same letters here and there."""
    index = f"{cluster.prefix}-lower"
    cluster.client.create_index(index, {"settings": SETTINGS})
    points = [n for n in range(0x21, sys.maxunicode + 1) if not 0xD800 <= n <= 0xDFFF]
    changed = 0
    for first in range(0, len(points), 20_000):
        letters = [chr(n) for n in points[first : first + 20_000]]
        body = {"normalizer": "lower", "text": "\n".join(letters)}
        answer = cluster.client.send("POST", f"/{index}/_analyze", body)
        lowered = answer["tokens"][0]["token"].split("\n")
        assert len(lowered) == len(letters)
        for letter, small in zip(letters, lowered, strict=True):
            changed += small != letter
            assert sure(fold(letter)) in ("", sure(fold(small))), (hex(ord(letter)), small)
            assert not small.isascii() or small == fold(letter) or letter == "\u0130"
    assert changed > 1000


def sure(text: str) -> str:
    """The letters of a folded text that are certain."""
    return "".join(filter(certain, text))
