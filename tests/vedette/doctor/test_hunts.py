"""The checks of hunts: whether they load, and whether there is anything that they search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vedette.doctor.body import found, one, patient

HUNT = """\
title: {title}
id: 6f0c3b1e-9d0a-4d77-8a43-3e6a5f0f7a{number:02}
type: threshold
at_least: 5
within: 10m
index: {index}
schedule: {{every: 5m}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    for number, (title, index) in enumerate((("One", "logs-*"), ("Two", "logs-*"))):
        text = HUNT.format(title=title, index=index, number=number)
        (tmp_path / f"{title}.yml").write_text(text)
    return {
        "cluster": {"hosts": ["http://search.test:9200"]},
        "hunts": {"paths": [str(tmp_path)]},
    }


def test_without_hunts_nothing_is_said() -> None:
    assert found("hunts", patient()) == found("hunted", patient()) == []


def test_hunts_that_load_are_counted(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "by_hand.yml").write_text(
        HUNT.format(title="By Hand", index="logs-*", number=9).replace("schedule", "# schedule")
    )
    finding = one("hunts", patient(settings=settings))
    assert (finding.state, finding.message) == ("ok", "3 hunts load, 2 of them run on a schedule")


def test_what_keeps_hunts_from_running_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "One.yml").write_text("title: One\nid: 1\ntype: treshold\n")
    never = HUNT.format(title="Never", index="x", number=7)
    never = never.replace("{every: 5m}", "{cron: 0 0 30 2 *}")
    (tmp_path / "never.yml").write_text(never)
    text = HUNT.format(title="Nowhere", index="x", number=8).replace("index", "# index")
    (tmp_path / "nowhere.yml").write_text(text)
    settings["hunts"]["exclude"] = ["two", "Tow"]
    del settings["cluster"]
    said = [(f.state, f.message) for f in found("hunts", patient(settings=settings))]
    assert [state for state, _ in said] == ["fail", "warn", "warn", "warn", "warn", "ok"]
    words = (
        "none is configured",
        "One.yml:",
        "never.yml:7: schedule.cron: '0 0 30 2 *' never comes",
        "Nowhere: names no index",
        "called 'Tow'",
        "3 hunts",
    )
    for told, (_, message) in zip(words, said, strict=True):
        assert told in message


def test_a_path_that_is_not_there_fails_once(settings: dict[str, Any]) -> None:
    settings["hunts"]["paths"] = ["/nowhere/at/all"]
    of = patient(settings=settings)
    finding = one("hunts", of)
    assert finding.state == "fail"
    assert "hunts.paths: " in finding.message
    assert found("hunted", of) == []


@pytest.mark.parametrize(
    ("untimed", "state", "told"),
    [
        ((0, 0), "warn", "logs-* has no events, searched by One, Two"),
        ((7, 7), "fail", "no event of logs-* has @timestamp, searched by One, Two"),
        ((1, 7), "ok", "logs-* has events, searched by One, Two"),
    ],
)
def test_an_index_without_what_its_hunts_look_for_is_named(
    settings: dict[str, Any], untimed: tuple[int, int], state: str, told: str
) -> None:
    finding = one("hunted", patient(settings=settings, untimed=untimed))
    assert (finding.state, finding.message) == (state, told)


def test_elasticsearch_is_asked_whether_hunts_may_search(settings: dict[str, Any]) -> None:
    asked: list[Any] = []
    of = patient(settings=settings)
    of.survey.lacking = lambda *given: asked.append(given) or ["read on logs-*"]  # type: ignore
    assert one("privileges", of).state == "fail"
    ((_, wanted),) = asked
    assert "read" in wanted["logs-*"]
