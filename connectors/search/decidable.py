"""Which values of documents the indices of a pattern hold so that a test can be decided on them.

A document's value counts here as what rules see: what stands in `_source`. Where a mapping may keep
a value out of the index without a trace, nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

from engine.needs.folded import DOTTED
from engine.needs.test import Test

Shape = Literal["exact", "lower", "dotted", "integer", "boolean"]
"""How values are kept; "dotted" in lower case, with the dot of a capital I that has one."""

INTEGERS = frozenset({"byte", "short", "integer", "long"})
SCALARS = frozenset(
    {"text", "match_only_text", "date", "date_nanos", "float", "half_float", "double", "ip",
     "scaled_float", "unsigned_long", "version", "wildcard", "constant_keyword", "binary",
     "search_as_you_type", "counted_keyword", *INTEGERS}
)  # fmt: skip
"""Types of one value each, besides those that are looked at here."""

NUMBERS = INTEGERS | {"float", "half_float", "double", "scaled_float", "unsigned_long"}
FORMATS = frozenset(
    {"", "strict_date_optional_time", "strict_date_optional_time_nanos", "date_optional_time",
     "epoch_millis", "epoch_second"}
)  # fmt: skip
"""How times may be written that are read here; others have words of their own."""

GROWING = (True, "true", "strict")
"""How `dynamic` is where no field of a document stays without a mapping."""

OFF = (False, "false")

MARKED = 8_000_000
"""The version of an index of Elasticsearch from which on `_ignored` names what was cut off."""


@dataclass(frozen=True, slots=True)
class Column:
    """How an index has the values that stand at one path of documents.

    `name` is what the index calls them; `limit` the length (UTF-16 units) over which values are
    left out without a mark, None where there is none.
    """

    path: str
    name: str
    shape: Shape
    limit: int | None = None

    def decides(self, test: Test) -> bool:
        """Whether a value that passes is always among those of the index, as one that passes."""
        if self.shape == "integer":
            return test.number is not None
        if self.shape == "boolean":
            return test.boolean is not None
        if self.shape in ("lower", "dotted") and not test.folded:
            return False
        return self.limit is None or (test.longest is not None and test.longest <= self.limit)

    def proves(self, test: Test) -> bool:
        """Whether each value that passes as the index has it passed in its document, too."""
        if self.shape not in ("exact", "lower", "dotted"):
            return False  # of integers a fraction may be cut off
        return test.proven(lower=self.shape != "exact", dots=self.shape == "dotted")


@dataclass(slots=True)
class Catalogue:
    """The fields of some indices together."""

    leaves: set[str] = field(default_factory=set)
    """Paths of values."""
    objects: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    """Paths below which values stand that no index knows; "" for the document itself."""
    columns: dict[str, Column] = field(default_factory=dict)
    """Of the leaves those that can be decided, by their paths."""
    types: dict[str, set[str]] = field(default_factory=dict)
    """The types of leaves; that of times in a format of their own is "other"."""
    unmarked: bool = False
    """Whether fields beyond a limit stay without a mapping, so that any may be ignored."""

    @classmethod
    def of(cls, indices: Mapping[str, Any], *, marks: bool) -> Catalogue:
        """Of the answer to `GET /{index}`; `marks` where values cut off are marked (`MARKED`)."""
        made = cls()
        undecided: set[str] = set()
        for each in indices.values():
            one = _Index.of(each, marks=marks)
            made.leaves |= one.leaves
            made.objects |= one.objects
            made.hidden |= one.hidden
            made.unmarked |= one.unmarked
            for path, kind in one.types.items():
                made.types.setdefault(path, set()).add(kind)
            undecided |= one.leaves - one.columns.keys()
            for path, column in one.columns.items():
                known = made.columns.setdefault(path, column)
                if (known.name, known.shape) != (column.name, column.shape):
                    undecided.add(path)
                elif column.limit is not None and (
                    known.limit is None or known.limit > column.limit
                ):
                    made.columns[path] = column
        for path in undecided | made.objects:
            made.columns.pop(path, None)
        return made

    def never_has(self, path: str, literals: Sequence[str] | None) -> bool:
        """Whether no value at a path can have one of some texts (in lower case), for its type.

        A value of another kind would be refused, or marked as ignored.
        """
        return literals is not None and all(
            strange(kind, literal) for kind in self.types[path] for literal in literals
        )

    def ignored(self) -> dict[str, Any]:
        """The documents of which a value is in no index, as far as they are marked."""
        if self.unmarked:
            return {"exists": {"field": "_ignored"}}
        names = {column.name for column in self.columns.values()}
        return {"terms": {"_ignored": sorted(names | self.leaves)}}


@dataclass(slots=True)
class _Index:
    """The fields of one index."""

    marks: bool
    normalizers: Mapping[str, Shape | None]
    leaves: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    columns: dict[str, Column] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    unmarked: bool = False

    @classmethod
    def of(cls, answer: Mapping[str, Any], *, marks: bool) -> _Index:
        settings = (answer.get("settings") or {}).get("index") or {}
        mapping = answer.get("mappings") or {}
        created = str((settings.get("version") or {}).get("created", "0"))
        marks = marks and created.isdecimal() and int(created) >= MARKED
        made = cls(marks, dict(_lowering(settings.get("analysis") or {})))
        limits = settings.get("mapping") or {}
        made.unmarked = "ignore_dynamic_beyond_limit" in str(limits)
        if not marks and str(limits.get("ignore_malformed", "false")).lower() != "false":
            made.hidden.add("")  # OpenSearch drops objects that stand for values, and tells nothing
        if mapping.get("dynamic", True) not in GROWING or mapping.get("enabled") is False:
            made.hidden.add("")
        made._walk(mapping.get("properties") or {}, "", mapping.get("dynamic", True))
        for section in ("runtime", "derived"):  # they stand before fields of the same name
            for name in mapping.get(section) or {}:
                made.leaves.add(name)
                made.types[name] = "other"
                made.columns.pop(name, None)
        return made

    def _walk(self, properties: Mapping[str, Any], before: str, dynamic: Any) -> None:
        for key, each in properties.items():
            path, kind = f"{before}{key}", each.get("type", "object")
            if kind == "object":
                grows = each.get("dynamic", dynamic)
                self.objects.add(path)
                if each.get("enabled") is False or grows not in GROWING:
                    self.hidden.add(path)
                self._walk(each.get("properties") or {}, f"{path}.", grows)
            elif kind in ("keyword", "boolean") or kind in SCALARS:
                self.leaves.add(path)
                if not self.marks and each.get("ignore_malformed") not in (None, *OFF):
                    self.objects.add(path)
                    self.hidden.add(path)
                self.types[path] = (
                    kind if set(str(each.get("format", "")).split("||")) <= FORMATS else "other"
                )
                if column := self._column(path, each):
                    self.columns[path] = column
            elif kind != "alias":  # no document has a value at one
                self.objects.add(path)
                self.hidden.add(path)

    def _column(self, path: str, each: Mapping[str, Any]) -> Column | None:
        kind = each["type"]
        if kind in ("text", "match_only_text"):
            for name, below in (each.get("fields") or {}).items():
                if below.get("type") == "keyword" and (shape := self._keyword(below)):
                    return Column(path, f"{path}.{name}", shape, self._limit(below))
            return None
        if not _held(each):
            return None
        if kind == "keyword":
            keyword = self._keyword(each)
            return Column(path, path, keyword, self._limit(each)) if keyword else None
        if kind == "boolean":
            return Column(path, path, "boolean")
        return Column(path, path, "integer") if kind in INTEGERS else None

    def _keyword(self, each: Mapping[str, Any]) -> Shape | None:
        normalizer = each.get("normalizer")
        if not _held(each):
            return None
        if normalizer is None:
            return "exact"
        return self.normalizers.get(normalizer)

    def _limit(self, each: Mapping[str, Any]) -> int | None:
        limit = each.get("ignore_above")
        return None if self.marks or limit is None else int(limit)


def strange(kind: str, literal: str) -> bool:
    """Whether no text that a server takes for a value of a type has this one in it."""
    if kind in NUMBERS:
        return not set(literal) <= set("0123456789+-.abcdefxpnity ")
    if kind == "boolean":
        return literal not in "true" and literal not in "false"
    if kind in ("date", "date_nanos"):  # it may end in the name of a time zone
        return not set(literal) <= _IN_TIMES or any(map(_no_zone, re.findall("[a-z]+", literal)))
    return kind == "ip" and not set(literal) <= set("0123456789abcdef:.%/")


_IN_TIMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.,:/_~[] ")


def _no_zone(word: str) -> bool:
    return len(word) > 3 and not any(word in name.lower() for name in _zones())


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _held(each: Mapping[str, Any]) -> bool:
    """Whether values of a field can be counted and searched, and are those of documents."""
    return (
        each.get("index", True) not in OFF
        and each.get("doc_values", True) not in OFF
        and "script" not in each
    )


def _lowering(analysis: Mapping[str, Any]) -> Iterator[tuple[str, Shape | None]]:
    """The normalizers, and how they keep values: in lower case, or in a way that is not known."""
    plain = "lowercase" not in (analysis.get("filter") or {})
    made = analysis.get("normalizer") or {}
    yield "lowercase", "lower" if "lowercase" not in made else None
    filters = analysis.get("char_filter") or {}
    for name, each in made.items():
        before = _several(each.get("char_filter"))
        shape: Shape = "dotted" if before else "lower"
        known = not before or (len(before) == 1 and _dots(filters.get(before[0]) or {}))
        lowers = plain and _several(each.get("filter")) == ["lowercase"]
        yield name, shape if lowers and known else None


def _several(names: Any) -> list[Any]:
    return [names] if isinstance(names, str) else list(names or ())


def _dots(filter: Mapping[str, Any]) -> bool:
    """Whether a filter of letters does no more than write a capital I with a dot as two."""
    asked = _several(filter.get("mappings"))
    if filter.get("type") != "mapping" or len(asked) != 1 or "mappings_path" in filter:
        return False
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), asked[0])
    return [side.strip() for side in text.split("=>")] == ["\u0130", DOTTED]
