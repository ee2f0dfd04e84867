"""Who and what an alert is about, named so that the same thing has the same name everywhere.

Only what tells one story from another is an entity: the accounts that a machine itself uses,
addresses of the machine itself and of everybody are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from engine.incident.read import first, texts

HOST, USER, ADDRESS, PROCESS, FILE, HASH = "host", "user", "address", "process", "file", "hash"
KINDS = (HOST, USER, ADDRESS, PROCESS, FILE, HASH)
"""The kinds of entities, in the order in which they are shown."""

LONGEST = 256
"""Characters kept of a name."""

REMEMBERED = 4096
"""Names whose folded form is remembered: they repeat."""

_OF_THE_MACHINE = re.compile(
    r"(system|localsystem|local service|network service|anonymous logon|iusr|root|nobody"
    r"|daemon|dwm-\d+|umfd-\d+|healthmailbox[0-9a-f]*|.*\$)",
    re.IGNORECASE,
)
"""Accounts that say nothing of who it was: those of services, and machines' own (`WS02$`)."""


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A thing of one of `KINDS` by its name, folded to lower case."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def entities_of(document: Any) -> tuple[Entity, ...]:
    """The entities of an alert document, each once, in the order of `KINDS`."""
    return tuple(dict.fromkeys(_found(document)))


def _found(document: Any) -> Iterator[Entity]:
    host = host_name(first(document, "host.name") or first(document, "host.hostname"))
    if host:
        yield Entity(HOST, host)
    if user := user_name(first(document, "user.name")):
        yield Entity(USER, user)
    for path in ("source.ip", "destination.ip"):
        if address := telling_address(first(document, path)):
            yield Entity(ADDRESS, address)
    yield from _processes(document, host)
    if path := first(document, "file.path"):
        yield Entity(FILE, path[:LONGEST].lower())
    yield from (Entity(HASH, value[:LONGEST].lower()) for value in texts(document, "related.hash"))


def _processes(document: Any, host: str) -> Iterator[Entity]:
    """The process and its parent: a program under its number on its host."""
    for path in ("process", "process.parent"):
        program = first(document, f"{path}.executable")
        if program and host:
            yield Entity(PROCESS, f"{program.lower()}@{host}"[:LONGEST])


@lru_cache(REMEMBERED)
def host_name(name: str) -> str:
    """A host without its domain, as half of all logs write it; an address as it is."""
    name = name.strip().lower()[:LONGEST]
    return name if _is_address(name) else name.partition(".")[0]


@lru_cache(REMEMBERED)
def user_name(name: str) -> str:
    """An account without its domain, empty for one that says nothing of who it was."""
    name = name.strip()[:LONGEST].rpartition("\\")[2].partition("@")[0].lower()
    return "" if _OF_THE_MACHINE.fullmatch(name) else name


@lru_cache(REMEMBERED)
def telling_address(text: str) -> str:
    """An address in its shortest form, empty for one that names no single machine."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    vague = address.is_loopback or address.is_multicast or address.is_unspecified
    return "" if vague or address.is_link_local else str(address)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
