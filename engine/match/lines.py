"""A first look at a line of JSON before it is parsed: can any rule match the event in it?

Most events match nothing. For a flat Windows event the answer hangs on few of its values: those
that the rules of its channel and event id read. They are decoded alone, which also checks that
the line is JSON; what holds of each value is remembered, and the answer for all of them together.
What else in the line could matter is looked for in its bytes (`engine.match.guard`). What cannot
be told in this way is left to `engine.match.screen`, which looks at the parsed document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from engine.layout import Layout
from engine.match.body import Numbers
from engine.match.guard import OTHER
from engine.match.judge import Asking, Judge
from engine.match.lineplan import GET, UNFIT, WHOLE, LinePlan
from engine.match.memory import Budget
from engine.match.pattern import fold
from engine.match.specialise import Known

KINDS_KEPT = 1024
GUESSES_KEPT = 4096
"""Bounds on hostile variety; beyond them everything is forgotten and learnt anew."""

FREE = 256
"""Kinds that get a plan at once."""
AGAIN = 20
"""How often others have come before they get one."""

VARIANTS = 8
"""Plans for one channel and event id, whose fields go by different names."""

EVENT_ID = b'"EventID":'

R = TypeVar("R", bound=Asking)

Route = Callable[[Mapping[str, Any]], Sequence[R]]
"""The rules that a document meets, a function of its routing values."""

_Identity = tuple[str, str | int]


class Lines(Generic[R]):
    """What was learnt of the lines met so far.

    `routing` are the fields of which `route` is a function, `budget` bounds what is remembered.
    """

    def __init__(
        self, routing: Sequence[str], route: Route[R], numbers: Numbers, budget: Budget
    ) -> None:
        self._others = [
            name
            for name in routing
            if name not in ("Channel", "EventID") and not name.startswith("logsource.")
        ]
        self._route, self._numbers, self._budget = route, numbers, budget
        self._guesses: dict[bytes, LinePlan] = {}
        """Plans by the bytes at the event id; a guess is checked."""
        self._kinds: dict[_Identity, _Kind] = {}
        self._met: Counter[_Identity] = Counter()
        self.misses = 0
        """How often the answer for some values was not known."""

    def candidates(self, line: bytes) -> tuple[R, ...] | None:
        """All that may match the one whole event in a line; None when that cannot be told."""
        at = line.find(EVENT_ID)
        if at < 0:
            return None
        plan = self._guesses.get(line[at + 10 : at + 22])
        if plan is None:
            plan = self._learn(line)
            if plan is None:
                return None
            self._guess(line, at, plan)
        try:
            values = plan.decode(line)
        except UNFIT:
            plan = self._other(line, at)
            if plan is None:
                return None
            values = plan.decode(line)
        held = tuple(map(GET, plan.held, values))
        answer = plan.known.get(held)
        if answer is None:
            self.misses += 1
            answer = plan.answer(values, held)
            if answer is None:
                return None
        if answer.more is not None:
            answer = plan.more(answer, line)
            if answer is None:
                return None
        had = answer.finds(line)
        if had == OTHER or not (line.isascii() or _is_utf8(line)):
            return None
        return answer.found + plan.with_keywords if had else answer.found

    def _other(self, line: bytes, at: int) -> LinePlan | None:
        """The plan that a line is of when the guess was wrong."""
        try:
            told = _IDENTITY.decode(line)
        except UNFIT:
            return None
        kind = self._kinds.get((told.Channel, told.EventID))
        plan = _fitting(kind, line) if kind else None
        if plan is None:
            plan = self._learn(line)
        if plan is not None:
            self._guess(line, at, plan)
        return plan

    def _guess(self, line: bytes, at: int, plan: LinePlan) -> None:
        if len(self._guesses) >= GUESSES_KEPT:
            self._guesses.clear()
        self._guesses[line[at + 10 : at + 22]] = plan

    def _learn(self, line: bytes) -> LinePlan | None:
        """The plan for a line, made if there is none; None when there can be none."""
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        if type(document) is not dict or (layout := Layout.of(tuple(document))) is None:
            return None
        identity = _identity(document.get("Channel"), document.get("EventID"))
        if identity is None:
            return None
        if any(layout.place(name) or layout.parents(name) for name in self._others):
            return None  # it is routed by more than its identity
        kind = self._kinds.get(identity)
        if kind is None:
            if not self._worth_it(identity):
                return None
            kind = self._new(identity, document)
        elif plan := _fitting(kind, line):
            return plan
        if len(kind.plans) >= VARIANTS:
            return None
        fixed = {"Channel": kind.channels, "EventID": (kind.number,)}
        plan = LinePlan(kind.judge, kind.rules, fixed, self._others, document, self._budget)
        kind.plans.append(plan)
        return _fitting(kind, line)

    def _worth_it(self, identity: _Identity) -> bool:
        """Whether a kind gets a plan: among very many, only one that comes again and again.

        A plan takes much longer to make than an event to evaluate, and who writes events can
        write any event id.
        """
        if len(self._kinds) < FREE:
            return True
        if len(self._met) >= KINDS_KEPT:
            self._met.clear()
        self._met[identity] += 1
        return self._met[identity] > AGAIN

    def _new(self, identity: _Identity, document: Mapping[str, Any]) -> _Kind:
        if len(self._kinds) >= KINDS_KEPT:
            self._kinds.clear()
            self._guesses.clear()
        channel, number = identity
        rules = self._route(document)
        for twin in {id(kind): kind for kind in self._kinds.values()}.values():
            if twin.is_for(channel, number, rules):
                # `Security` and `security` are one log to all of its rules
                kind = _Kind((*twin.channels, channel), number, twin.judge, rules)
                for spelled in kind.channels:
                    self._kinds[spelled, number] = kind
                return kind
        known: Known = {"Channel": (channel,), "EventID": (number,)}
        judge = Judge(rules, known, self._numbers, self._budget)
        kind = self._kinds[identity] = _Kind((channel,), number, judge, rules)
        return kind


@dataclass(frozen=True, slots=True)
class _Kind:
    """Events of one channel, however spelled, and one event id.

    The rules for them, and the plans to read lines by.
    """

    channels: tuple[str, ...]
    number: str | int
    judge: Judge
    rules: Sequence[Any]
    plans: list[LinePlan] = field(default_factory=list)

    def is_for(self, channel: str, number: str | int, rules: Sequence[Any]) -> bool:
        """Whether it is the same kind: no rule of it looks at how the channel is spelled."""
        same = type(number) is type(self.number) and number == self.number
        if not same or fold(channel) != fold(self.channels[0]) or len(self.channels) >= VARIANTS:
            return False
        return list(rules) == list(self.rules) and all("Channel" not in r.reads for r in rules)


def _fitting(kind: _Kind, line: bytes) -> LinePlan | None:
    """The kind's plan that a line can be read by."""
    for plan in kind.plans:
        try:
            plan.decode(line)
        except UNFIT:
            continue
        return plan
    return None


class _Told(msgspec.Struct):
    """What a line says of its kind."""

    Channel: str
    EventID: int | str


_IDENTITY = msgspec.json.Decoder(_Told)


def _identity(channel: Any, number: Any) -> _Identity | None:
    """What makes a Windows event one, of types that are what they seem."""
    if type(channel) is not str or type(number) not in (str, int):
        return None
    whole = type(number) is int
    return None if whole and not -WHOLE < number < WHOLE else (channel, number)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
