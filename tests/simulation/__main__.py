"""Run seeds of the simulation: `python -m tests.simulation FIRST [LAST]`."""

from __future__ import annotations

import logging
import sys
import time

from tests.simulation.world import violations


def main() -> int:
    logging.disable()
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    last = int(sys.argv[2]) if len(sys.argv) > 2 else first + 1
    started, broken = time.process_time(), 0
    for seed in range(first, last):
        for text in violations(seed):
            broken += 1
            print(f"seed {seed}: {text}", flush=True)
    print(
        f"{last - first} seeds, {broken} violations, {time.process_time() - started:.1f} s of CPU"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
