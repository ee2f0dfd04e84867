"""Reading a tuning file: one YAML mapping of `suppress`, `override`, `caps`, `building_blocks`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from engine.errors import RuleError, nearest_name
from engine.level import LEVELS
from engine.rule_shape import check
from engine.tune.condition import Condition
from engine.tune.entries import Cap, Override, Suppress, Tuning
from engine.tune.scope import Scope
from engine.tune.shape import Part
from engine.yaml_text import documents_in

SECTIONS = ("suppress", "override", "caps", "building_blocks")
_SCOPE = ("rules", "tags", "logsource")


def tuning_in(raw: bytes, file: str) -> Tuning:
    """The tuning in a file's bytes. Raises `RuleError` with line and field."""
    documents = documents_in(raw, file)
    if len(documents.items) > 1:
        raise RuleError("holds several documents", file=file, expected="one mapping")
    check(documents.items[0], lambda message, key, expected: RuleError(
        message, file=file, field=key or None, expected=expected))  # fmt: skip
    whole = Part.of(file, documents.text, "", documents.items[0], SECTIONS)
    held = _parts(whole, "suppress", ("name", "by", "for"))
    return Tuning(
        suppress=tuple(_suppress(part) for part in held),
        overrides=tuple(
            _override(part)
            for part in _parts(whole, "override",
                               ("name", "when", "lists", "level", "risk", "add_risk"))
        ),
        caps=tuple(_cap(part) for part in _parts(whole, "caps", ("name", "most", "per"))),
        blocks=tuple(_scope(part, named=True) for part in _parts(whole, "building_blocks", ())),
    )  # fmt: skip


def _parts(whole: Part, section: str, keys: tuple[str, ...]) -> Iterator[Part]:
    """The entries of a section."""
    entries = whole.data.get(section, [])
    if not isinstance(entries, list):
        raise whole.error("is no list", key=section, expected="a list of mappings")
    make = partial(Part.of, whole.file, whole.text)
    return (make(f"{section}.{n}", entry, (*_SCOPE, *keys)) for n, entry in enumerate(entries))


def _scope(part: Part, *, named: bool = False) -> Scope:
    names = (*part.strings("rules"), *part.strings("tags"))
    source = part.source()
    if named and not names and not part.data.get("logsource"):
        raise part.error("is for every rule", expected="rules, tags or a logsource")
    return Scope.of(names, source)


def _name(part: Part, otherwise: str) -> str:
    return part.string("name") or otherwise


def _suppress(part: Part) -> Suppress:
    by = part.strings("by")
    name = _name(part, f"one alert for each {', '.join(by) or 'rule'}")
    return Suppress(name, _scope(part), by, part.span("for"))


def _cap(part: Part) -> Cap:
    most = part.count("most")
    if most is None:
        raise part.error("is missing", key="most", expected="a whole number")
    return Cap(_name(part, f"at most {most:,}"), _scope(part), most, part.span("per"))


def _override(part: Part) -> Override:
    level, risk, add = part.string("level"), part.count("risk", most=100), _added(part)
    if level is not None and level not in LEVELS:
        nearest = nearest_name(level, LEVELS)
        raise part.error(f"{level[:40]!r} is no level", key="level", expected=", ".join(LEVELS),
                         nearest=nearest)  # fmt: skip
    if level is None and risk is None and not add:
        raise part.error("changes nothing", expected="level, risk or add_risk")
    lists = part.lists()
    names = [file.name for file in lists]
    when = _when(part, names) if part.data.get("when") is not None else None
    if lists and when is None:
        raise part.error("are used by no condition", key="lists", expected="when beside it")
    return Override(_name(part, part.place), _scope(part), when, level, risk, add, lists)


def _added(part: Part) -> int:
    return part.count("add_risk", least=-100, most=100) or 0


def _when(part: Part, lists: list[str]) -> Condition:
    from sigma.exceptions import SigmaError

    from engine.match.translate import UntranslatableError  # pySigma is slow to import

    detection: Any = part.data["when"]
    if not isinstance(detection, dict):
        raise part.error("is no mapping", key="when", expected="a detection as in a Sigma rule")
    condition = Condition(detection, lists)
    try:
        condition.check(part.source())
    except (SigmaError, UntranslatableError, AttributeError, TypeError, ValueError) as error:
        raise part.error(str(error) or type(error).__name__, key="when") from error
    return condition
