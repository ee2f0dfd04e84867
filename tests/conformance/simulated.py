"""The delivery promise on a simulated clock, store and process, over many seeds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.world import violations

BLOCK = 250
"""Seeds that are done again when a run was stopped among them."""


def check(seeds: int, kept: Path | None, tell: Callable[[str], None]) -> list[str]:
    """What seeds from 0 break, block by block; blocks that `kept` says were well are left out.

    `tell` is told how far it is.
    """
    blocks = [first for first in range(0, seeds, BLOCK) if not _done(kept, first)]
    broken: list[str] = []
    with ProcessPoolExecutor() as workers:
        for first, found in zip(blocks, workers.map(_block, blocks), strict=True):
            broken += found
            tell(f"seeds {first:,} to {first + BLOCK - 1:,}: {len(found)} broken promises")
            if kept is not None and not found:
                kept.mkdir(parents=True, exist_ok=True)
                _file(kept, first).write_text("")
    return broken


def _block(first: int) -> list[str]:
    logging.disable()  # failures are what this is about
    return list(_told(range(first, first + BLOCK)))


def _told(seeds: range) -> Iterator[str]:
    for seed in seeds:
        for text in violations(seed):
            yield f"seed {seed}: {text}"


def _done(kept: Path | None, first: int) -> bool:
    return kept is not None and _file(kept, first).exists()


def _file(kept: Path, first: int) -> Path:
    return kept / f"{first}-{first + BLOCK - 1}"
