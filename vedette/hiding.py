"""What models are not to know of events: fields, by whatever name, masked or hashed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.entities import FIELDS
from engine.errors import SettingsError
from vedette.settings.secrets import read_secret

if TYPE_CHECKING:
    from models.bundle.plan import Plan
    from models.prepare.privacy import Privacy
    from vedette.settings import Models


def key_of(settings: Models) -> bytes:
    """The key of hashed fields, empty where none is configured. Raises `SettingsError`."""
    path = settings.hash_key_file
    if path is None:
        return b""
    try:
        return read_secret(path).encode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"the key cannot be used: {reason}", file=str(path), field="models.hash_key_file"
        ) from error


def of(plan: Plan, key: bytes) -> Privacy | None:
    """What hides the plan's fields, None where there are none; raises `ModelError`.

    `user.name` is also `TargetUserName`, and all other names that logs give a user.
    """
    whole = replace(plan, mask=_all(plan.mask), hashed=_all(plan.hashed))
    return whole.privacy(key)


def _all(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for name in names for each in FIELDS.get(name, (name,))))
