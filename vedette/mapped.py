"""`vedette mitre map`: asks the mapper, and shows what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from engine.errors import InputError
from engine.rule import Selection
from mitre.mapper import UNKNOWN
from mitre.ranked import Answer
from mitre.texts import Encode
from vedette import rulesets
from vedette.mapper import mapper, own_state
from vedette.mapper_texts import event_query
from vedette.output.safe import json_text, visible

MOST = 16 << 20
"""Bytes of a file with an event."""

SURE = 0.5
"""The confidence from which a tactic is shown where no technique is."""

PARTS = ("product", "category", "service")


@dataclass(frozen=True, slots=True)
class Question:
    """What the command line asked: a text or the file of an event, and by what to judge it."""

    text: str | None
    event: Path | None
    rules: tuple[Path, ...] = ()
    logsource: tuple[str, ...] = ()
    top: int = 3
    least: float | None = None
    encoder: str | None = None
    state: Path | None = None


def answer(asked: Question, form: str) -> int:
    """Show the techniques as a table or JSON; 1 when there is none."""
    if (asked.text is None) == (asked.event is None):
        raise InputError("map takes a TEXT or --event FILE", expected="one of them")
    source = _source(asked.logsource)
    rules = rulesets.load(asked.rules, Selection())
    encode, fingerprint = encoder_of(asked.encoder)
    made = mapper(
        rules.rules,
        state=asked.state or own_state(),
        encode=encode,
        fingerprint=fingerprint,
        report=lambda problem: rulesets.caution(str(problem)),
    )
    text, fields = asked.text or "", tuple[str, ...]()
    if asked.event is not None:
        text, fields = event_query(_event(asked.event), made.fields)
    least = UNKNOWN if asked.least is None else asked.least
    said = made.answer(text, logsource=source, fields=fields, k=asked.top, least=least)
    if form == "json":
        click.echo(json_text(json.dumps([asdict(each) for each in said.techniques])))
    else:
        for line in lines(said):
            click.echo(visible(line))
    return 0 if said.techniques else 1


def lines(said: Answer) -> Iterator[str]:
    """A line for each technique and the texts that speak for it, and one for the likeliest tactic.

    Where no technique is named, the tactic is where it is likelier than not.
    """
    if not said.techniques:
        yield "unknown: no technique is sure enough"
    for each in said.techniques:
        tactics = ", ".join(each.tactics)
        yield f"{each.confidence:>5.0%}  {each.technique:<10} {each.name}  ({tactics})"
        for near in each.because:
            yield f"       like {near.similarity:.2f}: {near.title}"
    first = next(iter(said.tactics), None)
    if first and (said.techniques or first.confidence >= SURE):
        yield f"{first.confidence:>5.0%}  tactic     {first.tactic}"


def _source(parts: Sequence[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in parts:
        key, _, name = part.partition("=")
        if key not in PARTS or not name:
            raise InputError(
                f"is {part!r}", field="--logsource", expected="product=, category= or service=NAME"
            )
        found[key] = name
    return found


def _event(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MOST:
            raise InputError("is too large for an event", file=str(path))
        first = path.read_bytes().strip()
        event = json.loads(first if first.startswith(b"{\n") else first.partition(b"\n")[0])
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {error}", file=str(path)) from error
    if not isinstance(event, dict):
        raise InputError("is not a JSON object", file=str(path))
    return event


def encoder_of(name: str | None) -> tuple[Encode | None, str]:
    """An encoder by its name with what tells it from others; `InputError` where there is none."""
    if name is None:
        return None, ""
    from models.embed.choose import encoder
    from models.errors import ModelError

    try:
        found = encoder(name)
    except ModelError as error:
        raise InputError(str(error), field="--encoder") from error
    return found.encode, found.fingerprint
