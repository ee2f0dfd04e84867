"""A first look at a line of JSON before it is parsed: can any rule match the event in it?

Most events match nothing. For a Windows event, flat or as Winlogbeat has it, the answer hangs on
few of its values: those that the rules of its channel and event id read. They are decoded alone,
which also checks that the line is JSON; what holds of each value is remembered, and the answer for
all of them together. What else in the line could matter is looked for in its bytes
(`engine.match.guard`). What cannot be told in this way is left to `engine.match.screen`, which
looks at the parsed document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from engine.layout import Layout
from engine.match.decoder import UNFIT, WHOLE
from engine.match.demands import Fixed, Path, flat
from engine.match.guard import OTHER
from engine.match.judge import Asking, Judge
from engine.match.lineplan import GET, LinePlan
from engine.match.memory import Budget
from engine.match.nesteddemands import nested
from engine.match.numbers import Numbers
from engine.match.pattern import fold
from engine.match.reading import Reading, chooser
from engine.match.specialise import Known
from engine.nesting import Nesting

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
NESTED_ID, NESTED_CHANNEL = b'event_id":', b'channel":'
"""In the line of an event as Winlogbeat has it, spelled with dots or not."""

REFUSALS = 100
"""Lines of a kind that are parsed in vain, before but one in so many is."""

R = TypeVar("R", bound=Asking)

Route = Callable[[Mapping[str, Any]], Sequence[R]]
"""The rules that a document meets, a function of its routing values."""

_Identity = tuple[str, str | int]


class Lines(Generic[R]):
    """What was learnt of the lines met so far.

    `routing` are the fields of which `route` is a function, `budget` bounds what is remembered;
    `native` says to read by the native reader where a plan can.
    """

    def __init__(
        self,
        routing: Sequence[str],
        route: Route[R],
        numbers: Numbers,
        budget: Budget,
        *,
        native: bool,
    ) -> None:
        self._others = [
            name
            for name in routing
            if name not in ("Channel", "EventID") and not name.startswith("logsource.")
        ]
        self._route, self._numbers, self._budget = route, numbers, budget
        self._native = native
        self._guesses: dict[bytes, LinePlan] = {}
        """Plans by the bytes at the event id; a guess is checked."""
        self._readers: dict[bytes, Any] = {}
        self._chooser = chooser(self._readers) if native else None
        self.known: Callable[[bytes], tuple[R, ...] | None] | None = (
            self._chooser.candidates if self._chooser else None
        )
        """Says the same as `candidates`, or None where it must be asked."""
        self._kinds: dict[_Identity, _Kind] = {}
        self._met: Counter[_Identity] = Counter()
        self._refused: Counter[bytes] = Counter()
        self._last_nested = False
        self._missed = _Tally()

    @property
    def misses(self) -> int:
        """How often the answer for some values was not known."""
        return self._missed.count

    def candidates(self, line: bytes) -> tuple[R, ...] | None:
        """All that may match the one whole event in a line; None when that cannot be told."""
        at_once = self.known(line) if self.known is not None else None
        return self.anew(line) if at_once is None else at_once

    def anew(self, line: bytes) -> tuple[R, ...] | None:
        """As `candidates`, of a line of which `known` does not know."""
        hint = self._hint(line)
        plan = self._guesses.get(hint)
        if plan is None:
            plan = self._met_anew(line, hint)
            if plan is None:
                return None
        if plan.reading is not None:
            told = self._read(plan, plan.reading, line)
            if told is not None:
                return told
        try:
            values = plan.decode(line)
        except UNFIT:
            plan = self._other(line, hint)
            if plan is None:
                return None
            if plan.reading is not None:
                told = self._read(plan, plan.reading, line)
                if told is not None:
                    return told
            values = plan.decode(line)
        held = tuple(map(GET, plan.held, values))
        answer = plan.known.get(held)
        if answer is None:
            self._missed()
            answer = plan.answer(values, held)
            if answer is None:
                return None
        if answer.more is not None:
            answer = plan.more(answer, line)
            if answer is None:
                return None
        had = plan.finds(answer, line)
        if had == OTHER or not (line.isascii() or _is_utf8(line)):
            return None
        return answer.found + plan.with_keywords if had else answer.found

    def _read(self, plan: LinePlan, reading: Reading, line: bytes) -> tuple[R, ...] | None:
        """All that may match, by the native reader; None when that tells nothing."""
        found = reading.learn(line, reading.read(line))
        if found is None:
            return None
        candidates: tuple[R, ...] = found.found
        had = plan.words is not None and plan.words(line)
        return candidates + plan.with_keywords if had else candidates

    def _hint(self, line: bytes) -> bytes:
        """The bytes by which a plan is guessed, those of a flat event or others; or none."""
        # most lines are like the one before; to look for what is not there takes long
        if self._last_nested and (hint := _nested_hint(line)):
            return hint
        at = line.find(EVENT_ID)
        self._last_nested = at < 0
        return line[at + 10 : at + 22] if at >= 0 else _nested_hint(line)

    def _met_anew(self, line: bytes, hint: bytes) -> LinePlan | None:
        """The plan for a line of which nothing is known; None when there can be none."""
        if not hint:
            return None
        if len(self._refused) >= GUESSES_KEPT:
            self._refused.clear()
        refused = self._refused[hint]
        plan = self._learn(line) if refused < REFUSALS or not refused % REFUSALS else None
        if plan is None:
            self._refused[hint] += 1
        else:
            self._guess(hint, plan)
        return plan

    def _other(self, line: bytes, hint: bytes) -> LinePlan | None:
        """The plan that a line is of when the guess was wrong."""
        told = _told(line)
        if told is None:
            return None
        kind = self._kinds.get(told)
        plan = _fitting(kind, line) if kind else None
        if plan is None and (kind is None or len(kind.plans) < VARIANTS):
            plan = self._learn(line)
        if plan is not None:
            self._guess(hint, plan)
        return plan

    def _guess(self, hint: bytes, plan: LinePlan) -> None:
        if len(self._guesses) >= GUESSES_KEPT:
            self._forget_guesses()
        self._guesses[hint] = plan
        if plan.reading is not None:
            self._readers[hint] = plan.reading.reader
        else:
            self._readers.pop(hint, None)
        if self._chooser is not None:
            self._chooser.forget()

    def _forget_guesses(self) -> None:
        self._guesses.clear()
        self._readers.clear()
        if self._chooser is not None:
            self._chooser.forget()

    def _learn(self, line: bytes) -> LinePlan | None:
        """The plan for a line, made if there is none; None when there can be none."""
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        if type(document) is not dict:
            return None
        layout, nesting = Layout.of(tuple(document)), None
        if layout is not None:
            if any(layout.place(name) or layout.parents(name) for name in self._others):
                return None  # it is routed by more than its identity
            identity = _identity(document.get("Channel"), document.get("EventID"))
        else:
            nesting = Nesting.of(document)
            identity = _identity(nesting.channel, nesting.number) if nesting else None
        if identity is None:
            return None
        kind = self._kinds.get(identity)
        if kind is None:
            if not self._worth_it(identity):
                return None
            kind = self._new(identity, document)
        elif plan := _fitting(kind, line):
            return plan
        if len(kind.plans) >= VARIANTS:
            return None
        plan = self._planned(kind, document, nesting)
        if plan is not None:
            kind.plans.append(plan)
        return _fitting(kind, line)

    def _planned(
        self, kind: _Kind, document: Mapping[str, Any], nesting: Nesting | None
    ) -> LinePlan | None:
        """A new plan for lines like a document."""
        if nesting is None:
            demands = flat(kind.judge, self._others, document)
            fixed: Fixed = {("Channel",): kind.channels, ("EventID",): (kind.number,)}
        elif found := nested(kind.judge, self._others, nesting, kind.channels, (kind.number,)):
            demands, fixed = found
        else:
            return None
        order = list(_order(document))
        return LinePlan(
            kind.judge,
            kind.rules,
            demands,
            fixed,
            order,
            self._budget,
            self._missed,
            native=self._native,
        )

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
            self._forget_guesses()
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


class _Tally:
    """Counts its calls. It leads to nothing: readers have it, which the collector does not know."""

    count = 0

    def __call__(self) -> None:
        self.count += 1


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
    return next((plan for plan in kind.plans if plan.fits(line)), None)


class _Told(msgspec.Struct):
    """What a flat line says of its kind."""

    Channel: str
    EventID: int | str


class _Winlog(msgspec.Struct):
    """What Winlogbeat says of an event."""

    channel: str
    event_id: int | str


class _ToldNested(msgspec.Struct):
    winlog: _Winlog


class _ToldDotted(_Winlog, rename=lambda name: f"winlog.{name}"):
    pass


_FLAT = msgspec.json.Decoder(_Told)
_NESTED = msgspec.json.Decoder(_ToldNested)
_DOTTED = msgspec.json.Decoder(_ToldDotted)


def _told(line: bytes) -> _Identity | None:
    """What a line says of its kind, where it says it in one of the usual ways."""
    for decoder in (_FLAT, _NESTED, _DOTTED):
        try:
            told: Any = decoder.decode(line)
        except UNFIT:
            continue
        if decoder is _FLAT:
            return told.Channel, told.EventID
        told = told.winlog if decoder is _NESTED else told
        return told.channel, told.event_id
    return None


def _nested_hint(line: bytes) -> bytes:
    """The bytes at the event id and the channel of a line as Winlogbeat has it, or none."""
    at, number = line.find(NESTED_CHANNEL), line.find(NESTED_ID)
    if at < 0 or number < 0:
        return b""
    return line[number + 10 : number + 16] + line[at + 9 : line.find(b'"', at + 11)]


def _order(document: Mapping[str, Any], before: Path = ()) -> Iterator[Path]:
    """The paths of a document's values, in its order."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _order(value, (*before, key))
        else:
            yield (*before, key)


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
