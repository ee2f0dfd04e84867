"""Tags: their form, and what they say of ATT&CK."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.errors import nearest_name
from mitre.catalog import Catalog
from mitre.tags import map_tags
from mitre.technique import TACTIC_ID, TECHNIQUE_ID, Tactic, Technique
from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.missing import missing
from vedette.lint.registry import ERROR, INFO, WARNING, WITH_CORRELATIONS, of_rule

NAMESPACES = ("attack", "car", "cve", "d3fend", "detection", "stp", "tlp")
_FORMS = {
    "car": r"\d{4}-\d{2}-\d{3}",
    "cve": r"\d{4}-\d{4,7}",
    "detection": r"dfir|emerging-threats|threat-hunting",
    "stp": r"[1-5][auk]?",
    "tlp": r"red|amber|amber-strict|green|clear|white",
}
_OF_TAG = re.compile(r"^\S+: ")


def _tags(document: Document) -> Iterator[tuple[str, int]]:
    for place, tag in enumerate(document.texts("tags")):
        yield tag, document.line("tags", place)


def _techniques(document: Document) -> list[tuple[Technique, int]]:
    found = []
    for tag, line in _tags(document):
        namespace, _, name = tag.partition(".")
        if namespace == "attack" and TECHNIQUE_ID.fullmatch(name.upper()):
            known = Catalog.load().technique(name)
            if known:
                found.append((known, line))
    return found


def _tactics(document: Document) -> list[tuple[tuple[Tactic, ...], str, int]]:
    found = []
    for tag, line in _tags(document):
        namespace, _, name = tag.partition(".")
        if namespace == "attack" and (heirs := Catalog.load().tactic_heirs(name)):
            found.append((heirs, name, line))
    return found


@of_rule("missing-tags", WARNING, kinds=WITH_CORRELATIONS)
def missing_tags(document: Document) -> Iterator[Found]:
    """The rule has no tags.

    Alerts take ATT&CK's tactics and techniques from them, and coverage is counted by them.
    """
    yield from missing(document, "tags")


@of_rule("tag-without-namespace", ERROR, refusal=True, kinds=WITH_CORRELATIONS)
def tag_without_namespace(document: Document) -> Iterator[Found]:
    """A tag has no namespace.

    Tags are written namespace.name, such as attack.t1059; the rule is refused.
    """
    for tag, line in _tags(document):
        if "." not in tag:
            yield Found(f"the tag {quote(tag, 64)} has no namespace", line)


@of_rule("unknown-tag-namespace", WARNING, kinds=WITH_CORRELATIONS)
def unknown_tag_namespace(document: Document) -> Iterator[Found]:
    """A tag's namespace is none that Sigma knows.

    Known are attack, car, cve, d3fend, detection, stp, tlp; a tag of another says nothing to any
    tool.
    """
    for tag, line in _tags(document):
        namespace, dot, _ = tag.partition(".")
        if dot and namespace.lower() not in NAMESPACES:
            nearest = nearest_name(namespace.lower(), NAMESPACES)
            yield Found(f"no namespace is called {quote(namespace, 64)}", line, nearest)


@of_rule("tag-form", WARNING, kinds=WITH_CORRELATIONS)
def tag_form(document: Document) -> Iterator[Found]:
    """A tag is not written as its namespace demands.

    cve.2021-44228, car.2013-05-009, tlp.green, detection.emerging-threats, stp.4a: other forms
    are not found by those who search for them.
    """
    for tag, line in _tags(document):
        namespace, _, name = tag.partition(".")
        form = _FORMS.get(namespace.lower())
        if form and not re.fullmatch(form, name.lower()):
            yield Found(f"{quote(tag, 64)} is no tag of the form {namespace.lower()}.{form}", line)


@of_rule("tag-case", WARNING, kinds=WITH_CORRELATIONS)
def tag_case(document: Document) -> Iterator[Found]:
    """A tag is not in lower case, or has an underscore.

    Tools compare tags as texts: attack.defense_evasion and attack.T1059 are found by few.
    """
    for tag, line in _tags(document):
        written = tag.lower().replace("_", "-") if tag.startswith("attack.") else tag.lower()
        if tag != written:
            yield Found(f"the tag {quote(tag, 64)} is written {quote(written, 64)}", line)


@of_rule("duplicate-tag", WARNING, kinds=WITH_CORRELATIONS)
def duplicate_tag(document: Document) -> Iterator[Found]:
    """A tag stands twice.

    One of them was probably meant to be another.
    """
    seen: set[str] = set()
    for tag, line in _tags(document):
        if tag.lower() in seen:
            yield Found(f"the tag {quote(tag, 64)} stands twice", line)
        seen.add(tag.lower())


@of_rule("unknown-attack-tag", WARNING, kinds=WITH_CORRELATIONS)
def unknown_attack_tag(document: Document) -> Iterator[Found]:
    """A tag names no tactic or technique of ATT&CK.

    Alerts of the rule then lack it.
    """
    yield from _said_of_tags(document, gone=False)


@of_rule("revoked-attack-tag", WARNING, kinds=WITH_CORRELATIONS)
def revoked_attack_tag(document: Document) -> Iterator[Found]:
    """A tag names a technique that ATT&CK has revoked or deprecated.

    Alerts are given its successor where there is one; the rule should say so itself.
    """
    yield from _said_of_tags(document, gone=True)


def _said_of_tags(document: Document, *, gone: bool) -> Iterator[Found]:
    for tag, line in _tags(document):
        for problem in map_tags([tag], Catalog.load()).problems:
            if gone is (" was revoked in favour of " in problem or " is deprecated " in problem):
                yield Found(problem, line)


@of_rule("old-tactic", WARNING, kinds=WITH_CORRELATIONS)
def old_tactic(document: Document) -> Iterator[Found]:
    """A tag names a tactic that ATT&CK has since split or renamed.

    ATT&CK v19 has Stealth and Defense Impairment where v18 had Defense Evasion.
    """
    used = {short for technique, _ in _techniques(document) for short in technique.tactics}
    for heirs, name, line in _tactics(document):
        slug = name.lower().replace("_", "-")
        if TACTIC_ID.fullmatch(name.upper()) or slug in [tactic.shortname for tactic in heirs]:
            continue
        fitting = [tactic for tactic in heirs if tactic.shortname in used] or list(heirs)
        names = " or ".join(f"attack.{tactic.shortname}" for tactic in fitting)
        yield Found(f"ATT&CK v{Catalog.load().version} has {names} for attack.{name}", line)


@of_rule("technique-without-tactic", WARNING, kinds=WITH_CORRELATIONS)
def technique_without_tactic(document: Document) -> Iterator[Found]:
    """A technique is tagged without any of its tactics.

    The same technique serves several ends; the tactic says which one is meant here.
    """
    tagged = {t.shortname for heirs, _, _ in _tactics(document) for t in heirs}
    for technique, line in _techniques(document):
        if technique.living and technique.tactics and not tagged & set(technique.tactics):
            names = ", ".join(f"attack.{name}" for name in technique.tactics)
            yield Found(f"{technique.id} stands without a tactic of its own ({names})", line)


@of_rule("tactic-without-technique", INFO, kinds=WITH_CORRELATIONS)
def tactic_without_technique(document: Document) -> Iterator[Found]:
    """A tactic is tagged without any technique that serves it.

    Coverage is counted by techniques, and alerts say less without one.
    """
    served = {short for technique, _ in _techniques(document) for short in technique.tactics}
    for heirs, name, line in _tactics(document):
        if not served & {tactic.shortname for tactic in heirs}:
            yield Found(f"attack.{name} stands without a technique that serves it", line)
