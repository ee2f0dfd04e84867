"""`vedette rules coverage` and `vedette rules fields`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vedette.cli.command import BROKEN, vedette


def test_the_table_has_all_tactics_and_the_techniques_covered(folder: Path) -> None:
    answer = vedette("rules", "coverage", "-r", "rules")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert "Discovery (TA0007): 1 techniques, 1 rules" in lines
    assert "      1  T1033      System Owner/User Discovery" in lines
    assert "Execution (TA0002): 0 techniques, 0 rules" in lines
    assert lines[-1] == (
        "2 techniques of 2 of 15 tactics by 2 rules (ATT&CK v19); 0 rules name none"
    )


def test_an_older_version_counts_in_its_own_techniques(folder: Path) -> None:
    lines = vedette("rules", "coverage", "-r", "rules", "--attack-version", "18").out.splitlines()
    assert any(line.split()[:2] == ["1", "T1562.001"] for line in lines)
    answer = vedette("rules", "coverage", "-r", "rules", "--attack-version", "3")
    assert answer.code == 3
    assert "v19" in answer.err


def test_json_has_a_technique_a_line(folder: Path) -> None:
    entries = vedette("rules", "coverage", "-r", "rules", "-o", "json").alerts
    assert {
        "technique": "T1033",
        "name": "System Owner/User Discovery",
        "tactic": "discovery",
        "rules": ["Whoami Was Run"],
    } in entries


def test_the_layer_has_what_the_navigator_demands(folder: Path) -> None:
    second = Path("rules/whoami.yml").read_text().replace("11111111-", "91111111-")
    Path("rules/again.yml").write_text(second.replace("Whoami Was Run", "Again"))
    layer = json.loads(vedette("rules", "coverage", "-r", "rules", "-o", "navigator").out)
    assert layer["versions"]["layer"] == "4.5"
    assert layer["versions"]["attack"] == "19"
    assert layer["domain"] == "enterprise-attack"
    assert layer["name"]
    assert len(layer["gradient"]["colors"]) >= 2
    assert layer["gradient"]["minValue"] < layer["gradient"]["maxValue"] == 2
    by_id = {technique["techniqueID"]: technique for technique in layer["techniques"]}
    assert {id: t["score"] for id, t in by_id.items()} == {"T1033": 2, "T1685": 1}
    assert by_id["T1033"]["tactic"] == "discovery"
    assert by_id["T1033"]["comment"] == "Again\nWhoami Was Run"
    for technique in layer["techniques"]:
        assert technique["enabled"] is True
        assert isinstance(technique["metadata"], list)
        assert isinstance(technique["links"], list)


def test_a_technique_without_one_of_its_tactics_counts_under_all_of_them(folder: Path) -> None:
    file = Path("rules/whoami.yml")
    file.write_text(file.read_text().replace("attack.discovery, attack.t1033", "attack.t1543.003"))
    entries = vedette("rules", "coverage", "-r", "rules", "-o", "json").alerts
    tactics = {entry["tactic"] for entry in entries if entry["technique"] == "T1543.003"}
    assert tactics == {"persistence", "privilege-escalation"}


def test_a_rule_that_only_feeds_a_correlation_is_counted_as_that(folder: Path) -> None:
    file = Path("rules/whoami.yml")
    text = file.read_text().replace("logsource", "name: whoami\nlogsource")
    tags = "tags: [attack.discovery, attack.t1033]\n"
    file.write_text(
        text.replace(tags, "") + "---\ntitle: Whoami Again and Again\n"
        "id: 77777777-7777-4777-8777-777777777777\n" + tags + "correlation:\n"
        "  type: event_count\n  rules: [whoami]\n  group-by: [Computer]\n"
        "  timespan: 5m\n  condition: {gte: 5}\n"
    )
    answer = vedette("rules", "coverage", "-r", "rules")
    assert "      1  T1033      System Owner/User Discovery" in answer.out.splitlines()
    assert "by 2 rules (ATT&CK v19); 0 rules name none" in answer.out


def test_fields_are_counted_by_log_source(folder: Path) -> None:
    Path("rules/words.yml").write_text(
        "title: Words\nlogsource: {product: linux}\n"
        "detection: {a: [wget], b: {m|fieldref: n}, condition: a and b}\n"
    )
    answer = vedette("rules", "fields", "-r", "rules")
    assert answer.out.splitlines() == [
        "product:linux",
        "      1  (keywords)",
        "      1  m",
        "      1  n",
        "product:windows/category:process_creation",
        "      1  CommandLine",
        "      1  Image",
    ]
    assert vedette("rules", "fields", "-r", "rules", "-o", "json").alerts[1] == {
        "logsource": "product:windows/category:process_creation",
        "fields": {"CommandLine": 1, "Image": 1},
    }


@pytest.mark.parametrize("command", ["fields", "coverage"])
def test_a_rule_that_cannot_be_loaded_is_named_and_ends_it_with_2(
    folder: Path, command: str
) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    answer = vedette("rules", command, "-r", "rules")
    assert answer.code == 2
    assert "rule refused: rules/broken.yml:5" in answer.err
    assert vedette("rules", command, "-r", "rules", "-o", "xml").code == 3


def test_text_of_rules_is_shown_and_never_obeyed(folder: Path) -> None:
    file = Path("rules/whoami.yml")
    text = file.read_text().replace("Whoami Was Run", '"\\e[31m\\u202eevil"')
    file.write_text(text.replace("Image|", '"Im\\e[5mage|').replace("endswith:", 'endswith":'))
    for words in (["coverage", "-o", "json"], ["coverage", "-o", "navigator"], ["fields"],
                  ["fields", "-o", "json"]):  # fmt: skip
        answer = vedette("rules", *words, "-r", "rules")
        assert answer.code == 0, answer.err
        assert not set("\x1b\u202e") & set(answer.out), words
