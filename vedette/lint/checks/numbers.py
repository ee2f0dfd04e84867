"""Numbers, booleans and addresses, and what YAML makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import ip_network

from vedette.lint.document import Document
from vedette.lint.facts import named
from vedette.lint.finding import Found, quote
from vedette.lint.registry import ERROR, INFO, WARNING, of_rule


@of_rule("yaml-number", WARNING)
def yaml_number(document: Document) -> Iterator[Found]:
    """YAML reads a value without quotes as another number than it shows.

    `0x1410` becomes 5136, `010` becomes 8 and `12:30` becomes 750, which the texts of logs are
    not: put the value in quotes.
    """
    for item in document.items:
        for value in item.values:
            number = isinstance(value.value, int | float) and not isinstance(value.value, bool)
            if (
                number
                and value.plain
                and not re.fullmatch(r"[-+]?(0|[1-9]\d*)(\.\d+)?", value.plain)
            ):
                yield Found(f"{item.key}: YAML reads {value.plain} as {value.value}", value.line)


@of_rule("yaml-boolean", WARNING)
def yaml_boolean(document: Document) -> Iterator[Found]:
    """YAML reads a word without quotes as true or false.

    `yes`, `no`, `on` and `off` are booleans: put the word in quotes.
    """
    for item in document.items:
        for value in item.values:
            word = value.plain if isinstance(value.value, bool) else None
            if word and word.lower() not in ("true", "false"):
                read = str(value.value).lower()
                yield Found(f"{item.key}: YAML reads {word} as {read}", value.line)


@of_rule("yaml-date", ERROR, refusal=True)
def yaml_date(document: Document) -> Iterator[Found]:
    """YAML reads a value without quotes as a date.

    Sigma compares texts and numbers, so that the rule is refused: put the date in quotes.
    """
    for item in document.items:
        for value in item.values:
            if isinstance(value.value, date):
                yield Found(f"{item.key}: YAML reads {value.plain} as a date", value.line)


@of_rule("number-as-text", INFO)
def number_as_text(document: Document) -> Iterator[Found]:
    """A number is written in quotes, in a field of numbers.

    Here `'4624'` and `4624` are the same; some backends ask a numeric field for a text and find
    nothing.
    """
    for item in document.items:
        for text, line in item.texts if item.field in named("numbers") else ():
            if not item.modifiers and re.fullmatch(r"\d+", text):
                yield Found(f"{item.key}: {quote(text)} is a number", line)


@of_rule("no-number", WARNING)
def no_number(document: Document) -> Iterator[Found]:
    """A field of numbers is compared with a text that is none.

    It never matches.
    """
    for item in document.items:
        for text, line in item.texts if item.field in named("numbers") else ():
            if not item.modifiers and not re.fullmatch(
                r"[-+]?[\d*?]+|0x[\da-fA-F*?]+|%\w+%|", text
            ):
                yield Found(f"{item.key} holds numbers, and {quote(text, 60)} is none", line)


@of_rule("cidr-host-bits", ERROR, refusal=True)
def cidr_host_bits(document: Document) -> Iterator[Found]:
    """A network has bits of a host set, such as 10.1.2.3/8.

    The rule is refused: the network, or the prefix, is not the one that was meant.
    """
    for item in document.items:
        for text, line in item.texts if item.has("cidr") else ():
            try:
                network = ip_network(text, strict=False)
                ip_network(text)
            except ValueError as error:
                if "host bits" in str(error):
                    yield Found(f"{item.key}: {quote(text)} has host bits set", line, str(network))


@of_rule("network-by-text", INFO)
def network_by_text(document: Document) -> Iterator[Found]:
    """A network is looked for by the text of its addresses.

    `startswith: '10.'` works for whole bytes of IPv4 only; `cidr` says what is meant, for IPv6
    too.
    """
    form = re.compile(r"(?:\d{1,3}\.){1,3}")
    for item in document.items:
        if item.field not in named("addresses") or item.has("cidr", "re", "contains", "endswith"):
            continue
        for text, line in item.texts:
            begins = text.rstrip("*")
            opened = item.has("startswith") or text.endswith("*")
            if opened and form.fullmatch(begins):
                parts = begins.rstrip(".").split(".")
                network = ".".join([*parts, *["0"] * (4 - len(parts))])
                yield Found(f"{item.key}: {quote(text)} is cidr {network}/{8 * len(parts)}", line)
