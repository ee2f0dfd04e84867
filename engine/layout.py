"""Where the values of Sigma fields stand in events of one shape, without normalising each.

Events of one kind share their keys. For a flat Windows event, every Sigma name is one of its own
keys, or an alias of one; which is a function of the keys alone. A layout holds that function, so
that the values a rule asks for can be fetched from the document as it came.

`engine.normalise` says what is right: for every field that a layout places, both must give the
same values, and what a layout cannot place soundly has none.
"""

from __future__ import annotations

from engine.normalise import ALIASES

NESTED = frozenset(
    {"Event", "winlog", "event_data", "user_data", "MapDescription", "ecs", "event", "agent"}
)
"""Keys under or beside which `normalise` looks further: events with one of them have no layout."""


class Layout:
    """A flat Windows event's keys, and where each Sigma field is among them."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = frozenset(keys)
        self._aliases = {
            name: next(other for other in others if other in self._keys)
            for name, others in ALIASES.items()
            if name not in self._keys and not self._keys.isdisjoint(others)
        }
        self._spaced: dict[str, str] = {}
        for key in keys:
            if " " in key:
                self._spaced.setdefault(key.replace(" ", ""), key)

    @classmethod
    def of(cls, keys: tuple[str, ...]) -> Layout | None:
        """The layout of documents with these keys, or None when they must be normalised."""
        names = frozenset(keys)
        if names & NESTED or any(key.startswith(OTHER_WAYS) for key in keys):
            return None
        layout = cls(keys)
        if not (layout.place("Channel") and layout.place("EventID")):
            return None
        return layout

    def place(self, field: str) -> str | None:
        """The key that holds a field's value; None when the event has no such field."""
        if field in self._keys:
            return field
        if field in self._aliases:
            return self._aliases[field]
        return self._spaced.get(field)

    def parents(self, field: str) -> list[str]:
        """Keys that would have to hold an object for the field to be found inside it."""
        dots = [at for at, char in enumerate(field) if char == "."]
        return [field[:at] for at in dots if field[:at] in self._keys]


OTHER_WAYS = ("logsource", "ecs.", "event.", "agent.", "winlog.", "event_data.", "user_data.",
               "host.os.")  # fmt: skip
"""Dotted keys that `normalise` treats like the nested ones."""
