"""Our matches beside the counts of rsigma 0.26.0, which come with the recordings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from engine.rule import RuleSet


def report(data: Path, found: Mapping[str, Counter[str]], rules: RuleSet) -> list[str]:
    """What differs, summed by rule; `found` counts matches by recording and rule id."""
    written = json.loads((data / "otrf" / "rsigma-0.26-matches.json").read_text())["matches"]
    theirs = {name.removesuffix(".ndjson.zst"): Counter(counts) for name, counts in written.items()}
    windows = {rule.id: rule for rule in rules.rules if rule.logsource.product == "windows"}
    more, fewer, ours = Counter[str](), Counter[str](), 0
    for name in theirs.keys() | found.keys():
        mine = Counter({i: n for i, n in found.get(name, Counter()).items() if i in windows})
        other = theirs.get(name, Counter())
        ours += mine.total()
        more.update(mine - other)
        fewer.update(other - mine)
    total = sum(counts.total() for counts in theirs.values())
    lines = [
        f"Windows rules beside rsigma 0.26.0: ours {ours:,} matches, its {total:,}; "
        f"more in {len(more)} rules ({more.total():,}), fewer in {len(fewer)} ({fewer.total():,})"
    ]
    for sign, counts in (("+", more), ("-", fewer)):
        lines += [
            f"  {sign}{number:<4} {windows[i].title}  [{windows[i].logsource}]"
            for i, number in counts.most_common()
        ]
    return lines
