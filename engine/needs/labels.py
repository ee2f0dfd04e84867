"""What an event has that carries a label of a log source, as `engine.kinds` writes them.

A field that is there without a value leaves nothing in an index. So what is told by a field that
is there, whatever it has, is told of any event here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.kinds import ENDPOINT, KINDS, PRESENT, SYSMON_FOR_LINUX, ZEEK, LogSource
from engine.match.pattern import Pattern
from engine.match.predicates import OneField, Text
from engine.needs.need import ALWAYS, Need, One, either, every
from engine.needs.test import Positive, Test

PARTS = {f"logsource.{part}": part for part in ("product", "service", "category")}
"""The fields of labels, and the parts of log sources that they have."""

Tested = Callable[[Positive], Test]
"""The test by a predicate."""


class Labels:
    """What events need to have labels. `tags` are those of their source, `tested` makes tests."""

    def __init__(self, tags: LogSource | None, tested: Tested) -> None:
        self._tested = tested
        self._sources = list(_sources(tags, tested))

    def need(self, field: str, predicate: OneField) -> Need:
        """What an event needs so that one of its labels in a field passes a predicate.

        It may carry the label itself.
        """
        part = PARTS[field]
        found: list[Need] = [One(field, self._tested(predicate))]
        for source, need in self._sources:
            name = getattr(source, part)
            if name and predicate.accepts(name):
                found.append(need)
        return either(found)


def _sources(tags: LogSource | None, tested: Tested) -> Iterator[tuple[LogSource, Need]]:
    """All log sources that events get, each with what they need for that."""
    if tags:
        yield tags, ALWAYS
    yield LogSource("windows"), ALWAYS
    linux = One("Channel", tested(_text("", "linux", "")))
    yield LogSource("linux", "sysmon"), linux
    for id, category in SYSMON_FOR_LINUX.items():
        yield LogSource(category=category), every((linux, One("EventID", tested(_text(id)))))
    for kind in KINDS:
        yield kind.source, every(_shaped(*each, tested) for each in kind.shape.items())
    for category in ("webserver", "proxy"):
        yield LogSource(category=category), ALWAYS
    for log in ZEEK:
        names = (("@stream", log), ("_path", log), ("event.dataset", log))
        spelled = [(field, f"{before}{text}") for field, text in names for before in ("", "zeek.")]
        need = either(One(field, tested(_text(text))) for field, text in spelled)
        yield LogSource("zeek", log), need
        if log in ("http", "dns"):
            yield LogSource(category="proxy" if log == "http" else log), need
    for (category, _), name in ENDPOINT.items():
        yield LogSource(category=name), One("event.category", tested(_text(category)))


def _shaped(field: str, wanted: str | tuple[str, ...], tested: Tested) -> Need:
    """What a field of a kind's shape needs."""
    if wanted == PRESENT:
        return ALWAYS
    options = (wanted,) if isinstance(wanted, str) else wanted
    texts = [_text("", text[1:]) if text[:1] == "*" else _text(text) for text in options]
    return either(One(field, tested(text)) for text in texts)


def _text(*segments: str) -> Text:
    return Text(Pattern(segments))
