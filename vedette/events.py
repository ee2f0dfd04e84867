"""The events to look at: of files and folders, or of a configured source; nothing is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from connectors.files import FileSource
from connectors.files.glance import is_plain, read_plain
from connectors.files.limits import Context, Limits
from connectors.files.stamp import Find
from connectors.files.walk import files
from connectors.search import SearchClient, connect
from engine.errors import InputError, Report, nearest_name
from engine.event import Event
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record
from vedette.feeds import feed
from vedette.places import cluster_settings
from vedette.settings import FolderSource, SearchSource, Settings


def of_paths(
    paths: Sequence[Path | Literal["-"]],
    report: Report,
    tags: LogSource | None,
    times: Find | None = None,
) -> Iterator[Event]:
    """The events of files and of those in folders; plain text gives one a line.

    `times` tells the time of a line of no known form.
    """
    found = (each for path in paths for each in _files(path, report))
    for path in found:
        if path != "-" and Path(path).is_file():
            context = Context(str(path), report, Limits(), times=times)
            if _plain(Path(path), context):
                yield from named(read_plain(Path(path), context, datetime.now(UTC)), tags)
                continue
        source = FileSource([path], report, text=True, times=times)
        try:
            yield from named((r for batch in source.poll() for r in batch.records), tags)
        finally:
            source.close()


def _files(path: Path | Literal["-"], report: Report) -> Iterator[Path | Literal["-"]]:
    if path == "-" or not Path(path).is_dir():
        yield path
    else:
        yield from (each for each, _ in files(Path(path), report))


def _plain(path: Path, context: Context) -> bool:
    try:
        return is_plain(path, context)
    except OSError:  # whoever reads it next says why
        return False


def named(records: Iterable[Record], tags: LogSource | None) -> Iterator[Event]:
    """Records with the names that rules use."""
    for record in records:
        yield normalise(record, tags)


def source_of(settings: Settings, name: str) -> SearchSource | FolderSource:
    """A configured source by its name. Raises `InputError` naming the nearest."""
    by_name = {source.name: source for source in settings.sources}
    if name not in by_name:
        raise InputError(
            f"{name!r} is neither a file nor a configured source",
            field="SOURCE",
            expected="one of " + ", ".join(by_name) if by_name else None,
            nearest=nearest_name(name, by_name),
        )
    return by_name[name]


def of_source(
    settings: Settings,
    source: SearchSource | FolderSource,
    report: Report,
    clock: Callable[[], datetime],
    last: timedelta,
    connecting: Callable[[Settings], SearchClient] | None = None,
) -> Iterator[Event]:
    """The events of a configured source: a folder's whole, an index's of the `last` while.

    Raises `SourceError`.
    """
    given = source.logsource
    tags = LogSource(given.product, given.service, given.category) if given else None
    if isinstance(source, FolderSource):
        found = [path for path, _ in files(source.path, report)]
        yield from of_paths(found, report, tags, source.times())
        return
    assert settings.cluster is not None
    client = connecting(settings) if connecting else connect(cluster_settings(settings.cluster))
    try:
        from_then = source.model_copy(update={"start": last})
        opened = feed(from_then, client, report, clock, lambda _tags: lambda _line: None).source
        yield from named((r for batch in opened.poll(None) for r in batch.records), tags)
    finally:
        client.close()
