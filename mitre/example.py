"""A text whose techniques are known: a rule, or a technique's own name and description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mitre.technique import Release


@dataclass(frozen=True, slots=True)
class Example:
    """What a mapper learns from.

    `prose` are sentences (title and description), `values` what is looked for in events (paths,
    command lines, event ids), `signs` the names around them, as `sign` writes them. Any may be
    empty. `techniques` are ids of one ATT&CK version, `tactics` shortnames of it that are meant;
    without any, those of the techniques are.
    """

    id: str
    title: str
    techniques: tuple[str, ...]
    prose: str = ""
    values: str = ""
    signs: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()


def signs(
    logsource: Mapping[str, str | None] | None = None, fields: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The signs of a log source (product, category, service) and of field names."""
    sources = (logsource or {}).items()
    found = [f"{key}:{value.lower()}" for key, value in sources if value]
    return (*found, *(f"field:{name.lower()}" for name in fields))


def technique_examples(
    release: Release, descriptions: Mapping[str, str] | None = None
) -> Iterator[Example]:
    """Each living technique under its name, its parent's, and its description where there is one.

    `descriptions` are by technique id, from the user's own bundle.
    """
    known = release.techniques
    for technique in known.values():
        if technique.living:
            over = known.get(technique.parent or "")
            parent = f"{over.name}: " if over else ""
            text = (descriptions or {}).get(technique.id, "")
            name = f"{parent}{technique.name}"
            title = f"ATT&CK {technique.id} {technique.name}"
            prose = f"{name}. {text}" if text else name
            yield Example(technique.id, title, (technique.id,), prose)
