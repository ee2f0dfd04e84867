"""`vedette feedback train`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.options import CONFIG, load_settings, word


@click.command("train")
@click.argument("name")
@CONFIG
@click.option(
    "--method",
    metavar="NAME",
    help="What learns: logistic, or boosting (trees).  [default: logistic]",
)
@click.option(
    "--balance",
    metavar="NAME",
    help="Weigh true and false verdicts: none, classes (all alike) or effective.  [default: none]",
)
def train(name: str, path: Path | None, method: str | None, balance: str | None) -> int:
    """Learn from verdicts how likely anomalies of the model NAME are right.

    What is learned lies in the state directory; from its next start on, a run takes the confidence
    of the model's anomalies from it. At least 20 verdicts on anomalies are needed, true ones and
    others. Needs scikit-learn (the extra ml).
    """
    from engine.errors import InputError
    from engine.score.learned import LOGISTIC, METHODS, Learned
    from models.errors import ModelError
    from models.prepare.balance import HOW, NONE
    from vedette import feedback, learned
    from vedette.output.safe import visible
    from vedette.stored import opened

    by = word("--method", method, METHODS) or LOGISTIC
    weighed = word("--balance", balance, HOW) or NONE
    settings = load_settings(path).settings
    folder = learned.folder_of(settings.state.dir, name)
    with opened(settings) as store:
        verdicts = feedback.verdicts(store)
    try:
        found = Learned.fit(name, verdicts, weighed, by)
    except ModelError as error:
        raise InputError(error.message) from error
    learned.save(found, folder)
    click.echo(visible(f"{name}: learned from {found.count:,} verdicts, {found.true:,} true"))
    for feature, weight in found.moves():
        # Trees move odds up and down by the same feature: there is no sign to tell.
        shown = f"{weight:+.2f}" if by == LOGISTIC else f"{weight:.2f}"
        click.echo(visible(f"  {shown}  {feature}"))
    return 0
