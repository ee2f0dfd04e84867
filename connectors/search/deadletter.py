"""Where an alert is kept that a cluster refuses in every form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.search.entry import Entry
from connectors.search.names import DEAD_LETTER
from connectors.search.port import RequestError, SearchClient
from connectors.search.reduce import text
from connectors.search.retry import Retry
from connectors.search.template import dead_letter_index

MAX_TEXT = 100_000
"""Characters of the document that are kept when the whole is too large for the server."""


class DeadLetters:
    """The index `vedette-dead-letter-<namespace>`: one letter for each alert id.

    A letter is `{"@timestamp", "alert_id", "index", "error", "document"}`; `document` is the
    alert as JSON text and is not indexed.
    """

    def __init__(
        self, client: SearchClient, namespace: str, clock: Callable[[], datetime], retry: Retry
    ) -> None:
        self.client, self.clock, self.retry = client, clock, retry
        self.index = DEAD_LETTER + namespace
        self._created = False

    def bury(self, entry: Entry) -> None:
        """Keep an alert; one already kept stays as it is. Raises `RequestError`."""
        if not self._created:
            self.retry.call(lambda: self.client.create_index(self.index, dead_letter_index()))
            self._created = True
        letter: dict[str, Any] = {
            "@timestamp": self.clock().astimezone(UTC).isoformat(),
            "alert_id": entry.alert.id,
            "index": entry.index,
            "error": entry.error,
            "document": text(entry.alert.document),
        }
        try:
            self._create(letter)
        except RequestError as error:
            if error.status != 413:
                raise
            self._create({**letter, "document": letter["document"][:MAX_TEXT]})

    def _create(self, letter: dict[str, Any]) -> None:
        id = letter["alert_id"]
        try:
            self.retry.call(lambda: self.client.index(self.index, id, letter, create=True))
        except RequestError as error:
            if error.status != 409:
                raise
