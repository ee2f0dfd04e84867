"""loghub: how well templates are found in 2,000 lines of each of 16 systems.

Here no anomalies are measured: the sets are too small for that, and their labels too doubtful.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from engine.errors import InputError
from models.template.accuracy import grouping, parsing_accuracy
from models.template.templates import Templates
from vedette.evaluate.files import require, rows
from vedette.output.safe import visible

FOLDER = "logs/loghub"
NAME = "loghub"


@dataclass(frozen=True, slots=True)
class Found:
    """Grouping accuracy (GA) and F1 of groups on one system's lines; Drain3's GA if installed.

    `text` is the share of lines whose template reads as the true one does.
    """

    system: str
    lines: int
    true: int
    found: int
    accuracy: float
    f1: float
    text: float
    drain3: float | None

    def as_json(self) -> dict[str, Any]:
        """The row as JSON."""
        return {"set": NAME, **asdict(self)}


def evaluate(data: Path) -> list[Found]:
    """Every system below the folder `data`, in the order of their names."""
    folder = require(data / FOLDER)
    found = [_system(path) for path in sorted(folder.glob("*/*_structured.csv"))]
    if not found:
        raise InputError("holds no set", file=str(folder), expected="SYSTEM/…_structured.csv")
    return found


def show(found: Sequence[Found], out: TextIO) -> None:
    """Write the table, with the means at its end."""
    out.write(
        f"{NAME}\n{'system':<14}{'groups':>7}{'found':>7}{'GA':>8}{'Drain3':>8}{'F1':>8}{'text':>8}\n"
    )
    for row in (*found, _mean(found)):
        name = visible(row.system).ljust(14)
        theirs = "-" if row.drain3 is None else f"{row.drain3:.3f}"
        out.write(
            f"{name}{row.true:>7}{row.found:>7}{row.accuracy:>8.3f}{theirs:>8}{row.f1:>8.3f}"
            f"{row.text:>8.3f}\n"
        )
    out.write(
        "  GA: share of lines whose group is exactly a true one; F1: of groups; Drain3: its GA\n"
        "  text: share of lines whose template reads as the true one\n\n"
    )


def _system(path: Path) -> Found:
    told = [each for _, each in rows(path, ("Content", "EventId", "EventTemplate"))]
    lines, truth = [line for line, _, _ in told], [event for _, event, _ in told]
    if not lines:
        raise InputError("holds no line", file=str(path))
    templates = Templates()
    learned = templates.learn_all(lines)
    ours = grouping(truth, learned)
    texts = [templates.text(number) for number in learned]
    theirs = _drain3(lines)
    return Found(
        path.parent.name,
        len(lines),
        ours.true,
        ours.found,
        ours.accuracy,
        ours.f1,
        parsing_accuracy([text for _, _, text in told], texts),
        None if theirs is None else grouping(truth, theirs).accuracy,
    )


def _drain3(lines: Sequence[str]) -> list[int] | None:
    """The groups that Drain3 finds with its defaults, without a mask; None without Drain3."""
    try:
        from drain3.template_miner import TemplateMiner
        from drain3.template_miner_config import TemplateMinerConfig
    except ImportError:
        return None
    miner = TemplateMiner(config=TemplateMinerConfig())
    return [int(miner.add_log_message(line)["cluster_id"]) for line in lines]


def _mean(found: Sequence[Found]) -> Found:
    def mean(values: Iterator[float]) -> float:
        return sum(values) / len(found)

    theirs = [row.drain3 for row in found if row.drain3 is not None]
    return Found(
        "mean",
        sum(row.lines for row in found),
        sum(row.true for row in found),
        sum(row.found for row in found),
        mean(row.accuracy for row in found),
        mean(row.f1 for row in found),
        mean(row.text for row in found),
        mean(iter(theirs)) if len(theirs) == len(found) else None,
    )
