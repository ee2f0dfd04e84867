"""Many ranges of addresses, asked together of which an address is in."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from engine.match.predicates import InNetwork


class Networks:
    """Numbered ranges: an address is looked up once for each length of a prefix that there is."""

    def __init__(self, tests: Iterable[tuple[int, InNetwork]]) -> None:
        # by version and the bits behind the prefix: what stands before these
        self._ranges: dict[tuple[int, int], dict[int, list[int]]] = {}
        for number, test in tests:
            network = test.network
            behind = network.max_prefixlen - network.prefixlen
            same = self._ranges.setdefault((network.version, behind), {})
            same.setdefault(int(network.network_address) >> behind, []).append(number)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def having(self, address: IPv4Address | IPv6Address) -> list[int]:
        """Numbers of the ranges that have an address, as `InNetwork.has` says."""
        found = self._of(address.version, int(address))
        mapped = getattr(address, "ipv4_mapped", None)
        return found if mapped is None else found + self._of(4, int(mapped))

    def _of(self, version: int, address: int) -> list[int]:
        found: list[int] = []
        for (wanted, behind), ranges in self._ranges.items():
            if wanted == version:
                found += ranges.get(address >> behind, ())
        return found
