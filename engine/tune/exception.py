"""Exceptions: Sigma filters that say whose they are, why, and until when.

An exception is a Sigma filter with a block `vedette.exception`. Unlike a filter it is not built
into the rules: it is asked of what they have matched, so that what it holds back can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter

from engine.blame import blame, refusal
from engine.kinds import LogSource
from engine.match.translate import UnfilledError, UntranslatableError
from engine.tune.condition import Condition
from engine.tune.exempt import Exempt
from engine.tune.scope import Scope
from engine.tune.shape import Part
from engine.yaml_text import Documents

KEYS = ("owner", "reason", "expires", "lists")


def exempt(item: Mapping[str, Any], documents: Documents, *, shaped: bool = False) -> Exempt:
    """Read an exception. Raises `RuleError`, also where it is no Sigma filter.

    When rules are `shaped` by pipelines, these may give its placeholders their values.
    """
    if "filter" not in item:
        raise refusal("is no Sigma filter", documents, item, "vedette", "a 'filter' beside it")
    title = item.get("title")
    try:
        sigma = SigmaFilter.from_dict(dict(item))
    except (SigmaError, AttributeError, TypeError, ValueError) as error:
        raise blame(error, documents, title) from error
    block = Part.of(documents.file, documents.text, "vedette.exception",
                    item["vedette"]["exception"], KEYS)  # fmt: skip
    source = LogSource(sigma.logsource.product, sigma.logsource.service, sigma.logsource.category)
    named = sigma.filter.rules
    names = [] if isinstance(named, str) else [str(rule.reference) for rule in named]
    lists = block.lists()
    detection = {key: value for key, value in item["filter"].items() if key != "rules"}
    condition = Condition(detection, [file.name for file in lists])
    try:
        condition.check(source)
    except (SigmaError, UntranslatableError) as error:
        if not (shaped and isinstance(error, UnfilledError)):
            raise blame(error, documents, title) from error
    here = refusal("", documents, item, "filter", None)
    return Exempt(
        id=str(sigma.id) if sigma.id else None, title=sigma.title, scope=Scope.of(names, source),
        condition=condition, file=documents.file, line=here.line,
        owner=block.string("owner"), reason=block.string("reason"), expires=block.day("expires"),
        lists=lists, tests=item["vedette"].get("tests"),
    )  # fmt: skip
