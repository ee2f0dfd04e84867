"""Events from files: JSON in its many layouts, EVTX, compressed or not, whole or as they grow."""

from connectors.files.limits import Limits
from connectors.files.source import FileSource

__all__ = ["FileSource", "Limits"]
