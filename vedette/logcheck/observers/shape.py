"""Shape: fields that vary in type, and events that come twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from engine.event import Event
from engine.ids import content_hash
from vedette.logcheck.finding import Examples, Finding, graded, percent
from vedette.logcheck.registry import Given, check

FIELDS = 5_000
LONGEST_PATH = 200
HASHES = 500_000
"""Fields, characters of their names, and contents that are remembered at most."""

_TYPES = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
}


@check("types", 23)
class Types:
    """Has each field one type in all events?"""

    def __init__(self, given: Given) -> None:  # noqa: ARG002 # as all observers
        self.types: dict[str, Counter[str]] = {}
        self.beyond = False

    def see(self, event: Event) -> None:
        """Look at one."""
        self._walk(event.record.document, "", 6)

    def _walk(self, document: Mapping[str, Any], above: str, levels: int) -> None:
        for key, value in document.items():
            kind = _TYPES.get(type(value))
            if kind is None:
                continue  # null is of any type
            path = f"{above}{key}"[:LONGEST_PATH]
            known = self.types.get(path)
            if known is None:
                if len(self.types) >= FIELDS:
                    self.beyond = True
                    continue
                known = self.types[path] = Counter()
            known[kind] += 1
            if kind == "object" and levels:
                self._walk(value, f"{path}.", levels - 1)

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        mixed = {path: counts for path, counts in self.types.items() if len(counts) > 1}
        if self.beyond:
            yield Finding(
                "warn", f"over {FIELDS:,} fields; only the first were looked at",
                "an index with so many has its mapping explode: put what varies into values",
            )  # fmt: skip
        if not mixed:
            yield Finding("ok", f"each of {len(self.types):,} fields has one type")
            return
        ranked = sorted(mixed.items(), key=lambda item: -min(item[1].values()))
        shown = tuple(
            f"{path}: " + ", ".join(f"{kind} {n:,}" for kind, n in counts.most_common())
            for path, counts in ranked[:10]
        )
        grave = any({"object"} & set(counts) for counts in mixed.values())
        yield Finding(
            "warn" if grave else "note",
            f"{len(mixed):,} of {len(self.types):,} fields vary in type",
            "an index takes one type a field, and refuses or drops the others"
            if grave else "Vedette compares by value; an index may refuse one of them",
            {"varying": len(mixed), "fields": len(self.types)}, shown,
        )  # fmt: skip


@check("duplicates", 25)
class Duplicates:
    """Do events come twice?"""

    def __init__(self, given: Given) -> None:  # noqa: ARG002 # as all observers
        self.total = self.again = self.beyond = 0
        self.seen: set[int] = set()
        self.examples = Examples()

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        key = int(content_hash(event.record.document)[:16], 16)
        if key in self.seen:
            self.again += 1
            self.examples.add(dict(list(event.record.document.items())[:3]))
        elif len(self.seen) < HASHES:
            self.seen.add(key)
        else:
            self.beyond += 1

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        cut = f" (compared with the first {HASHES:,})" if self.beyond else ""
        if not self.again:
            yield Finding("ok", f"no two events are equal{cut}")
            return
        told = (
            f"{self.again:,} events ({percent(self.again, self.total)}) equal an earlier one{cut}"
        )
        yield Finding(
            graded(self.again / self.total, 0.05, 1.1), told,
            "see whether a file is shipped twice; each copy without an id is alerted again",
            {"again": self.again, "of": self.total}, self.examples.all,
        )  # fmt: skip
