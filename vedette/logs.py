"""What Vedette says of its own work: lines for people, or one JSON object a line."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from vedette.output.lines import encode
from vedette.output.safe import visible


class JsonLines(logging.Formatter):
    """Each message as one JSON object: `@timestamp`, `log.level`, `log.logger`, `message`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "@timestamp": when.replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "log.logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
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
    for noisy in ("elastic_transport", "elasticsearch", "opensearch", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
