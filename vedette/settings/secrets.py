"""Secrets that stand in files of their own, as container platforms hand them over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.errors import SettingsError
from vedette.settings.fields import dotted
from vedette.settings.layers import Layer, Origin

MAX_BYTES = 65_536
SECRETS = (("cluster", "password"), ("cluster", "api_key"))


def read_secrets(layer: Layer, resolve: Callable[[str], Path]) -> list[SettingsError]:
    """Put what each `…_file` key points to under the key itself; return what went wrong.

    `resolve` makes a configured path absolute. Call it once all layers are merged.
    """
    errors = []
    for path in SECRETS:
        file_path = (*path[:-1], f"{path[-1]}_file")
        name, origin = layer.get(file_path), layer.origin(file_path)
        if not isinstance(name, str) or not name or origin is None:
            continue  # absent, or of a type that the model refuses
        try:
            if layer.get(path) is not None:
                raise ValueError(f"{path[-1]!r} is given too")
            secret = read_secret(resolve(name))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            errors.append(_error(reason, file_path, origin))
        else:
            layer.set(path, secret, replace(origin, secret=name))
    return errors


def read_secret(path: Path) -> str:
    """The file's text without the line end that editors add. Raises OSError or ValueError."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError("the file is too large to be a secret")
    try:
        secret = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None
    if not secret:
        raise ValueError("the file is empty")
    return secret


def _error(reason: str, path: tuple[str, ...], origin: Origin) -> SettingsError:
    return SettingsError(
        f"the secret cannot be used: {reason}",
        file=origin.where,
        line=origin.line,
        field=dotted(path),
    )
