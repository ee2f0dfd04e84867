"""The figures of a report, and how they are shown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from engine.feedback.verdict import Verdict, given
from engine.ports import Alert
from tests.vedette.cli.command import DEFENDER, WHOAMI, vedette
from tests.vedette.why.documents import alert
from vedette.digest.figures import Figures, precision_of
from vedette.digest.mail import mail
from vedette.digest.page import page
from vedette.digest.text import lines

SINCE, UNTIL = datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\u202e\x1b[2J"


def made(id: str, day: int = 20, rule: str = "r-1", **own: Any) -> dict[str, Any]:
    document = alert(own.pop("kind", "sigma"), id, **own)
    document["@timestamp"] = f"2026-11-{day}T10:00:00.000Z"
    document["rule"] = {"uuid": rule, "name": f"Rule {rule}"}
    return document


def filled(*documents: dict[str, Any], verdicts: tuple[Verdict, ...] = ()) -> Figures:
    figures = Figures(SINCE, UNTIL, "the store")
    for document in documents:
        figures.add(document)
    figures.judge(verdicts)
    return figures


def judged(what: str, document: dict[str, Any], day: int = 20) -> Verdict:
    return given(what, document, "bo", "", datetime(2026, 11, day, 12, tzinfo=UTC))


def test_every_day_is_shown_those_without_alerts_too() -> None:
    found = filled(made("a", 19), made("b", 21), made("c", 21))
    assert [(day, sum(c.values())) for day, c in found.per_day] == [
        ("2026-11-19", 1), ("2026-11-20", 0), ("2026-11-21", 2),
    ]  # fmt: skip


def test_alerts_that_only_say_what_was_cut_are_no_alerts() -> None:
    found = filled(made("a"), made("b", kind="capped"))
    assert found.total == 1
    assert found.kinds["capped"] == 1


def test_precision_is_of_all_verdicts_with_an_exact_interval() -> None:
    one, two, three = made("a"), made("b"), made("c", rule="r-2")
    found = filled(one, two, three, verdicts=(
        judged("true", one), judged("benign", two), judged("false", three, 3),
    ))  # fmt: skip
    assert found.verdicts == {"true": 1, "benign": 1}  # the third is of before
    first, second = found.precision
    assert (first.name, first.count.all, first.share) == ("Rule r-1", 2, 0.5)
    assert (first.low, first.high) == pytest.approx((0.0126, 0.9874), abs=1e-3)
    assert second.share == 0
    together = precision_of(found.precision)
    assert together is not None
    assert (together.count.true, together.count.all) == (1, 3)


def test_noisy_rules_say_what_they_are_worth() -> None:
    found = filled(*[made(f"a{n}") for n in range(3)], made("b", rule="r-2"),
                   verdicts=(judged("false", made("a0")),))  # fmt: skip
    assert [(n.title, n.count, n.share, n.sure) for n in found.noisy] == [
        ("Rule r-1", 3, 0.75, 0.0), ("Rule r-2", 1, 0.25, None),
    ]  # fmt: skip


def test_a_models_anomalies_are_judged_by_its_name_whatever_its_version() -> None:
    document = made("a", rule="office@2", kind="anomaly", model={"id": "office"})
    found = filled(document, verdicts=(judged("true", document),))
    assert [(n.title, n.sure) for n in found.noisy] == [("Rule office@2", 1.0)]
    assert found.models == {"office": 1}


def test_text_and_page_neutralise_what_events_say() -> None:
    document = made("a")
    document["rule"]["name"] = document["host"]["name"] = HOSTILE
    drift = made("b", kind="drift")
    drift["event"]["reason"] = HOSTILE
    found = filled(document, drift, verdicts=(judged("true", document),))
    text, html = "\n".join(lines(found)), page(found, "1")
    for shown in (text, html):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_mail_has_both_forms_and_lines_that_servers_take() -> None:
    found = filled(*[made(f"a{n}") for n in range(50)])
    raw = mail("s", "\n".join(lines(found)), page(found, "1"), "soc@example.net", UNTIL)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = message_from_bytes(raw, policy=SMTP)
    assert message["To"] == "soc@example.net"
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    html = message.get_body(("html",))
    assert html is not None
    assert "50 alerts." in html.get_content()
    with pytest.raises(ValueError, match="linefeed"):
        mail("s", "t", "h", "soc@example.net\nBcc: eve@example.net", UNTIL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from connectors.sqlite.sink import SqliteSink

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "w.yml").write_text(WHOAMI, encoding="utf-8")
    (tmp_path / "rules" / "d.yml").write_text(DEFENDER, encoding="utf-8")
    (tmp_path / "vedette.yml").write_text(
        "rules: {paths: [rules], cache: false}\noutput: {sqlite: v.sqlite}\n", encoding="utf-8"
    )
    for day in (16, 20, 21):
        at = datetime(2026, 11, day, 10, tzinfo=UTC)
        sink = SqliteSink(tmp_path / "v.sqlite", clock=lambda at=at: at)  # type: ignore[misc]
        document = made(f"{day}" * 20, day, "11111111-1111-4111-8111-111111111111")
        sink.write([Alert(f"{day}" * 20, at, document)])
        sink.close()
    return tmp_path


def test_the_command_reports_on_a_store_as_text_page_and_mail(place: Path) -> None:
    span = ("--since", "2026-11-19", "--until", "2026-11-22")
    text = vedette("report", *span)
    assert text.code == 0
    assert "2 alerts: 2 high. 100% more than in as long a time before (1)." in text.out
    assert "Rules without an alert in this time: 0 of 1 high, 1 of 1 medium" in text.out
    assert "  medium    Defender Was Switched Off" in text.out
    assert vedette("report", "--since", "3d", "--until", "2026-11-22").raw == text.raw
    for name in ("r.html", "r.eml", "r.txt"):
        assert vedette("report", *span, "-o", name).code == 0
        assert (place / name).stat().st_size > 500
    assert (place / "r.txt").read_bytes() == text.raw


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-o", "r.pdf"), "a name that ends in .html, .eml, .txt"),
        (("-o", "no/r.html"), "cannot write the report"),
        (("--since", "soon"), "--since: "),
        (("--since", "2026-11-20", "--until", "2026-11-19"), "no alert can be meant"),
        (("-o", "r.eml", "--to", "a\nb"), "is no address"),
    ],
)
def test_what_cannot_be_reported_is_told(place: Path, options: Any, says: str) -> None:
    answer = vedette("report", *options)
    assert answer.code == 3
    assert says in answer.err


@pytest.fixture
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("no chromium on the path")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.mark.browser
def test_the_page_fits_a_telephone_and_asks_for_nothing(browser: Any, tmp_path: Path) -> None:
    document = made("a")
    document["rule"]["name"] = "W" * 300
    path = tmp_path / "r.html"
    path.write_text(page(filled(document, verdicts=(judged("true", document),)), "1"), "utf-8")
    opened = browser.new_page(viewport={"width": 390, "height": 800})
    asked, said = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert said == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
