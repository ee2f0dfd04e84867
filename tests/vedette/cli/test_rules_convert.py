"""`vedette rules convert`: pySigma's own backend for tests stands for those that are installed."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.vedette.cli.command import BROKEN, vedette
from vedette.cli.rules.convert import encodable


def test_each_rule_becomes_a_query(folder: Path) -> None:
    answer = vedette("rules", "convert", "-t", "text_query_test", "rules")
    assert answer.code == 0, answer.err
    assert answer.out.splitlines() == [
        'CommandLine contains "DisableRealtimeMonitoring"',
        'Image endswith "\\whoami.exe"',
    ]


def test_a_pipeline_of_a_file_is_applied(folder: Path) -> None:
    Path("names.yml").write_text(
        "name: names\npriority: 1\ntransformations:\n"
        "  - {id: a, type: field_name_mapping, mapping: {Image: process.executable}}\n"
    )
    answer = vedette("rules", "convert", "-t", "text_query_test", "-p", "names.yml", "rules")
    assert "'process.executable' endswith" in answer.out


def test_one_of_several_formats_can_be_chosen(folder: Path) -> None:
    answer = vedette("rules", "convert", "-t", "text_query_test", "-f", "list_of_dict", "rules")
    assert answer.code == 0, answer.err
    assert all(isinstance(json.loads(line), dict) for line in answer.out.splitlines())


def test_rules_that_have_no_query_are_named_and_the_others_go_on(folder: Path) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    Path("rules/empty.yml").write_text("")
    answer = vedette("rules", "convert", "-t", "text_query_test", "rules")
    assert answer.code == 2
    assert len(answer.out.splitlines()) == 2
    assert "not converted: rules/broken.yml: No Such Modifier: " in answer.err
    assert "not converted: rules/empty.yml: is empty" in answer.err
    assert "while converting" not in answer.err


def test_what_is_installed_is_said_where_a_backend_or_pipeline_is_not(folder: Path) -> None:
    answer = vedette("rules", "convert", "-t", "text_query_tset", "rules")
    assert answer.code == 3
    assert "installed: " in answer.err
    assert "did you mean 'text_query_test'?" in answer.err
    answer = vedette("rules", "convert", "-t", "text_query_test", "-p", "sysmom", "rules")
    assert answer.code == 3
    assert "did you mean 'sysmon'?" in answer.err
    answer = vedette("rules", "convert", "-t", "text_query_test", "-f", "sql", "rules")
    assert answer.code == 3
    assert "expected one of" in answer.err


def test_a_backend_that_wants_a_pipeline_says_so(folder: Path) -> None:
    answer = vedette("rules", "convert", "-t", "mandatory_pipeline_test", "rules")
    assert answer.code == 3
    assert "--without-pipeline" in answer.err
    words = ("rules", "convert", "-t", "mandatory_pipeline_test", "rules")
    assert vedette(*words, "--without-pipeline").code == 0
    assert vedette(*words, "-p", "sysmon").code == 0


def test_nothing_is_fetched_not_even_what_pysigma_would(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert vedette("rules", "convert", "-t", "text_query_test", "rules").code == 0
    from sigma.data import mitre_attack

    assert mitre_attack.mitre_attack_tactics["TA0007"] == "discovery"
    assert mitre_attack.mitre_attack_techniques["T1033"] == "System Owner/User Discovery"


def test_queries_that_go_elsewhere_than_to_a_terminal_are_left_as_they_are(folder: Path) -> None:
    Path("rules/defender.yml").unlink()
    Path("rules/whoami.yml").write_text(
        Path("rules/whoami.yml").read_text().replace("'\\whoami.exe'", '"\\u202egpj.exe"')
    )
    out = vedette("rules", "convert", "-t", "text_query_test", "rules").out
    assert out == 'Image endswith "\u202egpj.exe"\n'
    assert encodable("a\ud800b") == "a\\ud800b"
