"""Events for models: of files, or of a configured source."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vedette.cli.options import duration, log_source

if TYPE_CHECKING:
    from models.prepare.privacy import Privacy
    from vedette.attacks import Attacks
    from vedette.bundles import Gathered
    from vedette.settings import Settings


def gather(
    sources: tuple[str, ...],
    settings: Settings,
    last: str,
    tags: str | None,
    attacks: Attacks | None = None,
    privacy: Privacy | None = None,
    *,
    with_edges: bool = False,
    by_name: bool = False,
) -> Gathered:
    """All events of `sources`, each a file, a folder, `-` or the name of a configured source.

    Those of `attacks` are left out, and what `privacy` hides is hidden. `with_edges`: a detector
    asks for those of each event. `by_name`: one keeps who they are about.

    What could not be read is said on stderr, with how often.
    """
    from engine.errors import Problems
    from vedette.bundles import Gathered
    from vedette.events import of_paths, of_source, source_of

    problems, labels = Problems(), log_source(tags)
    gathered = Gathered(attacks, privacy, with_edges=with_edges, by_name=by_name)
    progress = _Line("events read")
    for name in sources:
        path: Any = "-" if name == "-" else Path(name)
        if name == "-" or Path(name).exists():
            gathered.add(of_paths([path], problems, labels), progress)
        else:
            source = source_of(settings, name)
            events = of_source(
                settings, source, problems, lambda: datetime.now(UTC), duration(last)
            )
            gathered.add(events, progress)
    progress.end()
    for kind, count in sorted(problems.counts.items()):
        click.echo(f"{count:,} times: {kind}", err=True)
    if gathered.timeless:
        click.echo(f"{gathered.timeless:,} events have no time and are left out", err=True)
    if attacks is not None:
        click.echo(f"{gathered.attacks:,} events of attacks are left out", err=True)
    return gathered


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
