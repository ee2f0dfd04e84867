"""The model's keys, read from the model itself: what exists, and what each takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

Path = tuple[str | int, ...]
"""A key's place, such as `("sources", 0, "name")`; written `sources.0.name`."""


def dotted(path: Path) -> str:
    """The path as users read it; keys that are long or cannot be printed are made so."""
    return ".".join(_printable(str(part)) for part in path)


def _printable(key: str) -> str:
    text = key if key.isprintable() else repr(key)
    return text if len(text) <= 60 else text[:60] + "…"


def alternatives(annotation: Any) -> list[Any]:
    """The types an annotation allows, without None and what `Annotated` adds."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [inner for part in get_args(annotation) for inner in alternatives(part)]
    return [] if annotation is NoneType else [annotation]


def models(annotation: Any) -> list[type[BaseModel]]:
    """The sections an annotation allows."""
    return [t for t in alternatives(annotation) if isinstance(t, type) and issubclass(t, BaseModel)]


def item_models(annotation: Any) -> list[type[BaseModel]]:
    """The sections that the items of a list may be."""
    return [
        model
        for kind in alternatives(annotation)
        if get_origin(kind) is tuple
        for model in models(get_args(kind)[0])
    ]


def is_secret(annotation: Any) -> bool:
    """Whether the value may never be shown."""
    return SecretStr in alternatives(annotation)


def is_structure(annotation: Any) -> bool:
    """Whether the value is a list or a mapping (JSON in the environment)."""
    kinds = alternatives(annotation)
    return bool(models(annotation)) or any(get_origin(kind) in (tuple, dict) for kind in kinds)


def keys(
    model: type[BaseModel], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (path, annotation) of every key outside lists, sections before what is in them."""
    for name, info in model.model_fields.items():
        path = (*above, name)
        yield path, info.annotation
        for section in models(info.annotation):
            yield from keys(section, path)


def known_names(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that the section at `path` knows.

    `path` may hold a discriminator's value after a list's index, as pydantic's locations do.
    """
    sections: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, int):
            continue
        tagged = [s for s in sections if part in _tags(s)]
        if tagged:
            sections = tagged
            continue
        found = [s.model_fields[part].annotation for s in sections if part in s.model_fields]
        sections = [m for kind in found for m in models(kind) + item_models(kind)]
    return list(dict.fromkeys(name for section in sections for name in section.model_fields))


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    info = model.model_fields.get("type")
    return get_args(info.annotation) if info else ()


def without_tags(path: Path, tree: Mapping[str, Any], model: type[BaseModel]) -> Path:
    """A pydantic location without the discriminators in it, which are in no file.

    They stand after a list's index, where the item itself is a mapping.
    """
    items = [item for info in model.model_fields.values() for item in item_models(info.annotation)]
    tags = {tag for item in items for tag in _tags(item)}
    kept: list[str | int] = []
    tag = False
    for part in path:
        if not (tag and part in tags):
            kept.append(part)
        tag = isinstance(part, int) and isinstance(_get(tree, tuple(kept)), Mapping)
    return tuple(kept)


def _get(tree: Any, path: Path) -> Any:
    for part in path:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree
