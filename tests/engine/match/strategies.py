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

ENVELOPES: list[dict[str, Any]] = [
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
"""What says which log a Windows event is of; some of it hostile."""

envelopes = st.sampled_from(ENVELOPES)
