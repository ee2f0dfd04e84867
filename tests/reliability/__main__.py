"""Break things on real nodes, and hold the stored alerts to a hunt over the same events.

    python -m tests.reliability                          every fault, in small doses
    python -m tests.reliability --full                   in the doses of `make long`
    python -m tests.reliability --only rollover --dose 20 --server elasticsearch
    python -m tests.reliability --list

Starts the nodes that it needs on loopback, and stops them. Exit code 1 when something was lost,
is there twice, or is not told of.
"""

from __future__ import annotations

import argparse
import sys

from tests.live import nodes
from tests.reliability.registry import found
from tests.reliability.row import heading, line
from tests.reliability.stage import Stage

SERVERS = ("opensearch", "elasticsearch")


def told(text: str) -> None:
    """How far a fault is; no part of the table."""
    print(f"    {text}", file=sys.stderr, flush=True)


def main() -> int:
    faults = found()
    parser = argparse.ArgumentParser(
        prog="python -m tests.reliability",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="may be repeated")
    parser.add_argument("--dose", type=int, metavar="N", help="instead of the small doses")
    parser.add_argument("--full", action="store_true", help="the doses of `make long`")
    parser.add_argument("--server", choices=SERVERS, help="on this kind of server alone")
    parser.add_argument("--list", action="store_true", help="name the faults and their doses")
    options = parser.parse_args()
    chosen = options.only or list(faults)
    if unknown := set(chosen) - faults.keys():
        parser.error(f"no fault {min(unknown)!r}: there are {', '.join(faults)}")
    if options.dose is not None and options.dose < 1:
        parser.error("a dose is at least 1")
    if options.list:
        for fault in (faults[name] for name in chosen):
            print(f"{fault.name}: {fault.about}")
            small, full = (", ".join(map("{:,}".format, d)) for d in (fault.small, fault.full))
            print(f"    {fault.unit}: {small}; in full {full}; {', '.join(fault.servers)}")
        return 0
    print(*heading(), sep="\n", flush=True)
    failed = 0
    with Stage(nodes.start) as stage:
        for fault in (faults[name] for name in chosen):
            doses = (options.dose,) if options.dose else fault.full if options.full else fault.small
            for kind in fault.servers:
                if options.server not in (None, kind):
                    continue
                for dose in doses:
                    row = stage.play(fault, kind, dose, told)
                    print(line(row.cells()), flush=True)
                    if not row.ok:
                        failed += 1
                        print(*(f"    {text}" for text in row.wrong), sep="\n", file=sys.stderr)
    print(f"{failed} FAILED" if failed else "all held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
