"""The one error of this package."""

from __future__ import annotations


class AttackError(ValueError):
    """ATT&CK facts cannot be read, do not hold together, or lack the version asked for.

    `file` is where they came from, or None; the text is `file: message`.
    """

    def __init__(self, message: str, file: str | None = None) -> None:
        self.message, self.file = message, file
        super().__init__(f"{file}: {message}" if file else message)
