"""`vedette setup`: requests shown without a cluster, the role, and the embedded store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.search.answers import Answers
from tests.vedette.cli.command import vedette

SETTINGS = """\
namespace: shop
cluster: {{hosts: [http://127.0.0.1:1], kind: {kind}}}
output: {{keep: 90d}}
sources: [{{type: search, name: logs, index: "logs-*,winlogbeat-*"}}]
"""


@pytest.fixture(autouse=True)
def _stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    found = Answers()
    monkeypatch.setattr("connectors.search.connect", lambda settings: found)
    yield found
    assert found.calls["close"] == 1


def configure(kind: str = "elasticsearch") -> None:
    Path("vedette.yml").write_text(SETTINGS.format(kind=kind))


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_print_shows_each_request_and_needs_no_cluster(kind: str) -> None:
    configure(kind)
    answer = vedette("setup", "--print")
    assert answer.code == 0
    blocks = [block.split("\n", 1) for block in answer.out.strip().split("\n\n")]
    bodies = {line.removeprefix("PUT "): json.loads(body) for line, body in blocks}
    assert "/vedette-state-shop" in bodies
    template = bodies["/_index_template/logs-vedette.alerts-shop"]
    flattened = {"elasticsearch": "flattened", "opensearch": "flat_object"}[kind]
    assert f"'type': '{flattened}'" in str(template)
    policy = "/_ilm/policy/" if kind == "elasticsearch" else "/_plugins/_ism/policies/"
    assert "121d" in str(bodies[f"{policy}vedette-alerts-shop"])


def test_print_can_show_another_servers_requests() -> None:
    configure("auto")
    answer = vedette("setup", "--print", "--kind", "opensearch")
    assert "flat_object" in answer.out


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_the_role_reads_the_sources_patterns_and_writes_the_namespaces_indices(kind: str) -> None:
    configure(kind)
    answer = vedette("setup", "--role")
    assert answer.code == 0
    text = json.dumps(json.loads(answer.out))
    for name in ("logs-*", "winlogbeat-*", "logs-vedette.alerts-shop-*", "vedette-state-shop"):
        assert f'"{name}"' in text
    assert "role" in answer.err


def test_the_role_of_a_run_that_keeps_alerts_in_a_file_writes_nothing() -> None:
    text = SETTINGS.format(kind="opensearch").replace("keep: 90d", "store: sqlite")
    Path("vedette.yml").write_text(text)
    answer = vedette("setup", "--role")
    assert "write" not in answer.out
    assert "logs-*" in answer.out


def test_it_says_of_each_thing_whether_it_was_made_or_there(client: Answers) -> None:
    configure()
    first = vedette("setup")
    assert first.code == 0
    assert "created        template   logs-vedette.alerts-shop" in first.out
    assert "already there" not in first.out
    client.calls.clear()
    second = vedette("setup")
    assert "already there  template   logs-vedette.alerts-shop" in second.out
    assert "already there  index      vedette-state-shop" in second.out


def test_what_cannot_be_changed_is_told_and_ends_with_1(client: Answers) -> None:
    configure()
    vedette("setup")
    client.calls.clear()
    wrong = {"mappings": {"dynamic": False, "properties": {"writer": {"type": "text"}}}}
    client.answers["GET /vedette-state-shop/_mapping"] = {"vedette-state-shop": wrong}
    answer = vedette("setup")
    assert answer.code == 1
    assert "differs        index      vedette-state-shop  (" in answer.out
    assert "writer.type is text, not keyword" in answer.out


def test_without_a_cluster_the_file_is_made() -> None:
    Path("vedette.yml").write_text("state: {dir: state}\n")
    assert vedette("setup").out.startswith("created        file")
    assert Path("state/vedette.sqlite").exists()
    assert vedette("setup").out.startswith("already there  file")
    assert "SQLite file" in vedette("setup", "--print").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--kind", "elastic", "--print"], "did you mean 'elasticsearch'"),
        (["--kind", "opensearch"], "--kind: says what to print"),
        (["--role"], "--role: no cluster is configured"),
    ],
)
def test_a_wrong_call_is_told(arguments: list[str], told: str) -> None:
    Path("vedette.yml").write_text("state: {dir: state}\n")
    answer = vedette("setup", *arguments)
    assert answer.code == 3
    assert told in answer.err
