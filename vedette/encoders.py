"""The encoder of texts, tuned on a site's own lines, with a table of what that gained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.event import Event
from engine.score.observe import looked_at
from models.embed import choose, minilm
from models.embed.retrieval import Found, retrieval
from models.embed.tune import Tuning, tune
from models.errors import ModelError
from models.prepare.privacy import Privacy
from models.template.event import message
from models.template.templates import Templates
from vedette.bundles import Gathered

SHARE = 0.2
"""The share of templates whose lines are kept from tuning, to be asked for in the table."""
FEWEST = 5
"""Templates with two different lines or more that are needed."""
TORCH = "minilm-torch"
"""The encoder that no model is fitted with: what a hunt can switch on scores without torch."""
MOST, MOST_EACH = 2_000, 50
"""Lines in the table, and of one template, at most."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines to tune on, and lines of other templates to look for each other, with these."""

    learned: list[str]
    asked: list[str]
    templates: list[int]


class Said(Gathered):
    """The different messages of events, with a time or without; nothing else is kept."""

    def __init__(self, privacy: Privacy | None = None) -> None:
        super().__init__(None, privacy)
        self._hiding = privacy
        self.texts: dict[str, None] = {}

    def add(self, events: Iterable[Event], told: Callable[[int], None] = lambda _: None) -> None:
        """Take in the messages of `events`; `told` hears after each thousand how many there are."""
        for at, event in enumerate(events, 1):
            if text := message(looked_at(event, self._hiding)):
                self.texts[text] = None
            if at % 1000 == 0:
                told(at)


def parted(texts: Iterable[str], seed: int) -> Lines:
    """Different lines, a fifth of their templates held out; `InputError` where they are too few."""
    lines = list(dict.fromkeys(texts))
    templates = Templates()
    templates.learn_all(lines)
    of: dict[int, list[str]] = {}
    for line, number in zip(lines, templates.match_all(lines), strict=True):
        of.setdefault(number, []).append(line)
    several = [number for number, found in of.items() if len(found) > 1]
    if len(several) < FEWEST:
        raise InputError(
            f"{len(several)} templates of messages have two different lines",
            field="SOURCE",
            expected=f"lines of {FEWEST} templates or more",
        )
    rng = np.random.default_rng(seed)
    count = max(round(len(several) * SHARE), 2)
    held = {int(each) for each in rng.choice(several, count, replace=False)}
    asked = [(line, number) for number in sorted(held) for line in of[number][:MOST_EACH]][:MOST]
    return Lines(
        [line for number, found in of.items() if number not in held for line in found],
        [line for line, _ in asked],
        [number for _, number in asked],
    )


def tuned(
    lines: Lines, folder: Path, tuning: Tuning, step: Callable[[int, float], None]
) -> list[tuple[str, Found]]:
    """Tune MiniLM on `lines` into `folder`; how lines of a template find each other before and
    after. `InputError` where it cannot be done."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is there already", file=str(folder), expected="a new folder")
    try:
        source = minilm.folder()
        before = retrieval(minilm.load(source), lines.asked, lines.templates)
        after = retrieval(
            tune(lines.learned, source, folder, tuning, step), lines.asked, lines.templates
        )
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error
    return [("before", before), ("after", after)]


def named(encoder: str) -> str:
    """What a model keeps of an encoder's name; a folder wherever one stands. `InputError` where
    there is none."""
    if encoder == TORCH:
        raise InputError("scores with torch", field="--encoder", expected="minilm, its equal")
    name = encoder if encoder in choose.NAMES else str(Path(encoder).resolve())
    try:
        choose.encoder(name)
    except ModelError as error:
        raise InputError(error.message, file=error.file, field="--encoder") from error
    return name
