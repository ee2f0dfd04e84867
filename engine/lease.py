"""Who works on what, when several instances share the work: leases with fencing tokens.

All of it is on one board, a small document that is replaced as a whole. An instance shows that it
lives by making its `beat` grow. Others count it dead when they have seen the same beat for its
time to live on *their own* monotonic clock: no two machines' clocks are ever compared. The times
on the board are for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import StateError

VERSION = 1
BEATS = 3
"""Signs of life within a time to live: two may be lost without anything being lost."""

LONGEST = 86_400.0
"""Seconds of a time to live that is believed."""


@dataclass(frozen=True, slots=True)
class Member:
    """An instance: how long it may be silent (seconds), its latest sign of life, its abilities.

    `machine`, `pid` and `born` name its process to others on the same machine; `since` and `seen`
    are UTC as ISO 8601 text.
    """

    ttl: float
    beat: int = 0
    units: tuple[str, ...] = ()
    machine: str = ""
    pid: int = 0
    born: int = 0
    since: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who owns a unit of work (None: nobody) and under which token, which only ever grows."""

    owner: str | None
    token: int
    since: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Every instance by its name, every lease by its unit's."""

    members: Mapping[str, Member] = field(default_factory=dict)
    leases: Mapping[str, Lease] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Board:
        """A board out of its document. Raises `StateError` where it is none."""
        found = document.get("version") if isinstance(document, Mapping) else None
        if found != VERSION:
            raise StateError(f"leases of version {found!r}", expected=f"version {VERSION}")
        try:
            members = {
                str(name): Member(**{**entry, "units": tuple(map(str, entry["units"]))})
                for name, entry in document["members"].items()
            }
            leases = {str(unit): Lease(**entry) for unit, entry in document["leases"].items()}
            for member in members.values():
                _whole(member.beat, member.pid, member.born)
                if not 0 < member.ttl <= LONGEST:
                    raise TypeError("a time to live is none")
            for lease in leases.values():
                _whole(lease.token)
                if not isinstance(lease.owner, str | None):
                    raise TypeError("an owner has no name")
        except (KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the leases cannot be read: {error}") from error
        return cls(members, leases)

    def document(self) -> dict[str, Any]:
        """The board as JSON values."""
        return {
            "version": VERSION,
            "members": {name: _plain(member) for name, member in self.members.items()},
            "leases": {unit: _plain(lease) for unit, lease in self.leases.items()},
        }

    def owned(self, name: str) -> dict[str, int]:
        """The tokens of what an instance owns."""
        return {unit: lease.token for unit, lease in self.leases.items() if lease.owner == name}


def _whole(*numbers: object) -> None:
    for number in numbers:
        if not isinstance(number, int):
            raise TypeError("a number is none")


def _plain(entry: Member | Lease) -> dict[str, Any]:
    found = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in found.items()}


