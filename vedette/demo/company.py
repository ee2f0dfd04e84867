"""The made-up company: its machines, its people, and who attacks it.

Addresses are private (RFC 1918) or set aside for documentation (RFC 5737), names end in
example.com, example.net or example.org.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DOMAIN = "corp.example.com"
NETBIOS = "CORP"
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
ACCOUNT = "111122223333"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a Windows account. `rid` ends the account's SID."""

    name: str
    rid: int

    @property
    def account(self) -> str:
        """The account as Sysmon writes it, `DOMAIN\\name`."""
        return f"{NETBIOS}\\{self.name}"

    @property
    def sid(self) -> str:
        """The account's security identifier."""
        return f"{DOMAIN_SID}-{self.rid}"


@dataclass(frozen=True, slots=True)
class Machine:
    """A computer. `shape` says how its Windows events are shipped; Linux ones speak ECS."""

    name: str
    ip: str
    shape: Literal["evtx", "winlogbeat", "ecs"]
    owner: Person | None = None

    @property
    def fqdn(self) -> str:
        """The full name within the domain."""
        return f"{self.name}.{DOMAIN}"


MEYER = Person("a.meyer", 1105)
KELLER = Person("b.keller", 1109)
SANTOS = Person("c.santos", 1112)
OSEI = Person("d.osei", 1117)
BACKUP = Person("svc-backup", 1121)
PEOPLE = (MEYER, KELLER, SANTOS, OSEI)

WS01 = Machine("WS01", "10.20.1.11", "evtx", MEYER)
WS02 = Machine("WS02", "10.20.1.12", "evtx", KELLER)
WS03 = Machine("WS03", "10.20.1.13", "winlogbeat", SANTOS)
WS04 = Machine("WS04", "10.20.1.14", "winlogbeat", OSEI)
WORKSTATIONS = (WS01, WS02, WS03, WS04)
DC01 = Machine("DC01", "10.20.0.10", "evtx")
WEB01 = Machine("web01", "10.20.2.5", "ecs")
DB01 = Machine("db01", "10.20.2.6", "ecs")

OPERATOR = "203.0.113.77"
"""Where the intruder sits."""

STAGER = "198.51.100.23"
"""The server that the intruder's tools come from."""

DROP = "share.example.net"
"""Where the stolen files go."""
