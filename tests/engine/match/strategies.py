"""Generated rules and events that are likely to have to do with each other."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

FIELDS = ["Image", "CommandLine", "Details", "ThreatName", "Provider_Name", "a.b", "Initiated"]
KEYS = ["Image", "CommandLine", "Details", "Threat Name", "SourceName", "a.b", "a", "Initiated",
        "Hostname", "Message", "tags", "Event Log"]  # fmt: skip
WORDS = ["mimikatz", "event::clear", "-enc", "C:\\Windows\\a.exe", "\\a.exe", "kelvin", "Straße",
         "ΟΔΟΣ", "a*b", "it's", "<k>", "1", "true", "", "10.0.0.7", "über", "İ", "x/y"]  # fmt: skip

REGEXES = ["a+", "^mimi", "k$", "(enc|dec)", "[Mm]imi.?katz", "\u017f", "\\.exe$", "s{2}",
           "(?:ab)?c"]  # fmt: skip

words = st.sampled_from(WORDS)
texts = st.lists(
    words | st.text("aAkK\u212a\u03c3\u03a3\u03c2*?\\/ 1", max_size=3), max_size=4
).map("".join)
scalars = st.one_of(
    texts, texts.map(str.upper), st.integers(-1, 2), st.sampled_from([1.0, 0.5, 5e3]),
    st.booleans(), st.none(), texts.map(lambda text: base64.b64encode(text.encode()).decode()),
)  # fmt: skip
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(words, scalars, max_size=2)

documents = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)
"""Flat and not so flat events, without what tells their log source."""

plain = texts.filter(lambda text: "*" not in text and "?" not in text and "\\" not in text)


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    """One line of a selection: a field with modifiers, and its values."""
    field = draw(st.sampled_from(FIELDS))
    kind = draw(st.sampled_from(["", "|contains", "|startswith", "|endswith", "|contains|all",
                                 "|cased", "|re", "|re|i", "|exists", "|gt", "|lte", "|fieldref",
                                 "|windash|contains", "|base64offset|contains", "|neq",
                                 "|cidr"]))  # fmt: skip
    value: Any
    match kind:
        case "|re" | "|re|i":
            value = draw(st.sampled_from(REGEXES))
        case "|exists":
            value = draw(st.booleans())
        case "|gt" | "|lte":
            value = draw(st.integers(-1, 2))
        case "|fieldref":
            value = draw(st.sampled_from(FIELDS))
        case "|base64offset|contains":
            value = draw(plain.filter(bool))
        case "|cidr":
            value = "10.0.0.0/8"
        case "" | "|neq":
            value = draw(st.lists(texts | st.integers(-1, 2) | st.none(), min_size=1, max_size=3))
        case _:
            value = draw(st.lists(texts, min_size=1, max_size=3))
    return {f"{field}{kind}": value}


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A Windows rule with one to three selections, maybe one of keywords, and a condition."""
    detection: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 3))):
        lines: dict[str, Any] = {}
        for item in draw(st.lists(items(), min_size=1, max_size=2)):
            lines |= item
        detection[f"s{number}"] = lines
    if draw(st.booleans()):
        found = draw(st.lists(plain.filter(lambda word: len(word) > 1), min_size=1, max_size=3))
        detection[f"s{len(detection)}"] = found
    names = list(detection)
    parts = [draw(st.sampled_from(["", "not "])) + name for name in names]
    joined = draw(st.sampled_from([" and ", " or "])).join(parts)
    detection["condition"] = draw(st.sampled_from([joined, "1 of s*", "all of s*"]))
    logsource = draw(
        st.sampled_from(
            [
                {"product": "windows"},
                {"product": "windows", "category": "process_creation"},
                {"product": "windows", "service": "security"},
                {"product": "windows", "category": "registry_set"},
            ]
        )
    )
    return {"title": "generated", "logsource": logsource, "detection": detection}


envelopes = st.sampled_from(
    [
        {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1},
        {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": True},
        {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": "1"},
        {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 13},
        {"LogName": "Security", "EventCode": 4688},
        {"Channel": "Security", "EventID": 4688.0},
        {"LogName": None, "EventID": 1},
        {"Channel": ["Security", "System"], "EventID": 4688},
        {"Channel": "Linux-Sysmon/Operational", "EventID": 1},
        {},
    ]
)
"""What says which log a Windows event is of; some of it hostile."""