class Tenant:
    """One instance's side of it: reads boards, says what to write, knows what it owns.

    `clock` is monotonic, in seconds; `wall` the time as text, for people; `gone` tells of a member
    that it certainly is no more, so that nobody needs to wait for it.
    """

    def __init__(
        self,
        name: str,
        member: Member,
        *,
        clock: Callable[[], float],
        wall: Callable[[], str] = str,
        gone: Callable[[Member], bool] = lambda _: False,
    ) -> None:
        self.name, self.clock, self.wall, self.gone = name, clock, wall, gone
        self.me = replace(member, since=wall())
        self.leaving = False
        self.surplus: frozenset[str] = frozenset()
        """Units that others should have: to be stopped, and then released."""
        self._released: set[str] = set()
        self._outbid: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._renewed: float | None = None
        self._asked = clock()
        self._seen: dict[str, tuple[int, float]] = {}

    @property
    def pause(self) -> float:
        """Seconds from one sign of life to the next."""
        return self.me.ttl / BEATS

    def token(self, unit: str) -> int | None:
        """The token under which a unit is owned now; None when it is not, or may not be any more.

        The time to live counts from before the last sign of life was sent, so an owner doubts
        itself before anybody else does.
        """
        if self._renewed is None or self.leaving:
            return None
        if self.clock() - self._renewed >= self.me.ttl:
            return None
        return self._held.get(unit)

    def release(self, unit: str) -> None:
        """Give a unit up with the next board; it must have been stopped."""
        self._released.add(unit)
        self._held.pop(unit, None)  # the answer to that board may be lost

    def enlist(self, unit: str) -> None:
        """Be able to take a unit, and say so."""
        if unit not in self.me.units:
            self.me = replace(self.me, units=(*self.me.units, unit))

    def retire(self, unit: str) -> None:
        """Never take a unit again; what is owned of it is given up."""
        self.me = replace(self.me, units=tuple(name for name in self.me.units if name != unit))
        self._held.pop(unit, None)

    def outbid(self, unit: str, token: int) -> None:
        """State was found under this token, so the lease needs a greater one.

        That happens when the board was deleted and the state was not.
        """
        self._outbid[unit] = max(token, self._outbid.get(unit, 0))

    def turn(self, board: Board) -> Board:
        """The board to write in the place of one just read: alive once more, shares made fair."""
        self._asked = self.clock()
        owned = board.owned(self.name) if self.name in board.members else {}
        self._held = {u: t for u, t in self._held.items() if owned.get(u) == t}
        living = self._living(board.members)
        leases = {
            unit: lease if lease.owner is None or lease.owner in living else self._to(unit, lease)
            for unit, lease in board.leases.items()
        }
        self._give(leases)
        if self.leaving:
            living.pop(self.name, None)
            return Board(living, leases)
        beat = max(self.me.beat, getattr(living.get(self.name), "beat", 0)) + 1
        self.me = living[self.name] = replace(self.me, beat=beat, seen=self.wall())
        self._take(leases, living)
        self.surplus = self._excess(leases, living)
        return Board(living, leases)

    def wrote(self, board: Board) -> None:
        """The last turn's board is the one that stands."""
        self._held = board.owned(self.name)
        self._renewed = self._asked
        self._released.clear()

    def _living(self, members: Mapping[str, Member]) -> dict[str, Member]:
        """All but those that have been silent too long, or are known to be gone."""
        now = self._asked
        seen, living = {}, {}
        for name, member in members.items():
            known = self._seen.get(name)
            seen[name] = known if known and known[0] == member.beat else (member.beat, now)
            silent = now - seen[name][1] >= member.ttl or self.gone(member)
            if name == self.name or not silent:
                living[name] = member
        self._seen = seen
        return living

    def _to(self, unit: str, lease: Lease, owner: str | None = None) -> Lease:
        """The lease in other hands; the token grows whenever it comes into someone's."""
        if owner is None:
            return replace(lease, owner=None, since=self.wall())
        token = max(lease.token, self._outbid.get(unit, 0)) + 1
        return Lease(owner, token, self.wall())

    def _give(self, leases: dict[str, Lease]) -> None:
        for unit, lease in leases.items():
            if lease.owner != self.name:
                continue
            if self.leaving or unit in self._released or unit not in self.me.units:
                leases[unit] = self._to(unit, lease)
            elif self._outbid.get(unit, 0) >= lease.token:
                leases[unit] = self._to(unit, lease, self.name)

    def _take(self, leases: dict[str, Lease], living: Mapping[str, Member]) -> None:
        """Take what is free: one's share of it all, and what is over when nobody has less."""
        counts = _counts(leases.values())
        known = {unit: leases.get(unit) or Lease(None, 0) for unit in self.me.units}
        free = [unit for unit, lease in known.items() if lease.owner is None]
        for left, unit in zip(range(len(free), 0, -1), free, strict=True):
            shares = [counts[name] for name in _able(living, unit)]
            own = counts[self.name]
            fair = own <= min(shares) or own < (sum(shares) + left) // len(shares)
            if fair and unit not in self._released:
                leases[unit] = self._to(unit, known[unit], self.name)
                counts[self.name] += 1

    def _excess(self, leases: Mapping[str, Lease], living: Mapping[str, Member]) -> frozenset[str]:
        """What to give up: half of what is more than somebody else has, who could take it.

        Only who has most gives, by name among equals, and only when nothing is free already.
        """
        counts = _counts(leases.values())
        most = max(living, key=lambda name: (counts[name], name))
        mine = sorted(unit for unit, lease in leases.items() if lease.owner == self.name)
        free = (unit for unit, lease in leases.items() if lease.owner is None)
        if most != self.name or any(_able(living, unit) for unit in free):
            return frozenset()
        given: list[str] = []
        for unit in reversed(mine):
            fewest = min(counts[name] for name in _able(living, unit))
            if len(given) < (len(mine) - fewest) // 2:
                given.append(unit)
        return frozenset(given)


def _counts(leases: Iterable[Lease]) -> Counter[str]:
    return Counter(lease.owner for lease in leases if lease.owner is not None)


def _able(living: Mapping[str, Member], unit: str) -> Sequence[str]:
    return [name for name, member in living.items() if unit in member.units]
