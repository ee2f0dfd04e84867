"""The embedded store, one SQLite file: alerts, checkpoints, ledger, leases, actions, incidents."""

from connectors.sqlite.actions import SqliteActions
from connectors.sqlite.alerts import SqliteAlerts
from connectors.sqlite.incidents import SqliteIncidents
from connectors.sqlite.leases import SqliteLeases
from connectors.sqlite.ledger import SqliteLedger
from connectors.sqlite.letters import SqliteLetters
from connectors.sqlite.sink import SqliteSink
from connectors.sqlite.state import SqliteState
from connectors.sqlite.store import SqliteStore

__all__ = [
    "SqliteActions",
    "SqliteAlerts",
    "SqliteIncidents",
    "SqliteLeases",
    "SqliteLedger",
    "SqliteLetters",
    "SqliteSink",
    "SqliteState",
    "SqliteStore",
]
