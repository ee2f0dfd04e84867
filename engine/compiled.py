"""What one rule file became: everything that later loads of the same bytes would find again."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from engine.errors import RuleError, nearest_name
from engine.rule import Rule


@dataclass(frozen=True, slots=True)
class Named:
    """A rule that loaded, and the name by which correlations may refer to it."""

    rule: Rule
    name: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """The rules that a filter names, by id or name; without any it is for all of its log source.

    `title` (with a colon, or empty where nothing else is in its file) and `line` are for errors.
    """

    title: str
    line: int | None
    rules: tuple[str, ...] = ()

    def idle(self, file: str, names: Set[str], *, applied: bool) -> RuleError | None:
        """Why the filter does less than it says, if that is so, where these rules are loaded."""
        missing = next((name for name in self.rules if name not in names), None)
        if missing is None and applied:
            return None
        reason = "applies to no rule that is loaded"
        if missing is not None:
            reason = f"refers to {missing!r}, which is not loaded"
        nearest = nearest_name(missing, names) if missing is not None else None
        return RuleError(
            self.title + reason, file=file, line=self.line, field="filter", nearest=nearest
        )


@dataclass(frozen=True, slots=True)
class Compiled:
    """The outcome for one file's bytes, wherever the file lies.

    `refused` says what could not be read as a rule; `rules` has the others in their order, each
    as a rule or as why it was refused in the end. `filters` are those in the file that can be
    applied; `correlations` and `exceptions` are how many of these it holds; `names` is all by which
    filters may name what stands in it. `filtered` tells the filters that were applied to its rules,
    and `applied` which of these, by their places, changed any.
    """

    rules: tuple[Named | RuleError, ...] = ()
    refused: tuple[RuleError, ...] = ()
    filters: tuple[Scope, ...] = ()
    correlations: int = 0
    exceptions: int = 0
    names: tuple[str, ...] = ()
    filtered: str = ""
    applied: tuple[int, ...] = ()

    def at(self, file: str, ruleset: str) -> Compiled:
        """The same of a file elsewhere with the same bytes."""
        return replace(
            self,
            rules=tuple(
                moved(item, file)
                if isinstance(item, RuleError)
                else Named(replace(item.rule, file=file, ruleset=ruleset), item.name)
                for item in self.rules
            ),
            refused=tuple(moved(error, file) for error in self.refused),
        )


def moved(error: RuleError, file: str) -> RuleError:
    """The same error of another file, without what it was raised from."""
    return RuleError(
        error.message,
        file=file,
        line=error.line,
        field=error.field,
        expected=error.expected,
        nearest=error.nearest,
    )
