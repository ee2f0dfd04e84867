"""Options of `vedette models fit` about which windows are learned, and which are held out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from vedette.cli.models.bar import Learning
from vedette.cli.models.span import Span, span_options
from vedette.cli.options import word

if TYPE_CHECKING:
    from models.bundle.bundle import Bundle
    from models.bundle.plan import Plan
    from vedette.bundles import Gathered

FORMATS = ("table", "json")
OPTIONS = (
    click.option(
        "--sample", type=click.IntRange(1), metavar="N",
        help="Learn so many windows at most, drawn of all by chance.",
    ),
    click.option(
        "--at-most", type=click.IntRange(1), metavar="N",
        help="Learn so many windows of each entity at most, drawn by chance.",
    ),
    click.option(
        "--rare", type=click.IntRange(2), metavar="N",
        help="Kinds of events in fewer than N windows stay as strange as new ones.",
    ),
    click.option(
        "--hold-out", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE",
        help="Say first how often a model without the last SHARE of the windows alerts on these.",
    ),
    click.option(
        "--keep-measured", is_flag=True,
        help="With --hold-out: keep the model that was measured, not one of all windows.",
    ),
    click.option(
        "--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]"
    ),
)  # fmt: skip


def wanted_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options; `function` gets what they say as `wanted`."""

    @wraps(function)
    def inner(
        *args: Any, since: str | None, until: str | None, sample: int | None, at_most: int | None,
        rare: int | None, hold_out: float | None, keep_measured: bool, form: str | None,
        **rest: Any,
    ) -> Any:  # fmt: skip
        wanted = Wanted(since, until, sample, at_most, rare, hold_out, keep_measured,
                        word("--output", form, FORMATS) or "table")  # fmt: skip
        wanted.check()
        return function(*args, wanted=wanted, **rest)

    made: Callable[..., Any] = inner
    for option in reversed(OPTIONS):
        made = option(made)
    return span_options(made)


@dataclass(slots=True)
class Wanted:
    """Which windows are learned."""

    since: str | None
    until: str | None
    sample: int | None
    at_most: int | None
    rare: int | None
    hold_out: float | None
    keep_measured: bool
    form: str
    more: dict[str, Any] = field(default_factory=dict)
    """What is written down beside what is known of the training."""
    fitted: Bundle | None = None
    """The model to be kept, where it was fitted already."""

    def check(self) -> None:
        """Raises `InputError` for options that do not go together."""
        from engine.errors import InputError

        if self.sample and self.at_most:
            raise InputError(
                "draws of all windows or of each entity's", field="--at-most",
                expected="no --sample beside it",
            )  # fmt: skip
        if self.keep_measured and self.hold_out is None:
            raise InputError("keeps what --hold-out measures", field="--keep-measured",
                             expected="--hold-out")  # fmt: skip

    def span(self, width: float) -> Span | None:
        """The span of time. Raises `InputError`."""
        return Span.of(self.since, self.until, width)

    def planned(self, plan: Plan) -> Plan:
        """The plan with what it has to know of this."""
        return replace(plan, rare=self.rare)

    def into(self, plan: Plan, **named: Any) -> Gathered:
        """What takes events in; `named` as `Gathered` has them. Raises `InputError`."""
        from engine.errors import InputError
        from vedette.bundles import Gathered

        within = self.span(plan.width)
        if not (most := self.sample or self.at_most):
            return Gathered(within=within, **named)
        if plan.volumes:
            raise InputError(
                "detectors of volumes hold a window against all before it, and a sample lacks some",
                field="--sample" if self.sample else "--at-most", expected="others (--detector)",
            )  # fmt: skip
        from models.prepare.sample import Sample
        from vedette.sampled import Sampled

        drawn = Sample(most, plan.seed, each=self.sample is None)
        return Sampled(drawn, plan, within=within, **named)

    def close(self, gathered: Gathered) -> None:
        """All events were read; tells what was left out."""
        from vedette.sampled import Sampled

        if not isinstance(gathered, Sampled):
            return
        gathered.close()
        told = gathered.facts()
        self.more |= {"entities": told["entities"], "sampled": told}
        left = f"{told['windows']:,} of {told['of']:,} windows are learned, drawn by chance"
        if told["each_entity"]:
            left += (f", at most {told['at_most']:,} of each of {told['entities']:,} entities: p "
                     "is told by these, so that busy entities count for less")  # fmt: skip
        click.echo(left, err=True)

    def measure(self, gathered: Gathered, plan: Plan) -> None:
        """Hold out and tell what came, where that is asked for. Raises `InputError`."""
        if self.hold_out is None:
            return
        from engine.errors import InputError
        from models.errors import ModelError
        from vedette.cli.models import held
        from vedette.heldout import held_out
        from vedette.sampled import Sampled

        click.echo(f"what lies before the last {self.hold_out:g} of the windows is learned first",
                   err=True)  # fmt: skip
        weight = gathered.weight if isinstance(gathered, Sampled) else lambda _: 1.0
        try:
            with Learning(len(plan.detectors), plan.folds) as learning:
                found, bundle, before = held_out(
                    gathered.observations, plan, self.hold_out, learning.begin, weight
                )
        except ModelError as error:
            raise InputError(
                f"of what is not held out: {error.message}", field="--hold-out",
                expected="more events, or a smaller share",
            ) from error  # fmt: skip
        self.more["held_out"] = found.as_json() | {"learned_then": not self.keep_measured}
        if self.keep_measured:
            gathered.observations, self.fitted = before, bundle
        if self.form == "table":
            for line in held.lines(self.more["held_out"]):
                click.echo(line)

    def end(self, name: str, bundle: Bundle, sha256: str, events: int) -> bool:
        """Tell what was not learned, and all as JSON where that is asked for: whether it was."""
        if bundle.passed_over:
            click.echo(
                f"{bundle.passed_over:,} windows have kinds of events that fewer than {self.rare} "
                f"have ({len(bundle.templates.forgotten):,} kinds): counted as normals, and not "
                "learned", err=True,
            )  # fmt: skip
        if self.form != "json":
            return False
        told: Mapping[str, Any] = {
            "name": name,
            "sha256": sha256,
            "events": events,
            "windows": bundle.learned,
            "windows_with_rare_kinds": bundle.passed_over,
            "windows_left_out_of_calibration": bundle.learned - len(bundle.normal),
            "templates": len(bundle.templates),
            "detectors": list(bundle.parts),
            **{key: self.more[key] for key in ("sampled", "held_out") if key in self.more},
        }
        click.echo(json.dumps(told, indent=1))
        return True
