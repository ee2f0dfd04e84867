"""Alerts on their way into a cluster: bulk lines in bounded groups, form after form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from connectors.search import codec
from connectors.search.reduce import STEPS
from engine.ports import Alert

MAX_BULK_BYTES = 5 * 1024 * 1024
MAX_BULK_ALERTS = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in the form now tried, as bulk lines; `error` is why the first form failed.

    `step` counts the forms of `reduce` that were taken; without `lines` there is none left.
    """

    alert: Alert
    index: str
    step: int = 0
    lines: bytes = b""
    error: str = ""

    @property
    def dead(self) -> bool:
        """Whether no form is left to try."""
        return not self.lines

    @classmethod
    def of(cls, alert: Alert, index: str) -> Entry:
        """An alert in its full form, or the fullest that JSON can hold."""
        try:
            return cls(alert, index, 0, lines_of(index, alert.id, alert.document))
        except ValueError as error:
            return cls(alert, index).refused(str(error))

    def refused(self, error: str) -> Entry:
        """The alert's next form, after the cluster has refused this one for its content."""
        first = self.error or error
        for step in range(self.step, len(STEPS)):
            form = STEPS[step](self.alert.document, first)
            try:
                lines = lines_of(self.index, self.alert.id, form)
            except ValueError:
                continue  # the next form says less
            return Entry(self.alert, self.index, step + 1, lines, first)
        return replace(self, step=len(STEPS), lines=b"", error=first)


def lines_of(index: str, id: str, document: Mapping[str, Any]) -> bytes:
    """The two lines that create a document. Raises ValueError for what JSON cannot hold."""
    action = codec.dumps({"create": {"_index": index, "_id": id}})
    return action + b"\n" + codec.dumps(document) + b"\n"


def groups(
    items: Iterable[T], size: Callable[[T], int], most: Callable[[], int]
) -> Iterator[list[T]]:
    """Items in order, in groups of bounded bytes and number; `most` is asked for each group.

    `size` gives an item's bytes. No more of them are made than the group at hand needs.
    """
    group: list[T] = []
    total = 0
    for item in items:
        if group and (total + size(item) > MAX_BULK_BYTES or len(group) >= most()):
            yield group
            group, total = [], 0
        group.append(item)
        total += size(item)
    if group:
        yield group
