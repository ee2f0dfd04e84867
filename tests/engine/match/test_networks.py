"""Ranges asked together say what each of them says alone."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from engine.match.networks import Networks
from engine.match.predicates import InNetwork, as_address

RANGES = [
    InNetwork(ip_network(text))
    for text in (
        "0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8", "127.0.0.1/32", "::/0", "::1/128",
        "::ffff:0:0/96", "fe80::/10", "2001:db8::/32",
    )
]  # fmt: skip
NETWORKS = Networks(enumerate(RANGES))

some = st.sampled_from(
    ("10.1.2.3", "10.2.0.0", "127.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.1.0.9")
)
addresses = st.one_of(
    some,
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=4).map(lambda address: f"::ffff:{address}"),
    st.ip_addresses(v=6).map(str),
)


@given(addresses)
def test_an_address_is_in_the_ranges_that_say_so_alone(text: str) -> None:
    address = as_address(text)
    assert isinstance(address, IPv4Address | IPv6Address)
    alone = [number for number, test in enumerate(RANGES) if test.has(address)]
    assert sorted(NETWORKS.having(address)) == alone


def test_no_ranges_are_none() -> None:
    assert not Networks(())
    assert NETWORKS
