"""The live fixtures, for the tests of this folder."""

from tests.live.fixtures import cluster, elasticsearch_url, live_nodes, opensearch_url

__all__ = ["cluster", "elasticsearch_url", "live_nodes", "opensearch_url"]
