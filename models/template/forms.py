"""Answers for lines whose like was seen before, by their masked forms, which C makes of them.

This is what `front.py` does, and does the same, in one step: the form of any line is made
(`masker.c`) in less time than Python takes to compare the line with a pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.template.mask import Tokens

MOST_FORMS = 1 << 14
LONGEST_FORM = 2_048
"""Characters of a form that is remembered."""


class Forms:
    """Remembers what `ask` answered. `ask` takes masked tokens and gives a number, 0 or more."""

    def __init__(self, ask: Callable[[Tokens], int]) -> None:
        from models.template import masker

        self._masker = masker
        self._ask = ask
        self._known: dict[str, int] = {}
        self._lengths: dict[int, list[str]] = {}

    def answer(self, line: str) -> int:
        """The answer for one line."""
        return self._masker.answer(line, self._known, self._new)

    def answers(self, lines: Sequence[str]) -> list[int]:
        """The answers for lines, one after the other."""
        return self._masker.answers(list(lines), self._known, self._new)

    def forget(self, length: int) -> None:
        """What is known about forms of `length` tokens may have changed."""
        for form in self._lengths.pop(length, ()):
            del self._known[form]

    def _new(self, form: str) -> int:
        tokens = tuple(form.split(" ")) if form else ()
        answer = self._ask(tokens)  # which may forget
        if len(form) <= LONGEST_FORM:
            if len(self._known) >= MOST_FORMS:
                self._known.clear()
                self._lengths.clear()
            self._known[form] = answer
            self._lengths.setdefault(len(tokens), []).append(form)
        return answer
