"""Bundles of models by name: where they lie, how one is fitted, and what it says of events."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import InputError, Problem, Report
from engine.event import Event
from engine.score.edges import edges
from engine.score.model import Model
from engine.score.observe import entity_by, observation
from engine.score.overlap import Overlaps
from engine.score.signals import signals as signals_of
from models.base import Reason
from models.bundle import keep, revisions
from models.bundle.bundle import Bundle, Scored
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.cluster.texts import EmbeddingHdbscan
from models.errors import ModelError
from models.feature.signal import ABSENT, Signals
from models.graph.edge import Graph
from models.prepare.privacy import Privacy
from models.template.event import MESSAGES, event_key
from vedette import __version__, hiding
from vedette.attacks import Attacks

ROOM = "models"
"""The folder of bundles in the state directory."""
SHIPPED = {"demo-office": Path(__file__).parent / "demo" / "office"}
"""Models that come with Vedette; one of the same name in the state directory goes first."""
SHARED = 4096
"""Different fields of events that are remembered at a time, to be kept once."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bundle says of one window of an entity."""

    scored: Scored
    reasons: list[Reason]
    steps: list[dict[str, Any]] | None = None
    """Of each network that foretells the surprising steps (`steps.py`), where they are asked."""

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON holds it; p-values by detector, the smallest first."""
        scored, window = self.scored, self.scored.window
        by = sorted(scored.by.items(), key=lambda item: item[1])
        return {
            "entity": str(window.entity),
            "start": iso(window.start),
            "end": iso(window.end),
            "events": len(window),
            "p": scored.p,
            **({} if scored.first_p is None else {"first_stage": scored.first_p}),
            "percentile": scored.percentile,
            "extrapolated": scored.extrapolated,
            "detectors": {name: round(log_p, 4) for name, log_p in by},
            "explanation": [
                {"feature": r.feature, "contribution": r.contribution, "text": r.text}
                for r in self.reasons
            ],
            **({} if self.steps is None else {"steps": self.steps}),
        }


def folder_of(state: Path, name: str) -> Path:
    """Where the bundle `name` lies; `InputError` for what cannot be a name."""
    if not _NAME.match(name):
        expected = "letters, digits, dots, hyphens and underscores"
        raise InputError(f"{name!r} cannot be the name of a model", field="NAME", expected=expected)
    return state / ROOM / name


def require_room(folder: Path) -> None:
    """`InputError` where no bundle can be written into `folder`: to be known before it learns."""
    near = next(each for each in (folder, *folder.parents) if os.access(each, os.F_OK))
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        why = "cannot be written in" if near.is_dir() else "is no folder"
        raise InputError(why, file=str(near), expected="a place for the model")


def found_at(state: Path, name: str) -> Path:
    """Where the bundle `name` is to be read from; `InputError` if there is none."""
    folder = folder_of(state, name)
    # What a first fit that was cut off left does not stand before a model that is whole.
    if (folder / keep.TOLD).exists() or (folder.is_dir() and name not in SHIPPED):
        return folder
    if name not in SHIPPED:
        known = ", ".join(names(state))
        raise InputError(f"there is no model {name!r}", field="NAME", expected=f"one of: {known}")
    return SHIPPED[name]


def names(state: Path) -> list[str]:
    """The names of all bundles, in order; also of those that cannot be read."""
    room = state / ROOM
    own = [each.name for each in room.iterdir() if each.is_dir()] if room.is_dir() else []
    return sorted({*SHIPPED, *own})


def kept(state: Path, name: str) -> keep.Kept:
    """The bundle `name`; `InputError` if it is missing, altered or foreign."""
    try:
        return keep.kept(found_at(state, name))
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def check_memory(bundle: Bundle) -> None:
    """`InputError` where what the bundle learns on by is missing, altered or foreign."""
    try:
        if bundle.memory is not None:
            bundle.memory.apart()
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def model(state: Path, name: str, key: bytes = b"") -> Model:
    """The bundle `name` as what scores events; `InputError` as `kept`.

    `key` is that of hashed fields; without the right one, a bundle that has such is refused.
    """
    folder = found_at(state, name)
    try:
        found = keep.kept(folder)
        privacy = hiding.of(found.bundle.plan, key)
        return Model(name, found.sha256, found.bundle, found.told["training"], privacy)
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def models(state: Path, names: Iterable[str], report: Report, key: bytes = b"") -> list[Model]:
    """Those of the bundles that can be loaded; one that cannot is told as a problem."""
    found = []
    for name in dict.fromkeys(names):
        try:
            found.append(model(state, name, key))
        except InputError as error:
            text = f"the model {name} is left out: {error.message}"
            report(Problem("model-missing", text, error.file, error.line, error.field))
    return found


class Gathered:
    """Observations of events, what they were, and how many events had no time."""

    def __init__(
        self,
        attacks: Attacks | None = None,
        privacy: Privacy | None = None,
        *,
        with_edges: bool = False,
        by_name: bool = False,
        within: Callable[[float], bool] | None = None,
        signals: Sequence[str] = (),
        by: str = "",
    ) -> None:
        """Events that are part of `attacks` are left out, and counted; `privacy` hides values.

        So are those whose time is not `within` what is wanted.

        `with_edges`: detectors of graphs will ask for those of each event. `by_name`: what learns
        keeps who events are about by name, so that `add` refuses events about whom is to be hidden.
        `signals` are what features ask of each event, `by` is the field that says whom it is of.
        """
        self._by, self.named = by, 0
        """How many events have that field."""
        self._with_edges, self._by_name = with_edges, by_name
        self._asked = tuple(signals)
        self._noted: dict[Signals, Signals] = {}
        self._graphs: dict[Graph, Graph] = {}
        self.observations: list[Observation] = []
        self.timeless = self.attacks = self.outside = 0
        self._within = within
        self._known, self._privacy = attacks, privacy
        self._hash = hashlib.sha256()
        self._shared: dict[str, Mapping[str, Any]] = {}
        self._names: dict[str, str] = {}

    @property
    def knows_attacks(self) -> bool:
        """Whether events that are part of attacks are looked for."""
        return self._known is not None

    def add(self, events: Iterable[Event], told: Callable[[int], None] = lambda _: None) -> None:
        """Take in events; `told` hears after each thousand how many there are.

        Raises `InputError` where a name would be kept that is to be hidden.
        """
        for event in events:
            seen = observation(event, self._privacy)
            if seen is None:
                self.timeless += 1
                continue
            if self._within is not None and not self._within(seen.time):
                self.outside += 1
                continue
            usual = seen.entity
            if self._by:
                seen = replace(seen, entity=entity_by(event, self._by, usual))
                self.named += seen.entity.startswith(f"{self._by}=")
            if self._known is not None and any(
                self._known.has(each, seen.time) for each in {usual, seen.entity}
            ):
                self.attacks += 1
                continue
            if self._by_name:
                self._refuse_hidden(event, seen.entity)
            self._hash.update(repr((seen.entity, seen.time, sorted(seen.fields.items()))).encode())
            if self._with_edges:
                seen = replace(seen, edges=self._graph(event))
                self._hash.update(repr(seen.edges).encode())
            if self._asked:
                seen = replace(seen, signals=self._signals(event))
                self._hash.update(repr(seen.signals).encode())
            self._take(self._kept(seen), told)

    def observe(
        self, observations: Iterable[Observation], told: Callable[[int], None] = lambda _: None
    ) -> None:
        """Take in what was observed elsewhere, as it is, without signals; `told` as for `add`."""
        absent = (ABSENT,) * len(self._asked)
        for seen in observations:
            if self._within is not None and not self._within(seen.time):
                self.outside += 1
                continue
            self._hash.update(repr((seen.entity, seen.time, sorted(seen.fields.items()))).encode())
            self._take(replace(seen, signals=absent) if absent else seen, told)

    def _take(self, seen: Observation, told: Callable[[int], None]) -> None:
        """Keep one more."""
        self.observations.append(seen)
        if len(self.observations) % 1000 == 0:
            told(len(self.observations))

    def _refuse_hidden(self, event: Event, entity: str) -> None:
        field = hiding.of_entity(event, entity, self._privacy) if self._privacy else None
        if field is not None:
            raise InputError(
                f"detectors of volumes keep the name of who events are about, here that of "
                f"{field}, which is to be hidden",
                field="--detector",
                expected="others, or a field that names nobody whom windows are about",
            )

    def _kept(self, seen: Observation) -> Observation:
        """The observation without what no model asks for; equal ones share what they say."""
        fields = seen.fields
        if event_key(fields) is not None:  # then its message counts for nothing
            fields = {name: value for name, value in fields.items() if name not in MESSAGES}
        if len(self._shared) >= SHARED:
            self._shared.clear()
        told = self._shared.setdefault(repr(fields), fields)
        entity = self._names.setdefault(seen.entity, seen.entity)
        return Observation(entity, seen.time, told, seen.edges, seen.signals)

    def _graph(self, event: Event) -> Graph:
        """The edges of an event; equal ones are kept once."""
        found = edges(event, self._privacy)
        if len(self._graphs) >= SHARED:
            self._graphs.clear()
        return self._graphs.setdefault(found, found)

    def _signals(self, event: Event) -> Signals:
        """What an event says of itself; equal ones are kept once."""
        found = signals_of(event, self._asked, self._privacy)
        if len(self._noted) >= SHARED:
            self._noted.clear()
        return self._noted.setdefault(found, found)

    def sha256(self) -> str:
        """The hash of all that was taken in."""
        return self._hash.hexdigest()


def fit(
    gathered: Gathered,
    plan: Plan,
    folder: Path,
    clock: Callable[[], datetime],
    told: Callable[[str], None] = lambda _: None,
    more: Mapping[str, Any] = MappingProxyType({}),
    fitted: Bundle | None = None,
) -> tuple[Bundle, str]:
    """Fit a bundle, write it into `folder`; the bundle and its fingerprint.

    `more` is written down beside what is known of the training; `fitted` is kept in place of a
    bundle that would be fitted now.
    Clusters of texts that a bundle in `folder` had too keep their numbers; what it learned on
    goes with it. Raises `InputError` where the events cannot serve.
    """
    try:
        bundle = fitted or Bundle.fit(gathered.observations, plan, told, __version__)
        times = [seen.time for seen in gathered.observations]
        begun = bundle.learned - len(bundle.normal)
        training = {
            "events": len(times),
            "windows": bundle.learned,
            **({"windows_left_out_of_calibration": begun} if begun else {}),
            **({"windows_with_rare_kinds": bundle.passed_over} if bundle.passed_over else {}),
            "entities": len({seen.entity for seen in gathered.observations}),
            "templates": len(bundle.templates),
            "from": iso(min(times)),
            "to": iso(max(times)),
            "data_sha256": gathered.sha256(),
            "code_version": __version__,
            "revision": 1,
            "fitted": clock().isoformat(),
            **more,
        }
        # Whoever writes one now is done in a moment, and this one, fitted for long, comes then.
        with revisions.alone(folder, wait=True):
            _follow(bundle, folder)
            return bundle, keep.save(bundle, folder, training)
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def _follow(bundle: Bundle, folder: Path) -> None:
    try:
        before = keep.load(folder)
    except ModelError:  # there was none, or none that can be read: this one takes its place
        return
    following(bundle, before)


def following(bundle: Bundle, before: Bundle) -> None:
    """Let clusters of texts have the numbers that they had in the bundle `before`."""
    for name, part in bundle.parts.items():
        old = before.parts.get(name)
        new, last = part.detector, old.detector if old else None
        if new is last:  # an update left it as it was
            continue
        if isinstance(new, EmbeddingHdbscan) and isinstance(last, EmbeddingHdbscan):
            new.following(last)


def scores(bundle: Bundle, gathered: Gathered) -> list[Scored]:
    """What the bundle says of each window; `InputError` where it cannot."""
    try:
        return bundle.score(gathered.observations)
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def answers(
    bundle: Bundle, gathered: Gathered, scored: Iterable[Scored], most_p: float
) -> Iterator[Answer]:
    """Those of `scored` whose p is at most `most_p` with their reasons, the strangest first.

    Of windows that overlap it is the strangest alone.
    """
    overlaps = None if bundle.plan.step is None else Overlaps(bundle.plan.width)
    try:
        for each in sorted(scored, key=lambda each: (each.log_p, each.window.start)):
            if overlaps is not None:
                window = str(each.window.entity), each.window.start, each.log_p
                if overlaps.known(*window):
                    continue
                overlaps.add(*window)
            if each.p <= most_p:
                yield Answer(each, bundle.explain(each, gathered.observations))
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def iso(seconds: float) -> str:
    """A time in seconds since 1970 as it is written."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
