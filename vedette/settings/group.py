"""Several configuration errors told as one."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import SettingsError

SHOWN = 100


class SettingsErrors(SettingsError):  # noqa: N818 - it holds several
    """Everything that is wrong with a configuration; `str()` gives one line for each error."""

    def __init__(self, errors: Iterable[SettingsError]) -> None:
        self.errors = sorted(errors, key=lambda error: (error.line is None, error.line or 0))
        super().__init__("the configuration is wrong")

    def __str__(self) -> str:
        lines = [str(error) for error in self.errors[:SHOWN]]
        if len(self.errors) > SHOWN:
            lines.append(f"and {len(self.errors) - SHOWN} more errors")
        return "\n".join(lines)
