"""The recordings of simulated attacks: their files, labels and a sample spread over all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import zstandard


@dataclass(frozen=True)
class Recording:
    """One recording: its file, number of events, and the ATT&CK techniques that it shows."""

    path: Path
    events: int
    techniques: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".ndjson.zst")

    @property
    def labelled(self) -> bool:
        """Whether it names a technique; T0000 is the manifest's placeholder for none."""
        return any(technique != "T0000" for technique in self.techniques)

    @property
    def windows(self) -> bool:
        """Whether it holds Windows events, by its name."""
        name = self.name
        return name.startswith("windows_") or "lsass" in name or "windowsevents" in name

    def lines(self, most: int | None = None) -> Iterator[bytes]:
        """The events as lines of JSON, evenly spaced ones when there are more than `most`."""
        step = 1 if most is None or most >= self.events else self.events / most
        wanted, taken = 0.0, 0
        with self.path.open("rb") as file:
            stream = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file))
            for number, line in enumerate(stream):
                if number >= int(wanted):
                    yield line
                    wanted, taken = wanted + step, taken + 1
                    if most is not None and taken >= most:
                        return


def recordings(data: Path) -> list[Recording]:
    """All recordings, in the manifest's order."""
    folder = data / "otrf"
    manifest = json.loads((folder / "manifest.json").read_text())
    return [
        Recording(folder / item["file"], item["events"], tuple(item["techniques"]))
        for item in manifest
    ]


def spread(found: list[Recording], total: int) -> dict[str, int]:
    """How many events to take of each recording so that there are `total` of all of them.

    Small recordings are taken whole; what is left is shared out among the larger ones.
    """
    shares: dict[str, int] = {}
    left = total
    for place, recording in enumerate(sorted(found, key=lambda r: r.events)):
        share = min(recording.events, left // (len(found) - place))
        shares[recording.name] = share
        left -= share
    return shares


def numbered(found: list[Recording], total: int) -> Iterator[dict[str, object]]:
    """Sampled events, each with a number of its own under `number`, from 0."""
    shares = spread(found, total)
    number = 0
    for recording in found:
        for line in recording.lines(shares[recording.name]):
            yield {**orjson.loads(line), "number": number}
            number += 1
