"""Techniques of a text without tags: an anomaly's templates, an event's values, a sentence.

The known texts are rules with their tags, and ATT&CK's own names and descriptions. A text is
compared with them by words and parts of paths, by runs of letters, by log source and fields, and
by an encoder's vectors where one is given. What the regression and the neighbours say becomes one
confidence by a logistic regression, which is fitted on each known text left out of the rest.

There are three views, for a sentence and a command line are different things: "prose" (titles and
descriptions), "values" (what rules look for), and "event" (the same with log source and fields).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mitre.bag import Bag
from mitre.candidates import Labels
from mitre.catalog import Catalog
from mitre.dense import Dense
from mitre.errors import AttackError
from mitre.example import Example, signs
from mitre.features import LONGEST, letters, words
from mitre.ranked import Answer, Likely, Near, Ranked
from mitre.ridge import Floats
from mitre.technique import Release
from mitre.view import Part, Query, View

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Unit vectors (n, width) of n texts."""

ViewName = Literal["prose", "values", "event"]
VIEWS: tuple[ViewName, ...] = get_args(ViewName)

WORDS, LETTERS, SIGNS, MEANING = "words", "letters", "signs", "meaning"
SHARES = {WORDS: 0.5, LETTERS: 0.5, SIGNS: 0.3, MEANING: 0.25}
"""How much each counts; that of meanings was chosen by cross-validation on rules with known tags.
Cosines that are cut off at 0 make no kernel, and with a share of 1 the regression breaks down.
"""

UNKNOWN = 0.1
"""A technique that is less sure is not named: the answer may be none."""

FEWEST = 8
"""Texts that a view needs to learn from."""

NAMED = 2
"""Texts that are named for a technique."""


