"""What a bundle is made of: its detectors, its windows, and how their p-values are combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from models.base import Detector, Json, Takes
from models.bundle import features
from models.combine.rules import RULES
from models.errors import ModelError, StoreError
from models.feature.sessions import number_of, within_spans
from models.feature.signal import COUNTER
from models.feature.temporal import DAY
from models.feature.windows import Entities, Events, Times, Window, timed
from models.libraries import missing
from models.prepare.privacy import Privacy
from models.registry import detector
from models.template.event import MESSAGES

DEFAULT: Mapping[str, Mapping[str, Json]] = {
    "new-value": {},
    "event-rarity": {},
    "count-tail": {},
    "count-vector": {},
    "markov": {},
    "gpt": {"budget": 400_000},
    "embedding-hdbscan": {},
}
"""The detectors of the default set, each with the arguments that differ from its own defaults.

The GPT sees fewer tokens than alone: it is fitted once for each fold, and again on all."""


NOT_YET: Mapping[Takes, str] = {Takes.SERIES: "series of counts"}
"""What a bundle cannot make of events."""


FIELDS = ("mask", "hashed", "features")
LATER = (*FIELDS, "proof", "validator", "week", "rare", "gap", "step", "by")
"""What plans of earlier versions did not have: not written where it is empty."""
EMPTY: tuple[Json, ...] = ("", [], None)
PROOF = "vedette"
SHORTEST = 1.0
"""Seconds of a gap or step, at least: windows are told apart by the second they begin in."""
MOST_STEPS = 60
"""Windows that an event may be in: learning and scoring take so many times as long."""
BLOCK = 12
"""Windows that overlap are calibrated by spans of so many lengths. The longer they are, the fewer
windows lie in two of them and are left out, and the more time is needed to have three."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`width` is that of a window in seconds, `folds` how often training data are left out in turn.

    A bundle has one answer for each entity and window, so a wide window means few alerts and late
    ones. Ten minutes is what the design takes.

    Values of the fields `mask` and `hashed`, and what is below them, are hidden before anything is
    learned (`prepare/privacy.py`); `proof` is what the key of the hashes makes of `PROOF`, so that
    another key is known for one.

    `validator` names the detector that has no part in the first p and looks again at what all
    others flag (`combine/validator.py`); none where it is empty. With `week`, hours east of UTC,
    the fused p is told by normals of the same part of the week where these hold up by themselves
    (`calibrate/groups.py`). Kinds of events that are in fewer than `rare` windows are not learned:
    they stay as strange as new ones.

    `features` are what detectors of vectors look at (`features.py`), counts of kinds where it is
    empty.

    With a `gap` a window is a session: it ends when nothing comes for more than so many seconds,
    and at the latest with the span of `width` seconds, counted from 1970, that it lies in. With a
    `step` windows overlap: one begins every so many seconds.

    `by` is the field whose values windows are of, in place of the host (or user, or address).
    """

    detectors: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: dict(DEFAULT))
    width: float = 600.0
    folds: int = 3
    rule: str = "fisher"
    seed: int = 0
    mask: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    proof: str = ""
    validator: str = ""
    week: float | None = None
    rare: int | None = None
    features: tuple[str, ...] = ()
    gap: float | None = None
    step: float | None = None
    by: str = ""

    def __post_init__(self) -> None:
        if not self.detectors:
            raise ModelError("a bundle needs at least one detector")
        if self.width <= 0:
            raise ModelError(f"a window of {self.width} seconds holds nothing")
        if self.gap is not None and not SHORTEST <= self.gap < self.width:
            raise ModelError(
                f"a session of at most {self.width:g} seconds cannot end after {self.gap:g} quiet "
                f"ones: a gap has {SHORTEST:g} second or more, and less than the longest session"
            )
        if self.step is not None:
            self._check_step(self.step)
        if self.folds < 2:
            raise ModelError("calibration needs at least two folds")
        if self.rule not in RULES:
            raise ModelError(f"no rule is called {self.rule!r}; there are {', '.join(RULES)}")
        for name in self.detectors:
            if (takes := detector(name).takes) in NOT_YET:
                raise ModelError(
                    f"{name} takes {NOT_YET[takes]}, and a bundle has windows of events: "
                    f"volume-{name} takes these"
                )
            if detector(name).takes is Takes.VOLUMES and (self.gap or self.step) is not None:
                what = "sessions are of no fixed length" if self.gap else "a part of that is in it"
                raise ModelError(
                    f"{name} holds a window against as much time before it, and {what}"
                )
        object.__setattr__(self, "features", features.chosen(self.features))
        if self.features and not self.vectors:
            raise ModelError("no detector of the plan looks at features")
        for hidden in (*self.mask, *self.hashed):
            for name in self.signals:
                field = name.removeprefix(COUNTER)
                if name != field and (field == hidden or field.startswith(f"{hidden}.")):
                    raise ModelError(f"{field} is to be hidden, and cannot be a counter")
        if self.week is not None and not -24 < self.week < 24:
            raise ModelError(f"{self.week:g} hours east of UTC are nowhere")
        if self.rare is not None and self.rare < 2:
            raise ModelError(f"no kind of events is in fewer than {self.rare} windows")
        if self.validator and self.validator not in self.detectors:
            raise ModelError(f"{self.validator} is to look again, and is no detector of the plan")
        if not self.first:
            raise ModelError(f"no other detector flags what {self.validator} is to look at again")

    @property
    def first(self) -> tuple[str, ...]:
        """The detectors whose p-values become one: all but the validator."""
        return tuple(name for name in self.detectors if name != self.validator)

    @property
    def edges(self) -> bool:
        """Whether a detector takes the edges of events."""
        return any(detector(name).takes is Takes.EDGES for name in self.detectors)

    @property
    def volumes(self) -> bool:
        """Whether a detector takes how much there was before."""
        return any(detector(name).takes is Takes.VOLUMES for name in self.detectors)

    @property
    def vectors(self) -> bool:
        """Whether a detector takes rows of numbers, such as how often each event occurs."""
        return any(detector(name).takes is Takes.VECTORS for name in self.detectors)

    @property
    def signals(self) -> tuple[str, ...]:
        """What features ask of each event."""
        return features.signals(self.features)

    @property
    def offset(self) -> float:
        """Seconds that the clock of its features is ahead of UTC."""
        return 3_600.0 * (self.week or 0.0)

    def cut(self, entities: Entities, times: Times, events: Events) -> list[Window]:
        """The windows of a stream, in the order of their starts."""
        if self.gap is None:
            return timed(entities, times, events, self.width, self.step)
        return within_spans(entities, times, events, self.gap, self.width)

    @property
    def span(self) -> float:
        """Seconds of the spans of time that are learned, or left out, as a whole."""
        return self.width if self.step is None else BLOCK * self.width

    def block(self, start: float) -> float:
        """When the span begins that has a window with this start: what lies there is alike."""
        plain = self.gap is None and self.step is None
        return start if plain else number_of(start, self.span) * self.span

    def apart(self, windows: Sequence[Window]) -> list[Window]:
        """The windows that lie in one span: no two of different spans share an event."""
        if self.step is None:
            return list(windows)
        return [each for each in windows if self.block(each.start) + self.span >= each.end]

    @property
    def share(self) -> float:
        """How many of all windows `apart` gives, where there is always something."""
        return 1.0 if self.step is None else 1 - (1 - self.step / self.width) / BLOCK

    def _check_step(self, step: float) -> None:
        """`ModelError` where windows cannot begin every `step` seconds."""
        if self.gap is not None:
            raise ModelError("a session ends at its gap, and has no step")
        if not SHORTEST <= step < self.width or self.width % step:
            raise ModelError(
                f"windows of {self.width:g} seconds cannot begin every {step:g}: a step has "
                f"{SHORTEST:g} second or more, and a window a whole number of them, at least two"
            )
        if self.width / step > MOST_STEPS:
            raise ModelError(
                f"each event would be in {self.width / step:,.0f} windows: at most {MOST_STEPS}"
            )

    @property
    def windows(self) -> str:
        """What its windows are, in words."""
        of = f" by {self.by}" if self.by else ""
        if self.gap is None:
            every = "" if self.step is None else f", one every {self.step:g} s"
            return f"windows of {self.width:g} s{every}{of}"
        end = f"after {self.gap:g} quiet s, and with each span of {self.width:g}"
        return f"sessions{of} that end {end}"

    def require_libraries(self) -> None:
        """`ModelError` where detectors need libraries to learn that are not installed."""
        lacking = {name: missing(detector(name).learns_with) for name in self.detectors}
        told = [f"{name} needs {' and '.join(found)}" for name, found in lacking.items() if found]
        if told:
            left = [name for name, found in lacking.items() if not found]
            others = f", or leave them out: {', '.join(left)} need nothing" if left else ""
            raise ModelError(f"to learn, {', '.join(told)}: pip install 'vedette[ml]'{others}")

    def privacy(self, key: bytes = b"") -> Privacy | None:
        """What hides values, None where nothing is to be hidden.

        `ModelError` where hashes need a `key`, and it is missing, or not that of training.
        """
        if not self.mask and not self.hashed:
            return None
        made = Privacy(self.mask, self.hashed, MESSAGES, key)
        if self.proof and made.pseudonym(PROOF) != self.proof:
            raise ModelError("the key of hashed fields is not the one of training")
        return made

    def keyed(self, key: bytes) -> Self:
        """The same plan, bound to the key of its hashes."""
        made = self.privacy(key)
        return replace(self, proof=made.pseudonym(PROOF)) if made and self.hashed else self

    def make(self, name: str) -> Detector[Any]:
        """A new detector of that name, as the plan wants it."""
        kind = detector(name)
        arguments = dict(self.detectors[name])
        if kind.seeded:
            arguments.setdefault("seed", self.seed)
        if kind.daily:
            arguments.setdefault(kind.daily, max(round(DAY / self.width), 2))
        try:
            return kind(**arguments)
        except TypeError as error:
            raise ModelError(f"{name}: {error}") from error

    def as_json(self) -> dict[str, Json]:
        """The plan as JSON holds it; where it hides nothing, as it was before it could."""
        told = {**asdict(self), **{name: list(getattr(self, name)) for name in FIELDS}}
        return {key: value for key, value in told.items() if key not in LATER or value not in EMPTY}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The plan that `as_json` gave; `StoreError` if it is none."""
        try:
            names = {name: tuple(map(str, told[name])) for name in FIELDS if name in told}
            return cls(**{**told, **names})
        except (TypeError, ModelError) as error:
            raise StoreError(f"is no plan of a bundle: {error}") from error
