"""Verdicts of people: given, listed, put to use and exported."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from engine.errors import InputError
from engine.feedback.effect import KIND as MOVED
from engine.feedback.effect import effects, history, moves
from engine.feedback.proposal import Judged, Proposal, proposals
from engine.feedback.tally import Tally
from engine.feedback.verdict import KIND, Verdict, given, in_order, projected
from engine.ports import Action
from vedette.stored import Stored, the_alert

COLUMNS = ("time", "verdict", "alert", "rule", "entity", "by", "reason", "counts")
EFFECT = ("what", "name", "entity", "before", "now", "true", "false", "benign", "source")
SHOWN = ("what", "name", "entity", "before", "now", "true", "false", "benign")
AUDIT = ("time", "what", "rule", "entity", "from", "to", "verdict", "alert", "by")


def add(
    store: Stored,
    ids: Sequence[str],
    verdict: str,
    reason: str,
    by: str,
    now: datetime,
    of: str | None = None,
) -> list[tuple[Verdict, list[Action]]]:
    """Give a verdict on alerts; each with the records of what it moved.

    Raises `InputError` for an id that is none; then nothing is recorded.
    """
    if (verdict == "duplicate") != bool(of):
        raise InputError("a duplicate is one of another alert", field="--of",
                         expected="--of with --verdict duplicate, and with no other")  # fmt: skip
    found = [the_alert(store.alerts, id, store.place) for id in ids]
    other = given("true", the_alert(store.alerts, of, store.place), by, "", now) if of else None
    known = list(store.actions.read(kind=KIND))
    done = []
    for document in found:
        each = given(verdict, document, by, reason, now, other.subject.alert if other else "")
        if other and each.subject.alert == other.subject.alert:
            raise InputError("an alert is no duplicate of itself", field="--of")
        before = Tally.of(projected(known))
        known.append(each.action().document)
        done.append((each, moves(before, Tally.of(projected(known)), each)))
    store.actions.record([action for each, moved in done for action in (each.action(), *moved)])
    return done


def somebody() -> str:
    """Who gives a verdict, where nothing else is said: the user of the system."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def verdicts(store: Stored, since: datetime | None = None) -> list[Verdict]:
    """The last verdict on each alert."""
    return projected(store.actions.read(since, KIND))


def rows(store: Stored, since: datetime | None, wanted: str | None) -> Iterator[dict[str, Any]]:
    """Every verdict, the first first; `counts` is no where a later one followed, or for good."""
    every = in_order(store.actions.read(since, KIND))
    last = {each.subject.alert: each.id for each in every}
    for each in every:
        if wanted in (None, each.verdict):
            counts = each.counts and last[each.subject.alert] == each.id
            yield {
                "time": each.time, "verdict": each.verdict, "alert": each.subject.alert,
                "rule": each.subject.name, "entity": each.subject.entity, "by": each.by,
                "reason": each.reason, "counts": "yes" if counts else "no",
            }  # fmt: skip


def effect_rows(store: Stored) -> Iterator[dict[str, Any]]:
    """What verdicts have moved, by rule and model, in all and for each entity."""
    for each in effects(Tally.of(verdicts(store))):
        yield {
            "what": each.what, "name": each.name, "entity": each.entity or "(all)",
            "before": round(each.before, 3), "now": round(each.now, 3), "true": each.count.true,
            "false": each.count.false, "benign": each.count.benign, "source": each.source,
        }  # fmt: skip


def audit_rows(store: Stored, since: datetime | None) -> Iterator[dict[str, Any]]:
    """The records of what each verdict moved when it was given."""
    for each in history(list(store.actions.read(since, MOVED))):
        rule = each.get("rule")
        name = rule.get("name") if isinstance(rule, dict) else ""
        yield {
            "time": each.get("@timestamp"), "rule": name, "entity": each.get("entity") or "(all)",
            **{key: each.get(key) for key in ("what", "from", "to", "verdict", "alert", "by")},
        }  # fmt: skip


def proposed(store: Stored, gone: list[str]) -> Iterator[Proposal]:
    """The exceptions that verdicts propose; `gone` gathers alerts that are not there any more."""
    judged = []
    for verdict in verdicts(store):
        documents = store.alerts.find(verdict.subject.alert, 1)
        if not documents:
            gone.append(verdict.subject.alert)
        elif verdict.counts and (each := Judged.of(verdict, documents[0])):
            judged.append(each)
    return proposals(judged)


def exported(found: Iterable[Verdict]) -> Iterator[dict[str, Any]]:
    """Verdicts with what they remember of their alerts, for training."""
    for each in found:
        yield {"verdict": each.verdict, "by": each.by, "reason": each.reason, "time": each.time,
               "subject": each.subject.as_json()}  # fmt: skip


def said(found: Iterable[Verdict]) -> list[str]:
    """Verdicts in words, for whoever looks at the alert."""
    return [
        f"{each.verdict}, by {each.by or 'somebody'} at {each.time[:19].replace('T', ' ')} UTC"
        + (f": {each.reason}" if each.reason else "")
        for each in found
    ]


def of_alert(store: Stored, alert: str) -> list[str]:
    """All verdicts on one alert, in words."""
    return said(e for e in in_order(store.actions.read(kind=KIND)) if e.subject.alert == alert)
