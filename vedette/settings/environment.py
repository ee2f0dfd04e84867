"""Settings from the environment: `VEDETTE_CLUSTER__HOSTS='["https://es:9200"]'`.

A double underscore stands between section and key; lists and objects are JSON, and an object
sets its keys one by one. Whatever else begins with `VEDETTE_` is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from engine.errors import SettingsError, nearest_name
from vedette.settings.fields import is_structure, keys
from vedette.settings.layers import Layer, Origin
from vedette.settings.model import Settings

PREFIX = "VEDETTE_"
RESERVED = ("VEDETTE_CONFIG", "VEDETTE_NATIVE", "VEDETTE_REQUIRE", "VEDETTE_SHARED")
RESERVED_PREFIX = "VEDETTE_TEST_"
ALTERNATIVES = {
    "password": "password_file",
    "password_file": "password",
    "api_key": "api_key_file",
    "api_key_file": "api_key",
}
"""A secret and the file it stands in: setting the one covers the other of an earlier layer."""


def variable(path: tuple[str, ...]) -> str:
    """The name of the variable that sets a key."""
    return PREFIX + "__".join(path).upper()


def apply_environment(layer: Layer, environ: Mapping[str, str]) -> list[SettingsError]:
    """Cover values of the layer with the environment's; return what is wrong with those."""
    known = {variable(path): (path, annotation) for path, annotation in keys(Settings)}
    errors: list[SettingsError] = []
    given: dict[tuple[str, ...], Origin] = {}
    # Shorter paths first: a section given whole is covered by its keys given one by one.
    for name in sorted(_named(environ), key=lambda name: (name.count("__"), name)):
        if name not in known:
            nearest = _nearest(name, known)
            errors.append(SettingsError("unknown variable", field=name, nearest=nearest))
            continue
        path, annotation = known[name]
        try:
            value = _decode(environ[name]) if is_structure(annotation) else environ[name]
        except (ValueError, RecursionError) as error:
            message = (
                f"not valid JSON ({error})"
                if isinstance(error, _RepeatedKeyError)
                else "not valid JSON"
            )
            errors.append(SettingsError(message, field=name, expected="a JSON list or object"))
            continue
        for leaf, inner in _leaves(path, value):
            other = (*leaf[:-1], ALTERNATIVES.get(leaf[-1], ""))
            if other not in given:
                layer.drop(other)
            given[leaf] = Origin(name)
            layer.set(leaf, inner, Origin(name))
    return errors


def _named(environ: Mapping[str, str]) -> list[str]:
    return [
        name
        for name in environ
        if name.startswith(PREFIX) and name not in RESERVED and not name.startswith(RESERVED_PREFIX)
    ]


def _nearest(name: str, known: Iterable[str]) -> str | None:
    # Without the prefix, which would make every name look close.
    found = nearest_name(name.removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in known])
    return PREFIX + found if found else None


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    else:
        yield path, value


class _RepeatedKeyError(ValueError):
    """A key stands twice in a JSON object."""


def _decode(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKeyError("a key is given twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
