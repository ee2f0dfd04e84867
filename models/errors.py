"""The errors of this package.

ModelError          a model cannot be fitted, scored or loaded
 ├── DataError      the data that it was given cannot serve
 └── StoreError     its files are missing, altered, foreign or of another version
"""

from __future__ import annotations


class ModelError(ValueError):
    """A model cannot do what is asked of it; the text is `file: message` where there is a file."""

    def __init__(self, message: str, file: str | None = None) -> None:
        self.message, self.file = message, file
        super().__init__(f"{file}: {message}" if file else message)


class DataError(ModelError):
    """The data cannot serve: empty, not finite, of the wrong shape."""


class StoreError(ModelError):
    """A stored model is missing, was altered, is of another kind or another version."""
