"""Where figures of a run can be asked for."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, NamedTuple

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from vedette.settings.invalid import invalid, kind
from vedette.settings.section import Section

EXPECTED = "an address and a port such as 127.0.0.1:9464 or [::1]:9464, or off"


class Address(NamedTuple):
    """An IP address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(value: object) -> Address | None:
    """The address, or None for `off` (which YAML reads as false)."""
    if value is False or value == "off" or value is None:
        return None
    if isinstance(value, Address):
        return value
    if not isinstance(value, str):
        raise invalid(f"is {kind(value)}", EXPECTED)
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})", value)
    if not match or int(match[3]) > 65535:
        raise invalid(f"{value[:40]!r} is not an address", EXPECTED)
    try:
        host = ip_address(match[1] or match[2])
    except ValueError:
        raise invalid(f"{value[:40]!r} is not an address", EXPECTED) from None
    return Address(str(host), int(match[3]))


Listen = Annotated[
    Address | None,
    PlainValidator(parse_address),
    PlainSerializer(lambda value: str(value) if value else "off", return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"enum": [False]}]}),
]


class Metrics(Section):
    """Prometheus metrics of `vedette run`."""

    listen: Listen = Field(
        default=None,
        description="Address and port of /metrics, /healthz and /readyz, or off.",
    )
