"""Which events a rule is for."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import nearest_name
from engine.kinds import KINDS
from vedette.lint.document import Document
from vedette.lint.facts import PARTS, event_ids, known_names, turned_on
from vedette.lint.finding import Found, quote
from vedette.lint.registry import INFO, WARNING, of_rule

KEYS = (*PARTS, "definition")


@of_rule("unknown-logsource", WARNING)
def unknown_logsource(document: Document) -> Iterator[Found]:
    """The log source's product, category or service is none that is in use.

    A misspelt log source reaches no event: the rule is loaded and never asked.
    """
    for part in PARTS:
        name = getattr(document.source, part)
        if name and name not in known_names(part):
            near = nearest_name(name, known_names(part))
            yield Found(
                f"no {part} is called {quote(name, 64)}", document.line("logsource", part), near
            )


@of_rule("unknown-logsource-key", WARNING)
def unknown_logsource_key(document: Document) -> Iterator[Found]:
    """The log source has a key that Sigma does not know.

    It is passed over. Known are product, category, service, definition.
    """
    source = document.data.get("logsource")
    for key in source if isinstance(source, dict) else ():
        if key not in KEYS:
            line = document.line("logsource", str(key))
            yield Found(
                f"logsource has no key {quote(str(key), 64)}", line, nearest_name(str(key), KEYS)
            )


@of_rule("logsource-only-labels", INFO)
def logsource_only_labels(document: Document) -> Iterator[Found]:
    """Events of the log source are not recognised by their shape.

    The rule is asked only of events that carry `logsource.product`, `.category` and `.service`,
    or come from a source that the configuration gives them to (`hunt --logsource`).
    """
    rule, source = document.rule, document.source
    if rule is None or len(rule.bindings) != 1 or source.product == "windows":
        return
    wanted = [part for part in PARTS if getattr(source, part)]
    for part in wanted:
        given = {getattr(kind.source, part) for kind in KINDS} | _OTHERS.get(part, frozenset())
        if getattr(source, part) not in given:
            yield Found(
                f"no event is recognised as of {source}: label them", document.line("logsource")
            )
            return


_OTHERS = {
    "product": frozenset({"zeek", "windows", "linux", "macos"}),
    "category": frozenset(
        {"webserver", "proxy", "dns", "process_creation", "file_event", "network_connection",
         "file_delete"}
    ),
    "service": frozenset(
        {"sysmon", "conn", "dce_rpc", "dns", "files", "ftp", "http", "kerberos", "ntlm", "rdp",
         "smb_files", "smb_mapping", "smtp", "ssh", "ssl", "x509"}
    ),
}  # fmt: skip
"""Labels that `engine.kinds` works out by more than a table."""


@of_rule("definition-missing", INFO)
def definition_missing(document: Document) -> Iterator[Found]:
    """The log source's events have to be turned on, and `definition` does not say so.

    Who loads the rule and sees no alert should know that the log may be off.
    """
    needs = turned_on(document.source)
    if needs and not document.get("logsource", "definition"):
        yield Found(f"needs {needs}, which `definition` should say", document.line("logsource"))


@of_rule("specific-logsource", WARNING)
def specific_logsource(document: Document) -> Iterator[Found]:
    """A service with an event id is used where a category would do.

    The category also finds the event as other sensors write it: process_creation is both
    Sysmon's event 1 and Security's 4688.
    """
    source = document.source
    if source.product != "windows" or source.service != "sysmon" or source.category:
        return
    for item in document.items:
        for value in item.values if item.field == "EventID" and not item.modifiers else ():
            for category in _CATEGORY.get(str(value.value), ()):
                yield Found(f"EventID {value.value} is category: {category}", value.line)


_CATEGORY = {
    "1": ["process_creation"], "2": ["file_change"], "3": ["network_connection"],
    "5": ["process_termination"], "6": ["driver_load"], "7": ["image_load"],
    "8": ["create_remote_thread"], "9": ["raw_access_thread"], "10": ["process_access"],
    "11": ["file_event"], "13": ["registry_set"], "15": ["create_stream_hash"],
    "17": ["pipe_created"], "18": ["pipe_created"], "19": ["wmi_event"], "20": ["wmi_event"],
    "21": ["wmi_event"], "22": ["dns_query"], "23": ["file_delete"],
}  # fmt: skip


@of_rule("event-id-in-category", WARNING)
def event_id_in_category(document: Document) -> Iterator[Found]:
    """A rule of a category asks for the event id.

    The category already does. The id of one sensor shuts the other sensors' events out; an id
    that is not the category's shuts out all.
    """
    source = document.source
    ids = event_ids(source.category) if source.product == "windows" else ()
    if not ids or len(ids) > 2:
        return
    for item in document.items:
        if item.field == "EventID":
            known = " and ".join(map(str, ids))
            yield Found(f"{source.category} means EventID {known} already", item.line)
