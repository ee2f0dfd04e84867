"""What models are not to know of events: fields, by whatever name, masked or hashed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.entities import FIELDS
from engine.errors import SettingsError
from models.errors import ModelError
from vedette.settings.secrets import read_secret

if TYPE_CHECKING:
    from engine.event import Event
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


def keyed(plan: Plan, key: bytes) -> Plan:
    """The plan bound to the key of its hashes; raises `ModelError`."""
    _require(plan, key)
    return plan.keyed(key)


def unmet(plan: Plan, privacy: Privacy | None) -> list[str]:
    """The fields that `plan` hides and no event had: perhaps they are called otherwise."""
    met = privacy.met if privacy is not None else set()
    return [name for name in (*plan.mask, *plan.hashed) if met.isdisjoint(_all([name]))]


def refuse_by(plan: Plan, privacy: Privacy | None) -> None:
    """`ModelError` where windows are to be of what is to be hidden."""
    if plan.by and privacy is not None and any(map(privacy.hides, _all([plan.by]))):
        raise ModelError(f"{plan.by} is to be hidden, and windows cannot be of it")


def of_entity(event: Event, entity: str, privacy: Privacy) -> str | None:
    """The field that says who the event is about, where `privacy` hides it."""
    name = entity.partition("=")[0]
    there = [field for field in FIELDS.get(name, ()) if event.first(field) is not None]
    return next((field for field in there if privacy.hides(field)), None)


def of(plan: Plan, key: bytes) -> Privacy | None:
    """What hides the plan's fields, None where there are none; raises `ModelError`.

    `user.name` is also `TargetUserName`, and all other names that logs give a user.
    """
    _require(plan, key)
    # its constructor refuses a counter that is hidden by another of its names
    whole = replace(plan, mask=_all(plan.mask), hashed=_all(plan.hashed))
    return whole.privacy(key)


def _require(plan: Plan, key: bytes) -> None:
    if plan.hashed and not key:
        raise ModelError(
            "hashing fields needs a key of 16 to 64 bytes: name its file in models.hash_key_file"
        )


def _all(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for name in names for each in FIELDS.get(name, (name,))))
