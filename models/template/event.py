"""The template of a structured event: some fields say what kind of event it is.

    event_key({"winlog.channel": "Security", "event.code": 4624, "user.name": "amy"})
    "event.code=4624 winlog.channel=Security"

An event of which no fields say that has the template of its message, and one without a message the
log that it is of. `EventTemplates` gives all of them numbers out of one series.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import index
from typing import Any, Self, TypeAlias

from models.base import UNKNOWN, State
from models.errors import ModelError, StoreError
from models.template.mask import DATE, Dates, masked
from models.template.templates import Templates
from models.template.vocabulary import Vocabulary

Choice: TypeAlias = Sequence[str]

CHOICES: tuple[Choice, ...] = (
    # Sigma's names first: where an event has them beside ECS, both shapes are one kind.
    ("Channel", "EventID"),
    ("winlog.channel", "event.code"),
    ("winlog.channel", "winlog.event_id"),
    ("winlog.provider_name", "event.code"),
    ("SourceName", "EventID"),
    ("eventSource", "eventName"),
    ("event.dataset", "event.action"),
    ("event.module", "event.action"),
    ("event.provider", "event.action"),
    ("event.dataset", "event.code"),
    ("rule.id",),
    ("alert.signature_id",),
    ("AnalysisComponent.AnalysisComponentIdentifier",),
    ("operationName", "category"),
    ("event.action",),
    ("@stream",),
    ("_path",),
)
"""Fields that together say what kind of event it is: Windows, CloudTrail, ECS, alerts of Wazuh,
Suricata and AMiner, Azure, Zeek. The first choice of which an event has every field counts."""

FALLBACKS: tuple[Choice, ...] = (
    ("logsource.product", "logsource.service"),
    ("logsource.product", "logsource.category"),
    ("logsource.service",),
    ("logsource.category",),
)
"""What is left for an event with neither such fields nor a message: what log it is of."""

MESSAGES = ("message", "Message", "event.original", "log")
"""Fields with a message in words, the first that is there."""

LONGEST = 128
"""Characters of a value that are looked at."""
MOST_KEYS = 1 << 14
"""Combinations of values whose texts are remembered."""


def event_key(event: Mapping[str, Any], choices: Sequence[Choice] = CHOICES) -> str | None:
    """The kind of an event with flat fields, as `field=value` in the order of names.

    None if no choice has all its fields in it. Values are cut to 128 characters, white space in
    them to one space; of a list the first entry counts. Values that are whole numbers are kept,
    numbers inside of text become `<*>`.
    """
    for choice in choices:
        raw = _raw(event, choice)
        if raw is not None and (key := _text(choice, raw)) is not None:
            return key
    return None


def message(event: Mapping[str, Any], fields: Sequence[str] = MESSAGES) -> str | None:
    """The event's message, None if it has none."""
    for field in fields:
        text = event.get(field)
        if isinstance(text, str) and text:
            return text
    return None


def _raw(event: Mapping[str, Any], choice: Choice) -> tuple[Any, ...] | None:
    """The values of the choice's fields, None if the event lacks one."""
    if not choice or choice[0] not in event:
        return None
    raw = tuple(map(event.get, choice))
    return None if None in raw else raw


def _text(choice: Choice, raw: tuple[Any, ...], dates: Dates = DATE) -> str | None:
    values = [_value(each, dates) for each in raw]
    if None in values:
        return None
    return " ".join(sorted(f"{field}={value}" for field, value in zip(choice, values, strict=True)))


def _value(value: Any, dates: Dates) -> str | None:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if isinstance(value, bool | int):
        return str(value)[:LONGEST]
    if not isinstance(value, str):
        return None
    text = " ".join(value[: 4 * LONGEST].split())[:LONGEST]
    # A code written as text is one all the same; a number in a name is not what it says.
    return text if text.isalnum() else masked(text, dates) or None


