from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from tests.vedette.report.sample import GENERATED, documents, hostile, summary
from vedette.output.summary import Summary
from vedette.report import ReportInfo, render


def make(
    folder: Path, alerts: list[dict[str, Any]], figures: Summary | None = None, **more: Any
) -> tuple[ReportInfo, str]:
    settings: dict[str, Any] = {
        "title": "Night of 22 November",
        "generated": GENERATED,
        "version": "0.1.0",
        "command": "vedette hunt night/",
    }
    path = folder / "report.html"
    info = render(figures or summary(alerts), alerts, path, **(settings | more))
    return info, path.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """The tags of a page, and every attribute that can load or run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in {"meta", "link", "input", "br", "hr", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found.group(1))


def test_the_page_has_its_sections_in_order(tmp_path: Path) -> None:
    info, page = make(tmp_path, documents())
    heads = re.findall(r"<h[12][^>]*>([^<]*)", page)
    assert heads == [
        "Night of 22 November",
        *("ATT&amp;CK tactics", "Timeline", "Alerts", "About this run"),
    ]
    assert info == ReportInfo(tmp_path / "report.html", len(page.encode()), 325, 325)
    assert page.count('<details class="group ') == 15
    assert page.count('<details class="alert" ') == 325
    assert "vedette hunt night/" in page
    assert "Vedette 0.1.0" in page


@pytest.mark.parametrize("alerts", [documents(), list(hostile()), []])
def test_every_element_is_closed_and_nothing_can_load_or_run(
    tmp_path: Path, alerts: list[dict[str, Any]]
) -> None:
    _, page = make(tmp_path, alerts)
    outline = Outline(page)
    assert outline.open == []
    assert outline.tags.count("script") == 2
    assert outline.tags.count("style") == 1
    assert not {"iframe", "img", "object", "embed", "base", "image", "foreignobject"} & {
        *outline.tags
    }
    for tag, name, value in outline.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in {"src", "srcset", "style", "srcdoc", "action", "formaction"}
        if name == "href" and tag == "link":
            assert value.startswith("data:image/svg+xml,")
        elif name in {"href", "xlink:href"}:
            assert value == "#alerts" or value.startswith(("https://", "http://"))


def test_the_policy_allows_only_the_pages_own_style_and_script(tmp_path: Path) -> None:
    _, page = make(tmp_path, documents())
    policy = html.unescape(
        re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)  # type: ignore[union-attr]
    )
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    script = re.search(r"<script>(.*?)</script>", page, re.S)
    assert style
    assert script
    for name, text in (("style-src", style.group(1)), ("script-src", script.group(1))):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_all_tactics_stand_in_the_order_of_the_matrix(tmp_path: Path) -> None:
    _, page = make(tmp_path, documents())
    names = re.findall(r'<div class="column[^"]*"><h3>|<div class="column[^"]*">\s*<h3>', page)
    assert len(names) == 15
    order = ["Reconnaissance", "Resource Development", "Initial Access", "Execution"]
    places = [page.index(f">{name}</") for name in [*order, "Stealth", "Defense Impairment"]]
    assert places == sorted(places)
    assert page.count("column empty") == 2
    assert 'href="https://attack.mitre.org/techniques/T1059/001/" rel="noopener noreferrer"' in page


def test_the_worst_rule_comes_first(tmp_path: Path) -> None:
    _, page = make(tmp_path, documents())
    levels = re.findall(r'<details class="group (\w+)"', page)
    order = ["critical", "high", "medium", "low", "informational"]
    assert levels == sorted(levels, key=order.index)


def test_the_figures_can_be_read_by_a_program(tmp_path: Path) -> None:
    _, page = make(tmp_path, documents())
    figures = data(page)
    assert figures["alerts"]["total"] == figures["alerts"]["shown"] == 325
    assert figures["alerts"]["by_level"]["critical"] == 5
    assert figures["attack"]["by_tactic"]["TA0040"] == 3
    assert figures["events"] == 438_857


def test_a_cap_is_visible_and_hides_no_rule(tmp_path: Path) -> None:
    info, page = make(tmp_path, documents(), max_alerts=40)
    assert (info.alerts_total, info.alerts_shown) == (325, 40)
    assert "40 of 325 alerts are shown" in page
    assert page.count('<details class="alert" ') == 40
    assert re.search(r"[345] of this rule&#39;s 118 alerts|[345] of this rule's 118 alerts", page)
    bodies = page.split('<details class="group ')[1:]
    assert len(bodies) == 15
    assert all('<details class="alert" ' in body for body in bodies)


def test_a_long_event_is_cut_with_a_mark_of_how_much(tmp_path: Path) -> None:
    alert = documents()[0]
    alert["vedette"]["alert"]["source_events"] = [
        {"big": "x" * 1_048_576, "small": "still here", "list": list(range(1000))}
    ]
    info, page = make(tmp_path, [alert])
    assert "1,046,576 more characters cut" in page
    assert "800 more values cut" in page
    assert "still here" in page
    assert info.bytes < 100_000
    _, page = make(tmp_path, [alert], max_event_bytes=500)
    assert re.search(r"… [\d,]+ more characters cut</span></pre>", page)


def test_misleading_characters_are_escaped_everywhere(tmp_path: Path) -> None:
    _, page = make(tmp_path, list(hostile()), title="a\u202eb\x00", command="x\x1b\ud800")
    bad = set(page) & {*map(chr, (*range(9), 11, 12, *range(14, 32), *range(127, 160)))}
    assert not bad
    assert not set(page) & set("\u202e\u2066\u200b\u2028\u2029\ufeff")
    assert "a\\u202eb\\x00" in page
    assert "x\\x1b\\ud800" in page


def test_template_syntax_of_an_event_is_only_text(tmp_path: Path) -> None:
    _, page = make(tmp_path, list(hostile()))
    assert "{{7*7}}" in page
    assert "${49}" not in page
    assert ">49<" not in page


def test_json_in_the_page_cannot_end_its_script(tmp_path: Path) -> None:
    alert = documents()[0]
    alert["threat"] = [{"tactic": {"id": ["</script><script>&\u2028"], "name": ["x"]}}]
    _, page = make(tmp_path, [alert])
    assert data(page)["attack"]["by_tactic"] == {"</script><script>&\u2028": 1}
    assert page.count("</script>") == 2


def test_an_empty_hunt_says_so(tmp_path: Path) -> None:
    info, page = make(tmp_path, [], Summary(events=4000, rules_loaded=33, seconds=2))
    assert info.alerts_total == 0
    assert "No alerts: 33 rules tried on 4,000 events, nothing matched." in page
    assert "h-time" not in page


def test_times_of_another_zone_are_shown_in_utc(tmp_path: Path) -> None:
    from datetime import timezone

    local = GENERATED.astimezone(timezone(timedelta(hours=9)))
    _, page = make(tmp_path, [], generated=local)
    assert "2026-11-23 02:30 UTC" in page


def test_the_same_input_gives_the_same_page(tmp_path: Path) -> None:
    assert make(tmp_path, documents())[1] == make(tmp_path, documents())[1]


def test_a_report_that_cannot_be_written_is_an_error_for_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write the report"):
        make(tmp_path / "missing", documents())


def test_a_failed_report_leaves_the_old_one_and_no_rest(tmp_path: Path) -> None:
    make(tmp_path, documents())
    before = (tmp_path / "report.html").read_bytes()

    class Broken(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            if key == "process":
                raise RuntimeError("broken")
            return super().get(key, default)

    with pytest.raises(RuntimeError):
        make(tmp_path, [Broken(documents()[0])])
    assert (tmp_path / "report.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
