"""From a file and an environment to settings, with where every value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.errors import SettingsError
from vedette.settings.conflicts import find_conflicts
from vedette.settings.document import read_document
from vedette.settings.environment import apply_environment
from vedette.settings.fields import Path as FieldPath
from vedette.settings.fields import dotted, keys
from vedette.settings.group import SettingsErrors
from vedette.settings.layers import Layer
from vedette.settings.messages import settings_error, settings_errors
from vedette.settings.model import Settings
from vedette.settings.secrets import read_secrets
from vedette.settings.values import resolve_path

FILE_NAME = "vedette.yml"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and the origin of each value by its dotted path (`sources.0.name`).

    An origin is `default`, `file:line`, a variable's name, or `secret file F (…)` with one of
    those in brackets. `file` is None when no file was read.
    """

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None = None


def find(path: Path | None, environ: Mapping[str, str], folder: Path) -> Path | None:
    """The configuration to load: the one named, else `VEDETTE_CONFIG`, else `folder`'s own.

    None when `folder` holds no `vedette.yml`: the defaults and the environment are enough.
    """
    if path is not None:
        return path
    if named := environ.get("VEDETTE_CONFIG"):
        return Path(named)
    return folder / FILE_NAME if (folder / FILE_NAME).is_file() else None


def load(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Load and validate; with no path only defaults and environment.

    Raises `SettingsErrors` with everything that is wrong at once. Relative paths start at the
    file's folder (without a file: the current one).
    """
    layer, errors = (Layer(), []) if path is None else _read(path)
    errors += apply_environment(layer, environ)
    _drop_empty_sections(layer)
    context = {
        "folder": (path.parent if path else Path()).absolute(),
        "home": environ.get("HOME"),
        "environ": environ,
    }
    errors += read_secrets(layer, partial(resolve_path, context=context))
    settings = None
    try:
        settings = Settings.model_validate(layer.tree, context=context)
    except ValidationError as invalid:
        errors += settings_errors(invalid, layer)
    errors += _conflicts(layer)
    # After a broken value is replaced by None, the model complains of the same place again.
    first: dict[tuple[str | None, int | None, str | None], SettingsError] = {}
    for error in errors:
        first.setdefault((error.file, error.line, error.field), error)
    if first or settings is None:
        raise SettingsErrors(first.values())
    return Loaded(settings, dict(_origins(settings, layer)), path)


def _read(path: Path) -> tuple[Layer, list[SettingsError]]:
    try:
        return read_document(path)
    except SettingsError as error:
        raise SettingsErrors([error]) from error


def _drop_empty_sections(layer: Layer) -> None:
    """`rules:` with nothing under it (all of it commented out) is as if it were not there."""
    for path, annotation in keys(Settings):
        required = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        if required and layer.get(path) is None:
            layer.drop(path)


def _conflicts(layer: Layer) -> Iterator[SettingsError]:
    for conflict in find_conflicts(layer.tree):
        origin = layer.origin(conflict.path)
        yield settings_error(conflict.path, origin, conflict.message, conflict.expected)


def _origins(settings: Settings, layer: Layer) -> Iterator[tuple[str, str]]:
    for path, _ in leaves(settings):
        given = layer.get(path) is not None and layer.origin(path)
        yield dotted(path), str(given) if given else DEFAULT


def leaves(value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Yield every value with its path; lists of sections are opened, other lists are values."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from leaves(getattr(value, name), (*path, name))
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path, value