class EventTemplates:
    """Numbers for events by their keys, or else the templates of their messages.

    An event without either has the number of the text `(no template)`. Learned and matched as
    `Templates` are.
    """

    NONE = "(no template)"

    def __init__(self, choices: Sequence[Choice] = CHOICES, most: int = 50_000) -> None:
        self._choices = tuple(tuple(choice) for choice in choices)
        self._numbers = Vocabulary(most)
        self._messages = Templates(most=most)
        self._of_message: list[int] = [UNKNOWN]
        self._keys: dict[Hashable, str | None] = {}
        self._forgotten: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self._numbers)

    def learn(self, event: Mapping[str, Any]) -> int:
        """The number of the event's template; 0 if there is room for no more."""
        key, text = self._said(event)
        if text is None:
            return self._numbers.learn(key)
        return self._number(self._messages.learn(text))

    def learn_all(self, events: Iterable[Mapping[str, Any]]) -> list[int]:
        """`learn` for each."""
        return [self.learn(event) for event in events]

    def match(self, event: Mapping[str, Any]) -> int:
        """The number of the event's template; 0 if it was never learned."""
        key, text = self._said(event)
        number = (
            self._numbers.match(key)
            if text is None
            else self._of_message[self._messages.match(text)]
        )
        return UNKNOWN if number in self._forgotten else number

    def forget(self, numbers: Iterable[int]) -> None:
        """Match the events of these templates as if they had never been learned."""
        self._forgotten |= {*numbers}

    @property
    def forgotten(self) -> frozenset[int]:
        """The templates that are matched no more."""
        return self._forgotten

    def match_all(self, events: Iterable[Mapping[str, Any]]) -> list[int]:
        """`match` for each."""
        return [self.match(event) for event in events]

    @property
    def usual(self) -> bool:
        """Whether its choices are `CHOICES`: then `event_key` says what kind an event is."""
        return self._choices == tuple(map(tuple, CHOICES))

    def text(self, number: int) -> str:
        """The key, or the template of the message as it is now; "" for 0."""
        text = self._numbers.text(number)
        return self._messages.text(int(text[1:])) if _of_message(text) else text

    def texts(self) -> list[str]:
        """Every template, that of number 1 first."""
        return [self.text(number) for number in range(1, len(self) + 1)]

    def describe(self, event: Mapping[str, Any]) -> str:
        """What is said of an event that was never learned: its key, or the start of its message."""
        key, text = self._said(event)
        return key if text is None else " ".join(text[: 4 * LONGEST].split())[:LONGEST]

    def state(self) -> State:
        """All that `restore` needs."""
        messages = self._messages.state()
        facts: dict[str, Any] = {
            "numbers": self._numbers.texts(),
            "messages": {"parameters": dict(messages.parameters), "facts": dict(messages.facts)},
        }
        if self._forgotten:
            facts["forgotten"] = sorted(self._forgotten)
        parameters = {
            "choices": [list(choice) for choice in self._choices],
            "most": self._numbers.state().parameters["most"],
        }
        return State(parameters, facts, messages.arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """What `state` was taken of; `StoreError` if it does not hold together."""
        try:
            made = cls(**state.parameters)
            kept = state.facts["messages"]
            most = {"most": state.parameters["most"]}
            texts = {"texts": state.facts["numbers"]}
            made._numbers = Vocabulary.restore(State(most, texts))
            made._messages = Templates.restore(
                replace(state, parameters=kept["parameters"], facts=kept["facts"])
            )
            for number in range(1, len(made._messages) + 1):
                made._of_message.append(made._numbers.match(f"#{number}"))
            made.texts()
            made.forget(map(index, state.facts.get("forgotten", ())))
        except StoreError:
            raise
        except (ModelError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"the templates do not hold together: {error!r}") from error
        return made

    def _key(self, event: Mapping[str, Any]) -> str | None:
        """`event_key`, with the texts for values that were seen before remembered."""
        for choice in self._choices:
            raw = _raw(event, choice)
            if raw is not None and (key := self._known(choice, raw)) is not None:
                return key
        return None

    def _known(self, choice: tuple[str, ...], raw: tuple[Any, ...]) -> str | None:
        # With their types: 1, True and 1.0 are equal, and not the same text.
        at = (choice, raw, *map(type, raw))
        try:
            return self._keys[at]
        except KeyError:
            if len(self._keys) >= MOST_KEYS:
                self._keys.clear()
        except TypeError:  # a list is among them, and cannot be looked up
            return _text(choice, raw, self._messages.dates)
        key = _text(choice, raw, self._messages.dates)
        if sum(len(value) for value in raw if isinstance(value, str)) <= 4 * LONGEST:
            self._keys[at] = key
        return key

    def _said(self, event: Mapping[str, Any]) -> tuple[str, str | None]:
        """The event's key, and its message where that counts instead."""
        key = self._key(event)
        if key is not None:
            return key, None
        text = message(event)
        return ("", text) if text else (event_key(event, FALLBACKS) or self.NONE, None)

    def _number(self, template: int) -> int:
        """The number of a message's template: the vocabulary knows it as `#` and its own number."""
        while len(self._of_message) <= template:
            self._of_message.append(self._numbers.learn(f"#{len(self._of_message)}"))
        return self._of_message[template]


def _of_message(text: str) -> bool:
    """Whether a text of the vocabulary stands for a message's template. A key has a `=` in it."""
    return text.startswith("#") and text[1:].isdecimal()
