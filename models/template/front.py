"""Answers for lines whose like was seen before, in front of whoever knows the answer, without C.

A line passes up to three steps, each dearer than the one before, with `<*>` for dates in words:

    skeleton   the line without hexadecimal digits and joints finds a few compiled patterns; one
               that fits (`matcher.py`) proves that the line is masked to a form that is known
    tokens     the masked words, remembered one by one, find the answer for that form
    ask        the tree of templates

A form gets a pattern once it was seen often: compiling one costs as much as some hundred answers.
All caches are bounded. An answer holds until `forget` says that templates of that length changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from models.template.mask import DATE, Dates, Tokens, Words, undated
from models.template.matcher import matcher

_DROPPED = b"0123456789abcdefABCDEF-+.:"
_STALE = -1

OFTEN = 32
"""Sightings after which a form gets a pattern."""
MOST_PATTERNS = 2_048
SAME_SKELETON = 8
SAME_FORM = 8
LONGEST_PATTERN = 1_024
"""Characters that a line with a pattern may have."""
MOST_FORMS = 1 << 14
LONGEST_FORM = 256
"""Tokens that a form which is remembered may have."""


@dataclass(slots=True, eq=False)
class Form:
    """A masked form that was seen, its answer, and how many patterns lead to it.

    It has several where its lines look different: a digit here, a hexadecimal number there.
    """

    answer: int
    seen: int = 0
    compiled: int = 0


Fit: TypeAlias = tuple[Callable[[str], object], Form]


class Front:
    """Remembers what `ask` answered. `ask` takes masked tokens and gives a number, 0 or more."""

    def __init__(self, ask: Callable[[Tokens], int], dates: Dates = DATE) -> None:
        self._ask = ask
        self._dates = dates
        self._words = Words()
        self._forms: dict[Tokens, Form] = {}
        self._lengths: dict[int, list[Form]] = {}
        self._patterns: dict[bytes, list[Fit]] = {}
        self._count = 0

    def answer(self, line: str) -> int:
        """The answer for one line."""
        line = undated(line, self._dates)
        key = skeleton(line)
        for fits, form in self._patterns.get(key, ()):
            if fits(line):
                return form.answer if form.answer != _STALE else self._by_tokens(line, key)
        return self._by_tokens(line, key)

    def answers(self, lines: Sequence[str]) -> list[int]:
        """The answers for lines, one after the other."""
        if self._dates:
            lines = [undated(line, self._dates) for line in lines]
        found: list[int] = []
        patterns = self._patterns.get
        for line, key in zip(lines, skeletons(lines), strict=True):
            answer = _STALE
            for fits, form in patterns(key, ()):
                if fits(line):
                    answer = form.answer
                    break
            found.append(answer if answer != _STALE else self._by_tokens(line, key))
        return found

    def forget(self, length: int) -> None:
        """What is known about forms of `length` tokens may have changed."""
        for form in self._lengths.get(length, ()):
            form.answer = _STALE

    def _by_tokens(self, line: str, key: bytes) -> int:
        tokens = self._words.tokens(line)
        form = self._forms.get(tokens)
        if form is None:
            if len(tokens) > LONGEST_FORM:
                return self._ask(tokens)
            form = self._new(tokens)
        if form.answer == _STALE:
            form.answer = self._ask(tokens)
        form.seen += 1
        if form.seen >= OFTEN and len(line) <= LONGEST_PATTERN:
            self._compile(line, key, form)
        return form.answer

    def _new(self, tokens: Tokens) -> Form:
        if len(self._forms) >= MOST_FORMS:
            self._thin()
        form = self._forms[tokens] = Form(_STALE)
        self._lengths.setdefault(len(tokens), []).append(form)
        return form

    def _thin(self) -> None:
        """Forget the forms that were not seen often."""
        self._forms = {tokens: form for tokens, form in self._forms.items() if form.compiled}
        self._lengths = {}
        for tokens, form in self._forms.items():
            self._lengths.setdefault(len(tokens), []).append(form)

    def _compile(self, line: str, key: bytes, form: Form) -> None:
        form.seen = 0
        if form.compiled >= SAME_FORM or len(self._patterns.get(key, ())) >= SAME_SKELETON:
            return
        fits = matcher(line)
        if fits is None:
            return
        if self._count >= MOST_PATTERNS:
            self._evict()
        form.compiled += 1
        self._patterns.setdefault(key, []).append((fits, form))
        self._count += 1

    def _evict(self) -> None:
        """Forget the oldest patterns; their forms may get new ones."""
        oldest = self._patterns.pop(next(iter(self._patterns)))
        self._count -= len(oldest)
        for _, form in oldest:
            form.compiled -= 1


def skeleton(line: str) -> bytes:
    """What lines of one form mostly have in common."""
    return line.encode("utf-8", "surrogatepass").translate(None, _DROPPED)


def skeletons(lines: Sequence[str]) -> Sequence[bytes]:
    """The skeleton of each line: all at once, unless one has a line break inside."""
    keys = skeleton("\n".join(lines)).split(b"\n")
    return keys if len(keys) == len(lines) else list(map(skeleton, lines))
