"""An indicator, and many of them ready to be looked up: texts, addresses, networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from engine.correlate.value import fold, text_of

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Indicator:
    """A value that should not be met, by whom it is told, and when it is valid.

    `since` and `until` are microseconds since 1970, None without a bound.
    """

    value: str
    source: str
    note: str | None = None
    since: int | None = None
    until: int | None = None

    def valid(self, time: int) -> bool:
        """Whether it counts for an event of that time."""
        return (self.since is None or self.since <= time) and (
            self.until is None or time < self.until
        )


class Indicators:
    """Indicators by value; of equal ones all count, however many there are of all."""

    def __init__(self, items: Iterable[Indicator], *, subdomains: bool = False) -> None:
        self._subdomains = subdomains
        self._texts: dict[str, list[Indicator]] = {}
        self._networks: dict[int, dict[int, dict[int, list[Indicator]]]] = {4: {}, 6: {}}
        self.total = 0
        for item in items:
            self.total += 1
            network = _network(item.value)
            if network is None:
                self._texts.setdefault(_plain(item.value), []).append(item)
            else:
                sizes = self._networks[network.version]
                below = sizes.setdefault(network.prefixlen, {})
                below.setdefault(int(network.network_address), []).append(item)

    def find(self, value: Any, time: int) -> Indicator | None:
        """The indicator that a value meets at a time, the narrowest one; None for none."""
        return next((item for item in self._all(value) if item.valid(time)), None)

    def knows(self, value: Any) -> bool:
        """Whether a value meets any indicator, at whatever time."""
        return next(self._all(value), None) is not None

    def _all(self, value: Any) -> Iterator[Indicator]:
        text = _plain(text_of(value))
        yield from self._texts.get(text, ())
        if self._subdomains:
            above = text
            while "." in above:
                above = above.partition(".")[2]
                yield from self._texts.get(above, ())
        yield from self._holding(text)

    def _holding(self, text: str) -> Iterator[Indicator]:
        """Those whose network holds an address, the smallest network first."""
        if not text or not (text[0].isdigit() or ":" in text):
            return
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return
        address = getattr(address, "ipv4_mapped", None) or address
        number, bits = int(address), address.max_prefixlen
        for size in sorted(self._networks[address.version], reverse=True):
            start = number >> (bits - size) << (bits - size)
            yield from self._networks[address.version][size].get(start, ())


def _plain(text: str) -> str:
    return fold(text.strip()).rstrip(".")


def _network(text: str) -> Network | None:
    text = text.strip()
    if not text or not (text[0].isdigit() or ":" in text):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
