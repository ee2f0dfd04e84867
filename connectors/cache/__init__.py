"""What can be made again, kept on this machine for the user alone."""

from connectors.cache.folder import CacheFolder

__all__ = ["CacheFolder"]
