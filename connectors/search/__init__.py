"""Elasticsearch and OpenSearch: events in, alerts and checkpoints out.

`connect(ClusterSettings(...))` gives the client that `SearchSource`, `AlertSink` and
`ClusterState` work through; the client libraries are imported only then.
"""

from connectors.search.actions import ClusterActions
from connectors.search.alerts import ClusterAlerts
from connectors.search.connect import connect
from connectors.search.incidents import ClusterIncidents
from connectors.search.leases import ClusterLeases
from connectors.search.ledger import ClusterLedger
from connectors.search.letters import ClusterLetters
from connectors.search.port import ClusterSettings, SearchClient
from connectors.search.sink import AlertSink
from connectors.search.source import SearchSource
from connectors.search.state import ClusterState

__all__ = [
    "AlertSink",
    "ClusterActions",
    "ClusterAlerts",
    "ClusterIncidents",
    "ClusterLeases",
    "ClusterLedger",
    "ClusterLetters",
    "ClusterSettings",
    "ClusterState",
    "SearchClient",
    "SearchSource",
    "connect",
]
