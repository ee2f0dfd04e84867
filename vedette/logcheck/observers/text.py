"""Text: what nothing has parsed, and what was read in a wrong encoding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from engine.event import Event
from vedette.logcheck.finding import Examples, Finding, graded, percent
from vedette.logcheck.registry import Given, check

TEMPLATES = 20_000
"""Templates that are remembered; a finding says when there are more."""

_VARIABLE = re.compile(
    r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,}\b|\b(?:\d{1,3}\.){3}\d{1,3}\b|\d+|\"[^\"]{0,200}\"|'[^']{0,200}'"
)
WORDS = 4
"""A text of so many words that stands for a whole event is free text."""


def template_of(text: str) -> str:
    """A text with what varies (numbers, addresses, hashes, quoted parts) taken out."""
    return _VARIABLE.sub("*", text[:500])


@check("free-text", 22)
class FreeText:
    """Are events fields, or one text that nothing has parsed?"""

    def __init__(self, given: Given) -> None:  # noqa: ARG002 # as all observers
        self.total = self.texts = self.beyond = 0
        self.templates: Counter[str] = Counter()
        self.examples = Examples()

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        message = event.record.document.get("message")
        if not isinstance(message, str):
            return
        own = [n for n in event.fields if not n.startswith(("@", "logsource.", "host", "agent"))]
        alone = len(event.record.document) == 1  # a line of a plain file
        if not alone and (len(own) > 2 or len(message.split()) < WORDS):
            return
        self.texts += 1
        self.examples.add(message)
        template = template_of(message)
        if template in self.templates or len(self.templates) < TEMPLATES:
            self.templates[template] += 1
        else:
            self.beyond += 1

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        if not self.texts:
            yield Finding("ok", "events are fields, not free text")
            return
        single = sum(1 for count in self.templates.values() if count == 1) + self.beyond
        many = f"over {TEMPLATES:,}" if self.beyond else f"{len(self.templates):,}"
        told = (
            f"{self.texts:,} events ({percent(self.texts, self.total)}) are one unparsed text, "
            f"of {many} templates; {percent(single, self.texts)} fit none but their own"
        )
        yield Finding(
            graded(self.texts / self.total, 0.01, 0.5), told,
            "parse it into fields: rules that name a field cannot match it",
            {"texts": self.texts, "of": self.total, "templates": len(self.templates),
             "single": single},
            self.examples.all,
        )  # fmt: skip


_MOJIBAKE = re.compile("Ã[\x80-\xbf¡-¿]|â€[\x80-\xbf™œ“”\x9d]|Â[\xa0-\xbf]|ï»¿")
_LOST = re.compile("\ufffd")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


AROUND = 40
"""Characters that an example shows before and after what is wrong."""


@check("encoding", 24)
class Encoding:
    """Is the text whole, or was it read in a wrong encoding on the way?"""

    def __init__(self, given: Given) -> None:  # noqa: ARG002 # as all observers
        self.total = self.lost = self.mistaken = self.control = 0
        self.examples = Examples()

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        lost = mistaken = control = False
        for value in event.fields.values():
            if not isinstance(value, str) or (value.isascii() and value.isprintable()):
                continue
            found = None
            for sign in (_LOST, _MOJIBAKE, _CONTROL):
                match = sign.search(value)
                found = found or match
                lost = lost or (sign is _LOST and match is not None)
                mistaken = mistaken or (sign is _MOJIBAKE and match is not None)
                control = control or (sign is _CONTROL and match is not None)
            if found:
                self.examples.add(value[max(0, found.start() - AROUND) : found.end() + AROUND])
        self.lost += lost
        self.mistaken += mistaken
        self.control += control

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        bad = max(self.lost, self.mistaken)
        numbers = {"lost": self.lost, "mistaken": self.mistaken, "control": self.control}
        if bad:
            told = (
                f"{self.lost:,} events have characters that were lost (U+FFFD), "
                f"{self.mistaken:,} look read in a wrong encoding"
            )
            yield Finding(
                graded(bad / self.total, 0.001, 0.2), told,
                "have the shipper read the file in its own encoding", numbers, self.examples.all,
            )  # fmt: skip
        if self.control:
            told = f"{self.control:,} events have control characters in their text"
            yield Finding("note", told, "they are shown as escapes", numbers, self.examples.all)
        if not bad and not self.control:
            yield Finding("ok", "no sign of a wrong encoding")
