"""Values with their origins, and how a later layer covers an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vedette.settings.fields import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was given: a file and line, or an environment variable (`line` is None)."""

    where: str
    line: int | None = None
    secret: str | None = None
    """The file that the secret itself was read from."""

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return f"secret file {self.secret} ({place})" if self.secret else place


@dataclass(slots=True)
class Layer:
    """A tree of given values. What is in a list or object has the origin of the nearest above."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, Origin] = field(default_factory=dict)

    def get(self, path: Path) -> Any:
        """The value given at a path; None where nothing is."""
        value: Any = self.tree
        for part in path:
            inside = isinstance(value, Mapping) and part in value
            if not inside and not (
                isinstance(value, list) and isinstance(part, int) and part < len(value)
            ):
                return None
            value = value[part]
        return value

    def origin(self, path: Path) -> Origin | None:
        """Where a path, or the nearest thing above it, was given."""
        for end in range(len(path), -1, -1):
            if found := self.origins.get(path[:end]):
                return found
        return None

    def set(self, path: tuple[str, ...], value: Any, origin: Origin) -> bool:
        """Cover what an earlier layer gave at `path`; False where something above is no section."""
        parent: Any = self.tree
        for depth, part in enumerate(path[:-1], 1):
            if parent.get(part) is None:
                parent[part] = {}
                self.origins[path[:depth]] = origin
            parent = parent[part]
            if not isinstance(parent, dict):
                return False
        self.drop(path)
        parent[path[-1]] = value
        self.origins[path] = origin
        return True

    def drop(self, path: tuple[str, ...]) -> None:
        """Forget a value and all below it."""
        parent = self.get(path[:-1])
        if isinstance(parent, dict):
            parent.pop(path[-1], None)
        for known in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[known]
