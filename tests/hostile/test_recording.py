"""One recording full of payloads through every output: nothing runs, nothing is obeyed."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.recording import TEXTS, events, write
from tests.vedette.cli.command import Answer, vedette

OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What a terminal acts on, or hides."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hostile")
    write(home)
    return home


@pytest.fixture(autouse=True)
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def hunt(*arguments: str) -> Answer:
    (recording,) = Path().glob("*.ndjson")
    answer = vedette(
        *("hunt", recording, "--rules", "rules", "--logsource", "product=x", *arguments)
    )
    assert answer.code == 0, answer.err
    assert not OBEYED.search(answer.err)
    return answer


def test_every_event_is_searched_and_what_is_wrong_is_counted() -> None:
    answer = hunt()
    assert answer.counts == {"rule-refused": 2, "lone-surrogate": 4, "too-deep": 1}
    plain = [alert for alert in answer.alerts if alert["rule"]["name"] == "Plain"]
    assert len(plain) == len(list(events()))
    assert len(answer.alerts) > len(plain) * 1.9


@pytest.mark.parametrize("form", ["ndjson", "json"])
def test_json_keeps_each_text_as_an_escape(form: str) -> None:
    answer = hunt("--output", form)
    assert not OBEYED.search(answer.out)
    alerts = answer.alerts if form == "ndjson" else json.loads(answer.out)
    lines = {
        event["CommandLine"]
        for alert in alerts
        for event in alert["vedette"]["alert"]["source_events"]
        if "CommandLine" in event
    }
    assert lines == {re.sub("[\ud800-\udfff]", "\ufffd", text) for text in TEXTS}


def test_no_cell_is_a_formula_and_none_breaks_out() -> None:
    answer = hunt("--output", "csv")
    assert not OBEYED.search(answer.out)
    rows = list(csv.reader(io.StringIO(answer.out)))
    assert {len(row) for row in rows} == {15}
    assert len(rows) > 300
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]", cell), cell
    guarded = {cell[:5] for row in rows for cell in row if cell.startswith("'")}
    assert {"'=cmd", "'+1+c", "'-2+3", "'@SUM"} <= guarded


def test_the_table_shows_markup_and_escapes_as_text() -> None:
    answer = hunt("--output", "table")
    assert not OBEYED.search(answer.out)
    squeezed = re.sub(r"\s+", "", answer.out)
    assert "[boldred]markup[/]" in squeezed
    assert r"\x1b[31mred" in squeezed
    assert r"\u202egpj.exe" in squeezed
    assert max(map(len, answer.out.splitlines())) <= 120


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_nothing_of_the_report_runs_or_loads(page: Any, scheme: str) -> None:
    hunt("--report", "report.html")
    own = Path("report.html").absolute().as_uri()
    told: list[str] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("popup", lambda popup: told.append(popup.url))
    page.emulate_media(color_scheme=scheme)
    page.goto(own)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    page.fill("#text", "<script>")
    page.wait_for_timeout(300)
    assert page.evaluate("window.__pwned === undefined")
    assert told == []
    assert [url for url in asked if url != own and not url.startswith("data:")] == []
    assert page.url == own
    assert (
        page.evaluate("document.querySelectorAll('iframe, img, base, object, embed').length") == 0
    )
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)")
    assert links
    assert all(link.startswith(("http:", "https:", own + "#")) for link in links)
    text = page.evaluate("document.body.textContent")
    for payload in (text_ for text_ in TEXTS if text_.startswith("<") and text_.isprintable()):
        assert payload in text
    assert page.locator("footer").is_visible()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on the path")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()
