"""The mapper of the rules that are loaded, made when the first of those who share it asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from engine.errors import InputError, Problem, Report
from engine.rule import Rule

if TYPE_CHECKING:
    from mitre.mapper import Mapper


class LazyMapper:
    """Gives the mapper of some rules, one and the same until there are other rules.

    Where it cannot be made, that is told once. Several threads may ask.
    """

    def __init__(self, rules: Sequence[Rule], state: Path | None, report: Report) -> None:
        self._state, self._report = state, report
        self._lock = Lock()
        self.adopt(rules)

    def adopt(self, rules: Sequence[Rule]) -> None:
        """Go on with other rules."""
        with self._lock:
            self.rules = tuple(rules)
            self._mapper: Mapper | None = None
            self._failed = False

    def __call__(self) -> Mapper | None:
        """The mapper; None where the rules are too few to learn from."""
        with self._lock:
            if self._mapper is None and not self._failed:
                self._make()
            return self._mapper

    def _make(self) -> None:
        from vedette.mapper import mapper  # needs NumPy: for those alone who have alerts

        try:
            self._mapper = mapper(self.rules, state=self._state, report=self._report)
        except InputError as error:
            self._failed = True
            text = f"no technique is proposed beside what rules name: {error.message}"
            self._report(Problem("mapper-missing", text))
