"""Events from files: JSON in its many layouts, EVTX, compressed or not, whole or as they grow."""

from connectors.files.limits import Limits
from connectors.files.source import FileSource
from connectors.files.watch import FolderSource

__all__ = ["FileSource", "FolderSource", "Limits"]
