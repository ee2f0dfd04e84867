"""Lines of the log, for people and for programs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from vedette.logs import configure

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
        assert "Traceback" in json.loads(stream.getvalue())["error.stack_trace"]


def test_less_severe_lines_and_the_clients_own_ones_are_left_out() -> None:
    stream, log = written("text", "warning")
    log.info("no")
    logging.getLogger("elastic_transport.transport").warning("no")
    log.warning("yes")
    assert stream.getvalue().endswith(" warning yes\n")
    assert "no" not in stream.getvalue().split()
