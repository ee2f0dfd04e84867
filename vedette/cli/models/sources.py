"""Events for models: of files, or of a configured source."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vedette.cli.options import PATH, TIME_FORMAT, duration, finder, log_source

if TYPE_CHECKING:
    from models.bundle.observation import Observation
    from vedette.bundles import Gathered
    from vedette.cli.models.span import Span
    from vedette.settings import Settings

DATA = click.option(
    "--data",
    type=PATH,
    metavar="FOLDER",
    help="The folder of public data, where SOURCE is a public set.",
)
WITHOUT = click.option(
    "--without",
    type=PATH,
    metavar="FILE",
    help="Verdicts, as `vedette feedback export` writes them: what was judged true is left out.",
)
ALLOW = click.option(
    "--allow",
    multiple=True,
    metavar="NAME",
    help="Learn from events that the check of this name refuses; may be repeated.",
)

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Reading:
    """What is read of sources: of an index so far back, of files lines with that time and kind."""

    last: str
    tags: str | None
    times: str | None


def reading(last: str) -> Callable[[Command], Command]:
    """The options `--last`, of a default, `--logsource` and `--time-format`, as `read`."""
    back = click.option(
        "--last",
        default=last,
        show_default=True,
        metavar="DURATION",
        help="Of an index: so far back.",
    )
    tags = click.option(
        "--logsource", "tags", metavar="KEY=NAME,…", help="Log source of events in files."
    )

    def decorated(command: Command) -> Command:
        @wraps(command)
        def with_reading(
            *args: Any, last: str, tags: str | None, time_format: str | None, **others: Any
        ) -> Any:
            return command(*args, read=Reading(last, tags, time_format), **others)

        options: Any = back(tags(TIME_FORMAT(with_reading)))
        return options  # type: ignore[no-any-return]

    return decorated


def gather(
    sources: tuple[str, ...],
    settings: Settings,
    read: Reading,
    public: Public,
    gathered: Gathered,
    span: Span | None = None,
) -> None:
    """All events of `sources`, each a file, a folder, `-`, a configured source or a public set.

    `gathered` takes them in. `public` says what is read of public sets, and hears what these label.
    `span`: of an index, what lies before it is not asked for.

    What could not be read is said on stderr, with an example of each kind and how often.
    """
    from engine.errors import Problems
    from vedette.events import of_paths, of_source, source_of
    from vedette.output.safe import visible

    problems, labels, find = Problems(), log_source(read.tags), finder(read.times)
    last = duration(read.last)
    progress = _Line("events read")
    for name in sources:
        path: Any = "-" if name == "-" else Path(name)
        if name == "-" or Path(name).exists():
            gathered.add(of_paths([path], problems, labels, find), progress)
        elif public.has(name) and name not in {source.name for source in settings.sources}:
            gathered.observe(public.read(name), progress)
        else:
            source = source_of(settings, name)
            events = of_source(
                settings, source, problems, lambda: datetime.now(UTC),
                last if span is None else span.back(last, datetime.now(UTC)),
            )  # fmt: skip
            gathered.add(events, progress)
    progress.end()
    said: set[str] = set()
    for problem in problems:
        if problem.kind not in said:  # the first of each, as an example
            said.add(problem.kind)
            click.echo(visible(f"{problem.kind}: {problem}"), err=True)
            click.echo(f"{problem.kind}: {problems.counts[problem.kind]:,} in all", err=True)
    if gathered.timeless:
        click.echo(f"{gathered.timeless:,} events have no time and are left out", err=True)
    if gathered.outside:
        click.echo(f"{gathered.outside:,} events are of windows of another time and are left out",
                   err=True)  # fmt: skip
    if gathered.knows_attacks:
        click.echo(f"{gathered.attacks:,} events of attacks are left out", err=True)


@dataclass
class Public:
    """What is read of public sets below the folder `data`: the part to learn, or the one to score.

    A session is a window of `width` seconds, where windows lie `apart`. `labelled` are those that
    are attacks, by entity and start, of all sets that were read; None before one was.
    """

    data: Path | None
    width: float
    learn: bool = False
    labelled: set[tuple[str, float]] | None = None
    apart: bool = True

    def has(self, name: str) -> bool:
        """Whether a set has that name."""
        from vedette.evaluate.observed import is_set

        return is_set(name)

    def read(self, name: str) -> Iterator[Observation]:
        """The events of the set; raises `InputError`."""
        from engine.errors import InputError
        from vedette.evaluate.observed import Observed

        if not self.apart:
            raise InputError(
                f"each session of {name} is a window, and windows of this model overlap",
                field="SOURCE", expected="a model without --step",
            )  # fmt: skip
        part = Observed.load(name, self.data, self.width, learn=self.learn)
        self.labelled = (self.labelled or set()) | part.attacks()
        return part.observations()


class _Line:
    """One line on stderr that is written over, if that is a terminal."""

    def __init__(self, what: str) -> None:
        self._what, self._shown = what, sys.stderr.isatty()

    def __call__(self, count: int) -> None:
        if self._shown:
            click.echo(f"\r{count:,} {self._what}", nl=False, err=True)

    def end(self) -> None:
        """Make room for what comes next."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
