"""Templates of log lines: a number for each, 1, 2, 3 in the order of first sight.

    templates = Templates()
    templates.learn_all(lines)             as they come; templates grow more general meanwhile
    numbers = templates.match_all(lines)   nothing is learned; 0 where no template fits
    templates.text(3)                      "connection from <*> closed by <*>"
    templates.parameters(line)             ["10.0.0.7", "alice"]

`learn` answers with the cluster that took the line, as Drain does, of which later lines may have
made something else. For training take the numbers from `match_all` over the same lines, once all
are learned: these are the ones that scoring will see.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self

import numpy as np

from models.base import UNKNOWN, State
from models.errors import ModelError, StoreError
from models.template.drain import Drain
from models.template.mask import MASKS, PATTERN, VERSION, WILD, Tokens, undated
from models.template.native import cache

BLOCK = 2_048
"""Lines that are looked at together."""
_DATED = "\ue000"
"""In the place of a date: as a word no part of any value, and of no script."""
_VALUE = re.compile(f"{_DATED}|{PATTERN}")


class Templates:
    """Drain with a mask, and a cache in front of it.

    `depth`, `similarity`, `children` and `most` are those of `Drain`, with the defaults of Drain3.
    Of a line only the first `longest` characters are looked at. `mask` is a version out of `MASKS`.
    """

    def __init__(
        self,
        depth: int = 4,
        similarity: float = 0.4,
        children: int = 100,
        most: int = 50_000,
        longest: int = 8_192,
        mask: str = VERSION,
    ) -> None:
        if longest < 1:
            raise ModelError("templates need at least one character of a line")
        self._parameters = {
            "depth": depth,
            "similarity": similarity,
            "children": children,
            "most": most,
            "longest": longest,
        }
        self._longest = longest
        self._version = mask
        self.dates = MASKS[mask]
        self._drain = Drain(depth, similarity, children, most)
        self._counts: list[int] = [0]
        self._learning = cache(self._ask_learning, self.dates)
        self._matching = cache(self._ask_matching, self.dates)

    def __len__(self) -> int:
        return len(self._drain.clusters)

    def learn(self, line: str) -> int:
        """The number of the template that takes `line`; 0 if there is room for no more."""
        number = self._learning.answer(line[: self._longest])
        self._counts[number] += 1
        return number

    def learn_all(self, lines: Iterable[str]) -> list[int]:
        """`learn` for many lines, faster: one number for each."""
        numbers: list[int] = []
        for block in self._blocks(lines):
            found = self._learning.answers(block)
            for number, count in Counter(found).items():
                self._counts[number] += count
            numbers += found
        return numbers

    def match(self, line: str) -> int:
        """The number of the template with the most literal words that `line` fits; 0 if none."""
        return self._matching.answer(line[: self._longest])

    def match_all(self, lines: Iterable[str]) -> list[int]:
        """`match` for many lines, faster: one number for each."""
        numbers: list[int] = []
        for block in self._blocks(lines):
            numbers += self._matching.answers(block)
        return numbers

    def text(self, number: int) -> str:
        """The template of that number, words with single spaces between; "" for 0."""
        if not 0 <= number <= len(self):
            raise ModelError(f"there are {len(self)} templates, and none has the number {number}")
        return " ".join(self._drain.clusters[number - 1].tokens) if number else ""

    def texts(self) -> list[str]:
        """Every template, that of number 1 first."""
        return [" ".join(cluster.tokens) for cluster in self._drain.clusters]

    def counts(self) -> list[int]:
        """How many learned lines each number got, from 0 on."""
        return list(self._counts)

    def parameters(self, line: str) -> list[str]:
        """What stands in `line` for each `<*>` of the template that it fits, from left to right.

        Of a word with several values, or with text around them, each value is one entry. Empty for
        a line that fits no template.
        """
        number = self.match(line)
        found: list[str] = []
        line = line[: self._longest]
        dates = iter(self.dates.findall(line) if self.dates else ())
        tokens = self._drain.clusters[number - 1].tokens if number else ()
        words = undated(line, self.dates, _DATED).split()
        for token, word in zip(tokens, words, strict=False):
            if WILD in token:
                texts = [word] if token == WILD else _VALUE.findall(word)
                found += [re.sub(_DATED, lambda _: next(dates, _DATED), text) for text in texts]
        return found

    def state(self) -> State:
        """All that `restore` needs: parameters, templates, counts, and their places in the tree."""
        clusters = self._drain.clusters
        wild = np.zeros((len(clusters), self._drain.levels), dtype=bool)
        for row, cluster in zip(wild, clusters, strict=True):
            row[: len(cluster.path)] = [key == WILD for key in cluster.path]
        return State(
            dict(self._parameters),
            {"mask": self._version, "templates": self.texts()},
            {"counts": np.array(self._counts, dtype=np.int64), "wild": wild},
        )

    @classmethod
    def restore(cls, state: State) -> Self:
        """The templates that `state` was taken of; `StoreError` if it does not hold together."""
        try:
            return cls._restored(state)
        except StoreError:
            raise
        except (ModelError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the templates do not hold together: {error!r}") from error

    @classmethod
    def _restored(cls, state: State) -> Self:
        mask = state.facts.get("mask")
        if mask not in MASKS:
            raise StoreError("the templates were made with a mask that is not known: fit anew")
        made = cls(**state.parameters, mask=mask)
        texts, wild, counts = state.facts["templates"], state.arrays["wild"], state.arrays["counts"]
        if wild.shape != (len(texts), made._drain.levels) or counts.shape != (len(texts) + 1,):
            raise StoreError("there are not as many places and counts as templates")
        for text, row in zip(texts, wild, strict=True):
            made._drain.restore(_tokens(text), row)
        made._counts = [int(count) for count in counts]
        return made

    def _blocks(self, lines: Iterable[str]) -> Iterator[list[str]]:
        whole = iter(lines)
        while block := list(islice(whole, BLOCK)):
            if max(map(len, block)) > self._longest:
                block = [line[: self._longest] for line in block]
            yield block

    def _ask_learning(self, tokens: Tokens) -> int:
        cluster, changed = self._drain.learn(tokens)
        if cluster is None:
            return UNKNOWN
        if changed:
            self._counts += [0] * (len(self) + 1 - len(self._counts))
            self._learning.forget(len(tokens))
            self._matching.forget(len(tokens))
        return cluster.number

    def _ask_matching(self, tokens: Tokens) -> int:
        cluster = self._drain.match(tokens)
        return UNKNOWN if cluster is None else cluster.number


def _tokens(text: object) -> Tokens:
    """The tokens of a stored template."""
    tokens = tuple(text.split()) if isinstance(text, str) else None
    if tokens is None or " ".join(tokens) != text:
        raise StoreError(f"{text!r:.80} is no template")
    return tokens
