"""Lines of the log, for people and for programs."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest

from engine.errors import StateError
from tests.conftest import ROOT
from tests.docs.pages import page, rows
from vedette.logs import SAME, configure
from vedette.said import KINDS, of_error, said

HOSTILE = "name\x1b[31m\u202e\ud800 \x9b%s {}"


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def written(form: str, level: str = "info") -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    configure(level, form, stream)
    return stream, logging.getLogger("vedette.test")


def test_a_json_line_has_time_level_logger_and_message() -> None:
    stream, log = written("json")
    log.warning("%d events of %s", 3, "x")
    line = json.loads(stream.getvalue())
    assert line.pop("@timestamp").endswith("Z")
    assert line == {
        **SAME,
        "process.pid": os.getpid(),
        "log.level": "warning",
        "log.logger": "vedette.test",
        "message": "3 events of x",
    }


@pytest.mark.parametrize("form", ["json", "text"])
def test_hostile_text_stays_on_one_harmless_line(form: str) -> None:
    stream, log = written(form)
    log.info("read %s", HOSTILE + "\nforged line")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert not set("\x1b\x9b\u202e\ud800") & set(text)
    assert "Logging error" not in text
    if form == "json":
        assert json.loads(text)["message"] == f"read {HOSTILE}\nforged line"
    else:
        assert r"read name\x1b[31m\u202e\ud800 \x9b%s {}\nforged line" in text


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_is_kept_where_one_is_logged(form: str) -> None:
    stream, log = written(form)
    try:
        raise ZeroDivisionError("x")
    except ZeroDivisionError:
        log.exception("failed")
    assert "ZeroDivisionError" in stream.getvalue()
    if form == "json":
        line = json.loads(stream.getvalue())
        assert "Traceback" in line["error.stack_trace"]
        assert (line["error.type"], line["error.message"]) == ("ZeroDivisionError", "x")


def test_less_severe_lines_and_the_clients_own_ones_are_left_out() -> None:
    stream, log = written("text", "warning")
    log.info("no")
    logging.getLogger("elastic_transport.transport").warning("no")
    log.warning("yes")
    assert stream.getvalue().endswith(" warning yes\n")
    assert "no" not in stream.getvalue().split()


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_a_message_is_about_is_in_fields_of_its_own(form: str) -> None:
    stream, log = written(form)
    failure = StateError(HOSTILE)
    more = said("source-failed", vedette__source="logs", vedette__failures=2, **of_error(failure))
    log.error("source %s: %s", "logs", failure, extra=more)
    text = stream.getvalue()
    assert not set("\x1b\x9b\u202e\ud800") & set(text)
    if form == "json":
        line = json.loads(text)
        assert line["event.action"] == "source-failed"
        assert line["vedette.source"] == "logs"
        assert line["vedette.failures"] == 2
        assert line["error.type"] == "StateError"
        assert line["error.message"] == HOSTILE
    else:
        assert "event.action" not in text


def test_a_kind_of_message_that_is_not_listed_cannot_be_said() -> None:
    with pytest.raises(KeyError):
        said("anything")


def test_the_page_lists_every_kind_of_message() -> None:
    table = rows(page("docs/operations.md").section("Log"))
    told = {row[0].strip("`"): row[1] for row in table}
    kinds = {name: text for name, text in told.items() if name in KINDS or "." not in name}
    assert kinds == dict(KINDS)


def test_every_kind_of_message_is_said_somewhere() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "vedette").rglob("*.py"))
    assert not [kind for kind in KINDS if f'said("{kind}"' not in text]


def test_the_clients_do_not_log_each_request_that_failed() -> None:
    stream, _ = written("text")
    for name in ("elastic_transport.transport", "opensearch", "opensearchpy.trace", "urllib3.pool"):
        logging.getLogger(name).info("curl -XPOST …")
    assert stream.getvalue() == ""
