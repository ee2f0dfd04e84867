"""Rules, filters, pipelines and events that are likely to have to do with each other."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from tests.engine.match.choices import Choices
from tests.engine.match.strategies import ENVELOPES, FIELDS, KEYS, REGEXES, WORDS

LOGSOURCES = [
    {"product": "windows", "category": "process_creation"},
    {"product": "windows"},
    {"product": "windows", "service": "security"},
    {"product": "windows", "category": "registry_set"},
    {"category": "process_creation"},
    {"product": "linux", "definition": "of people, for people"},
]
LETTERS = "aAkK\u212a\u03c3\u03a3\u03c2*?\\/ 1-\u2013"
TIMES = ["2026-11-23T02:30:59Z", "2026-11-23 12:30:00", 1588204800, "1588204800.25", "nonsense"]
ADDRESSES = ["10.0.0.7", "10.0.0.7%eth0", "::ffff:10.0.0.7", "fe80::1", "2001:db8::7", "x"]
NUMBERS: list[Any] = [1, 0, -1, 2, 1.0, 0.5, 5e3, 2**53 + 1, "1", "01", "1.0", "0x1"]
ENCODED = [
    base64.b64encode(text.encode(code)).decode()
    for text in ("mimikatz", "xmimikatz", "xxmimikatz")
    for code in ("utf-8", "utf-16-le", "utf-16-be")
]
PLAIN = ["mimikatz", "event::clear", "-enc", "kelvin", "Straße", "it's", "10.0.0.7", "über", "x/y"]


@dataclass(frozen=True)
class Scenario:
    """What one example is about. `events` are documents, `spelled` which of them are escaped."""

    rules: list[dict[str, Any]]
    filters: list[dict[str, Any]]
    pipelines: list[dict[str, Any]]
    events: list[dict[str, Any]]
    spelled: list[bool]

    @classmethod
    def of(cls, data: bytes) -> Scenario:
        c = Choices(data)
        rules = c.several(1, 3, lambda: rule(c))
        filters = c.several(1, 2, lambda: sigma_filter(c)) if c.seldom(3) else []
        pipelines = c.several(1, 2, lambda: pipeline(c)) if c.seldom(2) else []
        events = c.several(1, 5, lambda: event(c))
        return cls(rules, filters, pipelines, events, [c.seldom(2) for _ in events])


def text(c: Choices) -> str:
    parts = c.several(0, 3, lambda: c.of(WORDS) if not c.seldom(3) else c.of(LETTERS))
    return "".join(parts)


def literal(c: Choices) -> str:
    """A text that has something of a value, and wildcards at most at its ends."""
    return c.of(["", "*", "?"]) + c.of(PLAIN) + c.of(["", "*", ".exe"])


def item(c: Choices) -> dict[str, Any]:
    """One line of a selection: a field with modifiers, and its values."""
    kind, value = c.of(KINDS)
    field = c.of(FIELDS)
    return {f"{field}{kind}": value(c)}


def texts(c: Choices) -> Any:
    found = c.several(1, 3, lambda: text(c) if c.seldom(2) else literal(c))
    return found if len(found) > 1 else found[0]


def plain(c: Choices) -> Any:
    return c.several(1, 2, lambda: c.of(PLAIN))


def mixed(c: Choices) -> Any:
    return c.several(1, 3, lambda: c.of([text(c), literal(c), c.of(NUMBERS), None, True, False]))


def number(c: Choices) -> Any:
    return c.of([1, 0, -1, 2, 0.5])


KINDS: list[tuple[str, Any]] = [
    ("", mixed), ("|contains", texts), ("|startswith", texts), ("|endswith", texts),
    ("|contains|all", plain), ("|all", texts), ("|cased", texts), ("|contains|cased", texts),
    ("|startswith|cased", texts), ("|neq", mixed), ("|contains|neq", plain),
    ("|re", lambda c: c.of(REGEXES)), ("|re|i", lambda c: c.of(REGEXES)),
    ("|re|m|s", lambda c: c.of(REGEXES)),
    ("|re|ignorecase|multiline|dotall", lambda c: c.of(REGEXES)),
    ("|exists", lambda c: c.of([True, False])),
    ("|gt", number), ("|gte", number), ("|lt", number), ("|lte", number),
    ("|fieldref", lambda c: c.of(FIELDS)), ("|fieldref|startswith", lambda c: c.of(FIELDS)),
    ("|fieldref|endswith", lambda c: c.of(FIELDS)), ("|fieldref|contains", lambda c: c.of(FIELDS)),
    ("|windash|contains", plain), ("|windash", texts), ("|windash|contains|all", plain),
    ("|base64|contains", plain), ("|base64offset|contains", plain),
    ("|wide|base64offset|contains", plain), ("|utf16be|base64offset|contains", plain),
    ("|wide|contains", plain),
    ("|cidr", lambda c: c.of(["10.0.0.0/8", "fe80::/10", "2001:db8::/32", "::ffff:0:0/96"])),
    ("|minute", lambda c: 30), ("|hour", lambda c: c.of([2, 12])), ("|day", lambda c: 23),
    ("|week", lambda c: 48), ("|month", lambda c: 11), ("|year", lambda c: c.of([2026, 2020])),
    ("|expand", lambda c: c.of(["%names%", "x%names%", "%unknown%"])),
    ("|contains|expand", lambda c: c.of(["%names%", "-%names%"])),
    ("|re|expand", lambda c: "^%names%"),
]  # fmt: skip


def selection(c: Choices) -> Any:
    kind = c.below(8)
    if kind < 5:
        return {
            key: value for part in c.several(1, 3, lambda: item(c)) for key, value in part.items()
        }
    if kind == 5:
        return c.several(1, 3, lambda: item(c))
    if kind == 6:
        return c.several(1, 3, lambda: c.of([literal(c), c.of(PLAIN), c.of(NUMBERS)]))
    return {c.of(["|all", "|re", "|cased", "|contains|all"]): plain(c)}


def condition(c: Choices, names: list[str], levels: int = 3) -> str:
    kind = c.below(10) if levels else 0
    if kind < 3:
        return c.of(names)
    if kind == 3:
        return f"not {condition(c, names, levels - 1)}"
    if kind < 6:
        return f"({condition(c, names, levels - 1)} and {condition(c, names, levels - 1)})"
    if kind < 8:
        return f"({condition(c, names, levels - 1)} or {condition(c, names, levels - 1)})"
    of = c.of(["1 of s*", "all of s*", "1 of them", "all of them", "1 of s1*", "not 1 of s*"])
    return f"({of})" if levels < 3 else of


def rule(c: Choices) -> dict[str, Any]:
    detection: dict[str, Any] = {
        f"s{n}": body for n, body in enumerate(c.several(1, 3, lambda: selection(c)))
    }
    made = c.several(1, 2, lambda: condition(c, list(detection)))
    detection["condition"] = made[0] if len(made) == 1 else made
    return {"title": "generated", "logsource": c.of(LOGSOURCES), "detection": detection}


def sigma_filter(c: Choices) -> dict[str, Any]:
    return {
        "title": "a filter",
        "logsource": c.of(LOGSOURCES),
        "filter": {
            "rules": "any",
            "selection": selection(c),
            "condition": c.of(["not selection", "selection", "not 1 of sel*"]),
        },
    }


def pipeline(c: Choices) -> dict[str, Any]:
    made = c.several(1, 3, lambda: {**transformation(c), **circumstances(c)})
    return {"name": "of the user", "priority": 10, "transformations": made}


def transformation(c: Choices) -> dict[str, Any]:
    mine, theirs = c.of(FIELDS), c.of(FIELDS)
    return c.of(
        [
            {"type": "field_name_mapping", "mapping": {mine: theirs}},
            {"type": "field_name_mapping", "mapping": {mine: [theirs, "Details"], theirs: "a.b"}},
            {"type": "field_name_prefix_mapping", "mapping": {"Command": "Image.", "I": ["X", ""]}},
            {"type": "field_name_prefix", "prefix": c.of(["a.", "", "x"])},
            {"type": "field_name_suffix", "suffix": c.of(["", ".b"])},
            {"type": "drop_detection_item"},
            {
                "type": "add_condition",
                "conditions": {mine: c.of(["*kelvin*", 1, None, ["a", "b"]])},
            },
            {"type": "add_condition", "conditions": {mine: 1}, "negated": True},
            {"type": "change_logsource", "product": "windows", "category": "process_creation"},
            {"type": "replace_string", "regex": "mimi", "replacement": "kiwi"},
            {"type": "map_string", "mapping": {"kelvin": ["mimikatz", "k*"]}},
            {"type": "case", "method": c.of(["upper", "lower"])},
            {"type": "convert_type", "target_type": c.of(["str", "num"])},
            {"type": "set_value", "value": c.of(["mimikatz", 1, None])},
            {"type": "wildcard_placeholders"},
            {"type": "value_placeholders", "include": ["names"]},
            {
                "type": "regex",
                "method": c.of(["plain", "ignore_case_brackets"]),
            },
            {"type": "hashes_fields", "valid_hash_algos": ["MD5"], "field_prefix": ""},
        ]
    )


def circumstances(c: Choices) -> dict[str, Any]:
    """What a transformation depends on, if anything."""
    return c.of(
        [
            {},
            {},
            {"rule_conditions": [{"type": "logsource", "product": "windows"}]},
            {"rule_conditions": [{"type": "logsource", "category": "process_creation"}],
             "rule_cond_not": True},
            {"rule_conditions": [{"type": "contains_field", "field": "Image"}]},
            {"field_name_conditions": [{"type": "include_fields", "fields": ["Image", "Details"]}]},
            {"field_name_conditions": [{"type": "exclude_fields", "fields": ["Image"]}]},
            {"detection_item_conditions": [
                {"type": "match_string", "cond": "any", "pattern": "mimi"}]},
            {"detection_item_conditions": [{"type": "contains_wildcard", "cond": "any"}]},
        ]
    )  # fmt: skip


def scalar(c: Choices) -> Any:
    kind = c.below(9)
    if kind < 3:
        return c.of(["", "x ", "C:\\"]) + c.of(PLAIN) + c.of(["", ".exe", " -enc /c", "\nline"])
    if kind == 3:
        return text(c).upper() if c.seldom(2) else text(c)
    return c.of(
        [c.of(NUMBERS), c.of(TIMES), c.of(ADDRESSES), c.of(ENCODED), c.of([None, True, False])]
    )


def value(c: Choices) -> Any:
    kind = c.below(8)
    if kind < 5:
        return scalar(c)
    if kind == 5:
        return c.several(0, 3, lambda: scalar(c))
    if kind == 6:
        return {c.of(["b", "Image", "x"]): scalar(c)}
    return c.several(1, 2, lambda: {c.of(["b", "x"]): scalar(c)})


def event(c: Choices) -> dict[str, Any]:
    """An event in one of the shapes that shippers give it."""
    fields = dict(c.several(0, 5, lambda: (c.of(KEYS), value(c))))
    shape = c.below(6)
    if shape == 0:
        data = {"EventData": fields} if c.seldom(2) else {"EventData": {"Data": fields}}
        system = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
        return {"Event": {"System": system, **data}}
    if shape == 1:
        named = {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": c.of([1, "1", 13])}
        return {"winlog": {**named, "event_data": fields}, "host": {"os": {"type": "windows"}}}
    if shape == 2:
        ecs = {"process": {"command_line": scalar(c), "executable": scalar(c)},
               "event": {"category": c.of(["process", ["process"]]), "type": "start"}}  # fmt: skip
        return {**ecs, "host": {"os": {"type": c.of(["windows", "linux"])}}, **fields}
    if shape == 3:
        labels = {"logsource": {"product": "windows", "category": "process_creation"}}
        return {**labels, **fields}
    return {**c.of(ENVELOPES), **fields}
