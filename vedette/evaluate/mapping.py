"""mapping: how well techniques are told without tags, on rules whose tags are hidden.

One fifth of the rules with techniques, drawn at random by a fixed seed, has its tags hidden; the
mapper learns from the others and from ATT&CK's names. The penalty, that names are learned from,
that values are compared with words as well, and how tactics are told were chosen by
cross-validation among those others; the rest was set beforehand. SigmaHQ has families of rules that
differ little, and a random split leaves relatives of a hidden rule among the known ones; so figures
stand there too for the hidden rules without a near relative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from engine.errors import InputError
from engine.rule import Rule, Selection
from mitre.catalog import Catalog
from mitre.descriptions import carried, descriptions
from mitre.errors import AttackError
from mitre.example import Example, technique_examples
from mitre.mapper import Mapper
from mitre.ranked import Answer, Ranked, tactic
from mitre.tags import map_tags
from mitre.texts import ViewName
from vedette.evaluate.files import require
from vedette.mapper_texts import rule_examples, told

NAME = "mapping"
RULES = "sigmahq/rules"
MORE = ("sigmahq/rules-emerging-threats", "sigmahq/rules-threat-hunting")
"""Rules that are known besides, in rows of their own."""

BUNDLE = "attack/enterprise-attack-18.json.zst"

SHARE, SEED = 0.2, 0
"""Of the rules, how many have their tags hidden, and which."""

NEAR = 0.5
"""A hidden rule with a known one at least this like it, by words and letters, has a relative."""

BINS = 5

TEXTS: Mapping[ViewName, str] = {
    "prose": "title and description",
    "values": "values",
    "event": "values, fields, log source",
}
"""What is asked about, and what the table calls it."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A rule whose tags are hidden, with what they say."""

    example: Example
    techniques: frozenset[str]
    tactics: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one hidden rule: the first technique's confidence, and what was right."""

    sure: float
    first: bool
    three: bool
    family: bool
    tactic: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Accuracies over `rules` hidden rules; `error` is the expected calibration error.

    `family` counts a parent or another part of the parent as right among the first three.
    """

    text: str
    method: str
    rules: int
    first: float
    three: float
    family: float
    tactic: float
    error: float

    def as_json(self) -> dict[str, Any]:
        """The row as JSON."""
        return {"set": NAME, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Found:
    """All rows, and of the confidence: (text, low, high, rules, mean confidence, share right)."""

    rows: Sequence[Row]
    reliability: Sequence[tuple[str, float, float, int, float, float]]
    known: int


def evaluate(data: Path, encoder: str | None = None) -> Found:
    """Hide, learn and ask. Raises `InputError` when the data is not there.

    `encoder` names one by whose vectors titles and descriptions are compared as well.
    """
    from vedette import rulesets

    catalog = Catalog.load()
    rules = rulesets.load([require(data / RULES)], Selection()).rules
    known, hidden = split(rules, catalog)
    names = list(technique_examples(catalog.release()))
    mapper = Mapper.learn([*known, *names], catalog)
    rows: list[Row] = []
    reliability: list[tuple[str, float, float, int, float, float]] = []
    for view, text in TEXTS.items():
        rows += _rows(mapper, hidden, view, text, reliability)
    if all((data / folder).exists() for folder in MORE):
        others = rulesets.load([data / folder for folder in MORE], Selection()).rules
        more = [each for each in rule_examples(others, catalog) if each.techniques]
        learned = Mapper.learn([*known, *more, *names], catalog)
        rows += [
            row(text, f"mapper, {len(more)} more rules known",
                [outcome(each, _asked(learned, each, view)) for each in hidden])
            for view, text in TEXTS.items()
        ]  # fmt: skip
    if (data / BUNDLE).exists():
        told_by = list(technique_examples(catalog.release(), _descriptions(data / BUNDLE, catalog)))
        learned = Mapper.learn([*known, *told_by], catalog, views=("prose",))
        outcomes = [outcome(each, _asked(learned, each, "prose")) for each in hidden]
        rows.append(row("title and description", "mapper, with descriptions", outcomes))
    if encoder is not None:
        from vedette.mapped import encoder_of

        encode, _ = encoder_of(encoder)
        learned = Mapper.learn([*known, *names], catalog, encode=encode, views=("prose",))
        outcomes = [outcome(each, _asked(learned, each, "prose")) for each in hidden]
        rows.append(row("title and description", f"mapper, with {encoder}", outcomes))
    return Found([_majority(known, hidden), *rows], reliability, len(known))


def split(rules: Iterable[Rule], catalog: Catalog) -> tuple[list[Example], list[Hidden]]:
    """The rules with techniques: those that are known, and those whose tags are hidden."""
    rules = list(rules)
    tagged = {rule.id: map_tags(rule.tags, catalog) for rule in rules}
    examples = [e for e in rule_examples(rules, catalog) if e.techniques and e.values]
    if len(examples) < 100:
        raise InputError(f"only {len(examples)} rules have techniques", expected="100 or more")
    examples.sort(key=lambda each: each.id)
    order = np.random.default_rng(SEED).permutation(len(examples))
    count = int(len(examples) * SHARE)
    hidden = [
        Hidden(e, frozenset(e.techniques), frozenset(t.shortname for t in tagged[e.id].tactics))
        for e in (examples[at] for at in order[:count])
    ]
    return [examples[at] for at in order[count:]], hidden


def outcome(hidden: Hidden, answer: Answer) -> Outcome:
    """What of the first techniques was right, and of the tactics.

    Where an answer has no tactics, the one that most of its techniques speak for is taken.
    """
    ranked = answer.techniques
    likely = answer.tactics[0].tactic if answer.tactics else tactic(ranked)
    three = [each.technique for each in ranked[:3]]
    families = {id.partition(".")[0] for id in hidden.techniques}
    return Outcome(
        sure=ranked[0].confidence if ranked else 0.0,
        first=bool(three) and three[0] in hidden.techniques,
        three=bool(hidden.techniques & set(three)),
        family=any(id.partition(".")[0] in families for id in three),
        tactic=likely in hidden.tactics,
    )


def row(text: str, method: str, outcomes: Sequence[Outcome]) -> Row:
    """The means over the outcomes."""
    bins = list(binned(outcomes))
    error = sum(count * abs(sure - right) for *_, count, sure, right in bins)
    whole = max(1, len(outcomes))
    means = {
        name: round(sum(getattr(each, name) for each in outcomes) / whole, 4)
        for name in ("first", "three", "family", "tactic")
    }
    return Row(text, method, len(outcomes), error=round(error / whole, 4), **means)


def binned(
    outcomes: Sequence[Outcome], bins: int = BINS
) -> Iterator[tuple[float, float, int, float, float]]:
    """Low, high, count, mean confidence and share right of each range that has outcomes."""
    for number in range(bins):
        inside = [e for e in outcomes if min(bins - 1, int(e.sure * bins)) == number]
        if inside:
            sure = sum(each.sure for each in inside) / len(inside)
            right = sum(each.first for each in inside) / len(inside)
            yield number / bins, (number + 1) / bins, len(inside), sure, right


def show(found: Found, out: TextIO) -> None:
    """Write the tables."""
    out.write(f"{NAME}: tags of {found.rows[0].rules} rules hidden, {found.known} known\n")
    out.write(f"{'text':<28}{'by':<34}{'rules':>6}{'first':>8}{'three':>8}{'family':>8}")
    out.write(f"{'tactic':>8}{'ECE':>8}\n")
    for each in found.rows:
        figures = (each.first, each.three, each.family, each.tactic, each.error)
        cells = "".join(f"{figure:>8.3f}" for figure in figures)
        out.write(f"{each.text:<28}{each.method:<34}{each.rules:>6}{cells}\n")
    out.write("\nconfidence of the first technique, and how often it was right\n")
    for text, low, high, count, sure, right in found.reliability:
        out.write(f"{text:<28}{low:.1f} - {high:.1f}{count:>6}{sure:>8.3f}{right:>8.3f}\n")
    out.write(
        "  first, three: a tag's technique is the first, or among the first three; family: the\n"
        "  parent or another part of it is; tactic: the likeliest is one of the rule's; ECE:\n"
        "  expected calibration error of the first one's confidence, in five ranges\n\n"
    )


def _rows(
    mapper: Mapper,
    hidden: Sequence[Hidden],
    view: ViewName,
    text: str,
    reliability: list[tuple[str, float, float, int, float, float]],
) -> Iterator[Row]:
    outcomes = [outcome(each, _asked(mapper, each, view)) for each in hidden]
    reliability += [(text, *each) for each in binned(outcomes)]
    yield row(text, "mapper", outcomes)
    if view == "event":
        return
    near = [mapper.nearest(_text(each, view), view=view) for each in hidden]
    alone = [o for o, known in zip(outcomes, near, strict=True) if known[0][1] < NEAR]
    yield row(text, f"mapper, no relative above {NEAR}", alone)
    voted = [outcome(h, _voted(known, mapper)) for h, known in zip(hidden, near, strict=True)]
    yield row(text, "nearest neighbours alone", voted)


def _asked(mapper: Mapper, hidden: Hidden, view: ViewName) -> Answer:
    logsource, fields = told(hidden.example) if view == "event" else ({}, ())
    text = _text(hidden, view)
    return mapper.answer(text, view=view, logsource=logsource, fields=fields, k=5, least=0.0)


def _text(hidden: Hidden, view: ViewName) -> str:
    return hidden.example.prose if view == "prose" else hidden.example.values


def _voted(near: Sequence[tuple[Example, float]], mapper: Mapper) -> Answer:
    """What ten neighbours say, each by the square of how near it is."""
    votes: dict[str, float] = {}
    for example, alike in near:
        for id in example.techniques:
            votes[id] = votes.get(id, 0.0) + alike**2 / len(example.techniques)
    whole = sum(votes.values()) or 1.0
    known = mapper.release.techniques
    ranked = (
        Ranked(id, known[id].name, known[id].tactics, vote / whole)
        for id, vote in sorted(votes.items(), key=lambda pair: -pair[1])[:5]
        if id in known
    )
    return Answer(tuple(ranked))


def _majority(known: Sequence[Example], hidden: Sequence[Hidden]) -> Row:
    """Always the commonest techniques."""
    common = Counter(id for each in known for id in each.techniques).most_common(3)
    release = Catalog.load().release().techniques
    always = tuple(
        Ranked(id, release[id].name, release[id].tactics, n / len(known)) for id, n in common
    )
    return row("-", "the commonest always", [outcome(each, Answer(always)) for each in hidden])


def _descriptions(path: Path, catalog: Catalog) -> dict[str, str]:
    """The bundle's descriptions, under the ids of the newest version."""
    from mitre.bundle import read

    try:
        found = descriptions(read(path)[0])
    except AttackError as error:
        raise InputError(error.message, file=str(path)) from error
    return carried(found, catalog)
