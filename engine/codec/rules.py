"""One file's outcome as JSON text and back. File and rule set are not in it: they are the load's.

{"rules": [[name, rule] | error], "refused": [error], "filters": [[title, line, names]],
 "correlations": n, "exceptions": n, "names": [name], "filtered": text, "applied": [place],
 "tables": those of `trees.py`}
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.binding import Binding
from engine.codec.errors import DecodeError, EncodeError
from engine.codec.trees import Reader, Shared, Writer
from engine.codec.written import decode_written, encode_written
from engine.compiled import Compiled, Named, Scope
from engine.errors import RuleError
from engine.kinds import LogSource
from engine.level import LEVELS, STATUSES
from engine.rule import Rule

FAULTS = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What reading values of the wrong shape raises."""


def encode_compiled(compiled: Compiled) -> bytes:
    """The outcome as JSON. Raises `EncodeError` where it would not come back the same."""
    writer = Writer()
    rules = [
        encode_error(item)
        if isinstance(item, RuleError)
        else [item.name, encode_rule(item.rule, writer)]
        for item in compiled.rules
    ]
    text = dumps(
        {
            "rules": rules,
            "refused": [encode_error(error) for error in compiled.refused],
            "filters": [[scope.title, scope.line, scope.rules] for scope in compiled.filters],
            "correlations": compiled.correlations,
            "exceptions": compiled.exceptions,
            "names": compiled.names,
            "filtered": compiled.filtered,
            "applied": compiled.applied,
            "tables": writer.tables(),
        }
    )
    try:
        again = decode_compiled(text, "", "")
    except DecodeError as error:
        raise EncodeError(str(error)) from error
    if parts(again) != parts(compiled.at("", "")):
        raise EncodeError("does not come back the same")
    return text


def decode_compiled(text: bytes, file: str, ruleset: str, shared: Shared | None = None) -> Compiled:
    """The outcome of a file of that name. Raises `DecodeError`."""
    try:
        found = orjson.loads(text)
        reader = Reader(found["tables"], {} if shared is None else shared)
        return Compiled(
            rules=tuple(_outcome(item, file, ruleset, reader) for item in found["rules"]),
            refused=tuple(decode_error(error, file) for error in found["refused"]),
            filters=tuple(_scope(*row) for row in found["filters"]),
            correlations=count(found["correlations"]),
            exceptions=count(found["exceptions"]),
            names=texts(found["names"]),
            filtered=words(found["filtered"]),
            applied=tuple(map(count, found["applied"])),
        )
    except FAULTS as error:
        raise DecodeError(f"{type(error).__name__}: {error}") from error


def parts(compiled: Compiled) -> list[Any]:
    """All that two outcomes must have in common to be the same; errors are compared as texts."""
    return [
        [str(item) if isinstance(item, RuleError) else item for item in compiled.rules],
        [str(error) for error in compiled.refused],
        compiled.filters,
        compiled.correlations,
        compiled.exceptions,
        compiled.names,
        compiled.filtered,
        compiled.applied,
    ]


def dumps(value: Any) -> bytes:
    """JSON on one line. Raises `EncodeError` for what it cannot hold, such as half a letter."""
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise EncodeError(str(error)) from error


def encode_rule(rule: Rule, writer: Writer) -> list[Any]:
    """A rule without its file; its conditions go to the writer. Raises `EncodeError`."""
    source = rule.logsource
    return [
        rule.id, rule.title, rule.level, rule.status,
        source.product, source.service, source.category,
        list(rule.tags), rule.version, rule.description, rule.author, rule.license,
        list(rule.references), rule.linear,
        [[b.name, writer.place(b.route), writer.place(b.body)] for b in rule.bindings],
        *encode_written(rule.document),
    ]  # fmt: skip


def decode_rule(row: list[Any], file: str, ruleset: str, reader: Reader) -> Rule:
    """The rule again. Raises `DecodeError` and `FAULTS`."""
    (id, title, level, status, product, service, category, tags, version, description, author,
     license, references, linear, bindings, written, spots) = row  # fmt: skip
    if level not in LEVELS or (status is not None and status not in STATUSES):
        raise DecodeError("no level, or no status")
    if type(linear) is not bool:
        raise DecodeError("neither linear nor not")
    document = decode_written(written, spots)
    if type(document) is not dict:
        raise DecodeError("a rule is no mapping")
    for text in (product, service, category, version, description, author, license):
        if text is not None and type(text) is not str:
            raise DecodeError("something of a rule is no text")
    return Rule(
        words(id), words(title), level, status, LogSource(product, service, category),
        texts(tags),
        tuple(Binding(words(name), reader.at(r), reader.at(b)) for name, r, b in bindings),
        file, ruleset, document, version, description, author, license, texts(references), linear,
    )  # fmt: skip


def encode_error(error: RuleError) -> dict[str, Any]:
    """An error without its file."""
    return {
        "message": error.message,
        "line": error.line,
        "field": error.field,
        "expected": error.expected,
        "nearest": error.nearest,
    }


def decode_error(found: Any, file: str | None) -> RuleError:
    """The error again. Raises `DecodeError` and `FAULTS`."""
    line = found["line"]
    if line is not None:
        count(line)
    told = [found[key] for key in ("field", "expected", "nearest")]
    if not all(text is None or type(text) is str for text in told):
        raise DecodeError("something of an error is no text")
    field, expected, nearest = told
    message = words(found["message"])
    return RuleError(message, file=file, line=line, field=field, expected=expected, nearest=nearest)


def _outcome(item: Any, file: str, ruleset: str, reader: Reader) -> Named | RuleError:
    if isinstance(item, dict):
        return decode_error(item, file)
    name, row = item
    if name is not None:
        words(name)
    return Named(decode_rule(row, file, ruleset, reader), name)


def _scope(title: Any, line: Any, rules: Any) -> Scope:
    return Scope(words(title), line if line is None else count(line), texts(rules))


def words(value: Any) -> str:
    """A text. Raises `DecodeError`."""
    if type(value) is not str:
        raise DecodeError("no text where there should be one")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A tuple of texts. Raises `DecodeError`."""
    if type(value) is not list or not all(type(text) is str for text in value):
        raise DecodeError("no list of texts where there should be one")
    return tuple(value)


def count(value: Any) -> int:
    """A number of things. Raises `DecodeError`."""
    if type(value) is not int or value < 0:
        raise DecodeError("no number of things where there should be one")
    return value
