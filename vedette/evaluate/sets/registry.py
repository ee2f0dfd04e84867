"""The public sets, by the names that `vedette evaluate` knows them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.errors import InputError, nearest_name
from vedette.evaluate.part import PublicSet
from vedette.evaluate.sets import adfa_ld, ait_ads, hdfs, openstack, otrf

SETS: Mapping[str, Callable[[Path], PublicSet]] = {
    "hdfs": hdfs.load,
    "adfa-ld": adfa_ld.load,
    "ait-ads": ait_ads.load,
    "ait-ads-as-found": ait_ads.load_as_found,
    "openstack": openstack.load,
    "otrf": otrf.load,
}


def load(name: str, data: Path) -> PublicSet:
    """The set `name` below the folder `data`; `InputError` for a name that there is not."""
    if name not in SETS:
        raise InputError(
            f"no public set is called {name!r}",
            field="SET",
            expected=f"one of {', '.join(SETS)}",
            nearest=nearest_name(name, list(SETS)),
        )
    return SETS[name](data)
