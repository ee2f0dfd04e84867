"""Techniques of a text without tags: an anomaly's templates, an event's values, a sentence.

The known texts are rules with their tags, and ATT&CK's own names and descriptions. A text is
compared with them by words and parts of paths, by runs of letters, by log source and fields, and
by an encoder's vectors where one is given. What the regression and the neighbours say becomes one
confidence by a logistic regression, which is fitted on each known text left out of the rest.

There are three views, for a sentence and a command line are different things: "prose" (titles and
descriptions), "values" (what rules look for), and "event" (the same with log source and fields).
Titles, descriptions and names are known for values as well: they often say what these are called.
An event has many values that rules do not look for, and words beside them mislead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mitre.bag import Bag
from mitre.candidates import Labels
from mitre.catalog import Catalog
from mitre.errors import AttackError
from mitre.example import Example, signs
from mitre.features import LONGEST, letters, words
from mitre.ranked import Answer, Likely, Near, Ranked
from mitre.ridge import Floats
from mitre.technique import Release
from mitre.texts import (
    FEWEST,
    LETTERS,
    MEANING,
    SIGNS,
    VIEWS,
    WORDS,
    Encode,
    Encoded,
    Texts,
    ViewName,
    compared_by,
    kernel_of,
    signs_of,
)
from mitre.view import Query, View

UNKNOWN = 0.1
"""A technique that is less sure is not named: the answer may be none."""

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
        encode_once = Encoded(encode) if encode is not None else None
        for name in views:
            texts = Texts.of(kept, name)
            if texts.own < FEWEST:
                continue
            parts = compared_by(texts, encode_once)
            if name == "event":
                parts[SIGNS] = signs_of(kept, texts)
            kernel = kernel_of(parts, len(texts.rows))
            known = labels([kept[row] for row in texts.rows], techniques, release)
            asked = texts.asked(kept) if name == "prose" else np.arange(texts.own)
            made[name] = View.fit(parts, kernel, texts.rows, texts.own, known, asked)
            del kernel  # before the next one is made: they are large
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
        """The `k` known texts that a text is most like, and how like it they are, in [0, 1].

        Those of the view's own kind.
        """
        chosen, alike = self._seen(self._query(text, ()), view)
        order = np.argsort(-alike[: chosen.own], kind="stable")[:k]
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
        """The view that a text is seen in, and how like its texts it is.

        Without a name that is the one with the likest text of its own kind.
        """
        if view == "event" and view not in self.views:
            view = "values"
        wanted = [view] if view in self.views else [name for name in VIEWS if name != "event"]
        seen = [(self.views[n], self.views[n].alike(query)) for n in wanted if n in self.views]
        seen = seen or [(each, each.alike(query)) for each in self.views.values()]
        return max(seen, key=lambda pair: float(pair[1][: pair[0].own].max()))

    def _ranked(self, view: View, alike: Floats, number: int, confidence: float) -> Ranked:
        technique = self.release.techniques[self.techniques[number]]
        holders = np.flatnonzero(view.labels.wanted[:, number])
        nearest: dict[int, float] = {}
        for row in holders[np.argsort(-alike[holders], kind="stable")[: 2 * NAMED]]:
            if alike[row] > 0:  # an example may be there by its values and by its words
                nearest.setdefault(int(view.rows[row]), float(alike[row]) / view.whole)
        because = tuple(
            Near(self.examples[at].id, self.examples[at].title, round(similar, 4))
            for at, similar in list(nearest.items())[:NAMED]
        )
        return Ranked(
            technique.id, technique.name, technique.tactics, round(confidence, 4), because
        )


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
