"""What Vedette says of its own work: lines for people, or one JSON object a line."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from vedette.output.lines import encode
from vedette.output.safe import visible

SAME = {
    "ecs.version": "8.17.0",
    "event.dataset": "vedette.log",
    "service.name": "vedette",
}
"""What every line says of itself."""


class JsonLines(logging.Formatter):
    """Each message as one JSON object of ECS fields, under dotted names.

    `@timestamp`, `log.level`, `log.logger` and `message` always; `event.action` and what belongs
    to it where the message was `said` to have them; `error.*` where it tells of an error.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "@timestamp": when.replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "log.logger": record.name,
            "message": record.getMessage(),
            **SAME,
            "process.pid": record.process,
            **getattr(record, "ecs", {}),
        }
        if record.exc_info:
            kind, error, _ = record.exc_info
            line.setdefault("error.type", kind.__name__ if kind else "")
            line.setdefault("error.message", str(error))
            line["error.stack_trace"] = self.formatException(record.exc_info)
        return encode(line)


class Lines(logging.Formatter):
    """Each message on one line, with what could harm a terminal made visible."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        when = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        text = f"{when} {record.levelname.lower():<7} {visible(record.getMessage())}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def configure(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send log messages of `vedette` and everything it uses to standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # the clients log each answer that is no success, expected ones too; errors are raised anyway
    for noisy in ("elastic_transport", "elasticsearch", "opensearch", "opensearchpy", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
