"""What sees each technique: rules that detect it, log sources that they need, models that watch.

Three kinds of cover are kept apart, for they are not the same. A rule detects. A log source that is
delivered is what a rule needs, and without it detects nothing. A model watches a log source: it may
notice that something is strange there, it does not know the technique, and never counts as
detection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.kinds import LogSource
from engine.rule import Rule
from mitre.catalog import Catalog
from mitre.tags import map_tags
from mitre.technique import Tactic, Technique
from vedette.coverage import TITLES, layer

State = Literal["detected", "blind", "gap"]

COLOURS: dict[State, str] = {"detected": "#3b82f6", "blind": "#f59e0b", "gap": "#e5e7eb"}
MEANINGS: dict[State, str] = {
    "detected": "a rule, and its log source is delivered",
    "blind": "rules, but none of their log sources is delivered",
    "gap": "no rule",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What sees one technique.

    `sources` are the log sources of its rules with how many rules need each, `delivered` those
    that somebody delivers (all of them when nobody said what is), `models` what watches there.
    """

    technique: Technique
    rules: tuple[str, ...]
    sources: tuple[tuple[str, int], ...]
    delivered: tuple[str, ...]
    models: tuple[str, ...]

    @property
    def state(self) -> State:
        """Whether it can be detected, could be if its logs came, or not at all."""
        if not self.rules:
            return "gap"
        return "detected" if self.delivered else "blind"


@dataclass(frozen=True, slots=True)
class Survey:
    """Every living technique of a version. `asked` is False when nobody said what is delivered."""

    version: int
    tactics: tuple[Tactic, ...]
    seen: tuple[Seen, ...]
    rules: int
    untagged: int
    models: tuple[str, ...]
    asked: bool

    def under(self, tactic: str) -> list[Seen]:
        """The techniques of a tactic, in id order: each before its sub-techniques."""
        return [each for each in self.seen if tactic in each.technique.tactics]

    def count(self, state: State) -> int:
        """How many techniques are in a state."""
        return sum(each.state == state for each in self.seen)


def survey(
    rules: Iterable[Rule],
    catalog: Catalog,
    version: int | None = None,
    *,
    delivered: Sequence[LogSource] | None = None,
    models: Sequence[str] = (),
) -> Survey:
    """Look at every technique. `delivered` is None when it is not known what is.

    Raises `AttackError` for a version that the catalogue does not speak.
    """
    release = catalog.release(version)
    titles: dict[str, list[tuple[str, LogSource]]] = {}
    count = untagged = 0
    for rule in rules:
        if not rule.output:
            continue  # the correlations that it feeds speak for it
        count += 1
        techniques = map_tags(rule.tags, catalog, version).techniques
        untagged += not techniques
        for technique in techniques:
            titles.setdefault(technique.id, []).append((rule.title, rule.logsource))
    seen = tuple(
        _seen(technique, titles.get(technique.id, []), delivered, models)
        for technique in release.techniques.values()
        if technique.living
    )
    asked = delivered is not None
    return Survey(release.version, release.tactics, seen, count, untagged, tuple(models), asked)


def fed(wanted: LogSource, delivered: LogSource) -> bool:
    """Whether events of a log source may be among what another delivers.

    They are when no part that both name differs, and both name one; a rule that names none reads
    whatever comes.
    """
    own = (wanted.product, wanted.category, wanted.service)
    if not any(own):
        return True
    given = (delivered.product, delivered.category, delivered.service)
    both = [(a.lower(), b.lower()) for a, b in zip(own, given, strict=True) if a and b]
    return bool(both) and all(a == b for a, b in both)


def _seen(
    technique: Technique,
    rules: Sequence[tuple[str, LogSource]],
    delivered: Sequence[LogSource] | None,
    models: Sequence[str],
) -> Seen:
    needed: dict[LogSource, int] = {}
    for _, source in rules:
        needed[source] = needed.get(source, 0) + 1
    order = sorted(needed.items(), key=lambda pair: (-pair[1], str(pair[0])))
    there = [
        str(source)
        for source, _ in order
        if delivered is None or any(fed(source, given) for given in delivered)
    ]
    return Seen(
        technique,
        tuple(sorted(title for title, _ in rules)),
        tuple((str(source), number) for source, number in order),
        tuple(there),
        tuple(models) if there and delivered is not None else (),
    )


def navigator(found: Survey, name: str, about: str = "") -> dict[str, Any]:
    """A layer for the ATT&CK Navigator: score the rules, colour the state, comment each source."""
    cells = [_cell(each) for each in found.seen]
    legend = [{"label": MEANINGS[state], "color": colour} for state, colour in COLOURS.items()]
    most = max((len(each.rules) for each in found.seen), default=1)
    told = [
        {"name": "rules", "value": str(found.rules)},
        {"name": "models", "value": ", ".join(found.models) or "none"},
    ]
    return layer(name, about, found.version, cells, most, legend=legend, metadata=told)


def _cell(seen: Seen) -> dict[str, Any]:
    return {
        "techniqueID": seen.technique.id,
        "score": len(seen.rules),
        "color": COLOURS[seen.state],
        "comment": "\n".join(comment(seen)),
        "enabled": True,
        "metadata": [],
        "links": [],
        "showSubtechniques": False,
    }


def comment(seen: Seen) -> Iterator[str]:
    """A line for each kind of cover."""
    titles = "; ".join(seen.rules[:TITLES])
    more = len(seen.rules) - TITLES
    yield f"rules: {titles or 'none'}" + (f"; and {more} more" if more > 0 else "")
    sources = "; ".join(
        f"{name} ({'delivered' if name in seen.delivered else 'not delivered'})"
        for name, _ in seen.sources[:TITLES]
    )
    if sources:
        yield f"log sources: {sources}"
    if seen.models:
        yield f"watched, not detected, by models: {', '.join(seen.models)}"
