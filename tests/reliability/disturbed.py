"""Clients between whose requests something happens, and one that waits until it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.search import SearchClient
from connectors.search.retry import Retry


class Disturbed:
    """Passes every operation on to a client.

    `before` is called ahead of an operation with the number of times that the operation was asked
    for (from 1), `after` when it is done and before its answer is given; both by the operation's
    name. What they raise, the asking part gets.
    """

    def __init__(
        self,
        client: SearchClient,
        *,
        before: Mapping[str, Callable[[int], None]] | None = None,
        after: Mapping[str, Callable[[int], None]] | None = None,
    ) -> None:
        self._client, self._before, self._after = client, before or {}, after or {}
        self._asked: dict[str, int] = {}
        self.opened: list[str] = []
        """Points in time, in the order in which they were opened."""

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)
        if not callable(operation):
            return operation

        def disturbed(*arguments: Any, **named: Any) -> Any:
            count = self._asked[name] = self._asked.get(name, 0) + 1
            if name in self._before:
                self._before[name](count)
            answer = operation(*arguments, **named)
            if name == "open_pit" and answer:
                self.opened.append(answer)
            if name in self._after:
                self._after[name](count)
            return answer

        return disturbed


class Patient:
    """Repeats what a node is too busy for, or not there for; for who looks on, not for tests."""

    def __init__(self, client: SearchClient) -> None:
        self._client, self._retry = client, Retry(limit=60, longest=2.0)

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)
        if not callable(operation):
            return operation
        return lambda *arguments, **named: self._retry.call(lambda: operation(*arguments, **named))