class Mapper:
    """Ranks techniques for a text. Immutable once made; the same text gets the same answer."""

    def __init__(
        self,
        examples: Sequence[Example],
        techniques: Sequence[str],
        release: Release,
        views: Mapping[ViewName, View],
        encode: Encode | None = None,
    ) -> None:
        """`techniques` names the classes of the views; `release` what is known of them."""
        self.examples, self.techniques = tuple(examples), tuple(techniques)
        self.release, self.views, self.encode = release, dict(views), encode
        self._ids = np.array([each.id for each in self.examples], dtype=object)

    @classmethod
    def learn(
        cls,
        examples: Iterable[Example],
        catalog: Catalog,
        *,
        encode: Encode | None = None,
        views: Iterable[ViewName] = VIEWS,
    ) -> Mapper:
        """Learn from texts with their techniques; ids that the catalogue lacks are left out.

        A view for which there are too few texts is not made. Raises `AttackError` when none is.
        """
        release = catalog.release()
        kept = [each for each in examples if set(each.techniques) & set(release.techniques)]
        named = {id for each in kept for id in each.techniques if id in release.techniques}
        techniques = sorted(named)
        made: dict[ViewName, View] = {}
        bags: dict[ViewName, dict[str, Part]] = {}
        for name in views:
            rows = _rows(kept, name)
            if len(rows) < FEWEST:
                continue
            parts = _parts([kept[row] for row in rows], name, encode, bags.get("values"))
            bags[name] = parts
            known = labels([kept[row] for row in rows], techniques, release)
            asked = np.array([bool(kept[row].values) or name != "prose" for row in rows])
            asked = asked if asked.sum() >= FEWEST else np.ones(len(rows), dtype=np.bool_)
            made[name] = View.fit(parts, rows, known, asked)
        if not made:
            raise AttackError(f"a mapper needs {FEWEST} texts with techniques, not {len(kept)}")
        return cls(kept, techniques, release, made, encode)

    def rank(
        self,
        text: str,
        *,
        logsource: Mapping[str, str | None] | None = None,
        fields: Iterable[str] = (),
        view: ViewName | None = None,
        k: int = 3,
        least: float = UNKNOWN,
        without: str = "",
    ) -> tuple[Ranked, ...]:
        """The techniques that `answer` has."""
        return self.answer(
            text, logsource=logsource, fields=fields, view=view, k=k, least=least, without=without
        ).techniques

    def answer(
        self,
        text: str,
        *,
        logsource: Mapping[str, str | None] | None = None,
        fields: Iterable[str] = (),
        view: ViewName | None = None,
        k: int = 3,
        least: float = UNKNOWN,
        without: str = "",
    ) -> Answer:
        """At most `k` techniques, the likeliest first, and tactics: those as sure as `least`.

        `logsource` may name product, category and service; `fields` are the names of the fields
        that `text` has the values of. Without `view`, a text with either is an event; any other is
        what the nearest known text is. The known text with the id `without` speaks for nothing: so
        a rule can be asked what it may be besides what its tags say.
        """
        told = signs(logsource, tuple(fields))
        query = self._query(text, told)
        chosen, alike = self._seen(query, view or ("event" if told else None))
        if without:
            alike = np.where(self._ids[chosen.rows] == without, np.float32(0), alike)
        said = chosen.said(alike)
        techniques = tuple(
            self._ranked(chosen, alike, int(number), float(sure))
            for number, sure in zip(said.found[:k], said.chance[:k], strict=True)
            if sure >= least
        )
        order = np.argsort(-said.tactics, kind="stable")
        tactics = tuple(
            Likely(self.release.tactics[at].shortname, round(sure, 4))
            for at in order
            if (sure := float(said.tactics[at])) >= least
        )
        return Answer(techniques, tactics)

    def nearest(
        self, text: str, *, view: ViewName | None = None, k: int = 10
    ) -> tuple[tuple[Example, float], ...]:
        """The `k` known texts that a text is most like, and how like it they are, in [0, 1]."""
        chosen, alike = self._seen(self._query(text, ()), view)
        order = np.argsort(-alike, kind="stable")[:k]
        return tuple(
            (self.examples[int(chosen.rows[row])], float(alike[row]) / chosen.whole)
            for row in order
        )

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that the known texts have the values of, in lower case."""
        part = self.views["event"].parts[SIGNS].by if "event" in self.views else None
        columns = part.columns if isinstance(part, Bag) else []
        start = "field:"
        return frozenset(name[len(start) :] for name in columns if name.startswith(start))

    def _query(self, text: str, told: tuple[str, ...]) -> Query:
        query: dict[str, Any] = {
            WORDS: list(words(text)),
            LETTERS: list(letters(text)),
            SIGNS: told,
        }
        if self.encode is not None:
            query[MEANING] = self.encode([text[:LONGEST]])[0]
        return query

    def _seen(self, query: Query, view: ViewName | None) -> tuple[View, Floats]:
        """The view that a text is seen in, and how like its texts it is."""
        if view == "event" and view not in self.views:
            view = "values"
        wanted = [view] if view in self.views else [name for name in VIEWS if name != "event"]
        seen = [(self.views[n], self.views[n].alike(query)) for n in wanted if n in self.views]
        seen = seen or [(each, each.alike(query)) for each in self.views.values()]
        return max(seen, key=lambda pair: float(pair[1].max()))

    def _ranked(self, view: View, alike: Floats, number: int, confidence: float) -> Ranked:
        technique = self.release.techniques[self.techniques[number]]
        holders = np.flatnonzero(view.labels.wanted[:, number])
        nearest = holders[np.argsort(-alike[holders], kind="stable")[:NAMED]]
        because = tuple(
            Near(example.id, example.title, round(float(alike[row]) / view.whole, 4))
            for row in nearest
            if alike[row] > 0
            for example in (self.examples[int(view.rows[row])],)
        )
        return Ranked(
            technique.id, technique.name, technique.tactics, round(confidence, 4), because
        )


def _rows(examples: Sequence[Example], view: ViewName) -> NDArray[np.int64]:
    has = [bool(each.prose if view == "prose" else each.values) for each in examples]
    return np.flatnonzero(np.array(has, dtype=np.bool_)).astype(np.int64)


def _parts(
    examples: Sequence[Example],
    view: ViewName,
    encode: Encode | None,
    values: dict[str, Part] | None,
) -> dict[str, Part]:
    """What the texts of a view are compared by; the event's are the values', and signs."""
    if view == "event" and values is not None:
        return {**values, SIGNS: Part(Bag.of(each.signs for each in examples), SHARES[SIGNS])}
    texts = [each.prose if view == "prose" else each.values for each in examples]
    parts = {
        WORDS: Part(Bag.of(words(text) for text in texts), SHARES[WORDS]),
        LETTERS: Part(Bag.of(letters(text) for text in texts), SHARES[LETTERS]),
    }
    if encode is not None:
        vectors = encode([text[:LONGEST] for text in texts])
        parts[MEANING] = Part(Dense.of(vectors), SHARES[MEANING])
    if view == "event":
        parts[SIGNS] = Part(Bag.of(each.signs for each in examples), SHARES[SIGNS])
    return parts


def labels(examples: Sequence[Example], techniques: Sequence[str], release: Release) -> Labels:
    """What the examples are labelled with; a technique that `techniques` lacks is left out."""
    place = {id: at for at, id in enumerate(techniques)}
    wanted = np.zeros((len(examples), len(techniques)), dtype=np.float32)
    for row, example in enumerate(examples):
        for id in example.techniques:
            if id in place:
                wanted[row, place[id]] = 1.0
    parents = [release.techniques[id].parent or id for id in techniques]
    numbers = {id: at for at, id in enumerate(dict.fromkeys(parents))}
    order = [tactic.shortname for tactic in release.tactics]
    tactics = np.zeros((len(techniques), len(order)), dtype=np.float32)
    for at, id in enumerate(techniques):
        for name in release.techniques[id].tactics:
            tactics[at, order.index(name)] = 1.0
    meant = np.zeros((len(examples), len(order)), dtype=np.float32)
    for row, example in enumerate(examples):
        told = {
            n for id in example.techniques if id in place for n in release.techniques[id].tactics
        }
        for name in set(example.tactics) & set(order) or told:
            meant[row, order.index(name)] = 1.0
    families = np.array([numbers[id] for id in parents], dtype=np.int64)
    return Labels(wanted, families, tactics, meant)
