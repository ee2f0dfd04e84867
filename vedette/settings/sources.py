"""The sources that `vedette run` reads events from."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.files.time_format import TimeFormat
from engine.errors import InputError
from vedette.settings.durations import Duration, Interval, IntervalOrOff
from vedette.settings.invalid import invalid
from vedette.settings.patterns import FIELD, INDEX, LOGSOURCE, SOURCE_NAME
from vedette.settings.section import Section
from vedette.settings.values import FilePath, Line, Start, WholeNumber


def _time_format(text: str) -> str:
    try:
        TimeFormat(text)
    except InputError as error:
        raise invalid(error.message, error.expected or "a time") from error
    return text


TimeText = Annotated[str, Field(max_length=200), AfterValidator(_time_format)]
_Part = Annotated[str, Field(pattern=LOGSOURCE)]


class Logsource(Section):
    """The Sigma logsource of a source's events, where they do not show it themselves."""

    product: _Part | None = Field(default=None, description="Sigma product, such as windows.")
    category: _Part | None = Field(default=None, description="Sigma category, such as proxy.")
    service: _Part | None = Field(default=None, description="Sigma service, such as sshd.")

    @model_validator(mode="after")
    def _some(self) -> Logsource:
        if not (self.product or self.category or self.service):
            raise invalid("is empty", "product, category or service")
        return self


class SearchSource(Section):
    """An index, alias or pattern of the cluster, asked again and again."""

    type: Literal["search"] = Field(description="Events come from the cluster.")
    name: str = Field(pattern=SOURCE_NAME, description="Unique name; the checkpoint is under it.")
    index: str = Field(pattern=INDEX, description="Index, alias or pattern to read.")
    interval: Interval = Field(
        default=timedelta(seconds=30),
        description="Time from the start of one poll to that of the next.",
    )
    time_field: str = Field(
        default="@timestamp", pattern=FIELD, description="The field of an event's own time."
    )
    cursor_field: str | None = Field(
        default=None,
        pattern=FIELD,
        description="The field that polls follow, such as event.ingested. Default: time_field.",
    )
    mode: Literal["in-process", "push-down"] = Field(
        default="in-process",
        description="Who evaluates the rules: Vedette, or the cluster, which sees less.",
    )
    push_pipelines: tuple[Line, ...] = Field(
        default=(),
        description="With push-down: installed pySigma pipelines that name the index's fields.",
    )
    query: dict[str, Any] | None = Field(
        default=None, description="Query DSL object that narrows what is read."
    )
    page_size: WholeNumber = Field(
        default=5000,
        ge=1,
        le=10000,
        description="Events asked for at a time, at most; never more than 16 MiB of them.",
    )
    slices: WholeNumber = Field(
        default=1, ge=1, le=16, description="Parts of a poll that are read side by side."
    )
    fields: Literal["all", "needed"] = Field(
        default="all",
        description="What is read of a document: all of it, or what rules and alerts need.",
    )
    prefilter: Literal["none", "values"] = Field(
        default="none",
        description="Leave out documents without a value that any rule needs, as the cluster tells "
        "values of a window.",
    )
    overlap: Duration = Field(
        default=timedelta(minutes=10),
        description="Lateness budget: how far each poll looks back behind the newest event.",
    )
    refresh_lag: Duration = Field(
        default=timedelta(seconds=5),
        description="How far polls stay behind the present, so that events are searchable.",
    )
    sweep: IntervalOrOff = Field(
        default=timedelta(minutes=5),
        description="Pause from one look for events later than overlap to the next, or off.",
    )
    max_lateness: Duration = Field(
        default=timedelta(hours=24),
        description="How late an event may become searchable and still be found by the sweep.",
    )
    start: Start = Field(
        default=timedelta(hours=24),
        description="Where the first poll starts: 'all', 'now', a duration back, or a time.",
    )
    logsource: Logsource | None = Field(
        default=None, description="Sigma logsource of the events, if they do not show it."
    )


class FolderSource(Section):
    """A folder that is watched for files of events."""

    type: Literal["folder"] = Field(description="Events come from files.")
    name: str = Field(pattern=SOURCE_NAME, description="Unique name; the checkpoint is under it.")
    path: FilePath = Field(description="The folder to watch.")
    interval: Interval = Field(
        default=timedelta(seconds=5), description="Time from one look to the next."
    )
    text: bool = Field(
        default=False,
        description="Take a line of no known form as an event too, with its time and its message.",
    )
    time_format: TimeText | None = Field(
        default=None,
        description="How such a line writes its time (text is implied), as '%d.%m.%Y %H:%M:%S'.",
    )
    logsource: Logsource | None = Field(
        default=None, description="Sigma logsource of the events, if they do not show it."
    )

    def times(self) -> TimeFormat | None:
        """What tells the time of a line; None where the forms that are known do."""
        return None if self.time_format is None else TimeFormat(self.time_format)


SourceSettings = Annotated[SearchSource | FolderSource, Field(discriminator="type")]
