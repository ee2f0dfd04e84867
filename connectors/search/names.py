"""The names of Vedette's own indices; a change here orphans what is already stored."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from engine.errors import SettingsError

ALERTS, STATE, DEAD_LETTER = "logs-vedette.alerts-", "vedette-state-", "vedette-dead-letter-"
ACTIONS = "vedette-actions-"
INCIDENTS = "vedette-incidents-"

LEDGER = "vedette-ledger-"
LEASES = "vedette-leases-"

OWN_PREFIXES = (ALERTS, STATE, DEAD_LETTER, LEDGER, ACTIONS, LEASES, INCIDENTS)
"""What no source may read, whatever its pattern says: alerts on alerts would never end."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_AHEAD = timedelta(days=366)

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_BACKING = re.compile(r"(?:partial-|restored-)*\.ds-(?P<stream>.+)-\d{4}\.\d{2}\.\d{2}-\d{6,}")


def alerts_alias(namespace: str) -> str:
    """The alias that finds every alert of a namespace."""
    return ALERTS + namespace


def alerts_index(namespace: str, anchor: datetime | None, now: datetime) -> str:
    """The index of an alert, a function of its anchor event's time.

    A time before 1990 or more than a year ahead of `now` is no time: `-undated`, so that
    invented times cannot fill a cluster with indices. A time without a zone counts as UTC.
    """
    if anchor is not None and anchor.tzinfo is None:
        anchor = anchor.replace(tzinfo=UTC)
    if anchor is None or not EARLIEST <= anchor <= now + LATEST_AHEAD:
        return f"{ALERTS}{namespace}-undated"
    return f"{ALERTS}{namespace}-{anchor.astimezone(UTC):%Y.%m}"


def checked_namespace(namespace: str) -> str:
    """The namespace itself. Raises `SettingsError` when it cannot be part of an index name."""
    if not _NAMESPACE.fullmatch(namespace):
        raise SettingsError(
            f"{namespace!r} cannot be part of an index name",
            field="namespace",
            expected="lower-case letters, digits and _ (no hyphen), at most 64",
        )
    return namespace


@lru_cache(4096)  # it is asked of every hit
def stream_name(asked: str, index: str) -> str:
    """The lasting name of the stream that a hit came from: half of an event's id.

    A stream, alias or index that was asked for by name is that name. A pattern covers many
    streams whose document ids may be equal, so there it is the hit's own data stream or index:
    one name for all of them would let two events share an id, and the second alert be lost.
    """
    if "*" not in asked and "," not in asked and asked != "_all":
        return asked
    backing = _BACKING.fullmatch(index)
    return backing["stream"] if backing else index
