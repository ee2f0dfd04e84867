"""`vedette mitre`: look ATT&CK ids up, and bring the catalogue up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine.errors import InputError, nearest_name
from mitre.catalog import PACKAGED, Catalog
from mitre.changes import changes
from mitre.errors import AttackError
from mitre.technique import Release, Tactic, Technique
from mitre.update import Facts, facts_from_files
from mitre.update import write as write_facts

STATE = click.option(
    "--state-dir",
    "state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where to keep the descriptions.  [default: the user's state directory]",
)


@click.group()
def command() -> None:
    """Look ATT&CK techniques up, and update the ATT&CK facts.

    Vedette carries the facts of MITRE ATT&CK Enterprise (ids, names, tactics, parents and
    revocations) in one file and never fetches them.
    """


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--delta",
    type=click.Path(path_type=Path),
    help="Table of what the next version changed; the catalogue then speaks both versions.",
)
@click.option(
    "--attack-version",
    type=click.IntRange(min=1),
    metavar="N",
    help="ATT&CK version of FILE, where neither its content nor its name says it.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=PACKAGED,
    show_default="the catalogue of this installation",
    help="Where to write the catalogue.",
)
@STATE
@click.option("--keep-catalogue", is_flag=True, help="Take the descriptions only.")
def update(
    file: Path,
    delta: Path | None,
    attack_version: int | None,
    output: Path,
    state: Path | None,
    keep_catalogue: bool,
) -> None:
    """Make the ATT&CK catalogue from FILE, a STIX 2.1 bundle as MITRE publishes it.

    FILE is JSON, plain or compressed with gzip or zstandard. Nothing is downloaded. The catalogue
    afterwards speaks the version of FILE only, or with --delta that and the next one. The
    descriptions of the techniques are kept in the state directory, for `vedette mitre map`.
    """
    if keep_catalogue:
        _describe(file, state)
        return
    with _wrapped():
        facts = facts_from_files(file, delta, attack_version)
        made = Catalog.of(facts)
        # Before writing: the file about to be replaced is usually the one to compare with.
        told = _compared(made)
        write_facts(facts, output)
    for line in [f"Wrote {output}", *_described(facts, made), *told]:
        click.echo(line)
    _describe(file, state)


@command.command("map")
@click.argument("text", required=False)
@click.option(
    "--event", type=click.Path(path_type=Path), metavar="FILE", help="Map the event in this file."
)
@click.option(
    "--rules",
    "-r",
    "rule_paths",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="File or folder of Sigma rules to learn from; may be repeated.  [default: Vedette's own]",
)
@click.option(
    "--logsource",
    "parts",
    multiple=True,
    metavar="KEY=NAME",
    help="product, category or service of the event; may be repeated.",
)
@click.option(
    "--top", type=click.IntRange(1, 16), default=3, show_default=True, help="Techniques at most."
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Confidence that a technique needs to be named.  [default: 0.1]",
)
@click.option("--encoder", metavar="NAME", help="Compare meanings too: best, minilm, or hashing.")
@click.option(
    "--state-dir",
    "state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="State directory with the descriptions of `vedette mitre update`.  [default: the user's]",
)
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def map_command(
    text: str | None,
    event: Path | None,
    rule_paths: tuple[Path, ...],
    parts: tuple[str, ...],
    top: int,
    least: float | None,
    encoder: str | None,
    state: Path | None,
    form: str | None,
) -> int:
    """Say which techniques TEXT shows, or an event, and which known texts speak for each.

    \b
      vedette mitre map 'rundll32.exe comsvcs.dll MiniDump 624 lsass.dmp full'
      vedette mitre map --event event.json --logsource category=process_creation

    Exits with 1 when no technique is sure enough.
    """
    from vedette.cli.options import word
    from vedette.mapped import Question, answer

    asked = Question(text, event, rule_paths, parts, top, least, encoder, state)
    return answer(asked, word("--output", form, ("table", "json")) or "table")


@command.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--attack-version",
    type=int,
    metavar="N",
    help="ATT&CK version to speak (default: the newest of the catalogue).",
)
def show(ids: tuple[str, ...], attack_version: int | None) -> None:
    """Show what is known of each technique or tactic ID.

    A technique is named by its id (T1059.001), a tactic by id or name (TA0002, execution).
    """
    with _wrapped():
        catalog = Catalog.load()
        release = catalog.release(attack_version)
        parts = [_shown(id, catalog, release) for id in ids]
    click.echo("\n\n".join("\n".join(lines) for lines in parts))


def _describe(file: Path, state: Path | None) -> None:
    from mitre.bundle import read
    from mitre.descriptions import descriptions, write
    from vedette.mapper import DESCRIPTIONS, ROOM, own_state

    state = state or own_state()
    if state is None:
        raise InputError("there is no home folder to keep it in", field="--state-dir")
    with _wrapped():
        found = descriptions(read(file)[0])
        place = state / ROOM / DESCRIPTIONS
        write(found, place)
    click.echo(f"Wrote {place}: descriptions of {len(found):,} techniques")


@contextmanager
def _wrapped() -> Iterator[None]:
    try:
        yield
    except AttackError as error:
        raise InputError(error.message, file=error.file) from error


def _compared(made: Catalog) -> list[str]:
    try:
        told = changes(Catalog.load(), made)
    except AttackError as error:
        return [f"Not compared with the present catalogue: {error}"]
    if not told:
        return ["No change against the present catalogue"]
    return ["Changed against the present catalogue:", *(f"  {line}" for line in told)]


def _described(facts: Facts, made: Catalog) -> Iterator[str]:
    source = facts["source"]
    yield f"  bundle sha256  {source['sha256']}"
    if source["delta_sha256"]:
        yield f"  delta sha256   {source['delta_sha256']}"
    for version in made.versions:
        yield f"  ATT&CK v{version}     {_counted(made.release(version))}"
    for assumption in facts["assumptions"]:
        yield f"  assumed        {assumption}"


def _counted(release: Release) -> str:
    known = release.techniques.values()
    living = [t for t in known if t.living]
    subs = sum(t.parent is not None for t in living)
    revoked = sum(t.revoked_by is not None for t in known)
    deprecated = sum(t.deprecated for t in known)
    return (
        f"{len(release.tactics)} tactics, {len(living) - subs} techniques, "
        f"{subs} sub-techniques; {revoked} revoked, {deprecated} deprecated"
    )


def _shown(id: str, catalog: Catalog, release: Release) -> list[str]:
    version = release.version
    if technique := catalog.technique(id, version):
        return _technique_lines(technique, catalog, release)
    if tactic := catalog.tactic(id, version):
        return _tactic_lines(tactic, release)
    elsewhere = [f"v{v}" for v in catalog.versions if catalog.technique(id, v)]
    if elsewhere:
        there = catalog.to_version(id, version)
        hint = f"; there it is {' or '.join(there)}" if there else ""
        raise InputError(f"{id} is in ATT&CK {elsewhere[0]}, not v{version}{hint}")
    names = [name for t in release.tactics for name in (t.id, t.shortname)]
    near = nearest_name(id.upper(), release.techniques) or nearest_name(id.lower(), names)
    raise InputError(f"{id} is neither a technique nor a tactic of ATT&CK v{version}", nearest=near)


def _technique_lines(technique: Technique, catalog: Catalog, release: Release) -> list[str]:
    known = release.techniques
    names = {t.shortname: t.name for t in release.tactics}
    lines = [f"{technique.id}  {technique.name}", f"  version        ATT&CK v{release.version}"]
    if end := catalog.successor(technique.id, release.version):
        lines.append(f"  revoked        use {end} {known[end].name}")
    if technique.deprecated:
        lines.append("  deprecated     nothing stands in its place")
    tactics = ", ".join(names[shortname] for shortname in technique.tactics)
    lines.append(f"  tactics        {tactics or 'not known'}")
    if technique.parent:
        lines.append(f"  parent         {technique.parent} {known[technique.parent].name}")
    subs = [t for t in known.values() if t.parent == technique.id and t.living]
    for number, sub in enumerate(subs):
        lines.append(f"  {'' if number else 'sub-techniques':<15}{sub.id} {sub.name}")
    for other in catalog.versions:
        there = catalog.to_version(technique.id, other)
        if there != (technique.id,) and other != release.version:
            lines.append(f"  in v{other:<11}{', '.join(there) or 'not there'}")
    return [*lines, f"  reference      {technique.url}"]


def _tactic_lines(tactic: Tactic, release: Release) -> list[str]:
    inside = [t for t in release.techniques.values() if tactic.shortname in t.tactics and t.living]
    whole = sum(t.parent is None for t in inside)
    lines = [
        f"{tactic.id}  {tactic.name}",
        f"  version        ATT&CK v{release.version}",
        f"  tag            attack.{tactic.shortname}",
        f"  techniques     {whole}, and {len(inside) - whole} sub-techniques",
    ]
    if tactic.was:
        lines.append(f"  before         {tactic.was}, or part of it")
    return [*lines, f"  reference      {tactic.url}"]
