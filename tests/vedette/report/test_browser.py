"""The page in a real browser. Skipped where Chromium or playwright is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.vedette.report.sample import GENERATED, PAYLOADS, documents, hostile, summary
from vedette.report import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on the path")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


class Opened:
    """A page, and everything it did that a report must not do."""

    def __init__(self, browser: Browser, path: Path, width: int, scheme: Any, script: bool) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.messages: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.goto(path.as_uri())

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def unfold(self) -> None:
        """Open every part of the page."""
        self.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")

    def overflow(self) -> int:
        """Pixels that the page scrolls sideways."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Any]:
    contexts = []

    def open_(
        alerts: list[dict[str, Any]], width: int = 1280, scheme: str = "light", script: bool = True
    ) -> Opened:
        path = tmp_path / "report.html"
        hostile_title = alerts[0]["rule"]["name"] if alerts else "Empty"
        render(
            summary(alerts),
            alerts,
            path,
            title=hostile_title,
            generated=GENERATED,
            version=PAYLOADS[0],
            command=PAYLOADS[5],
        )
        page = Opened(browser, path, width, scheme, script)
        contexts.append(page.context)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_a_hostile_recording_runs_or_loads(opened: Any, scheme: str) -> None:
    page = opened(list(hostile()), scheme=scheme)
    page.unfold()
    page.page.fill("#text", "window.__pwned")
    page.page.wait_for_timeout(300)
    page.page.mouse.move(600, 400)
    assert page.page.evaluate("window.__pwned === undefined")
    assert page.dialogs == []
    assert page.messages == []
    own = page.page.url
    assert [url for url in page.requests if url != own and not url.startswith("data:")] == []
    assert page.page.evaluate("document.querySelectorAll('script').length") == 2
    assert page.page.evaluate("document.querySelectorAll('iframe, img, image, base').length") == 0
    assert page.page.locator("footer").is_visible()


def test_each_payload_is_shown_as_the_text_it_is(opened: Any) -> None:
    page = opened(list(hostile()))
    page.unfold()
    text = page.page.evaluate("document.body.textContent")
    for payload in PAYLOADS[:13]:
        assert payload in text
    assert "\\u202egpj.exe" in text
    assert "lone \\ud800 surrogate" in text


@pytest.mark.parametrize("width", [390, 820, 1280])
@pytest.mark.parametrize("alerts", ["ordinary", "hostile"])
def test_the_page_never_scrolls_sideways(opened: Any, width: int, alerts: str) -> None:
    page = opened(documents()[:80] if alerts == "ordinary" else list(hostile()), width=width)
    assert page.overflow() == 0
    page.unfold()
    assert page.overflow() == 0


def test_alerts_can_be_filtered_by_text_level_time_and_technique(opened: Any) -> None:
    from playwright.sync_api import expect

    page = opened(documents()).page
    status = page.locator("#status")
    assert status.inner_text() == "325 alerts"
    page.fill("#text", "VSSADMIN quiet")
    expect(status).to_have_text("3 of 325 alerts")
    assert page.locator(".group:visible").count() == 1
    page.fill("#text", "no such text anywhere")
    expect(status).to_have_text("0 of 325 alerts")
    page.click("#reset")
    assert status.inner_text() == "325 alerts"
    page.click("label:has([value=medium])")
    assert status.inner_text() == "148 of 325 alerts"
    page.click("label:has([value=medium])")
    page.click("a.cell[data-filter='T1490']")
    assert status.inner_text() == "3 of 325 alerts"
    page.fill("#text", "")
    page.locator("#plot").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#span").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#span").is_hidden()


def test_dragging_over_the_timeline_shows_only_that_time(opened: Any) -> None:
    page = opened(documents()).page
    page.locator("#plot").scroll_into_view_if_needed()
    box = page.locator("#plot svg").bounding_box()
    assert box
    page.mouse.move(box["x"] + 2, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60, steps=3)
    page.mouse.up()
    shown = int(page.locator("#status").inner_text().split(" of ")[0])
    assert 100 < shown < 325
    page.click("#span")
    assert page.locator("#status").inner_text() == "325 alerts"


def test_without_script_every_alert_can_still_be_reached(opened: Any) -> None:
    page = opened(documents()[:40], script=False).page
    assert page.locator("#filter").is_hidden()
    page.locator(".group > summary").first.click()
    alert = page.locator(".group").first.locator(".alert").first
    alert.locator("> summary").click()
    assert alert.locator("pre").is_visible()
    assert page.locator("#plot svg rect").count() > 10


def test_text_has_enough_contrast_in_both_schemes(opened: Any) -> None:
    for scheme in ("light", "dark"):
        page = opened(documents(), scheme=scheme).page
        page.evaluate("for (const d of document.querySelectorAll('.group')) d.open = true")
        poor = page.evaluate(CONTRAST)
        assert poor == [], scheme


CONTRAST = """() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll("body *:not(svg *):not(script)")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [one, other] = [parse(getComputedStyle(element).color), behind(element)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}"""
